#!/usr/bin/python
# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cm_device_info
short_description: Read devices
version_added: 0.1.0
description:
  - Returns the records of devices that fit everything that is given, obsolete ones included.
  - Records that stand for unknown computers are not returned.
  - A device or collection that does not exist gives an empty list.
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
      - The name of the device, compared without case.
    type: str
  resource_id:
    description:
      - The number of the record (C(ResourceID)).
    type: int
  mac_address:
    description:
      - A MAC address of the device, in any usual form.
    type: str
  smbios_guid:
    description:
      - The SMBIOS GUID of the device, with or without hyphens and braces.
    type: str
  collection:
    description:
      - The collection whose members are wanted, by name or as V(id:PS10002C).
    type: raw
  gather:
    description:
      - What else to read. All but V(variables) cost a request for every hundred devices, V(variables) one for each
        device.
      - V(collections) are those of which the device is a member and that the account may see.
      - V(pxe) is the advertisement that the device was last offered by PXE.
    type: list
    elements: str
    choices: [collections, migration, primary_users, pxe, variables]
    default: []
  limit:
    description:
      - The most devices to return; a warning says when there are more.
    type: int
    default: 100
notes:
  - Values of masked variables are returned as C(<stored on site>).
seealso:
  - module: configmgr.osd.cm_device
"""

EXAMPLES = r"""
- name: Read a device by its MAC address, with its variables and collections
  configmgr.osd.cm_device_info:
    mac_address: 00:15:5D:12:34:56
    gather: [variables, collections]
  register: found

- name: List the members of a collection that have no client
  configmgr.osd.cm_device_info:
    collection: OSD - Finance pilot
  register: members

- name: Show them
  ansible.builtin.debug:
    msg: "{{ members.devices | rejectattr('client') | map(attribute='name') }}"
"""

RETURN = r"""
devices:
  description: The devices, an empty list when nothing matches.
  returned: success
  type: list
  elements: dict
  contains:
    kind:
      description: Always V(device).
      returned: success
      type: str
      sample: device
    planned:
      description: Always V(false); the record exists.
      returned: success
      type: bool
      sample: false
    resource_id:
      description: The number of the record.
      returned: success
      type: int
      sample: 16777300
    name:
      description: The name.
      returned: success
      type: str
      sample: FIN-001
    smbios_guid:
      description: The SMBIOS GUID, empty when the site has none that says anything.
      returned: success
      type: str
      sample: 6F1D2C3B-0A49-4E58-8D67-1B2C3D4E5F60
    mac_addresses:
      description: The MAC addresses.
      returned: success
      type: list
      elements: str
      sample: ['00:15:5D:00:00:54']
    client:
      description: Whether the Configuration Manager client is installed.
      returned: success
      type: bool
      sample: true
    active:
      description: Whether the client reported lately; V(null) when the site does not say.
      returned: success
      type: bool
      sample: true
    obsolete:
      description: Whether another record has taken the place of this one, or it is decommissioned.
      returned: success
      type: bool
      sample: false
    site_system_roles:
      description: The roles of a site system.
      returned: success
      type: list
      elements: str
      sample: []
    variables:
      description: The variables; the value of a masked one is C(<stored on site>).
      returned: when O(gather) has V(variables)
      type: list
      elements: dict
      sample: [{name: Department, value: Finance, masked: false}]
    collections:
      description: The collections of which the device is a member.
      returned: when O(gather) has V(collections)
      type: list
      elements: dict
      sample: [{collection_id: SMS00001, name: All Systems}]
    last_pxe_deployment:
      description: The advertisement that the device was last offered by PXE, empty without one.
      returned: when O(gather) has V(pxe)
      type: str
      sample: PS120000
    primary_users:
      description: The primary users.
      returned: when O(gather) has V(primary_users)
      type: list
      elements: str
      sample: ['CORP\alice']
    migrations:
      description: The user state migrations to this device.
      returned: when O(gather) has V(migration)
      type: list
      elements: dict
      sample: [{source: OLD-001, source_resource_id: 16777500, behavior: capture_and_restore_all, status: not_started}]
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._args import SITE_ARGS

SPEC = {
    "argument_spec": {
        **SITE_ARGS,
        "name": {"type": "str"},
        "resource_id": {"type": "int"},
        "mac_address": {"type": "str"},
        "smbios_guid": {"type": "str"},
        "collection": {"type": "raw"},
        "gather": {
            "type": "list",
            "elements": "str",
            "choices": ["collections", "migration", "primary_users", "pxe", "variables"],
            "default": [],
        },
        "limit": {"type": "int", "default": 100},
    },
}


def main() -> None:
    AnsibleModule(supports_check_mode=True, **SPEC).fail_json(
        msg="This module runs on the control node through its action plugin."
    )


if __name__ == "__main__":
    main()
