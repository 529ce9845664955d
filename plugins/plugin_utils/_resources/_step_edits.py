# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Edits of single steps: what the play may write, and carrying it out on a draft."""

from __future__ import annotations

import dataclasses
import difflib
import typing as t

from .._errors import InvalidInput
from .._sequence import scalars
from .._sequence.match import match
from .._sequence.model import Sequence, Step
from .._sequence.scalars import Notes
from .._sequence.wording import type_word
from . import _step_edits_options as step_options
from ._step_edits_draft import Draft

Path = tuple[str, ...]

ONLY_PRESENT = ("options", "reset", "before", "after", "into", "new_name")


@dataclasses.dataclass(frozen=True)
class Edit:
    """One edit. ``root`` is the option path of the entry (empty for the options of the task itself)."""

    root: str
    path: Path
    absent: bool = False
    occurrence: int | None = None
    options: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    reset: tuple[str, ...] = ()
    anchor: Path | None = None
    """The step beside which this one stands: one name within the target group, or a path from the top (``rooted``)."""
    rooted: bool = False
    after: bool = False
    into: Path | None = None
    new_name: str | None = None

    @property
    def prefix(self) -> str:
        """What stands before the names of its options in messages."""
        return f"{self.root}." if self.root else ""

    def at(self, option: str) -> str:
        return self.prefix + option

    @property
    def name(self) -> str:
        return self.new_name or self.path[-1]

    @property
    def group(self) -> Path:
        """The group in which the step stands afterwards."""
        if self.into is not None:
            return self.into
        return self.anchor[:-1] if self.anchor is not None and self.rooted else self.path[:-1]


def read_edits(params: t.Mapping[str, t.Any]) -> list[Edit]:
    """Return the edits of a task. Raises :class:`InvalidInput` with everything that is wrong."""
    notes = Notes()
    if params.get("edits") is None:
        edits = [_read(notes, "", params)]
    else:
        if not params["edits"]:
            notes.problem("edits", "[]", "must have at least one entry")
        for name in ("path", "occurrence", *ONLY_PRESENT):
            if params.get(name) not in (None, []):
                notes.problem(name, "", "belongs into an entry of edits when edits is given")
        if params.get("state") == "absent":
            notes.problem("state", "absent", "belongs into an entry of edits when edits is given")
        edits = [_read(notes, f"edits[{index}]", entry) for index, entry in enumerate(params["edits"])]
    if notes.problems:
        raise InvalidInput(notes.problems)
    return [edit for edit in edits if edit is not None]


def _read(notes: Notes, root: str, given: t.Mapping[str, t.Any]) -> Edit | None:
    def at(option: str) -> str:
        return f"{root}.{option}" if root else option

    before = len(notes.problems)
    path = _path(notes, at("path"), given.get("path"), empty=False)
    absent = given.get("state") == "absent"
    for option in ONLY_PRESENT:
        if absent and given.get(option) not in (None, []):
            notes.problem(at(option), "", "means nothing with state: absent; leave it out")
    occurrence = given.get("occurrence")
    if occurrence is not None and occurrence < 1:
        notes.problem(at("occurrence"), occurrence, "must be 1 or more; 1 is the first step of this path in run order")
    if given.get("before") is not None and given.get("after") is not None:
        notes.problem(at("before"), "", "give before or after, not both")
    side = "after" if given.get("after") is not None else "before"
    anchor = _path(notes, at(side), given.get(side), empty=False)
    into = _path(notes, at("into"), given.get("into"), empty=True)
    rooted = isinstance(given.get(side), (list, tuple))
    if anchor and rooted and into is not None and anchor[:-1] != into:
        notes.problem(at(side), " / ".join(anchor), "stands in another group than `into` says; leave one of them out")
    new_name = given.get("new_name")
    if new_name is not None:
        new_name = scalars.name(notes, at("new_name"), new_name)
    if len(notes.problems) > before or not path:
        return None
    options, reset = given.get("options") or {}, tuple(given.get("reset") or ())
    return Edit(root, path, absent, occurrence, options, reset, anchor, rooted, side == "after", into, new_name)


def _path(notes: Notes, place: str, value: t.Any, *, empty: bool) -> Path | None:
    """Return the names of a path; a text is one name, because names hold slashes and commas."""
    if value is None:
        if place.endswith("path"):
            notes.problem(place, "", "is required: the names of the groups and the step, outermost first")
        return None
    items = value if isinstance(value, (list, tuple)) else [value] if value != "" else []
    if not items and not empty:
        notes.problem(place, "", "must not be empty; give the names from the top, as a list")
        return None
    names = []
    for index, item in enumerate(items):
        where = f"{place}[{index}]"
        if isinstance(item, bool) or not isinstance(item, (str, int)):
            notes.problem(where, item, "must be the name of a group or step as text; quote it")
        elif not str(item).strip():
            notes.problem(where, "", "must not be empty")
        else:
            names.append(str(item))
    return tuple(names) if len(names) == len(items) else None


class Place(t.NamedTuple):
    """Where a step stands: the list that holds it, and its group path."""

    siblings: list[Step]
    step: Step
    path: str


class Editor:
    """Carries edits out on a draft; problems are collected, so that one run shows all of them."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.notes = Notes()
        self._by: dict[int, tuple[Step, str]] = {}

    def run(self, edits: t.Iterable[Edit]) -> None:
        """Carry the edits out in order; raises :class:`InvalidInput` with everything that is wrong."""
        for edit in edits:
            if edit.absent:
                self._remove(edit)
            else:
                self._put(edit)
        if self.notes.problems:
            raise InvalidInput(self.notes.problems)

    # -- finding --------------------------------------------------------------------------------

    def find(self, path: Path) -> list[Place]:
        """Return the steps at a path in run order: those of exactly these names, or else in any case."""
        exact = self._search(path, str)
        return exact or self._search(path, str.casefold)

    def _search(self, path: Path, fold: t.Callable[[str], str]) -> list[Place]:
        found: list[Place] = []
        lists = [(self.draft.sequence.steps, "")]
        for name in path:
            found = [
                Place(siblings, step, f"{prefix}{step.name}")
                for siblings, prefix in lists
                for step in siblings
                if fold(step.name) == fold(name)
            ]
            lists = [(one.step.steps, f"{one.path} / ") for one in found if one.step.steps is not None]
        return found

    def _pick(self, edit: Edit, found: list[Place], option: str = "path") -> Place | None:
        """Return the one place that an edit means, ``None`` when there is none or it is ambiguous."""
        if edit.occurrence is not None:
            return found[edit.occurrence - 1] if edit.occurrence <= len(found) else None
        if len(found) > 1:
            rule = f"{len(found)} steps bear this path, choose one by occurrence: {self._listed(found)}"
            self.notes.problem(edit.at(option), " / ".join(edit.path), rule)
            return None
        return found[0] if found else None

    def _listed(self, found: list[Place]) -> str:
        numbers = {id(step): number for number, step in enumerate(self.draft.sequence.walk(), 1)}
        shown = [
            f"{index} ({type_word(one.step)}, place {numbers[id(one.step)]} of the sequence)"
            for index, one in enumerate(found[:20], 1)
        ]
        return ", ".join(shown) + (f" and {len(found) - 20} more" if len(found) > 20 else "")

    def _group(self, edit: Edit, path: Path, option: str) -> list[Step] | None:
        """Return the list of steps of a group."""
        if not path:
            return self.draft.sequence.steps
        found = [one for one in self.find(path) if one.step.steps is not None]
        if len(found) == 1:
            return found[0].step.steps
        shown = " / ".join(path)
        if found:
            self.notes.problem(edit.at(option), shown, f"{len(found)} groups bear this path; rename one of them first")
        elif self.find(path):
            self.notes.problem(edit.at(option), shown, "is a step, and only a group holds steps")
        else:
            rule = f"there is no such group; create it in an earlier entry of edits. {self._near(path)}"
            self.notes.problem(edit.at(option), shown, rule.rstrip())
        return None

    def _near(self, path: Path) -> str:
        """Return where a step of the last name of a path stands, or the nearest names."""
        places, names = [], {}
        lists: list[tuple[list[Step], str]] = [(self.draft.sequence.steps, "")]
        while lists:
            siblings, prefix = lists.pop(0)
            for step in siblings:
                names.setdefault(step.name.casefold(), step.name)
                if step.name.casefold() == path[-1].casefold():
                    places.append(f"{prefix}{step.name}")
                if step.steps:
                    lists.append((step.steps, f"{prefix}{step.name} / "))
        if places:
            return f"That name is at: {'; '.join(places[:5])}."
        return _close(path[-1], names.values())

    # -- changing -------------------------------------------------------------------------------

    def _remove(self, edit: Edit) -> None:
        place = self._pick(edit, self.find(edit.path))
        if place is not None:
            _take_out(place.siblings, place.step)

    def _put(self, edit: Edit) -> None:
        before = len(self.notes.problems)
        goal = (*edit.group, edit.name)
        place = self._pick(edit, self.find(edit.path))
        if len(self.notes.problems) > before:
            return
        there = self.find(goal) if goal != edit.path else []
        if place is None and there:
            # An earlier run moved or renamed it.
            place = there[0] if len(there) == 1 else self._pick(edit, there)
        elif place is not None and any(one.step is not place.step for one in there):
            rule = "a step of this name is there already; remove it, or give another new_name"
            self.notes.problem(edit.at("into" if edit.new_name is None else "new_name"), " / ".join(goal), rule)
        if len(self.notes.problems) > before:
            return
        if place is None:
            self._create(edit)
        else:
            self._change(edit, place)

    def _create(self, edit: Edit) -> None:
        shown = " / ".join(edit.path)
        if edit.occurrence is not None and self.find(edit.path):
            rule = f"only {len(self.find(edit.path))} of this path; leave occurrence out to mean that one"
            self.notes.problem(edit.at("occurrence"), edit.occurrence, f"{shown}: there is {rule}")
            return
        if not edit.options:
            rule = f"there is no such step. {self._near(edit.path)}".rstrip()
            self.notes.problem(edit.at("path"), shown, f"{rule} Options with a type would create it.")
            return
        if edit.reset:
            self.notes.problem(edit.at("reset"), "", f"{shown} is not there yet; a new step has every default anyway")
            return
        before = len(self.notes.problems)
        siblings = self._group(edit, edit.group, "path" if edit.into is None else "into")
        if "type" not in edit.options and "steps" not in edit.options and self._near(edit.path):
            self.notes.problem(edit.at("path"), shown, f"there is no such step. {self._near(edit.path)}")
        step = step_options.create(self.notes, edit.name, edit.options, edit.prefix)
        if step is None or siblings is None or len(self.notes.problems) > before:
            return
        self._insert(edit, siblings, step)
        self._note(edit, step, whole=True)

    def _change(self, edit: Edit, place: Place) -> None:
        step = place.step
        before = len(self.notes.problems)
        if edit.options or edit.reset:
            earlier = self._by.get(id(step))
            if earlier is not None:
                rule = f"the options of this step are in {earlier[1]} already; put them into one entry"
                self.notes.problem(edit.at("options"), " / ".join(edit.path), rule)
                return
            if step.steps is None and "steps" in edit.options:
                self.notes.problem(edit.at("options.steps"), "", "a step has no steps; only a group has")
                return
            new = step_options.change(self.notes, step, edit.options, edit.reset, edit.prefix)
            if new is not None and "steps" in edit.options:
                self._replace_content(step, new.steps or [])
            self._note(edit, step, whole="steps" in edit.options)
        if step.name != edit.name and edit.new_name is not None:
            step.properties["Name"] = edit.name
            self.draft.edit(step)
        moving = edit.into is not None or edit.anchor is not None
        if len(self.notes.problems) > before or not moving:
            return
        target = place.siblings
        if edit.into is not None or edit.rooted:
            found = self._group(edit, edit.group, "into" if edit.into is not None else "before")
            if found is None:
                return
            target = found
        if _holds(step, target):
            self.notes.problem(edit.at("into"), " / ".join(edit.group), "a group cannot go into itself")
            return
        if target is place.siblings and edit.anchor is None:
            return
        _take_out(place.siblings, step)
        if not self._insert(edit, target, step):
            place.siblings.append(step)

    def _replace_content(self, group: Step, steps: list[Step]) -> None:
        """Give a group other steps; those that continue one of before keep its secrets."""
        pairs = match(Sequence(group.steps or []), Sequence(steps)).pairs
        group.steps = steps
        for pair in pairs:
            self.draft.continues(pair.new, self.draft.origin(pair.old))
        for step in Sequence(steps).walk():
            self.draft.edit(step)

    def _note(self, edit: Edit, step: Step, *, whole: bool) -> None:
        """Note whose options a step has now, with ``whole`` also for every step inside it."""
        self.draft.edit(step)
        for one in Sequence([step]).walk() if whole else (step,):
            self._by[id(one)] = (one, edit.root or "this task")
        step.path = f"{edit.root}.options" if edit.root else "options"

    def _insert(self, edit: Edit, siblings: list[Step], step: Step) -> bool:
        """Put a step into its place among others; says whether there is such a place."""
        if edit.anchor is None:
            siblings.append(step)
            return True
        side = "after" if edit.after else "before"
        name = edit.anchor[-1]
        found = [one for one in siblings if one.name == name] or [
            one for one in siblings if one.name.casefold() == name.casefold()
        ]
        if len(found) == 1:
            index = next(index for index, one in enumerate(siblings) if one is found[0])
            siblings.insert(index + 1 if edit.after else index, step)
            return True
        where = " / ".join(edit.group) or "the top level"
        if found:
            rule = f"{len(found)} steps of {where} bear this name; name another neighbour"
        elif name.casefold() == step.name.casefold():
            rule = "is the step itself; name a neighbour"
        else:
            listed = ", ".join(one.name for one in siblings[:20]) or "none"
            rule = f"is no step of {where}; there are: {listed}"
        self.notes.problem(edit.at(side), name, rule)
        return False


def _close(name: str, names: t.Iterable[str]) -> str:
    """Return a question that names what was perhaps meant, empty when nothing is close."""
    known = {one.casefold(): one for one in names}
    close = difflib.get_close_matches(name.casefold(), known, 3, 0.6)
    return f"Did you mean {' or '.join(known[one] for one in close)}?" if close else ""


def _take_out(siblings: list[Step], step: Step) -> None:
    siblings[:] = [one for one in siblings if one is not step]


def _holds(step: Step, target: list[Step]) -> bool:
    """Whether a list of steps belongs to a group or to one inside it."""
    return any(one.steps is target for one in Sequence([step]).walk())
