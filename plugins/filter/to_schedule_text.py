# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``to_schedule_text``: schedules as a play writes them as digits."""

from __future__ import annotations

import typing as t

from ..plugin_utils._errors import InvalidInput, Problem
from ..plugin_utils._provider import assignments
from ..plugin_utils._resources import _filters as filters

DOCUMENTATION = r"""
name: to_schedule_text
short_description: Write schedules as text
version_added: 0.1.0
author:
  - Contributors to the configmgr.osd project (@configmgr-osd)
description:
  - Writes schedules in the form of O(configmgr.osd.cm_advertisement#module:assignments) as text, 16 hexadecimal digits
    for each, as C(New-CMSchedule -ScheduleString) and other tools take it.
  - Events have no such text and are refused. A mapping with C(token) goes on as it is.
positional: _input
options:
  _input:
    description:
      - The schedules.
    type: list
    elements: dict
    required: true
seealso:
  - plugin: configmgr.osd.from_schedule_text
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show the digits of a schedule
  ansible.builtin.debug:
    msg: "{{ schedules | configmgr.osd.to_schedule_text }}"
  vars:
    schedules:
      - {start: "2025-06-01 22:00", every: {months: 1, day: last}, duration: {hours: 4}}
"""

RETURN = r"""
_value:
  description:
    - The digits.
  type: str
"""


def to_schedule_text(schedules: t.Any) -> str:
    """Return the digits of schedules; raises ``AnsibleFilterError`` with everything that is wrong."""
    with filters.named("to_schedule_text"):
        given = filters.argument(schedules)
        if not isinstance(given, list):
            raise InvalidInput([Problem("schedules", type(schedules).__name__, "must be a list")])
        problems: list[Problem] = []
        text = assignments.to_text(given, "schedules", problems)
        if problems:
            raise InvalidInput(problems)
        return text


class FilterModule:
    """The collection's filter ``to_schedule_text``."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"to_schedule_text": to_schedule_text}
