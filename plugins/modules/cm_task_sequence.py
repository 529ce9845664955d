#!/usr/bin/python
# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cm_task_sequence
short_description: Manage a task sequence with its steps
version_added: 0.1.0
description:
  - Creates, changes, and deletes a task sequence in Microsoft Configuration Manager, steps and package options in one.
  - The steps are complete as written. What is not listed is removed, and an option that is omitted inside a step
    has its default.
  - A package option that is omitted is not managed.
  - Names of packages, images, applications, and other objects are resolved to the IDs of the site before anything
    is written; missing and ambiguous ones are all listed in one error.
author:
  - Contributors to the configmgr.osd project (@configmgr-osd)
extends_documentation_fragment:
  - configmgr.osd._attributes
  - configmgr.osd._attributes.action_group
  - configmgr.osd._site
  - configmgr.osd._ts_package
  - configmgr.osd._planned
  - configmgr.osd._gate
  - configmgr.osd._unknown_ids
  - configmgr.osd._report_scopes
  - configmgr.osd._backup
attributes:
  check_mode:
    support: full
    details:
      - Only reads are sent. With O(sequence_xml), the server converts the text, which saves nothing.
  diff_mode:
    support: full
    details:
      - The diff of the steps is a text of at most 200 lines and 32 KiB.
  idempotent:
    support: partial
    details:
      - With O(update_secrets=always) every run writes.
options:
  steps:
    description:
      - The steps and groups in run order. An entry with C(steps) is a group.
      - The kinds of steps and their options are in the step reference of this collection.
      - A template in a task is rendered before the module sees it, and real scripts contain what looks
        like a template.
        Keep such steps in a file and use O(src).
    type: list
    elements: dict
  sequence_xml:
    description:
      - The steps as text in the format that the console exports, C(<sequence version="3.10">).
      - The server converts it to steps. Secrets that it does not contain are kept as they are stored.
    type: str
  src:
    description:
      - A file on the control node, searched like that of M(ansible.builtin.template).
      - Either YAML with C(schema) V(1), C(steps), and optionally the package options, or an export, which is a
        C(<sequence>) document, the C(object.xml) of a whole task sequence as O(backup) writes it, or the zip
        of the console.
      - The file is read without templating. A whole value that is a mapping
        with the only key C(var) is replaced by the entry of O(variables) that it names.
      - An option of the task wins over the same option in the file. That holds for the name, the description, and the
        other options in a whole export too, which names the boot image by its ID.
      - Of a zip with several task sequences, the one with the name in O(name) is taken.
    type: path
  variables:
    description:
      - Values for the places in O(src) that name a variable, for example secrets from a vault.
      - One that the file does not name gives a warning.
    type: dict
    default: {}
  copy_from:
    description:
      - A task sequence of the same site to start with, by name, as V(id:PS100041), or as a mapping with C(id).
        The new one gets its steps, its secrets, and the options of its package; options of the task win.
      - It counts at creation only. A task sequence that exists already is never made equal to it.
      - Not copied are deployments, the folder, and security scopes.
    type: raw
  allow_empty:
    description:
      - Whether an empty list of steps may replace existing ones.
    type: bool
    default: false
  lint:
    description:
      - What to do with the findings of the lint rules in the steps of the task; see
        P(configmgr.osd.sequence_lint#filter).
      - V(warn) shows errors and warnings, V(fail) makes them an error before anything is written.
    type: str
    choices: [warn, fail, ignore]
    default: warn
  lint_ignore:
    description:
      - Rules to leave out, by name, or as a mapping with C(rule) and C(path) for one step.
      - A file may have the same list under C(lint_ignore).
    type: list
    elements: raw
    default: []
  update_secrets:
    description:
      - When secrets of the play are sent. The site cannot be asked whether a stored secret equals one of the play.
      - V(on_change) sends them whenever the task sequence is written for another reason.
      - V(on_create) sends them only for steps that have no counterpart on the site.
      - V(always) writes in every run, which rotates them.
    type: str
    choices: [on_change, on_create, always]
    default: on_change
  allow_blank_secrets:
    description:
      - Whether to write although the site did not hand out a stored secret that the play does not give.
        The secret is then lost.
    type: bool
    default: false
seealso:
  - module: configmgr.osd.cm_ts_package
  - module: configmgr.osd.cm_task_sequence_info
  - module: configmgr.osd.cm_advertisement
"""

EXAMPLES = r"""
- name: A task sequence that installs one program
  configmgr.osd.cm_task_sequence:
    name: Install 7-Zip
    description: Installs the file archiver on a running computer.
    steps:
      - name: Install 7-Zip
        type: install_package
        package: 7-Zip
        program: Silent install

- name: A task sequence from a file in git
  configmgr.osd.cm_task_sequence:
    src: bare_metal.yml
    variables:
      local_admin_password: "{{ vault_local_admin_password }}"
      join_password: "{{ vault_join_password }}"
      finance_password: "{{ vault_finance_password }}"

- name: A task sequence that was exported from another site
  configmgr.osd.cm_task_sequence:
    name: Windows 11 in-place upgrade
    sequence_xml: "{{ lookup('ansible.builtin.file', 'upgrade.xml', rstrip=false) }}"
    unknown_ids: keep

- name: Change a task sequence, but keep what was there
  configmgr.osd.cm_task_sequence:
    src: bare_metal.yml
    backup: true
  register: changed

- name: Back to what was there
  configmgr.osd.cm_task_sequence:
    package_id: "{{ changed.task_sequence.package_id }}"
    src: "{{ changed.backup_file }}"
  when: changed.backup_file is defined

- name: A copy to try things out
  configmgr.osd.cm_task_sequence:
    name: Windows 11 - Finance (test)
    copy_from: Windows 11 - Finance
    enabled: false

- name: Disable a task sequence without touching its steps
  configmgr.osd.cm_task_sequence:
    name: Install 7-Zip
    enabled: false

- name: No such task sequence, nor its advertisements
  configmgr.osd.cm_task_sequence:
    name: Install 7-Zip
    state: absent
    remove_deployments: true
"""

RETURN = r"""
task_sequence:
  description:
    - A summary of the task sequence, V(null) when it is absent. The steps are what
      M(configmgr.osd.cm_task_sequence_info) returns.
  returned: success
  type: dict
  contains:
    kind:
      description: Always V(task_sequence).
      returned: success
      type: str
      sample: task_sequence
    name:
      description: The name.
      returned: success
      type: str
      sample: Install 7-Zip
    package_id:
      description: The package ID, V(null) when the task sequence exists only as the plan of this run.
      returned: success
      type: str
      sample: PS100042
    planned:
      description: Whether the task sequence exists only as the plan of this run.
      returned: success
      type: bool
      sample: false
    changed_options:
      description: The package options that changed, and V(steps) when the steps did.
      returned: success
      type: list
      elements: str
      sample: [description, steps]
    steps_count:
      description: The number of steps, without groups. V(null) when the steps were neither given nor read.
      returned: success
      type: int
      sample: 1
    groups_count:
      description: The number of groups. V(null) when the steps were neither given nor read.
      returned: success
      type: int
      sample: 0
    steps_sha256:
      description:
        - A hash over the steps without secrets and without what the server derives.
          V(null) when the steps were neither given nor read.
      returned: success
      type: str
      sample: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    references:
      description: The objects that the steps refer to.
      returned: success
      type: list
      elements: dict
      contains:
        kind:
          description: The kind of the object.
          returned: success
          type: str
          sample: package
        name:
          description: The name, where it is known.
          returned: success
          type: str
          sample: 7-Zip
        id:
          description: The ID, V(null) for an object that exists only as the plan of an earlier task.
          returned: success
          type: str
          sample: PS100010
      sample:
        - {kind: package, name: 7-Zip, id: PS100010}
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
    - {kind: package, name: 7-Zip, path: "steps[0].package"}
lint:
  description: The findings of the lint rules, hints included.
  returned: when steps were given and O(lint) is not V(ignore)
  type: list
  elements: dict
  sample:
    - {rule: disabled-step, severity: info, path: "steps[2]", step: Old agent, message: is disabled, hint: Remove it.}
backup_file:
  description: The file on the control node that holds what was there before, V(null) in check mode.
  returned: when O(backup=true) and an existing task sequence was or would be changed or deleted
  type: str
  sample: /srv/plays/backup/PS1-PS100042-20250601T080000Z-1f0c9a3b.xml
dangling_references:
  description: The IDs that the site does not have, kept because of O(unknown_ids=keep).
  returned: with O(unknown_ids=keep)
  type: list
  elements: dict
  sample:
    - {kind: package, id: XYZ00012, path: "steps[4].package"}
scopes:
  description: The security scopes that the account sees.
  returned: when the task sequence was or would be created, and O(report_scopes=true)
  type: list
  elements: str
  sample: [Default]
gate:
  description: What the safety gate found about the required advertisements of a high-risk task sequence.
  returned: when its steps change and it has any
  type: dict
  contains:
    members:
      description: The number of members of the largest of their collections.
      returned: always
      type: int
      sample: 12
    high_risk:
      description: Always V(true).
      returned: always
      type: bool
      sample: true
    reasons:
      description: Why it is high-risk, and what had to be confirmed.
      returned: always
      type: list
      elements: str
      sample: [the step Apply Windows (apply_operating_system_image) applies an operating system]
    confirmed_by:
      description: The collections of O(confirm) that were needed, V(null) when none was.
      returned: always
      type: str
      sample: OSD - Finance
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._args import BACKUP_ARGS, GATE_ARGS, PLANNED_ARGS, REPORT_SCOPES_ARGS, SITE_ARGS, UNKNOWN_IDS_ARGS
from ..module_utils._ts_package_args import TS_PACKAGE_ARGS

SPEC = {
    "argument_spec": {
        **SITE_ARGS,
        **TS_PACKAGE_ARGS,
        **PLANNED_ARGS,
        **GATE_ARGS,
        **UNKNOWN_IDS_ARGS,
        **REPORT_SCOPES_ARGS,
        **BACKUP_ARGS,
        "steps": {"type": "list", "elements": "dict"},
        "sequence_xml": {"type": "str"},
        "src": {"type": "path"},
        "variables": {"type": "dict", "default": {}},
        "copy_from": {"type": "raw"},
        "allow_empty": {"type": "bool", "default": False},
        "lint": {"type": "str", "choices": ["warn", "fail", "ignore"], "default": "warn"},
        "lint_ignore": {"type": "list", "elements": "raw", "default": []},
        "update_secrets": {
            "type": "str",
            "choices": ["on_change", "on_create", "always"],
            "default": "on_change",
            "no_log": False,
        },
        "allow_blank_secrets": {"type": "bool", "default": False, "no_log": False},
    },
    "mutually_exclusive": [["steps", "sequence_xml", "src", "copy_from"]],
    "required_one_of": [["name", "package_id", "src"]],
}


def main() -> None:
    AnsibleModule(supports_check_mode=True, **SPEC).fail_json(
        msg="This module runs on the control node through its action plugin."
    )


if __name__ == "__main__":
    main()
