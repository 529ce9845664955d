# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many requests a task costs after the login: the one formula that every test of a count uses.

Base counts are those of a task whose references are all given by ID and held by the live object already (or that has
none), with site discovery and with a query by name. On top of them comes exactly one query per kind of object that is
looked up, one Pull per answer of more than one row, and what :class:`Case` names.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

Action = t.Literal["same", "create", "change", "replace", "missing", "delete"]

# What the numbers stand for, always after the discovery of the site:
#   query = by name, Get = by key, reread = query by name after a create (settles a race, names being no key)
BASE: dict[str, dict[str, int]] = {
    "cm_task_sequence": {
        "same": 4,  # query, Get, GetSequence
        "create": 6,  # query, scopes, SetSequence, reread, Get
        "change": 7,  # query, Get, GetSequence, SetSequence, Get, GetSequence
        "missing": 2,  # query
        "delete": 6,  # query, Get, its advertisements, its parents, Delete
    },
    "cm_ts_package": {
        "same": 3,  # query, Get
        "create": 6,  # query, scopes, SetSequence, reread, Get
        "change": 5,  # query, Get, Put, Get
        "missing": 2,
        "delete": 6,
    },
    "cm_advertisement": {
        "same": 3,  # query, Get
        "create": 5,  # query, Create, reread, Get
        "change": 5,  # query, Get, Put, Get
        "replace": 7,  # query, Get, Create, Get, Delete, query
        "missing": 2,  # query
        "delete": 5,  # query, Get, Delete, query
    },
    "cm_package": {
        "same": 2,  # query (its row holds every option)
        "create": 5,  # query, Create, reread, scopes
        "change": 5,  # query, Get, Put, Get
        "missing": 2,  # query
        "delete": 5,  # query, task sequences that refer to it, deployments, Delete
    },
    "cm_program": {
        "same": 2,  # Get (a program has keys, so no query)
        "create": 5,  # Get, Create, Get, scopes
        "change": 4,  # Get, Put, Get
        "missing": 2,  # Get
        "delete": 5,  # Get, task sequences that refer to its package, deployments, Delete
    },
}

# How many of these come after the plan is made, so that check mode does not send them.
AFTER_PLAN: dict[str, dict[str, int]] = {
    "cm_task_sequence": {"create": 3, "change": 3, "delete": 1},
    "cm_ts_package": {"create": 3, "change": 2, "delete": 1},
    "cm_advertisement": {"create": 3, "change": 2, "replace": 4, "delete": 2},
    "cm_package": {"create": 2, "change": 3, "delete": 1},
    "cm_program": {"create": 2, "change": 2, "delete": 1},
}

BY_ID_SAVES_THE_QUERY = {"cm_task_sequence", "cm_ts_package", "cm_advertisement"}
"""Where an ID is read by its key at once; cm_package finds by ID with the query that it would find by name with."""

NAMES_SCOPES: dict[str, tuple[str, ...]] = {
    "cm_task_sequence": ("create",),
    "cm_ts_package": ("create",),
    "cm_package": ("create",),
    "cm_program": ("create",),
}
"""When a module asks for the account's scopes; an advertisement has none of its own."""

WRITES = ("create", "change", "replace")


@dataclass(frozen=True)
class Case:
    """What a task does, as far as its number of requests depends on it."""

    module: str
    action: Action
    check: bool = False
    site_code: bool = False
    """The play names the site, so nothing has to be discovered."""
    by_id: bool = False
    """The object itself is given by its ID."""
    report_scopes: bool = True
    kinds: tuple[str, ...] = ()
    """Kinds of objects that are looked up: by name, or by an ID that the live object does not hold yet."""
    pulls: int = 0
    """Answers of more than one row."""
    editions: int = 0
    """Images whose edition is given by name: a lazy property, so a Get each."""
    text: bool = False
    """``write_via: xml``, or steps that only text can carry: ImportSequence before SetSequence."""
    sequence_xml: bool = False
    """The play gives text, which the server converts whether anything changes or not."""
    children: bool = False
    """The steps run other task sequences: one query for what all of them refer to, when something is written."""
    schedules: bool = False
    """A deployment gets times: ReadFromString makes their objects, when something is written."""
    advertisements: int = 0
    """Advertisements that are deleted together with the task sequence."""
    users: int = 0
    """Task sequences that refer to the package of a program, each of which is read before the program is deleted."""


def expected_requests(case: Case) -> int:
    """Return the exact number of requests of a task after the login."""
    count = BASE[case.module][case.action]
    if case.site_code:
        count -= 1
    if case.by_id and case.module in BY_ID_SAVES_THE_QUERY and case.action != "missing":
        count -= 1
    if not case.report_scopes and case.action in NAMES_SCOPES.get(case.module, ()):
        count -= 1
    if case.sequence_xml:
        count += 1
    count += len(case.kinds) + case.pulls + case.editions + case.users
    if case.check:
        return count - AFTER_PLAN[case.module].get(case.action, 0)
    if case.action in WRITES:
        count += case.children + case.schedules
        count += case.text and not case.sequence_xml
    return count + case.advertisements
