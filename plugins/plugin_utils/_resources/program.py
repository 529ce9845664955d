# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The program of a classic package: SMS_Program, whose keys are the package's ID and the name."""

from __future__ import annotations

import typing as t

from .._cim.instance import Instance, Value
from .._errors import AlreadyExists, InvalidInput, NotAsWritten, Problem
from .._plan import NOT_THERE_YET, Plan
from .._provider import names
from .._provider.ref import Ref
from .._provider.references import Resolver, parse_ref
from .._provider.site import DELETING, Loaded, equal
from . import _platforms, _program_flags
from ._base import Task
from ._classic import (
    SEQUENCE,
    ClassicResource,
    name_sequences,
    referring_sequences,
    refuse_if_advertised,
    refuse_if_run_first,
    refuse_if_used,
    uses_program,
)

CLASS = "SMS_Program"
DEFAULT_RUN_TIME = 120
LONGEST_RUN_TIME = 0xFFFFFFFF
COMMAND_LIMIT = 4000

TEXTS = {"command_line": "CommandLine", "working_directory": "WorkingDirectory", "comment": "Comment"}

DEFAULTS: dict[str, Value] = {
    "CommandLine": "",
    "WorkingDirectory": "",
    "Comment": "",
    "Duration": DEFAULT_RUN_TIME,
    "ProgramFlags": _program_flags.NEW,
    "SupportedOperatingSystems": [],
    "ApplicationHierarchy": "",
    "DependentProgram": "",
    "Description": "",
    "DiskSpaceReq": "",
    "DriveLetter": "",
    "MSIFilePath": "",
    "MSIProductID": "",
    "RemovalKey": "",
    "Requirements": "",
}
"""What a new program gets: a create never relies on defaults of the server."""


class Program(ClassicResource):
    """``cm_program``."""

    key = kind = "program"

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        self._package: Ref | None = None
        self._package_id: str | None = None
        self._package_name: str | None = None
        self._resolver: Resolver | None = None
        self._platform_refs: list[Ref] = []
        self._platform_names: dict[_platforms.Key, str] = {}

    def validate(self) -> None:
        problems: list[Problem] = []
        try:
            self._package = parse_ref(self.params["package"], "package", "package")
        except InvalidInput as exc:
            problems.extend(exc.problems)
        name = self.params["name"]
        fault = names.fault_in_name(name)
        if fault:
            problems.append(Problem("name", names.shown(name), fault))
        elif len(name) > names.CONSOLE_LIMIT:
            self.task.warn(names.console_warning(name))
        for option, limit in (("command_line", COMMAND_LIMIT), ("working_directory", names.LIMIT)):
            fault = names.fault_in_text(self.params[option] or "", limit)
            if fault:
                problems.append(Problem(option, names.shown(self.params[option]), fault))
        fault = names.fault_in_memo(self.params["comment"] or "", names.LIMIT)
        if fault:
            problems.append(Problem("comment", names.shown(self.params["comment"]), fault))
        minutes = self.params["max_run_time"]
        if minutes is not None and not 0 <= minutes <= LONGEST_RUN_TIME:
            problems.append(Problem("max_run_time", str(minutes), "must be a number of minutes, 0 for unknown"))
        for index, platform in enumerate(self.params["platforms"] or []):
            try:
                self._platform_refs.append(parse_ref(platform, "platform", f"platforms[{index}]"))
            except InvalidInput as exc:
                problems.extend(exc.problems)
        if self.params["command_line"] == "" and not self.absent:
            problems.append(Problem("command_line", "", "must not be empty"))
        self.refuse(problems)

    # -- reading --------------------------------------------------------------------------------

    @property
    def _keys(self) -> dict[str, str | int]:
        return {"PackageID": str(self._package_id), "ProgramName": self.params["name"]}

    def read(self) -> Loaded | None:
        package = t.cast(Ref, self._package)
        if package.id is not None:
            # The program being there proves that the package is; only else is its ID looked up.
            self._package_id = package.id
            found = self._live()
            if found is not None or self.absent:
                return found
        self._resolver = self.task.resolver(missing_ok=self.absent)
        self._resolver.add(package)
        self._resolver.resolve()
        resolved = self._resolver.result(package)
        self._package_name = resolved.name
        self._package_id = resolved.id
        if resolved.missing or resolved.planned or package.id is not None:
            return None
        return self._live()

    def _live(self) -> Loaded | None:
        found = self.task.site.find(CLASS, self._keys)
        if found is None or found.get("ActionInProgress") == DELETING:
            return None
        self._package_name = self._package_name or found.get("PackageName")
        # The name as it is stored, should the play spell it in another case.
        found.keys["ProgramName"] = str(found.get("ProgramName", self.params["name"]))
        return found

    # -- planning -------------------------------------------------------------------------------

    def plan(self, before: Loaded | None) -> Plan:
        if self.absent:
            return self._plan_absent(before)
        wanted_platforms = self._resolve_platforms()
        if before is None:
            if self.params["command_line"] is None:
                rule = "is required to create the program"
                raise InvalidInput([Problem("command_line", "", rule)])
            plan = Plan("create", properties=dict(DEFAULTS))
            live = Instance(CLASS, dict(DEFAULTS))
        else:
            plan = Plan("none")
            live = before
        stored = self._options(live)
        for option, column in TEXTS.items():
            wanted = self.params[option]
            if wanted is not None and not equal(stored[option], wanted):
                plan.change(option, stored[option], wanted, **{column: wanted})
        self._plan_flags(plan, live, stored, wanted_platforms)
        minutes = self.params["max_run_time"]
        if minutes is not None and minutes != stored["max_run_time"]:
            plan.change("max_run_time", stored["max_run_time"], minutes, Duration=minutes)
        if before is not None:
            plan.action = "update" if plan.changes else "none"
            plan.before = self._shown(stored)
        plan.after = self._shown({**stored, **{change.option: change.after for change in plan.changes}})
        return plan

    def _plan_flags(
        self, plan: Plan, live: Instance, stored: dict[str, t.Any], wanted_platforms: list[Instance] | None
    ) -> None:
        old = flags = live.number("ProgramFlags") & 0xFFFFFFFF
        wanted = {option: self.params[option] for option in _program_flags.OPTIONS if self.params[option] is not None}
        if plan.action == "create" and wanted.get("run_as") == "user":
            # With the user's rights a program needs a user.
            wanted.setdefault("logon", "required")
        for option, value in wanted.items():
            if value != stored[option]:
                plan.change(option, stored[option], value)
                flags = _program_flags.change(flags, option, value)
        if wanted_platforms is not None and not _platforms.same(self._stored_platforms(live), wanted_platforms):
            plan.change(
                "platforms",
                stored["platforms"],
                [self._platform_names.get(_platforms.key(item), _platforms.text(item)) for item in wanted_platforms],
                SupportedOperatingSystems=wanted_platforms,
            )
            flags = flags & ~_program_flags.ANY_PLATFORM if wanted_platforms else flags | _program_flags.ANY_PLATFORM
        rules = _program_flags.faults({**stored, **wanted}, lambda option: self.params[option] is not None)
        self.refuse([Problem(option, str(wanted.get(option, "")), rule) for option, rule in rules])
        if flags != old:
            plan.properties["ProgramFlags"] = flags

    def _resolve_platforms(self) -> list[Instance] | None:
        if self.params["platforms"] is None:
            return None
        if not self._platform_refs:
            return []
        resolver = self._resolver or self.task.resolver()
        for ref in self._platform_refs:
            resolver.add(ref)
        resolver.resolve()
        found: dict[_platforms.Key, Instance] = {}
        for ref in self._platform_refs:
            answer = resolver.result(ref)
            if answer.row is not None:
                item = _platforms.details(answer.row)
                found[_platforms.key(item)] = item
                self._platform_names[_platforms.key(item)] = str(answer.name)
        return list(found.values())

    @staticmethod
    def _stored_platforms(live: Instance) -> list[Instance]:
        if live.number("ProgramFlags") & _program_flags.ANY_PLATFORM:
            return []
        return [item for item in live.get("SupportedOperatingSystems", []) if isinstance(item, Instance)]

    def _plan_absent(self, before: Loaded | None) -> Plan:
        if before is None:
            return Plan("none")
        site = self.task.site
        package_id = str(before.get("PackageID"))
        name = str(before.keys["ProgramName"])
        users = []
        for sequence_id in referring_sequences(site, package_id):
            sequence = site.find(SEQUENCE, {"PackageID": sequence_id})
            if sequence is not None and uses_program(sequence, package_id, name):
                users.append(sequence_id)
        if users:
            refuse_if_used(f"program {name} of {package_id}", name_sequences(site, users) or users)
        refuse_if_advertised(self.title(), site, package_id, name)
        refuse_if_run_first(self.title(), site, package_id, name)
        return Plan("delete", before=self._shown(self._options(before)))

    # -- writing --------------------------------------------------------------------------------

    def apply(self, before: Loaded | None, plan: Plan) -> Loaded | None:
        site = self.task.site
        if plan.action == "delete" and before is not None:
            site.delete(CLASS, before.keys)
            return None
        if before is not None:
            return site.save(before, plan.properties)
        body = Instance(CLASS, {**self._keys, **plan.properties})

        def settle() -> dict[str, str] | None:
            found = site.find(CLASS, self._keys)
            return {k: str(v) for k, v in self._keys.items()} if found and not self._wrong(found, plan) else None

        try:
            site.create(body, settle=settle)
        except AlreadyExists:
            # Somebody else created it since the read; the key makes a twin impossible.
            rival = self._live()
            if rival is None:
                raise
            follow = self.plan(rival)
            return self.apply(rival, follow) if follow.changed else rival
        live = site.get(CLASS, self._keys)
        wrong = self._wrong(live, plan)
        if wrong:
            raise NotAsWritten(
                f"The site created the program but holds other values in: {', '.join(wrong)}.",
                wmi_class=CLASS,
                attempted=f"create {CLASS}",
            )
        return live

    @staticmethod
    def _wrong(live: Instance, plan: Plan) -> list[str]:
        return sorted(
            name
            for name, value in plan.properties.items()
            if not equal(live.get(name), value)
            and not (name == "SupportedOperatingSystems" and _platforms.same(live.get(name, []), t.cast(list, value)))
        )

    # -- reporting ------------------------------------------------------------------------------

    def _options(self, live: Instance) -> dict[str, t.Any]:
        """Return the options as a play would write them."""
        options: dict[str, t.Any] = {option: str(live.get(column, "")) for option, column in TEXTS.items()}
        options.update(_program_flags.read(live.number("ProgramFlags") & 0xFFFFFFFF))
        options["max_run_time"] = live.number("Duration")
        options["platforms"] = [
            self._platform_names.get(_platforms.key(item), _platforms.text(item))
            for item in self._stored_platforms(live)
        ]
        return options

    def _shown(self, options: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        package = self._package_name or self._package_id
        if self._package_id is None:
            package = f"{self._package_name} {NOT_THERE_YET}"
        return {"package": package, "name": self.params["name"], **options}

    def summary(self, live: Loaded | None, plan: Plan) -> dict[str, t.Any] | None:
        if live is None and plan.action != "create":
            return None
        options = {k: v for k, v in (plan.after or {}).items() if k not in ("package", "name")}
        if live is not None and not self.task.check_mode:
            options = self._options(live)
        return {
            "kind": self.kind,
            "planned": live is None,
            "name": str(live.keys["ProgramName"]) if live is not None else self.params["name"],
            "package": {"name": self._package_name, "package_id": self._package_id},
            **options,
            "changed_options": plan.options,
            "written": plan.changed and not self.task.check_mode,
        }

    def title(self) -> str:
        return f"program {self.params['name']}"

    def extra(self, plan: Plan) -> dict[str, t.Any]:
        values: dict[str, t.Any] = {}
        self._said, scopes = self.scope_note(plan, found=plan.before is not None)
        if scopes is not None:
            values["scopes"] = scopes
        if self._resolver is not None and self._resolver.unresolved:
            values["unresolved"] = self._resolver.unresolved
        return values

    def message(self, plan: Plan) -> str | None:
        return self._said
