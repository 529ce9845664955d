# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finding the site behind a host (reference: provider-behaviour 1.1)."""

from __future__ import annotations

from .._cim import wql
from .._cim.client import CimClient
from .._cim.instance import Instance
from .._errors import ConfigMgrError, InvalidClass, InvalidInput, NotFound, Problem

NAMESPACE = "root/sms"
"""Where every site server and provider host keeps SMS_ProviderLocation."""


def plain_namespace(path: str) -> str:
    r"""Return ``root/sms/site_P01`` for ``\\SERVER\root\sms\site_P01`` and the like."""
    text = path.replace("\\", "/")
    if text.startswith("//"):
        text = text[2:].partition("/")[2]
    return text.strip("/")


def no_provider() -> InvalidInput:
    return InvalidInput(
        "There is no SMS Provider on this host: WMI has no class SMS_ProviderLocation in root\\sms, or it lists no "
        "site. Use the host that carries the SMS Provider (usually the site server) as inventory host."
    )


def local_site(cim: CimClient) -> Instance:
    """Return the row of the local site; several rows of one site are as good as one."""
    try:
        rows = cim.query("SMS_ProviderLocation", where=wql.equals("ProviderForLocalSite", True))
    except (InvalidClass, NotFound):
        raise no_provider() from None
    by_code: dict[str, Instance] = {}
    for row in rows:
        by_code.setdefault(str(row.get("SiteCode", "")), row)
    if len(by_code) == 1:
        return next(iter(by_code.values()))
    if by_code:
        raise InvalidInput(
            [Problem("site_code", "", f"this host serves several sites; choose one of {', '.join(sorted(by_code))}")]
        )
    others = sorted({str(row.get("SiteCode", "")) for row in cim.query("SMS_ProviderLocation")})
    if others:
        raise InvalidInput(
            [Problem("site_code", "", f"this host has no local site; it knows {', '.join(others)}: choose one")]
        )
    raise no_provider()


def missing_site(error: ConfigMgrError, cim: CimClient, option: str, value: str) -> ConfigMgrError:
    """Return what "no such namespace" means: no provider here, or a wrong option and the sites that exist."""
    try:
        rows = cim.in_namespace(NAMESPACE).query("SMS_ProviderLocation")
    except InvalidClass:
        return no_provider()
    except ConfigMgrError:
        return error
    if not rows:
        return no_provider()
    places = ", ".join(sorted({f"{row.get('SiteCode', '?')} on {row.get('Machine', '?')}" for row in rows}))
    what = "site with that code" if option == "site_code" else "such namespace"
    rule = (
        f"this host has no {what} (namespace {cim.namespace}). Known here: {places}. "
        "A provider on another host needs that host in the inventory"
    )
    return InvalidInput([Problem(option, value, rule)])
