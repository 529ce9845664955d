# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The read-only twin of driver packages, with the drivers that are in them."""

from __future__ import annotations

import typing as t

from .._cim import wql
from .._cim.instance import Instance
from ._image_info import ImageInfo
from .driver_package import OBSERVED

CONTAINER = "SMS_DriverContainer"


class DriverPackageInfo(ImageInfo):
    """``cm_driver_package_info``."""

    key = "driver_packages"
    kind = "driver_package"
    wmi_class = "SMS_DriverPackage"
    columns = {**ImageInfo.columns, **OBSERVED}

    def describe(self, row: Instance, whole: bool) -> dict[str, t.Any]:
        return {"drivers": None}

    def gather(self, shown: list[dict[str, t.Any]]) -> None:
        if "drivers" not in self.params["gather"] or not shown:
            return
        ids = [item["package_id"] for item in shown]
        rows = self.task.site.query(CONTAINER, wql.one_of("PackageID", ids), ["CI_ID", "PackageID"])
        known = self.drivers(row.number("CI_ID") for row in rows)
        for item in shown:
            numbers = sorted(row.number("CI_ID") for row in rows if row.get("PackageID") == item["package_id"])
            item["drivers"] = [known.get(n, {"id": n, "name": None, "version": None, "inf": None}) for n in numbers]
