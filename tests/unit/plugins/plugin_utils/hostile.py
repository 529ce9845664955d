# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ways to spoil a real answer: of a broken proxy, of another product, of somebody who means harm."""

from __future__ import annotations

import copy
import typing as t

from lxml import etree

XSI = "http://www.w3.org/2001/XMLSchema-instance"
WORDS = (
    "", " ", "-1", "0", "4294967296", "1e999", "NaN", "true", "maybe", "99999999999999999999999999", "\u0661\u0662",
    "20259999999999.999999+***", "PS1", "../../etc", "%s%n{}", "]]>", "\U0001f4a3" * 3, "A" * 70_000, "<sequence>",
    "<sequence version='3.10'><step/></sequence>", "<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>", "SMS_Nothing",
)  # fmt: skip
DOCUMENTS = (
    b"", b" ", b"\x00", b"<", b"<html><body>Bad gateway</body></html>", b"\xff\xfe<\x00a\x00>\x00", b"{}",
    b"<a/>", b"<!DOCTYPE a [<!ENTITY x 'y'><!ENTITY z '&x;&x;&x;'>]><a>&z;</a>", b"<a>" * 5000,
    b"<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'/>",
    b"<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'><s:Header/><s:Body/></s:Envelope>",
)  # fmt: skip

Pick = t.Callable[[int], int]
"""Return a number below the given one."""


def _nodes(root: etree._Element) -> list[tuple[etree._Element, etree._Element]]:
    """Return parent and child of every element but the root."""
    return [(parent, child) for parent in root.iter() for child in parent]


def _cut(data: bytes, pick: Pick) -> bytes:
    return data[: pick(len(data) + 1)]


def _flip(data: bytes, pick: Pick) -> bytes:
    position = pick(len(data))
    return data[:position] + bytes([pick(256)]) + data[position + 1 :]


def _document(_data: bytes, pick: Pick) -> bytes:
    return DOCUMENTS[pick(len(DOCUMENTS))]


def _abyss(data: bytes, pick: Pick) -> bytes:
    """Nest elements so deep that whoever walks them by recursion falls."""
    place = data.rfind(b"</", 0, max(data.rfind(b"</"), 0) or len(data))
    depth = (900, 5000, 100_000)[pick(3)]
    return data[:place] + b"<Steps>" * depth + b"</Steps>" * depth + data[place:]


def _on_tree(change: t.Callable[[etree._Element, etree._Element, Pick], None]) -> t.Callable[[bytes, Pick], bytes]:
    def apply(data: bytes, pick: Pick) -> bytes:
        root = etree.fromstring(data)
        nodes = _nodes(root)
        # The end of the list is the content, where most of what can be misread stands.
        inside = nodes[len(nodes) // 2 :] if pick(2) else nodes
        parent, child = inside[pick(len(inside))]
        change(parent, child, pick)
        return etree.tostring(root)

    return apply


def _remove(parent: etree._Element, child: etree._Element, _pick: Pick) -> None:
    parent.remove(child)


def _double(parent: etree._Element, child: etree._Element, _pick: Pick) -> None:
    parent.append(copy.deepcopy(child))


def _swallow(_parent: etree._Element, child: etree._Element, _pick: Pick) -> None:
    child.append(copy.deepcopy(child))


def _say(_parent: etree._Element, child: etree._Element, pick: Pick) -> None:
    child.text = WORDS[pick(len(WORDS))]


def _rename(_parent: etree._Element, child: etree._Element, pick: Pick) -> None:
    namespace, brace, name = child.tag.rpartition("}")
    names = ("Nothing", "Fault", "Body", "Items", "EnumerationContext", "ReturnValue", name.upper(), name + "_")
    child.tag = namespace + brace + names[pick(len(names))]


def _move(_parent: etree._Element, child: etree._Element, pick: Pick) -> None:
    name = child.tag.rpartition("}")[2]
    namespaces = ("", "{urn:x}", "{http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Win32_Process}")
    child.tag = namespaces[pick(len(namespaces))] + name


def _nil(_parent: etree._Element, child: etree._Element, pick: Pick) -> None:
    child.set(f"{{{XSI}}}nil", ("true", "1", "false", "")[pick(4)])


def _type(_parent: etree._Element, child: etree._Element, pick: Pick) -> None:
    types = ("x:SMS_Nothing_Type", "SMS_Package", "", ":", "a:b:c", "cim:cimDateTime", "A" * 5000)
    child.set(f"{{{XSI}}}type", types[pick(len(types))])


def _empty(_parent: etree._Element, child: etree._Element, _pick: Pick) -> None:
    for inside in list(child):
        child.remove(inside)


def _reverse(parent: etree._Element, _child: etree._Element, _pick: Pick) -> None:
    parent[:] = list(parent)[::-1]


def _deepen(_parent: etree._Element, child: etree._Element, pick: Pick) -> None:
    for _level in range((10, 100, 500)[pick(3)]):
        child = etree.SubElement(child, child.tag, dict(child.attrib))


MUTATIONS: tuple[t.Callable[[bytes, Pick], bytes], ...] = (
    _cut,
    _flip,
    _document,
    _abyss,
    *map(
        _on_tree,
        (_remove, _double, _swallow, _say, _say, _say, _rename, _move, _nil, _type, _empty, _reverse, _deepen),
    ),
)
