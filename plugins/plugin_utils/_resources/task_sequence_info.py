# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The read-only twin of task sequences: what was read can be applied again without a change."""

from __future__ import annotations

import os
import typing as t

from .._cim.instance import Instance
from .._errors import Problem
from .._provider.naming import Namer
from .._provider.ref import Ref
from .._provider.site import Loaded
from .._sequence import yaml_file
from .._sequence.fingerprint import counts, steps_sha256
from .._sequence.finish import refs_in
from .._sequence.model import Sequence
from .._sequence.to_yaml import describe
from . import _local_file as local
from . import _platforms
from . import _ts_options as options
from ._base import Outcome, Task
from .ts_package_info import TsPackageInfo

_NOT_THERE = "the site has no such task sequence, or the account may not see it"


class TaskSequenceInfo(TsPackageInfo):
    """``cm_task_sequence_info``."""

    key = "task_sequences"

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        self._conditions: dict[str, str] | None = None

    def validate(self) -> None:
        super().validate()
        if self.params.get("dest") and self.params.get("name") is None and not self.params.get("package_id"):
            self.refuse([Problem("dest", self.params["dest"], "holds one task sequence; give its name or package_id")])

    def converge(self) -> Outcome:
        outcome = super().converge()
        return self._saved(outcome.values) if self.params.get("dest") else outcome

    def _saved(self, values: dict[str, t.Any]) -> Outcome:
        """Write the steps to a file instead of returning them; check mode says whether a run would."""
        path = self.task.local_path(self.params["dest"])
        found = values[self.key]
        if len(found) != 1:
            ids = ", ".join(str(item["package_id"]) for item in found)
            rule = f"several task sequences bear this name, choose one by package_id: {ids}" if ids else _NOT_THERE
            wanted = "name" if self.params.get("name") is not None else "package_id"
            self.refuse([Problem(wanted, str(self.params[wanted]), rule)])
        if os.path.isdir(path):
            self.refuse([Problem("dest", path, "is a folder; name the file")])
        local.check_folder(os.path.dirname(path), "dest", make=False)
        item = found[0]
        data = yaml_file.write(item, options=options.OPTIONS).encode("utf-8")
        changed = local.content(path, "dest") != data
        if changed and not self.task.check_mode:
            local.write(path, data, "dest")
        item["steps"] = None
        return Outcome(changed, {**values, "dest": path})

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
