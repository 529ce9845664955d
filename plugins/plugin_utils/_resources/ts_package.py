# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The task sequence package without its steps, and what both of its modules share."""

from __future__ import annotations

import dataclasses
import typing as t
from pathlib import Path

from .._cim.instance import Instance
from .._errors import GateRefused, InvalidInput, NotAsWritten, NotFound, Problem
from .._plan import Plan
from .._provider import names
from .._provider.references import KINDS, Resolver
from .._provider.site import Loaded
from .._sequence.model import Sequence
from . import _placement as placement
from . import _ts_options as options
from . import _ts_presentation as presentation
from ._base import ManagedResource, Task
from ._ts_site import PACKAGE, TsSite

ADDED = (*presentation.OPTIONS, *placement.OPTIONS)
"""Options that are shown only where the site has them or the play changes them."""
EMPTY_SEQUENCE = Instance("SMS_TaskSequence", {"Steps": []})


@dataclasses.dataclass
class Live:
    """What the site has: the package with its lazy properties, and the steps when they were read."""

    package: Loaded
    sequence: Sequence | None = None

    @property
    def package_id(self) -> str:
        return str(self.package.get("PackageID"))


class TsPackage(ManagedResource):
    """``cm_ts_package``: the package options; ``cm_task_sequence`` adds the steps to it."""

    key = "ts_package"
    kind = "task_sequence"

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        self.name: str | None = self.params.get("name")
        self.package_id: str | None = self.params.get("package_id")
        self._store: TsSite | None = None
        self._resolver: Resolver | None = None
        self._scopes: list[str] | None = None
        self._deployments: list[Instance] = []
        self.template: Instance | None = None
        """The package whose options a new one starts with; the defaults where it is ``None``."""
        self._icon: list[int] | None = None
        self._placement: placement.Placement | None = None

    @property
    def store(self) -> TsSite:
        """The site's task sequence packages; the first use connects."""
        if self._store is None:
            self._store = TsSite(self.task.site)
        return self._store

    # -- before connecting ----------------------------------------------------------------------

    def validate(self) -> None:
        problems = self.check_identity()
        if not self.absent:
            problems += options.check(self.params, self.task.wants)
            problems += presentation.check(self.params) + placement.check(self.params)
        self.refuse(problems)
        self._icon = None if self.absent else self._read_icon()
        if self.name and len(self.name) > names.CONSOLE_LIMIT and not self.absent:
            self.task.warn(
                f"name: {len(self.name)} characters; the console shows and edits at most {names.CONSOLE_LIMIT}."
            )

    def _read_icon(self) -> list[int] | None:
        name = self.params.get("icon")
        if not name:
            return None if name is None else []
        try:
            content = Path(self.task.find_file(name)).read_bytes()
        except OSError as error:
            raise InvalidInput([Problem("icon", name, f"cannot be read: {error.strerror}")]) from None
        return presentation.icon_of(content, name)

    def check_identity(self) -> list[Problem]:
        """Return what is wrong with ``name`` and ``package_id``."""
        problems = []
        if self.name is not None:
            fault = names.fault_in_name(self.name)
            if fault:
                problems.append(Problem("name", names.shown(self.name), fault))
        if self.package_id is not None and not KINDS["task_sequence"].is_id(self.package_id):
            rule = "is no package ID; one looks like PS100042 (YAML reads digits alone as a number: quote it)"
            problems.append(Problem("package_id", names.shown(self.package_id), rule))
        elif self.package_id:
            self.package_id = self.package_id.upper()
        return problems

    # -- reading --------------------------------------------------------------------------------

    def read(self) -> Live | None:
        package_id = self.package_id or self.store.find(str(self.name))
        package = self.store.load(package_id) if package_id else None
        return None if package is None else self.with_steps(Live(package))

    # -- planning -------------------------------------------------------------------------------

    def plan(self, before: Live | None) -> Plan:
        if self.absent:
            return self.plan_absent(before)
        if before is None and self.package_id:
            raise NotFound(
                f"package_id: the site has no task sequence {self.package_id}, or the account may not see it. "
                "A package ID never creates one; use name alone for that.",
                wmi_class=PACKAGE,
            )
        plan = self.new_plan(before)
        wanted = options.WantedOptions(self.params, self.task.wants)
        self._resolver = self.task.resolver()
        live = before.package if before else None
        base = live if live is not None else self.template
        wanted.add_references(self._resolver, base)
        self.resolve(before, self._resolver)
        wanted.compare(plan, base, self._resolver, rename=before is None or self.package_id is not None)
        presentation.Presentation(self.params, self._icon).compare(plan, base, self.task.site)
        if before is not None and any(change.option == "name" for change in plan.changes):
            self._warn_of_twins(before)
        self.compare_steps(before, plan)
        self._placement = placement.Placement(self.task.site, self.params, self.kind)
        self._placement.compare(plan, live, before.package_id if before else None)
        if before is None:
            self.note_creation(plan)
        elif plan.changes:
            plan.action = "update"
        plan.before = self._described(live) if live else None
        plan.after = self._described_after(plan, base)
        return plan

    def new_plan(self, before: Live | None) -> Plan:
        """Return an empty plan; raises :class:`InvalidInput` when the object cannot be created from the play."""
        return Plan(action="create" if before is None else "none")

    def resolve(self, before: Live | None, resolver: Resolver) -> None:
        """Look up every reference; ``cm_task_sequence`` adds those of the steps."""
        resolver.resolve()
        for text in resolver.warnings:
            self.task.warn(text)

    def _warn_of_twins(self, before: Live) -> None:
        """Warn when a new name is taken: names are no key, so the site would take it. Costs one query."""
        ids = [str(row.get("PackageID")) for row in self.store.rows(str(self.name))]
        others = sorted(other for other in ids if other.casefold() != before.package_id.casefold())
        if others:
            self.task.warn(
                f"name: {', '.join(others)} bears the name {self.name} already; with two of that name neither can be "
                "found by it, only by package_id."
            )

    def compare_steps(self, before: Live | None, plan: Plan) -> None:
        """Record that the steps differ; this module leaves steps alone."""

    def note_creation(self, plan: Plan) -> None:
        """Say in the result that an object is made, and what the account sees of the site."""
        self._read_scopes()
        seen = "" if self._scopes is None else f" The account sees the security scopes: {', '.join(self._scopes)}."
        would = "would be" if self.task.check_mode else "was"
        plan.notes.append(f"The task sequence {self.name} {would} created{self.creation_remark()}.{seen}")

    def creation_remark(self) -> str:
        """What the message about a creation adds."""
        return " with an empty sequence, as this module never writes steps"

    def _read_scopes(self) -> None:
        if self.params.get("report_scopes"):
            self._scopes = self.task.site.scopes()

    def _described_after(self, plan: Plan, live: Instance | None) -> dict[str, t.Any]:
        after = self._described(live if live else Instance(PACKAGE, dict(options.CREATE_DEFAULTS)))
        for change in plan.changes:
            group, _dot, key = change.option.partition(".")
            if key:
                after[group] = {**(after.get(group) or {}), key: change.after}
            elif group in after or group in ADDED:
                after[group] = change.after
        if plan.before is not None:
            plan.before.update({c.option: c.before for c in plan.changes if c.option in placement.OPTIONS})
        return after

    @staticmethod
    def _described(live: Instance) -> dict[str, t.Any]:
        """Return a package in the form of the play, with what only newer sites have."""
        return {**options.describe(live), **presentation.describe(live)}

    # -- absent ---------------------------------------------------------------------------------

    def plan_absent(self, before: Live | None) -> Plan:
        if before is None:
            # Role-based administration hides rows, so "not there" and "not visible" look the same.
            return Plan(notes=["Nothing was found; what the account may not see looks absent too."])
        self._deployments = self.store.deployments(before.package_id)
        parents = self.store.parents(before.package_id)
        problems = []
        if self._deployments and not self.params["remove_deployments"]:
            rows = [f"{row.get('AdvertisementID')} ({row.get('AdvertisementName')})" for row in self._deployments]
            shown = ", ".join(sorted(rows))
            rule = "is advertised; delete these advertisements first or set remove_deployments: true"
            problems.append(Problem("state", shown, rule))
        if parents and not self.params["force"]:
            rule = "these task sequences run it and would keep a dangling reference; force: true overrides"
            problems.append(Problem("state", ", ".join(parents), rule))
        if problems:
            raise GateRefused(problems, wmi_class=PACKAGE)
        plan = self.new_plan(before)
        plan.action, plan.before = "delete", options.describe(before.package)
        if self._deployments:
            ids = ", ".join(str(row.get("AdvertisementID")) for row in self._deployments)
            would = "would be" if self.task.check_mode else "were"
            plan.notes.append(f"Its advertisements {would} deleted first: {ids}.")
            plan.before = {**(plan.before or {}), "advertisements": ids.split(", ")}
        return plan

    # -- writing --------------------------------------------------------------------------------

    def apply(self, before: Live | None, plan: Plan) -> Live | None:
        if plan.action == "delete" and before is not None:
            for row in self._deployments:
                self.task.site.delete("SMS_Advertisement", {"AdvertisementID": str(row.get("AdvertisementID"))})
            self.store.delete(before.package_id)
            return None
        live = before
        if before is None:
            live = self.create(plan)
        elif any(change.option not in placement.OPTIONS for change in plan.changes):
            live = self.update(before, plan)
        if live is not None and self._placement is not None and self._placement.differs:
            # Folder and scopes are kept beside the package, so they follow when it is saved.
            self._placement.apply(live.package_id)
        return live

    def update(self, before: Live, plan: Plan) -> Live:
        """Save the package options; the steps stay as they are."""
        after = self.task.site.save(before.package, plan.properties, verify=False)
        self.check_package(after, plan)
        return Live(after, before.sequence)

    def create(self, plan: Plan) -> Live:
        """Create the package through SetSequence and settle a race of two creations."""
        own = self.store.save_steps(self.new_package(plan), self.new_steps(plan), settle=self._settle_create)
        package_id, warnings = self.task.site.keep_one(PACKAGE, self.store.rows(str(self.name)), own)
        for text in warnings:
            self.task.warn(text)
        package = self.store.saved(package_id)
        if package_id != own:
            return self._join(package)
        self.check_package(package, plan)
        return self.read_back(Live(package))

    def _join(self, package: Loaded) -> Live:
        """Go on with the package that another play made at the same time, which may differ from this one's."""
        live = self.with_steps(Live(package))
        plan = self.plan(live)
        return t.cast(Live, self.apply(live, plan)) if plan.changed else live

    def with_steps(self, live: Live) -> Live:
        """Read what a plan needs beside the package; ``cm_task_sequence`` adds the steps."""
        return live

    def read_back(self, live: Live) -> Live:
        """Compare what was created with what was sent; ``cm_task_sequence`` adds the steps."""
        return live

    def new_package(self, plan: Plan) -> Instance:
        """Return the package to create, with every default sent."""
        return Instance(PACKAGE, {**options.CREATE_DEFAULTS, "Name": str(self.name), **plan.properties})

    def new_steps(self, plan: Plan) -> Instance:
        """Return the steps to create the package with."""
        return EMPTY_SEQUENCE

    def _settle_create(self) -> str | None:
        """Return the ID of what was created when the answer was lost, ``None`` when nothing was.

        Raises :class:`InvalidInput` when several bear the name, so that none can be told to be ours.
        """
        return self.store.find(str(self.name))

    def check_package(self, package: Instance, plan: Plan) -> None:
        """Compare what the site holds with what was sent: a warning for another form of it.

        Raises :class:`NotAsWritten` for what was blanked.
        """
        lost, changed = options.deviations(package, plan.properties)
        if lost:
            raise NotAsWritten(
                f"The site saved {package.get('PackageID')} but left empty: {', '.join(lost)}.",
                wmi_class=PACKAGE,
                attempted=f"save the task sequence {package.get('Name')}",
            )
        for text in changed:
            self.task.warn(text)

    # -- the result -----------------------------------------------------------------------------

    def summary(self, live: Live | None, plan: Plan) -> dict[str, t.Any] | None:
        if self.absent:
            return None
        # Check mode returns the package as it would be after the run, a new name included.
        name = (plan.after or {}).get("name", self.name)
        if live is not None and not self.task.check_mode:
            name = live.package.get("Name")
        return {
            "kind": self.kind,
            "name": str(name),
            "package_id": None if live is None else live.package_id,
            "planned": live is None,
            "changed_options": plan.options,
            "written": plan.changed and not self.task.check_mode,
        }

    def title(self) -> str:
        return f"task sequence {self.name or self.package_id}"

    def extra(self, plan: Plan) -> dict[str, t.Any]:
        found: dict[str, t.Any] = {}
        if self._scopes is not None:
            found["scopes"] = self._scopes
        if self._resolver is not None and self._resolver.unresolved:
            found["unresolved"] = self._resolver.unresolved
        if self.params["unknown_ids"] == "keep":
            found["dangling_references"] = self._resolver.dangling if self._resolver else []
        return found
