# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What changes between two sequences, in words: the text that ``--diff`` shows.

The text is capped, because consoles throw away results that are too long, and holds
no secret: those are never compared, and values are put into words by ``wording.py`` only.
"""

from __future__ import annotations

import bisect
import dataclasses
import difflib
import os.path
import typing as t

from . import wording
from .dynamic_variables import secrets as dynamic_secrets
from .equality import Difference, canonical_properties, differences
from .implied import implied_values
from .match import Matching
from .model import Sequence, Step
from .renames import SAME_CONTENT, with_renames
from .secret_places import RULES, has_rules, secret_names, secret_text
from .vocabulary import is_xml_only, properties_of
from .wording import NameOf
from .xml_form import ATTRIBUTE_PROPERTIES

ADDED = "added"
REMOVED = "removed"
MOVED = "moved"
RENAMED = "renamed"
ENABLED = "enabled"
DISABLED = "disabled"
CHANGED = "changed"
CONDITION = "condition"
SCRIPT = "script"

MAX_LINES = 200
MAX_BYTES = 32 * 1024
_BLOCK_LINES = 60
"""Lines of one change that are shown at most."""
_SAME_START = 60
_KEPT_START = 30
"""Characters that two long values have in common at the start: from where on, and how many are shown."""
_COMPARISONS = 4_000_000
"""Above this product of line numbers a line diff is not worth its time."""


@dataclasses.dataclass(frozen=True)
class Change:
    """One change: what kind, at which step, and the option with its old and new text.

    ``path`` is the names of the groups and the step, ``type`` the step's type word. ``lines`` are
    the settings of an added step, what is lost with a removed one, or a line diff of a script.
    """

    kind: str
    path: str
    type: str
    option: str | None = None
    old: str | None = None
    new: str | None = None
    lines: tuple[str, ...] = ()
    old_step: Step | None = dataclasses.field(default=None, repr=False, compare=False)
    new_step: Step | None = dataclasses.field(default=None, repr=False, compare=False)
    property: str | None = dataclasses.field(default=None, compare=False)


def changes(
    old: Sequence | None,
    new: Sequence | None,
    matching: Matching | None = None,
    *,
    name_of: NameOf | None = None,
    both_ways: bool = False,
) -> list[Change]:
    """Return the changes that make the old sequence the new one, in run order.

    :param old: ``None`` when the sequence does not exist yet; ``new``: ``None`` when it is deleted.
    :param matching: of both; needed when both are given. Steps that were moved and renamed at once
        are found here in addition, for the wording only.
    :param name_of: names for the IDs that properties hold.
    :param both_ways: an unknown property that only the old side states is a change too.
    """
    old_paths = _paths(old)
    new_paths = _paths(new)
    if matching is None or old is None or new is None:
        found = [_removed(step, old_paths[id(step)]) for step in old.walk()] if old is not None else []
        return found + ([_added(s, new_paths[id(s)], name_of) for s in new.walk()] if new is not None else [])
    matching = with_renames(matching)
    after = _removals(matching, old_paths)
    moved = _moved(matching)
    found = list(after.get(None, ()))
    for step in new.walk():
        path = new_paths[id(step)]
        pair = matching.pair_of_new(step)
        if pair is None:
            found.append(_added(step, path, name_of))
            continue
        if id(step) in moved:
            kind = wording.type_word(step)
            found.append(Change(MOVED, path, kind, None, old_paths[id(pair.old)], path, (), pair.old, step))
        for difference in _all_differences(pair.old, step, both_ways):
            change = _changed(pair.old, step, path, difference, name_of)
            if change.kind == RENAMED and pair.kind == SAME_CONTENT:
                change = dataclasses.replace(change, lines=_lost(pair.old))
            found.append(dataclasses.replace(change, old_step=pair.old, new_step=step, property=difference.property))
        found.extend(after.get(id(step), ()))
    return found


def _all_differences(old: Step, new: Step, both_ways: bool) -> list[Difference]:
    found = differences(old, new)
    if both_ways:
        named = {difference.property for difference in found}
        swapped = differences(old=new, new=old)
        back = [difference for difference in swapped if difference.property not in named]
        found += [difference._replace(old=difference.new, new=difference.old) for difference in back]
    return found


def render(
    found: t.Sequence[Change],
    max_lines: int = MAX_LINES,
    max_bytes: int = MAX_BYTES,
    *,
    block_lines: int = _BLOCK_LINES,
) -> str:
    """Return changes as text, at most so many lines and bytes (UTF-8); empty when nothing changes.

    :param block_lines: how many lines of one change are shown at most.
    """
    if not found:
        return ""
    lines: list[str] = []
    size = 0
    for index, change in enumerate(found):
        block = _block(change)
        if len(block) > block_lines:
            block = [*block[: block_lines - 1], f"      ... {len(block) - block_lines + 1} more lines"]
        block_size = sum(len(line.encode("utf-8", "replace")) + 1 for line in block)
        left = len(found) - index
        closing = f"... and {left} more changes"
        # Keep room for the closing line, unless this block is the last one and fits.
        spare = 0 if left == 1 else 1
        if len(lines) + len(block) + spare > max_lines or size + block_size + spare * (len(closing) + 1) > max_bytes:
            lines.append(closing if left > 1 else "... and 1 more change")
            break
        lines.extend(block)
        size += block_size
    return "\n".join(lines) + "\n"


# -- finding ---------------------------------------------------------------------------------------


def _paths(sequence: Sequence | None) -> dict[int, str]:
    found: dict[int, str] = {}
    stack = [(step, "") for step in reversed(sequence.steps)] if sequence is not None else []
    while stack:
        step, prefix = stack.pop()
        name = wording.shorten(step.name) or "(no name)"
        found[id(step)] = path = f"{prefix}{name}"
        stack.extend((child, f"{path} / ") for child in reversed(step.steps or []))
    return found


def _removals(matching: Matching, paths: dict[int, str]) -> dict[int | None, list[Change]]:
    """Return the removals, each after the wanted step that continues the nearest stored step before it."""
    found: dict[int | None, list[Change]] = {}
    anchor: int | None = None
    for step in matching.old.walk():
        partner = matching.new_of(step)
        if partner is not None:
            anchor = id(partner)
        else:
            found.setdefault(anchor, []).append(_removed(step, paths[id(step)]))
    return found


def _moved(matching: Matching) -> set[int]:
    """Return the wanted steps that stand in another group or in another order than before.

    Of steps that stay in their group, the longest run that keeps its order has not moved.
    """
    old_parent = _parents(matching.old)
    moved: set[int] = set()
    groups: list[tuple[Step | None, list[Step]]] = [(None, matching.new.steps)]
    groups += [(step, step.steps) for step in matching.new.walk() if step.steps]
    for group, children in groups:
        partner = matching.old_of(group) if group is not None else None
        stayed = []
        for child in children:
            pair = matching.pair_of_new(child)
            if pair is None:
                continue
            parent, place = old_parent[id(pair.old)]
            if parent is partner and (group is None or partner is not None):
                stayed.append((place, child))
            else:
                moved.add(id(child))
        kept = _longest_rising([place for place, _child in stayed])
        moved.update(id(child) for index, (_place, child) in enumerate(stayed) if index not in kept)
    return moved


def _parents(sequence: Sequence) -> dict[int, tuple[Step | None, int]]:
    found: dict[int, tuple[Step | None, int]] = {id(s): (None, i) for i, s in enumerate(sequence.steps)}
    for step in sequence.walk():
        for index, child in enumerate(step.steps or []):
            found[id(child)] = (step, index)
    return found


def _longest_rising(numbers: list[int]) -> set[int]:
    """Return the indexes of a longest rising subsequence."""
    tails: list[int] = []
    tail_indexes: list[int] = []
    before: list[int] = []
    for index, number in enumerate(numbers):
        place = bisect.bisect_left(tails, number)
        before.append(tail_indexes[place - 1] if place else -1)
        if place == len(tails):
            tails.append(number)
            tail_indexes.append(index)
        else:
            tails[place] = number
            tail_indexes[place] = index
    kept: set[int] = set()
    current = tail_indexes[-1] if tail_indexes else -1
    while current >= 0:
        kept.add(current)
        current = before[current]
    return kept


def _added(step: Step, path: str, name_of: NameOf | None) -> Change:
    lines = []
    implied = implied_values(step.class_name, step.properties)
    for name in [*canonical_properties(step), *_unknown_names(step), *_own_secrets(step)]:
        value = step.properties.get(name)
        if name == "Name" or _is_default(step, name) or (name in implied and implied[name] == value):
            continue
        lines.extend(_labelled(wording.option_name(step.class_name, name), step, name, value, name_of))
    if step.condition:
        lines.append(f"condition: {wording.shorten_value(wording.condition_words(step.condition, name_of))}")
    return Change(ADDED, path, wording.type_word(step), lines=tuple(lines), new_step=step)


def _labelled(option: str, step: Step, name: str, value: t.Any, name_of: NameOf | None) -> list[str]:
    text = wording.setting_lines(step, name, value, name_of)
    if len(text) == 1:
        return [f"{option}: {wording.shorten_value(text[0])}"]
    return [f"{option}:", *(f"  {line}" for line in text)]


def _is_default(step: Step, name: str) -> bool:
    known = (properties_of(step.class_name) or {}).get(name)
    value = step.properties.get(name)
    return known is not None and (value is None or value == known.null_means)


def _own_secrets(step: Step) -> list[str]:
    return [name for name in secret_names(step) if secret_text(step.properties.get(name))]


def _unknown_names(step: Step) -> list[str]:
    known = properties_of(step.class_name) or {}
    return [
        name
        for name, value in step.properties.items()
        if name not in known and name not in ATTRIBUTE_PROPERTIES and not is_xml_only(name) and value not in (None, "")
    ]


def _removed(step: Step, path: str) -> Change:
    return Change(REMOVED, path, wording.type_word(step), lines=_lost(step), old_step=step)


def _lost(step: Step) -> tuple[str, ...]:
    """Return a line that names what nobody keeps of a step that is not there any more."""
    lost = [f"the stored secret {wording.option_name(step.class_name, name)}" for name in _own_secrets(step)]
    if has_rules(step):
        stored = [variable.name for variable in dynamic_secrets(step.properties[RULES]) if variable.value]
        lost += [f"the secret variable {name}" for name in stored]
    if properties_of(step.class_name) is not None:
        unknown = [name for name in _unknown_names(step) if name not in secret_names(step)]
        lost += [f"property {name}, which this collection does not know" for name in unknown]
    return (f"lost with it: {', '.join(lost)}",) if lost else ()


def _changed(old: Step, new: Step, path: str, difference: Difference, name_of: NameOf | None) -> Change:
    kind = wording.type_word(new)
    name = difference.property
    option = difference.option or name
    if name == "Condition":
        before, after = (wording.condition_words(step.condition, name_of) for step in (old, new))
        return Change(CONDITION, path, kind, "condition", before, after)
    if name == "Name":
        return Change(RENAMED, path, kind, option, old.name, new.name)
    if name == "Enabled":
        return Change(DISABLED if new.properties.get(name) is False else ENABLED, path, kind, option)
    before_lines = wording.setting_lines(old, name, _shown(old, name), name_of)
    after_lines = wording.setting_lines(new, name, _shown(new, name), name_of)
    if len(before_lines) > 1 or len(after_lines) > 1:
        return Change(SCRIPT, path, kind, option, lines=tuple(_line_diff(before_lines, after_lines)))
    return Change(CHANGED, path, kind, option, before_lines[0], after_lines[0])


def _shown(step: Step, name: str) -> t.Any:
    """Return the value of a property; for null what null means."""
    value = step.properties.get(name)
    known = (properties_of(step.class_name) or {}).get(name)
    return known.null_means if value is None and known is not None else value


def _line_diff(old: list[str], new: list[str]) -> list[str]:
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    first, last = max(0, start - 2), max(0, end - 2)
    left, right = old[first : len(old) - last], new[first : len(new) - last]
    if len(left) * len(right) > _COMPARISONS:
        return [f"{len(left)} lines replaced by {len(right)} lines"]
    found = list(difflib.unified_diff(left, right, lineterm="", n=2))[2:]
    # The line numbers of a hunk mean nothing to a reader here; a mark between hunks is enough.
    return ["..." if line.startswith("@@ ") else line for line in found][1:]


# -- showing ---------------------------------------------------------------------------------------

_SIGNS = {ADDED: "+", REMOVED: "-", MOVED: ">"}


def _block(change: Change) -> list[str]:
    head = f"{_SIGNS.get(change.kind, '~')} {change.path} ({change.type})"
    if change.kind == MOVED:
        return [f"{head}: moved, was {change.old}" if change.old != change.path else f"{head}: moved within its group"]
    if change.kind in (ADDED, REMOVED):
        return [head, *(f"      {_plain(line)}" for line in change.lines)]
    if change.kind == RENAMED:
        old_name = wording.shorten(change.old or "") or "(no name)"
        return [f"{head}: renamed, was {old_name}", *(f"      {_plain(line)}" for line in change.lines)]
    if change.kind in (ENABLED, DISABLED):
        return [f"{head}: {change.kind}"]
    if change.kind == SCRIPT:
        return [f"{head}: {change.option}", *(f"      {_plain(line)}" for line in change.lines)]
    old, new = _excerpts(change.old or "", change.new or "")
    if change.kind == CONDITION or len(old) + len(new) > 80:
        return [f"{head}: {change.option}", f"      - {old}", f"      + {new}"]
    return [f"{head}: {change.option}: {old} -> {new}"]


def _excerpts(old: str, new: str) -> tuple[str, str]:
    """Return two texts as lines; what long ones have in common at the start and at the end is left out."""
    lines = [" ".join(text.split()) for text in (old, new)]
    if all(wording.shorten(line) == line for line in lines):
        return lines[0], lines[1]
    start = _in_common(lines)
    lines = [line[start:] for line in lines]
    end = _in_common([line[::-1] for line in lines])
    before, after = "..." if start else "", "..." if end else ""
    first, second = (wording.shorten_value(f"{before}{line[: len(line) - end]}{after}") for line in lines)
    return first, second


def _in_common(lines: list[str]) -> int:
    """Return how many characters at the start of two long lines need not be shown twice."""
    same = len(os.path.commonprefix(lines))
    return same - _KEPT_START if same > _SAME_START else 0


def _plain(line: str) -> str:
    """Return a line without control characters and of bounded length."""
    shown = "".join(char if char >= " " or char == "\t" else "?" for char in line)
    return wording.cut(shown)
