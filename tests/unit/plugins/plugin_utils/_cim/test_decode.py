# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers of every server family become the same instances."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.catalogue import Catalogue
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.decode import Decoder, class_of_type
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.instance import (
    CimDatetime,
    CimReference,
    Instance,
    Value,
)
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.values import Verbatim
from ansible_collections.configmgr.osd.plugins.plugin_utils._errors import ProtocolError
from tests.unit.plugins.plugin_utils._wsman.support import CIM, NAMESPACES

P = "SMS_TaskSequence_"


@pytest.fixture
def decoder() -> Decoder:
    return Decoder(Catalogue.load())


def element(text: str) -> ET.Element:
    return ET.fromstring(f"<e {NAMESPACES}>{text}</e>")[0]


def read(decoder: Decoder, class_name: str, content: str) -> dict[str, Value]:
    uri = CIM + class_name
    return decoder.instance(element(f'<p:{class_name} xmlns:p="{uri}">{content}</p:{class_name}>')).properties


def embedded(name: str, class_name: str, content: str, parent: str = "p") -> str:
    return f'<{parent}:{name} xmlns:q="{CIM}{class_name}" xsi:type="q:{class_name}_Type">{content}</{parent}:{name}>'


def test_types_come_from_the_catalogue(decoder: Decoder) -> None:
    found = read(
        decoder,
        "SMS_Package",
        "<p:Name>5</p:Name><p:Priority>2</p:Priority><p:Description></p:Description><p:Language/>"
        '<p:Manufacturer xsi:nil="true"/><p:SourceVersion>7</p:SourceVersion>',
    )
    assert found == {
        "Name": "5",
        "Priority": 2,
        "Description": "",
        "Language": "",
        "Manufacturer": None,
        "SourceVersion": 7,
    }


def test_booleans_in_any_case(decoder: Decoder) -> None:
    for text, value in (("TRUE", True), ("true", True), ("FALSE", False)):
        assert read(decoder, P + "Group", f"<p:Enabled>{text}</p:Enabled>") == {"Enabled": value}


def test_names_are_spelled_as_the_catalogue_does(decoder: Decoder) -> None:
    uri = CIM + "sms_package"
    found = decoder.instance(element(f'<p:sms_package xmlns:p="{uri}"><p:PACKAGEID>x</p:PACKAGEID></p:sms_package>'))
    assert found == Instance("SMS_Package", {"PackageID": "x"})


def test_arrays(decoder: Decoder) -> None:
    name = "SMS_TaskSequencePackage"
    assert read(decoder, name, "<p:ISVData>1</p:ISVData>") == {"ISVData": [1]}
    assert read(decoder, name, "<p:ISVData>1</p:ISVData><p:ISVData>255</p:ISVData>") == {"ISVData": [1, 255]}
    assert read(decoder, name, '<p:ISVData xsi:nil="true" m:IsNullArray="true"/>') == {"ISVData": None}
    assert read(decoder, name, '<p:ISVData xsi:type="cim:cimBase64Binary">AQL/</p:ISVData>') == {"ISVData": [1, 2, 255]}
    assert read(decoder, name, "") == {}


def test_datetimes_in_every_form(decoder: Decoder) -> None:
    for text, wanted in (
        ("2024-05-06T07:08:09Z", "20240506070809.000000+000"),
        ("20240506070809.000000+***", "20240506070809.000000+***"),
        ("<cim:Datetime>2024-05-06T07:08:09Z</cim:Datetime>", "20240506070809.000000+000"),
        ("<CIM_DateTime>20240506070809.000000+***</CIM_DateTime>", "20240506070809.000000+***"),
        ("<cim:CIM_DateTime>20240506070809.000000+120</cim:CIM_DateTime>", "20240506070809.000000+120"),
        ("<Datetime>2024-05-06T07:08:09Z</Datetime>", "20240506070809.000000+000"),
        ("<cim:Interval>P0DT0H1M40S</cim:Interval>", "00000000000140.000000:000"),
    ):
        found = read(decoder, "SMS_Package", f"<p:SourceDate>{text}</p:SourceDate>")["SourceDate"]
        assert found == wanted and isinstance(found, CimDatetime)


def test_embedded_instances_of_derived_classes(decoder: Decoder) -> None:
    inner = embedded("Operands", P + "VariableConditionExpression", "<q:Variable>V</q:Variable>", "q")
    condition = embedded("Condition", P + "Condition", inner.replace("q:Operands", "q:Operands"), "q")
    content = embedded("Steps", P + "Group", "<q:Name>g</q:Name>" + condition)
    found = read(decoder, "SMS_TaskSequence", content + "<p:SchemaVersion>3.10</p:SchemaVersion>")
    operand = Instance(P + "VariableConditionExpression", {"Variable": "V"})
    group = Instance(P + "Group", {"Name": "g", "Condition": Instance(P + "Condition", {"Operands": [operand]})})
    assert found == {"Steps": [group], "SchemaVersion": "3.10"}


def test_objects_without_a_type_are_what_is_declared(decoder: Decoder) -> None:
    found = read(decoder, P + "Group", "<p:Condition><p:Operands/></p:Condition>")
    operand = Instance(P + "ConditionOperand")
    assert found == {"Condition": Instance(P + "Condition", {"Operands": [operand]})}


def test_unknown_things_are_kept(decoder: Decoder) -> None:
    found = read(
        decoder,
        P + "NewAction",
        "<p:Text>5</p:Text><p:Many>a</p:Many><p:Many>b</p:Many><p:Many>c</p:Many>"
        + embedded("Object", "SMS_New", "<q:A>1</q:A>")
        + "<p:Untyped><p:B>2</p:B></p:Untyped>"
        + embedded("Nothing", "SMS_New", ""),
    )
    assert found == {
        "Text": "5",
        "Many": ["a", "b", "c"],
        "Object": Instance("SMS_New", {"A": "1"}),
        "Untyped": Instance("Untyped", {"B": "2"}),
        "Nothing": Instance("SMS_New"),
    }


def test_a_value_that_does_not_fit_is_kept(decoder: Decoder) -> None:
    found = read(decoder, "SMS_Package", "<p:Priority>high</p:Priority>")["Priority"]
    assert found == "high" and isinstance(found, Verbatim)


def test_references(decoder: Decoder) -> None:
    inner = (
        f"<a:Address>x</a:Address><a:ReferenceParameters><w:ResourceURI>{CIM}SMS_Package</w:ResourceURI>"
        '<w:SelectorSet><w:Selector Name="__cimnamespace">root/sms/site_P01</w:Selector>'
        '<w:Selector Name="PackageID">P0100001</w:Selector></w:SelectorSet></a:ReferenceParameters>'
    )
    wanted = CimReference("SMS_Package", (("PackageID", "P0100001"),), "root/sms/site_P01")
    for content in (inner, f"<a:EndpointReference>{inner}</a:EndpointReference>"):
        assert read(decoder, "SMS_X", f"<p:Ref>{content}</p:Ref>") == {"Ref": wanted}


def test_location_of_old_servers_is_left_out(decoder: Decoder) -> None:
    assert read(decoder, "SMS_Package", "<p:Name>n</p:Name><cim:Location>x</cim:Location>") == {"Name": "n"}


def test_rows_of_named_columns(decoder: Decoder) -> None:
    row = element("<w:XmlFragment><PackageID>P</PackageID><Priority>2</Priority><Name xsi:nil='true'/></w:XmlFragment>")
    assert decoder.instance(row, "SMS_Package") == Instance(
        "SMS_Package", {"PackageID": "P", "Priority": 2, "Name": None}
    )


def test_derived_rows_keep_their_own_class(decoder: Decoder) -> None:
    row = element(f'<p:SMS_Package xmlns:p="{CIM}SMS_Package"><p:Name>n</p:Name></p:SMS_Package>')
    assert decoder.instance(row, "SMS_PackageBaseclass").class_name == "SMS_Package"


def test_depth_is_limited(decoder: Decoder) -> None:
    levels = 5000
    deep = element("<Condition>" * levels + "</Condition>" * levels)
    with pytest.raises(ProtocolError, match="nested"):
        decoder.instance(deep)


@pytest.mark.parametrize("wrapper", ["SetSequence_OUTPUT", "SetSequence"])
def test_method_output(decoder: Decoder, wrapper: str) -> None:
    method = Catalogue.load().get("SMS_TaskSequencePackage").method("SetSequence")  # type: ignore[union-attr]
    body = element(
        f'<p:{wrapper} xmlns:p="urn:any"><p:ReturnValue>0</p:ReturnValue>'
        "<p:savedtasksequencepackagepath>SMS_X.A=1</p:savedtasksequencepackagepath>"
        f"<p:More>x</p:More></p:{wrapper}>"
    )
    assert decoder.outputs(body, method) == (0, {"SavedTaskSequencePackagePath": "SMS_X.A=1", "More": "x"})
    assert decoder.outputs(None, method) == (None, {})
    assert decoder.outputs(body, None)[0] == 0


def test_return_values_that_are_no_numbers(decoder: Decoder) -> None:
    definition = Catalogue.load().get("SMS_TaskSequence")
    assert definition is not None
    text = element("<SaveToXml_OUTPUT><ReturnValue>&lt;sequence/&gt;</ReturnValue></SaveToXml_OUTPUT>")
    assert decoder.outputs(text, definition.method("SaveToXml"))[0] == "<sequence/>"
    found = element(
        f"<o>{embedded('ReturnValue', 'SMS_TaskSequence', '', 'q').replace('<q:', '<').replace('</q:', '</')}</o>"
    )
    assert decoder.outputs(found, definition.method("LoadFromXml"))[0] == Instance("SMS_TaskSequence")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("p:SMS_Package_Type", "SMS_Package"),
        ("SMS_TaskSequence_Step_Type", "SMS_TaskSequence_Step"),
        ("cim:cimString", None),
        ("_Type", None),
        ("", None),
        (None, None),
    ],
)
def test_class_of_type(text: str | None, name: str | None) -> None:
    assert class_of_type(text) == name
