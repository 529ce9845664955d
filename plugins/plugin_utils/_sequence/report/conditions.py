# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Conditions in YAML form as lines of words."""

from __future__ import annotations

import typing as t

from .hidden import NOT_SHOWN, raw_text, sounds_secret
from .parts import Line, Span, Spans
from .text import code, filled_in, language, one_line, placeholder, reference_text

_OPERATORS = {
    "equals": "equals",
    "notequals": "does not equal",
    "exists": "exists",
    "notexists": "does not exist",
    "less": "is less than",
    "lessequal": "is at most",
    "greater": "is greater than",
    "greaterequal": "is at least",
    "like": "is like",
    "notlike": "is not like",
}
_LOGIC = {"all": "all of these hold", "any": "at least one of these holds", "none": "none of these holds"}
_SHORT = {"all": " and ", "any": " or ", "none": " or "}
_NAMESPACE = r"root\cimv2"


def condition_lines(condition: t.Any) -> list[Line]:
    """Return the entries of ``condition``, all of which must hold."""
    entries = condition if isinstance(condition, list) else [condition] if condition else []
    return [_line(entry) for entry in entries]


def condition_text(lines: list[Line]) -> str:
    """Return a condition as one line."""
    return " and ".join(_short(line, len(lines) > 1) for line in lines)


def _short(line: Line, inner: bool) -> str:
    text = "".join(span.text for span in line.spans)
    if not line.below:
        return text
    key = next((key for key, words in _LOGIC.items() if words == text), None)
    body = _SHORT[key or "all"].join(_short(below, True) for below in line.below)
    if key is None:
        return f"{text} ({body})"
    if key == "none":
        return f"not ({body})"
    return f"({body})" if inner and len(line.below) > 1 else body


def conditions_of(condition: t.Any) -> t.Iterator[dict[str, t.Any]]:
    """Yield every expression of a condition, without the operators around them."""
    stack = list(reversed(condition)) if isinstance(condition, list) else [condition]
    while stack:
        entry = stack.pop()
        if not isinstance(entry, dict):
            continue
        inner = [item for key in (*_LOGIC, "operands") for item in _items(entry.get(key))]
        if inner:
            stack.extend(reversed(inner))
        else:
            yield entry


def _items(value: t.Any) -> list[t.Any]:
    return value if isinstance(value, list) else []


def _line(entry: t.Any) -> Line:
    if not isinstance(entry, dict):
        return Line([code(entry)])
    variable = placeholder(entry)
    if variable is not None:
        return Line(filled_in(variable))
    for key, words in _LOGIC.items():
        if key in entry:
            return Line([Span(words)], [_line(item) for item in _items(entry[key])])
    for key, describe in _KINDS.items():
        if entry.get(key) is not None:
            return Line(describe(entry))
    return Line(_generic(entry), [_line(item) for item in _items(entry.get("operands"))])


def _comparison(operator: t.Any, value: t.Any, name: str = "") -> Spans:
    """Return an operator and its right-hand side; a value whose variable is named like a secret is not shown."""
    text = one_line(operator or "equals")
    key = text.replace("_", "").casefold()
    words = _OPERATORS.get(key, text)
    if key in ("exists", "notexists"):
        return [Span(f" {words}")]
    if sounds_secret(name):
        return [Span(f" {words} "), Span(NOT_SHOWN, "secret")]
    if isinstance(value, bool):
        value = "true" if value else "false"
    given = placeholder(value)
    return [Span(f" {words} "), *(filled_in(given) if given is not None else [code(value)])]


def _variable(entry: dict[str, t.Any]) -> Spans:
    name = one_line(entry["variable"])
    return [Span("variable "), code(name), *_comparison(entry.get("operator"), entry.get("value"), name)]


def _wmi(entry: dict[str, t.Any]) -> Spans:
    spans = [Span("the WMI query "), code(one_line(entry["wmi"])), Span(" finds something")]
    namespace = one_line(entry.get("namespace"))
    if namespace and namespace.casefold() != _NAMESPACE:
        spans += [Span(" in "), code(namespace)]
    return spans


def _registry(entry: dict[str, t.Any]) -> Spans:
    spans = [Span("registry key "), code(entry["registry"])]
    name = one_line(entry.get("value_name"))
    if name:
        spans += [Span(", value "), code(name)]
    spans += _comparison(entry.get("operator"), entry.get("value"), name)
    kind = one_line(entry.get("value_type"))
    return [*spans, Span(f" ({kind.upper()})", "muted")] if kind else spans


def _path(kind: str) -> t.Callable[[dict[str, t.Any]], Spans]:
    def describe(entry: dict[str, t.Any]) -> Spans:
        spans = [Span(f"{kind} "), code(entry[kind]), Span(" exists")]
        if entry.get("version") is not None:
            spans += [Span(", its version"), *_comparison(entry.get("version_operator"), entry["version"])]
        if entry.get("modified") is not None:
            spans += [Span(", its date (UTC)"), *_comparison(entry.get("modified_operator"), entry["modified"])]
        return spans

    return describe


def _software(entry: dict[str, t.Any]) -> Spans:
    spans = [Span("software "), Span(one_line(entry["software"]), "strong"), Span(" is installed")]
    if one_line(entry.get("match")).replace("_", "").casefold() == "anyversion":
        spans.append(Span(" in any version"))
    elif entry.get("version"):
        spans += [Span(" in version "), code(entry["version"])]
    identity = one_line(entry.get("product_code") or entry.get("upgrade_code"))
    return [*spans, Span(f" ({identity})", "muted")] if identity else spans


def _operating_system(entry: dict[str, t.Any]) -> Spans:
    value = entry["operating_system"]
    items = value if isinstance(value, list) else [value]
    spans = [Span("the operating system is ")]
    for index, item in enumerate(items):
        if index:
            spans.append(Span(" or "))
        spans.append(Span(reference_text(item)[0] or "(any)", "strong"))
    return spans


def _os_language(entry: dict[str, t.Any]) -> Spans:
    return [Span("the language of the operating system is "), Span(language(entry["os_language"]), "strong")]


_KINDS: dict[str, t.Callable[[dict[str, t.Any]], Spans]] = {
    "variable": _variable,
    "wmi": _wmi,
    "registry": _registry,
    "file": _path("file"),
    "folder": _path("folder"),
    "software": _software,
    "operating_system": _operating_system,
    "os_language": _os_language,
}


def _generic(entry: dict[str, t.Any]) -> Spans:
    spans = [Span("a condition of class "), code(entry.get("class") or "(unknown)")]
    properties = entry.get("properties")
    if isinstance(properties, dict) and properties:
        class_name = one_line(entry.get("class"))
        shown = [f"{one_line(name)}: {raw_text(class_name, name, value)}" for name, value in properties.items()]
        spans += [Span(": "), code(", ".join(shown))]
    return spans
