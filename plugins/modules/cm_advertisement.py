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
      - A time by the clock of each client that no clock shows, because clocks are put forward that night, gives a
        warning where the control node is in such a zone, and is refused where O(client_time_zone) is.
    type: str
  expires_at:
    description:
      - When the offer ends, in the form of O(available_at). V("") means never.
      - The cmdlets call this the deadline; it is not. When a required task sequence starts is in O(assignments).
    type: str
  client_time_zone:
    description:
      - The IANA name of the time zone of the clients, for example V(Europe/Berlin).
      - Only used to look at times without C(Z), nothing is converted. A time that the clocks there leave out is
        refused, one that they show twice gives a warning.
    type: str
  assignments:
    description:
      - When a required task sequence starts.
      - An entry is V(as_soon_as_possible), V(log_on), or V(log_off); a mapping with a time as C(at); or a mapping
        with a time as C(start) and a mapping as C(every).
      - C(every) has one of C(minutes), C(hours), and C(days); or C(weeks) and C(weekday); or C(months) and C(day),
        which is a number or V(last); or C(months), C(week) (V(first), V(second), V(third), V(fourth), V(last)), and
        C(weekday).
      - A mapping may have a C(duration), a mapping of C(days), C(hours), and C(minutes).
      - A mapping with C(token) has the 16 hexadecimal digits that C(New-CMSchedule) calls a schedule string.
      - At most 15 schedules; any number of events. The list is complete; V([]) clears it. Its order does not count.
      - A schedule of another kind is kept when it is given as the info module shows it, by class and properties.
        C(offset_days), the days after a weekday of a month, is refused unless it is 0, as nobody has published how
        sites store it.
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
  use_default_boundary_group:
    description:
      - Whether devices may fall back to the distribution points of the site's default boundary group.
        V(false) for a new one.
    type: bool
  share_with_peers:
    description:
      - Whether devices share the content with others on their subnet (BranchCache). V(true) for a new one.
    type: bool
  pre_download:
    description:
      - Whether devices download the content before somebody starts the task sequence. V(false) for a new one.
    type: bool
  internet_clients:
    description:
      - Whether devices on the internet may run it. V(false) for a new one.
    type: bool
  metered_network:
    description:
      - Whether devices download for a required deployment over a metered network. V(false) for a new one.
    type: bool
  show_progress:
    description:
      - Whether people see the progress of the task sequence. V(true) for a new one.
    type: bool
  run_independently:
    description:
      - Whether people may start a required deployment by themselves, before its time. V(true) for a new one.
    type: bool
  install_outside_maintenance_windows:
    description:
      - Whether a required deployment runs outside of maintenance windows. V(false) for a new one.
    type: bool
  restart_outside_maintenance_windows:
    description:
      - Whether it may restart devices outside of maintenance windows. V(false) for a new one.
    type: bool
  persist_on_write_filter:
    description:
      - Whether changes on devices with a write filter are kept. V(true) for a new one.
    type: bool
  wake_on_lan:
    description:
      - Whether devices are woken for a required deployment. V(false) for a new one.
    type: bool
  comment:
    description:
      - The comment. V("") clears it.
    type: str
  allow_replace:
    description:
      - Whether to make another advertisement and delete this one where something is to change that the site cannot
        change. The new one has a new ID, so members that already ran it may run it again.
      - The new one is made first and carries a trace of the old one in a text that is free for software of others.
        When the old one cannot be deleted then, the error names both, and the next run with the same options deletes
        the old one. Two advertisements of one name without that trace are never taken for a replacement.
    type: bool
    default: false
  confirm:
    description:
      - The name of the collection, where the safety gate stands in the way.
      - The gate is asked when an advertisement is created, replaced, made required, shown to media and PXE, or made to
        start earlier or on more devices. It opens when this is the name of the collection and O(max_targets) is at
        least the number of its members. Its error lists all reasons.
      - It refuses a required deployment to a built-in collection; one that media and PXE see to a built-in
        collection, except an available one to All Unknown Computers; and a required one that media and PXE see with
        times ahead, as they ignore times.
      - It refuses a required deployment of a high-risk task sequence that reaches more than 100 devices or more than
        O(max_targets), a site system, a collection of O(protected_collections), or a device of O(never_include).
      - High-risk is a task sequence that formats or converts a disk, applies an image, upgrades, captures, or runs
        Sysprep in a step that is enabled, or runs another one that does; and one that the site calls an operating
        system deployment or high-impact.
    type: str
  max_targets:
    description:
      - How many devices a deployment may reach. An available or harmless one above this gives a warning; for a
        required one of a high-risk task sequence see O(confirm).
    type: int
    default: 100
  protected_collections:
    description:
      - Collections, by name or as V(id:PS10002C), to which no high-risk task sequence is required without
        O(confirm).
      - One that the site does not have gives a warning. Looking for them costs a request where the gate asks.
    type: list
    elements: raw
  never_include:
    description:
      - Names of devices, or patterns with C(*) and C(?), that no required high-risk task sequence may reach without
        O(confirm).
    type: list
    elements: str
  state:
    description:
      - Whether the advertisement exists.
    type: str
    choices: [absent, present]
    default: present
seealso:
  - module: configmgr.osd.cm_advertisement_info
  - module: configmgr.osd.cm_task_sequence
  - plugin: configmgr.osd.from_schedule_text
    plugin_type: filter
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

- name: Upgrade at night, every second Tuesday until it worked, behind a guard that the whole play shares
  configmgr.osd.cm_advertisement:
    task_sequence: Windows 11 - in-place upgrade
    collection: OSD - Finance
    purpose: required
    rerun: if_failed
    client_time_zone: Europe/Berlin
    assignments:
      - {start: "2025-06-10 22:00", every: {months: 1, week: second, weekday: tuesday}, duration: {hours: 6}}
    wake_on_lan: true
    install_outside_maintenance_windows: false
    max_targets: 100
    protected_collections: [Servers, id:SMS00001]
    never_include: ["DC*", "CM01"]

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
      description: Events and schedules. One that a play cannot write is shown as its class and properties.
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
    show_progress:
      description: Whether people see the progress.
      returned: success
      type: bool
      sample: true
    run_independently:
      description: Whether people may start a required deployment by themselves.
      returned: success
      type: bool
      sample: true
    install_outside_maintenance_windows:
      description: Whether it runs outside of maintenance windows.
      returned: success
      type: bool
      sample: false
    restart_outside_maintenance_windows:
      description: Whether it may restart devices outside of maintenance windows.
      returned: success
      type: bool
      sample: false
    persist_on_write_filter:
      description: Whether changes on devices with a write filter are kept.
      returned: success
      type: bool
      sample: true
    internet_clients:
      description: Whether devices on the internet may run it.
      returned: success
      type: bool
      sample: false
    metered_network:
      description: Whether devices download over a metered network.
      returned: success
      type: bool
      sample: false
    wake_on_lan:
      description: Whether devices are woken for it.
      returned: success
      type: bool
      sample: false
    use_default_boundary_group:
      description: Whether devices may fall back to the site's default boundary group.
      returned: success
      type: bool
      sample: false
    share_with_peers:
      description: Whether devices share the content with others on their subnet.
      returned: success
      type: bool
      sample: true
    pre_download:
      description: Whether devices download the content before the start.
      returned: success
      type: bool
      sample: false
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
gate:
  description: What the safety gate found.
  returned: when it was asked
  type: dict
  contains:
    members:
      description: The number of members of the collection, V(null) when that is only planned.
      returned: always
      type: int
      sample: 12
    high_risk:
      description: Whether the task sequence is high-risk, V(null) when it exists only as the plan of an earlier task.
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
      description: The confirmation that opened the gate, V(null) when nothing had to be confirmed.
      returned: always
      type: str
      sample: OSD - Finance pilot
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
        "client_time_zone": {"type": "str"},
        "assignments": {"type": "list", "elements": "raw"},
        "rerun": {"type": "str", "choices": ["always", "never", "if_failed", "if_succeeded"]},
        "content": {"type": "str", "choices": ["all_first", "as_needed", "run_from_dp"]},
        "use_neighbor_boundary_group": {"type": "bool"},
        "use_default_boundary_group": {"type": "bool"},
        "share_with_peers": {"type": "bool"},
        "pre_download": {"type": "bool"},
        "internet_clients": {"type": "bool"},
        "metered_network": {"type": "bool"},
        "show_progress": {"type": "bool"},
        "run_independently": {"type": "bool"},
        "install_outside_maintenance_windows": {"type": "bool"},
        "restart_outside_maintenance_windows": {"type": "bool"},
        "persist_on_write_filter": {"type": "bool"},
        "wake_on_lan": {"type": "bool"},
        "comment": {"type": "str"},
        "allow_replace": {"type": "bool", "default": False},
        "confirm": {"type": "str"},
        "max_targets": {"type": "int", "default": 100},
        "protected_collections": {"type": "list", "elements": "raw"},
        "never_include": {"type": "list", "elements": "str"},
        "state": {"type": "str", "choices": ["absent", "present"], "default": "present"},
    },
}


def main() -> None:
    AnsibleModule(supports_check_mode=True, **SPEC).fail_json(
        msg="This module runs on the control node through its action plugin."
    )


if __name__ == "__main__":
    main()
