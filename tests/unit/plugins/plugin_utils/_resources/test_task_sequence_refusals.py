# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Task sequences that would run each other, and bad input of whole tasks: archives, documents, secrets."""

from __future__ import annotations

import io
import time
import typing as t
import zipfile
from pathlib import Path

import pytest
from tests.unit.plugins.plugin_utils._resources.bench import Bench, command

MODULE = "cm_task_sequence"


@pytest.fixture
def bench() -> Bench:
    return Bench()


def runs(name: str, **more: t.Any) -> dict[str, t.Any]:
    return {"name": f"Run {name}", "type": "run_task_sequence", "task_sequence": name, **more}


def chain(bench: Bench) -> None:
    """Top runs Middle runs Bottom."""
    bench.ok(MODULE, name="Bottom", steps=[command("A")])
    bench.ok(MODULE, name="Middle", steps=[runs("Bottom")])
    bench.ok(MODULE, name="Top", steps=[command("A"), runs("Middle")])


# -- circles -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("child", ["Middle", "Top"])
def test_a_circle_is_refused_however_long_it_is(bench: Bench, child: str, check: bool) -> None:
    chain(bench)
    steps = [command("A"), {"name": "G", "steps": [runs(child)]}]
    message = bench.refused(MODULE, name="Bottom", steps=steps, check=check)
    assert f"steps[1].steps[0].task_sequence ({child}): runs this task sequence itself" in message


def test_a_circle_by_id_by_document_and_by_an_edit(bench: Bench) -> None:
    chain(bench)
    top = bench.packages("Top")[0]["PackageID"]
    by_id = {"name": "B", "type": "run_task_sequence", "task_sequence": {"id": top}}
    assert top in bench.refused(MODULE, name="Bottom", steps=[by_id])
    text = bench.text(top).replace(bench.packages("Middle")[0]["PackageID"], top)
    assert "runs this task sequence itself" in bench.refused(MODULE, name="Bottom", sequence_xml=text)
    options = {"type": "run_task_sequence", "task_sequence": "Top"}
    message = bench.refused("cm_task_sequence_step", name="Bottom", path=["Again"], options=options)
    assert "runs this task sequence itself" in message


def test_two_ways_to_one_task_sequence_are_no_circle(bench: Bench) -> None:
    chain(bench)
    bench.ok(MODULE, name="Top", steps=[runs("Bottom"), runs("Middle")])
    bench.ok(MODULE, name="Higher", steps=[runs("Top"), runs("Middle"), runs("Bottom")])


def test_the_check_costs_the_query_that_a_write_costs_anyway(bench: Bench) -> None:
    def asked(**options: t.Any) -> int:
        bench.ok(MODULE, **options)
        # The safety gate asks the same class who runs a changed task sequence.
        queries = [str(entry["query"]) for entry in bench.requests]
        return sum("PackageReference_Flat" in query and "WHERE ObjectID" not in query for query in queries)

    chain(bench)
    changed = {"name": "Top", "steps": [command("B"), runs("Middle")]}
    assert asked(**changed, check=True) == 1
    assert asked(**changed) == 1
    assert asked(**changed) == 0
    assert asked(name="Top", description="Only that") == 0
    # Nothing runs a new task sequence yet.
    assert asked(name="Newest", steps=[runs("Middle")], check=True) == 0
    assert asked(name="Newest", steps=[runs("Middle")]) == 1


# -- bad input -----------------------------------------------------------------------------------------


def test_a_step_with_steps_and_a_type(bench: Bench) -> None:
    both = {"name": "Both", "type": "run_command_line", "command_line": "x", "steps": [command("A")]}
    message = bench.refused(MODULE, name="x", steps=[both])
    assert "steps[0]" in message and "type" in message and "group" in message
    assert bench.requests == []


@pytest.mark.parametrize("check", [True, False])
def test_a_placeholder_where_a_value_is_needed(bench: Bench, check: bool) -> None:
    secret = {"username": "CORP\\u", "password": "<stored on site>"}
    steps = [
        {"name": "Join", "type": "join_domain_or_workgroup", "domain": "corp.example.com", **secret},
        {"name": "Folder", "type": "connect_to_network_folder", "path": "\\\\a\\b", "drive": "Z:", **secret},
    ]
    message = bench.refused(MODULE, name="x", steps=steps, check=check)
    for place in ("steps[0].password (Join)", "steps[1].password (Folder)"):
        assert place in message


def archive(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in files.items():
            packed.writestr(name, data)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("files", "part"),
    [
        ({"../../etc/cron.d/x": b"<sequence/>"}, "path traversal"),
        ({"SMS_TaskSequencePackage/PS100001/object.xml": b"<" + b"a" * 50_000_000}, "larger than 16 MiB"),
        ({"readme.txt": b"nothing"}, "src"),
    ],
    ids=["traversal", "bomb", "nothing"],
)
def test_a_hostile_archive(bench: Bench, tmp_path: Path, files: dict[str, bytes], part: str) -> None:
    bench.folder = tmp_path
    (tmp_path / "export.zip").write_bytes(archive(files))
    started = time.process_time()
    assert part in bench.refused(MODULE, name="x", src="export.zip")
    assert time.process_time() - started < 2
    assert bench.requests == []
    assert [path.name for path in tmp_path.iterdir()] == ["export.zip"]


STEP = (
    '<sequence version="3.10"><step type="SMS_TaskSequence_RunCommandLineAction" name="A">'
    "<action>smsswd.exe /run: x</action><defaultVarList>{0}</defaultVarList>{1}</step></sequence>"
)
VARIABLE = '<variable name="CommandLine" property="CommandLine">x</variable>'


def test_a_document_with_a_variable_twice(bench: Bench) -> None:
    message = bench.refused(MODULE, name="x", sequence_xml=STEP.format(VARIABLE + VARIABLE, ""))
    assert "(CommandLine): a step has two variables for one property" in message
    assert bench.requests == []


def test_a_document_with_an_unknown_element_loses_nothing_silently(bench: Bench) -> None:
    result = bench.run(MODULE, name="x", sequence_xml=STEP.format(VARIABLE, "<newer>1</newer>"))
    said = str(result.get("msg")) + " ".join(bench.warnings)
    assert "newer" in said, result


# -- what the site does not know -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "place"),
    [
        ({"name": "R", "type": "BDD_InstallRoles", "properties": {"RoleIDs": "1"}}, "steps[0].type (BDD_InstallRoles)"),
        ({"name": "N", "type": "SMS_TaskSequence_NoSuchAction"}, "steps[0].type (SMS_TaskSequence_NoSuchAction)"),
        (command("A", properties={"Newer": "1"}), "steps[0].properties.Newer: SMS_TaskSequence_RunCommandLineAction"),
    ],
)
def test_check_mode_meets_what_the_run_would_meet(bench: Bench, step: dict[str, t.Any], place: str) -> None:
    assert place in bench.refused(MODULE, name="x", steps=[step], check=True)
    assert sum(entry["verb"] == "GetClass" for entry in bench.requests) == 1
    result = bench.run(MODULE, name="x", steps=[step])
    assert result["failed"] and bench.packages("x") == []


def test_a_site_with_the_deployment_toolkit_knows_its_classes() -> None:
    bench = Bench(mdt=True)
    step = {"name": "R", "type": "BDD_InstallRoles", "properties": {"OSRoleIndex": 12}}
    assert bench.ok(MODULE, name="x", steps=[step], check=True)["changed"]
    bench.ok(MODULE, name="x", steps=[step])
    bench.ok(MODULE, name="x", steps=[command("A"), step], check=True)
    # What the steps hold already is known.
    assert not any(entry["verb"] == "GetClass" for entry in bench.requests)
