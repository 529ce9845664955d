# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Devices and settings of the simulated site: strict where a live site is, and with its delays and traps."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.configmgr.osd.tests.simulator.objects import Obj
from ansible_collections.configmgr.osd.tests.simulator.provider import Site
from tests.unit.simulator.provider_support import FAILED, NOT_FOUND, kinds, refused

MAC = "00:15:5D:AA:00:01"
GUID = "6F1D2C3B-0A49-4E58-8D67-1B2C3D4E5F60"
LAB1, LAB2, FINANCE, KIOSKS = 16778000, 16778001, 16777300, "PS100018"
EXISTS = 0x80041019


@pytest.fixture
def site() -> Site:
    return Site("contoso")


def call(site: Site, class_name: str, method: str, **params: t.Any) -> dict[str, t.Any]:
    return site.invoke(site.namespace, class_name, method, None, params)


def imported(site: Site, name: str = "NEW-01", mac: str = MAC, guid: str = "", over: bool = False) -> dict[str, t.Any]:
    params = {"NetbiosName": name, "MACAddress": mac, "SMBIOSGUID": guid, "OverwriteExistingRecord": over}
    return call(site, "SMS_Site", "ImportMachineEntry", **params)


def where(site: Site, text: str) -> list[t.Any]:
    found = site.query(site.namespace, f"SELECT ResourceID FROM SMS_R_System WHERE {text}")
    return [row.get("ResourceID") for row in found.objs]


def settings(site: Site, class_name: str, **keys: t.Any) -> Obj:
    return site.get(site.namespace, class_name, keys)


def put(site: Site, obj: Obj, modified: list[str] | None, **keys: t.Any) -> Obj:
    return site.put(site.namespace, obj.class_name, keys, obj, modified)


# -- import -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("params", "parameter"),
    [
        ({"name": ""}, "NetbiosName"),
        ({"name": "A" * 16}, "NetbiosName"),
        ({"name": "two words"}, "NetbiosName"),
        ({"mac": ""}, "MACAddress"),
        ({"mac": "00-15-5D-AA-00-01"}, "MACAddress"),
        ({"mac": "00155DAA0001"}, "MACAddress"),
        ({"guid": "{" + GUID + "}"}, "SMBIOSGUID"),
    ],
)
def test_import_is_strict(site: Site, params: dict[str, t.Any], parameter: str) -> None:
    with refused(FAILED, parameter):
        imported(site, **params)


def test_an_imported_record_shows_late_and_its_collections_later(site: Site) -> None:
    site.switches.update({"import_delay": 30, "collection_delay": 20})
    made = imported(site)
    assert not made["MachineExists"] and made["SMSUniqueIdentifier"].startswith("GUID:")
    assert where(site, f"MACAddresses = '{MAC.lower()}'") == []
    again = imported(site)
    assert again["MachineExists"] and again["ResourceID"] == made["ResourceID"]
    site.ahead(31)
    assert where(site, f"MACAddresses = '{MAC.lower()}'") == [made["ResourceID"]]
    members = f"SELECT CollectionID FROM SMS_FullCollectionMembership WHERE ResourceID = {made['ResourceID']}"
    assert site.query(site.namespace, members).objs == []
    site.ahead(21)
    assert [row.get("CollectionID") for row in site.query(site.namespace, members).objs] == ["SMS00001"]


def test_import_of_a_device_that_exists(site: Site) -> None:
    mac = "00:15:5D:00:03:11"
    assert where(site, f"MACAddresses = '{mac}'") == [LAB2]
    assert imported(site, "OTHER", mac)["MachineExists"] and where(site, "Name = 'OTHER'") == []
    taken = imported(site, "OTHER", mac, over=True)
    assert taken["ResourceID"] == LAB2 and where(site, "Name = 'OTHER'") == [LAB2]
    assert "record_taken_over" in kinds(site)
    site.switches.update({"import_existing": "error"})
    with refused(EXISTS):
        imported(site, "OTHER", mac)


def test_records_are_not_written_through_their_class(site: Site) -> None:
    row = settings(site, "SMS_R_System", ResourceID=LAB1)
    with refused(0x80041024):
        site.create(site.namespace, row)
    with refused(0x80041024):
        put(site, row, ["Name"], ResourceID=LAB1)


def test_delete_takes_everything_along(site: Site) -> None:
    site.delete(site.namespace, "SMS_R_System", {"ResourceID": FINANCE})
    for class_name in ("SMS_MachineSettings", "SMS_FullCollectionMembership", "SMS_UserMachineRelationship"):
        assert [row for row in site.store.scan(class_name) if row.get("ResourceID") == FINANCE] == []


# -- PXE, users, migration --------------------------------------------------------------------------


def test_pxe_flags(site: Site) -> None:
    with refused(FAILED, "ResourceIDs"):
        call(site, "SMS_Collection", "ClearLastNBSAdvForMachines", ResourceIDs=[1])
    call(site, "SMS_Collection", "ClearLastNBSAdvForMachines", ResourceIDs=[LAB1, LAB2])
    assert site.store.scan("SMS_LastPXEAdvertisement") == []
    assert [note["resource_id"] for note in site.notes] == [LAB1]


def test_relations_and_associations(site: Site) -> None:
    relation = {"MachineResourceId": LAB1, "SourceId": 2, "TypeId": 1}
    with refused(FAILED, "UserAccountName"):
        call(site, "SMS_UserMachineRelationship", "CreateRelationship", UserAccountName="bob", **relation)
    call(site, "SMS_UserMachineRelationship", "CreateRelationship", UserAccountName="CORP\\bob", **relation)
    keys = {"ResourceID": LAB1, "UniqueUserName": "corp\\BOB"}
    assert site.get(site.namespace, "SMS_UserMachineRelationship", keys).get("Sources") == [2]
    pair = {"SourceClientResourceID": LAB2, "RestoreClientResourceID": LAB1}
    with refused(FAILED, "MigrationBehavior"):
        call(site, "SMS_StateMigration", "AddAssociationEx", MigrationBehavior=1, **pair)
    call(site, "SMS_StateMigration", "AddAssociation", **pair)
    with refused(EXISTS):
        call(site, "SMS_StateMigration", "AddAssociation", **pair)
    call(site, "SMS_StateMigration", "DeleteAssociation", **pair)
    with refused(NOT_FOUND):
        call(site, "SMS_StateMigration", "DeleteAssociation", **pair)


# -- settings ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("answer", "value"), [("empty", ""), ("null", None), ("clear", "Lab-Join-4711")])
def test_what_a_read_shows_of_masked_variables(site: Site, answer: str, value: str | None) -> None:
    site.switches.update({"masked_read": answer})
    shown = settings(site, "SMS_MachineSettings", ResourceID=LAB1).get("MachineVariables")
    assert [item.props["Value"] for item in shown][:2] == ["LAB-01", value]


@pytest.mark.parametrize(("answer", "value"), [("blank", ""), ("keep", "Lab-Join-4711")])
def test_an_empty_masked_value_that_comes_back(site: Site, answer: str, value: str) -> None:
    site.switches.update({"masked_rewrite": answer})
    put(site, settings(site, "SMS_MachineSettings", ResourceID=LAB1), ["MachineVariables"], ResourceID=LAB1)
    stored = site.store.peek("SMS_MachineSettings", (LAB1,))
    assert stored and stored.get("MachineVariables")[1].get("Value") == value
    assert kinds(site) == [f"masked_{'blanked' if answer == 'blank' else 'kept'}"] * 2


def test_settings_of_a_collection_are_replaced_as_a_whole(site: Site) -> None:
    whole = settings(site, "SMS_CollectionSettings", CollectionID=KIOSKS)
    partial = Obj(whole.class_name, {"CollectionID": KIOSKS, "CollectionVariables": whole.get("CollectionVariables")})
    put(site, partial, ["CollectionVariables"], CollectionID=KIOSKS)
    lost = {note["property"] for note in site.notes if note["kind"] == "lazy_blanked"}
    assert lost >= {"ServiceWindows", "PowerConfigs", "RebootCountdown"}
    for answer in ("refuse", "keep"):
        fresh = Site("contoso", switches={"lazy_null": answer})
        if answer == "refuse":
            with refused(FAILED):
                put(fresh, partial.copy(), ["CollectionVariables"], CollectionID=KIOSKS)
        else:
            put(fresh, partial.copy(), ["CollectionVariables"], CollectionID=KIOSKS)
            assert len(settings(fresh, "SMS_CollectionSettings", CollectionID=KIOSKS).get("ServiceWindows")) == 1


def test_settings_are_checked(site: Site) -> None:
    with refused(EXISTS):
        site.create(site.namespace, Obj("SMS_MachineSettings", {"ResourceID": LAB1, "SourceSite": "PS1"}))
    with refused(FAILED, "ResourceID"):
        site.create(site.namespace, Obj("SMS_MachineSettings", {"ResourceID": 1, "SourceSite": "PS1"}))
    with refused(FAILED, "SourceSite"):
        site.create(site.namespace, Obj("SMS_MachineSettings", {"ResourceID": LAB2}))
    whole = settings(site, "SMS_MachineSettings", ResourceID=FINANCE)
    twice = [Obj("SMS_MachineVariable", {"Name": name, "Value": "x"}) for name in ("A", "a")]
    for items in (twice, [Obj("SMS_MachineVariable", {"Name": "A", "Value": "x" * 4001})], [twice[0]] * 1001):
        whole.props["MachineVariables"] = items
        with refused(FAILED, "MachineVariables"):
            put(site, whole, ["MachineVariables"], ResourceID=FINANCE)
    whole.props["MachineVariables"] = twice[:1]
    put(site, whole, [], ResourceID=FINANCE)
    assert kinds(site) == ["unlisted_change"]
