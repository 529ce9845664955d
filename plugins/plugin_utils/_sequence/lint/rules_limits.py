# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the classes allow, lengths and sizes."""

from __future__ import annotations

import re
import typing as t

from ..._errors import InvalidInput
from ..._wsman.limits import REMEDY, request_limit
from ..model import Operand
from ..rules import as_bool
from ..validate import check
from ..xml_write import write_sequence
from .conditions import is_named_platform
from .context import Context, Node
from .finding import ERROR, WARNING
from .registry import Hit, rule

SEQUENCE_NAME = 50
SEQUENCE_DESCRIPTION = 512
NAME = 100
DESCRIPTION = 255
STORED = 2 * 1024 * 1024
"""Bytes; the limit of what a site stores."""
NEAR = 0.8
_OBJECT = 40
_TAGS = 9
"""Bytes around an object, and around a value: two tags with a prefix of one letter."""
_LENGTHS = re.compile(r"\.(name|description)\Z")


@rule("class-rules", ERROR, "The step reference lists what each option takes.")
def class_rules(context: Context) -> t.Iterator[Hit]:
    """The classes do not allow this.

    A value that the class of the step refuses: not one of the words, out of range, too long, or missing
    where the class requires it. Saving the task sequence would fail.
    """
    unresolved = tuple(f"{place}." for node in context.nodes for place in _named_platforms(node))
    for problem in check(context.sequence):
        if _LENGTHS.search(problem.path) and "characters" in problem.rule or problem.path.startswith(unresolved):
            continue
        node = _owner(context, problem.path)
        inner = problem.path[len(node.step.path) + 1 :] if node is not None else problem.path
        shown = f" is {problem.value}, but" if problem.value else ""
        yield Hit(node, f"{inner}{shown} {problem.rule}", inner)


def _named_platforms(node: Node) -> t.Iterator[str]:
    """Yield the places of platforms that are only named so far."""
    pending = [(f"{node.step.path}.condition[{index}]", item) for index, item in enumerate(node.condition)]
    while pending:
        place, operand = pending.pop()
        if is_named_platform(operand):
            yield place
        pending += [(f"{place}.operands[{index}]", item) for index, item in enumerate(operand.operands or ())]


def _owner(context: Context, path: str) -> Node | None:
    """Return the step that an option path lies in."""
    while path:
        node = context.by_path.get(path)
        if node is not None:
            return node
        path = path.rpartition(".")[0]
    return None


@rule("sequence-name-length", WARNING, "Shorten the name.")
def sequence_name_length(context: Context) -> t.Iterator[Hit]:
    """The name of the task sequence is too long for the console.

    The console shows and edits at most 50 characters.
    """
    name = context.facts.name
    if name is not None and len(name) > SEQUENCE_NAME:
        text = f"the name has {len(name)} characters; the console shows and edits at most {SEQUENCE_NAME}"
        yield Hit(None, text, "name")


@rule("name-length", ERROR, "Shorten the name.")
def name_length(context: Context) -> t.Iterator[Hit]:
    """The name of a step or group is too long.

    The classes allow 100 characters.
    """
    for node in context.nodes:
        if len(node.name) > NAME:
            yield Hit(node, f"the name has {len(node.name)} characters; at most {NAME} are allowed", "name")


@rule("description-length", ERROR, "Shorten the description.")
def description_length(context: Context) -> t.Iterator[Hit]:
    """A description is too long.

    A description may have 512 characters on a task sequence and 255 on a step or group.
    """
    text = context.facts.description
    if text is not None and len(text) > SEQUENCE_DESCRIPTION:
        message = f"the description of the task sequence has {len(text)} characters; at most {SEQUENCE_DESCRIPTION} are"
        yield Hit(None, f"{message} allowed", "description")
    for node in context.nodes:
        length = len(node.text("Description"))
        if length > DESCRIPTION:
            yield Hit(node, f"the description has {length} characters; {DESCRIPTION} are allowed", "description")


@rule("stored-size", WARNING, "Move large scripts into a package, or split the task sequence into child sequences.")
def stored_size(context: Context) -> t.Iterator[Hit]:
    """The task sequence comes near the 2 MB that a site stores.

    Embedded scripts are stored as base64 of UTF-16, nearly three times their length. The rule fires from 80 % on.
    The size is computed from the steps, without what is added for references that are still names.
    """
    size = context.facts.stored_size
    if size is None:
        try:
            size = len(write_sequence(context.sequence).encode("utf-8", "surrogatepass"))
        except InvalidInput:
            return
    if size >= STORED * NEAR:
        yield Hit(None, f"the stored form has about {_kib(size)} KiB of {_kib(STORED)} KiB", "steps")


@rule("envelope-size", WARNING, f"On the site server: {REMEDY}, and the same number in max_envelope_size.")
def envelope_size(context: Context) -> t.Iterator[Hit]:
    """The request that saves the task sequence comes near the limit of the server.

    A WinRM server takes 500 KiB in one request unless MaxEnvelopeSizekb was raised. The rule fires from 80 % on;
    the size is an estimate. Without a site, the limit is the server's default or what the caller gives.
    """
    size = sum(_weight(node) for node in context.nodes)
    limit = request_limit(context.facts.max_envelope_size)
    if size >= limit * NEAR:
        yield Hit(None, f"the request has about {_kib(size)} KiB; a server takes {_kib(limit)} KiB", "steps")


def _weight(node: Node) -> int:
    """Return about how many bytes an entry takes as an embedded object of a request."""
    size = _OBJECT + 2 * _value_weight(node.step.class_name)
    size += _properties_weight(node.step.properties)
    return size + (_OBJECT + sum(_operand_weight(item) for item in node.condition) if node.conditioned else 0)


def _operand_weight(operand: Operand) -> int:
    inner = sum(_operand_weight(item) for item in operand.operands or ())
    return _OBJECT + _properties_weight(operand.properties) + inner


def _properties_weight(properties: t.Mapping[str, t.Any]) -> int:
    shown = ((name, value) for name, value in properties.items() if ":" not in name and value is not None)
    return sum(2 * len(name) + _TAGS + _value_weight(value) for name, value in shown)


def _value_weight(value: t.Any) -> int:
    if isinstance(value, str):
        # Three characters of markup are written as entities.
        size = len(value) if value.isascii() else len(value.encode("utf-8", "surrogatepass"))
        return size + 3 * (value.count("<") + value.count(">") + value.count("&"))
    if isinstance(value, list):
        return sum(_TAGS + _value_weight(item) for item in value)
    inner = getattr(value, "properties", None)
    if isinstance(inner, dict):
        return _OBJECT + _properties_weight(inner)
    return 5 if as_bool(value) is not None else 10


def _kib(size: int) -> int:
    return round(size / 1024)
