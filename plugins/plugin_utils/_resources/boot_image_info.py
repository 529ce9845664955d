# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The read-only twin of boot images."""

from __future__ import annotations

import typing as t

from .._cim import wql
from .._cim.instance import Instance
from . import _image_metadata
from ._image_info import ImageInfo
from .boot_image import BootImage, architecture, describe

COMPONENT = "SMS_WinPEOptionalComponentInBootImage"
UNREAD = (
    "image_index",
    "enable_command_support",
    "background",
    "prestart_command",
    "scratch_space",
    "optional_components",
    "drivers",
)
"""Options whose properties are lazy."""


class BootImageInfo(ImageInfo):
    """``cm_boot_image_info``."""

    key = "boot_images"
    kind = "boot_image"
    wmi_class = BootImage.wmi_class
    columns = BootImage.columns
    more_columns = ("Architecture", "ImageOSVersion", "DefaultImage", "PreExecSourceDirectory", "PkgSourcePath")
    lazy = frozenset({"options", "drivers", "components"})

    def describe(self, row: Instance, whole: bool) -> dict[str, t.Any]:
        shown = describe(row, lambda numbers: [{"id": number, "name": None} for number in numbers])
        if not whole:
            shown.update(dict.fromkeys(UNREAD))
        return {
            "editions": _image_metadata.editions(row.get("ImageProperty")) if whole else None,
            **shown,
            "architecture": architecture(row),
            "os_version": str(row.get("ImageOSVersion", "")),
            "default_image": bool(row.get("DefaultImage", False)),
            "content_path": str(row.get("PkgSourcePath", "")),
        }

    def gather(self, shown: list[dict[str, t.Any]]) -> None:
        wanted = self.params["gather"]
        if "drivers" in wanted:
            known = self.drivers(driver["id"] for item in shown for driver in item["drivers"])
            for item in shown:
                item["drivers"] = [{**known.get(driver["id"], {}), **driver} for driver in item["drivers"]]
        if "components" in wanted and shown:
            ids = [item["package_id"] for item in shown]
            rows = self.task.site.query(
                COMPONENT, wql.one_of("PackageID", ids), ["Architecture", "ComponentID", "PackageID", "Name"]
            )
            named = {(row.get("PackageID"), row.number("ComponentID")): row.get("Name") for row in rows}
            for item in shown:
                for component in item["optional_components"]:
                    component["name"] = named.get((item["package_id"], component["id"]))
