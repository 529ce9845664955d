# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Task sequences as a whole: the ladder, identity, requests, references, and what the collection does not know."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.lint import rules_limits
from ansible_collections.configmgr.osd.tests.simulator.sequences import package_methods
from tests.unit.plugins.plugin_utils._resources.bench import PACKAGE, STEPS, Bench, command, find

MODULE = "cm_task_sequence"
STANDARD = "PS100041"
STANDARD_NAME = "Windows 11 - Standard desktop"
CHILD = "Finance - Applications"


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture(params=["objects", "xml"])
def either(request: pytest.FixtureRequest) -> Bench:
    """A bench whose tasks write in one way and in the other."""
    made = Bench()
    made.compatibility = {"write_via": request.param}
    return made


# -- the ladder --------------------------------------------------------------------------------------


def test_create_change_delete(either: Bench) -> None:
    bench = either
    done = bench.ladder(MODULE, name="New", steps=STEPS, independently=lambda: bench.packages("New"))
    summary = done["task_sequence"]
    (row,) = bench.packages("New")
    assert {key: summary[key] for key in ("kind", "name", "package_id", "planned", "written")} == {
        "kind": "task_sequence",
        "name": "New",
        "package_id": row["PackageID"],
        "planned": False,
        "written": True,
    }
    assert summary["changed_options"] == ["name", "steps"]
    assert (summary["steps_count"], summary["groups_count"]) == (8, 1)
    tree = bench.tree(row["PackageID"])
    assert [step["Name"] for step in tree] == [step["name"] for step in STEPS]
    assert find(tree, "Agent")["PackageID"] == "PS100010"
    assert find(tree, "VPN")["AppInfo"][0]["DisplayName"] == "Contoso VPN"
    assert find(tree, "Content")["PackageInfo"][0]["Name"] == "OSD Scripts"
    child = find(tree, "More")
    assert child["TsPackageID"] == "PS100040" and child["TsName"] == CHILD
    assert (
        set(child["TsReferencePackages"].split(",")) == {"PS100019", "PS100011"}
        and "Application" in child["TsReferenceApplications"]
    )
    assert row["References"] and row["TaskSequenceFlags"] == 0 and row["ProgramFlags"] == 152084496
    kinds = {(entry["kind"], entry["name"], entry["id"]) for entry in summary["references"]}
    assert ("package", "Monitoring Agent", "PS100010") in kinds and ("task_sequence", CHILD, "PS100040") in kinds
    assert ("package", "Corporate Fonts", "PS100011") in kinds

    changed = [STEPS[1], {**STEPS[0], "steps": [STEPS[0]["steps"][1], command("First", "other.exe")]}, *STEPS[2:-1]]
    done = bench.ladder(
        MODULE, name="New", steps=changed, description="Other", independently=lambda: bench.tree(row["PackageID"])
    )
    assert done["task_sequence"]["changed_options"] == ["description", "steps"]
    text = done["diff"]["prepared"]
    assert text.startswith("~ task sequence New\n~ description: '' -> Other\n")
    assert "command_line: cmd.exe /c exit 0 -> other.exe" in text and "- Content (download_package_content)" in text
    assert [step["Name"] for step in bench.tree(row["PackageID"])] == [step["name"] for step in changed]
    assert find(bench.tree(row["PackageID"]), "More")["TsName"] == CHILD
    assert bench.package(row["PackageID"])["Description"] == "Other"
    info = bench.ok("cm_task_sequence_info", name="New")["task_sequences"][0]
    assert info["steps_sha256"] == done["task_sequence"]["steps_sha256"]
    assert not bench.ok(MODULE, name="New", steps=info["steps"])["changed"]

    gone = bench.ok(MODULE, check=True, name="New", state="absent")
    deleted = bench.ok(MODULE, name="New", state="absent")
    assert deleted["diff"] == gone["diff"] and deleted["diff"]["prepared"].startswith("- task sequence New\n")
    assert deleted["task_sequence"] is None and bench.packages("New") == []
    assert not bench.ok(MODULE, name="New", state="absent")["changed"]
    careless = ("rule_broken", "lazy_blanked", "blanked", "schema_version_changed", "sequence_text_ignored", "secret")
    assert not bench.notes(*careless, "default_not_sent", "read_only_ignored")


def test_equal_steps_hash_equal_however_they_are_written(bench: Bench) -> None:
    one = bench.ok(MODULE, check=True, name="A", steps=[command("X")])["task_sequence"]
    two = bench.ok(MODULE, check=True, name="B", steps=[command("X", enabled=True, success_codes="0 3010")])[
        "task_sequence"
    ]
    other = bench.ok(MODULE, check=True, name="C", steps=[command("X", enabled=False)])["task_sequence"]
    assert one["steps_sha256"] == two["steps_sha256"] != other["steps_sha256"]


def test_without_steps_only_the_options_are_managed(bench: Bench) -> None:
    before = bench.text(STANDARD)
    done = bench.ladder(MODULE, name=STANDARD_NAME, description="Other")
    assert done["task_sequence"]["steps_count"] is None and done["task_sequence"]["changed_options"] == ["description"]
    assert bench.text(STANDARD) == before
    bench.ok(MODULE, name=STANDARD_NAME, description="Third")
    assert bench.writes() == [f"Put {PACKAGE}"]


def test_without_steps_a_missing_one_is_an_error(bench: Bench) -> None:
    for check in (True, False):
        message = bench.refused(MODULE, name="Nothing", description="x", check=check)
        assert message.startswith("steps: needed to create a task sequence")


def test_name_and_id_rename(bench: Bench) -> None:
    done = bench.ladder(MODULE, package_id=STANDARD, name="Other name", steps=bench.steps(STANDARD_NAME))
    assert done["task_sequence"]["changed_options"] == ["name"]
    assert bench.package(STANDARD)["Name"] == "Other name"
    bench.refused(MODULE, "not_found", package_id="PS1FFFFF", name="Other name", steps=[])


def test_an_empty_list_of_steps_needs_to_be_meant(bench: Bench) -> None:
    for check in (True, False):
        message = bench.refused(MODULE, "gate_refused", name=STANDARD_NAME, steps=[], check=check)
        assert "steps ([])" in message and "allow_empty: true" in message
    xml = '<sequence version="3.10"/>'
    assert "sequence_xml" in bench.refused(MODULE, "gate_refused", name=STANDARD_NAME, sequence_xml=xml)
    done = bench.ladder(MODULE, name=STANDARD_NAME, steps=[], allow_empty=True)
    assert bench.tree(STANDARD) == [] and "- Monitoring agent" in done["diff"]["prepared"]
    assert not bench.ok(MODULE, name=STANDARD_NAME, steps=[])["changed"]


def test_an_empty_sequence_can_be_created(either: Bench) -> None:
    done = either.ladder(MODULE, name="Empty", steps=[])
    assert done["task_sequence"]["steps_count"] == 0
    assert either.tree(done["task_sequence"]["package_id"]) == []


def test_options_and_steps_go_in_one_call(bench: Bench) -> None:
    bench.ok(MODULE, name=STANDARD_NAME, steps=[command("One")], enabled=False, max_run_time=99, boot_image="")
    assert bench.writes() == ["Invoke SetSequence"]
    row = bench.package(STANDARD)
    assert (row["TsEnabled"], row["Duration"], row["BootImageID"]) == (False, 99, "")
    bench.ok(MODULE, name=STANDARD_NAME, steps=[command("One")], enabled=True)
    assert bench.writes() == ["Invoke SetSequence"] and [s["Name"] for s in bench.tree(STANDARD)] == ["One"]


# -- requests ----------------------------------------------------------------------------------------


def test_requests_are_as_many_as_the_design_says(bench: Bench) -> None:
    """Base counts: all references given by ID or none."""
    steps = [command("One")]
    more = {"site_code": "PS1"}

    def count(**options: t.Any) -> int:
        bench.ok(MODULE, **options)
        # An answer of more than one row costs a Pull on top.
        return sum(entry["verb"] != "Pull" for entry in bench.requests)

    xml = {"compatibility": {"write_via": "xml"}}
    assert count(name="A", steps=steps) == 6
    assert count(name="B", steps=steps, **xml) == 7
    assert count(name="C", steps=steps, **more) == 5
    assert count(name="A", steps=steps) == 4
    assert count(name="A", steps=steps, **more) == 3
    package_id = bench.packages("A")[0]["PackageID"]
    assert count(package_id=package_id, steps=steps) == 3
    assert count(name="A", steps=[command("Two")]) == 7
    assert count(name="A", steps=[command("Three")], **xml) == 8
    assert count(package_id=package_id, steps=[command("Four")], **more) == 5
    assert count(name="A", state="absent") == 6
    assert count(name="A", state="absent") == 2
    assert count(package_id=bench.packages("B")[0]["PackageID"], state="absent") == 5
    # An ID that the site's own steps hold already is not asked for again.
    held = [{"name": "Fonts", "type": "install_package", "package": {"id": "PS100011"}, "program": "Install fonts"}]
    assert count(name="C", steps=held) == 7 + 2
    assert count(name="C", steps=held) == 4
    assert count(name="C", steps=[*held, command("More")]) == 7


def test_one_query_per_kind(bench: Bench) -> None:
    steps = [
        {"name": "A", "type": "install_package", "package": "Monitoring Agent", "program": "Silent install"},
        {"name": "B", "type": "install_package", "package": "Corporate Fonts", "program": "Install fonts"},
        {"name": "C", "type": "install_application", "applications": ["Contoso VPN", "7-Zip"]},
        {"name": "D", "type": "run_command_line", "command_line": "x", "package": "OSD Scripts"},
    ]
    bench.ok(MODULE, name="A", steps=steps)
    asked = [word for word in bench.counted() if word.startswith("Enumerate") and "TaskSequencePackage" not in word]
    assert sorted(asked) == [
        "Enumerate SMS_ApplicationLatest",
        "Enumerate SMS_Package",
        "Enumerate SMS_Program",
        "Enumerate SMS_ProviderLocation",
        "Enumerate SMS_SecuredCategory",
    ]


def test_two_children_cost_one_query(bench: Bench) -> None:
    steps = [{"name": i, "type": "run_task_sequence", "task_sequence": {"id": i}} for i in ("PS100040", "PS100042")]
    bench.ok(MODULE, name="Parent", steps=steps)
    assert sum(entry["verb"] == "Enumerate" and "_Flat" in entry["query"] for entry in bench.requests) == 1
    bench.ok(MODULE, name="Parent", steps=[*steps, command("More")])
    tree = bench.tree(bench.packages("Parent")[0]["PackageID"])
    assert [step.get("TsName") for step in tree[:2]] == [CHILD, "Windows 11 - in-place upgrade"]


# -- references --------------------------------------------------------------------------------------


def test_everything_that_is_missing_is_listed_at_once(bench: Bench) -> None:
    steps = [
        {"name": "A", "type": "install_package", "package": "No agent", "program": "x"},
        {"name": "B", "type": "install_package", "package": "Corporate Fonts", "program": "No program"},
        {"name": "C", "type": "install_application", "applications": ["Contoso VPN", "No application"]},
        {"name": "D", "steps": [{"name": "E", "type": "run_task_sequence", "task_sequence": {"id": "PS1FFFF0"}}]},
        {"name": "F", "type": "install_package", "package": "Runtime Libraries", "program": "Install x64"},
        command("G", condition=[{"operating_system": ["No system"]}]),
    ]
    for check in (True, False):
        message = bench.refused(
            MODULE, "unresolved_reference", name="x", steps=steps, boot_image="No image", check=check
        )
        for part in (
            "boot_image (No image)",
            "steps[0].package (No agent)",
            "steps[1].program (No program)",
            "steps[2].applications[1] (No application)",
            "steps[3].steps[0].task_sequence (PS1FFFF0)",
            "steps[4].package (Runtime Libraries)",
            "{id: PS100016}",
            "steps[5].condition[0].operating_system[0] (No system)",
        ):
            assert part in message, part


def test_what_an_earlier_task_would_make_is_accepted_in_check_mode_only() -> None:
    bench = Bench(seed="empty")
    agent = bench.ok("cm_package", check=True, name="Agent")["package"]
    program = bench.ok("cm_program", check=True, name="Install", package="Agent", command_line="x", planned=[agent])[
        "program"
    ]
    steps = [
        {"name": "A", "type": "install_package", "package": "Agent", "program": "Install"},
        command("B", package="Agent"),
        {"name": "C", "type": "download_package_content", "packages": ["Agent"], "destination": "client_cache"},
    ]
    options = {"name": "New", "steps": steps[:2], "planned": [agent, program]}
    planned = bench.ok(MODULE, check=True, **options)
    assert bench.writes() == [] and planned["task_sequence"]["planned"]
    unresolved = {(entry["kind"], entry["name"], entry["path"]) for entry in planned["unresolved"]}
    assert unresolved == {
        ("package", "Agent", "steps[0].package"),
        ("program", "Install", "steps[0].program"),
        ("package", "Agent", "steps[1].package"),
    }
    assert "<not there yet>" in planned["diff"]["prepared"]
    assert {"kind": "package", "name": "Agent", "id": None} in planned["task_sequence"]["references"]
    misspelt = [{**steps[0], "package": "Agnet"}]
    assert "Agnet" in bench.refused(MODULE, "unresolved_reference", **{**options, "steps": misspelt}, check=True)
    bench.refused(MODULE, "unresolved_reference", **options)
    bench.ok("cm_package", name="Agent")
    bench.ok("cm_program", name="Install", package="Agent", command_line="x")
    bench.ladder(MODULE, **options)


def test_unknown_ids_are_kept_when_that_is_wanted(either: Bench) -> None:
    bench = either
    steps = [command("A", package={"id": "XYZ00012"}), command("B", package={"id": "XYZ00012"})]
    assert "steps[0].package (XYZ00012)" in bench.refused(MODULE, "unresolved_reference", name="x", steps=steps)
    done = bench.ok(MODULE, name="x", steps=steps, unknown_ids="keep")
    assert done["dangling_references"] == [
        {"kind": "package", "id": "XYZ00012", "path": "steps[0].package"},
        {"kind": "package", "id": "XYZ00012", "path": "steps[1].package"},
    ]
    assert sum("XYZ00012" in text for text in bench.warnings) == 1
    again = bench.ok(MODULE, name="x", steps=steps, unknown_ids="keep")
    assert not again["changed"] and len(again["dangling_references"]) == 2
    # The site holds them now, so a later change of something else needs no such word.
    assert bench.ok(MODULE, name="x", steps=[*steps, command("C")])["changed"]
    assert bench.ok(MODULE, name="y", steps=[command("C")], unknown_ids="keep")["dangling_references"] == []


def test_held_ids_of_removed_objects_do_not_stop_a_change(bench: Bench) -> None:
    """An application and a child that are gone since: what the steps held about them stays."""
    steps = [STEPS[2], STEPS[5], STEPS[6]]
    bench.ok(MODULE, name="x", steps=steps)
    shown = bench.steps("x")
    (row,) = bench.packages("x")
    app = find(bench.tree(row["PackageID"]), "VPN")["ApplicationName"]
    ids = [
        {**shown[0], "applications": [{"id": app}]},
        {**shown[1], "task_sequence": {"id": "PS100040"}},
        {**shown[2], "packages": [{"id": "PS100012"}]},
    ]
    for class_name, package_id in ((PACKAGE, "PS100040"), ("SMS_Package", "PS100012")):
        bench.provider.store.remove(class_name, (package_id,))
    done = bench.ok(MODULE, name="x", steps=[*ids, command("New")])
    assert done["changed"]
    tree = bench.tree(row["PackageID"])
    assert find(tree, "VPN")["AppInfo"][0]["DisplayName"] == "Contoso VPN"
    assert find(tree, "Content")["PackageInfo"][0]["Name"] == "OSD Scripts"
    assert find(tree, "More")["TsName"] == CHILD


def test_the_diff_names_objects(bench: Bench) -> None:
    step = {"name": "A", "type": "install_package", "package": "Monitoring Agent", "program": "Silent install"}
    several = {**STEPS[6], "packages": ["OSD Scripts", "Monitoring Agent"]}
    done = bench.ok(MODULE, name="x", steps=[step, several])
    lines = [line.strip() for line in done["diff"]["prepared"].splitlines()]
    assert "package: Monitoring Agent (PS100010)" in lines
    assert "program: Silent install" in lines
    assert "packages: OSD Scripts (PS100012), Monitoring Agent (PS100010)" in lines


def test_an_edition_by_name_costs_a_get(bench: Bench) -> None:
    step = {
        "name": "Apply",
        "type": "apply_operating_system_image",
        "image": "Windows 11 24H2",
        "destination_variable": "OSDisk",
    }
    bench.ladder(MODULE, name="x", steps=[{**step, "edition": "Windows 11 Enterprise"}])
    assert "Get SMS_ImagePackage" in bench.counted()
    (row,) = bench.packages("x")
    assert isinstance(find(bench.tree(row["PackageID"]), "Apply")["ImageIndex"], int)
    message = bench.refused(MODULE, "unresolved_reference", name="x", steps=[{**step, "edition": "Windows 3.11"}])
    assert "steps[0].edition (Windows 3.11)" in message and "Windows 11 Enterprise" in message


# -- what the collection does not know -----------------------------------------------------------------


def test_an_unknown_class_by_its_name(bench: Bench) -> None:
    """Without MDT's classes here the site refuses one; with them they work by name."""
    made = Bench(mdt=True)
    step = {"name": "Gather", "type": "BDD_Gather", "properties": {"GatherLocalOnly": "true"}}
    name = "BDD_" + "Gather"
    known = {item.casefold() for item in made.provider.schema.names()}
    step["type"] = next((item for item in made.provider.schema.names() if item.startswith("BDD_")), name)
    properties = made.provider.schema.get(step["type"]).properties
    own = next(p.name for p in properties.values() if p.name.casefold() not in _COMMON and p.type == "string")
    step["properties"] = {own: "value"}
    assert step["type"].casefold() in known
    made.ladder(MODULE, name="x", steps=[step])
    (row,) = made.packages("x")
    stored = find(made.tree(row["PackageID"]), "Gather")
    assert stored["__class"] == step["type"] and stored[own] == "value"
    assert not made.ok(MODULE, name="x", steps=made.steps("x"))["changed"]
    result = bench.run(MODULE, name="x", steps=[step])
    assert result["failed"] and step["type"] in result["msg"] and not bench.packages("x")


_COMMON = {"name", "description", "supportedenvironment", "timeout", "enabled", "continueonerror", "condition"}


def test_properties_of_a_newer_site_survive(either: Bench) -> None:
    """The simulated site learns a property that the catalogue does not have."""
    bench = either
    item = bench.provider.schema.get("SMS_TaskSequence_RunCommandLineAction")
    future = dataclasses.replace(item.properties["CommandLine"], name="FutureSetting", qualifiers={})
    item.properties["FutureSetting"] = future
    made = package_methods.model.forms_of(bench.provider)._made
    made.pop(item.name, None)
    try:
        bench.ok(MODULE, name="x", steps=[command("A", properties={"FutureSetting": "kept"}), command("B")])
        (row,) = bench.packages("x")
        package_id = row["PackageID"]
        assert find(bench.tree(package_id), "A")["FutureSetting"] == "kept"
        assert bench.steps("x")[0]["properties"] == {"FutureSetting": "kept"}
        done = bench.ladder(MODULE, name="x", steps=[command("A", "other.exe"), command("B")])
        stored = find(bench.tree(package_id), "A")
        assert (stored["CommandLine"], stored["FutureSetting"]) == ("other.exe", "kept")
        done = bench.ok(MODULE, name="x", steps=[command("B")])
        assert "FutureSetting" in done["diff"]["prepared"]
    finally:
        del item.properties["FutureSetting"]
        made.pop(item.name, None)


# -- lint --------------------------------------------------------------------------------------------


def test_the_size_of_what_the_site_holds_is_measured_and_not_computed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The finding stays; the text, which costs most of lint, is only written for steps that are new."""
    steps = [command(f"Step {number}") for number in range(5)]
    package_id = bench.ok(MODULE, name="Large", steps=steps)["task_sequence"]["package_id"]
    monkeypatch.setattr(rules_limits, "STORED", len(bench.text(package_id)))

    def written(_sequence: t.Any) -> str:
        raise AssertionError("the text was written")

    with monkeypatch.context() as patched:
        patched.setattr(rules_limits, "write_sequence", written)
        done = bench.ok(MODULE, name="Large", steps=steps)
    assert not done["changed"] and "stored-size" in [finding["rule"] for finding in done["lint"]]
    changed = bench.ok(MODULE, name="Large", steps=steps[:4], check=True)
    assert "stored-size" in [finding["rule"] for finding in changed["lint"]]
