# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ansible-playbook prints with every ``-v`` there is, and what a trace folder holds: no secret of the play.

Ansible itself shows the arguments of a task nowhere for action plugins that send none of them to the host.
"""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

CANARY = "Canary-of-thirty-characters-30"
LETTERS = ("\ua66e", "\ua66b", "\ua668")
"""Letters that nothing else contains; each stands in one secret, so that one of a single letter can be looked for."""
SHORT_CANARIES = (LETTERS[0], LETTERS[1] + "4kQ", (LETTERS[2] + CANARY)[:30])


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


def test_no_secret_variable_in_the_output_or_in_trace_files(ansible: t.Any, tmp_path: Path) -> None:
    """Variables of devices and collections, and what the generic modules write; secrets of 1, 4 and 30 letters."""
    masked = {f"Secret{index}": {"value": f"{{{{ canaries[{index}] }}}}", "masked": True} for index in range(3)}
    device = {"resource_id": 16777300, "variables": {**masked, "Floor": "4"}}
    collection = {"name": "Canaries", "limiting_collection": "id:SMS00001", "variables": masked}
    items = [
        {"class": "SMS_MachineVariable", "Name": name, "Value": item["value"], "IsMasked": True}
        for name, item in masked.items()
    ]
    written = {"class_name": "SMS_MachineSettings", "keys": {"ResourceID": 16777301}}
    properties = {"ResourceID": 16777301, "SourceSite": "PS1", "LocaleID": 1033, "MachineVariables": items}
    step = {"class_name": "SMS_TaskSequence_JoinDomainWorkgroupAction", "properties": {"DomainPassword": CANARY}}
    tasks: list[dict[str, t.Any]] = [
        {"configmgr.osd.cm_device": device, "check_mode": True},
        {"configmgr.osd.cm_device": device},
        {"configmgr.osd.cm_device": {**device, "update_secrets": "always"}},
        {"configmgr.osd.cm_device": {**device, "primary_users": ["nobody"]}, "ignore_errors": True},
        {"configmgr.osd.cm_device": {"name": "Nobody", "variables": masked}, "ignore_errors": True},
        {"configmgr.osd.cm_device_info": {"resource_id": 16777300, "gather": ["variables"]}},
        {"configmgr.osd.cm_collection": collection, "check_mode": True},
        {"configmgr.osd.cm_collection": collection},
        {"configmgr.osd.cm_collection": {**collection, "variables_mode": "complete", "update_secrets": "always"}},
        {"configmgr.osd.cm_collection": {**collection, "include": ["Nothing"]}, "ignore_errors": True},
        {"configmgr.osd.cm_object": {**written, "properties": properties}, "check_mode": True},
        {"configmgr.osd.cm_object": {**written, "properties": properties}},
        {"configmgr.osd.cm_object": {**written, "properties": {**properties, "LocaleID": 1031}}},
        {"configmgr.osd.cm_object": {**written, "properties": {**properties, "Locale": 1}}, "ignore_errors": True},
        {"configmgr.osd.cm_object": step, "check_mode": True},
        {"configmgr.osd.cm_object_info": {**written}},
    ]
    for number, task in enumerate(tasks):
        task.update(name=f"Task {number}", diff=True, register=f"done_{number}")
    tasks.append({"ansible.builtin.debug": {"msg": "{{ vars | dict2items | selectattr('key', 'match', 'done_') }}"}})
    play = {"hosts": "sites", "gather_facts": False, "vars_files": ["secrets.yml"], "tasks": tasks}
    (tmp_path / "secrets.yml").write_text(json.dumps({"canaries": SHORT_CANARIES}), encoding="utf-8")
    trace = tmp_path / "trace"
    run = ansible.play([play], "-vvvvv", environment={"CONFIGMGR_TRACE": str(trace)})
    assert run.code == 0, run.output
    traced = "".join(path.read_text(encoding="utf-8") for path in sorted(trace.rglob("*")) if path.is_file())
    assert traced.count("********") >= 3 and "SMS_MachineSettings" in traced and "Secret2" in run.output
    for letter in LETTERS:
        for form in (letter, f"\\u{ord(letter):04x}", f"&#{ord(letter)};", f"&#x{ord(letter):X};"):
            assert form not in run.output and form not in traced, form
    assert CANARY not in run.output and CANARY not in traced
    # They arrived all the same.
    for store in ("site_winrm", "site_psrp"):
        ansible.simulator.call("POST", "/switches", {"masked_read": "clear"}, store=store)
        for number in (16777300, 16777301):
            keys = {"class": "SMS_MachineSettings", "keys": json.dumps({"ResourceID": number})}
            stored = ansible.simulator.call("GET", "/object", store=store, **keys)
            assert {item["Value"] for item in stored["MachineVariables"]} >= set(SHORT_CANARIES)
