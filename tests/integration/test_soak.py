# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``make soak``: the smoke ladders over and over against one simulated site, without a reset of the process.

``CONFIGMGR_SOAK_SECONDS`` (default 1800) says how long. What is looked for: a ladder that fails only sometimes, an
enumeration that stays open, a simulated site that grows.
"""

from __future__ import annotations

import os
import time
import typing as t

import psutil
import pytest
from tests.integration.test_targets import requests, smoke_targets

WARM_UP_ROUNDS = 2
GROWTH_LIMIT = 64 * 1024 * 1024


@pytest.mark.soak
def test_soak(ansible: t.Any) -> None:
    """Every round passes on both connections; the site's process stays at its size."""
    simulator = ansible.simulator
    process = psutil.Process(simulator.process.pid)
    deadline = time.monotonic() + float(os.environ.get("CONFIGMGR_SOAK_SECONDS", "1800"))
    rounds, settled = 0, 0
    while time.monotonic() < deadline:
        for target in smoke_targets():
            simulator.reset()
            run = ansible.play(
                [{"hosts": "sites", "gather_facts": False, "tasks": [
                    {"name": target.name, "ansible.builtin.import_role": {"name": target.name}}]}]
            )  # fmt: skip
            for store in simulator.ports["stores"]:
                journal = simulator.journal(store)
                assert run.code == 0, f"round {rounds}: {run.output}\n{requests(journal)}"
                assert simulator.open_enumerations(store) == 0, f"round {rounds}: {target.name}"
        rounds += 1
        size = process.memory_info().rss
        if rounds == WARM_UP_ROUNDS:
            settled = size
        if rounds > WARM_UP_ROUNDS:
            assert size - settled < GROWTH_LIMIT, f"round {rounds}: {size} bytes, {settled} after the warm-up"
    assert rounds, "not one round was finished"
