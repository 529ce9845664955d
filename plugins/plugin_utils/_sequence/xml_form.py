# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ``<sequence>`` text derives from a step: its attributes and its list of variables.

The writer prints this; the reader compares it with what it finds and keeps only deviations
(reference: task-sequence-xml, sections "facts" and 1).
"""

from __future__ import annotations

import typing as t

from .._cim.instance import Instance
from .._errors import InvalidInput, Problem
from .model import Ref, Secret, Step
from .vocabulary import Known, is_xml_only, properties_of

SUB_SEQUENCE = "SMS_TaskSequence_SubTasksequence"
DEFAULT_VERSION = "3.10"
_OLD_VERSION = "3.00"
"""Documents of this version have neither ``retryCount`` nor ``runFromNet``."""

ATTRIBUTE_PROPERTIES = ("Name", "Description", "Enabled", "ContinueOnError", "SupportedEnvironment", "Timeout")
"""Properties that are attributes of the element and never variables."""


class Variable(t.NamedTuple):
    """One ``<variable>`` of a ``defaultVarList``."""

    property: str
    name: str
    hidden: bool
    text: str
    is_global: bool


def step_attributes(step: Step, version: str) -> dict[str, str]:
    """Return the attributes of a step, group or sub task sequence in the product's order."""
    properties = step.properties
    found: dict[str, str | None] = {}
    if not step.is_group:
        found["type"] = step.class_name
    found["name"] = step.name
    description = properties.get("Description")
    found["description"] = None if description is None else str(description)
    found["disable"] = "true" if properties.get("Enabled") is False else None
    found["continueOnError"] = "true" if properties.get("ContinueOnError") is True else None
    if not step.is_group:
        # No time-out is 0 in WMI and no attribute in every export.
        found["timeout"] = _optional_text(properties.get("Timeout") or None)
        found["runIn"] = _optional_text(properties.get("SupportedEnvironment"))
        found["successCodeList"] = str(properties.get("SuccessCodes") or "0")
        if version != _OLD_VERSION:
            found["retryCount"] = str(properties.get("RetryCount") or "0")
            found["runFromNet"] = "true" if properties.get("RunFromNet") is True else "false"
    kept = properties.get("xml:attributes") or {}
    return {name: text for name, text in {**found, **kept}.items() if text is not None}


def step_variables(step: Step) -> list[Variable]:
    """Return the variables of a step, sorted by property name as the product does."""
    known = properties_of(step.class_name) or {}
    kept: t.Mapping[str, t.Any] = step.properties.get("xml:variables") or {}
    variables: list[Variable] = []
    for name, value in step.properties.items():
        if value is None or name in ATTRIBUTE_PROPERTIES or is_xml_only(name):
            continue
        variables.extend(_variables(step, name, value, known.get(name)))
    renamed = []
    for variable in variables:
        if variable.property in kept:
            shown, hidden = kept[variable.property]
            variable = variable._replace(name=shown, hidden=hidden)
        renamed.append(variable)
    return sorted(renamed, key=lambda variable: variable.property)


def _variables(step: Step, name: str, value: t.Any, known: Known | None) -> t.Iterator[Variable]:
    variable = known.variable if known is not None else name
    hidden = known.hidden if known is not None else False
    is_global = known.is_global if known is not None else False
    instances = value if isinstance(value, list) and any(isinstance(item, Instance) for item in value) else None
    if known is not None and known.embedded and known.array:
        instances = value
    if instances is None:
        yield Variable(name, variable, hidden, value_text(value, step, name), is_global)
        return
    yield Variable(name, variable, True, str(len(instances)), is_global)
    for index, item in enumerate(instances):
        if not isinstance(item, Instance):
            raise InvalidInput([Problem(f"{step.path}.properties.{name}[{index}]", "", "has to be an embedded object")])
        for inner, inner_value in item.properties.items():
            if inner_value is not None and not is_xml_only(inner):
                text = value_text(inner_value, step, f"{name}[{index}].{inner}")
                # Global elements are hidden like global properties; seen only empty in exports [U].
                yield Variable(f"{name}{index}{inner}", f"{variable}{index}{inner}", is_global, text, is_global)


def value_text(value: t.Any, step: Step, where: str) -> str:
    """Return a value as the text of a variable.

    :raises InvalidInput: a list item with a comma, which the format cannot tell from two items.
    """
    if isinstance(value, list):
        items = [value_text(item, step, where) for item in value]
        if any("," in item for item in items):
            rule = "a list item with a comma cannot be written as sequence text"
            raise InvalidInput([Problem(f"{step.path}.{where}", "", rule)])
        return ",".join(items)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Secret):
        return value.value or ""
    if isinstance(value, Ref):
        return value.id or ""
    return str(value)


def _optional_text(value: t.Any) -> str | None:
    return None if value is None else str(value)


def element_text(text: str) -> str:
    """Escape the text of an element as the product does."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def attribute_text(text: str) -> str:
    """Escape the text of an attribute; line ends are kept as character references."""
    escaped = element_text(text).replace('"', "&quot;")
    return escaped.replace("\r", "&#xD;").replace("\n", "&#xA;").replace("\t", "&#x9;")
