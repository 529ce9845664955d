# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  name:
    description:
      - The name of the task sequence.
      - It is matched exactly first, then without regard to case if that gives exactly one, which keeps its spelling.
      - Together with O(package_id) it renames that task sequence, and never creates one.
      - The console allows 50 characters; more than that gives a warning, more than 255 is an error.
    type: str
  package_id:
    description:
      - The package ID of an existing task sequence, for example V(PS100042).
    type: str
  description:
    description:
      - The description, at most 512 characters. V("") clears it.
    type: str
  category:
    description:
      - The category under which the console groups task sequences, one line of at most 255 characters.
        V("") clears it.
    type: str
  boot_image:
    description:
      - The boot image, by name, as V(id:PS100005), or as a mapping with C(id), or with C(name) and C(version).
      - V("") means none.
    type: raw
  max_run_time:
    description:
      - The longest run in minutes, from V(0) to V(99999). A new task sequence gets 120 when this is omitted.
      - Maintenance windows count V(0) as 720.
    type: int
  progress_text:
    description:
      - The text of the progress dialog, at most 255 characters. V("") means the default text.
    type: str
  enabled:
    description:
      - Whether computers may run the task sequence. A new one is enabled when this is omitted.
    type: bool
  platforms:
    description:
      - Names of the platforms on which the task sequence can run, as the console shows them.
      - An empty list means any platform.
    type: list
    elements: str
  run_first:
    description:
      - A program that runs before the task sequence. An empty mapping means none.
      - The mapping is complete as written; what is omitted in it is not kept.
    type: dict
    suboptions:
      package:
        description: The package, by name or by ID as in O(boot_image).
        type: raw
      program:
        description: The name of the program.
        type: str
      always:
        description: Whether the program runs every time. It does not when this is omitted.
        type: bool
  state:
    description:
      - Whether the task sequence exists.
      - V(absent) refuses while the task sequence is advertised or another one runs it, and lists what stands in the
        way.
    type: str
    choices: [absent, present]
    default: present
  remove_deployments:
    description:
      - With O(state=absent), delete the advertisements of the task sequence first.
    type: bool
    default: false
  force:
    description:
      - With O(state=absent), delete also when other task sequences run this one. They keep a dangling reference.
    type: bool
    default: false
"""
