# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ``cm_task_sequence_info`` reads and shows."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from tests.unit.plugins.plugin_utils._resources.bench import Bench, find

MODULE = "cm_task_sequence_info"


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_listing_reads_no_steps(bench: Bench) -> None:
    found = bench.ok(MODULE)["task_sequences"]
    assert len(found) == 6 and all(item["steps"] is None and item["steps_sha256"] is None for item in found)
    assert not any(entry["method"] for entry in bench.requests)
    only = bench.ok(MODULE, gather=["options"])["task_sequences"]
    assert all(item["boot_image"] is not None and item["steps"] is None for item in only)


def test_steps_of_all_when_they_are_wanted(bench: Bench) -> None:
    found = bench.ok(MODULE, gather=["steps"])["task_sequences"]
    assert all(isinstance(item["steps"], list) and item["steps_sha256"] for item in found)
    assert sum(entry["method"] == "GetSequence" for entry in bench.requests) == len(found) == 6
    for item in found:
        again = bench.ok("cm_task_sequence", package_id=item["package_id"], steps=item["steps"])
        assert not again["changed"], again["diff"]


def test_one_has_its_steps_with_names_and_no_secret(bench: Bench) -> None:
    (found,) = bench.ok(MODULE, name="windows 11 - standard desktop")["task_sequences"]
    assert found["package_id"] == "PS100041" and (found["steps_count"], found["groups_count"]) == (6, 1)
    assert find(found["steps"], "Monitoring agent")["package"] == "Monitoring Agent"
    assert find(found["steps"], "Network and domain")["password"] == "<stored on site>"
    assert found["boot_image"] == "Boot image (x64)" and "Join-0815" not in str(found)


def test_names_that_are_not_unique_are_narrowed_down(bench: Bench) -> None:
    steps = [
        {"name": "A", "type": "install_package", "package": {"id": "PS100016"}, "program": "Install x64"},
        {"name": "B", "type": "install_application", "applications": [{"name": "Contoso Office", "version": "5.1"}]},
        {"name": "C", "type": "run_command_line", "command_line": "x", "package": {"id": "XYZ00099"}},
    ]
    bench.ok("cm_task_sequence", name="x", steps=steps, unknown_ids="keep")
    found = bench.steps("x")
    assert found[0]["package"] == {"name": "Runtime Libraries", "version": "14.3"}
    assert found[1]["applications"] == [{"name": "Contoso Office", "version": "5.1"}]
    assert found[2]["package"] == {"id": "XYZ00099"}


def test_the_hash_is_that_of_the_write_module(bench: Bench) -> None:
    (found,) = bench.ok(MODULE, package_id="PS100041")["task_sequences"]
    same = bench.ok("cm_task_sequence", package_id="PS100041", steps=found["steps"])
    assert same["task_sequence"]["steps_sha256"] == found["steps_sha256"]


def test_nothing_found_is_an_empty_list(bench: Bench) -> None:
    assert bench.ok(MODULE, name="Nothing")["task_sequences"] == []
    assert bench.ok(MODULE, package_id="PS1FFFFF")["task_sequences"] == []
    assert "mutually exclusive" in bench.refused(MODULE, name="x", package_id="PS100041")


def test_a_file_instead_of_steps(bench: Bench, tmp_path: Path) -> None:
    bench.folder = tmp_path
    planned = bench.ok(MODULE, package_id="PS100041", dest="ts.yml", check=True)
    assert planned["changed"] and list(tmp_path.iterdir()) == []
    done = bench.ok(MODULE, package_id="PS100041", dest="ts.yml")
    assert done == planned and done["task_sequences"][0]["steps"] is None and done["task_sequences"][0]["steps_count"]
    path = Path(done["dest"])
    assert path == tmp_path.resolve() / "ts.yml" and stat.S_IMODE(path.stat().st_mode) == 0o600
    assert bench.writes() == []
    path.chmod(0o644)
    assert not bench.ok(MODULE, package_id="PS100041", dest="ts.yml")["changed"]
    assert not bench.ok("cm_task_sequence", src="ts.yml")["changed"]
    bench.ok("cm_task_sequence", package_id="PS100041", description="other")
    assert bench.ok(MODULE, package_id="PS100041", dest=str(path), check=True)["changed"]
    assert bench.ok(MODULE, package_id="PS100041", dest=str(path))["changed"]
    assert "description: other" in path.read_text(encoding="utf-8") and stat.S_IMODE(path.stat().st_mode) == 0o644


def test_what_is_wrong_with_a_file(bench: Bench, tmp_path: Path) -> None:
    bench.folder = tmp_path
    assert "dest (x.yml): holds one task sequence" in bench.refused(MODULE, dest="x.yml")
    for check in (True, False):
        assert "has no such task sequence" in bench.refused(MODULE, name="No", dest="x.yml", check=check)
        assert "is a folder" in bench.refused(MODULE, package_id="PS100041", dest=".", check=check)
        assert "no such folder" in bench.refused(MODULE, package_id="PS100041", dest="no/x.yml", check=check)
    assert list(tmp_path.iterdir()) == []
