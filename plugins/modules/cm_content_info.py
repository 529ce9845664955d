#!/usr/bin/python
# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cm_content_info
short_description: Read where content is
version_added: 0.1.0
description:
  - Returns where the content of one object is, or that of all that a task sequence refers to. For each object the
    distribution points with their states, and the groups that hold it.
  - An object that does not exist gives an empty list; a name that several bear is an error.
author:
  - configmgr.osd contributors (@configmgr-osd)
extends_documentation_fragment:
  - configmgr.osd._attributes
  - configmgr.osd._attributes.info
  - configmgr.osd._attributes.action_group
  - configmgr.osd._site
options:
  task_sequence:
    description:
      - The task sequence whose references are meant, by name or as V(id:PS100042).
    type: raw
  package:
    description:
      - A classic package, by name, as V(id:PS100010), or as a mapping with C(name) and what narrows it down.
    type: raw
  boot_image:
    description:
      - A boot image, by name or ID.
    type: raw
  os_image:
    description:
      - An operating system image, by name or ID.
    type: raw
  os_upgrade_package:
    description:
      - An operating system upgrade package, by name or ID.
    type: raw
  driver_package:
    description:
      - A driver package, by name or ID.
    type: raw
  application:
    description:
      - An application, by name or model name.
    type: raw
  content:
    description:
      - Anything with content, by name or ID, for example a deployment package of software updates.
    type: raw
  distribution_points:
    description:
      - Only these servers. The first part of the name is enough.
    type: list
    elements: str
    default: []
  check_steps:
    description:
      - Also return RV(unlisted), the steps whose content no reference names.
      - Costs one request per sequence.
    type: bool
    default: false
seealso:
  - module: configmgr.osd.cm_content
"""

EXAMPLES = r"""
- name: Look where the content of a task sequence is
  configmgr.osd.cm_content_info:
    task_sequence: Windows 11 - Standard desktop
  register: found

- name: Name what failed
  ansible.builtin.debug:
    msg: "{{ found.contents | selectattr('failed') | map(attribute='name') }}"

- name: Wait in a way that frees the connection between two looks
  configmgr.osd.cm_content_info:
    task_sequence: Windows 11 - Standard desktop
  register: arrived
  until: arrived.contents | map(attribute='pending') | sum == 0
  retries: 60
  delay: 60
"""

RETURN = r"""
contents:
  description: The objects with content, an empty list when nothing matches.
  returned: success
  type: list
  elements: dict
  contains:
    kind:
      description: Always V(content).
      returned: success
      type: str
      sample: content
    planned:
      description: Always V(false).
      returned: success
      type: bool
      sample: false
    object_kind:
      description: The kind of the object.
      returned: success
      type: str
      sample: boot_image
    package_id:
      description: The ID of the object; of an application that of its content package.
      returned: success
      type: str
      sample: PS100005
    name:
      description: The name.
      returned: success
      type: str
      sample: Boot image (x64)
    source_version:
      description: The version of the source files.
      returned: success
      type: int
      sample: 3
    size_kb:
      description: The size of the source files in KB.
      returned: success
      type: int
      sample: 388012
    has_files:
      description: Whether the object has source files at all.
      returned: success
      type: bool
      sample: true
    targeted:
      description: On how many distribution points the object is or is to be.
      returned: success
      type: int
      sample: 3
    installed:
      description: On how many of them its current version is.
      returned: success
      type: int
      sample: 2
    failed:
      description: On how many it failed.
      returned: success
      type: int
      sample: 1
    pending:
      description: On how many it is neither installed nor failed.
      returned: success
      type: int
      sample: 0
    distribution_points:
      description:
        - The state on each distribution point.
        - One of V(installed), V(outdated), V(install_pending), V(install_retrying), V(install_failed),
          V(removal_pending), V(removal_retrying), V(removal_failed), V(content_updating), V(content_monitoring).
        - For a failure the number and the texts of the last message.
      returned: success
      type: list
      elements: dict
      sample:
        - {name: dp-south.corp.example.com, state: install_failed, source_version: 0, message_id: 2302, message: ""}
    distribution_point_groups:
      description: The groups that hold the object.
      returned: success
      type: list
      elements: str
      sample: [Branch offices]
unlisted:
  description: The steps that need content which no reference names.
  returned: when O(check_steps) is true
  type: list
  elements: dict
  sample: []
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._args import SITE_ARGS

SELECTORS = [
    "task_sequence",
    "package",
    "boot_image",
    "os_image",
    "os_upgrade_package",
    "driver_package",
    "application",
    "content",
]

SPEC = {
    "argument_spec": {
        **SITE_ARGS,
        "task_sequence": {"type": "raw"},
        "package": {"type": "raw"},
        "boot_image": {"type": "raw"},
        "os_image": {"type": "raw"},
        "os_upgrade_package": {"type": "raw"},
        "driver_package": {"type": "raw"},
        "application": {"type": "raw"},
        "content": {"type": "raw"},
        "distribution_points": {"type": "list", "elements": "str", "default": []},
        "check_steps": {"type": "bool", "default": False},
    },
    "required_one_of": [SELECTORS],
    "mutually_exclusive": [SELECTORS],
}


def main() -> None:
    AnsibleModule(supports_check_mode=True, **SPEC).fail_json(
        msg="This module runs on the control node through its action plugin."
    )


if __name__ == "__main__":
    main()
