# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A small tree of an XML document from an untrusted source, with line numbers and limits.

Document types, entities and external references are refused outright, so nothing can expand;
size, depth and number of elements are bounded before memory is spent.
"""

from __future__ import annotations

import codecs
import dataclasses
import re
import typing as t
from xml.parsers import expat

from .._errors import InvalidInput, Problem

_DECLARED = re.compile(rb"""\A\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclasses.dataclass(frozen=True)
class Limits:
    """How much a document may ask for. The largest real sequence measured has 0.3 MB and depth 12."""

    characters: int = 8 * 1024 * 1024
    depth: int = 100
    elements: int = 200_000


class Node:
    """One element: its name, attributes, children, own text, and where it starts."""

    __slots__ = ("tag", "attributes", "children", "text", "line", "column")

    def __init__(self, tag: str, attributes: dict[str, str], line: int, column: int) -> None:
        self.tag = tag
        self.attributes = attributes
        self.children: list[Node] = []
        self.text = ""
        self.line = line
        self.column = column

    def first(self, tag: str) -> Node | None:
        """Return the first child with that name."""
        return next((child for child in self.children if child.tag == tag), None)


def refuse(source: str, rule: str, node: Node | None = None, value: str = "") -> t.NoReturn:
    """Raise InvalidInput for a place in a document."""
    where = f"{source}: line {node.line}, column {node.column}" if node is not None else source
    raise InvalidInput([Problem(where, value, rule)])


def decode(data: str | bytes, source: str) -> str:
    """Return the text of a document given as text or bytes.

    Text may be bytes in disguise: file lookups hand over undecodable bytes as lone surrogates.
    A byte order mark beats the declared encoding, which beats UTF-8.
    """
    if isinstance(data, str):
        if not any("\udc80" <= char <= "\udcff" for char in data[:4]):
            try:
                data.encode("utf-8")
            except UnicodeEncodeError as error:
                try:
                    data.encode("utf-8", "surrogateescape")
                except UnicodeEncodeError:
                    refuse(source, f"character {error.start + 1} is half of a surrogate pair: not a text")
            else:
                return data[1:] if data.startswith("\ufeff") else data
        data = data.encode("utf-8", "surrogateescape")
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return _decoded(data[len(mark) :], encoding, source)
    if data[:4] in (b"<\x00s\x00", b"<\x00?\x00", b"<\x00I\x00"):
        return _decoded(data, "utf-16-le", source)
    if data[:2] == b"PK":
        refuse(source, "this is a zip archive, not a document: take object.xml out of it")
    declared = _DECLARED.match(data[:400])
    return _decoded(data, declared.group(1).decode("ascii") if declared else "utf-8", source)


def _decoded(data: bytes, encoding: str, source: str) -> str:
    try:
        return data.decode(encoding)
    except LookupError:
        refuse(source, "the encoding it declares is not known; save the file as UTF-8", value=encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        refuse(source, f"byte {error.start + 1} (line {line}) is no {encoding}; save the file as UTF-8")


def parse(text: str, source: str = "sequence_xml", limits: Limits | None = None) -> Node:
    """Parse a document into a tree.

    :raises InvalidInput: not well-formed, truncated, too large, or with a document type or entity;
        the message names line and column.
    """
    limits = limits or Limits()
    if len(text) > limits.characters:
        refuse(source, f"longer than {limits.characters} characters", value=f"{len(text)} characters")
    if not text.strip():
        refuse(source, "the document is empty")
    builder = _Builder(source, limits)
    try:
        builder.parser.Parse(text.encode("utf-8"), True)
    except expat.ExpatError as error:
        refuse(
            source,
            f"line {error.lineno}, column {error.offset + 1}: not well-formed XML ({expat.ErrorString(error.code)})"
            + (": the document ends too early" if error.code in _TRUNCATED else ""),
        )
    if builder.root is None:
        refuse(source, "there is no element")
    return builder.root


_TRUNCATED = frozenset(
    expat.errors.codes[name]
    for name in (
        expat.errors.XML_ERROR_NO_ELEMENTS,
        expat.errors.XML_ERROR_UNCLOSED_TOKEN,
        expat.errors.XML_ERROR_PARTIAL_CHAR,
        expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
    )
)


class _Builder:
    def __init__(self, source: str, limits: Limits) -> None:
        self.source = source
        self.limits = limits
        self.root: Node | None = None
        self._open: list[tuple[Node, list[str]]] = []
        self._count = 0
        # The text was decoded already, so what the document declares no longer matters.
        self.parser = expat.ParserCreate("utf-8")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._data
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.EntityDeclHandler = self._entity
        self.parser.ExternalEntityRefHandler = self._external
        self.parser.SkippedEntityHandler = self._entity

    def _here(self) -> Node:
        return Node("", {}, self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1)

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        node = Node(tag, attributes, self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1)
        self._count += 1
        if self._count > self.limits.elements:
            refuse(self.source, f"more than {self.limits.elements} elements", node)
        if len(self._open) >= self.limits.depth:
            refuse(self.source, f"elements are nested deeper than {self.limits.depth}", node)
        if self._open:
            self._open[-1][0].children.append(node)
        else:
            self.root = node
        self._open.append((node, []))

    def _end(self, _tag: str) -> None:
        node, parts = self._open.pop()
        node.text = "".join(parts)

    def _data(self, text: str) -> None:
        self._open[-1][1].append(text)

    def _doctype(self, *_args: t.Any) -> None:
        refuse(self.source, "a document type (DOCTYPE) is not allowed", self._here())

    def _entity(self, *_args: t.Any) -> None:
        refuse(self.source, "entities are not allowed", self._here())

    def _external(self, *_args: t.Any) -> int:
        refuse(self.source, "external references are not allowed", self._here())
