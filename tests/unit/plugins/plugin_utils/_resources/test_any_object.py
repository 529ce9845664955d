# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The generic modules: any object, any method."""

from __future__ import annotations

import typing as t

import pytest

from .bench import Bench

AGENT: dict[str, t.Any] = {"class_name": "SMS_Package", "keys": {"PackageID": "PS100010"}}


def test_an_object_is_changed_by_its_keys_and_only_where_it_differs() -> None:
    bench = Bench()
    wanted = {**AGENT, "properties": {"mifpublisher": "Help desk", "Priority": "1", "Language": "English"}}
    done = bench.ladder("cm_object", **wanted)
    assert done["object"]["properties"]["MIFPublisher"] == "Help desk"
    assert done["object"]["properties"]["Priority"] == 1
    assert done["object"]["changed_options"] == ["MIFPublisher", "Priority"]
    assert "Language" not in done["diff"]["after"]
    assert "without the checks" in done["msg"]
    bench.ok("cm_object", **wanted)
    assert bench.counted() == ["Enumerate SMS_ProviderLocation", "Get SMS_Package"]


SETTINGS: dict[str, t.Any] = {"class_name": "SMS_CollectionSettings", "keys": {"CollectionID": "PS100018"}}


def test_settings_of_a_collection_keep_what_the_play_does_not_name() -> None:
    """Maintenance windows, power plans, variables: lazy and called read-only, but a save without them wipes them."""
    bench = Bench()
    before = bench.provider.store.peek("SMS_CollectionSettings", ("PS100018",))
    assert before is not None
    before = before.copy()
    text = bench.refused("cm_object", "secret_unreadable", **SETTINGS, properties={"RebootCountdown": 60})
    assert "KioskPassword" in text
    variables = [
        {"class": "SMS_CollectionVariable", "Name": name, "Value": value, "IsMasked": name != "Role"}
        for name, value in (("Role", "Kiosk"), ("KioskPassword", "Kiosk-Auto-0815"))
    ]
    done = bench.ok("cm_object", **SETTINGS, properties={"RebootCountdown": 60, "CollectionVariables": variables})
    assert "Kiosk-Auto" not in str(done)
    row = bench.provider.store.peek("SMS_CollectionSettings", ("PS100018",))
    assert row is not None
    changed = sorted(name for name in row.props if row.props[name] != before.props[name])
    assert changed == ["LastModificationTime", "RebootCountdown"]
    assert row.get("ServiceWindows")[0].get("StartTime") == "20250106220000.000000+***"
    assert len(row.get("PowerConfigs")) == 1


def test_without_keys_every_run_makes_another_object() -> None:
    bench = Bench()
    wanted = {"class_name": "SMS_Package", "properties": {"Name": "Raw", "PkgSourceFlag": 1}}
    planned = bench.ok("cm_object", check=True, **wanted)
    assert planned["changed"] and planned["object"]["planned"] and planned["object"]["keys"] is None
    first = bench.ok("cm_object", **wanted)["object"]
    second = bench.ok("cm_object", **wanted)["object"]
    assert first["keys"] != second["keys"]
    gone = {"class_name": "SMS_Package", "keys": first["keys"], "state": "absent"}
    done = bench.ladder("cm_object", **gone)
    assert done["object"] is None and "Raw" in done["diff"]["before"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"class_name": "SMS Package", "keys": {"PackageID": "PS100010"}}, "class_name (SMS Package)"),
        ({**AGENT, "properties": {"Prioritty": 1}}, "did you mean Priority"),
        ({**AGENT, "properties": {"Priority": "high"}}, "properties.Priority: must be a whole number"),
        ({**AGENT, "properties": {"Name": ["a"]}}, "properties.Name: must be a single value"),
        ({**AGENT, "properties": {"SourceDate": "soon"}}, "properties.SourceDate: must be a point in time"),
        ({"class_name": "SMS_Program", "keys": {"PackageID": "PS100010"}}, "keys (ProgramName)"),
        ({"class_name": "SMS_Package"}, "properties"),
        ({"class_name": "SMS_Package", "state": "absent"}, "keys: must name the object"),
        ({**AGENT, "keys": {"PackageID": True}}, "keys.PackageID: must be text"),
        ({**AGENT, "properties": {"PackageID": "PS100011"}}, "properties.PackageID: is a key"),
    ],
)
def test_what_does_not_fit_the_class_is_refused_before_anything_is_sent(options: dict[str, t.Any], words: str) -> None:
    bench = Bench()
    assert words in bench.refused("cm_object", **options)
    assert bench.requests == []


def test_secrets_are_not_shown() -> None:
    bench = Bench()
    options = {
        "class_name": "SMS_TaskSequence_JoinDomainWorkgroupAction",
        "properties": {"DomainPassword": "Hunter2-Hunter2", "Name": "x"},
    }
    result = bench.run("cm_object", check=True, **options)
    assert "Hunter2" not in str(result) and "<stored on site>" in str(result)


def test_a_method_that_reads_runs_in_check_mode_too() -> None:
    bench = Bench()
    call = {"class_name": "SMS_ScheduleMethods", "method": "ReadFromString"}
    options = {**call, "arguments": {"stringdata": "00811A9E081A2000"}}
    for check in (True, False):
        result = bench.ok("cm_method", check=check, **options)
        assert not result["changed"] and not result["method"]["planned"]
        assert result["method"]["outputs"]["TokenData"][0]["class"] == "SMS_ST_RecurWeekly"


def test_a_method_that_writes_is_only_announced_in_check_mode() -> None:
    bench = Bench()
    call = {"class_name": "SMS_Package", "method": "RefreshPkgSource", "keys": {"PackageID": "PS100010"}}
    planned = bench.ok("cm_method", check=True, **call)
    assert planned["changed"] and planned["method"]["planned"] and bench.requests == []
    assert "PS100010" in planned["msg"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"class_name": "SMS_TaskSequencePackage", "method": "refreshpkgsource", "keys": {"PackageID": "PS100040"}},
         "would not run any more"),
        ({"class_name": "SMS_PackageBaseclass", "method": "RefreshPkgSource", "keys": {"PackageID": "PS100040"}},
         "name the class"),
        ({"class_name": "SMS_Package", "method": "Refresh"}, "it has: "),
        ({"class_name": "SMS_Package", "method": "RefreshPkgSource"}, "name its keys"),
        ({"class_name": "SMS_ScheduleMethods", "method": "ReadFromString", "keys": {"A": 1}}, "leave the keys out"),
        ({"class_name": "SMS_ScheduleMethods", "method": "ReadFromString", "arguments": {"Text": "0"}}, "StringData"),
    ],
)
def test_calls_that_cannot_work_are_refused(options: dict[str, t.Any], words: str) -> None:
    bench = Bench()
    assert words in bench.refused("cm_method", **options)
    assert bench.requests == []


def test_a_secret_that_the_site_quotes_is_hidden() -> None:
    bench = Bench()
    bench.tell("/faults", faults=[{"kind": "failure", "write": True, "description": "no Hunter2-Hunter2"}])
    variable = {"class": "SMS_MachineVariable", "Name": "A", "Value": "Hunter2-Hunter2", "IsMasked": True}
    options = {"class_name": "SMS_MachineSettings", "keys": {"ResourceID": 16777300}}
    result = bench.run("cm_object", **options, properties={"MachineVariables": [variable]})
    assert result["error"]["code"] == "server_fault" and "no ********" in result["msg"]
    assert "Hunter2" not in str(result)
    bench.tell("/faults", faults=[{"kind": "drop", "when": "before", "verb": "Put"}])
    result = bench.run("cm_object", **options, properties={"MachineVariables": [variable]})
    assert result["error"]["code"] == "outcome_unknown" and result["changed"]


def test_a_method_is_called_by_the_name_that_the_class_has() -> None:
    bench = Bench()
    keys = {"CollectionID": "PS100018"}
    done = bench.ok("cm_method", class_name="sms_collection", method="requestrefresh", keys=keys)
    assert bench.writes() == ["Invoke RequestRefresh"]
    assert (done["method"]["class_name"], done["method"]["name"]) == ("SMS_Collection", "RequestRefresh")
