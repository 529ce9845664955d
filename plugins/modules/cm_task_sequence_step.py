#!/usr/bin/python
# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cm_task_sequence_step
short_description: Edit single steps of a task sequence
version_added: 0.1.0
description:
  - Creates, changes, moves, renames, and removes steps and groups of an existing task sequence in Microsoft
    Configuration Manager. All other steps stay as they are, down to what this collection does not know of them.
  - An option of the step that is omitted is not changed. This differs from M(configmgr.osd.cm_task_sequence), where
    an omitted option has its default.
  - Several edits in O(edits) are one read and one save, so either all of them are done or none.
author:
  - Contributors to the configmgr.osd project (@configmgr-osd)
extends_documentation_fragment:
  - configmgr.osd._attributes
  - configmgr.osd._attributes.action_group
  - configmgr.osd._site
  - configmgr.osd._planned
  - configmgr.osd._gate
  - configmgr.osd._unknown_ids
  - configmgr.osd._backup
attributes:
  check_mode:
    support: full
    details:
      - Only reads are sent.
  diff_mode:
    support: full
    details:
      - The diff is a text of at most 200 lines and 32 KiB.
  idempotent:
    support: partial
    details:
      - With O(update_secrets=always) every run that gives a secret writes.
      - Removing one of several steps of the same path by O(occurrence) makes the next one take its number.
options:
  name:
    description:
      - The name of the task sequence.
      - Exactly one of O(name) and O(package_id) is needed.
    type: str
  package_id:
    description:
      - The package ID of the task sequence.
    type: str
  path:
    description:
      - The names of the groups and the step, outermost first. A text is the name of a step at the top level.
      - When nothing is there, the step is created, provided that O(options) has a C(type).
      - When it was moved or renamed by this very edit before, it is found at its new place.
    type: raw
  occurrence:
    description:
      - Which of several steps of the same path is meant, counted from 1 in run order.
        Without it, an ambiguous path is an error that lists the steps.
    type: int
  state:
    description:
      - V(present) creates or changes the step, V(absent) removes it, a group with everything in it.
    type: str
    choices: [absent, present]
    default: present
  options:
    description:
      - Options of the step as in the step reference of this collection, without C(name).
      - An omitted one is not changed. C(condition) is replaced as a whole, and an empty list removes it.
      - An option takes the place of those that it excludes, for example C(script) that of C(package).
      - C(type) is needed to create a step; V(group) creates a group.
        The type of an existing step cannot be changed.
      - C(steps) of a group is complete as written, as in M(configmgr.osd.cm_task_sequence).
    type: dict
  reset:
    description:
      - Names of options of the step that get their default again.
    type: list
    elements: str
  before:
    description:
      - The step or group directly before which this one is to stand.
      - A text is a name in the target group, a list a path from the top, which also says what the target group is.
    type: raw
  after:
    description:
      - The step or group directly after which this one is to stand, in the form of O(before).
    type: raw
  into:
    description:
      - The names of the group into which the step goes, outermost first. An empty list is the top level.
      - Without O(before) and O(after), a step that is not in this group yet goes to its end.
    type: raw
  new_name:
    description:
      - The new name of the step or group.
    type: str
  edits:
    description:
      - Several edits, carried out in this order. A path means what stands there after the edits before.
      - The options of one step can only be in one entry.
    type: list
    elements: dict
    suboptions:
      path:
        description:
          - As O(path).
        type: raw
        required: true
      occurrence:
        description:
          - As O(occurrence).
        type: int
      state:
        description:
          - As O(state).
        type: str
        choices: [absent, present]
        default: present
      options:
        description:
          - As O(options).
        type: dict
      reset:
        description:
          - As O(reset).
        type: list
        elements: str
      before:
        description:
          - As O(before).
        type: raw
      after:
        description:
          - As O(after).
        type: raw
      into:
        description:
          - As O(into).
        type: raw
      new_name:
        description:
          - As O(new_name).
        type: str
  update_secrets:
    description:
      - When secrets of the play are sent. The site cannot be asked whether a stored secret equals one of the play.
      - V(on_change) sends them whenever the task sequence is written for another reason.
      - V(on_create) sends them only for steps that are created.
      - V(always) writes in every run that gives a secret, which rotates it.
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
  - module: configmgr.osd.cm_task_sequence
  - module: configmgr.osd.cm_task_sequence_reference
"""

EXAMPLES = r"""
- name: Another image in one step
  configmgr.osd.cm_task_sequence_step:
    name: Windows 11 - Standard desktop
    path: [Install operating system, Apply Windows 11]
    options:
      image: Windows 11 24H2
      edition: Windows 11 Enterprise

- name: Switch a step off
  configmgr.osd.cm_task_sequence_step:
    name: Windows 11 - Standard desktop
    path: Branding
    options:
      enabled: false

- name: Several edits in one save
  configmgr.osd.cm_task_sequence_step:
    name: Windows 11 - Standard desktop
    edits:
      - path: Software
        options: {type: group}
        after: Install operating system
      - path: Monitoring agent
        into: Software
      - path: [Software, Fonts]
        before: Monitoring agent
        options:
          type: install_package
          package: Corporate Fonts
          program: Install fonts
      - path: [Install operating system, Network and domain]
        options:
          password: "{{ vault_join_password }}"
      - path: Branding
        new_name: Colours and names
        reset: [timeout]

- name: No such step
  configmgr.osd.cm_task_sequence_step:
    name: Windows 11 - Standard desktop
    path: [Software, Fonts]
    state: absent
"""

RETURN = r"""
task_sequence:
  description:
    - A summary of the task sequence.
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
      sample: Windows 11 - Standard desktop
    package_id:
      description: The package ID, V(null) when the task sequence exists only as the plan of an earlier task.
      returned: success
      type: str
      sample: PS100041
    planned:
      description: Whether the task sequence exists only as the plan of an earlier task.
      returned: success
      type: bool
      sample: false
    changed_options:
      description: V(steps) when something changed.
      returned: success
      type: list
      elements: str
      sample: [steps]
    changed_steps:
      description: What changed, at most 200 entries.
      returned: success
      type: list
      elements: dict
      contains:
        change:
          description:
            - One of V(added), V(removed), V(moved), V(renamed), V(enabled), V(disabled), V(changed), V(condition),
              and V(script).
          returned: success
          type: str
          sample: changed
        path:
          description: The names of the groups and the step.
          returned: success
          type: str
          sample: Install operating system / Apply Windows 11
        option:
          description: The option that changed, V(null) where the whole step did.
          returned: success
          type: str
          sample: image
      sample:
        - {change: changed, path: Install operating system / Apply Windows 11, option: image}
    steps_count:
      description: The number of steps, without groups.
      returned: success
      type: int
      sample: 7
    groups_count:
      description: The number of groups.
      returned: success
      type: int
      sample: 2
    steps_sha256:
      description: A hash over the steps without secrets and without what the server derives.
      returned: success
      type: str
      sample: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    references:
      description: The objects that the edited options refer to.
      returned: success
      type: list
      elements: dict
      sample:
        - {kind: os_image, name: Windows 11 24H2, id: PS100020}
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
    - {kind: package, name: 7-Zip, path: "edits[0].options.package"}
backup_file:
  description: The file on the control node that holds what was there before, V(null) in check mode.
  returned: when O(backup=true) and the task sequence was or would be changed
  type: str
  sample: /srv/plays/backup/PS1-PS100041-20250601T080000Z-1f0c9a3b.xml
dangling_references:
  description: The IDs that the site does not have, kept because of O(unknown_ids=keep).
  returned: with O(unknown_ids=keep)
  type: list
  elements: dict
  sample:
    - {kind: package, id: XYZ00012, path: "edits[0].options.package"}
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

from ..module_utils._args import BACKUP_ARGS, GATE_ARGS, PLANNED_ARGS, SITE_ARGS, UNKNOWN_IDS_ARGS

EDIT_ARGS = {
    "path": {"type": "raw"},
    "occurrence": {"type": "int"},
    "state": {"type": "str", "choices": ["absent", "present"], "default": "present"},
    "options": {"type": "dict"},
    "reset": {"type": "list", "elements": "str"},
    "before": {"type": "raw"},
    "after": {"type": "raw"},
    "into": {"type": "raw"},
    "new_name": {"type": "str"},
}

SPEC = {
    "argument_spec": {
        **SITE_ARGS,
        **PLANNED_ARGS,
        **GATE_ARGS,
        **UNKNOWN_IDS_ARGS,
        **BACKUP_ARGS,
        "name": {"type": "str"},
        "package_id": {"type": "str"},
        **EDIT_ARGS,
        "edits": {
            "type": "list",
            "elements": "dict",
            "options": {**EDIT_ARGS, "path": {"type": "raw", "required": True}},
        },
        "update_secrets": {
            "type": "str",
            "choices": ["on_change", "on_create", "always"],
            "default": "on_change",
            "no_log": False,
        },
        "allow_blank_secrets": {"type": "bool", "default": False, "no_log": False},
    },
    "mutually_exclusive": [["name", "package_id"], ["path", "edits"]],
    "required_one_of": [["name", "package_id"], ["path", "edits"]],
}


def main() -> None:
    AnsibleModule(supports_check_mode=True, **SPEC).fail_json(
        msg="This module runs on the control node through its action plugin."
    )


if __name__ == "__main__":
    main()
