# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the wanted steps of a task come from: ``steps``, ``sequence_xml``, or a file."""

from __future__ import annotations

import dataclasses
import typing as t

from .._input import plain, validate
from .._errors import InvalidInput, Problem
from .._sequence import xml_tree
from .._sequence.from_yaml import parse_steps
from .._sequence.model import Sequence
from .._sequence.validate import check
from .._sequence.xml_read import read_sequence
from .._sequence.xml_write import write_sequence
from . import _sequence_file as files
from . import _ts_options as options
from ._base import Task


@dataclasses.dataclass
class Source:
    """The wanted steps as far as they are known without the site.

    ``text`` is ``<sequence>`` text that the server converts; ``sequence`` is then what was read
    from it here, for checks before anything is sent. ``root`` names the option in messages.
    """

    sequence: Sequence
    text: str | None = None
    root: str = "steps"
    warnings: list[str] = dataclasses.field(default_factory=list)


def load(task: Task, package_args: t.Mapping[str, t.Any]) -> Source | None:
    """Return the source that the task names, ``None`` when it names none.

    Package options of a file become options of the task where the task does not set them.
    Raises :class:`InvalidInput` with everything that is wrong.
    """
    params = task.params
    if params.get("steps") is not None:
        parsed = parse_steps(params["steps"])
        return Source(parsed.sequence, warnings=parsed.warnings)
    if params.get("sequence_xml") is not None:
        return _from_xml(params["sequence_xml"], "sequence_xml")
    if params.get("src") is not None:
        return _from_file(task, package_args)
    return None


def _from_xml(data: str | bytes, root: str) -> Source:
    sequence = read_sequence(data, source=root)
    problems = [Problem(f"{root}: {problem.path}", problem.value, problem.rule) for problem in check(sequence)]
    if problems:
        raise InvalidInput(problems)
    text = xml_tree.decode(data, root).lstrip()
    if not text.startswith("<sequence"):
        # A declaration or the wrapper of a console export is nothing that the server converts.
        text = write_sequence(sequence)
    return Source(sequence, text, root)


def _from_file(task: Task, package_args: t.Mapping[str, t.Any]) -> Source:
    data = files.read(task.find_file(task.params["src"]))
    if files.is_xml(data):
        return _from_xml(data, "src")
    variables = task.params.get("variables") or {}
    task.hide(*(value for value in variables.values() if isinstance(value, str)))
    content = plain(files.parse(data, variables))
    steps = content.pop("steps")
    unknown = sorted(set(content) - set(options.OPTIONS))
    if unknown:
        rule = f"is no option of a file; a file has schema, steps, and any of {', '.join(options.OPTIONS)}"
        raise InvalidInput([Problem(f"src.{name}", "", rule) for name in unknown])
    spec = {"argument_spec": {name: package_args[name] for name in options.OPTIONS}}
    checked = validate(spec, content, "src")
    if checked.errors:
        raise InvalidInput([Problem("src", "", error) for error in checked.errors])
    for name in checked.given - task.given:
        task.params[name] = checked.params[name]
    task.given |= checked.given
    parsed = parse_steps(steps, path="src.steps")
    return Source(parsed.sequence, root="src", warnings=[*checked.warnings, *parsed.warnings])
