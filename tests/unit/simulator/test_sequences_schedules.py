# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Schedule strings of the simulated site, against worked examples and against themselves."""

from __future__ import annotations

import datetime
import typing as t

import pytest
from ansible_collections.configmgr.osd.tests.simulator.objects import Dt, Obj, ProviderError
from ansible_collections.configmgr.osd.tests.simulator.sequences import schedules
from ansible_collections.configmgr.osd.tests.simulator.sequences.handlers import HANDLERS
from ansible_collections.configmgr.osd.tests.unit.simulator.sequences_support import BareSite
from hypothesis import given
from hypothesis import strategies as st

BASE = {"DayDuration": 0, "HourDuration": 0, "MinuteDuration": 0, "IsGMT": False}


@pytest.mark.parametrize(("text", "class_name", "expected"), [
    # provider-behaviour 5.2, worked check
    ("00811A9E081A2000", "SMS_ST_RecurWeekly", {
        "StartTime": "20120101040000.000000+***", "MinuteDuration": 30, "HourDuration": 1, "Day": 2,
        "ForNumberOfWeeks": 1}),
    # no start, every seven days; no start, once
    ("0001200000100038", "SMS_ST_RecurInterval", {
        "StartTime": "19700201000000.000000+***", "DaySpan": 7, "HourSpan": 0, "MinuteSpan": 0}),
    ("0001200000080000", "SMS_ST_NonRecurring", {"StartTime": "19700201000000.000000+***", "IsGMT": False}),
    # 22:30 on 2025-06-15 in UTC, once: 30<<26 | 22<<21 | 15<<16 | 6<<12 | 55<<6, type 1, bit 0
    ("7ACF6DC000080001", "SMS_ST_NonRecurring", {"StartTime": "20250615223000.000000+***", "IsGMT": True}),
    # second Tuesday of every month; last day of every third month
    ("0001200000231400", "SMS_ST_RecurMonthlyByWeekday", {"Day": 3, "ForNumberOfMonths": 1, "WeekOrder": 2}),
    ("0001200000280C00", "SMS_ST_RecurMonthlyByDate", {"MonthDay": 0, "ForNumberOfMonths": 3}),
])
def test_known_strings_read_and_write(text: str, class_name: str, expected: dict[str, t.Any]) -> None:
    site = BareSite()
    answer = HANDLERS["SMS_ScheduleMethods", "ReadFromString"](site, None, {"StringData": text})
    assert answer["ReturnValue"] == 0
    (token,) = answer["TokenData"]
    assert token.class_name == class_name
    assert {name: token.props[name] for name in expected} == expected
    assert set(token.props) == set(site.schema.get(class_name).properties)
    back = HANDLERS["SMS_ScheduleMethods", "WriteToString"](site, None, {"TokenData": [token]})
    assert back == {"StringData": text, "ReturnValue": 0}


def test_several_tokens_are_one_string() -> None:
    text = "00811A9E081A2000" + "0001200000080000"
    tokens = schedules.read_string(text)
    assert [token.class_name for token in tokens] == ["SMS_ST_RecurWeekly", "SMS_ST_NonRecurring"]
    assert schedules.write_string(tokens) == text


@pytest.mark.parametrize("text", [
    None, "", "00811A9E081A200", "00811A9E081A20000", "00811A9E081A200G", " 0811A9E081A2000", 5,
    "00811A9E081A2000 0001200000080000",
    "0001200000300000",  # type 6
    "0001200000000000", "0001200000380000",  # types 0 and 7
    "0000200000080000", "0001000000080000", "001F200000080000",  # day 0, month 0, 31 February
    "0301200000080000", "F001200000080000",  # hour 24, minute 60
    "0001203C00080000",  # duration of 60 minutes
    "0001200000080002", "0001200000180000", "00012000001A0000",  # a stray bit, day 0, weeks 0
    "0001200000100001"[:-1] + "3",
])
def test_strings_that_no_layout_covers_are_refused(text: t.Any) -> None:
    with pytest.raises(ProviderError) as caught:
        HANDLERS["SMS_ScheduleMethods", "ReadFromString"](BareSite(), None, {"StringData": text})
    assert caught.value.wbem == 0x80041008
    assert caught.value.extended is not None
    assert caught.value.extended["ParameterInfo"] == "StringData"


@pytest.mark.parametrize(("class_name", "props"), [
    ("SMS_ST_NonRecurring", {"StartTime": Dt("20250601080030.000000+***")}),
    ("SMS_ST_NonRecurring", {"StartTime": Dt("20250601080000.000000+120")}),
    ("SMS_ST_NonRecurring", {"StartTime": Dt("20340601080000.000000+***")}),
    ("SMS_ST_NonRecurring", {"StartTime": Dt("20250230080000.000000+***")}),
    ("SMS_ST_NonRecurring", {"HourDuration": 24}),
    ("SMS_ST_RecurInterval", {}),
    ("SMS_ST_RecurInterval", {"DaySpan": 32}),
    ("SMS_ST_RecurWeekly", {"Day": 8, "ForNumberOfWeeks": 1}),
    ("SMS_ST_RecurWeekly", {"Day": 1}),
    ("SMS_ST_RecurMonthlyByDate", {"MonthDay": 1, "ForNumberOfMonths": 13}),
    ("SMS_ST_RecurMonthlyByWeekday", {"Day": 1, "ForNumberOfMonths": 1, "WeekOrder": 5}),
])
def test_tokens_that_do_not_fit_are_refused(class_name: str, props: dict[str, t.Any]) -> None:
    with pytest.raises(ProviderError) as caught:
        HANDLERS["SMS_ScheduleMethods", "WriteToString"](BareSite(), None, {"TokenData": [Obj(class_name, props)]})
    assert caught.value.wbem == 0x80041008


@pytest.mark.parametrize("tokens", [None, [], [Obj("SMS_ScheduleToken", {})], "0001200000080000"])
def test_something_else_than_tokens_is_refused(tokens: t.Any) -> None:
    with pytest.raises(ProviderError):
        HANDLERS["SMS_ScheduleMethods", "WriteToString"](BareSite(), None, {"TokenData": tokens})


def test_the_switch_refuses_both_methods() -> None:
    site = BareSite(schedule_tokens="refuse")
    calls: list[tuple[str, dict[str, t.Any]]] = [
        ("ReadFromString", {"StringData": "0001200000080000"}), ("WriteToString", {"TokenData": []})]
    for method, params in calls:
        with pytest.raises(ProviderError) as caught:
            HANDLERS["SMS_ScheduleMethods", method](site, None, params)
        assert caught.value.wbem == 0x80041003


@st.composite
def tokens(draw: st.DrawFn) -> Obj:
    kind = draw(st.sampled_from(sorted(schedules.LAYOUTS)))
    class_name, fields = schedules.LAYOUTS[kind]
    start = draw(st.datetimes(min_value=datetime.datetime(1970, 1, 1),
                              max_value=datetime.datetime(2033, 12, 31, 23, 59)))
    props: dict[str, t.Any] = {
        "StartTime": Dt(start.strftime("%Y%m%d%H%M00.000000+***")), "IsGMT": draw(st.booleans()),
        "MinuteDuration": draw(st.integers(0, 59)),
    }
    for field in (*schedules.DURATION_FIELDS, *fields):
        props[field.name] = draw(st.integers(field.least, field.most))
    if kind == 2 and not any(props[field.name] for field in fields):
        props["DaySpan"] = 1
    return Obj(class_name, props)


@given(st.lists(tokens(), min_size=1, max_size=5))
def test_every_token_survives_the_way_there_and_back(given_tokens: list[Obj]) -> None:
    text = schedules.write_string(given_tokens)
    assert len(text) == 16 * len(given_tokens)
    assert schedules.read_string(text) == given_tokens


@given(st.text(alphabet="0123456789ABCDEF", min_size=16, max_size=16))
def test_a_string_is_refused_or_comes_back(text: str) -> None:
    try:
        found = schedules.read_string(text)
    except schedules.BadToken:
        return
    try:
        assert schedules.write_string(found) == text
    except schedules.BadToken:
        # An interval without a span can be read, but nobody may write it.
        assert found[0].class_name == "SMS_ST_RecurInterval"
