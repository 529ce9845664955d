# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A bench for the simulator's front end: requests built from text, a provider that is only a dictionary."""

from __future__ import annotations

import base64
import http.client
import typing as t
from xml.sax.saxutils import escape, quoteattr

from ansible_collections.configmgr.osd.tests.simulator.auth import Accounts
from ansible_collections.configmgr.osd.tests.simulator.exchange import SOAP_TYPE, Front
from ansible_collections.configmgr.osd.tests.simulator.journal import Entry
from ansible_collections.configmgr.osd.tests.simulator.objects import Obj, ProviderError, QueryResult
from ansible_collections.configmgr.osd.tests.simulator.operations import Settings
from ansible_collections.configmgr.osd.tests.simulator.schema import Schema
from ansible_collections.configmgr.osd.tests.simulator.server import Listener
from ansible_collections.configmgr.osd.tests.simulator.switches import Switches
from lxml import etree

NS = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "a": "http://schemas.xmlsoap.org/ws/2004/08/addressing",
    "w": "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd",
    "n": "http://schemas.xmlsoap.org/ws/2004/09/enumeration",
    "x": "http://schemas.xmlsoap.org/ws/2004/09/transfer",
    "p": "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "f": "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault",
    "c": "http://schemas.dmtf.org/wbem/wscim/1/common",
}
C = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/"
STAR = "http://schemas.dmtf.org/wbem/wscim/1/*"
SITE = "root/sms/site_PS1"
WQL = "http://schemas.microsoft.com/wbem/wsman/1/WQL"
ACCOUNT = ("CORP\\svc-ansible", "Simulated-1")
PRECISE = '<w:Option Name="msftwinrm:UsePreciseArrays" Type="xs:boolean">true</w:Option>'

HEADERS = {
    "to": "<a:To>http://site:5985/wsman</a:To>",
    "uri": '<w:ResourceURI s:mustUnderstand="true">{uri}</w:ResourceURI>',
    "reply": '<a:ReplyTo><a:Address s:mustUnderstand="true">http://schemas.xmlsoap.org/ws/2004/08/addressing/role/'
    "anonymous</a:Address></a:ReplyTo>",
    "action": '<a:Action s:mustUnderstand="true">{action}</a:Action>',
    "size": '<w:MaxEnvelopeSize s:mustUnderstand="true">8388608</w:MaxEnvelopeSize>',
    "id": "<a:MessageID>uuid:8C9C2A0A-C9A4-44F6-B707-D0608B6953EC</a:MessageID>",
    "locale": '<w:Locale xml:lang="en-US" s:mustUnderstand="false"/>',
    "data_locale": '<p:DataLocale xml:lang="en-US" s:mustUnderstand="false"/>',
    "selectors": "{selectors}",
    "options": "<w:OptionSet>{options}</w:OptionSet>",
    "timeout": "<w:OperationTimeout>PT60.000S</w:OperationTimeout>",
}


def request(
    action: str,
    uri: str,
    body: str = "",
    *,
    keys: dict[str, str] | None = None,
    namespace: str | None = SITE,
    options: str = PRECISE,
    change: dict[str, str] | None = None,
    order: t.Sequence[str] = (),
    envelope: str = "",
) -> bytes:
    """Return a request; ``change`` replaces headers by name (empty text drops one), ``order`` puts some first."""
    chosen = {"__cimnamespace": namespace} if namespace else {}
    chosen.update(keys or {})
    selectors = "".join(f"<w:Selector Name={quoteattr(k)}>{escape(v)}</w:Selector>" for k, v in chosen.items())
    parts = {**HEADERS, **(change or {})}
    names = [*order, *(name for name in parts if name not in order)]
    values = {
        "uri": uri,
        "action": action,
        "options": options,
        "selectors": f"<w:SelectorSet>{selectors}</w:SelectorSet>" if selectors else "",
    }
    header = "".join(parts[name].format(**values) if name in HEADERS else parts[name] for name in names)
    spaces = "".join(f' xmlns:{prefix}="{NS[prefix]}"' for prefix in ("s", "a", "w", "n", "x", "p", "xsi"))
    return f"{envelope}<s:Envelope{spaces}><s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>".encode()


def transfer(verb: str, class_name: str, body: str = "", keys: dict[str, str] | None = None, **more: t.Any) -> bytes:
    """Return a Get, Put, Create or Delete."""
    return request(f"{NS['x']}/{verb}", C + class_name, body, keys=keys, **more)


def invoke(class_name: str, method: str, body: str = "", keys: dict[str, str] | None = None, **more: t.Any) -> bytes:
    """Return an Invoke with the in parameters ``body``, in which the prefix q stands for the class."""
    wrapped = f'<q:{method}_INPUT xmlns:q="{C}{class_name}">{body}</q:{method}_INPUT>'
    return request(f"{C}{class_name}/{method}", C + class_name, wrapped, keys=keys, **more)


def query(wql: str, *, optimize: bool = True, extra: str = "", uri: str = STAR, **more: t.Any) -> bytes:
    """Return an Enumerate with a WQL filter."""
    start = "<w:OptimizeEnumeration/><w:MaxElements>32000</w:MaxElements>" if optimize else ""
    body = f'<n:Enumerate>{start}{extra}<w:Filter Dialect="{WQL}">{escape(wql)}</w:Filter></n:Enumerate>'
    return request(f"{NS['n']}/Enumerate", uri, body, **more)


def pull(context: str, maximum: int = 32000, *, verb: str = "Pull", uri: str = STAR, **more: t.Any) -> bytes:
    """Return a Pull or a Release."""
    count = f"<n:MaxElements>{maximum}</n:MaxElements>" if verb == "Pull" else ""
    body = f"<n:{verb}><n:EnumerationContext>{context}</n:EnumerationContext>{count}</n:{verb}>"
    return request(f"{NS['n']}/{verb}", uri, body, **more)


def package(body: str, name: str = "SMS_Package", attributes: str = "") -> str:
    """Return a class element with the prefix p bound to its namespace, as Create and Put want it."""
    return f'<q:{name} xmlns:q="{C}{name}"{attributes}>{body}</q:{name}>'


class Stub:
    """A provider that keeps packages in a dictionary and takes down what it is given."""

    def __init__(self) -> None:
        self.schema = Schema.load()
        self.switches = Switches()
        self.packages: dict[str, Obj] = {}
        self.calls: list[tuple[t.Any, ...]] = []
        self.answers: dict[str, t.Any] = {}
        self.error: Exception | None = None
        self.reset(None)

    def reset(self, _seed: t.Any) -> None:
        """Go back to one package."""
        self.packages = {"PS100001": Obj("SMS_Package", {"PackageID": "PS100001", "Name": "7-Zip"})}

    def namespaces(self) -> list[str]:
        """Return the two namespaces."""
        return ["root/sms", SITE]

    def _note(self, *call: t.Any) -> None:
        self.calls.append(call)
        if self.error is not None:
            raise self.error

    def get(self, namespace: str, class_name: str, keys: dict[str, t.Any]) -> Obj:
        """Return a package."""
        self._note("get", namespace, class_name, keys)
        return self._one(keys).copy()

    def _one(self, keys: dict[str, t.Any]) -> Obj:
        found = self.packages.get(str(keys.get("PackageID")))
        if found is None:
            raise ProviderError(0x80041002, "Not found")
        return found

    def query(self, namespace: str, wql: str) -> QueryResult:
        """Return all packages, or what ``answers`` says."""
        self._note("query", namespace, wql)
        return self.answers.get("query") or QueryResult([obj.copy() for obj in self.packages.values()])

    def enumerate(self, namespace: str, class_name: str) -> list[Obj]:
        """Return all packages."""
        self._note("enumerate", namespace, class_name)
        return [obj.copy() for obj in self.packages.values()]

    def create(self, namespace: str, obj: Obj) -> dict[str, t.Any]:
        """Keep an object under the next ID."""
        self._note("create", namespace, obj)
        key = f"PS1{len(self.packages) + 1:05d}"
        self.packages[key] = Obj(obj.class_name, {**obj.props, "PackageID": key})
        return {"PackageID": key}

    def put(
        self,
        namespace: str,
        class_name: str,
        keys: dict[str, t.Any],
        obj: Obj,
        modified: list[str] | None,
    ) -> Obj:
        """Change a package."""
        self._note("put", namespace, class_name, keys, obj, modified)
        self._one(keys).props.update(obj.props)
        return self._one(keys).copy()

    def delete(self, namespace: str, class_name: str, keys: dict[str, t.Any]) -> None:
        """Delete a package."""
        self._note("delete", namespace, class_name, keys)
        self._one(keys)
        del self.packages[str(keys["PackageID"])]

    def invoke(
        self,
        namespace: str,
        class_name: str,
        method: str,
        keys: dict[str, t.Any] | None,
        params: dict[str, t.Any],
    ) -> dict[str, t.Any]:
        """Return what ``answers`` says."""
        self._note("invoke", namespace, class_name, method, keys, params)
        return self.answers.get(method, {"ReturnValue": 0})


class Answer:
    """An answer, parsed."""

    def __init__(self, status: int, data: bytes, ending: str = "normal") -> None:
        self.status = status
        self.data = data
        self.ending = ending
        self.root = etree.fromstring(data) if data and ending == "normal" else None

    def find(self, path: str) -> etree._Element | None:
        """Return the first element at a path with the usual prefixes."""
        return self.root.find(path, NS)

    def text(self, path: str) -> str | None:
        """Return the text of the first element at a path."""
        return self.root.findtext(path, None, NS)

    @property
    def body(self) -> etree._Element | None:
        """Return the first element of the Body."""
        body = self.find("s:Body")
        return body[0] if len(body) else None

    @property
    def code(self) -> int | None:
        """Return the innermost WSManFault code."""
        found = self.root.findall(".//f:WSManFault", NS)
        return int(found[-1].get("Code")) if found else None

    @property
    def subcode(self) -> str | None:
        """Return the SOAP subcode, or the code when there is none."""
        return self.text(".//s:Subcode/s:Value") or self.text(".//s:Code/s:Value")

    @property
    def reason(self) -> str:
        """Return everything that the fault says."""
        return "".join(self.find(".//s:Fault").itertext())


class Bench:
    """A front end without sockets."""

    def __init__(self, **settings: t.Any) -> None:
        self.stub = Stub()
        self.front = Front("default", t.cast(t.Any, self.stub), Settings(**settings))

    def send(
        self, data: bytes, *, port: str = "main", content_type: str = SOAP_TYPE, principal: str = "CORP\\x"
    ) -> Answer:
        """Send one request."""
        entry = Entry(port=port, connection=1, principal=principal, login=1)
        reply = self.front.handle(entry, content_type, data)
        return Answer(reply.status, reply.body, reply.ending)

    def last(self) -> Entry:
        """Return the newest entry of the journal."""
        return self.front.journal.entries()[-1]


class Wire:
    """A client over a real socket, with one kept connection."""

    def __init__(self, port: int, account: tuple[str, str] | None = ACCOUNT, context: t.Any = None) -> None:
        if context is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        else:
            self.connection = http.client.HTTPSConnection("localhost", port, timeout=10, context=context)
        self.headers = {"Content-Type": SOAP_TYPE}
        if account is not None:
            token = base64.b64encode(":".join(account).encode()).decode()
            self.headers["Authorization"] = f"Basic {token}"

    def post(self, data: bytes, path: str = "/wsman", headers: dict[str, str] | None = None) -> Answer:
        """Send one request and read the whole answer."""
        self.connection.request("POST", path, data, {**self.headers, **(headers or {})})
        self.response = self.connection.getresponse()
        return Answer(self.response.status, self.response.read())

    def close(self) -> None:
        """Hang up."""
        self.connection.close()


def listener(bench: Bench, kind: str = "main", tls: t.Any = None) -> Listener:
    """Return a started listener over the bench's front end."""
    made = Listener(("127.0.0.1", 0), kind, bench.front, Accounts(dict([ACCOUNT])), tls)
    made.start()
    return made
