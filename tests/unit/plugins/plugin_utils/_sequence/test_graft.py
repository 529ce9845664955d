# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carrying unknown properties and secrets over."""

from __future__ import annotations

import copy
import typing as t

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.instance import Instance
from ansible_collections.configmgr.osd.plugins.plugin_utils._errors import NotAsWritten
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence import dynamic_variables
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.graft import (
    forget_unheld,
    graft,
    keep_unknown,
)
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.match import match
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.model import (
    GROUP,
    PREFIX,
    STORED,
    Operand,
    Secret,
    Sequence,
    Step,
)

RUN = PREFIX + "RunCommandLineAction"
CONDITION = PREFIX + "VariableConditionExpression"


def run(name: str, **properties: t.Any) -> Step:
    return Step(RUN, {"Name": name, **properties})


def sequence_instance(*steps: Instance) -> Instance:
    return Instance("SMS_TaskSequence", {"Steps": list(steps)})


def test_unknown_properties_are_kept_along_the_match() -> None:
    newer = Instance("SMS_New", {"A": 1})
    old = Sequence([run("A", Newer="x", Nested=newer), Step("Contoso_Action", {"Name": "C", "Port": "1", "Host": "h"})])
    new = Sequence([run("A", CommandLine="y"), Step("Contoso_Action", {"Name": "C", "Port": "2"}), run("B")])
    kept = keep_unknown(new, match(old, new))
    assert new.steps[0].properties == {"Name": "A", "CommandLine": "y", "Newer": "x", "Nested": newer}
    assert new.steps[0].properties["Nested"] is not newer
    assert new.steps[1].properties == {"Name": "C", "Port": "2", "Host": "h"}
    assert new.steps[2].properties == {"Name": "B"}
    assert len(kept) == 3


def test_unknown_parts_of_a_condition_are_kept_while_it_is_equal() -> None:
    def condition(value: str, **extra: str) -> list[Operand]:
        return [Operand(CONDITION, {"Variable": "A", "Operator": "equals", "Value": value, **extra})]

    old = Sequence(
        [Step(RUN, {"Name": "A"}, condition("1", Newer="x")), Step(RUN, {"Name": "B"}, condition("1", Newer="x"))]
    )
    new = Sequence([Step(RUN, {"Name": "A"}, condition("1")), Step(RUN, {"Name": "B"}, condition("2"))])
    keep_unknown(new, match(old, new))
    assert new.steps[0].condition == old.steps[0].condition
    assert new.steps[1].condition == condition("2")


def test_secrets_and_unknown_properties_go_into_what_the_server_made() -> None:
    text = dynamic_variables.build([{"set": [{"name": "P", "value": Secret("s"), "secret": True}]}])
    rules = Step(PREFIX + "SetDynamicVariablesAction", {"Name": "R", "Rules": text})
    wanted = Sequence(
        [Step(GROUP, {"Name": "G"}, None, [run("A", UserName="u", UserPassword=Secret("geheim")), rules])]
    )
    old = Sequence([Step(GROUP, {"Name": "G"}, None, [run("A", UserName="u", Newer="x")])])
    imported = sequence_instance(
        Instance(
            GROUP,
            {
                "Name": "G",
                "Steps": [
                    Instance(RUN, {"Name": "A", "UserName": "u", "UserPassword": ""}),
                    Instance(rules.class_name, {"Name": "R", "Rules": dynamic_variables.replace_secrets(text, [""])}),
                ],
            },
        )
    )
    before = copy.deepcopy(imported)
    result = graft(imported, wanted, old, match(old, wanted))
    first, second = result.properties["Steps"][0].properties["Steps"]
    assert first.properties == {"Name": "A", "UserName": "u", "UserPassword": "geheim", "Newer": "x"}
    assert second.properties["Rules"] == text
    assert imported == before


def test_a_new_sequence_needs_no_old_one() -> None:
    result = graft(sequence_instance(Instance(RUN, {"Name": "A"})), Sequence([run("A")]), None, None)
    assert result == sequence_instance(Instance(RUN, {"Name": "A"}))
    assert graft(Instance("SMS_TaskSequence"), Sequence(), None, None) == Instance("SMS_TaskSequence")


def test_the_server_read_something_else() -> None:
    with pytest.raises(NotAsWritten, match="1 steps where 2"):
        graft(sequence_instance(Instance(RUN)), Sequence([run("A"), run("B")]), None, None)
    with pytest.raises(NotAsWritten, match="Reboot"):
        graft(sequence_instance(Instance(PREFIX + "RebootAction")), Sequence([run("A")]), None, None)


def test_unknown_parts_of_a_condition_are_grafted() -> None:
    operand = Operand(CONDITION, {"Variable": "A", "Operator": "exists", "Newer": "x"})
    old = Sequence([Step(RUN, {"Name": "A"}, [operand])])
    wanted = Sequence([Step(RUN, {"Name": "A"}, [Operand(CONDITION, {"Variable": "A", "Operator": "exists"})])])
    inner = Instance(CONDITION, {"Variable": "A", "Operator": "exists"})
    condition = Instance(PREFIX + "Condition", {"Operands": [inner]})
    result = graft(
        sequence_instance(Instance(RUN, {"Name": "A", "Condition": condition})), wanted, old, match(old, wanted)
    )
    assert result.properties["Steps"][0].properties["Condition"].properties["Operands"][0].properties["Newer"] == "x"


def test_what_the_server_does_not_hold_is_forgotten() -> None:
    wanted = Sequence([Step(GROUP, {"Name": "G"}, None, [run("A", VerifyOS="SERVER", Held="x", CommandLine="y")])])
    imported = sequence_instance(Instance(GROUP, {"Name": "G", "Steps": [Instance(RUN, {"Name": "A", "Held": "x"})]}))
    assert [place.split(": ")[1] for place in forget_unheld(wanted, imported)] == ["VerifyOS"]
    assert wanted.steps[0].steps[0].properties == {"Name": "A", "Held": "x", "CommandLine": "y"}


def test_the_constant_for_stored_secrets_never_becomes_a_password() -> None:
    wanted = Sequence([run("A", UserName="u", UserPassword="")])
    imported = sequence_instance(Instance(RUN, {"Name": "A", "UserName": "u", "UserPassword": STORED}))
    assert graft(imported, wanted, None, None).properties["Steps"][0].properties["UserPassword"] == ""
