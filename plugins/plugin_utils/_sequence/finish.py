# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From names to what a site stores: references become IDs, derived properties are computed.

The site is asked by the caller. It collects references with :func:`collect_refs`, images whose
edition is given by name with :func:`edition_images` and child sequences with
:func:`child_sequences`, reads what they need in as few requests as possible, and hands the
answers to :func:`finish`.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._cim.instance import Instance
from .._errors import Problem, ReferenceProblems
from .facts import edition_indexes, platform_operands
from .model import PREFIX, Operand, Ref, Sequence, Step
from .rules import load_rules
from .scalars import PLACEHOLDER

APPLICATION_INFO = PREFIX + "ApplicationInfo"
PACKAGE_INFO = PREFIX + "PackageInfo"
_SUB = PREFIX + "SubTasksequence"
_OS_EXPRESSIONS = PREFIX + "OSExpressionGroup"
_TASK_SEQUENCE_TYPE = 4


class Resolved(t.Protocol):
    """What a resolver knows of a reference."""

    id: str | None
    """The ID, ``None`` while it is only planned."""
    name: str | None
    """The name, ``None`` when nobody looked it up."""
    row: Instance | None
    """The plain columns, ``None`` when nobody looked them up."""


def collect_refs(sequence: Sequence) -> list[Ref]:
    """Return every reference the play makes, in run order; editions are part of their image."""
    return [ref for ref in _all_refs(sequence) if ref.kind != "image_edition"]


def edition_images(sequence: Sequence) -> list[Ref]:
    """Return the images whose ``ImageProperty`` is needed because an edition is named."""
    images = [ref.parent for ref in _all_refs(sequence) if ref.kind == "image_edition"]
    return list(dict.fromkeys(image for image in images if image is not None))


def child_sequences(sequence: Sequence) -> list[Ref]:
    """Return the task sequences that the sequence runs; their references are copied into it."""
    found = (step.properties.get("TsPackageID") for step in sequence.walk() if step.class_name == _SUB)
    return list(dict.fromkeys(ref for ref in found if isinstance(ref, Ref)))


def refs_in(sequence: Sequence) -> list[Ref]:
    """Return a ``Ref`` with ID for each ID that a stored or imported sequence holds.

    Programs have their package as parent. The placeholder of removed references is left out.
    """
    found: list[Ref] = []
    for step in sequence.walk():
        rule = load_rules().step(step.class_name)
        for option in rule.options.values() if rule is not None else ():
            value = step.properties.get(option.property)
            place = f"{step.path}.{option.name}"
            if option.kind == "ref" and _is_id(value):
                found.append(Ref(t.cast(str, option.ref), id=value, path=place))
            elif option.kind in ("ref_list", "refs"):
                items = value if isinstance(value, list) else str(value or "").split(",")
                ids = [str(item).strip() for item in items]
                found += [
                    Ref(t.cast(str, option.ref), id=item, path=f"{place}[{index}]")
                    for index, item in enumerate(ids)
                    if _is_id(item)
                ]
            elif option.kind == "program" and isinstance(value, str) and value:
                other = t.cast(t.Any, rule).options[option.companion]
                package = step.properties.get(other.property)
                if _is_id(package):
                    parent = Ref(t.cast(str, other.ref), id=package, path=f"{step.path}.{other.name}")
                    found.append(Ref("program", name=value, parent=parent, path=place))
    return found


def _is_id(value: t.Any) -> bool:
    return isinstance(value, str) and value not in ("", PLACEHOLDER)


def _all_refs(sequence: Sequence) -> t.Iterator[Ref]:
    for step in sequence.walk():
        for value in step.properties.values():
            items = value if isinstance(value, list) else [value]
            yield from (item for item in items if isinstance(item, Ref))
        pending = list(reversed(step.condition or ()))
        while pending:
            operand = pending.pop()
            yield from (value for value in operand.properties.values() if isinstance(value, Ref))
            pending.extend(reversed(operand.operands or ()))


def finish(
    sequence: Sequence,
    resolved: t.Callable[[Ref], Resolved],
    *,
    image_property: t.Callable[[Ref], str | None] = lambda image: None,
    child_references: t.Callable[[str], t.Sequence[Instance]] = lambda package_id: (),
    old: Sequence | None = None,
) -> Sequence:
    """Return the sequence with IDs for names and every derived property.

    A reference that exists only as another task's plan (no ID yet) stays a ``Ref``, so that the
    difference shows its name; such a sequence cannot be encoded.

    :param resolved: the answer for one reference; its ``row`` gives display texts and sizes.
    :param image_property: ``ImageProperty`` of an image, for editions given by name.
    :param child_references: rows of SMS_TaskSequencePackageReference_Flat of a child sequence.
    :param old: what the site holds: display texts of objects that needed no query come from it.
    :raises ReferenceProblems: an edition that an image does not have, or has twice.
    """
    work = _Finish(resolved, image_property, child_references, _known_rows(old))
    steps = [work.step(step) for step in sequence.steps]
    if work.problems:
        raise ReferenceProblems(work.problems)
    return Sequence(steps=steps, properties=dict(sequence.properties))


def _known_rows(old: Sequence | None) -> dict[str, Instance]:
    """Return the application and package entries of the stored sequence by ID."""
    found: dict[str, Instance] = {}
    for step in old.walk() if old is not None else ():
        for name, key in (("AppInfo", "Name"), ("PackageInfo", "PackageId")):
            items = step.properties.get(name)
            for item in items if isinstance(items, list) else ():
                if isinstance(item, Instance) and isinstance(item.get(key), str):
                    found.setdefault(item.get(key).casefold(), item)
    return found


class _Finish:
    """One run of :func:`finish`."""

    def __init__(
        self,
        resolved: t.Callable[[Ref], Resolved],
        image_property: t.Callable[[Ref], str | None],
        child_references: t.Callable[[str], t.Sequence[Instance]],
        known: dict[str, Instance],
    ) -> None:
        self._resolved = resolved
        self._image_property = image_property
        self._child_references = child_references
        self._known = known
        self.problems: list[Problem] = []

    def step(self, step: Step) -> Step:
        """Return a step with its condition and the steps inside it finished."""
        properties = dict(step.properties)
        if step.class_name == PREFIX + "InstallApplicationAction":
            self._applications(properties)
        elif step.class_name == PREFIX + "DownloadPackageContentAction":
            self._packages(properties)
        elif step.class_name == PREFIX + "ApplyNetworkSettingsAction":
            properties["NumAdapters"] = len(properties.get("Adapters") or ())
        elif step.class_name == _SUB:
            self._child(properties)
        properties = {name: self._value(value) for name, value in properties.items()}
        rule = load_rules().step(step.class_name)
        if rule is not None:
            ordered = {name: properties[name] for name in rule.properties if name in properties}
            properties = {**ordered, **properties}
        return dataclasses.replace(
            step,
            properties=properties,
            condition=None if step.condition is None else [self._operand(item) for item in step.condition],
            steps=None if step.steps is None else [self.step(item) for item in step.steps],
        )

    def _value(self, value: t.Any) -> t.Any:
        if isinstance(value, Ref):
            return self._identity(value)
        if isinstance(value, list):
            return [self._value(item) for item in value]
        return value

    def _identity(self, ref: Ref) -> t.Any:
        """Return the ID of a reference (a program's is its name), or the reference when it has none yet."""
        if ref.kind == "image_edition":
            return self._edition(ref)
        answer = self._resolved(ref)
        if ref.kind == "program":
            return answer.name or ref.name
        return answer.id if answer.id is not None else ref

    def _edition(self, ref: Ref) -> t.Any:
        text = self._image_property(ref.parent) if ref.parent is not None else None
        if not text:
            return ref
        names, found = edition_indexes(text, ref.name or "")
        if len(found) == 1:
            return found[0]
        listed = ", ".join(names) or "none"
        rule = f"the image has {'no' if not found else 'more than one'} edition of this name; it has: {listed}"
        self.problems.append(Problem(ref.path, ref.name or "", rule))
        return ref

    def _applications(self, properties: dict[str, t.Any]) -> None:
        refs = properties.get("ApplicationName")
        if not isinstance(refs, list):
            return
        ids = [self._identity(ref) for ref in refs]
        info = []
        for ref, model_name in zip(refs, ids, strict=True):
            if isinstance(model_name, str):
                row = self._resolved(ref).row
                old = self._known.get(model_name.casefold())
                display = (row.get("LocalizedDisplayName") if row else None) or (old.get("DisplayName") if old else "")
                # Every export has this constant here; the console shows it as the status of the row.
                values = {"Description": "Valid", "DisplayName": display or ref.name or "", "Name": model_name}
                info.append(Instance(APPLICATION_INFO, values))
        properties["ApplicationName"] = _joined(ids)
        properties["NumApps"] = len(ids)
        properties["AppInfo"] = info

    def _packages(self, properties: dict[str, t.Any]) -> None:
        refs = properties.get("DownloadPackages")
        if not isinstance(refs, list):
            return
        ids = [self._identity(ref) for ref in refs]
        info = []
        for ref, package_id in zip(refs, ids, strict=True):
            if isinstance(package_id, str):
                row = self._resolved(ref).row
                old = self._known.get(package_id.casefold())
                source = row if row is not None else old
                values = {
                    "Name": (source.get("Name") if source else None) or ref.name or "",
                    "PackageId": package_id,
                    "PkgType": (source.get("PackageType", source.get("PkgType", 0)) if source else 0),
                    "Size": (source.get("PackageSize", source.get("Size", 0)) if source else 0),
                }
                info.append(Instance(PACKAGE_INFO, values))
        properties["DownloadPackages"] = _joined(ids)
        properties["NumPackages"] = len(ids)
        properties["PackageInfo"] = info

    def _child(self, properties: dict[str, t.Any]) -> None:
        ref = properties.get("TsPackageID")
        if not isinstance(ref, Ref):
            return
        answer = self._resolved(ref)
        name = answer.name or (answer.row.get("Name") if answer.row is not None else None) or ref.name
        if name:
            properties["TsName"] = name
        if answer.id is None:
            return
        packages, applications = [], []
        for row in self._child_references(answer.id):
            identity = str(row.get("ObjectID") or row.get("RefPackageID") or "")
            if identity and row.number("ObjectType") != _TASK_SEQUENCE_TYPE:
                (applications if "/" in identity else packages).append(identity)
        properties["TsReferencePackages"] = ",".join(dict.fromkeys(packages))
        properties["TsReferenceApplications"] = ",".join(dict.fromkeys(applications))
        properties["TsReferenceSoftwareUpdates"] = ""

    def _operand(self, operand: Operand) -> Operand:
        if operand.class_name == _OS_EXPRESSIONS and isinstance(operand.properties.get("Name"), Ref):
            ref = operand.properties["Name"]
            answer = self._resolved(ref)
            if answer.row is None:
                return operand
            properties, operands, found = platform_operands(answer.row)
            if not found:
                rule = "the site's row for this platform has no query; write the platform out with `queries`"
                self.problems.append(Problem(ref.path, ref.name or ref.id or "", rule))
            return Operand(operand.class_name, {**operand.properties, **properties}, operands)
        inner = None if operand.operands is None else [self._operand(item) for item in operand.operands]
        properties = {name: self._value(value) for name, value in operand.properties.items()}
        return Operand(operand.class_name, properties, inner)


def _joined(ids: list[t.Any]) -> t.Any:
    """Return IDs as the comma-separated text of the wire, or the list while one has no ID yet."""
    return ",".join(ids) if all(isinstance(item, str) for item in ids) else ids
