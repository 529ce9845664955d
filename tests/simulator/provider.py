# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The SMS Provider of one simulated site: what the WS-Man front end calls.

Every call is atomic (one lock per site), takes and returns copies, and refuses with ProviderError.
Who calls, and with which WMI context, is set around a call with ``acting``; without it the caller is
``DEFAULT_PRINCIPAL`` with full rights.
"""

from __future__ import annotations

import contextlib
import datetime
import functools
import threading
import typing as t

from . import seeds, wql, wql_match
from .objects import Dt, Obj, ProviderError, QueryResult
from .rules import access, locks, registry, task_sequences, values
from .rules.errors import (
    ACCESS_DENIED,
    FAILED,
    INVALID_CLASS,
    INVALID_METHOD,
    INVALID_METHOD_PARAMETERS,
    INVALID_NAMESPACE,
    INVALID_OBJECT_PATH,
    INVALID_PARAMETER,
    METHOD_NOT_IMPLEMENTED,
    NOT_FOUND,
    NOT_SUPPORTED,
    refuse,
)
from .schema import Schema, SimClass
from .store import Store
from .switches import Switches

DEFAULT_PRINCIPAL = "CORP\\svc-ansible"
ROOT = "root/sms"
ROOT_CLASSES = {"sms_providerlocation", "sms_extendedstatus", "__extendedstatus"}
PACKAGE_BASE = "SMS_PackageBaseclass"


class Site:
    """A site. ``seed`` is the name of a file in seed/ or a path; a reset goes back to these ``switches``."""

    def __init__(
        self, seed: str = "contoso", *, mdt: bool = False, switches: t.Mapping[str, t.Any] | None = None,
        name: str = "site",
    ) -> None:
        self._prepare(Schema.load(mdt), mdt, switches, name)
        self.seed = seed
        self.reset(seed)

    @classmethod
    def blank(cls, mdt: bool = False) -> Site:
        """Return a site without any object, for the loader of the seeds."""
        site = cls.__new__(cls)
        site._prepare(Schema.load(mdt), mdt, None, "seed")
        site.seed = ""
        site.seeding = True
        return site

    def _prepare(self, schema: Schema, mdt: bool, switches: t.Mapping[str, t.Any] | None, name: str) -> None:
        self.switches = Switches(switches)
        self._newest = schema
        self.mdt = mdt
        self.name = name
        self.store = Store(schema)
        self._initial = self.switches.as_dict()
        self.code = ""
        self.server = ""
        self.accounts: dict[str, access.Account] = {}
        self.notes: list[dict[str, t.Any]] = []
        self.seeding = False
        self.lock = threading.RLock()
        self._advancing = False
        self.clock: t.Callable[[], datetime.datetime] = lambda: datetime.datetime.now(datetime.timezone.utc)
        self._local = threading.local()

    # ---- the state around a call -------------------------------------------------------------

    def reset(self, seed: str | None = None) -> None:
        """Go back to a seed (default: the one in use), without notes, with the switches of the start."""
        with self.lock:
            ready = seeds.pristine(seed or self.seed, self.mdt)
            self.seed = seed or self.seed
            self.store = ready.store.snapshot()
            self.code, self.server, self.accounts = ready.code, ready.server, dict(ready.accounts)
            self.notes.clear()
            self.switches.update(self._initial)

    @contextlib.contextmanager
    def acting(self, principal: str, context: t.Mapping[str, str] | None = None) -> t.Iterator[Site]:
        """Make the calls of this thread on behalf of an account, with WMI context values."""
        before = getattr(self._local, "who", None)
        self._local.who = (principal, dict(context or {}))
        try:
            yield self
        finally:
            self._local.who = before

    @property
    def schema(self) -> Schema:
        """The classes of the site; the switch ``old_site`` takes properties away that only newer sites have."""
        missing = str(self.switches.old_site)
        return self._newest.without(missing) if missing else self._newest

    @property
    def principal(self) -> str:
        """The caller's account name."""
        who = getattr(self._local, "who", None)
        return who[0] if who else DEFAULT_PRINCIPAL

    @property
    def context(self) -> dict[str, str]:
        """The caller's WMI context values, such as ObjectLockContext and MachineName."""
        who = getattr(self._local, "who", None)
        return who[1] if who else {}

    @property
    def account(self) -> access.Account:
        """The caller's rights; an account that the seed does not name has all of them."""
        return self.accounts.get(self.principal.casefold()) or access.Account(self.principal)

    def now(self) -> Dt:
        """Return the time as the site stores it: the wall clock without a zone.

        The switch ``tick`` is the number of seconds by which every read moves the clock on.
        """
        return Dt(self.moment().strftime("%Y%m%d%H%M%S.000000+***"))

    def moment(self) -> datetime.datetime:
        """Return the time of the site, which runs ahead of the clock on the wall (see ``now`` and ``ahead``)."""
        ticks = self.switches.tick * self.store.peek_counter("reads", 0)
        ahead = self.store.peek_counter("ahead_ms", 0)
        return self.clock() + datetime.timedelta(seconds=ticks, milliseconds=ahead)

    def ahead(self, seconds: float) -> None:
        """Move the site's clock on."""
        with self.lock:
            self.store.set_counter("ahead_ms", self.store.peek_counter("ahead_ms", 0) + round(seconds * 1000))

    def note(self, kind: str, **data: t.Any) -> None:
        """Write a loud line: something was accepted that a careful client would not do."""
        if not self.seeding:
            self.notes.append({"kind": kind, "principal": self.principal, **data})

    def sees(self, row: Obj) -> bool:
        """Say whether the caller sees a row."""
        return access.visible(self, self.account, row)

    def path_of(self, row: Obj) -> str:
        """Return the relative path of an object, such as ``SMS_Package.PackageID="PS100001"``."""
        known = self.schema.get(row.class_name)
        parts = []
        for name in known.keys if known else ():
            value = row.get(name, "")
            text = str(value).replace("\\", "\\\\").replace('"', '\\"')
            parts.append(f"{name}={value}" if isinstance(value, int) else f'{name}="{text}"')
        return f"{row.class_name}.{','.join(parts)}"

    def hold_lock(self, path: str, user: str, machine: str = "ADMIN-PC", context: str | None = None) -> None:
        """Lock an object for somebody else."""
        locks.hold(self, path, user, machine, context)

    def drop_lock(self, path: str) -> bool:
        """Take somebody's lock away."""
        return locks.drop(self, path)

    # ---- reading ------------------------------------------------------------------------------

    @property
    def namespace(self) -> str:
        """The site's own namespace."""
        return f"{ROOT}/site_{self.code}"

    def namespaces(self) -> list[str]:
        """Return the namespaces of the provider."""
        return [ROOT, self.namespace]

    def get(self, ns: str, cls: str, keys: t.Mapping[str, t.Any]) -> Obj:
        """Return one object with its lazy properties. Raises 0x80041002 when the caller sees none."""
        with self.lock:
            self._advance()
            known = self._class(ns, cls, "GetObject")
            access.check_read(self.account, known.name)
            row = self._locate(known, keys, "GetObject")
            self._poll(row.class_name)
            full = self._full(row)
            if known.name == "SMS_TaskSequencePackage":
                # What the text shows of secrets follows the switch as it stands now, not as it stood at the save.
                full.props["Sequence"] = _shown_text(self, row)
            return full

    def query(self, ns: str, text: str) -> QueryResult:
        """Answer a WQL query; lazy and embedded properties come back null."""
        with self.lock:
            self._advance()
            parsed = wql.parse(text, self.switches)
            known = self._class(ns, parsed.class_name, "ExecQuery")
            access.check_read(self.account, known.name)
            plan = wql_match.Plan(parsed, self.schema, self.switches, self._inner_rows)
            if plan.columns is None and plan.where is None:
                self._check_unfiltered(known, text)
            found = [row for row in self._rows(known, "ExecQuery") if plan.accepts(row) and self.sees(row)]
            self._poll(known.name)
            return QueryResult([self._shown(row, plan.columns) for row in found], plan.columns)

    def _inner_rows(self, known: SimClass) -> list[Obj]:
        """Return the rows that a sub-query looks at: what the caller may see of a class."""
        access.check_read(self.account, known.name)
        return [row for row in self._rows(known, "ExecQuery") if self.sees(row)]

    def enumerate(self, ns: str, cls: str) -> list[Obj]:
        """Return all objects of a class and of those below it, as SELECT * would."""
        with self.lock:
            self._advance()
            known = self._class(ns, cls, "CreateInstanceEnum")
            access.check_read(self.account, known.name)
            self._check_unfiltered(known, f"enumeration of {known.name}")
            found = [self._shown(row, None) for row in self._rows(known, "CreateInstanceEnum") if self.sees(row)]
            self._poll(known.name)
            return found

    # ---- writing ------------------------------------------------------------------------------

    def create(self, ns: str, obj: Obj) -> dict[str, t.Any]:
        """Create an object and return its keys, also those that the site made up."""
        with self.lock:
            self._advance()
            known = self._class(ns, obj.class_name, "PutInstance")
            access.check_write(self, self.account, "PutInstance", known.name)
            if known.abstract:
                raise refuse(INVALID_CLASS, f"{known.name} is abstract", operation="PutInstance", parameter=known.name)
            made = self._rules(known).create(self, values.canonical(self.schema, obj, "PutInstance"))
            return {name: made.get(name) for name in known.keys}

    def put(
        self, ns: str, cls: str, keys: t.Mapping[str, t.Any], obj: Obj, modified: t.Sequence[str] | None = None,
    ) -> Obj:
        """Save an object over the one with these keys and return what is stored now.

        ``modified`` are the names in the option __MIInstanceModifiedPropertiesList, None without the option.
        """
        with self.lock:
            self._advance()
            known = self._class(ns, cls, "PutInstance")
            old = self._locate(known, keys, "PutInstance").copy()
            access.check_write(self, self.account, "PutInstance", self.path_of(old))
            sent = values.canonical(self.schema, obj, "PutInstance")
            if sent.class_name != old.class_name:
                raise refuse(INVALID_PARAMETER, f"The object is a {old.class_name}, not a {sent.class_name}",
                             operation="PutInstance", parameter=sent.class_name)
            actual = t.cast(SimClass, self.schema.get(old.class_name))
            for name in actual.keys:
                given = sent.get(name)
                if given is not None and str(given).casefold() != str(old.get(name)).casefold():
                    raise refuse(INVALID_PARAMETER, f"{name} {given} is not the key of {self.path_of(old)}",
                                 operation="PutInstance", parameter=name)
            listed = list(modified) if modified is not None else None
            return self._full(self._rules(actual).put(self, self._full(old), sent, listed))

    def delete(self, ns: str, cls: str, keys: t.Mapping[str, t.Any]) -> None:
        """Delete an object."""
        with self.lock:
            self._advance()
            known = self._class(ns, cls, "DeleteInstance")
            old = self._locate(known, keys, "DeleteInstance").copy()
            access.check_write(self, self.account, "DeleteInstance", self.path_of(old))
            if old.get("ActionInProgress") == 3:
                raise refuse(FAILED, f"{self.path_of(old)} is being deleted", operation="DeleteInstance",
                             parameter="ActionInProgress")
            self._rules(t.cast(SimClass, self.schema.get(old.class_name))).delete(self, old)

    def save_ts_package(self, obj: Obj, is_new: bool, computed: t.Mapping[str, t.Any] | None = None) -> Obj:
        """Save the package of a SetSequence call; see rules.task_sequences.save_ts_package."""
        with self.lock:
            given = values.canonical(self.schema, obj, "ExecMethod")
            return self._full(task_sequences.save_ts_package(self, given, is_new, computed))

    def invoke(
        self, ns: str, cls: str, method: str, keys: t.Mapping[str, t.Any] | None, params: t.Mapping[str, t.Any],
    ) -> dict[str, t.Any]:
        """Call a method; returns its out parameters and ``ReturnValue``."""
        with self.lock:
            self._advance()
            known = self._class(ns, cls, "ExecMethod")
            access.check_read(self.account, known.name)
            declared = known.method(method)
            if declared is None:
                raise refuse(INVALID_METHOD, f"{known.name} has no method {method}", operation="ExecMethod",
                             parameter=method)
            given: dict[str, t.Any] = {}
            for name, value in params.items():
                param = next((p for p in declared.params.values() if p.name.casefold() == name.casefold()), None)
                if param is None or not param.is_in:
                    raise refuse(INVALID_METHOD_PARAMETERS, f"{declared.name} has no in parameter {name}",
                                 operation="ExecMethod", parameter=name)
                given[param.name] = values.check_value(self.schema, param, value, "ExecMethod", param.name)
            found = None
            if not declared.static:
                if not keys:
                    raise refuse(INVALID_OBJECT_PATH, f"{declared.name} is called on an object", operation="ExecMethod",
                                 parameter=known.name)
                row = self._locate(known, keys, "ExecMethod")
                actual = t.cast(SimClass, self.schema.get(row.class_name))
                found = {name: row.get(name) for name in actual.keys}
                known = actual
            handler = self._handler(known.name, declared.name)
            if handler is None:
                raise refuse(METHOD_NOT_IMPLEMENTED, f"The simulated site does not know {known.name}.{declared.name}",
                             operation="ExecMethod", parameter=declared.name)
            answer = dict(handler(self, found, given))
            answer.setdefault("ReturnValue", 0)
            return answer

    # ---- inside -------------------------------------------------------------------------------

    def linger_or_remove(self, row: Obj) -> None:
        """Finish a delete: at once, or after so many reads as the switch says (provider-behaviour 2.7)."""
        key = self.store.key_of(row)
        if self.switches.delete_lingers > 0:
            leaving = row.copy()
            leaving.props["ActionInProgress"] = 3
            self.store.save(leaving)
            self.store.side("lingering")[(row.class_name, key)] = self.switches.delete_lingers
        else:
            self.store.remove(row.class_name, key)

    def _advance(self) -> None:
        """Let what goes on by itself catch up with the clock: content, collections, clients, summaries."""
        if self.seeding or self._advancing:
            return
        self._advancing = True
        try:
            for actor in registry.ACTORS:
                actor(self)
        finally:
            self._advancing = False

    def _poll(self, class_name: str) -> None:
        self.store.count("reads", 0)
        lingering = self.store.side("lingering")
        for (owner, key), left in list(lingering.items()):
            if not self.schema.is_a(owner, class_name):
                continue
            if left > 1:
                lingering[(owner, key)] = left - 1
            else:
                del lingering[(owner, key)]
                self.store.remove(owner, key)

    def _class(self, ns: str, name: str, operation: str) -> SimClass:
        place = ns.replace("\\", "/").strip("/").casefold()
        if place not in (ROOT, self.namespace.casefold()):
            raise refuse(INVALID_NAMESPACE, f"Invalid namespace {ns}", operation=operation, parameter=ns)
        in_root = name.casefold() in ROOT_CLASSES
        if in_root != (place == ROOT) and not (in_root and name.casefold() != "sms_providerlocation"):
            raise refuse(INVALID_CLASS, f"Invalid class {name} in {ns}", operation=operation, parameter=name)
        return values.known_class(self.schema, name, operation)

    def _rules(self, known: SimClass) -> t.Any:
        return registry.rules_for(self.schema.ancestry(known.name))

    def _rows(self, known: SimClass, operation: str) -> list[Obj]:
        if not any(item.keys for item in map(self.schema.get, self.schema.derived(known.name)) if item):
            # Reference: provider-behaviour 3.1, such classes exist only inside other objects.
            raise refuse(NOT_SUPPORTED, f"{known.name} exists only embedded", operation=operation, parameter=known.name)
        computed = self._rules(known).rows(self, known.name)
        return self.store.scan(known.name) if computed is None else computed

    def _check_unfiltered(self, known: SimClass, what: str) -> None:
        if self.schema.is_a(known.name, PACKAGE_BASE) and self.switches.select_all_packages == "refuse":
            raise refuse(FAILED, f"Generic failure: {what[:200]}: all rows of a package class at once are refused",
                         operation="ExecQuery", parameter=known.name)

    def _locate(self, known: SimClass, keys: t.Mapping[str, t.Any], operation: str) -> Obj:
        wanted = values.typed_keys(known, keys, operation)
        computed = self._rules(known).rows(self, known.name)
        if computed is None:
            row = self.store.peek(known.name, wanted)
        else:
            folded = [str(value).casefold() for value in wanted]
            row = next((r for r in computed if [str(r.get(n)).casefold() for n in known.keys] == folded), None)
        shown = Obj(known.name, dict(zip(known.keys, wanted, strict=True)))
        if row is not None and not self.sees(row):
            if self.switches.hidden_get == "denied":
                raise refuse(ACCESS_DENIED, f"Access denied: {self.path_of(shown)}", operation=operation,
                             parameter=self.path_of(shown))
            row = None
        if row is None:
            raise refuse(NOT_FOUND, f"Not found: {self.path_of(shown)}", operation=operation,
                         parameter=self.path_of(shown))
        return row

    def _full(self, row: Obj) -> Obj:
        known = t.cast(SimClass, self.schema.get(row.class_name))
        copied = row.copy()
        return Obj(known.name, {name: copied.props.get(name) for name in known.properties})

    def _shown(self, row: Obj, columns: list[str] | None) -> Obj:
        known = t.cast(SimClass, self.schema.get(row.class_name))
        full = self._full(row)
        for prop in known.properties.values():
            if prop.lazy or prop.embedded_class:
                full.props[prop.name] = None
        if columns is None:
            return full
        return Obj(row.class_name, {name: row.class_name if name == "__CLASS" else full.props.get(name)
                                    for name in columns})

    def _handler(self, class_name: str, method: str) -> registry.Handler | None:
        table = _handlers()
        for name in self.schema.ancestry(class_name):
            handler = table.get((name.casefold(), method.casefold()))
            if handler is not None:
                return handler
        return None


def _shown_text(site: Site, row: Obj) -> str | None:
    """Return the text of a sequence; its module is loaded late because it uses this package too."""
    from .sequences import model

    return model.shown_text(site, row)


@functools.lru_cache(maxsize=1)
def _handlers() -> dict[tuple[str, str], registry.Handler]:
    """Return all methods; those of the task sequences are loaded late because they use this package too."""
    from .sequences import handlers

    every = {**registry.HANDLERS, **handlers.HANDLERS}
    return {(owner.casefold(), method.casefold()): handler for (owner, method), handler in every.items()}


__all__ = ["DEFAULT_PRINCIPAL", "ProviderError", "QueryResult", "Site"]
