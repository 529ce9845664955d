# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules of a Set Dynamic Variables step: the XML text of its ``Rules`` property as a structure.

A rule is ``{when:, set:}``. ``when`` (omitted = always) is one of ``{make:, model:}``,
``{asset_tag:, mac_address:, serial_number:, uuid:}`` (any of them), ``{default_gateway:}``,
``{variable:, operator:, value:}`` and ``{xml: <condition text>}``. ``set`` is a mapping of plain
values, or a list of ``{name:, value:, secret:}`` where order, duplicates or secrets matter. A rule
that has no such form is ``{xml: <rule text>}``.
Reference: task-sequence-xml, "Inner XML of SetDynamicVariablesAction.Rules". The names inside
computer and location conditions are not documented [U]: what is read in another spelling stays
``{xml:}``, so nothing is rewritten by a guess.
"""

from __future__ import annotations

import functools
import re
import typing as t

from .._errors import InvalidInput, Problem
from . import xml_tree
from .model import PREFIX, STORED, Secret
from .xml_form import attribute_text, element_text
from .xml_tree import Node

_VARIABLE = PREFIX + "VariableConditionExpression"
_SIMPLE = {
    PREFIX + "MakeModelConditionExpression": {"make": "Make", "model": "Model"},
    PREFIX + "ComputerConditionExpression": {
        "asset_tag": "AssetTag",
        "mac_address": "MacAddress",
        "serial_number": "SerialNumber",
        "uuid": "Uuid",
    },
    PREFIX + "LocationConditionExpression": {"default_gateway": "DefaultGateway"},
}
_ANY = {"make": "*", "model": "*"}
"""What an omitted key of a condition means; the others are empty."""
_OPERATORS = (
    "equals",
    "notEquals",
    "exists",
    "notExists",
    "less",
    "lessEqual",
    "greater",
    "greaterEqual",
    "like",
    "notLike",
)
_WORDS = {re.sub("([A-Z])", r"_\1", operator).casefold(): operator for operator in _OPERATORS}
_VALUELESS = ("exists", "notExists")


def parse(xml: str) -> list[dict[str, t.Any]]:
    """Return the rules of a ``Rules`` text.

    The value of a secret variable is a ``Secret``, the constant for stored secrets, or left out
    when the text holds none.

    :raises InvalidInput: the text is no ``<Rules>`` document.
    """
    return [_rule(node) for node in _root(xml).children]


def build(rules: t.Sequence[t.Mapping[str, t.Any]], path: str = "rules") -> str:
    """Return the ``Rules`` text of rules, in the product's byte form (ends with a line feed).

    :param path: option path for messages.
    :raises InvalidInput: every rule that cannot be written, in one error.
    """
    problems: list[Problem] = []
    parts = []
    for index, rule in enumerate(rules):
        try:
            parts.append(_rule_text(rule))
        except ValueError as error:
            problems.append(Problem(f"{path}[{index}]", "", str(error)))
    if problems:
        raise InvalidInput(problems)
    return f"<Rules>{''.join(parts)}</Rules>\n"


def structure(xml: str) -> t.Any:
    """Return a hashable form of a ``Rules`` text for comparison: secrets left out, enumerations folded.

    A text that is no ``<Rules>`` document stands for itself.
    """
    return _structure(xml)


class SecretVariable(t.NamedTuple):
    """A secret variable of a ``Rules`` text: its name, the condition it stands under, its value."""

    name: str
    condition: t.Any
    value: str


def secrets(xml: str) -> list[SecretVariable]:
    """Return the secret variables of a ``Rules`` text in order; none when it cannot be read."""
    try:
        root = _root(xml)
    except InvalidInput:
        return []
    return [
        SecretVariable(node.attributes.get("Name", ""), condition, node.text) for condition, node in _secret_nodes(root)
    ]


def replace_secrets(xml: str, values: t.Sequence[str]) -> str:
    """Return a ``Rules`` text with its secret values replaced, in the order of :func:`secrets`."""
    root = _root(xml)
    for (_condition, node), value in zip(_secret_nodes(root), values, strict=True):
        node.text = value
    return _text(root) + ("\n" if xml.endswith("\n") else "")


# -- reading -----------------------------------------------------------------------------------


def _root(xml: str) -> Node:
    root = xml_tree.parse(xml, "rules")
    if root.tag != "Rules":
        xml_tree.refuse("rules", "the root element has to be <Rules>", root, root.tag)
    return root


def _rule(node: Node) -> dict[str, t.Any]:
    rule: dict[str, t.Any] = {}
    tags = [child.tag for child in node.children]
    if node.tag != "Rule" or node.attributes or tags not in (["Variables"], ["condition", "Variables"]):
        return {"xml": _text(node)}
    if tags[0] == "condition":
        rule["when"] = _when(node.children[0])
    settings = node.children[-1]
    if settings.attributes or not all(_is_plain_variable(child) for child in settings.children):
        return {"xml": _text(node)}
    rule["set"] = _settings(settings)
    return rule


def _is_plain_variable(node: Node) -> bool:
    known = set(node.attributes) == {"Name", "IsSecret"} and node.attributes["IsSecret"] in ("true", "false")
    return node.tag == "Variable" and known and not node.children


def _settings(node: Node) -> t.Any:
    found = [(child.attributes["Name"], child.text, child.attributes["IsSecret"] == "true") for child in node.children]
    names = [name for name, _value, _secret in found]
    if len(set(names)) == len(names) and not any(secret for _name, _value, secret in found):
        return {name: value for name, value, _secret in found}
    items = []
    for name, value, secret in found:
        item: dict[str, t.Any] = {"name": name}
        if not secret:
            item["value"] = value
        elif value:
            item["value"] = STORED if value == STORED else Secret(value)
        if secret:
            item["secret"] = True
        items.append(item)
    return items


def _when(node: Node) -> dict[str, t.Any]:
    """Return the readable form of a condition if writing it gives the same text again."""
    text = _text(node)
    expression = node.children[0] if len(node.children) == 1 else None
    if expression is not None and expression.tag == "expression" and expression.attributes.get("type"):
        values = {child.attributes.get("name", ""): child.text for child in expression.children}
        when = _readable(expression.attributes["type"], values)
        if when is not None and _condition_text(when) == text:
            return when
    return {"xml": text}


def _readable(class_name: str, values: t.Mapping[str, str]) -> dict[str, t.Any] | None:
    if class_name == _VARIABLE:
        operator = values.get("Operator", "")
        word = next((word for word, name in _WORDS.items() if name == operator), None)
        if word is None:
            return None
        when = {"variable": values.get("Variable", "")}
        if operator != "equals":
            when["operator"] = word
        if values.get("Value") or operator not in _VALUELESS:
            when["value"] = values.get("Value", "")
        return when
    names = _SIMPLE.get(class_name)
    if names is None:
        return None
    given = {key: values.get(name, "") for key, name in names.items()}
    chosen = {key: value for key, value in given.items() if value != _ANY.get(key, "")}
    return chosen or {key: value for key, value in given.items() if key in _ANY} or {next(iter(names)): ""}


def _secret_nodes(root: Node) -> list[tuple[t.Any, Node]]:
    found = []
    for rule in root.children:
        condition = rule.first("condition")
        folded = _folded(condition) if condition is not None else None
        stack = [rule]
        while stack:
            node = stack.pop()
            if node.tag == "Variable" and node.attributes.get("IsSecret", "").casefold() == "true":
                found.append((folded, node))
            stack.extend(reversed(node.children))
    return found


# -- comparing ---------------------------------------------------------------------------------


@functools.lru_cache(maxsize=2048)
def _structure(xml: str) -> t.Any:
    try:
        root = _root(xml)
    except InvalidInput:
        return xml.replace("\r\n", "\n").strip()
    return tuple(_folded(rule) for rule in root.children)


def _folded(node: Node) -> t.Any:
    if node.tag == "expression":
        inner = sorted((c.attributes.get("name", "").casefold(), _lines(c.text)) for c in node.children)
        folded = tuple((name, text.casefold() if name == "operator" else text) for name, text in inner)
        return (node.attributes.get("type", "").casefold(), folded)
    attributes = tuple(sorted(node.attributes.items()))
    if node.tag == "Variable":
        secret = node.attributes.get("IsSecret", "").casefold() == "true"
        return (node.attributes.get("Name", ""), secret, None if secret else _lines(node.text))
    return (node.tag, attributes, tuple(_folded(child) for child in node.children) or node.text.strip())


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n")


# -- writing -----------------------------------------------------------------------------------


def _text(node: Node) -> str:
    attributes = "".join(f' {name}="{attribute_text(value)}"' for name, value in node.attributes.items())
    inner = "".join(_text(child) for child in node.children) or element_text(node.text)
    return f"<{node.tag}{attributes}>{inner}</{node.tag}>"


def _rule_text(rule: t.Mapping[str, t.Any]) -> str:
    if not isinstance(rule, t.Mapping):
        raise ValueError("a rule is a mapping with set and, if it does not always hold, when")
    if set(rule) == {"xml"}:
        return _verbatim(rule["xml"], "Rule")
    unknown = sorted(set(rule) - {"when", "set"})
    if unknown:
        raise ValueError(f"unknown key {', '.join(map(str, unknown))}; a rule has when and set")
    if rule.get("set") is None:
        raise ValueError("set is missing: the variables this rule sets")
    when = rule.get("when")
    condition = _condition_text(when) if when is not None else ""
    return f"<Rule>{condition}<Variables>{''.join(_variable_texts(rule['set']))}</Variables></Rule>"


def _condition_text(when: t.Any) -> str:
    if not isinstance(when, t.Mapping):
        raise ValueError("when is a mapping such as {variable: X, value: y}")
    keys = set(when)
    if keys == {"xml"}:
        return _verbatim(when["xml"], "condition")
    if "variable" in keys and keys <= {"variable", "operator", "value"}:
        return _expression(_VARIABLE, _variable_condition(when))
    for class_name, names in _SIMPLE.items():
        if keys and keys <= set(names):
            values = {name: _scalar(when.get(key, _ANY.get(key, "")), key) for key, name in names.items()}
            return _expression(class_name, values)
    raise ValueError(
        "when is one of {make, model}, {asset_tag, mac_address, serial_number, uuid}, {default_gateway}, "
        "{variable, operator, value} and {xml}"
    )


def _variable_condition(when: t.Mapping[str, t.Any]) -> dict[str, str]:
    given = str(when.get("operator", "equals"))
    operator = _WORDS.get(given.casefold()) or next((o for o in _OPERATORS if o.casefold() == given.casefold()), None)
    if operator is None:
        raise ValueError(f"operator {given!r} is none of {', '.join(_WORDS)}")
    if "value" not in when and operator not in _VALUELESS:
        raise ValueError(f"operator {given} needs a value")
    return {
        "Operator": operator,
        "Value": _scalar(when.get("value", ""), "value"),
        "Variable": _scalar(when["variable"], "variable"),
    }


def _expression(class_name: str, values: t.Mapping[str, str]) -> str:
    inner = "".join(f'<variable name="{name}">{element_text(value)}</variable>' for name, value in values.items())
    return f'<condition><expression type="{class_name}">{inner}</expression></condition>'


def _variable_texts(settings: t.Any) -> t.Iterator[str]:
    if isinstance(settings, t.Mapping):
        settings = [{"name": name, "value": value} for name, value in settings.items()]
    if not isinstance(settings, list):
        raise ValueError("set is a mapping of names and values, or a list of {name, value, secret}")
    for item in settings:
        if not isinstance(item, t.Mapping) or not item.get("name"):
            raise ValueError("an entry of set has name, value and secret")
        unknown = sorted(str(key) for key in set(item) - {"name", "value", "secret"})
        if unknown:
            hint = "; a masked variable is written secret: true" if "masked" in unknown else ""
            raise ValueError(f"an entry of set has name, value and secret, not {', '.join(unknown)}{hint}")
        secret = item.get("secret") is True or isinstance(item.get("value"), Secret)
        value = item.get("value")
        if isinstance(value, Secret):
            value = STORED if value.value is None else value.value
        if value is None and not secret:
            raise ValueError(f"{item['name']} has no value")
        name = attribute_text(_scalar(item["name"], "name"))
        text = element_text(_scalar("" if value is None else value, str(item["name"])))
        yield f'<Variable Name="{name}" IsSecret="{"true" if secret else "false"}">{text}</Variable>'


def _scalar(value: t.Any, where: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or isinstance(value, (list, dict)):
        raise ValueError(f"{where} has to be a text")
    return str(value)


def _verbatim(text: t.Any, tag: str) -> str:
    try:
        node = xml_tree.parse(str(text), "xml")
    except InvalidInput as error:
        raise ValueError(str(error)) from error
    if node.tag != tag:
        raise ValueError(f"xml has to be one <{tag}> element")
    return _text(node)
