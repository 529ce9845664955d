# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Packages and programs."""

from __future__ import annotations

import pytest
from ansible_collections.configmgr.osd.tests.simulator.objects import Obj
from ansible_collections.configmgr.osd.tests.simulator.provider import Site
from ansible_collections.configmgr.osd.tests.unit.simulator.provider_support import (
    ADVERTISEMENT,
    FAILED,
    NOT_FOUND,
    PACKAGE,
    PROGRAM,
    kinds,
    package,
    program,
    refused,
)

AGENT = {"PackageID": "PS100010"}
SILENT = {"PackageID": "PS100010", "ProgramName": "Silent install"}
PLATFORM = {"Name": "Win NT", "Platform": "x64", "MinVersion": "10.00.22000.0", "MaxVersion": "10.00.9999.9999"}


@pytest.fixture
def site() -> Site:
    return Site()


def test_a_new_package_gets_what_the_site_computes(site: Site) -> None:
    key = site.create(site.namespace, package(Description="", Icon=[]))
    row = site.get(site.namespace, PACKAGE, key).props
    assert (row["SourceSite"], row["SourceVersion"], row["ActionInProgress"], row["NumOfPrograms"]) == ("PS1", 1, 2, 0)
    assert row["SecuredScopeNames"] == ["Default"] and len(row["SedoObjectVersion"]) == 36
    assert row["SourceDate"].endswith("+***") and row["IsPredefinedPackage"] is False
    assert site.notes == []


def test_nothing_is_filled_in_that_a_careless_create_left_out(site: Site) -> None:
    key = site.create(site.namespace, Obj(PACKAGE, {"Name": "Careless"}))
    row = site.get(site.namespace, PACKAGE, key).props
    assert (row["PkgSourceFlag"], row["ForcedDisconnectDelay"], row["Priority"], row["Description"]) == (0, 0, 0, None)
    assert sorted(note["property"] for note in site.notes) == ["ForcedDisconnectDelay", "PkgSourceFlag"]
    assert set(kinds(site)) == {"default_not_sent"}


@pytest.mark.parametrize(
    ("props", "parameter"),
    [
        ({"Name": ""}, "Name"),
        ({"Name": None}, "Name"),
        ({"Name": "x" * 256}, "Name"),
        ({"PackageType": 4}, "PackageType"),
        ({"PackageID": "PS1AAAAA"}, "PackageID"),
        ({"SourceVersion": 7}, "SourceVersion"),
        ({"SourceSite": "XXX"}, "SourceSite"),
        ({"SedoObjectVersion": "x"}, "SedoObjectVersion"),
        ({"SecuredScopeNames": ["All"]}, "SecuredScopeNames"),
        ({"RefreshSchedule": [Obj("SMS_ST_NonRecurring")] * 16}, "RefreshSchedule"),
        ({"RefreshSchedule": [Obj("SMS_ST_NonRecurring", {"HourDuration": 24})]}, "RefreshSchedule[0].HourDuration"),
    ],
)
def test_a_new_package_is_refused(site: Site, props: dict, parameter: str) -> None:
    with refused(FAILED, parameter):
        site.create(site.namespace, package(**props))
    assert site.create(site.namespace, package())["PackageID"] == "PS100057"


def test_the_content_of_applications_cannot_be_created(site: Site) -> None:
    with refused(0x80041024):
        site.create(site.namespace, Obj("SMS_ContentPackage", {"Name": "x", "PackageType": 8}))


def test_put_saves_renews_and_reaches_the_programs(site: Site) -> None:
    row = site.get(site.namespace, PACKAGE, AGENT)
    before = row.props["SedoObjectVersion"]
    row.props.update({"Name": "Monitoring", "Version": "9"})
    after = site.put(site.namespace, PACKAGE, AGENT, row, ["Name", "version"])
    assert (after.props["Name"], after.props["Version"], after.props["ActionInProgress"]) == ("Monitoring", "9", 1)
    assert after.props["SedoObjectVersion"] != before and after.props["LastRefreshTime"] > "2025"
    silent = site.get(site.namespace, PROGRAM, SILENT).props
    assert (silent["PackageName"], silent["PackageVersion"]) == ("Monitoring", "9")
    assert site.notes == []
    with refused(FAILED, "SedoObjectVersion"):
        site.put(site.namespace, PACKAGE, AGENT, row, ["Name"])


def test_put_only_writable_properties_key_and_version_is_a_complete_save(site: Site) -> None:
    row = site.get(site.namespace, PACKAGE, AGENT)
    known = site.schema.get(PACKAGE)
    assert known is not None
    sent = Obj(
        PACKAGE,
        {
            name: value
            for name, value in row.props.items()
            if not known.properties[name].read_only or name in ("PackageID", "SedoObjectVersion")
        },
    )
    sent.props["Description"] = "Changed"
    after = site.put(site.namespace, PACKAGE, AGENT, sent, ["Description"])
    changed = {name for name in row.props if row.props[name] != after.props[name]}
    assert changed == {"Description", "LastRefreshTime", "ActionInProgress", "SedoObjectVersion"}
    assert site.notes == []


@pytest.mark.parametrize(
    ("props", "modified", "code", "parameter"),
    [
        ({"SedoObjectVersion": "00000000-0000-0000-0000-000000000000"}, [], FAILED, "SedoObjectVersion"),
        ({"SedoObjectVersion": None}, [], FAILED, "SedoObjectVersion"),
        ({"SourceVersion": 99}, [], FAILED, "SourceVersion"),
        ({"Name": ""}, ["Name"], FAILED, "Name"),
        ({"PackageType": 4}, ["PackageType"], FAILED, "PackageType"),
        ({"PackageID": "PS100011"}, [], 0x80041008, "PackageID"),
        ({}, ["NoSuch"], 0x80041031, "NoSuch"),
    ],
)
def test_put_is_refused(site: Site, props: dict, modified: list[str], code: int, parameter: str) -> None:
    row = site.get(site.namespace, PACKAGE, AGENT)
    row.props.update(props)
    with refused(code, parameter):
        site.put(site.namespace, PACKAGE, AGENT, row, modified)


def test_put_of_another_class_a_missing_listed_property_or_a_missing_object(site: Site) -> None:
    row = site.get(site.namespace, PACKAGE, AGENT)
    with refused(0x80041008, "SMS_DriverPackage"):
        site.put(site.namespace, PACKAGE, AGENT, Obj("SMS_DriverPackage", {"Name": "x"}), ["Name"])
    del row.props["Version"]
    with refused(0x80041008, "Version"):
        site.put(site.namespace, PACKAGE, AGENT, row, ["Version"])
    with refused(NOT_FOUND):
        site.put(site.namespace, PACKAGE, {"PackageID": "PS1FFFFF"}, row, [])


def test_what_put_leaves_out_is_blanked_loudly(site: Site) -> None:
    stored = site.store.find(PACKAGE, ("PS100010",))
    assert stored is not None
    stored.props.update({"ISVData": [1], "ISVDataSize": 1})
    site.store.save(stored)
    row = site.get(site.namespace, PACKAGE, AGENT)
    for name in ("ISVData", "Manufacturer"):
        row.props[name] = None
    after = site.put(site.namespace, PACKAGE, AGENT, row, ["Name"])
    assert (after.props["ISVData"], after.props["Manufacturer"]) == (None, None)
    assert sorted((note["kind"], note["property"]) for note in site.notes) == [
        ("blanked", "Manufacturer"),
        ("lazy_blanked", "ISVData"),
    ]


@pytest.mark.parametrize(("answer", "code"), [("refuse", FAILED), ("keep", None)])
def test_lazy_null_can_be_refused_or_kept(site: Site, answer: str, code: int | None) -> None:
    stored = site.store.find(PACKAGE, ("PS100010",))
    assert stored is not None
    stored.props["ISVData"] = [1]
    site.store.save(stored)
    site.switches.update({"lazy_null": answer})
    row = site.get(site.namespace, PACKAGE, AGENT)
    row.props["ISVData"] = None
    if code:
        with refused(code, "ISVData"):
            site.put(site.namespace, PACKAGE, AGENT, row, ["Name"])
    else:
        assert site.put(site.namespace, PACKAGE, AGENT, row, ["Name"]).props["ISVData"] == [1]
        assert kinds(site) == ["lazy_kept"]


def test_a_listed_null_is_a_wish(site: Site) -> None:
    row = site.get(site.namespace, PACKAGE, AGENT)
    row.props["Manufacturer"] = None
    assert site.put(site.namespace, PACKAGE, AGENT, row, ["Manufacturer"]).props["Manufacturer"] is None
    assert site.notes == []


@pytest.mark.parametrize(("answer", "expected"), [("ignore", "8.2"), ("apply", "9"), ("refuse", None)])
def test_a_change_that_is_not_listed(site: Site, answer: str, expected: str | None) -> None:
    site.switches.update({"unlisted_change": answer})
    row = site.get(site.namespace, PACKAGE, AGENT)
    row.props["Version"] = "9"
    if expected is None:
        with refused(FAILED, "Version"):
            site.put(site.namespace, PACKAGE, AGENT, row, ["Name"])
        return
    assert site.put(site.namespace, PACKAGE, AGENT, row, ["Name"]).props["Version"] == expected
    assert kinds(site) == ["unlisted_change"]


def test_read_only_changes_and_missing_versions_can_be_let_through(site: Site) -> None:
    site.switches.update({"read_only_change": "ignore", "sedo_missing": "accept"})
    row = site.get(site.namespace, PACKAGE, AGENT)
    row.props.update({"SourceVersion": 99, "SedoObjectVersion": None})
    assert site.put(site.namespace, PACKAGE, AGENT, row, []).props["SourceVersion"] == 1
    assert sorted(kinds(site)) == ["read_only_ignored", "sedo_missing"]


def test_deleting_a_package_takes_programs_deployments_and_folder_items_along(site: Site) -> None:
    key = {"PackageID": "PS100019"}
    site.delete(site.namespace, PACKAGE, key)
    for text in ("SMS_Program WHERE PackageID = 'PS100019'", "SMS_Advertisement WHERE PackageID = 'PS100019'"):
        assert site.query(site.namespace, f"SELECT * FROM {text}").objs == []
    assert kinds(site) == ["cascade"]
    child = site.get(site.namespace, "SMS_TaskSequencePackage", {"PackageID": "PS100040"})
    assert child.props["TaskSequenceFlags"] & 1
    site.delete(site.namespace, PACKAGE, AGENT)
    assert site.query(site.namespace, "SELECT * FROM SMS_ObjectContainerItem WHERE InstanceKey = 'PS100010'").objs == []
    with refused(NOT_FOUND):
        site.delete(site.namespace, PACKAGE, AGENT)
    with refused(FAILED, "IsPredefinedPackage"):
        site.delete(site.namespace, PACKAGE, {"PackageID": "PS100002"})


@pytest.mark.parametrize("answer", ["keep", "refuse"])
def test_deployments_can_stay_or_be_in_the_way(site: Site, answer: str) -> None:
    site.switches.update({"delete_cascade": answer})
    key = {"PackageID": "PS100019"}
    if answer == "refuse":
        with refused(FAILED, "PackageID", "PS120002"):
            site.delete(site.namespace, PACKAGE, key)
        with refused(FAILED, "ProgramName"):
            site.delete(site.namespace, PROGRAM, {**key, "ProgramName": "Install"})
    else:
        site.delete(site.namespace, PACKAGE, key)
    assert site.get(site.namespace, ADVERTISEMENT, {"AdvertisementID": "PS120002"})


def test_a_program_is_made_with_both_keys_and_counted(site: Site) -> None:
    assert site.create(site.namespace, program()) == {"PackageID": "PS100010", "ProgramName": "Repair"}
    row = site.get(site.namespace, PROGRAM, {"PackageID": "PS100010", "ProgramName": "Repair"}).props
    assert (row["PackageName"], row["PackageVersion"], row["PackageType"], row["ActionInProgress"]) == (
        "Monitoring Agent",
        "8.2",
        0,
        2,
    )
    assert site.get(site.namespace, PACKAGE, AGENT).props["NumOfPrograms"] == 3
    site.delete(site.namespace, PROGRAM, {"PackageID": "PS100010", "ProgramName": "repair"})
    assert site.get(site.namespace, PACKAGE, AGENT).props["NumOfPrograms"] == 2
    assert site.notes == []


@pytest.mark.parametrize(
    ("props", "code", "parameter"),
    [
        ({"PackageID": "PS1FFFFF"}, FAILED, "PackageID"),
        ({"PackageID": None}, FAILED, "PackageID"),
        ({"PackageID": "PS100005"}, FAILED, "PackageID"),
        ({"ProgramName": ""}, FAILED, "ProgramName"),
        ({"ProgramName": None}, FAILED, "ProgramName"),
        ({"ProgramName": "silent INSTALL"}, 0x80041019, "ProgramName"),
        ({"DependentProgram": "PS100016/Install"}, FAILED, "DependentProgram"),
        ({"DriveLetter": "C:"}, FAILED, "DriveLetter"),
        ({"DriveLetter": "1"}, FAILED, "DriveLetter"),
        ({"ActionInProgress": 2}, FAILED, "ActionInProgress"),
        (
            {"SupportedOperatingSystems": [Obj("SMS_OS_Details", {**PLATFORM, "Platform": "PDP11"})]},
            FAILED,
            "SupportedOperatingSystems",
        ),
    ],
)
def test_a_new_program_is_refused(site: Site, props: dict, code: int, parameter: str) -> None:
    with refused(code, parameter):
        site.create(site.namespace, program(**props))


def test_a_program_for_no_platform_is_noted(site: Site) -> None:
    site.create(site.namespace, program(ProgramFlags=0x0110A001))
    assert kinds(site) == ["runs_nowhere"]
    site.create(
        site.namespace,
        program(
            ProgramName="x64", ProgramFlags=0x0110A001, SupportedOperatingSystems=[Obj("SMS_OS_Details", PLATFORM)]
        ),
    )
    assert kinds(site) == ["runs_nowhere"]


def test_put_of_a_program(site: Site) -> None:
    row = site.get(site.namespace, PROGRAM, SILENT)
    row.props.update({"CommandLine": "new.exe", "PackageName": "ignored"})
    after = site.put(site.namespace, PROGRAM, SILENT, row, ["CommandLine"])
    assert (after.props["CommandLine"], after.props["PackageName"]) == ("new.exe", "Monitoring Agent")
    key = {"PackageID": "PS100019", "ProgramName": "Install"}
    row = site.get(site.namespace, PROGRAM, key)
    row.props["SupportedOperatingSystems"] = None
    row.props["CommandLine"] = "x"
    assert site.put(site.namespace, PROGRAM, key, row, ["CommandLine"]).props["SupportedOperatingSystems"] is None
    assert "lazy_blanked" in kinds(site) and "runs_nowhere" in kinds(site)
