# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every lint rule with what it finds and what it leaves alone."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.from_yaml import parse_steps
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.lint import rules_limits
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.lint.catalogue import RULES
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.lint.engine import lint
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.lint.finding import Finding
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.lint.source import lint_data
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.model import (
    GROUP,
    PREFIX,
    Operand,
    Sequence,
    Step,
    number_paths,
)
from ansible_collections.configmgr.osd.tests.unit.plugins.plugin_utils._sequence.minimal_steps import minimal_steps

EXAMPLES: dict[str, t.Any] = yaml.safe_load(
    (Path(__file__).resolve().parents[4] / "tools" / "lint_examples.yml").read_text(encoding="utf-8")
)
IN_CODE = {"class-rules", "description-length", "envelope-size", "nothing-to-install", "stored-size"}
"""Rules that are tested below, because no YAML of a reasonable length has their findings."""

Data = dict[str, t.Any]
RESTART_PE: Data = {"name": "To WinPE", "type": "restart_computer", "restart_to": "boot_image"}
RESTART_OS: Data = {"name": "To Windows", "type": "restart_computer", "restart_to": "installed_os"}
PARTITION: Data = EXAMPLES["unguarded-partition"]["bad"]["steps"][2]
APPLY: Data = {"name": "Apply", "type": "apply_operating_system_image", "image": "Windows 11", "image_index": 1}
SETUP: Data = {"name": "Set up", "type": "setup_windows_and_configmgr", "package": "Client"}
UPGRADE: Data = {"name": "Upgrade", "type": "upgrade_operating_system", "upgrade_package": "Windows 11"}
DRIVERS: Data = {"name": "Drivers", "type": "auto_apply_drivers"}
PACKAGE: Data = {"name": "7-Zip", "type": "install_package", "package": "7-Zip", "program": "Install"}
IN_PE = {"variable": "_SMSTSInWinPE", "value": "true"}
NOT_IN_PE = {"variable": "_SMSTSInWinPE", "value": "FALSE"}
WANTED = {"variable": "Wanted", "value": "yes"}
MODEL = {"wmi": "SELECT * FROM Win32_ComputerSystem WHERE Model LIKE '%7440%'"}


def command(text: str, **more: t.Any) -> Data:
    return {"name": "Run", "type": "run_command_line", "command_line": text, **more}


def group(name: str, *steps: Data, **more: t.Any) -> Data:
    return {"name": name, "steps": list(steps), **more}


def given(step: Data, *condition: Data, **more: t.Any) -> Data:
    return {**step, "condition": list(condition), **more}


def findings(steps: list[Data], rule: str, **facts: t.Any) -> list[Finding]:
    found = lint_data({"steps": steps, **facts}, enable=[] if RULES[rule].default else [rule])
    assert not [item for item in found if item.rule == "invalid-steps"], [str(item) for item in found]
    return [item for item in found if item.rule == rule]


def paths(steps: list[Data], rule: str, **facts: t.Any) -> list[str]:
    return [item.path for item in findings(steps, rule, **facts)]


def model(*steps: Step, **facts: t.Any) -> list[Finding]:
    sequence = Sequence(list(steps))
    number_paths(sequence)
    return lint(sequence, **facts)


# -- all rules -----------------------------------------------------------------------------------


def test_every_rule_has_examples() -> None:
    assert set(EXAMPLES) == set(RULES) - IN_CODE


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_rule_finds_its_bad_example_and_leaves_the_good_one_alone(name: str) -> None:
    example, enable = EXAMPLES[name], [] if RULES[name].default else [name]
    bad = [item for item in lint_data(example["bad"], enable=enable) if item.rule == name]
    assert [(item.severity, item.path) for item in bad] == [(RULES[name].severity, example["at"])]
    assert all(item.message and item.hint for item in bad)
    good = lint_data(example["good"], enable=enable)
    assert not [item for item in good if item.rule in (name, "invalid-steps") or item.severity != "info"]


# A name that is too long is refused where YAML is read; see test_lengths.
@pytest.mark.parametrize("name", [name for name in EXAMPLES if name != "name-length"])
def test_a_rule_can_be_switched_off_for_one_step(name: str) -> None:
    example, enable = EXAMPLES[name], [] if RULES[name].default else [name]
    assert not [
        item
        for item in lint_data(example["bad"], enable=enable, ignore=[{"rule": name, "path": example["at"]}])
        if item.rule in (name, "unused-ignore")
    ]


@pytest.mark.parametrize("name", RULES)
def test_every_rule_explains_itself(name: str) -> None:
    rule = RULES[name]
    assert rule.title.endswith(".") and rule.explanation.endswith(".") and rule.hint.endswith(".")


def test_minimal_steps_of_every_type_have_no_finding() -> None:
    for step in minimal_steps():
        assert lint_data([step], severity="warning") == [], step


def test_the_own_sequence_is_clean() -> None:
    file = Path(__file__).resolve().parents[5] / "playbooks" / "files" / "bare_metal.yml"
    assert lint_data(yaml.safe_load(file.read_text(encoding="utf-8")), severity="warning") == []


# -- destructive steps ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("steps", "found"),
    [
        ([group("A", UPGRADE, condition=[WANTED]), group("B", DRIVERS)], ["steps[1].condition"]),
        ([group("A", DRIVERS), group("B", UPGRADE, condition=[WANTED])], ["steps[0].condition"]),
        ([given(UPGRADE, WANTED), group("B", DRIVERS)], ["steps[1].condition"]),
        # What only tells kinds of machines apart does not protect the others.
        ([group("A", UPGRADE, condition=[WANTED]), group("B", given(DRIVERS, MODEL))], ["steps[1].condition"]),
        ([group("Outer", group("A", APPLY, condition=[WANTED]), group("B", group("C", DRIVERS)))],
         ["steps[0].steps[1].condition"]),
        ([group("A", PARTITION, condition=[WANTED]), group("B", PARTITION)], ["steps[1].condition"]),
        # And none of these:
        ([group("A", UPGRADE, condition=[WANTED]), group("B", given(DRIVERS, WANTED))], []),
        ([group("A", UPGRADE, condition=[WANTED]), group("B", DRIVERS, condition=[MODEL])], []),
        ([group("A", UPGRADE, condition=[WANTED]), group("B", {**DRIVERS, "enabled": False})], []),
        ([group("A", UPGRADE, condition=[WANTED]), group("B", {**UPGRADE, "scan_only": True})], []),
        ([group("A", UPGRADE, condition=[WANTED]), group("B", PACKAGE)], []),
        ([group("A", UPGRADE, condition=[MODEL]), group("B", DRIVERS)], []),
        ([group("A", UPGRADE, condition=[WANTED], enabled=False), group("B", DRIVERS)], []),
        ([group("10", APPLY, condition=[WANTED]), group("11", APPLY, condition=[{**WANTED, "value": "no"}]),
          group("B", DRIVERS)], []),
        ([group("Wipe", PARTITION, condition=[WANTED]), group("Install", APPLY)], []),
        ([group("Latitude", DRIVERS, condition=[WANTED]), group("Install", APPLY)], []),
    ],
)  # fmt: skip
def test_half_conditioned(steps: list[Data], found: list[str]) -> None:
    assert paths(steps, "half-conditioned") == found


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("pnputil.exe /add-driver *.inf /install", True),
        ("dism.exe /Image:C:\\ /Add-Driver /Driver:. /Recurse", True),
        ("pnputil.exe /enum-drivers", False),
        ("dism.exe /online /get-drivers", False),
        ("echo pnputil", False),
    ],
)
def test_command_lines_that_install_drivers(line: str, kind: bool) -> None:
    steps = [group("A", UPGRADE, condition=[WANTED]), group("B", command(line))]
    assert bool(paths(steps, "half-conditioned")) is kind


@pytest.mark.parametrize(
    ("steps", "facts", "found"),
    [
        ([PARTITION], {}, []),
        ([PARTITION], {"boot_image": ""}, ["steps[0]"]),
        ([PARTITION], {"platforms": ["Windows 11"]}, ["steps[0]"]),
        ([PARTITION, UPGRADE], {}, ["steps[0]"]),
        ([group("G", PARTITION, condition=[WANTED]), UPGRADE], {}, []),
        ([{**PARTITION, "enabled": False}, UPGRADE], {}, []),
        ([given(RESTART_PE, NOT_IN_PE), PARTITION], {}, ["steps[1]"]),
        ([RESTART_PE, PARTITION], {}, []),
        ([APPLY, SETUP, PACKAGE, RESTART_PE, PARTITION], {}, []),
    ],
)
def test_unguarded_partition(steps: list[Data], facts: Data, found: list[str]) -> None:
    assert paths(steps, "unguarded-partition", **facts) == found


def test_a_compatibility_scan_may_continue() -> None:
    on = {"continue_on_error": True}
    assert paths([{**UPGRADE, **on}], "continue-on-destructive") == ["steps[0].continue_on_error"]
    assert paths([{**UPGRADE, **on, "scan_only": True}], "continue-on-destructive") == []
    assert paths([{**DRIVERS, **on}], "continue-on-destructive") == []


# -- environments --------------------------------------------------------------------------------

CHILD: Data = {"name": "Child", "type": "run_task_sequence", "task_sequence": "Child"}
CAPTURE: Data = {
    "name": "Capture", "type": "capture_operating_system_image", "path": r"\\srv\share\x.wim",
    "username": r"CORP\u", "password": "x",
}  # fmt: skip
REQUEST: Data = {
    "name": "Ask",
    "type": "set_task_sequence_variable",
    "variable": "SMSTSRebootRequested",
    "value": "WinPE",
}


@pytest.mark.parametrize(
    ("steps", "found"),
    [
        ([APPLY, DRIVERS, SETUP, PACKAGE], []),
        ([APPLY, PACKAGE, SETUP], ["steps[1]"]),
        ([APPLY, SETUP, DRIVERS], ["steps[2]"]),
        ([PACKAGE, PARTITION], ["steps[1]"]),
        ([PACKAGE, RESTART_PE, PARTITION, RESTART_OS, PACKAGE], []),
        # Only the first step behind a change is reported.
        ([APPLY, SETUP, DRIVERS, DRIVERS, DRIVERS], ["steps[2]"]),
        # A condition on the environment narrows it, any other makes both possible.
        ([given(RESTART_PE, NOT_IN_PE), PACKAGE], ["steps[1]"]),
        ([given(RESTART_PE, {"variable": "_SMSTSInWinPE", "operator": "not_equals", "value": "true"}), PACKAGE],
         ["steps[1]"]),
        ([given(RESTART_PE, {"none": [IN_PE]}), PACKAGE], ["steps[1]"]),
        ([given(RESTART_PE, WANTED), PACKAGE], []),
        ([PACKAGE, given(RESTART_PE, WANTED), given(DRIVERS, IN_PE), given(PACKAGE, NOT_IN_PE)], []),
        ([PACKAGE, group("G", {**RESTART_PE, "enabled": False}), DRIVERS], ["steps[2]"]),
        ([PACKAGE, group("G", RESTART_PE, enabled=False), DRIVERS], ["steps[2]"]),
        ([APPLY, SETUP, group("G", DRIVERS, condition=[WANTED])], ["steps[2].steps[0]"]),
        ([APPLY, {**DRIVERS, "run_in": "full_os"}], ["steps[1]"]),
        ([APPLY, SETUP, {**DRIVERS, "run_in": "any"}], []),
        ([given(DRIVERS, {"any": [IN_PE, WANTED]}), PACKAGE], []),
        # What nobody can know: child sequences, restarts that a script asks for, errors inside a group.
        ([APPLY, CHILD, PACKAGE], []),
        ([PACKAGE, REQUEST, DRIVERS], []),
        ([PACKAGE, command("powershell.exe -Command $e.Value('SMSTSRebootRequested') = 'WinPE'"), DRIVERS], []),
        ([PACKAGE, group("G", PACKAGE, RESTART_PE, continue_on_error=True), PACKAGE], []),
        ([PACKAGE, group("G", PACKAGE, RESTART_PE), PACKAGE], ["steps[2]"]),
        # An upgrade starts in Windows; Sysprep ends in WinPE.
        ([UPGRADE, DRIVERS], ["steps[1]"]),
        ([PACKAGE, {"name": "Sysprep", "type": "prepare_windows_for_capture"}, CAPTURE], []),
        ([PACKAGE, CAPTURE], ["steps[1]"]),
    ],
)  # fmt: skip
def test_wrong_environment(steps: list[Data], found: list[str]) -> None:
    assert paths(steps, "wrong-environment") == found


def test_skipped_environment() -> None:
    late = [APPLY, SETUP, group("G", DRIVERS, condition=[IN_PE])]
    assert paths(late, "skipped-environment") == ["steps[2].condition"]
    assert paths(late, "wrong-environment") == []
    assert paths([group("G", DRIVERS, condition=[IN_PE, WANTED])], "skipped-environment") == []
    assert paths([group("G", UPGRADE), given(PACKAGE, IN_PE)], "skipped-environment") == ["steps[1].condition"]


@pytest.mark.parametrize("boot", [None, "Boot image", {"id": "PS100001"}, {"name": "Boot image"}])
def test_a_boot_image_that_is_there_or_not_known_is_not_missed(boot: t.Any) -> None:
    assert findings([APPLY], "missing-boot-image", boot_image=boot) == []


@pytest.mark.parametrize("step", [APPLY, RESTART_PE, {"name": "S", "type": "prepare_windows_for_capture"}])
def test_what_needs_a_boot_image(step: Data) -> None:
    assert len(findings([step, step], "missing-boot-image", boot_image="")) == 1
    assert findings([{**step, "enabled": False}, PACKAGE, RESTART_OS], "missing-boot-image", boot_image="") == []


# -- secrets -------------------------------------------------------------------------------------

SECRET = "Wellhidden-1"


@pytest.mark.parametrize(
    ("line", "typed"),
    [
        ("setup.exe /password:{}", True),
        ("setup.exe --password={}", True),
        ("setup.exe -AdminPassword {} -Quiet", True),
        ('setup.exe -Password "{}"', True),
        ("msiexec.exe /i x.msi SVCPASSWORD={} /qn", True),
        ("schtasks.exe /create /tn x /ru svc /rp {}", True),
        ("cmdkey.exe /add:srv /user:u /pass:{}", True),
        ("agent.exe TOKEN={}", True),
        ("bios.exe --pin={}", True),
        (r"net use Z: \\srv\share {} /user:CORP\svc", True),
        (r"net.exe use \\srv\share /user:CORP\svc {}", True),
        ("net user helper {} /add", True),
        ("curl.exe -s -u svc:{} https://srv.example/x", True),
        ("wget https://svc:{}@srv.example/x", True),
        (r"PsExec64.exe -accepteula -u CORP\svc -p {} cmd.exe", True),
        ('curl -H "Authorization: Bearer {}" https://srv.example/x', True),
        (r'reg add "HKLM\SOFTWARE\X" /v DefaultPassword /t REG_SZ /d {} /f', True),
        ("powershell.exe -Command \"ConvertTo-SecureString '{}' -AsPlainText -Force\"", True),
        ("setup.exe /password:%SetupPassword%", False),
        ("setup.exe /password:%A%%B%", False),
        ("powershell.exe -File x.ps1 -Password $password", False),
        ("powershell.exe -File x.ps1 -Password (Get-Secret)", False),
        ("setup.exe /password: /quiet", False),
        ("setup.exe -Password -Quiet", False),
        ("OSDBitLocker.exe /enable /pwd:AD", False),
        ("setup.exe /ChangePassword:true", False),
        (r"net use Z: \\srv\share /user:CORP\svc %NetPassword%", False),
        (r"net use Z: \\srv\share /persistent:no", False),
        ("net use Z: /delete", False),
        ("net user helper /delete", False),
        (r"psexec.exe -u CORP\svc -p %Password% cmd.exe", False),
        ("psexec.exe -s cmd.exe & robocopy -p x", False),
        ('curl -H "Authorization: Bearer %Token%" https://srv.example/x', False),
        ("net user helper * /add", False),
        ("cmd.exe /c echo The password is in the safe", False),
        ("rundll32.exe x, PublicKeyToken=31bf3856ad364e35", False),
        ("reg add HKLM\\X /v PasswordExpiry /t REG_DWORD /d 42 /f", False),
        ("wget https://srv.example:8443/x@y", False),
        ("setup.exe /mapping:spin /shopping=basket", False),
    ],
)
def test_secret_in_command(line: str, typed: bool) -> None:
    found = findings([command(line.format(SECRET))], "secret-in-command")
    assert bool(found) is typed
    assert not any(SECRET in text for item in found for text in item)


@pytest.mark.parametrize(
    ("name", "value", "typed"),
    [
        ("OSDLogUserPassword", SECRET, True),
        ("UPGDebugPassword", "abc", True),
        ("BitLockerPIN", "123456", True),
        ("ApiKey", SECRET, True),
        ("DomainPassword2", SECRET, True),
        ("OSDLogUserPassword", "%NetworkPassword%", False),
        ("RandomAdminPassword", "true", False),
        ("PasswordBinFileName", "password.bin", False),
        ("PasswordBinPackageID", "changeme", False),
        ("Spin", "fast", False),
        ("OSDLogUserPassword", "", False),
    ],
)
def test_secret_in_variable(name: str, value: str, typed: bool) -> None:
    step = {"name": "Set", "type": "set_task_sequence_variable", "variable": name, "value": value}
    found = findings([step], "secret-in-variable")
    assert [item.path for item in found] == (["steps[0].value"] if typed else [])
    assert findings([{**step, "secret": True}], "secret-in-variable") == []
    rules = {"name": "Dynamic", "type": "set_dynamic_variables", "rules": [{"set": {name: value}}]}
    assert [item.path for item in findings([rules], "secret-in-variable")] == (["steps[0].rules"] if typed else [])
    rules["rules"] = [{"set": [{"name": name, "value": value, "secret": True}]}]
    assert findings([rules], "secret-in-variable") == []


@pytest.mark.parametrize(
    ("line", "typed"),
    [
        (f"$password = '{SECRET}'", True),
        (f'$tsenv.Value("OSDLogPassword") = "{SECRET}"', True),
        (f"$secure = ConvertTo-SecureString -String '{SECRET}' -AsPlainText -Force", True),
        (f"# $password = '{SECRET}'", False),
        ("$password = $tsenv.Value('OSDLogPassword')", False),
        ("$password = Read-Host 'Password'", False),
        ("$passwordHint = 'in the safe'", False),
        ("$password = ''", False),
        ("if ($password -eq 'x') { exit 1 }", False),
    ],
)
def test_secret_in_script(line: str, typed: bool) -> None:
    step = {"name": "S", "type": "run_powershell_script", "script": f"Get-Date\n{line}\n"}
    found = findings([step], "secret-in-script")
    assert bool(found) is typed
    assert all("line 2" in item.message and SECRET not in item.message for item in found)


def test_secrets_of_disabled_steps_are_found_too() -> None:
    assert paths([command(f"x.exe /password:{SECRET}", enabled=False)], "secret-in-command") == [
        "steps[0].command_line"
    ]


def test_parameters_are_command_lines() -> None:
    step = {"name": "S", "type": "run_powershell_script", "script": "Get-Date", "parameters": f"-Password {SECRET}"}
    assert paths([step], "secret-in-command") == ["steps[0].parameters"]


# -- conditions and reach ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "never"),
    [
        ([{"variable": "X", "value": "a"}, {"variable": "x", "value": "b"}], True),
        ([{"variable": "X", "value": "a"}, {"variable": "X", "value": "A"}], False),
        ([{"variable": "X", "value": "a"}, {"variable": "X", "operator": "not_equals", "value": "a"}], True),
        ([{"variable": "X", "operator": "exists"}, {"variable": "X", "operator": "not_exists"}], True),
        ([{"variable": "X", "value": "a"}, {"variable": "X", "operator": "not_exists"}], True),
        ([{"all": [{"variable": "X", "value": "a"}]}, {"none": [{"variable": "X", "value": "a"}]}], True),
        ([{"any": [{"variable": "X", "value": "a"}, {"variable": "X", "value": "b"}]}], False),
        ([{"any": [{"variable": "X", "value": "a"}]}, {"any": [{"variable": "X", "value": "b"}]}], True),
        ([{"none": [{"variable": "X", "value": "a"}, {"variable": "X", "value": "b"}]}], False),
        ([{"none": [{"all": [{"variable": "X", "value": "a"}, {"variable": "X", "value": "b"}]}]}], False),
        ([{"none": [{"any": [{"variable": "X", "value": "a"}]}]}, {"variable": "X", "value": "a"}], True),
        ([{"variable": "X", "value": "%A%"}, {"variable": "X", "value": "%B%"}], False),
        ([{"variable": "X", "value": "a"}, {"variable": "Y", "value": "b"}], False),
        ([{"variable": "X", "operator": "like", "value": "a*"}, {"variable": "X", "value": "b"}], False),
    ],
)
def test_condition_never_true(condition: list[Data], never: bool) -> None:
    assert bool(paths([given(PACKAGE, *condition)], "condition-never-true")) is never


def test_empty_condition_in_depth_and_not_for_a_platform_that_is_a_name() -> None:
    inner = [{"all": [{"variable": "X", "value": "a"}, {"any": []}]}]
    assert paths([given(PACKAGE, *inner)], "empty-condition") == ["steps[0].condition[0].all[1]"]
    platform = [{"operating_system": ["All Windows 11 and higher (64-bit)"]}]
    assert lint_data([given(PACKAGE, *platform)], severity="warning") == []


@pytest.mark.parametrize(
    ("steps", "found"),
    [
        ([command("exit 1"), PACKAGE, RESTART_OS], ["steps[1]"]),
        ([command('cmd.exe /c "exit /b 5"'), PACKAGE], ["steps[1]"]),
        ([group("G", command("cmd /c exit 2")), {**PACKAGE, "enabled": False}, RESTART_OS], ["steps[2]"]),
        ([group("G", command("cmd /c exit 2"), RESTART_OS), PACKAGE], ["steps[0].steps[1]"]),
        ([command("cmd /c exit 0"), PACKAGE], []),
        ([command("cmd /c exit 3010"), PACKAGE], []),
        ([command("cmd /c exit 5", success_codes=[0, 5]), PACKAGE], []),
        ([command("cmd /c exit %Code%"), PACKAGE], []),
        ([command("cmd /c dir & exit 1"), PACKAGE], []),
        ([command("exit 1", continue_on_error=True), PACKAGE], []),
        ([command("exit 1", enabled=False), PACKAGE], []),
        ([group("G", command("exit 1"), condition=[WANTED]), PACKAGE], []),
        ([group("G", command("exit 1"), continue_on_error=True), PACKAGE], []),
        ([PACKAGE, command("exit 1")], []),
    ],
)
def test_unreachable_step(steps: list[Data], found: list[str]) -> None:
    assert paths(steps, "unreachable-step") == found


# -- content, limits -----------------------------------------------------------------------------


def test_runs_itself_by_id_and_by_the_name_of_an_id() -> None:
    child = Step(PREFIX + "SubTasksequence", {"Name": "C", "TsPackageID": "PS100001"})
    assert [item.rule for item in model(child, package_id="ps100001")] == ["runs-itself"]
    assert [item.rule for item in model(child, name="Mine", child_names={"PS100001": "mine"})] == ["runs-itself"]
    assert model(child, name="Mine", child_names={"PS100001": "Other"}) == []
    assert model(child, name="Mine") == []


@pytest.mark.parametrize(
    ("kind", "name"), [("InstallApplicationAction", "ApplicationName"), ("InstallSoftwareAction", "PackageID")]
)
def test_nothing_to_install(kind: str, name: str) -> None:
    empty = {"Name": "I", "SupportedEnvironment": "FullOS"}
    assert "nothing-to-install" in [item.rule for item in model(Step(PREFIX + kind, empty))]
    assert "nothing-to-install" not in [item.rule for item in model(Step(PREFIX + kind, {**empty, name: "x"}))]
    with_base = Step(PREFIX + kind, {**empty, "BaseVariableName": "APP"})
    assert "nothing-to-install" not in [item.rule for item in model(with_base)]


def test_class_rules_say_which_option() -> None:
    wrong = Step(PREFIX + "RebootAction", {"Name": "R", "Target": "Moon"})
    found = model(Step(GROUP, {"Name": "G"}, None, [wrong]))
    assert [(item.rule, item.severity, item.path, item.step) for item in found] == [
        ("class-rules", "error", "steps[0].steps[0].restart_to", "R")
    ]
    assert model(Step(PREFIX + "RebootAction", {"Name": "R", "Target": "HD"})) == []
    condition = [Operand(PREFIX + "VariableConditionExpression", {"Variable": "", "Operator": "equals"})]
    found = model(Step(PREFIX + "RebootAction", {"Name": "R", "Target": "HD"}, condition))
    assert [(item.rule, item.path) for item in found] == [("class-rules", "steps[0].condition[0].variable")]


def test_lengths() -> None:
    long = Step(PREFIX + "RebootAction", {"Name": "n" * 101, "Target": "HD", "Description": "d" * 256})
    found = model(long, name="s" * 51, description="d" * 513)
    assert [(item.rule, item.path) for item in found] == [
        ("description-length", "description"),
        ("sequence-name-length", "name"),
        ("description-length", "steps[0].description"),
        ("name-length", "steps[0].name"),
    ]
    both = [{"rule": rule, "path": "steps[0]"} for rule in ("name-length", "description-length")]
    assert model(long, ignore=both) == []
    short = Step(PREFIX + "RebootAction", {"Name": "n" * 100, "Target": "HD", "Description": "d" * 255})
    assert model(short, name="s" * 50, description="d" * 512) == []
    in_yaml = lint_data([{**RESTART_OS, "name": "n" * 101, "description": "d" * 256}])
    assert sorted(item.rule for item in in_yaml) == ["description-length", "name-length"]


def test_sizes() -> None:
    script = {"name": "S", "type": "run_powershell_script", "script": "x" * 100_000}
    small = parse_steps([script]).sequence
    large = parse_steps([{**script, "name": str(number)} for number in range(7)]).sequence
    assert [item.rule for item in lint(small)] == []
    assert sorted(item.rule for item in lint(large)) == ["envelope-size", "stored-size"]
    assert [item.rule for item in lint(large, max_envelope_size=8192)] == ["stored-size"]
    assert [item.rule for item in lint(small, size_hint=rules_limits.STORED)] == ["stored-size"]
    assert [item.rule for item in lint(small, max_envelope_size=300)] == ["envelope-size"]


def test_unset_variable_knows_who_sets() -> None:
    reader = command("x.exe %FromStep% %FromRule% %FromScript% %FromOutput% %List01% %Letter% %TEMP% %_SMSTSMake%")
    setters = [
        {"name": "1", "type": "set_task_sequence_variable", "variable": "FromStep", "value": "a"},
        {"name": "2", "type": "set_dynamic_variables", "rules": [{"set": {"FromRule": "a"}}]},
        {"name": "3", "type": "run_powershell_script", "script": "$e.Value('FromScript') = 1"},
        command("y.exe", output_variable="FromOutput"),
        {"name": "5", "type": "download_package_content", "packages": ["P"], "path_variable": "List"},
        {**PARTITION, "partitions": [{"type": "primary", "size": 100, "size_unit": "percent",
                                      "letter_variable": "Letter"}]},
    ]  # fmt: skip
    assert findings([*setters, reader], "unset-variable") == []
    found = findings([reader, given(PACKAGE, {"variable": "Nobody", "value": "1"})], "unset-variable")
    assert [item.message.split()[1].strip(",") for item in found] == [
        "FromStep", "FromRule", "FromScript", "FromOutput", "List01", "Letter", "Nobody",
    ]  # fmt: skip
