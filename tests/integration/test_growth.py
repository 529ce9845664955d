# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ten times the steps cost ten times as much, not a hundred times: requests, bytes and CPU."""

from __future__ import annotations

import typing as t

import pytest
from tests.benchmark import measures
from tests.integration.conftest import STORES, Simulator
from tests.integration.expected_requests import Case, expected_requests
from tests.integration.inprocess import InProcess

pytestmark = pytest.mark.inprocess

SHORT, LONG = 100, 1000
MOST_BYTES = 1800
"""Of a step with its condition, on the wire; they have 1,500 at the time of writing."""


@pytest.fixture(scope="module")
def unchanged(running_simulator: Simulator) -> dict[int, tuple[float, list[dict[str, t.Any]]]]:
    """Steps -> CPU seconds and requests of a run that changes nothing."""
    running_simulator.reset()
    site = InProcess(running_simulator, STORES[0])
    found = {}
    for count in (SHORT, LONG):
        measures.prepare_long(site, count)
        found[count] = measures.own_code(site, count, rounds=3)
    return found


def test_the_number_of_requests_does_not_grow(unchanged: dict[int, tuple[float, list[dict[str, t.Any]]]]) -> None:
    """However long the task sequence is."""
    for _cpu, requests in unchanged.values():
        assert len(requests) == expected_requests(Case("cm_task_sequence", "same"))


def test_the_bytes_of_a_step_do_not_grow(unchanged: dict[int, tuple[float, list[dict[str, t.Any]]]]) -> None:
    """Neither namespaces nor anything else is repeated so that it weighs more in a long task sequence."""
    sizes = {
        count: [(entry["bytes_in"] / count, entry["bytes_out"] / count) for entry in requests[-2:]]
        for count, (_cpu, requests) in unchanged.items()
    }
    for short, long in zip(sizes[SHORT], sizes[LONG], strict=True):
        assert all(many < 1.05 * few for few, many in zip(short, long, strict=True)), sizes
        assert max(long) < MOST_BYTES, sizes


def test_the_cpu_grows_linearly(unchanged: dict[int, tuple[float, list[dict[str, t.Any]]]]) -> None:
    """A ratio of CPU seconds of one process, so that other load on the machine hardly counts."""
    assert unchanged[LONG][0] / unchanged[SHORT][0] < 20


def test_at_the_usual_limit_a_sequence_that_is_too_long_is_refused_here(simulator: Simulator) -> None:
    """Before anything is sent; the message has the size, the limit and the command that raises it."""
    site = InProcess(simulator, STORES[0])
    arguments = {**measures.long_arguments(LONG), "max_envelope_size": None}
    done = site.run("cm_task_sequence", **arguments)
    assert done.code == "envelope_too_large", done.result
    assert not done.changed and not [entry for entry in done.requests if entry["write"]]
    assert 'winrm set winrm/config @{MaxEnvelopeSizekb="8192"}' in done.result["msg"]
