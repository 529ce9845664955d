# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Points in time as a play writes them and as the provider stores them.

The provider keeps the digits of a clock and, beside them, a flag that says whose clock it is:
the client's own or UTC (reference: provider-behaviour 4.2, 5.1). Nothing here converts.
"""

from __future__ import annotations

import datetime
import re
import typing as t
import zoneinfo

from .._cim.instance import CimDatetime, Instance, Value
from .._errors import Problem

NEVER = CimDatetime("19900101000000.000000+***")
"""What the class documents as the default of PresentTime and ExpirationTime."""

FIRST_YEAR = 1991
"""NEVER must not be a time that somebody means, and nothing was deployed before."""

_TEXT = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})"
    r"(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d+))?)?)?"
    r"\s*(Z|[+-]\d{2}:?\d{2})?\Z",
    re.IGNORECASE | re.ASCII,
)
_UTC = ("Z", "+00:00", "+0000", "-00:00", "-0000")
_FORM = "write it as 2025-06-01 08:00 (the clock of each client) or 2025-06-01 08:00Z (UTC)"


class Moment(t.NamedTuple):
    """The digits of a clock, to the minute, and whether it is UTC or the client's own."""

    clock: datetime.datetime
    utc: bool

    @property
    def dmtf(self) -> CimDatetime:
        """The form of the wire; the zone is never part of it."""
        clock = self.clock
        date = f"{clock.year:04d}{clock.month:02d}{clock.day:02d}"
        return CimDatetime(f"{date}{clock.hour:02d}{clock.minute:02d}{clock.second:02d}.000000+***")

    @property
    def text(self) -> str:
        """The form of the play; seconds only where the site holds some, which no play can write."""
        form = self.clock.isoformat(" ", "seconds" if self.clock.second else "minutes")
        return form + ("Z" if self.utc else "")


def parse(value: t.Any, path: str, problems: list[Problem], *, first_year: int = FIRST_YEAR) -> Moment | None:
    """Return the moment that a play wrote, or note a problem and return ``None``.

    A text without a zone is the clock of each client, ``Z`` and ``+00:00`` are UTC; any other
    offset has two readings, and the problem spells out both.
    """
    text = str(value).strip()
    found = _TEXT.match(text)
    if not found:
        problems.append(Problem(path, text, f"is no point in time; {_FORM}"))
        return None
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    try:
        clock = datetime.datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0))
    except ValueError as error:
        problems.append(Problem(path, text, f"is no point in time ({error}); {_FORM}"))
        return None
    if clock.second or (fraction or "").strip("0"):
        problems.append(Problem(path, text, "the site keeps minutes, not seconds"))
        return None
    if clock.year < first_year:
        problems.append(Problem(path, text, f"lies before the year {first_year}"))
        return None
    zone = (zone or "").upper()
    if not zone or zone in _UTC:
        return Moment(clock, bool(zone))
    problems.append(Problem(path, text, _readings(clock, zone)))
    return None


def _readings(clock: datetime.datetime, zone: str) -> str:
    """Return the rule for a time with an offset: what it can mean, in the form that can be stored."""
    offset = datetime.timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:])) * (-1 if zone[0] == "-" else 1)
    try:
        utc = f", or {Moment(clock - offset, True).text} in UTC"
    except OverflowError:
        utc = ""
    return (
        f"other zones than UTC cannot be stored: did you mean {Moment(clock, False).text} by the clock of each "
        f"client{utc}?"
    )


def zone(name: str) -> datetime.tzinfo:
    """Return a time zone by its IANA name, for example ``Europe/Berlin``. Raises ValueError for an unknown one."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        rule = (
            "the control node knows no such time zone; write an IANA name such as Europe/Berlin, and install the "
            "Python package tzdata where the system has no zones"
        )
        raise ValueError(rule) from None


def skipped(clock: datetime.datetime, place: datetime.tzinfo | None) -> datetime.datetime | None:
    """Return what the clocks show instead of a time that they leave out when they are put forward.

    ``None`` for a time that exists. Without a ``place`` the clock of the control node counts.
    """
    try:
        there = clock.replace(tzinfo=place).astimezone(datetime.timezone.utc).astimezone(place)
    except (OverflowError, OSError, ValueError):
        return None
    shown = there.replace(tzinfo=None, fold=0)
    return shown if shown != clock else None


def comes_twice(clock: datetime.datetime, place: datetime.tzinfo) -> bool:
    """Whether the clocks of a place show a time twice, because they are put back after it; not for a skipped one."""
    first, second = (clock.replace(tzinfo=place, fold=fold).utcoffset() for fold in (0, 1))
    return first is not None and second is not None and first > second


def from_dmtf(value: t.Any, utc: bool) -> Moment | None:
    """Return the moment that the site holds; ``None`` for null and for what is no time.

    The zone of the text does not count: a clock without one comes back labelled as UTC (reference:
    wsman 1.5).
    """
    digits = str(value or "")[:14]
    if len(digits) != 14 or not (digits.isascii() and digits.isdigit()):
        return None
    try:
        return Moment(datetime.datetime.strptime(digits, "%Y%m%d%H%M%S"), utc)
    except ValueError:
        return None


def is_never(value: t.Any) -> bool:
    """Whether a stored value is the class's "no time given"."""
    return str(value or "")[:14] == NEVER[:14]


def without_zone(value: Value) -> Value:
    """Return a value with every time in it as bare digits again, in nested objects too.

    What is stored without a zone comes back labelled as UTC (reference: wsman 1.5); sent back like
    that it could be taken for another time.
    """
    if isinstance(value, CimDatetime):
        return CimDatetime(f"{value[:21]}+***") if value.endswith(("+000", "-000")) else value
    if isinstance(value, list):
        return [without_zone(item) for item in value]
    if isinstance(value, Instance):
        for name, item in value.properties.items():
            value.properties[name] = without_zone(item)
    return value
