# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The classic package: SMS_Package (reference: provider-behaviour 2.2, 2.3 for the base class)."""

from __future__ import annotations

from ._package_like import COMMON, PackageLike


class Package(PackageLike):
    """``cm_package``."""

    key = kind = "package"
    wmi_class = "SMS_Package"
    columns = {
        "name": "Name",
        "version": "Version",
        "manufacturer": "Manufacturer",
        "language": "Language",
        "description": "Description",
        "source_path": "PkgSourcePath",
    }
    defaults = COMMON
    advertised = True
