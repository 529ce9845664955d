# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``sequence_diff``: what makes one task sequence another, for people and for machines."""

from __future__ import annotations

import typing as t

from ..plugin_utils._errors import InvalidInput, Problem
from ..plugin_utils._resources import _filters as filters
from ..plugin_utils._resources._ts_options import OPTIONS
from ..plugin_utils._sequence.review import compare, side

DOCUMENTATION = r"""
name: sequence_diff
short_description: Compare two task sequences
version_added: 0.1.0
author:
  - Contributors to the configmgr.osd project (@configmgr-osd)
description:
  - Compares two task sequences step by step and says which steps were added, removed, moved, renamed, enabled or
    disabled, and which options, conditions and scripts changed.
  - Settings are equal under the rules that the modules use, so what reads differently but means the same is no change.
  - References are compared as they are written, so a name and an ID are different.
  - Values of secrets are neither compared nor shown. A step that was moved and renamed at once is shown as that, but
    the modules carry no secret over to it.
positional: _input, other
options:
  _input:
    description:
      - The old side.
      - Steps, a mapping with C(steps) as the filters and M(configmgr.osd.cm_task_sequence_info) return it, a
        result of that module with one task sequence, or the content of a YAML file, a C(<sequence>) document, an
        C(object.xml) or an export zip. C(none) is a task sequence that does not exist.
    type: raw
    required: true
  other:
    description:
      - The new side, in any of the same forms.
    type: raw
    required: true
  format:
    description:
      - V(text) is for people, V(data) a list of changes.
    type: str
    choices: [text, data]
    default: text
  max_lines:
    description:
      - Most lines of the text. What is left out is counted in the last line. Without it everything is shown.
    type: int
notes:
  - Options of the package count where both sides have them.
"""

EXAMPLES = r"""
- name: Read what the site has
  configmgr.osd.cm_task_sequence_info:
    name: Windows 11 - Finance
  register: live

- name: Show what the file would change
  ansible.builtin.debug:
    msg: "{{ (live | configmgr.osd.sequence_diff(lookup('ansible.builtin.file', 'windows-11.yml'))).splitlines() }}"

- name: Fail when a script differs between two versions of a file
  ansible.builtin.assert:
    that:
      - old | configmgr.osd.sequence_diff(new, format='data') | selectattr('kind', 'equalto', 'script') | length == 0
  vars:
    old: "{{ lookup('ansible.builtin.file', 'old.yml') }}"
    new: "{{ lookup('ansible.builtin.file', 'new.yml') }}"
"""

RETURN = r"""
_value:
  description:
    - The text, lines separated by LF and empty when nothing differs; or the list of changes in run order.
    - A change is a mapping. C(kind) is C(option) (of the package), C(added), C(removed), C(moved), C(renamed),
      C(enabled), C(disabled), C(changed), C(condition) or C(script); the last is any text of several lines.
    - C(path) is the list of the names of the groups and of the step, C(type) the type of the step, C(option) the option
      that changed, C(old) and C(new) the values in the form of a play (the paths for C(moved), the whole step without
      inner steps for C(added) and C(removed)), C(lines) a line diff for C(script) and what is lost with a step for
      C(removed), C(old_place) and C(new_place) the places such as C(steps[0].steps[2]).
  type: raw
"""


def sequence_diff(
    old: t.Any, other: t.Any, format: str = "text", max_lines: int | None = None
) -> str | list[dict[str, t.Any]]:
    """Return what differs; raises ``AnsibleFilterError`` for a side that is no task sequence."""
    with filters.named("sequence_diff"):
        wanted = filters.choice("format", format, ("text", "data"))
        if max_lines is not None and (isinstance(max_lines, bool) or not isinstance(max_lines, int) or max_lines < 1):
            raise InvalidInput([Problem("max_lines", str(max_lines), "must be a whole number above 0")])
        sides = [
            side(filters.argument(value), source, OPTIONS, filters.package_options)
            for value, source in ((old, "a"), (other, "b"))
        ]
        review = compare(*sides)
        return filters.result(review.text(max_lines) if wanted == "text" else review.data())


class FilterModule:
    """The collection's filter ``sequence_diff``."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"sequence_diff": sequence_diff}
