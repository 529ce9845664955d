# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Recorded traffic: all of it is read, and our encoder sends what Microsoft's does."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.catalogue import Catalogue
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.decode import Decoder
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.encode import Encoder
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.instance import CimReference, Instance
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.live_schema import read_class
from ansible_collections.configmgr.osd.plugins.plugin_utils._wsman import client as wsman_client
from ansible_collections.configmgr.osd.plugins.plugin_utils._wsman.answer import Answer, parse
from ansible_collections.configmgr.osd.plugins.plugin_utils._wsman.uris import XSI, UriFamily, local_name
from tests.unit.plugins.plugin_utils._wsman.support import NAMESPACES

CATALOGUE = Catalogue.load()
_IN_CLASS = re.compile(r"\{.*/cim-schema/2/(?!.*_INPUT)")
NS = "root/sms/site_PS1"
P = "SMS_TaskSequence_"


def load(path: Path) -> bytes:
    body = path.read_bytes()
    return body.split(b"\n", 1)[1] if body.startswith(b"<!-- ") else body


def content(path: Path) -> ET.Element:
    found = Answer(parse(load(path))).content
    assert found is not None
    return found


def shape(element: ET.Element) -> tuple[object, ...]:
    """Return what an element says: name, class, text, children; prefixes and the order of properties aside."""
    xsi_type = element.get(f"{{{XSI}}}type", "").rpartition(":")[2]
    # The order of array items counts, that of different properties does not.
    children = sorted((shape(child) for child in element), key=lambda found: str(found[0]))
    return element.tag, xsi_type, (element.text or "").strip("\n"), tuple(children)


def reencoded(body: ET.Element, class_name: str, method: str) -> ET.Element:
    """Decode a recorded call and encode it with our encoder."""
    definition = CATALOGUE.get(class_name)
    found = definition.method(method) if definition else None
    _value, params = Decoder(CATALOGUE).outputs(body, found)
    encoder = Encoder(CATALOGUE, UriFamily(), NS, datetime_form="text")
    text = encoder.parameters(class_name, method, params)
    return ET.fromstring(f"<e {NAMESPACES}>{text}</e>")[0]


@pytest.mark.parametrize(
    "name", ["120_invoke_SetSequence_nested", "win-120_invoke_SetSequence", "win-121_invoke_GetSequence"]
)
def test_our_calls_look_like_the_recorded_ones(name: str, shared_folder: Path) -> None:
    recorded = content(shared_folder / "captures" / "omi" / f"{name}.request.xml")
    method = local_name(recorded.tag).removesuffix("_INPUT")
    # Their date travels as ISO text; ours as the DMTF form of the same digits.
    for element in recorded.iter():
        if element.text == "2024-05-06T07:08:09Z":
            element.text = "20240506070809.000000+000"
    ours = reencoded(recorded, "SMS_TaskSequencePackage", method)
    assert shape(ours) == shape(recorded)


def test_set_sequence_from_a_model_is_what_was_recorded(shared_folder: Path) -> None:
    """The same sequence, built by hand, gives the recorded parameter."""
    recorded = content(shared_folder / "captures" / "omi" / "120_invoke_SetSequence_nested.request.xml")
    operator = Instance(
        P + "ConditionOperator",
        {
            "Operands": [
                Instance(
                    P + "VariableConditionExpression", {"Operator": "equals", "Value": "x64", "Variable": "_SMSTSArch"}
                ),
                Instance(
                    P + "WMIConditionExpression",
                    {
                        "Namespace": "root\\cimv2",
                        "Query": "SELECT * FROM Win32_OperatingSystem WHERE Version LIKE '10.%' AND 1 < 2",
                    },
                ),
            ],
            "OperatorType": "and",
        },
    )
    run = Instance(
        P + "RunCommandLineAction",
        {
            "Condition": Instance(P + "Condition", {"Operands": [operator]}),
            "ContinueOnError": False,
            "Description": "run & go",
            "Enabled": True,
            "Name": "Run Command",
            "SupportedEnvironment": "WinPEandFullOS",
            "Timeout": 900,
            "CommandLine": 'cmd /c echo "<hi>" & exit 0',
            "RunAsUser": False,
            "SuccessCodes": "0 3010",
            "SuccessCodeList": [0, 3010],
        },
    )
    install = Instance(
        P + "InstallSoftwareAction",
        {
            "ContinueOnError": True,
            "Description": "",
            "Enabled": False,
            "Name": "Install App",
            "PackageID": "PS100010",
            "ProgramName": "Per-system unattended",
        },
    )
    group = Instance(
        P + "Group",
        {"ContinueOnError": False, "Description": "g", "Enabled": True, "Name": "Group A", "Steps": [run, install]},
    )
    variable = Instance(
        P + "SetVariableAction",
        {"Name": "Set Var", "Enabled": True, "VariableName": "Foo", "VariableValue": "B\u00e4r \u2713"},
    )
    sequence = Instance("SMS_TaskSequence", {"Steps": [group, variable], "SchemaVersion": "3.00"})
    text = Encoder(CATALOGUE, UriFamily(), NS).parameters(
        "SMS_TaskSequencePackage", "SetSequence", {"TaskSequence": sequence}
    )
    assert shape(ET.fromstring(f"<e {NAMESPACES}>{text}</e>")[0][0]) == shape(recorded[0])


@pytest.mark.parametrize(
    "name", ["121_invoke_GetSequence", "122_invoke_GetSequence_winrmUA", "win-121_invoke_GetSequence"]
)
def test_get_sequence_is_read(name: str, shared_folder: Path) -> None:
    body = content(shared_folder / "captures" / "omi" / f"{name}.response.xml")
    method = CATALOGUE.get("SMS_TaskSequencePackage").method("GetSequence")  # type: ignore[union-attr]
    value, out = Decoder(CATALOGUE).outputs(body, method)
    sequence = out["TaskSequence"]
    assert value == 0
    assert isinstance(sequence, Instance) and sequence.class_name == "SMS_TaskSequence"
    group, variable = sequence.properties["Steps"]  # type: ignore[misc]
    run, install = group.properties["Steps"]
    assert (group.class_name, variable.class_name) == (P + "Group", P + "SetVariableAction")
    assert run.properties["CommandLine"] == 'cmd /c echo "<hi>" & exit 0'
    assert run.properties["Timeout"] == 900 and run.properties["Enabled"] is True
    assert install.properties["ContinueOnError"] is True
    condition = run.properties["Condition"].properties["Operands"][0]
    assert [item.class_name for item in condition.properties["Operands"]] == [
        P + "VariableConditionExpression",
        P + "WMIConditionExpression",
    ]
    assert variable.properties["VariableValue"] == "B\u00e4r \u2713"


def test_references_are_read(shared_folder: Path) -> None:
    body = content(shared_folder / "captures" / "omi" / "123_invoke_SetSequenceRef_out_reference.response.xml")
    _value, out = Decoder(CATALOGUE).outputs(body, None)
    assert out["SavedTaskSequencePackage"] == CimReference(
        "SMS_TaskSequencePackage", (("PackageID", "PS100042"),), "root/sms/site_PS1"
    )


def test_all_types_are_read_the_same_for_both_user_agents(shared_folder: Path) -> None:
    folder = shared_folder / "captures" / "omi"
    plain = Decoder(CATALOGUE).instance(content(folder / "181_alltypes_get.response.xml"))
    winrm = Decoder(CATALOGUE).instance(content(folder / "182_alltypes_get_winrmUA.response.xml"))
    assert winrm.properties["dt"] == "20240506070809.123456+000"
    assert winrm.properties["dtA"] == ["20240506070809.000000+000", "00000001020304.000000:000"]
    assert winrm.properties["inst"].class_name == P + "RunCommandLineAction"  # type: ignore[union-attr]
    for name in set(plain.properties) - {"dt", "dtA"}:
        assert plain.properties[name] == winrm.properties[name]


def test_every_object_in_every_recording_is_read(shared_folder: Path) -> None:
    """Decoding never raises; nothing is lost from the elements that hold values."""
    count = 0
    for path in sorted((shared_folder / "captures").glob("*/*.xml")):
        body = load(path)
        if not body.strip().startswith(b"<") or path.name.startswith(("166_embed_cdata", "200", "201", "213")):
            continue
        root = parse(body)
        if local_name(root.tag) != "Envelope":
            continue
        answer = Answer(root)
        if answer.fault is not None or answer.content is None:
            continue
        for element in answer.content.iter():
            if _IN_CLASS.match(element.tag) and len(element) and _IN_CLASS.match(element[0].tag):
                found = Decoder(CATALOGUE).instance(element)
                names = {local_name(child.tag).casefold() for child in element}
                assert {name.casefold() for name in found.properties} == names - {"location"}
                count += 1
    assert count > 100


@pytest.mark.parametrize(
    ("name", "rows", "more"),
    [
        ("windows/gosammwr_02_Res_enum.xml", 1, True),
        ("windows/txwinrm_2012_NetworkAdapterConfiguration_star_000.xml", 1, True),
        ("windows/txwinrm_2012_Win32_OperatingSystem_star_000.xml", 1, False),
        ("windows/txwinrm_2012_Win32_Service_projection_000.xml", 1, True),
        ("omi/060_enumerate_optimized.response.xml", 12, False),
        ("omi/066_enumerate_object_and_epr.response.xml", 12, False),
        ("omi/050_enumerate_start.response.xml", 0, True),
        ("omi/074_wql_no_match.response.xml", 0, False),
    ],
)
def test_recorded_enumerations(name: str, rows: int, more: bool, shared_folder: Path) -> None:
    found, context = wsman_client._batch(Answer(parse(load(shared_folder / "captures" / name))))
    assert bool(context) == more
    assert len(found) == rows or (rows == 12 and len(found) > 3)
    for row in found:
        assert Decoder(CATALOGUE).instance(row, "Win32_X").properties


def test_recorded_values_of_windows(shared_folder: Path) -> None:
    path = shared_folder / "captures" / "windows" / "txwinrm_2012_Win32_OperatingSystem_star_000.xml"
    rows, _context = wsman_client._batch(Answer(parse(load(path))))
    properties = Decoder(CATALOGUE).instance(rows[0]).properties
    assert str(properties["InstallDate"])[14:] == ".000000+000"
    assert len(str(properties["LocalDateTime"])) == 25
    assert properties["CSDVersion"] is None


def test_the_recorded_class_schema_is_read(shared_folder: Path) -> None:
    path = shared_folder / "captures" / "windows" / "gosammwr_03_Res_schema.xml"
    root = parse(load(path))
    element = next(item for item in root.iter() if item.tag == "CLASS")
    found = read_class(element)
    assert (found.name, found.base) == ("Win32_DiskDrive", "CIM_DiskDrive")
    assert found.keys == ("DeviceID",)
    assert found.properties["Capabilities"].array and found.properties["Capabilities"].type == "uint16"
    assert found.properties["Availability"].origin == "CIM_LogicalDevice"
    assert not found.properties["Size"].writable
    method = found.method("reset")
    assert method is not None and method.returns == "uint32"
