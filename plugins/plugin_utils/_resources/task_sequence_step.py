# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Single steps of a task sequence: some are edited, all others stay as they are."""

from __future__ import annotations

import typing as t

from .._errors import InvalidInput
from .._plan import Plan
from .._sequence import dynamic_variables
from .._sequence.model import STORED
from .._sequence.secret_places import RULES, has_rules, secret_names, secret_text
from ._base import Task
from ._sequence_plan import SequencePlan
from ._step_edits import Editor, read_edits
from ._step_edits_draft import Draft, EditedSequence
from .ts_package import Live

_SHOWN_CHANGES = 200


class TaskSequenceStep(EditedSequence):
    """``cm_task_sequence_step``."""

    key = "task_sequence"

    def __init__(self, task: Task) -> None:
        # Removing the last step by its path is as clear as can be.
        task.params["allow_empty"] = True
        super().__init__(task)

    def validate(self) -> None:
        problems = self.check_identity()
        try:
            self.edits = read_edits(self.params)
        except InvalidInput as error:
            problems += error.problems
        self.refuse(problems)

    def edit(self, before: Live) -> Draft:
        draft = Draft(t.cast(t.Any, before.sequence))
        editor = Editor(draft)
        try:
            editor.run(self.edits)
        finally:
            self.task.hide(*_secrets(draft))
        for text in editor.notes.warnings:
            self.task.warn(text)
        return draft

    def plan(self, before: Live | None) -> Plan:
        if before is None and self._is_planned():
            # An earlier task of the play would have made it, so there is nothing to compare with.
            note = "An earlier task would make the task sequence, so what its steps are to be cannot be shown yet."
            return SequencePlan(action="update", notes=[note])
        return super().plan(before)

    def _is_planned(self) -> bool:
        return self.task.check_mode and any(
            entry.get("kind") == self.kind
            and entry.get("planned")
            and str(entry.get("name") or "").casefold() == str(self.name or "").casefold()
            for entry in self.params.get("planned") or ()
            if entry
        )

    def summary(self, live: Live | None, plan: Plan) -> dict[str, t.Any] | None:
        found = t.cast("dict[str, t.Any]", super().summary(live, plan))
        steps = plan.steps if isinstance(plan, SequencePlan) else []
        found["changed_steps"] = [
            {"change": change.kind, "path": change.path, "option": change.option} for change in steps[:_SHOWN_CHANGES]
        ]
        return found


def _secrets(draft: Draft) -> t.Iterator[str]:
    """Yield the secrets that the play gives."""
    for step in draft.sequence.walk():
        found = [secret_text(step.properties.get(name)) for name in secret_names(step)]
        if has_rules(step):
            found += [variable.value for variable in dynamic_variables.secrets(step.properties[RULES])]
        yield from (text for text in found if text not in ("", STORED))
