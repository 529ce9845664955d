# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a task sequence runs, step by step: in WinPE, in the full operating system, or in either.

The model keeps the set of environments that are possible before each entry. A condition on
``_SMSTSInWinPE`` narrows it, a restart replaces it, and what nobody can know without running the
sequence (a child sequence, a restart that a script asks for) makes it "either" again. A rule
fires only where the set leaves no other possibility.
"""

from __future__ import annotations

import typing as t

from .conditions import truth
from .context import BOTH, FULL, PE, Context, Node

Environments = frozenset[str]

_REBOOT_REQUEST = "smstsrebootrequested"
_UNKNOWN_AFTER = ("run_task_sequence", "pointer")


class Environment:
    """The result: what no environment is left for."""

    def __init__(self, context: Context) -> None:
        self.misplaced: list[tuple[Node, Environments]] = []
        """Steps that cannot run where they stand, with where the sequence is then."""
        self.skipped: list[tuple[Node, Environments]] = []
        """Entries whose condition on the environment cannot hold, with where the sequence is then."""
        self._seen: list[set[str]] = []
        self._run(context.top, _start(context))

    def _run(self, nodes: t.Iterable[Node], state: Environments) -> Environments:
        for node in nodes:
            if node.enabled:
                state = self._entry(node, state)
                for seen in self._seen:
                    seen.update(state)
        return state

    def _entry(self, node: Node, state: Environments) -> Environments:
        verdicts = {environment: truth(node.condition, environment) for environment in state}
        inside = frozenset(environment for environment in state if verdicts[environment] is not False)
        stays = frozenset(environment for environment in state if verdicts[environment] is not True)
        if not inside:
            self.skipped.append((node, state))
            return state
        if not node.is_group:
            return self._step(node, inside) | stays
        self._seen.append(set(inside))
        after = self._run(node.children, inside)
        seen = self._seen.pop()
        # After an error inside it the sequence goes on from wherever that was.
        return (frozenset(seen) if node.continues else after) | stays

    def _step(self, node: Node, state: Environments) -> Environments:
        works = state & node.runs_in
        if not works:
            self.misplaced.append((node, state))
            # One finding per change of environment: what follows is taken to be meant for there.
            works = node.runs_in
        return _after(node, works)


def environment_of(context: Context) -> Environment:
    """Return the environments of a sequence; two rules share one walk."""
    found = context.cache.get("environment")
    if not isinstance(found, Environment):
        found = context.cache["environment"] = Environment(context)
    return found


def _after(node: Node, state: Environments) -> Environments:
    """Return where the sequence is after a step that ran."""
    kind = node.type
    if kind == "restart_computer":
        return frozenset((PE if node.text("Target").casefold() == "winpe" else FULL,))
    if kind == "setup_windows_and_configmgr":
        return frozenset((FULL,))
    if kind == "prepare_windows_for_capture":
        # Sysprep ends with a restart into the boot image, or with the machine switched off.
        return BOTH if node.flag("ShutdownPreparedOs") else frozenset((PE,))
    if kind in _UNKNOWN_AFTER or requests_restart(node):
        return BOTH
    return state


def requests_restart(node: Node) -> bool:
    """Say whether a step may ask for a restart through the variable for that."""
    if node.type == "set_dynamic_variables":
        return _REBOOT_REQUEST in node.text("Rules").casefold()
    texts = (node.text(name) for name in ("VariableName", "CommandLine", "SourceScript", "Parameters"))
    return any(_REBOOT_REQUEST in text.casefold() for text in texts)


def _start(context: Context) -> Environments:
    """Return where the sequence may start: one that upgrades Windows starts in it."""
    for node in context.steps:
        if node.runs_in == {PE} or node.type in ("restart_computer", "setup_windows_and_configmgr"):
            break
        if node.type == "upgrade_operating_system" and not node.guarded:
            return frozenset((FULL,))
    return BOTH


def words(state: Environments) -> str:
    """Return an environment in words."""
    return "WinPE" if state == {PE} else "the full operating system" if state == {FULL} else "either environment"
