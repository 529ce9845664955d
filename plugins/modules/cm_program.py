#!/usr/bin/python
# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cm_program
short_description: Manage programs of classic packages
version_added: 0.1.0
description:
  - Creates, changes, and removes the programs (C(SMS_Program)) of a classic package.
  - An omitted option is not managed, an empty string or list clears. What a new program gets for an omitted option is
    said with the option.
  - A program is identified by its package and its name, so it cannot be renamed.
author:
  - configmgr.osd contributors (@configmgr-osd)
extends_documentation_fragment:
  - configmgr.osd._attributes
  - configmgr.osd._attributes.action_group
  - configmgr.osd._site
  - configmgr.osd._planned
  - configmgr.osd._report_scopes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  package:
    description:
      - The package of the program.
      - A name, an ID as V(id:PS100005) or as a mapping with C(id), or a mapping with C(name) and what narrows it down
        (C(version), C(manufacturer), C(language)).
    type: raw
    required: true
  name:
    description:
      - The name of the program.
    type: str
    required: true
  command_line:
    description:
      - The command line.
      - Required to create a program.
    type: str
  working_directory:
    description:
      - The folder in which the command line starts.
      - Empty for a new program, which means the folder of the package's files.
    type: str
  comment:
    description:
      - The comment on the program.
    type: str
  run_as:
    description:
      - Whether the program runs with administrative rights or with those of the user who is logged on.
      - V(administrator) for a new program.
    type: str
    choices: [administrator, user]
  logon:
    description:
      - Whether the program runs whether or not a user is logged on (V(any)), only when one is (V(required)), or only
        when nobody is (V(none)).
      - V(any) for a new program, V(required) for one with O(run_as=user).
    type: str
    choices: [any, none, required]
  interactive:
    description:
      - Whether users may see and answer the program.
      - V(false) for a new program.
    type: bool
  run_mode:
    description:
      - How the window of the program appears.
      - V(hidden) for a new program.
    type: str
    choices: [hidden, maximized, minimized, normal]
  max_run_time:
    description:
      - The longest run time in minutes; V(0) means unknown, for which maintenance windows count 720.
      - V(120) for a new program.
    type: int
  allow_task_sequence:
    description:
      - Whether task sequences may install the program without it being deployed.
      - V(true) for a new program.
    type: bool
  after_running:
    description:
      - What happens after the program ran. V(nothing), Configuration Manager restarts the computer (V(restart)),
        the program itself restarts it (V(program_restarts)), or the user is logged off (V(log_off)).
      - V(nothing) for a new program.
    type: str
    choices: [log_off, nothing, program_restarts, restart]
  platforms:
    description:
      - The platforms on which the program may run, as the console names them, for example
        V(All Windows 11 (64-bit)).
      - An empty list allows any platform, which is also what a new program gets.
    type: list
    elements: str
  state:
    description:
      - Whether the program exists.
      - V(absent) refuses while a task sequence runs the program, it is deployed, or another program runs it first, and
        lists what stands in the way.
      - A task sequence that runs the program in a disabled step only, or only before its first step, is not seen here,
        because that cannot be queried. M(configmgr.osd.cm_object_usage_info) finds it with
        O(configmgr.osd.cm_object_usage_info#module:include_disabled).
    type: str
    choices: [absent, present]
    default: present
seealso:
  - module: configmgr.osd.cm_package
  - module: configmgr.osd.cm_task_sequence
"""

EXAMPLES = r"""
- name: Ensure the agent can be installed by a task sequence
  configmgr.osd.cm_program:
    package: Contoso Agent
    name: Silent install
    command_line: setup.exe /quiet
    max_run_time: 30

- name: Allow it on two platforms only
  configmgr.osd.cm_program:
    package:
      name: Contoso Agent
      version: "5.10"
    name: Silent install
    platforms:
      - All Windows 10 (64-bit)
      - All Windows 11 (64-bit)

- name: Remove a program that no task sequence runs
  configmgr.osd.cm_program:
    package: id:P0100042
    name: Attended install
    state: absent
"""

RETURN = r"""
program:
  description: The program after the task; V(null) when it is absent.
  returned: success
  type: dict
  contains:
    kind:
      description: The kind of object, as references use it.
      returned: when the program exists
      type: str
      sample: program
    planned:
      description: Whether the program exists only in the plan of check mode.
      returned: when the program exists
      type: bool
      sample: false
    name:
      description: The name.
      returned: when the program exists
      type: str
      sample: Silent install
    package:
      description: The package of the program.
      returned: when the program exists
      type: dict
      contains:
        name:
          description: The name of the package; V(null) when it was given by ID and not looked up.
          returned: when the program exists
          type: str
          sample: Contoso Agent
        package_id:
          description: The ID of the package; V(null) when the package is planned.
          returned: when the program exists
          type: str
          sample: P0100042
    command_line:
      description: The command line.
      returned: when the program exists
      type: str
      sample: setup.exe /quiet
    working_directory:
      description: The folder in which it starts.
      returned: when the program exists
      type: str
      sample: ""
    comment:
      description: The comment.
      returned: when the program exists
      type: str
      sample: ""
    run_as:
      description: Whose rights it has.
      returned: when the program exists
      type: str
      sample: administrator
    logon:
      description: Whether a user must be logged on.
      returned: when the program exists
      type: str
      sample: any
    interactive:
      description: Whether users may see and answer it.
      returned: when the program exists
      type: bool
      sample: false
    run_mode:
      description: How its window appears.
      returned: when the program exists
      type: str
      sample: hidden
    max_run_time:
      description: The longest run time in minutes.
      returned: when the program exists
      type: int
      sample: 30
    allow_task_sequence:
      description: Whether task sequences may install it without it being deployed.
      returned: when the program exists
      type: bool
      sample: true
    after_running:
      description: What happens after it ran.
      returned: when the program exists
      type: str
      sample: nothing
    platforms:
      description: The platforms, by name where the task named them, else by version range; empty for any platform.
      returned: when the program exists
      type: list
      elements: str
      sample: []
    changed_options:
      description: The options that changed, or would change in check mode.
      returned: when the program exists
      type: list
      elements: str
      sample: [max_run_time]
    written:
      description: Whether the task wrote the program to the site.
      returned: when the program exists
      type: bool
      sample: true
unresolved:
  description: References to objects that earlier tasks would have made.
  returned: in check mode, when there are any
  type: list
  elements: dict
  sample: [{kind: package, name: Contoso Agent, path: package}]
scopes:
  description: The security scopes that the account sees.
  returned: when a program is created and O(report_scopes) is true
  type: list
  elements: str
  sample: [Default]
msg:
  description: What was created, and what the account sees.
  returned: when there is something to say
  type: str
  sample: "The program Silent install was created. The account sees objects in the security scopes: Default."
error:
  description: The failure in a form that a playbook can test.
  returned: failure
  type: dict
  contains:
    code:
      description: A stable word; see the error table in the guide.
      returned: failure
      type: str
      sample: unresolved_reference
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._args import PLANNED_ARGS, REPORT_SCOPES_ARGS, SITE_ARGS, STATE_ARGS

SPEC = {
    "argument_spec": {
        **SITE_ARGS,
        **PLANNED_ARGS,
        **REPORT_SCOPES_ARGS,
        **STATE_ARGS,
        "package": {"type": "raw", "required": True},
        "name": {"type": "str", "required": True},
        "command_line": {"type": "str"},
        "working_directory": {"type": "str"},
        "comment": {"type": "str"},
        "run_as": {"type": "str", "choices": ["administrator", "user"]},
        "logon": {"type": "str", "choices": ["any", "none", "required"]},
        "interactive": {"type": "bool"},
        "run_mode": {"type": "str", "choices": ["hidden", "maximized", "minimized", "normal"]},
        "max_run_time": {"type": "int"},
        "allow_task_sequence": {"type": "bool"},
        "after_running": {"type": "str", "choices": ["log_off", "nothing", "program_restarts", "restart"]},
        "platforms": {"type": "list", "elements": "str"},
    },
}


def main() -> None:
    AnsibleModule(supports_check_mode=True, **SPEC).fail_json(
        msg="This module runs on the control node through its action plugin."
    )


if __name__ == "__main__":
    main()
