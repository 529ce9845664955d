# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Packages and what all package-like objects share (reference: provider-behaviour 2.2, 2.3, 2.7)."""

from __future__ import annotations

import typing as t
import uuid

from ..objects import Obj
from . import locks, values
from .base import Rules
from .errors import FAILED, refuse
from .merge import SEDO, changed_object, check_version, new_object

if t.TYPE_CHECKING:
    from ..provider import Site

BASE = "SMS_PackageBaseclass"
TASK_SEQUENCE = "SMS_TaskSequencePackage"
UPDATE, ADD, DELETE = 1, 2, 3


def next_package_id(site: Site) -> str:
    """Return a new PackageID: site code and five hex digits, one counter for every package-like object."""
    return f"{site.code}{site.store.count('package'):05X}"


def new_version() -> str:
    """Return a new SedoObjectVersion."""
    return str(uuid.uuid4())


def check_package(site: Site, obj: Obj, operation: str) -> None:
    """Check what every package-like object must satisfy."""
    name = obj.get("Name", "")
    if not name:
        raise refuse(FAILED, "A package needs a name", operation=operation, parameter="Name")
    if len(name) > site.switches.name_limit:
        raise refuse(FAILED, f"Name has {len(name)} characters, {site.switches.name_limit} are allowed",
                     operation=operation, parameter="Name")
    known = site.schema.get(obj.class_name)
    fixed = known.properties["PackageType"] if known else None
    if fixed is not None and fixed.qualifiers.get("FixedValue") and obj.get("PackageType", 0) != fixed.default:
        raise refuse(FAILED, f"PackageType of {obj.class_name} is {fixed.default}, not {obj.get('PackageType')}",
                     operation=operation, parameter="PackageType")
    values.check_qualifiers(site.schema, obj, operation, skip=("PackageID",))


def stamp_new(site: Site, obj: Obj) -> None:
    """Fill in what the site computes for a new package-like object."""
    now = site.now()
    obj.props.update({
        "SourceSite": site.code, "SourceDate": now, "LastRefreshTime": now, "ActionInProgress": ADD,
        "PackageSize": 0, "SecuredScopeNames": site.account.new_scopes(), "LocalizedCategoryInstanceNames": None,
        "IsVersionCompatible": True, "ObjectPath": "/", SEDO: new_version(), "SourceVersion": 1,
        "NumOfPrograms": 0,
    })


def stamp_saved(site: Site, obj: Obj) -> None:
    """Fill in what the site computes with every save."""
    obj.props.update({"LastRefreshTime": site.now(), "ActionInProgress": UPDATE, SEDO: new_version()})


def check_save(site: Site, old: Obj, sent: Obj, operation: str) -> None:
    """Refuse a save over a lock, over a newer version, or of an object that is being deleted."""
    locks.check(site, old, operation)
    if old.get("ActionInProgress") == DELETE:
        raise refuse(FAILED, f"{site.path_of(old)} is being deleted", operation=operation, parameter="ActionInProgress")
    check_version(site, old, sent, operation)


def remove_package(site: Site, old: Obj) -> None:
    """Delete a package-like object with what hangs on it, as the switches say."""
    package_id = old.get("PackageID")
    deployed = [row for row in site.store.rows("SMS_Advertisement") if row.get("PackageID") == package_id]
    if deployed and site.switches.delete_cascade == "refuse":
        names = ", ".join(str(row.get("AdvertisementID")) for row in deployed)
        raise refuse(FAILED, f"{package_id} is deployed by {names}", operation="DeleteInstance", parameter="PackageID")
    if deployed and site.switches.delete_cascade == "cascade":
        for row in deployed:
            site.store.remove("SMS_Advertisement", (row.get("AdvertisementID"),))
            site.note("cascade", key=site.path_of(row), because=site.path_of(old))
    for row in site.store.rows("SMS_Program"):
        if row.get("PackageID") == package_id:
            site.store.remove("SMS_Program", (package_id, row.get("ProgramName")))
    for row in site.store.rows("SMS_ObjectContainerItem"):
        if row.get("InstanceKey") == package_id:
            site.store.remove("SMS_ObjectContainerItem", (row.get("MemberID"),))
    mark_dangling(site, package_id)
    site.store.side("locks").pop(site.path_of(old).casefold(), None)
    site.linger_or_remove(old)


def mark_dangling(site: Site, package_id: str) -> None:
    """Set DANGLING_REF on every task sequence that refers to a package that is gone (provider-behaviour 2.10)."""
    for row in site.store.rows(TASK_SEQUENCE):
        used = {item.get("Package") for item in row.get("References") or ()} | {row.get("BootImageID")}
        if package_id in used:
            row.props["TaskSequenceFlags"] = (row.get("TaskSequenceFlags") or 0) | 1
            site.store.save(row)


class PackageRules(Rules):
    """SMS_Package, and Put and Delete of the other package-like classes."""

    creatable = ("SMS_Package",)

    def create(self, site: Site, obj: Obj) -> Obj:
        """Create a classic package; see rules.images for those whose source the site reads."""
        if obj.class_name not in self.creatable:
            raise self._not_here(site, obj.class_name, "PutInstance")
        made = new_object(site, obj, "PutInstance", server_keys=("PackageID",))
        check_package(site, made, "PutInstance")
        stamp_new(site, made)
        made.props["IsPredefinedPackage"] = False
        made.props["PackageID"] = next_package_id(site)
        site.store.save(made)
        return made

    def put(self, site: Site, old: Obj, sent: Obj, modified: list[str] | None) -> Obj:
        """Save a package; programs carry its name and version, so they follow."""
        check_save(site, old, sent, "PutInstance")
        made = changed_object(site, old, sent, "PutInstance", modified=modified, lazy_null=site.switches.lazy_null,
                              loose=("NumOfPrograms",))
        check_package(site, made, "PutInstance")
        stamp_saved(site, made)
        site.store.save(made)
        for row in site.store.rows("SMS_Program"):
            if row.get("PackageID") == made.get("PackageID"):
                row.props.update({"PackageName": made.get("Name"), "PackageVersion": made.get("Version")})
                site.store.save(row)
        return made

    def delete(self, site: Site, old: Obj) -> None:
        """Delete a package with its programs and deployments."""
        locks.check(site, old, "DeleteInstance")
        if old.get("IsPredefinedPackage"):
            raise refuse(FAILED, f"{site.path_of(old)} is predefined", operation="DeleteInstance",
                         parameter="IsPredefinedPackage")
        remove_package(site, old)


def _pretend(site: Site, keys: t.Any, _params: dict[str, t.Any]) -> dict[str, t.Any]:
    site.note("method_without_effect", keys=dict(keys or {}))
    return {"ReturnValue": 0}


def refresh_task_sequence(site: Site, keys: t.Any, _params: dict[str, t.Any]) -> dict[str, t.Any]:
    """SMS_TaskSequencePackage.RefreshPkgSource leaves the sequence inoperable (provider-behaviour 2.1): never."""
    site.note("forbidden_method", method="RefreshPkgSource", keys=dict(keys or {}), fatal=True)
    raise refuse(FAILED, "RefreshPkgSource would leave the task sequence inoperable", operation="ExecMethod",
                 parameter="RefreshPkgSource")


HANDLERS = {
    (BASE, "AddChangeNotification"): _pretend,
    (TASK_SEQUENCE, "RefreshPkgSource"): refresh_task_sequence,
}
