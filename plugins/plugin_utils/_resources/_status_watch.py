# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Watches deployments until a goal is reached or out of reach (reference: provider-behaviour 8.5).

Up to ``MANY`` targets every look reads the devices. Above that the site's own summary shows the
progress, asked for anew after each look, and the devices are read once the summary says that it is over.
"""

from __future__ import annotations

import typing as t

from .._errors import ConfigMgrError, DeploymentFailed, DeploymentGone, NotFound, OutcomeUnknown
from ._base import Task
from ._status_devices import ENDED, FAILED, NOT_RUN, OUTCOMES, RUNNING, SUCCEEDED, WAITING, Deployment, Device
from ._status_reader import Reader
from ._wait import Progress, wait_for

MANY = 1000
"""So many targets, and the site's summary is watched instead of the devices."""
LINES = 5
"""Lines of a step's output that a message holds."""
SAMPLES = 400
"""Points of the chart at most; when there are more, every second one goes."""
_WORDS = (
    (SUCCEEDED, "succeeded"),
    (FAILED, "failed"),
    (RUNNING, "running"),
    (WAITING, "waiting"),
    (NOT_RUN, "not run"),
)


def in_words(counts: t.Mapping[str, int]) -> str:
    """Return counts as one line."""
    if not counts["targeted"]:
        return "no device is targeted yet"
    parts = [f"{counts[name]} {word}" for name, word in _WORDS if counts[name] or name == SUCCEEDED]
    noun = "device" if counts["targeted"] == 1 else "devices"
    return f"{counts['targeted']} {noun}: {', '.join(parts)}"


def added(many: t.Iterable[t.Mapping[str, int]]) -> dict[str, int]:
    """Add the counts of several deployments."""
    total = dict.fromkeys(("targeted", *OUTCOMES), 0)
    for counts in many:
        for name in total:
            total[name] += counts[name]
    return total


class Goal(t.NamedTuple):
    """What a wait is for: ``finished``, ``success`` or ``percent`` with its number."""

    word: str
    percent: int
    ignore_not_run: bool
    fail_fast: bool

    def judge(self, counts: t.Mapping[str, int]) -> str:
        """Return ``reached``, ``lost`` (cannot be reached unless something that ended starts again) or ``open``."""
        counted = counts["targeted"] - (counts[NOT_RUN] if self.ignore_not_run else 0)
        bad = counts[FAILED] + (0 if self.ignore_not_run else counts[NOT_RUN])
        if not counts["targeted"]:
            return "open"
        if self.word == "finished":
            return "reached" if sum(counts[name] for name in ENDED) == counts["targeted"] else "open"
        wanted = 100 if self.word == "success" else self.percent
        if counts[SUCCEEDED] * 100 >= wanted * counted:
            return "reached"
        return "lost" if (counted - bad) * 100 < wanted * counted else "open"


class Watch:
    """One wait of one task."""

    def __init__(self, task: Task, reader: Reader, goal: Goal) -> None:
        self.task = task
        self.reader = reader
        self.goal = goal
        self.timeline: list[dict[str, t.Any]] = []
        self.shown = int(task.params["max_failures_shown"])
        self._started = task.clock()
        self._deadline = self._started + task.params["wait_timeout"]
        self._asked: dict[str, str] = {}
        self._looked = False
        listed = len(reader.wanted) if reader.wanted else None
        targets = sum(item.member_count for item in reader.deployments)
        self.by_summary = not reader.since and (targets if listed is None else listed) > MANY

    def run(self) -> None:
        """Wait for the goal. Raises DeploymentFailed, DeploymentGone and WaitTimeout."""
        titles = ", ".join(item.title for item in self.reader.deployments[:3])
        more = len(self.reader.deployments) - 3
        wait_for(self.task, self.look, what=titles + (f" and {more} more" if more > 0 else ""))

    def look(self) -> Progress:
        """Look once."""
        over = self.task.clock() >= self._deadline
        counts = self._by_summary(over) if self.by_summary else self._by_devices(over)
        self.sample(counts)
        verdict = self.goal.judge(counts)
        if verdict == "lost" and (self.goal.fail_fast or over):
            self.fail()
        return Progress(verdict == "reached", in_words(counts), self.state(counts))

    # -- two ways to look ---------------------------------------------------------------------

    def _by_devices(self, over: bool) -> dict[str, int]:
        if self._looked:
            # The first time, the deployments were found a moment ago.
            self._check_there()
            self.reader.refresh_members(everything=over)
        else:
            self.reader.read_members()
        self._looked = True
        self.reader.read_status(everything=over)
        return added(item.counts() for item in self.reader.deployments)

    def _by_summary(self, over: bool) -> dict[str, int]:
        for item in self.reader.deployments:
            self._look_at_summary(item)
        known = all(item.summary for item in self.reader.deployments)
        counts = added(item.summary or dict.fromkeys(("targeted", *OUTCOMES), 0) for item in self.reader.deployments)
        verdict = self.goal.judge(counts) if known else "open"
        if over or verdict == "reached" or (verdict == "lost" and self.goal.fail_fast):
            # The devices decide; the summary can be behind or ahead of them.
            self.reader.read_members()
            self.reader.read_status(everything=True)
            return added(item.counts() for item in self.reader.deployments)
        return counts

    def _look_at_summary(self, item: Deployment) -> None:
        found = self.reader.read_summary(item)
        if found is None:
            self._check_there()
        time, counts = found or ("", None)
        asked = self._asked.get(item.id)
        if asked is not None and time == asked:
            return
        if asked is not None:
            item.summary = counts
        self._asked[item.id] = time
        try:
            self.reader.ask_for_summary(item)
        except NotFound:
            self._check_there()
        except OutcomeUnknown:
            # Whether it was asked for shows in the time of the next summary.
            del self._asked[item.id]

    def _check_there(self) -> None:
        gone = self.reader.still_there()
        if not gone:
            return
        counts = added(item.counts() for item in self.reader.deployments)
        names = ", ".join(item.title for item in gone)
        raise DeploymentGone(
            f"Deleted while it was watched: {names}. Last state: {in_words(counts)}. What devices have begun they "
            "finish, but the site does not show it any more. Run the task again without what is gone.",
            detail=self.state(counts),
        )

    # -- what comes of it ---------------------------------------------------------------------

    def sample(self, counts: t.Mapping[str, int]) -> None:
        """Keep a point of the chart when the numbers have changed."""
        numbers = {name: counts[name] for name in ("targeted", *OUTCOMES)}
        last = self.timeline[-1] if self.timeline else {}
        if any(last.get(name) != value for name, value in numbers.items()):
            self.timeline.append({"seconds": round(self.task.clock() - self._started, 1), **numbers})
        if len(self.timeline) > SAMPLES:
            del self.timeline[1:-1:2]

    def state(self, counts: t.Mapping[str, int]) -> dict[str, t.Any]:
        """Return the state for an error's detail; a rerun needs nothing of it."""
        found = []
        for item in self.reader.deployments:
            open_devices = item.with_outcome(WAITING, RUNNING)
            found.append(
                {
                    "advertisement_id": item.id,
                    "name": item.name,
                    "task_sequence": item.task_sequence,
                    "collection": item.collection,
                    "counts": item.counts() if item.members_known else item.summary,
                    "unfinished": [device.name for device in open_devices[: self.shown]],
                    "unfinished_more": max(0, len(open_devices) - self.shown),
                    "failed": [device.name for device in item.with_outcome(FAILED)[: self.shown]],
                    "unknown_devices": [device.name for device in item.missing],
                }
            )
        return {"counts": dict(counts), "deployments": found, "timeline": self.timeline}

    def fail(self) -> t.NoReturn:
        """Raise the error that names devices, steps, codes and output."""
        counts = added(item.counts() for item in self.reader.deployments)
        failures = self.failures()
        lines = [describe(failure) for failure in failures]
        not_run = (
            []
            if self.goal.ignore_not_run
            else [
                f"{device.name} did not run it: {device.state_name or 'state ' + str(device.state)}"
                for item in self.reader.deployments
                for device in item.with_outcome(NOT_RUN)
            ]
        )
        left = max(0, counts[FAILED] - len(failures)) + max(0, len(not_run) - self.shown)
        lines += not_run[: self.shown]
        if left:
            lines.append(f"and {left} more devices (max_failures_shown)")
        raise DeploymentFailed(
            f"The deployment did not succeed: {in_words(counts)}. " + "; ".join(lines),
            detail={**self.state(counts), "failures": failures},
        )

    def failures(self) -> list[dict[str, t.Any]]:
        """Read the failed step of the failed devices, of ``max_failures_shown`` at most."""
        return read_failures(self.reader, self.shown)


def read_failures(reader: Reader, most: int) -> list[dict[str, t.Any]]:
    """Read the failed step of failed devices, one query for each of ``most`` devices."""
    reader.name_strangers()
    found: list[dict[str, t.Any]] = []
    for item in reader.deployments:
        for device in item.with_outcome(FAILED)[: most - len(found)]:
            found.append({"advertisement_id": item.id, **_failure(reader, item, device)})
    return found


def _failure(reader: Reader, item: Deployment, device: Device) -> dict[str, t.Any]:
    try:
        return reader.read_failure(item, device)
    except ConfigMgrError as error:
        # The failure itself must be reported, whatever stands in the way of its details.
        return {**device.show(), "step": None, "output": None, "exit_code": None, "unreadable": error.message}


def describe(failure: t.Mapping[str, t.Any]) -> str:
    """Return one failure as a sentence: device, step, code, last lines of output."""
    if failure.get("unreadable"):
        return f"{failure['name']} failed, and its steps cannot be read: {failure['unreadable']}"
    if not failure.get("step"):
        message = failure.get("message") or failure.get("site_state_name") or "no message"
        result = f", result {failure['result']}" if failure.get("result") else ""
        return f"{failure['name']} failed without reporting a step: {message}{result}"
    group = f" of {failure['group']}" if failure.get("group") else ""
    text = (
        f"{failure['name']} failed in step {failure['step_number']} '{failure['step']}'{group} with exit code "
        f"{failure['exit_code']} ({failure['exit_code_hex']})"
    )
    output = [line.rstrip() for line in str(failure.get("output") or "").splitlines() if line.strip()]
    return text + (f", last output: {' | '.join(output[-LINES:])}" if output else "")
