# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Devices and the rules of collections in seed files: short lists there, full rows here.

``devices`` is a list of groups. A group has ``name`` (with ``{n}`` where the number goes), ``count``
(default 1), ``first`` (the first number, default 1), ``resource_id`` (of the first device; the others
count up), and any property of SMS_R_System. What it leaves out follows from the ResourceID, so that
it is the same in every run: MAC address, SMBIOS GUID, IP address, and the SMSID of a client.

``collection_rules`` maps a CollectionID to ``direct`` (names of devices), ``queries`` (name to WQL),
``include`` and ``exclude`` (CollectionIDs).
"""

from __future__ import annotations

import typing as t
import uuid

from .objects import Obj
from .rules import membership
from .store import Store

_OWN = {"name", "count", "first", "resource_id"}


def rows(groups: t.Iterable[t.Mapping[str, t.Any]]) -> t.Iterator[dict[str, t.Any]]:
    """Yield the properties of every device of some groups."""
    for group in groups:
        given = {name: value for name, value in group.items() if name not in _OWN}
        for index in range(group.get("count", 1)):
            number = group.get("first", 1) + index
            yield _device(group["name"].format(n=number), group["resource_id"] + index, given)


def _device(name: str, resource_id: int, given: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    high, middle, low = (resource_id >> 16) & 0xFF, (resource_id >> 8) & 0xFF, resource_id & 0xFF
    seed = f"device {resource_id}"
    row: dict[str, t.Any] = {
        "ResourceID": resource_id, "Name": name, "NetbiosName": name, "ResourceType": 5,
        "ResourceDomainORWorkgroup": "CONTOSO", "MACAddresses": [f"00:15:5D:{high:02X}:{middle:02X}:{low:02X}"],
        "SMBIOSGUID": str(uuid.uuid5(uuid.NAMESPACE_OID, seed)).upper(), "IPAddresses": [f"10.{high}.{middle}.{low}"],
        "ResourceNames": [f"{name}.corp.contoso.com"], "OperatingSystemNameandVersion": "", "ADSiteName": "",
        "HardwareID": "", "ClientVersion": "",
    }
    if given.get("Client"):
        row.update({
            "Active": 1, "ClientType": 1, "ClientVersion": "5.00.9128.1007", "SMSAssignedSites": ["PS1"],
            "SMSUniqueIdentifier": f"GUID:{str(uuid.uuid5(uuid.NAMESPACE_URL, seed)).upper()}",
            "HardwareID": f"2:{uuid.uuid5(uuid.NAMESPACE_DNS, seed).hex.upper()}"})
    row.update(given)
    return row


def add_rules(store: Store, rules: t.Mapping[str, t.Mapping[str, t.Any]]) -> None:
    """Give collections the rules that the seed lists. Raises KeyError for an unknown collection or device."""
    ids: dict[str, int] = {}
    for row in store.scan(membership.DEVICE):
        ids.setdefault(str(row.get("Name")), int(row.get("ResourceID")))
    for collection_id, item in rules.items():
        found = store.find(membership.COLLECTION, (collection_id,))
        if found is None:
            raise KeyError(collection_id)
        made = [Obj(membership.DIRECT, {"RuleName": name, "ResourceClassName": membership.DEVICE,
                                        "ResourceID": ids[name]}) for name in item.get("direct", ())]
        for name, text in (item.get("queries") or {}).items():
            made.append(Obj(membership.QUERY, {"RuleName": name, "QueryExpression": text,
                                               "QueryID": store.count("collection_query")}))
        for kind, column in ((membership.INCLUDE, "IncludeCollectionID"), (membership.EXCLUDE, "ExcludeCollectionID")):
            for other in item.get("include" if kind == membership.INCLUDE else "exclude", ()):
                name = str(t.cast(Obj, store.peek(membership.COLLECTION, (other,))).get("Name"))
                made.append(Obj(kind, {"RuleName": name, column: other}))
        found.props["CollectionRules"] = made
        store.save(found)
