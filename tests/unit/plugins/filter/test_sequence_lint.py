# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``sequence_lint`` and the test ``clean_sequence`` through their plugin classes."""

from __future__ import annotations

import typing as t

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.configmgr.osd.plugins.filter import from_sequence_yaml as reader_file
from ansible_collections.configmgr.osd.plugins.filter import sequence_lint as filter_file
from ansible_collections.configmgr.osd.plugins.test import clean_sequence as test_file

sequence_lint = filter_file.FilterModule().filters()["sequence_lint"]
clean_sequence = test_file.TestModule().tests()["clean_sequence"]

DISABLED = {"name": "Off", "type": "run_command_line", "command_line": "x.exe", "enabled": False}
TYPED = {"name": "Typed", "type": "run_command_line", "command_line": "x.exe /password:abc"}
FINE = {"name": "Fine", "type": "run_command_line", "command_line": "x.exe"}


class Tagged(str):
    """Stands for the text subclasses that Ansible hands to filters."""


def test_findings_are_plain_data() -> None:
    found = sequence_lint([{Tagged(key): Tagged(value) for key, value in TYPED.items()}])
    assert [list(item) for item in found] == [["rule", "severity", "path", "step", "message", "hint"]]
    assert found[0]["rule"] == "secret-in-command" and found[0]["step"] == "Typed"
    assert all(value.__class__ is str for value in found[0].values())


@pytest.mark.parametrize("value", [[FINE], (FINE,), {"steps": [FINE]}, {"steps": [FINE], "boot_image": ""}, []])
def test_forms_of_input(value: t.Any) -> None:
    assert sequence_lint(value) == []
    assert clean_sequence(value) is True


def test_options_reach_the_rules() -> None:
    steps = [DISABLED, TYPED]
    assert [item["rule"] for item in sequence_lint(steps)] == ["disabled-step", "secret-in-command"]
    assert [item["rule"] for item in sequence_lint(steps, severity="warning")] == ["secret-in-command"]
    assert [item["rule"] for item in sequence_lint(steps, ignore=["secret-in-command"])] == ["disabled-step"]
    reads = [{**FINE, "command_line": "x.exe %Nobody%"}]
    assert [item["rule"] for item in sequence_lint(reads, enable=["unset-variable"])] == ["unset-variable"]
    file = {"steps": [{**FINE, "command_line": {"var": "line"}}]}
    assert [item["rule"] for item in sequence_lint(file, variables={"line": "x /password:abc"})]
    large = [{"name": "S", "type": "run_powershell_script", "script": "x" * 40_000}]
    assert [item["rule"] for item in sequence_lint(large, max_envelope_size=100)] == ["envelope-size"]


def test_the_test_counts_warnings_and_errors() -> None:
    assert clean_sequence([DISABLED]) is True
    assert clean_sequence([DISABLED], severity="info") is False
    assert clean_sequence([TYPED]) is False
    assert clean_sequence([TYPED], severity="error") is True
    assert clean_sequence([TYPED], ignore=[{"rule": "secret-in-command", "path": ["Typed"]}]) is True
    assert clean_sequence([{"name": "Bad", "type": "nothing"}], severity="error") is False
    assert clean_sequence([{**FINE, "command_line": "%Nobody%"}], severity="info", enable=["unset-variable"]) is False


@pytest.mark.parametrize(
    ("value", "options"),
    [("text", {}), (None, {}), ({"steps_sha256": "x"}, {}), ([FINE], {"severity": "bad"}), ([FINE], {"ignore": ["x"]}),
     ([FINE], {"enable": ["x"]})],
)  # fmt: skip
def test_wrong_input_is_an_error_of_ansible(value: t.Any, options: dict[str, t.Any]) -> None:
    for call in (sequence_lint, clean_sequence):
        with pytest.raises(AnsibleFilterError):
            call(value, **options)


@pytest.mark.parametrize(("module", "name"), [(filter_file, "sequence_lint"), (test_file, "clean_sequence")])
def test_the_documentation_names_every_option(module: t.Any, name: str) -> None:
    documentation = yaml.safe_load(module.DOCUMENTATION)
    code = getattr(module, name).__code__
    assert documentation["name"] == name
    assert set(documentation["options"]) == {"_input", *code.co_varnames[1 : code.co_argcount]}
    texts = [text for option in documentation["options"].values() for text in option["description"]]
    assert all(isinstance(text, str) for text in [*texts, *documentation["description"]])
    assert yaml.safe_load(module.EXAMPLES) and yaml.safe_load(module.RETURN)["_value"]


def test_a_file_goes_through_its_own_reader() -> None:
    """Scripts of real files carry a tag that the filter from_yaml does not know."""
    read = reader_file.FilterModule().filters()["from_sequence_yaml"]
    lint = filter_file.FilterModule().filters()["sequence_lint"]
    text = (
        "schema: 1\nlint_ignore: [duplicate-name]\nsteps:\n"
        "  - &one {name: A, type: run_powershell_script, script: !unsafe 'if ($x) {# }'}\n  - *one\n"
        "  - {name: B, type: set_variable, variable: Pw, secret: true, value: {var: pw}}\n"
    )
    assert lint(read(text)) == []
    findings = lint(read(text.replace("lint_ignore: [duplicate-name]", "")))
    assert [found["rule"] for found in findings] == ["duplicate-name"]
    with pytest.raises(AnsibleFilterError, match="from_sequence_yaml or from_sequence_xml before"):
        lint(text)
