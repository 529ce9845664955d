# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The properties of a step, a condition or an embedded object, seen as options.

One form per kind of option, the inverse of ``option_kinds.py``; what equals its default is left out.
"""

from __future__ import annotations

import re
import typing as t

from .._cim.instance import CimReference, Instance
from .._errors import InvalidInput
from .dynamic_variables import parse as parse_rules
from .implied import implied_values
from .model import STORED, Ref, Secret, Step
from .rules import OptionRule, PropertyRule, StepRule, as_bool, load_rules, script_text
from .scalars import date_text
from .secret_places import is_secret

NameOf = t.Callable[[Ref], t.Any]
_SKIP: t.Any = object()


def by_id(ref: Ref) -> t.Any:
    """Return the form of a reference whose name nobody looked up."""
    return {"id": ref.id}


def raw_form(value: t.Any) -> t.Any:
    """Return a value of ``properties``: embedded objects as mappings with ``class``."""
    if isinstance(value, Instance):
        inner = {name: raw_form(item) for name, item in value.properties.items() if item is not None}
        return {"class": value.class_name, **inner}
    if isinstance(value, list):
        return [raw_form(item) for item in value]
    if isinstance(value, Secret):
        return STORED
    if isinstance(value, CimReference):
        return f"{value.class_name}." + ",".join(f'{name}="{key}"' for name, key in value.keys)
    return str(value) if isinstance(value, str) else value


class View:
    """The properties of a step, a condition or an embedded object while they are described."""

    def __init__(
        self, rule: StepRule, properties: t.Mapping[str, t.Any], name_of: NameOf, step: Step | None = None
    ) -> None:
        self.rule = rule
        self.properties = properties
        self.name_of = name_of
        self.step = step
        visible = {name: value for name, value in properties.items() if not self._is_empty_secret(name, value)}
        self._implied = implied_values(rule.class_name, self._as_read(visible))
        # A number that must not be null is sent as 0, but that is nobody's decision: it is always written.
        defaults = rule.properties
        self._fill = {
            name: (value, beside)
            for name, value, beside in rule.fill
            if defaults[name].default is not None or not defaults[name].is_number
        }

    def _is_empty_secret(self, name: str, value: t.Any) -> bool:
        known = self.rule.properties.get(name)
        return known is not None and known.secret and not _stored(value)

    def _as_read(self, properties: dict[str, t.Any]) -> dict[str, t.Any]:
        """Return the properties as YAML will have them: of a domain and a workgroup only the one that counts."""
        if "domain" in self.rule.options and "workgroup" in self.rule.options:
            domain = self.rule.options["domain"].property
            if not self.rule.is_material(domain, properties):
                properties.pop(domain, None)
            else:
                properties.setdefault(domain, "")
        return properties

    def omitted(self, name: str) -> t.Any:
        """Return what a property becomes when its option is left out."""
        if name in self._implied:
            return self._implied[name]
        value, beside = self._fill.get(name, (None, None))
        return value if beside is None or self.properties.get(beside) else None

    def is_default(self, known: PropertyRule, value: t.Any) -> bool:
        """Say whether leaving an option out means the same."""
        folded, omitted = known.fold(value), known.fold(self.omitted(known.name))
        return folded == omitted or folded in (None, "", []) and omitted in (None, "", [])

    def option(self, option: OptionRule) -> t.Any:
        """Return the value of an option, or the marker for "leave out"."""
        if option.kind in ("condition", "steps"):
            return None if option.kind == "condition" and self.step is not None and self.step.condition else _SKIP
        known = self.rule.properties[option.property]
        value = self.properties.get(option.property)
        special = _SPECIAL.get(option.kind)
        if special is not None:
            return special(self, option, known, value)
        if known.secret:
            return STORED if _stored(value) else _SKIP
        if not self.rule.is_material(known.name, self.properties):
            return _SKIP
        if not option.required and self.is_default(known, value):
            return _SKIP
        return _FORMS.get(option.kind, _text)(option, known, value)

    def options(self) -> t.Iterator[tuple[str, t.Any]]:
        """Yield the options that have to be written, in the order of the reference."""
        for option in self.rule.options.values():
            value = self.option(option)
            if value is not _SKIP and option.kind != "name":
                yield option.name, value

    def rest(self) -> dict[str, t.Any]:
        """Return what only ``properties`` can say: unknown names, and implied values that differ."""
        found = {}
        for name, value in self.properties.items():
            if ":" in name or value is None:
                continue
            known = self.rule.properties.get(name)
            if known is None:
                hidden = self.step is not None and is_secret(self.step, name)
                if not hidden:
                    found[name] = raw_form(value)
                elif _stored(value):
                    found[name] = STORED
            elif known.option is None and not (known.derived or known.embedded or self.is_default(known, value)):
                flag = as_bool(value) if known.compare == "bool" else None
                found[name] = raw_form(value) if flag is None else flag
        return found


def _stored(value: t.Any) -> bool:
    """Say whether a secret property holds something."""
    if isinstance(value, Secret):
        return value.value is None or value.value != ""
    return value not in (None, "")


def _text(option: OptionRule, known: PropertyRule, value: t.Any) -> t.Any:
    return "" if value is None else str(value)


def _switch(option: OptionRule, known: PropertyRule, value: t.Any) -> t.Any:
    flag = as_bool(known.null_means if value is None else value)
    return bool(flag) if flag is not None else value


def _number(option: OptionRule, known: PropertyRule, value: t.Any) -> t.Any:
    value = known.null_means if value is None else value
    try:
        return int(value)
    except (TypeError, ValueError):
        return value


def _word(option: OptionRule, known: PropertyRule, value: t.Any) -> t.Any:
    value = known.null_means if value is None else value
    return option.word(value) or ("" if value is None else str(value))


def _list(option: OptionRule, known: PropertyRule, value: t.Any) -> t.Any:
    items = value if isinstance(value, list) else [] if value in (None, "") else [value]
    return [_number(option, known, item) if known.is_number else str(item) for item in items]


def _codes(option: OptionRule, known: PropertyRule, value: t.Any) -> t.Any:
    text = "" if value is None else str(value)
    codes = [int(part) for part in text.split() if re.fullmatch(r"-?[0-9]+", part)]
    return codes if " ".join(map(str, codes)) == text else text


def _script(option: OptionRule, known: PropertyRule, value: t.Any) -> t.Any:
    return script_text(str(value)).replace("\r\n", "\n").replace("\r", "\n")


def _date(option: OptionRule, known: PropertyRule, value: t.Any) -> t.Any:
    return date_text(str(value))


_FORMS: dict[str, t.Callable[[OptionRule, PropertyRule, t.Any], t.Any]] = {
    "bool": _switch,
    "int": _number,
    "number_text": _number,
    "words": _word,
    "open_words": _word,
    "texts": _list,
    "ints": _list,
    "codes": _codes,
    "script": _script,
    "date": _date,
}


def _reference(view: View, option: OptionRule, known: PropertyRule, value: t.Any) -> t.Any:
    if value in (None, ""):
        return "" if option.required else _SKIP
    return view.name_of(value if isinstance(value, Ref) else Ref(t.cast(str, option.ref), id=str(value)))


def _references(view: View, option: OptionRule, known: PropertyRule, value: t.Any) -> t.Any:
    items = value if isinstance(value, list) else str(value or "").split(",")
    refs = [item if isinstance(item, Ref) else Ref(t.cast(str, option.ref), id=str(item).strip()) for item in items]
    found = [view.name_of(ref) for ref in refs if ref.id != ""]
    if found or option.required:
        return found
    # One of two ways to say what is installed has to be there; an empty list is "nothing".
    other = view.properties.get("BaseVariableName")
    return [] if option.kind == "ref_list" and not other else _SKIP


def _program(view: View, option: OptionRule, known: PropertyRule, value: t.Any) -> t.Any:
    package = view.properties.get(view.rule.options[t.cast(str, option.companion)].property)
    if package in (None, "") and value in (None, ""):
        return _SKIP
    return (value.name or "") if isinstance(value, Ref) else str(value or "")


def _edition(view: View, option: OptionRule, known: PropertyRule, value: t.Any) -> t.Any:
    return value.name if isinstance(value, Ref) else _SKIP


def _membership(view: View, option: OptionRule, known: PropertyRule, value: t.Any) -> t.Any:
    return str(value or "") if view.rule.is_material(known.name, view.properties) else _SKIP


def _masked(view: View, option: OptionRule, known: PropertyRule, value: t.Any) -> t.Any:
    if view.rule.is_secret(known.name, view.properties):
        hidden = view.properties.get(t.cast(str, option.companion))
        return STORED if _stored(hidden) or _stored(value) else _SKIP
    return _SKIP if value in (None, "") else str(value)


def _check(view: View, option: OptionRule, known: PropertyRule, value: t.Any) -> t.Any:
    limit = view.rule.properties[t.cast(str, option.companion)]
    if not known.fold(value):
        return _SKIP if view.is_default(known, value) else False
    found = view.properties.get(limit.name)
    if limit.default is not None and limit.fold(found) == limit.fold(limit.default):
        return _SKIP if view.is_default(known, value) else True
    return _number(option, limit, found) if limit.is_number else option.word(found) or str(found or "")


def _rules(view: View, option: OptionRule, known: PropertyRule, value: t.Any) -> t.Any:
    try:
        found = parse_rules(str(value or "<Rules></Rules>"))
    except InvalidInput:
        # Not shown as it stands: nobody can tell which parts of it are secret.
        return [{"xml": "(rules that cannot be read)"}]
    for rule in found:
        for setting in rule.get("set") or () if isinstance(rule.get("set"), list) else ():
            if setting.get("secret") and setting.get("value"):
                setting["value"] = STORED
    return found


def _addresses(view: View, option: OptionRule, known: PropertyRule, value: t.Any) -> t.Any:
    addresses = value if isinstance(value, list) else []
    masks = view.properties.get(t.cast(str, option.companion))
    masks = masks if isinstance(masks, list) else []
    found = [{"address": str(address)} for address in addresses]
    for entry, mask in zip(found, masks, strict=False):
        if mask:
            entry["netmask"] = str(mask)
    return found or _SKIP


def _embedded(view: View, option: OptionRule, known: PropertyRule, value: t.Any) -> t.Any:
    items = [item for item in (value if isinstance(value, list) else ()) if isinstance(item, Instance)]
    found = [_describe_embedded(item, view.name_of) for item in items]
    return found if found or option.required else _SKIP


def _describe_embedded(instance: Instance, name_of: NameOf) -> dict[str, t.Any]:
    """Return a partition or network adapter in YAML form; an unknown class by its name."""
    rule = load_rules().get(instance.class_name)
    if rule is None:
        return raw_form(instance)
    view = View(rule, instance.properties, name_of)
    found = dict(view.options())
    rest = view.rest()
    if rest:
        found["properties"] = rest
    return found


def _edition_index(view: View, option: OptionRule, known: PropertyRule, value: t.Any) -> t.Any:
    if isinstance(value, Ref) or not option.required and view.is_default(known, value):
        return _SKIP
    return _SKIP if not view.rule.is_material(known.name, view.properties) else _number(option, known, value)


_SPECIAL: dict[str, t.Callable[[View, OptionRule, PropertyRule, t.Any], t.Any]] = {
    "ref": _reference,
    "refs": _references,
    "ref_list": _references,
    "program": _program,
    "edition": _edition,
    "int": _edition_index,
    "membership": _membership,
    "masked": _masked,
    "check": _check,
    "rules": _rules,
    "addresses": _addresses,
    "embedded": _embedded,
}
