# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which task sequences and deployments use an object: what to look at before it is deleted or replaced."""

from __future__ import annotations

import typing as t

from .._cim import wql
from .._cim.instance import Instance
from .._errors import InvalidInput
from .._provider.references import Resolved, parse_ref
from .._provider.site import DELETING
from . import _object_uses as uses
from ._base import Outcome, Resource
from ._ts_site import TsSite
from .task_sequence_reference_scope import every_sequence
from .ts_package import Live

_PURPOSE = {0: "required", 2: "available"}
_DEPLOYED = ("package", "task_sequence")
_IDS_PER_QUERY = 100


class ObjectUsageInfo(Resource):
    """``cm_object_usage_info``."""

    key = "usage"

    def validate(self) -> None:
        try:
            self.ref = parse_ref(self.params["object"], self.params["kind"], "object")
        except InvalidInput as error:
            self.refuse(error.problems)
            raise

    def converge(self) -> Outcome:
        resolver = self.task.resolver(missing_ok=True)
        resolver.add(self.ref)
        resolver.resolve()
        found = resolver.result(self.ref)
        usage: dict[str, t.Any] = {
            "object": None if found.missing else self._shown(found),
            "used": False,
            "task_sequences": [],
            "deployments": [],
            "children": [],
        }
        # An ID may still be referred to when the object is gone.
        if found.id is not None:
            usage["task_sequences"] = self._sequences(found.id)
            usage["deployments"] = self._deployments(found.id, usage["task_sequences"])
            if self.params["kind"] == "task_sequence":
                usage["children"] = self._children(found.id)
        usage["used"] = bool(usage["task_sequences"] or usage["deployments"])
        return Outcome(False, {self.key: usage})

    def _shown(self, found: Resolved) -> dict[str, t.Any]:
        return {"kind": self.params["kind"], "name": found.name, "id": found.id}

    # -- task sequences -------------------------------------------------------------------------

    def _sequences(self, object_id: str) -> list[dict[str, t.Any]]:
        """Return the sequences that use an object, and those that run one of them, one query per level."""
        if self.params["kind"] == "collection":
            return []
        self._read: dict[str, Live] = {}
        users = {str(row.get("PackageID")) for row in uses.reference_rows(self.task.site, [object_id])}
        if self.params["include_disabled"]:
            users |= self._users_unlisted(object_id)
        runs: dict[str, set[str]] = {}
        level, known = set(users), set(users)
        while level:
            rows = uses.reference_rows(self.task.site, level)
            for row in rows:
                runs.setdefault(str(row.get("PackageID")), set()).add(str(row.get("ObjectID")))
            level = {str(row.get("PackageID")) for row in rows} - known
            known |= level
        names = uses.named_sequences(self.task.site, known)
        found = [self._sequence(object_id, key, name, users, runs, names) for key, name in names.items()]
        return [entry for entry in found if entry["direct"] is not False or entry["through"]]

    def _users_unlisted(self, object_id: str) -> set[str]:
        """Return the sequences that name an object where the site does not look: disabled steps, ``run_first``."""
        found = set()
        for package_id in every_sequence(self.task.site):
            live = self._live(package_id)
            if live is not None and (
                uses.package_uses(live.package, object_id) or uses.describe_uses(live, object_id)
            ):
                found.add(package_id)
        return found

    def _live(self, package_id: str) -> Live | None:
        """Return a sequence with its steps; each is read once."""
        if package_id not in self._read:
            store = TsSite(self.task.site)
            package = store.load(package_id)
            if package is None:
                return None
            self._read[package_id] = Live(package, store.steps(package))
        return self._read[package_id]

    def _sequence(
        self,
        object_id: str,
        package_id: str,
        name: str,
        users: set[str],
        runs: t.Mapping[str, set[str]],
        names: t.Mapping[str, str],
    ) -> dict[str, t.Any]:
        through = sorted(child for child in runs.get(package_id, ()) if child in names and child != package_id)
        # The site's rows of a sequence hold what its children use as well, so only the steps tell both apart.
        direct: bool | None = (None if through else True) if package_id in users else False
        entry: dict[str, t.Any] = {
            "name": name,
            "package_id": package_id,
            "direct": direct,
            "through": [{"name": names[child], "package_id": child} for child in through],
            "options": None,
            "steps": None,
        }
        if "steps" in self.params["gather"] or self.params["include_disabled"]:
            live = self._live(package_id)
            if live is not None:
                entry["options"] = uses.package_uses(live.package, object_id)
                entry["steps"] = uses.describe_uses(live, object_id)
                entry["direct"] = bool(entry["options"] or entry["steps"])
        return entry

    def _children(self, package_id: str) -> list[dict[str, t.Any]]:
        where = wql.both(wql.equals("PackageID", package_id), wql.equals("ObjectType", uses.CHILD))
        rows = self.task.site.query(uses.REFERENCE, where, ["PackageID", "ObjectID", "ObjectType", "ObjectName"])
        found = {str(row.get("ObjectID")): str(row.get("ObjectName") or "") for row in rows}
        return [{"name": name, "package_id": key} for key, name in sorted(found.items())]

    # -- deployments ----------------------------------------------------------------------------

    def _deployments(self, object_id: str, sequences: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
        columns = [
            "AdvertisementID",
            "AdvertisementName",
            "PackageID",
            "ProgramName",
            "CollectionID",
            "OfferType",
            "ActionInProgress",
        ]
        names = {entry["package_id"]: entry["name"] for entry in sequences}
        rows: list[Instance] = []
        if self.params["kind"] == "collection":
            rows = self.task.site.query("SMS_Advertisement", wql.equals("CollectionID", object_id), columns)
        else:
            ids = sorted({*names, *([object_id] if self.params["kind"] in _DEPLOYED else [])})
            for start in range(0, len(ids), _IDS_PER_QUERY):
                where = wql.one_of("PackageID", ids[start : start + _IDS_PER_QUERY])
                rows += self.task.site.query("SMS_Advertisement", where, columns)
        rows = [row for row in rows if row.get("ActionInProgress") != DELETING]
        collections = self._collections(rows)
        rows.sort(key=lambda row: str(row.get("AdvertisementID")))
        return [
            {
                "advertisement_id": row.get("AdvertisementID"),
                "name": row.get("AdvertisementName"),
                "package_id": row.get("PackageID"),
                "task_sequence": names.get(str(row.get("PackageID"))),
                "program": None if row.get("ProgramName") in (None, "*") else row.get("ProgramName"),
                "collection": collections.get(str(row.get("CollectionID"))),
                "collection_id": row.get("CollectionID"),
                "purpose": _PURPOSE.get(row.number("OfferType")),
            }
            for row in rows
        ]

    def _collections(self, rows: t.Sequence[Instance]) -> dict[str, str]:
        ids = sorted({str(row.get("CollectionID")) for row in rows})
        if not ids:
            return {}
        found = self.task.site.query("SMS_Collection", wql.one_of("CollectionID", ids), ["CollectionID", "Name"])
        return {str(row.get("CollectionID")): str(row.get("Name")) for row in found}
