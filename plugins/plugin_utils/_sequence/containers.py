# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an exported task sequence comes in: plain text, ``object.xml``, or the zip of the console.

The zip is an OPC package (reference: task-sequence-xml, section 7). Nothing is ever extracted to a
disk; members are read one by one, up to a limit, whatever their headers promise.
"""

from __future__ import annotations

import dataclasses
import io
import re
import typing as t
import zipfile
import zlib

from .._cim.instance import CimDatetime, Instance, Value
from .._errors import InvalidInput, Problem
from . import xml_tree
from .xml_tree import Limits, Node, refuse

PACKAGE_CLASS = "SMS_TaskSequencePackage"
LARGEST_ARCHIVE = 64 * 1024 * 1024
"""Bytes of a zip. An export without content has some 10 KB; content lies beside the zip, not in it."""
MOST_MEMBERS = 5000
LARGEST_MEMBER = 16 * 1024 * 1024
"""Bytes of one member after unpacking; the largest real ``object.xml`` measured has 0.3 MB."""
_LARGEST_TOTAL = 64 * 1024 * 1024
"""Bytes of everything that is unpacked of one archive."""

_SIGNATURES = ("PK\x03\x04", "PK\x05\x06", "PK\x07\x08")
_DIRECTORY_ENTRY = b"PK\x01\x02"
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
_OBJECT = re.compile(r"SMS_TaskSequencePackage/([^/]+)/object\.xml", re.IGNORECASE)
_OTHER_OBJECT = re.compile(r"(SMS_[A-Za-z]+)/([^/]+)/object\.xml", re.IGNORECASE)
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError, ValueError, KeyError)
"""What Python's zip reader raises for damaged archives."""


@dataclasses.dataclass
class Document:
    """An exported task sequence: its ``<sequence>`` text and, where there is one, the package around it.

    ``names`` has the names of referenced objects that the export carries, by folded ID.
    """

    text: str
    source: str
    package: Instance | None = None
    names: dict[str, str] = dataclasses.field(default_factory=dict)


def open_document(
    data: str | bytes,
    *,
    package_id: str | None = None,
    name: str | None = None,
    choose_by: str = "package_id",
    source: str = "content",
    limits: Limits | None = None,
) -> Document:
    """Return the task sequence in a document.

    :param data: text, bytes, or text with surrogates as ``lookup('file')`` makes it of bytes.
    :param package_id: which one to take of a zip that holds several.
    :param name: the same by name; of no meaning where there is only one.
    :param choose_by: the option that the caller offers for that, for messages.
    :raises InvalidInput: no task sequence, several of them, damaged, unsafe, or too large.
    """
    if is_archive(data):
        return _Archive(_as_bytes(data), source, limits).document(package_id, name, choose_by)
    document = _from_xml(data, source, limits)
    if package_id is not None:
        found = str(document.package.get("PackageID", "")) if document.package is not None else ""
        if found.casefold() != package_id.casefold():
            what = f"it holds {found}" if found else "it is no export of a whole package and has no ID"
            raise InvalidInput([Problem("package_id", package_id, f"is not in {source}: {what}")])
    return document


def is_archive(data: str | bytes) -> bool:
    """Return whether data starts with the signature of a zip."""
    if isinstance(data, str):
        return data.startswith(_SIGNATURES)
    return data.startswith(tuple(mark.encode("ascii") for mark in _SIGNATURES))


def is_xml(data: str | bytes) -> bool:
    """Return whether data looks like XML or a zip and not like YAML."""
    if is_archive(data):
        return True
    head = _as_bytes(data[:400]).lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00")
    return head.startswith(b"<")


def _as_bytes(data: str | bytes) -> bytes:
    return data if isinstance(data, bytes) else data.encode("utf-8", "surrogateescape")


def _from_xml(data: str | bytes, source: str, limits: Limits | None) -> Document:
    text = xml_tree.decode(data, source)
    head = text[:4000].lstrip()
    if head.startswith("<sequence"):
        return Document(text, source)
    root = xml_tree.parse(text, source, limits)
    if root.tag != "INSTANCE":
        # Read again by the reader, which says what is wrong with the root element.
        return Document(text, source)
    return _from_object(root, source)


def _from_object(root: Node, source: str) -> Document:
    package = read_object(root, source)
    if package.class_name != PACKAGE_CLASS:
        refuse(source, "the object is no SMS_TaskSequencePackage", root, package.class_name)
    text = package.properties.pop("Sequence", None)
    if not isinstance(text, str) or not text.strip():
        refuse(source, "the exported object holds no Sequence", root)
    return Document(text.strip(), f"{source} (its Sequence property)", package)


# -- object.xml ------------------------------------------------------------------------------------


def read_object(root: Node, source: str) -> Instance:
    """Return the object of an ``<INSTANCE>`` document; system properties (``__PATH``) are left out.

    :raises InvalidInput: a property that is there twice.
    """
    instance = Instance(root.attributes.get("CLASSNAME", ""))
    for node in root.children:
        name = node.attributes.get("NAME", "")
        if not node.tag.startswith("PROPERTY") or not name or name.startswith("__"):
            continue
        if name in instance.properties:
            refuse(source, "the object has a property twice", node, name)
        instance.properties[name] = _property(node, source)
    return instance


def _property(node: Node, source: str) -> Value:
    kind = node.attributes.get("TYPE", "").casefold()
    if node.tag == "PROPERTY":
        value = node.first("VALUE")
        return None if value is None else _typed(value.text, kind)
    if node.tag == "PROPERTY.ARRAY":
        array = node.first("VALUE.ARRAY")
        return None if array is None else [_typed(item.text, kind) for item in array.children if item.tag == "VALUE"]
    array = node.first("VALUE.OBJECTARRAY") or node.first("VALUE.OBJECT")
    if array is None:
        return None
    holders = array.children if array.tag == "VALUE.OBJECTARRAY" else [array]
    found = [holder.first("INSTANCE") for holder in holders]
    objects: list[Value] = [read_object(item, source) for item in found if item is not None]
    return objects if array.tag == "VALUE.OBJECTARRAY" else next(iter(objects), None)


def _typed(text: str, kind: str) -> Value:
    if kind == "boolean":
        return text.strip().casefold() == "true"
    if kind.startswith(("uint", "sint")) and re.fullmatch(r"-?[0-9]{1,20}", text.strip()):
        return int(text)
    return CimDatetime(text) if kind == "datetime" else text


# -- the zip ---------------------------------------------------------------------------------------


class _Archive:
    def __init__(self, data: bytes, source: str, limits: Limits | None) -> None:
        self.source = source
        self.limits = limits
        self.left = _LARGEST_TOTAL
        if len(data) > LARGEST_ARCHIVE:
            refuse(source, f"the zip is larger than {LARGEST_ARCHIVE // (1024 * 1024)} MiB")
        # Python reads the whole directory at once, so its size is bounded beforehand.
        if data.count(_DIRECTORY_ENTRY) > MOST_MEMBERS:
            refuse(source, f"the zip has more than {MOST_MEMBERS} members")
        try:
            self.zip = zipfile.ZipFile(io.BytesIO(data))
        except _DAMAGE:
            refuse(source, "the zip is damaged or incomplete (a lookup of the file needs rstrip=false)")
        self.members = self._checked()

    def _checked(self) -> dict[str, zipfile.ZipInfo]:
        """Return the members by name; one bad member condemns the archive."""
        found: dict[str, zipfile.ZipInfo] = {}
        folded: set[str] = set()
        for info in self.zip.infolist():
            # ``orig_filename`` is what the archive says; Python cuts ``filename`` at a NUL.
            name = info.orig_filename
            fault = _fault_in_name(name)
            if not fault and name.casefold() in folded:
                fault = "is there twice"
            elif not fault and info.flag_bits & _ENCRYPTED:
                fault = "is encrypted; export again without a password"
            if fault:
                refuse(f"{self.source}: member {ascii(name)[:120]}", fault)
            folded.add(name.casefold())
            found[name] = info
        return found

    def document(self, package_id: str | None, name: str | None, choose_by: str) -> Document:
        sequences = {match.group(1): name for name in self.members if (match := _OBJECT.fullmatch(name))}
        if not sequences:
            refuse(
                self.source,
                "the zip holds no task sequence (SMS_TaskSequencePackage/<ID>/object.xml); is it an export of the "
                "console?",
            )
        if package_id is not None:
            chosen = [key for key in sequences if key.casefold() == package_id.casefold()]
            if not chosen:
                rule = f"is not in {self.source}, which holds {', '.join(sorted(sequences))}"
                raise InvalidInput([Problem("package_id", package_id, rule)])
        elif len(sequences) > 1 and name is not None:
            chosen = [key for key, found in self._names_of(sequences).items() if found.casefold() == name.casefold()]
            if len(chosen) != 1:
                rule = f"{len(chosen) or 'none'} of the task sequences in the zip bears the name {name}; it holds"
                raise InvalidInput([Problem(self.source, "", f"{rule} {self._listed(sequences)}")])
        elif len(sequences) > 1:
            rule = f"the zip holds several task sequences; choose one with {choose_by}: {self._listed(sequences)}"
            raise InvalidInput([Problem(self.source, "", rule)])
        else:
            chosen = list(sequences)
        member = sequences[chosen[0]]
        document = self._object(member)
        document.names = self._names(member.rpartition("/")[0])
        return document

    def _object(self, name: str) -> Document:
        source = f"{self.source}: {name}"
        return _from_object(xml_tree.parse(xml_tree.decode(self._read(name), source), source, self.limits), source)

    def _read(self, name: str) -> bytes:
        info = self.members[name]
        place = f"{self.source}: {name}"
        if info.compress_type not in _METHODS:
            refuse(place, "is packed in a way that exports never are")
        most = min(LARGEST_MEMBER, self.left)
        try:
            with self.zip.open(info) as stream:
                data = stream.read(most + 1)
        except _DAMAGE:
            refuse(place, "is damaged")
        if len(data) > most:
            refuse(place, f"is larger than {most // (1024 * 1024)} MiB when unpacked")
        self.left -= len(data)
        return data

    def _listed(self, sequences: dict[str, str]) -> str:
        """Return IDs with names, as far as they can be read."""
        names = self._names_of({key: sequences[key] for key in sorted(sequences)[:10]})
        found = [f"{key} ({name})" if name else key for key, name in names.items()]
        more = len(sequences) - len(found)
        return ", ".join(found) + (f" and {more} more" if more > 0 else "")

    def _names_of(self, sequences: dict[str, str]) -> dict[str, str]:
        """Return the names of task sequences by ID, an empty one where it cannot be read."""
        found = {}
        for key, member in sequences.items():
            try:
                package = self._object(member).package
            except InvalidInput:
                package = None
            found[key] = str(package.get("Name", "")) if package is not None else ""
        return found

    # -- names of referenced objects ---------------------------------------------------------------

    def _names(self, folder: str) -> dict[str, str]:
        """Return the names of what the sequence refers to, as the export lists them. Damage here is ignored."""
        found: dict[str, str] = {}
        for name in self.members:
            match = _OTHER_OBJECT.fullmatch(name)
            if match and match.group(1).casefold() != "sms_program":
                root = self._optional(name)
                value = read_object(root, name).get("Name") if root is not None else None
                if isinstance(value, str) and value:
                    found[match.group(2).casefold()] = value
        for root in self._listed_objects(f"{folder}/ReferencesInfo.xml"):
            item = read_object(root, "")
            key, value = item.get("ReferencePackageID"), item.get("ReferenceName")
            if isinstance(key, str) and isinstance(value, str) and value:
                found.setdefault(key.casefold(), value)
        return found

    def _listed_objects(self, name: str) -> t.Iterator[Node]:
        """Yield the documents that an ``ArrayOfString`` holds as texts."""
        root = self._optional(name) if name in self.members else None
        for child in root.children if root is not None else ():
            try:
                yield xml_tree.parse(child.text, name, self.limits)
            except InvalidInput:
                continue

    def _optional(self, name: str) -> Node | None:
        try:
            return xml_tree.parse(xml_tree.decode(self._read(name), name), name, self.limits)
        except InvalidInput:
            return None


def _fault_in_name(name: str) -> str:
    """Return what is wrong with the name of a member, empty when nothing is."""
    parts = name.replace("\\", "/").split("/")
    if ".." in parts or name.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", name):
        return "points outside of the zip (path traversal); exports never do"
    if "\\" in name or any(char < " " for char in name):
        return "has a name that exports never have"
    return ""
