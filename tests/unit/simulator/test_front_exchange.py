# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Limits, the shapes of faults, faults on demand, the journal, and the read-only port."""

from __future__ import annotations

import time
import typing as t

import pytest
from ansible_collections.configmgr.osd.tests.simulator.journal import READ_METHODS, is_write
from ansible_collections.configmgr.osd.tests.simulator.objects import Obj, ProviderError
from ansible_collections.configmgr.osd.tests.simulator.schema import Schema
from ansible_collections.configmgr.osd.tests.unit.simulator.front_support import (
    SITE,
    Bench,
    C,
    invoke,
    package,
    query,
    request,
    transfer,
)

KEY = {"PackageID": "PS100001"}
GET = transfer("Get", "SMS_Package", keys=KEY)
CREATE = transfer("Create", "SMS_Package", package("<q:Name>x</q:Name>"))
TSP = "SMS_TaskSequencePackage"


@pytest.fixture
def bench() -> Bench:
    """Return a bench."""
    return Bench()


# ---- limits ----------------------------------------------------------------------------------------


def test_an_answer_above_the_service_limit_is_a_fault(bench: Bench) -> None:
    bench.stub.packages["PS100001"].props["Description"] = "x" * 520_000
    answer = bench.send(GET)
    assert (answer.status, answer.subcode, answer.code) == (500, "w:EncodingLimit", 2150858825)
    assert bench.last().executed


def test_an_answer_above_the_limit_of_the_request_is_a_fault(bench: Bench) -> None:
    bench.stub.packages["PS100001"].props["Description"] = "x" * 20_000
    small = {"size": "<w:MaxEnvelopeSize>16384</w:MaxEnvelopeSize>"}
    assert bench.send(transfer("Get", "SMS_Package", keys=KEY, change=small)).code == 2150858824
    assert bench.send(transfer("Get", "SMS_Package", keys=KEY, change={"size": ""})).status == 200


def test_the_limit_can_be_raised() -> None:
    bench = Bench(max_envelope=8192 * 1024)
    bench.stub.packages["PS100001"].props["Description"] = "x" * 520_000
    assert bench.send(GET).status == 200


# ---- refusals of the provider --------------------------------------------------------------------


def raised(bench: Bench, wbem: int, extended: dict[str, t.Any] | None = None, data: bytes = GET) -> t.Any:
    """Let the provider refuse a request."""
    bench.stub.error = ProviderError(wbem, "No way.", extended)
    return bench.send(data)


def test_not_found_is_destination_unreachable_with_a_status(bench: Bench) -> None:
    answer = raised(bench, 0x80041002)
    assert (answer.status, answer.subcode, answer.code) == (500, "a:DestinationUnreachable", 2150858752)
    status = answer.find(".//{*}ProviderFault/{*}ExtendedError/{*}__ExtendedStatus")
    assert status.tag.startswith(f"{{{C}__ExtendedStatus}}")
    assert status.findtext("{*}Operation") == "GetObject"
    assert status.findtext("{*}ParameterInfo") == 'SMS_Package.PackageID="PS100001"'
    assert answer.text("s:Header/a:Action") == "http://schemas.xmlsoap.org/ws/2004/08/addressing/fault"


def test_a_failure_carries_the_status_of_the_provider(bench: Bench) -> None:
    answer = raised(
        bench,
        0x80041001,
        {"ErrorCode": 2147500037, "ObjectInfo": "<x>", "StatusCode": 2147749889, "Description": "a & b"},
    )
    assert (answer.subcode, answer.code) == ("w:InternalError", 2150859010)
    status = answer.find(".//{*}ExtendedError/{*}SMS_ExtendedStatus")
    found = {child.tag.rpartition("}")[2]: child.text for child in status}
    assert (found["ErrorCode"], found["ObjectInfo"], found["StatusCode"], found["Description"]) == (
        "2147500037",
        "<x>",
        "2147749889",
        "a & b",
    )
    assert set(found) == set(Schema.load().get("SMS_ExtendedStatus").properties)


@pytest.mark.parametrize(
    ("wbem", "subcode", "code"),
    [
        (0x80041003, "w:AccessDenied", 0x80041003),
        (0x80041017, "n:CannotProcessFilter", 0x80041017),
        (0x80041001, "w:InternalError", 0x80041001),
    ],
)
def test_other_refusals_keep_their_code(bench: Bench, wbem: int, subcode: str, code: int) -> None:
    answer = raised(bench, wbem)
    assert (answer.subcode, answer.code) == (subcode, code)
    assert bench.last().outcome == "fault"
    assert not bench.last().executed


def test_a_duplicate_is_an_error_of_wmi(bench: Bench) -> None:
    answer = raised(bench, 0x80041019, data=CREATE)
    assert answer.text(".//{*}MSFT_WmiError/{*}CIMStatusCode") == "11"
    assert answer.text(".//{*}MSFT_WmiError/{*}error_Code") == str(0x80041019)


def test_what_wmi_finds_itself_has_no_status_of_the_provider(bench: Bench) -> None:
    answer = raised(bench, 0x80041010, {"ErrorCode": 1})
    assert answer.find(".//{*}SMS_ExtendedStatus") is None
    assert answer.text(".//{*}MSFT_WmiError/{*}CIMStatusCode") == "5"


def test_a_write_whose_answer_fails_has_been_carried_out(bench: Bench) -> None:
    bench.stub.answers["RefreshPkgSource"] = {"ReturnValue": "zero"}
    answer = bench.send(invoke("SMS_Package", "RefreshPkgSource", keys=KEY))
    assert answer.code == 2150858817
    assert (bench.last().outcome, bench.last().executed) == ("fault", True)


def test_the_namespace_of_a_status_follows_the_request(bench: Bench) -> None:
    uri = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/sms/site_PS1/SMS_Package"
    data = request("http://schemas.xmlsoap.org/ws/2004/09/transfer/Get", uri, keys={"PackageID": "PS1"}, namespace=None)
    status = bench.send(data).find(".//{*}__ExtendedStatus")
    assert (
        status.tag
        == "{http://schemas.microsoft.com/wbem/wsman/1/wmi/root/sms/site_ps1/__ExtendedStatus}__ExtendedStatus"
    )


def test_a_defect_of_the_simulator_is_loud(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    bench.stub.error = ZeroDivisionError("oops")
    answer = bench.send(GET)
    assert "SIMULATOR DEFECT: ZeroDivisionError" in answer.reason
    assert bench.last().outcome == "crash"
    assert "Traceback" in capsys.readouterr().err


# ---- the read-only port -----------------------------------------------------------------------------

WRITES = [
    CREATE,
    transfer("Delete", "SMS_Package", keys=KEY),
    transfer("Put", "SMS_Package", package("<q:Name>x</q:Name>"), keys=KEY),
    invoke("SMS_Package", "RefreshPkgSource", keys=KEY),
    invoke(TSP, "SetSequence"),
    invoke("SMS_ObjectLock", "RequestLock"),
]


@pytest.mark.parametrize("data", WRITES)
def test_the_read_only_port_refuses_writes(bench: Bench, data: bytes) -> None:
    answer = bench.send(data, port="read_only")
    assert (answer.status, answer.subcode, answer.code) == (500, "w:AccessDenied", 5)
    assert "READ-ONLY PORT" in answer.reason
    assert bench.stub.calls == []
    entry = bench.last()
    assert (entry.outcome, entry.write, entry.executed, entry.port) == ("refused_write", True, False, "read_only")
    assert bench.front.journal.view()["refused_writes"] == 1


@pytest.mark.parametrize(
    "data",
    [
        GET,
        query("SELECT * FROM SMS_Package WHERE Name='x'"),
        invoke(TSP, "GetSequence"),
        invoke(TSP, "ImportSequence"),
        invoke("SMS_TaskSequence", "SaveToXml"),
        invoke("SMS_ScheduleMethods", "ReadFromString"),
    ],
)
def test_the_read_only_port_answers_reads(bench: Bench, data: bytes) -> None:
    bench.stub.answers["SaveToXml"] = {"ReturnValue": "<sequence/>"}
    assert bench.send(data, port="read_only").status == 200
    assert not bench.last().write


def test_the_table_of_reads_names_methods_that_exist() -> None:
    schema = Schema.load()
    known = {name.casefold() for item in schema.names() for name in schema.get(item).methods}
    assert known >= READ_METHODS


@pytest.mark.parametrize(
    ("verb", "method", "write"),
    [
        ("Get", None, False),
        ("Enumerate", None, False),
        ("Pull", None, False),
        ("Release", None, False),
        ("Put", None, True),
        ("Create", None, True),
        ("Delete", None, True),
        ("Invoke", "GetSequence", False),
        ("Invoke", "SetSequence", True),
        ("Invoke", "SomethingNew", True),
        ("Invoke", "getsequence", False),
    ],
)
def test_reads_and_writes_are_told_apart(verb: str, method: str | None, write: bool) -> None:
    assert is_write(verb, method) is write


# ---- the journal --------------------------------------------------------------------------------------


def test_the_journal_tells_what_a_request_was(bench: Bench) -> None:
    bench.send(GET)
    bench.send(query("SELECT * FROM SMS_Package WHERE Name='x'"))
    bench.send(invoke("SMS_Package", "RefreshPkgSource", keys=KEY))
    bench.send(transfer("Get", "SMS_Package", keys={"PackageID": "PS100099"}))
    get, select, call, missing = (entry.view() for entry in bench.front.journal.entries())
    assert {
        name: get[name] for name in ("number", "verb", "namespace", "class", "keys", "write", "outcome", "principal")
    } == {
        "number": 1,
        "verb": "Get",
        "namespace": SITE,
        "class": "SMS_Package",
        "keys": KEY,
        "write": False,
        "outcome": "ok",
        "principal": "CORP\\x",
    }
    assert get["bytes_in"] == len(GET)
    assert get["bytes_out"] > 500
    assert (select["verb"], select["class"], select["query"]) == (
        "Enumerate",
        "SMS_Package",
        "SELECT * FROM SMS_Package WHERE Name='x'",
    )
    assert (call["method"], call["write"], call["executed"]) == ("RefreshPkgSource", True, True)
    assert (missing["outcome"], missing["code"]) == ("fault", 2150858752)
    assert "request" not in get
    assert len(bench.front.journal.entries(since=3)) == 1
    view = bench.front.journal.view()
    assert (view["requests"], view["writes"], view["executed_writes"], view["faults"]) == (4, 1, 1, 1)


def test_the_journal_keeps_bodies_on_demand(bench: Bench) -> None:
    bench.front.journal.keep_bodies = True
    bench.send(GET)
    view = bench.last().view()
    assert view["request"] == GET.decode()
    assert "GetResponse" in view["response"]


def test_the_journal_can_be_cleared(bench: Bench) -> None:
    bench.send(GET)
    bench.front.journal.clear()
    assert bench.front.journal.view()["requests"] == 0
    bench.send(GET)
    assert bench.last().number == 1


# ---- faults on demand ------------------------------------------------------------------------------------


def planned(bench: Bench, **rule: t.Any) -> None:
    """Set a plan of one rule."""
    bench.front.plan.set([rule])


def test_the_nth_matching_request_is_struck_once(bench: Bench) -> None:
    planned(bench, kind="fault", code=2150858815, verb="get", at=2)
    assert bench.send(GET).status == 200
    assert bench.send(query("SELECT * FROM SMS_Package WHERE Name='x'")).status == 200
    struck = bench.send(GET)
    assert (struck.status, struck.code) == (500, 2150858815)
    assert bench.last().injected == "fault before"
    assert bench.send(GET).status == 200
    assert [call[0] for call in bench.stub.calls] == ["get", "query", "get"]
    rule = bench.front.plan.view()[0]
    assert (rule["seen"], rule["fired"]) == (3, 1)


@pytest.mark.parametrize(
    "filters",
    [
        {"class": "SMS_Package"},
        {"verb": "Invoke"},
        {"method": "refreshpkgsource"},
        {"write": True},
        {"port": "main"},
    ],
)
def test_filters_choose_requests(bench: Bench, filters: dict[str, t.Any]) -> None:
    planned(bench, kind="http", status=503, **filters)
    bench.send(transfer("Get", "SMS_Site", keys={"SiteCode": "PS1"}), port="https")
    assert bench.last().injected is None
    assert bench.send(invoke("SMS_Package", "RefreshPkgSource", keys=KEY)).status == 503


def test_times_zero_strikes_for_ever(bench: Bench) -> None:
    planned(bench, kind="http", status=400, times=0)
    assert [bench.send(GET).status for _number in range(3)] == [400, 400, 400]
    bench.front.plan.clear()
    assert bench.send(GET).status == 200


def test_a_lost_reply_comes_after_the_operation(bench: Bench) -> None:
    planned(bench, kind="drop", when="after", write=True)
    answer = bench.send(CREATE)
    assert answer.ending == "drop"
    assert "PS100002" in bench.stub.packages
    entry = bench.last()
    assert (entry.outcome, entry.executed) == ("dropped", True)


def test_a_lost_request_never_reaches_the_provider(bench: Bench) -> None:
    planned(bench, kind="drop", reset=True)
    assert bench.send(CREATE).ending == "reset"
    assert bench.stub.calls == []
    assert not bench.last().executed


def test_a_fault_can_come_after_the_operation(bench: Bench) -> None:
    planned(bench, kind="fault", code=2150858793, when="after")
    answer = bench.send(CREATE)
    assert (answer.subcode, answer.code) == ("w:TimedOut", 2150858793)
    assert "PS100002" in bench.stub.packages


def test_a_truncated_answer_has_been_carried_out(bench: Bench) -> None:
    planned(bench, kind="truncate")
    assert bench.send(CREATE).ending == "truncate"
    assert "PS100002" in bench.stub.packages


def test_a_slow_answer_takes_its_time(bench: Bench) -> None:
    planned(bench, kind="slow", seconds=0.05)
    started = time.perf_counter()
    assert bench.send(GET).status == 200
    assert time.perf_counter() - started >= 0.05


def test_an_answer_slower_than_the_timeout_is_a_fault(bench: Bench) -> None:
    planned(bench, kind="slow", seconds=5, when="after")
    data = transfer(
        "Create",
        "SMS_Package",
        package("<q:Name>x</q:Name>"),
        change={"timeout": "<w:OperationTimeout>PT0.05S</w:OperationTimeout>"},
    )
    started = time.perf_counter()
    assert bench.send(data).code == 2150858793
    assert time.perf_counter() - started < 2
    assert "PS100002" in bench.stub.packages


@pytest.mark.parametrize(
    ("kind", "subcode", "status"),
    [
        ("denied", "w:AccessDenied", None),
        ("failure", "w:InternalError", "2147500037"),
        ("locked", "w:InternalError", "1078462258"),
    ],
)
def test_the_provider_can_refuse_on_demand(bench: Bench, kind: str, subcode: str, status: str | None) -> None:
    planned(bench, kind=kind)
    answer = bench.send(CREATE)
    assert answer.subcode == subcode
    assert answer.text(".//{*}SMS_ExtendedStatus/{*}ErrorCode") == status
    assert bench.stub.calls == []


@pytest.mark.parametrize("code", [2150858790, 5, 0x80041001, 2150859174])
def test_any_code_can_be_planned(bench: Bench, code: int) -> None:
    planned(bench, kind="fault", code=code, text="Because.")
    answer = bench.send(GET)
    assert answer.code == code
    assert "Because." in answer.reason


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"kind": "nothing"},
        {"kind": "fault"},
        {"kind": "http", "colour": "red"},
        {"kind": "denied", "when": "after"},
        {"kind": "drop", "when": "later"},
        {"kind": "drop", "at": 0},
    ],
)
def test_a_senseless_plan_is_refused(bench: Bench, rule: dict[str, t.Any]) -> None:
    with pytest.raises(ValueError, match=".+"):
        bench.front.plan.set([rule])


def test_the_first_rule_wins_and_all_count(bench: Bench) -> None:
    bench.front.plan.set([{"kind": "http", "status": 501}, {"kind": "http", "status": 502, "at": 2}])
    assert [bench.send(GET).status for _number in range(3)] == [501, 502, 200]


def test_reset_forgets_everything(bench: Bench) -> None:
    planned(bench, kind="http", times=0)
    bench.stub.packages["PS100002"] = Obj("SMS_Package", {"PackageID": "PS100002"})
    bench.send(GET)
    bench.front.reset()
    assert bench.front.journal.entries() == []
    assert bench.send(GET).status == 200
    assert list(bench.stub.packages) == ["PS100001"]
