# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every shape of fault becomes one exception with all its facts."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils import _errors as errors
from ansible_collections.configmgr.osd.plugins.plugin_utils._wsman import answer, faults
from tests.unit.plugins.plugin_utils._wsman import support

LOCK_TEXT = "User CORP\\\\anna is not able to get the lock at this time. Error: 0x40480732"


def extended(class_name: str = "SMS_ExtendedStatus", **properties: object) -> str:
    uri = support.CIM + class_name
    inner = "".join(
        f'<p:{name} xsi:nil="true"/>' if value is None else f"<p:{name}>{value}</p:{name}>"
        for name, value in properties.items()
    )
    return f'<p:{class_name} xmlns:p="{uri}" xsi:type="p:{class_name}_Type">{inner}</p:{class_name}>'


def wmi_error(class_name: str = "MSFT_WmiError", **properties: object) -> str:
    inner = "".join(f"<p:{name}>{value}</p:{name}>" for name, value in properties.items())
    return f'<p:{class_name} xmlns:p="urn:{class_name}">{inner}</p:{class_name}>'


def raised(detail: str, **facts: str) -> errors.ConfigMgrError:
    root = ET.fromstring(support.answer(support.fault(detail, **facts)))
    found = answer.Answer(root).fault
    assert found is not None
    return faults.read_fault(found).error("Get SMS_Package", wmi_class="SMS_Package")


def test_lock_of_another_user() -> None:
    status = extended(Description=LOCK_TEXT, ErrorCode=1078462258, StatusCode=2147749889, SQLMessage=None)
    error = raised(support.wsman_fault(2150859010, "provider failure", status))
    assert error.__class__ is errors.ObjectLocked
    assert error.sms_error_code == 0x40480732
    assert error.hresult == 0x80041001
    assert "CORP" in error.message and "0x40480732" in error.message
    assert error.detail["extended_status"]["ErrorCode"] == "1078462258"
    assert "SQLMessage" not in error.detail["extended_status"]
    assert error.detail["codes"] == ["0x80041001", "0x80338102"]
    assert error.details()["sms_error_code"] == "0x40480732"


@pytest.mark.parametrize(
    ("code", "leaf"),
    [
        (5, errors.AccessDenied),
        (0x80070005, errors.AccessDenied),
        (0x80041003, errors.AccessDenied),
        (0x80041002, errors.NotFound),
        (2150858752, errors.NotFound),
        (0x80041010, errors.InvalidClass),
        (0x8004100E, errors.InvalidClass),
        (0x8033801A, errors.InvalidClass),
        (0x80041017, errors.InvalidQuery),
        (0x80041019, errors.AlreadyExists),
        (2150858793, errors.OperationTimeout),
        (2150858815, errors.ServerBusy),
        (2150859174, errors.ServerBusy),
        (2150859240, errors.ServerBusy),
        (0x80041001, errors.ServerFault),
        (0x80338041, errors.ServerFault),
    ],
)
def test_codes(code: int, leaf: type[errors.ServerFault]) -> None:
    assert raised(support.wsman_fault(code)).__class__ is leaf
    assert raised(wmi_error(error_Code=code)).__class__ is (leaf if code >= 0x80000000 else errors.ServerFault)
    assert raised(support.wsman_fault(code)).hresult == code


@pytest.mark.parametrize(
    ("status", "leaf"),
    [
        (1, errors.ServerFault),
        (2, errors.AccessDenied),
        (3, errors.InvalidClass),
        (5, errors.InvalidClass),
        (6, errors.NotFound),
        (11, errors.AlreadyExists),
        (15, errors.InvalidQuery),
    ],
)
def test_cim_status_codes(status: int, leaf: type[errors.ServerFault]) -> None:
    error = raised(wmi_error("OMI_Error", CIMStatusCode=status, MessageID=f"OMI:MI_Result:{status}", Message="text"))
    assert error.__class__ is leaf
    assert error.hresult is None
    assert error.detail["cim_status"] == status


def test_the_specific_code_wins_over_the_general_one() -> None:
    error = raised(support.wsman_fault(0x80338102, "x", extended(StatusCode=0x80041002)))
    assert error.__class__ is errors.NotFound
    assert error.hresult == 0x80041002


def test_stale_object_version() -> None:
    status = extended(Description="SedoObjectVersion does not match", StatusCode=0x80041001)
    assert raised(support.wsman_fault(0x80338102, "x", status)).__class__ is errors.VersionConflict


def test_hresult_in_the_message_id_and_negative_numbers() -> None:
    assert raised(wmi_error(MessageID="HRESULT 0x80041010")).hresult == 0x80041010
    assert raised(wmi_error(error_Code=-2147217392)).hresult == 0x80041010


def test_subcode_alone_is_enough() -> None:
    assert raised("", subcode="w:AccessDenied").__class__ is errors.AccessDenied
    assert raised("", subcode="wsman:TimedOut").__class__ is errors.OperationTimeout


def test_text_of_the_provider_comes_first() -> None:
    status = extended("__ExtendedStatus", Description="the provider says", ProviderName="ExtnProv")
    error = raised(support.wsman_fault(0x80338102, "WinRM says", status), reason="reason")
    assert error.message == "Get SMS_Package: the provider says (0x80338102)."
    assert error.detail["texts"] == ["WinRM says"]
    assert "WinRM says" in raised(support.wsman_fault(0x80338102, "WinRM says"), reason="reason").message
    assert "reason" in raised("", reason="reason").message


def test_an_empty_fault_still_says_something() -> None:
    root = ET.fromstring(f'<s:Fault xmlns:s="{support.SOAP}"/>')
    assert faults.read_fault(root).error("Get X").message == "Get X: the server refused the request."


CAPTURES = {
    "windows/omi_fault_notfound_extendedstatus.xml": (errors.NotFound, 0x80338000),
    "windows/omi_fault_timedout.xml": (errors.OperationTimeout, 0x80338029),
    "windows/omi_fault_internalerror_providerfault_text.xml": (errors.ServerFault, 0x80540FA0),
    "windows/pysammwr_cimerror.xml": (errors.InvalidClass, 0x80041010),
    "windows/txwinrm_fault_max_concurrent.xml": (errors.ServerBusy, 0x803381A6),
    "omi/011_create_duplicate.response.xml": (errors.AlreadyExists, None),
    "omi/032_get_not_found.response.xml": (errors.NotFound, None),
    "omi/033_get_unknown_class.response.xml": (errors.InvalidClass, None),
    "omi/034_get_unknown_namespace.response.xml": (errors.InvalidClass, None),
    "omi/075_wql_syntax_error.response.xml": (errors.InvalidQuery, None),
    "omi/043_get_fragment_transfer_mustUnderstand.response.xml": (errors.ServerFault, None),
    "omi/063_pull_after_release.response.xml": (errors.ServerFault, None),
}


@pytest.mark.parametrize("name", CAPTURES)
def test_recorded_faults(name: str) -> None:
    body = support.shared("captures", name).read_bytes()
    if body.startswith(b"<!-- HTTP"):
        body = body.split(b"\n", 1)[1]
    found = answer.Answer(answer.parse(body)).fault
    assert found is not None
    error = faults.read_fault(found).error("X")
    leaf, hresult = CAPTURES[name]
    assert (type(error), error.hresult) == (leaf, hresult)


def test_recorded_fault_detail_without_envelope() -> None:
    path = support.shared("captures", "windows", "scvmm_fault_provider_failure_extendedstatus.xml")
    root = answer.parse(path.read_bytes())
    holder = ET.Element("Fault")
    ET.SubElement(holder, "Detail").append(root)
    error = faults.read_fault(holder).error("X")
    assert error.message == "X: WDM specific return code: 4200 (0x80338102)."
    assert error.detail["extended_status"]["Operation"] == "ExecQuery"


def test_all_recorded_answers_are_read_or_refused_cleanly() -> None:
    for path in sorted(support.shared("captures", "omi").glob("*.response.xml")):
        body = path.read_bytes().split(b"\n", 1)[1]
        try:
            found = answer.Answer(answer.parse(body))
        except errors.ProtocolError:
            # Empty bodies, and one that holds a raw latin-1 byte.
            assert not body.strip() or path.name.startswith("166_")
            continue
        if found.fault is not None:
            assert isinstance(faults.read_fault(found.fault).error("X"), errors.ServerFault)
