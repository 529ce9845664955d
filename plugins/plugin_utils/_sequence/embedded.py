# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Objects inside steps, from YAML: partitions, network adapters, and raw properties.

Reference: INTERFACE 5; schema-report 8 (embedded classes).
"""

from __future__ import annotations

import base64
import datetime
import typing as t

from .._cim.instance import Instance
from .implied import implied_values
from .model import STORED, Secret
from .rules import StepRule
from .scalars import BAD, Notes, nearest, shown


def encode_script(text: str) -> str:
    """Return a script as SourceScript holds it: CR LF, UTF-16LE with a byte order mark, base64."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")
    return base64.b64encode(b"\xff\xfe" + lines.encode("utf-16-le", "surrogatepass")).decode("ascii")


def raw_value(notes: Notes, path: str, value: t.Any) -> t.Any:
    """Return a value of ``properties``: scalars as they are, mappings with ``class`` as instances."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return Secret(None) if value == STORED else value
    if isinstance(value, (datetime.date, datetime.datetime)):
        return notes.problem(path, value, "was read as a date; quote it")
    if isinstance(value, (list, tuple)):
        return [raw_value(notes, f"{path}[{index}]", item) for index, item in enumerate(value)]
    if isinstance(value, dict):
        class_name = value.get("class")
        if not isinstance(class_name, str) or not class_name:
            return notes.problem(path, value, "an embedded object needs `class`, the name of its WMI class")
        found = {str(k): raw_value(notes, f"{path}.{k}", item) for k, item in value.items() if k != "class"}
        return Instance(class_name, found)
    return notes.problem(path, value, "cannot be a property")


def raw_properties(notes: Notes, path: str, value: t.Any, rule: StepRule | None) -> dict[str, t.Any]:
    """Return the ``properties`` of a step; names that have an option are refused."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        notes.problem(path, value, "must be a mapping of WMI property names")
        return {}
    found = {}
    for key, item in value.items():
        place = f"{path}.{key}"
        if not isinstance(key, str) or not key or ":" in key:
            notes.problem(place, key, "is no WMI property name")
            continue
        canonical = rule.canonical(key) if rule is not None else None
        known = rule.properties[canonical] if rule is not None and canonical else None
        if known is not None and known.option:
            notes.problem(place, "", f"has an option: use `{known.option}`")
            continue
        if known is not None and known.derived:
            notes.problem(place, "", "is computed; leave it out")
            continue
        if key in ("Steps", "Operands"):
            notes.problem(place, "", "use `steps` or `condition`")
            continue
        result = raw_value(notes, place, item)
        if result is not BAD:
            found[canonical or key] = typed(notes, place, result, known) if known is not None else result
    return {key: item for key, item in found.items() if item is not BAD}


def typed(notes: Notes, path: str, value: t.Any, known: t.Any) -> t.Any:
    """Check a raw value of a known property against its type and return it."""
    if value is None or isinstance(value, Secret):
        return value
    if known.array != isinstance(value, list):
        return notes.problem(path, shown(value), "must be a list" if known.array else "must be a single value")
    for item in value if known.array else [value]:
        if known.type == "boolean" and not isinstance(item, bool):
            return notes.problem(path, shown(item), "must be true or false")
        if known.is_number and (isinstance(item, bool) or not isinstance(item, int)):
            return notes.problem(path, shown(item), "must be a whole number")
        if known.type == "string" and not isinstance(item, str):
            return notes.problem(path, shown(item), "must be text; quote it")
        if known.values and str(item).casefold() not in [text.casefold() for text in known.values]:
            return notes.problem(path, shown(item), "must be one of " + ", ".join(known.values))
    return value


def unknown_option(notes: Notes, path: str, key: t.Any, rule: StepRule, extra: t.Iterable[str] = ()) -> None:
    """Note an option that a step or embedded object does not have, with the nearest names."""
    if not isinstance(key, str):
        notes.problem(f"{path}.{key}", key, "YAML read this option name as something else than text; quote it")
        return
    canonical = rule.canonical(key)
    option = rule.properties[canonical].option if canonical else None
    if option:
        notes.problem(f"{path}.{key}", "", f"is a WMI property; the option is `{option}`")
        return
    what = f"is not an option of {rule.type}" if rule.type else "is not an option here"
    notes.problem(f"{path}.{key}", "", f"{what}; {nearest(key, [*rule.options, *extra])}")


def finish_properties(rule: StepRule, properties: dict[str, t.Any]) -> dict[str, t.Any]:
    """Add what omitted options mean and return the properties in the order of the class."""
    for name, value in implied_values(rule.class_name, properties).items():
        properties.setdefault(name, value)
    for name, value, beside in rule.fill:
        if name not in properties and (beside is None or properties.get(beside)):
            properties[name] = list(value) if isinstance(value, list) else value
    ordered = {name: properties[name] for name in rule.properties if properties.get(name) is not None}
    ordered.update((name, value) for name, value in properties.items() if name not in rule.properties)
    return ordered
