# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Device records: import, delete, PXE flags, primary users, migration (reference: provider-behaviour 7.1, 7.3, 7.5).

An imported device gets its ResourceID at once; the record shows ``import_delay`` seconds later, when the
discovery data was processed, and collections follow with their own delay.
"""

from __future__ import annotations

import datetime
import re
import typing as t
import uuid

from ..objects import Dt, Obj
from . import membership
from .base import Rules
from .errors import ALREADY_EXISTS, FAILED, NOT_FOUND, refuse

if t.TYPE_CHECKING:
    from ..provider import Site

DEVICE = "SMS_R_System"
SETTINGS = "SMS_MachineSettings"
PXE = "SMS_LastPXEAdvertisement"
RELATION = "SMS_UserMachineRelationship"
MIGRATION = "SMS_StateMigration"
CALL = "ExecMethod"
PENDING = "imported_devices"
NEVER = Dt("00000000000000.000000+***")
SIDE_BY_SIDE, IN_PLACE = 1, 2
PRIMARY = 1
BEHAVIOURS = (0, 1, 2)
SOURCES = range(1, 9)

_MAC = re.compile(r"(?:[0-9A-F]{2}:){5}[0-9A-F]{2}\Z", re.IGNORECASE)
_GUID = re.compile(r"[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}\Z", re.IGNORECASE)
_NAME = re.compile(r"""[^\s"/\\\[\]:;|=,+*?<>.]{1,15}\Z""")


class DeviceRules(Rules):
    """SMS_R_System: made by discovery and import only, but it can be deleted."""

    def delete(self, site: Site, old: Obj) -> None:
        """Delete a record with everything that hangs on it."""
        resource_id = old.get("ResourceID")
        if old.get("SystemRoles"):
            site.note("site_system_deleted", key=site.path_of(old), name=old.get("Name"))
        site.store.remove(DEVICE, (resource_id,))
        site.store.remove(SETTINGS, (resource_id,))
        site.store.remove(PXE, (resource_id,))
        for row in site.store.rows(RELATION):
            if row.get("ResourceID") == resource_id:
                site.store.remove(RELATION, site.store.key_of(row))
        for row in site.store.rows(MIGRATION):
            if resource_id in (row.get("SourceClientResourceID"), row.get("RestoreClientResourceID")):
                site.store.remove(MIGRATION, site.store.key_of(row))
        membership.devices_changed(site)


class RelationRules(Rules):
    """SMS_UserMachineRelationship: made by CreateRelationship; tools delete the instance."""

    def delete(self, site: Site, old: Obj) -> None:
        """Take an affinity away."""
        site.store.remove(RELATION, site.store.key_of(old))


# ---- import -------------------------------------------------------------------------------------

def import_machine(site: Site, _keys: t.Any, params: dict[str, t.Any]) -> dict[str, t.Any]:
    """SMS_Site.ImportMachineEntry: a record by MAC address, SMBIOS GUID, or both."""
    name, guid, mac = params.get("NetbiosName") or "", params.get("SMBIOSGUID") or "", params.get("MACAddress") or ""
    if not _NAME.match(name):
        raise _wrong("NetbiosName", f"{name!r} is no NetBIOS name")
    if not guid and not mac:
        raise _wrong("MACAddress", "an SMBIOS GUID or a MAC address is needed")
    if mac and not _MAC.match(mac):
        # A live site takes other forms, and the client then gets no policy.
        raise _wrong("MACAddress", f"{mac!r} is no MAC address in colon form")
    if guid and not _GUID.match(guid):
        raise _wrong("SMBIOSGUID", f"{guid!r} is no GUID")
    for parameter in ("AddToCollection", "CollectionRule", "CollectionId", "AdminPassword", "WTGUniqueKey"):
        if params.get(parameter):
            raise _wrong(parameter, f"the simulated site does not know the parameter {parameter}")
    found = _same_hardware(site, guid, mac)
    if found is None:
        row = _new_record(site, name, guid, mac)
        due = site.moment() + datetime.timedelta(seconds=site.switches.import_delay)
        site.store.side(PENDING)[row.get("ResourceID")] = (due, row)
        show_imported(site)
        return _imported(row, False)
    if not params.get("OverwriteExistingRecord"):
        if site.switches.import_existing == "error":
            raise refuse(ALREADY_EXISTS, f"The device exists: {found.get('Name')}", operation=CALL,
                         parameter="MACAddress")
        return _imported(found, True)
    changed = found.copy()
    if changed.get("Name") != name:
        site.note("record_taken_over", resource_id=found.get("ResourceID"), was=found.get("Name"), now=name)
    changed.props.update({"Name": name, "NetbiosName": name})
    if guid:
        changed.props["SMBIOSGUID"] = guid.upper()
    if mac:
        changed.props["MACAddresses"] = [mac.upper()]
    pending = site.store.side(PENDING)
    if found.get("ResourceID") in pending:
        pending[found.get("ResourceID")] = (pending[found.get("ResourceID")][0], changed)
    else:
        site.store.save(changed)
        membership.devices_changed(site)
    return _imported(changed, True)


def show_imported(site: Site) -> None:
    """Let records appear whose discovery data is processed by now."""
    pending = site.store.side(PENDING)
    if not pending:
        return
    moment = site.moment()
    due = [resource_id for resource_id, (when, _row) in pending.items() if when <= moment]
    for resource_id in due:
        _when, row = pending.pop(resource_id)
        site.store.save(row)
    if due:
        membership.devices_changed(site)


def _wrong(parameter: str, text: str) -> Exception:
    return refuse(FAILED, f"ImportMachineEntry: {text}", operation=CALL, parameter=parameter)


def _imported(row: Obj, exists: bool) -> dict[str, t.Any]:
    return {"ReturnValue": 0, "MachineExists": exists, "ResourceID": row.get("ResourceID"),
            "SMSUniqueIdentifier": row.get("SMSUniqueIdentifier") or ""}


def _same_hardware(site: Site, guid: str, mac: str) -> Obj | None:
    records = [row for row in site.store.scan(DEVICE) if not row.get("Obsolete")]
    records += [row for _due, row in site.store.side(PENDING).values()]
    by_guid = [row for row in records if guid and str(row.get("SMBIOSGUID", "")).casefold() == guid.casefold()]
    by_mac = [row for row in records if mac and mac.upper() in [str(m).upper() for m in row.get("MACAddresses", [])]]
    return next(iter(by_guid + by_mac), None)


def _new_record(site: Site, name: str, guid: str, mac: str) -> Obj:
    known = site.schema.get(DEVICE)
    taken = [int(row.get("ResourceID")) for row in site.store.scan(DEVICE)]
    taken += list(site.store.side(PENDING))
    row = Obj(DEVICE, {prop: None for prop in (known.properties if known else ())})
    row.props.update({
        "ResourceID": max(taken, default=16777216) + 1, "Name": name, "NetbiosName": name, "ResourceType": 5,
        "MACAddresses": [mac.upper()] if mac else None, "SMBIOSGUID": guid.upper(), "Obsolete": 0, "Decommissioned": 0,
        "Client": None, "Active": None, "CreationDate": site.now(), "ResourceNames": [name],
        "SMSUniqueIdentifier": f"GUID:{str(uuid.uuid4()).upper()}", "AgentName": ["Manual Machine Entry"],
        "AgentSite": [site.code], "AgentTime": [site.now()],
    })
    return row


# ---- PXE ----------------------------------------------------------------------------------------

def clear_pxe_machines(site: Site, _keys: t.Any, params: dict[str, t.Any]) -> dict[str, t.Any]:
    """SMS_Collection.ClearLastNBSAdvForMachines: the next network boot is offered a required deployment again."""
    ids = params.get("ResourceIDs") or []
    if not ids:
        raise refuse(FAILED, "ResourceIDs must not be null", operation=CALL, parameter="ResourceIDs")
    for resource_id in ids:
        _device(site, resource_id, "ResourceIDs")
    for resource_id in ids:
        if not site.store.remove(PXE, (resource_id,)):
            site.note("nothing_to_clear", resource_id=resource_id)
    return {"ReturnValue": 0}


def clear_pxe_collection(site: Site, keys: t.Any, _params: dict[str, t.Any]) -> dict[str, t.Any]:
    """SMS_Collection.ClearLastNBSAdvForCollection: the same for all members."""
    for resource_id in membership.members_of(site, keys["CollectionID"]):
        site.store.remove(PXE, (resource_id,))
    return {"ReturnValue": 0}


# ---- users and migration ------------------------------------------------------------------------

def create_relation(site: Site, _keys: t.Any, params: dict[str, t.Any]) -> dict[str, t.Any]:
    """SMS_UserMachineRelationship.CreateRelationship: one more source for a user of a device."""
    device = _device(site, params.get("MachineResourceId"), "MachineResourceId")
    user, source, kind = params.get("UserAccountName") or "", params.get("SourceId"), params.get("TypeId")
    if not re.match(r"[^\\\s]+\\[^\\]+\Z", user):
        raise refuse(FAILED, f"{user!r} is no account in the form DOMAIN\\user", operation=CALL,
                     parameter="UserAccountName")
    if source not in SOURCES:
        raise refuse(FAILED, f"SourceId {source} is unknown", operation=CALL, parameter="SourceId")
    resource_id = device.get("ResourceID")
    row = site.store.find(RELATION, (resource_id, user))
    if row is None:
        row = Obj(RELATION, {
            "ResourceID": resource_id, "ResourceName": device.get("Name"), "UniqueUserName": user, "IsActive": True,
            "CreationTime": site.now(), "Sources": [], "Types": [], "ResourceClientType": 1,
            "RelationshipResourceID": site.store.count("relationship", 25165825)})
    row.props["Sources"] = sorted({*row.get("Sources", []), source})
    row.props["Types"] = sorted({*row.get("Types", []), *([kind] if kind else [])})
    site.store.save(row)
    return {"ReturnValue": 0}


def add_association(site: Site, _keys: t.Any, params: dict[str, t.Any]) -> dict[str, t.Any]:
    """SMS_StateMigration.AddAssociation and AddAssociationEx."""
    source = _device(site, params.get("SourceClientResourceID"), "SourceClientResourceID")
    restore = _device(site, params.get("RestoreClientResourceID"), "RestoreClientResourceID")
    users = params.get("UserNames") or []
    behaviour = params.get("MigrationBehavior") or 0
    if behaviour not in BEHAVIOURS or (behaviour and not users):
        raise refuse(FAILED, f"MigrationBehavior {behaviour} does not fit {len(users)} users", operation=CALL,
                     parameter="MigrationBehavior")
    key = (restore.get("ResourceID"), source.get("ResourceID"))
    if site.store.peek(MIGRATION, key) is not None:
        raise refuse(ALREADY_EXISTS, "The association exists", operation=CALL, parameter="RestoreClientResourceID")
    in_place = key[0] == key[1]
    site.store.save(Obj(MIGRATION, {
        "RestoreClientResourceID": key[0], "SourceClientResourceID": key[1], "MigrationBehavior": behaviour,
        "MigrationID": str(uuid.uuid4()), "MigrationStatus": 0, "MigrationType": IN_PLACE if in_place else SIDE_BY_SIDE,
        "RestoreName": restore.get("Name"), "SourceName": source.get("Name"), "SiteCode": site.code,
        "RestoreMACAddresses": ",".join(restore.get("MACAddresses", [])), "StorePath": None,
        "SourceMACAddresses": ",".join(source.get("MACAddresses", [])), "StoreCreationDate": NEVER,
        "StoreDeletionDate": NEVER, "StoreReleaseDate": NEVER, "UserNames": [user.copy() for user in users] or None,
    }))
    return {"ReturnValue": 0}


def delete_association(site: Site, _keys: t.Any, params: dict[str, t.Any]) -> dict[str, t.Any]:
    """SMS_StateMigration.DeleteAssociation."""
    key = (params.get("RestoreClientResourceID"), params.get("SourceClientResourceID"))
    if not site.store.remove(MIGRATION, key):
        raise refuse(NOT_FOUND, "There is no such association", operation=CALL, parameter="RestoreClientResourceID")
    return {"ReturnValue": 0}


def _device(site: Site, resource_id: t.Any, parameter: str) -> Obj:
    row = site.store.peek(DEVICE, (resource_id,)) if resource_id is not None else None
    if row is None:
        raise refuse(FAILED, f"There is no device {resource_id}", operation=CALL, parameter=parameter)
    return row


RULES: dict[str, Rules] = {DEVICE: DeviceRules(), RELATION: RelationRules()}

HANDLERS = {
    ("SMS_Site", "ImportMachineEntry"): import_machine,
    ("SMS_Collection", "ClearLastNBSAdvForMachines"): clear_pxe_machines,
    ("SMS_Collection", "ClearLastNBSAdvForCollection"): clear_pxe_collection,
    (RELATION, "CreateRelationship"): create_relation,
    (MIGRATION, "AddAssociation"): add_association,
    (MIGRATION, "AddAssociationEx"): add_association,
    (MIGRATION, "DeleteAssociation"): delete_association,
}
