# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``sequence_report``: a task sequence as a document for people."""

from __future__ import annotations

import typing as t

from ..plugin_utils._errors import InvalidInput, Problem
from ..plugin_utils._resources import _filters as filters
from ..plugin_utils._sequence.report import html, markdown, mermaid
from ..plugin_utils._sequence.report.build import build
from ..plugin_utils._sequence.report.numbering import SCHEMES

DOCUMENTATION = r"""
name: sequence_report
short_description: Write a report of a task sequence
version_added: 0.1.0
author:
  - Contributors to the configmgr.osd project (@configmgr-osd)
description:
  - Writes a task sequence as a document that people read who never saw YAML. It shows the steps with their numbers,
    nested as the groups are, conditions in words, what every step refers to, where it can run, what is disabled and
    what continues on error, and a summary of the objects and variables that the task sequence uses.
  - The HTML is one file that needs nothing else. It has a light and a dark form and can be printed.
  - Values of secrets are never part of the report. That includes values of variables that are named like a password.
  - The report of the same steps is always the same text, so it can be kept in git.
notes:
  - How a client numbers the steps has not been confirmed on one. With O(numbering=client), a group takes a number where
    it starts and one where it ends, disabled steps keep theirs, and counting begins at 0.
positional: _input
options:
  _input:
    description:
      - The steps in the form that M(configmgr.osd.cm_task_sequence) accepts and
        M(configmgr.osd.cm_task_sequence_info) returns, or a mapping with C(steps) and options of the task
        sequence. The latter is what RV(configmgr.osd.cm_task_sequence_info#module:task_sequences) holds, what the
        filters P(configmgr.osd.from_sequence_xml#filter) and P(configmgr.osd.from_sequence_yaml#filter) return, and
        what a file for the option O(configmgr.osd.cm_task_sequence#module:src) contains.
      - A result of the info module with one task sequence is accepted, too.
      - Where C(references) beside the steps lists the names of objects, steps that hold their IDs show the names.
    type: raw
    required: true
  format:
    description:
      - The form of the report.
      - V(html) is a page, V(markdown) a document with tables for a wiki or a pull request, V(mermaid) a flowchart with
        a node for every step and a box for every group.
    type: str
    choices: [html, markdown, mermaid]
    default: html
  title:
    description:
      - The title; the name of the task sequence when this is omitted.
    type: str
    default: ""
  numbering:
    description:
      - How steps are numbered.
      - V(client) counts as the client does in its log, V(plain) is an outline such as 2.1.3.
    type: str
    choices: [client, plain]
    default: client
  children:
    description:
      - Task sequences that this one runs, by name or package ID. Values are lists of steps, or mappings with C(steps).
      - They are shown where they are run. With O(numbering=client), numbers end at the first enabled one that is
        not given here.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Read the task sequence
  configmgr.osd.cm_task_sequence_info:
    name: Windows 11 - Bare metal
  register: found

- name: Write a page about it
  ansible.builtin.copy:
    content: "{{ found.task_sequences[0] | configmgr.osd.sequence_report }}"
    dest: reports/bare_metal.html
    mode: "0644"
  delegate_to: localhost

- name: Write a document for the wiki, with the steps of the task sequence that it runs
  ansible.builtin.copy:
    content: >-
      {{ found.task_sequences[0] | configmgr.osd.sequence_report(format='markdown',
         children={'Finance - Applications': finance.task_sequences[0]}) }}
    dest: reports/bare_metal.md
    mode: "0644"
  delegate_to: localhost
"""

RETURN = r"""
_value:
  description:
    - The report.
  type: str
"""

_WRITERS: dict[str, t.Callable[..., str]] = {
    "html": html.render,
    "markdown": markdown.render,
    "mermaid": mermaid.render,
}


def sequence_report(
    given: t.Any,
    format: str = "html",
    title: str | None = "",
    numbering: str = "client",
    children: t.Any = None,
) -> t.Any:
    """Return the report; raises ``AnsibleFilterError`` for anything that is no task sequence."""
    with filters.named("sequence_report"):
        writer = _WRITERS[filters.choice("format", format, tuple(_WRITERS))]
        scheme = filters.choice("numbering", numbering, SCHEMES)
        known = filters.argument(children) or {}
        if not isinstance(known, dict):
            raise InvalidInput([Problem("children", "", "must be a mapping of names to steps")])
        steps, heading = filters.argument(given), filters.argument(title) or ""
        return filters.result(writer(build(steps, title=heading, scheme=scheme, children=known)))


class FilterModule:
    """The collection's filter ``sequence_report``."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"sequence_report": sequence_report}
