# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Switching rules off: everywhere, or for one step, without writing anything into the sequence."""

from __future__ import annotations

import dataclasses
import difflib
import typing as t

from ..._errors import InvalidInput, Problem
from .catalogue import RULES
from .context import Node

INVALID = "invalid-steps"
"""The id of findings on steps that cannot be read at all; it cannot be switched off."""


@dataclasses.dataclass(frozen=True)
class Ignore:
    """One entry of ``ignore``."""

    rule: str
    path: str | None = None
    """An option path; everything in it is covered."""
    names: tuple[str, ...] | None = None
    """Names from the top down, without regard to case; everything in it is covered."""
    place: str = ""
    """Where the entry stands, for messages."""

    def covers(self, rule: str, path: str, node: Node | None) -> bool:
        """Say whether a finding is meant."""
        if rule != self.rule:
            return False
        if self.names is not None:
            own = tuple(name.casefold() for name in node.names()) if node is not None else ()
            return own[: len(self.names)] == self.names
        wanted, path = _within(self.path or ""), _within(path)
        return not wanted or path == wanted or path.startswith((f"{wanted}.", f"{wanted}["))


def _within(path: str) -> str:
    """Return a path without the option or file that it lies in: ``src: steps[0]`` -> ``steps[0]``."""
    return path.rpartition(": ")[2]


def read_rules(value: t.Any, option: str) -> list[str]:
    """Return a list of rule ids; raises :class:`InvalidInput` for anything else."""
    items = [value] if isinstance(value, str) else list(value or ())
    problems = [problem for index, item in enumerate(items) for problem in _id_problems(item, f"{option}[{index}]")]
    if problems:
        raise InvalidInput(problems)
    return [str(item) for item in items]


def read_ignore(value: t.Any, option: str = "ignore") -> list[Ignore]:
    """Return what ``ignore`` says: rule ids, or mappings with ``rule`` and ``path``.

    ``path`` is an option path as findings have it, or the list of names that leads to the step.
    Raises :class:`InvalidInput` with everything that is wrong.
    """
    items = [value] if isinstance(value, (str, dict)) else list(value or ())
    problems: list[Problem] = []
    found = []
    for index, item in enumerate(items):
        place = f"{option}[{index}]"
        if isinstance(item, dict):
            wrong = [str(key) for key in item if key not in ("rule", "path")]
            problems += [Problem(f"{place}.{key}", "", "is not known here; use rule and path") for key in wrong]
            problems += _id_problems(item.get("rule"), f"{place}.rule")
            ignore = _with_path(item, place, problems)
        else:
            problems += _id_problems(item, place)
            ignore = Ignore(str(item), place=place)
        if ignore is not None:
            found.append(ignore)
    if problems:
        raise InvalidInput(problems)
    return found


def _with_path(item: dict[str, t.Any], place: str, problems: list[Problem]) -> Ignore | None:
    path, rule = item.get("path"), str(item.get("rule"))
    if path is None:
        return Ignore(rule, place=place)
    if isinstance(path, str) and path:
        return Ignore(rule, path=path, place=place)
    if isinstance(path, (list, tuple)) and path and all(isinstance(name, str) for name in path):
        return Ignore(rule, names=tuple(name.casefold() for name in path), place=place)
    rule_text = "must be a path such as steps[3].steps[0], or the list of names that leads to the step"
    problems.append(Problem(f"{place}.path", str(path)[:80], rule_text))
    return None


def _id_problems(value: t.Any, place: str) -> list[Problem]:
    if isinstance(value, str) and value in RULES:
        return []
    near = difflib.get_close_matches(str(value), RULES, n=2, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else "the lint reference lists the rules"
    return [Problem(place, str(value)[:80], f"is no lint rule; {hint}")]
