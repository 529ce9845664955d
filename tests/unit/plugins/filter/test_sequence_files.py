# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filters that read and write documents and files: options, containers, messages."""

from __future__ import annotations

import base64
import io
import typing as t
import zipfile

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.configmgr.osd.plugins.filter import (
    from_sequence_xml as from_xml_file,
)
from ansible_collections.configmgr.osd.plugins.filter import (
    from_sequence_yaml as from_yaml_file,
)
from ansible_collections.configmgr.osd.plugins.filter import (
    sequence_diff as diff_file,
)
from ansible_collections.configmgr.osd.plugins.filter import (
    to_sequence_xml as to_xml_file,
)
from ansible_collections.configmgr.osd.plugins.filter import (
    to_sequence_yaml as to_yaml_file,
)
from ansible_collections.configmgr.osd.plugins.plugin_utils._resources import _filters

from_sequence_xml = from_xml_file.from_sequence_xml
to_sequence_xml = to_xml_file.to_sequence_xml
from_sequence_yaml = from_yaml_file.from_sequence_yaml
to_sequence_yaml = to_yaml_file.to_sequence_yaml

STEP = (
    '<step type="SMS_TaskSequence_InstallSoftwareAction" name="Tools" description="" runIn="FullOS" '
    'successCodeList="0" '
    'retryCount="0" runFromNet="false"><action>smsswd.exe /pkg:PS10000A /install /basevar: /continueOnError:</action>'
    '<defaultVarList><variable name="PackageID" property="PackageID" hidden="true">PS10000A</variable>'
    '<variable name="_SMSSWDProgramName" property="ProgramName">Install</variable></defaultVarList></step>'
)
SEQUENCE = (
    '<sequence version="3.10"><referenceList><reference package="PS10000A" program="Install"/></referenceList>'
    f"{STEP}</sequence>"
)


def property_of(name: str, value: t.Any, kind: str = "string") -> str:
    return f'<PROPERTY NAME="{name}" TYPE="{kind}"><VALUE>{value}</VALUE></PROPERTY>'


def exported(sequence: str = SEQUENCE, **changed: t.Any) -> str:
    values = {"Name": "Windows 11", "PackageID": "PS100042", "BootImageID": "PS100005", "Description": "d", **changed}
    texts = "".join(property_of(name, value) for name, value in values.items())
    numbers = property_of("Duration", changed.get("Duration", 360), "uint32") if "Duration" not in changed else ""
    flags = property_of("ProgramFlags", 152084496, "uint32")
    return (
        f'<INSTANCE CLASSNAME="SMS_TaskSequencePackage">{texts}{numbers}{flags}'
        f'<PROPERTY NAME="Sequence" TYPE="string"><VALUE><![CDATA[{sequence}]]></VALUE></PROPERTY></INSTANCE>'
    )


def export_zip(**names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("SMS_TaskSequencePackage/PS100042/object.xml", exported())
        for key, name in names.items():
            text = f'<INSTANCE CLASSNAME="SMS_Package">{property_of("Name", name)}</INSTANCE>'
            file.writestr(f"SMS_Package/{key}/object.xml", text)
    return buffer.getvalue()


def fails(call: t.Callable[..., t.Any], *arguments: t.Any, **options: t.Any) -> str:
    with pytest.raises(AnsibleFilterError) as caught:
        call(*arguments, **options)
    text = str(caught.value)
    assert text.startswith(f"{call.__name__}: ")
    return text


def test_a_plain_document_has_steps_only() -> None:
    found = from_sequence_xml(SEQUENCE)
    assert found["steps"] == [
        {"name": "Tools", "type": "install_package", "package": {"id": "PS10000A"}, "program": "Install"}
    ]
    assert found["references"] == [
        {"kind": "package", "name": None, "id": "PS10000A"},
        {"kind": "program", "name": "Install", "id": "Install"},
    ]
    assert (found["schema_version"], found["steps_count"], found["groups_count"]) == ("3.10", 1, 0)
    assert "name" not in found


def test_an_export_has_the_options_of_the_package() -> None:
    found = from_sequence_xml(exported())
    assert {
        key: found[key] for key in ("name", "package_id", "description", "boot_image", "max_run_time", "enabled")
    } == {
        "name": "Windows 11",
        "package_id": "PS100042",
        "description": "d",
        "boot_image": {"id": "PS100005"},
        "max_run_time": 360,
        "enabled": True,
    }
    assert found["platforms"] == []
    assert "a number among its properties" in fails(from_sequence_xml, exported(Duration="soon"))


def test_platforms_of_an_export_are_named_in_a_warning() -> None:
    system = (
        '<PROPERTY.OBJECTARRAY NAME="SupportedOperatingSystems"><VALUE.OBJECTARRAY><VALUE.OBJECT>'
        f'<INSTANCE CLASSNAME="SMS_OS_Details">{property_of("Name", "Win NT")}{property_of("Platform", "x64")}'
        "</INSTANCE></VALUE.OBJECT></VALUE.OBJECTARRAY></PROPERTY.OBJECTARRAY>"
    )
    text = exported().replace("152084496", str(152084496 & ~0x08000000)).replace("</INSTANCE>", f"{system}</INSTANCE>")
    found = from_sequence_xml(text)
    assert "platforms" not in found
    assert "Win NT x64" in found["warnings"][0]


@pytest.mark.parametrize("form", ["bytes", "lookup", "base64"])
def test_a_zip_in_every_form_that_a_playbook_has(form: str) -> None:
    data = export_zip(PS10000A="Tools", PS100005="Boot image (x64)")
    given: t.Any = data
    if form == "lookup":
        given = data.decode("utf-8", "surrogateescape")
    elif form == "base64":
        given = base64.encodebytes(data).decode("ascii")
    found = from_sequence_xml(given, names=True, base64=form == "base64")
    assert found["steps"][0]["package"] == "Tools"
    assert found["boot_image"] == "Boot image (x64)"
    assert from_sequence_xml(given, base64=form == "base64")["steps"][0]["package"] == {"id": "PS10000A"}


XML = [
    (5, {}, "must be the content of a file"),
    (None, {}, "must be the content of a file"),
    ("", {}, "the document is empty"),
    ("files/a.xml", {}, "not well-formed"),
    (SEQUENCE, {"names": "maybe"}, "names (maybe): must be true or false"),
    (SEQUENCE, {"secrets": "show"}, "must be one of mask, keep"),
    (SEQUENCE, {"base64": True}, "is no base64"),
    (SEQUENCE, {"package_id": "PS100042"}, "has no ID"),
    (b"PK\x03\x04", {}, "damaged"),
]


@pytest.mark.parametrize(("content", "options", "message"), XML)
def test_what_from_sequence_xml_refuses(content: t.Any, options: dict[str, t.Any], message: str) -> None:
    assert message in fails(from_sequence_xml, content, **options)


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
HOSTILE = [
    (f'<!DOCTYPE l [<!ENTITY l0 "lol">{LAUGHS}]><sequence version="3.10">&l9;</sequence>', "DOCTYPE"),
    ('<!DOCTYPE s SYSTEM "file:///etc/passwd"><sequence version="3.10"/>', "DOCTYPE"),
    ('<!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]><sequence version="3.10">&x;</sequence>', "DOCTYPE"),
    (b'<?xml version="1.0" encoding="utf-7"?><sequence version="3.10"/>', ""),
    (b'<?xml version="1.0" encoding="nonsense"?><sequence version="3.10"/>', "encoding"),
    ('<sequence version="3.10"><group name="\u00e4"/></sequence>'.encode("latin-1"), "save the file as UTF-8"),
    ('<?xml version="1.0" encoding="utf-8"?><sequence version="3.10"/>'.encode("utf-16-le"), ""),
    (SEQUENCE[:-15], "ends too early"),
    ('<sequence version="3.10">' + '<group name="g">' * 5000, "nested deeper than 100"),
    ('<sequence version="3.10">' + "<x/>" * 250_000 + "</sequence>", "more than 200000 elements"),
    ('<sequence version="3.10">' + " " * 9_000_000 + "</sequence>", "longer than"),
    (SEQUENCE.replace('property="ProgramName"', 'property="PackageID"'), "two variables for one property"),
    (SEQUENCE.replace(' name="Tools"', ' name="Tools" name="x"'), "not well-formed"),
    ('<sequence version="3.10"><step name="MDT"><action/></step></sequence>', "Microsoft Deployment Toolkit"),
    ("<html><body/></html>", "root element has to be <sequence>"),
    (exported('<!DOCTYPE a [<!ENTITY b "c">]><sequence/>'), "DOCTYPE"),
    (exported("&lt;sequence/>"), "its Sequence property"),
]


@pytest.mark.parametrize(("content", "message"), HOSTILE)
def test_hostile_documents(content: t.Any, message: str) -> None:
    if message:
        assert message in fails(from_sequence_xml, content)
        assert message in fails(diff_file.sequence_diff, [], content)
    else:
        # Odd, but readable, or refused in one sentence; never a traceback.
        try:
            assert from_sequence_xml(content)["steps"] == []
        except AnsibleFilterError as error:
            assert str(error).startswith("from_sequence_xml: ")


def test_unknown_elements_are_kept_and_named() -> None:
    text = SEQUENCE.replace("</defaultVarList>", "</defaultVarList><newer>x</newer>")
    found = from_sequence_xml(text)
    assert "unknown element newer (line 1) is kept" in found["warnings"][0]
    assert to_sequence_xml(found) == text
    assert "# " in to_sequence_yaml(found)


ODD = {
    "rules that are no XML": ("SetDynamicVariablesAction", {"Rules": "secret no XML"}, "steps[0].rules[0]"),
    "a rule of an unknown form": ("SetDynamicVariablesAction", {"Rules": "<Rules><Odd/></Rules>"}, "steps[0].rules[0]"),
    "a number that is none": ("ApplyOperatingSystemAction", {"ImageIndex": "x"}, "steps[0].image_index"),
    "what is required is missing": ("RebootAction", {}, "steps[0].restart_to"),
    "an empty name": ("SetVariableAction", {"VariableName": ""}, "steps[0].variable"),
}


@pytest.mark.parametrize("case", ODD)
def test_odd_values_are_read_and_named(case: str) -> None:
    noun, values, place = ODD[case]
    texts = {name: value.replace("<", "&lt;") for name, value in values.items()}
    variables = "".join(f'<variable name="{name}" property="{name}">{text}</variable>' for name, text in texts.items())
    found = from_sequence_xml(
        f'<sequence version="3.10"><step type="SMS_TaskSequence_{noun}" name="S"><action>x</action>'
        f"<defaultVarList>{variables}</defaultVarList></step></sequence>"
    )
    assert any(f"the modules refuse this until it is mended: {place}" in text for text in found["warnings"])
    assert "secret no XML" not in str(found["steps"])
    assert to_sequence_yaml(found).startswith("---\n# content: ")


def test_a_document_comes_back_byte_for_byte() -> None:
    assert to_sequence_xml(from_sequence_xml(SEQUENCE, document=True)) == SEQUENCE
    assert to_sequence_xml(from_sequence_xml(SEQUENCE), base=export_zip()) == SEQUENCE


def test_the_version_of_a_document() -> None:
    old = SEQUENCE.replace('version="3.10"', 'version="3.00"').replace(' retryCount="0" runFromNet="false"', "")
    assert from_sequence_xml(old)["schema_version"] == "3.00"
    assert 'retryCount="0"' not in to_sequence_xml(from_sequence_xml(old))
    assert 'retryCount="0"' in to_sequence_xml(from_sequence_xml(old)["steps"])
    assert to_sequence_xml(from_sequence_xml(SEQUENCE)["steps"], version="3.00").startswith('<sequence version="3.00">')
    assert "must be one of 3.00, 3.10" in fails(to_sequence_xml, [], version="4")


def test_features_of_newer_versions() -> None:
    steps = [{"name": "V", "type": "set_task_sequence_variable", "variable": "a", "value": "b"}]
    assert "/hiddenflag:False" in to_sequence_xml(steps)
    assert "/hiddenflag" not in to_sequence_xml(steps, without=["hidden_flag"])
    assert "/hiddenflag" not in to_sequence_xml(steps, without="hidden_flag")
    assert "must be one of hidden_flag" in fails(to_sequence_xml, steps, without=["x"])
    assert "without: must be a list" in fails(to_sequence_xml, steps, without=5)


WRITE = [
    (None, {}, "steps: are missing"),
    ({"name": "x"}, {}, "steps: are missing"),
    ("text", {}, "must be a list of steps"),
    ([{"name": "A", "type": "run_comand_line"}], {}, "did you mean run_command_line"),
    ([{"name": "A", "type": "install_package", "package": "Tools", "program": "x"}], {}, "steps[0].package (Tools)"),
    ([], {"references": "x"}, "references: must be a list"),
    ([], {"base": "<html/>"}, "base"),
    ([], {"base": 5}, "must be the content of a file"),
    ([], {"secrets": "x"}, "must be one of blank, fail"),
]


@pytest.mark.parametrize(("data", "options", "message"), WRITE)
def test_what_to_sequence_xml_refuses(data: t.Any, options: dict[str, t.Any], message: str) -> None:
    assert message in fails(to_sequence_xml, data, **options)


def test_secrets_that_are_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    warnings: list[str] = []
    monkeypatch.setattr(to_xml_file.Display, "warning", lambda self, text: warnings.append(text))
    steps = [{"name": "J", "type": "join_domain_or_workgroup", "domain": "corp", "username": "corp\\a",
              "password": "<stored on site>"}]  # fmt: skip
    text = to_sequence_xml(steps)
    assert "stored on site" not in text
    assert warnings == [
        "to_sequence_xml: these secrets are stored on a site only and are left empty: steps[0].password"
    ]
    assert "steps[0].password" in fails(to_sequence_xml, steps, secrets="fail")
    steps[0]["password"] = "geheim"
    assert ">geheim<" in to_sequence_xml(steps, secrets="fail")


def test_a_file_of_a_whole_package() -> None:
    found = from_sequence_xml(export_zip(PS10000A="Tools"), names=True)
    file = to_sequence_yaml(found)
    assert file.splitlines() == [
        "---",
        "schema: 1",
        "name: Windows 11",
        "description: d",
        'category: ""',
        "boot_image: {id: PS100005}",
        "max_run_time: 360",
        'progress_text: ""',
        "enabled: true",
        "platforms: []",
        "run_first: {}",
        "steps:",
        "  - name: Tools",
        "    type: install_package",
        "    package: Tools",
        "    program: Install",
    ]
    again = from_sequence_yaml(file)
    assert to_sequence_yaml(again) == file
    assert again["steps"] == found["steps"]
    assert to_sequence_xml(again, references=found["references"]) == SEQUENCE


YAML = [
    (5, {}, "must be the content of a file"),
    ("steps: []", {}, "content: schema"),
    ("schema: 1\nsteps: [{a: 1, a: 2}]", {}, "content: line 2 (a): this key is there twice"),
    (b"schema: 1\nsteps: [\xff]", {}, "byte"),
    ("schema: 1\nsteps: []", {"variables": 5}, "variables: must be a mapping"),
    ("schema: 1\nsteps: {var: x}", {"variables": {"y": "geheim"}}, "variables has no x (it has: y)"),
]


@pytest.mark.parametrize(("content", "options", "message"), YAML)
def test_what_from_sequence_yaml_refuses(content: t.Any, options: dict[str, t.Any], message: str) -> None:
    text = fails(from_sequence_yaml, content, **options)
    assert message in text
    assert "geheim" not in text


def test_variables_of_a_file() -> None:
    text = "schema: 1\nsteps:\n  - {name: x, type: run_command_line, command_line: {var: c}}\n"
    assert from_sequence_yaml(text)["steps"][0]["command_line"] == {"var": "c"}
    assert from_sequence_yaml(text, variables={"c": "{{ x }}"})["steps"][0]["command_line"] == "{{ x }}"
    assert from_sequence_yaml(to_sequence_yaml(from_sequence_yaml(text))) == from_sequence_yaml(text)
    assert from_sequence_yaml(text.encode("utf-8-sig")) == from_sequence_yaml(text)


@pytest.mark.parametrize(
    ("data", "message"), [(None, "gather"), ({"steps": None}, "gather"), ("x", "steps: must be a list")]
)
def test_what_to_sequence_yaml_refuses(data: t.Any, message: str) -> None:
    assert message in fails(to_sequence_yaml, data)


def test_data_that_never_ends() -> None:
    endless: list[t.Any] = []
    endless.append(endless)
    for call in (to_sequence_yaml, to_sequence_xml):
        assert "nested too deeply" in fails(call, endless)


def test_results_are_no_templates_for_old_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[t.Any] = []
    monkeypatch.setattr(_filters, "_TRUST_IS_OPT_IN", False)
    monkeypatch.setattr(_filters.unsafe_proxy, "wrap_var", lambda value: seen.append(value) or value)
    steps = [{"name": "x", "type": "run_command_line", "command_line": "{{ x }}"}]
    from_sequence_yaml(to_sequence_yaml(steps))
    from_sequence_xml(to_sequence_xml(steps))
    assert len(seen) == 4


@pytest.mark.parametrize("file", [from_xml_file, to_xml_file, from_yaml_file, to_yaml_file, diff_file])
def test_every_filter_is_offered_under_its_name(file: t.Any) -> None:
    name = file.__name__.rpartition(".")[2]
    assert list(file.FilterModule().filters()) == [name]
