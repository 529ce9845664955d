# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs modules in this process: real action classes, real connection plugins, real pywinrm and pypsrp, no playbook.

A task costs a few milliseconds this way instead of the second of an ansible-playbook, so that thousands of cases fit
into a test run. What is left out: worker processes, inventories, templates. Each task gets a session of its own, as it
would in a worker of its own, unless ``keep_session`` says that it is the next item of a loop. Pauses of a task that
waits take no time: the clock of the simulated site is moved instead.
"""

from __future__ import annotations

import importlib
import json
import os
import time
import typing as t
from dataclasses import dataclass, field

from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play_context import PlayContext
from ansible.playbook.task import Task
from ansible.plugins.loader import connection_loader, init_plugin_loader
from ansible.template import Templar
from ansible.utils.collection_loader import AnsibleCollectionConfig
from ansible_collections.configmgr.osd.plugins.plugin_utils._connection import close_sessions
from tests.integration.conftest import ACCOUNT, PASSWORD, ROOT, Simulator

COLLECTION = "configmgr.osd"
ACTIONS = {
    path.stem: importlib.import_module(f"ansible_collections.{COLLECTION}.plugins.action.{path.stem}").ActionModule
    for path in sorted((ROOT / "plugins" / "modules").glob("cm_*.py"))
}
"""Module -> action class. Imported before Ansible's own collection loader is there, which would refuse to."""

KINDS = {"site_winrm": "winrm", "site_psrp": "psrp"}
"""Store of the simulated site -> connection that is used for it."""


class Messages:
    """Takes the place of Ansible's display and keeps what was said."""

    verbosity = 0

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warning(self, message: str, **_facts: t.Any) -> None:
        """Keep a warning."""
        self.warnings.append(message)

    def __getattr__(self, name: str) -> t.Callable[..., None]:
        return lambda *_arguments, **_facts: None


@dataclass
class Done:
    """A finished task: its result, the warnings, and the requests that it sent."""

    result: dict[str, t.Any]
    warnings: list[str]
    requests: list[dict[str, t.Any]]
    logins: int = 0
    connections: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        """Whether the task failed or found the host unreachable."""
        return bool(self.result.get("failed") or self.result.get("unreachable"))

    @property
    def changed(self) -> bool:
        """Whether the task says that it changed something."""
        return bool(self.result.get("changed"))

    @property
    def code(self) -> str | None:
        """The code of the error."""
        return (self.result.get("error") or {}).get("code")

    @property
    def everything(self) -> str:
        """All that a person or a log would see of the task, as one text."""
        return json.dumps([self.result, self.warnings], default=str)


class InProcess:
    """Runs the modules against one store of a running simulated site."""

    def __init__(self, simulator: Simulator, store: str) -> None:
        if AnsibleCollectionConfig.collection_finder is None:
            init_plugin_loader()
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            os.environ.pop(name, None)
        self.simulator = simulator
        self.store = store
        self.kind = KINDS[store]
        self._loader = DataLoader()
        self._slept = 0.0
        self._port = simulator.ports["stores"][store]["http"]

    def reset(self) -> None:
        """Put the store back to its seed: objects, switches, faults, journal."""
        self.simulator.call("POST", "/reset", {}, store=self.store)

    def plan_faults(self, *rules: dict[str, t.Any]) -> None:
        """Set the fault plan of the store; none clears it."""
        self.simulator.call("POST", "/faults", {"faults": list(rules)}, store=self.store)

    def switch(self, **switches: t.Any) -> None:
        """Set switches of the store."""
        self.simulator.call("POST", "/switches", switches, store=self.store)

    def ahead(self, seconds: float) -> None:
        """Move the clock of the simulated site."""
        self.simulator.call("POST", "/clock", {"seconds": seconds}, store=self.store)

    def rows(self, wql: str) -> list[dict[str, t.Any]]:
        """Read objects independently of the modules; leaves no trace in the journal."""
        return self.simulator.call("GET", "/query", store=self.store, wql=wql)

    def whole(self, class_name: str, keys: dict[str, t.Any]) -> dict[str, t.Any]:
        """Read one object by its keys, lazy properties included, independently of the modules."""
        query = {"class": class_name, "keys": json.dumps(keys)}
        return self.simulator.call("GET", "/object", store=self.store, **query)

    def enumerations(self) -> dict[str, t.Any]:
        """Return the counts of enumerations, and the open ones."""
        return self.simulator.call("GET", "/enumerations", store=self.store)

    def journal(self) -> dict[str, t.Any]:
        """Return entries and sums since the journal was cleared."""
        return self.simulator.call("GET", "/journal", store=self.store)

    def connection(self) -> t.Any:
        """Return a connection plugin with options as an inventory gives them; nothing is sent."""
        options: dict[str, t.Any] = {
            "ansible_host": "127.0.0.1",
            "ansible_port": self._port,
            "ansible_user": ACCOUNT,
            "ansible_password": PASSWORD,
            "ansible_winrm_scheme": "http",
            "ansible_winrm_transport": "basic",
            "ansible_psrp_protocol": "http",
            "ansible_psrp_auth": "basic",
            "ansible_psrp_message_encryption": "never",
            "_extras": {},
        }
        plugin = connection_loader.get(f"ansible.builtin.{self.kind}", PlayContext(), os.devnull)
        plugin.set_options(var_options=options)
        return plugin

    def action(self, module: str, args: dict[str, t.Any], *, check: bool = False, diff: bool = False) -> t.Any:
        """Return the action plugin of a task, ready to run; its messages are kept in ``_display``."""
        # Made by hand: Task.load and the action loader want the collection to be loaded by Ansible alone.
        task = Task()
        task.action = f"{COLLECTION}.{module}"
        task.args, task.check_mode, task.diff = args, check, diff
        plugin = ACTIONS[module](
            task=task,
            connection=self.connection(),
            play_context=PlayContext(),
            loader=self._loader,
            templar=Templar(self._loader),
            shared_loader_obj=None,
        )
        plugin._display = Messages()
        plugin._sleep, plugin._clock = self._sleep, self._clock
        return plugin

    def _sleep(self, seconds: float) -> None:
        """Let a pause of a task pass at once, on the simulated site as well."""
        self._slept += seconds
        self.ahead(seconds)

    def _clock(self) -> float:
        return time.monotonic() + self._slept

    def run(
        self, module: str, *, check: bool = False, diff: bool = False, keep_session: bool = False, **args: t.Any
    ) -> Done:
        """Run one task and return what came of it, with the requests that it alone caused."""
        if not keep_session:
            close_sessions()
        plugin = self.action(module, args, check=check, diff=diff)
        self.simulator.call("POST", "/journal/clear", {}, store=self.store)
        result = plugin.run(task_vars={})
        journal = self.journal()
        return Done(result, plugin._display.warnings, journal["entries"], journal["logins"], journal["connections"])
