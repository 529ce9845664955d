# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``sequence_diff``: what it says, as text and as data."""

from __future__ import annotations

import copy
import json
import re
import time
import typing as t

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.configmgr.osd.plugins.filter.sequence_diff import sequence_diff
from ansible_collections.configmgr.osd.plugins.filter.to_sequence_xml import to_sequence_xml
from ansible_collections.configmgr.osd.plugins.filter.to_sequence_yaml import to_sequence_yaml

STEPS: list[dict[str, t.Any]] = [
    {
        "name": "Install",
        "condition": [{"variable": "_SMSTSInWinPE", "value": "true"}],
        "steps": [
            {"name": "Disk", "type": "format_and_partition_disk", "disk": 0, "style": "gpt",
             "partitions": [{"type": "efi", "size": 500, "size_unit": "mb"}]},
            {"name": "Agent", "type": "install_package", "package": {"id": "PS10000A"}, "program": "Install"},
            {"name": "Say", "type": "run_command_line", "command_line": "cmd.exe /c echo hi", "timeout": 900},
        ],
    },
    {"name": "Finish", "steps": [
        {"name": "Script", "type": "run_powershell_script", "execution_policy": "bypass",
         "script": "one\ntwo\nthree\n"},
        {"name": "Join", "type": "join_domain_or_workgroup", "domain": "corp", "username": "corp\\a",
         "password": "geheim"},
        {"name": "Restart", "type": "restart_computer", "restart_to": "installed_os"},
    ]},
]  # fmt: skip


def changed() -> list[dict[str, t.Any]]:
    steps = copy.deepcopy(STEPS)
    install, finish = steps
    install["condition"] = [{"none": [{"file": "X:\\keep.tag"}]}]
    install["steps"][0]["partitions"][0]["size"] = 600
    install["steps"][1]["package"] = "Monitoring Agent"
    install["steps"][2].update(timeout=1800, enabled=False)
    finish["steps"][0]["script"] = "one\n2\nthree\n"
    finish["steps"][1].update(name="Join the domain", password="anderes")
    del finish["steps"][2]
    install["steps"].insert(0, {"name": "New", "type": "set_task_sequence_variable", "variable": "a", "secret": True,
                                "value": "geheim"})  # fmt: skip
    return steps


def test_the_text_reads_like_a_review() -> None:
    text = sequence_diff(STEPS, changed())
    assert text.splitlines() == [
        "9 changes: 1 added, 1 removed, 1 renamed, 1 disabled, 3 settings, 1 condition, 1 text",
        "~ Install (group): condition",
        '      - variable _SMSTSInWinPE equals "true"',
        "      + none(file X:\\keep.tag)",
        "+ Install / New (set_task_sequence_variable)",
        "      variable: a",
        "      secret: true",
        "      value: (secret)",
        "~ Install / Disk (format_and_partition_disk): partitions",
        "      - [{assign_letter: true, bootable: false, quick_format: true, size: 500, size_unit: mb, type: efi}]",
        "      + [{assign_letter: true, bootable: false, quick_format: true, size: 600, size_unit: mb, type: efi}]",
        "~ Install / Agent (install_package): package: PS10000A -> Monitoring Agent",
        "~ Install / Say (run_command_line): disabled",
        "~ Install / Say (run_command_line): timeout: 900 -> 1800",
        "~ Finish / Script (run_powershell_script): script",
        "       one",
        "      -two",
        "      +2",
        "       three",
        "~ Finish / Join the domain (join_domain_or_workgroup): renamed, was Join",
        "- Finish / Restart (restart_computer)",
    ]


def test_the_data_is_what_a_play_would_write() -> None:
    found = sequence_diff(STEPS, changed(), format="data")
    assert json.loads(json.dumps(found)) == found
    by_kind = {(change["kind"], change["option"]): change for change in found}
    assert by_kind[("condition", "condition")]["old"] == STEPS[0]["condition"]
    assert by_kind[("condition", "condition")]["new"] == [{"none": [{"file": "X:\\keep.tag"}]}]
    timeout = by_kind[("changed", "timeout")]
    assert (timeout["path"], timeout["type"], timeout["old"], timeout["new"]) == (
        ["Install", "Say"],
        "run_command_line",
        900,
        1800,
    )
    assert (timeout["old_place"], timeout["new_place"]) == ("steps[0].steps[2]", "steps[0].steps[3]")
    assert by_kind[("changed", "package")]["old"] == "PS10000A"
    assert by_kind[("changed", "package")]["new"] == "Monitoring Agent"
    assert by_kind[("changed", "partitions")]["new"] == [{"type": "efi", "size": 600, "size_unit": "mb"}]
    assert by_kind[("disabled", "enabled")]["old"] is True
    assert by_kind[("disabled", "enabled")]["new"] is False
    assert by_kind[("script", "script")]["lines"] == [" one", "-two", "+2", " three"]
    assert by_kind[("added", None)]["new"]["value"] == "<stored on site>"
    assert by_kind[("removed", None)]["old"] == STEPS[1]["steps"][2]
    assert (by_kind[("renamed", "name")]["old"], by_kind[("renamed", "name")]["new"]) == ("Join", "Join the domain")


def test_moves() -> None:
    steps = copy.deepcopy(STEPS)
    steps[1]["steps"].append(steps[0]["steps"].pop(2))
    steps[1]["steps"].insert(0, steps[1]["steps"].pop(2))
    found = sequence_diff(STEPS, steps, format="data")
    assert [(change["kind"], change["old"], change["new"]) for change in found] == [
        ("moved", ["Finish", "Restart"], ["Finish", "Restart"]),
        ("moved", ["Install", "Say"], ["Finish", "Say"]),
    ]
    assert "> Finish / Say (run_command_line): moved, was Install / Say" in sequence_diff(STEPS, steps)


def test_no_secret_is_in_any_form() -> None:
    for form in ("text", "data"):
        for sides in ((STEPS, changed()), (None, STEPS), (changed(), None)):
            shown = str(sequence_diff(*sides, format=form))
            assert "geheim" not in shown
            assert "anderes" not in shown


def test_a_secret_alone_is_no_change() -> None:
    other = copy.deepcopy(STEPS)
    other[1]["steps"][1]["password"] = "<stored on site>"
    assert sequence_diff(STEPS, other) == ""


def test_one_side_may_not_exist() -> None:
    assert sequence_diff(None, None) == ""
    assert sequence_diff(None, STEPS).startswith("8 changes: 8 added\n+ Install (group)\n")
    assert sequence_diff(STEPS, None).startswith("8 changes: 8 removed\n")
    assert "lost with it: the stored secret password" in sequence_diff(STEPS, None)


def ids_only() -> list[dict[str, t.Any]]:
    return copy.deepcopy(STEPS)


FORMS: list[t.Callable[[], t.Any]] = [
    ids_only,
    lambda: {"steps": ids_only(), "warnings": [], "package_id": "PS100042"},
    lambda: {"task_sequences": [{"steps": ids_only()}], "changed": False},
    lambda: to_sequence_yaml(ids_only()),
    lambda: to_sequence_xml(ids_only()),
    lambda: to_sequence_xml(ids_only()).encode("utf-16"),
    lambda: to_sequence_xml(ids_only()).encode("utf-16").decode("utf-8", "surrogateescape"),
]


@pytest.mark.parametrize("old", range(len(FORMS)))
@pytest.mark.parametrize("new", range(len(FORMS)))
def test_sides_may_have_any_form(old: int, new: int) -> None:
    assert sequence_diff(FORMS[old](), FORMS[new]()) == ""


def test_a_name_and_an_id_are_different() -> None:
    steps = [{"name": "A", "type": "install_package", "package": "PS10000A", "program": "x"}]
    other = [{"name": "A", "type": "install_package", "package": {"id": "PS10000A"}, "program": "x"}]
    assert sequence_diff(steps, other).splitlines()[1] == '~ A (install_package): package: "PS10000A" -> PS10000A'
    assert sequence_diff(steps, steps) == ""
    wider = [{**steps[0], "package": {"name": "PS10000A", "version": "2"}}]
    assert '-> "PS10000A" (2)' in sequence_diff(steps, wider)


def test_names_of_ids_are_shown_where_a_side_knows_them() -> None:
    one = {"steps": [{"name": "A", "type": "install_package", "package": {"id": "PS10000A"}, "program": "x"}],
           "references": [{"kind": "package", "name": "Tools", "id": "PS10000A"}, "x", {"id": 5}]}  # fmt: skip
    two = {"steps": [{"name": "A", "type": "install_package", "package": {"id": "PS10000B"}, "program": "x"}]}
    assert "package: Tools (PS10000A) -> PS10000B" in sequence_diff(one, two)


def test_references_that_only_a_site_can_look_up() -> None:
    one = [
        {"name": "I", "type": "apply_operating_system_image", "image": "Windows 11", "edition": "Pro"},
        {"name": "C", "type": "run_task_sequence", "task_sequence": "Child"},
        {"name": "A", "type": "install_application", "applications": ["7-Zip", "Reader"]},
        {"name": "G", "steps": [], "condition": [{"operating_system": ["All Windows 11"]}]},
    ]
    assert sequence_diff(one, copy.deepcopy(one)) == ""
    two = copy.deepcopy(one)
    two[0]["edition"] = "Enterprise"
    two[1]["task_sequence"] = "Other child"
    two[2]["applications"] = ["7-Zip"]
    two[3]["condition"] = [{"operating_system": ["All Windows 10"]}]
    text = sequence_diff(one, two)
    assert "Pro -> Enterprise" in text
    assert "task_sequence: Child -> Other child" in text
    assert "applications: 7-Zip, Reader -> 7-Zip" in text
    assert "operating system All Windows 11" in text
    assert "Ref(" not in text + str(sequence_diff(one, two, format="data"))


def test_options_of_the_package() -> None:
    one = {"name": "A", "boot_image": {"id": "PS100005"}, "enabled": True, "category": "x", "steps": []}
    two = {"name": "B", "boot_image": "Boot image (x64)", "enabled": True, "platforms": [], "steps": []}
    assert sequence_diff(one, two).splitlines() == [
        "2 changes: 2 package options",
        "~ name: A -> B",
        "~ boot_image: {id: PS100005} -> Boot image (x64)",
    ]
    found = sequence_diff(one, two, format="data")
    assert found[0] == {"kind": "option", "path": [], "type": None, "option": "name", "old": "A", "new": "B"}


def test_an_unknown_property_counts_on_both_sides() -> None:
    one = [{"name": "A", "type": "run_command_line", "command_line": "x", "properties": {"Newer": "1"}}]
    two = [{"name": "A", "type": "run_command_line", "command_line": "x"}]
    assert "Newer: 1 -> (none)" in sequence_diff(one, two)
    assert "Newer: (none) -> 1" in sequence_diff(two, one)
    assert sequence_diff(one, two, format="data")[0]["old"] == "1"


def test_long_values_are_shown_where_they_differ() -> None:
    one = [{"name": "A", "type": "run_command_line", "command_line": "cmd.exe " + "x" * 200 + " old " + "y" * 200}]
    two = [{"name": "A", "type": "run_command_line", "command_line": "cmd.exe " + "x" * 200 + " new " + "y" * 200}]
    lines = sequence_diff(one, two).splitlines()
    assert all(len(line) < 180 for line in lines)
    assert " old " in lines[2]
    assert " new " in lines[3]


def test_a_long_value_is_shown_to_its_end() -> None:
    def step(line: str) -> list[dict[str, t.Any]]:
        return [{"name": "A", "type": "run_command_line", "command_line": line}]

    harmless = "cmd.exe /c " + "x" * 600
    assert " & format D: /y" in sequence_diff(None, step(f"{harmless} & format D: /y"))
    text = sequence_diff(step("short"), step(f"{harmless} & format D: /y"))
    assert text.rstrip().endswith(" & format D: /y")
    text = sequence_diff(step(f"one {harmless} two"), step(f"ONE {harmless} TWO"))
    assert "one cmd" in text and "ONE cmd" in text and "x two" in text and "x TWO" in text
    assert len(sequence_diff(None, step("x" * 5000))) < 1300


def test_the_text_may_be_capped() -> None:
    text = sequence_diff(None, STEPS, max_lines=5)
    assert len(text.splitlines()) <= 6
    assert re.search(r"\.\.\. and \d+ more changes$", text.strip())
    long = [{"name": "S", "type": "run_powershell_script", "script": "\n".join(map(str, range(500)))}]
    assert len(sequence_diff(None, long).splitlines()) > 500


BAD = [
    (5, "a: must be a list of steps"),
    ({}, "a: must be a list of steps"),
    ({"steps": None}, "gather: [steps]"),
    ({"task_sequences": []}, "holds 0 task sequences"),
    ({"task_sequences": [{"steps": []}, {"steps": []}]}, "holds 2 task sequences"),
    ({"task_sequences": [{"steps": None}]}, "gather: [steps]"),
    ("", "a: must hold a mapping"),
    ("schema: 3\nsteps: []", "a: schema"),
    ("<html/>", "a: line 1"),
    ([{"name": "A", "type": "run_comand_line"}], "a: steps[0].type"),
    ([{"name": "A", "type": "run_command_line", "steps": []}], "a: steps[0]"),
]


@pytest.mark.parametrize(("side", "message"), BAD)
def test_what_is_no_side(side: t.Any, message: str) -> None:
    with pytest.raises(AnsibleFilterError) as caught:
        sequence_diff(side, [])
    assert message in str(caught.value)
    with pytest.raises(AnsibleFilterError) as caught:
        sequence_diff([], side)
    assert "b: " in str(caught.value)


@pytest.mark.parametrize("options", [{"format": "html"}, {"max_lines": 0}, {"max_lines": "x"}, {"max_lines": True}])
def test_bad_options(options: dict[str, t.Any]) -> None:
    with pytest.raises(AnsibleFilterError, match=next(iter(options))):
        sequence_diff([], [], **options)


def test_the_time_for_a_thousand_steps() -> None:
    def steps(count: int, shift: int) -> list[dict[str, t.Any]]:
        return [
            {"name": f"G{g}", "steps": [
                {"name": f"S{(n + shift) % count}", "type": "run_command_line", "command_line": f"x {n % 7} {shift}"}
                for n in range(g, g + 50)]}
            for g in range(0, count, 50)
        ]  # fmt: skip

    def seconds(count: int) -> float:
        old, new = steps(count, 0), steps(count, 17)
        started = time.process_time()
        sequence_diff(old, new)
        return time.process_time() - started

    whole = min(seconds(1000) for _unused in range(2))
    # The issue asks for 2 s; ten times the steps may take no more than 30 times as long.
    assert whole < 3
    assert whole / min(seconds(100) for _unused in range(3)) < 30
