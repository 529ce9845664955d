# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Instances on the wire: exact form, exact values, and back again."""

from __future__ import annotations

import datetime
import time
import typing as t
import xml.etree.ElementTree as ET

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.catalogue import Catalogue
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.decode import Decoder
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.encode import Encoder
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.instance import CimDatetime, CimReference, Instance
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.values import Verbatim
from ansible_collections.configmgr.osd.plugins.plugin_utils._errors import InvalidInput
from ansible_collections.configmgr.osd.plugins.plugin_utils._wsman.uris import XSI, UriFamily
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.plugins.plugin_utils._wsman.support import CIM, NAMESPACES

CATALOGUE = Catalogue.load()
P = "SMS_TaskSequence_"
NS = "root/sms/site_P01"


def encoder(**facts: t.Any) -> Encoder:
    return Encoder(CATALOGUE, UriFamily(facts.pop("family", "dmtf")), NS, **facts)


def parsed(text: str) -> ET.Element:
    return ET.fromstring(f"<e {NAMESPACES}>{text}</e>")[0]


def body(instance: Instance, *, nulls: bool = False, **facts: t.Any) -> str:
    return encoder(**facts).instance(instance, nulls=nulls)


def inner(text: str) -> str:
    """Return what stands in the outermost element."""
    return text[text.index(">") + 1 : text.rindex("</")]


# -- the form ----------------------------------------------------------------------------------------


def test_the_whole_form_of_a_call() -> None:
    operand = Instance(P + "VariableConditionExpression", {"Variable": "_X", "Operator": "exists"})
    step = Instance(
        P + "RunCommandLineAction",
        {
            "Name": "Run",
            "Enabled": True,
            "Timeout": 900,
            "Description": None,
            "Condition": Instance(P + "Condition", {"Operands": [operand]}),
        },
    )
    sequence = Instance("SMS_TaskSequence", {"Steps": [step, Instance(P + "Group", {"Name": "G"})]})
    package = Instance("SMS_TaskSequencePackage", {"PackageID": "P0100042"})
    text = encoder().parameters(
        "SMS_TaskSequencePackage", "SetSequence", {"TaskSequence": sequence, "TaskSequencePackage": package}
    )
    assert text == (
        f'<p:SetSequence_INPUT xmlns:p="{CIM}SMS_TaskSequencePackage" xmlns:b="{CIM}SMS_TaskSequence"'
        f' xmlns:c="{CIM}{P}RunCommandLineAction" xmlns:d="{CIM}{P}Condition"'
        f' xmlns:e="{CIM}{P}VariableConditionExpression" xmlns:f="{CIM}{P}Group">'
        '<p:TaskSequence xsi:type="b:SMS_TaskSequence_Type">'
        f'<b:Steps xsi:type="c:{P}RunCommandLineAction_Type"><c:Name>Run</c:Name><c:Enabled>true</c:Enabled>'
        f'<c:Timeout>900</c:Timeout><c:Condition xsi:type="d:{P}Condition_Type">'
        f'<d:Operands xsi:type="e:{P}VariableConditionExpression_Type"><e:Variable>_X</e:Variable>'
        "<e:Operator>exists</e:Operator></d:Operands></c:Condition></b:Steps>"
        f'<b:Steps xsi:type="f:{P}Group_Type"><f:Name>G</f:Name></b:Steps></p:TaskSequence>'
        '<p:TaskSequencePackage xsi:type="p:SMS_TaskSequencePackage_Type"><p:PackageID>P0100042</p:PackageID>'
        "</p:TaskSequencePackage></p:SetSequence_INPUT>"
    )


def test_wmi_family() -> None:
    text = body(Instance("SMS_Package", {"Name": "n"}), family="wmi")
    assert 'xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wmi/root/sms/site_P01/SMS_Package"' in text


def test_an_empty_sequence_says_so() -> None:
    text = encoder().parameters(
        "SMS_TaskSequencePackage", "SetSequence", {"TaskSequence": Instance("SMS_TaskSequence")}
    )
    assert '<b:Steps xsi:nil="true"/></p:TaskSequence>' in text
    for properties in ({"Steps": []}, {"Steps": None, "SchemaVersion": None}):
        assert '<b:Steps xsi:nil="true"/></p:TaskSequence>' in encoder().parameters(
            "SMS_TaskSequencePackage", "SetSequence", {"TaskSequence": Instance("SMS_TaskSequence", properties)}
        )
    condition = Instance(P + "Group", {"Condition": Instance(P + "Condition")})
    assert 'xsi:type="b:SMS_TaskSequence_Condition_Type"><b:Operands xsi:nil="true"/>' in body(condition)


def test_an_empty_object_without_arrays_shows_its_nulls() -> None:
    text = body(Instance("SMS_X", {"Token": Instance("SMS_ST_NonRecurring")}))
    assert '<b:StartTime xsi:nil="true"/>' in text
    with pytest.raises(InvalidInput, match="without any property"):
        body(Instance("SMS_X", {"Token": Instance("SMS_Unheard")}))


def test_nulls() -> None:
    instance = Instance("SMS_TaskSequencePackage", {"Name": None, "ISVData": [], "Description": ""})
    assert inner(body(instance)) == "<p:Description></p:Description>"
    assert inner(body(instance, nulls=True)) == (
        '<p:Name xsi:nil="true"/><p:ISVData xsi:nil="true" m:IsNullArray="true"/><p:Description></p:Description>'
    )
    assert inner(body(Instance("SMS_New", {"A": None}), nulls=True)) == '<p:A xsi:nil="true"/>'


def test_nulls_inside_an_embedded_object_are_left_out_of_a_put_too() -> None:
    token = Instance("SMS_ST_RecurInterval", {"DaySpan": 1, "HourSpan": None})
    text = inner(body(Instance("SMS_Advertisement", {"AssignedSchedule": [token]}), nulls=True))
    assert "HourSpan" not in text and "<b:DaySpan>1</b:DaySpan>" in text


def test_the_order_of_properties_is_kept_and_items_are_adjacent() -> None:
    text = inner(body(Instance("SMS_TaskSequencePackage", {"Name": "n", "ISVData": [3, 1, 2], "Category": "c"})))
    assert text == (
        "<p:Name>n</p:Name><p:ISVData>3</p:ISVData><p:ISVData>1</p:ISVData><p:ISVData>2</p:ISVData>"
        "<p:Category>c</p:Category>"
    )


def test_names_are_spelled_as_the_catalogue_does() -> None:
    text = body(Instance("sms_package", {"NAME": "n"}))
    assert "p:SMS_Package_Type" in text and "<p:Name>n</p:Name>" in text


DATE = CimDatetime("20250601080000.000000+***")


@pytest.mark.parametrize(
    ("form", "value", "wanted"),
    [
        ("cim_datetime", DATE, ' xsi:type="cim:cimDateTime"><CIM_DateTime>20250601080000.000000+***</CIM_DateTime>'),
        ("iso", DATE, "><cim:Datetime>2025-06-01T08:00:00Z</cim:Datetime>"),
        ("iso", CimDatetime("00000001020304.000000:000"), "><cim:Interval>P1DT2H3M4S</cim:Interval>"),
        ("text", DATE, ">20250601080000.000000+***"),
        ("iso", CimDatetime("20250601******.******+***"), ' xsi:type="cim:cimDateTime"><CIM_DateTime>20250601******'),
        ("text", Verbatim("odd"), ">odd"),
    ],
)
def test_datetimes(form: str, value: str, wanted: str) -> None:
    assert f"<p:SourceDate{wanted}" in body(Instance("SMS_Package", {"SourceDate": value}), datetime_form=form)


def test_a_datetime_in_an_unknown_place() -> None:
    assert "<CIM_DateTime>" in body(Instance("SMS_New", {"When": DATE}))


def test_forms_are_checked() -> None:
    with pytest.raises(ValueError, match="no such datetime form"):
        encoder(datetime_form="other")


def test_references() -> None:
    reference = CimReference("SMS_Package", (("PackageID", "P<1"),))
    text = inner(body(Instance("SMS_X", {"Ref": reference})))
    assert f"<w:ResourceURI>{CIM}SMS_Package</w:ResourceURI>" in text
    assert '<w:Selector Name="__cimnamespace">root/sms/site_P01</w:Selector>' in text
    assert '<w:Selector Name="PackageID">P&lt;1</w:Selector>' in text
    assert "EndpointReference" not in text


def test_many_classes_get_prefixes_of_their_own() -> None:
    many = [Instance(f"SMS_C{number}", {"A": "x"}) for number in range(300)]
    root = parsed(body(Instance("SMS_X", {"Many": many})))
    assert [child.get(f"{{{XSI}}}type", "").split(":")[1] for child in root] == [f"SMS_C{n}_Type" for n in range(300)]
    assert [child[0].tag for child in root] == [f"{{{CIM}SMS_C{number}}}A" for number in range(300)]


# -- refusals ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("class_name", "name", "value", "rule"),
    [
        ("SMS_Package", "Priority", -1, "between 0 and 4294967295"),
        ("SMS_Package", "Priority", 4294967296, "between 0 and 4294967295"),
        ("SMS_Package", "Priority", True, "whole number"),
        ("SMS_Package", "Priority", "high", "whole number"),
        ("SMS_Package", "Priority", [1], "single value"),
        ("SMS_TaskSequencePackage", "ISVData", 1, "must be a list"),
        ("SMS_TaskSequencePackage", "ISVData", [256], "between 0 and 255"),
        ("SMS_TaskSequencePackage", "ISVData", [None], "cannot hold nulls"),
        ("SMS_Package", "Name", 5, "must be text"),
        ("SMS_Package", "SourceDate", "2025-06-01", "CIM datetime"),
        (P + "Group", "Enabled", "true", "true or false"),
        (P + "Group", "Condition", "text", "must be an instance of SMS_TaskSequence_Condition"),
        ("SMS_New", "A", object(), "no CIM form"),
    ],
)
def test_values_that_do_not_fit(class_name: str, name: str, value: t.Any, rule: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        body(Instance(class_name, {name: value}))
    assert rule in str(caught.value)
    assert caught.value.problems[0].path == f"{class_name}.{name}"


def test_errors_never_quote_text() -> None:
    step = P + "JoinDomainWorkgroupAction"
    for value in ("hunter2\x01", ["hunter2"]):
        with pytest.raises(InvalidInput) as caught:
            body(Instance(step, {"DomainPassword": value}))
        assert "hunter2" not in str(caught.value.details())
        assert "DomainPassword" in str(caught.value)
    with pytest.raises(InvalidInput) as caught:
        body(Instance(step, {"DomainPassword": 1234}))
    assert "1234" not in str(caught.value)


def test_unknown_parameters_are_a_programming_error() -> None:
    with pytest.raises(ValueError, match="no parameter Sequence"):
        encoder().parameters("SMS_TaskSequencePackage", "SetSequence", {"Sequence": None})
    assert "<p:Any>1</p:Any>" in encoder().parameters("SMS_TaskSequencePackage", "NewMethod", {"Any": 1})


def test_depth_is_limited() -> None:
    deep = Instance(P + "Group", {"Name": "x"})
    for _level in range(300):
        deep = Instance(P + "Group", {"Steps": [deep]})
    with pytest.raises(InvalidInput, match="nested"):
        body(deep)


# -- round trips -------------------------------------------------------------------------------------

TEXT = st.text(st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\ufffe\uffff")) | st.sampled_from(
    ["", " ", "a\r\nb", "\t x \n", "<&>\"']]>", "\u00e4 \u2713 \U0001f4e6", "true", "0", "  lead and trail  "]
)
SCALARS: dict[str, st.SearchStrategy[t.Any]] = {
    "string": TEXT,
    "boolean": st.booleans(),
    "uint8": st.integers(0, 255),
    "uint32": st.integers(0, 2**32 - 1),
    "sint32": st.integers(-(2**31), 2**31 - 1),
    "uint64": st.integers(0, 2**64 - 1),
    "sint64": st.integers(-(2**63), 2**63 - 1),
    "datetime": st.builds(
        lambda moment, zone: CimDatetime(moment.strftime("%Y%m%d%H%M%S.%f") + zone),
        st.datetimes(min_value=datetime.datetime(1000, 1, 1)),
        st.sampled_from(["+***", "+000", "-300", "+060"]),
    )
    | st.just(CimDatetime("00000012010203.000004:000")),
}
CLASSES = [name for name in CATALOGUE if not CATALOGUE.get(name).abstract and CATALOGUE.get(name).properties]  # type: ignore[union-attr]


@st.composite
def instances(draw: st.DrawFn, class_name: str | None = None, depth: int = 3) -> Instance:
    definition = CATALOGUE.get(class_name or draw(st.sampled_from(CLASSES)))
    assert definition is not None
    chosen = draw(st.lists(st.sampled_from(sorted(definition.properties)), unique=True, max_size=6, min_size=1))
    properties: dict[str, t.Any] = {}
    for name in chosen:
        prop = definition.properties[name]
        if prop.reference:
            keys = draw(st.lists(st.tuples(st.sampled_from(["A", "B"]), TEXT), unique_by=lambda key: key[0]))
            value: t.Any = CimReference("SMS_Package", tuple(keys), NS)
        elif prop.embedded:
            below = [c for c in CATALOGUE.derived(prop.type, abstract=False) if CATALOGUE.get(c).properties]  # type: ignore[union-attr]
            if depth == 0 or not below:
                continue
            item = st.sampled_from(below).flatmap(lambda found: instances(found, depth - 1))
            value = draw(st.lists(item, min_size=1, max_size=3) if prop.array else item)
        else:
            item = SCALARS[prop.type]
            value = draw(st.lists(item, min_size=1, max_size=4) if prop.array else item)
        properties[name] = value
    if not properties:
        properties = {"Extra": draw(TEXT)}
    return Instance(definition.name, properties)


@given(instances())
def test_round_trip_of_any_instance(instance: Instance) -> None:
    for family in ("dmtf", "wmi"):
        for nulls in (False, True):
            text = encoder(family=family).instance(instance, nulls=nulls)
            assert Decoder(CATALOGUE).instance(parsed(text)) == instance


@given(instances(class_name="SMS_TaskSequence", depth=3))
def test_round_trip_of_sequences_through_a_call(sequence: Instance) -> None:
    text = encoder().parameters("SMS_TaskSequencePackage", "SetSequence", {"TaskSequence": sequence})
    method = CATALOGUE.get("SMS_TaskSequencePackage").method("SetSequence")  # type: ignore[union-attr]
    assert Decoder(CATALOGUE).outputs(parsed(text), method) == (None, {"TaskSequence": sequence})


@given(st.recursive(TEXT, lambda inside: st.lists(inside, min_size=2, max_size=3), max_leaves=4).filter(lambda v: v))
def test_round_trip_of_unknown_classes(value: t.Any) -> None:
    def build(part: t.Any, level: int) -> t.Any:
        if isinstance(part, list):
            return [Instance(f"SMS_New{level}", {"P": build(item, level + 1)}) for item in part]
        return part

    instance = Instance("SMS_New", {"P": build(value, 0)})
    assert Decoder(CATALOGUE).instance(parsed(body(instance))) == instance


def thousand_steps() -> Instance:
    def step(number: int) -> Instance:
        operand = {"Operator": "equals", "Variable": "_SMSTSInWinPE", "Value": str(number)}
        condition = Instance(P + "Condition", {"Operands": [Instance(P + "VariableConditionExpression", operand)]})
        return Instance(
            P + "RunCommandLineAction",
            {
                "Name": f"Step {number}",
                "Description": "text & more",
                "Enabled": True,
                "ContinueOnError": False,
                "Condition": condition,
                "SupportedEnvironment": "WinPEandFullOS",
                "Timeout": 900,
                "CommandLine": f'cmd /c "echo <{number}>"\r\nexit',
                "RunAsUser": False,
                "SuccessCodes": "0 3010",
            },
        )

    groups = [
        Instance(P + "Group", {"Name": f"G{g}", "Steps": [step(g * 50 + n) for n in range(50)]}) for g in range(20)
    ]
    return Instance("SMS_TaskSequence", {"Steps": groups})


def test_a_thousand_steps_are_cheap() -> None:
    """Measured 0.07 s of CPU; the bound leaves room for slow machines."""
    sequence = thousand_steps()
    started = time.process_time()
    text = encoder().parameters("SMS_TaskSequencePackage", "SetSequence", {"TaskSequence": sequence})
    found = Decoder(CATALOGUE).outputs(parsed(text), CATALOGUE.get("SMS_TaskSequencePackage").method("SetSequence"))  # type: ignore[union-attr]
    spent = time.process_time() - started
    assert found[1]["TaskSequence"] == sequence
    assert spent < 1.0
    assert len(text.encode()) < 900 * 1000
