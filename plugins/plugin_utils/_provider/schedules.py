# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Schedule tokens: the classes ``SMS_ST_*``, their 16-digit text, and the form of the play.

The text packs a token into two 32-bit words (reference: provider-behaviour 5.2). The provider
makes the objects from it (``SMS_ScheduleMethods.ReadFromString``), so that no class of a newer
site has to be guessed; the switch ``schedule_tokens: direct`` makes them here. Five layouts are
known. Whatever else a site holds, above all type 6 (monthly by weekday with an offset), is kept
as it is: an object is shown as its class and properties, a text as its digits.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from .._cim.instance import CimDatetime, Instance, Value
from .._errors import ProtocolError, ServerFault
from . import times
from .site import Site

WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
WEEKS = ("last", "first", "second", "third", "fourth")
"""The values of WeekOrder, in their order."""
LAST_DAY = "last"
"""How a play writes MonthDay 0."""
ONCE, INTERVAL, WEEKLY = "SMS_ST_NonRecurring", "SMS_ST_RecurInterval", "SMS_ST_RecurWeekly"
MONTHLY_BY_WEEKDAY, MONTHLY_BY_DATE = "SMS_ST_RecurMonthlyByWeekday", "SMS_ST_RecurMonthlyByDate"
UNITS = {"minutes": ("MinuteSpan", 59), "hours": ("HourSpan", 23), "days": ("DaySpan", 31)}
"""Unit of an interval to its field and the most that the field takes (provider-behaviour 5.1)."""
DURATIONS = {"days": ("DayDuration", 31), "hours": ("HourDuration", 23), "minutes": ("MinuteDuration", 59)}
"""Unit of a duration to its field and the most that the field takes (provider-behaviour 5.1)."""

FIRST_YEAR, LAST_YEAR = 1970, 2033
"""The text has six bits for the year."""

Bits = tuple[str, int, int]
"""A field, its lowest bit, and the number of its bits."""

_DURATION: Bits = ("MinuteDuration", 0, 6)
_DURATIONS: tuple[Bits, ...] = (("HourDuration", 27, 5), ("DayDuration", 22, 5))
_LAYOUTS: dict[str, tuple[int, tuple[Bits, ...]]] = {
    ONCE: (1, ()),
    INTERVAL: (2, (("MinuteSpan", 13, 6), ("HourSpan", 8, 5), ("DaySpan", 3, 5))),
    WEEKLY: (3, (("Day", 16, 3), ("ForNumberOfWeeks", 13, 3))),
    MONTHLY_BY_WEEKDAY: (4, (("Day", 16, 3), ("ForNumberOfMonths", 12, 4), ("WeekOrder", 9, 3))),
    MONTHLY_BY_DATE: (5, (("MonthDay", 14, 5), ("ForNumberOfMonths", 10, 4))),
}
"""Class to type number and fields of the second word."""

_CLASSES = {number: name for name, (number, _fields) in _LAYOUTS.items()}
_HEX = re.compile(r"(?:[0-9A-Fa-f]{16})+\Z")


def _names(class_name: str) -> tuple[str, ...]:
    """Return the fields of a class, those of its base first."""
    own = (name for name, _low, _size in _LAYOUTS[class_name][1])
    return (_DURATION[0], *(name for name, _low, _size in _DURATIONS), *own)


@dataclasses.dataclass(frozen=True)
class Token:
    """One schedule: its class, its start, and the fields of its class that are not zero, sorted by name."""

    class_name: str
    start: times.Moment
    fields: tuple[tuple[str, int], ...] = ()

    @property
    def text(self) -> str:
        """The 16 hexadecimal digits; seconds have no place in them."""
        value = dict(self.fields)
        clock = self.start.clock
        first = clock.minute << 26 | clock.hour << 21 | clock.day << 16 | clock.month << 12
        first |= (clock.year - FIRST_YEAR) << 6 | value.get(_DURATION[0], 0)
        number, own = _LAYOUTS[self.class_name]
        second = number << 19 | int(self.start.utc)
        for name, low, _size in (*_DURATIONS, *own):
            second |= value.get(name, 0) << low
        return f"{first:08X}{second:08X}"

    @property
    def instance(self) -> Instance:
        """The token as an object, every field sent."""
        value = dict(self.fields)
        properties: dict[str, t.Any] = {name: value.get(name, 0) for name in _names(self.class_name)}
        properties["IsGMT"] = self.start.utc
        properties["StartTime"] = self.start.dmtf
        return Instance(self.class_name, properties)

    @property
    def option(self) -> dict[str, t.Any] | None:
        """The token as a play writes it; ``None`` for what a play cannot say, such as spans of several units."""
        value = dict(self.fields)
        lasting = {unit: value.pop(name) for unit, (name, _most) in DURATIONS.items() if name in value}
        if any(lasting.get(unit, 0) > most for unit, (_name, most) in DURATIONS.items()):
            return None
        ending: dict[str, t.Any] = {"duration": lasting} if lasting else {}
        if self.class_name == ONCE:
            return {"at": self.start.text, **ending}
        every = _EVERY[self.class_name](value)
        return None if every is None else {"start": self.start.text, "every": every, **ending}


def _every_span(value: t.Mapping[str, int]) -> dict[str, t.Any] | None:
    found = {unit: value[name] for unit, (name, most) in UNITS.items() if 0 < value.get(name, 0) <= most}
    return found if len(found) == len(value) == 1 else None


def _every_week(value: t.Mapping[str, int]) -> dict[str, t.Any] | None:
    day, weeks = value.get("Day", 0), value.get("ForNumberOfWeeks", 0)
    if not 1 <= day <= len(WEEKDAYS) or not 1 <= weeks <= 4:
        return None
    return {"weeks": weeks, "weekday": WEEKDAYS[day - 1]}


def _every_month_by_weekday(value: t.Mapping[str, int]) -> dict[str, t.Any] | None:
    day, months, week = value.get("Day", 0), value.get("ForNumberOfMonths", 0), value.get("WeekOrder", 0)
    if not 1 <= day <= len(WEEKDAYS) or not 1 <= months <= 12 or week >= len(WEEKS):
        return None
    return {"months": months, "week": WEEKS[week], "weekday": WEEKDAYS[day - 1]}


def _every_month_by_date(value: t.Mapping[str, int]) -> dict[str, t.Any] | None:
    months = value.get("ForNumberOfMonths", 0)
    return {"months": months, "day": value.get("MonthDay") or LAST_DAY} if 1 <= months <= 12 else None


_EVERY: dict[str, t.Callable[[t.Mapping[str, int]], dict[str, t.Any] | None]] = {
    INTERVAL: _every_span,
    WEEKLY: _every_week,
    MONTHLY_BY_WEEKDAY: _every_month_by_weekday,
    MONTHLY_BY_DATE: _every_month_by_date,
}


@dataclasses.dataclass(frozen=True)
class Verbatim:
    """The 16 digits of a token that no known layout covers; they go on as they came."""

    text: str

    @property
    def option(self) -> dict[str, t.Any]:
        """The form in which it is shown."""
        return {"token": self.text}


@dataclasses.dataclass(frozen=True)
class Kept:
    """A schedule that the play gives as class and properties, as it is shown: it must be on the site already."""

    class_name: str
    properties: tuple[tuple[str, str], ...]
    path: str = dataclasses.field(default="", compare=False)

    @classmethod
    def of(cls, class_name: str, properties: t.Mapping[str, t.Any], path: str = "") -> Kept:
        """Make one from properties of any type; they are compared as text."""
        return cls(class_name, tuple(sorted((name, _plain(value)) for name, value in properties.items())), path)

    @property
    def option(self) -> dict[str, t.Any]:
        """The form of the play."""
        return {"class": self.class_name, "properties": dict(self.properties)}


Schedule = Token | Kept


def _plain(value: t.Any) -> str:
    """Return a property as text; the zone of a stored time says nothing (reference: wsman 1.5)."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value[:21]}+***" if isinstance(value, CimDatetime) else str(value)


# -- text --------------------------------------------------------------------------------------


def from_text(text: str) -> list[Token]:
    """Return the tokens of a schedule text.

    Raises ValueError for text that no token of a known layout has; :func:`decode` keeps such tokens.
    """
    return [_from_digits(digits) for digits in split(text)]


def split(text: str) -> list[str]:
    """Return the groups of 16 digits of a schedule text; raises ValueError for anything else."""
    if not _HEX.match(text):
        raise ValueError("a schedule is made of groups of 16 hexadecimal digits")
    return [text[at : at + 16] for at in range(0, len(text), 16)]


def decode(text: str) -> list[Token | Verbatim]:
    """Return the tokens of a schedule text, those of an unknown layout verbatim.

    Raises ValueError for text that is not made of groups of 16 hexadecimal digits.
    """
    found: list[Token | Verbatim] = []
    for digits in split(text):
        try:
            found.append(_from_digits(digits))
        except ValueError:
            found.append(Verbatim(digits.upper()))
    return found


def encode(tokens: t.Iterable[Token | Verbatim]) -> str:
    """Return the schedule text of tokens."""
    return "".join(token.text for token in tokens)


def _from_digits(digits: str) -> Token:
    first, second = int(digits[:8], 16), int(digits[8:], 16)
    class_name = _CLASSES.get(_cut(second, 19, 3))
    if class_name is None:
        raise ValueError(f"{digits}: nothing is known of the layout of kind {_cut(second, 19, 3)}")
    stamp = (
        f"{FIRST_YEAR + _cut(first, 6, 6):04d}{_cut(first, 12, 4):02d}{_cut(first, 16, 5):02d}"
        f"{_cut(first, 21, 5):02d}{_cut(first, 26, 6):02d}00"
    )
    start = times.from_dmtf(stamp, bool(second & 1))
    if start is None:
        raise ValueError(f"{digits}: {stamp} is no time")
    fields = {_DURATION[0]: _cut(first, _DURATION[1], _DURATION[2])}
    for name, low, size in (*_DURATIONS, *_LAYOUTS[class_name][1]):
        fields[name] = _cut(second, low, size)
    token = Token(class_name, start, tuple(sorted((name, value) for name, value in fields.items() if value)))
    if token.text != digits.upper():
        raise ValueError(f"{digits}: bits are set that belong to no field of {class_name}")
    return token


def _cut(word: int, low: int, size: int) -> int:
    return word >> low & (1 << size) - 1


# -- objects -----------------------------------------------------------------------------------


def from_instance(instance: Instance) -> Token | None:
    """Return the token that the site holds; ``None`` for a kind that is not known here.

    A known class with a property more is another kind: nobody knows where newer sites keep the offset.
    """
    if instance.class_name not in _LAYOUTS:
        return None
    known = {"StartTime", "IsGMT", *_names(instance.class_name)}
    if any(value and name not in known for name, value in instance.properties.items()):
        return None
    start = times.from_dmtf(instance.get("StartTime"), bool(instance.get("IsGMT", False)))
    if start is None:
        return None
    fields = ((name, instance.number(name)) for name in _names(instance.class_name) if instance.get(name))
    return Token(instance.class_name, start, tuple(sorted(fields)))


def stored(instance: Instance) -> Schedule:
    """Return the schedule that an object of the site stands for."""
    token = from_instance(instance)
    if token is not None and token.option is not None:
        return token
    given = {name: value for name, value in instance.properties.items() if value is not None}
    return Kept.of(instance.class_name, given)


def of(live: Instance) -> list[Schedule]:
    """Return the schedules of a stored deployment; none where they are switched off."""
    if not live.get("AssignedScheduleEnabled", False):
        return []
    return [stored(item) for item in live.get("AssignedSchedule", []) if isinstance(item, Instance)]


def same(one: t.Sequence[Schedule], other: t.Sequence[Schedule]) -> bool:
    """Whether two lists hold the same schedules, in any order."""
    return len(one) == len(other) and all(one.count(item) == other.count(item) for item in one)


def is_utc(schedule: Schedule) -> bool:
    """Whose clock a schedule uses."""
    if isinstance(schedule, Token):
        return schedule.start.utc
    return dict(schedule.properties).get("IsGMT") == "true"


def make(site: Site, wanted: t.Sequence[Schedule], live: t.Sequence[Instance] = ()) -> list[Instance]:
    """Return schedules as objects: the server makes them, unless the switch ``schedule_tokens`` says otherwise.

    What the site holds already is taken from ``live``. Raises ProtocolError when the server read
    something else from the text than was written.
    """
    known: dict[Schedule, Instance] = {stored(item): item for item in live}
    tokens = [item for item in wanted if isinstance(item, Token) and item not in known]
    if site.compatibility.schedule_tokens == "direct":
        known.update((token, token.instance) for token in tokens)
    elif tokens:
        known.update(_read_from_string(site, tokens))
    return [known[item] for item in wanted]


def _read_from_string(site: Site, tokens: t.Sequence[Token]) -> dict[Token, Instance]:
    hint = "compatibility.schedule_tokens: direct makes the schedules here instead"
    text = "".join(token.text for token in tokens)
    try:
        answer = site.cim.invoke("SMS_ScheduleMethods", "ReadFromString", {"StringData": text})
    except ServerFault as error:
        error.message = f"{error.message.rstrip('.')}. Should the site not offer this, {hint}."
        raise
    found = answer.out.get("TokenData")
    made = [item for item in found if isinstance(item, Instance)] if isinstance(found, list) else []
    values: list[Value] = list(made)
    times.without_zone(values)
    read = {token: item for item in made for token in (from_instance(item),) if token is not None}
    if len(made) != len(tokens) or set(read) != set(tokens):
        raise ProtocolError(
            f"The site read other schedules from the text than were written; {hint}.",
            wmi_class="SMS_ScheduleMethods",
            method="ReadFromString",
            detail={"text": text},
        )
    return read
