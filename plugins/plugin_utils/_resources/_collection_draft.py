# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the wishes of the play and the stored rules of a collection to what has to be added and deleted."""

from __future__ import annotations

import typing as t

from .._errors import InvalidInput, Problem, ReferenceProblems
from .._plan import Plan
from .._provider.ref import Ref
from .._provider.references import Resolved
from . import _collection_options as options
from . import _collection_rules as rules
from ._members import DeviceRef, Devices

LONG_LIST = 200
"""From so many devices on, before and after together, a diff shows those that come and go only."""


class RuleDraft:
    """The rules as they are to be; only the kinds that the play manages are in it."""

    def __init__(
        self,
        wishes: options.Wishes,
        devices: Devices,
        live: t.Sequence[rules.Rule],
        found: t.Mapping[Ref, Resolved],
    ) -> None:
        self._wishes = wishes
        self._devices = devices
        self._live = live
        wanted: dict[str, list[rules.Rule]] = {}
        for kind, refs in wishes.others.items():
            wanted[kind] = [rules.other(kind, found[ref].id, str(found[ref].name or found[ref].id)) for ref in refs]
        if wishes.queries is not None:
            wanted[rules.QUERY] = wishes.queries
        if wishes.devices:
            wanted[rules.DIRECT] = self._members(wishes.devices)
        self.difference = rules.compare(live, wanted)
        self.lists = {kind: self._lists(kind) for kind in wanted}
        """Class of a rule to what the play would write for the stored rules, and for those that are wanted."""

    @property
    def new_queries(self) -> list[rules.Rule]:
        """The query rules that the site has not seen yet."""
        return [rule for rule in self.difference.add if rule.kind == rules.QUERY]

    def note(self, plan: Plan) -> None:
        """Record what changes under the options of the play."""
        for kind, (was, now) in self.lists.items():
            add = [rule for rule in self.difference.add if rule.kind == kind]
            delete = [rule for rule in self.difference.delete if rule.kind == kind]
            if kind == rules.DIRECT and "direct" not in self._wishes.devices:
                if add:
                    plan.change("add_members", [], sorted(rule.label for rule in add))
                if delete:
                    plan.change("remove_members", sorted(rule.label for rule in delete), [])
            elif add or delete:
                plan.change(rules.KINDS[kind], was, now)

    def _lists(self, kind: str) -> tuple[list[t.Any], list[t.Any]]:
        was = [rule for rule in self._live if rule.kind == kind]
        gone = {rule.key for rule in self.difference.delete if rule.kind == kind}
        now = [rule for rule in was if rule.key not in gone]
        now += [rule for rule in self.difference.add if rule.kind == kind]
        if kind == rules.DIRECT and len(was) + len(now) > LONG_LIST:
            return _only_changes(was, now)
        return options.describe_rules(kind, was), options.describe_rules(kind, now)

    # -- devices --------------------------------------------------------------------------------

    def _members(self, given: t.Mapping[str, list[DeviceRef]]) -> list[rules.Rule]:
        if "direct" in given:
            return [self._direct(ref) for ref in given["direct"]]
        there = [rule for rule in self._live if rule.kind == rules.DIRECT]
        joining = [self._direct(ref) for ref in given.get("add_members", [])]
        leaving: set[str] = set()
        for ref in given.get("remove_members", []):
            both = [rule.label for rule in joining if rule.key in self._ids(ref)]
            if both:
                raise InvalidInput([Problem(ref.path, ", ".join(both), "is in add_members as well")])
            leaving.update(rule.key for rule in self._leaving(ref, there))
        return [*(rule for rule in there if rule.key not in leaving), *joining]

    def _direct(self, ref: DeviceRef) -> rules.Rule:
        device = self._devices.one(ref)
        return rules.direct(device.resource_id, device.name)

    def _ids(self, ref: DeviceRef) -> set[str]:
        found = {str(device.resource_id) for device in self._devices.all(ref)}
        return found if ref.resource_id is None else {*found, str(ref.resource_id)}

    def _leaving(self, ref: DeviceRef, there: t.Sequence[rules.Rule]) -> list[rules.Rule]:
        """Return the direct rules for a device that is to leave; its record may be gone already."""
        ids, name = self._ids(ref), (ref.name or "").casefold()
        # A rule of that name whose record bears another one now is about another device.
        found = [rule for rule in there if rule.key in ids or (not ids and name and rule.label.casefold() == name)]
        if len({rule.key for rule in found}) > 1:
            offers = ", ".join(f"{{resource_id: {rule.key}}}" for rule in found)
            text = f"{len(found)} members bear this name, choose one: {offers}"
            raise ReferenceProblems([Problem(ref.path, ref.label, text)])
        return found


def _only_changes(was: t.Sequence[rules.Rule], now: t.Sequence[rules.Rule]) -> tuple[list[t.Any], list[t.Any]]:
    stay = {rule.key for rule in was} & {rule.key for rule in now}
    parts: list[list[t.Any]] = []
    for found in (was, now):
        parts.append(sorted(rule.label for rule in found if rule.key not in stay))
        if stay:
            parts[-1].append(f"<{len(stay)} more that stay>")
    return parts[0], parts[1]
