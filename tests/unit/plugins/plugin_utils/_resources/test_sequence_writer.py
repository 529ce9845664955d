# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writing and verifying steps, where the simulated site would not go wrong by itself."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.instance import Instance
from ansible_collections.configmgr.osd.plugins.plugin_utils._errors import NotAsWritten
from ansible_collections.configmgr.osd.plugins.plugin_utils._provider.site import Compatibility
from ansible_collections.configmgr.osd.plugins.plugin_utils._resources import _sequence_writer as writer
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.match import match
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.model import (
    GROUP,
    PREFIX,
    Operand,
    Secret,
    Sequence,
    Step,
    number_paths,
)

COMMAND = PREFIX + "RunCommandLineAction"
CONNECT = PREFIX + "ConnectNetworkFolderAction"


def step(name: str, class_name: str = COMMAND, **properties: t.Any) -> Step:
    return Step(class_name, {"Name": name, "Enabled": True, "ContinueOnError": False, **properties})


def sequence(*steps: Step, **properties: t.Any) -> Sequence:
    made = Sequence(list(steps), dict(properties))
    number_paths(made)
    return made


class Store:
    """A site that converts text by an answer of its own."""

    def __init__(self, answer: Instance | None = None, write_via: str = "objects") -> None:
        self.answer = answer
        self.texts: list[str] = []
        self.site = self
        self.compatibility = Compatibility(write_via=write_via)

    def convert(self, text: str) -> Instance:
        self.texts.append(text)
        assert self.answer is not None
        return self.answer


def encode(store: Store, wanted: Sequence, live: Sequence | None = None, imported: Instance | None = None) -> Instance:
    matching = match(live, wanted) if live is not None else None
    return writer.encode(t.cast(t.Any, store), wanted, live, matching, imported)


# -- encode --------------------------------------------------------------------------------------------


def test_objects_need_no_request() -> None:
    store = Store()
    made = encode(store, sequence(step("A", CommandLine="x"), SchemaVersion="2.00"))
    assert store.texts == [] and made.get("SchemaVersion") is None
    assert made.get("Steps")[0].get("CommandLine") == "x"


@pytest.mark.parametrize(
    "content",
    [
        step("A", PREFIX + "SetDynamicVariablesAction", Rules="<Rules></Rules>\n"),
        step("A", PREFIX + "SubTasksequence", TsPackageID="PS100001"),
        step("A", "BDD_Gather"),
        Step(
            GROUP,
            {"Name": "A"},
            condition=[
                Operand(
                    PREFIX + "ConditionOperator",
                    {"OperatorType": "or"},
                    [
                        Operand(
                            PREFIX + "WMIConditionExpression",
                            {"Query": "x", "xml:attributes": {"ignoreQueryFailure": "true"}},
                        )
                    ],
                )
            ],
            steps=[],
        ),
    ],
    ids=["rules", "child", "MDT", "attribute"],
)
def test_what_has_no_documented_form_goes_as_text(content: Step) -> None:
    assert writer.needs_text(sequence(content)) and not writer.needs_text(sequence(step("A")))
    store = Store(Instance("SMS_TaskSequence", {"Steps": [Instance(content.class_name, {"Name": "A"})]}))
    encode(store, sequence(content))
    assert len(store.texts) == 1 and store.texts[0].startswith("<sequence")


def test_the_stored_version_goes_back_and_the_imported_one_does_not() -> None:
    live = sequence(step("A"), SchemaVersion="3.00")
    answer = Instance("SMS_TaskSequence", {"SchemaVersion": "3.10", "Steps": [Instance(COMMAND, {"Name": "A"})]})
    store = Store(answer, "xml")
    assert encode(store, sequence(step("A")), live).get("SchemaVersion") == "3.00"
    assert store.texts[0].startswith('<sequence version="3.00"')
    assert encode(Store(answer, "xml"), sequence(step("A"))).get("SchemaVersion") is None
    assert encode(Store(), sequence(step("A")), live, answer).get("SchemaVersion") == "3.00"


def test_secrets_and_unknown_properties_are_put_into_what_the_server_made() -> None:
    live = sequence(step("A", CONNECT, Username="u", Future="kept"))
    wanted = sequence(step("A", CONNECT, Username="u", Password=Secret("s3cret"), Path="p"))
    answer = Instance("SMS_TaskSequence", {"Steps": [Instance(CONNECT, {"Name": "A", "Username": "u"})]})
    made = encode(Store(), wanted, live, answer).get("Steps")[0]
    assert made.get("Password") == "s3cret" and made.get("Future") == "kept"
    assert answer.get("Steps")[0].get("Password") is None


def test_what_must_not_be_null_is_filled_in_with_what_null_means() -> None:
    inner = [
        Instance(COMMAND, {"Name": "A"}),
        Instance(CONNECT, {"Name": "B"}),
        Instance("Unknown_Class", {"Name": "C"}),
    ]
    answer = Instance("SMS_TaskSequence", {"Steps": [Instance(GROUP, {"Name": "G", "Steps": inner})]})
    group = Step(GROUP, {"Name": "G"}, steps=[step("A"), step("B", CONNECT), step("C", "Unknown_Class")])
    command, connect, unknown = encode(Store(), sequence(group), None, answer).get("Steps")[0].get("Steps")
    assert command.get("DisableWow64Redirection") is False and command.get("SuccessCodes") == "0 3010"
    assert connect.get("Password") == "" and unknown.properties == {"Name": "C"}


def test_a_server_that_reads_something_else_is_refused() -> None:
    answer = Instance("SMS_TaskSequence", {"Steps": []})
    with pytest.raises(NotAsWritten, match="read 0 steps where 1 were written"):
        encode(Store(answer, "xml"), sequence(step("A")))


# -- verify --------------------------------------------------------------------------------------------


def test_equal_sequences_pass() -> None:
    assert writer.verify(sequence(step("A", CommandLine="x")), sequence(step("A", CommandLine="x")), "T") == []


def test_secrets_are_no_difference() -> None:
    sent = sequence(step("A", CONNECT, Password=Secret("x")))
    assert writer.verify(sent, sequence(step("A", CONNECT, Password="8913")), "T") == []


def test_another_form_is_a_warning_with_both() -> None:
    condition = [Operand(PREFIX + "VariableConditionExpression", {"Variable": "A", "Operator": "exists"})]
    other = [Operand(PREFIX + "VariableConditionExpression", {"Variable": "B", "Operator": "exists"})]
    sent = Step(GROUP, {"Name": "G"}, condition=condition, steps=[step("A", CommandLine="x" * 400, Timeout=5)])
    held = Step(GROUP, {"Name": "G"}, condition=other, steps=[step("A", CommandLine="y", Timeout=6)])
    warnings = writer.verify(sequence(sent), sequence(held), "T")
    assert warnings[0] == "steps[0].condition: sent variable A exists, the site holds variable B exists."
    assert "steps[0].steps[0].timeout: sent 5, the site holds 6." in warnings
    long = next(text for text in warnings if "command_line" in text)
    assert "x..., the site holds y." in long and len(long) < 300


@pytest.mark.parametrize(
    ("sent", "held", "says"),
    [
        ([step("A"), step("B")], [step("A")], r"steps\[1\] \(B\) is missing"),
        ([step("A")], [step("A"), step("C", CONNECT)], "an unexpected step C is there"),
        ([step("A", CommandLine="x")], [step("A")], r"steps\[0\]\.command_line is empty"),
        (
            [Step(GROUP, {"Name": "G"}, [Operand(PREFIX + "FileConditionExpression", {"Path": "x"})], [])],
            [Step(GROUP, {"Name": "G"}, None, [])],
            r"steps\[0\]\.condition is empty",
        ),
    ],
)
def test_what_is_lost_is_a_failure(sent: list[Step], held: list[Step], says: str) -> None:
    with pytest.raises(NotAsWritten, match=says) as caught:
        writer.verify(sequence(*sent), sequence(*held), "T")
    assert caught.value.attempted == "save the task sequence T" and caught.value.method == "SetSequence"


def test_another_order_is_a_warning() -> None:
    sent, held = sequence(step("A"), step("B")), sequence(step("B"), step("A"))
    assert writer.verify(sent, held, "T") == ["The site holds the steps of T in another order than they were sent."]
