# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The classic package: SMS_Package (reference: provider-behaviour 2.2, 2.3 for the base class)."""

from __future__ import annotations

import typing as t

from .._cim import wql
from .._cim.instance import Instance, Value
from .._errors import InvalidInput, NotAsWritten, Problem
from .._plan import Plan
from .._provider import names
from .._provider.references import KINDS
from .._provider.site import DELETING, equal, same_name
from ._classic import ClassicResource, name_sequences, referring_sequences, refuse_if_advertised, refuse_if_used

CLASS = "SMS_Package"
SOURCE_NONE = 1
SOURCE_DIRECT = 2

PROPERTIES = {
    "name": "Name",
    "version": "Version",
    "manufacturer": "Manufacturer",
    "language": "Language",
    "description": "Description",
    "source_path": "PkgSourcePath",
}
"""Option to property; all of them are plain columns, so a query row is enough to compare."""

NARROWING = ("version", "manufacturer", "language")
"""What tells packages of one name apart."""

DEFAULTS: dict[str, Value] = {
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
"""What a new package gets: a create never relies on defaults of the server."""


class Package(ClassicResource):
    """``cm_package``."""

    key = kind = "package"

    def validate(self) -> None:
        problems = []
        name = self.params["name"]
        if name is not None:
            fault = names.fault_in_name(name)
            if fault:
                problems.append(Problem("name", names.shown(name), fault))
            elif len(name) > names.CONSOLE_LIMIT:
                self.task.warn(names.console_warning(name))
        package_id = self.params["package_id"]
        if package_id is not None and not KINDS["package"].is_id(package_id):
            problems.append(Problem("package_id", package_id, "is not a package ID; one looks like PS100005"))
        for option in ("version", "manufacturer", "language", "source_path"):
            if self.params[option] is not None:
                fault = names.fault_in_text(self.params[option], names.LIMIT)
                if fault:
                    problems.append(Problem(option, names.shown(self.params[option]), fault))
        if self.params["description"] is not None:
            fault = names.fault_in_memo(self.params["description"], 512)
            if fault:
                problems.append(Problem("description", names.shown(self.params["description"]), fault))
        self.refuse(problems)

    # -- reading --------------------------------------------------------------------------------

    def read(self) -> Instance | None:
        package_id = self.params["package_id"]
        if package_id is None:
            return self._by_name(self._rows_named(self.params["name"]))
        rows = self.task.site.query(CLASS, wql.equals("PackageID", package_id))
        alive = [row for row in rows if row.get("ActionInProgress") != DELETING]
        if not alive and not self.absent:
            rule = "the site has no package with this ID, or hides it; to create one, give its name only"
            raise InvalidInput([Problem("package_id", package_id, rule)])
        return alive[0] if alive else None

    def _rows_named(self, name: str) -> list[Instance]:
        return same_name(self.task.site.query(CLASS, wql.equals("Name", name)), name)

    def _by_name(self, rows: list[Instance]) -> Instance | None:
        """Return the package that is meant; names are no key, so several may bear it.

        What is to be absent must fit the version and the rest that the play gives, also where only one
        package bears the name: to say "no version 4" must never delete version 5.
        """
        if self.absent:
            rows = [row for row in rows if self._fits(row)]
        if len(rows) > 1:
            narrowed = [row for row in rows if self._fits(row)]
            if len(narrowed) != 1:
                offers = "; ".join(self._offer(row) for row in rows[:10])
                rule = f"{len(rows)} packages bear this name, choose one by package_id: {offers}"
                raise InvalidInput([Problem("name", self.params["name"], rule)])
            rows = narrowed
        return rows[0] if rows else None

    @staticmethod
    def _offer(row: Instance) -> str:
        details = [f"{option} {row.get(PROPERTIES[option])}" for option in NARROWING if row.get(PROPERTIES[option])]
        return " ".join([str(row.get("PackageID")), *details])

    def _fits(self, row: Instance) -> bool:
        return all(
            str(row.get(PROPERTIES[option], "")).casefold() == self.params[option].casefold()
            for option in NARROWING
            if self.params[option] is not None
        )

    # -- planning -------------------------------------------------------------------------------

    def plan(self, before: Instance | None) -> Plan:
        if self.absent:
            return self._plan_absent(before)
        if before is None:
            plan = Plan("create")
            plan.properties.update(DEFAULTS)
        else:
            plan = Plan("none", before=self._options(before))
        for option, column in PROPERTIES.items():
            wanted = self.params[option]
            if wanted is None:
                continue
            stored = before.get(column, "") if before is not None else DEFAULTS.get(column)
            # A name that differs in case only is the same name unless the ID says which package is meant.
            same = option == "name" and before is not None and self.params["package_id"] is None
            if not same and not equal(stored, wanted):
                plan.change(option, stored, wanted, **{column: wanted})
        if "PkgSourcePath" in plan.properties:
            plan.properties["PkgSourceFlag"] = SOURCE_DIRECT if plan.properties["PkgSourcePath"] else SOURCE_NONE
        if before is not None:
            plan.action = "update" if plan.changes else "none"
        after = dict(plan.before or {option: "" for option in PROPERTIES})
        after.update({change.option: change.after for change in plan.changes})
        plan.after = after
        return plan

    def _plan_absent(self, before: Instance | None) -> Plan:
        if before is None:
            return Plan("none")
        package_id = str(before.get("PackageID"))
        users = referring_sequences(self.task.site, package_id)
        if users:
            title = f"package {before.get('Name')} ({package_id})"
            refuse_if_used(title, name_sequences(self.task.site, users) or users)
        refuse_if_advertised(self.title(), self.task.site, package_id)
        return Plan("delete", before=self._options(before))

    # -- writing --------------------------------------------------------------------------------

    def apply(self, before: Instance | None, plan: Plan) -> Instance | None:
        if plan.action == "delete" and before is not None:
            self.task.site.delete(CLASS, {"PackageID": str(before.get("PackageID"))})
            return None
        if before is not None:
            loaded = self.task.site.get(CLASS, {"PackageID": str(before.get("PackageID"))})
            return self.task.site.save(loaded, plan.properties)
        return self._create(plan)

    def _create(self, plan: Plan) -> Instance:
        site = self.task.site
        name = str(plan.properties["Name"])

        def settle() -> dict[str, str] | None:
            rows = self._as_written(self._rows_named(name), plan)
            return {"PackageID": min(str(row.get("PackageID")) for row in rows)} if rows else None

        own = site.create(Instance(CLASS, dict(plan.properties)), settle=settle)["PackageID"]
        rows = self._rows_named(name)
        kept, warnings = site.keep_one(CLASS, [row for row in rows if self._fits(row)], own)
        for warning in warnings:
            self.task.warn(warning)
        row = next((row for row in rows if str(row.get("PackageID")) == kept), None)
        if row is None:
            raise NotAsWritten(
                f"The site created the package {own} but does not show it to this account; check its security scopes.",
                wmi_class=CLASS,
                attempted=f"create {CLASS}",
            )
        if kept != own:
            # The other play's package may differ in what it was given.
            follow = self.plan(row)
            return t.cast(Instance, self.apply(row, follow)) if follow.changed else row
        if not self._as_written([row], plan):
            wrong = sorted(k for k, v in plan.properties.items() if not equal(row.get(k), v))
            raise NotAsWritten(
                f"The site created the package {own} but holds other values in: {', '.join(wrong)}.",
                wmi_class=CLASS,
                attempted=f"create {CLASS}",
            )
        return row

    @staticmethod
    def _as_written(rows: t.Iterable[Instance], plan: Plan) -> list[Instance]:
        columns = set(PROPERTIES.values()) & set(plan.properties)
        return [row for row in rows if all(equal(row.get(k), plan.properties[k]) for k in columns)]

    # -- reporting ------------------------------------------------------------------------------

    @staticmethod
    def _options(row: Instance) -> dict[str, t.Any]:
        return {option: str(row.get(column, "")) for option, column in PROPERTIES.items()}

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
            "changed_options": plan.options,
            "written": plan.changed and not self.task.check_mode,
        }

    def title(self) -> str:
        return f"package {self.params['name'] or self.params['package_id']}"

    def extra(self, plan: Plan) -> dict[str, t.Any]:
        self._said, scopes = self.scope_note(plan, found=plan.before is not None)
        return {} if scopes is None else {"scopes": scopes}

    def message(self, plan: Plan) -> str | None:
        return self._said
