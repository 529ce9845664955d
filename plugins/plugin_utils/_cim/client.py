# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CIM operations with instances: what the SMS Provider's rules are built on."""

from __future__ import annotations

import contextlib
import dataclasses
import typing as t

from .. import _errors as errors
from .._wsman.client import WsmanClient
from . import wql
from .catalogue import Catalogue, ClassDef
from .decode import Decoder
from .encode import Encoder
from .instance import Instance, Value
from .live_schema import read_class

WBEM_E_FAILED = 0x80041001
HEADER_BYTES = 2048
"""What envelope and headers add to a body; the real figure is about 1,600."""

# Methods that change nothing: a lost answer may be asked for again, and check mode may call them.
_READ_METHODS: dict[str, frozenset[str]] = {
    "sms_tasksequencepackage": frozenset(
        (
            "getsequence",
            "importsequence",
            "checkreferencessharetype",
            "getcontenthash",
            "getpackagedefaulthash",
            "getpackagehash",
            "getclientconfigpolicies",
            "gettspolicies",
            "gettspoliciessamedia",
            "gettsrelatedtodrivercategory",
        )
    ),
    "sms_tasksequence": frozenset(("savetoxml", "exportxml", "loadfromxml")),
    "sms_schedulemethods": frozenset(("readfromstring", "writetostring")),
    "sms_objectlock": frozenset(("getlockinformation", "checklockrequest", "checklockrequests")),
    "sms_identification": frozenset(("getcurrentuser", "getproviderversion", "getsiteid")),
    "sms_rbacsecuredobject": frozenset(
        ("getavailablescopes", "getcollectionswithresourcepermissions", "getuserlist", "userhaspermissions")
    ),
    "sms_collection": frozenset(("verifynocirculardependencies", "getnumresults", "gettotalnumresults")),
    "sms_collectionrulequery": frozenset(("validatequery",)),
    "sms_advertisement": frozenset(("getadvertisements",)),
    "sms_deploymentinfo": frozenset(("getdeployments",)),
    "sms_imagepackage": frozenset(("getimageproperties",)),
    "sms_bootimagepackage": frozenset(("getimageproperties", "queryosdbinaryinjectionstatus")),
    "sms_operatingsysteminstallpackage": frozenset(("getimageproperties",)),
}

Keys = t.Mapping[str, t.Any]
Rows = t.Generator[Instance, None, None]
"""Rows one by one; closing it gives the enumeration back."""


def is_read_method(class_name: str, method: str) -> bool:
    """Say whether a method changes nothing on the site."""
    return method.casefold() in _READ_METHODS.get(class_name.casefold(), ())


@contextlib.contextmanager
def _written(verb: str, class_name: str, method: str | None = None) -> t.Iterator[None]:
    """Say of an answer to a write that cannot be read what it means: the write may well have been carried out."""
    try:
        yield
    except errors.ProtocolError as error:
        problem = error.message
    else:
        return
    what = f"{verb} {class_name}" + (f".{method}" if method else "")
    raise errors.OutcomeUnknown(
        f"{what}: the server may have carried this out, but its answer cannot be read: {problem}",
        wmi_class=class_name,
        method=method,
        attempted=what,
    )


@dataclasses.dataclass(frozen=True)
class MethodResult:
    """What a method gave back: its return value and its out parameters by name."""

    return_value: t.Any
    out: dict[str, Value]


class CimClient:
    """The classes of one namespace over one WS-Man client.

    ``datetime_form`` is one of ``encode.DATETIME_FORMS``. ``projection`` ``auto`` names columns in
    queries where the caller does and falls back to ``SELECT *`` for a class whose provider refuses
    them with 0x80041001; ``never`` always selects all.
    """

    def __init__(
        self,
        wsman: WsmanClient,
        catalogue: Catalogue,
        namespace: str,
        *,
        datetime_form: str = "cim_datetime",
        projection: str = "auto",
    ) -> None:
        if projection not in ("auto", "never"):
            raise ValueError(f"no such projection: {projection}")
        self.wsman = wsman
        self.catalogue = catalogue
        self.namespace = namespace
        self.datetime_form = datetime_form
        self.projection = projection
        self._decoder = Decoder(catalogue)
        self._whole_rows: set[str] = set()

    def in_namespace(self, namespace: str) -> CimClient:
        """Return a client for another namespace over the same connection."""
        other = CimClient(
            self.wsman, self.catalogue, namespace, datetime_form=self.datetime_form, projection=self.projection
        )
        other._decoder = self._decoder
        return other

    def get(self, class_name: str, keys: Keys) -> Instance:
        """Return the instance with these keys, lazy properties included. Raises NotFound."""
        return self._decoder.instance(self.wsman.get(self.namespace, class_name, keys))

    def query(
        self,
        class_name: str,
        *,
        where: wql.Where | None = None,
        columns: t.Sequence[str] | None = None,
        limit: int | None = None,
    ) -> list[Instance]:
        """Return the rows that meet ``where``; lazy properties are null in them.

        ``columns`` names plain properties to ask for; the keys and what ``where`` needs are added.
        Rows of a query with columns must not be written back. ``limit`` stops early.
        Raises ValueError when a lazy property is named: providers fail on it.
        """
        definition = self.catalogue.get(class_name)
        chosen = self._columns(definition, columns, where)
        self._refuse_lazy(class_name, definition, chosen, where)
        whole = not chosen or self.projection == "never" or class_name.casefold() in self._whole_rows
        if not whole:
            try:
                return self._select(class_name, chosen, where, limit)
            except errors.ServerFault as exc:
                if exc.hresult != WBEM_E_FAILED:
                    raise
            self._whole_rows.add(class_name.casefold())
        return self._select(class_name, None, where, limit)

    def iterate(
        self, class_name: str, *, where: wql.Where | None = None, columns: t.Sequence[str] | None = None
    ) -> Rows:
        """Yield the rows of a query as they come, so that only one answer of the server is held at a time.

        Everything else is as with :meth:`query`; a connection that is lost on the way raises
        ConnectionBroken, and the caller begins again.
        """
        definition = self.catalogue.get(class_name)
        chosen = self._columns(definition, columns, where)
        self._refuse_lazy(class_name, definition, chosen, where)
        whole = not chosen or self.projection == "never" or class_name.casefold() in self._whole_rows
        if not whole:
            begun = False
            try:
                with contextlib.closing(self._stream(class_name, chosen, where)) as rows:
                    for row in rows:
                        begun = True
                        yield row
                return
            except errors.ServerFault as exc:
                if begun or exc.hresult != WBEM_E_FAILED:
                    raise
            self._whole_rows.add(class_name.casefold())
        yield from self._stream(class_name, None, where)

    def _stream(self, class_name: str, columns: list[str] | None, where: wql.Where | None) -> Rows:
        text = wql.select(class_name, columns, where)
        with contextlib.closing(self.wsman.iterate(self.namespace, text, class_name=class_name)) as batches:
            for rows in batches:
                for row in rows:
                    instance = self._decoder.instance(row, class_name)
                    # What was read is not needed any more, and an answer may hold thousands of rows.
                    row.clear()
                    if where is None or where.accept(instance):
                        yield instance

    def create(self, instance: Instance) -> dict[str, str]:
        """Create an instance and return its keys, those that the server chose included."""
        body = self._encoder().instance(instance, nulls=False)
        return self.wsman.create(self.namespace, instance.class_name, body)

    def put(self, instance: Instance, *, keys: Keys, modified: t.Sequence[str]) -> Instance | None:
        """Write an instance back as a whole; ``modified`` names what was changed.

        Every ``None`` and every empty list goes out as an explicit null. Raises ValueError when a
        modified property is not in the instance: the server could not see it.
        """
        present = {name.casefold() for name in instance.properties}
        absent = [name for name in modified if name.casefold() not in present]
        if absent:
            raise ValueError(f"modified but not in the instance: {', '.join(absent)}")
        body = self._encoder().instance(instance, nulls=True)
        element = self.wsman.put(self.namespace, instance.class_name, keys, body, modified=modified)
        with _written("Put", instance.class_name):
            return None if element is None else self._decoder.instance(element)

    def delete(self, class_name: str, keys: Keys) -> None:
        """Delete the instance with these keys. Raises NotFound."""
        self.wsman.delete(self.namespace, class_name, keys)

    def invoke(
        self, class_name: str, method: str, params: t.Mapping[str, Value] | None = None, *, keys: Keys | None = None
    ) -> MethodResult:
        """Call a method, of an instance when ``keys`` are given.

        The return value is not judged here. Methods that are not known to change nothing are sent
        once only.
        """
        body = self._encoder().parameters(class_name, method, params or {})
        write = not is_read_method(class_name, method)
        element = self.wsman.invoke(self.namespace, class_name, method, body, keys=keys, write=write)
        definition = self.catalogue.get(class_name)
        with _written("Invoke", class_name, method) if write else contextlib.nullcontext():
            value, out = self._decoder.outputs(element, definition.method(method) if definition else None)
            return MethodResult(value, out)

    def size_of_call(self, class_name: str, method: str, params: t.Mapping[str, Value]) -> int:
        """Return about how many bytes the request of a call has, headers included."""
        return len(self._encoder().parameters(class_name, method, params).encode("utf-8")) + HEADER_BYTES

    def get_class(self, class_name: str) -> ClassDef:
        """Return the class as the site defines it now. Raises NotFound or InvalidClass."""
        return read_class(self.wsman.get_class(self.namespace, class_name))

    # -- inside ------------------------------------------------------------------------------------

    def _encoder(self) -> Encoder:
        return Encoder(self.catalogue, self.wsman.uris, self.namespace, datetime_form=self.datetime_form)

    def _select(
        self, class_name: str, columns: list[str] | None, where: wql.Where | None, limit: int | None
    ) -> list[Instance]:
        # With a check on each row the server's count is not ours.
        bound = limit if where is None or where.exact else None
        text = wql.select(class_name, columns, where)
        rows = self.wsman.enumerate(self.namespace, text, class_name=class_name, limit=bound)
        found = [self._decoder.instance(row, class_name) for row in rows]
        if where is not None:
            found = [instance for instance in found if where.accept(instance)]
        return found if limit is None else found[:limit]

    @staticmethod
    def _columns(definition: ClassDef | None, columns: t.Sequence[str] | None, where: wql.Where | None) -> list[str]:
        if not columns:
            return []
        chosen = dict.fromkeys(definition.keys if definition else ())
        chosen.update(dict.fromkeys(columns))
        if where is not None and not where.exact:
            chosen.update(dict.fromkeys(sorted(where.names)))
        return list(chosen)

    @staticmethod
    def _refuse_lazy(class_name: str, definition: ClassDef | None, columns: list[str], where: wql.Where | None) -> None:
        lazy = definition.lazy if definition else frozenset()
        used = {name.casefold() for name in columns}
        if where is not None:
            used |= wql.words(where.text)
        named = sorted(used & lazy)
        if named:
            raise ValueError(f"lazy properties of {class_name} cannot stand in a query: {', '.join(named)}")
