# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Any object of the site, read only: ``cm_object_info``."""

from __future__ import annotations

import functools
import re
import typing as t

from .._cim import wql
from .._cim.instance import Instance
from .._errors import InvalidInput, NotFound, Problem
from ._base import Outcome, Resource
from ._object_form import Shown

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


class ObjectInfo(Resource):
    """By keys one Get; by filter one query, and with ``lazy`` one Get per object."""

    key = "objects"

    @functools.cached_property
    def _form(self) -> Shown:
        return Shown(self.task.site.catalogue)

    def validate(self) -> None:
        problems = []
        for path, name in [("class_name", self.params["class_name"])] + [
            (f"properties[{index}]", name) for index, name in enumerate(self.params["properties"] or [])
        ]:
            if not _NAME.match(name):
                problems.append(Problem(path, name, "must be a WMI name: letters, digits, and underscores"))
        for name, value in (self.params["keys"] or {}).items():
            if not _NAME.match(str(name)):
                problems.append(Problem("keys", str(name), "must be the name of a key property"))
            elif isinstance(value, (dict, list, float)) or value is None:
                problems.append(Problem(f"keys.{name}", str(value), "must be text or a whole number (quote it)"))
        if self.params["keys"] is not None and not self.params["keys"]:
            problems.append(Problem("keys", "", "must name the key properties and their values"))
        if self.params["limit"] is not None and self.params["limit"] < 1:
            problems.append(Problem("limit", str(self.params["limit"]), "must be a positive number"))
        self.refuse(problems)

    def converge(self) -> Outcome:
        found = self._by_keys() if self.params["keys"] else self._by_filter()
        limit = self.params["limit"]
        if limit is not None and len(found) > limit:
            self.task.warn(f"limit: more than {limit} objects match; the rest is left out.")
            found = found[:limit]
        if self.params["lazy"] and not self.params["keys"]:
            found = [self._whole(row) for row in found]
        return Outcome(False, {self.key: [self._shown(item) for item in found]})

    def _by_keys(self) -> list[Instance]:
        keys = {str(name): _key(value) for name, value in self.params["keys"].items()}
        one = self.task.site.find(self.params["class_name"], keys)
        return [one] if one is not None else []

    def _by_filter(self) -> list[Instance]:
        text = self.params["filter"]
        columns = None if self.params["lazy"] else self.params["properties"]
        try:
            return self.task.site.cim.query(
                self.params["class_name"],
                where=wql.raw(text) if text else None,
                columns=columns,
                limit=self.params["limit"] + 1 if self.params["limit"] else None,
            )
        except ValueError as exc:
            raise InvalidInput([Problem("properties" if columns else "filter", "", f"{exc}; use lazy: true")]) from None

    def _whole(self, row: Instance) -> Instance:
        """Read an object again by its keys: a query leaves lazy properties null."""
        definition = self.task.site.catalogue.get(row.class_name)
        if definition is None or not definition.keys:
            rule = "lazy needs the keys of the class, which are not known; read the objects by keys"
            raise InvalidInput([Problem("lazy", row.class_name, rule)])
        try:
            return self.task.site.get(row.class_name, {name: _key(row.get(name, "")) for name in definition.keys})
        except NotFound:
            return row

    def _shown(self, item: Instance) -> dict[str, t.Any]:
        shown = self._form.instance(item)
        wanted = self.params["properties"]
        if wanted:
            folded = {name.casefold() for name in wanted}
            shown = {k: v for k, v in shown.items() if k == "class" or k.casefold() in folded}
        return shown


def _key(value: t.Any) -> str | int:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, int) else str(value)
