# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The argument dictionaries behind the documentation fragments; a module merges those that it documents."""

from __future__ import annotations

from ansible.module_utils.basic import env_fallback

COMPATIBILITY_ARGS = {
    "uri": {"type": "str", "choices": ["dmtf", "wmi"], "default": "dmtf"},
    "datetime": {"type": "str", "choices": ["cim_datetime", "iso", "text"], "default": "cim_datetime"},
    "projection": {"type": "str", "choices": ["auto", "never"], "default": "auto"},
    "send_sequence_text": {"type": "str", "choices": ["auto", "always", "never"], "default": "auto"},
    "write_via": {"type": "str", "choices": ["objects", "xml"], "default": "objects"},
    "schedule_tokens": {"type": "str", "choices": ["server", "direct"], "default": "server"},
    "explicit_lock": {"type": "bool", "default": False},
}
"""Switches for what only a live site can settle (fragment ``_site``, option ``compatibility``)."""

SITE_ARGS = {
    "site_code": {"type": "str", "fallback": (env_fallback, ["CONFIGMGR_SITE_CODE"])},
    "namespace": {"type": "str"},
    "operation_timeout": {"type": "int", "default": 60},
    "max_envelope_size": {"type": "int"},
    "compatibility": {
        "type": "dict",
        "default": {},
        "fallback": (env_fallback, ["CONFIGMGR_COMPATIBILITY"]),
        "options": COMPATIBILITY_ARGS,
    },
}
"""Fragment ``_site``: how to find the site and how to talk to it."""

PLANNED_ARGS = {
    "planned": {"type": "list", "elements": "dict", "default": []},
}
"""Fragment ``_planned``: what earlier tasks of the play would have made (check mode)."""

UNKNOWN_IDS_ARGS = {
    "unknown_ids": {"type": "str", "choices": ["fail", "keep"], "default": "fail"},
}
"""Fragment ``_unknown_ids``: IDs from another site."""

REPORT_SCOPES_ARGS = {
    "report_scopes": {"type": "bool", "default": True},
}
"""Fragment ``_report_scopes``: name the security scopes of the account after a create."""

STATE_ARGS = {
    "state": {"type": "str", "choices": ["absent", "present"], "default": "present"},
}

GATE_ARGS = {
    "confirm": {"type": "list", "elements": "str", "default": []},
    "max_targets": {"type": "int", "default": 100},
}
"""Fragment ``_gate``: new steps for a high-risk task sequence that is required somewhere."""

WAIT_LIMITS_ARGS = {
    "wait_timeout": {"type": "int", "default": 3600},
    "wait_interval": {"type": "float", "default": 15.0},
}
"""Fragment ``_wait.limits``: how long and how often, for modules whose ``wait`` is a choice of goals."""

WAIT_ARGS = {
    "wait": {"type": "bool", "default": False},
    **WAIT_LIMITS_ARGS,
}
"""Fragment ``_wait``."""

VARIABLES_ARGS = {
    "variables": {"type": "raw"},
    "variables_mode": {"type": "str", "choices": ["complete", "merge"], "default": "merge"},
    "masked_rewrite": {"type": "str", "choices": ["assume_kept", "refuse"], "default": "refuse"},
    "update_secrets": {
        "type": "str",
        "choices": ["on_change", "on_create", "always"],
        "default": "on_change",
        "no_log": False,
    },
}
"""Fragment ``_variables``: variables of devices and collections."""

BACKUP_ARGS = {
    "backup": {"type": "bool", "default": False},
    "backup_dir": {"type": "path"},
}
"""Fragment ``_backup``: save a task sequence before it is changed."""
