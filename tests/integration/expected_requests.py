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

Action = t.Literal["same", "create", "change", "again", "replace", "missing", "delete"]
"""``again`` is what every run does, such as reading the source once more."""

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
        "delete": 6,  # query, task sequences that refer to it, deployments, programs that run it first, Delete
    },
    "cm_program": {
        "same": 2,  # Get (a program has keys, so no query)
        "create": 5,  # Get, Create, Get, scopes
        "change": 4,  # Get, Put, Get
        "missing": 2,  # Get
        "delete": 6,  # Get, task sequences that refer to its package, deployments, programs that run it first, Delete
    },
    "cm_task_sequence_step": {
        "same": 4,  # query, Get, GetSequence
        "change": 7,  # query, Get, GetSequence, SetSequence, Get, GetSequence
    },
    "cm_task_sequence_reference": {
        "same": 4,  # references to the old object, task sequences that they are of, those of the scope
        "change": 9,  # the same, then as one edit: Get, GetSequence, SetSequence, Get, GetSequence
    },
    "cm_driver_package": {
        "same": 2,  # query (its row holds every option)
        "create": 5,  # query, Create, reread, scopes
        "change": 5,  # query, Get, Put, Get
        "again": 4,  # query, RefreshPkgSource, Get
        "missing": 2,  # query
        "delete": 4,  # query, task sequences that refer to it, Delete
    },
    "cm_content": {
        "same": 4,  # the object, its version, what arrived where
        "change": 5,  # the same, what arrived once more
        "delete": 6,  # the same, what is ordered to where, what arrived once more; the calls are parts
    },
    "cm_collection": {
        "same": 3,  # query, Get
        "create": 5,  # query, Create, reread, Get
        "change": 3,  # query, Get; everything that changes is a part
        "missing": 2,  # query
        "delete": 7,  # query, Get, its advertisements, deployments, dependencies, Delete
    },
    "cm_device": {
        "same": 2,  # query
        "create": 4,  # query, ImportMachineEntry, query
        "change": 2,  # query; everything that changes is a part
        "missing": 2,  # query
        "delete": 3,  # query, Delete
    },
    "cm_object": {
        "same": 2,  # Get
        "create": 4,  # Get, Create, Get
        "change": 4,  # Get, Put, Get
        "missing": 2,  # Get
        "delete": 3,  # Get, Delete
        "again": 3,  # Create, Get: without keys every run makes another object
    },
    "cm_method": {"same": 2, "again": 2},  # the call
}

IMAGE = {
    "same": 3,  # query, Get (what the site read in the file is a lazy property)
    "create": 6,  # query, Create, reread, Get, scopes
    "change": 5,  # query, Get, Put, Get
    "again": 5,  # query, Get, RefreshPkgSource, Get
    "missing": 2,  # query
    "delete": 4,  # query, task sequences that refer to it, Delete
}
BASE.update({module: IMAGE for module in ("cm_boot_image", "cm_os_image", "cm_os_upgrade_package")})

PARTS: dict[str, tuple[int, int]] = {
    # The copy of a task sequence: query, Get, GetSequence.
    "original": (3, 0),
    # One more task sequence in which an object is replaced; check mode asks for its lock instead of writing.
    "sequence": (3, 2),
    # Where an object stands: folders and MoveMembers; the folder of one that is there; a Create; the scopes that the
    # account sees, with one call for a direction; those that a new object got from its creator.
    "folder": (1, 1),
    "old_folder": (1, 0),
    "new_folder": (0, 1),
    "scopes": (1, 1),
    "first_scopes": (0, 1),
    # Images: GetImageProperties; ReloadImageProperties and a Get; RefreshPkgSource after a save.
    "metadata": (1, 0),
    "reload": (0, 2),
    "refresh": (0, 1),
    # Collections: Put and Get; ValidateQuery; a call for each direction, RequestRefresh; the Get after it.
    "save": (0, 2),
    "query": (1, 0),
    "rules": (0, 1),
    "update": (0, 1),
    "read_rules": (0, 1),
    # Variables of devices and collections: Get; Create and Get; Put and Get.
    "settings": (1, 0),
    "settings_after": (0, 1),
    "new_settings": (0, 2),
    "variables": (0, 2),
    # Devices: primary users, migrations, PXE flag; each is read, changed by a call, and the first two read again.
    "users": (1, 0),
    "user": (0, 1),
    "users_again": (0, 1),
    "migration": (1, 0),
    "migration_users": (1, 0),
    "association": (0, 1),
    "migration_again": (0, 1),
    "migration_users_again": (0, 1),
    "pxe": (1, 0),
    "clear_pxe": (0, 1),
    "import": (0, 1),
    "duplicate": (0, 1),
    "look_again": (0, 1),
    # Content: references of a task sequence, and its steps; points and what is ordered there; groups, their members
    # and what they hold; an order and a look at it; Get and Put for a point; a call.
    "closure": (2, 0),
    "points": (2, 0),
    "only_points": (1, 0),
    "groups": (3, 0),
    "order": (0, 2),
    "send_again": (0, 2),
    "call": (0, 1),
}
"""What comes on top of the base: before the plan is made, and after it. A case names each as often as it happens."""

# How many of these come after the plan is made, so that check mode does not send them.
AFTER_PLAN: dict[str, dict[str, int]] = {
    "cm_task_sequence": {"create": 3, "change": 3, "delete": 1},
    "cm_ts_package": {"create": 3, "change": 2, "delete": 1},
    "cm_advertisement": {"create": 3, "change": 2, "replace": 4, "delete": 2},
    "cm_package": {"create": 2, "change": 3, "delete": 1},
    "cm_program": {"create": 2, "change": 2, "delete": 1},
    "cm_task_sequence_step": {"change": 3},
    "cm_task_sequence_reference": {"change": 2},
    "cm_driver_package": {"create": 2, "change": 3, "again": 2, "delete": 1},
    "cm_content": {"change": 1, "delete": 1},  # the calls come on top
    "cm_collection": {"create": 3, "delete": 1},
    "cm_device": {"create": 2, "delete": 1},
    "cm_object": {"create": 2, "change": 2, "delete": 1},
}
IMAGE_AFTER_PLAN = {"create": 3, "change": 2, "again": 2, "delete": 1}
AFTER_PLAN.update({module: IMAGE_AFTER_PLAN for module in ("cm_boot_image", "cm_os_image", "cm_os_upgrade_package")})

BY_ID_SAVES_THE_QUERY = {"cm_task_sequence", "cm_ts_package", "cm_advertisement"}
"""Where an ID is read by its key at once; cm_package finds by ID with the query that it would find by name with."""

NAMES_SCOPES: dict[str, tuple[str, ...]] = {
    "cm_task_sequence": ("create",),
    "cm_ts_package": ("create",),
    "cm_package": ("create",),
    "cm_program": ("create",),
    "cm_boot_image": ("create",),
    "cm_os_image": ("create",),
    "cm_os_upgrade_package": ("create",),
    "cm_driver_package": ("create",),
}
"""When a module asks for the account's scopes; an advertisement has none of its own."""

WRITES = ("create", "change", "again", "replace")
CHANGES = (*WRITES, "delete")


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
    gate: bool = False
    """The safety gate is asked although a deployment only changes; it always is for a new one."""
    high_risk: bool = False
    """What is deployed is high-risk and required: one query; or the steps that change are high-risk: two queries."""
    required: bool = False
    """The steps that change are high-risk and required somewhere: the query for the collections."""
    users: int = 0
    """Task sequences that refer to the package of a program, each of which is read before the program is deleted."""
    parts: tuple[str, ...] = ()
    """What the task has to do beside its base, by the names of ``PARTS``."""


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
    count += _gate(case) + sum(PARTS[part][0] for part in case.parts)
    if case.check:
        return count - AFTER_PLAN[case.module].get(case.action, 0)
    if case.action in CHANGES:
        count += sum(PARTS[part][1] for part in case.parts)
    if case.action in WRITES:
        count += case.children + case.schedules
        count += case.text and not case.sequence_xml
    return count + case.advertisements


def _gate(case: Case) -> int:
    """Return what the safety gate costs: at most the task sequence, the collection, and the members that matter."""
    if case.module != "cm_advertisement":
        return 2 * case.high_risk + case.required
    if case.action not in ("create", "replace") and not case.gate:
        return 0
    return 1 + ("collection" not in case.kinds) + case.high_risk
