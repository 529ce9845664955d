# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The clients of a site: they get policy, start what is required of them, boot from the network, and report.

Nothing runs by itself: ``advance`` brings everything up to the site's clock, in the order in which it
would have happened, and costs next to nothing when nothing is due. What a seed advertises already is
history unless the switch ``clients`` is ``all``; a client can always be told to start something (on its
own only a device without client starts from the network, when a deployment requires it).
"""

from __future__ import annotations

import dataclasses
import datetime
import heapq
import itertools
import typing as t

from ..objects import Obj
from . import reports as client_reports
from .reports import PXE, ROGUES, Reports
from .run import Run, installed

if t.TYPE_CHECKING:
    from ..provider import Site

ADVERTISEMENT = "SMS_Advertisement"
MEMBERSHIP = "SMS_FullCollectionMembership"
DEVICE = "SMS_R_System"
TASK_SEQUENCE = "SMS_TaskSequencePackage"
UNKNOWN_COMPUTERS = "SMS000US"
IMMEDIATE = 0x20
WITH_PXE, PXE_ONLY = 0x40000, 0x10000000
RERUN_ALWAYS, RERUN_NEVER, RERUN_IF_FAILED, RERUN_IF_SUCCEEDED = 0x800, 0x1000, 0x2000, 0x4000
LATE = 90
"""Seconds by which an overtaken report comes behind the last one."""
FIRST_DEVICE = 16790000


@dataclasses.dataclass
class Watched:
    """An advertisement and the devices that know of it."""

    row: Obj
    reports: Reports
    mark: t.Any = None
    """What told at the last look whether the members have changed."""
    devices: dict[int, str] = dataclasses.field(default_factory=dict)
    done: dict[int, int] = dataclasses.field(default_factory=dict)
    """Exit code of the last run by device."""
    runs: dict[int, Run] = dataclasses.field(default_factory=dict)

    @property
    def flags(self) -> int:
        """AdvertFlags."""
        return int(self.row.get("AdvertFlags") or 0)

    @property
    def required(self) -> bool:
        """Whether devices must run it."""
        return (self.row.get("OfferType") or 0) == 0

    @property
    def from_network(self) -> bool:
        """Whether it is offered to devices that start from the network."""
        return bool(self.flags & (WITH_PXE | PXE_ONLY))


class Engine:
    """All clients of one store."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.current = site.moment()
        self._heap: list[tuple[datetime.datetime, int, t.Callable[[], None]]] = []
        self._order = itertools.count()
        self._watched: dict[str, Watched] = {}
        old = self._advertised() if site.switches.clients != "all" else {}
        self._old = set(old)

    # ---- time ---------------------------------------------------------------------------------

    def advance(self) -> None:
        """Bring everything up to the site's clock."""
        if self.site.switches.clients != "none":
            self._notice()
        self._catch_up()

    def _catch_up(self) -> None:
        moment = self.site.moment()
        while self._heap and self._heap[0][0] <= moment:
            self.current, _number, action = heapq.heappop(self._heap)
            action()
        self.current = moment

    def _push(self, due: datetime.datetime, action: t.Callable[[], None]) -> None:
        heapq.heappush(self._heap, (due, next(self._order), action))

    def _later(self, seconds: float) -> datetime.datetime:
        return self.current + datetime.timedelta(seconds=seconds)

    # ---- advertisements and members -----------------------------------------------------------

    def _advertised(self) -> dict[str, Obj]:
        return {str(row.props["AdvertisementID"]): row for row in self.site.store.scan(ADVERTISEMENT)
                if row.props.get("ProgramName") == "*"}

    def _notice(self) -> None:
        self.current = self.site.moment()
        there = self._advertised()
        for own in [own for own in self._watched if own not in there]:
            self._watched.pop(own).reports.forget()
        self._old &= there.keys()
        for own, row in there.items():
            watched = self._watched.get(own)
            if watched is None and own not in self._old:
                watched = self._take_up(row)
            if watched is None:
                continue
            if watched.row is not row:
                watched.row = row
                for device, name in watched.devices.items():
                    if device not in watched.done and device not in watched.runs:
                        self._schedule_start(watched, device, name)
            self._notice_members(watched)

    def _take_up(self, row: Obj) -> Watched:
        own = str(row.get("AdvertisementID"))
        watched = Watched(row, Reports(self.site, own, str(row.get("PackageID"))))
        self._watched[own] = watched
        return watched

    def _notice_members(self, watched: Watched) -> None:
        store = self.site.store
        collection_id = str(watched.row.get("CollectionID"))
        # The evaluation of a collection replaces its table of members; rows that a test wrote change the number.
        mark = (id(store.side("members").get(collection_id.upper())), len(store.scan(MEMBERSHIP)))
        if mark == watched.mark or str(watched.row.get("AdvertisementID")) in self._old:
            return
        watched.mark = mark
        for row in store.scan(MEMBERSHIP):
            props = row.props
            if props["CollectionID"] == collection_id and props["ResourceID"] not in watched.devices:
                self._add(watched, props["ResourceID"], str(props.get("Name") or ""))

    def _add(self, watched: Watched, device: int, name: str) -> None:
        watched.devices[device] = name
        self._push(self._later(self.site.switches.client_policy), lambda: self._policy(watched, device, name))

    def _member(self, watched: Watched, device: int) -> Obj | None:
        return self.site.store.peek(MEMBERSHIP, (watched.row.get("CollectionID"), device))

    def _stands(self, watched: Watched) -> bool:
        return self._watched.get(watched.reports.advertisement_id) is watched

    # ---- one device ---------------------------------------------------------------------------

    def _policy(self, watched: Watched, device: int, name: str) -> None:
        member = self._member(watched, device)
        if not self._stands(watched) or member is None:
            watched.devices.pop(device, None)
            return
        if member.get("IsClient") is False:
            # Nobody is there yet who could accept anything.
            self._schedule_start(watched, device, name)
            return
        row = watched.row
        expired = row.get("ExpirationTimeEnabled") and _moment(row.get("ExpirationTime"), self.current) <= self.current
        watched.reports.accepted(device, self.current, 10019 if expired else 10002)
        if not expired:
            self._schedule_start(watched, device, name)

    def _schedule_start(self, watched: Watched, device: int, name: str) -> None:
        row = watched.row
        if not watched.required:
            return
        starts = [_moment(token.get("StartTime"), self.current) for token in row.get("AssignedSchedule") or ()]
        if watched.flags & IMMEDIATE:
            starts.append(self.current)
        if not starts:
            return
        due = max(min(starts), self.current)
        if row.get("PresentTimeEnabled"):
            due = max(due, _moment(row.get("PresentTime"), self.current))
        member = self._member(watched, device)
        is_client = member is None or member.get("IsClient") is not False
        if is_client and not watched.flags & PXE_ONLY:
            self._push(due, lambda: self._start(watched, device, name, from_network=False))
        elif not is_client and watched.from_network and self.site.switches.pxe_boot == "by_itself":
            self._push(due, lambda: self._start(watched, device, name, from_network=True))

    def _start(self, watched: Watched, device: int, name: str, *, from_network: bool, told: bool = False) -> None:
        unknown = watched.row.get("CollectionID") == UNKNOWN_COMPUTERS
        if not self._stands(watched) or device in watched.runs:
            return
        if self._member(watched, device) is None and not unknown:
            return
        if from_network and not self._offer(watched, device, name):
            return
        if not from_network and not told and not self._may_rerun(watched, device):
            watched.reports.state(device, self.current, 10091)
            return
        run = Run(self.site, watched.reports, str(watched.row.get("CollectionID")), device, name,
                  from_network=from_network, now=lambda: self.current)
        watched.runs[device] = run
        self._go_on(watched, run, run.work())

    def _offer(self, watched: Watched, device: int, name: str) -> bool:
        """Say whether a device that starts from the network gets this advertisement (provider-behaviour 7.3)."""
        if not watched.from_network:
            self.site.note("pxe_not_offered", device=name, advertisement=watched.reports.advertisement_id)
            return False
        last = self.site.store.peek(PXE, (device,))
        if watched.required and last is not None and last.get("AdvertisementID") == watched.reports.advertisement_id:
            self.site.note("pxe_offered_before", device=name, advertisement=watched.reports.advertisement_id)
            return False
        package = self.site.store.peek(TASK_SEQUENCE, (watched.reports.package_id,))
        boot_image = str(package.get("BootImageID", "")) if package else ""
        if self.site.switches.client_content == "check" and not (boot_image and installed(self.site, boot_image)):
            self.site.note("pxe_without_boot_image", device=name, boot_image=boot_image)
            return False
        watched.reports.offered(device, self.current)
        return True

    def _may_rerun(self, watched: Watched, device: int) -> bool:
        code = watched.done.get(device)
        flags = int(watched.row.get("RemoteClientFlags") or 0)
        if code is None or flags & RERUN_ALWAYS:
            return True
        return bool(flags & (RERUN_IF_FAILED if code else RERUN_IF_SUCCEEDED))

    def _go_on(self, watched: Watched, run: Run, work: t.Iterator[float]) -> None:
        if not self._stands(watched):
            return
        pause = next(work, None)
        if pause is not None:
            self._push(self._later(pause), lambda: self._go_on(watched, run, work))
            return
        watched.runs.pop(run.device, None)
        watched.done[run.device] = run.result or 0
        if run.set_up:
            self._became_client(run.device)
        if self.site.store.side("late_reports"):
            self._push(self._later(LATE), lambda: client_reports.deliver_late(self.site))

    def _became_client(self, device: int) -> None:
        record = self.site.store.find(DEVICE, (device,))
        if record is not None and not record.get("Client"):
            record.props.update({"Client": 1, "Active": 1, "ClientVersion": "5.00.9128.1007"})
            self.site.store.save(record)

    # ---- orders -------------------------------------------------------------------------------

    def order(self, data: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        """Carry out an order of the control port. Raises ValueError for one that makes no sense.

        ``device`` is a name or a ResourceID. ``boot`` starts an advertisement there, ``pxe`` or ``run``;
        ``rogue`` makes it misbehave; ``conditions`` says how it answers conditions, by kind.
        """
        device, name = self._device(data)
        if "rogue" in data:
            if data["rogue"] not in (*ROGUES, ""):
                raise ValueError(f"rogue is one of {', '.join(ROGUES)}")
            self.site.store.side("rogue_clients")[device] = data["rogue"]
        if "conditions" in data:
            self.site.store.side("client_conditions")[device] = dict(data["conditions"])
        if "boot" in data:
            if data["boot"] not in ("pxe", "run"):
                raise ValueError("boot is pxe or run")
            watched = self._told(str(data.get("advertisement", "")).upper())
            watched.devices.setdefault(device, name)
            self.current = self.site.moment()
            self._start(watched, device, name, from_network=data["boot"] == "pxe", told=True)
            self._catch_up()
        return {"device": device, "name": name}

    def _device(self, data: t.Mapping[str, t.Any]) -> tuple[int, str]:
        wanted = str(data.get("device", ""))
        for row in self.site.store.scan(DEVICE):
            if wanted and wanted.casefold() in (str(row.get("ResourceID")), str(row.get("Name", "")).casefold()):
                return int(row.get("ResourceID")), str(row.get("Name"))
        for row in self.site.store.scan(MEMBERSHIP):
            if wanted and wanted.casefold() in (str(row.get("ResourceID")), str(row.get("Name", "")).casefold()):
                return int(row.get("ResourceID")), str(row.get("Name"))
        if "mac" not in data:
            raise ValueError(f"no device {wanted}; a new one needs a mac")
        # A device that the site has never seen; its record appears when it starts.
        used = [int(row.get("ResourceID")) for row in self.site.store.scan(DEVICE)]
        device = max([FIRST_DEVICE, *(number + 1 for number in used if number < 2000000000)])
        self.site.store.save(Obj(DEVICE, {
            "ResourceID": device, "Name": wanted, "NetbiosName": wanted, "ResourceType": 5, "Client": 0,
            "MACAddresses": [str(data["mac"]).upper()]}))
        return device, wanted

    def _told(self, own: str) -> Watched:
        watched = self._watched.get(own)
        if watched is None:
            row = self._advertised().get(own)
            if row is None:
                raise ValueError(f"no advertisement {own} of a task sequence")
            watched = self._take_up(row)
        return watched


def _moment(value: t.Any, default: datetime.datetime) -> datetime.datetime:
    """Read a stored time; the simulated site and its clients live in UTC."""
    text = str(value or "")[:14]
    if not text.isdigit():
        return default
    return datetime.datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=datetime.timezone.utc)


def engine_of(site: Site) -> Engine:
    """Return the clients of a site as it stands; a reset makes new ones."""
    side = site.store.side("clients")
    found = side.get("engine")
    if found is None:
        found = side["engine"] = Engine(site)
    return t.cast(Engine, found)


def advance(site: Site) -> None:
    """Bring the clients up to the site's clock; one of the site's actors."""
    engine_of(site).advance()


def order(site: Site, data: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Tell a client what to do; see :meth:`Engine.order`."""
    with site.lock:
        return engine_of(site).order(data)
