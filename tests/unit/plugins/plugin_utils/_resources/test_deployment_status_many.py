# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deployments to thousands of devices: requests, processor time, memory, and the site's own summary."""

from __future__ import annotations

import json
import math
import os
import pathlib
import pickle
import re
import subprocess
import sys
import time
import typing as t
from unittest import mock

import pytest

from . import bench
from .status_support import Clients

OWN = "tests.unit.plugins.plugin_utils._resources.test_deployment_status_many"
ENVELOPE = 500 * 1024
ASK = "Invoke UpdateClassicDeployment"
SUMMARY = "Get DeploymentSummary"
FIND = ["Enumerate Advertisement", "Enumerate TaskSequencePackage", "Enumerate Collection"]
EMPTY = "PS100016"
"""A collection without members."""


def crowd(count: int, **switches: t.Any) -> tuple[Clients, str, list[int]]:
    site = Clients(**{"clients": "none", **switches})
    own = site.deploy(collection_id=EMPTY)
    return site, own, site.crowd(EMPTY, count)


class Record:
    """The answers of a site, kept once, and played back in place of it: only the task's own work is measured."""

    def __init__(self) -> None:
        site, own, ids = crowd(10000)
        text = "A message as long as they are when a task sequence has ended"
        for index, number in enumerate(ids):
            site.report(own, number, (13, 9, 11, 13)[index % 4], LastStatusMessageIDName=text)
        self.answers: list[bytes] = []
        self.own = own
        real = bench._Transport.send

        def send(transport: t.Any, body: bytes, *, timeout: float) -> bytes:
            self.answers.append(real(transport, body, timeout=timeout))
            return self.answers[-1]

        with mock.patch.object(bench._Transport, "send", send):
            self.result = site.status(own, max_failures_shown=0)
        self.kinds = site.kinds()
        assert site.ask("/enumerations")["open"] == 0
        shown, self.answers = self.answers, []
        with mock.patch.object(bench._Transport, "send", send):
            site.status("PS12FFFF")
        self.nothing, self.answers = self.answers, shown
        site.provider.reset()


def play(own: str, answers: t.Iterable[bytes]) -> dict[str, t.Any]:
    """Run the task against recorded answers."""
    site = Clients()
    waiting = iter(answers)

    def send(_transport: t.Any, body: bytes, *, timeout: float) -> bytes:
        asked = re.search(rb"MessageID[^>]*>([^<]*)<", body)
        assert asked is not None
        return re.sub(rb"(RelatesTo[^>]*>)[^<]*<", rb"\g<1>" + asked[1] + b"<", next(waiting), count=1)

    with mock.patch.object(bench._Transport, "send", send):
        return site.status(own, max_failures_shown=0)


def measure(path: str) -> None:
    """Print what the task costs: by how many MiB the process grows, and CPU seconds (in a process of its own)."""
    folder = pathlib.Path(path)
    play("PS12FFFF", pickle.loads((folder / "none").read_bytes()))
    own, kept = pickle.loads((folder / "all").read_bytes())
    pathlib.Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    before, started = _status("VmRSS"), time.process_time()
    result = play(own, kept)
    seconds = time.process_time() - started
    grown = (_status("VmHWM") - before) / 1024
    print(json.dumps({"mib": grown, "seconds": seconds, "targeted": result["counts"]["targeted"]}))


def _status(name: str) -> int:
    text = pathlib.Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.search(rf"{name}:\s*(\d+)", text)[1])  # type: ignore[index]


@pytest.fixture(scope="module")
def record() -> Record:
    """Ten thousand devices."""
    return Record()


def test_ten_thousand_devices_cost_few_requests(record: Record) -> None:
    assert record.result["counts"] == {
        "targeted": 10000,
        "succeeded": 5000,
        "failed": 2500,
        "running": 2500,
        "waiting": 0,
        "not_run": 0,
    }
    for class_name in ("ClientAdvertisementStatus", "FullCollectionMembership"):
        sizes = [len(a) for kind, a in zip(record.kinds, record.answers, strict=True) if kind.endswith(class_name)]
        assert len(sizes) <= math.ceil(sum(sizes) / ENVELOPE) + 1, (class_name, sizes)
        assert len(sizes) > 5
    assert len(record.kinds) <= 28


@pytest.mark.skipif(not pathlib.Path("/proc/self/clear_refs").exists(), reason="no /proc of Linux")
def test_ten_thousand_devices_cost_little_time_and_memory(record: Record, tmp_path: pathlib.Path) -> None:
    (tmp_path / "all").write_bytes(pickle.dumps((record.own, record.answers)))
    (tmp_path / "none").write_bytes(pickle.dumps(record.nothing))
    done = subprocess.run(
        [sys.executable, "-c", f"from {OWN} import measure; measure({str(tmp_path)!r})"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert figures["targeted"] == 10000
    # About 0.8 s and 18 MiB. All answers together, as trees, would be several times as large.
    assert figures["mib"] < 60 and figures["seconds"] < 3, figures
    assert sum(map(len, record.answers)) > 8 * 2**20


def test_more_than_a_thousand_devices_are_watched_by_their_summary() -> None:
    site, own, ids = crowd(1200)
    for _time in range(2):
        site.provider.ahead(61)
        site.provider.query(site.provider.namespace, "SELECT * FROM SMS_Site")
    looks = 0

    def pause(seconds: float) -> None:
        nonlocal looks
        bench.Bench.pause(site, seconds)
        looks += 1
        done = {3: ids[:600], 5: ids}.get(looks, ())
        for number in done:
            site.report(own, number, 13)

    site.pause = pause  # type: ignore[method-assign]
    result = site.status(own, wait="success", wait_interval=61, wait_timeout=7200)
    assert result["counts"]["succeeded"] == 1200
    kinds = site.kinds()
    assert kinds[:5] == [*FIND, SUMMARY, ASK]
    assert any("600 succeeded" in line for line in site.progress)
    # A look is one request, and one more to ask for the next summary; the devices are read once, at the end.
    details = kinds.index("Enumerate FullCollectionMembership")
    assert set(kinds[3:details]) <= {SUMMARY, ASK}
    assert kinds[details:].count("Enumerate ClientAdvertisementStatus") == 1
    looks_made = kinds[3:details].count(SUMMARY)
    assert looks_made - 1 <= kinds.count(ASK) <= looks_made


def test_a_summary_that_does_not_move_is_only_read() -> None:
    site, own, _ids = crowd(1200, summarisation=100000)
    result = site.status(own, wait="success", wait_interval=60, wait_timeout=600)
    assert result["error"]["code"] == "wait_timeout"
    kinds = site.kinds()
    assert kinds.count(ASK) == 1
    # Before the time is over the devices are read once, so that the state is not that of the summary.
    assert kinds.count("Enumerate ClientAdvertisementStatus") == 1
    assert result["error"]["detail"]["deployments"][0]["unfinished_more"] == 1180


def test_the_devices_decide_when_the_summary_is_ahead_of_them() -> None:
    site, own, ids = crowd(1001, summarisation=0)
    for number in ids:
        site.report(own, number, 13)
    real = site.provider.store.peek("SMS_ClientAdvertisementStatus", (own, ids[0]))
    assert real is not None
    site.provider.query(site.provider.namespace, "SELECT * FROM SMS_Site")
    looks = 0

    def pause(seconds: float) -> None:
        nonlocal looks
        bench.Bench.pause(site, seconds)
        looks += 1
        if looks == 3:
            site.report(own, ids[0], 13)

    site.pause = pause  # type: ignore[method-assign]
    site.report(own, ids[0], 9)
    summary = site.provider.store.find("SMS_DeploymentSummary", (own,))
    assert summary is not None and summary.get("NumberSuccess") == 1001
    result = site.status(own, wait="success", wait_interval=1)
    assert result["counts"]["succeeded"] == 1001


def test_a_failure_ends_a_wait_by_summary() -> None:
    site, own, ids = crowd(1001, summarisation=1)
    site.report(own, ids[0], 11)
    result = site.status(own, wait="success", max_failures_shown=1)
    assert result["error"]["code"] == "deployment_failed"
    assert f"PC{ids[0]} failed without reporting a step" in result["msg"]


def test_a_deployment_is_deleted_while_its_summary_is_watched() -> None:
    site, own, _ids = crowd(1001)

    def pause(seconds: float) -> None:
        bench.Bench.pause(site, seconds)
        site.provider.delete(site.provider.namespace, "SMS_Advertisement", {"AdvertisementID": own})

    site.pause = pause  # type: ignore[method-assign]
    assert site.status(own, wait="success")["error"]["code"] == "deployment_gone"
