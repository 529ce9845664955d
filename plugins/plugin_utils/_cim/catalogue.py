# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The classes of the SMS Provider: names, types, keys, qualifiers, defaults, inheritance.

``catalogue.json`` beside this file is generated (``tests/tools/generate_catalogue.py``); it is
parsed once per process, and a class is put together when it is first asked for.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import typing as t
from pathlib import Path

CIM_TYPES = frozenset(
    "boolean uint8 sint8 uint16 sint16 uint32 sint32 uint64 sint64 real32 real64 string datetime char16 object".split()
)


@dataclasses.dataclass(frozen=True)
class PropertyDef:
    """One property of a class.

    ``type`` is a CIM type, or a class name when ``embedded`` or ``reference``. ``values`` maps the
    value (as text) to its meaning; ``values_kind`` says whether a key is a value, a bit number
    (``bits``) or a decimal mask (``mask``). ``default`` is the documented default of this class,
    ``None`` for null; ``observed`` is the value that exports really carry and wins over it where
    it is set; ``constant`` is a value the class fixes. ``ts_variable`` is the task sequence
    variable of the exported form, ``xml`` an attribute or element used instead, ``hidden`` the
    flag exports put on the variable, and ``item`` the (property, variable) pattern of one element
    of an embedded array with ``<i>`` for its index. ``origin`` is the class that declares it.
    """

    name: str
    type: str = "string"
    embedded: bool = False
    reference: bool = False
    array: bool = False
    key: bool = False
    lazy: bool = False
    writable: bool = True
    qualifiers: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    values: dict[str, str] = dataclasses.field(default_factory=dict)
    values_kind: str = "values"
    default: t.Any = None
    observed: t.Any = None
    constant: t.Any = None
    ts_variable: str | None = None
    ts_variable_source: str | None = None
    xml: str | None = None
    hidden: bool = False
    item: tuple[str, str] | None = None
    origin: str = ""

    @property
    def secret(self) -> bool:
        """True when the value must never be shown or compared (Secret or QuasiSecret)."""
        return "Secret" in self.qualifiers or "QuasiSecret" in self.qualifiers


@dataclasses.dataclass(frozen=True)
class ParamDef:
    """One parameter of a method; ``direction`` is ``in``, ``out`` or ``in,out``."""

    name: str
    type: str = "string"
    embedded: bool = False
    reference: bool = False
    array: bool = False
    direction: str = "in"
    optional: bool = False


@dataclasses.dataclass(frozen=True)
class MethodDef:
    """One method; ``returns`` is a CIM type, or a class name where the return value is an object."""

    name: str
    static: bool
    returns: str
    params: dict[str, ParamDef]


@dataclasses.dataclass(frozen=True)
class ClassDef:
    """A class with everything it inherits; base properties come first."""

    name: str
    base: str | None
    abstract: bool
    qualifiers: dict[str, t.Any]
    properties: dict[str, PropertyDef]
    methods: dict[str, MethodDef]
    keys: tuple[str, ...]

    @functools.cached_property
    def _by_folded_name(self) -> dict[str, PropertyDef]:
        return {name.casefold(): prop for name, prop in self.properties.items()}

    @functools.cached_property
    def lazy(self) -> frozenset[str]:
        """Lower-case names of the lazy properties, which a query never returns."""
        return frozenset(name.casefold() for name, prop in self.properties.items() if prop.lazy)

    def property(self, name: str) -> PropertyDef | None:
        """Return a property by its name without regard to case."""
        return self.properties.get(name) or self._by_folded_name.get(name.casefold())

    def method(self, name: str) -> MethodDef | None:
        """Return a method by its name without regard to case."""
        found = self.methods.get(name)
        if found is None:
            folded = name.casefold()
            found = next((m for n, m in self.methods.items() if n.casefold() == folded), None)
        return found


def _is_class(type_name: str) -> bool:
    return type_name not in CIM_TYPES


def _property(name: str, entry: dict[str, t.Any], origin: str) -> PropertyDef:
    kind = entry.get("type", "string")
    reference = bool(entry.get("ref"))
    item = entry.get("item")
    return PropertyDef(
        name=name,
        type=kind,
        embedded=_is_class(kind) and not reference,
        reference=reference,
        array=bool(entry.get("array")),
        key=bool(entry.get("key")),
        lazy=bool(entry.get("lazy")),
        writable=not entry.get("ro"),
        qualifiers=entry.get("q", {}),
        values=entry.get("values", {}),
        values_kind=entry.get("kind", "values"),
        default=entry.get("default"),
        ts_variable=entry.get("var"),
        ts_variable_source=entry.get("varof"),
        xml=entry.get("xml"),
        hidden=bool(entry.get("hidden")),
        item=(item[0], item[1]) if item else None,
        origin=origin,
    )


def _overridden(prop: PropertyDef, change: dict[str, t.Any]) -> PropertyDef:
    facts = {key: change[key] for key in ("default", "observed", "constant") if key in change}
    if "q" in change:
        facts["qualifiers"] = {**prop.qualifiers, **change["q"]}
    return dataclasses.replace(prop, **facts)


def _method(name: str, entry: dict[str, t.Any]) -> MethodDef:
    params = {}
    for param, item in entry.get("params", {}).items():
        kind = item.get("type", "string")
        reference = bool(item.get("ref"))
        params[param] = ParamDef(
            name=param,
            type=kind,
            embedded=_is_class(kind) and not reference,
            reference=reference,
            array=bool(item.get("array")),
            direction=item.get("dir", "in"),
            optional=bool(item.get("optional")),
        )
    return MethodDef(name, bool(entry.get("static")), entry.get("returns", "sint32"), params)


class Catalogue:
    """All known classes. Class names are compared without regard to case."""

    def __init__(self, classes: dict[str, dict[str, t.Any]]) -> None:
        self._classes = classes
        self._names = {name.casefold(): name for name in classes}
        self._built: dict[str, ClassDef] = {}

    @classmethod
    def load(cls) -> Catalogue:
        """Return the catalogue of this process; the file is read on the first call only."""
        return _load()

    def __contains__(self, name: str) -> bool:
        return name.casefold() in self._names

    def __iter__(self) -> t.Iterator[str]:
        return iter(self._classes)

    def get(self, name: str) -> ClassDef | None:
        """Return a class with all it inherits, or ``None`` when it is not known."""
        found = self._built.get(name)
        if found is None:
            canonical = self._names.get(name.casefold())
            if canonical is None:
                return None
            found = self._built.get(canonical) or self._build(canonical)
            self._built[canonical] = self._built[name] = found
        return found

    def is_a(self, name: str, base: str) -> bool:
        """Say whether ``name`` is ``base`` or derives from it; an unknown class is only itself."""
        wanted = base.casefold()
        current: str | None = name
        while current is not None:
            folded = current.casefold()
            if folded == wanted:
                return True
            canonical = self._names.get(folded)
            current = self._classes[canonical].get("base") if canonical else None
        return False

    def derived(self, base: str, *, abstract: bool = True) -> list[str]:
        """Return the names of ``base`` and everything that derives from it, in file order."""
        names = [name for name in self._classes if self.is_a(name, base)]
        return names if abstract else [name for name in names if not self._classes[name].get("abstract")]

    @functools.cached_property
    def secret_names(self) -> dict[str, frozenset[str]]:
        """Per lower-case class name: the lower-case names of its own Secret and QuasiSecret properties."""
        found = {}
        for name, entry in self._classes.items():
            names = frozenset(
                prop.casefold()
                for prop, item in entry.get("properties", {}).items()
                if {"Secret", "QuasiSecret"} & item.get("q", {}).keys()
            )
            if names:
                found[name.casefold()] = names
        return found

    def _build(self, name: str) -> ClassDef:
        entry = self._classes[name]
        base = self.get(entry["base"]) if entry.get("base") else None
        properties = dict(base.properties) if base else {}
        for prop, change in entry.get("over", {}).items():
            if prop in properties:
                properties[prop] = _overridden(properties[prop], change)
        for prop, item in entry.get("properties", {}).items():
            properties[prop] = _property(prop, item, name)
            if prop in entry.get("over", {}):
                properties[prop] = _overridden(properties[prop], entry["over"][prop])
        methods = dict(base.methods) if base else {}
        methods.update((method, _method(method, item)) for method, item in entry.get("methods", {}).items())
        return ClassDef(
            name=name,
            base=entry.get("base"),
            abstract=bool(entry.get("abstract")),
            qualifiers=entry.get("q", {}),
            properties=properties,
            methods=methods,
            keys=tuple(prop for prop, definition in properties.items() if definition.key),
        )


@functools.lru_cache(maxsize=1)
def _load() -> Catalogue:
    text = Path(__file__).with_name("catalogue.json").read_text(encoding="utf-8")
    return Catalogue(json.loads(text)["classes"])
