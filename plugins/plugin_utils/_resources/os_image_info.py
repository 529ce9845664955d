# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The read-only twin of operating system images."""

from __future__ import annotations

from ._image_info import ImageInfo


class OsImageInfo(ImageInfo):
    """``cm_os_image_info``."""

    key = "os_images"
    kind = "os_image"
    wmi_class = "SMS_ImagePackage"
    lazy = frozenset({"editions"})
