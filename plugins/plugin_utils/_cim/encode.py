# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Instances and method parameters to XML, as Microsoft's own encoder does it.

Reference: wsman 6.2 and independent-servers, "Embedded instances". An element bears the name of
the property in the namespace of the class that contains it; ``xsi:type`` names the actual class;
all properties, inherited ones too, are in the actual class's namespace. Namespaces are declared
once, on the outermost element, because the size of a request is limited.
"""

from __future__ import annotations

import string
import typing as t

from .._errors import InvalidInput, Problem
from .._wsman.answer import MAX_DEPTH
from .._wsman.envelope import BODY_PREFIXES, selector_text
from .._wsman.uris import ANONYMOUS, UriFamily
from .._wsman.xmltext import escape
from . import datetimes, values
from .catalogue import Catalogue, ClassDef, ParamDef, PropertyDef
from .instance import CimDatetime, CimReference, Instance, Value

DATETIME_FORMS = ("cim_datetime", "iso", "text")
_LETTERS = [letter for letter in "p" + string.ascii_letters.replace("p", "") if letter not in BODY_PREFIXES]


def _prefixes() -> t.Iterator[str]:
    """Yield short prefixes, ``p`` first; a sequence of 1,000 steps repeats them 40,000 times."""
    yield from _LETTERS
    for first in _LETTERS:
        for second in string.ascii_letters:
            yield first + second


class _Plan(t.NamedTuple):
    """What is known about writing one class."""

    prefix: str
    class_name: str
    definition: ClassDef | None
    slots: dict[str, _Slot]


class _Slot(t.NamedTuple):
    """How to write one property: its start tag without ``>``, its end tag, its definition."""

    start: str
    end: str
    definition: PropertyDef | ParamDef | None


class Encoder:
    """Writes one body. ``namespace`` is the CIM namespace, for URIs that carry it.

    ``datetime_form`` is ``cim_datetime`` (a ``CIM_DateTime`` child with the DMTF text, as Windows'
    client sends it), ``iso`` (a ``cim:Datetime`` child) or ``text`` (the DMTF text itself).
    """

    def __init__(
        self, catalogue: Catalogue, uris: UriFamily, namespace: str, *, datetime_form: str = "cim_datetime"
    ) -> None:
        if datetime_form not in DATETIME_FORMS:
            raise ValueError(f"no such datetime form: {datetime_form}")
        self._catalogue = catalogue
        self._uris = uris
        self._namespace = namespace
        self._form = datetime_form
        self._plans: dict[str, _Plan] = {}
        self._fresh = _prefixes()

    def instance(self, instance: Instance, *, nulls: bool) -> str:
        """Return the object element of a Create (``nulls`` false) or a Put (true: every null is ``xsi:nil``)."""
        plan = self._plan(instance.class_name)
        content: list[str] = []
        self._properties(content, instance, plan, 0, nulls=nulls)
        inner = "".join(content)
        name = f"{plan.prefix}:{plan.class_name}"
        return f'<{name}{self._declarations()} xsi:type="{name}_Type">{inner}</{name}>'

    def parameters(self, class_name: str, method: str, params: t.Mapping[str, Value]) -> str:
        """Return the ``_INPUT`` element of a method call; null parameters are left out."""
        plan = self._plan(class_name)
        definition = plan.definition.method(method) if plan.definition else None
        content: list[str] = []
        for name, value in params.items():
            param = None
            if definition is not None:
                param = definition.params.get(name)
                if param is None:
                    raise ValueError(f"{class_name}.{method} has no parameter {name}")
            where = f"{class_name}.{method}({name})"
            slot = _Slot(f"<{plan.prefix}:{name}", f"</{plan.prefix}:{name}>", param)
            self._property(content, slot, value, where, 0, nulls=False)
        inner = "".join(content)
        tag = f"{plan.prefix}:{method}_INPUT"
        return f"<{tag}{self._declarations()}>{inner}</{tag}>"

    # -- inside ------------------------------------------------------------------------------------

    def _plan(self, class_name: str) -> _Plan:
        plan = self._plans.get(class_name)
        if plan is None:
            definition = self._catalogue.get(class_name)
            name = definition.name if definition else class_name
            plan = self._plans.get(name)
            if plan is None:
                plan = _Plan(next(self._fresh), name, definition, {})
            self._plans[class_name] = self._plans[name] = plan
        return plan

    def _declarations(self) -> str:
        unique = {plan.prefix: plan.class_name for plan in self._plans.values()}
        return "".join(
            f' xmlns:{prefix}="{escape(self._uris.class_uri(self._namespace, name), attribute=True)}"'
            for prefix, name in unique.items()
        )

    def _properties(self, out: list[str], instance: Instance, plan: _Plan, depth: int, *, nulls: bool) -> None:
        slots = plan.slots
        for name, value in instance.properties.items():
            slot = slots.get(name)
            if slot is None:
                slot = slots[name] = self._slot(plan, name)
            if value.__class__ is str and slot.definition is not None and _plain_text(slot.definition):
                # The great majority of all values.
                out.append(f"{slot.start}>{escape(value, where=f'{plan.class_name}.{name}')}{slot.end}")
            else:
                self._property(out, slot, value, f"{plan.class_name}.{name}", depth, nulls=nulls)

    def _slot(self, plan: _Plan, name: str) -> _Slot:
        definition = plan.definition.property(name) if plan.definition else None
        tag = f"{plan.prefix}:{definition.name if definition else name}"
        return _Slot(f"<{tag}", f"</{tag}>", definition)

    def _property(self, out: list[str], slot: _Slot, value: Value, where: str, depth: int, *, nulls: bool) -> None:
        definition = slot.definition
        array = definition.array if definition is not None else isinstance(value, list)
        if value is None or (array and isinstance(value, list) and not value):
            if nulls:
                flag = ' m:IsNullArray="true"' if array else ""
                out.append(f'{slot.start} xsi:nil="true"{flag}/>')
            return
        if array != isinstance(value, list):
            raise _problem(where, value, "must be a list" if array else "must be a single value", definition)
        if array:
            for item in t.cast("list[Value]", value):
                if item is None or isinstance(item, list):
                    raise _problem(where, item, "an array cannot hold nulls or arrays", definition)
                self._element(out, slot, item, where, depth)
        else:
            self._element(out, slot, value, where, depth)

    def _element(self, out: list[str], slot: _Slot, value: Value, where: str, depth: int) -> None:
        definition = slot.definition
        if isinstance(value, Instance):
            self._embedded(out, slot, value, where, depth)
            return
        if isinstance(value, CimReference):
            out.append(f"{slot.start}>{self._reference(value)}{slot.end}")
            return
        if definition is not None and definition.embedded:
            raise _problem(where, value, f"must be an instance of {definition.type}", definition)
        if isinstance(value, CimDatetime) or (definition is not None and definition.type == "datetime"):
            out.append(self._datetime(slot, value, where))
            return
        try:
            text = values.guessed_text(value) if definition is None else values.text_of(value, definition.type)
        except values.Unfit as exc:
            rule = str(exc)
        else:
            out.append(f"{slot.start}>{escape(text, where=where)}{slot.end}")
            return
        raise _problem(where, value, rule, definition)

    def _embedded(self, out: list[str], slot: _Slot, value: Instance, where: str, depth: int) -> None:
        if depth >= MAX_DEPTH:
            raise InvalidInput([Problem(where, "", f"is nested more than {MAX_DEPTH} levels deep")])
        plan = self._plan(value.class_name)
        out.append(f'{slot.start} xsi:type="{plan.prefix}:{plan.class_name}_Type">')
        before = len(out)
        self._properties(out, value, plan, depth + 1, nulls=False)
        if len(out) == before:
            out.append(self._placeholder(plan))
        out.append(slot.end)

    @staticmethod
    def _placeholder(plan: _Plan) -> str:
        """Return what stands in an object without any value: with no element at all it would be read as text."""
        known = plan.definition.properties if plan.definition else {}
        names = [name for name, prop in known.items() if prop.array] or list(known)
        if not names:
            rule = f"an instance of {plan.class_name} without any property cannot be sent"
            raise InvalidInput([Problem(plan.class_name, "", rule)])
        return "".join(f'<{plan.prefix}:{name} xsi:nil="true"/>' for name in names)

    def _datetime(self, slot: _Slot, value: Value, where: str) -> str:
        if isinstance(value, values.Verbatim):
            return f"{slot.start}>{escape(value, where=where)}{slot.end}"
        if not isinstance(value, str) or not datetimes.DMTF.match(value):
            raise _problem(where, value, "must be a CIM datetime such as 20250601080000.000000+***", slot.definition)
        iso = datetimes.to_iso(value) if self._form == "iso" else None
        if iso is not None:
            name = "cim:Interval" if datetimes.is_interval(value) else "cim:Datetime"
            return f"{slot.start}><{name}>{iso}</{name}>{slot.end}"
        if self._form == "text":
            return f"{slot.start}>{value}{slot.end}"
        return f'{slot.start} xsi:type="cim:cimDateTime"><CIM_DateTime>{value}</CIM_DateTime>{slot.end}'

    def _reference(self, value: CimReference) -> str:
        namespace = value.namespace or self._namespace
        selectors = "".join(
            f'<w:Selector Name="{escape(name, attribute=True)}">{selector_text(key, name)}</w:Selector>'
            for name, key in self._uris.selectors(namespace, dict(value.keys))
        )
        uri = escape(self._uris.class_uri(namespace, value.class_name))
        return (
            f"<a:Address>{ANONYMOUS}</a:Address><a:ReferenceParameters><w:ResourceURI>{uri}</w:ResourceURI>"
            f"<w:SelectorSet>{selectors}</w:SelectorSet></a:ReferenceParameters>"
        )


def _plain_text(definition: PropertyDef | ParamDef) -> bool:
    return definition.type == "string" and not definition.array


def _problem(where: str, value: t.Any, rule: str, definition: PropertyDef | ParamDef | None) -> InvalidInput:
    # Text is never quoted: it may be a secret in a place that no qualifier marks.
    secret = isinstance(definition, PropertyDef) and definition.secret
    shown = repr(value) if isinstance(value, (bool, int, float)) and not secret else type(value).__name__
    return InvalidInput([Problem(where, shown, rule)])
