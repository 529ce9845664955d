# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Schedule tokens: the classes ``SMS_ST_*``, their 16-digit text, and the form of the play.

The text packs a token into two 32-bit words (reference: provider-behaviour 5.2). The provider
makes the objects from it (``SMS_ScheduleMethods.ReadFromString``), so that no class of a newer
site has to be guessed; the switch ``schedule_tokens: direct`` makes them here. Kinds that a play
cannot write yet are kept as they are and shown as their class.
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
ONCE, INTERVAL, WEEKLY = "SMS_ST_NonRecurring", "SMS_ST_RecurInterval", "SMS_ST_RecurWeekly"
UNITS = {"minutes": ("MinuteSpan", 59), "hours": ("HourSpan", 23), "days": ("DaySpan", 31)}
"""Unit of an interval to its field and the most that the field takes (provider-behaviour 5.1)."""

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
        """The token as a play writes it; ``None`` for durations and spans of several units, which a play cannot say."""
        value = dict(self.fields)
        if self.class_name == ONCE:
            return None if value else {"at": self.start.text}
        every: dict[str, t.Any]
        if self.class_name == WEEKLY:
            if set(value) != {"Day", "ForNumberOfWeeks"} or value["Day"] > len(WEEKDAYS):
                return None
            every = {"weeks": value["ForNumberOfWeeks"], "weekday": WEEKDAYS[value["Day"] - 1]}
        else:
            every = {unit: value[name] for unit, (name, _most) in UNITS.items() if name in value}
            if len(every) != 1 or len(value) != 1:
                return None
        return {"start": self.start.text, "every": every}


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
    """Return the tokens of a schedule text of the kinds once, interval and weekly.

    Raises ValueError for other kinds and for text that no such token has.
    """
    if not _HEX.match(text):
        raise ValueError("a schedule is made of groups of 16 hexadecimal digits")
    return [_from_digits(text[at : at + 16]) for at in range(0, len(text), 16)]


def _from_digits(digits: str) -> Token:
    first, second = int(digits[:8], 16), int(digits[8:], 16)
    class_name = _CLASSES.get(_cut(second, 19, 3))
    if class_name is None:
        raise ValueError(f"{digits}: kind {_cut(second, 19, 3)} is none of {', '.join(_LAYOUTS)}")
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
    """Return the token that the site holds; ``None`` for a kind that is not known here."""
    if instance.class_name not in _LAYOUTS:
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
