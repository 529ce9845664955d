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

from .._cim.instance import CimDatetime
from .._errors import Problem

NEVER = CimDatetime("19900101000000.000000+***")
"""What the class documents as the default of PresentTime and ExpirationTime."""

_TEXT = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?\s*(Z|[+-]\d{2}:?\d{2})?\Z", re.IGNORECASE
)
_FORM = "write it as 2025-06-01 08:00 (the clock of each client) or 2025-06-01 08:00Z (UTC)"


class Moment(t.NamedTuple):
    """The digits of a clock, to the minute, and whether it is UTC or the client's own."""

    clock: datetime.datetime
    utc: bool

    @property
    def dmtf(self) -> CimDatetime:
        """The form of the wire; the zone is never part of it."""
        return CimDatetime(self.clock.strftime("%Y%m%d%H%M%S.000000+***"))

    @property
    def text(self) -> str:
        """The form of the play."""
        return self.clock.strftime("%Y-%m-%d %H:%M") + ("Z" if self.utc else "")


def parse(value: t.Any, path: str, problems: list[Problem]) -> Moment | None:
    """Return the moment that a play wrote, or note a problem and return ``None``."""
    text = str(value).strip()
    found = _TEXT.match(text)
    if not found:
        problems.append(Problem(path, text, f"is no point in time; {_FORM}"))
        return None
    year, month, day, hour, minute, second, zone = found.groups()
    try:
        clock = datetime.datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0))
    except ValueError as error:
        problems.append(Problem(path, text, f"is no point in time ({error}); {_FORM}"))
        return None
    if clock.second:
        problems.append(Problem(path, text, "the site keeps minutes, not seconds"))
        return None
    zone = (zone or "").upper()
    if zone in ("", "Z", "+00:00", "+0000", "-00:00", "-0000"):
        return Moment(clock, bool(zone))
    sign = -1 if zone[0] == "-" else 1
    offset = sign * datetime.timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
    problems.append(
        Problem(
            path,
            text,
            "other zones than UTC cannot be stored: did you mean "
            f"{Moment(clock, False).text} by the clock of each client, or {Moment(clock - offset, True).text} in UTC?",
        )
    )
    return None


def from_dmtf(value: t.Any, utc: bool) -> Moment | None:
    """Return the moment that the site holds; ``None`` for null and for the class's "never"."""
    digits = str(value or "")[:14]
    if len(digits) != 14 or not digits.isdigit() or digits == NEVER[:14]:
        return None
    try:
        return Moment(datetime.datetime.strptime(digits, "%Y%m%d%H%M%S"), utc)
    except ValueError:
        return None
