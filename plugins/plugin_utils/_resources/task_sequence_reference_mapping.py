# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What goes with an object when another takes its place in a step: programs of a package, editions of an image."""

from __future__ import annotations

import typing as t

from .._cim import wql
from .._errors import InvalidInput, Problem
from .._provider.site import Site
from .._sequence.facts import edition_indexes

_IMAGES = {"os_image": "SMS_ImagePackage", "os_upgrade_package": "SMS_OperatingSystemInstallPackage"}


class Programs:
    """The programs of the new package; one query, and only where a step names a program."""

    def __init__(self, site: Site, new_id: str | None, mapping: t.Mapping[str, t.Any]) -> None:
        self._site = site
        self._new_id = new_id
        self._mapping = {str(old).casefold(): str(new) for old, new in mapping.items()}
        self._names: dict[str, str] | None = None

    def of(self, old: str) -> str:
        """Return the program that takes the place of another.

        Raises :class:`InvalidInput` with the rule alone when the new package has no such program.
        """
        wanted = self._mapping.get(old.casefold(), old)
        if self._new_id is None:
            # A package that only an earlier task of the play would have made cannot be asked.
            return wanted
        if self._names is None:
            rows = self._site.query(
                "SMS_Program", wql.equals("PackageID", self._new_id), ["PackageID", "ProgramName", "ActionInProgress"]
            )
            self._names = {str(row.get("ProgramName")).casefold(): str(row.get("ProgramName")) for row in rows}
        found = self._names.get(wanted.casefold())
        if found is None:
            known = ", ".join(sorted(self._names.values())) or "none"
            rule = f"the package of `to` has no program {wanted}; it has: {known}. Map it with programs"
            raise InvalidInput([Problem("", old, rule)])
        return found


class Editions:
    """The editions of both images; a Get of each, and only where a step names an index."""

    def __init__(self, site: Site, kind: str, ids: tuple[str | None, str | None], index: int | None) -> None:
        self._site = site
        self._kind = kind
        self._ids = ids
        self._index = index
        self._texts: list[str] | None = None

    def of(self, old: int) -> int:
        """Return the index in the new image of the edition that has this index in the old one.

        Raises :class:`InvalidInput` with the rule alone when the new image has no such edition.
        """
        if self._ids[1] is None:
            return self._index if self._index is not None else old
        if self._texts is None:
            self._texts = [self._image_property(key) for key in self._ids]
        listed, known = (edition_indexes(text, "")[0] for text in self._texts)
        shown = ", ".join(known) or "none that the site knows"
        if self._index is not None:
            if known and not any(entry.split(" ", 1)[0] == str(self._index) for entry in known):
                raise InvalidInput([Problem("", str(self._index), f"image_index: the image has only: {shown}")])
            return self._index
        name = next((entry.partition(" ")[2] for entry in listed if entry.split(" ", 1)[0] == str(old)), "")
        same = edition_indexes(self._texts[1], name)[1] if name else []
        if len(same) == 1:
            return same[0]
        if len(listed) == len(known) == 1:
            return int(known[0].split(" ", 1)[0])
        rule = f"the image of `to` does not have this edition exactly once; it has: {shown}. Choose one by image_index"
        raise InvalidInput([Problem("", f"{old} {name}".strip(), rule)])

    def _image_property(self, package_id: str | None) -> str:
        found = self._site.find(_IMAGES[self._kind], {"PackageID": package_id}) if package_id else None
        return str(found.get("ImageProperty") or "") if found is not None else ""
