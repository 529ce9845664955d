# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Devices by name, and who is in a collection (reference: provider-behaviour 7.1, 7.2).

Rules say who belongs to a collection; the members follow when the site has evaluated them. So what
counts for a deployment is ``SMS_FullCollectionMembership``, and what is written is waited for there.
An account only sees the members of its own collections.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from .._cim import wql
from .._cim.instance import Instance
from .._errors import InvalidInput, NotAsWritten, Problem, ReferenceProblems
from .._provider import names
from .._provider.site import Site, same_name
from ._base import Task
from ._wait import Progress, wait_for

DEVICE = "SMS_R_System"
DEVICE_COLUMNS = ("ResourceID", "Name", "Obsolete", "Decommissioned", "Client")
COLLECTION = "SMS_Collection"
READY = 1
"""CurrentStatus of a collection whose members are worked out (provider-behaviour 7.2)."""
MEMBERSHIP = "SMS_FullCollectionMembership"
MEMBER_COLUMNS = ("CollectionID", "ResourceID", "Name", "IsDirect")

PER_QUERY = 100
"""Names or IDs in one query; longer texts make some providers refuse."""
SHOWN = 10
"""Names in a message."""

_NUMBER = re.compile(r"[1-9][0-9]{0,9}\Z", re.ASCII)


@dataclasses.dataclass(frozen=True)
class DeviceRef:
    """A device as a play names it: by name, or by ResourceID."""

    name: str | None = None
    resource_id: int | None = None
    path: str = dataclasses.field(default="", compare=False)

    @property
    def label(self) -> str:
        """The device for messages."""
        return self.name if self.name is not None else f"ResourceID {self.resource_id}"


@dataclasses.dataclass(frozen=True)
class Device:
    """A record that was found; ``resource_id`` is ``None`` when an earlier task would have made it (check mode)."""

    resource_id: int | None
    name: str
    planned: bool = False


def parse_device(value: t.Any, path: str) -> DeviceRef:
    """Return the device that a play wrote: a name, ``id:16777300``, ``{resource_id: ...}`` or ``{name: ...}``.

    What a module returned for a device (it has ``kind``) counts by its ResourceID, or by its name when it is
    planned. Raises :class:`InvalidInput`.
    """
    if isinstance(value, t.Mapping):
        given = {str(key): item for key, item in value.items() if item is not None}
        if "kind" in given:
            own = "resource_id" if "resource_id" in given else "name"
            given = {key: given[key] for key in (own,) if key in given}
        if set(given) == {"resource_id"}:
            return DeviceRef(resource_id=_number(given["resource_id"], f"{path}.resource_id"), path=path)
        if set(given) == {"name"}:
            return DeviceRef(name=_name(given["name"], f"{path}.name"), path=path)
        raise InvalidInput([Problem(path, ", ".join(given), "must be a name, {name: ...} or {resource_id: ...}")])
    if isinstance(value, str) and value.startswith("id:"):
        return DeviceRef(resource_id=_number(value[3:].strip(), path), path=path)
    return DeviceRef(name=_name(value, path), path=path)


def _number(value: t.Any, path: str) -> int:
    text = str(value)
    if isinstance(value, bool) or not _NUMBER.match(text) or int(text) >= 2**32:
        raise InvalidInput([Problem(path, names.shown(text), "is no ResourceID; one looks like 16777300")])
    return int(text)


def _name(value: t.Any, path: str) -> str:
    if isinstance(value, (bool, float)) or not isinstance(value, (str, int)):
        shown = str(value) if isinstance(value, (bool, float)) else type(value).__name__
        raise InvalidInput([Problem(path, shown, "must be the name of a device (quote it), or {resource_id: ...}")])
    fault = names.fault_in_reference(str(value))
    if fault:
        raise InvalidInput([Problem(path, names.shown(str(value)), fault)])
    return str(value)


# -- devices -----------------------------------------------------------------------------------


class Devices:
    """Looks devices up, all of them in one query per hundred.

    An obsolete record does not count where the name has exactly one other. In check mode a device that an earlier
    task would have made (``planned`` of the task, kind ``device``) is an answer without a ResourceID.
    """

    def __init__(self, task: Task) -> None:
        self._task = task
        self._refs: dict[DeviceRef, list[str]] = {}
        self._lenient: set[DeviceRef] = set()
        self._found: dict[DeviceRef, list[Device]] = {}
        self.unresolved: list[dict[str, t.Any]] = []

    def add(self, ref: DeviceRef, *, missing_ok: bool = False) -> None:
        """Note a device. With ``missing_ok`` none, and several of the name, are fine as well: see :meth:`all`."""
        self._refs.setdefault(ref, []).append(ref.path)
        if missing_ok:
            self._lenient.add(ref)

    def resolve(self) -> None:
        """Ask the site. Raises :class:`ReferenceProblems` with every device that is missing or ambiguous."""
        pending = [ref for ref in self._refs if ref not in self._found]
        rows = self._rows(pending)
        problems: list[Problem] = []
        for ref in pending:
            found = self._match(ref, rows)
            if ref not in self._lenient and len(found) != 1:
                if not found and self._planned(ref):
                    found = [Device(None, str(ref.name), True)]
                    entry = {"kind": "device", "name": ref.name, "paths": self._refs[ref]}
                    self.unresolved.append(entry)
                else:
                    problems.append(self._problem(ref, found))
            self._found[ref] = found
        if problems:
            raise ReferenceProblems(problems)

    def one(self, ref: DeviceRef) -> Device:
        """Return the device of a reference that had to be there."""
        return self._found[ref][0]

    def all(self, ref: DeviceRef) -> list[Device]:
        """Return every record of a reference that was added with ``missing_ok``."""
        return self._found[ref]

    def _rows(self, refs: t.Sequence[DeviceRef]) -> list[Instance]:
        conditions = [wql.equals("Name", ref.name) for ref in refs if ref.name is not None]
        conditions += [wql.equals("ResourceID", ref.resource_id) for ref in refs if ref.resource_id is not None]
        rows: list[Instance] = []
        for start in range(0, len(conditions), PER_QUERY):
            where = wql.either(*conditions[start : start + PER_QUERY])
            rows += self._task.site.query(DEVICE, where, list(DEVICE_COLUMNS))
        return rows

    @staticmethod
    def _match(ref: DeviceRef, rows: t.Sequence[Instance]) -> list[Device]:
        if ref.resource_id is not None:
            found = [row for row in rows if row.number("ResourceID") == ref.resource_id]
        else:
            found = same_name(rows, str(ref.name))
            current = [row for row in found if not row.get("Obsolete") and not row.get("Decommissioned")]
            found = current if len(current) == 1 else found
        return [Device(row.number("ResourceID"), str(row.get("Name", ""))) for row in found]

    def _planned(self, ref: DeviceRef) -> bool:
        if not self._task.check_mode or ref.name is None:
            return False
        entries = [entry for entry in self._task.params.get("planned") or () if entry and entry.get("planned", True)]
        return any(
            entry.get("kind") == "device" and str(entry.get("name", "")).casefold() == ref.name.casefold()
            for entry in entries
        )

    def _problem(self, ref: DeviceRef, found: t.Sequence[Device]) -> Problem:
        if found:
            ids = ", ".join(f"{{resource_id: {item.resource_id}}}" for item in found[:SHOWN])
            return Problem(ref.path, ref.label, f"{len(found)} records bear this name, choose one: {ids}")
        if ref.name is None:
            return Problem(ref.path, ref.label, "the site has no device with this ResourceID, or hides it")
        similar = similar_names(self._task.site, DEVICE, ref.name)
        hint = f"; similar names: {', '.join(similar)}" if similar else ""
        return Problem(ref.path, ref.label, f"the site has no device with this name, or the account hides it{hint}")


def similar_names(site: Site, class_name: str, name: str, column: str = "Name") -> list[str]:
    """Return names that begin like a name that is missing, the nearest first; one query, for an error only."""
    stem = name[: max(3, len(name) - 2)]
    if "'" in stem and '"' in stem:
        return []
    pattern = wql.literal(f"{wql.like_escape(stem)}%")
    where = wql.raw(f"{wql.identifier(column)} LIKE {pattern}", names=(column,))
    rows = site.query(class_name, where, [column])
    found = sorted({str(row.get(column, "")) for row in rows}, key=lambda item: (abs(len(item) - len(name)), item))
    return found[:5]


# -- members -----------------------------------------------------------------------------------


def members(site: Site, collection_id: str, resource_ids: t.Collection[int] | None = None) -> list[Instance]:
    """Return members of a collection: all, or those of some devices; one query.

    More than a hundred devices are picked from all members here.
    """
    where = wql.equals("CollectionID", collection_id)
    if resource_ids is not None and len(resource_ids) <= PER_QUERY:
        if not resource_ids:
            return []
        where = wql.both(where, wql.one_of("ResourceID", sorted(resource_ids)))
    rows = site.query(MEMBERSHIP, where, list(MEMBER_COLUMNS))
    return [row for row in rows if resource_ids is None or row.number("ResourceID") in resource_ids]


def wait_for_members(
    task: Task,
    collection_id: str,
    title: str,
    *,
    present: t.Mapping[int, str],
    gone: t.Mapping[int, str] | None = None,
    hint: str = "",
) -> Progress:
    """Wait until the site shows devices as members, and others as direct members no more.

    Who leaves may still be a member through another rule; ``IsDirect`` tells the two apart. Both map ResourceIDs to
    names. ``hint`` goes into the summary while somebody is missing, so also into the error. Costs one query a look.
    Raises :class:`WaitTimeout`; its detail has ``missing`` and ``remaining``.
    """
    leaving = dict(gone or {})

    def look() -> Progress:
        rows = members(task.site, collection_id, {*present, *leaving})
        there = {row.number("ResourceID"): bool(row.get("IsDirect", False)) for row in rows}
        missing = sorted(name for rid, name in present.items() if rid not in there)
        remaining = sorted(name for rid, name in leaving.items() if there.get(rid))
        state = {"collection_id": collection_id, "missing": missing, "remaining": remaining}
        parts = [f"{len(present) - len(missing)} of {len(present)} members are there"] if present else []
        if missing:
            parts.append(f"missing: {listed(missing)}{hint}")
        if remaining:
            parts.append(f"still direct members: {listed(remaining)}")
        return Progress(not missing and not remaining, "; ".join(parts) or "nobody to wait for", state)

    return wait_for(task, look, what=f"the members of {title}")


def wait_for_update(task: Task, collection_id: str, title: str, earlier: str, *, requested: bool) -> int:
    """Wait until the site has worked out the members of a collection, and return how many there are.

    ``earlier`` is its LastRefreshTime before the task wrote anything. With ``requested`` the first look does not
    believe a collection that seems ready but was not refreshed since. Costs one query a look.
    """
    doubtful = [requested]

    def look() -> Progress:
        rows = task.site.query(
            COLLECTION,
            wql.equals("CollectionID", collection_id),
            ["CollectionID", "CurrentStatus", "MemberCount", "LastRefreshTime"],
        )
        if not rows:
            raise NotAsWritten(f"The {title} was deleted, or hidden from this account, while the task waited.")
        row = rows[0]
        status, count = row.number("CurrentStatus"), row.number("MemberCount")
        fresh = not doubtful[0] or str(row.get("LastRefreshTime", ""))[:14] != earlier[:14]
        doubtful[0] = False
        state = {"collection_id": collection_id, "status": status, "member_count": count}
        return Progress(status == READY and fresh, f"status {status}, {count} members", state)

    return int(wait_for(task, look, what=f"the update of {title}").state["member_count"])


def listed(found: t.Sequence[str], limit: int = SHOWN) -> str:
    """Return names for a message, the first few of many."""
    more = f" and {len(found) - limit} more" if len(found) > limit else ""
    return ", ".join(found[:limit]) + more
