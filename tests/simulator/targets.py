# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Resource addresses: the two families of class addresses, the namespace, and the keys in the selectors."""

from __future__ import annotations

import dataclasses
import typing as t

from . import faults, scalars
from .envelope import Request
from .schema import SimClass

DMTF = faults.DMTF_CLASS
DMTF_ALL = "http://schemas.dmtf.org/wbem/wscim/1/*"
WMI = "http://schemas.microsoft.com/wbem/wsman/1/wmi/"
SCHEMA_ALL = "http://schemas.dmtf.org/wbem/cim-xml/2/cim-schema/2/*"
NAMESPACE_SELECTOR = "__cimnamespace"
DEFAULT_NAMESPACE = "root/hardware"
"""Where a DMTF address without its namespace selector leads (reference: wsman 1.2)."""


@dataclasses.dataclass(frozen=True)
class Target:
    """What a request is about. ``class_name`` is as sent; ``*`` stands for all classes."""

    family: t.Literal["dmtf", "wmi", "schema"]
    namespace: str
    class_name: str
    uri: str
    selectors: tuple[tuple[str, str], ...]

    @property
    def class_base(self) -> str:
        """Return the address in front of class names in answers; Windows lower-cases the path of a WMI address."""
        return f"{WMI}{self.namespace.lower()}/" if self.family == "wmi" else DMTF

    def accepts_base(self, base: str) -> bool:
        """Say whether ``base`` may stand in front of class names in the body of this request."""
        if self.family == "wmi":
            return base.startswith(WMI) and base.casefold() == f"{WMI}{self.namespace}/".casefold()
        return base == DMTF


def resolve(request: Request, families: str) -> Target:
    """Take the resource address and the selectors apart; ``families`` is dmtf, wmi or both."""
    uri = request.resource_uri
    spaces = [value.strip() for name, value in request.selectors if name.casefold() == NAMESPACE_SELECTOR]
    rest = tuple((name, value) for name, value in request.selectors if name.casefold() != NAMESPACE_SELECTOR)
    selected = spaces[0] if spaces else None
    if selected is not None and "\\" in selected:
        raise faults.selectors(f"The namespace {selected} must be written with forward slashes.")
    if uri.startswith(WMI):
        if families == "dmtf":
            raise faults.resource(f"The address {uri} is of the WMI family, which is switched off.")
        path, _slash, name = uri[len(WMI):].rpartition("/")
        if not path or not name:
            raise faults.resource(f"The address {uri} lacks a namespace or a class.")
        if selected is not None and selected.casefold() != path.casefold():
            raise faults.Fault(
                "w:InternalError", faults.INVALID_NAMESPACE,
                f"{faults.SORRY}The namespace selector {selected} contradicts the address {uri}.", sender=False)
        return Target("wmi", path, name, uri, rest)
    if families == "wmi" and uri != SCHEMA_ALL:
        raise faults.resource(f"The address {uri} is of the DMTF family, which is switched off.")
    namespace = selected or DEFAULT_NAMESPACE
    if uri == DMTF_ALL:
        return Target("dmtf", namespace, "*", uri, rest)
    if uri == SCHEMA_ALL:
        return Target("schema", namespace, "*", uri, rest)
    if uri.startswith(DMTF) and uri[len(DMTF):] and "/" not in uri[len(DMTF):]:
        return Target("dmtf", namespace, uri[len(DMTF):], uri, rest)
    raise faults.resource(f"The service cannot find the resource {uri}.", faults.NOT_FOUND)


def keys_of(target: Target, item: SimClass) -> dict[str, t.Any]:
    """Return the key values by the schema's spelling; all of them, and nothing else, must be there."""
    found: dict[str, t.Any] = {}
    for name, text in target.selectors:
        prop = item.prop(name)
        if prop is None or not prop.key:
            raise faults.selectors(f"The selector {name} is not a key of {item.name}.")
        try:
            found[prop.name] = scalars.parse(prop.type, text.lower() if prop.type == "boolean" else text)
        except ValueError as error:
            raise faults.selectors(f"The selector {name}: {error}.", faults.SELECTOR_TYPE) from error
    missing = [name for name in item.keys if name not in found]
    if missing:
        raise faults.selectors(
            f"The selectors do not name one instance of {item.name}: {', '.join(missing)} missing.",
            faults.MISSING_SELECTOR)
    return found


def no_selectors(target: Target, what: str) -> None:
    """Refuse selectors where the request is not about one instance."""
    if target.selectors:
        names = ", ".join(name for name, _value in target.selectors)
        raise faults.selectors(f"{what} takes no selectors; there are {names}.")
