# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  wait:
    description:
      - Whether the task waits until the site has carried out what it was asked for.
      - In check mode nothing is waited for.
    type: bool
    default: false
  wait_timeout:
    description:
      - The longest wait in seconds.
      - When it is over, the task fails with the code C(wait_timeout) and the last state; the same task goes on waiting.
    type: int
    default: 3600
  wait_interval:
    description:
      - The first pause between two looks, in seconds. Every further pause is half as long again, up to five minutes.
    type: float
    default: 15.0
"""

    # For modules whose option "wait" names a goal.
    LIMITS = r"""
options:
  wait_timeout:
    description:
      - The longest wait in seconds.
      - When it is over, the task fails with the code C(wait_timeout) and the last state; the same task goes on waiting.
    type: int
    default: 3600
  wait_interval:
    description:
      - The first pause between two looks, in seconds. Every further pause is half as long again, up to five minutes.
    type: float
    default: 15.0
"""
