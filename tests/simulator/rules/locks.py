# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SEDO locks (reference: provider-behaviour 9). A lock is user, machine and context together."""

from __future__ import annotations

import dataclasses
import re
import typing as t
import uuid

from ..objects import Dt, Obj
from .errors import FAILED, refuse

if t.TYPE_CHECKING:
    from ..provider import Site

LOCKED = 0x40480732
SEDO_CLASSES = (
    "SMS_Application", "SMS_BootImagePackage", "SMS_DriverPackage", "SMS_ImagePackage",
    "SMS_OperatingSystemInstallPackage", "SMS_Package", "SMS_TaskSequencePackage",
)
GRANTED, DENIED_ASSIGNED, DENIED_NOT_FOUND = 10, 20, 22
UNASSIGNED, ASSIGNED = 0, 1
_PATH = re.compile(r"^(?P<cls>\w+)\.(?P<key>\w+)=\"?(?P<value>[^\"]*)\"?$")


@dataclasses.dataclass(frozen=True)
class Lock:
    """A lock as GetLockInformation shows it."""

    path: str
    user: str
    machine: str
    context: str
    site_code: str
    time_utc: Dt


def hold(site: Site, path: str, user: str, machine: str = "ADMIN-PC", context: str | None = None) -> None:
    """Put somebody's lock on an object, as an open console elsewhere would (for tests and the control port)."""
    context = context or "{" + str(uuid.uuid4()).upper() + "}"
    site.store.side("locks")[path.casefold()] = Lock(path, user, machine, context, site.code, site.now())


def drop(site: Site, path: str) -> bool:
    """Take a lock away, whoever holds it."""
    return site.store.side("locks").pop(path.casefold(), None) is not None


def check(site: Site, row: Obj, operation: str) -> None:
    """Refuse a save of an object that someone else, or another context of the same user, has locked."""
    if not any(site.schema.is_a(row.class_name, name) for name in SEDO_CLASSES):
        return
    path = site.path_of(row)
    lock = site.store.side("locks").get(path.casefold())
    if lock is None or _mine(site, lock):
        return
    text = f"User {site.principal} is not able to get the lock at this time. Error: 0x{LOCKED:08X}"
    site.note("locked", key=path, owner=lock.user)
    raise refuse(FAILED, text, operation="ExecMethod" if operation == "ExecMethod" else operation, parameter=path,
                 code=LOCKED, ObjectInfo="CObjectLock", ProviderName="WinMgmt", File="ssputility.cpp", Line=6033)


def _mine(site: Site, lock: Lock) -> bool:
    return (lock.user.casefold() == site.principal.casefold()
            and lock.context == site.context.get("ObjectLockContext", "")
            and lock.machine == site.context.get("MachineName", lock.machine))


def _exists(site: Site, path: str) -> bool:
    match = _PATH.match(path)
    if match is None or site.schema.get(match["cls"]) is None:
        return False
    value: t.Any = int(match["value"]) if match["key"] == "CI_ID" and match["value"].isdigit() else match["value"]
    return site.store.peek(match["cls"], (value,)) is not None


def _shown(lock: Lock | None) -> dict[str, t.Any]:
    if lock is None:
        return {"LockState": UNASSIGNED, "AssignedUser": "", "AssignedObjectLockContext": "", "AssignedMachine": "",
                "AssignedSiteCode": "", "AssignedTimeUTC": None}
    return {"LockState": ASSIGNED, "AssignedUser": lock.user, "AssignedObjectLockContext": lock.context,
            "AssignedMachine": lock.machine, "AssignedSiteCode": lock.site_code, "AssignedTimeUTC": lock.time_utc}


def request_lock(site: Site, _keys: t.Any, params: dict[str, t.Any]) -> dict[str, t.Any]:
    """SMS_ObjectLock.RequestLock."""
    path = params.get("ObjectRelPath") or ""
    locks = site.store.side("locks")
    lock = locks.get(path.casefold())
    if not _exists(site, path):
        state = DENIED_NOT_FOUND
    elif lock is not None and not _mine(site, lock):
        state = DENIED_ASSIGNED
    else:
        state = GRANTED
        lock = Lock(path, site.principal, site.context.get("MachineName", ""),
                    site.context.get("ObjectLockContext", ""), site.code, site.now())
        locks[path.casefold()] = lock
    request = "{" + str(uuid.uuid4()).upper() + "}"
    site.store.side("lock_requests")[request] = (path, state)
    return {"ReturnValue": 0, "RequestID": request, "RequestState": state, **_shown(lock)}


def check_request(site: Site, _keys: t.Any, params: dict[str, t.Any]) -> dict[str, t.Any]:
    """SMS_ObjectLock.CheckLockRequest."""
    path, state = site.store.side("lock_requests").get(params.get("RequestID"), ("", 52))
    return {"ReturnValue": 0, "RequestState": state, **_shown(site.store.side("locks").get(path.casefold()))}


def lock_information(site: Site, _keys: t.Any, params: dict[str, t.Any]) -> dict[str, t.Any]:
    """SMS_ObjectLock.GetLockInformation."""
    path = params.get("ObjectRelPath") or ""
    return {"ReturnValue": 0, **_shown(site.store.side("locks").get(path.casefold()))}


def release_lock(site: Site, _keys: t.Any, params: dict[str, t.Any]) -> dict[str, t.Any]:
    """SMS_ObjectLock.ReleaseLock: only the holder can."""
    path = params.get("ObjectRelPath") or ""
    lock = site.store.side("locks").get(path.casefold())
    if lock is not None and not _mine(site, lock):
        raise refuse(FAILED, f"User {site.principal} does not hold the lock", operation="ExecMethod", parameter=path,
                     code=LOCKED, ObjectInfo="CObjectLock", ProviderName="WinMgmt")
    drop(site, path)
    return {"ReturnValue": 0}


def release_all(site: Site, _keys: t.Any, _params: dict[str, t.Any]) -> dict[str, t.Any]:
    """SMS_ObjectLock.ReleaseAllLocks of the calling context."""
    for lock in list(site.store.side("locks").values()):
        if _mine(site, lock):
            drop(site, lock.path)
    return {"ReturnValue": 0}


HANDLERS = {
    ("SMS_ObjectLock", "RequestLock"): request_lock,
    ("SMS_ObjectLock", "CheckLockRequest"): check_request,
    ("SMS_ObjectLock", "GetLockInformation"): lock_information,
    ("SMS_ObjectLock", "ReleaseLock"): release_lock,
    ("SMS_ObjectLock", "ReleaseAllLocks"): release_all,
}
