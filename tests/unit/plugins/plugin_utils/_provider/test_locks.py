# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Explicit locks: when they are asked for, in which context, and that they are always given back."""

from __future__ import annotations

import contextlib
import typing as t

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils import _errors as errors
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.client import MethodResult
from ansible_collections.configmgr.osd.plugins.plugin_utils._provider import locks

PATH = 'SMS_Package.PackageID="P0100001"'


class FakeCim:
    """Notes the calls and the context that they were made in."""

    def __init__(self, state: int = 10, **owner: str) -> None:
        self.wsman = self
        self.state = state
        self.owner = owner
        self.calls: list[str] = []
        self.contexts: list[dict[str, str]] = []
        self.failures: dict[str, Exception] = {}
        self._context: dict[str, str] = {}

    @contextlib.contextmanager
    def in_context(self, values: t.Mapping[str, str]) -> t.Iterator[None]:
        self._context = dict(values)
        yield
        self._context = {}

    def invoke(self, _class_name: str, method: str, params: t.Mapping[str, t.Any]) -> MethodResult:
        self.calls.append(method)
        self.contexts.append(self._context)
        if method in self.failures:
            raise self.failures[method]
        assert params["ObjectRelPath"] == PATH
        return MethodResult(0, {"RequestState": self.state, **self.owner})


def hold(cim: t.Any, path: str | None = PATH, *, wanted: bool = True) -> locks.Hold:
    return locks.Hold(cim, path, wanted=wanted)


def test_request_write_release_in_one_context() -> None:
    cim = FakeCim()
    with hold(cim):
        assert cim.calls == ["RequestLock"]
    assert cim.calls == ["RequestLock", "ReleaseLock"]
    assert cim.contexts[0] == cim.contexts[1] and set(cim.contexts[0]) == {"ObjectLockContext", "MachineName"}
    assert cim._context == {}


def test_every_write_has_a_context_of_its_own() -> None:
    cim = FakeCim()
    for _again in range(2):
        with hold(cim):
            pass
    assert cim.contexts[0] != cim.contexts[2]


@pytest.mark.parametrize(("path", "wanted"), [(PATH, False), ('SMS_Advertisement.AdvertisementID="P0120000"', True)])
def test_nothing_to_lock(path: str, wanted: bool) -> None:
    cim = FakeCim()
    with hold(cim, path, wanted=wanted):
        pass
    assert cim.calls == []


def test_a_new_object_is_only_given_back() -> None:
    cim = FakeCim()
    with hold(cim, None) as lock:
        lock.path = PATH
    assert cim.calls == ["ReleaseLock"] and cim.contexts[0]
    with hold(cim, None):
        pass
    assert cim.calls == ["ReleaseLock"]


def test_released_after_a_failure_whatever_the_release_says() -> None:
    cim = FakeCim()
    cim.failures["ReleaseLock"] = errors.ServerFault("no such lock")
    with pytest.raises(ValueError, match="disk"), hold(cim):
        raise ValueError("disk")
    assert cim.calls[-1] == "ReleaseLock"


@pytest.mark.parametrize("state", sorted(locks.GRANTED))
def test_granted(state: int) -> None:
    with hold(FakeCim(state)):
        pass


def test_somebody_else_has_it() -> None:
    cim = FakeCim(20, AssignedUser=r"CORP\alice", AssignedMachine="WS-042", AssignedTimeUTC="20250601080910.000000+000")
    with pytest.raises(errors.ObjectLocked, match=r"CORP\\alice on WS-042 since 2025-06-01 08:09 \(UTC\)"), hold(cim):
        pass
    assert cim.calls == ["RequestLock"] and cim._context == {}


@pytest.mark.parametrize("state", [0, 2, 3, 21, 22, 23, 24, 50, 52, 53, None])
def test_not_given(state: int | None) -> None:
    with pytest.raises(errors.ObjectLocked, match=f"RequestState {state}"), hold(FakeCim(t.cast(int, state))):
        pass


@pytest.mark.parametrize("lost", [errors.OutcomeUnknown("lost"), errors.OperationTimeout("late")])
def test_a_request_without_an_answer_is_taken_back(lost: Exception) -> None:
    cim = FakeCim()
    cim.failures["RequestLock"] = lost
    with pytest.raises(errors.NotAsWritten, match="nothing was saved"), hold(cim):
        pass
    assert cim.calls == ["RequestLock", "ReleaseLock"]
