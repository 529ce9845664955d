# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The option ``backup``: what is saved, when, and that applying it brings the former state back."""

from __future__ import annotations

import os
import re
import stat
import typing as t
from pathlib import Path

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils._resources import _local_file
from tests.unit.plugins.plugin_utils._resources.bench import STEPS, Bench, command, find

MODULE = "cm_task_sequence"
SECRET = "Canary-4711-long"
JOIN = {"name": "Join", "type": "join_domain_or_workgroup", "domain": "corp.example.com", "username": "CORP\\svc"}
OPTIONS: dict[str, t.Any] = {
    "name": "Saved",
    "description": "Owned by <finance> & IT",
    "category": "Finance",
    "boot_image": "Boot image (x64)",
    "max_run_time": 90,
    "progress_text": "Please wait",
    "enabled": False,
    "platforms": ["All Windows 11 (64-bit) Client"],
    "run_first": {"package": "Corporate Fonts", "program": "Install fonts", "always": True},
    "software_center": {"name": "A desktop", "restart_required": True, "download_size_mb": 900},
    "high_impact": {"enabled": True, "headline": "Stop", "warning": "Save your work"},
    "pre_download_rule": "@root",
}
CHANGED: dict[str, t.Any] = {
    "description": "",
    "category": "",
    "boot_image": "",
    "max_run_time": 10,
    "progress_text": "",
    "enabled": True,
    "platforms": [],
    "run_first": {},
    "software_center": {"name": "", "description": "New", "restart_required": False, "download_size_mb": 0},
    "high_impact": {"enabled": False, "headline": "", "warning": ""},
    "pre_download_rule": "",
}
VOLATILE = ("ActionInProgress", "SedoObjectVersion", "SourceVersion", "SourceDate", "LastRefreshTime")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench()
    made.folder = tmp_path
    return made


def create(bench: Bench) -> str:
    done = bench.ok(MODULE, **OPTIONS, steps=[*STEPS, {**JOIN, "password": SECRET}])
    return str(done["task_sequence"]["package_id"])


def state(bench: Bench, package_id: str) -> tuple[t.Any, t.Any]:
    """Return what the site holds; null and an empty text are the same."""
    package = {name: value or None for name, value in bench.package(package_id).items() if name not in VOLATILE}
    return package, bench.tree(package_id)


@pytest.mark.parametrize("mode", ["clear", "opaque"])
def test_change_and_restore(bench: Bench, mode: str) -> None:
    package_id = create(bench)
    bench.provider.switches.update({"secrets": mode})
    original = state(bench, package_id)
    steps = [{**STEPS[0], "name": "Other"}, *STEPS[2:], JOIN, command("New")]
    changed = bench.ladder(MODULE, package_id=package_id, name="Renamed", **CHANGED, steps=steps, backup=True)
    assert state(bench, package_id) != original

    saved = changed["backup_file"]
    restored = bench.ladder(MODULE, package_id=package_id, src=saved)
    assert state(bench, package_id) == original
    assert find(bench.tree(package_id), "Join")["DomainPassword"] == SECRET
    assert "backup_file" not in restored


def test_the_file(bench: Bench, tmp_path: Path) -> None:
    package_id = create(bench)
    done = bench.ok(MODULE, name="Saved", steps=[], allow_empty=True, backup=True, backup_dir="kept/here")
    path = Path(done["backup_file"])
    assert path.parent == tmp_path.resolve() / "kept" / "here"
    assert re.fullmatch(rf"PS1-{package_id}-\d{{8}}T\d{{6}}Z-[0-9a-f]{{8}}\.xml", path.name)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [item.name for item in path.parent.iterdir()] == [path.name]
    text = path.read_text(encoding="utf-8")
    assert SECRET not in text and '<INSTANCE CLASSNAME="SMS_TaskSequencePackage">' in text


def test_it_costs_no_request(bench: Bench) -> None:
    create(bench)
    bench.ok(MODULE, name="Saved", steps=[command("One")])
    without = len(bench.requests)
    bench.ok(MODULE, name="Saved", steps=[command("Two")], backup=True)
    assert len(bench.requests) == without
    bench.ok(MODULE, name="Saved", description="A")
    without = len(bench.requests)
    bench.ok(MODULE, name="Saved", description="B", backup=True)
    assert len(bench.requests) == without


def test_steps_are_read_where_the_site_shows_no_text(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    create(bench)
    original = bench.steps("Saved")
    module = "ansible_collections.configmgr.osd.plugins.plugin_utils._resources._backup._stored"
    monkeypatch.setattr(module, lambda text: None)
    done = bench.ok(MODULE, name="Saved", state="absent", backup=True)
    assert "Invoke GetSequence" in bench.counted()
    bench.ok(MODULE, src=done["backup_file"])
    changed = [step for step in bench.steps("Saved") if step not in original]
    assert [step["name"] for step in changed] == ["Join"] and "password" not in changed[0]


def test_a_deleted_one_comes_back_without_its_secret(bench: Bench) -> None:
    package_id = create(bench)
    package, _tree = state(bench, package_id)
    gone = bench.ladder(MODULE, name="Saved", state="absent", backup=True)
    assert bench.packages("Saved") == []
    assert not bench.run(MODULE, src=gone["backup_file"], check=True).get("failed")
    assert "These secrets have no value: src: steps[7].password." in bench.warnings
    back = bench.ladder(MODULE, src=gone["backup_file"])
    now = bench.package(back["task_sequence"]["package_id"])
    assert now["LocalizedTaskSequenceName"] == "A desktop" and now["CustomHighImpactHeadline"] == "Stop"
    same = ("Name", "Description", "Category", "BootImageID", "Duration", "ProgramFlags", "SupportedOperatingSystems")
    assert all(now[name] == package[name] for name in (*same, "DependentProgram", "CustomProgressMsg"))


def test_nothing_is_saved_when_nothing_changes(bench: Bench, tmp_path: Path) -> None:
    steps = [command("One")]
    assert "backup_file" not in bench.ok(MODULE, name="New", steps=steps, backup=True)
    assert "backup_file" not in bench.ok(MODULE, name="New", steps=steps, backup=True)
    assert "backup_file" not in bench.ok(MODULE, name="Absent", state="absent", backup=True)
    assert list(tmp_path.iterdir()) == []


def test_check_mode_says_where(bench: Bench, tmp_path: Path) -> None:
    bench.ok(MODULE, name="New", steps=[command("One"), command("Two")])
    done = bench.ok(MODULE, name="New", description="x", backup=True, check=True)
    folder = tmp_path.resolve() / "backup"
    assert done["backup_file"] is None
    assert f"Its 2 steps and its options would be saved to {folder} first." in done["msg"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("check", [True, False])
def test_a_folder_that_cannot_be_used_refuses_the_change(bench: Bench, tmp_path: Path, check: bool) -> None:
    bench.ok(MODULE, name="New", steps=[command("One")])
    (tmp_path / "file").write_text("x", encoding="utf-8")
    options = {"name": "New", "description": "x", "backup": True, "backup_dir": "file/below"}
    assert "is no folder" in bench.refused(MODULE, check=check, **options)
    assert bench.packages("New")[0]["Description"] == ""


def test_a_failing_write_refuses_the_change(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.ok(MODULE, name="New", steps=[command("One")])

    def full(*_args: t.Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_local_file.os, "replace", full)
    message = bench.refused(MODULE, name="New", steps=[], allow_empty=True, backup=True)
    assert "backup_dir" in message and "No space left on device" in message
    assert os.listdir(tmp_path / "backup") == []
    assert len(bench.steps("New")) == 1


def test_a_failure_after_it_names_the_file(bench: Bench) -> None:
    bench.ok(MODULE, name="New", steps=[command("One")])
    bench.tell("/faults", faults=[{"kind": "denied", "method": "SetSequence"}])
    result = bench.run(MODULE, name="New", steps=[command("Two")], backup=True)
    assert result["failed"] and re.search(r"What was there before is in .*\.xml\.", result["msg"]), result["msg"]


def test_sequence_xml_takes_the_steps_only(bench: Bench) -> None:
    package_id = create(bench)
    before = bench.tree(package_id)
    done = bench.ok(MODULE, name="Saved", description="New", steps=[command("One")], backup=True)
    text = Path(done["backup_file"]).read_text(encoding="utf-8")
    bench.ladder(MODULE, name="Saved", sequence_xml=text)
    assert bench.package(package_id)["Description"] == "New"
    assert [step["Name"] for step in bench.tree(package_id)] == [step["Name"] for step in before]


def test_an_icon_comes_back(bench: Bench, tmp_path: Path) -> None:
    package_id = create(bench)
    for name in ("one", "two"):
        (tmp_path / name).write_bytes(b"\x89PNG\r\n\x1a\n" + name.encode())
    for first, second in (("one", "two"), ("one", ""), ("", "one")):
        bench.ok(MODULE, package_id=package_id, icon=first)
        original = state(bench, package_id)
        done = bench.ok(MODULE, package_id=package_id, icon=second, backup=True)
        bench.ladder(MODULE, package_id=package_id, src=done["backup_file"])
        assert state(bench, package_id) == original


def test_an_edit_of_one_step_saves_as_well(bench: Bench) -> None:
    package_id = create(bench)
    original = state(bench, package_id)
    edit = {"name": "Saved", "path": "Fonts", "options": {"description": "edited"}, "backup": True}
    assert bench.ok("cm_task_sequence_step", check=True, **edit)["backup_file"] is None
    done = bench.ok("cm_task_sequence_step", **edit)
    bench.ladder(MODULE, package_id=package_id, src=done["backup_file"])
    assert state(bench, package_id) == original
