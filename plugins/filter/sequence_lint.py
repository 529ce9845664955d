# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``sequence_lint``: what is wrong or dangerous in a task sequence, without a site."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleFilterError

from ..plugin_utils._errors import InvalidInput
from ..plugin_utils._input import plain
from ..plugin_utils._sequence.lint.source import lint_data

DOCUMENTATION = r"""
name: sequence_lint
short_description: Find what is wrong or dangerous in a task sequence
version_added: 0.1.0
author:
  - Contributors to the configmgr.osd project (@configmgr-osd)
description:
  - Checks a task sequence with the rules that the lint reference of this collection describes, and returns what it
    finds in run order.
  - No site is asked. References may be names or IDs.
  - Messages never contain the value of a secret.
positional: _input
options:
  _input:
    description:
      - The steps in the form that M(configmgr.osd.cm_task_sequence) accepts and
        M(configmgr.osd.cm_task_sequence_info) returns.
      - Or a dictionary with C(steps), such as a returned task sequence or the parsed content of a task sequence file.
        C(name), C(description), C(boot_image), and C(platforms) beside the steps are checked too, and C(lint_ignore)
        adds to O(ignore). An empty C(boot_image) says that there is none; without the key it is not known.
      - A whole value of a file that is a mapping with the only key C(var) is replaced from O(variables).
    type: raw
    required: true
  ignore:
    description:
      - Rules to leave out. An entry is the ID of a rule, or a dictionary with C(rule) and C(path).
      - C(path) is a path as in the findings, or the list of names that leads to the step or group. Everything
        inside it is covered.
      - An entry that covers nothing is reported by C(unused-ignore).
    type: list
    elements: raw
    default: []
  enable:
    description:
      - IDs of rules that are off by default.
    type: list
    elements: str
    default: []
  severity:
    description:
      - The least severity that is returned.
    type: str
    choices: [error, warning, info]
    default: info
  variables:
    description:
      - Values for the places of a file that name a variable. A place without a value is an unknown text.
    type: dict
    default: {}
  max_envelope_size:
    description:
      - The MaxEnvelopeSizekb of the server, for the rule C(envelope-size). The default is the limit of an
        unchanged server.
    type: int
seealso:
  - plugin: configmgr.osd.clean_sequence
    plugin_type: test
"""

EXAMPLES = r"""
- name: Read a task sequence file
  ansible.builtin.set_fact:
    bare_metal: >-
      {{ lookup('ansible.builtin.file', 'bare_metal.yml', rstrip=false)
      | configmgr.osd.from_sequence_yaml }}

- name: Show what is wrong with it
  ansible.builtin.debug:
    msg: "{{ bare_metal | configmgr.osd.sequence_lint(severity='warning') }}"

- name: Accept one finding, and check variables as well
  ansible.builtin.debug:
    msg: "{{ bare_metal | configmgr.osd.sequence_lint(ignore=accepted, enable=['unset-variable']) }}"
  vars:
    accepted:
      - disabled-step
      - rule: unguarded-partition
        path: [Prepare disk, Partition disk 0]
"""

RETURN = r"""
_value:
  description:
    - One dictionary for each finding, in run order. Each has C(rule), C(severity), C(path), C(step) (the name of the
      step or group, empty for the task sequence as a whole), C(message), and C(hint).
    - Empty when nothing was found.
  type: list
  elements: dict
"""


def sequence_lint(
    value: t.Any,
    ignore: t.Any = (),
    enable: t.Any = (),
    severity: str = "info",
    variables: t.Any = None,
    max_envelope_size: int | None = None,
) -> list[dict[str, str]]:
    """Return the findings as plain data; raises ``AnsibleFilterError`` for anything that is no task sequence."""
    try:
        found = lint_data(
            plain(value),
            ignore=plain(ignore),
            enable=plain(enable),
            severity=plain(severity),
            variables=plain(variables or {}),
            max_envelope_size=max_envelope_size,
        )
    except InvalidInput as error:
        raise AnsibleFilterError(f"sequence_lint: {error}") from error
    return [finding.as_dict() for finding in found]


class FilterModule:
    """The collection's filter ``sequence_lint``."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"sequence_lint": sequence_lint}
