# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Advertisements (deployments) of task sequences."""

from __future__ import annotations

import typing as t

from .._cim.instance import Instance
from .._errors import ConfigMgrError, InvalidInput, NotAsWritten, NotFound, Problem, ServerFault
from .._plan import NOT_THERE_YET, Plan
from .._provider import names, schedules
from .._provider.ref import Ref
from .._provider.references import parse_ref
from .._provider.site import Loaded, equal
from . import _adv_flags as flags
from . import _adv_options as options
from . import _gate as gate
from . import _gate_facts as facts
from ._adv_identity import ADVERTISEMENT, REFERENCES, Identity, advertisement_id, replaces, trace
from ._base import ManagedResource, Task
from ._ts_site import TsSite

NEW_ID = "new deployment ID: members that already ran it may run it again"


class Advertisement(ManagedResource):
    """``cm_advertisement``: what is planned and written; which one is meant is :class:`Identity`'s part."""

    key = kind = "advertisement"

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        self.wanted = options.Wanted(self.params, task.wants)
        self.identity = Identity(task)
        self._leftover: Loaded | None = None
        """What a replacement deletes."""
        self._goal: Instance | None = None
        """In check mode, what a run would leave, as far as it is known."""
        self._state: options.State = {}
        self._decision: gate.Decision | None = None

    def validate(self) -> None:
        problems = self.identity.problems()
        if not self.absent:
            problems += [*self.wanted.problems, *self._gate_problems()]
        self.refuse(problems)
        for text in [] if self.absent else self.wanted.clocks.warnings:
            self.task.warn(text)

    def _gate_problems(self) -> list[Problem]:
        """Read the options of the gate; return what is wrong with them."""
        problems = facts.pattern_problems(self.params.get("never_include") or (), "never_include")
        if self.params["max_targets"] < 0:
            problems.append(Problem("max_targets", str(self.params["max_targets"]), "is a number of devices"))
        self._protected: list[Ref] = []
        for index, value in enumerate(self.params.get("protected_collections") or ()):
            try:
                self._protected.append(parse_ref(value, "collection", f"protected_collections[{index}]"))
            except InvalidInput as error:
                problems.extend(error.problems)
        return problems

    # -- reading --------------------------------------------------------------------------------

    def read(self) -> Loaded | None:
        identity = self.identity
        # What is deleted by ID or name needs no references.
        if not (self.absent and (identity.id or identity.name)):
            identity.look_up()
        if identity.id:
            return identity.load(identity.id)
        rows = identity.rows()
        if len(rows) > 1:
            pair = None if self.absent else identity.half_replaced(rows)
            if pair is None:
                raise identity.ambiguous(rows)
            self._leftover = identity.load(advertisement_id(pair[1]))
            rows = [pair[0]]
        return identity.load(advertisement_id(rows[0])) if rows else None

    # -- planning -------------------------------------------------------------------------------

    def plan(self, before: Loaded | None) -> Plan:
        if self.absent:
            if before is None:
                return Plan(notes=["Nothing was found; what the account may not see looks absent too."])
            return Plan(action="delete", before=self._shown(before, options.state_of(before)))
        if before is None:
            return self._plan_create()
        moved = self._moved(before)
        return self._plan_replace(before, moved) if moved else self._plan_update(before)

    def _plan_update(self, before: Loaded) -> Plan:
        plan = Plan()
        old = options.state_of(before)
        new = options.merged(old, self.wanted)
        options.compare(plan, before, old, new)
        if plan.changes:
            self._check(new, old)
            turned = old["purpose"] == "available" and new["purpose"] == "required"
            if turned:
                self._require_rerun()
                plan.notes.append("The deployment is required from now on: its members start it without being asked.")
            if gate.opens(old, new):
                self._gate(plan, new, str(before.get("PackageID", "")), str(before.get("CollectionID", "")))
            plan.action = "update"
        self._state, self._goal = new, before
        plan.before, plan.after = self._shown(before, old), self._shown(before, new)
        if self._leftover is not None:
            self._plan_leftover(plan, self._leftover)
        return plan

    @staticmethod
    def _plan_leftover(plan: Plan, leftover: Instance) -> None:
        """Add to a plan what an interrupted replacement left to do."""
        own = advertisement_id(leftover)
        plan.action = "replace"
        plan.before = {**(plan.before or {}), "replaces": f"{own}, which is still there"}
        plan.after = {**(plan.after or {}), "replaces": own}
        plan.notes.append(f"An earlier run replaced {own} but did not delete it; that is made up for.")

    def _plan_create(self) -> Plan:
        identity = self.identity
        if identity.id:
            raise NotFound(
                f"advertisement_id: the site has no advertisement {identity.id}, or the account may not see it. "
                "An ID never creates one.",
                wmi_class=ADVERTISEMENT,
            )
        missing = [option for option in (*REFERENCES, "purpose") if not self.params.get(option)]
        if missing:
            rule = "must be given to create an advertisement, and none like this exists yet"
            why = " (it has no default: WMI's own would start it on every member)"
            raise InvalidInput([Problem(option, "", rule + why * (option == "purpose")) for option in missing])
        # The console's pattern needs both names; check mode also looks at IDs, where a run would let the site refuse.
        identity.look_up(ids=identity.name is None or self.task.check_mode)
        if self.params["purpose"] == "required":
            self._require_rerun()
        new = options.merged(options.new_state(self.wanted), self.wanted)
        self._check(new)
        plan = Plan(action="create")
        self._gate(plan, new, identity.ref_id("task_sequence"), identity.ref_id("collection"))
        base = Instance(ADVERTISEMENT, dict(options.CREATE_DEFAULTS))
        options.compare(plan, base, options.state_of(base), new)
        plan.properties = {
            **options.CREATE_DEFAULTS,
            **plan.properties,
            "AdvertisementName": self._new_name(),
            **{prop: identity.ref_id(option) or NOT_THERE_YET for option, prop in REFERENCES.items()},
        }
        self._state = new
        plan.after = {
            "name": self._new_name(),
            **{option: identity.label(option) for option in REFERENCES},
            **options.show(new),
        }
        would = "would be" if self.task.check_mode else "was"
        plan.notes.append(f"The advertisement {self._new_name()} {would} created.")
        return plan

    def _new_name(self) -> str:
        """Return the name of a new advertisement; without one the console's pattern (provider-behaviour 4.1)."""
        identity = self.identity
        if identity.name:
            return identity.name
        package = identity.ref_id("task_sequence") or NOT_THERE_YET
        return f"{identity.label('task_sequence')}_{package}_{identity.label('collection')}"[: names.LIMIT].rstrip()

    def _moved(self, before: Loaded) -> dict[str, tuple[str, str]]:
        """Return what the play wants to be another way and the site cannot change (provider-behaviour 4.1)."""
        identity, moved = self.identity, {}
        for option, prop in REFERENCES.items():
            wanted, live = identity.ref_id(option) or NOT_THERE_YET, str(before.get(prop, ""))
            if option in identity.refs and wanted.casefold() != live.casefold():
                moved[option] = (live, wanted)
        live = str(before.get("AdvertisementName", ""))
        if identity.id and identity.name and identity.name != live:
            moved["name"] = (live, identity.name)
        return moved

    def _plan_replace(self, before: Loaded, moved: t.Mapping[str, tuple[str, str]]) -> Plan:
        if not self.params["allow_replace"]:
            rule = (
                "the site cannot change this after creation; allow_replace: true deletes the advertisement and makes "
                f"another one ({NEW_ID})"
            )
            raise InvalidInput([Problem(option, f"{old} -> {new}", rule) for option, (old, new) in moved.items()])
        identity = self.identity
        if self.task.check_mode:
            identity.look_up(ids=True)
        fixed = {
            "AdvertisementName": identity.name or str(before.get("AdvertisementName", "")),
            **{prop: str(before.get(prop, "")) for prop in REFERENCES.values()},
            **{REFERENCES[option]: now for option, (_was, now) in moved.items() if option in REFERENCES},
        }
        # Only an ID still leads to the old one after a replacement that stopped half way.
        done = identity.successor(before, fixed) if identity.id and NOT_THERE_YET not in fixed.values() else None
        live = identity.load(advertisement_id(done)) if done is not None else None
        if live is not None:
            self._leftover = before
            return self._plan_update(live)
        plan = Plan(action="replace")
        old = options.state_of(before)
        new = options.merged(old, self.wanted)
        options.compare(plan, before, old, new)
        for option, (was, now) in moved.items():
            plan.change(option, was, now)
        self._check(new, old)
        if new["purpose"] == "required":
            self._require_rerun()
        self._gate(plan, new, fixed["PackageID"], fixed["CollectionID"])
        kept = {name: value for name, value in before.properties.items() if value is not None and self._copied(name)}
        fixed["ISVString"] = trace(before)
        plan.properties = {**options.CREATE_DEFAULTS, **kept, **plan.properties, **fixed}
        self._leftover, self._state = before, new
        plan.before = {**self._shown(before, old), "advertisement_id": advertisement_id(before)}
        plan.after = {**self._shown(Instance(ADVERTISEMENT, fixed), new), "advertisement_id": NEW_ID}
        plan.notes.append(f"Replaced; {NEW_ID}.")
        return plan

    def _copied(self, name: str) -> bool:
        """Whether a property goes from a replaced advertisement into the new one."""
        definition = self.task.site.catalogue.get(ADVERTISEMENT)
        spec = definition.property(name) if definition else None
        return bool(spec and spec.writable and not spec.key)

    # -- checks ---------------------------------------------------------------------------------

    def _check(self, new: options.State, old: options.State | None = None) -> None:
        """Refuse options that do not go together, and schedules that nobody knows how to make."""
        problems = options.conflicts(new, old) + flags.misplaced(new, old)
        known = old["tokens"] if old is not None else []
        for schedule in new["tokens"]:
            if isinstance(schedule, schedules.Kept) and schedule not in known:
                rule = "a schedule can be given by its class only where the advertisement has just this one already"
                problems.append(Problem(schedule.path, schedule.class_name, rule))
        self.refuse(problems)
        if options.never_starts(new):
            self.task.warn(f"expires_at ({new['expires_at'].text}): it ends before any of its assignments starts it.")

    def _require_rerun(self) -> None:
        if not self.params.get("rerun"):
            rule = (
                "must be given for a required deployment; WMI's own default runs it again at each schedule, "
                f"replacement and change of membership (one of {', '.join(options.RERUN)})"
            )
            raise InvalidInput([Problem("rerun", "", rule)])

    def _gate(self, plan: Plan, state: options.State, package_id: str | None, collection_id: str | None) -> None:
        """Ask the gate; raises :class:`GateRefused`. Costs three requests at most, and one for each child."""
        identity, site = self.identity, self.task.site
        risk: gate.Risk | None = gate.Risk(None)
        if package_id and package_id != NOT_THERE_YET:
            risk = facts.risk_of(TsSite(site), package_id)
        if risk is None:
            identity.look_up(ids=True)
            risk = gate.Risk(True, ["its steps cannot be read, so anything may be among them"])
        target = identity.target(None if collection_id == NOT_THERE_YET else collection_id)
        unwanted = None
        if gate.mandatory(state) and risk.high and target.members is not None:
            unwanted = facts.unwanted_members(site, target.id, self.params.get("never_include") or ())
            for label in facts.unknown_collections(site, self._protected) if self._protected else ():
                self.task.warn(f"protected_collections ({label}): the site has no such one; nothing is protected.")
        self._decision = gate.decide(
            state,
            target,
            risk,
            unwanted,
            protected=any(_is(ref, target) for ref in self._protected),
            confirm=self.params.get("confirm"),
            max_targets=self.params["max_targets"],
        )
        plan.notes.extend(self._decision.notes)
        for text in self._decision.warnings:
            self.task.warn(text)

    # -- writing --------------------------------------------------------------------------------

    def apply(self, before: Loaded | None, plan: Plan) -> Loaded | None:
        if plan.action == "delete" and before is not None:
            self._delete(advertisement_id(before))
            return None
        base = self._goal if self._goal is not None else self._leftover
        wanted = plan.properties.get("AssignedSchedule") or []
        if wanted and not isinstance(wanted[0], Instance):
            live = base.get("AssignedSchedule", []) if base is not None else []
            plan.properties["AssignedSchedule"] = schedules.make(self.task.site, wanted, live)
        if isinstance(self._goal, Loaded):
            new = self.task.site.save(self._goal, plan.properties) if plan.properties else self._goal
        else:
            new = self._create(plan)
        if self._leftover is not None:
            # Created first, deleted afterwards: whatever fails in between, nothing is lost.
            self._delete_replaced(advertisement_id(self._leftover), advertisement_id(new))
        return new

    def _create(self, plan: Plan) -> Loaded:
        site, old = self.task.site, self._leftover
        eldest = advertisement_id(old) if old is not None else ""

        def settle() -> dict[str, str] | None:
            rows = [row for row in self.identity.like(plan.properties) if advertisement_id(row) > eldest]
            if old is not None:
                rows = [row for row in rows if replaces(row, old)]
            if len(rows) > 1:
                raise self.identity.ambiguous(rows)
            return {"AdvertisementID": advertisement_id(rows[0])} if rows else None

        try:
            own = site.create(Instance(ADVERTISEMENT, dict(plan.properties)), settle=settle)["AdvertisementID"]
        except ServerFault:
            # An ID in the play is not asked for before; an unknown one has a better message than the site's.
            self.identity.look_up(ids=True)
            raise
        found = own
        if old is None:
            found, warnings = site.keep_one(ADVERTISEMENT, self.identity.rows(), own, "AdvertisementID")
            for text in warnings:
                self.task.warn(text)
        live = site.get(ADVERTISEMENT, {"AdvertisementID": found})
        if found != own:
            return self._adopt(live)
        # The trace of a replacement only matters when its second half fails.
        sent = {name: value for name, value in plan.properties.items() if name != "ISVString"}
        wrong = [name for name, value in sent.items() if not self._as_sent(name, live, value)]
        if wrong:
            raise NotAsWritten(
                f"The site created the advertisement {own} but holds other values in: {', '.join(sorted(wrong))}.",
                wmi_class=ADVERTISEMENT,
                attempted=f"create the advertisement {plan.properties['AdvertisementName']}",
            )
        return live

    @staticmethod
    def _as_sent(name: str, live: Instance, value: t.Any) -> bool:
        if name != "AssignedSchedule" or not value:
            return equal(live.get(name), value)
        return schedules.same([schedules.stored(i) for i in live.get(name, [])], [schedules.stored(i) for i in value])

    def _adopt(self, live: Loaded) -> Loaded:
        """Make the advertisement that another task created at the same time what this play asks for."""
        plan = Plan()
        old = options.state_of(live)
        options.compare(plan, live, old, options.merged(old, self.wanted))
        if not plan.changes:
            return live
        wanted = plan.properties.get("AssignedSchedule")
        if wanted:
            made = schedules.make(self.task.site, wanted, live.get("AssignedSchedule", []))
            plan.properties["AssignedSchedule"] = made
        return self.task.site.save(live, plan.properties)

    def _delete_replaced(self, old: str, new: str) -> None:
        try:
            self._delete(old)
        except ConfigMgrError as error:
            error.message = (
                f"The advertisement {new} replaces {old}, but {old} could not be deleted, so both exist: "
                f"{error.message.rstrip('.')}. Run the task again to delete {old}"
            )
            raise

    def _delete(self, own: str) -> None:
        site = self.task.site
        site.delete(ADVERTISEMENT, {"AdvertisementID": own})
        if self.identity.still_there(own):
            raise NotAsWritten(
                f"The site took the deletion of {own} but still lists it.",
                wmi_class=ADVERTISEMENT,
                attempted=f"delete {own}",
            )

    # -- the result -----------------------------------------------------------------------------

    def _shown(self, live: Instance, state: options.State) -> dict[str, t.Any]:
        return {
            "name": live.get("AdvertisementName", ""),
            **{option: self._live_label(option, str(live.get(prop, ""))) for option, prop in REFERENCES.items()},
            **options.show(state),
        }

    def _live_label(self, option: str, live_id: str) -> str:
        """Return the play's own word for what the advertisement refers to, where it means the same."""
        identity = self.identity
        if option not in identity.refs:
            return live_id
        wanted = identity.ref_id(option) or NOT_THERE_YET
        return identity.label(option) if wanted.casefold() == live_id.casefold() else live_id

    def summary(self, live: Loaded | None, plan: Plan) -> dict[str, t.Any] | None:
        if self.absent:
            return None
        written = plan.changed and not self.task.check_mode
        source: Instance | None = live if written or not plan.changed else self._goal
        planned = source is None
        if source is None:
            source = Instance(ADVERTISEMENT, plan.properties)
        state = self._state if plan.changed and not written else options.state_of(source)
        ids = {prop: source.get(prop) for prop in REFERENCES.values()}
        return {
            "kind": self.kind,
            "name": source.get("AdvertisementName"),
            "advertisement_id": None if planned else source.get("AdvertisementID"),
            "planned": planned,
            "package_id": None if ids["PackageID"] == NOT_THERE_YET else ids["PackageID"],
            "collection_id": None if ids["CollectionID"] == NOT_THERE_YET else ids["CollectionID"],
            **options.show(state),
            "changed_options": plan.options,
            "written": written,
        }

    def title(self) -> str:
        identity = self.identity
        pair = " -> ".join(str(ref.name or ref.id) for ref in identity.refs.values())
        return f"advertisement {identity.name or identity.id or pair}"

    def extra(self, plan: Plan) -> dict[str, t.Any]:
        found: dict[str, t.Any] = {"unresolved": self.identity.unresolved} if self.identity.unresolved else {}
        if self._decision is not None:
            found["gate"] = self._decision.gate
        return found


def _is(ref: Ref, target: gate.Target) -> bool:
    if ref.id is not None:
        return ref.id.casefold() == target.id.casefold()
    return str(ref.name).casefold() == target.name.casefold()
