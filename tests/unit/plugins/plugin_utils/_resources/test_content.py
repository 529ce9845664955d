# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""cm_content against the simulated site."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.catalogue import Catalogue
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.client import CimClient
from ansible_collections.configmgr.osd.plugins.plugin_utils._errors import ServerFault
from ansible_collections.configmgr.osd.plugins.plugin_utils._wsman.client import WsmanClient
from ansible_collections.configmgr.osd.plugins.plugin_utils._wsman.transport import HttpStatus
from ansible_collections.configmgr.osd.tests.simulator.exchange import SOAP_TYPE
from ansible_collections.configmgr.osd.tests.simulator.journal import Entry
from ansible_collections.configmgr.osd.tests.simulator.objects import Dt

from .bench import ACCOUNT, Bench

DESKTOP = "Windows 11 - Standard desktop"
FINANCE = "Finance - Applications"
BRANCHES = {"distribution_point_groups": ["Branch offices"]}
STATUS = "SMS_PackageStatusDistPointsSummarizer"


class Direct:
    """A connection without any module in front of it."""

    def __init__(self, bench: Bench) -> None:
        self.front = bench.front

    def send(self, body: bytes, *, timeout: float) -> bytes:
        reply = self.front.handle(Entry(port="main", connection=1, principal=ACCOUNT, login=1), SOAP_TYPE, body)
        if reply.status != 200:
            raise HttpStatus(reply.status, reply.body)
        return reply.body


def where(bench: Bench, package_id: str) -> dict[str, int]:
    """Return the state by the first part of the server's name, from the store itself."""
    bench.provider.get("root/sms", "SMS_ProviderLocation", {"SiteCode": "PS1"})
    rows = [row for row in bench.provider.store.scan(STATUS) if row.get("PackageID") == package_id]
    return {str(row.get("ServerNALPath")).split("\\\\")[-1].split(".")[0]: row.get("State") for row in rows}


def held(bench: Bench, group: str = "0002}") -> set[str]:
    rows = bench.provider.store.scan("SMS_DPGroupPackages")
    return {str(row.get("PkgID")) for row in rows if str(row.get("GroupID")).endswith(group)}


def queries(bench: Bench, class_name: str) -> list[str]:
    return [str(e["query"]) for e in bench.requests if e["verb"] == "Enumerate" and class_name in str(e["query"])]


def test_everything_that_a_task_sequence_refers_to_goes_to_a_group() -> None:
    bench = Bench()
    options = {"task_sequence": DESKTOP, "site_code": "PS1", **BRANCHES}
    done = bench.ladder("cm_content", independently=lambda: held(bench), **options)
    wanted = {"PS100002", "PS100005", "PS100010", "PS100012", "PS100020"}
    assert held(bench) == wanted
    assert {entry["package_id"] for entry in done["content"]["distributed"]} == wanted
    assert done["content"]["counts"] == {"wanted": 10, "installed": 0, "failed": 0, "pending": 10}
    assert "Boot image (x64) (PS100005) on group Branch offices" in done["diff"]["after"]
    assert done["msg"] == "5 orders to distribute were given."
    # The second run: one query each for object, references, versions, groups, members, what is held and status; steps.
    assert len([e for e in bench.requests if e["verb"] != "Pull"]) == 8
    assert len(bench.requests) == 13
    assert bench.notes("method_without_effect", "default_not_sent", "task_sequence_distributed") == []


def test_counts_of_the_first_run() -> None:
    bench = Bench()
    bench.ok("cm_content", task_sequence=DESKTOP, site_code="PS1", **BRANCHES)
    assert [e for e in bench.counted() if not e.startswith("Pull")] == [
        "Enumerate SMS_TaskSequencePackage", "Enumerate SMS_TaskSequencePackageReference_Flat",
        "Enumerate SMS_PackageBaseclass", "Enumerate SMS_DistributionPointGroup", "Enumerate SMS_DPGroupMembers",
        "Get SMS_TaskSequencePackage", f"Enumerate {STATUS}", "Enumerate SMS_DPGroupPackages", "Invoke AddPackages",
        "Enumerate SMS_DPGroupPackages", f"Enumerate {STATUS}",
    ]  # fmt: skip
    assert bench.writes() == ["Invoke AddPackages"]
    assert len(bench.requests) == 17


def test_one_object_goes_to_points_and_only_where_it_is_not() -> None:
    bench = Bench()
    points = ["dp-north", "DP-SOUTH.corp.contoso.com", "\\\\cm01"]
    done = bench.ladder("cm_content", package="Monitoring Agent", distribution_points=points)
    assert where(bench, "PS100010") == {"cm01": 0, "dp-north": 1, "dp-south": 1}
    assert [entry["distribution_point"] for entry in done["content"]["distributed"]] == [
        "dp-north.corp.contoso.com", "dp-south.corp.contoso.com"]  # fmt: skip


@pytest.mark.parametrize(
    ("option", "value", "package_id"),
    [
        ("boot_image", "Boot image (x64)", "PS100005"),
        ("os_image", {"id": "PS100020"}, "PS100020"),
        ("os_upgrade_package", "Windows 11 24H2 upgrade", "PS100023"),
        ("driver_package", "id:PS100032", "PS100032"),
        ("application", "Contoso VPN", "PS100050"),
        ("content", "id:PS100011", "PS100011"),
    ],
)
def test_every_kind_of_object_can_be_distributed(option: str, value: t.Any, package_id: str) -> None:
    bench = Bench()
    done = bench.ok("cm_content", **{option: value}, distribution_points=["dp-north"])
    assert done["changed"] and where(bench, package_id)["dp-north"] == 1
    (shown,) = done["content"]["objects"]
    assert shown["package_id"] == package_id


def test_children_and_applications_are_part_of_it() -> None:
    bench = Bench()
    steps = [{"name": "More", "type": "run_task_sequence", "task_sequence": FINANCE}]
    bench.ok("cm_task_sequence", name="Parent", steps=steps)
    done = bench.ok("cm_content", check=True, task_sequence="Parent", distribution_points=["dp-north"])
    assert {item["package_id"]: item["kind"] for item in done["content"]["objects"]} == {
        "PS100011": "package", "PS100019": "package", "PS100050": "application"}  # fmt: skip
    assert bench.counted().count("Get SMS_TaskSequencePackage") == 2, "the steps of the child are looked at as well"


def test_the_groups_of_a_collection() -> None:
    bench = Bench()
    done = bench.ok("cm_content", package="OSD Scripts", collection="OSD - Finance")
    assert held(bench) == {"PS100012"}
    assert done["content"]["distributed"][0]["distribution_point_group"] == "Branch offices"
    message = bench.refused("cm_content", "unresolved_reference", package="OSD Scripts", collection="Kiosks")
    assert "no distribution point group is associated" in message


def test_a_point_that_a_group_brings_gets_no_order_of_its_own() -> None:
    bench = Bench()
    bench.ok("cm_content", package="OSD Scripts", distribution_points=["dp-north"], **BRANCHES)
    assert bench.writes() == ["Invoke AddPackages"]


@pytest.mark.parametrize("leaving", [False, True])
def test_a_member_of_a_group_that_lost_the_content_gets_it_again(leaving: bool) -> None:
    """The group holds the object, but somebody took it off one of its points: no wait would ever end."""
    bench = Bench()
    options = {"package": "OSD Scripts", "site_code": "PS1"}
    bench.ok("cm_content", **options, **BRANCHES, wait=True)
    bench.ok("cm_content", **options, distribution_points=["dp-north"], state="absent", wait=not leaving)
    planned = bench.ok("cm_content", check=True, **options, **BRANCHES)
    done = bench.ok("cm_content", **options, **BRANCHES, wait=True)
    assert done["diff"] == planned["diff"]
    assert bench.writes() == ["Invoke AddDistributionPoints"]
    assert [found["distribution_point"] for found in done["content"]["distributed"]] == ["dp-north.corp.contoso.com"]
    assert done["content"]["counts"]["installed"] == 2
    assert not bench.ok("cm_content", **options, **BRANCHES)["changed"]


def test_waiting_until_it_is_everywhere() -> None:
    bench = Bench()
    done = bench.ok("cm_content", task_sequence=DESKTOP, wait=True, wait_interval=15, **BRANCHES)
    assert done["content"]["counts"] == {"wanted": 10, "installed": 10, "failed": 0, "pending": 0}
    assert bench.progress == ["site: waiting for content: 0 of 10 installed, 0 failed"]
    assert 60 <= bench.seconds < 150
    again = bench.ok("cm_content", task_sequence=DESKTOP, wait=True, **BRANCHES)
    assert not again["changed"] and len(queries(bench, STATUS)) == 1, "what was read before is good enough"


def test_a_look_without_news_is_one_request() -> None:
    bench = Bench(content_delay=100000)
    result = bench.run("cm_content", task_sequence=DESKTOP, wait=True, wait_timeout=120, **BRANCHES)
    assert result["error"]["code"] == "wait_timeout" and result["changed"]
    assert result["error"]["detail"]["pairs"][0]["state"] == "install_pending"
    looks = [e for e in bench.requests if STATUS in str(e["query"])]
    later = [e for e in looks if "SummaryDate" in str(e["query"])]
    pulls = [e for e in bench.requests if e["verb"] == "Pull" and e["class"] == STATUS]
    assert len(later) >= 3
    assert len(pulls) == 2, "what was read before the order, and the first look of the wait"


def test_content_that_fails_on_one_of_three_points() -> None:
    bench = Bench(content_fails="PS100010@dp-south*")
    options = {"package": "Monitoring Agent", "distribution_points": ["cm01", "dp-north", "dp-south"]}
    result = bench.run("cm_content", wait=True, **options)
    assert result["error"]["code"] == "content_failed" and result["changed"]
    assert "2 of 3 installed" in result["msg"] and "message 2302" in result["msg"]
    (pair,) = result["error"]["detail"]["pairs"]
    assert (pair["distribution_point"], pair["state"]) == ("dp-south.corp.contoso.com", "install_failed")
    untouched = bench.ok("cm_content", redistribute="never", **options)
    assert not untouched["changed"] and untouched["content"]["counts"]["failed"] == 1
    bench.tell("/switches", content_fails="")
    done = bench.ladder("cm_content", **options)
    assert [entry["distribution_point"] for entry in done["content"]["sent_again"]] == ["dp-south.corp.contoso.com"]
    done = bench.ok("cm_content", wait=True, **options)
    assert not done["changed"] and done["content"]["counts"]["installed"] == 3


def test_what_was_sent_again_is_not_taken_for_done() -> None:
    bench = Bench()
    options = {"package": "Monitoring Agent", "distribution_points": ["cm01"], "redistribute": "always"}
    bench.seconds = 0
    done = bench.ok("cm_content", wait=True, **options)
    assert done["changed"] and bench.seconds >= 60, "the row that said installed before the order proves nothing"
    assert bench.ok("cm_content", **options)["changed"], "always means every time"
    assert bench.writes() == ["Put SMS_DistributionPoint"]
    assert bench.notes("lazy_blanked", "blanked", "unlisted_change") == []


def test_a_group_sends_again_with_one_call_per_object() -> None:
    bench = Bench()
    bench.ok("cm_content", package="OSD Scripts", wait=True, **BRANCHES)
    done = bench.ok("cm_content", package="OSD Scripts", redistribute="always", wait=True, **BRANCHES)
    assert bench.writes() == ["Invoke ReDistributePackage"]
    assert done["content"]["counts"]["installed"] == 2


def test_a_refresh_reaches_every_point_and_waits_for_the_new_version() -> None:
    bench = Bench()
    done = bench.ok("cm_content", package="Monitoring Agent", refresh=True, wait=True)
    assert bench.writes() == ["Invoke RefreshPkgSource"]
    (item,) = done["content"]["objects"]
    assert item["distribution_points"] == [
        {"name": "cm01.corp.contoso.com", "state": "installed", "source_version": 2}]  # fmt: skip
    assert bench.seconds >= 60
    everything = bench.ok("cm_content", task_sequence=DESKTOP, refresh=True)
    assert len(bench.writes()) == 5 == len(everything["content"]["refreshed"])
    methods = {(e["class"], e["method"]) for e in bench.requests if e["write"]}
    classes = ("SMS_Package", "SMS_BootImagePackage", "SMS_ImagePackage")
    assert methods == {(name, "RefreshPkgSource") for name in classes}
    assert bench.front.journal.view(0)["fatal"] == 0 and bench.notes("forbidden_method") == []
    check = bench.ok("cm_content", check=True, package="Monitoring Agent", refresh=True, wait=True)
    assert check["changed"] and "source files read again" in check["diff"]["after"]


def test_points_verify_what_they_have() -> None:
    bench = Bench()
    options = {"package": "Monitoring Agent", "distribution_points": ["cm01", "dp-north"], "verify": True}
    planned = bench.ok("cm_content", check=True, **options)
    done = bench.ok("cm_content", **options)
    assert done["diff"] == planned["diff"] and "on cm01.corp.contoso.com: files verified" in done["diff"]["after"]
    assert bench.writes() == ["Invoke AddDistributionPoints", "Invoke VerifyPackage"]
    assert [entry["distribution_point"] for entry in done["content"]["verified"]] == ["cm01.corp.contoso.com"]
    assert where(bench, "PS100010") == {"cm01": 8, "dp-north": 1}


def test_a_task_sequence_itself_is_never_refreshed() -> None:
    bench = Bench()
    for check in (True, False):
        message = bench.refused("cm_content", check=check, content="id:PS100041", refresh=True)
        assert "has no content of its own" in message
    assert bench.ok("cm_content", task_sequence="Lab - Scratch 2", state="absent", **BRANCHES)["changed"] is False
    assert bench.notes("forbidden_method") == []


def test_the_site_makes_a_refreshed_task_sequence_a_fatal_matter() -> None:
    bench = Bench()
    wsman = WsmanClient(Direct(bench), operation_timeout=60.0)
    client = CimClient(wsman, Catalogue.load(), "root/sms/site_PS1")
    with pytest.raises(ServerFault, match="inoperable"):
        client.invoke("SMS_TaskSequencePackage", "RefreshPkgSource", {}, keys={"PackageID": "PS100041"})
    assert bench.front.journal.view(0)["fatal"] == 1 and bench.notes("forbidden_method")[0]["fatal"]


def test_removal_leaves_what_others_need() -> None:
    bench = Bench(content_delay=0)
    # Another sequence with the same boot image.
    bench.ok("cm_task_sequence", name="Other", boot_image="Boot image (x64)", steps=[])
    bench.ok("cm_content", task_sequence=DESKTOP, wait=True, **BRANCHES)
    done = bench.ladder("cm_content", task_sequence=DESKTOP, state="absent", **BRANCHES)
    assert held(bench) == {"PS100005"}
    (kept,) = done["content"]["kept"]
    assert (kept["package_id"], len(kept["task_sequences"])) == ("PS100005", 1) and "Kept" in done["msg"]
    bench.ok("cm_content", task_sequence=DESKTOP, state="absent", shared="remove", **BRANCHES)
    assert held(bench) == set()


def test_removal_from_points_waits_until_it_is_gone() -> None:
    bench = Bench()
    options = {"package": "Monitoring Agent", "distribution_points": ["cm01"], "state": "absent"}
    bench.ladder("cm_content", **options)
    assert where(bench, "PS100010") == {"cm01": 4}
    done = bench.ok("cm_content", wait=True, **options)
    assert not done["changed"] and where(bench, "PS100010") == {}, "a rerun waits for what is still on its way off"
    assert bench.progress == ["site: waiting for content to be removed: 0 of 1 removed, 0 failed"]
    # On its way off is not there, so it is distributed again.
    bench.ok("cm_content", package="Monitoring Agent", distribution_points=["cm01"], wait=True)
    assert where(bench, "PS100010") == {"cm01": 0}
    missing = bench.ok("cm_content", task_sequence="Not there", state="absent", **BRANCHES)
    assert not missing["changed"] and "was not found" in missing["msg"]


def test_steps_whose_content_no_reference_names() -> None:
    bench = Bench()
    steps = [
        {"name": "Drivers", "type": "auto_apply_drivers"},
        {"name": "Group", "steps": [
            {"name": "Apps", "type": "install_application", "base_variable": "APP"},
            {"name": "Off", "type": "install_software_updates", "target": "all", "enabled": False}]},
        {"name": "Packages", "type": "install_package", "base_variable": "PKG"},
        {"name": "Updates", "type": "install_software_updates", "target": "mandatory"},
        {"name": "Fonts", "type": "install_package", "package": "Corporate Fonts", "program": "Install fonts"},
    ]  # fmt: skip
    bench.ok("cm_task_sequence", name="Dynamic", steps=steps)
    done = bench.ok("cm_content", task_sequence="Dynamic", **BRANCHES)
    assert [entry["step"] for entry in done["content"]["unlisted"]] == [
        "Drivers", "Group / Apps", "Packages", "Updates"]  # fmt: skip
    (warning,) = bench.warnings
    assert "APP001" in warning and "PKG001" in warning and "hardware" in warning and "software updates" in warning
    bench.ok("cm_content", task_sequence="Dynamic", check_steps=False, **BRANCHES)
    assert bench.warnings == [] and "Get SMS_TaskSequencePackage" not in bench.counted()


def test_bad_input_names_what_there_is() -> None:
    bench = Bench()
    targets = {"distribution_points": ["dp-west", "dp-north"], "distribution_point_groups": ["Nowhere"]}
    message = bench.refused("cm_content", "unresolved_reference", package="OSD Scripts", **targets)
    assert "distribution_points[0] (dp-west)" in message and "dp-south.corp.contoso.com" in message
    assert "distribution_point_groups[0] (Nowhere)" in message and "All points, Being built, Branch offices" in message
    assert "no collection with this name" in bench.refused(
        "cm_content", "unresolved_reference", package="OSD Scripts", collection="Nobody")  # fmt: skip
    for options, part in (
        ({"package": "OSD Scripts"}, "say where"),
        ({"package": "OSD Scripts", "state": "absent", "refresh": True}, "cannot go with state: absent"),
        ({"package": "OSD Scripts", "state": "absent", "verify": True, **BRANCHES}, "verify (true)"),
        ({"package": "OSD Scripts", "state": "absent", "redistribute": "always", **BRANCHES}, "redistribute (always)"),
        ({"package": "OSD Scripts", "wait": True, "wait_interval": 0, **BRANCHES}, "wait_interval"),
        ({"package": "OSD Scripts", "task_sequence": DESKTOP, **BRANCHES}, "mutually exclusive"),
        (BRANCHES, "one of the following is required"),
    ):
        assert part in bench.refused("cm_content", **options)
    assert bench.requests == []
    assert "no task sequence with this name" in bench.refused(
        "cm_content", "unresolved_reference", task_sequence="Not there", **BRANCHES)  # fmt: skip


def test_what_is_only_planned_and_what_has_no_files() -> None:
    bench = Bench()
    planned = bench.ok("cm_task_sequence", check=True, name="New", steps=[])["task_sequence"]
    done = bench.ok("cm_content", check=True, task_sequence="New", planned=[planned], wait=True, **BRANCHES)
    assert done["changed"] and done["content"]["planned"] and "not known before the run" in done["msg"]
    bench.ok("cm_package", name="Only programs")
    done = bench.ok("cm_content", package="Only programs", **BRANCHES)
    assert not done["changed"] and "Without source files" in done["msg"]
    done = bench.ok("cm_content", task_sequence="Windows 11 - in-place upgrade", **BRANCHES)
    assert not done["changed"] and "refers to no content" in done["msg"]
    bench.ok("cm_content", package="OSD Scripts", distribution_point_groups=["Being built"])
    assert "has no members" in bench.warnings[0]


@pytest.mark.parametrize(
    ("method", "code", "options"),
    [
        ("AddPackages", "not_as_written", {"package": "OSD Scripts", **BRANCHES}),
        ("AddDistributionPoints", "not_as_written", {"package": "OSD Scripts", "distribution_points": ["dp-north"]}),
        # The site counts up later, so that it has not yet decides nothing.
        ("RefreshPkgSource", "outcome_unknown", {"package": "OSD Scripts", "refresh": True}),
    ],
)
def test_a_lost_answer_is_decided_by_looking(method: str, code: str, options: dict[str, t.Any]) -> None:
    bench = Bench()
    bench.tell("/faults", faults=[{"kind": "drop", "when": "after", "method": method}])
    assert bench.ok("cm_content", **options)["changed"]
    bench = Bench()
    bench.tell("/faults", faults=[{"kind": "drop", "when": "before", "method": method}])
    result = bench.run("cm_content", **options)
    assert result["error"]["code"] == code and ("run the task again" in result["msg"]) == (code == "not_as_written")
    assert bench.ok("cm_content", **options)["changed"], "the rerun continues from there"


def test_a_site_that_restarts_is_waited_for() -> None:
    bench = Bench()
    outage = {"kind": "drop", "when": "before", "verb": "Enumerate", "class": STATUS, "at": 3, "times": 6}
    bench.tell("/faults", faults=[outage])
    done = bench.ok("cm_content", package="OSD Scripts", wait=True, wait_interval=15, **BRANCHES)
    assert done["content"]["counts"]["installed"] == 2
    assert "site: waiting for content: the site does not answer" in bench.progress


def test_a_path_with_backslashes_and_quotes_is_a_key_that_works() -> None:
    bench = Bench()
    bench.ok("cm_content", package="Monitoring Agent", distribution_points=["dp-north"], wait=True)
    bench.ok("cm_content", package="Monitoring Agent", distribution_points=["dp-north"], state="absent")
    (delete,) = [e for e in bench.requests if e["verb"] == "Delete"]
    assert delete["keys"]["ServerNALPath"].startswith('["Display=\\\\dp-north.corp.contoso.com\\"]MSWNET:')


def test_a_collection_that_is_only_planned_has_no_groups_yet() -> None:
    bench = Bench()
    planned = [{"kind": "collection", "name": "Tomorrow", "planned": True}]
    done = bench.ok("cm_content", check=True, package="OSD Scripts", collection="Tomorrow", planned=planned)
    assert not done["changed"] and "not there yet" in done["msg"]


def test_a_row_that_is_dated_wrongly_is_seen_by_the_next_full_look(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(content_delay=1000000)
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        bench.seconds += seconds
        for row in bench.provider.store.rows(STATUS) if len(pauses) == 3 else ():
            row.props.update({"State": 0, "SourceVersion": 1, "SummaryDate": Dt("20200101000000.000000+***")})
            bench.provider.store.save(row)

    monkeypatch.setattr(bench, "pause", pause)
    done = bench.ok("cm_content", package="OSD Scripts", wait=True, **BRANCHES)
    assert done["content"]["counts"]["installed"] == 2 and len(pauses) == 10


@pytest.mark.parametrize("switches", [{"projection": "refuse"}, {"wql_doubled_quote": "refuse"}, {"content_delay": 0}])
def test_sites_that_differ(switches: dict[str, t.Any]) -> None:
    bench = Bench(**switches)
    done = bench.ok("cm_content", task_sequence=FINANCE, distribution_points=["dp-north"], wait=True, **BRANCHES)
    assert done["content"]["counts"]["installed"] == done["content"]["counts"]["wanted"] == 6
    assert not bench.ok("cm_content", task_sequence=FINANCE, **BRANCHES)["changed"]


@pytest.mark.parametrize("options", [{"distribution_points": ["cm01"]}, BRANCHES])
@pytest.mark.parametrize(("when", "code"), [("after", None), ("before", "outcome_unknown")])
def test_a_lost_answer_to_an_order_to_send_again(options: dict[str, t.Any], when: str, code: str | None) -> None:
    bench = Bench()
    bench.ok("cm_content", package="OSD Scripts", wait=True, **options)
    write = {"verb": "Put"} if "distribution_points" in options else {"method": "ReDistributePackage"}
    bench.tell("/faults", faults=[{"kind": "drop", "when": when, **write}])
    result = bench.run("cm_content", package="OSD Scripts", redistribute="always", **options)
    assert result["changed"] and (result.get("error") or {}).get("code") == code
    assert bench.ok("cm_content", package="OSD Scripts", redistribute="always", **options)["changed"]
