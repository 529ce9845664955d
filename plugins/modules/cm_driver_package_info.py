#!/usr/bin/python
# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cm_driver_package_info
short_description: Read driver packages
version_added: 0.1.0
description:
  - Returns driver packages in the form that M(configmgr.osd.cm_driver_package) accepts.
author:
  - configmgr.osd contributors (@configmgr-osd)
extends_documentation_fragment:
  - configmgr.osd._attributes
  - configmgr.osd._attributes.info
  - configmgr.osd._attributes.action_group
  - configmgr.osd._site
  - configmgr.osd._image.info
options:
  gather:
    description:
      - What else to read.
      - V(drivers) lists the drivers that are in each package; two requests for all packages together.
    type: list
    elements: str
    choices: [drivers]
    default: []
seealso:
  - module: configmgr.osd.cm_driver_package
"""

EXAMPLES = r"""
- name: Read one driver package
  configmgr.osd.cm_driver_package_info:
    name: Dell Latitude 7440 - Windows 11
  register: found

- name: List all driver packages
  configmgr.osd.cm_driver_package_info:

- name: Wait for a refresh without holding a connection
  configmgr.osd.cm_driver_package_info:
    package_id: PS100030
  register: found
  until: found.driver_packages[0].source_version > 3
  retries: 20
  delay: 60
"""

RETURN = r"""
driver_packages:
  description: The driver packages, an empty list when nothing matches.
  returned: success
  type: list
  elements: dict
  contains:
    kind:
      description: The kind of object, as references use it.
      returned: success
      type: str
      sample: driver_package
    planned:
      description: Always V(false); the object exists.
      returned: success
      type: bool
      sample: false
    package_id:
      description: The ID.
      returned: success
      type: str
      sample: PS100030
    name:
      description: The name.
      returned: success
      type: str
      sample: Dell Latitude 7440 - Windows 11
    version:
      description: The version.
      returned: success
      type: str
      sample: "10.0.26100.2314"
    manufacturer:
      description: The manufacturer.
      returned: success
      type: str
      sample: ""
    language:
      description: The language.
      returned: success
      type: str
      sample: ""
    description:
      description: The comment.
      returned: success
      type: str
      sample: ""
    source_path:
      description: The path that the site was given.
      returned: success
      type: str
      sample: \\files.example.com\drivers\latitude7440
    driver_manufacturer:
      description: The manufacturer of the hardware.
      returned: success
      type: str
      sample: Dell
    driver_model:
      description: The model of the hardware.
      returned: success
      type: str
      sample: Latitude 7440
    priority:
      description: The priority of the distribution.
      returned: success
      type: str
      sample: medium
    share_name:
      description: The name of a share of its own on distribution points.
      returned: success
      type: str
      sample: ""
    copy_to_package_share:
      description: Whether distribution points keep it in a share.
      returned: success
      type: bool
      sample: false
    persist_in_cache:
      description: Whether clients keep it in their cache.
      returned: success
      type: bool
      sample: false
    binary_delta_replication:
      description: Whether only changed parts of files are sent.
      returned: success
      type: bool
      sample: false
    flag_bits:
      description: Bits of C(PkgFlags) that are set and have no option of their own.
      returned: success
      type: list
      elements: int
      sample: []
    disconnect_users:
      description: Whether and how users of the share are disconnected.
      returned: success
      type: dict
      sample: {enabled: false, delay: 5, retries: 2}
    source_version:
      description: The number of times that the site took the content in.
      returned: success
      type: int
      sample: 3
    drivers:
      description: The drivers in the package; V(null) when they were not read.
      returned: success
      type: list
      elements: dict
      sample: [{id: 16777300, name: Contoso Gigabit Adapter, version: 12.19.2.60, inf: net.inf}]
    last_refresh:
      description: When the content was last refreshed, in UTC; V(null) when the site does not say.
      returned: success
      type: str
      sample: "2025-06-01T08:00:00Z"
    size_kb:
      description: The size of the content in KB.
      returned: success
      type: int
      sample: 5211904
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._args import SITE_ARGS
from ..module_utils._image_args import INFO_ARGS

SPEC = {
    "argument_spec": {
        **SITE_ARGS,
        **INFO_ARGS,
        "gather": {"type": "list", "elements": "str", "choices": ["drivers"], "default": []},
    },
    "mutually_exclusive": [["name", "package_id"]],
}


def main() -> None:
    AnsibleModule(supports_check_mode=True, **SPEC).fail_json(
        msg="This module runs on the control node through its action plugin."
    )


if __name__ == "__main__":
    main()
