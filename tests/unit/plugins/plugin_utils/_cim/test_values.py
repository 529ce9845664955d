# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Single values and datetimes, both ways."""

from __future__ import annotations

import datetime

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim import datetimes, values
from hypothesis import given
from hypothesis import strategies as st

INTEGERS = {
    "uint8": (0, 255),
    "sint8": (-128, 127),
    "uint16": (0, 65535),
    "sint16": (-32768, 32767),
    "uint32": (0, 4294967295),
    "sint32": (-2147483648, 2147483647),
    "uint64": (0, 18446744073709551615),
    "sint64": (-9223372036854775808, 9223372036854775807),
    "char16": (0, 65535),
}


@pytest.mark.parametrize("cim_type", INTEGERS)
def test_integers(cim_type: str) -> None:
    low, high = INTEGERS[cim_type]
    assert values.integer_range(cim_type) == (low, high)
    for number in (low, high, 0):
        text = values.text_of(number, cim_type)
        assert values.reader(cim_type)(text) == number
    for number in (low - 1, high + 1):
        with pytest.raises(values.Unfit, match=f"between {low} and {high}"):
            values.text_of(number, cim_type)
    for wrong in (True, "1", 1.0, None):
        with pytest.raises(values.Unfit):
            values.text_of(wrong, cim_type)


@given(st.integers(0, 2**64 - 1))
def test_uint64_round_trip(number: int) -> None:
    assert values.reader("uint64")(values.text_of(number, "uint64")) == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_real_round_trip(number: float) -> None:
    assert values.reader("real64")(values.text_of(number, "real64")) == number


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), True, "1.5"])
def test_reals_that_cannot_be_sent(wrong: object) -> None:
    with pytest.raises(values.Unfit):
        values.text_of(wrong, "real64")


@pytest.mark.parametrize("text", ["true", "TRUE", "True", " tRue ", "1"])
def test_true(text: str) -> None:
    assert values.reader("boolean")(text) is True


@pytest.mark.parametrize("text", ["false", "FALSE", "False", "fAlse", "0"])
def test_false(text: str) -> None:
    assert values.reader("boolean")(text) is False


def test_booleans_are_sent_in_lower_case() -> None:
    assert [values.text_of(value, "boolean") for value in (True, False)] == ["true", "false"]
    for wrong in (1, 0, "true", None):
        with pytest.raises(values.Unfit):
            values.text_of(wrong, "boolean")


@pytest.mark.parametrize("cim_type", ["boolean", "uint32", "real64", "datetime"])
def test_what_does_not_fit_its_type_is_kept_and_goes_back(cim_type: str) -> None:
    found = values.reader(cim_type)("something else")
    assert isinstance(found, values.Verbatim)
    assert values.text_of(found, cim_type) == "something else"


def test_guesses() -> None:
    found = [values.guessed_text(value) for value in (True, False, 5, 1.5, "x")]
    assert found == ["true", "false", "5", "1.5", "x"]
    with pytest.raises(values.Unfit):
        values.guessed_text(object())


DATETIMES = [
    ("2013-03-09T02:57:32Z", "20130309025732.000000+000"),
    ("2019-03-07T18:49:07-05:00", "20190307184907.000000-300"),
    ("2024-01-02T03:04:05.5+02:00", "20240102030405.500000+120"),
    ("2024-05-06T07:08:09.123456Z", "20240506070809.123456+000"),
    ("2024-05-06T07:08:09.1234567Z", "20240506070809.123456+000"),
    ("2024-01-02", "20240102000000.000000+***"),
    ("2024-01-02T03:04:05", "20240102030405.000000+***"),
    ("20240131080000.000000+***", "20240131080000.000000+***"),
    ("20240102030405.500000+060", "20240102030405.500000+060"),
    ("  2013-03-09T02:57:32Z\n", "20130309025732.000000+000"),
    ("P1DT2H3M4S", "00000001020304.000000:000"),
    ("P0DT0H1M40S", "00000000000140.000000:000"),
    ("PT90M", "00000000013000.000000:000"),
    ("PT1.5S", "00000000000001.500000:000"),
    ("00000001020304.000000:000", "00000001020304.000000:000"),
]


@pytest.mark.parametrize(("text", "wanted"), DATETIMES)
def test_datetimes_are_read_in_every_form(text: str, wanted: str) -> None:
    assert datetimes.parse(text) == wanted


@pytest.mark.parametrize("text", ["", "P", "PT", "yesterday", "2024-1-2", "2024-01-02T3:4:5Z", "-P1D", "P1Y"])
def test_no_datetimes(text: str) -> None:
    assert datetimes.parse(text) is None


@pytest.mark.parametrize(
    ("value", "iso"),
    [
        ("20130309025732.000000+000", "2013-03-09T02:57:32Z"),
        ("20130309025732.000000+***", "2013-03-09T02:57:32Z"),
        ("20190307184907.120000-300", "2019-03-07T18:49:07.12-05:00"),
        ("00000001020304.000000:000", "P1DT2H3M4S"),
        ("**************.******+***", None),
        ("2024**************.000000", None),
    ],
)
def test_iso(value: str, iso: str | None) -> None:
    assert datetimes.to_iso(value) == iso


@given(
    st.datetimes(min_value=datetime.datetime(1000, 1, 1)),
    st.sampled_from(["+000", "+060", "-300", "+720", "-030"]),
)
def test_iso_round_trip(moment: datetime.datetime, zone: str) -> None:
    value = moment.strftime("%Y%m%d%H%M%S.%f") + zone
    iso = datetimes.to_iso(value)
    assert iso is not None
    assert datetimes.parse(iso) == value


def test_clocks_are_compared_without_their_zone() -> None:
    assert datetimes.same_clock("20130309025732.000000+***", "20130309025732.000000+000")
    assert not datetimes.same_clock("20130309025732.000000+***", "20130309025733.000000+***")
    assert datetimes.same_clock(None, None)
