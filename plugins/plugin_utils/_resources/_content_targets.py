# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where content is to be: distribution points, groups of them, or the groups of a collection.

Reference: provider-behaviour 6.1, 6.2. NAL path and site code of a point always come from one row of
SMS_SystemResourceList; the members of a group are paths only, and the site code in such a path is taken.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from .._cim import wql
from .._cim.instance import Instance
from .._errors import InvalidInput, Problem, ReferenceProblems
from .._provider.ref import Ref
from .._provider.references import parse_ref
from .._provider.site import Site
from ._base import Task

SYSTEMS = "SMS_SystemResourceList"
ROLE = "SMS Distribution Point"
GROUP = "SMS_DistributionPointGroup"
MEMBERS = "SMS_DPGroupMembers"
COLLECTION_GROUPS = "SMS_DPGroupCollections"
_SITE = re.compile(r"SMS_SITE=([A-Za-z0-9]{3})")
SHOWN = 20
"""How many candidates a message lists."""


@dataclasses.dataclass(frozen=True)
class Point:
    """A distribution point, named by its server."""

    nal_path: str
    site_code: str
    name: str


@dataclasses.dataclass(frozen=True)
class Group:
    """A group of distribution points; ``members`` are NAL paths."""

    group_id: str
    name: str
    members: tuple[str, ...] = ()


@dataclasses.dataclass
class Targets:
    """The points that are named themselves, and the groups."""

    points: list[Point] = dataclasses.field(default_factory=list)
    groups: list[Group] = dataclasses.field(default_factory=list)

    @property
    def paths(self) -> list[str]:
        """The NAL paths of all points, also those of the groups, each once."""
        every = [*(point.nal_path for point in self.points), *(path for group in self.groups for path in group.members)]
        return list({path.casefold(): path for path in every}.values())

    def __bool__(self) -> bool:
        return bool(self.points or self.groups)


def server_of(nal_path: str) -> str:
    r"""Return ``dp1.corp`` for ``["Display=\\dp1.corp\"]MSWNET:["SMS_SITE=PS1"]\\dp1.corp``."""
    return nal_path.rstrip("\\").rpartition("\\")[2]


def point_of(nal_path: str) -> Point:
    r"""Return the point behind a path, whose site is in the path: ``["Display=...\"]MSWNET:["SMS_SITE=PS1"]...``."""
    site = _SITE.search(nal_path)
    return Point(nal_path, site.group(1) if site else "", server_of(nal_path))


def collection_ref(params: t.Mapping[str, t.Any], problems: list[Problem]) -> Ref | None:
    """Return the reference in the option ``collection``, or note what is wrong with it."""
    if params.get("collection") is None:
        return None
    try:
        return parse_ref(params["collection"], "collection", "collection")
    except InvalidInput as error:
        problems.extend(error.problems)
        return None


def find_targets(task: Task, collection: Ref | None) -> Targets:
    """Look the targets up: one query per kind that the play names, and one for the members of groups.

    Only a name that the site does not have costs one more, for what it has instead.
    Raises ReferenceProblems that lists everything that the site does not have, with what it has.
    """
    site, params = task.site, task.params
    problems: list[Problem] = []
    points = _points(site, params.get("distribution_points") or [], problems)
    groups = _named_groups(site, params.get("distribution_point_groups") or [], problems)
    if collection is not None:
        groups += _groups_of(task, collection, problems)
    if problems:
        raise ReferenceProblems(problems)
    unique = {group.group_id.casefold(): group for group in groups}
    groups = _with_members(site, list(unique.values()))
    covered = {path.casefold() for group in groups for path in group.members}
    for group in groups:
        if not group.members:
            task.warn(f"The distribution point group {group.name} has no members, so nothing arrives anywhere by it.")
    # A point that a group brings needs no order of its own.
    return Targets([point for point in points if point.nal_path.casefold() not in covered], groups)


def all_points(site: Site) -> list[Point]:
    """Return the distribution points of the site, in one query."""
    rows = site.query(
        SYSTEMS,
        wql.equals("RoleName", ROLE),
        ["NALPath", "ResourceType", "RoleName", "ServerName", "ServerRemoteName", "SiteCode"],
    )
    found = {}
    for row in rows:
        path = str(row.get("NALPath", ""))
        name = str(row.get("ServerRemoteName") or row.get("ServerName") or server_of(path))
        found[path.casefold()] = Point(path, str(row.get("SiteCode", "")), name)
    return sorted(found.values(), key=lambda point: point.name.casefold())


def _points(site: Site, names: t.Sequence[str], problems: list[Problem]) -> list[Point]:
    if not names:
        return []
    known = all_points(site)
    chosen: dict[str, Point] = {}
    for index, name in enumerate(names):
        path = f"distribution_points[{index}]"
        fits = _named(known, name)
        if len(fits) == 1:
            chosen.setdefault(fits[0].nal_path.casefold(), fits[0])
        elif fits:
            full = ", ".join(point.name for point in fits)
            problems.append(Problem(path, name, f"several distribution points are called so, choose one: {full}"))
        else:
            problems.append(Problem(path, name, _candidates("distribution point", [point.name for point in known])))
    return list(chosen.values())


def _named(known: t.Sequence[Point], name: str) -> list[Point]:
    r"""Return the points that a name means: the full name, the first part of it, or with ``\`` in front."""
    wanted = name.strip().strip("\\").casefold()
    exact = [point for point in known if wanted in (point.name.casefold(), server_of(point.nal_path).casefold())]
    return exact or [point for point in known if point.name.casefold().partition(".")[0] == wanted]


def _candidates(what: str, names: t.Sequence[str]) -> str:
    shown = ", ".join(names[:SHOWN]) or "none"
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"the site has no such {what}, or the account may not see it; it has: {shown}{more}"


def _named_groups(site: Site, names: t.Sequence[str], problems: list[Problem]) -> list[Group]:
    if not names:
        return []
    rows = site.query(GROUP, wql.one_of("Name", [name.strip() for name in names]), ["GroupID", "Name"])
    known = {str(row.get("Name", "")).casefold(): row for row in rows}
    missing = [(index, name) for index, name in enumerate(names) if name.strip().casefold() not in known]
    if missing:
        every = sorted(str(row.get("Name", "")) for row in site.query(GROUP, None, ["GroupID", "Name"]))
        rule = _candidates("distribution point group", every)
        problems += [Problem(f"distribution_point_groups[{index}]", name, rule) for index, name in missing]
    return [Group(str(row.get("GroupID", "")), str(row.get("Name", ""))) for row in known.values()]


def _groups_of(task: Task, collection: Ref, problems: list[Problem]) -> list[Group]:
    resolver = task.resolver()
    resolver.add(collection)
    resolver.resolve()
    found = resolver.result(collection)
    if found.planned:
        return []
    where = wql.equals("CollectionID", str(found.id))
    rows = task.site.query(COLLECTION_GROUPS, where, ["CollectionID", "GroupID", "GroupName"])
    if not rows:
        rule = (
            "no distribution point group is associated with this collection; associate one in the console, or name "
            "distribution_point_groups or distribution_points"
        )
        problems.append(Problem("collection", str(found.name or found.id), rule))
    return [Group(str(row.get("GroupID", "")), str(row.get("GroupName", ""))) for row in rows]


def _with_members(site: Site, groups: t.Sequence[Group]) -> list[Group]:
    if not groups:
        return []
    rows: list[Instance] = site.query(
        MEMBERS, wql.one_of("GroupID", [group.group_id for group in groups]), ["DPNALPath", "GroupID"]
    )
    members: dict[str, list[str]] = {}
    for row in rows:
        members.setdefault(str(row.get("GroupID", "")).casefold(), []).append(str(row.get("DPNALPath", "")))
    return [
        dataclasses.replace(group, members=tuple(sorted(members.get(group.group_id.casefold(), ()))))
        for group in sorted(groups, key=lambda group: group.name.casefold())
    ]
