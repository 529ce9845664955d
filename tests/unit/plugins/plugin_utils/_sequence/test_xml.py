# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading and writing ``<sequence>`` text."""

from __future__ import annotations

import os
import re
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.instance import Instance
from ansible_collections.configmgr.osd.plugins.plugin_utils._errors import InvalidInput
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.model import (
    GROUP,
    PREFIX,
    Operand,
    Secret,
    Sequence,
    Step,
)
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.xml_read import read_sequence
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.xml_tree import Limits
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.xml_write import write_sequence

SHARED = os.environ.get("CONFIGMGR_SHARED", "")
CORPUS = sorted(Path(SHARED, "corpus").glob("*.xml")) if SHARED else []

COMMAND = (
    '<step type="SMS_TaskSequence_RunCommandLineAction" name="Say &quot;hi&quot;" description="" disable="true" '
    'continueOnError="true" timeout="900" runIn="WinPEandFullOS" successCodeList="0 3010" retryCount="0" '
    'runFromNet="false"><action>smsswd.exe /run:PS100001 cmd.exe /c echo %A% &gt; x</action><defaultVarList>'
    '<variable name="CommandLine" property="CommandLine" hidden="true">cmd.exe /c echo %A% &gt; x</variable>'
    '<variable name="SMSTSDisableWow64Redirection" property="DisableWow64Redirection">false</variable>'
    '<variable name="PackageID" property="PackageID" hidden="true">PS100001</variable>'
    '<variable name="_SMSTSRunCommandLineAsUser" property="RunAsUser">true</variable>'
    '<variable name="SuccessCodes" property="SuccessCodes" hidden="true">0 3010</variable>'
    '<variable name="SMSTSRunCommandLineUserPassword" property="UserPassword">geheim</variable></defaultVarList></step>'
)
PARTITIONS = (
    '<step type="SMS_TaskSequence_PartitionDiskAction" name="Disk" description="" runIn="WinPE" successCodeList="0" '
    'retryCount="0" runFromNet="false"><action>osddiskpart.exe</action><defaultVarList>'
    '<variable name="OSDDiskIndex" property="DiskIndex">0</variable>'
    '<variable name="OSDPartitionStyle" property="PartitionStyle">GPT</variable>'
    '<variable name="OSDPartitions" property="Partitions" hidden="true">2</variable>'
    '<variable name="OSDPartitions0QuickFormat" property="Partitions0QuickFormat">true</variable>'
    '<variable name="OSDPartitions0Size" property="Partitions0Size">500</variable>'
    '<variable name="OSDPartitions0Type" property="Partitions0Type">EFI</variable>'
    '<variable name="OSDPartitions1Size" property="Partitions1Size">100</variable>'
    '<variable name="OSDPartitions1VolumeName" property="Partitions1VolumeName"></variable></defaultVarList></step>'
)
CHILD = (
    '<subtasksequence type="SMS_TaskSequence_SubTasksequence" name="Child" description="" successCodeList="0" '
    'retryCount="0" runFromNet="false"><action>SubTasksequence.exe</action><defaultVarList>'
    '<variable name="OSDSubTasksequencePackageID" property="TsPackageID">PS100009</variable></defaultVarList>'
    "</subtasksequence>"
)
CONDITION = (
    '<condition><operator type="and"><expression type="SMS_TaskSequence_VariableConditionExpression">'
    '<variable name="Operator">equals</variable><variable name="Value">true</variable>'
    '<variable name="Variable">_SMSTSInWinPE</variable></expression><osConditionGroup type="or">'
    '<osExpressionGroup type="and" name="All Windows 11"><platformKey arch="x64" type="Win_NT" minVer="10.0.22000.0" '
    'maxVer="10.0.99999.9999"/><expression type="SMS_TaskSequence_WMIConditionExpression" ignoreQueryFailure="true">'
    '<variable name="Namespace">root\\cimv2</variable><variable name="Query">SELECT * FROM Win32_OperatingSystem'
    "</variable></expression></osExpressionGroup></osConditionGroup></operator></condition>"
)
WHOLE = (
    '<sequence version="3.10"><referenceList><reference package="PS100009" program="*"/></referenceList>'
    f'<group name="Install" description="All of it">{CONDITION}{COMMAND}{PARTITIONS}<group name="Empty" '
    f'description=""/></group>{CHILD}</sequence>'
)


def test_a_document_becomes_a_typed_model() -> None:
    sequence = read_sequence(WHOLE)
    group, child = sequence.steps
    assert sequence.properties == {"SchemaVersion": "3.10"}
    assert (group.class_name, group.name, group.path, group.is_group) == (GROUP, "Install", "steps[0]", True)
    command, disk, empty = group.steps
    assert command.properties == {
        "Name": 'Say "hi"',
        "Description": "",
        "Enabled": False,
        "ContinueOnError": True,
        "SupportedEnvironment": "WinPEandFullOS",
        "Timeout": 900,
        "CommandLine": "cmd.exe /c echo %A% > x",
        "DisableWow64Redirection": False,
        "PackageID": "PS100001",
        "RunAsUser": True,
        "SuccessCodes": "0 3010",
        "UserPassword": Secret("geheim"),
    }
    assert disk.properties["DiskIndex"] == 0
    assert disk.properties["Partitions"] == [
        Instance(PREFIX + "PartitionSettings", {"QuickFormat": True, "Size": 500, "Type": "EFI"}),
        Instance(PREFIX + "PartitionSettings", {"Size": 100, "VolumeName": ""}),
    ]
    assert empty.steps == []
    assert (child.class_name, child.properties["TsPackageID"]) == (PREFIX + "SubTasksequence", "PS100009")
    assert "SupportedEnvironment" not in child.properties


def test_conditions_keep_their_structure() -> None:
    (operator,) = read_sequence(WHOLE).steps[0].condition
    variable, systems = operator.operands
    assert operator == Operand(PREFIX + "ConditionOperator", {"OperatorType": "and"}, [variable, systems])
    assert variable.operands is None
    assert variable.properties == {"Operator": "equals", "Value": "true", "Variable": "_SMSTSInWinPE"}
    assert systems.class_name == PREFIX + "OSConditionGroup"
    (system,) = systems.operands
    assert system.properties == {
        "Name": "All Windows 11",
        "OperatorType": "and",
        "PlatformArchKey": "x64",
        "PlatformTypeKey": "Win_NT",
        "PlatformMinVerKey": "10.0.22000.0",
        "PlatformMaxVerKey": "10.0.99999.9999",
    }
    assert list(system.operands[0].properties) == ["Namespace", "Query"]


def test_a_document_of_the_product_form_comes_back_as_it_was() -> None:
    notes: list[str] = []
    sequence = read_sequence(WHOLE, notes=notes)
    assert write_sequence(sequence) == WHOLE
    assert notes == []


@pytest.mark.skipif(not CORPUS, reason="no shared folder")
def test_every_real_document_comes_back() -> None:
    assert len(CORPUS) == 42
    for path in CORPUS:
        data = path.read_bytes()
        sequence = read_sequence(data, source=path.name)
        text = write_sequence(sequence)
        assert read_sequence(text) == sequence, path.name
        assert _elements(ET.fromstring(text)) == _elements(ET.fromstring(data)), path.name


def test_reading_time_grows_with_the_length() -> None:
    def seconds(count: int) -> float:
        text = f'<sequence version="3.10">{COMMAND * count}</sequence>'
        started = time.process_time()
        read_sequence(text)
        return time.process_time() - started

    # Quadratic work would make this 400; the best of three leaves out what other processes disturb.
    ratio = min(seconds(1000) for _unused in range(3)) / min(seconds(50) for _unused in range(3))
    assert ratio < 80


def _elements(node: ET.Element) -> tuple:
    text = node.text or ""
    if len(node) or node.tag not in ("variable", "action"):
        text = text.strip()
    return node.tag, sorted(node.attrib.items()), text, [_elements(child) for child in node]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_encodings(encoding: str) -> None:
    text = '<sequence version="3.10"><group name="Gr\u00f6\u00dfe \U0001f4a1" description=""/></sequence>'
    assert read_sequence(text.encode(encoding)).steps[0].name == "Gr\u00f6\u00dfe \U0001f4a1"
    assert read_sequence(f"\ufeff<?xml version='1.0' encoding='utf-16'?>{text}").steps[0].name.startswith("Gr\u00f6")
    lookup = text.encode(encoding).decode("utf-8", "surrogateescape")
    assert read_sequence(lookup).steps[0].name.startswith("Gr\u00f6")


def test_indented_documents_and_line_ends() -> None:
    text = re.sub(r"(</\w+>|/>)<", "\\1\r\n  <", WHOLE) + "\r\n"
    assert read_sequence(text) == read_sequence(WHOLE)


def test_an_exported_object_is_opened() -> None:
    wrapped = (
        '<INSTANCE CLASSNAME="SMS_TaskSequencePackage"><PROPERTY NAME="Name" TYPE="string"><VALUE>x</VALUE></PROPERTY>'
        f'<PROPERTY NAME="Sequence" TYPE="string"><VALUE><![CDATA[{WHOLE}]]></VALUE></PROPERTY></INSTANCE>'
    )
    assert read_sequence(wrapped) == read_sequence(WHOLE)


REFUSED = [
    ("", "empty"),
    ("<sequence", "line 1, column"),
    (WHOLE[:-12], "ends too early"),
    ("<html/>", "root element has to be <sequence>"),
    ('<!DOCTYPE a [<!ENTITY b "c">]><sequence>&b;</sequence>', "DOCTYPE"),
    ('<!DOCTYPE a SYSTEM "http://example.org/x"><sequence/>', "DOCTYPE"),
    ("<sequence>&undefined;</sequence>", "undefined entity"),
    ('<sequence version="3.00" name="Client"/>', "Microsoft Deployment Toolkit"),
    ('<sequence version="3.00"><step name="x"><action/></step></sequence>', "Microsoft Deployment Toolkit"),
    (b'<?xml version="1.0" encoding="hex"?><sequence/>', "encoding"),
    (b'<?xml version="1.0" encoding="nonsense"?><sequence/>', "nonsense"),
    (b'<sequence version="3.10"><group name="\xff"/></sequence>', "byte 39 (line 1)"),
    (b"PK\x03\x04rest", "zip"),
    ("<sequence>\ud800</sequence>", "surrogate"),
    (WHOLE.replace('timeout="900"', 'timeout="soon"'), "timeout has to be a number"),
    (WHOLE.replace('hidden="true">2<', 'hidden="true">2000000000<'), "number of embedded objects"),
    (WHOLE.replace("Partitions1Size", "Partitions9999Size"), "not all before it"),
    (WHOLE.replace('property="DiskIndex"', 'property="PartitionStyle"'), "two variables for one property"),
    (WHOLE.replace("osConditionGroup", "strange"), "(strange): unknown element in a condition"),
    ('<INSTANCE CLASSNAME="SMS_Package"/>', "no SMS_TaskSequencePackage"),
]


@pytest.mark.parametrize(("document", "message"), REFUSED)
def test_what_cannot_be_read_is_refused_with_its_place(document: str | bytes, message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_sequence(document, source="mine.xml")
    assert message in str(caught.value)
    assert "mine.xml" in str(caught.value)


def test_limits_are_enforced_before_memory_is_spent() -> None:
    deep = "<sequence>" + '<group name="g">' * 500 + "</group>" * 500 + "</sequence>"
    with pytest.raises(InvalidInput, match="nested deeper than 100"):
        read_sequence(deep)
    with pytest.raises(InvalidInput, match="more than 10 elements"):
        read_sequence("<sequence>" + '<group name="g"/>' * 20 + "</sequence>", limits=Limits(elements=10))
    with pytest.raises(InvalidInput, match="longer than 100 characters"):
        read_sequence(WHOLE, limits=Limits(characters=100))


def test_what_nobody_documented_is_kept_and_named() -> None:
    contoso = (
        '<step type="Contoso_Action" name="Own" description="" runIn="FullOS" successCodeList="7" retryCount="0" '
        'runFromNet="false" colour="red"><action>own.exe /x</action><defaultVarList>'
        '<variable name="Plain" property="Plain">b</variable>'
        '<variable name="CONTOSO_Server" property="Server" hidden="true">a</variable></defaultVarList>'
        '<x y="z">hello</x></step>'
    )
    text = f'<sequence version="3.10">{contoso}</sequence>'
    notes: list[str] = []
    sequence = read_sequence(text, notes=notes)
    step = sequence.steps[0]
    assert (step.properties["Server"], step.properties["Plain"]) == ("a", "b")
    assert step.properties["xml:variables"] == {"Server": ["CONTOSO_Server", True]}
    assert write_sequence(sequence) == text
    assert any("colour" in note for note in notes)
    assert any("element x" in note for note in notes)


def test_unknown_attributes_of_inner_elements_are_kept_and_named() -> None:
    condition = (
        '<condition odd="1"><operator type="or"><expression type="SMS_TaskSequence_VariableConditionExpression">'
        '<variable name="Operator">exists</variable><variable name="Variable" odd="2">A</variable></expression>'
        '<osConditionGroup type="or"><osExpressionGroup type="and" name="W"><platformKey odd="3"/>'
        "</osExpressionGroup></osConditionGroup></operator></condition>"
    )
    document = (
        '<sequence version="3.10">'
        + COMMAND.replace("<action>", f'{condition}<action odd="4">')
        .replace("<defaultVarList>", '<defaultVarList odd="5">')
        .replace('property="CommandLine" hidden="true"', 'property="CommandLine" hidden="true" odd="6"')
        .replace('property="RunAsUser"', 'property="RunAsUser" hidden="false"')
        + "</sequence>"
    )
    assert document.count("odd=") == 6
    notes: list[str] = []
    written = write_sequence(read_sequence(document, notes=notes))
    assert [f'odd="{number}"' in written for number in range(1, 7)] == [True] * 6
    assert 'property="RunAsUser" hidden="false"' in written
    elements = ("condition", "variable Variable", "platformKey", "action", "defaultVarList", "variable CommandLine")
    for element in elements:
        assert any(f", {element}: kept as they are: odd" in note for note in notes), notes
    notes = []
    read_sequence(document.replace("</sequence>", "lost</sequence>").replace("<action", "gone<action"), notes=notes)
    assert len([note for note in notes if "text between the elements" in note]) == 2


def test_a_command_line_that_does_not_follow_is_kept_and_an_older_form_recognised() -> None:
    odd = WHOLE.replace("<action>osddiskpart.exe<", "<action>osddiskpart.exe /odd<")
    assert read_sequence(odd).steps[0].steps[1].properties["xml:action"] == "osddiskpart.exe /odd"
    assert write_sequence(read_sequence(odd)) == odd
    older = (
        '<sequence version="3.10"><step type="SMS_TaskSequence_PrepareOSAction" name="P" description="" runIn="FullOS" '
        'successCodeList="0" retryCount="0" runFromNet="false"><action>osdprepareos.exe /activate:%OSDKeepActivation% '
        "/bmsd:%OSDBuildStorageDriverList%</action><defaultVarList></defaultVarList></step></sequence>"
    )
    assert read_sequence(older).steps[0].properties["xml:form"] == 1
    assert "/shutdown" not in write_sequence(read_sequence(older))


def test_lists_at_the_head_are_computed_anew_and_a_mismatch_is_noted() -> None:
    stale = WHOLE.replace('<reference package="PS100009" program="*"/>', '<reference package="PS100099"/>')
    notes: list[str] = []
    assert write_sequence(read_sequence(stale, notes=notes)) == WHOLE
    assert any("referenceList" in note for note in notes)


def test_version_300_has_no_retry_attributes() -> None:
    text = (
        '<sequence version="3.00"><step type="SMS_TaskSequence_RebootAction" name="R" description="" '
        'runIn="WinPEandFullOS" successCodeList="0"><action>smsboot.exe /target:HD</action><defaultVarList>'
        '<variable name="SMSRebootTarget" property="Target" hidden="true">HD</variable></defaultVarList></step>'
        "</sequence>"
    )
    assert write_sequence(read_sequence(text)) == text


def test_global_variables_are_repeated_at_the_head() -> None:
    step = Step(
        PREFIX + "ApplyNetworkSettingsAction",
        {
            "Name": "Net",
            "NumAdapters": 1,
            "Adapters": [Instance(PREFIX + "NetworkAdapterSettings", {"Name": "Lab", "IPAddressList": ["10.0.0.1"]})],
            "DNSSuffixSearchOrder": ["a.example", "b.example"],
        },
    )
    text = write_sequence(Sequence([step]))
    assert '<variable name="OSDAdapterCount" property="NumAdapters">1</variable>' in text
    assert '<variable name="OSDAdapter0IPAddressList" property="Adapters0IPAddressList">10.0.0.1</variable>' in text
    assert ">a.example,b.example</variable>" in text
    again = read_sequence(text).steps[0].properties
    assert again["Adapters"] == step.properties["Adapters"]
    assert again["DNSSuffixSearchOrder"] == ["a.example", "b.example"]


def test_what_the_format_cannot_carry_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"CommandLine: holds a character"):
        write_sequence(Sequence([Step(PREFIX + "RunCommandLineAction", {"Name": "x", "CommandLine": "a\x00b"})]))
    with pytest.raises(InvalidInput, match="comma"):
        write_sequence(Sequence([Step(PREFIX + "RestoreUserStateAction", {"Name": "x", "ConfigFiles": ["a,b"]})]))


def test_line_ends_in_attributes_survive() -> None:
    sequence = Sequence([Step(GROUP, {"Name": "g", "Description": "one\ntwo"}, None, [])])
    assert read_sequence(write_sequence(sequence)).steps[0].properties["Description"] == "one\ntwo"
