# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What classic packages and programs share: scopes in results, and the guard before a delete."""

from __future__ import annotations

import typing as t

from .._cim import wql
from .._cim.instance import Instance
from .._errors import GateRefused
from .._plan import Plan
from .._provider.site import DELETING, Loaded, Site
from ._base import ManagedResource

SEQUENCE = "SMS_TaskSequencePackage"


class ClassicResource(ManagedResource):
    """A package or a program."""

    def scope_note(self, plan: Plan, found: bool) -> tuple[str | None, list[str] | None]:
        """Return the sentence for ``msg``, and the scopes of the account where an object is created.

        Objects that the account may not see look like missing ones, so both sentences say so.
        """
        if self.absent and not found:
            return f"The {self.title()} was not found; what the account may not see looks absent too.", None
        if plan.action != "create":
            return None, None
        verb = "would be" if self.task.check_mode else "was"
        said = f"The {self.title()} {verb} created."
        if not self.params.get("report_scopes"):
            return said, None
        scopes = self.task.site.scopes()
        return f"{said} The account sees objects in the security scopes: {', '.join(scopes) or 'none'}.", scopes


def referring_sequences(site: Site, package_id: str) -> list[str]:
    """Return the IDs of the task sequences that refer to a package, in one query."""
    rows = site.query(
        "SMS_TaskSequencePackageReference", wql.equals("ObjectID", package_id), ["PackageID", "ObjectID"]
    )
    return sorted({str(row.get("PackageID", "")) for row in rows})


def name_sequences(site: Site, ids: t.Sequence[str]) -> list[str]:
    """Return ``PS100012 (name)`` for each ID, in one query."""
    if not ids:
        return []
    rows = site.query(SEQUENCE, wql.one_of("PackageID", list(ids)), ["PackageID", "Name", "ActionInProgress"])
    return sorted(
        f"{row.get('PackageID')} ({row.get('Name', '')})" for row in rows if row.get("ActionInProgress") != DELETING
    )


def uses_program(sequence: Loaded, package_id: str, program: str) -> bool:
    """Whether a task sequence that refers to a package refers to this program of it.

    A reference without a program name counts: better refuse than break a sequence.
    """
    first = str(sequence.get("DependentProgram", "")).casefold()
    if first == f"{package_id};;{program}".casefold():
        return True
    references = [item for item in sequence.get("References", []) if isinstance(item, Instance)]
    own = [item for item in references if str(item.get("Package", "")).casefold() == package_id.casefold()]
    if not references:
        return True
    return any(str(item.get("Program", program)).casefold() in ("", program.casefold()) for item in own)


def refuse_if_used(title: str, users: t.Sequence[str]) -> None:
    """Raise :class:`GateRefused` that lists the task sequences in the way of a delete."""
    if users:
        raise GateRefused(
            f"The {title} is used by {len(users)} task sequence{'s' if len(users) > 1 else ''}: {', '.join(users)}. "
            "Remove the steps first.",
            detail={"task_sequences": list(users)},
        )


def refuse_if_advertised(title: str, site: Site, package_id: str, program: str | None = None) -> None:
    """Raise :class:`GateRefused` that lists the deployments that a delete would take along, in one query."""
    where = wql.equals("PackageID", package_id)
    if program is not None:
        where = wql.both(where, wql.equals("ProgramName", program))
    columns = ["AdvertisementID", "AdvertisementName", "PackageID", "ProgramName", "ActionInProgress"]
    rows = [row for row in site.query("SMS_Advertisement", where, columns) if row.get("ActionInProgress") != DELETING]
    if rows:
        shown = sorted(f"{row.get('AdvertisementID')} ({row.get('AdvertisementName', '')})" for row in rows)
        raise GateRefused(
            f"The {title} is deployed by {', '.join(shown)}, which the site would delete with it. Delete these first.",
            detail={"advertisements": shown},
        )


def refuse_if_run_first(title: str, site: Site, package_id: str, program: str | None = None) -> None:
    """Raise :class:`GateRefused` that lists the programs of other packages that run this one first, in one query.

    ``DependentProgram`` is ``<package ID>;;<program>`` (reference: provider-behaviour 2.3). A package goes with its own
    programs, so those do not count for it; for a program of it they do.
    """
    where = wql.contains("DependentProgram", f"{package_id};;")
    if program is not None:
        where = wql.equals("DependentProgram", f"{package_id};;{program}")
    columns = ["PackageID", "ProgramName", "PackageName", "DependentProgram", "ActionInProgress"]
    rows = [row for row in site.query("SMS_Program", where, columns) if row.get("ActionInProgress") != DELETING]
    if program is None:
        rows = [row for row in rows if str(row.get("PackageID")).casefold() != package_id.casefold()]
    if rows:
        shown = sorted(
            f"{row.get('ProgramName')} of {row.get('PackageID')} ({row.get('PackageName') or ''})" for row in rows
        )
        raise GateRefused(
            f"The {title} runs before other programs, which would lack it: {', '.join(shown)}. Change these first.",
            detail={"programs": shown},
        )
