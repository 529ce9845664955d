# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``from_schedule_text``: the digits of schedules as the entries that a play writes."""

from __future__ import annotations

import typing as t

from ..plugin_utils._errors import InvalidInput, Problem
from ..plugin_utils._provider import assignments
from ..plugin_utils._resources import _filters as filters

DOCUMENTATION = r"""
name: from_schedule_text
short_description: Read the text of schedules
version_added: 0.1.0
author:
  - Contributors to the configmgr.osd project (@configmgr-osd)
description:
  - Reads the text of schedules, 16 hexadecimal digits for each, as C(Convert-CMSchedule), maintenance windows, and
    databases show it.
  - Returns the schedules in the form of O(configmgr.osd.cm_advertisement#module:assignments).
  - Five layouts are known. A schedule of another layout comes back as a mapping with its digits as C(token).
positional: _input
options:
  _input:
    description:
      - The digits.
    type: str
    required: true
seealso:
  - plugin: configmgr.osd.to_schedule_text
    plugin_type: filter
  - module: configmgr.osd.cm_advertisement
"""

EXAMPLES = r"""
- name: Show when a maintenance window opens
  ansible.builtin.debug:
    msg: "{{ '00811A9E081A2000' | configmgr.osd.from_schedule_text }}"
  # [{"start": "2012-01-01 04:00", "every": {"weeks": 1, "weekday": "monday"}, "duration": {"hours": 1, "minutes": 30}}]
"""

RETURN = r"""
_value:
  description:
    - The schedules, in their order.
  type: list
  elements: dict
"""


def from_schedule_text(text: t.Any) -> list[dict[str, t.Any]]:
    """Return the schedules of a text; raises ``AnsibleFilterError`` for anything that is none."""
    with filters.named("from_schedule_text"):
        found = filters.argument(text)
        try:
            return assignments.describe(str(found).strip())
        except ValueError as error:
            raise InvalidInput([Problem("text", str(found), str(error))]) from None


class FilterModule:
    """The collection's filter ``from_schedule_text``."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"from_schedule_text": from_schedule_text}
