# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every object with content shares: packages, boot images, images, upgrade packages, driver packages.

All of them derive from SMS_PackageBaseclass (reference: provider-behaviour 2.2, 2.3): an ID that the
site makes, a name that is no key, and the columns that tell objects of one name apart.
"""

from __future__ import annotations

import typing as t

from .._cim import wql
from .._cim.instance import Instance, Value
from .._errors import InvalidInput, NotAsWritten, Problem
from .._plan import Plan
from .._provider import names
from .._provider.references import KINDS
from .._provider.site import DELETING, Loaded, equal, same_name
from ._classic import (
    ClassicResource,
    name_sequences,
    referring_sequences,
    refuse_if_advertised,
    refuse_if_run_first,
    refuse_if_used,
)

SOURCE_NONE = 1
SOURCE_DIRECT = 2

NARROWING = ("version", "manufacturer", "language")
"""What tells objects of one name apart."""
MEMO_LIMIT = 512

COMMON: dict[str, Value] = {
    "Version": "",
    "Manufacturer": "",
    "Language": "",
    "Description": "",
    "PkgSourcePath": "",
    "PkgSourceFlag": SOURCE_NONE,
    "PackageType": 0,
    "PkgFlags": 0,
    "Priority": 2,
    "ShareType": 1,
    "ShareName": "",
    "ForcedDisconnectEnabled": False,
    "ForcedDisconnectDelay": 5,
    "ForcedDisconnectNumRetries": 2,
    "IgnoreAddressSchedule": False,
    "MIFFilename": "",
    "MIFName": "",
    "MIFPublisher": "",
    "MIFVersion": "",
    "PreferredAddressType": "",
}
"""What a new object gets: a create never relies on defaults of the server."""


class PackageLike(ClassicResource):
    """An object with content; subclasses name the class, the options and what a new object gets."""

    wmi_class: t.ClassVar[str]
    columns: t.ClassVar[t.Mapping[str, str]]
    """Text option to property; all of them are plain columns, so a query row is enough to compare."""
    defaults: t.ClassVar[t.Mapping[str, Value]]
    one_line: t.ClassVar[tuple[str, ...]] = ("version", "manufacturer", "language", "source_path")
    advertised: t.ClassVar[bool] = False
    """Whether deployments of it stand in the way of a delete."""

    @property
    def noun(self) -> str:
        """The kind as a person reads it."""
        return KINDS[self.kind].noun

    def validate(self) -> None:
        self.refuse(self.problems())

    def problems(self) -> list[Problem]:
        """Return what is wrong with the options that all of them have."""
        problems = []
        name = self.params["name"]
        if name is not None:
            fault = names.fault_in_name(name)
            if fault:
                problems.append(Problem("name", names.shown(name), fault))
            elif len(name) > names.CONSOLE_LIMIT:
                self.task.warn(names.console_warning(name))
        package_id = self.params["package_id"]
        if package_id is not None and not KINDS[self.kind].is_id(package_id):
            problems.append(Problem("package_id", package_id, "is not a package ID; one looks like PS100005"))
        for option in self.one_line:
            if self.params[option] is not None:
                fault = names.fault_in_text(self.params[option], names.LIMIT)
                if fault:
                    problems.append(Problem(option, names.shown(self.params[option]), fault))
        if self.params["description"] is not None:
            fault = names.fault_in_memo(self.params["description"], MEMO_LIMIT)
            if fault:
                problems.append(Problem("description", names.shown(self.params["description"]), fault))
        return problems

    # -- reading --------------------------------------------------------------------------------

    def read(self) -> Instance | None:
        package_id = self.params["package_id"]
        if package_id is None:
            return self._by_name(self._rows_named(self.params["name"]))
        rows = self.task.site.query(self.wmi_class, wql.equals("PackageID", package_id))
        alive = [row for row in rows if row.get("ActionInProgress") != DELETING]
        if not alive and not self.absent:
            raise self.unknown_id()
        return alive[0] if alive else None

    def unknown_id(self) -> InvalidInput:
        """Return the error for an ID that the site does not have: an ID never creates anything."""
        rule = f"the site has no {self.noun} with this ID, or hides it; to create one, give its name only"
        return InvalidInput([Problem("package_id", self.params["package_id"], rule)])

    def _rows_named(self, name: str) -> list[Instance]:
        return same_name(self.task.site.query(self.wmi_class, wql.equals("Name", name)), name)

    def _by_name(self, rows: list[Instance]) -> Instance | None:
        """Return the object that is meant; names are no key, so several may bear it.

        What is to be absent must fit the version and the rest that the play gives, also where only one
        object bears the name: to say "no version 4" must never delete version 5.
        """
        if self.absent:
            rows = [row for row in rows if self._fits(row)]
        if len(rows) > 1:
            narrowed = [row for row in rows if self._fits(row)]
            if len(narrowed) != 1:
                offers = "; ".join(self._offer(row) for row in rows[:10])
                rule = f"{len(rows)} {self.noun}s bear this name, choose one by package_id: {offers}"
                raise InvalidInput([Problem("name", self.params["name"], rule)])
            rows = narrowed
        return rows[0] if rows else None

    def _offer(self, row: Instance) -> str:
        details = [f"{option} {row.get(self.columns[option])}" for option in NARROWING if row.get(self.columns[option])]
        return " ".join([str(row.get("PackageID")), *details])

    def _fits(self, row: Instance) -> bool:
        return all(
            str(row.get(self.columns[option], "")).casefold() == self.params[option].casefold()
            for option in NARROWING
            if self.params[option] is not None
        )

    # -- planning -------------------------------------------------------------------------------

    def plan(self, before: Instance | None) -> Plan:
        if self.absent:
            return self._plan_absent(before)
        if before is None:
            plan = Plan("create", properties=dict(self.defaults))
        else:
            plan = Plan("none", before=self._options(before))
        self.plan_texts(plan, before)
        self.plan_more(plan, before)
        if before is not None and plan.changes:
            plan.action = "update"
        after = dict(plan.before or self._options(Instance(self.wmi_class, dict(self.defaults))))
        after.update({change.option: change.after for change in plan.changes})
        plan.after = after
        return plan

    def plan_texts(self, plan: Plan, before: Instance | None) -> None:
        """Compare the text options."""
        for option, column in self.columns.items():
            wanted = self.params[option]
            if wanted is None:
                continue
            stored = before.get(column, "") if before is not None else self.defaults.get(column)
            # A name that differs in case only is the same name unless the ID says which object is meant.
            same = option == "name" and before is not None and self.params["package_id"] is None
            if not same and not self.same_text(option, stored, wanted):
                plan.change(option, stored, wanted, **{column: wanted})

    def same_text(self, option: str, stored: t.Any, wanted: str) -> bool:
        """Whether the stored text of an option means what the play wants."""
        return equal(stored, wanted)

    def plan_more(self, plan: Plan, before: Instance | None) -> None:
        """Compare what only this kind has."""
        if "PkgSourcePath" in plan.properties:
            plan.properties["PkgSourceFlag"] = SOURCE_DIRECT if plan.properties["PkgSourcePath"] else SOURCE_NONE

    def _plan_absent(self, before: Instance | None) -> Plan:
        if before is None:
            return Plan("none")
        package_id = str(before.get("PackageID"))
        users = referring_sequences(self.task.site, package_id)
        if users:
            title = f"{self.noun} {before.get('Name')} ({package_id})"
            refuse_if_used(title, name_sequences(self.task.site, users) or users)
        if self.advertised:
            refuse_if_advertised(self.title(), self.task.site, package_id)
            refuse_if_run_first(self.title(), self.task.site, package_id)
        return Plan("delete", before=self._options(before))

    # -- writing --------------------------------------------------------------------------------

    def apply(self, before: Instance | None, plan: Plan) -> Instance | None:
        if plan.action == "delete" and before is not None:
            self.task.site.delete(self.wmi_class, {"PackageID": str(before.get("PackageID"))})
            return None
        if before is not None:
            return self.save(before, plan)
        return self._create(plan)

    def save(self, before: Instance, plan: Plan) -> Instance:
        """Change the object that is there; what was read by query is read by key first."""
        site = self.task.site
        loaded = before
        if not isinstance(loaded, Loaded):
            loaded = site.get(self.wmi_class, {"PackageID": str(before.get("PackageID"))})
        return site.save(loaded, plan.properties)

    def _create(self, plan: Plan) -> Instance:
        site = self.task.site
        name = str(plan.properties["Name"])

        def settle() -> dict[str, str] | None:
            rows = self._as_written(self._rows_named(name), plan)
            return {"PackageID": min(str(row.get("PackageID")) for row in rows)} if rows else None

        own = self.send_create(plan, settle)["PackageID"]
        rows = self._rows_named(name)
        kept, warnings = site.keep_one(self.wmi_class, [row for row in rows if self._fits(row)], own)
        for warning in warnings:
            self.task.warn(warning)
        row = next((row for row in rows if str(row.get("PackageID")) == kept), None)
        if row is None:
            raise NotAsWritten(
                f"The site created the {self.noun} {own} but does not show it to this account; check its security "
                "scopes.",
                wmi_class=self.wmi_class,
                attempted=f"create {self.wmi_class}",
            )
        if kept != own:
            # The other play's object may differ in what it was given.
            row = self.whole(row)
            follow = self.plan(row)
            return t.cast(Instance, self.apply(row, follow)) if follow.changed else row
        if not self._as_written([row], plan):
            wrong = sorted(k for k in self._checked(plan) if not equal(row.get(k), plan.properties[k]))
            raise NotAsWritten(
                f"The site created the {self.noun} {own} but holds other values in: {', '.join(wrong)}.",
                wmi_class=self.wmi_class,
                attempted=f"create {self.wmi_class}",
            )
        return self.whole(row)

    def send_create(self, plan: Plan, settle: t.Callable[[], dict[str, str] | None]) -> dict[str, str]:
        """Send the new object and return its key; ``settle`` looks for it after a lost answer."""
        return self.task.site.create(Instance(self.wmi_class, dict(plan.properties)), settle=settle)

    def whole(self, row: Instance) -> Instance:
        """Return an object with everything that its options need; a row has all where no property is lazy."""
        return row

    def _checked(self, plan: Plan) -> set[str]:
        """Return the columns by which a new object is recognised."""
        return set(self.columns.values()) & set(plan.properties)

    def _as_written(self, rows: t.Iterable[Instance], plan: Plan) -> list[Instance]:
        columns = self._checked(plan)
        return [row for row in rows if all(equal(row.get(k), plan.properties[k]) for k in columns)]

    # -- reporting ------------------------------------------------------------------------------

    def _options(self, row: Instance) -> dict[str, t.Any]:
        """Return an object in the form of the play."""
        return {option: str(row.get(column, "")) for option, column in self.columns.items()}

    def summary(self, live: Instance | None, plan: Plan) -> dict[str, t.Any] | None:
        if live is None and plan.action != "create":
            return None
        options = self._options(live) if live is not None else dict(plan.after or {})
        if self.task.check_mode and plan.after:
            options = dict(plan.after)
        return {
            "kind": self.kind,
            "planned": live is None,
            "package_id": str(live.get("PackageID")) if live is not None else None,
            **options,
            **self.facts(live),
            "changed_options": plan.options,
            "written": plan.changed and not self.task.check_mode,
        }

    def facts(self, live: Instance | None) -> dict[str, t.Any]:
        """Return what the result shows beyond the options; ``live`` is null for an object that is only planned."""
        return {}

    def title(self) -> str:
        return f"{self.noun} {self.params['name'] or self.params['package_id']}"

    def extra(self, plan: Plan) -> dict[str, t.Any]:
        self._said, scopes = self.scope_note(plan, found=plan.before is not None)
        return {} if scopes is None else {"scopes": scopes}

    def message(self, plan: Plan) -> str | None:
        return " ".join([*([self._said] if self._said else []), *plan.notes]) or None
