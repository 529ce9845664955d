# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Software Center, high impact, icon, folder, and scopes of a task sequence."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from .bench import Bench, command

NAME = "Finance - Applications"
"""A task sequence of the seed."""
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


def placed(bench: Bench, package_id: str) -> str:
    """Return the folder path of a task sequence, as the store has it."""
    rows = {row.get("ContainerNodeID"): row for row in bench.provider.store.scan("SMS_ObjectContainerNode")}
    items = bench.provider.store.scan("SMS_ObjectContainerItem")
    number = next((row.get("ContainerNodeID") for row in items if row.get("InstanceKey") == package_id), 0)
    path: list[str] = []
    while number:
        path.insert(0, rows[number].get("Name"))
        number = rows[number].get("ParentContainerNodeID", 0)
    return "/".join(path)


@pytest.mark.parametrize("module", ["cm_ts_package", "cm_task_sequence"])
def test_software_center_and_high_impact_are_managed_key_by_key(module: str) -> None:
    bench = Bench()
    wanted = {
        "name": NAME,
        "software_center": {"name": "Office & more", "restart_required": True, "run_time_minutes": 45},
        "high_impact": {"enabled": True, "headline": "Save your work"},
        "pre_download_rule": "SELECT * FROM Win32_ComputerSystem",
    }
    done = bench.ladder(module, **wanted)
    stored = bench.packages(NAME)[0]
    assert stored["LocalizedTaskSequenceName"] == "Office & more"
    assert (stored["RestartRequired"], stored["EstimatedRunTimeMinutes"]) == (1, 45)
    assert (stored["HighImpactTaskSequence"], stored["CustomHighImpactSet"]) == (1, 1)
    assert stored["PreDownloadRule"] == "SELECT * FROM Win32_ComputerSystem"
    assert "Save your work" in str(done["diff"])
    other = {"name": NAME, "software_center": {"description": "Everything"}, "high_impact": {"headline": ""}}
    bench.ladder(module, **other)
    stored = bench.packages(NAME)[0]
    assert stored["LocalizedTaskSequenceName"] == "Office & more"
    assert (stored["HighImpactTaskSequence"], stored["CustomHighImpactSet"]) == (1, 0)


def test_a_new_task_sequence_gets_all_of_it_in_one_go(tmp_path: Path) -> None:
    bench = Bench()
    bench.folder = tmp_path
    (tmp_path / "icon.png").write_bytes(PNG)
    wanted: dict[str, t.Any] = {
        "name": "Presented",
        "steps": [command("One")],
        "software_center": {"name": "Shown"},
        "icon": "icon.png",
        "folder": "Production/New/Deep",
        "create_folder": True,
        "security_scopes": ["Finance", "Default"],
    }
    bench.ladder("cm_task_sequence", **wanted)
    stored = bench.packages("Presented")[0]
    assert bytes(stored["Icon"]) == PNG and stored["IconSize"] == len(PNG)
    assert sorted(stored["SecuredScopeNames"]) == ["Default", "Finance"]
    assert placed(bench, stored["PackageID"]) == "Production/New/Deep"
    bench.ladder("cm_task_sequence", **{**wanted, "icon": "", "folder": "", "create_folder": False})
    stored = bench.packages("Presented")[0]
    assert not stored["Icon"] and placed(bench, stored["PackageID"]) == ""


def test_a_move_alone_does_not_save_the_package() -> None:
    bench = Bench()
    bench.ladder("cm_ts_package", name=NAME, folder="Production", security_scopes=["Finance"])
    bench.ok("cm_ts_package", name=NAME, folder="", security_scopes=["Default"])
    assert bench.writes() == ["Invoke MoveMembers", "Invoke AddMemberships", "Invoke RemoveMemberships"]
    again = bench.ok("cm_ts_package", name=NAME, folder="", security_scopes=["Default"])
    assert not again["changed"]
    assert bench.counted() == [
        "Enumerate SMS_ProviderLocation",
        "Enumerate SMS_TaskSequencePackage",
        "Get SMS_TaskSequencePackage",
        "Enumerate SMS_ObjectContainerNode",
        "Pull SMS_ObjectContainerNode",
        "Enumerate SMS_ObjectContainerItem",
    ]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"software_center": {"name": "x" * 256}}, "software_center.name"),
        ({"software_center": {"download_size_mb": -1}}, "software_center.download_size_mb (-1)"),
        ({"high_impact": {"warning": "a\x01"}}, "high_impact.warning"),
        ({"folder": "Production/Nowhere"}, "create_folder: true makes it"),
        ({"create_folder": True}, "together with folder"),
        ({"security_scopes": []}, "at least one"),
        ({"security_scopes": ["Fiance"]}, "it sees: All, Default, Finance"),
        ({"security_scopes": ["All"]}, "stands for all"),
        ({"icon": "missing.png"}, "icon (missing.png): cannot be read"),
        ({"icon": "text.png"}, "icon (text.png): is not a PNG"),
        ({"icon": "large.png"}, "at most 20000 fit"),
    ],
)
def test_bad_input_names_the_option_and_the_way_out(options: dict[str, t.Any], words: str, tmp_path: Path) -> None:
    bench = Bench()
    bench.folder = tmp_path
    (tmp_path / "text.png").write_text("no picture", encoding="utf-8")
    (tmp_path / "large.png").write_bytes(PNG + bytes(20_000))
    assert words in bench.refused("cm_ts_package", name=NAME, **options)


@pytest.mark.parametrize("name", [NAME, "Unheard of"])
def test_what_an_older_site_does_not_have_is_refused_with_its_version(name: str) -> None:
    bench = Bench(old_site="LocalizedTaskSequenceName,PreDownloadRule")
    message = bench.refused("cm_ts_package", name=name, software_center={"name": "x"}, high_impact={"enabled": True})
    assert "software_center.name: this site (version 5." in message
    assert "LocalizedTaskSequenceName" in message and "HighImpact" not in message


def test_an_account_that_does_not_see_all_scopes_cannot_take_them_away() -> None:
    bench = Bench()
    bench.ok("cm_ts_package", name=NAME, security_scopes=["Default", "Finance"])
    bench.principal = "CORP\\svc-finance"
    message = bench.refused("cm_ts_package", name=NAME, security_scopes=["Finance"])
    assert "is also in Default" in message


def test_info_shows_all_of_it_in_the_form_of_the_options() -> None:
    bench = Bench()
    bench.ok(
        "cm_ts_package", name=NAME, folder="Production", software_center={"name": "Shown"}, high_impact={"top": "Hm"}
    )
    found = bench.ok("cm_ts_package_info", name=NAME, gather=["folder"])["ts_packages"][0]
    assert found["folder"] == "Production" and found["security_scopes"] == ["Default", "Finance"]
    assert found["software_center"]["name"] == "Shown" and found["icon_sha256"] is None
    given = {option: found[option] for option in ("software_center", "high_impact", "pre_download_rule", "folder")}
    assert not bench.ok("cm_ts_package", name=NAME, **given)["changed"]
    every = bench.ok("cm_ts_package_info", gather=["folder"])["ts_packages"]
    assert {item["folder"] for item in every} >= {"Production", ""} and every[0]["software_center"] is None


def test_info_on_an_older_site_leaves_out_what_it_does_not_have() -> None:
    bench = Bench(old_site="PreDownloadRule")
    found = bench.ok("cm_ts_package_info", name=NAME)["ts_packages"][0]
    assert found["pre_download_rule"] is None and found["high_impact"]["enabled"] is False
