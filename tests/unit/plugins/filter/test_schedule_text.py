# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The two filters for the text of schedules."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.configmgr.osd.plugins.filter.from_schedule_text import FilterModule as From
from ansible_collections.configmgr.osd.plugins.filter.to_schedule_text import FilterModule as To
from hypothesis import given
from hypothesis import strategies as st

read = From().filters()["from_schedule_text"]
write = To().filters()["to_schedule_text"]

# Reference: provider-behaviour 5.2; the first is quoted in a public SQL function and worked out there.
PUBLISHED = [
    (
        "00811A9E081A2000",
        {
            "start": "2012-01-01 04:00",
            "every": {"weeks": 1, "weekday": "monday"},
            "duration": {"hours": 1, "minutes": 30},
        },
    ),
    ("0001200000100038", {"start": "1970-02-01 00:00", "every": {"days": 7}}),
    ("02C26DC000080001", {"at": "2025-06-02 22:00Z"}),
    ("02C16DC000280400", {"start": "2025-06-01 22:00", "every": {"months": 1, "day": "last"}}),
    ("02C16DC000233400", {"start": "2025-06-01 22:00", "every": {"months": 3, "week": "second", "weekday": "tuesday"}}),
    ("02C16DC000333400", {"token": "02C16DC000333400"}),
]


@pytest.mark.parametrize(("text", "form"), PUBLISHED)
def test_both_ways(text: str, form: dict[str, object]) -> None:
    assert read(f" {text.lower()} ") == [form] or form == {"token": text}
    assert read(text) == [form]
    assert write([form]) == text


def test_several_keep_their_order() -> None:
    text = "".join(text for text, _form in PUBLISHED)
    assert read(text) == [form for _text, form in PUBLISHED]
    assert write(read(text)) == text


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=3))
def test_nothing_is_lost(numbers: list[int]) -> None:
    text = "".join(f"{number:016X}" for number in numbers)
    assert write(read(text)) == text


@pytest.mark.parametrize("text", ["", "xyz", "00811A9E081A200", None, 5, ["00811A9E081A2000"]])
def test_what_is_no_text_of_schedules(text: object) -> None:
    with pytest.raises(AnsibleFilterError, match="from_schedule_text: text"):
        read(text)


@pytest.mark.parametrize(
    ("schedules", "says"),
    [
        ("as_soon_as_possible", "schedules .str.: must be a list"),
        (["as_soon_as_possible"], "has no text"),
        ([{"class": "SMS_ST_X", "properties": {}}], "has no text"),
        ([{"at": "noon"}, {"token": "x"}], "is no point in time.*is not the 16 hexadecimal digits"),
        ([5], "must be an event"),
    ],
)
def test_what_has_no_text(schedules: object, says: str) -> None:
    with pytest.raises(AnsibleFilterError, match=says):
        write(schedules)
