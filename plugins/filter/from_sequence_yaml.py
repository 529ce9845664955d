# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``from_sequence_yaml``: the inverse of ``to_sequence_yaml``."""

from __future__ import annotations

import typing as t

from ..plugin_utils._errors import InvalidInput, Problem
from ..plugin_utils._resources import _filters as filters
from ..plugin_utils._sequence import xml_tree
from ..plugin_utils._sequence.yaml_file import read, substitute

DOCUMENTATION = r"""
name: from_sequence_yaml
short_description: Read the YAML file of a task sequence
version_added: 0.1.0
author:
  - Contributors to the configmgr.osd project (@configmgr-osd)
description:
  - Reads the content of a file as O(configmgr.osd.cm_task_sequence#module:src) does, without templating, and returns
    what is in it. Nothing in the file is run or decrypted.
  - Takes the content of a file, not its name.
positional: _input
options:
  _input:
    description:
      - The content of the file.
    type: str
    required: true
  variables:
    description:
      - Values for the places that name a variable, a mapping with the only key C(var).
        Without this option such a mapping stays as it is.
    type: dict
seealso:
  - plugin: configmgr.osd.to_sequence_yaml
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show a file as a tree
  ansible.builtin.debug:
    msg: >-
      {{ (lookup('ansible.builtin.file', 'windows-11.yml') | configmgr.osd.from_sequence_yaml).steps
         | configmgr.osd.sequence_tree }}
"""

RETURN = r"""
_value:
  description:
    - A mapping with C(steps) and the package options of the file.
  type: dict
"""


def from_sequence_yaml(content: t.Any, variables: t.Any = None) -> dict[str, t.Any]:
    """Return what a file holds; raises ``AnsibleFilterError`` with the line of what is wrong."""
    with filters.named("from_sequence_yaml"):
        found = read(xml_tree.decode(filters.content(content), "content"), source="content")
        if variables is not None:
            values = filters.argument(variables)
            if not isinstance(values, dict):
                raise InvalidInput([Problem("variables", "", "must be a mapping of names and values")])
            found, _unused = substitute(found, values)
        return filters.result(found)


class FilterModule:
    """The collection's filter ``from_sequence_yaml``."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"from_sequence_yaml": from_sequence_yaml}
