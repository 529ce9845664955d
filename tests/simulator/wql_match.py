# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parsed queries held against the schema and against rows (reference: provider-behaviour 1.4, 11).

Truth has three values: a comparison with null is unknown, and only rows whose WHERE is true come back.
"""

from __future__ import annotations

import re
import typing as t

from .objects import Obj
from .schema import Schema, SimClass, SimProp
from .switches import Switches
from .wql import Both, Either, InSelect, Not, Null, Query, bad

INVALID_CLASS = 0x80041010
FAILED = 0x80041001
Test = t.Callable[[Obj], "bool | None"]
_NUMERIC = {"uint8", "uint16", "uint32", "uint64", "sint8", "sint16", "sint32", "sint64", "real32", "real64"}
_DMTF = re.compile(r"\d{14}\.\d{6}[+-](\d{3}|\*{3})\Z")
# Columns that one tool lists as failing over WinRM although the SDK does not mark them lazy (provider-behaviour 1.4).
_WIDE = {
    "sms_tasksequencepackage": {"duration", "packagesize", "sourceversion", "sourcesize", "referencescount", "icon"},
    "sms_advertisement": {"timeflags"},
}


def like_pattern(pattern: str) -> re.Pattern[str]:
    """Translate a LIKE pattern: ``%``, ``_``, ``[a-f]``, ``[^a-f]``; an unclosed ``[`` stands for itself."""
    out: list[str] = []
    at = 0
    while at < len(pattern):
        char = pattern[at]
        close = pattern.find("]", at + 2 if pattern[at + 1:at + 2] != "^" else at + 3) if char == "[" else -1
        if char == "%":
            out.append(".*")
        elif char == "_":
            out.append(".")
        elif char == "[" and close > 0:
            inner = pattern[at + 1:close]
            negated = inner.startswith("^")
            inner = re.sub(r"([\\\]\[^&~|])", r"\\\1", inner[1:] if negated else inner)
            try:
                out.append(re.compile(f"[{'^' if negated else ''}{inner}]").pattern)
            except re.error:
                raise bad(f"Invalid query: bad character list in LIKE {pattern!r}") from None
            at = close
        else:
            out.append(re.escape(char))
        at += 1
    return re.compile("".join(out) + r"\Z", re.IGNORECASE | re.DOTALL)


class Plan:
    """A query bound to the schema: every name is known, every value fits its property."""

    def __init__(
        self, query: Query, schema: Schema, switches: Switches,
        rows: t.Callable[[SimClass], t.Iterable[Obj]] | None = None,
    ) -> None:
        self.rows = rows
        known = schema.get(query.class_name)
        if known is None:
            raise bad(f"Invalid class {query.class_name}", INVALID_CLASS, query.class_name)
        self.schema = schema
        self.switches = switches
        self.target: SimClass = known
        self.where = self._bind(query.where) if query.where is not None else None
        self.columns: list[str] | None = None
        if query.columns is not None:
            if switches.projection == "refuse":
                raise bad("Generic failure: queries that name columns are refused", FAILED, ",".join(query.columns))
            self.columns = [self._column(name) for name in query.columns]

    def _column(self, name: str) -> str:
        if name.upper() == "__CLASS":
            return "__CLASS"
        if name.startswith("__"):
            raise bad(f"Invalid query: system property {name} cannot be queried", parameter=name)
        return self._prop(name).name

    def _prop(self, name: str) -> SimProp:
        prop = self.target.prop(name)
        if prop is None:
            raise bad(f"Invalid query: {self.target.name} has no property {name}", parameter=name)
        wide = _WIDE.get(self.target.name.casefold(), set()) if self.switches.lazy_columns == "error_wide" else set()
        unloaded = prop.lazy or prop.embedded_class is not None or prop.name.casefold() in wide
        if unloaded and self.switches.lazy_columns != "null":
            raise bad(f"Generic failure: {self.target.name}.{prop.name} is lazy and cannot be named in a query",
                      FAILED, prop.name)
        return prop

    def _bind(self, node: t.Any) -> Test:
        if isinstance(node, Not):
            inner = self._bind(node.item)
            return lambda row: _negate(inner(row))
        if isinstance(node, (Both, Either)):
            parts = [self._bind(item) for item in node.items]
            decisive = isinstance(node, Either)
            return lambda row: _combine((part(row) for part in parts), decisive)
        if node.name.upper() == "__CLASS":
            if isinstance(node, Null) or node.op not in ("=", "<>") or not isinstance(node.value, str):
                raise bad("Invalid query: __CLASS is compared with = or <> and a class name", parameter="__CLASS")
            wanted = node.value.casefold()
            return lambda row: (row.class_name.casefold() == wanted) == (node.op == "=")
        if node.name.startswith("__"):
            raise bad(f"Invalid query: system property {node.name} cannot be queried", parameter=node.name)
        prop = self._prop(node.name)
        if isinstance(node, InSelect):
            return self._inner(prop, node.query)
        if isinstance(node, Null):
            return lambda row: row.get(prop.name) in (None, [])
        return self._comparison(prop, node.op, node.value)

    def _comparison(self, prop: SimProp, op: str, value: t.Any) -> Test:
        test = _like(prop, value) if op == "like" else _relation(prop, op, _fit(prop, value))

        def check(row: Obj) -> bool | None:
            found = row.get(prop.name)
            items = found if isinstance(found, list) else [found]
            return _combine((None if item is None else test(item) for item in items), True) if items else None
        return check

    def _inner(self, prop: SimProp, query: Query) -> Test:
        if self.rows is None:
            raise bad("Invalid query: no sub-query is possible here", parameter=query.class_name)
        inner = Plan(query, self.schema, self.switches, self.rows)
        column = (inner.columns or [""])[0]
        found = {_folded(row.get(column)) for row in self.rows(inner.target) if inner.accepts(row)}
        found.discard(None)
        return lambda row: None if row.get(prop.name) is None else _folded(row.get(prop.name)) in found

    def accepts(self, row: Obj) -> bool:
        """Say whether a row belongs to the answer."""
        return self.where is None or self.where(row) is True


def _folded(value: t.Any) -> t.Any:
    return value.casefold() if isinstance(value, str) else value


def _negate(value: bool | None) -> bool | None:
    return None if value is None else not value


def _combine(values: t.Iterable[bool | None], decisive: bool) -> bool | None:
    unknown = False
    for value in values:
        if value is decisive:
            return decisive
        unknown = unknown or value is None
    return None if unknown else not decisive


def _fit(prop: SimProp, value: t.Any) -> t.Any:
    """Turn a literal into what the property holds, or refuse it."""
    mismatch = bad(f"Invalid query: {value!r} does not fit {prop.name} ({prop.type})", parameter=prop.name)
    if prop.type == "boolean":
        text = str(value).lower()
        if text in ("1", "true", "-1"):
            return True
        if text in ("0", "false"):
            return False
        raise mismatch
    if prop.type in _NUMERIC:
        if isinstance(value, bool):
            raise mismatch
        try:
            return int(value) if not isinstance(value, float) and "." not in str(value) else float(value)
        except ValueError:
            raise mismatch from None
    if not isinstance(value, str):
        raise mismatch
    if prop.type == "datetime" and not _DMTF.match(value):
        raise mismatch
    return value


def _relation(prop: SimProp, op: str, wanted: t.Any) -> t.Callable[[t.Any], bool]:
    def shape(value: t.Any) -> t.Any:
        if prop.type == "datetime":
            return str(value)[:21]
        return value.casefold() if isinstance(value, str) else value
    right = shape(wanted)
    return {
        "=": lambda item: shape(item) == right, "<>": lambda item: shape(item) != right,
        "<": lambda item: shape(item) < right, ">": lambda item: shape(item) > right,
        "<=": lambda item: shape(item) <= right, ">=": lambda item: shape(item) >= right,
    }[op]


def _like(prop: SimProp, value: str) -> t.Callable[[t.Any], bool]:
    if prop.type not in ("string", "datetime", "char16"):
        raise bad(f"Invalid query: LIKE needs a text property, {prop.name} is {prop.type}", parameter=prop.name)
    pattern = like_pattern(value)
    return lambda item: pattern.match(str(item)) is not None
