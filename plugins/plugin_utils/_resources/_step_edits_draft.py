# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stored sequence that is edited in place: the draft, and the resource that settles and saves it.

The draft is a copy of what the site holds. Every step in it knows the stored step that it continues, so secrets and
unknown properties follow a step wherever it goes, and what nobody edited goes back exactly as it was read.
"""

from __future__ import annotations

import copy
import typing as t

from .._errors import NotFound
from .._plan import Plan
from .._provider.references import Resolver
from .._sequence.match import SAME_PATH, Matching, Pair
from .._sequence.model import Sequence, Step, number_paths
from .._sequence.secrets import mask
from . import _sequence_source as sources
from ._sequence_plan import SequencePlan
from ._ts_site import PACKAGE
from .task_sequence import TaskSequence
from .ts_package import Live, TsPackage


class Draft:
    """A copy of a stored sequence in which every stored secret is the constant that means "keep"."""

    def __init__(self, stored: Sequence) -> None:
        self.sequence = mask(stored)
        self._origins: dict[int, tuple[Step, Step]] = {}
        self._edited: dict[int, Step] = {}
        for step, origin in zip(self.sequence.walk(), stored.walk(), strict=True):
            self.continues(step, origin)

    def continues(self, step: Step, origin: Step | None) -> None:
        """Note which stored step a step of the draft is."""
        if origin is not None:
            # The step is kept beside its number, which another object could get otherwise.
            self._origins[id(step)] = (step, origin)

    def origin(self, step: Step) -> Step | None:
        """Return the stored step that a step of the draft continues, ``None`` for a new one."""
        found = self._origins.get(id(step))
        return found[1] if found else None

    def edit(self, step: Step) -> None:
        """Note that the settings of a step are no longer those of the stored one."""
        self._edited[id(step)] = step

    def is_edited(self, step: Step) -> bool:
        """Whether a step is new or has other settings than the stored one."""
        return id(step) in self._edited or id(step) not in self._origins

    def number(self) -> None:
        """Give the steps that no option of the play stands for the path of their place."""
        paths = {id(step): step.path for step in self.sequence.walk() if self.is_edited(step) and step.path}
        number_paths(self.sequence)
        for step in self.sequence.walk():
            step.path = paths.get(id(step), step.path)


class EditedSequence(TaskSequence):
    """A task sequence of which some steps are edited; subclasses fill in ``edit``."""

    draft: Draft | None = None

    @property
    def absent(self) -> bool:
        """An edit never deletes the task sequence, whatever ``state`` says of a step."""
        return False

    def edit(self, before: Live) -> Draft:
        """Return what the steps are to be. Raises :class:`InvalidInput` with everything that is wrong."""
        raise NotImplementedError

    def with_steps(self, live: Live) -> Live:
        live.sequence = self.store.steps(live.package)
        return live

    def new_plan(self, before: Live | None) -> Plan:
        if before is None:
            raise NotFound(
                f"name ({self.name}): the site has no task sequence of this name, or the account may not see it. "
                "An edit never creates one; use cm_task_sequence for that.",
                wmi_class=PACKAGE,
            )
        return SequencePlan()

    def resolve(self, before: Live | None, resolver: Resolver) -> None:
        if before is None:
            TsPackage.resolve(self, before, resolver)
            return
        self.draft = self.edit(before)
        self.draft.number()
        self.source = sources.Source(self.draft.sequence, root="edits")
        super().resolve(before, resolver)

    def matching(self, live: Sequence, wanted: Sequence, equal: bool) -> Matching:
        return Matching(live, wanted, (Pair(old, new, SAME_PATH) for new, old, _edited in self._origins(wanted) if old))

    def _origins(self, wanted: Sequence) -> t.Iterator[tuple[Step, Step | None, bool]]:
        """Yield each wanted step with the stored one it continues, and whether it was edited."""
        draft = t.cast(Draft, self.draft)
        for step, new in zip(draft.sequence.walk(), wanted.walk(), strict=True):
            yield new, draft.origin(step), draft.is_edited(step)

    def compare_steps(self, before: Live | None, plan: Plan) -> None:
        super().compare_steps(before, plan)
        self._restore()

    def _add_children(self) -> None:
        super()._add_children()
        self._restore()

    def _restore(self) -> None:
        """Put back what was read of every step that was not edited, to the last byte."""
        if self._wanted is None:
            return
        for new, old, edited in self._origins(self._wanted):
            if old is not None and not edited:
                new.properties = copy.deepcopy(old.properties)
                new.condition = copy.deepcopy(old.condition)
