#!/usr/bin/python
# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cm_site_info
short_description: Show the site behind a host
version_added: 0.1.0
description:
  - Finds the site of the inventory host through its SMS Provider and shows its code, name, version, and providers, and
    the security scopes that the account sees.
  - A good first task of a play, because it proves that the connection, the rights, and the site code are right.
author:
  - configmgr.osd contributors (@configmgr-osd)
extends_documentation_fragment:
  - configmgr.osd._attributes
  - configmgr.osd._attributes.action_group
  - configmgr.osd._attributes.info
  - configmgr.osd._site
seealso:
  - module: configmgr.osd.cm_object_info
"""

EXAMPLES = r"""
- name: Find the site
  configmgr.osd.cm_site_info:
  register: found

- name: Use its code in the tasks that follow, which saves each of them a request
  ansible.builtin.set_fact:
    site_code: "{{ found.site.site_code }}"
"""

RETURN = r"""
site:
  description: The site.
  returned: success
  type: dict
  contains:
    site_code:
      description: The code.
      returned: success
      type: str
      sample: P01
    site_name:
      description: The name.
      returned: success
      type: str
      sample: Contoso Headquarters
    namespace:
      description: The WMI namespace of the site.
      returned: success
      type: str
      sample: root/sms/site_P01
    version:
      description: The version; empty when the account may not see the site object.
      returned: success
      type: str
      sample: 5.00.9122.1000
    build_number:
      description: The build number; V(null) when the account may not see the site object.
      returned: success
      type: int
      sample: 9122
    type:
      description: The kind of site, V(primary), V(cas), or V(secondary).
      returned: success
      type: str
      sample: primary
    server:
      description: The site server.
      returned: success
      type: str
      sample: CM01.corp.example.com
    parent_site_code:
      description: The code of the site above it; empty for none.
      returned: success
      type: str
      sample: ""
    providers:
      description: The SMS Providers that the host knows.
      returned: success
      type: list
      elements: dict
      contains:
        machine:
          description: The computer.
          returned: success
          type: str
          sample: CM01.corp.example.com
        site_code:
          description: The site that it serves.
          returned: success
          type: str
          sample: P01
        namespace:
          description: The WMI namespace on that computer.
          returned: success
          type: str
          sample: root/sms/site_P01
        local:
          description: Whether it serves the site of this host.
          returned: success
          type: bool
          sample: true
    scopes:
      description: The security scopes that the account sees.
      returned: success
      type: list
      elements: str
      sample: [All, Default]
error:
  description: The failure in a form that a playbook can test.
  returned: failure
  type: dict
  contains:
    code:
      description: A stable word; see the error table in the guide.
      returned: failure
      type: str
      sample: access_denied
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._args import SITE_ARGS

SPEC = {
    "argument_spec": {
        **SITE_ARGS,
    },
}


def main() -> None:
    AnsibleModule(supports_check_mode=True, **SPEC).fail_json(
        msg="This module runs on the control node through its action plugin."
    )


if __name__ == "__main__":
    main()
