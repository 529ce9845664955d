# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whole modules against the simulated site in one process: action plugin, client, wire, provider; no sockets.

A task in check mode talks to the read-only port, so that a write in check mode is refused there.
"""

from __future__ import annotations

import functools
import importlib
import json
import typing as t
from pathlib import Path
from unittest import mock

from ansible_collections.configmgr.osd.plugins.plugin_utils import _connection
from ansible_collections.configmgr.osd.plugins.plugin_utils._action import ResourceAction
from ansible_collections.configmgr.osd.plugins.plugin_utils._wsman.transport import HttpStatus, TransportLost
from ansible_collections.configmgr.osd.tests.simulator.control import Control
from ansible_collections.configmgr.osd.tests.simulator.exchange import SOAP_TYPE, Front
from ansible_collections.configmgr.osd.tests.simulator.journal import Entry
from ansible_collections.configmgr.osd.tests.simulator.operations import Settings
from ansible_collections.configmgr.osd.tests.simulator.provider import Site as Provider

COLLECTION = "ansible_collections.configmgr.osd.plugins"
PACKAGE = "SMS_TaskSequencePackage"
ACCOUNT = "CORP\\svc-ansible"


@functools.lru_cache(maxsize=2)
def _provider(mdt: bool) -> Provider:
    return Provider("contoso", mdt=mdt, name="bench")


class Bench:
    """A site fresh from its seed, and ways to run tasks against it and to look at it."""

    def __init__(
        self, *, seed: str = "contoso", mdt: bool = False, max_envelope_kb: int = 500, **switches: t.Any
    ) -> None:
        self.provider = _provider(mdt)
        self.provider.reset(seed)
        self.provider.switches.reset()
        self.provider.switches.update(switches)
        self.front = Front("bench", t.cast(t.Any, self.provider), Settings(max_envelope=max_envelope_kb * 1024))
        self.control = Control({"bench": self.front}, lambda: None)
        self.requests: list[dict[str, t.Any]] = []
        """The journal of the last task."""
        self.warnings: list[str] = []
        """The warnings of the last task."""
        self.shown: list[str] = []
        """What the last task printed because of ``-v``."""
        self.progress: list[str] = []
        """The lines of progress that the last task printed while it waited."""
        self.seconds = 0.0
        """The time of waiting tasks, also that of the site; a pause moves it on at once."""
        self.principal = ACCOUNT
        self.verbosity = 0
        self.folder: Path | None = None
        self.compatibility: dict[str, t.Any] = {}

    # -- tasks --------------------------------------------------------------------------------------

    def run(self, module: str, *, check: bool = False, **options: t.Any) -> dict[str, t.Any]:
        """Run a task and return its result; its requests and warnings are kept here."""
        action_class = importlib.import_module(f"{COLLECTION}.action.{module}").ActionModule
        if self.compatibility:
            options.setdefault("compatibility", self.compatibility)
        task = mock.Mock(args=options, async_val=0, check_mode=check, diff=True, action=f"configmgr.osd.{module}")
        task.environment = None
        task.get_path.return_value = "play.yml:7"
        play = mock.Mock(check_mode=check, remote_addr="site")
        action = action_class(task, mock.Mock(), play, mock.Mock(), mock.Mock(), None)
        display = mock.Mock(verbosity=self.verbosity)
        action._display = display
        action._find_needle = self._find
        action._sleep = self.pause
        action._clock = lambda: self.seconds
        transport = _Transport(self.front, "read_only" if check else "main", self.principal)
        self.front.journal.clear()
        with (
            mock.patch.object(ResourceAction.__mro__[1], "run", return_value={}),
            mock.patch.object(_connection, "open_transport", return_value=transport),
        ):
            result = action.run(task_vars={"playbook_dir": str(self.folder)} if self.folder else {})
        self.requests = self.front.journal.view(0)["entries"]
        self.warnings = [call.args[0] for call in display.warning.call_args_list]
        self.progress = [call.args[0] for call in display.display.call_args_list]
        self.shown = [call.args[0] for name in ("vvv", "vvvvv") for call in getattr(display, name).call_args_list]
        assert "exception" not in result, result["exception"]
        json.dumps(result)
        return result

    def ok(self, module: str, **options: t.Any) -> dict[str, t.Any]:
        """Run a task that must not fail."""
        result = self.run(module, **options)
        assert not result.get("failed") and not result.get("unreachable"), result["msg"]
        return result

    def refused(self, module: str, code: str = "invalid_input", **options: t.Any) -> str:
        """Run a task that must fail with this code, having changed nothing; return its message."""
        result = self.run(module, **options)
        assert result.get("failed"), result
        assert result["error"]["code"] == code, result
        assert not result["changed"] and not self.writes(), result
        return str(result["msg"])

    def ladder(self, module: str, *, independently: t.Callable[[], t.Any] = lambda: None, **options: t.Any) -> t.Any:
        """Check, apply, and apply again; return the result of the run.

        Check mode must predict the run and write nothing, and the second run must change nothing.
        """
        before = independently()
        planned = self.ok(module, check=True, **options)
        assert planned["changed"], planned
        assert self.writes() == []
        assert independently() == before
        done = self.ok(module, **options)
        assert done["changed"]
        assert done["diff"] == planned["diff"]
        again = self.ok(module, **options)
        assert not again["changed"], again["diff"]
        assert self.writes() == []
        return done

    def pause(self, seconds: float) -> None:
        """Let time pass, for the task and for the site."""
        self.seconds += seconds
        self.provider.ahead(seconds)

    def _find(self, folder: str, name: str) -> str:
        assert folder == "files"
        return str((self.folder or Path("/nowhere")) / name)

    # -- looking ------------------------------------------------------------------------------------

    def writes(self) -> list[str]:
        """Return the writes of the last task, as the simulated site's own table has them."""
        return [f"{entry['verb']} {entry['method'] or entry['class']}" for entry in self.requests if entry["write"]]

    def counted(self) -> list[str]:
        """Return the requests of the last task in words."""
        return [f"{entry['verb']} {entry['method'] or entry['class'] or entry['query']}" for entry in self.requests]

    def ask(self, path: str, /, **query: t.Any) -> t.Any:
        """Ask the control port."""
        status, answer = self.control.handle("GET", path, query, {})
        assert status == 200, answer
        return answer

    def tell(self, path: str, /, **data: t.Any) -> None:
        """Give the control port an order."""
        status, answer = self.control.handle("POST", path, {}, data)
        assert status == 200, answer

    def packages(self, name: str) -> list[dict[str, t.Any]]:
        """Return the task sequences of a name, in any case, that are not being deleted."""
        rows = [obj for obj in self.provider.store.scan(PACKAGE) if obj.get("ActionInProgress") != 3]
        ids = [obj.get("PackageID") for obj in rows if str(obj.get("Name")).casefold() == name.casefold()]
        return [self.package(package_id) for package_id in sorted(ids)]

    def package(self, package_id: str) -> dict[str, t.Any]:
        """Return a package with its lazy properties, without the text of its steps (see :meth:`text`)."""
        found = dict(self.ask("/object", **{"class": PACKAGE, "key.PackageID": package_id}))
        # Opaque secrets make another text of every read.
        del found["Sequence"]
        return found

    def tree(self, package_id: str) -> list[dict[str, t.Any]]:
        """Return the stored steps with their secrets."""
        return list(self.ask("/sequence", package_id=package_id)["tree"]["Steps"] or [])

    def text(self, package_id: str) -> str:
        """Return the stored ``<sequence>`` text, secrets in clear."""
        return str(self.ask("/sequence", package_id=package_id)["sequence"])

    def steps(self, name: str) -> list[dict[str, t.Any]]:
        """Return the steps as the info module shows them."""
        found = self.ok("cm_task_sequence_info", name=name)["task_sequences"]
        assert len(found) == 1
        return list(found[0]["steps"])

    def notes(self, *kinds: str) -> list[dict[str, t.Any]]:
        """Return what the site noted about careless requests."""
        return [note for note in self.provider.notes if note["kind"] in kinds]


class _Transport:
    """Bytes straight into the front end of the simulated site."""

    def __init__(self, front: Front, port: str, principal: str) -> None:
        self.front = front
        self.principal = principal
        self.port = port

    def send(self, body: bytes, *, timeout: float) -> bytes:
        """Answer as a borrowed connection does."""
        entry = Entry(port=self.port, connection=1, principal=self.principal, login=1)
        reply = self.front.handle(entry, SOAP_TYPE, body)
        if reply.ending != "normal":
            raise TransportLost("the connection was closed", sent=True)
        if reply.status != 200:
            raise HttpStatus(reply.status, reply.body)
        return reply.body


def find(steps: list[dict[str, t.Any]], name: str) -> dict[str, t.Any]:
    """Return the step of a name, from YAML form or from a stored tree."""
    pending = list(steps)
    while pending:
        step = pending.pop(0)
        if step.get("name", step.get("Name")) == name:
            return step
        pending += step.get("steps") or step.get("Steps") or []
    raise AssertionError(f"no step {name}")


def command(name: str, line: str = "cmd.exe /c exit 0", **more: t.Any) -> dict[str, t.Any]:
    """Return a step that runs a command."""
    return {"name": name, "type": "run_command_line", "command_line": line, **more}


STEPS: list[dict[str, t.Any]] = [
    {
        "name": "Preparation",
        "condition": [{"variable": "_SMSTSInWinPE", "value": "true"}, {"none": [{"file": "X:\\keep.tag"}]}],
        "steps": [
            command("First", success_codes=[0, 3010], timeout=60),
            {"name": "Agent", "type": "install_package", "package": "Monitoring Agent", "program": "Silent install"},
        ],
    },
    {"name": "Fonts", "type": "install_package", "package": {"id": "PS100011"}, "program": "Install fonts"},
    {"name": "VPN", "type": "install_application", "applications": ["Contoso VPN"]},
    {
        "name": "Script",
        "type": "run_powershell_script",
        "execution_policy": "bypass",
        "script": "Get-Date\n# {{ no }} {# jinja\n",
    },
    {"name": "Model", "type": "set_dynamic_variables", "rules": [{"when": {"make": "Dell*"}, "set": {"A": "1"}}]},
    {"name": "More", "type": "run_task_sequence", "task_sequence": "Finance - Applications"},
    {"name": "Content", "type": "download_package_content", "packages": ["OSD Scripts"], "destination": "client_cache"},
]
"""Steps of many kinds, with references of many kinds, to objects of the seed."""
