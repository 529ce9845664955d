# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bodies: what the front end refuses, what it takes, and how it writes answers."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.configmgr.osd.tests.simulator.objects import Dt, Obj
from ansible_collections.configmgr.osd.tests.unit.simulator.front_support import (
    NS,
    PRECISE,
    SITE,
    Bench,
    C,
    invoke,
    package,
    request,
    transfer,
)

KEY = {"PackageID": "PS100001"}
TSP = "SMS_TaskSequencePackage"
CIM = 'xmlns:cim="http://schemas.dmtf.org/wbem/wscim/1/common"'


@pytest.fixture
def bench() -> Bench:
    """Return a bench."""
    return Bench()


def listed(*names: str) -> str:
    """Return the options of a Put with these modified properties."""
    return PRECISE + "".join(
        f'<w:Option Name="wmiarray:__MIInstanceModifiedPropertiesList" Type="xs:string">{name}</w:Option>'
        for name in names
    )


def created(bench: Bench, body: str, name: str = "SMS_Package") -> Obj:
    """Create an object and return what the provider got."""
    answer = bench.send(transfer("Create", name, package(body, name)))
    assert answer.status == 200, answer.reason
    return bench.stub.calls[-1][2]


def refused(bench: Bench, data: bytes) -> t.Any:
    """Send something wrong and make sure that the provider never saw it."""
    answer = bench.send(data)
    assert answer.status == 500
    assert bench.stub.calls == []
    return answer


def step(
    content: str, name: str = "SMS_TaskSequence_RunCommandLineAction", prefix: str = "r", attributes: str = ""
) -> str:
    """Return a Steps element of the sequence with the prefix ts."""
    return f'<ts:Steps xmlns:{prefix}="{C}{name}" xsi:type="{prefix}:{name}_Type"{attributes}>{content}</ts:Steps>'


def set_sequence(steps: str, more: str = "") -> bytes:
    """Return a SetSequence with these steps."""
    body = (
        f'<q:TaskSequence xmlns:ts="{C}SMS_TaskSequence" xsi:type="ts:SMS_TaskSequence_Type">{steps}</q:TaskSequence>'
        f'<q:TaskSequencePackage xsi:type="q:{TSP}_Type"><q:PackageID>PS100042</q:PackageID></q:TaskSequencePackage>'
        f"{more}"
    )
    return invoke(TSP, "SetSequence", body)


def params(bench: Bench, data: bytes) -> dict[str, t.Any]:
    """Send an Invoke and return the parameters that the provider got."""
    answer = bench.send(data)
    assert answer.status == 200, answer.reason
    return bench.stub.calls[-1][5]


# ---- Create, Put and the values ------------------------------------------------------------------


def test_create_takes_values_by_their_types(bench: Bench) -> None:
    obj = created(
        bench,
        "<q:Name>A &amp; B</q:Name><q:Description></q:Description><q:Priority>2</q:Priority>"
        "<q:ForcedDisconnectEnabled>true</q:ForcedDisconnectEnabled><q:Version xsi:nil='true'/>"
        "<q:ExtendedData>1</q:ExtendedData><q:ExtendedData>255</q:ExtendedData>",
    )
    assert obj == Obj(
        "SMS_Package",
        {
            "Name": "A & B",
            "Description": "",
            "Priority": 2,
            "ForcedDisconnectEnabled": True,
            "Version": None,
            "ExtendedData": [1, 255],
        },
    )
    assert obj.props["ForcedDisconnectEnabled"].__class__ is bool


def test_create_answers_with_the_reference(bench: Bench) -> None:
    answer = bench.send(transfer("Create", "SMS_Package", package("<q:Name>x</q:Name>")))
    assert answer.body.tag == f"{{{NS['x']}}}ResourceCreated"
    names = {item.get("Name"): item.text for item in answer.root.findall(".//w:Selector", NS)}
    assert names == {"PackageID": "PS100002", "__cimnamespace": SITE}
    assert answer.text(".//w:ResourceURI") == f"{C}SMS_Package"


VALUES = {
    "1 for a boolean": (
        "<q:ForcedDisconnectEnabled>1</q:ForcedDisconnectEnabled>",
        2150858817,
        "ForcedDisconnectEnabled",
    ),
    "0 for a boolean": ("<q:ForcedDisconnectEnabled>0</q:ForcedDisconnectEnabled>", 2150858817, "boolean"),
    "TRUE": ("<q:ForcedDisconnectEnabled>TRUE</q:ForcedDisconnectEnabled>", 2150858817, "boolean"),
    "empty boolean": ("<q:ForcedDisconnectEnabled/>", 2150858817, "boolean"),
    "text for a number": ("<q:Priority>two</q:Priority>", 2150858817, "cannot convert the string to a number"),
    "blank after a number": ("<q:Priority>2 </q:Priority>", 2150858817, "number"),
    "plus": ("<q:Priority>+2</q:Priority>", 2150858817, "number"),
    "leading zero": ("<q:Priority>02</q:Priority>", 2150858817, "number"),
    "negative": ("<q:Priority>-1</q:Priority>", 2150858817, "out of the range of uint32"),
    "too large": ("<q:Priority>4294967296</q:Priority>", 2150858817, "out of the range of uint32"),
    "byte too large": ("<q:ExtendedData>256</q:ExtendedData>", 2150858817, "out of the range of uint8"),
    "empty number": ("<q:Priority/>", 2150858817, "number"),
    "unknown": ("<q:Colour>red</q:Colour>", 2150858837, "Colour"),
    "other case": ("<q:name>red</q:name>", 2150858837, "it is spelled Name"),
    "no namespace": ('<Name xmlns="">x</Name>', 2150858840, "no namespace"),
    "base class namespace": (f'<b:Name xmlns:b="{C}SMS_PackageBaseclass">x</b:Name>', 2150858840, "SMS_Package"),
    "wmi namespace": (
        '<b:Name xmlns:b="http://schemas.microsoft.com/wbem/wsman/1/wmi/root/sms/site_PS1/SMS_Package">x</b:Name>',
        2150858840,
        "SMS_Package",
    ),
    "twice": ("<q:Name>a</q:Name><q:Name>b</q:Name>", 2150858773, "2 elements for one value"),
    "not adjacent": (
        "<q:ExtendedData>1</q:ExtendedData><q:Name>a</q:Name><q:ExtendedData>2</q:ExtendedData>",
        2150858773,
        "not adjacent",
    ),
    "element in a text": ("<q:Name><q:b/></q:Name>", 2150858836, "holds the element"),
    "nil and text": ('<q:Name xsi:nil="true">a</q:Name>', 2150858838, "nil and has content"),
    "nil 1": ('<q:Name xsi:nil="1"/>', 2150858838, "neither true nor false"),
    "nil item": ('<q:ExtendedData>1</q:ExtendedData><q:ExtendedData xsi:nil="true"/>', 2150858838, "item of an array"),
    "null array mark on a scalar": ('<q:Name xsi:nil="true" p:IsNullArray="true"/>', 2150858838, "IsNullArray"),
    "attribute": ('<q:Name colour="red">a</q:Name>', 2150858838, "colour"),
    "text between": ("x<q:Name>a</q:Name>", 2150858838, "text stands between"),
    "wrong simple type": (f'<q:Name {CIM} xsi:type="cim:cimBoolean">a</q:Name>', 2150858817, "cim:cimString"),
}


@pytest.mark.parametrize("case", VALUES)
def test_a_wrong_value_is_refused_by_name(bench: Bench, case: str) -> None:
    content, code, said = VALUES[case]
    answer = refused(bench, transfer("Create", "SMS_Package", package(content)))
    assert (answer.code, said in answer.reason) == (code, True), answer.reason


def test_simple_types_may_be_named_as_windows_does(bench: Bench) -> None:
    obj = created(
        bench, '<q:Name xsi:type="cim:cimString">a</q:Name><q:Priority xsi:type="cim:cimUnsignedInt">1</q:Priority>'
    )
    assert obj.props == {"Name": "a", "Priority": 1}


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("<cim:Datetime>2025-06-01T08:00:00Z</cim:Datetime>", "20250601080000.000000+000"),
        ("<cim:Datetime>2025-06-01T08:00:00.25-05:30</cim:Datetime>", "20250601080000.250000-330"),
        ("<cim:Datetime>2025-06-01T08:00:00</cim:Datetime>", "20250601080000.000000+000"),
        ("<CIM_DateTime>20250601080000.000000+***</CIM_DateTime>", "20250601080000.000000+***"),
        ("<cim:CIM_DateTime>20250601080000.000000+060</cim:CIM_DateTime>", "20250601080000.000000+060"),
        ("2025-06-01T08:00:00Z", "20250601080000.000000+000"),
        ("20250601080000.000000+***", "20250601080000.000000+***"),
        ("<cim:Interval>P1DT2H3M4S</cim:Interval>", "00000001020304.000000:000"),
        ("<CIM_DateTime>00000001020304.000000:000</CIM_DateTime>", "00000001020304.000000:000"),
    ],
)
def test_a_datetime_is_read_in_every_form(bench: Bench, written: str, kept: str) -> None:
    obj = created(bench, f"<q:SourceDate {CIM}>{written}</q:SourceDate>")
    assert obj.props["SourceDate"] == Dt(kept)
    assert isinstance(obj.props["SourceDate"], Dt)


@pytest.mark.parametrize(
    "written",
    [
        "yesterday",
        "",
        "2025-13-01T08:00:00Z",
        "20250231080000.000000+***",
        "20250601080000+***",
        "P1M",
        "<cim:Datetime>20250601080000.000000+***</cim:Datetime>",
        "<cim:Time>x</cim:Time>",
        "<cim:Interval>1D</cim:Interval>",
        '<CIM_DateTime xmlns="urn:x">20250601080000.000000+***</CIM_DateTime>',
        "<CIM_DateTime>20250601080000.000000+***</CIM_DateTime><CIM_DateTime>20250601080000.000000+***</CIM_DateTime>",
    ],
)
def test_a_wrong_datetime_is_refused(bench: Bench, written: str) -> None:
    answer = refused(bench, transfer("Create", "SMS_Package", package(f"<q:SourceDate {CIM}>{written}</q:SourceDate>")))
    assert answer.code == 2150858817
    assert "SourceDate" in answer.reason


def test_the_class_of_the_body_must_fit(bench: Bench) -> None:
    other = package("<q:CollectionName>x</q:CollectionName>", "SMS_Collection")
    assert "does not derive" in refused(bench, transfer("Create", "SMS_Package", other)).reason
    unknown = f'<q:Nope xmlns:q="{C}Nope"/>'
    assert "no class of this site" in refused(bench, transfer("Create", "SMS_Package", unknown)).reason
    lower = package("", "sms_package")
    assert "no class of this site" in refused(bench, transfer("Create", "SMS_Package", lower)).reason
    mistyped = package("<q:Name>x</q:Name>", attributes=' xsi:type="q:SMS_Program_Type"')
    assert "SMS_Package_Type" in refused(bench, transfer("Create", "SMS_Package", mistyped)).reason
    assert "no body" in refused(bench, transfer("Create", "SMS_Package")).reason


def test_create_takes_no_keys(bench: Bench) -> None:
    answer = refused(bench, transfer("Create", "SMS_Package", package("<q:Name>x</q:Name>"), keys=KEY))
    assert answer.subcode == "w:InvalidSelectors"


def test_put_hands_over_the_modified_list(bench: Bench) -> None:
    body = package("<q:PackageID>PS100001</q:PackageID><q:Name>New</q:Name><q:Version xsi:nil='true'/>")
    answer = bench.send(transfer("Put", "SMS_Package", body, keys=KEY, options=listed("Name", "Version")))
    assert answer.status == 200, answer.reason
    sent = Obj("SMS_Package", {"PackageID": "PS100001", "Name": "New", "Version": None})
    assert bench.stub.calls == [("put", SITE, "SMS_Package", KEY, sent, ["Name", "Version"])]
    assert answer.text(".//{*}SMS_Package/{*}Name") == "New"


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("Colour",), "Colour"),
        (("Name", "Description"), "Description is in the list"),
        (("Name", "Name"), "twice"),
    ],
)
def test_the_modified_list_must_fit_the_body(bench: Bench, names: tuple[str, ...], said: str) -> None:
    body = package("<q:PackageID>PS100001</q:PackageID><q:Name>New</q:Name>")
    answer = refused(bench, transfer("Put", "SMS_Package", body, keys=KEY, options=listed(*names)))
    assert said in answer.reason


def test_put_refuses_another_key_in_the_body(bench: Bench) -> None:
    body = package("<q:PackageID>PS100009</q:PackageID><q:Name>New</q:Name>")
    assert "PS100009" in refused(bench, transfer("Put", "SMS_Package", body, keys=KEY)).reason


# ---- methods and embedded objects -----------------------------------------------------------------


def test_embedded_objects_arrive_as_a_tree(bench: Bench) -> None:
    condition = (
        f'<r:Condition xmlns:c="{C}SMS_TaskSequence_Condition" xsi:type="c:SMS_TaskSequence_Condition_Type">'
        f'<c:Operands xmlns:v="{C}SMS_TaskSequence_VariableConditionExpression"'
        ' xsi:type="v:SMS_TaskSequence_VariableConditionExpression_Type"><v:Variable>X</v:Variable></c:Operands>'
        "</r:Condition>"
    )
    steps = step(f"<r:Name>run</r:Name><r:Enabled>true</r:Enabled>{condition}") + step(
        "<r:Name>wait</r:Name>", "SMS_TaskSequence_RebootAction"
    )
    sequence = params(bench, set_sequence(steps))["TaskSequence"]
    first, second = sequence.props["Steps"]
    assert (sequence.class_name, first.class_name, second.class_name) == (
        "SMS_TaskSequence",
        "SMS_TaskSequence_RunCommandLineAction",
        "SMS_TaskSequence_RebootAction",
    )
    assert first.props["Enabled"] is True
    assert first.props["Condition"].props["Operands"][0].props == {"Variable": "X"}


def test_an_empty_sequence_is_a_nil_array(bench: Bench) -> None:
    assert params(bench, set_sequence('<ts:Steps xsi:nil="true"/>'))["TaskSequence"].props == {"Steps": None}
    marked = '<ts:Steps xsi:nil="true" p:IsNullArray="true"/>'
    assert params(bench, set_sequence(marked))["TaskSequence"].props == {"Steps": None}


RUN = "SMS_TaskSequence_RunCommandLineAction"
STEPS = {
    "no type": (f'<ts:Steps xmlns:r="{C}{RUN}"><r:Name>x</r:Name></ts:Steps>', "xsi:type is missing"),
    "no suffix": (
        f'<ts:Steps xmlns:r="{C}{RUN}" xsi:type="r:{RUN}"><r:Name>x</r:Name></ts:Steps>',
        "does not end in _Type",
    ),
    "no prefix": (
        f'<ts:Steps xmlns:r="{C}{RUN}" xsi:type="{RUN}_Type"><r:Name>x</r:Name></ts:Steps>',
        "prefix of xsi:type",
    ),
    "undeclared prefix": (
        f'<ts:Steps xmlns:r="{C}{RUN}" xsi:type="z:{RUN}_Type"><r:Name>x</r:Name></ts:Steps>',
        "prefix of xsi:type",
    ),
    "other prefix": (
        f'<ts:Steps xmlns:r="{C}{RUN}" xsi:type="ts:{RUN}_Type"><r:Name>x</r:Name></ts:Steps>',
        "prefix of xsi:type",
    ),
    "unknown class": (step("<r:Name>x</r:Name>", "SMS_TaskSequence_DanceAction"), "SMS_TaskSequence_DanceAction"),
    "class in other case": (step("<r:Name>x</r:Name>", RUN.replace("Run", "run")), f"it is spelled {RUN}"),
    "not derived": (step("<r:Name>x</r:Name>", "SMS_Package"), "does not derive from SMS_TaskSequence_Step"),
    "abstract": (step("<r:Name>x</r:Name>", "SMS_TaskSequence_Step"), "abstract"),
    "no child": (step(""), "without any element"),
    "parent namespace": (step("<ts:Name>x</ts:Name>"), f"must be in that of {RUN}"),
    "base namespace": (step(f'<b:Name xmlns:b="{C}SMS_TaskSequence_Step">x</b:Name>'), f"must be in that of {RUN}"),
    "unknown property": (step("<r:Tempo>x</r:Tempo>"), "Tempo"),
    "wrong type": (step("<r:Timeout>soon</r:Timeout>"), "Timeout"),
    "escaped xml": (
        f'<ts:Steps xmlns:r="{C}{RUN}" xsi:type="r:{RUN}_Type">&lt;x/&gt;</ts:Steps>',
        "without any element",
    ),
    "class wrapper": (step(f"<r:{RUN}><r:Name>x</r:Name></r:{RUN}>"), "no such property"),
    "xsi of 2001 schema": (
        f'<ts:Steps xmlns:r="{C}{RUN}" xmlns:y="http://www.w3.org/2001/XMLSchema" y:type="r:{RUN}_Type">'
        "<r:Name>x</r:Name></ts:Steps>",
        "type is not allowed",
    ),
}


@pytest.mark.parametrize("case", STEPS)
def test_a_wrong_embedded_object_is_refused_with_its_path(bench: Bench, case: str) -> None:
    steps, said = STEPS[case]
    answer = refused(bench, set_sequence(steps))
    assert said in answer.reason
    assert "SetSequence_INPUT/TaskSequence" in answer.reason


def test_the_path_counts_the_items(bench: Bench) -> None:
    answer = refused(bench, set_sequence(step("<r:Name>x</r:Name>") * 2 + step("<r:Enabled>1</r:Enabled>")))
    assert f"Steps[2]({RUN})/Enabled" in answer.reason


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (invoke(TSP, "SetSequence", "<q:Nope>1</q:Nope>"), "no such parameter"),
        (invoke(TSP, "SetSequence", "<q:taskSequence>1</q:taskSequence>"), "it is spelled TaskSequence"),
        (
            invoke(TSP, "SetSequence", "<q:SavedTaskSequencePackagePath>1</q:SavedTaskSequencePackagePath>"),
            "out parameter",
        ),
        (invoke(TSP, "SetSequence", keys=KEY), "takes no selectors"),
        (invoke(TSP, "setsequence"), "It is spelled SetSequence"),
        (invoke(TSP, "Nothing"), "no method Nothing"),
        (invoke("SMS_Package", "RefreshPkgSource"), "PackageID missing"),
        (invoke(TSP, "SetSequence").replace(b"SetSequence_INPUT", b"SetSequence_IN"), "must be SetSequence_INPUT"),
        (
            invoke(TSP, "SetSequence").replace(f'xmlns:q="{C}{TSP}"'.encode(), f'xmlns:q="{C}SMS_Package"'.encode()),
            f"must be in that of {TSP}",
        ),
        (
            invoke(TSP, "SetSequence").replace(
                b"<q:SetSequence_INPUT ", b'<q:SetSequence_INPUT xsi:type="Other_Type" '
            ),
            "must be SetSequence_INPUT_Type",
        ),
    ],
)
def test_a_wrong_invoke_is_refused(bench: Bench, data: bytes, said: str) -> None:
    assert said in refused(bench, data).reason


def test_an_instance_method_gets_the_keys(bench: Bench) -> None:
    assert bench.send(invoke("SMS_Package", "RefreshPkgSource", keys=KEY)).status == 200
    assert bench.stub.calls == [("invoke", SITE, "SMS_Package", "RefreshPkgSource", KEY, {})]


def test_a_method_without_parameters_needs_no_body(bench: Bench) -> None:
    data = request(f"{C}SMS_Identification/GetSiteID", f"{C}SMS_Identification")
    bench.stub.answers["GetSiteID"] = {"ReturnValue": 0, "SiteID": "{1}"}
    answer = bench.send(data)
    assert answer.body.tag == f"{{{C}SMS_Identification}}GetSiteID_OUTPUT"
    assert [(child.tag.rpartition("}")[2], child.text) for child in answer.body] == [
        ("ReturnValue", "0"),
        ("SiteID", "{1}"),
    ]
    assert answer.text("s:Header/a:Action") == f"{C}SMS_Identification/GetSiteIDResponse"
