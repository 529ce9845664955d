# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The read-only twin of task sequence packages; the one with steps builds on it."""

from __future__ import annotations

import typing as t

from .._cim.instance import Instance
from .._errors import Problem
from .._provider import names
from .._provider.naming import Namer
from .._provider.ref import Ref
from .._provider.references import KINDS
from . import _placement as placement
from . import _platforms
from . import _ts_options as options
from . import _ts_presentation as presentation
from ._base import Outcome, Resource, Task
from ._ts_site import TsSite

NOTIFICATIONS = 0x400
"""A bit of ProgramFlags of which only the number is certain (reference: provider-behaviour 2.4)."""
_NOT_READ = ("category", "boot_image", "progress_text", "platforms", "run_first")


class TsPackageInfo(Resource):
    """``cm_ts_package_info``: one package by name or ID, or all of them."""

    key = "ts_packages"

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        self._store: TsSite | None = None
        self._folders: dict[str, str] | None = None
        self._platforms: dict[_platforms.Key, str] | None = None

    @property
    def store(self) -> TsSite:
        """The site's task sequence packages; the first use connects."""
        if self._store is None:
            self._store = TsSite(self.task.site)
        return self._store

    def validate(self) -> None:
        name, package_id = self.params.get("name"), self.params.get("package_id")
        fault = names.fault_in_reference(name) if name is not None else None
        if fault:
            self.refuse([Problem("name", names.shown(str(name)), fault)])
        if package_id and not KINDS["task_sequence"].is_id(package_id):
            rule = "is no package ID; one looks like PS100042"
            self.refuse([Problem("package_id", names.shown(package_id), rule)])

    def converge(self) -> Outcome:
        found = self._selected()
        if "folder" in self.params["gather"]:
            self._folders = placement.folders(self.task.site, "task_sequence")
        shown = [self.describe(row, whole) for row, whole in found]
        namer = Namer(self.task.site)
        for item in shown:
            self.note_references(item, namer)
        namer.resolve()
        for item in shown:
            self.name_references(item, namer)
        return Outcome(False, {self.key: shown})

    def _selected(self) -> list[tuple[Instance, bool]]:
        """Return the packages that the options select, and whether each was read with its lazy properties."""
        package_id, name = self.params.get("package_id"), self.params.get("name")
        if package_id or name is not None:
            ids = [package_id.upper()] if package_id else [str(row.get("PackageID")) for row in self.store.rows(name)]
            loaded = [self.store.load(key) for key in ids]
            return [(package, True) for package in loaded if package is not None]
        rows = sorted(self.store.listing(), key=lambda row: str(row.get("PackageID")))
        if set(self.params["gather"]) <= {"folder"}:
            return [(row, False) for row in rows]
        loaded = [self.store.load(str(row.get("PackageID"))) for row in rows]
        return [(package, True) for package in loaded if package is not None]

    def describe(self, row: Instance, whole: bool) -> dict[str, t.Any]:
        """Return a package in the form of the play, IDs in place of names; ``null`` for what was not read."""
        state = options.describe(row)
        if not whole:
            state.update(dict.fromkeys(_NOT_READ))
        return {
            "kind": "task_sequence",
            "planned": False,
            "name": state.pop("name"),
            "package_id": row.get("PackageID"),
            **state,
            "platforms": self._platform_names(row) if whole else None,
            **self._presented(row, whole),
            "security_scopes": [str(name) for name in row.get("SecuredScopeNames") or []] if whole else None,
            "folder": self._folders.get(str(row.get("PackageID")), "") if self._folders is not None else None,
            "program_flags": row.number("ProgramFlags"),
            "notifications_bit": bool(row.number("ProgramFlags") & NOTIFICATIONS),
            "source_date": _iso(row.get("SourceDate")),
        }

    @staticmethod
    def _presented(row: Instance, whole: bool) -> dict[str, t.Any]:
        """Return how the package presents itself; ``null`` for what the site does not have or was not read."""
        found = dict.fromkeys((*presentation.GROUPS, "pre_download_rule", "icon_sha256"))
        if whole:
            found.update(presentation.describe(row))
            found.pop("icon", None)
            found["icon_sha256"] = presentation.icon_hash(row.get("Icon"))
        return found

    def _platform_names(self, row: Instance) -> list[str]:
        """Return the platforms by the names that the console shows; one query for all packages of the task."""
        items = options.live_platforms(row)
        if items and self._platforms is None:
            self._platforms = _platforms.names(self.task.site)
        return [(self._platforms or {}).get(_platforms.key(item)) or _platforms.text(item) for item in items]

    def note_references(self, item: dict[str, t.Any], namer: Namer) -> None:
        """Add the IDs of an item to what is looked up."""
        if item["boot_image"]:
            namer.add(Ref("boot_image", id=item["boot_image"]))
        if item["run_first"]:
            namer.add(Ref("package", id=item["run_first"]["package"]["id"]))

    def name_references(self, item: dict[str, t.Any], namer: Namer) -> None:
        """Replace the IDs of an item by what a play would write."""
        if item["boot_image"]:
            item["boot_image"] = namer.form(Ref("boot_image", id=item["boot_image"]))
        if item["run_first"]:
            package = Ref("package", id=item["run_first"]["package"]["id"])
            item["run_first"]["package"] = namer.form(package)


def _iso(value: t.Any) -> str | None:
    """Return a DMTF time as ISO text in UTC; package times are UTC (provider-behaviour 11)."""
    digits = str(value or "")[:14]
    if len(digits) != 14 or not digits.isdigit():
        return None
    date, clock = digits[:8], digits[8:]
    return f"{date[:4]}-{date[4:6]}-{date[6:]}T{clock[:2]}:{clock[2:4]}:{clock[4:]}Z"
