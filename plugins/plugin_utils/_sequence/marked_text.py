# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Texts whose lines end with blanks, in YAML block style.

Editors and version control strip blanks at line ends, so in a file such lines end with a mark that
a person can see::

    script:
      end_of_line: <eol>
      text: |
        Write-Host "two blanks follow"  <eol>
        Write-Host "none here"

The mark belongs to its line, so lines may be added and moved freely.
"""

from __future__ import annotations

import itertools
import typing as t

KEYS = frozenset(("end_of_line", "text"))
_BLANKS = " \t"


def has_trailing_blanks(text: str) -> bool:
    """Return whether a line of the text ends with blanks or tabs."""
    return any(line.endswith((" ", "\t")) for line in text.split("\n"))


def without_trailing_blanks(text: str) -> str:
    """Return the text without blanks and tabs at line ends."""
    return "\n".join(line.rstrip(_BLANKS) for line in text.split("\n"))


def mark(text: str) -> dict[str, str]:
    """Return the form with marks; :func:`unmark` gives the text back, character by character."""
    names = itertools.chain(["<eol>"], (f"<eol{number}>" for number in itertools.count(2)))
    chosen = next(name for name in names if name not in text)
    lines = (f"{line}{chosen}" if line.endswith((" ", "\t")) else line for line in text.split("\n"))
    return {"end_of_line": chosen, "text": "\n".join(lines)}


def is_marked(value: t.Any) -> bool:
    """Return whether a value is the form with marks."""
    return (
        isinstance(value, dict)
        and set(value) == KEYS
        and all(isinstance(item, str) for item in value.values())
        and bool(value["end_of_line"].strip())
        and "\n" not in value["end_of_line"]
    )


def unmark(value: t.Mapping[str, str]) -> str:
    """Return the text of the form with marks."""
    sign = value["end_of_line"]
    return "\n".join(line.removesuffix(sign) for line in value["text"].split("\n"))
