#!/usr/bin/python
# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cm_package
short_description: Manage classic packages
version_added: 0.1.0
description:
  - Creates, changes, and removes classic packages (C(SMS_Package)) of Microsoft Configuration Manager.
  - An omitted option is not managed, an empty string clears.
  - Names are no key in Configuration Manager. Where several packages bear the name, O(version), O(manufacturer), and
    O(language) tell which one is meant, or the task fails and lists them.
  - Removing a package also removes its programs and their deployments.
author:
  - configmgr.osd contributors (@configmgr-osd)
extends_documentation_fragment:
  - configmgr.osd._attributes
  - configmgr.osd._attributes.action_group
  - configmgr.osd._site
  - configmgr.osd._report_scopes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  name:
    description:
      - The name of the package.
      - An exact match is looked for first, then one that differs in case only, if there is exactly one.
      - Together with O(package_id) it renames the package with that ID.
    type: str
  package_id:
    description:
      - The ID of the package, for example V(PS100005). Quote it.
    type: str
  version:
    description:
      - The version of the software. Quote it, because V(5.10) without quotes is the number 5.1.
      - It is set on the package of that name; where several bear the name, it chooses one of them.
      - With O(state=absent) only a package with exactly this version is deleted. The same holds for O(manufacturer)
        and O(language).
    type: str
  manufacturer:
    description:
      - The manufacturer of the software.
    type: str
  language:
    description:
      - The language of the software.
    type: str
  description:
    description:
      - The comment on the package.
    type: str
  source_path:
    description:
      - The folder of the source files, as a UNC path or as a path on the site server.
      - An empty string makes it a package without source files.
      - The files are not distributed by this module.
    type: str
  state:
    description:
      - Whether the package exists.
      - V(absent) refuses while a task sequence refers to the package, it is deployed, or a program of another package
        runs one of its programs first, and lists what stands in the way.
      - A task sequence that refers to the package in a disabled step only, or only runs a program of it first, is not
        seen here, because that cannot be queried. M(configmgr.osd.cm_object_usage_info) finds it with
        O(configmgr.osd.cm_object_usage_info#module:include_disabled).
    type: str
    choices: [absent, present]
    default: present
seealso:
  - module: configmgr.osd.cm_program
  - module: configmgr.osd.cm_object_info
"""

EXAMPLES = r"""
- name: Ensure the agent has a package
  configmgr.osd.cm_package:
    name: Contoso Agent
    version: "5.10"
    manufacturer: Contoso
    source_path: \\files.example.com\source$\agent
  register: agent

- name: Rename a package
  configmgr.osd.cm_package:
    package_id: "P0100042"
    name: Contoso Monitoring Agent

- name: Remove a package that no task sequence uses
  configmgr.osd.cm_package:
    name: Contoso Agent
    version: "4.2"
    state: absent
"""

RETURN = r"""
package:
  description: The package after the task; V(null) when it is absent.
  returned: success
  type: dict
  contains:
    kind:
      description: The kind of object, as references use it.
      returned: when the package exists
      type: str
      sample: package
    planned:
      description: Whether the package exists only in the plan of check mode.
      returned: when the package exists
      type: bool
      sample: false
    package_id:
      description: The ID; V(null) when planned.
      returned: when the package exists
      type: str
      sample: P0100042
    name:
      description: The name.
      returned: when the package exists
      type: str
      sample: Contoso Agent
    version:
      description: The version.
      returned: when the package exists
      type: str
      sample: "5.10"
    manufacturer:
      description: The manufacturer.
      returned: when the package exists
      type: str
      sample: Contoso
    language:
      description: The language.
      returned: when the package exists
      type: str
      sample: ""
    description:
      description: The comment.
      returned: when the package exists
      type: str
      sample: ""
    source_path:
      description: The folder of the source files.
      returned: when the package exists
      type: str
      sample: \\files.example.com\source$\agent
    changed_options:
      description: The options that changed, or would change in check mode.
      returned: when the package exists
      type: list
      elements: str
      sample: [version]
    written:
      description: Whether the task wrote the package to the site.
      returned: when the package exists
      type: bool
      sample: true
scopes:
  description: The security scopes that the account sees.
  returned: when a package is created and O(report_scopes) is true
  type: list
  elements: str
  sample: [Default]
msg:
  description: What was created, and what the account sees.
  returned: when there is something to say
  type: str
  sample: "The package Contoso Agent was created. The account sees objects in the security scopes: Default."
error:
  description: The failure in a form that a playbook can test.
  returned: failure
  type: dict
  contains:
    code:
      description: A stable word; see the error table in the guide.
      returned: failure
      type: str
      sample: gate_refused
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._args import REPORT_SCOPES_ARGS, SITE_ARGS, STATE_ARGS

SPEC = {
    "argument_spec": {
        **SITE_ARGS,
        **REPORT_SCOPES_ARGS,
        **STATE_ARGS,
        "name": {"type": "str"},
        "package_id": {"type": "str"},
        "version": {"type": "str"},
        "manufacturer": {"type": "str"},
        "language": {"type": "str"},
        "description": {"type": "str"},
        "source_path": {"type": "str"},
    },
    "required_one_of": [["name", "package_id"]],
}


def main() -> None:
    AnsibleModule(supports_check_mode=True, **SPEC).fail_json(
        msg="This module runs on the control node through its action plugin."
    )


if __name__ == "__main__":
    main()
