# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Steps from YAML: what is accepted, what is refused, and what the messages say."""

from __future__ import annotations

import datetime
import time
import typing as t

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.instance import Instance
from ansible_collections.configmgr.osd.plugins.plugin_utils._errors import InvalidInput
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.from_yaml import parse_steps
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.model import STORED, Ref, Secret, Step
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.rules import script_text
from ansible_collections.configmgr.osd.tests.unit.plugins.plugin_utils._sequence.minimal_steps import (
    MINIMAL,
    minimal_steps,
)

ID = {"id": "PS100001"}


def one(kind: str, **options: t.Any) -> Step:
    return parse_steps([{"name": "Step", "type": kind, **options}]).sequence.steps[0]


def problems(*steps: t.Any) -> list[tuple[str, str, str]]:
    with pytest.raises(InvalidInput) as caught:
        parse_steps(list(steps))
    return [tuple(problem) for problem in caught.value.problems]  # type: ignore[misc]


def problem(kind: str, **options: t.Any) -> str:
    found = problems({"name": "Step", "type": kind, **options})
    assert len(found) == 1, found
    return f"{found[0][0]}|{found[0][1]}|{found[0][2]}"


@pytest.mark.parametrize("kind", MINIMAL)
def test_every_kind_with_its_mandatory_options_only(kind: str) -> None:
    step = parse_steps([{"name": "Step", "type": kind, **MINIMAL[kind]}]).sequence.steps[0]
    assert step.properties["Enabled"] is True
    assert step.properties["ContinueOnError"] is False
    assert ("SupportedEnvironment" in step.properties) == (kind not in ("group", "run_task_sequence"))


@pytest.mark.parametrize("kind", [kind for kind, options in MINIMAL.items() if options and kind != "group"])
def test_each_mandatory_option_is_missed(kind: str) -> None:
    optional = {"set_task_sequence_variable": ("value",)}
    for option in MINIMAL[kind]:
        if option in optional.get(kind, ()):
            continue
        left = {key: value for key, value in MINIMAL[kind].items() if key != option}
        assert problems({"name": "Step", "type": kind, **left})


def test_all_problems_are_in_one_error() -> None:
    found = problems(
        {"type": "run_comand_line", "name": "A"},
        {"name": "G", "steps": [{"name": "B", "type": "restart_computer", "restart_to": "moon", "message": "x" * 513}]},
        {"name": "", "type": "run_command_line", "comand_line": "x", "timeout": "soon"},
        "no mapping",
        {"name": "both", "type": "run_command_line", "steps": []},
    )
    paths = [path for path, _value, _rule in found]
    assert paths == [
        "steps[0].type",
        "steps[1].steps[0].restart_to",
        "steps[1].steps[0].message",
        "steps[2].name",
        "steps[2].comand_line",
        "steps[2].timeout",
        "steps[2].command_line",
        "steps[3]",
        "steps[4]",
    ]
    texts = " ".join(rule for _path, _value, rule in found)
    assert "did you mean run_command_line" in texts
    assert "did you mean command_line" in texts
    assert "boot_image, installed_os" in texts


def test_the_path_starts_with_the_option() -> None:
    with pytest.raises(InvalidInput, match=r"^play\[0\].type: is required"):
        parse_steps([{"name": "x"}], path="play")


def test_a_wmi_name_leads_to_its_option() -> None:
    assert "the option is `command_line`" in problem("run_command_line", command_line="x", CommandLine="y")


def test_a_key_that_yaml_read_as_a_boolean() -> None:
    found = problems({"name": "Step", "type": "release_state_store", True: 1})
    assert "quote it" in found[0][2]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("a ", "end with a blank"),
        ("a\nb", "one line"),
        ("a\rb", "one line"),
        ("a\x07", "control"),
        ("x" * 101, "at most 100"),
        (["a"], "| string"),
    ],
)
def test_names_that_are_refused(name: t.Any, text: str) -> None:
    found = problems({"name": name, "type": "release_state_store"})
    assert found[0][0] == "steps[0].name"
    assert text in found[0][2]


@pytest.mark.parametrize("name", ["'", '"', "\\", "%", "_[<&", " leading", "\U0001f680 go", "x" * 100, "\u00e4\u4e2d"])
def test_names_that_are_accepted(name: str) -> None:
    assert parse_steps([{"name": name, "type": "release_state_store"}]).sequence.steps[0].name == name


def test_description() -> None:
    assert one("release_state_store", description="two\nlines\n").properties["Description"] == "two\nlines"
    assert "at most 255" in problem("release_state_store", description="x" * 256)


def test_groups() -> None:
    inner = {"name": "In", "type": "release_state_store"}
    found = parse_steps([{"name": "G", "steps": [inner]}, {"name": "E", "type": "group", "steps": None}]).sequence
    assert [step.is_group for step in found.walk()] == [True, False, True]
    assert found.steps[0].steps is not None and found.steps[0].steps[0].path == "steps[0].steps[0]"
    assert found.steps[1].steps == []
    assert "is not an option of group" in problems({"name": "G", "steps": [], "timeout": 5})[0][2]


def test_deep_nesting_is_refused_without_a_traceback() -> None:
    step: dict[str, t.Any] = {"name": "G", "steps": []}
    for _level in range(400):
        step = {"name": "G", "steps": [step]}
    assert "nested more than" in problems(step)[0][2]
    condition: dict[str, t.Any] = {"variable": "A", "value": "1"}
    for _level in range(400):
        condition = {"all": [condition]}
    assert "nested more than" in problem("release_state_store", condition=[condition])


def test_steps_must_be_a_list() -> None:
    with pytest.raises(InvalidInput, match="must be a list of steps"):
        parse_steps({"name": "x"})
    assert parse_steps([]).sequence.steps == []


# -- type traps -----------------------------------------------------------------------------------


def test_a_switch_in_a_text_is_used_with_a_warning() -> None:
    parsed = parse_steps([{"name": "S", "type": "set_variable", "variable": "A", "value": True}])
    assert parsed.sequence.steps[0].properties["VariableValue"] == "true"
    assert len(parsed.warnings) == 1 and parsed.warnings[0].startswith("steps[0].value: ")


def test_numbers_in_texts() -> None:
    assert one("set_variable", variable="A", value=5).properties["VariableValue"] == "5"
    parsed = parse_steps([{"name": "S", "type": "set_variable", "variable": "A", "value": 1.5}])
    assert parsed.warnings


@pytest.mark.parametrize("value", [["a"], {"a": 1}])
def test_lists_in_texts_mention_the_filter(value: t.Any) -> None:
    assert "| string" in problem("set_variable", variable="A", value=value)


def test_floats_in_versions_are_refused() -> None:
    assert "5.10 becomes 5.1" in problem("check_readiness", client_min_version=5.1)
    assert "quote it" in problem("install_application", applications=[{"name": "Office", "version": 5.1}])


def test_dates_in_texts_are_refused() -> None:
    assert "quote it" in problem("set_variable", variable="A", value=datetime.date(2025, 6, 1))


@pytest.mark.parametrize("value", [True, "true", "Yes", "on", 1])
def test_switches(value: t.Any) -> None:
    assert one("apply_driver_package", driver_package=ID, recurse=value).properties["Recurse"] is True


@pytest.mark.parametrize("value", ["maybe", 2, [], 0.5])
def test_switches_that_are_none(value: t.Any) -> None:
    assert "true or false" in problem("apply_driver_package", driver_package=ID, recurse=value)


def test_numbers() -> None:
    assert one("release_state_store", timeout="900").properties["Timeout"] == 900
    assert "whole number of seconds" in problem("release_state_store", timeout=True)
    assert "between 0 and" in problem("release_state_store", timeout=-1)
    assert "between 0 and 4294967295" in problem("release_state_store", timeout=2**32)
    assert "between 1 and 99" in problem(
        "apply_data_image", image=ID, image_index=1, destination_disk=0, destination_partition=0
    )


def test_null_is_omitted() -> None:
    assert "Timeout" not in one("release_state_store", timeout=None).properties


def test_control_characters_that_xml_cannot_carry() -> None:
    assert "XML cannot carry" in problem("run_command_line", command_line="a\x00b")
    assert one("run_command_line", command_line="a\tb\nc").properties["CommandLine"] == "a\tb\nc"


# -- references -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "ref"),
    [
        ("Name", Ref("package", name="Name")),
        ("PS100005", Ref("package", name="PS100005")),
        ({"id": "PS100005"}, Ref("package", id="PS100005")),
        ("id:PS100005", Ref("package", id="PS100005")),
        ({"name": "N", "version": "1"}, Ref("package", name="N", version="1")),
        ({"name": "N", "manufacturer": "M", "language": "L"}, Ref("package", name="N", manufacturer="M", language="L")),
    ],
)
def test_references(value: t.Any, ref: Ref) -> None:
    found = one("run_command_line", command_line="x", package=value).properties["PackageID"]
    assert found == ref and found.path == "steps[0].package"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (32778, "was read as the number 32778"),
        ({"id": 32778}, "was read as the number 32778"),
        ({"id": "PS1"}, "is no package ID"),
        ("id:", "empty"),
        ({"nmae": "x"}, "did you mean name"),
        ({"version": "1"}, "needs id or name"),
        ([], "must be a name"),
    ],
)
def test_references_that_are_refused(value: t.Any, text: str) -> None:
    found = problems({"name": "S", "type": "run_command_line", "command_line": "x", "package": value})
    assert any(text in rule for _path, _value, rule in found), found


def test_no_reference() -> None:
    assert "PackageID" not in one("run_command_line", command_line="x", package="").properties
    assert one("apply_driver_package", driver_package="").properties["DriverPackageID"] == ""


def test_program_and_edition_belong_to_their_package() -> None:
    step = one("install_package", package="P", program="Install")
    assert step.properties["ProgramName"] == Ref("program", name="Install", parent=Ref("package", name="P"))
    step = one("apply_operating_system_image", image="Windows", edition="Windows 11 Pro")
    assert step.properties["ImageIndex"] == Ref(
        "image_edition", name="Windows 11 Pro", parent=Ref("os_image", name="Windows")
    )


# -- options with a twist ---------------------------------------------------------------------------


def test_success_codes() -> None:
    assert one("run_command_line", command_line="x").properties["SuccessCodes"] == "0 3010"
    assert one("run_command_line", command_line="x", success_codes=[0, "1"]).properties["SuccessCodes"] == "0 1"
    assert one("run_command_line", command_line="x", success_codes=[]).properties["SuccessCodes"] == ""
    assert "whole number" in problem("run_command_line", command_line="x", success_codes=["a"])


def test_script() -> None:
    step = one("run_powershell_script", script="Get-Date\n'\U0001f680'\r\nx")
    assert script_text(step.properties["SourceScript"]) == "Get-Date\r\n'\U0001f680'\r\nx"
    assert step.properties["SourceScript"].startswith("//5")
    assert step.properties["ExecutionPolicy"] == "AllSigned"
    assert "exactly one of script, package" in problem("run_powershell_script")
    assert "beside it" in problem("run_powershell_script", package=ID)


def test_secrets() -> None:
    step = one("run_command_line", command_line="x", username="CORP\\a", password="hunter2")
    assert step.properties["UserPassword"] == Secret("hunter2")
    assert step.properties["RunAsUser"] is True
    assert (
        one("run_command_line", command_line="x", username="a", password=STORED).properties["UserPassword"] == Secret()
    )


@pytest.mark.parametrize("password", [1234, 5349, True, 1.5])
def test_a_secret_that_yaml_made_something_else_of_is_refused(password: t.Any) -> None:
    """Unquoted 012345 is the number 5349 to YAML, and nobody would ever see it."""
    assert "quote it" in problem("run_command_line", command_line="x", username="a", password=password)


def test_the_constant_for_a_stored_secret_is_no_text() -> None:
    assert "no secret belongs here" in problem("run_command_line", command_line=STORED)
    assert "no secret belongs here" in problem("set_task_sequence_variable", variable="X", value=STORED)
    assert "no secret belongs here" in problem("set_dynamic_variables", rules=[{"set": {"A": STORED}}])


def test_messages_never_hold_a_secret() -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_steps(
            [
                {"name": "a", "type": "enable_bitlocker", "key_management": "tpm_and_pin", "pin": "hunter2"},
                {
                    "name": "b",
                    "type": "run_command_line",
                    "command_line": "x",
                    "username": "u",
                    "password": ["hunter2"],
                },
                {"name": "c", "type": "set_variable", "variable": "v", "secret": True, "value": {"x": "hunter2"}},
                {"name": "d", "type": "apply_windows_settings", "product_key": "hunter2\x00"},
                {
                    "name": "e",
                    "type": "set_dynamic_variables",
                    "rules": [{"set": [{"name": "a", "secret": True, "value": ["hunter2"]}]}],
                },
            ]
        )
    assert "hunter2" not in str(caught.value)


def test_masked_variable() -> None:
    step = one("set_variable", variable="A", value="geheim", secret=True)
    assert step.properties["HiddenVariableValue"] == Secret("geheim")
    assert step.properties["VariableValue"] == ""
    assert step.properties["DoNotShowVariableValue"] is True
    assert one("set_variable", variable="A").properties["VariableValue"] == ""


def test_pin() -> None:
    assert one("enable_bitlocker", key_management="tpm_and_pin", pin="0042").properties["PIN"] == Secret("0042")
    assert "4 to 20 digits" in problem("enable_bitlocker", key_management="tpm_and_pin", pin="12")
    assert "only works with key_management: tpm_and_pin" in problem(
        "enable_bitlocker", key_management="tpm", pin="1234"
    )
    assert "one of key_management, drive" in problem("enable_bitlocker")


def test_domain_or_workgroup() -> None:
    assert one("apply_network_settings", domain="d").properties["NetworkJoinType"] == 0
    assert one("apply_network_settings", workgroup="w").properties["NetworkJoinType"] == 1
    assert one("join_domain_or_workgroup", workgroup="").properties["Type"] == 1
    assert "exactly one of domain, workgroup" in problem("join_domain_or_workgroup")
    assert "exactly one of" in problem("join_domain_or_workgroup", domain="d", workgroup="w")
    assert "at most 32" in problem("join_domain_or_workgroup", workgroup="w" * 33)


def test_readiness() -> None:
    properties = one(
        "check_readiness", memory=4096, os_type=False, processor_speed=True, min_os_version="10.0.1"
    ).properties
    assert (properties["CheckMemory"], properties["Memory"]) == (True, 4096)
    assert properties["CheckOSType"] is False
    assert (properties["CheckProcessorSpeed"], properties["ProcessorSpeed"]) == (True, 800)
    assert (properties["CheckMinOSVersion"], properties["MinOSVersion"]) == (True, "10.0.1")
    assert one("check_readiness", os_architecture=64).properties["OSArchitecture"] == "64"
    assert "the limit itself" in problem("check_readiness", min_os_version=True)


def test_restart() -> None:
    properties = one("restart_computer", restart_to="BOOT_IMAGE").properties
    assert (properties["Target"], properties["MessageTimeout"]) == ("WinPE", 60)
    assert one("reboot", restart_to="hd", message_timeout=0).properties["MessageTimeout"] == 0


def test_administrator_password_enables_the_account() -> None:
    options = MINIMAL["apply_windows_settings"]
    assert one("apply_windows_settings", **options).properties["RandomAdminPassword"] is True
    assert one("apply_windows_settings", **options, admin_password="x").properties["RandomAdminPassword"] is False


def test_applications() -> None:
    step = one("install_application", applications=["A", {"id": "ScopeId_1/Application_2"}])
    assert step.properties["ApplicationName"] == [
        Ref("application", name="A"),
        Ref("application", id="ScopeId_1/Application_2"),
    ]
    assert step.properties["RetryCount"] == "2"
    assert one("install_application", applications=[]).properties["ApplicationName"] == []
    assert "exactly one of" in problem("install_application", applications=["A"], base_variable="B")
    assert "between 0 and 5" in problem("install_application", base_variable="B", retry_count=6)


def test_download() -> None:
    assert "is required with destination: custom" in problem(
        "download_package_content", packages=[ID], destination="custom"
    )
    assert "only works with destination: custom" in problem("download_package_content", packages=[ID], path="C:\\x")


def test_open_words() -> None:
    options = MINIMAL["upgrade_operating_system"]
    assert one("upgrade_operating_system", **options).properties["DynamicUpdateSettings"] == "Disable"
    step = one("upgrade_operating_system", **options, dynamic_update="Something newer")
    assert step.properties["DynamicUpdateSettings"] == "Something newer"


def test_dynamic_variables() -> None:
    step = one("set_dynamic_variables", rules=[{"when": {"make": "Dell*"}, "set": {"A": 1}}, {"set": {"B": "x"}}])
    assert '<Variable Name="A" IsSecret="false">1</Variable>' in step.properties["Rules"]
    assert step.properties["Rules"].endswith("\n")
    assert "rules[0]" in problem("set_dynamic_variables", rules=[{"when": {"colour": "red"}, "set": {"A": "1"}}])
    assert "must be a list" in problem("set_dynamic_variables", rules={"set": {}})


# -- classes and properties that nobody documented ----------------------------------------------------


def test_unknown_class() -> None:
    step = one(
        "SMS_TaskSequence_ContosoAction",
        properties={
            "Server": "x",
            "Count": 3,
            "Items": [{"class": "Contoso_Item", "Deep": {"class": "C_D", "A": True}}],
        },
        timeout=5,
    )
    assert step.class_name == "SMS_TaskSequence_ContosoAction"
    assert step.properties["Items"] == [Instance("Contoso_Item", {"Deep": Instance("C_D", {"A": True})})]
    assert step.properties["Timeout"] == 5
    assert step.properties["SupportedEnvironment"] == "WinPEandFullOS"
    assert "needs `class`" in problem("BDD_Gather", properties={"X": {"a": 1}})


def test_a_misspelt_class_is_a_warning_because_it_could_be_new() -> None:
    parsed = parse_steps([{"name": "S", "type": "SMS_TaskSequence_RunComandLineAction"}])
    assert "SMS_TaskSequence_RunCommandLineAction is not meant?" in parsed.warnings[0]
    assert parse_steps([{"name": "S", "type": "BDD_Gather"}]).warnings == []


@pytest.mark.parametrize("word", ["run_something", "Run_something", "contoso", "x y", ""])
def test_what_is_no_class_is_refused(word: str) -> None:
    assert "is no step type" in problems({"name": "S", "type": word})[0][2]


def test_unknown_class_with_a_password() -> None:
    step = one("BDD_ConfigureADDS", properties={"ADDSPassword": "geheim", "SafeModeAdminPassword": STORED})
    assert step.properties["ADDSPassword"] == Secret("geheim")
    assert step.properties["SafeModeAdminPassword"] == Secret(None)


def test_unknown_property_of_a_known_class() -> None:
    step = one("run_command_line", command_line="x", properties={"ImageMemory": "768"})
    assert step.properties["ImageMemory"] == "768"


def test_a_property_with_an_option_is_refused() -> None:
    assert "has an option: use `command_line`" in problem(
        "run_command_line", command_line="x", properties={"commandline": "y"}
    )
    assert "is computed" in problem("install_application", base_variable="x", properties={"NumApps": 1})


def test_an_implied_property_can_be_overruled() -> None:
    step = one("run_command_line", command_line="x", username="a", properties={"RunAsUser": False})
    assert step.properties["RunAsUser"] is False
    assert "true or false" in problem("run_command_line", command_line="x", properties={"RunAsUser": "perhaps"})


# -- cost -----------------------------------------------------------------------------------------------


def seconds(count: int) -> float:
    steps = [dict(step, name=f"{index}") for index, step in enumerate(minimal_steps() * (count // len(MINIMAL) + 1))]
    best = 9.9
    for _round in range(3):
        begin = time.process_time()
        parse_steps(steps[:count])
        best = min(best, time.process_time() - begin)
    return best


def test_time_grows_with_the_number_of_steps_only() -> None:
    parse_steps(minimal_steps())
    assert seconds(1000) < 30 * max(seconds(100), 0.001)
