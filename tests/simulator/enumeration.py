# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Open enumerations: one item first, the rest by Pull, a new context each time (reference: wsman 5)."""

from __future__ import annotations

import dataclasses
import threading
import time
import typing as t
import uuid

from . import faults

IDLE_SECONDS = 60.0
MAX_BATCH = 32000
MAX_PER_USER = 100
"""Operations that the WMI plug-in allows a user (reference: wsman 9)."""


@dataclasses.dataclass
class Open:
    """An enumeration that is not finished. ``items`` are the rendered items that are left."""

    context: str
    principal: str
    uri: str
    namespace: str
    text: str
    items: list[str]
    position: int
    used: float
    started: float

    def view(self, now: float) -> dict[str, t.Any]:
        """Return what the control port shows."""
        return {
            "context": self.context, "principal": self.principal, "namespace": self.namespace, "query": self.text,
            "left": len(self.items) - self.position, "idle": round(now - self.used, 3),
            "age": round(now - self.started, 3),
        }


class Enumerations:
    """The enumerations of one store; ``clock`` is replaced in tests."""

    def __init__(self, *, idle: float = IDLE_SECONDS, clock: t.Callable[[], float] = time.monotonic) -> None:
        self.idle = idle
        self._clock = clock
        self._lock = threading.Lock()
        self._open: dict[str, Open] = {}
        self.counts = {"started": 0, "finished": 0, "released": 0, "expired": 0, "refused": 0}

    def check_quota(self, principal: str) -> None:
        """Refuse another enumeration of a user who leaks them."""
        with self._lock:
            self._expire()
            if sum(1 for item in self._open.values() if item.principal == principal) >= MAX_PER_USER:
                self.counts["refused"] += 1
                raise faults.Fault(
                    "w:InternalError", faults.MAX_OPERATIONS, f"{faults.SORRY}This user is allowed a maximum number of"
                    f" {MAX_PER_USER} concurrent operations, which has been exceeded. Close existing operations for"
                    " this user, or raise the quota for this user. ", sender=False)

    def open(self, principal: str, uri: str, namespace: str, text: str, items: list[str], position: int) -> str:
        """Keep the items from ``position`` on and return the context."""
        now = self._clock()
        item = Open(_context(), principal, uri, namespace, text, items, position, now, now)
        with self._lock:
            self.counts["started"] += 1
            self._open[item.context] = item
        return item.context

    def pull(
        self, context: str, principal: str, uri: str, namespace: str, maximum: int, room: int,
    ) -> tuple[list[str], str | None]:
        """Return the next items and the new context, None at the end.

        ``room`` is the number of bytes that the items may take; an item that alone does not fit is a fault.
        """
        with self._lock:
            item = self._take(context, principal, uri, namespace)
            size = 0
            batch: list[str] = []
            for text in item.items[item.position:item.position + maximum]:
                size += len(text.encode("utf-8"))
                if size > room:
                    break
                batch.append(text)
            if not batch and item.position < len(item.items):
                self._open[item.context] = item
                raise faults.Fault(
                    "w:EncodingLimit", faults.ENVELOPE_TOO_LARGE, f"{faults.SORRY}The object of {size} bytes does not"
                    " fit into the maximum envelope size of the request or of the service. ",
                    detail="MaxEnvelopeSize")
            item.position += len(batch)
            if item.position >= len(item.items):
                self.counts["finished"] += 1
                return batch, None
            item.context = _context()
            item.used = self._clock()
            self._open[item.context] = item
            return batch, item.context

    def text_of(self, context: str) -> str | None:
        """Return the query behind a context, for the journal."""
        with self._lock:
            item = self._open.get(context)
            return item.text if item else None

    def release(self, context: str, principal: str, uri: str, namespace: str) -> None:
        """Forget an enumeration."""
        with self._lock:
            self._take(context, principal, uri, namespace)
            self.counts["released"] += 1

    def view(self) -> dict[str, t.Any]:
        """Return counts and open enumerations; ``leaked`` are those that nobody finished or released in time."""
        with self._lock:
            self._expire()
            now = self._clock()
            return {
                **self.counts, "leaked": self.counts["expired"], "open": len(self._open),
                "contexts": [item.view(now) for item in self._open.values()],
            }

    def clear(self) -> None:
        """Forget everything, counts too."""
        with self._lock:
            self._open.clear()
            self.counts = dict.fromkeys(self.counts, 0)

    def _take(self, context: str, principal: str, uri: str, namespace: str) -> Open:
        self._expire()
        item = self._open.pop(context, None)
        if item is None:
            raise _invalid("The enumeration context is not known; it was used before, released, finished or timed out.")
        if item.principal != principal or item.uri != uri or item.namespace.casefold() != namespace.casefold():
            self._open[context] = item
            raise _invalid("The enumeration context belongs to another user, resource or namespace.")
        return item

    def _expire(self) -> None:
        now = self._clock()
        for context in [key for key, item in self._open.items() if now - item.used > self.idle]:
            del self._open[context]
            self.counts["expired"] += 1


def _invalid(text: str) -> faults.Fault:
    return faults.Fault("n:InvalidEnumerationContext", faults.INVALID_CONTEXT, faults.SORRY + text, sender=False)


def _context() -> str:
    return f"uuid:{str(uuid.uuid4()).upper()}"
