# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which stored step a wanted step continues: one answer for diff, secrets and unknown properties.

Steps have no identity on the site, and none of ours is written into them. Four rules, in order:
equal subtrees; the same class, name and group path in order of occurrence; the same class and name
anywhere; the same class at the same place between matched neighbours. Every rule is linear in
the number of steps but for one sort.
"""

from __future__ import annotations

import collections
import dataclasses
import typing as t

from .equality import canonical_step
from .model import Sequence, Step

EQUAL = "equal"
"""Part of an equal subtree."""
SAME_PATH = "same_path"
"""Same class, name and group path."""
SAME_NAME = "same_name"
"""Same class and name in another group."""
SAME_PLACE = "same_place"
"""Same class between matched neighbours: renamed."""


class Pair(t.NamedTuple):
    """A stored step, the wanted step that continues it, and the rule that found them."""

    old: Step
    new: Step
    kind: str


class Matching:
    """The pairs of two sequences, in the run order of the new one, and what is left over."""

    def __init__(self, old: Sequence, new: Sequence, pairs: t.Iterable[Pair]) -> None:
        self.old = old
        self.new = new
        self._by_new: dict[int, Pair] = {}
        self._by_old: dict[int, Pair] = {}
        for pair in pairs:
            self._by_new[id(pair.new)] = pair
            self._by_old[id(pair.old)] = pair
        self.pairs = [self._by_new[id(step)] for step in new.walk() if id(step) in self._by_new]
        self.added = [step for step in new.walk() if id(step) not in self._by_new]
        self.removed = [step for step in old.walk() if id(step) not in self._by_old]

    def pair_of_new(self, step: Step) -> Pair | None:
        """Return the pair of a step of the new sequence."""
        return self._by_new.get(id(step))

    def pair_of_old(self, step: Step) -> Pair | None:
        """Return the pair of a step of the old sequence."""
        return self._by_old.get(id(step))

    def old_of(self, step: Step) -> Step | None:
        """Return the stored step that a wanted one continues."""
        pair = self._by_new.get(id(step))
        return pair.old if pair is not None else None

    def new_of(self, step: Step) -> Step | None:
        """Return the wanted step that continues a stored one."""
        pair = self._by_old.get(id(step))
        return pair.new if pair is not None else None


def match(old: Sequence, new: Sequence) -> Matching:
    """Return the matching of two sequences; see the module's text for the rules."""
    forms: dict[t.Any, int] = {}
    work = _Matcher(_flatten(old, forms), _flatten(new, forms))
    work.equal_subtrees()
    work.by_key(lambda entry: (entry.class_name, entry.step.name, entry.path), SAME_PATH)
    work.by_key(lambda entry: (entry.class_name, entry.step.name), SAME_NAME)
    work.by_place(old, new)
    return Matching(old, new, work.pairs)


def identical(old: Sequence, new: Sequence) -> Matching:
    """Return the matching of two equal sequences: every step continues the one in its place.

    It is what :func:`match` returns for them, without a look at their content.
    """
    pairs = zip(old.walk(), new.walk(), strict=True)
    return Matching(old, new, (Pair(one, other, EQUAL) for one, other in pairs))


@dataclasses.dataclass
class _Entry:
    """A step in run order. ``form`` is the same number for equal subtrees, ``size`` its number of steps."""

    step: Step
    class_name: str
    path: tuple[str, ...]
    index: int
    form: int = 0
    size: int = 1
    matched: bool = False


def _flatten(sequence: Sequence, forms: dict[t.Any, int]) -> list[_Entry]:
    entries: list[_Entry] = []

    def visit(step: Step, path: tuple[str, ...]) -> _Entry:
        entry = _Entry(step, step.class_name.casefold(), path, len(entries))
        entries.append(entry)
        inner = (*path, step.name)
        children = [visit(child, inner) for child in step.steps or ()]
        entry.size += sum(child.size for child in children)
        key = (canonical_step(step), tuple(child.form for child in children))
        entry.form = forms.setdefault(key, len(forms))
        return entry

    for step in sequence.steps:
        visit(step, ())
    return entries


class _Matcher:
    def __init__(self, old: list[_Entry], new: list[_Entry]) -> None:
        self.old = old
        self.new = new
        self.pairs: list[Pair] = []
        self._new_by_id = {id(entry.step): entry for entry in new}
        self._old_by_id = {id(entry.step): entry for entry in old}
        self._partner: dict[int, Step] = {}

    def _pair(self, old: _Entry, new: _Entry, kind: str) -> None:
        old.matched = new.matched = True
        self.pairs.append(Pair(old.step, new.step, kind))
        self._partner[id(new.step)] = old.step

    def equal_subtrees(self) -> None:
        """Pair equal subtrees, the largest first, those of the same group path before others."""
        stock: dict[int, list[_Entry]] = collections.defaultdict(list)
        for entry in self.old:
            stock[entry.form].append(entry)
        wanted: dict[int, list[_Entry]] = collections.defaultdict(list)
        for entry in self.new:
            if entry.form in stock:
                wanted[entry.form].append(entry)
        for form in sorted(wanted, key=lambda key: -wanted[key][0].size):
            olds = [entry for entry in stock[form] if not entry.matched]
            news = [entry for entry in wanted[form] if not entry.matched]
            self._by_queue(olds, news, lambda entry: entry.path, self._pair_subtrees)
            olds = [entry for entry in olds if not entry.matched]
            news = [entry for entry in news if not entry.matched]
            for old, new in zip(olds, news, strict=False):
                self._pair_subtrees(old, new)

    def _pair_subtrees(self, old: _Entry, new: _Entry) -> None:
        # Equal subtrees have the same shape, so their steps pair off in run order.
        for offset in range(new.size):
            self._pair(self.old[old.index + offset], self.new[new.index + offset], EQUAL)

    @staticmethod
    def _by_queue(
        olds: t.Iterable[_Entry],
        news: t.Iterable[_Entry],
        key: t.Callable[[_Entry], t.Any],
        pair: t.Callable[[_Entry, _Entry], None],
    ) -> None:
        queues: dict[t.Any, collections.deque[_Entry]] = collections.defaultdict(collections.deque)
        for entry in olds:
            queues[key(entry)].append(entry)
        for entry in news:
            queue = queues.get(key(entry))
            if queue:
                pair(queue.popleft(), entry)

    def by_key(self, key: t.Callable[[_Entry], t.Any], kind: str) -> None:
        """Pair unmatched steps of equal keys in order of occurrence."""
        olds = [entry for entry in self.old if not entry.matched]
        news = [entry for entry in self.new if not entry.matched]
        self._by_queue(olds, news, key, lambda old, new: self._pair(old, new, kind))

    def by_place(self, old: Sequence, new: Sequence) -> None:
        """Pair what is left between the same neighbours, outer groups before inner ones."""
        pending = collections.deque([(old.steps, new.steps)])
        while pending:
            olds, news = pending.popleft()
            self._runs(olds, news)
            for step in news:
                partner = self._partner.get(id(step))
                if partner is not None and step.steps and partner.steps:
                    pending.append((partner.steps, step.steps))

    def _runs(self, olds: list[Step], news: list[Step]) -> None:
        places = {id(step): index for index, step in enumerate(olds)}
        index = 0
        while index < len(news):
            if id(news[index]) in self._partner:
                index += 1
                continue
            end = index
            while end < len(news) and id(news[end]) not in self._partner:
                end += 1
            first = self._place(places, news[index - 1]) if index else -1
            last = self._place(places, news[end]) if end < len(news) else len(olds)
            if first is not None and last is not None and first < last:
                between = [self._old_by_id[id(step)] for step in olds[first + 1 : last]]
                left = [entry for entry in between if not entry.matched]
                run = [self._new_by_id[id(step)] for step in news[index:end]]
                self._by_queue(left, run, lambda entry: entry.class_name, self._pair_place)
            index = end

    def _pair_place(self, old: _Entry, new: _Entry) -> None:
        self._pair(old, new, SAME_PLACE)

    def _place(self, places: dict[int, int], step: Step) -> int | None:
        partner = self._partner.get(id(step))
        return places.get(id(partner)) if partner is not None else None
