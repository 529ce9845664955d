#!/usr/bin/python
# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cm_object_usage_info
short_description: Find what uses an object of a site
version_added: 0.1.0
description:
  - Returns the task sequences that use a package, image, application, or another task sequence, directly or through a
    child task sequence, and the deployments that depend on it. Look at it before deleting or replacing something.
author:
  - Contributors to the configmgr.osd project (@configmgr-osd)
extends_documentation_fragment:
  - configmgr.osd._attributes
  - configmgr.osd._attributes.action_group
  - configmgr.osd._attributes.info
  - configmgr.osd._site
  - configmgr.osd._planned
options:
  kind:
    description:
      - The kind of the object. Of a collection only the deployments are returned.
    type: str
    required: true
    choices:
      - application
      - boot_image
      - collection
      - driver_package
      - os_image
      - os_upgrade_package
      - package
      - task_sequence
  object:
    description:
      - "The object, by name, as C({id: PS100005}), or as a name with what narrows it down, for example
        C({name: Contoso Office, version: '5.1'})."
      - A name that the site does not have is no error; nothing uses such an object. An ID is looked for even when the
        object itself is gone.
    type: raw
    required: true
  gather:
    description:
      - V(steps) reads the steps of each task sequence, which costs two requests per task sequence, and returns
        exactly where the object is used.
    type: list
    elements: str
    choices: [steps]
    default: []
  include_disabled:
    description:
      - The site lists what enabled steps use. A task sequence whose only use is in a disabled step, or that only runs a
        program of the package first, cannot be queried.
      - With V(true) every task sequence is read, which costs two requests each, so that these are found too and all of
        them have O(gather=steps). Use it before you delete something.
    type: bool
    default: false
notes:
  - Deployments are those of task sequences, packages, and programs; those of applications are not looked for.
seealso:
  - module: configmgr.osd.cm_task_sequence_reference
  - module: configmgr.osd.cm_object_info
"""

EXAMPLES = r"""
- name: See what uses an image
  configmgr.osd.cm_object_usage_info:
    kind: os_image
    object: Windows 11 24H2
    gather: [steps]
  register: image

- name: See what uses a package, disabled steps included
  configmgr.osd.cm_object_usage_info:
    kind: package
    object: Corporate Fonts
    include_disabled: true
  register: fonts

- name: Delete a package that nothing uses
  configmgr.osd.cm_package:
    name: Corporate Fonts
    state: absent
  when: not fonts.usage.used
"""

RETURN = r"""
usage:
  description:
    - What uses the object.
  returned: success
  type: dict
  contains:
    object:
      description: The object with C(kind), C(name), and C(id), V(null) when the site does not have it.
      returned: success
      type: dict
      sample: {kind: os_image, name: Windows 11 24H2, id: PS100020}
    used:
      description: Whether any task sequence or deployment depends on the object.
      returned: success
      type: bool
      sample: true
    task_sequences:
      description: The task sequences that use the object.
      returned: success
      type: list
      elements: dict
      contains:
        name:
          description: The name.
          returned: success
          type: str
          sample: Windows 11 - Standard desktop
        package_id:
          description: The package ID.
          returned: success
          type: str
          sample: PS100041
        direct:
          description:
            - Whether the task sequence itself refers to the object. V(null) where only O(gather=steps) or
              O(include_disabled=true) can tell.
          returned: success
          type: bool
          sample: true
        through:
          description: The task sequences that it runs and that use the object.
          returned: success
          type: list
          elements: dict
          sample: []
        options:
          description:
            - The options of the task sequence that refer to the object, V(boot_image) and V(run_first).
              V(null) without O(gather=steps) and O(include_disabled=true).
          returned: success
          type: list
          elements: str
          sample: []
        steps:
          description:
            - The steps that refer to the object. V(null) without O(gather=steps) and O(include_disabled=true).
          returned: success
          type: list
          elements: dict
          sample:
            - path: Install operating system / Apply Windows 11
              type: apply_operating_system_image
              option: image
              enabled: true
      sample:
        - {name: Windows 11 - Standard desktop, package_id: PS100041, direct: true, through: []}
    deployments:
      description: The deployments of the object and of the task sequences that use it.
      returned: success
      type: list
      elements: dict
      contains:
        advertisement_id:
          description: The ID of the deployment.
          returned: success
          type: str
          sample: PS120000
        name:
          description: The name of the deployment.
          returned: success
          type: str
          sample: Windows 11 - Standard desktop_PS100041_All Unknown Computers
        package_id:
          description: The package or task sequence that is deployed.
          returned: success
          type: str
          sample: PS100041
        task_sequence:
          description: The name of the deployed task sequence, V(null) for another object.
          returned: success
          type: str
          sample: Windows 11 - Standard desktop
        program:
          description: The program of a deployed package, V(null) for a task sequence.
          returned: success
          type: str
          sample: Install
        collection:
          description: The name of the collection, V(null) when the account does not see it.
          returned: success
          type: str
          sample: All Unknown Computers
        collection_id:
          description: The ID of the collection.
          returned: success
          type: str
          sample: SMS000US
        purpose:
          description: V(required) or V(available).
          returned: success
          type: str
          sample: available
      sample:
        - {advertisement_id: PS120000, package_id: PS100041, collection: All Unknown Computers, purpose: available}
    children:
      description: The task sequences that the object itself runs, for a task sequence.
      returned: success
      type: list
      elements: dict
      sample:
        - {name: Finance - Applications, package_id: PS100040}
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._args import PLANNED_ARGS, SITE_ARGS

SPEC = {
    "argument_spec": {
        **SITE_ARGS,
        **PLANNED_ARGS,
        "kind": {
            "type": "str",
            "required": True,
            "choices": [
                "application",
                "boot_image",
                "collection",
                "driver_package",
                "os_image",
                "os_upgrade_package",
                "package",
                "task_sequence",
            ],
        },
        "object": {"type": "raw", "required": True},
        "gather": {"type": "list", "elements": "str", "choices": ["steps"], "default": []},
        "include_disabled": {"type": "bool", "default": False},
    },
}


def main() -> None:
    AnsibleModule(supports_check_mode=True, **SPEC).fail_json(
        msg="This module runs on the control node through its action plugin."
    )


if __name__ == "__main__":
    main()
