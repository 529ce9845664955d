# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a task sequence refers to an object of the site: steps, boot image, and the program that runs first."""

from __future__ import annotations

import typing as t

from .._cim import wql
from .._cim.instance import Instance
from .._provider.site import DELETING, Site
from .._sequence.model import Sequence, Step
from .._sequence.rules import OptionRule, load_rules
from .._sequence.wording import type_word
from ._ts_site import PACKAGE
from .ts_package import Live

REFERENCE = "SMS_TaskSequencePackageReference"
CHILD = 4
"""``ObjectType`` of a task sequence that another one runs (reference: provider-behaviour 2.10)."""


class Use(t.NamedTuple):
    """A step that refers to an object, the option that does, and the names of its groups and itself."""

    step: Step
    option: OptionRule
    path: str
    enabled: bool
    """False for a step that is disabled itself or stands in a disabled group."""


def same_id(value: t.Any, object_id: str) -> bool:
    """Whether a stored value is this ID."""
    return isinstance(value, str) and value.casefold() == object_id.casefold()


def ids_of(value: t.Any) -> list[str]:
    """Return the IDs of a list property, which is comma-separated text or an array."""
    items = value if isinstance(value, list) else str(value or "").split(",")
    return [str(item).strip() for item in items if str(item).strip()]


def step_uses(sequence: Sequence, object_id: str) -> t.Iterator[Use]:
    """Yield the places in the steps that refer to an object, in run order."""
    stack = [(step, step.name, True) for step in reversed(sequence.steps)]
    while stack:
        step, path, active = stack.pop()
        active = active and step.properties.get("Enabled") is not False
        rule = load_rules().step(step.class_name)
        for option in rule.options.values() if rule is not None else ():
            value = step.properties.get(option.property)
            if (
                option.kind == "ref"
                and same_id(value, object_id)
                or option.kind in ("refs", "ref_list")
                and any(same_id(item, object_id) for item in ids_of(value))
            ):
                yield Use(step, option, path, active)
        stack.extend((child, f"{path} / {child.name}", active) for child in reversed(step.steps or ()))


def first_program(package: Instance, object_id: str) -> str | None:
    """Return the program that the package runs first when it is one of this object."""
    owner, _unused, program = str(package.get("DependentProgram") or "").partition(";;")
    return program if same_id(owner, object_id) else None


def package_uses(package: Instance, object_id: str) -> list[str]:
    """Return the options of the task sequence package itself that refer to an object."""
    found = ["boot_image"] if same_id(package.get("BootImageID"), object_id) else []
    return found + (["run_first"] if first_program(package, object_id) is not None else [])


def describe_uses(live: Live, object_id: str) -> list[dict[str, t.Any]]:
    """Return the steps of a sequence that refer to an object, in the form of a result."""
    return [
        {"path": use.path, "type": type_word(use.step), "option": use.option.name, "enabled": use.enabled}
        for use in step_uses(t.cast(Sequence, live.sequence), object_id)
    ]


def reference_rows(site: Site, object_ids: t.Iterable[str]) -> list[Instance]:
    """Return the site's own rows of what refers to these objects, in one query.

    The site lists what enabled steps use, and for a child task sequence also what the child uses.
    """
    columns = ["PackageID", "ObjectID", "ObjectType"]
    return site.query(REFERENCE, wql.one_of("ObjectID", sorted(set(object_ids))), columns)


def named_sequences(site: Site, package_ids: t.Iterable[str]) -> dict[str, str]:
    """Return the names of task sequences that are not being deleted, by ID, in one query."""
    ids = sorted(set(package_ids))
    if not ids:
        return {}
    rows = site.query(PACKAGE, wql.one_of("PackageID", ids), ["PackageID", "Name", "ActionInProgress"])
    found = {str(row.get("PackageID")): str(row.get("Name")) for row in rows if row.get("ActionInProgress") != DELETING}
    return dict(sorted(found.items()))
