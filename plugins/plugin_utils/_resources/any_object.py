# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Any object of the site, written: ``cm_object``. The way out where no module knows a class."""

from __future__ import annotations

import functools
import typing as t

from .._cim.catalogue import Catalogue
from .._cim.instance import Instance, Value
from .._errors import Problem, SecretUnreadable
from .._plan import Plan
from .._provider import times
from .._provider.site import Loaded, equal, relative_path
from . import _variables
from ._base import ManagedResource
from ._object_form import Given, Shown, check_names

LOCAL_TIMES = frozenset({"sms_advertisement", "sms_collection", "sms_collectionsettings"})
"""Classes whose times have no zone; what the wire labels as UTC goes back as it is stored."""
NOTE = "Written without the checks that the modules of this collection make."


class AnyObject(ManagedResource):
    """By keys a Get, and what differs is saved; without keys a new object every time."""

    key = "object"
    kind = "object"

    def __init__(self, task: t.Any) -> None:
        super().__init__(task)
        self.keys: dict[str, str | int] = {}
        self.wanted = Instance(self.params["class_name"])
        self.made_keys: dict[str, str | int] | None = None

    @functools.cached_property
    def _form(self) -> Shown:
        return Shown(Catalogue.load())

    def validate(self) -> None:
        given = self.params["keys"] or {}
        problems = check_names(self.params["class_name"], given, self.params["properties"])
        if self.absent and not given:
            problems.append(Problem("keys", "", "must name the object that is to be absent"))
        if self.absent and self.params["properties"]:
            problems.append(Problem("properties", "", "have no meaning with state: absent"))
        if not self.absent and not given and not self.params["properties"]:
            problems.append(Problem("properties", "", "must name what a new object gets"))
        self.refuse(problems)
        form = Given(Catalogue.load())
        self.wanted = form.instance(self.params["class_name"], self.params["properties"], "properties")
        self.task.hide(*self._form.secrets(self.wanted))
        self.keys = {str(name): value for name, value in given.items()}
        known = Catalogue.load().get(self.wanted.class_name)
        missing = [name for name in known.keys if name not in self.keys] if known is not None and given else []
        unknown = [name for name in self.keys if name not in known.keys] if known is not None else []
        if missing or unknown:
            rule = f"{known.name} has the keys {', '.join(known.keys)}" if known is not None else ""
            form.problems.append(Problem("keys", ", ".join(missing or unknown), rule))
        for name in known.keys if known is not None else ():
            if self.keys and str(self.wanted.properties.get(name, self.keys.get(name))) != str(self.keys.get(name)):
                form.problems.append(Problem(f"properties.{name}", "", "is a key, which never changes"))
        self.refuse(form.problems)

    def title(self) -> str:
        return relative_path(self.wanted.class_name, self.keys) if self.keys else f"new {self.wanted.class_name}"

    def read(self) -> Loaded | None:
        found = self.task.site.find(self.wanted.class_name, self.keys) if self.keys else None
        if found is not None and found.class_name.casefold() in LOCAL_TIMES:
            times.without_zone(found)
        return found

    def plan(self, before: Loaded | None) -> Plan:
        if self.absent:
            shown = self._form.instance(before) if before is not None else None
            return Plan("delete" if before is not None else "none", before=shown)
        if before is None:
            made = Instance(self.wanted.class_name, {**self.keys, **self.wanted.properties})
            plan = Plan("create", after=self._form.instance(made), properties=dict(made.properties))
            plan.notes.append(NOTE)
            return plan
        changes = {
            name: value for name, value in self.wanted.properties.items() if not equal(before.get(name), value)
        }
        if not changes:
            return Plan("none")
        self._refuse_loss(before)
        plan = Plan("update", before=self._part(before, changes), properties=changes)
        after = Instance(before.class_name, {**before.properties, **self._spelled(before, changes)})
        plan.after = self._part(after, changes)
        for name in changes:
            plan.change(name, plan.before[name] if plan.before else None, plan.after[name])
        plan.notes.append(NOTE)
        return plan

    def _refuse_loss(self, before: Instance) -> None:
        """Refuse to send masked variables back unasked: the site hands out nothing for them, and may then hold that."""
        for holder in (_variables.DEVICE, _variables.COLLECTION):
            if before.class_name.casefold() != holder.class_name.casefold() or holder.array in self.wanted.properties:
                continue
            masked = [item["name"] for item in _variables.show(before, holder) if item["masked"]]
            if masked:
                rule = (
                    f"is in the same object, with masked variables ({', '.join(masked)}) whose values the site does "
                    "not hand out; sent back they may be blanked. Give the whole list with the values as well"
                )
                raise SecretUnreadable([Problem(f"properties.{holder.array}", "", rule)], detail={"masked": masked})

    @staticmethod
    def _spelled(before: Instance, changes: t.Mapping[str, Value]) -> dict[str, Value]:
        names = {name.casefold(): name for name in before.properties}
        return {names.get(name.casefold(), name): value for name, value in changes.items()}

    def _part(self, item: Instance, names: t.Iterable[str]) -> dict[str, t.Any]:
        """Return the keys and these properties of an object, free of secrets."""
        shown = {name.casefold(): value for name, value in self._form.instance(item).items()}
        return {**self.keys, **{name: shown.get(name.casefold()) for name in names}}

    def apply(self, before: Loaded | None, plan: Plan) -> Loaded | None:
        site, class_name = self.task.site, self.wanted.class_name
        if plan.action == "delete":
            site.delete(class_name, self.keys)
            return None
        if before is None:
            settle = self._is_there if self.keys else None
            made = site.create(Instance(class_name, dict(plan.properties)), settle=settle)
            self.made_keys = self.keys or dict(made.items())
            return site.get(class_name, self.made_keys)
        # The site does not hand out secrets, so reading cannot tell whether they arrived.
        secret = any(self._form.secrets(Instance(class_name, dict(plan.properties))))
        after = site.save(before, plan.properties, verify=False, readable=not secret)
        other = [name for name, value in plan.properties.items() if not equal(after.get(name), value)]
        if other:
            self.task.warn(f"{self.title()}: the site holds other values than were sent in: {', '.join(other)}.")
        return after

    def _is_there(self) -> dict[str, str] | None:
        found = self.task.site.find(self.wanted.class_name, self.keys)
        return None if found is None else {name: str(value) for name, value in self.keys.items()}

    def summary(self, live: Loaded | None, plan: Plan) -> dict[str, t.Any] | None:
        if self.absent:
            return None
        planned = live is None
        shown = plan.after if live is None else self._form.instance(live)
        return {
            "kind": self.kind,
            "planned": planned,
            "class_name": self.wanted.class_name,
            "keys": self.made_keys or self.keys or None,
            "properties": {name: value for name, value in (shown or {}).items() if name != "class"},
            "changed_options": plan.options,
        }
