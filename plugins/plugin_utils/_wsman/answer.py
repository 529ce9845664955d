# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads answers, trusting nothing in them."""

from __future__ import annotations

import re
import typing as t
import xml.etree.ElementTree as ET

from .._errors import ProtocolError
from .envelope import MAX_ENVELOPE_SIZE
from .uris import local_name

MAX_DEPTH = 200
"""Element levels; the deepest real sequence has about 30."""

MAX_ANSWER = 2 * MAX_ENVELOPE_SIZE

# What may stand before the root element, apart from a document type.
_PROLOG = re.compile(rb"(?:\s+|<\?.*?\?>|<!--.*?-->)*", re.DOTALL)


def parse(body: bytes) -> ET.Element:
    """Return the root element of ``body``, which must be UTF-8 without a document type.

    Entities can only be declared in a document type, so nothing can expand or fetch anything.
    Raises ProtocolError for all that is not well-formed, too big or not UTF-8.
    """
    if len(body) > MAX_ANSWER:
        raise ProtocolError(f"The server's answer of {len(body)} bytes is larger than the {MAX_ANSWER} that are read.")
    if b"\0" in body:
        # Markup in UTF-16 has such bytes; the parser would detect it whatever encoding it is told.
        raise ProtocolError("The server's answer is not UTF-8.")
    start = 3 if body.startswith(b"\xef\xbb\xbf") else 0
    match = _PROLOG.match(body, start)
    end = match.end() if match else start
    if body[end : end + 2] == b"<!":
        raise ProtocolError("The server's answer holds a document type, which WS-Management forbids.")
    # The encoding is fixed, so that what was looked at above is what the parser sees, whatever is declared.
    parser = ET.XMLParser(encoding="utf-8")
    try:
        parser.feed(body)
        return parser.close()
    except (ET.ParseError, ValueError, LookupError) as exc:
        reason = str(exc)
    raise ProtocolError(f"The server's answer is not XML ({reason}). It begins with: {_glimpse(body)}")


def _glimpse(body: bytes) -> str:
    text = body[:80].decode("utf-8", "replace")
    return repr("".join(c if c.isprintable() else " " for c in text))


def child(element: ET.Element, name: str) -> ET.Element | None:
    """Return the first child with that local name in any namespace."""
    return next((item for item in element if local_name(item.tag) == name), None)


def descendants(element: ET.Element, name: str) -> t.Iterator[ET.Element]:
    """Yield all elements below (and including) ``element`` with that local name."""
    return (item for item in element.iter() if local_name(item.tag) == name)


def text_of(element: ET.Element | None) -> str:
    return "" if element is None else (element.text or "").strip()


class Answer:
    """A SOAP answer: its header's ``relates_to``, its body and, when it is one, its fault."""

    def __init__(self, root: ET.Element) -> None:
        if local_name(root.tag) != "Envelope":
            raise ProtocolError(f"The server answered with <{local_name(root.tag)}> instead of a SOAP envelope.")
        body = child(root, "Body")
        if body is None:
            raise ProtocolError("The server's answer has no SOAP body.")
        self.body = body
        header = child(root, "Header")
        self.relates_to = text_of(child(header, "RelatesTo")) if header is not None else ""
        self.fault = child(body, "Fault")

    @property
    def content(self) -> ET.Element | None:
        """The first element of the body; its name differs between servers, so it is not checked."""
        return next(iter(self.body), None)
