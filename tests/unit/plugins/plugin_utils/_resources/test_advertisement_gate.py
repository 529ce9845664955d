# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The gate: what reaches far is refused until it is confirmed, on create, in place, and when replaced."""

from __future__ import annotations

import datetime
import typing as t

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils import _errors as errors
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.instance import CimDatetime
from ansible_collections.configmgr.osd.plugins.plugin_utils._provider.references import parse_ref
from ansible_collections.configmgr.osd.plugins.plugin_utils._provider.times import Moment
from ansible_collections.configmgr.osd.plugins.plugin_utils._resources import _adv_gate as gate

from .advertisement_support import advert, play, required

FAR = Moment(datetime.datetime(2099, 1, 1), False)
PAST = Moment(datetime.datetime(2001, 1, 1), False)
ALL = {"CollectionID": "SMS00001"}


def state(purpose: str, visible: str, begin: Moment | None = None) -> dict[str, t.Any]:
    return {"purpose": purpose, "make_available_to": visible, "available_at": begin}


@pytest.mark.parametrize(
    ("purpose", "visible", "collection", "begin", "count"),
    [
        ("available", "clients", "SMS00001", None, 0),
        ("available", "media_pxe", "SMS00001", None, 1),
        ("available", "clients_media_pxe", "smsdm003", None, 1),
        ("required", "clients", "SMS00001", None, 1),
        ("required", "media_pxe_hidden", "SMS00001", None, 1),
        ("required", "media_pxe_hidden", "SMS00001", FAR, 2),
        # The standard bare-metal case is available; a required one installs every unknown machine.
        ("available", "media_pxe", "SMS000US", None, 0),
        ("available", "clients_media_pxe", "SMS000US", FAR, 0),
        ("required", "clients", "SMS000US", None, 1),
        ("required", "media_pxe", "P0100021", None, 0),
        ("required", "media_pxe", "P0100021", PAST, 0),
        ("required", "media_pxe", "P0100021", FAR, 1),
        ("required", "media_pxe", "P0100021", Moment(FAR.clock, True), 1),
        ("required", "clients", "P0100021", FAR, 0),
        ("available", "media_pxe", "P0100021", FAR, 0),
    ],
)
def test_reasons(purpose: str, visible: str, collection: str, begin: Moment | None, count: int) -> None:
    assert len(gate.reasons(state(purpose, visible, begin), collection, "x")) == count


@pytest.mark.parametrize(
    ("confirm", "asked", "passes"),
    [
        (None, 1, False),
        ("Kiosks", 1, False),
        ("all systems", 1, False),
        ("All Systems", 1, True),
        ("SMS00001", 0, True),
    ],
)
def test_the_name_is_looked_up_only_where_it_counts(confirm: str | None, asked: int, passes: bool) -> None:
    calls = []

    def name() -> str:
        calls.append(1)
        return "All Systems"

    gate.check(state("available", "clients"), "SMS00001", confirm, name)
    assert not calls
    if passes:
        gate.check(state("required", "clients"), "SMS00001", confirm, name)
    else:
        with pytest.raises(errors.GateRefused, match='confirm: "All Systems" says that this is meant'):
            gate.check(state("required", "clients"), "SMS00001", confirm, name)
    assert len(calls) == asked


@pytest.mark.parametrize("collection", ["All Systems", {"id": "SMS00001"}])
def test_on_create(collection: t.Any) -> None:
    params: dict[str, t.Any] = {
        "name": "x", "task_sequence": "Windows 11", "collection": collection, "purpose": "required",
        "rerun": "never", "assignments": ["log_on"],
    }  # fmt: skip
    for check in (True, False):
        run = play(**params, check=check)
        with pytest.raises(errors.GateRefused, match="the collection All Systems is built in"):
            run()
        assert not run.cim.writes()
    assert play(**params, confirm="All Systems")().changed
    assert play(**params, confirm="SMS00001")().changed


@pytest.mark.parametrize(
    "params",
    [
        {"purpose": "required", "rerun": "never", "assignments": ["log_on"]},
        {"make_available_to": "media_pxe", "content": "as_needed"},
    ],
)
def test_in_place(params: dict[str, t.Any]) -> None:
    """A change that starts something, or shows it to more, counts as a creation."""
    with pytest.raises(errors.GateRefused):
        play(advert(**ALL), name="Rollout", **params)()
    assert play(advert(**ALL), name="Rollout", **params, confirm="All Systems")().changed


@pytest.mark.parametrize(
    "params",
    [
        {"assignments": ["as_soon_as_possible"]},
        {"assignments": [{"at": "2025-06-02 22:00"}, {"at": "2031-06-02 22:00"}]},
        {"rerun": "never"},
        {"available_at": ""},
        {"expires_at": ""},
        {"expires_at": "2032-01-01"},
        {"make_available_to": "clients_media_pxe", "content": "as_needed"},
    ],
)
def test_what_starts_a_required_one_again(params: dict[str, t.Any]) -> None:
    live = required(
        **ALL,
        PresentTime=CimDatetime("20250101000000.000000+***"),
        ExpirationTime=CimDatetime("20310101000000.000000+***"),
        ExpirationTimeEnabled=True,
    )
    with pytest.raises(errors.GateRefused):
        play(live, name="Rollout", **params)()


@pytest.mark.parametrize(
    "params",
    [
        {"comment": "x"},
        {"content": "run_from_dp"},
        {"expires_at": "2030-01-01"},
        {"purpose": "available"},
        {"comment": "x", "assignments": [{"at": "2025-06-02 22:00"}]},
    ],
)
def test_what_starts_nothing(params: dict[str, t.Any]) -> None:
    live = required(
        **ALL,
        ExpirationTime=CimDatetime("20310101000000.000000+***"),
        ExpirationTimeEnabled=True,
        AdvertFlags=0x008B0000,
    )
    assert play(live, name="Rollout", **params)().changed


def test_hiding_needs_no_confirmation() -> None:
    live = advert(**ALL, AdvertFlags=0x40000, RemoteClientFlags=0x8B00)
    assert play(live, name="Rollout", make_available_to="clients")().changed


def test_a_time_that_pxe_ignores() -> None:
    live = required(AdvertFlags=0x40000, RemoteClientFlags=0x8B00)
    for check in (True, False):
        with pytest.raises(errors.GateRefused, match="ignore available_at"):
            play(live, name="Rollout", available_at="2099-01-01", check=check)()
    assert play(live, name="Rollout", available_at="2099-01-01", confirm="Kiosks")().changed


def test_when_replaced() -> None:
    params: dict[str, t.Any] = {"collection": "All Systems", "rerun": "never", "allow_replace": True}
    run = play(required(), name="Rollout", **params)
    with pytest.raises(errors.GateRefused):
        run()
    assert not run.cim.writes()
    assert play(required(), name="Rollout", **params, confirm="All Systems")().changed


def test_what_is_so_already_needs_no_confirmation() -> None:
    """A second run is not asked again."""
    live = required(**ALL)
    params = {"purpose": "required", "assignments": [{"at": "2025-06-02 22:00"}], "collection": "All Systems"}
    assert not play(live, name="Rollout", **params)().changed


@pytest.mark.parametrize("own", ["SMS000US", "sms000us", "SMSDM003", "SMS00001", "P0100021"])
def test_ids_of_built_in_collections(own: str) -> None:
    """Not all of them are numbers."""
    for value in ({"id": own}, f"id:{own}"):
        assert parse_ref(value, "collection", "collection").id == own.upper()
    with pytest.raises(errors.InvalidInput, match="is not the ID of a collection"):
        parse_ref({"id": "P010002X"}, "collection", "collection")
