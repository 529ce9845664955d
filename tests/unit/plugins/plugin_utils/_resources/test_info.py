# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading any object, and the site."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.configmgr.osd.plugins.modules.cm_object_info import SPEC
from ansible_collections.configmgr.osd.plugins.modules.cm_site_info import SPEC as SITE_SPEC
from ansible_collections.configmgr.osd.plugins.plugin_utils import _errors as errors
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.instance import CimDatetime, CimReference, Instance
from ansible_collections.configmgr.osd.plugins.plugin_utils._resources._object_form import STORED, iso
from ansible_collections.configmgr.osd.plugins.plugin_utils._resources.object_info import ObjectInfo
from ansible_collections.configmgr.osd.plugins.plugin_utils._resources.site_info import SiteInfo
from tests.unit.plugins.plugin_utils.fake_site import Run, package


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("20250601080000.000000+***", "2025-06-01T08:00:00"),
        ("20250601080000.000000+000", "2025-06-01T08:00:00Z"),
        ("20250601080000.500000-330", "2025-06-01T08:00:00.500000-05:30"),
        ("00000001020304.000000:000", "P1DT2H3M4S"),
        ("2025****080000.000000+***", "2025****080000.000000+***"),
    ],
)
def test_points_in_time(stored: str, shown: str) -> None:
    assert iso(CimDatetime(stored)) == shown


def objects(rows: t.Iterable[Instance], **options: t.Any) -> list[dict[str, t.Any]]:
    return t.cast("list[dict[str, t.Any]]", Run(ObjectInfo, SPEC, rows, **options)().values["objects"])


def test_by_keys_with_nested_objects_and_secrets() -> None:
    step = Instance(
        "SMS_TaskSequence_ConnectNetworkFolderAction", {"Name": "x", "UserPassword": "hunter2", "UserName": "CORP\\a"}
    )
    row = package(
        "P0100001",
        "Agent",
        SourceDate=CimDatetime("20250601080000.000000+***"),
        Extra=[step, CimReference("SMS_X", (("ID", "1"),))],
        Password="hunter2",
        Empty=None,
    )
    (found,) = objects([row], class_name="SMS_Package", keys={"PackageID": "P0100001"})
    assert found["class"] == "SMS_Package"
    assert found["SourceDate"] == "2025-06-01T08:00:00"
    assert found["Extra"][0]["UserPassword"] == STORED
    assert found["Extra"][0]["UserName"] == "CORP\\a"
    assert found["Extra"][1] == {"class": "SMS_X", "ID": "1"}
    assert found["Password"] == STORED and found["Empty"] is None
    assert "hunter2" not in str(found)


def test_masked_variables_and_sequence_text() -> None:
    variables = [
        Instance("SMS_CollectionVariable", {"Name": "a", "Value": "hunter2", "IsMasked": True}),
        Instance("SMS_CollectionVariable", {"Name": "b", "Value": "open", "IsMasked": False}),
    ]
    row = package(
        "P0100001", "TS", "SMS_TaskSequencePackage", Sequence="<sequence>hunter2</sequence>", Variables=variables
    )
    (found,) = objects([row], class_name="SMS_TaskSequencePackage", keys={"PackageID": "P0100001"})
    assert [item["Value"] for item in found["Variables"]] == [STORED, "open"]
    assert "hunter2" not in str(found)


def test_by_filter_limit_properties_and_lazy() -> None:
    rows = [package(f"P010000{index}", "Agent", ISVDataSize=7) for index in range(3)]
    task = Run(ObjectInfo, SPEC, rows, class_name="SMS_Package", properties=["name"], limit=2)
    found = task().values["objects"]
    assert [sorted(item) for item in found] == [["Name", "class"]] * 2
    assert "limit" in task.warnings[0]
    whole = objects(rows, class_name="SMS_Package", lazy=True, properties=["ISVDataSize"])
    assert [item["ISVDataSize"] for item in whole] == [7, 7, 7]
    assert objects([], class_name="SMS_Package", keys={"PackageID": "x"}) == []


def test_lazy_needs_known_keys() -> None:
    with pytest.raises(errors.InvalidInput, match="keys of the class"):
        objects([Instance("SMS_OS_Details", {"Name": "x"})], class_name="SMS_OS_Details", lazy=True)


@pytest.mark.parametrize(
    "options",
    [
        {"class_name": "SMS_X WHERE 1=1"},
        {"class_name": "SMS_X", "properties": ["a, b"]},
        {"class_name": "SMS_X", "keys": {}},
        {"class_name": "SMS_X", "keys": {"A": None}},
        {"class_name": "SMS_X", "keys": {"A b": "x"}},
        {"class_name": "SMS_X", "limit": 0},
    ],
)
def test_mistakes(options: dict[str, t.Any]) -> None:
    task = Run(ObjectInfo, SPEC, (), **options)
    with pytest.raises(errors.InvalidInput):
        task()
    assert not task.cim.calls


def test_the_site_as_far_as_the_account_sees_it() -> None:
    rows = [
        Instance("SMS_Site", {"SiteCode": "P01", "SiteName": "HQ", "Type": 2, "BuildNumber": 9122, "Version": "5"}),
        Instance("SMS_Site", {"SiteCode": "S02", "Type": 1}),
        Instance("SMS_SecuredCategory", {"CategoryID": "SMS00ALL", "CategoryName": "All"}),
        Instance(
            "SMS_ProviderLocation",
            {
                "Machine": "CM01",
                "SiteCode": "P01",
                "NamespacePath": r"\\CM01\root\sms\site_P01",
                "ProviderForLocalSite": True,
            },
        ),
    ]
    task = Run(SiteInfo, SITE_SPEC, rows)
    site = task().values["site"]
    assert (site["site_name"], site["type"], site["build_number"], site["scopes"]) == ("HQ", "primary", 9122, ["All"])
    assert site["providers"] == [
        {"machine": "CM01", "site_code": "P01", "namespace": "root/sms/site_P01", "local": True}
    ]
    blind = Run(SiteInfo, SITE_SPEC, ())
    site = blind().values["site"]
    assert (site["type"], site["build_number"], site["providers"], site["scopes"]) == (None, None, [], [])
