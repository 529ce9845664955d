# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SEDO locks: who holds one, and holding one for a write (reference: provider-behaviour 1.3 and 9).

The provider takes a free lock by itself when an object is saved, so nothing here runs by default. With
``compatibility.explicit_lock`` the lock is requested first; the context that it belongs to travels as WS-Man options
``wmi:...`` with the request, the save and the release. Whether it reaches the provider is unknown [U].
"""

from __future__ import annotations

import contextlib
import socket
import typing as t
import uuid

from .._cim.client import CimClient
from .._errors import ConfigMgrError, NotAsWritten, ObjectLocked, OperationTimeout, OutcomeUnknown, ServerFault

LOCKED = 0x40480732
GRANTED = frozenset((10, 11, 12))
"""``RequestState`` of a lock that was given: at once, after a time-out, after it was orphaned."""
DENIED_ASSIGNED = 20

CLASSES = frozenset(
    (
        "SMS_Application",
        "SMS_BootImagePackage",
        "SMS_DriverPackage",
        "SMS_ImagePackage",
        "SMS_OperatingSystemInstallPackage",
        "SMS_Package",
        "SMS_TaskSequencePackage",
    )
)
"""What has locks among the classes that are written here; advertisements and programs have none."""


def explain(cim: CimClient, error: ServerFault, path: str | None) -> ServerFault:
    """Add to a lock error who holds the lock; other errors come back as they are. ``path`` is relative."""
    if not path or not (isinstance(error, ObjectLocked) or error.sms_error_code == LOCKED):
        return error
    try:
        out = cim.invoke("SMS_ObjectLock", "GetLockInformation", {"ObjectRelPath": path}).out
    except ConfigMgrError:
        out = {}
    return ObjectLocked(
        _refusal(path, out),
        wmi_class=error.wmi_class,
        method=error.method,
        hresult=error.hresult,
        sms_error_code=error.sms_error_code,
        detail=error.detail,
        attempted=error.attempted,
    )


class Hold:
    """The lock of one object, for the time of one write; ``path`` is the relative path of the object.

    Costs a RequestLock before and a ReleaseLock after, for classes that have locks. A new object has no path at
    first: what the write leaves locked is given back when ``path`` is set on the way. Without ``wanted`` nothing
    happens at all. Entering raises :class:`ObjectLocked` when somebody else has the lock.
    """

    def __init__(self, cim: CimClient, path: str | None, *, wanted: bool) -> None:
        self.path = path
        self._cim = cim
        self._wanted = wanted and (not path or path.partition(".")[0] in CLASSES)
        self._context = contextlib.ExitStack()

    def __enter__(self) -> Hold:
        if self._wanted:
            self._context.enter_context(self._cim.wsman.in_context(_identity()))
        if self._wanted and self.path:
            try:
                _request(self._cim, self.path)
            except ConfigMgrError:
                self._context.close()
                raise
        return self

    def __exit__(self, *_problem: object) -> None:
        with self._context:
            if self._wanted and self.path:
                _release(self._cim, self.path)


def _identity() -> dict[str, str]:
    return {"ObjectLockContext": "{" + str(uuid.uuid4()).upper() + "}", "MachineName": socket.gethostname()}


def _request(cim: CimClient, path: str) -> None:
    try:
        out = cim.invoke("SMS_ObjectLock", "RequestLock", {"ObjectRelPath": path, "RequestTransfer": False}).out
    except (OutcomeUnknown, OperationTimeout) as lost:
        _release(cim, path)
        problem: ConfigMgrError = NotAsWritten(
            f"The lock of {path} could not be requested; nothing was saved. {lost.message}",
            wmi_class="SMS_ObjectLock",
            method="RequestLock",
            detail=lost.detail,
        )
    else:
        state = out.get("RequestState")
        if state in GRANTED:
            return
        text = f"The lock of {path} was not given (RequestState {state}); nothing was saved."
        problem = ObjectLocked(
            _refusal(path, out) if state == DENIED_ASSIGNED else text, wmi_class="SMS_ObjectLock", method="RequestLock"
        )
    raise problem


def _release(cim: CimClient, path: str) -> None:
    # A save gives the lock back by itself, and a deleted object has none: a refusal here means nothing.
    with contextlib.suppress(ConfigMgrError):
        cim.invoke("SMS_ObjectLock", "ReleaseLock", {"ObjectRelPath": path})


def _refusal(path: str, out: t.Mapping[str, t.Any]) -> str:
    owner = ""
    if out.get("AssignedUser"):
        owner = f" It is locked by {out['AssignedUser']}"
        owner += f" on {out['AssignedMachine']}" if out.get("AssignedMachine") else ""
        owner += f" since {_clock(str(out['AssignedTimeUTC']))} (UTC)" if out.get("AssignedTimeUTC") else ""
        owner += "."
    return (
        f"{path} is being edited by somebody else; nothing was saved.{owner} "
        "Close it in that console, or wait: a lock that was left behind ends after 30 minutes."
    )


def _clock(stamp: str) -> str:
    """Return the digits of a CIM timestamp as a person reads them."""
    return f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]} {stamp[8:10]}:{stamp[10:12]}"
