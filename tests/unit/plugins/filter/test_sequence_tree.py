# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tree: every step on a line, nested as the groups are, and no secret in it."""

from __future__ import annotations

import typing as t

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.configmgr.osd.plugins.filter.sequence_tree import FilterModule

STEPS: list[dict[str, t.Any]] = [
    {"name": "Check", "type": "check_readiness", "enabled": False},
    {
        "name": "Disk",
        "condition": [
            {"variable": "_SMSTSInWinPE", "value": "true"},
            {"any": [{"wmi": "SELECT 1"}, {"variable": "OSDForceWipe", "operator": "exists"}]},
            {
                "none": [
                    {"file": "X:\\keep.tag"},
                    {"registry": "HKLM\\SW", "value_name": "A", "operator": "not_equals", "value": 1},
                ]
            },
        ],
        "steps": [
            {"name": "Partition", "type": "format_and_partition_disk", "disk": 0},
            {"name": "Empty", "steps": []},
        ],
    },
    {
        "name": "Agent",
        "type": "install_package",
        "package": "Monitoring",
        "program": "Silent",
        "continue_on_error": True,
    },
    {
        "name": "Apps",
        "type": "install_application",
        "applications": ["VPN", {"name": "Office", "version": "5.1"}, {"id": "X"}],
    },
    {"name": "Join", "type": "join_domain_or_workgroup", "password": "hunter2secret"},
    {
        "name": "OS",
        "type": "run_command_line",
        "condition": [
            {"operating_system": ["Windows 11"]},
            {"os_language": 1033},
            {"class": "SMS_X"},
            {"folder": "C:\\x"},
        ],
    },
]

TREE = """\
Windows 11
├─ Check (check_readiness) [disabled]
├─ Disk [if _SMSTSInWinPE = true and (WMI: SELECT 1 or OSDForceWipe exists) and \
not (file X:\\keep.tag or registry HKLM\\SW\\A <> 1)]
│  ├─ Partition (format_and_partition_disk)
│  └─ Empty
├─ Agent (install_package) -> Monitoring / Silent [continues on error]
├─ Apps (install_application) -> VPN, Office 5.1, X
├─ Join (join_domain_or_workgroup)
└─ OS (run_command_line) [if operating system Windows 11 and os language 1033 and SMS_X and folder C:\\x]"""

tree = FilterModule().filters()["sequence_tree"]


def test_a_sequence_as_a_person_reads_it() -> None:
    assert tree(STEPS, title="Windows 11") == TREE


def test_without_a_title_and_without_steps() -> None:
    assert tree([{"name": "A", "type": "x"}]) == "└─ A (x)"
    assert tree([]) == "" and tree((), title="T") == "T"


def test_what_the_info_module_returns() -> None:
    item = {"name": "Windows 11", "steps": STEPS}
    assert tree(item, title="Windows 11") == tree({"task_sequences": [item]}, title="Windows 11") == TREE
    with pytest.raises(AnsibleFilterError, match="holds 2 task sequences"):
        tree({"task_sequences": [item, item]})
    deep: list[t.Any] = []
    for _level in range(5000):
        deep = [{"name": "G", "steps": deep}]
    with pytest.raises(AnsibleFilterError, match="nested too deeply"):
        tree(deep)


def test_names_with_line_breaks_stay_on_their_line() -> None:
    lines = tree([{"name": "two\nlines\x07", "type": "x", "condition": [{"wmi": "SELECT\n 1"}]}]).splitlines()
    assert len(lines) == 1


def test_null_values_do_no_harm() -> None:
    step = {"name": None, "type": "x", "condition": None, "package": None, "steps": None}
    assert tree(
        [step, {"name": "A", "type": "x", "condition": [{"all": None}, {"variable": "X", "value": None}, "odd"]}]
    )


@pytest.mark.parametrize("value", [None, "text", {"name": "A"}, [1], [["a"]], 5])
def test_anything_else_is_an_error_that_says_what_it_needs(value: t.Any) -> None:
    with pytest.raises(AnsibleFilterError, match="the list of steps"):
        tree(value)


def test_groups_inside_must_be_lists_too() -> None:
    with pytest.raises(AnsibleFilterError, match="the list of steps"):
        tree([{"name": "G", "steps": "text"}])
