#!/usr/bin/python
# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cm_method
short_description: Call any method of a site
version_added: 0.1.0
description:
  - Calls one method of a class or of an object of the SMS Provider and returns what it gave back.
  - It is the way out where the collection has no module for what is to be done.
  - Names and types are checked against the class, as far as it is known, before anything is sent.
author:
  - configmgr.osd contributors (@configmgr-osd)
extends_documentation_fragment:
  - configmgr.osd._attributes
  - configmgr.osd._attributes.action_group
  - configmgr.osd._site
attributes:
  check_mode:
    support: partial
    details:
      - Methods that are known to change nothing are called. Others are not, and the task says C(changed).
  diff_mode:
    support: none
  idempotent:
    support: N/A
    details:
      - A method is called every time; the task says C(changed) unless the method is known to change nothing.
options:
  class_name:
    description:
      - The WMI class, for example V(SMS_Collection).
    type: str
    required: true
  method:
    description:
      - The name of the method.
    type: str
    required: true
  keys:
    description:
      - The key properties of the object whose method is called, and their values.
      - Leave them out for a method of the class.
    type: dict
  arguments:
    description:
      - The parameters of the method, in the form of O(configmgr.osd.cm_object#module:properties).
    type: dict
    default: {}
notes:
  - None of the checks of the other modules is made. Only C(RefreshPkgSource) of a task sequence package is refused,
    because the task sequence could not run any more.
  - The return value is not judged, since methods differ in what they mean by it. Use C(failed_when).
seealso:
  - module: configmgr.osd.cm_object
  - module: configmgr.osd.cm_object_info
"""

EXAMPLES = r"""
- name: Ask the site to evaluate a collection
  configmgr.osd.cm_method:
    class_name: SMS_Collection
    method: RequestRefresh
    keys:
      CollectionID: P0100014
    arguments:
      IncludeSubCollections: false
  register: refreshed
  failed_when: refreshed.method.return_value != 0
"""

RETURN = r"""
method:
  description: The call.
  returned: success
  type: dict
  contains:
    kind:
      description: Always V(method).
      returned: success
      type: str
      sample: method
    planned:
      description: Whether the method was not called because of check mode.
      returned: success
      type: bool
      sample: false
    class_name:
      description: The class.
      returned: success
      type: str
      sample: SMS_Collection
    name:
      description: The method.
      returned: success
      type: str
      sample: RequestRefresh
    return_value:
      description: What the method returned; V(null) when it was not called.
      returned: success
      type: raw
      sample: 0
    outputs:
      description: The out parameters in the form of M(configmgr.osd.cm_object_info).
      returned: success
      type: dict
      sample: {}
msg:
  description: What would be called.
  returned: in check mode, when the method may change something
  type: str
  sample: SMS_Collection.RequestRefresh would be called; whether it changes anything is not known.
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

from ..module_utils._args import SITE_ARGS

SPEC = {
    "argument_spec": {
        **SITE_ARGS,
        "class_name": {"type": "str", "required": True},
        "method": {"type": "str", "required": True},
        "keys": {"type": "dict", "no_log": False},
        "arguments": {"type": "dict", "default": {}},
    },
}


def main() -> None:
    AnsibleModule(supports_check_mode=True, **SPEC).fail_json(
        msg="This module runs on the control node through its action plugin."
    )


if __name__ == "__main__":
    main()
