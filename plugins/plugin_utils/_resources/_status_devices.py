# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the devices of a deployment reported, and what that means (reference: provider-behaviour 8.2, 8.3, 8.5).

One small record per device is all that is kept of a row, as a deployment may have tens of thousands.
"""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from .._cim.instance import Instance

SUCCEEDED, FAILED, RUNNING, WAITING, NOT_RUN = "succeeded", "failed", "running", "waiting", "not_run"
OUTCOMES = (SUCCEEDED, FAILED, RUNNING, WAITING, NOT_RUN)
ENDED = frozenset((SUCCEEDED, FAILED, NOT_RUN))

_OUTCOME = {13: SUCCEEDED, 11: FAILED, 9: RUNNING, 12: RUNNING, 2: NOT_RUN, 3: NOT_RUN, 4: NOT_RUN, 7: NOT_RUN}
"""Everything else waits; states 9 and 12 are what the site's own reports call running."""
ENDED_STATES = tuple(sorted(state for state, outcome in _OUTCOME.items() if outcome in ENDED))
REFUSED_STATES = (2, 3)
"""Acceptance states after which nothing comes: rejected, expired."""
_NOTHING_YET = frozenset((0, -1, 65535, 4294967295))
"""No delivery state; -1 in whatever width the provider gives it. The acceptance state counts then."""

STATUS = "SMS_ClientAdvertisementStatus"
COLUMNS = (
    "AdvertisementID",
    "ResourceID",
    "LastState",
    "LastStateName",
    "LastStatusMessageID",
    "LastStatusMessageIDName",
    "LastStatusTime",
    "LastExecutionResult",
    "LastAcceptanceState",
    "LastAcceptanceStateName",
    "LastAcceptanceStatusTime",
)
_FORM = "%Y%m%d%H%M%S"


def utc(stored: t.Any) -> datetime.datetime | None:
    """Read a time of a status row, which is in UTC whether it says so or not; ``None`` for no time."""
    text = str(stored or "")
    try:
        moment = datetime.datetime.strptime(text[:14], _FORM)
    except ValueError:
        return None
    offset = text[21:25]
    if offset[1:].isdigit():
        minutes = int(offset[1:])
        moment -= datetime.timedelta(minutes=-minutes if offset[0] == "-" else minutes)
    return moment.replace(tzinfo=datetime.timezone.utc)


def sortable(stored: t.Any) -> str:
    """Return a time of a status row as digits that sort; empty for no time."""
    text = str(stored or "")
    if text[21:25] in ("+***", "+000"):
        return text[:21]
    moment = utc(stored)
    return "" if moment is None else f"{moment:{_FORM}}{text[14:21]}"


def iso(stored: t.Any) -> str | None:
    """Return a time of a status row for people and filters."""
    moment = utc(stored)
    return None if moment is None else f"{moment:%Y-%m-%dT%H:%M:%SZ}"


class Device:
    """The newest that is known of one device."""

    __slots__ = ("id", "member", "message", "message_id", "name", "previous", "result", "state", "state_name", "time")

    def __init__(self, resource_id: int | None, name: str = "", *, member: bool = False) -> None:
        self.id = resource_id
        self.name = name
        self.member = member
        self.state = 0
        self.state_name = ""
        self.message_id = 0
        self.message = ""
        self.result = ""
        self.time = ""
        self.previous = False

    @property
    def outcome(self) -> str:
        """One of ``OUTCOMES``."""
        return WAITING if self.previous else _OUTCOME.get(self.state, WAITING)

    @property
    def reported(self) -> bool:
        """Whether the site has a report at all."""
        return bool(self.time or self.state)

    @property
    def reported_at(self) -> str | None:
        """When the newest report was made."""
        time = self.time
        return f"{time[:4]}-{time[4:6]}-{time[6:8]}T{time[8:10]}:{time[10:12]}:{time[12:14]}Z" if time else None

    def report(self, row: Instance, since: str, texts: dict[str, str]) -> None:
        """Take in a row, unless something newer is known: reports can come twice and out of order.

        ``since`` are digits that sort; what is older belongs to an earlier run. ``texts`` keeps one
        copy of every text, as thousands of devices report the same.
        """
        state = row.number("LastState")
        accepted = state in _NOTHING_YET
        prefix = "LastAcceptance" if accepted else "Last"
        if accepted:
            state = row.number("LastAcceptanceState")
        time = sortable(row.get(f"{prefix}StatusTime"))
        if time < self.time or (time == self.time and self.outcome in ENDED and _OUTCOME.get(state) not in ENDED):
            return
        self.state = state
        self.time = time
        self.previous = bool(since) and time < since
        self.state_name = _kept(row.get(f"{prefix}StateName"), texts)
        self.message_id = 0 if accepted else row.number("LastStatusMessageID")
        self.message = "" if accepted else _kept(row.get("LastStatusMessageIDName"), texts)
        self.result = _kept(row.get("LastExecutionResult"), texts)

    def show(self) -> dict[str, t.Any]:
        """Return the device for the result."""
        return {
            "name": self.name,
            "resource_id": self.id,
            "member": self.member,
            "state": self.outcome,
            "previous_run": self.previous,
            "site_state": self.state,
            "site_state_name": self.state_name,
            "message_id": self.message_id,
            "message": self.message,
            "result": self.result,
            "last_status_time": self.reported_at,
        }


def _kept(value: t.Any, texts: dict[str, str]) -> str:
    text = "" if value is None else str(value)
    return texts.setdefault(text, text)


@dataclasses.dataclass
class Deployment:
    """One advertisement that is watched."""

    id: str
    name: str
    package_id: str
    collection_id: str
    required: bool
    task_sequence: str = ""
    collection: str = ""
    member_count: int = 0
    devices: dict[int, Device] = dataclasses.field(default_factory=dict)
    strangers: bool = False
    """Whether devices outside the collection count as well: unknown computers become others when they are imaged."""
    missing: list[Device] = dataclasses.field(default_factory=list)
    """Devices that were asked for and that the site does not know."""
    wanted: frozenset[int] | None = None
    """The only devices that count, None for all."""
    summary: dict[str, t.Any] | None = None
    members_known: bool = False

    @property
    def title(self) -> str:
        """The deployment in the words of a person."""
        return f"{self.task_sequence or self.package_id} to {self.collection or self.collection_id} ({self.id})"

    def targets(self) -> t.Iterator[Device]:
        """Yield the devices that count."""
        for device in self.devices.values():
            if self.wanted is not None:
                if device.id in self.wanted:
                    yield device
            elif device.member or (self.strangers and device.reported):
                yield device
        yield from self.missing

    def counts(self) -> dict[str, int]:
        """Return the number of targets per outcome and ``targeted``, their sum."""
        found = dict.fromkeys(OUTCOMES, 0)
        for device in self.targets():
            found[device.outcome] += 1
        return {"targeted": sum(found.values()), **found}

    def with_outcome(self, *outcomes: str) -> list[Device]:
        """Return the targets of some outcomes by name."""
        return sorted(
            (d for d in self.targets() if d.outcome in outcomes), key=lambda d: (d.name.casefold(), d.id or 0)
        )
