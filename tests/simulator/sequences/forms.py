# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the properties of a step class become variables of the ``<sequence>`` text.

One form per class, worked out from the MOF (reference: task-sequence-xml, facts that hold; schema-report 4).
"""

from __future__ import annotations

import dataclasses
import typing as t

from ..objects import Dt
from ..schema import Schema, SimClass, SimProp
from . import tables

BASE_STEP = "SMS_TaskSequence_Step"
BASE_ACTION = "SMS_TaskSequence_Action"
GROUP = "SMS_TaskSequence_Group"
CHILD_SEQUENCE = "SMS_TaskSequence_SubTasksequence"
BASE_OPERAND = "SMS_TaskSequence_ConditionOperand"
BASE_EXPRESSION = "SMS_TaskSequence_ConditionExpression"
OPERATOR = "SMS_TaskSequence_ConditionOperator"
OS_GROUP = "SMS_TaskSequence_OSConditionGroup"
OS_EXPRESSION_GROUP = "SMS_TaskSequence_OSExpressionGroup"
CONDITION = "SMS_TaskSequence_Condition"
SEQUENCE = "SMS_TaskSequence"

PLATFORM_KEYS = (
    ("arch", "PlatformArchKey"), ("type", "PlatformTypeKey"),
    ("minVer", "PlatformMinVerKey"), ("maxVer", "PlatformMaxVerKey"),
)
"""Attributes of ``<platformKey>`` and the properties they hold."""

ATTRIBUTE_PROPERTIES = frozenset(
    {"Name", "Description", "Enabled", "ContinueOnError", "Condition", "SupportedEnvironment", "Timeout"}
)
"""Inherited properties that are attributes or elements of their own, never variables."""


@dataclasses.dataclass(frozen=True)
class Variable:
    """One property as a variable. ``elements`` is set for an array of embedded objects."""

    prop: SimProp
    name: str
    hidden: bool
    shared: bool
    argument: int | None
    elements: tuple[SimProp, ...] = ()
    element_class: str | None = None


@dataclasses.dataclass(frozen=True)
class Form:
    """The variables of one step class in the order in which they are written."""

    class_name: str
    variables: tuple[Variable, ...]
    command_line: str
    success_codes: str | None
    retry_count: str | None
    run_from_net: str | None

    def find(self, name: str) -> Variable | None:
        """Return the variable of a property by name without regard to case."""
        folded = name.casefold()
        return next((item for item in self.variables if item.prop.name.casefold() == folded), None)


class Forms:
    """All forms of one schema, made on first use."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self._made: dict[str, Form] = {}

    def of(self, class_name: str) -> Form:
        """Return the form of a step class that the schema has."""
        form = self._made.get(class_name)
        if form is None:
            form = self._make(t.cast(SimClass, self.schema.get(class_name)))
            self._made[class_name] = form
        return form

    def _make(self, item: SimClass) -> Form:
        marks: dict[str, str] = {}
        variables = []
        for prop in item.properties.values():
            if prop.name in ATTRIBUTE_PROPERTIES or (prop.type == "object" and not prop.array):
                continue
            variables.append(self._variable(item, prop))
            for mark in ("SuccessCodes", "RetryCount", "RunFromNet"):
                if prop.qualifiers.get(mark):
                    marks[mark] = prop.name
        variables.sort(key=lambda one: one.prop.name)
        template = tables.COMMAND_LINES.get(tables.short(item.name))
        if template is None:
            template = str(item.qualifiers.get("CommandLine") or "")
        return Form(
            item.name, tuple(variables), template,
            marks.get("SuccessCodes"), marks.get("RetryCount"), marks.get("RunFromNet"),
        )

    def _variable(self, item: SimClass, prop: SimProp) -> Variable:
        marks = prop.qualifiers
        name = marks.get("TsVariable") or marks.get("VariableName")
        if not name:
            name = str(item.qualifiers.get("VariablePrefix") or "") + prop.name
        number = tables.ARGUMENTS.get(tables.short(item.name), {}).get(prop.name)
        if number is None and isinstance(marks.get("CommandLineArg"), int):
            number = int(marks["CommandLineArg"])
        elements: tuple[SimProp, ...] = ()
        if prop.type == "object":
            element = self.schema.get(prop.embedded_class or "")
            if element is not None:
                elements = tuple(sorted(element.properties.values(), key=lambda one: one.name))
        shared = bool(marks.get("Global"))
        hidden = (
            number is not None or shared or prop.type == "object" or bool(marks.get("HiddenVariable"))
            or any(mark in marks for mark in ("CommandLineArg", "SuccessCodes", "RetryCount", "RunFromNet"))
        )
        return Variable(prop, str(name), hidden, shared, number, elements, prop.embedded_class)


def to_text(prop: SimProp, value: t.Any) -> str:
    """Write a value as the text of a variable: booleans in lower case, arrays with commas."""
    if isinstance(value, list):
        return ",".join(scalar_text(item) for item in value)
    return scalar_text(value)


def scalar_text(value: t.Any) -> str:
    """Write one value; a timestamp keeps its DMTF form."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def from_text(prop: SimProp, text: str) -> t.Any:
    """Read the text of a variable; an empty number or boolean is null. Raises ValueError for a wrong one."""
    if prop.array:
        return [_read(prop.type, part) for part in text.split(",")] if text else []
    return _read(prop.type, text)


def _read(kind: str, text: str) -> t.Any:
    if kind == "string":
        return text
    bare = text.strip()
    if not bare:
        return None
    if kind == "datetime":
        return Dt(bare)
    if kind == "boolean":
        if bare.casefold() not in {"true", "false"}:
            raise ValueError(f"{text!r} is not a boolean")
        return bare.casefold() == "true"
    if kind.startswith("real"):
        return float(bare)
    number = int(bare)
    bits = int(kind[4:])
    low, high = (0, 2**bits - 1) if kind.startswith("uint") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    if not low <= number <= high:
        raise ValueError(f"{number} does not fit into {kind}")
    return number


def walk(steps: t.Iterable[t.Any], *, enabled_only: bool = False) -> t.Iterator[t.Any]:
    """Yield every step and group in run order; ``enabled_only`` leaves out disabled ones and what they hold."""
    for step in steps:
        if enabled_only and step.get("Enabled") is False:
            continue
        yield step
        if step.class_name == GROUP:
            yield from walk(step.get("Steps") or [], enabled_only=enabled_only)
