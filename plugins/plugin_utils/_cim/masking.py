# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Replaces secrets in a message by structure: where a secret can stand, not what it looks like.

The secret places are the Secret and QuasiSecret properties of the catalogue, the value of a Set
Variable step that is not to be shown, masked variables of collections and devices, secret dynamic
variables, and password properties of classes that the catalogue does not know. Text that is XML
itself (``Sequence``, ``SequenceXML``, ``Rules``) is gone through in the same way.
All other bytes stay exactly as they were, so that a user's trace can become a fixture.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t
from xml.parsers import expat

from .._errors import InvalidInput
from .._wsman.xmltext import escape
from .catalogue import Catalogue

MASK = "********"
_TAG = re.compile(rb"<[^>\"']*(?:\"[^\"]*\"[^>\"']*|'[^']*'[^>\"']*)*>")
_XML_TEXT = re.compile(r"\s*<[A-Za-z?!]")
_STEPS = frozenset(("step", "subtasksequence"))
# Property that is secret -> the sibling that says whether it is.
_CONDITIONAL = {"variablevalue": "donotshowvariablevalue", "value": "ismasked", "action": "donotshowvariablevalue"}
_ALWAYS = frozenset(("hiddenvariablevalue", "encrypteddata"))
_PARAMETERS = frozenset((("sms_site", "data"),))
"""Method parameters (class, name) that carry a secret without being called one."""
_MAX_NESTING = 4


class _Refused(Exception):
    """A document that is not gone through."""


@dataclasses.dataclass
class _Frame:
    name: str
    class_name: str
    start: int
    closed: bool
    attributes: dict[str, str]
    leaf: bool = True
    text: list[str] = dataclasses.field(default_factory=list)
    flags: dict[str, str] = dataclasses.field(default_factory=dict)
    candidates: dict[str, list[tuple[int, int]]] = dataclasses.field(default_factory=dict)


class Masker:
    """Masks whole messages; ``catalogue`` says which properties are secret."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._names = frozenset(name for names in catalogue.secret_names.values() for name in names) | _ALWAYS

    def mask(self, body: bytes) -> bytes:
        """Return ``body`` with every secret replaced; what is not XML is left out altogether."""
        if not body.strip():
            return b""
        masked = self._masked(body, 0)
        return f"<!-- {len(body)} bytes that are no XML, left out -->".encode() if masked is None else masked

    def is_secret(self, class_name: str, name: str) -> bool:
        """Say whether a property always holds a secret."""
        folded = name.casefold()
        if folded in _ALWAYS or (class_name.casefold(), folded) in _PARAMETERS:
            return True
        definition = self._catalogue.get(class_name)
        prop = definition.property(name) if definition else None
        if prop is not None:
            return prop.secret or (prop.type == "string" and not prop.values and folded.endswith("password"))
        return folded in self._names or folded.endswith("password")

    def _masked(self, body: bytes, nesting: int) -> bytes | None:
        walk = _Walk(self, body, nesting)
        try:
            edits = walk.run()
        except (expat.ExpatError, _Refused, ValueError):
            return None
        parts = []
        position = 0
        for start, end, replacement in sorted(edits):
            parts.append(body[position:start])
            parts.append(replacement)
            position = end
        parts.append(body[position:])
        return b"".join(parts)

    def inner(self, text: str, nesting: int) -> bytes | None:
        """Return the replacement for text that is XML, ``None`` when it can stay."""
        if nesting >= _MAX_NESTING:
            return MASK.encode()
        body = text.lstrip().encode("utf-8", "surrogatepass")
        masked = self._masked(body, nesting + 1)
        if masked == body:
            return None
        if masked is None:
            return MASK.encode()
        try:
            return escape(masked.decode("utf-8")).encode("utf-8")
        except (InvalidInput, UnicodeDecodeError):
            return MASK.encode()


class _Walk:
    """One pass over one document."""

    def __init__(self, masker: Masker, body: bytes, nesting: int) -> None:
        self._masker = masker
        self._body = body
        self._nesting = nesting
        self._frames: list[_Frame] = []
        self._edits: list[tuple[int, int, bytes]] = []
        self._parser = expat.ParserCreate("utf-8", " ")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = self._doctype

    def run(self) -> list[tuple[int, int, bytes]]:
        """Return the replacements: start, end, new bytes."""
        self._parser.Parse(self._body, True)
        return self._edits

    def _doctype(self, *_facts: t.Any) -> None:
        raise _Refused

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        uri, _space, name = tag.rpartition(" ")
        match = _TAG.match(self._body, self._parser.CurrentByteIndex)
        if match is None:
            raise _Refused
        if self._frames:
            self._frames[-1].leaf = False
        closed = match[0].endswith(b"/>")
        self._frames.append(_Frame(name, uri.rpartition("/")[2], match.end(), closed, attributes))

    def _characters(self, text: str) -> None:
        if self._frames:
            self._frames[-1].text.append(text)

    def _end(self, _tag: str) -> None:
        frame = self._frames.pop()
        for name, spans in frame.candidates.items():
            if frame.flags.get(_CONDITIONAL[name], "").strip().lower() in ("true", "1"):
                self._edits.extend((start, end, MASK.encode()) for start, end in spans)
        if frame.leaf and not frame.closed and frame.text:
            self._leaf(frame, self._parser.CurrentByteIndex)

    def _leaf(self, frame: _Frame, end: int) -> None:
        text = "".join(frame.text)
        class_name, name, holder = self._place(frame)
        folded = name.casefold()
        if self._masker.is_secret(class_name, name) or frame.attributes.get("IsSecret", "").lower() == "true":
            self._edits.append((frame.start, end, MASK.encode()))
            return
        if _XML_TEXT.match(text):
            replacement = self._masker.inner(text, self._nesting)
            if replacement is not None:
                self._edits.append((frame.start, end, replacement))
            return
        if holder is not None:
            if folded in _CONDITIONAL:
                holder.candidates.setdefault(folded, []).append((frame.start, end))
            elif folded in _CONDITIONAL.values():
                holder.flags[folded] = text

    def _place(self, frame: _Frame) -> tuple[str, str, _Frame | None]:
        """Return class, property and the frame that stands for the whole object."""
        if frame.name in ("variable", "action") and not frame.class_name:
            step = next((item for item in reversed(self._frames) if item.name in _STEPS), None)
            name = frame.attributes.get("property") or frame.attributes.get("name") or frame.name
            return ("" if step is None else step.attributes.get("type", "")), name, step
        return frame.class_name, frame.name, self._frames[-1] if self._frames else None
