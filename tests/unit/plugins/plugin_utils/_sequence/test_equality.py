# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which settings are the same."""

from __future__ import annotations

import base64
import typing as t

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.instance import CimDatetime, Instance
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence import equality
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.model import (
    GROUP,
    PREFIX,
    Operand,
    Ref,
    Secret,
    Sequence,
    Step,
)


def step(kind: str, **properties: t.Any) -> Step:
    return Step(PREFIX + kind, {"Name": "A step", **properties})


def script(text: str) -> str:
    return base64.b64encode(b"\xff\xfe" + text.encode("utf-16-le")).decode("ascii")


def rules(value: str, secret: str) -> str:
    return (
        f'<Rules><Rule><Variables><Variable Name="A" IsSecret="false">{value}</Variable>'
        f'<Variable Name="P" IsSecret="true">{secret}</Variable></Variables></Rule></Rules>\n'
    )


COMMAND = "RunCommandLineAction"
NETWORK = "ApplyNetworkSettingsAction"

SAME = {
    "null is an empty text": (COMMAND, {"WorkingDirectory": None}, {"WorkingDirectory": ""}),
    "null is the default": (COMMAND, {"Enabled": None, "ContinueOnError": None}, {"Enabled": True}),
    "no time limit": (COMMAND, {"Timeout": 0}, {}),
    "null is an empty list": (NETWORK, {"DNSSuffixSearchOrder": []}, {}),
    "enumerations without case": ("PartitionDiskAction", {"DiskType": "Basic"}, {"DiskType": "BASIC"}),
    "environment without case": (COMMAND, {"SupportedEnvironment": "winpe"}, {"SupportedEnvironment": "WinPE"}),
    "line ends": (COMMAND, {"CommandLine": "a\r\nb\r\n"}, {"CommandLine": "a\nb"}),
    "numbers in text": (COMMAND, {"Timeout": "900"}, {"Timeout": 900}),
    "booleans in text": (COMMAND, {"RunAsUser": "True"}, {"RunAsUser": True}),
    "numbers kept as text": ("InstallApplicationAction", {"RetryCount": "3"}, {"RetryCount": 3}),
    "derived values": ("InstallApplicationAction", {"NumApps": 3}, {"NumApps": 0}),
    "display texts": ("SubTasksequence", {"TsName": "Old name", "TsReferencePackages": "PS1"}, {"TsName": "New"}),
    "secrets": (COMMAND, {"UserPassword": "one"}, {"UserPassword": Secret("two")}),
    "quasi secrets": ("UpgradeOperatingSystemAction", {"OsProductKey": "1"}, {}),
    "scripts by content": (
        "RunPowerShellScriptAction",
        {"SourceScript": script("a\r\nb\r\n")},
        {"SourceScript": script("a\nb")},
    ),
    "rules by structure": (
        "SetDynamicVariablesAction",
        {"Rules": rules("x", "one")},
        {"Rules": rules("x", "two").replace("<Rule>", "\n <Rule>").strip()},
    ),
    "limit of a check that is off": ("PrestartCheckAction", {"CheckMemory": False, "Memory": 4096}, {"CheckMemory": 0}),
    "an ID either way": (COMMAND, {"PackageID": "PS100001"}, {"PackageID": Ref("package", id="PS100001")}),
    "unknown on the site only": (COMMAND, {"NewerProperty": "x"}, {}),
    "unknown in another type": (COMMAND, {"NewerProperty": "TRUE"}, {"NewerProperty": True}),
    "what text only can carry": (COMMAND, {"xml:action": "x", "xml:attributes": {"a": "b"}}, {}),
    "masked variable": (
        "SetVariableAction",
        {"VariableName": "P", "DoNotShowVariableValue": True, "HiddenVariableValue": "x"},
        {"VariableName": "P", "DoNotShowVariableValue": True, "HiddenVariableValue": Secret("y")},
    ),
    "parts of embedded objects": (
        "PartitionDiskAction",
        {"Partitions": [Instance(PREFIX + "PartitionSettings", {"Type": "PRIMARY", "Size": 100, "Bootable": None})]},
        {"Partitions": [Instance(PREFIX + "PartitionSettings", {"Type": "Primary", "Size": "100", "Bootable": False})]},
    ),
}

DIFFERENT = {
    "texts keep their case": (COMMAND, {"CommandLine": "a"}, {"CommandLine": "A"}, "CommandLine"),
    "not the default": (COMMAND, {"Enabled": False}, {}, "Enabled"),
    "a time limit": (COMMAND, {"Timeout": 60}, {}, "Timeout"),
    "order of a list": (
        NETWORK,
        {"DNSSuffixSearchOrder": ["a", "b"]},
        {"DNSSuffixSearchOrder": ["b", "a"]},
        "DNSSuffixSearchOrder",
    ),
    "script": (
        "RunPowerShellScriptAction",
        {"SourceScript": script("a")},
        {"SourceScript": script("b")},
        "SourceScript",
    ),
    "rules": ("SetDynamicVariablesAction", {"Rules": rules("x", "1")}, {"Rules": rules("y", "1")}, "Rules"),
    "masking": (
        "SetVariableAction",
        {"VariableName": "P", "DoNotShowVariableValue": True},
        {"VariableName": "P"},
        "DoNotShowVariableValue",
    ),
    "disk without a variable": ("PartitionDiskAction", {"DiskIndex": 0}, {"DiskIndex": 1}, "DiskIndex"),
    "unknown in the play": (COMMAND, {}, {"NewerProperty": "x"}, "NewerProperty"),
    "embedded object": (
        "PartitionDiskAction",
        {"Partitions": [Instance(PREFIX + "PartitionSettings", {"Size": 100})]},
        {"Partitions": [Instance(PREFIX + "PartitionSettings", {"Size": 200})]},
        "Partitions",
    ),
    "reference that is not there yet": (
        COMMAND,
        {"PackageID": "PS100001"},
        {"PackageID": Ref("package", name="x")},
        "PackageID",
    ),
}


@pytest.mark.parametrize("name", SAME)
def test_same(name: str) -> None:
    kind, old, new = SAME[name]
    assert equality.differences(step(kind, **old), step(kind, **new)) == []
    assert equality.same(Sequence([step(kind, **old)]), Sequence([step(kind, **new)]))


@pytest.mark.parametrize("name", DIFFERENT)
def test_different(name: str) -> None:
    kind, old, new, changed = DIFFERENT[name]
    found = equality.differences(step(kind, **old), step(kind, **new))
    assert changed in [difference.property for difference in found]
    assert not equality.same(Sequence([step(kind, **old)]), Sequence([step(kind, **new)]))


def test_a_difference_names_its_option() -> None:
    (found,) = equality.differences(step(COMMAND, Timeout=60), step(COMMAND))
    assert (found.option, found.old, found.new) == ("timeout", 60, None)


def test_a_class_that_nobody_documented_is_compared_as_text() -> None:
    stored = Step("Contoso_Action", {"Name": "x", "Enabled": True, "Count": "3", "Extra": "only there"})
    wanted = Step("CONTOSO_Action", {"Name": "x", "Count": 3})
    assert equality.same_step(stored, wanted)
    wanted.properties["Enabled"] = False
    assert [d.property for d in equality.differences(stored, wanted)] == ["Enabled"]
    zones = [Instance("", {"Name": "z"})]
    assert equality.same_step(
        Step("Contoso_Action", {"Zones": zones}), Step("Contoso_Action", {"Zones": "1", "Zones0Name": "z"})
    )


def expression(kind: str, **properties: t.Any) -> Operand:
    return Operand(PREFIX + kind, properties)


def test_conditions() -> None:
    variable = expression("VariableConditionExpression", Variable="A", Operator="Equals", Value="1")
    same = expression("VariableConditionExpression", Variable="A", Operator="equals", Value="1")
    grouped = Operand(PREFIX + "ConditionOperator", {"OperatorType": "AND"}, [same])
    plain = step(COMMAND)
    with_one = Step(plain.class_name, plain.properties, [variable])
    assert equality.canonical_condition([variable]) == equality.canonical_condition([same])
    assert equality.canonical_condition(None) == equality.canonical_condition([])
    # C[E] and C[and[E]] are both common and stay different.
    assert equality.canonical_condition([grouped]) != equality.canonical_condition([same])
    assert [d.property for d in equality.differences(plain, with_one)] == ["Condition"]


def test_registry_operator_has_two_spellings() -> None:
    one = expression("RegistryConditionExpression", KeyPath="HKEY_LOCAL_MACHINE\\x", Operator="nonExists")
    two = expression("RegistryConditionExpression", KeyPath="HKEY_LOCAL_MACHINE\\x", Operator="notExists")
    assert equality.canonical_condition([one]) == equality.canonical_condition([two])


@pytest.mark.parametrize(
    "text",
    ["20250601080000.000000+***", "20250601080000.000000+000", "20250601100000.000000+120", "2025-06-01T08:00:00Z"],
)
def test_times_of_conditions_are_utc(text: str) -> None:
    one = expression("FileConditionExpression", Path="x", DateTime=CimDatetime(text), DateTimeOperator="less")
    two = expression("FileConditionExpression", Path="x", DateTime="2025-06-01 08:00:00", DateTimeOperator="less")
    assert equality.canonical_condition([one]) == equality.canonical_condition([two])
    later = expression("FileConditionExpression", Path="x", DateTime="2025-06-01 08:00:01", DateTimeOperator="less")
    assert equality.canonical_condition([one]) != equality.canonical_condition([later])


def test_sequences_differ_in_order_depth_and_class_but_not_in_version() -> None:
    first, second = step(COMMAND), step("RebootAction")
    assert equality.same(Sequence([first], {"SchemaVersion": "3.00"}), Sequence([first], {"SchemaVersion": "3.10"}))
    assert not equality.same(Sequence([first, second]), Sequence([second, first]))
    assert not equality.same(Sequence([first]), Sequence([Step(GROUP, {"Name": "A step"}, None, [first])]))
    assert not equality.same(Sequence([first]), Sequence([first, second]))


def test_what_was_compared_before_does_not_blur_kinds() -> None:
    """1, True and "1" are equal to Python and to its caches."""
    for first, second in ((1, True), (True, 1), ("1", 1), (1, "1")):
        forms = [equality.canonical_properties(step(COMMAND, Description=value)) for value in (first, second)]
        as_number = [equality.canonical_properties(step(COMMAND, Timeout=value))["Timeout"] for value in ("1", 1)]
        assert as_number == [1, 1]
        assert (forms[0] == forms[1]) == ({str(first).casefold(), str(second).casefold()} == {"1"})


def test_a_long_text_is_compared_like_a_short_one() -> None:
    long = "x" * 1000
    assert equality.same_step(step(COMMAND, CommandLine=long), step(COMMAND, CommandLine=long[:]))
    assert not equality.same_step(step(COMMAND, CommandLine=long), step(COMMAND, CommandLine=long + "y"))
