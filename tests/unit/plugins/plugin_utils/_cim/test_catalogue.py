# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The catalogue: complete, small, quick, and not stale."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim import catalogue as module
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.catalogue import CIM_TYPES, Catalogue

ROOT = Path(__file__).resolve().parents[5]
FILE = ROOT / "plugins" / "plugin_utils" / "_cim" / "catalogue.json"


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.load()


def test_file_form() -> None:
    raw = FILE.read_bytes()
    assert len(raw) <= 400 * 1024
    assert b"\r" not in raw and raw.endswith(b"\n")
    assert raw.decode("ascii")
    assert set(json.loads(raw)) == {"form", "classes"}


def test_not_stale(shared_folder: Path) -> None:
    script = ROOT / "tests" / "tools" / "generate_catalogue.py"
    environment = {"CONFIGMGR_SHARED": str(shared_folder)}
    done = subprocess.run(
        [sys.executable, str(script), "--check"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_nothing_of_the_schema_is_missing(catalogue: Catalogue, shared_folder: Path) -> None:
    source = json.loads((shared_folder / "schema" / "classes.json").read_text(encoding="utf-8"))
    assert list(catalogue) == list(source)
    for name, entry in source.items():
        definition = catalogue.get(name)
        assert definition is not None
        for prop, facts in entry["properties"].items():
            found = definition.properties[prop]
            assert (found.type, found.array, found.key, found.lazy) == (
                facts["type"],
                facts["array"],
                facts["key"],
                facts["lazy"],
            )
            change = entry.get("property_overrides", {}).get(prop, {})
            assert found.default == change.get("default", facts["default"])
            assert found.writable == (facts["access"] != "read-only")
            assert found.values == facts["values"]
            assert found.qualifiers == {**facts["qualifiers"], **change.get("qualifiers", {})}
        for method, facts in entry["methods"].items():
            found_method = definition.methods[method]
            assert found_method.static == bool(facts["static"])
            assert list(found_method.params) == [param["name"] for param in facts["params"]]


def test_the_file_is_read_once(catalogue: Catalogue) -> None:
    assert Catalogue.load() is catalogue
    assert module._load.cache_info().misses == 1


def test_names_are_found_without_regard_to_case(catalogue: Catalogue) -> None:
    definition = catalogue.get("sms_tasksequence_GROUP")
    assert definition is not None and definition.name == "SMS_TaskSequence_Group"
    assert definition is catalogue.get("SMS_TaskSequence_Group")
    prop = definition.property("STEPS")
    assert prop is not None and prop.name == "Steps"
    assert definition.property("nothing") is None
    package = catalogue.get("SMS_TaskSequencePackage")
    assert package is not None
    method = package.method("setsequence")
    assert method is not None and method.static
    assert package.method("nothing") is None
    assert catalogue.get("nothing") is None
    assert "SMS_PACKAGE" in catalogue and "nothing" not in catalogue


def test_inheritance(catalogue: Catalogue) -> None:
    step = catalogue.get("SMS_TaskSequence_RunCommandLineAction")
    assert step is not None
    assert list(step.properties)[:5] == ["Condition", "ContinueOnError", "Description", "Enabled", "Name"]
    assert step.properties["Name"].origin == "SMS_TaskSequence_Step"
    assert catalogue.is_a("SMS_TaskSequence_RunCommandLineAction", "sms_tasksequence_step")
    assert catalogue.is_a("Unknown", "unknown")
    assert not catalogue.is_a("Unknown", "SMS_TaskSequence_Step")
    assert not catalogue.is_a("SMS_TaskSequence_Step", "SMS_TaskSequence_Group")
    assert "SMS_TaskSequence_Action" not in catalogue.derived("SMS_TaskSequence_Step", abstract=False)
    assert "SMS_TaskSequence_Group" in catalogue.derived("SMS_TaskSequence_Step", abstract=False)


def test_overrides(catalogue: Catalogue) -> None:
    step = catalogue.get("SMS_TaskSequence_RunCommandLineAction")
    base = catalogue.get("SMS_TaskSequence_Action")
    package = catalogue.get("SMS_TaskSequencePackage")
    assert step is not None and base is not None and package is not None
    assert step.properties["SupportedEnvironment"].observed == "WinPEandFullOS"
    assert base.properties["SupportedEnvironment"].observed is None
    assert step.properties["Timeout"].qualifiers == {"Not_Null": True}
    assert package.properties["PackageType"].constant == 4


def test_kinds_of_types(catalogue: Catalogue) -> None:
    for name in catalogue:
        definition = catalogue.get(name)
        assert definition is not None
        for prop in definition.properties.values():
            assert (prop.type in CIM_TYPES) == (not prop.embedded and not prop.reference)
            if prop.embedded:
                assert prop.type in catalogue
    group = catalogue.get("SMS_TaskSequence_Group")
    partition = catalogue.get("SMS_TaskSequence_PartitionSettings")
    assert group is not None and partition is not None
    assert group.properties["Steps"].embedded and group.properties["Steps"].array
    assert partition.properties["Size"].item == ("Partitions<i>Size", "OSDPartitions<i>Size")


def test_secrets(catalogue: Catalogue) -> None:
    step = catalogue.get("SMS_TaskSequence_JoinDomainWorkgroupAction")
    assert step is not None
    assert step.properties["DomainPassword"].secret
    assert not step.properties["DomainUsername"].secret
    assert sum(len(names) for names in catalogue.secret_names.values()) == 11


def test_lazy_names_and_keys(catalogue: Catalogue) -> None:
    package = catalogue.get("SMS_TaskSequencePackage")
    program = catalogue.get("SMS_Program")
    assert package is not None and program is not None
    assert "sequence" in package.lazy and "name" not in package.lazy
    assert package.keys == ("PackageID",)
    assert set(program.keys) == {"PackageID", "ProgramName"}
