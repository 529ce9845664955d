# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Objects to ``<sequence>`` text and back: order, hidden flags, command lines, and what is refused."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.configmgr.osd.tests.simulator.objects import Obj, ProviderError
from ansible_collections.configmgr.osd.tests.simulator.sequences.forms import Forms
from ansible_collections.configmgr.osd.tests.simulator.sequences.text_read import DEPTH_LIMIT, TextReader
from ansible_collections.configmgr.osd.tests.simulator.sequences.text_write import TextWriter
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
from hypothesis import given
from hypothesis import strategies as st

FORMS = Forms(BareSite().schema)


def write(*steps: Obj, **props: t.Any) -> str:
    made = sequence(*steps)
    made.props.update(props)
    return TextWriter(FORMS).write(made)


def inside(text: str) -> str:
    start = '<sequence version="3.10">'
    assert text.startswith(start) and text.endswith("</sequence>")
    return text[len(start):-len("</sequence>")]


def test_an_empty_sequence() -> None:
    assert write() == '<sequence version="3.10"></sequence>'


def test_a_step_in_full() -> None:
    made = set_variable("A \"b\" <c> & 'd'", "V", "x<y>\"z\"&", Description="d", Enabled=False,
                        ContinueOnError=True, Timeout=60)
    assert inside(write(made)) == (
        '<step type="SMS_TaskSequence_SetVariableAction" name="A &quot;b&quot; &lt;c&gt; &amp; \'d\'" description="d" '
        'disable="true" continueOnError="true" timeout="60" runIn="WinPEandFullOS" successCodeList="0" retryCount="0" '
        'runFromNet="false"><action>tsenv.exe "V=x&lt;y&gt;"z"&amp;" /hiddenflag:False</action><defaultVarList>'
        '<variable name="DoNotShowVariableValue" property="DoNotShowVariableValue" hidden="true">false</variable>'
        '<variable name="VariableName" property="VariableName" hidden="true">V</variable>'
        '<variable name="VariableValue" property="VariableValue" hidden="true">x&lt;y&gt;"z"&amp;</variable>'
        "</defaultVarList></step>"
    )


def test_nulls_are_left_out_and_empty_texts_are_written_long() -> None:
    text = write(command(WorkingDirectory="", OutputVariableName=None))
    assert '<variable name="WorkingDirectory" property="WorkingDirectory"></variable>' in text
    assert "OutputVariableName" not in text
    assert "<defaultVarList/>" in write(step("PrepareSMSClientAction"))


def test_groups_and_conditions() -> None:
    made = group("G", Condition=condition(
        Obj(PREFIX + "VariableConditionExpression", {"Variable": "V", "Operator": "exists", "Value": None}),
        Obj(PREFIX + "ConditionOperator", {"OperatorType": "or", "Operands": []}),
    ))
    assert inside(write(made, group("Empty", Enabled=False))) == (
        '<group name="G" description=""><condition><expression type="SMS_TaskSequence_VariableConditionExpression">'
        '<variable name="Operator">exists</variable><variable name="Variable">V</variable></expression>'
        '<operator type="or"/></condition></group><group name="Empty" description="" disable="true"/>'
    )
    assert inside(write(group("H", Condition=condition()))) == '<group name="H" description=""/>'


def test_operating_system_conditions() -> None:
    wmi = Obj(PREFIX + "WMIConditionExpression", {"Namespace": "root\\cimv2", "Query": "SELECT 1"})
    inner = Obj(PREFIX + "OSExpressionGroup", {
        "OperatorType": "and", "Name": "W", "Operands": [wmi], "PlatformArchKey": "x64", "PlatformTypeKey": "Win_NT",
        "PlatformMinVerKey": "10.00.0000.0", "PlatformMaxVerKey": "10.00.99999.9999"})
    made = command(Condition=condition(Obj(PREFIX + "OSConditionGroup", {"OperatorType": "or", "Operands": [inner]})))
    text = write(made)
    assert (
        '<osConditionGroup type="or"><osExpressionGroup type="and" name="W"><platformKey arch="x64" type="Win_NT" '
        'minVer="10.00.0000.0" maxVer="10.00.99999.9999"/><expression type="SMS_TaskSequence_WMIConditionExpression" '
        'ignoreQueryFailure="true"><variable name="Namespace">root\\cimv2</variable><variable name="Query">SELECT 1'
        "</variable></expression></osExpressionGroup></osConditionGroup>"
    ) in text
    assert TextReader(FORMS).read(text).props["Steps"][0].get("Condition") == made.get("Condition")


def test_embedded_arrays_are_counted_and_numbered_beyond_nine() -> None:
    rows = [Obj(PREFIX + "PackageInfo", {"Name": f"n{i}", "PackageId": f"PS1000{i:02X}", "PkgType": 0, "Size": i})
            for i in range(11)]
    made = step("DownloadPackageContentAction", DownloadPackages=",".join(row.get("PackageId") for row in rows),
                NumPackages=11, DestinationLocationType="TSCache", PackageInfo=rows)
    text = write(made)
    assert '<variable name="OSDPackage" property="PackageInfo" hidden="true">11</variable>' in text
    assert text.index('name="OSDPackage9Size"') < text.index('name="OSDPackage10Name"')
    back = TextReader(FORMS).read(text).props["Steps"][0]
    assert [row.props for row in back.get("PackageInfo")] == [row.props for row in rows]
    references = text[text.index("<referenceList>"):text.index("</referenceList>")]
    assert references.count("<reference package=") == 11


def test_adapters_are_hidden_shared_and_hold_lists() -> None:
    adapter = Obj(PREFIX + "NetworkAdapterSettings", {"Name": "LAN", "DNSServerList": ["1.1.1.1", "8.8.8.8"],
                                                      "EnableDHCP": False, "TCPFilterPortList": [80, 443]})
    made = step("ApplyNetworkSettingsAction", NetworkJoinType=1, WorkgroupName="W", Adapters=[adapter], NumAdapters=1)
    text = write(made)
    assert '<globalVarList><variable name="OSDAdapter" property="Adapters">1</variable>' in text
    assert 'property="Adapters0DNSServerList" hidden="true">1.1.1.1,8.8.8.8<' in text
    back = TextReader(FORMS).read(text).props["Steps"][0]
    assert back.get("Adapters")[0].props == adapter.props


def test_references_come_from_enabled_steps_in_order_of_use() -> None:
    text = write(
        command("Off", PackageID="PS1000FF", Enabled=False),
        group("Off too", command(PackageID="PS1000FE"), Enabled=False),
        step("InstallSoftwareAction", PackageID="PS100009", ProgramName="P & Q"),
        step("SubTasksequence", TsPackageID="PS100008", TsName="n", TsReferencePackages="PS100003,PS100004",
             TsReferenceApplications="ScopeId_1/Application_2"),
        command(PackageID="PS100003"),
        step("InstallApplicationAction", ApplicationName="ScopeId_1/Application_3,ScopeId_1/Application_2"),
    )
    assert text[text.index("<referenceList>"):].startswith(
        '<referenceList><reference package="PS100009" program="P &amp; Q"/><reference package="PS100008" program="*"/>'
        '<reference package="PS100003"/><reference package="PS100004"/>'
        '<reference application="ScopeId_1/Application_2"/><reference application="ScopeId_1/Application_3"/>'
        "</referenceList>"
    )
    assert '<subtasksequence type="SMS_TaskSequence_SubTasksequence" name="Step" description="" ' \
           'successCodeList="0" retryCount="0" runFromNet="false">' in text


@pytest.mark.parametrize(("made", "action"), [
    (command(CommandLine="a %b% 100%% %%", PackageID="PS100002"), "smsswd.exe /run:PS100002 a %b% 100% %"),
    (step("ApplyOperatingSystemAction", ImagePackageID="I", ImageIndex=1, DestinationVariable="OSDisk",
          ConfigFilePackage="C", RunFromNet=False),
     'OSDApplyOS.exe /image:I,%OSDImageIndex% "/config:C,%OSDConfigFileName%" /target:%OSDisk% /runfromnet:False'),
    (step("ApplyOperatingSystemAction", InstallPackageID="I", InstallEditionIndex=1, DestinationDisk=0,
          DestinationPartition=2), "OSDApplyOS.exe /install:I,%OSDInstallEditionIndex% /target:0,2"),
    (step("EnableBitLockerAction", Mode="TPM", CreateRecoveryPassword="AD", WaitForEncryption=True,
          EncryptFullDisk=True, EncryptMethod=7, SkipWhenNoValidTPM=True),
     "OSDBitLocker.exe /enable  /wait:True /mode:TPM /pwd:AD /full:True /crypt:7 /ignoretpm:True"),
    (step("OfflineEnableBitLockerAction", DestinationVariable="OSDisk", SkipWhenTPMInvalid=True),
     "OSDOfflineBitlocker.exe /enable  /drive:%OSDisk% /ignoretpm:True"),
    (step("ApplyDriverPackageAction", DriverPackageID="D", UnsignedDriver=True),
     "osddriverclient.exe /install:D  /unsigned:%OSDAllowUnsignedDriver% /recurse:%OSDRecurse%"),
    (step("DisableBitLockerAction"), "OSDBitLocker.exe /disable "),
    (step("RequestStateStoreAction", RequestType="capture"), "osdsmpclient.exe /capture"),
    (step("InstallSoftwareAction", PackageID="P"), "smsswd.exe /pkg:P /install /basevar: /continueOnError:"),
    (step("BDD_Gather", PackageID="P"), 'smsswd.exe /run:P cscript.exe "%DeployRoot%\\Scripts\\ZTIGather.wsf"'),
])
def test_command_lines(made: Obj, action: str) -> None:
    text = write(made)
    escaped = action.replace("&", "&amp;").replace("<", "&lt;")
    assert f"<action>{escaped}</action>" in text


def test_marked_properties_fill_the_attributes() -> None:
    assert 'successCodeList="0 1"' in write(command(SuccessCodes="0 1"))
    assert 'successCodeList="0"' in write(command(SuccessCodes=""))
    assert 'retryCount="3"' in write(step("InstallUpdateAction", Target="All", RetryCount="3"))
    assert 'runFromNet="true"' in write(step("ApplyOperatingSystemAction", RunFromNet=True))
    old = write(command(), SchemaVersion="3.00")
    assert "retryCount" not in old and "runFromNet" not in old and 'successCodeList="0 3010"' in old


def test_rules_text_is_kept_byte_by_byte() -> None:
    rules = '<Rules>\t<Rule a=\'1\'>\r\n  &lt;&amp;"</Rule></Rules>\n'
    text = write(step("SetDynamicVariablesAction", Rules=rules))
    assert TextReader(FORMS, keep_cr=True).read(text).props["Steps"][0].get("Rules") == rules
    assert TextReader(FORMS).read(text).props["Steps"][0].get("Rules") == rules.replace("\r\n", "\n")


def test_line_ends_in_attributes_survive() -> None:
    made = command("two\r\nlines\tand a tab", Description="x\ny")
    back = TextReader(FORMS).read(write(made)).props["Steps"][0]
    assert back.get("Name") == "two\r\nlines\tand a tab" and back.get("Description") == "x\ny"


def compare(name: str, value: str) -> Obj:
    return Obj(PREFIX + "VariableConditionExpression", {"Operator": "equals", "Value": value, "Variable": name})


def combine(kind: str, operands: list[Obj]) -> Obj:
    return Obj(PREFIX + "ConditionOperator", {"OperatorType": kind, "Operands": operands})


TEXTS = st.text(st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\ufffe\uffff"),
                min_size=1, max_size=20)
OPERANDS = st.recursive(
    st.builds(compare, TEXTS, TEXTS),
    lambda inner: st.builds(combine, st.sampled_from(["and", "or", "not"]), st.lists(inner, max_size=3)),
    max_leaves=6,
)
STEPS = st.recursive(
    st.builds(lambda n, v, off, ops: step("SetVariableAction", n, VariableName=v, VariableValue=v, Enabled=not off,
                                          Condition=condition(*ops) if ops else None, Timeout=None),
              TEXTS, TEXTS, st.booleans(), st.lists(OPERANDS, max_size=2)),
    lambda inner: st.builds(lambda n, items: group(n, *items, Condition=None), TEXTS, st.lists(inner, max_size=3)),
    max_leaves=8,
)


@given(st.lists(STEPS, max_size=4))
def test_any_tree_survives_the_way_there_and_back(steps: list[Obj]) -> None:
    made = sequence(*steps)
    made.props["SchemaVersion"] = "3.10"
    text = TextWriter(FORMS).write(made)
    back = TextReader(FORMS).read(text)
    assert back == made
    assert TextWriter(FORMS).write(back) == text


STEP = (
    '<sequence><step type="SMS_TaskSequence_PrepareSMSClientAction" name="n" {0}><action/>'
    "<defaultVarList>{1}</defaultVarList>{2}</step></sequence>"
)


@pytest.mark.parametrize(("text", "message"), [
    ("", "no text"),
    ("<sequence", "not well-formed"),
    ("<sequences/>", "root element"),
    ('<!DOCTYPE x [<!ENTITY a "b">]><sequence version="3.10">&a;</sequence>', "document type"),
    ("<sequence><other/></sequence>", "unexpected element 'other'"),
    ('<sequence><group name="g"><referenceList/></group></sequence>', "unexpected element 'referenceList'"),
    ('<sequence><step type="SMS_TaskSequence_Nonsense" name="n"/></sequence>', "unknown class"),
    ('<sequence><step name="n"/></sequence>', "unknown class"),
    ('<sequence><step type="SMS_TaskSequence_Group" name="n"/></sequence>', "not a class of steps"),
    ('<sequence><step type="SMS_TaskSequence_SubTasksequence" name="n"/></sequence>', "does not belong"),
    (STEP.format('timeout="soon"', "", ""), "timeout"),
    (STEP.format('disable="1"', "", ""), "disable"),
    (STEP.format("", "<variable name='x'>1</variable>", ""), "no property"),
    (STEP.format("", "", "<extra/>"), "unexpected element 'extra'"),
    (STEP.format("", "", "<condition/><condition/>"), "more than one condition"),
    (STEP.format("", "", "<condition><operand/></condition>"), "unexpected element"),
    (STEP.format("", "", '<condition><expression type="X"/></condition>'), "unknown class"),
    (STEP.format("", "", f'<condition><expression type="{PREFIX}ConditionOperator"/></condition>'),
     "not a class of conditions"),
    ("<sequence>" + "<group>" * (DEPTH_LIMIT + 2) + "</group>" * (DEPTH_LIMIT + 2) + "</sequence>", "deeper"),
])
def test_what_import_sequence_refuses(text: str, message: str) -> None:
    with pytest.raises(ProviderError) as caught:
        BareSite().call("ImportSequence", SequenceXML=text)
    assert message in caught.value.text
    assert caught.value.extended is not None


def array(rows: str) -> str:
    return (
        '<sequence><step type="SMS_TaskSequence_PartitionDiskAction" name="n"><action/><defaultVarList>' + rows
        + "</defaultVarList></step></sequence>"
    )


@pytest.mark.parametrize(("rows", "message"), [
    ('<variable property="Partitions">2</variable><variable property="Partitions0Size">1</variable>', "indexes"),
    ('<variable property="Partitions">1</variable>', "has none"),
    ('<variable property="Partitions0Size">1</variable>', "no count"),
    ('<variable property="Partitions">x</variable>', "invalid literal"),
    ('<variable property="DiskIndex">x</variable>', "DiskIndex"),
    ('<variable property="DiskIndex">4294967296</variable>', "does not fit"),
    ('<variable property="GPTBootDisk">yes</variable>', "not a boolean"),
    ('<variable property="DiskIndex">1</variable><variable property="diskindex">1</variable>', "twice"),
])
def test_variables_that_make_no_sense_are_refused(rows: str, message: str) -> None:
    with pytest.raises(ProviderError) as caught:
        BareSite().call("ImportSequence", SequenceXML=array(rows))
    assert message in caught.value.text


def test_unknown_classes_are_named_and_mdt_brings_its_own() -> None:
    text = '<sequence><step type="BDD_Gather" name="n"><action/><defaultVarList>' \
           '<variable name="GatherLocalOnly" property="GatherLocalOnly">true</variable></defaultVarList></step>' \
           "</sequence>"
    site = BareSite()
    (gather,) = site.call("ImportSequence", SequenceXML=text)["TaskSequence"].props["Steps"]
    assert gather.get("GatherLocalOnly") is True
    site.schema = type(site.schema).load(mdt=False)
    with pytest.raises(ProviderError) as caught:
        site.call("ImportSequence", SequenceXML=text)
    assert caught.value.extended is not None and caught.value.extended["ParameterInfo"] == "BDD_Gather"


def test_import_saves_nothing_and_notes_what_it_leaves_out() -> None:
    site = BareSite()
    before = site.store.snapshot()
    text = '<?xml version="1.0" encoding="utf-16"?>\n<sequence version="3.10">' \
           '<step type="SMS_TaskSequence_RebootAction" name="n" colour="red"><action/><defaultVarList>' \
           '<variable name="v" property="Speed">1</variable>' \
           "</defaultVarList></step></sequence>"
    made = site.call("ImportSequence", SequenceXML=text)["TaskSequence"]
    assert made.get("SchemaVersion") == "3.10"
    assert "Speed" not in made.props["Steps"][0].props
    assert site.kinds() == ["sequence_text_left_out"] * 2
    assert site.store._tables == before._tables and site.store._side == before._side


def test_load_from_xml_returns_the_objects() -> None:
    site = BareSite()
    answer = site.call("LoadFromXml", "SMS_TaskSequence", Xml=write(command()))
    assert answer["ReturnValue"].props["Steps"][0].get("CommandLine") == "cmd.exe /c ver"
    assert "deprecated_method" in site.kinds()
