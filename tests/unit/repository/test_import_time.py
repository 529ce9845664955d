# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What importing a plugin brings with it, looked at in a fresh process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
NETWORK = {"requests", "urllib3", "winrm", "pypsrp", "spnego", "http.client"}
"""Libraries that talk to a network; whoever imports them pays for that in every process that loads the plugin."""

_SCRIPT = """
import importlib, json, socket, sys, threading
names, libraries = json.loads(sys.argv[1])
for name in libraries:
    importlib.import_module(name)
made = []
original = socket.socket.__init__
def noted(self, *arguments, **facts):
    made.append(str(arguments))
    original(self, *arguments, **facts)
socket.socket.__init__ = noted
for name in names:
    importlib.import_module("ansible_collections.configmgr.osd.plugins." + name)
print(json.dumps({"modules": sorted(sys.modules), "sockets": made, "threads": threading.active_count()}))
"""


def imported(*names: str, libraries: tuple[str, ...] = ()) -> dict[str, t.Any]:
    """Import plugins in a new process; return its modules then, the sockets that the plugins made, and its threads."""
    path = os.pathsep.join([str(ROOT / ".build" / "collections"), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT, json.dumps([names, libraries])],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, t.Any] = json.loads(done.stdout)
    return found


def names_in(folder: str, pattern: str = "*.py") -> list[str]:
    """Return the dotted names of the files of a folder of ``plugins``."""
    root = ROOT / "plugins"
    files = sorted((root / folder).rglob(pattern))
    return [".".join(path.relative_to(root).with_suffix("").parts) for path in files]


def test_modules_and_filters_bring_no_network_library() -> None:
    """Modules are read by ansible-doc and by every argument check, filters by every template."""
    found = imported(*names_in("modules"), *names_in("module_utils"), *names_in("filter"))
    assert not NETWORK & set(found["modules"])


def test_only_the_connection_file_brings_network_libraries() -> None:
    """Everything below works on any transport."""
    layers = [f"plugin_utils/{name}" for name in ("_wsman", "_cim", "_provider", "_sequence")]
    found = imported(*(name for folder in layers for name in names_in(folder)))
    assert not NETWORK & set(found["modules"])
    assert "winrm" in imported("plugin_utils._connection")["modules"]


def test_actions_make_neither_sockets_nor_threads_when_they_are_imported() -> None:
    """The main process imports them and forks; what it had open would be shared."""
    # urllib3 tries once whether the machine has IPv6.
    found = imported(*names_in("action"), libraries=("winrm", "pypsrp"))
    assert found["sockets"] == [] and found["threads"] == 1
