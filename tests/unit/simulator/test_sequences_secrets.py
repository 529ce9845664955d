# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What becomes of secrets on their way out of the simulated site and back, in all three modes."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.configmgr.osd.tests.simulator.objects import Obj
from ansible_collections.configmgr.osd.tests.simulator.sequences import model, secrets
from ansible_collections.configmgr.osd.tests.unit.simulator.sequences_support import (
    BareSite,
    command,
    group,
    set_variable,
    step,
)

RULES = (
    '<Rules><Rule><Variables><Variable Name="Open" IsSecret="false">seen</Variable>'
    '<Variable Name="Hidden" IsSecret="true">r&lt;ule&amp;</Variable>'
    '<Variable Name="Empty" IsSecret="true"></Variable></Variables></Rule></Rules>\n'
)
STEPS = (
    command("Account", RunAsUser=True, UserName="CORP\\u", UserPassword="a1"),
    group("Inner", step("ApplyWindowsSettingsAction", "Windows", RandomAdminPassword=False, RegisteredOrgName="O",
                        RegisteredUserName="U", TimeZone="UTC", AdminPassword="b2", ProductKey="c3")),
    set_variable("Masked", "P", "d4", DoNotShowVariableValue=True, HiddenVariableValue="e5"),
    set_variable("Plain", "Q", "f6"),
    step("SetDynamicVariablesAction", "Rules", Rules=RULES),
    step("BDD_ConfigureADDS", "Directory", SafeModeAdminPassword="g7", ADDSUserName="u"),
)
VALUES = ("a1", "b2", "c3", "d4", "e5", "r<ule&", "g7")
PLACES = {
    "/Account.UserPassword": "a1", "/Inner/Windows.AdminPassword": "b2", "/Inner/Windows.ProductKey": "c3",
    "/Masked.VariableValue": "d4", "/Masked.HiddenVariableValue": "e5", "/Rules.Rules[Hidden]": "r<ule&",
    "/Rules.Rules[Empty]": "", "/Directory.SafeModeAdminPassword": "g7",
}


def found(site: BareSite, sequence: Obj) -> dict[str, str]:
    return {str(place): value for place, value in secrets.places(model.forms_of(site), sequence).items()}


def flat(value: t.Any) -> list[str]:
    if isinstance(value, Obj):
        return [text for item in value.props.values() for text in flat(item)]
    if isinstance(value, list):
        return [text for item in value for text in flat(item)]
    return [value] if isinstance(value, str) else []


def stored(site: BareSite, row: Obj) -> dict[str, str]:
    return found(site, model.recall(site, row))


def test_clear_shows_everything() -> None:
    site = BareSite(secrets="clear")
    row = site.create(*STEPS)
    assert found(site, site.read(row)) == PLACES
    assert "f6" in flat(site.read(row))


def test_opaque_shows_tokens_that_are_new_each_time_and_come_back_as_the_secret() -> None:
    site = BareSite(secrets="opaque")
    row = site.create(*STEPS)
    first, second = site.read(row), site.read(row)
    shown = found(site, first)
    assert set(shown) == set(PLACES)
    assert shown["/Rules.Rules[Empty]"] == ""
    tokens = [value for value in shown.values() if value]
    assert len(tokens) == len(VALUES) and all(secrets.TOKEN.fullmatch(value) for value in tokens)
    assert not set(tokens) & set(found(site, second).values()) - {""}
    assert "seen" in first.props["Steps"][4].get("Rules") and "f6" in flat(first)
    for one in (second, first):
        row = site.row(str(row.get("PackageID")))
        site.call("SetSequence", TaskSequencePackage=row, TaskSequence=one)
        assert stored(site, row) == PLACES
    assert "secret" not in site.kinds()


def test_blank_shows_nothing_and_writing_it_back_wipes_the_secrets() -> None:
    site = BareSite(secrets="blank")
    row = site.create(*STEPS)
    read = site.read(row)
    assert set(found(site, read).values()) == {""}
    assert stored(site, row) == PLACES
    site.call("SetSequence", TaskSequencePackage=row, TaskSequence=read)
    assert set(stored(site, row).values()) == {""}
    lines = [facts["what"] for kind, facts in site.notes if kind == "secret"]
    assert len(lines) == len(VALUES) and all(line.startswith("SECRET BLANKED") for line in lines)


@pytest.mark.parametrize("mode", ["opaque", "blank"])
def test_no_secret_leaves_the_site(mode: str) -> None:
    site = BareSite(secrets=mode)
    row = site.create(*STEPS)
    seen = "\n".join([*flat(site.read(row)), str(row.get("Sequence"))])
    for value in ("a1", "b2", "c3", "d4", "e5", "r<ule", "r&lt;ule", "r&amp;lt;ule", "g7"):
        assert f">{value}<" not in seen and f"={value}\"" not in seen and value not in seen.splitlines(), value


def test_the_mode_can_change_at_run_time() -> None:
    site = BareSite(secrets="blank")
    row = site.create(*STEPS)
    assert set(found(site, site.read(row)).values()) == {""}
    site.switches.update({"secrets": "clear"})
    assert found(site, site.read(row)) == PLACES
    text = model.shown_text(site, row)  # type: ignore[arg-type]
    assert text is not None and ">a1<" in text and ">a1<" not in row.get("Sequence")
    assert site.call("SaveToXml", "SMS_TaskSequence", TaskSequence=site.read(row))["ReturnValue"] == text
    assert model.shown_text(site, row) == text  # type: ignore[arg-type]


def test_a_token_moves_with_its_step_and_into_a_copy() -> None:
    site = BareSite(secrets="opaque")
    row = site.create(*STEPS)
    read = site.read(row)
    moved = site.create(*reversed(read.props["Steps"]), name="Copy")
    assert set(stored(site, moved).values()) == set(PLACES.values())


def test_unknown_misplaced_and_dropped_secrets_are_noted() -> None:
    site = BareSite(secrets="opaque")
    row = site.create(command("Account", UserPassword="a1"), set_variable("Masked", "P", "d4",
                                                                          DoNotShowVariableValue=True))
    token = site.read(row).props["Steps"][0].get("UserPassword")
    site.call("SetSequence", TaskSequencePackage=row, TaskSequence=Obj("SMS_TaskSequence", {"Steps": [
        command("Account", UserPassword=secrets.TOKEN_START + "0" * 32),
        set_variable("Open", "P", token),
    ]}))
    lines = " | ".join(str(facts.get("what")) for kind, facts in site.notes if kind == "secret")
    assert "SECRET LOST: /Account.UserPassword" in lines
    assert "TOKEN MISPLACED: Open.VariableValue" in lines
    assert "SECRET DROPPED: /Masked.VariableValue" in lines


def test_null_stays_null() -> None:
    for mode in ("clear", "opaque", "blank"):
        site = BareSite(secrets=mode)
        row = site.create(command("Account"))
        assert site.read(row).props["Steps"][0].get("UserPassword") is None


def test_export_xml_and_save_to_xml() -> None:
    site = BareSite(secrets="clear")
    row = site.create(*STEPS)
    text = site.call("SaveToXml", "SMS_TaskSequence", TaskSequence=site.read(row))["ReturnValue"]
    assert 'property="UserPassword">a1<' in text and "r&amp;lt;ule&amp;amp;" in text
    exported = site.call("ExportXml", "SMS_TaskSequence", Xml=text)["ReturnValue"]
    assert 'property="UserPassword"></variable>' in exported
    assert "tsenv.exe \"P=\" /hiddenflag:True" in exported
    imported = site.call("ImportSequence", SequenceXML=exported)["TaskSequence"]
    assert set(found(site, imported).values()) == {""}


def test_getting_from_a_handed_instance_resolves_its_tokens() -> None:
    site = BareSite(secrets="opaque", get_sequence_source="given")
    row = site.create(*STEPS)
    read = site.read(row)
    site.call("SetSequence", TaskSequencePackage=site.row(str(row.get("PackageID"))), TaskSequence=read)
    assert stored(site, row) == PLACES
