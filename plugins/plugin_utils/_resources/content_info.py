# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The read-only twin of content: where it is (reference: provider-behaviour 6.3)."""

from __future__ import annotations

import typing as t

from .._cim import wql
from .._errors import Problem
from .._provider.site import Site
from ._base import Outcome, Resource
from ._content_objects import Item, chosen_ref, find_subject, unlisted_content
from ._content_state import HELD, INSTALL_FAILED, INSTALLED, STATES, Pair, key_of, read_messages, read_status
from ._content_targets import GROUP


class ContentInfo(Resource):
    """``cm_content_info``."""

    key = "contents"

    def validate(self) -> None:
        problems: list[Problem] = []
        self._ref = chosen_ref(self.params, problems)
        self.refuse(problems)

    def converge(self) -> Outcome:
        if self._ref is None:
            raise RuntimeError("converge without validate")
        site = self.task.site
        subject = find_subject(self.task, self._ref, missing_ok=True)
        ids = [item.package_id for item in subject.items]
        pairs = self._pairs(subject.items, read_status(site, ids))
        groups = _groups_by_package(site, ids)
        failed = sorted({pair.item.package_id for pair in pairs if pair.state == STATES[INSTALL_FAILED]})
        messages = read_messages(site, failed) if failed else {}
        values: dict[str, t.Any] = {
            self.key: [self._describe(item, pairs, groups, messages) for item in subject.items]
        }
        if self.params["check_steps"]:
            known = subject.kind == "task_sequence" and not subject.missing
            values["unlisted"] = unlisted_content(site, subject) if known else []
        return Outcome(False, values)

    def _pairs(self, items: t.Sequence[Item], status: t.Mapping[tuple[str, str], t.Any]) -> list[Pair]:
        wanted = [name.strip().strip("\\").casefold() for name in self.params["distribution_points"]]
        by_id = {item.package_id.casefold(): item for item in items}
        pairs = [
            Pair(by_id[package_id], str(row.get("ServerNALPath")), row)
            for (package_id, _path), row in status.items()
            if package_id in by_id
        ]
        return [pair for pair in pairs if not wanted or _is_named(pair.point, wanted)]

    @staticmethod
    def _describe(
        item: Item,
        pairs: t.Sequence[Pair],
        groups: t.Mapping[str, list[str]],
        messages: t.Mapping[tuple[str, str], dict[str, t.Any]],
    ) -> dict[str, t.Any]:
        own = sorted((pair for pair in pairs if pair.item is item), key=lambda pair: pair.point.casefold())
        states = [pair.state for pair in own]
        installed, failed = states.count(STATES[INSTALLED]), states.count(STATES[INSTALL_FAILED])
        points = []
        for pair in own:
            message = messages.get(key_of(item.package_id, pair.nal_path)) if pair.state != STATES[INSTALLED] else None
            points.append(
                {
                    "name": pair.point,
                    "state": pair.state,
                    "source_version": pair.version,
                    **(message or {"message_id": None, "message": ""}),
                }
            )
        return {
            "kind": "content",
            "planned": False,
            "object_kind": item.kind,
            "package_id": item.package_id,
            "name": item.name,
            "source_version": item.version,
            "size_kb": item.size,
            "has_files": item.has_files,
            "targeted": len(own),
            "installed": installed,
            "failed": failed,
            "pending": len(own) - installed - failed,
            "distribution_points": points,
            "distribution_point_groups": groups.get(item.package_id.casefold(), []),
        }


def _is_named(server: str, wanted: t.Sequence[str]) -> bool:
    folded = server.casefold()
    return folded in wanted or folded.partition(".")[0] in wanted


def _groups_by_package(site: Site, package_ids: t.Sequence[str]) -> dict[str, list[str]]:
    """Return the names of the groups that hold each package, by its ID folded; one query, a second one for names."""
    if not package_ids:
        return {}
    rows = site.query(HELD, wql.one_of("PkgID", list(package_ids)), ["GroupID", "PkgID"])
    if not rows:
        return {}
    named = site.query(GROUP, None, ["GroupID", "Name"])
    names = {str(row.get("GroupID", "")).casefold(): str(row.get("Name", "")) for row in named}
    found: dict[str, set[str]] = {}
    for row in rows:
        group_id = str(row.get("GroupID", ""))
        name = names.get(group_id.casefold(), group_id)
        found.setdefault(str(row.get("PkgID", "")).casefold(), set()).add(name)
    return {package_id: sorted(groups) for package_id, groups in found.items()}
