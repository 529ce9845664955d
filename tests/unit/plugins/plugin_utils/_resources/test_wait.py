# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting: pauses, progress, time-outs, and sites that are away for a while."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils._errors import (
    ConfigMgrError,
    LoginFailed,
    NotFound,
    ServerFault,
    Unreachable,
    WaitTimeout,
)
from ansible_collections.configmgr.osd.plugins.plugin_utils._resources._base import Task
from ansible_collections.configmgr.osd.plugins.plugin_utils._resources._wait import Progress, problems, wait_for


class Clock:
    """Time that only pauses move."""

    def __init__(self) -> None:
        self.now = 100.0
        self.pauses: list[float] = []

    def sleep(self, seconds: float) -> None:
        """Pass the time."""
        self.pauses.append(seconds)
        self.now += seconds


def waiting(clock: Clock, shown: list[str], **limits: float) -> Task:
    """Return a task that may wait."""
    params = {"wait_timeout": 3600, "wait_interval": 15.0, **limits}
    return Task(params, show=shown.append, sleep=clock.sleep, clock=lambda: clock.now)


def answers(*items: t.Any) -> t.Callable[[], Progress]:
    """Return a look that finds these things one after the other, the last one for ever."""
    left = list(items)

    def look() -> Progress:
        item = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(item, Exception):
            raise item
        return Progress(item == "done", str(item), {"seen": item})

    return look


def test_what_is_there_already_is_not_waited_for() -> None:
    clock, shown = Clock(), []
    assert wait_for(waiting(clock, shown), answers("done"), what="content").summary == "done"
    assert clock.pauses == [] and shown == []


def test_pauses_grow_to_five_minutes_and_progress_is_shown_when_it_changes() -> None:
    clock, shown = Clock(), []
    steps = ["0 of 2"] * 3 + ["1 of 2"] * 9 + ["done"]
    wait_for(waiting(clock, shown, wait_timeout=100_000), answers(*steps), what="content")
    assert len(clock.pauses) == 12
    assert 13.5 <= clock.pauses[0] <= 16.5
    assert clock.pauses[1] > clock.pauses[0] and max(clock.pauses) <= 300
    assert shown[0] == "waiting for content: 0 of 2"
    assert "waiting for content: 1 of 2" in shown
    assert len(shown) < 12


def test_the_deadline_ends_the_wait_with_the_last_state_and_is_never_slept_past() -> None:
    clock, shown = Clock(), []
    with pytest.raises(WaitTimeout) as caught:
        wait_for(waiting(clock, shown, wait_timeout=40), answers("1 of 3"), what="content")
    assert clock.now == pytest.approx(140.0)
    assert caught.value.code == "wait_timeout"
    assert caught.value.detail == {"seen": "1 of 3"}
    assert "1 of 3" in caught.value.message and "wait_timeout" in caught.value.message


@pytest.mark.parametrize("trouble", [Unreachable("gone"), ServerFault("rpc", hresult=0x800706BA)])
def test_a_site_that_restarts_is_waited_for(trouble: ConfigMgrError) -> None:
    clock, shown = Clock(), []
    found = wait_for(waiting(clock, shown), answers("0 of 1", trouble, trouble, "done"), what="content")
    assert found.finished
    assert "waiting for content: the site does not answer" in shown


@pytest.mark.parametrize("trouble", [LoginFailed("no"), NotFound("no"), ServerFault("no", hresult=0x80041001)])
def test_other_failures_end_the_wait(trouble: ConfigMgrError) -> None:
    clock, shown = Clock(), []
    with pytest.raises(type(trouble)):
        wait_for(waiting(clock, shown), answers("0 of 1", trouble), what="content")


def test_a_site_that_never_answers_is_named_as_such() -> None:
    clock, shown = Clock(), []
    with pytest.raises(WaitTimeout, match="did not answer: gone"):
        wait_for(waiting(clock, shown, wait_timeout=20), answers(Unreachable("gone")), what="content")


def test_limits_must_be_positive() -> None:
    assert [problem.path for problem in problems({"wait_timeout": 0, "wait_interval": -1.0})] == [
        "wait_timeout",
        "wait_interval",
    ]
