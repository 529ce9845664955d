# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Devices: identity, import, duplicates, primary users, migration, PXE, delete, against the simulated site."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils._resources import _device_identity as identity
from tests.unit.plugins.plugin_utils._resources.bench import Bench

MAC, GUID = "00:15:5D:AA:00:01", "6F1D2C3B-0A49-4E58-8D67-1B2C3D4E5F60"
LAB1, LAB2, LAB3, LAB4, FINANCE, OLD = 16778000, 16778001, 16778002, 16778003, 16777300, 16777500
NEW: dict[str, t.Any] = {"name": "NEW-01", "mac_address": MAC, "smbios_guid": GUID}


def record(bench: Bench, number: int) -> dict[str, t.Any] | None:
    row = bench.provider.store.peek("SMS_R_System", (number,))
    return dict(row.props) if row else None


def named(bench: Bench, name: str) -> list[int]:
    return sorted(int(r.get("ResourceID")) for r in bench.provider.store.scan("SMS_R_System") if r.get("Name") == name)


def mac(number: int) -> str:
    return f"00:15:5D:{number >> 16 & 255:02X}:{number >> 8 & 255:02X}:{number & 255:02X}"


def rows(bench: Bench, class_name: str) -> list[t.Any]:
    return list(bench.provider.store.scan(class_name))


# -- forms of hardware ------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["00-15-5d-aa-00-01", "00155DAA0001", "0015.5daa.0001", "00:15:5d:aa:00:01"])
def test_forms_of_a_mac_address(text: str) -> None:
    assert identity.mac_of(text) == MAC


@pytest.mark.parametrize(
    "text", ["", "00:15:5D:AA:00", "00:00:00:00:00:00", "FF:FF:FF:FF:FF:FF", "01:15:5D:AA:00:01", "x" * 12]
)
def test_no_mac_addresses(text: str) -> None:
    assert identity.mac_of(text) is None


def test_forms_of_a_guid() -> None:
    assert identity.guid_of("{6f1d2c3b-0a49-4e58-8d67-1b2c3d4e5f60}") == GUID == identity.guid_of(GUID.replace("-", ""))
    bad = ("", "0" * 32, "F" * 32, "03000200-0400-0500-0006-000700080009", GUID[:-1])
    assert [identity.guid_of(text) for text in bad] == [None] * 5


# -- import -----------------------------------------------------------------------------------------


def test_import_ladder() -> None:
    bench = Bench(import_delay=0)
    done = bench.ladder("cm_device", independently=lambda: named(bench, "NEW-01"), site_code="PS1", **NEW)
    (number,) = named(bench, "NEW-01")
    assert done["device"]["resource_id"] == number and done["device"]["visible"] and not done["device"]["planned"]
    assert done["device"]["changed_options"] == ["name", "smbios_guid", "mac_address"]
    stored = record(bench, number)
    assert stored and (stored["MACAddresses"], stored["SMBIOSGUID"]) == ([MAC], GUID)
    assert len(bench.requests) == 1


def test_counts_of_an_import() -> None:
    bench = Bench()
    planned = bench.ok("cm_device", check=True, site_code="PS1", **NEW)
    assert planned["device"]["planned"] and planned["device"]["resource_id"] is None and len(bench.requests) == 1
    bench.ok("cm_device", site_code="PS1", **NEW)
    assert bench.writes() == ["Invoke ImportMachineEntry"] and len(bench.requests) == 3


def test_the_record_shows_late() -> None:
    bench = Bench(import_delay=40)
    first = bench.ok("cm_device", **NEW)
    assert first["changed"] and not first["device"]["visible"] and first["device"]["resource_id"]
    assert first["device"]["created"]
    assert not first["device"]["planned"] and "does not show its record yet" in first["msg"]
    assert named(bench, "NEW-01") == []
    # A rerun before it shows imports nothing and says so; one that waits sees it.
    again = bench.ok("cm_device", **NEW)
    assert not again["changed"] and again["device"]["resource_id"] == first["device"]["resource_id"]
    assert not again["device"]["created"]
    assert "knows the device NEW-01 already" in again["msg"]
    waited = bench.ok("cm_device", wait=True, wait_interval=15, **NEW)
    assert not waited["changed"] and waited["device"]["visible"]
    assert named(bench, "NEW-01") == [first["device"]["resource_id"]]
    assert any("waiting for the record of the device NEW-01" in line for line in bench.progress)
    settled = bench.ok("cm_device", site_code="PS1", **NEW)
    assert not settled["changed"] and len(bench.requests) == 1


def test_what_hangs_on_the_record_waits_for_it() -> None:
    bench = Bench(import_delay=20)
    options = {
        **NEW,
        "variables": {"A": "1", "S": {"value": "Hidden-1", "masked": True}},
        "primary_users": ["CORP\\bob"],
        "migration": {"source": "OLD-005"},
        "clear_pxe": True,
    }
    planned = bench.ok("cm_device", check=True, **options)
    done = bench.ok("cm_device", **options)
    assert done["diff"] == planned["diff"] and "Hidden-1" not in str(done)
    assert done["device"]["changed_options"] == [
        "name",
        "smbios_guid",
        "mac_address",
        "variables",
        "primary_users",
        "migration",
    ]
    assert done["device"]["primary_users"] == ["CORP\\bob"] and done["device"]["migration"]["source"] == "OLD-005"
    assert [entry["value"] for entry in done["device"]["variables"]] == ["1", "<stored on site>"]
    assert not bench.ok("cm_device", **options)["changed"] and bench.writes() == []


def test_waiting_is_bounded_and_a_rerun_goes_on() -> None:
    bench = Bench(import_delay=4000)
    result = bench.run("cm_device", variables={"A": "1"}, wait_timeout=60, **NEW)
    assert result["failed"] and result["changed"] and result["error"]["code"] == "wait_timeout"
    assert result["error"]["detail"]["resource_id"] and "import the device NEW-01" in result["msg"]
    done = bench.ok("cm_device", variables={"A": "1"}, wait_timeout=9000, **NEW)
    assert done["changed"] and done["device"]["changed_options"] == ["variables"]
    assert len(named(bench, "NEW-01")) == 1


def test_the_site_that_raises_for_an_existing_device() -> None:
    bench = Bench(import_delay=100, import_existing="error")
    bench.ok("cm_device", **NEW)
    assert "The device exists" in bench.run("cm_device", **NEW)["msg"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"name": "NEW-01"}, "to import it, give name and mac_address or smbios_guid"),
        ({"mac_address": MAC}, "to import it, give name"),
        ({"resource_id": 1}, "no device with this number"),
        ({"resource_id": LAB1, "name": "OTHER"}, "a record cannot be renamed by its number"),
        ({"name": "LAB-07"}, "2 records have this, choose one by resource_id: LAB-07 (16778006), LAB-07 (16778010)"),
        ({"name": "NEW-01", "mac_address": mac(FINANCE)}, "belongs to the device FIN-001 (16777300); overwrite: true"),
        ({"name": "LAB-01", "mac_address": mac(LAB2)}, "belongs to the device LAB-02 (16778001)"),
        ({"name": "LAB-01", "mac_address": MAC}, "the site has the device LAB-01 (16778000) with other hardware"),
        ({"name": "LAB-01", "mac_address": mac(LAB1), "smbios_guid": GUID}, "with the SMBIOS GUID"),
        ({"name": "NEW-01", "migration": {"source": "NOBODY"}, "mac_address": MAC}, "migration.source (NOBODY)"),
        ({"name": "LAB-01", "migration": {"source": "LAB-07"}}, "2 records have this name"),
    ],
)
@pytest.mark.parametrize("check", [True, False])
def test_refused_after_looking(options: dict[str, t.Any], said: str, check: bool) -> None:
    bench = Bench()
    assert said in bench.refused("cm_device", check=check, **options)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"name": "NEW-01", "mac_address": "00:15:5D"}, "must be a MAC address"),
        ({"name": "NEW-01", "smbios_guid": "0" * 32}, "must be the SMBIOS GUID"),
        ({"name": "A" * 16, "mac_address": MAC}, "at most 15"),
        ({"name": "two words", "mac_address": MAC}, "must be a NetBIOS name"),
        ({"name": ""}, "must not be empty"),
        ({"resource_id": 0}, "must be the number"),
        ({"resource_id": 5, "mac_address": MAC}, "mutually exclusive"),
        ({}, "one of the following is required"),
        ({"name": "X", "primary_users": ["bob"]}, "DOMAIN\\user"),
        ({"name": "X", "primary_users": ["C\\bob", "c\\BOB"]}, "given twice"),
        ({"name": "X", "migration": {"source": 1.5}}, "must be the name of a device"),
        ({"name": "X", "migration": {"source": "Y", "users": ["C\\a"]}}, "users are named with"),
        (
            {"name": "X", "migration": {"source": "Y", "behavior": "capture_and_restore_specified"}},
            "users are named with",
        ),
        ({"name": "X", "state": "absent", "variables": {}}, "makes no sense with state: absent"),
        ({"name": "X", "state": "absent", "clear_pxe": True}, "makes no sense"),
        ({"name": "X", "wait": True, "wait_timeout": 0}, "must be a positive number"),
        ({"name": "X", "variables": {"A": True}}, "quote it"),
    ],
)
def test_refused_before_connecting(options: dict[str, t.Any], said: str) -> None:
    bench = Bench()
    assert said in bench.refused("cm_device", **options)
    assert bench.requests == []


# -- identity ---------------------------------------------------------------------------------------


def test_hardware_comes_before_the_name() -> None:
    bench = Bench()
    found = bench.ok("cm_device", mac_address=mac(LAB1).lower())
    assert not found["changed"] and found["device"]["name"] == "LAB-01"
    guid = found["device"]["smbios_guid"]
    assert bench.ok("cm_device", smbios_guid=guid.lower())["device"]["resource_id"] == LAB1
    # Two records of one name: the hardware tells which one is meant.
    found = bench.ok("cm_device", name="lab-07", mac_address=mac(16778010))
    assert found["device"]["resource_id"] == 16778010
    assert [entry["resource_id"] for entry in found["device"]["duplicates"]] == [16778006]
    assert "Other records of the device lab-07: LAB-07 (16778006)" in found["msg"]


def test_a_fact_that_is_missing_is_a_warning_until_overwrite() -> None:
    bench = Bench()
    guid = bench.ok("cm_device", resource_id=LAB1)["device"]["smbios_guid"]
    options = {"name": "LAB-01", "smbios_guid": guid, "mac_address": MAC}
    assert not bench.ok("cm_device", **options)["changed"]
    assert any("overwrite: true writes it" in text for text in bench.warnings)
    done = bench.ladder("cm_device", overwrite=True, **options)
    assert done["device"]["changed_options"] == ["mac_address"] and done["device"]["resource_id"] == LAB1
    stored = record(bench, LAB1)
    assert stored and stored["MACAddresses"] == [MAC]


def test_overwrite_takes_over_a_record() -> None:
    bench = Bench()
    guid = (record(bench, LAB2) or {})["SMBIOSGUID"]
    done = bench.ladder("cm_device", name="NEW-02", mac_address=mac(LAB2), overwrite=True, site_code="PS1")
    assert done["device"]["resource_id"] == LAB2 and done["device"]["name"] == "NEW-02"
    # What the play does not give goes along as it was.
    assert (record(bench, LAB2) or {})["SMBIOSGUID"] == guid
    assert [note["was"] for note in bench.notes("record_taken_over")] == ["LAB-02"]


def test_a_mac_of_a_third_device_is_refused_even_with_overwrite() -> None:
    bench = Bench()
    guid = (record(bench, LAB1) or {})["SMBIOSGUID"]
    options = {"name": "LAB-01", "smbios_guid": guid, "mac_address": mac(LAB2), "overwrite": True}
    said = bench.refused("cm_device", **options)
    assert "belongs to the device LAB-02 (16778001), while the SMBIOS GUID is that of LAB-01" in said


def test_obsolete_records_are_reported_and_removed_on_request() -> None:
    bench = Bench()
    found = bench.ok("cm_device", name="PC-1003")
    (other,) = found["device"]["duplicates"]
    assert other["obsolete"] and other["resource_id"] == 16778011 and not found["changed"]
    options = {"name": "PC-1003", "remove_duplicates": True}
    done = bench.ladder("cm_device", independently=lambda: named(bench, "PC-1003"), **options)
    assert done["device"]["changed_options"] == ["duplicates"] and done["device"]["duplicates"] == []
    assert named(bench, "PC-1003") == [16777602]


def test_only_what_is_left_over_is_removed() -> None:
    bench = Bench()
    found = bench.ok("cm_device", resource_id=16778006, name="LAB-07", remove_duplicates=True)
    assert not found["changed"] and len(found["device"]["duplicates"]) == 1
    row = bench.provider.store.find("SMS_R_System", (16778010,))
    assert row
    row.props.update({"Client": 1, "Active": 0, "SystemRoles": ["SMS Distribution Point"]})
    bench.provider.store.save(row)
    assert not bench.ok("cm_device", resource_id=16778006, name="LAB-07", remove_duplicates=True)["changed"]
    row.props["SystemRoles"] = None
    bench.provider.store.save(row)
    assert bench.ok("cm_device", resource_id=16778006, name="LAB-07", remove_duplicates=True)["changed"]


def test_unknown_computers_are_never_touched() -> None:
    bench = Bench()
    row = bench.provider.store.find("SMS_R_System", (LAB1,))
    assert row
    row.props["Unknown"] = 1
    bench.provider.store.save(row)
    assert "no device with this number" in bench.refused("cm_device", resource_id=LAB1)
    assert not bench.ok("cm_device", name="LAB-01", state="absent")["changed"]
    assert bench.ok("cm_device_info", name="LAB-01")["devices"] == []


# -- absent -----------------------------------------------------------------------------------------


def test_delete_ladder() -> None:
    bench = Bench()
    done = bench.ladder("cm_device", name="lab-02", state="absent", independently=lambda: named(bench, "LAB-02"))
    assert done["device"] is None and done["diff"]["after"] == "" and record(bench, LAB2) is None
    assert rows(bench, "SMS_LastPXEAdvertisement") == []


def test_absent_must_fit_everything() -> None:
    bench = Bench()
    for options in ({"name": "LAB-01", "mac_address": MAC}, {"name": "OTHER", "mac_address": mac(LAB1)}):
        assert not bench.ok("cm_device", state="absent", **options)["changed"]
    assert "choose one by resource_id" in bench.refused("cm_device", name="LAB-07", state="absent")
    assert bench.ok("cm_device", name="LAB-07", resource_id=16778010, state="absent", site_code="PS1")["changed"]
    # Look (two records: one Pull), delete.
    assert len(bench.requests) == 3 and named(bench, "LAB-07") == [16778006]
    assert not bench.ok("cm_device", resource_id=16778010, state="absent")["changed"]


def test_absent_with_what_is_left_over() -> None:
    bench = Bench()
    assert bench.ladder("cm_device", name="PC-1003", state="absent", remove_duplicates=True)["changed"]
    assert named(bench, "PC-1003") == []
    # An obsolete record alone is one as well.
    bench = Bench()
    assert bench.ok("cm_device", name="PC-1003", state="absent")["changed"] and named(bench, "PC-1003") == [16778011]
    assert bench.ok("cm_device", name="PC-1003", state="absent")["changed"] and named(bench, "PC-1003") == []


@pytest.mark.parametrize("check", [True, False])
def test_site_systems_are_never_deleted_nor_taken_over(check: bool) -> None:
    bench = Bench()
    said = bench.refused("cm_device", "gate_refused", check=check, name="CM01", state="absent")
    assert "SMS Site Server" in said
    options = {"name": "NEW-01", "mac_address": mac(16777217), "overwrite": True}
    assert "not taken over" in bench.refused("cm_device", "gate_refused", check=check, **options)


# -- users, migration, PXE --------------------------------------------------------------------------


def test_primary_users() -> None:
    bench = Bench()
    options = {"resource_id": FINANCE, "site_code": "PS1"}
    done = bench.ladder("cm_device", primary_users=["corp\\ALICE", "CORP\\bob"], **options)
    assert done["device"]["primary_users"] == ["CORP\\alice", "CORP\\bob"] and len(bench.requests) == 3
    done = bench.ladder("cm_device", primary_users=["CORP\\bob"], primary_users_mode="complete", **options)
    assert done["device"]["primary_users"] == ["CORP\\bob"]
    (row,) = rows(bench, "SMS_UserMachineRelationship")
    assert (row.get("UniqueUserName"), row.get("Sources"), row.get("Types")) == ("CORP\\bob", [2], [1])
    bench.ok("cm_device", primary_users=[], primary_users_mode="complete", **options)
    assert bench.writes() == ["Delete SMS_UserMachineRelationship"] and rows(bench, "SMS_UserMachineRelationship") == []


def test_migration_ladder() -> None:
    bench = Bench()
    named_users = {"behavior": "capture_all_restore_specified", "users": ["CORP\\bob", "CORP\\al"]}
    done = bench.ladder("cm_device", name="LAB-05", migration={"source": "OLD-005", **named_users}, site_code="PS1")
    assert done["device"]["migration"]["users"] == ["CORP\\al", "CORP\\bob"] and len(bench.requests) == 4
    done = bench.ladder("cm_device", name="LAB-05", migration={"source": {"resource_id": OLD + 4}})
    assert done["device"]["migration"]["behavior"] == "capture_and_restore_all"
    done = bench.ladder("cm_device", name="LAB-05", migration={"source": f"id:{OLD + 4}", "state": "absent"})
    assert done["device"]["migration"] is None
    assert len(rows(bench, "SMS_StateMigration")) == 2
    assert not bench.ok("cm_device", name="LAB-05", migration={"source": "NOBODY", "state": "absent"})["changed"]
    done = bench.ladder("cm_device", name="LAB-05", migration={"source": "lab-05"})
    assert [row.get("MigrationType") for row in rows(bench, "SMS_StateMigration")][-1] == 2


def test_a_migration_that_has_begun_is_not_changed() -> None:
    bench = Bench()
    changed = {"source": "OLD-002", "behavior": "capture_and_restore_specified", "users": ["CORP\\al"]}
    assert "is in progress and can no longer be changed" in bench.refused("cm_device", name="LAB-04", migration=changed)
    gone = {"source": "OLD-002", "state": "absent"}
    assert "in progress" in bench.refused("cm_device", "gate_refused", name="LAB-04", migration=gone)
    assert not bench.ok("cm_device", name="LAB-04", migration={"source": "OLD-002"})["changed"]


def test_a_planned_source_is_accepted_in_check_mode_only() -> None:
    bench = Bench()
    planned = bench.ok("cm_device", check=True, **NEW)["device"]
    options = {"name": "LAB-05", "migration": {"source": "NEW-01"}, "planned": [planned]}
    assert bench.ok("cm_device", check=True, **options)["device"]["migration"]["source"] == "NEW-01"
    assert "migration.source" in bench.refused("cm_device", **options)


def test_clear_pxe_only_where_there_is_something() -> None:
    bench = Bench()
    done = bench.ladder("cm_device", name="LAB-02", clear_pxe=True, site_code="PS1")
    assert "PS120000" in done["diff"]["before"] and done["device"]["last_pxe_deployment"] == ""
    assert len(bench.requests) == 2 and rows(bench, "SMS_LastPXEAdvertisement") == []
    assert not bench.ok("cm_device", name="LAB-03", clear_pxe=True)["changed"]
    assert bench.notes("nothing_to_clear") == []


# -- lost answers -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "delay", "settled"), [("after", 0, True), ("after", 100, False), ("before", 0, False)]
)
def test_a_lost_answer_to_an_import(when: str, delay: int, settled: bool) -> None:
    """Whether it arrived shows once the record does; until then nobody knows, and a rerun goes on."""
    bench = Bench(import_delay=delay)
    bench.tell("/faults", faults=[{"kind": "drop", "method": "ImportMachineEntry", "when": when}])
    result = bench.run("cm_device", **NEW)
    assert result["changed"]
    assert result.get("error", {}).get("code") == (None if settled else "outcome_unknown")
    again = bench.ok("cm_device", wait=True, **NEW)
    assert again["changed"] is (when == "before") and len(named(bench, "NEW-01")) == 1


@pytest.mark.parametrize("when", ["after", "before"])
@pytest.mark.parametrize(
    ("method", "options"),
    [
        ("CreateRelationship", {"primary_users": ["CORP\\bob"]}),
        ("AddAssociationEx", {"migration": {"source": "OLD-005"}}),
        ("ClearLastNBSAdvForMachines", {"clear_pxe": True}),
    ],
)
def test_other_lost_answers_are_settled_by_reading(method: str, options: dict[str, t.Any], when: str) -> None:
    bench = Bench()
    bench.tell("/faults", faults=[{"kind": "drop", "method": method, "when": when}])
    result = bench.run("cm_device", name="LAB-02", **options)
    if when == "after":
        assert result["changed"] and not result.get("failed")
    else:
        assert result["error"]["code"] == "not_as_written" and not result["changed"]
    assert bench.ok("cm_device", name="LAB-02", **options)["changed"] is (when == "before")


# -- info -------------------------------------------------------------------------------------------


def info(bench: Bench, **options: t.Any) -> list[dict[str, t.Any]]:
    return list(bench.ok("cm_device_info", site_code="PS1", **options)["devices"])


def test_info_with_everything() -> None:
    bench = Bench()
    gather = ["variables", "collections", "pxe", "primary_users", "migration"]
    (found,) = info(bench, mac_address=mac(FINANCE), gather=gather)
    assert found["variables"] == [
        {"name": "Department", "value": "Finance", "masked": False},
        {"name": "Floor", "value": "3", "masked": False},
    ]
    assert {"collection_id": "PS100014", "name": "OSD - Finance pilot"} in found["collections"]
    assert (
        found["primary_users"] == ["CORP\\alice"] and found["last_pxe_deployment"] == "" and found["migrations"] == []
    )
    # One for each fact, one more for names of collections, and a Pull for each of its two lists.
    assert len(bench.requests) == 9
    (found,) = info(bench, name="lab-01", gather=["variables"])
    assert [entry["value"] for entry in found["variables"]] == ["LAB-01", "<stored on site>", "<stored on site>"]
    (found,) = info(bench, name="LAB-02", gather=["pxe"])
    assert found["last_pxe_deployment"] == "PS120000"
    (found,) = info(bench, resource_id=LAB3, gather=["migration"])
    assert found["migrations"][0]["source"] == "OLD-001"
    assert [device["resource_id"] for device in info(bench, name="LAB-07")] == [16778006, 16778010]


def test_info_by_collection_is_bounded() -> None:
    bench = Bench()
    assert len(info(bench, collection="OSD - Finance pilot")) == 12
    assert [d["name"] for d in info(bench, collection={"id": "PS100014"}, name="FIN-003")] == ["FIN-003"]
    assert len(info(bench, collection="OSD - Finance", limit=5)) == 5
    assert any("limit (5)" in text for text in bench.warnings)
    assert info(bench, collection="No such collection") == [] and info(bench, name="NOBODY") == []
    assert len(info(bench, limit=150, gather=["collections"])) == 150


@pytest.mark.parametrize(
    "options", [{"limit": 0}, {"limit": 5001}, {"mac_address": "x"}, {"collection": 1.5}, {"name": ""}]
)
def test_info_mistakes(options: dict[str, t.Any]) -> None:
    bench = Bench()
    bench.refused("cm_device_info", **options)
    assert bench.requests == []


def test_a_shared_adapter_makes_no_duplicate() -> None:
    """An inactive device that once used the same dock is another device, not a record that was left over."""
    bench = Bench()
    shared = "00:15:5D:AA:AA:AA"
    for row in bench.provider.store.scan("SMS_R_System"):
        if row.get("Name") in ("FIN-001", "FIN-002"):
            row.props["MACAddresses"] = [*row.get("MACAddresses"), shared]
            row.props["Active"] = int(row.get("Name") == "FIN-001")
    options = {"name": "FIN-001", "mac_address": shared, "remove_duplicates": True}
    done = bench.ok("cm_device", **options)
    assert not done["changed"]
    assert [item["name"] for item in done["device"]["duplicates"]] == ["FIN-002"]
    bench.ok("cm_device", **options, state="absent")
    assert bench.writes() == ["Delete SMS_R_System"]
    assert len(bench.ok("cm_device_info", name="FIN-002")["devices"]) == 1
    assert not bench.ok("cm_device_info", name="FIN-001")["devices"]
