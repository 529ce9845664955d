# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The two lists at the head of ``<sequence>`` text, which follow from the steps.

``referenceList`` names the content of the enabled steps in order of first use, ``globalVarList``
repeats global variables (reference: task-sequence-xml, facts and section 6).
"""

from __future__ import annotations

import typing as t

from .._cim.catalogue import Catalogue
from .model import Ref, Sequence, Step
from .xml_form import SUB_SEQUENCE, Variable, step_variables

_UNDOCUMENTED = {
    # Classes without a documented qualifier whose packages are listed all the same.
    "SMS_TaskSequence_RunPowerShellScriptAction": "PackageID",
}
_NONE = ("", "00000000")
"""Empty IDs: the console writes the second where no package is chosen."""


def references(sequence: Sequence) -> list[dict[str, str]]:
    """Return the attributes of every ``<reference>``, without repetition."""
    found: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}
    for step in enabled_steps(sequence):
        for reference in _step_references(step):
            found.setdefault(tuple(reference.items()), reference)
    return list(found.values())


def enabled_steps(sequence: Sequence) -> t.Iterator[Step]:
    """Yield the steps that can run: enabled, and inside enabled groups only."""
    stack = list(reversed(sequence.steps))
    while stack:
        step = stack.pop()
        if step.properties.get("Enabled") is False:
            continue
        yield step
        if step.steps:
            stack.extend(reversed(step.steps))


def global_variables(sequence: Sequence) -> list[Variable]:
    """Return the global variables of all steps, each name once."""
    found: dict[str, Variable] = {}
    for step in sequence.walk():
        if not step.is_group:
            for variable in step_variables(step):
                if variable.is_global:
                    found.setdefault(variable.name, variable)
    return list(found.values())


def _step_references(step: Step) -> t.Iterator[dict[str, str]]:
    properties = step.properties
    if step.class_name == SUB_SEQUENCE:
        for package in _ids(properties.get("TsPackageID")):
            yield {"package": package, "program": "*"}
        # What the child uses counts as well; the product keeps it in texts of the step.
        yield from ({"package": package} for package in _ids(properties.get("TsReferencePackages")))
        yield from ({"application": model} for model in _ids(properties.get("TsReferenceApplications")))
        return
    class_def = Catalogue.load().get(step.class_name)
    if class_def is None:
        for name in properties:
            if name == "PackageID":
                yield from ({"package": package} for package in _ids(properties[name]))
        return
    program = next((n for n, d in class_def.properties.items() if "TaskSequenceProgram" in d.qualifiers), None)
    for name in sorted(properties):
        definition = class_def.properties.get(name)
        if definition is None:
            continue
        qualifiers = definition.qualifiers
        if "TaskSequenceApplication" in qualifiers:
            yield from ({"application": model} for model in _ids(properties[name]))
        elif "TaskSequencePackageList" in qualifiers:
            yield from ({"package": package} for package in _ids(properties[name]))
        elif "TaskSequencePackage" in qualifiers or _UNDOCUMENTED.get(step.class_name) == name:
            for package in _ids(properties[name]):
                named = str(properties.get(program) or "") if program else ""
                yield {"package": package, "program": named} if named else {"package": package}


def _ids(value: t.Any) -> list[str]:
    if isinstance(value, Ref):
        value = value.id
    if not isinstance(value, str):
        return []
    return [item.strip() for item in value.split(",") if item.strip() not in _NONE]
