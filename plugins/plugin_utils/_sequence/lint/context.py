# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A task sequence prepared for the rules: steps with their surroundings, and what is known besides."""

from __future__ import annotations

import dataclasses
import functools
import typing as t

from ..model import Operand, Ref, Sequence, Step
from ..rules import as_bool, load_rules, script_text
from ..wording import type_word

PE = "WinPE"
FULL = "FullOS"
BOTH = frozenset((PE, FULL))


@dataclasses.dataclass(frozen=True)
class Facts:
    """What is known about the task sequence beside its steps; ``None`` is "not known"."""

    name: str | None = None
    description: str | None = None
    package_id: str | None = None
    boot_image: bool | None = None
    """Whether it has one."""
    platforms: tuple[str, ...] | None = None
    child_names: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    """ID of a task sequence that a step runs -> its name."""
    stored_size: int | None = None
    """Bytes of the stored sequence where they were measured; computed otherwise."""
    max_envelope_size: int | None = None
    """MaxEnvelopeSizekb of the server."""


@dataclasses.dataclass(eq=False)
class Node:
    """One step or group and where it stands."""

    step: Step
    parent: Node | None
    index: int
    number: int
    """Place in run order, for sorting."""
    children: list[Node] = dataclasses.field(default_factory=list)

    @property
    def name(self) -> str:
        return self.step.name

    @property
    def is_group(self) -> bool:
        return self.step.is_group

    @functools.cached_property
    def type(self) -> str:
        """The type as the interface names it, the class name where it has none."""
        return type_word(self.step)

    @functools.cached_property
    def enabled(self) -> bool:
        return as_bool(self.step.properties.get("Enabled")) is not False

    @functools.cached_property
    def active(self) -> bool:
        """Whether neither the entry nor a group around it is disabled."""
        return self.enabled and (self.parent is None or self.parent.active)

    @functools.cached_property
    def continues(self) -> bool:
        return self.flag("ContinueOnError")

    @property
    def condition(self) -> list[Operand]:
        return self.step.condition or []

    @property
    def conditioned(self) -> bool:
        return bool(self.step.condition)

    @functools.cached_property
    def guarded(self) -> bool:
        """Whether the entry or a group around it has a condition."""
        return self.conditioned or (self.parent is not None and self.parent.guarded)

    @functools.cached_property
    def runs_in(self) -> frozenset[str]:
        """Where the step can run."""
        text = self.step.properties.get("SupportedEnvironment")
        if not text:
            rule = load_rules().step(self.step.class_name)
            text = rule.run_in_default if rule is not None else None
        found = {"winpe": frozenset((PE,)), "fullos": frozenset((FULL,))}.get(str(text).casefold())
        return BOTH if found is None or self.is_group else found

    def flag(self, name: str) -> bool:
        """Return a boolean property, false when it is not set."""
        return as_bool(self.step.properties.get(name)) is True

    def text(self, name: str) -> str:
        """Return a property that is plain text, empty for anything else; embedded scripts are decoded."""
        value = self.step.properties.get(name)
        if not isinstance(value, str):
            return ""
        return script_text(value) if name == "SourceScript" else value

    def names(self) -> tuple[str, ...]:
        """Return the names from the top down to the entry itself."""
        return (*(self.parent.names() if self.parent is not None else ()), self.name)


class Context:
    """What every rule gets."""

    def __init__(self, sequence: Sequence, facts: Facts) -> None:
        self.sequence = sequence
        self.facts = facts
        self.cache: dict[str, t.Any] = {}
        """What rules share."""
        self.nodes: list[Node] = []
        self.top = self._add(sequence.steps, None)

    def _add(self, steps: list[Step], parent: Node | None) -> list[Node]:
        found = []
        for index, step in enumerate(steps):
            node = Node(step, parent, index, len(self.nodes))
            self.nodes.append(node)
            found.append(node)
            node.children = self._add(step.steps or [], node)
        return found

    @functools.cached_property
    def steps(self) -> list[Node]:
        """Steps that are not disabled, groups left out."""
        return [node for node in self.nodes if node.active and not node.is_group]

    def lists(self) -> t.Iterator[list[Node]]:
        """Yield the entries of the sequence and of every group."""
        yield self.top
        yield from (node.children for node in self.nodes if node.is_group)

    @functools.cached_property
    def by_path(self) -> dict[str, Node]:
        return {node.step.path: node for node in self.nodes}


def reference_name(value: t.Any) -> str:
    """Return the name in a reference, empty where only an ID is known."""
    return value.name or "" if isinstance(value, Ref) else ""


def reference_id(value: t.Any) -> str:
    """Return the ID that a property or a reference holds."""
    if isinstance(value, Ref):
        return value.id or ""
    return value if isinstance(value, str) else ""
