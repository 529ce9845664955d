# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Variables of devices and collections: one array inside a settings object (reference: provider-behaviour 7.4).

There is no method for a single variable: every change sends the whole array, and the object that holds
it, back. Two traps follow. The settings of a collection also hold its maintenance windows and power plans, which
are lazy and marked read-only: so the object is read by its key and goes back as a whole. And the value
of a masked variable cannot be read: what an empty one does to the stored secret is unknown, so an array with
masked variables goes back only when the play gives all of them.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from .._cim.catalogue import ClassDef
from .._cim.instance import Instance, Value
from .._errors import InvalidInput, NotAsWritten, Problem, SecretUnreadable
from .._provider import names, times
from .._provider.site import Loaded, Site, equal, relative_path
from .._sequence.model import STORED
from ._base import Task

_PLAIN_NAME = re.compile(r"[A-Za-z0-9-][A-Za-z0-9_-]*\Z")
"""What a client takes for a variable's name; it sets those that begin with _ itself (provider-behaviour 3.5)."""
NAME_LIMIT = 256
VALUE_LIMIT = 4000
COUNT_LIMIT = 1000
ENGLISH = 1033
ITEM_KEYS = ("name", "value", "masked", "state")


@dataclasses.dataclass(frozen=True)
class Holder:
    """A settings class: its key, the array of variables in it, and the class of their instances."""

    class_name: str
    key: str
    array: str
    item_class: str


DEVICE = Holder("SMS_MachineSettings", "ResourceID", "MachineVariables", "SMS_MachineVariable")
COLLECTION = Holder("SMS_CollectionSettings", "CollectionID", "CollectionVariables", "SMS_CollectionVariable")


@dataclasses.dataclass(frozen=True)
class Wanted:
    """One variable of the play; what is ``None`` stays as it is stored."""

    name: str
    value: str | None
    masked: bool | None
    absent: bool
    path: str

    @property
    def given(self) -> bool:
        """Whether the play gives a value; the constant that stands for a stored one is none."""
        return self.value is not None and self.value != STORED


@dataclasses.dataclass
class VariablePlan:
    """What a run does to the variables. ``before`` and ``after`` map names to values, masked ones hidden."""

    before: dict[str, str] = dataclasses.field(default_factory=dict)
    after: dict[str, str] = dataclasses.field(default_factory=dict)
    items: list[Instance] = dataclasses.field(default_factory=list)
    """The whole array as it is sent."""
    changed: bool = False
    sent: list[str] = dataclasses.field(default_factory=list)
    """The names of the masked variables whose values are sent."""
    notes: list[str] = dataclasses.field(default_factory=list)


class Variables:
    """The options ``variables``, ``variables_mode``, ``masked_rewrite`` and ``update_secrets`` of a task.

    Costs: :meth:`read` 1 request; :meth:`apply` 2, or 4 where there are no settings yet.
    """

    def __init__(self, task: Task, holder: Holder) -> None:
        self.task = task
        self.holder = holder
        self.wanted: list[Wanted] = []

    # -- the play -----------------------------------------------------------------------------------

    @property
    def managed(self) -> bool:
        """Whether the play gives the option at all; ``variables: {}`` with mode ``complete`` removes all."""
        return self.task.params.get("variables") is not None

    def problems(self) -> list[Problem]:
        """Read the option; return what is wrong with it. Needs no connection and never quotes a value."""
        found: list[Problem] = []
        self.wanted = []
        given = self.task.params.get("variables")
        if given is None:
            return found
        for path, item in self._items(given, found):
            try:
                self.wanted.append(self._parse(path, item))
            except InvalidInput as error:
                found.extend(error.problems)
        seen: dict[str, str] = {}
        for item in self.wanted:
            first = seen.setdefault(item.name.casefold(), item.path)
            if first != item.path:
                found.append(Problem(item.path, item.name, f"is given before, in {first}; case does not count"))
        if len(self.wanted) > COUNT_LIMIT:
            found.append(Problem("variables", str(len(self.wanted)), f"at most {COUNT_LIMIT} are allowed"))
        return found

    @staticmethod
    def _items(given: t.Any, found: list[Problem]) -> list[tuple[str, dict[str, t.Any]]]:
        """Return every entry as a mapping with a name; a mapping of names is a short form."""
        if isinstance(given, t.Mapping):
            return [
                (f"variables.{name}", {**(value if isinstance(value, t.Mapping) else {"value": value}), "name": name})
                for name, value in given.items()
            ]
        if not isinstance(given, list):
            found.append(Problem("variables", type(given).__name__, "must be a list or a mapping of names to values"))
            return []
        items = []
        for index, item in enumerate(given):
            if isinstance(item, t.Mapping):
                items.append((f"variables[{index}]", dict(item)))
            else:
                found.append(Problem(f"variables[{index}]", type(item).__name__, "must be a mapping with a name"))
        return items

    def _parse(self, path: str, item: dict[str, t.Any]) -> Wanted:
        unknown = sorted(str(key) for key in item if key not in ITEM_KEYS)
        if unknown:
            rule = f"no such key in a variable; use {', '.join(ITEM_KEYS)}"
            raise InvalidInput([Problem(f"{path}.{key}", "", rule) for key in unknown])
        problems: list[Problem] = []
        name = str(item.get("name") if item.get("name") is not None else "")
        fault = names.fault_in_name(name, NAME_LIMIT)
        if fault is None and name != name.strip():
            fault = "must not begin with a blank"
        if fault:
            problems.append(Problem(f"{path}.name", names.shown(name), fault))
        masked = item.get("masked")
        if masked is not None and not isinstance(masked, bool):
            problems.append(Problem(f"{path}.masked", names.shown(str(masked)), "must be true or false"))
        state = item.get("state", "present")
        if state not in ("present", "absent"):
            problems.append(Problem(f"{path}.state", names.shown(str(state)), "must be present or absent"))
        value = item.get("value")
        fault = _fault_in_value(value)
        if fault:
            problems.append(Problem(f"{path}.value", "", fault))
        if state == "absent" and (value is not None or masked is not None):
            problems.append(Problem(path, name, "is to be absent: give neither value nor masked"))
        if problems:
            raise InvalidInput(problems)
        if state == "present" and not _PLAIN_NAME.match(name):
            self.task.warn(
                f"{path}: clients know variable names of letters, digits, _ and - only, and set those that begin with "
                "_ themselves."
            )
        wanted = Wanted(name, None if value is None else str(value), masked, state == "absent", path)
        if masked and wanted.given:
            self.task.hide(wanted.value)
        return wanted

    # -- the site -----------------------------------------------------------------------------------

    def read(self, key: str | int) -> Loaded | None:
        """Return the settings of an object with everything they hold, ``None`` when it has none yet."""
        found = self.task.site.find(self.holder.class_name, {self.holder.key: key})
        if found is not None:
            # The clock of a maintenance window goes back as it is stored, not as the wire labels it.
            times.without_zone(found)
        return found

    def show(self, settings: Instance | None) -> list[dict[str, t.Any]]:
        """Return the stored variables in the form of the play; the value of a masked one is a constant."""
        return show(settings, self.holder)

    def plan(self, settings: Instance | None, title: str) -> VariablePlan:
        """Return what a run sends. ``title`` names the object in messages, for example ``device PC01``.

        Raises :class:`SecretUnreadable` when stored masked values would be sent back unknown, :class:`InvalidInput`
        when a variable lacks the value that it needs.
        """
        draft = _Draft(self, _stored(settings, self.holder), title)
        plan = VariablePlan(before=_visible(draft.stored), after=_visible(draft.items), items=draft.items)
        plan.changed = draft.changed
        if plan.changed:
            self._refuse_loss(draft, title)
            plan.sent = [str(item.get("Name")) for item in draft.items if id(item) in draft.fresh and _masked(item)]
        if plan.sent:
            again = " again because of update_secrets: always" if draft.forced and not draft.differs else ""
            plan.notes.append(f"The values of these masked variables are sent{again}: {', '.join(plan.sent)}.")
        return plan

    def _refuse_loss(self, draft: _Draft, title: str) -> None:
        unknown = [str(item.get("Name")) for item in draft.items if _masked(item) and id(item) not in draft.fresh]
        if not unknown:
            return
        if self.task.params.get("masked_rewrite") == "assume_kept":
            self.task.warn(
                f"The masked variables {', '.join(unknown)} of the {title} go back as the site handed them out "
                "(masked_rewrite: assume_kept). A site that does not keep their values then holds empty ones."
            )
            return
        rule = (
            f"the {title} has masked variables whose values the site does not hand out, and every change sends all "
            "variables back, which may blank them: give each of them with its value (with update_secrets: on_create "
            "stored ones are not sent), or say masked_rewrite: assume_kept when this site is known to keep them"
        )
        raise SecretUnreadable([Problem("variables", ", ".join(unknown), rule)], detail={"masked": unknown})

    def apply(self, key: str | int, settings: Loaded | None, plan: VariablePlan) -> Loaded:
        """Write the array with the whole object around it, and return the object as the site has it now.

        Raises :class:`NotAsWritten` when the site holds something else than what was sent.
        """
        site = self.task.site
        before = settings if settings is not None else self._spawn(site, key)
        body = _whole(site.catalogue.get(self.holder.class_name), before, {self.holder.array: list(plan.items)})
        path = relative_path(self.holder.class_name, before.keys)

        def put() -> bool:
            site.cim.put(body, keys=before.keys, modified=[self.holder.array])
            return True

        def settle() -> bool | None:
            return True if self._holds(site.get(self.holder.class_name, before.keys), plan) else None

        # Where only hidden values change, reading cannot tell whether a lost write arrived.
        visible = not self._holds(before, plan)
        site.write(f"save {path}", put, settle=settle if visible else None, wmi_class=self.holder.class_name, path=path)
        after = site.get(self.holder.class_name, before.keys)
        if not self._holds(after, plan):
            raise NotAsWritten(
                f"The site took the variables in {path} but holds others than those that were sent.",
                wmi_class=self.holder.class_name,
                attempted=f"save {path}",
            )
        return after

    def _holds(self, settings: Instance, plan: VariablePlan) -> bool:
        """Whether the site shows what was sent; it may keep the variables in another order."""
        found, wanted = (
            {item["name"].casefold(): item for item in items}
            for items in (show(settings, self.holder), map(shown, plan.items))
        )
        return found.keys() == wanted.keys() and all(
            found[name]["masked"] == item["masked"] and equal(found[name]["value"], item["value"])
            for name, item in wanted.items()
        )

    def _spawn(self, site: Site, key: str | int) -> Loaded:
        """Make empty settings and load them, as the SDK does it: with the key, the site and the locale."""
        definition = site.catalogue.get(self.holder.class_name)
        values: dict[str, Value] = {}
        for prop in definition.properties.values() if definition else ():
            if prop.writable and prop.default is not None and not prop.array:
                values[prop.name] = prop.default
        values.update({self.holder.key: key, "SourceSite": site.code, "LocaleID": ENGLISH})
        keys: dict[str, str | int] = {self.holder.key: key}

        def settle() -> dict[str, str] | None:
            found = site.find(self.holder.class_name, keys)
            return {self.holder.key: str(key)} if found is not None else None

        site.create(Instance(self.holder.class_name, values), settle=settle)
        return site.get(self.holder.class_name, keys)


class _Draft:
    """The array as it is to be, made of the stored one and the play."""

    def __init__(self, variables: Variables, stored: list[Instance], title: str) -> None:
        self.holder = variables.holder
        self.mode = variables.task.params.get("variables_mode") or "merge"
        self.update = variables.task.params.get("update_secrets") or "on_change"
        self.task = variables.task
        self.title = title
        self.stored = stored
        self.items: list[Instance] = []
        self.fresh: set[int] = set()
        """The items whose value comes from the play or is known: nothing is lost when they are sent."""
        self.forced = False
        self._problems: list[Problem] = []
        self._build({item.name.casefold(): item for item in variables.wanted})
        self.differs = [shown(item) for item in self.items] != [shown(item) for item in stored]
        self.changed = self.differs or self.forced
        if len(self.items) > COUNT_LIMIT:
            rule = f"an object holds at most {COUNT_LIMIT} variables, those that are stored included"
            self._problems.append(Problem("variables", str(len(self.items)), rule))
        if self._problems:
            raise InvalidInput(self._problems)

    def _build(self, wanted: dict[str, Wanted]) -> None:
        rest = dict(wanted)
        for item in self.stored:
            name = str(item.get("Name", "")).casefold()
            match = wanted.get(name)
            rest.pop(name, None)
            if match is None:
                if self.mode != "complete":
                    self.items.append(item)
            elif not match.absent:
                self._merge(item, match)
        for match in rest.values():
            if match.absent:
                continue
            if not match.given:
                rule = f"the {self.title} has no such variable yet: it needs a value"
                rule += f"; {STORED!r} stands for a masked one that is stored" if match.value else ""
                self._problems.append(Problem(match.path, match.name, rule))
            else:
                self._add(Instance(self.holder.item_class), match.name, match.value, bool(match.masked))

    def _merge(self, item: Instance, match: Wanted) -> None:
        was, masked = _masked(item), _masked(item) if match.masked is None else match.masked
        name = str(item.get("Name", ""))
        if not was:
            if match.value == STORED:
                rule = f"{STORED!r} stands for a masked value, and this variable is not masked"
                self._problems.append(Problem(match.path, match.name, rule))
            elif masked or (match.given and not equal(item.get("Value", ""), match.value)):
                self._add(item, name, match.value if match.given else item.get("Value", ""), masked)
            else:
                self.items.append(item)
            return
        if match.given:
            # The play did not say that it is secret, the site does.
            self.task.hide(match.value if masked else None)
        if not masked and not match.given:
            rule = "is masked and its value cannot be read: to unmask it, give the value"
            self._problems.append(Problem(match.path, match.name, rule))
        elif not masked or (match.given and self.update != "on_create"):
            self._add(item, name, match.value, masked)
            self.forced = self.forced or (masked and self.update == "always")
        else:
            self.items.append(item)

    def _add(self, item: Instance, name: str, value: str | None, masked: bool) -> None:
        made = Instance(item.class_name, {**item.properties, "Name": name, "Value": value, "IsMasked": masked})
        self.items.append(made)
        self.fresh.add(id(made))


def show(settings: Instance | None, holder: Holder) -> list[dict[str, t.Any]]:
    """Return stored variables in the form of the play; the value of a masked one is a constant."""
    return [shown(item) for item in _stored(settings, holder)]


def shown(item: Instance) -> dict[str, t.Any]:
    masked = _masked(item)
    return {"name": str(item.get("Name", "")), "value": STORED if masked else item.get("Value", ""), "masked": masked}


def _visible(items: t.Iterable[Instance]) -> dict[str, str]:
    return {entry["name"]: entry["value"] for entry in map(shown, items)}


def _masked(item: Instance) -> bool:
    return bool(item.get("IsMasked", False))


def _stored(settings: Instance | None, holder: Holder) -> list[Instance]:
    found = settings.get(holder.array, []) if settings is not None else []
    return [item for item in found if isinstance(item, Instance)]


def _whole(definition: ClassDef | None, before: Instance, changes: t.Mapping[str, Value]) -> Instance:
    """Return the object as it was read, lazy properties included whatever the schema says of writing them."""
    values: dict[str, Value] = {}
    for name, value in before.properties.items():
        known = definition.property(name) if definition else None
        if known is None:
            if value is not None:
                values[name] = value
        elif known.writable or known.key or known.lazy or known.name == "SourceSite":
            values[known.name] = value
    values.update(changes)
    return Instance(before.class_name, values)


def _fault_in_value(value: t.Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, (bool, float)):
        return f"was read as {'a truth value' if isinstance(value, bool) else 'a number with a point'}: quote it"
    if not isinstance(value, (str, int)):
        return "must be text"
    return names.fault_in_memo(str(value), VALUE_LIMIT)
