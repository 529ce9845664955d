# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What rows of the site say in XML: editions of an image, queries of a platform.

Neither format is documented [U]; both readers take every spelling that has been described and
find nothing rather than something wrong.
"""

from __future__ import annotations

import re
import typing as t
from xml.etree import ElementTree

from .._cim.instance import Instance
from .model import PREFIX, Operand

WMI = PREFIX + "WMIConditionExpression"
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
_EDITION_TAGS = ("name", "displayname", "editionid")
_EDITION_PROPERTIES = ("name", "image name", "edition", "edition id", "editionid")
_SELECT = re.compile(r"\s*select\s", re.IGNORECASE)


def _parse(text: str) -> ElementTree.Element | None:
    """Return the root of an XML text, ``None`` when it is none or declares entities."""
    body = _DECLARATION.sub("", text, count=1)
    if "<!" in body.replace("<![CDATA[", ""):
        return None
    try:
        return ElementTree.fromstring(body)
    except ElementTree.ParseError:
        return None


def _tag(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2].casefold()


def _attribute(element: ElementTree.Element, name: str) -> str:
    return next((value for key, value in element.attrib.items() if key.casefold() == name), "")


def edition_indexes(image_property: str, wanted: str) -> tuple[list[str], list[int]]:
    """Return the editions of an image, and the indexes whose name is the wanted one.

    :param image_property: ``ImageProperty`` of SMS_ImagePackage: the metadata of the WIM file.
    """
    root = _parse(image_property)
    listed: list[str] = []
    found: list[int] = []
    for image in root.iter() if root is not None else ():
        index = _attribute(image, "index")
        if _tag(image) != "image" or not index.isdigit():
            continue
        names = list(dict.fromkeys(_edition_names(image)))
        listed.append(f"{index} {names[0]}" if names else index)
        if wanted.casefold() in [name.casefold() for name in names]:
            found.append(int(index))
    return listed, found


def _edition_names(image: ElementTree.Element) -> t.Iterator[str]:
    for element in image.iter():
        text = (element.text or "").strip()
        by_name = _tag(element) == "property" and _attribute(element, "name").casefold() in _EDITION_PROPERTIES
        if text and (_tag(element) in _EDITION_TAGS or by_name):
            yield text


def platform_queries(condition: str) -> list[str]:
    """Return the WMI queries in the ``Condition`` of SMS_SupportedPlatforms: XML, or one plain query."""
    root = _parse(condition)
    if root is None:
        return [condition.strip()] if _SELECT.match(condition) else []
    texts = [text for element in root.iter() for text in (element.text or "", *element.attrib.values())]
    return [text.strip() for text in texts if _SELECT.match(text)]


def platform_operands(row: Instance) -> tuple[dict[str, t.Any], list[Operand], bool]:
    """Return the keys and expressions of an operating system condition for a platform row.

    :returns: properties of the OSExpressionGroup, its operands, and whether a query was found.
    """
    properties = {
        "OperatorType": "and",
        "Name": row.get("DisplayText", ""),
        "PlatformArchKey": row.get("OSPlatform", ""),
        "PlatformTypeKey": row.get("OSName", ""),
        "PlatformMinVerKey": row.get("OSMinVersion", ""),
        "PlatformMaxVerKey": row.get("OSMaxVersion", ""),
    }
    queries = platform_queries(str(row.get("Condition") or ""))
    return properties, [Operand(WMI, {"Namespace": r"root\cimv2", "Query": query}) for query in queries], bool(queries)
