# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The read-only twin of task sequences: what was read can be applied again without a change."""

from __future__ import annotations

import typing as t

from .._cim.instance import Instance
from .._provider.naming import Namer
from .._provider.ref import Ref
from .._provider.site import Loaded
from .._sequence.fingerprint import counts, steps_sha256
from .._sequence.finish import refs_in
from .._sequence.model import Sequence
from .._sequence.to_yaml import describe
from . import _platforms
from ._base import Task
from .ts_package_info import TsPackageInfo


class TaskSequenceInfo(TsPackageInfo):
    """``cm_task_sequence_info``."""

    key = "task_sequences"

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        self._conditions: dict[str, str] | None = None

    def describe(self, row: Instance, whole: bool) -> dict[str, t.Any]:
        found = super().describe(row, whole)
        one = self.params.get("name") is not None or self.params.get("package_id")
        read = isinstance(row, Loaded) and (one or "steps" in self.params["gather"])
        sequence = self.store.steps(row) if read else None
        found["steps"] = sequence
        steps, groups = counts(sequence) if sequence is not None else (None, None)
        found["steps_count"], found["groups_count"] = steps, groups
        found["steps_sha256"] = steps_sha256(sequence) if sequence is not None else None
        return found

    def note_references(self, item: dict[str, t.Any], namer: Namer) -> None:
        super().note_references(item, namer)
        if isinstance(item["steps"], Sequence):
            for ref in refs_in(item["steps"]):
                if ref.kind != "program":
                    namer.add(ref)

    def name_references(self, item: dict[str, t.Any], namer: Namer) -> None:
        super().name_references(item, namer)
        if isinstance(item["steps"], Sequence):
            item["steps"] = describe(item["steps"], lambda ref: self._form(ref, namer))

    def _form(self, ref: Ref, namer: Namer) -> t.Any:
        """Return a reference as a play would write it; a platform by name only where its row says the same."""
        if ref.kind != "platform":
            return namer.form(ref)
        if self._conditions is None:
            self._conditions = _platforms.condition_names(self.task.site)
        return ref.name if self._conditions.get(ref.version or "") == ref.name else None
