# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whose content is meant: one object, or everything that a task sequence refers to.

The references do not tell everything that a device will need: drivers that a step chooses by the
hardware, lists in variables, and software updates are known to the steps only, and there only as "it
depends". Reading the steps costs one request per sequence (reference: provider-behaviour 2.10, 6).
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._cim import wql
from .._cim.instance import Instance
from .._errors import InvalidInput, Problem
from .._provider import closure as closures
from .._provider.ref import Ref
from .._provider.references import KINDS, Resolved, parse_ref
from .._provider.site import DELETING, Site
from .._sequence.model import PREFIX, Step
from ._base import Task
from ._ts_site import TsSite

SELECTORS = (
    "task_sequence",
    "package",
    "boot_image",
    "os_image",
    "os_upgrade_package",
    "driver_package",
    "application",
    "content",
)
"""The options that say whose content is meant; each is a kind of the reference table."""

BASE = "SMS_PackageBaseclass"
COLUMNS = ("PackageID", "Name", "PackageType", "PkgSourceFlag", "PackageSize", "SourceVersion", "ActionInProgress")
NO_FILES = 1
"""PkgSourceFlag of a package without source files."""

DYNAMIC: dict[str, tuple[str | None, str]] = {
    f"{PREFIX}AutoApplyAction": (None, "drivers that the device chooses by its hardware"),
    f"{PREFIX}InstallSoftwareAction": ("BaseVariableName", "the packages that the variables {} name"),
    f"{PREFIX}InstallApplicationAction": ("BaseVariableName", "the applications that the variables {} name"),
    f"{PREFIX}InstallUpdateAction": (None, "the software updates that are deployed to the device"),
}
"""Steps whose content no reference names: the property that makes them so (none: always), and what is needed."""


@dataclasses.dataclass(frozen=True)
class Item:
    """One object with files. ``version`` is that of its source files, ``size`` is in KB."""

    package_id: str
    name: str
    kind: str
    package_type: int
    version: int
    size: int
    has_files: bool = True
    object_id: str = ""
    """The ID in references: of an application the model name."""

    @property
    def class_name(self) -> str:
        """The class that carries the methods of the object."""
        return closures.CLASS_OF_TYPE.get(self.package_type, BASE)

    def __str__(self) -> str:
        """Return the name as messages and diffs show it."""
        return f"{self.name} ({self.package_id})"


@dataclasses.dataclass
class Subject:
    """What the play named, and the objects behind it."""

    kind: str
    name: str
    id: str | None
    items: list[Item] = dataclasses.field(default_factory=list)
    children: list[closures.Row] = dataclasses.field(default_factory=list)
    planned: bool = False
    missing: bool = False


def chosen_ref(params: t.Mapping[str, t.Any], problems: list[Problem]) -> Ref | None:
    """Return the reference of the one selector that is given, or note what is wrong with it."""
    option = next((option for option in SELECTORS if params.get(option) is not None), None)
    if option is None:
        problems.append(Problem("task_sequence", "", f"say whose content: one of {', '.join(SELECTORS)}"))
        return None
    try:
        return parse_ref(params[option], option, option)
    except InvalidInput as error:
        problems.extend(error.problems)
        return None


def find_subject(task: Task, ref: Ref, *, missing_ok: bool = False) -> Subject:
    """Find the object and, for a task sequence, what it refers to.

    One query for the object, one Get for an application, one query for the references of a task
    sequence, and one of SMS_PackageBaseclass for the versions. Raises ReferenceProblems.
    """
    resolver = task.resolver(missing_ok=missing_ok)
    resolver.add(ref)
    resolver.resolve()
    found = resolver.result(ref)
    subject = Subject(ref.kind, str(found.name or found.id or ref.name or ref.id), found.id, planned=found.planned)
    if found.missing or found.planned:
        subject.missing = found.missing
        return subject
    site = task.site
    if ref.kind == "task_sequence":
        closure = closures.closure(site, str(found.id))
        subject.children = closure.children
        rows = closure.content
        subject.items = _items(task, {row.package_id: row for row in rows}, subject.name)
    else:
        subject.items = _items(task, _single(site, ref, found), subject.name)
        if any(item.package_type == closures.TASK_SEQUENCE for item in subject.items):
            # A refresh would leave it inoperable (provider-behaviour 2.1), and it has nothing to distribute.
            rule = "is a task sequence, which has no content of its own; name it as task_sequence"
            raise InvalidInput([Problem(ref.kind, subject.name, rule)])
    return subject


def _single(site: Site, ref: Ref, found: Resolved) -> dict[str, closures.Row]:
    """Return the one package behind a reference; that of an application is known to its Get only (it is lazy)."""
    package_id = str(found.id)
    if ref.kind == "application":
        application = site.get(KINDS["application"].class_name, {"ModelName": package_id})
        package_id = str(application.get("PackageID", ""))
        if not package_id:
            return {}
    return {package_id: closures.Row(package_id, str(found.id), str(found.name or ""), 0)}


def _items(task: Task, rows: t.Mapping[str, closures.Row], owner: str) -> list[Item]:
    if not rows:
        return []
    query = task.site.query(BASE, wql.one_of("PackageID", sorted(rows)), list(COLUMNS))
    stored = {str(row.get("PackageID", "")).upper(): row for row in query if row.get("ActionInProgress") != DELETING}
    hidden = sorted(key for key in rows if key.upper() not in stored)
    if hidden:
        task.warn(
            f"{owner} refers to content that the site does not have or that the account may not see, so nothing is "
            f"done about it: {', '.join(hidden)}."
        )
    items = [_item(stored[key.upper()], row) for key, row in rows.items() if key.upper() in stored]
    return sorted(items, key=lambda item: (item.name.casefold(), item.package_id))


def _item(stored: Instance, row: closures.Row) -> Item:
    package_type = stored.number("PackageType")
    return Item(
        package_id=str(stored.get("PackageID", "")),
        name=str(stored.get("Name", "")) or row.name,
        kind=closures.KIND_OF_TYPE.get(package_type, "content"),
        package_type=package_type,
        version=stored.number("SourceVersion"),
        size=stored.number("PackageSize"),
        has_files=stored.number("PkgSourceFlag", 2) != NO_FILES,
        object_id=row.object_id,
    )


# -- what the references do not tell ----------------------------------------------------------------


def unlisted_content(site: Site, subject: Subject) -> list[dict[str, t.Any]]:
    """Return the enabled steps that need content which no reference names; one request per sequence."""
    found: list[dict[str, t.Any]] = []
    sequences = {str(subject.id): subject.name, **{row.object_id: row.name for row in subject.children}}
    ts_site = TsSite(site)
    for package_id, name in sequences.items():
        package = ts_site.load(package_id)
        if package is None:
            continue
        for path, needs in _dynamic_steps(ts_site.stored_steps(package).steps):
            found.append({"task_sequence": name, "package_id": package_id, "step": path, "needs": needs})
    return found


def _dynamic_steps(steps: t.Sequence[Step]) -> t.Iterator[tuple[str, str]]:
    """Yield path and need of the enabled dynamic steps, in run order."""
    stack = [(step, step.name) for step in reversed(steps)]
    while stack:
        step, path = stack.pop()
        if step.properties.get("Enabled") is False:
            continue
        prop, needs = DYNAMIC.get(step.class_name, (None, ""))
        value = str(step.properties.get(prop) or "") if prop else ""
        if needs and (prop is None or value):
            yield path, needs.format(f"{value}001, {value}002, ...")
        stack.extend((child, f"{path} / {child.name}") for child in reversed(step.steps or []))


def warn_of_unlisted(task: Task, unlisted: t.Sequence[t.Mapping[str, t.Any]]) -> None:
    """Warn of content that has to be distributed by other means."""
    if unlisted:
        lines = "; ".join(f"{entry['task_sequence']}, step {entry['step']}: {entry['needs']}" for entry in unlisted)
        task.warn(
            f"The references of the task sequence do not name all that its devices need. Distribute as well: {lines}."
        )
