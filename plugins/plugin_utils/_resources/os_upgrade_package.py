# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The operating system upgrade package: SMS_OperatingSystemInstallPackage, a folder with the whole setup."""

from __future__ import annotations

from ._source_package import SourcePackage, new_object


class OsUpgradePackage(SourcePackage):
    """``cm_os_upgrade_package``."""

    key = kind = "os_upgrade_package"
    wmi_class = "SMS_OperatingSystemInstallPackage"
    defaults = new_object(259)
