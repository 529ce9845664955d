# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What becomes of secrets: sent, kept, refused, masked."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils._errors import InvalidInput, SecretUnreadable
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence import dynamic_variables
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.match import match
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.model import (
    GROUP,
    PREFIX,
    STORED,
    Secret,
    Sequence,
    Step,
    number_paths,
)
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.secret_places import secret_names
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.secrets import SecretReport, mask, settle
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.xml_write import write_sequence

JOIN = PREFIX + "JoinDomainWorkgroupAction"
MASKED = {"Name": "Set", "VariableName": "P", "DoNotShowVariableValue": True}


def join(password: t.Any = None, account: str | None = "CORP\\join", name: str = "Join") -> Step:
    return Step(JOIN, {"Name": name, "Type": 0, "DomainUsername": account, "DomainPassword": password})


def variable(**properties: t.Any) -> Step:
    return Step(PREFIX + "SetVariableAction", {**MASKED, **properties})


def rules(*secrets: tuple[str, str | None]) -> Step:
    items = [{"name": name, "value": Secret(value), "secret": True} for name, value in secrets]
    text = dynamic_variables.build([{"set": items}])
    return Step(PREFIX + "SetDynamicVariablesAction", {"Name": "Rules", "Rules": text})


def settled(new: Step, old: Step | None, **options: t.Any) -> tuple[Step, SecretReport]:
    wanted = Sequence([new])
    number_paths(wanted)
    stored = Sequence([old]) if old is not None else None
    found = match(stored, wanted) if stored is not None else None
    return new, settle(wanted, stored, found, **options)


def test_a_secret_of_the_play_is_sent() -> None:
    step, report = settled(join(Secret("new")), join("stored"))
    assert step.properties["DomainPassword"] == Secret("new")
    assert (report.sent, report.kept, report.forces_write) == (["steps[0].password"], [], False)


@pytest.mark.parametrize("given", [None, "", STORED, Secret(None), Secret(STORED)])
def test_what_the_play_does_not_give_is_kept(given: t.Any) -> None:
    step, report = settled(join(given), join("opaque token"))
    assert step.properties["DomainPassword"] == Secret("opaque token")
    assert (report.sent, report.kept) == ([], ["steps[0].password"])


def test_kept_along_a_rename_but_not_for_another_account() -> None:
    assert settled(join(name="Renamed"), join("stored"))[1].kept == ["steps[0].password"]
    with pytest.raises(SecretUnreadable, match="the account is another one"):
        settled(join(account="CORP\\other"), join("stored"))
    step, report = settled(join(account=None), join("stored"))
    assert step.properties["DomainPassword"] is None
    assert report == SecretReport()


def test_a_blank_answer_of_the_site_refuses_the_write() -> None:
    for blank in (None, ""):
        with pytest.raises(SecretUnreadable) as caught:
            settled(join(), join(blank))
        assert caught.value.code == "secret_unreadable"
        assert "steps[0].password (Join)" in str(caught.value)
        assert caught.value.detail[0]["path"] == "steps[0].password"
    _unused, report = settled(join(), join(None), allow_blank_secrets=True)
    assert report.blanked == ["steps[0].password"]
    # Nothing is written, so nothing is lost.
    settled(join(), join(None), writing=False)
    assert settled(join(Secret("given")), join(None))[1].sent == ["steps[0].password"]


def test_a_blank_answer_without_an_account_is_no_loss() -> None:
    step = Step(PREFIX + "ApplyWindowsSettingsAction", {"Name": "W", "ProductKey": "", "RandomAdminPassword": True})
    other = Step(step.class_name, dict(step.properties))
    assert settled(step, other)[1] == SecretReport()


@pytest.mark.parametrize("constant", [STORED, Secret(None), Secret(STORED)])
def test_the_constant_needs_a_stored_secret(constant: t.Any) -> None:
    with pytest.raises(InvalidInput, match=r"steps\[0\].password \(Join\).*give its value") as caught:
        settled(join(constant), None, writing=False)
    assert not isinstance(caught.value, SecretUnreadable)
    with pytest.raises(InvalidInput, match="stands for a stored secret"):
        settled(join(constant, account="CORP\\other"), join("stored"))
    with pytest.raises(SecretUnreadable):
        settled(join(constant), join(""))


def test_all_problems_are_in_one_error() -> None:
    wanted = Sequence([join(STORED, name="One"), Step(GROUP, {"Name": "G"}, None, [join(STORED, name="Two")])])
    number_paths(wanted)
    with pytest.raises(InvalidInput) as caught:
        settle(wanted, None, None)
    assert [problem.path for problem in caught.value.problems] == ["steps[0].password", "steps[1].steps[0].password"]


def test_on_create_sends_to_new_steps_only() -> None:
    assert settled(join(Secret("x")), None, update_secrets="on_create")[1].sent == ["steps[0].password"]
    step, report = settled(join(Secret("x")), join("stored"), update_secrets="on_create")
    assert (step.properties["DomainPassword"], report.kept) == (Secret("stored"), ["steps[0].password"])
    with pytest.raises(SecretUnreadable, match="on_create"):
        settled(join(Secret("x")), join(""), update_secrets="on_create")
    # The stored step had no account, hence no secret: there is nothing to keep.
    step, report = settled(join(Secret("x")), join(None, account=None), update_secrets="on_create")
    assert report.sent == ["steps[0].password"]


def test_always_forces_a_write_when_the_play_gives_a_secret() -> None:
    assert settled(join(Secret("x")), join("x"), update_secrets="always", writing=False)[1].forces_write
    assert not settled(join(), join("x"), update_secrets="always", writing=False)[1].forces_write
    wanted = Sequence([join(Secret("x")), join(None, name="Other")])
    stored = Sequence([join("y"), join(None, name="Other")])
    with pytest.raises(SecretUnreadable, match="Other"):
        settle(wanted, stored, match(stored, wanted), update_secrets="always", writing=False)


def test_an_empty_secret_clears() -> None:
    step, _unused = settled(join(Secret("")), join("stored"))
    assert step.properties["DomainPassword"] == ""


def test_a_new_step_without_its_secret_is_reported() -> None:
    assert settled(join(), None)[1].missing == ["steps[0].password"]


@pytest.mark.parametrize("home", ["VariableValue", "HiddenVariableValue"])
def test_masked_variables_are_kept_where_the_site_has_them(home: str) -> None:
    for given in ({}, {"HiddenVariableValue": Secret(None)}, {"VariableValue": "", "HiddenVariableValue": ""}):
        step, report = settled(variable(**given), variable(**{home: "stored"}))
        assert step.properties[home] == Secret("stored")
        assert report.kept == ["steps[0].value"]
    step, report = settled(variable(HiddenVariableValue=Secret("new")), variable(**{home: "stored"}))
    assert step.properties["HiddenVariableValue"] == Secret("new")
    assert not step.properties.get("VariableValue")


def test_masked_variables_that_cannot_be_read_or_are_masked_no_more() -> None:
    with pytest.raises(SecretUnreadable):
        settled(variable(), variable(VariableValue="", HiddenVariableValue=""))
    step, report = settled(
        variable(DoNotShowVariableValue=False, VariableValue="open"), variable(HiddenVariableValue="stored")
    )
    assert step.properties["VariableValue"] == "open"
    assert not step.properties.get("HiddenVariableValue")
    assert report == SecretReport()
    with pytest.raises(SecretUnreadable):
        settled(variable(VariableName="Other"), variable(HiddenVariableValue="stored"))


def test_secret_dynamic_variables() -> None:
    old = rules(("A", "one"), ("B", "two"))
    step, report = settled(rules(("B", None), ("A", "new"), ("C", "three")), old)
    assert [v.value for v in dynamic_variables.secrets(step.properties["Rules"])] == ["two", "new", "three"]
    assert (len(report.kept), len(report.sent)) == (1, 2)
    with pytest.raises(InvalidInput, match="secret variable C"):
        settled(rules(("C", None)), old)
    with pytest.raises(SecretUnreadable, match="secret variable A"):
        settled(rules(("A", "")), rules(("A", "")))
    step, _unused = settled(rules(("A", "new")), old, update_secrets="on_create")
    assert dynamic_variables.secrets(step.properties["Rules"])[0].value == "one"


def test_password_properties_of_undocumented_classes() -> None:
    old = Step(
        "BDD_ConfigureADDS", {"Name": "A", "ADDSUserName": "adm", "ADDSPassword": "p", "SafeModeAdminPassword": "s"}
    )
    new = Step("BDD_ConfigureADDS", {"Name": "A", "ADDSUserName": "adm"})
    assert secret_names(old) == ["ADDSPassword", "SafeModeAdminPassword"]
    step, _unused = settled(new, old)
    assert (step.properties["ADDSPassword"], step.properties["SafeModeAdminPassword"]) == (Secret("p"), Secret("s"))
    blank = Step("BDD_ConfigureADDS", {**old.properties, "ADDSPassword": ""})
    with pytest.raises(SecretUnreadable, match="ADDSPassword"):
        settled(Step("BDD_ConfigureADDS", {"Name": "A", "ADDSUserName": "adm"}), blank)


EVERY_SECRET = [
    ("ApplyNetworkSettingsAction", "DomainPassword", {"DomainUsername": "a"}),
    ("JoinDomainWorkgroupAction", "DomainPassword", {"DomainUsername": "a"}),
    ("ApplyWindowsSettingsAction", "AdminPassword", {"RandomAdminPassword": False}),
    ("CaptureSystemImageAction", "CapturePassword", {"CaptureUsername": "a"}),
    ("ConnectNetworkFolderAction", "Password", {"Username": "a"}),
    ("EnableBitLockerAction", "PIN", {"Mode": "TPMAndPIN"}),
    ("RestoreUserStateAction", "LocalAccountPassword", {"LocalAccounts": True}),
    ("RunCommandLineAction", "UserPassword", {"UserName": "a"}),
    ("RunPowerShellScriptAction", "UserPassword", {"UserName": "a"}),
]


@pytest.mark.parametrize(("kind", "name", "account"), EVERY_SECRET)
def test_every_documented_secret_is_kept_refused_and_masked(kind: str, name: str, account: dict[str, t.Any]) -> None:
    def step(value: t.Any) -> Step:
        return Step(PREFIX + kind, {"Name": "S", **account, name: value})

    assert settled(step(None), step("k"))[0].properties[name] == Secret("k")
    with pytest.raises(SecretUnreadable):
        settled(step(None), step(""))
    assert mask(Sequence([step("1")])).steps[0].properties[name] == STORED
    assert mask(Sequence([step("")])).steps[0].properties[name] == ""


CANARIES = ["7", "pin4", "a canary of thirty characters!"]


@pytest.mark.parametrize("canary", CANARIES)
def test_a_mask_leaves_no_secret_and_touches_nothing_else(canary: str) -> None:
    sequence = Sequence(
        [
            join(canary),
            join(Secret(canary)),
            variable(VariableValue=canary, HiddenVariableValue=Secret(canary)),
            rules(("A", canary)),
            Step("BDD_X", {"Name": "B", "SomePassword": canary, "xml:action": f"run.exe /p:{canary}."}),
            Step(GROUP, {"Name": "G"}, None, [Step(PREFIX + "ApplyWindowsSettingsAction", {"ProductKey": canary})]),
        ]
    )
    masked = mask(sequence)
    assert canary not in write_sequence(masked).replace("3.10", "")
    assert canary not in repr(masked).replace("3.10", "")
    assert masked.steps[0].properties["DomainUsername"] == "CORP\\join"
    # The original is untouched, and a backup holds nothing at all.
    assert sequence.steps[0].properties["DomainPassword"] == canary
    assert STORED not in write_sequence(mask(sequence, ""))
