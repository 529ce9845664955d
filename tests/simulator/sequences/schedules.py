# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SMS_ScheduleMethods: schedule tokens and their 16 hexadecimal digits (provider-behaviour 5)."""

from __future__ import annotations

import calendar
import dataclasses
import re
import typing as t

from ..objects import Dt, Obj

TOKEN_LENGTH = 16
NO_START = "19700201000000.000000+***"
STAMP = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)\.(\d{6})(\+\*\*\*|[+-]\d{3})")
OFFSET_TYPE = 6


class BadToken(ValueError):
    """A string or token that no layout covers."""


@dataclasses.dataclass(frozen=True)
class Field:
    """Bits ``high``..``low`` of the second word, the property they hold and its legal values."""

    name: str
    high: int
    low: int
    least: int
    most: int


LAYOUTS: dict[int, tuple[str, tuple[Field, ...]]] = {
    1: ("SMS_ST_NonRecurring", ()),
    2: ("SMS_ST_RecurInterval", (
        Field("MinuteSpan", 18, 13, 0, 59), Field("HourSpan", 12, 8, 0, 23), Field("DaySpan", 7, 3, 0, 31),
    )),
    3: ("SMS_ST_RecurWeekly", (Field("Day", 18, 16, 1, 7), Field("ForNumberOfWeeks", 15, 13, 1, 4))),
    4: ("SMS_ST_RecurMonthlyByWeekday", (
        Field("Day", 18, 16, 1, 7), Field("ForNumberOfMonths", 15, 12, 1, 12), Field("WeekOrder", 11, 9, 0, 4),
    )),
    5: ("SMS_ST_RecurMonthlyByDate", (Field("MonthDay", 18, 14, 0, 31), Field("ForNumberOfMonths", 13, 10, 1, 12))),
}
"""Type number -> class and fields. Type 6 exists (monthly by weekday with an offset); its layout is unknown."""

DURATION_FIELDS = (Field("HourDuration", 31, 27, 0, 23), Field("DayDuration", 26, 22, 0, 31))
TYPES = {name: number for number, (name, _fields) in LAYOUTS.items()}


def _cut(word: int, high: int, low: int) -> int:
    return (word >> low) & ((1 << (high - low + 1)) - 1)


def read_string(text: t.Any) -> list[Obj]:
    """Return the tokens of a schedule string. Raises BadToken: nothing is guessed, nothing skipped."""
    if not isinstance(text, str) or not text or len(text) % TOKEN_LENGTH:
        raise BadToken(f"a schedule string is made of groups of {TOKEN_LENGTH} hexadecimal digits")
    if not re.fullmatch(r"[0-9A-Fa-f]+", text):
        raise BadToken("a schedule string holds hexadecimal digits only")
    return [_read_one(text[at:at + TOKEN_LENGTH]) for at in range(0, len(text), TOKEN_LENGTH)]


def _read_one(text: str) -> Obj:
    first, second = int(text[:8], 16), int(text[8:], 16)
    kind = _cut(second, 21, 19)
    if kind == OFFSET_TYPE:
        raise BadToken(f"{text}: type 6 (monthly by weekday with an offset) has no known layout")
    if kind not in LAYOUTS:
        raise BadToken(f"{text}: there is no token type {kind}")
    class_name, fields = LAYOUTS[kind]
    minute, hour, day = _cut(first, 31, 26), _cut(first, 25, 21), _cut(first, 20, 16)
    month, year = _cut(first, 15, 12), 1970 + _cut(first, 11, 6)
    _check_start(text, year, month, day, hour, minute)
    made = Obj(class_name, {
        "DayDuration": 0, "HourDuration": 0, "IsGMT": bool(second & 1), "MinuteDuration": _cut(first, 5, 0),
        "StartTime": Dt(f"{year:04d}{month:02d}{day:02d}{hour:02d}{minute:02d}00.000000+***"),
    })
    used = 0b111 << 19 | 1
    for field in DURATION_FIELDS + fields:
        value = _cut(second, field.high, field.low)
        _check_field(text, field, value)
        made.props[field.name] = value
        used |= ((1 << (field.high - field.low + 1)) - 1) << field.low
    if made.props["MinuteDuration"] > 59:
        raise BadToken(f"{text}: MinuteDuration {made.props['MinuteDuration']} is not within 0-59")
    if second & ~used:
        raise BadToken(f"{text}: bits that no field of type {kind} covers are set")
    return made


def write_string(tokens: t.Any) -> str:
    """Return the schedule string of tokens. Raises BadToken."""
    if not isinstance(tokens, list) or not tokens:
        raise BadToken("TokenData needs at least one token")
    return "".join(_write_one(token) for token in tokens)


def _write_one(token: Obj) -> str:
    kind = TYPES.get(token.class_name)
    if kind is None:
        raise BadToken(f"{token.class_name} is not a schedule token that can be written")
    fields = LAYOUTS[kind][1]
    year, month, day, hour, minute = _start(token)
    duration = token.get("MinuteDuration", 0)
    _check_field(token.class_name, Field("MinuteDuration", 5, 0, 0, 59), duration)
    first = minute << 26 | hour << 21 | day << 16 | month << 12 | (year - 1970) << 6 | duration
    second = kind << 19 | (1 if token.get("IsGMT") else 0)
    for field in DURATION_FIELDS + fields:
        value = token.get(field.name, 0)
        _check_field(token.class_name, field, value)
        second |= value << field.low
    if kind == 2 and not any(token.get(field.name) for field in fields):
        raise BadToken("SMS_ST_RecurInterval: an interval needs a span")
    return f"{first:08X}{second:08X}"


def _start(token: Obj) -> tuple[int, int, int, int, int]:
    text = str(token.get("StartTime", NO_START))
    match = STAMP.fullmatch(text)
    if match is None:
        raise BadToken(f"{token.class_name}: StartTime {text!r} is not a timestamp")
    year, month, day, hour, minute, second = (int(match.group(number)) for number in range(1, 7))
    if second or int(match.group(7)):
        raise BadToken(f"{token.class_name}: StartTime {text} has seconds; a token holds whole minutes")
    if match.group(8) not in {"+***", "+000"}:
        raise BadToken(f"{token.class_name}: StartTime {text} has an offset; a token is local time or UTC by IsGMT")
    _check_start(token.class_name, year, month, day, hour, minute)
    return year, month, day, hour, minute


def _check_start(where: str, year: int, month: int, day: int, hour: int, minute: int) -> None:
    legal = 1970 <= year <= 2033 and 1 <= month <= 12 and hour <= 23 and minute <= 59
    if not legal or not 1 <= day <= calendar.monthrange(year, month)[1]:
        raise BadToken(f"{where}: {year:04d}-{month:02d}-{day:02d} {hour:02d}:{minute:02d} is no time a token can hold")


def _check_field(where: str, field: Field, value: t.Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not field.least <= value <= field.most:
        raise BadToken(f"{where}: {field.name} {value!r} is not within {field.least}-{field.most}")
