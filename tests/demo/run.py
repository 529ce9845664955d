# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The demo: the collection's main job against the simulated site, through the real winrm connection.

Run by ``make demo``. Starts the simulated site on loopback, runs the playbooks that a user would
run against a real site, runs each a second time and insists on ``changed=0``, and stops what it
started. Exit status 0 only when everything went as told.
"""

from __future__ import annotations

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
ACCOUNT = "CORP\\svc-ansible"
PASSWORD = "Simulated-1"
READY_SECONDS = 60
FOREIGN_EXPORTS = (
    "015-DambergC-21h2-IPU-PS10033B.xml",
    "037-dustinestes-VR-MECM-Task-Sequence-Development-v1-0-3-FSI0000F.xml",
    "009-CharlesNRU-MDM-TS-GNS008D1.xml",
)
SECONDS_A_LOOK = 12
"""What the site's clock moves by with every look while devices are installed."""
DEPLOYMENT = {
    "deploy_os_task_sequence": "Windows 11 - Standard desktop",
    "deploy_os_content": {"distribution_point_groups": ["Branch offices"]},
    "deploy_os_collection": "OSD - Install now",
    "deploy_os_limiting_collection": "All Systems",
    "deploy_os_devices": [
        {"name": "LT-0101", "mac_address": "00:15:5D:12:34:56", "variables": {"OSDComputerName": "LT-0101"}},
        {"name": "LT-0102", "mac_address": "00:15:5D:12:34:57", "variables": {"OSDComputerName": "LT-0102"}},
    ],
    "deploy_os_wait_interval": 0.2,
}
RECAP = re.compile(r"^cm01\s*:.*?changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", re.M)


def say(text: str) -> None:
    """Print a heading between the outputs of the playbooks."""
    sys.stdout.write(f"\n=== {text}\n")
    sys.stdout.flush()


def start_site(folder: pathlib.Path) -> tuple[subprocess.Popen[bytes], dict[str, int]]:
    """Start the simulated site and return its process and ports; raises RuntimeError when it does not come up."""
    ready = folder / "site.json"
    seed = ROOT / "tests" / "simulator" / "seed" / "contoso.yml"
    command = [sys.executable, "-m", "tests.simulator", "--ready-file", str(ready), "--seed", str(seed)]
    process = subprocess.Popen(command, cwd=ROOT)
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if ready.exists():
            return process, json.loads(ready.read_text(encoding="utf-8"))
        if process.poll() is not None:
            raise RuntimeError(f"the simulated site ended with status {process.returncode}")
        time.sleep(0.05)
    process.terminate()
    raise RuntimeError(f"the simulated site was not ready after {READY_SECONDS} seconds")


def let_time_pass(port: int, seconds: int) -> None:
    """Let every look at the site move its clock, so that hours of installing devices pass in seconds."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/switches",
        data=json.dumps({"tick": seconds}).encode(),
        headers={"Content-Type": "application/json"},
        method="POST",
    )
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as answer:
        answer.read()


def write_inventory(folder: pathlib.Path, port: int) -> pathlib.Path:
    """Write the inventory: the site server as an ordinary Windows host."""
    inventory = folder / "inventory.json"
    host = {
        "ansible_host": "127.0.0.1",
        "ansible_port": port,
        "ansible_user": ACCOUNT,
        "ansible_password": PASSWORD,
        "ansible_connection": "ansible.builtin.winrm",
        "ansible_winrm_scheme": "http",
        "ansible_winrm_transport": "basic",
    }
    inventory.write_text(json.dumps({"configmgr": {"hosts": {"cm01": host}}}, indent=2), encoding="utf-8")
    return inventory


def empty_configuration() -> str:
    """Return the path of an empty configuration file, so that a user's own does not change the demo."""
    path = ROOT / ".build" / "demo.cfg"
    path.parent.mkdir(exist_ok=True)
    path.touch()
    return str(path)


def play(inventory: pathlib.Path, playbook: str, *, quiet: bool = False, variables: dict[str, object]) -> int:
    """Run one playbook by its collection name and return how many tasks changed something."""
    command = [
        str(pathlib.Path(sys.executable).with_name("ansible-playbook")),
        "--inventory",
        str(inventory),
        f"configmgr.osd.{playbook}",
        "--extra-vars",
        json.dumps(variables),
    ]
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build" / "collections"),
        "ANSIBLE_CONFIG": empty_configuration(),
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_NOCOLOR": "true",
        "ANSIBLE_HOME": str(ROOT / ".build" / "home" / ".ansible"),
    }
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    sys.stdout.write(done.stdout if not quiet else done.stdout[done.stdout.rfind("PLAY RECAP") :])
    sys.stdout.flush()
    found = RECAP.search(done.stdout)
    if done.returncode or not found or int(found[2]) or int(found[3]):
        if quiet:
            sys.stdout.write(done.stdout)
        raise RuntimeError(f"playbook {playbook} failed with status {done.returncode}")
    return int(found[1])


def twice(inventory: pathlib.Path, playbook: str, variables: dict[str, object]) -> None:
    """Run a playbook, then again, and insist on a first run that changes something and a second that does not."""
    say(f"configmgr.osd.{playbook}: the first run")
    if not play(inventory, playbook, variables=variables):
        raise RuntimeError(f"the first run of {playbook} changed nothing")
    say(f"configmgr.osd.{playbook}: the second run must change nothing")
    changed = play(inventory, playbook, quiet=True, variables=variables)
    if changed:
        raise RuntimeError(f"the second run of {playbook} changed {changed} things")


def exports() -> list[str]:
    """Return the real exported task sequences that are at hand, at most three."""
    shared = os.environ.get("CONFIGMGR_SHARED")
    if not shared:
        return []
    folder = pathlib.Path(shared) / "corpus"
    return [str(folder / name) for name in FOREIGN_EXPORTS if (folder / name).exists()]


def main() -> int:
    """Run the demo; return the exit status."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="configmgr-demo-") as name:
        folder = pathlib.Path(name)
        say("starting the simulated site")
        process, ready = start_site(folder)
        try:
            inventory = write_inventory(folder, ready["http"])
            twice(inventory, "first_light", {})
            twice(inventory, "bare_metal", {})
            found = exports()
            if found:
                twice(inventory, "foreign_exports", {"foreign_exports": found})
            else:
                say("no folder with real exported task sequences here: that part is left out")
            let_time_pass(ready["control"], SECONDS_A_LOOK)
            report = ROOT / ".build" / "demo-report.html"
            twice(inventory, "deploy_os", {**DEPLOYMENT, "deploy_os_report": str(report)})
            say(f"the report of the deployment is {report}")
        except RuntimeError as error:
            say(f"the demo failed: {error}")
            return 1
        finally:
            process.terminate()
            process.wait(timeout=10)
    say(f"the demo took {time.monotonic() - started:.1f} seconds; the simulated site is stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
