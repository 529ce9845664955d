# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The values that the front end, the provider and the sequence code hand to each other."""

from __future__ import annotations

import dataclasses
import typing as t


class Dt(str):
    """A CIM timestamp or interval in its 25-character DMTF form, kept digit by digit."""

    __slots__ = ()


@dataclasses.dataclass(frozen=True)
class Ref:
    """A reference to an instance: class, key values as text, and the namespace if it is another one."""

    class_name: str
    keys: tuple[tuple[str, str], ...]
    namespace: str | None = None


@dataclasses.dataclass
class Obj:
    """An instance: its actual class and its properties, spelled as the schema spells them.

    A property that is missing from ``props`` was not sent at all; ``None`` is an explicit null.
    The provider tells the two apart only where the switch ``missing_in_put`` says so.
    """

    class_name: str
    props: dict[str, t.Any] = dataclasses.field(default_factory=dict)

    def spelled(self, name: str) -> str | None:
        """Return the spelling under which the object holds ``name``, or None when it does not."""
        if name in self.props:
            return name
        folded = name.casefold()
        return next((key for key in self.props if key.casefold() == folded), None)

    def get(self, name: str, default: t.Any = None) -> t.Any:
        """Return a property by name without regard to case; ``default`` when missing or null."""
        key = self.spelled(name)
        value = None if key is None else self.props[key]
        return default if value is None else value

    def set(self, name: str, value: t.Any) -> None:
        """Set a property under the spelling that the object already uses."""
        self.props[self.spelled(name) or name] = value

    def copy(self) -> Obj:
        """Return a deep copy, so that no caller ever holds what the store holds."""
        return Obj(self.class_name, {name: copy_value(value) for name, value in self.props.items()})


def copy_value(value: t.Any) -> t.Any:
    """Copy one property value; texts and numbers are immutable and shared."""
    if isinstance(value, Obj):
        return value.copy()
    if isinstance(value, list):
        return [copy_value(item) for item in value]
    return value


class ProviderError(Exception):
    """A refusal of the provider: WBEM status, text, and the properties of SMS_ExtendedStatus if there is one."""

    def __init__(self, wbem: int, text: str, extended: dict[str, t.Any] | None = None) -> None:
        super().__init__(f"0x{wbem:08X} {text}")
        self.wbem = wbem
        self.text = text
        self.extended = extended


@dataclasses.dataclass
class QueryResult:
    """Rows of a query. ``columns`` is None for ``SELECT *``, else the names as the schema spells them."""

    objs: list[Obj]
    columns: list[str] | None = None
