# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Task sequence files for the option ``src``: YAML that is read without templating.

Real scripts hold ``{{``, ``{%`` and ``{#``, which a template would destroy. The only substitution
is a whole value written ``{var: name}``.
"""

from __future__ import annotations

import typing as t

import yaml

from .._errors import InvalidInput, Problem

SCHEMA = 1
"""The version of the file form that this collection reads."""
LARGEST = 16 * 1024 * 1024
"""Bytes of a file; the largest real sequence measured has 0.3 MB."""
DEEPEST = 250
MOST = 1_000_000
"""Levels and values of a file once its aliases are written out."""

_Base: t.Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):  # type: ignore[misc]
    """YAML as Ansible reads it, without executing anything; duplicate keys are errors."""


_MERGE = "tag:yaml.org,2002:merge"


def _mapping(loader: t.Any, node: t.Any, deep: bool = False) -> dict[str, t.Any]:
    own: set[str] = set()
    for key_node, _value in node.value:
        if key_node.tag == _MERGE:
            continue
        key = _key(loader, key_node)
        if key in own:
            raise InvalidInput([Problem(f"src: line {key_node.start_mark.line + 1}", key, "this key is there twice")])
        own.add(key)
    # What is merged comes first then, so that the mapping's own keys win.
    loader.flatten_mapping(node)
    return {_key(loader, key): loader.construct_object(value, deep=True) for key, value in node.value}


def _key(loader: t.Any, node: t.Any) -> str:
    key = loader.construct_object(node, deep=True)
    if isinstance(key, str):
        return key
    written = node.value if isinstance(node.value, str) else key
    place = f"src: line {node.start_mark.line + 1}"
    raise InvalidInput([Problem(place, str(written), f"YAML reads this key as {key!r}; quote it")])


def _vault(loader: t.Any, node: t.Any) -> t.NoReturn:
    place = f"src: line {node.start_mark.line + 1}"
    rule = "files are not decrypted in part; write {var: name} and give the value in the option variables"
    raise InvalidInput([Problem(place, "!vault", rule)])


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
_Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))
_Loader.add_constructor("!vault", _vault)


def is_xml(data: bytes) -> bool:
    """Say whether the content of a file is an exported task sequence and not YAML."""
    head = data[:400].lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00")
    return head.startswith((b"<", b"PK"))


def read(path: str) -> bytes:
    """Return the content of a file; raises :class:`InvalidInput` when it cannot be read or is too large."""
    try:
        with open(path, "rb") as stream:
            data = stream.read(LARGEST + 1)
    except OSError as error:
        raise InvalidInput([Problem("src", path, f"cannot be read: {error.strerror or error}")]) from None
    if len(data) > LARGEST:
        raise InvalidInput([Problem("src", path, f"is larger than {LARGEST // (1024 * 1024)} MiB")])
    return data


def _check_depth(text: str) -> None:
    """Refuse a text that is nested too deep: the C library ends the process then."""
    depth = 0
    for event in yaml.parse(text, Loader=_Base):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                place = f"src: line {event.start_mark.line + 1}"
                raise InvalidInput([Problem(place, "", f"is nested more than {DEEPEST} levels deep")])
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def parse(data: bytes, variables: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return the content of a YAML file with ``{var: name}`` replaced.

    Raises :class:`InvalidInput` for anything but a mapping with ``schema: 1`` and ``steps``.
    """
    try:
        text = data.decode("utf-8-sig")
        _check_depth(text)
        found = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader
    except RecursionError:
        raise InvalidInput([Problem("src", "", "is nested too deep")]) from None
    except UnicodeDecodeError as error:
        raise InvalidInput([Problem("src", f"byte {error.start}", "is not UTF-8")]) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"src: line {mark.line + 1}" if mark is not None else "src"
        rule = f"is no YAML: {getattr(error, 'problem', None) or 'it cannot be parsed'}"
        raise InvalidInput([Problem(place, "", rule)]) from None
    if not isinstance(found, dict):
        raise InvalidInput([Problem("src", "", "must hold a mapping with schema: 1 and steps")])
    schema = found.pop("schema", None)
    if schema != SCHEMA:
        rule = f"must be {SCHEMA}, the version of the file form" if schema is None else f"only {SCHEMA} is known here"
        raise InvalidInput([Problem("src: schema", "" if schema is None else str(schema), rule)])
    if "steps" not in found:
        raise InvalidInput([Problem("src: steps", "", "is missing; an empty task sequence is written steps: []")])
    replacing = _Replacing(variables)
    replaced = {key: replacing.value(item, f"src: {key}", 1) for key, item in found.items()}
    if replacing.problems:
        raise InvalidInput(replacing.problems)
    return replaced


class _Replacing:
    """Copies a tree with ``{var: name}`` replaced. Aliases are copied out, so the copy has its bounds."""

    def __init__(self, variables: t.Mapping[str, t.Any]) -> None:
        self.variables = variables
        self.problems: list[Problem] = []
        self.count = 0

    def value(self, value: t.Any, path: str, depth: int) -> t.Any:
        """Return the copy of one value. Raises :class:`InvalidInput` when the tree is too deep or too large."""
        self.count += 1
        if depth > DEEPEST or self.count > MOST:
            rule = f"has more than {MOST} values" if self.count > MOST else f"is nested more than {DEEPEST} levels deep"
            raise InvalidInput([Problem("src", path[:100], f"{rule}, aliases included")])
        if isinstance(value, dict):
            if set(value) == {"var"} and isinstance(value["var"], str):
                return self.variable(value["var"], path)
            return {key: self.value(item, f"{path}.{key}", depth + 1) for key, item in value.items()}
        if isinstance(value, list):
            return [self.value(item, f"{path}[{index}]", depth + 1) for index, item in enumerate(value)]
        return value

    def variable(self, name: str, path: str) -> t.Any:
        """Return the value of a variable; note a problem when the task does not give it."""
        if name in self.variables:
            return self.variables[name]
        known = ", ".join(sorted(self.variables)) or "none"
        rule = f"the option variables has no {name} (it has: {known})"
        self.problems.append(Problem(path, f"{{var: {name}}}", rule))
        return None
