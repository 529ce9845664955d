# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Programs of classic packages (reference: provider-classes appendix C, SMS_Program)."""

from __future__ import annotations

import re
import typing as t

from ..objects import Obj
from . import values
from .base import Rules
from .errors import ALREADY_EXISTS, FAILED, refuse
from .merge import changed_object, new_object
from .packages import ADD, UPDATE

if t.TYPE_CHECKING:
    from ..provider import Site

ANY_PLATFORM = 0x08000000
_DEPENDENT = re.compile(r"^[A-Z0-9]{8};;.+$")
COMPUTED = ("PackageName", "PackageVersion", "PackageType")


def check_dependent(obj: Obj, operation: str) -> None:
    """Check the form ``<PackageID>;;<ProgramName>`` (provider-behaviour 2.3)."""
    text = obj.get("DependentProgram", "")
    if text and not _DEPENDENT.match(text):
        raise refuse(FAILED, f"DependentProgram {text!r} is not <PackageID>;;<ProgramName>", operation=operation,
                     parameter="DependentProgram")


def check_platforms(site: Site, obj: Obj, operation: str) -> None:
    """Check the supported platforms: the values come from SMS_SupportedPlatforms (provider-behaviour 2.3)."""
    known = {tuple(str(row.get(name)).casefold() for name in ("OSName", "OSPlatform", "OSMinVersion", "OSMaxVersion"))
             for row in site.store.scan("SMS_SupportedPlatforms")}
    listed = obj.get("SupportedOperatingSystems") or []
    for item in listed:
        key = tuple(str(item.get(name, "")).casefold() for name in ("Name", "Platform", "MinVersion", "MaxVersion"))
        if key not in known:
            raise refuse(FAILED, f"SupportedOperatingSystems: no platform {'/'.join(key)}", operation=operation,
                         parameter="SupportedOperatingSystems")
    if not listed and not (obj.get("ProgramFlags") or 0) & ANY_PLATFORM:
        site.note("runs_nowhere", key=site.path_of(obj), why="neither ANY_PLATFORM nor a supported platform")


class ProgramRules(Rules):
    """SMS_Program: both keys come from the client."""

    def create(self, site: Site, obj: Obj) -> Obj:
        """Create a program in an existing package."""
        package = site.store.peek("SMS_Package", (obj.get("PackageID") or "",))
        if package is None or not site.sees(package):
            raise refuse(FAILED, f"There is no package {obj.get('PackageID')}", operation="PutInstance",
                         parameter="PackageID")
        made = new_object(site, obj, "PutInstance")
        if not made.get("ProgramName"):
            raise refuse(FAILED, "A program needs a name", operation="PutInstance", parameter="ProgramName")
        made.props["PackageID"] = package.get("PackageID")
        if site.store.peek("SMS_Program", (made.get("PackageID"), made.get("ProgramName"))) is not None:
            raise refuse(ALREADY_EXISTS, f"{site.path_of(made)} already exists", operation="PutInstance",
                         parameter="ProgramName")
        self._check(site, made)
        self._stamp(site, made, package, ADD)
        self._count(site, str(made.get("PackageID")))
        return made

    def put(self, site: Site, old: Obj, sent: Obj, modified: list[str] | None) -> Obj:
        """Save a program."""
        made = changed_object(site, old, sent, "PutInstance", modified=modified, lazy_null=site.switches.lazy_null,
                              loose=COMPUTED)
        self._check(site, made)
        package = site.store.peek("SMS_Package", (made.get("PackageID"),))
        self._stamp(site, made, package or made, UPDATE)
        return made

    def delete(self, site: Site, old: Obj) -> None:
        """Delete a program with its deployments."""
        for row in site.store.rows("SMS_Advertisement"):
            if (row.get("PackageID"), row.get("ProgramName")) == (old.get("PackageID"), old.get("ProgramName")):
                if site.switches.delete_cascade == "refuse":
                    raise refuse(FAILED, f"{site.path_of(old)} is deployed", operation="DeleteInstance",
                                 parameter="ProgramName")
                if site.switches.delete_cascade == "cascade":
                    site.store.remove("SMS_Advertisement", (row.get("AdvertisementID"),))
                    site.note("cascade", key=site.path_of(row), because=site.path_of(old))
        site.store.remove("SMS_Program", (old.get("PackageID"), old.get("ProgramName")))
        self._count(site, str(old.get("PackageID")))

    @staticmethod
    def _check(site: Site, obj: Obj) -> None:
        values.check_qualifiers(site.schema, obj, "PutInstance")
        check_dependent(obj, "PutInstance")
        check_platforms(site, obj, "PutInstance")

    @staticmethod
    def _stamp(site: Site, obj: Obj, package: Obj, action: int) -> None:
        obj.props.update({"PackageName": package.get("Name", package.get("PackageName")),
                          "PackageVersion": package.get("Version", package.get("PackageVersion")),
                          "PackageType": 0, "ActionInProgress": action})
        site.store.save(obj)

    @staticmethod
    def _count(site: Site, package_id: str) -> None:
        package = site.store.find("SMS_Package", (package_id,))
        if package is not None:
            package.props["NumOfPrograms"] = sum(
                1 for row in site.store.scan("SMS_Program") if row.get("PackageID") == package_id)
            site.store.save(package)
