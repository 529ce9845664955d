# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""cm_content_info against the simulated site."""

from __future__ import annotations

from .bench import Bench

DESKTOP = "Windows 11 - Standard desktop"


def test_where_the_content_of_a_task_sequence_is() -> None:
    bench = Bench()
    found = bench.ok("cm_content_info", task_sequence=DESKTOP, site_code="PS1")["contents"]
    assert [item["package_id"] for item in found] == ["PS100005", "PS100002", "PS100010", "PS100012", "PS100020"]
    assert found[0] == {
        "kind": "content", "planned": False, "object_kind": "boot_image", "package_id": "PS100005",
        "name": "Boot image (x64)", "source_version": 1, "size_kb": 388012, "has_files": True,
        "targeted": 1, "installed": 1, "failed": 0, "pending": 0,
        "distribution_points": [{"name": "cm01.corp.contoso.com", "state": "installed", "source_version": 1,
                                 "message_id": None, "message": ""}],
        "distribution_point_groups": [],
    }  # fmt: skip
    assert [entry for entry in bench.counted() if not entry.startswith("Pull")] == [
        "Enumerate SMS_TaskSequencePackage", "Enumerate SMS_TaskSequencePackageReference_Flat",
        "Enumerate SMS_PackageBaseclass", "Enumerate SMS_PackageStatusDistPointsSummarizer",
        "Enumerate SMS_DPGroupPackages",
    ]  # fmt: skip
    assert bench.writes() == []


def test_a_failure_comes_with_its_message_and_groups_with_their_names() -> None:
    bench = Bench(content_fails="PS100010@dp-south*")
    bench.ok("cm_content", package="Monitoring Agent", distribution_point_groups=["Branch offices"])
    bench.pause(200)
    (found,) = bench.ok("cm_content_info", package="Monitoring Agent")["contents"]
    assert (found["targeted"], found["installed"], found["failed"], found["pending"]) == (3, 2, 1, 0)
    assert found["distribution_point_groups"] == ["Branch offices"]
    points = {point["name"].partition(".")[0]: point for point in found["distribution_points"]}
    assert {name: (point["state"], point["message_id"]) for name, point in points.items()} == {
        "cm01": ("installed", None), "dp-north": ("installed", None), "dp-south": ("install_failed", 2302)}  # fmt: skip
    (only,) = bench.ok("cm_content_info", package="Monitoring Agent", distribution_points=["DP-North"])["contents"]
    assert [point["name"] for point in only["distribution_points"]] == ["dp-north.corp.contoso.com"]


def test_an_older_version_is_outdated_and_what_is_not_there_is_an_empty_list() -> None:
    bench = Bench()
    bench.ok("cm_content", package="Monitoring Agent", refresh=True)
    (found,) = bench.ok("cm_content_info", package="Monitoring Agent")["contents"]
    assert (found["pending"], found["distribution_points"][0]["state"]) == (1, "content_updating")
    rows = bench.provider.store.rows("SMS_PackageStatusDistPointsSummarizer")
    row = next(row for row in rows if row.get("PackageID") == "PS100010")
    row.props.update({"State": 0, "SourceVersion": 1})
    bench.provider.store.save(row)
    (found,) = bench.ok("cm_content_info", package="Monitoring Agent")["contents"]
    assert (found["installed"], found["distribution_points"][0]["state"]) == (0, "outdated")
    assert bench.ok("cm_content_info", task_sequence="Not there", check_steps=True) | {"changed": False} == {
        "changed": False, "contents": [], "unlisted": []}  # fmt: skip
    assert bench.ok("cm_content_info", application="Teams shortcut")["contents"] == []
    assert "choose one" in bench.refused("cm_content_info", "unresolved_reference", package="Runtime Libraries")


def test_steps_that_need_more() -> None:
    bench = Bench()
    bench.ok("cm_task_sequence", name="Dynamic", steps=[{"name": "Drivers", "type": "auto_apply_drivers"}])
    (found,) = bench.ok("cm_content_info", task_sequence="Dynamic", check_steps=True)["unlisted"]
    assert (found["step"], found["task_sequence"]) == ("Drivers", "Dynamic")
