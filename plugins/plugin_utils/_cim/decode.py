# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Elements to instances, driven by the catalogue (reference: wsman 1.5, 6; independent-servers, "Embedded instances").

What the catalogue does not know is kept: text as text, objects as instances, repeats as lists.
"""

from __future__ import annotations

import base64
import binascii
import typing as t
import xml.etree.ElementTree as ET

from .._errors import ProtocolError
from .._wsman.answer import MAX_DEPTH, child, text_of
from .._wsman.uris import CIM_COMMON, XSI, class_of_uri, local_name
from . import datetimes, values
from .catalogue import CIM_TYPES, Catalogue, MethodDef
from .instance import CimReference, Instance, Value

_NIL = f"{{{XSI}}}nil"
_TYPE = f"{{{XSI}}}type"
_SUFFIX = "_Type"
_DATETIMES = frozenset(("Datetime", "Interval", "CIM_DateTime"))
_REFERENCE_PARTS = frozenset(("Address", "ReferenceParameters", "EndpointReference"))


class _Slot(t.NamedTuple):
    """How to read one property."""

    name: str
    read: t.Callable[[str], t.Any]
    array: bool = False
    known: bool = True
    class_name: str | None = None
    cim_type: str = "string"


def class_of_type(xsi_type: str | None) -> str | None:
    """Return the class of an ``xsi:type`` such as ``p:SMS_Package_Type``, ``None`` for simple types."""
    if not xsi_type:
        return None
    name = xsi_type.strip().rpartition(":")[2]
    return name[: -len(_SUFFIX)] if name.endswith(_SUFFIX) and len(name) > len(_SUFFIX) else None


def is_nil(element: ET.Element) -> bool:
    return element.get(_NIL, "").strip() in ("true", "1", "TRUE")


class Decoder:
    """Reads instances; keeps what it learnt about each element name, so one per client is best."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._plans: dict[str, dict[str, _Slot | None]] = {}

    def instance(self, element: ET.Element, class_name: str | None = None) -> Instance:
        """Return the instance that ``element`` holds.

        Its class is its ``xsi:type`` or its name; a row of named columns (``XmlFragment``) bears
        neither, so ``class_name`` says what it is.
        """
        name = local_name(element.tag)
        declared = class_name if name == "XmlFragment" else name
        return self._instance(element, declared or name, 0)

    def outputs(self, element: ET.Element | None, method: MethodDef | None) -> tuple[t.Any, dict[str, Value]]:
        """Return the return value and the out parameters of a method's answer.

        The wrapper's name differs between servers and is ignored. Without a known method, types
        are guessed: ``ReturnValue`` as a number, objects as instances, all else as text.
        """
        params = method.params if method else {}
        slots: dict[str, _Slot] = {
            name.casefold(): self._slot(name, param.type, param.array, param.embedded) for name, param in params.items()
        }
        returns = method.returns if method else "sint32"
        slots["returnvalue"] = self._slot("ReturnValue", returns, False, returns not in CIM_TYPES)
        found: dict[str, Value] = {}
        for item in () if element is None else element:
            name = local_name(item.tag)
            self._store(found, slots.get(name.casefold()) or _unknown(name), item, 1)
        return found.pop("ReturnValue", None), found

    # -- inside ------------------------------------------------------------------------------------

    def _instance(self, element: ET.Element, declared: str, depth: int) -> Instance:
        if depth > MAX_DEPTH:
            raise ProtocolError(f"The server's answer is nested more than {MAX_DEPTH} levels deep.")
        class_name = class_of_type(element.get(_TYPE)) or declared
        plan = self._plans.get(class_name)
        if plan is None:
            plan = self._plans[class_name] = {}
        found: dict[str, Value] = {}
        for item in element:
            tag = item.tag
            if tag in plan:
                slot = plan[tag]
            else:
                slot = plan[tag] = self._find(class_name, tag)
            if slot is None:
                continue
            if not len(item) and not item.attrib and not slot.array and slot.known and slot.class_name is None:
                found[slot.name] = slot.read(item.text or "")
            else:
                self._store(found, slot, item, depth + 1)
        definition = self._catalogue.get(class_name)
        return Instance(definition.name if definition else class_name, found)

    def _find(self, class_name: str, tag: str) -> _Slot | None:
        if tag.startswith(f"{{{CIM_COMMON}}}"):
            return None  # cim:Location, which old servers add
        name = local_name(tag)
        definition = self._catalogue.get(class_name)
        prop = definition.property(name) if definition else None
        if prop is None:
            return _unknown(name)
        return self._slot(prop.name, prop.type, prop.array, prop.embedded)

    @staticmethod
    def _slot(name: str, cim_type: str, array: bool, embedded: bool) -> _Slot:
        return _Slot(name, values.reader(cim_type), array, True, cim_type if embedded else None, cim_type)

    def _store(self, found: dict[str, Value], slot: _Slot, item: ET.Element, depth: int) -> None:
        name = slot.name
        if is_nil(item):
            found.setdefault(name, None)
            return
        value = self._value(slot, item, depth)
        if slot.array:
            items = value if isinstance(value, list) else [value]
            current = found.get(name)
            if isinstance(current, list):
                current.extend(items)
            else:
                found[name] = items
        elif slot.known or name not in found:
            found[name] = value
        else:
            current = found[name]
            if isinstance(current, list):
                current.append(value)
            else:
                found[name] = [current, value]

    def _value(self, slot: _Slot, item: ET.Element, depth: int) -> Value:
        xsi_type = item.get(_TYPE)
        if len(item):
            first = local_name(item[0].tag)
            if first in _DATETIMES:
                return self._datetime(item[0].text or "")
            if first in _REFERENCE_PARTS:
                return read_reference(item)
            return self._instance(item, slot.class_name or slot.name, depth)
        if slot.class_name is not None or class_of_type(xsi_type):
            return self._instance(item, slot.class_name or slot.name, depth)
        text = item.text or ""
        if xsi_type and xsi_type.endswith("cimBase64Binary") and slot.cim_type == "uint8":
            try:
                return list(base64.b64decode(text, validate=True))
            except (binascii.Error, ValueError):
                return values.Verbatim(text)
        return slot.read(text)

    @staticmethod
    def _datetime(text: str) -> Value:
        found = datetimes.parse(text)
        return values.Verbatim(text) if found is None else found


def _unknown(name: str) -> _Slot:
    return _Slot(name, values.reader("string"), False, False)


def read_reference(element: ET.Element) -> CimReference:
    """Return the reference in ``element``, with or without an ``EndpointReference`` around it."""
    inner = child(element, "EndpointReference")
    holder = element if inner is None else inner
    parameters = child(holder, "ReferenceParameters")
    uri = "" if parameters is None else text_of(child(parameters, "ResourceURI"))
    selectors = None if parameters is None else child(parameters, "SelectorSet")
    namespace = None
    keys = []
    for selector in () if selectors is None else selectors:
        name = selector.get("Name", "")
        if name.casefold() == "__cimnamespace":
            namespace = selector.text or ""
        else:
            keys.append((name, selector.text or ""))
    return CimReference(class_of_uri(uri), tuple(keys), namespace)
