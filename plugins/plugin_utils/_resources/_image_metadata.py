# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ``ImageProperty`` says of a WIM file: its editions (form unverified [U], see the lab checklist).

Both spellings that have been described are read: elements named after the property, and
``<Property Name="...">`` elements. What is not there is null, never a guess.
"""

from __future__ import annotations

import re
import typing as t
from xml.etree import ElementTree

ARCHITECTURES = {
    "0": "x86",
    "x86": "x86",
    "i386": "x86",
    "5": "arm",
    "6": "ia64",
    "ia64": "ia64",
    "9": "x64",
    "x64": "x64",
    "amd64": "x64",
    "12": "arm64",
    "arm64": "arm64",
}
"""Spellings of a processor architecture: words, and the numbers of Windows."""

FIELDS = {
    "name": ("image name", "name", "displayname", "edition"),
    "description": ("image description", "description", "displaydescription"),
    "architecture": ("architecture", "arch"),
    "version": ("os version", "osversion", "version"),
    "language": ("language", "default language", "default"),
    "size": ("size", "totalbytes", "size (kb)"),
}
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")


def parse(text: str) -> ElementTree.Element | None:
    """Return the root of the text, ``None`` when it is no XML or declares entities."""
    body = _DECLARATION.sub("", text, count=1)
    if "<!" in body.replace("<![CDATA[", ""):
        return None
    try:
        return ElementTree.fromstring(body)
    except ElementTree.ParseError:
        return None


def architecture(value: t.Any) -> str | None:
    """Return an architecture by its common name, unknown ones as they are, ``None`` for none."""
    text = str(value if value is not None else "").strip()
    return ARCHITECTURES.get(text.casefold(), text) or None


def editions(text: t.Any) -> list[dict[str, t.Any]]:
    """Return the images in a WIM file, in their order; an empty list when the text says nothing."""
    root = parse(str(text or ""))
    found = []
    for image in root.iter() if root is not None else ():
        index = _attribute(image, "index")
        if _tag(image) == "image" and index.isdigit():
            found.append({"index": int(index), **_fields(image)})
    return found


def same(stored: t.Any, wanted: str) -> bool:
    """Whether two texts say the same: blanks between elements and the order of attributes do not count."""
    left, right = parse(str(stored or "")), parse(wanted)
    if left is None or right is None:
        return str(stored or "").strip() == wanted.strip()
    return _plain(left) == _plain(right)


def _plain(element: ElementTree.Element) -> tuple[t.Any, ...]:
    return (
        element.tag,
        tuple(sorted(element.attrib.items())),
        (element.text or "").strip(),
        tuple(_plain(child) for child in element),
    )


def _tag(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2].casefold()


def _attribute(element: ElementTree.Element, name: str) -> str:
    return next((value for key, value in element.attrib.items() if key.casefold() == name), "")


def _fields(image: ElementTree.Element) -> dict[str, t.Any]:
    said: dict[str, str] = {}
    for element in image.iter():
        text = (element.text or "").strip()
        name = _attribute(element, "name").casefold() if _tag(element) == "property" else _tag(element)
        if text and name not in said:
            said[name] = text
    fields: dict[str, t.Any] = {
        field: next((said[name] for name in names if name in said), None) for field, names in FIELDS.items()
    }
    fields["architecture"] = architecture(fields["architecture"])
    return fields
