#!/usr/bin/python
# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cm_ts_package
short_description: Manage a task sequence package without its steps
version_added: 0.1.0
description:
  - Creates, changes, and deletes a task sequence package in Microsoft Configuration Manager.
  - It never reads or writes the steps. M(configmgr.osd.cm_task_sequence) manages the same options together
    with the steps.
  - A package that does not exist is created with an empty sequence, and the message says so.
  - An option that is omitted is not managed.
author:
  - Contributors to the configmgr.osd project (@configmgr-osd)
extends_documentation_fragment:
  - configmgr.osd._attributes
  - configmgr.osd._attributes.action_group
  - configmgr.osd._site
  - configmgr.osd._ts_package
  - configmgr.osd._planned
  - configmgr.osd._unknown_ids
  - configmgr.osd._report_scopes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
seealso:
  - module: configmgr.osd.cm_task_sequence
  - module: configmgr.osd.cm_ts_package_info
"""

EXAMPLES = r"""
- name: The bare-metal task sequence boots the 64-bit boot image
  configmgr.osd.cm_ts_package:
    name: Windows 11 - Bare metal
    boot_image: Boot image (x64)
    max_run_time: 240
    progress_text: Contoso is preparing this computer

- name: Rename a task sequence
  configmgr.osd.cm_ts_package:
    package_id: PS100042
    name: Windows 11 - Finance

- name: Run it on Windows 11 only
  configmgr.osd.cm_ts_package:
    name: Windows 11 - Finance
    platforms:
      - All Windows 11 (64-bit) Client
"""

RETURN = r"""
ts_package:
  description: The task sequence package after the task, V(null) when it is absent.
  returned: success
  type: dict
  contains:
    kind:
      description: Always V(task_sequence), the kind of object that other tasks refer to.
      returned: success
      type: str
      sample: task_sequence
    name:
      description: The name.
      returned: success
      type: str
      sample: Windows 11 - Finance
    package_id:
      description: The package ID, V(null) when the package exists only as the plan of this run.
      returned: success
      type: str
      sample: PS100042
    planned:
      description: Whether the package exists only as the plan of this run.
      returned: success
      type: bool
      sample: false
    changed_options:
      description: The options that changed.
      returned: success
      type: list
      elements: str
      sample: [boot_image]
    written:
      description: Whether something was written.
      returned: success
      type: bool
      sample: true
unresolved:
  description: In check mode, the references to objects that earlier tasks of the play would have made.
  returned: when there are any
  type: list
  elements: dict
  sample:
    - {kind: boot_image, name: Boot image (x64), path: boot_image}
dangling_references:
  description: The IDs that the site does not have, kept because of O(unknown_ids=keep).
  returned: with O(unknown_ids=keep)
  type: list
  elements: dict
  sample:
    - {kind: boot_image, id: XYZ00005, path: boot_image}
scopes:
  description: The security scopes that the account sees.
  returned: when the package was or would be created, and O(report_scopes=true)
  type: list
  elements: str
  sample: [Default]
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._args import PLANNED_ARGS, REPORT_SCOPES_ARGS, SITE_ARGS, UNKNOWN_IDS_ARGS
from ..module_utils._ts_package_args import TS_PACKAGE_ARGS

SPEC = {
    "argument_spec": {
        **SITE_ARGS,
        **TS_PACKAGE_ARGS,
        **PLANNED_ARGS,
        **UNKNOWN_IDS_ARGS,
        **REPORT_SCOPES_ARGS,
    },
    "required_one_of": [["name", "package_id"]],
}


def main() -> None:
    AnsibleModule(supports_check_mode=True, **SPEC).fail_json(
        msg="This module runs on the control node through its action plugin."
    )


if __name__ == "__main__":
    main()
