#!/usr/bin/python
# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cm_ts_package_info
short_description: Read task sequence packages without their steps
version_added: 0.1.0
description:
  - Returns task sequence packages in the form that M(configmgr.osd.cm_ts_package) accepts.
  - Without O(name) and O(package_id) all task sequence packages that the account sees are listed.
author:
  - Contributors to the configmgr.osd project (@configmgr-osd)
extends_documentation_fragment:
  - configmgr.osd._attributes
  - configmgr.osd._attributes.info
  - configmgr.osd._attributes.action_group
  - configmgr.osd._site
options:
  name:
    description:
      - The name of one task sequence, matched exactly first, then without regard to case.
    type: str
  package_id:
    description:
      - The package ID of one task sequence.
    type: str
  gather:
    description:
      - What else to read of every package when neither O(name) nor O(package_id) is given.
      - V(options) costs one request per package.
      - V(folder) names the console folders, at two requests for all packages together; it also works with O(name).
    type: list
    elements: str
    choices: [folder, options]
    default: []
seealso:
  - module: configmgr.osd.cm_ts_package
"""

EXAMPLES = r"""
- name: Read one task sequence package
  configmgr.osd.cm_ts_package_info:
    name: Install 7-Zip
  register: found

- name: List all task sequence packages
  configmgr.osd.cm_ts_package_info:
"""

RETURN = r"""
ts_packages:
  description: The task sequence packages, an empty list when nothing matches.
  returned: success
  type: list
  elements: dict
  contains:
    kind:
      description: Always V(task_sequence), the kind of object that other tasks refer to.
      returned: success
      type: str
      sample: task_sequence
    planned:
      description: Always V(false); the task sequence exists.
      returned: success
      type: bool
      sample: false
    name:
      description: The name.
      returned: success
      type: str
      sample: Windows 11 - Finance
    package_id:
      description: The package ID.
      returned: success
      type: str
      sample: PS100042
    description:
      description: The description.
      returned: success
      type: str
      sample: Owned by finance IT
    enabled:
      description: Whether computers may run the task sequence.
      returned: success
      type: bool
      sample: true
    max_run_time:
      description: The longest run in minutes.
      returned: success
      type: int
      sample: 120
    category:
      description: The category, V(null) when it was not read.
      returned: success
      type: str
      sample: Finance
    boot_image:
      description: The boot image by name, V("") for none, V(null) when it was not read.
      returned: success
      type: raw
      sample: Boot image (x64)
    progress_text:
      description: The text of the progress dialog, V("") for the default text, V(null) when it was not read.
      returned: success
      type: str
      sample: ""
    platforms:
      description: The platforms on which the task sequence can run, V([]) for any, V(null) when they were not read.
      returned: success
      type: list
      elements: str
      sample: []
    run_first:
      description: The program that runs first, V({}) for none, V(null) when it was not read.
      returned: success
      type: dict
      sample: {}
    software_center:
      description: How Software Center shows it, in the form of the option; V(null) where the site does not have it.
      returned: success
      type: dict
      sample: {name: Windows 11, description: "", restart_required: true, download_size_mb: 0, run_time_minutes: 90}
    high_impact:
      description: The warning of high impact, in the form of the option; V(null) where the site does not have it.
      returned: success
      type: dict
      sample: {enabled: false, headline: "", top: "", warning: "", install: ""}
    pre_download_rule:
      description: The condition for an early download; V(null) where the site does not have it.
      returned: success
      type: str
      sample: ""
    icon_sha256:
      description: The SHA-256 of the icon's PNG file; V(null) when there is none.
      returned: success
      type: str
      sample: null
    security_scopes:
      description: The security scopes; V(null) when the options of the package were not read.
      returned: success
      type: list
      elements: str
      sample: [Default]
    folder:
      description: The console folder, empty for the root; V(null) unless O(gather) has V(folder).
      returned: success
      type: str
      sample: Production/Finance
    notifications_bit:
      description:
        - Bit 0x400 of C(ProgramFlags), which has to do with notifications. What it means when it is set is documented
          in two contradicting ways, so it is shown and never written.
      returned: success
      type: bool
      sample: false
    program_flags:
      description: The bits of C(ProgramFlags) as the site holds them.
      returned: success
      type: int
      sample: 152084496
    source_date:
      description: When the task sequence was last changed, in UTC.
      returned: success
      type: str
      sample: "2025-06-01T08:00:00Z"
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._args import SITE_ARGS

SPEC = {
    "argument_spec": {
        **SITE_ARGS,
        "name": {"type": "str"},
        "package_id": {"type": "str"},
        "gather": {"type": "list", "elements": "str", "choices": ["folder", "options"], "default": []},
    },
    "mutually_exclusive": [["name", "package_id"]],
}


def main() -> None:
    AnsibleModule(supports_check_mode=True, **SPEC).fail_json(
        msg="This module runs on the control node through its action plugin."
    )


if __name__ == "__main__":
    main()
