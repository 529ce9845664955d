# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run does with content: worked out from the state, before anything is written."""

from __future__ import annotations

import dataclasses
import typing as t

from .._cim import wql
from .._cim.instance import Instance
from .._provider.site import Site
from ._content_objects import Item, Subject
from ._content_state import INSTALL_FAILED, INSTALLED, LEAVING, REMOVING, Key, key_of
from ._content_targets import Group, Point, Targets, point_of, server_of

REFERENCE = "SMS_TaskSequencePackageReference"


@dataclasses.dataclass
class Live:
    """What the site has: orders per pair, what the groups hold, and how far each pair is."""

    pairs: dict[Key, Instance] = dataclasses.field(default_factory=dict)
    held: set[tuple[str, str]] = dataclasses.field(default_factory=set)
    status: dict[Key, Instance] = dataclasses.field(default_factory=dict)

    def ordered(self, item: Item, nal_path: str) -> bool:
        """Whether a point is to have an object."""
        row = self.pairs.get(key_of(item.package_id, nal_path))
        return row is not None and row.number("Status") != LEAVING

    def leaving(self, item: Item, nal_path: str) -> bool:
        """Whether an object is on its way off a point."""
        row = self.pairs.get(key_of(item.package_id, nal_path))
        return row is not None and row.number("Status") == LEAVING

    def installed(self, item: Item, nal_path: str) -> bool:
        """Whether an object is on a point and stays there."""
        row = self.status.get(key_of(item.package_id, nal_path))
        return row is not None and row.number("State") == INSTALLED and not self.leaving(item, nal_path)

    def holds(self, group: Group, item: Item) -> bool:
        """Whether a group brings an object to its members."""
        return (group.group_id.casefold(), item.package_id.casefold()) in self.held


@dataclasses.dataclass
class Work:
    """The writes of a run, in the order in which they are done."""

    refresh: list[Item] = dataclasses.field(default_factory=list)
    group_add: list[tuple[Group, list[Item]]] = dataclasses.field(default_factory=list)
    point_add: list[tuple[Item, list[Point]]] = dataclasses.field(default_factory=list)
    group_resend: list[tuple[Group, Item]] = dataclasses.field(default_factory=list)
    point_resend: list[tuple[Item, str, str]] = dataclasses.field(default_factory=list)
    """Object, NAL path, site code."""
    verify: list[tuple[Item, str]] = dataclasses.field(default_factory=list)
    group_remove: list[tuple[Group, list[Item]]] = dataclasses.field(default_factory=list)
    point_remove: list[tuple[Item, Point]] = dataclasses.field(default_factory=list)

    def __bool__(self) -> bool:
        return any(getattr(self, field.name) for field in dataclasses.fields(self))

    def distributed(self) -> list[dict[str, t.Any]]:
        """Return what is sent somewhere it was not, for results."""
        by_group = [entry(item, group=group) for group, items in self.group_add for item in items]
        return by_group + [entry(item, point=point.name) for item, points in self.point_add for point in points]

    def sent_again(self) -> list[dict[str, t.Any]]:
        """Return what is sent again to where it was ordered before."""
        by_group = [entry(item, group=group) for group, item in self.group_resend]
        return by_group + [entry(item, point=server_of(path)) for item, path, _code in self.point_resend]

    def verified(self) -> list[dict[str, t.Any]]:
        """Return what is checked on the points."""
        return [entry(item, point=server_of(path)) for item, path in self.verify]

    def removed(self) -> list[dict[str, t.Any]]:
        """Return what is taken away."""
        by_group = [entry(item, group=group) for group, items in self.group_remove for item in items]
        return by_group + [entry(item, point=point.name) for item, point in self.point_remove]

    def without(self, package_ids: t.Container[str]) -> Work:
        """Return the removals without some objects."""
        groups = [(group, [item for item in items if item.package_id not in package_ids])
                  for group, items in self.group_remove]  # fmt: skip
        return Work(
            group_remove=[(group, items) for group, items in groups if items],
            point_remove=[(item, point) for item, point in self.point_remove if item.package_id not in package_ids],
        )

    def touched(self) -> set[Key]:
        """Return the pairs that this work sends again, whose status says nothing until it changes."""
        found = {key_of(item.package_id, path) for item, path, _code in self.point_resend}
        return found | {key_of(item.package_id, path) for group, item in self.group_resend for path in group.members}


def entry(item: Item, *, point: str | None = None, group: Group | None = None) -> dict[str, t.Any]:
    """Return an object and a target for results."""
    return {
        "package_id": item.package_id,
        "name": item.name,
        "distribution_point": point,
        "distribution_point_group": group.name if group is not None else None,
    }


def line(found: t.Mapping[str, t.Any]) -> str:
    """Return an entry as a line of a diff."""
    group = found["distribution_point_group"]
    where = f"group {group}" if group is not None else found["distribution_point"]
    return f"{found['name']} ({found['package_id']}) on {where}"


def to_distribute(items: t.Sequence[Item], targets: Targets, live: Live, params: t.Mapping[str, t.Any]) -> Work:
    """Return what is missing, what failed, and what the play wants to be sent again."""
    work = Work(refresh=list(items) if params["refresh"] else [])
    for group in targets.groups:
        missing = [item for item in items if not live.holds(group, item)]
        if missing:
            work.group_add.append((group, missing))
    for item in items:
        points = [point for point in targets.points if not live.ordered(item, point.nal_path)]
        points += [point_of(path) for path in lost(item, targets, live) if not live.ordered(item, path)]
        if points:
            work.point_add.append((item, points))
    if work.refresh:
        # Every point that has an object gets the new version of it anyway.
        return work
    if params["redistribute"] == "always":
        work.group_resend = [(group, item) for group in targets.groups for item in items if live.holds(group, item)]
    if params["redistribute"] != "never":
        work.point_resend = _resend(items, targets, live, work, params["redistribute"] == "always")
    if params["verify"]:
        again = work.touched()
        work.verify = [
            (item, path)
            for item in items
            for path in targets.paths
            if key_of(item.package_id, path) not in again and live.installed(item, path)
        ]
    return work


def _resend(
    items: t.Sequence[Item], targets: Targets, live: Live, work: Work, always: bool
) -> list[tuple[Item, str, str]]:
    covered = {key_of(item.package_id, path) for group, item in work.group_resend for path in group.members}
    direct = {point.nal_path.casefold() for point in targets.points}
    found = []
    for item in items:
        for path in targets.paths:
            key = key_of(item.package_id, path)
            row = live.status.get(key)
            if row is None or key in covered or row.number("State") in REMOVING or live.leaving(item, path):
                continue
            if row.number("State") == INSTALL_FAILED or (always and path.casefold() in direct):
                found.append((item, path, str(row.get("SiteCode", ""))))
    return found


def lost(item: Item, targets: Targets, live: Live) -> list[str]:
    """Return the members of groups that hold an object without a trace of it: somebody took it off these points."""
    paths = {path.casefold(): path for group in targets.groups if live.holds(group, item) for path in group.members}
    found = []
    for path in paths.values():
        row = live.status.get(key_of(item.package_id, path))
        if row is None or row.number("State") in REMOVING:
            found.append(path)
    return found


def to_remove(items: t.Sequence[Item], targets: Targets, live: Live) -> Work:
    """Return what is ordered to be where it must not be."""
    work = Work()
    for group in targets.groups:
        held = [item for item in items if live.holds(group, item)]
        if held:
            work.group_remove.append((group, held))
    work.point_remove = [
        (item, point) for item in items for point in targets.points if live.ordered(item, point.nal_path)
    ]
    return work


def shared_with(site: Site, subject: Subject) -> dict[str, list[str]]:
    """Return for each object the IDs of the other task sequences that refer to it, in one query."""
    by_object = {item.object_id.casefold(): item.package_id for item in subject.items}
    ids = sorted({item.object_id for item in subject.items})
    rows = site.query(REFERENCE, wql.one_of("ObjectID", ids), ["PackageID", "ObjectID"]) if ids else []
    users: dict[str, set[str]] = {}
    for row in rows:
        package_id = by_object.get(str(row.get("ObjectID", "")).casefold())
        owner = str(row.get("PackageID", ""))
        if package_id is not None and owner.casefold() != str(subject.id).casefold():
            users.setdefault(package_id, set()).add(owner)
    return {package_id: sorted(owners) for package_id, owners in users.items()}
