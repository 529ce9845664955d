# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of an advertisement and the properties and bits that carry them.

Reference: provider-behaviour 4.2 (properties), 4.3 (AdvertFlags), 4.4 (RemoteClientFlags), 4.6
(what the native cmdlet writes). Only the bits of managed options are touched; bits that the
collection does not know survive.
"""

from __future__ import annotations

import datetime
import typing as t

from .._cim.instance import Instance, Value
from .._errors import Problem
from .._plan import Plan
from .._provider import assignments, names, schedules, times
from .._provider.assignments import Assignments
from .._provider.times import Moment
from . import _adv_flags as flags_of
from ._adv_clock import Clocks

State = dict[str, t.Any]
"""An advertisement in the terms of the options; ``events`` (bits) and ``tokens`` make up ``assignments``."""

REQUIRED, AVAILABLE = 0, 2
ON_STARTUP = 0x100
"""An event that only older sites offer: no option writes it, but it makes a deployment required as well."""
EVENT_BITS = 0x20 | ON_STARTUP | 0x200 | 0x400
HIDDEN, MEDIA_ONLY, MEDIA = 0x20000000, 0x10000000, 0x00040000
VISIBILITY_BITS = HIDDEN | MEDIA_ONLY | MEDIA
VISIBILITY = {
    "clients": 0,
    "clients_media_pxe": MEDIA,
    "media_pxe": MEDIA_ONLY | MEDIA,
    "media_pxe_hidden": HIDDEN | MEDIA_ONLY | MEDIA,
}
RERUN = {"always": 0x800, "never": 0x1000, "if_failed": 0x2000, "if_succeeded": 0x4000}
RERUN_BITS = 0x7800
CONTENT = {"as_needed": (0x100, 0x200), "all_first": (0x10, 0x40), "run_from_dp": (0x8, 0x80)}
"""The bit of an option, and the bit that is added where a neighbour boundary group may serve."""
NO_NEIGHBOUR = 0x20
NEAR_BITS = 0x40 | 0x80 | 0x200
CONTENT_BITS = 0x8 | 0x10 | NO_NEIGHBOUR | 0x100 | NEAR_BITS

PLAIN = ("purpose", "make_available_to", "rerun", "content", "use_neighbor_boundary_group", "comment", *flags_of.FLAGS)
"""Options whose value of the play is the value of the state."""

COMMENT_LIMIT = 255
NO_TIME = datetime.timedelta()
ZONES = datetime.timedelta(hours=14)
"""How far the clock of a client may be from UTC."""

NATIVE_ADVERT_FLAGS = 0x008B0000
"""Show progress, intranet only, no fallback, share with peers: what the cmdlet writes, measured."""
NATIVE_CLIENT_FLAGS = 0x8000
"""Commit changes on write-filter devices: what the cmdlet writes beside rerun and content, measured."""

CREATE_DEFAULTS: dict[str, Value] = {
    "ProgramName": "*",
    "OfferType": AVAILABLE,
    "Priority": 2,
    "AdvertFlags": NATIVE_ADVERT_FLAGS,
    "RemoteClientFlags": NATIVE_CLIENT_FLAGS,
    "DeviceFlags": 0,
    "PresentTime": times.NEVER,
    "PresentTimeEnabled": True,
    "PresentTimeIsGMT": False,
    "ExpirationTime": times.NEVER,
    "ExpirationTimeEnabled": False,
    "ExpirationTimeIsGMT": False,
    "AssignedSchedule": [],
    "AssignedScheduleEnabled": False,
    "AssignedScheduleIsGMT": False,
    "MandatoryCountdown": 0,
    "IncludeSubCollection": True,
    "Comment": "",
    "HierarchyPath": "",
    "ISVString": "",
}
"""Sent with every new advertisement: the collection never relies on defaults that the server might fill in."""


class Wanted:
    """The options of a play, parsed; ``problems`` holds what is wrong with them before anybody asks the site."""

    def __init__(self, params: t.Mapping[str, t.Any], wants: t.Callable[[str], bool]) -> None:
        self.params = params
        self.wants = wants
        self.problems: list[Problem] = []
        self.clocks = Clocks(params.get("client_time_zone"))
        self.available_at = self._moment("available_at")
        self.expires_at = self._moment("expires_at")
        self.assignments: Assignments | None = None
        if wants("assignments"):
            self.assignments = assignments.parse(
                params["assignments"], "assignments", self.problems, look=self.clocks.look
            )
        self.problems.extend(self.clocks.problems)
        fault = names.fault_in_memo(params.get("comment") or "", COMMENT_LIMIT)
        if fault:
            self.problems.append(Problem("comment", names.shown(params["comment"]), fault))
        if not self.problems:
            self.problems.extend(self._contradictions())

    def _moment(self, option: str) -> Moment | None:
        value = self.params.get(option)
        found = times.parse(value, option, self.problems) if value else None
        if found is not None:
            self.clocks.look(option, found)
        return found

    def _contradictions(self) -> list[Problem]:
        """Return the given options that never go together, whatever the site holds."""
        given = self.assignments
        return conflicts(
            {
                "purpose": self.params.get("purpose") if given is not None else None,
                "events": given.events if given else 0,
                "tokens": given.tokens if given else (),
                "content": self.params.get("content"),
                "make_available_to": self.params.get("make_available_to") or "clients",
                "available_at": self.available_at,
                "expires_at": self.expires_at,
            }
        )


def conflicts(state: t.Mapping[str, t.Any], before: t.Mapping[str, t.Any] | None = None) -> list[Problem]:
    """Return the options that do not go together; ``state`` is the object as it would be.

    What does not go together on the site already (``before``) is not the play's fault and stands
    in the way of nothing.
    """
    problems = []
    assigned = bool(state["events"] or state["tokens"])
    if state["purpose"] == "available" and assigned:
        rule = "only required deployments have assignments; leave them out or set purpose: required"
        problems.append(Problem("assignments", "", rule))
    if state["purpose"] == "required" and not assigned:
        rule = "a required deployment needs at least one, for example [as_soon_as_possible]"
        problems.append(Problem("assignments", "", rule))
    if state["content"] == "all_first" and state["make_available_to"] != "clients":
        rule = "media and PXE cannot download everything before the start; use as_needed"
        problems.append(Problem("content", "all_first", rule))
    begin, end = state["available_at"], state["expires_at"]
    if begin and end and end.clock + (ZONES if begin.utc != end.utc else NO_TIME) <= begin.clock:
        problems.append(Problem("expires_at", end.text, f"does not lie after available_at ({begin.text})"))
    if before is None:
        return problems
    old = {problem.rule for problem in conflicts(before)}
    return [problem for problem in problems if problem.rule not in old]


def never_starts(state: t.Mapping[str, t.Any]) -> bool:
    """Whether a required deployment ends before all of its schedules begin."""
    end, tokens = state["expires_at"], state["tokens"]
    return bool(end and tokens and not state["events"]) and all(
        isinstance(token, schedules.Token) and token.start.utc == end.utc and token.start.clock >= end.clock
        for token in tokens
    )


def state_of(live: Instance) -> State:
    """Return what an advertisement of the site means."""
    flags, client = _number(live, "AdvertFlags"), _number(live, "RemoteClientFlags")
    content = _only_one({word: bit for word, (bit, _near) in CONTENT.items()}, client)
    near = CONTENT[content][1] if content else NEAR_BITS
    return {
        "purpose": "required" if _number(live, "OfferType") == REQUIRED else "available",
        "make_available_to": visibility(flags),
        "available_at": _live_moment(live, "PresentTime"),
        "expires_at": _live_moment(live, "ExpirationTime"),
        "events": flags & EVENT_BITS,
        "tokens": schedules.of(live),
        "rerun": _only_one(RERUN, client),
        "content": content,
        "use_neighbor_boundary_group": bool(client & near and not client & NO_NEIGHBOUR),
        "comment": live.get("Comment", ""),
        **flags_of.state_of(live),
    }


def _only_one(bits: t.Mapping[str, int], value: int) -> str | None:
    """Return the word whose bit is set; ``None`` for none and for several, of which nobody knows which one counts."""
    found = [word for word, bit in bits.items() if value & bit]
    return found[0] if len(found) == 1 else None


def visibility(flags: int) -> str:
    """Return the word for who sees a deployment; the order is that of Microsoft's own report."""
    if flags & HIDDEN:
        return "media_pxe_hidden"
    if flags & MEDIA_ONLY:
        return "media_pxe"
    return "clients_media_pxe" if flags & MEDIA else "clients"


def new_state(wanted: Wanted) -> State:
    """Return what a new advertisement means where the play leaves an option out."""
    visible = wanted.params.get("make_available_to") or "clients"
    return {
        "purpose": wanted.params.get("purpose") or "available",
        "make_available_to": "clients",
        "available_at": None,
        "expires_at": None,
        "events": 0,
        "tokens": [],
        "rerun": "always",
        # The console's defaults; downloading everything first is impossible with media and PXE.
        "content": "all_first" if visible == "clients" else "as_needed",
        "use_neighbor_boundary_group": True,
        "comment": "",
        **flags_of.state_of(Instance("SMS_Advertisement", dict(CREATE_DEFAULTS))),
    }


def merged(base: t.Mapping[str, t.Any], wanted: Wanted) -> State:
    """Return the state with the options of the play in it."""
    state = dict(base)
    for option in PLAIN:
        if wanted.wants(option):
            state[option] = wanted.params[option]
    if same_text(base["comment"], state["comment"]):
        state["comment"] = base["comment"]
    for option in ("available_at", "expires_at"):
        if wanted.wants(option):
            state[option] = getattr(wanted, option)
    if wanted.assignments is not None:
        kept = base["events"] & ON_STARTUP if state["purpose"] == "required" else 0
        state["events"], state["tokens"] = wanted.assignments.events | kept, list(wanted.assignments.tokens)
    elif base.get("purpose") == "required" and state["purpose"] == "available":
        # An available deployment has no assignments; the diff shows that they go.
        state["events"], state["tokens"] = 0, []
    return state


def compare(plan: Plan, live: Instance, before: t.Mapping[str, t.Any], after: t.Mapping[str, t.Any]) -> None:
    """Record in the plan what differs between two states, and the properties that carry it.

    ``AssignedSchedule`` holds the schedules of ``after``; the caller turns them into objects
    before it writes.
    """
    flags, client = _number(live, "AdvertFlags"), _number(live, "RemoteClientFlags")
    for option in PLAIN:
        if before[option] != after[option]:
            plan.change(option, before[option], after[option])
    if before["purpose"] != after["purpose"]:
        plan.properties["OfferType"] = REQUIRED if after["purpose"] == "required" else AVAILABLE
    if before["comment"] != after["comment"]:
        plan.properties["Comment"] = after["comment"]
    if before["make_available_to"] != after["make_available_to"]:
        flags = flags & ~VISIBILITY_BITS | VISIBILITY[after["make_available_to"]]
    if before["rerun"] != after["rerun"]:
        client = client & ~RERUN_BITS | RERUN[after["rerun"]]
    if any(before[option] != after[option] for option in ("content", "use_neighbor_boundary_group")):
        client = content_bits(client, after)
    for option, prop in (("available_at", "PresentTime"), ("expires_at", "ExpirationTime")):
        if before[option] != after[option]:
            _compare_moment(plan, option, prop, before[option], after[option])
    if _compare_assignments(plan, before, after):
        flags = flags & ~EVENT_BITS | after["events"]
    flags = flags_of.written(flags, flags_of.ADVERT, before, after)
    client = flags_of.written(client, flags_of.CLIENT, before, after)
    if flags != _number(live, "AdvertFlags"):
        plan.properties["AdvertFlags"] = flags
    if client != _number(live, "RemoteClientFlags"):
        plan.properties["RemoteClientFlags"] = client


def content_bits(client: int, state: t.Mapping[str, t.Any]) -> int:
    """Return RemoteClientFlags with ``content`` and ``use_neighbor_boundary_group`` in them."""
    if state["content"] is None:
        # Nobody said how content comes; only whether a neighbour may serve it.
        return client & ~NO_NEIGHBOUR if state["use_neighbor_boundary_group"] else client | NO_NEIGHBOUR
    own, near = CONTENT[state["content"]]
    return client & ~CONTENT_BITS | own | (near if state["use_neighbor_boundary_group"] else NO_NEIGHBOUR)


def _compare_moment(plan: Plan, option: str, prop: str, before: Moment | None, after: Moment | None) -> None:
    # "Available from" without a time means at once, which the class writes as enabled with its default time.
    enabled = after is not None or prop == "PresentTime"
    plan.change(
        option,
        before.text if before else "",
        after.text if after else "",
        **{
            prop: after.dmtf if after else times.NEVER,
            f"{prop}Enabled": enabled,
            f"{prop}IsGMT": bool(after and after.utc),
        },
    )


def _compare_assignments(plan: Plan, before: t.Mapping[str, t.Any], after: t.Mapping[str, t.Any]) -> bool:
    tokens_differ = not schedules.same(after["tokens"], before["tokens"])
    if not tokens_differ and before["events"] == after["events"]:
        return False
    plan.change("assignments", show_assignments(before), show_assignments(after))
    if tokens_differ:
        plan.properties["AssignedSchedule"] = list(after["tokens"])
        plan.properties["AssignedScheduleEnabled"] = bool(after["tokens"])
        plan.properties["AssignedScheduleIsGMT"] = any(map(schedules.is_utc, after["tokens"]))
    return True


def show_assignments(state: t.Mapping[str, t.Any]) -> list[t.Any]:
    """Return events and schedules as a play writes them."""
    shown: list[t.Any] = [word for word, bit in assignments.EVENTS.items() if state["events"] & bit]
    shown.extend(schedule.option for schedule in state["tokens"])
    return shown


def show(state: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return a state as the options of the play, in their order."""
    return {
        "purpose": state["purpose"],
        "make_available_to": state["make_available_to"],
        "available_at": state["available_at"].text if state["available_at"] else "",
        "expires_at": state["expires_at"].text if state["expires_at"] else "",
        "assignments": show_assignments(state),
        "rerun": state["rerun"],
        "content": state["content"],
        "use_neighbor_boundary_group": state["use_neighbor_boundary_group"],
        **{option: state[option] for option in flags_of.FLAGS},
        "comment": state["comment"],
    }


def _live_moment(live: Instance, prop: str) -> Moment | None:
    if not live.get(f"{prop}Enabled", False) or times.is_never(live.get(prop)):
        return None
    return times.from_dmtf(live.get(prop), bool(live.get(f"{prop}IsGMT", False)))


def same_text(one: str, other: str) -> bool:
    """Whether two texts of several lines are the same to a person (equality of design rule 5.2)."""
    return one.replace("\r\n", "\n").rstrip("\n") == other.replace("\r\n", "\n").rstrip("\n")


def _number(live: Instance, name: str) -> int:
    return live.number(name)
