# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""WQL as the provider takes it: the parser (reference: provider-behaviour 11).

What it does not know (JOIN, COUNT, ORDER BY, functions) is refused, never ignored.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from .objects import ProviderError
from .switches import Switches

INVALID_QUERY = 0x80041017

_TOKEN = re.compile(
    r"""(?:(?P<number>[+-]?\d+(?:\.\d+)?(?![\w.]))|(?P<word>[A-Za-z_][A-Za-z0-9_.]*)|(?P<op><>|!=|<=|>=|=|<|>)"""
    r"""|(?P<mark>[(),*;]))""")
_UNSUPPORTED = {"join", "inner", "left", "right", "full", "on", "order", "group", "having", "distinct", "count",
                "within", "as", "isa", "associators", "references", "substring", "upper", "lower", "datepart",
                "datediff", "getdate", "dateadd", "between", "top"}


@dataclasses.dataclass(frozen=True)
class Compare:
    """``name op value``; op is one of = <> < > <= >= like, value is str, int, float, bool or None (null)."""

    name: str
    op: str
    value: t.Any


@dataclasses.dataclass(frozen=True)
class Null:
    """``name IS NULL``."""

    name: str


@dataclasses.dataclass(frozen=True)
class Not:
    """Negation."""

    item: t.Any


@dataclasses.dataclass(frozen=True)
class Both:
    """All of the items."""

    items: tuple[t.Any, ...]


@dataclasses.dataclass(frozen=True)
class Either:
    """Any of the items."""

    items: tuple[t.Any, ...]


@dataclasses.dataclass(frozen=True)
class Query:
    """A parsed query; ``columns`` is None for ``*``."""

    class_name: str
    columns: tuple[str, ...] | None
    where: t.Any


@dataclasses.dataclass(frozen=True)
class InSelect:
    """``name IN (SELECT column FROM ...)``; the inner query has one column and cannot see the outer row."""

    name: str
    query: Query


def bad(text: str, wbem: int = INVALID_QUERY, parameter: str = "") -> ProviderError:
    """Build the refusal of a query."""
    return ProviderError(wbem, text, {
        "Description": text, "ErrorCode": wbem, "Operation": "ExecQuery", "ParameterInfo": parameter,
        "ProviderName": "ExtnProv", "StatusCode": wbem,
    })


def parse(text: str, switches: Switches | None = None) -> Query:
    """Parse a query. Raises ProviderError 0x80041017 for anything that is not understood."""
    return _Parser(text, switches or Switches()).query()


class _Parser:
    def __init__(self, text: str, switches: Switches) -> None:
        self.text = text
        self.switches = switches
        self.tokens = self._tokens()
        self.at = 0

    def _tokens(self) -> list[tuple[str, t.Any]]:
        found: list[tuple[str, t.Any]] = []
        at = 0
        while at < len(self.text):
            if self.text[at].isspace():
                at += 1
                continue
            if self.text[at] in "'\"":
                value, at = self._quoted(at)
                found.append(("text", value))
                continue
            match = _TOKEN.match(self.text, at)
            if match is None:
                raise self.fail(f"unexpected {self.text[at:at + 20]!r}")
            kind = match.lastgroup or ""
            found.append((kind, match.group(kind)))
            at = match.end()
        return found

    def _quoted(self, start: int) -> tuple[str, int]:
        mark = self.text[start]
        if mark == '"' and self.switches.wql_double_quotes == "refuse":
            raise self.fail("double quotes are not accepted here")
        out: list[str] = []
        at = start + 1
        while at < len(self.text):
            char = self.text[at]
            if char == "\\":
                following = self.text[at + 1:at + 2]
                if following not in ("\\", "'", '"'):
                    raise self.fail("a backslash must be doubled inside a text")
                if following != "\\" and self.switches.wql_backslash_quote == "refuse":
                    raise self.fail("a quote may not be escaped with a backslash here")
                out.append(following)
                at += 2
            elif char == mark:
                if self.text[at + 1:at + 2] == mark:
                    if self.switches.wql_doubled_quote == "refuse":
                        raise self.fail("a quote may not be doubled here")
                    out.append(mark)
                    at += 2
                    continue
                return "".join(out), at + 1
            else:
                out.append(char)
                at += 1
        raise self.fail("a text is not closed")

    def fail(self, why: str) -> ProviderError:
        return bad(f"Invalid query: {why} in: {self.text[:300]}", parameter=self.text[:1000] or "(empty)")

    def peek(self, ahead: int = 0) -> tuple[str, t.Any]:
        at = self.at + ahead
        return self.tokens[at] if at < len(self.tokens) else ("end", "")

    def take(self) -> tuple[str, t.Any]:
        token = self.peek()
        self.at += 1
        return token

    def keyword(self, *words: str) -> str | None:
        kind, value = self.peek()
        if kind == "word" and value.lower() in words:
            self.at += 1
            return str(value).lower()
        return None

    def mark(self, char: str) -> bool:
        if self.peek() == ("mark", char):
            self.at += 1
            return True
        return False

    def name(self) -> str:
        kind, value = self.take()
        if kind != "word":
            raise self.fail(f"a name is expected, not {value!r}")
        if value.lower() in _UNSUPPORTED:
            raise self.fail(f"{value.upper()} is not supported by the simulated site")
        if "." in value:
            raise self.fail(f"{value!r}: aliases are not supported by the simulated site")
        return str(value)

    def query(self) -> Query:
        found = self.select()
        kind, value = self.peek()
        if kind == "word" and value.lower() in _UNSUPPORTED:
            raise self.fail(f"{value.upper()} is not supported by the simulated site")
        if kind != "end":
            raise self.fail(f"unexpected {value!r}")
        return found

    def select(self) -> Query:
        if not self.keyword("select"):
            raise self.fail("SELECT is expected")
        columns: list[str] | None = None
        if not self.mark("*"):
            columns = [self.name()]
            while self.mark(","):
                columns.append(self.name())
        if not self.keyword("from"):
            raise self.fail(f"FROM is expected, not {self.peek()[1]!r}")
        class_name = self.name()
        where = self.either() if self.keyword("where") else None
        return Query(class_name, tuple(columns) if columns is not None else None, where)

    def either(self) -> t.Any:
        items = [self.both()]
        while self.keyword("or"):
            items.append(self.both())
        return items[0] if len(items) == 1 else Either(tuple(items))

    def both(self) -> t.Any:
        items = [self.negation()]
        while self.keyword("and"):
            items.append(self.negation())
        return items[0] if len(items) == 1 else Both(tuple(items))

    def negation(self) -> t.Any:
        if self.keyword("not"):
            return Not(self.negation())
        if self.mark("("):
            inner = self.either()
            if not self.mark(")"):
                raise self.fail("a parenthesis is not closed")
            return inner
        return self.comparison()

    def comparison(self) -> t.Any:
        kind, value = self.peek()
        if kind in ("text", "number"):
            left = self.literal()
            op = self.operator()
            return Compare(self.name(), {"<": ">", ">": "<", "<=": ">=", ">=": "<="}.get(op, op), left)
        name = self.name()
        negated = self.keyword("not") is not None
        if self.keyword("like"):
            kind, value = self.take()
            if kind != "text":
                raise self.fail("LIKE needs a text")
            item: t.Any = Compare(name, "like", value)
        elif self.keyword("in"):
            item = self.members(name)
        elif negated:
            raise self.fail("LIKE or IN is expected after NOT")
        elif self.keyword("is"):
            negated = self.keyword("not") is not None
            if not self.keyword("null"):
                raise self.fail("NULL is expected after IS")
            item = Null(name)
        else:
            op = self.operator()
            item = Compare(name, op, self.literal())
        return Not(item) if negated else item

    def members(self, name: str) -> t.Any:
        if not self.mark("("):
            raise self.fail("IN needs a list in parentheses")
        if self.peek()[0] == "word" and self.peek()[1].lower() == "select":
            return self.inner(name)
        items = [Compare(name, "=", self.literal())]
        while self.mark(","):
            items.append(Compare(name, "=", self.literal()))
        if not self.mark(")"):
            raise self.fail("the list of IN is not closed")
        return Either(tuple(items))

    def inner(self, name: str) -> InSelect:
        if self.switches.wql_subqueries == "refuse":
            raise self.fail("sub-queries are not supported")
        found = self.select()
        if found.columns is None or len(found.columns) != 1:
            raise self.fail("a sub-query has one column")
        if not self.mark(")"):
            raise self.fail("the sub-query of IN is not closed")
        return InSelect(name, found)

    def operator(self) -> str:
        kind, value = self.take()
        if kind != "op":
            raise self.fail(f"a comparison is expected, not {value!r}")
        return "<>" if value == "!=" else str(value)

    def literal(self) -> t.Any:
        kind, value = self.take()
        if kind == "text":
            return value
        if kind == "number":
            return float(value) if "." in value else int(value)
        if kind == "word" and value.lower() in ("true", "false"):
            return value.lower() == "true"
        if kind == "word" and value.lower() == "null":
            raise self.fail("compare with IS NULL")
        raise self.fail(f"a value is expected, not {value!r}")
