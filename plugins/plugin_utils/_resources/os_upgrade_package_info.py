# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The read-only twin of operating system upgrade packages."""

from __future__ import annotations

from ._image_info import ImageInfo


class OsUpgradePackageInfo(ImageInfo):
    """``cm_os_upgrade_package_info``."""

    key = "os_upgrade_packages"
    kind = "os_upgrade_package"
    wmi_class = "SMS_OperatingSystemInstallPackage"
    lazy = frozenset({"editions"})
