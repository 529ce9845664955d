# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""New steps for a high-risk task sequence that is required somewhere: by the whole, by one step, by a replacement."""

from __future__ import annotations

import typing as t

import pytest

from .bench import Bench, command

DESKTOP = "Windows 11 - Standard desktop"
UPGRADE = "Windows 10 - in-place upgrade"
"""A collection of 47 devices."""
CONVERT = {"name": "Convert", "type": "convert_disk_to_dynamic", "disk": 0}
EDIT: dict[str, t.Any] = {"name": DESKTOP, "path": "Branding", "options": {"enabled": False}}


@pytest.fixture
def bench() -> Bench:
    """A site on which the high-risk sequence is required in two collections, and available in others."""
    site = Bench()
    for name, collection in (("One", UPGRADE), ("Two", "Kiosks")):
        site.ok(
            "cm_advertisement", name=name, task_sequence=DESKTOP, collection=collection, purpose="required",
            rerun="never", assignments=["log_on"],
        )  # fmt: skip
    return site


def test_small_collections_are_named_and_pass(bench: Bench) -> None:
    planned = bench.ok("cm_task_sequence_step", check=True, **EDIT)
    done = bench.ok("cm_task_sequence_step", **EDIT)
    assert planned["gate"] == done["gate"]
    assert done["gate"]["members"] == 47
    assert done["gate"]["confirmed_by"] is None
    assert "(One) on 47 members of Windows 10 - in-place upgrade" in done["msg"]
    assert "(Two) on 9 members of Kiosks" in done["msg"]
    again = bench.ok("cm_task_sequence_step", **EDIT)
    assert "gate" not in again


@pytest.mark.parametrize("check", [True, False])
def test_large_ones_need_name_and_number(bench: Bench, check: bool) -> None:
    for params, says in (
        ({"max_targets": 40}, f'confirm: ["{UPGRADE}"]'),
        ({"max_targets": 40, "confirm": [UPGRADE]}, "max_targets has to be at least as large"),
        ({"max_targets": 5, "confirm": [UPGRADE]}, 'confirm: ["Kiosks"]'),
    ):
        text = bench.refused("cm_task_sequence_step", "gate_refused", check=check, **EDIT, **params)
        assert says in text
        assert "high-risk" in text
        assert "requires it on 47 members" in text
    assert bench.ok("cm_task_sequence_step", check=check, **EDIT, max_targets=47)["gate"]["confirmed_by"] is None


def test_the_whole_sequence(bench: Bench) -> None:
    """Old steps count as well: taking the risk away still changes what runs there."""
    steps = [command("Only")]
    params = {"name": DESKTOP, "steps": steps, "lint": "ignore"}
    assert "requires it" in bench.refused("cm_task_sequence", "gate_refused", **params, max_targets=10)
    bench.ok("cm_task_sequence", **params)
    # The package options alone are no change of steps, and steps without risk are free.
    assert "gate" not in bench.ok("cm_task_sequence", **params, description="new", max_targets=1)
    assert "gate" not in bench.ok("cm_task_sequence", **{**params, "steps": [command("Other")]}, max_targets=1)
    assert "requires it" in bench.refused(
        "cm_task_sequence", "gate_refused", **{**params, "steps": [CONVERT]}, max_targets=1
    )


def test_references_that_are_replaced(bench: Bench) -> None:
    params: dict[str, t.Any] = {
        "kind": "os_image", "from": "Windows 11 24H2", "to": "Windows 10 22H2", "image_index": 1,
        "scope": {"patterns": [DESKTOP]},
    }  # fmt: skip
    result = bench.run("cm_task_sequence_reference", **params, max_targets=10)
    assert result["failed"]
    assert result["error"]["code"] == "gate_refused"
    assert not bench.writes()
    assert bench.ok("cm_task_sequence_reference", **params)["changed"]


def test_what_it_costs(bench: Bench) -> None:
    """Nothing for harmless steps; two queries for risky ones; one more when they are required somewhere."""
    bench.ok("cm_task_sequence", name="New", steps=[command("a")])
    bench.ok("cm_task_sequence", name="New", steps=[command("b")])
    assert len(bench.requests) == 7
    bench.ok("cm_task_sequence", name="New", steps=[CONVERT])
    assert len(bench.requests) == 7 + 2
    bench.ok(
        "cm_advertisement", name="Ad", task_sequence="New", collection="Kiosks", purpose="required", rerun="never",
        assignments=["log_on"],
    )  # fmt: skip
    bench.ok("cm_task_sequence", name="New", steps=[CONVERT, command("c")])
    assert len(bench.requests) == 7 + 3


def test_what_a_child_does_counts(bench: Bench) -> None:
    bench.ok("cm_task_sequence", name="Deep", steps=[CONVERT])
    run = {"name": "Run", "type": "run_task_sequence", "task_sequence": "Deep"}
    bench.ok("cm_task_sequence", name="Top", steps=[run])
    bench.ok(
        "cm_advertisement", name="Ad", task_sequence="Top", collection="Kiosks", purpose="required", rerun="never",
        assignments=["log_on"],
    )  # fmt: skip
    text = bench.refused("cm_task_sequence", "gate_refused", name="Top", steps=[run, command("x")], max_targets=8)
    assert "the step Convert of Deep" in text
    bench.ok("cm_task_sequence", name="Top", steps=[{**run, "enabled": False}])


def test_what_runs_the_changed_one_counts(bench: Bench) -> None:
    """Harmless so far, and required by what runs it, even through another one: its new steps wipe these devices."""
    bench.ok("cm_task_sequence", name="Inner", steps=[command("a")])
    for name, runs in (("Middle", "Inner"), ("Outer", "Middle")):
        steps = [{"name": "Run", "type": "run_task_sequence", "task_sequence": runs}]
        bench.ok("cm_task_sequence", name=name, steps=steps)
    bench.ok(
        "cm_advertisement", name="Ad", task_sequence="Outer", collection=UPGRADE, purpose="required", rerun="never",
        assignments=["log_on"],
    )  # fmt: skip
    params: dict[str, t.Any] = {"name": "Inner", "steps": [CONVERT], "lint": "ignore"}
    text = bench.refused("cm_task_sequence", "gate_refused", **params, max_targets=40)
    assert "(Ad), which runs it by PS1" in text
    assert "requires it on 47 members" in text
    bench.ok("cm_task_sequence", **{**params, "steps": [command("b")]}, max_targets=40)
    assert bench.ok("cm_task_sequence", **params)["gate"]["members"] == 47
