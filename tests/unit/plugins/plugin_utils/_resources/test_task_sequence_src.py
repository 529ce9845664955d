# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The option ``src``: YAML and exports from a file, with package options and variables."""

from __future__ import annotations

import io
import typing as t
import zipfile
from pathlib import Path

import pytest
from tests.unit.plugins.plugin_utils._resources.bench import Bench, find

MODULE = "cm_task_sequence"
SECRET = "Canary-4711-long"
YAML = """\
schema: 1
name: From a file
description: Owned by git
max_run_time: 180
boot_image: Boot image (x64)
enabled: false
run_first: {package: Corporate Fonts, program: Install fonts}
platforms: [All Windows 11 (64-bit) Client]
steps:
  - name: Script
    type: run_powershell_script
    execution_policy: bypass
    script: |
      if ($x) {#No SystemSKU
      '{{ x }}' + '{%OSDComputerName%}'
      }
  - name: Join
    type: join_domain_or_workgroup
    domain: corp.example.com
    username: CORP\\svc
    password: {var: join_password}
"""
XML = (
    '<sequence version="3.10"><step type="SMS_TaskSequence_RunCommandLineAction" name="One" description="" '
    'runIn="WinPEandFullOS" successCodeList="0 3010"><action>smsswd.exe /run: cmd</action><defaultVarList>'
    '<variable name="CommandLine" property="CommandLine" hidden="true">cmd</variable></defaultVarList></step>'
    "</sequence>"
)
OBJECT = (
    '<?xml version="1.0" encoding="utf-16"?>\r\n<INSTANCE CLASSNAME="SMS_TaskSequencePackage">'
    '<PROPERTY NAME="Name" TYPE="string"><VALUE>x</VALUE></PROPERTY>'
    '<PROPERTY NAME="Sequence" TYPE="string"><VALUE><![CDATA[' + XML + "]]></VALUE></PROPERTY></INSTANCE>"
)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench()
    made.folder = tmp_path
    return made


def write(bench: Bench, data: str | bytes, name: str = "file") -> str:
    assert bench.folder is not None
    (bench.folder / name).write_bytes(data.encode() if isinstance(data, str) else data)
    return name


@pytest.mark.parametrize("encode", [str.encode, lambda text: b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()])
def test_a_yaml_file_with_its_package_options(bench: Bench, encode: t.Callable[[str], bytes]) -> None:
    src = write(bench, encode(YAML))
    done = bench.ladder(MODULE, src=src, variables={"join_password": SECRET})
    assert done["task_sequence"]["name"] == "From a file" and SECRET not in str(done)
    (row,) = bench.packages("From a file")
    assert (row["Description"], row["Duration"], row["BootImageID"]) == ("Owned by git", 180, "PS100005")
    assert row["TsEnabled"] is False and row["DependentProgram"] == "PS100011;;Install fonts"
    tree = bench.tree(row["PackageID"])
    assert find(tree, "Join")["DomainPassword"] == SECRET
    script = bench.steps("From a file")[0]["script"]
    assert script == "if ($x) {#No SystemSKU\n'{{ x }}' + '{%OSDComputerName%}'\n}\n"


def test_an_option_of_the_task_wins(bench: Bench) -> None:
    src = write(bench, YAML)
    options = {"src": src, "variables": {"join_password": SECRET}}
    bench.ladder(MODULE, name="Other", description="", enabled=True, **options)
    (row,) = bench.packages("Other")
    assert (row["Description"], row["TsEnabled"], row["Duration"]) == ("", True, 180)
    assert bench.packages("From a file") == []
    bench.ladder(MODULE, package_id=row["PackageID"], **options)
    assert bench.package(row["PackageID"])["Name"] == "From a file"


def test_absent_takes_the_name_from_the_file(bench: Bench) -> None:
    src = write(bench, YAML)
    options = {"src": src, "variables": {"join_password": SECRET}}
    bench.ok(MODULE, **options)
    assert bench.ok(MODULE, state="absent", **options)["changed"]
    assert bench.packages("From a file") == [] and not bench.ok(MODULE, state="absent", **options)["changed"]


@pytest.mark.parametrize(
    "data",
    [
        XML.encode(),
        b"\xef\xbb\xbf" + XML.encode(),
        b"\r\n" + XML.encode(),
        ('<?xml version="1.0" encoding="utf-8"?>\r\n' + XML).encode(),
        ("\ufeff" + XML).encode("utf-16-le"),
        ("\ufeff" + OBJECT).encode("utf-16-le"),
        OBJECT.replace("utf-16", "utf-8").encode(),
    ],
    ids=["plain", "bom", "blank line", "declaration", "utf-16", "object utf-16", "object utf-8"],
)
def test_exports_in_every_wrapping(bench: Bench, data: bytes) -> None:
    done = bench.ladder(MODULE, name="Exported", src=write(bench, data))
    assert done["task_sequence"]["steps_count"] == 1
    assert bench.steps("Exported") == [{"name": "One", "type": "run_command_line", "command_line": "cmd"}]


def zipped(**objects: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for package_id, text in objects.items():
            archive.writestr(f"SMS_TaskSequencePackage/{package_id}/object.xml", text.replace("utf-16", "utf-8"))
    return data.getvalue()


def test_a_zip_of_the_console(bench: Bench) -> None:
    done = bench.ladder(MODULE, name="Exported", src=write(bench, zipped(PS100042=OBJECT)))
    assert done["task_sequence"]["steps_count"] == 1
    assert "damaged" in bench.refused(MODULE, name="x", src=write(bench, b"PK\x03\x04rest"))


def test_a_zip_with_several(bench: Bench) -> None:
    other = OBJECT.replace("<VALUE>x<", "<VALUE>Other<").replace('name="One"', 'name="Two"')
    src = write(bench, zipped(PS100042=OBJECT, PS100043=other))
    bench.ladder(MODULE, name="other", src=src)
    assert [step["name"] for step in bench.steps("other")] == ["Two"]
    message = bench.refused(MODULE, name="Third", src=src)
    assert "none of the task sequences in the zip bears the name Third" in message and "PS100043 (Other)" in message
    assert "choose one with name: PS100042 (x), " in bench.refused(MODULE, package_id="PS100041", src=src)


def test_a_whole_export_sets_what_the_task_does_not(bench: Bench) -> None:
    """A property that the export does not have is not managed."""
    extra = (
        '<PROPERTY NAME="Description" TYPE="string"><VALUE>Exported</VALUE></PROPERTY>'
        '<PROPERTY NAME="Duration" TYPE="uint32"><VALUE>77</VALUE></PROPERTY>'
        '<PROPERTY NAME="BootImageID" TYPE="string"><VALUE>PS100005</VALUE></PROPERTY><PROPERTY NAME="Sequence"'
    )
    whole = OBJECT.replace("utf-16", "utf-8")
    src = write(bench, whole.replace('<PROPERTY NAME="Sequence"', extra))
    bench.ladder(MODULE, src=src, description="Mine", category="Kept")
    (row,) = bench.packages("x")
    assert (row["Description"], row["Duration"], row["BootImageID"]) == ("Mine", 77, "PS100005")
    assert row["Category"] == "Kept" and row["TsEnabled"] is True
    foreign = write(bench, whole.replace('<PROPERTY NAME="Sequence"', extra.replace("PS100005", "XYZ00005")))
    message = bench.refused(MODULE, "unresolved_reference", src=foreign)
    assert "boot_image (XYZ00005)" in message and "unknown_ids: keep" in message
    bench.ladder(MODULE, src=foreign, boot_image="")
    broken = whole.replace('<PROPERTY NAME="Sequence"', extra.replace("77", "long"))
    assert "object.xml: a number" in bench.refused(MODULE, src=write(bench, broken))


def test_ids_of_another_site_in_an_export_say_how_to_keep_them(bench: Bench) -> None:
    text = '<variable name="PackageID" property="PackageID">XYZ00012</variable></defaultVarList>'
    src = write(bench, XML.replace("</defaultVarList>", text))
    message = bench.refused(MODULE, "unresolved_reference", name="x", src=src)
    assert "steps[0].package (XYZ00012)" in message and "unknown_ids: keep" in message


def test_variables_that_nothing_names_are_pointed_out(bench: Bench) -> None:
    src = write(bench, YAML)
    bench.ok(MODULE, src=src, variables={"join_password": SECRET, "join_pasword": SECRET, "more": 1})
    assert "variables: join_pasword, more: nothing in the file names them." in bench.warnings
    bench.ok(MODULE, src=src, variables={"join_password": SECRET})
    assert not any(text.startswith("variables") for text in bench.warnings)
    bench.ok(MODULE, name="Exported", src=write(bench, XML), variables={"join_password": SECRET})
    assert "variables: join_password: an export has no places for variables." in bench.warnings


def test_a_file_and_the_same_steps_in_the_play_are_equal(bench: Bench) -> None:
    src = write(bench, YAML)
    bench.ok(MODULE, src=src, variables={"join_password": SECRET})
    steps = bench.steps("From a file")
    assert not bench.ok(MODULE, name="From a file", steps=steps)["changed"]


def test_everything_that_is_wrong_in_a_file_is_said_at_once(bench: Bench) -> None:
    src = write(
        bench,
        "schema: 1\nname: 'x '\nstesp: []\nmax_run_time: soon\nboot_image: {id: 5}\n"
        "steps:\n- {name: A, type: run_command_line, command_line: x, timeout: soon}\n",
    )
    message = bench.refused(MODULE, src=src)
    for part in (
        "src: stesp: is no option of a task sequence file; did you mean steps",
        "max_run_time",
        "src: steps[0].timeout (soon)",
    ):
        assert part in message, message
    src = write(bench, "schema: 1\nname: 'x '\nboot_image: {id: 5}\nsteps: []\n")
    message = bench.refused(MODULE, src=src, category="\n")
    assert all(part in message for part in ("name (x )", "boot_image.id (5)", "category"))


def test_a_file_without_a_name_needs_one_from_the_task(bench: Bench) -> None:
    assert "give name or package_id" in bench.refused(MODULE, src=write(bench, "schema: 1\nsteps: []\n"))


def test_a_misplaced_variable_is_not_shown(bench: Bench) -> None:
    text = "schema: 1\nname: x\nsteps:\n- {name: A, type: run_command_line, command_line: x, timeout: {var: secret}}\n"
    message = bench.refused(MODULE, src=write(bench, text), variables={"secret": SECRET})
    assert "src: steps[0].timeout" in message and SECRET not in message


def test_names_from_variables_stay_readable(bench: Bench) -> None:
    """A variable that is no secret must not be cut out of messages."""
    text = "schema: 1\nname: {var: title}\nsteps: []\n"
    done = bench.ok(MODULE, src=write(bench, text), variables={"title": "Windows 11"})
    assert done["task_sequence"]["name"] == "Windows 11" and "Windows 11 was created" in done["msg"]


@pytest.mark.parametrize("data", [b"", b"just text", b"\x00\x01\x02"])
def test_a_file_of_another_kind_is_refused(bench: Bench, data: bytes) -> None:
    assert "src" in bench.refused(MODULE, name="x", src=write(bench, data))
