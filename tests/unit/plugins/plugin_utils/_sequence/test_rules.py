# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules themselves: complete, consistent, up to date, protective."""

from __future__ import annotations

import importlib.util
import re
import sys
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.catalogue import Catalogue
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.rules import load_rules, script_text

ROOT = Path(__file__).resolve().parents[5]
TOOLS = ROOT / "tests" / "tools"
PREFIX = "SMS_TaskSequence_"
KINDS = """
apply_data_image ApplyDataImage apply_driver_package ApplyDriverPackage apply_network_settings ApplyNetworkSettings
apply_operating_system_image ApplyOperatingSystem apply_windows_settings ApplyWindowsSettings
auto_apply_drivers AutoApply capture_network_settings CaptureNetworkSettings
capture_operating_system_image CaptureSystemImage capture_user_state CaptureUserState
capture_windows_settings CaptureWindowsSettings check_readiness PrestartCheck
connect_to_network_folder ConnectNetworkFolder convert_disk_to_dynamic ConvertDisk disable_bitlocker DisableBitLocker
download_package_content DownloadPackageContent enable_bitlocker EnableBitLocker
format_and_partition_disk PartitionDisk install_application InstallApplication
install_deployment_tools InstallDeployTools install_package InstallSoftware install_software_updates InstallUpdate
join_domain_or_workgroup JoinDomainWorkgroup pre_provision_bitlocker OfflineEnableBitLocker
prepare_configmgr_client_for_capture PrepareSMSClient prepare_windows_for_capture PrepareOS
release_state_store ReleaseStateStore request_state_store RequestStateStore restart_computer Reboot
restore_user_state RestoreUserState run_command_line RunCommandLine run_powershell_script RunPowerShellScript
set_dynamic_variables SetDynamicVariables set_task_sequence_variable SetVariable
setup_windows_and_configmgr SetupWindowsAndSMS upgrade_operating_system UpgradeOperatingSystem
""".split()
# One WMI name, two concepts: the reasons why a property has more than one option name.
TWO_CONCEPTS = {
    "DestinationVariable": {"destination_variable", "path_variable"},  # target drive; path of downloaded content
    "Mode": {"mode", "key_management"},  # USMT; BitLocker
    "Name": {"name"},
    "Operator": {"operator", "match"},  # comparison; version of a product
    "Path": {"path", "file", "folder"},  # share; subject of a condition
    "Target": {"restart_to", "target"},  # start medium; updates
    "Type": {"type", "value_type"},  # partition; registry value
    "Value": {"value", "value_name"},  # right-hand side; name of a registry value
    "PackageID": {"package"},
    "InstallPackageID": {"upgrade_package"},
    "Version": {"version"},
}


def generator() -> t.Any:
    sys.path.insert(0, str(TOOLS))
    try:
        spec = importlib.util.spec_from_file_location("generate_rules", TOOLS / "generate_rules.py")
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
    finally:
        sys.path.remove(str(TOOLS))


def test_generated_files_are_up_to_date() -> None:
    for path, text in generator().outputs().items():
        assert path.read_text(encoding="utf-8") == text, f"run tests/tools/generate_rules.py: {path.name} is stale"


def test_every_documented_step_class_has_rules() -> None:
    rules = load_rules()
    catalogue = Catalogue.load()
    missing = [n for n in catalogue.derived(PREFIX + "Step", abstract=False) if rules.step(n) is None]
    assert missing == []
    conditions = [n for n in catalogue.derived(PREFIX + "ConditionOperand", abstract=False) if rules.get(n) is None]
    assert conditions == []


@pytest.mark.parametrize(("word", "noun"), list(zip(KINDS[::2], KINDS[1::2], strict=True)))
def test_canonical_types_and_class_names(word: str, noun: str) -> None:
    rule = load_rules().by_type(word)
    assert rule is not None
    assert rule.class_name == f"{PREFIX}{noun}Action"
    assert rule.type == word
    assert load_rules().by_type(rule.class_name.upper()) is rule


@pytest.mark.parametrize(
    ("alias", "word"),
    [
        ("install_software", "install_package"),
        ("Set_Variable", "set_task_sequence_variable"),
        ("partition_disk", "format_and_partition_disk"),
        ("reboot", "restart_computer"),
        ("prestart_check", "check_readiness"),
        ("apply_operating_system", "apply_operating_system_image"),
        ("offline_enable_bitlocker", "pre_provision_bitlocker"),
        ("SMS_TaskSequence_SubTasksequence", "run_task_sequence"),
        ("setup_windows_and_config_mgr", "setup_windows_and_configmgr"),
    ],
)
def test_aliases(alias: str, word: str) -> None:
    rule = load_rules().by_type(alias)
    assert rule is not None and rule.type == word


def test_words_are_unique() -> None:
    words = [word for rule in load_rules().steps() for word in (rule.type, *rule.aliases)]
    assert len(words) == len(set(words))


def test_every_property_has_one_option_or_a_reason() -> None:
    for rule in load_rules().all():
        setters: dict[str, list[str]] = {}
        for option in rule.options.values():
            # An edition is another way to write the number of an image, not another property.
            if option.kind == "edition":
                continue
            setters.setdefault(option.property, []).append(option.name)
            if option.companion in rule.properties:
                setters.setdefault(t.cast(str, option.companion), []).append(option.name)
        for name, known in rule.properties.items():
            if name in ("Operands", "OperatorType") or rule.kind == "base":
                continue
            expected = 0 if known.derived or known.implied else 1
            assert len(setters.get(name, [])) == expected, (rule.class_name, name, setters.get(name))


def test_same_concept_has_the_same_name() -> None:
    names: dict[str, set[str]] = {}
    for rule in load_rules().all():
        for option in rule.options.values():
            if option.kind != "edition" and rule.kind != "embedded":
                names.setdefault(option.property, set()).add(option.name)
    for name, options in names.items():
        assert options <= TWO_CONCEPTS.get(name, options if len(options) == 1 else set()), (name, options)


def test_no_name_or_word_is_a_yaml_boolean_or_null() -> None:
    bad = {"on", "off", "yes", "no", "y", "n", "true", "false", "null"}
    for rule in load_rules().all():
        for option in rule.options.values():
            for word in (option.name, *option.words):
                assert word not in bad
                assert re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", word), word
                if option.name != "os_architecture":
                    assert isinstance(yaml.safe_load(word), str)


def test_words_and_wmi_spellings_are_accepted_without_case() -> None:
    rule = load_rules().by_type("run_powershell_script")
    assert rule is not None
    option = rule.options["execution_policy"]
    assert option.values["all_signed"] == option.values["allsigned"] == "AllSigned"
    assert option.word("ALLSIGNED") == "all_signed"


def test_every_word_is_a_value_of_the_catalogue() -> None:
    for rule in load_rules().all():
        for option in rule.options.values():
            known = rule.properties[option.companion if option.kind == "check" else option.property]
            if option.words and known.values and option.kind != "open_words":
                values = {value.casefold() for value in known.values}
                assert {value.casefold() for value in option.words.values()} <= values, (rule.class_name, option.name)


@pytest.mark.parametrize(
    ("word", "name", "default"),
    [
        ("run_powershell_script", "ExecutionPolicy", "AllSigned"),
        ("restart_computer", "MessageTimeout", 60),
        ("run_command_line", "SuccessCodes", "0 3010"),
        ("install_application", "RetryCount", "2"),
        ("capture_user_state", "SupportedEnvironment", "WinPEandFullOS"),
        ("check_readiness", "SupportedEnvironment", "WinPEandFullOS"),
        ("release_state_store", "SupportedEnvironment", "WinPEandFullOS"),
        ("apply_operating_system_image", "SupportedEnvironment", "WinPE"),
        ("apply_driver_package", "SupportedEnvironment", "WinPE"),
        ("run_command_line", "Enabled", True),
        ("run_command_line", "ContinueOnError", False),
        ("format_and_partition_disk", "DiskIndex", None),
    ],
)
def test_defaults(word: str, name: str, default: t.Any) -> None:
    rule = load_rules().by_type(word)
    assert rule is not None
    assert rule.properties[name].default == default


def test_null_on_the_site_is_not_the_protective_default() -> None:
    script = load_rules().by_type("run_powershell_script")
    partition = load_rules().get(PREFIX + "PartitionSettings")
    assert script is not None and partition is not None
    assert script.properties["ExecutionPolicy"].null_means == "Restricted"
    assert partition.properties["QuickFormat"].default is True
    assert partition.properties["QuickFormat"].null_means is False


def test_secrets_are_marked() -> None:
    secret = {
        (rule.type, name) for rule in load_rules().steps() for name, known in rule.properties.items() if known.secret
    }
    assert {
        ("apply_network_settings", "DomainPassword"),
        ("join_domain_or_workgroup", "DomainPassword"),
        ("apply_windows_settings", "AdminPassword"),
        ("apply_windows_settings", "ProductKey"),
        ("upgrade_operating_system", "OsProductKey"),
        ("capture_operating_system_image", "CapturePassword"),
        ("connect_to_network_folder", "Password"),
        ("enable_bitlocker", "PIN"),
        ("restore_user_state", "LocalAccountPassword"),
        ("run_command_line", "UserPassword"),
        ("run_powershell_script", "UserPassword"),
        ("set_task_sequence_variable", "HiddenVariableValue"),
    } == secret


def test_every_correction_has_a_reason_and_every_option_a_text() -> None:
    tables = generator().load_tables()
    for name, properties in tables.corrections.items():
        for prop, fix in properties.items():
            assert len(fix.get("reason", "")) > 8, (name, prop)
    used = {option.name for rule in load_rules().steps() for option in rule.options.values()}
    assert used == set(tables.interface["docs"])


def test_suggestions() -> None:
    assert load_rules().suggestions("run_comand_line")[0] == "run_command_line"
    assert "install_package" in load_rules().suggestions("install_softwares")
    assert load_rules().suggestions("xyzzy") == []


def test_normal_form() -> None:
    rule = load_rules().by_type("check_readiness")
    assert rule is not None
    left = rule.normal({"CheckMemory": False, "Memory": 2048, "OSType": "client"})
    right = rule.normal({"CheckMemory": "false", "Memory": "512", "CheckOSType": True, "Timeout": 0})
    assert left == right
    assert "Memory" not in left
    assert rule.normal({"Memory": 2048})["Memory"] == 2048


def test_script_text() -> None:
    assert script_text("//5BAA0ACgA=") == "A\r\n"
    assert script_text("Get-Date") == "Get-Date"
    assert script_text("QUJD") == "QUJD"
