# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real exported sequences through both ways of writing: in as text, out as steps, and in again without a change."""

from __future__ import annotations

import os
import typing as t
from pathlib import Path

import pytest
from tests.unit.plugins.plugin_utils._resources.bench import Bench

MODULE = "cm_task_sequence"
LONGEST_RESULT = 100_000
EXPECTED = ("dangling_references", "dangling", "sequence_text_left_out")
"""What the site may remark: exports from other sites refer to what is not here."""


def corpus() -> list[t.Any]:
    """Return the exports as parameters; one that skips where no folder is named."""
    named = os.environ.get("CONFIGMGR_SHARED")
    found = sorted((Path(named) / "corpus").glob("*.xml")) if named else []
    return [pytest.param(path, id=path.stem) for path in found] or [pytest.param(None, id="none")]


def text_of(path: Path) -> str:
    """Return a document as the file lookup hands it over."""
    return path.read_bytes().decode("utf-8", "surrogateescape")


@pytest.mark.parametrize("path", corpus())
def test_a_real_sequence_comes_and_goes_without_a_change(path: Path | None, shared_folder: Path) -> None:
    assert path is not None, f"no exports in {shared_folder}"
    bench = Bench(mdt=True)
    text = text_of(path)
    keep = {"unknown_ids": "keep"}
    made = bench.ok(MODULE, name="Export", sequence_xml=text, **keep)
    assert made["changed"] and len(str(made)) < LONGEST_RESULT
    sha256 = made["task_sequence"]["steps_sha256"]
    assert not bench.ok(MODULE, name="Export", sequence_xml=text, **keep)["changed"]

    (info,) = bench.ok("cm_task_sequence_info", name="Export")["task_sequences"]
    assert info["steps_sha256"] == sha256
    again = bench.ok(MODULE, name="Export", steps=info["steps"], **keep)
    assert not again["changed"], again["diff"]["prepared"]
    assert again["task_sequence"]["steps_sha256"] == sha256

    for way in ("objects", "xml"):
        # The secrets of an export are blank, and the site cannot tell a blank one from a hidden one.
        options = {"name": f"Copy by {way}", "compatibility": {"write_via": way}, "allow_blank_secrets": True, **keep}
        copy = bench.ok(MODULE, steps=info["steps"], **options)
        assert copy["task_sequence"]["steps_sha256"] == sha256 and len(str(copy)) < LONGEST_RESULT
        assert bench.steps(options["name"]) == info["steps"]
        wanted = [*info["steps"], {"name": "One more", "type": "run_command_line", "command_line": "cmd.exe"}]
        changed = bench.ok(MODULE, steps=wanted, **options)
        assert changed["changed"] and len(str(changed)) < LONGEST_RESULT
        # Only what was added differs, whatever the sequence holds.
        assert changed["diff"]["prepared"].splitlines()[1:] == ADDED
        assert bench.steps(options["name"]) == wanted
        gone = bench.ok(MODULE, name=options["name"], state="absent")
        assert gone["changed"] and len(str(gone)) < LONGEST_RESULT
    assert [note for note in bench.provider.notes if note["kind"] not in EXPECTED] == []


ADDED = ["+ One more (run_command_line)", "      command_line: cmd.exe"]


def test_unknown_ids_of_an_export_are_listed(shared_folder: Path) -> None:
    bench = Bench()
    path = shared_folder / "corpus" / "005-CharlesNRU-MDM-TS-GNS00928.xml"
    message = bench.refused(MODULE, "unresolved_reference", name="Export", sequence_xml=text_of(path))
    assert "sequence_xml: steps[" in message and "the site has no" in message
    kept = bench.ok(MODULE, name="Export", sequence_xml=text_of(path), unknown_ids="keep")
    ids = {entry["id"] for entry in kept["dangling_references"]}
    assert ids and all(identity in message for identity in ids)
    assert sum("is kept as it is" in text for text in bench.warnings) == len(ids)
