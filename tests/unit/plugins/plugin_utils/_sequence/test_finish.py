# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names become IDs, derived properties are computed."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.instance import Instance
from ansible_collections.configmgr.osd.plugins.plugin_utils._errors import ReferenceProblems
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.decode import from_instance
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.encode import to_instance
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.facts import edition_indexes, platform_queries
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.finish import (
    child_sequences,
    collect_refs,
    edition_images,
    finish,
    refs_in,
)
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.from_yaml import parse_steps
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.model import PREFIX, Ref, Sequence

WIM = (
    '<WIM><TOTALBYTES>1</TOTALBYTES><IMAGE INDEX="1"><NAME>Windows 11 Home</NAME></IMAGE>'
    '<IMAGE INDEX="3"><NAME>Windows 11 Pro</NAME><WINDOWS><EDITIONID>Professional</EDITIONID></WINDOWS></IMAGE></WIM>'
)


@dataclasses.dataclass
class Answer:
    id: str | None
    name: str | None = None
    row: Instance | None = None


class Site:
    """Answers by kind and name; everything else is planned."""

    def __init__(self, **kinds: dict[str, Answer]) -> None:
        self.kinds = kinds

    def __call__(self, ref: Ref) -> Answer:
        if ref.id is not None:
            return Answer(ref.id)
        if ref.kind == "program":
            return Answer(None, ref.name)
        return self.kinds.get(ref.kind, {}).get(ref.name or "", Answer(None, ref.name))


def parsed(*steps: dict[str, t.Any]) -> Sequence:
    return parse_steps([{"name": "S", **step} for step in steps]).sequence


APPLICATION = Instance("SMS_ApplicationLatest", {"ModelName": "ScopeId_1/Application_1", "LocalizedDisplayName": "VPN"})
PACKAGE = Instance(
    "SMS_PackageBaseclass", {"PackageID": "PS100001", "Name": "Tools", "PackageType": 3, "PackageSize": 9}
)
SITE = Site(
    package={"Tools": Answer("PS100001", "Tools", PACKAGE)},
    content={"Tools": Answer("PS100001", "Tools", PACKAGE)},
    application={"VPN": Answer("ScopeId_1/Application_1", "VPN", APPLICATION)},
    task_sequence={"Child": Answer("PS100009", "Child", None)},
    os_image={"Windows": Answer("PS100003", "Windows", None)},
)


def test_references_are_collected_with_their_path() -> None:
    sequence = parsed(
        {"type": "install_package", "package": "Tools", "program": "Install"},
        {"steps": [{"name": "x", "type": "install_application", "applications": ["VPN"]}]},
        {"type": "release_state_store", "condition": [{"none": [{"operating_system": ["Windows 11"]}]}]},
        {"type": "apply_operating_system_image", "image": "Windows", "edition": "Windows 11 Pro"},
    )
    assert [(ref.kind, ref.name, ref.path) for ref in collect_refs(sequence)] == [
        ("package", "Tools", "steps[0].package"),
        ("program", "Install", "steps[0].program"),
        ("application", "VPN", "steps[1].steps[0].applications[0]"),
        ("platform", "Windows 11", "steps[2].condition[0].none[0].operating_system[0]"),
        ("os_image", "Windows", "steps[3].image"),
    ]
    assert edition_images(sequence) == [Ref("os_image", name="Windows")]


def test_names_become_ids() -> None:
    done = finish(parsed({"type": "install_package", "package": "Tools", "program": "Install"}), SITE)
    assert done.steps[0].properties["PackageID"] == "PS100001"
    assert done.steps[0].properties["ProgramName"] == "Install"
    assert collect_refs(done) == []


def test_applications() -> None:
    sequence = parsed({"type": "install_application", "applications": ["VPN", {"id": "ScopeId_1/Application_2"}]})
    properties = finish(sequence, SITE).steps[0].properties
    assert properties["ApplicationName"] == "ScopeId_1/Application_1,ScopeId_1/Application_2"
    assert properties["NumApps"] == 2
    assert [item.properties["DisplayName"] for item in properties["AppInfo"]] == ["VPN", ""]
    assert [item.properties["Name"] for item in properties["AppInfo"]] == properties["ApplicationName"].split(",")


def test_display_texts_of_unasked_objects_come_from_the_stored_sequence() -> None:
    info = Instance(PREFIX + "ApplicationInfo", {"Name": "ScopeId_1/Application_2", "DisplayName": "Old name"})
    step = Instance(PREFIX + "InstallApplicationAction", {"Name": "S", "AppInfo": [info]})
    old = from_instance(Instance("SMS_TaskSequence", {"Steps": [step]}))
    sequence = parsed({"type": "install_application", "applications": [{"id": "ScopeId_1/Application_2"}]})
    properties = finish(sequence, SITE, old=old).steps[0].properties
    assert properties["AppInfo"][0].properties["DisplayName"] == "Old name"


def test_packages_to_download() -> None:
    properties = finish(parsed({"type": "download_package_content", "packages": ["Tools"]}), SITE).steps[0].properties
    assert properties["DownloadPackages"] == "PS100001"
    assert properties["NumPackages"] == 1
    assert properties["PackageInfo"] == [
        Instance(PREFIX + "PackageInfo", {"Name": "Tools", "PackageId": "PS100001", "PkgType": 3, "Size": 9})
    ]


def test_child_sequence() -> None:
    rows = [
        Instance("x", {"ObjectID": "PS100001", "ObjectType": 0}),
        Instance("x", {"ObjectID": "PS100001", "ObjectType": 0}),
        Instance("x", {"ObjectID": "PS100007", "ObjectType": 4}),
        Instance("x", {"ObjectID": "ScopeId_1/Application_1", "ObjectType": 512}),
    ]
    sequence = parsed({"type": "run_task_sequence", "task_sequence": "Child"})
    assert child_sequences(sequence) == [Ref("task_sequence", name="Child")]
    asked: list[str] = []

    def references(package_id: str) -> list[Instance]:
        asked.append(package_id)
        return rows

    properties = finish(sequence, SITE, child_references=references).steps[0].properties
    assert asked == ["PS100009"]
    assert properties["TsPackageID"] == "PS100009"
    assert properties["TsName"] == "Child"
    assert properties["TsReferencePackages"] == "PS100001"
    assert properties["TsReferenceApplications"] == "ScopeId_1/Application_1"
    assert properties["TsReferenceSoftwareUpdates"] == ""


def test_adapters_are_counted() -> None:
    sequence = parsed({"type": "apply_network_settings", "domain": "d", "adapters": [{}, {}]})
    properties = finish(sequence, SITE).steps[0].properties
    assert properties["NumAdapters"] == 2
    assert [item.properties["Index"] for item in properties["Adapters"]] == [0, 1]


def test_what_is_only_planned_stays_a_reference() -> None:
    done = finish(parsed({"type": "run_command_line", "command_line": "x", "package": "Later"}), SITE)
    assert done.steps[0].properties["PackageID"] == Ref("package", name="Later")
    with pytest.raises(ValueError, match="still is a reference to package Later"):
        to_instance(done)
    done = finish(parsed({"type": "download_package_content", "packages": ["Tools", "Later"]}), SITE)
    assert done.steps[0].properties["DownloadPackages"] == ["PS100001", Ref("content", name="Later")]


def test_edition() -> None:
    sequence = parsed({"type": "apply_operating_system_image", "image": "Windows", "edition": "windows 11 pro"})
    done = finish(sequence, SITE, image_property=lambda image: WIM)
    assert done.steps[0].properties["ImageIndex"] == 3
    assert done.steps[0].properties["ImagePackageID"] == "PS100003"


def test_unknown_edition_lists_what_there_is() -> None:
    sequence = parsed({"type": "apply_operating_system_image", "image": "Windows", "edition": "Server"})
    with pytest.raises(ReferenceProblems, match=r"steps\[0\].edition \(Server\).*1 Windows 11 Home, 3 Windows 11 Pro"):
        finish(sequence, SITE, image_property=lambda image: WIM)


@pytest.mark.parametrize(
    ("text", "wanted", "found"),
    [
        (WIM, "Professional", [3]),
        (
            '<?xml version="1.0"?><WIM><IMAGE INDEX="2"><Property Name="Edition">Enterprise</Property></IMAGE></WIM>',
            "enterprise",
            [2],
        ),
        ('<WIM><IMAGE INDEX="1"><NAME>A</NAME></IMAGE><IMAGE INDEX="2"><NAME>A</NAME></IMAGE></WIM>', "A", [1, 2]),
        ("<WIM>", "A", []),
        ('<!DOCTYPE x [<!ENTITY a "b">]><WIM><IMAGE INDEX="1"><NAME>A</NAME></IMAGE></WIM>', "A", []),
        ("", "A", []),
    ],
)
def test_edition_indexes(text: str, wanted: str, found: list[int]) -> None:
    assert edition_indexes(text, wanted)[1] == found


def test_platform() -> None:
    row = Instance(
        "SMS_SupportedPlatforms",
        {
            "DisplayText": "Windows 11",
            "OSName": "Win_NT",
            "OSPlatform": "x64",
            "OSMinVersion": "10.00",
            "OSMaxVersion": "11.00",
            "Condition": "<C><Q>SELECT * FROM Win32_OperatingSystem WHERE A=1</Q></C>",
        },
    )
    sequence = parsed({"type": "release_state_store", "condition": [{"operating_system": ["Windows 11"]}]})
    done = finish(sequence, Site(platform={"Windows 11": Answer("Windows/11", "Windows 11", row)}))
    group = (done.steps[0].condition or [])[0]
    expression = (group.operands or [])[0]
    assert expression.properties == {
        "OperatorType": "and",
        "Name": "Windows 11",
        "PlatformArchKey": "x64",
        "PlatformTypeKey": "Win_NT",
        "PlatformMinVerKey": "10.00",
        "PlatformMaxVerKey": "11.00",
    }
    assert (expression.operands or [])[0].properties["Query"] == "SELECT * FROM Win32_OperatingSystem WHERE A=1"


def test_platform_without_a_query_is_a_problem() -> None:
    row = Instance("SMS_SupportedPlatforms", {"DisplayText": "Windows 11"})
    sequence = parsed({"type": "release_state_store", "condition": [{"operating_system": ["Windows 11"]}]})
    with pytest.raises(ReferenceProblems, match="has no query"):
        finish(sequence, Site(platform={"Windows 11": Answer("x", "Windows 11", row)}))


def test_platform_queries() -> None:
    assert platform_queries("select * from X") == ["select * from X"]
    assert platform_queries('<a><b q="SELECT 1 FROM X"/><c>Select * From Y</c><d>no</d></a>') == [
        "SELECT 1 FROM X",
        "Select * From Y",
    ]
    assert platform_queries("nothing") == []


def test_ids_in_a_stored_sequence() -> None:
    sequence = finish(
        parsed(
            {"type": "install_package", "package": "Tools", "program": "Install"},
            {"type": "install_application", "applications": ["VPN"]},
            {"type": "download_package_content", "packages": ["Tools"]},
            {"type": "apply_driver_package", "driver_package": {"id": "00000000"}},
            {"type": "run_command_line", "command_line": "x"},
        ),
        SITE,
    )
    package = Ref("package", id="PS100001")
    assert refs_in(sequence) == [
        package,
        Ref("program", name="Install", parent=package),
        Ref("application", id="ScopeId_1/Application_1"),
        Ref("content", id="PS100001"),
    ]
    assert [ref.path for ref in refs_in(sequence)][2] == "steps[1].applications[0]"
