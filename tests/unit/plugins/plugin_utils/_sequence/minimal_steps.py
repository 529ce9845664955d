# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every step kind with no more than its documented mandatory options."""

from __future__ import annotations

import typing as t

ID = {"id": "PS100001"}
MINIMAL: dict[str, dict[str, t.Any]] = {
    "apply_data_image": {"image": ID, "image_index": 1},
    "apply_driver_package": {"driver_package": ID},
    "apply_network_settings": {"workgroup": "WORKGROUP"},
    "apply_operating_system_image": {"image": ID, "image_index": 1},
    "apply_windows_settings": {
        "registered_user": "User",
        "registered_organization": "Contoso",
        "time_zone": "W. Europe Standard Time",
    },
    "auto_apply_drivers": {},
    "capture_network_settings": {},
    "capture_operating_system_image": {"path": "\\\\server\\share\\image.wim"},
    "capture_user_state": {"package": ID},
    "capture_windows_settings": {},
    "check_readiness": {},
    "connect_to_network_folder": {"path": "\\\\server\\share", "username": "CORP\\reader"},
    "convert_disk_to_dynamic": {"disk": 0},
    "disable_bitlocker": {},
    "download_package_content": {"packages": [ID]},
    "enable_bitlocker": {"key_management": "tpm"},
    "format_and_partition_disk": {
        "disk": 0,
        "style": "gpt",
        "partitions": [{"type": "primary", "size": 100, "size_unit": "percent"}],
    },
    "install_application": {"base_variable": "APP"},
    "install_deployment_tools": {"package": ID},
    "install_package": {"package": ID, "program": "Install"},
    "install_software_updates": {"target": "all"},
    "join_domain_or_workgroup": {"domain": "corp.example.com"},
    "pre_provision_bitlocker": {},
    "prepare_configmgr_client_for_capture": {},
    "prepare_windows_for_capture": {},
    "release_state_store": {},
    "request_state_store": {"request_type": "capture"},
    "restart_computer": {"restart_to": "installed_os"},
    "restore_user_state": {"package": ID},
    "run_command_line": {"command_line": "cmd.exe /c ver"},
    "run_powershell_script": {"script": "Get-Date\n"},
    "run_task_sequence": {"task_sequence": {"id": "PS100009"}},
    "set_dynamic_variables": {"rules": [{"set": {"Site": "HQ"}}]},
    "set_task_sequence_variable": {"variable": "OSDisk"},
    "setup_windows_and_configmgr": {"package": ID},
    "upgrade_operating_system": {"upgrade_package": ID},
    "group": {"steps": []},
    "pointer": {},
}


def minimal_steps() -> list[dict[str, t.Any]]:
    """Return one step of every kind."""
    return [{"name": f"Step {kind}", "type": kind, **options} for kind, options in MINIMAL.items()]
