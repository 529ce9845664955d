# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A site as the SMS Provider shows it: discovery, reading by key, and writing that loses nothing.

Every write of the collection passes through :class:`Site`, because the rules are the same for
all classes (reference: provider-behaviour 1.1, 2.1, 9, 10; wsman 2.2):

* an object is saved only after a Get by key, since a query leaves lazy properties null and the
  provider may blank what comes back null;
* everything writable goes back, with the list of what was modified;
* a write whose answer was lost is decided by reading, never sent again blindly;
* a refused save is explained: who holds the lock, or that somebody else saved in between.
"""

from __future__ import annotations

import contextlib
import dataclasses
import re
import typing as t

from .._cim import wql
from .._cim.catalogue import Catalogue
from .._cim.client import CimClient
from .._cim.datetimes import same_clock
from .._cim.instance import CimDatetime, CimReference, Instance, Value
from .._errors import (
    ConfigMgrError,
    InvalidClass,
    NotAsWritten,
    NotFound,
    ObjectLocked,
    OperationTimeout,
    OutcomeUnknown,
    ServerFault,
    VersionConflict,
)
from . import discovery, locks

INVALID_NAMESPACE = 0x8004100E
INVALID_CLASS = 0x80041010
DELETING = 3
"""``ActionInProgress`` of a row whose deletion the site components have yet to finish."""

SETTINGS = frozenset({"sms_collectionsettings", "sms_machinesettings"})
"""Classes whose lazy arrays are called read-only, but lost where a save leaves them out (provider-behaviour 7.4)."""

SITE_CODE = re.compile(r"[A-Za-z0-9]{3}\Z")
_T = t.TypeVar("_T")


@dataclasses.dataclass(frozen=True)
class Compatibility:
    """The switches of the option ``compatibility``; see the fragment ``_site`` for what each does."""

    uri: str = "dmtf"
    datetime: str = "cim_datetime"
    projection: str = "auto"
    send_sequence_text: str = "auto"
    write_via: str = "objects"
    schedule_tokens: str = "server"
    explicit_lock: bool = False

    @classmethod
    def from_option(cls, option: t.Mapping[str, t.Any] | None) -> Compatibility:
        """Build it from the validated option; what is missing or null keeps its default."""
        known = {field.name for field in dataclasses.fields(cls)}
        return cls(**{k: v for k, v in (option or {}).items() if k in known and v is not None})


@dataclasses.dataclass
class Loaded(Instance):
    """An instance that was read by key, so that its lazy properties are there: the only thing to save."""

    keys: dict[str, str | int] = dataclasses.field(default_factory=dict)


def relative_path(class_name: str, keys: t.Mapping[str, str | int]) -> str:
    """Return the relative object path, for example ``SMS_Package.PackageID="P0100001"``."""

    def text(value: str | int) -> str:
        if isinstance(value, int):
            return str(value)
        return '"{}"'.format(value.replace("\\", "\\\\").replace('"', '\\"'))

    return f"{class_name}." + ",".join(f"{name}={text(value)}" for name, value in keys.items())


def reference(class_name: str, keys: t.Mapping[str, str | int], namespace: str | None = None) -> CimReference:
    """Return a reference to an instance of the site."""
    return CimReference(class_name, tuple((k, str(v)) for k, v in keys.items()), namespace)


def same_name(rows: t.Iterable[Instance], name: str, column: str = "Name") -> list[Instance]:
    """Return the rows that bear a name: the exact ones, or else those that differ in case only.

    The database compares without case and without trailing blanks, so its answer is only a
    preselection. Rows that are being deleted do not count.
    """
    alive = [row for row in rows if row.get("ActionInProgress") != DELETING]
    exact = [row for row in alive if row.get(column, "") == name]
    if exact:
        return exact
    folded = name.casefold()
    return [row for row in alive if str(row.get(column, "")).casefold() == folded]


class Site:
    """A connected site: its code, a client for its namespace, and the rules for writing."""

    def __init__(
        self,
        cim: CimClient,
        *,
        code: str,
        compatibility: Compatibility,
        catalogue: Catalogue,
        location: Instance | None = None,
        read_only: bool = False,
    ) -> None:
        self.cim = cim
        self.code = code
        self.compatibility = compatibility
        self.catalogue = catalogue
        self.location = location
        self.read_only = read_only
        self.namespace_given: str | None = None
        """The option ``namespace``, for messages."""
        self.written: list[str] = []
        """What was written so far, in words; a failure half way reports it."""

    # -- connecting ---------------------------------------------------------------------------

    @classmethod
    def connect(
        cls,
        wsman: t.Any,
        *,
        site_code: str | None = None,
        namespace: str | None = None,
        compatibility: Compatibility | None = None,
        catalogue: Catalogue | None = None,
        read_only: bool = False,
    ) -> Site:
        """Find the site; costs one query of SMS_ProviderLocation unless a code or namespace is given.

        Raises :class:`InvalidInput` when there is no provider, or more than one site to choose from.
        """
        compatibility = compatibility or Compatibility()
        catalogue = catalogue or Catalogue.load()

        def client(place: str) -> CimClient:
            return CimClient(
                wsman,
                catalogue,
                place,
                datetime_form=compatibility.datetime,
                projection=compatibility.projection,
            )

        location: Instance | None = None
        if namespace:
            place = discovery.plain_namespace(namespace)
            code = site_code or place.rpartition("_")[2]
        elif site_code:
            code = site_code
            place = f"{discovery.NAMESPACE}/site_{site_code}"
        else:
            location = discovery.local_site(client(discovery.NAMESPACE))
            code = str(location.get("SiteCode", ""))
            path = str(location.get("NamespacePath", ""))
            place = discovery.plain_namespace(path) if path else f"{discovery.NAMESPACE}/site_{code}"
        site = cls(
            client(place),
            code=code.upper() if SITE_CODE.match(code) else code,
            compatibility=compatibility,
            catalogue=catalogue,
            location=location,
            read_only=read_only,
        )
        site.namespace_given = namespace
        return site

    @property
    def namespace(self) -> str:
        """The namespace of the site, for example ``root/sms/site_P01``."""
        return str(self.cim.namespace)

    def explain(self, error: ConfigMgrError) -> ConfigMgrError:
        """Turn "no such namespace" into what it means for a person; other errors come back as they are."""
        if not isinstance(error, InvalidClass) or error.hresult not in (INVALID_NAMESPACE, None):
            return error
        if error.hresult is None and error.wmi_class:
            return error
        named = self.namespace_given
        return discovery.missing_site(error, self.cim, "namespace" if named else "site_code", named or self.code)

    # -- reading ------------------------------------------------------------------------------

    def get(self, class_name: str, keys: t.Mapping[str, str | int]) -> Loaded:
        """Read one instance by its keys, lazy properties included. Raises :class:`NotFound`."""
        found = self.cim.get(class_name, dict(keys))
        return Loaded(found.class_name, found.properties, dict(keys))

    def find(self, class_name: str, keys: t.Mapping[str, str | int]) -> Loaded | None:
        """Read one instance by its keys, ``None`` when there is none."""
        try:
            return self.get(class_name, keys)
        except NotFound:
            return None

    def query(
        self,
        class_name: str,
        where: wql.Where | None = None,
        columns: t.Sequence[str] | None = None,
    ) -> list[Instance]:
        """Return rows; lazy properties are null in them. ``columns`` must be plain, keys included."""
        return self.cim.query(class_name, where=where, columns=columns)

    def version(self) -> str:
        """Return the version of the site, empty when it does not say (one query)."""
        rows = self.query("SMS_Site", wql.equals("SiteCode", self.code), ["SiteCode", "Version"])
        return str(rows[0].get("Version", "")) if rows else ""

    def scopes(self) -> list[str]:
        """Return the names of the security scopes that the account sees (one query)."""
        rows = self.query("SMS_SecuredCategory", columns=["CategoryID", "CategoryName"])
        return sorted({str(row.get("CategoryName", row.get("CategoryID", ""))) for row in rows})

    # -- writing ------------------------------------------------------------------------------

    def create(
        self, instance: Instance, *, settle: t.Callable[[], dict[str, str] | None] | None = None
    ) -> dict[str, str]:
        """Create an instance and return its keys.

        ``settle`` looks for the new object after a lost answer and returns its keys, or ``None``
        when it is not there.
        """
        what = f"create {instance.class_name}"
        return self.write(what, lambda: self.cim.create(instance), settle=settle, wmi_class=instance.class_name)

    def save(
        self, before: Loaded, changes: t.Mapping[str, Value], *, verify: bool = True, readable: bool = True
    ) -> Loaded:
        """Put an object back with some properties changed, and return it as the site has it now.

        ``changes`` maps WMI names to values, ``None`` clears. Every other writable property goes
        back as it was read, lazy ones included; what the site computes is left out. Costs the Put
        and one Get. Raises :class:`ObjectLocked`, :class:`VersionConflict`, :class:`NotAsWritten`. With
        ``verify`` false the caller compares what the site holds with what was sent; with ``readable`` false
        the site does not show what was sent, so a lost answer stays unknown.
        """
        if not isinstance(before, Loaded):
            raise TypeError("an object must be read by its key before it is saved")
        changes = self._spelled(before.class_name, changes)
        body = self.writable(before, changes)
        path = relative_path(before.class_name, before.keys)

        def put() -> bool:
            self.cim.put(body, keys=before.keys, modified=list(changes))
            return True

        def settle() -> bool | None:
            now = self.get(before.class_name, before.keys)
            return True if all(equal(now.get(k), v) for k, v in changes.items()) else None

        try:
            decide = settle if readable else None
            self.write(f"save {path}", put, settle=decide, wmi_class=before.class_name, path=path)
        except ServerFault as exc:
            raise self.conflict(exc, before) from None
        after = self.get(before.class_name, before.keys)
        wrong = [k for k, v in changes.items() if verify and not equal(after.get(k), v)]
        if wrong:
            raise NotAsWritten(
                f"The site took the change of {path} but holds other values in: {', '.join(sorted(wrong))}.",
                wmi_class=before.class_name,
                attempted=f"save {path}",
            )
        return after

    def delete(self, class_name: str, keys: t.Mapping[str, str | int]) -> None:
        """Delete an instance; one that is gone already is fine."""
        path = relative_path(class_name, keys)

        def remove() -> bool:
            with contextlib.suppress(NotFound):
                self.cim.delete(class_name, dict(keys))
            return True

        def settle() -> bool | None:
            left = self.find(class_name, keys)
            return True if left is None or left.get("ActionInProgress") == DELETING else None

        self.write(f"delete {path}", remove, settle=settle, wmi_class=class_name, path=path)

    def write(
        self,
        what: str,
        send: t.Callable[[], _T],
        *,
        settle: t.Callable[[], _T | None] | None = None,
        wmi_class: str | None = None,
        method: str | None = None,
        path: str | None = None,
        created: t.Callable[[_T], str] | None = None,
    ) -> _T:
        """Send one write of any form (also a method such as SetSequence) under the common rules.

        ``what`` names it for people ("save SMS_Package..."). ``settle`` decides after a lost answer:
        it reads and returns what ``send`` would have returned, or ``None`` when the site shows no
        trace of the write. ``path`` is the relative path of the object, for its lock; ``created`` returns
        that of a new one, for a method that may leave it locked.

        Raises :class:`OutcomeUnknown` when reading could not decide, :class:`NotAsWritten` when it
        showed that nothing happened.
        """
        if self.read_only:
            raise RuntimeError(f"{what} in check mode")
        with locks.Hold(self.cim, path, wanted=self.compatibility.explicit_lock) as lock:
            try:
                answer = send()
            except (OutcomeUnknown, OperationTimeout) as lost:
                answer = self._decide(lost, what, settle, wmi_class, method)
            except ServerFault as exc:
                raise locks.explain(self.cim, exc, path) from None
            self.written.append(what)
            if created is not None:
                lock.path = created(answer)
        return answer

    def writable(self, before: Instance, changes: t.Mapping[str, Value]) -> Instance:
        """Return what goes back to the site: keys, version and everything that is not computed.

        What the site showed as null goes back as an explicit null. Properties that the catalogue
        does not know go back as they came, so that what a newer site has survives; properties that
        the site did not show are not invented, since an older site would refuse them.
        """
        definition = self.catalogue.get(before.class_name)
        settings = before.class_name.casefold() in SETTINGS
        values: dict[str, Value] = {}
        for name, value in before.properties.items():
            known = definition.property(name) if definition else None
            if known is None:
                if value is not None:
                    values[name] = value
            elif known.writable or known.key or known.name == "SedoObjectVersion" or (settings and known.lazy):
                values[known.name] = value
        values.update(self._spelled(before.class_name, changes))
        return Instance(before.class_name, values)

    def _spelled(self, class_name: str, values: t.Mapping[str, Value]) -> dict[str, Value]:
        """Return values under the names as the catalogue spells them."""
        definition = self.catalogue.get(class_name)
        spelled = {}
        for name, value in values.items():
            known = definition.property(name) if definition else None
            spelled[known.name if known else name] = value
        return spelled

    def keep_one(
        self,
        class_name: str,
        rows: t.Sequence[Instance],
        own: str,
        key: str = "PackageID",
    ) -> tuple[str, list[str]]:
        """Settle a race of two creations: after a create by name, ``rows`` are all objects of that name.

        Names are no key, so two plays that look and then create at the same time make twins. The
        lowest ID stays: when that is not ours, ours is deleted again. Returns the ID to go on with
        and warnings.
        """
        others = sorted(str(row.get(key, "")) for row in rows if str(row.get(key, "")) != own)
        if not others:
            return own, []
        if own < others[0]:
            return own, [
                f"Another {class_name} of the same name appeared while {own} was created: "
                f"{', '.join(others)}. {own} stays; the other task is expected to remove its own."
            ]
        self.delete(class_name, {key: own})
        return others[0], [
            f"Another {class_name} of the same name, {others[0]}, was created at the same time; "
            f"{own} was deleted again and the task goes on with {others[0]}."
        ]

    # -- after a failure ----------------------------------------------------------------------

    def _decide(
        self,
        lost: OutcomeUnknown | OperationTimeout,
        what: str,
        settle: t.Callable[[], _T | None] | None,
        wmi_class: str | None,
        method: str | None,
    ) -> _T:
        found: _T | None = None
        decided = False
        if settle is not None:
            try:
                found = settle()
                decided = True
            except ConfigMgrError:
                decided = False
        if found is None and isinstance(lost, OperationTimeout):
            # WinRM gave up waiting, but the provider goes on: that nothing is there yet decides nothing.
            decided = False
        if not decided:
            raise OutcomeUnknown(
                f"'{what}' was not confirmed and reading did not show what became of it: {lost.message}",
                wmi_class=wmi_class or lost.wmi_class,
                method=method or lost.method,
                detail=lost.detail,
                attempted=what,
            ) from None
        if found is None:
            raise NotAsWritten(
                f"'{what}' was not confirmed: {lost.message.rstrip('. ')}; the site shows no trace of it; run the task "
                "again.",
                wmi_class=wmi_class or lost.wmi_class,
                method=method or lost.method,
                detail=lost.detail,
                attempted=what,
            ) from None
        return found

    def conflict(self, error: ServerFault, before: Loaded) -> ServerFault:
        """Compare the version after a refused save: another one means that somebody saved in between."""
        read = before.get("SedoObjectVersion")
        if isinstance(error, ObjectLocked) or not read:
            return error
        try:
            now = self.get(before.class_name, before.keys).get("SedoObjectVersion")
        except ConfigMgrError:
            return error
        if now == read:
            return error
        path = relative_path(before.class_name, before.keys)
        return VersionConflict(
            f"{path} was changed on the site between reading and saving it; nothing was saved. Run the task again.",
            wmi_class=before.class_name,
            hresult=error.hresult,
            sms_error_code=error.sms_error_code,
            detail=error.detail,
            attempted=f"save {path}",
        )


def equal(stored: Value, sent: Value) -> bool:
    """Whether a stored value is what was sent.

    Null, "" and an empty list mean the same, CR LF is LF, and line feeds at the very end do not count.
    """
    if stored in (None, "", []) and sent in (None, "", []):
        return True
    if isinstance(stored, CimDatetime) or isinstance(sent, CimDatetime):
        # A clock without a zone comes back labelled as UTC (wsman 1.5): only its digits count.
        return same_clock(None if stored is None else str(stored), None if sent is None else str(sent))
    if isinstance(stored, str) and isinstance(sent, str):
        return stored.replace("\r\n", "\n").rstrip("\n") == sent.replace("\r\n", "\n").rstrip("\n")
    if isinstance(stored, Instance) and isinstance(sent, Instance):
        names = {*stored.properties, *sent.properties}
        return all(equal(stored.get(name), sent.get(name)) for name in names)
    if isinstance(stored, list) and isinstance(sent, list):
        return len(stored) == len(sent) and all(equal(a, b) for a, b in zip(stored, sent, strict=True))
    return bool(stored == sent)
