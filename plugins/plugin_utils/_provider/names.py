# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules for the names of objects: what a site takes and people can work with (issue: bad input)."""

from __future__ import annotations

import unicodedata

LIMIT = 255
"""The most characters a name may have."""
CONSOLE_LIMIT = 50
"""The most characters that the console lets one type for a package or task sequence."""


def fault_in_name(text: str, limit: int = LIMIT) -> str | None:
    """Return why a text cannot be the name of an object, ``None`` when it can.

    Quotes, ``\\``, ``%``, ``_``, ``[``, ``<``, ``&``, leading blanks and characters outside the
    basic plane are fine; the database drops trailing blanks, so these are not.
    """
    fault = fault_in_reference(text)
    if fault is None and len(text) > limit:
        fault = f"is longer than {limit} characters ({len(text)})"
    return fault


def fault_in_reference(text: str) -> str | None:
    """Return why a text cannot even be looked for as a name, ``None`` when it can."""
    if not text.strip():
        return "must not be empty"
    if any(unicodedata.category(char) in ("Cc", "Cs") for char in text):
        return "must not hold line breaks or control characters"
    if text != text.rstrip():
        return "must not end with a blank: the site's database drops it"
    return None


def fault_in_text(text: str, limit: int | None = None) -> str | None:
    """Return why a text cannot be a one-line property such as a version, ``None`` when it can."""
    if any(unicodedata.category(char) in ("Cc", "Cs") for char in text):
        return "must not hold line breaks or control characters"
    if limit is not None and len(text) > limit:
        return f"is longer than {limit} characters ({len(text)})"
    return None


def fault_in_memo(text: str, limit: int | None = None) -> str | None:
    """Return why a text cannot be a property of several lines such as a description, ``None`` when it can."""
    if any(unicodedata.category(char) in ("Cc", "Cs") and char not in "\t\r\n" for char in text):
        return "must not hold control characters"
    if limit is not None and len(text) > limit:
        return f"is longer than {limit} characters ({len(text)})"
    return None


def console_warning(text: str, path: str = "name") -> str:
    """Return the warning for a name that the console would not let one type."""
    return f"{path}: the console takes at most {CONSOLE_LIMIT} characters, this name has {len(text)}."


def shown(text: str, limit: int = 60) -> str:
    """Return a text for a message: control characters visible, long ones cut."""
    visible = "".join(f"\\x{ord(char):02x}" if unicodedata.category(char) in ("Cc", "Cs") else char for char in text)
    return visible if len(visible) <= limit else visible[: limit - 3] + "..."
