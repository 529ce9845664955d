# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests are counted: every task costs exactly what ``expected_requests`` says, over both connections."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.integration import count_cases, deploy_cases
from tests.integration.conftest import STORES, Simulator
from tests.integration.count_cases import FOLDER, Counted
from tests.integration.expected_requests import CHANGES, expected_requests
from tests.integration.inprocess import InProcess
from tests.integration.test_targets import requests

pytestmark = pytest.mark.inprocess

CASES = [(one, store) for one in count_cases.EVERYTHING for store in STORES]
# What the number depends on is the same for both; these take turns.
CASES += [(one, STORES[number % len(STORES)]) for number, one in enumerate(deploy_cases.EVERYTHING)]


@pytest.mark.parametrize(
    ("counted", "store"),
    [pytest.param(one, store, id=f"{one.case.module}: {one.id}, {store}") for one, store in CASES],
)
def test_the_number_of_requests(counted: Counted, store: str, simulator: Simulator, tmp_path: Path) -> None:
    """Neither a request more nor one less, and the task did what the case says."""
    site = InProcess(simulator, store)
    site.switch(**counted.switches)
    for module, args in counted.setup:
        before = site.run(module, **args)
        assert before.changed and not before.failed, before.result
    case = counted.case
    args = {name: str(tmp_path) if value == FOLDER else value for name, value in counted.args.items()}
    done = site.run(case.module, check=case.check, **args)
    assert not done.failed, done.result
    assert done.changed == (case.action in CHANGES), done.result
    assert len(done.requests) == expected_requests(case), f"{case}\n{requests(done.requests)}"
    assert not counted.args.get("backup") or len(list(tmp_path.iterdir())) == 1
    assert not [entry for entry in done.requests if entry["outcome"] not in ("ok", "fault")]
    assert done.logins == done.connections == 1
    assert site.enumerations()["open"] == site.enumerations()["leaked"] == 0
