# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Phased deployments, read only."""

from __future__ import annotations

import typing as t

import pytest

from .bench import Bench

MODULE = "cm_phased_deployment_info"


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"name": "Windows 10 upgrade in two waves"},
        {"task_sequence": "Windows 11 - Standard desktop"},
        {"phased_deployment_id": "1F1C4A5E-6D0B-4B0C-9B0F-0C5B1D8E2A11"},
    ],
)
def test_the_phases_of_a_task_sequence_come_in_order(options: dict[str, t.Any]) -> None:
    found = Bench().ok(MODULE, check=True, **options)["phased_deployments"]
    assert [item["name"] for item in found] == ["Windows 10 upgrade in two waves"]
    assert found[0]["task_sequence"] == "Windows 11 - Standard desktop"
    first, second = found[0]["phases"]
    assert (first["order"], first["collection"], first["begin"]) == (1, "OSD - Finance pilot", "after_days")
    assert first["success_criteria"] == {"type": "Number", "value": 10}
    assert (first["advert_flags"], first["remote_client_flags"]) == (9109504, 34896)
    assert (second["begin"], second["days_after_success"], second["throttling_days"]) == ("manually", None, 7)


@pytest.mark.parametrize("options", [{"name": "Nothing"}, {"name": "Browser update"}])
def test_nothing_that_matches_is_an_empty_list(options: dict[str, t.Any]) -> None:
    assert Bench().ok(MODULE, **options)["phased_deployments"] == []


@pytest.mark.parametrize("digest", ["<Phases><Phase", "<!DOCTYPE a><a/>", "", "no XML"])
def test_what_is_not_understood_is_left_in_the_digest(digest: str) -> None:
    bench = Bench()
    row = next(r for r in bench.provider.store.rows("SMS_PhasedDeployment") if r.get("DeploymentObjectType") == 0)
    row.props["PhasedDeploymentDigest"] = digest
    bench.provider.store.save(row)
    found = bench.ok(MODULE, name=row.get("Name"))["phased_deployments"][0]
    assert found["phases"] == [] and found["digest"] == digest
    assert bool(bench.warnings) == bool(digest)


def test_bad_input_is_refused() -> None:
    assert "task_sequence" in Bench().refused(MODULE, "unresolved_reference", task_sequence="Unheard of")
    assert "name" in Bench().refused(MODULE, name="a\nb")
