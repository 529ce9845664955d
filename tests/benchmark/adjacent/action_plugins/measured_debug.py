# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``ansible.builtin.debug`` that notes what its worker process has cost when it ends."""

from __future__ import annotations

import json
import os
import resource
import typing as t

from ansible.plugins.action.debug import ActionModule as Debug


class ActionModule(Debug):
    """The same as debug, with a line in the file that ``MEASURED`` names."""

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Run, then measure; a forked worker starts with no CPU time of its own."""
        result = super().run(tmp, task_vars)
        usage = resource.getrusage(resource.RUSAGE_SELF)
        line = {"what": "debug", "cpu": usage.ru_utime + usage.ru_stime, "peak": usage.ru_maxrss * 1024}
        with open(os.environ["MEASURED"], "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        # Printing a megabyte is not what is compared.
        return {"changed": False, "failed": bool(result.get("failed"))}
