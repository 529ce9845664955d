# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the wanted steps of a task come from: ``steps``, ``sequence_xml``, or a file."""

from __future__ import annotations

import dataclasses
import difflib
import typing as t

from .._cim.instance import Instance
from .._errors import InvalidInput, Problem
from .._input import plain, validate
from .._sequence import containers, dynamic_variables, xml_tree
from .._sequence.from_yaml import parse_steps
from .._sequence.model import STORED, Sequence
from .._sequence.secret_places import RULES, has_rules, secret_names, secret_text
from .._sequence.validate import check
from .._sequence.xml_read import read_sequence
from .._sequence.xml_write import write_sequence
from . import _exported_options as exported
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
    package: Instance | None = None
    """The package in a whole export."""
    warnings: list[str] = dataclasses.field(default_factory=list)


def load(task: Task, package_args: t.Mapping[str, t.Any]) -> Source | None:
    """Return the source that the task names, ``None`` when it names none.

    Package options of a file become options of the task where the task does not set them.
    Raises :class:`InvalidInput` with everything that is wrong.
    """
    params = task.params
    if params.get("steps") is not None:
        parsed = parse_steps(params["steps"])
        source = Source(parsed.sequence, warnings=parsed.warnings)
    elif params.get("sequence_xml") is not None:
        source = _from_xml(params["sequence_xml"], "sequence_xml")
    elif params.get("src") is not None:
        source = _from_file(task, package_args)
    else:
        return None
    # Messages quote paths and never a secret; this is the second line.
    task.hide(*_secrets(source.sequence))
    return source


def _secrets(sequence: Sequence) -> t.Iterator[str]:
    for step in sequence.walk():
        yield from (secret_text(step.properties.get(name)) for name in secret_names(step))
        if has_rules(step):
            found = dynamic_variables.secrets(step.properties[RULES])
            yield from (variable.value for variable in found if variable.value != STORED)


def _from_xml(data: str | bytes, root: str, place: str = "") -> Source:
    sequence = read_sequence(data, source=place or root)
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
    variables = task.params.get("variables") or {}
    if containers.is_xml(data):
        source = _from_export(task, data)
        source.warnings += _unused(variables, "an export has no places for variables")
        return source
    try:
        return _from_yaml(task, package_args, data, variables)
    except InvalidInput:
        # Where a variable was meant to stand is not known then, and it may be a secret.
        task.hide(*(value for value in variables.values() if isinstance(value, str)))
        raise


def _from_export(task: Task, data: bytes) -> Source:
    """Read a ``<sequence>``, an ``object.xml`` or a zip; the package in it sets what the task does not."""
    document = containers.open_document(data, name=task.params.get("name"), choose_by="name", source="src")
    source = _from_xml(document.text, "src", document.source)
    if document.package is not None:
        source.package = document.package
        known = exported.options_of(document.package)
        new = {name: value for name, value in known.items() if name not in task.given}
        task.params.update(new)
        task.given |= new.keys()
    return source


def _unused(variables: t.Iterable[str], why: str) -> list[str]:
    names = ", ".join(sorted(map(str, variables)))
    return [f"variables: {names}: {why}."] if names else []


def _from_yaml(
    task: Task, package_args: t.Mapping[str, t.Any], data: bytes, variables: t.Mapping[str, t.Any]
) -> Source:
    parsed_file, unused = files.parse(data, variables)
    content = plain(parsed_file)
    steps = content.pop("steps")
    task.params["lint_ignore"] = [*task.params.get("lint_ignore", ()), *_listed(content.pop("lint_ignore", None))]
    problems = [_unknown(name) for name in content if name not in options.OPTIONS]
    known = {name: value for name, value in content.items() if name in options.OPTIONS}
    checked = validate({"argument_spec": {name: package_args[name] for name in options.OPTIONS}}, known, "src")
    problems += [Problem("src", "", error) for error in checked.errors]
    source = Source(Sequence(), root="src", warnings=list(checked.warnings))
    source.warnings += _unused(unused, "nothing in the file names it" if len(unused) == 1 else _NOT_NAMED)
    try:
        parsed = parse_steps(steps, path="src: steps")
        source.sequence = parsed.sequence
        source.warnings += parsed.warnings
    except InvalidInput as error:
        problems += error.problems
    if problems:
        raise InvalidInput(problems)
    for name in checked.given - task.given:
        task.params[name] = checked.params[name]
    task.given |= checked.given
    return source


_NOT_NAMED = "nothing in the file names them"


def _listed(value: t.Any) -> list[t.Any]:
    return [value] if isinstance(value, (str, dict)) else list(value or ())


def _unknown(name: str) -> Problem:
    near = difflib.get_close_matches(name, ["steps", "schema", "lint_ignore", *options.OPTIONS], n=3, cutoff=0.6)
    hint = f"did you mean {' or '.join(near)}?" if near else f"a file may have {', '.join(options.OPTIONS)}"
    return Problem(f"src: {name}", "", f"is no option of a task sequence file; {hint}")
