# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever an answer is spoiled into, a task ends with a result: what it reports is an error that is documented."""

from __future__ import annotations

import re
import typing as t
from collections import Counter
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.plugins.plugin_utils._resources import bench as benches
from tests.unit.plugins.plugin_utils.hostile import MUTATIONS

ROOT = Path(__file__).resolve().parents[4]
CODES = set(
    re.findall(
        r"^ {4}\* - ``(\w+)``$", (ROOT / "docs/docsite/rst/errors.rst").read_text(encoding="utf-8"), re.MULTILINE
    )
)
SECRET = "Sup3rSecret-0815"
JOIN = {
    "name": "Join",
    "type": "join_domain_or_workgroup",
    "domain": "corp.contoso.com",
    "username": "CORP\\svc-join",
    "password": SECRET,
}
OFFER = {"name": "Offer", "task_sequence": "id:PS100042", "collection": "OSD - Finance pilot", "purpose": "available"}
LONG = {"name": "Long", "steps": [*benches.STEPS, JOIN]}
PLAIN = {"name": "Long", "steps": [benches.command("Only")]}

Task = tuple[str, dict[str, t.Any]]
TASKS: dict[str, tuple[Task, ...]] = {
    "site_info": (("cm_site_info", {}),),
    "object_info": (("cm_object_info", {"class_name": "SMS_Package", "filter": "PackageID LIKE 'PS1000%'"}),),
    "package": (("cm_package", {"name": "Monitoring Agent", "version": "8.3"}),),
    "program": (("cm_program", {"package": "Monitoring Agent", "name": "Silent install", "max_run_time": 20}),),
    "create": (("cm_task_sequence", LONG),),
    "same": (("cm_task_sequence", LONG), ("cm_task_sequence", LONG)),
    "change": (("cm_task_sequence", LONG), ("cm_task_sequence", PLAIN)),
    "through_text": (("cm_task_sequence", {**PLAIN, "compatibility": {"write_via": "xml"}}),),
    "info": (("cm_task_sequence_info", {"name": "Windows 11 - Standard desktop", "gather": ["options", "steps"]}),),
    "advertisement": (
        ("cm_advertisement", OFFER),
        ("cm_advertisement", {**OFFER, "purpose": "required", "rerun": "never", "assignments": [{"at": "2030-01-01"}]}),
    ),
    "advertisement_info": (("cm_advertisement_info", {}),),
    "delete": (("cm_task_sequence", PLAIN), ("cm_task_sequence", {"name": "Long", "state": "absent"})),
}


class _Spoiling(benches._Transport):
    """Spoils one answer; ``position`` counts from 0."""

    position = 0
    spoil: t.ClassVar[t.Callable[[bytes], bytes]]

    def send(self, body: bytes, *, timeout: float) -> bytes:
        number, self.position = self.position, self.position - 1
        try:
            answer = super().send(body, timeout=timeout)
        except benches.HttpStatus as exc:
            if number == 0:
                raise benches.HttpStatus(exc.status, type(self).spoil(exc.body)) from None
            raise
        return type(self).spoil(answer) if number == 0 else answer


@pytest.fixture(scope="module")
def site() -> benches.Bench:
    """One bench; each example resets its store."""
    return benches.Bench()


@pytest.mark.parametrize("name", TASKS)
@given(data=st.data())
def test_any_answer_ends_in_a_result(site: benches.Bench, name: str, data: st.DataObject) -> None:
    """Never an unexpected exception, never an endless loop, no write twice, no secret; what was written is admitted."""
    site.front.reset()
    *before, (module, options) = TASKS[name]
    for earlier, arguments in before:
        site.ok(earlier, **arguments)
    position = data.draw(st.integers(0, 12), label="position")
    mutation = data.draw(st.sampled_from(MUTATIONS), label="mutation")
    numbers = data.draw(st.lists(st.integers(0, 2**32), min_size=4, max_size=4), label="numbers")

    def spoil(answer: bytes) -> bytes:
        left = iter(numbers)
        return mutation(answer, lambda below: next(left, 0) % max(below, 1))

    with (
        mock.patch.object(benches, "_Transport", _Spoiling),
        mock.patch.object(_Spoiling, "position", position),
        mock.patch.object(_Spoiling, "spoil", staticmethod(spoil), create=True),
    ):
        result = site.run(module, **options)
    check(site, result)


def check(site: benches.Bench, result: dict[str, t.Any]) -> None:
    """Look at the result of a task that got a spoiled answer."""
    failed = result.get("failed") or result.get("unreachable")
    if failed:
        assert result["error"]["code"] in CODES - {"unexpected"}, result
        assert len(result["msg"]) > 10
    assert SECRET not in str(result) and SECRET not in str(site.warnings)
    deleted = any(entry["verb"] == "Delete" for entry in site.requests)
    writes = Counter(
        (entry["verb"], entry["class"], entry["method"], str(entry["keys"]))
        for entry in site.requests
        # Who saw no object of that name makes one, finds the other, deletes its own and writes into the other.
        if entry["write"] and not (deleted and entry["method"] == "SetSequence")
    )
    assert not [write for write, count in writes.items() if count > 1], site.counted()
    if any(entry["write"] and entry["executed"] for entry in site.requests):
        assert result["changed"], result
