# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the safety gate decides, from facts alone."""

from __future__ import annotations

import datetime
import typing as t

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils import _errors as errors
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.instance import Instance
from ansible_collections.configmgr.osd.plugins.plugin_utils._provider.references import parse_ref
from ansible_collections.configmgr.osd.plugins.plugin_utils._provider.schedules import ONCE, Kept, Token
from ansible_collections.configmgr.osd.plugins.plugin_utils._provider.times import Moment
from ansible_collections.configmgr.osd.plugins.plugin_utils._resources import _gate as gate
from ansible_collections.configmgr.osd.plugins.plugin_utils._resources._gate import Risk, Target, Unwanted
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.model import Sequence, Step

FAR = Moment(datetime.datetime(2099, 1, 1), False)
PAST = Moment(datetime.datetime(2001, 1, 1), False)
HIGH, LOW = Risk(True, ["the step Format formats a disk"]), Risk(False)
SMALL = Target("P0100021", "Kiosks", 9)
LARGE = Target("P0100022", "Finance", 101)
EVERYTHING = Target("SMS00001", "All Systems", 412, True)
UNKNOWN = Target("SMS000US", "All Unknown Computers", 2, True)
NOBODY = Unwanted([], [])


def state(purpose: str = "required", visible: str = "clients", begin: Moment | None = None, **more: t.Any) -> t.Any:
    events = 0x20 if purpose == "required" else 0
    values = {"purpose": purpose, "make_available_to": visible, "available_at": begin, "events": events, "tokens": []}
    return {**values, **more}


def decide(what: t.Any, target: Target = SMALL, risk: Risk = HIGH, unwanted: t.Any = NOBODY, **more: t.Any) -> t.Any:
    return gate.decide(what, target, risk, unwanted, **more)


def refused(what: t.Any, target: Target = SMALL, risk: Risk = HIGH, unwanted: t.Any = NOBODY, **more: t.Any) -> str:
    with pytest.raises(errors.GateRefused) as caught:
        decide(what, target, risk, unwanted, **more)
    return caught.value.message


# -- the task sequence ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "PartitionDiskAction",
        "ConvertDiskAction",
        "ApplyOperatingSystemAction",
        "ApplyDataImageAction",
        "UpgradeOperatingSystemAction",
        "CaptureSystemImageAction",
        "PrepareOSAction",
    ],
)
def test_risky_steps(name: str) -> None:
    """In a group too, but not when they, or a group around them, are disabled."""
    step = Step(f"SMS_TaskSequence_{name}", {"Name": "Danger"})
    group = Step("SMS_TaskSequence_Group", {"Name": "All"}, steps=[step])
    (found,) = gate.step_risks(Sequence([group]))
    assert found.startswith("the step Danger (")
    step.properties["Enabled"] = False
    assert not gate.step_risks(Sequence([group]))
    step.properties["Enabled"] = True
    assert gate.step_risks(Sequence([group]))
    group.properties["Enabled"] = False
    assert not gate.step_risks(Sequence([group]))


def test_harmless_steps() -> None:
    for name in ("RunCommandLineAction", "RebootAction", "InstallSoftwareAction", "PrestartCheckAction"):
        assert not gate.step_risks(Sequence([Step(f"SMS_TaskSequence_{name}", {"Name": "x"})]))


def test_what_the_package_says() -> None:
    for properties, count in (
        ({}, 0),
        ({"Type": 1, "HighImpactTaskSequence": 0}, 0),
        ({"Type": 2}, 1),
        ({"Type": 1, "HighImpactTaskSequence": 1}, 1),
        ({"Type": 2, "HighImpactTaskSequence": 1}, 2),
    ):
        assert len(gate.package_risks(Instance("SMS_TaskSequencePackage", properties))) == count


# -- refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "target", "risk", "count"),
    [
        # (1) the size: only high-risk and required.
        (state(), LARGE, HIGH, 1),
        (state(), Target("P0100022", "Finance", 100), HIGH, 0),
        (state(), LARGE, LOW, 0),
        (state("available"), LARGE, HIGH, 0),
        (state("available", "media_pxe"), LARGE, HIGH, 0),
        # (2) built-in collections: any required, and any that media and PXE see.
        (state(), EVERYTHING, LOW, 1),
        (state(), EVERYTHING, HIGH, 2),
        (state("available"), EVERYTHING, HIGH, 0),
        (state("available", "clients_media_pxe"), EVERYTHING, LOW, 1),
        (state("required", "media_pxe_hidden", FAR), EVERYTHING, LOW, 2),
        # The standard bare-metal case is available; a required one installs every unknown machine.
        (state("available", "media_pxe"), UNKNOWN, HIGH, 0),
        (state("available", "clients_media_pxe", FAR), UNKNOWN, HIGH, 0),
        (state(), UNKNOWN, LOW, 1),
        (state(), UNKNOWN, HIGH, 1),
        # Times that PXE ignores.
        (state("required", "media_pxe"), SMALL, HIGH, 0),
        (state("required", "media_pxe", PAST), SMALL, HIGH, 0),
        (state("required", "media_pxe", FAR), SMALL, LOW, 1),
        (state("required", "media_pxe", Moment(FAR.clock, True)), SMALL, LOW, 1),
        (state("required", "clients", FAR), SMALL, LOW, 0),
        (state("available", "media_pxe", FAR), SMALL, LOW, 0),
        (state("required", "media_pxe", events=0, tokens=[Token(ONCE, FAR)]), SMALL, LOW, 1),
        (state("required", "media_pxe", events=0x20, tokens=[Token(ONCE, FAR)]), SMALL, LOW, 0),
        (state("required", "media_pxe", events=0, tokens=[Token(ONCE, FAR), Token(ONCE, PAST)]), SMALL, LOW, 0),
        (state("required", "media_pxe", events=0, tokens=[Kept.of("SMS_ST_X", {})]), SMALL, LOW, 0),
    ],
)
def test_refusals(what: t.Any, target: Target, risk: Risk, count: int) -> None:
    found = gate.refusals(what, target, risk, NOBODY, protected=False, max_targets=100)
    assert len(found) == count, found
    if count:
        assert "says that this is meant" in refused(what, target, risk)
        decision = decide(what, target, risk, confirm=target.name, max_targets=target.members)
        assert decision.confirmed_by == target.name
        assert decision.gate["reasons"] == [*risk.reasons, *found]
    else:
        assert decide(what, target, risk).confirmed_by is None


def test_members_that_must_not_be_reached() -> None:
    """(3), each with its names; only for what is high-risk and required."""
    unwanted = Unwanted(["CM01"], ["DC01", "DC02"])
    text = refused(state(), SMALL, HIGH, unwanted, protected=True)
    assert "one of protected_collections" in text
    assert "reaches the site systems CM01" in text
    assert "reaches DC01, DC02 (never_include)" in text
    assert "high-risk: the step Format formats a disk" in text
    assert decide(state("available"), SMALL, HIGH, unwanted, protected=True).confirmed_by is None
    assert decide(state(), SMALL, LOW, unwanted, protected=True).confirmed_by is None
    assert decide(state(), SMALL, HIGH, unwanted, protected=True, confirm="Kiosks").confirmed_by == "Kiosks"
    many = Unwanted([f"DP{number:02d}" for number in range(12)], [])
    assert "DP09 and 2 more" in refused(state(), SMALL, HIGH, many)


def test_unknown_computers_are_more_than_their_two_members() -> None:
    assert "it runs on every unknown device that network-boots" in refused(state(), UNKNOWN, LOW)


@pytest.mark.parametrize(
    ("confirm", "max_targets", "says"),
    [
        (None, 100, 'confirm: "Finance" says that this is meant'),
        ("finance", 500, "confirm"),
        ("P0100022", 500, "confirm"),
        # The name alone, as a template gives it, does not open the gate for a collection that has grown.
        ("Finance", 100, "max_targets (100): Finance has 101 members"),
        ("Finance", 50, "max_targets (50)"),
        # Nor does a limit that somebody set once for all plays.
        (None, 5000, "confirm"),
    ],
)
def test_the_name_and_the_count_belong_together(confirm: str | None, max_targets: int, says: str) -> None:
    text = refused(state(), LARGE, HIGH, confirm=confirm, max_targets=max_targets)
    assert says in text
    assert ("max_targets:" in text) == (max_targets < 101)
    assert decide(state(), LARGE, HIGH, confirm="Finance", max_targets=101).confirmed_by == "Finance"


def test_a_smaller_limit_counts() -> None:
    assert "reaches 9 devices" in refused(state(), SMALL, HIGH, max_targets=5)
    assert decide(state(), SMALL, HIGH, max_targets=9).confirmed_by is None


def test_what_is_said_where_nothing_is_refused() -> None:
    decision = decide(state(), LARGE, LOW)
    assert "required and Finance has 101 members, more than max_targets (100)" in decision.warnings[0]
    assert decision.notes == ["It is required; Finance has 101 members."]
    decision = decide(state(), SMALL, LOW)
    assert not decision.warnings
    decision = decide(state("available"), LARGE, HIGH)
    assert "offered in Software Center and Finance has 101 members" in decision.warnings[0]
    assert not decide(state("available", "media_pxe"), LARGE, HIGH).warnings
    assert not decide(state("available"), SMALL, HIGH).warnings
    assert not decide(state("available"), LARGE, LOW).warnings


def test_what_is_only_planned_has_no_size() -> None:
    decision = decide(state(), Target("", "Later", None), Risk(None))
    assert decision.gate == {"members": None, "high_risk": None, "reasons": [], "confirmed_by": None}


def test_the_rows_of_collections() -> None:
    row = Instance("SMS_Collection", {"CollectionID": "SMSDM003", "Name": "All Clients", "MemberCount": 398})
    assert Target.of(row) == Target("SMSDM003", "All Clients", 398, True)
    row = Instance("SMS_Collection", {"CollectionID": "P0100009", "Name": "x", "IsBuiltIn": True})
    assert Target.of(row).built_in


# -- changed steps -------------------------------------------------------------------------------


def test_new_steps_for_what_is_required_already() -> None:
    targets = {"A1 (One)": SMALL, "A2 (Two)": LARGE, "A3 (Three)": EVERYTHING}
    with pytest.raises(errors.GateRefused) as caught:
        gate.decide_steps(targets, HIGH)
    text = caught.value.message
    assert "the advertisement A2 (Two) requires it on 101 members of Finance" in text
    assert 'confirm: ["Finance"]' in text
    assert 'confirm: ["All Systems"]' in text
    assert "A1" not in text
    with pytest.raises(errors.GateRefused, match="max_targets"):
        gate.decide_steps(targets, HIGH, confirm=["Finance", "All Systems"], max_targets=411)
    with pytest.raises(errors.GateRefused, match="All Systems"):
        gate.decide_steps(targets, HIGH, confirm=["Finance"], max_targets=500)
    decision = gate.decide_steps(targets, HIGH, confirm=["Finance", "All Systems"], max_targets=412)
    assert decision.confirmed_by == "All Systems, Finance"
    assert decision.members == 412


def test_new_steps_for_few_devices() -> None:
    decision = gate.decide_steps({"A1 (One)": SMALL}, HIGH)
    assert decision.confirmed_by is None
    assert "A1 (One) on 9 members of Kiosks" in decision.notes[0]
    assert gate.decide_steps({}, HIGH).notes == []


def test_a_collection_that_the_account_does_not_see_is_large() -> None:
    hidden = {"A1 (One)": Target("P0100030", "P0100030", None)}
    with pytest.raises(errors.GateRefused, match="on an unknown number of P0100030"):
        gate.decide_steps(hidden, HIGH)
    assert gate.decide_steps(hidden, HIGH, confirm=["P0100030"]).confirmed_by == "P0100030"


@pytest.mark.parametrize("own", ["SMS000US", "sms000us", "SMSDM003", "SMS00001", "P0100021"])
def test_ids_of_built_in_collections(own: str) -> None:
    """Not all of them are numbers."""
    for value in ({"id": own}, f"id:{own}"):
        assert parse_ref(value, "collection", "collection").id == own.upper()
    with pytest.raises(errors.InvalidInput, match="is not the ID of a collection"):
        parse_ref({"id": "P010002X"}, "collection", "collection")
