# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the client sends, and what it makes of answers, faults and silence."""

from __future__ import annotations

import typing as t
import xml.etree.ElementTree as ET

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils import _errors as errors
from ansible_collections.configmgr.osd.plugins.plugin_utils._wsman import uris
from ansible_collections.configmgr.osd.plugins.plugin_utils._wsman.client import WsmanClient
from ansible_collections.configmgr.osd.plugins.plugin_utils._wsman.exchange import Event
from ansible_collections.configmgr.osd.plugins.plugin_utils._wsman.transport import QUICK, HttpStatus
from tests.unit.plugins.plugin_utils._wsman.support import (
    CIM,
    FakeTransport,
    answer,
    enumerated,
    fault,
    lost,
    pulled,
    row,
    wsman_fault,
)

NS = "root/sms/site_P01"
KEYS = {"PackageID": "P0100001"}
FOUND = row("x")


def header(request: str, name: str, namespace: str = uris.WSMAN) -> str | None:
    return ET.fromstring(request)[0].findtext(f"{{{namespace}}}{name}")


def options(request: str) -> list[tuple[str | None, str | None]]:
    return [(item.get("Name"), item.text) for item in ET.fromstring(request).iter(f"{{{uris.WSMAN}}}Option")]


def texts(elements: t.Iterable[ET.Element]) -> list[str]:
    return ["".join(element.itertext()) for element in elements]


# -- objects -----------------------------------------------------------------------------------------


def test_get() -> None:
    transport = FakeTransport(FOUND)
    found = WsmanClient(transport).get(NS, "SMS_Package", KEYS)
    assert texts([found]) == ["x"]
    assert transport.verbs == ["Get"]
    assert header(transport.requests[0], "ResourceURI") == CIM + "SMS_Package"
    assert transport.timeouts == [75.0]


def test_wmi_family_has_the_namespace_in_the_uri_only() -> None:
    transport = FakeTransport(FOUND, enumerated("", end="<w:EndOfSequence/>"))
    client = WsmanClient(transport, uri_family="wmi")
    client.get(NS, "SMS_Package", KEYS)
    client.enumerate(NS, "SELECT * FROM SMS_Package")
    assert (header(transport.requests[0], "ResourceURI") or "").endswith("/wmi/root/sms/site_P01/SMS_Package")
    assert (header(transport.requests[1], "ResourceURI") or "").endswith("/wmi/root/sms/site_P01/*")
    assert "__cimnamespace" not in "".join(transport.requests)


def test_put_names_what_was_modified() -> None:
    transport = FakeTransport("", FOUND)
    client = WsmanClient(transport)
    assert client.put(NS, "SMS_Package", KEYS, "<b/>", modified=["Name", "Description"]) is None
    assert options(transport.requests[0])[:2] == [
        ("wmiarray:__MIInstanceModifiedPropertiesList", "Name"),
        ("wmiarray:__MIInstanceModifiedPropertiesList", "Description"),
    ]
    assert client.put(NS, "SMS_Package", KEYS, "<b/>", modified=[]) is not None


def test_create_returns_the_keys_of_the_reference() -> None:
    created = (
        "<x:ResourceCreated><a:Address>x</a:Address><a:ReferenceParameters><w:ResourceURI>u</w:ResourceURI>"
        '<w:SelectorSet><w:Selector Name="__cimnamespace">n</w:Selector><w:Selector Name="PackageID">P0100042'
        "</w:Selector></w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>"
    )
    transport = FakeTransport(created)
    assert WsmanClient(transport).create(NS, "SMS_Package", "<b/>") == {"PackageID": "P0100042"}
    assert '<w:Selector Name="__cimnamespace">root/sms/site_P01</w:Selector></w:SelectorSet>' in transport.requests[0]


def test_invoke_static_and_instance() -> None:
    result = '<p:Go_OUTPUT xmlns:p="u"><p:ReturnValue>0</p:ReturnValue></p:Go_OUTPUT>'
    transport = FakeTransport(result, result, "")
    client = WsmanClient(transport)
    assert texts([client.invoke(NS, "SMS_X", "Go", "<i/>")]) == ["0"]  # type: ignore[list-item]
    client.invoke(NS, "SMS_X", "Go", "<i/>", keys={"ID": 7})
    assert client.invoke(NS, "SMS_X", "Go", "") is None
    assert header(transport.requests[0], "Action", uris.ADDRESSING) == CIM + "SMS_X/Go"
    assert 'Name="ID"' not in transport.requests[0]
    assert '<w:Selector Name="ID">7</w:Selector>' in transport.requests[1]


def test_class_schema() -> None:
    transport = FakeTransport('<CLASS NAME="SMS_X"><PROPERTY NAME="A" TYPE="string"/></CLASS>', "")
    client = WsmanClient(transport)
    assert client.get_class(NS, "SMS_X").get("NAME") == "SMS_X"
    request = transport.requests[0]
    assert header(request, "ResourceURI") == uris.CLASS_SCHEMA
    assert '<w:Selector Name="ClassName">SMS_X</w:Selector>' in request
    assert ("IncludeQualifiers", "true") in options(request)
    with pytest.raises(errors.ProtocolError, match="holds no class"):
        client.get_class(NS, "SMS_X")


def test_identify_needs_no_relates_to() -> None:
    body = '<i:IdentifyResponse xmlns:i="i"><i:ProductVendor>Microsoft</i:ProductVendor></i:IdentifyResponse>'
    transport = FakeTransport(answer(body).encode())
    found = WsmanClient(transport).identify()
    assert found == {"ProtocolVersion": "", "ProductVendor": "Microsoft", "ProductVersion": ""}
    assert "<a:To>" not in transport.requests[0]


# -- enumeration -------------------------------------------------------------------------------------


def names(transport: FakeTransport, **facts: t.Any) -> list[str]:
    return texts(WsmanClient(transport).enumerate(NS, "SELECT * FROM SMS_Package", **facts))


@pytest.mark.parametrize("end", ["<w:EndOfSequence/>", "<n:EndOfSequence/>"])
@pytest.mark.parametrize("context", ["", "uuid:still-there"])
def test_one_answer_is_enough_when_it_ends_there(end: str, context: str) -> None:
    transport = FakeTransport(enumerated(row("a"), context, end=end))
    assert names(transport) == ["a"]
    assert transport.verbs == ["Enumerate"]


def test_empty_context_ends_too() -> None:
    transport = FakeTransport(enumerated(""))
    assert names(transport) == []
    assert len(transport.requests) == 1


def test_pull_uses_the_newest_context() -> None:
    transport = FakeTransport(
        enumerated(row("a"), "c1"),
        pulled(row("b") + row("c"), "c2"),
        pulled("", "c3"),
        pulled(row("d"), "c4", end="<n:EndOfSequence/>"),
    )
    assert names(transport) == ["a", "b", "c", "d"]
    assert transport.verbs == ["Enumerate", "Pull", "Pull", "Pull"]
    sent = [header_text(request) for request in transport.requests[1:]]
    assert sent == ["c1", "c2", "c3"]
    assert "32000" in transport.requests[1]


def header_text(request: str) -> str | None:
    return next(ET.fromstring(request).iter(f"{{{uris.ENUMERATION}}}EnumerationContext")).text


def test_enumerate_response_without_items() -> None:
    body = "<n:EnumerateResponse><n:EnumerationContext>c1</n:EnumerationContext></n:EnumerateResponse>"
    transport = FakeTransport(body, pulled(row("a"), end="<n:EndOfSequence/>"))
    assert names(transport) == ["a"]


def test_rows_of_a_projection_and_items_with_references() -> None:
    fragment = "<w:XmlFragment><Name>a</Name></w:XmlFragment>"
    item = f"<w:Item>{row('b')}<a:EndpointReference/></w:Item>"
    rows = WsmanClient(FakeTransport(enumerated(fragment + item, end="<w:EndOfSequence/>"))).enumerate(NS, "x")
    assert [uris.local_name(element.tag) for element in rows] == ["XmlFragment", "SMS_Package"]


def test_limit_releases_the_rest() -> None:
    transport = FakeTransport(enumerated(row("a") + row("b") + row("c"), "c1"), "")
    assert names(transport, limit=2) == ["a", "b"]
    assert transport.verbs == ["Enumerate", "Release"]
    assert header_text(transport.requests[1]) == "c1"
    assert transport.timeouts[1] == QUICK


@pytest.mark.parametrize("release", ["", fault(wsman_fault(0x80338000)), lost(), b"<garbage"])
def test_a_failing_pull_releases_and_reports_its_own_error(release: t.Any) -> None:
    transport = FakeTransport(enumerated(row("a"), "c1"), fault(wsman_fault(0x80041001)), release)
    with pytest.raises(errors.ServerFault) as caught:
        names(transport)
    assert caught.value.hresult == 0x80041001
    assert transport.verbs == ["Enumerate", "Pull", "Release"]


def test_a_time_limit_of_the_task_releases_quickly() -> None:
    class TimeLimit(BaseException):
        pass

    def interrupt(_request: str) -> t.Any:
        raise TimeLimit

    transport = FakeTransport(enumerated(row("a"), "c1"), interrupt, lost())
    with pytest.raises(TimeLimit):
        names(transport)
    assert transport.verbs[-1] == "Release"
    assert transport.timeouts[-1] == QUICK


def test_a_lost_pull_starts_the_query_again_once() -> None:
    transport = FakeTransport(
        enumerated(row("a"), "c1"), lost(), "", enumerated(row("a"), "d1"), pulled(row("b"), end="<n:EndOfSequence/>")
    )
    assert names(transport) == ["a", "b"]
    assert transport.verbs == ["Enumerate", "Pull", "Release", "Enumerate", "Pull"]


def test_a_server_that_never_ends_is_stopped() -> None:
    transport = FakeTransport(enumerated("", "c"), *[pulled("", "c")] * 50)
    with pytest.raises(errors.ProtocolError, match="without ever sending a row"):
        names(transport)
    assert len(transport.requests) < 30
    assert transport.verbs[-1] == "Release"


def test_wql_is_escaped() -> None:
    transport = FakeTransport(enumerated(""))
    WsmanClient(transport).enumerate(NS, "SELECT * FROM X WHERE A < 'b&c'")
    assert "A &lt; 'b&amp;c'" in transport.requests[0]


# -- lost replies ------------------------------------------------------------------------------------


def test_a_read_is_tried_once_more() -> None:
    transport = FakeTransport(lost(), FOUND)
    WsmanClient(transport).get(NS, "SMS_Package", KEYS)
    assert transport.verbs == ["Get", "Get"]


def test_a_read_lost_twice_before_anything_was_accepted_is_unreachable() -> None:
    transport = FakeTransport(lost(), lost(sent=False))
    with pytest.raises(errors.Unreachable) as caught:
        WsmanClient(transport).get(NS, "SMS_Package", KEYS)
    assert caught.value.__class__ is errors.Unreachable
    assert len(transport.requests) == 2


def test_a_read_lost_later_is_not_unreachable() -> None:
    transport = FakeTransport(FOUND, lost(), lost())
    client = WsmanClient(transport)
    client.get(NS, "SMS_Package", KEYS)
    with pytest.raises(errors.ProtocolError, match="lost twice"):
        client.get(NS, "SMS_Package", KEYS)


Write = t.Callable[[WsmanClient], t.Any]
WRITES: list[tuple[str, Write]] = [
    ("Put SMS_Package PackageID='P0100001'", lambda c: c.put(NS, "SMS_Package", KEYS, "<b/>", modified=["Name"])),
    ("Create SMS_Package", lambda c: c.create(NS, "SMS_Package", "<b/>")),
    ("Delete SMS_Package PackageID='P0100001'", lambda c: c.delete(NS, "SMS_Package", KEYS)),
    ("Invoke SMS_Package.Go", lambda c: c.invoke(NS, "SMS_Package", "Go", "<b/>")),
]
WRITE_IDS = [name.split()[0] for name, _write in WRITES]


@pytest.mark.parametrize(("attempted", "write"), WRITES, ids=WRITE_IDS)
@pytest.mark.parametrize(
    "silence",
    [lost(), b"<s:Envelope", b"", answer("<x/>", "uuid:other").encode(), HttpStatus(502, b"<html>"), HttpStatus(504)],
    ids=["lost", "truncated", "empty", "mismatch", "502", "504"],
)
def test_a_write_without_a_readable_answer_has_an_unknown_outcome(attempted: str, write: Write, silence: t.Any) -> None:
    transport = FakeTransport(silence)
    with pytest.raises(errors.OutcomeUnknown) as caught:
        write(WsmanClient(transport))
    assert caught.value.attempted == attempted
    assert len(transport.requests) == 1


def test_a_write_that_never_left_is_no_unknown_outcome() -> None:
    transport = FakeTransport(lost(sent=False))
    with pytest.raises(errors.Unreachable):
        WsmanClient(transport).delete(NS, "SMS_Package", KEYS)
    transport = FakeTransport(FOUND, lost(sent=False))
    client = WsmanClient(transport)
    client.get(NS, "SMS_Package", KEYS)
    with pytest.raises(errors.ProtocolError, match="not carried out"):
        client.delete(NS, "SMS_Package", KEYS)


def test_a_read_method_is_tried_once_more_and_a_write_method_is_not() -> None:
    transport = FakeTransport(lost(), "")
    WsmanClient(transport).invoke(NS, "SMS_X", "Get", "", write=False)
    assert len(transport.requests) == 2


def test_a_write_that_timed_out_on_the_server_says_what_was_attempted() -> None:
    transport = FakeTransport(fault(wsman_fault(0x80338029)), fault(wsman_fault(0x80338029)))
    client = WsmanClient(transport)
    with pytest.raises(errors.OperationTimeout) as caught:
        client.delete(NS, "SMS_Package", KEYS)
    assert caught.value.attempted == "Delete SMS_Package PackageID='P0100001'"
    with pytest.raises(errors.OperationTimeout) as caught:
        client.get(NS, "SMS_Package", KEYS)
    assert caught.value.attempted is None


# -- refusals ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "leaf", "text"),
    [
        (401, b"", errors.LoginFailed, "credentials"),
        (400, b"", errors.Unreachable, "decrypt"),
        (403, b"", errors.Unreachable, "forbidden"),
        (404, b"<html>", errors.Unreachable, "no WS-Management listener"),
        (413, b"<html>", errors.RequestTooLarge, "MaxEnvelopeSizekb"),
        (500, b"", errors.Unreachable, "AllowUnencrypted"),
        (503, b"", errors.ServerBusy, "busy"),
        (418, b"", errors.Unreachable, "HTTP 418"),
    ],
)
@pytest.mark.parametrize("write", [False, True])
def test_http_states(status: int, body: bytes, leaf: type[errors.ConfigMgrError], text: str, write: bool) -> None:
    client = WsmanClient(FakeTransport(HttpStatus(status, body)))
    with pytest.raises(errors.ConfigMgrError, match=text) as caught:
        if write:
            client.delete(NS, "SMS_Package", KEYS)
        else:
            client.get(NS, "SMS_Package", KEYS)
    assert caught.value.__class__ is leaf


def test_http_states_after_the_first_answer_do_not_make_the_host_unreachable() -> None:
    for status in (400, 401, 404, 500):
        transport = FakeTransport(FOUND, HttpStatus(status))
        client = WsmanClient(transport)
        client.get(NS, "SMS_Package", KEYS)
        with pytest.raises(errors.ProtocolError):
            client.get(NS, "SMS_Package", KEYS)
    transport = FakeTransport(FOUND, errors.LoginFailed("no"))
    client = WsmanClient(transport)
    client.get(NS, "SMS_Package", KEYS)
    with pytest.raises(errors.ProtocolError, match="not carried out"):
        client.delete(NS, "SMS_Package", KEYS)


def test_an_empty_500_for_a_later_write_leaves_the_outcome_open() -> None:
    transport = FakeTransport(FOUND, HttpStatus(500))
    client = WsmanClient(transport)
    client.get(NS, "SMS_Package", KEYS)
    with pytest.raises(errors.OutcomeUnknown):
        client.delete(NS, "SMS_Package", KEYS)


def test_faults_come_in_any_http_status() -> None:
    for status in (200, 400, 500, 501):
        body = answer(fault(wsman_fault(2150858752))).encode()
        step = body if status == 200 else HttpStatus(status, body)
        with pytest.raises(errors.NotFound) as caught:
            WsmanClient(FakeTransport(step)).get(NS, "SMS_Package", KEYS)
        assert caught.value.wmi_class == "SMS_Package"
        assert caught.value.message.startswith("Get SMS_Package PackageID='P0100001': ")


def test_an_answer_to_another_request_is_refused() -> None:
    with pytest.raises(errors.ProtocolError, match="another request"):
        WsmanClient(FakeTransport(answer(FOUND, "uuid:other").encode())).get(NS, "SMS_Package", KEYS)
    with pytest.raises(errors.ProtocolError, match="another request"):
        WsmanClient(FakeTransport(answer(FOUND).encode())).get(NS, "SMS_Package", KEYS)


def test_relates_to_is_compared_as_windows_writes_it() -> None:
    def lower(request: str) -> bytes:
        sent = header(request, "MessageID", uris.ADDRESSING)
        return answer(FOUND, f"\n  {str(sent).lower()}\n").encode()

    WsmanClient(FakeTransport(lower)).get(NS, "SMS_Package", KEYS)


# -- sizes -------------------------------------------------------------------------------------------

REMEDY = 'winrm set winrm/config @{MaxEnvelopeSizekb="8192"}'


def test_a_request_beyond_the_default_is_not_sent() -> None:
    transport = FakeTransport()
    client = WsmanClient(transport)
    with pytest.raises(errors.RequestTooLarge) as caught:
        client.invoke(NS, "SMS_X", "Go", "x" * 486400)
    assert not transport.requests
    size = caught.value.detail["request_bytes"]
    assert caught.value.detail["limit_bytes"] == client.request_limit == 486400
    assert str(size) in caught.value.message and "486400" in caught.value.message
    assert REMEDY in caught.value.message


def test_a_known_limit_is_used_as_it_is() -> None:
    transport = FakeTransport("")
    client = WsmanClient(transport, max_envelope_size=8192)
    assert client.request_limit == 8192 * 1024
    client.invoke(NS, "SMS_X", "Go", "x" * 486400)
    assert len(transport.requests) == 1


@pytest.mark.parametrize("code", [0x80338026, 0x80338047, 0x80338048, 0x80338049, 0x80338111])
def test_every_size_fault_ends_in_the_same_message(code: int) -> None:
    transport = FakeTransport(fault(wsman_fault(code)))
    with pytest.raises(errors.RequestTooLarge) as caught:
        WsmanClient(transport).get(NS, "SMS_Package", KEYS)
    assert REMEDY in caught.value.message
    assert str(len(transport.requests[0].encode())) in caught.value.message
    assert caught.value.hresult == code


# -- observers ---------------------------------------------------------------------------------------


def test_observers_see_every_exchange() -> None:
    seen: list[Event] = []
    transport = FakeTransport(FOUND, fault(wsman_fault(0x80041003)), lost())
    client = WsmanClient(transport, observer=seen.append)
    client.get(NS, "SMS_Package", KEYS)
    with pytest.raises(errors.AccessDenied):
        client.invoke(NS, "SMS_X", "Go", "<b/>")
    with pytest.raises(errors.OutcomeUnknown):
        client.delete(NS, "SMS_Package", {"PackageID": "x" * 500})
    assert [(event.operation.verb, event.status, event.result) for event in seen] == [
        ("Get", 200, "ok"),
        ("Invoke", 500, "AccessDenied"),
        ("Delete", 0, "OutcomeUnknown"),
    ]
    assert seen[0].request.decode() == transport.requests[0]
    assert b"<p:Name>x</p:Name>" in seen[0].response
    line = str(seen[0])
    assert line.startswith("Get SMS_Package PackageID='P0100001': ")
    assert f"{len(seen[0].request)} B out" in line and line.endswith("ms, ok")
    assert len(str(seen[2])) < 300


def test_observers_see_an_interrupted_exchange() -> None:
    seen: list[Event] = []

    def interrupt(_request: str) -> t.Any:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        WsmanClient(FakeTransport(interrupt), observer=seen.append).get(NS, "SMS_Package", KEYS)
    assert [event.result for event in seen] == ["interrupted"]


def test_operation_timeout_reaches_header_and_socket() -> None:
    transport = FakeTransport(FOUND)
    WsmanClient(transport, operation_timeout=300).get(NS, "SMS_Package", KEYS)
    assert header(transport.requests[0], "OperationTimeout") == "PT300.000S"
    assert transport.timeouts == [315.0]
