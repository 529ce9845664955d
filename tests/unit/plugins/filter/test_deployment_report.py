# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reports of deployments: every kind of result, nothing of a site unescaped, and a chart that adds up."""

from __future__ import annotations

import copy
import typing as t
import xml.etree.ElementTree as ET

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.configmgr.osd.plugins.filter.deployment_report import FilterModule
from ansible_collections.configmgr.osd.plugins.plugin_utils._resources._status_page import BOTTOM, HEIGHT, TOP, chart
from ansible_collections.configmgr.osd.plugins.plugin_utils._resources._status_report import Point, build

report: t.Callable[..., str] = FilterModule().filters()["deployment_report"]
COUNTS = {"targeted": 3, "succeeded": 1, "failed": 1, "running": 0, "waiting": 1, "not_run": 0}
SVG = "<svg"


def device(name: str, state: str, time: str | None = None, **more: t.Any) -> dict[str, t.Any]:
    return {"name": name, "state": state, "message": "Message", "last_status_time": time, **more}


RESULT: dict[str, t.Any] = {
    "changed": False,
    "deployments": [
        {
            "advertisement_id": "PS120004",
            "name": "Upgrade",
            "task_sequence": "Windows 11",
            "collection": "Pilot",
            "purpose": "required",
            "counts": COUNTS,
            "devices": [
                device("PC1", "succeeded", "2025-06-01T08:00:00Z"),
                device("PC2", "failed", "2025-06-01T09:30:00Z"),
                device("PC3", "waiting", previous_run=True),
            ],
        }
    ],
    "failures": [
        {
            "name": "PC2",
            "step": "Apply",
            "group": "Install",
            "step_number": 4,
            "exit_code": 5,
            "exit_code_hex": "0x00000005",
            "output": "one\ntwo ```\n",
        }
    ],
    "counts": COUNTS,
    "timeline": [
        {"seconds": 0.0, "targeted": 3, "succeeded": 0, "failed": 0, "running": 0, "waiting": 3, "not_run": 0},
        {"seconds": 600.0, "targeted": 3, "succeeded": 0, "failed": 0, "running": 2, "waiting": 1, "not_run": 0},
        {"seconds": 3661.0, **COUNTS},
    ],
}


def changed(**more: t.Any) -> dict[str, t.Any]:
    return {**copy.deepcopy(RESULT), **more}


def parsed(text: str) -> ET.Element:
    return ET.fromstring(text.removeprefix("<!DOCTYPE html>\n"))


def test_a_page() -> None:
    text = report(RESULT)
    root = parsed(text)
    assert root.findtext(".//h1/bdi") == "Windows 11 on Pilot"
    assert [tile.text for tile in root.iterfind(".//dl[@class='tiles']/div/dd")] == [
        "3",
        "1",
        "1",
        "0",
        "1",
        "0",
        "33.3 %",
    ]
    assert [polygon.get("class") for polygon in root.iter("polygon")] == ["succeeded", "failed", "running", "waiting"]
    assert "PC2: step 4 'Apply' of Install, exit code 5 (0x00000005)" in "".join(root.itertext())
    assert root.findtext(".//pre") == "one\ntwo ```\n"
    assert "Message (earlier run)" in text and "1:01:01" in text
    assert "default-src 'none'" in text and "<script" not in text and "http://" not in text and "https://" not in text
    assert report(RESULT) == text


def test_a_document() -> None:
    text = report(RESULT, "markdown", title="Pilot | 1")
    assert text.startswith("# Pilot \\| 1\n")
    assert "| 3 | 1 | 1 | 0 | 1 | 0 | 33.3 % |" in text
    assert "| 0:10:00 | 3 | 0 | 0 | 2 | 1 | 0 |" in text
    assert "````text\none\ntwo ```\n````" in text
    assert "| PC3 | Waiting | Message (earlier run) |  |" in text


def test_without_a_wait_the_chart_shows_when_devices_ended() -> None:
    points = build(changed(timeline=[])).points
    assert [(point.seconds, point.counts["succeeded"], point.counts["failed"]) for point in points] == [
        (0.0, 1, 0),
        (5400.0, 1, 1),
    ]
    assert points[-1].counts["waiting"] == 1
    alone = changed(timeline=[])
    alone["deployments"][0]["devices"] = alone["deployments"][0]["devices"][:1]
    assert build(alone).points == [] and SVG not in report(alone)


def test_a_task_that_failed() -> None:
    detail = {
        "counts": COUNTS,
        "deployments": [{**RESULT["deployments"][0], "devices": [], "unfinished": ["PC3"], "unfinished_more": 4}],
        "failures": RESULT["failures"],
        "timeline": RESULT["timeline"],
    }
    failed = {"failed": True, "msg": "It <did> not", "error": {"code": "deployment_failed", "detail": detail}}
    root = parsed(report(failed))
    assert root.findtext(".//p[@class='card alert']") == "It <did> not"
    assert "PC3 and 4 more" in report(failed) and "PC3 and 4 more" in report(failed, "markdown")
    assert "> It &lt;did&gt; not" in report(failed, "markdown")


def test_several_deployments_and_none() -> None:
    two = changed(deployments=[RESULT["deployments"][0]] * 2, counts=None)
    assert "<h1><bdi>2 deployments</bdi></h1>" in report(two) and build(two).counts["targeted"] == 6
    empty = report({"deployments": [], "failures": [], "counts": {}, "timeline": []})
    assert "0 deployments" in empty and SVG not in empty and "<dd>-</dd>" in empty


@pytest.mark.parametrize("place", ["name", "message"])
def test_hostile_texts(place: str) -> None:
    evil = "</td><script>alert(1)</script>\u202e{{ 7*7 }}|`x`"
    result = changed()
    result["deployments"][0]["devices"][0][place] = evil
    result["deployments"][0]["task_sequence"] = evil
    result["failures"][0]["output"] = evil
    result["failures"][0]["step"] = evil
    text = report(result)
    parsed(text)
    assert "<script" not in text and "\u202e" not in text and "{{ 7*7 }}" in text
    document = report(result, "markdown")
    table = [line for line in document.splitlines() if line.startswith("| ")]
    assert all("<script" not in line for line in table) and "\u202e" not in document


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (["x"], "must be a result"),
        (None, "must be a result"),
        ({"changed": True}, "no deployments"),
        ({"deployments": ["x"]}, "no deployments"),
        ({"error": {"detail": None}, "msg": "x"}, "no deployments"),
    ],
)
def test_what_cannot_be_reported(given: t.Any, text: str) -> None:
    with pytest.raises(AnsibleFilterError, match=text) as caught:
        report(given)
    assert str(caught.value).startswith("deployment_report: ")
    with pytest.raises(AnsibleFilterError, match="html, markdown"):
        report(RESULT, "pdf")


def test_odd_numbers_do_no_harm() -> None:
    odd = changed(timeline=[{"seconds": "x"}, 5, {"seconds": 1, "succeeded": "many"}], counts={"succeeded": None})
    assert parsed(report(odd)) is not None
    assert build(odd).counts["targeted"] == 0


def test_the_areas_add_up() -> None:
    points = [
        Point(
            index * 10.0,
            {"targeted": 8, "succeeded": index, "failed": 0, "running": 0, "waiting": 8 - index, "not_run": 0},
        )
        for index in range(9)
    ]
    found = chart(points)
    assert found is not None
    assert [outcome for outcome, _points in found.areas] == ["succeeded", "waiting"]
    corners = [tuple(map(float, pair.split(","))) for pair in dict(found.areas)["succeeded"].split()]
    assert max(y for _x, y in corners) == HEIGHT - BOTTOM and min(y for _x, y in corners) == TOP
    assert found.up[0][1] == "0" and found.up[-1][1] == "8"
    assert [text for _x, text in found.across] == ["0:00:00", "0:00:20", "0:00:40", "0:01:00", "0:01:20"]
    assert chart(points[:1]) is None


def test_many_points_make_a_short_table() -> None:
    line = [{"seconds": n, "targeted": n, "waiting": n} for n in range(1000)]
    rows = build(changed(timeline=line)).rows()
    assert len(rows) == 24 and rows[0].seconds == 0 and rows[-1].seconds == 999
