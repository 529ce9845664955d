# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""WQL conditions. ``literal`` is the one function that puts text into WQL.

A backslash escapes in WQL, and parsers disagree on how a quote inside a literal is escaped; but
all of them take both kinds of delimiter (reference: provider-behaviour 11). Text that holds both
kinds is looked for with LIKE, and ``Where.accept`` then keeps the exact matches.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from .instance import Instance

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_WILDCARD = re.compile(r"[%_\[]")
_QUOTED = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"", re.DOTALL)
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

Test = t.Callable[[Instance], bool]


class Unquotable(ValueError):
    """Text with both kinds of quotes, which no WQL literal can hold in a way that all parsers read."""


def literal(value: str | int | bool) -> str:
    """Return a value as a WQL literal: numbers as digits, booleans as 1 and 0, text quoted.

    Raises Unquotable for text with both ``'`` and ``"``.
    """
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, int):
        return str(int(value))
    if not isinstance(value, str):
        raise TypeError(f"a {type(value).__name__} has no WQL literal")
    if "'" in value and '"' in value:
        raise Unquotable("text with both kinds of quotes")
    quote = '"' if "'" in value else "'"
    return quote + value.replace("\\", "\\\\") + quote


def identifier(name: str) -> str:
    """Return a class or property name that is fit to stand in WQL. Raises ValueError for anything else."""
    if not _NAME.match(name):
        raise ValueError(f"not a WQL name: {name!r}")
    return name


def like_escape(text: str) -> str:
    """Return text for use inside a LIKE pattern, where ``%``, ``_`` and ``[`` would otherwise match more."""
    return _WILDCARD.sub(lambda match: f"[{match[0]}]", text)


@dataclasses.dataclass(frozen=True)
class Where:
    """A condition: its WQL text, and what has to be checked on each row that comes back.

    ``exact`` says that the server's answer needs no check. ``names`` are the properties used, as
    far as they are known.
    """

    text: str
    exact: bool = True
    test: Test | None = None
    names: frozenset[str] = frozenset()

    def accept(self, instance: Instance) -> bool:
        """Say whether a returned row really meets the condition."""
        return self.exact or self.test is None or self.test(instance)


def _equal_text(prop: str, value: t.Any) -> Test:
    wanted = str(value).casefold()

    def test(instance: Instance) -> bool:
        found = instance.get(prop)
        items = found if isinstance(found, list) else [found]
        return any(str(item).casefold() == wanted for item in items if item is not None)

    return test


def equals(prop: str, value: str | int | bool) -> Where:
    """Return ``prop = value``; text is compared without regard to case, as WQL does."""
    name = identifier(prop)
    test = _equal_text(prop, value)
    try:
        return Where(f"{name} = {literal(value)}", True, test, frozenset((name,)))
    except Unquotable:
        pattern = like_escape(str(value)).replace("'", "_")
        return Where(f"{name} LIKE {literal(pattern)}", False, test, frozenset((name,)))


def contains(prop: str, text: str) -> Where:
    """Return a LIKE condition: ``prop`` holds ``text`` somewhere."""
    name = identifier(prop)
    pattern = f"%{like_escape(text)}%"
    wanted = text.casefold()

    def test(instance: Instance) -> bool:
        return wanted in str(instance.get(prop, "")).casefold()

    exact = not ("'" in text and '"' in text)
    quotable = pattern if exact else pattern.replace("'", "_")
    return Where(f"{name} LIKE {literal(quotable)}", exact, test, frozenset((name,)))


def one_of(prop: str, values: t.Iterable[str | int]) -> Where:
    """Return a condition that holds for any of ``values``, of which there must be one at least."""
    return either(*(equals(prop, value) for value in dict.fromkeys(values)))


def both(*wheres: Where) -> Where:
    """Return the conjunction of all conditions."""
    return _join(" AND ", wheres, all)


def either(*wheres: Where) -> Where:
    """Return the disjunction of all conditions."""
    return _join(" OR ", wheres, any)


def raw(text: str, *, names: t.Iterable[str] = ()) -> Where:
    """Return a condition that is already WQL; nothing in it is escaped."""
    return Where(text, True, None, frozenset(names))


def _join(word: str, wheres: tuple[Where, ...], combine: t.Callable[[t.Iterable[bool]], bool]) -> Where:
    if not wheres:
        raise ValueError("no condition given")
    if len(wheres) == 1:
        return wheres[0]
    exact = all(where.exact for where in wheres)
    tests = [where.test for where in wheres]
    test: Test | None = None
    if None not in tests:

        def test(instance: Instance) -> bool:
            return combine(check(instance) for check in t.cast("list[Test]", tests))

    elif not exact:
        if combine is any:
            raise ValueError("a raw condition cannot be an alternative to one that has to be checked row by row")
        checks = [where.test for where in wheres if not where.exact]

        def test(instance: Instance) -> bool:
            return all(check(instance) for check in t.cast("list[Test]", checks))

    text = word.join(f"({where.text})" if _needs_parentheses(where.text) else where.text for where in wheres)
    names = frozenset().union(*(where.names for where in wheres))
    return Where(text, exact, test, names)


def _needs_parentheses(text: str) -> bool:
    bare = _QUOTED.sub("''", text).upper()
    return " AND " in bare or " OR " in bare or "NOT " in bare


def words(text: str) -> frozenset[str]:
    """Return the names that stand in WQL text outside of literals, in lower case."""
    return frozenset(word.casefold() for word in _WORD.findall(_QUOTED.sub("''", text)))


def select(class_name: str, columns: t.Sequence[str] | None, where: Where | None) -> str:
    """Return a whole query; no columns means ``*``."""
    chosen = ", ".join(identifier(column) for column in columns) if columns else "*"
    query = f"SELECT {chosen} FROM {identifier(class_name)}"
    return f"{query} WHERE {where.text}" if where is not None else query
