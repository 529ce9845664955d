# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The safety gate: what is decided, from facts that others fetched (see ``_gate_facts``).

The console asks before a deployment that can wipe devices; whoever writes to the provider is asked
by nobody (reference: provider-behaviour 4.7). So it is decided here, and nothing passes without
the name of the collection and a limit that its size still fits in.
"""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from .._cim.instance import Instance
from .._errors import GateRefused, Problem
from .._provider import schedules
from .._provider.times import Moment
from .._sequence.model import PREFIX, Sequence
from .._sequence.wording import type_word

LIMIT = 100
"""How many devices a high-risk deployment may reach without a confirmation, as in the console."""

READY = 1
"""CurrentStatus of a collection whose members are worked out."""
BUILT_IN = "SMS"
"""How the IDs of the collections begin that every site has."""
UNKNOWN_COMPUTERS = "SMS000US"

OS_DEPLOYMENT = 2
"""``Type`` of a task sequence package that deploys an operating system (provider-behaviour 2.3)."""

RISKY_STEPS = {
    "PartitionDiskAction": "formats a disk",
    "ConvertDiskAction": "converts a disk",
    "ApplyOperatingSystemAction": "applies an operating system",
    "ApplyDataImageAction": "applies an image to a partition",
    "UpgradeOperatingSystemAction": "upgrades the operating system",
    "CaptureSystemImageAction": "captures the system",
    "PrepareOSAction": "runs Sysprep",
}
"""Steps that can cost a device its data or its operating system, and what they do."""

_SHOWN = 10
_STARTING = ("purpose", "events", "available_at", "rerun")
"""Options that decide when and how often a required deployment starts."""
_WIDER = ("install_outside_maintenance_windows", "internet_clients", "metered_network", "wake_on_lan")
"""Options that let it start where it would wait, or not run at all."""
_WINPE_ONLY = ("media_pxe", "media_pxe_hidden")
_ZONES = datetime.timedelta(hours=14)
"""How far the clock of a client may be from UTC."""


# -- facts ------------------------------------------------------------------------------------------


@dataclasses.dataclass
class Risk:
    """What is known about a task sequence. ``high`` is ``None`` for one that is only planned."""

    high: bool | None
    reasons: list[str] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True)
class Target:
    """A collection. ``members`` is ``None`` for one that is only planned."""

    id: str
    name: str
    members: int | None
    built_in: bool = False
    settled: bool = True
    """Whether the site has worked out the members (CurrentStatus, provider-behaviour 7.2)."""

    @classmethod
    def of(cls, row: Instance) -> Target:
        """Make one from the site's row."""
        own = str(row.get("CollectionID", ""))
        built_in = bool(row.get("IsBuiltIn")) or own.upper().startswith(BUILT_IN)
        # Without a count nobody has worked out the members, whatever the status says.
        settled = row.get("MemberCount") is not None and row.number("CurrentStatus", READY) in (READY, 0)
        return cls(own, str(row.get("Name") or own), row.number("MemberCount"), built_in, settled)

    @property
    def unknown_computers(self) -> bool:
        """Whether it stands for the devices that no site knows yet."""
        return self.id.upper() == UNKNOWN_COMPUTERS


class Unwanted(t.NamedTuple):
    """Members that a high-risk deployment must not reach without being meant to."""

    site_systems: list[str]
    never: list[str]


@dataclasses.dataclass
class Decision:
    """What the gate found; ``gate`` is part of the result."""

    members: int | None
    high_risk: bool | None
    reasons: list[str]
    confirmed_by: str | None = None
    warnings: list[str] = dataclasses.field(default_factory=list)
    notes: list[str] = dataclasses.field(default_factory=list)

    @property
    def gate(self) -> dict[str, t.Any]:
        return {
            "members": self.members,
            "high_risk": self.high_risk,
            "reasons": self.reasons,
            "confirmed_by": self.confirmed_by,
        }


# -- the task sequence -------------------------------------------------------------------------------


def step_risks(sequence: Sequence, label: str = "") -> list[str]:
    """Return what the enabled steps do that makes a task sequence high-risk, one sentence each."""
    found = []
    pending = list(reversed(sequence.steps))
    while pending:
        step = pending.pop()
        if step.properties.get("Enabled") is False:
            continue
        does = RISKY_STEPS.get(step.class_name.removeprefix(PREFIX))
        if does:
            where = f" of {label}" if label else ""
            found.append(f"the step {step.name}{where} ({type_word(step)}) {does}")
        pending.extend(reversed(step.steps or ()))
    return found


def package_risks(package: Instance, label: str = "") -> list[str]:
    """Return what the package itself says that makes it high-risk."""
    what = label or "the task sequence"
    found = []
    if package.number("Type") == OS_DEPLOYMENT:
        found.append(f"the site calls {what} an operating system deployment")
    if package.number("HighImpactTaskSequence"):
        found.append(f"{what} is marked as high-impact")
    return found


# -- when it is asked ---------------------------------------------------------------------------------


def mandatory(state: t.Mapping[str, t.Any]) -> bool:
    """Whether clients start it by themselves: it says so, or has assignments all the same (provider-behaviour 4.2)."""
    return bool(state["purpose"] == "required" or state["events"] or state["tokens"])


def opens(old: t.Mapping[str, t.Any], new: t.Mapping[str, t.Any]) -> bool:
    """Whether a change in place starts something or reaches more devices, so that it counts as a creation."""
    if new["make_available_to"] not in (old["make_available_to"], "clients"):
        return True
    if old["make_available_to"] in _WINPE_ONLY and new["make_available_to"] == "clients":
        # It was for devices that boot from the network or media; now it is for all that run.
        return True
    if not mandatory(new):
        return False
    if any(old[option] != new[option] for option in _STARTING):
        return True
    if any(new[option] and not old[option] for option in _WIDER):
        return True
    return not schedules.same(new["tokens"], old["tokens"]) or _lasts_longer(old["expires_at"], new["expires_at"])


def _lasts_longer(old: Moment | None, new: Moment | None) -> bool:
    if old is None or new is None:
        return old is not None
    return new.clock + (_ZONES if new.utc != old.utc else datetime.timedelta()) > old.clock


# -- what is decided ----------------------------------------------------------------------------------


def refusals(
    state: t.Mapping[str, t.Any],
    target: Target,
    risk: Risk,
    unwanted: Unwanted | None,
    *,
    protected: bool,
    max_targets: int,
) -> list[str]:
    """Return why a deployment needs a confirmation; an empty list when it needs none."""
    required = mandatory(state)
    visible = state["make_available_to"] != "clients"
    found = []
    if target.built_in and required:
        what = f"the collection {target.name} is built in and the deployment is required"
        if target.unknown_computers:
            what += ": it runs on every unknown device that network-boots"
        found.append(what)
    elif target.built_in and visible and not target.unknown_computers:
        found.append(f"the collection {target.name} is built in and the deployment is visible to media and PXE")
    if required and risk.high:
        # A larger limit alone opens nothing: the confirmation and the count belong together.
        if target.members is not None and target.members > min(max_targets, LIMIT):
            found.append(f"it is high-risk, required, and reaches {target.members} devices")
        if target.members == 0 and not target.settled:
            found.append(
                f"it is high-risk, required, and the site has not worked out the members of {target.name} yet: wait "
                "for them (cm_collection with wait: true)"
            )
        if protected:
            found.append(f"it is high-risk, required, and {target.name} is one of protected_collections")
        if unwanted is not None and unwanted.site_systems:
            found.append(f"it is high-risk, required, and reaches the site systems {_listed(unwanted.site_systems)}")
        if unwanted is not None and unwanted.never:
            found.append(f"it is high-risk, required, and reaches {_listed(unwanted.never)} (never_include)")
    ahead = _ignored_times(state) if required and visible else None
    if ahead:
        found.append(f"media and PXE ignore {ahead}: it can start at once")
    return found


def _listed(names: t.Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(sorted(names)[:_SHOWN]) + more


def _ignored_times(state: t.Mapping[str, t.Any]) -> str | None:
    """Return the time ahead that a required deployment seems to wait for."""
    begin = state["available_at"]
    if begin is not None and _lies_ahead(begin):
        return f"available_at ({begin.text})"
    tokens = state["tokens"]
    waits = (
        tokens
        and not state["events"]
        and all(isinstance(token, schedules.Token) and _lies_ahead(token.start) for token in tokens)
    )
    return f"the times of assignments ({tokens[0].start.text})" if waits else None


def _lies_ahead(moment: Moment) -> bool:
    now = datetime.datetime.now(datetime.timezone.utc) if moment.utc else datetime.datetime.now()
    return moment.clock > now.replace(tzinfo=None)


def decide(
    state: t.Mapping[str, t.Any],
    target: Target,
    risk: Risk,
    unwanted: Unwanted | None = None,
    *,
    protected: bool = False,
    confirm: str | None = None,
    max_targets: int = LIMIT,
) -> Decision:
    """Return the decision about a deployment as it is to be.

    Raises :class:`GateRefused` with all reasons unless ``confirm`` is the collection's name and ``max_targets``
    at least the number of its members.
    """
    against = refusals(state, target, risk, unwanted, protected=protected, max_targets=max_targets)
    decision = Decision(target.members, risk.high, [*risk.reasons, *against])
    missing = _missing(target, confirm, max_targets)
    if against and missing:
        problems = [Problem("collection", target.name, reason) for reason in against]
        if risk.reasons:
            problems.append(Problem("task_sequence", "", f"high-risk: {'; '.join(risk.reasons[:_SHOWN])}"))
        raise GateRefused([*problems, *missing], wmi_class="SMS_Advertisement")
    if against:
        decision.confirmed_by = confirm
    _remark(decision, state, target, risk, max_targets)
    return decision


def _missing(target: Target, confirm: str | None, max_targets: int) -> list[Problem]:
    """Return what is still missing for the gate to open."""
    found = []
    if confirm != target.name:
        found.append(Problem("confirm", confirm or "", f'confirm: "{target.name}" says that this is meant'))
    if target.members is not None and max_targets < target.members:
        rule = f"{target.name} has {target.members} members; max_targets: {target.members} says that as many are meant"
        found.append(Problem("max_targets", str(max_targets), rule))
    return found


def _remark(decision: Decision, state: t.Mapping[str, t.Any], target: Target, risk: Risk, max_targets: int) -> None:
    """Say how many devices are reached where that matters but refuses nothing."""
    if target.members is None:
        return
    many = target.members > max_targets
    count = f"{target.name} has {target.members} members"
    if mandatory(state):
        decision.notes.append(f"It is required; {count}.")
        if many and not risk.high:
            decision.warnings.append(f"The deployment is required and {count}, more than max_targets ({max_targets}).")
    elif risk.high and many and state["make_available_to"] in ("clients", "clients_media_pxe"):
        decision.warnings.append(
            f"A high-risk task sequence is offered in Software Center and {count}, more than max_targets "
            f"({max_targets}): anybody there can start it."
        )


# -- changed steps ------------------------------------------------------------------------------------


def decide_steps(
    targets: t.Mapping[str, Target], risk: Risk, *, confirm: t.Collection[str] = (), max_targets: int = LIMIT
) -> Decision:
    """Return the decision about new steps for a high-risk task sequence; ``targets`` are those of its required ones.

    The keys name the advertisements. Raises :class:`GateRefused` unless every collection above the limit is named by
    ``confirm`` and ``max_targets`` is at least the largest number of members.
    """
    # A collection that the account does not see is as large as can be.
    large = {
        ad: target
        for ad, target in targets.items()
        if target.members is None or target.members > min(max_targets, LIMIT)
    }
    members = max((target.members or 0 for target in targets.values()), default=0)
    against = [
        f"the advertisement {ad} requires it on {_devices(target)} of {target.name}" for ad, target in large.items()
    ]
    decision = Decision(members, risk.high, [*risk.reasons, *against])
    problems = []
    for target in dict.fromkeys(large.values()):
        if target.name not in confirm:
            rule = f'confirm: ["{target.name}"] says that its devices are meant to run the new steps'
            problems.append(Problem("confirm", ", ".join(confirm), rule))
        if (target.members or 0) > max_targets:
            rule = f"{target.name} has {target.members} members; max_targets has to be at least as large"
            problems.append(Problem("max_targets", str(max_targets), rule))
    if problems:
        said = [Problem("steps", "", f"high-risk ({'; '.join(risk.reasons[:_SHOWN])}), and {one}") for one in against]
        raise GateRefused([*said, *problems], wmi_class="SMS_TaskSequencePackage")
    if large:
        decision.confirmed_by = ", ".join(sorted({target.name for target in large.values()}))
    if targets:
        shown = ", ".join(f"{ad} on {_devices(target)} of {target.name}" for ad, target in targets.items())
        decision.notes.append(f"The new steps count for what is required already: {shown}.")
    return decision


def _devices(target: Target) -> str:
    return "an unknown number" if target.members is None else f"{target.members} members"
