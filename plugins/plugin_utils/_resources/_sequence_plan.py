# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task does to a task sequence, and how its diff is shown."""

from __future__ import annotations

import dataclasses
import typing as t

from .._plan import Plan, flow
from .._sequence import diff as sequence_diff

_EMPTY: t.Final = ("", [], {})
_SIGNS = {"none": " ", "create": "+", "update": "~", "replace": "~", "delete": "-"}


@dataclasses.dataclass
class SequencePlan(Plan):
    """A plan whose diff is a text: the steps would be too long before and after."""

    steps: list[sequence_diff.Change] = dataclasses.field(default_factory=list)
    remark: str = ""
    """What happens to steps that stay as they are."""

    def diff(self, title: str) -> dict[str, str]:
        head = [f"{_SIGNS[self.action]} {title}"]
        if self.action == "delete":
            head += [f"    {name}: {flow(value)}" for name, value in (self.before or {}).items() if value not in _EMPTY]
        for change in self.changes:
            if change.option == "steps":
                head += [f"~ {self.remark}"] if self.remark else []
            elif self.action == "create":
                head.append(f"    {change.option}: {flow(change.after)}")
            else:
                head.append(f"~ {change.option}: {flow(change.before)} -> {flow(change.after)}")
        text = "\n".join(head) + "\n"
        room = sequence_diff.MAX_BYTES - len(text.encode("utf-8", "replace"))
        return {"prepared": text + sequence_diff.render(self.steps, sequence_diff.MAX_LINES - len(head), room)}
