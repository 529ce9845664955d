# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The model as instances and back."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.catalogue import Catalogue
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.instance import Instance
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.decode import from_instance
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.encode import to_instance
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.equality import same
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.finish import finish
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.from_yaml import parse_steps
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.model import (
    GROUP,
    PREFIX,
    Operand,
    Secret,
    Sequence,
    Step,
)
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.xml_read import read_sequence
from ansible_collections.configmgr.osd.tests.unit.plugins.plugin_utils._sequence.minimal_steps import minimal_steps

SHARED = os.environ.get("CONFIGMGR_SHARED", "")
CORPUS = sorted(Path(SHARED, "corpus").glob("*.xml")) if SHARED else []


class Found:
    """An answer for any reference by ID."""

    def __init__(self, ref: object) -> None:
        self.id = getattr(ref, "id", None)
        self.name = getattr(ref, "name", None)
        self.row = None


def test_minimal_steps_are_complete() -> None:
    """Every property that must not be null is there, and of its type."""
    instance = to_instance(finish(parse_steps(minimal_steps()).sequence, Found))
    types = {"boolean": bool, "string": str, "uint32": int, "sint32": int}
    for step in instance.properties["Steps"]:
        definition = Catalogue.load().get(step.class_name)
        assert definition is not None
        for name, prop in definition.properties.items():
            value = step.properties.get(name)
            if "Not_Null" in prop.qualifiers and not step.class_name.endswith("SubTasksequence"):
                assert value is not None, (step.class_name, name)
            if value is not None and not prop.array and prop.type in types:
                assert value.__class__ is types[prop.type], (step.class_name, name)


def test_order_is_that_of_the_class() -> None:
    instance = to_instance(Sequence([Step(PREFIX + "RebootAction", {"Target": "HD", "New": "x", "Name": "n"})]))
    assert list(instance.properties["Steps"][0].properties) == ["Name", "Target", "New"]


def test_empty_sequence_and_empty_group() -> None:
    assert to_instance(Sequence()) == Instance("SMS_TaskSequence", {"Steps": []})
    assert (
        to_instance(Sequence([Step(GROUP, {"Name": "G"}, steps=[])])).properties["Steps"][0].properties["Steps"] == []
    )


def test_own_properties_go_back_unchanged() -> None:
    instance = Instance("SMS_TaskSequence", {"SchemaVersion": "3.10", "Steps": []})
    assert to_instance(from_instance(instance)) == instance
    assert from_instance(Instance("SMS_TaskSequence", {"SchemaVersion": None, "Steps": None})) == Sequence()


def test_no_condition_and_an_empty_one_stay_apart() -> None:
    group = Step(GROUP, {"Name": "G"}, condition=[], steps=[])
    encoded = to_instance(Sequence([group])).properties["Steps"][0]
    assert encoded.properties["Condition"] == Instance(PREFIX + "Condition", {"Operands": []})
    assert from_instance(Instance("SMS_TaskSequence", {"Steps": [encoded]})).steps[0].condition == []
    assert (
        "Condition"
        not in to_instance(Sequence([Step(GROUP, {"Name": "G"}, steps=[])])).properties["Steps"][0].properties
    )


def test_secrets() -> None:
    step = Step(PREFIX + "ConnectNetworkFolderAction", {"Name": "n", "Path": "p", "Password": Secret("x")})
    assert to_instance(Sequence([step])).properties["Steps"][0].properties["Password"] == "x"
    step.properties["Password"] = Secret(None)
    assert to_instance(Sequence([step])).properties["Steps"][0].properties["Password"] == ""


def test_what_only_text_can_carry_is_left_out() -> None:
    step = Step("BDD_Gather", {"Name": "n", "xml:action": "x"}, [Operand("X", {"xml:attributes": {}})])
    encoded = to_instance(Sequence([step])).properties["Steps"][0]
    assert list(encoded.properties) == ["Name", "Condition"]


def test_unknown_classes_and_properties_survive() -> None:
    inner = Instance("Contoso_Item", {"A": ["1", "2"], "B": Instance("Contoso_Deep", {"C": "d"})})
    operand = Instance("Contoso_Expression", {"X": "y"})
    step = Instance(
        "SMS_TaskSequence_ContosoAction",
        {"Name": "n", "Items": [inner], "Condition": Instance(PREFIX + "Condition", {"Operands": [operand]})},
    )
    known = Instance(PREFIX + "RebootAction", {"Name": "n", "Newer": "x"})
    instance = Instance("SMS_TaskSequence", {"Steps": [step, known]})
    assert to_instance(from_instance(instance)) == instance


def test_names_get_their_spelling_and_paths() -> None:
    step = Instance("sms_tasksequence_rebootaction", {"name": "n", "TARGET": "HD", "Timeout": None})
    group = Instance(GROUP, {"Name": "G", "Steps": [step]})
    found = from_instance(Instance("SMS_TaskSequence", {"Steps": [group]}))
    inner = (found.steps[0].steps or [])[0]
    assert inner == Step(PREFIX + "RebootAction", {"Name": "n", "Target": "HD"})
    assert inner.path == "steps[0].steps[0]"


@pytest.mark.skipif(not CORPUS, reason="no shared folder")
@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem[:12])
def test_exported_sequences_there_and_back(path: Path) -> None:
    sequence = read_sequence(path.read_bytes())
    instance = to_instance(sequence)
    back = from_instance(instance)
    assert same(sequence, back)
    assert to_instance(back) == instance
