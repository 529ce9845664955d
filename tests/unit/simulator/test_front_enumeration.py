# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Enumerations: paging, contexts, limits, quotas."""

from __future__ import annotations

import pytest
from ansible_collections.configmgr.osd.tests.simulator.enumeration import MAX_PER_USER
from ansible_collections.configmgr.osd.tests.simulator.objects import Obj
from ansible_collections.configmgr.osd.tests.unit.simulator.front_support import (
    NS,
    SITE,
    STAR,
    WQL,
    Answer,
    Bench,
    C,
    pull,
    query,
    request,
)

ALL = "SELECT * FROM SMS_Package WHERE PackageID LIKE 'PS1%'"
FILTER = f'<w:Filter Dialect="{WQL}">{ALL}</w:Filter>'


@pytest.fixture
def bench() -> Bench:
    """Return a bench."""
    return Bench()


def fill(bench: Bench, count: int, size: int = 10) -> None:
    """Put so many packages into the stub."""
    bench.stub.packages = {
        f"PS1{n:05d}": Obj("SMS_Package", {"PackageID": f"PS1{n:05d}", "Description": "x" * size}) for n in range(count)
    }


def ids(answer: Answer) -> list[str]:
    """Return the PackageIDs of an answer."""
    return [item.text for item in answer.root.iterfind(".//{*}SMS_Package/{*}PackageID")]


def context(answer: Answer) -> str | None:
    """Return the context of an answer, None when it is missing or empty."""
    return answer.text(".//n:EnumerationContext") or None


def test_no_row_ends_at_once(bench: Bench) -> None:
    fill(bench, 0)
    answer = bench.send(query(ALL))
    assert answer.find(".//w:EndOfSequence") is not None
    assert (ids(answer), context(answer)) == ([], None)
    assert bench.stub.calls == [("query", SITE, ALL)]
    assert bench.front.enumerations.view()["open"] == 0


def test_one_row_ends_in_the_first_answer(bench: Bench) -> None:
    fill(bench, 1)
    answer = bench.send(query(ALL))
    assert answer.find("s:Body/n:EnumerateResponse/w:Items") is not None
    assert answer.find("s:Body/n:EnumerateResponse/w:EndOfSequence") is not None
    assert (ids(answer), context(answer)) == (["PS100000"], None)


def test_two_rows_cost_a_pull(bench: Bench) -> None:
    fill(bench, 2)
    first = bench.send(query(ALL))
    assert ids(first) == ["PS100000"]
    assert first.find(".//{*}EndOfSequence") is None
    second = bench.send(pull(str(context(first))))
    assert ids(second) == ["PS100001"]
    assert second.find("s:Body/n:PullResponse/n:Items") is not None
    assert second.find("s:Body/n:PullResponse/n:EndOfSequence") is not None
    assert context(second) is None
    assert bench.front.enumerations.view()["finished"] == 1
    assert [entry.class_name for entry in bench.front.journal.entries()] == ["SMS_Package", "SMS_Package"]


def test_without_optimisation_the_first_answer_is_only_a_context(bench: Bench) -> None:
    fill(bench, 1)
    first = bench.send(query(ALL, optimize=False))
    assert first.find(".//w:Items") is None
    assert ids(bench.send(pull(str(context(first))))) == ["PS100000"]


def test_each_pull_gives_a_new_context_and_kills_the_old_one(bench: Bench) -> None:
    fill(bench, 4)
    first = bench.send(query(ALL))
    second = bench.send(pull(str(context(first)), 1))
    assert ids(second) == ["PS100001"]
    assert context(second) not in (None, context(first))
    stale = bench.send(pull(str(context(first))))
    assert (stale.subcode, stale.code) == ("n:InvalidEnumerationContext", 2150858792)
    assert ids(bench.send(pull(str(context(second))))) == ["PS100002", "PS100003"]


def test_a_pull_is_filled_up_to_the_envelope(bench: Bench) -> None:
    fill(bench, 20, size=3000)
    small = {"size": "<w:MaxEnvelopeSize>32768</w:MaxEnvelopeSize>"}
    answer = bench.send(query(ALL, change=small))
    got = ids(answer)
    pulls = 0
    while context(answer):
        answer = bench.send(pull(str(context(answer)), change=small))
        assert len(answer.data) <= 32768
        got += ids(answer)
        pulls += 1
    assert got == [f"PS1{n:05d}" for n in range(20)]
    assert 2 <= pulls <= 8


def test_an_object_above_the_limit_is_a_fault(bench: Bench) -> None:
    fill(bench, 2, size=600 * 1024)
    first = bench.send(query(ALL))
    assert (first.subcode, first.code) == ("w:EncodingLimit", 2150858790)
    assert bench.front.enumerations.view()["open"] == 0
    lazy = bench.send(query(ALL, optimize=False))
    assert bench.send(pull(str(context(lazy)))).code == 2150858790


def test_release_forgets_the_context(bench: Bench) -> None:
    fill(bench, 3)
    first = str(context(bench.send(query(ALL))))
    answer = bench.send(pull(first, verb="Release"))
    assert (answer.status, answer.body) == (200, None)
    assert answer.text("s:Header/a:Action") == f"{NS['n']}/ReleaseResponse"
    assert bench.send(pull(first)).subcode == "n:InvalidEnumerationContext"
    assert bench.front.enumerations.view()["released"] == 1


def test_a_context_belongs_to_user_and_address(bench: Bench) -> None:
    fill(bench, 3)
    first = str(context(bench.send(query(ALL))))
    assert bench.send(pull(first), principal="CORP\\other").subcode == "n:InvalidEnumerationContext"
    assert bench.send(pull(first, uri=C + "SMS_Package")).subcode == "n:InvalidEnumerationContext"
    assert bench.send(pull(first, namespace="root/sms")).subcode == "n:InvalidEnumerationContext"
    assert bench.send(pull(first)).status == 200


def test_an_idle_enumeration_times_out_and_counts_as_leaked(bench: Bench) -> None:
    now = [0.0]
    bench.front.enumerations._clock = lambda: now[0]
    fill(bench, 3)
    first = str(context(bench.send(query(ALL))))
    now[0] = 59.0
    second = str(context(bench.send(pull(first, 1))))
    now[0] = 118.0
    assert bench.front.enumerations.view()["open"] == 1
    now[0] = 119.5
    view = bench.front.enumerations.view()
    assert (view["open"], view["leaked"]) == (0, 1)
    assert bench.send(pull(second)).subcode == "n:InvalidEnumerationContext"


def test_leaks_run_into_the_quota(bench: Bench) -> None:
    fill(bench, 2)
    for _number in range(MAX_PER_USER):
        assert bench.send(query(ALL)).status == 200
    answer = bench.send(query(ALL))
    assert (answer.subcode, answer.code) == ("w:InternalError", 2150859174)
    assert bench.send(query(ALL), principal="CORP\\other").status == 200
    view = bench.front.enumerations.view()
    assert (view["open"], view["refused"]) == (MAX_PER_USER + 1, 1)
    assert view["contexts"][0]["query"] == ALL


def test_modes_with_references(bench: Bench) -> None:
    fill(bench, 1)
    mode = "<w:EnumerationMode>EnumerateObjectAndEPR</w:EnumerationMode>"
    both = bench.send(query(ALL, extra=mode))
    item = both.find(".//w:Items/w:Item")
    assert [child.tag for child in item] == [f"{{{C}SMS_Package}}SMS_Package", f"{{{NS['a']}}}EndpointReference"]
    only = bench.send(query(ALL, extra=mode.replace("ObjectAnd", "")))
    keys = {item.get("Name"): item.text for item in only.root.iterfind(".//w:Selector", NS)}
    assert keys == {"PackageID": "PS100000", "__cimnamespace": SITE}
    assert ids(only) == []


def test_a_class_can_be_enumerated_without_a_filter(bench: Bench) -> None:
    fill(bench, 1)
    answer = bench.send(
        request(f"{NS['n']}/Enumerate", C + "SMS_Package", "<n:Enumerate><w:OptimizeEnumeration/></n:Enumerate>")
    )
    assert ids(answer) == ["PS100000"]
    assert bench.stub.calls == [("enumerate", SITE, "SMS_Package")]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("", "must be its element"),
        ("<n:Pull/>", "must be its element"),
        (f'<n:Enumerate><w:Filter Dialect="urn:sql">{ALL}</w:Filter></n:Enumerate>', "urn:sql is not available"),
        (f"<n:Enumerate><w:Filter>{ALL}</w:Filter></n:Enumerate>", "None is not available"),
        (f'<n:Enumerate><w:Filter Dialect="{WQL}"> </w:Filter></n:Enumerate>', "filter is empty"),
        (f'<n:Enumerate><n:Filter Dialect="{WQL}">{ALL}</n:Filter></n:Enumerate>', "must not hold the element"),
        (
            f'<n:Enumerate><w:MaxElements>5</w:MaxElements><w:Filter Dialect="{WQL}">{ALL}</w:Filter></n:Enumerate>',
            "without OptimizeEnumeration",
        ),
        (
            f"<n:Enumerate><w:OptimizeEnumeration/><w:MaxElements>0</w:MaxElements>{FILTER}</n:Enumerate>",
            "MaxElements",
        ),
        (
            f"<n:Enumerate><w:EnumerationMode>All</w:EnumerationMode>{FILTER}</n:Enumerate>",
            "mode All",
        ),
        (
            f'<n:Enumerate><b:PolymorphismMode xmlns:b="urn:b">None</b:PolymorphismMode>{FILTER}</n:Enumerate>',
            "PolymorphismMode",
        ),
    ],
)
def test_a_wrong_enumerate_is_refused(bench: Bench, body: str, said: str) -> None:
    answer = bench.send(request(f"{NS['n']}/Enumerate", STAR, body))
    assert said in answer.reason
    assert bench.stub.calls == []


def test_a_wrong_pull_is_refused(bench: Bench) -> None:
    fill(bench, 3)
    first = str(context(bench.send(query(ALL))))
    wrong = pull(first).replace(b"n:MaxElements", b"w:MaxElements")
    assert "must not hold the element" in bench.send(wrong).reason
    assert "takes no selectors" in bench.send(pull(first, keys={"PackageID": "x"})).reason
    assert bench.send(pull(first, 0)).status == 500
    assert ids(bench.send(pull(first))) == ["PS100001", "PS100002"]
