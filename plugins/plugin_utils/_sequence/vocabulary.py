# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is known of each property of a class: the catalogue and the rules as one small table.

Reader, writer, equality, matching and diff ask here only, so that a question such as "is this a
number kept as text" has one answer. Unknown classes and properties have no entry.
"""

from __future__ import annotations

import dataclasses
import functools
import typing as t

from .._cim.catalogue import Catalogue, PropertyDef
from .rules import PropertyRule, load_rules

XML_ONLY = "xml:"
"""Prefix of properties that only ``<sequence>`` text can carry; no WMI name holds a colon.

``xml:attributes`` (dict), ``xml:variables`` (dict property -> [variable name, hidden]),
``xml:action`` (text), ``xml:form`` (number of the command line template), ``xml:elements`` (list of
element texts) and ``xml:inner`` (dict inner element -> its unknown attributes) hold what cannot be
derived. The encoder for instances leaves them out.
"""

NUMBERS = frozenset(("uint8", "uint16", "uint32", "uint64", "sint8", "sint16", "sint32", "sint64", "real32", "real64"))


@dataclasses.dataclass(frozen=True)
class Known:
    """One property: its CIM type, how it is compared, and how ``<sequence>`` text names it."""

    name: str
    type: str
    array: bool
    embedded: str | None
    """Class of an embedded object, else ``None``."""
    compare: str
    derived: bool
    secret: bool
    null_means: t.Any
    """What a null on the site means: the documented or observed default, ``None`` where there is none."""
    material: tuple[str, tuple[t.Any, ...]] | None
    """Another property and the values under which this one has an effect at all."""
    option: str | None
    """Name of the option that sets it, where there is one."""
    variable: str
    """Name of the task sequence variable that carries it."""
    hidden: bool
    is_global: bool

    @property
    def is_number(self) -> bool:
        return self.type in NUMBERS


@functools.lru_cache(maxsize=1024)
def properties_of(class_name: str) -> t.Mapping[str, Known] | None:
    """Return the known properties of a class by name, ``None`` for a class nobody documented."""
    class_def = Catalogue.load().get(class_name)
    rule = load_rules().get(class_name)
    if class_def is None:
        return None
    rules: t.Mapping[str, PropertyRule] = rule.properties if rule is not None else {}
    prefix = str(class_def.qualifiers.get("VariablePrefix") or "")
    return {
        name: _known(name, definition, rules.get(name), prefix, rule is not None and name not in rules)
        for name, definition in class_def.properties.items()
    }


def _known(name: str, definition: PropertyDef, rule: PropertyRule | None, prefix: str, left_out: bool) -> Known:
    qualifiers = definition.qualifiers
    embedded = definition.type if definition.embedded else None
    return Known(
        name=name,
        type=definition.type,
        array=definition.array,
        embedded=embedded,
        compare=_comparison(definition, rule),
        # A property that the rules leave out on purpose is none of the play's business either.
        derived=rule.derived if rule is not None else left_out,
        secret=rule.secret if rule is not None else definition.secret,
        null_means=rule.null_means if rule is not None else None,
        material=rule.material if rule is not None else None,
        option=rule.option if rule is not None else None,
        variable=_variable(name, definition, prefix),
        hidden=_hidden(definition),
        is_global=bool(qualifiers.get("Global")),
    )


def _comparison(definition: PropertyDef, rule: PropertyRule | None) -> str:
    if definition.embedded:
        return "embedded"
    if definition.type == "datetime":
        return "datetime"
    if rule is not None:
        return rule.compare
    if definition.type == "boolean":
        return "bool"
    if definition.type in NUMBERS:
        return "number"
    return "caseless" if definition.values else "text"


def _variable(name: str, definition: PropertyDef, prefix: str) -> str:
    """Return the variable name (reference: task-sequence-xml, facts; schema-report 4)."""
    if definition.ts_variable:
        return definition.ts_variable
    named = definition.qualifiers.get("VariableName")
    return named if isinstance(named, str) and named else prefix + name


def _hidden(definition: PropertyDef) -> bool:
    """Return whether its variable is hidden: as exports show it, else by the rule that held for all."""
    marks = ("CommandLineArg", "Global", "SuccessCodes", "RetryCount", "RunFromNet")
    by_rule = any(mark in definition.qualifiers for mark in marks) or (definition.embedded and definition.array)
    return definition.hidden or by_rule


def is_xml_only(name: str) -> bool:
    """Return whether a property of the model has no WMI form."""
    return name.startswith(XML_ONLY)
