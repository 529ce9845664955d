# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A site whose clients run deployments, and collections of any size for them."""

from __future__ import annotations

import typing as t

from ansible_collections.configmgr.osd.tests.simulator.clients.reports import STATUS, stamp
from ansible_collections.configmgr.osd.tests.simulator.objects import Obj

from .bench import Bench

MODULE = "cm_deployment_status"
KIOSKS = "PS100018"
"""A collection of nine clients."""
UPGRADE = "PS100042"
"""A task sequence of one enabled step, 'Check readiness', and a disabled one."""
REQUIRED = 0x20
AT_ONCE = {"client_policy": 0, "client_step": 0, "summarisation": 0}


class Clients(Bench):
    """A bench with orders for the devices of the site."""

    def deploy(
        self, package_id: str = UPGRADE, collection_id: str = KIOSKS, *, flags: int = REQUIRED, **more: t.Any
    ) -> str:
        """Advertise a task sequence and return the ID."""
        self.provider.query(self.provider.namespace, "SELECT SiteCode FROM SMS_Site")
        made = Obj(
            "SMS_Advertisement",
            {
                "AdvertisementName": "Watched",
                "PackageID": package_id,
                "CollectionID": collection_id,
                "ProgramName": "*",
                "OfferType": 0,
                "AdvertFlags": flags,
                "RemoteClientFlags": 0x800,
                **more,
            },
        )
        return str(self.provider.create(self.provider.namespace, made)["AdvertisementID"])

    def status(self, own: str | None = None, **options: t.Any) -> dict[str, t.Any]:
        """Run the module on one advertisement."""
        if own is not None:
            options["advertisement_id"] = own
        return self.run(MODULE, site_code="PS1", **options)

    def client(self, **order: t.Any) -> None:
        """Give a client an order."""
        self.tell("/client", **order)

    def report(self, own: str, device: int, state: int, *, seconds: float = 0, **more: t.Any) -> None:
        """Store what a device reported, so many seconds from now."""
        self.provider.ahead(seconds)
        moment = stamp(self.provider.moment())
        self.provider.ahead(-seconds)
        row = {"AdvertisementID": own, "ResourceID": device, "LastState": state, "LastStateName": f"State {state}"}
        row.update({"LastStatusTime": moment, "LastStatusMessageID": 11171 if state == 13 else 10005})
        self.provider.store.save(Obj(STATUS, {**row, **more}))

    def kinds(self) -> list[str]:
        """Return the requests of the last task, without the class in front of which all have the same prefix."""
        return [entry.replace("SMS_", "") for entry in self.counted()]

    def crowd(self, collection_id: str, count: int, first: int = 30000000) -> list[int]:
        """Put many devices into a collection, as rows only."""
        ids = list(range(first, first + count))
        for number in ids:
            self.provider.store.save(
                Obj(
                    "SMS_FullCollectionMembership",
                    {"CollectionID": collection_id, "ResourceID": number, "Name": f"PC{number}", "IsClient": True},
                )
            )
        row = self.provider.store.find("SMS_Collection", (collection_id,))
        assert row is not None
        row.set("MemberCount", count)
        self.provider.store.save(row)
        return ids
