# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The operating system image: SMS_ImagePackage."""

from __future__ import annotations

from ._source_package import SourcePackage, new_object


class OsImage(SourcePackage):
    """``cm_os_image``."""

    key = kind = "os_image"
    wmi_class = "SMS_ImagePackage"
    defaults = new_object(257)
    endings = (".wim", ".ffu")
