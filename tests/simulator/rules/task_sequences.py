# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Task sequence packages without their steps (reference: provider-behaviour 2).

SetSequence itself lives with the sequences; it hands the package over to ``save_ts_package``.
"""

from __future__ import annotations

import typing as t

from ..objects import Obj
from . import access, locks
from .base import Rules
from .errors import FAILED, NOT_FOUND, refuse
from .merge import changed_object, new_object
from .packages import (
    DELETE,
    TASK_SEQUENCE,
    check_package,
    check_save,
    next_package_id,
    remove_package,
    stamp_new,
    stamp_saved,
)
from .programs import check_dependent, check_platforms

if t.TYPE_CHECKING:
    from ..provider import Site

DISABLED = 0x1000
CUSTOM_PROGRESS = 0x2
DANGLING_REF = 0x1
COMPUTED = ("Sequence", "References", "ReferencesCount", "Type")
# Sent back by a careful client as read, but worked out anew from ProgramFlags (provider-behaviour 2.4).
DERIVED = ("TsEnabled",)
OPERATION = "ExecMethod"


def check_task_sequence(site: Site, obj: Obj, operation: str) -> None:
    """Check the package options."""
    check_package(site, obj, operation)
    check_dependent(obj, operation)
    check_platforms(site, obj, operation)
    _check_boot_image(site, obj, operation)
    _check_name(site, obj, operation)
    flags = obj.get("ProgramFlags") or 0
    if bool(obj.get("CustomProgressMsg")) != bool(flags & CUSTOM_PROGRESS):
        site.note("progress_text", key=site.path_of(obj), why="CustomProgressMsg and ProgramFlags 0x2 disagree")
    obj.props["TsEnabled"] = not flags & DISABLED


def _note_enabled(site: Site, old: Obj, sent: Obj, made: Obj) -> None:
    """Note a client that believes TsEnabled to be the switch; it is worked out from ProgramFlags."""
    wanted = sent.get("TsEnabled")
    if wanted is not None and wanted is not old.get("TsEnabled") and wanted is not made.get("TsEnabled"):
        site.note("ts_enabled_ignored", key=site.path_of(made), why="computed from ProgramFlags 0x1000")


def _check_boot_image(site: Site, obj: Obj, operation: str) -> None:
    boot_image = obj.get("BootImageID", "")
    if not boot_image or site.store.peek("SMS_BootImagePackage", (boot_image,)) is not None:
        return
    if site.switches.dangling_references == "refuse":
        raise refuse(FAILED, f"There is no boot image {boot_image}", operation=operation, parameter="BootImageID")
    site.note("dangling", key=site.path_of(obj), property="BootImageID", id=boot_image)
    obj.props["TaskSequenceFlags"] = (obj.get("TaskSequenceFlags") or 0) | DANGLING_REF


def _check_name(site: Site, obj: Obj, operation: str) -> None:
    if site.switches.duplicate_names == "allow":
        return
    name = str(obj.get("Name", "")).casefold()
    for row in site.store.scan(TASK_SEQUENCE):
        same = str(row.get("Name", "")).casefold() == name and row.get("PackageID") != obj.get("PackageID")
        if same and row.get("ActionInProgress") != DELETE:
            raise refuse(FAILED, f"There is a task sequence {obj.get('Name')} already", operation=operation,
                         parameter="Name")


def save_ts_package(site: Site, obj: Obj, is_new: bool, computed: t.Mapping[str, t.Any] | None = None) -> Obj:
    """Save the package of a SetSequence call and return it as stored, PackageID and all.

    ``obj`` is the package as the client sent it (canonical), ``computed`` what the sequence yields:
    Sequence, References, Type, and ``dangling`` (bool) for TaskSequenceFlags. Without ``computed`` these
    are taken from ``obj``. Read-only properties of the client are refused if changed; ``Sequence`` and
    its companions are the caller's affair and ignored here.
    """
    access.check_write(site, site.account, OPERATION, TASK_SEQUENCE)
    sent = obj.copy()
    found = dict(computed) if computed is not None else {n: sent.props.get(n) for n in COMPUTED}
    for name in COMPUTED:
        sent.props.pop(name, None)
    made, old = (_new(site, sent), None) if is_new else _existing(site, sent)
    references = found.get("References") or []
    made.props.update({
        "Sequence": found.get("Sequence"), "References": references, "ReferencesCount": len(references),
        "Type": found.get("Type", 1), "SourceSize": 0,
    })
    # DANGLING_REF is the site's finding (provider-behaviour 2.3), not the client's.
    flags = (made.get("TaskSequenceFlags") or 0) & ~DANGLING_REF
    made.props["TaskSequenceFlags"] = flags | (DANGLING_REF if found.get("dangling") else 0)
    check_task_sequence(site, made, OPERATION)
    if old is None:
        made.props["PackageID"] = next_package_id(site)
    else:
        _note_enabled(site, old, sent, made)
    site.store.save(made)
    return made


def _new(site: Site, sent: Obj) -> Obj:
    made = new_object(site, sent, OPERATION, server_keys=("PackageID",))
    stamp_new(site, made)
    return made


def _existing(site: Site, sent: Obj) -> tuple[Obj, Obj]:
    package_id = sent.get("PackageID", "")
    old = site.store.find(TASK_SEQUENCE, (package_id,))
    if old is None or not site.sees(old):
        raise refuse(NOT_FOUND, f"Not found: {TASK_SEQUENCE}.PackageID=\"{package_id}\"", operation=OPERATION,
                     parameter="PackageID")
    check_save(site, old, sent, OPERATION)
    made = changed_object(site, old, sent, OPERATION, modified=None, lazy_null=site.switches.lazy_null,
                          loose=(*COMPUTED, "NumOfPrograms", *DERIVED))
    stamp_saved(site, made)
    made.props["SourceDate"] = site.now()
    made.props["SourceVersion"] = (old.get("SourceVersion") or 0) + 1
    return made, old


class TaskSequenceRules(Rules):
    """SMS_TaskSequencePackage: Put of the package options, Delete; new ones come through SetSequence."""

    def create(self, site: Site, obj: Obj) -> Obj:
        """Refuse: a task sequence package is made by SetSequence (provider-behaviour 2.1)."""
        raise refuse(FAILED, "A task sequence package is created through SetSequence", operation="PutInstance",
                     parameter=TASK_SEQUENCE)

    def put(self, site: Site, old: Obj, sent: Obj, modified: list[str] | None) -> Obj:
        """Save package options; the steps stay as they are."""
        check_save(site, old, sent, "PutInstance")
        made = changed_object(site, old, sent, "PutInstance", modified=modified, lazy_null=site.switches.lazy_null,
                              loose=("NumOfPrograms", *DERIVED))
        check_task_sequence(site, made, "PutInstance")
        _note_enabled(site, old, sent, made)
        stamp_saved(site, made)
        site.store.save(made)
        return made

    def delete(self, site: Site, old: Obj) -> None:
        """Delete a task sequence; its parents are left with a dangling reference."""
        locks.check(site, old, "DeleteInstance")
        remove_package(site, old)
