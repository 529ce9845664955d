# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Conditions as YAML data; the inverse of ``conditions.py``."""

from __future__ import annotations

import typing as t

from .conditions import OPERATOR, OS_EXPRESSIONS, OS_GROUP, WMI, WORDS, language_of, short_hive
from .model import Operand, Ref
from .rules import StepRule, load_rules
from .view import NameOf, View, by_id, raw_form

_PLATFORM = {
    "name": "Name",
    "arch": "PlatformArchKey",
    "platform": "PlatformTypeKey",
    "min_version": "PlatformMinVerKey",
    "max_version": "PlatformMaxVerKey",
}


def describe_operand(operand: Operand, name_of: NameOf = by_id) -> dict[str, t.Any]:
    """Return one entry of a condition in YAML form."""
    rule = load_rules().get(operand.class_name)
    logic = WORDS.get(str(operand.properties.get("OperatorType") or "").casefold())
    if operand.class_name == OPERATOR and logic is not None:
        return {logic: [describe_operand(item, name_of) for item in operand.operands or ()]}
    if operand.class_name == OS_GROUP and logic == "any" and operand.operands:
        items = [_platform(item, name_of) for item in operand.operands]
        if None not in items:
            return {"operating_system": items}
    if operand.class_name == WMI and operand.operands is None:
        language = language_of(operand.properties)
        if language is not None:
            return {"os_language": language}
    if rule is not None and rule.type and operand.operands is None:
        found = _expression(operand, rule, name_of)
        if found is not None:
            return found
    return _generic(operand, name_of)


def _expression(operand: Operand, rule: StepRule, name_of: NameOf) -> dict[str, t.Any] | None:
    view = View(rule, operand.properties, name_of)
    found = dict(view.options())
    if not found.get(rule.type):
        return None
    if rule.type == "registry":
        found["registry"] = short_hive(found["registry"])
    if rule.type in ("variable", "registry") and found.get("operator") not in ("exists", "not_exists"):
        found.setdefault("value", "")
    if rule.type == "software" and not found.get(
        "upgrade_code" if found.get("match") == "any_version" else "product_code"
    ):
        return None
    rest = view.rest()
    if rest:
        found["properties"] = rest
    return found


def _platform(operand: Operand, name_of: NameOf) -> t.Any:
    """Return a platform: its name where the caller knows it by its keys, else everything spelled out."""
    if operand.class_name != OS_EXPRESSIONS:
        return None
    name = operand.properties.get("Name")
    if isinstance(name, Ref):
        return name.name or {"id": name.id}
    found = {key: str(operand.properties.get(prop) or "") for key, prop in _PLATFORM.items()}
    by_name = name_of(Ref("platform", name=found["name"], version=platform_text(operand)))
    if isinstance(by_name, str):
        return by_name
    queries = []
    for item in operand.operands or ():
        entry = describe_operand(item, name_of)
        queries.append(entry["wmi"] if set(entry) == {"wmi"} else entry)
    return {**found, "queries": queries} if all(found.values()) and queries else None


def platform_text(operand: Operand) -> str:
    """Return what tells platforms apart: the four keys in the first line, then the queries, a line each."""
    keys = "|".join(str(operand.properties.get(prop) or "") for key, prop in _PLATFORM.items() if key != "name")
    return "\n".join([keys, *(str(item.properties.get("Query") or "") for item in operand.operands or ())])


def _generic(operand: Operand, name_of: NameOf) -> dict[str, t.Any]:
    found: dict[str, t.Any] = {"class": operand.class_name}
    raw = {name: raw_form(value) for name, value in operand.properties.items() if ":" not in name and value is not None}
    if raw:
        found["properties"] = raw
    if operand.operands is not None:
        found["operands"] = [describe_operand(item, name_of) for item in operand.operands]
    return found
