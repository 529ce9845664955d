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

_Base: t.Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):  # type: ignore[misc]
    """YAML as Ansible reads it, without executing anything; duplicate keys are errors."""


def _mapping(loader: t.Any, node: t.Any, deep: bool = False) -> dict[t.Any, t.Any]:
    loader.flatten_mapping(node)
    found: dict[t.Any, t.Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        place = f"line {key_node.start_mark.line + 1}"
        if not isinstance(key, str):
            written = getattr(key_node, "value", key)
            raise InvalidInput([Problem(f"src: {place}", str(written), f"YAML reads this key as {key!r}; quote it")])
        if key in found:
            raise InvalidInput([Problem(f"src: {place}", key, "this key is there twice")])
        found[key] = loader.construct_object(value_node, deep=True)
    return found


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


def parse(data: bytes, variables: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return the content of a YAML file with ``{var: name}`` replaced.

    Raises :class:`InvalidInput` for anything but a mapping with ``schema: 1`` and ``steps``.
    """
    try:
        found = yaml.load(data.decode("utf-8-sig"), Loader=_Loader)  # noqa: S506 - a safe loader
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
        raise InvalidInput([Problem("src.schema", "" if schema is None else str(schema), rule)])
    if "steps" not in found:
        raise InvalidInput([Problem("src.steps", "", "is missing; an empty task sequence is written steps: []")])
    problems: list[Problem] = []
    replaced = _replace(found, "src", variables, problems)
    if problems:
        raise InvalidInput(problems)
    return t.cast("dict[str, t.Any]", replaced)


def _replace(value: t.Any, path: str, variables: t.Mapping[str, t.Any], problems: list[Problem]) -> t.Any:
    if isinstance(value, dict):
        if set(value) == {"var"} and isinstance(value["var"], str):
            name = value["var"]
            if name not in variables:
                known = ", ".join(sorted(variables)) or "none"
                problems.append(Problem(path, f"{{var: {name}}}", f"the option variables has no {name} (it has: {known})"))
                return None
            return variables[name]
        return {key: _replace(item, f"{path}.{key}", variables, problems) for key, item in value.items()}
    if isinstance(value, list):
        return [_replace(item, f"{path}[{index}]", variables, problems) for index, item in enumerate(value)]
    return value
