# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Settings that follow from others unless the play says otherwise (INTERFACE 5).

Reading YAML and writing it ask the same function, so that what one leaves out the other adds.
"""

from __future__ import annotations

import typing as t

from .._cim.instance import Instance
from .model import PREFIX
from .rules import as_bool

_JOIN = {
    PREFIX + "ApplyNetworkSettingsAction": "NetworkJoinType",
    PREFIX + "JoinDomainWorkgroupAction": "Type",
}
_RUN_AS = (PREFIX + "RunCommandLineAction", PREFIX + "RunPowerShellScriptAction")
_LISTS = {
    "EnableWINS": "WINSServerList",
    "EnableTCPFiltering": "TCPFilterPortList",
    "EnableUDPFiltering": "UDPFilterPortList",
    "EnableIPProtocolFiltering": "IPProtocolFilterList",
}
FILTERS = tuple(_LISTS)[1:]
ADAPTER = PREFIX + "NetworkAdapterSettings"


def implied_values(class_name: str, properties: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return the values that follow from the other properties of a step or embedded object."""
    if class_name in _JOIN:
        found: dict[str, t.Any] = {_JOIN[class_name]: 0 if properties.get("DomainName") is not None else 1}
        if class_name.endswith("ApplyNetworkSettingsAction"):
            adapters = properties.get("Adapters")
            found["EnableTCPIPFiltering"] = isinstance(adapters, list) and any(_filters(item) for item in adapters)
        return found
    if class_name in _RUN_AS:
        return {"RunAsUser": bool(properties.get("UserName"))}
    if class_name == PREFIX + "ApplyWindowsSettingsAction":
        return {"RandomAdminPassword": not properties.get("AdminPassword")}
    if class_name == PREFIX + "PartitionDiskAction":
        return {"DiskType": "BASIC"}
    if class_name == ADAPTER:
        switches: dict[str, t.Any] = {name: bool(properties.get(source)) for name, source in _LISTS.items()}
        switches["EnableDHCP"] = not properties.get("IPAddressList")
        return switches
    return {}


def _filters(adapter: t.Any) -> bool:
    return isinstance(adapter, Instance) and any(as_bool(adapter.get(name)) for name in FILTERS)
