# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the checks of the Makefile, alone or all of them, side by side where that helps.

``python3 tests/tools/check.py <target> [-- arguments for pytest]``. Standard library only.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
import typing as t
import xml.etree.ElementTree as ET
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

import environments
import pythons
from layout import BUILD, LOGS, ROOT, VENV, Failure, settings, venv_bin

OWN = (sys.version_info[0], sys.version_info[1])
LEAST_CORES = 3
BETWEEN = ("2.17", "2.20")
"""Cores whose neighbours on both sides run in ``make test``; these two are left to ``make matrix``."""
TOTAL_BUDGET = 15 * 60
SHOWN_LINES = 12
"""How much of a passing stage's output is printed; all of it lies in ``.build/logs``."""


@dataclass
class Stage:
    """One check: its commands run one after the other; the first that fails ends it."""

    name: str
    commands: list[list[str]]
    budget: int
    """Seconds on two cores with a warm package cache; a stage that takes longer is a defect to look at."""
    environment: dict[str, str] = field(default_factory=dict)
    core: str | None = None
    """The ansible-core of its playbooks, when it runs playbooks."""
    report: Path | None = None
    """pytest's report in JUnit form."""
    code: int = 0
    seconds: float = 0.0

    @property
    def log(self) -> Path:
        """The file with everything that the stage printed."""
        return LOGS / f"{self.name.replace(' ', '-')}.log"


def newest() -> str:
    """Return the ansible-core of the development environment."""
    core = pythons.newest_core(OWN)
    if core is None:
        raise Failure(f"no supported ansible-core runs on Python {pythons.text(OWN)}")
    return core


def _tool(name: str, *arguments: str) -> list[str]:
    return [sys.executable, str(ROOT / "tests" / "tools" / f"{name}.py"), *arguments]


def _python(*arguments: str) -> list[str]:
    return [str(VENV / "bin" / "python"), *arguments]


def _pytest(folder: str, report: Path | None, *arguments: str, workers: int = 2) -> list[str]:
    cache = f"cache_dir={BUILD / 'pytest_cache'}"
    command = _python("-m", "pytest", folder, "-n", str(workers), "-q", "-o", cache, *arguments)
    return [*command, f"--junit-xml={report}"] if report else command


def lint() -> list[Stage]:
    """Style of code, of text files, of playbooks and roles."""
    return [
        Stage(
            "lint",
            [
                _python("tests/tools/text_rules.py"),
                _python("-m", "ruff", "check", "--config", "tests/ruff.toml", "--no-cache", "."),
                [str(venv_bin() / "ansible-lint")],
            ],
            60,
        )
    ]


def docs_lint() -> list[Stage]:
    """The documentation of plugins and roles, the guides, the changelog."""
    return [Stage("docs-lint", [_python("tests/tools/docs.py")], 60)]


def sanity() -> list[Stage]:
    """ansible-test on the newest core, where it first has to find a planted error, and on the oldest."""
    stages = [Stage(f"sanity {newest()}", [_tool("sanity", "--plant", newest())], 90)]
    oldest = next((core for core, python in pythons.plan().items() if python), newest())
    if oldest != newest():
        # pylint is three quarters of the time and finds the same on both; make matrix runs it on every core.
        stages.append(Stage(f"sanity {oldest}", [_tool("sanity", "--skip-test", "pylint", oldest)], 90))
    return stages


def unit(*arguments: str) -> list[Stage]:
    """Unit tests, the property-based ones with a small fixed sample."""
    return [Stage("unit", [_pytest("tests/unit", None, *arguments)], 150)]


def playbooks(core: str, *arguments: str, name: str | None = None, budget: int = 240) -> Stage:
    """Playbook tests on one core: the runner is pytest of the development environment, Ansible is the core's own."""
    report = LOGS / f"playbooks-{core}.xml"
    stage = Stage(name or f"playbooks {core}", [_pytest("tests/integration", report, *arguments)], budget)
    stage.core, stage.report = core, report
    stage.environment["CONFIGMGR_CORE_BIN"] = str(venv_bin(None if core == newest() else core))
    return stage


def every_core(*, smoke: bool) -> list[Stage]:
    """Playbook tests on every core that has a Python here; all of them on the newest."""
    stages = [playbooks(newest())]
    oldest = next((core for core, python in pythons.plan().items() if python), None)
    for core, python in pythons.plan().items():
        if python and core != newest() and not (smoke and core in BETWEEN):
            # What runs in the process of the tests does not depend on the core of the playbooks.
            chosen = "smoke or oldest" if core == oldest else "smoke"
            arguments = ("-m", chosen if smoke else "not soak and not inprocess")
            stages.append(playbooks(core, *arguments, budget=60 if smoke else 240))
    return stages


def build() -> list[Stage]:
    """The artifact."""
    return [Stage("build", [_python("tests/tools/artifact.py")], 30)]


def importer() -> list[Stage]:
    """What Automation Hub and Galaxy check on upload."""
    return [Stage("importer", [_python("tests/tools/artifact.py", "--importer")], 60)]


def screenshots() -> list[Stage]:
    """The picture of the guide to reports."""
    return [Stage("screenshots", [_python("tests/tools/screenshots.py")], 60)]


def demo() -> list[Stage]:
    """The demonstration."""
    return [Stage("demo", [_python("tests/demo/run.py")], 120)]


def bench() -> list[Stage]:
    """The figures."""
    return [Stage("bench", [_python("tests/benchmark/bench.py")], 900)]


def fuzz(*arguments: str) -> list[Stage]:
    """The property-based tests, long and with a new seed."""
    stage = Stage("fuzz", [_pytest("tests/unit", None, "-m", "hypothesis", *arguments)], 3600)
    stage.environment["CONFIGMGR_HYPOTHESIS"] = "full"
    return [stage]


def faults(*arguments: str) -> list[Stage]:
    """Every kind of fault at every request of every module that writes."""
    stage = Stage("faults", [_pytest("tests/integration/test_faults.py", None, *arguments)], 1800)
    stage.environment["CONFIGMGR_FAULTS"] = "full"
    return [stage]


def soak(*arguments: str) -> list[Stage]:
    """The smoke ladders over and over."""
    return [Stage("soak", [_python("-m", "pytest", "tests/integration", "-m", "soak", "-q", *arguments)], 3600)]


def full() -> list[Stage]:
    """Everything of ``make test``, the long stages first so that both processors stay busy to the end."""
    all_playbooks, *smoke = every_core(smoke=True)
    newest_sanity, *oldest_sanity = sanity()
    short = [*importer(), *docs_lint(), *build()]
    return [*lint(), all_playbooks, newest_sanity, *unit(), *smoke, *oldest_sanity, *short]


def matrix() -> list[Stage]:
    """All playbook tests and sanity, on every core."""
    checks = [
        Stage(f"sanity {core}", [_tool("sanity", "--whole", core)], 180)
        for core, python in pythons.plan().items()
        if python
    ]
    return [*every_core(smoke=False), *checks]


def perform(stage: Stage) -> Stage:
    """Run one stage; everything it prints goes to its log."""
    env = settings() | stage.environment
    started = time.monotonic()
    with stage.log.open("w", encoding="utf-8") as log:
        for command in stage.commands:
            done = subprocess.run(
                command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, check=False
            )
            stage.code = done.returncode
            if stage.code:
                log.write(f"exit code {stage.code}: {' '.join(command)}\n")
                break
    stage.seconds = time.monotonic() - started
    return stage


def announce(stage: Stage) -> None:
    """Print how a stage ended: everything when it failed, the closing lines when it passed."""
    lines = stage.log.read_text(encoding="utf-8", errors="replace").rstrip().splitlines()
    if not stage.code:
        lines = lines[-SHOWN_LINES:]
    print(f"--- {stage.name}: {'FAILED' if stage.code else 'passed'} in {stage.seconds:.0f} s", flush=True)
    for line in lines:
        print(f"    {line}")
    sys.stdout.flush()


def perform_all(stages: list[Stage]) -> list[Stage]:
    """Run stages two at a time; a failure does not stop the others."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        running: set[Future[Stage]] = {pool.submit(perform, stage) for stage in stages}
        while running:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                announce(future.result())
    return stages


def counts(report: Path | None) -> dict[str, int]:
    """Read pytest's report; nothing when there is none."""
    if report is None or not report.is_file():
        return {}
    suite = ET.parse(report).getroot().find("testsuite")
    if suite is None:
        return {}
    found = {name: int(suite.get(name, "0")) for name in ("tests", "failures", "errors", "skipped")}
    found["passed"] = found["tests"] - found["failures"] - found["errors"] - found["skipped"]
    return found


def _versions(core: str) -> str:
    python = venv_bin(None if core == newest() else core) / "python"
    source = "import ansible.release, platform; print(ansible.release.__version__, platform.python_version())"
    done = subprocess.run([str(python), "-I", "-c", source], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "? ?"


def core_table(stages: list[Stage]) -> tuple[list[str], int]:
    """Return the lines of the table core x Python x run, and on how many cores playbooks passed."""
    lines = [f"{'ansible-core':<14}{'Python':<10}{'playbook tests':<22}result"]
    good = 0
    by_core = {stage.core: stage for stage in stages if stage.core}
    for core, (low, high) in pythons.CORES.items():
        stage = by_core.get(core)
        if stage is None:
            wanted = f"no Python {pythons.text(low)} to {pythons.text(high)} on this machine"
            if pythons.plan().get(core):
                wanted = "make matrix runs it"
            lines.append(f"{core:<14}{'-':<10}{'not run':<22}{wanted}")
            continue
        found = counts(stage.report)
        passed = found.get("passed", 0)
        ok = not stage.code and passed > 0
        good += ok
        version, python = _versions(core).split()
        kind = "smoke" if any("smoke" in word for word in stage.commands[0]) else "all"
        text = f"{kind}, {passed} of {found.get('tests', 0)} passed"
        lines.append(f"{version:<14}{python:<10}{text:<22}{'ok' if ok else 'FAILED'} in {stage.seconds:.0f} s")
    return lines, good


def summary(stages: list[Stage], set_up_seconds: float, started: float) -> int:
    """Print the closing tables; return the exit code."""
    print("\nstage                    seconds  budget")
    rows = [("set-up", set_up_seconds, 60, 0), *((s.name, s.seconds, s.budget, s.code) for s in stages)]
    for name, seconds, budget, code in rows:
        remark = "  FAILED" if code else ("  over its budget" if seconds > budget else "")
        print(f"{name:<24}{seconds:>8.1f}{budget:>8}{remark}")
    total = time.monotonic() - started
    print(f"{'all (two at a time)':<24}{total:>8.1f}{TOTAL_BUDGET:>8}{'  over' if total > TOTAL_BUDGET else ''}")
    failed = [stage.name for stage in stages if stage.code]
    if any(stage.core for stage in stages):
        lines, good = core_table(stages)
        print("\n" + "\n".join(lines))
        if good < LEAST_CORES:
            failed.append(f"playbooks passed on {good} ansible-core versions, at least {LEAST_CORES} are needed")
    print()
    if failed:
        print("FAILED: " + ", ".join(failed))
        return 1
    print("All checks passed.")
    return 0


def set_up(cores: bool) -> float:
    """Install the environments; return the seconds."""
    started = time.monotonic()
    environments.set_up(cores=cores)
    LOGS.mkdir(parents=True, exist_ok=True)
    return time.monotonic() - started


def alone(stages: list[Stage]) -> int:
    """Run the stages of one target one after the other with their output on the terminal."""
    for stage in stages:
        env = settings() | stage.environment
        for command in stage.commands:
            done = subprocess.run(command, cwd=ROOT, env=env, check=False)
            if done.returncode:
                print(f"{stage.name}: exit code {done.returncode}", file=sys.stderr)
                return done.returncode
    return 0


SINGLE: dict[str, t.Callable[..., list[Stage]]] = {
    "lint": lint,
    "docs-lint": docs_lint,
    "sanity": sanity,
    "unit": unit,
    "playbooks": lambda *arguments: [playbooks(newest(), *arguments)],
    "build": build,
    "importer": importer,
    "demo": demo,
    "bench": bench,
    "faults": faults,
    "fuzz": fuzz,
    "soak": soak,
    "screenshots": screenshots,
}
MANY: dict[str, t.Callable[[], list[Stage]]] = {"test": full, "matrix": matrix}


def main() -> int:
    """Run the target named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=[*SINGLE, *MANY])
    parser.add_argument("arguments", nargs="*", help="for pytest, after --")
    options = parser.parse_args()
    started = time.monotonic()
    try:
        if options.target in SINGLE:
            LOGS.mkdir(parents=True, exist_ok=True)
            if options.target == "sanity":
                set_up(cores=True)
            return alone(SINGLE[options.target](*options.arguments))
        seconds = set_up(cores=True)
        for report in LOGS.glob("*.xml"):
            report.unlink()
        os.environ.setdefault("CI", "true")
        if "CONFIGMGR_SHARED" not in settings():
            print(f"no shared folder beside {BUILD.parent.name}: tests that need it are skipped")
        return summary(perform_all(MANY[options.target]()), seconds, started)
    except Failure as exc:
        print(exc, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
