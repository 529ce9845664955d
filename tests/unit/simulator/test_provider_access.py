# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Locks and role-based access."""

from __future__ import annotations

import pytest
from ansible_collections.configmgr.osd.tests.simulator.objects import Obj
from ansible_collections.configmgr.osd.tests.simulator.provider import Site
from ansible_collections.configmgr.osd.tests.simulator.rules.access import Account
from ansible_collections.configmgr.osd.tests.unit.simulator.provider_support import (
    ADVERTISEMENT,
    DENIED,
    FAILED,
    NOT_FOUND,
    PACKAGE,
    STANDARD,
    TASK_SEQUENCE,
    advertisement,
    package,
    program,
    refused,
    save,
    task_sequence,
)

PATH = f'SMS_TaskSequencePackage.PackageID="{STANDARD}"'
KEY = {"PackageID": STANDARD}
LOCKED = 0x40480732


@pytest.fixture
def site() -> Site:
    return Site()


def lock_state(site: Site, method: str = "GetLockInformation", path: str = PATH) -> dict:
    return site.invoke(site.namespace, "SMS_ObjectLock", method, None, {"ObjectRelPath": path})


def test_someone_elses_lock_stops_every_save_with_the_observed_status(site: Site) -> None:
    site.hold_lock(PATH, "CORP\\jane", "JANE-PC")
    row = site.get(site.namespace, TASK_SEQUENCE, KEY)
    with refused(FAILED, PATH) as caught:
        site.put(site.namespace, TASK_SEQUENCE, KEY, row, [])
    extended = caught.value.extended
    assert extended is not None and extended["ErrorCode"] == LOCKED == 1078462258
    assert extended["StatusCode"] == 2147749889 and extended["ObjectInfo"] == "CObjectLock"
    assert extended["ProviderName"] == "WinMgmt"
    assert extended["Description"] == (
        "User CORP\\svc-ansible is not able to get the lock at this time. Error: 0x40480732"
    )
    with refused(FAILED, PATH):
        save(site, row, False)
    with refused(FAILED, PATH):
        site.delete(site.namespace, TASK_SEQUENCE, KEY)
    facts = lock_state(site)
    assert (facts["LockState"], facts["AssignedUser"], facts["AssignedMachine"]) == (1, "CORP\\jane", "JANE-PC")
    assert facts["AssignedTimeUTC"].endswith("+***")
    assert site.drop_lock(PATH) and not site.drop_lock(PATH)
    site.put(site.namespace, TASK_SEQUENCE, KEY, row, [])
    assert lock_state(site)["LockState"] == 0


def test_the_same_user_in_another_context_is_locked_out_too(site: Site) -> None:
    context = {"ObjectLockContext": "{11111111-2222-3333-4444-555555555555}", "MachineName": "NODE"}
    row = site.get(site.namespace, TASK_SEQUENCE, KEY)
    with site.acting("CORP\\svc-ansible", context):
        assert lock_state(site, "RequestLock")["RequestState"] == 10
        assert lock_state(site, "RequestLock")["RequestState"] == 10
    assert lock_state(site, "RequestLock")["RequestState"] == 20
    with refused(FAILED, PATH):
        site.put(site.namespace, TASK_SEQUENCE, KEY, row, [])
    with refused(FAILED, PATH):
        lock_state(site, "ReleaseLock")
    with site.acting("CORP\\svc-ansible", context):
        site.put(site.namespace, TASK_SEQUENCE, KEY, row, [])
        site.invoke(site.namespace, "SMS_ObjectLock", "ReleaseAllLocks", None, {})
    assert lock_state(site)["LockState"] == 0


def test_requests_for_what_is_not_there(site: Site) -> None:
    answer = lock_state(site, "RequestLock", 'SMS_TaskSequencePackage.PackageID="PS1FFFFF"')
    assert (answer["RequestState"], answer["LockState"]) == (22, 0)
    again = site.invoke(site.namespace, "SMS_ObjectLock", "CheckLockRequest", None, {"RequestID": answer["RequestID"]})
    assert again["RequestState"] == 22
    none = site.invoke(site.namespace, "SMS_ObjectLock", "CheckLockRequest", None, {"RequestID": "{0}"})
    assert none["RequestState"] == 52


def test_advertisements_know_no_locks(site: Site) -> None:
    site.hold_lock('SMS_Advertisement.AdvertisementID="PS120000"', "CORP\\jane")
    site.delete(site.namespace, ADVERTISEMENT, {"AdvertisementID": "PS120000"})


def test_a_reader_reads_and_writes_nothing(site: Site) -> None:
    with site.acting("corp\\VIEWER"):
        row = site.get(site.namespace, TASK_SEQUENCE, KEY)
        for call in (
            lambda: site.put(site.namespace, TASK_SEQUENCE, KEY, row, []),
            lambda: site.delete(site.namespace, TASK_SEQUENCE, KEY),
            lambda: site.create(site.namespace, package()),
            lambda: site.create(site.namespace, program()),
            lambda: site.create(site.namespace, advertisement()),
            lambda: save(site, task_sequence()),
        ):
            with refused(DENIED):
                call()
    assert {note["kind"] for note in site.notes} == {"access_denied"}
    assert site.get(site.namespace, TASK_SEQUENCE, KEY) == row


def test_an_account_without_rights_is_refused_everything(site: Site) -> None:
    with site.acting("CORP\\nobody"):
        for call in (
            lambda: site.get(site.namespace, TASK_SEQUENCE, KEY),
            lambda: site.query(site.namespace, "SELECT PackageID FROM SMS_Package"),
            lambda: site.enumerate(site.namespace, "SMS_Site"),
            lambda: lock_state(site),
        ):
            with refused(DENIED):
                call()


def test_scopes_hide_rows_as_if_they_were_not_there(site: Site) -> None:
    def names(class_name: str, prop: str) -> set[str]:
        return {row.props[prop] for row in site.query(site.namespace, f"SELECT {prop} FROM {class_name}").objs}

    with site.acting("CORP\\svc-finance"):
        assert names(PACKAGE, "Name") == {"Finance Ledger Client"}
        assert names("SMS_Program", "PackageID") == {"PS100019"}
        assert names(TASK_SEQUENCE, "Name") == {"Finance - Applications"}
        assert names(ADVERTISEMENT, "AdvertisementID") == {"PS120002"}
        assert names("SMS_Collection", "CollectionID") == {"PS100014", "PS100015"}
        assert names("SMS_SecuredCategory", "CategoryName") == {"Finance"}
        assert names("SMS_ApplicationLatest", "LocalizedDisplayName") == {"Fabrikam Ledger"}
        assert names("SMS_TaskSequencePackageReference", "PackageID") == {"PS100040"}
        assert "PS100010" not in names("SMS_PackageStatusRootSummarizer", "PackageID")
        assert len(names("SMS_SupportedPlatforms", "DisplayText")) > 5
        with refused(NOT_FOUND):
            site.get(site.namespace, TASK_SEQUENCE, KEY)
        with refused(NOT_FOUND):
            site.delete(site.namespace, TASK_SEQUENCE, KEY)
        with refused(FAILED, "PackageID"):
            site.create(site.namespace, program())
        with refused(FAILED, "PackageID"):
            site.create(site.namespace, advertisement())
        with refused(FAILED, "CollectionID"):
            site.create(site.namespace, advertisement(PackageID="PS100040", CollectionID="SMS00001"))
        site.switches.update({"hidden_get": "denied"})
        with refused(DENIED):
            site.get(site.namespace, TASK_SEQUENCE, KEY)
    assert site.get(site.namespace, TASK_SEQUENCE, KEY)


def test_what_a_narrow_account_makes_gets_its_scopes_and_twins_are_possible(site: Site) -> None:
    with site.acting("CORP\\svc-finance"):
        assert site.query(site.namespace, "SELECT * FROM SMS_Package WHERE Name = 'Monitoring Agent'").objs == []
        key = site.create(site.namespace, package(Name="Monitoring Agent"))
        assert site.get(site.namespace, PACKAGE, key).props["SecuredScopeNames"] == ["Finance"]
    found = site.query(site.namespace, "SELECT PackageID FROM SMS_Package WHERE Name = 'Monitoring Agent'").objs
    assert len(found) == 2


def test_an_unknown_account_has_full_rights_and_acting_nests(site: Site) -> None:
    with site.acting("CORP\\new"):
        assert site.account == Account("CORP\\new")
        with site.acting("CORP\\viewer", {"MachineName": "X"}):
            assert (site.principal, site.context) == ("CORP\\viewer", {"MachineName": "X"})
        assert (site.principal, site.context) == ("CORP\\new", {})
    assert site.principal == "CORP\\svc-ansible"


def test_permissions_can_be_asked_for(site: Site) -> None:
    obj = Obj("SMS_Package", {"PackageID": "PS100010"})
    call = (site.namespace, "SMS_RbacSecuredObject", "UserHasPermissions", None, {"ObjectPath": obj, "Permissions": 2})
    assert site.invoke(*call) == {"ReturnValue": True}
    with site.acting("CORP\\viewer"):
        assert site.invoke(*call) == {"ReturnValue": False}
    with refused(FAILED, "ObjectPath"):
        site.invoke(*call[:4], {"Permissions": 2})
