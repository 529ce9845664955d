# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The arguments behind the fragment ``_image``: what objects with content from a share have in common."""

from __future__ import annotations

CONTENT_ARGS = {
    "name": {"type": "str"},
    "package_id": {"type": "str"},
    "version": {"type": "str"},
    "manufacturer": {"type": "str"},
    "language": {"type": "str"},
    "description": {"type": "str"},
    "source_path": {"type": "str"},
    "priority": {"type": "str", "choices": ["high", "medium", "low"]},
    "share_name": {"type": "str"},
    "copy_to_package_share": {"type": "bool"},
    "persist_in_cache": {"type": "bool"},
    "binary_delta_replication": {"type": "bool"},
    "flag_bits": {
        "type": "dict",
        "options": {
            "set": {"type": "list", "elements": "int"},
            "clear": {"type": "list", "elements": "int"},
        },
    },
    "disconnect_users": {
        "type": "dict",
        "options": {
            "enabled": {"type": "bool"},
            "delay": {"type": "int"},
            "retries": {"type": "int"},
        },
    },
    "refresh": {"type": "str", "choices": ["never", "on_change", "always"], "default": "never"},
}
"""Fragment ``_image``."""

METADATA_ARGS = {
    "image_property": {"type": "str"},
    "reload": {"type": "bool", "default": False},
}
"""Fragment ``_image.metadata``: classes that hold what the site read in the WIM file."""

INFO_ARGS = {
    "name": {"type": "str"},
    "package_id": {"type": "str"},
}
"""Fragment ``_image.info``."""
