# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules of the class qualifiers that SetSequence enforces (provider-behaviour 2.11). Types are checked before."""

from __future__ import annotations

import dataclasses
import typing as t

from ..objects import Obj
from ..schema import Schema, SimClass, SimProp
from . import forms as f
from . import mends, tables


@dataclasses.dataclass(frozen=True)
class Violation:
    """One broken rule: the step's path of names, its class, the property and the rule."""

    step: str
    class_name: str
    property: str
    rule: str

    def __str__(self) -> str:
        return f"{self.step or '(no step)'} [{self.class_name}].{self.property}: {self.rule}"


def violations(schema: Schema, sequence: Obj) -> list[Violation]:
    """Return every broken rule of a sequence in the schema's spelling, in run order."""
    found: list[Violation] = []
    for step in sequence.get("Steps") or []:
        _check_step(schema, step, "", found)
    return found


def _check_step(schema: Schema, step: Obj, path: str, found: list[Violation]) -> None:
    here = f"{path}/{step.get('Name', '')}"
    if step.get("Name") is None:
        found.append(Violation(here, step.class_name, "Name", "a step needs a name"))
    _check_object(schema, step, here, found)
    for inner in step.get("Steps") or [] if step.class_name == f.GROUP else ():
        _check_step(schema, inner, here, found)


def _check_object(schema: Schema, item: Obj, here: str, found: list[Violation]) -> None:
    known = t.cast(SimClass, schema.get(item.class_name))
    name = tables.short(known.name)
    for prop in known.properties.values():
        value = item.props.get(prop.name)
        for rule in _broken(item, prop, value, name):
            found.append(Violation(here, known.name, prop.name, rule))
        if prop.type == "object" and prop.name != "Steps":
            for inner in value if isinstance(value, list) else [value]:
                if inner is not None:
                    _check_object(schema, inner, here, found)
    targets = [one for one in mends.ONE_TARGET.get(name, ()) if item.get(one) not in (None, "")]
    if len(targets) > 1:
        found.append(Violation(here, known.name, targets[1], f"excludes {targets[0]}"))


def qualifier(name: str, prop: SimProp, mark: str) -> t.Any:
    """Return a qualifier of a property as mended; None when there is none or it lost its argument."""
    mend = mends.MENDS.get((name, prop.name, mark))
    return prop.qualifiers.get(mark) if mend is None else mend[0]


def _broken(item: Obj, prop: SimProp, value: t.Any, name: str) -> t.Iterator[str]:
    if value is None:
        if qualifier(name, prop, "Not_Null"):
            yield "Not_Null: a value is required"
        for other in _names(qualifier(name, prop, "RequiredIfNull")):
            if item.get(other) is None:
                yield f"RequiredIfNull: required because {other} is null"
        for other in _names(qualifier(name, prop, "RequiredIfNotNull")):
            if item.get(other) is not None:
                yield f"RequiredIfNotNull: required because {other} has a value"
        return
    values = value if isinstance(value, list) else [value]
    span = _span(qualifier(name, prop, "ValueRange") or qualifier(name, prop, "Range"))
    if span is not None:
        for one in values:
            if not span[0] <= one <= span[1]:
                yield f"ValueRange: {one} is not within {span[0]}-{span[1]}"
    span = _span(qualifier(name, prop, "AllowedLen") or qualifier(name, prop, "SizeLimit"))
    if span is not None:
        for one in values:
            if not span[0] <= len(one) <= span[1]:
                yield f"AllowedLen: {len(one)} characters are not within {span[0]}-{span[1]}"
    table = qualifier(name, prop, "ValueMap")
    if isinstance(table, list) and table:
        allowed = {str(one).casefold() for one in table}
        for one in values:
            if str(one).casefold() not in allowed:
                yield f"ValueMap: {one!r} is none of {', '.join(str(entry) for entry in table)}"
    counted = mends.COUNTS.get((name, prop.name))
    if counted is not None and value != len(item.get(counted) or []):
        yield f"count: {value} but {counted} has {len(item.get(counted) or [])} elements"


def _names(value: t.Any) -> list[str]:
    if isinstance(value, str):
        return [value] if value else []
    return [str(one) for one in value] if isinstance(value, list) else []


def _span(value: t.Any) -> tuple[int, int] | None:
    if isinstance(value, str) and "-" in value:
        low, _unused, high = value.partition("-")
        return int(low), int(high)
    return None
