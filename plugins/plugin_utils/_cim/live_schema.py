# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The schema of a live class: CIM-XML (DSP0201) as Windows answers a class-schema Get (reference: wsman 7)."""

from __future__ import annotations

import typing as t
import xml.etree.ElementTree as ET

from .._wsman.uris import local_name
from .catalogue import ClassDef, MethodDef, ParamDef, PropertyDef


def _qualifiers(element: ET.Element) -> dict[str, t.Any]:
    """Return the qualifiers of a CIM-XML element by lower-case name; arrays are lists of text."""
    found: dict[str, t.Any] = {}
    for item in element:
        if local_name(item.tag) != "QUALIFIER":
            continue
        many = [value.text or "" for value in item.iter() if local_name(value.tag) == "VALUE"]
        is_array = any(local_name(value.tag) == "VALUE.ARRAY" for value in item)
        value: t.Any = many if is_array else (many[0] if many else None)
        if item.get("TYPE") == "boolean":
            value = str(value).strip().lower() != "false"
        found[item.get("NAME", "").casefold()] = value
    return found


def _type_of(element: ET.Element, qualifiers: dict[str, t.Any]) -> tuple[str, bool]:
    """Return the type and whether it is an embedded class; CIM-XML shows embedded objects as strings."""
    embedded = qualifiers.get("embeddedinstance") or element.get("EmbeddedObject")
    if isinstance(embedded, str) and embedded.casefold() not in ("object", "instance"):
        return embedded, True
    cim_type = str(qualifiers.get("cimtype") or "")
    if cim_type.casefold().startswith("object:"):
        return cim_type.partition(":")[2], True
    return element.get("TYPE") or element.get("REFERENCECLASS") or "string", False


def _property(element: ET.Element, class_name: str) -> PropertyDef:
    qualifiers = _qualifiers(element)
    cim_type, embedded = _type_of(element, qualifiers)
    kind = local_name(element.tag)
    return PropertyDef(
        name=element.get("NAME", ""),
        type=cim_type,
        embedded=embedded,
        reference=kind == "PROPERTY.REFERENCE",
        array=kind == "PROPERTY.ARRAY",
        key=bool(qualifiers.get("key")),
        lazy=bool(qualifiers.get("lazy")),
        writable=not (qualifiers.get("read") and not qualifiers.get("write")),
        qualifiers=qualifiers,
        origin=element.get("CLASSORIGIN", class_name),
    )


def _method(element: ET.Element) -> MethodDef:
    qualifiers = _qualifiers(element)
    params = {}
    for item in element:
        kind = local_name(item.tag)
        if not kind.startswith("PARAMETER"):
            continue
        own = _qualifiers(item)
        cim_type, embedded = _type_of(item, own)
        directions = [name for name in ("in", "out") if own.get(name)]
        params[item.get("NAME", "")] = ParamDef(
            name=item.get("NAME", ""),
            type=cim_type,
            embedded=embedded,
            reference=kind.endswith("REFERENCE") or kind.endswith("REFARRAY"),
            array=kind.endswith("ARRAY"),
            direction=",".join(directions) or "in",
            optional=bool(own.get("optional")),
        )
    return MethodDef(element.get("NAME", ""), bool(qualifiers.get("static")), element.get("TYPE", "sint32"), params)


def read_class(element: ET.Element) -> ClassDef:
    """Return the class that a ``CLASS`` element describes; qualifier names are in lower case."""
    name = element.get("NAME", "")
    qualifiers = _qualifiers(element)
    properties = {}
    methods = {}
    for item in element:
        kind = local_name(item.tag)
        if kind.startswith("PROPERTY"):
            prop = _property(item, name)
            properties[prop.name] = prop
        elif kind == "METHOD":
            method = _method(item)
            methods[method.name] = method
    return ClassDef(
        name=name,
        base=element.get("SUPERCLASS"),
        abstract=bool(qualifiers.get("abstract")),
        qualifiers=qualifiers,
        properties=properties,
        methods=methods,
        keys=tuple(prop.name for prop in properties.values() if prop.key),
    )
