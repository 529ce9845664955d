# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The driver package: SMS_DriverPackage, a folder that the site fills with the drivers that are added to it."""

from __future__ import annotations

from .._cim.instance import Instance
from .._errors import Problem
from .._plan import Plan
from ._source_package import COLUMNS, SourcePackage, new_object

OBSERVED = {"driver_manufacturer": "DriverManufacturer", "driver_model": "DriverModel"}
"""Options whose properties are not documented, only seen in exports of newer sites."""


class DriverPackage(SourcePackage):
    """``cm_driver_package``."""

    key = kind = "driver_package"
    wmi_class = "SMS_DriverPackage"
    columns = {**COLUMNS, **OBSERVED}
    defaults = new_object(3)
    has_metadata = False
    one_line = (*SourcePackage.one_line, *OBSERVED)

    def plan_texts(self, plan: Plan, before: Instance | None) -> None:
        super().plan_texts(plan, before)
        known = {name.casefold() for name in before.properties} if before is not None else set()
        self.refuse(
            [
                Problem(option, str(self.params[option]), "this site's driver packages have no such property")
                for option in plan.options
                if before is not None and option in OBSERVED and OBSERVED[option].casefold() not in known
            ]
        )
