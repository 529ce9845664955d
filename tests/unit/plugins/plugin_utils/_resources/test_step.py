# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Edits of single steps: what changes, what stays to the last byte, and what is refused."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils._resources._step_edits_draft import Draft
from ansible_collections.configmgr.osd.plugins.plugin_utils._resources._step_edits_options import change
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.scalars import Notes
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.secret_places import (
    RULES,
    secret_names,
    secret_text,
)
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.xml_read import read_sequence
from tests.unit.plugins.plugin_utils._resources.bench import Bench, find
from tests.unit.plugins.plugin_utils._resources.test_task_sequence_corpus import corpus, text_of

MODULE = "cm_task_sequence_step"
STANDARD = "PS100041"
NAME = "Windows 11 - Standard desktop"
OS = "Install operating system"


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture(params=["objects", "xml"])
def either(request: pytest.FixtureRequest) -> Bench:
    """A bench whose tasks write in one way and in the other."""
    made = Bench()
    made.compatibility = {"write_via": request.param}
    return made


def others(tree: list[dict[str, t.Any]], *names: str) -> list[dict[str, t.Any]]:
    """Return all stored steps but those of these names, in run order, groups without their content."""
    found = []
    pending = list(tree)
    while pending:
        step = pending.pop(0)
        pending = [*(step.get("Steps") or []), *pending]
        if step["Name"] not in names:
            found.append({key: value for key, value in step.items() if key != "Steps"})
    return found


def edit(bench: Bench, *names: str, **options: t.Any) -> t.Any:
    """Climb the ladder with an edit of the standard desktop; all steps but ``names`` stay as they are."""
    before = by_name(others(bench.tree(STANDARD), *names))
    done = bench.ladder(MODULE, name=NAME, independently=lambda: bench.tree(STANDARD), **options)
    assert by_name(others(bench.tree(STANDARD), *names)) == before
    return done


def by_name(steps: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    return sorted(steps, key=lambda step: str(step["Name"]))


def names(bench: Bench) -> list[str]:
    return [step["Name"] for step in others(bench.tree(STANDARD))]


def test_change_an_option(either: Bench) -> None:
    done = edit(either, "Branding", path="Branding", options={"timeout": 60, "enabled": False})
    stored = find(either.tree(STANDARD), "Branding")
    assert stored["Timeout"] == 60 and stored["Enabled"] is False
    assert stored["CommandLine"] == "cscript.exe brand.vbs" and stored["Description"] == "Colours and names"
    assert done["diff"]["prepared"].startswith(f"~ task sequence {NAME}\n~ Branding (run_command_line)")
    summary = done["task_sequence"]
    assert summary["changed_options"] == ["steps"] and summary["package_id"] == STANDARD
    assert {entry["change"] for entry in summary["changed_steps"]} == {"changed", "disabled"}
    assert not either.notes("blanked", "lazy_blanked", "secret", "schema_version_changed")


def test_reset_gives_the_default_back(bench: Bench) -> None:
    edit(bench, "Branding", path=["Branding"], reset=["timeout", "continue_on_error"])
    stored = find(bench.tree(STANDARD), "Branding")
    assert not stored.get("Timeout") and stored["ContinueOnError"] is False


def test_an_image_and_an_edition(either: Bench) -> None:
    edit(either, "Apply Windows 11", path=[OS, "Apply Windows 11"], options={"edition": "Windows 11 Pro"})
    assert find(either.tree(STANDARD), "Apply Windows 11")["ImageIndex"] == 2
    edit(either, "Apply Windows 11", path=[OS, "Apply Windows 11"],
         options={"image": "Windows 11 23H2 - captured reference", "edition": "Contoso reference"})  # fmt: skip
    stored = find(either.tree(STANDARD), "Apply Windows 11")
    assert stored["ImagePackageID"] == "PS100021" and stored["DestinationVariable"] == "OSDisk"


def test_an_option_takes_the_place_of_those_that_it_excludes(bench: Bench) -> None:
    edit(bench, "Monitoring agent", path="Monitoring agent", options={"base_variable": "PACKAGES"})
    stored = find(bench.tree(STANDARD), "Monitoring agent")
    assert stored["BaseVariableName"] == "PACKAGES" and not stored.get("PackageID") and not stored.get("ProgramName")


def test_condition_is_replaced_and_removed(either: Bench) -> None:
    condition = [{"none": [{"variable": "KEEP", "operator": "exists"}]}]
    edit(either, OS, path=OS, options={"condition": condition})
    operands = find(either.tree(STANDARD), OS)["Condition"]["Operands"]
    assert operands[0]["OperatorType"] == "not" and len(find(either.tree(STANDARD), OS)["Steps"]) == 4
    edit(either, OS, path=OS, options={"condition": []})
    assert not (find(either.tree(STANDARD), OS).get("Condition") or {}).get("Operands")


def test_create_move_rename_remove(either: Bench) -> None:
    edits: list[dict[str, t.Any]] = [
        {"path": "Software", "options": {"type": "group"}, "after": OS},
        {"path": "Monitoring agent", "into": "Software"},
        {"path": ["Software", "Fonts"], "before": "Monitoring agent",
         "options": {"type": "install_package", "package": "Corporate Fonts", "program": "Install fonts"}},
        {"path": "Branding", "new_name": "Colours", "before": [OS]},
        {"path": [OS, "Partition disk 0"], "state": "absent"},
    ]  # fmt: skip
    done = edit(either, "Software", "Fonts", "Branding", "Colours", "Partition disk 0", "Monitoring agent", edits=edits)
    assert names(either) == ["Colours", OS, "Apply Windows 11", "Network and domain", "Windows and client", "Software",
                             "Fonts", "Monitoring agent"]  # fmt: skip
    assert {entry["change"] for entry in done["task_sequence"]["changed_steps"]} == {
        "added",
        "moved",
        "renamed",
        "removed",
    }
    assert find(either.tree(STANDARD), "Network and domain")["DomainPassword"] == "Join-0815"
    assert find(either.tree(STANDARD), "Fonts")["PackageID"] == "PS100011"


def test_a_moved_group_takes_its_secrets_along(bench: Bench) -> None:
    edit(bench, path=OS, after="Branding")
    assert find(bench.tree(STANDARD), "Network and domain")["DomainPassword"] == "Join-0815"
    edit(bench, "Network and domain", "Domain", path=[OS, "Network and domain"], new_name="Domain", into=[])
    assert find(bench.tree(STANDARD), "Domain")["DomainPassword"] == "Join-0815"


def test_a_group_with_content_is_complete_as_written(bench: Bench) -> None:
    steps = [{"name": "One", "type": "run_command_line", "command_line": "one"}]
    edit(bench, "More", "One", path="More", options={"steps": steps})
    edit(
        bench,
        "More",
        "One",
        "Two",
        path="More",
        options={"steps": [{**steps[0], "command_line": "two"}, {**steps[0], "name": "Two"}]},
    )
    group = find(bench.tree(STANDARD), "More")
    assert [step["CommandLine"] for step in group["Steps"]] == ["two", "one"]


def test_one_read_and_one_save(bench: Bench) -> None:
    edits = [
        {"path": "Branding", "options": {"timeout": 1}},
        {"path": "Monitoring agent", "options": {"enabled": False}},
    ]
    bench.ok(MODULE, package_id=STANDARD, edits=edits)
    assert bench.writes() == ["Invoke SetSequence"]
    bench.ok(MODULE, package_id=STANDARD, edits=edits)
    assert len(bench.counted()) <= 3, bench.counted()


# -- secrets -----------------------------------------------------------------------------------------


def test_a_secret_that_is_not_given_is_kept(either: Bench) -> None:
    edit(
        either,
        "Network and domain",
        path=[OS, "Network and domain"],
        options={"ou": "LDAP://OU=B,DC=corp,DC=contoso,DC=com"},
    )
    stored = find(either.tree(STANDARD), "Network and domain")
    assert stored["DomainPassword"] == "Join-0815" and stored["DomainUsername"] == "CORP\\svc-join"


def test_a_secret_alone_does_not_write(bench: Bench) -> None:
    options = {"password": "Secret-4711"}
    same = bench.ok(MODULE, name=NAME, path=[OS, "Network and domain"], options=options)
    assert not same["changed"]
    done = bench.ok(MODULE, name=NAME, path=[OS, "Network and domain"], options=options, update_secrets="always")
    assert done["changed"] and "Secret-4711" not in str(done)
    assert find(bench.tree(STANDARD), "Network and domain")["DomainPassword"] == "Secret-4711"
    assert not bench.ok(MODULE, name=NAME, path="Branding", options={"timeout": 900}, update_secrets="always")[
        "changed"
    ]


def test_another_account_needs_its_secret() -> None:
    bench = Bench()
    where: dict[str, t.Any] = {"name": NAME, "path": [OS, "Network and domain"]}
    message = bench.refused(MODULE, "secret_unreadable", **where, options={"username": "CORP\\other"})
    assert "options.password (Network and domain)" in message
    bench.ok(MODULE, **where, options={"username": "CORP\\other", "password": "Other-1"})
    assert find(bench.tree(STANDARD), "Network and domain")["DomainPassword"] == "Other-1"


def test_a_site_that_hides_secrets_needs_those_of_untouched_steps() -> None:
    bench = Bench(secrets="blank")
    message = bench.refused(MODULE, "secret_unreadable", name=NAME, path="Branding", options={"timeout": 1})
    assert "Network and domain" in message
    edits = [{"path": "Branding", "options": {"timeout": 1}},
             {"path": [OS, "Network and domain"], "options": {"password": "Again-1"}}]  # fmt: skip
    bench.ok(MODULE, name=NAME, edits=edits)
    assert find(bench.tree(STANDARD), "Network and domain")["DomainPassword"] == "Again-1"


def test_opaque_secrets_go_back_as_they_came() -> None:
    bench = Bench(secrets="opaque")
    bench.ok(MODULE, name=NAME, path="Branding", options={"timeout": 1})
    assert find(bench.tree(STANDARD), "Network and domain")["DomainPassword"] == "Join-0815"


def test_masked_variables(bench: Bench) -> None:
    make = {"type": "set_task_sequence_variable", "variable": "PIN", "value": "s3cret-1", "secret": True}
    edit(bench, "Pin", path="Pin", options=make)
    edit(bench, "Pin", path="Pin", options={"description": "Other"})
    stored = find(bench.tree(STANDARD), "Pin")
    assert "s3cret-1" in (stored.get("HiddenVariableValue"), stored.get("VariableValue"))
    message = bench.refused(MODULE, name=NAME, path="Pin", options={"secret": False})
    assert "stands for a stored secret" in message
    edit(bench, "Pin", path="Pin", options={"secret": False, "value": "plain"})
    stored = find(bench.tree(STANDARD), "Pin")
    assert stored["VariableValue"] == "plain" and not stored.get("HiddenVariableValue")


# -- names that come more than once --------------------------------------------------------------------


def test_ambiguous_paths_list_the_places(bench: Bench) -> None:
    twice = {"type": "run_command_line", "command_line": "one"}
    steps = [{"name": "Twin", **twice}, {"name": "Other", **twice}, {"name": "Twin", **twice}]
    edit(bench, "Group", "Twin", "Other", path="Group", options={"steps": steps})
    message = bench.refused(MODULE, name=NAME, path=["Group", "Twin"], options={"command_line": "two"})
    assert "path (Group / Twin): 2 steps bear this path, choose one by occurrence: 1 (run_command_line" in message
    edit(bench, "Twin", path=["Group", "Twin"], occurrence=2, options={"command_line": "two"})
    assert [step["CommandLine"] for step in find(bench.tree(STANDARD), "Group")["Steps"]] == ["one", "one", "two"]
    edit(bench, "Twin", path=["Group", "Twin"], occurrence=2, state="absent")
    assert [step["Name"] for step in find(bench.tree(STANDARD), "Group")["Steps"]] == ["Twin", "Other"]


def test_a_neighbour_is_a_name_in_the_group_or_a_path_from_the_top(bench: Bench) -> None:
    edit(bench, path=[OS, "Apply Windows 11"], after="Network and domain")
    assert names(bench)[1:4] == ["Partition disk 0", "Network and domain", "Apply Windows 11"]
    edit(bench, path=[OS, "Apply Windows 11"], before=["Branding"])
    assert names(bench)[-3:] == ["Monitoring agent", "Apply Windows 11", "Branding"]
    edit(bench, path="Apply Windows 11", after=[OS, "Partition disk 0"])
    assert names(bench)[1:4] == ["Partition disk 0", "Apply Windows 11", "Network and domain"]


def test_rename_one_of_two(bench: Bench) -> None:
    twice = [{"name": "Twin", "type": "run_command_line", "command_line": line} for line in ("one", "two")]
    edit(bench, "Group", "Twin", path="Group", options={"steps": twice})
    edit(bench, "Twin", "Second", path=["Group", "Twin"], occurrence=2, new_name="Second")
    assert [step["Name"] for step in find(bench.tree(STANDARD), "Group")["Steps"]] == ["Twin", "Second"]


def test_a_stored_step_that_breaks_a_rule_can_be_edited(bench: Bench) -> None:
    text = bench.text(STANDARD).replace("cscript.exe brand.vbs", "")
    bench.ok("cm_task_sequence", name="Odd", sequence_xml=text, allow_blank_secrets=True)
    done = bench.run(MODULE, name="Odd", path="Branding", options={"enabled": False})
    assert done["changed"] and not done.get("failed"), done


# -- what is refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"path": []}, "path: must not be empty"),
        ({"path": [OS, True]}, "path[1] (True): must be the name"),
        ({"path": "x", "occurrence": 0}, "occurrence (0): must be 1 or more"),
        ({"path": "x", "state": "absent", "options": {"timeout": 1}}, "options: means nothing with state: absent"),
        ({"path": "Branding", "before": "a", "after": "b"}, "before: give before or after, not both"),
        ({"path": "Branding", "into": [OS], "before": ["Other", "x"]}, "before (Other / x): stands in another group"),
        ({"path": "Branding", "into": [OS], "before": "x"}, f"before (x): is no step of {OS}"),
        ({"path": "Branding", "before": "Branding"}, "before (Branding): is the step itself"),
        ({"path": "Branding", "into": ["Nothing"]}, "into (Nothing): there is no such group"),
        ({"path": "Branding", "into": ["Monitoring agent"]}, "into (Monitoring agent): is a step, and only a group"),
        ({"path": OS, "into": [OS]}, "a group cannot go into itself"),
        ({"path": "Branding", "new_name": "x" * 101}, "new_name"),
        ({"path": "Branding", "new_name": "Monitoring agent"}, "a step of this name is there already"),
        ({"path": "Brandin"}, "path (Brandin): there is no such step. Did you mean Branding?"),
        ({"path": "Zzzz"}, "Options with a type would create it."),
        ({"path": "Zzzz", "options": {"timeout": 1}}, "options.type: is required"),
        ({"path": "Zzzz", "reset": ["timeout"], "options": {"type": "group"}}, "reset: Zzzz is not there yet"),
        ({"path": "Branding", "occurrence": 2, "options": {"timeout": 1}}, "occurrence (2): Branding: there is only 1"),
        ({"path": "Branding", "options": {"name": "x"}}, "options.name (x): the name stands in `path`"),
        ({"path": "Branding", "options": {"type": "restart_computer"}}, "the step is of type run_command_line"),
        ({"path": "Branding", "options": {"timeot": 1}}, "options.timeot: is not an option of run_command_line"),
        ({"path": "Branding", "options": {"timeout": "x"}}, "options.timeout (x)"),
        ({"path": "Branding", "options": {"steps": []}}, "options.steps"),
        ({"path": "Branding", "reset": ["command_line"]}, "reset[0] (command_line): is required"),
        ({"path": "Branding", "reset": ["nothing"]}, "reset[0] (nothing): is no option of the step"),
        ({"path": "Branding", "reset": ["timeout"], "options": {"timeout": 1}}, "is given in options too"),
        (
            {"edits": [{"path": "G", "options": {"steps": [{"name": "A", "type": "group"}]}},
                       {"path": ["G", "A"], "options": {"enabled": False}}]},
            "edits[1].options (G / A): the options of this step are in edits[0] already",
        ),
        ({"edits": []}, "edits ([]): must have at least one entry"),
        ({"edits": [{"path": "Branding"}], "new_name": "x"}, "new_name: belongs into an entry of edits"),
        ({"edits": [{"path": "Branding", "options": {"timeout": 1}}] * 2}, "edits[1].options (Branding): "),
    ],
)  # fmt: skip
def test_bad_input(bench: Bench, options: dict[str, t.Any], expected: str) -> None:
    for check in (True, False):
        assert expected in bench.refused(MODULE, name=NAME, check=check, **options)


def test_all_problems_are_in_one_error(bench: Bench) -> None:
    edits = [
        {"path": "A"},
        {"path": "Branding", "options": {"timeout": "x"}},
        {"path": "B", "into": "C", "options": {"type": "group"}},
    ]
    message = bench.refused(MODULE, name=NAME, edits=edits)
    assert all(text in message for text in ("edits[0].path (A)", "edits[1].options.timeout (x)", "edits[2].into (C)"))


def test_references_are_resolved(bench: Bench) -> None:
    message = bench.refused(
        MODULE, "unresolved_reference", name=NAME, path="Monitoring agent", options={"package": "Nothing"}
    )
    assert "options.package (Nothing): the site has no package with this name" in message
    message = bench.refused(
        MODULE, "unresolved_reference", name=NAME, path="Monitoring agent", options={"program": "Nothing"}
    )
    assert "options.program (Nothing): the package PS100010 has no program" in message
    planned = [{"kind": "package", "name": "Nothing", "planned": True}]
    done = bench.ok(MODULE, name=NAME, path="Branding", options={"package": "Nothing"}, planned=planned, check=True)
    assert done["changed"] and done["unresolved"][0]["name"] == "Nothing"
    kept = bench.ok(MODULE, name=NAME, path="Branding", options={"package": {"id": "XYZ00012"}}, unknown_ids="keep")
    assert kept["dangling_references"][0]["id"] == "XYZ00012"


def test_a_sequence_that_is_not_there(bench: Bench) -> None:
    assert "name (Nothing): the site has no task sequence" in bench.refused(
        MODULE, "not_found", name="Nothing", path="x", state="absent"
    )
    bench.refused(MODULE, "not_found", package_id="PS1FFFFF", path="x", state="absent")
    planned = [{"kind": "task_sequence", "name": "Nothing", "planned": True}]
    done = bench.ok(MODULE, name="Nothing", path="x", options={"type": "group"}, planned=planned, check=True)
    assert done["changed"] and done["task_sequence"]["planned"]


def test_absent_on_what_is_not_there(bench: Bench) -> None:
    for path in (["Nothing"], ["Nothing", "Inside"], ["Branding", "Inside"]):
        assert not bench.ok(MODULE, name=NAME, path=path, state="absent")["changed"]


def test_locked_by_somebody(bench: Bench) -> None:
    bench.tell("/lock", path=f'SMS_TaskSequencePackage.PackageID="{STANDARD}"', user="CORP\\admin")
    result = bench.run(MODULE, name=NAME, path="Branding", options={"timeout": 1})
    assert result["failed"] and not result["changed"] and result["error"]["code"] == "object_locked"
    assert "CORP\\admin" in result["msg"]


# -- real sequences -----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", corpus())
def test_any_step_of_a_real_sequence_can_be_edited(path: Path | None, shared_folder: Path) -> None:
    assert path is not None, f"no exports in {shared_folder}"
    stored = read_sequence(text_of(path))
    draft = Draft(stored)
    for step in draft.sequence.walk():
        origin = draft.origin(step)
        assert origin is not None
        notes = Notes()
        new = change(notes, step, {"description": "Edited", "continue_on_error": True}, [], "edits[0].")
        assert new is not None and notes.problems == [], (origin.name, notes.problems)
        differing = {
            name
            for name in {*origin.properties, *step.properties}
            if origin.properties.get(name) != step.properties.get(name)
        }
        secret = {name for name in secret_names(origin) if secret_text(origin.properties.get(name))}
        assert differing - secret <= {"Description", "ContinueOnError", RULES}, origin.name
        assert step.condition == origin.condition and step.properties["Description"] == "Edited"


@pytest.mark.parametrize("way", ["objects", "xml"])
def test_what_is_not_edited_stays_in_a_real_sequence(way: str, shared_folder: Path) -> None:
    path = sorted((shared_folder / "corpus").glob("*.xml"), key=lambda one: one.stat().st_size)[-1]
    bench = Bench(mdt=True)
    made = bench.ok("cm_task_sequence", name="Export", sequence_xml=text_of(path), unknown_ids="keep")
    package_id = made["task_sequence"]["package_id"]
    bench.compatibility = {"write_via": way}
    before = bench.tree(package_id)
    last = before[-1]["Name"]
    options: dict[str, t.Any] = {"name": "Export", "path": last, "options": {"description": "Edited"}}
    if sum(step["Name"] == last for step in before) > 1:
        options["occurrence"] = sum(step["Name"] == last for step in before)
    done = bench.ok(MODULE, **options, allow_blank_secrets=True)
    assert done["changed"] and len(done["task_sequence"]["changed_steps"]) == 1
    before[-1]["Description"] = "Edited"
    assert bench.tree(package_id) == before
    assert not bench.ok(MODULE, **options, allow_blank_secrets=True)["changed"]
