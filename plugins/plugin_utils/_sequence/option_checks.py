# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An entry of the play while it is read, and what its options must fulfil together.

``checks`` of ``interface.yml`` name the combinations; the messages name the options.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .rules import StepRule
from .scalars import Notes


@dataclasses.dataclass
class Entry:
    """A step, a condition or an embedded object while it is read."""

    notes: Notes
    rule: StepRule
    path: str
    given: dict[str, t.Any]
    """The options of the play that are not null."""
    properties: dict[str, t.Any] = dataclasses.field(default_factory=dict)

    def place(self, option: str) -> str:
        return f"{self.path}.{option}"


_MAY_BE_EMPTY = frozenset(("text", "version", "registry", "ref", "ref_list", "texts", "embedded", "rules"))
"""Kinds that read an empty value without noting a problem."""


def require(entry: Entry) -> None:
    """Note required options that are missing or empty, and combinations that cannot be."""
    rule, given = entry.rule, entry.given
    for option in rule.options.values():
        if option.required and option.name not in given:
            entry.notes.problem(entry.place(option.name), "", "is required")
        elif option.required and not option.empty and given[option.name] in ("", []) and option.kind in _MAY_BE_EMPTY:
            entry.notes.problem(entry.place(option.name), "", "must not be empty")
    for check in rule.checks:
        for kind, what in check.items():
            _CHECKS[kind](entry, what)


def _given(entry: Entry, name: str) -> bool:
    """Say whether an option is given; an empty text or reference counts only where it means something."""
    if name not in entry.given:
        return False
    option = entry.rule.options[name]
    return entry.given[name] != "" or option.empty


def _one_of(entry: Entry, names: list[str]) -> None:
    present = [name for name in names if _given(entry, name)]
    if len(present) != 1:
        rule = "exactly one of " + ", ".join(names) + " must be given"
        entry.notes.problem(entry.path, " and ".join(present), rule)


def _any_of(entry: Entry, names: list[str]) -> None:
    if not any(_given(entry, name) for name in names):
        entry.notes.problem(entry.path, "", "one of " + ", ".join(names) + " must be given")


def _at_most_one(entry: Entry, names: list[str]) -> None:
    present = [name for name in names if _given(entry, name)]
    if len(present) > 1:
        entry.notes.problem(entry.path, " and ".join(present), "only one of these may be given")


def _needs(entry: Entry, table: dict[str, list[str]]) -> None:
    for name, others in table.items():
        if _given(entry, name) and not any(_given(entry, other) for other in others):
            entry.notes.problem(entry.place(name), "", "needs " + " or ".join(others) + " beside it")


def _word_of(entry: Entry, name: str) -> str | None:
    option = entry.rule.options[name]
    value = entry.properties.get(option.property)
    if value is None:
        value = entry.rule.properties[option.property].default
    return option.word(value) if value is not None else None


def _only_if(entry: Entry, table: dict[str, dict[str, list[str]]]) -> None:
    for name, (other, words) in _conditions(table):
        value = entry.given.get(name)
        if value not in (None, "", False) and _word_of(entry, other) not in words:
            entry.notes.problem(entry.place(name), "", f"only works with {other}: {' or '.join(words)}")


def _require_if(entry: Entry, table: dict[str, dict[str, list[str]]]) -> None:
    for name, (other, words) in _conditions(table):
        if not entry.given.get(name) and _word_of(entry, other) in words:
            entry.notes.problem(entry.place(name), "", f"is required with {other}: {' or '.join(words)}")


def _conditions(table: dict[str, dict[str, list[str]]]) -> t.Iterator[tuple[str, tuple[str, list[str]]]]:
    for name, condition in table.items():
        for other, words in condition.items():
            yield name, (other, words)


_CHECKS: dict[str, t.Callable[[Entry, t.Any], None]] = {
    "one_of": _one_of,
    "any_of": _any_of,
    "at_most_one": _at_most_one,
    "needs": _needs,
    "only_if": _only_if,
    "require_if": _require_if,
}
