# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Advertisements (deployments) of task sequences."""

from __future__ import annotations

import datetime
import typing as t

from .._cim import wql
from .._cim.instance import Instance
from .._errors import GateRefused, InvalidInput, NotAsWritten, NotFound, Problem, ReferenceProblems
from .._plan import NOT_THERE_YET, Plan
from .._provider import names, schedules
from .._provider.ref import Ref
from .._provider.references import KINDS, Resolver, parse_ref
from .._provider.site import DELETING, Loaded, equal
from . import _adv_options as options
from ._base import ManagedResource, Task

ADVERTISEMENT = "SMS_Advertisement"
COLUMNS = ("AdvertisementID", "AdvertisementName", "PackageID", "CollectionID", "ProgramName", "ActionInProgress")
UNKNOWN_COMPUTERS = "SMS000US"
NEW_ID = "new deployment ID: members that already ran it may run it again"
NAME_LIMIT = 255


class Advertisement(ManagedResource):
    """``cm_advertisement``: identity is the ID, else the name, else task sequence and collection together."""

    key = kind = "advertisement"

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        self.name: str | None = self.params.get("name")
        self.wanted = options.Wanted(self.params, task.wants)
        self._refs: dict[str, Ref] = {}
        self._resolver: Resolver | None = None
        self._state: dict[str, t.Any] = {}

    # -- before connecting ----------------------------------------------------------------------

    def validate(self) -> None:
        problems = list(self.wanted.problems)
        if self.name is not None:
            fault = names.fault_in_name(self.name)
            if fault:
                problems.append(Problem("name", names.shown(self.name), fault))
        for option in ("task_sequence", "collection"):
            value = self.params.get(option)
            if value in (None, ""):
                continue
            try:
                self._refs[option] = parse_ref(value, option, option)
            except InvalidInput as error:
                problems.extend(error.problems)
        advertisement_id = self.params.get("advertisement_id")
        if advertisement_id and not KINDS["package"].is_id(advertisement_id):
            problems.append(Problem("advertisement_id", advertisement_id, "is no ID; one looks like PS120004"))
        if not advertisement_id and not self.name and len(self._refs) < 2 and not problems:
            rule = "give advertisement_id, or name, or both task_sequence and collection"
            problems.append(Problem("advertisement_id", "", rule))
        self.refuse(problems)

    # -- reading --------------------------------------------------------------------------------

    def read(self) -> Loaded | None:
        self._resolver = self.task.resolver()
        try:
            self._resolve(self._resolver)
        except ReferenceProblems:
            # What was never there cannot be advertised.
            if self.absent and not self.params.get("advertisement_id") and not self.name:
                return None
            raise
        found = self.params.get("advertisement_id") or self._find()
        row = self.task.site.find(ADVERTISEMENT, {"AdvertisementID": str(found).upper()}) if found else None
        return None if row is None or row.get("ActionInProgress") == DELETING else row

    def _resolve(self, resolver: Resolver) -> None:
        """Look up what is given by name; an ID is looked up only where its name is needed."""
        by_key = self.params.get("advertisement_id") or self.name
        if self.absent and by_key:
            return
        for option, ref in self._refs.items():
            needs_name = not self.name or (option == "collection" and self.params.get("confirm"))
            if ref.name is not None or (needs_name and not self.absent and self._may_create):
                resolver.add(ref)
                continue
        resolver.resolve()
        for text in resolver.warnings:
            self.task.warn(text)

    @property
    def _may_create(self) -> bool:
        return bool(self.params.get("purpose")) and not self.params.get("advertisement_id") and len(self._refs) == 2

    def _id(self, option: str) -> str | None:
        """Return the ID that an option means; ``None`` when it is not given or only planned."""
        ref = self._refs.get(option)
        if ref is None:
            return None
        return ref.id or (self._resolver.result(ref).id if self._resolver else None)

    def _label(self, option: str) -> str:
        """Return the name behind an option as far as it is known, else its ID."""
        ref = self._refs[option]
        if ref.name is None and self._resolver is not None and ref in self._resolver:
            return str(self._resolver.result(ref).name or ref.id)
        return str(ref.name or ref.id)

    def _rows(self) -> list[Instance]:
        """Return the advertisements that the identity of the play means."""
        if self.name:
            where = wql.both(wql.equals("AdvertisementName", self.name), wql.equals("ProgramName", "*"))
        else:
            package, collection = self._id("task_sequence"), self._id("collection")
            if not package or not collection:
                return []
            where = wql.both(
                wql.equals("PackageID", package),
                wql.equals("CollectionID", collection),
                wql.equals("ProgramName", "*"),
            )
        rows = [
            row
            for row in self.task.site.query(ADVERTISEMENT, where, list(COLUMNS))
            if row.get("ActionInProgress") != DELETING
        ]
        exact = [row for row in rows if self.name and row.get("AdvertisementName") == self.name]
        return exact or rows

    def _find(self) -> str | None:
        rows = self._rows()
        if len(rows) > 1:
            shown = ", ".join(f"{row.get('AdvertisementID')} ({row.get('AdvertisementName')})" for row in rows)
            path = "name" if self.name else "task_sequence"
            rule = f"{len(rows)} advertisements match: {shown}. Use advertisement_id to say which one is meant"
            raise InvalidInput([Problem(path, self.name or "", rule)])
        return str(rows[0].get("AdvertisementID")) if rows else None

    # -- planning -------------------------------------------------------------------------------

    def plan(self, before: Loaded | None) -> Plan:
        if self.absent:
            if before is None:
                return Plan(notes=["Nothing was found; what the account may not see looks absent too."])
            return Plan(action="delete", before=self._shown(before, options.state_of(before)))
        if before is None:
            return self._plan_create(Plan(action="create"))
        plan = Plan()
        moved = self._immutable_changes(before)
        if moved:
            return self._plan_replace(before, moved)
        old = options.state_of(before)
        new = options.merged(old, self.wanted)
        options.compare(plan, before, old, new)
        if plan.changes:
            self.refuse(self.wanted.combinations(new))
            if old["purpose"] == "available" and new["purpose"] == "required":
                self._require_rerun()
                plan.notes.append("The deployment is required from now on: its members start it without being asked.")
            if self._opens(old, new):
                self._gate(new, str(before.get("CollectionID", "")), self._collection_name())
            plan.action = "update"
        self._state = new
        plan.before, plan.after = self._shown(before, old), self._shown(before, new)
        return plan

    def _plan_create(self, plan: Plan) -> Plan:
        advertisement_id = self.params.get("advertisement_id")
        if advertisement_id:
            raise NotFound(
                f"advertisement_id: the site has no advertisement {advertisement_id}, or the account may not see it. "
                "An ID never creates one.",
                wmi_class=ADVERTISEMENT,
            )
        missing = [option for option in ("task_sequence", "collection", "purpose") if not self.params.get(option)]
        if missing:
            rule = "must be given to create an advertisement, and none like this exists yet"
            if "purpose" in missing:
                rule += " (purpose has no default: WMI's own would start it on every member)"
            raise InvalidInput([Problem(option, "", rule) for option in missing])
        if self.params["purpose"] == "required":
            self._require_rerun()
        new = options.merged(options.new_state(self.wanted), self.wanted)
        self.refuse(self.wanted.combinations(new))
        self._gate(new, self._id("collection") or "", self._collection_name())
        base = Instance(ADVERTISEMENT, dict(options.CREATE_DEFAULTS))
        options.compare(plan, base, options.state_of(base), new)
        plan.properties = {
            **options.CREATE_DEFAULTS,
            **plan.properties,
            "AdvertisementName": self._new_name(),
            "PackageID": self._id("task_sequence") or NOT_THERE_YET,
            "CollectionID": self._id("collection") or NOT_THERE_YET,
        }
        self._state = new
        plan.after = {
            "name": self._new_name(),
            "task_sequence": self._label("task_sequence"),
            "collection": self._label("collection"),
            **options.show(new),
        }
        would = "would be" if self.task.check_mode else "was"
        plan.notes.append(f"The advertisement {self._new_name()} {would} created.")
        return plan

    def _new_name(self) -> str:
        """Return the name of a new advertisement; without one the console's pattern (provider-behaviour 4.1)."""
        if self.name:
            return self.name
        package = self._id("task_sequence") or NOT_THERE_YET
        return f"{self._label('task_sequence')}_{package}_{self._label('collection')}"[:NAME_LIMIT].rstrip()

    def _immutable_changes(self, before: Loaded) -> dict[str, tuple[str, str]]:
        """Return what the play wants to be another way and the site cannot change (provider-behaviour 4.1)."""
        changes = {}
        pairs = (("task_sequence", "PackageID"), ("collection", "CollectionID"))
        for option, prop in pairs:
            wanted = self._id(option)
            live = str(before.get(prop, ""))
            if option in self._refs and (wanted or NOT_THERE_YET).casefold() != live.casefold():
                changes[option] = (live, wanted or NOT_THERE_YET)
        live_name = str(before.get("AdvertisementName", ""))
        if self.name and self.params.get("advertisement_id") and self.name != live_name:
            changes["name"] = (live_name, self.name)
        return changes

    def _plan_replace(self, before: Loaded, moved: dict[str, tuple[str, str]]) -> Plan:
        if not self.params["allow_replace"]:
            rule = (
                "the site cannot change this after creation; allow_replace: true deletes the advertisement and makes "
                f"another one ({NEW_ID})"
            )
            raise InvalidInput([Problem(option, f"{old} -> {new}", rule) for option, (old, new) in moved.items()])
        plan = Plan(action="replace")
        old = options.state_of(before)
        new = options.merged(old, self.wanted)
        options.compare(plan, before, old, new)
        for option, (was, now) in moved.items():
            plan.change(option, was, now)
        self.refuse(self.wanted.combinations(new))
        if new["purpose"] == "required":
            self._require_rerun()
        collection = self._id("collection") or str(before.get("CollectionID", ""))
        self._gate(new, collection, self._collection_name())
        kept = {name: value for name, value in before.properties.items() if self._copied(name)}
        plan.properties = {
            **options.CREATE_DEFAULTS,
            **kept,
            **plan.properties,
            "AdvertisementName": self.name or str(before.get("AdvertisementName", "")),
            "PackageID": self._id("task_sequence") or str(before.get("PackageID", "")),
            "CollectionID": collection,
        }
        self._state = new
        plan.before = self._shown(before, old)
        plan.after = {**self._shown(before, new), **{option: now for option, (_was, now) in moved.items()}}
        plan.after["advertisement_id"] = NEW_ID
        plan.notes.append(f"Replaced; {NEW_ID}.")
        return plan

    def _copied(self, name: str) -> bool:
        """Whether a property goes from a replaced advertisement into the new one."""
        definition = self.task.site.catalogue.get(ADVERTISEMENT)
        spec = definition.properties.get(name) if definition else None
        return bool(spec and spec.writable and not spec.key)

    def _require_rerun(self) -> None:
        if not self.params.get("rerun"):
            rule = (
                "must be given for a required deployment; WMI's own default runs it again at each schedule, "
                f"replacement and change of membership (one of {', '.join(options.RERUN)})"
            )
            raise InvalidInput([Problem("rerun", "", rule)])

    # -- the gate -------------------------------------------------------------------------------

    @staticmethod
    def _opens(old: t.Mapping[str, t.Any], new: t.Mapping[str, t.Any]) -> bool:
        """Whether a change in place reaches more computers than before, so that it counts as a creation."""
        if new["purpose"] == "required" and (old["purpose"] != "required" or new["tokens"] is not old["tokens"]):
            return True
        seen = ("clients", "clients_media_pxe", "media_pxe", "media_pxe_hidden")
        return new["make_available_to"] != old["make_available_to"] and new["make_available_to"] != seen[0]

    def _collection_name(self) -> str | None:
        ref = self._refs.get("collection")
        if ref is None:
            return None
        if self._resolver is not None and ref in self._resolver:
            return self._resolver.result(ref).name
        return ref.name

    def _gate(self, state: t.Mapping[str, t.Any], collection_id: str, collection: str | None) -> None:
        """Refuse what reaches far unless ``confirm`` names the collection."""
        required = state["purpose"] == "required"
        visible = state["make_available_to"] != "clients"
        reasons = []
        built_in = collection_id.upper().startswith("SMS")
        if built_in and (required or visible) and not (not required and collection_id.upper() == UNKNOWN_COMPUTERS):
            what = "required" if required else "visible to media and PXE"
            reasons.append(f"the collection {collection or collection_id} is built in and the deployment is {what}")
        begin = state["available_at"]
        if required and visible and begin is not None:
            now = datetime.datetime.now(datetime.timezone.utc) if begin.utc else datetime.datetime.now().astimezone()
            if begin.clock > now.replace(tzinfo=None):
                reasons.append(f"media and PXE ignore available_at ({begin.text}): it can start at once")
        confirm = self.params.get("confirm")
        if not reasons or (confirm and confirm in (collection, collection_id)):
            return
        rule = f"{' and '.join(reasons)}; confirm: \"{collection or collection_id}\" says that this is meant"
        raise GateRefused([Problem("confirm", confirm or "", rule)], wmi_class=ADVERTISEMENT)

    # -- writing --------------------------------------------------------------------------------

    def apply(self, before: Loaded | None, plan: Plan) -> Loaded | None:
        site = self.task.site
        if plan.action == "delete" and before is not None:
            self._delete(str(before.get("AdvertisementID")))
            return None
        tokens = plan.properties.get("AssignedSchedule") or []
        if tokens and all(isinstance(token, schedules.Token) for token in tokens):
            plan.properties["AssignedSchedule"] = schedules.make(site, tokens)
        if plan.action == "update" and before is not None:
            return site.save(before, plan.properties)
        new = self._create(plan)
        if before is not None:
            # Created first, deleted afterwards: whatever fails in between, nothing is lost.
            self._delete(str(before.get("AdvertisementID")))
        return new

    def _create(self, plan: Plan) -> Loaded:
        site = self.task.site
        instance = Instance(ADVERTISEMENT, dict(plan.properties))
        own = site.create(instance, settle=self._settle).get("AdvertisementID", "")
        found = own
        if plan.action == "create":
            found, warnings = site.keep_one(ADVERTISEMENT, self._rows(), own, "AdvertisementID")
            for text in warnings:
                self.task.warn(text)
        live = site.get(ADVERTISEMENT, {"AdvertisementID": found})
        wrong = [name for name, value in plan.properties.items() if not equal(live.get(name), value)]
        if wrong and found == own:
            raise NotAsWritten(
                f"The site created the advertisement {own} but holds other values in: {', '.join(sorted(wrong))}.",
                wmi_class=ADVERTISEMENT,
                attempted=f"create the advertisement {plan.properties['AdvertisementName']}",
            )
        return live

    def _settle(self) -> dict[str, str] | None:
        rows = self._rows()
        return {"AdvertisementID": str(rows[0].get("AdvertisementID"))} if len(rows) == 1 else None

    def _delete(self, advertisement_id: str) -> None:
        site = self.task.site
        site.delete(ADVERTISEMENT, {"AdvertisementID": advertisement_id})
        rows = site.query(ADVERTISEMENT, wql.equals("AdvertisementID", advertisement_id), list(COLUMNS))
        if any(row.get("ActionInProgress") != DELETING for row in rows):
            raise NotAsWritten(
                f"The site took the deletion of {advertisement_id} but still lists it.",
                wmi_class=ADVERTISEMENT,
                attempted=f"delete {advertisement_id}",
            )

    # -- the result -----------------------------------------------------------------------------

    def _shown(self, live: Instance, state: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        return {
            "name": live.get("AdvertisementName", ""),
            "task_sequence": self._live_label("task_sequence", str(live.get("PackageID", ""))),
            "collection": self._live_label("collection", str(live.get("CollectionID", ""))),
            **options.show(state),
        }

    def _live_label(self, option: str, live_id: str) -> str:
        """Return the play's own word for what the advertisement refers to, where it means the same."""
        same = option in self._refs and (self._id(option) or "").casefold() == live_id.casefold()
        return self._label(option) if same else live_id

    def summary(self, live: Loaded | None, plan: Plan) -> dict[str, t.Any] | None:
        if self.absent:
            return None
        planned = live is None
        source: t.Any = live if live is not None else Instance(ADVERTISEMENT, plan.properties)
        replaced = plan.action == "replace" and self.task.check_mode
        ids = {
            prop: None if source.get(prop) == NOT_THERE_YET else source.get(prop) for prop in ("PackageID", "CollectionID")
        }
        return {
            "kind": self.kind,
            "name": self.name or source.get("AdvertisementName"),
            "advertisement_id": None if planned or replaced else live and live.get("AdvertisementID"),
            "planned": planned or replaced,
            "package_id": ids["PackageID"],
            "collection_id": ids["CollectionID"],
            **{key: value for key, value in options.show(self._state).items() if key != "comment"},
            "changed_options": plan.options,
            "written": plan.changed and not self.task.check_mode,
        }

    def title(self) -> str:
        return f"advertisement {self.name or self.params.get('advertisement_id') or self._fallback_title()}"

    def _fallback_title(self) -> str:
        return " -> ".join(str(ref.name or ref.id) for ref in self._refs.values())

    def extra(self, plan: Plan) -> dict[str, t.Any]:
        if self._resolver is not None and self._resolver.unresolved:
            return {"unresolved": self._resolver.unresolved}
        return {}
