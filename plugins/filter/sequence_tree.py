# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``sequence_tree``: a task sequence as a tree that a person likes to read."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleFilterError

DOCUMENTATION = r"""
name: sequence_tree
short_description: Show the steps of a task sequence as a tree
version_added: 0.1.0
author:
  - Contributors to the configmgr.osd project (@configmgr-osd)
description:
  - Draws the steps of a task sequence as lines of text, one step a line, nested as the groups are.
  - A line says what the step is, what it refers to, under which condition it runs, and whether it is disabled or
    continues on error.
  - Values of secret options are never shown.
positional: _input
options:
  _input:
    description:
      - The steps in the form that M(configmgr.osd.cm_task_sequence) accepts and
        M(configmgr.osd.cm_task_sequence_info) returns, or a mapping with C(steps), or a result of that module with one
        task sequence.
    type: raw
    required: true
  title:
    description:
      - The first line.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: Show a task sequence
  ansible.builtin.debug:
    msg: "{{ (found | configmgr.osd.sequence_tree(title='Windows 11')).splitlines() }}"
"""

RETURN = r"""
_value:
  description:
    - The tree, lines separated by LF.
  type: str
"""

_REFERENCES = (
    "package",
    "image",
    "upgrade_package",
    "driver_package",
    "task_sequence",
    "applications",
    "packages",
    "unattend_package",
)
_WORDS = {
    "equals": "=",
    "not_equals": "<>",
    "less": "<",
    "less_equal": "<=",
    "greater": ">",
    "greater_equal": ">=",
    "exists": "exists",
    "not_exists": "does not exist",
    "like": "is like",
    "not_like": "is not like",
}


def _reference(value: t.Any) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(_reference(item) for item in value)
    if isinstance(value, dict):
        return " ".join(str(value[key]) for key in ("name", "version", "id") if value.get(key))
    return str(value)


def _entry(entry: t.Any) -> str:
    """Return one entry of a condition in words."""
    if not isinstance(entry, dict):
        return str(entry)
    for key, word in (("all", " and "), ("any", " or "), ("none", " or ")):
        if key in entry:
            inner = word.join(_entry(item) for item in entry[key] or [])
            return f"not ({inner})" if key == "none" else f"({inner})"
    operator = _WORDS.get(str(entry.get("operator", "equals")), str(entry.get("operator")))
    value = entry.get("value")
    tail = f" {operator}" if "exist" in operator else f" {operator} {'' if value is None else value}"
    if "variable" in entry:
        return f"{entry['variable']}{tail}"
    if "registry" in entry:
        return f"registry {entry['registry']}\\{entry.get('value_name', '')}{tail}"
    if "wmi" in entry:
        return f"WMI: {entry['wmi']}"
    for kind in ("file", "folder", "software", "operating_system", "os_language"):
        if kind in entry:
            return f"{kind.replace('_', ' ')} {_reference(entry[kind])}"
    return str(entry.get("class", "condition"))


def _line(step: dict[str, t.Any]) -> str:
    parts = [str(step.get("name", ""))]
    if "steps" not in step:
        parts.append(f"({step.get('type', '')})")
    shown = [_reference(step[key]) for key in _REFERENCES if step.get(key)]
    if shown and step.get("program"):
        shown[0] += f" / {step['program']}"
    if shown:
        parts.append("-> " + "; ".join(shown))
    notes = []
    if step.get("condition"):
        notes.append("if " + " and ".join(_entry(entry) for entry in step["condition"]))
    if step.get("enabled") is False:
        notes.append("disabled")
    if step.get("continue_on_error"):
        notes.append("continues on error")
    if notes:
        parts.append("[" + "; ".join(notes) + "]")
    # One line each, whatever a name or a query holds.
    return "".join(char if char.isprintable() else " " for char in " ".join(" ".join(parts).split()))


def _branch(steps: t.Any, prefix: str) -> t.Iterator[str]:
    if not isinstance(steps, (list, tuple)) or not all(isinstance(step, dict) for step in steps):
        raise AnsibleFilterError("sequence_tree needs the list of steps of a task sequence")
    for index, step in enumerate(steps):
        last = index == len(steps) - 1
        yield f"{prefix}{'└─' if last else '├─'} {_line(step)}"
        yield from _branch(step.get("steps") or [], prefix + ("   " if last else "│  "))


def sequence_tree(steps: t.Any, title: str = "") -> str:
    """Return the steps as a tree; raises ``AnsibleFilterError`` for anything that has no list of steps."""
    lines = [str(title)] if title else []
    try:
        lines.extend(_branch(_steps_of(steps), ""))
    except RecursionError:
        raise AnsibleFilterError("sequence_tree: the data is nested too deeply") from None
    return "\n".join(lines)


def _steps_of(value: t.Any) -> t.Any:
    """Return the steps in what the info module, a file or a play holds."""
    if isinstance(value, dict) and "steps" not in value and isinstance(value.get("task_sequences"), (list, tuple)):
        found = value["task_sequences"]
        if len(found) != 1:
            raise AnsibleFilterError(f"sequence_tree: the result holds {len(found)} task sequences; give one of them")
        value = found[0]
    return value.get("steps") if isinstance(value, dict) else value


class FilterModule:
    """The collection's filter ``sequence_tree``."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"sequence_tree": sequence_tree}
