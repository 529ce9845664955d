# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The read-only twins of images, upgrade packages and driver packages."""

from __future__ import annotations

import typing as t

from .._cim import wql
from .._cim.instance import Instance
from .._errors import Problem
from .._provider import names
from .._provider.references import KINDS
from .._provider.site import DELETING, same_name
from . import _content_settings, _image_metadata
from ._base import Outcome, Resource
from ._boot_image_parts import DRIVER, DRIVER_COLUMNS
from ._source_package import COLUMNS, iso

PLAIN = (
    "PackageID",
    *COLUMNS.values(),
    "Priority",
    "PkgFlags",
    "ShareType",
    "ShareName",
    "ForcedDisconnectEnabled",
    "ForcedDisconnectDelay",
    "ForcedDisconnectNumRetries",
    "SourceVersion",
    "LastRefreshTime",
    "PackageSize",
    "ActionInProgress",
)
"""What a list asks for; an unfiltered query must name its columns (provider-behaviour 1.4)."""


class ImageInfo(Resource):
    """One object by name or ID, or all of a class; subclasses name the class and its options."""

    kind: t.ClassVar[str]
    wmi_class: t.ClassVar[str]
    columns: t.ClassVar[t.Mapping[str, str]] = COLUMNS
    more_columns: t.ClassVar[tuple[str, ...]] = ()
    lazy: t.ClassVar[frozenset[str]] = frozenset()
    """The words of ``gather`` that need each object read by its key; one that is asked for is read so anyway."""

    def validate(self) -> None:
        name, package_id = self.params["name"], self.params["package_id"]
        problems = []
        fault = names.fault_in_reference(name) if name is not None else None
        if fault:
            problems.append(Problem("name", names.shown(str(name)), fault))
        if package_id is not None and not KINDS[self.kind].is_id(package_id):
            problems.append(Problem("package_id", names.shown(package_id), "is no package ID; one looks like PS100042"))
        self.refuse(problems)

    def converge(self) -> Outcome:
        rows = sorted(self._selected(), key=lambda row: str(row.get("PackageID")))
        one = self.params["name"] is not None or self.params["package_id"] is not None
        whole = bool(self.lazy) and (one or bool(self.lazy.intersection(self.params["gather"])))
        if whole and self.params["package_id"] is None:
            found = [self.task.site.find(self.wmi_class, {"PackageID": str(row.get("PackageID"))}) for row in rows]
            rows = [row for row in found if row is not None]
        shown = [{**self._common(row), **self.describe(row, whole), **self._state(row)} for row in rows]
        self.gather(shown)
        return Outcome(False, {self.key: shown})

    def _selected(self) -> list[Instance]:
        site = self.task.site
        name, package_id = self.params["name"], self.params["package_id"]
        if package_id is not None:
            found = site.find(self.wmi_class, {"PackageID": package_id.upper()})
            rows: list[Instance] = [found] if found is not None else []
        elif name is not None:
            return same_name(site.query(self.wmi_class, wql.equals("Name", name)), name)
        else:
            columns = dict.fromkeys((*PLAIN, *self.columns.values(), *self.more_columns))
            rows = site.query(self.wmi_class, None, list(columns))
        return [row for row in rows if row.get("ActionInProgress") != DELETING]

    def _common(self, row: Instance) -> dict[str, t.Any]:
        return {
            "kind": self.kind,
            "planned": False,
            "package_id": str(row.get("PackageID")),
            **{option: str(row.get(column, "")) for option, column in self.columns.items()},
        }

    def describe(self, row: Instance, whole: bool) -> dict[str, t.Any]:
        """Return what only this kind has; ``whole`` says whether lazy properties were read."""
        return {"editions": _image_metadata.editions(row.get("ImageProperty")) if whole else None}

    @staticmethod
    def _state(row: Instance) -> dict[str, t.Any]:
        return {
            **_content_settings.describe(row),
            "source_version": row.number("SourceVersion"),
            "last_refresh": iso(row.get("LastRefreshTime")),
            "size_kb": row.number("PackageSize"),
        }

    def gather(self, shown: list[dict[str, t.Any]]) -> None:
        """Add what one query answers for all objects together."""

    def drivers(self, numbers: t.Iterable[int]) -> dict[int, dict[str, t.Any]]:
        """Return drivers by number, in one query."""
        wanted = sorted(set(numbers))
        rows = self.task.site.query(DRIVER, wql.one_of("CI_ID", wanted), list(DRIVER_COLUMNS)) if wanted else []
        return {
            row.number("CI_ID"): {
                "id": row.number("CI_ID"),
                "name": str(row.get("LocalizedDisplayName", "")),
                "version": str(row.get("DriverVersion", "")),
                "inf": str(row.get("DriverINFFile", "")),
            }
            for row in rows
        }
