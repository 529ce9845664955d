# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carry over what neither the play nor ``<sequence>`` text can say, along the match.

``keep_unknown`` serves ``write_via: objects``: properties of newer sites go into the wanted model.
``graft`` serves ``write_via: xml``: the server encodes the text with ImportSequence, and secrets
and unknown properties are put into the object it returns (reference: provider-behaviour 2.1).
"""

from __future__ import annotations

import copy
import typing as t

from .._cim.instance import Instance
from .._errors import NotAsWritten
from .equality import canonical_condition
from .match import Matching
from .model import Operand, Sequence, Step
from .secret_places import RULES, has_rules, secret_names, secret_text
from .vocabulary import is_xml_only, properties_of
from .xml_form import ATTRIBUTE_PROPERTIES


def keep_unknown(new: Sequence, matching: Matching) -> list[str]:
    """Copy the properties that nobody documented from stored steps to the steps that continue them.

    A property that the play states itself stays as it is. Conditions keep theirs while they are equal.

    :return: the places, as ``path: property``.
    """
    kept = []
    for pair in matching.pairs:
        for name, value in _unknown_properties(pair.old.class_name, pair.old.properties).items():
            if pair.new.properties.get(name) is None:
                pair.new.properties[name] = copy.deepcopy(value)
                kept.append(f"{pair.new.path}: {name}")
        if canonical_condition(pair.old.condition) == canonical_condition(pair.new.condition):
            for old, new in zip(_operands(pair.old.condition), _operands(pair.new.condition), strict=False):
                for name, value in _unknown_properties(old.class_name, old.properties).items():
                    if old.class_name == new.class_name and new.properties.get(name) is None:
                        new.properties[name] = copy.deepcopy(value)
                        kept.append(f"{pair.new.path}.condition: {name}")
    return kept


def forget_unheld(wanted: Sequence, imported: Instance) -> list[str]:
    """Drop from a model read from text the undocumented properties that the server's conversion dropped.

    The site cannot hold them, so they must neither be compared nor looked for after the write.

    :return: the places, as ``path: property``, for a warning.
    """
    dropped = []
    pending = [(_items(imported, "Steps"), wanted.steps)]
    while pending:
        instances, steps = pending.pop()
        for instance, step in zip(instances, steps, strict=False):
            for name in _unknown_properties(step.class_name, step.properties):
                if instance.get(name) is None:
                    del step.properties[name]
                    dropped.append(f"{step.path}: {name}")
            pending.append((_items(instance, "Steps"), step.steps or []))
    return sorted(dropped)


def graft(imported: Instance, wanted: Sequence, old: Sequence | None, matching: Matching | None) -> Instance:
    """Return a copy of the object that ImportSequence returned, with what its text could not carry.

    :param imported: SMS_TaskSequence as the server encoded it.
    :param wanted: the model the text was written from, with its secrets settled.
    :raises NotAsWritten: the object does not have the steps of the text.
    """
    result = copy.deepcopy(imported)
    pending = [(_items(result, "Steps"), wanted.steps)]
    while pending:
        instances, steps = pending.pop()
        if len(instances) != len(steps):
            raise NotAsWritten(f"the server read {len(instances)} steps where {len(steps)} were written")
        for instance, step in zip(instances, steps, strict=True):
            if instance.class_name.casefold() != step.class_name.casefold():
                raise NotAsWritten(f"the server read {instance.class_name} where {step.class_name} was written")
            stored = matching.old_of(step) if matching is not None and old is not None else None
            _graft_step(instance, step, stored)
            pending.append((_items(instance, "Steps"), step.steps or []))
    return result


def _graft_step(instance: Instance, step: Step, stored: Step | None) -> None:
    for name in secret_names(step):
        text = secret_text(step.properties.get(name))
        # Also where none is left: the text may hold the constant for stored secrets, which is no password.
        if (text or instance.get(name)) and instance.get(name) != text:
            instance.properties[name] = text
    if has_rules(step) and instance.get(RULES) is not None:
        # The text carries secret values too, but a server that strips them must not lose them.
        instance.properties[RULES] = step.properties[RULES]
    if stored is None:
        return
    for name, value in _unknown_properties(stored.class_name, stored.properties).items():
        if instance.get(name) is None:
            instance.properties[name] = copy.deepcopy(value)
    condition = instance.get("Condition")
    if isinstance(condition, Instance) and canonical_condition(stored.condition) == canonical_condition(step.condition):
        _graft_operands(_items(condition, "Operands"), stored.condition or [])


def _graft_operands(instances: list[Instance], operands: list[Operand]) -> None:
    for instance, operand in zip(instances, operands, strict=False):
        if instance.class_name.casefold() != operand.class_name.casefold():
            continue
        for name, value in _unknown_properties(operand.class_name, operand.properties).items():
            if instance.get(name) is None:
                instance.properties[name] = copy.deepcopy(value)
        _graft_operands(_items(instance, "Operands"), operand.operands or [])


def _unknown_properties(class_name: str, properties: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return the properties that the catalogue does not know; what every step has is never unknown."""
    known: t.Container[str] = properties_of(class_name) or ATTRIBUTE_PROPERTIES
    return {
        name: value
        for name, value in properties.items()
        if name not in known and value is not None and not is_xml_only(name)
    }


def _operands(condition: list[Operand] | None) -> t.Iterator[Operand]:
    stack = list(reversed(condition or []))
    while stack:
        operand = stack.pop()
        yield operand
        stack.extend(reversed(operand.operands or []))


def _items(instance: Instance, name: str) -> list[Instance]:
    value = instance.get(name)
    if isinstance(value, Instance):
        return [value]
    return [item for item in value if isinstance(item, Instance)] if isinstance(value, list) else []
