# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``sequence_references``: what a task sequence needs from a site."""

from __future__ import annotations

import typing as t

from ..plugin_utils._resources import _filters as filters
from ..plugin_utils._sequence.listing import list_references

DOCUMENTATION = r"""
name: sequence_references
short_description: List what the steps of a task sequence refer to
version_added: 0.1.0
author:
  - Contributors to the configmgr.osd project (@configmgr-osd)
description:
  - Lists every package, program, image, application, task sequence and other object that steps refer to, as it is
    written there, without a site.
positional: _input
options:
  _input:
    description:
      - The steps, or a mapping with C(steps) as M(configmgr.osd.cm_task_sequence_info),
        P(configmgr.osd.from_sequence_xml#filter) and P(configmgr.osd.from_sequence_yaml#filter) return it.
    type: raw
    required: true
seealso:
  - module: configmgr.osd.cm_object_usage_info
"""

EXAMPLES = r"""
- name: Show which task sequences this one runs
  ansible.builtin.debug:
    msg: >-
      {{ found.task_sequences[0] | configmgr.osd.sequence_references
         | selectattr('kind', 'equalto', 'task_sequence') | map(attribute='name') | unique }}
"""

RETURN = r"""
_value:
  description:
    - One mapping for each reference, in run order. C(kind) is the kind of the object, C(name) or C(id) what the step
      says and the other one is null; C(version), C(manufacturer) and C(language) are there where the step narrows a
      name down, and C(package) with a program.
    - C(step) is the list of the names of the groups and of the step, C(path) the place of the option such as
      C(steps[0].package), C(edition) says whether the step names an edition of the image.
  type: list
  elements: dict
"""


def sequence_references(data: t.Any) -> list[dict[str, t.Any]]:
    """Return the references of steps; raises ``AnsibleFilterError`` where the steps are wrong."""
    with filters.named("sequence_references"):
        given = filters.argument(data)
        steps = given.get("steps") if isinstance(given, dict) else given
        return filters.result(list_references(steps))


class FilterModule:
    """The collection's filter ``sequence_references``."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"sequence_references": sequence_references}
