# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where an object stands: its console folder and its security scopes (reference: provider-behaviour 2.8, 2.9).

Both are kept beside the object, so a change of them is a call of its own, after the object is saved.
The folder costs two queries to compare, the scopes none: they come with the object.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._cim import wql
from .._cim.instance import Instance
from .._errors import InvalidInput, NotAsWritten, Problem
from .._plan import Plan
from .._provider import names
from .._provider.site import Site

NODE = "SMS_ObjectContainerNode"
ITEM = "SMS_ObjectContainerItem"
SCOPE = "SMS_SecuredCategory"
MEMBERSHIP = "SMS_SecuredCategoryMembership"
ALL_SCOPES = "SMS00ALL"
ROOT = 0

OPTIONS = ("folder", "security_scopes")
OBJECT_TYPES: dict[str, int] = {
    "package": 2,
    "os_upgrade_package": 14,
    "os_image": 18,
    "boot_image": 19,
    "task_sequence": 20,
    "driver_package": 23,
    "collection": 5000,
}
"""Kind of object to the console's number for it."""


def folder_names(path: str) -> list[str]:
    """Return the names of a folder path such as ``Production/Finance``; a doubled slash stands for one in a name."""
    whole = path.replace("//", "\0").strip("/")
    return [name.replace("\0", "/") for name in whole.split("/")] if whole else []


def folder_path(path: t.Iterable[str]) -> str:
    """Return the path of these names, the root as an empty text."""
    return "/".join(name.replace("/", "//") for name in path)


def check(params: t.Mapping[str, t.Any]) -> list[Problem]:
    """Return what is wrong with ``folder`` and ``security_scopes`` themselves."""
    problems = []
    for name in folder_names(params.get("folder") or ""):
        fault = names.fault_in_reference(name)
        if fault:
            problems.append(Problem("folder", names.shown(params["folder"]), f"the folder name {name!r} {fault}"))
    if params.get("create_folder") and params.get("folder") is None:
        problems.append(Problem("create_folder", "true", "has a meaning only together with folder"))
    if params.get("security_scopes") == []:
        problems.append(Problem("security_scopes", "[]", "an object keeps at least one security scope"))
    return problems


@dataclasses.dataclass
class _Move:
    """From a folder into another; ``missing`` are the names below ``target`` that are created first."""

    source: int
    target: int
    missing: list[str]


@dataclasses.dataclass
class _Scopes:
    """The IDs that are wanted, and those that the object has; ``None`` for an object that is not there yet."""

    wanted: list[str]
    have: list[str] | None


class Placement:
    """Compares and carries out ``folder`` and ``security_scopes`` of one object."""

    def __init__(self, site: Site, params: t.Mapping[str, t.Any], kind: str) -> None:
        self.site = site
        self.params = params
        self.kind = kind
        self.number = OBJECT_TYPES[kind]
        self._move: _Move | None = None
        self._scopes: _Scopes | None = None

    def compare(self, plan: Plan, live: Instance | None, key: str | None) -> None:
        """Record in the plan what differs. ``live`` and ``key`` are ``None`` for an object that is to be created.

        Raises :class:`InvalidInput` for folders and scopes that the site does not have.
        """
        problems: list[Problem] = []
        if self.params.get("folder") is not None:
            self._compare_folder(plan, key, problems)
        if self.params.get("security_scopes") is not None:
            self._compare_scopes(plan, live, problems)
        if problems:
            raise InvalidInput(problems)

    @property
    def differs(self) -> bool:
        """Whether :meth:`apply` has something to do."""
        return self._move is not None or self._scopes is not None

    def apply(self, key: str) -> None:
        """Move the object and change its scopes; look at the result."""
        if self._move is not None:
            self._apply_move(key, self._move)
        if self._scopes is not None:
            self._apply_scopes(key, self._scopes)

    # -- folders --------------------------------------------------------------------------------

    def _nodes(self) -> list[Instance]:
        columns = ["ContainerNodeID", "Name", "ParentContainerNodeID", "SearchFolder"]
        rows = self.site.query(NODE, wql.equals("ObjectType", self.number), columns)
        return [row for row in rows if not row.get("SearchFolder")]

    def _item(self, key: str) -> int:
        """Return the folder in which the object is; one in the root has no row."""
        where = wql.both(wql.equals("InstanceKey", key), wql.equals("ObjectType", self.number))
        rows = self.site.query(ITEM, where, ["InstanceKey", "ObjectType", "ContainerNodeID"])
        return rows[0].number("ContainerNodeID") if rows else ROOT

    def _compare_folder(self, plan: Plan, key: str | None, problems: list[Problem]) -> None:
        nodes = self._nodes()
        source = self._item(key) if key else ROOT
        target, missing = ROOT, folder_names(self.params["folder"])
        while missing:
            below = [row for row in nodes if row.number("ParentContainerNodeID") == target]
            found = next((row for row in below if str(row.get("Name")).casefold() == missing[0].casefold()), None)
            if found is None:
                break
            target = found.number("ContainerNodeID")
            missing = missing[1:]
        if missing and not self.params["create_folder"]:
            offers = sorted(_path_of(nodes, row.number("ContainerNodeID")) for row in nodes)[:10]
            rule = f"the site has no such folder; it has: {', '.join(offers) or 'none'}. create_folder: true makes it"
            problems.append(Problem("folder", self.params["folder"], rule))
        elif missing or source != target:
            self._move = _Move(source, target, missing)
            plan.change("folder", _path_of(nodes, source), folder_path(folder_names(self.params["folder"])))

    def _apply_move(self, key: str, move: _Move) -> None:
        target = move.target
        for name in move.missing:
            target = self._create(name, target)
        if target == move.source:
            return
        params = {
            "InstanceKeys": [key],
            "ContainerNodeID": move.source,
            "TargetContainerNodeID": target,
            "ObjectType": self.number,
        }

        def arrived() -> bool | None:
            return True if self._item(key) == target else None

        self._call(ITEM, "MoveMembers", params, f"move {key} into the folder {self.params['folder'] or '/'}", arrived)

    def _create(self, name: str, parent: int) -> int:
        made = Instance(
            NODE, {"Name": name, "ObjectType": self.number, "ParentContainerNodeID": parent, "SearchFolder": False}
        )

        def found() -> dict[str, str] | None:
            for row in self._nodes():
                if row.number("ParentContainerNodeID") == parent and row.get("Name") == name:
                    return {"ContainerNodeID": str(row.number("ContainerNodeID"))}
            return None

        keys = self.site.create(made, settle=found)
        return int(keys.get("ContainerNodeID") or (found() or {}).get("ContainerNodeID") or ROOT)

    # -- scopes ---------------------------------------------------------------------------------

    def _compare_scopes(self, plan: Plan, live: Instance | None, problems: list[Problem]) -> None:
        wanted = list(dict.fromkeys(self.params["security_scopes"]))
        have = sorted(str(name) for name in (live.get("SecuredScopeNames") or [] if live is not None else []))
        if live is not None and {name.casefold() for name in wanted} == {name.casefold() for name in have}:
            return
        rows = self.site.query(SCOPE, columns=["CategoryID", "CategoryName"])
        ids = {str(row.get("CategoryName")).casefold(): str(row.get("CategoryID")) for row in rows}
        for name in wanted:
            if name.casefold() not in ids:
                offers = ", ".join(sorted(str(row.get("CategoryName")) for row in rows))
                problems.append(Problem("security_scopes", name, f"the account sees no such scope; it sees: {offers}"))
            elif ids[name.casefold()] == ALL_SCOPES:
                rule = "is no scope that an object can be put into; it stands for all of them"
                problems.append(Problem("security_scopes", name, rule))
        hidden = [name for name in have if name.casefold() not in ids]
        if hidden:
            rule = f"the object is also in {', '.join(hidden)}, which the account cannot change"
            problems.append(Problem("security_scopes", ", ".join(wanted), rule))
        if problems:
            return
        wanted_ids, have_ids = ([ids[name.casefold()] for name in part] for part in (wanted, have))
        self._scopes = _Scopes(wanted_ids, have_ids if live is not None else None)
        plan.change("security_scopes", have, sorted(wanted))

    def _apply_scopes(self, key: str, scopes: _Scopes) -> None:
        # A new object got scopes from its creator, which nobody has seen yet.
        have = scopes.have if scopes.have is not None else sorted(self._memberships(key))
        # Adding comes first: an object keeps at least one scope at any time.
        add = [item for item in scopes.wanted if item not in have]
        remove = [item for item in have if item not in scopes.wanted]
        what = f"change the security scopes of {key}"
        for method, ids in (("AddMemberships", add), ("RemoveMemberships", remove)):
            if not ids:
                continue
            params = {"ObjectIDs": [key], "ObjectTypeIDs": [self.number], "CategoryIDs": ids}
            self._call(MEMBERSHIP, method, params, what, self._settled(key, method, ids))

    def _settled(self, key: str, method: str, ids: list[str]) -> t.Callable[[], bool | None]:
        def settle() -> bool | None:
            now = self._memberships(key)
            done = now.issuperset(ids) if method == "AddMemberships" else now.isdisjoint(ids)
            return True if done else None

        return settle

    def _memberships(self, key: str) -> set[str]:
        where = wql.both(wql.equals("ObjectKey", key), wql.equals("ObjectTypeID", self.number))
        return {str(row.get("CategoryID")) for row in self.site.query(MEMBERSHIP, where)}

    def _call(
        self,
        class_name: str,
        method: str,
        params: dict[str, t.Any],
        what: str,
        settle: t.Callable[[], bool | None],
    ) -> None:
        def send() -> bool:
            answer = self.site.cim.invoke(class_name, method, params)
            if answer.return_value not in (0, None):
                raise NotAsWritten(
                    f"{class_name}.{method} returned {str(answer.return_value)[:50]}: {what}.",
                    wmi_class=class_name,
                    method=method,
                    attempted=what,
                )
            return True

        self.site.write(what, send, settle=settle, wmi_class=class_name, method=method)


def folders(site: Site, kind: str) -> dict[str, str]:
    """Return the folder paths of all objects of a kind that are not in the root, by their keys: two queries."""
    number = OBJECT_TYPES[kind]
    columns = ["ContainerNodeID", "Name", "ParentContainerNodeID", "SearchFolder"]
    nodes = site.query(NODE, wql.equals("ObjectType", number), columns)
    items = site.query(ITEM, wql.equals("ObjectType", number), ["InstanceKey", "ObjectType", "ContainerNodeID"])
    return {str(row.get("InstanceKey")): _path_of(nodes, row.number("ContainerNodeID")) for row in items}


def _path_of(nodes: t.Iterable[Instance], number: int) -> str:
    """Return the path of a folder, the root as an empty text."""
    known = {row.number("ContainerNodeID"): row for row in nodes}
    found: list[str] = []
    while number in known and len(found) < 50:
        found.insert(0, str(known[number].get("Name")))
        number = known[number].number("ParentContainerNodeID")
    return folder_path(found)
