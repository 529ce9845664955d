# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A task sequence of a site as YAML data: the form that ``parse_steps`` accepts (INTERFACE 7).

Options come in the order of the step reference; what equals its default is left out, so that a
person sees what was decided. Secrets are the constant that the modules take back for "keep".
"""

from __future__ import annotations

import typing as t

from .conditions_yaml import describe_operand
from .model import GROUP, PREFIX, Sequence, Step
from .rules import StepRule, load_rules
from .view import NameOf, View, by_id


def describe(sequence: Sequence, name_of: NameOf = by_id) -> list[dict[str, t.Any]]:
    """Return the steps of a sequence in YAML form.

    :param name_of: the form of a reference: a name, ``{name, version}`` or ``{id, name}``.
    """
    return [_step(step, name_of) for step in sequence.steps]


def describe_step(step: Step, name_of: NameOf = by_id) -> dict[str, t.Any]:
    """Return one step or group, with everything inside it, in YAML form."""
    return _step(step, name_of)


def _step(step: Step, name_of: NameOf) -> dict[str, t.Any]:
    rules = load_rules()
    rule = rules.step(step.class_name)
    known = rule or t.cast(StepRule, rules.get(PREFIX + "Action"))
    view = View(known, step.properties, name_of, step)
    found: dict[str, t.Any] = {"name": step.name}
    if step.class_name != GROUP:
        found["type"] = rule.type if rule is not None else step.class_name
    for name, value in view.options():
        found[name] = value
        if name == "condition":
            found[name] = [describe_operand(operand, name_of) for operand in step.condition or ()]
    rest = view.rest()
    if rest:
        found["properties"] = rest
    if step.steps is not None:
        found["steps"] = [_step(item, name_of) for item in step.steps]
    return found
