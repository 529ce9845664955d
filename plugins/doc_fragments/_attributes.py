# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    # Merged by every module; what differs between modules (check_mode, diff_mode, idempotent) is set there.
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode and return changed status prediction without modifying the site.
  diff_mode:
    description: Will return details on what has changed (or would change in check mode), when in diff mode.
  idempotent:
    description:
      - When run twice in a row outside check mode, with the same arguments, the second invocation indicates no change.
  action:
    description: Runs on the control node through an action plugin.
    support: full
  async:
    description: Supports being used with the C(async) keyword.
    support: none
  platform:
    description: The operating system of the inventory host.
    platforms: windows
    support: full
  connection:
    description: Uses the connection of the host to send WS-Management requests.
    support: full
    details:
      - Works with P(ansible.builtin.winrm#connection) and P(ansible.builtin.psrp#connection) only, without C(become).
"""

    ACTION_GROUP = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/configmgr.osd.cm) in C(module_defaults) to set defaults for this module.
    support: full
    membership:
      - configmgr.osd.cm
"""

    # For modules that only read.
    INFO = r"""
options: {}
attributes:
  check_mode:
    support: full
    details:
      - Only reads.
  diff_mode:
    support: N/A
    details:
      - Changes nothing.
  idempotent:
    support: full
    details:
      - Changes nothing.
"""
