# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a step, from YAML to properties: one function per kind of option.

``interface.yml`` names the kinds; ``rules.json`` carries them. Each function gets the entry, the
option and the value, notes problems, and sets properties under their WMI names.
"""

from __future__ import annotations

import re
import typing as t

from .._cim.instance import Instance
from . import scalars
from .dynamic_rules import rules_text
from .embedded import encode_script, finish_properties, raw_properties, unknown_option
from .implied import ADAPTER
from .model import Ref, Secret
from .option_checks import Entry, require
from .rules import OptionRule, StepRule, load_rules
from .scalars import BAD, Notes


def read_options(entry: Entry, besides: t.Collection[str] = ()) -> None:
    """Read every given option except ``besides``; unknown ones are problems."""
    options = entry.rule.options
    for key, value in entry.given.items():
        option = options.get(key)
        if option is not None:
            _KINDS[option.kind](entry, option, value)
        elif key not in besides:
            unknown_option(entry.notes, entry.path, key, entry.rule, besides)


def _set(entry: Entry, name: str, value: t.Any) -> None:
    if value is not BAD:
        entry.properties[name] = value


def _text_value(entry: Entry, option: OptionRule, value: t.Any, *, version: bool = False) -> t.Any:
    rule = entry.rule.properties[option.property]
    found = scalars.text(entry.notes, entry.place(option.name), value, version=version)
    if found is BAD or found == "":
        return found
    return scalars.bounded(entry.notes, entry.place(option.name), found, rule.min_length, rule.max_length)


def _text(entry: Entry, option: OptionRule, value: t.Any) -> None:
    _set(entry, option.property, _text_value(entry, option, value))


def _description(entry: Entry, option: OptionRule, value: t.Any) -> None:
    _text(entry, option, value.rstrip("\r\n") if isinstance(value, str) else value)


def _version(entry: Entry, option: OptionRule, value: t.Any) -> None:
    _set(entry, option.property, _text_value(entry, option, value, version=True))


def _name(entry: Entry, option: OptionRule, value: t.Any) -> None:
    _set(entry, option.property, scalars.name(entry.notes, entry.place(option.name), value))


def _switch(entry: Entry, option: OptionRule, value: t.Any) -> None:
    _set(entry, option.property, scalars.switch(entry.notes, entry.place(option.name), value))


def _limits(entry: Entry, option: OptionRule, property_name: str) -> tuple[int | None, int | None]:
    signed = entry.rule.properties[property_name].type.startswith("sint")
    least = option.minimum if option.minimum is not None else (-(2**31) if signed else 0)
    return least, option.maximum if option.maximum is not None else (2**31 - 1 if signed else 2**32 - 1)


def _integer(entry: Entry, option: OptionRule, value: t.Any) -> None:
    least, most = _limits(entry, option, option.property)
    found = scalars.integer(entry.notes, entry.place(option.name), value, least, most, option.unit)
    _set(entry, option.property, found)


def _number_text(entry: Entry, option: OptionRule, value: t.Any) -> None:
    found = scalars.integer(entry.notes, entry.place(option.name), value, option.minimum, option.maximum, option.unit)
    _set(entry, option.property, BAD if found is BAD else str(found))


def _words(entry: Entry, option: OptionRule, value: t.Any) -> None:
    place = entry.place(option.name)
    if value == "" and not option.required and not entry.rule.properties[option.property].not_null:
        return
    found = scalars.word(entry.notes, place, value, option.values, option.words)
    if found is not BAD and entry.rule.properties[option.property].is_number:
        found = int(found)
    _set(entry, option.property, found)


def _open_words(entry: Entry, option: OptionRule, value: t.Any) -> None:
    found = scalars.text(entry.notes, entry.place(option.name), value)
    _set(entry, option.property, found if found is BAD else option.values.get(found.strip().casefold(), found))


def _items(entry: Entry, option: OptionRule, value: t.Any) -> list[t.Any] | None:
    if isinstance(value, (list, tuple)):
        return list(value)
    if isinstance(value, (str, int)) and not isinstance(value, bool):
        return [value] if value != "" else []
    entry.notes.problem(entry.place(option.name), value, "must be a list")
    return None


def _each(entry: Entry, option: OptionRule, value: t.Any, read: t.Callable[[str, t.Any], t.Any]) -> None:
    items = _items(entry, option, value)
    if items is None:
        return
    found = [read(f"{entry.place(option.name)}[{index}]", item) for index, item in enumerate(items)]
    if BAD not in found:
        entry.properties[option.property] = found


def _texts(entry: Entry, option: OptionRule, value: t.Any) -> None:
    def read(place: str, item: t.Any) -> t.Any:
        found = scalars.text(entry.notes, place, item)
        return found if found is BAD else scalars.bounded(entry.notes, place, found, 1, None)

    _each(entry, option, value, read)


def _integers(entry: Entry, option: OptionRule, value: t.Any) -> None:
    least, most = _limits(entry, option, option.property)
    _each(entry, option, value, lambda place, item: scalars.integer(entry.notes, place, item, least, most))


def _codes(entry: Entry, option: OptionRule, value: t.Any) -> None:
    """Exit codes: a list of numbers, kept as text with blanks between; text goes through as it is."""
    if isinstance(value, str) and not re.fullmatch(r"[\d ]*", value):
        entry.notes.problem(entry.place(option.name), value, "must be a list of whole numbers such as [0, 3010]")
        return
    if isinstance(value, str):
        entry.properties[option.property] = value
        return
    items = _items(entry, option, value)
    if items is None:
        return
    found = []
    for index, item in enumerate(items):
        place = f"{entry.place(option.name)}[{index}]"
        code = scalars.integer(entry.notes, place, item, -(2**31), 2**32 - 1)
        if code is not BAD:
            found.append(str(code))
    entry.properties[option.property] = " ".join(found)


def _secret(entry: Entry, option: OptionRule, value: t.Any) -> None:
    most = entry.rule.properties[option.property].max_length
    found = scalars.secret(entry.notes, entry.place(option.name), value, most=most)
    if found is not BAD and found.value == "":
        return
    _set(entry, option.property, found)


def _pin(entry: Entry, option: OptionRule, value: t.Any) -> None:
    found = scalars.secret(entry.notes, entry.place(option.name), value)
    if found is BAD or found.value == "":
        return
    if found.value is not None and "%" not in found.value and not re.fullmatch(r"\d{4,20}", found.value):
        entry.notes.problem(entry.place(option.name), "", "must be 4 to 20 digits; quote it, leading zeros count")
        return
    entry.properties[option.property] = found


def _masked(entry: Entry, option: OptionRule, value: t.Any) -> None:
    """A variable's value: shown, or kept in the masked property when ``secret`` is true."""
    masked = entry.given.get(option.by or "")
    hidden = masked is True or (isinstance(masked, str) and masked.strip().casefold() in ("true", "yes", "on", "1"))
    if not hidden:
        _text(entry, option, value)
        return
    most = entry.rule.properties[t.cast(str, option.companion)].max_length
    found = scalars.secret(entry.notes, entry.place(option.name), value, most=most)
    if found is not BAD and found.value != "":
        entry.properties[t.cast(str, option.companion)] = found
    entry.properties[option.property] = ""


def _reference(entry: Entry, option: OptionRule, value: t.Any) -> None:
    found = scalars.reference(entry.notes, entry.place(option.name), value, t.cast(str, option.ref))
    if found != "":
        _set(entry, option.property, found)
    elif entry.rule.properties[option.property].not_null:
        entry.properties[option.property] = ""


def _references(entry: Entry, option: OptionRule, value: t.Any) -> None:
    def read(place: str, item: t.Any) -> t.Any:
        found = scalars.reference(entry.notes, place, item, t.cast(str, option.ref))
        return entry.notes.problem(place, "", "must not be empty") if found == "" else found

    items = [value] if isinstance(value, dict) else value
    _each(entry, option, items, read)


def _within(entry: Entry, option: OptionRule) -> Ref | None:
    """Return the reference that a program or an edition belongs to."""
    other = entry.rule.options[t.cast(str, option.companion)]
    if other.name not in entry.given:
        return None
    found = scalars.reference(Notes(), entry.place(other.name), entry.given[other.name], t.cast(str, other.ref))
    return found if isinstance(found, Ref) else None


def _program(entry: Entry, option: OptionRule, value: t.Any) -> None:
    found = scalars.text(entry.notes, entry.place(option.name), value)
    parent = _within(entry, option)
    if found is BAD:
        return
    if found and parent is not None and not (parent.id or "").startswith(scalars.PLACEHOLDER):
        found = Ref(kind="program", name=found, parent=parent, path=entry.place(option.name))
    entry.properties[option.property] = found


def _edition(entry: Entry, option: OptionRule, value: t.Any) -> None:
    found = scalars.name(entry.notes, entry.place(option.name), value, 512)
    parent = _within(entry, option)
    if found is not BAD and parent is not None:
        place = entry.place(option.name)
        entry.properties[option.property] = Ref(kind="image_edition", name=found, parent=parent, path=place)


def _membership(entry: Entry, option: OptionRule, value: t.Any) -> None:
    _text(entry, option, value)


def _script(entry: Entry, option: OptionRule, value: t.Any) -> None:
    found = scalars.text(entry.notes, entry.place(option.name), value)
    if found is not BAD and not found.strip():
        entry.notes.problem(entry.place(option.name), "", "must not be empty")
    elif found is not BAD:
        entry.properties[option.property] = encode_script(found)


def _check(entry: Entry, option: OptionRule, value: t.Any) -> None:
    """A readiness check: its limit, or false; true means the class's own limit."""
    limit_name = t.cast(str, option.companion)
    limit = entry.rule.properties[limit_name]
    place = entry.place(option.name)
    if value is False or (isinstance(value, str) and value.strip().casefold() in ("false", "no", "off")):
        entry.properties[option.property] = False
        return
    if value is True or (isinstance(value, str) and value.strip().casefold() in ("true", "yes", "on")):
        if limit.default is None:
            entry.notes.problem(place, value, "must be the limit itself, or false")
        else:
            entry.properties[option.property] = True
        return
    if option.words:
        found = scalars.word(entry.notes, place, value, option.values, option.words)
    elif limit.is_number:
        found = scalars.integer(entry.notes, place, value, 0, 2**32 - 1, option.unit)
    else:
        found = scalars.text(entry.notes, place, value, version=True)
        if found == "":
            found = entry.notes.problem(place, "", "must be the limit itself, or false")
    if found is not BAD:
        entry.properties[option.property] = True
        entry.properties[limit_name] = found


def _rules(entry: Entry, option: OptionRule, value: t.Any) -> None:
    _set(entry, option.property, rules_text(entry.notes, entry.place(option.name), value))


def _date(entry: Entry, option: OptionRule, value: t.Any) -> None:
    _set(entry, option.property, scalars.date(entry.notes, entry.place(option.name), value))


def _addresses(entry: Entry, option: OptionRule, value: t.Any) -> None:
    """Addresses with their masks: two parallel arrays on the wire."""
    items = _items(entry, option, value)
    addresses: list[str] = []
    masks: list[str] = []
    for index, item in enumerate(items or ()):
        place = f"{entry.place(option.name)}[{index}]"
        if not isinstance(item, dict) or set(item) - {"address", "netmask"} or "address" not in item:
            entry.notes.problem(place, item, "must be {address: ..., netmask: ...}")
            continue
        address = scalars.text(entry.notes, f"{place}.address", item["address"])
        mask = scalars.text(entry.notes, f"{place}.netmask", item.get("netmask", ""))
        if BAD not in (address, mask):
            addresses.append(address)
            masks.append(mask)
    if items:
        entry.properties[option.property] = addresses
        entry.properties[t.cast(str, option.companion)] = masks


def _embedded(entry: Entry, option: OptionRule, value: t.Any) -> None:
    rule = t.cast(StepRule, load_rules().get(entry.rule.properties[option.property].type))
    if not isinstance(value, (list, tuple)):
        entry.notes.problem(entry.place(option.name), value, "must be a list of mappings")
        return
    found = []
    for index, item in enumerate(value):
        place = f"{entry.place(option.name)}[{index}]"
        if not isinstance(item, dict):
            entry.notes.problem(place, item, "must be a mapping")
            continue
        given = {key: part for key, part in item.items() if part is not None}
        inner = Entry(entry.notes, rule, place, given)
        inner.properties.update(raw_properties(entry.notes, f"{place}.properties", item.get("properties"), rule))
        read_options(inner, ("properties",))
        require(inner)
        if rule.class_name == ADAPTER:
            inner.properties["Index"] = index
        elif inner.properties.get("SizeUnits") == "PERCENT" and not 1 <= (inner.properties.get("Size") or 1) <= 100:
            entry.notes.problem(f"{place}.size", given["size"], "must be between 1 and 100 percent of what is left")
        found.append(Instance(rule.class_name, finish_properties(rule, inner.properties)))
    entry.properties[option.property] = found


def _elsewhere(entry: Entry, option: OptionRule, value: t.Any) -> None:
    """Conditions and steps of groups are read by the caller."""


_KINDS: dict[str, t.Callable[[Entry, OptionRule, t.Any], None]] = {
    "name": _name,
    "text": _text,
    "description": _description,
    "version": _version,
    "bool": _switch,
    "int": _integer,
    "ints": _integers,
    "number_text": _number_text,
    "words": _words,
    "open_words": _open_words,
    "texts": _texts,
    "codes": _codes,
    "secret": _secret,
    "pin": _pin,
    "masked": _masked,
    "ref": _reference,
    "refs": _references,
    "ref_list": _references,
    "program": _program,
    "edition": _edition,
    "membership": _membership,
    "script": _script,
    "check": _check,
    "rules": _rules,
    "date": _date,
    "addresses": _addresses,
    "embedded": _embedded,
    "registry": _text,
    "condition": _elsewhere,
    "steps": _elsewhere,
}
"""Kind of option -> function."""


def secret_value(value: t.Any) -> t.Any:
    """Return a raw text as a secret, anything else as it is."""
    return Secret(value) if isinstance(value, str) and value else value
