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
  software_center:
    description:
      - How Software Center shows the task sequence. Each key is managed by itself, what is omitted stays as it is.
      - These properties exist on newer sites only. One that the site does not have is refused with its version.
    type: dict
    suboptions:
      name:
        description: The name for users, at most 255 characters. V("") means the name of the task sequence.
        type: str
      description:
        description: The description for users, at most 512 characters.
        type: str
      restart_required:
        description: Whether users are told that the computer restarts.
        type: bool
      download_size_mb:
        description: The estimated size of the download in megabytes.
        type: int
      run_time_minutes:
        description: The estimated run time in minutes.
        type: int
  high_impact:
    description:
      - The warning that users get before a task sequence that can cost them their data.
      - Each key is managed by itself. Texts of your own take the place of the standard ones, V("") brings those back.
    type: dict
    suboptions:
      enabled:
        description: Whether the task sequence counts as one of high impact.
        type: bool
      headline:
        description: The headline, at most 255 characters.
        type: str
      top:
        description: The first text below the headline, at most 255 characters.
        type: str
      warning:
        description: The warning, at most 255 characters.
        type: str
      install:
        description: The text beside the button that starts the installation, at most 255 characters.
        type: str
  pre_download_rule:
    description:
      - The condition in WQL under which a client downloads content before the deployment starts. V("") means none.
    type: str
  icon:
    description:
      - A PNG picture on the control node, searched like the files of a role or playbook. V("") takes the icon away.
      - At most 20,000 bytes, since the picture travels inside a request.
    type: str
  folder:
    description:
      - The console folder, with slashes between the names, for example V(Production/Finance). V("") means the root.
      - A slash inside a name is doubled.
      - Compared with two more requests when it is given.
    type: str
  create_folder:
    description:
      - Whether folders of O(folder) that do not exist are created.
    type: bool
    default: false
  security_scopes:
    description:
      - The names of the security scopes of the task sequence, at least one. The list is complete.
    type: list
    elements: str
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
