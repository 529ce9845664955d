# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``to_sequence_yaml``: a task sequence as a file for version control."""

from __future__ import annotations

import typing as t

from ..plugin_utils._errors import InvalidInput, Problem
from ..plugin_utils._resources import _filters as filters
from ..plugin_utils._resources._ts_options import OPTIONS
from ..plugin_utils._sequence.yaml_file import write

DOCUMENTATION = r"""
name: to_sequence_yaml
short_description: Write a task sequence as a YAML file
version_added: 0.1.0
author:
  - Contributors to the configmgr.osd project (@configmgr-osd)
description:
  - Writes a task sequence as the file that O(configmgr.osd.cm_task_sequence#module:src) reads.
  - Scripts are blocks, short conditions and partitions are one line, options stand in the order of the documentation.
    Equal task sequences make equal files, and writing a file that was read changes nothing in it.
  - Every text that Jinja would take for a template is marked C(!unsafe), so the same file can be loaded as variables.
  - A script whose lines end with blanks becomes a mapping with C(text) and C(end_of_line), a mark that stands at the
    end of each such line and is no part of the script. With O(normalize=true) the blanks are removed instead.
positional: _input
options:
  _input:
    description:
      - The steps, or a mapping with C(steps) and package options as M(configmgr.osd.cm_task_sequence_info),
        P(configmgr.osd.from_sequence_xml#filter) and P(configmgr.osd.from_sequence_yaml#filter) return it. Other keys
        are left out; C(warnings) become comments.
    type: raw
    required: true
  normalize:
    description:
      - Whether blanks at the ends of lines are removed from scripts, and each script ends with one line end. This
        changes the scripts, though hardly what they do.
    type: bool
    default: false
seealso:
  - plugin: configmgr.osd.from_sequence_yaml
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Read a task sequence
  configmgr.osd.cm_task_sequence_info:
    name: Windows 11 - Finance
  register: found

- name: Write it to the project
  ansible.builtin.copy:
    content: "{{ found.task_sequences[0] | configmgr.osd.to_sequence_yaml }}"
    dest: files/windows-11-finance.yml
    mode: "0644"
  delegate_to: localhost
"""

RETURN = r"""
_value:
  description:
    - The content of the file.
  type: str
"""


def to_sequence_yaml(data: t.Any, normalize: bool = False) -> str:
    """Return the file of a task sequence; raises ``AnsibleFilterError`` for anything that is none."""
    with filters.named("to_sequence_yaml"):
        given = filters.argument(data)
        given = given if isinstance(given, dict) else {"steps": given}
        if given.get("steps") is None:
            rule = "are missing; cm_task_sequence_info reads them by name or package_id, or with gather: [steps]"
            raise InvalidInput([Problem("steps", "", rule)])
        warnings = given.get("warnings")
        remarks = [str(text) for text in warnings] if isinstance(warnings, list) else []
        clean = filters.flag("normalize", normalize)
        return filters.result(write(given, options=OPTIONS, normalize=clean, remarks=remarks))


class FilterModule:
    """The collection's filter ``to_sequence_yaml``."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"to_sequence_yaml": to_sequence_yaml}
