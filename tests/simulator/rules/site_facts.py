# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Questions about the site and the caller (reference: provider-behaviour 1.1, 1.2)."""

from __future__ import annotations

import typing as t
import uuid

from .errors import FAILED, refuse

if t.TYPE_CHECKING:
    from ..provider import Site


def site_id(site: Site, _keys: t.Any, _params: dict[str, t.Any]) -> dict[str, t.Any]:
    """SMS_Identification.GetSiteID: one GUID per site."""
    return {"ReturnValue": 0, "SiteID": "{" + str(uuid.uuid5(uuid.NAMESPACE_DNS, site.server)).upper() + "}"}


def provider_version(site: Site, _keys: t.Any, _params: dict[str, t.Any]) -> dict[str, t.Any]:
    """SMS_Identification.GetProviderVersion."""
    rows = site.store.scan("SMS_Identification")
    return {"ReturnValue": 0, "VersionString": rows[0].get("SMSVersion", "") if rows else ""}


def current_user(site: Site, _keys: t.Any, _params: dict[str, t.Any]) -> dict[str, t.Any]:
    """SMS_Identification.GetCurrentUser."""
    return {"ReturnValue": 0, "UserName": site.principal}


def user_has_permissions(site: Site, _keys: t.Any, params: dict[str, t.Any]) -> dict[str, t.Any]:
    """SMS_RbacSecuredObject.UserHasPermissions: everything or, for an account that may only read, nothing."""
    if not params.get("ObjectPath"):
        raise refuse(FAILED, "ObjectPath must not be null", operation="ExecMethod", parameter="ObjectPath")
    return {"ReturnValue": site.account.rights == "full"}


HANDLERS = {
    ("SMS_Identification", "GetSiteID"): site_id,
    ("SMS_Identification", "GetProviderVersion"): provider_version,
    ("SMS_Identification", "GetCurrentUser"): current_user,
    ("SMS_RbacSecuredObject", "UserHasPermissions"): user_has_permissions,
}
