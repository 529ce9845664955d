# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which task sequences a replacement may touch: names, patterns of names, and console folders.

Reference: provider-behaviour 2.8 (folders; an object at the root has no item).
"""

from __future__ import annotations

import fnmatch
import typing as t

from .._cim import wql
from .._errors import InvalidInput, Problem
from .._provider import names
from .._provider.site import DELETING, Site, same_name
from ._ts_site import PACKAGE

_FOLDER_TYPE = 20
"""``ObjectType`` of a folder of task sequences."""


class Scope:
    """The option ``scope``; costs a query for names, and two for a folder."""

    def __init__(self, option: t.Mapping[str, t.Any] | None) -> None:
        given = option or {}
        self.names: list[str] = given.get("names") or []
        self.patterns: list[str] = given.get("patterns") or []
        self.folder = given.get("folder")
        self.subfolders = given.get("subfolders", True)
        self._given = option is not None

    def check(self) -> list[Problem]:
        """Return what is wrong with the option itself."""
        problems = []
        if self._given and not self.names and not self.patterns and self.folder is None:
            rule = "needs names, patterns, or a folder; leave scope out to mean every task sequence"
            problems.append(Problem("scope", "", rule))
        for option, texts in (("names", self.names), ("patterns", self.patterns)):
            for index, text in enumerate(texts):
                fault = names.fault_in_reference(text)
                if fault:
                    problems.append(Problem(f"scope.{option}[{index}]", names.shown(text), fault))
        if self.folder is not None and not self._folder_path():
            rule = "name a folder, such as Production/Finance; leave it out to mean every folder"
            problems.append(Problem("scope.folder", str(self.folder), rule))
        return problems

    def select(self, site: Site, sequences: t.Mapping[str, str]) -> dict[str, str]:
        """Return those of the sequences (names by ID) that are in scope.

        Raises :class:`InvalidInput` for a name or folder that the site does not have.
        """
        found = dict(sequences)
        problems: list[Problem] = []
        if self.names or self.patterns:
            problems += self._missing_names(site)
            found = {key: name for key, name in found.items() if self._matches(name)}
        if self.folder is not None:
            members = self._members(site, problems)
            found = {key: name for key, name in found.items() if key.casefold() in members}
        if problems:
            raise InvalidInput(problems)
        return found

    def _matches(self, name: str) -> bool:
        folded = name.casefold()
        return any(folded == one.casefold() for one in self.names) or any(
            fnmatch.fnmatchcase(folded, pattern.casefold()) for pattern in self.patterns
        )

    def _missing_names(self, site: Site) -> list[Problem]:
        if not self.names:
            return []
        rows = site.query(PACKAGE, wql.one_of("Name", self.names), ["PackageID", "Name", "ActionInProgress"])
        rule = "the site has no task sequence of this name, or the account may not see it"
        missing = [(index, name) for index, name in enumerate(self.names) if not same_name(rows, name)]
        return [Problem(f"scope.names[{index}]", names.shown(name), rule) for index, name in missing]

    # -- folders --------------------------------------------------------------------------------

    def _folder_path(self) -> list[str]:
        given = self.folder
        parts = given if isinstance(given, list) else str(given).replace("\\", "/").split("/")
        return [str(part).strip() for part in parts if str(part).strip()]

    def _members(self, site: Site, problems: list[Problem]) -> set[str]:
        """Return the IDs of the task sequences in the folder, folded."""
        columns = ["ContainerNodeID", "Name", "ParentContainerNodeID", "ObjectType"]
        nodes = site.query("SMS_ObjectContainerNode", wql.equals("ObjectType", _FOLDER_TYPE), columns)
        children: dict[int, list[tuple[int, str]]] = {}
        for node in nodes:
            parent = node.number("ParentContainerNodeID")
            children.setdefault(parent, []).append((node.number("ContainerNodeID"), str(node.get("Name"))))
        level = [0]
        for part in self._folder_path():
            inside = [pair for parent in level for pair in children.get(parent, ())]
            level = [key for key, name in inside if name.casefold() == part.casefold()]
            if not level:
                known = ", ".join(sorted(name for _key, name in inside)) or "none"
                rule = f"there is no folder {part} of task sequences; folders there: {known}"
                problems.append(Problem("scope.folder", "/".join(self._folder_path()), rule))
                return set()
        wanted, pending = set(level), list(level)
        while pending and self.subfolders:
            inside = [key for key, _name in children.get(pending.pop(), ()) if key not in wanted]
            wanted.update(inside)
            pending += inside
        where = wql.both(wql.equals("ObjectType", _FOLDER_TYPE), wql.one_of("ContainerNodeID", sorted(wanted)))
        items = site.query(
            "SMS_ObjectContainerItem", where, ["MemberID", "InstanceKey", "ContainerNodeID", "ObjectType"]
        )
        return {str(item.get("InstanceKey")).casefold() for item in items}


def every_sequence(site: Site) -> dict[str, str]:
    """Return the names of all task sequences that the account sees, by ID, in one query."""
    rows = site.query(PACKAGE, None, ["PackageID", "Name", "ActionInProgress"])
    alive = [row for row in rows if row.get("ActionInProgress") != DELETING]
    return {
        str(row.get("PackageID")): str(row.get("Name"))
        for row in sorted(alive, key=lambda row: str(row.get("PackageID")))
    }
