# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Task sequences as files: the YAML that ``src`` reads, that ``vars_files`` reads, and that people review.

Written in one order and one style, so that the difference of two files is the difference of two
task sequences; read without templating and without running anything.
"""

from __future__ import annotations

import datetime
import typing as t

import yaml

from .._errors import InvalidInput, Problem
from .marked_text import has_trailing_blanks, is_marked, mark, unmark, without_trailing_blanks
from .rules import StepRule, load_rules
from .yaml_emit import entry, is_block, refuse_surrogates

SCHEMA = 1
"""The version of the file form."""
LARGEST = 16 * 1024 * 1024
"""Characters of a file; the largest real sequence measured has 0.3 MB."""
_DEEPEST = 250
"""Lists and mappings inside each other; a group inside a group is two levels."""
MOST_VALUES = 2_000_000
"""Values in a file with every alias written out; 1,000 steps have some 20,000."""

_KINDS = (str, int, float, datetime.date, type(None))
"""What single values YAML makes that options can have; dates are refused later, with their place."""

_FIRST = ("name", "type")
_LAST = ("properties", "steps")
_COMMENT = 116


# -- writing ---------------------------------------------------------------------------------------


def write(
    data: t.Mapping[str, t.Any],
    *,
    options: t.Sequence[str],
    normalize: bool = False,
    remarks: t.Sequence[str] = (),
) -> str:
    """Return the file of a task sequence.

    :param data: ``steps`` and package options; a package option that is ``None`` is left out.
    :param options: the package options a file can have, in their order.
    :param normalize: remove blanks at line ends of scripts, and end each with one line end.
    :param remarks: sentences that become comments at the top.
    :raises InvalidInput: steps that are no steps, with the path.
    """
    steps = data.get("steps")
    lines = ["---", *(line for text in remarks for line in _comment(text)), f"schema: {SCHEMA}"]
    for name in options:
        if data.get(name) is not None:
            lines.extend(entry(name, data[name], 0))
    lines.extend(_Steps(normalize).write(steps, "steps", 0))
    text = "\n".join(lines) + "\n"
    refuse_surrogates(text)
    return text


def _comment(text: str) -> t.Iterator[str]:
    line = "#"
    for word in text.split():
        shown = "".join(char if char.isprintable() else "?" for char in word)
        if len(line) > 1 and len(line) + len(shown) >= _COMMENT:
            yield line
            line = "#  "
        line += f" {shown}"
    yield line


class _Steps:
    def __init__(self, normalize: bool) -> None:
        self.normalize = normalize

    def write(self, steps: t.Any, path: str, indent: int) -> list[str]:
        """Return the entry ``steps`` of a sequence or group."""
        if not isinstance(steps, list):
            raise InvalidInput([Problem(path, "", "must be a list of steps and groups")])
        margin = " " * indent
        if not steps:
            return [f"{margin}steps: []"]
        lines = [f"{margin}steps:"]
        for index, step in enumerate(steps):
            place = f"{path}[{index}]"
            if not isinstance(step, dict) or not step:
                rule = "must be a mapping: a step with `type`, or a group with `steps`"
                raise InvalidInput([Problem(place, "", rule)])
            inner = self._step(step, place, indent + 4)
            lines.append(f"{margin}  - {inner[0].lstrip()}")
            lines.extend(inner[1:])
        return lines

    def _step(self, step: dict[str, t.Any], path: str, indent: int) -> list[str]:
        rule = _rule_of(step)
        lines: list[str] = []
        for key in ordered(step, rule):
            value = step[key]
            option = rule.options.get(key) if rule is not None else None
            if key == "steps":
                lines.extend(self.write(value if value is not None else [], f"{path}.steps", indent))
            elif option is not None and option.kind == "script" and isinstance(value, str):
                lines.extend(self._script(key, value, indent))
            elif value is not None:
                lines.extend(entry(key, value, indent, rows=True))
        if not lines:
            raise InvalidInput([Problem(path, "", "has nothing in it")])
        return lines

    def _script(self, key: str, text: str, indent: int) -> list[str]:
        if self.normalize:
            text = without_trailing_blanks(text.replace("\r\n", "\n")).rstrip("\n") + "\n"
        if not has_trailing_blanks(text):
            return entry(key, text, indent, blocks=True)
        marked = mark(text)
        if not is_block(marked["text"]):
            return entry(key, text, indent)
        lines = [f"{' ' * indent}{key}:", *entry("end_of_line", marked["end_of_line"], indent + 2)]
        return lines + entry("text", marked["text"], indent + 2, blocks=True)


def _rule_of(step: t.Mapping[str, t.Any]) -> StepRule | None:
    word = step.get("type")
    return load_rules().by_type(word if isinstance(word, str) else "group")


def ordered(step: t.Mapping[str, t.Any], rule: StepRule | None) -> list[str]:
    """Return the keys of a step in the order of the interface; what it does not know comes before ``properties``."""
    known = [name for name in rule.options if name not in _FIRST and name not in _LAST] if rule is not None else []
    wanted = [*_FIRST, *known]
    rest = [key for key in step if key not in wanted and key not in _LAST]
    return [key for key in (*wanted, *rest, *_LAST) if key in step]


# -- reading ---------------------------------------------------------------------------------------

_Base: t.Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):  # type: ignore[misc]
    """YAML as Ansible reads it, without running anything; duplicate keys are errors."""


class _Fault(Exception):
    """A fault at a place of the file; becomes InvalidInput where the name of the file is known."""

    def __init__(self, line: int, value: str, rule: str) -> None:
        super().__init__(rule)
        self.line, self.value, self.rule = line, value, rule


_MERGE = "tag:yaml.org,2002:merge"


def _mapping(loader: t.Any, node: t.Any) -> dict[str, t.Any]:
    own: set[str] = set()
    for key_node, _value in node.value:
        if key_node.tag == _MERGE:
            continue
        key = _key(loader, key_node)
        if key in own:
            raise _Fault(key_node.start_mark.line + 1, key, "this key is there twice")
        own.add(key)
    # What is merged comes first then, so that the mapping's own keys win.
    loader.flatten_mapping(node)
    return {_key(loader, key): loader.construct_object(value, deep=True) for key, value in node.value}


def _key(loader: t.Any, node: t.Any) -> str:
    key = loader.construct_object(node, deep=True)
    if isinstance(key, str):
        return key
    written = node.value if isinstance(node.value, str) else key
    raise _Fault(node.start_mark.line + 1, str(written)[:80], f"YAML reads this key as {key!r}; quote it")


def _vault(loader: t.Any, node: t.Any) -> t.NoReturn:
    rule = "files are not decrypted in part; write {var: name} and give the value in the option variables"
    raise _Fault(node.start_mark.line + 1, "!vault", rule)


def _integer(loader: t.Any, node: t.Any) -> int:
    """Return a number that is written as one; in options that take text nobody would see what became of the others."""
    number = int(loader.construct_yaml_int(node))
    if node.value.lstrip("+-") != str(abs(number)):
        rule = f"YAML reads this as the number {number}; quote it if it is text, or write it in plain digits"
        raise _Fault(node.start_mark.line + 1, node.value, rule)
    return number


_Loader.add_constructor("tag:yaml.org,2002:int", _integer)
_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
_Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))
_Loader.add_constructor("!vault", _vault)


def read(text: str, *, source: str = "content") -> dict[str, t.Any]:
    """Return the content of a file without ``schema``; ``{var: name}`` stays as it is written.

    :raises InvalidInput: no YAML, or anything but a mapping with ``schema: 1`` and ``steps``.
    """
    if len(text) > LARGEST:
        raise InvalidInput([Problem(source, "", f"is larger than {LARGEST // (1024 * 1024)} MiB")])
    found = _load(text.removeprefix("\ufeff"), source)
    if not isinstance(found, dict):
        raise InvalidInput([Problem(source, "", "must hold a mapping with schema: 1 and steps")])
    _refuse_expansion(found, source)
    schema = found.pop("schema", None)
    if schema != SCHEMA or isinstance(schema, bool):
        rule = f"must be {SCHEMA}, the version of the file form" if schema is None else f"only {SCHEMA} is known here"
        raise InvalidInput([Problem(f"{source}: schema", "" if schema is None else str(schema)[:80], rule)])
    if "steps" not in found:
        rule = "is missing; an empty task sequence is written steps: []"
        raise InvalidInput([Problem(f"{source}: steps", "", rule)])
    # Few files have such texts, and this is a walk over all values.
    return t.cast("dict[str, t.Any]", _settled(found) if "end_of_line" in text else found)


def _load(text: str, source: str) -> t.Any:
    try:
        _refuse_depth(text, source)
        return yaml.load(text, Loader=_Loader)
    except _Fault as fault:
        raise InvalidInput([Problem(f"{source}: line {fault.line}", fault.value, fault.rule)]) from None
    except yaml.YAMLError as error:
        mark_ = getattr(error, "problem_mark", None)
        place = f"{source}: line {mark_.line + 1}" if mark_ is not None else source
        rule = f"is no YAML: {getattr(error, 'problem', None) or 'it cannot be parsed'}"
        raise InvalidInput([Problem(place, "", rule)]) from None
    except RecursionError:
        raise InvalidInput([Problem(source, "", "is nested too deeply")]) from None
    except (ValueError, AttributeError):
        # A date such as 2025-13-01, a number with thousands of digits, or a tag on something else than its kind.
        rule = "holds a value that YAML cannot read; quote dates and numbers"
        raise InvalidInput([Problem(source, "", rule)]) from None


def _refuse_depth(text: str, source: str) -> None:
    """Refuse endless nesting before the loader follows it: in C it would end the whole process."""
    depth = 0
    for event in yaml.parse(text, Loader=_Base):
        if isinstance(event, yaml.events.CollectionStartEvent):
            depth += 1
            if depth > _DEEPEST:
                place = f"{source}: line {event.start_mark.line + 1}"
                raise InvalidInput([Problem(place, "", f"is nested more than {_DEEPEST} levels deep")])
        elif isinstance(event, yaml.events.CollectionEndEvent):
            depth -= 1


def _refuse_expansion(value: t.Any, source: str) -> None:
    """Refuse aliases that multiply (the objects are shared until something walks over them) and odd kinds."""
    left = MOST_VALUES
    pending = [(value, 0)]
    while pending:
        item, depth = pending.pop()
        if isinstance(item, str):
            continue
        inner: t.Collection[t.Any] = ()
        if isinstance(item, dict):
            inner = item.values()
        elif isinstance(item, list):
            inner = item
        elif not isinstance(item, _KINDS):
            rule = f"holds a {type(item).__name__}, which no option takes; remove the YAML tag"
            raise InvalidInput([Problem(source, "", rule)])
        left -= len(inner)
        if left < 0:
            rule = f"holds more than {MOST_VALUES} values when aliases are written out"
            raise InvalidInput([Problem(source, "", rule)])
        if depth > _DEEPEST:
            rule = f"is nested more than {_DEEPEST} levels deep when aliases are written out"
            raise InvalidInput([Problem(source, "", rule)])
        pending.extend((child, depth + 1) for child in inner)


def _settled(value: t.Any) -> t.Any:
    """Return data with marked texts as plain ones."""
    if isinstance(value, dict):
        if is_marked(value):
            return unmark(value)
        return {key: _settled(item) for key, item in value.items()}
    return [_settled(item) for item in value] if isinstance(value, list) else value


def substitute(
    content: t.Mapping[str, t.Any], variables: t.Mapping[str, t.Any], source: str = "content"
) -> tuple[dict[str, t.Any], list[str]]:
    """Return the content of a file with every ``{var: name}`` replaced, and the variables that nothing names.

    :raises InvalidInput: names every place whose variable is not given.
    """
    work = _Substituting(variables)
    replaced = {key: work.value(item, f"{source}: {key}") for key, item in content.items()}
    if work.problems:
        raise InvalidInput(work.problems)
    return replaced, sorted(str(name) for name in variables if name not in work.used)


class _Substituting:
    def __init__(self, variables: t.Mapping[str, t.Any]) -> None:
        self.variables = variables
        self.used: set[str] = set()
        self.problems: list[Problem] = []

    def value(self, value: t.Any, path: str) -> t.Any:
        """Return a copy of a value with variables replaced; ``path`` names its place."""
        if isinstance(value, dict):
            if set(value) == {"var"} and isinstance(value["var"], str):
                return self._variable(value["var"], path)
            return {key: self.value(item, f"{path}.{key}") for key, item in value.items()}
        if isinstance(value, list):
            return [self.value(item, f"{path}[{index}]") for index, item in enumerate(value)]
        return value

    def _variable(self, name: str, path: str) -> t.Any:
        self.used.add(name)
        if name not in self.variables:
            known = ", ".join(sorted(map(str, self.variables))) or "none"
            rule = f"the option variables has no {name} (it has: {known})"
            self.problems.append(Problem(path, f"{{var: {name}}}", rule))
        return self.variables.get(name)
