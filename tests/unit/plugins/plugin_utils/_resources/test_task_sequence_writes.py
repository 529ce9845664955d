# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a site may do with a written task sequence: other forms, losses, lost answers, conflicts, switches."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils._resources import _ts_site
from ansible_collections.configmgr.osd.tests.simulator.sequences import package_methods
from tests.unit.plugins.plugin_utils._resources.bench import PACKAGE, STEPS, Bench, command

MODULE = "cm_task_sequence"
STANDARD = "PS100041"
STANDARD_NAME = "Windows 11 - Standard desktop"


@pytest.fixture
def bench() -> Bench:
    return Bench()


# -- after the write -----------------------------------------------------------------------------------


class Meddling:
    """Changes what the site stores, behind the back of the client."""

    def __init__(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        self.change: t.Callable[[t.Any], None] = lambda sequence: None
        real = package_methods._stored_form

        def stored_form(site: t.Any, sequence: t.Any) -> t.Any:
            made = real(site, sequence)
            self.change(made)
            return made

        monkeypatch.setattr(package_methods, "_stored_form", stored_form)


@pytest.fixture
def meddling(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Meddling:
    return Meddling(bench, monkeypatch)


def test_another_form_of_a_value_is_a_warning(bench: Bench, meddling: Meddling) -> None:
    def shout(sequence: t.Any) -> None:
        sequence.props["Steps"][0].props["CommandLine"] = "CMD"

    meddling.change = shout
    assert bench.ok(MODULE, name="x", steps=[command("A", "cmd")])["changed"]
    assert bench.warnings == ["steps[0].command_line: sent cmd, the site holds CMD."]
    bench.ok(MODULE, name="x", steps=[command("A", "cmd"), command("B")])
    assert bench.warnings == ["steps[0].command_line: sent cmd, the site holds CMD."]


@pytest.mark.parametrize("existing", [False, True])
def test_an_emptied_value_or_a_lost_step_is_a_failure(bench: Bench, meddling: Meddling, existing: bool) -> None:
    if existing:
        bench.ok(MODULE, name="x", steps=[command("Z")])

    def blank(sequence: t.Any) -> None:
        sequence.props["Steps"][0].props["Description"] = None
        del sequence.props["Steps"][1]

    meddling.change = blank
    result = bench.run(MODULE, name="x", steps=[command("A", description="Text"), command("B")])
    assert result["failed"] and result["changed"] and result["error"]["code"] == "not_as_written"
    assert "steps[0].description is empty" in result["msg"] and "steps[1] (B) is missing" in result["msg"]


def test_another_order_is_a_warning(bench: Bench, meddling: Meddling) -> None:
    meddling.change = lambda sequence: sequence.props["Steps"].reverse()
    bench.ok(MODULE, name="x", steps=[command("A"), command("B")])
    assert "another order" in bench.warnings[0]


# -- lost answers and conflicts ------------------------------------------------------------------------


def lose(bench: Bench, when: str, **more: t.Any) -> None:
    bench.front.plan.set([{"kind": "drop", "when": when, "method": "SetSequence"}, *more.get("then", [])])


@pytest.mark.parametrize("module_options", [{"name": "x"}, {"name": STANDARD_NAME}], ids=["create", "change"])
def test_a_lost_answer_is_settled_by_reading(bench: Bench, module_options: dict[str, t.Any]) -> None:
    lose(bench, "after")
    done = bench.ok(MODULE, steps=[command("A")], **module_options)
    assert done["changed"] and len(bench.packages(module_options["name"])) == 1
    assert not bench.ok(MODULE, steps=[command("A")], **module_options)["changed"]


@pytest.mark.parametrize("module_options", [{"name": "x"}, {"name": STANDARD_NAME}], ids=["create", "change"])
def test_a_request_that_never_arrived_is_a_failure(bench: Bench, module_options: dict[str, t.Any]) -> None:
    lose(bench, "before")
    result = bench.run(MODULE, steps=[command("A")], **module_options)
    assert result["failed"] and not result["changed"] and result["error"]["code"] == "not_as_written"
    assert "no trace" in result["msg"]
    bench.ladder(MODULE, steps=[command("A")], **module_options)
    assert len(bench.packages(module_options["name"])) == 1


@pytest.mark.parametrize("module_options", [{"name": "x"}, {"name": STANDARD_NAME}], ids=["create", "change"])
def test_an_outcome_that_cannot_be_read_is_unknown(bench: Bench, module_options: dict[str, t.Any]) -> None:
    reads = {"kind": "drop", "class": PACKAGE, "times": 0, "at": 2 if module_options["name"] == "x" else 4}
    lose(bench, "after", then=[reads])
    result = bench.run(MODULE, steps=[command("A")], **module_options)
    assert result["failed"] and result["changed"] and result["error"]["code"] == "outcome_unknown", result
    bench.front.plan.clear()
    assert not bench.ok(MODULE, steps=[command("A")], **module_options)["changed"]
    assert len(bench.packages(module_options["name"])) == 1


def test_a_lost_change_of_an_option_is_not_taken_for_done(bench: Bench) -> None:
    """The steps are equal before and after, so they prove nothing."""
    steps = [command("A")]
    bench.ok(MODULE, name="x", steps=steps)
    lose(bench, "before")
    assert bench.run(MODULE, name="x", steps=steps, description="New")["error"]["code"] == "not_as_written"
    lose(bench, "after")
    assert bench.ok(MODULE, name="x", steps=steps, description="New")["changed"]


def test_a_lost_rotation_of_secrets_is_not_taken_for_done(bench: Bench) -> None:
    steps = [
        {
            "name": "Join",
            "type": "join_domain_or_workgroup",
            "domain": "d.example.com",
            "username": "D\\u",
            "password": "one-secret",
        }
    ]
    bench.ok(MODULE, name="x", steps=steps)
    lose(bench, "before")
    result = bench.run(MODULE, name="x", steps=steps, update_secrets="always")
    assert result["failed"] and result["error"]["code"] == "not_as_written"
    lose(bench, "after")
    assert bench.ok(MODULE, name="x", steps=steps, update_secrets="always")["changed"]


def test_somebody_else_saved_in_between(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    real = _ts_site.TsSite.save_steps

    def save_steps(self: t.Any, *args: t.Any, **kwargs: t.Any) -> str:
        row = bench.provider.store.find(PACKAGE, (STANDARD,))
        row.props["SedoObjectVersion"] = "00000000-0000-0000-0000-000000000000"
        bench.provider.store.save(row)
        return real(self, *args, **kwargs)

    monkeypatch.setattr(_ts_site.TsSite, "save_steps", save_steps)
    result = bench.run(MODULE, name=STANDARD_NAME, steps=[command("A")])
    assert result["failed"] and result["error"]["code"] == "version_conflict" and "nothing was saved" in result["msg"]
    assert bench.tree(STANDARD)[0]["Name"] == "Install operating system"


def test_a_locked_one_names_who_holds_it(bench: Bench) -> None:
    bench.tell("/lock", path=f'{PACKAGE}.PackageID="{STANDARD}"', user="CORP\\admin", machine="DESK-7")
    result = bench.run(MODULE, name=STANDARD_NAME, steps=[command("A")])
    assert result["error"]["code"] == "object_locked" and "CORP\\admin on DESK-7" in result["msg"]


def test_a_race_of_two_creations_ends_with_one_that_has_our_steps(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.provider.store.set_counter("package", 0xB0)
    bench.ok(MODULE, name="Other", steps=[command("Theirs")])
    (other,) = bench.packages("Other")
    real = bench.provider.invoke

    def invoke(namespace: str, class_name: str, method: str, keys: t.Any, params: t.Any) -> t.Any:
        if method == "SetSequence":
            monkeypatch.setattr(bench.provider, "invoke", real)
            row = bench.provider.store.find(PACKAGE, (other["PackageID"],))
            row.props["Name"] = "Race"
            bench.provider.store.save(row)
        return real(namespace, class_name, method, keys, params)

    monkeypatch.setattr(bench.provider, "invoke", invoke)
    done = bench.ok(MODULE, name="Race", steps=[command("Mine")])
    assert done["changed"] and done["task_sequence"]["package_id"] == other["PackageID"]
    (left,) = bench.packages("Race")
    assert [step["Name"] for step in bench.tree(left["PackageID"])] == ["Mine"]
    assert any("was deleted again" in text for text in bench.warnings)


# -- switches ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("switches", "compatibility"),
    [
        ({"send_sequence_text": "require"}, {"send_sequence_text": "always"}),
        ({"send_sequence_text": "refuse"}, {}),
        ({"get_sequence_source": "given"}, {}),
        ({"get_sequence_source": "stored"}, {"send_sequence_text": "never"}),
        ({"projection": "refuse"}, {}),
        ({"projection": "refuse"}, {"projection": "never"}),
        ({}, {"uri": "wmi"}),
        ({"lazy_null": "refuse"}, {}),
        ({"sedo_missing": "refuse", "read_only_change": "refuse", "unlisted_change": "refuse"}, {}),
    ],
)
def test_the_ladder_holds_on_every_kind_of_site(switches: dict[str, str], compatibility: dict[str, str]) -> None:
    bench = Bench(**switches)
    bench.compatibility = compatibility
    bench.ladder(MODULE, name="x", steps=STEPS, description="One")
    bench.ladder(MODULE, name="x", steps=STEPS[::-1], description="Two")
    bench.ladder("cm_ts_package", name="x", description="Three")
    assert not bench.notes("stale_instance")
    assert bench.ok(MODULE, name="x", state="absent")["changed"]
