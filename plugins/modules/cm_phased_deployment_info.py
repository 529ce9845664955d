#!/usr/bin/python
# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cm_phased_deployment_info
short_description: Read phased deployments of task sequences
version_added: 0.1.0
description:
  - Returns phased deployments with their phases.
  - There is no module that writes them. A phased deployment is one XML document in a class that Microsoft has not
    documented, and nothing would tell a wrong one from a right one before it starts. Build the phases from
    M(configmgr.osd.cm_advertisement), one per collection, with M(configmgr.osd.cm_deployment_status) between them.
author:
  - configmgr.osd contributors (@configmgr-osd)
extends_documentation_fragment:
  - configmgr.osd._attributes
  - configmgr.osd._attributes.action_group
  - configmgr.osd._attributes.info
  - configmgr.osd._site
options:
  phased_deployment_id:
    description:
      - The ID of one phased deployment.
    type: str
  name:
    description:
      - The name of the phased deployment.
    type: str
  task_sequence:
    description:
      - The task sequence, by name or as V(id:PS100042).
    type: raw
notes:
  - Microsoft says that an account needs the scope All to see every phased deployment.
  - Each phase that starts makes an ordinary advertisement, which M(configmgr.osd.cm_advertisement_info) shows.
seealso:
  - module: configmgr.osd.cm_advertisement_info
"""

EXAMPLES = r"""
- name: Which phases are left to be started by hand?
  configmgr.osd.cm_phased_deployment_info:
    task_sequence: Windows 10 - in-place upgrade
  register: phased
"""

RETURN = r"""
phased_deployments:
  description: The phased deployments of task sequences, an empty list when nothing matches.
  returned: success
  type: list
  elements: dict
  contains:
    kind:
      description: Always V(phased_deployment).
      returned: success
      type: str
      sample: phased_deployment
    planned:
      description: Always V(false).
      returned: success
      type: bool
      sample: false
    phased_deployment_id:
      description: The ID.
      returned: success
      type: str
      sample: 1F1C4A5E-6D0B-4B0C-9B0F-0C5B1D8E2A11
    name:
      description: The name.
      returned: success
      type: str
      sample: Windows 11 in two waves
    description:
      description: The description.
      returned: success
      type: str
      sample: ""
    task_sequence:
      description: The task sequence, as a reference.
      returned: success
      type: raw
      sample: Windows 11 - Finance
    phases:
      description: The phases in their order, empty when the site's form of them is not understood.
      returned: success
      type: list
      elements: dict
      contains:
        phase_id:
          description: The ID of the phase.
          returned: success
          type: str
          sample: 0B7B6D11-2B0E-4B8E-8A55-5B7D7C3E0F01
        order:
          description: The number of the phase.
          returned: success
          type: int
          sample: 1
        collection:
          description: The collection, as a reference.
          returned: success
          type: raw
          sample: OSD - Finance pilot
        success_criteria:
          description: What counts as success, C(type) and C(value) as the site has them.
          returned: success
          type: dict
          sample: {type: Compliance, value: 95}
        begin:
          description: How the phase begins, V(manually) or V(after_days).
          returned: success
          type: str
          sample: after_days
        days_after_success:
          description: Days between the success of the phase before and the beginning of this one.
          returned: success
          type: int
          sample: 1
        throttling_days:
          description: Days over which the deployment is made available bit by bit.
          returned: success
          type: int
          sample: 7
        advert_flags:
          description: The bits of C(AdvertFlags) that the phase's advertisement gets.
          returned: success
          type: int
          sample: 9109504
        remote_client_flags:
          description: The bits of C(RemoteClientFlags) that the phase's advertisement gets.
          returned: success
          type: int
          sample: 34896
    digest:
      description: The XML of the phases as the site holds it.
      returned: success
      type: str
      sample: "<PhasedDeployment/>"
error:
  description: The failure in a form that a playbook can test.
  returned: failure
  type: dict
  contains:
    code:
      description: A stable word; see the error table in the guide.
      returned: failure
      type: str
      sample: invalid_class
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._args import SITE_ARGS

SPEC = {
    "argument_spec": {
        **SITE_ARGS,
        "phased_deployment_id": {"type": "str"},
        "name": {"type": "str"},
        "task_sequence": {"type": "raw"},
    },
}


def main() -> None:
    AnsibleModule(supports_check_mode=True, **SPEC).fail_json(
        msg="This module runs on the control node through its action plugin."
    )


if __name__ == "__main__":
    main()
