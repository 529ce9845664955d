# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules of the catalogue on a model, wherever it comes from: a play, a document, a site.

What ``from_yaml`` reports is in the words of the options; this checks the properties themselves,
as a site does when a sequence is saved (reference: provider-behaviour 2.11 and 3.2).
"""

from __future__ import annotations

import typing as t

from .._cim.instance import Instance
from .._errors import Problem
from .model import Operand, Ref, Secret, Sequence
from .rules import PropertyRule, StepRule, as_bool, load_rules
from .scalars import shown

_UNSIGNED = {"uint8": 2**8, "uint16": 2**16, "uint32": 2**32, "uint64": 2**64}


def check(sequence: Sequence) -> list[Problem]:
    """Return every violation of the rules in a sequence, in run order; unknown classes have none."""
    found: list[Problem] = []
    rules = load_rules()
    for step in sequence.walk():
        rule = rules.step(step.class_name)
        if rule is not None:
            _properties(found, rule, step.path, step.properties)
        for index, operand in enumerate(step.condition or ()):
            _operand(found, f"{step.path}.condition[{index}]", operand)
    return found


def _operand(found: list[Problem], path: str, operand: Operand) -> None:
    rule = load_rules().get(operand.class_name)
    if rule is not None:
        _properties(found, rule, path, operand.properties)
    for index, inner in enumerate(operand.operands or ()):
        _operand(found, f"{path}.operands[{index}]", inner)


def _properties(found: list[Problem], rule: StepRule, path: str, properties: t.Mapping[str, t.Any]) -> None:
    for name, known in rule.properties.items():
        if name in ("Condition", "Steps", "Operands"):
            continue
        value = properties.get(name)
        if value is None or value == "":
            # Most properties of most steps are not set, and few have to be.
            text = _missing(rule, known, properties) if known.required or known.if_null or known.if_set else ""
            if text:
                found.append(Problem(f"{path}.{known.option or 'properties.' + name}", "", text))
        elif not isinstance(value, (Ref, Secret)) and not known.derived and rule.is_material(name, properties):
            place = f"{path}.{known.option or 'properties.' + name}"
            _value(found, known, place, value, secret=rule.is_secret(name, properties))


def _missing(rule: StepRule, known: PropertyRule, properties: t.Mapping[str, t.Any]) -> str:
    """Return why an empty property is a problem, or an empty text."""
    if known.required and not known.array and rule.is_material(known.name, properties):
        return "must not be empty"
    if known.if_null and not any(_is_set(properties.get(other)) for other in known.if_null):
        others = " or ".join(rule.properties[other].option or other for other in known.if_null)
        return f"is required without {others}"
    if known.if_set and known.default is None and any(_is_set(properties.get(other)) for other in known.if_set):
        others = " or ".join(rule.properties[other].option or other for other in known.if_set)
        return f"is required with {others}"
    return ""


def _is_set(value: t.Any) -> bool:
    return value is not None and value != ""


def _value(found: list[Problem], known: PropertyRule, path: str, value: t.Any, *, secret: bool) -> None:
    items = value if isinstance(value, list) else [value]
    for index, item in enumerate(items):
        place = f"{path}[{index}]" if known.array else path
        if known.embedded:
            inner = load_rules().get(item.class_name) if isinstance(item, Instance) else None
            if inner is not None:
                _properties(found, inner, place, item.properties)
            continue
        if isinstance(item, (Ref, Secret)):
            continue
        text = _wrong(known, item)
        if text:
            found.append(Problem(place, "" if secret else shown(item), text))


def _wrong(known: PropertyRule, value: t.Any) -> str:
    """Return what is wrong with one value, or an empty text."""
    if known.type == "boolean":
        return "" if as_bool(value) is not None else "must be true or false"
    if known.is_number:
        return _wrong_number(known, value)
    if not isinstance(value, str):
        return "must be text"
    if known.values and value.casefold() not in {allowed.casefold() for allowed in known.values}:
        return "must be one of " + ", ".join(known.values)
    if known.max_length is not None and len(value) > known.max_length:
        return f"has {len(value)} characters; at most {known.max_length} are allowed"
    if known.min_length and len(value) < known.min_length:
        return f"must have at least {known.min_length} characters"
    return ""


def _wrong_number(known: PropertyRule, value: t.Any) -> str:
    try:
        number = int(value)
    except (TypeError, ValueError):
        return "must be a whole number"
    if known.values and str(number) not in known.values:
        return "must be one of " + ", ".join(known.values)
    if known.minimum is not None and number < known.minimum or known.maximum is not None and number > known.maximum:
        return f"must be between {known.minimum} and {known.maximum}"
    most = _UNSIGNED.get(known.type)
    return f"must be between 0 and {most - 1}" if most is not None and not 0 <= number < most else ""
