# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulator's MOF: complete, spelled right, small, and made from the schema data."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import pytest
from ansible_collections.configmgr.osd.tests.simulator.schema import MOF_FOLDER, Schema

TOOLS = pathlib.Path(__file__).parents[2] / "tools"


@pytest.fixture(scope="module")
def schema() -> Schema:
    return Schema.load()


def test_classes_are_found_without_regard_to_case(schema: Schema) -> None:
    found = schema.get("sms_tasksequencePACKAGE")
    assert found is not None and found.name == "SMS_TaskSequencePackage"
    assert schema.get("SMS_NoSuchClass") is None


def test_a_property_named_like_a_mof_keyword_keeps_its_spelling(schema: Schema) -> None:
    for name in ("File", "Folder"):
        found = schema.get(f"SMS_TaskSequence_{name}ConditionExpression")
        assert found is not None and "DateTime" in found.properties and "datetime" not in found.properties
        assert found.properties["DateTime"].type == "datetime"
        assert found.prop("datetime") is found.properties["DateTime"]


def test_inheritance_lazy_key_access_and_embedded_classes(schema: Schema) -> None:
    found = schema.get("SMS_TaskSequencePackage")
    assert found is not None and found.keys == ("PackageID",)
    assert found.properties["BootImageID"].lazy and not found.properties["Name"].lazy
    assert found.properties["Sequence"].read_only and not found.properties["Name"].read_only
    references = found.properties["References"]
    assert (references.embedded_class, references.array, references.type) == (
        "SMS_TaskSequence_Reference",
        True,
        "object",
    )
    assert schema.is_a("SMS_TaskSequencePackage", "SMS_PackageBaseclass")
    assert not schema.is_a("SMS_PackageBaseclass", "SMS_TaskSequencePackage")
    assert "SMS_BootImagePackage" in schema.derived("SMS_PackageBaseclass")


def test_a_class_can_override_what_it_inherits(schema: Schema) -> None:
    boot, step = schema.get("SMS_BootImagePackage"), schema.get("SMS_TaskSequence_RunCommandLineAction")
    assert boot is not None and boot.properties["PackageType"].default == 258
    assert step is not None and step.properties["Timeout"].qualifiers["Not_Null"] is True
    assert step.qualifiers["RunInObserved"] == "WinPEandFullOS"
    advertisement = schema.get("SMS_Advertisement")
    assert advertisement is not None
    assert advertisement.properties["PresentTime"].default == "19900101000000.000000+***"


def test_methods_have_directions_and_classes(schema: Schema) -> None:
    found = schema.get("SMS_TaskSequencePackage")
    method = found.method("setsequence") if found else None
    assert method is not None and method.static and method.return_type == "sint32"
    assert method.params["TaskSequence"].embedded_class == "SMS_TaskSequence" and method.params["TaskSequence"].is_in
    assert method.params["SavedTaskSequencePackagePath"].is_out
    assert not method.params["SavedTaskSequencePackagePath"].is_in
    load = schema.get("SMS_TaskSequence").method("LoadFromXml")  # type: ignore[union-attr]
    assert load is not None and load.return_embedded and load.return_type == "SMS_TaskSequence"


def test_the_classes_of_mdt_come_only_on_request(schema: Schema) -> None:
    assert schema.get("BDD_Gather") is None
    mdt = Schema.load(mdt=True)
    assert mdt.is_a("BDD_Gather", "SMS_TaskSequence_Action")
    assert mdt.get("BDD_ConfigureDNS").properties["DNSZones"].embedded_class == "BDD_DNSZones"  # type: ignore[union-attr]
    assert len(mdt.names()) == len(schema.names()) + 16


def test_the_committed_mof_is_small_and_has_no_descriptions() -> None:
    files = list(MOF_FOLDER.glob("*.mof"))
    assert sum(path.stat().st_size for path in files) <= 350 * 1024
    assert not any("Description (" in path.read_text(encoding="utf-8") for path in files)


@pytest.mark.skipif(not os.environ.get("CONFIGMGR_SHARED"), reason="no shared folder")
def test_the_committed_mof_is_what_the_tool_makes() -> None:
    done = subprocess.run(
        [sys.executable, str(TOOLS / "generate_mof.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
