# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules, each a small function that registers itself."""

from __future__ import annotations

import inspect
import typing as t

from .context import Context, Node


class Hit(t.NamedTuple):
    """What a rule yields: where, what, and what to do when the rule's own hint does not fit."""

    node: Node | None
    message: str
    option: str = ""
    """What of the step, such as ``condition[0]``; the whole path when there is no node."""
    hint: str = ""


Check = t.Callable[[Context], t.Iterable[Hit]]


class LintRule(t.NamedTuple):
    """A rule: the word to switch it off by, its default severity and its texts for the reference."""

    id: str
    severity: str
    title: str
    explanation: str
    hint: str
    check: Check
    default: bool
    """Whether the rule is on without being asked for."""


RULES: dict[str, LintRule] = {}
"""All rules by id, in the order of the reference; complete once ``catalogue`` is imported."""


def rule(name: str, severity: str, hint: str, *, default: bool = True) -> t.Callable[[Check], Check]:
    """Register a check. The first line of its docstring is the title, the rest is the explanation."""

    def register(check: Check) -> Check:
        title, _unused, explanation = inspect.cleandoc(check.__doc__ or "").partition("\n")
        RULES[name] = LintRule(name, severity, title, explanation.strip(), hint, check, default)
        return check

    return register
