# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What steps in the form of a play refer to, and the places in them that keep a stored secret."""

from __future__ import annotations

import copy
import dataclasses
import typing as t

from .._errors import InvalidInput, Problem
from .finish import collect_refs, edition_images
from .from_yaml import parse_steps
from .model import STORED, Ref, Sequence, Step

_NARROW = ("version", "manufacturer", "language")


def list_references(steps: t.Any) -> list[dict[str, t.Any]]:
    """Return every reference of the steps in run order, in words that a play can use.

    :raises InvalidInput: the steps are wrong; every problem is named.
    """
    found = []
    for step, path in _with_paths(parse_steps(steps).sequence.steps, ()):
        alone = Sequence(steps=[dataclasses.replace(step, steps=None)])
        editions = edition_images(alone)
        for ref in collect_refs(alone):
            found.append({**_described(ref), "path": ref.path, "step": list(path), "edition": ref in editions})
    return found


def _with_paths(steps: t.Iterable[Step], above: tuple[str, ...]) -> t.Iterator[tuple[Step, tuple[str, ...]]]:
    for step in steps:
        path = (*above, step.name)
        yield step, path
        yield from _with_paths(step.steps or (), path)


def _described(ref: Ref) -> dict[str, t.Any]:
    entry: dict[str, t.Any] = {"kind": ref.kind, "name": ref.name, "id": ref.id}
    entry.update({key: getattr(ref, key) for key in _NARROW if getattr(ref, key) is not None})
    if ref.parent is not None:
        entry["package"] = ref.parent.name if ref.parent.id is None else {"id": ref.parent.id}
    return entry


@dataclasses.dataclass(frozen=True)
class Filling:
    """One secret that the play gives: the step by the names on the way to it, the option, the value."""

    path: tuple[str, ...]
    option: str
    value: str


_KEYS = {"path", "option", "value", "task_sequence"}


def read_fillings(values: t.Any, task_sequence: str | None = None, root: str = "values") -> list[Filling]:
    """Return the secrets that a play lists; raises :class:`InvalidInput` with everything that is wrong.

    :param task_sequence: entries that name another task sequence are left out.
    """
    problems: list[Problem] = []
    found = []
    if not isinstance(values, list):
        raise InvalidInput([Problem(root, "", "must be a list of path, option and value")])
    for index, item in enumerate(values):
        place = f"{root}[{index}]"
        if not isinstance(item, dict) or set(item) - _KEYS:
            problems.append(Problem(place, "", "must be a mapping with path, option and value"))
            continue
        if task_sequence is not None and item.get("task_sequence") not in (None, task_sequence):
            continue
        path = item.get("path")
        names = [path] if isinstance(path, str) else path
        if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
            problems.append(Problem(f"{place}.path", "", "must be the names of the groups and of the step, as a list"))
        elif not isinstance(item.get("option"), str):
            problems.append(Problem(f"{place}.option", "", "must be the option that holds the secret"))
        elif not isinstance(item.get("value"), str) or item["value"] in ("", STORED):
            problems.append(Problem(f"{place}.value", "", "must be the secret as text"))
        else:
            found.append(Filling(tuple(names), item["option"], item["value"]))
    if problems:
        raise InvalidInput(problems)
    return found


def fill_secrets(steps: t.Any, fillings: t.Sequence[Filling], root: str = "values") -> list[t.Any]:
    """Return a copy of the steps in which the constant for a stored secret is replaced by the secrets given.

    :raises InvalidInput: names every entry that fits no place or several.
    """
    if not isinstance(steps, list):
        raise InvalidInput([Problem("steps", "", "must be a list of steps")])
    filled = copy.deepcopy(steps)
    # Looked up before anything is replaced, so that an entry given twice is no riddle.
    places: dict[tuple[str, ...], list[dict[str, t.Any]]] = {}
    _index(filled, (), places)
    problems = []
    for index, filling in enumerate(fillings):
        label = f"{root}[{index}]"
        shown = " / ".join(filling.path)
        here = places.get(filling.path, [])
        holders = [step for step in here if _holds(step, filling.option)]
        if len(holders) == 1:
            _put(holders[0], filling.option, filling.value)
        elif holders:
            problems.append(Problem(label, shown, f"{len(holders)} steps of this path keep a secret there"))
        elif here:
            rule = f"the step keeps no stored secret in {filling.option}; it keeps: {', '.join(_kept(here)) or 'none'}"
            problems.append(Problem(label, shown, rule))
        else:
            problems.append(Problem(label, shown, "there is no step of this path"))
    if problems:
        raise InvalidInput(problems)
    return filled


def _index(steps: t.Any, above: tuple[str, ...], places: dict[tuple[str, ...], list[dict[str, t.Any]]]) -> None:
    for step in steps if isinstance(steps, list) else ():
        if isinstance(step, dict):
            path = (*above, str(step.get("name", "")))
            places.setdefault(path, []).append(step)
            _index(step.get("steps"), path, places)


def _kept(steps: t.Sequence[dict[str, t.Any]]) -> list[str]:
    found = []
    for step in steps:
        for key, value in step.items():
            if key != "steps":
                found += _constants(value, key)
    return list(dict.fromkeys(found))


def _constants(value: t.Any, path: str) -> t.Iterator[str]:
    if value == STORED:
        yield path
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _constants(item, f"{path}.{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _constants(item, f"{path}[{index}]")


def _holds(step: dict[str, t.Any], option: str) -> bool:
    return option in _kept([step])


def _put(step: dict[str, t.Any], option: str, value: str) -> None:
    """Replace the constant at a place such as ``password`` or ``rules[0].set.Key``; names may hold dots."""
    def replaced(held: t.Any, path: str) -> t.Any:
        if path == option and held == STORED:
            return value
        if isinstance(held, dict):
            return {key: replaced(item, f"{path}.{key}") for key, item in held.items()}
        if isinstance(held, list):
            return [replaced(item, f"{path}[{index}]") for index, item in enumerate(held)]
        return held

    for key in [key for key in step if key != "steps"]:
        step[key] = replaced(step[key], key)
