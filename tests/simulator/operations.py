# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The operations of WS-Management: from a request to the body of its answer (reference: wsman 2 to 7)."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from lxml import etree

from . import envelope, faults, targets
from .enumeration import MAX_BATCH, Enumerations
from .envelope import N, Request, W, X
from .journal import Entry, is_write
from .objects import Obj, ProviderError
from .schema import Schema, SimClass, SimMethod
from .targets import Target
from .wire import Decoder
from .wire_out import Encoder, class_schema

WQL = "http://schemas.microsoft.com/wbem/wsman/1/WQL"
MODES = ("EnumerateObject", "EnumerateEPR", "EnumerateObjectAndEPR")
OVERHEAD = 1536
"""Bytes of an envelope around its items, generously."""

_TRANSFER = {f"{X}/{verb}": verb for verb in ("Get", "Put", "Create", "Delete")}
_ENUMERATION = {f"{N}/{verb}": verb for verb in ("Enumerate", "Pull", "Release")}
_FROM = re.compile(r"\bFROM\s+([A-Za-z_][A-Za-z0-9_]*)", re.IGNORECASE)


class Provider(t.Protocol):
    """What the front end asks of the site behind it."""

    schema: Schema

    def namespaces(self) -> t.Iterable[str]:
        """Return the namespaces that exist."""

    def get(self, namespace: str, class_name: str, keys: dict[str, t.Any]) -> Obj:
        """Return an instance with its lazy properties."""

    def query(self, namespace: str, wql: str) -> t.Any:
        """Return a QueryResult."""

    def enumerate(self, namespace: str, class_name: str) -> list[Obj]:
        """Return all instances of a class."""

    def create(self, namespace: str, obj: Obj) -> dict[str, t.Any]:
        """Create an instance and return its keys."""

    def put(
        self, namespace: str, class_name: str, keys: dict[str, t.Any], obj: Obj, modified: list[str] | None,
    ) -> Obj:
        """Change an instance and return it."""

    def delete(self, namespace: str, class_name: str, keys: dict[str, t.Any]) -> None:
        """Delete an instance."""

    def invoke(
        self, namespace: str, class_name: str, method: str, keys: dict[str, t.Any] | None, params: dict[str, t.Any],
    ) -> dict[str, t.Any]:
        """Call a method and return its out parameters and ReturnValue."""


@dataclasses.dataclass
class Settings:
    """What the front end itself can be told.

    ``uri`` dmtf, wmi or both; ``datetime`` cim or raw; ``explicit_lock`` says whether context values (the options
    ``wmi:...``, ObjectLockContext among them) reach the provider, which no source settles: honour or ignore.
    """

    uri: str = "both"
    datetime: str = "cim"
    explicit_lock: str = "honour"
    max_envelope: int = 500 * 1024
    allow_operation_id: bool = False
    require_precise: bool = True


@dataclasses.dataclass
class Call:
    """A request that is understood so far: what it is about, before its body is read.

    ``done`` says that the provider has carried it out; the answer may fail after that, and the write stays.
    """

    request: Request
    verb: str
    target: Target
    namespace: str
    item: SimClass | None = None
    method: SimMethod | None = None
    keys: dict[str, t.Any] | None = None
    path: str = ""
    done: bool = False


class Operations:
    """The operations over one provider."""

    def __init__(self, provider: Provider, enumerations: Enumerations, settings: Settings) -> None:
        self._provider = provider
        self._enumerations = enumerations
        self._settings = settings

    def understand(self, request: Request, entry: Entry) -> Call:
        """Find out what a request is about and note it in the journal's entry as far as it is known."""
        verb = _TRANSFER.get(request.action) or _ENUMERATION.get(request.action) or "Invoke"
        entry.verb = verb
        method_name = None
        if verb == "Invoke":
            method_name = request.action.rpartition("/")[2]
            entry.method = method_name
        entry.write = is_write(verb, method_name)
        target = targets.resolve(request, self._settings.uri)
        entry.namespace = target.namespace
        entry.class_name = target.class_name
        if verb == "Invoke" and request.action != f"{request.resource_uri}/{method_name}":
            raise faults.Fault(
                "a:ActionNotSupported", faults.INVALID_ACTION, f"{faults.SORRY}The action {request.action} is neither"
                " one of the service nor the resource address with a method behind it.", detail="ActionMismatch")
        call = Call(request, verb, target, self._namespace(target))
        if target.family == "schema":
            return self._understand_schema(call, entry)
        if verb in ("Enumerate", "Pull", "Release"):
            self._understand_enumeration(call, entry)
            return call
        if target.class_name == "*":
            raise faults.resource(f"{verb} is not possible on the address {target.uri}.")
        call.item = self._class(target)
        entry.class_name = call.item.name
        if verb == "Invoke":
            call.method = self._method(call.item, str(method_name))
        if verb == "Create" or (call.method is not None and call.method.static):
            targets.no_selectors(target, "Create" if verb == "Create" else f"The static method {method_name}")
        else:
            call.keys = targets.keys_of(target, call.item)
            entry.keys = dict(call.keys)
        call.path = _path(call)
        if verb == "Put":
            modified = request.option(envelope.MODIFIED)
            entry.modified = modified or None
        return call

    def execute(self, call: Call, principal: str) -> str:
        """Carry a request out and return the body of its answer."""
        encoder = Encoder(
            self._provider.schema, call.target, datetimes=self._settings.datetime,
            precise=call.request.option(envelope.PRECISE) == ["true"])
        try:
            body: str = getattr(self, f"_{call.verb.lower()}")(call, encoder, principal)
            call.done = True
            return body
        except ProviderError as error:
            raise faults.from_provider(error, call.verb, call.path) from error

    def limit(self, request: Request) -> int:
        """Return the number of bytes that the answer may have."""
        return min(request.max_envelope or self._settings.max_envelope, self._settings.max_envelope)

    def _namespace(self, target: Target) -> str:
        wanted = target.namespace.casefold()
        for name in self._provider.namespaces():
            if name.casefold() == wanted:
                return name
        raise faults.Fault(
            "w:InternalError", faults.WBEM_INVALID_NAMESPACE, f"{faults.SORRY}The namespace {target.namespace} does not"
            " exist. ", sender=False, shape="D", wbem=faults.WBEM_INVALID_NAMESPACE)

    def _class(self, target: Target) -> SimClass:
        item = self._provider.schema.get(target.class_name)
        if item is None:
            raise faults.Fault(
                "w:InternalError", faults.WBEM_INVALID_CLASS, f"{faults.SORRY}The class {target.class_name} does not"
                f" exist in the {target.namespace} namespace. ", sender=False, shape="D",
                wbem=faults.WBEM_INVALID_CLASS)
        return item

    @staticmethod
    def _method(item: SimClass, name: str) -> SimMethod:
        method = item.method(name)
        if method is None or method.name != name:
            hint = f" It is spelled {method.name}." if method else ""
            raise faults.Fault(
                "w:InternalError", faults.WBEM_INVALID_METHOD, f"{faults.SORRY}The class {item.name} has no method"
                f" {name}.{hint} ", sender=False, shape="D", wbem=faults.WBEM_INVALID_METHOD)
        return method

    def _understand_schema(self, call: Call, entry: Entry) -> Call:
        if call.verb != "Get":
            raise faults.unsupported(f"{call.verb} is not supported on the address of class schemas.")
        names = [value.strip() for name, value in call.target.selectors if name.casefold() == "classname"]
        if len(names) != len(call.target.selectors) or not names or not names[0]:
            raise faults.selectors("The schema of a class needs the selector ClassName and no other.",
                                   faults.MISSING_SELECTOR)
        call.verb = entry.verb = "GetClass"
        entry.class_name = names[0]
        call.target = dataclasses.replace(call.target, class_name=names[0])
        call.item = self._class(call.target)
        call.path = call.item.name
        return call

    def _understand_enumeration(self, call: Call, entry: Entry) -> None:
        targets.no_selectors(call.target, call.verb)
        body = call.request.body
        if body is None or body.tag != f"{{{N}}}{call.verb}":
            raise faults.soap(f"The body of {call.verb} must be its element in the enumeration namespace.")
        if call.verb != "Enumerate":
            entry.query = self._enumerations.text_of((body.findtext(f"{{{N}}}EnumerationContext") or "").strip())
        else:
            entry.query = (body.findtext(f"{{{W}}}Filter") or "").strip() or None
        match = _FROM.search(entry.query or "")
        entry.class_name = match[1] if match else entry.class_name
        call.path = entry.query or call.target.class_name

    def _get(self, call: Call, encoder: Encoder, _principal: str) -> str:
        _no_body(call)
        return encoder.element(self._provider.get(call.namespace, call.item.name, call.keys or {}))

    def _getclass(self, call: Call, _encoder: Encoder, _principal: str) -> str:
        _no_body(call)
        qualifiers = [value.strip() for value in call.request.option("IncludeQualifiers")] == ["true"]
        return class_schema(self._provider.schema, call.item, qualifiers=qualifiers)

    def _put(self, call: Call, encoder: Encoder, _principal: str) -> str:
        obj = self._decode(call)
        item = self._provider.schema.get(obj.class_name)
        for name, value in (call.keys or {}).items():
            given = obj.props.get(name)
            if given is not None and str(given).casefold() != str(value).casefold():
                raise faults.selectors(f"The body says {name} {given} and the selector says {value}.")
        modified = call.request.option(envelope.MODIFIED)
        for name in modified:
            if name not in item.properties:
                raise faults.options(f"The list of modified properties names {name}, which {item.name} does not have.")
            if name not in obj.props:
                raise faults.WireError(
                    faults.MISSING_VALUE, f"{name} is in the list of modified properties and not in the body; a"
                    " property that is to be cleared must be there as nil.")
        if len(set(modified)) != len(modified):
            raise faults.options("The list of modified properties names a property twice.")
        stored = self._provider.put(call.namespace, call.item.name, call.keys or {}, obj, modified or None)
        call.done = True
        return encoder.element(stored)

    def _create(self, call: Call, encoder: Encoder, _principal: str) -> str:
        obj = self._decode(call)
        keys = self._provider.create(call.namespace, obj)
        call.done = True
        return f"<x:ResourceCreated>{encoder.reference(obj.class_name, keys)}</x:ResourceCreated>"

    def _delete(self, call: Call, _encoder: Encoder, _principal: str) -> str:
        _no_body(call)
        self._provider.delete(call.namespace, call.item.name, call.keys or {})
        return ""

    def _invoke(self, call: Call, encoder: Encoder, _principal: str) -> str:
        params = Decoder(self._provider.schema, call.target).method_input(call.request.body, call.item, call.method)
        outs = self._provider.invoke(call.namespace, call.item.name, call.method.name, call.keys, params)
        call.done = True
        return encoder.method_output(call.item, call.method, outs)

    def _enumerate(self, call: Call, encoder: Encoder, principal: str) -> str:
        wanted = _Enumerate.read(call)
        self._enumerations.check_quota(principal)
        columns = None
        if wanted.wql is not None:
            result = self._provider.query(call.namespace, wanted.wql)
            objs, columns = result.objs, result.columns
        else:
            objs = self._provider.enumerate(call.namespace, self._class(call.target).name)
        items = [_item(encoder, obj, wanted.mode, columns) for obj in objs]
        first = items[:1] if wanted.optimize else []
        if wanted.optimize and len(items) <= 1:
            context = None
        else:
            self._fits(first, call.request)
            context = self._enumerations.open(
                principal, call.target.uri, call.namespace, call.path, items, len(first))
        shown = f"<n:EnumerationContext>{context}</n:EnumerationContext>" if context else "<n:EnumerationContext/>"
        body = f"<w:Items>{''.join(first)}</w:Items>" if wanted.optimize else ""
        end = "" if context else "<w:EndOfSequence/>"
        return f"<n:EnumerateResponse>{shown}{body}{end}</n:EnumerateResponse>"

    def _fits(self, items: list[str], request: Request) -> None:
        size = sum(len(item.encode("utf-8")) for item in items)
        if size + OVERHEAD > self.limit(request):
            raise faults.Fault(
                "w:EncodingLimit", faults.ENVELOPE_TOO_LARGE, f"{faults.SORRY}The object of {size} bytes does not fit"
                " into the maximum envelope size of the request or of the service. ", detail="MaxEnvelopeSize")

    def _pull(self, call: Call, _encoder: Encoder, principal: str) -> str:
        found = _children(call, {"EnumerationContext", "MaxElements", "MaxTime"}, N)
        context = (found.get("EnumerationContext") or "").strip()
        if found.get("MaxTime") is not None:
            raise faults.unsupported("MaxTime is not supported.", "MaxTime")
        maximum = min(_count(found.get("MaxElements"), 1), MAX_BATCH)
        room = self.limit(call.request) - OVERHEAD
        items, following = self._enumerations.pull(
            context, principal, call.target.uri, call.namespace, maximum, room)
        shown = f"<n:EnumerationContext>{following}</n:EnumerationContext>" if following else ""
        end = "" if following else "<n:EndOfSequence/>"
        return f"<n:PullResponse>{shown}<n:Items>{''.join(items)}</n:Items>{end}</n:PullResponse>"

    def _release(self, call: Call, _encoder: Encoder, principal: str) -> str:
        found = _children(call, {"EnumerationContext"}, N)
        context = (found.get("EnumerationContext") or "").strip()
        self._enumerations.release(context, principal, call.target.uri, call.namespace)
        return ""

    def _decode(self, call: Call) -> Obj:
        if call.request.body is None:
            raise faults.soap(f"{call.verb} has no body.")
        return Decoder(self._provider.schema, call.target).instance(call.request.body, call.item)


@dataclasses.dataclass(frozen=True)
class _Enumerate:
    """The content of an Enumerate request."""

    optimize: bool
    mode: str
    wql: str | None

    @classmethod
    def read(cls, call: Call) -> _Enumerate:
        body = call.request.body
        found = _children(call, {"OptimizeEnumeration", "MaxElements", "EnumerationMode", "Filter"}, W)
        mode = (found.get("EnumerationMode") or "EnumerateObject").strip()
        if mode not in MODES:
            raise faults.Fault(
                "w:UnsupportedFeature", faults.ENUM_MODE, f"{faults.SORRY}The enumeration mode {mode} is not"
                " supported.", detail="EnumerationMode")
        optimize = "OptimizeEnumeration" in found
        if "MaxElements" in found:
            if not optimize:
                raise faults.soap("MaxElements without OptimizeEnumeration makes no sense in Enumerate.")
            _count(found["MaxElements"], 1)
        dialect = None
        element = body.find(f"{{{W}}}Filter")
        if element is not None:
            dialect = element.get("Dialect")
            if dialect != WQL:
                raise faults.Fault(
                    "n:FilterDialectRequestedUnavailable", faults.INVALID_PARAMETER,
                    f"{faults.SORRY}The filter dialect {dialect} is not available.")
        every = call.target.class_name == "*"
        if dialect and not every:
            raise faults.Fault(
                "a:DestinationUnreachable", faults.WQL_NEEDS_STAR, f"{faults.SORRY}A WQL query needs the resource"
                " address of all classes, which ends in /*.", detail="InvalidResourceURI")
        if every and not dialect:
            raise faults.resource("The resource address of all classes needs a WQL filter.")
        wql = (found.get("Filter") or "").strip() if dialect else None
        if dialect and not wql:
            raise faults.Fault("n:CannotProcessFilter", faults.INVALID_PARAMETER, f"{faults.SORRY}The filter is empty.")
        return cls(optimize, mode, wql)


def _children(call: Call, allowed: set[str], space: str) -> dict[str, str]:
    """Return the texts of the children of the body, which must be in ``space`` and there once."""
    found: dict[str, str] = {}
    for child in call.request.body:
        name = etree.QName(child)
        if name.namespace != space or name.localname not in allowed:
            raise faults.soap(f"{call.verb} must not hold the element {child.tag}.")
        if name.localname in found or len(child):
            raise faults.soap(f"{call.verb} holds {name.localname} twice or with elements in it.")
        found[name.localname] = child.text or ""
    return found


def _count(text: str | None, default: int) -> int:
    if text is None:
        return default
    text = text.strip()
    if not (text.isascii() and text.isdecimal()) or int(text) < 1:
        raise faults.soap(f"MaxElements is not a number above 0: {text}.")
    return int(text)


def _item(encoder: Encoder, obj: Obj, mode: str, columns: list[str] | None) -> str:
    if columns is not None:
        if mode != "EnumerateObject":
            raise faults.unsupported("A query that names columns has no endpoint references.", "EnumerationMode")
        return encoder.fragment(obj, columns)
    if mode == "EnumerateObject":
        return encoder.element(obj)
    if mode == "EnumerateEPR":
        return encoder.endpoint(obj)
    return f"<w:Item>{encoder.element(obj)}{encoder.endpoint(obj)}</w:Item>"


def _no_body(call: Call) -> None:
    if call.request.body is not None:
        raise faults.soap(f"{call.verb} must have an empty body.")


def _path(call: Call) -> str:
    """Return the relative path that a status object names."""
    name = call.item.name if call.item else call.target.class_name
    keys = ",".join(f'{key}="{value}"' if isinstance(value, str) else f"{key}={value}"
                    for key, value in (call.keys or {}).items())
    path = f"{name}.{keys}" if keys else name
    return f"{path}::{call.method.name}" if call.method else path


def action_of_answer(request: Request) -> str:
    """Return the action of the answer."""
    return f"{request.action}Response"


def envelope_too_large(verb: str | None, size: int, limit: int, by_client: bool) -> faults.Fault:
    """Return the fault for an answer above the limit; which code comes depends on who set the limit."""
    if verb in ("Enumerate", "Pull"):
        code, detail = faults.ENVELOPE_TOO_LARGE, "MaxEnvelopeSize"
    elif by_client:
        code, detail = faults.CLIENT_ENVELOPE_LIMIT, "MaxEnvelopeSizeExceeded"
    else:
        code, detail = faults.SERVER_ENVELOPE_LIMIT, "ServiceEnvelopeLimit"
    return faults.Fault(
        "w:EncodingLimit", code, f"{faults.SORRY}The answer has {size} bytes and exceeds the maximum envelope size of"
        f" {limit} bytes{' given in the request' if by_client else ' of the service'}. ", detail=detail)
