# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Task sequences without a site: IDs for names, the form of a document kept, secrets, older versions."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils._errors import InvalidInput, ReferenceProblems
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence import offline
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.containers import Document
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.exported import describe_document
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.from_yaml import parse_steps
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.model import Ref
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.offline import Directory, build
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.xml_read import read_sequence
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.xml_write import write_sequence

IN_WINDOWS = 'description="" runIn="FullOS" successCodeList="0" retryCount="0" runFromNet="false"'
ATTRIBUTES = 'description="" runIn="WinPEandFullOS" successCodeList="0" retryCount="0" runFromNet="false"'
ODD = (
    '<sequence version="3.10" custom="1"><note>kept</note>'
    f'<step type="SMS_TaskSequence_RunCommandLineAction" name="Odd" {ATTRIBUTES} newer="x"><action>own.exe</action>'
    '<defaultVarList><variable name="CommandLine" property="CommandLine" hidden="true">own.exe</variable>'
    '<variable name="Odd" property="DisableWow64Redirection">false</variable>'
    '<variable name="SuccessCodes" property="SuccessCodes" hidden="true">0</variable></defaultVarList>'
    '<hint a="b">more</hint></step>'
    f'<step type="SMS_TaskSequence_JoinDomainWorkgroupAction" name="Join" {IN_WINDOWS}>'
    "<action>osdjoin.exe /type:%OSDJoinType%</action><defaultVarList>"
    '<variable name="OSDJoinDomainName" property="DomainName">corp</variable>'
    '<variable name="OSDJoinPassword" property="DomainPassword">geheim</variable>'
    '<variable name="OSDJoinAccount" property="DomainUsername">corp\\a</variable>'
    '<variable name="OSDJoinType" property="Type">0</variable></defaultVarList></step></sequence>'
)


def described(text: str, **options: t.Any) -> dict[str, t.Any]:
    return describe_document(Document(text, "mine"), **options)


def built(steps: t.Any, base: str | None = None, **options: t.Any) -> str:
    directory = Directory(options.pop("references", None))
    old = read_sequence(base) if base is not None else None
    return write_sequence(build(parse_steps(steps).sequence, directory=directory, base=old, **options).sequence)


def test_what_yaml_cannot_say_is_named_and_kept() -> None:
    found = described(ODD)
    listed = "\n".join(found["warnings"])
    for word in (
        "unknown element note",
        "unknown element hint",
        "newer",
        "command line does not follow",
        "variable names of",
    ):
        assert word in listed
    assert "geheim" not in str(found)
    assert described(ODD, keep_secrets=True)["steps"][1]["password"] == "geheim"
    # Through the steps and back, with the document at hand: the very same text.
    kept = described(ODD, keep_secrets=True)
    assert built(kept["steps"], kept["document"]) == write_sequence(read_sequence(ODD))
    assert read_sequence(built(kept["steps"], kept["document"])) == read_sequence(ODD)


def test_a_document_that_says_nothing_more_is_not_kept_unless_it_is_wanted() -> None:
    text = '<sequence version="3.10"><group name="G" description=""/></sequence>'
    assert "document" not in described(text)
    assert described(text, keep_document=True)["document"] == text
    assert "document" not in described(ODD, keep_document=False)


def test_a_changed_step_is_written_anew_where_it_changed() -> None:
    steps = described(ODD)["steps"]
    steps[0]["command_line"] = "other.exe"
    steps[1]["name"] = "Join the domain"
    text = built(steps, ODD)
    assert "<action>smsswd.exe /run: other.exe</action>" in text
    assert 'newer="x"' in text
    assert '<hint a="b">more</hint>' in text
    assert '<variable name="Odd" property="DisableWow64Redirection">false</variable>' in text
    assert 'name="Join the domain"' in text


def test_secrets_come_from_the_document_along_a_match() -> None:
    steps = described(ODD)["steps"]
    assert steps[1]["password"] == "<stored on site>"
    assert ">geheim<" in built(steps, ODD)
    steps[1]["username"] = "corp\\other"
    assert ">geheim<" not in built(steps, ODD)
    steps[1]["password"] = "new"
    text = built(steps, ODD)
    assert ">new<" in text
    assert ">geheim<" not in text


def test_secrets_that_nobody_knows() -> None:
    steps = described(ODD)["steps"]
    answer = build(parse_steps(steps).sequence, directory=Directory(None))
    assert answer.without_secret == ["steps[1].password"]
    assert "<stored on site>" not in write_sequence(answer.sequence)
    with pytest.raises(InvalidInput, match=r"steps\[1\]\.password"):
        build(parse_steps(steps).sequence, directory=Directory(None), blank_secrets=False)


STEPS = [
    {"name": "P", "type": "install_package", "package": "Tools", "program": "Install"},
    {"name": "A", "type": "install_application", "applications": ["7-Zip", {"id": "ScopeId_1/Application_2"}]},
    {"name": "C", "type": "run_task_sequence", "task_sequence": {"name": "Child", "version": "1"}},
    {"name": "I", "type": "apply_operating_system_image", "image": "Windows 11", "edition": "Windows 11 Pro"},
    {"name": "G", "condition": [{"operating_system": ["All Windows 11"]}], "steps": []},
]


def test_names_are_listed_in_one_error() -> None:
    with pytest.raises(ReferenceProblems) as caught:
        built(STEPS)
    paths = [problem.path for problem in caught.value.problems]
    assert "steps[0].package" in paths
    assert "steps[1].applications[0]" in paths
    assert "steps[2].task_sequence" in paths
    assert any("edition" in problem.rule for problem in caught.value.problems)
    assert any("platform" in problem.rule or "only a site" in problem.rule for problem in caught.value.problems)
    assert all("program" not in path for path in paths)


def test_references_give_the_ids() -> None:
    listed = [
        {"kind": "package", "name": "Tools", "id": "PS10000A"},
        {"kind": "application", "name": "7-Zip", "id": "ScopeId_1/Application_1"},
        {"kind": "package", "name": None, "id": "PS10000C"},
    ]
    text = built(STEPS[:2], references=listed)
    assert '<reference package="PS10000A" program="Install"/>' in text
    assert ">ScopeId_1/Application_1,ScopeId_1/Application_2<" in text
    assert ">7-Zip<" in text
    with pytest.raises(ReferenceProblems):
        built(STEPS[:1], references=[*listed, {"kind": "package", "name": "Tools", "id": "PS10000B"}])
    with pytest.raises(InvalidInput, match=r"references\[0\]"):
        Directory(["x"])
    with pytest.raises(InvalidInput, match="must be a list"):
        Directory({})


def test_names_that_the_export_carries() -> None:
    listed = [{"kind": "package", "name": "Tools", "id": "PS10000A"},
              {"kind": "application", "name": "7-Zip", "id": "ScopeId_1/Application_1"}]  # fmt: skip
    text = built(STEPS[:2], references=listed)
    found = described(text, names=True)
    assert found["steps"][0]["package"] == {"id": "PS10000A"}
    assert found["steps"][1]["applications"] == ["7-Zip", {"id": "ScopeId_1/Application_2"}]
    assert {"kind": "application", "name": "7-Zip", "id": "ScopeId_1/Application_1"} in found["references"]
    document = Document(text, "mine", None, {"ps10000a": "Tools"})
    again = describe_document(document, names=True)
    assert again["steps"][0]["package"] == "Tools"
    assert built(again["steps"], references=again["references"]) == text


def test_a_name_that_two_objects_bear_is_not_used() -> None:
    steps = [
        {"name": str(n), "type": "install_package", "package": {"id": f"PS10000{n}"}, "program": "x"} for n in (1, 2, 3)
    ]
    names = {"ps100001": "Same", "ps100002": "same", "ps100003": "id:x"}
    found = describe_document(Document(built(steps), "mine", None, names), names=True)
    assert [step["package"] for step in found["steps"]] == [step["package"] for step in steps]


def test_what_the_modules_refuse_is_a_warning() -> None:
    text = f'<sequence version="3.10"><group name="{"x" * 101}" description=""/></sequence>'
    assert "the modules refuse this until it is mended: steps[0].name" in described(text)["warnings"][0]


def test_no_more_warnings_than_anybody_reads() -> None:
    text = f'<sequence version="3.10">{"<x/>" * 500}</sequence>'
    warnings = described(text)["warnings"]
    assert len(warnings) == 101
    assert warnings[-1] == "mine: ... and 400 more"


FEATURES = [
    ("hidden_flag", {"type": "set_task_sequence_variable", "variable": "a", "value": "b"}, "/hiddenflag:"),
    ("recurse", {"type": "apply_driver_package", "driver_package": {"id": "PS100001"}}, "/recurse:"),
    ("shutdown", {"type": "prepare_windows_for_capture"}, "/shutdown:"),
    (
        "access_content_directly",
        {"type": "apply_operating_system_image", "image": {"id": "PS100001"}, "image_index": 1},
        "/runfromnet:",
    ),
    ("encrypt_full_disk", {"type": "enable_bitlocker", "key_management": "tpm"}, "/full:"),
    ("encryption_method", {"type": "pre_provision_bitlocker", "destination_drive": "C:"}, "/crypt:"),
    ("skip_without_tpm", {"type": "enable_bitlocker", "key_management": "tpm"}, "/ignoretpm:"),
]


@pytest.mark.parametrize(("feature", "step", "word"), FEATURES)
def test_what_older_versions_do_not_know(feature: str, step: dict[str, t.Any], word: str) -> None:
    sequence = build(parse_steps([{"name": "S", **step}]).sequence, directory=Directory(None)).sequence
    before = write_sequence(sequence)
    offline.leave_out(sequence, [feature])
    assert word not in write_sequence(sequence)
    assert word in before or feature == "access_content_directly"


def test_what_is_used_cannot_be_left_out() -> None:
    steps = [{"name": "S", "type": "set_task_sequence_variable", "variable": "a", "secret": True, "value": "geheim"}]
    sequence = build(parse_steps(steps).sequence, directory=Directory(None)).sequence
    with pytest.raises(InvalidInput) as caught:
        offline.leave_out(sequence, ["hidden_flag"])
    assert "uses hidden_flag" in str(caught.value)
    assert "geheim" not in str(caught.value)


def test_references_as_they_are_written() -> None:
    assert offline.written(Ref("package", id="PS100001")) == "PS100001"
    assert offline.written(Ref("package", name="PS100001")) == '"PS100001"'
    assert offline.written(Ref("package", name="Tools", version="1.2", manufacturer="Acme")) == "Tools (Acme 1.2)"


def test_revealed_rules_and_variables() -> None:
    steps = [
        {"name": "D", "type": "set_dynamic_variables", "rules": [
            {"set": {"a": "b"}},
            {"when": {"variable": "x", "value": "1"}, "set": [{"name": "p", "value": "geheim1", "secret": True},
                                                              {"name": "q", "value": "open"}]}]},
        {"name": "G", "steps": [
            {"name": "V", "type": "set_task_sequence_variable", "variable": "a", "secret": True, "value": "geheim2"}]},
    ]  # fmt: skip
    text = built(steps)
    assert "geheim" not in str(described(text))
    found = described(text, keep_secrets=True)
    assert str(found["steps"]).count("geheim") == 2
    assert built(found["steps"]) == text
