# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which steps change a machine for good."""

from __future__ import annotations

import re

from .context import Node

PARTITION = "partition"
IMAGE = "image"
UPGRADE = "upgrade"
DRIVERS = "drivers"

_TYPES = {
    "format_and_partition_disk": PARTITION,
    "convert_disk_to_dynamic": PARTITION,
    "apply_operating_system_image": IMAGE,
    "apply_data_image": IMAGE,
    "upgrade_operating_system": UPGRADE,
    "apply_driver_package": DRIVERS,
    "auto_apply_drivers": DRIVERS,
}
_COMMANDS = (
    (PARTITION, re.compile(r"\bdiskpart(\.exe)?\b.{0,500}\s/s\b|\b(Clear-Disk|Format-Volume)\b", re.IGNORECASE)),
    (
        DRIVERS,
        re.compile(
            r"\bpnputil(\.exe)?\b.{0,500}\s[/-](a|i|add-driver|install)\b|\bdism(\.exe)?\b.{0,500}\s/add-driver\b"
            r"|\bAdd-WindowsDriver\b|\bInvoke-CMApplyDriverPackage",
            re.IGNORECASE,
        ),
    ),
)
WORDS = {
    PARTITION: "partitions a disk",
    IMAGE: "applies an image",
    UPGRADE: "upgrades the operating system",
    DRIVERS: "installs drivers",
}


def kind_of(node: Node) -> str | None:
    """Return what a step does to the machine for good, ``None`` for a group or a harmless step."""
    found = _TYPES.get(node.type)
    if found == UPGRADE and node.flag("ScanOnly"):
        return None
    if found is None and node.type in ("run_command_line", "run_powershell_script"):
        line = " ".join((node.text("CommandLine"), node.text("ScriptName"), node.text("Parameters")))
        found = next((kind for kind, pattern in _COMMANDS if pattern.search(line)), None)
    return found
