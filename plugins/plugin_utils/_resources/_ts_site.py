# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Task sequence packages on the site: finding, reading, saving and deleting them.

Reference: provider-behaviour 2.1 (life cycle), 2.7 (delete), 2.10 (references).
"""

from __future__ import annotations

import re
import typing as t

from .._cim import wql
from .._cim.instance import Instance, Value
from .._errors import InvalidInput, NotAsWritten, OutcomeUnknown, Problem, ProtocolError, RequestTooLarge, ServerFault
from .._provider.site import DELETING, Loaded, Site, relative_path, same_name
from .._sequence.decode import from_instance
from .._sequence.model import Sequence
from .._sequence.xml_read import read_sequence

PACKAGE = "SMS_TaskSequencePackage"
SAVED_PATH = re.compile(r'PackageID\s*=\s*"([^"]+)"', re.IGNORECASE)
"""SetSequence names the saved package by its relative path (reference: provider-behaviour 2.1)."""

PLAIN_COLUMNS = ("PackageID", "Name", "Description", "ProgramFlags", "Duration", "SourceDate", "ActionInProgress")


class TsSite:
    """What the modules ask of the site about task sequence packages; one request per method unless said otherwise."""

    def __init__(self, site: Site) -> None:
        self.site = site

    # -- reading --------------------------------------------------------------------------------

    def rows(self, name: str) -> list[Instance]:
        """Return the rows that bear a name: the exact ones, or else those that differ in case only."""
        where = wql.equals("Name", name)
        return same_name(self.site.query(PACKAGE, where, ["PackageID", "Name", "ActionInProgress"]), name)

    def find(self, name: str) -> str | None:
        """Return the ID of the task sequence with this name, ``None`` when there is none.

        Raises :class:`InvalidInput` when several bear the name: names are no key.
        """
        rows = self.rows(name)
        if len(rows) > 1:
            ids = ", ".join(sorted(f"{row.get('PackageID')} ({row.get('Name')})" for row in rows))
            rule = f"{len(rows)} task sequences bear this name, choose one by package_id: {ids}"
            raise InvalidInput([Problem("name", name, rule)], wmi_class=PACKAGE)
        return str(rows[0].get("PackageID")) if rows else None

    def load(self, package_id: str) -> Loaded | None:
        """Read a package with its lazy properties, ``None`` when it is gone or being deleted."""
        found = self.site.find(PACKAGE, {"PackageID": package_id})
        return None if found is None or found.get("ActionInProgress") == DELETING else found

    def saved(self, package_id: str) -> Loaded:
        """Read a package that was just saved. Raises :class:`NotAsWritten` when it is not there."""
        found = self.load(package_id)
        if found is None:
            raise NotAsWritten(
                f"The site said that it saved {package_id} but does not show it to this account.",
                wmi_class=PACKAGE,
                method="SetSequence",
                attempted=f"save the task sequence {package_id}",
            )
        return found

    def listing(self) -> list[Instance]:
        """Return the plain columns of all packages that the account sees."""
        rows = self.site.query(PACKAGE, None, list(PLAIN_COLUMNS))
        return [row for row in rows if row.get("ActionInProgress") != DELETING]

    def steps(self, package: Loaded) -> Sequence:
        """Return the stored steps (GetSequence).

        The package goes with its ``Sequence`` text unless told otherwise: whether the provider
        decodes its store or the instance that it is handed is unknown (provider-behaviour 2.1).
        """
        found = self._invoke_get(package).get("TaskSequence")
        if not isinstance(found, Instance):
            raise ProtocolError(
                f"GetSequence of {package.get('PackageID')} returned no task sequence.",
                wmi_class=PACKAGE,
                method="GetSequence",
            )
        return from_instance(found)

    def _invoke_get(self, package: Loaded) -> t.Mapping[str, Value]:
        bare = self.site.writable(package, {})
        text = package.get("Sequence")
        if text and self.site.compatibility.send_sequence_text != "never":
            whole = Instance(PACKAGE, {**bare.properties, "Sequence": text})
            try:
                return self.site.cim.invoke(PACKAGE, "GetSequence", {"TaskSequencePackage": whole}).out
            except RequestTooLarge:
                # A text that does not fit may still be read without being sent.
                pass
        return self.site.cim.invoke(PACKAGE, "GetSequence", {"TaskSequencePackage": bare}).out

    def stored_steps(self, package: Loaded) -> Sequence:
        """Return the steps from the package's own ``Sequence`` text, or by GetSequence where it has none.

        After a create this saves a request, and it is what the site stored, not what it was handed.
        """
        text = package.get("Sequence")
        return read_sequence(str(text)) if text else self.steps(package)

    def convert(self, text: str) -> Instance:
        """Return ``<sequence>`` text as the site's own objects (ImportSequence, which saves nothing)."""
        found = self.site.cim.invoke(PACKAGE, "ImportSequence", {"SequenceXML": text}).out.get("TaskSequence")
        if not isinstance(found, Instance):
            raise ProtocolError(
                "ImportSequence returned no task sequence.", wmi_class=PACKAGE, method="ImportSequence"
            )
        return found

    def deployments(self, package_id: str) -> list[Instance]:
        """Return the advertisements of a task sequence."""
        columns = ["AdvertisementID", "AdvertisementName", "CollectionID", "ActionInProgress"]
        rows = self.site.query("SMS_Advertisement", wql.equals("PackageID", package_id), columns)
        return [row for row in rows if row.get("ActionInProgress") != DELETING]

    def parents(self, package_id: str) -> list[str]:
        """Return the IDs of the task sequences that run this one as a step."""
        rows = self.site.query(
            "SMS_TaskSequencePackageReference", wql.equals("ObjectID", package_id), ["PackageID", "ObjectID"]
        )
        return sorted({str(row.get("PackageID")) for row in rows} - {package_id})

    def child_references(self, package_ids: t.Sequence[str]) -> dict[str, list[Instance]]:
        """Return for each child task sequence what it needs, in one query for all children."""
        if not package_ids:
            return {}
        rows = self.site.query(
            "SMS_TaskSequencePackageReference_Flat",
            wql.one_of("PackageID", sorted(set(package_ids))),
            ["PackageID", "ObjectID", "ObjectName", "ObjectType", "RefPackageID"],
        )
        found: dict[str, list[Instance]] = {package_id: [] for package_id in package_ids}
        for row in rows:
            found.setdefault(str(row.get("PackageID")), []).append(row)
        return found

    # -- writing --------------------------------------------------------------------------------

    def save_steps(
        self,
        package: Instance,
        sequence: Instance,
        *,
        settle: t.Callable[[], str | None],
        before: Loaded | None = None,
    ) -> str:
        """Save package and steps in one call (SetSequence) and return the package's ID.

        ``settle`` decides after a lost answer, or one that does not name what was saved: it returns
        the ID when the site shows what was sent. ``before`` is an existing package as it was read.
        """
        package_id = str(package.get("PackageID") or "")
        what = f"save the task sequence {package_id or package.get('Name')}"

        def send() -> str:
            answer = self.site.cim.invoke(
                PACKAGE, "SetSequence", {"TaskSequence": sequence, "TaskSequencePackage": package}
            )
            if answer.return_value not in (0, None):
                # What the number means is documented nowhere, so the site is asked what became of the steps.
                raise OutcomeUnknown(
                    f"SetSequence of {package_id or package.get('Name')} returned {str(answer.return_value)[:50]}",
                    wmi_class=PACKAGE,
                    method="SetSequence",
                    attempted=what,
                )
            found = SAVED_PATH.search(str(answer.out.get("SavedTaskSequencePackagePath") or ""))
            return found[1] if found else package_id

        def path(key: str) -> str:
            return relative_path(PACKAGE, {"PackageID": key}) if key else ""

        try:
            saved = self.site.write(
                what,
                send,
                settle=settle,
                wmi_class=PACKAGE,
                method="SetSequence",
                path=path(package_id) or None,
                created=path,
            )
        except ServerFault as error:
            raise self.site.conflict(error, before) if before is not None else error from None
        saved = saved or settle() or ""
        if not saved:
            raise NotAsWritten(
                f"The site took {package.get('Name')} but shows no such task sequence to this account.",
                wmi_class=PACKAGE,
                method="SetSequence",
                attempted=what,
            )
        return saved

    def delete(self, package_id: str) -> None:
        """Delete a package. A site may finish that later; until then the row counts as gone (``DELETING``)."""
        self.site.delete(PACKAGE, {"PackageID": package_id})
