# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Settings in words, for diffs: option names, values, conditions, scripts. Never a secret."""

from __future__ import annotations

import typing as t

from .._cim.instance import Instance
from .._errors import InvalidInput
from . import dynamic_variables
from .model import PREFIX, Operand, Ref, Secret, Step
from .rules import load_rules, script_text
from .secret_places import RULES, has_rules, is_secret
from .vocabulary import is_xml_only, properties_of

NOTHING = "(none)"
SECRET = "(secret)"
NOT_THERE_YET = "<not there yet>"
_INLINE = 160
_VALUE = 1000
"""Characters of a value: a reviewer has to see what a long command line does at its end, too."""

NameOf = t.Callable[[str, str, str], str | None]
"""Returns what to show for an ID: called with class, property and value; ``None`` = the value itself."""


def type_word(step: Step) -> str:
    """Return the type of a step as the interface names it."""
    rule = load_rules().step(step.class_name)
    return rule.type if rule is not None else step.class_name


def option_name(class_name: str, name: str) -> str:
    """Return the option that sets a property, or its WMI name."""
    known = (properties_of(class_name) or {}).get(name)
    return (known.option if known is not None else None) or name


def setting_lines(step: Step, name: str, value: t.Any, name_of: NameOf | None = None) -> list[str]:
    """Return the text of a setting, more than one line for scripts, rules and other long texts."""
    if is_secret(step, name):
        return [SECRET]
    if name == RULES and has_rules(step) and isinstance(value, str):
        return rule_lines(value)
    if is_script(step.class_name, name) and isinstance(value, str):
        return script_text(value).splitlines() or [NOTHING]
    text = value_words(step.class_name, name, value, name_of)
    return text.splitlines() or [NOTHING]


def is_script(class_name: str, name: str) -> bool:
    """Return whether a property holds an embedded script."""
    known = (properties_of(class_name) or {}).get(name)
    return known is not None and known.compare == "script"


def value_words(class_name: str, name: str, value: t.Any, name_of: NameOf | None = None) -> str:
    """Return a value as the interface writes it, in one line where it is no long text; never a secret."""
    if value is None or value == "" or value == []:
        return NOTHING
    if isinstance(value, Secret) or is_secret(Step(class_name), name):
        return SECRET
    if name == RULES and has_rules(Step(class_name, {RULES: value})):
        return "; ".join(line.strip() for line in rule_lines(str(value)))
    if is_script(class_name, name):
        return f"a script of {len(script_text(str(value)).splitlines())} lines"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "[" + ", ".join(value_words(class_name, name, item, name_of) for item in value) + "]"
    if isinstance(value, Instance):
        return _instance_words(value)
    if isinstance(value, Ref):
        # What has no ID in a finished sequence would be made by an earlier task of the play.
        return f"{value.name if value.name is not None else f'id:{value.id}'} {NOT_THERE_YET}"
    text = str(value)
    rule = load_rules().get(class_name)
    option = rule.options.get(option_name(class_name, name)) if rule is not None else None
    word = option.word(text) if option is not None and option.words else None
    if word or name_of is None:
        return word or text
    if option is not None and option.kind in ("refs", "ref_list"):
        # A list of IDs is one text on the site.
        return ", ".join(name_of(class_name, name, part) or part for part in text.split(","))
    return name_of(class_name, name, text) or text


def _instance_words(instance: Instance) -> str:
    parts = [
        f"{option_name(instance.class_name, name)}: {value_words(instance.class_name, name, value)}"
        for name, value in instance.properties.items()
        if value not in (None, "", [])
    ]
    return "{" + ", ".join(parts) + "}"


def rule_lines(xml: str) -> list[str]:
    """Return dynamic variable rules, one variable a line."""
    try:
        rules = dynamic_variables.parse(xml)
    except InvalidInput:
        return ["(rules that cannot be read)"]
    lines = []
    for rule in rules:
        when = rule.get("when")
        lines.append("always:" if when is None else f"when {_flow(when)}:")
        if "xml" in rule:
            lines[-1] = "a rule of an unknown form"
            continue
        settings = rule["set"]
        if isinstance(settings, dict):
            settings = [{"name": name, "value": value} for name, value in settings.items()]
        for item in settings:
            value = SECRET if item.get("secret") else str(item.get("value", ""))
            lines.append(f"  {item['name']} = {value}")
    return lines or [NOTHING]


def _flow(mapping: t.Mapping[str, t.Any]) -> str:
    return "{" + ", ".join(f"{key}: {value}" for key, value in mapping.items()) + "}"


def condition_words(condition: list[Operand] | None, name_of: NameOf | None = None) -> str:
    """Return a condition as one line of words."""
    if not condition:
        return NOTHING
    return " and ".join(_operand_words(operand, name_of) for operand in condition)


def _operand_words(operand: Operand, name_of: NameOf | None) -> str:
    properties = operand.properties
    if operand.operands is not None:
        if operand.class_name == PREFIX + "OSExpressionGroup":
            return f"operating system {properties.get('Name') or 'by version'}"
        word = {"and": "all", "or": "any", "not": "none"}.get(str(properties.get("OperatorType")).casefold(), "?")
        if operand.class_name == PREFIX + "OSConditionGroup":
            word = "any"
        return f"{word}({'; '.join(_operand_words(child, name_of) for child in operand.operands)})"
    rule = load_rules().get(operand.class_name)
    key = rule.type if rule is not None and rule.type else operand.class_name
    main = next((n for n in properties_of(operand.class_name) or () if option_name(operand.class_name, n) == key), None)
    parts = [key]
    if main is not None:
        parts.append(str(properties.get(main) or ""))
    details = []
    for name, value in properties.items():
        if name != main and value not in (None, "") and not is_xml_only(name) and not _is_usual(operand, name, value):
            option = option_name(operand.class_name, name)
            word = value_words(operand.class_name, name, value)
            # An operator reads as a verb, so it stands first and without its own name.
            details.append((option != "operator", word if option == "operator" else f'{option} "{word}"'))
    parts.extend(text.removeprefix("value ") for _later, text in sorted(details, key=lambda detail: detail[0]))
    return " ".join(parts)


def _is_usual(operand: Operand, name: str, value: t.Any) -> bool:
    known = (properties_of(operand.class_name) or {}).get(name)
    return known is not None and name == "Namespace" and str(value).casefold() == str(known.null_means).casefold()


def shorten(text: str, most: int = _INLINE) -> str:
    """Return a text as one line of bounded length."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 3] + "..."


def shorten_value(text: str) -> str:
    """Return a value as one line; only what is very long is cut."""
    return shorten(text, _VALUE)


def cut(line: str) -> str:
    """Return a line of a long text, blanks kept; room for the option's name before a value is in it."""
    most = _VALUE + _INLINE
    return line if len(line) <= most else line[: most - 3] + "..."
