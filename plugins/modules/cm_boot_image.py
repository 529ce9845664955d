#!/usr/bin/python
# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cm_boot_image
short_description: Manage boot images
version_added: 0.1.0
description:
  - Registers, changes, refreshes, and removes boot images (C(SMS_BootImagePackage)) of Microsoft Configuration Manager.
  - The site copies the WIM file of O(source_path), puts its own files, the drivers, and the components into the copy,
    and distributes that. This takes minutes; with O(wait) the task follows it step by step.
  - A change of what is in the image reaches devices only after a refresh, see O(refresh).
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
  - configmgr.osd._image.metadata
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
  image_index:
    description:
      - The number of the image in the WIM file. A new boot image has V(1) if nothing is given.
    type: int
  enable_command_support:
    description:
      - Whether F8 opens a command prompt in Windows PE. Anyone at the device is administrator there.
    type: bool
  background:
    description:
      - The UNC path of the background picture, a BMP file. V("") goes back to the default picture.
    type: str
  prestart_command:
    description:
      - The command that runs before a task sequence is chosen. V("") removes it.
    type: str
  prestart_files:
    description:
      - The UNC path of the folder with the files of O(prestart_command). V("") removes it.
    type: str
  scratch_space:
    description:
      - The scratch space of Windows PE in MB.
    type: int
    choices: [32, 64, 128, 256, 512]
  optional_components:
    description:
      - Optional components of Windows PE that are in the image, by name, for example V(WinPE-PowerShell).
      - Components that they need are added, components that are not listed stay.
    type: list
    elements: str
  optional_components_absent:
    description:
      - Optional components that are not in the image, by name.
      - One that another component needs, or that is part of every image, is refused.
    type: list
    elements: str
  component_language:
    description:
      - The language of the components as a Windows locale number; V(1033) is English (United States).
    type: int
    default: 1033
  drivers:
    description:
      - Drivers of the site that are in the image. Drivers that are not listed stay.
      - Each is a number (C(CI_ID)), a name, or a mapping with C(id), or with C(name) and C(version).
      - Drivers often share a name; the task then fails and lists them with their numbers.
    type: list
    elements: raw
  drivers_absent:
    description:
      - Drivers that are not in the image, in the same forms.
    type: list
    elements: raw
  state:
    description:
      - Whether the boot image exists.
      - V(absent) refuses while a task sequence refers to it, and lists these. The source files stay.
    type: str
    choices: [absent, present]
    default: present
seealso:
  - module: configmgr.osd.cm_boot_image_info
  - module: configmgr.osd.cm_content
  - ref: ansible_collections.configmgr.osd.docsite.guide_images
    description: Images, upgrade packages, and driver packages
"""

EXAMPLES = r"""
- name: Register a boot image, and wait until the site has built it
  configmgr.osd.cm_boot_image:
    name: Boot image (x64) - network drivers
    source_path: \\files.example.com\osd\boot\winpe.wim
    enable_command_support: false
    scratch_space: 512
    optional_components: [WinPE-PowerShell, WinPE-SecureBootCmdlets]
    drivers: [{name: Contoso Gigabit Adapter, version: 12.19.2.60}]
    wait: true

- name: Add a driver, and bring the new image to the distribution points
  configmgr.osd.cm_boot_image:
    name: Boot image (x64) - network drivers
    drivers: [16777300]
    refresh: on_change
    wait: true
    wait_timeout: 1800

- name: Remove a boot image that no task sequence uses
  configmgr.osd.cm_boot_image:
    package_id: PS100006
    state: absent
"""

RETURN = r"""
boot_image:
  description: The boot image after the task; V(null) when it is absent.
  returned: success
  type: dict
  contains:
    kind:
      description: The kind of object, as references use it.
      returned: when it exists
      type: str
      sample: boot_image
    planned:
      description: Whether the boot image exists only in the plan of check mode.
      returned: when it exists
      type: bool
      sample: false
    package_id:
      description: The ID; V(null) when planned.
      returned: when it exists
      type: str
      sample: PS100006
    name:
      description: The name.
      returned: when it exists
      type: str
      sample: Boot image (x64) - network drivers
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
      sample: \\files.example.com\osd\boot\winpe.wim
    editions:
      description: The images in the WIM file.
      returned: when it exists
      type: list
      elements: dict
      contains:
        index:
          description: The number of the image in the file.
          returned: when it exists
          type: int
          sample: 3
        name:
          description: The name, as an edition is chosen by it. V(null) when the file does not say.
          returned: when it exists
          type: str
          sample: Windows 11 Enterprise
        description:
          description: The comment. V(null) when the file does not say.
          returned: when it exists
          type: str
          sample: Windows 11 Enterprise
        architecture:
          description: The processor architecture. V(null) when the file does not say.
          returned: when it exists
          type: str
          sample: x64
        version:
          description: The version of Windows. V(null) when the file does not say.
          returned: when it exists
          type: str
          sample: 10.0.26100.2314
        language:
          description: The language. V(null) when the file does not say.
          returned: when it exists
          type: str
          sample: en-US
        size:
          description: The size as the file states it. V(null) when the file does not say.
          returned: when it exists
          type: str
          sample: null
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
    image_index:
      description: The number of the image in the WIM file.
      returned: when it exists
      type: int
      sample: 1
    enable_command_support:
      description: Whether F8 opens a command prompt.
      returned: when it exists
      type: bool
      sample: false
    background:
      description: The path of the background picture.
      returned: when it exists
      type: str
      sample: ""
    prestart_command:
      description: The command before a task sequence is chosen.
      returned: when it exists
      type: str
      sample: ""
    prestart_files:
      description: The folder with the files of that command.
      returned: when it exists
      type: str
      sample: ""
    scratch_space:
      description: The scratch space in MB; V(null) when it is not set.
      returned: when it exists
      type: int
      sample: 512
    optional_components:
      description: The optional components; their names are V(null) where they were not looked up.
      returned: when it exists
      type: list
      elements: dict
      sample: [{id: 19, name: WinPE-SecureStartup}]
    drivers:
      description: The drivers in the image, by number and source folder.
      returned: when it exists
      type: list
      elements: dict
      sample: [{id: 16777300, source_path: \\files.example.com\drivers\source\net}]
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
    architecture:
      description: The processor architecture; V(null) when it is not known.
      returned: when it exists
      type: str
      sample: x64
    content_path:
      description: The file that the site made from the source and distributes.
      returned: when it exists
      type: str
      sample: \\files.example.com\osd\boot\winpe.PS100006.wim
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
from ..module_utils._image_args import CONTENT_ARGS, METADATA_ARGS

SPEC = {
    "argument_spec": {
        **SITE_ARGS,
        **REPORT_SCOPES_ARGS,
        **STATE_ARGS,
        **WAIT_ARGS,
        **CONTENT_ARGS,
        **METADATA_ARGS,
        "image_index": {"type": "int"},
        "enable_command_support": {"type": "bool"},
        "background": {"type": "str"},
        "prestart_command": {"type": "str"},
        "prestart_files": {"type": "str"},
        "scratch_space": {"type": "int", "choices": [32, 64, 128, 256, 512]},
        "optional_components": {"type": "list", "elements": "str"},
        "optional_components_absent": {"type": "list", "elements": "str"},
        "component_language": {"type": "int", "default": 1033},
        "drivers": {"type": "list", "elements": "raw"},
        "drivers_absent": {"type": "list", "elements": "raw"},
    },
    "required_one_of": [["name", "package_id"]],
    "mutually_exclusive": [["image_property", "reload"]],
}


def main() -> None:
    AnsibleModule(supports_check_mode=True, **SPEC).fail_json(
        msg="This module runs on the control node through its action plugin."
    )


if __name__ == "__main__":
    main()
