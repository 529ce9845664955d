# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One simulated site per test process, and ansible-playbook against it over both connections.

The inventory has the hosts ``site_winrm`` and ``site_psrp`` (group ``sites``), each with a store of its own, and their
twins ``site_winrm_check`` and ``site_psrp_check`` (group ``read_only``): the same stores on a port that refuses every
write. Host variables for playbooks: ``cm_control`` (address of the control port), ``cm_store`` (name of the host's
store there), ``cm_read_only_port`` (for a single task: ``vars: {ansible_port: "{{ cm_read_only_port }}"}``).

``CONFIGMGR_CORE_BIN`` names the folder with the ansible-playbook to use; without it, it is that of the running Python.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import typing as t
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TARGETS = ROOT / "tests" / "integration" / "targets"
COLLECTIONS = ROOT / ".build" / "collections"
SEED = ROOT / "tests" / "simulator" / "seed" / "contoso.yml"
STORES = ("site_winrm", "site_psrp")
ACCOUNT = r"CORP\svc-ansible"
PASSWORD = "Simulated-1"
READY_SECONDS = 60
PLAYBOOK_SECONDS = 300

_RECAP = re.compile(r"^(\S+)\s+: ok=(\d+)\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", re.MULTILINE)
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Simulator:
    """A running simulated site with one store per connection."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.options = options
        self.log = folder / "simulator.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.ports: dict[str, t.Any] = {}

    def start(self) -> None:
        """Start the process and wait until it listens; raises RuntimeError with its output when it does not."""
        ready = self.folder / "ready.json"
        command = [sys.executable, "-m", "tests.simulator", "--ready-file", str(ready), "--stores", ",".join(STORES)]
        if SEED.is_file():
            command += ["--seed", str(SEED)]
        command += self.options
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            if ready.is_file():
                self.ports = json.loads(ready.read_text(encoding="utf-8"))
                return
            time.sleep(0.05)
        self.stop()
        raise RuntimeError(f"the simulated site did not start:\n{self.output()}")

    def stop(self) -> None:
        """End the process."""
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def output(self) -> str:
        """Return what the process printed."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    @property
    def control(self) -> str:
        """The address of the control port."""
        return f"http://127.0.0.1:{self.ports['control']}"

    def call(self, method: str, path: str, body: t.Any = None, **query: str) -> t.Any:
        """Ask the control port; return the decoded answer."""
        address = f"{self.control}{path}" + (f"?{urllib.parse.urlencode(query)}" if query else "")
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            address, data=data, method=method, headers={"Content-Type": "application/json"}
        )
        with _DIRECT.open(request, timeout=60) as answer:
            text = answer.read().decode()
        return json.loads(text) if text.strip() else None

    def reset(self) -> None:
        """Put every store back to its seed, switches and fault plans included, and forget the journal."""
        for store in STORES:
            self.call("POST", "/reset", {}, store=store)
            self.call("POST", "/journal/clear", {}, store=store)

    def journal(self, store: str) -> list[dict[str, t.Any]]:
        """Return the requests that a store answered since the last reset."""
        answer = self.call("GET", "/journal", store=store)
        return answer["entries"] if isinstance(answer, dict) else answer

    def open_enumerations(self, store: str) -> int:
        """Return how many enumerations nobody finished or released, those that timed out included."""
        counts = self.call("GET", "/enumerations", store=store)
        return counts["open"] + counts["leaked"]


@dataclass
class Run:
    """One finished ansible-playbook."""

    code: int
    output: str
    hosts: dict[str, dict[str, int]] = field(default_factory=dict)
    """Host -> ok, changed, unreachable, failed."""


class Ansible:
    """ansible-playbook of one core version with the inventory of a simulated site."""

    def __init__(self, simulator: Simulator, folder: Path) -> None:
        self.simulator = simulator
        self.folder = folder
        self.bin = Path(os.environ.get("CONFIGMGR_CORE_BIN", Path(sys.executable).parent))
        # An empty file: no ansible.cfg of the machine or of its user takes part.
        self.configuration = folder / "ansible.cfg"
        self.configuration.touch()
        self.inventory = folder / "inventory.json"
        self.inventory.write_text(json.dumps(self._hosts(), indent=2), encoding="utf-8")

    def _hosts(self) -> dict[str, t.Any]:
        connections: dict[str, dict[str, t.Any]] = {
            "site_winrm": {
                "ansible_connection": "ansible.builtin.winrm",
                "ansible_winrm_scheme": "http",
                "ansible_winrm_transport": "basic",
            },
            "site_psrp": {
                "ansible_connection": "ansible.builtin.psrp",
                "ansible_psrp_protocol": "http",
                "ansible_psrp_auth": "basic",
                "ansible_psrp_message_encryption": "never",
            },
        }
        sites: dict[str, t.Any] = {}
        twins: dict[str, t.Any] = {}
        for store in STORES:
            ports = self.simulator.ports["stores"][store]
            common = {
                **connections[store],
                "ansible_host": "127.0.0.1",
                "ansible_user": ACCOUNT,
                "ansible_password": PASSWORD,
                "cm_control": self.simulator.control,
                "cm_store": store,
                "cm_read_only_port": ports["read_only"],
            }
            sites[store] = {**common, "ansible_port": ports["http"]}
            twins[f"{store}_check"] = {**common, "ansible_port": ports["read_only"]}
        local = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
        return {"all": {"children": {"sites": {"hosts": sites}, "read_only": {"hosts": twins}, "control": {
            "hosts": {"localhost": local}}}}}  # fmt: skip

    def environment(self) -> dict[str, str]:
        """Return the variables of a run: nothing of the caller's own Ansible, nothing written into a home folder."""
        env = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "CONFIGMGR_"))}
        for name in ("PYTHONPATH", "VIRTUAL_ENV"):
            env.pop(name, None)
        env.update(
            PATH=os.pathsep.join([str(self.bin), env.get("PATH", os.defpath)]),
            HOME=str(self.folder),
            NO_PROXY="127.0.0.1,localhost",
            no_proxy="127.0.0.1,localhost",
            ANSIBLE_COLLECTIONS_PATH=str(COLLECTIONS),
            ANSIBLE_CONFIG=str(self.configuration),
            ANSIBLE_FORKS=str(len(STORES)),
            ANSIBLE_HOME=str(self.folder / ".ansible"),
            ANSIBLE_LOCALHOST_WARNING="0",
            ANSIBLE_NOCOLOR="1",
            ANSIBLE_RETRY_FILES_ENABLED="0",
            ANSIBLE_ROLES_PATH=str(TARGETS),
            LC_ALL="C.UTF-8",
        )
        shared = os.environ.get("CONFIGMGR_SHARED")
        if shared:
            env["CONFIGMGR_SHARED"] = shared
        return env

    def play(
        self,
        playbook: str | Path | list[dict[str, t.Any]],
        *arguments: str,
        variables: dict[str, t.Any] | None = None,
        environment: dict[str, str] | None = None,
    ) -> Run:
        """Run a playbook (a path, a name such as ``configmgr.osd.install_software``, or the plays themselves)."""
        if isinstance(playbook, list):
            path = self.folder / "play.yml"
            # JSON is YAML.
            path.write_text(json.dumps(playbook, indent=2), encoding="utf-8")
            playbook = path
        command = [str(self.bin / "ansible-playbook"), "-i", str(self.inventory), str(playbook), *arguments]
        if variables:
            command += ["--extra-vars", json.dumps(variables)]
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment() | (environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=PLAYBOOK_SECONDS,
            check=False,
        )
        hosts = {
            found[1]: dict(zip(("ok", "changed", "unreachable", "failed"), map(int, found.groups()[1:]), strict=True))
            for found in _RECAP.finditer(done.stdout)
        }
        return Run(done.returncode, done.stdout, hosts)


@pytest.fixture(scope="session")
def running_simulator(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Simulator]:
    """The simulated site of this test process; use ``simulator``, which is reset."""
    running = Simulator(tmp_path_factory.mktemp("simulator"))
    running.start()
    yield running
    running.stop()


@pytest.fixture
def simulator(running_simulator: Simulator) -> Simulator:
    """The simulated site, fresh from its seed."""
    running_simulator.reset()
    return running_simulator


@pytest.fixture
def ansible(simulator: Simulator, tmp_path: Path) -> Ansible:
    """ansible-playbook with an inventory of the fresh simulated site."""
    return Ansible(simulator, tmp_path)
