# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Programs: flags, platforms, references, planned packages, guards."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.configmgr.osd.plugins.modules.cm_program import SPEC
from ansible_collections.configmgr.osd.plugins.plugin_utils import _errors as errors
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.instance import Instance
from ansible_collections.configmgr.osd.plugins.plugin_utils._resources import _program_flags as flags
from ansible_collections.configmgr.osd.plugins.plugin_utils._resources.program import Program
from tests.unit.plugins.plugin_utils.fake_site import FakeCim, Run, package


def program(name: str = "Install", **properties: t.Any) -> Instance:
    return Instance(
        "SMS_Program",
        {
            "PackageID": "P0100001",
            "ProgramName": name,
            "CommandLine": "a.exe",
            "ProgramFlags": flags.NEW,
            "Duration": 120,
            **properties,
        },
    )


def platform(name: str, version: str) -> Instance:
    return Instance(
        "SMS_SupportedPlatforms",
        {
            "DisplayText": name,
            "OSName": "Win NT",
            "OSPlatform": "x64",
            "OSMinVersion": version,
            "OSMaxVersion": "99",
        },
    )


AGENT = package("P0100001", "Agent")
PLATFORMS = [platform("Windows 10", "10"), platform("Windows 11", "11")]


def run(rows: t.Iterable[Instance] = (AGENT,), **options: t.Any) -> Run:
    values = {"package": "Agent", "name": "Install", "report_scopes": False, **options}
    return Run(Program, SPEC, rows, **values)


def verbs(cim: FakeCim) -> list[str]:
    return [call[0] for call in cim.calls]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, 0x0910A001),
        ({"logon": "required"}, 0x0910E001),
        ({"logon": "none"}, 0x0912A001),
        ({"run_as": "user"}, 0x09106001),
        ({"run_as": "user", "logon": "any"}, 0x09102001),
        ({"interactive": True}, 0x09108001),
        ({"run_mode": "normal"}, 0x0810A001),
        ({"run_mode": "minimized"}, 0x0850A001),
        ({"run_mode": "maximized"}, 0x0890A001),
        ({"allow_task_sequence": False}, 0x0910A000),
        ({"after_running": "restart"}, 0x0918A001),
        ({"after_running": "program_restarts"}, 0x0914A001),
        ({"after_running": "log_off"}, 0x0B10A001),
    ],
)
def test_flags_of_a_new_program(options: dict[str, t.Any], expected: int) -> None:
    task = run(command_line="a.exe", **options)
    outcome = task()
    sent = task.cim.of("create")[0][1].properties
    assert sent["ProgramFlags"] == expected
    for option, value in options.items():
        assert outcome.values["program"][option] == value
    again = run(task.cim.rows, **options)
    assert not again().changed


def test_the_default_flags_are_those_of_the_console() -> None:
    assert flags.NEW == 0x8000 + 0x2000 + 0x100000 + 0x08000000 + 0x1 + 0x01000000


@pytest.mark.parametrize("option", flags.OPTIONS)
def test_a_change_touches_only_its_own_bits(option: str) -> None:
    choices = SPEC["argument_spec"][option].get("choices", [False, True])
    for start in (0, 0xFFFFFFFF, flags.NEW):
        for value in choices:
            once = flags.change(start, option, value)
            assert flags.read(once)[option] == value
            others = {name: kept for name, kept in flags.read(start).items() if name != option}
            assert {name: kept for name, kept in flags.read(once).items() if name != option} == others


def test_unknown_bits_survive() -> None:
    task = run([AGENT, program(ProgramFlags=flags.NEW | 0x1000)], run_mode="normal")
    task()
    assert task.cim.rows[1].get("ProgramFlags") == (flags.NEW | 0x1000) & ~flags.HIDE_WINDOW


def test_nothing_to_change_is_a_query_and_a_get() -> None:
    task = run([AGENT, program()], command_line="a.exe", platforms=[])
    assert not task().changed
    assert verbs(task.cim) == ["query", "get"]


def test_a_package_by_id_is_not_looked_up_while_the_program_is_there() -> None:
    task = run([program()], package={"id": "P0100001"})
    assert not task().changed
    assert verbs(task.cim) == ["get"]


def test_a_package_by_id_is_checked_before_a_create() -> None:
    task = run([AGENT], package="id:P0100001", command_line="a.exe")
    assert task().values["program"]["package"] == {"name": "Agent", "package_id": "P0100001"}
    assert verbs(task.cim) == ["get", "query", "create", "get"]
    with pytest.raises(errors.ReferenceProblems):
        run([], package="id:P0100001", command_line="a.exe")()


def test_platforms_by_name() -> None:
    task = run([AGENT, program(), *PLATFORMS], platforms=["Windows 11", "windows 10", "Windows 11"])
    outcome = task()
    stored = task.cim.rows[1]
    assert outcome.values["program"]["platforms"] == ["Windows 11", "Windows 10"]
    assert len(stored.get("SupportedOperatingSystems")) == 2
    assert not stored.get("ProgramFlags") & flags.ANY_PLATFORM
    assert not run(task.cim.rows, platforms=["Windows 10", "Windows 11"])().changed
    cleared = run(task.cim.rows, platforms=[])
    assert cleared().changed
    assert cleared.cim.rows[1].get("ProgramFlags") & flags.ANY_PLATFORM


def test_an_unknown_platform_is_named() -> None:
    with pytest.raises(errors.ReferenceProblems, match=r"platforms\[1\] \(Windows 12\)"):
        run([AGENT, program(), *PLATFORMS], platforms=["Windows 10", "Windows 12"])()


def test_the_name_is_found_in_any_case_and_kept() -> None:
    task = run([AGENT, program("INSTALL")], comment="x")
    assert task().values["program"]["name"] == "INSTALL"
    assert task.cim.of("put")[0][2]["ProgramName"] == "INSTALL"


def test_a_planned_package_in_check_mode() -> None:
    planned = [{"kind": "package", "name": "Agent", "planned": True}]
    task = run([], command_line="a.exe", planned=planned, check=True)
    outcome = task()
    assert outcome.changed and outcome.values["program"]["planned"]
    assert outcome.values["unresolved"] == [{"kind": "package", "name": "Agent", "path": "package"}]
    assert "<not there yet>" in outcome.diff["after"]
    with pytest.raises(errors.ReferenceProblems):
        run([], command_line="a.exe", planned=planned)()


def test_create_needs_a_command_line() -> None:
    with pytest.raises(errors.InvalidInput, match="command_line"):
        run([AGENT])()


@pytest.mark.parametrize("options", [{"run_as": "user", "logon": "none"}, {"interactive": True, "logon": "none"}])
def test_combinations_nobody_could_run(options: dict[str, t.Any]) -> None:
    with pytest.raises(errors.InvalidInput, match="logon"):
        run([AGENT, program()], **options)()
    odd = program(ProgramFlags=(flags.NEW & ~flags.ADMIN_RIGHTS) | flags.NO_USER_LOGGED_IN)
    assert run([AGENT, odd], comment="what is stored is left alone")().changed


def test_somebody_else_created_it_meanwhile() -> None:
    class Racing(FakeCim):
        def create(self, instance: Instance) -> dict[str, str]:
            self.rows.append(program(CommandLine="other.exe"))
            raise errors.AlreadyExists("there")

    task = run(command_line="a.exe", cim=Racing(AGENT))
    assert task().values["program"]["command_line"] == "a.exe"
    assert len(task.cim.of("put")) == 1


def sequence(*references: tuple[str, str], first: str = "") -> list[Instance]:
    return [
        Instance("SMS_TaskSequencePackageReference", {"PackageID": "P0100030", "ObjectID": "P0100001"}),
        package(
            "P0100030",
            "Desktop",
            "SMS_TaskSequencePackage",
            DependentProgram=first,
            References=[
                Instance("SMS_TaskSequence_Reference", {"Package": pid, "Program": name, "Type": 0})
                for pid, name in references
            ],
        ),
    ]


@pytest.mark.parametrize(
    ("rows", "refused"),
    [
        (sequence(("P0100001", "install")), True),
        (sequence(("P0100001", "Other"), ("P0100001", "Install")), True),
        (sequence(("P0100001", "Other"), ("P0100002", "Install")), False),
        (sequence(("P0100001", "")), True),
        (sequence(("P0100001", "Other"), first="P0100001;;Install"), True),
        (sequence(), True),
        ([], False),
    ],
)
def test_absent_refuses_while_a_sequence_runs_it(rows: list[Instance], refused: bool) -> None:
    task = run([AGENT, program(), *rows], state="absent")
    if refused:
        with pytest.raises(errors.GateRefused, match=r"P0100030 \(Desktop\)"):
            task()
        assert not task.cim.writes()
    else:
        assert task().changed
        assert task.cim.of("delete")


def test_absent_refuses_while_another_program_runs_it_first() -> None:
    def after(owner: str, name: str, first: str) -> Instance:
        values = {"PackageID": owner, "ProgramName": name, "PackageName": "Suite", "DependentProgram": first}
        return Instance("SMS_Program", values)

    task = run([AGENT, program(), after("P0100001", "Configure", "P0100001;;INSTALL")], state="absent")
    with pytest.raises(errors.GateRefused, match=r"Configure of P0100001 \(Suite\)"):
        task()
    assert not task.cim.writes()
    for first in ("", "P0100001;;Other", "P0100002;;Install"):
        assert run([AGENT, program(), after("P0100002", "Configure", first)], state="absent")().changed


def test_absent_on_nothing() -> None:
    assert not run([AGENT], state="absent")().changed
    assert not run([], state="absent")().changed
    assert not run([], package="id:P0100009", state="absent")().changed
    with pytest.raises(errors.ReferenceProblems):
        run([AGENT, package("P0100002", "Agent")], state="absent")()


def test_all_mistakes_in_one_error() -> None:
    task = run(package="", name="x ", command_line="a\nb", max_run_time=-1, platforms=["", "ok"])
    with pytest.raises(errors.InvalidInput) as caught:
        task()
    paths = [problem.path for problem in caught.value.problems]
    assert paths == ["package", "name", "command_line", "max_run_time", "platforms[0]"]
    assert not task.cim.calls
