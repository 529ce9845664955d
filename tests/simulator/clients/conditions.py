# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Conditions of steps on a simulated client (reference: provider-behaviour 3.4).

Conditions on variables are worked out. What a client would have to look at (files, registry, WMI,
software) is what the table of the device says of that kind, true without one.
"""

from __future__ import annotations

import fnmatch
import typing as t

from ..objects import Obj

_PREFIX = "SMS_TaskSequence_"
KINDS = {
    "WMIConditionExpression": "wmi", "RegistryConditionExpression": "registry", "FileConditionExpression": "file",
    "FolderConditionExpression": "folder", "SoftwareConditionExpression": "software", "OSConditionGroup": "os",
}
"""The word under which the table of a device answers a kind of condition."""

Variables = dict[str, str]
"""Names in lower case."""


def expand(text: str, variables: Variables) -> str:
    """Replace ``%name%`` by the value of the variable; an unknown one becomes empty."""
    parts = text.split("%")
    if len(parts) % 2 == 0:
        return text
    return "".join(part if index % 2 == 0 else variables.get(part.casefold(), "") for index, part in enumerate(parts))


def holds(condition: Obj | None, variables: Variables, table: t.Mapping[str, bool]) -> bool:
    """Say whether a condition is met; no condition always is."""
    if condition is None:
        return True
    return all(_operand(item, variables, table) for item in condition.get("Operands") or ())


def _operand(operand: Obj, variables: Variables, table: t.Mapping[str, bool]) -> bool:
    kind = operand.class_name.removeprefix(_PREFIX)
    if kind == "VariableConditionExpression":
        return _variable(operand, variables)
    if kind in KINDS:
        return table.get(KINDS[kind], True)
    results = [_operand(item, variables, table) for item in operand.get("Operands") or ()]
    word = str(operand.get("OperatorType", "and")).casefold()
    if word == "or":
        return any(results)
    return not any(results) if word == "not" else all(results)


def _variable(operand: Obj, variables: Variables) -> bool:
    word = str(operand.get("Operator", "")).casefold()
    stored = variables.get(str(operand.get("Variable", "")).casefold())
    if word in ("exists", "notexists"):
        return (stored is not None) == (word == "exists")
    if stored is None:
        return word in ("notequals", "notlike")
    left, right = stored.casefold(), expand(str(operand.get("Value", "")), variables).casefold()
    if word in ("like", "notlike"):
        return fnmatch.fnmatchcase(left, right.replace("%", "*")) == (word == "like")
    ordered = (int(left), int(right)) if left.lstrip("-").isdigit() and right.lstrip("-").isdigit() else (left, right)
    low, high = t.cast("tuple[int, int]", ordered)
    return {
        "equals": low == high, "notequals": low != high, "less": low < high, "lessequal": low <= high,
        "greater": low > high, "greaterequal": low >= high,
    }.get(word, True)
