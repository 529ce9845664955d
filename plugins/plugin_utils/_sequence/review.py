# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two task sequences beside each other: the review that ``sequence_diff`` gives, as text or as data.

Either side may be steps, what a module or filter returned, or the content of a file; sides are
compared by what is written, so a name and an ID are never the same.
"""

from __future__ import annotations

import collections
import dataclasses
import typing as t

from .._errors import InvalidInput, Problem
from . import diff, wording
from .containers import is_xml, open_document
from .diff import Change
from .from_yaml import parse_steps
from .match import match
from .model import Sequence, Step
from .offline import as_written
from .secret_places import is_secret
from .secrets import mask_step
from .to_yaml import describe_step
from .vocabulary import properties_of
from .xml_read import read_sequence
from .yaml_emit import flow
from .yaml_file import read

OPTION = "option"
"""Kind of a change of the package itself."""
_NO_LIMIT = 2**31
_WORDS = {
    diff.ADDED: "added",
    diff.REMOVED: "removed",
    diff.MOVED: "moved",
    diff.RENAMED: "renamed",
    diff.ENABLED: "enabled",
    diff.DISABLED: "disabled",
    diff.CHANGED: "setting",
    diff.CONDITION: "condition",
    diff.SCRIPT: "text",
    OPTION: "package option",
}
_COUNTED = (diff.CHANGED, diff.CONDITION, diff.SCRIPT, OPTION)
"""Kinds whose word is a noun."""


@dataclasses.dataclass
class Side:
    """One side: the steps, the package options that it states, and names for IDs that it knows."""

    sequence: Sequence | None
    options: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    names: dict[str, str] = dataclasses.field(default_factory=dict)


PackageOptions = t.Callable[[t.Any], dict[str, t.Any]]
"""Returns the options of an exported package; the caller knows them."""


def side(value: t.Any, source: str, option_names: t.Sequence[str], package_options: PackageOptions) -> Side:
    """Return a side of the comparison.

    :param value: a list of steps, a mapping with ``steps``, a result of the info module with one task
        sequence, text of a YAML file or an export, or ``None`` for "does not exist".
    :raises InvalidInput: anything else, with every problem; paths begin with ``source``.
    """
    if value is None:
        return Side(None)
    if isinstance(value, bytes) or (isinstance(value, str) and is_xml(value)):
        document = open_document(value, source=source)
        sequence = read_sequence(document.text, source=document.source)
        options = package_options(document.package) if document.package is not None else {}
        return Side(sequence, options, document.names)
    if isinstance(value, str):
        value = read(value, source=source)
    if isinstance(value, dict) and "steps" not in value and isinstance(value.get("task_sequences"), list):
        found = value["task_sequences"]
        if len(found) != 1:
            rule = f"holds {len(found)} task sequences; give one of them"
            raise InvalidInput([Problem(source, "", rule)])
        value = found[0]
    if isinstance(value, dict) and "steps" in value:
        if value["steps"] is None:
            rule = "were not read; ask cm_task_sequence_info by name or package_id, or with gather: [steps]"
            raise InvalidInput([Problem(f"{source}: steps", "", rule)])
        return _from_steps(value["steps"], source, value, option_names)
    if isinstance(value, list):
        return _from_steps(value, source, {}, option_names)
    rule = "must be a list of steps, a mapping with steps, or the content of a file"
    raise InvalidInput([Problem(source, "", rule)])


def _from_steps(steps: t.Any, source: str, given: dict[str, t.Any], option_names: t.Sequence[str]) -> Side:
    try:
        sequence = as_written(parse_steps(steps).sequence)
    except InvalidInput as error:
        if not error.problems:
            raise
        raise InvalidInput([p._replace(path=f"{source}: {p.path}") for p in error.problems]) from None
    names = {}
    listed = given.get("references")
    for item in listed if isinstance(listed, list) else ():
        if not isinstance(item, dict) or item.get("kind") == "program":
            # The ID of a program is its name.
            continue
        if isinstance(item.get("id"), str) and isinstance(item.get("name"), str):
            names[item["id"].casefold()] = item["name"]
    options = {name: given[name] for name in option_names if given.get(name) is not None}
    return Side(sequence, options, names)


@dataclasses.dataclass
class Review:
    """What differs: options of the package that both sides state, and changes of steps."""

    options: list[tuple[str, t.Any, t.Any]]
    changes: list[Change]
    old: Side
    new: Side

    def text(self, max_lines: int | None = None) -> str:
        """Return the review as text, empty when nothing differs."""
        counts = collections.Counter(change.kind for change in self.changes)
        counts[OPTION] = len(self.options)
        total = sum(counts.values())
        if not total:
            return ""
        listed = ", ".join(_count(kind, counts[kind]) for kind in _WORDS if counts[kind])
        lines = [f"{total} change{'s' if total > 1 else ''}: {listed}"]
        lines += [f"~ {name}: {_short(old)} -> {_short(new)}" for name, old, new in self.options]
        most = _NO_LIMIT if max_lines is None else max(1, max_lines - len(lines))
        return "\n".join(lines) + "\n" + diff.render(self.changes, most, _NO_LIMIT, block_lines=most)

    def data(self) -> list[dict[str, t.Any]]:
        """Return the review as a list of plain mappings."""
        found = [_item(OPTION, [], None, name, old, new) for name, old, new in self.options]
        places = _Places(self.old.sequence, self.new.sequence)
        return found + [_structured(change, places) for change in self.changes]


def compare(old: Side, new: Side) -> Review:
    """Return what makes the old side the new one."""
    both = [name for name in old.options if name in new.options]
    options = [(n, old.options[n], new.options[n]) for n in both if old.options[n] != new.options[n]]
    names = {**old.names, **new.names}

    def name_of(_class: str, _property: str, value: str) -> str | None:
        name = names.get(value.casefold())
        return f"{name} ({value})" if name else None

    matching = match(old.sequence, new.sequence) if old.sequence is not None and new.sequence is not None else None
    found = diff.changes(old.sequence, new.sequence, matching, name_of=name_of, both_ways=True)
    return Review(options, found, old, new)


def _count(kind: str, number: int) -> str:
    return f"{number} {_WORDS[kind]}{'s' if kind in _COUNTED and number > 1 else ''}"


def _short(value: t.Any) -> str:
    return wording.shorten(value if isinstance(value, str) and value else flow(value))


# -- as data ---------------------------------------------------------------------------------------


class _Places:
    """Names and places of all steps of both sides."""

    def __init__(self, *sequences: Sequence | None) -> None:
        self._found: dict[int, tuple[list[str], str]] = {}
        for sequence in sequences:
            pending = [(step, [], f"steps[{i}]") for i, step in enumerate(sequence.steps if sequence else ())]
            while pending:
                step, above, place = pending.pop()
                self._found[id(step)] = (names := [*above, step.name]), place
                pending.extend((s, names, f"{place}.steps[{i}]") for i, s in enumerate(step.steps or ()))

    def of(self, step: Step | None) -> tuple[list[str], str | None]:
        """Return the names of the groups and the step, and the place as an option path."""
        return self._found[id(step)] if step is not None else ([], None)


def _item(
    kind: str, path: list[str], type_: str | None, option: str | None, old: t.Any, new: t.Any
) -> dict[str, t.Any]:
    return {"kind": kind, "path": path, "type": type_, "option": option, "old": old, "new": new}


def _structured(change: Change, places: _Places) -> dict[str, t.Any]:
    old_path, old_place = places.of(change.old_step)
    new_path, new_place = places.of(change.new_step)
    path = new_path if change.new_step is not None else old_path
    item = _item(change.kind, path, change.type, change.option, None, None)
    if change.kind == diff.MOVED:
        item.update(old=old_path, new=new_path)
    elif change.kind == diff.RENAMED:
        item.update(old=change.old, new=change.new)
    elif change.kind in (diff.ENABLED, diff.DISABLED):
        item.update(old=change.kind == diff.DISABLED, new=change.kind == diff.ENABLED)
    elif change.kind == diff.ADDED and change.new_step is not None:
        item["new"] = _yaml(change.new_step)
    elif change.kind == diff.REMOVED and change.old_step is not None:
        item["old"] = _yaml(change.old_step)
    elif change.kind in (diff.CHANGED, diff.CONDITION) and change.old_step is not None and change.new_step is not None:
        item.update(old=_value(change, change.old_step), new=_value(change, change.new_step))
    item["lines"] = list(change.lines)
    item["old_place"], item["new_place"] = old_place, new_place
    return item


def _yaml(step: Step) -> dict[str, t.Any]:
    """Return one step in the form of a play, without the steps inside it and without secrets."""
    alone = Step(step.class_name, step.properties, step.condition, None if step.steps is None else [], step.path)
    return describe_step(mask_step(alone), _as_written)


def _as_written(ref: t.Any) -> t.Any:
    return ref.id or ref.name or ""


def _value(change: Change, step: Step) -> t.Any:
    """Return the value of an option as a play writes it; where it is left out, what that means."""
    if change.kind == diff.CONDITION:
        return _yaml(step).get("condition", [])
    name = change.property or ""
    if is_secret(step, name):
        return None
    shown = _yaml(step)
    if change.option in shown:
        return shown[change.option]
    if name in shown.get("properties", {}):
        return shown["properties"][name]
    known = (properties_of(step.class_name) or {}).get(name)
    value = step.properties.get(name)
    value = known.null_means if value is None and known is not None else value
    if value is None or isinstance(value, (bool, int)):
        return value
    words = wording.value_words(step.class_name, name, value)
    return None if words == wording.NOTHING else words
