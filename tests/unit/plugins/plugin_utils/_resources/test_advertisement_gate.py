# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When the gate is asked: on create, in place where that starts or shows something, and when replaced."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils import _errors as errors
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.instance import CimDatetime
from tests.unit.plugins.plugin_utils.fake_site import package

from .advertisement_support import AdvertisementCim, advert, play, required, sequences
from .bench import Bench

ALL = {"CollectionID": "SMS00001"}


OPEN: dict[str, t.Any] = {"confirm": "All Systems", "max_targets": 412}


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
    outcome = play(**params, **OPEN)()
    assert outcome.changed
    assert outcome.values["gate"]["confirmed_by"] == "All Systems"
    # A name as a template gives it does not open the gate for a collection that has grown.
    for closed in ({"confirm": "All Systems"}, {"confirm": "SMS00001", "max_targets": 500}, {"max_targets": 500}):
        with pytest.raises(errors.GateRefused):
            play(**params, **closed)()


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
    assert play(advert(**ALL), name="Rollout", **params, **OPEN)().changed


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
        {"expires_at": "2031-01-01T00:00:00Z"},
        {"install_outside_maintenance_windows": True},
        {"internet_clients": True},
        {"metered_network": True},
        {"wake_on_lan": True},
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


@pytest.mark.parametrize("flags", [0x10040000, 0x30040000])
def test_from_media_to_running_devices(flags: int) -> None:
    """What only devices in Windows PE saw is required on all others from now on."""
    live = required(**ALL, AdvertFlags=flags, RemoteClientFlags=0x8B00)
    with pytest.raises(errors.GateRefused):
        play(live, name="Rollout", make_available_to="clients")()
    assert play(live, name="Rollout", make_available_to="clients", **OPEN)().changed
    offered = advert(AdvertFlags=flags, RemoteClientFlags=0x8B00)
    assert play(offered, name="Rollout", make_available_to="clients")().values["gate"]["members"] == 9


def test_an_available_one_that_clients_start_all_the_same() -> None:
    """Other software leaves such; events and schedules make it mandatory whatever OfferType says."""
    live = advert(**ALL, AdvertFlags=0x008B0200)
    with pytest.raises(errors.GateRefused, match="the deployment is required"):
        play(live, name="Rollout", assignments=["as_soon_as_possible"])()
    assert play(live, name="Rollout", comment="x")().changed


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
    assert play(required(), name="Rollout", **params, **OPEN)().changed


def test_what_is_so_already_needs_no_confirmation() -> None:
    """A second run is not asked again."""
    live = required(**ALL)
    params = {"purpose": "required", "assignments": [{"at": "2025-06-02 22:00"}], "collection": "All Systems"}
    assert not play(live, name="Rollout", **params)().changed


# -- the whole of it against the simulated site ------------------------------------------------------

DESKTOP = "Windows 11 - Standard desktop"
"""High-risk: it formats a disk and applies an image."""
REQUIRED: dict[str, t.Any] = {"purpose": "required", "rerun": "never", "assignments": ["as_soon_as_possible"]}
FORMAT = {"name": "Format", "type": "convert_disk_to_dynamic", "disk": 0}
COMMAND = {"name": "Hello", "type": "run_command_line", "command_line": "cmd.exe /c exit 0"}


@pytest.fixture
def bench() -> Bench:
    return Bench()


def ad(sequence: t.Any = DESKTOP, collection: t.Any = "OSD - Finance pilot", **more: t.Any) -> dict[str, t.Any]:
    return {"name": "Ad", "task_sequence": sequence, "collection": collection, **REQUIRED, **more}


def gets(bench: Bench) -> list[str]:
    return [text for text in bench.counted() if text.startswith("Get")]


def test_what_it_costs(bench: Bench) -> None:
    """The collection, the task sequence, the site systems; what the play led to already is not asked for again."""
    by_id = {"task_sequence": "id:PS100041", "collection": "id:PS100014"}
    done = bench.ok("cm_advertisement", **{**ad(), **by_id})
    assert len(bench.requests) == 5 + 3
    assert done["gate"]["members"] == 12
    assert done["gate"]["high_risk"] is True
    assert done["gate"]["confirmed_by"] is None
    bench.ok("cm_advertisement", **{**ad(), **by_id, "name": "Second", "purpose": "available", "assignments": []})
    assert len(bench.requests) == 5 + 2
    bench.ok("cm_advertisement", **ad(name="Third"))
    assert len(bench.requests) == 5 + 2 + 2
    assert "gate" not in bench.ok("cm_advertisement", **ad(name="Third"))
    assert len(bench.requests) == 3 + 2


def test_high_risk_and_required(bench: Bench) -> None:
    collection = {"name": "OSD - Finance"}
    assert bench.ok("cm_advertisement", **ad(collection=collection))["gate"]["members"] == 84
    for check in (True, False):
        text = bench.refused("cm_advertisement", "gate_refused", check=check,
                             **ad(name="x", collection=collection, max_targets=80))  # fmt: skip
        assert "it is high-risk, required, and reaches 84 devices" in text
        assert "formats a disk" in text
    bench.ok("cm_advertisement", **ad(name="x", collection=collection, max_targets=84, confirm="OSD - Finance"))


def test_a_collection_that_is_still_worked_out(bench: Bench) -> None:
    """Nobody is a member of a new collection yet, whatever its rules say."""
    everybody = [{"name": "All", "query": "select * from SMS_R_System"}]
    bench.ok("cm_collection", name="New", limiting_collection="All Systems", queries=everybody)
    text = bench.refused("cm_advertisement", "gate_refused", **ad(collection="New"))
    assert "has not worked out the members of New yet" in text
    bench.ok("cm_collection", name="New", wait=True)
    assert "reaches 410 devices" in bench.refused("cm_advertisement", "gate_refused", **ad(collection="New"))
    # An empty one that is ready is fine.
    bench.ok("cm_advertisement", **ad(collection="OSD - Reinstall on request"))


def test_site_systems_and_names(bench: Bench) -> None:
    """All of one query, whatever the number of patterns."""
    bench.ok(
        "cm_collection", name="Guarded", limiting_collection="All Systems", wait=True,
        direct=["CM01", "FIN-001", "KIOSK-01"],
    )  # fmt: skip
    text = bench.refused("cm_advertisement", "gate_refused", **ad(collection="Guarded"))
    assert "reaches the site systems CM01" in text
    assert "never_include" not in text
    text = bench.refused(
        "cm_advertisement", "gate_refused", **ad(collection="Guarded", never_include=["fin-*", "KIOSK-0?", "cm0_"])
    )
    assert "reaches FIN-001, KIOSK-01 (never_include)" in text
    done = bench.ok("cm_advertisement", **ad(collection="Guarded", confirm="Guarded", never_include=["FIN-*"]))
    assert done["gate"]["confirmed_by"] == "Guarded"
    assert any("never_include" in reason for reason in done["gate"]["reasons"])
    # Only for what is high-risk and required.
    bench.ok("cm_advertisement", **ad("Kiosk refresh", "Guarded", name="Harmless"))
    bench.provider.switches.update({"wql_subqueries": "refuse"})
    text = bench.refused("cm_advertisement", "gate_refused", **ad(name="y", collection="Guarded"))
    assert "reaches the site systems CM01" in text


def test_protected_collections(bench: Bench) -> None:
    named = [["osd - finance pilot"], ["id:PS100014"], [{"id": "PS100014"}], ["x", {"name": "OSD - Finance pilot"}]]
    for protected in named:
        text = bench.refused("cm_advertisement", "gate_refused", **ad(protected_collections=protected))
        assert "OSD - Finance pilot is one of protected_collections" in text
        warned = [text.partition(":")[0] for text in bench.warnings if "nothing is protected" in text]
        assert warned == (["protected_collections (x)"] if "x" in protected else [])
    bench.ok("cm_advertisement", **ad(protected_collections=["OSD - Finance"]))


def test_a_collection_that_nobody_has_counted_is_not_an_empty_one(bench: Bench) -> None:
    row = next(row for row in bench.provider.store.rows("SMS_Collection") if row.get("Name") == "OSD - Finance pilot")
    row.props["MemberCount"] = None
    bench.provider.store.save(row)
    assert "has not worked out the members" in bench.refused("cm_advertisement", "gate_refused", **ad())


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"never_include": ["x'y"]}, "never_include[0]"),
        ({"never_include": ["ok", " x"]}, "never_include[1]"),
        ({"protected_collections": [{"nam": "x"}]}, "protected_collections[0]"),
        ({"max_targets": -1}, "max_targets"),
    ],
)
def test_bad_options(bench: Bench, params: dict[str, t.Any], says: str) -> None:
    assert says in bench.refused("cm_advertisement", **ad(**params))
    assert not bench.requests


def test_children_count(bench: Bench) -> None:
    """A child's steps count, however deep, as long as the step that runs it is enabled; a loop ends."""
    run = {"name": "Run", "type": "run_task_sequence"}
    bench.ok("cm_task_sequence", name="Deep", steps=[FORMAT])
    bench.ok("cm_task_sequence", name="Middle", steps=[COMMAND, {**run, "task_sequence": "Deep"}])
    bench.ok("cm_task_sequence", name="Top", steps=[{**run, "task_sequence": "Middle"}])
    done = bench.ok("cm_advertisement", **ad("Top"))
    assert done["gate"]["high_risk"] is True
    assert "the step Format of Deep" in done["gate"]["reasons"][0]
    # The seed's own type of such a sequence is generic: only its steps say what it does.
    assert bench.package(bench.packages("Deep")[0]["PackageID"])["Type"] == 1
    bench.ok("cm_task_sequence", name="Top", steps=[{**run, "task_sequence": "Middle", "enabled": False}])
    assert bench.ok("cm_advertisement", **ad("Top", name="Second"))["gate"]["high_risk"] is False
    assert len(bench.requests) == 5 + 2 + 1


def test_marked_as_high_impact(bench: Bench) -> None:
    bench.ok("cm_task_sequence", name="Marked", steps=[COMMAND])
    row = bench.provider.store.find("SMS_TaskSequencePackage", (bench.packages("Marked")[0]["PackageID"],))
    row.props["HighImpactTaskSequence"] = 1
    bench.provider.store.save(row)
    done = bench.ok("cm_advertisement", **ad("Marked"))
    assert done["gate"]["reasons"] == ["the task sequence is marked as high-impact"]


def test_steps_that_cannot_be_read_may_do_anything(bench: Bench) -> None:
    live = package("P0100011", "Windows 11", "SMS_TaskSequencePackage", Sequence="<sequence><broken", Type=1)
    cim = AdvertisementCim(live, *sequences()[1:])
    done = play(cim=cim, name="x", task_sequence="Windows 11", collection="Kiosks", purpose="available")()
    assert done.values["gate"]["high_risk"] is True
    assert "cannot be read" in done.values["gate"]["reasons"][0]


def test_plans_of_earlier_tasks_have_no_size_yet(bench: Bench) -> None:
    planned = [
        {"kind": "task_sequence", "name": "Later", "planned": True, "package_id": None},
        {"kind": "collection", "name": "Later too", "planned": True, "collection_id": None},
    ]
    done = bench.ok("cm_advertisement", check=True, planned=planned, **ad("Later", "Later too"))
    assert done["gate"] == {"members": None, "high_risk": None, "reasons": [], "confirmed_by": None}


def test_unknown_ids_are_all_named(bench: Bench) -> None:
    params = ad({"id": "PS1FFFFF"}, {"id": "PS1FFFFE"})
    for check in (True, False):
        text = bench.refused("cm_advertisement", "unresolved_reference", check=check, **params)
        assert "PS1FFFFF" in text
        assert "PS1FFFFE" in text
