# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kinds of faults, and what a scenario is made of."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from tests.integration.count_cases import Args, Setup
from tests.integration.expected_requests import Case

SECRET = "Sup3rSecret-0815"
PROVIDER_TEXT = "The disk of the site database is full"

LOST = {"outcome_unknown", "not_as_written"}
NO_ANSWER = {"unreachable", "connection_broken", *LOST}
GONE = {"wait_timeout", *NO_ANSWER}
"""Who waits goes on waiting when the site does not answer."""


@dataclass(frozen=True)
class Kind:
    """One way to fail: rules of the simulated site's fault plan, and what a person may read afterwards."""

    rules: tuple[dict[str, t.Any], ...]
    """Their ``at`` counts from the position of the case: 0 is that request, 1 the next."""
    codes: frozenset[str]
    """Words that ``error.code`` may be when the task fails."""
    words: tuple[str, ...] = ()
    """One of these is in ``msg`` then."""

    def plan(self, position: int) -> list[dict[str, t.Any]]:
        """Return the fault plan that strikes the request at ``position``."""
        return [{**rule, "at": position + rule.get("at", 0)} for rule in self.rules]


def _kind(codes: set[str], *words: str, then: dict[str, t.Any] | None = None, **rule: t.Any) -> Kind:
    return Kind((rule, then) if then else (rule,), frozenset(codes), words)


KINDS: dict[str, Kind] = {
    "fault": _kind({"server_fault"}, "Planned fault", kind="fault", code=0x80338102),
    "http_500": _kind(NO_ANSWER, "HTTP 500", "lost", kind="http", status=500),
    "http_500_after": _kind(NO_ANSWER, "HTTP 500", "lost", kind="http", status=500, when="after"),
    "http_503": _kind({"server_busy"}, "busy", kind="http", status=503),
    "drop": _kind(LOST, "lost", kind="drop"),
    "drop_after": _kind(LOST, "lost", kind="drop", when="after"),
    "reset_after": _kind(LOST, "lost", kind="drop", when="after", reset=True),
    "truncate": _kind({*LOST, "protocol_error"}, "lost", "cut", kind="truncate"),
    "denied": _kind({"access_denied", "source_denied"}, "denied", kind="denied"),
    "failure": _kind({"server_fault"}, PROVIDER_TEXT, kind="failure", description=PROVIDER_TEXT, error_code=0x80070070),
    "locked": _kind({"object_locked"}, "edited by somebody else", "the lock", kind="locked"),
    "timeout": _kind({"operation_timeout", *LOST}, "OperationTimeout", "lost", kind="fault", code=0x80338029),
    "timeout_after": _kind(
        {"operation_timeout", *LOST}, "OperationTimeout", "lost", kind="fault", code=0x80338029, when="after"
    ),
    # The host is gone for good, before or after it did what was asked for.
    "dead": _kind(GONE, "lost", "Connection", kind="drop", times=0),
    "dead_after": _kind(
        GONE, "lost", "Connection", kind="drop", when="after", then={"kind": "drop", "at": 1, "times": 0}
    ),
    "quota": _kind({"server_busy"}, "Planned fault", kind="fault", code=0x803381A6),
}

CARRIED_OUT = {"http_500_after", "drop_after", "reset_after", "truncate", "timeout_after"}
"""Kinds that lose the reply to what was carried out, and nothing else."""


@dataclass
class Scenario:
    """A task that writes, the query that finds its objects by name, and how many there are in the end."""

    id: str
    case: Case
    args: Args
    found: str
    left: int = 1
    setup: Setup = ()
    most: int = 1
    """How many of them there may be after the fault."""
    repeats: bool = False
    """Every run does it again."""
    twice: frozenset[str] = frozenset()
    """Methods that the task calls more than once for the same object, with other arguments."""
    switches: dict[str, t.Any] = field(default_factory=dict)
    """What the simulated site does otherwise than by default."""
    keys: tuple[str, ...] = ()
    """Keys by which the objects are read as a whole, lazy properties included, to compare them with a clean run's."""
    also: tuple[str, ...] = ()
    """More queries whose rows must be those of a clean run in the end."""
    skips_locked: bool = False
    """An object that somebody edits is left as it is, which the result says, and the next run does the rest."""
    unreadable: bool = False
    """Nothing that can be read shows what the task does, so a lost answer stays unknown."""
    remedy: Args = field(default_factory=dict)
    """Options that carry out what a run without a fault cannot know to be missing; the message names them."""
