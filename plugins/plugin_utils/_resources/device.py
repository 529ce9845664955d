# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Devices: import, variables, primary users, state migration, the PXE flag, delete (provider-behaviour 7).

A record cannot be created or changed through its class: ``ImportMachineEntry`` makes it, and it shows
when the site has processed the discovery data. What hangs on the record needs it to be there, so the task waits.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._cim import wql
from .._cim.instance import Instance, Value
from .._errors import ConfigMgrError, GateRefused, InvalidInput, NotAsWritten, Problem
from .._plan import Plan
from .._provider.site import Loaded
from . import _device_extras as extras
from . import _device_identity as identity
from . import _variables, _wait
from ._base import ManagedResource

SITE = "SMS_Site"
IMPORT = "ImportMachineEntry"
PARTS = ("variables", "primary_users", "migration", "clear_pxe")
"""Options that need the record itself."""


@dataclasses.dataclass
class Live:
    """A device as it was read: the record and what the play manages of what hangs on it."""

    row: Instance
    settings: Loaded | None = None
    users: list[str] = dataclasses.field(default_factory=list)
    migration: dict[str, t.Any] | None = None
    last_pxe: str = ""


@dataclasses.dataclass
class DevicePlan(Plan):
    """The plan of a device with the facts that the run needs beside the changed options."""

    variables: _variables.VariablePlan | None = None
    left_over: list[Instance] = dataclasses.field(default_factory=list)
    """Duplicates to delete."""


class Device(ManagedResource):
    """``cm_device``."""

    key = kind = "device"

    def validate(self) -> None:
        problems: list[Problem] = []
        self.wanted = identity.parse(self.params, problems)
        self.variables = _variables.Variables(self.task, _variables.DEVICE)
        problems += self.variables.problems()
        given = self.params["primary_users"]
        self.users = None
        if given is not None:
            self.users = extras.PrimaryUsers(given, self.params["primary_users_mode"] == "complete")
            problems += self.users.problems()
        self.migration = extras.Migration(self.params["migration"]) if self.params["migration"] else None
        problems += self.migration.problems() if self.migration else []
        if self.absent:
            for option in (*PARTS, "overwrite", "wait"):
                if self.params[option] not in (None, False):
                    problems.append(Problem(option, "", "makes no sense with state: absent"))
        elif self.wanted.hardware and self.wanted.name is not None and not identity.NETBIOS.match(self.wanted.name):
            rule = "must be a NetBIOS name: at most 15 letters, digits, hyphens and underscores"
            problems.append(Problem("name", self.wanted.name, rule))
        problems += _wait.problems(self.params)
        self.refuse(problems)
        self._rows: list[Instance] = []
        self._choice = identity.Choice()
        self._imported: int | None = None

    # -- reading ----------------------------------------------------------------------------------

    def read(self) -> Live | None:
        self._look()
        choice = self._choose()
        if choice.row is None:
            return None
        return Live(choice.row) if self.absent else self._with_parts(choice.row)

    def _look(self) -> None:
        """Read every record that has to do with the device, and the source of its migration (1 request)."""
        where = self.wanted.where()
        if self.migration is not None:
            where = wql.either(where, self.migration.where())
        self._rows = identity.once(self.task.site.query(identity.CLASS, where, list(identity.COLUMNS)))

    def _choose(self) -> identity.Choice:
        own = [row for row in self._rows if self.wanted.matches(row)]
        if self.absent:
            self._choice = identity.choose_absent(own, self.wanted)
        else:
            self._choice = identity.choose(own, self.wanted, overwrite=self.params["overwrite"])
            self._find_source()
        return self._choice

    def _find_source(self) -> None:
        if self.migration is None:
            return
        found = [row for row in self.migration.find_source(self._rows) if not identity.is_unknown(row)]
        found = [row for row in found if not identity.is_obsolete(row)] or found
        if len(found) > 1:
            offers = ", ".join(identity.label(row) for row in found[: identity.MOST_OFFERED])
            rule = f"{len(found)} records have this name, choose one, {{resource_id: ...}}: {offers}"
            raise InvalidInput([Problem("migration.source", self.migration.source, rule)])
        if found:
            self.migration.source_id = identity.number(found[0])
        elif not self.migration.absent and not self._is_planned(self.migration.source):
            rule = "the site has no such device, or the account may not see it"
            raise InvalidInput([Problem("migration.source", self.migration.source, rule)])

    def _is_planned(self, name: str) -> bool:
        """Whether an earlier task would have made a device of this name; counts in check mode only."""
        entries = [entry for entry in self.params["planned"] if entry and entry.get("planned", True)]
        made = {str(entry.get("name") or "").casefold() for entry in entries if entry.get("kind") == self.kind}
        return self.task.check_mode and name.casefold() in made

    def _with_parts(self, row: Instance) -> Live:
        site, number = self.task.site, identity.number(row)
        live = Live(row)
        if self.variables.managed:
            live.settings = self.variables.read(number)
        if self.users is not None:
            live.users = self.users.read(site, number)
        if self.migration is not None:
            live.migration = self.migration.read(site, number)
        if self.params["clear_pxe"]:
            live.last_pxe = extras.last_pxe(site, number)
        return live

    # -- planning ---------------------------------------------------------------------------------

    def plan(self, before: Live | None) -> DevicePlan:
        if self.absent:
            return self._plan_absent(before)
        plan = DevicePlan("none" if before is not None else "create")
        if before is not None:
            plan.before = self._form(before)
            if self._choice.differs and self.params["overwrite"]:
                _refuse_site_system(before.row, "its record is not taken over")
            for option, (stored, wanted) in self._choice.differs.items():
                if self.params["overwrite"]:
                    plan.change(option, stored, wanted)
                else:
                    self.task.warn(
                        f"{option}: the record {identity.label(before.row)} has {stored or 'none'}, not {wanted}; "
                        "overwrite: true writes it."
                    )
        else:
            self._plan_import(plan)
        self._plan_parts(before, plan)
        self._plan_left_over(plan)
        if before is not None and plan.changes:
            plan.action = "update"
        plan.after = self._after(before, plan)
        return plan

    def _plan_import(self, plan: DevicePlan) -> None:
        if not self.wanted.hardware or self.wanted.name is None:
            rule = "the site has no such device, or the account may not see it; to import it, give name and "
            rule += "mac_address or smbios_guid"
            raise InvalidInput([Problem("name", self.wanted.shown, rule)])
        for option, value in self._facts().items():
            if value:
                plan.change(option, "", value)

    def _facts(self) -> dict[str, str]:
        wanted = self.wanted
        return {"name": wanted.name or "", "smbios_guid": wanted.guid or "", "mac_address": wanted.mac or ""}

    def _plan_parts(self, before: Live | None, plan: DevicePlan) -> None:
        live = before or Live(Instance(identity.CLASS))
        if self.variables.managed:
            plan.variables = self.variables.plan(live.settings, self.title())
            plan.notes += plan.variables.notes
            if plan.variables.changed:
                plan.change("variables", plan.variables.before, plan.variables.after)
        if self.users is not None and self.users.after(live.users) != live.users:
            plan.change("primary_users", live.users, self.users.after(live.users))
        if self.migration is not None and self.migration.after(live.migration) != live.migration:
            plan.change("migration", live.migration, self.migration.after(live.migration))
        if live.last_pxe:
            plan.change("clear_pxe", live.last_pxe, "")

    def _plan_left_over(self, plan: DevicePlan) -> None:
        duplicates = self._choice.duplicates
        plan.left_over = [
            row
            for row in duplicates
            if identity.is_left_over(row) and not identity.shares_only_mac(row, self.wanted, self._choice.row)
        ]
        if not self.params["remove_duplicates"]:
            plan.left_over = []
        if plan.left_over:
            kept = [row for row in duplicates if row not in plan.left_over]
            plan.change("duplicates", [identity.label(r) for r in duplicates], [identity.label(r) for r in kept])
        elif duplicates and not self.absent:
            shown = ", ".join(identity.label(row) for row in duplicates[: identity.MOST_OFFERED])
            plan.notes.append(f"Other records of the {self.title()}: {shown}.")

    def _plan_absent(self, before: Live | None) -> DevicePlan:
        plan = DevicePlan("none")
        self._plan_left_over(plan)
        if before is not None:
            _refuse_site_system(before.row, "its record is not deleted")
            plan.action, plan.before = "delete", self._form(before)
        elif plan.left_over:
            plan.action, plan.before, plan.after = "update", {}, {}
        for change in plan.changes:
            plan.before = {**(plan.before or {}), change.option: change.before}
            plan.after = {**(plan.after or {}), change.option: change.after}
        return plan

    # -- writing ----------------------------------------------------------------------------------

    def apply(self, before: Live | None, plan: Plan) -> Live | None:
        plan = t.cast(DevicePlan, plan)
        site = self.task.site
        if self.absent:
            for row in [*([before.row] if before is not None else []), *plan.left_over]:
                site.delete(identity.CLASS, {"ResourceID": identity.number(row)})
            return None
        if before is None:
            return self._import_new(plan)
        number = identity.number(before.row)
        if self._choice.differs and self.params["overwrite"]:
            self._import(overwrite=True)
        if plan.variables is not None and plan.variables.changed:
            before.settings = self.variables.apply(number, before.settings, plan.variables)
        if self.users is not None and "primary_users" in plan.options:
            before.users = self.users.apply(site, number, before.users)
        if self.migration is not None and "migration" in plan.options:
            self.migration.apply(site, number, before.migration)
            before.migration = self.migration.read(site, number)
        if before.last_pxe:
            extras.clear_pxe(site, number)
            before.last_pxe = ""
        for row in plan.left_over:
            site.delete(identity.CLASS, {"ResourceID": identity.number(row)})
        if self._choice.differs or plan.left_over:
            self._look()
            before.row = self._choose().row or before.row
            self._check_written(plan)
        return before

    def _check_written(self, plan: DevicePlan) -> None:
        wrong = [option for option in self._choice.differs if option in plan.options]
        if wrong:
            raise NotAsWritten(
                f"The site imported the {self.title()} but its record still has other values in: {', '.join(wrong)}.",
                wmi_class=identity.CLASS,
                method=IMPORT,
            )

    def _import(self, *, overwrite: bool) -> tuple[bool, int]:
        """Import the device; return whether the site had it already, and its ResourceID."""
        site, wanted = self.task.site, self.wanted
        row = self._choice.row or Instance(identity.CLASS)
        params: dict[str, Value] = {
            "NetbiosName": wanted.name or str(row.get("Name", "")),
            "SMBIOSGUID": wanted.guid or identity.guid(row),
            "MACAddress": wanted.mac or next(iter(identity.macs(row)), ""),
            "OverwriteExistingRecord": overwrite,
        }
        what = f"import the {self.title()}"

        def send() -> tuple[bool, int]:
            answer = site.cim.invoke(SITE, IMPORT, params)
            if answer.return_value not in (0, None):
                raise NotAsWritten(f"{IMPORT} returned {str(answer.return_value)[:50]} for the {self.title()}.")
            number = answer.out.get("ResourceID")
            return bool(answer.out.get("MachineExists")), number if isinstance(number, int) else 0

        def settle() -> tuple[bool, int] | None:
            # A record shows late: that it is not there yet decides nothing.
            self._look()
            row = self._choose().row
            if row is None or self._choice.differs:
                raise ConfigMgrError("the device does not show yet")
            return False, identity.number(row)

        return site.write(what, send, settle=settle, wmi_class=SITE, method=IMPORT)

    def _import_new(self, plan: DevicePlan) -> Live | None:
        written = list(self.task.site.written)
        known, number = self._import(overwrite=self.params["overwrite"])
        self._imported = number or None
        needs_record = any(option in plan.options for option in (*PARTS, "duplicates"))
        if self.params["wait"] or needs_record:
            _wait.wait_for(self.task, self._shows, what=f"the record of the {self.title()}")
        else:
            self._look()
            self._choose()
        row = self._choice.row
        if known and not self.params["overwrite"]:
            # Nothing was made: the site had it, unseen so far.
            self.task.site.written[:] = written
            return self._go_on(row, plan)
        if row is None:
            plan.notes.append(f"The {self.title()} was imported; the site does not show its record yet.")
            return None
        live = Live(row)
        follow = DevicePlan(action="update", changes=list(plan.changes))
        follow.variables, follow.left_over = plan.variables, plan.left_over
        self._choice.differs.clear()
        return self.apply(live, follow)

    def _go_on(self, row: Instance | None, plan: DevicePlan) -> Live | None:
        """Go on with a record that was imported before and did not show when this task looked."""
        if row is None:
            plan.action, plan.changes = "none", []
            plan.notes.append(f"The site knows the {self.title()} already, but does not show its record yet.")
            return None
        live = self._with_parts(row)
        follow = self.plan(live)
        plan.action, plan.changes, plan.before, plan.after = follow.action, follow.changes, follow.before, follow.after
        plan.variables, plan.left_over, plan.notes = follow.variables, follow.left_over, follow.notes
        return self.apply(live, follow) if follow.changed else live

    def _shows(self) -> _wait.Progress:
        self._look()
        row = self._choose().row
        state = {"resource_id": self._imported, "name": self.wanted.name}
        return _wait.Progress(row is not None, "the record shows" if row else "imported, does not show yet", state)

    # -- reporting --------------------------------------------------------------------------------

    def _form(self, live: Live) -> dict[str, t.Any]:
        """Return the device as the diff shows it: the record and the managed parts."""
        row = live.row
        form: dict[str, t.Any] = {
            "name": str(row.get("Name", "")),
            "smbios_guid": identity.guid(row),
            "mac_addresses": identity.macs(row),
        }
        if self.absent:
            return form
        if self.variables.managed:
            form["variables"] = {item["name"]: item["value"] for item in self.variables.show(live.settings)}
        if self.users is not None:
            form["primary_users"] = live.users
        if self.migration is not None:
            form["migration"] = live.migration
        if self.params["clear_pxe"]:
            form["last_pxe_deployment"] = live.last_pxe
        if self.params["remove_duplicates"]:
            form["duplicates"] = [identity.label(item) for item in self._choice.duplicates]
        return form

    def _after(self, before: Live | None, plan: DevicePlan) -> dict[str, t.Any]:
        after = dict(plan.before) if plan.before is not None else self._form(Live(Instance(identity.CLASS)))
        names = {"mac_address": "mac_addresses", "clear_pxe": "last_pxe_deployment"}
        for change in plan.changes:
            value = [change.after] if change.option == "mac_address" else change.after
            after[names.get(change.option, change.option)] = value
        return after

    def summary(self, live: Live | None, plan: Plan) -> dict[str, t.Any] | None:
        if self.absent:
            return None
        shown = live is not None
        form = self._form(live) if live is not None else dict(plan.after or {})
        if self.task.check_mode and plan.after:
            form = dict(plan.after)
        form.pop("duplicates", None)
        left = t.cast(DevicePlan, plan).left_over if not self.task.check_mode else []
        summary: dict[str, t.Any] = {
            "kind": self.kind,
            "planned": not shown and self._imported is None,
            "resource_id": identity.number(live.row) if live is not None else self._imported,
            "created": plan.action == "create",
            "visible": shown,
            "client": live is not None and live.row.number("Client") == 1,
            **form,
            "duplicates": [identity.describe(row) for row in self._choice.duplicates if row not in left],
            "changed_options": plan.options,
            "written": plan.changed and not self.task.check_mode,
        }
        if self.variables.managed:
            settings = live.settings if live is not None else None
            summary["variables"] = self.variables.show(settings)
            planned = t.cast(DevicePlan, plan).variables
            if planned is not None and (self.task.check_mode or not shown):
                summary["variables"] = [_variables.shown(item) for item in planned.items]
        return summary

    def title(self) -> str:
        return f"device {self.wanted.shown}"


def _refuse_site_system(row: Instance, consequence: str) -> None:
    roles = [str(role) for role in row.get("SystemRoles", [])]
    if roles:
        rule = f"is a site system ({', '.join(roles)}); {consequence}"
        raise GateRefused([Problem("name", identity.label(row), rule)], detail={"roles": roles})
