# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of the simulated SMS Provider share."""

from __future__ import annotations

import contextlib
import typing as t

import pytest
from ansible_collections.configmgr.osd.tests.simulator.objects import Dt, Obj, ProviderError
from ansible_collections.configmgr.osd.tests.simulator.provider import Site

PACKAGE = "SMS_Package"
PROGRAM = "SMS_Program"
TASK_SEQUENCE = "SMS_TaskSequencePackage"
ADVERTISEMENT = "SMS_Advertisement"
FAILED = 0x80041001
NOT_FOUND = 0x80041002
DENIED = 0x80041003
STANDARD = "PS100041"
NEVER = Dt("19900101000000.000000+***")


@contextlib.contextmanager
def refused(wbem: int, parameter: str | None = None, text: str = "") -> t.Iterator[pytest.ExceptionInfo[ProviderError]]:
    """Expect a refusal that carries a complete SMS_ExtendedStatus."""
    with pytest.raises(ProviderError) as caught:
        yield caught
    error = caught.value
    assert f"0x{error.wbem:08X}" == f"0x{wbem:08X}", error.text
    assert text in error.text
    assert error.extended is not None
    for name in ("ErrorCode", "Description", "ParameterInfo", "Operation", "ProviderName", "StatusCode"):
        assert error.extended.get(name) not in (None, ""), (name, error.extended)
    assert error.extended["StatusCode"] == wbem
    if parameter is not None:
        assert error.extended["ParameterInfo"] == parameter


def kinds(site: Site) -> list[str]:
    """Return the kinds of the notes that the site has written."""
    return [note["kind"] for note in site.notes]


def package(**props: t.Any) -> Obj:
    """Return a package as a careful client sends a new one."""
    return Obj(
        PACKAGE,
        {
            "Name": "Tools",
            "Priority": 2,
            "ShareType": 1,
            "PkgSourceFlag": 1,
            "PackageType": 0,
            "ForcedDisconnectDelay": 5,
            **props,
        },
    )


def program(package_id: str = "PS100010", **props: t.Any) -> Obj:
    """Return a program as a careful client sends a new one."""
    return Obj(
        PROGRAM,
        {
            "PackageID": package_id,
            "ProgramName": "Repair",
            "CommandLine": "repair.exe",
            "ProgramFlags": 0x0910A001,
            "Duration": 15,
            **props,
        },
    )


def task_sequence(**props: t.Any) -> Obj:
    """Return a task sequence package as a careful client hands a new one to SetSequence."""
    return Obj(
        TASK_SEQUENCE,
        {
            "Name": "New one",
            "PackageType": 4,
            "ProgramFlags": 152084496,
            "Priority": 2,
            "ShareType": 1,
            "PkgSourceFlag": 1,
            "ForcedDisconnectDelay": 5,
            "Duration": 120,
            **props,
        },
    )


def advertisement(**props: t.Any) -> Obj:
    """Return an advertisement as a careful client sends a new one."""
    return Obj(
        ADVERTISEMENT,
        {
            "AdvertisementName": "Standard to the pilot",
            "CollectionID": "PS100014",
            "PackageID": STANDARD,
            "ProgramName": "*",
            "OfferType": 2,
            "Priority": 2,
            "AdvertFlags": 0x008B0000,
            "RemoteClientFlags": 0x8850,
            "IncludeSubCollection": True,
            "PresentTime": Dt("20250601080000.000000+***"),
            "PresentTimeEnabled": True,
            "ExpirationTime": NEVER,
            "ExpirationTimeEnabled": False,
            "AssignedScheduleEnabled": False,
            **props,
        },
    )


def save(site: Site, obj: Obj, is_new: bool = True, **computed: t.Any) -> Obj:
    """Save a task sequence package as SetSequence does, with an empty sequence."""
    return site.save_ts_package(obj, is_new, {"Sequence": "<sequence/>", "References": [], "Type": 1, **computed})
