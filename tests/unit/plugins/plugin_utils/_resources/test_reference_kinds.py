# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every reference that a step or a package can hold, in both directions: by name to the site, and back as a name."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils._provider.references import KINDS
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.rules import load_rules
from tests.unit.plugins.plugin_utils._resources.bench import Bench, command
from tests.unit.plugins.plugin_utils._sequence.minimal_steps import MINIMAL

MODULE = "cm_task_sequence"
NAMES: dict[str, tuple[str, str]] = {
    "package": ("OSD Scripts", "PS100012"),
    "content": ("Windows 11 24H2", "PS100020"),
    "os_image": ("Windows 11 24H2", "PS100020"),
    "os_upgrade_package": ("Windows 11 24H2 upgrade", "PS100023"),
    "driver_package": ("Dell Latitude 7440 - Windows 11", "PS100030"),
    "task_sequence": ("Finance - Applications", "PS100040"),
    "driver_category": ("HP EliteBook 840", "DriverCategories:1d8b2d5c-0f2c-4b9b-8a0c-3a5c1a2e0840"),
    "application": ("Contoso VPN", "ScopeId_"),
}
"""Kind -> the name of an object of the seed and what the site stores for it."""
OF_STEP = {
    "install_package": {"package": "Monitoring Agent", "program": "Silent install"},
    "capture_user_state": {"package": "User State Migration Tool for Windows"},
    "restore_user_state": {"package": "User State Migration Tool for Windows"},
    "setup_windows_and_configmgr": {
        "package": "Configuration Manager Client Package",
        "pre_production_package": "Configuration Manager Client Piloting Package",
    },
}
"""Where another package than any is meant."""
IDS = {
    "Monitoring Agent": "PS100010",
    "User State Migration Tool for Windows": "PS100001",
    "Configuration Manager Client Package": "PS100002",
    "Configuration Manager Client Piloting Package": "PS100003",
}
BESIDE: dict[tuple[str, str], dict[str, t.Any]] = {
    ("apply_operating_system_image", "unattend_package"): {"unattend_file": "unattend.xml"},
    ("setup_windows_and_configmgr", "pre_production_package"): {},
    ("upgrade_operating_system", "driver_package"): {},
    ("run_powershell_script", "package"): {"script_name": "a.ps1"},
}
"""What an option needs beside it."""


def places() -> list[tuple[str, str, str, str]]:
    """Return (step type, option, kind of option, kind of object) for every option that holds a reference."""
    found = []
    for rule in load_rules().steps():
        for option in rule.options.values():
            if option.kind in ("ref", "refs", "ref_list"):
                assert option.ref is not None
                found.append((rule.type, option.name, option.kind, option.ref))
    return found


PLACES = places()


def build(step_type: str, option: str, kind: str, name: t.Any) -> dict[str, t.Any]:
    """Return the smallest step that holds the reference."""
    step = {**MINIMAL[step_type], **BESIDE.get((step_type, option), {})}
    for key, value in list(step.items()):
        if isinstance(value, dict) and "id" in value:
            step[key] = OF_STEP.get(step_type, {}).get(key, NAMES[kind_of(step_type, key)][0])
    if (step_type, option) == ("apply_operating_system_image", "upgrade_package"):
        step.pop("image")
        step.pop("image_index")
        step["edition_index"] = 1
    if (step_type, option) == ("install_application", "applications"):
        step.pop("base_variable")
    if (step_type, option) == ("run_powershell_script", "package"):
        step.pop("script")
    if step_type == "install_package":
        step["program"] = "Silent install"
    return {"name": "Step", "type": step_type, **step, option: name if kind == "ref" else [name]}


def kind_of(step_type: str, option: str) -> str:
    return next(ref for of, name, _kind, ref in PLACES if (of, name) == (step_type, option))


def test_the_list_is_whole() -> None:
    assert len(PLACES) == 19
    # Programs go with their package, boot images, platforms and collections are no options of steps.
    assert {ref for *_rest, ref in PLACES} == set(KINDS) - {"program", "boot_image", "platform", "collection"}


@pytest.fixture(scope="module")
def bench() -> Bench:
    return Bench()


@pytest.mark.parametrize(("step_type", "option", "kind", "ref"), PLACES, ids=[f"{p[0]}.{p[1]}" for p in PLACES])
def test_by_name_and_back(bench: Bench, step_type: str, option: str, kind: str, ref: str) -> None:
    name, stored = NAMES[ref]
    name = OF_STEP.get(step_type, {}).get(option, name)
    stored = IDS.get(name, stored)
    step = build(step_type, option, kind, name)
    title = f"{step_type}.{option}"[:50]
    made = bench.ok(MODULE, name=title, steps=[step], lint="ignore")["task_sequence"]

    held = bench.tree(made["package_id"])[0]
    rule = load_rules().by_type(step_type)
    assert rule is not None
    assert stored in str(held[rule.options[option].property])

    back = bench.steps(title)
    assert back[0][option] == (name if kind == "ref" else [name])
    assert not bench.ok(MODULE, name=title, steps=back, lint="ignore")["changed"]
    # An ID says the same.
    if stored != "ScopeId_":
        by_id = build(step_type, option, kind, {"id": stored})
        assert not bench.ok(MODULE, name=title, steps=[by_id], lint="ignore")["changed"]
    wrong = bench.run(MODULE, name=title, steps=[build(step_type, option, kind, "Nobody has this")], lint="ignore")
    detail = [one for one in wrong["error"]["detail"] if one["name"] == "Nobody has this"]
    assert wrong["error"]["code"] == "unresolved_reference"
    assert detail[0]["kind"] == ref
    assert f"steps[0].{option}" in detail[0]["path"]


def test_the_options_of_the_package(bench: Bench) -> None:
    options: dict[str, t.Any] = {
        "boot_image": "Boot image (x64) - network drivers",
        "platforms": ["All Windows 10 (64-bit)"],
        "run_first": {"package": "Monitoring Agent", "program": "Silent install"},
    }
    made = bench.ok(MODULE, name="Package", steps=[], **options)["task_sequence"]
    package = bench.package(made["package_id"])
    assert package["BootImageID"] == "PS100006"
    assert package["DependentProgram"] == "PS100010;;Silent install"
    found = bench.ok("cm_task_sequence_info", name="Package")["task_sequences"][0]
    assert found["boot_image"] == options["boot_image"]
    assert found["platforms"] == options["platforms"]
    assert found["run_first"]["package"] == "Monitoring Agent"
    for option, value in (
        ("boot_image", "Nobody has this"),
        ("platforms", ["Nobody has this"]),
        ("run_first", {"package": "Nobody has this", "program": "x"}),
    ):
        assert option in bench.refused(MODULE, "unresolved_reference", name="Package", **{option: value})


def test_a_program_and_a_collection(bench: Bench) -> None:
    step = build("install_package", "package", "ref", "Monitoring Agent")
    step["program"] = "Nobody has this"
    assert "steps[0].program (Nobody has this)" in bench.refused(
        MODULE, "unresolved_reference", name="x", steps=[step], lint="ignore"
    )
    made = bench.ok(
        "cm_advertisement", task_sequence="Finance - Applications", collection="Kiosks", purpose="available"
    )["advertisement"]
    held = bench.ask("/object", **{"class": "SMS_Advertisement", "key.AdvertisementID": made["advertisement_id"]})
    assert held["CollectionID"] == "PS100018"
    listed = bench.ok("cm_advertisement_info")["advertisements"]
    assert [one["collection"] for one in listed if one["advertisement_id"] == made["advertisement_id"]] == ["Kiosks"]
    assert "collection (Nobody has this)" in bench.refused(
        "cm_advertisement", "unresolved_reference", task_sequence="Finance - Applications", collection="Nobody has this"
    )


@pytest.mark.parametrize("step_type", ["apply_operating_system_image", "apply_data_image"])
def test_an_edition_by_name(bench: Bench, step_type: str) -> None:
    step = {"name": "Step", "type": step_type, "image": "Windows 11 24H2", "edition": "Windows 11 Enterprise"}
    made = bench.ok(MODULE, name=f"Edition {step_type}", steps=[step], lint="ignore")["task_sequence"]
    assert bench.tree(made["package_id"])[0]["ImageIndex"] == 3
    step["edition"] = "Windows 11 Home"
    message = bench.refused(MODULE, "unresolved_reference", name="x", steps=[step], lint="ignore")
    assert "edition (Windows 11 Home)" in message and "Windows 11 Education" in message


def test_a_platform_of_a_condition(bench: Bench) -> None:
    step = command("Step", condition=[{"operating_system": ["All Windows 10 (64-bit)"]}])
    bench.ok(MODULE, name="Condition", steps=[step])
    assert bench.steps("Condition")[0]["condition"] == step["condition"]


def test_a_driver_category_is_told_from_other_categories_of_its_name() -> None:
    bench = Bench(seed="undeployable")
    step = {"name": "Step", "type": "auto_apply_drivers", "driver_categories": ["Finance"]}
    bench.ok(MODULE, name="x", steps=[step], lint="ignore")
    assert bench.steps("x")[0]["driver_categories"] == ["Finance"]


# -- several of a name, and what no step can use -------------------------------------------------------


def test_a_name_of_two_objects_lists_both() -> None:
    bench = Bench(seed="undeployable")
    old = {"name": "OSD Scripts", "version": "9"}
    steps = [
        {"name": "A", "type": "install_application", "applications": ["Contoso Office"]},
        {"name": "B", "type": "auto_apply_drivers", "driver_categories": ["Twins"]},
        {"name": "C", "type": "install_package", "package": "Runtime Libraries", "program": "Install x64"},
        {"name": "D", "type": "run_command_line", "command_line": "x", "package": old},
    ]
    result = bench.run(MODULE, name="x", steps=steps)
    assert result["error"]["code"] == "unresolved_reference"
    detail = {one["path"]: one for one in result["error"]["detail"]}
    assert sorted(len(one["candidates"]) for one in detail.values()) == [1, 2, 2, 2]
    assert detail["steps[2].package"]["candidates"][0].keys() == {"id", "name", "version", "manufacturer"}
    other = detail["steps[3].package"]
    assert "but not with version 9; there is: {id: PS100012} (version 41)" in other["rule"]
    assert other["candidates"] == [{"id": "PS100012", "name": "OSD Scripts", "version": "41"}]


@pytest.mark.parametrize(
    ("name", "part"), [("Half an application", "has no deployment type"), ("Not to be deployed", "cannot be deployed")]
)
def test_an_application_that_cannot_be_installed(name: str, part: str) -> None:
    bench = Bench(seed="undeployable")
    step = {"name": "A", "type": "install_application", "applications": ["Contoso VPN", name]}
    for check in (True, False):
        message = bench.refused(MODULE, "unresolved_reference", name="x", steps=[step], check=check)
        assert f"steps[0].applications[1] ({name})" in message and part in message
    bench.ok(MODULE, name="x", steps=[step], unknown_ids="keep")
    assert any(part in text for text in bench.warnings)
    # What is there stays as it is, and what used it can still be found.
    assert not bench.ok(MODULE, name="x", steps=[step])["changed"]
    assert bench.ok("cm_object_usage_info", kind="application", object=name)
    bench.ok("cm_task_sequence_reference", kind="application", **{"from": name, "to": "7-Zip"})
    message = bench.refused("cm_task_sequence_reference", "unresolved_reference", kind="application",
                            **{"from": "7-Zip", "to": name})  # fmt: skip
    assert part in message


def test_what_clients_may_refuse_is_a_warning_where_it_is_new() -> None:
    bench = Bench()
    steps: list[dict[str, t.Any]] = [
        {"name": "Reader", "type": "install_application", "applications": ["Contoso VPN", "Old PDF Reader"]},
        {"name": "A", "type": "install_package", "package": "Monitoring Agent", "program": "Silent uninstall"},
        {"name": "B", "type": "install_package", "package": "Monitoring Agent", "program": "Silent install"},
    ]
    bench.ok("cm_task_sequence", name="Doubtful", steps=steps)
    said = sorted(text for text in bench.warnings if "may not" in text)
    assert len(said) == 2
    assert said[0].startswith("steps[0].applications[1] (Old PDF Reader): the application is retired")
    assert said[1].startswith("steps[1].program (Silent uninstall): the program may not be installed from a task")
    bench.ok("cm_task_sequence", name="Doubtful", steps=steps, description="new")
    assert not [text for text in bench.warnings if "retired" in text]
