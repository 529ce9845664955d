# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A task sequence as YAML data, made into the model (INTERFACE 2 to 5).

Everything that is wrong is collected and reported in one error; nothing here asks a site. Names
of other objects become ``Ref`` and secrets ``Secret``; ``finish.py`` replaces the former.
"""

from __future__ import annotations

import difflib
import re
import typing as t

from .._errors import InvalidInput
from .conditions import read_condition
from .embedded import finish_properties, raw_properties
from .model import GROUP, PREFIX, Sequence, Step
from .option_checks import Entry, require
from .option_kinds import read_options, secret_value
from .rules import StepRule, load_rules
from .scalars import Notes
from .secret_places import is_secret

_CLASS_NAME = re.compile(r"(?=[^_]*_.*[A-Z]|[A-Z][A-Z0-9]*_)[A-Za-z][A-Za-z0-9]*_[A-Za-z0-9_]+\Z")
"""What can only be a class: a prefix and an underscore, with capitals as no step type has them."""
_BESIDES = ("type", "properties")
_DEPTH = 100
"""Groups inside groups that are read; real sequences have six levels, Python's stack is the limit here."""


class Parsed(t.NamedTuple):
    """A task sequence of the play and what a person should know about it."""

    sequence: Sequence
    warnings: list[str]


def parse_steps(steps: t.Any, *, path: str = "steps") -> Parsed:
    """Return the model of a list of steps in YAML form.

    :param steps: plain Python data as the option ``steps`` or a file has it.
    :param path: name of the option, the root of all paths in messages.
    :raises InvalidInput: with every problem, each with path, value and rule.
    """
    notes = Notes()
    found = _steps(notes, path, steps)
    if notes.problems:
        raise InvalidInput(notes.problems)
    return Parsed(Sequence(steps=found), notes.warnings)


def read_step(notes: Notes, path: str, value: t.Any) -> Step | None:
    """Return what can be read of one step or group; problems are noted, and what is wrong is left out."""
    return _step(notes, path, value)


def _steps(notes: Notes, path: str, value: t.Any) -> list[Step]:
    if not isinstance(value, (list, tuple)):
        notes.problem(path, value, "must be a list of steps and groups")
        return []
    if path.count(".steps") > _DEPTH:
        notes.problem(path, "", f"groups are nested more than {_DEPTH} levels deep")
        return []
    found = (_step(notes, f"{path}[{index}]", item) for index, item in enumerate(value))
    return [step for step in found if step is not None]


def _step(notes: Notes, path: str, value: t.Any) -> Step | None:
    if not isinstance(value, dict):
        notes.problem(path, value, "must be a mapping: a step with `type`, or a group with `steps`")
        return None
    rule, class_name = _kind(notes, path, value)
    if rule is None:
        return None
    entry = Entry(notes, rule, path, {key: item for key, item in value.items() if item is not None})
    if rule.kind == "group":
        entry.given.setdefault("steps", [])
    known = rule if class_name == rule.class_name else None
    raw = entry.given.get("properties")
    if raw is not None:
        common = known or t.cast(StepRule, load_rules().get(PREFIX + "Action"))
        entry.properties.update(raw_properties(notes, f"{path}.properties", raw, common))
    read_options(entry, _BESIDES)
    require(entry)
    step = Step(class_name, finish_properties(rule, entry.properties), path=path)
    if isinstance(raw, dict):
        for name in raw:
            if name in step.properties and is_secret(step, name):
                step.properties[name] = secret_value(step.properties[name])
    if entry.given.get("condition"):
        step.condition = read_condition(notes, f"{path}.condition", entry.given["condition"])
    if rule.kind == "group":
        step.steps = _steps(notes, f"{path}.steps", value.get("steps") or [])
    return step


def _kind(notes: Notes, path: str, value: dict[str, t.Any]) -> tuple[StepRule | None, str]:
    """Return the rule and the class of an entry; an unknown class gets the rule of any action."""
    rules = load_rules()
    word = value.get("type")
    if word is None:
        if "steps" in value:
            return rules.get(GROUP), GROUP
        notes.problem(f"{path}.type", "", "is required; an entry with `steps` is a group")
        return None, ""
    if not isinstance(word, str):
        notes.problem(f"{path}.type", word, "must be text")
        return None, ""
    rule = rules.by_type(word)
    if value.get("steps") is not None and (rule is None or rule.kind != "group"):
        notes.problem(path, word, "has both `type` and `steps`: a group has no type, a step has no steps")
        return None, ""
    if rule is not None:
        return rule, rule.class_name
    if _CLASS_NAME.match(word):
        twins = difflib.get_close_matches(word, [known.class_name for known in rules.steps()], 1, 0.9)
        if twins:
            notes.warn(f"{path}.type", f"{word} is a class this collection does not know; {twins[0]} is not meant?")
        return rules.get(PREFIX + "Action"), word
    close = rules.suggestions(word)
    hint = f"did you mean {' or '.join(close)}?" if close else "the step reference lists the types."
    notes.problem(f"{path}.type", word, f"is no step type; {hint} A class of the site is written by its name.")
    return None, ""
