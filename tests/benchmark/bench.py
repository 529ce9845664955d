# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``make bench``: prints what tasks cost, in one run on one machine. Asserts nothing.

Wall times are for the reader. What ``make test`` asserts are counts, bytes and growth ratios, in
``tests/integration/test_counts.py`` and ``tests/integration/test_growth.py``.
"""

from __future__ import annotations

import argparse
import contextlib
import platform
import sys
import tempfile
import typing as t
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "tools"), str(ROOT / ".build" / "collections")]

from layout import venv_bin  # noqa: E402
from pythons import CORES  # noqa: E402
from tests.benchmark import filters, measures  # noqa: E402
from tests.integration.conftest import Ansible, Simulator  # noqa: E402
from tests.integration.inprocess import InProcess  # noqa: E402

SHORT, LONG = 100, 1000
OWN_CPU, WORKER_CPU, GROWTH_MIB, SHARE = 1.0, 1.2, 60, 5
MIB = 1024 * 1024


def say(text: str = "") -> None:
    """Print a line at once."""
    print(text, flush=True)


def verdict(good: bool) -> str:
    """Return the remark behind a figure that has a goal."""
    return "" if good else "  <-- misses its goal"


def tasks(ansible: Ansible, count: int, rounds: int) -> None:
    """Print the table of single tasks."""
    say(f"One more task of a play, 1 host, Basic over HTTP ({count} more than one task, best of {rounds})")
    say(f"    {'task':<46}{'wall ms':>9}{'CPU ms':>9}")
    costs = measures.task_costs(ansible, count, rounds)
    for name, cost in costs.items():
        say(f"    {name:<46}{cost.wall * 1000:>9.1f}{cost.cpu * 1000:>9.1f}")
    noop = costs["no-op Python module, local"]
    ours = costs["cm_task_sequence, nothing to change, winrm"]
    share = f"wall 1/{noop.wall / ours.wall:.1f}, CPU 1/{noop.cpu / ours.cpu:.1f}"
    say(f"    ours of the no-op module: {share} (goal 1/{SHARE}){verdict(noop.cpu / ours.cpu >= SHARE)}")


def own(simulator: Simulator, rounds: int) -> None:
    """Print the CPU of our own code for long task sequences, and how it grows."""
    say()
    say(f"Compared with the site's and found equal: CPU of our own code, replies included (best of {rounds})")
    for store in ("site_winrm", "site_psrp"):
        site = InProcess(simulator, store)
        used = {}
        for count in (SHORT, LONG):
            measures.prepare_long(site, count)
            used[count], requests = measures.own_code(site, count, rounds)
            sizes = " ".join(f"{entry['bytes_in']}/{entry['bytes_out']}" for entry in requests)
            good = verdict(used[count] < OWN_CPU)
            say(f"    {store:<11}{count:>5} steps: {used[count]:.3f} s, {len(requests)} requests (bytes {sizes}){good}")
        say(f"    {store:<11}growth {SHORT} -> {LONG} steps: x {used[LONG] / used[SHORT]:.1f} (linear is x 10)")


def worker(simulator: Simulator, folder: Path, core: str | None, rounds: int) -> None:
    """Print what the worker process of a long task costs on one ansible-core."""
    with contextlib.ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=folder)))
        ansible = Ansible(simulator, place)
        if core:
            ansible.bin = venv_bin(core)
        measures.adjacent_to_playbooks(ansible)
        found = measures.long_in_a_play(ansible, LONG, rounds)
    say(f"    ansible-core {core or version('ansible-core')}")
    debug = found.pop("debug")
    say(f"        debug, same data       {debug['cpu']:.3f} s, peak {debug['peak'] / MIB:.0f} MiB")
    for name, line in found.items():
        mine = line["cpu"] - line["before"] - line["plain"] - line["validate"]
        growth = (line["peak"] - debug["peak"]) / MIB
        remark = verdict(mine < OWN_CPU and (name != "src" or line["cpu"] < WORKER_CPU) and growth < GROWTH_MIB)
        say(
            f"        cm_task_sequence {name:<6}{line['cpu']:.3f} s = core's own {line['before']:.3f}, untagging "
            f"{line['plain']:.3f}, validation {line['validate']:.3f}, ours {mine:.3f}; "
            f"peak {line['peak'] / MIB:.0f} MiB ({growth:+.0f}){remark}"
        )


def workers(simulator: Simulator, folder: Path, rounds: int) -> None:
    """Print the costs of the worker process on every ansible-core that is installed here."""
    say()
    say(
        f"The worker process of a task with {LONG} steps, nothing to change (goals: ours < {OWN_CPU} s, with src all of"
        f" it < {WORKER_CPU} s, memory < debug + {GROWTH_MIB} MiB)"
    )
    simulator.call("POST", "/switches", {"max_envelope_kb": measures.LARGE_KB})
    here = version("ansible-core").rpartition(".")[0]
    worker(simulator, folder, None, rounds)
    for core in CORES:
        if core != here and (venv_bin(core) / "ansible-playbook").exists():
            worker(simulator, folder, core, rounds)


def first_use(rounds: int) -> None:
    """Print what the first task of a play loads."""
    say()
    say("First use in a play, CPU ms (once in the main process, but for the last, which each worker pays)")
    for name, seconds in measures.first_use(rounds).items():
        say(f"    {name:<30}{seconds * 1000:>7.1f}")


def main() -> int:
    """Measure everything and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=30, help="how many separate tasks a play has")
    parser.add_argument("--rounds", type=int, default=3, help="how often each thing is measured")
    options = parser.parse_args()
    say(f"ansible-core {version('ansible-core')}, Python {platform.python_version()}, {platform.machine()}")
    say()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        simulator = Simulator(folder)
        simulator.start()
        try:
            place = folder / "tasks"
            place.mkdir()
            ansible = Ansible(simulator, place)
            measures.adjacent_to_playbooks(ansible)
            steps: list[t.Callable[[], None]] = [
                lambda: tasks(ansible, options.tasks, options.rounds),
                lambda: own(simulator, options.rounds),
                lambda: workers(simulator, folder, options.rounds),
                lambda: first_use(options.rounds),
                lambda: filters.figures(say),
            ]
            for step in steps:
                step()
        finally:
            simulator.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
