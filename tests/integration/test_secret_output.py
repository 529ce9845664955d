# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ansible-playbook prints with every ``-v`` there is, and what a trace folder holds: no secret of a sequence.

Ansible itself shows the arguments of a task nowhere for action plugins that send none of them to the host.
"""

from __future__ import annotations

import typing as t
from pathlib import Path

CANARY = "Canary-of-thirty-characters-30"


def test_no_secret_in_the_output_or_in_trace_files(ansible: t.Any, tmp_path: Path) -> None:
    steps = [
        {
            "name": "Join",
            "type": "join_domain_or_workgroup",
            "domain": "d.example.com",
            "username": "D\\u",
            "password": "{{ canary }}",
        },
        {
            "name": "Mask",
            "type": "set_task_sequence_variable",
            "variable": "A",
            "secret": True,
            "value": "{{ canary }}",
        },
        {
            "name": "Rule",
            "type": "set_dynamic_variables",
            "rules": [{"set": [{"name": "B", "value": "{{ canary }}", "secret": True}]}],
        },
    ]
    task = {"name": "Canary sequence", "steps": steps, "update_secrets": "always"}
    broken = [{**steps[0], "timeout": "soon"}]
    play = {
        "hosts": "sites",
        "gather_facts": False,
        "vars_files": ["secrets.yml"],
        "tasks": [
            {"name": "Write", "configmgr.osd.cm_task_sequence": task, "diff": True, "register": "written"},
            {"name": "Show", "ansible.builtin.debug": {"var": "written"}},
            {
                "name": "Write in the other way",
                "configmgr.osd.cm_task_sequence": {**task, "compatibility": {"write_via": "xml"}},
            },
            {"name": "Read", "configmgr.osd.cm_task_sequence_info": {"name": "Canary sequence"}},
            {"name": "Fail", "configmgr.osd.cm_task_sequence": {"name": "x", "steps": broken}, "ignore_errors": True},
            {
                "name": "Fail late",
                "configmgr.osd.cm_task_sequence": {**task, "boot_image": "No image"},
                "ignore_errors": True,
            },
        ],
    }
    (tmp_path / "secrets.yml").write_text(f"canary: {CANARY}\n", encoding="utf-8")
    trace = tmp_path / "trace"
    run = ansible.play([play], "-vvvvv", environment={"CONFIGMGR_TRACE": str(trace)})
    assert run.code == 0, run.output
    traced = "".join(path.read_text(encoding="utf-8") for path in sorted(trace.rglob("*")) if path.is_file())
    assert "SetSequence" in traced and "ImportSequence" in traced and "********" in traced
    assert "Invoke SMS_TaskSequencePackage.SetSequence" in run.output
    assert CANARY not in run.output
    assert CANARY not in traced
    for store in ("site_winrm", "site_psrp"):
        (row,) = ansible.simulator.call(
            "GET",
            "/query",
            store=store,
            wql="SELECT PackageID FROM SMS_TaskSequencePackage WHERE Name = 'Canary sequence'",
        )
        stored = ansible.simulator.call("GET", "/sequence", store=store, package_id=row["PackageID"])
        assert stored["sequence"].count(CANARY) >= 3
