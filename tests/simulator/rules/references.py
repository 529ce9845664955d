# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The classes that say what a task sequence uses; computed, never stored (reference: provider-behaviour 2.10)."""

from __future__ import annotations

import dataclasses
import typing as t

from ..objects import Obj
from .base import Rules
from .packages import TASK_SEQUENCE

if t.TYPE_CHECKING:
    from ..provider import Site

APPLICATION = 512
BOOT_IMAGE = 258


@dataclasses.dataclass(frozen=True)
class Used:
    """One thing that a task sequence uses, directly or through a child."""

    owner: str
    object_id: str
    content_id: str
    kind: int
    program: str
    name: str
    version: str
    description: str
    size: int
    level: int
    source: str


def direct(site: Site, owner: Obj, level: int = 0, source: str = "", root: str = "") -> t.Iterator[Used]:
    """Yield what the package itself refers to; what the site does not have is left out."""
    package_id = root or str(owner.get("PackageID"))
    boot_image = owner.get("BootImageID", "")
    if boot_image:
        yield from _package(site, package_id, boot_image, "", level, source)
    for item in owner.get("References") or ():
        if item.get("Type") == 1:
            yield from _application(site, package_id, str(item.get("Package", "")), level, source)
        else:
            program = str(item.get("Program", ""))
            yield from _package(site, package_id, str(item.get("Package", "")), program, level, source)


def _package(site: Site, owner: str, used: str, program: str, level: int, source: str) -> t.Iterator[Used]:
    row = site.store.peek("SMS_PackageBaseclass", (used,))
    if row is not None:
        yield Used(owner, used, used, int(row.get("PackageType", 0)), program, str(row.get("Name", "")),
                   str(row.get("Version", "")), str(row.get("Description", "")), int(row.get("PackageSize", 0)),
                   level, source)


def _application(site: Site, owner: str, model_name: str, level: int, source: str) -> t.Iterator[Used]:
    for row in site.store.scan("SMS_ApplicationLatest"):
        if row.get("ModelName") == model_name:
            yield Used(owner, model_name, str(row.get("PackageID", "")), APPLICATION, "",
                       str(row.get("LocalizedDisplayName", "")), str(row.get("SoftwareVersion", "")),
                       str(row.get("LocalizedDescription", "")), 0, level, source)


def flat(site: Site, owner: Obj) -> list[Used]:
    """Return what a package uses with what its children use, each object once, the nearest first."""
    found: dict[str, Used] = {}
    waiting: list[tuple[Obj, int, str]] = [(owner, 0, "")]
    seen = {owner.get("PackageID")}
    while waiting:
        package, level, source = waiting.pop(0)
        for used in direct(site, package, level, source, str(owner.get("PackageID"))):
            found.setdefault(used.object_id, used)
            child = site.store.peek(TASK_SEQUENCE, (used.object_id,))
            follow = site.switches.flat_children == "yes"
            if child is not None and follow and used.object_id not in seen:
                seen.add(used.object_id)
                waiting.append((child, level + 1, used.object_id))
    return list(found.values())


def _reference(used: Used) -> Obj:
    return Obj("SMS_TaskSequencePackageReference", {
        "PackageID": used.owner, "ObjectID": used.object_id, "ObjectName": used.name, "ObjectType": used.kind,
        "Version": used.version, "Description": used.description})


def _flat(used: Used) -> Obj:
    return Obj("SMS_TaskSequencePackageReference_Flat", {
        "PackageID": used.owner, "ObjectID": used.object_id, "ObjectName": used.name, "ObjectType": used.kind,
        "Version": used.version, "Description": used.description, "RefPackageID": used.content_id,
        "Level": str(used.level), "SourceID": used.source, "SourceSize": used.size})


def _all(used: Used) -> Obj:
    return Obj("SMS_TaskSequencePackageReference_All", {
        "PackageID": used.owner, "ObjectID": used.object_id, "RefPackageID": used.content_id})


def _info(used: Used) -> Obj:
    return Obj("SMS_TaskSequenceReferencesInfo", {
        "PackageID": used.owner, "ProgramName": "*", "ReferencePackageID": used.content_id,
        "ReferenceName": used.name, "ReferencePackageType": 8 if used.kind == APPLICATION else used.kind,
        "ReferenceProgramName": used.program, "ReferenceVersion": used.version,
        "ReferenceDescription": used.description})


def _app_info(site: Site, used: Used) -> Obj:
    ids = [row.get("CI_ID") for row in site.store.scan("SMS_ApplicationLatest")
           if row.get("ModelName") == used.object_id]
    return Obj("SMS_TaskSequenceAppReferencesInfo", {
        "PackageID": used.owner, "RefAppCI_ID": ids[0] if ids else None, "RefAppModelName": used.object_id,
        "RefAppPackageID": used.content_id})


class ReferenceRules(Rules):
    """The reference classes. Which of them resolve children is [I]; _Flat and _All do here."""

    def rows(self, site: Site, class_name: str) -> list[Obj] | None:
        """Compute the rows of one class for all task sequences that the caller sees."""
        owners = [row for row in site.store.scan(TASK_SEQUENCE) if site.sees(row)]
        if class_name == "SMS_TaskSequencePackageReference":
            unique = {(u.owner, u.object_id): u for row in owners for u in direct(site, row)}
            return [_reference(used) for used in unique.values()]
        every = [used for row in owners for used in flat(site, row)]
        if class_name == "SMS_TaskSequencePackageReference_Flat":
            return [_flat(used) for used in every]
        if class_name == "SMS_TaskSequencePackageReference_All":
            return [_all(used) for used in every]
        if class_name == "SMS_TaskSequenceReferencesInfo":
            return [_info(used) for used in every if used.content_id]
        if class_name == "SMS_TaskSequenceAppReferencesInfo":
            return [_app_info(site, used) for used in every if used.kind == APPLICATION]
        return None


CLASSES = ("SMS_TaskSequencePackageReference", "SMS_TaskSequencePackageReference_Flat",
           "SMS_TaskSequencePackageReference_All", "SMS_TaskSequenceReferencesInfo",
           "SMS_TaskSequenceAppReferencesInfo")
