# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a step in YAML form as lines, tables and scripts."""

from __future__ import annotations

import typing as t

from ..model import PREFIX, STORED
from ..rules import OptionRule, StepRule, load_rules
from .hidden import NOT_SHOWN, hides, is_masked_variable, is_on, raw_text, secret_words, sounds_secret
from .parts import Entry, Line, Script, Setting, Span, Spans, Table
from .text import clean, code, filled_in, flow, label, one_line, placeholder, reference_text, seconds, word, words

ELSEWHERE = frozenset(
    ("name", "type", "description", "enabled", "continue_on_error", "condition", "run_in", "steps", "properties")
)
"""Options that have a place of their own in a report."""
_PROSE = frozenset(
    ("message", "registered_user", "registered_organization", "time_zone", "image_creator", "image_description")
)
_PARTITIONS = PREFIX + "PartitionSettings"
_ADAPTERS = PREFIX + "NetworkAdapterSettings"
_EMBEDDED = {"partitions": _PARTITIONS, "adapters": _ADAPTERS}


def fill_settings(entry: Entry, rule: StepRule, class_name: str, step: t.Mapping[str, t.Any]) -> None:
    """Put everything that the options of a step say into its entry.

    :param rule: the rule of its class; that of any action when the class is unknown.
    """
    names = [name for name in rule.options if name in step]
    names += [name for name in step if name not in rule.options]
    for name in names:
        if name not in ELSEWHERE and step[name] is not None:
            _option(entry, rule, name, step)
    properties = step.get("properties")
    if isinstance(properties, dict):
        for name, value in properties.items():
            text = raw_text(class_name, name, value, properties)
            entry.secrets += NOT_SHOWN in text and NOT_SHOWN not in flow(value)
            entry.settings.append(Setting.of(clean(name), _raw_span(text)))


def _raw_span(text: str) -> Span:
    return Span("not shown", "secret") if text == NOT_SHOWN else code(text)


def _option(entry: Entry, rule: StepRule, name: str, step: t.Mapping[str, t.Any]) -> None:
    option, value = rule.options.get(name), step[name]
    if option is None:
        return _unknown(entry, rule, name, step)
    if option.kind in ("secret", "pin") or rule.properties[option.property].secret:
        return _secret(entry, name, value)
    if option.kind == "masked" and is_masked_variable(step):
        return _secret(entry, name, value)
    if option.kind in ("ref", "refs", "ref_list"):
        if value not in ("", []):
            entry.refers.append(_references(name, value))
    elif option.kind == "program":
        entry.refers.append(Setting.of(label(name), *_scalar(name, option, value)))
    elif option.kind == "script" and isinstance(value, str):
        entry.scripts.append(Script(label(name), clean(value)))
    elif option.kind == "rules" and isinstance(value, list):
        entry.settings.append(Setting(label(name), list(_rules(entry, value))))
    elif option.kind == "embedded" and isinstance(value, list):
        entry.tables.append(_table(name, value))
    elif name != "secret":
        entry.settings.append(Setting.of(label(name), *_value(name, option, value)))
    return None


def _secret(entry: Entry, name: str, value: t.Any) -> None:
    words = secret_words(value)
    entry.secrets += any(span.style == "secret" for span in words)
    entry.settings.append(Setting.of(label(name), *words))


def _unknown(entry: Entry, rule: StepRule, name: str, step: t.Mapping[str, t.Any]) -> None:
    value = step[name]
    if hides(name, step):
        _secret(entry, name, value)
        return
    entry.settings.append(Setting.of(clean(name), _raw_span(raw_text(rule.class_name, name, value))))


def _references(name: str, value: t.Any) -> Setting:
    items = value if isinstance(value, list) else [value]
    lines = []
    for item in items:
        text, details = reference_text(item)
        lines.append(Line([Span(text, "strong"), *([Span(f" ({details})", "muted")] if details else [])]))
    return Setting(label(name), lines)


def _value(name: str, option: OptionRule, value: t.Any) -> Spans:
    if isinstance(value, list) and option.kind in ("texts", "ints", "codes"):
        return [Span(", ".join(one_line(item) for item in value) or "(none)", "" if value else "muted")]
    return _scalar(name, option, value)


def _scalar(name: str, option: OptionRule | None, value: t.Any) -> Spans:
    variable = placeholder(value)
    if variable is not None:
        return filled_in(variable)
    if isinstance(value, (dict, list)):
        return [code(flow(value))]
    if name == "timeout" or option is not None and option.unit == "seconds":
        return [Span(seconds(value))]
    if isinstance(value, bool):
        if option is not None and option.kind == "check":
            return [Span("checked" if value else "not checked")]
        return [Span(word(value))]
    if option is not None and option.kind in ("words", "open_words"):
        return [Span(words(value))]
    text = one_line(value) if name in _PROSE else clean(value)
    unit = f" {option.unit}" if option is not None and option.unit else ""
    if option is None or option.kind not in ("text", "masked", "program", "membership", "edition") or name in _PROSE:
        return [Span(text + unit)] if text else [code("")]
    return [code(text)]


# -- structures --------------------------------------------------------------------------------


def _rules(entry: Entry, rules: list[t.Any]) -> t.Iterator[Line]:
    """Yield the rules of Set Dynamic Variables, a line for the condition and below it one for every variable."""
    for rule in rules:
        if not isinstance(rule, dict) or "set" not in rule:
            yield Line([Span("a rule of an unknown form", "muted")])
            continue
        line = Line(_when(rule.get("when")))
        for name, value, secret in settings_of(rule["set"]):
            spans = secret_words(value) if secret else _assigned(value)
            entry.secrets += any(span.style == "secret" for span in spans)
            line.below.append(Line([code(one_line(name)), Span(" = "), *spans]))
        yield line


def _assigned(value: t.Any) -> Spans:
    variable = placeholder(value)
    return filled_in(variable) if variable is not None else [code(flow(value))]


def settings_of(value: t.Any) -> t.Iterator[tuple[str, t.Any, bool]]:
    """Yield the name, the value and the secrecy of the variables that one rule sets."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield str(name), item, sounds_secret(name) or item == STORED
    for item in value if isinstance(value, list) else ():
        if isinstance(item, dict):
            name, found = str(item.get("name") or ""), item.get("value")
            yield name, found, is_on(item.get("secret")) or sounds_secret(name) or found == STORED


def _when(when: t.Any) -> Spans:
    if when is None:
        return [Span("always:")]
    if not isinstance(when, dict) or "xml" in when:
        return [Span("under a condition of an unknown form:")]
    if "variable" in when:
        operator = words(when.get("operator") or "equals")
        spans = [Span("if variable "), code(when["variable"]), Span(f" {operator}")]
        if when.get("value") is not None:
            hidden = sounds_secret(when["variable"])
            spans += [Span(" "), Span("not shown", "secret") if hidden else code(when["value"])]
        return [*spans, Span(":")]
    spans = [Span("if ")]
    word_between = " and " if "make" in when or "model" in when else " or "
    for index, (key, value) in enumerate(when.items()):
        spans += [Span(word_between if index else ""), Span(label(str(key)).lower() + " is "), code(one_line(value))]
    return [*spans, Span(":")]


def _table(name: str, rows: list[t.Any]) -> Table:
    rule = load_rules().get(_EMBEDDED.get(name, ""))
    known = [{str(key): item for key, item in row.items()} if isinstance(row, dict) else {"": row} for row in rows]
    columns = list(dict.fromkeys(key for row in known for key in row))
    order = list(rule.options) if rule is not None else []
    columns.sort(key=lambda key: order.index(key) if key in order else len(order))
    if "name" in columns:
        columns.insert(0, columns.pop(columns.index("name")))
    joined_size = "size" in columns and "size_unit" in columns
    shown = [key for key in columns if not (joined_size and key == "size_unit")]
    return Table(
        label(name),
        [label(key) for key in shown],
        [[_cell(rule, key, row, joined_size) for key in shown] for row in known],
    )


def _cell(rule: StepRule | None, key: str, row: dict[str, t.Any], joined_size: bool) -> Spans:
    value = row.get(key)
    if value is None:
        return [Span("")]
    if key == "size" and joined_size:
        unit = one_line(row.get("size_unit"))
        return [Span(f"{one_line(value)} " + ("% of what is left" if unit == "percent" else unit.upper()))]
    if key == "ip_addresses" and isinstance(value, list):
        return [Span(", ".join(_address(item) for item in value))]
    option = rule.options.get(key) if rule is not None else None
    if option is None and key != "name":
        return [_raw_span(raw_text("", key, value))]
    if isinstance(value, list):
        return [Span(flow(value)[1:-1])]
    return _scalar(key, option, value) if option is not None else [Span(one_line(value))]


def _address(item: t.Any) -> str:
    if not isinstance(item, dict):
        return one_line(item)
    mask = one_line(item.get("netmask"))
    return one_line(item.get("address")) + (f" / {mask}" if mask else "")
