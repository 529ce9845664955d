# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Times by the clock of each client, and the hour that this clock leaves out.

A local time is stored without a zone and read by every client on its own clock, so nobody here can
say for sure that it exists. The play can name the zone of its clients; else the clock of the
control node is a guess, good for a warning.
"""

from __future__ import annotations

import datetime
import typing as t

from .._errors import Problem
from .._provider import times
from .._provider.times import Moment


class Clocks:
    """Looks at every local time of a play; ``problems`` and ``warnings`` hold what it found."""

    def __init__(self, zone: str | None) -> None:
        self.problems: list[Problem] = []
        self.warnings: list[str] = []
        self._name = zone
        self._zone: datetime.tzinfo | None = None
        if zone:
            try:
                self._zone = times.zone(zone)
            except ValueError as error:
                self.problems.append(Problem("client_time_zone", zone, str(error)))

    def look(self, path: str, moment: Moment) -> None:
        """Check one time of the play. UTC has no gap."""
        if moment.utc or self.problems and self._zone is None:
            return
        instead = times.skipped(moment.clock, self._zone)
        if instead is not None:
            self._skipped(path, moment, instead)
        elif self._zone is not None and times.comes_twice(moment.clock, self._zone):
            self.warnings.append(
                f"{path} ({moment.text}): comes twice by the clocks of {self._name}, as they are put back that night. "
                "A time in UTC (with Z) comes once."
            )

    def _skipped(self, path: str, moment: Moment, instead: datetime.datetime) -> None:
        later = Moment(instead, False).text
        if self._zone is None:
            self.warnings.append(
                f"{path} ({moment.text}): by the clock of the control node this time does not exist, as clocks are "
                f"put forward that night. Clients in such a zone may start earlier, later, or not; {later} or a time "
                "in UTC (with Z) is clear, and client_time_zone says whose clocks count."
            )
            return
        utc = Moment(_utc(moment.clock, t.cast(datetime.tzinfo, self._zone)), True).text
        rule = (
            f"does not exist by the clocks of {self._name}, which are put forward that night; write {later}, or {utc} "
            "in UTC"
        )
        self.problems.append(Problem(path, moment.text, rule))


def _utc(clock: datetime.datetime, zone: datetime.tzinfo) -> datetime.datetime:
    return clock.replace(tzinfo=zone).astimezone(datetime.timezone.utc).replace(tzinfo=None)
