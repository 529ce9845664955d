# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the content of a package-like object is distributed: priority, flags, disconnecting users.

The bits of PkgFlags: provider-behaviour 2.5; bit 7 is observed in several public scripts only. All
other bits can be set by number, and bits that nobody names stay as they are.
"""

from __future__ import annotations

import typing as t

from .._cim.instance import Instance
from .._errors import Problem
from .._plan import Plan
from .._provider import names

PRIORITIES = {1: "high", 2: "medium", 3: "low"}
FLAGS = {"copy_to_package_share": 7, "persist_in_cache": 25, "binary_delta_replication": 26}
"""Option to bit of PkgFlags."""
HIGHEST_BIT = 31
COMMON_SHARE, OWN_SHARE = 1, 2
LONGEST = 0xFFFFFFFF
DISCONNECT = {
    "enabled": "ForcedDisconnectEnabled",
    "delay": "ForcedDisconnectDelay",
    "retries": "ForcedDisconnectNumRetries",
}


def problems(params: t.Mapping[str, t.Any]) -> list[Problem]:
    """Return what is wrong with these options."""
    found = []
    fault = names.fault_in_text(params["share_name"] or "", names.LIMIT)
    if fault:
        found.append(Problem("share_name", names.shown(params["share_name"]), fault))
    named = {bit: option for option, bit in FLAGS.items()}
    bits = params["flag_bits"] or {}
    for side in ("set", "clear"):
        for bit in bits.get(side) or []:
            if not 0 <= bit <= HIGHEST_BIT:
                found.append(Problem(f"flag_bits.{side}", str(bit), f"must be the number of a bit, 0 to {HIGHEST_BIT}"))
            elif bit in named:
                found.append(Problem(f"flag_bits.{side}", str(bit), f"has an option of its own: {named[bit]}"))
    for bit in sorted(set(bits.get("set") or []) & set(bits.get("clear") or [])):
        found.append(Problem("flag_bits", str(bit), "cannot be set and cleared"))
    for option in ("delay", "retries"):
        value = (params["disconnect_users"] or {}).get(option)
        if value is not None and not 0 <= value <= LONGEST:
            found.append(Problem(f"disconnect_users.{option}", str(value), "must not be negative"))
    return found


def describe(row: Instance) -> dict[str, t.Any]:
    """Return the settings of an object in the form of the play; ``flag_bits`` has the bits without an option."""
    flags = row.number("PkgFlags")
    return {
        "priority": PRIORITIES.get(row.number("Priority", 2), str(row.number("Priority", 2))),
        "share_name": str(row.get("ShareName", "")) if row.number("ShareType") == OWN_SHARE else "",
        **{option: bool(flags & (1 << bit)) for option, bit in FLAGS.items()},
        "flag_bits": [bit for bit in range(HIGHEST_BIT + 1) if flags & (1 << bit) and bit not in FLAGS.values()],
        "disconnect_users": {
            "enabled": bool(row.get("ForcedDisconnectEnabled", False)),
            "delay": row.number("ForcedDisconnectDelay"),
            "retries": row.number("ForcedDisconnectNumRetries"),
        },
    }


def compare(plan: Plan, params: t.Mapping[str, t.Any], live: Instance) -> None:
    """Note what the play wants otherwise than it is."""
    stored = describe(live)
    if params["priority"] is not None and params["priority"] != stored["priority"]:
        number = next(number for number, word in PRIORITIES.items() if word == params["priority"])
        plan.change("priority", stored["priority"], params["priority"], Priority=number)
    share = params["share_name"]
    if share is not None and share != stored["share_name"]:
        kind = OWN_SHARE if share else COMMON_SHARE
        plan.change("share_name", stored["share_name"], share, ShareName=share, ShareType=kind)
    flags = live.number("PkgFlags")
    changed = flags
    for option, bit in FLAGS.items():
        if params[option] is not None and params[option] != stored[option]:
            changed ^= 1 << bit
            plan.change(option, stored[option], params[option])
    bits = params["flag_bits"] or {}
    wanted = (set(stored["flag_bits"]) | set(bits.get("set") or [])) - set(bits.get("clear") or [])
    for bit in wanted ^ set(stored["flag_bits"]):
        changed ^= 1 << bit
    if sorted(wanted) != stored["flag_bits"]:
        plan.change("flag_bits", stored["flag_bits"], sorted(wanted))
    if changed != flags:
        plan.properties["PkgFlags"] = changed
    given = {key: value for key, value in (params["disconnect_users"] or {}).items() if value is not None}
    other = {key: value for key, value in given.items() if value != stored["disconnect_users"][key]}
    if other:
        properties = {DISCONNECT[key]: value for key, value in other.items()}
        plan.change(
            "disconnect_users", stored["disconnect_users"], {**stored["disconnect_users"], **other}, **properties
        )
