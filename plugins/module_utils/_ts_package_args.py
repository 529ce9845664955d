# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The arguments behind the fragment ``_ts_package``: what both modules of a task sequence package accept."""

from __future__ import annotations

TS_PACKAGE_ARGS = {
    "name": {"type": "str"},
    "package_id": {"type": "str"},
    "description": {"type": "str"},
    "category": {"type": "str"},
    "boot_image": {"type": "raw"},
    "max_run_time": {"type": "int"},
    "progress_text": {"type": "str"},
    "enabled": {"type": "bool"},
    "platforms": {"type": "list", "elements": "str"},
    "run_first": {
        "type": "dict",
        "options": {
            "package": {"type": "raw"},
            "program": {"type": "str"},
            "always": {"type": "bool"},
        },
    },
    "software_center": {
        "type": "dict",
        "options": {
            "name": {"type": "str"},
            "description": {"type": "str"},
            "restart_required": {"type": "bool"},
            "download_size_mb": {"type": "int"},
            "run_time_minutes": {"type": "int"},
        },
    },
    "high_impact": {
        "type": "dict",
        "options": {
            "enabled": {"type": "bool"},
            "headline": {"type": "str"},
            "top": {"type": "str"},
            "warning": {"type": "str"},
            "install": {"type": "str"},
        },
    },
    "pre_download_rule": {"type": "str"},
    "icon": {"type": "str"},
    "folder": {"type": "str"},
    "create_folder": {"type": "bool", "default": False},
    "security_scopes": {"type": "list", "elements": "str"},
    "state": {"type": "str", "choices": ["absent", "present"], "default": "present"},
    "remove_deployments": {"type": "bool", "default": False},
    "force": {"type": "bool", "default": False},
}
