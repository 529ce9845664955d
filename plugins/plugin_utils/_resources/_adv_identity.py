# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which advertisement a play means: by ID, else by name, else by task sequence and collection together."""

from __future__ import annotations

import re
import typing as t

from .._cim import wql
from .._cim.instance import Instance
from .._errors import InvalidInput, Problem
from .._provider import names, times
from .._provider.ref import Ref
from .._provider.references import KINDS, Resolved, Resolver, parse_ref
from .._provider.site import DELETING, Loaded, same_name
from ._base import Task
from ._gate import Target

ADVERTISEMENT = "SMS_Advertisement"
COLUMNS = (
    "AdvertisementID",
    "AdvertisementName",
    "PackageID",
    "CollectionID",
    "ProgramName",
    "ActionInProgress",
    "ISVString",
)
TASK_SEQUENCE_PROGRAM = "*"
"""ProgramName of what advertises a task sequence (provider-behaviour 4.1)."""
REFERENCES = {"task_sequence": "PackageID", "collection": "CollectionID"}
USER_COLLECTION = 1

_TRACE = re.compile(r"(?:; )?configmgr\.osd: replaces \S+")
"""What a replacement leaves in ISVString, a text of the class that is free for software of others."""
TEXT_LIMIT = 255


def trace(old: Instance) -> str:
    """Return the ISVString of what replaces an advertisement: whatever stood there, and a trace of this collection."""
    kept = _TRACE.sub("", str(old.get("ISVString") or ""))
    own = _mark(advertisement_id(old))
    return f"{kept}; {own}"[-TEXT_LIMIT:] if kept else own


def replaces(new: Instance, old: Instance) -> bool:
    """Whether an advertisement carries the trace of having been made to replace another one."""
    return str(new.get("ISVString") or "").endswith(_mark(advertisement_id(old)))


def _mark(own: str) -> str:
    return f"configmgr.osd: replaces {own.upper()}"


def advertisement_id(row: Instance) -> str:
    """Return the ID of a row."""
    return str(row.get("AdvertisementID", ""))


class Identity:
    """The options that say which advertisement is meant, and what they refer to."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.name: str | None = task.params.get("name")
        self.id: str | None = task.params.get("advertisement_id")
        self.refs: dict[str, Ref] = {}
        self._resolver: Resolver | None = None

    def problems(self) -> list[Problem]:
        """Read the options; return what is wrong with them."""
        problems = []
        if self.name is not None:
            fault = names.fault_in_name(self.name)
            if fault:
                problems.append(Problem("name", names.shown(self.name), fault))
        if self.id is not None and not KINDS["package"].is_id(self.id):
            problems.append(Problem("advertisement_id", self.id, "is no ID; one looks like PS120004"))
        for option in REFERENCES:
            value = self.task.params.get(option)
            if value is None:
                continue
            try:
                self.refs[option] = parse_ref(value, option, option)
            except InvalidInput as error:
                problems.extend(error.problems)
        if not problems and self.id is None and self.name is None and len(self.refs) < len(REFERENCES):
            rule = "give advertisement_id, or name, or both task_sequence and collection"
            problems.append(Problem("advertisement_id", "", rule))
        return problems

    # -- what the options refer to --------------------------------------------------------------

    @property
    def resolver(self) -> Resolver:
        """The resolver of this task; with ``state: absent`` a missing object is an answer."""
        if self._resolver is None:
            self._resolver = self.task.resolver(missing_ok=self.task.params.get("state") == "absent")
        return self._resolver

    @property
    def unresolved(self) -> list[dict[str, t.Any]]:
        return self._resolver.unresolved if self._resolver is not None else []

    def look_up(self, *, ids: bool = False) -> None:
        """Ask the site what the references mean, one query per kind; an ID is asked for only with ``ids``.

        Raises :class:`ReferenceProblems`, and :class:`InvalidInput` for a collection of users.
        """
        for ref in self.refs.values():
            if (ids or ref.id is None) and ref not in self.resolver:
                self.resolver.add(ref)
        self.resolver.resolve()
        self._refuse_users(self._resolved("collection"))

    @staticmethod
    def _refuse_users(found: Resolved | None) -> None:
        if found is not None and found.row is not None and found.row.get("CollectionType") == USER_COLLECTION:
            rule = "is a collection of users; task sequences are deployed to devices"
            raise InvalidInput([Problem("collection", str(found.name), rule)])

    def _resolved(self, option: str) -> Resolved | None:
        ref = self.refs.get(option)
        return self.resolver.result(ref) if ref is not None and ref in self.resolver else None

    def ref_id(self, option: str) -> str | None:
        """Return the ID that an option means; ``None`` when it is not given, missing, or only planned."""
        ref = self.refs.get(option)
        found = self._resolved(option)
        return found.id if found is not None else ref.id if ref is not None else None

    def label(self, option: str) -> str:
        """Return the name behind an option that is given, as far as it is known, else its ID."""
        ref, found = self.refs[option], self._resolved(option)
        return str((found.name if found is not None else None) or ref.name or ref.id)

    def target(self, collection_id: str | None) -> Target:
        """Return a collection with its size; costs a query where the play has not led to it yet.

        Without an ID it is the one of the play, which only a run would make.
        """
        if not collection_id:
            return Target("", self.label("collection"), None)
        found = self._resolved("collection")
        if found is None or found.id != collection_id:
            ref = Ref("collection", id=collection_id, path="collection")
            self.resolver.add(ref)
            self.resolver.resolve()
            found = self.resolver.result(ref)
            self._refuse_users(found)
        return Target.of(found.row) if found.row is not None else Target(collection_id, collection_id, None)

    # -- rows -----------------------------------------------------------------------------------

    def query(self, *conditions: wql.Where) -> list[Instance]:
        """Return the advertisements of task sequences that meet the conditions and are not being deleted."""
        where = wql.both(*conditions, wql.equals("ProgramName", TASK_SEQUENCE_PROGRAM))
        rows = self.task.site.query(ADVERTISEMENT, where, list(COLUMNS))
        return [row for row in rows if row.get("ActionInProgress") != DELETING]

    def rows(self) -> list[Instance]:
        """Return the advertisements that the name, or else the pair, of the play means."""
        if self.name:
            rows = self.query(wql.equals("AdvertisementName", self.name))
            return same_name(rows, self.name, "AdvertisementName")
        package, collection = self.ref_id("task_sequence"), self.ref_id("collection")
        if not package or not collection:
            return []
        return self.query(wql.equals("PackageID", package), wql.equals("CollectionID", collection))

    def like(self, properties: t.Mapping[str, t.Any]) -> list[Instance]:
        """Return the advertisements with the name, task sequence and collection of ``properties``."""
        pair = [wql.equals(prop, str(properties[prop])) for prop in REFERENCES.values()]
        name = str(properties["AdvertisementName"])
        rows = self.query(wql.equals("AdvertisementName", name), *pair)
        return same_name(rows, name, "AdvertisementName")

    def still_there(self, own: str) -> bool:
        """Whether the site lists an advertisement; one whose deletion is under way does not count."""
        rows = self.task.site.query(ADVERTISEMENT, wql.equals("AdvertisementID", own), list(COLUMNS))
        return any(row.get("ActionInProgress") != DELETING for row in rows)

    def load(self, found: str) -> Loaded | None:
        """Read an advertisement by its ID; raises :class:`InvalidInput` for one of a classic program."""
        row = self.task.site.find(ADVERTISEMENT, {"AdvertisementID": found.upper()})
        if row is None or row.get("ActionInProgress") == DELETING:
            return None
        program = row.get("ProgramName", "")
        if program != TASK_SEQUENCE_PROGRAM:
            rule = f"advertises the program {program} of the package {row.get('PackageID')}, no task sequence"
            raise InvalidInput([Problem("advertisement_id", found, rule)])
        times.without_zone(row)
        return row

    def ambiguous(self, rows: t.Sequence[Instance], remark: str = "") -> InvalidInput:
        """Return the error for several matches, with IDs and names."""
        shown = ", ".join(f"{advertisement_id(row)} ({row.get('AdvertisementName')})" for row in rows[:10])
        more = f" and {len(rows) - 10} more" if len(rows) > 10 else ""
        which = "Use advertisement_id to say which one is meant"
        rule = f"{len(rows)} advertisements match: {shown}{more}. {which}{remark}"
        return InvalidInput([Problem("name" if self.name else "task_sequence", self.name or "", rule)])

    # -- a replacement that stopped half way ----------------------------------------------------

    def half_replaced(self, rows: t.Sequence[Instance]) -> tuple[Instance, Instance] | None:
        """Return the new and the old advertisement of a replacement that was interrupted between its two writes.

        Two of one name are that only when the younger one carries the trace of having been made for
        the elder, has what the play asks for, and the elder does not; what the play does not mention
        must be the same in both. Anything else is two advertisements that happen to have one name.
        """
        if len(rows) != 2 or not self.task.params.get("allow_replace"):
            return None
        old, new = sorted(rows, key=advertisement_id)
        if not replaces(new, old):
            return None
        for option, prop in REFERENCES.items():
            wanted = self.ref_id(option) if option in self.refs else str(old.get(prop, ""))
            if wanted is None or str(new.get(prop, "")).casefold() != wanted.casefold():
                return None
        same = all(str(old.get(p, "")).casefold() == str(new.get(p, "")).casefold() for p in REFERENCES.values())
        return None if same else (new, old)

    def successor(self, old: Instance, properties: t.Mapping[str, t.Any]) -> Instance | None:
        """Return what an interrupted replacement of ``old`` made already: it carries the trace, and what is asked for.

        Raises :class:`InvalidInput` for a younger one that looks like it and carries no trace: it may
        be anybody's, so nothing is deleted for it and no third one is made.
        """
        own = advertisement_id(old)
        rows = [row for row in self.like(properties) if advertisement_id(row) > own]
        made = [row for row in rows if replaces(row, old)]
        if len(rows) == len(made) == 1:
            return made[0]
        if rows:
            remark = f"; nothing shows which of them replaces {own}, so delete what is not wanted"
            raise self.ambiguous([old, *rows], remark)
        return None
