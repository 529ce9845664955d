# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Advertisements."""

from __future__ import annotations

import pytest
from ansible_collections.configmgr.osd.tests.simulator.objects import Dt, Obj
from ansible_collections.configmgr.osd.tests.simulator.provider import Site
from ansible_collections.configmgr.osd.tests.unit.simulator.provider_support import (
    ADVERTISEMENT,
    FAILED,
    NOT_FOUND,
    STANDARD,
    advertisement,
    kinds,
    refused,
)

UPGRADE = {"AdvertisementID": "PS120001"}


def token(**props: object) -> Obj:
    return Obj("SMS_ST_NonRecurring", {"StartTime": Dt("20250601220000.000000+***"), "IsGMT": False, **props})


@pytest.fixture
def site() -> Site:
    return Site()


def test_a_new_one(site: Site) -> None:
    key = site.create(site.namespace, advertisement())
    assert key == {"AdvertisementID": "PS120003"}
    row = site.get(site.namespace, ADVERTISEMENT, key).props
    assert (row["TimeFlags"], row["SourceSite"], row["AssignmentID"], row["ActionInProgress"]) == (
        1,
        "PS1",
        16777223,
        2,
    )
    assert site.notes == []


def test_time_flags_mirror_the_booleans(site: Site) -> None:
    sent = advertisement(
        OfferType=0,
        AssignedSchedule=[token()],
        AssignedScheduleEnabled=True,
        PresentTimeIsGMT=True,
        AssignedScheduleIsGMT=True,
        ExpirationTimeEnabled=True,
        ExpirationTimeIsGMT=True,
    )
    row = site.get(site.namespace, ADVERTISEMENT, site.create(site.namespace, sent))
    assert row.props["TimeFlags"] == 0x1 | 0x2 | 0x10 | 0x20 | 0x40 | 0x200


def test_a_careless_create_is_required_and_hears_of_it(site: Site) -> None:
    sent = advertisement()
    for name in ("OfferType", "PresentTimeEnabled", "RemoteClientFlags", "IncludeSubCollection"):
        del sent.props[name]
    row = site.get(site.namespace, ADVERTISEMENT, site.create(site.namespace, sent)).props
    assert (row["OfferType"], row["PresentTimeEnabled"], row["RemoteClientFlags"]) == (0, False, 0)
    unsent = {note.get("property") for note in site.notes if note["kind"] == "default_not_sent"}
    assert unsent == {"OfferType", "PresentTimeEnabled", "RemoteClientFlags", "IncludeSubCollection"}
    assert "required_without_assignment" in kinds(site)


@pytest.mark.parametrize(
    ("props", "parameter"),
    [
        ({"AdvertisementName": None}, "AdvertisementName"),
        ({"CollectionID": ""}, "CollectionID"),
        ({"PackageID": None}, "PackageID"),
        ({"ProgramName": None}, "ProgramName"),
        ({"PackageID": "ps100041"}, "PackageID"),
        ({"PackageID": "PS1FFFFF"}, "PackageID"),
        ({"CollectionID": "PS1FFFFF"}, "CollectionID"),
        ({"CollectionID": "PS100019"}, "CollectionID"),
        ({"PackageID": "PS100010", "ProgramName": "No such"}, "ProgramName"),
        ({"PackageID": "PS100010"}, "ProgramName"),
        ({"AssignedSchedule": [token()] * 16}, "AssignedSchedule"),
        ({"AssignedSchedule": [token(MinuteDuration=60)]}, "AssignedSchedule[0].MinuteDuration"),
        ({"PresentTime": None}, "PresentTime"),
        ({"ExpirationTime": None, "ExpirationTimeEnabled": True}, "ExpirationTime"),
        ({"AdvertisementID": "PS12FFFF"}, "AdvertisementID"),
        ({"TimeFlags": 1}, "TimeFlags"),
        ({"AssignmentID": 5}, "AssignmentID"),
    ],
)
def test_a_new_one_is_refused(site: Site, props: dict, parameter: str) -> None:
    with refused(FAILED, parameter):
        site.create(site.namespace, advertisement(**props))
    assert site.create(site.namespace, advertisement())["AdvertisementID"] == "PS120003"


def test_an_abstract_token_is_refused(site: Site) -> None:
    with refused(0x80041005, "AssignedSchedule[0]"):
        site.create(site.namespace, advertisement(AssignedSchedule=[Obj("SMS_ScheduleToken", {"IsGMT": False})]))


def test_questionable_combinations_are_noted(site: Site) -> None:
    site.create(site.namespace, advertisement(AssignedSchedule=[token()], AssignedScheduleEnabled=True))
    site.create(site.namespace, advertisement(AdvertFlags=0x20))
    site.create(site.namespace, advertisement(OfferType=0))
    site.create(site.namespace, advertisement(OfferType=0, AssignedSchedule=[token()]))
    assert kinds(site) == [
        "available_with_assignment",
        "available_with_assignment",
        "required_without_assignment",
        "schedule_switch",
    ]


def test_ghosts_and_disabled_sequences(site: Site) -> None:
    site.create(site.namespace, advertisement(ProgramName="Install"))
    site.create(site.namespace, advertisement(PackageID="PS100043"))
    assert kinds(site) == ["ghost_advertisement"]
    site.switches.update({"ghost_advertisement": "refuse", "advertise_disabled": "refuse"})
    with refused(FAILED, "ProgramName"):
        site.create(site.namespace, advertisement(ProgramName="Install"))
    with refused(FAILED, "PackageID"):
        site.create(site.namespace, advertisement(PackageID="PS100043"))


def test_a_package_is_advertised_by_its_program(site: Site) -> None:
    site.create(
        site.namespace, advertisement(PackageID="PS100010", ProgramName="Silent install", CollectionID="SMS00002")
    )
    assert site.notes == []


def test_put_changes_what_may_change(site: Site) -> None:
    row = site.get(site.namespace, ADVERTISEMENT, UPGRADE)
    row.props.update({"Comment": "Changed", "AssignedSchedule": [token(), token()]})
    after = site.put(site.namespace, ADVERTISEMENT, UPGRADE, row, ["Comment", "AssignedSchedule"])
    assert after.props["Comment"] == "Changed" and len(after.props["AssignedSchedule"]) == 2
    assert after.props["ActionInProgress"] == 1 and site.notes == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AdvertisementName", "Other"),
        ("CollectionID", "PS100014"),
        ("PackageID", STANDARD),
        ("ProgramName", "x"),
        ("AdvertisementName", None),
    ],
)
def test_four_properties_never_change(site: Site, name: str, value: str | None) -> None:
    row = site.get(site.namespace, ADVERTISEMENT, UPGRADE)
    row.props[name] = value
    with refused(FAILED, name):
        site.put(site.namespace, ADVERTISEMENT, UPGRADE, row, [name])


def test_a_put_without_the_lazy_properties_fails_as_it_did_on_a_live_site(site: Site) -> None:
    row = site.query(site.namespace, "SELECT * FROM SMS_Advertisement WHERE AdvertisementID = 'PS120001'").objs[0]
    row.props["Comment"] = "Changed"
    with refused(FAILED, text="not loaded"):
        site.put(site.namespace, ADVERTISEMENT, UPGRADE, row, ["Comment"])
    site.switches.update({"lazy_null_advertisement": "keep"})
    assert site.put(site.namespace, ADVERTISEMENT, UPGRADE, row, ["Comment"]).props["AssignedSchedule"]
    site.switches.update({"lazy_null_advertisement": "blank"})
    del row.props["ActionInProgress"]
    assert site.put(site.namespace, ADVERTISEMENT, UPGRADE, row, []).props["AssignedSchedule"] is None
    assert "lazy_blanked" in kinds(site)


def test_a_listed_null_clears_the_schedule(site: Site) -> None:
    row = site.get(site.namespace, ADVERTISEMENT, UPGRADE)
    row.props.update({"AssignedSchedule": None, "AssignedScheduleEnabled": False, "OfferType": 2})
    after = site.put(
        site.namespace, ADVERTISEMENT, UPGRADE, row, ["AssignedSchedule", "AssignedScheduleEnabled", "OfferType"]
    )
    assert (after.props["AssignedSchedule"], after.props["TimeFlags"]) == (None, 1) and site.notes == []


def test_delete_and_the_methods_about_ids(site: Site) -> None:
    ns = site.namespace
    site.delete(ns, ADVERTISEMENT, UPGRADE)
    with refused(NOT_FOUND):
        site.get(ns, ADVERTISEMENT, UPGRADE)
    assert site.invoke(ns, ADVERTISEMENT, "GetNextID", None, {})["NextID"] == 0x20003
    site.invoke(ns, ADVERTISEMENT, "SetNextID", None, {"NextID": 0x20010})
    assert site.create(ns, advertisement())["AdvertisementID"] == "PS120010"
    with refused(FAILED, "NextID"):
        site.invoke(ns, ADVERTISEMENT, "SetNextID", None, {"NextID": 1})
    site.invoke(ns, ADVERTISEMENT, "RiskyDeploymentStatusMessage", None, {"DeploymentID": "PS120010"})
    assert kinds(site) == ["risky_deployment"]
