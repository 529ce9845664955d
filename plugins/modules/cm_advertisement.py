#!/usr/bin/python
# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cm_advertisement
short_description: Manage the advertisement of a task sequence to a collection
version_added: 0.1.0
description:
  - Creates, changes, and deletes an advertisement, which the console calls a deployment, of a task sequence.
  - The identity is O(advertisement_id), else O(name), else O(task_sequence) and O(collection) together. More than one
    match is an error that lists them.
  - An option that is omitted is not managed. Settings that this module does not know stay as they are.
  - Name, task sequence, and collection cannot be changed after creation; see O(allow_replace).
author:
  - Contributors to the configmgr.osd project (@configmgr-osd)
extends_documentation_fragment:
  - configmgr.osd._attributes
  - configmgr.osd._attributes.action_group
  - configmgr.osd._site
  - configmgr.osd._planned
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  advertisement_id:
    description:
      - The ID of an existing advertisement, for example V(PS120004).
    type: str
  name:
    description:
      - The name of the advertisement.
      - A new one without a name is called as the console does it, after task sequence and collection.
    type: str
  task_sequence:
    description:
      - The task sequence, by name or as V(id:PS100042). Needed to create.
      - A name is looked up on the site; an ID is only looked up in check mode, and where the site refuses it.
    type: raw
  collection:
    description:
      - The device collection, by name or as V(id:PS10002C). Needed to create.
      - A name is looked up on the site; an ID is only looked up in check mode, and where the site refuses it.
    type: raw
  purpose:
    description:
      - Whether devices may or must run the task sequence. Needed to create.
      - Changing it to V(required) in place passes every check of a creation.
    type: str
    choices: [available, required]
  make_available_to:
    description:
      - To whom the task sequence is offered. A new advertisement is for clients only when this is omitted.
      - Media and PXE ignore O(available_at), O(expires_at), and the times in O(assignments).
    type: str
    choices: [clients, clients_media_pxe, media_pxe, media_pxe_hidden]
  available_at:
    description:
      - From when on the task sequence is offered, for example V(2025-06-01 08:00) by the clock of each client, or
        V(2025-06-01 08:00Z) in UTC. Other zones are refused.
      - V("") means at once.
    type: str
  expires_at:
    description:
      - When the offer ends, in the form of O(available_at). V("") means never.
    type: str
  assignments:
    description:
      - When a required task sequence starts.
      - An entry is V(as_soon_as_possible), V(log_on), or V(log_off); a mapping with a time as C(at); or a mapping
        with a time as C(start) and a mapping as C(every), which has one of C(minutes), C(hours), C(days), or C(weeks)
        together with C(weekday).
      - The list is complete; V([]) clears it. Its order does not count.
      - A schedule of another kind is kept when it is given as the info module shows it, by class and properties.
    type: list
    elements: raw
  rerun:
    description:
      - What happens on a device that ran the task sequence before. Needed to create with O(purpose=required);
        an available advertisement gets V(always) when this is omitted, as the console does it.
    type: str
    choices: [always, never, if_failed, if_succeeded]
  content:
    description:
      - How devices get the content. Without it a new advertisement gets V(all_first) for clients and V(as_needed)
        where media or PXE see it, as the console does it.
    type: str
    choices: [all_first, as_needed, run_from_dp]
  use_neighbor_boundary_group:
    description:
      - Whether devices may use distribution points of a neighbour boundary group.
    type: bool
  comment:
    description:
      - The comment. V("") clears it.
    type: str
  allow_replace:
    description:
      - Whether to make another advertisement and delete this one where something is to change that the site cannot
        change. The new one has a new ID, so members that already ran it may run it again.
      - The new one is made first. When the old one cannot be deleted then, the error names both, and the next run with
        the same options deletes the old one.
    type: bool
    default: false
  confirm:
    description:
      - The name or ID of the collection, where a deployment reaches so far that it has to be confirmed.
      - Needed for a required deployment, or one that media and PXE see, to a built-in collection; not for an available
        one to All Unknown Computers. Also needed for a required deployment with a future O(available_at) that media
        and PXE see, as they ignore the time.
    type: str
  state:
    description:
      - Whether the advertisement exists.
    type: str
    choices: [absent, present]
    default: present
seealso:
  - module: configmgr.osd.cm_advertisement_info
  - module: configmgr.osd.cm_task_sequence
"""

EXAMPLES = r"""
- name: Offer a task sequence in Software Center
  configmgr.osd.cm_advertisement:
    task_sequence: Install 7-Zip
    collection: OSD - Finance pilot
    purpose: available

- name: Install it once, tonight
  configmgr.osd.cm_advertisement:
    name: Install 7-Zip on the finance pilot
    task_sequence: Install 7-Zip
    collection: OSD - Finance pilot
    purpose: required
    rerun: if_failed
    assignments:
      - {at: "2025-06-02 22:00"}
    expires_at: "2025-07-01 00:00"

- name: Offer the bare-metal task sequence to everything that boots from the network
  configmgr.osd.cm_advertisement:
    task_sequence: Windows 11 - Bare metal
    collection: {id: SMS000US}
    purpose: available
    make_available_to: media_pxe

- name: No such advertisement
  configmgr.osd.cm_advertisement:
    name: Install 7-Zip on the finance pilot
    state: absent
"""

RETURN = r"""
advertisement:
  description: The advertisement after the task, V(null) when it is absent.
  returned: success
  type: dict
  contains:
    kind:
      description: Always V(advertisement).
      returned: success
      type: str
      sample: advertisement
    name:
      description: The name.
      returned: success
      type: str
      sample: Install 7-Zip_PS100042_OSD - Finance pilot
    advertisement_id:
      description: The ID, V(null) when the advertisement exists only as the plan of this run.
      returned: success
      type: str
      sample: PS120004
    planned:
      description: Whether the advertisement exists only as the plan of this run.
      returned: success
      type: bool
      sample: false
    package_id:
      description: The package ID of the task sequence, V(null) when that exists only as the plan of an earlier task.
      returned: success
      type: str
      sample: PS100042
    collection_id:
      description: The ID of the collection.
      returned: success
      type: str
      sample: PS10002C
    purpose:
      description: The purpose.
      returned: success
      type: str
      sample: available
    make_available_to:
      description: To whom the task sequence is offered.
      returned: success
      type: str
      sample: clients
    available_at:
      description: From when on it is offered, V("") for at once.
      returned: success
      type: str
      sample: "2025-06-01 08:00"
    expires_at:
      description: When the offer ends, V("") for never.
      returned: success
      type: str
      sample: ""
    assignments:
      description: Events and schedules. A schedule that this module cannot write yet is shown as its class.
      returned: success
      type: list
      elements: raw
      sample: [as_soon_as_possible]
    rerun:
      description: What happens on a device that ran it before.
      returned: success
      type: str
      sample: always
    content:
      description: How devices get the content.
      returned: success
      type: str
      sample: all_first
    use_neighbor_boundary_group:
      description: Whether devices may use distribution points of a neighbour boundary group.
      returned: success
      type: bool
      sample: true
    comment:
      description: The comment.
      returned: success
      type: str
      sample: ""
    changed_options:
      description: The options that changed.
      returned: success
      type: list
      elements: str
      sample: [comment]
    written:
      description: Whether something was written.
      returned: success
      type: bool
      sample: true
msg:
  description: What stands out, for example that a new deployment was made or that one became required.
  returned: when there is something to say
  type: str
  sample: The advertisement Install 7-Zip_PS100042_OSD - Finance pilot was created.
unresolved:
  description: In check mode, the references to objects that earlier tasks of the play would have made.
  returned: when there are any
  type: list
  elements: dict
  sample:
    - {kind: task_sequence, name: Install 7-Zip, path: task_sequence}
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._args import PLANNED_ARGS, SITE_ARGS

SPEC = {
    "argument_spec": {
        **SITE_ARGS,
        **PLANNED_ARGS,
        "advertisement_id": {"type": "str"},
        "name": {"type": "str"},
        "task_sequence": {"type": "raw"},
        "collection": {"type": "raw"},
        "purpose": {"type": "str", "choices": ["available", "required"]},
        "make_available_to": {
            "type": "str",
            "choices": ["clients", "clients_media_pxe", "media_pxe", "media_pxe_hidden"],
        },
        "available_at": {"type": "str"},
        "expires_at": {"type": "str"},
        "assignments": {"type": "list", "elements": "raw"},
        "rerun": {"type": "str", "choices": ["always", "never", "if_failed", "if_succeeded"]},
        "content": {"type": "str", "choices": ["all_first", "as_needed", "run_from_dp"]},
        "use_neighbor_boundary_group": {"type": "bool"},
        "comment": {"type": "str"},
        "allow_replace": {"type": "bool", "default": False},
        "confirm": {"type": "str"},
        "state": {"type": "str", "choices": ["absent", "present"], "default": "present"},
    },
}


def main() -> None:
    AnsibleModule(supports_check_mode=True, **SPEC).fail_json(
        msg="This module runs on the control node through its action plugin."
    )


if __name__ == "__main__":
    main()
