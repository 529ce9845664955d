# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the status of deployments with as few and as small requests as the site allows.

One query per kind of object, and one request for each when nothing is new. After the first look, status
rows are asked for only when they are newer than the newest one seen, less a slack while reports may still
be on their way. A report can be late by any time, so devices that are open are asked for by ID as well
once they are few. Members are read again when their collection says that they have changed.
"""

from __future__ import annotations

import datetime
import re
import time
import typing as t

from .._cim import wql
from .._cim.instance import Instance
from .._errors import ConnectionBroken
from .._provider.site import DELETING, Site
from . import _status_devices as devices
from ._adv_identity import ADVERTISEMENT, TASK_SEQUENCE_PROGRAM
from ._status_devices import ENDED, Deployment, Device

MEMBERSHIP = "SMS_FullCollectionMembership"
RECORD = "SMS_R_System"
STEPS = "SMS_TaskSequenceExecutionStatus"
SUMMARY = "SMS_DeploymentSummary"
DETAILS = "SMS_ClassicDeploymentAssetDetails"
UNKNOWN_COMPUTERS = "SMS000US"
COLUMNS = (
    "AdvertisementID",
    "AdvertisementName",
    "PackageID",
    "CollectionID",
    "ProgramName",
    "OfferType",
    "ActionInProgress",
)
SLACK = 900
"""Seconds by which a report may come behind a newer one of another device."""
FEW = 50
"""So many devices can be named in a query."""
STARTED, STEP_FAILED = 11140, 11135
"""Messages of a run's start and of a failed step (provider-behaviour 8.3)."""
MAC = re.compile(r"(?:[0-9A-F]{2}:){5}[0-9A-F]{2}\Z", re.IGNORECASE)
GUID = re.compile(r"\{?[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}\}?\Z", re.IGNORECASE)

COUNTERS = {
    "targeted": "NumberTargeted",
    devices.SUCCEEDED: "NumberSuccess",
    devices.FAILED: "NumberErrors",
    devices.RUNNING: "NumberInProgress",
    devices.WAITING: "NumberUnknown",
    devices.NOT_RUN: "NumberOther",
}


class Reader:
    """The deployments of one task and everything that was read of them."""

    def __init__(
        self,
        site: Site,
        *,
        since: str = "",
        wanted: t.Sequence[str] = (),
        clock: t.Callable[[], float] = time.monotonic,
    ) -> None:
        self.site = site
        self.clock = clock
        self.since = since
        self.wanted = list(dict.fromkeys(name.casefold() for name in wanted))
        self.spelled = {name.casefold(): name for name in wanted}
        self.deployments: list[Deployment] = []
        self.newest = ""
        self._newest_at = clock()
        self._zone = "+***"
        self._marks: dict[str, tuple[t.Any, t.Any]] = {}
        self._texts: dict[str, str] = {}
        self._records: dict[str, dict[int, str]] = {}

    # -- deployments --------------------------------------------------------------------------

    def find(self, where: wql.Where) -> None:
        """Find the deployments and the names of what they deploy (three queries)."""
        rows = [row for row in self.site.query(ADVERTISEMENT, where, list(COLUMNS)) if _deploys(row)]
        self.deployments = [
            Deployment(
                id=str(row.get("AdvertisementID")),
                name=str(row.get("AdvertisementName", "")),
                package_id=str(row.get("PackageID", "")),
                collection_id=str(row.get("CollectionID", "")),
                required=row.number("OfferType") == 0,
                strangers=str(row.get("CollectionID", "")).upper() == UNKNOWN_COMPUTERS,
            )
            for row in sorted(rows, key=lambda row: str(row.get("AdvertisementID")))
        ]
        if not self.deployments:
            return
        names = self._names("SMS_TaskSequencePackage", "PackageID", {item.package_id for item in self.deployments})
        places = self._read_collections()
        self._marks = _marks(places)
        for item in self.deployments:
            package, place = names.get(item.package_id), places.get(item.collection_id)
            item.task_sequence = str(package.get("Name", "")) if package else ""
            item.collection = str(place.get("Name", "")) if place else ""
            item.member_count = place.number("MemberCount") if place else 0

    def still_there(self) -> list[Deployment]:
        """Return the deployments that are gone (one query)."""
        where = wql.one_of("AdvertisementID", self._ids())
        there = {
            str(row.get("AdvertisementID"))
            for row in self.site.query(ADVERTISEMENT, where, list(COLUMNS))
            if _deploys(row)
        }
        return [item for item in self.deployments if item.id not in there]

    def _read_collections(self) -> dict[str, Instance]:
        return self._names("SMS_Collection", "CollectionID", self._collections(), "MemberCount", "LastMemberChangeTime")

    def _names(self, class_name: str, key: str, ids: t.Iterable[str], *more: str) -> dict[str, Instance]:
        rows = self.site.query(class_name, wql.one_of(key, sorted(ids)), [key, "Name", *more])
        return {str(row.get(key)): row for row in rows}

    def _ids(self) -> list[str]:
        return [item.id for item in self.deployments]

    def _collections(self) -> set[str]:
        return {item.collection_id for item in self.deployments}

    # -- devices ------------------------------------------------------------------------------

    def refresh_members(self, *, everything: bool = False) -> None:
        """Read who is in the collections, unless the collections say that it is who was there (one query).

        Devices that were asked for and that the site did not know cost one query more.
        """
        marks = _marks(self._read_collections())
        known = sum(map(len, self._records.values()))
        if self.wanted:
            self._find_records()
        found_more = sum(map(len, self._records.values())) > known
        tells = bool(marks) and all(change for _count, change in marks.values())
        if everything or found_more or not tells or marks != self._marks:
            self._members()
        self._marks = marks

    def read_members(self) -> None:
        """Read who is in the collections (one query, one more for devices that were asked for)."""
        if self.wanted:
            self._find_records()
        self._members()

    def _members(self) -> None:
        conditions = [wql.one_of("CollectionID", sorted(self._collections()))]
        ids: set[int] = set()
        if self.wanted:
            ids = {number for found in self._records.values() for number in found}
            if ids:
                conditions.append(wql.one_of("ResourceID", sorted(ids)))
        present: dict[str, dict[int, str]] = {name.upper(): {} for name in self._collections()}
        if ids or not self.wanted:
            for row in self._stream(MEMBERSHIP, wql.both(*conditions), ("CollectionID", "ResourceID", "Name")):
                present.setdefault(str(row.get("CollectionID")).upper(), {})[row.number("ResourceID")] = str(
                    row.get("Name", "")
                )
        for item in self.deployments:
            self._set_members(item, present[item.collection_id.upper()])

    def _set_members(self, item: Deployment, present: dict[int, str]) -> None:
        for device in item.devices.values():
            device.member = device.id in present
        for number, name in present.items():
            device = item.devices.get(number) or item.devices.setdefault(number, Device(number))
            device.name = name or device.name
            device.member = True
        item.members_known = True
        if not self.wanted:
            return
        chosen: set[int] = set()
        item.missing = []
        for name in self.wanted:
            found = self._records.get(name, {})
            # A name can have obsolete records beside the one that is in the collection.
            best = [number for number in found if number in present] or list(found)
            chosen.update(best)
            if not best:
                item.missing.append(Device(None, self.spelled[name]))
            for number in best:
                item.devices.setdefault(number, Device(number, found[number]))
        item.wanted = frozenset(chosen)

    def _find_records(self) -> None:
        unknown = [name for name in self.wanted if not self._records.get(name)]
        if not unknown:
            return
        for name in unknown:
            if name.startswith("id:"):
                self._records[name] = {int(name[3:]): ""}
        where = [_identity(name) for name in unknown if not name.startswith("id:")]
        if not where:
            return
        columns = ("ResourceID", "Name", "MACAddresses", "SMBIOSGUID")
        for row in self.site.query(RECORD, wql.either(*where), columns):
            marks = {str(row.get("Name", "")).casefold(), str(row.get("SMBIOSGUID", "")).casefold()}
            addresses = row.get("MACAddresses")
            marks.update(str(mac).casefold() for mac in (addresses if isinstance(addresses, list) else [addresses]))
            for name in unknown:
                if name.strip("{}") in marks:
                    self._records.setdefault(name, {})[row.number("ResourceID")] = str(row.get("Name", ""))

    # -- status -------------------------------------------------------------------------------

    def read_status(self, *, everything: bool = False) -> None:
        """Read what devices reported (one query); after the first time only what is new, unless ``everything``."""
        conditions = [wql.one_of("AdvertisementID", self._ids())]
        if self.wanted:
            ids = sorted({number for item in self.deployments for number in item.wanted or ()})
            if not ids:
                return
            conditions.append(wql.one_of("ResourceID", ids))
        if self.newest and not everything:
            conditions.append(wql.either(*self._news()))
        newest = self.newest
        by_id = {item.id: item for item in self.deployments}
        for row in self._stream(devices.STATUS, wql.both(*conditions), devices.COLUMNS):
            item = by_id.get(str(row.get("AdvertisementID")))
            if item is None:
                continue
            number = row.number("ResourceID")
            device = item.devices.get(number) or item.devices.setdefault(number, Device(number))
            device.report(row, self.since, self._texts)
            if device.time > newest:
                newest = device.time
                self._zone = str(row.get("LastStatusTime") or row.get("LastAcceptanceStatusTime"))[21:25] or "+***"
        if newest > self.newest:
            # Only now: a read that broke off begins again where the last whole one ended.
            self.newest, self._newest_at = newest, self.clock()

    def _news(self) -> list[wql.Where]:
        moment = devices.utc(f"{self.newest}+***") or datetime.datetime.min
        if self.clock() - self._newest_at < SLACK:
            start, sign = f"{moment - datetime.timedelta(seconds=SLACK):%Y%m%d%H%M%S}.000000", ">="
        else:
            # What was on its way beside the newest report has arrived by now.
            start, sign = self.newest, ">"
        zone = self._zone if self._zone in ("+***", "+000") else "+000"
        found = [
            wql.raw(f"{name} {sign} {wql.literal(f'{start}{zone}')}", names=(name,))
            for name in ("LastStatusTime", "LastAcceptanceStatusTime")
        ]
        open_ids = {
            d.id for item in self.deployments for d in item.targets() if d.outcome not in ENDED and d.id is not None
        }
        if 0 < len(open_ids) <= FEW:
            ended = wql.either(
                wql.one_of("LastState", devices.ENDED_STATES),
                wql.one_of("LastAcceptanceState", devices.REFUSED_STATES),
            )
            late = [wql.one_of("ResourceID", sorted(open_ids)), ended]
            if self.since:
                late.append(
                    wql.raw(f"LastStatusTime >= {wql.literal(f'{self.since}{zone}')}", names=("LastStatusTime",))
                )
            found.append(wql.both(*late))
        return found

    def name_strangers(self) -> None:
        """Find the names of devices that reported and are not in the collection (one query when there are some)."""
        nameless = [d for item in self.deployments for d in item.targets() if d.id is not None and not d.name]
        if not nameless:
            return
        ids = sorted({d.id for d in nameless if d.id is not None})[:500]
        rows = self.site.query(RECORD, wql.one_of("ResourceID", ids), ["ResourceID", "Name"])
        names = {row.number("ResourceID"): str(row.get("Name", "")) for row in rows}
        for device in nameless:
            device.name = names.get(device.id or 0) or f"id:{device.id}"

    # -- summaries ----------------------------------------------------------------------------

    def read_summary(self, item: Deployment) -> tuple[str, dict[str, int]] | None:
        """Return the time of the site's summary and its counts, ``None`` without one (one request)."""
        row = self.site.find(SUMMARY, {"DeploymentID": item.id})
        if row is None:
            return None
        return str(row.get("SummarizationTime", "")), {name: row.number(prop) for name, prop in COUNTERS.items()}

    def ask_for_summary(self, item: Deployment) -> None:
        """Let the site sum up a deployment; that it does so changes nothing that anybody manages (one request)."""
        self.site.cim.invoke(SUMMARY, "UpdateClassicDeployment", {"OfferID": item.id})

    def read_descriptions(self, item: Deployment) -> dict[int, str]:
        """Return what the site's last summary says of each device in words (one query)."""
        found: dict[int, str] = {}
        where = wql.equals("DeploymentID", item.id)
        if item.wanted is not None:
            if not item.wanted:
                return found
            where = wql.both(where, wql.one_of("DeviceID", sorted(item.wanted)))
        for row in self._stream(DETAILS, where, ("DeviceID", "StatusDescription")):
            found[row.number("DeviceID")] = self._texts.setdefault(*[str(row.get("StatusDescription", ""))] * 2)
        return found

    # -- failures -----------------------------------------------------------------------------

    def read_failure(self, item: Deployment, device: Device) -> dict[str, t.Any]:
        """Return which step of the newest run failed on a device (one query)."""
        where = wql.both(
            wql.equals("AdvertisementID", item.id),
            wql.equals("ResourceID", device.id or 0),
            wql.one_of("LastStatusMsgID", (STARTED, STEP_FAILED)),
        )
        columns = ("ExecutionTime", "Step", "ActionName", "GroupName", "ExitCode", "LastStatusMsgID", "ActionOutput")
        rows = sorted(
            self.site.query(STEPS, where, columns), key=lambda row: devices.sortable(row.get("ExecutionTime"))
        )
        failed: Instance | None = None
        for row in rows:
            number = row.number("LastStatusMsgID")
            if number == STARTED:
                failed = None
            elif number == STEP_FAILED:
                failed = row
        found: dict[str, t.Any] = {
            **device.show(),
            "group": None,
            "step": None,
            "step_number": None,
            "exit_code": None,
            "exit_code_hex": None,
            "output": None,
            "failed_at": None,
        }
        if failed is not None:
            code = failed.number("ExitCode")
            found.update(
                group=str(failed.get("GroupName", "")),
                step=str(failed.get("ActionName", "")),
                step_number=failed.number("Step") + 1,
                exit_code=code,
                exit_code_hex=f"0x{code & 0xFFFFFFFF:08X}",
                output=str(failed.get("ActionOutput", "")),
                failed_at=devices.iso(failed.get("ExecutionTime")),
            )
        return found

    # -- inside -------------------------------------------------------------------------------

    def _stream(self, class_name: str, where: wql.Where, columns: t.Sequence[str]) -> t.Iterator[Instance]:
        """Yield rows one by one; a connection that breaks on the way is tried once more, and rows come again."""
        try:
            yield from self.site.cim.iterate(class_name, where=where, columns=columns)
            return
        except ConnectionBroken:
            pass
        yield from self.site.cim.iterate(class_name, where=where, columns=columns)


def _deploys(row: Instance) -> bool:
    return row.get("ProgramName") == TASK_SEQUENCE_PROGRAM and row.get("ActionInProgress") != DELETING


def _marks(places: t.Mapping[str, Instance]) -> dict[str, tuple[t.Any, t.Any]]:
    """Return what tells whether the members of collections have changed."""
    return {name: (row.get("MemberCount"), row.get("LastMemberChangeTime")) for name, row in places.items()}


def _identity(name: str) -> wql.Where:
    if MAC.match(name):
        return wql.equals("MACAddresses", name.upper())
    if GUID.match(name):
        return wql.equals("SMBIOSGUID", name.strip("{}").upper())
    return wql.equals("Name", name)
