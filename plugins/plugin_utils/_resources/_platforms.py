# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Platform lists: names of SMS_SupportedPlatforms in a play, SMS_OS_Details on the wire."""

from __future__ import annotations

import typing as t

from .._cim.instance import Instance
from .._provider.site import Site
from .._sequence.conditions_yaml import platform_text
from .._sequence.facts import platform_operands
from .._sequence.model import Operand

_COLUMNS = {"MaxVersion": "OSMaxVersion", "MinVersion": "OSMinVersion", "Name": "OSName", "Platform": "OSPlatform"}

Key = tuple[str, ...]


def details(row: Instance) -> Instance:
    """Return the embedded object for a row of SMS_SupportedPlatforms."""
    return Instance("SMS_OS_Details", {name: row.get(column, "") for name, column in _COLUMNS.items()})


def key(item: Instance) -> Key:
    """Return what tells platforms apart, without regard to case."""
    return tuple(str(item.get(name, "")).casefold() for name in _COLUMNS)


def same(stored: t.Iterable[Instance], wanted: t.Iterable[Instance]) -> bool:
    """Whether two lists hold the same platforms; their order means nothing."""
    return sorted(map(key, stored)) == sorted(map(key, wanted))


def names(site: Site) -> dict[Key, str]:
    """Return the name that the console shows for every platform that the site knows, in one query."""
    rows = site.query("SMS_SupportedPlatforms", None, ["DisplayText", *_COLUMNS.values()])
    return {key(details(row)): str(row.get("DisplayText", "")) for row in rows}


def condition_names(site: Site) -> dict[str, str]:
    """Return the names of all platforms by what an operating system condition stores of them, in one query."""
    found = {}
    for row in site.query("SMS_SupportedPlatforms", None, ["DisplayText", "Condition", *_COLUMNS.values()]):
        properties, operands, _complete = platform_operands(row)
        found[platform_text(Operand("", properties, operands))] = str(properties["Name"])
    return found


def text(item: Instance) -> str:
    """Return a platform for people when its name was not looked up."""
    name, platform = item.get("Name", ""), item.get("Platform", "")
    return f"{name} {platform} {item.get('MinVersion', '')} - {item.get('MaxVersion', '')}".strip()
