# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SetSequence refuses what the class qualifiers forbid, one rule at a time, and names step and property."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.configmgr.osd.tests.simulator.objects import Obj, ProviderError
from ansible_collections.configmgr.osd.tests.simulator.sequences import mends, tables
from ansible_collections.configmgr.osd.tests.unit.simulator.sequences_support import (
    PREFIX,
    BareSite,
    command,
    condition,
    group,
    sequence,
    set_variable,
    step,
)


def expression(kind: str, **props: t.Any) -> Obj:
    return Obj(PREFIX + kind, props)


def with_condition(*operands: Obj) -> Obj:
    return command(Condition=condition(*operands))


BROKEN: list[tuple[str, Obj, str, str]] = [
    ("Not_Null", command(CommandLine=None), "CommandLine", "Not_Null"),
    ("Not_Null of a boolean", command(DisableWow64Redirection=None), "DisableWow64Redirection", "Not_Null"),
    ("Not_Null of the environment", command(SupportedEnvironment=None), "SupportedEnvironment", "Not_Null"),
    ("Not_Null of the time-out", command(Timeout=None), "Timeout", "Not_Null"),
    ("name missing", command(name=None), "Name", "needs a name"),
    ("name empty", command(name=""), "Name", "AllowedLen"),
    ("name too long", command(name="x" * 101), "Name", "AllowedLen"),
    ("description too long", command(Description="x" * 256), "Description", "AllowedLen"),
    ("AllowedLen", command(WorkingDirectory="x" * 256), "WorkingDirectory", "AllowedLen"),
    ("AllowedLen of the command", command(CommandLine="x" * 32001), "CommandLine", "AllowedLen"),
    ("AllowedLen of a variable", set_variable(variable=""), "VariableName", "AllowedLen"),
    ("ValueMap", step("RebootAction", Target="Moon", Message="", MessageTimeout=60), "Target", "ValueMap"),
    ("ValueMap of the environment", command(SupportedEnvironment="Office"), "SupportedEnvironment", "ValueMap"),
    ("ValueMap of a number", step("ApplyNetworkSettingsAction", NetworkJoinType=2, WorkgroupName="W"),
     "NetworkJoinType", "ValueMap"),
    ("ValueRange low", step("ApplyDataImageAction", ImageIndex=0, ImagePackageID="X", WipeDestinationPartition=True),
     "ImageIndex", "ValueRange"),
    ("ValueRange high", step("RequestStateStoreAction", RequestType="capture", SMPRetryCount=31, SMPRetryTime=1),
     "SMPRetryCount", "ValueRange"),
    ("RequiredIfNull", step("InstallSoftwareAction", ContinueOnInstallError=True), "BaseVariableName",
     "RequiredIfNull"),
    ("RequiredIfNotNull", step("InstallSoftwareAction", PackageID="PS100002"), "ProgramName", "RequiredIfNotNull"),
    ("RequiredIfNull of either image", step("ApplyOperatingSystemAction"), "ImagePackageID", "RequiredIfNull"),
    ("RequiredIfNotNull of the index", step("ApplyOperatingSystemAction", ImagePackageID="X"), "ImageIndex",
     "RequiredIfNotNull"),
    ("one target", step("ApplyOperatingSystemAction", ImagePackageID="X", ImageIndex=1, DestinationDisk=0,
                        DestinationPartition=1, DestinationVariable="V"), "DestinationVariable", "excludes"),
    ("a count that is wrong", step("InstallApplicationAction", NumApps=2, ApplicationName="", AppInfo=[
        Obj(PREFIX + "ApplicationInfo", {"Name": "A"})]), "NumApps", "count"),
    ("embedded settings", step("PartitionDiskAction", DiskIndex=0, PartitionStyle="GPT", Partitions=[
        Obj(PREFIX + "PartitionSettings", {"Bootable": False, "QuickFormat": True, "Type": "Cake"})]),
     "Type", "ValueMap"),
    ("embedded settings without a value", step("PartitionDiskAction", DiskIndex=0, PartitionStyle="GPT", Partitions=[
        Obj(PREFIX + "PartitionSettings", {"Bootable": False, "Type": "Primary"})]), "QuickFormat", "Not_Null"),
    ("no partition list", step("PartitionDiskAction", DiskIndex=0, PartitionStyle="GPT"), "Partitions", "Not_Null"),
    ("condition", with_condition(expression("VariableConditionExpression", Variable="A", Operator="resembles")),
     "Operator", "ValueMap"),
    ("condition without a path", with_condition(expression("FileConditionExpression")), "Path", "Not_Null"),
    ("condition inside operators", with_condition(Obj(PREFIX + "ConditionOperator", {
        "OperatorType": "and", "Operands": [expression("WMIConditionExpression", Namespace="root", Query="")]})),
     "Query", "AllowedLen"),
    ("operator", with_condition(Obj(PREFIX + "ConditionOperator", {"OperatorType": "xor", "Operands": []})),
     "OperatorType", "ValueMap"),
    ("software condition", with_condition(expression("SoftwareConditionExpression", Operator="AnyVersion")),
     "ProductCode", "RequiredIfNull"),
    ("system group", with_condition(Obj(PREFIX + "OSConditionGroup", {"OperatorType": "or", "Operands": [
        Obj(PREFIX + "OSExpressionGroup", {"OperatorType": "and", "Name": "W", "Operands": []})]})),
     "PlatformArchKey", "Not_Null"),
]


@pytest.mark.parametrize(("bad", "prop", "rule"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN])
def test_a_broken_rule_is_refused_and_nothing_is_saved(bad: Obj, prop: str, rule: str) -> None:
    site = BareSite()
    with pytest.raises(ProviderError) as caught:
        site.create(command("First"), group("Outer", bad))
    assert caught.value.wbem == 0x80041001
    assert caught.value.extended is not None
    assert caught.value.extended["ParameterInfo"] == f"/Outer/{bad.get('Name', '')}.{prop}"
    assert caught.value.extended["StatusCode"] == 0x80041001
    assert rule in caught.value.text
    assert not site.store.scan("SMS_TaskSequencePackage")
    assert site.store.peek_counter("package") == 0x12


def test_the_switch_turns_the_rules_off_but_not_the_notes() -> None:
    site = BareSite(qualifiers="ignore")
    row = site.create(command(WorkingDirectory="x" * 256))
    assert site.read(row).props["Steps"][0].get("WorkingDirectory") == "x" * 256
    (facts,) = [facts for kind, facts in site.notes if kind == "rule_broken"]
    assert facts["property"] == "WorkingDirectory" and facts["enforced"] is False


def test_all_broken_rules_are_noted_and_the_first_is_reported() -> None:
    site = BareSite()
    with pytest.raises(ProviderError, match="2 more"):
        site.create(command(CommandLine=None), set_variable(variable=""), command(WorkingDirectory="x" * 256))
    assert [facts["property"] for kind, facts in site.notes if kind == "rule_broken"] == [
        "CommandLine", "VariableName", "WorkingDirectory"]


@pytest.mark.parametrize("good", [
    command(SupportedEnvironment="winpe"),
    command(CommandLine=""),
    step("RebootAction", Target="hd", Message="", MessageTimeout=60),
    step("InstallSoftwareAction", PackageID="PS100002", ProgramName=""),
    step("JoinDomainWorkgroupAction", Type=1, DomainName="", WorkgroupName=""),
    step("UpgradeOperatingSystemAction", InstallPath="", DynamicUpdateSettings="Something new"),
    step("SubTasksequence", TsPackageID="PS100002", SupportedEnvironment=None),
    with_condition(Obj(PREFIX + "ConditionOperator", {"OperatorType": "AND"})),
    with_condition(expression("RegistryConditionExpression", KeyPath="K", Operator="nonExists")),
    with_condition(expression("SoftwareConditionExpression", Operator="AnyVersion", UpgradeCode="{1}")),
    with_condition(expression("VariableConditionExpression", Variable="A", Operator="NotLike", Value="x")),
])
def test_what_real_exports_hold_is_accepted(good: Obj) -> None:
    site = BareSite()
    site.create(good)
    assert "rule_broken" not in site.kinds()


@pytest.mark.parametrize(("bad", "wbem"), [
    (Obj(PREFIX + "Action", {"Name": "x"}), 0x80041005),
    (Obj(PREFIX + "Condition", {"Operands": []}), 0x80041005),
    (Obj(PREFIX + "NoSuchAction", {"Name": "x"}), 0x80041005),
    (command(NoSuchProperty="x"), 0x80041031),
    (command(Timeout="5"), 0x80041005),
    (command(Timeout=-1), 0x80041005),
    (command(Enabled="true"), 0x80041005),
    (command(CommandLine=5), 0x80041005),
    (command(Condition=command()), 0x80041005),
    (with_condition(Obj(PREFIX + "ConditionExpression")), 0x80041005),
])
def test_objects_that_do_not_fit_the_schema_are_refused(bad: Obj, wbem: int) -> None:
    with pytest.raises(ProviderError) as caught:
        BareSite().create(bad)
    assert caught.value.wbem == wbem


def test_every_mend_names_a_property_and_a_reason() -> None:
    schema = BareSite().schema
    for (name, prop, _mark), (_value, reason) in mends.MENDS.items():
        known = schema.get(tables.PREFIX + name)
        assert known is not None and prop in known.properties, (name, prop)
        assert reason
    for (name, prop), array in mends.COUNTS.items():
        known = schema.get(tables.PREFIX + name)
        assert known is not None and {prop, array} <= set(known.properties)


def test_the_schema_still_carries_the_rules() -> None:
    """Without its qualifiers the whole module would accept anything."""
    known = BareSite().schema.get(PREFIX + "RunCommandLineAction")
    assert known is not None
    assert known.properties["CommandLine"].qualifiers["Not_Null"] is True
    assert known.properties["WorkingDirectory"].qualifiers["AllowedLen"] == "0-255"
    assert known.properties["UserPassword"].qualifiers["Secret"] is True
    assert sequence().class_name == "SMS_TaskSequence"
