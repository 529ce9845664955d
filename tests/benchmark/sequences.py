# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Long task sequences of a believable make: groups of nine steps of eight kinds, every other one with a condition."""

from __future__ import annotations

import typing as t

GROUP = 10
"""A group counts as one of its ten steps."""

SCRIPT = """\
$ErrorActionPreference = 'Stop'
$computer = Get-CimInstance -ClassName Win32_ComputerSystem
foreach ($model in $models.Keys) {
    if ($computer.Model -like $models[$model]) {
        Set-ItemProperty -Path 'HKLM:\\SOFTWARE\\Contoso\\OSD' -Name Model -Value $model
        Write-Output "This is a $model, number %d."
    }
}
exit 0
"""


def _kinds(number: int) -> list[dict[str, t.Any]]:
    script = {"type": "run_powershell_script", "script": SCRIPT % number, "execution_policy": "bypass"}
    return [
        {"type": "run_command_line", "command_line": f"cmd.exe /c copy /y one.txt C:\\Windows\\Temp\\{number}.txt"},
        {"type": "set_task_sequence_variable", "variable": f"Contoso{number}", "value": f"value {number}"},
        {"type": "install_package", "package": "id:PS100010", "program": "Silent install"},
        script,
        {"type": "restart_computer", "restart_to": "installed_os", "message": f"Restart {number}"},
        {"type": "apply_driver_package", "driver_package": "id:PS100030", "recurse": True},
        {
            "type": "run_command_line",
            "command_line": f"setup.exe /s /n {number}",
            "package": "id:PS100012",
            "timeout": 900,
            "success_codes": [0, 1641, 3010],
        },
        {"type": "set_task_sequence_variable", "variable": f"Phase{number}", "value": "done"},
        {"type": "run_command_line", "command_line": f"wscript.exe {number}.vbs", "continue_on_error": True},
    ]


def _condition(number: int) -> list[dict[str, t.Any]]:
    model = {"wmi": f"SELECT * FROM Win32_ComputerSystem WHERE Model LIKE 'Latitude {number}%'"}
    return [{"variable": "OSDRole", "operator": "equals", "value": f"role {number}"}, {"any": [model, model]}]


def steps(count: int, *, changed: bool = False) -> list[dict[str, t.Any]]:
    """Return ``count`` steps, groups included; with ``changed`` the very last one differs."""
    groups: list[dict[str, t.Any]] = []
    made = 0
    while made < count:
        inside = []
        for number, kind in enumerate(_kinds(made)[: count - made - 1], made + 1):
            step = {"name": f"Step {number}", **kind}
            if number % 2:
                step["condition"] = _condition(number)
            inside.append(step)
        groups.append({"type": "group", "name": f"Group {made // GROUP}", "steps": inside})
        made += 1 + len(inside)
    if changed:
        groups[-1]["description"] = "changed"
    return groups
