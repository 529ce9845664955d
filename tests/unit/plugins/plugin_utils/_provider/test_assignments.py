# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Assignments of a play: events, schedules, and every mistake with its path."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils._errors import Problem
from ansible_collections.configmgr.osd.plugins.plugin_utils._provider import assignments
from ansible_collections.configmgr.osd.plugins.plugin_utils._provider.assignments import Assignments
from hypothesis import given
from hypothesis import strategies as st

START = {"start": "2025-06-01 22:00"}


def parse(*entries: t.Any) -> Assignments:
    problems: list[Problem] = []
    found = assignments.parse(list(entries), "assignments", problems)
    assert not problems
    return found


def problems_of(*entries: t.Any) -> list[str]:
    problems: list[Problem] = []
    assignments.parse(list(entries), "assignments", problems)
    return [str(problem) for problem in problems]


@pytest.mark.parametrize(
    ("word", "bit"),
    [
        ("as_soon_as_possible", 0x20),
        ("AsSoonAsPossible", 0x20),
        ("as soon as possible", 0x20),
        ("log_on", 0x200),
        ("LogOn", 0x200),
        ("log_off", 0x400),
    ],
)
def test_events(word: str, bit: int) -> None:
    assert parse(word) == Assignments(bit, ())


def test_events_and_schedules_mix() -> None:
    found = parse("log_on", {"at": "2025-06-02 22:00"}, "log_off", {**START, "every": {"days": 7}})
    assert found.events == 0x600
    assert [token.option for token in found.tokens] == [
        {"at": "2025-06-02 22:00"},
        {"start": "2025-06-01 22:00", "every": {"days": 7}},
    ]


def test_numbers_may_be_text_and_weekdays_in_any_case() -> None:
    assert parse({**START, "every": {"days": "7"}}) == parse({**START, "every": {"days": 7}})
    assert parse({**START, "every": {"weeks": "2", "weekday": "SUNDAY"}}) == parse(
        {**START, "every": {"weeks": 2, "weekday": "sunday"}}
    )


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("someday", "assignments[0] (someday): is no event"),
        (5, "assignments[0] (5): must be an event"),
        (None, "assignments[0] (None): must be an event"),
        ({}, "assignments[0]: must be an event"),
        ({"at": "2025-06-01", "every": {"days": 1}}, "assignments[0] (at, every): must be an event"),
        ({"start": "2025-06-01"}, "assignments[0] (start): must be"),
        ({"at": "noon"}, "assignments[0].at (noon): is no point in time"),
        ({"at": "1969-12-31"}, "assignments[0].at (1969-12-31): lies before the year 1970"),
        ({"at": "2034-01-01"}, "assignments[0].at (2034-01-01 00:00): schedules reach from 1970 to 2033"),
        ({**START, "every": "day"}, "assignments[0].every (day): is a mapping such as"),
        ({**START, "every": {}}, "is a mapping such as"),
        ({**START, "every": {"days": 1, "hours": 1}}, "assignments[0].every (days, hours): must have one of"),
        ({**START, "every": {"months": 1}}, "assignments[0].every (months): must have one of"),
        # What YAML 1.1 makes of the word `on`.
        ({**START, "every": {"weeks": 1, True: "sunday"}}, "(weeks, True): must have one of"),
        ({**START, "every": {"weeks": 5, "weekday": "sunday"}}, "every.weeks (5): must be a whole number from 1 to 4"),
        ({**START, "every": {"weeks": 1, "weekday": "sun"}}, "every.weekday (sun): must be one of sunday"),
        ({**START, "every": {"minutes": 60}}, "every.minutes (60): must be a whole number from 1 to 59"),
        ({**START, "every": {"hours": 24}}, "every.hours (24): must be a whole number from 1 to 23"),
        ({**START, "every": {"days": 32}}, "every.days (32): must be a whole number from 1 to 31"),
        ({**START, "every": {"days": 0}}, "every.days (0): must be"),
        ({**START, "every": {"days": True}}, "every.days (True): must be"),
        ({**START, "every": {"days": 1.5}}, "every.days (1.5): must be"),
        ({**START, "every": {"days": "\u00b2"}}, "every.days (\u00b2): must be"),
        ({"class": "SMS_ST_X", "properties": "text"}, "must be an event"),
        ({**START, "every": {"months": 13, "day": 1}}, "every.months (13): must be a whole number from 1 to 12"),
        ({**START, "every": {"months": 1, "day": 32}}, "every.day (32): must be a whole number from 1 to 31, or last"),
        ({**START, "every": {"months": 1, "day": "first"}}, "every.day (first): must be"),
        ({**START, "every": {"months": 1, "day": 1, "weekday": "sunday"}}, "(months, day, weekday): must have one of"),
        ({**START, "every": {"months": 1, "week": "fifth", "weekday": "sunday"}}, "every.week (fifth): must be one of"),
        ({**START, "every": {"months": 1, "week": "last", "weekday": "day"}}, "every.weekday (day): must be one of"),
        (
            {**START, "every": {"months": 1, "week": "second", "weekday": "tuesday", "offset_days": 4}},
            "every.offset_days (4): how a site stores an offset is not known",
        ),
        (
            {**START, "every": {"months": 1, "week": "second", "weekday": "tuesday", "offset_days": 8}},
            "every.offset_days (8): must be a whole number from 0 to 7",
        ),
        ({**START, "every": {"days": 1, "offset_days": 0}}, "(days, offset_days): must have one of"),
        ({"at": "2025-06-01", "duration": 4}, "assignments[0].duration (4): is a mapping such as {hours: 4}"),
        ({"at": "2025-06-01", "duration": {"weeks": 1}}, "duration (weeks): must have at least one of days, hours"),
        ({"at": "2025-06-01", "duration": {"hours": 24}}, "duration.hours (24): must be a whole number from 1 to 23"),
        ({"duration": {"hours": 1}}, "assignments[0] (duration): must be"),
        ({"token": "02C16DC000333400"}, "assignments[0].token (02C16DC000333400): is not the 16 hexadecimal digits"),
        ({"token": "02C26DC00008000002C26DC000080001"}, "is not the 16 hexadecimal digits"),
        # Every two days and three hours.
        ({"token": "02C16DC000100310"}, "stands for a schedule that no console makes"),
    ],
)
def test_every_mistake_is_named_with_its_place(entry: t.Any, says: str) -> None:
    (problem,) = problems_of(entry)
    assert says in problem


def test_all_mistakes_come_at_once() -> None:
    assert len(problems_of("someday", {"at": "noon"}, {**START, "every": {"days": 0}})) == 3


def test_what_does_not_go_together() -> None:
    assert "is there twice" in problems_of({"at": "2025-06-01"}, {"at": "2025-06-01 00:00"})[0]
    assert "all times of a deployment are UTC" in problems_of({"at": "2025-06-01"}, {"at": "2025-06-02Z"})[0]
    many = [{"at": f"2025-06-{day:02d}"} for day in range(1, 17)]
    assert "16 schedules" in problems_of(*many)[0]
    assert not problems_of(*many[:15])


def test_an_offset_of_no_days_is_none() -> None:
    every = {"months": 1, "week": "second", "weekday": "tuesday"}
    assert parse({**START, "every": {**every, "offset_days": 0}}) == parse({**START, "every": every})


def test_words_of_months_in_any_case() -> None:
    assert parse({**START, "every": {"months": "1", "day": "LAST"}}) == parse(
        {**START, "every": {"months": 1, "day": "last"}}
    )


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.floats(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    (
                        "at",
                        "start",
                        "every",
                        "days",
                        "weeks",
                        "weekday",
                        "months",
                        "day",
                        "week",
                        "duration",
                        "token",
                        "class",
                    )
                ),
                inner,
            )
        ),
    )
)
def test_nothing_that_yaml_can_hold_breaks_the_parser(entry: t.Any) -> None:
    problems: list[Problem] = []
    found = assignments.parse([entry], "assignments", problems)
    assert problems or found.events or found.tokens
