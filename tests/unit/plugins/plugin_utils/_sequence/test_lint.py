# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lint as a whole: order, switching off, real sequences, its reference page."""

from __future__ import annotations

import collections
import importlib.util
import os
import time
import typing as t
from pathlib import Path

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils._errors import InvalidInput
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.from_yaml import parse_steps
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.lint.catalogue import RULES, all_rules
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.lint.engine import lint
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.lint.finding import SEVERITIES, Finding
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.lint.source import lint_data
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.lint.verdict import judge
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.to_yaml import describe
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.xml_read import read_sequence

SHARED = os.environ.get("CONFIGMGR_SHARED", "")
CORPUS = sorted(Path(SHARED, "corpus").glob("*.xml")) if SHARED else []
TOOLS = Path(__file__).resolve().parents[4] / "tools"
OPTIONAL = [rule.id for rule in all_rules() if not rule.default]

STEPS: list[dict[str, t.Any]] = [
    {
        "name": "Main",
        "steps": [
            {"name": "Off", "type": "run_command_line", "command_line": "x.exe /password:abc", "enabled": False},
            {"name": "Empty", "steps": []},
        ],
    },
    {"name": "Empty", "steps": []},
]


def ids(ignore: t.Any = (), **more: t.Any) -> list[tuple[str, str]]:
    return [(item.rule, item.path) for item in lint_data(STEPS, ignore=ignore, **more)]


ALL = [
    ("secret-in-command", "steps[0].steps[0].command_line"),
    ("disabled-step", "steps[0].steps[0].enabled"),
    ("empty-group", "steps[0].steps[1].steps"),
    ("empty-group", "steps[1].steps"),
]


def test_findings_come_in_run_order_and_the_worst_of_a_step_first() -> None:
    assert ids() == ALL
    assert ids(severity="warning") == ALL[:1]
    assert ids(severity="error") == []


@pytest.mark.parametrize(
    ("ignore", "left"),
    [
        ("empty-group", ALL[:2]),
        (["empty-group", "disabled-step"], ALL[:1]),
        ([{"rule": "empty-group"}], ALL[:2]),
        ([{"rule": "empty-group", "path": "steps[0]"}], [*ALL[:2], ALL[3]]),
        ([{"rule": "empty-group", "path": ["main", "EMPTY"]}], [*ALL[:2], ALL[3]]),
        ([{"rule": "empty-group", "path": ["Main"]}], [*ALL[:2], ALL[3]]),
        ([{"rule": "empty-group", "path": ["Empty"]}], ALL[:3]),
        ([{"rule": "empty-group", "path": "steps[1].steps"}], ALL[:3]),
        ([{"rule": "empty-group", "path": "steps[10]"}], [*ALL, ("unused-ignore", "ignore[0]")]),
        ([{"rule": "empty-group", "path": ["Empty", "Main"]}], [*ALL, ("unused-ignore", "ignore[0]")]),
        # A rule that does not run leaves no entry without use.
        ([{"rule": "unset-variable", "path": "steps[0]"}], ALL),
        (["stored-size"], ALL),
    ],
)
def test_ignore(ignore: t.Any, left: list[tuple[str, str]]) -> None:
    assert ids(ignore) == left


@pytest.mark.parametrize(
    ("ignore", "words"),
    [
        (["empty-groups"], r"ignore\[0\] \(empty-groups\): is no lint rule; did you mean empty-group"),
        ([{"path": "steps[0]"}], r"ignore\[0\]\.rule"),
        ([{"rule": "empty-group", "path": 3}], r"ignore\[0\]\.path"),
        ([{"rule": "empty-group", "path": []}], r"ignore\[0\]\.path"),
        ([{"rule": "empty-group", "step": "x"}], r"ignore\[0\]\.step"),
        ([7], r"ignore\[0\] \(7\)"),
    ],
)
def test_a_wrong_ignore_is_an_error(ignore: t.Any, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        lint_data(STEPS, ignore=ignore)


def test_a_path_does_not_depend_on_where_the_steps_come_from() -> None:
    sequence = parse_steps(STEPS, path="src: steps").sequence
    for path in ("steps[1]", "src: steps[1]"):
        found = lint(sequence, ignore=[{"rule": "empty-group", "path": path}])
        assert [item.path for item in found if item.rule == "empty-group"] == ["src: steps[0].steps[1].steps"]
        assert "unused-ignore" not in [item.rule for item in found]


def test_a_file_switches_rules_off_itself_and_names_variables() -> None:
    file = {
        "schema": 1,
        "lint_ignore": ["disabled-step", {"rule": "empty-group", "path": ["Empty"]}],
        "steps": STEPS,
    }
    assert [(item.rule, item.path) for item in lint_data(file)] == [ALL[0], ALL[2]]
    step = {"name": "Set", "type": "set_task_sequence_variable", "variable": "OSDPassword", "value": {"var": "secret"}}
    assert lint_data({"steps": [step]}) == []
    found = lint_data({"steps": [step]}, variables={"secret": "Wellhidden-1"})
    assert [item.rule for item in found] == ["secret-in-variable"]


def test_what_was_read_from_a_site_can_be_linted() -> None:
    live = {
        "name": "n" * 60,
        "description": "",
        "boot_image": "",
        "platforms": [],
        "package_id": "PS100001",
        "steps": [
            {"name": "Apply", "type": "apply_operating_system_image", "image": {"id": "PS100002"}, "image_index": 1},
            {"name": "Self", "type": "run_task_sequence", "task_sequence": {"id": "PS100001", "name": "n"}},
            {
                "name": "Set",
                "type": "set_task_sequence_variable",
                "variable": "OSDPassword",
                "secret": True,
                "value": "<stored on site>",
            },
        ],
    }
    assert [item.rule for item in lint_data(live)] == ["missing-boot-image", "sequence-name-length", "runs-itself"]


def test_steps_that_cannot_be_read_are_findings() -> None:
    found = lint_data([{"name": "G", "steps": [{"name": "Bad", "type": "run_comand_line"}, {"name": "No type"}]}])
    assert [(item.rule, item.severity, item.path, item.step) for item in found] == [
        ("invalid-steps", "error", "steps[0].steps[0].type", "Bad"),
        ("invalid-steps", "error", "steps[0].steps[1].type", "No type"),
    ]
    assert "run_command_line" in found[0].message


@pytest.mark.parametrize("value", ["text", None, 5, {}, {"steps": None}, {"task_sequences": []}, {"steps": "x"}])
def test_what_is_no_task_sequence_is_an_error(value: t.Any) -> None:
    with pytest.raises(InvalidInput):
        lint_data(value)


def test_an_alias_that_refers_to_itself_is_an_error() -> None:
    loop: dict[str, t.Any] = {"name": "G"}
    loop["steps"] = [loop]
    with pytest.raises(InvalidInput, match="nested"):
        lint_data([loop])


def test_the_option_of_the_module() -> None:
    findings = lint(parse_steps(STEPS).sequence)
    assert judge(findings, "ignore") == []
    warnings = judge(findings, "warn")
    assert len(warnings) == 1
    assert warnings[0].startswith("lint: steps[0].steps[0].command_line 'Off': ") and "secret-in-command" in warnings[0]
    with pytest.raises(InvalidInput, match="secret-in-command") as caught:
        judge(findings, "fail")
    assert len(caught.value.problems) == 1
    assert judge([item for item in findings if item.severity == "info"], "fail") == []
    assert len(judge([Finding("x", "warning", "p", "", "m", "h")] * 50, "warn")) == 21


# -- real sequences --------------------------------------------------------------------------------


@pytest.mark.skipif(not CORPUS, reason="no shared folder")
def test_real_sequences_have_no_crash_and_little_noise() -> None:
    """The rules that warn fire on few of the sequences that people run; what they find was checked by hand."""
    fired: collections.Counter[str] = collections.Counter()
    for path in CORPUS:
        sequence = read_sequence(path.read_bytes())
        found = lint(sequence, enable=OPTIONAL)
        fired.update({item.rule for item in found})
        again = lint_data(describe(sequence), enable=OPTIONAL)
        assert [(item.rule, item.path) for item in again] == [(item.rule, item.path) for item in found], path.name
    expected = {"empty-condition": 2, "secret-in-command": 1, "wrong-environment": 1}
    assert {name: count for name, count in fired.items() if RULES[name].severity != "info"} == expected
    assert max(count for name, count in fired.items() if RULES[name].default) <= len(CORPUS) / 2


@pytest.mark.skipif(not CORPUS, reason="no shared folder")
def test_the_largest_real_sequences_take_little_time() -> None:
    """0.2 s of CPU is the promise; the best of three keeps a busy machine out of it."""
    for path in sorted(CORPUS, key=lambda file: file.stat().st_size)[-3:]:
        data = path.read_bytes()
        assert min(_cpu(lambda data=data: lint(read_sequence(data))) for _attempt in range(3)) < 0.2, path.name


def _cpu(call: t.Callable[[], t.Any]) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start


def test_a_thousand_steps_take_little_time() -> None:
    condition = [{"any": [{"variable": "X", "value": str(number)} for number in range(5)]}]
    step = {
        "name": "S",
        "type": "run_command_line",
        "command_line": "cmd.exe /c " + "x" * 200,
        "condition": condition,
    }
    steps = [
        {"name": str(outer), "steps": [{**step, "name": str(inner)} for inner in range(50)]} for outer in range(20)
    ]
    sequence = parse_steps(steps).sequence
    assert min(_cpu(lambda: lint(sequence, enable=OPTIONAL)) for _attempt in range(2)) < 1.0


@pytest.mark.parametrize(
    "text",
    [
        "a." * 16000,
        "password " * 3500,
        "reg add /v password /d " * 1300,
        "dism " * 6000,
        "net use " * 4000,
        "%" * 32000,
        "curl -u " * 4000,
        "psexec " * 4000,
        "Authorization: " * 2000,
        "\"'" * 16000,
        "passpwd" * 4500,
        "$" * 32000,
    ],
)
def test_hostile_text_takes_bounded_time(text: str) -> None:
    steps = [
        {"name": "1", "type": "run_command_line", "command_line": text},
        {"name": "2", "type": "run_powershell_script", "script": text * 3, "parameters": text},
    ]
    sequence = parse_steps(steps).sequence
    assert _cpu(lambda: lint(sequence, enable=OPTIONAL)) < 2.0


# -- the reference ---------------------------------------------------------------------------------


def _generator() -> t.Any:
    spec = importlib.util.spec_from_file_location("lint_rules", TOOLS / "lint_rules.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_reference_is_up_to_date() -> None:
    generator = _generator()
    assert generator.TARGET.read_text(encoding="utf-8") == generator.render(), "run tests/tools/lint_rules.py"


def test_the_reference_has_every_rule_and_example() -> None:
    generator = _generator()
    page = generator.render()
    for rule in all_rules():
        assert f"\n{rule.id}\n{'-' * len(rule.id)}\n" in page
    assert generator.example("empty-group", "good").startswith("steps:\n  - name: Set up user state\n")
    assert generator.example("stored-size", "bad") == ""
    assert [rule.severity for rule in all_rules()] == sorted(
        (rule.severity for rule in all_rules()), key=SEVERITIES.index
    )
