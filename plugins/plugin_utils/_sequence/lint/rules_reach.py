# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Conditions that never hold and steps that are never reached. Only what is certain."""

from __future__ import annotations

import re
import typing as t

from .conditions import contradiction, groups
from .context import Context, Node
from .finding import WARNING
from .registry import Hit, rule

_FAILS = re.compile(r"\s*(?:\"?(?:\S*\\)?cmd(?:\.exe)?\"?\s+/[ck]\s+)?\"?exit\s+(?:/b\s+)?(\d+)\"?\s*\Z", re.IGNORECASE)


@rule("condition-never-true", WARNING, "Use any for alternatives, or remove the entry.")
def condition_never_true(context: Context) -> t.Iterator[Hit]:
    """A condition contradicts itself.

    Two entries that must both hold ask for different values of one variable, or for a value of a variable that
    must not exist. The step or group never runs.
    """
    for node in context.nodes:
        variable = contradiction(node.condition)
        if variable is not None:
            yield Hit(node, f"the condition asks for two things of {variable} that exclude each other", "condition")


@rule("empty-condition", WARNING, "Remove the empty operator, or put the missing condition into it.")
def empty_condition(context: Context) -> t.Iterator[Hit]:
    """An operator of a condition has no entries.

    What the client makes of an ``all``, ``any`` or ``none`` without entries is not documented.
    """
    for node in context.nodes:
        for place, operator in groups(node.condition, "condition"):
            if not operator.operands:
                yield Hit(node, "the condition has an operator without entries", place)


@rule("unreachable-step", WARNING, "Give the failing step a condition, or remove what follows.")
def unreachable_step(context: Context) -> t.Iterator[Hit]:
    """A step stands after one that always fails.

    A command line that does nothing but ``exit`` with a code that is no success, without a condition and without
    ``continue_on_error``, ends its group; without a condition on the group, it ends what is around it as well.
    """
    for node in context.steps:
        if not _always_fails(node):
            continue
        following = _following(context, node)
        if following is not None:
            yield Hit(following, f"is never reached, because '{node.name}' ({node.step.path}) always fails")


def _always_fails(node: Node) -> bool:
    if node.type != "run_command_line" or node.conditioned or node.continues or len(node.runs_in) == 1:
        return False
    found = _FAILS.match(node.text("CommandLine"))
    success = (node.text("SuccessCodes") or "0 3010").split()
    return found is not None and found[1].lstrip("0") not in {code.lstrip("0") for code in success}


def _following(context: Context, node: Node) -> Node | None:
    """Return the first enabled entry that cannot be reached after a failing one."""
    entries = node.parent.children if node.parent is not None else context.top
    following = next((entry for entry in entries[node.index + 1 :] if entry.enabled), None)
    parent = node.parent
    if following is not None or parent is None or parent.conditioned or parent.continues:
        return following
    return _following(context, parent)
