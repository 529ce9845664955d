#!/usr/bin/python
# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cm_boot_image_info
short_description: Read boot images
version_added: 0.1.0
description:
  - Returns boot images in the form that M(configmgr.osd.cm_boot_image) accepts.
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
      - V(options) reads each boot image by its key, for what a list does not hold; one request each.
      - V(drivers) adds name and version to each driver, V(components) the names of the components; one request each for
        all boot images together. Both imply V(options).
      - With O(name) or O(package_id), V(options) is always read.
    type: list
    elements: str
    choices: [options, drivers, components]
    default: []
seealso:
  - module: configmgr.osd.cm_boot_image
"""

EXAMPLES = r"""
- name: Read one boot image
  configmgr.osd.cm_boot_image_info:
    name: Boot image (x64) - network drivers
  register: found

- name: List all boot images
  configmgr.osd.cm_boot_image_info:

- name: Wait for a refresh without holding a connection
  configmgr.osd.cm_boot_image_info:
    package_id: PS100006
  register: found
  until: found.boot_images[0].source_version > 3
  retries: 20
  delay: 60
"""

RETURN = r"""
boot_images:
  description: The boot images, an empty list when nothing matches.
  returned: success
  type: list
  elements: dict
  contains:
    kind:
      description: The kind of object, as references use it.
      returned: success
      type: str
      sample: boot_image
    planned:
      description: Always V(false); the object exists.
      returned: success
      type: bool
      sample: false
    package_id:
      description: The ID.
      returned: success
      type: str
      sample: PS100006
    name:
      description: The name.
      returned: success
      type: str
      sample: Boot image (x64) - network drivers
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
      sample: \\files.example.com\osd\boot\winpe.wim
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
    image_index:
      description: The number of the image in the WIM file; V(null) when it was not read.
      returned: success
      type: int
      sample: 1
    enable_command_support:
      description: Whether F8 opens a command prompt; V(null) when it was not read.
      returned: success
      type: bool
      sample: false
    background:
      description: The path of the background picture; V(null) when it was not read.
      returned: success
      type: str
      sample: ""
    prestart_command:
      description: The command before a task sequence is chosen; V(null) when it was not read.
      returned: success
      type: str
      sample: ""
    prestart_files:
      description: The folder with the files of that command.
      returned: success
      type: str
      sample: ""
    scratch_space:
      description: The scratch space in MB; V(null) when it is not set or was not read.
      returned: success
      type: int
      sample: 512
    optional_components:
      description: The optional components; their names are V(null) where they were not looked up.
      returned: success
      type: list
      elements: dict
      sample: [{id: 19, name: WinPE-SecureStartup}]
    drivers:
      description: The drivers in the image, by number and source folder; V(null) when they were not read.
      returned: success
      type: list
      elements: dict
      sample: [{id: 16777300, source_path: \\files.example.com\drivers\source\net}]
    source_version:
      description: The number of times that the site took the content in.
      returned: success
      type: int
      sample: 3
    architecture:
      description: The processor architecture; V(null) when it is not known.
      returned: success
      type: str
      sample: x64
    content_path:
      description: The file that the site made from the source and distributes.
      returned: success
      type: str
      sample: \\files.example.com\osd\boot\winpe.PS100006.wim
    os_version:
      description: The version of Windows in the image.
      returned: success
      type: str
      sample: 10.0.26100.1
    default_image:
      description: Whether it is the image that came with the site.
      returned: success
      type: bool
      sample: false
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
        "gather": {"type": "list", "elements": "str", "choices": ["options", "drivers", "components"], "default": []},
    },
    "mutually_exclusive": [["name", "package_id"]],
}


def main() -> None:
    AnsibleModule(supports_check_mode=True, **SPEC).fail_json(
        msg="This module runs on the control node through its action plugin."
    )


if __name__ == "__main__":
    main()
