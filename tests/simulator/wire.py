# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bodies of requests: XML to objects, strictly by the schema (reference: wsman 1.5, 2, 3, 6; independent-servers).

Everything that Windows might let pass and the provider would then misread is refused here with
the path of the element: a simulated site that forgives hides the mistakes of its client.
"""

from __future__ import annotations

import typing as t

from lxml import etree

from . import faults, scalars
from .envelope import XSI, A, P, W
from .faults import WireError
from .objects import Dt, Obj, Ref
from .schema import Schema, SimClass, SimMethod, SimParam, SimProp
from .targets import NAMESPACE_SELECTOR, Target

COMMON = "http://schemas.dmtf.org/wbem/wscim/1/common"
TYPE = f"{{{XSI}}}type"
NIL = f"{{{XSI}}}nil"
NULL_ARRAY = f"{{{P}}}IsNullArray"


class Decoder:
    """Reads the bodies of one request; ``target`` says which address may stand in front of class names."""

    def __init__(self, schema: Schema, target: Target) -> None:
        self._schema = schema
        self._target = target

    def instance(self, element: etree._Element, declared: SimClass) -> Obj:
        """Read the body of Put or Create: the class element itself."""
        item = self._class_of_element(element, declared)
        given = element.get(TYPE)
        if given is not None:
            self._check_type_name(element, given, f"{item.name}_Type", item.name, item.name)
        self._only(element, {TYPE}, item.name)
        return self._properties(element, item, item.name)

    def method_input(self, element: etree._Element | None, item: SimClass, method: SimMethod) -> dict[str, t.Any]:
        """Read the in parameters of a method; a missing body means none."""
        if element is None:
            return {}
        wrapper = f"{method.name}_INPUT"
        name = etree.QName(element)
        if name.localname != wrapper:
            raise WireError(faults.INVALID_REPRESENTATION, f"The body is {name.localname} and must be {wrapper}.")
        self._check_namespace(element, item.name, wrapper)
        if element.get(TYPE) not in (None, f"{wrapper}_Type"):
            self._check_type_name(element, element.get(TYPE, ""), f"{wrapper}_Type", item.name, wrapper)
        self._only(element, {TYPE}, wrapper)
        known = {param.name: param for param in method.params.values()}
        found: dict[str, t.Any] = {}
        for child_name, children in self._grouped(element, item.name, wrapper):
            path = f"{wrapper}/{child_name}"
            param = known.get(child_name)
            if param is None:
                hint = _hint(child_name, known)
                raise WireError(faults.UNKNOWN_NAME, f"{path}: the method has no such parameter{hint}.")
            if not param.is_in:
                raise WireError(faults.UNKNOWN_NAME, f"{path}: this is an out parameter.")
            found[child_name] = self._value(children, param, path)
        return found

    def _class_of_element(self, element: etree._Element, declared: SimClass) -> SimClass:
        name = etree.QName(element).localname
        item = self._schema.get(name)
        if item is None or item.name != name:
            raise WireError(faults.INVALID_REPRESENTATION, f"The body is {name}, which is no class of this site.")
        if not self._schema.is_a(item.name, declared.name):
            raise WireError(
                faults.INVALID_REPRESENTATION, f"The body is {name}, which does not derive from {declared.name}.")
        self._check_namespace(element, item.name, name)
        return item

    def _check_namespace(self, element: etree._Element, class_name: str, path: str) -> None:
        space = etree.QName(element).namespace or ""
        base, _slash, name = space.rpartition("/")
        if name != class_name or not self._target.accepts_base(f"{base}/"):
            shown = space or "no namespace"
            raise WireError(
                faults.WRONG_XML_NAMESPACE, f"{path}: the element is in {shown} and must be in that of {class_name}.")

    def _check_type_name(
        self, element: etree._Element, given: str, wanted: str, class_name: str, path: str,
    ) -> None:
        prefix, _colon, local = given.rpartition(":")
        if local != wanted:
            raise WireError(faults.INVALID_REPRESENTATION, f"{path}: xsi:type is {given} and must be {wanted}.")
        space = element.nsmap.get(prefix or None)
        base, _slash, name = (space or "").rpartition("/")
        if not prefix or space is None or name != class_name or not self._target.accepts_base(f"{base}/"):
            raise WireError(
                faults.WRONG_XML_NAMESPACE,
                f"{path}: the prefix of xsi:type {given} must stand for the namespace of {class_name}.")

    def _only(self, element: etree._Element, allowed: set[str], path: str) -> None:
        extra = [name for name in element.attrib if name not in allowed]
        if extra:
            raise WireError(faults.INVALID_VALUE, f"{path}: the attribute {extra[0]} is not allowed.")

    def _grouped(
        self, element: etree._Element, class_name: str, path: str,
    ) -> t.Iterator[tuple[str, list[etree._Element]]]:
        """Yield the children by name; equal names must be adjacent and all in the namespace of the class."""
        if any(text and text.strip() for text in (element.text, *(child.tail for child in element))):
            raise WireError(faults.INVALID_VALUE, f"{path}: text stands between the elements.")
        seen: set[str] = set()
        name: str | None = None
        group: list[etree._Element] = []
        for child in element:
            local = etree.QName(child).localname
            self._check_namespace(child, class_name, f"{path}/{local}")
            if local != name:
                if name is not None:
                    yield name, group
                if local in seen:
                    raise WireError(
                        faults.INVALID_REPRESENTATION,
                        f"{path}/{local}: the elements of this name are not adjacent; the later ones would be lost.")
                seen.add(local)
                name, group = local, []
            group.append(child)
        if name is not None:
            yield name, group

    def _properties(self, element: etree._Element, item: SimClass, path: str) -> Obj:
        found: dict[str, t.Any] = {}
        for name, children in self._grouped(element, item.name, path):
            prop = item.properties.get(name)
            if prop is None:
                hint = _hint(name, item.properties)
                raise WireError(faults.UNKNOWN_NAME, f"{path}/{name}: {item.name} has no such property{hint}.")
            found[name] = self._value(children, prop, f"{path}/{name}")
        return Obj(item.name, found)

    def _value(self, elements: list[etree._Element], declared: SimProp | SimParam, path: str) -> t.Any:
        if not declared.array:
            if len(elements) > 1:
                raise WireError(faults.INVALID_REPRESENTATION, f"{path}: {len(elements)} elements for one value.")
            return self._one(elements[0], declared, path)
        if len(elements) == 1 and self._is_nil(elements[0], path, array=True):
            return None
        values = []
        for index, child in enumerate(elements):
            place = f"{path}[{index}]"
            value = self._one(child, declared, place)
            if value is None:
                raise WireError(faults.INVALID_VALUE, f"{place}: an item of an array must not be nil.")
            values.append(value)
        return values

    def _is_nil(self, element: etree._Element, path: str, *, array: bool = False) -> bool:
        nil = element.get(NIL)
        if nil not in (None, "true", "false"):
            raise WireError(faults.INVALID_VALUE, f"{path}: xsi:nil is neither true nor false.")
        mark = element.get(NULL_ARRAY)
        if mark is not None and (mark != "true" or nil != "true" or not array):
            raise WireError(faults.INVALID_VALUE, f"{path}: IsNullArray belongs to a nil array only.")
        if nil == "true" and (len(element) or element.text):
            raise WireError(faults.INVALID_VALUE, f"{path}: the element is nil and has content.")
        return nil == "true"

    def _one(self, element: etree._Element, declared: SimProp | SimParam, path: str) -> t.Any:
        self._only(element, {TYPE, NIL, NULL_ARRAY}, path)
        if self._is_nil(element, path, array=declared.array):
            return None
        if declared.embedded_class:
            return self._embedded(element, declared.embedded_class, path)
        given = element.get(TYPE)
        if given is not None:
            self._check_simple_type(element, given, declared.type, path)
        if declared.type == "reference":
            return _reference(element, self._target, path)
        if declared.type == "datetime":
            return _datetime(element, path)
        if len(element):
            raise WireError(
                faults.PARAMETER_TYPE, f"{path}: a value of the type {declared.type} holds the element"
                f" {etree.QName(element[0]).localname}.")
        try:
            return scalars.parse(declared.type, element.text or "")
        except ValueError as error:
            raise WireError(faults.SCHEMA_VALIDATION, f"{path}: {error}.") from error

    def _check_simple_type(self, element: etree._Element, given: str, kind: str, path: str) -> None:
        """Windows' own client sends cim:cimString and the like, not always with the prefix declared."""
        prefix, _colon, local = given.rpartition(":")
        wanted = scalars.XSI_NAMES.get(kind)
        if local != wanted or element.nsmap.get(prefix or None, COMMON) != COMMON:
            raise WireError(faults.SCHEMA_VALIDATION, f"{path}: xsi:type is {given} and must be cim:{wanted}.")

    def _embedded(self, element: etree._Element, declared: str, path: str) -> Obj:
        given = element.get(TYPE)
        if given is None:
            raise WireError(
                faults.INVALID_REPRESENTATION, f"{path}: xsi:type is missing; it names the class of the object.")
        local = given.rpartition(":")[2]
        if not local.endswith("_Type"):
            raise WireError(faults.INVALID_REPRESENTATION, f"{path}: xsi:type {given} does not end in _Type.")
        name = local[: -len("_Type")]
        item = self._schema.get(name)
        if item is None or item.name != name:
            raise WireError(
                faults.INVALID_REPRESENTATION, f"{path}: {name} is no class of this site{self._class_hint(item)}.")
        self._check_type_name(element, given, local, item.name, path)
        if not self._schema.is_a(item.name, declared):
            raise WireError(faults.INVALID_REPRESENTATION, f"{path}: {name} does not derive from {declared}.")
        if item.abstract:
            raise WireError(faults.INVALID_REPRESENTATION, f"{path}: {name} is abstract.")
        if not len(element):
            raise WireError(
                faults.MISSING_VALUE, f"{path}: an embedded object without any element cannot be told from a text.")
        return self._properties(element, item, f"{path}({name})")

    @staticmethod
    def _class_hint(item: SimClass | None) -> str:
        return f"; it is spelled {item.name}" if item is not None else ""


def _hint(name: str, known: t.Iterable[str]) -> str:
    spelled = next((other for other in known if other.casefold() == name.casefold()), None)
    return f"; it is spelled {spelled}" if spelled else ""


def _datetime(element: etree._Element, path: str) -> Dt:
    """Read a datetime in any of its forms: Datetime, Interval, CIM_DateTime, plain text (reference: wsman 1.5)."""
    try:
        if not len(element):
            return scalars.parse_datetime(element.text or "")
        if len(element) > 1 or (element.text or "").strip() or len(element[0]):
            raise ValueError("a datetime holds one element with text")
        child = element[0]
        name = etree.QName(child)
        text = child.text or ""
        if name.namespace == COMMON and name.localname == "Datetime":
            return scalars.parse_iso(text)
        if name.namespace == COMMON and name.localname == "Interval":
            return scalars.parse_duration(text)
        if name.namespace in (None, COMMON) and name.localname == "CIM_DateTime":
            return scalars.parse_dmtf(text)
        raise ValueError(f"a datetime holds the element {child.tag}")
    except ValueError as error:
        raise WireError(faults.SCHEMA_VALIDATION, f"{path}: {error}.") from error


def _reference(element: etree._Element, target: Target, path: str) -> Ref:
    if [child.tag for child in element] != [f"{{{A}}}Address", f"{{{A}}}ReferenceParameters"]:
        raise WireError(faults.SCHEMA_VALIDATION, f"{path}: a reference holds Address and ReferenceParameters.")
    uri = element.findtext(f"{{{A}}}ReferenceParameters/{{{W}}}ResourceURI") or ""
    base, _slash, name = uri.strip().rpartition("/")
    if not target.accepts_base(f"{base}/"):
        raise WireError(faults.INVALID_VALUE, f"{path}: {uri} is not the address of a class in this namespace.")
    namespace = None
    keys = []
    for item in element.iterfind(f"{{{A}}}ReferenceParameters/{{{W}}}SelectorSet/{{{W}}}Selector"):
        if item.get("Name", "").casefold() == NAMESPACE_SELECTOR:
            namespace = item.text
        else:
            keys.append((item.get("Name", ""), item.text or ""))
    return Ref(name, tuple(keys), namespace)
