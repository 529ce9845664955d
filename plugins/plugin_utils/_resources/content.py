# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Content on distribution points (reference: provider-behaviour 6).

A task sequence has no content of its own: what it refers to is distributed, children included.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._errors import Problem
from .._plan import Plan
from ._base import Outcome, Resource
from ._content_objects import Item, Subject, chosen_ref, find_subject, unlisted_content, warn_of_unlisted
from ._content_plan import Live, Work, line, lost, shared_with, to_distribute, to_remove
from ._content_state import Arrival, Departure, Pair, key_of, read_held, read_pairs, read_status, signature
from ._content_targets import Targets, collection_ref, find_targets
from ._content_writes import Writer
from ._wait import problems as wait_problems

LISTS = ("distributed", "sent_again", "verified", "refreshed", "removed", "kept", "unlisted")
"""The keys of the result that say what a task did."""


class Content(Resource):
    """``cm_content``."""

    key = "content"

    def validate(self) -> None:
        problems: list[Problem] = wait_problems(self.params)
        self._ref = chosen_ref(self.params, problems)
        self._collection = collection_ref(self.params, problems)
        named = any(
            self.params.get(option) for option in ("distribution_points", "distribution_point_groups", "collection")
        )
        if not named and (self._absent or not self.params["refresh"]):
            rule = "say where: distribution_points, distribution_point_groups or collection"
            problems.append(Problem("distribution_points", "", rule))
        if self._absent:
            if self.params["refresh"]:
                problems.append(Problem("refresh", "true", "cannot go with state: absent"))
            if self.params["verify"]:
                problems.append(Problem("verify", "true", "cannot go with state: absent"))
            if self.params["redistribute"] == "always":
                problems.append(Problem("redistribute", "always", "cannot go with state: absent"))
        self.refuse(problems)

    @property
    def _absent(self) -> bool:
        return bool(self.params["state"] == "absent")

    # -- the task -------------------------------------------------------------------------------

    def converge(self) -> Outcome:
        if self._ref is None:
            raise RuntimeError("converge without validate")
        subject = find_subject(self.task, self._ref, missing_ok=self._absent)
        targets = find_targets(self.task, self._collection)
        if subject.planned:
            return self._not_there_yet(subject)
        self._notes: list[str] = []
        items = [item for item in subject.items if item.has_files]
        if len(items) < len(subject.items):
            bare = ", ".join(str(item) for item in subject.items if not item.has_files)
            self._notes.append(f"Without source files, so nothing to distribute: {bare}.")
        if not items:
            self._notes.append(f"{subject.name} refers to no content." if not subject.missing else self._gone(subject))
        if not targets and not self.params["refresh"]:
            self._notes.append("The collection is not there yet, so its distribution point groups are not known.")
        unlisted = self._unlisted(subject)
        live = self._read(items, targets)
        work, kept = self._work(subject, items, targets, live)
        plan = self._plan(items, targets, live, work)
        writes = bool(work) and not self.task.check_mode
        if writes:
            Writer(self.task.site, live.status).carry_out(work)
        status = self._settle(items, targets, live, work, writes)
        values: dict[str, t.Any] = {
            self.key: {
                **self._head(subject),
                **self._state(items, targets, status),
                "distributed": work.distributed(),
                "sent_again": work.sent_again(),
                "verified": work.verified(),
                "refreshed": [{"package_id": item.package_id, "name": item.name} for item in work.refresh],
                "removed": work.removed(),
                "kept": kept,
                "unlisted": unlisted,
                "written": writes,
            }
        }
        self._say(work)
        if self._notes:
            values["msg"] = " ".join(self._notes)
        return Outcome(bool(work), values, plan.diff(f"content of {subject.name}") if work else None)

    def _gone(self, subject: Subject) -> str:
        return f"The {subject.kind.replace('_', ' ')} {subject.name} was not found, so its content is not known."

    def _not_there_yet(self, subject: Subject) -> Outcome:
        """What check mode can say about an object that an earlier task of the play would make."""
        values = {
            self.key: {
                **self._head(subject),
                "objects": [],
                "counts": {"wanted": 0, "installed": 0, "failed": 0, "pending": 0},
                **{name: [] for name in LISTS},
                "written": False,
            },
            "msg": f"{subject.name} is not there yet, so what it refers to is not known before the run.",
        }
        return Outcome(not self._absent, values)

    # -- reading --------------------------------------------------------------------------------

    def _unlisted(self, subject: Subject) -> list[dict[str, t.Any]]:
        if subject.kind != "task_sequence" or self._absent or subject.missing or not self.params["check_steps"]:
            return []
        found = unlisted_content(self.task.site, subject)
        warn_of_unlisted(self.task, found)
        return found

    def _read(self, items: t.Sequence[Item], targets: Targets) -> Live:
        """Read what is ordered and how far it is: one query per class, and only of the classes that matter."""
        site, ids = self.task.site, [item.package_id for item in items]
        if not ids:
            return Live()
        live = Live(status=read_status(site, ids))
        live.held = read_held(site, targets.groups)
        if targets.points or self._absent or any(lost(item, targets, live) for item in items):
            live.pairs = read_pairs(site, ids)
        return live

    def _work(
        self, subject: Subject, items: t.Sequence[Item], targets: Targets, live: Live
    ) -> tuple[Work, list[dict[str, t.Any]]]:
        if not self._absent:
            return to_distribute(items, targets, live, self.params), []
        work = to_remove(items, targets, live)
        if not work or subject.kind != "task_sequence" or self.params["shared"] == "remove":
            return work, []
        shared = shared_with(self.task.site, subject)
        kept = [
            {"package_id": item.package_id, "name": item.name, "task_sequences": shared[item.package_id]}
            for item in items
            if item.package_id in shared
        ]
        if kept:
            names = ", ".join(f"{entry['name']} ({entry['package_id']})" for entry in kept)
            self._notes.append(f"Kept, because other task sequences refer to it: {names}.")
        return work.without(shared), kept

    # -- planning -------------------------------------------------------------------------------

    @staticmethod
    def _plan(items: t.Sequence[Item], targets: Targets, live: Live, work: Work) -> Plan:
        """Return the diff: one line per object and target, as it is and as it is going to be."""
        if not work:
            return Plan()
        added = {line(found) for found in work.distributed()}
        removed = {line(found) for found in work.removed()}
        again = {line(found) for found in work.sent_again()}
        there = []
        for item in items:
            there += [
                f"{item} on group {group.name}" for group in targets.groups if live.holds(group, item)
            ]
            there += [f"{item} on {point.name}" for point in targets.points if live.ordered(item, point.nal_path)]
        # What failed in a group is sent again to single points, which have no line of their own.
        before = sorted({*there, *again})
        after = sorted(
            [f"{text} (sent again)" if text in again else text for text in before if text not in removed] + [*added]
        )
        after += [f"{line(found)}: files verified" for found in work.verified()]
        after += [f"{item}: source files read again" for item in work.refresh]
        return Plan("update", before={"content": before}, after={"content": after})

    # -- after the writes -----------------------------------------------------------------------

    def _settle(
        self, items: t.Sequence[Item], targets: Targets, live: Live, work: Work, writes: bool
    ) -> dict[tuple[str, str], t.Any]:
        """Wait if the play wants that, and return the last status of the pairs."""
        ids = [item.package_id for item in items]
        if self.task.check_mode or not self.params["wait"] or not items:
            return read_status(self.task.site, ids) if writes else live.status
        if self._absent:
            return self._wait_gone(items, targets, live, writes)
        newer = {item.package_id for item in work.refresh}
        wanted = [
            (dataclasses.replace(item, version=item.version + 1) if item.package_id in newer else item, path)
            for item, path in _pairs(items, targets, live.status)
        ]
        touched = work.touched() | {key_of(item.package_id, path) for item, path in wanted if item.package_id in newer}
        stale = {key: signature(row) for key, row in live.status.items() if key in touched}
        arrival = Arrival(self.task, wanted, status=None if writes else live.status, stale=stale)
        arrival.wait()
        return {key_of(pair.item.package_id, pair.nal_path): pair.row for pair in arrival.pairs() if pair.row}

    def _wait_gone(
        self, items: t.Sequence[Item], targets: Targets, live: Live, writes: bool
    ) -> dict[tuple[str, str], t.Any]:
        """Wait for what is marked for deletion; what another group brings to a point is not."""
        ids = [item.package_id for item in items]
        if writes:
            live = Live(pairs=read_pairs(self.task.site, ids))
        leaving = [(item, path) for item in items for path in targets.paths if live.leaving(item, path)]
        if leaving:
            Departure(self.task, leaving).wait()
        return read_status(self.task.site, ids) if writes or leaving else live.status

    # -- reporting ------------------------------------------------------------------------------

    @staticmethod
    def _head(subject: Subject) -> dict[str, t.Any]:
        return {
            "kind": "content",
            "planned": subject.planned,
            "object_kind": subject.kind,
            "name": subject.name,
            "object_id": subject.id,
        }

    @staticmethod
    def _state(
        items: t.Sequence[Item], targets: Targets, status: t.Mapping[tuple[str, str], t.Any]
    ) -> dict[str, t.Any]:
        counts = {"wanted": 0, "installed": 0, "failed": 0, "pending": 0}
        points: dict[str, list[dict[str, t.Any]]] = {}
        for item, path in _pairs(items, targets, status):
            pair = Pair(item, path, status.get(key_of(item.package_id, path)))
            counts["wanted"] += 1
            counts[{"installed": "installed", "install_failed": "failed"}.get(pair.state, "pending")] += 1
            shown = {"name": pair.point, "state": pair.state, "source_version": pair.version}
            points.setdefault(item.package_id, []).append(shown)
        objects = [
            {
                "kind": item.kind,
                "package_id": item.package_id,
                "name": item.name,
                "source_version": item.version,
                "size_kb": item.size,
                "distribution_points": points.get(item.package_id, []),
            }
            for item in items
        ]
        return {"objects": objects, "counts": counts}

    def _say(self, work: Work) -> None:
        would = "would be" if self.task.check_mode else "were"
        for found, what in (
            (work.refresh, "objects {} refreshed from their source"),
            (work.distributed(), "orders to distribute {} given"),
            (work.sent_again(), "orders {} sent again"),
            (work.verified(), "orders to verify {} given"),
            (work.removed(), "orders to remove {} given"),
        ):
            if found:
                self._notes.append(f"{len(found)} {what.format(would)}.")


def _pairs(
    items: t.Sequence[Item], targets: Targets, status: t.Mapping[tuple[str, str], t.Any]
) -> list[tuple[Item, str]]:
    """Return the pairs that a task is about; a refresh without targets is about the points that have the objects."""
    if targets:
        return [(item, path) for item in items for path in targets.paths]
    return [
        (item, str(row.get("ServerNALPath")))
        for item in items
        for (package_id, _path), row in status.items()
        if package_id == item.package_id.casefold()
    ]
