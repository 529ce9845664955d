# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading advertisements: selection, the form of the play, and that it can be fed back."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.configmgr.osd.plugins.modules.cm_advertisement import SPEC as WRITE_SPEC
from ansible_collections.configmgr.osd.plugins.modules.cm_advertisement_info import SPEC
from ansible_collections.configmgr.osd.plugins.plugin_utils import _errors as errors
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.instance import Instance
from ansible_collections.configmgr.osd.plugins.plugin_utils._resources.advertisement_info import AdvertisementInfo
from tests.unit.plugins.plugin_utils.fake_site import Run

from .advertisement_support import AdvertisementCim, advert, play, required, sequences, token

ROWS = [
    advert("P0120003", "Second", CollectionID="P0100022", AdvertFlags=0x508F0000, RemoteClientFlags=0x9120),
    required(AdvertFlags=0x008B0200, AssignedSchedule=[token("02C26DC000080001"), token("02C16DC000194001")]),
    advert("P0120002", "Gone", ActionInProgress=3),
    advert("P0120004", "Classic", ProgramName="Install", PackageID="P0100001"),
]


def info(*rows: Instance, **params: t.Any) -> tuple[list[dict[str, t.Any]], AdvertisementCim]:
    cim = AdvertisementCim(*sequences(), *(rows or ROWS))
    run = Run(AdvertisementInfo, SPEC, cim=cim, **params)
    outcome = run()
    assert not outcome.changed
    assert not cim.writes()
    return outcome.values["advertisements"], cim


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({}, ["P0120001", "P0120003"]),
        ({"advertisement_id": "p0120003"}, ["P0120003"]),
        ({"advertisement_id": "P0120002"}, []),
        ({"advertisement_id": "P0120004"}, []),
        ({"advertisement_id": "P012FFFF"}, []),
        ({"name": "SECOND"}, ["P0120003"]),
        ({"name": "Classic"}, []),
        ({"task_sequence": "Windows 11"}, ["P0120001", "P0120003"]),
        ({"task_sequence": {"id": "P0100011"}, "collection": "Finance"}, ["P0120003"]),
        ({"task_sequence": "Windows 10"}, []),
        ({"task_sequence": "No such"}, []),
        ({"name": "Second", "collection": "id:P0100021"}, []),
    ],
)
def test_selection(params: dict[str, t.Any], found: list[str]) -> None:
    assert [item["advertisement_id"] for item in info(**params)[0]] == found


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"advertisement_id": "x"}, "is no ID"),
        ({"name": " "}, "must not be empty"),
        ({"collection": ""}, "must not be empty"),
        ({"task_sequence": {"nam": "x"}, "collection": {"id": "x"}}, "no such key.*is not the ID of a collection"),
    ],
)
def test_bad_input(params: dict[str, t.Any], says: str) -> None:
    with pytest.raises(errors.InvalidInput, match=says):
        info(**params)


def test_the_form_of_the_play() -> None:
    (first, second), cim = info()
    assert first["task_sequence"] == "Windows 11"
    assert first["collection"] == "Kiosks"
    assert first["purpose"] == "required"
    assert first["assignments"] == [
        "log_on",
        {"at": "2025-06-02 22:00Z"},
        {"start": "2025-06-01 22:00Z", "every": {"weeks": 2, "weekday": "sunday"}},
    ]
    assert second["make_available_to"] == "media_pxe"
    assert second["rerun"] == "never"
    assert (second["content"], second["use_neighbor_boundary_group"]) == ("as_needed", False)
    assert (second["advert_flags"], second["remote_client_flags"]) == (0x508F0000, 0x9120)
    # One query, one Get each, and two queries per kind for the names.
    assert [call[0] for call in cim.calls] == ["query", "get", "get", "query", "query", "query", "query"]


def test_what_is_read_goes_back_without_a_change() -> None:
    for item in info()[0]:
        params = {key: value for key, value in item.items() if key in WRITE_SPEC["argument_spec"]}
        outcome = play(*ROWS, **params)()
        assert not outcome.changed
        assert outcome.values["advertisement"]["assignments"] == item["assignments"]
        # And makes the same one elsewhere.
        made = play(**{**params, "advertisement_id": None})
        made()
        ((_verb, sent),) = made.cim.of("create")
        unmanaged = 0xFF000000
        assert (sent.get("AdvertFlags") ^ item["advert_flags"]) & ~unmanaged == 0
        assert sent.get("RemoteClientFlags") == item["remote_client_flags"]
