# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CIM timestamps and intervals: three spellings on the wire, one 25-character form inside.

Digits are never converted: ConfigMgr stores wall clocks without a zone (``+***``), and Windows
shows them with ``Z`` (reference: wsman 1.5).
"""

from __future__ import annotations

import re

from .instance import CimDatetime

DMTF = re.compile(r"[0-9*]{14}\.[0-9*]{6}(?:[+-](?:[0-9]{3}|\*{3})|:000)\Z")
_ISO = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)(?:[Tt ](?P<time>\d\d:\d\d:\d\d)(?:\.(?P<fraction>\d{1,9}))?)?"
    r"(?P<zone>[Zz]|[+-]\d\d:?\d\d)?\Z"
)
_DURATION = re.compile(
    r"P(?:(?P<days>\d+)D)?(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)(?:\.(?P<fraction>\d{1,6}))?S)?)?\Z"
)


def parse(text: str) -> CimDatetime | None:
    """Return the DMTF form of any spelling, ``None`` when ``text`` is none of them."""
    text = text.strip()
    if DMTF.match(text):
        return CimDatetime(text)
    match = _ISO.match(text)
    if match:
        clock = (match["time"] or "00:00:00").replace(":", "")
        fraction = (match["fraction"] or "")[:6].ljust(6, "0")
        return CimDatetime(f"{match['date'].replace('-', '')}{clock}.{fraction}{_zone(match['zone'])}")
    match = _DURATION.match(text)
    if match and text not in ("P", "PT"):
        return _interval(match)
    return None


def _zone(text: str | None) -> str:
    if not text:
        return "+***"
    if text in "Zz":
        return "+000"
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return f"{text[0]}{minutes:03d}"


def _interval(match: re.Match[str]) -> CimDatetime | None:
    seconds = (int(match["hours"] or 0) * 60 + int(match["minutes"] or 0)) * 60 + int(match["seconds"] or 0)
    days = int(match["days"] or 0) + seconds // 86400
    if days > 99999999:
        return None
    hours, rest = divmod(seconds % 86400, 3600)
    fraction = (match["fraction"] or "").ljust(6, "0")
    return CimDatetime(f"{days:08d}{hours:02d}{rest // 60:02d}{rest % 60:02d}.{fraction}:000")


def is_interval(value: str) -> bool:
    return value.endswith(":000")


def to_iso(value: str) -> str | None:
    """Return the ISO spelling (``cim:Datetime`` or ``cim:Interval``), ``None`` when there is none.

    A value without a zone gets ``Z``, as Windows shows it; unknown digits have no ISO spelling.
    """
    if not DMTF.match(value) or "*" in value[:21]:
        return None
    fraction = value[15:21].rstrip("0")
    fraction = f".{fraction}" if fraction else ""
    if is_interval(value):
        return f"P{int(value[:8])}DT{int(value[8:10])}H{int(value[10:12])}M{int(value[12:14])}{fraction}S"
    zone = value[21:]
    if zone in ("+000", "-000", "+***", "-***"):
        shown = "Z"
    else:
        shown = f"{zone[0]}{int(zone[1:]) // 60:02d}:{int(zone[1:]) % 60:02d}"
    return f"{value[:4]}-{value[4:6]}-{value[6:8]}T{value[8:10]}:{value[10:12]}:{value[12:14]}{fraction}{shown}"


def same_clock(first: str | None, second: str | None) -> bool:
    """Say whether two timestamps show the same digits, whatever their zones are labelled."""
    return (first or "")[:21] == (second or "")[:21]
