# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The task sequence as a tree: the one form between YAML, instances and ``<sequence>`` text.

Properties bear their WMI names and CIM values, so that nothing is lost on the way; two
markers stand for what is not known yet: ``Ref`` for an object that is named in the play and
``Secret`` for a value that must not be shown.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._provider.ref import Ref

__all__ = ["GROUP", "Operand", "PREFIX", "Ref", "STORED", "Secret", "Sequence", "Step", "number_paths"]

PREFIX = "SMS_TaskSequence_"
GROUP = PREFIX + "Group"
STORED = "<stored on site>"
"""What stands for a stored secret in info output; accepted back where a matched step has a value."""


@dataclasses.dataclass(frozen=True)
class Secret:
    """A secret of the play. ``value`` is its text, or ``None`` for "keep what the site has stored"."""

    value: str | None = dataclasses.field(default=None, repr=False)


@dataclasses.dataclass
class Operand:
    """One entry of a condition: an expression, or an operator when ``operands`` is a list."""

    class_name: str
    properties: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    operands: list[Operand] | None = None


@dataclasses.dataclass
class Step:
    """One step, or a group when ``steps`` is a list.

    ``properties`` holds everything but ``Steps`` and ``Condition``, under WMI names: CIM values,
    ``Ref``, ``Secret``, or lists of them. ``condition`` is ``None`` for "no condition", which
    is not the same on the wire as a condition without operands. ``path`` is the option path in
    the play (``steps[3].steps[0]``) or the place in the stored sequence in the same form.
    """

    class_name: str
    properties: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    condition: list[Operand] | None = None
    steps: list[Step] | None = None
    path: str = dataclasses.field(default="", compare=False)

    @property
    def name(self) -> str:
        return str(self.properties.get("Name") or "")

    @property
    def is_group(self) -> bool:
        return self.steps is not None


@dataclasses.dataclass
class Sequence:
    """A whole task sequence: the top-level steps and the sequence's own properties (``SchemaVersion``)."""

    steps: list[Step] = dataclasses.field(default_factory=list)
    properties: dict[str, t.Any] = dataclasses.field(default_factory=dict)

    def walk(self) -> t.Iterator[Step]:
        """Yield every step and group in run order, a group before its content."""
        stack = list(reversed(self.steps))
        while stack:
            step = stack.pop()
            yield step
            if step.steps:
                stack.extend(reversed(step.steps))


def number_paths(sequence: Sequence, root: str = "steps") -> None:
    """Set ``path`` of every step from its place."""
    pending = [(root, sequence.steps)]
    while pending:
        prefix, steps = pending.pop()
        for index, step in enumerate(steps):
            step.path = f"{prefix}[{index}]"
            if step.steps:
                pending.append((f"{step.path}.steps", step.steps))
