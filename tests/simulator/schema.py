# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The provider's classes, compiled from the MOF files beside this module (reference: schema-report 1)."""

from __future__ import annotations

import dataclasses
import functools
import pathlib
import typing as t

import pywbem
from pywbem._mof_compiler import MOFCompiler, MOFWBEMConnection

MOF_FOLDER = pathlib.Path(__file__).parent / "mof"
CORE_FILES = ("qualifiers.mof", "sms.mof", "site_systems.mof", "phased.mof", "power.mof")
MDT_FILE = "mdt.mof"
SPELLING = "Spelling"
"""Qualifier that keeps a name which the MOF compiler folds because it is a keyword (schema-report 7)."""


@dataclasses.dataclass(frozen=True)
class SimProp:
    """A property. ``type`` is the CIM type, or ``object`` when ``embedded_class`` names a class."""

    name: str
    type: str
    array: bool
    embedded_class: str | None
    key: bool
    lazy: bool
    read_only: bool
    qualifiers: dict[str, t.Any]
    default: t.Any = None
    origin: str = ""


@dataclasses.dataclass(frozen=True)
class SimParam:
    """A parameter of a method; ``type`` as in SimProp."""

    name: str
    type: str
    array: bool
    embedded_class: str | None
    is_in: bool
    is_out: bool
    optional: bool = False


@dataclasses.dataclass(frozen=True)
class SimMethod:
    """A method. ``return_type`` is a CIM type, or the class name of a returned object."""

    name: str
    static: bool
    params: dict[str, SimParam]
    return_type: str
    return_embedded: bool = False


@dataclasses.dataclass(frozen=True)
class SimClass:
    """A class with everything it inherits, the base's properties first."""

    name: str
    superclass: str | None
    abstract: bool
    properties: dict[str, SimProp]
    methods: dict[str, SimMethod]
    qualifiers: dict[str, t.Any]
    keys: tuple[str, ...]
    _folded: dict[str, SimProp]

    def prop(self, name: str) -> SimProp | None:
        """Return a property by name without regard to case."""
        return self.properties.get(name) or self._folded.get(name.casefold())

    def method(self, name: str) -> SimMethod | None:
        """Return a method by name without regard to case."""
        folded = name.casefold()
        return self.methods.get(name) or next((m for n, m in self.methods.items() if n.casefold() == folded), None)


class Schema:
    """All classes of the provider; look-ups go without regard to case."""

    def __init__(self, classes: dict[str, SimClass]) -> None:
        self._classes = {name.casefold(): item for name, item in classes.items()}
        self._lines = {key: self._line(item) for key, item in self._classes.items()}
        self._below: dict[str, list[str]] = {}
        for key, line in self._lines.items():
            for base in line:
                self._below.setdefault(base.casefold(), []).append(self._classes[key].name)

    def _line(self, item: SimClass) -> list[str]:
        found: list[str] = []
        current: SimClass | None = item
        while current is not None:
            found.append(current.name)
            current = self.get(current.superclass) if current.superclass else None
        return found

    @classmethod
    def load(cls, mdt: bool = False) -> Schema:
        """Compile the MOF files, once per process and set; ``mdt`` adds the classes of MDT's integration."""
        return _load(bool(mdt))

    @functools.lru_cache(maxsize=8)  # noqa: B019 - few schemas, alive as long as the process
    def without(self, names: str) -> Schema:
        """Return the schema of a site that lacks these properties, separated by commas."""
        gone = {name.strip().casefold() for name in names.split(",")}
        return Schema({name: _reduced(item, gone) for name, item in self._classes.items()})

    def get(self, name: str) -> SimClass | None:
        """Return a class, or None when the site does not have it."""
        return self._classes.get(name.casefold())

    def names(self) -> list[str]:
        """Return the names of all classes in the order of the MOF."""
        return [item.name for item in self._classes.values()]

    def ancestry(self, name: str) -> list[str]:
        """Return the class and its bases, nearest first; empty for an unknown class."""
        return self._lines.get(name.casefold(), [])

    def is_a(self, name: str, base: str) -> bool:
        """Say whether ``name`` is ``base`` or derives from it."""
        known = self._classes.get(base.casefold())
        return known is not None and known.name in self._lines.get(name.casefold(), [])

    def derived(self, base: str) -> list[str]:
        """Return ``base`` and every class below it."""
        return self._below.get(base.casefold(), [])


@functools.lru_cache(maxsize=2)
def _load(mdt: bool) -> Schema:
    repository = MOFWBEMConnection()
    compiler = MOFCompiler(repository, verbose=False, log_func=None)
    names = CORE_FILES + ((MDT_FILE,) if mdt else ())
    for name in names:
        compiler.compile_file(str(MOF_FOLDER / name), "root/sms")
    compiled = repository.classes["root/sms"]
    classes: dict[str, SimClass] = {}
    for name in compiled:
        _convert(compiled[name], compiled, classes)
    return Schema(classes)


def _reduced(item: SimClass, gone: set[str]) -> SimClass:
    if gone.isdisjoint(item._folded):
        return item
    left = {name: prop for name, prop in item.properties.items() if name.casefold() not in gone}
    folded = {name.casefold(): prop for name, prop in left.items()}
    return dataclasses.replace(item, properties=left, _folded=folded)


def _convert(source: pywbem.CIMClass, compiled: t.Any, done: dict[str, SimClass]) -> SimClass:
    if source.classname in done:
        return done[source.classname]
    base = _convert(compiled[source.superclass], compiled, done) if source.superclass else None
    properties: dict[str, SimProp] = dict(base.properties) if base else {}
    for prop in source.properties.values():
        if prop.propagated and base is not None:
            continue
        made = _property(prop, source.classname)
        inherited = next((p for n, p in properties.items() if n.casefold() == made.name.casefold()), None)
        if inherited is not None:
            made = dataclasses.replace(made, name=inherited.name, origin=inherited.origin)
        properties[made.name] = made
    methods: dict[str, SimMethod] = dict(base.methods) if base else {}
    for method in source.methods.values():
        if method.propagated and base is not None:
            continue
        methods[method.name] = _method(method)
    qualifiers = {q.name: _plain(q.value) for q in source.qualifiers.values()}
    item = SimClass(
        name=source.classname, superclass=source.superclass, abstract=bool(qualifiers.get("Abstract")),
        properties=properties, methods=methods, qualifiers=qualifiers,
        keys=tuple(p.name for p in properties.values() if p.key),
        _folded={name.casefold(): prop for name, prop in properties.items()},
    )
    done[item.name] = item
    return item


def _property(prop: pywbem.CIMProperty, origin: str) -> SimProp:
    qualifiers = {q.name: _plain(q.value) for q in prop.qualifiers.values()}
    embedded = qualifiers.get("EmbeddedInstance")
    default = qualifiers.pop("DefaultDatetime", None) or _plain(prop.value)
    return SimProp(
        name=qualifiers.pop(SPELLING, prop.name), type="object" if embedded else prop.type, array=bool(prop.is_array),
        embedded_class=embedded, key=bool(qualifiers.get("Key")), lazy=bool(qualifiers.get("Lazy")),
        read_only=not qualifiers.get("Write"), qualifiers=qualifiers, default=default, origin=origin,
    )


def _method(method: pywbem.CIMMethod) -> SimMethod:
    params: dict[str, SimParam] = {}
    for item in method.parameters.values():
        marks = {q.name: _plain(q.value) for q in item.qualifiers.values()}
        embedded = marks.get("EmbeddedInstance")
        params[item.name] = SimParam(
            name=item.name, type="object" if embedded else item.type, array=bool(item.is_array),
            embedded_class=embedded, is_in=bool(marks.get("In", True)), is_out=bool(marks.get("Out", False)),
            optional=bool(marks.get("Optional", False)),
        )
    marks = {q.name: _plain(q.value) for q in method.qualifiers.values()}
    embedded = marks.get("EmbeddedInstance")
    return SimMethod(method.name, bool(marks.get("Static")), params, embedded or method.return_type, bool(embedded))


def _plain(value: t.Any) -> t.Any:
    """Turn the compiler's own number and text types into Python's."""
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, pywbem.CIMInt):
        return int(value)
    if isinstance(value, pywbem.CIMDateTime):
        return str(value)
    return value
