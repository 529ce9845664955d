# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Collections of the simulated site: rules, members on the clock, who may not be deleted."""

from __future__ import annotations

import functools
import typing as t

import pytest
import yaml
from ansible_collections.configmgr.osd.tests.simulator import seeds
from ansible_collections.configmgr.osd.tests.simulator.objects import Obj, ProviderError
from ansible_collections.configmgr.osd.tests.simulator.provider import Site
from ansible_collections.configmgr.osd.tests.simulator.rules import membership

COLLECTION = "SMS_Collection"


@functools.lru_cache(maxsize=1)
def _site() -> Site:
    return Site("contoso")


@pytest.fixture
def site() -> Site:
    _site().reset("contoso")
    return _site()


def make(site: Site, name: str = "Lab", **more: t.Any) -> str:
    props = {"Name": name, "CollectionType": 2, "LimitToCollectionID": "SMS00001", "RefreshType": 1, **more}
    return str(site.create(site.namespace, Obj(COLLECTION, props))["CollectionID"])


def row(site: Site, collection_id: str) -> Obj:
    return site.get(site.namespace, COLLECTION, {"CollectionID": collection_id})


def call(site: Site, collection_id: str, method: str, **params: t.Any) -> dict[str, t.Any]:
    return site.invoke(site.namespace, COLLECTION, method, {"CollectionID": collection_id}, params)


def query_rule(text: str, name: str = "rule") -> Obj:
    return Obj(membership.QUERY, {"RuleName": name, "QueryExpression": text})


def direct(resource_id: int) -> Obj:
    return Obj(membership.DIRECT, {"RuleName": "x", "ResourceClassName": "SMS_R_System", "ResourceID": resource_id})


def members(site: Site, collection_id: str) -> list[str]:
    text = f"SELECT ResourceID, Name FROM SMS_FullCollectionMembership WHERE CollectionID = '{collection_id}'"
    return sorted(obj.get("Name") for obj in site.query(site.namespace, text).objs)


def test_every_count_in_the_seed_is_the_number_of_members(site: Site) -> None:
    counted = {obj.get("CollectionID"): obj.get("MemberCount") for obj in site.store.scan(COLLECTION)}
    for collection_id, count in counted.items():
        if site.store.peek(COLLECTION, (collection_id,)).get("CollectionType") == 2:  # type: ignore[union-attr]
            assert len(members(site, collection_id)) == count
    text = (seeds.FOLDER / "contoso.yml").read_text(encoding="utf-8")
    for item in yaml.safe_load(text)["objects"][COLLECTION]:
        assert counted[item["CollectionID"]] == item.get("MemberCount", 0), item["Name"]
    assert (counted["SMS00001"], counted["SMS000US"], counted["SMSDM003"]) == (412, 2, 398)


def test_members_follow_a_rule_after_the_delay(site: Site) -> None:
    own = make(site)
    assert row(site, own).get("CurrentStatus") == 5
    site.ahead(15)
    assert row(site, own).get("CurrentStatus") == 1
    answer = call(site, own, "AddMembershipRules", collectionRules=[
        direct(16778000), query_rule('select * from SMS_R_System where SMS_R_System.Name like "KIOSK-0[1-3]"')])
    assert answer["QueryIDs"][0] == 0 and answer["QueryIDs"][1] > 0
    assert members(site, own) == []
    site.ahead(14)
    assert members(site, own) == []
    site.ahead(1)
    assert members(site, own) == ["KIOSK-01", "KIOSK-02", "KIOSK-03", "LAB-01"]
    assert row(site, own).get("MemberCount") == 4


def test_a_change_may_wait_for_a_request(site: Site) -> None:
    site.switches.update({"rule_changes": "wait", "collection_delay": 0})
    own = make(site)
    call(site, own, "AddMembershipRule", collectionRule=direct(16778000))
    site.ahead(1000)
    assert members(site, own) == []
    call(site, own, "RequestRefresh")
    assert members(site, own) == ["LAB-01"]


def test_include_exclude_and_limit_are_computed_and_followed(site: Site) -> None:
    site.switches.update({"collection_delay": 0})
    parent = make(site, "Kiosks and lab", LimitToCollectionID="SMSDM003")
    call(site, parent, "AddMembershipRules", collectionRules=[
        direct(16778000), Obj(membership.INCLUDE, {"RuleName": "Kiosks", "IncludeCollectionID": "PS100018"})])
    assert members(site, parent) == [f"KIOSK-{n:02d}" for n in range(1, 10)]
    child = make(site, "Child", LimitToCollectionID=parent)
    call(site, child, "AddMembershipRule", collectionRule=query_rule("select * from SMS_R_System"))
    assert len(members(site, child)) == 9
    out = make(site, "Out")
    call(site, out, "AddMembershipRule", collectionRule=direct(16777400))
    call(site, parent, "AddMembershipRule",
         collectionRule=Obj(membership.EXCLUDE, {"RuleName": "Out", "ExcludeCollectionID": out}))
    assert "KIOSK-01" not in members(site, parent) and "KIOSK-01" not in members(site, child)
    found = site.query(site.namespace, f"SELECT * FROM SMS_CollectionDependencies WHERE SourceCollectionID = '{out}'")
    assert [(obj.get("DependentCollectionID"), obj.get("RelationshipType")) for obj in found.objs] == [(parent, 3)]


def test_a_query_rule_is_rewritten_checked_and_deleted_by_its_id(site: Site) -> None:
    own = make(site)
    call(site, own, "AddMembershipRule", collectionRule=query_rule("select * from SMS_R_System where Client = 1"))
    (rule,) = row(site, own).get("CollectionRules")
    assert rule.get("QueryExpression").startswith("select SMS_R_SYSTEM.ResourceID,")
    with pytest.raises(ProviderError):
        call(site, own, "DeleteMembershipRule", collectionRule=query_rule(rule.get("QueryExpression")))
    call(site, own, "DeleteMembershipRule", collectionRule=rule)
    assert row(site, own).get("CollectionRules") is None
    for text, good in (("select * from SMS_R_System where Nam = 'x'", False), ("drop table", False),
                       ("select * from SMS_Package", False), ("select * from SMS_R_System where Name = 'x'", True),
                       ("select SMS_R_System.Name from SMS_R_System inner join SMS_G_System_CS on 1=1", True)):
        answer = site.invoke(site.namespace, membership.QUERY, "ValidateQuery", None, {"WQLQuery": text})
        assert answer["ReturnValue"] is good, text


def test_what_cannot_be(site: Site) -> None:
    for more in ({"Name": "Kiosks"}, {"LimitToCollectionID": None}, {"LimitToCollectionID": "PS100019"},
                 {"CollectionType": 0}):
        with pytest.raises(ProviderError):
            make(site, **more)
    own = make(site)
    child = make(site, "Child", LimitToCollectionID=own)
    for rule in (direct(1), Obj(membership.INCLUDE, {"RuleName": "x", "IncludeCollectionID": child}),
                 Obj(membership.INCLUDE, {"RuleName": "x", "IncludeCollectionID": "PS199999"})):
        with pytest.raises(ProviderError):
            call(site, own, "AddMembershipRule", collectionRule=rule)
    for name in (own, "SMS00001"):
        with pytest.raises(ProviderError):
            site.delete(site.namespace, COLLECTION, {"CollectionID": name})
    with pytest.raises(ProviderError):
        call(site, "SMS00001", "AddMembershipRule", collectionRule=direct(16778000))


def test_a_delete_takes_members_deployments_and_rules_along(site: Site) -> None:
    site.switches.update({"collection_delay": 0})
    own = make(site)
    call(site, own, "AddMembershipRule",
         collectionRule=Obj(membership.INCLUDE, {"RuleName": "x", "IncludeCollectionID": "PS100017"}))
    assert len(members(site, own)) == 47
    site.delete(site.namespace, COLLECTION, {"CollectionID": "PS100017"})
    assert members(site, own) == [] and members(site, "PS100017") == []
    assert site.store.peek("SMS_Advertisement", ("PS120001",)) is None
    assert row(site, own).get("CollectionRules") is None


def test_an_account_sees_its_collections_and_their_members(site: Site) -> None:
    with site.acting("CORP\\svc-finance"):
        names = [obj.get("Name") for obj in site.query(site.namespace, "SELECT Name FROM SMS_Collection").objs]
        assert sorted(names) == ["OSD - Finance", "OSD - Finance pilot"]
        assert len(site.query(site.namespace, "SELECT Name FROM SMS_R_System").objs) == 84
        assert len(site.query(site.namespace, "SELECT Name FROM SMS_FullCollectionMembership").objs) == 96


def test_a_device_that_is_gone_leaves_and_a_new_one_comes_to_incremental_collections(site: Site) -> None:
    site.store.remove("SMS_R_System", (16777400,))
    membership.devices_changed(site)
    assert "KIOSK-01" not in members(site, "PS100018")
    assert row(site, "PS100018").get("MemberCount") == 8
    site.store.save(Obj("SMS_R_System", {"ResourceID": 16779000, "Name": "KIOSK-99"}))
    membership.devices_changed(site)
    membership.add_direct(site, "PS100016", 16779000, "KIOSK-99")
    assert "KIOSK-99" not in members(site, "SMS00001")
    site.ahead(15)
    assert "KIOSK-99" in members(site, "SMS00001") and members(site, "PS100016") == ["KIOSK-99"]
