# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A result of ``cm_deployment_status`` made ready for a report, and the report as Markdown.

The same result always gives the same text: there is no date in it that the result does not hold.
"""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from .._errors import InvalidInput, Problem
from .._sequence.report.markdown import escape
from .._sequence.report.text import clean, one_line
from ._status_devices import FAILED, NOT_RUN, OUTCOMES, RUNNING, SUCCEEDED, WAITING

WORDS = {
    SUCCEEDED: "Succeeded",
    FAILED: "Failed",
    RUNNING: "Running",
    WAITING: "Waiting",
    NOT_RUN: "Not run",
}
ROWS = 24
"""Rows of the table of states over time at most."""
_KEYS = ("targeted", *OUTCOMES)


@dataclasses.dataclass
class Point:
    """The counts at one time: seconds from the start of the chart."""

    seconds: float
    counts: dict[str, int]


@dataclasses.dataclass
class Report:
    """What both forms of the report show."""

    title: str
    counts: dict[str, int]
    deployments: list[dict[str, t.Any]]
    failures: list[dict[str, t.Any]]
    points: list[Point]
    message: str = ""
    """What went wrong, for a result of a failed task."""

    @property
    def percent(self) -> str:
        """The share of devices that succeeded."""
        targeted = self.counts["targeted"]
        return f"{self.counts[SUCCEEDED] * 100 / targeted:.1f} %" if targeted else "-"

    def rows(self) -> list[Point]:
        """Return the points for a table; of many, some that are evenly spread."""
        if len(self.points) <= ROWS:
            return self.points
        last = len(self.points) - 1
        return [self.points[round(index * last / (ROWS - 1))] for index in range(ROWS)]


def build(given: t.Any, title: str = "") -> Report:
    """Read a result. Raises InvalidInput for anything else."""
    if not isinstance(given, dict):
        raise InvalidInput([Problem("_input", type(given).__name__, "must be a result of cm_deployment_status")])
    source, message = given, ""
    error = given.get("error")
    if isinstance(error, dict) and isinstance(error.get("detail"), dict):
        source, message = error["detail"], clean(given.get("msg"))
    deployments = source.get("deployments")
    if not isinstance(deployments, list) or not all(isinstance(item, dict) for item in deployments):
        raise InvalidInput([Problem("_input", "", "must be a result of cm_deployment_status: it has no deployments")])
    items = [_deployment(item) for item in deployments]
    total = source.get("counts")
    counts = _counts(total) if isinstance(total, dict) else _added(item["counts"] for item in items)
    points = _timeline(source.get("timeline")) or _ended(items, counts)
    return Report(
        title=one_line(title) or _title(items),
        counts=counts,
        deployments=items,
        failures=[item for item in source.get("failures") or [] if isinstance(item, dict)],
        points=points,
        message=message,
    )


def _title(items: list[dict[str, t.Any]]) -> str:
    if len(items) == 1:
        only = items[0]
        return f"{one_line(only['task_sequence'])} on {one_line(only['collection'])}"
    return f"{len(items)} deployments"


def _deployment(item: dict[str, t.Any]) -> dict[str, t.Any]:
    devices = [device for device in item.get("devices") or [] if isinstance(device, dict)]
    return {
        "id": clean(item.get("advertisement_id")),
        "name": clean(item.get("name")),
        "task_sequence": clean(item.get("task_sequence") or item.get("package_id") or "task sequence"),
        "collection": clean(item.get("collection") or item.get("collection_id") or "collection"),
        "purpose": clean(item.get("purpose")),
        "counts": _counts(item.get("counts") or {}),
        "devices": devices,
        "unfinished": [clean(name) for name in item.get("unfinished") or []],
        "unfinished_more": _number(item.get("unfinished_more")),
    }


def _counts(given: t.Any) -> dict[str, int]:
    found = {name: _number(given.get(name) if isinstance(given, dict) else 0) for name in OUTCOMES}
    return {"targeted": sum(found.values()), **found}


def _number(value: t.Any) -> int:
    try:
        return max(0, int(value or 0))
    except (TypeError, ValueError):
        return 0


def _added(many: t.Iterable[dict[str, int]]) -> dict[str, int]:
    total = dict.fromkeys(_KEYS, 0)
    for counts in many:
        for name in _KEYS:
            total[name] += counts[name]
    return total


# -- states over time ---------------------------------------------------------------------------


def _timeline(given: t.Any) -> list[Point]:
    """Return what a task saw while it waited; nothing when it looked once only."""
    points = []
    for item in given if isinstance(given, list) else []:
        if isinstance(item, dict):
            try:
                points.append(Point(float(item.get("seconds", 0)), _counts(item)))
            except (TypeError, ValueError):
                continue
    points.sort(key=lambda point: point.seconds)
    return points if len(points) > 1 else []


def _ended(items: list[dict[str, t.Any]], counts: dict[str, int]) -> list[Point]:
    """Return when devices ended, from the times of their last reports."""
    ends: list[tuple[datetime.datetime, str]] = []
    for item in items:
        for device in item["devices"]:
            if device.get("state") in (SUCCEEDED, FAILED, NOT_RUN):
                moment = _moment(device.get("last_status_time"))
                if moment is not None:
                    ends.append((moment, str(device["state"])))
    ends.sort(key=lambda end: end[0])
    if len({moment for moment, _state in ends}) < 2:
        return []
    now = {**dict.fromkeys(_KEYS, 0), "targeted": counts["targeted"], WAITING: counts["targeted"]}
    points: list[Point] = []
    for moment, state in ends:
        now = {**now, WAITING: max(0, now[WAITING] - 1), state: now[state] + 1}
        seconds = (moment - ends[0][0]).total_seconds()
        if points and points[-1].seconds == seconds:
            points.pop()
        points.append(Point(seconds, now))
    return points


def _moment(value: t.Any) -> datetime.datetime | None:
    try:
        return datetime.datetime.strptime(str(value), "%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        return None


def duration(seconds: float) -> str:
    """Return a time span in hours, minutes and seconds."""
    whole = int(seconds)
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours}:{minutes:02d}:{whole % 60:02d}"


# -- Markdown -----------------------------------------------------------------------------------


def markdown(report: Report) -> str:
    """Return the report with tables of GitHub's flavour."""
    parts = [f"# {escape(report.title)}"]
    if report.message:
        parts.append(f"> {escape(report.message)}")
    parts.append(_table(["Devices", *WORDS.values(), "Success"], [[*_numbers(report.counts), report.percent]]))
    if report.points:
        parts.append("## States over time")
        rows = [[duration(point.seconds), *_numbers(point.counts)] for point in report.rows()]
        parts.append(_table(["After", "Devices", *WORDS.values()], rows))
    if report.failures:
        parts.append("## Failures")
        for failure in report.failures:
            parts.extend(_failure(failure))
    parts.append("## Deployments")
    for item in report.deployments:
        parts.append(f"### {escape(item['task_sequence'])} on {escape(item['collection'])}")
        parts.append(f"{escape(item['name'])} ({escape(item['id'])}) {escape(item['purpose'])}".strip())
        parts.append(_table(["Devices", *WORDS.values()], [_numbers(item["counts"])]))
        if item["devices"]:
            rows = [[escape(cell) for cell in device_row(device)] for device in item["devices"]]
            parts.append(_table(["Device", "State", "Last message", "Reported"], rows))
        if item["unfinished"]:
            more = f" and {item['unfinished_more']} more" if item["unfinished_more"] else ""
            parts.append(f"Not finished: {', '.join(escape(name) for name in item['unfinished'])}{more}")
    return "\n\n".join(parts) + "\n"


def device_row(device: dict[str, t.Any]) -> list[str]:
    """Return the cells of a device: name, state, message, time."""
    state = WORDS.get(str(device.get("state")), one_line(device.get("state")))
    detail = one_line(device.get("message") or device.get("site_state_name"))
    if device.get("previous_run"):
        detail = f"{detail} (earlier run)".strip()
    return [one_line(device.get("name")), state, detail, one_line(device.get("last_status_time"))]


def headline(failure: dict[str, t.Any]) -> str:
    """Return a failure in one line."""
    if not failure.get("step"):
        return f"{one_line(failure.get('name'))}: no step was reported. {one_line(failure.get('message'))}".strip()
    group = f" of {one_line(failure['group'])}" if failure.get("group") else ""
    code = f"exit code {one_line(failure.get('exit_code'))} ({one_line(failure.get('exit_code_hex'))})"
    number = one_line(failure.get("step_number"))
    return f"{one_line(failure.get('name'))}: step {number} '{one_line(failure['step'])}'{group}, {code}"


def _failure(failure: dict[str, t.Any]) -> list[str]:
    parts = [f"- {escape(headline(failure))}"]
    output = clean(failure.get("output")).strip("\n")
    if output:
        fence = "```"
        while fence in output:
            fence += "`"
        parts.append(f"{fence}text\n{output}\n{fence}")
    return parts


def _numbers(counts: dict[str, int]) -> list[str]:
    return [str(counts[name]) for name in _KEYS]


def _table(headings: list[str], rows: list[list[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
