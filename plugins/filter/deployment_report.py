# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``deployment_report``: how far deployments are, as a document for people."""

from __future__ import annotations

import typing as t

from ..plugin_utils._resources import _filters as filters
from ..plugin_utils._resources import _status_page as page
from ..plugin_utils._resources._status_report import build, markdown

DOCUMENTATION = r"""
name: deployment_report
short_description: Write a report of deployments
version_added: 0.1.0
author:
  - configmgr.osd contributors (@configmgr-osd)
description:
  - Writes a result of M(configmgr.osd.cm_deployment_status) as a document. It shows the numbers, a chart of the states
    over time, the failed devices with step, exit code and output, and every device.
  - The HTML is one file that needs nothing else; the chart is drawn in it. It has a light and a dark form and can be
    printed.
  - The chart shows what the task saw while it waited. After a single look it shows when devices ended, from the
    times of their last reports.
  - The same result always gives the same text.
positional: _input
options:
  _input:
    description:
      - The registered result of M(configmgr.osd.cm_deployment_status), also that of a task that failed.
    type: dict
    required: true
  format:
    description:
      - The form of the report, a page or a document with tables for a wiki.
    type: str
    choices: [html, markdown]
    default: html
  title:
    description:
      - The title; the names of task sequence and collection when this is omitted.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: Wait for the pilot
  configmgr.osd.cm_deployment_status:
    task_sequence: Windows 11 - In-place upgrade
    collection: Upgrade pilot
    wait: finished
  register: status

- name: Write a page about it
  ansible.builtin.copy:
    content: "{{ status | configmgr.osd.deployment_report(title='Upgrade of the pilot') }}"
    dest: reports/pilot.html
    mode: "0644"
  delegate_to: localhost
"""

RETURN = r"""
_value:
  description:
    - The report.
  type: str
"""

_WRITERS = {"html": page.render, "markdown": markdown}


def deployment_report(given: t.Any, format: str = "html", title: str | None = "") -> t.Any:
    """Return the report; raises ``AnsibleFilterError`` for anything that is no result of the module."""
    with filters.named("deployment_report"):
        writer = _WRITERS[filters.choice("format", format, tuple(_WRITERS))]
        return filters.result(writer(build(filters.argument(given), str(filters.argument(title) or ""))))


class FilterModule:
    """The collection's filter ``deployment_report``."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"deployment_report": deployment_report}
