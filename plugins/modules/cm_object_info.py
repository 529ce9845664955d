#!/usr/bin/python
# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cm_object_info
short_description: Read any object of a site
version_added: 0.1.0
description:
  - Reads objects of any class of the SMS Provider, by their keys or by a WQL filter.
  - It is the way out where the collection has no module for a class. It only reads.
author:
  - configmgr.osd contributors (@configmgr-osd)
extends_documentation_fragment:
  - configmgr.osd._attributes
  - configmgr.osd._attributes.action_group
  - configmgr.osd._attributes.info
  - configmgr.osd._site
options:
  class_name:
    description:
      - The WMI class, for example V(SMS_BootImagePackage).
    type: str
    required: true
  keys:
    description:
      - The key properties and their values. Reads the one object that has them, with all its properties.
    type: dict
  filter:
    description:
      - A condition in WQL, that is what follows C(WHERE).
      - The text is sent as it is. A text value with a backslash needs two of them.
    type: str
  properties:
    description:
      - The properties to return; all of them when omitted.
      - With O(filter) and without O(lazy) only these are asked for, so they must not be lazy ones.
    type: list
    elements: str
  lazy:
    description:
      - A query leaves the lazy properties of an object empty. With V(true) each object that was found is read again by
        its keys, which costs one request per object.
    type: bool
    default: false
  limit:
    description:
      - The most objects to return; a warning says when there are more.
    type: int
notes:
  - Values of secret properties are returned as C(<stored on site>), and the text of a task sequence not at all.
seealso:
  - module: configmgr.osd.cm_site_info
"""

EXAMPLES = r"""
- name: Find the boot images
  configmgr.osd.cm_object_info:
    class_name: SMS_BootImagePackage
    filter: Architecture = 9
    properties: [PackageID, Name]
  register: boot_images

- name: Read one collection with its rules
  configmgr.osd.cm_object_info:
    class_name: SMS_Collection
    keys:
      CollectionID: SMS00001
"""

RETURN = r"""
objects:
  description:
    - The objects that were found, empty when there are none.
    - Besides C(class) the keys of each are the names of its properties. Points in time are ISO 8601 text, without a
      zone where the site stores none. Embedded objects are dictionaries of the same form.
  returned: success
  type: list
  elements: dict
  sample:
    - class: SMS_BootImagePackage
      Name: Boot image (x64)
      PackageID: P0100005
  contains:
    class:
      description: The class of the object.
      returned: success
      type: str
      sample: SMS_BootImagePackage
error:
  description: The failure in a form that a playbook can test.
  returned: failure
  type: dict
  contains:
    code:
      description: A stable word; see the error table in the guide.
      returned: failure
      type: str
      sample: invalid_query
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._args import SITE_ARGS

SPEC = {
    "argument_spec": {
        **SITE_ARGS,
        "class_name": {"type": "str", "required": True},
        "keys": {"type": "dict", "no_log": False},
        "filter": {"type": "str"},
        "properties": {"type": "list", "elements": "str"},
        "lazy": {"type": "bool", "default": False},
        "limit": {"type": "int"},
    },
    "mutually_exclusive": [["keys", "filter"]],
}


def main() -> None:
    AnsibleModule(supports_check_mode=True, **SPEC).fail_json(
        msg="This module runs on the control node through its action plugin."
    )


if __name__ == "__main__":
    main()
