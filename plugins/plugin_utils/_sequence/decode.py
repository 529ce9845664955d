# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An instance that GetSequence or ImportSequence returned, as the model.

Unknown classes and properties stay exactly as they came.
"""

from __future__ import annotations

import typing as t

from .._cim.instance import Instance
from .model import GROUP, Operand, Sequence, Step, number_paths
from .rules import load_rules


def from_instance(instance: Instance, *, root: str = "steps") -> Sequence:
    """Return an ``SMS_TaskSequence`` as the model; ``root`` is the root of the steps' paths."""
    properties = {name: value for name, value in instance.properties.items() if name.casefold() != "steps"}
    sequence = Sequence(
        steps=[_step(item) for item in _items(instance.get("Steps"))],
        properties={name: value for name, value in properties.items() if value is not None},
    )
    number_paths(sequence, root)
    return sequence


def _items(value: t.Any) -> list[Instance]:
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, Instance)]


def _step(instance: Instance) -> Step:
    rule = load_rules().step(instance.class_name)
    step = Step(rule.class_name if rule is not None else instance.class_name)
    for name, value in instance.properties.items():
        folded = name.casefold()
        if folded == "steps":
            step.steps = [_step(item) for item in _items(value)]
        elif folded == "condition":
            if isinstance(value, Instance):
                step.condition = [_operand(item) for item in _items(value.get("Operands"))]
        elif value is not None:
            step.properties[(rule.canonical(name) if rule is not None else None) or name] = value
    if step.class_name == GROUP and step.steps is None:
        step.steps = []
    return step


def _operand(instance: Instance) -> Operand:
    rule = load_rules().get(instance.class_name)
    operand = Operand(rule.class_name if rule is not None else instance.class_name)
    if rule is not None and "Operands" in rule.properties:
        operand.operands = []
    for name, value in instance.properties.items():
        if name.casefold() == "operands":
            operand.operands = [_operand(item) for item in _items(value)]
        elif value is not None:
            operand.properties[(rule.canonical(name) if rule is not None else None) or name] = value
    return operand
