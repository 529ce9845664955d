# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What goes into a boot image: drivers of the site, and optional components of Windows PE.

A driver is meant by its number (CI_ID) or its display name, a component by its name for one
architecture and language. Each kind costs one query, and only when a task names some.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._cim import wql
from .._cim.instance import Instance
from .._errors import InvalidInput, Problem, ReferenceProblems
from .._provider.site import Site
from . import _image_metadata

DRIVER = "SMS_Driver"
DRIVER_COLUMNS = ("CI_ID", "LocalizedDisplayName", "DriverVersion", "DriverINFFile", "ContentSourcePath")
COMPONENT = "SMS_WinPEOptionalComponentInfo"
COMPONENT_COLUMNS = ("UniqueID", "LanguageID", "Name", "Architecture", "IsRequired", "DependentIds")
SHOWN = 10


@dataclasses.dataclass(frozen=True)
class DriverRef:
    """A driver as the play names it: by number, or by display name and, if need be, version."""

    path: str
    id: int | None = None
    name: str | None = None
    version: str | None = None


def parse_driver(value: t.Any, path: str) -> DriverRef:
    """Return what the play wrote for a driver: a number, ``{id: ...}``, a name, ``{name: ..., version: ...}``.

    Raises :class:`InvalidInput`.
    """
    if isinstance(value, t.Mapping):
        given = {str(k): v for k, v in value.items() if v is not None}
        unknown = sorted(set(given) - {"id", "name", "version", "source_path"})
        if unknown or ("id" in given) == ("name" in given and "id" not in given):
            raise InvalidInput([Problem(path, ", ".join(unknown), "give {id: ...}, or {name: ...} with a version")])
        if "id" in given:
            return DriverRef(path, id=_number(given["id"], f"{path}.id"))
        return DriverRef(path, name=str(given["name"]), version=str(given["version"]) if "version" in given else None)
    if isinstance(value, bool) or not isinstance(value, (str, int)) or value == "":
        raise InvalidInput([Problem(path, str(value), "must be the number (CI_ID) or the name of a driver")])
    if isinstance(value, int) or value.isdigit():
        return DriverRef(path, id=_number(value, path))
    return DriverRef(path, name=value)


def _number(value: t.Any, path: str) -> int:
    if isinstance(value, bool) or not str(value).isdigit():
        raise InvalidInput([Problem(path, str(value), "must be the number (CI_ID) of a driver")])
    return int(value)


class Drivers:
    """Looks up drivers, all in one query."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._found: dict[DriverRef, Instance] = {}

    def resolve(self, refs: t.Iterable[DriverRef]) -> None:
        """Look all of them up. Raises :class:`ReferenceProblems` with every missing and ambiguous one."""
        pending = [ref for ref in refs if ref not in self._found]
        if not pending:
            return
        wheres = []
        ids = [ref.id for ref in pending if ref.id is not None]
        names = [ref.name for ref in pending if ref.name is not None]
        if ids:
            wheres.append(wql.one_of("CI_ID", ids))
        if names:
            wheres.append(wql.one_of("LocalizedDisplayName", names))
        rows = self._site.query(DRIVER, wql.either(*wheres), list(DRIVER_COLUMNS))
        problems = []
        for ref in pending:
            fitting = [row for row in rows if _fits(row, ref)]
            shown = str(ref.id if ref.id is not None else ref.name)
            if not fitting:
                problems.append(Problem(ref.path, shown, "the site has no such driver, or hides it"))
            elif len(fitting) > 1:
                offers = "; ".join(
                    f"{row.get('CI_ID')} version {row.get('DriverVersion', '')} ({row.get('DriverINFFile', '')})"
                    for row in fitting[:SHOWN]
                )
                problems.append(Problem(ref.path, shown, f"{len(fitting)} drivers fit, choose one by its id: {offers}"))
            else:
                self._found[ref] = fitting[0]
        if problems:
            raise ReferenceProblems(problems)

    def row(self, ref: DriverRef) -> Instance:
        """Return the driver's plain columns."""
        return self._found[ref]


def _fits(row: Instance, ref: DriverRef) -> bool:
    if ref.id is not None:
        return row.number("CI_ID") == ref.id
    same = str(row.get("LocalizedDisplayName", "")).casefold() == str(ref.name).casefold()
    return same and (ref.version is None or str(row.get("DriverVersion", "")) == ref.version)


class Components:
    """The optional components of one architecture and language that the site knows."""

    def __init__(self, site: Site, language: int) -> None:
        rows = site.query(COMPONENT, wql.equals("LanguageID", language), list(COMPONENT_COLUMNS))
        self._rows = rows

    def of(self, architecture: str | None) -> list[Instance]:
        """Return the components for an architecture."""
        return [row for row in self._rows if _image_metadata.architecture(row.get("Architecture")) == architecture]

    def name(self, number: int) -> str | None:
        """Return the name of a component."""
        return next((str(row.get("Name")) for row in self._rows if row.number("UniqueID") == number), None)

    def numbers(self, names: t.Iterable[str], architecture: str | None, option: str) -> list[int]:
        """Return the numbers of the components. Raises :class:`ReferenceProblems` with all that are unknown."""
        rows = self.of(architecture)
        found, problems = [], []
        for index, name in enumerate(names):
            fitting = [row.number("UniqueID") for row in rows if str(row.get("Name")).casefold() == name.casefold()]
            if fitting:
                found.append(min(fitting))
            else:
                known = ", ".join(sorted({str(row.get("Name")) for row in rows})[:40]) or "none"
                rule = f"the site has no such component for {architecture or 'this architecture'}; it has: {known}"
                problems.append(Problem(f"{option}[{index}]", name, rule))
        if problems:
            raise ReferenceProblems(problems)
        return list(dict.fromkeys(found))

    def needed(self, numbers: t.Iterable[int]) -> list[int]:
        """Return the components with everything that they need, in order."""
        rows = {row.number("UniqueID"): row for row in self._rows}
        done: dict[int, None] = {}

        def add(number: int) -> None:
            if number in done or number not in rows:
                done.setdefault(number)
                return
            done[number] = None
            for other in rows[number].get("DependentIds", []) or []:
                add(int(other))

        for number in numbers:
            add(number)
        return list(done)

    def required(self, number: int) -> bool:
        """Whether a component is always part of a boot image."""
        return any(row.number("UniqueID") == number and bool(row.get("IsRequired", False)) for row in self._rows)
