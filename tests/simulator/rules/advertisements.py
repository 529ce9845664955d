# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Advertisements (reference: provider-behaviour 4)."""

from __future__ import annotations

import typing as t

from ..objects import Obj
from . import values
from .base import Rules
from .errors import FAILED, refuse
from .merge import changed_object, new_object, same
from .packages import ADD, DELETE, TASK_SEQUENCE, UPDATE
from .task_sequences import DISABLED

if t.TYPE_CHECKING:
    from ..provider import Site

IMMUTABLE = ("AdvertisementName", "CollectionID", "PackageID", "ProgramName")
FIRST_NUMBER = 0x20000
FIRST_ASSIGNMENT = 16777220
EVENTS = 0x720
DEVICE_COLLECTION = 2
# Bits of TimeFlags (provider-behaviour 4.2); availability times are not part of the class any more.
_TIME_BITS = (
    ("PresentTimeEnabled", 0x1), ("ExpirationTimeEnabled", 0x2), ("AssignedScheduleEnabled", 0x10),
    ("PresentTimeIsGMT", 0x20), ("ExpirationTimeIsGMT", 0x40), ("AssignedScheduleIsGMT", 0x200),
)


def time_flags(obj: Obj) -> int:
    """Return TimeFlags, which mirrors the booleans."""
    return sum(bit for name, bit in _TIME_BITS if obj.get(name))


class AdvertisementRules(Rules):
    """SMS_Advertisement."""

    def create(self, site: Site, obj: Obj) -> Obj:
        """Create an advertisement under the next ID of its own counter."""
        made = new_object(site, obj, "PutInstance", server_keys=("AdvertisementID",))
        if obj.get("OfferType") is None:
            # Left out means 0, and 0 means Required (provider-behaviour 4.2).
            site.note("default_not_sent", class_name=obj.class_name, property="OfferType", became="0: required")
        self._check(site, made)
        made.props.update({
            "AdvertisementID": f"{site.code}{site.store.count('advertisement', FIRST_NUMBER):05X}",
            "AssignmentID": site.store.count("assignment", FIRST_ASSIGNMENT), "SourceSite": site.code,
            "ActionInProgress": ADD,
        })
        site.store.save(made)
        return made

    def put(self, site: Site, old: Obj, sent: Obj, modified: list[str] | None) -> Obj:
        """Save an advertisement; four properties never change, lazy ones must have been loaded."""
        for name in IMMUTABLE:
            if not same(old.props.get(name), sent.props.get(name)):
                raise refuse(FAILED, f"{name} cannot be changed after creation", operation="PutInstance",
                             parameter=name)
        made = changed_object(site, old, sent, "PutInstance", modified=modified,
                              lazy_null=site.switches.lazy_null_advertisement)
        self._check(site, made)
        made.props["ActionInProgress"] = UPDATE
        site.store.save(made)
        return made

    def delete(self, site: Site, old: Obj) -> None:
        """Delete an advertisement and its folder item."""
        advertisement_id = old.get("AdvertisementID")
        site.store.remove("SMS_Advertisement", (advertisement_id,))
        for row in site.store.rows("SMS_ObjectContainerItem"):
            if row.get("InstanceKey") == advertisement_id:
                site.store.remove("SMS_ObjectContainerItem", (row.get("MemberID"),))

    def _check(self, site: Site, obj: Obj) -> None:
        for name in IMMUTABLE:
            if not obj.get(name):
                raise refuse(FAILED, f"SMS_Advertisement.{name} must not be null", operation="PutInstance",
                             parameter=name)
        values.check_qualifiers(site.schema, obj, "PutInstance", skip=("AdvertisementID",))
        package = self._package(site, obj)
        collection = site.store.peek("SMS_Collection", (obj.get("CollectionID"),))
        if collection is None or not site.sees(collection):
            raise refuse(FAILED, f"There is no collection {obj.get('CollectionID')}", operation="PutInstance",
                         parameter="CollectionID")
        if package.class_name == TASK_SEQUENCE and collection.get("CollectionType") != DEVICE_COLLECTION:
            # Reference: provider-behaviour 4.7, task sequences deploy to device collections only.
            raise refuse(FAILED, "A task sequence is deployed to device collections only", operation="PutInstance",
                         parameter="CollectionID")
        self._check_program(site, obj, package)
        self._check_times(site, obj)
        obj.props["TimeFlags"] = time_flags(obj)

    @staticmethod
    def _package(site: Site, obj: Obj) -> Obj:
        package_id = obj.get("PackageID", "")
        if package_id != package_id.upper():
            raise refuse(FAILED, f"PackageID {package_id} is not upper case", operation="PutInstance",
                         parameter="PackageID")
        package = site.store.peek("SMS_PackageBaseclass", (package_id,))
        if package is None or not site.sees(package) or package.get("ActionInProgress") == DELETE:
            raise refuse(FAILED, f"There is no package {package_id}", operation="PutInstance", parameter="PackageID")
        return package

    @staticmethod
    def _check_program(site: Site, obj: Obj, package: Obj) -> None:
        program = obj.get("ProgramName")
        if package.class_name == TASK_SEQUENCE:
            if program != "*":
                # Reference: provider-behaviour 4.1, a deployment that the console shows as broken.
                if site.switches.ghost_advertisement == "refuse":
                    raise refuse(FAILED, f"ProgramName of a task sequence is *, not {program}",
                                 operation="PutInstance", parameter="ProgramName")
                site.note("ghost_advertisement", package=package.get("PackageID"), program=program)
            if (package.get("ProgramFlags") or 0) & DISABLED and site.switches.advertise_disabled == "refuse":
                raise refuse(FAILED, f"{package.get('Name')} is disabled", operation="PutInstance",
                             parameter="PackageID")
        elif site.store.peek("SMS_Program", (package.get("PackageID"), program)) is None:
            raise refuse(FAILED, f"There is no program {program} in {package.get('PackageID')}",
                         operation="PutInstance", parameter="ProgramName")

    @staticmethod
    def _check_times(site: Site, obj: Obj) -> None:
        tokens = obj.get("AssignedSchedule") or []
        if bool(tokens) != bool(obj.get("AssignedScheduleEnabled")):
            site.note("schedule_switch", why="AssignedSchedule and AssignedScheduleEnabled disagree")
        flags = obj.get("AdvertFlags") or 0
        required = (obj.get("OfferType") or 0) == 0
        if not required and (tokens or flags & EVENTS):
            site.note("available_with_assignment", why="OfferType 2 with a schedule or an event")
        if required and not tokens and not flags & EVENTS:
            site.note("required_without_assignment", why="OfferType 0 without a schedule or an event")
        for name in ("PresentTime", "ExpirationTime"):
            if obj.get(f"{name}Enabled") and obj.get(name) is None:
                raise refuse(FAILED, f"{name} must not be null when {name}Enabled is true", operation="PutInstance",
                             parameter=name)


def next_id(site: Site, _keys: t.Any, _params: dict[str, t.Any]) -> dict[str, t.Any]:
    """SMS_Advertisement.GetNextID: the number behind the site code."""
    return {"ReturnValue": 0, "NextID": site.store.peek_counter("advertisement", FIRST_NUMBER)}


def set_next_id(site: Site, _keys: t.Any, params: dict[str, t.Any]) -> dict[str, t.Any]:
    """SMS_Advertisement.SetNextID: upwards only."""
    wanted = params.get("NextID") or 0
    if wanted < site.store.peek_counter("advertisement", FIRST_NUMBER):
        raise refuse(FAILED, "The next ID can only be raised", operation="ExecMethod", parameter="NextID")
    site.store.set_counter("advertisement", wanted)
    return {"ReturnValue": 0}


def risky_message(site: Site, _keys: t.Any, params: dict[str, t.Any]) -> dict[str, t.Any]:
    """SMS_Advertisement.RiskyDeploymentStatusMessage only logs (provider-behaviour 4.7)."""
    site.note("risky_deployment", **{name: value for name, value in params.items() if value is not None})
    return {"ReturnValue": 0}


HANDLERS = {
    ("SMS_Advertisement", "GetNextID"): next_id,
    ("SMS_Advertisement", "SetNextID"): set_next_id,
    ("SMS_Advertisement", "RiskyDeploymentStatusMessage"): risky_message,
}
