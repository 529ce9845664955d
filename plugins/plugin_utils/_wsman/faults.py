# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Turns a SOAP fault of any shape into one exception (reference: wsman 8; provider-behaviour 10).

Every server family wraps its reasons differently: ``WSManFault`` with text, with a nested
provider fault, with ``__ExtendedStatus`` or ``SMS_ExtendedStatus``, ``MSFT_WmiError``,
``OMI_Error``. The walker goes by local names, collects all of it and only then decides.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t
import xml.etree.ElementTree as ET

from .._errors import (
    AccessDenied,
    AlreadyExists,
    ConfigMgrError,
    InvalidClass,
    InvalidQuery,
    NotFound,
    ObjectLocked,
    OperationTimeout,
    ServerBusy,
    ServerFault,
    VersionConflict,
)
from .answer import child, descendants, text_of
from .limits import SIZE_CODES
from .uris import XSI, local_name

_NIL = f"{{{XSI}}}nil"
_NUMBER = re.compile(r"0x[0-9a-fA-F]{1,8}|-?\d+")
_SPACE = re.compile(r"\s+")
_EXTENDED_DEPTH = 3
_CIM_ERRORS = ("MSFT_WmiError", "OMI_Error")

LOCKED = frozenset((0x40480732, 0xC1480500))
"""SMS_ExtendedStatus.ErrorCode: an object or a collection is locked by someone else."""

# HRESULTs and WS-Man codes that mean something a playbook may want to react to.
_BY_CODE: dict[int, type[ServerFault]] = {
    0x5: AccessDenied,
    0x80070005: AccessDenied,
    0x80041003: AccessDenied,
    0x80041002: NotFound,
    0x80338000: NotFound,
    0x80041010: InvalidClass,
    0x8004100E: InvalidClass,
    0x8033801A: InvalidClass,
    0x80041017: InvalidQuery,
    0x80041018: InvalidQuery,
    0x80041019: AlreadyExists,
    0x80338029: OperationTimeout,
    0x8033803F: ServerBusy,
    0x803381A5: ServerBusy,
    0x803381A6: ServerBusy,
    0x803381A7: ServerBusy,
    0x803381A8: ServerBusy,
    **{code: ServerBusy for code in range(0x803381E4, 0x803381EB)},
}
_BY_CIM_STATUS: dict[int, type[ServerFault]] = {
    2: AccessDenied,
    3: InvalidClass,
    5: InvalidClass,
    6: NotFound,
    11: AlreadyExists,
    14: InvalidQuery,
    15: InvalidQuery,
}
_BY_SUBCODE: dict[str, type[ServerFault]] = {
    "AccessDenied": AccessDenied,
    "AlreadyExists": AlreadyExists,
    "TimedOut": OperationTimeout,
    "QuotaLimit": ServerBusy,
    "Concurrency": ServerBusy,
}
_MEANING = {
    AccessDenied: "the server refused access",
    NotFound: "the server has no such object",
    AlreadyExists: "an object with that key exists already",
    InvalidQuery: "the server does not understand the query",
    InvalidClass: "the server does not know the class or namespace",
    ObjectLocked: "the object is locked by another user or console",
    VersionConflict: "the object was changed by someone else in the meantime",
    OperationTimeout: "the server gave up waiting for the provider",
    ServerBusy: "a quota of the WinRM service is used up",
    ServerFault: "the server refused the request",
}


@dataclasses.dataclass
class Fault:
    """What a fault says. ``codes`` are HRESULTs in the order of trust, the most specific first."""

    subcode: str = ""
    reason: str = ""
    codes: list[int] = dataclasses.field(default_factory=list)
    cim_status: int | None = None
    texts: list[str] = dataclasses.field(default_factory=list)
    extended: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    provider: str | None = None

    @property
    def sms_error_code(self) -> int | None:
        """SMS_ExtendedStatus.ErrorCode, ``None`` when absent or 0."""
        return _number(str(self.extended.get("ErrorCode") or "")) or None

    @property
    def too_large(self) -> bool:
        return bool(SIZE_CODES.intersection(self.codes)) or (self.subcode == "EncodingLimit" and not self.codes)

    @property
    def leaf(self) -> type[ServerFault]:
        """The class of the error tree that fits best."""
        description = str(self.extended.get("Description") or "")
        if self.sms_error_code in LOCKED or "0x40480732" in description:
            return ObjectLocked
        # The provider's own code for a stale SedoObjectVersion is not known; its texts name the property.
        if "SedoObjectVersion" in " ".join((description, *self.texts)):
            return VersionConflict
        for code in self.codes:
            if code in _BY_CODE:
                return _BY_CODE[code]
        if self.cim_status in _BY_CIM_STATUS:
            return _BY_CIM_STATUS[t.cast(int, self.cim_status)]
        return _BY_SUBCODE.get(self.subcode, ServerFault)

    @property
    def text(self) -> str:
        """The text that says most: the provider's own, then WMI's, then WinRM's."""
        for candidate in (self.extended.get("Description"), *self.texts, self.reason):
            if candidate:
                return str(candidate)
        return ""

    def error(
        self, what: str, *, wmi_class: str | None = None, method: str | None = None, attempted: str | None = None
    ) -> ConfigMgrError:
        """Return the exception; ``what`` names the operation and starts the message."""
        leaf = self.leaf
        hresult = self.codes[0] if self.codes else None
        shown = f"0x{hresult:08X}" if hresult is not None else self.subcode
        if self.sms_error_code not in (None, hresult):
            shown = f"{shown}, ConfigMgr error 0x{self.sms_error_code:08X}"
        text = self.text or _MEANING[leaf]
        return leaf(
            f"{what}: {text.rstrip('. ')}{f' ({shown})' if shown else ''}.",
            wmi_class=wmi_class,
            method=method,
            hresult=hresult,
            sms_error_code=self.sms_error_code,
            attempted=attempted,
            detail={
                "meaning": _MEANING[leaf],
                "codes": [f"0x{code:08X}" for code in self.codes],
                "cim_status": self.cim_status,
                "subcode": self.subcode or None,
                "texts": self.texts or ([self.reason] if self.reason else []),
                "extended_status": self.extended or None,
                "provider": self.provider,
            },
        )


def _number(text: str) -> int | None:
    match = _NUMBER.search(text)
    if not match:
        return None
    value = int(match[0], 0) if match[0].lower().startswith("0x") else int(match[0])
    return value & 0xFFFFFFFF


def _clean(text: str | None) -> str:
    return _SPACE.sub(" ", text or "").strip()


def _leaves(element: ET.Element, depth: int = 0) -> dict[str, t.Any]:
    """Return the properties of an error instance by local name, nulls left out."""
    found: dict[str, t.Any] = {}
    for item in element:
        if (item.get(_NIL) or "").strip() in ("true", "1"):
            continue
        if len(item) and depth < _EXTENDED_DEPTH:
            found[local_name(item.tag)] = _leaves(item, depth + 1)
        elif _clean(item.text):
            found[local_name(item.tag)] = _clean(item.text)
    return found


def read_fault(fault: ET.Element) -> Fault:
    """Collect everything a ``Fault`` element says, whatever its shape."""
    found = Fault()
    code = child(fault, "Code")
    if code is not None:
        subcode = child(code, "Subcode")
        if subcode is not None:
            found.subcode = text_of(child(subcode, "Value")).rpartition(":")[2]
    reason = child(fault, "Reason")
    if reason is not None:
        found.reason = _clean(text_of(child(reason, "Text")))
    _read_detail(child(fault, "Detail"), found)
    if not found.codes and not found.reason:
        # SOAP 1.1 faults of a server that did not understand the envelope at all.
        found.reason = _clean(text_of(child(fault, "faultstring")))
    return found


def _read_detail(detail: ET.Element | None, found: Fault) -> None:
    if detail is None:
        return
    wsman_codes: list[int] = []
    wmi_codes: list[int] = []
    texts: list[str] = []
    for element in detail.iter():
        name = local_name(element.tag)
        if name == "WSManFault":
            number = _number(element.get("Code", ""))
            if number:
                wsman_codes.append(number)
        elif name == "ProviderFault":
            found.provider = element.get("provider") or found.provider
            texts.append(_clean(element.text))
        elif name == "Message":
            texts.append(_clean(element.text))
        elif name in _CIM_ERRORS:
            _read_cim_error(element, found, wmi_codes)
    for holder in descendants(detail, "ExtendedError"):
        status = next(iter(holder), None)
        if status is not None:
            found.extended = _leaves(status)
            number = _number(str(found.extended.get("StatusCode") or ""))
            if number:
                wmi_codes.append(number)
    # The innermost text is the provider's own; the outer ones only repeat WinRM's.
    found.texts = list(dict.fromkeys(text for text in reversed(texts) if text))
    found.codes = list(dict.fromkeys((*wmi_codes, *reversed(wsman_codes))))


def _read_cim_error(element: ET.Element, found: Fault, codes: list[int]) -> None:
    facts = _leaves(element)
    status = _number(str(facts.get("CIMStatusCode") or ""))
    if status is not None:
        found.cim_status = status
    for name in ("error_Code", "MessageID"):
        text = str(facts.get(name) or "")
        # Only HRESULTs: other families put their own small numbers there.
        number = _number(text)
        if number and number >= 0x80000000:
            codes.append(number)
