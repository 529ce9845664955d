# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  report_scopes:
    description:
      - Whether to return the security scopes that the account sees when an object is created.
      - Objects that role-based administration hides look like missing ones, and names are no key,
        so an account with a narrow scope would create a twin.
      - It costs one request in that case.
    type: bool
    default: true
"""
