# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Collections: the ladder, rules, guards, waiting, and what each costs."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.configmgr.osd.tests.simulator.objects import Obj
from tests.unit.plugins.plugin_utils._resources.bench import Bench

MODULE = "cm_collection"
BASE: dict[str, t.Any] = {"site_code": "PS1", "name": "OSD - Laboratory"}
NEW: dict[str, t.Any] = {**BASE, "limiting_collection": "All Systems"}
KIOSKS = {"name": "Kiosks", "query": 'select * from SMS_R_System where SMS_R_System.Name like "KIOSK-%"'}


def rows(bench: Bench, name: str = "OSD - Laboratory") -> list[Obj]:
    return [row for row in bench.provider.store.scan("SMS_Collection") if row.get("Name") == name]


def stored(bench: Bench, name: str = "OSD - Laboratory") -> t.Any:
    return [(row.get("Comment"), row.get("LimitToCollectionID"), kept(bench, name)) for row in rows(bench, name)]


def kept(bench: Bench, name: str = "OSD - Laboratory") -> list[str]:
    (row,) = rows(bench, name)
    return sorted(str(rule.get("RuleName")) for rule in row.get("CollectionRules") or ())


def members(bench: Bench, name: str = "OSD - Laboratory") -> list[str]:
    (row,) = rows(bench, name)
    found = bench.provider.store.scan("SMS_FullCollectionMembership")
    return sorted(obj.get("Name") for obj in found if obj.get("CollectionID") == row.get("CollectionID"))


# -- the ladder ------------------------------------------------------------------------------------


def test_create_change_and_delete() -> None:
    bench = Bench()
    full = {
        **NEW,
        "comment": "For tests\nof all kinds",
        "direct": ["LAB-01", {"resource_id": 16778001}, "id:16778002"],
        "queries": [KIOSKS],
        "include": ["OSD - Finance pilot"],
        "exclude": [{"id": "PS100017"}],
        "refresh": "both",
        "refresh_schedule": [{"start": "2025-06-01 22:00", "every": {"days": 7}}],
        "variables": {"Department": "Lab"},
    }
    done = bench.ladder(MODULE, independently=lambda: stored(bench), **full)
    made = done["collection"]
    assert made["kind"] == "collection" and made["planned"] is False and made["written"] is True
    assert made["rules"] == {"direct": 3, "queries": 1, "include": 1, "exclude": 1}
    assert (made["refresh"], made["refresh_schedule"][0]["every"]) == ("both", {"days": 7})
    lab, others = ["LAB-01", "LAB-02", "LAB-03"], ["OSD - Finance pilot", "Windows 10 - in-place upgrade"]
    assert kept(bench) == ["Kiosks", *lab, *others]
    less = {
        **BASE,
        "comment": "",
        "limiting_collection": {"id": "SMSDM003"},
        "direct": ["LAB-02", "LAB-05"],
        "queries": [{"name": "kiosks", "query": "select * from SMS_R_System where Name = 'KIOSK-01'"}],
        "include": [],
        "refresh": "incremental",
        "refresh_schedule": [],
        "variables": {"Department": "Other"},
    }
    done = bench.ladder(MODULE, independently=lambda: stored(bench), **less)
    assert done["collection"]["changed_options"] == [
        "comment", "limiting_collection", "refresh", "refresh_schedule", "include", "queries", "direct", "variables",
    ]  # fmt: skip
    assert kept(bench) == ["LAB-02", "LAB-05", "Windows 10 - in-place upgrade", "kiosks"]
    assert not bench.notes("lazy_blanked", "blanked", "unlisted_change", "duplicate_rule")
    done = bench.ladder(MODULE, **BASE, state="absent")
    assert done["collection"] is None and not rows(bench)


def test_what_each_task_costs() -> None:
    bench = Bench()
    bench.ok(MODULE, **NEW, direct=["LAB-01"])
    # name, limiting collection, device, create, name again, rules, update, read
    assert len(bench.requests) == 8, bench.counted()
    bench.ok(MODULE, **NEW, direct=["LAB-01"])
    assert len(bench.requests) == 3, bench.counted()
    bench.ok(MODULE, **BASE, add_members=["LAB-02"])
    assert len(bench.requests) == 6, bench.counted()
    bench.ok(MODULE, **BASE, add_members=["LAB-02"], wait=True)
    assert not [entry for entry in bench.requests if entry["write"]]
    bench.ok(MODULE, **BASE, remove_members=["LAB-02"])
    assert len(bench.requests) == 6, bench.counted()
    bench.ok(MODULE, **NEW, comment="x")
    assert len(bench.requests) == 4, bench.counted()
    bench.ok(MODULE, **{**NEW, "limiting_collection": "Kiosks"})
    assert len(bench.requests) == 6, bench.counted()
    bench.ok(MODULE, **BASE, state="absent")
    # name, read, advertisements, deployments, dependencies, delete
    assert len(bench.requests) == 6, bench.counted()


def test_a_rename_needs_the_id() -> None:
    bench = Bench()
    made = bench.ok(MODULE, **NEW)["collection"]
    done = bench.ladder(MODULE, site_code="PS1", collection_id=made["collection_id"], name="Renamed")
    assert done["collection"]["changed_options"] == ["name"]
    assert bench.ok(MODULE, site_code="PS1", name="RENAMED")["collection"]["name"] == "Renamed"


# -- rules -----------------------------------------------------------------------------------------


def test_single_members_come_and_go_without_the_list() -> None:
    bench = Bench(collection_delay=0)
    target = {"site_code": "PS1", "name": "OSD - Finance pilot"}
    done = bench.ladder(MODULE, **target, add_members=["LAB-01"])
    assert done["collection"]["changed_options"] == ["add_members"]
    assert len(members(bench, "OSD - Finance pilot")) == 13
    done = bench.ladder(MODULE, **target, remove_members=["lab-01", "FIN-001", "NOT-THERE"])
    assert done["collection"]["changed_options"] == ["remove_members"]
    assert len(members(bench, "OSD - Finance pilot")) == 11


def test_a_rule_of_a_device_that_is_gone_can_be_removed() -> None:
    bench = Bench()
    bench.ok(MODULE, **NEW, direct=["LAB-01"])
    bench.provider.store.remove("SMS_R_System", (16778000,))
    bench.ladder(MODULE, **BASE, remove_members=["LAB-01"])
    assert kept(bench) == []


@pytest.mark.parametrize("answer", ["rewrite", "keep"])
def test_a_query_that_the_site_altered_is_the_same(answer: str) -> None:
    bench = Bench(collection_queries=answer)
    bench.ladder(MODULE, **NEW, queries=[KIOSKS])
    text = " SELECT  ResourceID FROM sms_r_system\nWHERE sms_r_system.NAME LIKE 'KIOSK-%' "
    again = {"name": "KIOSKS", "query": text}
    assert not bench.ok(MODULE, **NEW, queries=[again])["changed"]
    other = {"name": "Kiosks", "query": KIOSKS["query"].replace("KIOSK-%", "kiosk-%")}
    assert bench.ok(MODULE, **NEW, queries=[other], check=True)["changed"]


def test_an_include_is_known_by_its_id_also_after_a_rename() -> None:
    bench = Bench()
    bench.ok(MODULE, **NEW, include=["Kiosks"])
    bench.ok(MODULE, site_code="PS1", collection_id="PS100018", name="Terminals")
    assert not bench.ok(MODULE, **NEW, include=["Terminals"])["changed"]
    bench.ok(MODULE, site_code="PS1", name="Kiosks", limiting_collection="All Systems")
    assert bench.ok(MODULE, **NEW, include=["Kiosks"])["collection"]["changed_options"] == ["include"]


def test_excluding_comes_first_and_deleting_last() -> None:
    bench = Bench()
    bench.ok(MODULE, **NEW, queries=[KIOSKS], exclude=["OSD - Finance"])
    bench.ok(
        MODULE,
        **NEW,
        queries=[{"name": "Kiosks", "query": "select * from SMS_R_System where Client = 1"}],
        exclude=["OSD - Finance pilot"],
    )
    assert bench.writes() == [
        "Invoke DeleteMembershipRules",
        "Invoke AddMembershipRules",
        "Invoke DeleteMembershipRules",
        "Invoke RequestRefresh",
    ]
    assert kept(bench) == ["Kiosks", "OSD - Finance pilot"]


def test_a_bad_query_is_refused_before_anything_is_written() -> None:
    bench = Bench()
    bad = {"name": "x", "query": "select * from SMS_R_System where NoSuchColumn = 1"}
    for name in ("OSD - Laboratory", "OSD - Finance"):
        said = bench.refused(MODULE, site_code="PS1", name=name, limiting_collection="All Systems", queries=[bad])
        assert "queries[0].query" in said and "not valid" in said
    assert not rows(bench)


def test_a_long_list_is_asked_for_in_parts_and_shown_in_short() -> None:
    bench = Bench()
    names = [f"PC-{number}" for number in range(1001, 1107)]
    done = bench.ok(MODULE, **NEW, direct=names, wait=True)
    assert len(members(bench)) == 106 and done["collection"]["rules"]["direct"] == 106
    again = bench.ok(MODULE, **NEW, direct=names[1:], check=True)
    assert "PC-1001" in again["diff"]["before"] and "<105 more that stay>" in again["diff"]["after"]
    assert "PC-1002" not in again["diff"]["before"] and len(again["diff"]["after"]) < 1000
    # name, and two queries for the devices
    assert len([entry for entry in bench.requests if entry["verb"] == "Enumerate"]) == 3, bench.counted()


# -- variables, folder, update ---------------------------------------------------------------------


def test_a_built_in_collection_gets_variables_and_updates_and_nothing_else() -> None:
    bench = Bench()
    target = {"site_code": "PS1", "name": "All Unknown Computers"}
    bench.ladder(MODULE, **target, variables={"OSDLanguage": "en-US"})
    assert bench.ok(MODULE, **target, update="always")["collection"]["update_requested"]
    for more in ({"comment": "x"}, {"add_members": ["LAB-01"]}, {"state": "absent"}, {"refresh": "none"}):
        assert "built in" in bench.refused(MODULE, "gate_refused", **target, **more)
        assert bench.run(MODULE, check=True, **target, **more)["failed"]


def test_an_update_is_requested_as_the_play_says() -> None:
    bench = Bench()
    bench.ok(MODULE, **NEW, direct=["LAB-01"], update="never")
    assert "Invoke RequestRefresh" not in bench.writes()
    done = bench.ok(MODULE, **BASE, update="always", check=True)
    assert done["changed"] and done["collection"]["changed_options"] == []
    done = bench.ok(MODULE, **BASE, update="always")
    assert done["changed"] and bench.writes() == ["Invoke RequestRefresh"] and "requested" in done["msg"]


def test_a_folder_is_made_and_left() -> None:
    bench = Bench()
    bench.ladder(MODULE, **NEW, folder="OSD/Pilot", create_folder=True)
    bench.ladder(MODULE, **NEW, folder="")
    assert "the site has no such folder" in bench.refused(MODULE, **NEW, folder="Elsewhere")


# -- waiting ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", ["evaluate", "wait"])
def test_members_are_waited_for(answer: str) -> None:
    bench = Bench(rule_changes=answer)
    done = bench.ok(MODULE, **NEW, direct=["LAB-01", "LAB-02"], wait=True)
    assert done["collection"]["visible"] is True and members(bench) == ["LAB-01", "LAB-02"]
    assert bench.seconds < 60 and any("0 of 2 members" in line for line in bench.progress)
    done = bench.ok(MODULE, **BASE, remove_members=["LAB-01"], wait=True)
    assert members(bench) == ["LAB-02"]
    done = bench.ok(MODULE, **BASE, direct=["LAB-02"], wait=True)
    assert not done["changed"] and len(bench.requests) == 4, bench.counted()


def test_members_that_never_arrive_are_named() -> None:
    bench = Bench()
    options = {**NEW, "limiting_collection": "Kiosks", "direct": ["LAB-01", "KIOSK-01"], "wait": True}
    failed = bench.run(MODULE, **options, wait_timeout=300)
    assert failed["failed"] and failed["changed"] and failed["error"]["code"] == "wait_timeout"
    assert failed["error"]["detail"]["missing"] == ["LAB-01"] and failed["error"]["detail"]["remaining"] == []
    assert "1 of 2 members" in failed["msg"] and "only members of Kiosks" in failed["msg"]
    assert 290 <= bench.seconds <= 301
    again = bench.run(MODULE, **options, wait_timeout=30)
    assert again["failed"] and not again["changed"] and not bench.writes()


def test_who_was_removed_may_stay_through_another_rule() -> None:
    bench = Bench()
    bench.ok(MODULE, **NEW, direct=["KIOSK-01", "LAB-01"], queries=[KIOSKS], wait=True)
    failed = bench.run(MODULE, **BASE, remove_members=["LAB-01"], wait=True, wait_timeout=1, wait_interval=1)
    assert failed["error"]["detail"]["remaining"] == ["LAB-01"] and failed["changed"]
    done = bench.ok(MODULE, **BASE, remove_members=["LAB-01", "KIOSK-01"], wait=True)
    assert done["collection"]["visible"] and len(members(bench)) == 9 and "KIOSK-01" in members(bench)


def test_an_update_is_waited_for_where_no_member_is_named() -> None:
    bench = Bench()
    done = bench.ok(MODULE, **NEW, queries=[KIOSKS], wait=True)
    assert done["collection"]["member_count"] == 9
    assert bench.ok(MODULE, **NEW, queries=[KIOSKS], wait=True, update="always")["collection"]["member_count"] == 9
    assert bench.ok(MODULE, **NEW, wait=True, direct=["LAB-01"], check=True)["changed"] and bench.progress == []


# -- bad input and guards --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"name": "Nowhere"}, "give limiting_collection"),
        ({"name": "OSD - Finanz"}, "similar names: OSD - Finance"),
        ({"name": "Kiosks", "limiting_collection": "All System"}, "similar names: All Systems"),
        ({"name": "Kiosks", "limiting_collection": "Finance users"}, "is a collection of users"),
        ({"name": "Kiosks", "limiting_collection": "Kiosks", "include": ["Kiosks"]}, "is the collection itself"),
        ({"name": "Finance users"}, "is a collection of users"),
        ({"name": "Finance users", "state": "absent"}, "is a collection of users"),
        ({"collection_id": "PS1FFFFF"}, "the site has no collection with this ID"),
        ({"collection_id": "x"}, "is no collection ID"),
        ({"name": ""}, "must not be empty"),
        ({"name": "Kiosks", "direct": ["KIOSK-99"]}, "similar names: KIOSK-01"),
        ({"name": "Kiosks", "add_members": ["LAB-07"]}, "{resource_id: 16778006}, {resource_id: 16778010}"),
        ({"name": "Kiosks", "add_members": [{"resource_id": 5}]}, "no device with this ResourceID"),
        ({"name": "Kiosks", "add_members": [{"resource_id": "x"}]}, "is no ResourceID"),
        ({"name": "Kiosks", "add_members": [True]}, "must be the name of a device"),
        ({"name": "Kiosks", "add_members": [{"mac": "x"}]}, "must be a name, {name: ...} or {resource_id: ...}"),
        ({"name": "Kiosks", "add_members": ["LAB-01"], "remove_members": ["lab-01"]}, "is in add_members as well"),
        ({"name": "Kiosks", "add_members": ["LAB-01"], "remove_members": ["id:16778000"]}, "remove_members"),
        ({"name": "Kiosks", "direct": [], "add_members": ["LAB-01"]}, "mutually exclusive"),
        ({"name": "Kiosks", "include": ["OSD - Finance"], "exclude": ["OSD - Finance"]}, "is in include as well"),
        ({"name": "Kiosks", "include": ["Nowhere at all"]}, "the site has no collection with this name"),
        ({"name": "Kiosks", "queries": [{"name": "a", "query": "select * from SMS_R_User"}]}, "selects users"),
        ({"name": "Kiosks", "queries": [{"name": "a", "query": "update x"}]}, "must be a WQL query"),
        ({"name": "Kiosks", "queries": [KIOSKS, KIOSKS]}, "is there twice"),
        ({"name": "OSD - Reinstall on request", "refresh": "periodic"}, "needs at least one schedule"),
        ({"name": "Kiosks", "refresh": "none", "refresh_schedule": [{"at": "2025-06-01 22:00"}]}, "has a meaning only"),
        ({"name": "Kiosks", "refresh_schedule": ["as_soon_as_possible"]}, "has schedules only"),
        ({"name": "Kiosks", "wait": True, "wait_timeout": 0}, "must be a positive number of seconds"),
        ({"name": "Kiosks", "variables": {"A": True}}, "quote it"),
    ],
)
def test_bad_input(options: dict[str, t.Any], says: str) -> None:
    bench = Bench()
    for check in (True, False):
        failed = bench.run(MODULE, check=check, site_code="PS1", **options)
        assert failed.get("failed") and not failed["changed"], failed
        assert says in failed["msg"], failed["msg"]
        assert not bench.writes()


def test_an_obsolete_record_does_not_count_beside_a_current_one() -> None:
    bench = Bench()
    bench.ok(MODULE, **NEW, direct=["PC-1003"])
    (rule,) = rows(bench)[0].get("CollectionRules")
    assert rule.get("ResourceID") == 16777602


def test_a_used_collection_is_deleted_by_force_only() -> None:
    bench = Bench()
    target = {"site_code": "PS1", "name": "Windows 10 - in-place upgrade", "state": "absent"}
    bench.ok(MODULE, **NEW, include=["Windows 10 - in-place upgrade"])
    said = bench.refused(MODULE, "gate_refused", **target)
    assert "PS120001" in said and "included in PS10001A (OSD - Laboratory)" in said and "force" in said
    assert bench.run(MODULE, check=True, **target)["error"]["detail"]["included_in"]
    done = bench.ladder(MODULE, **target, force=True)
    assert "by force although" in done["msg"]
    bench.ok(MODULE, site_code="PS1", name="Child", limiting_collection="OSD - Laboratory")
    assert "the limiting collection of" in bench.refused(MODULE, "gate_refused", **BASE, state="absent")
    assert bench.run(MODULE, **BASE, state="absent", force=True)["failed"]


def test_two_of_one_name_are_told_apart_by_the_id() -> None:
    bench = Bench(duplicate_collections="allow")
    bench.provider.create(
        bench.provider.namespace,
        Obj("SMS_Collection", {"Name": "Kiosks", "CollectionType": 2, "LimitToCollectionID": "SMS00001"}),
    )
    assert "PS100018, PS10001A" in bench.refused(MODULE, site_code="PS1", name="Kiosks", comment="x")
    assert bench.ok(MODULE, site_code="PS1", collection_id="PS10001A", comment="x")["changed"]


def test_an_account_manages_what_it_sees() -> None:
    bench = Bench()
    bench.principal = "CORP\\svc-finance"
    said = bench.refused(MODULE, site_code="PS1", name="Kiosks", add_members=["FIN-020"])
    assert "no collection with this name" in said
    target = {"site_code": "PS1", "name": "OSD - Finance pilot"}
    assert "account hides it" in bench.refused(MODULE, "unresolved_reference", **target, add_members=["LAB-01"])
    bench.ladder(MODULE, **target, add_members=["FIN-020"])
    assert "looks absent too" in bench.ok(MODULE, site_code="PS1", name="Kiosks", state="absent")["msg"]
    bench.principal = "CORP\\viewer"
    failed = bench.run(MODULE, **target, remove_members=["FIN-020"])
    assert failed["error"]["code"] == "access_denied" and not failed["changed"]


# -- trouble ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("duplicates", ["refuse", "allow"])
def test_another_play_creates_it_at_the_same_moment(duplicates: str) -> None:
    bench = Bench(duplicate_collections=duplicates)
    real = bench.provider.create
    seen: list[str] = []

    def create(namespace: str, obj: Obj) -> dict[str, t.Any]:
        if not seen:
            seen.append("now")
            real(namespace, obj.copy())
        return real(namespace, obj)

    bench.provider.create = create  # type: ignore[method-assign]
    try:
        done = bench.ok(MODULE, **NEW, direct=["LAB-01"])
    finally:
        del bench.provider.create  # type: ignore[attr-defined]
    assert len(rows(bench)) == 1 and kept(bench) == ["LAB-01"] and bench.warnings
    assert done["collection"]["collection_id"] == "PS10001A"


@pytest.mark.parametrize("executed", [True, False])
@pytest.mark.parametrize("what", ["Create", "AddMembershipRules", "DeleteMembershipRules", "RequestRefresh"])
def test_a_lost_answer_is_settled_by_reading(what: str, executed: bool) -> None:
    bench = Bench()
    options = {**NEW, "direct": ["LAB-01"]}
    if what == "DeleteMembershipRules":
        bench.ok(MODULE, **NEW, direct=["LAB-01", "LAB-02"])
    match = {"verb": "Create"} if what == "Create" else {"method": what}
    bench.tell("/faults", faults=[{**match, "kind": "drop", "when": "after" if executed else "before"}])
    first = bench.run(MODULE, **options)
    if executed or what == "RequestRefresh":
        assert not first.get("failed"), first["msg"]
    else:
        assert first["failed"]
    bench.ok(MODULE, **options)
    assert kept(bench) == ["LAB-01"] and len(rows(bench)) == 1


def test_check_mode_takes_what_earlier_tasks_would_make() -> None:
    bench = Bench()
    planned = [
        {"kind": "device", "name": "NEW-01", "planned": True, "resource_id": None},
        {"kind": "collection", "name": "Planned", "planned": True, "collection_id": None},
    ]
    options = {**BASE, "limiting_collection": "Planned", "direct": ["NEW-01"], "planned": planned, "wait": True}
    done = bench.ok(MODULE, check=True, **options)
    assert done["collection"]["planned"] and done["collection"]["collection_id"] is None
    assert {entry["kind"] for entry in done["unresolved"]} == {"device", "collection"}
    assert "NEW-01" in done["diff"]["after"]
    assert bench.run(MODULE, **options)["failed"]


# -- info ------------------------------------------------------------------------------------------


def test_info_returns_what_the_module_takes() -> None:
    bench = Bench()
    bench.ok(MODULE, **NEW, direct=["LAB-01"], queries=[KIOSKS], exclude=["Kiosks"], variables={"A": "1"}, wait=True)
    bench.provider.ahead(60)
    (found,) = bench.ok(
        "cm_collection_info", site_code="PS1", name="OSD - Laboratory", gather=["rules", "members", "variables"]
    )["collections"]
    assert len(bench.requests) == 6, bench.counted()
    assert found["exclude"] == ["Kiosks"] and found["direct"] == [{"name": "LAB-01", "resource_id": 16778000}]
    assert found["variables"] == [{"name": "A", "value": "1", "masked": False}]
    assert [item["name"] for item in found["members"]] == ["LAB-01"] and found["members_truncated"] is False
    back = {name: found[name] for name in ("name", "limiting_collection", "direct", "queries", "exclude", "refresh")}
    back["direct"] = [{"resource_id": item["resource_id"]} for item in found["direct"]]
    assert not bench.ok(MODULE, site_code="PS1", **back)["changed"]


def test_info_is_bounded_and_can_be_empty() -> None:
    bench = Bench()
    every = bench.ok("cm_collection_info", site_code="PS1")["collections"]
    assert len(every) == 12 and len(bench.requests) == 2
    (found,) = bench.ok(
        "cm_collection_info", site_code="PS1", collection_id="PS100015", gather=["members"], max_members=10
    )["collections"]
    assert len(found["members"]) == 10 and found["members_truncated"] is True and found["member_count"] == 84
    assert bench.ok("cm_collection_info", site_code="PS1", name="Nowhere")["collections"] == []
    assert "is no collection ID" in bench.refused("cm_collection_info", site_code="PS1", collection_id="x")


@pytest.mark.parametrize(
    ("fault", "code"), [({"kind": "denied"}, "access_denied"), ({"kind": "http", "status": 503}, "server_busy")]
)
def test_a_query_that_cannot_be_checked_is_not_called_wrong(fault: dict[str, t.Any], code: str) -> None:
    bench = Bench()
    bench.tell("/faults", faults=[{**fault, "method": "ValidateQuery"}])
    result = bench.run(MODULE, **NEW, queries=[KIOSKS])
    assert result["error"]["code"] == code and not result["changed"] and "queries[0].query" in result["msg"]


def test_rules_that_were_written_without_an_evaluation_are_not_forgotten() -> None:
    bench = Bench(rule_changes="wait")
    bench.ok(MODULE, **NEW)
    bench.tell("/faults", faults=[{"kind": "failure", "method": "RequestRefresh", "description": "no"}])
    result = bench.run(MODULE, **BASE, add_members=["LAB-01"])
    assert result["changed"] and "run the task once with update: always" in result["msg"]
    assert not bench.ok(MODULE, **BASE, add_members=["LAB-01"])["changed"]
    done = bench.ok(MODULE, **BASE, add_members=["LAB-01"], update="always", wait=True)
    assert done["changed"] and done["collection"]["visible"]


@pytest.mark.parametrize(("when", "code"), [("after", None), ("before", "outcome_unknown")])
def test_a_lost_answer_to_the_request_of_an_evaluation(when: str, code: str | None) -> None:
    bench = Bench(rule_changes="wait")
    bench.ok(MODULE, **NEW)
    # A new one is evaluated anyway; only then is nothing due.
    bench.provider.ahead(60)
    bench.ok(MODULE, **NEW)
    bench.tell("/faults", faults=[{"kind": "drop", "when": when, "method": "RequestRefresh"}])
    result = bench.run(MODULE, **BASE, update="always")
    assert result["changed"] and (result.get("error") or {}).get("code") == code
