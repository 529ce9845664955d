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
    "state": {"type": "str", "choices": ["absent", "present"], "default": "present"},
    "remove_deployments": {"type": "bool", "default": False},
    "force": {"type": "bool", "default": False},
}
