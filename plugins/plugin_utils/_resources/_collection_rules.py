# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules of a collection: what is stored, what the play wants, and what has to be sent (provider-behaviour 7.2)."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from .._cim.instance import Instance
from .._errors import InvalidInput, InvalidQuery, Problem, ServerFault
from .._provider.site import Site

DIRECT = "SMS_CollectionRuleDirect"
QUERY = "SMS_CollectionRuleQuery"
INCLUDE = "SMS_CollectionRuleIncludeCollection"
EXCLUDE = "SMS_CollectionRuleExcludeCollection"
DEVICE_CLASS = "SMS_R_System"

KINDS = {DIRECT: "direct", QUERY: "queries", INCLUDE: "include", EXCLUDE: "exclude"}
"""Class of a rule to the option that manages it."""
OTHER = {INCLUDE: "IncludeCollectionID", EXCLUDE: "ExcludeCollectionID"}

_TEXT = re.compile(r"""'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*\"""", re.DOTALL)
_SPACE = re.compile(r"\s+")
_SELECT = re.compile(r"\s*select\b(?P<what>.*?)\bfrom\s+(?P<class>[A-Za-z_]\w*)", re.IGNORECASE | re.DOTALL)


@dataclasses.dataclass(frozen=True)
class Rule:
    """One rule: its class, what tells it from others of the class, the name it bears, and its object."""

    kind: str
    key: str
    label: str
    instance: Instance = dataclasses.field(compare=False)


def stored(collection: Instance | None) -> list[Rule]:
    """Return the rules that a collection holds; kinds that are not known here are left out, and left alone."""
    found = collection.get("CollectionRules", []) if collection is not None else []
    rules = []
    for item in found:
        if isinstance(item, Instance) and item.class_name in KINDS:
            rules.append(Rule(item.class_name, _key(item), str(item.get("RuleName", "")), item))
    return rules


def _key(item: Instance) -> str:
    if item.class_name == DIRECT:
        return str(item.number("ResourceID"))
    if item.class_name == QUERY:
        return query_key(str(item.get("RuleName", "")), str(item.get("QueryExpression", "")))
    return str(item.get(OTHER[item.class_name], "")).upper()


def direct(resource_id: int | None, name: str) -> Rule:
    """Return the rule for one device; without a ResourceID (planned) it is known by its name."""
    key = str(resource_id) if resource_id is not None else f"planned {name.casefold()}"
    properties = {"RuleName": name, "ResourceClassName": DEVICE_CLASS, "ResourceID": resource_id or 0}
    return Rule(DIRECT, key, name, Instance(DIRECT, t.cast("dict[str, t.Any]", properties)))


def query(name: str, text: str) -> Rule:
    """Return a query rule."""
    return Rule(QUERY, query_key(name, text), name, Instance(QUERY, {"RuleName": name, "QueryExpression": text}))


def other(kind: str, collection_id: str | None, name: str) -> Rule:
    """Return an include or exclude rule."""
    key = collection_id.upper() if collection_id is not None else f"planned {name.casefold()}"
    return Rule(kind, key, name, Instance(kind, {"RuleName": name, OTHER[kind]: collection_id or ""}))


# -- queries -----------------------------------------------------------------------------------


def query_key(name: str, text: str) -> str:
    """Return what makes a query rule the same: its name without case, and what its text selects.

    The site may alter the text to make it more amenable to evaluation: blanks, the list of columns, which does not
    matter for who is a member, and the kind of quotes.
    """
    return f"{name.casefold()}\0{normal(text)}"


def normal(text: str) -> str:
    """Return a query in a form that does not depend on blanks, case, columns, or the kind of quotes."""
    pieces, at = [], 0
    for match in _TEXT.finditer(text):
        pieces += [_SPACE.sub(" ", text[at : match.start()]).casefold(), "'" + match.group()[1:-1] + "'"]
        at = match.end()
    plain = "".join([*pieces, _SPACE.sub(" ", text[at:]).casefold()]).strip().rstrip(";").rstrip()
    found = re.match(r"select\b.*?\bfrom ", plain)
    return f"select from {plain[found.end() :]}" if found else plain


def fault_in_query(text: str) -> str | None:
    """Return why a text cannot be a query rule of devices, ``None`` when the site may take it."""
    found = _SELECT.match(_TEXT.sub("''", text))
    if found is None:
        return "must be a WQL query such as: select * from SMS_R_System where SMS_R_System.Name like 'FIN-%'"
    owner = found.group("class")
    if owner.casefold().startswith("sms_r_user"):
        return f"selects users ({owner}); collections of devices are managed here"
    if not owner.casefold().startswith(("sms_r_", "sms_g_")):
        return f"must select from {DEVICE_CLASS}, not {owner}"
    return None


def validate(site: Site, rules: t.Sequence[Rule], paths: t.Mapping[str, str]) -> None:
    """Have the site check new queries, one request each, before anything is written.

    ``paths`` maps the keys of the rules to the places in the play. Raises :class:`InvalidInput` with all that are bad,
    and as it is whatever else keeps the site from checking them.
    """
    problems = []
    for rule in rules:
        text = str(rule.instance.get("QueryExpression", ""))
        path = paths.get(rule.key, "queries")
        try:
            good: t.Any = site.cim.invoke(QUERY, "ValidateQuery", {"WQLQuery": text}).return_value
            why = "the site says that this query is not valid"
        except InvalidQuery as error:
            good, why = False, f"the site refused this query: {error.message}"
        except ServerFault as error:
            error.message = f"{error.message.rstrip('.')}. This happened while the site checked {path} ({rule.label})."
            raise
        if good is False or str(good).casefold() in ("false", "0"):
            problems.append(Problem(path, rule.label, why))
    if problems:
        raise InvalidInput(problems, wmi_class=QUERY, method="ValidateQuery")


# -- difference --------------------------------------------------------------------------------


@dataclasses.dataclass
class Difference:
    """The rules to add and to delete, each list in the order of the play or of the site."""

    add: list[Rule] = dataclasses.field(default_factory=list)
    delete: list[Rule] = dataclasses.field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.add or self.delete)

    @property
    def first(self) -> list[Rule]:
        """The rules that make room: queries whose name a new one takes over."""
        taken = {rule.label.casefold() for rule in self.add if rule.kind == QUERY}
        return [rule for rule in self.delete if rule.kind == QUERY and rule.label.casefold() in taken]

    @property
    def last(self) -> list[Rule]:
        """The other rules to delete."""
        first = self.first
        return [rule for rule in self.delete if rule not in first]


def compare(live: t.Sequence[Rule], wanted: t.Mapping[str, t.Sequence[Rule]]) -> Difference:
    """Return what makes the stored rules equal to the wanted ones; only the kinds that ``wanted`` has are touched."""
    found = Difference()
    for kind, rules in wanted.items():
        there = [rule for rule in live if rule.kind == kind]
        keys = {rule.key for rule in there}
        for rule in rules:
            if rule.key not in keys:
                keys.add(rule.key)
                found.add.append(rule)
        kept = {rule.key for rule in rules}
        found.delete += [rule for rule in there if rule.key not in kept]
    return found
