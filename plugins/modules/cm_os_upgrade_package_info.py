#!/usr/bin/python
# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cm_os_upgrade_package_info
short_description: Read operating system upgrade packages
version_added: 0.1.0
description:
  - Returns operating system upgrade packages in the form that M(configmgr.osd.cm_os_upgrade_package) accepts.
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
      - V(editions) reads each package by its key, because a list does not hold its editions; one request each.
      - With O(name) or O(package_id) they are always read.
    type: list
    elements: str
    choices: [editions]
    default: []
seealso:
  - module: configmgr.osd.cm_os_upgrade_package
"""

EXAMPLES = r"""
- name: Read one operating system upgrade package
  configmgr.osd.cm_os_upgrade_package_info:
    name: Windows 11 24H2 upgrade
  register: found

- name: List all operating system upgrade packages
  configmgr.osd.cm_os_upgrade_package_info:

- name: Wait for a refresh without holding a connection
  configmgr.osd.cm_os_upgrade_package_info:
    package_id: PS100023
  register: found
  until: found.os_upgrade_packages[0].source_version > 3
  retries: 20
  delay: 60
"""

RETURN = r"""
os_upgrade_packages:
  description: The operating system upgrade packages, an empty list when nothing matches.
  returned: success
  type: list
  elements: dict
  contains:
    kind:
      description: The kind of object, as references use it.
      returned: success
      type: str
      sample: os_upgrade_package
    planned:
      description: Always V(false); the object exists.
      returned: success
      type: bool
      sample: false
    package_id:
      description: The ID.
      returned: success
      type: str
      sample: PS100023
    name:
      description: The name.
      returned: success
      type: str
      sample: Windows 11 24H2 upgrade
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
      sample: \\files.example.com\osd\upgrade\w11-24h2
    editions:
      description: The images in the WIM file; V(null) when it was not read.
      returned: success
      type: list
      elements: dict
      contains:
        index:
          description: The number of the image in the file.
          returned: success
          type: int
          sample: 3
        name:
          description: The name, as an edition is chosen by it. V(null) when the file does not say.
          returned: success
          type: str
          sample: Windows 11 Enterprise
        description:
          description: The comment. V(null) when the file does not say.
          returned: success
          type: str
          sample: Windows 11 Enterprise
        architecture:
          description: The processor architecture. V(null) when the file does not say.
          returned: success
          type: str
          sample: x64
        version:
          description: The version of Windows. V(null) when the file does not say.
          returned: success
          type: str
          sample: 10.0.26100.2314
        language:
          description: The language. V(null) when the file does not say.
          returned: success
          type: str
          sample: en-US
        size:
          description: The size as the file states it. V(null) when the file does not say.
          returned: success
          type: str
          sample: null
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
        "gather": {"type": "list", "elements": "str", "choices": ["editions"], "default": []},
    },
    "mutually_exclusive": [["name", "package_id"]],
}


def main() -> None:
    AnsibleModule(supports_check_mode=True, **SPEC).fail_json(
        msg="This module runs on the control node through its action plugin."
    )


if __name__ == "__main__":
    main()
