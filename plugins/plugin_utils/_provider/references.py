# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""References: what a play may write for an object of the site, and the site's answer.

One table of kinds, one parser for the forms a play may use (reference: INTERFACE 1), and one
resolver that asks the site once per kind and reports everything that is wrong in one error.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from .._cim import wql
from .._cim.instance import Instance
from .._errors import InvalidInput, Problem, ReferenceProblems
from . import names
from .deployable import why_a_step_may_fail, why_no_step_can
from .planned import NARROW, would_be
from .ref import Ref
from .site import DELETING, Site, same_name

_PACKAGE_ID = re.compile(r"[A-Za-z0-9]{3}[0-9A-Fa-f]{5}\Z")
_COLLECTION_ID = re.compile(r"(?:[A-Za-z0-9]{3}[0-9A-Fa-f]{5}|SMS[A-Za-z0-9]{5})\Z", re.IGNORECASE)
"""Built-in collections have names for numbers: SMS000US, SMSDM003 (provider-behaviour 7.2)."""
_MODEL_NAME = re.compile(r"ScopeId_[^/\s]+/[^/\s]+(/\d+)?\Z", re.IGNORECASE)
_UNIQUE_ID = re.compile(r"[^\s:/]+[:/]\S+\Z")


@dataclasses.dataclass(frozen=True)
class Kind:
    """How the objects of one kind are found: class, columns (plain ones, keys included), form of an ID."""

    name: str
    class_name: str
    id: str = "PackageID"
    name_column: str = "Name"
    columns: tuple[str, ...] = (
        "PackageID",
        "Name",
        "Version",
        "Manufacturer",
        "Language",
        "PackageType",
        "ActionInProgress",
    )
    narrow: t.Mapping[str, str] = dataclasses.field(
        default_factory=lambda: {"version": "Version", "manufacturer": "Manufacturer", "language": "Language"}
    )
    id_pattern: re.Pattern[str] | None = _PACKAGE_ID
    id_example: str = "PS100005"
    only: tuple[str, str] | None = None
    """A column and the value that belongs to this kind, for classes that hold several."""

    @property
    def noun(self) -> str:
        """The kind as a person reads it."""
        return self.name.replace("_", " ")

    def is_id(self, text: str) -> bool:
        """Whether a text has the form of an ID of this kind."""
        return self.id_pattern is not None and self.id_pattern.match(text) is not None


_PLATFORM_COLUMNS = (
    "DisplayText",
    "CI_UniqueID",
    "OSName",
    "OSPlatform",
    "OSMinVersion",
    "OSMaxVersion",
    "IsSupported",
    "Condition",
)

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("package", "SMS_Package"),
        Kind(
            "program",
            "SMS_Program",
            id="ProgramName",
            name_column="ProgramName",
            columns=("PackageID", "ProgramName", "ProgramFlags", "PackageName", "PackageVersion", "ActionInProgress"),
            narrow={},
            id_pattern=None,
        ),
        Kind("boot_image", "SMS_BootImagePackage"),
        Kind("os_image", "SMS_ImagePackage"),
        Kind("os_upgrade_package", "SMS_OperatingSystemInstallPackage"),
        Kind("driver_package", "SMS_DriverPackage"),
        Kind(
            "application",
            "SMS_ApplicationLatest",
            id="ModelName",
            name_column="LocalizedDisplayName",
            columns=(
                "ModelName",
                "CI_UniqueID",
                "LocalizedDisplayName",
                "LocalizedDescription",
                "SoftwareVersion",
                "Manufacturer",
                "IsDeployable",
                "IsExpired",
                "NumberOfDeploymentTypes",
            ),
            narrow={"version": "SoftwareVersion", "manufacturer": "Manufacturer"},
            id_pattern=_MODEL_NAME,
            id_example="ScopeId_.../Application_...",
        ),
        Kind("task_sequence", "SMS_TaskSequencePackage"),
        Kind(
            "collection",
            "SMS_Collection",
            id="CollectionID",
            columns=("CollectionID", "Name", "CollectionType", "IsBuiltIn", "MemberCount", "CurrentStatus"),
            narrow={},
            id_pattern=_COLLECTION_ID,
            id_example="PS10002C",
        ),
        Kind(
            "platform",
            "SMS_SupportedPlatforms",
            id="CI_UniqueID",
            name_column="DisplayText",
            columns=_PLATFORM_COLUMNS,
            narrow={},
            id_pattern=_UNIQUE_ID,
            id_example="Windows/All_x64_Windows_11_and_higher_Clients",
        ),
        Kind(
            "content",
            "SMS_PackageBaseclass",
            columns=("PackageID", "Name", "Version", "Manufacturer", "Language", "PackageType", "PackageSize"),
        ),
        Kind(
            "driver_category",
            "SMS_CategoryInstance",
            id="CategoryInstance_UniqueID",
            name_column="LocalizedCategoryInstanceName",
            columns=(
                "CategoryInstanceID",
                "CategoryInstance_UniqueID",
                "LocalizedCategoryInstanceName",
                "CategoryTypeName",
            ),
            narrow={},
            id_pattern=_UNIQUE_ID,
            id_example="DriverCategories:...",
            only=("CategoryTypeName", "DriverCategories"),
        ),
    )
}
"""Every kind of object that a play can refer to."""


def parse_ref(value: t.Any, kind: str, path: str, *, parent: Ref | None = None) -> Ref:
    """Return the reference that a play wrote: a name, ``id:...``, ``{id: ...}`` or ``{name: ..., version: ...}``.

    Raises :class:`InvalidInput` with the option path and what YAML made of the value.
    """
    rule = KINDS[kind]
    if isinstance(value, t.Mapping):
        return _parse_mapping(value, rule, path, parent)
    if isinstance(value, str) and value.startswith("id:") and rule.id_pattern is not None:
        return Ref(kind, id=_checked_id(value[3:].strip(), rule, path), parent=parent, path=path)
    return Ref(kind, name=_checked_name(value, rule, path), parent=parent, path=path)


def _parse_mapping(value: t.Mapping[t.Any, t.Any], rule: Kind, path: str, parent: Ref | None) -> Ref:
    given = {str(k): v for k, v in value.items() if v is not None}
    allowed = ("name", *rule.narrow) + (("id",) if rule.id_pattern is not None else ())
    unknown = sorted(set(given) - set(allowed))
    # A returned resource has more keys than a reference; name and ID are all that counts then.
    if unknown and "kind" in given:
        given = {k: v for k, v in given.items() if k in ("name", "id")}
        own_id = value.get(_own_id(rule))
        if own_id and rule.id_pattern is not None:
            given = {"id": own_id}
        unknown = []
    if unknown:
        raise InvalidInput(
            [Problem(f"{path}.{name}", "", f"no such key in a reference; use {', '.join(allowed)}") for name in unknown]
        )
    if "id" in given:
        if len(given) > 1:
            raise InvalidInput([Problem(path, "", "give the ID alone, or a name with what narrows it down")])
        return Ref(rule.name, id=_checked_id(given["id"], rule, f"{path}.id"), parent=parent, path=path)
    if "name" not in given:
        raise InvalidInput([Problem(path, "", "a reference needs a name or an id")])
    narrowing = {key: _checked_text(given[key], f"{path}.{key}") for key in NARROW if key in given}
    name = _checked_name(given["name"], rule, f"{path}.name")
    return Ref(rule.name, name=name, parent=parent, path=path, **narrowing)


def _own_id(rule: Kind) -> str:
    return {"CollectionID": "collection_id", "ModelName": "model_name"}.get(rule.id, "package_id")


def _checked_id(value: t.Any, rule: Kind, path: str) -> str:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        raise InvalidInput([Problem(path, str(value), f"was read as the number {value}: quote the ID")])
    text = str(value)
    if not rule.is_id(text):
        raise InvalidInput([Problem(path, text, f"is not the ID of a {rule.noun}; one looks like {rule.id_example}")])
    return text.upper() if rule.id_pattern in (_PACKAGE_ID, _COLLECTION_ID) else text


def _checked_name(value: t.Any, rule: Kind, path: str) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        shown = str(value) if isinstance(value, (bool, float)) else type(value).__name__
        raise InvalidInput(
            [Problem(path, shown, f"must be the name of a {rule.noun} (quote it), or {{id: {rule.id_example}}}")]
        )
    text = str(value)
    fault = names.fault_in_reference(text)
    if fault:
        raise InvalidInput([Problem(path, names.shown(text), fault)])
    return text


def _checked_text(value: t.Any, path: str) -> str:
    if isinstance(value, float):
        raise InvalidInput([Problem(path, str(value), f"was read as the number {value}: quote it")])
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise InvalidInput([Problem(path, str(value), "must be text (quote it)")])
    return str(value)


@dataclasses.dataclass(frozen=True)
class Resolved:
    """The answer to a reference.

    ``row`` holds the plain columns of the kind (``None`` when the object is not there).
    ``planned``: an earlier task of the play would have made it; ``id`` is ``None`` then.
    ``dangling``: an unknown ID that is kept as it is. ``missing``: not there, and the caller said
    that this is fine. For a program ``id`` is its name, and the
    package is that of the reference's ``parent``.
    """

    id: str | None
    name: str | None
    row: Instance | None = None
    planned: bool = False
    dangling: bool = False
    missing: bool = False


class Resolver:
    """Collects references and resolves them with one query per kind.

    ``planned`` are returned resources of earlier tasks, looked at in check mode only;
    ``unknown_ids`` is ``fail`` or ``keep``. ``missing_ok`` makes a missing object an answer instead
    of an error (``state: absent``); an ambiguous name stays an error. After :meth:`resolve`, ``dangling`` and
    ``unresolved`` go into the result and ``warnings`` are shown.
    """

    def __init__(
        self,
        site: Site,
        *,
        planned: t.Iterable[t.Mapping[str, t.Any] | None] = (),
        check_mode: bool = False,
        unknown_ids: str = "fail",
        missing_ok: bool = False,
    ) -> None:
        self._missing_ok = missing_ok
        self._site = site
        self._planned = [entry for entry in planned if entry and entry.get("planned", True)] if check_mode else []
        self._keep = unknown_ids == "keep"
        self._refs: dict[Ref, list[str]] = {}
        self._results: dict[Ref, Resolved] = {}
        self._problems: list[tuple[Problem, dict[str, t.Any]]] = []
        self._failed: set[Ref] = set()
        self._in_steps: set[Ref] = set()
        self._held: set[str] = set()
        self.dangling: list[dict[str, t.Any]] = []
        self.unresolved: list[dict[str, t.Any]] = []
        self.warnings: list[str] = []

    def add(self, ref: Ref, *, in_steps: bool = False) -> None:
        """Note a reference; a program's parent is noted with it. Adding one twice costs nothing.

        ``in_steps``: a step is to install the object, so one that nothing can install is a problem.
        """
        if ref.parent is not None:
            self.add(ref.parent)
        self._refs.setdefault(ref, []).append(ref.path)
        if in_steps:
            self._in_steps.add(ref)

    def hold(self, ref: Ref) -> None:
        """Note an object that the stored steps refer to already, so that nothing about it is a new problem."""
        self._held.add(str(ref.id).casefold())

    def resolve(self) -> None:
        """Ask the site: one query per kind that has references, programs last.

        Raises :class:`ReferenceProblems` with everything that is missing or ambiguous; each entry of its
        ``detail`` also has ``kind``, ``name``, ``id`` and ``candidates``. Further references may be added
        afterwards; only these are asked for then.
        """
        pending: dict[str, list[Ref]] = {}
        for ref in self._refs:
            if ref not in self._results:
                pending.setdefault(ref.kind, []).append(ref)
        programs = pending.pop("program", [])
        for kind, refs in pending.items():
            self._resolve_kind(KINDS[kind], refs)
        if programs:
            self._resolve_programs(programs)
        if self._problems:
            found, self._problems = self._problems, []
            problems = [problem for problem, _facts in found]
            raise ReferenceProblems(problems, detail=[{**p._asdict(), **facts} for p, facts in found])

    def __contains__(self, ref: object) -> bool:
        """Whether a reference was looked up."""
        return ref in self._results

    def result(self, ref: Ref) -> Resolved:
        """Return the answer to a reference that was added and resolved."""
        return self._results[ref]

    # -- all kinds but programs -----------------------------------------------------------------

    def _resolve_kind(self, kind: Kind, refs: t.Sequence[Ref]) -> None:
        wanted = sorted({ref.name for ref in refs if ref.name is not None})
        ids = sorted({ref.id for ref in refs if ref.id is not None} | {name for name in wanted if kind.is_id(name)})
        parts = []
        if wanted:
            parts.append(wql.one_of(kind.name_column, wanted))
        if ids:
            parts.append(wql.one_of(kind.id, ids))
        where = parts[0] if len(parts) == 1 else wql.either(*parts)
        if kind.only:
            where = wql.both(wql.equals(*kind.only), where)
        rows = [
            row
            for row in self._site.query(kind.class_name, where, list(kind.columns))
            if row.get("ActionInProgress") != DELETING
        ]
        by_id = {str(row.get(kind.id, "")).casefold(): row for row in rows}
        for ref in refs:
            if ref.id is not None:
                self._settle_id(kind, ref, by_id.get(ref.id.casefold()))
            else:
                self._settle_name(kind, ref, rows, by_id)

    def _settle_id(self, kind: Kind, ref: Ref, row: Instance | None) -> None:
        if row is not None:
            self._found(kind, ref, row)
        elif self._keep:
            self._dangle(ref)
        else:
            self._miss(ref, str(ref.id), f"the site has no {kind.noun} with this ID")

    def _settle_name(self, kind: Kind, ref: Ref, rows: list[Instance], by_id: dict[str, Instance]) -> None:
        name = str(ref.name)
        namesakes = same_name(rows, name, kind.name_column)
        found = self._narrowed(kind, ref, namesakes)
        if len(found) == 1:
            self._found(kind, ref, found[0])
        elif found:
            rule = f"{len(found)} of kind {kind.noun} bear this name, choose one: {self._offers(kind, found)}"
            self._fail(ref, name, rule, kind, found)
        elif self._is_planned(ref):
            self._plan(ref)
        elif namesakes:
            wanted = ", ".join(f"{key} {getattr(ref, key)}" for key in kind.narrow if getattr(ref, key) is not None)
            rule = f"the site has it, but not with {wanted}; there is: {self._offers(kind, namesakes)}"
            self._miss(ref, name, rule, kind, namesakes)
        elif name.casefold() in by_id:
            rule = f"the site has no {kind.noun} with this name; did you mean {{id: {name.upper()}}}?"
            self._miss(ref, name, rule, kind, [by_id[name.casefold()]])
        else:
            self._miss(ref, name, f"the site has no {kind.noun} with this name, or the account may not see it")

    @staticmethod
    def _narrowed(kind: Kind, ref: Ref, rows: list[Instance]) -> list[Instance]:
        for key, column in kind.narrow.items():
            wanted = getattr(ref, key)
            if wanted is not None:
                rows = [row for row in rows if str(row.get(column, "")).casefold() == wanted.casefold()]
        return rows

    def _offers(self, kind: Kind, rows: list[Instance]) -> str:
        more = f"; and {len(rows) - 10} more" if len(rows) > 10 else ""
        return "; ".join(self._offer(kind, row) for row in rows[:10]) + more

    @staticmethod
    def _offer(kind: Kind, row: Instance) -> str:
        details = [f"{key} {row.get(column)}" for key, column in kind.narrow.items() if row.get(column)]
        return f"{{id: {row.get(kind.id)}}}" + (f" ({', '.join(details)})" if details else "")

    # -- programs -------------------------------------------------------------------------------

    def _resolve_programs(self, refs: t.Sequence[Ref]) -> None:
        kind = KINDS["program"]
        asked: dict[tuple[str, str], Ref] = {}
        for ref in refs:
            if ref.parent is None:
                raise ValueError("a reference to a program needs its package")
            package = self._results.get(ref.parent)
            if package is None:
                self._failed.add(ref)
            elif package.dangling or package.missing:
                self._results[ref] = dataclasses.replace(package, id=ref.name, name=ref.name)
            elif package.planned:
                self._settle_program(kind, ref, [])
            else:
                asked[(str(package.id), str(ref.name))] = ref
        if not asked:
            return
        where = wql.either(
            *(wql.both(wql.equals("PackageID", pid), wql.equals("ProgramName", name)) for pid, name in sorted(asked))
        )
        rows = self._site.query(kind.class_name, where, list(kind.columns))
        for ref in refs:
            package = self._results.get(ref.parent) if ref.parent else None
            if ref in self._results or package is None or package.id is None:
                continue
            own = [row for row in rows if str(row.get("PackageID", "")).casefold() == package.id.casefold()]
            self._settle_program(kind, ref, same_name(own, str(ref.name), "ProgramName"))

    def _settle_program(self, kind: Kind, ref: Ref, found: list[Instance]) -> None:
        if found:
            self._found(kind, ref, found[0])
        elif self._is_planned(ref):
            self._plan(ref)
        else:
            parent = ref.parent
            label = f"{parent.name or parent.id}" if parent else ""
            self._miss(ref, str(ref.name), f"the package {label} has no program with this name")

    # -- outcomes -------------------------------------------------------------------------------

    def _found(self, kind: Kind, ref: Ref, row: Instance) -> None:
        new = ref in self._in_steps and str(row.get(kind.id)).casefold() not in self._held
        fault = why_no_step_can(kind.name, row) if new else None
        if fault and not self._keep:
            self._fail(ref, str(ref.name or ref.id), fault)
            return
        doubt = fault or (why_a_step_may_fail(kind.name, row) if new else None)
        if doubt:
            self.warnings.append(f"{ref.path} ({ref.name or ref.id}): {doubt}")
        self._results[ref] = Resolved(str(row.get(kind.id, "")), str(row.get(kind.name_column, "")), row)

    def _dangle(self, ref: Ref) -> None:
        self._results[ref] = Resolved(ref.id, ref.name, dangling=True)
        self.dangling.extend({"kind": ref.kind, "id": ref.id, "path": path} for path in self._refs[ref])
        self.warnings.append(
            f"The site has no {KINDS[ref.kind].noun} with the ID {ref.id}; it is kept as it is ({self._refs[ref][0]})."
        )

    def _plan(self, ref: Ref) -> None:
        self._results[ref] = Resolved(None, ref.name, planned=True)
        self.unresolved.extend({"kind": ref.kind, "name": ref.name, "path": path} for path in self._refs[ref])

    def _miss(
        self, ref: Ref, value: str, rule: str, kind: Kind | None = None, rows: t.Sequence[Instance] = ()
    ) -> None:
        if self._missing_ok:
            self._results[ref] = Resolved(ref.id, ref.name, missing=True)
        else:
            self._fail(ref, value, rule, kind, rows)

    def _fail(
        self, ref: Ref, value: str, rule: str, kind: Kind | None = None, rows: t.Sequence[Instance] = ()
    ) -> None:
        self._failed.add(ref)
        facts = {
            "kind": ref.kind,
            "name": ref.name,
            "id": ref.id,
            "candidates": [_candidate(kind, row) for row in rows[:10]] if kind is not None else [],
        }
        self._problems.extend((Problem(path, value, rule), facts) for path in dict.fromkeys(self._refs[ref]))

    def _is_planned(self, ref: Ref) -> bool:
        return any(would_be(entry, ref) for entry in self._planned)


def _candidate(kind: Kind, row: Instance) -> dict[str, t.Any]:
    """Return an object that a reference may have meant, as an entry of an error's ``detail``."""
    found = {"id": str(row.get(kind.id, "")), "name": str(row.get(kind.name_column, ""))}
    return {**found, **{key: str(row.get(column)) for key, column in kind.narrow.items() if row.get(column)}}
