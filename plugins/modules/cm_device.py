#!/usr/bin/python
# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cm_device
short_description: Import and manage devices
version_added: 0.1.0
description:
  - Imports a device into Microsoft Configuration Manager by name and hardware, sets its task sequence variables,
    primary users, and user state migration, clears its last PXE deployment, and deletes its record.
  - A device is recognized by its hardware, first by O(smbios_guid), then by O(mac_address), and by O(name) only when
    neither is given.
  - A MAC address or SMBIOS GUID that belongs to a device with another name is an error that names it, unless
    O(overwrite=true).
  - An imported device gets its number at once, but its record shows only when the site has processed it. With
    variables, primary users, or a migration the task waits for the record in any case, because they need it.
  - Records that stand for unknown computers are never touched.
  - To put a device into a collection, use M(configmgr.osd.cm_collection).
author:
  - configmgr.osd contributors (@configmgr-osd)
extends_documentation_fragment:
  - configmgr.osd._attributes
  - configmgr.osd._attributes.action_group
  - configmgr.osd._planned
  - configmgr.osd._site
  - configmgr.osd._variables
  - configmgr.osd._wait
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  name:
    description:
      - The NetBIOS name of the device.
      - An existing record is renamed only through an import with O(overwrite=true).
    type: str
  resource_id:
    description:
      - The number of the record (C(ResourceID)), for example V(16777300). It chooses one of several records.
    type: int
  mac_address:
    description:
      - The MAC address of the network adapter that boots. Every usual form is accepted.
      - Adapters that several devices share, such as those in docks and at USB, are no identity; give O(smbios_guid)
        then.
    type: str
  smbios_guid:
    description:
      - The SMBIOS GUID of the device, with or without hyphens and braces.
      - Values that boards report whose maker never set one are refused.
    type: str
  overwrite:
    description:
      - Whether the import may take over the record that has this hardware, and write another name, MAC address, or
        SMBIOS GUID to it.
      - Without it, a MAC address or SMBIOS GUID that the record of this device lacks is a warning, and another name or
        another SMBIOS GUID is an error.
    type: bool
    default: false
  primary_users:
    description:
      - The primary users of the device, each in the form C(DOMAIN\user).
    type: list
    elements: str
  primary_users_mode:
    description:
      - What happens to primary users that O(primary_users) does not name.
      - V(merge) leaves them, V(complete) removes them.
    type: str
    choices: [complete, merge]
    default: merge
  migration:
    description:
      - The user state migration from another device to this one (a computer association). With this device itself as
        the source it is a migration in place.
      - A migration that has begun is not changed.
    type: dict
    suboptions:
      source:
        description:
          - The device whose user state is captured, by name, as V(id:16777300), as a mapping with C(resource_id), or
            what this module returned for it.
        type: raw
        required: true
      behavior:
        description:
          - Whose user state is captured and restored.
        type: str
        choices: [capture_and_restore_all, capture_all_restore_specified, capture_and_restore_specified]
        default: capture_and_restore_all
      users:
        description:
          - The accounts, each in the form C(DOMAIN\user), for a O(migration.behavior) that names them.
        type: list
        elements: str
        default: []
      state:
        description:
          - Whether the migration exists. One that is in progress is not removed.
        type: str
        choices: [absent, present]
        default: present
  clear_pxe:
    description:
      - Whether the record that the device was offered its last deployment by PXE is cleared, so that a required
        deployment is offered again at the next network boot.
      - A device that still has a required deployment with an image then installs itself again.
      - Nothing is sent when there is nothing to clear.
    type: bool
    default: false
  remove_duplicates:
    description:
      - Whether other records with the same SMBIOS GUID or name are deleted that are obsolete, decommissioned, or of a
        client that is no longer active. Others, site systems, and what shares only a MAC address are only reported.
    type: bool
    default: false
  state:
    description:
      - Whether the device has a record.
      - V(absent) deletes the record that fits everything that is given. The record of a site system is never deleted.
    type: str
    choices: [absent, present]
    default: present
seealso:
  - module: configmgr.osd.cm_device_info
  - module: configmgr.osd.cm_collection
  - ref: ansible_collections.configmgr.osd.docsite.guide_devices
    description: Devices, their variables, and what is not offered.
"""

EXAMPLES = r"""
- name: Import a device with its name and wait until the site shows it
  configmgr.osd.cm_device:
    name: PC-4711
    mac_address: 00:15:5D:12:34:56
    smbios_guid: 6F1D2C3B-0A49-4E58-8D67-1B2C3D4E5F60
    variables:
      OSDComputerName: PC-4711
      Department: Finance
    wait: true
  register: imported

- name: Set a masked variable
  configmgr.osd.cm_device:
    name: PC-4711
    variables:
      - name: LocalAdminPassword
        value: "{{ vault_local_admin }}"
        masked: true

- name: Take the user state over from the old device
  configmgr.osd.cm_device:
    name: PC-4711
    primary_users: ['CORP\alice']
    migration:
      source: PC-1003

- name: Let the device boot into its required deployment again
  configmgr.osd.cm_device:
    name: PC-4711
    clear_pxe: true

- name: Delete the record
  configmgr.osd.cm_device:
    name: PC-1003
    state: absent
    remove_duplicates: true
"""

RETURN = r"""
device:
  description: The device after the task; V(null) when it is absent.
  returned: success
  type: dict
  contains:
    kind:
      description: The kind of object, as references use it.
      returned: when the device exists
      type: str
      sample: device
    planned:
      description: Whether the device exists only in the plan of check mode.
      returned: when the device exists
      type: bool
      sample: false
    resource_id:
      description: The number of the record; V(null) when planned.
      returned: when the device exists
      type: int
      sample: 16777300
    created:
      description: Whether this task imported the device, or would import it in check mode.
      returned: when the device exists
      type: bool
      sample: true
    visible:
      description: Whether the site shows the record; it does not yet for a while after an import.
      returned: when the device exists
      type: bool
      sample: true
    client:
      description: Whether the Configuration Manager client is installed.
      returned: when the device exists
      type: bool
      sample: false
    name:
      description: The name.
      returned: when the device exists
      type: str
      sample: PC-4711
    smbios_guid:
      description: The SMBIOS GUID, empty when the site has none.
      returned: when the device exists
      type: str
      sample: 6F1D2C3B-0A49-4E58-8D67-1B2C3D4E5F60
    mac_addresses:
      description: The MAC addresses.
      returned: when the device exists
      type: list
      elements: str
      sample: ['00:15:5D:12:34:56']
    variables:
      description: All variables; the value of a masked one is C(<stored on site>).
      returned: when O(variables) is given
      type: list
      elements: dict
      sample: [{name: OSDComputerName, value: PC-4711, masked: false}]
    primary_users:
      description: All primary users.
      returned: when O(primary_users) is given
      type: list
      elements: str
      sample: ['CORP\alice']
    migration:
      description: The migration with its source, behavior, users, and status; V(null) when there is none.
      returned: when O(migration) is given
      type: dict
      sample: {source: PC-1003, behavior: capture_and_restore_all, users: [], status: not_started}
    last_pxe_deployment:
      description: The advertisement that the device was last offered by PXE, empty without one.
      returned: when O(clear_pxe) is true
      type: str
      sample: ""
    duplicates:
      description: Other records with the same hardware or name.
      returned: when the device exists
      type: list
      elements: dict
      sample: []
    changed_options:
      description: The options that changed, or would change in check mode.
      returned: when the device exists
      type: list
      elements: str
      sample: [variables]
    written:
      description: Whether the task wrote something to the site.
      returned: when the device exists
      type: bool
      sample: true
msg:
  description: What else there is to know, such as other records of the device and masked variables that were sent.
  returned: when there is something to say
  type: str
  sample: "The values of these masked variables are sent: LocalAdminPassword."
error:
  description: The failure in a form that a playbook can test.
  returned: failure
  type: dict
  contains:
    code:
      description: A stable word; see the error table in the guide.
      returned: failure
      type: str
      sample: secret_unreadable
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._args import PLANNED_ARGS, SITE_ARGS, STATE_ARGS, VARIABLES_ARGS, WAIT_ARGS

SPEC = {
    "argument_spec": {
        **SITE_ARGS,
        **PLANNED_ARGS,
        **STATE_ARGS,
        **VARIABLES_ARGS,
        **WAIT_ARGS,
        "name": {"type": "str"},
        "resource_id": {"type": "int"},
        "mac_address": {"type": "str"},
        "smbios_guid": {"type": "str"},
        "overwrite": {"type": "bool", "default": False},
        "primary_users": {"type": "list", "elements": "str"},
        "primary_users_mode": {"type": "str", "choices": ["complete", "merge"], "default": "merge"},
        "migration": {
            "type": "dict",
            "options": {
                "source": {"type": "raw", "required": True},
                "behavior": {
                    "type": "str",
                    "choices": [
                        "capture_and_restore_all",
                        "capture_all_restore_specified",
                        "capture_and_restore_specified",
                    ],
                    "default": "capture_and_restore_all",
                },
                "users": {"type": "list", "elements": "str", "default": []},
                "state": {"type": "str", "choices": ["absent", "present"], "default": "present"},
            },
        },
        "clear_pxe": {"type": "bool", "default": False},
        "remove_duplicates": {"type": "bool", "default": False},
    },
    "required_one_of": [["name", "resource_id", "mac_address", "smbios_guid"]],
    "mutually_exclusive": [["resource_id", "mac_address"], ["resource_id", "smbios_guid"]],
}


def main() -> None:
    AnsibleModule(supports_check_mode=True, **SPEC).fail_json(
        msg="This module runs on the control node through its action plugin."
    )


if __name__ == "__main__":
    main()
