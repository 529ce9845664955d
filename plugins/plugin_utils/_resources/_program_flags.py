# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of a program and the bits of SMS_Program.ProgramFlags that carry them.

The bits are those of the class's own documentation; the same numbers mean partly other things on
a task sequence package (reference: provider-behaviour 2.4).
"""

from __future__ import annotations

import typing as t

DYNAMIC_INSTALL = 0x00000001
UNATTENDED = 0x00002000
USER_CONTEXT = 0x00004000
ADMIN_RIGHTS = 0x00008000
NO_USER_LOGGED_IN = 0x00020000
OK_TO_QUIT = 0x00040000
OK_TO_REBOOT = 0x00080000
USE_UNC_PATH = 0x00100000
RUN_MINIMIZED = 0x00400000
RUN_MAXIMIZED = 0x00800000
HIDE_WINDOW = 0x01000000
OK_TO_LOGOFF = 0x02000000
ANY_PLATFORM = 0x08000000

NEW = ADMIN_RIGHTS | UNATTENDED | USE_UNC_PATH | ANY_PLATFORM | DYNAMIC_INSTALL | HIDE_WINDOW
"""The flags of a new program."""

_BITS: dict[str, tuple[int, dict[t.Any, int]]] = {
    "run_as": (ADMIN_RIGHTS, {"administrator": ADMIN_RIGHTS, "user": 0}),
    "logon": (
        USER_CONTEXT | NO_USER_LOGGED_IN,
        {"any": 0, "required": USER_CONTEXT, "none": NO_USER_LOGGED_IN},
    ),
    "interactive": (UNATTENDED, {False: UNATTENDED, True: 0}),
    "run_mode": (
        RUN_MINIMIZED | RUN_MAXIMIZED | HIDE_WINDOW,
        {"normal": 0, "minimized": RUN_MINIMIZED, "maximized": RUN_MAXIMIZED, "hidden": HIDE_WINDOW},
    ),
    "allow_task_sequence": (DYNAMIC_INSTALL, {True: DYNAMIC_INSTALL, False: 0}),
    "after_running": (
        OK_TO_QUIT | OK_TO_REBOOT | OK_TO_LOGOFF,
        {"nothing": 0, "program_restarts": OK_TO_QUIT, "restart": OK_TO_REBOOT, "log_off": OK_TO_LOGOFF},
    ),
}
"""Option to its mask and the bits of each value."""

OPTIONS = tuple(_BITS)


def read(flags: int) -> dict[str, t.Any]:
    """Return the options that flags stand for.

    Where contradicting bits are set, the first of them counts, in the order of the table.
    """
    options: dict[str, t.Any] = {}
    for option, (mask, values) in _BITS.items():
        own = flags & mask
        exact = [value for value, bits in values.items() if bits == own]
        partly = [value for value, bits in values.items() if bits & own]
        options[option] = (exact or partly)[0]
    return options


def change(flags: int, option: str, value: t.Any) -> int:
    """Return flags in which one option has another value; no other bit changes."""
    mask, values = _BITS[option]
    return (flags & ~mask) | values[value]


def faults(options: t.Mapping[str, t.Any], given: t.Callable[[str], bool]) -> list[tuple[str, str]]:
    """Return (option, rule) for combinations that no client could run, if the play gives one of the two."""
    found = []
    if options["run_as"] == "user" and options["logon"] == "none" and (given("run_as") or given("logon")):
        found.append(("logon", "must be required or any with run_as: user: without a user nobody's rights are there"))
    if options["interactive"] and options["logon"] == "none" and (given("interactive") or given("logon")):
        found.append(("logon", "must be required or any with interactive: true: without a user nobody can answer"))
    return found
