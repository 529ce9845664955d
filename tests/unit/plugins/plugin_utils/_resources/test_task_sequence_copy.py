# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The option ``copy_from``: a new task sequence that starts as another one."""

from __future__ import annotations

import typing as t

import pytest
from tests.unit.plugins.plugin_utils._resources.bench import Bench, command, find

MODULE = "cm_task_sequence"
SOURCE = "Windows 11 - Standard desktop"
SOURCE_ID = "PS100041"
COPIED = ("Description", "Category", "BootImageID", "Duration", "ProgramFlags", "SupportedOperatingSystems")


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.mark.parametrize("mode", ["clear", "opaque"])
@pytest.mark.parametrize("way", ["objects", "xml"])
def test_everything_is_copied(bench: Bench, mode: str, way: str) -> None:
    bench.provider.switches.update({"secrets": mode})
    bench.compatibility = {"write_via": way}
    bench.ok("cm_ts_package", package_id=SOURCE_ID, progress_text="Wait", category="Finance", max_run_time=33)
    done = bench.ladder(MODULE, name="A copy", copy_from=SOURCE)
    summary = done["task_sequence"]
    assert summary["package_id"] != SOURCE_ID and summary["changed_options"] == ["name", "copy_from", "steps"]
    assert bench.tree(summary["package_id"]) == bench.tree(SOURCE_ID)
    assert find(bench.tree(summary["package_id"]), "Network and domain")["DomainPassword"] == "Join-0815"
    old, new = bench.package(SOURCE_ID), bench.package(summary["package_id"])
    assert [name for name in (*COPIED, "CustomProgressMsg") if old[name] != new[name]] == []
    assert f"    copy_from: {SOURCE} ({SOURCE_ID})" in done["diff"]["prepared"]
    assert "Join-0815" not in str(done)
    (source,) = bench.ok("cm_task_sequence_info", package_id=SOURCE_ID)["task_sequences"]
    assert summary["steps_sha256"] == source["steps_sha256"]
    assert {item["id"] for item in summary["references"]} >= {"PS100010"}


def test_options_of_the_task_win(bench: Bench) -> None:
    bench.ladder(MODULE, name="A copy", copy_from={"id": SOURCE_ID}, description="Mine", boot_image="", enabled=False)
    (row,) = bench.packages("A copy")
    assert (row["Description"], row["BootImageID"], row["TsEnabled"]) == ("Mine", "", False)
    assert bench.package(SOURCE_ID)["BootImageID"] == "PS100005"


def test_it_counts_at_creation_only(bench: Bench) -> None:
    bench.ok(MODULE, name="Mine", steps=[command("One")])
    done = bench.ok(MODULE, name="Mine", copy_from=SOURCE)
    assert not done["changed"] and done["task_sequence"]["changed_options"] == []
    assert not any(entry["method"] for entry in bench.requests)
    assert [step["name"] for step in bench.steps("Mine")] == ["One"]
    # Not even a source that is gone matters then, so that a play goes on working.
    assert not bench.ok(MODULE, name="Mine", copy_from="No such sequence")["changed"]


def test_requests(bench: Bench) -> None:
    bench.ok(MODULE, name="A copy", copy_from=SOURCE, site_code="PS1", report_scopes=False)
    reads = ["Enumerate SMS_TaskSequencePackage"] * 2 + ["Get SMS_TaskSequencePackage", "Invoke GetSequence"]
    after = ["Enumerate SMS_TaskSequencePackage", "Get SMS_TaskSequencePackage"]
    assert bench.counted() == [*reads, "Invoke SetSequence", *after]
    bench.ok(MODULE, name="Another", copy_from="id:PS100041", site_code="PS1", report_scopes=False, check=True)
    assert bench.counted() == reads
    bench.ok(MODULE, name="A copy", copy_from=SOURCE, site_code="PS1")
    assert bench.counted() == ["Enumerate SMS_TaskSequencePackage", "Get SMS_TaskSequencePackage"]


def test_secrets_that_the_site_does_not_hand_out(bench: Bench) -> None:
    bench.provider.switches.update({"secrets": "blank"})
    message = bench.refused(MODULE, "secret_unreadable", name="A copy", copy_from=SOURCE)
    assert "copy_from: steps[" in message and "Network and domain" in message and "allow_blank_secrets" in message
    assert bench.packages("A copy") == []
    done = bench.ladder(MODULE, name="A copy", copy_from=SOURCE, allow_blank_secrets=True)
    assert "These stored secrets are lost: copy_from: steps[" in done["msg"]


@pytest.mark.parametrize(
    ("source", "code", "says"),
    [
        ("No such sequence", "unresolved_reference", "copy_from (No such sequence): the site has no"),
        ("id:PS1000FF", "unresolved_reference", "with this ID"),
        ({"id": "x"}, "invalid_input", "copy_from.id (x)"),
        (["a"], "invalid_input", "copy_from"),
    ],
)
def test_bad_sources(bench: Bench, source: t.Any, code: str, says: str) -> None:
    assert says in bench.refused(MODULE, code, name="A copy", copy_from=source)


def test_it_excludes_other_sources(bench: Bench) -> None:
    assert "mutually exclusive" in bench.refused(MODULE, name="A copy", copy_from=SOURCE, steps=[])
    assert "never creates one" in bench.refused(MODULE, "not_found", package_id="PS1000FF", copy_from=SOURCE)


def test_a_source_that_an_earlier_task_would_make(bench: Bench) -> None:
    planned = bench.ok(MODULE, name="First", steps=[command("One")], check=True)["task_sequence"]
    done = bench.ok(MODULE, name="Second", copy_from="First", planned=[planned], check=True)
    assert done["changed"] and done["task_sequence"]["planned"] and "cannot be shown yet" in done["msg"]
    assert done["unresolved"] == [{"kind": "task_sequence", "name": "First", "path": "copy_from"}]
    options = {"name": "Second", "copy_from": "First", "check": True}
    assert "the site has no" in bench.refused(MODULE, "unresolved_reference", **options)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("position", range(1, 8))
def test_a_lost_answer_anywhere_leaves_one_whole_copy(bench: Bench, position: int, when: str) -> None:
    bench.tell("/faults", faults=[{"kind": "drop", "when": when, "at": position}])
    bench.run(MODULE, name="A copy", copy_from=SOURCE, site_code="PS1", report_scopes=False)
    bench.tell("/faults", faults=[])
    done = bench.ok(MODULE, name="A copy", copy_from=SOURCE, site_code="PS1", report_scopes=False)
    (row,) = bench.packages("A copy")
    assert bench.tree(row["PackageID"]) == bench.tree(SOURCE_ID)
    assert done["changed"] == (bench.writes() != [])


def test_an_ambiguous_source_lists_the_candidates(bench: Bench) -> None:
    twin = bench.ok(MODULE, name="Twin", steps=[command("One")])["task_sequence"]["package_id"]
    bench.ok("cm_ts_package", package_id=twin, name=SOURCE)
    message = bench.refused(MODULE, "unresolved_reference", name="A copy", copy_from=SOURCE)
    assert f"{{id: {SOURCE_ID}}}" in message and f"{{id: {twin}}}" in message
