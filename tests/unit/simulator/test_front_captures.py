# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Recorded messages: real requests of Windows clients and requests to an independent server, replayed.

Windows' own client asks for the robust connection mode, which is refused; apart from that its requests must be
understood, and the answers must have the shape of the recorded ones.
"""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
from ansible_collections.configmgr.osd.tests.simulator import envelope
from ansible_collections.configmgr.osd.tests.simulator.objects import Dt, Obj
from ansible_collections.configmgr.osd.tests.simulator.schema import Schema, SimMethod, SimParam
from ansible_collections.configmgr.osd.tests.unit.simulator.front_support import (
    NS,
    PRECISE,
    SITE,
    Answer,
    Bench,
    C,
    transfer,
)
from lxml import etree

ROBUST = re.compile(r"<p:(OperationID|SequenceId)\b.*?</p:\1>", re.DOTALL)
RECORDED = [
    "gosammwr_02_Req_enum.xml",
    "gosammwr_03_Req_schema.xml",
    "gosammwr_04_Req_pull.xml",
    "omi_Put1.xml",
    "omi_Put2.xml",
    "omi_posthttp_test1.request.xml",
    "omi_posthttp_test3.request.xml",
    "pysammwr_cimquery.xml",
    "pysammwr_delete_scheduled_task.xml",
    "pysammwr_wql.xml",
]
TSP = "SMS_TaskSequencePackage"
RUN = "SMS_TaskSequence_RunCommandLineAction"


def recorded(folder: Path, name: str) -> str:
    """Return a request of a Windows client; line ends as XML reads them."""
    return (folder / "captures" / "windows" / name).read_text(encoding="utf-8").replace("\r\n", "\n").strip()


def shape(element: etree._Element, depth: int) -> list[str]:
    """Return names of elements down to a depth, with prefixes of their own; class names do not matter."""
    local = etree.QName(element).localname
    if etree.QName(element).namespace.startswith(C):
        return ["class"]
    return [local, *(name for child in element if depth for name in shape(child, depth - 1))]


@pytest.mark.parametrize("name", RECORDED)
def test_requests_of_windows_are_understood_but_for_the_robust_mode(shared_folder: Path, name: str) -> None:
    text = recorded(shared_folder, name)
    refused = Bench().send(text.encode())
    assert (refused.status, refused.subcode) == (500, "w:UnsupportedFeature")
    assert "robust connection mode" in refused.reason
    request = envelope.parse(ROBUST.sub("", text).encode())
    assert request.message_id.startswith("uuid:")
    assert request.option(envelope.PRECISE) == ["true"]


def test_the_query_of_windows_gets_an_answer_like_the_recorded_one(shared_folder: Path) -> None:
    text = ROBUST.sub("", recorded(shared_folder, "gosammwr_02_Req_enum.xml"))
    text = text.replace("win32_diskdrive", "sms_package").replace("root/cimv2", SITE)
    bench = Bench()
    bench.stub.packages["PS100002"] = Obj("SMS_Package", {"PackageID": "PS100002"})
    answer = bench.send(text.encode())
    real = Answer(200, recorded(shared_folder, "gosammwr_02_Res_enum.xml").encode())
    assert shape(answer.find("s:Body"), 9) == shape(real.find("s:Body"), 9)
    null = [dict(item.attrib) for item in real.body.iter() if item.get(f"{{{NS['p']}}}IsNullArray")][0]
    ours = [dict(item.attrib) for item in answer.body.iter() if item.get(f"{{{NS['p']}}}IsNullArray")][0]
    assert ours == null
    context = answer.text(".//n:EnumerationContext")
    pull = ROBUST.sub("", recorded(shared_folder, "gosammwr_04_Req_pull.xml"))
    pull = pull.replace("win32_diskdrive", "sms_package").replace("root/cimv2", SITE)
    pull = re.sub("uuid:686ECA2F[^<]*", context, pull)
    pulled = bench.send(pull.encode())
    end = Answer(200, recorded(shared_folder, "gosammwr_04_Res_pull.xml").encode())
    wanted = [name for name in shape(end.find("s:Body"), 2) if name != "Item"]
    assert [name for name in shape(pulled.find("s:Body"), 2) if name != "Item"] == wanted


def test_the_schema_request_of_windows_gets_a_class(shared_folder: Path) -> None:
    text = ROBUST.sub("", recorded(shared_folder, "gosammwr_03_Req_schema.xml"))
    answer = Bench().send(text.replace("Win32_DiskDrive", "SMS_Advertisement").replace("root/cimv2", SITE).encode())
    real = Answer(200, recorded(shared_folder, "gosammwr_03_Res_schema.xml").encode())
    assert (answer.body.tag, real.body.tag) == ("CLASS", "CLASS")
    assert set(answer.body.attrib) == set(real.body.attrib)
    assert {item.tag for item in answer.body} <= {item.tag for item in real.body} | {"METHOD", "PROPERTY.ARRAY"}
    ours, theirs = answer.body.find("PROPERTY"), real.body.find("PROPERTY")
    assert set(ours.attrib) | {"PROPAGATED"} == set(theirs.attrib) | {"PROPAGATED"}


def test_the_delete_and_the_query_of_windows_reach_the_provider(shared_folder: Path) -> None:
    bench = Bench()
    text = ROBUST.sub("", recorded(shared_folder, "pysammwr_delete_scheduled_task.xml"))
    text = text.replace("MSFT_ScheduledTask", "SMS_Package").replace("Root/Microsoft/Windows/TaskScheduler", SITE)
    text = re.sub('<w:Selector Name="TaskPath">.*?</w:Selector>', "", text)
    text = text.replace('"TaskName">test', '"PackageID">PS100001')
    assert bench.send(text.encode()).status == 200
    assert bench.stub.packages == {}
    text = ROBUST.sub("", recorded(shared_folder, "pysammwr_wql.xml")).replace(
        "Root/Microsoft/Windows/TaskScheduler", SITE
    )
    assert bench.send(text.encode()).status == 200
    assert bench.stub.calls[-1][0] == "query"


def test_a_put_of_windows_is_the_whole_object_with_a_list(shared_folder: Path) -> None:
    text = ROBUST.sub("", recorded(shared_folder, "omi_Put1.xml"))
    text = re.sub(r"(<p0:OMI_Identify [^>]*>).*</p0:OMI_Identify>", r"\1@</p0:OMI_Identify>", text, flags=re.DOTALL)
    text = text.replace("OMI_Identify", "SMS_Package").replace("root/omi", SITE).replace('"InstanceID"', '"PackageID"')
    text = text.replace("2FDB5542-5896-45D5-9BE9-DC04430AAABE", "PS100001").replace(">ProductVendor<", ">Name<")
    text = text.replace(
        "@",
        '<p0:PackageID xsi:type="cim:cimString">PS100001</p0:PackageID>'
        '<p0:Name xsi:type="cim:cimString">New</p0:Name><p0:Version xsi:nil="true"/>',
    )
    bench = Bench()
    answer = bench.send(text.encode())
    assert answer.status == 200, answer.reason
    sent = Obj("SMS_Package", {"PackageID": "PS100001", "Name": "New", "Version": None})
    assert bench.stub.calls == [("put", SITE, "SMS_Package", {"PackageID": "PS100001"}, sent, ["Name"])]


def test_faults_have_the_shape_of_the_recorded_ones(shared_folder: Path) -> None:
    bench = Bench()
    missing = bench.send(_get("SMS_Package", "PS100099"))
    real = Answer(500, recorded(shared_folder, "omi_fault_notfound_extendedstatus.xml").encode())
    assert shape(missing.find("s:Body"), 9) == shape(real.find("s:Body"), 9)
    assert (missing.subcode, missing.code) == (real.subcode, real.code)
    unknown = bench.send(_get("test", "x"))
    real = Answer(500, recorded(shared_folder, "pysammwr_cimerror.xml").encode())
    assert [item.tag for item in unknown.root.iter() if "{" in str(item.tag)] == [
        item.tag for item in real.root.iter() if "{" in str(item.tag)
    ]
    bench.front.plan.set([{"kind": "fault", "code": 2150858793}])
    late = bench.send(_get("SMS_Package", "PS100001"))
    real = Answer(500, recorded(shared_folder, "omi_fault_timedout.xml").encode())
    assert (late.subcode, late.code) == (real.subcode, real.code)
    assert shape(late.find("s:Body"), 9) == shape(real.find("s:Body"), 9)


def _get(class_name: str, key: str) -> bytes:
    return transfer("Get", class_name, keys={"PackageID": key})


# ---- the independent server -------------------------------------------------------------------------

ECHO = SimMethod(
    "EchoSteps",
    True,
    {
        "StepsIn": SimParam("StepsIn", "object", True, "SMS_TaskSequence_Step", True, False),
        "Numbers": SimParam("Numbers", "uint32", True, None, True, False),
    },
    "uint32",
)
ACCEPTED = {
    "140_embed_array_2_derived": [RUN, "SMS_TaskSequence_InstallSoftwareAction"],
    "141_embed_array_1_derived_single_element": [RUN],
    "158_embed_pretty_printed_whitespace": [RUN, "SMS_TaskSequence_InstallSoftwareAction"],
    "162_embed_xsi_nil_props": [RUN],
    "163_embed_empty_string_prop": [RUN],
    "166_embed_cdata_and_charrefs": [RUN],
    "167_embed_xsi_prefix_other": [RUN],
    "168_embed_long_array_40": [RUN] * 40,
}
REFUSED = {
    "144_embed_no_xsi_type": "xsi:type is missing",
    "145_embed_no_xsi_type_base_props_only": "xsi:type is missing",
    "146_embed_xsi_type_without_Type_suffix": "does not end in _Type",
    "147_embed_unknown_class": "no class of this site",
    "148_embed_class_not_derived_from_declared": "does not derive from SMS_TaskSequence_Step",
    "149_embed_wrong_type_in_embedded": "StepsIn[0]",
    "150_embed_unknown_property_in_embedded": "has no such property",
    "151_embed_extra_class_wrapper_element": "xsi:type is missing",
    "152_embed_props_in_parent_prefix": "must be in that of",
    "153_embed_props_no_namespace": "no namespace",
    "154_embed_xsi_type_unprefixed": "prefix of xsi:type",
    "155_embed_interleaved_array_elements": "not adjacent",
    "157_embed_MSWMI_namespaces": "prefix of xsi:type",
    "159_embed_string_escaped_xml": "StepsIn[0]",
    "160_embed_empty_instance_selfclosed": "without any element",
    "164_embed_bool_variants": "String: TRUE",
    "164b_embed_bool_numeric_1": "String: 1",
    "169_embed_xsi_type_after_class_with_underscore_only_no_Type": "does not end in _Type",
}


def echo_bench() -> Bench:
    """Return a bench whose package class has the method EchoSteps of the independent server."""
    bench = Bench()
    item = bench.stub.schema.get(TSP)
    changed = dataclasses.replace(item, methods={**item.methods, "EchoSteps": ECHO})
    classes = {name: bench.stub.schema.get(name) for name in bench.stub.schema.names()}
    bench.stub.schema = Schema({**classes, TSP: changed})
    return bench


def independent(folder: Path, name: str) -> bytes:
    """Return a request of the independent server's tests, with the option that this site wants."""
    text = (folder / "captures" / "omi" / f"{name}.request.xml").read_text(encoding="utf-8")
    text = "\n".join(line for line in text.splitlines() if not line.startswith("<!--"))
    return text.replace("</s:Header>", f"<w:OptionSet>{PRECISE}</w:OptionSet></s:Header>").encode()


@pytest.mark.parametrize("name", ACCEPTED)
def test_embedded_objects_of_the_independent_server_are_read(shared_folder: Path, name: str) -> None:
    bench = echo_bench()
    answer = bench.send(independent(shared_folder, name))
    assert answer.status == 200, answer.reason
    steps = bench.stub.calls[-1][5]["StepsIn"]
    assert [step.class_name for step in steps] == ACCEPTED[name]


@pytest.mark.parametrize("name", REFUSED)
def test_this_site_is_stricter_than_the_independent_server(shared_folder: Path, name: str) -> None:
    bench = echo_bench()
    answer = bench.send(independent(shared_folder, name))
    assert answer.status == 500
    assert REFUSED[name] in answer.reason
    assert bench.stub.calls == []


def test_the_nested_sequence_of_the_independent_server_is_read(shared_folder: Path) -> None:
    data = independent(shared_folder, "120_invoke_SetSequence_nested").decode()
    bench = Bench()
    first = bench.send(data.encode())
    assert "SuccessCodeList: SMS_TaskSequence_RunCommandLineAction has no such property" in first.reason
    for name in ("SuccessCodeList", "TsEnabled", "EstimatedSize", "References_"):
        data = re.sub(rf"<(\w+):{name}\b.*?</\1:{name}>", "", data)
    answer = bench.send(data.encode())
    assert answer.status == 200, answer.reason
    params = bench.stub.calls[-1][5]
    group, last = params["TaskSequence"].props["Steps"]
    run, install = group.props["Steps"]
    operator = run.props["Condition"].props["Operands"][0]
    assert (run.props["CommandLine"], install.props["Description"]) == ('cmd /c echo "<hi>" & exit 0', "")
    assert [item.class_name for item in operator.props["Operands"]] == [
        "SMS_TaskSequence_VariableConditionExpression",
        "SMS_TaskSequence_WMIConditionExpression",
    ]
    assert last.props["VariableValue"] == "B\u00e4r \u2713"
    package = params["TaskSequencePackage"]
    assert (package.props["PackageID"], package.props["SourceDate"]) == ("PS100042", Dt("20240506070809.000000+000"))


def test_other_requests_of_the_independent_server(shared_folder: Path) -> None:
    bench = Bench()
    expected = {
        "030_get": 200,
        "039_get_namespace_case": 200,
        "035_get_no_namespace_selector": 500,
        "038_get_namespace_backslash": 500,
        "041_get_no_key_selector": 500,
        "042_get_bad_key_name": 500,
        "043_get_fragment_transfer_mustUnderstand": 500,
        "044_get_selectorset_before_resourceuri": 500,
        "070_wql_star_uri": 200,
        "071_wql_class_uri": 500,
        "080_wql_unknown_dialect": 500,
        "134_invoke_static_with_key_selector": 500,
        "200_malformed_xml": 500,
        "200b_truncated_tail": 500,
        "203_no_action": 500,
        "205_no_resource_uri": 500,
        "206_no_messageid": 500,
        "207_no_replyto": 500,
        "208_no_to": 500,
        "209_unknown_header_mustunderstand": 500,
        "210_unknown_header_optional": 200,
        "217_timeout_bad": 500,
        "219_soap11_envelope": 500,
    }
    bench.stub.packages["PS100001"] = Obj(TSP, {"PackageID": "PS100001"})
    got = {name: bench.send(independent(shared_folder, name)).status for name in expected}
    assert got == expected
