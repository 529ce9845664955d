# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a sequence holds secrets, and what a reader gets instead of them (provider-behaviour 3.3 and 7.4).

The store always holds clear text. ``shown`` makes the copy that leaves the site, ``settled`` takes one back.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t
import uuid

from ..objects import Obj
from . import forms as f
from .text_write import escape_text

TOKEN_START = "89130000"
"""Every opaque token begins like this; the rest is random and new with every read."""

TOKEN = re.compile(r"89130000[0-9A-F]{32}")
RULE_SECRET = re.compile(
    r"""(<Variable\b[^<>]*?\bIsSecret\s*=\s*(?:"true"|'true')[^<>]*?(?<!/)>)(.*?)(</Variable\s*>)""",
    re.IGNORECASE | re.DOTALL,
)
RULE_NAME = re.compile(r"""\bName\s*=\s*(?:"([^"]*)"|'([^']*)')""")
SET_VARIABLE = "SMS_TaskSequence_SetVariableAction"
DYNAMIC = "SMS_TaskSequence_SetDynamicVariablesAction"
MASKABLE = ("VariableValue", "HiddenVariableValue")


@dataclasses.dataclass(frozen=True)
class Place:
    """One secret place: path of names, property, and the variable inside Rules if it is there."""

    step: str
    property: str
    variable: str = ""

    def __str__(self) -> str:
        return f"{self.step}.{self.property}" + (f"[{self.variable}]" if self.variable else "")


Change = t.Callable[[Place, str], str]


def mapped(forms: f.Forms, sequence: Obj, change: Change) -> Obj:
    """Return a copy of a sequence with every non-null secret put through ``change``."""
    made = sequence.copy()
    _map_steps(forms, made.get("Steps") or [], "", change)
    return made


def _map_steps(forms: f.Forms, steps: list[Obj], path: str, change: Change) -> None:
    for step in steps:
        here = f"{path}/{step.get('Name', '')}"
        if step.class_name == f.GROUP:
            _map_steps(forms, step.get("Steps") or [], here, change)
            continue
        for name in secret_properties(forms, step):
            value = step.get(name)
            if isinstance(value, str):
                step.set(name, change(Place(here, name), value))
        if step.class_name == DYNAMIC and isinstance(step.get("Rules"), str):
            step.set("Rules", _map_rules(str(step.get("Rules")), here, change))


def secret_properties(forms: f.Forms, step: Obj) -> list[str]:
    """Return the names of a step's secret properties: by qualifier, masked, or a password of MDT's classes."""
    if step.class_name == SET_VARIABLE:
        return list(MASKABLE) if step.get("DoNotShowVariableValue") else ["HiddenVariableValue"]
    names = []
    for item in forms.of(step.class_name).variables:
        marks = item.prop.qualifiers
        foreign = step.class_name.startswith("BDD_") and item.prop.name.casefold().endswith("password")
        if item.prop.type == "string" and (marks.get("Secret") or marks.get("QuasiSecret") or foreign):
            names.append(item.prop.name)
    return names


def _map_rules(text: str, here: str, change: Change) -> str:
    def swap(match: re.Match[str]) -> str:
        found = RULE_NAME.search(match.group(1))
        name = next((one for one in found.groups() if one is not None), "") if found else ""
        value = _unescape(match.group(2))
        return match.group(1) + escape_text(change(Place(here, "Rules", name), value)) + match.group(3)

    return RULE_SECRET.sub(swap, text)


def _unescape(text: str) -> str:
    plain = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&apos;", "'")
    return plain.replace("&amp;", "&")


def places(forms: f.Forms, sequence: Obj) -> dict[Place, str]:
    """Return every non-null secret of a sequence. Two steps of one path and name share an entry."""
    found: dict[Place, str] = {}

    def keep(place: Place, value: str) -> str:
        found[place] = found.get(place) or value
        return value

    mapped(forms, sequence, keep)
    return found


def blanked(forms: f.Forms, sequence: Obj) -> Obj:
    """Return a copy without any secret, as ExportXml writes it: values empty, places kept."""
    return mapped(forms, sequence, lambda _place, _value: "")


def shown(forms: f.Forms, sequence: Obj, mode: str, tokens: dict[t.Any, t.Any]) -> Obj:
    """Return the copy that a reader gets. ``tokens`` is where opaque ones are remembered."""

    def hide(_place: Place, value: str) -> str:
        if not value or mode == "clear":
            return value
        if mode == "blank":
            return ""
        token = TOKEN_START + uuid.uuid4().hex.upper()
        tokens[token] = value
        return token

    return mapped(forms, sequence, hide)


def settled(
    forms: f.Forms, sequence: Obj, before: Obj | None, tokens: t.Mapping[t.Any, t.Any], note: t.Callable[[str], None],
) -> Obj:
    """Return the copy to store: opaque tokens become what they stand for, blanks stay blank.

    ``note`` hears of every stored secret that a blank wipes out, and of every token that means nothing here.
    """
    old = places(forms, before) if before is not None else {}

    def resolve(place: Place, value: str) -> str:
        if value in tokens:
            return str(tokens[value])
        if TOKEN.fullmatch(value):
            note(f"SECRET LOST: {place} was written as a token that this site never handed out")
        elif not value and old.get(place):
            note(f"SECRET BLANKED: {place} held a value and was written back empty")
        return value

    made = mapped(forms, sequence, resolve)
    for step in f.walk(made.get("Steps") or []):
        hidden = set(secret_properties(forms, step)) if step.class_name != f.GROUP else set()
        for name, value in step.props.items():
            if name not in hidden and isinstance(value, str) and value in tokens:
                note(f"TOKEN MISPLACED: {step.get('Name')}.{name} is not a secret place but was given a token")
    now = places(forms, made)
    for place in old:
        if old[place] and place not in now:
            note(f"SECRET DROPPED: {place} held a value and is no longer in the sequence")
    return made
