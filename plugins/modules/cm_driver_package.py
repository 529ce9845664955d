#!/usr/bin/python
# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cm_driver_package
short_description: Manage driver packages
version_added: 0.1.0
description:
  - Registers, changes, refreshes, and removes driver packages (C(SMS_DriverPackage)) of Microsoft Configuration
    Manager.
  - Drivers are not imported and not added to the package by this module; the guide says why. Those that are in it are
    listed by M(configmgr.osd.cm_driver_package_info).
  - An omitted option is not managed, an empty string clears.
  - The content gets to distribution points with M(configmgr.osd.cm_content).
author:
  - configmgr.osd contributors (@configmgr-osd)
extends_documentation_fragment:
  - configmgr.osd._attributes
  - configmgr.osd._attributes.action_group
  - configmgr.osd._site
  - configmgr.osd._report_scopes
  - configmgr.osd._wait
  - configmgr.osd._image
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: partial
    details:
      - With O(refresh=always) every run starts a refresh, and so reports a change.
options:
  driver_manufacturer:
    description:
      - The manufacturer of the hardware. An older site does not have this property.
    type: str
  driver_model:
    description:
      - The model of the hardware. An older site does not have this property.
    type: str
  state:
    description:
      - Whether the driver package exists.
      - V(absent) refuses while a task sequence refers to it, and lists these. The source files stay.
    type: str
    choices: [absent, present]
    default: present
seealso:
  - module: configmgr.osd.cm_driver_package_info
  - module: configmgr.osd.cm_content
  - ref: ansible_collections.configmgr.osd.docsite.guide_images
    description: Images, upgrade packages, and driver packages
"""

EXAMPLES = r"""
- name: Register a driver package
  configmgr.osd.cm_driver_package:
    name: Dell Latitude 7440 - Windows 11
    version: A09
    driver_manufacturer: Dell
    driver_model: Latitude 7440
    source_path: \\files.example.com\drivers\latitude7440
    binary_delta_replication: true

- name: Remove a driver package that no task sequence uses
  configmgr.osd.cm_driver_package:
    package_id: PS100030
    state: absent
"""

RETURN = r"""
driver_package:
  description: The driver package after the task; V(null) when it is absent.
  returned: success
  type: dict
  contains:
    kind:
      description: The kind of object, as references use it.
      returned: when it exists
      type: str
      sample: driver_package
    planned:
      description: Whether the driver package exists only in the plan of check mode.
      returned: when it exists
      type: bool
      sample: false
    package_id:
      description: The ID; V(null) when planned.
      returned: when it exists
      type: str
      sample: PS100030
    name:
      description: The name.
      returned: when it exists
      type: str
      sample: Dell Latitude 7440 - Windows 11
    version:
      description: The version.
      returned: when it exists
      type: str
      sample: "10.0.26100.2314"
    manufacturer:
      description: The manufacturer.
      returned: when it exists
      type: str
      sample: ""
    language:
      description: The language.
      returned: when it exists
      type: str
      sample: ""
    description:
      description: The comment.
      returned: when it exists
      type: str
      sample: ""
    source_path:
      description: The path that the site was given.
      returned: when it exists
      type: str
      sample: \\files.example.com\drivers\latitude7440
    driver_manufacturer:
      description: The manufacturer of the hardware.
      returned: when it exists
      type: str
      sample: Dell
    driver_model:
      description: The model of the hardware.
      returned: when it exists
      type: str
      sample: Latitude 7440
    priority:
      description: The priority of the distribution.
      returned: when it exists
      type: str
      sample: medium
    share_name:
      description: The name of a share of its own on distribution points.
      returned: when it exists
      type: str
      sample: ""
    copy_to_package_share:
      description: Whether distribution points keep it in a share.
      returned: when it exists
      type: bool
      sample: false
    persist_in_cache:
      description: Whether clients keep it in their cache.
      returned: when it exists
      type: bool
      sample: false
    binary_delta_replication:
      description: Whether only changed parts of files are sent.
      returned: when it exists
      type: bool
      sample: false
    flag_bits:
      description: Bits of C(PkgFlags) that are set and have no option of their own.
      returned: when it exists
      type: list
      elements: int
      sample: []
    disconnect_users:
      description: Whether and how users of the share are disconnected.
      returned: when it exists
      type: dict
      sample: {enabled: false, delay: 5, retries: 2}
    source_version:
      description: The number of times that the site took the content in; V(null) when planned.
      returned: when it exists
      type: int
      sample: 3
    refreshed:
      description: Whether this task started a refresh.
      returned: when it exists
      type: bool
      sample: false
    changed_options:
      description: The options that changed, or would change in check mode.
      returned: when it exists
      type: list
      elements: str
      sample: [version]
    written:
      description: Whether the task wrote the object to the site.
      returned: when it exists
      type: bool
      sample: true
scopes:
  description: The security scopes that the account sees.
  returned: when an object is created and O(report_scopes) is true
  type: list
  elements: str
  sample: [Default]
msg:
  description: What was created, what the account sees, and what waits for a refresh.
  returned: when there is something to say
  type: str
  sample: Distribution points keep the content without the change of source_path until the image is refreshed.
error:
  description: The failure in a form that a playbook can test.
  returned: failure
  type: dict
  contains:
    code:
      description: A stable word; see the error table in the guide.
      returned: failure
      type: str
      sample: source_denied
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._args import REPORT_SCOPES_ARGS, SITE_ARGS, STATE_ARGS, WAIT_ARGS
from ..module_utils._image_args import CONTENT_ARGS

SPEC = {
    "argument_spec": {
        **SITE_ARGS,
        **REPORT_SCOPES_ARGS,
        **STATE_ARGS,
        **WAIT_ARGS,
        **CONTENT_ARGS,
        "driver_manufacturer": {"type": "str"},
        "driver_model": {"type": "str"},
    },
    "required_one_of": [["name", "package_id"]],
}


def main() -> None:
    AnsibleModule(supports_check_mode=True, **SPEC).fail_json(
        msg="This module runs on the control node through its action plugin."
    )


if __name__ == "__main__":
    main()
