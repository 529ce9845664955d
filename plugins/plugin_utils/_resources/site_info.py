# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a site is: ``cm_site_info`` (reference: provider-behaviour 1.1)."""

from __future__ import annotations

import typing as t

from .._cim import wql
from .._cim.instance import Instance
from .._errors import ConfigMgrError, ServerFault
from .._provider import discovery
from ._base import Outcome, Resource

TYPES = {1: "secondary", 2: "primary", 4: "cas"}


class SiteInfo(Resource):
    """Reads only; four requests, three with ``site_code``."""

    key = "site"

    def converge(self) -> Outcome:
        site = self.task.site
        rows = site.query("SMS_Site", wql.equals("SiteCode", site.code))
        row = rows[0] if rows else Instance("SMS_Site")
        providers = self._providers()
        values = {
            "site_code": site.code,
            "site_name": row.get("SiteName", ""),
            "namespace": site.namespace,
            "version": row.get("Version", ""),
            "build_number": row.get("BuildNumber"),
            "type": TYPES.get(row.number("Type")) if row.get("Type") is not None else None,
            "server": row.get("ServerName", ""),
            "parent_site_code": row.get("ReportingSiteCode", ""),
            "providers": providers,
            "scopes": site.scopes(),
        }
        return Outcome(False, {self.key: values})

    def _providers(self) -> list[dict[str, t.Any]]:
        cim = self.task.site.cim.in_namespace(discovery.NAMESPACE)
        try:
            rows = cim.query("SMS_ProviderLocation")
        except ServerFault as exc:
            self.task.warn(f"The list of SMS Providers could not be read: {t.cast(ConfigMgrError, exc).message}")
            return []
        found = [
            {
                "machine": row.get("Machine", ""),
                "site_code": row.get("SiteCode", ""),
                "namespace": discovery.plain_namespace(str(row.get("NamespacePath", ""))),
                "local": bool(row.get("ProviderForLocalSite", False)),
            }
            for row in rows
        ]
        return sorted(found, key=lambda entry: (str(entry["site_code"]), str(entry["machine"])))
