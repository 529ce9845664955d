# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a site's objects live.

Nothing inside ever leaves: rows go in and come out as deep copies, and a stored row is replaced,
never changed. So a snapshot only copies the dictionaries, and going back to one is cheap.
"""

from __future__ import annotations

import typing as t

from .objects import Obj
from .schema import Schema

Key = tuple[t.Any, ...]


def fold_key(value: t.Any) -> t.Any:
    """Return a key value in the form under which rows are filed: text goes without regard to case."""
    return value.casefold() if isinstance(value, str) else value


class Store:
    """Rows by class and key, counters, and side tables for what is not a row."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self._tables: dict[str, dict[Key, Obj]] = {}
        self._counters: dict[str, int] = {}
        self._side: dict[str, dict[t.Any, t.Any]] = {}

    def key_of(self, obj: Obj) -> Key:
        """Return the key under which ``obj`` is filed. Raises KeyError when a key property is null."""
        known = self.schema.get(obj.class_name)
        if known is None:
            raise KeyError(obj.class_name)
        values = []
        for name in known.keys:
            value = obj.get(name)
            if value is None:
                raise KeyError(f"{obj.class_name}.{name}")
            values.append(fold_key(value))
        return tuple(values)

    def find(self, class_name: str, key: Key) -> Obj | None:
        """Return a copy of one row of the class or of a class below it, or None."""
        row = self.peek(class_name, key)
        return None if row is None else row.copy()

    def peek(self, class_name: str, key: Key) -> Obj | None:
        """Return the row itself, for reading only."""
        folded = tuple(fold_key(value) for value in key)
        for name in self.schema.derived(class_name):
            row = self._tables.get(name, {}).get(folded)
            if row is not None:
                return row
        return None

    def scan(self, class_name: str) -> list[Obj]:
        """Return the rows of the class and the classes below it themselves, for reading only."""
        return [row for name in self.schema.derived(class_name) for row in self._tables.get(name, {}).values()]

    def rows(self, class_name: str) -> list[Obj]:
        """Return copies of the rows of the class and of the classes below it."""
        return [row.copy() for row in self.scan(class_name)]

    def save(self, obj: Obj) -> None:
        """File a copy of ``obj`` under its class and key, in place of what was there."""
        known = self.schema.get(obj.class_name)
        if known is None:
            raise KeyError(obj.class_name)
        key = self.key_of(obj)
        self._tables.setdefault(known.name, {})[key] = obj.copy()

    def remove(self, class_name: str, key: Key) -> bool:
        """Take a row away; False when there was none."""
        folded = tuple(fold_key(value) for value in key)
        return any(self._tables.get(name, {}).pop(folded, None) is not None for name in self.schema.derived(class_name))

    def count(self, name: str, start: int = 1) -> int:
        """Return the next value of a counter; it begins with ``start``."""
        value = self._counters.get(name, start)
        self._counters[name] = value + 1
        return value

    def peek_counter(self, name: str, start: int = 1) -> int:
        """Return what the next ``count`` would return."""
        return self._counters.get(name, start)

    def raise_counter(self, name: str, value: int) -> None:
        """Make sure that the next value of a counter is at least ``value``."""
        self._counters[name] = max(self._counters.get(name, 0), value)

    def set_counter(self, name: str, value: int) -> None:
        """Set the next value of a counter."""
        self._counters[name] = value

    def side(self, name: str) -> dict[t.Any, t.Any]:
        """Return a side table, for state that is not a row (locks, models of sequences, stored secrets).

        It is part of snapshots, one level deep: replace values in it, never change them in place.
        """
        return self._side.setdefault(name, {})

    def snapshot(self) -> Store:
        """Return an independent store with the same content."""
        other = Store(self.schema)
        other._tables = {name: dict(rows) for name, rows in self._tables.items()}
        other._counters = dict(self._counters)
        other._side = {name: dict(values) for name, values in self._side.items()}
        return other
