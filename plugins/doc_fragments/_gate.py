# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  confirm:
    description:
      - The names of the collections whose devices are meant to run the new steps, where the safety gate stands in the
        way.
      - Before the steps of a high-risk task sequence change, its required advertisements are looked at, and those of
        the task sequences that run it. The change is refused when one of their collections has more than 100 members
        or more than O(max_targets), unless it is named here and O(max_targets) is at least the number of its members.
      - High-risk is a task sequence that, before or after the change, formats or converts a disk, applies an image,
        upgrades, captures, or runs Sysprep in a step that is enabled, or runs another one that does; and one that the
        site calls an operating system deployment or high-impact.
      - It is a list, as a task sequence may have several required advertisements; a new one is never covered by a
        confirmation that was written for others.
    type: list
    elements: str
    default: []
  max_targets:
    description:
      - How many members each of these collections may have; see O(confirm).
    type: int
    default: 100
"""
