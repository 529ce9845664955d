# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Numbers, words and summaries of reports, before anything lays them out."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils._errors import InvalidInput
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.model import STORED
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.report import html, markdown, mermaid
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.report.build import FAMILIES, MOST, build
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.report.conditions import (
    condition_lines,
    condition_text,
)
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.report.icons import ICONS
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.report.parts import Entry, Report
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.rules import load_rules


def command(name: str, **options: t.Any) -> dict[str, t.Any]:
    return {"name": name, "type": "run_command_line", "command_line": "cmd.exe", **options}


def child(name: str, reference: t.Any, **options: t.Any) -> dict[str, t.Any]:
    return {"name": name, "type": "run_task_sequence", "task_sequence": reference, **options}


def group(name: str, *steps: dict[str, t.Any], **options: t.Any) -> dict[str, t.Any]:
    return {"name": name, "steps": list(steps), **options}


def numbers(report: Report) -> dict[str, str]:
    return {entry.name: entry.numbers for entry in report.walk()}


def only(step: dict[str, t.Any]) -> Entry:
    (entry,) = build([step]).entries
    return entry


def words(entry: Entry) -> dict[str, str]:
    """Return the settings of an entry as text, lines joined with a bar."""
    found = {}
    for setting in [*entry.refers, *entry.settings]:
        stack, texts = list(reversed(setting.lines)), []
        while stack:
            line = stack.pop()
            texts.append("".join(span.text for span in line.spans))
            stack.extend(reversed(line.below))
        found[setting.label] = " | ".join(texts)
    return found


# -- numbers -----------------------------------------------------------------------------------


def test_groups_take_a_number_where_they_start_and_where_they_end() -> None:
    report = build([command("a"), group("G", command("b"), group("H", command("c")), group("empty")), command("d")])
    assert numbers(report) == {"a": "0", "G": "1-8", "b": "2", "H": "3-5", "c": "4", "empty": "6-7", "d": "9"}


def test_what_is_disabled_keeps_its_number() -> None:
    report = build([group("G", command("a", enabled=False), enabled=False), command("b")])
    assert numbers(report) == {"G": "0-2", "a": "1", "b": "3"}
    assert [entry.off for entry in report.walk()] == ["disabled", "disabled", ""]
    inside = build([group("G", command("a"), enabled=False)])
    assert [entry.off for entry in inside.walk()] == ["disabled", "inside a disabled group"]


def test_a_child_at_hand_counts_like_a_group() -> None:
    report = build([child("run", "Apps"), command("z")], children={"apps": [command("x"), command("y")]})
    assert numbers(report) == {"run": "0-3", "x": "1", "y": "2", "z": "4"}
    assert report.notes == []


@pytest.mark.parametrize("reference", ["Apps", {"id": "PS100009"}, "id:PS100009", {"name": "Other", "id": "ps100009"}])
def test_a_child_is_found_by_name_or_id(reference: t.Any) -> None:
    children = {"Apps": {"steps": [command("x")]}, "PS100009": [command("x")]}
    assert "x" in numbers(build([child("run", reference)], children=children))


def test_the_numbers_end_where_a_child_is_not_at_hand() -> None:
    report = build([group("G", child("run", "Apps"), command("b")), group("H", command("c"))])
    assert numbers(report) == {"G": "0-?", "run": "1", "b": "?", "H": "?", "c": "?"}
    assert len(report.notes) == 2 and "end at number 1, 'run'" in report.notes[0] and "3 steps" in report.notes[1]


@pytest.mark.parametrize("options", [{"enabled": False}, {}])
def test_a_disabled_child_is_one_step(options: dict[str, t.Any]) -> None:
    """Whether the step is disabled or the group around it."""
    steps = [group("G", child("run", "Apps", **options), enabled=bool(options)), command("b")]
    report = build(steps, children={"Apps": [command("x")]})
    assert numbers(report) == {"G": "0-2", "run": "1", "b": "3"}


def test_a_child_that_refers_back_ends() -> None:
    children = {"A": [child("to b", "B")], "B": [child("to a", "A")]}
    report = build([child("to a first", "A")], children=children)
    assert numbers(report) == {"to a first": "0-?", "to b": "1-?", "to a": "2"}
    assert "refers back" in next(entry.notes[0] for entry in report.walk() if entry.name == "to a")
    itself = build({"name": "A", "steps": [child("self", "A")]}, children=children)
    assert "refers back" in itself.entries[0].notes[0]


def test_children_cannot_grow_without_bound() -> None:
    children = {f"t{level}": [child(str(index), f"t{level + 1}") for index in range(10)] for level in range(9)}
    children["t9"] = [command("x")]
    with pytest.raises(InvalidInput, match=str(MOST)):
        build([child("start", "t0")], children=children)


def test_plain_numbers_are_an_outline() -> None:
    steps = [command("a"), group("G", command("b"), group("H", command("c")), child("run", "?"), command("d"))]
    report = build(steps, scheme="plain")
    assert numbers(report) == {"a": "1", "G": "2", "b": "2.1", "H": "2.2", "c": "2.2.1", "run": "2.3", "d": "2.4"}
    assert report.notes == []


def test_depth_is_bounded() -> None:
    deep: list[dict[str, t.Any]] = [command("x")]
    for _level in range(100):
        deep = [group("g", *deep)]
    report = build(deep)
    assert all(render(report) for render in (html.render, markdown.render, mermaid.render))
    with pytest.raises(InvalidInput, match="nested"):
        build([group("g", *deep)])


# -- input -------------------------------------------------------------------------------------


def test_forms_of_input() -> None:
    item = {"name": "TS", "steps": [command("a")]}
    assert build(item).title == build({"task_sequences": [item]}).title == "TS"
    assert build(item, title="Other").title == "Other"
    assert build([command("a")]).title == "Task sequence"
    assert build([]).entries == []


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (None, "list of steps"),
        ("steps: []", "from_sequence_yaml"),
        ({"name": "x"}, "gather"),
        ({"name": "x", "steps": None}, "gather"),
        ({"task_sequences": []}, "one item"),
        ({"task_sequences": [{}, {}]}, "one item"),
        (["x"], "mapping"),
        ([{"name": "x", "type": "restart_computer", "steps": []}], "both type and steps"),
        ([{"name": "x", "steps": "y"}], "must be a list"),
    ],
)
def test_what_is_no_task_sequence(given: t.Any, text: str) -> None:
    with pytest.raises(InvalidInput, match=text):
        build(given)


def test_options_of_the_package() -> None:
    report = build(
        {
            "name": "TS",
            "description": "Owned by finance",
            "package_id": "PS100042",
            "boot_image": {"name": "Boot", "version": "2"},
            "max_run_time": 1,
            "enabled": False,
            "category": "Finance",
            "platforms": ["All Windows 11 (64-bit) Client"],
            "run_first": {"package": "Tools", "program": "Prepare", "always": True},
            "steps": [],
        }
    )
    shown = {one.label: "".join(span.text for line in one.lines for span in line.spans) for one in report.facts}
    assert shown == {
        "Package ID": "PS100042",
        "Boot image": "Boot (2)",
        "Longest run": "1 minute",
        "Enabled": "no",
        "Category": "Finance",
        "Platforms": "All Windows 11 (64-bit) Client",
        "Runs first": "Tools, program Prepare, every time",
    }
    assert [(one.kind, one.name, one.details) for one in report.references] == [
        ("Boot image", "Boot", "2"),
        ("Package", "Tools", ""),
    ]


# -- words -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ({"variable": "X", "value": "true"}, "variable X equals true"),
        ({"variable": "X", "operator": "not_exists"}, "variable X does not exist"),
        ({"variable": "X", "operator": "GREATER_EQUAL", "value": 3}, "variable X is at least 3"),
        ({"variable": "X", "value": ""}, "variable X equals (empty)"),
        ({"wmi": "SELECT *\nFROM A"}, "the WMI query SELECT * FROM A finds something"),
        ({"wmi": "S", "namespace": "root\\wmi"}, "the WMI query S finds something in root\\wmi"),
        (
            {"registry": "HKLM\\A", "value_name": "V", "value_type": "dword", "value": "1"},
            "registry key HKLM\\A, value V equals 1 (DWORD)",
        ),
        ({"registry": "HKLM\\A", "operator": "exists"}, "registry key HKLM\\A exists"),
        (
            {"file": "C:\\x", "version": "1.0", "version_operator": "less"},
            "file C:\\x exists, its version is less than 1.0",
        ),
        ({"folder": "C:\\x"}, "folder C:\\x exists"),
        ({"software": "VPN", "version": "5.1"}, "software VPN is installed in version 5.1"),
        ({"software": "VPN", "match": "any_version"}, "software VPN is installed in any version"),
        ({"operating_system": ["A", {"name": "B", "arch": "x64"}]}, "the operating system is A or B"),
        ({"os_language": 1033}, "the language of the operating system is 1033 (en-US)"),
        ({"class": "SMS_New", "properties": {"A": 1}}, "a condition of class SMS_New: A: 1"),
        ({"variable": "AdminPassword", "value": "geheim"}, "variable AdminPassword equals (not shown)"),
        ({"none": [{"folder": "a"}, {"folder": "b"}]}, "not (folder a exists or folder b exists)"),
    ],
)
def test_conditions_in_words(entry: dict[str, t.Any], text: str) -> None:
    assert condition_text(condition_lines([entry])) == text


def test_nested_conditions() -> None:
    a, b, c = ({"folder": name} for name in "abc")
    lines = condition_lines([a, {"any": [b, {"all": [a, c]}]}])
    assert condition_text(lines) == "folder a exists and (folder b exists or (folder a exists and folder c exists))"
    assert [len(line.below) for line in lines] == [0, 2]


def test_settings_in_words() -> None:
    assert words(only(command("a", timeout=900, success_codes=[0, 3010], disable_64bit_redirection=True))) == {
        "Timeout": "900 seconds (15 minutes)",
        "Command line": "cmd.exe",
        "Disable 64bit redirection": "yes",
        "Success codes": "0, 3010",
    }
    entry = only({"name": "r", "type": "restart_computer", "restart_to": "installed_os", "message_timeout": 30})
    assert words(entry) == {"Restart to": "installed OS", "Message timeout": "30 seconds"}
    ready = {"name": "c", "type": "check_readiness", "memory": 4096, "tpm_enabled": False, "os_type": "client"}
    assert words(only(ready)) == {"Memory": "4096 MB", "OS type": "client", "TPM enabled": "no"}
    package = {"name": "p", "type": "install_software", "package": {"id": "PS1", "name": "Agent"}, "program": "Go"}
    assert words(only(package)) == {"Package": "Agent (PS1)", "Program": "Go"}


def test_where_a_step_can_run() -> None:
    disk = {"name": "d", "type": "format_and_partition_disk", "disk": 0, "style": "gpt", "partitions": []}
    assert only(disk).where == "Windows PE only"
    assert only({**disk, "run_in": "WinPEandFullOS"}).where == ""
    assert only(command("a", run_in="full_os")).where == "full Windows only"
    assert [mark.text for mark in only(command("a", continue_on_error=True)).marks] == ["continues on error"]


def test_partitions_are_a_table() -> None:
    step = {
        "name": "d",
        "type": "format_and_partition_disk",
        "disk": 0,
        "style": "gpt",
        "partitions": [
            {"name": "EFI", "type": "efi", "size": 500, "size_unit": "mb"},
            {"type": "primary", "size": 100, "size_unit": "percent", "letter_variable": "OSDisk"},
        ],
    }
    (table,) = only(step).tables
    assert table.headings == ["Name", "Type", "Size", "Letter variable"]
    cells = [["".join(span.text for span in cell) for cell in row] for row in table.rows]
    assert cells == [["EFI", "EFI", "500 MB", ""], ["", "primary", "100 % of what is left", "OSDisk"]]


def test_dynamic_variables_in_words() -> None:
    rules = [
        {"when": {"make": "Dell*", "model": "*7440*"}, "set": {"Driver": "DELL"}},
        {"when": {"variable": "A", "operator": "like", "value": "K%"}, "set": {"Kiosk": "true"}},
        {"set": [{"name": "Site", "value": "HQ"}, {"name": "Bios", "value": "geheim", "secret": True}]},
        {"when": {"xml": "<x/>"}, "set": {"B": {"var": "b"}}},
        {"xml": "<Rule/>"},
    ]
    entry = only({"name": "v", "type": "set_dynamic_variables", "rules": rules})
    assert words(entry)["Rules"] == (
        "if make is Dell* and model is *7440*: | Driver = DELL | if variable A like K%: | Kiosk = true | always: | "
        "Site = HQ | Bios = not shown given in the file | under a condition of an unknown form: | "
        "B = filled in from b | a rule of an unknown form"
    )


def test_a_class_that_nobody_knows() -> None:
    entry = only({"name": "x", "type": "SMS_TaskSequence_ContosoAction", "properties": {"Server": "cmdb", "Pwd": "s3"}})
    assert (entry.title, entry.family) == ("SMS_TaskSequence_ContosoAction", "other")
    assert words(entry) == {"Server": "cmdb", "Pwd": "not shown"}


def test_every_family_has_an_icon_and_every_kind_a_family() -> None:
    assert set(ICONS) == set(FAMILIES)
    unknown = {rule.type for rule in load_rules().steps() if rule.type != "pointer"} - {
        entry.kind
        for rule in load_rules().steps()
        for entry in build([{"name": "x", "type": rule.type}]).entries
        if entry.family != "other"
    }
    assert not unknown


# -- summary -----------------------------------------------------------------------------------


def test_counts_and_kinds() -> None:
    script = {"name": "s", "type": "run_powershell_script", "script": "1", "password": STORED, "username": "u"}
    steps = [group("G", command("a", condition=[{"folder": "x"}]), script), child("c", "X", enabled=False)]
    report = build(steps)
    assert dict(report.counts) == {
        "Steps": 3,
        "Groups": 1,
        "With a condition": 1,
        "Disabled": 1,
        "Continue on error": 0,
        "Scripts": 1,
        "Restarts": 0,
        "Child sequences": 1,
        "Secrets": 1,
    }
    assert report.kinds == [("Run Command Line", 1), ("Run PowerShell Script", 1), ("Run Task Sequence", 1)]


def test_references_are_listed_once_with_their_users() -> None:
    steps = [command("a", package="Tools"), command("b", package="tools"), command("c", package={"id": "PS100001"})]
    report = build({"steps": steps, "references": [{"kind": "package", "name": "Scripts", "id": "PS100001"}]})
    found = [(one.kind, one.name, one.details, [user.name for user in one.used_by]) for one in report.references]
    assert found == [("Package", "Scripts", "PS100001", ["c"]), ("Package", "Tools", "", ["a", "b"])]


def test_variables_that_are_set_and_read() -> None:
    script = (
        "$ts = New-Object -ComObject Microsoft.SMS.TSEnvironment\n$ts.Value('FromScript') = 1\n"
        "if ($ts.Value(\"Asked\") == 1) { Write-Host('Nothing') }\n$env:windir; $x | % { $_ }"
    )
    steps = [
        {"name": "set", "type": "set_task_sequence_variable", "variable": "Mine", "value": "%Other%-%windir%"},
        {"name": "script", "type": "run_powershell_script", "script": script, "output_variable": "Out"},
        {"name": "apps", "type": "install_application", "base_variable": "APPS"},
        command("if", condition=[{"any": [{"variable": "mine", "operator": "exists"}]}], enabled=False),
        command("like", condition=[{"wmi": "SELECT * FROM A WHERE B LIKE '%Latitude%'"}]),
    ]
    report = build(steps)
    found = {one.name: ([e.name for e in one.set_by], [e.name for e in one.read_by]) for one in report.variables}
    assert found == {
        "APPS001, ...": ([], ["apps"]),
        "Asked": ([], ["script"]),
        "FromScript": (["script"], []),
        "Mine": (["set"], ["if"]),
        "Other": ([], ["set"]),
        "Out": (["script"], []),
    }


# -- anchors -----------------------------------------------------------------------------------


def test_anchors_stay_while_others_come_and_go() -> None:
    def anchors(*steps: dict[str, t.Any]) -> dict[str, str]:
        return {entry.name: entry.anchor for entry in build(list(steps)).walk()}

    before = anchors(group("G", command("a")), command("b"))
    after = anchors(command("new"), group("G", command("new too"), command("a", timeout=5)), command("b"))
    assert all(after[name] == anchor for name, anchor in before.items())
    assert before["a"].startswith("s-a-")


def test_anchors_of_equal_names_differ() -> None:
    steps = [command("a"), command("a"), group("a", command("a"), command("A")), command("\u4e2d"), command("")]
    found = [entry.anchor for entry in build(steps).walk()]
    assert len(set(found)) == len(found) == 7


# -- secrets -----------------------------------------------------------------------------------

WRITERS = (html.render, markdown.render, mermaid.render)


def assert_hidden(steps: list[t.Any], canary: str, **arguments: t.Any) -> Report:
    report = build(steps, **arguments)
    for render in WRITERS:
        assert canary not in render(report)
    return report


SECRET_OPTIONS = [
    (rule.type, name)
    for rule in load_rules().steps()
    for name, option in rule.options.items()
    if rule.properties.get(option.property) is not None and rule.properties[option.property].secret
]


@pytest.mark.parametrize("canary", ["K9", "Kan4", "Kanarienvogel-123456789-abcdefg"])
@pytest.mark.parametrize(("kind", "option"), SECRET_OPTIONS)
def test_no_secret_option_is_shown(kind: str, option: str, canary: str) -> None:
    report = assert_hidden([{"name": "x", "type": kind, option: canary}], canary)
    assert dict(report.counts)["Secrets"] == 1
    # A misspelt type, another class, the property instead of the option.
    assert_hidden([{"name": "x", "type": kind + "x", option: canary}], canary)
    assert_hidden([{"name": "x", "type": "SMS_TaskSequence_NewAction", option: [canary]}], canary)
    rule = load_rules().by_type(kind)
    assert rule is not None
    name = rule.options[option].property
    for spelling in (name, name.casefold(), name.upper()):
        assert_hidden([{"name": "x", "type": rule.class_name, "properties": {spelling: canary}}], canary)


@pytest.mark.parametrize(
    "step",
    [
        {"type": "set_task_sequence_variable", "variable": "A", "value": "Kanari", "secret": True},
        {"type": "set_variable", "variable": "A", "value": "Kanari", "secret": "yes"},
        {"type": "set_task_sequence_variable", "variable": "OSDLocalAdminPassword", "value": "Kanari"},
        {"type": "set_tsk_sequence_variable", "variable": "A", "value": "Kanari", "secret": True},
        {
            "type": "SMS_TaskSequence_SetVariableAction",
            "properties": {"variablename": "A", "variablevalue": "Kanari", "donotshowvariablevalue": "true"},
        },
        {"type": "SMS_TaskSequence_SetVariableAction", "properties": {"hiddenVariableValue": "Kanari"}},
        {"type": "set_dynamic_variables", "rules": [{"set": [{"name": "A", "value": "Kanari", "secret": True}]}]},
        {"type": "set_dynamic_variables", "rules": [{"set": {"BiosPassword": "Kanari"}}]},
        {"type": "set_dynamic_variables", "rules": [{"xml": "<Rule>Kanari</Rule>"}]},
        {"type": "set_dynamic_variables", "properties": {"Rules": "<Rules>Kanari</Rules>"}},
        {"type": "set_dynamic_vars", "rules": [{"set": [{"name": "A", "value": "Kanari", "secret": True}]}]},
        {"type": "BDD_Gather", "properties": {"AdminPassword": "Kanari", "X": {"UserPassword": ["Kanari"]}}},
        {"type": "run_command_line", "command_line": "x", "unknown_password": "Kanari"},
    ],
)
def test_no_other_secret_is_shown(step: dict[str, t.Any]) -> None:
    assert_hidden([{"name": "x", **step}], "Kanari")
    inside = {"A": {"steps": [{"name": "x", **step}]}}
    assert_hidden([group("g", child("run", "A"))], "Kanari", children=inside)


def test_what_is_said_of_a_secret() -> None:
    step = {"name": "x", "type": "join_domain_or_workgroup", "domain": "d", "username": "u"}
    assert words(only({**step, "password": STORED}))["Password"] == "not shown stored on the site"
    assert words(only({**step, "password": "geheim"}))["Password"] == "not shown given in the file"
    assert words(only({**step, "password": {"var": "join"}}))["Password"] == "not shown filled in from join"
    assert only({**step, "password": ""}).secrets == 0
