#!/usr/bin/python
# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cm_content
short_description: Bring content to distribution points
version_added: 0.1.0
description:
  - Distributes the content of everything that a task sequence refers to, or of one object, to distribution points;
    removes it, sends it again, or has the source files read again; and waits until it has arrived everywhere.
  - A task sequence has no content of its own. Its references are its boot image, images, packages, driver packages
    and applications, those of its child sequences included.
  - What is on its way or there already is not sent again. What failed is, unless O(redistribute=never).
  - Applications that an application depends on are not followed, as the site does not list them with the references.
author:
  - configmgr.osd contributors (@configmgr-osd)
extends_documentation_fragment:
  - configmgr.osd._attributes
  - configmgr.osd._attributes.action_group
  - configmgr.osd._site
  - configmgr.osd._planned
  - configmgr.osd._wait
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: partial
    details: O(refresh=true), O(redistribute=always) and O(verify=true) do so every time.
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
      - The servers of distribution points. The first part of the name is enough where it is unique.
      - A point that one of the groups brings needs no order of its own and gets none.
    type: list
    elements: str
    default: []
  distribution_point_groups:
    description:
      - The names of distribution point groups.
    type: list
    elements: str
    default: []
  collection:
    description:
      - The distribution point groups that are associated with this collection, by name or ID.
    type: raw
  state:
    description:
      - Whether the content is there.
      - V(absent) takes the objects out of the groups that are named, and away from the points that are named. A
        point keeps what another group brings.
    type: str
    choices: [absent, present]
    default: present
  shared:
    description:
      - What happens with O(state=absent) and O(task_sequence) to objects that other task sequences refer to as well.
        A child sequence counts as another one.
      - V(keep) leaves them and lists them in RV(content.kept).
    type: str
    choices: [keep, remove]
    default: keep
  redistribute:
    description:
      - What is sent again although the site was told before. Only what failed, everything, or nothing.
      - V(always) sends every time that the task runs.
    type: str
    choices: [always, failed, never]
    default: failed
  refresh:
    description:
      - Have the source files of each object read again (C(RefreshPkgSource)), which makes a new version of them and
        sends it to every point that has the object, also to those that the task does not name.
      - Does so every time that the task runs. Never done to a task sequence itself, which it would destroy.
      - Needs no target.
    type: bool
    default: false
  verify:
    description:
      - Have each distribution point check the files that it has (C(VerifyPackage)), one request per object and point.
        What it finds shows in the states later, see M(configmgr.osd.cm_content_info).
      - Does so every time that the task runs.
    type: bool
    default: false
  check_steps:
    description:
      - Read the steps of the task sequence and its children, and warn of steps whose content no reference names.
        These are drivers that the device chooses, packages and applications in variables, and software updates.
      - Costs one request per sequence.
    type: bool
    default: true
notes:
  - Without O(wait) the task ends when the site has taken the orders.
  - A wait ends with C(content_failed) when nothing is on its way any more and something failed. Run the task again once
    the cause is mended.
seealso:
  - module: configmgr.osd.cm_content_info
  - module: configmgr.osd.cm_task_sequence
"""

EXAMPLES = r"""
- name: Distribute all that a task sequence refers to, and wait until it is there
  configmgr.osd.cm_content:
    task_sequence: Windows 11 - Standard desktop
    distribution_point_groups: [Branch offices]
    wait: true
    wait_timeout: 14400

- name: Distribute to the groups of the collection that is going to be deployed to
  configmgr.osd.cm_content:
    task_sequence: Windows 11 - Standard desktop
    collection: OSD - Finance

- name: Distribute a new boot image to one server
  configmgr.osd.cm_content:
    boot_image: Boot image (x64) - network drivers
    distribution_points: [dp-north]

- name: Send changed source files of a package to wherever it is
  configmgr.osd.cm_content:
    package: OSD Scripts
    refresh: true

- name: Take away what no other task sequence needs
  configmgr.osd.cm_content:
    task_sequence: Windows 10 - in-place upgrade
    distribution_point_groups: [Branch offices]
    state: absent
"""

RETURN = r"""
content:
  description: The objects, where they are, and what the task did.
  returned: success
  type: dict
  contains:
    kind:
      description: Always V(content).
      returned: success
      type: str
      sample: content
    planned:
      description: Whether the object is not there yet and only planned (check mode).
      returned: success
      type: bool
      sample: false
    object_kind:
      description: The kind of the object that the task names.
      returned: success
      type: str
      sample: task_sequence
    name:
      description: Its name.
      returned: success
      type: str
      sample: Windows 11 - Standard desktop
    object_id:
      description: Its ID, null while it is planned only.
      returned: success
      type: str
      sample: PS100041
    objects:
      description: The objects with content, and their state on each distribution point that is meant.
      returned: success
      type: list
      elements: dict
      sample:
        - kind: package
          package_id: PS100010
          name: Monitoring Agent
          source_version: 1
          size_kb: 51200
          distribution_points: [{name: dp-north.corp.example.com, state: installed, source_version: 1}]
    counts:
      description: How many pairs of object and distribution point are wanted, installed, failed, and neither.
      returned: success
      type: dict
      sample: {wanted: 15, installed: 12, failed: 1, pending: 2}
    distributed:
      description: What was ordered, as object and distribution point or group; in check mode what would be.
      returned: success
      type: list
      elements: dict
      sample:
        - {package_id: PS100010, name: Monitoring Agent, distribution_point: null, distribution_point_group: Branches}
    sent_again:
      description: What was sent again.
      returned: success
      type: list
      elements: dict
      sample: []
    verified:
      description: What the distribution points were told to check.
      returned: success
      type: list
      elements: dict
      sample: []
    refreshed:
      description: The objects whose source files were read again.
      returned: success
      type: list
      elements: dict
      sample: []
    removed:
      description: What was ordered away.
      returned: success
      type: list
      elements: dict
      sample: []
    kept:
      description: What was not removed because other task sequences refer to it.
      returned: success
      type: list
      elements: dict
      sample: [{package_id: PS100005, name: Boot image (x64), task_sequences: [PS100042]}]
    unlisted:
      description: The steps that need content which no reference names.
      returned: success
      type: list
      elements: dict
      sample:
        - task_sequence: Windows 11 - Standard desktop
          package_id: PS100041
          step: Drivers / Choose drivers
          needs: drivers that the device chooses by its hardware
    written:
      description: Whether the task wrote to the site.
      returned: success
      type: bool
      sample: true
msg:
  description: What was done, kept, or could not be told.
  returned: when there is something to say
  type: str
  sample: 5 orders to distribute were given.
error:
  description: The failure in a form that a playbook can test.
  returned: failure
  type: dict
  contains:
    code:
      description: A stable word; see the error table in the guide.
      returned: failure
      type: str
      sample: content_failed
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._args import PLANNED_ARGS, SITE_ARGS, STATE_ARGS, WAIT_ARGS

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
        **PLANNED_ARGS,
        **STATE_ARGS,
        **WAIT_ARGS,
        "task_sequence": {"type": "raw"},
        "package": {"type": "raw"},
        "boot_image": {"type": "raw"},
        "os_image": {"type": "raw"},
        "os_upgrade_package": {"type": "raw"},
        "driver_package": {"type": "raw"},
        "application": {"type": "raw"},
        "content": {"type": "raw"},
        "distribution_points": {"type": "list", "elements": "str", "default": []},
        "distribution_point_groups": {"type": "list", "elements": "str", "default": []},
        "collection": {"type": "raw"},
        "shared": {"type": "str", "choices": ["keep", "remove"], "default": "keep"},
        "redistribute": {"type": "str", "choices": ["always", "failed", "never"], "default": "failed"},
        "refresh": {"type": "bool", "default": False},
        "verify": {"type": "bool", "default": False},
        "check_steps": {"type": "bool", "default": True},
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
