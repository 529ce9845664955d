# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One object of the site takes the place of another in every task sequence that uses it."""

from __future__ import annotations

import dataclasses
import typing as t

from .._cim.instance import Instance
from .._errors import (
    ConfigMgrError,
    InvalidInput,
    NotAsWritten,
    ObjectLocked,
    OutcomeUnknown,
    Problem,
    RequestTooLarge,
    ServerFault,
)
from .._plan import Plan
from .._provider.ref import Ref
from .._provider.references import Resolved, Resolver, parse_ref
from .._provider.site import relative_path
from .._sequence import diff as sequence_diff
from .._sequence.model import Sequence, Step
from .._sequence.rules import StepRule, load_rules
from . import _object_uses as uses
from ._base import Outcome, Resource, Task
from ._step_edits_draft import Draft, EditedSequence
from ._ts_options import RUN_FIRST_ALWAYS
from ._ts_site import PACKAGE, TsSite
from .task_sequence_reference_mapping import Editions, Programs
from .task_sequence_reference_scope import Scope, every_sequence
from .ts_package import Live

_INDEXES = {"ImagePackageID": "ImageIndex", "InstallPackageID": "InstallEditionIndex"}
"""The property that chooses an edition, by the one that names the image."""

_ITEM_LINES = 40
_OF_ONE_SEQUENCE = (InvalidInput, ServerFault, NotAsWritten, OutcomeUnknown, RequestTooLarge)
"""What can go wrong with one task sequence and leaves the others to be done."""

_ASSIGNED = 1
"""``LockState`` of an object that somebody edits (reference: provider-behaviour 9)."""


class _Shared(Task):
    """The task of one task sequence: the site, the warnings and the resolver are those of the whole task."""

    def __init__(self, task: Task, resolver: Resolver, params: t.Mapping[str, t.Any]) -> None:
        super().__init__(params, check_mode=task.check_mode, diff_mode=task.diff_mode, connect=lambda: task.site)
        self.hidden = task.hidden
        self.warn = task.warn  # type: ignore[method-assign]
        self._resolver = resolver

    def resolver(self, *, missing_ok: bool = False) -> Resolver:
        return self._resolver

    def manage(self, option: str, value: t.Any) -> None:
        """Set an option as if the play had given it."""
        self.params[option] = value
        self.given |= {option}


@dataclasses.dataclass
class _Change:
    """What is replaced, and by what."""

    kind: str
    old: str
    old_name: str | None
    new: Resolved
    new_ref: Ref
    programs: Programs
    editions: Editions

    def ref(self, kind: str) -> Ref:
        """Return the reference to the new object; ``kind`` is what the option wants."""
        return self.new_ref if self.new.id is None else Ref(kind, id=self.new.id)


class ReplacedSequence(EditedSequence):
    """One task sequence in which the object is replaced."""

    def __init__(self, task: _Shared, change: _Change) -> None:
        super().__init__(task)
        self.change = change
        self.problems: list[Problem] = []
        self.replaced: list[dict[str, t.Any]] = []
        self._prepared: Draft | None = None

    def prepare(self, live: Live) -> bool:
        """Make the draft; says whether the task sequence itself uses the object. Problems are collected."""
        self.name = str(live.package.get("Name"))
        sequence = t.cast(Sequence, live.sequence)
        self.replaced = uses.describe_uses(live, self.change.old)
        options = uses.package_uses(live.package, self.change.old)
        draft = self._prepared = Draft(sequence)
        for use in list(uses.step_uses(draft.sequence, self.change.old)):
            self._replace(draft, use)
        self._replace_options(live.package, options)
        self.replaced += [{"path": None, "type": None, "option": option, "enabled": True} for option in options]
        return bool(self.replaced)

    def edit(self, before: Live) -> Draft:
        return t.cast(Draft, self._prepared)

    def _names(self) -> t.Callable[[str, str, str], str | None]:
        """Return how the diff shows an ID; here the object that goes is known by name as well."""
        others = super()._names()
        old, shown = self.change.old, f"{self.change.old_name} ({self.change.old})"
        named = bool(old and self.change.old_name)
        return lambda owner, name, value: shown if named and uses.same_id(value, old) else others(owner, name, value)

    def _replace_options(self, package: Instance, options: t.Sequence[str]) -> None:
        task = t.cast(_Shared, self.task)
        reference: t.Any = self.params["to"] if self.change.new.id is None else {"id": self.change.new.id}
        if "boot_image" in options:
            task.manage("boot_image", reference)
        if "run_first" in options:
            program = self._program(uses.first_program(package, self.change.old) or "", "run_first")
            always = bool(package.number("ProgramFlags") & RUN_FIRST_ALWAYS)
            task.manage("run_first", {"package": reference, "program": program, "always": always})

    def _replace(self, draft: Draft, use: uses.Use) -> None:
        step, option = use.step, use.option
        rule = t.cast(StepRule, load_rules().step(step.class_name))
        kind = t.cast(str, option.ref)
        draft.edit(step)
        if option.kind == "ref":
            step.properties[option.property] = self.change.ref(kind)
            self._companions(step, rule, option.name, option.property, use.path)
            return
        refs: list[Ref] = []
        for one in uses.ids_of(step.properties[option.property]):
            ref = self.change.ref(kind) if uses.same_id(one, self.change.old) else Ref(kind, id=one)
            if ref not in refs:
                refs.append(ref)
        step.properties[option.property] = refs

    def _companions(self, step: Step, rule: StepRule, name: str, property_name: str, path: str) -> None:
        for other in rule.options.values():
            held = step.properties.get(other.property)
            if other.kind == "program" and other.companion == name and isinstance(held, str) and held:
                step.properties[other.property] = self._program(held, path)
        index = _INDEXES.get(property_name)
        if index in rule.properties and step.properties.get(index) is not None:
            try:
                step.properties[index] = self.change.editions.of(int(step.properties[index]))
            except InvalidInput as error:
                self._collect(error, path)

    def _program(self, old: str, path: str) -> str:
        try:
            return self.change.programs.of(old)
        except InvalidInput as error:
            self._collect(error, path)
            return old

    def _collect(self, error: InvalidInput, path: str) -> None:
        self.problems += [problem._replace(path=f"{self.name}: {path}") for problem in error.problems]


class TaskSequenceReference(Resource):
    """``cm_task_sequence_reference``."""

    key = "replacement"

    def validate(self) -> None:
        problems = []
        kind = self.params["kind"]
        self.refs: dict[str, Ref] = {}
        for option in ("from", "to"):
            try:
                self.refs[option] = parse_ref(self.params[option], kind, option)
            except InvalidInput as error:
                problems += error.problems
        self.scope = Scope(self.params.get("scope"))
        problems += self.scope.check()
        if self.params.get("programs") and kind != "package":
            problems.append(Problem("programs", "", "only a package has programs; leave it out for this kind"))
        if self.params.get("image_index") is not None:
            if kind not in ("os_image", "os_upgrade_package"):
                problems.append(Problem("image_index", str(self.params["image_index"]), "only works with an image"))
            elif self.params["image_index"] < 1:
                problems.append(Problem("image_index", str(self.params["image_index"]), "must be 1 or more"))
        self.refuse(problems)

    # -- the work -------------------------------------------------------------------------------

    def converge(self) -> Outcome:
        self.done: dict[str, list[dict[str, t.Any]]] = {"replaced": [], "skipped": [], "failed": []}
        self._first_failure: ConfigMgrError | None = None
        resolver = self.task.resolver()
        change = self._resolve(resolver)
        self._store = TsSite(self.task.site)
        texts = []
        for resource, live in self._prepared(change, resolver):
            text = self._one(resource, live)
            if text:
                texts.append(text)
        values = {self.key: {**self._ends(change), **self.done}}
        if resolver.unresolved:
            values["unresolved"] = resolver.unresolved
        if self._first_failure is not None:
            raise self._failure(self._first_failure)
        changed = bool(self.done["replaced"])
        return Outcome(changed, values, {"prepared": _capped(texts)} if changed else None)

    def _resolve(self, resolver: Resolver) -> _Change:
        old_ref, new_ref = self.refs["from"], self.refs["to"]
        # An old object that was deleted already may still be referred to by its ID.
        before = resolver if old_ref.id is None else self.task.resolver(missing_ok=True)
        before.add(old_ref)
        resolver.add(new_ref, in_steps=True)
        resolver.resolve()
        before.resolve()
        old, new = before.result(old_ref), resolver.result(new_ref)
        kind, old_id = self.params["kind"], old.id or ""
        if old.id is not None and old.id == new.id:
            raise InvalidInput([Problem("to", str(new.name or new.id), "is the object of `from` itself")])
        site = self.task.site
        programs = Programs(site, new.id, self.params.get("programs") or {})
        editions = Editions(site, kind, (old.id, new.id), self.params.get("image_index"))
        self._old, self._new = old, new
        return _Change(kind, old_id, old.name, new, new_ref, programs, editions)

    def _ends(self, change: _Change) -> dict[str, t.Any]:
        ends = (("from", self._old), ("to", self._new))
        return {key: {"kind": change.kind, "name": found.name, "id": found.id} for key, found in ends}

    def _candidates(self, change: _Change) -> dict[str, str]:
        site = self.task.site
        if not change.old:
            # Only an earlier task of the play would have made it, so nothing uses it yet.
            return {}
        if self.params["include_disabled"]:
            found = every_sequence(site)
        else:
            rows = uses.reference_rows(site, [change.old])
            found = uses.named_sequences(site, (str(row.get("PackageID")) for row in rows))
        return self.scope.select(site, found)

    def _prepared(self, change: _Change, resolver: Resolver) -> list[tuple[ReplacedSequence, Live]]:
        """Read the task sequences and make the drafts; everything that is wrong is in one error."""
        problems: list[Problem] = []
        ready: list[tuple[ReplacedSequence, Live]] = []
        candidates = self._candidates(change)
        loops = self._runs(change) if change.kind == "task_sequence" else set()
        for package_id, name in candidates.items():
            resource = ReplacedSequence(_Shared(self.task, resolver, self._params(package_id)), change)
            try:
                live = resource.read()
                used = live is not None and resource.prepare(live)
            except _OF_ONE_SEQUENCE as error:
                self._fail(package_id, name, error)
                continue
            problems += resource.problems
            if used and package_id.casefold() in loops:
                problems.append(Problem("to", name, "would run itself through the new task sequence"))
            if live is not None and used:
                ready.append((resource, live))
            elif live is not None and not self.params["include_disabled"]:
                reason = "It uses the object only through a task sequence that it runs."
                self._note("skipped", package_id, name, code="through_child", reason=reason)
        self.refuse(problems)
        return ready

    def _params(self, package_id: str) -> dict[str, t.Any]:
        return {
            "package_id": package_id,
            "state": "present",
            "to": self.params["to"],
            "allow_empty": True,
            "unknown_ids": "fail",
            "update_secrets": "on_change",
            "allow_blank_secrets": self.params["allow_blank_secrets"],
            "confirm": self.params["confirm"],
            "max_targets": self.params["max_targets"],
        }

    def _runs(self, change: _Change) -> set[str]:
        """Return the task sequences that cannot run the new one: itself, and what it runs."""
        if change.new.id is None:
            return set()
        rows = self._store.child_references([change.new.id]).get(change.new.id, [])
        return {change.new.id.casefold(), *(str(row.get("ObjectID")).casefold() for row in rows)}

    def _one(self, resource: ReplacedSequence, live: Live) -> str | None:
        """Plan and carry out the change of one task sequence; return its diff."""
        package_id, name = live.package_id, str(live.package.get("Name"))
        try:
            plan = resource.plan(live)
            if not plan.changed:
                return None
            if self.task.check_mode:
                self._check_lock(package_id)
            else:
                resource.apply(live, plan)
        except ObjectLocked as error:
            self.task.warn(f"{name} was left as it is: {error.message}")
            self._note("skipped", package_id, name, code=error.code, reason=error.message)
            return None
        except _OF_ONE_SEQUENCE as error:
            self._fail(package_id, name, error)
            return None
        text = plan.diff(resource.title())["prepared"]
        self._note("replaced", package_id, name, uses=resource.replaced, diff=_cut(text))
        self._say(plan, name)
        return text

    def _say(self, plan: Plan, name: str) -> None:
        for note in plan.notes:
            self.task.warn(f"{name}: {note}")

    def _check_lock(self, package_id: str) -> None:
        """Raise :class:`ObjectLocked` when a run would find the lock of a task sequence taken."""
        path = relative_path(PACKAGE, {"PackageID": package_id})
        try:
            out = self.task.site.cim.invoke("SMS_ObjectLock", "GetLockInformation", {"ObjectRelPath": path}).out
        except ServerFault:
            return
        if out.get("LockState") == _ASSIGNED and out.get("AssignedUser"):
            where = f" on {out['AssignedMachine']}" if out.get("AssignedMachine") else ""
            raise ObjectLocked(f"{path} is being edited by {out['AssignedUser']}{where}.", wmi_class=PACKAGE)

    # -- the result -----------------------------------------------------------------------------

    def _note(self, outcome: str, package_id: str, name: str, **facts: t.Any) -> None:
        self.done[outcome].append({"name": name, "package_id": package_id, **facts})

    def _fail(self, package_id: str, name: str, error: ConfigMgrError) -> None:
        self._first_failure = self._first_failure or error
        self._note("failed", package_id, name, code=error.code, reason=error.message)

    def _failure(self, first: ConfigMgrError) -> ConfigMgrError:
        """Return the first failure with what became of every task sequence."""
        failed = "; ".join(
            f"{entry['name']} ({entry['package_id']}): {entry['reason']}" for entry in self.done["failed"]
        )
        verb = "would be" if self.task.check_mode else "were"
        counts = f"{len(self.done['replaced'])} {verb} changed, {len(self.done['skipped'])} skipped"
        first.message = f"{len(self.done['failed'])} task sequences could not be changed ({counts}): {failed}"
        first.detail = self.done
        return first


def _cut(text: str) -> str:
    lines = text.splitlines()
    if len(lines) > _ITEM_LINES:
        lines = [*lines[:_ITEM_LINES], f"... {len(lines) - _ITEM_LINES} more lines"]
    return "\n".join(lines) + "\n"


def _capped(texts: t.Sequence[str]) -> str:
    """Return the diffs of all task sequences, within the limits of one."""
    lines: list[str] = []
    size = 0
    for index, text in enumerate(texts):
        block = _cut(text).splitlines()
        size += len(text.encode("utf-8", "replace"))
        if len(lines) + len(block) >= sequence_diff.MAX_LINES or size > sequence_diff.MAX_BYTES - 100:
            lines.append(f"... and {len(texts) - index} more task sequences")
            break
        lines += block
    return "\n".join(lines) + "\n"
