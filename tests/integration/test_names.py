# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names with every kind of character, for every kind of object: create, find, rename, delete; and those refused."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

import pytest
from tests.integration.conftest import STORES, Simulator
from tests.integration.inprocess import InProcess

pytestmark = pytest.mark.inprocess

NAMES = (
    "O'Neil",
    'The "best" agent',
    "It's \"both\" kinds",
    "Back\\slash \\\\ twice \\",
    "\\'",
    "100% of_it [all] [_] ^x",
    "<b>&amp;</b> ]]>",
    " leading blank",
    "rocket \U0001f680 and e\u0301",
    "{{ braces }} {# #} {% %}",
    "semi;colon -- 1=1",
)
OTHERS_LIKE = ("ONeil", "1000 ofXit a", "It_s \"both\" kinds", "Back/slash")
"""Names that a careless LIKE would find instead."""

REFUSED = (
    ("", "must not be empty"),
    ("trailing ", "must not end with a blank"),
    ("two\nlines", "line breaks"),
    ("carriage\rreturn", "line breaks"),
    ("a\u0007bell", "control"),
    ("x" * 256, "is longer than 255 characters"),
)


@dataclass(frozen=True)
class Kind:
    """A module, what a new object of it needs, the options that rename one, and where the site keeps the name."""

    module: str
    key: str
    class_name: str
    column: str
    new: dict[str, t.Any]
    identity: str | None
    longest: int = 255
    rename: dict[str, t.Any] = field(default_factory=dict)


KINDS = {
    "package": Kind("cm_package", "package", "SMS_Package", "Name", {}, "package_id"),
    "program": Kind("cm_program", "program", "SMS_Program", "ProgramName",
                    {"package": {"id": "PS100010"}, "command_line": "a.exe"}, None, longest=50),
    "task sequence": Kind("cm_task_sequence", "task_sequence", "SMS_TaskSequencePackage", "Name", {"steps": []},
                          "package_id"),
    "ts package": Kind("cm_ts_package", "ts_package", "SMS_TaskSequencePackage", "Name", {}, "package_id"),
    "advertisement": Kind("cm_advertisement", "advertisement", "SMS_Advertisement", "AdvertisementName",
                          {"task_sequence": {"id": "PS100043"}, "collection": {"id": "PS100014"},
                           "purpose": "available"}, "advertisement_id", rename={"allow_replace": True}),
}  # fmt: skip


@pytest.fixture(params=STORES)
def site(request: pytest.FixtureRequest, simulator: Simulator) -> InProcess:
    """A fresh site over either connection."""
    return InProcess(simulator, request.param)


def _stored(site: InProcess, kind: Kind) -> list[str]:
    rows = site.rows(f"SELECT * FROM {kind.class_name} WHERE {kind.column} LIKE '%'")
    return [row[kind.column] for row in rows]


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_character(kind: Kind, site: InProcess) -> None:
    """What was written is what is stored, found and shown; a rename and a delete hit that object only."""
    neighbours = [] if kind.module == "cm_advertisement" else [name[: kind.longest] for name in OTHERS_LIKE]
    for name in neighbours:
        assert site.run(kind.module, name=name, **kind.new).changed
    count = len(_stored(site, kind))
    for name in NAMES:
        created = site.run(kind.module, name=name, **kind.new)
        assert created.changed and created.result[kind.key]["name"] == name, created.result
        assert _stored(site, kind).count(name) == 1
        again = site.run(kind.module, name=name, **kind.new)
        assert not again.failed and not again.changed, again.result
        renamed = f"{name}2"
        if kind.identity:
            own = {kind.identity: created.result[kind.key][kind.identity]}
            done = site.run(kind.module, name=renamed, **own, **kind.rename)
            assert done.changed and done.result[kind.key]["name"] == renamed, done.result
            assert {name, renamed} & set(_stored(site, kind)) == {renamed}
        else:
            renamed = name
        where = {"package": kind.new["package"]} if "package" in kind.new else {}
        gone = site.run(kind.module, name=renamed, state="absent", **where)
        assert gone.changed, gone.result
        assert len(_stored(site, kind)) == count


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_refused_names(kind: Kind, site: InProcess) -> None:
    """The message says what is wrong before anything is sent."""
    for name, words in REFUSED:
        done = site.run(kind.module, name=name, **kind.new)
        assert done.code == "invalid_input" and done.requests == [], (name, done.result)
        if len(name) <= kind.longest:
            assert words in done.result["msg"], (name, done.result["msg"])


@pytest.mark.parametrize("kind", [KINDS["package"], KINDS["task sequence"]], ids=["package", "task sequence"])
def test_the_limit_of_the_console(kind: Kind, site: InProcess) -> None:
    """Above 50 characters there is a warning, up to 255 the name is taken."""
    done = site.run(kind.module, name="y" * 50, **kind.new)
    assert done.changed and not done.warnings
    done = site.run(kind.module, name="x" * 255, **kind.new)
    assert done.changed and any("50" in text for text in done.warnings), done.warnings


def test_references_by_strange_names(site: InProcess) -> None:
    """Packages and programs with such names are found by the steps that use them."""
    steps = []
    for number, name in enumerate(NAMES):
        assert site.run("cm_package", name=name).changed
        program = name[:50]
        assert site.run("cm_program", package=name, name=program, command_line="a.exe").changed
        steps.append({"name": f"Step {number}", "type": "install_package", "package": name, "program": program})
    done = site.run("cm_task_sequence", name="Strange", steps=steps)
    assert done.changed, done.result
    queries = [entry for entry in done.requests if entry["verb"] == "Enumerate"]
    assert [entry["class"] for entry in queries].count("SMS_Package") == 1
    assert [entry["class"] for entry in queries].count("SMS_Program") == 1
    info = site.run("cm_task_sequence_info", name="Strange").result["task_sequences"][0]["steps"]
    assert [step["package"] for step in info] == list(NAMES)
    assert not site.run("cm_task_sequence", name="Strange", steps=info).changed


@pytest.mark.parametrize("name", NAMES)
def test_step_names(name: str, site: InProcess) -> None:
    """Steps, descriptions and command lines bear every character too, as objects and as text."""
    step = {"name": name, "type": "run_command_line", "command_line": name.strip(), "description": name}
    for way in ("objects", "xml"):
        args = {"name": f"Steps {way}", "steps": [step], "compatibility": {"write_via": way}}
        done = site.run("cm_task_sequence", **args)
        assert done.changed and not done.warnings, (done.result, done.warnings)
        assert not site.run("cm_task_sequence", **args).changed
        info = site.run("cm_task_sequence_info", name=f"Steps {way}").result["task_sequences"][0]["steps"]
        assert info == [step]
