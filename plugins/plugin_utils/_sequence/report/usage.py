# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which objects and variables a task sequence uses, and where."""

from __future__ import annotations

import re
import typing as t

from ..rules import StepRule
from .conditions import conditions_of
from .parts import Entry, Reference, Variable
from .settings import settings_of
from .text import clean, one_line, placeholder, reference_text

KINDS = {
    "application": "Application",
    "boot_image": "Boot image",
    "content": "Content",
    "driver_category": "Driver category",
    "driver_package": "Driver package",
    "os_image": "Operating system image",
    "os_upgrade_package": "Operating system upgrade package",
    "package": "Package",
    "task_sequence": "Task sequence",
}
_SETS = ("variable", "output_variable", "path_variable", "letter_variable")
_READS = ("destination_variable", "disk_variable")
_BASE = "base_variable"
_IN_TEXT = re.compile(r"%([A-Za-z_][A-Za-z0-9_.-]{0,255})%")
_ENVIRONMENT = re.compile(r"Microsoft\.SMS\.TSEnvironment", re.IGNORECASE)
_IN_SCRIPT = re.compile(
    r"""(?:\.Value|\.Item|\b\w*env\w*)\(\s*["']([A-Za-z_][\w.-]{0,255})["']\s*\)(\s*=(?!=))?""", re.IGNORECASE
)
_OF_WINDOWS = frozenset(
    "allusersprofile appdata comspec computername date errorlevel homedrive homepath localappdata logonserver "
    "number_of_processors os path processor_architecture processor_architew6432 programdata programfiles programw6432 "
    "public random systemdrive systemroot temp time tmp userdomain username userprofile windir".split()
)
"""Variables of Windows itself, which are written in the same way."""


class Usage:
    """Collects references and variables while the entries are built."""

    def __init__(self) -> None:
        self._references: dict[tuple[str, str, str], Reference] = {}
        self._variables: dict[str, Variable] = {}

    def references(self) -> list[Reference]:
        """Return the objects, sorted by kind and name."""
        return sorted(self._references.values(), key=lambda one: (one.kind, one.name.casefold(), one.details))

    def variables(self) -> list[Variable]:
        """Return the variables, sorted by name."""
        return sorted(self._variables.values(), key=lambda one: one.name.casefold())

    def refer(self, kind: str, value: t.Any, entry: Entry | None) -> None:
        """Note one reference or a list of them; ``entry`` is ``None`` for the task sequence's own options."""
        for item in value if isinstance(value, list) else [value]:
            name, details = reference_text(item)
            if not name:
                continue
            key = (kind, name.casefold(), details.casefold())
            found = self._references.setdefault(key, Reference(KINDS.get(kind, kind), name, details, []))
            if entry is not None and entry not in found.used_by[-1:]:
                found.used_by.append(entry)

    def step(self, entry: Entry, rule: StepRule, step: t.Mapping[str, t.Any]) -> None:
        """Note what one step refers to, sets and reads."""
        for name, option in rule.options.items():
            if option.ref and step.get(name) is not None:
                self.refer(option.ref, step[name], entry)
        for condition in conditions_of(step.get("condition")):
            self._read(condition.get("variable"), entry)
        self._own(entry, step)
        for name, value in step.items():
            if name not in ("condition", "steps", "name", "description", "type"):
                self._in_value(value, entry)

    def _own(self, entry: Entry, step: t.Mapping[str, t.Any]) -> None:
        """Note options that are names of variables, also those of partitions, and dynamic variables."""
        for owner in (step, *_mappings(step.get("partitions"))):
            for name in _SETS:
                self._set(owner.get(name), entry)
            for name in _READS:
                self._read(owner.get(name), entry)
            if isinstance(owner.get(_BASE), str) and owner[_BASE]:
                self._read(f"{owner[_BASE]}001, ...", entry)
        for rule in _mappings(step.get("rules")):
            when = rule.get("when")
            if isinstance(when, dict):
                self._read(when.get("variable"), entry)
            for name, _value, _secret in settings_of(rule.get("set")):
                self._set(name, entry)

    def _in_value(self, value: t.Any, entry: Entry) -> None:
        stack = [value]
        while stack:
            item = stack.pop()
            if isinstance(item, dict):
                stack.extend(item.values())
            elif isinstance(item, list):
                stack.extend(item)
            elif isinstance(item, str):
                self._in_text(item, entry)

    def _in_text(self, text: str, entry: Entry) -> None:
        if "%" in text:
            for name in _IN_TEXT.findall(text):
                if name.casefold() not in _OF_WINDOWS:
                    self._read(name, entry)
        if _ENVIRONMENT.search(text):
            for name, assigned in _IN_SCRIPT.findall(text):
                (self._set if assigned else self._read)(name, entry)

    def _variable(self, name: t.Any) -> Variable | None:
        text = one_line(name) if isinstance(name, str) else ""
        if not text or "%" in text or placeholder(name) is not None:
            return None
        return self._variables.setdefault(text.casefold(), Variable(clean(text), [], []))

    def _set(self, name: t.Any, entry: Entry) -> None:
        variable = self._variable(name)
        if variable is not None and entry not in variable.set_by[-1:]:
            variable.set_by.append(entry)

    def _read(self, name: t.Any, entry: Entry) -> None:
        variable = self._variable(name)
        if variable is not None and entry not in variable.read_by[-1:]:
            variable.read_by.append(entry)


def _mappings(value: t.Any) -> list[dict[str, t.Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
