# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The read-only twin of collections."""

from __future__ import annotations

import typing as t

from .._cim import wql
from .._cim.instance import Instance
from .._errors import Problem
from .._provider import names
from .._provider.naming import Namer
from .._provider.ref import Ref
from .._provider.references import KINDS
from .._provider.site import same_name
from . import _collection_guard as guard
from . import _collection_options as options
from . import _collection_rules as rules
from ._base import Outcome, Resource
from ._members import MEMBER_COLUMNS, MEMBERSHIP
from ._variables import COLLECTION as SETTINGS
from ._variables import Variables

CLASS = "SMS_Collection"
COLUMNS = [
    "CollectionID",
    "Name",
    "Comment",
    "CollectionType",
    "LimitToCollectionID",
    "LimitToCollectionName",
    "IsBuiltIn",
    "CurrentStatus",
    "MemberCount",
    "LastRefreshTime",
    "LastMemberChangeTime",
]
TYPES = {0: "other", 1: "user", 2: "device"}
STATUS = {
    0: "none",
    1: "ready",
    2: "refreshing",
    3: "saving",
    4: "evaluating",
    5: "awaiting_refresh",
    6: "deleting",
    7: "appending_member",
    8: "querying",
}
"""CurrentStatus (provider-behaviour 7.2)."""


class CollectionInfo(Resource):
    """``cm_collection_info``."""

    key = "collections"

    def validate(self) -> None:
        problems = []
        name, collection_id = self.params["name"], self.params["collection_id"]
        fault = names.fault_in_reference(name) if name is not None else None
        if fault:
            problems.append(Problem("name", names.shown(name), fault))
        if collection_id is not None and not KINDS["collection"].is_id(collection_id):
            problems.append(Problem("collection_id", collection_id, "is no collection ID; one looks like PS10002C"))
        if self.params["max_members"] < 0:
            problems.append(Problem("max_members", str(self.params["max_members"]), "must not be negative"))
        self.refuse(problems)

    def converge(self) -> Outcome:
        gather = set(self.params["gather"])
        rows = sorted(self._rows(), key=lambda row: str(row.get("Name", "")).casefold())
        shown = [_describe(row) for row in rows]
        if "rules" in gather:
            self._add_rules(shown)
        for entry in shown:
            if "members" in gather:
                self._add_members(entry)
            if "variables" in gather:
                variables = Variables(self.task, SETTINGS)
                entry["variables"] = variables.show(variables.read(entry["collection_id"]))
        return Outcome(False, {self.key: shown})

    def _rows(self) -> list[Instance]:
        site, name, collection_id = self.task.site, self.params["name"], self.params["collection_id"]
        if collection_id is not None:
            return site.query(CLASS, wql.equals("CollectionID", collection_id.upper()), COLUMNS)
        if name is not None:
            return same_name(site.query(CLASS, wql.equals("Name", name), COLUMNS), name)
        return site.query(CLASS, None, COLUMNS)

    def _add_rules(self, shown: list[dict[str, t.Any]]) -> None:
        namer = Namer(self.task.site)
        loaded = []
        for entry in shown:
            live = self.task.site.find(CLASS, {"CollectionID": entry["collection_id"]})
            found = rules.stored(live)
            loaded.append((entry, found))
            plain = options.describe(live)
            entry.update({"refresh": plain["refresh"], "refresh_schedule": plain["refresh_schedule"]})
            for rule in found:
                if rule.kind in rules.OTHER:
                    namer.add(Ref("collection", id=rule.key))
        namer.resolve()
        for entry, found in loaded:
            direct = sorted((rule.label, int(rule.key)) for rule in found if rule.kind == rules.DIRECT)
            entry["direct"] = [{"name": name, "resource_id": number} for name, number in direct]
            entry["queries"] = options.describe_rules(rules.QUERY, [r for r in found if r.kind == rules.QUERY])
            for kind in rules.OTHER:
                named = [namer.form(Ref("collection", id=rule.key)) for rule in found if rule.kind == kind]
                entry[rules.KINDS[kind]] = sorted(named, key=str)

    def _add_members(self, entry: dict[str, t.Any]) -> None:
        """Add the members, not more than the play allows; one more is asked for to know whether there are others."""
        limit = self.params["max_members"]
        columns = [*MEMBER_COLUMNS, "IsClient", "IsActive", "IsObsolete"]
        where = wql.equals("CollectionID", entry["collection_id"])
        rows = self.task.site.cim.query(MEMBERSHIP, where=where, columns=columns, limit=limit + 1)
        found = [
            {
                "name": str(row.get("Name", "")),
                "resource_id": row.number("ResourceID"),
                "direct": bool(row.get("IsDirect", False)),
                "client": bool(row.get("IsClient", False)),
                "active": bool(row.get("IsActive", False)),
                "obsolete": bool(row.get("IsObsolete", False)),
            }
            for row in rows[:limit]
        ]
        entry["members"] = sorted(found, key=lambda item: (item["name"].casefold(), item["resource_id"]))
        entry["members_truncated"] = len(rows) > limit


def _describe(row: Instance) -> dict[str, t.Any]:
    status = row.number("CurrentStatus")
    return {
        "kind": "collection",
        "planned": False,
        "collection_id": str(row.get("CollectionID", "")),
        "name": str(row.get("Name", "")),
        "comment": str(row.get("Comment", "")),
        "type": TYPES.get(row.number("CollectionType"), str(row.number("CollectionType"))),
        "limiting_collection": str(row.get("LimitToCollectionName", "")),
        "limiting_collection_id": str(row.get("LimitToCollectionID", "")),
        "built_in": guard.built_in(row),
        "status": STATUS.get(status, str(status)),
        "member_count": row.number("MemberCount"),
    }
