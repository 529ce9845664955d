# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Single values of the play: text, numbers, switches, words, dates, references.

YAML and templates change types on the way (``5.10`` becomes a number, ``yes`` a switch, a text
that looks like a list a list); these functions accept what is meant without doubt, warn where
it might not be, and explain the rest. Each returns ``BAD`` after noting a problem.
"""

from __future__ import annotations

import datetime
import difflib
import re
import typing as t

from .._cim.instance import CimDatetime
from .._errors import Problem
from .marked_text import is_marked, unmark
from .model import STORED, Ref, Secret

BAD: t.Any = object()
"""Returned instead of a value when a problem was noted."""

_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_CONTROL = re.compile("[\x00-\x1f\x7f]")
_PACKAGE_ID = re.compile(r"[A-Za-z0-9]{3}[0-9A-Fa-f]{5}\Z")
_TRUE = frozenset(("true", "yes", "on", "y", "1"))
_FALSE = frozenset(("false", "no", "off", "n", "0"))
_DATE = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?)?\s*(Z|UTC|[+-]\d\d:?\d\d)?\Z",
    re.IGNORECASE,
)
_DMTF = re.compile(r"\d{14}\.\d{6}[+-](?:\d{3}|\*{3})\Z")
PACKAGE_KINDS = frozenset(
    ("package", "boot_image", "os_image", "os_upgrade_package", "driver_package", "task_sequence", "content")
)
PLACEHOLDER = "00000000"
"""Package ID that exports have where the reference was removed."""


class Notes:
    """Problems and warnings of one parse."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.warnings: list[str] = []

    def problem(self, path: str, value: t.Any, rule: str) -> t.Any:
        """Note a problem and return ``BAD``; ``value`` is shown, so never pass a secret."""
        self.problems.append(Problem(path, shown(value), rule))
        return BAD

    def warn(self, path: str, text: str) -> None:
        self.warnings.append(f"{path}: {text}")


def shown(value: t.Any) -> str:
    """Return a value as a person would recognise it, shortened."""
    if value is None or value == "":
        return ""
    text = value if isinstance(value, str) else repr(value)
    text = " ".join(text.split())
    return text if len(text) <= 80 else text[:77] + "..."


def nearest(word: str, words: t.Iterable[str], limit: int = 3) -> str:
    """Return ``did you mean a, b?``, or the allowed words when nothing is close."""
    known = list(words)
    close = difflib.get_close_matches(word.casefold(), known, limit, 0.6)
    if close:
        return "did you mean " + " or ".join(close) + "?"
    return "allowed: " + ", ".join(known) if known else ""


def text(notes: Notes, path: str, value: t.Any, *, version: bool = False) -> t.Any:
    """Return a text property's value."""
    if is_marked(value):
        value = unmark(value)
    if isinstance(value, str):
        if value == STORED:
            return notes.problem(path, STORED, "stands for a stored secret, and no secret belongs here")
        if _UNFIT.search(value):
            return notes.problem(path, ascii(value), "holds a control character that XML cannot carry; remove it")
        return value
    if isinstance(value, bool):
        word = "true" if value else "false"
        notes.warn(path, f'YAML made a switch of this text; "{word}" is used. Quote it.')
        return word
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        if version:
            return notes.problem(path, value, "was read as a number, which drops zeros (5.10 becomes 5.1); quote it")
        notes.warn(path, f'YAML made a number of this text; "{value}" is used. Quote it.')
        return str(value)
    if isinstance(value, (datetime.date, datetime.datetime)):
        return notes.problem(path, value, "was read as a date; quote it")
    if isinstance(value, (list, tuple, dict)):
        return notes.problem(
            path,
            value,
            "must be text; on ansible-core before 2.19 a template result that looks like a list or mapping is "
            "converted: add `| string`",
        )
    return notes.problem(path, value, "must be text")


def bounded(notes: Notes, path: str, value: str, least: int | None, most: int | None) -> t.Any:
    """Check the length of a text."""
    if most is not None and len(value) > most:
        return notes.problem(path, value, f"has {len(value)} characters; at most {most} are allowed")
    if least and len(value) < least:
        rule = "must not be empty" if not value else f"must have at least {least} characters"
        return notes.problem(path, value, rule)
    return value


def name(notes: Notes, path: str, value: t.Any, most: int = 100) -> t.Any:
    """Return a step name: 1 to 100 characters, no line ends or control characters, no trailing blank."""
    found = text(notes, path, value)
    if found is BAD:
        return BAD
    if not found.strip():
        return notes.problem(path, found, "must not be empty")
    if _CONTROL.search(found):
        return notes.problem(path, ascii(found), "must be one line without control characters")
    if found != found.rstrip():
        return notes.problem(path, ascii(found), "must not end with a blank")
    return bounded(notes, path, found, 1, most)


def switch(notes: Notes, path: str, value: t.Any) -> t.Any:
    """Return a boolean; templates make text of them on some versions of ansible-core."""
    if isinstance(value, bool):
        return value
    word = str(value).strip().casefold() if isinstance(value, (str, int)) else ""
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    return notes.problem(path, value, "must be true or false")


def integer(
    notes: Notes, path: str, value: t.Any, least: int | None, most: int | None, unit: str | None = None
) -> t.Any:
    """Return a whole number within its range; digits as text are accepted."""
    number: int | None = None
    digits = isinstance(value, str) and re.fullmatch(r"\s*[+-]?[0-9]{1,20}\s*", value)
    whole = isinstance(value, int) or isinstance(value, float) and value.is_integer()
    if not isinstance(value, bool) and (digits or whole):
        number = int(value)
    if number is None:
        of = f" of {unit}" if unit else ""
        return notes.problem(path, value, f"must be a whole number{of}")
    if (least is not None and number < least) or (most is not None and number > most):
        return notes.problem(path, value, f"must be between {least} and {most}")
    return number


def word(notes: Notes, path: str, value: t.Any, accepted: t.Mapping[str, str], words: t.Iterable[str]) -> t.Any:
    """Return the WMI value for a word or WMI spelling, without regard to case."""
    if isinstance(value, (str, int)) and not isinstance(value, bool):
        found = accepted.get(str(value).strip().casefold())
        if found is not None:
            return found
    return notes.problem(path, value, "must be one of " + ", ".join(words))


def secret(notes: Notes, path: str, value: t.Any, least: int | None = None, most: int | None = None) -> t.Any:
    """Return a secret; its value never enters a message."""
    if not isinstance(value, str):
        # YAML turns 0123 into 83, 12:30 into 750 and no into a switch; a secret is never shown, so nobody would notice.
        return notes.problem(path, "", "must be text, and YAML made something else of it; quote it")
    found = str(value)
    if found == STORED:
        return Secret(None)
    if _UNFIT.search(found):
        return notes.problem(path, "", "holds a control character that XML cannot carry")
    if most is not None and len(found) > most:
        return notes.problem(path, "", f"has {len(found)} characters; at most {most} are allowed")
    return Secret(found)


def date(notes: Notes, path: str, value: t.Any) -> t.Any:
    """Return a UTC time as a CIM datetime; text without zone is UTC, ``+00:00`` equals ``Z``."""
    if isinstance(value, datetime.datetime):
        if value.tzinfo is not None and value.utcoffset():
            return notes.problem(path, value, "must be UTC: end it with Z and quote it")
        return CimDatetime(value.strftime("%Y%m%d%H%M%S") + f".{value.microsecond:06d}+000")
    if isinstance(value, datetime.date):
        return CimDatetime(value.strftime("%Y%m%d") + "000000.000000+000")
    if isinstance(value, str) and _DMTF.match(value.strip()):
        return CimDatetime(value.strip())
    match = _DATE.match(value.strip()) if isinstance(value, str) else None
    if match is None:
        return notes.problem(path, value, "must be a UTC time such as 2025-06-01T08:00:00Z")
    zone = (match[8] or "Z").upper().replace(":", "")
    if zone not in ("Z", "UTC", "+0000", "-0000"):
        return notes.problem(path, value, "must be UTC: end it with Z, other offsets are not accepted")
    parts = [int(part or 0) for part in match.groups()[:6]]
    try:
        moment = datetime.datetime(*parts)  # type: ignore[arg-type]
    except ValueError as error:
        return notes.problem(path, value, f"is no date: {error}")
    return CimDatetime(moment.strftime("%Y%m%d%H%M%S") + "." + (match[7] or "").ljust(6, "0") + "+000")


def date_text(value: str) -> str:
    """Return a CIM datetime as ISO text in UTC; one that is not UTC stays as it is."""
    if not _DMTF.match(value) or value[21:] not in ("+000", "-000", "+***"):
        return value
    if value[21:] == "+***":
        return value
    fraction = "" if value[15:21] == "000000" else "." + value[15:21].rstrip("0")
    return f"{value[:4]}-{value[4:6]}-{value[6:8]}T{value[8:10]}:{value[10:12]}:{value[12:14]}{fraction}Z"


def reference(notes: Notes, path: str, value: t.Any, kind: str, parent: Ref | None = None) -> t.Any:
    """Return a ``Ref``, or "" for none (INTERFACE 1)."""
    if isinstance(value, str):
        if not value:
            return ""
        if value[:3].casefold() == "id:":
            return _by_id(notes, path, value[3:].strip(), kind, value)
        found = name(notes, path, value, 512)
        return BAD if found is BAD else Ref(kind=kind, name=found, parent=parent, path=path)
    if isinstance(value, dict):
        return _by_mapping(notes, path, value, kind, parent)
    if isinstance(value, (int, float)):
        return notes.problem(
            path, value, f'was read as the number {value}: quote a name, or write an ID as {{id: "..."}} in quotes'
        )
    return notes.problem(path, value, "must be a name, {id: ...}, or {name: ..., version: ...}")


def _by_mapping(notes: Notes, path: str, value: dict[t.Any, t.Any], kind: str, parent: Ref | None) -> t.Any:
    keys = ("id", "name", "version", "manufacturer", "language")
    before = len(notes.problems)
    for key in value:
        if key not in keys:
            notes.problem(f"{path}.{key}", "", f"is not a key of a reference; {nearest(str(key), keys)}")
    identity = value.get("id")
    if identity is not None:
        if not isinstance(identity, str):
            return notes.problem(
                f"{path}.id", identity, f"was read as the number {identity}: quote it, leading zeros are lost"
            )
        if len(notes.problems) > before:
            return BAD
        return _by_id(notes, f"{path}.id", identity, kind, identity, path)
    if value.get("name") is None:
        return notes.problem(path, value, "needs id or name")
    facts: dict[str, str] = {"name": name(notes, f"{path}.name", value["name"], 512)}
    for key in keys[2:]:
        if value.get(key) is not None:
            facts[key] = text(notes, f"{path}.{key}", value[key], version=key == "version")
    if len(notes.problems) > before:
        return BAD
    return Ref(kind=kind, parent=parent, path=path, **facts)


def _by_id(notes: Notes, path: str, identity: str, kind: str, value: str, place: str | None = None) -> t.Any:
    if not identity:
        return notes.problem(path, value, "the ID is empty")
    if kind in PACKAGE_KINDS and not _PACKAGE_ID.match(identity):
        return notes.problem(
            path, value, "is no package ID: three characters of the site code and five hexadecimal digits"
        )
    return Ref(kind=kind, id=identity, path=place or path)
