# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Console folders and security scopes of objects (reference: provider-behaviour 2.8, 2.9)."""

from __future__ import annotations

import typing as t
import uuid

from ..objects import Obj
from .base import Rules
from .errors import FAILED, refuse
from .merge import changed_object, new_object

if t.TYPE_CHECKING:
    from ..provider import Site

NODE = "SMS_ObjectContainerNode"
ITEM = "SMS_ObjectContainerItem"
MEMBERSHIP = "SMS_SecuredCategoryMembership"
FIRST_NODE = 16778001
FIRST_ITEM = 16779001

TYPES: dict[int, tuple[str, str, str]] = {
    2: ("SMS_Package", "SMS_Package", "PackageID"),
    14: ("SMS_OperatingSystemInstallPackage", "SMS_OperatingSystemInstallPackage", "PackageID"),
    18: ("SMS_ImagePackage", "SMS_ImagePackage", "PackageID"),
    19: ("SMS_BootImagePackage", "SMS_BootImagePackage", "PackageID"),
    20: ("SMS_TaskSequencePackage", "SMS_TaskSequencePackage", "PackageID"),
    23: ("SMS_DriverPackage", "SMS_DriverPackage", "PackageID"),
    5000: ("SMS_Collection_Device", "SMS_Collection", "CollectionID"),
}
"""Object type number: its name in the console's tables, the class of the objects, their key."""


class FolderRules(Rules):
    """SMS_ObjectContainerNode: a folder of one kind of object."""

    def create(self, site: Site, obj: Obj) -> Obj:
        """Make a folder; two of one name under one parent are refused (the console does; the provider is unknown)."""
        made = new_object(site, obj, "PutInstance", server_keys=("ContainerNodeID",))
        kind = made.get("ObjectType")
        if kind not in TYPES:
            raise refuse(FAILED, f"ObjectType {kind} is none with folders", operation="PutInstance",
                         parameter="ObjectType")
        self._check(site, made, None)
        made.props.update({
            "ContainerNodeID": site.store.count("folder", FIRST_NODE), "ObjectTypeName": TYPES[kind][0],
            "FolderGuid": str(uuid.uuid4()).upper(), "SourceSite": site.code, "IsEmpty": True,
        })
        site.store.save(made)
        return made

    def put(self, site: Site, old: Obj, sent: Obj, modified: list[str] | None) -> Obj:
        """Rename or move a folder."""
        made = changed_object(site, old, sent, "PutInstance", modified=modified, lazy_null="keep")
        self._check(site, made, old.get("ContainerNodeID"))
        site.store.save(made)
        return made

    def delete(self, site: Site, old: Obj) -> None:
        """Delete an empty folder."""
        number = old.get("ContainerNodeID")
        inside = [row for row in site.store.scan(ITEM) if row.get("ContainerNodeID") == number]
        below = [row for row in site.store.scan(NODE) if row.get("ParentContainerNodeID") == number]
        if inside or below:
            raise refuse(FAILED, f"The folder {old.get('Name')} is not empty", operation="DeleteInstance",
                         parameter="ContainerNodeID")
        site.store.remove(NODE, (number,))

    @staticmethod
    def _check(site: Site, made: Obj, own: int | None) -> None:
        name, parent = made.get("Name", ""), made.get("ParentContainerNodeID", 0)
        if not name:
            raise refuse(FAILED, "A folder needs a name", operation="PutInstance", parameter="Name")
        above = site.store.peek(NODE, (parent,)) if parent else None
        if parent and (above is None or above.get("ObjectType") != made.get("ObjectType")):
            raise refuse(FAILED, f"There is no folder {parent} of this type", operation="PutInstance",
                         parameter="ParentContainerNodeID")
        for row in site.store.scan(NODE):
            same = (str(row.get("Name")).casefold(), row.get("ParentContainerNodeID", 0), row.get("ObjectType"))
            if same == (name.casefold(), parent, made.get("ObjectType")) and row.get("ContainerNodeID") != own:
                raise refuse(FAILED, f"The folder {name} is there already", operation="PutInstance", parameter="Name")


class ScopeMembershipRules(Rules):
    """SMS_SecuredCategoryMembership: one row per object and scope, worked out from the objects."""

    def rows(self, site: Site, class_name: str) -> list[Obj] | None:
        """Return the memberships of every object that has scopes."""
        scopes = {row.get("CategoryName"): row.get("CategoryID") for row in site.store.scan("SMS_SecuredCategory")}
        found = []
        for number, (_name, object_class, key) in TYPES.items():
            for row in site.store.scan(object_class):
                found.extend(
                    Obj(MEMBERSHIP, {"CategoryID": scopes[name], "ObjectKey": row.get(key), "ObjectTypeID": number})
                    for name in row.get("SecuredScopeNames") or () if name in scopes
                )
        return found


class SecuredTypeRules(Rules):
    """SMS_RbacSecuredObject: the kinds of objects that have rights."""

    def rows(self, site: Site, class_name: str) -> list[Obj] | None:
        """Return number and name of every kind."""
        return [Obj(class_name, {"ObjectTypeID": number, "ObjectTypeName": name, "AvailableInstanceOperations": 0,
                                 "AvailableTypeOperations": 0, "GrantedOperations": 0})
                for number, (name, _class, _key) in TYPES.items()]


def move_members(site: Site, _keys: t.Any, params: dict[str, t.Any]) -> dict[str, t.Any]:
    """SMS_ObjectContainerItem.MoveMembers and MoveMembersEx: from one folder (0: the root) into another."""
    number = params.get("ObjectType")
    if number is None:
        number = next((n for n, kind in TYPES.items() if kind[0] == params.get("ObjectTypeName")), None)
    if number not in TYPES:
        raise refuse(FAILED, "No such type of objects", operation="ExecMethod", parameter="ObjectType")
    name, object_class, _key = TYPES[number]
    source, target = params.get("ContainerNodeID") or 0, params.get("TargetContainerNodeID") or 0
    for folder in (source, target):
        row = site.store.peek(NODE, (folder,)) if folder else None
        if folder and (row is None or row.get("ObjectType") != number):
            raise refuse(FAILED, f"There is no folder {folder} for {name}", operation="ExecMethod",
                         parameter="TargetContainerNodeID")
    for key in params.get("InstanceKeys") or ():
        if site.store.peek(object_class, (key,)) is None:
            raise refuse(FAILED, f"There is no {object_class} {key}", operation="ExecMethod", parameter="InstanceKeys")
        items = [row for row in site.store.rows(ITEM)
                 if row.get("InstanceKey") == key and row.get("ObjectType") == number]
        if (items[0].get("ContainerNodeID") if items else 0) != source:
            raise refuse(FAILED, f"{key} is not in the folder {source}", operation="ExecMethod",
                         parameter="ContainerNodeID")
        for row in items:
            site.store.remove(ITEM, (row.get("MemberID"),))
        if target:
            member = site.store.count("folder_item", FIRST_ITEM)
            site.store.save(Obj(ITEM, {
                "MemberID": member, "MemberGuid": str(uuid.uuid4()).upper(), "InstanceKey": key, "ObjectType": number,
                "ObjectTypeName": name, "ContainerNodeID": target, "SourceSite": site.code}))
    return {"ReturnValue": 0}


def _change_scopes(site: Site, params: dict[str, t.Any], *, add: bool) -> dict[str, t.Any]:
    keys, numbers, categories = (params.get(name) or [] for name in ("ObjectIDs", "ObjectTypeIDs", "CategoryIDs"))
    if not keys or len(keys) != len(numbers):
        raise refuse(FAILED, "ObjectIDs and ObjectTypeIDs are of different length", operation="ExecMethod",
                     parameter="ObjectTypeIDs")
    names = {row.get("CategoryID"): row.get("CategoryName") for row in site.store.scan("SMS_SecuredCategory")}
    for category in categories:
        if category not in names:
            raise refuse(FAILED, f"There is no scope {category}", operation="ExecMethod", parameter="CategoryIDs")
    for key, number in zip(keys, numbers, strict=True):
        row = site.store.find(TYPES[number][1], (key,)) if number in TYPES else None
        if row is None:
            raise refuse(FAILED, f"There is no object {key} of type {number}", operation="ExecMethod",
                         parameter="ObjectIDs")
        chosen = [names[category] for category in categories]
        have = list(row.get("SecuredScopeNames") or ())
        left = [*have, *(name for name in chosen if name not in have)] if add else [n for n in have if n not in chosen]
        if not left:
            raise refuse(FAILED, f"{key} must keep a security scope", operation="ExecMethod", parameter="CategoryIDs")
        row.props["SecuredScopeNames"] = left
        site.store.save(row)
    return {"ReturnValue": 0}


def add_memberships(site: Site, _keys: t.Any, params: dict[str, t.Any]) -> dict[str, t.Any]:
    """SMS_SecuredCategoryMembership.AddMemberships."""
    return _change_scopes(site, params, add=True)


def remove_memberships(site: Site, _keys: t.Any, params: dict[str, t.Any]) -> dict[str, t.Any]:
    """SMS_SecuredCategoryMembership.RemoveMemberships; the last scope stays (provider-behaviour 2.9)."""
    return _change_scopes(site, params, add=False)


RULES: dict[str, Rules] = {
    NODE: FolderRules(),
    MEMBERSHIP: ScopeMembershipRules(),
    "SMS_RbacSecuredObject": SecuredTypeRules(),
}
HANDLERS = {
    (ITEM, "MoveMembers"): move_members,
    (ITEM, "MoveMembersEx"): move_members,
    (MEMBERSHIP, "AddMemberships"): add_memberships,
    (MEMBERSHIP, "RemoveMemberships"): remove_memberships,
}
