# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Schedule tokens: text, objects, and the form of the play, each way and against the simulated site's own reading."""

from __future__ import annotations

import datetime
import typing as t

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils import _errors as errors
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.client import MethodResult
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.instance import CimDatetime, Instance
from ansible_collections.configmgr.osd.plugins.plugin_utils._provider import assignments, schedules
from ansible_collections.configmgr.osd.plugins.plugin_utils._provider.schedules import (
    INTERVAL,
    MONTHLY_BY_DATE,
    MONTHLY_BY_WEEKDAY,
    ONCE,
    WEEKLY,
    Kept,
    Token,
    Verbatim,
)
from ansible_collections.configmgr.osd.plugins.plugin_utils._provider.site import Compatibility
from ansible_collections.configmgr.osd.plugins.plugin_utils._provider.times import Moment
from hypothesis import given
from hypothesis import strategies as st
from tests.simulator.objects import Dt, Obj
from tests.simulator.sequences.schedules import read_string, write_string
from tests.unit.plugins.plugin_utils.fake_site import site

OFFSET = Instance(
    "SMS_ST_RecurMonthlyByWeekdayBase",
    {
        "Day": 3, "OffsetDay": 4, "ForNumberOfMonths": 1, "IsGMT": False, "DayDuration": 0, "HourDuration": 0,
        "MinuteDuration": 0, "StartTime": CimDatetime("20310601220000.000000+000"),
    },
)  # fmt: skip


def moments() -> st.SearchStrategy[Moment]:
    first, last = datetime.datetime(1970, 1, 1), datetime.datetime(2033, 12, 31, 23, 59)
    clocks = st.datetimes(first, last).map(lambda moment: moment.replace(second=0, microsecond=0))
    return st.builds(Moment, clocks, st.booleans())


@st.composite
def tokens(draw: t.Any, durations: bool = True) -> Token:
    """Draw a token of every known kind, with whatever its fields take."""
    kind = draw(st.sampled_from((ONCE, INTERVAL, WEEKLY, MONTHLY_BY_WEEKDAY, MONTHLY_BY_DATE)))
    fields: dict[str, int] = {}
    if kind == WEEKLY:
        fields = {"Day": draw(st.integers(1, 7)), "ForNumberOfWeeks": draw(st.integers(1, 4))}
    elif kind == MONTHLY_BY_WEEKDAY:
        fields = {"Day": draw(st.integers(1, 7)), "WeekOrder": draw(st.integers(0, 4))}
    elif kind == MONTHLY_BY_DATE:
        fields = {"MonthDay": draw(st.integers(0, 31))}
    elif kind == INTERVAL:
        spans = {"MinuteSpan": st.integers(0, 59), "HourSpan": st.integers(0, 23), "DaySpan": st.integers(0, 31)}
        fields = draw(st.fixed_dictionaries(spans).filter(lambda found: any(found.values())))
    if kind in (MONTHLY_BY_WEEKDAY, MONTHLY_BY_DATE):
        fields["ForNumberOfMonths"] = draw(st.integers(1, 12))
    if durations:
        fields["MinuteDuration"] = draw(st.integers(0, 59))
        fields["HourDuration"] = draw(st.integers(0, 23))
        fields["DayDuration"] = draw(st.integers(0, 31))
    return Token(kind, draw(moments()), tuple(sorted((name, value) for name, value in fields.items() if value)))


def as_instance(obj: Obj) -> Instance:
    """Return an object of the simulated site as the client reads it: times labelled as UTC."""
    values = {
        name: CimDatetime(f"{value[:21]}+000") if isinstance(value, Dt) else value for name, value in obj.props.items()
    }
    return Instance(obj.class_name, values)


@given(st.lists(tokens(), min_size=1, max_size=4))
def test_text_is_read_back(wanted: list[Token]) -> None:
    text = "".join(token.text for token in wanted)
    assert schedules.from_text(text) == wanted
    assert schedules.from_text(text.lower()) == wanted


@given(tokens())
def test_the_simulated_site_reads_the_same_from_the_text(wanted: Token) -> None:
    """Written independently of the client, from the same table."""
    (made,) = read_string(wanted.text)
    assert schedules.from_instance(as_instance(made)) == wanted
    assert write_string([made]) == wanted.text


@given(tokens())
def test_the_simulated_site_writes_the_same_text_for_the_object(wanted: Token) -> None:
    """``direct`` and ``server`` lead to the same schedule."""
    made = wanted.instance
    values = {name: Dt(value) if isinstance(value, CimDatetime) else value for name, value in made.properties.items()}
    assert write_string([Obj(made.class_name, values)]) == wanted.text
    assert schedules.from_instance(made) == wanted


@given(tokens())
def test_the_form_of_the_play_is_read_back(wanted: Token) -> None:
    option = wanted.option
    if option is None:
        assert wanted.class_name == INTERVAL
        assert len([name for name, _value in wanted.fields if name.endswith("Span")]) > 1
        return
    problems: list[errors.Problem] = []
    assert assignments.parse([option], "assignments", problems).tokens == (wanted,)
    assert not problems


def test_the_published_example() -> None:
    """Reference: provider-behaviour 5.2, quoted in a public SQL function and decoded there."""
    (found,) = schedules.from_text("00811A9E081A2000")
    assert found.class_name == WEEKLY
    assert found.start == Moment(datetime.datetime(2012, 1, 1, 4, 0), False)
    assert dict(found.fields) == {"MinuteDuration": 30, "HourDuration": 1, "Day": 2, "ForNumberOfWeeks": 1}
    assert found.text == "00811A9E081A2000"
    (theirs,) = read_string("00811A9E081A2000")
    assert schedules.from_instance(as_instance(theirs)) == found


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ({"at": "2025-06-02 22:00"}, "02C26DC000080000"),
        ({"at": "2025-06-02 22:00Z"}, "02C26DC000080001"),
        ({"start": "2025-06-01 22:30", "every": {"days": 7}}, "7AC16DC000100038"),
        ({"start": "2025-06-01 22:00", "every": {"minutes": 59}}, "02C16DC000176000"),
        ({"start": "2025-06-01 22:00", "every": {"hours": 23}}, "02C16DC000101700"),
        ({"start": "2025-06-01 22:00", "every": {"weeks": 2, "weekday": "sunday"}}, "02C16DC000194000"),
        ({"start": "2025-06-01 22:00", "every": {"months": 1, "day": "last"}}, "02C16DC000280400"),
        ({"start": "2025-06-01 22:00", "every": {"months": 12, "day": 31}}, "02C16DC0002FF000"),
        ({"start": "2025-06-01 22:00", "every": {"months": 3, "week": "second", "weekday": "tuesday"}},
         "02C16DC000233400"),
        ({"start": "2025-06-01 22:00", "every": {"months": 1, "week": "last", "weekday": "friday"}},
         "02C16DC000261000"),
        ({"start": "2025-06-01 22:00Z", "every": {"days": 1}, "duration": {"hours": 4, "minutes": 30}},
         "02C16DDE20100009"),
        ({"at": "2025-06-02 22:00", "duration": {"days": 31}}, "02C26DC007C80000"),
        ({"token": "00811a9e081a2000"}, "00811A9E081A2000"),
    ],
)
def test_the_digits_of_a_play(option: dict[str, t.Any], text: str) -> None:
    """Worked out by hand from the table of provider-behaviour 5.2."""
    (token,) = assignments.parse([option], "assignments", []).tokens
    assert isinstance(token, Token)
    assert token.text == text


@pytest.mark.parametrize(
    "text",
    ["", "00811A9E081A200", "00811A9E081A200G", "00811A9E08322000", "00811A9E08002000", "0081FA9E081A2000",
     "00811A9E081A2002", "00811A9E081A2000 "],
)  # fmt: skip
def test_text_that_no_token_has(text: str) -> None:
    """Too short, no digits, kinds 6 and 0, month 15, an unused bit."""
    with pytest.raises(ValueError):
        schedules.from_text(text)


def test_a_schedule_without_a_start() -> None:
    """Reference: provider-behaviour 5.2, what other tools write where nothing has to start: 1 February 1970."""
    (found,) = schedules.from_text("0001200000100038")
    assert found.option == {"start": "1970-02-01 00:00", "every": {"days": 7}}


def test_unknown_layouts_are_kept_verbatim() -> None:
    """Type 6, type 7, a known type with a bit too many, and a time that is none."""
    text = "02C16DC000333400" + "02C16DC000380000" + "00811A9E081A2002" + "0081FA9E081A2000"
    found = schedules.decode("02C26DC000080000" + text.lower())
    assert [type(item) for item in found] == [Token, Verbatim, Verbatim, Verbatim, Verbatim]
    assert found[1].option == {"token": "02C16DC000333400"}
    assert schedules.encode(found) == "02C26DC000080000" + text


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=4))
def test_no_digit_is_ever_lost(numbers: list[int]) -> None:
    """Whatever stands in a text comes back, in whichever of the two forms it was read."""
    text = "".join(f"{number:016X}" for number in numbers)
    assert schedules.encode(schedules.decode(text)) == text


@given(st.integers(0, 2**32 - 1), st.sampled_from((1, 2, 3, 4, 5)))
def test_every_bit_of_the_second_word_counts(low: int, kind: int) -> None:
    """A known layout is read bit by bit, or not at all."""
    (found,) = schedules.decode(f"02C26DC0{low & ~(7 << 19) | kind << 19:08X}")
    if isinstance(found, Token):
        made = found.instance
        assert schedules.from_instance(made) == found
        used = sum(int(made.get(name)) for name in dict(found.fields))
        assert bool(used) == bool(found.fields)


def test_a_known_class_with_a_property_more_is_another_kind() -> None:
    """Where newer sites keep the offset is not known; it must not get lost."""
    live = schedules.from_text("02C16DC000233400")[0].instance
    assert isinstance(schedules.stored(live), Token)
    live.properties["OffsetDay"] = 0
    assert isinstance(schedules.stored(live), Token)
    live.properties["OffsetDay"] = 4
    assert isinstance(schedules.stored(live), Kept)


def test_other_kinds_are_kept_and_shown_as_their_class() -> None:
    assert schedules.from_instance(OFFSET) is None
    shown = schedules.stored(OFFSET).option
    assert shown is not None
    assert shown["class"] == "SMS_ST_RecurMonthlyByWeekdayBase"
    assert shown["properties"]["StartTime"] == "20310601220000.000000+***"
    problems: list[errors.Problem] = []
    (kept,) = assignments.parse([shown], "assignments", problems).tokens
    assert not problems
    assert schedules.same([kept], [schedules.stored(OFFSET)])


@pytest.mark.parametrize(
    "fields",
    [{"DaySpan": 1, "HourSpan": 2}, {"DaySpan": 1, "MinuteDuration": 60}, {}],
    ids=["two units", "a duration of too many minutes", "no span"],
)
def test_what_a_play_cannot_say_is_shown_as_its_class(fields: dict[str, int]) -> None:
    found = Instance(INTERVAL, {**fields, "IsGMT": False, "StartTime": CimDatetime("20310601220000.000000+***")})
    assert isinstance(schedules.stored(found), Kept)
    odd_day = Instance(WEEKLY, {"Day": 8, "ForNumberOfWeeks": 1, "StartTime": CimDatetime("20310601220000.000000+***")})
    assert isinstance(schedules.stored(odd_day), Kept)
    for odd in ({"Day": 1, "ForNumberOfMonths": 1, "WeekOrder": 5}, {"Day": 0, "ForNumberOfMonths": 1}):
        start = {"StartTime": CimDatetime("20310601220000.000000+***")}
        assert isinstance(schedules.stored(Instance(MONTHLY_BY_WEEKDAY, {**odd, **start})), Kept)


def test_the_order_does_not_count_but_the_number_does() -> None:
    one, two = schedules.from_text("02C26DC00008000002C26DC000080001")
    assert schedules.same([one, two], [two, one])
    assert not schedules.same([one, one], [one, two])
    assert not schedules.same([one], [one, one])


def test_switched_off_schedules_start_nothing() -> None:
    row = Instance("SMS_Advertisement", {"AssignedSchedule": [OFFSET], "AssignedScheduleEnabled": False})
    assert schedules.of(row) == []
    row.properties["AssignedScheduleEnabled"] = True
    assert schedules.of(row) == [schedules.stored(OFFSET)]


# -- making them -------------------------------------------------------------------------------


def read_from_string(_cls: str, _method: str, params: t.Mapping[str, t.Any], **_more: t.Any) -> MethodResult:
    found = [as_instance(obj) for obj in read_string(params["StringData"])]
    return MethodResult(0, {"TokenData": found})


def both_ways(wanted: t.Sequence[t.Any], live: t.Sequence[Instance] = ()) -> list[list[Instance]]:
    """Return what the server makes, and what is made directly."""
    made = []
    for switch in ("server", "direct"):
        connected, cim = site()
        connected.compatibility = Compatibility(schedule_tokens=switch)
        cim.invoke = read_from_string  # type: ignore[method-assign]
        made.append(schedules.make(connected, wanted, live))
    return made


@given(st.lists(tokens(durations=False), min_size=1, max_size=4, unique=True))
def test_both_ways_to_make_tokens_are_equal(wanted: list[Token]) -> None:
    server, direct = both_ways(wanted)
    assert [item.class_name for item in server] == [item.class_name for item in direct]
    assert [dict(sorted(item.properties.items())) for item in server] == [
        dict(sorted(item.properties.items())) for item in direct
    ]


def test_kept_tokens_go_back_as_they_came_and_in_their_place() -> None:
    (token,) = schedules.from_text("02C26DC000080000")
    for made in both_ways([schedules.stored(OFFSET), token], [OFFSET]):
        assert made[0] is OFFSET
        assert made[1].class_name == ONCE


def test_nothing_is_asked_for_without_a_token() -> None:
    connected, cim = site()
    assert schedules.make(connected, []) == []
    assert schedules.make(connected, [schedules.stored(OFFSET)], [OFFSET]) == [OFFSET]
    assert cim.calls == []


def test_a_server_that_reads_something_else_is_not_believed() -> None:
    connected, cim = site()
    cim.answers["ReadFromString"] = MethodResult(0, {"TokenData": [OFFSET]})
    with pytest.raises(errors.ProtocolError, match="schedule_tokens: direct"):
        schedules.make(connected, schedules.from_text("02C26DC000080000"))


def test_a_server_without_the_method_leads_to_the_switch() -> None:
    connected, cim = site()

    def refuse(*_args: t.Any, **_more: t.Any) -> t.Any:
        raise errors.AccessDenied("Access denied.")

    cim.invoke = refuse  # type: ignore[method-assign]
    with pytest.raises(errors.AccessDenied) as caught:
        schedules.make(connected, schedules.from_text("02C26DC000080000"))
    assert "schedule_tokens: direct" in caught.value.message
