# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting, the same in every module: look, pause, look again, until it is done or the time is over.

A pause begins with ``wait_interval`` and grows by half each time, up to five minutes, a little
uneven so that many tasks do not ask in step. A site that restarts is waited for as well: reads
that got no answer are tried again until the time is over.
"""

from __future__ import annotations

import dataclasses
import random
import typing as t

from .._errors import (
    ConfigMgrError,
    ConnectionBroken,
    LoginFailed,
    OperationTimeout,
    Problem,
    ServerBusy,
    ServerFault,
    TlsFailed,
    Unreachable,
    WaitTimeout,
)
from ._base import Task

GROWTH = 1.5
LONGEST_PAUSE = 300.0
"""Seconds."""
UNEVEN = 0.1
"""Share of a pause by which it may be longer or shorter."""
QUIET = 60.0
"""Seconds after which progress is shown again although its summary is the same."""
GONE = frozenset({0x800706BA, 0x800706BF, 0x80041006, 0x80041033, 0x8007045B})
"""Faults of a provider that is not there at the moment: RPC server unavailable or call failed, out of memory,
shutting down (general knowledge of WMI, not measured on a site)."""


@dataclasses.dataclass
class Progress:
    """What one look found: whether the wait is over, one line for people, and the state for the result."""

    finished: bool
    summary: str
    state: dict[str, t.Any] = dataclasses.field(default_factory=dict)


def problems(params: t.Mapping[str, t.Any]) -> list[Problem]:
    """Return what is wrong with the options of a wait."""
    found = []
    for option in ("wait_timeout", "wait_interval"):
        if params[option] <= 0:
            found.append(Problem(option, str(params[option]), "must be a positive number of seconds"))
    return found


def wait_for(task: Task, look: t.Callable[[], Progress], *, what: str) -> Progress:
    """Look until it is finished and return what the last look found.

    ``what`` completes the sentence "waiting for ...". Never called in check mode. Raises
    :class:`WaitTimeout` with the last state, and whatever ``look`` raises unless it is transient.
    """
    started = task.clock()
    deadline = started + task.params["wait_timeout"]
    pause = float(task.params["wait_interval"])
    last: Progress | None = None
    shown, shown_at = "", started
    while True:
        trouble = None
        try:
            last = look()
        except ConfigMgrError as exc:
            if not transient(exc):
                raise
            trouble = exc
        if trouble is None and last is not None and last.finished:
            return last
        now = task.clock()
        line = last.summary if trouble is None and last is not None else "the site does not answer"
        if line != shown or now - shown_at >= QUIET:
            task.show(f"waiting for {what}: {line}")
            shown, shown_at = line, now
        if now >= deadline:
            raise _over(task, what, last, trouble)
        uneven = pause * random.uniform(1 - UNEVEN, 1 + UNEVEN)
        task.sleep(min(uneven, LONGEST_PAUSE, deadline - now))
        pause = min(pause * GROWTH, LONGEST_PAUSE)


def transient(error: ConfigMgrError) -> bool:
    """Whether a read that failed so may succeed when it is tried again later."""
    if isinstance(error, (LoginFailed, TlsFailed)):
        return False
    if isinstance(error, (Unreachable, ConnectionBroken, OperationTimeout, ServerBusy)):
        return True
    return isinstance(error, ServerFault) and error.hresult in GONE


def _over(task: Task, what: str, last: Progress | None, trouble: ConfigMgrError | None) -> WaitTimeout:
    seconds = task.params["wait_timeout"]
    if last is None:
        state = f"the site did not answer: {trouble.message if trouble else ''}"
    else:
        state = last.summary
    return WaitTimeout(
        f"After {seconds} s of waiting for {what}: {state}. Run the task again to go on waiting, "
        "or raise wait_timeout.",
        detail=last.state if last else None,
    )
