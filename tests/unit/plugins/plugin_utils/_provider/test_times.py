# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Points in time: what a play may write, what the site holds, and both ways between them."""

from __future__ import annotations

import datetime
import typing as t

import pytest
import yaml
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.instance import CimDatetime, Instance
from ansible_collections.configmgr.osd.plugins.plugin_utils._errors import Problem
from ansible_collections.configmgr.osd.plugins.plugin_utils._input import plain
from ansible_collections.configmgr.osd.plugins.plugin_utils._provider import times
from ansible_collections.configmgr.osd.plugins.plugin_utils._provider.times import Moment
from hypothesis import given
from hypothesis import strategies as st

MINUTES = st.datetimes(datetime.datetime(1991, 1, 1), datetime.datetime(9999, 12, 31)).map(
    lambda moment: moment.replace(second=0, microsecond=0)
)
MOMENTS = st.builds(Moment, MINUTES, st.booleans())


def parse(value: t.Any) -> Moment:
    problems: list[Problem] = []
    found = times.parse(value, "available_at", problems)
    assert not problems
    assert found is not None
    return found


def refused(value: t.Any, **options: t.Any) -> str:
    problems: list[Problem] = []
    assert times.parse(value, "available_at", problems, **options) is None
    assert [problem.path for problem in problems] == ["available_at"]
    return problems[0].rule


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2025-06-01 08:00", False),
        ("2025-06-01T08:00", False),
        (" 2025-06-01 08:00:00 ", False),
        ("2025-06-01 08:00:00.000", False),
        ("2025-06-01 08:00Z", True),
        ("2025-06-01t08:00z", True),
        ("2025-06-01 08:00 Z", True),
        ("2025-06-01 08:00:00+00:00", True),
        ("2025-06-01 08:00+0000", True),
        ("2025-06-01 08:00-00:00", True),
    ],
)
def test_the_forms_of_a_play(text: str, utc: bool) -> None:
    assert parse(text) == Moment(datetime.datetime(2025, 6, 1, 8, 0), utc)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("2025-06-01T08:00:00Z", "2025-06-01 08:00Z"),
        ("2025-06-01 08:00:00", "2025-06-01 08:00"),
        ("2025-06-01 08:00", "2025-06-01 08:00"),
        ("2025-06-01", "2025-06-01 00:00"),
    ],
)
def test_what_yaml_makes_of_unquoted_times(line: str, text: str) -> None:
    """YAML turns some into datetimes; the meaning stays."""
    assert parse(plain(yaml.safe_load(f"at: {line}")["at"])).text == text


def test_another_zone_is_refused_with_both_readings() -> None:
    assert "2025-06-01 08:00 by the clock of each client, or 2025-06-01 06:00Z in UTC" in refused(
        "2025-06-01 08:00+02:00"
    )
    assert "or 2025-06-01 17:30Z in UTC" in refused("2025-06-01 08:00-0930")
    assert "by the clock of each client?" in refused("9999-12-31 23:00-02:00")


@pytest.mark.parametrize(
    "value",
    ["tomorrow", "", "2025-13-01", "2025-02-29", "2025-06-01 24:00", "2025-6-1", "2025-06-01 08:00 CET", 20250601, None,
     "2025-06-01 08:00\n2025", "\u0662\u0660\u0662\u0665-06-01"],
)  # fmt: skip
def test_what_is_no_time(value: t.Any) -> None:
    assert "is no point in time" in refused(value)


def test_seconds_and_old_years_cannot_be_kept() -> None:
    assert "minutes, not seconds" in refused("2025-06-01 08:00:01")
    assert "minutes, not seconds" in refused("2025-06-01 08:00:00.5")
    assert "before the year 1991" in refused("1990-01-01 00:00")
    assert times.parse("1970-02-01", "at", [], first_year=1970) is not None


@given(MOMENTS)
def test_text_and_wire_go_both_ways(moment: Moment) -> None:
    assert parse(moment.text) == moment
    assert times.from_dmtf(moment.dmtf, moment.utc) == moment
    assert moment.dmtf.endswith(".000000+***")
    assert len(moment.dmtf) == 25


def test_the_zone_of_a_stored_time_does_not_count() -> None:
    """Windows shows digits without a zone as UTC; the flag beside them says whose clock it is."""
    for zone in ("+***", "+000", "-420"):
        assert times.from_dmtf(f"20250601080000.000000{zone}", False) == parse("2025-06-01 08:00")
    assert times.from_dmtf(None, False) is None
    assert times.from_dmtf("00000000000000.000000+***", False) is None
    assert times.from_dmtf("nonsense", False) is None


def test_never_is_recognised_whatever_its_zone() -> None:
    assert times.is_never(times.NEVER)
    assert times.is_never("19900101000000.000000+000")
    assert not times.is_never("19910101000000.000000+***")
    assert not times.is_never(None)


def test_seconds_of_the_site_are_shown() -> None:
    """No play can write them, so the module must not call them equal to the minute."""
    found = times.from_dmtf("20250601080030.000000+***", True)
    assert found is not None
    assert found.text == "2025-06-01 08:00:30Z"
    assert found != parse("2025-06-01 08:00Z")


def test_the_label_of_windows_is_taken_off_everywhere() -> None:
    stamp, offset = CimDatetime("20250601080000.000000+000"), CimDatetime("20250601080000.000000-420")
    token = Instance("SMS_ST_NonRecurring", {"StartTime": stamp, "IsGMT": True})
    row = Instance("SMS_Advertisement", {"PresentTime": stamp, "ExpirationTime": offset, "AssignedSchedule": [token]})
    times.without_zone(row)
    assert row.get("PresentTime") == "20250601080000.000000+***"
    assert row.get("ExpirationTime") == offset
    assert row.get("AssignedSchedule")[0].get("StartTime") == "20250601080000.000000+***"
    assert isinstance(row.get("PresentTime"), CimDatetime)
