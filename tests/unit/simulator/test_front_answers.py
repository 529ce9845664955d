# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers: how the front end writes objects, projections, method results and class schemas."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.configmgr.osd.tests.simulator.objects import Dt, Obj, QueryResult
from ansible_collections.configmgr.osd.tests.unit.simulator.front_support import (
    NS,
    PRECISE,
    Bench,
    C,
    invoke,
    query,
    request,
    transfer,
)

KEY = {"PackageID": "PS100001"}
TSP = "SMS_TaskSequencePackage"
RUN = "SMS_TaskSequence_RunCommandLineAction"


@pytest.fixture
def bench() -> Bench:
    """Return a bench."""
    return Bench()


def test_an_object_is_written_as_windows_does(bench: Bench) -> None:
    bench.stub.packages["PS100001"].props.update(
        Name="a\x01b\rc <&>",
        ForcedDisconnectEnabled=False,
        ExtendedData=[],
        Icon=[7],
        SourceDate=Dt("20250601080000.000000+***"),
    )
    answer = bench.send(transfer("Get", "SMS_Package", keys=KEY))
    space = C + "SMS_Package"
    element = answer.body
    assert element.tag == f"{{{space}}}SMS_Package"
    assert element.get(f"{{{NS['xsi']}}}type") == "p:SMS_Package_Type"
    assert {child.tag.rpartition("}")[0] for child in element} == {f"{{{space}"}
    names = [child.tag.rpartition("}")[2] for child in element]
    assert names == sorted(names, key=str.casefold)
    assert element.findtext(f"{{{space}}}Name") == "a?b\rc <&>"
    assert b"&#13;" in answer.data
    assert element.findtext(f"{{{space}}}ForcedDisconnectEnabled") == "false"
    date = element.find(f"{{{space}}}SourceDate")
    assert (date[0].tag, date[0].text) == (f"{{{NS['c']}}}Datetime", "2025-06-01T08:00:00Z")
    null = element.find(f"{{{space}}}Version")
    assert dict(null.attrib) == {f"{{{NS['xsi']}}}nil": "true"}
    array = element.find(f"{{{space}}}ISVData")
    assert dict(array.attrib) == {f"{{{NS['xsi']}}}nil": "true", f"{{{NS['p']}}}IsNullArray": "true"}
    assert element.find(f"{{{space}}}ExtendedData") is None
    assert [item.text for item in element.findall(f"{{{space}}}Icon")] == ["7"]


def test_null_arrays_are_left_out_without_precise_arrays() -> None:
    bench = Bench(require_precise=False)
    answer = bench.send(transfer("Get", "SMS_Package", keys=KEY, change={"options": ""}))
    assert answer.find(".//{*}ISVData") is None
    assert answer.find(".//{*}Version") is not None


@pytest.mark.parametrize(
    ("stored", "name", "text"),
    [
        ("20250601080000.250000+060", "Datetime", "2025-06-01T08:00:00.25+01:00"),
        ("20250601080000.000000-300", "Datetime", "2025-06-01T08:00:00-05:00"),
        ("20250601080000.000000+000", "Datetime", "2025-06-01T08:00:00Z"),
        ("00000001020304.000000:000", "Interval", "P1DT2H3M4S"),
    ],
)
def test_datetimes_are_written_as_windows_does(bench: Bench, stored: str, name: str, text: str) -> None:
    bench.stub.packages["PS100001"].props["SourceDate"] = Dt(stored)
    answer = bench.send(transfer("Get", "SMS_Package", keys=KEY))
    assert answer.text(f".//{{*}}SourceDate/c:{name}") == text


def test_raw_datetimes_keep_their_digits() -> None:
    bench = Bench(datetime="raw")
    bench.stub.packages["PS100001"].props["SourceDate"] = Dt("20250601080000.000000+***")
    answer = bench.send(transfer("Get", "SMS_Package", keys=KEY))
    assert answer.text(".//{*}SourceDate/CIM_DateTime") == "20250601080000.000000+***"


def test_embedded_objects_are_written_with_their_own_class(bench: Bench) -> None:
    inner = Obj(RUN, {"Name": "run", "Enabled": True})
    group = Obj("SMS_TaskSequence_Group", {"Name": "g", "Steps": [inner]})
    bench.stub.answers["ImportSequence"] = {
        "ReturnValue": 0,
        "TaskSequence": Obj("SMS_TaskSequence", {"Steps": [group, inner.copy()]}),
    }
    answer = bench.send(invoke(TSP, "ImportSequence", "<q:SequenceXML>x</q:SequenceXML>"))
    assert answer.status == 200, answer.reason
    sequence = answer.find(".//{*}TaskSequence")
    assert sequence.tag == f"{{{C}{TSP}}}TaskSequence"
    first, second = sequence.findall(f"{{{C}SMS_TaskSequence}}Steps")
    assert first.get(f"{{{NS['xsi']}}}type").endswith(":SMS_TaskSequence_Group_Type")
    nested = first.find(f"{{{C}SMS_TaskSequence_Group}}Steps")
    assert nested.findtext(f"{{{C}{RUN}}}Enabled") == "true"
    assert second.findtext(f"{{{C}{RUN}}}Name") == "run"


def test_what_came_out_can_go_in_again(bench: Bench) -> None:
    inner = Obj(RUN, {"Name": "run", "Enabled": True, "CommandLine": "a\r\nb", "Timeout": 900})
    tree = Obj("SMS_TaskSequence", {"Steps": [Obj("SMS_TaskSequence_Group", {"Name": "g", "Steps": [inner]})]})
    bench.stub.answers["ImportSequence"] = {"ReturnValue": 0, "TaskSequence": tree.copy()}
    answer = bench.send(invoke(TSP, "ImportSequence", "<q:SequenceXML>x</q:SequenceXML>"))
    text = answer.data.decode()
    start, end = text.index("<p:TaskSequence "), text.index("</p:TaskSequence>")
    copied = text[start:end].replace("<p:TaskSequence ", f'<q:TaskSequence xmlns:p="{C}{TSP}" ') + "</q:TaskSequence>"
    answer = bench.send(invoke(TSP, "SetSequence", copied))
    assert answer.status == 200, answer.reason
    got = bench.stub.calls[-1][5]["TaskSequence"]
    step_got = got.props["Steps"][0].props["Steps"][0]
    assert {name: value for name, value in step_got.props.items() if value is not None} == inner.props


def test_a_projection_is_fragments_without_namespace(bench: Bench) -> None:
    rows = [
        Obj(
            "SMS_Package",
            {
                "PackageID": "PS100001",
                "Name": "b",
                "SourceDate": Dt("20250601080000.000000+***"),
                "Version": None,
                "__CLASS": "SMS_Package",
            },
        )
    ]
    bench.stub.answers["query"] = QueryResult(rows, ["SourceDate", "Version", "PackageID", "Name", "__CLASS"])
    answer = bench.send(query("SELECT SourceDate, Version, PackageID, Name FROM SMS_Package"))
    fragment = answer.find(".//w:Items/w:XmlFragment")
    assert [child.tag for child in fragment] == ["__CLASS", "Name", "PackageID", "SourceDate", "Version"]
    assert fragment.findtext("SourceDate/Datetime") == "2025-06-01T08:00:00Z"
    assert dict(fragment.find("Version").attrib) == {f"{{{NS['xsi']}}}nil": "true"}


@pytest.mark.parametrize(
    "props",
    [
        {"PackageID": "PS100001", "Priority": "2"},
        {"PackageID": "PS100001", "ForcedDisconnectEnabled": 1},
        {"PackageID": "PS100001", "Nope": 1},
        {"PackageID": "PS100001", "ExtendedData": 5},
        {"PackageID": "PS100001", "SourceDate": Dt("soon")},
    ],
)
def test_a_provider_that_breaks_its_schema_is_caught(bench: Bench, props: dict[str, t.Any]) -> None:
    bench.stub.packages["PS100001"] = Obj("SMS_Package", props)
    answer = bench.send(transfer("Get", "SMS_Package", keys=KEY))
    assert (answer.status, answer.code) == (500, 2150858817)


def test_the_schema_of_a_class_comes_as_cim_xml(bench: Bench) -> None:
    uri = "http://schemas.dmtf.org/wbem/cim-xml/2/cim-schema/2/*"
    options = PRECISE + '<w:Option Name="IncludeQualifiers" Type="xs:boolean">true</w:Option>'
    answer = bench.send(request(f"{NS['x']}/Get", uri, keys={"ClassName": "SMS_TaskSequencePackage"}, options=options))
    cls = answer.body
    assert (cls.tag, cls.get("NAME"), cls.get("SUPERCLASS")) == ("CLASS", TSP, "SMS_PackageBaseclass")
    lazy = cls.find("PROPERTY[@NAME='Sequence']/QUALIFIER[@NAME='Lazy']/VALUE")
    assert lazy.text == "TRUE"
    method = cls.find("METHOD[@NAME='SetSequence']")
    assert method.find("QUALIFIER[@NAME='static']/VALUE").text == "TRUE"
    parameter = method.find("PARAMETER[@NAME='TaskSequence']")
    assert (parameter.get("TYPE"), parameter.findtext("QUALIFIER[@NAME='EmbeddedInstance']/VALUE")) == (
        "string",
        "SMS_TaskSequence",
    )
    assert bench.last().verb == "GetClass"
    assert bench.send(request(f"{NS['x']}/Get", uri)).subcode == "w:InvalidSelectors"
    assert bench.send(request(f"{NS['x']}/Get", uri, keys={"ClassName": "Nope"})).text(".//{*}CIMStatusCode") == "5"
