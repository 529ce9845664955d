# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a play can get wrong: refused with option, value and fix, everything at once, before anything is written."""

from __future__ import annotations

import typing as t

import pytest
from tests.unit.plugins.plugin_utils._resources.bench import Bench, command

MODULE = "cm_task_sequence"


@pytest.fixture
def bench() -> Bench:
    return Bench()


# -- bad input -----------------------------------------------------------------------------------------

BAD: list[tuple[dict[str, t.Any], list[str]]] = [
    ({"name": "x", "stesp": []}, ["did you mean steps"]),
    ({"name": "x", "steps": [], "src": "x.yml"}, ["mutually exclusive: steps|sequence_xml|src"]),
    ({"steps": []}, ["one of the following is required: name, package_id, src"]),
    ({"name": "x", "steps": "text"}, ["steps"]),
    (
        {"name": "x", "steps": [{"name": "A", "type": "run_comand_line"}]},
        ["steps[0].type (run_comand_line)", "run_command_line"],
    ),
    ({"name": "x", "steps": [command("A", comand_line="y")]}, ["steps[0].comand_line", "command_line"]),
    ({"name": "x", "steps": [command("A", timeout="soon")]}, ["steps[0].timeout (soon)"]),
    ({"name": "x", "steps": [command("A", timeout=-1)]}, ["steps[0].timeout (-1)"]),
    ({"name": "x", "steps": [command("A", enabled="maybe")]}, ["steps[0].enabled (maybe)"]),
    ({"name": "x", "steps": [{"name": "A", "type": "run_command_line"}]}, ["steps[0].command_line", "required"]),
    ({"name": "x", "steps": [command("")]}, ["steps[0].name"]),
    ({"name": "x", "steps": [command("two\nlines")]}, ["steps[0].name"]),
    ({"name": "x", "steps": [command("trailing ")]}, ["steps[0].name"]),
    ({"name": "x", "steps": [command("y" * 101)]}, ["steps[0].name", "100"]),
    (
        {"name": "x", "steps": [{"name": "G", "steps": [command("A", timeout="z"), {"name": "B", "type": "nope"}]}]},
        ["steps[0].steps[0].timeout (z)", "steps[0].steps[1].type (nope)"],
    ),
    ({"name": "x", "sequence_xml": ""}, ["sequence_xml", "empty"]),
    ({"name": "x", "sequence_xml": "<sequence><group>"}, ["sequence_xml", "line 1", "ends too early"]),
    ({"name": "x", "sequence_xml": "<other/>"}, ["sequence_xml", "<sequence>"]),
    ({"name": "x", "sequence_xml": '<!DOCTYPE s [<!ENTITY a "b">]><sequence/>'}, ["DOCTYPE"]),
    (
        {"name": "x", "sequence_xml": '<sequence version="3.10">' + "x" * (8 * 1024 * 1024) + "</sequence>"},
        ["longer than"],
    ),
    (
        {"name": "x", "sequence_xml": '<sequence name="MDT"><step name="a"/></sequence>'},
        ["Microsoft Deployment Toolkit"],
    ),
    ({"name": "x", "steps": [], "update_secrets": "never"}, ["update_secrets"]),
    ({"name": "x", "steps": [], "operation_timeout": 0}, ["operation_timeout (0)"]),
    ({"name": "x", "steps": [], "site_code": "TOOLONG"}, ["site_code (TOOLONG)"]),
]


@pytest.mark.parametrize(("options", "says"), BAD, ids=[says[0][:60] for _options, says in BAD])
def test_bad_input_is_refused_before_anything_is_sent(bench: Bench, options: dict[str, t.Any], says: list[str]) -> None:
    message = bench.refused(MODULE, **options)
    assert all(text in message for text in says), message
    assert bench.requests == []


def test_steps_and_options_are_judged_together(bench: Bench) -> None:
    message = bench.refused(MODULE, name="x ", max_run_time=-1, steps=[command("A", timeout="soon"), command("B ")])
    assert all(text in message for text in ("name", "max_run_time", "steps[0].timeout", "steps[1].name"))


def test_a_task_sequence_cannot_run_itself(bench: Bench) -> None:
    bench.run("cm_task_sequence", name="Ouroboros", steps=[command("A")])
    step = {"name": "Again", "type": "run_task_sequence", "task_sequence": "Ouroboros"}
    result = bench.run("cm_task_sequence", name="Ouroboros", steps=[step])
    assert result["failed"] and "steps[0].task_sequence (Ouroboros)" in result["msg"], result
    assert result["error"]["code"] == "invalid_input"


def test_a_site_that_is_not_there_and_one_without_rights(bench: Bench) -> None:
    assert "XX9" in bench.refused(MODULE, name="x", steps=[], site_code="XX9")
    bench.front.plan.set([{"kind": "denied", "method": "SetSequence"}])
    result = bench.run(MODULE, name="x", steps=[])
    assert result["error"]["code"] == "access_denied" and not result["changed"]


def test_a_sequence_that_is_too_large_names_the_remedy() -> None:
    bench = Bench()
    steps = [command(f"Step {index}", "x" * 900) for index in range(600)]
    message = bench.refused(MODULE, "envelope_too_large", name="x", steps=steps)
    assert 'MaxEnvelopeSizekb="8192"' in message and bench.packages("x") == []


def test_a_sequence_that_fits_but_cannot_be_read_back_says_what_was_done() -> None:
    bench = Bench(max_envelope_kb=64)
    result = bench.run(MODULE, name="x", steps=[command(f"Step {index}", "x" * 900) for index in range(50)])
    assert result["error"]["code"] == "envelope_too_large" and result["changed"]
    assert "Done before the failure: save the task sequence x." in result["msg"]


def test_endless_nesting_ends_the_task_only(bench: Bench) -> None:
    steps = [command("A")]
    for _level in range(3000):
        steps = [{"name": "G", "steps": steps}]
    assert "nested too deeply" in bench.refused(MODULE, name="x", steps=steps)
