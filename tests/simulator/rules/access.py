# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Role-based access: what an account sees and may do (reference: provider-behaviour 1.2).

Rows outside an account's scopes are simply not there; that is the whole point of the trap.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ..objects import Obj
from . import membership
from .errors import ACCESS_DENIED, refuse

if t.TYPE_CHECKING:
    from ..provider import Site

ALL = "All"
DEFAULT = "Default"


@dataclasses.dataclass(frozen=True)
class Account:
    """An administrative user. ``rights`` is full, read or none; ``collections`` None means all of them."""

    name: str
    rights: str = "full"
    scopes: tuple[str, ...] = (ALL,)
    collections: tuple[str, ...] | None = None

    @property
    def sees_all(self) -> bool:
        """Say whether no scope hides anything."""
        return ALL in self.scopes

    def new_scopes(self) -> list[str]:
        """Return the scopes of an object that the account makes."""
        return [DEFAULT] if self.sees_all else list(self.scopes)


def check_read(account: Account, what: str) -> None:
    """Refuse an account without any rights."""
    if account.rights == "none":
        raise refuse(ACCESS_DENIED, f"Access denied: {account.name} has no rights on the site", operation="ExecQuery",
                     parameter=what)


def check_write(site: Site, account: Account, operation: str, what: str) -> None:
    """Refuse a write by an account that may only look."""
    if account.rights != "full":
        site.note("access_denied", account=account.name, operation=operation, what=what)
        raise refuse(ACCESS_DENIED, f"Access denied: {account.name} may not change {what}", operation=operation,
                     parameter=what)


def visible(site: Site, account: Account, row: Obj) -> bool:
    """Say whether an account sees a row."""
    if account.sees_all and account.collections is None:
        return True
    name = row.class_name
    schema = site.schema
    if schema.is_a(name, "SMS_Collection") and account.collections is not None:
        return membership.within(site, row, account.collections)
    if account.collections is not None and name == membership.MEMBERSHIP:
        return row.get("CollectionID") in account.collections
    if account.collections is not None and schema.is_a(name, "SMS_Resource"):
        # A device is seen through the collections that it is a member of.
        return any(row.get("ResourceID") in membership.members_of(site, item) for item in account.collections)
    if schema.is_a(name, "SMS_SecuredCategory"):
        return account.sees_all or row.get("CategoryName") in account.scopes
    if schema.is_a(name, "SMS_Advertisement"):
        if account.collections is not None and row.get("CollectionID") not in account.collections:
            return False
        return _package_visible(site, account, row.get("PackageID"))
    if schema.is_a(name, "SMS_Program") or name.startswith(("SMS_PackageStatus", "SMS_TaskSequencePackageReference")):
        return _package_visible(site, account, row.get("PackageID"))
    if account.sees_all:
        return True
    known = schema.get(name)
    if known is not None and known.prop("SecuredScopeNames") is not None:
        return bool(set(row.get("SecuredScopeNames") or ()) & set(account.scopes))
    return True


def _package_visible(site: Site, account: Account, package_id: t.Any) -> bool:
    row = site.store.peek("SMS_PackageBaseclass", (package_id,)) if package_id else None
    return row is None or visible(site, account, row)
