# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What filters and tests get as input: steps, a task sequence file, or a returned task sequence."""

from __future__ import annotations

import re
import typing as t

from ..._errors import InvalidInput, Problem
from ..from_yaml import parse_steps
from .engine import lint
from .finding import ERROR, SEVERITIES, Finding, at_least
from .ignoring import INVALID, read_ignore, read_rules

_PART = re.compile(r"\[(\d+)\]")
_DEEPEST = 300
_LENGTHS = {".name": "name-length", ".description": "description-length"}


def lint_data(
    value: t.Any,
    *,
    ignore: t.Any = (),
    enable: t.Any = (),
    severity: str = "info",
    variables: t.Mapping[str, t.Any] | None = None,
    max_envelope_size: int | None = None,
) -> list[Finding]:
    """Return the findings on plain data: a list of steps, or a mapping with ``steps``.

    A mapping may have ``name``, ``description``, ``boot_image`` and ``platforms`` beside them (a
    returned task sequence or a parsed file) and ``lint_ignore``, which adds to ``ignore``.
    ``{var: name}`` of a file is replaced from ``variables``; others stand for an unknown text.
    Steps that cannot be read are findings too.

    :param severity: the least severity that is returned.
    :raises InvalidInput: the value is nothing of that, or an option is wrong.
    """
    if severity not in SEVERITIES:
        raise InvalidInput([Problem("severity", str(severity), f"must be one of {', '.join(SEVERITIES)}")])
    known = {"steps": value} if isinstance(value, (list, tuple)) else value
    if not isinstance(known, dict):
        raise InvalidInput(
            "lint needs a list of steps, or a mapping with steps; the content of a file goes through "
            "from_sequence_yaml or from_sequence_xml before"
        )
    if not isinstance(known.get("steps"), (list, tuple)):
        raise InvalidInput(f"lint needs steps; {_no_steps(known)}")
    known = _replaced(known, variables or {}, 0)
    both = [*_listed(ignore), *_listed(known.get("lint_ignore"))]
    read_ignore(both)
    read_rules(enable, "enable")
    try:
        parsed = parse_steps(known["steps"])
    except InvalidInput as error:
        return [_invalid(problem, known["steps"]) for problem in error.problems]
    findings = lint(
        parsed.sequence,
        name=_text(known.get("name")),
        description=_text(known.get("description")),
        package_id=_text(known.get("package_id")),
        boot_image=known.get("boot_image"),
        platforms=known.get("platforms"),
        max_envelope_size=max_envelope_size,
        ignore=both,
        enable=enable,
    )
    return [finding for finding in findings if at_least(finding.severity, severity)]


def _no_steps(value: dict[str, t.Any]) -> str:
    if "task_sequences" in value:
        return "give one entry of task_sequences"
    if "steps_sha256" in value:
        return "this result has none; read the task sequence with cm_task_sequence_info"
    return f"the mapping has {', '.join(sorted(map(str, value))[:8]) or 'nothing'}"


def _listed(value: t.Any) -> list[t.Any]:
    return [value] if isinstance(value, (str, dict)) else list(value or ())


def _text(value: t.Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _replaced(value: t.Any, variables: t.Mapping[str, t.Any], depth: int) -> t.Any:
    """Return a copy with ``{var: name}`` replaced; without a value it reads like a variable of the sequence."""
    if depth > _DEEPEST:
        raise InvalidInput(f"the steps are nested more than {_DEEPEST} levels deep")
    if isinstance(value, dict):
        if set(value) == {"var"} and isinstance(value["var"], str):
            return variables.get(value["var"], f"%{value['var']}%")
        return {key: _replaced(item, variables, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_replaced(item, variables, depth + 1) for item in value]
    return value


def _invalid(problem: Problem, steps: t.Sequence[t.Any]) -> Finding:
    shown = f" ({problem.value})" if problem.value else ""
    hint = "The step reference lists the types and options. Nothing else is checked until the steps can be read."
    rule = next((rule for end, rule in _LENGTHS.items() if problem.path.endswith(end)), INVALID)
    rule = rule if "characters" in problem.rule else INVALID
    return Finding(rule, ERROR, problem.path, _name_at(problem.path, steps), f"{problem.rule}{shown}", hint)


def _name_at(path: str, steps: t.Any) -> str:
    """Return the name of the step that an option path lies in."""
    name = ""
    for part in re.findall(r"steps\[\d+\]", path):
        index = int(t.cast(t.Any, _PART.search(part))[1])
        step = steps[index] if isinstance(steps, (list, tuple)) and index < len(steps) else None
        if not isinstance(step, dict):
            break
        name, steps = str(step.get("name") or ""), step.get("steps")
    return name
