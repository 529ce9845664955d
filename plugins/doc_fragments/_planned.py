# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  planned:
    description:
      - What earlier tasks of the play would have made, as the list of what these tasks returned,
        for example the value that was registered as C(result.package).
      - In check mode, and only there, a reference to such an object is accepted although the site does not have it yet.
        It is shown as C(<not there yet>) and listed in C(unresolved).
    type: list
    elements: dict
    default: []
"""
