#!/usr/bin/python
# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cm_task_sequence_info
short_description: Read task sequences with their steps
version_added: 0.1.0
description:
  - Returns task sequences in the form that M(configmgr.osd.cm_task_sequence) accepts, so that what was read can
    be kept in git and applied again without a change.
  - Without O(name) and O(package_id) all task sequences that the account sees are listed, without steps.
  - Nothing on the site is ever changed. With O(dest), a file on the control node is.
author:
  - Contributors to the configmgr.osd project (@configmgr-osd)
extends_documentation_fragment:
  - configmgr.osd._attributes
  - configmgr.osd._attributes.info
  - configmgr.osd._attributes.action_group
  - configmgr.osd._site
attributes:
  check_mode:
    support: full
    details:
      - Only reads. With O(dest), the file is not written.
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
      - What else to read of every task sequence when neither O(name) nor O(package_id) is given.
      - V(options) costs one request per task sequence, V(steps) one more.
      - V(folder) names the console folders, at two requests for all of them together; it also works with O(name).
    type: list
    elements: str
    choices: [folder, options, steps]
    default: []
  dest:
    description:
      - A file on the control node for the one task sequence that O(name) or O(package_id) names. It is written in the
        form that O(configmgr.osd.cm_task_sequence#module:src) reads, and the steps are not returned then.
      - A relative path counts from the folder of the playbook, or from the current folder where the playbook is one of
        a collection. The folder must exist.
      - A new file can be read by its owner only, since steps may hold what should not be public; an existing one keeps
        its mode. Stored secrets are never in it.
      - The task is changed when the content of the file is, and fails when there is no such task sequence.
    type: path
seealso:
  - module: configmgr.osd.cm_task_sequence
"""

EXAMPLES = r"""
- name: Read one task sequence
  configmgr.osd.cm_task_sequence_info:
    name: Install 7-Zip
  register: found

- name: Write another one to the project
  configmgr.osd.cm_task_sequence_info:
    name: Windows 11 - Finance
    dest: files/windows-11-finance.yml

- name: Show it
  ansible.builtin.debug:
    msg: "{{ (found.task_sequences[0].steps | configmgr.osd.sequence_tree).splitlines() }}"

- name: List all task sequences
  configmgr.osd.cm_task_sequence_info:
"""

RETURN = r"""
task_sequences:
  description: The task sequences, an empty list when nothing matches.
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
    steps:
      description:
        - The steps in exactly the form that M(configmgr.osd.cm_task_sequence) accepts, V(null) when they were not read
          or written to O(dest).
        - Defaults are left out. A stored secret is V(<stored on site>).
      returned: success
      type: list
      elements: dict
      sample:
        - {name: Install 7-Zip, type: install_package, package: 7-Zip, program: Silent install}
    steps_count:
      description: The number of steps, without groups, V(null) when the steps were not read.
      returned: success
      type: int
      sample: 1
    groups_count:
      description: The number of groups, V(null) when the steps were not read.
      returned: success
      type: int
      sample: 0
    steps_sha256:
      description: A hash over the steps, equal to the one that M(configmgr.osd.cm_task_sequence) returns.
      returned: success
      type: str
      sample: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
dest:
  description: The file on the control node.
  returned: with O(dest)
  type: str
  sample: /srv/plays/files/windows-11-finance.yml
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._args import SITE_ARGS

SPEC = {
    "argument_spec": {
        **SITE_ARGS,
        "name": {"type": "str"},
        "package_id": {"type": "str"},
        "dest": {"type": "path"},
        "gather": {"type": "list", "elements": "str", "choices": ["folder", "options", "steps"], "default": []},
    },
    "mutually_exclusive": [["name", "package_id"]],
}


def main() -> None:
    AnsibleModule(supports_check_mode=True, **SPEC).fail_json(
        msg="This module runs on the control node through its action plugin."
    )


if __name__ == "__main__":
    main()
