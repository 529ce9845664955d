# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The task sequences that steps run: refused where they would never end, and what a write stores about them."""

from __future__ import annotations

import typing as t

from .._cim.instance import Instance
from .._errors import InvalidInput, Problem
from .._provider.ref import Ref
from .._provider.references import Resolver
from .._sequence.finish import child_sequences, refs_in
from .._sequence.model import Sequence
from ._ts_site import TsSite


def refuse_itself(own_id: str | None, references: t.Iterable[Ref], resolver: Resolver) -> None:
    """Refuse a step that runs the task sequence it is part of: it would never end."""
    if own_id is None:
        return
    runs = [ref for ref in references if ref.kind == "task_sequence"]
    found = [ref for ref in runs if _id_of(ref, resolver) == own_id]
    if found:
        rule = "is the task sequence that this step is part of; it would run itself without end"
        raise InvalidInput([Problem(ref.path, ref.name or ref.id or "", rule) for ref in found])


def _id_of(ref: Ref, resolver: Resolver) -> str | None:
    return resolver.result(ref).id if ref in resolver else ref.id


def names_of_children(held: Sequence | None) -> dict[str, str]:
    """Return the names that stored steps hold for the task sequences they run, by package ID."""
    named = (step.properties for step in held.walk() if step.properties.get("TsPackageID")) if held else ()
    return {str(properties["TsPackageID"]): str(properties.get("TsName") or "") for properties in named}


class Children:
    """The task sequences that the steps of a play run and the site has, and what they need in turn."""

    def __init__(self, store: TsSite, resolver: Resolver, refs: t.Iterable[Ref]) -> None:
        self._store = store
        ids = [(ref, _id_of(ref, resolver)) for ref in refs]
        self._run: list[tuple[Ref, str]] = [(ref, child) for ref, child in ids if child]
        self._rows: dict[str, list[Instance]] | None = None

    @classmethod
    def of_play(cls, store: TsSite, resolver: Resolver, given: Sequence) -> Children:
        """Return those of steps as a play gives them, with names."""
        return cls(store, resolver, child_sequences(given))

    @classmethod
    def of_document(cls, store: TsSite, resolver: Resolver, imported: Sequence) -> Children:
        """Return those of steps that the site made of a document, with IDs."""
        return cls(store, resolver, [ref for ref in refs_in(imported) if ref.kind == "task_sequence"])

    def references(self) -> dict[str, list[Instance]]:
        """Return what each of them needs, its own children included: one query for all, asked once."""
        if self._rows is None:
            self._rows = self._store.child_references(list(dict.fromkeys(child for _ref, child in self._run)))
        return self._rows

    def loops(self, own_id: str) -> list[Problem]:
        """Return the steps that run a task sequence which runs this one, directly or through others.

        Costs the one query that a write of such steps needs anyway; nothing runs a new task sequence yet.
        """
        rule = "runs this task sequence itself, directly or through others; the two would run without end"
        return [
            Problem(ref.path, ref.name or child, rule)
            for ref, child in self._run
            if any(str(row.get("ObjectID")).casefold() == own_id.casefold() for row in self.references().get(child, ()))
        ]
