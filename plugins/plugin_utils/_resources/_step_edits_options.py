# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Some options of one stored step changed, the others kept.

The step is described in YAML form, the options of the play are laid over it, and both forms are read by the same
code. What differs between the two goes into the step; everything else in it stays as it was stored.
"""

from __future__ import annotations

import typing as t

from .._sequence import view
from .._sequence.from_yaml import read_step
from .._sequence.model import GROUP, PREFIX, STORED, Secret, Step
from .._sequence.rules import StepRule, load_rules
from .._sequence.scalars import Notes, nearest
from .._sequence.secret_places import is_secret, secret_names
from .._sequence.to_yaml import describe_step

_ELSEWHERE = {
    "name": "the name stands in `path`; `new_name` changes it",
}
_STRUCTURE = ("name", "type", "steps")


def change(notes: Notes, step: Step, given: t.Mapping[str, t.Any], reset: t.Sequence[str], place: str) -> Step | None:
    """Lay options over a step, which is changed in place.

    :param place: what stands before the option names of the edit in messages, such as ``edits[0].``.
    :returns: what was read of the options, for the steps inside a group; ``None`` when they were not readable.
    """
    rule = load_rules().step(step.class_name) or t.cast(StepRule, load_rules().get(PREFIX + "Action"))
    given = {name: value for name, value in given.items() if value is not None}
    before = len(notes.problems)
    _check_type(notes, step, given, place)
    _check_reset(notes, rule, given, reset, place)
    if len(notes.problems) > before:
        return None
    given.pop("type", None)
    described = describe_step(step, view.by_id)
    for name in ("condition", "steps"):
        described.pop(name, None)
    if step.steps is not None:
        described["steps"] = []
    merged = _merged(rule, described, given, reset)
    old_notes, new_notes = Notes(), Notes()
    old = read_step(old_notes, f"{place}options", described)
    new = read_step(new_notes, f"{place}options", merged)
    # What the site stores may break a rule that nobody touches here.
    notes.problems += [problem for problem in new_notes.problems if problem not in old_notes.problems]
    notes.warnings += [text for text in new_notes.warnings if text not in old_notes.warnings]
    if old is None or new is None or len(notes.problems) > before:
        return None
    _lay_over(step, old, new)
    for name, value in step.properties.items():
        if value == STORED and not is_secret(step, name):
            notes.problem(f"{place}options", "", "would show a stored secret, which nobody can read: give its value")
            return None
    for name in secret_names(step):
        if _is_kept(step.properties.get(name)):
            # Left out means "keep", and says better than the constant why a secret cannot be kept.
            del step.properties[name]
    if "condition" in given or "condition" in reset:
        step.condition = new.condition
    return new


def _is_kept(value: t.Any) -> bool:
    return value == STORED or (isinstance(value, Secret) and value.value is None)


def _check_type(notes: Notes, step: Step, given: t.Mapping[str, t.Any], place: str) -> None:
    for name, rule in _ELSEWHERE.items():
        if name in given:
            notes.problem(f"{place}options.{name}", given[name], rule)
    word = given.get("type")
    if word is None:
        return
    rules = load_rules()
    known = rules.by_type(word) if isinstance(word, str) else None
    class_name = known.class_name if known is not None else str(word)
    if class_name.casefold() != step.class_name.casefold():
        own = rules.step(step.class_name)
        what = own.type if own is not None and own.type else "group" if step.steps is not None else step.class_name
        rule = f"the step is of type {what}, and a type never changes; remove the step and create another one"
        notes.problem(f"{place}options.type", word, rule)


def _check_reset(
    notes: Notes, rule: StepRule, given: t.Mapping[str, t.Any], reset: t.Sequence[str], place: str
) -> None:
    for index, name in enumerate(reset):
        option = rule.options.get(name)
        if name in _STRUCTURE or (option is not None and option.required):
            notes.problem(f"{place}reset[{index}]", name, "is required, so it has no default to go back to")
        elif option is None:
            notes.problem(f"{place}reset[{index}]", name, f"is no option of the step; {nearest(name, rule.options)}")
        elif name in given:
            notes.problem(f"{place}reset[{index}]", name, "is given in options too; say one or the other")


def _merged(
    rule: StepRule, described: dict[str, t.Any], given: dict[str, t.Any], reset: t.Sequence[str]
) -> dict[str, t.Any]:
    """Return the described step with the options of the play; what they rule out goes."""
    merged = {**described, **given}
    if isinstance(given.get("properties"), dict):
        merged["properties"] = {**described.get("properties", {}), **given["properties"]}
    for name in reset:
        merged.pop(name, None)
    for check in rule.checks:
        for names in (check.get("one_of"), check.get("at_most_one")):
            if any(given.get(name) not in (None, "") for name in names or ()):
                _drop(merged, given, names)
    for _round in rule.options:
        left = [name for name in merged if name not in given and _is_ruled_out(rule, merged, described, name)]
        if not left:
            break
        _drop(merged, given, left)
    return merged


def _drop(merged: dict[str, t.Any], given: t.Mapping[str, t.Any], names: t.Iterable[str]) -> None:
    for name in names:
        if name not in given:
            merged.pop(name, None)


def _is_ruled_out(rule: StepRule, merged: dict[str, t.Any], described: dict[str, t.Any], name: str) -> bool:
    """Whether a stored option lost what it needs beside it through the options of the play."""
    for check in rule.checks:
        others = check.get("needs", {}).get(name)
        if others and not any(other in merged for other in others) and any(other in described for other in others):
            return True
        for other, words in check.get("only_if", {}).get(name, {}).items():
            if merged.get(other) != described.get(other) and str(merged.get(other)).casefold() not in words:
                return True
    return False


def _lay_over(step: Step, old: Step, new: Step) -> None:
    for name in dict.fromkeys([*old.properties, *new.properties]):
        value = new.properties.get(name)
        if value == old.properties.get(name):
            continue
        if value is None:
            step.properties.pop(name, None)
        else:
            step.properties[name] = value


def create(notes: Notes, name: str, given: t.Mapping[str, t.Any], place: str) -> Step | None:
    """Return a new step of the options of the play."""
    given = {key: value for key, value in given.items() if value is not None}
    before = len(notes.problems)
    for key, rule in _ELSEWHERE.items():
        if key in given:
            notes.problem(f"{place}options.{key}", given[key], rule)
    if "type" not in given and "steps" not in given:
        rule = "is required: the step is not there yet, so it is created (type: group for a group)"
        notes.problem(f"{place}options.type", "", rule)
    if len(notes.problems) > before:
        return None
    if str(given.get("type")).casefold() in ("group", GROUP.casefold()):
        given.setdefault("steps", [])
    step = read_step(notes, f"{place}options", {"name": name, **given})
    return step if len(notes.problems) == before else None
