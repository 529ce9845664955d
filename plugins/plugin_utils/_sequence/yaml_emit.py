# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""YAML as a person would write it: short mappings in one line, long texts as blocks.

PyYAML's own writer cannot do this: it never writes a block for a text with blanks at a line end, and
it knows one style for all mappings. What is written here is read by PyYAML and by Ansible to
exactly the data that came in, ``!unsafe`` keeps Jinja away from real scripts, and equal data
makes equal text.
"""

from __future__ import annotations

import re
import typing as t

from .._errors import InvalidInput, Problem
from .marked_text import has_trailing_blanks

WIDTH = 140
"""Characters of a line with more than one value; single texts are never broken."""
_DEEPEST = 450
"""Columns of indentation; Python's stack is the limit here."""

_TEMPLATE = re.compile(r"\{[{%#]")
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./()@+\\ -]*\Z")
_WORDS = frozenset(("y", "yes", "n", "no", "true", "false", "on", "off", "null"))
"""Plain words that are no text in YAML 1.1."""
_ESCAPED = re.compile("[\x00-\x1f\x7f-\xa0\xad\u2028\u2029\ufeff\ufffe\uffff]")
_NOT_IN_BLOCKS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_SHORT_ESCAPES = {"\t": "\\t", "\n": "\\n", "\r": "\\r", '"': '\\"', "\\": "\\\\"}


def scalar(value: t.Any) -> str:
    """Return a value that is no list or mapping in one line."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    text = str(value)
    tag = "!unsafe " if _TEMPLATE.search(text) else ""
    return tag + _quoted(text)


def _quoted(text: str) -> str:
    if _PLAIN.match(text) and text.casefold() not in _WORDS and text == text.strip():
        return text
    if _ESCAPED.search(text):
        return f'"{_escape(text)}"'
    if '"' in text or "\\" in text:
        return "'" + text.replace("'", "''") + "'"
    return f'"{text}"'


def _escape(text: str) -> str:
    return re.sub(rf'["\\]|{_ESCAPED.pattern}', _escape_one, text)


def _escape_one(match: re.Match[str]) -> str:
    char = match.group()
    return _SHORT_ESCAPES.get(char) or (f"\\x{ord(char):02X}" if ord(char) < 0x100 else f"\\u{ord(char):04X}")


def is_block(text: str) -> bool:
    """Return whether a text can be written as a block without loss."""
    return bool(text.strip("\n")) and not _NOT_IN_BLOCKS.search(text) and not has_trailing_blanks(text)


def block(text: str, indent: int) -> tuple[str, list[str]]:
    """Return the header of a literal block and its lines, indented."""
    tag = "!unsafe " if _TEMPLATE.search(text) else ""
    body = text.rstrip("\n")
    ends = len(text) - len(body)
    # Where the first line is indented or empty, a reader could not tell the indentation.
    hint = "2" if text[0] in " \t\n" else ""
    chomping = "-" if ends == 0 else "" if ends == 1 else "+"
    margin = " " * indent
    lines = [margin + line if line else "" for line in body.split("\n")]
    return f"{tag}|{hint}{chomping}", lines + [""] * max(0, ends - 1)


def _folded(text: str, indent: int) -> tuple[str, list[str]]:
    """Return a text that no block can hold: quoted, one line of the text a line."""
    tag = "!unsafe " if _TEMPLATE.search(text) else ""
    margin = " " * indent
    parts = text.split("\n")
    ends = [*(["\\n\\"] * (len(parts) - 1)), '"']
    lines = []
    for part, end in zip(parts, ends, strict=True):
        shown = _escape(part)
        # A blank at the start of a line would be taken for indentation.
        start = "\\" if shown[:1] == " " else ""
        lines.append(f"{margin}{start}{shown}{end}")
    return f'{tag}"\\', lines


def flow(value: t.Any) -> str:
    """Return any value in one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(key)}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(item) for item in value) + "]"
    return scalar(value)


def _key(key: t.Any) -> str:
    # Longer keys than this need the form "? key".
    if not isinstance(key, str) or len(key) > 120:
        raise InvalidInput([Problem("steps", str(key)[:80], "cannot be the name of an option")])
    return _quoted(key)


def entry(key: str, value: t.Any, indent: int, *, blocks: bool = False, rows: bool = False) -> list[str]:
    """Return the lines of one entry of a mapping, the key indented by ``indent``.

    :param blocks: write a text as a block even where it has one line only (scripts).
    :param rows: write a list of mappings as rows, however short it is.
    """
    lines = _item(f"{_key(key)}:", value, indent, blocks, rows)
    return [" " * indent + lines[0], *lines[1:]]


def _item(head: str, value: t.Any, indent: int, blocks: bool = False, rows: bool = False) -> list[str]:
    """Return the lines of a value after a key; the first one is not indented yet."""
    if indent > _DEEPEST:
        raise InvalidInput([Problem("steps", "", "is nested too deeply")])
    if isinstance(value, str) and (blocks or "\n" in value):
        if is_block(value):
            header, lines = block(value, indent + 2)
            return [f"{head} {header}", *lines]
        if "\n" in value:
            header, lines = _folded(value, indent + 2)
            return [f"{head} {header}", *lines]
    if not isinstance(value, (dict, list)) or not value:
        return [f"{head} {flow(value)}"]
    listed = isinstance(value, list) and any(isinstance(item, dict) for item in value)
    if not (rows and listed):
        line = _in_one_line(value, WIDTH - indent - len(head) - 1)
        if line is not None:
            return [f"{head} {line}"]
    lines = [head]
    if isinstance(value, list):
        for item in value:
            lines.extend(row(item, indent + 2))
    else:
        for key, item in value.items():
            lines.extend(entry(key, item, indent + 2))
    return lines


def row(value: t.Any, indent: int) -> list[str]:
    """Return the lines of one entry of a list."""
    margin = " " * indent
    if isinstance(value, dict) and value:
        line = _in_one_line(value, WIDTH - indent - 2)
        if line is None:
            lines = [line for key, item in value.items() for line in entry(key, item, indent + 2, rows=True)]
            return [f"{margin}- {lines[0].lstrip()}", *lines[1:]]
        return [f"{margin}- {line}"]
    lines = _item("-", value, indent)
    return [margin + lines[0], *lines[1:]]


def _in_one_line(value: t.Any, room: int) -> str | None:
    """Return a value in one line, ``None`` when it does not fit or holds a text of several lines."""
    if not _is_short(value, [room // 3 + 2]):
        return None
    line = flow(value)
    return line if len(line) <= room else None


def _is_short(value: t.Any, budget: list[int]) -> bool:
    """Return whether a value has a chance to fit, without writing it."""
    budget[0] -= 1
    if budget[0] < 0:
        return False
    if isinstance(value, str):
        return "\n" not in value and len(value) <= WIDTH
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_short(item, budget) for key, item in value.items())
    return all(_is_short(item, budget) for item in value) if isinstance(value, list) else True


def refuse_surrogates(text: str) -> None:
    """Raise :class:`InvalidInput` for half a surrogate pair, which no file can hold."""
    found = _SURROGATE.search(text)
    if found:
        line = text.count("\n", 0, found.start()) + 1
        raise InvalidInput([Problem(f"line {line}", "", "holds half of a surrogate pair, which is no character")])
