# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``cm_task_sequence`` that notes where the CPU time of its worker process went."""

from __future__ import annotations

import json
import os
import resource
import time
import typing as t

from ansible_collections.configmgr.osd.plugins.action.cm_task_sequence import ActionModule as TaskSequence
from ansible_collections.configmgr.osd.plugins.plugin_utils import _action


def _used() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


class ActionModule(TaskSequence):
    """The same as the module's own action, with a line in the file that ``MEASURED`` names."""

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Run with the two functions measured that turn Ansible's arguments into plain, validated ones."""
        spent = {"plain": 0.0, "validate": 0.0}

        def measured(name: str, function: t.Callable[..., t.Any]) -> t.Callable[..., t.Any]:
            def call(*arguments: t.Any) -> t.Any:
                started = time.process_time()
                try:
                    return function(*arguments)
                finally:
                    spent[name] += time.process_time() - started

            return call

        for name in spent:
            setattr(_action, name, measured(name, getattr(_action, name)))
        before = _used()
        result = super().run(tmp, task_vars)
        line = {"what": "sequence", "before": before, "cpu": _used(), **spent}
        line["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        line.update(changed=result.get("changed"), failed=result.get("failed"), msg=result.get("msg"))
        with open(os.environ["MEASURED"], "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        return result
