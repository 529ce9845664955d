# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbooks that ship, called by their names: check mode, run, run again; tags; the simulated site by playbook."""

from __future__ import annotations

import json
import sys
import typing as t
from pathlib import Path

import pytest
from tests.integration.test_targets import requests

SOFTWARE = {
    "install_software_name": "Install fonts",
    "install_software_package": {"name": "Corporate Fonts"},
    "install_software_program": {"name": "Install fonts", "command_line": "cscript.exe fonts.vbs"},
    "install_software_collection": "OSD - Finance pilot",
}


def changes(run: t.Any) -> set[int]:
    """Return how many tasks changed something on each host, after a run without failure."""
    assert run.code == 0, run.output
    assert run.hosts, run.output
    return {recap["changed"] for recap in run.hosts.values()}


def writes(ansible: t.Any) -> list[t.Any]:
    """Return the writes that reached any store, refused ones included."""
    journals = [ansible.simulator.journal(store) for store in ansible.simulator.ports["stores"]]
    return [entry for journal in journals for entry in journal if entry["write"]]


def test_first_light_in_check_mode_then_twice(ansible: t.Any) -> None:
    """Check mode writes nothing and says what the run does; a second run changes nothing."""
    playbook = "configmgr.osd.first_light"
    check = ansible.play(playbook, "--check", "--diff", variables={"cm_site_hosts": "read_only"})
    assert changes(check) == {4}
    assert not writes(ansible), requests(writes(ansible))
    assert changes(ansible.play(playbook, variables={"cm_site_hosts": "sites"})) == {4}
    assert changes(ansible.play(playbook, variables={"cm_site_hosts": "sites"})) == {0}


def test_the_summary_alone(ansible: t.Any) -> None:
    """With the tag of the summary the role reads and says what is there."""
    variables = {**SOFTWARE, "install_software_name": "Finance - Applications", "cm_site_hosts": "read_only"}
    run = ansible.play("configmgr.osd.install_software", "--tags", "install_software_summary", variables=variables)
    assert changes(run) == {0}
    assert "Task sequence: Finance - Applications (PS100040)" in run.output
    assert "Content: on 1 distribution point" in run.output
    assert not writes(ansible)


@pytest.mark.parametrize("name", ["install_software", "first_light"])
def test_become_in_the_inventory_does_not_matter(ansible: t.Any, name: str) -> None:
    """Windows inventories often set ansible_become, which is stronger than the keyword of a play."""
    group_vars = ansible.folder / "group_vars"
    group_vars.mkdir()
    become = {"ansible_become": True, "ansible_become_method": "ansible.builtin.runas", "ansible_become_user": "SYSTEM"}
    (group_vars / "all.json").write_text(json.dumps(become), encoding="utf-8")
    variables = {**SOFTWARE, "cm_site_hosts": "read_only"}
    assert changes(ansible.play(f"configmgr.osd.{name}", "--check", "--become", variables=variables))


def test_the_simulated_site_starts_and_stops(ansible: t.Any, tmp_path: Path) -> None:
    """The shipped simulator runs from the installed collection, once, and ends when it is told to."""
    ready = tmp_path / "site.json"
    variables = {
        "simulated_site_ready_file": str(ready),
        "simulated_site_python": sys.executable,
        "simulated_site_arguments": ["--stores", "one,two"],
    }
    stop = {**variables, "simulated_site_state": "stopped"}
    try:
        assert changes(ansible.play("configmgr.osd.simulated_site", variables=variables)) == {1}
        facts = json.loads(ready.read_text(encoding="utf-8"))
        assert set(facts["stores"]) == {"one", "two"}
        assert changes(ansible.play("configmgr.osd.simulated_site", variables=variables)) == {0}
        assert json.loads(ready.read_text(encoding="utf-8")) == facts
    finally:
        stopped = ansible.play("configmgr.osd.simulated_site", variables=stop)
    assert changes(stopped) == {1}
    assert not ready.exists()
