# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the safety gate asks the site: what a task sequence does, and whom a collection holds.

One Get per task sequence, as its type and its steps are lazy: the one that is advertised, and those
that it runs as long as nothing risky was found. One query for the members that matter.
"""

from __future__ import annotations

import fnmatch
import re
import typing as t

from .._cim import wql
from .._cim.instance import Instance
from .._errors import InvalidInput, InvalidQuery, Problem, ServerFault
from .._provider import closure
from .._provider.ref import Ref
from .._provider.site import DELETING, Site
from .._sequence.model import PREFIX, Sequence
from . import _gate as gate
from ._gate import Risk, Target, Unwanted
from ._ts_site import TsSite

CHILD = f"{PREFIX}SubTasksequence"
MEMBERSHIP, DEVICE = "SMS_FullCollectionMembership", "SMS_R_System"
ROLES = (
    "SMS Site System",
    "SMS Site Server",
    "SMS Provider",
    "SMS SQL Server",
    "SMS Component Server",
    "SMS Management Point",
    "SMS Distribution Point",
)
"""Values of SystemRoles; every site system has one of them."""

GENERIC_FAILURE = 0x80041001
"""How the provider answers to a query that it understands but cannot carry out."""

MAX_CHILDREN = 50
_MANDATORY_EVENTS = 0x720
_REQUIRED = 0


# -- the task sequence -------------------------------------------------------------------------------


def risk_of(store: TsSite, package_id: str) -> Risk | None:
    """Return what a task sequence and those that it runs do; ``None`` when the site has no such task sequence."""
    package = store.load(package_id)
    if package is None:
        return None
    found = gate.package_risks(package)
    try:
        sequence = store.stored_steps(package)
    except InvalidInput:
        return Risk(True, [*found, "its steps cannot be read, so anything may be among them"])
    found += gate.step_risks(sequence)
    return Risk(True, found) if found else _risk_of_children(store, package_id, sequence)


def risk_of_steps(store: TsSite, package: Instance, *sequences: Sequence | None) -> Risk:
    """Return the risk of a task sequence whose old and new steps are at hand."""
    found = gate.package_risks(package)
    for sequence in sequences:
        found += [text for text in gate.step_risks(sequence or Sequence()) if text not in found]
    if found:
        return Risk(True, found)
    whole = Sequence([step for sequence in sequences for step in (sequence or Sequence()).steps])
    return _risk_of_children(store, str(package.get("PackageID")), whole)


def decide_steps(
    store: TsSite, package: Instance, old: Sequence | None, new: Sequence | None, params: t.Mapping[str, t.Any]
) -> gate.Decision | None:
    """Return the decision about new steps of a task sequence; ``None`` where there is nothing to decide.

    Harmless steps that run no other task sequence cost nothing; else the task sequences that run this one and the
    advertisements of all of them are asked for, and only when one of these is required also their collections and,
    one by one, the task sequences that it runs. Raises :class:`GateRefused`.
    """
    sequences = (old or Sequence(), new or Sequence())
    own = gate.package_risks(package) or [text for one in sequences for text in gate.step_risks(one)]
    if not own and not any(_children(one) for one in sequences):
        return None
    rows = _required_rows(store.site, str(package.get("PackageID")))
    if not rows:
        return None
    risk = risk_of_steps(store, package, *sequences)
    if not risk.high:
        return None
    limit = params.get("max_targets")
    return gate.decide_steps(
        _targets(store.site, rows, str(package.get("PackageID"))),
        risk,
        confirm=params.get("confirm") or (),
        max_targets=gate.LIMIT if limit is None else limit,
    )


def _risk_of_children(store: TsSite, own: str, sequence: Sequence) -> Risk:
    """Follow the enabled steps that run other task sequences until one of these is risky."""
    seen = {own.casefold()}
    pending = _children(sequence)
    while pending:
        child = pending.pop(0)
        if child.casefold() in seen:
            continue
        seen.add(child.casefold())
        label = f"the task sequence {child}, which it runs"
        if len(seen) > MAX_CHILDREN:
            return Risk(True, ["it runs more task sequences than are looked into, so anything may be among them"])
        package = store.load(child)
        if package is None:
            return Risk(True, [f"{label}, cannot be read, so anything may be in it"])
        name = f"{package.get('Name')} ({child}), which it runs,"
        found = gate.package_risks(package, name)
        try:
            steps = store.stored_steps(package)
        except InvalidInput:
            return Risk(True, [*found, f"the steps of {name} cannot be read, so anything may be among them"])
        found += gate.step_risks(steps, f"{package.get('Name')} ({child})")
        if found:
            return Risk(True, found)
        pending += _children(steps)
    return Risk(False)


def _children(sequence: Sequence) -> list[str]:
    found = []
    pending = list(reversed(sequence.steps))
    while pending:
        step = pending.pop()
        if step.properties.get("Enabled") is False:
            continue
        child = step.properties.get("TsPackageID")
        if step.class_name == CHILD and isinstance(child, str) and child:
            found.append(child)
        pending.extend(reversed(step.steps or ()))
    return found


# -- members -----------------------------------------------------------------------------------------


def pattern_problems(patterns: t.Sequence[t.Any], option: str) -> list[Problem]:
    """Return which entries of a list of device names and patterns cannot be asked for."""
    return [
        Problem(f"{option}[{index}]", str(pattern), "is a device name, or a pattern of one with * and ?")
        for index, pattern in enumerate(patterns)
        if not re.fullmatch(r"[^\s\"'\\\[\]%][^\"'\\\[\]%]*", str(pattern))
    ]


def unwanted_members(site: Site, collection_id: str, patterns: t.Sequence[str]) -> Unwanted:
    """Return the members that are site systems, and those whose names match a pattern; one query.

    Where the site takes no sub-query, the site systems are asked for first (one query more).
    """
    roles = ", ".join(wql.literal(role) for role in ROLES)
    systems = f"ResourceID IN (SELECT ResourceID FROM {DEVICE} WHERE SystemRoles IN ({roles}))"
    try:
        rows = _members(site, collection_id, systems, patterns)
    except ServerFault as error:
        if not isinstance(error, InvalidQuery) and error.hresult != GENERIC_FAILURE:
            raise
        found = site.query(DEVICE, wql.one_of("SystemRoles", ROLES), ["ResourceID", "Name"])
        ids = sorted({row.number("ResourceID") for row in found})
        rows = _members(site, collection_id, f"ResourceID IN ({', '.join(map(str, ids))})" if ids else "", patterns)
    never = [name for name in rows if any(fnmatch.fnmatchcase(name.casefold(), one.casefold()) for one in patterns)]
    # What matches no pattern came for its roles; what matches one is refused anyway.
    return Unwanted([name for name in rows if name not in never], never)


def unknown_collections(site: Site, refs: t.Sequence[Ref]) -> list[str]:
    """Return which of these collections the site does not have, or hides: a typing error protects nothing."""
    ids = [ref.id for ref in refs if ref.id is not None]
    labels = [str(ref.name) for ref in refs if ref.id is None]
    wheres = [wql.one_of(column, values) for column, values in (("CollectionID", ids), ("Name", labels)) if values]
    rows = site.query("SMS_Collection", wql.either(*wheres), ["CollectionID", "Name"])
    there = {str(row.get(column)).casefold() for row in rows for column in ("CollectionID", "Name")}
    return [label for label in (*ids, *labels) if label.casefold() not in there]


def _members(site: Site, collection_id: str, systems: str, patterns: t.Sequence[str]) -> list[str]:
    likes = [f"Name LIKE {wql.literal(_like(pattern))}" for pattern in patterns]
    alternatives = [text for text in (systems, *likes) if text]
    if not alternatives:
        return []
    where = wql.raw(
        f"CollectionID = {wql.literal(collection_id)} AND ({' OR '.join(alternatives)})",
        names=("CollectionID", "ResourceID", "Name"),
    )
    rows = site.query(MEMBERSHIP, where, ["CollectionID", "ResourceID", "Name"])
    return sorted({str(row.get("Name")) for row in rows})


def _like(pattern: str) -> str:
    return wql.like_escape(pattern).replace("*", "%").replace("?", "_")


# -- required advertisements --------------------------------------------------------------------------


def _required_rows(site: Site, package_id: str) -> list[Instance]:
    """Return what is required of a task sequence, and of those that run it, whose members run its steps as well."""
    users = site.query(closure.CLASS, wql.equals("ObjectID", package_id), ["PackageID", "ObjectID"])
    ids = sorted({package_id, *(str(row.get("PackageID")) for row in users)})
    columns = [
        "AdvertisementID", "AdvertisementName", "PackageID", "CollectionID", "OfferType", "AdvertFlags",
        "ActionInProgress",
    ]  # fmt: skip
    where = wql.both(wql.one_of("PackageID", ids), wql.equals("ProgramName", "*"))
    return [row for row in site.query("SMS_Advertisement", where, columns) if _is_required(row)]


def _targets(site: Site, rows: t.Sequence[Instance], package_id: str) -> dict[str, Target]:
    """Return the collections of advertisements, by what names these; ``package_id`` is the changed task sequence."""
    wanted = sorted({str(row.get("CollectionID")) for row in rows})
    columns = ["CollectionID", "Name", "CollectionType", "IsBuiltIn", "MemberCount"]
    found = {
        str(row.get("CollectionID")).casefold(): Target.of(row)
        for row in site.query("SMS_Collection", wql.one_of("CollectionID", wanted), columns)
    }
    targets = {}
    for row in sorted(rows, key=lambda one: str(one.get("AdvertisementID"))):
        own = str(row.get("CollectionID"))
        # A collection that the account does not see still runs it, on nobody knows how many devices.
        target = found.get(own.casefold()) or Target(own, own, None)
        other = str(row.get("PackageID"))
        through = "" if other.casefold() == package_id.casefold() else f", which runs it by {other},"
        targets[f"{row.get('AdvertisementID')} ({row.get('AdvertisementName')}){through}"] = target
    return targets


def _is_required(row: Instance) -> bool:
    if row.get("ActionInProgress") == DELETING:
        return False
    return row.get("OfferType", _REQUIRED) == _REQUIRED or bool(row.number("AdvertFlags") & _MANDATORY_EVENTS)
