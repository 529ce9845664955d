#!/usr/bin/python
# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cm_collection
short_description: Manage collections of devices
version_added: 0.1.0
description:
  - Creates, changes, and removes collections of devices (C(SMS_Collection)) of Microsoft Configuration Manager, with
    their rules and variables, and waits until their members are there.
  - An omitted option is not managed. A list of rules that is given is complete, and an empty one removes all rules of
    its kind. To add or remove single devices without owning the list, use O(add_members) and O(remove_members).
  - Rules say who belongs to a collection; the site works out the members later. See O(update) and O(wait).
  - Collections that came with the site are never changed or deleted, except for their O(variables) and an update of
    their members. Collections of users are refused, because task sequences are deployed to devices only.
author:
  - configmgr.osd contributors (@configmgr-osd)
extends_documentation_fragment:
  - configmgr.osd._attributes
  - configmgr.osd._attributes.action_group
  - configmgr.osd._site
  - configmgr.osd._planned
  - configmgr.osd._variables
  - configmgr.osd._wait
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: partial
    details:
      - With O(update=always) and with O(update_secrets=always) every run writes.
options:
  name:
    description:
      - The name of the collection.
      - An exact match is looked for first, then one that differs in case only, if there is exactly one.
      - Together with O(collection_id) it renames the collection with that ID.
    type: str
  collection_id:
    description:
      - The ID of the collection, for example V(PS10002C). Quote it.
    type: str
  comment:
    description:
      - The comment on the collection.
    type: str
  limiting_collection:
    description:
      - The collection whose members can be members of this one, by name or as V(id:SMS00001).
      - Required when the collection is created.
    type: raw
  direct:
    description:
      - The devices that are members by a rule of their own, all of them. Other direct rules are removed.
      - Each is a name, V(id:16777300), a mapping with C(resource_id), or what M(configmgr.osd.cm_device) returned.
      - Where several records bear a name, the task fails and lists their resource IDs; obsolete records do not count
        beside a current one.
    type: list
    elements: raw
  add_members:
    description:
      - Devices that get a direct rule if they have none; other direct rules stay.
      - The forms are those of O(direct).
    type: list
    elements: raw
  remove_members:
    description:
      - Devices whose direct rules are removed; other direct rules stay. A device without such a rule is fine.
      - A device that is a member through another rule stays a member.
      - The forms are those of O(direct).
    type: list
    elements: raw
  queries:
    description:
      - The query rules, all of them.
      - The site is asked whether a new query is valid before anything is written.
      - Stored queries are compared without regard to blanks, the list of columns, and the kind of quotes, because the
        site may alter them.
    type: list
    elements: dict
    suboptions:
      name:
        description:
          - The name of the rule.
        type: str
        required: true
      query:
        description:
          - The query in WQL.
        type: str
        required: true
  include:
    description:
      - The collections whose members are members of this one, all of them, by name or as V(id:PS10002C).
    type: list
    elements: raw
  exclude:
    description:
      - The collections whose members are no members of this one, all of them, by name or as V(id:PS10002C).
    type: list
    elements: raw
  refresh:
    description:
      - When the site works out the members by itself.
      - V(none) never, V(periodic) at the times of O(refresh_schedule), V(incremental) when devices come or change,
        V(both) does both.
      - A new collection starts with V(none).
    type: str
    choices: [none, periodic, incremental, both]
  refresh_schedule:
    description:
      - The schedules of O(refresh=periodic) and O(refresh=both), in the form of the assignments of
        M(configmgr.osd.cm_advertisement), at most 15.
    type: list
    elements: raw
  update:
    description:
      - When the site is asked to work out the members at once.
      - V(changed) after the rules or the limiting collection changed, V(always) in every run, which then counts as a
        change, and V(never).
    type: str
    choices: [always, changed, never]
    default: changed
  wait:
    description:
      - Whether the task waits until the devices of O(direct) and O(add_members) are members, and those that were
        removed are direct members no more.
      - Without such devices it waits until the site has worked out the members.
      - When the time is over, the task fails and names those that are missing. In check mode nothing is waited for.
    type: bool
    default: false
  folder:
    description:
      - The console folder of the collection, for example V(OSD/Pilot). An empty string is the root.
    type: str
  create_folder:
    description:
      - Whether folders of O(folder) that are missing are created.
    type: bool
    default: false
  force:
    description:
      - Deletes a collection although something is deployed to it or other collections depend on it. The site then
        deletes the deployments and the rules that name the collection.
      - The site itself may still refuse to delete the limiting collection of another one.
    type: bool
    default: false
  state:
    description:
      - Whether the collection exists.
      - V(absent) refuses while something is deployed to the collection, or another one is limited to it, includes it,
        or excludes it, and lists what stands in the way. See O(force).
    type: str
    choices: [absent, present]
    default: present
seealso:
  - module: configmgr.osd.cm_collection_info
  - module: configmgr.osd.cm_advertisement
"""

EXAMPLES = r"""
- name: Ensure a pilot collection with two members exists, and wait for them
  configmgr.osd.cm_collection:
    name: OSD - Laboratory
    limiting_collection: All Systems
    direct: [LAB-01, LAB-02]
    wait: true
    wait_timeout: 900

- name: Put one device into a collection whose members others look after
  configmgr.osd.cm_collection:
    name: OSD - Reinstall on request
    add_members: ["{{ inventory_hostname_short }}"]
    wait: true

- name: Take it out again
  configmgr.osd.cm_collection:
    name: OSD - Reinstall on request
    remove_members: ["{{ inventory_hostname_short }}"]

- name: Ensure a collection follows a query, without the kiosks
  configmgr.osd.cm_collection:
    name: Windows 10 in finance
    limiting_collection: OSD - Finance
    queries:
      - name: Windows 10
        query: select * from SMS_R_System where SMS_R_System.OperatingSystemNameandVersion like "%Workstation 10.0%"
    exclude: [Kiosks]
    refresh: both
    refresh_schedule:
      - {start: "2025-06-01 22:00", every: {days: 7}}
    variables:
      Department: Finance

- name: Set a variable of every unknown device that starts from the network
  configmgr.osd.cm_collection:
    name: All Unknown Computers
    variables:
      OSDLanguage: en-US
"""

RETURN = r"""
collection:
  description: The collection after the task; V(null) when it is absent.
  returned: success
  type: dict
  contains:
    kind:
      description: The kind of object, as references use it.
      returned: when the collection exists
      type: str
      sample: collection
    planned:
      description: Whether the collection exists only in the plan of check mode.
      returned: when the collection exists
      type: bool
      sample: false
    collection_id:
      description: The ID; V(null) when planned.
      returned: when the collection exists
      type: str
      sample: PS10001A
    name:
      description: The name.
      returned: when the collection exists
      type: str
      sample: OSD - Laboratory
    comment:
      description: The comment.
      returned: when the collection exists
      type: str
      sample: ""
    limiting_collection:
      description: The name of the limiting collection.
      returned: when the collection exists
      type: str
      sample: All Systems
    limiting_collection_id:
      description: The ID of the limiting collection before check mode, after a run; V(null) when planned.
      returned: when the collection exists
      type: str
      sample: SMS00001
    refresh:
      description: When the site works out the members by itself.
      returned: when the collection exists
      type: str
      sample: none
    refresh_schedule:
      description: The schedules of that.
      returned: when the collection exists
      type: list
      elements: raw
      sample: [{start: "2025-06-01 22:00", every: {days: 7}}]
    built_in:
      description: Whether the collection came with the site.
      returned: when the collection exists
      type: bool
      sample: false
    member_count:
      description: How many members the site shows; after a change it lags behind.
      returned: when the collection exists
      type: int
      sample: 2
    rules:
      description: How many rules of each kind the collection has.
      returned: when the collection exists
      type: dict
      sample: {direct: 2, queries: 0, include: 0, exclude: 0}
    visible:
      description: V(true) when the devices of the task were waited for and seen, else V(null).
      returned: when the collection exists
      type: bool
      sample: true
    update_requested:
      description: Whether the task asked the site to work out the members.
      returned: when the collection exists
      type: bool
      sample: true
    changed_options:
      description: The options that changed, or would change in check mode.
      returned: when the collection exists
      type: list
      elements: str
      sample: [direct]
    written:
      description: Whether the task wrote anything to the site.
      returned: when the collection exists
      type: bool
      sample: true
unresolved:
  description: References of the play to what only exists in the plan of check mode.
  returned: in check mode, when there are such references
  type: list
  elements: dict
  sample: [{kind: device, name: LAB-01, paths: ["direct[0]"]}]
msg:
  description: What there is to say, for example that nothing was found to delete.
  returned: when there is something to say
  type: str
  sample: An update of its membership is requested.
error:
  description: The failure in a form that a playbook can test.
  returned: failure
  type: dict
  contains:
    code:
      description: A stable word; see the error table in the guide.
      returned: failure
      type: str
      sample: wait_timeout
    detail:
      description:
        - With the code C(wait_timeout) the names of the devices that are C(missing), and of those C(remaining).
        - With the code C(gate_refused) what stands in the way of a delete, by kind.
      returned: failure
      type: raw
      sample: {collection_id: PS10001A, missing: [LAB-02], remaining: []}
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._args import PLANNED_ARGS, SITE_ARGS, STATE_ARGS, VARIABLES_ARGS, WAIT_ARGS

SPEC = {
    "argument_spec": {
        **SITE_ARGS,
        **PLANNED_ARGS,
        **STATE_ARGS,
        **VARIABLES_ARGS,
        **WAIT_ARGS,
        "name": {"type": "str"},
        "collection_id": {"type": "str"},
        "comment": {"type": "str"},
        "limiting_collection": {"type": "raw"},
        "direct": {"type": "list", "elements": "raw"},
        "add_members": {"type": "list", "elements": "raw"},
        "remove_members": {"type": "list", "elements": "raw"},
        "queries": {
            "type": "list",
            "elements": "dict",
            "options": {
                "name": {"type": "str", "required": True},
                "query": {"type": "str", "required": True},
            },
        },
        "include": {"type": "list", "elements": "raw"},
        "exclude": {"type": "list", "elements": "raw"},
        "refresh": {"type": "str", "choices": ["none", "periodic", "incremental", "both"]},
        "refresh_schedule": {"type": "list", "elements": "raw"},
        "update": {"type": "str", "choices": ["always", "changed", "never"], "default": "changed"},
        "folder": {"type": "str"},
        "create_folder": {"type": "bool", "default": False},
        "force": {"type": "bool", "default": False},
    },
    "required_one_of": [["name", "collection_id"]],
    "mutually_exclusive": [["direct", "add_members"], ["direct", "remove_members"]],
}


def main() -> None:
    AnsibleModule(supports_check_mode=True, **SPEC).fail_json(
        msg="This module runs on the control node through its action plugin."
    )


if __name__ == "__main__":
    main()
