# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``fill_sequence_secrets``: secrets for steps that were read from a site, which never shows them."""

from __future__ import annotations

import typing as t

from ..plugin_utils._resources import _filters as filters
from ..plugin_utils._sequence.listing import fill_secrets, read_fillings

DOCUMENTATION = r"""
name: fill_sequence_secrets
short_description: Put secrets into steps that were read from a site
version_added: 0.1.0
author:
  - Contributors to the configmgr.osd project (@configmgr-osd)
description:
  - M(configmgr.osd.cm_task_sequence_info) returns C(<stored on site>) for every stored secret, which another site
    cannot use. This filter puts the values that a play has in its vault in place of that constant.
  - Only the constant is replaced. An entry that fits no place is an error, and no message shows a value.
positional: _input, values
options:
  _input:
    description:
      - The steps.
    type: list
    elements: dict
    required: true
  values:
    description:
      - The secrets, each a mapping with C(path), the list of the names of the groups and of the step, C(option), the
        option that holds the secret such as V(password) or C(rules[0].set.Key), and C(value).
      - With C(task_sequence) an entry is for the task sequence of this name only.
    type: list
    elements: dict
    required: true
  task_sequence:
    description:
      - The name of the task sequence that the steps are of. Entries that name another one are left out.
    type: str
seealso:
  - module: configmgr.osd.cm_task_sequence
"""

EXAMPLES = r"""
- name: Read the task sequence of the test site
  configmgr.osd.cm_task_sequence_info:
    name: Windows 11 - Finance
  delegate_to: test_site
  register: found

- name: Make the same one here
  configmgr.osd.cm_task_sequence:
    name: Windows 11 - Finance
    steps: "{{ found.task_sequences[0].steps | configmgr.osd.fill_sequence_secrets(secrets) }}"
  vars:
    secrets:
      - path: [Set up the computer, Join the domain]
        option: password
        value: "{{ vault_join_password }}"
"""

RETURN = r"""
_value:
  description:
    - The steps with the secrets in them. Use them in the option of a task at once, not in a fact or a message.
  type: list
  elements: dict
"""


def fill_sequence_secrets(steps: t.Any, values: t.Any, task_sequence: str | None = None) -> list[t.Any]:
    """Return the steps with secrets; raises ``AnsibleFilterError`` for an entry that fits no place."""
    with filters.named("fill_sequence_secrets"):
        fillings = read_fillings(filters.argument(values), filters.argument(task_sequence))
        return filters.result(fill_secrets(filters.argument(steps), fillings))


class FilterModule:
    """The collection's filter ``fill_sequence_secrets``."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"fill_sequence_secrets": fill_sequence_secrets}
