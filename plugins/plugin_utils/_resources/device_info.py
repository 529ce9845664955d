# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The read-only twin of devices: bounded, one query per hundred devices and kind of fact."""

from __future__ import annotations

import typing as t

from .._cim import wql
from .._cim.instance import Instance
from .._errors import InvalidInput, Problem
from .._provider.ref import Ref
from .._provider.references import parse_ref
from . import _device_extras as extras
from . import _device_identity as identity
from . import _variables
from ._base import Outcome, Resource
from ._members import MEMBERSHIP, PER_QUERY

MOST = 5000
"""The largest ``limit``: more rows do not belong into the result of a task."""


class DeviceInfo(Resource):
    """``cm_device_info``. Costs 1 request, and 1 per hundred devices for each fact but the variables (1 per device)."""

    key = "devices"

    def validate(self) -> None:
        problems: list[Problem] = []
        self._wanted = identity.parse(self.params, problems)
        self._collection: Ref | None = None
        if self.params["collection"] is not None:
            try:
                self._collection = parse_ref(self.params["collection"], "collection", "collection")
            except InvalidInput as error:
                problems.extend(error.problems)
        if not 1 <= self.params["limit"] <= MOST:
            problems.append(Problem("limit", str(self.params["limit"]), f"must be 1 to {MOST}"))
        self.refuse(problems)

    def converge(self) -> Outcome:
        rows = [row for row in identity.once(self._rows()) if not identity.is_unknown(row)]
        limit = self.params["limit"]
        if len(rows) > limit:
            self.task.warn(f"There are more devices than limit ({limit}); the rest is left out.")
            rows = rows[:limit]
        found = {identity.number(row): self._describe(row) for row in rows}
        if found:
            for fact in dict.fromkeys(self.params["gather"]):
                getattr(self, f"_add_{fact}")(found)
        return Outcome(False, {self.key: list(found.values())})

    # -- the records --------------------------------------------------------------------------------

    def _rows(self) -> list[Instance]:
        site, limit = self.task.site, self.params["limit"]
        columns = list(identity.COLUMNS)
        conditions = self._conditions()
        if self._collection is None:
            where = wql.both(*conditions) if conditions else None
            # One more than wanted tells that there are more.
            return site.cim.query(identity.CLASS, where=where, columns=columns, limit=limit + 1)
        resolver = self.task.resolver(missing_ok=True)
        resolver.add(self._collection)
        resolver.resolve()
        collection_id = resolver.result(self._collection).id
        if collection_id is None:
            return []
        inside = wql.equals("CollectionID", collection_id)
        if self._wanted.name is not None:
            inside = wql.both(inside, wql.equals("Name", self._wanted.name))
        members = site.cim.query(MEMBERSHIP, where=inside, columns=["CollectionID", "ResourceID"], limit=limit + 1)
        rows: list[Instance] = []
        numbers = [row.number("ResourceID") for row in members]
        for part in _parts(numbers):
            where = wql.both(wql.one_of("ResourceID", part), *conditions)
            rows += site.query(identity.CLASS, where, columns)
        return rows

    def _conditions(self) -> list[wql.Where]:
        wanted = self._wanted
        given = {"ResourceID": wanted.resource_id, "Name": wanted.name, "SMBIOSGUID": wanted.guid}
        found = [wql.equals(column, value) for column, value in given.items() if value is not None]
        return [*found, wql.equals("MACAddresses", wanted.mac)] if wanted.mac is not None else found

    @staticmethod
    def _describe(row: Instance) -> dict[str, t.Any]:
        roles = row.get("SystemRoles", [])
        return {
            "kind": "device",
            "planned": False,
            **identity.describe(row),
            "site_system_roles": [str(role) for role in (roles if isinstance(roles, list) else [roles])],
        }

    # -- the facts ----------------------------------------------------------------------------------

    def _add_variables(self, found: dict[int, dict[str, t.Any]]) -> None:
        for number, device in found.items():
            settings = self.task.site.find(_variables.DEVICE.class_name, {_variables.DEVICE.key: number})
            device["variables"] = _variables.show(settings, _variables.DEVICE)

    def _add_primary_users(self, found: dict[int, dict[str, t.Any]]) -> None:
        for device in found.values():
            device["primary_users"] = []
        for row in self._facts(extras.RELATION, "ResourceID", extras.RELATION_COLUMNS, found):
            if extras.is_primary(row):
                found[row.number("ResourceID")]["primary_users"].append(str(row.get("UniqueUserName", "")))
        for device in found.values():
            device["primary_users"].sort(key=str.casefold)

    def _add_pxe(self, found: dict[int, dict[str, t.Any]]) -> None:
        for device in found.values():
            device["last_pxe_deployment"] = ""
        for row in self._facts(extras.PXE, "ResourceId", ("ResourceId", "AdvertisementID"), found):
            found[row.number("ResourceId")]["last_pxe_deployment"] = str(row.get("AdvertisementID", ""))

    def _add_migration(self, found: dict[int, dict[str, t.Any]]) -> None:
        for device in found.values():
            device["migrations"] = []
        key = "RestoreClientResourceID"
        for row in self._facts(extras.MIGRATION, key, (*extras.MIGRATION_COLUMNS, "SourceName"), found):
            found[row.number(key)]["migrations"].append(
                {
                    "source": str(row.get("SourceName", "")),
                    "source_resource_id": row.number("SourceClientResourceID"),
                    "behavior": extras.word(extras.BEHAVIORS, row.number("MigrationBehavior")),
                    "status": extras.word(extras.STATUSES, row.number("MigrationStatus")),
                }
            )

    def _add_collections(self, found: dict[int, dict[str, t.Any]]) -> None:
        inside: dict[int, list[str]] = {number: [] for number in found}
        for row in self._facts(MEMBERSHIP, "ResourceID", ("CollectionID", "ResourceID"), found):
            inside[row.number("ResourceID")].append(str(row.get("CollectionID", "")))
        names: dict[str, str] = {}
        for part in _parts(sorted({item for items in inside.values() for item in items})):
            where = wql.one_of("CollectionID", part)
            for row in self.task.site.query("SMS_Collection", where, ["CollectionID", "Name"]):
                names[str(row.get("CollectionID", ""))] = str(row.get("Name", ""))
        for number, device in found.items():
            # A collection whose name the account may not see is named by its ID alone.
            device["collections"] = [
                {"collection_id": item, "name": names.get(item)} for item in sorted(inside[number])
            ]

    def _facts(
        self, class_name: str, key: str, columns: t.Sequence[str], found: t.Mapping[int, t.Any]
    ) -> t.Iterator[Instance]:
        for part in _parts(list(found)):
            for row in self.task.site.query(class_name, wql.one_of(key, part), list(columns)):
                if row.number(key) in found:
                    yield row


def _parts(items: t.Sequence[t.Any]) -> t.Iterator[t.Sequence[t.Any]]:
    for start in range(0, len(items), PER_QUERY):
        yield items[start : start + PER_QUERY]
