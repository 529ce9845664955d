#!/usr/bin/python
# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cm_object
short_description: Write any object of a site
version_added: 0.1.0
description:
  - Creates, changes, or deletes one object of any class of the SMS Provider.
  - It is the way out where the collection has no module for a class, or a module lacks a property.
  - Names and types are checked against the class, as far as it is known, before anything is sent.
author:
  - configmgr.osd contributors (@configmgr-osd)
extends_documentation_fragment:
  - configmgr.osd._attributes
  - configmgr.osd._attributes.action_group
  - configmgr.osd._site
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: partial
    details:
      - With O(keys) only what differs is written. Without O(keys) every run creates another object.
      - A property that the site does not give back as it was sent is written every time, which holds for most secrets.
options:
  class_name:
    description:
      - The WMI class, for example V(SMS_Collection).
    type: str
    required: true
  keys:
    description:
      - The key properties of the object and their values.
      - Where the site has no such object it is created with these keys.
      - Leave them out to create an object whose key the site chooses.
    type: dict
  properties:
    description:
      - The properties to set, by their WMI names. What is not named stays as it is, V(null) clears.
      - Points in time are written as V(2025-06-01T08:00:00), with C(Z) for UTC, or in DMTF form.
      - An embedded object is a mapping; its key C(class) names the actual class where that is a derived one.
    type: dict
    default: {}
  state:
    description:
      - Whether the object exists.
    type: str
    choices: [absent, present]
    default: present
notes:
  - None of the checks of the other modules is made. No deployment is too large here, no reference is looked up, and an
    object that others need is deleted. Prefer the module for a class where there is one.
  - A deployment that is made with this module passes no safety gate. Use M(configmgr.osd.cm_advertisement).
  - The settings of a device or a collection with masked variables are only changed when O(properties) has the whole
    list of variables with their values, as a change sends them back and may blank them.
seealso:
  - module: configmgr.osd.cm_object_info
  - module: configmgr.osd.cm_method
"""

EXAMPLES = r"""
- name: Mark a package that the help desk answers for
  configmgr.osd.cm_object:
    class_name: SMS_Package
    keys:
      PackageID: P0100010
    properties:
      MIFPublisher: Help desk

- name: Create a folder for task sequences
  configmgr.osd.cm_object:
    class_name: SMS_ObjectContainerNode
    properties:
      Name: Pilots
      ObjectType: 20
      ParentContainerNodeID: 0
"""

RETURN = r"""
object:
  description: The object after the task; V(null) when it is absent.
  returned: success
  type: dict
  contains:
    kind:
      description: Always V(object).
      returned: when the object exists
      type: str
      sample: object
    planned:
      description: Whether the object exists only in the plan of check mode.
      returned: when the object exists
      type: bool
      sample: false
    class_name:
      description: The class.
      returned: when the object exists
      type: str
      sample: SMS_Package
    keys:
      description: The key properties; V(null) while the site has not chosen them.
      returned: when the object exists
      type: dict
      sample: {PackageID: P0100010}
    properties:
      description:
        - The properties in the form of M(configmgr.osd.cm_object_info).
        - Values of secret properties are C(<stored on site>).
      returned: when the object exists
      type: dict
      sample: {PackageID: P0100010, Name: Agent, MIFPublisher: Help desk}
    changed_options:
      description: The properties that changed, or would change in check mode.
      returned: when the object exists
      type: list
      elements: str
      sample: [MIFPublisher]
msg:
  description: A reminder that nothing was checked.
  returned: when something is written
  type: str
  sample: Written without the checks that the modules of this collection make.
error:
  description: The failure in a form that a playbook can test.
  returned: failure
  type: dict
  contains:
    code:
      description: A stable word; see the error table in the guide.
      returned: failure
      type: str
      sample: server_fault
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._args import SITE_ARGS, STATE_ARGS

SPEC = {
    "argument_spec": {
        **SITE_ARGS,
        **STATE_ARGS,
        "class_name": {"type": "str", "required": True},
        "keys": {"type": "dict", "no_log": False},
        "properties": {"type": "dict", "default": {}},
    },
}


def main() -> None:
    AnsibleModule(supports_check_mode=True, **SPEC).fail_json(
        msg="This module runs on the control node through its action plugin."
    )


if __name__ == "__main__":
    main()
