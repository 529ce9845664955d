# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Schedule tokens: the form of the play, the classes ``SMS_ST_*``, and the 16-digit text.

The text packs a token into two 32-bit words (reference: provider-behaviour 5.2); the provider
makes the objects from it (``SMS_ScheduleMethods.ReadFromString``), so that no class of a newer
site has to be guessed. Kinds that the play cannot write yet are kept and shown as their class.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._cim.instance import Instance
from .._errors import Problem, ProtocolError
from . import times
from .site import Site

EVENTS = {"as_soon_as_possible": 0x20, "log_on": 0x200, "log_off": 0x400}
"""Events that start a required deployment, and their bits in AdvertFlags (provider-behaviour 4.3)."""

WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
ONCE, INTERVAL, WEEKLY = "SMS_ST_NonRecurring", "SMS_ST_RecurInterval", "SMS_ST_RecurWeekly"
LIMIT = 15
"""The most tokens that AssignedSchedule holds (provider-behaviour 4.2)."""

_TYPES = {ONCE: 1, INTERVAL: 2, WEEKLY: 3}
_UNITS = {"minutes": ("MinuteSpan", 59), "hours": ("HourSpan", 23), "days": ("DaySpan", 31)}
_FIRST_YEAR, _LAST_YEAR = 1970, 2033
"""The text has six bits for the year."""


@dataclasses.dataclass(frozen=True)
class Token:
    """One schedule: its class, its start, and the fields of its class that are not zero."""

    class_name: str
    start: times.Moment
    fields: tuple[tuple[str, int], ...] = ()

    @property
    def text(self) -> str:
        """The 16 hexadecimal digits."""
        value = dict(self.fields)
        clock = self.start.clock
        first = (
            clock.minute << 26
            | clock.hour << 21
            | clock.day << 16
            | clock.month << 12
            | (clock.year - _FIRST_YEAR) << 6
            | value.get("MinuteDuration", 0)
        )
        second = value.get("HourDuration", 0) << 27 | value.get("DayDuration", 0) << 22 | _TYPES[self.class_name] << 19
        if self.class_name == INTERVAL:
            second |= value.get("MinuteSpan", 0) << 13 | value.get("HourSpan", 0) << 8 | value.get("DaySpan", 0) << 3
        elif self.class_name == WEEKLY:
            second |= value.get("Day", 0) << 16 | value.get("ForNumberOfWeeks", 0) << 13
        return f"{first:08X}{second | int(self.start.utc):08X}"

    @property
    def instance(self) -> Instance:
        """The token as an object, every field sent."""
        value = dict(self.fields)
        own = {INTERVAL: ("DaySpan", "HourSpan", "MinuteSpan"), WEEKLY: ("Day", "ForNumberOfWeeks")}
        names = ("DayDuration", "HourDuration", "MinuteDuration", *own.get(self.class_name, ()))
        properties: dict[str, t.Any] = {name: value.get(name, 0) for name in names}
        properties["IsGMT"] = self.start.utc
        properties["StartTime"] = self.start.dmtf
        return Instance(self.class_name, properties)

    @property
    def option(self) -> dict[str, t.Any]:
        """The token as a play writes it."""
        value = dict(self.fields)
        if self.class_name == ONCE:
            return {"at": self.start.text}
        if self.class_name == WEEKLY:
            every = {"weeks": value.get("ForNumberOfWeeks", 0), "weekday": WEEKDAYS[(value.get("Day", 1) - 1) % 7]}
            return {"start": self.start.text, "every": every}
        units = {unit: value[name] for unit, (name, _limit) in _UNITS.items() if value.get(name)}
        return {"start": self.start.text, "every": units}


class Assignments(t.NamedTuple):
    """What starts a required deployment: events as bits of AdvertFlags, and tokens in their order."""

    events: int
    tokens: tuple[Token, ...]

    @property
    def utc(self) -> bool:
        """Whose clock the tokens use; all of one deployment use the same."""
        return any(token.start.utc for token in self.tokens)


def parse(entries: t.Sequence[t.Any], path: str, problems: list[Problem]) -> Assignments:
    """Return the assignments that a play wrote; problems are noted with the path of the entry."""
    events = 0
    tokens: list[Token] = []
    for index, entry in enumerate(entries):
        where = f"{path}[{index}]"
        if isinstance(entry, str):
            bit = EVENTS.get(entry.strip().lower().replace(" ", "_"))
            if bit is None:
                rule = f"is no event; one of {', '.join(EVENTS)}, or a mapping with 'at' or with 'start' and 'every'"
                problems.append(Problem(where, entry, rule))
            events |= bit or 0
            continue
        token = _parse_entry(entry, where, problems)
        if token in tokens:
            problems.append(Problem(where, "", "is there twice"))
        elif token is not None:
            tokens.append(token)
    if len(tokens) > LIMIT:
        problems.append(Problem(path, f"{len(tokens)} schedules", f"at most {LIMIT} schedules"))
    if len({token.start.utc for token in tokens}) > 1:
        problems.append(Problem(path, "", "either all times of a deployment are UTC (with Z) or none is"))
    return Assignments(events, tuple(tokens))


def _parse_entry(entry: t.Any, where: str, problems: list[Problem]) -> Token | None:
    if not isinstance(entry, t.Mapping) or set(entry) not in ({"at"}, {"start", "every"}):
        rule = "is an event, a mapping with 'at', or a mapping with 'start' and 'every'"
        problems.append(Problem(where, "" if isinstance(entry, t.Mapping) else str(entry), rule))
        return None
    key = "at" if "at" in entry else "start"
    start = times.parse(entry[key], f"{where}.{key}", problems)
    if start is not None and not _FIRST_YEAR <= start.clock.year <= _LAST_YEAR:
        rule = f"schedules reach from {_FIRST_YEAR} to {_LAST_YEAR}"
        problems.append(Problem(f"{where}.{key}", start.text, rule))
        return None
    if key == "at":
        return Token(ONCE, start) if start else None
    fields = _parse_every(entry["every"], f"{where}.every", problems)
    if start is None or fields is None:
        return None
    return Token(WEEKLY if "ForNumberOfWeeks" in dict(fields) else INTERVAL, start, fields)


def _parse_every(every: t.Any, where: str, problems: list[Problem]) -> tuple[tuple[str, int], ...] | None:
    if not isinstance(every, t.Mapping) or not every:
        problems.append(Problem(where, str(every), "is a mapping such as {days: 7} or {weeks: 2, weekday: sunday}"))
        return None
    given = {str(key): value for key, value in every.items()}
    if set(given) == {"weeks", "weekday"}:
        weeks = _whole(given["weeks"], f"{where}.weeks", 1, 4, problems)
        day = str(given["weekday"]).strip().lower()
        if day not in WEEKDAYS:
            problems.append(Problem(f"{where}.weekday", day, f"one of {', '.join(WEEKDAYS)}"))
            return None
        return None if weeks is None else (("Day", WEEKDAYS.index(day) + 1), ("ForNumberOfWeeks", weeks))
    unknown = sorted(set(given) - set(_UNITS))
    if unknown or len(given) != 1:
        rule = "one of minutes, hours, days, or weeks together with weekday"
        problems.append(Problem(where, ", ".join(given), rule))
        return None
    ((unit, value),) = given.items()
    name, limit = _UNITS[unit]
    number = _whole(value, f"{where}.{unit}", 1, limit, problems)
    return None if number is None else ((name, number),)


def _whole(value: t.Any, where: str, least: int, most: int, problems: list[Problem]) -> int | None:
    text = str(value).strip()
    if isinstance(value, bool) or not text.isdigit() or not least <= int(text) <= most:
        problems.append(Problem(where, text, f"a whole number from {least} to {most}"))
        return None
    return int(text)


def from_instance(instance: Instance) -> Token | None:
    """Return the token that the site holds; ``None`` for a kind that the play cannot write yet."""
    if instance.class_name not in _TYPES:
        return None
    start = times.from_dmtf(instance.get("StartTime"), bool(instance.get("IsGMT", False)))
    if start is None:
        return None
    names = {
        ONCE: (),
        INTERVAL: ("DaySpan", "HourSpan", "MinuteSpan"),
        WEEKLY: ("Day", "ForNumberOfWeeks"),
    }[instance.class_name]
    durations = ("DayDuration", "HourDuration", "MinuteDuration")
    fields = tuple(sorted((name, int(instance.get(name, 0))) for name in (*names, *durations) if instance.get(name)))
    return Token(instance.class_name, start, fields)


def show(instance: Instance) -> t.Any:
    """Return a stored token as a play writes it, or its class and fields where the play cannot write it yet."""
    token = from_instance(instance)
    if token is not None and not any(name.endswith("Duration") for name, _value in token.fields):
        return token.option
    plain = {name: str(value) for name, value in instance.properties.items() if value is not None}
    return {"class": instance.class_name, "properties": plain}


def same(wanted: t.Sequence[Token], stored: t.Sequence[Instance]) -> bool:
    """Whether the site holds exactly these schedules, in any order."""
    found = [from_instance(item) for item in stored]
    if None in found or len(found) != len(wanted):
        return False
    return sorted(map(_identity, wanted)) == sorted(_identity(token) for token in found if token is not None)


def _identity(token: Token) -> tuple[t.Any, ...]:
    return (token.class_name, token.start, sorted(token.fields))


def make(site: Site, tokens: t.Sequence[Token]) -> list[Instance]:
    """Return the tokens as objects, made by the server unless the switch ``schedule_tokens`` says otherwise."""
    if not tokens:
        return []
    if site.compatibility.schedule_tokens == "direct":
        return [token.instance for token in tokens]
    text = "".join(token.text for token in tokens)
    found = site.cim.invoke("SMS_ScheduleMethods", "ReadFromString", {"StringData": text}).out.get("TokenData")
    made = found if isinstance(found, list) else []
    if not same(tokens, [item for item in made if isinstance(item, Instance)]):
        raise ProtocolError(
            "The site read other schedules from the text than were written; compatibility.schedule_tokens: direct "
            "makes them here instead.",
            wmi_class="SMS_ScheduleMethods",
            method="ReadFromString",
            detail={"text": text},
        )
    return made
