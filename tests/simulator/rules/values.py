# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Objects that come in are held against the schema: names, types, ranges, qualifiers."""

from __future__ import annotations

import re
import typing as t

from ..objects import Dt, Obj, Ref
from ..schema import Schema, SimClass, SimProp
from .errors import (
    FAILED,
    INVALID_CLASS,
    INVALID_OBJECT_PATH,
    INVALID_PARAMETER,
    INVALID_PROPERTY,
    TYPE_MISMATCH,
    refuse,
)

_RANGES = {
    "uint8": (0, 2**8 - 1), "uint16": (0, 2**16 - 1), "uint32": (0, 2**32 - 1), "uint64": (0, 2**64 - 1),
    "sint8": (-(2**7), 2**7 - 1), "sint16": (-(2**15), 2**15 - 1), "sint32": (-(2**31), 2**31 - 1),
    "sint64": (-(2**63), 2**63 - 1),
}
_DMTF = re.compile(r"(\d{14}\.\d{6}[+-](\d{3}|\*{3})|\d{14}\.\d{6}:000)\Z")


class Typed(t.Protocol):
    """What a property and a parameter have in common."""

    name: str
    type: str
    array: bool
    embedded_class: str | None


def known_class(schema: Schema, name: str, operation: str) -> SimClass:
    """Return a class. Raises 0x80041010 for an unknown one."""
    found = schema.get(name)
    if found is None:
        raise refuse(INVALID_CLASS, f"Invalid class {name}", operation=operation, parameter=name)
    return found


def canonical(schema: Schema, obj: Obj, operation: str, path: str = "") -> Obj:
    """Return a copy in the schema's spelling, every value checked and every embedded object too.

    Raises 0x80041031 for an unknown property, 0x80041005 for a value that does not fit.
    """
    known = known_class(schema, obj.class_name, operation)
    made = Obj(known.name)
    for name, value in obj.props.items():
        prop = known.prop(name)
        where = f"{path}{name}"
        if prop is None:
            raise refuse(INVALID_PROPERTY, f"{known.name} has no property {name}", operation=operation, parameter=where)
        if prop.name in made.props:
            raise refuse(INVALID_PARAMETER, f"{prop.name} is given twice", operation=operation, parameter=where)
        made.props[prop.name] = check_value(schema, prop, value, operation, where)
    return made


def check_value(schema: Schema, prop: Typed, value: t.Any, operation: str, path: str) -> t.Any:
    """Return a copy of a value that fits the property or parameter, else raise 0x80041005."""
    if value is None:
        return None
    if prop.array:
        if not isinstance(value, list):
            raise _mismatch(prop, value, operation, path)
        return [_item(schema, prop, item, operation, f"{path}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, list):
        raise _mismatch(prop, value, operation, path)
    return _item(schema, prop, value, operation, path)


def _item(schema: Schema, prop: Typed, value: t.Any, operation: str, path: str) -> t.Any:
    if prop.embedded_class is not None:
        if not isinstance(value, Obj) or not schema.is_a(value.class_name, prop.embedded_class):
            raise _mismatch(prop, value, operation, path)
        if known_class(schema, value.class_name, operation).abstract:
            # Reference: provider-behaviour 11, embedded objects of an abstract type need a derived class.
            raise refuse(TYPE_MISMATCH, f"{path}: {value.class_name} is abstract", operation=operation, parameter=path)
        return canonical(schema, value, operation, f"{path}.")
    kind = prop.type
    if kind == "boolean":
        fits = isinstance(value, bool)
    elif kind in _RANGES:
        low, high = _RANGES[kind]
        fits = isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
    elif kind in ("real32", "real64"):
        fits = isinstance(value, (int, float)) and not isinstance(value, bool)
    elif kind == "datetime":
        fits = isinstance(value, str) and _DMTF.match(value) is not None
        value = Dt(value) if fits else value
    elif kind == "reference":
        fits = isinstance(value, Ref)
    else:
        fits = isinstance(value, str) and not isinstance(value, Dt)
    if not fits:
        raise _mismatch(prop, value, operation, path)
    return value


def _mismatch(prop: Typed, value: t.Any, operation: str, path: str) -> Exception:
    wanted = (prop.embedded_class or prop.type) + ("[]" if prop.array else "")
    given = value.class_name if isinstance(value, Obj) else repr(value)[:80]
    return refuse(TYPE_MISMATCH, f"Type mismatch: {path} is {wanted}, not {given}", operation=operation, parameter=path)


def span(text: str) -> tuple[str, str]:
    """Split the ``min-max`` text of a qualifier."""
    low, _dash, high = str(text).partition("-")
    return low, high


def check_qualifiers(schema: Schema, obj: Obj, operation: str, *, skip: t.Collection[str] = (), path: str = "") -> None:
    """Hold a whole object against Not_Null, SizeLimit, AllowedLen, Range, ValueRange and Max.

    Raises 0x80041001 with the property in ParameterInfo (provider-behaviour 2.11). Properties in
    ``skip`` are the server's to fill.
    """
    known = known_class(schema, obj.class_name, operation)
    for prop in known.properties.values():
        value = obj.props.get(prop.name)
        where = path + prop.name
        if value is None:
            if prop.qualifiers.get("Not_Null") and prop.name not in skip:
                raise refuse(FAILED, f"{obj.class_name}.{where} must not be null", operation=operation, parameter=where)
            continue
        _check_length(prop, value, operation, where)
        for index, item in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(item, Obj):
                spot = f"{where}[{index}]." if isinstance(value, list) else f"{where}."
                check_qualifiers(schema, item, operation, path=spot)
            else:
                _check_range(prop, item, operation, where)


def _check_length(prop: SimProp, value: t.Any, operation: str, where: str) -> None:
    limit = prop.qualifiers.get("Max")
    if limit is not None and isinstance(value, list) and len(value) > int(limit):
        raise refuse(FAILED, f"{where} holds {len(value)} items, at most {limit} are allowed", operation=operation,
                     parameter=where)
    for mark in ("SizeLimit", "AllowedLen"):
        if mark in prop.qualifiers and isinstance(value, str):
            low, high = span(prop.qualifiers[mark])
            if len(value) < int(low or 0) or (high and len(value) > int(high)):
                raise refuse(FAILED, f"{where} has {len(value)} characters, {low}-{high} are allowed",
                             operation=operation, parameter=where)


def _check_range(prop: SimProp, value: t.Any, operation: str, where: str) -> None:
    for mark in ("Range", "ValueRange"):
        if mark not in prop.qualifiers or isinstance(value, bool) or value == "":
            continue
        low, high = span(prop.qualifiers[mark])
        if isinstance(value, int) and low.isdigit():
            outside = value < int(low) or (high.isdigit() and value > int(high))
        else:
            outside = isinstance(value, str) and not low.isdigit() and not low <= value.lower() <= high
        if outside:
            raise refuse(FAILED, f"{where} is {value!r}, {low}-{high} are allowed", operation=operation,
                         parameter=where)


def typed_keys(known: SimClass, keys: t.Mapping[str, t.Any], operation: str) -> tuple[t.Any, ...]:
    """Return key values in the order of the class, typed. Raises 0x8004103A for a wrong set of keys."""
    given = {name.casefold(): value for name, value in keys.items()}
    wanted = [name.casefold() for name in known.keys]
    if not wanted or sorted(given) != sorted(wanted):
        raise refuse(INVALID_OBJECT_PATH, f"Invalid object path: {known.name} is found by {', '.join(known.keys)}",
                     operation=operation, parameter=", ".join(keys) or known.name)
    values = []
    for name in known.keys:
        value = given[name.casefold()]
        kind = known.properties[name].type
        if kind in _RANGES and isinstance(value, str):
            if not value.strip().lstrip("-").isdigit():
                raise refuse(INVALID_OBJECT_PATH, f"Invalid object path: {name}={value!r}", operation=operation,
                             parameter=name)
            value = int(value)
        values.append(value)
    return tuple(values)


def is_empty(value: t.Any) -> bool:
    """Say whether a value counts as null: WMI knows no array of length zero in an answer (wsman 1.5)."""
    return value is None or value == []
