# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  unknown_ids:
    description:
      - What to do with an ID that the site does not have, as in an export from another site.
      - V(fail) lists all of them in one error.
      - V(keep) saves them as they are, warns once per ID, and returns them in C(dangling_references).
    type: str
    choices: [fail, keep]
    default: fail
"""
