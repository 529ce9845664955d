# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Steps that were moved and renamed at once: for the wording of differences only.

The matching that decides about secrets and unknown properties knows nothing of these pairs, so a
step found here inherits nothing.
"""

from __future__ import annotations

import collections
import typing as t

from .equality import canonical_step, canonical_value
from .match import Matching, Pair
from .model import Step
from .vocabulary import properties_of

SAME_CONTENT = "same_content"
"""Same class and settings under another name, or a group that holds the steps of a former one."""

_COMMON = frozenset(("Name", "Description", "Enabled", "ContinueOnError", "SupportedEnvironment"))
"""Settings that every step has; alone they are no likeness."""


def with_renames(matching: Matching) -> Matching:
    """Return a matching that also pairs what was moved and renamed; linear in the number of steps."""
    if not matching.added or not matching.removed:
        return matching
    pairs = list(matching.pairs)
    pairs += _steps(matching)
    return Matching(matching.old, matching.new, [*pairs, *_groups(Matching(matching.old, matching.new, pairs))])


def _steps(matching: Matching) -> list[Pair]:
    stock: dict[t.Any, collections.deque[Step]] = collections.defaultdict(collections.deque)
    for step in matching.removed:
        key = _content(step)
        if key is not None:
            stock[key].append(step)
    found = []
    for step in matching.added:
        key = _content(step)
        if key is not None and stock.get(key):
            found.append(Pair(stock[key].popleft(), step, SAME_CONTENT))
    return found


def _content(step: Step) -> t.Any:
    """Return what a step does, without its name; ``None`` for a group and where every setting is the default."""
    if step.is_group:
        return None
    class_name, settings, condition = canonical_step(step)
    own = tuple((name, value) for name, value in settings if name != "Name")
    known = properties_of(step.class_name) or {}
    decided = (
        name not in known or value != canonical_value(known[name], None) for name, value in own if name not in _COMMON
    )
    return (class_name, own, condition) if any(decided) else None


def _groups(matching: Matching) -> list[Pair]:
    """Pair an added group with the removed one that most of its steps come from."""
    parents = {id(child): group for group in matching.removed for child in group.steps or ()}
    removed = {id(group): group for group in matching.removed}
    taken: set[int] = set()
    found = []
    for group in matching.added:
        olds = (matching.old_of(child) for child in group.steps or ())
        former = collections.Counter(id(parents[id(old)]) for old in olds if old is not None and id(old) in parents)
        for key, count in former.most_common(1):
            old = removed[key]
            if key not in taken and 2 * count >= max(len(old.steps or ()), len(group.steps or ())):
                taken.add(key)
                found.append(Pair(old, group, SAME_CONTENT))
    return found
