#!/usr/bin/python
# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cm_advertisement_info
short_description: Read advertisements of task sequences
version_added: 0.1.0
description:
  - Returns advertisements of task sequences in the form that M(configmgr.osd.cm_advertisement) accepts.
  - Without any of the options that select, all advertisements of task sequences that the account sees are returned.
    Each costs one request, as most of its settings cannot be queried.
  - A task sequence or collection that does not exist gives an empty list; a name that several bear is an error.
author:
  - Contributors to the configmgr.osd project (@configmgr-osd)
extends_documentation_fragment:
  - configmgr.osd._attributes
  - configmgr.osd._attributes.info
  - configmgr.osd._attributes.action_group
  - configmgr.osd._site
options:
  advertisement_id:
    description:
      - The ID of one advertisement.
    type: str
  name:
    description:
      - The name of the advertisement.
    type: str
  task_sequence:
    description:
      - The task sequence, by name or as V(id:PS100042).
    type: raw
  collection:
    description:
      - The collection, by name or as V(id:PS10002C).
    type: raw
seealso:
  - module: configmgr.osd.cm_advertisement
"""

EXAMPLES = r"""
- name: Read the advertisements of a task sequence
  configmgr.osd.cm_advertisement_info:
    task_sequence: Install 7-Zip
  register: found

- name: List them
  ansible.builtin.debug:
    msg: "{{ found.advertisements | map(attribute='name') }}"
"""

RETURN = r"""
advertisements:
  description: The advertisements, an empty list when nothing matches.
  returned: success
  type: list
  elements: dict
  contains:
    kind:
      description: Always V(advertisement).
      returned: success
      type: str
      sample: advertisement
    planned:
      description: Always V(false); the advertisement exists.
      returned: success
      type: bool
      sample: false
    name:
      description: The name.
      returned: success
      type: str
      sample: Install 7-Zip_PS100042_OSD - Finance pilot
    advertisement_id:
      description: The ID.
      returned: success
      type: str
      sample: PS120004
    task_sequence:
      description: The task sequence by name where that is unique, else with its ID.
      returned: success
      type: raw
      sample: Install 7-Zip
    package_id:
      description: The package ID of the task sequence.
      returned: success
      type: str
      sample: PS100042
    collection:
      description: The collection by name where that is unique, else with its ID.
      returned: success
      type: raw
      sample: OSD - Finance pilot
    collection_id:
      description: The ID of the collection.
      returned: success
      type: str
      sample: PS10002C
    purpose:
      description: Whether devices may or must run the task sequence.
      returned: success
      type: str
      sample: available
    make_available_to:
      description: To whom the task sequence is offered.
      returned: success
      type: str
      sample: clients
    available_at:
      description: From when on it is offered, V("") for at once.
      returned: success
      type: str
      sample: "2025-06-01 08:00"
    expires_at:
      description: When the offer ends, V("") for never.
      returned: success
      type: str
      sample: ""
    assignments:
      description: Events and schedules. One that a play cannot write is shown as its class and properties.
      returned: success
      type: list
      elements: raw
      sample: [as_soon_as_possible]
    rerun:
      description: What happens on a device that ran it before.
      returned: success
      type: str
      sample: always
    content:
      description: How devices get the content.
      returned: success
      type: str
      sample: all_first
    use_neighbor_boundary_group:
      description: Whether devices may use distribution points of a neighbour boundary group.
      returned: success
      type: bool
      sample: true
    show_progress:
      description: Whether people see the progress.
      returned: success
      type: bool
      sample: true
    run_independently:
      description: Whether people may start a required deployment by themselves.
      returned: success
      type: bool
      sample: true
    install_outside_maintenance_windows:
      description: Whether it runs outside of maintenance windows.
      returned: success
      type: bool
      sample: false
    restart_outside_maintenance_windows:
      description: Whether it may restart devices outside of maintenance windows.
      returned: success
      type: bool
      sample: false
    persist_on_write_filter:
      description: Whether changes on devices with a write filter are kept.
      returned: success
      type: bool
      sample: true
    internet_clients:
      description: Whether devices on the internet may run it.
      returned: success
      type: bool
      sample: false
    metered_network:
      description: Whether devices download over a metered network.
      returned: success
      type: bool
      sample: false
    wake_on_lan:
      description: Whether devices are woken for it.
      returned: success
      type: bool
      sample: false
    use_default_boundary_group:
      description: Whether devices may fall back to the site's default boundary group.
      returned: success
      type: bool
      sample: false
    share_with_peers:
      description: Whether devices share the content with others on their subnet.
      returned: success
      type: bool
      sample: true
    pre_download:
      description: Whether devices download the content before the start.
      returned: success
      type: bool
      sample: false
    comment:
      description: The comment.
      returned: success
      type: str
      sample: ""
    advert_flags:
      description: The bits of C(AdvertFlags) as the site holds them.
      returned: success
      type: int
      sample: 9109504
    remote_client_flags:
      description: The bits of C(RemoteClientFlags) as the site holds them.
      returned: success
      type: int
      sample: 34896
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._args import SITE_ARGS

SPEC = {
    "argument_spec": {
        **SITE_ARGS,
        "advertisement_id": {"type": "str"},
        "name": {"type": "str"},
        "task_sequence": {"type": "raw"},
        "collection": {"type": "raw"},
    },
    "mutually_exclusive": [
        ["advertisement_id", "name"],
        ["advertisement_id", "task_sequence"],
        ["advertisement_id", "collection"],
    ],
}


def main() -> None:
    AnsibleModule(supports_check_mode=True, **SPEC).fail_json(
        msg="This module runs on the control node through its action plugin."
    )


if __name__ == "__main__":
    main()
