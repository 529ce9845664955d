# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The model as the instance that SetSequence takes (reference: provider-behaviour 3.1).

Properties come in the order of their class, base class first, so that equal models give equal
bytes. What only ``<sequence>`` text can carry is left out.
"""

from __future__ import annotations

import typing as t

from .._cim.instance import Instance
from .model import GROUP, PREFIX, Operand, Ref, Secret, Sequence, Step
from .rules import StepRule, load_rules

SEQUENCE = "SMS_TaskSequence"
CONDITION = PREFIX + "Condition"


def to_instance(sequence: Sequence) -> Instance:
    """Return a sequence as an ``SMS_TaskSequence``; an empty one has an empty list of steps.

    :raises ValueError: a reference is left in the model, so ``finish`` was not run or not complete.
    """
    steps: list[t.Any] = [_step(step) for step in sequence.steps]
    return Instance(SEQUENCE, {**_plain(sequence.properties), "Steps": steps})


def _step(step: Step) -> Instance:
    rule = load_rules().step(step.class_name)
    special: dict[str, t.Any] = {}
    if step.condition is not None:
        special["Condition"] = Instance(CONDITION, {"Operands": [_operand(item) for item in step.condition]})
    if step.steps is not None or step.class_name.casefold() == GROUP.casefold():
        special["Steps"] = [_step(item) for item in step.steps or ()]
    values = {**_plain(step.properties), **special}
    if rule is not None:
        for name, known in rule.properties.items():
            if known.secret and known.not_null and values.get(name) is None:
                values[name] = ""
        values = _ordered(rule, values)
    return Instance(step.class_name, values)


def _operand(operand: Operand) -> Instance:
    values = _plain(operand.properties)
    if operand.operands is not None:
        values["Operands"] = [_operand(item) for item in operand.operands]
    rule = load_rules().get(operand.class_name)
    return Instance(operand.class_name, values if rule is None else _ordered(rule, values))


def _ordered(rule: StepRule, values: dict[str, t.Any]) -> dict[str, t.Any]:
    found = {name: values[name] for name in rule.properties if name in values}
    found.update((name, value) for name, value in values.items() if name not in found)
    return found


def _plain(properties: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return the properties that have a WMI form, with secrets as their texts."""
    found = {}
    for name, value in properties.items():
        if ":" in name or value is None or (isinstance(value, Secret) and value.value is None):
            continue
        found[name] = _value(name, value)
    return found


def _value(name: str, value: t.Any) -> t.Any:
    if isinstance(value, Secret):
        return value.value
    if isinstance(value, Ref):
        raise ValueError(f"{name} still is a reference to {value.kind} {value.name or value.id}")
    if isinstance(value, list):
        return [_value(name, item) for item in value]
    if isinstance(value, Instance):
        return Instance(value.class_name, _plain(value.properties))
    return value
