# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The option ``sequence_xml``: what the server converts, what is checked before, and what is kept."""

from __future__ import annotations

import typing as t

import pytest
from tests.unit.plugins.plugin_utils._resources.bench import Bench, find

MODULE = "cm_task_sequence"


@pytest.fixture
def bench() -> Bench:
    return Bench()


def step(name: str, variables: dict[str, str] | None = None, inner: str = "", **attributes: str) -> str:
    """Return a Run Command Line step as an export has it."""
    values = {"CommandLine": "cmd.exe", "DisableWow64Redirection": "false", "RunAsUser": "false", **(variables or {})}
    listed = "".join(f'<variable name="V{key}" property="{key}">{value}</variable>' for key, value in values.items())
    shown = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return (
        f'<step type="SMS_TaskSequence_RunCommandLineAction" name="{name}" description="" runIn="WinPEandFullOS" '
        f'successCodeList="0 3010"{shown}>{inner}<action>smsswd.exe /run: cmd.exe</action>'
        f"<defaultVarList>{listed}</defaultVarList></step>"
    )


def document(*steps: str, version: str = "3.10") -> str:
    return f'<sequence version="{version}">{"".join(steps)}</sequence>'


CONDITION = (
    '<condition><operator type="or"><expression type="SMS_TaskSequence_VariableConditionExpression">'
    '<variable name="Operator">exists</variable><variable name="Variable">A</variable></expression></operator>'
    "</condition>"
)


def test_the_ladder(bench: Bench) -> None:
    one = document(step("One"), f'<group name="G" description="">{CONDITION}{step("Two", disable="true")}</group>')
    done = bench.ladder(MODULE, name="x", sequence_xml=one, description="Exported")
    assert done["task_sequence"]["changed_options"] == ["name", "description", "steps"]
    assert (done["task_sequence"]["steps_count"], done["task_sequence"]["groups_count"]) == (2, 1)
    assert bench.steps("x") == [
        {"name": "One", "type": "run_command_line", "command_line": "cmd.exe"},
        {
            "name": "G",
            "condition": [{"any": [{"variable": "A", "operator": "exists"}]}],
            "steps": [{"name": "Two", "type": "run_command_line", "enabled": False, "command_line": "cmd.exe"}],
        },
    ]
    done = bench.ladder(MODULE, name="x", sequence_xml=one.replace(' disable="true"', ""))
    assert done["diff"]["prepared"] == "~ task sequence x\n~ G / Two (run_command_line): enabled\n"
    assert bench.ok(MODULE, name="x", state="absent")["changed"]


def test_requests(bench: Bench) -> None:
    text = document(step("One"))

    def count(**options: t.Any) -> int:
        bench.ok(MODULE, **options)
        return sum(entry["verb"] != "Pull" for entry in bench.requests)

    assert count(name="x", sequence_xml=text) == 7
    assert count(name="x", sequence_xml=text) == 5
    assert count(name="x", sequence_xml=document(step("Two"))) == 8
    assert bench.writes() == ["Invoke SetSequence"]


def test_form_and_order_of_attributes_do_not_matter(bench: Bench) -> None:
    text = document(step("One"), step("Two"))
    bench.ok(MODULE, name="x", sequence_xml=text)
    for same in (
        "\n " + text.replace("><", ">\r\n  <"),
        "\ufeff" + text,
        '<?xml version="1.0"?>\n<!-- a remark -->' + text,
        text.replace('version="3.10"', 'version="3.00"'),
        text.replace('runIn="WinPEandFullOS"', 'runIn="winpeandfullos"'),
        text.replace("</sequence>", "<referenceList/></sequence>"),
    ):
        assert not bench.ok(MODULE, name="x", sequence_xml=same)["changed"], same


def test_the_version_of_the_sequence_is_the_sites(bench: Bench) -> None:
    """A version is never sent with a new sequence and goes back unchanged with a stored one."""
    bench.ok(MODULE, name="x", sequence_xml=document(step("One"), version="3.00"))
    (row,) = bench.packages("x")
    assert 'version="3.10"' in bench.text(row["PackageID"])
    bench.ok(MODULE, name="x", sequence_xml=document(step("Two"), version="2.00"))
    assert 'version="3.10"' in bench.text(row["PackageID"]) and not bench.notes("schema_version_changed")


def test_what_an_old_export_lacks_is_sent_as_what_it_means(bench: Bench) -> None:
    """Properties that must not be null; the site of the export was not that strict."""
    text = document(step("One")).replace(
        '<variable name="VDisableWow64Redirection" property="DisableWow64Redirection">false</variable>', ""
    )
    assert "Wow64" not in text
    bench.ladder(MODULE, name="x", sequence_xml=text)
    (row,) = bench.packages("x")
    assert find(bench.tree(row["PackageID"]), "One")["DisableWow64Redirection"] is False


def test_ids_are_checked_with_all_other_references(bench: Bench) -> None:
    text = document(step("One", {"PackageID": "PS100010"}), step("Two", {"PackageID": "XYZ00012"}))
    message = bench.refused(MODULE, "unresolved_reference", name="x", sequence_xml=text, boot_image="No image")
    assert "sequence_xml: steps[1].package (XYZ00012): the site has no package with this ID" in message
    assert "boot_image (No image)" in message and "PS100010" not in message
    done = bench.ok(MODULE, name="x", sequence_xml=text, unknown_ids="keep")
    assert done["dangling_references"] == [
        {"kind": "package", "id": "XYZ00012", "path": "sequence_xml: steps[1].package"}
    ]
    assert {"kind": "package", "name": "Monitoring Agent", "id": "PS100010"} in done["task_sequence"]["references"]
    # What the site holds needs no such word again.
    assert not bench.ok(MODULE, name="x", sequence_xml=text)["changed"]


def test_rules_are_checked_before_anything_is_sent(bench: Bench) -> None:
    bad = document(step("y" * 101), step("Two", {"Timeout": "x"}).replace("WinPEandFullOS", "Nowhere"))
    message = bench.refused(MODULE, name="x", sequence_xml=bad)
    assert "sequence_xml: steps[0].name" in message and "sequence_xml: steps[1].run_in (Nowhere)" in message
    assert bench.requests == []


def test_a_class_that_the_site_does_not_have_is_named(bench: Bench) -> None:
    text = document(step("One").replace("SMS_TaskSequence_RunCommandLineAction", "BDD_UsePackage"))
    for check in (True, False):
        result = bench.run(MODULE, name="x", sequence_xml=text, check=check)
        assert result["failed"] and "BDD_UsePackage" in result["msg"] and not result["changed"]


def test_long_texts_and_odd_characters_survive(bench: Bench) -> None:
    odd = "a &lt;b&gt; &amp;amp; &quot;q&quot; it's %A% \U0001f680 tab&#9;end"
    bench.ladder(MODULE, name="x", sequence_xml=document(step("One", {"CommandLine": odd})))
    assert bench.steps("x")[0]["command_line"] == 'a <b> &amp; "q" it\'s %A% \U0001f680 tab\tend'
    assert not bench.ok(MODULE, name="x", steps=bench.steps("x"))["changed"]
