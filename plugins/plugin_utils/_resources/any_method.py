# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Any method of the site: ``cm_method``. The way out where no module knows a class."""

from __future__ import annotations

import typing as t

from .._cim.catalogue import Catalogue
from .._cim.client import is_read_method
from .._cim.instance import Instance, Value
from .._errors import Problem
from .._provider.site import relative_path
from ._base import Outcome, Resource
from ._object_form import Given, Shown, check_names

REFRESH = "refreshpkgsource"
BASES = ("sms_tasksequencepackage", "sms_packagebaseclass")


class AnyMethod(Resource):
    """One call. What is known to change nothing runs in check mode too; everything else counts as a change."""

    key = "method"

    def __init__(self, task: t.Any) -> None:
        super().__init__(task)
        self.arguments: dict[str, Value] = {}
        self.class_name: str = self.params["class_name"]
        self.method: str = self.params["method"]

    @property
    def _reads(self) -> bool:
        return is_read_method(self.class_name, self.method)

    def validate(self) -> None:
        class_name, method = self.params["class_name"], self.params["method"]
        problems = check_names(class_name, self.params["keys"] or {}, {})
        if method.casefold() == REFRESH and class_name.casefold() in BASES:
            # Reference: provider-behaviour 6, it leaves a task sequence inoperable.
            rule = "is never called on a task sequence, which would not run any more; name the class of the content"
            problems.append(Problem("method", method, rule))
        self.refuse(problems)
        known = Catalogue.load().get(class_name)
        form = Given(Catalogue.load())
        declared = known.method(method) if known is not None else None
        if known is not None and declared is None:
            offers = ", ".join(sorted(item.name for item in known.methods.values())) or "none"
            form.problems.append(Problem("method", method, f"{known.name} has no such method; it has: {offers}"))
        elif known is not None and declared is not None:
            # The wire takes names in the spelling of the class only.
            self.class_name, self.method = known.name, declared.name
            if declared.static and self.params["keys"]:
                form.problems.append(Problem("keys", "", f"{declared.name} belongs to the class; leave the keys out"))
            elif not declared.static and not self.params["keys"]:
                form.problems.append(Problem("keys", "", f"{declared.name} is called on an object; name its keys"))
            self.arguments = form.arguments(known, method, self.params["arguments"], "arguments")
        else:
            self.arguments = {
                str(name): form.value(None, value, f"arguments.{name}")
                for name, value in self.params["arguments"].items()
            }
        self.task.hide(*Shown(Catalogue.load()).secrets(Instance(class_name, dict(self.arguments))))
        self.refuse(form.problems)

    def converge(self) -> Outcome:
        keys = self.params["keys"] or None
        target = relative_path(self.class_name, keys) if keys else self.class_name
        what = f"{target}.{self.method}"
        if self.task.check_mode and not self._reads:
            note = f"{what} would be called; whether it changes anything is not known."
            return Outcome(True, {self.key: self._result(None, {}, planned=True), "msg": note})
        site = self.task.site

        def call() -> t.Any:
            return site.cim.invoke(self.class_name, self.method, self.arguments, keys=keys)

        done = call() if self._reads else site.write(what, call, wmi_class=self.class_name)
        form = Shown(site.catalogue)
        outputs = {name: form.value(value) for name, value in done.out.items()}
        return Outcome(not self._reads, {self.key: self._result(form.value(done.return_value), outputs, planned=False)})

    def _result(self, value: t.Any, outputs: dict[str, t.Any], *, planned: bool) -> dict[str, t.Any]:
        return {
            "kind": "method",
            "planned": planned,
            "class_name": self.class_name,
            "name": self.method,
            "return_value": value,
            "outputs": outputs,
        }
