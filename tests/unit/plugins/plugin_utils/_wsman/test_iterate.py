# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows that are handed out answer by answer: nothing is asked for early, nothing is left open, nothing is held."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils import _errors as errors
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.catalogue import Catalogue
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.client import CimClient
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.wql import equals
from ansible_collections.configmgr.osd.plugins.plugin_utils._wsman.client import WsmanClient
from tests.unit.plugins.plugin_utils._wsman.support import (
    FakeTransport,
    enumerated,
    fault,
    lost,
    pulled,
    row,
    wsman_fault,
)

NS = "root/sms/site_P01"
END = "<n:EndOfSequence/>"


def cim(transport: FakeTransport) -> CimClient:
    return CimClient(WsmanClient(transport), Catalogue.load(), NS)


def three() -> FakeTransport:
    return FakeTransport(enumerated(row("a"), "c1"), pulled(row("b"), "c2"), pulled(row("c"), end=END))


def names(rows: t.Iterable[t.Any]) -> list[str]:
    return [str(item.get("Name")) for item in rows]


def test_the_next_answer_is_asked_for_when_it_is_needed() -> None:
    transport = three()
    rows = cim(transport).iterate("SMS_Package")
    assert transport.verbs == []
    assert next(iter(rows)).get("Name") == "a"
    assert transport.verbs == ["Enumerate"]
    assert names(rows) == ["b", "c"]
    assert transport.verbs == ["Enumerate", "Pull", "Pull"]


@pytest.mark.parametrize("columns", [None, ["Name"]])
def test_who_stops_early_gives_the_enumeration_back(columns: list[str] | None) -> None:
    transport = FakeTransport(enumerated(row("a"), "c1"), "")
    rows = cim(transport).iterate("SMS_Package", columns=columns)
    next(iter(rows))
    rows.close()
    assert transport.verbs == ["Enumerate", "Release"]


def test_a_first_answer_that_is_lost_is_asked_for_again() -> None:
    transport = FakeTransport(lost(), enumerated(row("a"), end="<w:EndOfSequence/>"))
    assert names(cim(transport).iterate("SMS_Package")) == ["a"]


def test_a_connection_that_breaks_on_the_way_is_said() -> None:
    transport = FakeTransport(enumerated(row("a"), "c1"), lost(), "")
    found = []
    with pytest.raises(errors.ConnectionBroken, match="lost while reading") as caught:
        for item in cim(transport).iterate("SMS_Package"):
            found.append(item)
    assert names(found) == ["a"] and caught.value.code == "connection_broken"
    assert transport.verbs == ["Enumerate", "Pull", "Release"]


def test_a_provider_that_fails_on_columns() -> None:
    transport = FakeTransport(fault(wsman_fault(0x80041001)), enumerated(row("a"), end="<w:EndOfSequence/>"))
    client = cim(transport)
    assert names(client.iterate("SMS_Package", columns=["Name"])) == ["a"]
    assert ["SELECT *" in request for request in transport.requests] == [False, True]
    broken = FakeTransport(enumerated(row("a"), "c1"), fault(wsman_fault(0x80041001)), "")
    with pytest.raises(errors.ServerFault):
        names(cim(broken).iterate("SMS_Package", columns=["Name"]))


def test_rows_that_only_look_right_are_left_out() -> None:
    transport = FakeTransport(enumerated(row("a'\"b") + row('a_"b'), end="<w:EndOfSequence/>"))
    assert names(cim(transport).iterate("SMS_Package", where=equals("Name", "a'\"b"))) == ["a'\"b"]


def test_lazy_properties_are_refused() -> None:
    with pytest.raises(ValueError, match="lazy"):
        next(iter(cim(FakeTransport()).iterate("SMS_Advertisement", columns=["AssignedSchedule"])))
