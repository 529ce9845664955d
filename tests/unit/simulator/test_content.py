# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulated site distributes content: rules, delays, failures, groups, and what the status classes say."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.configmgr.osd.tests.simulator.objects import Obj, ProviderError
from ansible_collections.configmgr.osd.tests.simulator.provider import Site

from .provider_support import refused

POINT = "SMS_DistributionPoint"
STATUS = "SMS_PackageStatusDistPointsSummarizer"
GROUP = "SMS_DistributionPointGroup"
BRANCHES = {"GroupID": "{0B7F3C52-8A77-4C1B-9E59-3C2A7F100002}"}
ALL = {"GroupID": "{0B7F3C52-8A77-4C1B-9E59-3C2A7F100001}"}
FAILED, NOT_FOUND, EXISTS = 0x80041001, 0x80041002, 0x80041019


def nal(server: str) -> str:
    return f'["Display=\\\\{server}.corp.contoso.com\\"]MSWNET:["SMS_SITE=PS1"]\\\\{server}.corp.contoso.com\\'


NORTH, SOUTH = nal("dp-north"), nal("dp-south")


@pytest.fixture
def site() -> Site:
    return Site("contoso")


def states(site: Site, package_id: str) -> dict[str, int]:
    rows = site.query(site.namespace, f"SELECT * FROM {STATUS} WHERE PackageID = '{package_id}'").objs
    return {str(row.props["ServerNALPath"]).split("\\\\")[1].split(".")[0]: row.props["State"] for row in rows}


def pair(server: str, package_id: str = "PS100010", **more: t.Any) -> Obj:
    return Obj(POINT, {"PackageID": package_id, "ServerNALPath": nal(server), "SiteCode": "PS1", **more})


def test_content_arrives_after_a_while(site: Site) -> None:
    site.create(site.namespace, pair("dp-north"))
    assert states(site, "PS100010") == {"cm01": 0, "dp-north": 1}
    site.ahead(59)
    assert states(site, "PS100010")["dp-north"] == 1
    site.ahead(2)
    assert states(site, "PS100010") == {"cm01": 0, "dp-north": 0}
    row = site.get(site.namespace, STATUS, {"PackageID": "PS100010", "ServerNALPath": NORTH, "SiteCode": "PS1"})
    assert row.props["SourceVersion"] == 1 and row.props["LastCopied"]
    root = site.get(site.namespace, "SMS_PackageStatusRootSummarizer", {"PackageID": "PS100010"})
    assert (root.props["Targeted"], root.props["Installed"]) == (2, 2)
    with refused(EXISTS, text="already"):
        site.create(site.namespace, pair("dp-north"))


def test_path_and_site_code_must_belong_together(site: Site) -> None:
    with refused(FAILED, text="no distribution point"):
        site.create(site.namespace, pair("dp-west"))
    with refused(FAILED, text="belongs to site PS1"):
        site.create(site.namespace, pair("dp-north", SiteCode="PS2"))
    with refused(FAILED, text="no content of its own"):
        site.create(site.namespace, pair("dp-north", "PS100041"))
    with refused(FAILED, text="There is no package"):
        site.create(site.namespace, pair("dp-north", "PS1FFFFF"))
    assert [note["kind"] for note in site.notes] == ["task_sequence_distributed"]


def test_content_can_fail_on_one_point_and_be_sent_again(site: Site) -> None:
    site.switches.update({"content_fails": "PS100010@dp-south*"})
    codes, paths = ["PS1", "PS1"], [NORTH, SOUTH]
    method = "AddDistributionPoints"
    site.invoke(site.namespace, "SMS_Package", method, {"PackageID": "PS100010"}, {"SiteCode": codes, "NALPath": paths})
    site.ahead(61)
    assert states(site, "PS100010") == {"cm01": 0, "dp-north": 0, "dp-south": 2}
    site.ahead(60)
    assert states(site, "PS100010")["dp-south"] == 3
    text = "SELECT * FROM SMS_DistributionDPStatus WHERE PackageID = 'PS100010' AND MessageState = 4"
    (row,) = site.query(site.namespace, text).objs
    assert row.props["Name"] == "dp-south.corp.contoso.com" and "network path" in row.props["InsString3"]
    site.switches.update({"content_fails": "", "content_error_state": "3"})
    assert site.query(site.namespace, text).objs == []
    keys = {"PackageID": "PS100010", "ServerNALPath": SOUTH, "SiteCode": "PS1"}
    full = site.get(site.namespace, POINT, keys)
    full.props["RefreshNow"] = True
    sent = Obj(POINT, {name: value for name, value in full.props.items() if value is not None})
    site.put(site.namespace, POINT, keys, sent, ["RefreshNow"])
    site.ahead(61)
    assert states(site, "PS100010") == {"cm01": 0, "dp-north": 0, "dp-south": 0}
    assert site.get(site.namespace, POINT, keys).props["RefreshNow"] is False
    sent.props["PackageID"] = "PS100011"
    with refused(0x80041008, "PackageID"):
        site.put(site.namespace, POINT, keys, sent, ["PackageID"])


def test_a_deleted_pair_stays_until_its_files_are_gone(site: Site) -> None:
    keys = {"PackageID": "PS100010", "ServerNALPath": nal("cm01"), "SiteCode": "PS1"}
    site.delete(site.namespace, POINT, keys)
    assert site.get(site.namespace, POINT, keys).props["Status"] == 3
    assert states(site, "PS100010") == {"cm01": 4}
    with refused(FAILED, text="being deleted"):
        site.delete(site.namespace, POINT, keys)
    site.ahead(61)
    assert states(site, "PS100010") == {}
    with refused(NOT_FOUND):
        site.get(site.namespace, POINT, keys)


def test_groups_bring_packages_to_their_members(site: Site) -> None:
    ns = site.namespace
    site.invoke(ns, GROUP, "AddPackages", BRANCHES, {"PackageIDs": ["PS100010", "PS100012"]})
    site.ahead(61)
    assert states(site, "PS100012") == {"cm01": 0, "dp-north": 0, "dp-south": 0}
    group = site.get(ns, GROUP, BRANCHES).props
    assert (group["ContentCount"], group["MemberCount"], group["CollectionCount"]) == (2, 2, 1)
    with refused(FAILED, text="already"):
        site.invoke(ns, GROUP, "AddPackages", BRANCHES, {"PackageIDs": ["PS100010"]})
    site.switches.update({"group_package_again": "accept"})
    site.invoke(ns, GROUP, "AddPackages", BRANCHES, {"PackageIDs": ["PS100010"]})
    site.invoke(ns, GROUP, "AddPackages", ALL, {"PackageIDs": ["PS100010"]})
    site.invoke(ns, GROUP, "RemovePackages", BRANCHES, {"PackageIDs": ["PS100010", "PS100012"]})
    site.ahead(61)
    assert states(site, "PS100010") == {"cm01": 0, "dp-north": 0, "dp-south": 0}, "the other group brings it"
    assert states(site, "PS100012") == {"cm01": 0}
    site.invoke(ns, GROUP, "ReDistributePackage", ALL, {"PackageID": "PS100010"})
    assert states(site, "PS100010") == {"cm01": 1, "dp-north": 1, "dp-south": 1}
    for method, params in (("ReDistributePackage", {"PackageID": "PS100012"}),
                           ("RemovePackages", {"PackageIDs": ["PS100012"]})):
        with refused(FAILED, text="not in the group"):
            site.invoke(ns, GROUP, method, ALL, params)


def test_a_refresh_makes_a_new_version_and_never_of_a_task_sequence(site: Site) -> None:
    ns = site.namespace
    site.invoke(ns, "SMS_Package", "RefreshPkgSource", {"PackageID": "PS100010"}, {})
    assert site.get(ns, "SMS_Package", {"PackageID": "PS100010"}).props["SourceVersion"] == 2
    assert states(site, "PS100010") == {"cm01": 7}
    site.ahead(61)
    key = {"PackageID": "PS100010", "ServerNALPath": nal("cm01"), "SiteCode": "PS1"}
    assert site.get(ns, STATUS, key).props["SourceVersion"] == 2
    with pytest.raises(ProviderError):
        site.invoke(ns, "SMS_TaskSequencePackage", "RefreshPkgSource", {"PackageID": "PS100041"}, {})
    assert site.notes[-1]["fatal"]


def test_other_classes_tell_the_same(site: Site) -> None:
    def one(class_name: str, where: str) -> dict[str, t.Any]:
        (row,) = site.query(site.namespace, f"SELECT * FROM {class_name} WHERE {where}").objs
        return row.props

    extra = one("SMS_ObjectContentExtraInfo", "PackageID = 'PS100015'")
    assert (extra["Targeted"], extra["NumberErrors"], extra["NumberSuccess"]) == (1, 1, 0)
    application = one("SMS_ObjectContentInfo", "PackageID = 'PS100050'")
    assert application["ObjectType"] == 512 and "Application_" in application["ObjectID"]
    assert one("SMS_DistributionStatus", "PackageID = 'PS100015'")["Type"] == 4
    assert one("SMS_DPStatusDetails", "PackageID = 'PS100015'")["MessageState"] == 4
    assert one("SMS_PackageStatusDetailSummarizer", "PackageID = 'PS100015'")["Failed"] == 1
    quoted = nal("cm01").replace("\\", "\\\\")
    where = f"PackageID = 'PS100015' AND NALPath = '{quoted}'"
    assert one("SMS_DPContentInfo", where)["Name"] == "Printer drivers"
