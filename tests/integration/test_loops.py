# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A loop logs in once: all its items run in one worker process, which keeps the session."""

from __future__ import annotations

import typing as t

import pytest
from tests.integration.conftest import STORES
from tests.integration.expected_requests import Case, expected_requests

ITEMS = 50


@pytest.mark.smoke
def test_a_loop_of_fifty_items_logs_in_once(ansible: t.Any) -> None:
    """One connection and one login per host, and no request beyond those of fifty single tasks."""
    task = {
        "name": "Make many packages",
        "configmgr.osd.cm_package": {"name": "Looped {{ item }}", "site_code": "PS1", "report_scopes": False},
        "loop": list(range(ITEMS)),
    }
    run = ansible.play([{"hosts": "sites", "gather_facts": False, "tasks": [task]}])
    assert run.code == 0, run.output
    single = expected_requests(Case("cm_package", "create", site_code=True, report_scopes=False))
    for store in STORES:
        journal = ansible.simulator.call("GET", "/journal", store=store)
        assert journal["executed_writes"] == ITEMS
        assert journal["requests"] == ITEMS * single
        assert (journal["logins"], journal["connections"], journal["refused_logins"]) == (1, 1, 0)


@pytest.mark.smoke
def test_delegation_in_a_loop_has_a_session_per_host(ansible: t.Any) -> None:
    """Each item goes to the host that it names, over that host's own plugin, and each host is logged in once."""
    task = {
        "name": "Ask each site in turn",
        "configmgr.osd.cm_site_info": {},
        "delegate_to": "{{ item }}",
        "loop": [*STORES] * 3,
        "register": "asked",
    }
    run = ansible.play([{"hosts": "localhost", "gather_facts": False, "tasks": [task]}])
    assert run.code == 0, run.output
    for store in STORES:
        journal = ansible.simulator.call("GET", "/journal", store=store)
        assert journal["requests"] > 3
        assert (journal["logins"], journal["connections"]) == (1, 1)


def test_separate_tasks_log_in_on_their_own(ansible: t.Any) -> None:
    """What the loop saves: every task has a worker process of its own, so nothing survives it."""
    task = {"name": "Ask", "configmgr.osd.cm_site_info": {"site_code": "PS1"}}
    run = ansible.play([{"hosts": "sites", "gather_facts": False, "tasks": [task] * 3}])
    assert run.code == 0, run.output
    for store in STORES:
        journal = ansible.simulator.call("GET", "/journal", store=store)
        assert (journal["logins"], journal["connections"]) == (3, 3)
