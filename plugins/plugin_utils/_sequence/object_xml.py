# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write a package as ``object.xml``, the form in which the console exports it.

The counterpart of :func:`containers.read_object` (reference: task-sequence-xml, section 7).
"""

from __future__ import annotations

import re
import typing as t

from .._cim.catalogue import Catalogue
from .._cim.instance import CimDatetime, CimReference, Instance
from .xml_form import attribute_text, element_text

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DECLARATION = '<?xml version="1.0" encoding="utf-8"?>\n'


def write_object(package: Instance, text: str) -> str:
    """Return the document of a package.

    :param text: the ``<sequence>`` text that takes the place of the package's own; without secrets.
    """
    shown = {name: value for name, value in package.properties.items() if name.casefold() != "sequence"}
    body = _instance(Instance(package.class_name, shown), f"{_scalar('Sequence', 'string', text)}\n")
    return f"{_DECLARATION}{body}\n"


def _instance(instance: Instance, more: str = "") -> str:
    definition = Catalogue.load().get(instance.class_name)
    lines = []
    for name, value in instance.properties.items():
        known = definition.property(name) if definition is not None else None
        lines.append(f"{_property(name, known.type if known is not None and not known.embedded else '', value)}\n")
    return f'<INSTANCE CLASSNAME="{attribute_text(instance.class_name)}">\n{"".join(lines)}{more}</INSTANCE>'


def _property(name: str, kind: str, value: t.Any) -> str:
    kind = kind or _kind(value[0] if isinstance(value, list) and value else value)
    objects = value if isinstance(value, list) else [value]
    if any(isinstance(item, Instance) for item in objects):
        held = "".join(f"<VALUE.OBJECT>{_instance(item)}</VALUE.OBJECT>" for item in objects if item is not None)
        if not isinstance(value, list):
            return f'<PROPERTY.OBJECT NAME="{attribute_text(name)}">{held}</PROPERTY.OBJECT>'
        array = f"<VALUE.OBJECTARRAY>{held}</VALUE.OBJECTARRAY>"
        return f'<PROPERTY.OBJECTARRAY NAME="{attribute_text(name)}">{array}</PROPERTY.OBJECTARRAY>'
    if isinstance(value, list):
        items = "".join(f"<VALUE>{_escaped(item)}</VALUE>" for item in value)
        array = f"<VALUE.ARRAY>{items}</VALUE.ARRAY>"
        return f'<PROPERTY.ARRAY NAME="{attribute_text(name)}" TYPE="{kind}">{array}</PROPERTY.ARRAY>'
    return _scalar(name, kind, value)


def _scalar(name: str, kind: str, value: t.Any) -> str:
    held = "" if value is None else f"<VALUE>{_escaped(value)}</VALUE>"
    return f'<PROPERTY NAME="{attribute_text(name)}" TYPE="{kind}">{held}</PROPERTY>'


def _kind(value: t.Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, CimDatetime):
        return "datetime"
    return "sint64" if isinstance(value, int) else "string"


def _escaped(value: t.Any) -> str:
    # A reader makes a line feed of a carriage return that is not written as a reference.
    return element_text(_text(value)).replace("\r", "&#13;")


def _text(value: t.Any) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    # What XML cannot carry is no part of any option; a package must not be beyond saving because of it.
    return _NOT_XML.sub("?", value.class_name if isinstance(value, CimReference) else str(value))
