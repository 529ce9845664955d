# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Task sequence packages: every option, the guards of a delete, identity, races and lost answers."""

from __future__ import annotations

import typing as t

import pytest
from tests.unit.plugins.plugin_utils._resources.bench import PACKAGE, Bench

MODULE = "cm_ts_package"
CUSTOM, ALWAYS, DISABLED, ANY = 0x2, 0x200, 0x1000, 0x08000000
UNKNOWN_BIT = 0x400
STANDARD = "PS100041"
SCRATCH = "PS100044"
PLATFORM = "All Windows 11 (64-bit) Client"


@pytest.fixture
def bench() -> Bench:
    return Bench()


def flags(bench: Bench, package_id: str = STANDARD) -> int:
    return int(bench.package(package_id)["ProgramFlags"])


def store(bench: Bench, package_id: str, **properties: t.Any) -> None:
    """Change a stored row behind the site's back."""
    row = bench.provider.store.find(PACKAGE, (package_id,))
    row.props.update(properties)
    bench.provider.store.save(row)


# -- create ------------------------------------------------------------------------------------------


def test_create_makes_an_empty_sequence_with_every_default_and_says_so(bench: Bench) -> None:
    done = bench.ladder(MODULE, name="Fresh", independently=lambda: bench.packages("Fresh"))
    (row,) = bench.packages("Fresh")
    assert done["ts_package"] == {
        "kind": "task_sequence",
        "name": "Fresh",
        "package_id": row["PackageID"],
        "planned": False,
        "changed_options": ["name"],
        "written": True,
    }
    assert "was created with an empty sequence" in done["msg"]
    assert done["scopes"] == ["All", "Default", "Finance"] and "All, Default, Finance" in done["msg"]
    assert row["ProgramFlags"] == 152084496 and row["Duration"] == 120 and row["Priority"] == 2
    assert bench.tree(row["PackageID"]) == []
    assert not bench.notes("default_not_sent", "progress_text", "blanked", "lazy_blanked")


def test_check_mode_of_a_create_returns_a_plan(bench: Bench) -> None:
    planned = bench.ok(MODULE, check=True, name="Fresh", description="Soon")
    assert planned["ts_package"]["planned"] and planned["ts_package"]["package_id"] is None
    assert planned["ts_package"]["name"] == "Fresh" and not planned["ts_package"]["written"]
    assert "would be created" in planned["msg"]
    assert planned["diff"]["before"] == "" and "description: Soon" in planned["diff"]["after"]


def test_create_with_every_option(bench: Bench) -> None:
    options = {
        "name": "Everything",
        "description": "Two\nlines",
        "category": "Finance",
        "boot_image": {"id": "PS100005"},
        "max_run_time": 360,
        "progress_text": "Please wait",
        "enabled": False,
        "platforms": [PLATFORM],
        "run_first": {"package": "Monitoring Agent", "program": "silent INSTALL", "always": True},
    }
    bench.ladder(MODULE, **options)
    (row,) = bench.packages("Everything")
    assert (row["Description"], row["Category"], row["Duration"]) == ("Two\nlines", "Finance", 360)
    assert (row["BootImageID"], row["CustomProgressMsg"]) == ("PS100005", "Please wait")
    assert row["DependentProgram"] == "PS100010;;Silent install"
    assert len(row["SupportedOperatingSystems"]) == 1
    assert row["ProgramFlags"] == (152084496 | CUSTOM | ALWAYS | DISABLED) & ~ANY
    (shown,) = bench.ok("cm_ts_package_info", name="Everything")["ts_packages"]
    same = {name: shown[name] for name in options}
    assert same["run_first"] == {"package": "Monitoring Agent", "program": "Silent install", "always": True}
    assert same["platforms"] == [PLATFORM]
    assert not bench.ok(MODULE, **same)["changed"]


def test_scopes_are_not_read_when_they_are_not_wanted(bench: Bench) -> None:
    done = bench.ok(MODULE, name="Fresh", report_scopes=False)
    assert "scopes" not in done and len(bench.requests) == 5


# -- change ------------------------------------------------------------------------------------------

CHANGES: list[tuple[dict[str, t.Any], dict[str, t.Any]]] = [
    ({"description": "Other"}, {"Description": "Other"}),
    ({"description": ""}, {"Description": ""}),
    ({"category": ""}, {"Category": ""}),
    ({"max_run_time": 0}, {"Duration": 0}),
    ({"boot_image": ""}, {"BootImageID": ""}),
    ({"boot_image": "id:PS100006"}, {"BootImageID": "PS100006"}),
    ({"progress_text": "Wait"}, {"CustomProgressMsg": "Wait"}),
    ({"enabled": False}, {"TsEnabled": False}),
    (
        {"run_first": {"package": "id:PS100011", "program": "Install fonts"}},
        {"DependentProgram": "PS100011;;Install fonts"},
    ),
]


@pytest.mark.parametrize(("options", "stored"), CHANGES, ids=",".join)
def test_one_option_changes_and_nothing_else(bench: Bench, options: dict[str, t.Any], stored: dict[str, t.Any]) -> None:
    before = bench.package(STANDARD)
    steps = bench.text(STANDARD)
    done = bench.ladder(MODULE, package_id=STANDARD, independently=lambda: bench.package(STANDARD), **options)
    after = bench.package(STANDARD)
    assert done["ts_package"]["changed_options"] == list(options)
    moving = {"SedoObjectVersion", "LastRefreshTime", "ActionInProgress", "ProgramFlags", "TsEnabled"}
    changed = {name for name in after if after[name] != before[name]} - moving
    assert {name: after[name] for name in stored} == stored
    assert changed <= set(stored)
    assert bench.text(STANDARD) == steps
    assert not bench.notes("lazy_blanked", "blanked", "read_only_ignored", "progress_text")


def test_nothing_is_sent_for_what_is_so_already(bench: Bench) -> None:
    same = {"name": "Windows 11 - Standard desktop", "description": "Bare metal and refresh", "category": "Production"}
    more = {"max_run_time": 360, "boot_image": {"id": "ps100005"}, "enabled": True, "platforms": [], "run_first": {}}
    assert not bench.ok(MODULE, **same, **more, progress_text="")["changed"]
    assert len(bench.requests) == 3


def test_only_single_bits_of_the_flags_are_flipped(bench: Bench) -> None:
    store(bench, STANDARD, ProgramFlags=flags(bench) | UNKNOWN_BIT)
    for options, present, missing in (
        ({"enabled": False}, DISABLED, 0),
        ({"progress_text": "Text"}, CUSTOM, 0),
        ({"progress_text": ""}, 0, CUSTOM),
        ({"platforms": [PLATFORM]}, 0, ANY),
        ({"platforms": []}, ANY, 0),
        ({"run_first": {"package": "id:PS100011", "program": "Install fonts", "always": True}}, ALWAYS, 0),
        ({"run_first": {}}, 0, ALWAYS),
        ({"enabled": True}, 0, DISABLED),
    ):
        before = flags(bench)
        assert bench.ladder(MODULE, package_id=STANDARD, **options)
        after = flags(bench)
        assert after & UNKNOWN_BIT and after & present == present and not after & missing
        assert before ^ after == present | missing
    assert flags(bench) == 152084496 | UNKNOWN_BIT


@pytest.mark.parametrize(
    ("stored", "options", "expected"),
    [
        ({"ProgramFlags": 152084496 | CUSTOM}, {"progress_text": ""}, 152084496),
        ({"ProgramFlags": 152084496 & ~ANY}, {"platforms": []}, 152084496),
        (
            {"ProgramFlags": 152084496 | ALWAYS, "DependentProgram": "PS100011;;Install fonts"},
            {"run_first": {}},
            152084496,
        ),
    ],
)
def test_a_flag_that_contradicts_its_text_is_put_right(
    bench: Bench, stored: dict[str, t.Any], options: dict[str, t.Any], expected: int
) -> None:
    store(bench, STANDARD, **stored)
    bench.ladder(MODULE, package_id=STANDARD, **options)
    assert flags(bench) == expected


def test_the_diff_is_in_the_form_of_the_play(bench: Bench) -> None:
    done = bench.ok(MODULE, check=True, name="Lab - Scratch", package_id=SCRATCH, description='New: "text"')
    assert "description: ''" in done["diff"]["before"]
    assert "description: 'New: \"text\"'" in done["diff"]["after"]


# -- identity ----------------------------------------------------------------------------------------


def test_the_exact_name_comes_first_then_any_case(bench: Bench) -> None:
    bench.ok(MODULE, name="twin")
    bench.provider.store.save(_copy(bench, "twin", Name="TWIN", PackageID="PS1000F0"))
    assert bench.ok(MODULE, name="TWIN")["ts_package"]["package_id"] == "PS1000F0"
    message = bench.refused(MODULE, name="Twin", description="x")
    assert "2 task sequences bear this name" in message and "PS1000F0 (TWIN)" in message and "package_id" in message


def _copy(bench: Bench, name: str, **properties: t.Any) -> t.Any:
    (row,) = bench.packages(name)
    copy = bench.provider.store.find(PACKAGE, (row["PackageID"],)).copy()
    copy.props.update(properties)
    return copy


def test_a_name_in_another_case_finds_and_does_not_rename(bench: Bench) -> None:
    done = bench.ok(MODULE, name="windows 11 - STANDARD desktop", description="x")
    assert done["ts_package"]["changed_options"] == ["description"]
    assert done["ts_package"]["name"] == bench.package(STANDARD)["Name"] == "Windows 11 - Standard desktop"


def test_two_of_one_name_are_an_error_that_lists_them(bench: Bench) -> None:
    message = bench.refused(MODULE, name="Lab - Scratch", description="x")
    assert "PS100044 (Lab - Scratch), PS100045 (Lab - Scratch)" in message and message.startswith(
        "name (Lab - Scratch)"
    )
    assert bench.ok(MODULE, package_id="ps100045", description="x")["changed"]


def test_name_and_id_rename_and_never_create(bench: Bench) -> None:
    done = bench.ladder(MODULE, package_id=STANDARD, name="Windows 11 - standard desktop")
    assert done["ts_package"]["changed_options"] == ["name"]
    assert bench.package(STANDARD)["Name"] == "Windows 11 - standard desktop"
    planned = bench.ok(MODULE, check=True, package_id=STANDARD, name="Another")
    assert planned["ts_package"]["name"] == "Another" and planned["ts_package"]["package_id"] == STANDARD
    message = bench.refused(MODULE, "not_found", package_id="PS1FFFFF", name="Another")
    assert "PS1FFFFF" in message and "never creates" in message


def test_a_package_that_is_being_deleted_is_not_there(bench: Bench) -> None:
    bench.tell("/switches", delete_lingers=50)
    bench.ok(MODULE, name="Kiosk refresh", state="absent")
    assert bench.package("PS100043")["ActionInProgress"] == 3
    again = bench.ok(MODULE, name="Kiosk refresh", state="absent")
    assert not again["changed"]
    assert not bench.ok(MODULE, package_id="PS100043", state="absent")["changed"]
    bench.refused(MODULE, "not_found", package_id="PS100043")
    made = bench.ok(MODULE, name="Kiosk refresh")
    assert made["ts_package"]["package_id"] != "PS100043"
    assert [p["package_id"] for p in bench.ok("cm_ts_package_info", name="Kiosk refresh")["ts_packages"]] == [
        made["ts_package"]["package_id"]
    ]


NAMES = [
    "O'Neil",
    'The "best"',
    'It\'s "both"',
    "Back\\slash \\\\ twice",
    "100% of_it [all]",
    "<b>&amp;</b> & more",
    " leading blank",
    "rocket \U0001f680",
]


@pytest.mark.parametrize("name", NAMES)
def test_names_with_every_kind_of_character_work_end_to_end(bench: Bench, name: str) -> None:
    bench.ladder(MODULE, name=name)
    (row,) = bench.packages(name)
    assert row["Name"] == name
    assert [p["name"] for p in bench.ok("cm_ts_package_info", name=name)["ts_packages"]] == [name]
    other = f"{name}x"
    bench.ladder(MODULE, package_id=row["PackageID"], name=other)
    assert bench.package(row["PackageID"])["Name"] == other
    bench.ok("cm_task_sequence", name=other, steps=[{"name": name, "type": "run_command_line", "command_line": name}])
    assert not bench.ok("cm_task_sequence", name=other, steps=bench.steps(other))["changed"]
    assert bench.ok(MODULE, name=other, state="absent")["changed"]
    assert bench.packages(other) == []


# -- absent ------------------------------------------------------------------------------------------


def test_delete_and_delete_again(bench: Bench) -> None:
    planned = bench.ok(MODULE, check=True, name="Kiosk refresh", state="absent")
    assert planned["changed"] and planned["ts_package"] is None and bench.writes() == []
    done = bench.ok(MODULE, name="Kiosk refresh", state="absent")
    assert done["diff"] == planned["diff"] and done["diff"]["after"] == "" and "PS100006" in done["diff"]["before"]
    assert done["ts_package"] is None and bench.packages("Kiosk refresh") == []
    again = bench.ok(MODULE, name="Kiosk refresh", state="absent")
    assert not again["changed"] and "Nothing was found" in again["msg"]


def test_an_advertised_one_is_refused_and_listed(bench: Bench) -> None:
    for check in (True, False):
        message = bench.refused(MODULE, "gate_refused", package_id=STANDARD, state="absent", check=check)
        assert "PS120000" in message and "remove_deployments: true" in message
    planned = bench.ok(MODULE, check=True, package_id=STANDARD, state="absent", remove_deployments=True)
    assert "would be deleted first: PS120000" in planned["msg"] and bench.writes() == []
    done = bench.ok(MODULE, package_id=STANDARD, state="absent", remove_deployments=True)
    assert bench.writes() == ["Delete SMS_Advertisement", f"Delete {PACKAGE}"]
    assert done["diff"] == planned["diff"] and "PS120000" in done["diff"]["before"]


def test_a_child_is_refused_with_its_parents(bench: Bench) -> None:
    bench.ok(
        "cm_task_sequence",
        name="Parent",
        steps=[{"name": "Child", "type": "run_task_sequence", "task_sequence": "Finance - Applications"}],
    )
    (parent,) = bench.packages("Parent")
    message = bench.refused(MODULE, "gate_refused", name="Finance - Applications", state="absent")
    assert parent["PackageID"] in message and "force: true" in message
    assert bench.ok(MODULE, name="Finance - Applications", state="absent", force=True)["changed"]


def test_both_guards_are_reported_at_once(bench: Bench) -> None:
    bench.ok(
        "cm_task_sequence",
        name="Parent",
        steps=[{"name": "Child", "type": "run_task_sequence", "task_sequence": {"id": STANDARD}}],
    )
    message = bench.refused(MODULE, "gate_refused", package_id=STANDARD, state="absent")
    assert "remove_deployments" in message and "force" in message


def test_a_failure_half_way_reports_what_was_done_and_the_rerun_completes(bench: Bench) -> None:
    bench.front.plan.set([{"kind": "failure", "verb": "Delete", "class": PACKAGE}])
    failed = bench.run(MODULE, package_id=STANDARD, state="absent", remove_deployments=True)
    assert failed["failed"] and failed["changed"]
    assert "Done before the failure: delete SMS_Advertisement" in failed["msg"]
    assert bench.ok(MODULE, package_id=STANDARD, state="absent", remove_deployments=True)["changed"]
    assert not bench.ok(MODULE, package_id=STANDARD, state="absent")["changed"]


# -- bad input ---------------------------------------------------------------------------------------

BAD: list[tuple[dict[str, t.Any], str]] = [
    ({}, "one of the following is required: name, package_id"),
    ({"name": ""}, "name: must not be empty"),
    ({"name": "trailing "}, "name (trailing ): must not end with a blank"),
    ({"name": "two\nlines"}, r"name (two\x0alines): must not hold line breaks"),
    ({"name": "cr\r"}, "must not hold line breaks or control characters"),
    ({"name": "a\u0007bell"}, r"name (a\x07bell)"),
    ({"name": "x" * 256}, "is longer than 255 characters (256)"),
    ({"name": "x", "descriptoin": "y"}, "did you mean description instead of descriptoin?"),
    ({"name": "x", "description": "y" * 513}, "is longer than 512 characters (513)"),
    ({"name": "x", "description": "a\x07"}, "description (a\\x07): must not hold control characters"),
    ({"name": "x", "category": "two\nlines"}, "category"),
    ({"name": "x", "progress_text": "y" * 256}, "progress_text"),
    ({"name": "x", "max_run_time": -1}, "max_run_time (-1): must be minutes from 0 to 99999"),
    ({"name": "x", "max_run_time": "long"}, "max_run_time"),
    ({"name": "x", "package_id": 100012}, "package_id: was read as the number 100012: quote it"),
    ({"package_id": "nonsense"}, "package_id (nonsense): is no package ID; one looks like PS100042"),
    ({"name": "x", "boot_image": {"id": 5}}, "boot_image.id (5): was read as the number 5: quote the ID"),
    ({"name": "x", "boot_image": ["a"]}, "boot_image"),
    ({"name": "x", "boot_image": {"nmae": "x"}}, "boot_image.nmae: no such key in a reference"),
    ({"name": "x", "platforms": [""]}, "platforms[0]"),
    ({"name": "x", "run_first": {"package": "y"}}, "run_first: needs both package and program"),
    ({"name": "x", "run_first": {"always": True}}, "run_first.always (true): needs package and program"),
    ({"name": "x", "run_first": {"package": "y", "program": "z "}}, "run_first.program"),
    ({"name": "x", "state": "gone"}, "state"),
]


@pytest.mark.parametrize(("options", "says"), BAD, ids=[says for _options, says in BAD])
def test_bad_input_is_refused_before_anything_is_sent(bench: Bench, options: dict[str, t.Any], says: str) -> None:
    assert says in bench.refused(MODULE, **options)
    assert bench.requests == []


def test_everything_that_is_wrong_is_said_at_once(bench: Bench) -> None:
    message = bench.refused(MODULE, name="x ", max_run_time=-5, category="\n", boot_image={"id": "?"})
    assert all(option in message for option in ("name", "max_run_time", "category", "boot_image.id"))


def test_missing_objects_are_all_listed(bench: Bench) -> None:
    run_first = {"package": "No agent", "program": "x"}
    options = {"boot_image": "No image", "platforms": ["No platform"], "run_first": run_first}
    for check in (True, False):
        message = bench.refused(MODULE, "unresolved_reference", name="x", check=check, **options)
        assert all(word in message for word in ("boot_image (No image)", "platforms[0] (No platform)", "No agent"))


def test_a_planned_object_is_accepted_in_check_mode_only(bench: Bench) -> None:
    plan = [{"kind": "boot_image", "name": "Soon", "planned": True, "package_id": None}]
    planned = bench.ok(MODULE, check=True, name="x", boot_image="Soon", planned=plan)
    assert planned["unresolved"] == [{"kind": "boot_image", "name": "Soon", "path": "boot_image"}]
    assert "<not there yet>" in planned["diff"]["after"]
    bench.refused(MODULE, "unresolved_reference", check=True, name="x", boot_image="Sooon", planned=plan)
    bench.refused(MODULE, "unresolved_reference", name="x", boot_image="Soon", planned=plan)


def test_an_unknown_id_is_kept_when_that_is_wanted(bench: Bench) -> None:
    bench.refused(MODULE, "unresolved_reference", name="x", boot_image={"id": "XYZ00005"})
    done = bench.ok(MODULE, name="x", boot_image={"id": "XYZ00005"}, unknown_ids="keep")
    assert done["dangling_references"] == [{"kind": "boot_image", "id": "XYZ00005", "path": "boot_image"}]
    assert bench.packages("x")[0]["BootImageID"] == "XYZ00005" and "is kept as it is" in bench.warnings[0]


def test_a_long_name_is_a_warning(bench: Bench) -> None:
    bench.ok(MODULE, check=True, name="x" * 51)
    assert "51 characters; the console" in bench.warnings[0]
