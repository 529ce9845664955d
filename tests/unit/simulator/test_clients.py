# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Simulated clients: what they start and when, which steps run, what they report, and what the site makes of it."""

from __future__ import annotations

import datetime
import functools
import typing as t

import pytest
from ansible_collections.configmgr.osd.tests.simulator import seeds
from ansible_collections.configmgr.osd.tests.simulator.clients import conditions, engine
from ansible_collections.configmgr.osd.tests.simulator.clients.run import planned_failures
from ansible_collections.configmgr.osd.tests.simulator.objects import Obj, ProviderError
from ansible_collections.configmgr.osd.tests.simulator.provider import Site

KIOSKS, KIOSK = "PS100018", 16777400
UPGRADE, BARE_METAL = "PS100042", "PS100041"
REQUIRED = {"OfferType": 0, "AdvertFlags": 0x20, "RemoteClientFlags": 0x800}
WITH_PXE, PXE_ONLY = 0x40000, 0x10000000


@functools.lru_cache(maxsize=1)
def _site() -> Site:
    return Site("contoso")


def world(**switches: t.Any) -> Site:
    site = _site()
    site.reset()
    site.switches.update({"client_policy": 60, "client_step": 30, "client_content": "ignore", **switches})
    site.query(site.namespace, "SELECT SiteCode FROM SMS_Site")
    return site


def advertise(site: Site, package_id: str = UPGRADE, collection_id: str = KIOSKS, **more: t.Any) -> str:
    made = {"AdvertisementName": "x", "PackageID": package_id, "CollectionID": collection_id, "ProgramName": "*"}
    return str(site.create(site.namespace, Obj("SMS_Advertisement", {**made, **REQUIRED, **more}))["AdvertisementID"])


def after(site: Site, seconds: float) -> None:
    site.ahead(seconds)
    site.query(site.namespace, "SELECT SiteCode FROM SMS_Site")


def state(site: Site, own: str, device: int = KIOSK) -> tuple[int, int] | None:
    row = site.store.peek("SMS_ClientAdvertisementStatus", (own, device))
    return None if row is None else (row.get("LastState"), row.get("LastStatusMessageID", 0))


def history(site: Site, own: str, device: int = KIOSK) -> list[tuple[int, int, str]]:
    rows = [row for row in site.store.scan("SMS_TaskSequenceExecutionStatus")
            if (row.get("AdvertisementID"), row.get("ResourceID")) == (own, device)]
    rows.sort(key=lambda row: str(row.get("ExecutionTime")))
    return [(row.get("LastStatusMsgID"), row.get("Step"), row.get("ActionName")) for row in rows]


def sequence(site: Site, *steps: dict[str, t.Any], package_id: str = UPGRADE) -> None:
    """Put other steps into a task sequence."""
    package = site.get(site.namespace, "SMS_TaskSequencePackage", {"PackageID": package_id})
    tree = seeds.build(site.schema, "SMS_TaskSequence", {"Steps": list(steps)})
    site.invoke(site.namespace, "SMS_TaskSequencePackage", "SetSequence", None,
                {"TaskSequencePackage": package, "TaskSequence": tree})


def group(name: str, *steps: dict[str, t.Any], **more: t.Any) -> dict[str, t.Any]:
    return {"class": "SMS_TaskSequence_Group", "Name": name, "Enabled": True, "ContinueOnError": False,
            "Steps": list(steps), **more}


def step(name: str, **more: t.Any) -> dict[str, t.Any]:
    return {"class": "SMS_TaskSequence_RunCommandLineAction", "Name": name, "Enabled": True, "ContinueOnError": False,
            "SupportedEnvironment": "WinPEandFullOS", "CommandLine": "cmd.exe /c exit 0", "Timeout": 60,
            "SuccessCodes": "0", "DisableWow64Redirection": False, "RunAsUser": False, **more}


def when(variable: str, operator: str, value: str = "") -> dict[str, t.Any]:
    return {"class": "SMS_TaskSequence_Condition", "Operands": [
        {"class": "SMS_TaskSequence_VariableConditionExpression", "Variable": variable, "Operator": operator,
         "Value": value}]}


# ---- what runs, and when ------------------------------------------------------------------------


def test_policy_steps_and_end_in_time() -> None:
    site = world()
    own = advertise(site)
    after(site, 1)
    assert state(site, own) is None
    after(site, 60)
    assert state(site, own) == (9, 10005)
    after(site, 30)
    assert state(site, own) == (13, 11171)
    assert history(site, own) == [
        (11140, 0, ""), (11134, 0, "Check readiness"), (11128, 1, "Suspend the kiosk shell"), (11143, 0, "")]
    row = site.store.peek("SMS_ClientAdvertisementStatus", (own, KIOSK))
    assert row is not None and row.get("LastAcceptanceState") == 1 and row.get("LastExecutionResult") == "0"


def test_everything_happened_when_it_was_due_even_if_nobody_looked() -> None:
    site = world()
    own = advertise(site)
    after(site, 0)
    started = site.moment()
    after(site, 3600)
    row = site.store.peek("SMS_ClientAdvertisementStatus", (own, KIOSK))
    assert row is not None
    ended = datetime.datetime.strptime(row.get("LastStatusTime")[:14] + "+0000", "%Y%m%d%H%M%S%z")
    assert 85 <= (ended - started).total_seconds() <= 95


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"OfferType": 2, "AdvertFlags": 0}, (0, 0)),
        ({"AdvertFlags": 0}, (0, 0)),
        ({"AdvertFlags": 0x20 | PXE_ONLY}, (0, 0)),
        ({"ExpirationTimeEnabled": True, "ExpirationTime": "20200101000000.000000+***"}, (0, 0)),
        ({"AdvertFlags": 0x20 | WITH_PXE}, (13, 11171)),
    ],
)
def test_what_a_client_starts(more: dict[str, t.Any], expected: tuple[int, int]) -> None:
    site = world()
    own = advertise(site, **more)
    after(site, 0)
    after(site, 3600)
    assert state(site, own) == expected


def test_expired_is_said() -> None:
    site = world(client_policy=0)
    own = advertise(site, ExpirationTimeEnabled=True, ExpirationTime="20200101000000.000000+***")
    after(site, 1)
    row = site.store.peek("SMS_ClientAdvertisementStatus", (own, KIOSK))
    assert row is not None and row.get("LastAcceptanceState") == 3


def test_an_assignment_in_the_future() -> None:
    site = world()
    due = site.moment() + datetime.timedelta(seconds=1000)
    token = Obj("SMS_ST_NonRecurring", {"StartTime": f"{due:%Y%m%d%H%M%S}.000000+***"})
    own = advertise(site, AdvertFlags=0, AssignedSchedule=[token], AssignedScheduleEnabled=True)
    after(site, 900)
    after(site, 0)
    assert state(site, own) == (0, 0) or state(site, own) is None
    after(site, 400)
    assert state(site, own) == (13, 11171)


@pytest.mark.parametrize(("clients", "runs"), [("new", False), ("all", True), ("none", False)])
def test_what_the_seed_advertises(clients: str, runs: bool) -> None:
    site = world(clients=clients)
    site.reset()
    site.switches.update({"clients": clients})
    after(site, 0)
    after(site, 3600)
    assert bool(site.store.scan("SMS_ClientAdvertisementStatus")) is runs


def test_made_required_later_and_deleted() -> None:
    site = world()
    own = advertise(site, OfferType=2, AdvertFlags=0)
    after(site, 100)
    after(site, 100)
    assert state(site, own) == (0, 0)
    row = site.get(site.namespace, "SMS_Advertisement", {"AdvertisementID": own})
    row.props.update({"OfferType": 0, "AdvertFlags": 0x20})
    site.put(site.namespace, "SMS_Advertisement", {"AdvertisementID": own}, row, ["OfferType", "AdvertFlags"])
    after(site, 1)
    assert state(site, own) == (9, 10005)
    site.delete(site.namespace, "SMS_Advertisement", {"AdvertisementID": own})
    after(site, 100)
    assert site.store.scan("SMS_ClientAdvertisementStatus") == [] == site.store.scan("SMS_TaskSequenceExecutionStatus")
    assert site.store.peek("SMS_DeploymentSummary", (own,)) is None


def test_a_device_that_joins_later_and_one_that_leaves() -> None:
    site = world()
    own = advertise(site)
    after(site, 1)
    site.store.remove("SMS_FullCollectionMembership", (KIOSKS, KIOSK))
    site.store.save(Obj("SMS_FullCollectionMembership", {"CollectionID": KIOSKS, "ResourceID": 77, "Name": "N",
                                                         "IsClient": True}))
    site.store.save(Obj("SMS_FullCollectionMembership", {"CollectionID": KIOSKS, "ResourceID": 78, "Name": "M",
                                                         "IsClient": True}))
    after(site, 0)
    after(site, 100)
    assert state(site, own) is None and state(site, own, 77) == (13, 11171) == state(site, own, 78)


# ---- steps ----------------------------------------------------------------------------------------


def test_groups_conditions_and_variables() -> None:
    site = world(client_policy=0, client_step=0)
    site.store.save(Obj("SMS_CollectionSettings", {"CollectionID": KIOSKS, "CollectionVariables": [
        Obj("SMS_CollectionVariable", {"Name": "Site", "Value": "North"}),
        Obj("SMS_CollectionVariable", {"Name": "Role", "Value": "desk"})]}))
    site.store.save(Obj("SMS_MachineSettings", {"ResourceID": KIOSK, "MachineVariables": [
        Obj("SMS_MachineVariable", {"Name": "role", "Value": "Kiosk"})]}))
    sequence(
        site,
        {"class": "SMS_TaskSequence_SetVariableAction", "Name": "set", "Enabled": True, "ContinueOnError": False,
         "SupportedEnvironment": "WinPEandFullOS", "VariableName": "Place", "VariableValue": "%Site%-%Role%"},
        group("kiosks", step("for kiosks"), Condition=when("ROLE", "equals", "kiosk")),
        step("place", Condition=when("Place", "equals", "north-kiosk")),
        group("skipped", step("never"), Condition=when("_SMSTSInWinPE", "equals", "true")),
        step("unset", Condition=when("Nothing", "exists")),
    )
    own = advertise(site)
    after(site, 0)
    after(site, 1)
    assert history(site, own) == [
        (11140, 0, ""), (11134, 0, "set"), (11124, 1, "kiosks"), (11134, 2, "for kiosks"), (11134, 4, "place"),
        (11130, 5, "skipped"), (11130, 8, "unset"), (11143, 0, "")]
    assert (11130, 1, "kiosks") in history(site, own, KIOSK + 1)


def test_failures_are_caught_where_they_may_be() -> None:
    site = world(client_policy=0, client_step=0, fail_step="*/a=5; KIOSK-01/b=0x80004005")
    sequence(
        site,
        step("a", ContinueOnError=True),
        group("outer", group("inner", step("b"), step("not reached")), step("nor this"), ContinueOnError=True),
        step("told", Condition=when("_SMSTSLastActionSucceeded", "equals", "false")),
    )
    own = advertise(site)
    after(site, 0)
    after(site, 1)
    messages = [(message, name) for message, _number, name in history(site, own)]
    assert messages == [
        (11140, ""), (11135, "a"), (11138, "a"), (11124, "outer"), (11124, "inner"), (11135, "b"), (11138, "outer"),
        (11134, "told"), (11143, "")]
    assert state(site, own) == (13, 11171)
    failed = [row for row in site.store.scan("SMS_TaskSequenceExecutionStatus") if row.get("ActionName") == "b"]
    assert {row.get("ExitCode") for row in failed if row.get("LastStatusMsgID") == 11135} == {0x80004005}


def test_a_failure_that_nobody_catches_ends_the_run() -> None:
    site = world(client_policy=0, client_step=0, fail_step="kiosk-01/check readiness=16389")
    own = advertise(site)
    after(site, 0)
    after(site, 1)
    assert state(site, own) == (11, 11170) and state(site, own, KIOSK + 1) == (13, 11171)
    assert history(site, own)[-1][0] == 11141


def test_child_sequences_and_restarts() -> None:
    site = world(client_policy=0, client_step=0)
    sequence(site, {"class": "SMS_TaskSequence_RebootAction", "Name": "restart", "Enabled": True,
                    "ContinueOnError": False, "SupportedEnvironment": "WinPEandFullOS", "Target": "WinPE",
                    "Message": "", "MessageTimeout": 1},
             step("in child", Condition=when("_SMSTSInWinPE", "equals", "TRUE")), package_id="PS100044")
    sequence(site, {"class": "SMS_TaskSequence_SubTasksequence", "Name": "child", "Enabled": True,
                    "ContinueOnError": False, "TsPackageID": "PS100044", "TsName": "Lab - Scratch",
                    "SupportedEnvironment": "WinPEandFullOS"}, step("last"))
    own = advertise(site)
    after(site, 0)
    after(site, 1)
    names = [(message, name) for message, _number, name in history(site, own)]
    assert names == [(11140, ""), (11124, "child"), (11134, "restart"), (11142, "restart"), (11134, "in child"),
                     (11134, "last"), (11143, "")]


def test_conditions_that_only_the_device_can_answer() -> None:
    site = world(client_policy=0, client_step=0)
    wmi = {"class": "SMS_TaskSequence_Condition", "Operands": [
        {"class": "SMS_TaskSequence_WMIConditionExpression", "Namespace": "root\\cimv2", "Query": "SELECT * FROM X"}]}
    sequence(site, step("maybe", Condition=wmi))
    engine.order(site, {"device": "KIOSK-01", "conditions": {"wmi": False}})
    own = advertise(site)
    after(site, 0)
    after(site, 1)
    assert history(site, own)[1][0] == 11130 and history(site, own, KIOSK + 1)[1][0] == 11134


def _operand(kind: str, **props: t.Any) -> Obj:
    return Obj(f"SMS_TaskSequence_{kind}", props)


@pytest.mark.parametrize(
    ("operator", "value", "met"),
    [
        ("equals", "10", True), ("notEquals", "10", False), ("less", "9", False), ("less", "11", True),
        ("greaterEqual", "10", True), ("lessEqual", "9", False), ("greater", "9", True), ("like", "1%", True),
        ("notLike", "1*", False), ("exists", "", True), ("notExists", "", False),
    ],
)
def test_operators(operator: str, value: str, met: bool) -> None:
    test = _operand("VariableConditionExpression", Variable="N", Operator=operator, Value=value)
    whole = Obj("SMS_TaskSequence_Condition", {"Operands": [test]})
    assert conditions.holds(whole, {"n": "10"}, {}) is met
    none = _operand("ConditionOperator", OperatorType="not", Operands=[test])
    assert conditions.holds(Obj("SMS_TaskSequence_Condition", {"Operands": [none]}), {"n": "10"}, {}) is not met
    some = _operand("ConditionOperator", OperatorType="or", Operands=[test, none])
    assert conditions.holds(Obj("SMS_TaskSequence_Condition", {"Operands": [some]}), {"n": "10"}, {})


def test_content_must_be_on_a_point() -> None:
    site = world(client_policy=0, client_step=0, client_content="check")
    sequence(site, step("needs it", PackageID="PS100012"))
    for row in site.store.scan("SMS_PackageStatusDistPointsSummarizer"):
        if row.get("PackageID") == "PS100012":
            site.store.remove(row.class_name, site.store.key_of(row))
    own = advertise(site)
    after(site, 0)
    after(site, 1)
    assert state(site, own) == (11, 11170)
    assert any(note["kind"] == "client_without_content" for note in site.notes)


# ---- starting from the network ----------------------------------------------------------------------


def bare(site: Site, number: int = 99) -> None:
    site.store.save(Obj("SMS_R_System", {"ResourceID": number, "Name": "BARE", "Client": 0, "SMBIOSGUID": "G"}))
    site.store.save(Obj("SMS_FullCollectionMembership", {"CollectionID": KIOSKS, "ResourceID": number, "Name": "BARE",
                                                         "IsClient": False}))


def test_a_bare_device_starts_from_the_network_once() -> None:
    site = world(client_policy=0, client_step=0)
    bare(site)
    own = advertise(site, BARE_METAL, AdvertFlags=0x20 | WITH_PXE)
    after(site, 0)
    after(site, 1)
    assert state(site, own, 99) == (13, 11171)
    offered = site.store.peek("SMS_LastPXEAdvertisement", (99,))
    assert offered is not None and offered.get("AdvertisementID") == own
    record = site.store.peek("SMS_R_System", (99,))
    assert record is not None and record.get("Client") == 1
    lines = len(history(site, own, 99))
    engine.order(site, {"device": "BARE", "boot": "pxe", "advertisement": own})
    assert len(history(site, own, 99)) == lines
    assert site.notes[-1]["kind"] == "pxe_offered_before"
    site.store.remove("SMS_LastPXEAdvertisement", (99,))
    engine.order(site, {"device": "BARE", "boot": "pxe", "advertisement": own})
    assert len(history(site, own, 99)) == 2 * lines


def test_a_bare_device_waits_until_it_is_told() -> None:
    site = world(client_policy=0, client_step=0, pxe_boot="told")
    bare(site)
    own = advertise(site, BARE_METAL, AdvertFlags=0x20 | PXE_ONLY)
    after(site, 0)
    after(site, 1000)
    assert state(site, own, 99) is None and state(site, own) == (0, 0)
    engine.order(site, {"device": "99", "boot": "pxe", "advertisement": own})
    assert state(site, own, 99) == (13, 11171)
    assert history(site, own, 99)[0][0] == 11144


def test_no_boot_image_no_boot() -> None:
    site = world(client_policy=0, client_content="check")
    bare(site)
    sequence(site, step("x"))
    own = advertise(site, AdvertFlags=0x20 | PXE_ONLY)
    after(site, 0)
    after(site, 10)
    assert state(site, own, 99) is None
    assert any(note["kind"] == "pxe_without_boot_image" for note in site.notes)


@pytest.mark.parametrize(
    ("flags", "fails", "again"),
    [(0x800, False, True), (0x1000, False, False), (0x2000, False, False), (0x2000, True, True), (0x4000, False, True)],
)
def test_rerun(flags: int, fails: bool, again: bool) -> None:
    site = world(client_policy=0, client_step=0, fail_step="*/Check readiness=1" if fails else "")
    own = advertise(site, RemoteClientFlags=flags)
    after(site, 0)
    after(site, 1)
    before = len(history(site, own))
    # Another assignment falls due.
    own_engine = engine.engine_of(site)
    watched = own_engine._watched[own]
    own_engine._start(watched, KIOSK, "KIOSK-01", from_network=False)
    after(site, 1)
    assert (len(history(site, own)) > before) is again
    assert again or state(site, own) == (4, 10091)


# ---- rogues and orders ------------------------------------------------------------------------------


def test_rogues() -> None:
    site = world()
    for name, kind in (("KIOSK-01", "never"), ("KIOSK-02", "twice"), ("KIOSK-03", "out_of_order")):
        engine.order(site, {"device": name, "rogue": kind})
    own = advertise(site)
    after(site, 0)
    after(site, 100)
    assert state(site, own) is None
    assert len(history(site, own, KIOSK + 1)) == 2 * len(history(site, own, KIOSK + 3))
    assert state(site, own, KIOSK + 2) == (13, 11171)
    after(site, 100)
    assert state(site, own, KIOSK + 2) == (9, 11134) and state(site, own, KIOSK + 3) == (13, 11171)


@pytest.mark.parametrize(
    "order",
    [
        {"device": "NOBODY"}, {"device": "KIOSK-01", "rogue": "loud"}, {"device": "KIOSK-01", "boot": "usb"},
        {"device": "KIOSK-01", "boot": "run", "advertisement": "PS12FFFF"}, {},
    ],
)
def test_orders_that_make_no_sense(order: dict[str, t.Any]) -> None:
    with pytest.raises(ValueError):
        engine.order(world(), order)


@pytest.mark.parametrize("text", ["x", "x=1", "a/b=c"])
def test_planned_failures_that_make_no_sense(text: str) -> None:
    with pytest.raises(ValueError):
        planned_failures(text)


# ---- summaries --------------------------------------------------------------------------------------


def counts(site: Site, own: str) -> dict[str, int]:
    row = site.get(site.namespace, "SMS_DeploymentSummary", {"DeploymentID": own})
    return {name: row.get(f"Number{name}") for name in ("Targeted", "Success", "InProgress", "Errors", "Unknown")}


def test_a_summary_is_as_old_as_it_says() -> None:
    site = world(client_policy=0, client_step=0, summarisation=60, fail_step="KIOSK-01/Check readiness=1")
    own = advertise(site)
    with pytest.raises(ProviderError):
        site.get(site.namespace, "SMS_DeploymentSummary", {"DeploymentID": own})
    after(site, 61)
    assert counts(site, own) == {"Targeted": 9, "Success": 8, "InProgress": 0, "Errors": 1, "Unknown": 0}
    site.switches.update({"fail_step": ""})
    engine.order(site, {"device": "KIOSK-01", "boot": "run", "advertisement": own})
    after(site, 3000)
    assert counts(site, own)["Errors"] == 1
    answer = site.invoke(site.namespace, "SMS_DeploymentSummary", "UpdateClassicDeployment", None, {"OfferID": own})
    assert answer["ReturnValue"] == 0 and counts(site, own)["Errors"] == 1
    after(site, 61)
    assert counts(site, own)["Success"] == 9
    rows = site.query(site.namespace, f"SELECT * FROM SMS_ClassicDeploymentAssetDetails WHERE DeploymentID = '{own}'")
    assert {row.get("StatusType") for row in rows.objs} == {1} and len(rows.objs) == 9
    assert rows.objs[0].get("StatusDescription")
    with pytest.raises(ProviderError):
        site.invoke(site.namespace, "SMS_DeploymentSummary", "UpdateClassicDeployment", None, {"OfferID": "PS12FFFF"})


def test_messages_and_their_states() -> None:
    site = world()
    row = site.get(site.namespace, "SMS_AdvertisementStatusInformation", {"MessageID": 11171})
    assert (row.get("MessageState"), row.get("MessageStateName")) == (13, "Succeeded")


def test_many_clients_cost_little() -> None:
    site = world(client_policy=0, client_step=0)
    for number in range(2000):
        site.store.save(Obj("SMS_FullCollectionMembership", {
            "CollectionID": "PS100016", "ResourceID": 50000 + number, "Name": f"M{number}", "IsClient": True}))
    own = advertise(site, collection_id="PS100016")
    after(site, 0)
    after(site, 1)
    assert sum(1 for row in site.store.scan("SMS_ClientAdvertisementStatus") if row.get("LastState") == 13) == 2000
    assert state(site, own, 51999) == (13, 11171)
