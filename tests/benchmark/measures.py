# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The figures behind ``make bench``: each function measures one thing and returns numbers, in seconds and bytes."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import shutil
import subprocess
import sys
import time
import typing as t
from dataclasses import dataclass
from pathlib import Path

import yaml
from tests.benchmark.sequences import steps
from tests.integration.conftest import COLLECTIONS, ROOT, Ansible
from tests.integration.inprocess import InProcess

ADJACENT = Path(__file__).with_name("adjacent")
LARGE_KB = 8192
"""MaxEnvelopeSizekb for long sequences."""
TASK = {"name": "Unchanged", "steps": [{"type": "run_command_line", "name": "Say hello", "command_line": "cmd.exe"}]}


@dataclass
class Cost:
    """Seconds on the wall and of CPU."""

    wall: float
    cpu: float

    def per(self, count: int, without: Cost) -> Cost:
        """Return the share of one of ``count`` after what was there without them."""
        return Cost((self.wall - without.wall) / count, (self.cpu - without.cpu) / count)


def children() -> float:
    """Return the CPU seconds of finished child processes, and of theirs."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


@contextlib.contextmanager
def stopwatch(cost: Cost) -> t.Iterator[None]:
    """Add wall time and children's CPU of the block to ``cost``."""
    wall, cpu = time.perf_counter(), children()
    yield
    cost.wall += time.perf_counter() - wall
    cost.cpu += children() - cpu


def play_cost(ansible: Ansible, play: dict[str, t.Any], rounds: int) -> Cost:
    """Return the cheapest of some runs of a play."""
    best: Cost | None = None
    for _round in range(rounds):
        cost = Cost(0.0, 0.0)
        with stopwatch(cost):
            run = ansible.play([{"gather_facts": False, **play}])
        if run.code:
            raise RuntimeError(run.output)
        if best is None or cost.cpu < best.cpu:
            best = cost
    assert best is not None
    return best


def adjacent_to_playbooks(ansible: Ansible) -> None:
    """Put the measured action plugins and modules where a playbook finds them."""
    for folder in ADJACENT.iterdir():
        shutil.copytree(folder, ansible.folder / folder.name, dirs_exist_ok=True)


def task_costs(ansible: Ansible, count: int, rounds: int) -> dict[str, Cost]:
    """Return the cost of one more task of several kinds: start and first use are those of a play with one."""
    ours = {"configmgr.osd.cm_task_sequence": TASK}
    package = {"configmgr.osd.cm_package": {"name": "Corporate Fonts"}}
    kinds = {
        "ansible.builtin.debug": ("localhost", {"ansible.builtin.debug": {"msg": "x"}}),
        "no-op Python module, local": ("localhost", {"measured_noop": {}}),
        "cm_package, nothing to change, winrm": ("site_winrm", package),
        "cm_task_sequence, nothing to change, winrm": ("site_winrm", ours),
        "cm_task_sequence, nothing to change, psrp": ("site_psrp", ours),
    }
    if ansible.play([{"hosts": "sites", "gather_facts": False, "tasks": [ours]}]).code:
        raise RuntimeError("the task sequence to measure could not be made")
    costs = {}
    for name, (hosts, task) in kinds.items():
        one, many = ({"hosts": hosts, "tasks": [{"name": name, **task}] * number} for number in (1, 1 + count))
        costs[name] = play_cost(ansible, many, rounds).per(count, play_cost(ansible, one, rounds))
    return costs


def measured(ansible: Ansible, task: dict[str, t.Any], data: dict[str, t.Any], rounds: int) -> dict[str, t.Any]:
    """Run a measured task with ``data`` as variables; return the cheapest of the lines that it wrote."""
    notes = ansible.folder / "measured.jsonl"
    (ansible.folder / "data.yml").write_text(yaml.safe_dump(data, width=10_000), encoding="utf-8")
    play = {"hosts": "site_winrm", "gather_facts": False, "vars_files": ["data.yml"], "tasks": [task] * rounds}
    notes.unlink(missing_ok=True)
    run = ansible.play([play], environment={"MEASURED": str(notes)})
    if run.code:
        raise RuntimeError(run.output[-4000:])
    lines = [json.loads(line) for line in notes.read_text(encoding="utf-8").splitlines()]
    if any(line.get("changed") or line.get("failed") for line in lines):
        raise RuntimeError(f"the site holds something else: {lines}")
    return min(lines, key=lambda line: line["cpu"])


def long_arguments(count: int) -> dict[str, t.Any]:
    """Return the arguments of a task sequence with so many steps."""
    return {"name": f"Long {count}", "steps": steps(count), "max_envelope_size": LARGE_KB, "report_scopes": False}


def prepare_long(site: InProcess, count: int) -> None:
    """Make the long task sequence on a site whose limit was raised."""
    site.switch(max_envelope_kb=LARGE_KB)
    made = site.run("cm_task_sequence", **long_arguments(count))
    if made.failed:
        raise RuntimeError(made.result)


def own_code(site: InProcess, count: int, rounds: int) -> tuple[float, list[dict[str, t.Any]]]:
    """Return the CPU seconds of an unchanged run from plain arguments to its result, and the requests of a run."""
    arguments = long_arguments(count)
    used = []
    requests: list[dict[str, t.Any]] = []
    for _round in range(rounds):
        started = time.process_time()
        done = site.run("cm_task_sequence", **arguments)
        used.append(time.process_time() - started)
        if done.failed or done.changed:
            raise RuntimeError(done.result)
        requests = done.requests
    return min(used), requests


def long_in_a_play(ansible: Ansible, count: int, rounds: int) -> dict[str, dict[str, t.Any]]:
    """Return what the worker of an unchanged long task costs: debug with the same data, ``steps``, and ``src``."""
    arguments = long_arguments(count)
    data = {"long_steps": arguments.pop("steps")}
    (ansible.folder / "files").mkdir(exist_ok=True)
    (ansible.folder / "files" / "long.yml").write_text(
        yaml.safe_dump({"schema": 1, "steps": data["long_steps"]}, width=10_000), encoding="utf-8"
    )
    return {
        "debug": measured(ansible, {"measured_debug": {"msg": "{{ long_steps }}"}}, data, rounds),
        "steps": measured(ansible, {"measured_sequence": {**arguments, "steps": "{{ long_steps }}"}}, data, rounds),
        "src": measured(ansible, {"measured_sequence": {**arguments, "src": "long.yml"}}, {}, rounds),
    }


_FIRST_USE = """
import sys, time
import ansible.executor.task_executor, ansible.plugins.action
from ansible.plugins.loader import init_plugin_loader
def cpu(): return time.process_time()
marks = [cpu()]
import requests, winrm.transport
marks.append(cpu())
import pypsrp.wsman
marks.append(cpu())
init_plugin_loader([sys.argv[1]])
from ansible.plugins.loader import action_loader
marks.append(cpu())
action_loader.get("configmgr.osd.cm_task_sequence", class_only=True)
marks.append(cpu())
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.catalogue import Catalogue
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.rules import load_rules
Catalogue.load(); load_rules()
marks.append(cpu())
print(*(after - before for before, after in zip(marks, marks[1:])))
"""


def first_use(rounds: int) -> dict[str, float]:
    """Return the CPU seconds of what the first task of a play loads."""
    names = [
        "requests and pywinrm",
        "pypsrp",
        "Ansible's collection loader",
        "the action plugin",
        "the tables, per task",
    ]
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    env["ANSIBLE_COLLECTIONS_PATH"] = str(COLLECTIONS)
    found = []
    for _round in range(rounds):
        done = subprocess.run(
            [sys.executable, "-c", _FIRST_USE, str(COLLECTIONS)],
            capture_output=True, text=True, check=True, env=env, cwd=ROOT,
        )  # fmt: skip
        found.append([float(word) for word in done.stdout.split()])
    return {name: min(values) for name, *values in zip(names, *found, strict=True)}
