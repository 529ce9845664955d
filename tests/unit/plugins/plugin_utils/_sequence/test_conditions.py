# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Conditions from YAML and back."""

from __future__ import annotations

import datetime
import typing as t

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils._errors import InvalidInput
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.conditions_yaml import describe_operand
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.from_yaml import parse_steps
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.model import PREFIX, Operand, Ref

PLATFORM = {
    "name": "All Windows 11 (64-bit) Client",
    "arch": "x64",
    "platform": "Win_NT",
    "min_version": "10.00.22000.0",
    "max_version": "10.00.99999.9999",
    "queries": ["SELECT * FROM Win32_OperatingSystem WHERE OSType=18"],
}


def condition(*entries: t.Any) -> list[Operand]:
    found = parse_steps([{"name": "S", "type": "release_state_store", "condition": list(entries)}])
    return found.sequence.steps[0].condition or []


def problem(entry: t.Any) -> str:
    with pytest.raises(InvalidInput) as caught:
        condition(entry)
    return str(caught.value)


@pytest.mark.parametrize(
    "entry",
    [
        {"variable": "A", "value": "b"},
        {"variable": "A", "value": ""},
        {"variable": "A", "operator": "not_exists"},
        {"variable": "A", "operator": "like", "value": "x%"},
        {"wmi": "SELECT * FROM Win32_BIOS"},
        {"wmi": "SELECT * FROM X", "namespace": "root\\WMI"},
        {"registry": "HKLM\\SOFTWARE\\Contoso", "operator": "exists"},
        {"registry": "HKCU\\A", "value_name": "N", "value_type": "dword", "operator": "greater_equal", "value": "1"},
        {"file": "C:\\x"},
        {"file": "C:\\x", "version": "1.2.3.4", "version_operator": "greater_equal"},
        {"file": "C:\\x", "modified": "2025-06-01T08:00:00Z", "modified_operator": "less"},
        {"folder": "C:\\x"},
        {"folder": "C:\\x", "modified": "2025-06-01T00:00:00Z"},
        {"software": "Contoso", "product_code": "{1}", "version": "5.10"},
        {"software": "Contoso", "upgrade_code": "{2}", "match": "any_version"},
        {"operating_system": [PLATFORM]},
        {"operating_system": ["All Windows 11 (64-bit) Client"]},
        {"os_language": 1033},
        {"class": "SMS_TaskSequence_NewConditionExpression", "properties": {"A": "b", "C": 1}},
        {"all": [{"variable": "A", "value": "b"}]},
        {"any": [{"variable": "A", "value": "b"}, {"none": [{"file": "x"}, {"folder": "y"}]}]},
        {"all": []},
    ],
)
def test_there_and_back(entry: dict[str, t.Any]) -> None:
    operand = condition(entry)[0]
    assert describe_operand(operand) == entry
    assert condition(describe_operand(operand))[0] == operand


def test_structure_is_kept() -> None:
    plain = condition({"variable": "A", "value": "b"})
    wrapped = condition({"all": [{"variable": "A", "value": "b"}]})
    assert plain != wrapped
    assert wrapped[0].operands == plain


def test_variable() -> None:
    assert condition({"variable": "A", "value": "b"}) == [
        Operand(PREFIX + "VariableConditionExpression", {"Operator": "equals", "Value": "b", "Variable": "A"})
    ]
    assert condition({"variable": "A", "operator": "notEquals", "value": 1})[0].properties["Operator"] == "notEquals"


def test_registry_fields() -> None:
    entry = {"registry": "HKLM\\A\\B", "value_name": "N", "value_type": "REG_QWORD", "value": 1}
    assert condition(entry)[0].properties == {
        "Data": "1",
        "KeyPath": "HKEY_LOCAL_MACHINE\\A\\B",
        "Operator": "equals",
        "Type": "REG_QWORD",
        "Value": "N",
    }


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ("2025-06-01T08:00:00Z", "20250601080000.000000+000"),
        ("2025-06-01 08:00", "20250601080000.000000+000"),
        ("2025-06-01", "20250601000000.000000+000"),
        ("2025-06-01T08:00:00+00:00", "20250601080000.000000+000"),
        ("2025-06-01T08:00:00.5Z", "20250601080000.500000+000"),
        (datetime.datetime(2025, 6, 1, 8, tzinfo=datetime.timezone.utc), "20250601080000.000000+000"),
        (datetime.date(2025, 6, 1), "20250601000000.000000+000"),
    ],
)
def test_dates(value: t.Any, stored: str) -> None:
    assert condition({"file": "x", "modified": value})[0].properties["DateTime"] == stored


@pytest.mark.parametrize("value", ["2025-06-01T08:00:00+02:00", "yesterday", "2025-13-01", 20250601])
def test_dates_that_are_refused(value: t.Any) -> None:
    assert "condition[0].modified" in problem({"file": "x", "modified": value})


def test_platform_by_name_is_a_reference() -> None:
    operand = condition({"operating_system": "All Windows 11 (64-bit) Client"})[0]
    assert operand.class_name == PREFIX + "OSConditionGroup"
    assert operand.operands is not None
    assert operand.operands[0].properties["Name"] == Ref("platform", name="All Windows 11 (64-bit) Client")


def test_platform_name_when_its_keys_are_known() -> None:
    operand = condition({"operating_system": [PLATFORM]})[0]
    text = "\n".join(["x64|Win_NT|10.00.22000.0|10.00.99999.9999", *PLATFORM["queries"]])
    found = describe_operand(operand, lambda ref: ref.name if ref.version == text else {"id": ref.id})
    assert found == {"operating_system": ["All Windows 11 (64-bit) Client"]}


def test_another_language_query_stays_a_query() -> None:
    entry = {"wmi": "select OsLanguage FROM Win32_OperatingSystem WHERE OsLanguage='1033'"}
    assert describe_operand(condition(entry)[0]) == entry


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ("x", "must be a mapping"),
        ({"varable": "A"}, "did you mean variable"),
        ({"variable": "A"}, "needs `value`"),
        ({"variable": "", "value": "x"}, "must not be empty"),
        ({"variable": "A", "value": "b", "operater": "x"}, "did you mean operator"),
        ({"variable": "A", "operator": "is", "value": "b"}, "not_equals"),
        ({"variable": "A", "value": ["b"]}, "| string"),
        ({"wmi": "x" * 16385}, "at most 16384"),
        ({"file": "x", "version": 1.1}, "drops zeros"),
        ({"file": "x", "version_operator": "less"}, "needs `version`"),
        ({"software": "x"}, "needs `product_code`"),
        ({"software": "x", "match": "any_version"}, "needs `upgrade_code`"),
        ({"all": [{"variable": "A"}]}, "condition[0].all[0]"),
        ({"all": [], "any": []}, "cannot stand beside"),
        ({"operating_system": []}, "platform names"),
        ({"operating_system": [{"name": "x", "arch": "x64"}]}, "min_version"),
        ({"os_language": "english"}, "whole number"),
        ({"class": 5}, "name of a WMI class"),
        ({"class": "X", "value": "y"}, "use `properties`"),
        ({}, "is no condition"),
    ],
)
def test_problems(entry: t.Any, text: str) -> None:
    assert text in problem(entry)


def test_a_condition_may_be_one_mapping() -> None:
    step = {"name": "S", "type": "release_state_store", "condition": {"variable": "A", "value": "b"}}
    assert len(parse_steps([step]).sequence.steps[0].condition or []) == 1
    step["condition"] = []
    assert parse_steps([step]).sequence.steps[0].condition is None
