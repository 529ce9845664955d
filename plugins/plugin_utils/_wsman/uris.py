# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Namespace and resource URIs (reference: wsman 1.1, 1.2)."""

from __future__ import annotations

import typing as t

SOAP = "http://www.w3.org/2003/05/soap-envelope"
ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
ENUMERATION = "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
WSMAN = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
MS_WSMAN = "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"
IDENTITY = "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"
CIM_COMMON = "http://schemas.dmtf.org/wbem/wscim/1/common"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
ANONYMOUS = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous"
WQL_DIALECT = "http://schemas.microsoft.com/wbem/wsman/1/WQL"
CLASS_SCHEMA = "http://schemas.dmtf.org/wbem/cim-xml/2/cim-schema/2/*"

_DMTF = "http://schemas.dmtf.org/wbem/wscim/1/"
_WMI = "http://schemas.microsoft.com/wbem/wsman/1/wmi/"


class UriFamily:
    """How a class is addressed: ``dmtf`` (class URI plus ``__cimnamespace``) or ``wmi`` (all in the URI)."""

    def __init__(self, name: str = "dmtf") -> None:
        if name not in ("dmtf", "wmi"):
            raise ValueError(f"no such URI family: {name}")
        self.name = name

    def class_uri(self, namespace: str, class_name: str) -> str:
        """Return the resource URI of a class, which is also the XML namespace of its properties."""
        if self.name == "wmi":
            return f"{_WMI}{_path(namespace)}/{class_name}"
        return f"{_DMTF}cim-schema/2/{class_name}"

    def all_classes(self, namespace: str) -> str:
        """Return the resource URI that a WQL query is sent to."""
        return f"{_WMI}{_path(namespace)}/*" if self.name == "wmi" else f"{_DMTF}*"

    def selectors(self, namespace: str, keys: t.Mapping[str, t.Any] | None = None) -> list[tuple[str, t.Any]]:
        """Return the selectors of a request, the namespace first."""
        found: list[tuple[str, t.Any]] = [] if self.name == "wmi" else [("__cimnamespace", _path(namespace))]
        found.extend((keys or {}).items())
        return found


def _path(namespace: str) -> str:
    return namespace.replace("\\", "/").strip("/")


def local_name(tag: str) -> str:
    """Return an element's name without its namespace."""
    return tag.rpartition("}")[2]


def class_of_uri(uri: str) -> str:
    """Return the class name at the end of a resource URI."""
    return uri.strip().rpartition("/")[2]
