# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Numbers of steps.

``client``: as the client counts when it runs the task sequence, from 0 in run order. Groups take a number where they
start and one where they end; disabled steps and groups take theirs, too. An enabled child task sequence counts as a
group of its steps; where they are not at hand, nothing after it can be numbered. This is an assumption [inferred from
provider-behaviour 8.1 and 8.4: ``Step`` of SMS_TaskSequenceExecutionStatus counts from 0, and groups report their
start, 11124, and their end, 11127]; no client has confirmed it.

``plain``: the outline, 1, 1.1, 1.2.
"""

from __future__ import annotations

from .parts import UNKNOWN, Entry
from .text import plural

SCHEMES = ("client", "plain")
_TEXTS = {
    "client": (
        "Steps are numbered from 0 in the order in which the client runs them. A group takes one number where it "
        "starts and one where it ends, disabled steps keep theirs, and a child task sequence counts like a group. "
        "Reports of the site count from 1: they show one more. This way of counting is inferred from the status "
        "messages and has not been confirmed on a client."
    ),
    "plain": "Steps are numbered as an outline. The client counts in another way.",
}


def number(entries: list[Entry], scheme: str) -> tuple[str, list[str]]:
    """Number the entries in place.

    :returns: what the numbers mean, and notes about where they end.
    """
    if scheme == "plain":
        _outline(entries, "")
        return _TEXTS[scheme], []
    return _TEXTS[scheme], _Client().run(entries)


def _outline(entries: list[Entry], prefix: str) -> None:
    for index, entry in enumerate(entries, 1):
        entry.number = f"{prefix}{index}"
        _outline(entry.steps or [], f"{entry.number}.")


class _Client:
    """A counter that stops at the first child task sequence whose steps are not known."""

    def __init__(self) -> None:
        self.next: int | None = 0
        self.left_out = 0
        self.notes: list[str] = []

    def run(self, entries: list[Entry]) -> list[str]:
        """Number everything; return the notes."""
        for entry in entries:
            self.visit(entry)
        if self.left_out:
            self.notes.append(f"{plural(self.left_out, 'step or group', 'steps and groups')} after it have no number.")
        return self.notes

    def take(self) -> str:
        """Return the next number."""
        if self.next is None:
            return UNKNOWN
        self.next += 1
        return str(self.next - 1)

    def visit(self, entry: Entry) -> None:
        """Number an entry and what is inside it."""
        self.left_out += self.next is None
        entry.number = self.take()
        if entry.steps is not None:
            for step in entry.steps:
                self.visit(step)
            entry.last = self.take()
        elif entry.child is not None and not entry.off and self.next is not None:
            self.next = None
            place = f"number {entry.number}, {entry.name!r}" if entry.name else f"number {entry.number}"
            self.notes.append(
                f"The numbers end at {place}: it runs another task sequence, whose steps are not part of this report."
            )
