# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The envelope: one test per rule of the simulator's front end."""

from __future__ import annotations

import pytest
from ansible_collections.configmgr.osd.tests.unit.simulator.front_support import (
    HEADERS,
    NS,
    PRECISE,
    SITE,
    STAR,
    Bench,
    C,
    query,
    request,
    transfer,
)

KEY = {"PackageID": "PS100001"}


@pytest.fixture
def bench() -> Bench:
    """Return a bench."""
    return Bench()


def test_a_complete_request_is_answered(bench: Bench) -> None:
    answer = bench.send(transfer("Get", "SMS_Package", keys=KEY))
    assert answer.status == 200
    assert answer.text("s:Header/a:Action") == f"{NS['x']}/GetResponse"
    assert answer.text("s:Header/a:RelatesTo") == "uuid:8C9C2A0A-C9A4-44F6-B707-D0608B6953EC"
    assert bench.stub.calls == [("get", SITE, "SMS_Package", KEY)]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("to", "To"),
        ("uri", "ResourceURI"),
        ("reply", "ReplyTo"),
        ("action", "Action"),
        ("id", "MessageID"),
    ],
)
def test_a_missing_header_is_refused(bench: Bench, name: str, said: str) -> None:
    answer = bench.send(transfer("Get", "SMS_Package", keys=KEY, change={name: ""}))
    assert (answer.status, answer.subcode) == (500, "a:MessageInformationHeaderRequired")
    assert said in answer.reason
    assert bench.stub.calls == []


HEADER_FAULTS = {
    "empty action": ({"action": "<a:Action/>"}, "a:InvalidMessageInformationHeader", "Action"),
    "two ids": ({"id": HEADERS["id"] * 2}, "a:InvalidMessageInformationHeader", "twice"),
    "long id": ({"id": f"<a:MessageID>{'x' * 2049}</a:MessageID>"}, "a:InvalidMessageInformationHeader", "2 KB"),
    "other reply": (
        {"reply": "<a:ReplyTo><a:Address>http://me</a:Address></a:ReplyTo>"},
        "w:UnsupportedFeature",
        "anon",
    ),
    "reply parts": (
        {"reply": "<a:ReplyTo><a:Address>x</a:Address><a:X/></a:ReplyTo>"},
        "a:InvalidMessageInformationHeader",
        "ReplyTo",
    ),
    "locale must": (
        {"locale": '<w:Locale xml:lang="en-US" s:mustUnderstand="true"/>'},
        "w:UnsupportedFeature",
        "Locale",
    ),
    "data locale": ({"data_locale": '<p:DataLocale xml:lang="en-US"/>'}, "w:UnsupportedFeature", "DataLocale"),
    "small envelope": ({"size": "<w:MaxEnvelopeSize>8191</w:MaxEnvelopeSize>"}, "w:EncodingLimit", "8192"),
    "odd envelope": (
        {"size": "<w:MaxEnvelopeSize>big</w:MaxEnvelopeSize>"},
        "a:InvalidMessageInformationHeader",
        "number",
    ),
    "odd timeout": (
        {"timeout": "<w:OperationTimeout>60</w:OperationTimeout>"},
        "a:InvalidMessageInformationHeader",
        "OperationTimeout",
    ),
    "months": ({"timeout": "<w:OperationTimeout>P1M</w:OperationTimeout>"}, "a:InvalidMessageInformationHeader", "P1M"),
    "unknown must": ({"z": '<z:New xmlns:z="urn:z" s:mustUnderstand="true"/>'}, "s:MustUnderstand", "z:New"),
    "unknown must 1": ({"z": '<z:New xmlns:z="urn:z" s:mustUnderstand="1"/>'}, "s:MustUnderstand", "z:New"),
    "must what": (
        {"z": '<z:New xmlns:z="urn:z" s:mustUnderstand="yes"/>'},
        "a:InvalidMessageInformationHeader",
        "z:New",
    ),
    "operation id": (
        {"z": "<p:OperationID s:mustUnderstand='false'>uuid:1</p:OperationID>"},
        "w:UnsupportedFeature",
        "OperationID",
    ),
    "sequence id": (
        {"z": "<p:SequenceId s:mustUnderstand='false'>1</p:SequenceId>"},
        "w:UnsupportedFeature",
        "SequenceId",
    ),
    "fragment": (
        {"z": "<w:FragmentTransfer s:mustUnderstand='true'>Name</w:FragmentTransfer>"},
        "w:UnsupportedFeature",
        "Fragment",
    ),
    "new addressing": (
        {"action": '<b:Action xmlns:b="http://www.w3.org/2005/08/addressing" s:mustUnderstand="true">x</b:Action>'},
        "s:MustUnderstand",
        "b:Action",
    ),
    "empty selectors": ({"selectors": "<w:SelectorSet/>"}, "w:InvalidSelectors", "empty"),
    "selector twice": (
        {
            "selectors": '<w:SelectorSet><w:Selector Name="A">1</w:Selector><w:Selector Name="a">1'
            "</w:Selector></w:SelectorSet>"
        },
        "w:InvalidSelectors",
        "twice",
    ),
    "selector name": (
        {"selectors": "<w:SelectorSet><w:Selector>1</w:Selector></w:SelectorSet>"},
        "w:InvalidSelectors",
        "Name",
    ),
}


@pytest.mark.parametrize("case", HEADER_FAULTS)
def test_a_wrong_header_is_refused_by_name(bench: Bench, case: str) -> None:
    change, subcode, said = HEADER_FAULTS[case]
    answer = bench.send(transfer("Get", "SMS_Package", keys=KEY, change=change))
    assert (answer.status, answer.subcode) == (500, subcode)
    assert said in answer.reason
    assert bench.stub.calls == []


def test_an_unknown_header_that_need_not_be_understood_is_ignored(bench: Bench) -> None:
    extra = {"z": '<z:New xmlns:z="urn:z" s:mustUnderstand="false"/>', "y": '<z:Newer xmlns:z="urn:z"/>'}
    assert bench.send(transfer("Get", "SMS_Package", keys=KEY, change=extra)).status == 200


def test_the_selectors_must_follow_the_address(bench: Bench) -> None:
    answer = bench.send(transfer("Get", "SMS_Package", keys=KEY, order=("selectors",)))
    assert "SelectorSet stands before ResourceURI" in answer.reason


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("", "UsePreciseArrays"),
        (PRECISE.replace("true<", "false<"), "UsePreciseArrays"),
        (PRECISE * 2, "UsePreciseArrays"),
        (PRECISE.replace(' Type="xs:boolean"', ""), "xs:boolean"),
        (PRECISE + '<w:Option Name="Verbose">1</w:Option>', "Verbose"),
        (PRECISE + '<w:Option Name="wmi:A" Colour="red">1</w:Option>', "OptionSet"),
    ],
)
def test_options_are_checked(bench: Bench, options: str, said: str) -> None:
    answer = bench.send(transfer("Get", "SMS_Package", keys=KEY, options=options))
    assert (answer.subcode, answer.code) == ("w:InvalidOptions", 2150858809)
    assert said in answer.reason


def test_context_options_pass(bench: Bench) -> None:
    options = (
        PRECISE + '<w:Option Name="wmi:SessionHandle">{1}</w:Option><w:Option Name="__MI_X" Type="xs:int">1</w:Option>'
    )
    assert bench.send(transfer("Get", "SMS_Package", keys=KEY, options=options)).status == 200


GOOD = transfer("Get", "SMS_Package", keys=KEY)
BODIES = {
    "no xml": (b"hello", "well-formed"),
    "cut off": (GOOD[:-20], "well-formed"),
    "dtd": (b'<!DOCTYPE x [<!ENTITY e "v">]>' + GOOD, "document type"),
    "latin 1": (GOOD.replace(b"site:5985", b"s\xefte:5985"), "UTF-8"),
    "declared latin 1": (b'<?xml version="1.0" encoding="ISO-8859-1"?>' + GOOD, "ISO-8859-1"),
    "utf-16": (GOOD.decode().encode("utf-16"), "UTF-8"),
    "comment": (GOOD.replace(b"<s:Body>", b"<s:Body><!-- x -->"), "Comments"),
    "instruction": (GOOD.replace(b"<s:Body>", b"<s:Body><?x y?>"), "Comments"),
    "soap 1.1": (GOOD.replace(NS["s"].encode(), b"http://schemas.xmlsoap.org/soap/envelope/"), "SOAP 1.1"),
    "no envelope": (b"<a/>", "Envelope"),
    "no body": (GOOD.replace(b"<s:Body></s:Body>", b""), "one Header and then one Body"),
    "two bodies": (GOOD.replace(b"<s:Body></s:Body>", b"<s:Body></s:Body>" * 2), "one Header and then one Body"),
    "text in header": (GOOD.replace(b"<s:Header>", b"<s:Header>x"), "text between"),
    "two elements": (GOOD.replace(b"<s:Body>", b"<s:Body><a/><b/>"), "more than one element"),
    "carriage return": (GOOD.replace(b"<s:Body>", b"<s:Body>\r\n"), "carriage return"),
    "too deep": (GOOD.replace(b"<s:Body>", b"<s:Body>" + b"<a>" * 300 + b"</a>" * 300), "deeper"),
}


@pytest.mark.parametrize("case", BODIES)
def test_a_broken_body_is_refused(bench: Bench, case: str) -> None:
    data, said = BODIES[case]
    answer = bench.send(data)
    assert answer.status == 500
    assert said in answer.reason
    assert bench.stub.calls == []


def test_the_xml_declaration_may_say_utf_8(bench: Bench) -> None:
    assert bench.send(b'<?xml version="1.0" encoding="utf-8"?>' + GOOD).status == 200


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/xml;charset=UTF-8",
        "application/soap+xml",
        "application/soap+xml;charset=utf-16",
    ],
)
def test_the_content_type_is_checked(bench: Bench, content_type: str) -> None:
    answer = bench.send(GOOD, content_type=content_type)
    assert (answer.status, answer.data) == (415, b"")
    assert bench.last().outcome == "http"


def test_identify_needs_no_headers(bench: Bench) -> None:
    body = '<i:Identify xmlns:i="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"/>'
    data = f'<s:Envelope xmlns:s="{NS["s"]}"><s:Header/><s:Body>{body}</s:Body></s:Envelope>'.encode()
    answer = bench.send(data)
    assert answer.status == 200
    assert b"Microsoft Corporation" in answer.data
    assert bench.last().verb == "Identify"


@pytest.mark.parametrize(
    ("uri", "namespace", "code"),
    [
        ("urn:other", SITE, 2150858752),
        (C + "SMS_Package/Extra", SITE, 2150858752),
        (C, SITE, 2150858752),
    ],
)
def test_an_unknown_address_is_refused(bench: Bench, uri: str, namespace: str, code: int) -> None:
    answer = bench.send(request(f"{NS['x']}/Get", uri, keys=KEY, namespace=namespace))
    assert (answer.subcode, answer.code) == ("a:DestinationUnreachable", code)


def test_the_namespace_is_needed_and_must_exist(bench: Bench) -> None:
    missing = bench.send(transfer("Get", "SMS_Package", keys=KEY, namespace=None))
    unknown = bench.send(transfer("Get", "SMS_Package", keys=KEY, namespace="root/sms/site_XYZ"))
    for answer, said in ((missing, "root/hardware"), (unknown, "site_XYZ")):
        assert "CIMStatusCode" in answer.data.decode()
        assert said in answer.reason
        assert "0x8004100e" in answer.reason
    backslash = bench.send(transfer("Get", "SMS_Package", keys=KEY, namespace="root\\sms\\site_PS1"))
    assert backslash.subcode == "w:InvalidSelectors"
    assert bench.send(transfer("Get", "SMS_Package", keys=KEY, namespace="ROOT/SMS/Site_ps1")).status == 200


def test_both_address_families_work_and_can_be_switched_off() -> None:
    wmi = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/sms/site_PS1/SMS_Package"
    data = request(f"{NS['x']}/Get", wmi, keys=KEY, namespace=None)
    answer = Bench().send(data)
    assert answer.status == 200
    assert answer.body.tag == "{http://schemas.microsoft.com/wbem/wsman/1/wmi/root/sms/site_ps1/SMS_Package}SMS_Package"
    assert "switched off" in Bench(uri="dmtf").send(data).reason
    assert "switched off" in Bench(uri="wmi").send(GOOD).reason
    contradiction = request(f"{NS['x']}/Get", wmi, keys=KEY, namespace="root/sms")
    assert "contradicts" in Bench().send(contradiction).reason


def test_an_unknown_class_is_an_error_of_wmi(bench: Bench) -> None:
    answer = bench.send(transfer("Get", "SMS_Nothing", keys=KEY))
    assert answer.find(".//{*}MSFT_WmiError") is not None
    assert answer.text(".//{*}CIMStatusCode") == "5"
    assert answer.text(".//{*}MSFT_WmiError/{*}MessageID") == "HRESULT 0x80041010"


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        ({}, 2150858842),
        ({"PackageID": "PS100001", "Name": "x"}, 2150858813),
        ({"Nope": "x"}, 2150858813),
    ],
)
def test_the_selectors_must_be_the_keys(bench: Bench, keys: dict[str, str], code: int) -> None:
    answer = bench.send(transfer("Get", "SMS_Package", keys=keys))
    assert (answer.subcode, answer.code) == ("w:InvalidSelectors", code)


def test_a_key_of_the_wrong_type_is_refused(bench: Bench) -> None:
    answer = bench.send(transfer("Get", "SMS_ObjectContainerNode", keys={"ContainerNodeID": "ten"}))
    assert (answer.subcode, answer.code) == ("w:InvalidSelectors", 2150858844)


def test_selector_names_go_without_regard_to_case_and_values_are_not_trimmed(bench: Bench) -> None:
    bench.send(transfer("Get", "sms_package", keys={"PACKAGEID": " PS100001 "}))
    assert bench.stub.calls == [("get", SITE, "SMS_Package", {"PackageID": " PS100001 "})]


@pytest.mark.parametrize("action", ["urn:nothing", f"{NS['x']}/Rename", C + "SMS_Program/SetSourceSite"])
def test_an_unknown_action_is_refused(bench: Bench, action: str) -> None:
    answer = bench.send(request(action, C + "SMS_Package", keys=KEY))
    assert (answer.subcode, answer.code) == ("a:ActionNotSupported", 2150858753)


def test_get_and_delete_have_no_body(bench: Bench) -> None:
    for verb in ("Get", "Delete"):
        answer = bench.send(transfer(verb, "SMS_Package", "<a/>", keys=KEY))
        assert "empty body" in answer.reason
    assert bench.stub.calls == []


def test_a_query_goes_to_the_address_of_all_classes_only(bench: Bench) -> None:
    answer = bench.send(query("SELECT * FROM SMS_Package WHERE Name='x'", uri=C + "SMS_Package"))
    assert answer.code == 2150859003
    no_filter = request(f"{NS['n']}/Enumerate", STAR, "<n:Enumerate/>")
    assert "needs a WQL filter" in bench.send(no_filter).reason
    assert bench.send(transfer("Get", "*", keys=KEY).replace((C + "*").encode(), STAR.encode())).status == 500
