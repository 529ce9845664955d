# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of an advertisement and the bits that carry them: every option, every bit, and what must survive."""

from __future__ import annotations

import time
import typing as t

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils import _errors as errors
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.instance import CimDatetime, Instance
from ansible_collections.configmgr.osd.plugins.plugin_utils._provider import times
from ansible_collections.configmgr.osd.plugins.plugin_utils._resources import _adv_options as options
from ansible_collections.configmgr.osd.plugins.plugin_utils._resources._adv_flags import FLAGS
from hypothesis import given
from hypothesis import strategies as st

from .advertisement_support import advert, play, required, token

MANAGED_FLAGS = options.EVENT_BITS | options.VISIBILITY_BITS
MANAGED_CLIENT = options.RERUN_BITS | options.CONTENT_BITS
OFFSET = Instance(
    "SMS_ST_RecurMonthlyByWeekdayBase",
    {
        "Day": 3,
        "ForNumberOfMonths": 1,
        "OffsetDay": 4,
        "IsGMT": False,
        "StartTime": CimDatetime("20310601220000.000000+***"),
    },
)
TOKEN = {"at": "2025-06-02 22:00"}


def put(run: t.Any) -> tuple[dict[str, t.Any], list[str]]:
    """Return the object and the list of modified properties of the one Put of a task."""
    ((_verb, body, _keys, modified),) = run.cim.of("put")
    return body.properties, sorted(modified)


def change(live: Instance, **params: t.Any) -> tuple[dict[str, t.Any], list[str]]:
    run = play(live, name="Rollout", **params)
    outcome = run()
    assert outcome.changed
    again = play(name="Rollout", cim=run.cim, **params)()
    assert not again.changed
    return put(run)


# -- bits ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "word"),
    [
        (0, "clients"),
        (0x00040000, "clients_media_pxe"),
        (0x10000000, "media_pxe"),
        (0x10040000, "media_pxe"),
        (0x20000000, "media_pxe_hidden"),
        (0x20040000, "media_pxe_hidden"),
        (0x30000000, "media_pxe_hidden"),
        (0x30040000, "media_pxe_hidden"),
    ],
)
def test_visibility_is_read_in_the_order_of_the_report(flags: int, word: str) -> None:
    """Reference: provider-behaviour 4.3; the two forms of a word are no drift."""
    live = advert(AdvertFlags=options.NATIVE_ADVERT_FLAGS | flags, RemoteClientFlags=0x8B00)
    assert options.state_of(live)["make_available_to"] == word
    assert not play(live, name="Rollout", make_available_to=word)().changed


@pytest.mark.parametrize(
    ("word", "flags"),
    [("clients", 0), ("clients_media_pxe", 0x40000), ("media_pxe", 0x10040000), ("media_pxe_hidden", 0x30040000)],
)
@pytest.mark.parametrize("start", [0, 0x40000, 0x10000000, 0x20000000, 0x30040000])
def test_visibility_is_written(word: str, flags: int, start: int) -> None:
    live = advert(AdvertFlags=0x008B0000 | start, RemoteClientFlags=0x8B00)
    if options.visibility(start) == word:
        return
    sent, modified = change(live, make_available_to=word)
    assert modified == ["AdvertFlags"]
    assert sent["AdvertFlags"] == 0x008B0000 | flags


@pytest.mark.parametrize(("word", "bit"), options.RERUN.items())
def test_rerun(word: str, bit: int) -> None:
    """Exactly one bit is written, whatever was there; several at once mean nothing that anybody knows."""
    for start in (0, 0x7800, 0x2800):
        sent, modified = change(advert(RemoteClientFlags=0x48050 | start), rerun=word)
        assert modified == ["RemoteClientFlags"]
        assert sent["RemoteClientFlags"] == 0x48050 | bit
    assert options.state_of(advert(RemoteClientFlags=bit))["rerun"] == word
    assert options.state_of(advert(RemoteClientFlags=0x1800))["rerun"] is None


NATIVE = {
    # provider-behaviour 4.3 and 4.4: property, bit, whether the bit says no, what a new one has (4.6).
    "show_progress": ("AdvertFlags", 0x00800000, False, True),
    "run_independently": ("AdvertFlags", 0x02000000, True, True),
    "install_outside_maintenance_windows": ("AdvertFlags", 0x00100000, False, False),
    "restart_outside_maintenance_windows": ("AdvertFlags", 0x00200000, False, False),
    "persist_on_write_filter": ("RemoteClientFlags", 0x8000, False, True),
    "internet_clients": ("AdvertFlags", 0x00080000, True, False),
    "metered_network": ("RemoteClientFlags", 0x40000, False, False),
    "wake_on_lan": ("AdvertFlags", 0x00400000, False, False),
    "use_default_boundary_group": ("AdvertFlags", 0x00020000, True, False),
    "share_with_peers": ("AdvertFlags", 0x00010000, False, True),
    "pre_download": ("AdvertFlags", 0x00001000, False, False),
}


def test_every_flag_is_in_the_table_and_has_a_bit_of_its_own() -> None:
    assert NATIVE.keys() == FLAGS.keys()
    for prop, taken in (("AdvertFlags", MANAGED_FLAGS), ("RemoteClientFlags", MANAGED_CLIENT)):
        bits = [bit for where, bit, _inverse, _native in NATIVE.values() if where == prop]
        assert len(set(bits)) == len(bits)
        assert not sum(bits) & taken


@pytest.mark.parametrize("option", NATIVE)
@pytest.mark.parametrize("value", [True, False])
def test_flags(option: str, value: bool) -> None:
    """One bit each, in the right direction, and no other bit moves."""
    prop, bit, inverse, native = NATIVE[option]
    noise = {"AdvertFlags": 0x408B0000, "RemoteClientFlags": 0x80108850}[prop]
    before = noise | bit if value is inverse else noise & ~bit
    sent, modified = change(required(**{prop: before}), **{option: value})
    assert modified == [prop]
    assert sent[prop] == before ^ bit
    assert options.state_of(required(**{prop: sent[prop]}))[option] is value
    run = play(name="x", task_sequence="Windows 11", collection="Kiosks", purpose="available")
    run()
    ((_verb, made),) = run.cim.of("create")
    assert options.state_of(made)[option] is native


@pytest.mark.parametrize(
    ("option", "value"), [("run_independently", False), ("metered_network", True), ("wake_on_lan", True)]
)
def test_flags_that_mean_nothing_for_an_available_one(option: str, value: bool) -> None:
    new = {"name": "x", "task_sequence": "Windows 11", "collection": "Kiosks", "purpose": "available"}
    for run in (play(**new, **{option: value}), play(advert(), name="Rollout", **{option: value})):
        with pytest.raises(errors.InvalidInput, match=option):
            run()
    assert play(**new, **{option: not value})().changed
    assert play(required(), name="Rollout", **{option: value})().changed
    # What the site has already is not the play's fault.
    prop, bit, _inverse, _native = NATIVE[option]
    odd = advert(**{prop: {"AdvertFlags": 0x008B0000, "RemoteClientFlags": 0x8850}[prop] | bit})
    assert play(odd, name="Rollout", **{option: value}, comment="x")().changed


CONTENT = [
    ("as_needed", True, 0x300),
    ("as_needed", False, 0x120),
    ("all_first", True, 0x50),
    ("all_first", False, 0x30),
    ("run_from_dp", True, 0x88),
    ("run_from_dp", False, 0x28),
]


@pytest.mark.parametrize(("word", "near", "bits"), CONTENT)
def test_content_is_written_and_read(word: str, near: bool, bits: int) -> None:
    """Reference: provider-behaviour 4.4."""
    for start in (0, 0x300, 0x30, 0x88, 0x3F8):
        live = advert(RemoteClientFlags=0x8800 | start)
        state = options.state_of(live)
        if (state["content"], state["use_neighbor_boundary_group"]) != (word, near):
            sent, modified = change(live, content=word, use_neighbor_boundary_group=near)
            assert modified == ["RemoteClientFlags"]
            assert sent["RemoteClientFlags"] == 0x8800 | bits
    state = options.state_of(advert(RemoteClientFlags=bits))
    assert (state["content"], state["use_neighbor_boundary_group"]) == (word, near)


def test_the_neighbour_alone_where_content_is_unclear() -> None:
    """How content comes is not guessed."""
    sent, _modified = change(advert(RemoteClientFlags=0x8A50 | 0x100), use_neighbor_boundary_group=False)
    assert sent["RemoteClientFlags"] == 0x8A50 | 0x100 | 0x20
    assert options.state_of(advert(RemoteClientFlags=0x8100))["use_neighbor_boundary_group"] is False
    assert options.state_of(advert(RemoteClientFlags=0x8110))["content"] is None


@pytest.mark.parametrize(("word", "bit"), [("as_soon_as_possible", 0x20), ("log_on", 0x200), ("log_off", 0x400)])
def test_events(word: str, bit: int) -> None:
    live = advert(OfferType=0, AdvertFlags=0x008B0620 & ~bit or 0x20)
    sent, modified = change(live, assignments=[word])
    assert modified == ["AdvertFlags"]
    assert sent["AdvertFlags"] & options.EVENT_BITS == bit


def test_the_event_of_older_sites_stays_while_it_is_required() -> None:
    """No option writes it, and it counts as an assignment (provider-behaviour 4.2)."""
    live = required(AdvertFlags=0x008B0100)
    sent, _modified = change(live, assignments=["log_on"])
    assert sent["AdvertFlags"] == 0x008B0300
    sent, modified = change(required(AdvertFlags=0x008B0100), purpose="available")
    assert sent["AdvertFlags"] == 0x008B0000
    assert sent["OfferType"] == 2
    assert modified == [
        "AdvertFlags",
        "AssignedSchedule",
        "AssignedScheduleEnabled",
        "AssignedScheduleIsGMT",
        "OfferType",
    ]


@given(
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**32 - 1),
    st.fixed_dictionaries(
        {},
        optional={
            "make_available_to": st.sampled_from(sorted(options.VISIBILITY)),
            "rerun": st.sampled_from(sorted(options.RERUN)),
            "content": st.sampled_from(["as_needed", "run_from_dp"]),
            "use_neighbor_boundary_group": st.booleans(),
            "comment": st.text(max_size=5),
            **{option: st.booleans() for option in FLAGS},
        },
    ),
)
def test_unknown_bits_survive_every_change(flags: int, client: int, params: dict[str, t.Any]) -> None:
    live = advert(OfferType=0, AdvertFlags=flags | 0x20, RemoteClientFlags=client)
    wanted = options.Wanted(params, params.__contains__)
    old = options.state_of(live)
    new = options.merged(old, wanted)
    plan = options.Plan()
    options.compare(plan, live, old, new)
    after = Instance("SMS_Advertisement", {**live.properties, **plan.properties})
    given = {
        prop: sum(FLAGS[name].bit for name in params if name in FLAGS and FLAGS[name].prop == prop)
        for prop in ("AdvertFlags", "RemoteClientFlags")
    }
    assert not (int(after.get("AdvertFlags")) ^ (flags | 0x20)) & ~(MANAGED_FLAGS | given["AdvertFlags"])
    assert not (int(after.get("RemoteClientFlags")) ^ client) & ~(MANAGED_CLIENT | given["RemoteClientFlags"])
    if "make_available_to" not in params and not given["AdvertFlags"]:
        assert after.get("AdvertFlags") == flags | 0x20
    # Read back, it is what was asked for, and asking again changes nothing.
    found = options.state_of(after)
    assert all(found[option] == value for option, value in params.items() if option != "comment")
    again = options.Plan()
    options.compare(again, after, found, options.merged(found, wanted))
    assert not again.changes


# -- times --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("option", "prop"), [("available_at", "PresentTime"), ("expires_at", "ExpirationTime")])
def test_times(option: str, prop: str) -> None:
    sent, modified = change(advert(), **{option: "2031-06-01 08:00Z"})
    assert modified == [prop, f"{prop}Enabled", f"{prop}IsGMT"]
    assert (sent[prop], sent[f"{prop}Enabled"], sent[f"{prop}IsGMT"]) == ("20310601080000.000000+***", True, True)
    live = advert(**{prop: CimDatetime("20310601080000.000000+000"), f"{prop}Enabled": True, f"{prop}IsGMT": True})
    assert not play(live, name="Rollout", **{option: "2031-06-01T08:00:00+00:00"})().changed
    sent, _modified = change(live, **{option: "2031-06-01 08:00"})
    assert sent[f"{prop}IsGMT"] is False
    sent, _modified = change(live, **{option: ""})
    assert (sent[prop], sent[f"{prop}IsGMT"]) == (times.NEVER, False)
    assert sent[f"{prop}Enabled"] is (option == "available_at")


def test_times_that_are_not_there_are_cleared_already() -> None:
    live = advert(PresentTimeEnabled=False, ExpirationTime=None)
    assert not play(live, name="Rollout", available_at="", expires_at="")().changed


GAP = "2031-03-30 02:30"
"""The clocks of Berlin go from 02:00 to 03:00 in that night."""
TWICE = "2031-10-26 02:30"


@pytest.mark.parametrize(
    ("params", "path"),
    [
        ({"available_at": GAP}, "available_at"),
        ({"expires_at": GAP}, "expires_at"),
        ({"assignments": ["log_on", {"at": GAP}]}, r"assignments\[1\]\.at"),
        ({"assignments": [{"start": GAP, "every": {"days": 1}}]}, r"assignments\[0\]\.start"),
    ],
)
def test_a_time_that_the_clocks_of_the_clients_leave_out(params: dict[str, t.Any], path: str) -> None:
    """The readings are spelled out; with a zone it is an error, in a zone without a gap it is nothing."""
    live = required()
    run = play(live, name="Rollout", client_time_zone="Europe/Berlin", **params)
    with pytest.raises(errors.InvalidInput, match=rf"{path} \(2031-03-30 02:30\): does not exist.*03:30, or .* 01:30Z"):
        run()
    assert not run.cim.calls
    run = play(live, name="Rollout", client_time_zone="Asia/Tokyo", **params)
    assert run().changed
    assert not run.warnings


def test_utc_has_no_gap() -> None:
    run = play(advert(), name="Rollout", client_time_zone="Europe/Berlin", available_at=f"{GAP}Z")
    assert run().changed
    assert not run.warnings


def test_a_time_that_the_clocks_show_twice() -> None:
    run = play(advert(), name="Rollout", client_time_zone="Europe/Berlin", available_at=TWICE)
    assert run().changed
    assert "comes twice by the clocks of Europe/Berlin" in run.warnings[0]


def test_an_unknown_zone() -> None:
    for name in ("Europe/Atlantis", "../etc/passwd", "UTC+25"):
        with pytest.raises(errors.InvalidInput, match="client_time_zone.*knows no such time zone"):
            play(advert(), name="Rollout", client_time_zone=name, available_at=GAP)()


def test_without_a_zone_the_clock_of_the_control_node_is_good_for_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the clients are, nobody knows; so nothing is refused."""
    try:
        for zone, warned in (("Europe/Berlin", 1), ("UTC", 0)):
            monkeypatch.setenv("TZ", zone)
            time.tzset()
            run = play(advert(), name="Rollout", available_at=GAP)
            assert run().changed
            assert len(run.warnings) == warned
            assert not warned or "the control node this time does not exist" in run.warnings[0]
    finally:
        monkeypatch.undo()
        time.tzset()


# -- schedules ----------------------------------------------------------------------------------


def test_schedules_of_another_kind_survive_when_they_are_not_managed() -> None:
    sent, modified = change(required(AssignedSchedule=[token("02C26DC000080000"), OFFSET]), comment="x")
    assert modified == ["Comment"]
    assert sent["AssignedSchedule"][1] == OFFSET
    # Lazy and loaded: it goes back, without the zone that Windows shows.
    assert sent["AssignedSchedule"][0].get("StartTime") == "20250602220000.000000+***"


def test_schedules_of_another_kind_are_kept_as_they_are_shown() -> None:
    live = required(AssignedSchedule=[token("02C26DC000080000"), OFFSET])
    shown = options.show(options.state_of(live))["assignments"]
    assert not play(live, name="Rollout", assignments=shown)().changed
    run = play(live, name="Rollout", assignments=[shown[1], {"at": "2031-01-01 00:00"}])
    assert run().changed
    sent, _modified = put(run)
    assert [item.class_name for item in sent["AssignedSchedule"]] == [OFFSET.class_name, "SMS_ST_NonRecurring"]
    with pytest.raises(
        errors.InvalidInput, match=r"assignments\[0\] \(SMS_ST_RecurMonthlyByWeekdayBase\): a schedule can be"
    ):
        play(required(), name="Rollout", assignments=[shown[1]])()


def test_what_is_there_is_not_made_again() -> None:
    """Taking a schedule away needs no help of the server."""
    live = required(AssignedSchedule=[token("02C26DC000080000"), token("7AC16DC000100038")])
    run = play(live, name="Rollout", assignments=[TOKEN])
    assert run().changed
    assert not run.cim.of("invoke")


def test_a_replaced_deployment_keeps_schedules_and_bits() -> None:
    live = required(AssignedSchedule=[OFFSET], AdvertFlags=0x448B0000, Priority=1, ISVString="x", MandatoryCountdown=5)
    run = play(live, name="Rollout", collection="Finance", rerun="never", allow_replace=True)
    assert run().changed
    ((_verb, made),) = run.cim.of("create")
    assert made.get("AssignedSchedule") == [OFFSET]
    assert made.get("AdvertFlags") == 0x448B0000
    assert made.get("RemoteClientFlags") == 0x9050
    assert (made.get("Priority"), made.get("MandatoryCountdown")) == (1, 5)
    # What other software wrote stays, and the trace of the replacement comes behind it.
    assert made.get("ISVString") == "x; configmgr.osd: replaces P0120001"
    assert made.get("CollectionID") == "P0100022"
    assert made.get("PackageID") == "P0100011"
    assert "AdvertisementID" not in made.properties
    assert "SourceSite" not in made.properties


# -- text ---------------------------------------------------------------------------------------


def test_comments() -> None:
    """CR LF is LF and the last newline does not count; an empty one clears."""
    live = advert(Comment="one\r\ntwo")
    assert not play(live, name="Rollout", comment="one\ntwo\n")().changed
    assert not play(live, name="Rollout", comment=None)().changed
    sent, modified = change(live, comment="")
    assert (sent["Comment"], modified) == ("", ["Comment"])
    assert not play(advert(Comment=None), name="Rollout", comment="")().changed
    with pytest.raises(errors.InvalidInput, match="control characters"):
        play(advert(), name="Rollout", comment="a\x07")()


# -- what does not go together ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"purpose": "available", "assignments": ["log_on"]}, "only required deployments"),
        ({"purpose": "available", "assignments": [TOKEN]}, "only required deployments"),
        ({"purpose": "required", "assignments": []}, "needs at least one"),
        ({"content": "all_first", "make_available_to": "clients_media_pxe"}, "cannot download everything"),
        ({"content": "all_first", "make_available_to": "media_pxe_hidden"}, "cannot download everything"),
        ({"available_at": "2031-06-01", "expires_at": "2031-06-01"}, "does not lie after"),
        ({"available_at": "2031-06-02 15:00", "expires_at": "2031-06-02 01:00Z"}, "does not lie after"),
    ],
)
def test_contradictions_are_found_without_a_site(params: dict[str, t.Any], says: str) -> None:
    run = play(name="Rollout", **params)
    with pytest.raises(errors.InvalidInput, match=says):
        run()
    assert not run.cim.calls


def test_an_end_before_every_start_is_said() -> None:
    for end, warned in (("2025-06-02 22:00", 1), ("2025-06-02 22:01", 0)):
        run = play(required(), name="Rollout", expires_at=end)
        assert run().changed
        assert len([text for text in run.warnings if "ends before any of its assignments" in text]) == warned
    run = play(required(AdvertFlags=0x008B0020), name="Rollout", expires_at="2025-01-01")
    run()
    assert not run.warnings


def test_times_of_two_clocks_may_be_close() -> None:
    """Somewhere on earth the one lies after the other."""
    play(advert(), name="Rollout", available_at="2031-06-02 14:00", expires_at="2031-06-02 01:00Z")()


@pytest.mark.parametrize(
    ("live", "params", "says"),
    [
        (required(), {"assignments": []}, "needs at least one"),
        (advert(), {"assignments": ["log_on"]}, "only required deployments"),
        (advert(), {"purpose": "required", "rerun": "never"}, "needs at least one"),
        (advert(AdvertFlags=0x40000, RemoteClientFlags=0x8B00), {"content": "all_first"}, "cannot download everything"),
        (advert(), {"make_available_to": "media_pxe"}, "cannot download everything"),
        (advert(ExpirationTime=CimDatetime("20310601000000.000000+***"), ExpirationTimeEnabled=True),
         {"available_at": "2031-07-01"}, "does not lie after"),
    ],
)  # fmt: skip
def test_contradictions_with_what_is_there(live: Instance, params: dict[str, t.Any], says: str) -> None:
    run = play(live, name="Rollout", **params)
    with pytest.raises(errors.InvalidInput, match=says):
        run()
    assert not run.cim.writes()


def test_what_was_wrong_before_stands_in_the_way_of_nothing() -> None:
    sent, _modified = change(advert(AdvertFlags=0x008B0020), comment="x")
    assert sent["AdvertFlags"] == 0x008B0020
    sent, _modified = change(advert(OfferType=0), comment="x")
    assert sent["OfferType"] == 0


def test_a_schedule_that_is_switched_off_is_none() -> None:
    live = advert(AssignedSchedule=[OFFSET], AssignedScheduleEnabled=False)
    assert options.show(options.state_of(live))["assignments"] == []
    assert play(live, name="Rollout", comment="x")().changed
