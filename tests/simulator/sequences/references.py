# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a sequence uses: packages, programs, applications, sequences (provider-behaviour 2.10, task-sequence-xml 6)."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ..objects import Obj
from . import forms as f
from . import tables

PLACEHOLDER = "00000000"
"""Stands in exports for a reference that could not be resolved."""

ANY_PROGRAM = "*"
_SPLIT = re.compile(r"[,;\s]+")


@dataclasses.dataclass(frozen=True)
class Reference:
    """One entry of ``<referenceList>``. ``program`` is None where the text has none, ``*`` for a child sequence."""

    id: str
    program: str | None = None
    application: bool = False


def split_ids(text: t.Any) -> list[str]:
    """Split a list of IDs as the product writes it into one property."""
    return [part for part in _SPLIT.split(str(text or "")) if part]


def references_of(forms: f.Forms, sequence: Obj) -> list[Reference]:
    """Return what the enabled steps use, each once, in the order of first use."""
    found: dict[Reference, None] = {}
    for step in f.walk(sequence.get("Steps") or [], enabled_only=True):
        if step.class_name != f.GROUP:
            for item in step_references(forms.of(step.class_name), step):
                found.setdefault(item)
    return list(found)


def step_references(form: f.Form, step: Obj) -> t.Iterator[Reference]:
    """Yield what one step uses, property by property."""
    if form.class_name == f.CHILD_SEQUENCE:
        yield from _child_references(step)
        return
    programs = {
        str(item.prop.qualifiers["TaskSequenceProgram"]): step.get(item.prop.name)
        for item in form.variables if "TaskSequenceProgram" in item.prop.qualifiers
    }
    for item in form.variables:
        marks = item.prop.qualifiers
        value = step.get(item.prop.name)
        if not value:
            continue
        if "TaskSequencePackageList" in marks:
            for one in split_ids(value):
                yield Reference(one)
        elif "TaskSequencePackage" in marks:
            program = programs.get(item.prop.name)
            yield Reference(str(value), str(program) if program else None)
        elif "TaskSequenceApplication" in marks:
            for one in split_ids(value):
                yield Reference(one, application=True)


def _child_references(step: Obj) -> t.Iterator[Reference]:
    child = step.get("TsPackageID")
    if child:
        yield Reference(str(child), ANY_PROGRAM)
    for one in split_ids(step.get("TsReferencePackages")):
        yield Reference(one)
    for one in split_ids(step.get("TsReferenceApplications")):
        yield Reference(one, application=True)


def sequence_type(sequence: Obj) -> int:
    """Return the computed Type of a package: 2 with an operating system step, else 1."""
    names = {tables.short(step.class_name) for step in f.walk(sequence.get("Steps") or [])}
    return 2 if names & tables.OS_STEPS else 1


def xml_flags(sequence: Obj) -> int:
    """Return Flags of SaveToXml: bit 0 when a step applies an operating system image."""
    names = {tables.short(step.class_name) for step in f.walk(sequence.get("Steps") or [])}
    return 1 if names & tables.IMAGE_STEPS else 0


def reference_objects(found: t.Iterable[Reference], boot_image: str | None = None) -> list[Obj]:
    """Return the rows of References: sorted by ID, the boot image among them, placeholders left out."""
    rows: dict[tuple[str, str, int], None] = {}
    for item in found:
        if item.id != PLACEHOLDER:
            rows.setdefault((item.id, item.program or ANY_PROGRAM, 1 if item.application else 0))
    if boot_image:
        rows.setdefault((boot_image, ANY_PROGRAM, 0))
    return [
        Obj("SMS_TaskSequence_Reference", {"Package": one, "Program": program, "Type": kind})
        for one, program, kind in sorted(rows)
    ]
