# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What starts a required deployment, as a play writes it (reference: INTERFACE 8)."""

from __future__ import annotations

import re
import typing as t

from .._errors import Problem
from . import schedules, times
from .schedules import DURATIONS, LAST_DAY, UNITS, WEEKDAYS, WEEKS, Kept, Schedule, Token

EVENTS = {"as_soon_as_possible": 0x20, "log_on": 0x200, "log_off": 0x400}
"""Events and their bits in AdvertFlags (provider-behaviour 4.3)."""

LIMIT = 15
"""The most tokens that AssignedSchedule holds (provider-behaviour 4.2)."""

_BY_WORD = {word.replace("_", ""): bit for word, bit in EVENTS.items()}
_SEPARATORS = re.compile(r"[\s_-]")
_ENTRY = "an event, a mapping with 'at', or a mapping with 'start' and 'every'"
_FORMS = ({"at"}, {"start", "every"})
_REPEAT = "weeks together with weekday, months together with day, or months together with week and weekday"
MOST_OFFSET = 7
"""The most days that the console lets a schedule lie behind its weekday (provider-behaviour 5.1)."""

Fields = tuple[tuple[str, int], ...]


class Assignments(t.NamedTuple):
    """Events as bits of AdvertFlags, and schedules in their order."""

    events: int
    tokens: tuple[Schedule, ...]


def parse(
    entries: t.Sequence[t.Any],
    path: str,
    problems: list[Problem],
    *,
    look: t.Callable[[str, times.Moment], None] | None = None,
) -> Assignments:
    """Return the assignments that a play wrote; problems are noted with the path of the entry.

    ``look`` is shown every start with its path.
    """
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
            if look is not None and isinstance(token, Token):
                look(f"{where}.{'at' if 'at' in entry else 'start'}", token.start)
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
    if set(given) == {"token"}:
        return _parse_token(given["token"], f"{where}.token", problems)
    if given.keys() - {"duration"} not in _FORMS:
        problems.append(Problem(where, ", ".join(given), f"must be {_ENTRY}"))
        return None
    key = "at" if "at" in given else "start"
    start = times.parse(given[key], f"{where}.{key}", problems, first_year=schedules.FIRST_YEAR)
    if start is not None and start.clock.year > schedules.LAST_YEAR:
        rule = f"schedules reach from {schedules.FIRST_YEAR} to {schedules.LAST_YEAR}"
        problems.append(Problem(f"{where}.{key}", start.text, rule))
        start = None
    lasting: Fields | None = ()
    if "duration" in given:
        lasting = _parse_duration(given["duration"], f"{where}.duration", problems)
    kind: tuple[str, Fields] | None = (schedules.ONCE, ())
    if key == "start":
        kind = _parse_every(given["every"], f"{where}.every", problems)
    if start is None or lasting is None or kind is None:
        return None
    return Token(kind[0], start, tuple(sorted((*kind[1], *lasting))))


def _parse_token(value: t.Any, where: str, problems: list[Problem]) -> Token | None:
    """Read the 16 digits that New-CMSchedule calls a schedule string."""
    text = str(value).strip()
    try:
        (found,) = schedules.from_text(text)
    except ValueError:
        rule = "is not the 16 hexadecimal digits of one schedule of a known layout"
        problems.append(Problem(where, text, rule))
        return None
    if found.option is None:
        problems.append(Problem(where, text, "stands for a schedule that no console makes, so it is not written"))
        return None
    return found


def describe(text: str) -> list[dict[str, t.Any]]:
    """Return a schedule text as entries of ``assignments``, what has no such form as its digits.

    Raises ValueError for text that is not made of groups of 16 hexadecimal digits.
    """
    return [token.option or {"token": token.text} for token in schedules.decode(text)]


def to_text(entries: t.Sequence[t.Any], path: str, problems: list[Problem]) -> str:
    """Return entries of ``assignments`` as a schedule text; digits go on as they are. Events have none."""
    found = ""
    for index, entry in enumerate(entries):
        where = f"{path}[{index}]"
        if isinstance(entry, t.Mapping) and set(entry) == {"token"}:
            try:
                (digits,) = schedules.split(str(entry["token"]).strip())
                found += digits.upper()
            except ValueError:
                rule = "is not the 16 hexadecimal digits of one schedule"
                problems.append(Problem(f"{where}.token", str(entry["token"]), rule))
            continue
        token = None if isinstance(entry, str) else _parse_entry(entry, where, problems)
        if isinstance(token, Token):
            found += token.text
        elif isinstance(entry, str) or token is not None:
            problems.append(Problem(where, str(entry), "has no text; only schedules with a known layout do"))
    return found


def _parse_duration(value: t.Any, where: str, problems: list[Problem]) -> Fields | None:
    units = ", ".join(DURATIONS)
    if not isinstance(value, t.Mapping) or not value:
        problems.append(Problem(where, str(value), f"is a mapping such as {{hours: 4}}, of {units}"))
        return None
    given = {str(key): number for key, number in value.items() if number is not None}
    if not given or not set(given) <= set(DURATIONS):
        problems.append(Problem(where, ", ".join(given), f"must have at least one of {units}, and nothing else"))
        return None
    found = []
    for unit, number in given.items():
        name, most = DURATIONS[unit]
        whole = _whole(number, f"{where}.{unit}", most, problems)
        if whole is None:
            return None
        found.append((name, whole))
    return tuple(found)


def _parse_every(every: t.Any, where: str, problems: list[Problem]) -> tuple[str, Fields] | None:
    """Return the class of a repetition and its fields that are not zero."""
    if not isinstance(every, t.Mapping) or not every:
        problems.append(Problem(where, str(every), "is a mapping such as {days: 7} or {weeks: 2, weekday: sunday}"))
        return None
    given = {str(key): value for key, value in every.items() if value is not None}
    if not _offset(given, where, problems):
        return None
    if set(given) == {"weeks", "weekday"}:
        weeks = _whole(given["weeks"], f"{where}.weeks", 4, problems)
        day = _word(given["weekday"], f"{where}.weekday", WEEKDAYS, problems)
        if weeks is None or day is None:
            return None
        return schedules.WEEKLY, (("Day", day + 1), ("ForNumberOfWeeks", weeks))
    if set(given) in ({"months", "day"}, {"months", "week", "weekday"}):
        return _parse_months(given, where, problems)
    if len(given) != 1 or not set(given) <= set(UNITS):
        rule = f"must have one of {', '.join(UNITS)}, or {_REPEAT}"
        problems.append(Problem(where, ", ".join(given), rule))
        return None
    ((unit, value),) = given.items()
    name, most = UNITS[unit]
    number = _whole(value, f"{where}.{unit}", most, problems)
    return None if number is None else (schedules.INTERVAL, ((name, number),))


def _parse_months(given: t.Mapping[str, t.Any], where: str, problems: list[Problem]) -> tuple[str, Fields] | None:
    months = _whole(given["months"], f"{where}.months", 12, problems)
    if "day" in given:
        last = str(given["day"]).strip().lower() == LAST_DAY
        date = 0 if last else _whole(given["day"], f"{where}.day", 31, problems, also=f", or {LAST_DAY}")
        if months is None or date is None:
            return None
        fields = (("ForNumberOfMonths", months), ("MonthDay", date))
        return schedules.MONTHLY_BY_DATE, tuple(item for item in fields if item[1])
    week = _word(given["week"], f"{where}.week", WEEKS, problems)
    day = _word(given["weekday"], f"{where}.weekday", WEEKDAYS, problems)
    if months is None or week is None or day is None:
        return None
    fields = (("Day", day + 1), ("ForNumberOfMonths", months), ("WeekOrder", week))
    return schedules.MONTHLY_BY_WEEKDAY, tuple(item for item in fields if item[1])


def _offset(given: dict[str, t.Any], where: str, problems: list[Problem]) -> bool:
    """Take ``offset_days`` away where it means nothing; nobody has published the layout of one that counts."""
    value = given.get("offset_days")
    if value is None or set(given) != {"months", "week", "weekday", "offset_days"}:
        return True
    text = str(value).strip()
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,2}", text, re.ASCII) or int(text) > MOST_OFFSET:
        problems.append(Problem(f"{where}.offset_days", text, f"must be a whole number from 0 to {MOST_OFFSET}"))
        return False
    if int(text):
        rule = (
            "how a site stores an offset is not known, so none can be written; make the schedule in the console, and "
            "keep it here as cm_advertisement_info shows it, by class and properties"
        )
        problems.append(Problem(f"{where}.offset_days", text, rule))
        return False
    del given["offset_days"]
    return True


def _word(value: t.Any, where: str, words: t.Sequence[str], problems: list[Problem]) -> int | None:
    text = str(value).strip().lower()
    if text not in words:
        problems.append(Problem(where, text, f"must be one of {', '.join(words)}"))
        return None
    return words.index(text)


def _whole(value: t.Any, where: str, most: int, problems: list[Problem], *, also: str = "") -> int | None:
    text = str(value).strip()
    if isinstance(value, bool) or not re.fullmatch(r"0*[1-9][0-9]?", text, re.ASCII) or int(text) > most:
        problems.append(Problem(where, text, f"must be a whole number from 1 to {most}{also}"))
        return None
    return int(text)
