# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""WS-Management operations on CIM classes: Get, Put, Create, Delete, Enumerate, Invoke, Identify.

Bodies come in as XML text and answers go out as elements; what they mean is the business of the
layer above. Shapes and reasons: reference wsman 2 to 7.
"""

from __future__ import annotations

import contextlib
import typing as t
import xml.etree.ElementTree as ET

from .. import _errors as errors
from . import envelope, uris
from .answer import Answer, child, descendants, text_of
from .envelope import Option
from .exchange import Exchange, Observer, Operation
from .transport import QUICK, Transport, TransportLost
from .xmltext import escape

MAX_ELEMENTS = 32000
READ_MARGIN = 15.0
"""Seconds that the HTTP read may take longer than the operation."""
_MAX_EMPTY_PULLS = 20

Keys = t.Mapping[str, t.Any]
Batches = t.Generator["list[ET.Element]", None, None]
"""The rows of an enumeration, answer by answer; closing it gives the enumeration back."""


def _key_text(keys: Keys | None) -> str:
    return ",".join(f"{name}={value!r}" for name, value in (keys or {}).items())


class WsmanClient:
    """The operations over one transport.

    ``operation_timeout`` is in seconds, ``max_envelope_size`` is the server's MaxEnvelopeSizekb in
    KiB when it is known, ``uri_family`` is ``dmtf`` or ``wmi``. Reads are tried once more on a lost
    connection; writes never are: they end in OutcomeUnknown when the server may have got them.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        operation_timeout: float = 60.0,
        max_envelope_size: int | None = None,
        uri_family: str = "dmtf",
        observer: Observer | None = None,
    ) -> None:
        self.uris = uris.UriFamily(uri_family)
        self.operation_timeout = float(operation_timeout)
        self._context: dict[str, str] = {}
        self._exchange = Exchange(transport, max_envelope_size=max_envelope_size, observer=observer)

    @contextlib.contextmanager
    def in_context(self, values: t.Mapping[str, str]) -> t.Iterator[None]:
        """Hand these values to the provider with every request inside (its WMI context; reference: wsman 1.4)."""
        before = self._context
        self._context = {**before, **values}
        try:
            yield
        finally:
            self._context = before

    @property
    def request_limit(self) -> int:
        """The largest request in bytes that is sent."""
        return self._exchange.limit

    @property
    def accepted(self) -> int:
        """How many requests the server has answered so far."""
        return self._exchange.accepted

    # -- objects ---------------------------------------------------------------------------------

    def get(self, namespace: str, class_name: str, keys: Keys) -> ET.Element:
        """Return the element of the instance with these keys. Raises NotFound when there is none."""
        operation = Operation("Get", class_name, key=_key_text(keys))
        answer = self._on_class(operation, f"{uris.TRANSFER}/Get", namespace, class_name, keys)
        return self._content(operation, answer)

    def put(
        self, namespace: str, class_name: str, keys: Keys, body: str, *, modified: t.Iterable[str]
    ) -> ET.Element | None:
        """Write the instance in ``body`` back; ``modified`` names the properties that were changed.

        Returns the element of the resulting instance when the server sends it.
        """
        operation = Operation("Put", class_name, key=_key_text(keys), write=True)
        options = [Option("wmiarray:__MIInstanceModifiedPropertiesList", name) for name in modified]
        answer = self._on_class(operation, f"{uris.TRANSFER}/Put", namespace, class_name, keys, body, options)
        return answer.content

    def create(self, namespace: str, class_name: str, body: str) -> dict[str, str]:
        """Create the instance in ``body`` and return the keys from the answer's endpoint reference."""
        operation = Operation("Create", class_name, write=True)
        answer = self._on_class(operation, f"{uris.TRANSFER}/Create", namespace, class_name, None, body)
        return {
            name: value.text or ""
            for value in descendants(answer.body, "Selector")
            if (name := value.get("Name", "")).casefold() != "__cimnamespace"
        }

    def delete(self, namespace: str, class_name: str, keys: Keys) -> None:
        """Delete the instance with these keys. Raises NotFound when there is none."""
        operation = Operation("Delete", class_name, key=_key_text(keys), write=True)
        self._on_class(operation, f"{uris.TRANSFER}/Delete", namespace, class_name, keys)

    def invoke(
        self,
        namespace: str,
        class_name: str,
        method: str,
        body: str,
        *,
        keys: Keys | None = None,
        write: bool = True,
    ) -> ET.Element | None:
        """Call a method; ``keys`` only for methods of an instance.

        Returns the element that holds ``ReturnValue`` and the out parameters, whatever its name,
        or ``None`` when the method gave nothing.
        """
        operation = Operation("Invoke", class_name, method, _key_text(keys), write)
        action = f"{self.uris.class_uri(namespace, class_name)}/{method}"
        return self._on_class(operation, action, namespace, class_name, keys, body).content

    # -- queries ---------------------------------------------------------------------------------

    def enumerate(
        self, namespace: str, wql: str, *, class_name: str = "", limit: int | None = None
    ) -> list[ET.Element]:
        """Return the elements of all rows of a WQL query, at most ``limit`` of them.

        A row of a query with named columns is an un-namespaced ``XmlFragment``. ``class_name`` is
        for messages only. When the connection is lost on the way the query starts again, once:
        a single Pull cannot be repeated, because the server has moved on.
        """
        operation = Operation("Enumerate", class_name, key=wql)
        return self._once(lambda: self._rows(operation, namespace, wql, limit), operation)

    def iterate(self, namespace: str, wql: str, *, class_name: str = "") -> Batches:
        """Yield the rows of a WQL query answer by answer, so that only one answer is held at a time.

        Otherwise like :meth:`enumerate`, but a connection that is lost on the way cannot be made good
        here: rows were handed out already. Closing the iterator early gives the enumeration back.
        """
        operation = Operation("Enumerate", class_name, key=wql)
        first, rest = self._once(lambda: self._begun(operation, namespace, wql), operation)
        with contextlib.closing(rest) as batches:
            yield first
            del first
            try:
                yield from batches
            except TransportLost as exc:
                reason = str(exc)
            else:
                return
        raise self._broken(operation, f"the connection was lost while reading: {reason}")

    def _begun(self, operation: Operation, namespace: str, wql: str) -> tuple[list[ET.Element], Batches]:
        batches = self._batches(operation, namespace, wql)
        return next(batches, []), batches

    def _rows(self, operation: Operation, namespace: str, wql: str, limit: int | None) -> list[ET.Element]:
        rows: list[ET.Element] = []
        with contextlib.closing(self._batches(operation, namespace, wql)) as batches:
            for found in batches:
                rows.extend(found)
                if limit is not None and len(rows) >= limit:
                    return rows[:limit]
        return rows

    def _batches(self, operation: Operation, namespace: str, wql: str) -> Batches:
        body = (
            f"<n:Enumerate><w:OptimizeEnumeration/><w:MaxElements>{MAX_ELEMENTS}</w:MaxElements>"
            f'<w:Filter Dialect="{uris.WQL_DIALECT}">{escape(wql, where="WQL query")}</w:Filter></n:Enumerate>'
        )
        context = ""
        empty = 0
        try:
            answer = self._enumeration(operation, "Enumerate", namespace, body)
            while True:
                found, context = _batch(answer)
                # The whole answer must not outlive its rows, which may be many.
                del answer
                empty = 0 if found else empty + 1
                yield found
                if not context:
                    return
                if empty > _MAX_EMPTY_PULLS:
                    raise errors.ProtocolError(f"{operation}: the server goes on without ever sending a row.")
                body = (
                    f"<n:Pull><n:EnumerationContext>{escape(context)}</n:EnumerationContext>"
                    f"<n:MaxElements>{MAX_ELEMENTS}</n:MaxElements></n:Pull>"
                )
                pull = Operation("Pull", operation.class_name)
                answer = self._enumeration(pull, "Pull", namespace, body)
        finally:
            if context:
                self._release(operation, namespace, context)

    def _release(self, operation: Operation, namespace: str, context: str) -> None:
        """Give an unfinished enumeration back; the server holds it for a minute and counts it otherwise.

        This also runs while a task's time limit ends the task, so it is quick and never raises.
        """
        body = f"<n:Release><n:EnumerationContext>{escape(context)}</n:EnumerationContext></n:Release>"
        try:
            self._enumeration(Operation("Release", operation.class_name), "Release", namespace, body, timeout=QUICK)
        except (errors.ConfigMgrError, TransportLost):
            pass

    def _enumeration(
        self, operation: Operation, verb: str, namespace: str, body: str, *, timeout: float | None = None
    ) -> Answer:
        return self._send(
            operation,
            action=f"{uris.ENUMERATION}/{verb}",
            resource_uri=self.uris.all_classes(namespace),
            selectors=self.uris.selectors(namespace),
            body=body,
            timeout=timeout,
        )

    # -- the rest --------------------------------------------------------------------------------

    def get_class(self, namespace: str, class_name: str) -> ET.Element:
        """Return the live schema of a class as its CIM-XML ``CLASS`` element, inherited members included."""
        operation = Operation("GetClass", class_name)
        answer = self._retried(
            operation,
            action=f"{uris.TRANSFER}/Get",
            resource_uri=uris.CLASS_SCHEMA,
            selectors=[*uris.UriFamily("dmtf").selectors(namespace), ("ClassName", class_name)],
            options=[
                Option(name, "true", "xs:boolean")
                for name in ("IncludeInheritanceHierarchy", "IncludeInheritedElements", "IncludeQualifiers")
            ],
        )
        found = next(descendants(answer.body, "CLASS"), None)
        if found is None:
            raise errors.ProtocolError(f"{operation}: the answer holds no class.", wmi_class=class_name)
        return found

    def identify(self) -> dict[str, str]:
        """Return ``ProtocolVersion``, ``ProductVendor`` and ``ProductVersion`` of the listener."""
        operation = Operation("Identify")
        request = envelope.build_identify()
        answer = self._once(
            lambda: self._exchange.send(operation, request, timeout=self._read_timeout, message_id=None), operation
        )
        names = ("ProtocolVersion", "ProductVendor", "ProductVersion")
        content = self._content(operation, answer)
        return {name: text_of(child(content, name)) for name in names}

    def _content(self, operation: Operation, answer: Answer) -> ET.Element:
        if answer.content is None:
            raise errors.ProtocolError(f"{operation}: the answer is empty.", wmi_class=operation.class_name or None)
        return answer.content

    def _on_class(
        self,
        operation: Operation,
        action: str,
        namespace: str,
        class_name: str,
        keys: Keys | None,
        body: str = "",
        options: t.Iterable[Option] = (),
    ) -> Answer:
        return self._retried(
            operation,
            action=action,
            resource_uri=self.uris.class_uri(namespace, class_name),
            selectors=self.uris.selectors(namespace, keys),
            options=options,
            body=body,
        )

    def _retried(self, operation: Operation, *, action: str, resource_uri: str, **request: t.Any) -> Answer:
        return self._once(
            lambda: self._send(operation, action=action, resource_uri=resource_uri, **request), operation
        )

    def _once(self, attempt: t.Callable[[], t.Any], operation: Operation) -> t.Any:
        """Try, and try again once when a read got no answer; only reads let TransportLost out of ``send``."""
        reason = ""
        for _try in range(2):
            try:
                return attempt()
            except TransportLost as exc:
                reason = str(exc)
        if not self.accepted:
            raise errors.Unreachable(reason)
        raise self._broken(operation, f"the connection was lost twice while reading: {reason}")

    @staticmethod
    def _broken(operation: Operation, text: str) -> errors.ConnectionBroken:
        return errors.ConnectionBroken(
            f"{operation}: {text}",
            wmi_class=operation.class_name or None,
            method=operation.method or None,
        )

    @property
    def _read_timeout(self) -> float:
        return self.operation_timeout + READ_MARGIN

    def _send(
        self,
        operation: Operation,
        *,
        action: str,
        resource_uri: str,
        selectors: t.Iterable[tuple[str, t.Any]] = (),
        options: t.Iterable[Option] = (),
        body: str = "",
        timeout: float | None = None,
    ) -> Answer:
        message_id = envelope.new_message_id()
        request = envelope.build(
            action=action,
            resource_uri=resource_uri,
            selectors=selectors,
            options=[*options, *(Option(f"wmi:{name}", value) for name, value in self._context.items())],
            operation_timeout=self.operation_timeout,
            message_id=message_id,
            body=body,
        )
        wait = self._read_timeout if timeout is None else timeout
        return self._exchange.send(operation, request, timeout=wait, message_id=message_id)


def _batch(answer: Answer) -> tuple[list[ET.Element], str]:
    """Return the rows of an Enumerate or Pull answer and the context for the next Pull, empty at the end.

    Some servers send a context together with EndOfSequence; pulling it would be a fault.
    """
    response = answer.content
    if response is None:
        return [], ""
    rows: list[ET.Element] = []
    for items in response:
        if uris.local_name(items.tag) == "Items":
            for row in items:
                # ObjectAndEPR wraps the object; it is not asked for, but costs nothing to accept.
                rows.append(row[0] if uris.local_name(row.tag) == "Item" and len(row) else row)
    ended = child(response, "EndOfSequence") is not None
    return rows, "" if ended else text_of(child(response, "EnumerationContext"))
