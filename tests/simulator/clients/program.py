# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stored sequence as the flat list that a client works off.

Numbers go as people who read the client's log count: from 0, a group takes one where it starts and one
where it ends, disabled steps keep theirs (general knowledge, not measured on a client). The steps of a
child sequence stand where it is run.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ..objects import Obj

if t.TYPE_CHECKING:
    from ..provider import Site

PACKAGE = "SMS_TaskSequencePackage"
GROUP = "SMS_TaskSequence_Group"
CHILD = "SMS_TaskSequence_SubTasksequence"
_CONTENT = (
    "PackageID", "ImagePackageID", "InstallPackageID", "ClientPackageID", "DriverPackageID", "UsmtPackageID",
    "UsmtRestorePackageID", "SysprepPackageID",
)


@dataclasses.dataclass
class Item:
    """A step, or the start of a group or of a child sequence; then ``end`` is where it is over."""

    number: int
    step: Obj
    group: str
    end: int = 0
    """Index of the item behind the last one inside; 0 for a plain step."""
    content: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name of the step."""
        return str(self.step.get("Name", ""))

    @property
    def goes_on(self) -> bool:
        """Whether a failure in here is ignored."""
        return bool(self.step.get("ContinueOnError"))


def load(site: Site, package_id: str) -> list[Item] | None:
    """Return the steps of a task sequence, None when the site has no such package."""
    # The sequences use the rules, which use this package.
    from ..sequences import model

    package = site.store.peek(PACKAGE, (package_id,))
    if package is None:
        return None
    items: list[Item] = []
    _add(site, model.recall(site, package).get("Steps") or [], "", items, 0, frozenset((package_id.upper(),)))
    return items


def _add(site: Site, steps: t.Sequence[Obj], group: str, items: list[Item], number: int, above: frozenset[str]) -> int:
    from ..sequences import model

    for step in steps:
        item = Item(number, step, group)
        items.append(item)
        number += 1
        inside = None
        if step.class_name == GROUP:
            inside = step.get("Steps") or []
        elif step.class_name == CHILD:
            child_id = str(step.get("TsPackageID", "")).upper()
            child = site.store.peek(PACKAGE, (child_id,))
            if child is not None and child_id not in above:
                inside = model.recall(site, child).get("Steps") or []
                above = above | {child_id}
        else:
            item.content = tuple(str(step.get(name)) for name in _CONTENT if step.get(name))
        if inside is not None:
            number = _add(site, inside, item.name, items, number, above) + 1
            item.end = len(items)
    return number
