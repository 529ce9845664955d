# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What hangs on a device record: primary users, state migration, the PXE flag (provider-behaviour 7.3, 7.5).

Each part reads with one request, plans without one, and writes only what differs.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from .._cim import wql
from .._cim.instance import Instance, Value
from .._errors import GateRefused, InvalidInput, NotAsWritten, Problem
from .._provider import names
from .._provider.site import Site, same_name
from ._members import DeviceRef, parse_device

RELATION = "SMS_UserMachineRelationship"
RELATION_COLUMNS = ("ResourceID", "UniqueUserName", "IsActive", "Types")
BY_ADMINISTRATOR = 2
PRIMARY = 1

MIGRATION = "SMS_StateMigration"
MIGRATION_COLUMNS = ("RestoreClientResourceID", "SourceClientResourceID", "MigrationBehavior", "MigrationStatus")
BEHAVIORS = ("capture_and_restore_all", "capture_all_restore_specified", "capture_and_restore_specified")
"""By their numbers on the site."""
STATUSES = ("not_started", "in_progress", "completed")
ENGLISH = 1033

PXE = "SMS_LastPXEAdvertisement"
COLLECTION = "SMS_Collection"

_ACCOUNT = re.compile(r"[^\\/\s@]+\\[^\\/@]+\Z")


def call(
    site: Site,
    class_name: str,
    method: str,
    params: t.Mapping[str, Value],
    what: str,
    happened: t.Callable[[], bool],
) -> None:
    """Call a static method that changes something and returns 0; ``happened`` decides after a lost answer."""

    def send() -> bool:
        answer = site.cim.invoke(class_name, method, params)
        if answer.return_value not in (0, None):
            raise NotAsWritten(
                f"{class_name}.{method} returned {str(answer.return_value)[:50]}: {what}.",
                wmi_class=class_name,
                method=method,
                attempted=what,
            )
        return True

    def settle() -> bool | None:
        return happened() or None

    site.write(what, send, settle=settle, wmi_class=class_name, method=method)


# -- primary users ----------------------------------------------------------------------------------


@dataclasses.dataclass
class PrimaryUsers:
    """The options ``primary_users`` and ``primary_users_mode``. Costs 1 request to read, 1 for each change."""

    wanted: list[str]
    complete: bool

    def problems(self) -> list[Problem]:
        """Return what is wrong with the names."""
        found = []
        seen: set[str] = set()
        for index, user in enumerate(self.wanted):
            if not _ACCOUNT.match(user):
                rule = r"must be an account in the form DOMAIN\user"
                found.append(Problem(f"primary_users[{index}]", names.shown(user), rule))
            elif user.casefold() in seen:
                found.append(Problem(f"primary_users[{index}]", user, "is given twice"))
            seen.add(user.casefold())
        return found

    @staticmethod
    def read(site: Site, resource_id: int) -> list[str]:
        """Return the accounts that the device belongs to."""
        rows = site.query(RELATION, wql.equals("ResourceID", resource_id), list(RELATION_COLUMNS))
        return sorted((str(row.get("UniqueUserName", "")) for row in rows if is_primary(row)), key=str.casefold)

    def after(self, before: t.Sequence[str]) -> list[str]:
        """Return the accounts as they are to be."""
        known = {user.casefold(): user for user in before}
        wanted = {user.casefold(): known.get(user.casefold(), user) for user in self.wanted}
        return sorted((wanted if self.complete else {**known, **wanted}).values(), key=str.casefold)

    def apply(self, site: Site, resource_id: int, before: t.Sequence[str]) -> list[str]:
        """Add and remove accounts, then read them again."""
        after = self.after(before)
        for user in after:
            if user not in before:
                params: dict[str, Value] = {
                    "MachineResourceId": resource_id,
                    "UserAccountName": user,
                    "SourceId": BY_ADMINISTRATOR,
                    "TypeId": PRIMARY,
                }
                what = f"make {user} a primary user of {resource_id}"

                def happened(user: str = user) -> bool:
                    return user.casefold() in [name.casefold() for name in self.read(site, resource_id)]

                call(site, RELATION, "CreateRelationship", params, what, happened)
        for user in before:
            if user not in after:
                site.delete(RELATION, {"ResourceID": resource_id, "UniqueUserName": user})
        return self.read(site, resource_id)


def is_primary(row: Instance) -> bool:
    """Whether a relationship makes the user a primary one."""
    types = row.get("Types", [])
    return bool(row.get("IsActive", True)) and (not types or PRIMARY in types)


# -- state migration --------------------------------------------------------------------------------


@dataclasses.dataclass
class Migration:
    """The option ``migration``: this device gets the user state of another one, or its own.

    Costs 1 request to read, 1 more where the play names users, and 1 or 2 for a change.
    """

    option: t.Mapping[str, t.Any]
    ref: DeviceRef = dataclasses.field(default_factory=DeviceRef)
    source_id: int | None = None
    """Found by the caller; ``None`` when an earlier task of the play would have made the source."""

    @property
    def absent(self) -> bool:
        return bool(self.option.get("state") == "absent")

    @property
    def source(self) -> str:
        """The source as a play may name it."""
        return self.ref.name if self.ref.name is not None else f"id:{self.ref.resource_id}"

    def problems(self) -> list[Problem]:
        """Read the option; return what is wrong with it."""
        found = []
        try:
            self.ref = parse_device(self.option["source"], "migration.source")
        except InvalidInput as error:
            found.extend(error.problems)
        users = self.option.get("users") or []
        for index, user in enumerate(users):
            if not _ACCOUNT.match(user):
                rule = r"must be an account in the form DOMAIN\user"
                found.append(Problem(f"migration.users[{index}]", names.shown(user), rule))
        behavior = self.option.get("behavior") or BEHAVIORS[0]
        if not self.absent and bool(users) != (behavior != BEHAVIORS[0]):
            rule = f"users are named with {BEHAVIORS[1]} and {BEHAVIORS[2]}, and only with these"
            found.append(Problem("migration.users", "", rule))
        return found

    def find_source(self, rows: t.Iterable[Instance]) -> list[Instance]:
        """Return the records that may be the source, of those that a query brought."""
        if self.ref.resource_id is not None:
            return [row for row in rows if row.number("ResourceID") == self.ref.resource_id]
        return same_name(rows, str(self.ref.name))

    def where(self) -> wql.Where:
        """Return the condition for the source."""
        if self.ref.resource_id is not None:
            return wql.equals("ResourceID", self.ref.resource_id)
        return wql.equals("Name", str(self.ref.name))

    def read(self, site: Site, resource_id: int) -> dict[str, t.Any] | None:
        """Return the association of the device with the source in the form of the play, ``None`` without one."""
        if self.source_id is None:
            return None
        own = wql.both(
            wql.equals("RestoreClientResourceID", resource_id), wql.equals("SourceClientResourceID", self.source_id)
        )
        rows = site.query(MIGRATION, own, list(MIGRATION_COLUMNS))
        if not rows:
            return None
        users: list[str] = []
        if self.option.get("users"):
            keys: dict[str, str | int] = {
                "RestoreClientResourceID": resource_id,
                "SourceClientResourceID": self.source_id,
            }
            users = [str(item.get("UserName", "")) for item in site.get(MIGRATION, keys).get("UserNames", [])]
        return {
            "source": self.source,
            "behavior": word(BEHAVIORS, rows[0].number("MigrationBehavior")),
            "users": sorted(users, key=str.casefold),
            "status": word(STATUSES, rows[0].number("MigrationStatus")),
        }

    def after(self, before: dict[str, t.Any] | None) -> dict[str, t.Any] | None:
        """Return the association as it is to be. Raises what stands in the way of a change."""
        if self.absent:
            if before is not None and before["status"] == "in_progress":
                raise GateRefused([Problem("migration", self.source, "is in progress and is not deleted")])
            return None
        wanted = {
            "source": self.source,
            "behavior": self.option.get("behavior") or BEHAVIORS[0],
            "users": sorted(self.option.get("users") or [], key=str.casefold),
            "status": before["status"] if before is not None else STATUSES[0],
        }
        same = before is not None and [user.casefold() for user in before["users"]] == [
            user.casefold() for user in wanted["users"]
        ]
        if before is not None and same and before["behavior"] == wanted["behavior"]:
            return before
        if before is not None and before["status"] != STATUSES[0]:
            rule = (
                f"is {before['status'].replace('_', ' ')} and can no longer be changed; remove it first (state: absent)"
            )
            raise InvalidInput([Problem("migration", self.source, rule)])
        return wanted

    def apply(self, site: Site, resource_id: int, before: dict[str, t.Any] | None) -> None:
        """Write the association; one that differs is deleted first, as it has no method to change it."""
        after = self.after(before)
        pair: dict[str, Value] = {"SourceClientResourceID": self.source_id, "RestoreClientResourceID": resource_id}
        if before is not None:
            what = f"delete the migration {self.source_id} to {resource_id}"
            call(site, MIGRATION, "DeleteAssociation", pair, what, lambda: self.read(site, resource_id) is None)
        if after is not None:
            users: list[Value] = [
                Instance("SMS_StateMigrationUserNames", {"UserName": user, "LocaleID": ENGLISH})
                for user in after["users"]
            ]
            params = {**pair, "MigrationBehavior": BEHAVIORS.index(after["behavior"]), "UserNames": users or None}
            what = f"add the migration {self.source_id} to {resource_id}"
            call(site, MIGRATION, "AddAssociationEx", params, what, lambda: self.read(site, resource_id) is not None)


def word(words: t.Sequence[str], number: int) -> str:
    """Return the word for a number of the site, the number itself when it is unknown."""
    return words[number] if 0 <= number < len(words) else str(number)


# -- PXE --------------------------------------------------------------------------------------------


def last_pxe(site: Site, resource_id: int) -> str:
    """Return the ID of the advertisement that the device was last offered by PXE, empty without one (1 request)."""
    found = site.find(PXE, {"ResourceId": resource_id})
    return str(found.get("AdvertisementID", "")) if found is not None else ""


def clear_pxe(site: Site, resource_id: int) -> None:
    """Let the next network boot of the device be offered a required deployment again (1 request)."""
    what = f"clear the last PXE deployment of {resource_id}"
    params: dict[str, Value] = {"ResourceIDs": [resource_id]}
    call(site, COLLECTION, "ClearLastNBSAdvForMachines", params, what, lambda: not last_pxe(site, resource_id))
