# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What starts a required deployment, as a play writes it (reference: INTERFACE 8)."""

from __future__ import annotations

import re
import typing as t

from .._errors import Problem
from . import times
from .schedules import FIRST_YEAR, INTERVAL, LAST_YEAR, ONCE, UNITS, WEEKDAYS, WEEKLY, Kept, Schedule, Token

EVENTS = {"as_soon_as_possible": 0x20, "log_on": 0x200, "log_off": 0x400}
"""Events and their bits in AdvertFlags (provider-behaviour 4.3)."""

LIMIT = 15
"""The most tokens that AssignedSchedule holds (provider-behaviour 4.2)."""

_BY_WORD = {word.replace("_", ""): bit for word, bit in EVENTS.items()}
_SEPARATORS = re.compile(r"[\s_-]")
_ENTRY = "an event, a mapping with 'at', or a mapping with 'start' and 'every'"


class Assignments(t.NamedTuple):
    """Events as bits of AdvertFlags, and schedules in their order."""

    events: int
    tokens: tuple[Schedule, ...]


def parse(entries: t.Sequence[t.Any], path: str, problems: list[Problem]) -> Assignments:
    """Return the assignments that a play wrote; problems are noted with the path of the entry."""
    events = 0
    tokens: list[Schedule] = []
    for index, entry in enumerate(entries):
        where = f"{path}[{index}]"
        if isinstance(entry, str):
            bit = _BY_WORD.get(_SEPARATORS.sub("", entry).lower())
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
    if len({token.start.utc for token in tokens if isinstance(token, Token)}) > 1:
        problems.append(Problem(path, "", "either all times of a deployment are UTC (with Z) or none is"))
    return Assignments(events, tuple(tokens))


def _parse_entry(entry: t.Any, where: str, problems: list[Problem]) -> Schedule | None:
    if not isinstance(entry, t.Mapping):
        problems.append(Problem(where, str(entry), f"must be {_ENTRY}"))
        return None
    given = {str(key): value for key, value in entry.items() if value is not None}
    if set(given) == {"class", "properties"} and isinstance(given["properties"], t.Mapping):
        return Kept.of(str(given["class"]), {str(k): v for k, v in given["properties"].items()}, where)
    if set(given) not in ({"at"}, {"start", "every"}):
        problems.append(Problem(where, ", ".join(given), f"must be {_ENTRY}"))
        return None
    key = "at" if "at" in given else "start"
    start = times.parse(given[key], f"{where}.{key}", problems, first_year=FIRST_YEAR)
    if start is not None and start.clock.year > LAST_YEAR:
        problems.append(Problem(f"{where}.{key}", start.text, f"schedules reach from {FIRST_YEAR} to {LAST_YEAR}"))
        start = None
    if key == "at":
        return Token(ONCE, start) if start else None
    fields = _parse_every(given["every"], f"{where}.every", problems)
    if start is None or fields is None:
        return None
    return Token(WEEKLY if "ForNumberOfWeeks" in dict(fields) else INTERVAL, start, fields)


def _parse_every(every: t.Any, where: str, problems: list[Problem]) -> tuple[tuple[str, int], ...] | None:
    if not isinstance(every, t.Mapping) or not every:
        problems.append(Problem(where, str(every), "is a mapping such as {days: 7} or {weeks: 2, weekday: sunday}"))
        return None
    given = {str(key): value for key, value in every.items() if value is not None}
    if set(given) == {"weeks", "weekday"}:
        weeks = _whole(given["weeks"], f"{where}.weeks", 4, problems)
        day = str(given["weekday"]).strip().lower()
        if day not in WEEKDAYS:
            problems.append(Problem(f"{where}.weekday", day, f"must be one of {', '.join(WEEKDAYS)}"))
            return None
        return None if weeks is None else (("Day", WEEKDAYS.index(day) + 1), ("ForNumberOfWeeks", weeks))
    if len(given) != 1 or not set(given) <= set(UNITS):
        rule = f"must have one of {', '.join(UNITS)}, or weeks together with weekday"
        problems.append(Problem(where, ", ".join(given), rule))
        return None
    ((unit, value),) = given.items()
    name, most = UNITS[unit]
    number = _whole(value, f"{where}.{unit}", most, problems)
    return None if number is None else ((name, number),)


def _whole(value: t.Any, where: str, most: int, problems: list[Problem]) -> int | None:
    text = str(value).strip()
    if isinstance(value, bool) or not re.fullmatch(r"0*[1-9][0-9]?", text, re.ASCII) or int(text) > most:
        problems.append(Problem(where, text, f"must be a whole number from 1 to {most}"))
        return None
    return int(text)
