# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Texts of users made fit for a report, and small words."""

from __future__ import annotations

import locale
import re
import typing as t

from .parts import Span, Spans

_UNSAFE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)
"""Controls, marks that turn the direction of what follows them, and what neither UTF-8 nor XML can hold."""


def clean(value: t.Any) -> str:
    """Return a text with LF line ends in which nothing is invisible: ``[U+202E]`` stands for such a character."""
    text = value if isinstance(value, str) else word(value)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _UNSAFE.sub(lambda found: f"[U+{ord(found[0]):04X}]", text)


def one_line(value: t.Any) -> str:
    """Return a text as one line."""
    return " ".join(clean(value).split())


def word(value: t.Any) -> str:
    """Return a scalar as a person writes it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def label(option: str) -> str:
    """Return the name of an option as a label."""
    text = words(option)
    return text[:1].upper() + text[1:]


def words(value: t.Any) -> str:
    """Return a value in snake_case as words, abbreviations in capitals."""
    return " ".join(_CAPITALS.get(part.casefold(), part) for part in clean(value).replace("_", " ").split())


_CAPITALS = {
    part.casefold(): part
    for part in (
        "AES BIOS DHCP DNS EFI FAT32 GPT ID INF IP MAC MBR MSR NTFS OS OU PIN "
        "TCP TCPIP TPM UDP UEFI UI URL VSS WINS XTS"
    ).split()
}


def code(value: t.Any) -> Span:
    """Return a technical value; an empty one in words."""
    text = clean(value)
    return Span(text, "code") if text else Span("(empty)", "muted")


def flow(value: t.Any) -> str:
    """Return nested values in one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{one_line(key)}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(item) for item in value) + "]"
    return one_line(value)


def seconds(value: t.Any) -> str:
    """Return a number of seconds, with minutes where that is easier to read."""
    try:
        number = int(value)
    except (TypeError, ValueError):
        return one_line(value)
    if number < 120 or number % 60:
        return f"{number} seconds"
    return f"{number} seconds ({number // 60} minutes)"


def language(value: t.Any) -> str:
    """Return the code of a Windows language with its short name."""
    text = one_line(value)
    name = locale.windows_locale.get(int(text)) if re.fullmatch(r"[0-9]{1,6}", text) else None
    return f"{text} ({name.replace('_', '-')})" if name else text


def plural(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def placeholder(value: t.Any) -> str | None:
    """Return the variable of a value written ``{var: name}``, as files for the option ``src`` have it."""
    if isinstance(value, dict) and set(value) == {"var"} and isinstance(value["var"], str):
        return one_line(value["var"])
    return None


def filled_in(name: str) -> Spans:
    """Return the words for a value that a variable of the play gives."""
    return [Span("filled in from ", "muted"), Span(name, "code")]


def reference_text(value: t.Any) -> tuple[str, str]:
    """Return the name of a referenced object and what else tells it apart; an ID where there is no name."""
    if isinstance(value, dict):
        variable = placeholder(value)
        if variable is not None:
            return f"(filled in from {variable})", ""
        name, identity = one_line(value.get("name")), one_line(value.get("id"))
        rest = [one_line(value[key]) for key in ("manufacturer", "version", "language") if value.get(key) is not None]
        if name and identity:
            rest.append(identity)
        return name or identity or flow(value), ", ".join(part for part in rest if part)
    text = one_line(value)
    return (text[3:] if is_id_text(text) else text), ""


def is_id_text(value: t.Any) -> bool:
    """Say whether a reference is an ID written as text."""
    return isinstance(value, str) and value[:3].casefold() == "id:"
