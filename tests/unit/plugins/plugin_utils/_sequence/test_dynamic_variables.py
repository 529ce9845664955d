# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules of Set Dynamic Variables: XML text and structure."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils._errors import InvalidInput
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence import dynamic_variables
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.model import STORED, Secret
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.xml_read import read_sequence

SHARED = os.environ.get("CONFIGMGR_SHARED", "")

RULES = [
    {"when": {"make": "Dell*", "model": "*7440*"}, "set": {"DriverPackage": "DELL7440"}},
    {
        "when": {"variable": "OSDComputerName", "operator": "not_like", "value": "KIOSK%"},
        "set": [{"name": "BiosPassword", "value": Secret("x<y"), "secret": True}, {"name": "Plain", "value": ""}],
    },
    {"when": {"variable": "Done", "operator": "exists"}, "set": {"A": "1", "B": "2"}},
    {"when": {"model": "Virtual*"}, "set": {"IsVM": "true"}},
    {"when": {"serial_number": "S1"}, "set": {"A": "2"}},
    {"when": {"default_gateway": "10.0.0.1"}, "set": {"Site": "HQ & more"}},
    {"set": {"Site": "HQ"}},
]


def test_the_product_form() -> None:
    text = dynamic_variables.build(RULES[:1] + RULES[-1:])
    assert text == (
        '<Rules><Rule><condition><expression type="SMS_TaskSequence_MakeModelConditionExpression">'
        '<variable name="Make">Dell*</variable><variable name="Model">*7440*</variable></expression></condition>'
        '<Variables><Variable Name="DriverPackage" IsSecret="false">DELL7440</Variable></Variables></Rule>'
        '<Rule><Variables><Variable Name="Site" IsSecret="false">HQ</Variable></Variables></Rule></Rules>\n'
    )


def test_structure_comes_back() -> None:
    assert dynamic_variables.parse(dynamic_variables.build(RULES)) == RULES


@pytest.mark.skipif(not SHARED, reason="no shared folder")
def test_every_real_text_comes_back_byte_by_byte() -> None:
    seen = 0
    for path in sorted(Path(SHARED, "corpus").glob("*.xml")):
        for step in read_sequence(path.read_bytes()).walk():
            text = step.properties.get("Rules")
            if text is not None:
                seen += 1
                rules = dynamic_variables.parse(text)
                assert dynamic_variables.build(rules) == text, path.name
                assert not any("xml" in rule or "xml" in rule.get("when", {}) for rule in rules)
    assert seen == 49


def test_unknown_conditions_and_rules_stay_as_they_are() -> None:
    condition = '<condition><expression type="New_Expression"><variable name="A">b</variable></expression></condition>'
    rule = '<Rule kind="new"><Variables><Variable Name="A" IsSecret="false">c</Variable></Variables></Rule>'
    settings = '<Variables><Variable Name="A" IsSecret="false">c</Variable></Variables>'
    text = f"<Rules><Rule>{condition}{settings}</Rule>{rule}</Rules>\n"
    parsed = dynamic_variables.parse(text)
    assert parsed == [{"when": {"xml": condition}, "set": {"A": "c"}}, {"xml": rule}]
    assert dynamic_variables.build(parsed) == text


def test_another_spelling_of_a_name_is_not_rewritten() -> None:
    text = dynamic_variables.build([RULES[4]]).replace("MacAddress", "MACAddress")
    parsed = dynamic_variables.parse(text)
    assert "MACAddress" in parsed[0]["when"]["xml"]
    assert dynamic_variables.build(parsed) == text


def test_duplicates_and_secrets_need_the_list_form() -> None:
    text = dynamic_variables.build([{"set": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]}])
    assert dynamic_variables.parse(text)[0]["set"] == [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]
    kept = dynamic_variables.build([{"set": [{"name": "P", "secret": True}]}])
    assert dynamic_variables.parse(kept)[0]["set"] == [{"name": "P", "secret": True}]
    constant = dynamic_variables.build([{"set": [{"name": "P", "value": Secret(None)}]}])
    assert dynamic_variables.parse(constant)[0]["set"] == [{"name": "P", "value": STORED, "secret": True}]


def test_secrets_can_be_listed_and_replaced() -> None:
    text = dynamic_variables.build(RULES)
    (found,) = dynamic_variables.secrets(text)
    assert (found.name, found.value) == ("BiosPassword", "x<y")
    replaced = dynamic_variables.replace_secrets(text, ["new&"])
    assert "x&lt;y" not in replaced
    assert dynamic_variables.secrets(replaced)[0].value == "new&"
    assert replaced.endswith("\n")


def test_equal_rules_have_one_structure_whatever_their_secrets() -> None:
    text = dynamic_variables.build(RULES)
    other = dynamic_variables.replace_secrets(text, ["other"]).replace("><Rule>", ">\r\n<Rule>")
    assert dynamic_variables.structure(other) == dynamic_variables.structure(text)
    assert dynamic_variables.structure(text.replace("HQ<", "Branch<")) != dynamic_variables.structure(text)
    assert dynamic_variables.structure(text.replace('"true"', '"false"')) != dynamic_variables.structure(text)
    assert dynamic_variables.structure("no xml") == "no xml"


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ([{"when": {"variable": "X", "operator": "sounds_like", "value": "1"}, "set": {"A": "1"}}], "sounds_like"),
        ([{"when": {"variable": "X"}, "set": {"A": "1"}}], "needs a value"),
        ([{"when": {"make": "x", "uuid": "y"}, "set": {"A": "1"}}], "when is one of"),
        ([{"when": {"xml": "<condition>"}, "set": {"A": "1"}}], "not well-formed"),
        ([{"when": {"xml": "<other/>"}, "set": {"A": "1"}}], "one <condition> element"),
        ([{"when": {"make": "x"}}], "set is missing"),
        ([{"set": {"A": ["list"]}}], "A has to be a text"),
        ([{"set": [{"value": "1"}]}], "name, value and secret"),
        ([{"if": {}}, {"set": 1}], r"rules\[0\].*rules\[1\]"),
    ],
)
def test_what_cannot_be_written_names_the_rule(rules: list, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        dynamic_variables.build(rules)


def test_a_text_that_is_no_rules_document_is_refused() -> None:
    for text in ("", "<Rule/>", "<!DOCTYPE a><Rules/>", "<Rules>"):
        with pytest.raises(InvalidInput):
            dynamic_variables.parse(text)
    assert dynamic_variables.secrets("<Rules>") == []
