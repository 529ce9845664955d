# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults as the WinRM service sends them: codes, texts and the four shapes of their detail (reference: wsman 8)."""

from __future__ import annotations

import typing as t
import uuid

from .objects import ProviderError
from .scalars import escape

SERVER_NAME = "cm01.corp.example"
PLUGIN = 'provider="WMI Provider" path="C:\\Windows\\system32\\WsmWmiPl.dll"'
SORRY = "The WS-Management service cannot process the request. "
DETAIL = "http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail/"
DMTF_CLASS = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/"
ANONYMOUS = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous"

ACCESS_DENIED = 5
NOT_FOUND = 2150858752
INVALID_ACTION = 2150858753
INVALID_REPRESENTATION = 2150858773
INVALID_NAMESPACE = 2150858778
ENVELOPE_TOO_LARGE = 2150858790
INVALID_SOAP = 2150858791
INVALID_CONTEXT = 2150858792
TIMED_OUT = 2150858793
INVALID_OPTIONS = 2150858809
INVALID_PARAMETER = 2150858810
INVALID_URI = 2150858811
INVALID_SELECTORS = 2150858813
SCHEMA_VALIDATION = 2150858817
INVALID_XML = 2150858819
CLIENT_ENVELOPE_LIMIT = 2150858824
SERVER_ENVELOPE_LIMIT = 2150858825
PARAMETER_TYPE = 2150858836
UNKNOWN_NAME = 2150858837
INVALID_VALUE = 2150858838
MISSING_VALUE = 2150858839
WRONG_XML_NAMESPACE = 2150858840
MISSING_SELECTOR = 2150858842
SELECTOR_TYPE = 2150858844
MIN_ENVELOPE = 2150858878
ENUM_MODE = 2150858886
WQL_NEEDS_STAR = 2150859003
PROVIDER_COULD_NOT = 2150859010
MAX_OPERATIONS = 2150859174

WBEM_FAILED = 0x80041001
WBEM_NOT_FOUND = 0x80041002
WBEM_ACCESS_DENIED = 0x80041003
WBEM_INVALID_NAMESPACE = 0x8004100E
WBEM_INVALID_CLASS = 0x80041010
WBEM_INVALID_QUERY = 0x80041017
WBEM_ALREADY_EXISTS = 0x80041019
WBEM_INVALID_METHOD = 0x8004102E
LOCKED = 0x40480732

CIM_STATUS = {
    WBEM_FAILED: 1, WBEM_NOT_FOUND: 6, WBEM_ACCESS_DENIED: 2, 0x80041005: 13, 0x80041008: 4, 0x8004100C: 7,
    WBEM_INVALID_NAMESPACE: 3, WBEM_INVALID_CLASS: 5, WBEM_INVALID_QUERY: 15, 0x80041018: 14,
    WBEM_ALREADY_EXISTS: 11, 0x80041024: 7, WBEM_INVALID_METHOD: 17, 0x80041031: 12, 0x8004103A: 4,
}
"""WBEM status to the CIM status code of MSFT_WmiError (reference: wsman 8)."""

AS_WMI_ERROR = {
    WBEM_INVALID_NAMESPACE, WBEM_INVALID_CLASS, WBEM_ALREADY_EXISTS, WBEM_INVALID_METHOD,
    0x80041005, 0x80041008, 0x80041031,
}
"""WBEM status that Windows shows as MSFT_WmiError when the provider attached no status object."""

FROM_WMI_ITSELF = {WBEM_INVALID_NAMESPACE, WBEM_INVALID_CLASS, WBEM_INVALID_METHOD}
"""WBEM status that WMI finds before any provider is asked, so no status object of a provider comes with it."""

OPERATIONS = {
    "Get": "GetObject", "Put": "PutInstance", "Create": "PutInstance", "Delete": "DeleteInstance",
    "Enumerate": "ExecQuery", "Pull": "ExecQuery", "Invoke": "ExecMethod", "GetClass": "GetObject",
}
"""Verb to the operation name that a status object carries."""

STATUS_BASE = ("Description", "Operation", "ParameterInfo", "ProviderName", "StatusCode")
STATUS_SMS = ("CauseInfo", "ErrorCode", "File", "Line", "ObjectInfo", "SQLMessage", "SQLSeverity", "SQLStatus")


class Fault(Exception):
    """A SOAP fault. ``shape`` is A (text), B (provider fault with status object), C (provider text), D (MSFT_WmiError).

    ``subcode`` bears its prefix (``a:``, ``w:``, ``x:``, ``n:``, or ``s:`` for a SOAP code without subcode);
    ``detail`` is the last part of a w:FaultDetail address; ``wbem`` and ``status`` fill the shapes B and D.
    """

    def __init__(
        self, subcode: str, code: int, text: str, *, sender: bool = True, detail: str | None = None,
        shape: str = "A", wbem: int | None = None, status: dict[str, t.Any] | None = None, sms: bool = False,
    ) -> None:
        super().__init__(text)
        self.subcode = subcode
        self.code = code
        self.text = text
        self.sender = sender
        self.detail = detail
        self.shape = shape
        self.wbem = wbem
        self.status = status
        self.sms = sms


class WireError(Fault):
    """A body that does not fit the class or the method."""

    def __init__(self, code: int, text: str) -> None:
        subcode = "w:SchemaValidationError" if code in (SCHEMA_VALIDATION, INVALID_XML) else "x:InvalidRepresentation"
        super().__init__(subcode, code, SORRY + text, detail=_REPRESENTATION.get(code))


_REPRESENTATION = {
    WRONG_XML_NAMESPACE: "InvalidNamespace", MISSING_VALUE: "MissingValues",
    INVALID_VALUE: "InvalidValues", UNKNOWN_NAME: "InvalidValues", PARAMETER_TYPE: "InvalidValues",
}


def soap(text: str, code: int = INVALID_SOAP) -> Fault:
    """Return the fault for an envelope that is not one."""
    return Fault("w:SchemaValidationError", code, SORRY + text)


def header_required(name: str) -> Fault:
    """Return the fault for a missing header."""
    return Fault("a:MessageInformationHeaderRequired", INVALID_SOAP, f"{SORRY}The header {name} is missing.")


def header_invalid(text: str) -> Fault:
    """Return the fault for a header that is there but wrong."""
    return Fault("a:InvalidMessageInformationHeader", INVALID_SOAP, SORRY + text)


def not_understood(name: str) -> Fault:
    """Return the fault for an unknown header that must be understood."""
    return Fault("s:MustUnderstand", INVALID_SOAP, f"{SORRY}The header {name} must be understood and is not.")


def unsupported(text: str, detail: str | None = None) -> Fault:
    """Return the fault for something the service knows and does not do."""
    return Fault("w:UnsupportedFeature", INVALID_PARAMETER, SORRY + text, detail=detail)


def options(text: str) -> Fault:
    """Return the fault for wrong options."""
    return Fault("w:InvalidOptions", INVALID_OPTIONS, SORRY + text, detail="InvalidName")


def selectors(text: str, code: int = INVALID_SELECTORS) -> Fault:
    """Return the fault for wrong selectors."""
    detail = {MISSING_SELECTOR: "InsufficientSelectors", SELECTOR_TYPE: "TypeMismatch"}.get(code, "UnexpectedSelectors")
    return Fault("w:InvalidSelectors", code, SORRY + text, detail=detail)


def resource(text: str, code: int = INVALID_URI) -> Fault:
    """Return the fault for a resource address that the service cannot use."""
    return Fault("a:DestinationUnreachable", code, SORRY + text, detail="InvalidResourceURI")


def access_denied(text: str = "Access is denied.") -> Fault:
    """Return the fault of the plug-in's own access check."""
    return Fault("w:AccessDenied", ACCESS_DENIED, text)


def from_provider(error: ProviderError, verb: str, path: str) -> Fault:
    """Turn a refusal of the provider into a fault; ``path`` goes into ParameterInfo where the provider gave none."""
    status = {"Operation": OPERATIONS.get(verb, "ExecMethod"), "ParameterInfo": path, "ProviderName": "ExtnProv"}
    status["StatusCode"] = error.wbem if error.extended is not None else None
    if error.extended:
        status.update(error.extended)
    common: dict[str, t.Any] = {"wbem": error.wbem, "status": status, "sms": error.extended is not None, "shape": "B"}
    if error.wbem == WBEM_NOT_FOUND:
        text = SORRY + "The service cannot find the resource identified by the resource URI and selectors. "
        return Fault("a:DestinationUnreachable", NOT_FOUND, text, detail="InvalidResourceURI", **common)
    if error.wbem == WBEM_ACCESS_DENIED:
        return Fault("w:AccessDenied", error.wbem, error.text or "Access is denied. ", **common)
    if error.wbem in FROM_WMI_ITSELF or (error.extended is None and error.wbem in AS_WMI_ERROR):
        return Fault("w:InternalError", error.wbem, SORRY + error.text, sender=False, shape="D", wbem=error.wbem)
    if error.wbem == WBEM_INVALID_QUERY:
        return Fault("n:CannotProcessFilter", error.wbem, SORRY + error.text, **common)
    if error.extended is None:
        status["Description"] = error.text
        return Fault("w:InternalError", error.wbem, SORRY + error.text, sender=False, **common)
    text = SORRY + "The WMI service reported that the WMI provider could not perform the requested operation. "
    code = PROVIDER_COULD_NOT if error.wbem == WBEM_FAILED else error.wbem
    return Fault("w:InternalError", code, text, sender=False, **common)


def locked(principal: str, path: str) -> ProviderError:
    """Return what the provider says about an object that another user holds (reference: provider-behaviour 9)."""
    text = f"User {principal} is not able to get the lock at this time. Error: 0x{LOCKED:08x}"
    return ProviderError(WBEM_FAILED, text, {
        "Description": text, "ErrorCode": LOCKED, "ObjectInfo": "CObjectLock", "ParameterInfo": path,
        "ProviderName": "WinMgmt", "StatusCode": WBEM_FAILED, "File": "ssputility.cpp", "Line": 3085,
    })


def render(fault: Fault, relates_to: str | None, class_base: str = DMTF_CLASS) -> bytes:
    """Write the fault's envelope. ``class_base`` is the address in front of class names (it follows the request)."""
    action = "addressing/fault" if fault.subcode.startswith("a:") else None
    action = f"http://schemas.xmlsoap.org/ws/2004/08/{action}" if action else (
        "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault")
    if fault.subcode.startswith("s:"):
        code = f"<s:Value>{fault.subcode}</s:Value>"
    else:
        value = "s:Sender" if fault.sender else "s:Receiver"
        code = f"<s:Value>{value}</s:Value><s:Subcode><s:Value>{fault.subcode}</s:Value></s:Subcode>"
    reason = "" if fault.shape in ("C", "D") else escape(fault.text)
    relates = f"<a:RelatesTo>{escape(relates_to)}</a:RelatesTo>" if relates_to else ""
    detail = f"<w:FaultDetail>{DETAIL}{fault.detail}</w:FaultDetail>" if fault.detail else ""
    text = (
        '<s:Envelope xml:lang="en-US" xmlns:s="http://www.w3.org/2003/05/soap-envelope"'
        ' xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"'
        ' xmlns:x="http://schemas.xmlsoap.org/ws/2004/09/transfer"'
        ' xmlns:e="http://schemas.xmlsoap.org/ws/2004/08/eventing"'
        ' xmlns:n="http://schemas.xmlsoap.org/ws/2004/09/enumeration"'
        ' xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"'
        ' xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd">'
        f"<s:Header><a:Action>{action}</a:Action><a:MessageID>uuid:{str(uuid.uuid4()).upper()}</a:MessageID>"
        f"<a:To>{ANONYMOUS}</a:To>{relates}</s:Header>"
        f'<s:Body><s:Fault><s:Code>{code}</s:Code><s:Reason><s:Text xml:lang="en-US">{reason}</s:Text></s:Reason>'
        f"<s:Detail>{detail}{_detail(fault, class_base)}</s:Detail></s:Fault></s:Body></s:Envelope>"
    )
    return text.encode("utf-8")


def _detail(fault: Fault, class_base: str) -> str:
    if fault.shape == "D":
        return _wmi_error(fault, class_base)
    if fault.shape == "B":
        inner = _wsman_fault(fault.code, escape(fault.text))
        message = f"<f:ProviderFault {PLUGIN}>{inner}<f:ExtendedError>{_status(fault, class_base)}</f:ExtendedError>"
        return _wsman_fault(fault.code, message + "</f:ProviderFault>")
    if fault.shape == "C":
        return _wsman_fault(fault.code, f"<f:ProviderFault {PLUGIN}>{escape(fault.text)}</f:ProviderFault>")
    return _wsman_fault(fault.code, escape(fault.text))


def _wsman_fault(code: int, message: str) -> str:
    return (
        f'<f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" Code="{code}"'
        f' Machine="{SERVER_NAME}"><f:Message>{message}</f:Message></f:WSManFault>'
    )


def _status(fault: Fault, class_base: str) -> str:
    name = "SMS_ExtendedStatus" if fault.sms else "__ExtendedStatus"
    names = sorted((*STATUS_BASE, *STATUS_SMS), key=str.casefold) if fault.sms else STATUS_BASE
    status = fault.status or {}
    parts = []
    for item in names:
        value = status.get(item)
        parts.append(f'<p:{item} xsi:nil="true"/>' if value is None else f"<p:{item}>{escape(str(value))}</p:{item}>")
    return (
        f'<p:{name} xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:p="{escape(class_base)}{name}"'
        ' xmlns:cim="http://schemas.dmtf.org/wbem/wscim/1/common"'
        f' xsi:type="p:{name}_Type">{"".join(parts)}</p:{name}>'
    )


def _wmi_error(fault: Fault, class_base: str) -> str:
    wbem = fault.wbem or WBEM_FAILED
    message = escape(fault.text)
    values: list[tuple[str, str, str | None]] = [
        ("CIMStatusCode", "UnsignedInt", str(CIM_STATUS.get(wbem, 1))),
        ("CIMStatusCodeDescription", "String", None), ("ErrorSource", "String", None),
        ("ErrorSourceFormat", "UnsignedShort", "0"), ("ErrorType", "UnsignedShort", "0"),
        ("Message", "String", message), ("MessageID", "String", f"HRESULT 0x{wbem:08x}"),
        ("OtherErrorSourceFormat", "String", None), ("OtherErrorType", "String", None),
        ("OwningEntity", "String", None), ("PerceivedSeverity", "UnsignedShort", "0"),
        ("ProbableCause", "UnsignedShort", "0"), ("ProbableCauseDescription", "String", None),
        ("error_Category", "UnsignedInt", "0"), ("error_Code", "UnsignedInt", str(wbem)),
        ("error_Type", "String", "HRESULT"), ("error_WindowsErrorMessage", "String", message),
    ]
    parts = [
        f'<p:{name} xsi:type="cim:cim{kind}" xsi:nil="true"/>' if text is None
        else f'<p:{name} xsi:type="cim:cim{kind}">{text}</p:{name}>'
        for name, kind, text in values
    ]
    return (
        '<p:MSFT_WmiError xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        ' xmlns:b="http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd"'
        f' xmlns:p="{escape(class_base)}MSFT_WmiError" xmlns:cim="http://schemas.dmtf.org/wbem/wscim/1/common"'
        f' b:IsCIM_Error="true" xsi:type="p:MSFT_WmiError_Type">{"".join(parts)}</p:MSFT_WmiError>'
    )
