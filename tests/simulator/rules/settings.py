# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Settings of devices and collections, variables in them (reference: provider-behaviour 7.4).

A save replaces the whole object. Of a collection's settings the arrays are marked read-only in the
schema, yet the SDK writes them; so a save that leaves maintenance windows or power plans out wipes them. The
value of a masked variable is not handed out, and a save that sends it back empty blanks it unless the switch
``masked_rewrite`` says otherwise. Both are done as asked, and noted loudly.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ..objects import Obj
from . import values
from .base import Rules
from .errors import ALREADY_EXISTS, FAILED, INVALID_PARAMETER, INVALID_PROPERTY, refuse
from .merge import same
from .values import is_empty

if t.TYPE_CHECKING:
    from ..provider import Site

OPERATION = "PutInstance"
MOST_VARIABLES = 1000
LONGEST_NAME, LONGEST_VALUE = 256, 4000


@dataclasses.dataclass(frozen=True)
class SettingsRules(Rules):
    """One settings class: the class of its owners, and the array of variables."""

    class_name: str
    key: str
    owner_class: str
    array: str

    def rows(self, site: Site, class_name: str) -> list[Obj] | None:
        """Return the settings as a client sees them: without the values of masked variables."""
        return [self._shown(site, row) for row in site.store.rows(self.class_name)]

    def create(self, site: Site, obj: Obj) -> Obj:
        """Make the settings of an owner that has none."""
        owner_id = obj.get(self.key)
        if owner_id is None or not self._owner(site, owner_id):
            raise refuse(FAILED, f"There is no {self.owner_class} {owner_id}", operation=OPERATION, parameter=self.key)
        if site.store.peek(self.class_name, (owner_id,)) is not None:
            raise refuse(ALREADY_EXISTS, f"{site.path_of(obj)} exists", operation=OPERATION, parameter=self.key)
        known = values.known_class(site.schema, self.class_name, OPERATION)
        made = Obj(self.class_name, {name: obj.props.get(name) for name in known.properties})
        values.check_qualifiers(site.schema, made, OPERATION)
        return self._save(site, made, None)

    def put(self, site: Site, old: Obj, sent: Obj, modified: list[str] | None) -> Obj:
        """Save ``sent`` as a whole over what is stored."""
        known = values.known_class(site.schema, self.class_name, OPERATION)
        stored = t.cast(Obj, site.store.find(self.class_name, (old.get(self.key),)))
        listed = None if modified is None else self._listed(site, sent, modified)
        made = stored.copy()
        for prop in known.properties.values():
            before, after = old.props.get(prop.name), sent.props.get(prop.name)
            if prop.key or (prop.read_only and not prop.lazy):
                continue
            meant = listed is not None and prop.name in listed
            if is_empty(after) and not is_empty(before) and not meant:
                after = self._nulled(site, old, prop.name, prop.lazy, stored.props.get(prop.name))
            elif same(before, after) and not meant:
                after = stored.props.get(prop.name)
            elif listed is not None and not meant:
                if site.switches.unlisted_change == "refuse":
                    raise refuse(FAILED, f"{prop.name} differs but is not in the list of modified properties",
                                 operation=OPERATION, parameter=prop.name)
                site.note("unlisted_change", class_name=self.class_name, property=prop.name, key=site.path_of(old),
                          done=site.switches.unlisted_change)
                after = after if site.switches.unlisted_change == "apply" else stored.props.get(prop.name)
            made.props[prop.name] = after
        values.check_qualifiers(site.schema, made, OPERATION)
        return self._shown(site, self._save(site, made, stored))

    # ---- inside -------------------------------------------------------------------------------

    def _owner(self, site: Site, owner_id: t.Any) -> bool:
        row = site.store.peek(self.owner_class, (owner_id,))
        return row is not None and site.sees(row)

    def _listed(self, site: Site, sent: Obj, modified: list[str]) -> set[str]:
        known = values.known_class(site.schema, self.class_name, OPERATION)
        found = set()
        for name in modified:
            prop = known.prop(name)
            if prop is None:
                raise refuse(INVALID_PROPERTY, f"{self.class_name} has no property {name}", operation=OPERATION,
                             parameter=name)
            if prop.name not in sent.props:
                raise refuse(INVALID_PARAMETER, f"{name} is listed as modified but not in the object",
                             operation=OPERATION, parameter=name)
            found.add(prop.name)
        return found

    @staticmethod
    def _nulled(site: Site, old: Obj, name: str, lazy: bool, stored: t.Any) -> t.Any:
        answer = site.switches.lazy_null if lazy else "blank"
        if stored in ("", 0, False):
            return stored
        if answer == "refuse":
            raise refuse(FAILED, f"Generic failure: {old.class_name}.{name} was not loaded before the save",
                         operation=OPERATION, parameter=name)
        kept = answer == "keep"
        site.note("lazy_kept" if kept else "lazy_blanked", class_name=old.class_name, property=name,
                  key=site.path_of(old))
        return stored if kept else None

    def _save(self, site: Site, made: Obj, stored: Obj | None) -> Obj:
        before = {str(item.get("Name")).casefold(): item for item in (stored.get(self.array, []) if stored else [])}
        items = made.props.get(self.array) or []
        if len(items) > MOST_VARIABLES:
            raise refuse(FAILED, f"{len(items)} variables, at most {MOST_VARIABLES} are allowed", operation=OPERATION,
                         parameter=self.array)
        seen: set[str] = set()
        for item in items:
            name = str(item.get("Name", ""))
            value = item.get("Value", "")
            if not name or len(name) > LONGEST_NAME or len(value) > LONGEST_VALUE or name.casefold() in seen:
                raise refuse(FAILED, f"Variable {name!r}: no name, a name given twice, or something too long",
                             operation=OPERATION, parameter=self.array)
            seen.add(name.casefold())
            self._settle(site, made, item, before.get(name.casefold()))
        made.props["LastModificationTime"] = site.now()
        site.store.save(made)
        self._count(site, made)
        return made

    @staticmethod
    def _settle(site: Site, made: Obj, item: Obj, before: Obj | None) -> None:
        """Store an empty masked value as the switch says."""
        if not item.get("IsMasked") or item.get("Value") or before is None or not before.get("IsMasked"):
            return
        if not before.get("Value"):
            return
        kept = site.switches.masked_rewrite == "keep"
        site.note("masked_kept" if kept else "masked_blanked", key=site.path_of(made), variable=item.get("Name"))
        if kept:
            item.props["Value"] = before.get("Value")

    def _count(self, site: Site, made: Obj) -> None:
        if self.owner_class != "SMS_Collection":
            return
        owner = site.store.find(self.owner_class, (made.get(self.key),))
        if owner is not None:
            owner.props["CollectionVariablesCount"] = len(made.get(self.array, []))
            site.store.save(owner)

    def _shown(self, site: Site, row: Obj) -> Obj:
        shown = row.copy()
        answer = site.switches.masked_read
        for item in shown.get(self.array, []):
            if item.get("IsMasked") and answer != "clear":
                item.props["Value"] = None if answer == "null" else ""
        return shown


RULES: dict[str, Rules] = {
    rules.class_name: rules for rules in (
        SettingsRules("SMS_MachineSettings", "ResourceID", "SMS_R_System", "MachineVariables"),
        SettingsRules("SMS_CollectionSettings", "CollectionID", "SMS_Collection", "CollectionVariables"),
    )
}
