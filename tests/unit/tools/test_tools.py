# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tools of the Makefile find what they are there for: a check that cannot fail is none."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import artifact
import check
import pytest
import pythons
import sanity
import text_rules
from layout import Failure

HEADER = "\n".join(text_rules.HEADER).encode() + b"\n"


@pytest.mark.parametrize(
    ("name", "content", "finding"),
    [
        ("a.yml", b"a: 1\r\n", "has CR"),
        ("a.yml", b"\xef\xbb\xbfa: 1\n", "byte order mark"),
        ("a.md", "a \u201cword\u201d\n".encode(), "line 1: typographic quote"),
        ("a.md", b"no end", "line feed"),
        ("a.bin", b"\0", "binary"),
        ("a.txt", b"\xff\n", "UTF-8"),
        ("a.py", b"import os\n", "header"),
        ("a.py", b"#!/usr/bin/env python3\n" + HEADER, "shebang"),
    ],
)
def test_text_rules_find(name: str, content: bytes, finding: str) -> None:
    """Each rule has a text that breaks it."""
    assert [text for text in text_rules.problems(name, content) if finding in text]


def test_text_rules_accept_plain_files() -> None:
    """What is in order stays without a finding."""
    assert text_rules.problems("a.py", HEADER + b"import os\n") == []
    assert text_rules.problems("a.py", b"#!/usr/bin/python\n" + HEADER) == []
    assert text_rules.problems("a.md", "plain \u00e9\n".encode()) == []


RAN = "".join(f'Running sanity test "test-{number}"\n' for number in range(sanity.LEAST_TESTS))


def test_sanity_counts_what_ran() -> None:
    """Enough tests and exit code 0 pass."""
    assert len(sanity.judge(0, RAN)) == sanity.LEAST_TESTS


@pytest.mark.parametrize(
    ("code", "output", "finding"),
    [
        (1, RAN, "exit code 1"),
        (0, RAN + "WARNING: All targets skipped.\n", "All targets skipped"),
        (0, RAN + "no files to test\n", "no files to test"),
        (0, RAN.replace("test-19", "test-18"), "only 19"),
        (0, "", "only 0"),
    ],
)
def test_sanity_that_checked_nothing_is_red(code: int, output: str, finding: str) -> None:
    """Exit code 0 alone proves nothing."""
    with pytest.raises(Failure, match=finding):
        sanity.judge(code, output)


def test_core_choice() -> None:
    """The oldest core gets the oldest Python, the others the running one where it fits."""
    found = {version: Path("python") for version in [(3, 10), (3, 11), (3, 12), (3, 13)]}
    chosen = {core: pythons.choose(core, found, (3, 11)) for core in pythons.CORES}
    assert chosen["2.16"] == (3, 10)
    assert chosen["2.17"] == chosen["2.18"] == chosen["2.19"] == (3, 11)
    assert chosen["2.20"] == chosen["2.21"] == (3, 13)
    assert pythons.choose("2.21", {(3, 11): Path("python")}, (3, 11)) is None


def test_newest_core_of_a_python() -> None:
    """Each Python has a newest ansible-core; an old one has none."""
    assert pythons.newest_core((3, 11)) == "2.19"
    assert pythons.newest_core((3, 12)) == "2.21"
    assert pythons.newest_core((3, 9)) is None


def test_a_python_that_does_not_run_is_none(tmp_path: Path) -> None:
    """A shim on PATH that fails when it is started does not count."""
    shim = tmp_path / "python3.12"
    shim.write_text("#!/bin/sh\necho 'version 3.12 is not selected' >&2\nexit 127\n", encoding="utf-8")
    shim.chmod(0o755)
    assert pythons.probe(shim) is None
    assert pythons.probe(tmp_path / "missing") is None
    found = pythons.probe(Path(sys.executable))
    assert found is not None and found[0] == sys.version_info[:2]


def test_the_allow_list_refuses_strangers() -> None:
    """A file that nobody decided to ship is named, and so is one that is missing."""
    files = dict.fromkeys(artifact.REQUIRED, 1)
    assert artifact.inspect(files) == []
    assert "Makefile does not belong" in artifact.inspect(files | {"Makefile": 1})[0]
    assert artifact.inspect(files | {"tests/unit/conftest.py": 1, "plugins/modules/x.ps1": 1, ".build/x": 1})
    assert "LICENSE is missing" in artifact.inspect({name: 1 for name in files if name != "LICENSE"})[0]
    heavy = files | {"tests/simulator/seed/big.yml": artifact.SIMULATOR_LIMIT}
    assert "the limit is" in artifact.inspect(heavy)[0]


def _stage(core: str, report: Path, *, passed: int, code: int = 0) -> check.Stage:
    cases = "".join(f'<testcase name="t{number}"/>' for number in range(passed))
    report.write_text(
        f'<testsuites><testsuite tests="{passed}" failures="0" errors="0" skipped="0">{cases}</testsuite></testsuites>',
        encoding="utf-8",
    )
    return check.Stage(f"playbooks {core}", [["pytest", "smoke"]], 60, core=core, report=report, code=code)


def test_fewer_than_three_cores_are_a_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A run that found two Pythons, or whose tests were all deselected, is red."""
    three = [_stage(core, tmp_path / core, passed=2) for core in ("2.16", "2.17", "2.18")]
    assert check.summary(three, 1.0, 0.0) == 0
    assert check.summary(three[:2], 1.0, 0.0) == 1
    assert check.summary([*three[:2], _stage("2.18", tmp_path / "none", passed=0)], 1.0, 0.0) == 1
    shown = capsys.readouterr().out
    assert "no Python 3.12 to 3.14 on this machine" in shown or "not run" in shown


def test_a_failed_stage_is_red_and_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The exit code of a stage is that of its first command that fails; its output is kept."""
    monkeypatch.setattr(check, "LOGS", tmp_path)
    fails = [sys.executable, "-c", "print('the reason'); raise SystemExit(3)"]
    never = [sys.executable, "-c", "print('not reached')"]
    stage = check.perform(check.Stage("some stage", [fails, never], 60))
    assert stage.code == 3
    text = stage.log.read_text(encoding="utf-8")
    assert "the reason" in text and "not reached" not in text


def test_every_target_of_the_makefile_is_known() -> None:
    """The Makefile is the only entry, and none of its targets is a dead end."""
    root = Path(__file__).resolve().parents[3]
    shown = subprocess.run(["make", "help"], cwd=root, capture_output=True, text=True, check=True).stdout
    for name in {*check.SINGLE, *check.MANY}:
        assert f"make {name} " in shown
