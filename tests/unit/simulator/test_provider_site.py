# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Store, seeds, resets and the facade: isolation, counters, access by key, refusals that hold for every class."""

from __future__ import annotations

import datetime
import pathlib

import pytest
from ansible_collections.configmgr.osd.tests.simulator.objects import Dt, Obj, ProviderError
from ansible_collections.configmgr.osd.tests.simulator.provider import Site
from ansible_collections.configmgr.osd.tests.simulator.seeds import FOLDER
from ansible_collections.configmgr.osd.tests.simulator.switches import SWITCHES, Switches
from ansible_collections.configmgr.osd.tests.unit.simulator.provider_support import (
    FAILED,
    NOT_FOUND,
    PACKAGE,
    STANDARD,
    TASK_SEQUENCE,
    advertisement,
    kinds,
    package,
    refused,
)


@pytest.fixture
def site() -> Site:
    return Site()


def test_what_comes_out_is_a_copy_and_what_goes_in_is_copied(site: Site) -> None:
    first = site.get(site.namespace, TASK_SEQUENCE, {"PackageID": STANDARD})
    first.props["References"][0].props["Package"] = "CHANGED"
    first.props["SecuredScopeNames"].append("CHANGED")
    second = site.get(site.namespace, TASK_SEQUENCE, {"PackageID": STANDARD})
    assert "CHANGED" not in repr(second)
    sent = package(RefreshSchedule=[Obj("SMS_ST_NonRecurring", {"StartTime": Dt("20250101000000.000000+***")})])
    key = site.create(site.namespace, sent)["PackageID"]
    sent.props["RefreshSchedule"][0].props["StartTime"] = Dt("20990101000000.000000+***")
    sent.props["RefreshSchedule"].clear()
    stored = site.get(site.namespace, PACKAGE, {"PackageID": key}).props["RefreshSchedule"]
    assert stored[0].props["StartTime"] == "20250101000000.000000+***"
    rows = site.query(site.namespace, f"SELECT * FROM SMS_Package WHERE PackageID = '{key}'").objs
    rows[0].props["SecuredScopeNames"].append("CHANGED")
    assert site.get(site.namespace, PACKAGE, {"PackageID": key}).props["SecuredScopeNames"] == ["Default"]


def test_two_sites_share_nothing_and_a_reset_forgets_everything(site: Site) -> None:
    other = Site()
    key = site.create(site.namespace, package())["PackageID"]
    site.delete(site.namespace, TASK_SEQUENCE, {"PackageID": STANDARD})
    site.hold_lock(f'SMS_Package.PackageID="{key}"', "CORP\\other")
    site.switches.update({"secrets": "clear"})
    with refused(NOT_FOUND):
        other.get(other.namespace, PACKAGE, {"PackageID": key})
    other.get(other.namespace, TASK_SEQUENCE, {"PackageID": STANDARD})
    site.reset()
    site.get(site.namespace, TASK_SEQUENCE, {"PackageID": STANDARD})
    with refused(NOT_FOUND):
        site.get(site.namespace, PACKAGE, {"PackageID": key})
    assert (site.notes, site.switches.secrets, site.store.side("locks")) == ([], "opaque", {})
    assert site.create(site.namespace, package())["PackageID"] == key


def test_a_reset_can_change_the_seed(site: Site) -> None:
    site.reset("empty")
    assert site.query(site.namespace, "SELECT PackageID FROM SMS_TaskSequencePackage").objs == []
    assert site.create(site.namespace, package())["PackageID"] == "PS100006"


def test_the_switches_of_the_start_survive_a_reset() -> None:
    site = Site("empty", switches={"duplicate-names": "refuse"})
    site.switches.update({"duplicate_names": "allow"})
    site.reset()
    assert site.switches.duplicate_names == "refuse"


def test_switches_refuse_what_they_do_not_know() -> None:
    switches = Switches()
    with pytest.raises(ValueError, match="no_such"):
        switches.update({"no_such": "x"})
    with pytest.raises(ValueError, match="none of"):
        switches.update({"delete_lingers": 3, "secrets": "loud"})
    assert switches.as_dict() == {name: item.default for name, item in SWITCHES.items()}
    assert all(item.help and (not item.choices or item.default in item.choices) for item in SWITCHES.values())


def test_get_by_key(site: Site) -> None:
    found = site.get(site.namespace, "sms_package", {"packageid": "ps100010"})
    assert (found.class_name, found.props["Name"], found.props["NumOfPrograms"]) == (
        "SMS_Package",
        "Monitoring Agent",
        2,
    )
    polymorphic = site.get(site.namespace, "SMS_PackageBaseclass", {"PackageID": "PS100005"})
    assert polymorphic.class_name == "SMS_BootImagePackage" and "DefaultImage" in polymorphic.props
    application = site.get(site.namespace, "SMS_Application", {"CI_ID": "16778003"})
    assert application.props["CIVersion"] == 3
    with refused(NOT_FOUND, 'SMS_Package.PackageID="PS100005"'):
        site.get(site.namespace, PACKAGE, {"PackageID": "PS100005"})
    for keys in ({}, {"Name": "x"}, {"PackageID": "PS100010", "Name": "x"}):
        with refused(0x8004103A):
            site.get(site.namespace, PACKAGE, keys)
    with refused(0x8004103A, "CI_ID"):
        site.get(site.namespace, "SMS_Application", {"CI_ID": "x"})


@pytest.mark.parametrize(
    ("props", "code", "parameter"),
    [
        ({"NoSuch": 1}, 0x80041031, "NoSuch"),
        ({"Priority": "2"}, 0x80041005, "Priority"),
        ({"Priority": True}, 0x80041005, "Priority"),
        ({"Priority": -1}, 0x80041005, "Priority"),
        ({"Priority": 2**32}, 0x80041005, "Priority"),
        ({"Name": 5}, 0x80041005, "Name"),
        ({"Name": ["x"]}, 0x80041005, "Name"),
        ({"ForcedDisconnectEnabled": 1}, 0x80041005, "ForcedDisconnectEnabled"),
        ({"ISVData": 5}, 0x80041005, "ISVData"),
        ({"ISVData": [256]}, 0x80041005, "ISVData[0]"),
        ({"TransformAnalysisDate": "today"}, 0x80041005, "TransformAnalysisDate"),
        ({"RefreshSchedule": [Obj("SMS_ScheduleToken")]}, 0x80041005, "RefreshSchedule[0]"),
        ({"RefreshSchedule": [Obj("SMS_OS_Details")]}, 0x80041005, "RefreshSchedule[0]"),
        ({"RefreshSchedule": [Obj("SMS_ST_NonRecurring", {"Day": 1})]}, 0x80041031, "RefreshSchedule[0].Day"),
        ({"RefreshSchedule": [Obj("SMS_NoSuch")]}, 0x80041005, "RefreshSchedule[0]"),
        ({"name": "x"}, 0x80041008, "name"),
    ],
)
def test_objects_are_held_against_the_schema(site: Site, props: dict, code: int, parameter: str) -> None:
    sent = package()
    sent.props.update(props)
    with refused(code, parameter):
        site.create(site.namespace, sent)
    assert site.create(site.namespace, package())["PackageID"] == "PS100057"


def test_classes_that_cannot_be_written_say_so(site: Site) -> None:
    with refused(0x80041024, "SMS_SecuredCategory"):
        site.create(site.namespace, Obj("SMS_SecuredCategory", {"CategoryName": "x"}))
    with refused(0x80041024):
        site.delete(site.namespace, "SMS_SecuredCategory", {"CategoryID": "PS100001"})
    row = site.get(site.namespace, "SMS_PackageStatusRootSummarizer", {"PackageID": "PS100010"})
    with refused(0x8004100C):
        site.put(site.namespace, row.class_name, {"PackageID": "PS100010"}, row, [])
    with refused(0x80041010, "SMS_PackageBaseclass"):
        site.create(site.namespace, Obj("SMS_PackageBaseclass", {"Name": "x"}))
    with refused(0x80041010):
        site.create("root/sms", package())


def test_methods_are_checked_before_they_are_called(site: Site) -> None:
    ns = site.namespace
    with refused(0x8004102E, "NoSuch"):
        site.invoke(ns, PACKAGE, "NoSuch", None, {})
    with refused(0x8004102F, "Nonsense"):
        site.invoke(ns, "SMS_Identification", "GetSiteID", None, {"Nonsense": 1})
    with refused(0x8004102F, "SiteID"):
        site.invoke(ns, "SMS_Identification", "GetSiteID", None, {"SiteID": "x"})
    with refused(0x80041055, "ChangeOwnership"):
        site.invoke(ns, "SMS_Collection", "ChangeOwnership", None, {})
    with refused(0x80041005, "ObjectRelPath"):
        site.invoke(ns, "SMS_ObjectLock", "RequestLock", None, {"ObjectRelPath": 5})
    with refused(0x8004103A):
        site.invoke(ns, PACKAGE, "RefreshPkgSource", None, {})
    with refused(NOT_FOUND):
        site.invoke(ns, PACKAGE, "RefreshPkgSource", {"PackageID": "PS1FFFFF"}, {})
    assert site.invoke(ns, PACKAGE, "refreshpkgsource", {"PackageID": "PS100010"}, {}) == {"ReturnValue": 0}
    with refused(FAILED, "RefreshPkgSource", "inoperable"):
        site.invoke(ns, TASK_SEQUENCE, "RefreshPkgSource", {"PackageID": STANDARD}, {})
    assert kinds(site) == ["forbidden_method"]


def test_site_facts(site: Site) -> None:
    ns = site.namespace
    assert site.invoke(ns, "SMS_Identification", "GetProviderVersion", None, {})["VersionString"] == "5.00.9128.1000"
    assert site.invoke(ns, "SMS_Identification", "GetSiteID", None, {})["SiteID"].startswith("{")
    with site.acting("CORP\\viewer"):
        assert site.invoke(ns, "SMS_Identification", "GetCurrentUser", None, {})["UserName"] == "CORP\\viewer"
    row = site.get(ns, "SMS_Site", {"SiteCode": "PS1"})
    assert (row.props["Type"], row.props["BuildNumber"], row.props["ServerName"]) == (2, 9128, "cm01.corp.contoso.com")
    assert site.get(ns, "SMS_Identification", {"ThisSiteCode": "PS1"}).props["SMSVersion"] == "5.00.9128.1000"


def test_the_clock_can_be_set_and_ticks_with_every_read(site: Site) -> None:
    site.clock = lambda: datetime.datetime(2025, 6, 1, 8, 0, 0)
    key = site.create(site.namespace, package())
    assert site.get(site.namespace, PACKAGE, key).props["SourceDate"] == "20250601080000.000000+***"
    site.reset()
    site.switches.update({"tick": 60})
    site.get(site.namespace, PACKAGE, {"PackageID": "PS100010"})
    site.query(site.namespace, "SELECT PackageID FROM SMS_Package")
    assert site.now() == "20250601080200.000000+***"


def test_the_seeds_are_small_and_hold_what_the_documentation_names(site: Site) -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 1024 * 1024
    ns = site.namespace

    def names(class_name: str, prop: str = "Name") -> list[str]:
        return [row.props[prop] for row in site.query(ns, f"SELECT {prop} FROM {class_name}").objs]

    assert {"Boot image (x86)", "Boot image (x64)"} <= set(names("SMS_BootImagePackage"))
    assert "Windows 11 24H2" in names("SMS_ImagePackage") and len(names("SMS_ImagePackage")) == 3
    assert {"Configuration Manager Client Package", "Monitoring Agent"} <= set(names(PACKAGE))
    assert len(names(PACKAGE)) == 15 and len(names("SMS_DriverPackage")) == 3
    assert len(names("SMS_Collection")) == 12
    assert {"SMS00001", "SMS000US", "SMSDM003", "PS100014"} <= set(names("SMS_Collection", "CollectionID"))
    assert len(names("SMS_ApplicationLatest", "LocalizedDisplayName")) == 8
    assert len(names("SMS_Application", "CI_ID")) == 15
    assert {"All", "Default", "Finance"} == set(names("SMS_SecuredCategory", "CategoryName"))
    assert "All Windows 11 (64-bit) Client" in names("SMS_SupportedPlatforms", "DisplayText")
    assert names(TASK_SEQUENCE).count("Lab - Scratch") == 2 and "Finance - Applications" in names(TASK_SEQUENCE)
    program = site.get(ns, "SMS_Program", {"PackageID": "PS100010", "ProgramName": "silent install"})
    assert (program.props["PackageName"], program.props["PackageVersion"]) == ("Monitoring Agent", "8.2")
    image = site.get(ns, "SMS_ImagePackage", {"PackageID": "PS100020"}).props["ImageProperty"]
    assert image.count("<IMAGE index=") == 4 and "Windows 11 Enterprise" in image
    assert site.notes == []


def test_content_status_says_what_is_where(site: Site) -> None:
    def root(package_id: str) -> tuple[int, int, int]:
        row = site.get(site.namespace, "SMS_PackageStatusRootSummarizer", {"PackageID": package_id})
        return row.props["Targeted"], row.props["Installed"], row.props["Failed"]

    assert (root("PS100010"), root("PS10001B"), root("PS100015")) == ((1, 1, 0), (0, 0, 0), (1, 0, 1))
    text = "SELECT ServerNALPath, State FROM SMS_PackageStatusDistPointsSummarizer WHERE PackageID = '{}'"
    assert site.query(site.namespace, text.format("PS10001B")).objs == []
    row = site.query(site.namespace, text.format("PS100015")).objs[0]
    assert row.props["State"] == 3
    keys = {"PackageID": "PS100015", "ServerNALPath": row.props["ServerNALPath"], "SiteCode": "PS1"}
    assert site.get(site.namespace, "SMS_DistributionPoint", keys).props["Status"] == 0


def test_references_of_sequences_and_their_children(site: Site) -> None:
    ns = site.namespace
    text = "SELECT * FROM SMS_TaskSequencePackageReference_Flat WHERE PackageID = 'PS100040'"
    rows = {row.props["ObjectName"]: row.props for row in site.query(ns, text).objs}
    assert set(rows) == {"Corporate Fonts", "Finance Ledger Client", "Contoso VPN"}
    vpn = rows["Contoso VPN"]
    assert (vpn["ObjectType"], vpn["RefPackageID"], vpn["Level"], vpn["SourceID"]) == (512, "PS100050", "0", "")
    assert vpn["ObjectID"].startswith("ScopeId_")
    parent = site.store.find(TASK_SEQUENCE, (STANDARD,))
    assert parent is not None
    parent.props["References"] = [
        Obj("SMS_TaskSequence_Reference", {"Package": "PS100040", "Program": "*", "Type": 0}),
        Obj("SMS_TaskSequence_Reference", {"Package": "GONE0001", "Program": "", "Type": 0}),
    ]
    site.store.save(parent)
    flat = {row.props["ObjectID"]: row.props for row in site.query(ns, text.replace("PS100040", STANDARD)).objs}
    assert {"PS100005", "PS100040", "PS100011", "PS100019"} < set(flat) and "GONE0001" not in flat
    assert (flat["PS100040"]["Level"], flat["PS100040"]["ObjectType"]) == ("0", 4)
    assert (flat["PS100011"]["Level"], flat["PS100011"]["SourceID"]) == ("1", "PS100040")
    direct = site.query(
        ns, f"SELECT ObjectID FROM SMS_TaskSequencePackageReference WHERE PackageID = '{STANDARD}'"
    ).objs
    assert {row.props["ObjectID"] for row in direct} == {"PS100005", "PS100040"}
    info = site.query(
        ns, "SELECT PackageID FROM SMS_TaskSequenceReferencesInfo WHERE ReferencePackageID = 'PS100050'"
    ).objs
    assert {row.props["PackageID"] for row in info} == {"PS100040", STANDARD}
    one = site.get(ns, "SMS_TaskSequencePackageReference", {"PackageID": STANDARD, "ObjectID": "PS100040"})
    assert one.props["ObjectName"] == "Finance - Applications"
    with refused(0x80041024):
        site.delete(ns, "SMS_TaskSequencePackageReference", {"PackageID": STANDARD, "ObjectID": "PS100040"})


def test_enumerate_is_select_star(site: Site) -> None:
    assert [row.props["SiteCode"] for row in site.enumerate("root/sms", "SMS_ProviderLocation")] == ["PS1"]
    assert all(row.props["AssignedSchedule"] is None for row in site.enumerate(site.namespace, "SMS_Advertisement"))
    with refused(FAILED):
        site.enumerate(site.namespace, TASK_SEQUENCE)


def test_ids_come_from_counters(site: Site) -> None:
    assert [site.create(site.namespace, package())["PackageID"] for _unused in range(2)] == ["PS100057", "PS100058"]
    ids = [site.create(site.namespace, advertisement())["AdvertisementID"] for _unused in range(2)]
    assert ids == ["PS120003", "PS120004"]
    site.delete(site.namespace, PACKAGE, {"PackageID": "PS100058"})
    assert site.create(site.namespace, package())["PackageID"] == "PS100059"


def test_the_store_itself_keeps_copies_and_its_snapshots_are_independent(site: Site) -> None:
    row = Obj(PACKAGE, {"PackageID": "PS1AAAAA", "Name": "x", "SecuredScopeNames": ["Default"]})
    site.store.save(row)
    row.props["SecuredScopeNames"].append("CHANGED")
    found = site.store.find("sms_package", ("ps1aaaaa",))
    assert found is not None and found.props["SecuredScopeNames"] == ["Default"]
    other = site.store.snapshot()
    assert other.remove(PACKAGE, ("PS1AAAAA",)) and not other.remove(PACKAGE, ("PS1AAAAA",))
    other.side("locks")["x"] = 1
    other.count("package")
    assert site.store.peek(PACKAGE, ("PS1AAAAA",)) is not None and "x" not in site.store.side("locks")
    assert site.store.peek_counter("package") == other.peek_counter("package") - 1
    with pytest.raises(KeyError):
        site.store.save(Obj(PACKAGE, {"Name": "no key"}))


@pytest.mark.parametrize(
    ("row", "parameter"),
    [("{PackageID: PS100001, Nmae: x}", "Nmae"), ("{PackageID: PS100001, Priority: high}", "Priority")],
)
def test_a_seed_with_a_mistake_is_refused(tmp_path: pathlib.Path, row: str, parameter: str) -> None:
    path = tmp_path / "bad.yml"
    path.write_text(f"site: {{code: PS1, server: s}}\nobjects:\n  SMS_Package: [{row}]\n", encoding="utf-8")
    with pytest.raises(ProviderError) as caught:
        Site(str(path))
    assert caught.value.extended is not None and caught.value.extended["ParameterInfo"] == parameter
