#!/usr/bin/python
# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cm_deployment_status
short_description: Show how far deployments of task sequences are, and wait for them
version_added: 0.1.0
description:
  - Reads what the targeted devices reported about a deployment, and for failed devices the step that failed, its exit
    code, and its output.
  - With O(wait) the task stays until the goal is reached and prints its progress. It changes nothing, so it can be
    stopped and started again at any time; a new run goes on where the last one ended.
  - What devices report reaches the site minutes later. A device without network cannot report at all.
  - Above 1000 targeted devices the progress is the site's own summary, which the task asks the site to renew; the
    devices are read when the summary says that the goal is reached or lost, and when the time is over.
author:
  - configmgr.osd contributors (@configmgr-osd)
extends_documentation_fragment:
  - configmgr.osd._attributes
  - configmgr.osd._attributes.action_group
  - configmgr.osd._attributes.info
  - configmgr.osd._site
  - configmgr.osd._planned
  - configmgr.osd._wait.limits
options:
  advertisement_id:
    description:
      - The ID of the advertisement.
    type: str
  task_sequence:
    description:
      - The task sequence, by name or as V(id:PS100042). Without O(collection) all its deployments are shown.
    type: raw
  collection:
    description:
      - The collection, by name or as V(id:PS10002C).
    type: raw
  devices:
    description:
      - Only these devices count, 500 at most. Each is the name, a MAC address such as V(00:15:5D:01:02:03), an SMBIOS
        GUID, or a resource ID such as V(id:16777217).
      - A device that the site does not know, or that is not in the collection yet, is waited for like one that has not
        started.
      - With a deployment to unknown computers, name devices by MAC address or SMBIOS GUID; they are found as soon as
        the site has a record of them.
    type: list
    elements: str
  since:
    description:
      - Only reports from this time on count, which must have a zone, such as V(2025-06-01T08:00:00Z). Older ones
        belong to an earlier run, and their devices count as waiting.
      - Without it everything since the deployment was made counts, so that a task that was stopped goes on with what
        has happened in the meantime. Set it when devices run an existing deployment again, and to the same
        value when the task is run again.
    type: str
  wait:
    description:
      - What the task waits for. Quote V(no), or write V(false).
      - V(no) looks once and does not fail because of devices.
      - V(finished) waits until every device has ended one way or another, and does not fail because of devices.
      - V(success) waits until all devices have succeeded.
      - V(percent) waits until as many as O(percent) have succeeded.
      - In check mode the task looks once.
    type: str
    choices: ["no", finished, success, percent]
    default: "no"
  percent:
    description:
      - The share of the targeted devices that must succeed with O(wait=percent).
    type: int
  fail_fast:
    description:
      - Whether the task fails as soon as so many devices have failed that the goal is out of reach. With V(false) it
        waits until O(wait_timeout) is over, as a device may run the task sequence again.
    type: bool
    default: true
  not_run:
    description:
      - How to take devices that rejected the deployment, found it expired, or will not run it again.
      - V(fail) counts them as failed, V(ignore) leaves them out.
    type: str
    choices: [fail, ignore]
    default: fail
  devices_shown:
    description:
      - Which devices are in the result.
    type: str
    choices: [all, unsuccessful, none]
    default: all
  site_summary:
    description:
      - Whether to return the site's own summary, too, and what it says of each device in words. The console shows
        these.
      - They are as old as the last summary, and nothing is decided by them. Costs two requests per deployment.
    type: bool
    default: false
  max_failures_shown:
    description:
      - For how many failed devices the failed step is read and shown. Each costs one request.
    type: int
    default: 20
seealso:
  - module: configmgr.osd.cm_advertisement
  - plugin: configmgr.osd.deployment_report
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Look at a deployment
  configmgr.osd.cm_deployment_status:
    task_sequence: Windows 11 - Bare metal
    collection: OSD - Finance pilot
  register: status

- name: Wait until a new device is installed
  configmgr.osd.cm_deployment_status:
    task_sequence: Windows 11 - Bare metal
    collection: OSD - Finance pilot
    devices:
      - PC042
    wait: success
    wait_timeout: 7200

- name: Wait until nine of ten devices are upgraded
  configmgr.osd.cm_deployment_status:
    advertisement_id: PS120004
    wait: percent
    percent: 90
    wait_timeout: 86400
  register: status

- name: Write a page about it
  ansible.builtin.copy:
    content: "{{ status | configmgr.osd.deployment_report }}"
    dest: reports/upgrade.html
    mode: "0644"
  delegate_to: localhost
"""

RETURN = r"""
deployments:
  description: The deployments, an empty list when nothing matches.
  returned: success
  type: list
  elements: dict
  contains:
    kind:
      description: Always V(deployment).
      returned: success
      type: str
      sample: deployment
    planned:
      description: Always V(false); the deployment exists.
      returned: success
      type: bool
      sample: false
    advertisement_id:
      description: The ID.
      returned: success
      type: str
      sample: PS120004
    name:
      description: The name of the advertisement.
      returned: success
      type: str
      sample: Windows 11 - Bare metal_PS100042_OSD - Finance pilot
    task_sequence:
      description: The name of the task sequence.
      returned: success
      type: str
      sample: Windows 11 - Bare metal
    package_id:
      description: The package ID of the task sequence.
      returned: success
      type: str
      sample: PS100042
    collection:
      description: The name of the collection.
      returned: success
      type: str
      sample: OSD - Finance pilot
    collection_id:
      description: The ID of the collection.
      returned: success
      type: str
      sample: PS10002C
    purpose:
      description: Whether devices may or must run the task sequence.
      returned: success
      type: str
      sample: required
    counts:
      description: The number of devices, and how many of them are in each state.
      returned: success
      type: dict
      sample: {targeted: 12, succeeded: 10, failed: 1, running: 1, waiting: 0, not_run: 0}
    success_percent:
      description: The share of the devices that succeeded.
      returned: success
      type: float
      sample: 83.3
    finished:
      description: Whether all devices have ended.
      returned: success
      type: bool
      sample: false
    site_summary:
      description: The site's own counts and when they were made; null without O(site_summary) and before the first one.
      returned: success
      type: dict
      sample:
        summarized_at: "2025-06-01T08:00:00Z"
        targeted: 12
        succeeded: 9
        failed: 1
        running: 2
        waiting: 0
        not_run: 0
    devices:
      description: The devices that O(devices_shown) asks for, by name.
      returned: success
      type: list
      elements: dict
      contains:
        name:
          description: The name.
          returned: success
          type: str
          sample: PC042
        resource_id:
          description: The resource ID, null for a device that the site does not know.
          returned: success
          type: int
          sample: 16777217
        member:
          description: Whether the device is in the collection.
          returned: success
          type: bool
          sample: true
        state:
          description: One of V(succeeded), V(failed), V(running), V(waiting), V(not_run).
          returned: success
          type: str
          sample: failed
        previous_run:
          description: Whether the device's last report is older than O(since).
          returned: success
          type: bool
          sample: false
        site_state:
          description: The number of the state as the site holds it.
          returned: success
          type: int
          sample: 11
        site_state_name:
          description: The name of the state on the site.
          returned: success
          type: str
          sample: Failed
        message_id:
          description: The number of the last message.
          returned: success
          type: int
          sample: 11170
        message:
          description: The short text of the last message.
          returned: success
          type: str
          sample: The task sequence manager could not successfully complete execution of the task sequence
        result:
          description: The result of the last run as the device reported it.
          returned: success
          type: str
          sample: "16389"
        last_status_time:
          description: When the device reported last, null when it never did.
          returned: success
          type: str
          sample: "2025-06-01T08:31:07Z"
        description:
          description: What the site's summary says of the device; null without O(site_summary).
          returned: success
          type: str
          sample: The task sequence manager could not successfully complete execution of the task sequence
failures:
  description: The failed devices, O(max_failures_shown) at most, with the step that failed in their newest run.
  returned: success
  type: list
  elements: dict
  contains:
    advertisement_id:
      description: The ID of the deployment. All keys of a device follow.
      returned: success
      type: str
      sample: PS120004
    name:
      description: The name of the device.
      returned: success
      type: str
      sample: PC042
    group:
      description: The group of the failed step, null when no step was reported.
      returned: success
      type: str
      sample: Install operating system
    step:
      description: The failed step, null when no step was reported.
      returned: success
      type: str
      sample: Apply Windows 11
    step_number:
      description: Its number as reports print it, counted from 1.
      returned: success
      type: int
      sample: 4
    exit_code:
      description: Its exit code.
      returned: success
      type: int
      sample: 16389
    exit_code_hex:
      description: The exit code in hexadecimal digits.
      returned: success
      type: str
      sample: "0x00004005"
    output:
      description: What the step printed.
      returned: success
      type: str
      sample: The image could not be applied.
    failed_at:
      description: When the step failed.
      returned: success
      type: str
      sample: "2025-06-01T08:31:04Z"
    unreadable:
      description: Why the steps of the device could not be read.
      returned: when they could not
      type: str
      sample: Access denied
counts:
  description: The counts of all deployments together.
  returned: success
  type: dict
  sample: {targeted: 12, succeeded: 10, failed: 1, running: 1, waiting: 0, not_run: 0}
timeline:
  description: The counts over the time that the task waited, an entry per change. C(seconds) counts from its start.
  returned: success
  type: list
  elements: dict
  sample:
    - {seconds: 0.0, targeted: 12, succeeded: 0, failed: 0, running: 0, waiting: 12, not_run: 0}
    - {seconds: 912.4, targeted: 12, succeeded: 12, failed: 0, running: 0, waiting: 0, not_run: 0}
msg:
  description: The counts and the failures in words.
  returned: success
  type: str
  sample: "12 devices: 12 succeeded."
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._args import PLANNED_ARGS, SITE_ARGS, WAIT_LIMITS_ARGS

SPEC = {
    "argument_spec": {
        **SITE_ARGS,
        **PLANNED_ARGS,
        **WAIT_LIMITS_ARGS,
        "advertisement_id": {"type": "str"},
        "task_sequence": {"type": "raw"},
        "collection": {"type": "raw"},
        "devices": {"type": "list", "elements": "str"},
        "since": {"type": "str"},
        "wait": {"type": "str", "choices": ["no", "finished", "success", "percent"], "default": "no"},
        "percent": {"type": "int"},
        "fail_fast": {"type": "bool", "default": True},
        "not_run": {"type": "str", "choices": ["fail", "ignore"], "default": "fail"},
        "devices_shown": {"type": "str", "choices": ["all", "unsuccessful", "none"], "default": "all"},
        "site_summary": {"type": "bool", "default": False},
        "max_failures_shown": {"type": "int", "default": 20},
    },
    "mutually_exclusive": [
        ["advertisement_id", "task_sequence"],
        ["advertisement_id", "collection"],
    ],
    "required_one_of": [["advertisement_id", "task_sequence", "collection"]],
    "required_if": [["wait", "percent", ["percent"]]],
}


def main() -> None:
    AnsibleModule(supports_check_mode=True, **SPEC).fail_json(
        msg="This module runs on the control node through its action plugin."
    )


if __name__ == "__main__":
    main()
