# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules on models from anywhere."""

from __future__ import annotations

import os
import typing as t
from pathlib import Path

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.instance import Instance
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.encode import to_instance
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.finish import finish
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.from_yaml import parse_steps
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.model import PREFIX, Operand, Ref, Sequence, Step
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.to_yaml import describe
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.validate import check
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.xml_read import read_sequence
from ansible_collections.configmgr.osd.tests.simulator.objects import Obj
from ansible_collections.configmgr.osd.tests.simulator.schema import Schema
from ansible_collections.configmgr.osd.tests.simulator.sequences.rules import violations
from ansible_collections.configmgr.osd.tests.unit.plugins.plugin_utils._sequence.minimal_steps import minimal_steps

SHARED = os.environ.get("CONFIGMGR_SHARED", "")
CORPUS = sorted(Path(SHARED, "corpus").glob("*.xml")) if SHARED else []


@pytest.mark.skipif(not CORPUS, reason="no shared folder")
def test_every_exported_sequence_passes() -> None:
    steps = 0
    for path in CORPUS:
        sequence = read_sequence(path.read_bytes())
        steps += sum(1 for _step in sequence.walk())
        assert check(sequence) == [], path.name
    assert steps > 500


def test_steps_with_mandatory_options_only_pass() -> None:
    assert check(parse_steps(minimal_steps()).sequence) == []


class Found:
    """An answer for any reference by ID."""

    def __init__(self, ref: Ref) -> None:
        self.id = ref.id
        self.name = ref.name
        self.row = None


def as_objects(value: t.Any) -> t.Any:
    """Return instances in the form of the simulated site."""
    if isinstance(value, Instance):
        return Obj(value.class_name, {name: as_objects(item) for name, item in value.properties.items()})
    return [as_objects(item) for item in value] if isinstance(value, list) else value


def broken_on_the_site(steps: list[dict[str, t.Any]]) -> list[str]:
    instance = to_instance(finish(parse_steps(steps).sequence, Found))
    return [str(violation) for violation in violations(Schema.load(), as_objects(instance))]


def test_the_simulated_site_accepts_steps_with_mandatory_options_only() -> None:
    assert broken_on_the_site(minimal_steps()) == []


@pytest.mark.skipif(not CORPUS, reason="no shared folder")
def test_the_simulated_site_accepts_every_exported_sequence_written_as_yaml() -> None:
    for path in CORPUS:
        assert broken_on_the_site(describe(read_sequence(path.read_bytes()))) == [], path.name


@pytest.mark.parametrize(
    ("noun", "properties", "path", "rule"),
    [
        ("RebootAction", {"Name": "", "Target": "HD"}, "steps[0].name", "must not be empty"),
        ("RebootAction", {"Name": "x" * 101, "Target": "HD"}, "steps[0].name", "at most 100"),
        ("RebootAction", {"Name": "x"}, "steps[0].restart_to", "must not be empty"),
        ("RebootAction", {"Name": "x", "Target": "moon"}, "steps[0].restart_to", "must be one of HD, WinPE"),
        ("RebootAction", {"Name": "x", "Target": "HD", "MessageTimeout": "soon"}, "steps[0].message_timeout", "number"),
        ("RebootAction", {"Name": "x", "Target": "HD", "Message": 5}, "steps[0].message", "must be text"),
        ("RebootAction", {"Name": "x", "Target": "HD", "Enabled": "maybe"}, "steps[0].enabled", "true or false"),
        ("RebootAction", {"Name": "x", "Target": "HD", "Timeout": -1}, "steps[0].timeout", "between 0"),
        ("ApplyOperatingSystemAction", {"Name": "x"}, "steps[0].image", "is required without upgrade_package"),
        ("EnableBitLockerAction", {"Name": "x"}, "steps[0].key_management", "is required without drive"),
        (
            "ApplyDataImageAction",
            {"Name": "x", "ImagePackageID": "P", "ImageIndex": 1, "DestinationDisk": 0},
            "steps[0].destination_partition",
            "is required with destination_disk",
        ),
    ],
)
def test_violations(noun: str, properties: dict[str, t.Any], path: str, rule: str) -> None:
    found = check(Sequence([Step(PREFIX + noun, properties, path="steps[0]")]))
    assert any(problem.path == path and rule in problem.rule for problem in found), found


def test_embedded_objects_and_conditions_are_checked() -> None:
    partition = Instance(PREFIX + "PartitionSettings", {"Type": "swap", "QuickFormat": True, "Bootable": False})
    properties = {"Name": "x", "DiskIndex": 0, "PartitionStyle": "GPT", "Partitions": [partition]}
    operand = Operand(PREFIX + "VariableConditionExpression", {"Variable": "A", "Operator": "is"})
    group = Operand(PREFIX + "ConditionOperator", {"OperatorType": "and"}, [operand])
    step = Step(PREFIX + "PartitionDiskAction", properties, [group], path="steps[0]")
    assert [problem.path for problem in check(Sequence([step]))] == [
        "steps[0].partitions[0].type",
        "steps[0].condition[0].operands[0].operator",
    ]


def test_a_secret_is_not_shown() -> None:
    properties = {"Name": "x", "RegisteredUserName": "u", "RegisteredOrgName": "o", "TimeZone": "t"}
    step = Step(PREFIX + "ApplyWindowsSettingsAction", {**properties, "AdminPassword": "geheim" * 100}, path="s")
    found = check(Sequence([step]))
    assert len(found) == 1 and "geheim" not in str(found[0])


def test_unknown_classes_have_no_rules() -> None:
    assert check(Sequence([Step("BDD_Gather", {"Name": ""})])) == []
