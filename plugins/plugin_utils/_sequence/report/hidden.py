# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which values a report never shows: by structure, and by wording where nobody documented the structure."""

from __future__ import annotations

import functools
import typing as t

from ..model import STORED, Secret, Step
from ..rules import load_rules
from ..secret_places import DYNAMIC_VARIABLES, HIDDEN_VALUES, RULES, is_secret
from .parts import Span, Spans
from .text import flow, placeholder

NOT_SHOWN = "(not shown)"
_VALUES = ("value", *(name.casefold() for name in HIDDEN_VALUES))


def sounds_secret(name: t.Any) -> bool:
    """Say whether a variable or an unknown property is named like a password.

    Nothing marks the value of such a variable as a secret, but a report is read by many.
    """
    return is_secret(Step(""), str(name)) or str(name).strip().casefold() in ("pin", "secret", "token")


def raw_text(class_name: str, name: t.Any, value: t.Any, properties: t.Mapping[str, t.Any] | None = None) -> str:
    """Return the value of a raw property in one line; ``properties`` are those that stand beside it."""
    return flow(_masked(_step(class_name, properties or {}), str(name), value))


def _step(class_name: str, properties: t.Mapping[t.Any, t.Any]) -> Step:
    """Return a step with the class's own spelling of its properties, by which secrets are known."""
    rule = load_rules().get(class_name)
    return Step(class_name, {rule and rule.canonical(str(key)) or str(key): item for key, item in properties.items()})


def _masked(step: Step, name: str, value: t.Any) -> t.Any:
    rule = load_rules().get(step.class_name)
    known = rule.canonical(name) if rule is not None else None
    whole_rules = name.casefold() == RULES.casefold() and step.class_name.casefold() == DYNAMIC_VARIABLES.casefold()
    if whole_rules or is_secret(step, known or name) or isinstance(value, Secret) or sounds_secret(name):
        return NOT_SHOWN
    if isinstance(value, dict):
        inner = _step(str(value.get("class") or ""), value)
        hidden = is_masked_variable(value)
        return {
            key: NOT_SHOWN if hidden and str(key).casefold() in _VALUES else _masked(inner, str(key), item)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_masked(step, name, item) for item in value]
    return value


def secret_words(value: t.Any) -> Spans:
    """Return what may be said of a secret: where it comes from."""
    variable = placeholder(value)
    if variable is not None:
        return [Span("not shown", "secret"), Span(" filled in from ", "muted"), Span(variable, "code")]
    if value in (None, ""):
        return [Span("(empty)", "muted")]
    source = "stored on the site" if value == STORED else "given in the file"
    return [Span("not shown", "secret"), Span(f" {source}", "muted")]


def is_on(value: t.Any) -> bool:
    """Say whether a switch is on, or is something of which nobody knows that it is off."""
    return not (value is None or value is False or str(value).strip().casefold() in ("", "false", "no", "off", "0"))


def is_masked_variable(step: t.Mapping[str, t.Any]) -> bool:
    """Say whether the value of a Set Variable step in YAML form, or of one variable of many, is a secret."""
    named = step.get("variable") or step.get("VariableName") or step.get("name") or ""
    switched = is_on(step.get("secret")) or is_on(step.get("DoNotShowVariableValue"))
    return switched or step.get("value") == STORED or sounds_secret(named)


def hides(name: str, step: t.Mapping[str, t.Any]) -> bool:
    """Say whether an option that no rule knows is not shown."""
    return sounds_secret(name) or name in _secret_options() or name.casefold() in _VALUES and is_masked_variable(step)


@functools.lru_cache(maxsize=1)
def _secret_options() -> frozenset[str]:
    """Return the options that are a secret in some class; a misspelt type must not show them."""
    return frozenset(
        name
        for rule in load_rules().steps()
        for name, option in rule.options.items()
        if option.property in rule.properties and rule.properties[option.property].secret
    )
