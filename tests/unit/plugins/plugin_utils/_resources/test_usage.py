# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What uses an object: task sequences, directly and through children, and deployments."""

from __future__ import annotations

import typing as t

import pytest
from tests.unit.plugins.plugin_utils._resources.bench import PACKAGE, Bench

MODULE = "cm_object_usage_info"


@pytest.fixture
def bench() -> Bench:
    return Bench()


def usage(bench: Bench, kind: str, found: t.Any, **options: t.Any) -> dict[str, t.Any]:
    done = bench.ok(MODULE, kind=kind, object=found, check=True, **options)
    assert not done["changed"] and bench.writes() == []
    return dict(done["usage"])


def test_an_image_with_its_deployments(bench: Bench) -> None:
    found = usage(bench, "os_image", "Windows 11 24H2", gather=["steps"])
    assert found["object"] == {"kind": "os_image", "name": "Windows 11 24H2", "id": "PS100020"} and found["used"]
    (sequence,) = found["task_sequences"]
    assert sequence["package_id"] == "PS100041" and sequence["direct"] is True and sequence["through"] == []
    assert sequence["steps"] == [
        {"path": "Install operating system / Apply Windows 11", "type": "apply_operating_system_image",
         "option": "image", "enabled": True},
    ]  # fmt: skip
    (deployment,) = found["deployments"]
    assert deployment["advertisement_id"] == "PS120000" and deployment["collection"] == "All Unknown Computers"
    assert deployment["purpose"] == "available" and deployment["program"] is None


def test_through_children(bench: Bench) -> None:
    run = [{"name": "Finance", "type": "run_task_sequence", "task_sequence": "Finance - Applications"}]
    parent = bench.ok("cm_task_sequence", name="Parent", steps=run)["task_sequence"]["package_id"]
    run = [{"name": "Parent", "type": "run_task_sequence", "task_sequence": "Parent"}]
    bench.ok("cm_task_sequence", name="Grandparent", steps=run)
    found = usage(bench, "application", "Contoso VPN", gather=["steps"])
    shown = {
        entry["name"]: (entry["direct"], [one["name"] for one in entry["through"]]) for entry in found["task_sequences"]
    }
    assert shown["Finance - Applications"] == (True, [])
    assert shown["Parent"] == (False, ["Finance - Applications"])
    assert shown["Grandparent"][0] is False and "Parent" in shown["Grandparent"][1]
    plain = {entry["name"]: entry["direct"] for entry in usage(bench, "application", "Contoso VPN")["task_sequences"]}
    assert plain["Finance - Applications"] is True and plain["Parent"] is not True
    child = usage(bench, "task_sequence", {"id": parent})
    assert child["children"] == [{"name": "Finance - Applications", "package_id": "PS100040"}]
    assert [entry["name"] for entry in child["task_sequences"]] == ["Grandparent"]


def test_boot_image_and_program_deployments(bench: Bench) -> None:
    found = usage(bench, "boot_image", {"id": "PS100006"}, gather=["steps"])
    assert [(entry["name"], entry["options"]) for entry in found["task_sequences"]] == [
        ("Kiosk refresh", ["boot_image"])
    ]
    found = usage(bench, "package", "Finance Ledger Client")
    assert ("PS120002", "Install") in {(one["advertisement_id"], one["program"]) for one in found["deployments"]}
    found = usage(bench, "collection", "OSD - Finance pilot")
    assert [one["advertisement_id"] for one in found["deployments"]] == ["PS120002"] and found["task_sequences"] == []


def test_what_the_site_does_not_list_is_found_by_reading_everything(bench: Bench) -> None:
    step = {"name": "Plotter", "type": "download_package_content", "packages": ["Legacy plotter software"]}
    bench.ok("cm_task_sequence", name="Switched off", steps=[{**step, "enabled": False}])
    first = {"package": "Monitoring Agent", "program": "Silent install"}
    bench.ok("cm_ts_package", name="Agent first", run_first=first)
    assert not usage(bench, "package", "Legacy plotter software")["used"]
    found = usage(bench, "package", "Legacy plotter software", include_disabled=True)
    assert found["used"]
    (sequence,) = found["task_sequences"]
    assert (sequence["name"], sequence["direct"], sequence["options"]) == ("Switched off", True, [])
    assert sequence["steps"] == [
        {"path": "Plotter", "type": "download_package_content", "option": "packages", "enabled": False}
    ]
    gets = [entry for entry in bench.counted() if entry == "Get SMS_TaskSequencePackage"]
    assert len(gets) == bench.counted().count("Invoke GetSequence") == len(bench.provider.store.scan(PACKAGE))
    assert "Agent first" not in {one["name"] for one in usage(bench, "package", "Monitoring Agent")["task_sequences"]}
    found = usage(bench, "package", "Monitoring Agent", include_disabled=True)
    shown = {one["name"]: (one["options"], bool(one["steps"])) for one in found["task_sequences"]}
    assert shown["Agent first"] == (["run_first"], False) and shown["Windows 11 - Standard desktop"] == ([], True)


def test_nothing_uses_it(bench: Bench) -> None:
    found = usage(bench, "package", "Legacy plotter software")
    assert not found["used"] and found["object"]["id"] == "PS10001B"
    found = usage(bench, "package", "No such package")
    assert found["object"] is None and not found["used"]
    assert not usage(bench, "package", {"id": "PS1FFFFF"})["used"]


def test_bad_input(bench: Bench) -> None:
    assert "2 of kind package bear this name" in bench.refused(
        MODULE, "unresolved_reference", kind="package", object="Runtime Libraries"
    )
    assert "object.id (12345678)" in bench.refused(MODULE, kind="package", object={"id": 12345678})
    assert "value of kind must be one of" in bench.refused(MODULE, kind="driver", object="x")
