# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a play says of a collection, read before anything is asked; and the words for stored values."""

from __future__ import annotations

import dataclasses
import typing as t

from .._cim.instance import Instance
from .._errors import InvalidInput, Problem
from .._provider import assignments, names, schedules
from .._provider.ref import Ref
from .._provider.references import KINDS, parse_ref
from . import _collection_rules as rules
from ._members import DeviceRef, parse_device

COMMENT_LIMIT = 512
REFRESH = {"none": 1, "periodic": 2, "incremental": 4, "both": 6}
"""Word to RefreshType (provider-behaviour 7.2); 0 and null mean 1."""
PERIODIC = 2
DEVICE_LISTS = ("direct", "add_members", "remove_members")


@dataclasses.dataclass
class Wishes:
    """The options that need parsing; ``None`` for what the play does not give."""

    limit: Ref | None = None
    devices: dict[str, list[DeviceRef]] = dataclasses.field(default_factory=dict)
    others: dict[str, list[Ref]] = dataclasses.field(default_factory=dict)
    """Class of a rule to the collections that it names."""
    queries: list[rules.Rule] | None = None
    query_paths: dict[str, str] = dataclasses.field(default_factory=dict)
    tokens: list[schedules.Schedule] | None = None

    @property
    def device_refs(self) -> list[DeviceRef]:
        """Every device of the play."""
        return [ref for found in self.devices.values() for ref in found]


def read(params: t.Mapping[str, t.Any], problems: list[Problem]) -> Wishes:
    """Return what the play wants; what is wrong with it is added to ``problems``."""
    wishes = Wishes()
    if params["limiting_collection"] is not None:
        wishes.limit = _ref(params["limiting_collection"], "limiting_collection", problems)
    for option in DEVICE_LISTS:
        if params[option] is not None:
            wishes.devices[option] = _devices(params[option], option, problems)
    for kind in (rules.INCLUDE, rules.EXCLUDE):
        option = rules.KINDS[kind]
        if params[option] is not None:
            found = [_ref(item, f"{option}[{index}]", problems) for index, item in enumerate(params[option])]
            wishes.others[kind] = [ref for ref in found if ref is not None]
    if params["queries"] is not None:
        _queries(params["queries"], wishes, problems)
    if params["refresh_schedule"] is not None:
        parsed = assignments.parse(params["refresh_schedule"], "refresh_schedule", problems)
        if parsed.events:
            problems.append(Problem("refresh_schedule", "", "has schedules only; events are for deployments"))
        wishes.tokens = list(parsed.tokens)
    _contradictions(params, wishes, problems)
    return wishes


def _ref(value: t.Any, path: str, problems: list[Problem]) -> Ref | None:
    try:
        return parse_ref(value, "collection", path)
    except InvalidInput as error:
        problems.extend(error.problems)
        return None


def _devices(values: t.Sequence[t.Any], option: str, problems: list[Problem]) -> list[DeviceRef]:
    found = []
    for index, value in enumerate(values):
        try:
            found.append(parse_device(value, f"{option}[{index}]"))
        except InvalidInput as error:
            problems.extend(error.problems)
    return found


def _queries(values: t.Sequence[t.Mapping[str, t.Any]], wishes: Wishes, problems: list[Problem]) -> None:
    wishes.queries = []
    seen: set[str] = set()
    for index, item in enumerate(values):
        path = f"queries[{index}]"
        name, text = str(item["name"]), str(item["query"]).strip()
        fault = names.fault_in_name(name)
        if fault:
            problems.append(Problem(f"{path}.name", names.shown(name), fault))
        elif name.casefold() in seen:
            problems.append(Problem(f"{path}.name", name, "is there twice"))
        seen.add(name.casefold())
        fault = rules.fault_in_query(text)
        if fault:
            problems.append(Problem(f"{path}.query", names.shown(text), fault))
        rule = rules.query(name, text)
        wishes.queries.append(rule)
        wishes.query_paths[rule.key] = f"{path}.query"


def _contradictions(params: t.Mapping[str, t.Any], wishes: Wishes, problems: list[Problem]) -> None:
    adding = {(ref.name or "").casefold() or ref.resource_id for ref in wishes.devices.get("add_members", [])}
    for ref in wishes.devices.get("remove_members", []):
        if ((ref.name or "").casefold() or ref.resource_id) in adding:
            problems.append(Problem(ref.path, ref.label, "is in add_members as well"))
    for kind in (rules.INCLUDE, rules.EXCLUDE):
        for ref in wishes.others.get(kind, []):
            if kind == rules.EXCLUDE and ref in wishes.others.get(rules.INCLUDE, []):
                problems.append(Problem(ref.path, str(ref.name or ref.id), "is in include as well"))
    refresh = params["refresh"]
    if wishes.tokens and refresh is not None and not REFRESH[refresh] & PERIODIC:
        rule = f"has a meaning only with refresh: periodic or both, not {refresh}"
        problems.append(Problem("refresh_schedule", "", rule))


def fixed(params: t.Mapping[str, t.Any]) -> list[Problem]:
    """Return what is wrong with the name, the ID and the comment."""
    problems = []
    name, collection_id, comment = params["name"], params["collection_id"], params["comment"]
    fault = names.fault_in_name(name) if name is not None else None
    if fault:
        problems.append(Problem("name", names.shown(name), fault))
    if collection_id is not None and not KINDS["collection"].is_id(collection_id):
        problems.append(Problem("collection_id", collection_id, "is no collection ID; one looks like PS10002C"))
    fault = names.fault_in_memo(comment, COMMENT_LIMIT) if comment is not None else None
    if fault:
        problems.append(Problem("comment", names.shown(comment), fault))
    return problems


# -- stored values -----------------------------------------------------------------------------


def refresh_type(live: Instance | None) -> int:
    """Return RefreshType of a collection that was read by its key."""
    return (live.number("RefreshType") if live is not None else 0) or REFRESH["none"]


def refresh_word(number: int) -> str:
    """Return the word for a RefreshType; one that is not known comes back as a number."""
    return next((word for word, value in REFRESH.items() if value == number), str(number))


def stored_schedules(live: Instance | None) -> list[Instance]:
    """Return the schedule objects that a collection holds."""
    found = live.get("RefreshSchedule", []) if live is not None else []
    return [item for item in found if isinstance(item, Instance)]


def describe(live: Instance | None) -> dict[str, t.Any]:
    """Return the plain options of a stored collection."""
    if live is None:
        return {"name": "", "comment": "", "limiting_collection": "", "refresh": "none", "refresh_schedule": []}
    return {
        "name": str(live.get("Name", "")),
        "comment": str(live.get("Comment", "")),
        "limiting_collection": str(live.get("LimitToCollectionName", "") or live.get("LimitToCollectionID", "")),
        "refresh": refresh_word(refresh_type(live)),
        "refresh_schedule": [schedules.stored(item).option for item in stored_schedules(live)],
    }


def describe_rules(kind: str, found: t.Sequence[rules.Rule]) -> list[t.Any]:
    """Return the rules of one class as a play would write them, for the diff."""
    if kind == rules.QUERY:
        pairs = sorted((rule.label, str(rule.instance.get("QueryExpression", ""))) for rule in found)
        return [{"name": name, "query": text} for name, text in pairs]
    return sorted(rule.label for rule in found)
