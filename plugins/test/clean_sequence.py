# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The test ``clean_sequence``: whether lint finds nothing in a task sequence."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleFilterError

from ..plugin_utils._errors import InvalidInput
from ..plugin_utils._input import plain
from ..plugin_utils._sequence.lint.source import lint_data

DOCUMENTATION = r"""
name: clean_sequence
short_description: Whether a task sequence is free of findings
version_added: 0.1.0
author:
  - Contributors to the configmgr.osd project (@configmgr-osd)
description:
  - Checks a task sequence as P(configmgr.osd.sequence_lint#filter) does, and is true when nothing of the given
    severity or worse is found.
  - No site is asked.
positional: _input
options:
  _input:
    description:
      - A list of steps, or a dictionary with C(steps), as for P(configmgr.osd.sequence_lint#filter).
    type: raw
    required: true
  severity:
    description:
      - The least severity that counts.
    type: str
    choices: [error, warning, info]
    default: warning
  ignore:
    description:
      - Rules to leave out, everywhere or for one step, as for P(configmgr.osd.sequence_lint#filter).
    type: list
    elements: raw
    default: []
  enable:
    description:
      - IDs of rules that are off by default.
    type: list
    elements: str
    default: []
  variables:
    description:
      - Values for the places of a file that name a variable.
    type: dict
    default: {}
  max_envelope_size:
    description:
      - The MaxEnvelopeSizekb of the server.
    type: int
seealso:
  - plugin: configmgr.osd.sequence_lint
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Stop the pipeline when a task sequence file has a finding
  ansible.builtin.assert:
    that: bare_metal is configmgr.osd.clean_sequence
    fail_msg: "{{ bare_metal | configmgr.osd.sequence_lint(severity='warning') }}"
  vars:
    bare_metal: >-
      {{ lookup('ansible.builtin.file', 'bare_metal.yml', rstrip=false)
      | configmgr.osd.from_sequence_yaml }}
"""

RETURN = r"""
_value:
  description:
    - Whether nothing of O(severity) or worse was found.
  type: bool
"""


def clean_sequence(
    value: t.Any,
    severity: str = "warning",
    ignore: t.Any = (),
    enable: t.Any = (),
    variables: t.Any = None,
    max_envelope_size: int | None = None,
) -> bool:
    """Return whether nothing is found; raises ``AnsibleFilterError`` for anything that is no task sequence."""
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
        raise AnsibleFilterError(f"clean_sequence: {error}") from error
    return not found


class TestModule:
    """The collection's test ``clean_sequence``."""

    __test__ = False  # The name is Ansible's; pytest would collect the class.

    def tests(self) -> dict[str, t.Callable[..., bool]]:
        return {"clean_sequence": clean_sequence}
