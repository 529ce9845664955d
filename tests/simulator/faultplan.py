# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fault plan: which request goes wrong, and how. Tests set it over the control port."""

from __future__ import annotations

import dataclasses
import threading
import typing as t

KINDS = {
    "fault": "a SOAP fault with the WSManFault code `code`",
    "http": "HTTP `status` with an empty body",
    "drop": "the connection is closed without an answer",
    "truncate": "the answer stops after half of its body",
    "slow": "the answer comes after `seconds`",
    "denied": "the provider answers 0x80041003",
    "failure": "the provider answers 0x80041001 with SMS_ExtendedStatus (`description`, `error_code`)",
    "locked": "another user holds the object (0x40480732)",
}
BEFORE_ONLY = {"denied", "failure", "locked"}
FILTERS = ("verb", "class", "method", "port", "principal")


@dataclasses.dataclass
class Rule:
    """One planned fault.

    It fires at the ``at``-th request that matches the filters (counted from when the plan was set) and at the
    following ones up to ``times`` in all (0: for ever). ``when`` says whether the operation is carried out
    first (``after``: the reply is lost, the write happened) or not (``before``).
    """

    kind: str
    at: int = 1
    times: int = 1
    when: str = "before"
    filters: dict[str, str] = dataclasses.field(default_factory=dict)
    write: bool | None = None
    code: int | None = None
    status: int = 500
    seconds: float = 0.0
    text: str | None = None
    description: str | None = None
    error_code: int | None = None
    reset: bool = False
    seen: int = 0
    fired: int = 0

    @classmethod
    def read(cls, data: t.Mapping[str, t.Any]) -> Rule:
        """Make a rule of JSON; ValueError names what is wrong."""
        values = dict(data)
        kind = values.pop("kind", None)
        if kind not in KINDS:
            raise ValueError(f"kind {kind!r} is none of {', '.join(KINDS)}")
        filters = {name: str(values.pop(name)) for name in FILTERS if values.get(name) is not None}
        known = {item.name for item in dataclasses.fields(cls)} - {"kind", "filters", "seen", "fired"}
        unknown = set(values) - known
        if unknown:
            every = ", ".join(sorted(known | set(FILTERS)))
            raise ValueError(f"unknown keys {', '.join(sorted(unknown))}; known: {every}")
        rule = cls(kind=kind, filters=filters, **values)
        if rule.when not in ("before", "after"):
            raise ValueError(f"when {rule.when!r} is neither before nor after")
        if rule.when == "after" and kind in BEFORE_ONLY:
            raise ValueError(f"a provider that answers {kind} carries nothing out; when: after makes no sense")
        if rule.at < 1 or rule.times < 0:
            raise ValueError("at counts from 1, times from 0")
        if kind == "fault" and rule.code is None:
            raise ValueError("a fault needs a code")
        return rule

    def matches(self, facts: t.Mapping[str, str | None], write: bool) -> bool:
        """Say whether the filters fit a request."""
        if self.write is not None and self.write != write:
            return False
        return all((facts.get(name) or "").casefold() == wanted.casefold() for name, wanted in self.filters.items())

    def view(self) -> dict[str, t.Any]:
        """Return the rule and its counters as plain data."""
        return dataclasses.asdict(self)


class FaultPlan:
    """The rules of one store; the first one that fires wins, all matching ones count."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[Rule] = []

    def set(self, rules: t.Iterable[t.Mapping[str, t.Any]]) -> None:
        """Replace the plan, all or nothing."""
        made = [Rule.read(rule) for rule in rules]
        with self._lock:
            self._rules = made

    def clear(self) -> None:
        """Forget the plan."""
        self.set([])

    def consult(self, facts: t.Mapping[str, str | None], write: bool) -> Rule | None:
        """Count a request and return the rule that strikes it."""
        with self._lock:
            chosen = None
            for rule in self._rules:
                if not rule.matches(facts, write):
                    continue
                rule.seen += 1
                if chosen is None and rule.seen >= rule.at and (rule.times == 0 or rule.fired < rule.times):
                    rule.fired += 1
                    chosen = rule
            return chosen

    def view(self) -> list[dict[str, t.Any]]:
        """Return the rules with their counters."""
        with self._lock:
            return [rule.view() for rule in self._rules]
