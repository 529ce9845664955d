# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write the model as ``<sequence>`` text in the form of the product.

One line without white space between elements, attributes in the product's order, variables sorted
by property name, empty variables in the long form (reference: task-sequence-xml, sections 1 and 3).
Secrets are written as they stand in the model; mask them first where the text is shown.
"""

from __future__ import annotations

import re
import typing as t

from .._errors import InvalidInput, Problem
from .command_lines import action
from .model import GROUP, Operand, Sequence, Step
from .vocabulary import is_xml_only
from .xml_form import (
    DEFAULT_VERSION,
    SUB_SEQUENCE,
    attribute_text,
    element_text,
    step_attributes,
    step_variables,
    value_text,
)
from .xml_lists import global_variables, references
from .xml_read import OS_EXPRESSIONS, OS_GROUP, PLATFORM, WMI_EXPRESSION

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_sequence(sequence: Sequence) -> str:
    """Return the ``<sequence>`` text of a model.

    :raises InvalidInput: a value holds characters that XML 1.0 cannot carry, or a list item a comma.
    """
    parts: list[str] = []
    version = str(sequence.properties.get("SchemaVersion") or DEFAULT_VERSION)
    attributes = {"version": version, **(sequence.properties.get("xml:attributes") or {})}
    listed = "".join(_tag("reference", reference, "") for reference in references(sequence))
    if listed:
        parts.append(f"<referenceList>{listed}</referenceList>")
    shared = "".join(
        _tag("variable", {"name": variable.name, "property": variable.property}, element_text(variable.text), True)
        for variable in global_variables(sequence)
    )
    if shared:
        parts.append(f"<globalVarList>{shared}</globalVarList>")
    parts.extend(_step(step, version) for step in sequence.steps)
    parts.extend(sequence.properties.get("xml:elements") or [])
    text = _tag("sequence", attributes, "".join(parts))
    if _NOT_XML.search(text):
        raise InvalidInput(_unwritable(sequence))
    return text


def _step(step: Step, version: str) -> str:
    parts: list[str] = []
    if step.condition is not None:
        inner = "".join(_operand(operand, step) for operand in step.condition)
        parts.append(_tag("condition", _inner(step.properties, "condition"), inner))
    attributes = step_attributes(step, version)
    extra = step.properties.get("xml:elements") or []
    if step.is_group or step.class_name == GROUP:
        parts.extend(_step(child, version) for child in step.steps or [])
        return _tag("group", attributes, "".join([*parts, *extra]))
    text = step.properties.get("xml:action")
    if text is None:
        text = action(step, step.properties.get("xml:form") or 0) or ""
    parts.append(_tag("action", _inner(step.properties, "action"), element_text(text), True))
    variables = []
    for variable in step_variables(step):
        named = {"name": variable.name, "property": variable.property}
        if variable.hidden:
            named["hidden"] = "true"
        named.update(_inner(step.properties, f"variable {variable.property}"))
        variables.append(_tag("variable", named, element_text(variable.text), True))
    parts.append(_tag("defaultVarList", _inner(step.properties, "defaultVarList"), "".join(variables)))
    element = "subtasksequence" if step.class_name == SUB_SEQUENCE else "step"
    return _tag(element, attributes, "".join([*parts, *extra]))


def _operand(operand: Operand, step: Step, in_os_group: bool = False) -> str:
    properties = operand.properties
    extra: dict[str, str] = properties.get("xml:attributes") or {}
    if operand.operands is None:
        if in_os_group and operand.class_name == WMI_EXPRESSION and "xml:attributes" not in properties:
            extra = {"ignoreQueryFailure": "true"}
        inner = "".join(
            _tag(
                "variable",
                {"name": name, **_inner(properties, f"variable {name}")},
                element_text(value_text(value, step, f"condition.{name}")),
                True,
            )
            for name, value in sorted(properties.items())
            if value is not None and not is_xml_only(name)
        )
        return _tag("expression", {"type": operand.class_name, **extra}, inner)
    nested = operand.class_name == OS_EXPRESSIONS
    inner = "".join(_operand(child, step, nested) for child in operand.operands)
    kind = str(properties.get("OperatorType") or "")
    if operand.class_name == OS_GROUP:
        return _tag("osConditionGroup", {"type": kind or "or", **extra}, inner)
    if nested:
        keys = {name: str(properties[prop]) for name, prop in PLATFORM.items() if properties.get(prop) is not None}
        keys.update(_inner(properties, "platformKey"))
        named = {"type": kind or "and", "name": str(properties.get("Name") or ""), **extra}
        return _tag("osExpressionGroup", named, (_tag("platformKey", keys, "") if keys else "") + inner)
    return _tag("operator", {"type": kind, **extra}, inner)


def _inner(properties: t.Mapping[str, t.Any], element: str) -> dict[str, str]:
    """Return the unknown attributes that an element had where the properties come from."""
    found: dict[str, str] = (properties.get("xml:inner") or {}).get(element) or {}
    return found


def _tag(name: str, attributes: t.Mapping[str, str], inner: str, long_form: bool = False) -> str:
    shown = "".join(f' {key}="{attribute_text(value)}"' for key, value in attributes.items())
    if not inner and not long_form:
        return f"<{name}{shown}/>"
    return f"<{name}{shown}>{inner}</{name}>"


def _unwritable(sequence: Sequence) -> list[Problem]:
    """Return one problem for every value that holds a character XML cannot carry."""
    problems = []
    for step in sequence.walk():
        for name, value in step.properties.items():
            if not is_xml_only(name) and _NOT_XML.search(value_text(value, step, name)):
                problems.append(Problem(f"{step.path}.{name}", "", "holds a character that XML cannot carry"))
    return problems or [Problem("sequence", "", "holds a character that XML cannot carry")]
