# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is read from a site can be applied again without a change."""

from __future__ import annotations

import os
import typing as t
import zlib
from pathlib import Path

import pytest
import yaml as pyyaml
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.instance import Instance
from ansible_collections.configmgr.osd.plugins.plugin_utils._errors import InvalidInput
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.encode import to_instance
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.equality import same
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.finish import finish
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.from_yaml import parse_steps
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.model import (
    PREFIX,
    STORED,
    Operand,
    Ref,
    Secret,
    Sequence,
    Step,
)
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.rules import load_rules
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.to_yaml import describe
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.validate import check
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.xml_read import read_sequence
from ansible_collections.configmgr.osd.tests.unit.plugins.plugin_utils._sequence.minimal_steps import (
    MINIMAL,
    minimal_steps,
)
from hypothesis import given
from hypothesis import strategies as st

SHARED = os.environ.get("CONFIGMGR_SHARED", "")
CORPUS = sorted(Path(SHARED, "corpus").glob("*.xml")) if SHARED else []


class Found:
    """An answer for any reference by ID."""

    def __init__(self, ref: Ref) -> None:
        self.id = ref.id
        self.name = ref.name
        self.row = None


class Named(Found):
    """An answer for any reference: named ones get an ID of their own."""

    def __init__(self, ref: Ref) -> None:
        super().__init__(ref)
        self.id = ref.id or f"PS1{zlib.crc32(repr(ref).encode()) & 0xFFFFF:05X}"


def again(sequence: Sequence) -> Sequence:
    return finish(parse_steps(describe(sequence)).sequence, Found)


def yaml(noun: str, **properties: t.Any) -> dict[str, t.Any]:
    return describe(Sequence([Step(PREFIX + noun, {"Name": "S", **properties})]))[0]


@pytest.mark.skipif(not CORPUS, reason="no shared folder")
@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem[:12])
def test_exported_sequences(path: Path) -> None:
    sequence = read_sequence(path.read_bytes())
    described = describe(sequence)
    assert pyyaml.safe_load(pyyaml.safe_dump(described, allow_unicode=True)) == described
    parsed = parse_steps(described)
    done = finish(parsed.sequence, Found)
    assert same(sequence, done)
    assert same(done, sequence)
    assert describe(done) == described
    assert parsed.warnings == []
    to_instance(done)


def test_minimal_steps_come_back_as_they_were() -> None:
    done = finish(parse_steps(minimal_steps()).sequence, Found)
    expected = minimal_steps()
    for step in expected:
        if step["type"] == "group":
            del step["type"]
    assert describe(done) == expected


def candidates(kind: str) -> t.Iterator[tuple[str, t.Any]]:
    """Yield every option of a step with values worth trying."""
    rule = load_rules().by_type(kind)
    assert rule is not None
    for option in rule.options.values():
        if option.kind == "bool":
            yield from ((option.name, value) for value in (True, False))
        elif option.kind in ("words", "open_words"):
            yield from ((option.name, word) for word in option.words)
        elif option.kind in ("text", "version", "description"):
            yield option.name, "x"
        elif option.kind in ("int", "number_text"):
            yield from ((option.name, value) for value in (option.minimum or 0, option.maximum or 2))
        elif option.kind == "texts":
            yield option.name, ["a", "b"]
        elif option.kind == "codes":
            yield option.name, [1, 2]
        elif option.kind == "ref":
            yield option.name, {"id": "PS100002"}
        elif option.kind == "check":
            word = next(iter(option.words), None)
            limit = rule.properties[t.cast(str, option.companion)]
            yield from ((option.name, value) for value in (False, word or (5 if limit.is_number else "1.2")))


@pytest.mark.parametrize("kind", [kind for kind in MINIMAL if kind != "group"])
def test_every_option_comes_back(kind: str) -> None:
    """Every option that can be added to the mandatory ones survives; left out means its default."""
    plain = finish(parse_steps([{"name": "S", "type": kind, **MINIMAL[kind]}]).sequence, Found)
    tried = 0
    for name, value in candidates(kind):
        try:
            parsed = parse_steps([{"name": "S", "type": kind, **MINIMAL[kind], name: value}])
        except InvalidInput as error:
            text = str(error)
            assert any(part in text for part in ("beside it", "exactly one", "only one", "works with", "is required"))
            continue
        done = finish(parsed.sequence, Found)
        tried += 1
        assert same(done, again(done)), (name, value)
        found = describe(done)[0]
        assert found.get(name) == value or (name not in found and same(done, plain)), (name, value, found)
    assert tried > 4


def test_order_and_defaults() -> None:
    found = yaml("RunCommandLineAction", CommandLine="x", Enabled=False, Timeout=900, Description="d", SuccessCodes="0")
    assert list(found.items()) == [
        ("name", "S"),
        ("type", "run_command_line"),
        ("description", "d"),
        ("enabled", False),
        ("timeout", 900),
        ("command_line", "x"),
        ("success_codes", [0]),
    ]


def test_run_in_is_shown_when_it_is_not_the_default() -> None:
    assert "run_in" not in yaml("RebootAction", Target="HD", SupportedEnvironment="winpeandfullos")
    assert yaml("RebootAction", Target="HD", SupportedEnvironment="WinPE")["run_in"] == "winpe"


def test_null_is_shown_where_it_is_not_the_default() -> None:
    assert yaml("RunPowerShellScriptAction", SourceScript="x")["execution_policy"] == "restricted"
    assert yaml("RebootAction", Target="HD")["message_timeout"] == 0


def test_secrets_are_the_constant() -> None:
    found = yaml("RunCommandLineAction", CommandLine="x", UserName="a", UserPassword="geheim", RunAsUser=True)
    assert found["password"] == STORED
    assert "password" not in yaml("RunCommandLineAction", CommandLine="x", UserPassword="")
    found = yaml("SetVariableAction", VariableName="A", VariableValue="geheim", DoNotShowVariableValue=True)
    assert (found["value"], found["secret"]) == (STORED, True)
    assert (
        yaml("SetVariableAction", VariableName="A", HiddenVariableValue=Secret("x"), DoNotShowVariableValue="true")[
            "value"
        ]
        == STORED
    )
    rules = '<Rules><Rule><Variables><Variable Name="A" IsSecret="true">geheim</Variable></Variables></Rule></Rules>\n'
    assert yaml("SetDynamicVariablesAction", Rules=rules)["rules"] == [
        {"set": [{"name": "A", "value": STORED, "secret": True}]}
    ]
    found = describe(Sequence([Step("BDD_X", {"Name": "S", "SafeModePassword": "geheim", "Server": "x"})]))[0]
    assert found["properties"] == {"SafeModePassword": STORED, "Server": "x"}
    assert "geheim" not in str(found)


def test_scripts_have_line_feeds() -> None:
    assert yaml("RunPowerShellScriptAction", SourceScript="//5BAA0ACgBCAA==")["script"] == "A\nB"
    assert yaml("RunPowerShellScriptAction", SourceScript="plain")["script"] == "plain"


def test_references_take_the_form_the_caller_knows() -> None:
    step = Step(PREFIX + "RunCommandLineAction", {"Name": "S", "CommandLine": "x", "PackageID": "PS100001"})
    assert describe(Sequence([step]))[0]["package"] == {"id": "PS100001"}
    asked: list[Ref] = []

    def name_of(ref: Ref) -> str:
        asked.append(ref)
        return "Tools"

    assert describe(Sequence([step]), name_of)[0]["package"] == "Tools"
    assert asked == [Ref("package", id="PS100001")]


def test_values_that_no_option_can_say_stay_in_properties() -> None:
    found = yaml("RunCommandLineAction", CommandLine="x", UserName="a", RunAsUser=False, ImageMemory="768")
    assert found["properties"] == {"RunAsUser": False, "ImageMemory": "768"}
    inner = Instance("Contoso_Item", {"A": 1})
    found = yaml("ContosoAction", Items=[inner])
    assert found["type"] == "SMS_TaskSequence_ContosoAction"
    assert found["properties"] == {"Items": [{"class": "Contoso_Item", "A": 1}]}


def test_exit_codes_that_are_no_list_stay_text() -> None:
    assert yaml("RunCommandLineAction", CommandLine="x", SuccessCodes="0  3010")["success_codes"] == "0  3010"
    assert yaml("RunCommandLineAction", CommandLine="x", SuccessCodes="")["success_codes"] == []


def test_readiness_that_is_off() -> None:
    found = yaml("PrestartCheckAction", CheckMemory=False, Memory=2048, CheckOSType=True, OSType="SERVER")
    assert found == {"name": "S", "type": "check_readiness", "memory": False, "os_type": "server"}


def test_conditions() -> None:
    operand = Operand(PREFIX + "VariableConditionExpression", {"Variable": "A", "Operator": "Equals", "Value": "b"})
    step = Step(PREFIX + "RebootAction", {"Name": "S", "Target": "HD", "MessageTimeout": 60}, [operand])
    assert describe(Sequence([step])) == [
        {
            "name": "S",
            "type": "restart_computer",
            "condition": [{"variable": "A", "value": "b"}],
            "restart_to": "installed_os",
        }
    ]


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 2**33)
    | st.floats(allow_nan=False)
    | st.text(max_size=6)
    | st.sampled_from(["id:PS100001", "PS100001", "true", "0 3010", STORED, "equals", "exists", "2025-06-01"])
    | st.dates(),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["id", "name", "type", "size", "variable", "value", "all", "set", "when", "class", "address"])
        | st.text(max_size=3),
        inner,
        max_size=3,
    ),
    max_leaves=6,
)


@given(st.data())
def test_no_input_is_a_traceback(data: st.DataObject) -> None:
    """Whatever stands in a play ends in steps or in a message; what is accepted comes back equal."""
    kind = data.draw(st.sampled_from(sorted(MINIMAL)))
    rule = load_rules().by_type(kind)
    assert rule is not None
    names = sorted([*rule.options, "properties"])
    junk = data.draw(st.dictionaries(st.sampled_from(names), JUNK, max_size=3))
    try:
        parsed = parse_steps([{"name": "S", "type": kind, **MINIMAL[kind], **junk}])
    except InvalidInput as error:
        assert error.problems
        return
    done = finish(parsed.sequence, Named)
    described = describe(done)
    parse_steps(described)
    assert same(done, finish(parse_steps(described).sequence, Named)), described
    check(done)


@given(st.data())
def test_no_stored_value_is_a_traceback(data: st.DataObject) -> None:
    """Whatever a site holds can be described."""
    rule = data.draw(st.sampled_from(load_rules().all()))
    values = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.text(max_size=3), max_size=2)
    properties = data.draw(st.dictionaries(st.sampled_from(sorted(rule.properties)), values, max_size=5))
    properties.pop("Rules", None)
    if rule.kind == "condition":
        sequence = Sequence([Step(PREFIX + "RebootAction", {"Name": "S"}, [Operand(rule.class_name, properties)])])
    else:
        sequence = Sequence([Step(rule.class_name, properties)])
    describe(sequence)
    check(sequence)
