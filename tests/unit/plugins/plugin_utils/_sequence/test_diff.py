# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Changes between two sequences, in words."""

from __future__ import annotations

import base64
import copy

from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence import diff, dynamic_variables, wording
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.match import match
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.model import (
    GROUP,
    PREFIX,
    Operand,
    Ref,
    Secret,
    Sequence,
    Step,
)

RUN = PREFIX + "RunCommandLineAction"
SCRIPT = PREFIX + "RunPowerShellScriptAction"


def run(name: str, **properties: object) -> Step:
    return Step(RUN, {"Name": name, **properties})


def group(name: str, *steps: Step) -> Step:
    return Step(GROUP, {"Name": name}, None, list(steps))


def script(text: str) -> str:
    return base64.b64encode(b"\xff\xfe" + text.encode("utf-16-le")).decode("ascii")


def changes(old: Sequence, new: Sequence) -> list[diff.Change]:
    return diff.changes(old, new, match(old, new))


def text(old: Sequence, new: Sequence) -> str:
    return diff.render(changes(old, new))


def test_nothing_changes() -> None:
    sequence = Sequence([group("G", run("A", CommandLine="x"))])
    assert text(sequence, copy.deepcopy(sequence)) == ""


def test_a_changed_property_has_its_option_and_both_values() -> None:
    old = Sequence([group("G", run("A", Timeout=60, SupportedEnvironment="WinPE"))])
    new = Sequence([group("G", run("A", SupportedEnvironment="FullOS", PackageID=Ref("package", name="Tools")))])
    assert text(old, new).splitlines() == [
        "~ G / A (run_command_line): run_in: winpe -> full_os",
        "~ G / A (run_command_line): timeout: 60 -> 0",
        "~ G / A (run_command_line): package: (none) -> Tools <not there yet>",
    ]


def test_names_for_ids() -> None:
    old, new = Sequence([run("A", PackageID="PS100001")]), Sequence([run("A", PackageID="PS100002")])
    names = {"PS100001": "Old tools", "PS100002": "New tools"}
    found = diff.changes(old, new, match(old, new), name_of=lambda _class, _property, value: names.get(value))
    assert diff.render(found) == "~ A (run_command_line): package: Old tools -> New tools\n"


def test_enabled_and_disabled() -> None:
    old = Sequence([run("A", Enabled=True), run("B", Enabled=False)])
    new = Sequence([run("A", Enabled=False), run("B", Enabled=True)])
    assert [change.kind for change in changes(old, new)] == [diff.DISABLED, diff.ENABLED]
    assert text(old, new) == "~ A (run_command_line): disabled\n~ B (run_command_line): enabled\n"


def test_added_and_removed_steps_in_run_order() -> None:
    old = Sequence([run("A"), run("B", CommandLine="gone"), run("C")])
    new = Sequence([run("A"), run("C"), group("New", run("D", CommandLine="x", Timeout=5))])
    assert text(old, new).splitlines() == [
        "- B (run_command_line)",
        "+ New (group)",
        "+ New / D (run_command_line)",
        "      timeout: 5",
        "      command_line: x",
    ]


def test_a_removed_step_names_what_is_lost_with_it() -> None:
    lost = run("A", UserName="u", UserPassword="geheim", Newer="x")
    (line, detail) = text(Sequence([lost]), Sequence()).splitlines()
    assert line == "- A (run_command_line)"
    assert detail.strip() == (
        "lost with it: the stored secret password, property Newer, which this collection does not know"
    )


def test_moved_steps() -> None:
    old = Sequence([run("A"), run("B", CommandLine="b"), run("C", CommandLine="c"), group("G")])
    new = Sequence([run("C", CommandLine="c"), run("A"), group("G", run("B", CommandLine="b"))])
    assert text(old, new).splitlines() == [
        "> C (run_command_line): moved within its group",
        "> G / B (run_command_line): moved, was B",
    ]


def test_what_stands_in_a_moved_group_did_not_move_itself() -> None:
    old = Sequence([group("One", run("A")), group("Two", run("B"))])
    new = Sequence([group("Two", run("B")), group("One", run("A"))])
    assert len(changes(old, new)) == 1


def test_a_renamed_step() -> None:
    old = Sequence([run("A"), run("B", CommandLine="x"), run("C")])
    new = Sequence([run("A"), run("B2", CommandLine="x"), run("C")])
    assert text(old, new) == "~ B2 (run_command_line): renamed, was B\n"


def test_a_changed_condition_in_words() -> None:
    def step(value: str) -> Step:
        variable = Operand(
            PREFIX + "VariableConditionExpression", {"Variable": "_SMSTSInWinPE", "Operator": "equals", "Value": value}
        )
        wmi = Operand(
            PREFIX + "WMIConditionExpression", {"Namespace": "root\\cimv2", "Query": "SELECT * FROM Win32_BIOS"}
        )
        return Step(
            RUN, {"Name": "A"}, [Operand(PREFIX + "ConditionOperator", {"OperatorType": "or"}, [variable, wmi])]
        )

    assert text(Sequence([step("true")]), Sequence([step("false")])).splitlines() == [
        "~ A (run_command_line): condition",
        '      - any(variable _SMSTSInWinPE equals "true"; wmi SELECT * FROM Win32_BIOS)',
        '      + any(variable _SMSTSInWinPE equals "false"; wmi SELECT * FROM Win32_BIOS)',
    ]


def test_a_script_is_a_line_diff() -> None:
    lines = [f"line {number}" for number in range(50)]
    old = Sequence([Step(SCRIPT, {"Name": "S", "SourceScript": script("\r\n".join(lines))})])
    lines[20] = "changed"
    new = Sequence([Step(SCRIPT, {"Name": "S", "SourceScript": script("\n".join(lines))})])
    shown = text(old, new).splitlines()
    assert shown[0] == "~ S (run_powershell_script): script"
    assert "      -line 20" in shown
    assert "      +changed" in shown
    assert len(shown) == 7


def test_dynamic_variables_are_a_line_diff_without_their_secrets() -> None:
    def step(model: str, secret: str) -> Step:
        rules = [
            {"when": {"model": model}, "set": [{"name": "P", "value": Secret(secret), "secret": True}]},
            {"set": {"A": "1"}},
        ]
        return Step(PREFIX + "SetDynamicVariablesAction", {"Name": "R", "Rules": dynamic_variables.build(rules)})

    assert text(Sequence([step("X", "one")]), Sequence([step("X", "two")])) == ""
    shown = text(Sequence([step("X", "geheim")]), Sequence([step("Y", "geheim")]))
    assert "-when {model: X}:" in shown
    assert "+when {model: Y}:" in shown
    assert "geheim" not in shown


def test_no_secret_is_ever_shown() -> None:
    steps = [
        run("A", UserName="u", UserPassword=Secret("canary")),
        Step(
            PREFIX + "SetVariableAction",
            {"VariableName": "P", "DoNotShowVariableValue": True, "VariableValue": "canary"},
        ),
        Step("BDD_X", {"Name": "B", "AdminPassword": "canary", "Plain": "seen"}),
    ]
    created = diff.render(diff.changes(None, Sequence(steps)))
    assert "canary" not in created
    assert "password: (secret)" in created
    assert "seen" in created
    assert "canary" not in diff.render(diff.changes(Sequence(steps), None))
    assert "canary" not in repr(diff.changes(None, Sequence(steps)))


def test_the_text_is_capped() -> None:
    steps = [run(f"Step {number}", CommandLine="x" * 100) for number in range(1000)]
    shown = diff.render(diff.changes(None, Sequence(steps)))
    lines = shown.splitlines()
    assert len(lines) == 200 - 1
    assert lines[-1] == "... and 901 more changes"
    fat = [run("\u00fc" * 90, CommandLine="\u00e4" * 150, Description="\u00e4" * 150) for _unused in range(300)]
    shown = diff.render(diff.changes(None, Sequence(fat)))
    assert len(shown.encode("utf-8")) <= 32 * 1024
    assert shown.endswith("more changes\n")
    exact = diff.render(diff.changes(None, Sequence([run("A"), run("B")])), max_lines=2)
    assert exact.splitlines() == ["+ A (run_command_line)", "+ B (run_command_line)"]
    assert diff.render(diff.changes(None, Sequence([run("A"), run("B")])), max_lines=1) == "... and 2 more changes\n"


def test_a_long_script_does_not_fill_the_text() -> None:
    step = Step(SCRIPT, {"Name": "S", "SourceScript": script("\n".join(f"line {n}" for n in range(5000)))})
    shown = diff.render(diff.changes(None, Sequence([step, run("After")])))
    assert "more lines" in shown
    assert "+ After" in shown


def test_names_cannot_forge_lines() -> None:
    shown = diff.render(diff.changes(None, Sequence([run("A\n- B (run_command_line)")])))
    assert len(shown.splitlines()) == 1


def test_single_values_in_words() -> None:
    rules = dynamic_variables.build([{"set": [{"name": "P", "value": Secret("canary"), "secret": True}]}])
    dynamic = PREFIX + "SetDynamicVariablesAction"
    assert wording.value_words(dynamic, "Rules", rules) == "always:; P = (secret)"
    assert wording.value_words(RUN, "UserPassword", "canary") == wording.value_words("BDD_X", "APassword", "canary")
    assert wording.value_words(RUN, "UserPassword", "canary") == "(secret)"
    assert wording.value_words(SCRIPT, "SourceScript", script("a\nb")) == "a script of 2 lines"
    assert wording.value_words(RUN, "Timeout", None) == "(none)"
