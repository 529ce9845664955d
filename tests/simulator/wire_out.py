# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bodies of answers: objects to XML as Windows writes them (reference: wsman 1.5, 2.1, 5, 6.5, 7).

Plain string building: a sequence of a thousand steps has tens of thousands of elements.
"""

from __future__ import annotations

import typing as t

from . import faults, scalars
from .faults import WireError
from .objects import Obj, Ref
from .scalars import escape
from .schema import Schema, SimClass, SimMethod, SimParam, SimProp
from .targets import NAMESPACE_SELECTOR, Target

NAMES = (
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:p="{uri}"'
    ' xmlns:cim="http://schemas.dmtf.org/wbem/wscim/1/common"'
)
NULL_ARRAY = (
    ' xmlns:m="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd" xsi:nil="true" m:IsNullArray="true"/>'
)


class Encoder:
    """Writes the answers of one request.

    ``datetimes`` is ``cim`` (cim:Datetime, ``+***`` as digits with Z) or ``raw`` (CIM_DateTime with the DMTF text);
    ``precise`` follows the option UsePreciseArrays: null arrays are shown, or left out.
    """

    def __init__(self, schema: Schema, target: Target, *, datetimes: str = "cim", precise: bool = True) -> None:
        self._schema = schema
        self._target = target
        self._base = escape(target.class_base)
        self._raw = datetimes == "raw"
        self._precise = precise
        self._prefixes = 0
        self._sorted: dict[str, list[SimProp]] = {}

    def element(self, obj: Obj) -> str:
        """Write a class element with its namespaces; what the provider left out is nil."""
        item = self._class(obj)
        self._prefixes = 0
        start = f"<p:{item.name}{NAMES.format(uri=self._base + item.name)} xsi:type=\"p:{item.name}_Type\">"
        return f"{start}{self._properties(obj, item, 'p')}</p:{item.name}>"

    def fragment(self, obj: Obj, columns: t.Sequence[str]) -> str:
        """Write a row of a projection: elements without namespace, in alphabetical order (reference: wsman 5)."""
        item = self._class(obj)
        self._prefixes = 0
        props = [prop for prop in (item.prop(name) for name in columns) if prop is not None]
        parts = [f"<{name}>{escape(str(obj.props[name]))}</{name}>" for name in columns if name.startswith("__")]
        parts += [self._value(prop, obj.props.get(prop.name), "", item.name) for prop in sorted(props, key=_by_name)]
        return (
            '<w:XmlFragment xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
            f' xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd">{"".join(parts)}</w:XmlFragment>'
        )

    def method_output(self, item: SimClass, method: SimMethod, outs: dict[str, t.Any]) -> str:
        """Write the out parameters and the return value of a method."""
        self._prefixes = 0
        members: list[SimParam] = [param for param in method.params.values() if param.is_out]
        if method.return_type not in ("", "void"):
            members.append(SimParam(
                "ReturnValue", "object" if method.return_embedded else method.return_type, False,
                method.return_type if method.return_embedded else None, False, True))
        known = {member.name for member in members}
        extra = [name for name in outs if name not in known]
        if extra:
            raise WireError(
                faults.SCHEMA_VALIDATION, f"{method.name}: the provider returned {extra[0]}, no out parameter.")
        ordered = sorted(members, key=_by_name)
        parts = [self._value(member, outs.get(member.name), "p:", method.name) for member in ordered]
        wrapper = f"p:{method.name}_OUTPUT"
        return f"<{wrapper}{NAMES.format(uri=self._base + item.name)}>{''.join(parts)}</{wrapper}>"

    def reference(self, class_name: str, keys: t.Mapping[str, t.Any]) -> str:
        """Write address and reference parameters of an instance, without a wrapper."""
        chosen = [(name, _key_text(value)) for name, value in keys.items()]
        if self._target.family != "wmi":
            chosen.append((NAMESPACE_SELECTOR, self._target.namespace))
        selectors = "".join(f'<w:Selector Name="{escape(name)}">{escape(text)}</w:Selector>' for name, text in chosen)
        selector_set = f"<w:SelectorSet>{selectors}</w:SelectorSet>" if selectors else ""
        return (
            f"<a:Address>{faults.ANONYMOUS}</a:Address><a:ReferenceParameters>"
            f"<w:ResourceURI>{self._base}{class_name}</w:ResourceURI>{selector_set}</a:ReferenceParameters>"
        )

    def endpoint(self, obj: Obj) -> str:
        """Write the endpoint reference of an object."""
        item = self._class(obj)
        body = self.reference(item.name, {name: obj.props.get(name) for name in item.keys})
        return (
            '<a:EndpointReference xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"'
            f' xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd">{body}</a:EndpointReference>'
        )

    def _class(self, obj: Obj) -> SimClass:
        item = self._schema.get(obj.class_name)
        if item is None:
            raise WireError(
                faults.SCHEMA_VALIDATION, f"The provider returned an object of the unknown class {obj.class_name}.")
        return item

    def _properties(self, obj: Obj, item: SimClass, prefix: str) -> str:
        props = obj.props
        for name in props:
            if name not in item.properties:
                raise WireError(
                    faults.SCHEMA_VALIDATION, f"The provider returned the unknown property {item.name}.{name}.")
        order = self._sorted.get(item.name)
        if order is None:
            order = self._sorted[item.name] = sorted(item.properties.values(), key=_by_name)
        start = f"{prefix}:"
        return "".join([self._value(prop, props.get(prop.name), start, item.name) for prop in order])

    def _value(self, member: SimProp | SimParam, value: t.Any, prefix: str, path: str) -> str:
        name = f"{prefix}{member.name}"
        if value is None:
            if not member.array:
                return f'<{name} xsi:nil="true"/>'
            return f"<{name}{NULL_ARRAY}" if self._precise else ""
        if not member.array:
            return self._single(member, value, name, prefix, path)
        if not isinstance(value, list):
            raise WireError(faults.SCHEMA_VALIDATION, f"{path}.{member.name}: the provider returned no array.")
        return "".join(self._single(member, item, name, prefix, path) for item in value)

    def _single(self, member: SimProp | SimParam, value: t.Any, name: str, prefix: str, path: str) -> str:
        if member.embedded_class:
            return self._embedded(member, value, name, path)
        if member.type == "datetime":
            return f"<{name}>{self._datetime(member, value, bool(prefix), path)}</{name}>"
        if member.type == "reference" and isinstance(value, Ref):
            return f"<{name}>{self.reference(value.class_name, dict(value.keys))}</{name}>"
        try:
            return f"<{name}>{escape(scalars.show(member.type, value))}</{name}>"
        except ValueError as error:
            raise WireError(faults.SCHEMA_VALIDATION, f"{path}.{member.name}: {error}.") from error

    def _datetime(self, member: SimProp | SimParam, value: t.Any, namespaced: bool, path: str) -> str:
        if self._raw:
            return f"<CIM_DateTime>{escape(str(value))}</CIM_DateTime>"
        try:
            kind, text = scalars.show_datetime(str(value))
        except ValueError as error:
            raise WireError(faults.SCHEMA_VALIDATION, f"{path}.{member.name}: {error}.") from error
        return f"<cim:{kind}>{text}</cim:{kind}>" if namespaced else f"<{kind}>{text}</{kind}>"

    def _embedded(self, member: SimProp | SimParam, value: t.Any, name: str, path: str) -> str:
        if not isinstance(value, Obj):
            raise WireError(faults.SCHEMA_VALIDATION, f"{path}.{member.name}: the provider returned no object.")
        item = self._class(value)
        if not self._schema.is_a(item.name, member.embedded_class or ""):
            raise WireError(faults.SCHEMA_VALIDATION, f"{path}.{member.name}: the provider returned {item.name}, which"
                            f" does not derive from {member.embedded_class}.")
        self._prefixes += 1
        prefix = f"p{self._prefixes}"
        return (
            f'<{name} xmlns:{prefix}="{self._base}{item.name}" xsi:type="{prefix}:{item.name}_Type">'
            f"{self._properties(value, item, prefix)}</{name}>"
        )


def class_schema(schema: Schema, item: SimClass, *, qualifiers: bool) -> str:
    """Write a class as CIM-XML, the way Get answers on the schema address (reference: wsman 7)."""
    derivation = ",".join(schema.ancestry(item.name)[1:])
    head = f' SUPERCLASS="{item.superclass}" DERIVATION="{derivation}"' if item.superclass else ""
    parts = [f'<CLASS NAME="{item.name}"{head}>']
    if qualifiers:
        parts += [_qualifier(name, value) for name, value in item.qualifiers.items()]
    for prop in item.properties.values():
        tag = "PROPERTY.ARRAY" if prop.array else "PROPERTY"
        origin = prop.origin or item.name
        propagated = ' PROPAGATED="true"' if origin != item.name else ""
        marks = dict(prop.qualifiers) if qualifiers else {}
        inner = "".join(_qualifier(name, value) for name, value in marks.items())
        parts.append(
            f'<{tag} NAME="{prop.name}" CLASSORIGIN="{origin}"{propagated} TYPE="{_cim_type(prop)}">{inner}</{tag}>')
    for method in item.methods.values():
        kind = "string" if method.return_embedded else method.return_type
        inner = _qualifier("static", True) if qualifiers and method.static else ""
        inner += "".join(_parameter(param, qualifiers) for param in method.params.values())
        parts.append(f'<METHOD NAME="{method.name}" TYPE="{kind}" CLASSORIGIN="{item.name}">{inner}</METHOD>')
    return "".join(parts) + "</CLASS>"


def _parameter(param: SimParam, qualifiers: bool) -> str:
    tag = "PARAMETER.ARRAY" if param.array else "PARAMETER"
    inner = ""
    if qualifiers:
        inner += _qualifier("in", True) if param.is_in else ""
        inner += _qualifier("out", True) if param.is_out else ""
        inner += _qualifier("EmbeddedInstance", param.embedded_class) if param.embedded_class else ""
    return f'<{tag} NAME="{param.name}" TYPE="{_cim_type(param)}">{inner}</{tag}>'


def _cim_type(member: SimProp | SimParam) -> str:
    """Embedded objects are shown as strings with a qualifier."""
    return "string" if member.embedded_class else member.type


def _qualifier(name: str, value: t.Any) -> str:
    first = value[0] if isinstance(value, list) and value else value
    kind = "boolean" if isinstance(first, bool) else "sint32" if isinstance(first, int) else "string"
    if isinstance(value, list):
        inner = f"<VALUE.ARRAY>{''.join(_plain(item) for item in value)}</VALUE.ARRAY>"
    else:
        inner = "" if value is None else _plain(value)
    return f'<QUALIFIER NAME="{escape(name)}" TYPE="{kind}">{inner}</QUALIFIER>'


def _plain(value: t.Any) -> str:
    text = str(value).upper() if isinstance(value, bool) else str(value)
    return f"<VALUE>{escape(text)}</VALUE>"


def _key_text(value: t.Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _by_name(member: SimProp | SimParam) -> str:
    return member.name.casefold()
