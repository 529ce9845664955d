# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Steps that change a machine for good, and what should stand around them."""

from __future__ import annotations

import collections
import typing as t

from .conditions import is_gate, truth
from .context import FULL, PE, Context, Node
from .finding import WARNING
from .kinds import IMAGE, PARTITION, UPGRADE, WORDS, kind_of
from .registry import Hit, rule


@rule(
    "half-conditioned",
    WARNING,
    "Give the group the same condition, or put both into one group that has it.",
)
def half_conditioned(context: Context) -> t.Iterator[Hit]:
    """A group without a condition stands beside a conditioned one that changes the machine for good.

    Where one group applies an image or upgrades the operating system under a condition, a second group beside it
    that partitions, applies an image, upgrades or installs drivers without a condition runs on the machines that
    the first one spares. Conditions that only tell kinds of machines apart (model, firmware, media) do not count,
    and neither do several groups of the same kind that are alternatives.
    """
    for entries in context.lists():
        gates: dict[str, list[Node]] = collections.defaultdict(list)
        for entry in entries:
            if entry.active and is_gate(entry.condition):
                for kind in _kinds(entry):
                    gates[kind].append(entry)
        for entry in entries:
            if not (entry.active and entry.is_group) or entry.conditioned:
                continue
            found = _unguarded(entry)
            gate = _gate_of(gates, set(found)) if found else None
            if gate is not None:
                first = list(found.values())[0]
                text = f"has no condition although '{gate.name}' beside it has one; {_inside(entry, first)}"
                yield Hit(entry, text, "condition")


def _inside(group: Node, step: Node) -> str:
    return f"its step '{step.name}' {WORDS[t.cast(str, kind_of(step))]}"


def _gate_of(gates: t.Mapping[str, list[Node]], kinds: set[str]) -> Node | None:
    for kind in (UPGRADE, IMAGE, PARTITION):
        # To wipe or to keep the disk is a choice of its own, so it is compared with its own kind only.
        if len(gates.get(kind, ())) == 1 and (kind != PARTITION or PARTITION in kinds):
            return gates[kind][0]
    return None


def _kinds(node: Node) -> set[str]:
    """Return what the enabled steps of an entry do to the machine for good."""
    own = kind_of(node) if not node.is_group else None
    found = {own} if own else set()
    for child in node.children:
        if child.enabled:
            found |= _kinds(child)
    return found


def _unguarded(group: Node) -> dict[str, Node]:
    """Return the first step of each kind that nothing but the kind of machine keeps from running."""
    found: dict[str, Node] = {}
    for child in group.children:
        if not child.enabled or is_gate(child.condition):
            continue
        kind = kind_of(child)
        if kind:
            found.setdefault(kind, child)
        for inner, step in _unguarded(child).items():
            found.setdefault(inner, step)
    return found


@rule(
    "unguarded-partition",
    WARNING,
    "Give the step or its group a condition, for example on _SMSTSClientCache, _SMSTSMediaType or _SMSTSInWinPE.",
)
def unguarded_partition(context: Context) -> t.Iterator[Hit]:
    """A disk is partitioned without a condition in a task sequence that is meant for a running Windows.

    That a sequence is meant for a running Windows shows in a step that upgrades the operating system, in an earlier
    step that works only there, saves the user's state or restarts to the boot image unless the sequence is in
    WinPE, in a limitation to platforms, or in a missing boot image. A machine that gets the sequence by mistake
    then loses its disk.
    """
    reason = _starts_in_windows(context)
    for node in context.steps:
        if node.type == "setup_windows_and_configmgr" and not reason:
            # What follows runs in the new Windows.
            return
        if reason and kind_of(node) == PARTITION and not node.guarded:
            yield Hit(node, f"{WORDS[PARTITION]} without a condition, and the sequence starts in Windows: {reason}")
        if not reason and (node.type == "capture_user_state" or node.runs_in == {FULL} or _leaves_windows(node)):
            reason = f"'{node.name}' stands before"


def _leaves_windows(node: Node) -> bool:
    """Say whether a step restarts to the boot image where the sequence is not in WinPE yet."""
    to_pe = node.type == "restart_computer" and node.text("Target").casefold() == "winpe"
    return to_pe and truth(node.condition, PE) is False


def _starts_in_windows(context: Context) -> str:
    """Return why a sequence as a whole is meant for a running Windows, empty when nothing says so."""
    if context.facts.boot_image is False:
        return "it has no boot image"
    if any(kind_of(node) == UPGRADE for node in context.steps):
        return "it also upgrades the operating system"
    return "it is limited to platforms" if context.facts.platforms else ""


@rule("continue-on-destructive", WARNING, "Remove continue_on_error from the step.")
def continue_on_destructive(context: Context) -> t.Iterator[Hit]:
    """A step that partitions, applies an image or upgrades continues on error.

    What follows then works on a machine in an unknown state. An upgrade step that only scans for compatibility
    reports its result as an error, so it may continue.
    """
    for node in context.steps:
        kind = kind_of(node)
        if kind in (PARTITION, IMAGE, UPGRADE) and node.continues:
            yield Hit(node, f"{WORDS[kind]} and continues on error", "continue_on_error")
