# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Texts of single values on the wire, and what they mean (reference: wsman 1.5)."""

from __future__ import annotations

import datetime
import re
import typing as t

from .objects import Dt

RANGES = {
    "uint8": (0, 2**8 - 1), "uint16": (0, 2**16 - 1), "uint32": (0, 2**32 - 1), "uint64": (0, 2**64 - 1),
    "sint8": (-(2**7), 2**7 - 1), "sint16": (-(2**15), 2**15 - 1), "sint32": (-(2**31), 2**31 - 1),
    "sint64": (-(2**63), 2**63 - 1), "char16": (0, 2**16 - 1),
}
XSI_NAMES = {
    "string": "cimString", "boolean": "cimBoolean", "uint8": "cimUnsignedByte", "uint16": "cimUnsignedShort",
    "uint32": "cimUnsignedInt", "uint64": "cimUnsignedLong", "sint8": "cimByte", "sint16": "cimShort",
    "sint32": "cimInt", "sint64": "cimLong", "real32": "cimFloat", "real64": "cimDouble",
    "datetime": "cimDateTime", "char16": "cimChar16", "reference": "cimReference",
}
"""CIM type to the xsi:type name that a client may put on a simple value."""

_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)\Z")
_REAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?\Z")
_DMTF = re.compile(r"([0-9]{14})\.([0-9]{6})([+-])([0-9]{3}|\*{3})\Z")
_DMTF_INTERVAL = re.compile(r"([0-9]{8})([0-9]{2})([0-9]{2})([0-9]{2})\.([0-9]{6}):000\Z")
_ISO = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,7}))?)?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})?\Z"
)
_DURATION = re.compile(
    r"P(?:([0-9]+)Y)?(?:([0-9]+)M)?(?:([0-9]+)D)?"
    r"(?:T(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+)(?:\.([0-9]{1,6}))?S)?)?\Z"
)
_NOT_PLAIN = re.compile("[&<>\"\x00-\x1f\ud800-\udfff\ufffe\uffff]")
_ESCAPES = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;", ord('"'): "&quot;", 13: "&#13;"}
_ESCAPES.update(dict.fromkeys((*range(9), 11, 12, *range(14, 32), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF), "?"))


def escape(text: str) -> str:
    """Return XML text; control characters become question marks, as Windows writes them (reference: wsman 1.5)."""
    return text.translate(_ESCAPES) if _NOT_PLAIN.search(text) else text


def parse(kind: str, text: str) -> t.Any:
    """Turn the text of a simple value into a Python value; ValueError says what is wrong with it."""
    if kind == "string":
        return text
    if kind == "boolean":
        if text not in ("true", "false"):
            raise ValueError(f"cannot convert the string to a boolean; only true and false are. String: {text}")
        return text == "true"
    if kind in RANGES:
        if not _INTEGER.match(text):
            raise ValueError(f"cannot convert the string to a number. String: {text}")
        low, high = RANGES[kind]
        number = int(text)
        if not low <= number <= high:
            raise ValueError(f"the number is out of the range of {kind}. String: {text}")
        return number
    if kind in ("real32", "real64"):
        if not _REAL.match(text):
            raise ValueError(f"cannot convert the string to a real number. String: {text}")
        return float(text)
    if kind == "datetime":
        return parse_datetime(text)
    raise ValueError(f"the type {kind} has no text form")


def show(kind: str, value: t.Any) -> str:
    """Return the text of a simple value; ValueError when the value does not fit the type.

    The provider's own output is checked too: WinRM does it, and answers such a reply with
    0x80338041 (reference: wsman 12).
    """
    if kind == "string":
        if not isinstance(value, str):
            raise ValueError(f"cannot convert the value to a string. Value: {value!r}")
        return value
    if kind == "boolean":
        if not isinstance(value, bool):
            raise ValueError(f"cannot convert the value to a boolean. Value: {value!r}")
        return "true" if value else "false"
    if kind in RANGES:
        low, high = RANGES[kind]
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError(f"cannot convert the string to a number. String: {value}")
        return str(value)
    if kind in ("real32", "real64") and isinstance(value, (int, float)):
        return f"{value:.15g}"
    raise ValueError(f"cannot convert the value to {kind}. Value: {value!r}")


def parse_dmtf(text: str) -> Dt:
    """Check a 25-character DMTF timestamp or interval and keep it digit by digit."""
    match = _DMTF.match(text)
    if match:
        _check_calendar(match[1])
        return Dt(text)
    match = _DMTF_INTERVAL.match(text)
    if match:
        if int(match[2]) > 23 or int(match[3]) > 59 or int(match[4]) > 59:
            raise ValueError(f"the interval is out of range. String: {text}")
        return Dt(text)
    raise ValueError(f"cannot convert the string to a CIM datetime. String: {text}")


def parse_iso(text: str) -> Dt:
    """Turn an xs:dateTime or xs:date into DMTF form; without a zone it is read as UTC, as Windows does."""
    match = _ISO.match(text)
    if not match:
        raise ValueError(f"cannot convert the string to a datetime. String: {text}")
    digits = "".join(match.group(1, 2, 3)) + "".join(part or "00" for part in match.group(4, 5, 6))
    _check_calendar(digits)
    fraction = (match[7] or "").ljust(6, "0")[:6]
    zone = match[8] or "Z"
    if zone == "Z":
        return Dt(f"{digits}.{fraction}+000")
    minutes = int(zone[1:3]) * 60 + int(zone[4:6])
    return Dt(f"{digits}.{fraction}{zone[0]}{minutes:03d}")


def parse_duration(text: str) -> Dt:
    """Turn an xs:duration of days and less into a DMTF interval."""
    seconds = duration_seconds(text)
    whole = int(seconds)
    days, rest = divmod(whole, 86400)
    micro = round((seconds - whole) * 1_000_000)
    return Dt(f"{days:08d}{rest // 3600:02d}{rest % 3600 // 60:02d}{rest % 60:02d}.{micro:06d}:000")


def duration_seconds(text: str) -> float:
    """Return the seconds of an xs:duration; years and months have no fixed length and are refused."""
    match = _DURATION.match(text)
    if not match or text.endswith(("P", "T")) or match[1] or match[2]:
        raise ValueError(f"cannot convert the string to a duration. String: {text}")
    days, hours, minutes, seconds = (int(part or 0) for part in match.group(3, 4, 5, 6))
    return days * 86400 + hours * 3600 + minutes * 60 + seconds + float(f"0.{match[7] or 0}")


def parse_datetime(text: str) -> Dt:
    """Read a datetime that came as plain text: DMTF, ISO or a duration."""
    if text.startswith("P"):
        return parse_duration(text)
    if "-" in text[:5]:
        return parse_iso(text)
    return parse_dmtf(text)


def show_datetime(value: str) -> tuple[str, str]:
    """Return the element name (Datetime or Interval) and text in which Windows shows a DMTF value.

    ``+***`` comes as the same digits labelled Z (reference: wsman 1.5).
    """
    match = _DMTF_INTERVAL.match(value)
    if match:
        days, hours, minutes, seconds = (int(part) for part in match.group(1, 2, 3, 4))
        fraction = match[5].rstrip("0")
        return "Interval", f"P{days}DT{hours}H{minutes}M{seconds}{'.' + fraction if fraction else ''}S"
    match = _DMTF.match(value)
    if not match:
        raise ValueError(f"cannot convert the value to a datetime. Value: {value}")
    digits = match[1]
    fraction = match[2].rstrip("0")
    zone = "Z"
    if match[4] not in ("000", "***"):
        minutes = int(match[4])
        zone = f"{match[3]}{minutes // 60:02d}:{minutes % 60:02d}"
    text = f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}T{digits[8:10]}:{digits[10:12]}:{digits[12:14]}"
    return "Datetime", f"{text}{'.' + fraction if fraction else ''}{zone}"


def _check_calendar(digits: str) -> None:
    try:
        datetime.datetime.strptime(digits, "%Y%m%d%H%M%S")
    except ValueError as error:
        raise ValueError(f"the calendar has no such time. String: {digits}") from error
