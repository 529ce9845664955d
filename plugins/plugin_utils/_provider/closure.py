# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything that task sequences refer to, children included (reference: provider-behaviour 2.10, 6).

One query of SMS_TaskSequencePackageReference_Flat. That the class follows the children is known from
tools that read it, not from the documentation: where all rows stand at one level although a child is
among them, the children are asked for as well, one query per generation.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._cim import wql
from .._cim.instance import Instance
from .site import Site

CLASS = "SMS_TaskSequencePackageReference_Flat"
COLUMNS = (
    "PackageID",
    "ObjectID",
    "ObjectName",
    "ObjectType",
    "RefPackageID",
    "Version",
    "Level",
    "SourceID",
    "SourceSize",
)

PACKAGE = 0
DRIVER_PACKAGE = 3
TASK_SEQUENCE = 4
UPDATES_PACKAGE = 5
CONTENT_PACKAGE = 8
OS_IMAGE = 257
BOOT_IMAGE = 258
OS_UPGRADE_PACKAGE = 259
APPLICATION = 512

KIND_OF_TYPE: dict[int, str] = {
    PACKAGE: "package",
    DRIVER_PACKAGE: "driver_package",
    TASK_SEQUENCE: "task_sequence",
    UPDATES_PACKAGE: "updates_package",
    CONTENT_PACKAGE: "application",
    OS_IMAGE: "os_image",
    BOOT_IMAGE: "boot_image",
    OS_UPGRADE_PACKAGE: "os_upgrade_package",
    APPLICATION: "application",
}
"""PackageType and ObjectType to the kinds of the reference table; an updates package is none of them."""

CLASS_OF_TYPE: dict[int, str] = {
    PACKAGE: "SMS_Package",
    DRIVER_PACKAGE: "SMS_DriverPackage",
    TASK_SEQUENCE: "SMS_TaskSequencePackage",
    UPDATES_PACKAGE: "SMS_SoftwareUpdatesPackage",
    CONTENT_PACKAGE: "SMS_ContentPackage",
    OS_IMAGE: "SMS_ImagePackage",
    BOOT_IMAGE: "SMS_BootImagePackage",
    OS_UPGRADE_PACKAGE: "SMS_OperatingSystemInstallPackage",
    APPLICATION: "SMS_ContentPackage",
}
"""The class that carries the methods of a package of a type; the content of an application is a package."""


@dataclasses.dataclass(frozen=True)
class Row:
    """One object that a task sequence refers to, directly or through a child.

    ``package_id`` is the object's own ID, for an application that of its content package (``""`` when
    it has none). ``object_id`` is the same, for an application its model name. ``package_type`` is one
    of the constants above. ``level`` and ``source`` are texts as the site gives them; ``size`` is in KB.
    """

    package_id: str
    object_id: str
    name: str
    package_type: int
    version: str = ""
    level: str = ""
    source: str = ""
    size: int = 0

    @property
    def kind(self) -> str:
        """The kind in the reference table, ``content`` for a type that nobody knows."""
        return KIND_OF_TYPE.get(self.package_type, "content")


@dataclasses.dataclass
class Closure:
    """What one task sequence refers to, each object once, sorted by name.

    ``packages`` are packages, images, boot images, upgrade and driver packages (and any type that is
    not known); ``applications`` and ``children`` (task sequences) stand apart.
    """

    package_id: str
    packages: list[Row] = dataclasses.field(default_factory=list)
    applications: list[Row] = dataclasses.field(default_factory=list)
    children: list[Row] = dataclasses.field(default_factory=list)

    @property
    def content(self) -> list[Row]:
        """The objects whose files have to be on distribution points."""
        return [*self.packages, *(row for row in self.applications if row.package_id)]

    def of_type(self, package_type: int) -> list[Row]:
        """Return the objects of one type."""
        return [row for row in (*self.packages, *self.applications, *self.children) if row.package_type == package_type]


def closure(site: Site, package_id: str) -> Closure:
    """Return what a task sequence refers to, in one query."""
    return closures(site, [package_id])[package_id]


def closures(site: Site, package_ids: t.Iterable[str]) -> dict[str, Closure]:
    """Return what each of several task sequences refers to, in one query for all of them.

    A sequence without references, or one that the site does not have, gets an empty closure.
    """
    roots = list(dict.fromkeys(package_ids))
    if not roots:
        return {}
    known = _direct(site, roots)
    while missing := sorted(_unfollowed(roots, known)):
        known.update(_direct(site, missing))
    return {root: _closure(root, known) for root in roots}


def _direct(site: Site, package_ids: t.Sequence[str]) -> dict[str, list[Instance]]:
    """Return the rows of each task sequence, by its ID in upper case."""
    found: dict[str, list[Instance]] = {package_id.upper(): [] for package_id in package_ids}
    for row in site.query(CLASS, wql.one_of("PackageID", list(package_ids)), list(COLUMNS)):
        found.setdefault(str(row.get("PackageID", "")).upper(), []).append(row)
    return found


def _children(rows: t.Iterable[Instance]) -> set[str]:
    return {str(row.get("ObjectID", "")).upper() for row in rows if row.number("ObjectType") == TASK_SEQUENCE}


def _unfollowed(roots: t.Iterable[str], known: t.Mapping[str, list[Instance]]) -> set[str]:
    """Return the children whose rows the site did not give with those of their parents."""
    missing: set[str] = set()
    for rows in known.values():
        if len({str(row.get("Level", "")) for row in rows}) <= 1:
            missing |= _children(rows)
    return missing - set(known)


def _closure(root: str, known: t.Mapping[str, list[Instance]]) -> Closure:
    objects: dict[str, Row] = {}
    waiting, seen = [root.upper()], {root.upper()}
    while waiting:
        rows = known.get(waiting.pop(0), [])
        for row in rows:
            item = _row(row)
            objects.setdefault(item.object_id.casefold(), item)
        fresh = sorted(_children(rows) - seen)
        seen.update(fresh)
        waiting.extend(fresh)
    objects.pop(root.casefold(), None)
    result = Closure(root)
    for item in sorted(objects.values(), key=lambda item: (item.name.casefold(), item.object_id)):
        if item.package_type == TASK_SEQUENCE:
            result.children.append(item)
        elif item.package_type == APPLICATION:
            result.applications.append(item)
        else:
            result.packages.append(item)
    return result


def _row(row: Instance) -> Row:
    object_id = str(row.get("ObjectID", ""))
    package_type = row.number("ObjectType")
    content_id = str(row.get("RefPackageID", ""))
    return Row(
        package_id=content_id if package_type == APPLICATION else object_id,
        object_id=object_id,
        name=str(row.get("ObjectName", "")),
        package_type=package_type,
        version=str(row.get("Version", "")),
        level=str(row.get("Level", "")),
        source=str(row.get("SourceID", "")),
        size=row.number("SourceSize"),
    )
