# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deployments as devices report them: what is shown, what is waited for, and what it costs."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils._wsman.transport import HttpStatus, TransportLost

from . import bench
from .status_support import AT_ONCE, KIOSKS, MODULE, UPGRADE, Clients

FIND = ["Enumerate Advertisement", "Enumerate TaskSequencePackage", "Enumerate Collection"]
MEMBERS = ["Enumerate FullCollectionMembership", "Pull FullCollectionMembership"]
STATUS = ["Enumerate ClientAdvertisementStatus"]
NO_NEWS = ["Enumerate Advertisement", "Enumerate Collection", *STATUS]
STEPS = ["Enumerate TaskSequenceExecutionStatus", "Pull TaskSequenceExecutionStatus"]


def failing(code: int = 16389) -> str:
    return f"KIOSK-02/Check readiness={code}"


# -- one look -----------------------------------------------------------------------------------------


def test_a_look_before_anything_ran() -> None:
    site = Clients()
    result = site.ok(MODULE, site_code="PS1", task_sequence="Windows 11 - in-place upgrade")
    assert site.kinds() == ["Enumerate TaskSequencePackage", *FIND, *MEMBERS, *STATUS]
    (found,) = result["deployments"]
    assert found["advertisement_id"] == "PS120001" and found["kind"] == "deployment" and not found["planned"]
    assert (found["purpose"], found["finished"], found["success_percent"]) == ("required", False, 0.0)
    assert found["counts"]["waiting"] == found["counts"]["targeted"] == len(found["devices"]) == 47
    assert found["devices"][0]["state"] == "waiting" and found["devices"][0]["last_status_time"] is None
    assert result["failures"] == [] and result["msg"].startswith("47 devices: 0 succeeded, 47 waiting")


def test_a_look_after_everything_ran() -> None:
    site = Clients(**AT_ONCE, fail_step=failing())
    own = site.deploy()
    result = site.status(own)
    assert not result.get("failed") and not result["changed"]
    (found,) = result["deployments"]
    assert found["counts"] == {"targeted": 9, "succeeded": 8, "failed": 1, "running": 0, "waiting": 0, "not_run": 0}
    assert found["finished"] and found["success_percent"] == 88.9
    assert [device["name"] for device in found["devices"] if device["state"] == "failed"] == ["KIOSK-02"]
    (failure,) = result["failures"]
    assert (failure["step"], failure["step_number"], failure["group"]) == ("Check readiness", 1, "")
    assert (failure["exit_code"], failure["exit_code_hex"]) == (16389, "0x00004005")
    assert "exit code 16389" in failure["output"] and failure["failed_at"].endswith("Z")
    assert site.kinds() == [*FIND, *MEMBERS, *STATUS, "Pull ClientAdvertisementStatus", *STEPS]


@pytest.mark.parametrize(("shown", "names"), [("unsuccessful", ["KIOSK-02"]), ("none", [])])
def test_devices_shown(shown: str, names: list[str]) -> None:
    site = Clients(**AT_ONCE, fail_step=failing())
    (found,) = site.status(site.deploy(), devices_shown=shown)["deployments"]
    assert [device["name"] for device in found["devices"]] == names
    assert found["counts"]["targeted"] == 9


def test_failures_are_read_for_a_few_devices_only() -> None:
    site = Clients(**AT_ONCE, fail_step="*/Check readiness=5")
    own = site.deploy()
    result = site.status(own, wait="success", max_failures_shown=2)
    assert site.kinds().count(STEPS[0]) == 2
    assert result["error"]["code"] == "deployment_failed"
    assert "KIOSK-01 failed in step 1 'Check readiness' with exit code 5 (0x00000005)" in result["msg"]
    assert "last output: Executing step Check readiness | The step ended" in result["msg"]
    assert "and 7 more devices" in result["msg"]
    assert len(result["error"]["detail"]["failures"]) == 2
    site.status(own, max_failures_shown=0)
    assert STEPS[0] not in site.kinds()


def test_the_newest_run_only() -> None:
    site = Clients(**AT_ONCE, fail_step=failing())
    own = site.deploy()
    site.status(own)
    site.provider.ahead(5)
    site.provider.switches.update({"fail_step": failing(7)})
    site.client(device="KIOSK-02", boot="run", advertisement=own)
    assert [item["exit_code"] for item in site.status(own)["failures"]] == [7]
    site.provider.ahead(5)
    site.provider.switches.update({"fail_step": ""})
    site.client(device="KIOSK-02", boot="run", advertisement=own)
    result = site.status(own)
    assert result["failures"] == [] and result["counts"]["succeeded"] == 9


def test_a_failure_without_a_step() -> None:
    site = Clients(clients="none")
    own = site.deploy()
    site.report(own, 16777400, 11, LastStatusMessageIDName="It failed", LastExecutionResult="80")
    result = site.status(own, wait="success")
    assert "KIOSK-01 failed without reporting a step: It failed, result 80" in result["msg"]


def test_nothing_matches() -> None:
    site = Clients()
    for options in ({"advertisement_id": "PS12FFFF"}, {"task_sequence": "No such"}, {"collection": "Kiosks"}):
        result = site.ok(MODULE, site_code="PS1", **options)
        assert result["deployments"] == [] and "No deployment" in result["msg"]
    site.refused(MODULE, advertisement_id="PS12FFFF", wait="finished")
    site.refused(MODULE, "unresolved_reference", task_sequence="No such", wait="finished")
    assert "In check mode" in site.ok(MODULE, check=True, task_sequence="No such", wait="success")["msg"]


def test_no_is_what_yaml_makes_of_it() -> None:
    site = Clients()
    assert site.ok(MODULE, site_code="PS1", advertisement_id="PS120001", wait=False)["counts"]["targeted"] == 47
    assert site.seconds == 0


def test_check_mode_looks_once() -> None:
    site = Clients()
    result = site.ok(MODULE, check=True, site_code="PS1", advertisement_id=site.deploy(), wait="success")
    assert result["counts"]["waiting"] == 9 and site.seconds == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"advertisement_id": "nonsense"}, "is no ID"),
        ({"percent": 0}, "between 1 and 100"),
        ({"percent": 101}, "between 1 and 100"),
        ({"max_failures_shown": -1}, "must not be negative"),
        ({"since": "2025-06-01 08:00"}, "with its zone"),
        ({"since": "yesterday"}, "with its zone"),
        ({"wait_timeout": 0}, "positive"),
        ({"wait_interval": -1}, "positive"),
        ({"devices": ["id:PC1"]}, "is a number"),
        ({"devices": [" "]}, "devices[0]"),
        ({"devices": [f"PC{n}" for n in range(501)]}, "500 devices at most"),
        ({"wait": "percent"}, "percent"),
        ({"wait": "soon"}, "soon"),
        ({"task_sequence": "x"}, "mutually exclusive"),
    ],
)
def test_bad_input(options: dict[str, t.Any], words: str) -> None:
    site = Clients()
    assert words in site.refused(MODULE, **{"advertisement_id": "PS120001", **options})
    assert site.requests == []


def test_the_words_of_the_site() -> None:
    site = Clients(**AT_ONCE, fail_step=failing())
    own = site.deploy()
    site.status(own)
    (found,) = site.status(own, site_summary=True, max_failures_shown=0)["deployments"]
    assert found["site_summary"]["failed"] == 1 and found["site_summary"]["succeeded"] == 8
    assert found["site_summary"]["summarized_at"].endswith("Z")
    assert "could not" in found["devices"][1]["description"]
    assert site.kinds()[-3:] == [
        "Get DeploymentSummary",
        "Enumerate ClassicDeploymentAssetDetails",
        "Pull ClassicDeploymentAssetDetails",
    ]
    (one,) = site.status(own, site_summary=True, devices=["KIOSK-01"])["deployments"]
    assert "successfully" in one["devices"][0]["description"]
    fresh = Clients(summarisation=1000)
    (new,) = fresh.status(fresh.deploy(), site_summary=True)["deployments"]
    assert new["site_summary"] is None and new["devices"][0]["description"] is None


# -- waiting ------------------------------------------------------------------------------------------


def test_waiting_for_success_and_its_cost() -> None:
    site = Clients()
    result = site.status(site.deploy(), wait="success")
    assert result["counts"]["succeeded"] == 9 and not result["changed"]
    points = [(point["running"], point["succeeded"]) for point in result["timeline"]]
    assert points[0] == (0, 0) and points[-1] == (0, 9) and (9, 0) in points
    assert any("9 running" in line for line in site.progress)
    kinds = site.kinds()
    assert kinds[:6] == [*FIND, *MEMBERS, *STATUS]
    # Nobody has the policy at the second look.
    assert kinds[6:9] == NO_NEWS
    assert kinds.count(MEMBERS[0]) == 1


def test_a_look_without_news_is_one_request_per_kind() -> None:
    site = Clients(**AT_ONCE)
    own = site.deploy()
    site.client(device="KIOSK-01", rogue="never")
    result = site.status(own, wait="success", wait_timeout=3600, wait_interval=300)
    assert result["error"]["code"] == "wait_timeout"
    assert "9 devices: 8 succeeded, 1 waiting" in result["msg"] and "Run the task again" in result["msg"]
    assert result["error"]["detail"]["deployments"][0]["unfinished"] == ["KIOSK-01"]
    kinds = site.kinds()
    # As long as late reports may come beside the newest, those of the last minutes come back with it; then only news.
    looks = " ".join(kinds[7:]).replace("Enumerate Advertisement", "|").split("|")[1:]
    assert looks[4].split() == " ".join(NO_NEWS[1:]).split()
    # The last look reads everything.
    assert (
        looks[-1].split()
        == " ".join(["Enumerate Collection", *MEMBERS, *STATUS, "Pull ClientAdvertisementStatus"]).split()
    )


def test_percent_and_finished() -> None:
    site = Clients(**AT_ONCE, fail_step=failing())
    own = site.deploy()
    assert site.status(own, wait="percent", percent=88)["counts"]["succeeded"] == 8
    lost = site.status(own, wait="percent", percent=89)
    assert lost["error"]["code"] == "deployment_failed" and site.seconds == 0
    done = site.status(own, wait="finished")
    assert not done.get("failed") and len(done["failures"]) == 1 and "KIOSK-02 failed" in done["msg"]


def test_failed_first_and_run_again() -> None:
    site = Clients(**AT_ONCE, fail_step=failing())
    own = site.deploy()
    site.status(own)

    def pause(seconds: float) -> None:
        bench.Bench.pause(site, seconds)
        site.provider.switches.update({"fail_step": ""})
        site.client(device="KIOSK-02", boot="run", advertisement=own)

    site.pause = pause  # type: ignore[method-assign]
    result = site.status(own, wait="success", fail_fast=False)
    assert result["counts"]["succeeded"] == 9 and result["failures"] == []
    assert "8 succeeded, 1 failed" in site.progress[0]


def test_a_failure_that_stays_until_the_time_is_over_is_named() -> None:
    site = Clients(**AT_ONCE, fail_step=failing())
    result = site.status(site.deploy(), wait="success", fail_fast=False, wait_timeout=60)
    assert result["error"]["code"] == "deployment_failed" and site.seconds == 60
    assert "KIOSK-02 failed in step 1" in result["msg"]


def test_devices_that_will_not_run_it() -> None:
    site = Clients(clients="none")
    own = site.deploy()
    for number in range(16777400, 16777408):
        site.report(own, number, 13)
    site.report(own, 16777408, 4)
    assert "KIOSK-09 did not run it: State 4" in site.status(own, wait="success")["msg"]
    assert site.status(own, wait="success", not_run="ignore")["counts"]["not_run"] == 1
    # Refused before anything was delivered: only the acceptance state says so.
    site.report(own, 16777408, 0, LastAcceptanceState=3, LastAcceptanceStatusTime="20250101000000.000000+***")
    result = site.status(own)
    assert result["counts"]["not_run"] == 1
    assert result["deployments"][0]["devices"][-1]["last_status_time"] == "2025-01-01T00:00:00Z"


@pytest.mark.parametrize("nothing", [0, 65535, 4294967295])
def test_no_delivery_state_in_every_width(nothing: int) -> None:
    site = Clients(clients="none")
    own = site.deploy()
    site.report(own, 16777400, nothing, LastAcceptanceState=1)
    assert site.status(own)["counts"]["waiting"] == 9


# -- what clients do wrong ---------------------------------------------------------------------------


def test_a_client_that_reports_twice() -> None:
    site = Clients()
    own = site.deploy()
    site.client(device="KIOSK-01", rogue="twice")
    result = site.status(own, wait="success")
    assert result["counts"] == {"targeted": 9, "succeeded": 9, "failed": 0, "running": 0, "waiting": 0, "not_run": 0}


def test_a_client_that_reports_out_of_order() -> None:
    site = Clients(fail_step=failing())
    own = site.deploy()
    site.client(device="KIOSK-01", rogue="out_of_order")
    result = site.status(own, wait="success", fail_fast=False, wait_timeout=900)
    # The old report arrived behind the last one, which still counts.
    row = site.provider.store.peek("SMS_ClientAdvertisementStatus", (own, 16777400))
    assert row is not None and row.get("LastState") == 9
    assert "8 succeeded, 1 failed" in result["msg"]


def test_a_report_that_arrives_an_hour_late() -> None:
    site = Clients(clients="none")
    own = site.deploy()
    for number in range(16777401, 16777409):
        site.report(own, number, 13)
    looks = 0

    def pause(seconds: float) -> None:
        nonlocal looks
        bench.Bench.pause(site, seconds)
        looks += 1
        if looks == 8:
            site.report(own, 16777400, 13, seconds=-seconds - 5000)

    site.pause = pause  # type: ignore[method-assign]
    assert site.status(own, wait="success", wait_timeout=7200)["counts"]["succeeded"] == 9


def test_reports_of_an_earlier_run() -> None:
    site = Clients(**AT_ONCE)
    own = site.deploy()
    site.status(own)
    site.provider.ahead(60)
    since = f"{site.provider.moment():%Y-%m-%dT%H:%M:%SZ}"
    result = site.status(own, since=since)
    assert result["counts"]["waiting"] == 9
    assert all(device["previous_run"] for device in result["deployments"][0]["devices"])
    waited = site.status(own, since=since, wait="success", devices=["KIOSK-03"], wait_timeout=60)
    assert waited["error"]["code"] == "wait_timeout"
    site.client(device="KIOSK-03", boot="run", advertisement=own)
    again = site.status(own, since=since, wait="success", devices=["KIOSK-03"], wait_timeout=60)
    assert again["counts"] == {"targeted": 1, "succeeded": 1, "failed": 0, "running": 0, "waiting": 0, "not_run": 0}


# -- some devices ------------------------------------------------------------------------------------


def test_devices_by_name_address_and_id() -> None:
    site = Clients(**AT_ONCE)
    own = site.deploy()
    site.status(own)
    record = site.provider.store.peek("SMS_R_System", (16777402,))
    assert record is not None
    wanted = ["kiosk-01", "id:16777401", record.get("MACAddresses")[0].lower(), record.get("SMBIOSGUID")]
    result = site.status(own, devices=wanted)
    assert [device["name"] for device in result["deployments"][0]["devices"]] == ["KIOSK-01", "KIOSK-02", "KIOSK-03"]
    assert result["counts"]["succeeded"] == 3
    assert site.kinds() == [
        *FIND,
        "Enumerate R_System",
        "Pull R_System",
        *MEMBERS,
        *STATUS,
        "Pull ClientAdvertisementStatus",
    ]


def test_a_device_that_is_not_there_yet() -> None:
    site = Clients(**AT_ONCE)
    own = site.deploy()
    site.status(own)
    result = site.status(own, devices=["NEW-01", "KIOSK-01"], wait="success", wait_timeout=30)
    assert result["error"]["code"] == "wait_timeout"
    assert result["error"]["detail"]["deployments"][0]["unknown_devices"] == ["NEW-01"]
    shown = site.status(own, devices=["NEW-01"])["deployments"][0]["devices"]
    assert (shown[0]["resource_id"], shown[0]["member"], shown[0]["state"]) == (None, False, "waiting")


def test_a_device_that_has_left_the_collection_after_success() -> None:
    site = Clients(**AT_ONCE)
    own = site.deploy()
    site.status(own)
    site.provider.store.remove("SMS_FullCollectionMembership", (KIOSKS, 16777400))
    assert site.status(own)["counts"]["targeted"] == 8
    result = site.status(own, devices=["KIOSK-01"], wait="success")
    assert result["deployments"][0]["devices"][0]["member"] is False


def test_members_that_come_while_it_is_watched() -> None:
    site = Clients()
    own = site.deploy(collection_id="PS100016")
    looks = 0

    def pause(seconds: float) -> None:
        nonlocal looks
        bench.Bench.pause(site, seconds)
        looks += 1
        if looks == 2:
            site.crowd("PS100016", 2)

    site.pause = pause  # type: ignore[method-assign]
    result = site.status(own, wait="success")
    assert result["counts"]["succeeded"] == 2
    assert site.progress[0].endswith("no device is targeted yet")


def test_an_unknown_computer_is_found_when_it_has_a_record() -> None:
    site = Clients(client_policy=0, client_content="ignore")
    site.client(device="BARE-01", mac="00:15:5D:AA:BB:CC", boot="pxe", advertisement="PS120000")
    result = site.status("PS120000", devices=["00:15:5d:aa:bb:cc"], wait="success")
    (device,) = result["deployments"][0]["devices"]
    assert (device["name"], device["member"], device["state"]) == ("BARE-01", False, "succeeded")
    whole = site.status("PS120000")
    assert [item["name"] for item in whole["deployments"][0]["devices"] if item["state"] == "succeeded"] == ["BARE-01"]


# -- the site ----------------------------------------------------------------------------------------


def test_a_deployment_that_is_deleted_while_it_is_watched() -> None:
    site = Clients()
    own = site.deploy()

    def pause(seconds: float) -> None:
        bench.Bench.pause(site, seconds)
        site.provider.delete(site.provider.namespace, "SMS_Advertisement", {"AdvertisementID": own})

    site.pause = pause  # type: ignore[method-assign]
    result = site.status(own, wait="success")
    assert result["error"]["code"] == "deployment_gone"
    assert f"Kiosks ({own})" in result["msg"] and "9 waiting" in result["msg"]
    assert result["error"]["detail"]["deployments"][0]["advertisement_id"] == own
    assert site.provider.store.scan("SMS_ClientAdvertisementStatus") == []


def interrupted(monkeypatch: pytest.MonkeyPatch, error: Exception) -> tuple[Clients, str]:
    """Return a site that answers nothing but this error for two minutes."""
    site = Clients()
    own = site.deploy()
    down = [False]
    send = bench._Transport.send

    def broken(self: t.Any, body: bytes, *, timeout: float) -> bytes:
        if down[0]:
            raise error
        return send(self, body, timeout=timeout)

    def pause(seconds: float) -> None:
        bench.Bench.pause(site, seconds)
        down[0] = 20 < site.seconds < 140

    monkeypatch.setattr(bench._Transport, "send", broken)
    site.pause = pause  # type: ignore[method-assign]
    return site, own


@pytest.mark.parametrize(
    "error",
    [
        TransportLost("connection refused", sent=False),
        TransportLost("connection reset", sent=True),
        HttpStatus(503, b""),
        HttpStatus(404, b""),
        HttpStatus(500, b""),
    ],
)
def test_the_site_restarts_while_it_is_watched(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    site, own = interrupted(monkeypatch, error)
    result = site.status(own, wait="success")
    assert result["counts"]["succeeded"] == 9
    assert any(line.endswith("the site does not answer") for line in site.progress)


def test_a_password_that_is_refused_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    site, own = interrupted(monkeypatch, HttpStatus(401, b""))
    result = site.status(own, wait="success")
    assert result["error"]["code"] == "protocol_error" and "credentials" in result["msg"]
    assert site.seconds < 60


def test_an_answer_that_is_lost_on_the_way() -> None:
    site = Clients(**AT_ONCE)
    own = site.deploy()
    site.status(own)
    for class_name in ("SMS_ClientAdvertisementStatus", "SMS_FullCollectionMembership"):
        site.tell("/faults", faults=[{"kind": "drop", "verb": "Pull", "class": class_name}])
        assert site.status(own)["counts"]["succeeded"] == 9
        site.tell("/faults", faults=[{"kind": "drop", "verb": "Pull", "class": class_name, "times": 2}])
        assert site.status(own)["error"]["code"] == "connection_broken"


def test_steps_that_the_account_may_not_read() -> None:
    site = Clients(**AT_ONCE, fail_step=failing())
    own = site.deploy()
    site.status(own)
    site.tell("/faults", faults=[{"kind": "denied", "class": "SMS_TaskSequenceExecutionStatus"}])
    result = site.status(own, wait="success")
    assert result["error"]["code"] == "deployment_failed"
    assert "KIOSK-02 failed, and its steps cannot be read" in result["msg"]


def test_a_stopped_wait_goes_on() -> None:
    site = Clients()
    own = site.deploy()
    first = site.status(own, wait="success", wait_timeout=40)
    assert first["error"]["code"] == "wait_timeout" and first["error"]["detail"]["counts"]["waiting"] == 9
    assert site.status(own, wait="success")["counts"]["succeeded"] == 9


def test_several_deployments_of_one_task_sequence() -> None:
    site = Clients(**AT_ONCE)
    own = site.deploy()
    result = site.ok(MODULE, site_code="PS1", task_sequence={"id": UPGRADE})
    assert [item["advertisement_id"] for item in result["deployments"]] == ["PS120001", own]
    assert [item["counts"]["succeeded"] for item in result["deployments"]] == [0, 9]
    assert result["counts"]["targeted"] == 56
