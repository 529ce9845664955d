# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From IDs back to names: what an ``_info`` module shows for the IDs that a stored object holds."""

from __future__ import annotations

import typing as t

from .._cim import wql
from .._cim.instance import Instance
from .ref import Ref
from .references import KINDS, Kind
from .site import Site

Form = str | dict[str, str]
"""What a play would write: a name, ``{name: ..., version: ...}``, or ``{id: ...}``."""


class Namer:
    """Collects IDs and finds the shortest form that means the same object when it is read back.

    Costs two queries per kind: the rows of the IDs, and the rows that bear the same names.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._pending: dict[str, set[str]] = {}
        self._forms: dict[tuple[str, str], Form] = {}

    def add(self, ref: Ref) -> None:
        """Note an ID; a reference without one is left out."""
        if ref.id and (ref.kind, ref.id.casefold()) not in self._forms:
            self._pending.setdefault(ref.kind, set()).add(ref.id)

    def resolve(self) -> None:
        """Ask the site for everything that was added since the last time."""
        for name, ids in self._pending.items():
            self._resolve_kind(KINDS[name], ids)
        self._pending.clear()

    def form(self, ref: Ref) -> Form:
        """Return what a play would write for the object; an unknown ID comes back as ``{id: ...}``."""
        if not ref.id:
            return ref.name or ""
        return self._forms.get((ref.kind, ref.id.casefold()), {"id": ref.id})

    def _resolve_kind(self, kind: Kind, ids: set[str]) -> None:
        columns = list(kind.columns)
        rows = self._site.query(kind.class_name, wql.one_of(kind.id, sorted(ids)), columns)
        wanted = sorted({str(row.get(kind.name_column, "")) for row in rows} - {""})
        namesakes = self._site.query(kind.class_name, wql.one_of(kind.name_column, wanted), columns) if wanted else []
        if kind.only:
            # A name is looked up among this kind only, so others of the class are no namesakes.
            namesakes = [row for row in namesakes if row.get(kind.only[0]) == kind.only[1]]
        for row in rows:
            found = str(row.get(kind.id, ""))
            self._forms[(kind.name, found.casefold())] = self._shortest(kind, row, namesakes)

    @staticmethod
    def _shortest(kind: Kind, row: Instance, namesakes: t.Sequence[Instance]) -> Form:
        name = str(row.get(kind.name_column, ""))
        own = str(row.get(kind.id, "")).casefold()
        others = [
            other
            for other in namesakes
            if str(other.get(kind.id, "")).casefold() != own
            and str(other.get(kind.name_column, "")).casefold() == name.casefold()
        ]
        if not name:
            return {"id": str(row.get(kind.id, ""))}
        if not any(str(other.get(kind.name_column, "")) == name for other in others) and not name.startswith("id:"):
            return name
        form = {"name": name}
        for key, column in kind.narrow.items():
            value = str(row.get(column, ""))
            if value:
                form[key] = value
                others = [other for other in others if str(other.get(column, "")).casefold() == value.casefold()]
            if not others:
                return form
        return {"id": str(row.get(kind.id, ""))}
