# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SOAP envelopes: strict reading of requests, writing of answers (reference: wsman 1.1 to 1.4)."""

from __future__ import annotations

import dataclasses
import re
import uuid

from lxml import etree

from . import faults
from .scalars import duration_seconds, escape

S = "http://www.w3.org/2003/05/soap-envelope"
SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
A = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
W = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
P = "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"
N = "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
X = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
XML = "http://www.w3.org/XML/1998/namespace"
WSMID = "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"

MIN_ENVELOPE = 8192
MAX_MESSAGE_ID = 2048
MAX_TIMEOUT = 60.0
MAX_DEPTH = 200
"""Nesting of elements. The service's own limit is not known; this one keeps recursion in bounds."""

KNOWN = {
    f"{{{A}}}To", f"{{{A}}}ReplyTo", f"{{{A}}}MessageID", f"{{{A}}}Action", f"{{{W}}}ResourceURI",
    f"{{{W}}}SelectorSet", f"{{{W}}}OptionSet", f"{{{W}}}MaxEnvelopeSize", f"{{{W}}}OperationTimeout",
    f"{{{W}}}Locale", f"{{{W}}}FragmentTransfer", f"{{{P}}}DataLocale", f"{{{P}}}SessionId",
    f"{{{P}}}OperationID", f"{{{P}}}SequenceId", f"{{{P}}}ActivityId", f"{{{W}}}RequestEPR",
    f"{{{W}}}RequestTotalItemsCountEstimate",
}
OPTION_NAME = re.compile(r"(wmi|wmiarray|msftwinrm):.+|__MI_.+|Include[A-Za-z]+|Exclude[A-Za-z]+\Z")
PRECISE = "msftwinrm:UsePreciseArrays"
MODIFIED = "wmiarray:__MIInstanceModifiedPropertiesList"


@dataclasses.dataclass
class Request:
    """One request as it stands in its envelope. ``selectors`` keeps order and spelling; values are not trimmed."""

    action: str
    resource_uri: str
    message_id: str
    selectors: list[tuple[str, str]]
    options: list[tuple[str, str]]
    max_envelope: int | None
    timeout: float
    body: etree._Element | None
    identify: bool = False

    def option(self, name: str) -> list[str]:
        """Return all values of an option."""
        return [value for key, value in self.options if key == name]


def parse_xml(data: bytes) -> etree._Element:
    """Parse a body without DTD, entities or network; the fault says why it is refused."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise faults.soap(f"The body is not UTF-8: {error}.", faults.INVALID_XML) from error
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise faults.soap("A document type definition is not allowed.", faults.INVALID_XML)
    if b"\r" in data:
        raise faults.soap(
            "The body holds a literal carriage return, which XML turns into a line feed; send &#13;.",
            faults.INVALID_XML)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise faults.soap(f"The body is not well-formed XML: {error.msg}.", faults.INVALID_XML) from error
    encoding = root.getroottree().docinfo.encoding
    if encoding and encoding.upper() not in ("UTF-8", "ASCII"):
        raise faults.soap(f"The XML declaration says {encoding}; only UTF-8 is allowed.", faults.INVALID_XML)
    return root


def message_id_of(data: bytes) -> str | None:
    """Return the MessageID for the answer to a request that is otherwise refused."""
    match = re.search(rb"<(?:[\w.-]+:)?MessageID[^>]*>([^<]{1,2048})<", data)
    return match.group(1).decode("utf-8", "replace").strip() if match else None


def parse(data: bytes, *, allow_operation_id: bool = False, require_precise: bool = True) -> Request:
    """Read a request; every deviation is a Fault. The two switches exist for recorded messages in tests."""
    root = parse_xml(data)
    if root.tag == f"{{{SOAP_11}}}Envelope":
        raise faults.Fault("s:VersionMismatch", faults.INVALID_SOAP, faults.SORRY + "SOAP 1.1 is not supported.")
    if root.tag != f"{{{S}}}Envelope":
        raise faults.soap(f"The document element is {root.tag}, not a SOAP 1.2 Envelope.")
    _check_nodes(root)
    parts = list(root)
    tags = [part.tag for part in parts]
    if tags != [f"{{{S}}}Header", f"{{{S}}}Body"]:
        raise faults.soap(f"The envelope must hold one Header and then one Body, and holds {tags}.")
    _only_elements(root)
    header, body = parts
    _only_elements(header)
    _only_elements(body)
    if len(body) > 1:
        raise faults.soap("The Body holds more than one element.")
    content = body[0] if len(body) else None
    if content is not None and content.tag == f"{{{WSMID}}}Identify":
        if len(header) or len(content):
            raise faults.soap("An Identify request has no headers and no content.")
        return Request("", "", "", [], [], None, MAX_TIMEOUT, None, identify=True)
    return _read(header, content, allow_operation_id, require_precise)


def _check_nodes(root: etree._Element) -> None:
    """Refuse comments, processing instructions and entity references; bound the depth."""
    depth = 0
    for event, node in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        if event == "start":
            depth += 1
            if depth > MAX_DEPTH:
                raise faults.soap(f"Elements are nested deeper than {MAX_DEPTH}.", faults.INVALID_XML)
            if not isinstance(node.tag, str):
                raise faults.soap("An entity reference is not allowed.", faults.INVALID_XML)
        elif event == "end":
            depth -= 1
        else:
            raise faults.soap("Comments and processing instructions are not allowed.", faults.INVALID_XML)


def _only_elements(parent: etree._Element) -> None:
    texts = [parent.text, *(child.tail for child in parent)]
    if any(text and text.strip() for text in texts):
        raise faults.soap(f"{etree.QName(parent).localname} holds text between its elements.")


def _read(
    header: etree._Element, content: etree._Element | None, allow_operation_id: bool, require_precise: bool,
) -> Request:
    found: dict[str, etree._Element] = {}
    for item in header:
        name = f"{item.prefix}:{etree.QName(item).localname}" if item.prefix else item.tag
        must = item.get(f"{{{S}}}mustUnderstand")
        if must not in (None, "true", "false", "1", "0"):
            raise faults.header_invalid(f"mustUnderstand of {name} is neither true nor false.")
        if item.tag not in KNOWN:
            if must in ("true", "1"):
                raise faults.not_understood(name)
            continue
        if item.tag in found:
            raise faults.header_invalid(f"The header {name} is there twice.")
        found[item.tag] = item
        if item.tag in (f"{{{W}}}Locale", f"{{{P}}}DataLocale") and must != "false":
            raise faults.unsupported(f"The header {name} must be sent with mustUnderstand false.", "Locale")
    _refuse(found, allow_operation_id)
    action = _text(found, f"{{{A}}}Action", "Action")
    _text(found, f"{{{A}}}To", "To")
    message_id = _text(found, f"{{{A}}}MessageID", "MessageID")
    if len(message_id.encode("utf-8")) > MAX_MESSAGE_ID:
        raise faults.header_invalid("MessageID is longer than 2 KB.")
    uri = _text(found, f"{{{W}}}ResourceURI", "ResourceURI")
    _reply_to(found.get(f"{{{A}}}ReplyTo"))
    order = list(found)
    selector_tag = f"{{{W}}}SelectorSet"
    if selector_tag in found and order.index(selector_tag) < order.index(f"{{{W}}}ResourceURI"):
        raise faults.header_invalid("SelectorSet stands before ResourceURI.")
    options = _options(found.get(f"{{{W}}}OptionSet"))
    precise = [value for name, value in options if name == PRECISE]
    if require_precise and precise != ["true"]:
        raise faults.options(
            f"The option {PRECISE} must be sent once with the value true; the client of this project always sends it.")
    return Request(
        action, uri, message_id, _selectors(found.get(selector_tag)), options,
        _max_envelope(found.get(f"{{{W}}}MaxEnvelopeSize")), _timeout(found.get(f"{{{W}}}OperationTimeout")), content)


def _refuse(found: dict[str, etree._Element], allow_operation_id: bool) -> None:
    if not allow_operation_id:
        for name in ("OperationID", "SequenceId"):
            if f"{{{P}}}{name}" in found:
                raise faults.unsupported(
                    f"The header {name} turns on the robust connection mode, whose answers come as several envelopes"
                    " in one body; it must not be sent.")
    if f"{{{W}}}FragmentTransfer" in found:
        raise faults.unsupported("Fragment transfer is not supported.", "FragmentLevelAccess")


def _text(found: dict[str, etree._Element], tag: str, name: str) -> str:
    element = found.get(tag)
    if element is None:
        raise faults.header_required(name)
    text = (element.text or "").strip()
    if len(element) or not text:
        raise faults.header_invalid(f"The header {name} must hold text and nothing else.")
    return text


def _reply_to(element: etree._Element | None) -> None:
    if element is None:
        raise faults.header_required("ReplyTo")
    if [child.tag for child in element] != [f"{{{A}}}Address"]:
        raise faults.header_invalid("ReplyTo must hold an Address and nothing else.")
    if (element[0].text or "").strip() != faults.ANONYMOUS:
        raise faults.unsupported("ReplyTo must be the anonymous address.", "AddressingMode")


def _selectors(element: etree._Element | None) -> list[tuple[str, str]]:
    if element is None:
        return []
    _only_elements(element)
    found: list[tuple[str, str]] = []
    for item in element:
        name = item.get("Name")
        if item.tag != f"{{{W}}}Selector" or not name or set(item.attrib) != {"Name"}:
            raise faults.selectors("SelectorSet must hold Selector elements with a Name and nothing else.")
        if len(item):
            raise faults.selectors(f"The selector {name} holds elements; no class here has a reference as its key.")
        if any(name.casefold() == other.casefold() for other, _value in found):
            raise faults.selectors(f"The selector {name} is there twice.")
        found.append((name, item.text or ""))
    if not found:
        raise faults.selectors("SelectorSet is empty.")
    return found


def _options(element: etree._Element | None) -> list[tuple[str, str]]:
    if element is None:
        return []
    _only_elements(element)
    found: list[tuple[str, str]] = []
    for item in element:
        name = item.get("Name")
        if item.tag != f"{{{W}}}Option" or not name or not set(item.attrib) <= {"Name", "Type", "MustComply"}:
            raise faults.options("OptionSet must hold Option elements with Name, Type and MustComply only.")
        if len(item) or not OPTION_NAME.match(name):
            raise faults.options(f"The option {name} is not known.")
        if name == PRECISE and item.get("Type") != "xs:boolean":
            raise faults.options(f"The option {name} must be of the type xs:boolean.")
        text = item.text or ""
        found.append((name, text.strip() if name.startswith("msftwinrm:") else text))
    return found


def _max_envelope(element: etree._Element | None) -> int | None:
    if element is None:
        return None
    text = (element.text or "").strip()
    if not text.isdecimal() or not text.isascii():
        raise faults.header_invalid(f"MaxEnvelopeSize is not a number: {text}.")
    if int(text) < MIN_ENVELOPE:
        raise faults.Fault(
            "w:EncodingLimit", faults.MIN_ENVELOPE, f"{faults.SORRY}MaxEnvelopeSize is below {MIN_ENVELOPE}.",
            detail="MinimumEnvelopeLimit")
    return int(text)


def _timeout(element: etree._Element | None) -> float:
    if element is None:
        return MAX_TIMEOUT
    try:
        seconds = duration_seconds((element.text or "").strip())
    except ValueError as error:
        raise faults.header_invalid(f"OperationTimeout: {error}.") from error
    return min(seconds, MAX_TIMEOUT)


def answer(action: str, relates_to: str, body: str) -> bytes:
    """Write the envelope of an answer around ``body``, which is XML text."""
    return (
        '<s:Envelope xml:lang="en-US" xmlns:s="http://www.w3.org/2003/05/soap-envelope"'
        ' xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"'
        ' xmlns:x="http://schemas.xmlsoap.org/ws/2004/09/transfer"'
        ' xmlns:n="http://schemas.xmlsoap.org/ws/2004/09/enumeration"'
        ' xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"'
        ' xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd">'
        f"<s:Header><a:Action>{escape(action)}</a:Action>"
        f"<a:MessageID>uuid:{str(uuid.uuid4()).upper()}</a:MessageID>"
        f"<a:To>{faults.ANONYMOUS}</a:To><a:RelatesTo>{escape(relates_to)}</a:RelatesTo></s:Header>"
        f"<s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def identify_answer() -> bytes:
    """Write the answer to Identify as a 2016 server does."""
    profiles = "".join(
        f"<wsmid:SecurityProfileName>http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/{name}"
        "</wsmid:SecurityProfileName>" for name in ("http/basic", "https/basic"))
    return (
        f'<s:Envelope xml:lang="en-US" xmlns:s="{S}"><s:Header></s:Header><s:Body>'
        f'<wsmid:IdentifyResponse xmlns:wsmid="{WSMID}">'
        f"<wsmid:ProtocolVersion>{W}</wsmid:ProtocolVersion>"
        "<wsmid:ProductVendor>Microsoft Corporation</wsmid:ProductVendor>"
        "<wsmid:ProductVersion>OS: 10.0.17763 SP: 0.0 Stack: 3.0</wsmid:ProductVersion>"
        f"<wsmid:SecurityProfiles>{profiles}</wsmid:SecurityProfiles>"
        "</wsmid:IdentifyResponse></s:Body></s:Envelope>"
    ).encode()
