# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The task sequence as a whole: the package options and the steps, written in one call."""

from __future__ import annotations

import dataclasses
import typing as t

from ...module_utils._ts_package_args import TS_PACKAGE_ARGS
from .._cim.instance import Instance
from .._errors import GateRefused, InvalidInput, NotAsWritten, Problem
from .._plan import Plan
from .._provider.ref import Ref
from .._provider.references import Resolved, Resolver
from .._sequence import diff as sequence_diff
from .._sequence.decode import from_instance
from .._sequence.equality import same
from .._sequence.fingerprint import counts, steps_sha256
from .._sequence.finish import child_sequences, collect_refs, edition_images, finish, refs_in
from .._sequence.match import Matching, match
from .._sequence.model import Sequence, number_paths
from .._sequence.rules import load_rules
from .._sequence.secrets import SecretReport, settle
from . import _sequence_source as sources
from ._base import Task
from ._sequence_writer import encode, verify
from ._ts_site import PACKAGE
from .ts_package import Live, TsPackage

_DISPLAYED = ("application", "content", "task_sequence")
"""Kinds whose display texts and sizes are stored inside a step, so that a write needs their rows."""


@dataclasses.dataclass
class SequencePlan(Plan):
    """A plan whose diff is a text: the steps would be too long before and after."""

    steps: list[sequence_diff.Change] = dataclasses.field(default_factory=list)

    def diff(self, title: str) -> dict[str, str]:
        head = [f"{_SIGNS[self.action]} {title}"]
        if self.action == "delete":
            head += [f"    {name}: {value}" for name, value in (self.before or {}).items() if value not in ("", [], {})]
        for change in self.changes:
            if change.option != "steps":
                head.append(f"~ {change.option}: {change.before!r} -> {change.after!r}")
        text = "\n".join(head) + "\n"
        room = sequence_diff.MAX_BYTES - len(text.encode("utf-8", "replace"))
        return {"prepared": text + sequence_diff.render(self.steps, sequence_diff.MAX_LINES - len(head), room)}


_SIGNS = {"none": " ", "create": "+", "update": "~", "replace": "~", "delete": "-"}


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

    # -- before connecting ----------------------------------------------------------------------

    def validate(self) -> None:
        problems: list[Problem] = []
        try:
            self.source = None if self.absent and not self.params.get("src") else sources.load(self.task, TS_PACKAGE_ARGS)
        except InvalidInput as error:
            if not error.problems:
                raise
            problems += error.problems
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

    def read(self) -> Live | None:
        live = super().read()
        if live is not None and self.source is not None and not self.absent:
            live.sequence = self.store.steps(live.package)
        return live

    # -- planning -------------------------------------------------------------------------------

    def new_plan(self, before: Live | None) -> Plan:
        if before is None and self.source is None and not self.absent:
            rule = "needed to create a task sequence (or sequence_xml, or src); none of that name exists yet"
            raise InvalidInput([Problem("steps", "", rule)])
        return SequencePlan(action="create" if before is None else "none")

    def resolve(self, before: Live | None, resolver: Resolver) -> None:
        if self.source is None:
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
        for ref in references:
            # What the site's own steps refer to already needs no query, unless all unknown IDs are to be named.
            if keep or ref not in held:
                resolver.add(ref)
        super().resolve(before, resolver)
        for image in edition_images(self._wanted):
            self._editions[image] = self._image_property(image, resolver)
        self._wanted = self._finished(resolver, before)

    def _finished(self, resolver: Resolver, before: Live | None, children: t.Any = lambda package_id: ()) -> Sequence:
        wanted = t.cast(Sequence, self._wanted)
        return finish(
            wanted,
            lambda ref: resolver.result(ref) if ref in resolver else Resolved(ref.id, ref.name),
            image_property=lambda image: self._editions.get(image),
            child_references=children,
            old=before.sequence if before else None,
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
        self._matching = match(live, self._wanted) if live is not None else None
        equal = live is not None and same(live, self._wanted)
        self._secrets = settle(
            self._wanted,
            live,
            self._matching,
            update_secrets=self.params["update_secrets"],
            allow_blank_secrets=self.params["allow_blank_secrets"],
            writing=not equal or bool(plan.changes),
        )
        if not equal:
            plan.steps = sequence_diff.changes(live, self._wanted, self._matching)
        if live is not None and (not equal or self._secrets.forces_write):
            plan.change("steps", "", "changed" if not equal else "secrets are sent again")
        if self._secrets.forces_write:
            plan.notes.append("Secrets are sent again because of update_secrets: always.")
        if self._secrets.blanked:
            plan.notes.append(f"These stored secrets are lost: {', '.join(self._secrets.blanked)}.")
        if self._secrets.missing and (not equal or plan.changes):
            self.task.warn(f"These secrets have no value: {', '.join(self._secrets.missing)}.")

    def creation_remark(self) -> str:
        return ""

    # -- writing --------------------------------------------------------------------------------

    def apply(self, before: Live | None, plan: Plan) -> Live | None:
        if self._wanted is None or plan.action == "delete":
            return super().apply(before, plan)
        self._complete(before)
        if before is None:
            live = self.create(plan)
            live.sequence = self.store.stored_steps(live.package)
        else:
            live = self._update(before, plan)
        for text in verify(self._wanted, t.cast(Sequence, live.sequence), str(live.package.get("Name"))):
            self.task.warn(text)
        return live

    def _complete(self, before: Live | None) -> None:
        """Fill in what only a write needs: display texts, sizes, and what child task sequences refer to."""
        resolver = self._resolver
        if resolver is None or self.source is None or self.source.text is not None:
            return
        source = self.source.sequence
        missing = [ref for ref in collect_refs(source) if ref.kind in _DISPLAYED and ref not in resolver]
        for ref in missing:
            resolver.add(ref)
        if missing:
            resolver.resolve()
        children = [resolver.result(ref).id or "" for ref in child_sequences(source)]
        if not missing and not children:
            return
        rows = self.store.child_references(children)
        settled = t.cast(Sequence, self._wanted)
        self._wanted = source
        finished = self._finished(resolver, before, lambda package_id: rows.get(package_id, ()))
        # Only derived properties are new; the settled secrets stay where they are.
        for old, new in zip(settled.walk(), finished.walk(), strict=True):
            for name, value in new.properties.items():
                if name not in old.properties or _is_derived(old.class_name, name):
                    old.properties[name] = value
        self._wanted = settled

    def new_steps(self, plan: Plan) -> Instance:
        return encode(self.store, t.cast(Sequence, self._wanted), None, None, self._imported)

    def _update(self, before: Live, plan: Plan) -> Live:
        wanted = t.cast(Sequence, self._wanted)
        steps = encode(self.store, wanted, before.sequence, self._matching, self._imported)
        package = self.task.site.writable(before.package, plan.properties)
        if self.task.site.compatibility.send_sequence_text == "always":
            package.properties["Sequence"] = before.package.get("Sequence")

        def settled() -> str | None:
            now = self.store.load(before.package_id)
            return before.package_id if now is not None and same(self.store.steps(now), wanted) else None

        self.store.save_steps(package, steps, settle=settled)
        after = self.store.load(before.package_id)
        if after is None:
            raise NotAsWritten(
                f"The site said that it saved {before.package_id} but does not have it.",
                wmi_class=PACKAGE,
                method="SetSequence",
            )
        self.check_package(after, plan)
        return Live(after, self.store.steps(after))

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
        if self.source is None or self._resolver is None or self._wanted is None:
            return []
        references = refs_in(self._wanted) if self.source.text is not None else collect_refs(self.source.sequence)
        found: dict[tuple[t.Any, ...], dict[str, t.Any]] = {}
        for ref in references:
            answer = self._resolver.result(ref) if ref in self._resolver else Resolved(ref.id, ref.name)
            entry = {"kind": ref.kind, "name": answer.name or ref.name, "id": answer.id}
            found.setdefault((ref.kind, entry["id"] or entry["name"], ref.parent), entry)
        return list(found.values())

    def extra(self, plan: Plan) -> dict[str, t.Any]:
        found = super().extra(plan)
        if self.params["unknown_ids"] == "keep":
            found["dangling_references"] = self._resolver.dangling if self._resolver else []
        return found


_IMAGE_CLASSES = {"os_image": "SMS_ImagePackage", "os_upgrade_package": "SMS_OperatingSystemInstallPackage"}


def _is_derived(class_name: str, name: str) -> bool:
    rule = load_rules().get(class_name)
    known = rule.properties.get(name) if rule is not None else None
    return known is not None and known.derived
