#!/usr/bin/python
# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cm_collection_info
short_description: Read collections
version_added: 0.1.0
description:
  - Returns collections, and on request their rules, members, and variables, in the form that
    M(configmgr.osd.cm_collection) accepts.
  - Without O(name) and O(collection_id) all collections that the account sees are returned.
  - Together with C(until), C(retries), and C(delay) it is the way to wait for members without holding a task for long.
author:
  - configmgr.osd contributors (@configmgr-osd)
extends_documentation_fragment:
  - configmgr.osd._attributes
  - configmgr.osd._attributes.info
  - configmgr.osd._attributes.action_group
  - configmgr.osd._site
options:
  name:
    description:
      - The name of the collection.
    type: str
  collection_id:
    description:
      - The ID of the collection, for example V(PS10002C). Quote it.
    type: str
  gather:
    description:
      - What to read beside the plain facts. Each costs at least one request for every collection that is returned.
    type: list
    elements: str
    choices: [members, rules, variables]
    default: []
  max_members:
    description:
      - The most members that are returned of one collection.
    type: int
    default: 1000
seealso:
  - module: configmgr.osd.cm_collection
"""

EXAMPLES = r"""
- name: Read a collection with its rules
  configmgr.osd.cm_collection_info:
    name: OSD - Finance pilot
    gather: [rules]
  register: pilot

- name: Wait until a device is a member
  configmgr.osd.cm_collection_info:
    name: OSD - Reinstall on request
    gather: [members]
  register: found
  until: "'LAB-01' in found.collections[0].members | map(attribute='name')"
  retries: 20
  delay: 30
"""

RETURN = r"""
collections:
  description: The collections by name, an empty list when nothing matches.
  returned: success
  type: list
  elements: dict
  contains:
    kind:
      description: Always V(collection).
      returned: success
      type: str
      sample: collection
    planned:
      description: Always V(false); the collection exists.
      returned: success
      type: bool
      sample: false
    collection_id:
      description: The ID.
      returned: success
      type: str
      sample: PS100014
    name:
      description: The name.
      returned: success
      type: str
      sample: OSD - Finance pilot
    comment:
      description: The comment.
      returned: success
      type: str
      sample: Twelve volunteers
    type:
      description: What its members are, V(device), V(user), or V(other).
      returned: success
      type: str
      sample: device
    limiting_collection:
      description: The name of the limiting collection.
      returned: success
      type: str
      sample: All Systems
    limiting_collection_id:
      description: The ID of the limiting collection.
      returned: success
      type: str
      sample: SMS00001
    built_in:
      description: Whether the collection came with the site.
      returned: success
      type: bool
      sample: false
    status:
      description: What the site is doing with it, V(ready) when its members are worked out.
      returned: success
      type: str
      sample: ready
    member_count:
      description: How many members it has.
      returned: success
      type: int
      sample: 12
    refresh:
      description: When the site works out the members by itself.
      returned: when O(gather) has V(rules)
      type: str
      sample: periodic
    refresh_schedule:
      description: The schedules of that.
      returned: when O(gather) has V(rules)
      type: list
      elements: raw
      sample: [{start: "2025-06-01 22:00", every: {days: 7}}]
    direct:
      description: The devices with a rule of their own, by the name that they had when the rule was made.
      returned: when O(gather) has V(rules)
      type: list
      elements: dict
      sample: [{name: FIN-001, resource_id: 16777300}]
    queries:
      description: The query rules with the text as the site holds it.
      returned: when O(gather) has V(rules)
      type: list
      elements: dict
      sample: [{name: Kiosks, query: select * from SMS_R_System where SMS_R_System.Name like "KIOSK-%"}]
    include:
      description: The collections that are included, by name where that is unique, else by ID.
      returned: when O(gather) has V(rules)
      type: list
      elements: raw
      sample: []
    exclude:
      description: The collections that are excluded, by name where that is unique, else by ID.
      returned: when O(gather) has V(rules)
      type: list
      elements: raw
      sample: [Kiosks]
    members:
      description: The members by name, O(max_members) at most.
      returned: when O(gather) has V(members)
      type: list
      elements: dict
      sample: [{name: FIN-001, resource_id: 16777300, direct: true, client: true, active: true, obsolete: false}]
    members_truncated:
      description: Whether there are more members than are returned.
      returned: when O(gather) has V(members)
      type: bool
      sample: false
    variables:
      description: The variables; the values of masked ones are not readable and shown as a constant.
      returned: when O(gather) has V(variables)
      type: list
      elements: dict
      sample: [{name: Department, value: Finance, masked: false}]
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._args import SITE_ARGS

SPEC = {
    "argument_spec": {
        **SITE_ARGS,
        "name": {"type": "str"},
        "collection_id": {"type": "str"},
        "gather": {"type": "list", "elements": "str", "choices": ["members", "rules", "variables"], "default": []},
        "max_members": {"type": "int", "default": 1000},
    },
    "mutually_exclusive": [["name", "collection_id"]],
}


def main() -> None:
    AnsibleModule(supports_check_mode=True, **SPEC).fail_json(
        msg="This module runs on the control node through its action plugin."
    )


if __name__ == "__main__":
    main()
