# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Collections of devices: SMS_Collection, its rules, its members and its variables (provider-behaviour 7.2, 7.4)."""

from __future__ import annotations

import contextlib
import typing as t

from .._cim import wql
from .._cim.instance import Instance, Value
from .._errors import (
    ConfigMgrError,
    InvalidInput,
    NotAsWritten,
    OutcomeUnknown,
    Problem,
    ReferenceProblems,
    ServerFault,
)
from .._plan import Plan
from .._provider import schedules, times
from .._provider.ref import Ref
from .._provider.references import KINDS, Resolved
from .._provider.site import Loaded, same_name
from . import _collection_guard as guard
from . import _collection_options as options
from . import _collection_rules as rules
from . import _collection_write as writing
from . import _placement, _wait
from ._base import ManagedResource, Outcome, Task
from ._collection_draft import RuleDraft
from ._members import Devices, similar_names, wait_for_members, wait_for_update
from ._placement import Placement
from ._variables import COLLECTION as SETTINGS
from ._variables import VariablePlan, Variables

CLASS = writing.CLASS
DELETING = 6
"""CurrentStatus of a collection that goes away."""
COLUMNS = list(KINDS["collection"].columns)


class Collection(ManagedResource):
    """``cm_collection``."""

    key = kind = "collection"

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        self.wishes = options.Wishes()
        self.variables = Variables(task, SETTINGS)
        self.devices = Devices(task)
        self.difference = rules.Difference()
        self.tokens: list[schedules.Schedule] | None = None
        self.update = False
        self.placement: Placement | None = None
        self._settings: Loaded | None = None
        self._variable_plan: VariablePlan | None = None
        self._unresolved: list[dict[str, t.Any]] = []
        self._refreshed_before = ""

    # -- before connecting ----------------------------------------------------------------------

    def validate(self) -> None:
        problems = options.fixed(self.params)
        self.wishes = options.read(self.params, problems)
        problems += self.variables.problems()
        problems += _placement.check(self._place)
        problems += _wait.problems(self.params)
        self.refuse(problems)

    @property
    def _place(self) -> dict[str, t.Any]:
        return {**self.params, "security_scopes": None}

    def title(self) -> str:
        return f"collection {self.params['name'] or self.params['collection_id']}"

    # -- reading --------------------------------------------------------------------------------

    def read(self) -> Loaded | None:
        site = self.task.site
        if self.params["collection_id"] is not None:
            wanted = self.params["collection_id"].upper()
            live = site.find(CLASS, {"CollectionID": wanted})
            if live is None and not self.absent:
                rule = "the site has no collection with this ID, or hides it; to create one, give its name only"
                raise InvalidInput([Problem("collection_id", wanted, rule)])
        else:
            row = self._row_named(str(self.params["name"]))
            live = site.find(CLASS, {"CollectionID": str(row.get("CollectionID"))}) if row is not None else None
        if live is None or live.number("CurrentStatus") == DELETING:
            return None
        guard.refuse_users(live, "collection_id" if self.params["collection_id"] else "name")
        times.without_zone(live)
        self._refreshed_before = str(live.get("LastRefreshTime", ""))
        return live

    def _rows_named(self, name: str) -> list[Instance]:
        rows = self.task.site.query(CLASS, wql.equals("Name", name), COLUMNS)
        return same_name([row for row in rows if row.get("CurrentStatus") != DELETING], name)

    def _row_named(self, name: str) -> Instance | None:
        rows = self._rows_named(name)
        if len(rows) > 1:
            offers = ", ".join(str(row.get("CollectionID")) for row in rows[:10])
            rule = f"{len(rows)} collections bear this name, choose one by collection_id: {offers}"
            raise InvalidInput([Problem("name", name, rule)])
        return rows[0] if rows else None

    # -- planning -------------------------------------------------------------------------------

    def plan(self, before: Loaded | None) -> Plan:
        if self.absent:
            return self._plan_absent(before)
        if before is None:
            self._need_limit()
        plan = Plan("create" if before is None else "none")
        plan.before = None if before is None else options.describe(before)
        found = self._resolve(before)
        after = dict(plan.before or options.describe(None))
        self._plan_plain(plan, before, found)
        self._plan_refresh(plan, before)
        lists = self._plan_rules(plan, before, found)
        self._plan_variables(plan, before)
        if self.params["folder"] is not None:
            self.placement = Placement(self.task.site, self._place, self.kind)
            self.placement.compare(plan, before, _id(before) if before is not None else None)
        if before is not None and plan.changes:
            touched = [name for name in plan.options if name != "variables"]
            if touched:
                guard.refuse_built_in(before, f"a change of its {', '.join(touched)}")
            plan.action = "update"
        self._plan_update(plan, before)
        for kind, (was, _is) in lists.items():
            if plan.before is not None:
                plan.before[rules.KINDS[kind]] = was
        after.update({rules.KINDS[kind]: now for kind, (_was, now) in lists.items()})
        for change in plan.changes:
            if change.option not in ("add_members", "remove_members"):
                after[change.option] = change.after
                if plan.before is not None:
                    plan.before.setdefault(change.option, change.before)
        plan.after = after
        return plan

    def _need_limit(self) -> None:
        name = self.params["name"]
        if self.wishes.limit is None:
            similar = similar_names(self.task.site, CLASS, str(name))
            hint = f"; similar names: {', '.join(similar)}" if similar else ""
            rule = f"the site has no collection with this name{hint}. To create it, give limiting_collection"
            raise InvalidInput([Problem("name", str(name), rule)])
        if self.params["refresh"] in ("periodic", "both") and not self.wishes.tokens:
            rule = f"refresh: {self.params['refresh']} needs at least one schedule"
            raise InvalidInput([Problem("refresh_schedule", "", rule)])

    def _resolve(self, before: Loaded | None) -> dict[Ref, Resolved]:
        """Look up the collections and devices of the play: one query for each, none where the names are stored."""
        resolver = self.task.resolver()
        refs = [ref for found in self.wishes.others.values() for ref in found]
        if self.wishes.limit is not None and not _limited_by(before, self.wishes.limit):
            refs.append(self.wishes.limit)
        for ref in refs:
            resolver.add(ref)
        wanted = {id(ref) for ref in self.wishes.devices.get("remove_members", [])}
        for device in self.wishes.device_refs:
            self.devices.add(device, missing_ok=id(device) in wanted)
        problems: list[Problem] = []
        try:
            resolver.resolve()
        except ReferenceProblems as error:
            problems += [self._with_similar(problem) for problem in error.problems]
        try:
            self.devices.resolve()
        except ReferenceProblems as error:
            problems += error.problems
        found = {ref: resolver.result(ref) for ref in refs if ref in resolver}
        problems += self._unfit(before, found)
        if problems:
            raise ReferenceProblems(problems)
        self._unresolved = [*resolver.unresolved, *self.devices.unresolved]
        return found

    def _with_similar(self, problem: Problem) -> Problem:
        if "no collection with this name" not in problem.rule or "did you mean" in problem.rule:
            return problem
        similar = similar_names(self.task.site, CLASS, problem.value)
        return problem._replace(rule=f"{problem.rule}; similar names: {', '.join(similar)}") if similar else problem

    @staticmethod
    def _unfit(before: Loaded | None, found: t.Mapping[Ref, Resolved]) -> list[Problem]:
        problems = []
        for ref, resolved in found.items():
            label = str(ref.name or ref.id)
            if resolved.row is not None and resolved.row.number("CollectionType") != guard.DEVICES:
                problems.append(Problem(ref.path, label, "is a collection of users; it does not go with devices"))
            if before is not None and resolved.id is not None and resolved.id.upper() == _id(before):
                problems.append(Problem(ref.path, label, "is the collection itself"))
        return problems

    def _plan_plain(self, plan: Plan, before: Loaded | None, found: t.Mapping[Ref, Resolved]) -> None:
        name, comment = self.params["name"], self.params["comment"]
        stored = options.describe(before)
        renames = before is None or (self.params["collection_id"] is not None and name is not None)
        if renames and name != stored["name"]:
            plan.change("name", stored["name"], name, Name=name)
        if comment is not None and comment.replace("\r\n", "\n") != stored["comment"].replace("\r\n", "\n"):
            plan.change("comment", stored["comment"], comment, Comment=comment)
        limit = self.wishes.limit
        if limit is None or _limited_by(before, limit):
            return
        target = found[limit]
        if before is None or str(before.get("LimitToCollectionID", "")).upper() != str(target.id or "").upper():
            shown = target.name or target.id
            plan.change(
                "limiting_collection",
                stored["limiting_collection"],
                shown,
                LimitToCollectionID=target.id,
                LimitToCollectionName=target.name,
            )

    def _plan_refresh(self, plan: Plan, before: Loaded | None) -> None:
        stored = options.describe(before)
        number = options.refresh_type(before)
        if self.params["refresh"] is not None:
            wanted = options.REFRESH[self.params["refresh"]]
            if wanted != number:
                plan.change("refresh", stored["refresh"], self.params["refresh"], RefreshType=wanted)
            number = wanted
        live = [schedules.stored(item) for item in options.stored_schedules(before)]
        tokens = self.wishes.tokens
        # A stored periodic refresh without a schedule is left alone, but none is made.
        managed = "refresh" in plan.options or tokens is not None
        if managed and number & options.PERIODIC and not (tokens if tokens is not None else live):
            rule = "a periodic refresh needs at least one schedule"
            raise InvalidInput([Problem("refresh_schedule", "", rule)])
        if tokens is None or schedules.same(tokens, live):
            return
        if tokens and not number & options.PERIODIC:
            rule = f"the collection is refreshed {stored['refresh']}: give refresh: periodic or both as well"
            raise InvalidInput([Problem("refresh_schedule", "", rule)])
        for token in tokens:
            if isinstance(token, schedules.Kept) and token not in live:
                raise InvalidInput([Problem(token.path, "", "such a schedule is kept only where it is stored already")])
        self.tokens = tokens
        plan.change("refresh_schedule", stored["refresh_schedule"], [token.option for token in tokens])

    # -- rules, variables, update -----------------------------------------------------------------

    def _plan_rules(
        self, plan: Plan, before: Loaded | None, found: t.Mapping[Ref, Resolved]
    ) -> dict[str, tuple[list[t.Any], list[t.Any]]]:
        """Work out the difference, have new queries checked; return what each managed kind was and is to be."""
        draft = RuleDraft(self.wishes, self.devices, rules.stored(before), found)
        self.difference = draft.difference
        rules.validate(self.task.site, draft.new_queries, self.wishes.query_paths)
        draft.note(plan)
        return draft.lists

    def _plan_variables(self, plan: Plan, before: Loaded | None) -> None:
        if not self.variables.managed:
            return
        self._settings = self.variables.read(_id(before)) if before is not None else None
        self._variable_plan = made = self.variables.plan(self._settings, self.title())
        if made.changed:
            plan.change("variables", made.before, made.after)
            plan.notes.extend(made.notes)

    def _plan_update(self, plan: Plan, before: Loaded | None) -> None:
        """Decide whether an evaluation is requested; a new collection without rules has nobody to look for."""
        asked = self.params["update"]
        moved = before is not None and "limiting_collection" in plan.options
        self.update = asked == "always" or (asked == "changed" and (bool(self.difference) or moved))
        if self.update and asked == "always":
            plan.notes.append("An update of its membership is requested.")
            if not plan.changed:
                plan.action = "update"

    def _plan_absent(self, before: Loaded | None) -> Plan:
        if before is None:
            note = f"The {self.title()} was not found; what the account may not see looks absent too."
            return Plan("none", notes=[note])
        guard.refuse_built_in(before, "a delete")
        plan = Plan("delete", before=options.describe(before))
        plan.notes += guard.refuse_used(before, guard.uses(self.task.site, _id(before)), self.params["force"])
        return plan

    # -- writing --------------------------------------------------------------------------------

    def apply(self, before: Loaded | None, plan: Plan) -> Loaded | None:
        site = self.task.site
        if plan.action == "delete" and before is not None:
            site.delete(CLASS, {"CollectionID": _id(before)})
            return None
        if before is None:
            live, kept = self._create(plan)
            if not kept:
                # The other play's collection may differ in what it was given.
                follow = self.plan(live)
                return self.apply(live, follow) if follow.changed else live
        else:
            live = before
        with self._owed():
            properties = self._properties(plan, before) if before is not None else None
            if before is not None and properties:
                live = site.save(before, properties)
            collection_id = _id(live)
            if self.difference:
                writing.write_rules(site, collection_id, self.difference)
            if self.update:
                writing.request_update(site, collection_id, str(live.get("LastRefreshTime", "")))
        if self._variable_plan is not None and self._variable_plan.changed:
            self._apply_variables(collection_id, new=before is None)
        if self.placement is not None and self.placement.differs:
            self.placement.apply(collection_id)
        if self.difference or before is None:
            live = writing.load(site, collection_id)
            self._verify(live)
        return live

    @contextlib.contextmanager
    def _owed(self) -> t.Iterator[None]:
        """Say of a failure on the way to the evaluation how to request it: rules that are written differ no more."""
        written = len(self.task.site.written)
        try:
            yield
        except ConfigMgrError as error:
            begun = isinstance(error, OutcomeUnknown) or len(self.task.site.written) > written
            if begun and self.params["update"] == "changed" and self.update:
                error.message = f"{error.message.rstrip('.')}. Rules that are written are no change any more for the "
                error.message += "next run: run the task once with update: always."
            raise

    def _properties(self, plan: Plan, before: Loaded | None) -> dict[str, Value]:
        found: dict[str, Value] = dict(plan.properties)
        if self.tokens is not None:
            live = options.stored_schedules(before)
            found["RefreshSchedule"] = t.cast(Value, schedules.make(self.task.site, self.tokens, live))
        return found

    def _create(self, plan: Plan) -> tuple[Loaded, bool]:
        """Create the collection; also say whether it is ours and not that of another play (H19)."""
        site = self.task.site
        name = str(self.params["name"])
        given = {"CollectionType": guard.DEVICES, "Comment": "", "RefreshType": 1, "OwnedByThisSite": True}
        instance = Instance(CLASS, {**given, **self._properties(plan, None)})

        def settle() -> dict[str, str] | None:
            rows = self._rows_named(name)
            return {"CollectionID": min(map(_id, rows))} if rows else None

        try:
            own = site.create(instance, settle=settle)["CollectionID"]
        except ServerFault:
            # A site refuses a second collection of the name; another play may have been first.
            row = self._row_named(name)
            if row is None:
                raise
            self.task.warn(f"The collection {name} was created by somebody else meanwhile; the task goes on with it.")
            return self._load(_id(row)), False
        rows = self._rows_named(name)
        if not any(_id(row) == own for row in rows):
            raise NotAsWritten(
                f"The site created the collection {own} but does not show it to this account.",
                wmi_class=CLASS,
                attempted=f"create {CLASS}",
            )
        kept, warnings = site.keep_one(CLASS, rows, own, "CollectionID")
        for warning in warnings:
            self.task.warn(warning)
        # The rules are read once, after they are written.
        new = Loaded(CLASS, dict(rows[0].properties), {"CollectionID": own})
        return (new, True) if kept == own else (self._load(kept), False)

    def _load(self, collection_id: str) -> Loaded:
        live = writing.load(self.task.site, collection_id)
        times.without_zone(live)
        return live

    def _apply_variables(self, collection_id: str, *, new: bool) -> None:
        plan = self._variable_plan
        if new:
            # Settings that are there already must not be replaced.
            self._settings = self.variables.read(collection_id)
            plan = self.variables.plan(self._settings, self.title())
        if plan is not None and plan.changed:
            self.variables.apply(collection_id, self._settings, plan)

    def _verify(self, live: Loaded) -> None:
        now = {(rule.kind, rule.key) for rule in rules.stored(live)}
        lost = [rule.label for rule in self.difference.add if (rule.kind, rule.key) not in now]
        left = [rule.label for rule in self.difference.delete if (rule.kind, rule.key) in now]
        if lost or left:
            parts = [f"without {', '.join(lost)}"] if lost else []
            parts += [f"still with {', '.join(left)}"] if left else []
            raise NotAsWritten(
                f"The site took the rules of the collection {_id(live)} but shows it {' and '.join(parts)}.",
                wmi_class=CLASS,
                method="AddMembershipRules" if lost else "DeleteMembershipRules",
            )

    # -- waiting --------------------------------------------------------------------------------

    def converge(self) -> Outcome:
        outcome = super().converge()
        shown = outcome.values[self.key]
        if shown is not None and self.params["wait"] and not self.task.check_mode:
            self._wait_for(shown)
        return outcome

    def _wait_for(self, shown: dict[str, t.Any]) -> None:
        collection_id = str(shown["collection_id"])
        devices = self.wishes.devices
        present = {}
        for ref in (*devices.get("direct", []), *devices.get("add_members", [])):
            device = self.devices.one(ref)
            if device.resource_id is not None:
                present[device.resource_id] = device.name
        gone = {int(rule.key): rule.label for rule in self.difference.delete if rule.kind == rules.DIRECT}
        for ref in devices.get("remove_members", []):
            # An earlier run may have removed the rule and not seen the member go.
            gone.update((item.resource_id, item.name) for item in self.devices.all(ref) if item.resource_id is not None)
        if present or gone:
            limit = shown["limiting_collection"]
            hint = f" (only members of {limit} can be members here)" if limit else ""
            wait_for_members(self.task, collection_id, self.title(), present=present, gone=gone, hint=hint)
            shown["visible"] = True
            return
        earlier = self._refreshed_before
        shown["member_count"] = wait_for_update(self.task, collection_id, self.title(), earlier, requested=self.update)

    # -- reporting ------------------------------------------------------------------------------

    def summary(self, live: Loaded | None, plan: Plan) -> dict[str, t.Any] | None:
        if live is None and plan.action != "create":
            return None
        shown = dict(plan.after or {}) if self.task.check_mode or live is None else options.describe(live)
        plain = ("name", "comment", "limiting_collection", "refresh", "refresh_schedule")
        return {
            "kind": self.kind,
            "planned": live is None,
            "collection_id": _id(live) if live is not None else None,
            **{name: shown.get(name) for name in plain},
            "limiting_collection_id": str(live.get("LimitToCollectionID", "")) if live is not None else None,
            "built_in": live is not None and guard.built_in(live),
            "member_count": live.number("MemberCount") if live is not None else 0,
            "rules": self._counts(live),
            "visible": None,
            "update_requested": self.update and plan.changed and not self.task.check_mode,
            "changed_options": plan.options,
            "written": plan.changed and not self.task.check_mode,
        }

    def _counts(self, live: Loaded | None) -> dict[str, int]:
        found = rules.stored(live)
        counts = {option: len([rule for rule in found if rule.kind == kind]) for kind, option in rules.KINDS.items()}
        if self.task.check_mode:
            for rule in self.difference.add:
                counts[rules.KINDS[rule.kind]] += 1
            for rule in self.difference.delete:
                counts[rules.KINDS[rule.kind]] -= 1
        return counts

    def extra(self, plan: Plan) -> dict[str, t.Any]:
        return {"unresolved": self._unresolved} if self._unresolved else {}


def _id(live: Instance) -> str:
    return str(live.get("CollectionID", "")).upper()


def _limited_by(before: Instance | None, ref: Ref) -> bool:
    """Whether a collection is limited by one that the play names; its ID and its name are stored."""
    if before is None:
        return False
    if ref.id is not None:
        return str(before.get("LimitToCollectionID", "")).upper() == ref.id.upper()
    return str(before.get("LimitToCollectionName", "")).casefold() == str(ref.name).casefold()
