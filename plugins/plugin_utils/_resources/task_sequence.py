# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The task sequence as a whole: the package options and the steps, written in one call."""

from __future__ import annotations

import functools
import typing as t

from ...module_utils._ts_package_args import TS_PACKAGE_ARGS
from .._cim.instance import Instance
from .._errors import ConfigMgrError, GateRefused, InvalidInput, Problem, ReferenceProblems
from .._plan import Plan
from .._provider.ref import Ref
from .._provider.references import Resolved, Resolver
from .._sequence import diff as sequence_diff
from .._sequence.decode import from_instance
from .._sequence.equality import same
from .._sequence.fingerprint import counts, steps_sha256
from .._sequence.finish import collect_refs, edition_images, finish, refs_in
from .._sequence.lint.engine import lint
from .._sequence.lint.finding import Finding
from .._sequence.lint.ignoring import read_ignore
from .._sequence.lint.verdict import judge
from .._sequence.match import Matching, identical, match
from .._sequence.model import Sequence, number_paths
from .._sequence.rules import load_rules
from .._sequence.secrets import SecretReport, settle
from . import _backup as backups
from . import _exported_options as exported
from . import _sequence_copy as copies
from . import _sequence_source as sources
from . import _ts_options as options
from ._base import Task
from ._gate import Decision
from ._gate_facts import decide_steps
from ._sequence_children import Children, names_of_children, refuse_itself
from ._sequence_plan import SequencePlan
from ._sequence_writer import encode, verify
from ._site_classes import refuse_unknown
from .ts_package import Live, TsPackage

_VERSIONS = ("SedoObjectVersion", "SourceVersion", "LastRefreshTime")
"""What changes with every save."""


class TaskSequence(TsPackage):
    """``cm_task_sequence``."""

    key = "task_sequence"

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        self.source: sources.Source | None = None
        self._imported: Instance | None = None
        self._wanted: Sequence | None = None
        self._matching: Matching | None = None
        self._secrets: SecretReport | None = None
        self._editions: dict[Ref, str | None] = {}
        self._held: Sequence | None = None
        self._findings: list[Finding] = []
        self._gate: Decision | None = None
        self._copied: copies.Copied | None = None
        self._backup: backups.Backup | None = None
        self._run: Children | None = None

    # -- before connecting ----------------------------------------------------------------------

    def validate(self) -> None:
        problems: list[Problem] = []
        try:
            # A task that deletes needs the steps for nothing, but its file may hold the name.
            if not self.absent or self.params.get("src") is not None:
                self.source = sources.load(self.task, TS_PACKAGE_ARGS)
        except InvalidInput as error:
            if not error.problems:
                raise
            problems += error.problems
        try:
            read_ignore(self.params.get("lint_ignore") or [], "lint_ignore")
        except InvalidInput as error:
            problems += error.problems
        problems += copies.check(self.task)
        self.name, self.package_id = self.params.get("name"), self.params.get("package_id")
        try:
            super().validate()
        except InvalidInput as error:
            problems += error.problems
        if not self.name and not self.package_id and not problems:
            problems.append(Problem("name", "", "give name or package_id, in the task or in the file"))
        self.refuse(problems)
        for text in self.source.warnings if self.source else ():
            self.task.warn(text)

    # -- reading --------------------------------------------------------------------------------

    def with_steps(self, live: Live) -> Live:
        if self.source is not None and not self.absent:
            live.sequence = self.store.steps(live.package)
        return live

    # -- planning -------------------------------------------------------------------------------

    def plan(self, before: Live | None) -> Plan:
        self._copied = self.template = None
        if before is None and self.params.get("copy_from") is not None and not (self.absent or self.package_id):
            resolver = self.task.resolver()
            self._copied = copies.load(self.task, self.store, resolver)
            if self._copied is None:
                self._resolver = resolver
                note = "An earlier task would make the task sequence that is copied, so its steps cannot be shown yet."
                return SequencePlan(action="create", notes=[note])
            self.template = self._copied.package
        self._take_presentation(before)
        plan = super().plan(before)
        if before is not None and plan.changed and self.params.get("backup"):
            self._backup = backups.prepare(self.task, self.store, before)
            plan.notes += [self._backup.note()] if self.task.check_mode else []
        return plan

    def _take_presentation(self, before: Live | None) -> None:
        """Take over what a whole export says of Software Center and the like, as far as this site has it."""
        package = self.source.package if self.source is not None else None
        if package is None or self.absent:
            return
        live = before.package if before is not None else None
        self.params.update(exported.presentation_of(package, live, self.params))
        if self._icon is None and self.params.get("icon") is None:
            self._icon = exported.icon_of(package, live)

    def new_plan(self, before: Live | None) -> Plan:
        if before is None and self.source is None and self._copied is None and not self.absent:
            rule = "needed to create a task sequence (or sequence_xml, src or copy_from); none of that name exists yet"
            raise InvalidInput([Problem("steps", "", rule)])
        return SequencePlan(action="create" if before is None else "none")

    def resolve(self, before: Live | None, resolver: Resolver) -> None:
        if self.source is None:
            # A copy refers to what the site's own steps refer to already.
            self._wanted = self._copied.steps() if self._copied is not None else None
            super().resolve(before, resolver)
            return
        held = set(refs_in(before.sequence)) if before and before.sequence else set()
        if self.source.text is not None:
            self._imported = self.store.convert(self.source.text)
            self._wanted = from_instance(self._imported)
            number_paths(self._wanted, f"{self.source.root}: steps")
            references = refs_in(self._wanted)
        else:
            self._wanted = self.source.sequence
            references = collect_refs(self._wanted)
        keep = self.params["unknown_ids"] == "keep"
        for ref in held:
            resolver.hold(ref)
        for ref in references:
            # What the site's own steps refer to already needs no query, unless all unknown IDs are to be named.
            if keep or ref not in held:
                resolver.add(ref, in_steps=True)
        try:
            super().resolve(before, resolver)
        except ReferenceProblems as error:
            if any(problem.rule.endswith("with this ID") for problem in error.problems):
                error.message += "; IDs of another site are kept as they are with unknown_ids: keep"
            raise
        refuse_itself(before.package_id if before else None, references, resolver)
        for image in edition_images(self._wanted):
            self._editions[image] = self._image_property(image, resolver)
        self._held = before.sequence if before else None
        self._wanted = self._finished(self._wanted, resolver)

    def _children(self) -> Children:
        """Return the task sequences that the steps of the play run and the site has."""
        if self._run is None:
            source, resolver = t.cast(sources.Source, self.source), t.cast(Resolver, self._resolver)
            if source.text is None:
                self._run = Children.of_play(self.store, resolver, source.sequence)
            else:
                self._run = Children.of_document(self.store, resolver, t.cast(Sequence, self._wanted))
        return self._run

    def _finished(self, wanted: Sequence, resolver: Resolver, children: t.Any = lambda package_id: ()) -> Sequence:
        """Return the steps with IDs for names; ``children`` gives the references of a child task sequence."""
        known = names_of_children(self._held)

        def resolved(ref: Ref) -> Resolved:
            return resolver.result(ref) if ref in resolver else Resolved(ref.id, ref.name or known.get(str(ref.id)))

        return finish(
            wanted,
            resolved,
            image_property=self._editions.get,
            child_references=children,
            old=self._held,
        )

    def _image_property(self, image: Ref, resolver: Resolver) -> str | None:
        """Read the editions of an image: they stand in a lazy property, so this costs a Get."""
        image_id = image.id or resolver.result(image).id
        if not image_id:
            return None
        row = resolver.result(image).row if image in resolver else None
        class_name = row.class_name if row is not None else _IMAGE_CLASSES[image.kind]
        found = self.task.site.find(class_name, {"PackageID": image_id})
        return str(found.get("ImageProperty") or "") if found else None

    def compare_steps(self, before: Live | None, plan: Plan) -> None:
        if self._wanted is None or not isinstance(plan, SequencePlan):
            return
        live = before.sequence if before else None
        if live is not None and live.steps and not self._wanted.steps and not self.params["allow_empty"]:
            count = sum(1 for _step in live.walk())
            rule = f"would remove all {count} steps of the task sequence; allow_empty: true says that this is meant"
            raise GateRefused([Problem(self.source.root if self.source else "steps", "[]", rule)])
        if self._copied is not None:
            self._compare_copy(self._copied, self._wanted, plan)
            return
        equal = live is not None and same(live, self._wanted)
        self._lint(before, stored=equal)
        self._matching = self.matching(live, self._wanted, equal) if live is not None else None
        self._secrets = settle(
            self._wanted,
            live,
            self._matching,
            update_secrets=self.params["update_secrets"],
            allow_blank_secrets=self.params["allow_blank_secrets"],
            writing=not equal or bool(plan.changes),
        )
        if not equal and before is not None:
            self.refuse(self._children().loops(before.package_id))
            self._gate = decide_steps(self.store, before.package, live, self._wanted, self.params)
            plan.notes += self._gate.notes if self._gate is not None else []
        if not equal and self.task.check_mode and self._imported is None:
            refuse_unknown(self.task.site, self._wanted, live)
        if not equal:
            plan.steps = sequence_diff.changes(live, self._wanted, self._matching, name_of=self._names())
        if not equal or self._secrets.forces_write:
            plan.change("steps", "", "")
        if live is not None and self._secrets.forces_write:
            plan.notes.append("Secrets are sent again because of update_secrets: always.")
            plan.remark = f"secrets are sent again: {', '.join(self._secrets.sent)}" if equal else ""
        self._say_secrets(self._secrets, plan, writing=not equal or bool(plan.changes))

    def _say_secrets(self, report: SecretReport, plan: Plan, *, writing: bool) -> None:
        if report.blanked:
            plan.notes.append(f"These stored secrets are lost: {', '.join(report.blanked)}.")
        if report.missing and writing:
            self.task.warn(f"These secrets have no value: {', '.join(report.missing)}.")

    def _compare_copy(self, copied: copies.Copied, wanted: Sequence, plan: SequencePlan) -> None:
        """Plan a new task sequence with the steps and options of another one."""
        self._secrets = copied.settle(wanted, allow_blank_secrets=self.params["allow_blank_secrets"])
        self._say_secrets(self._secrets, plan, writing=True)
        plan.steps = sequence_diff.changes(None, wanted)
        plan.change("copy_from", "", copied.label)
        plan.change("steps", "", "")
        plan.properties = {**copied.options(self.task), **plan.properties}

    def matching(self, live: Sequence, wanted: Sequence, equal: bool) -> Matching:
        """Say which stored step each wanted one continues; an edit of single steps knows it better."""
        return identical(live, wanted) if equal else match(live, wanted)

    def _lint(self, before: Live | None, *, stored: bool) -> None:
        """Lint the steps of the play; warns or raises as the option ``lint`` says. Edits of single steps have none.

        ``stored``: the site holds these steps, so their size need not be computed.
        """
        if self.params.get("lint", "ignore") == "ignore" or self.source is None:
            return
        package = before.package if before else None
        boot_image = package.get("BootImageID") if package else ""
        if self.task.wants("boot_image"):
            boot_image = self.params["boot_image"]
        self._findings = lint(
            self.source.sequence,
            name=self.name or (str(package.get("Name")) if package else None),
            package_id=before.package_id if before else None,
            boot_image=boot_image or "",
            platforms=options.platform_texts(self.params) if self.task.wants("platforms") else None,
            size_hint=_stored_size(package) if stored else None,
            child_names=names_of_children(self._held),
            max_envelope_size=self.params.get("max_envelope_size"),
            # The name is warned about without lint.
            ignore=[*self.params["lint_ignore"], "sequence-name-length"],
        )
        for text in judge(self._findings, self.params["lint"]):
            self.task.warn(text)

    def _names(self) -> t.Callable[[str, str, str], str | None]:
        """Return how the diff shows an ID: with the name of the object where the task knows it."""
        # The ID of a program is its name.
        named = [entry for entry in self._references() if entry["name"] and entry["kind"] != "program"]
        found = {str(entry["id"]): f"{entry['name']} ({entry['id']})" for entry in named}
        return lambda _class_name, _name, value: found.get(value)

    def creation_remark(self) -> str:
        return ""

    # -- writing --------------------------------------------------------------------------------

    def apply(self, before: Live | None, plan: Plan) -> Live | None:
        if self._backup is not None:
            self._backup.save()
        try:
            if self._wanted is not None and plan.action != "delete":
                self._add_children()
            return super().apply(before, plan)
        except ConfigMgrError as error:
            raise backups.named(error, self._backup) if self._backup is not None else error from None

    def _add_children(self) -> None:
        """Fill in what a step that runs another task sequence stores about it; only a write needs it.

        One query for all children; what the play gives as text has it already.
        """
        resolver = self._resolver
        if resolver is None or self.source is None or self.source.text is not None:
            return
        rows = self._children().references()
        if not rows:
            return
        settled = t.cast(Sequence, self._wanted)
        finished = self._finished(self.source.sequence, resolver, lambda package_id: rows.get(package_id, ()))
        for old, new in zip(settled.walk(), finished.walk(), strict=True):
            old.properties.update({k: v for k, v in new.properties.items() if _is_derived(old.class_name, k)})

    def new_steps(self, plan: Plan) -> Instance:
        return encode(self.store, t.cast(Sequence, self._wanted), None, None, self._imported)

    def read_back(self, live: Live) -> Live:
        if self._wanted is not None:
            live.sequence = self.store.stored_steps(live.package)
            self._verify(live)
        return live

    def update(self, before: Live, plan: Plan) -> Live:
        wanted = self._wanted
        if wanted is None:
            return super().update(before, plan)
        steps = encode(self.store, wanted, before.sequence, self._matching, self._imported)
        package = self.task.site.writable(before.package, plan.properties)
        if self.task.site.compatibility.send_sequence_text == "always":
            package.properties["Sequence"] = before.package.get("Sequence")
        settled = functools.partial(self._settle_update, before, plan)
        after = self.store.saved(self.store.save_steps(package, steps, settle=settled, before=before.package))
        self.check_package(after, plan)
        live = Live(after, self.store.steps(after))
        self._verify(live)
        return live

    def _settle_update(self, before: Live, plan: Plan) -> str | None:
        """Return the ID when the site shows what was sent, although the answer was lost.

        Secrets cannot be read, so where nothing else tells the site must have saved something.
        """
        now = self.store.load(before.package_id)
        wanted = t.cast(Sequence, self._wanted)
        if now is None or not same(self.store.steps(now), wanted) or any(options.deviations(now, plan.properties)):
            return None
        visible = before.sequence is None or plan.properties or not same(before.sequence, wanted)
        return before.package_id if visible or any(now.get(k) != before.package.get(k) for k in _VERSIONS) else None

    def _verify(self, live: Live) -> None:
        wanted, stored = t.cast(Sequence, self._wanted), t.cast(Sequence, live.sequence)
        for text in verify(wanted, stored, str(live.package.get("Name"))):
            self.task.warn(text)

    # -- the result -----------------------------------------------------------------------------

    def summary(self, live: Live | None, plan: Plan) -> dict[str, t.Any] | None:
        found = super().summary(live, plan)
        if found is None:
            return None
        sequence = self._wanted
        steps, groups = counts(sequence) if sequence is not None else (None, None)
        found.update(
            steps_count=steps,
            groups_count=groups,
            steps_sha256=steps_sha256(sequence) if sequence is not None else None,
            references=self._references(),
        )
        return found

    def _references(self) -> list[dict[str, t.Any]]:
        """Return what the steps refer to, each object once."""
        if self._resolver is None or self._wanted is None:
            return []
        given = self.source.sequence if self.source is not None and self.source.text is None else None
        references = refs_in(self._wanted) if given is None else collect_refs(given)
        found: dict[tuple[t.Any, ...], dict[str, t.Any]] = {}
        for ref in references:
            answer = self._resolver.result(ref) if ref in self._resolver else Resolved(ref.id, ref.name)
            entry = {"kind": ref.kind, "name": answer.name or ref.name, "id": answer.id}
            found.setdefault((ref.kind, entry["id"] or entry["name"], ref.parent), entry)
        return list(found.values())

    def extra(self, plan: Plan) -> dict[str, t.Any]:
        found = super().extra(plan)
        if self.params.get("lint", "ignore") != "ignore" and self.source is not None:
            found["lint"] = [finding.as_dict() for finding in self._findings]
        if self._backup is not None:
            found["backup_file"] = self._backup.path
        if self._gate is not None:
            found["gate"] = self._gate.gate
        return found


def _stored_size(package: Instance | None) -> int | None:
    text = package.get("Sequence") if package is not None else None
    return len(str(text).encode("utf-8", "replace")) if text else None


_IMAGE_CLASSES = {"os_image": "SMS_ImagePackage", "os_upgrade_package": "SMS_OperatingSystemInstallPackage"}


def _is_derived(class_name: str, name: str) -> bool:
    rule = load_rules().get(class_name)
    known = rule.properties.get(name) if rule is not None else None
    return known is not None and known.derived
