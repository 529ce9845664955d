# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Images on the simulated site: what it reads, what it refuses, and what goes on in the background."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.configmgr.osd.tests.simulator.objects import Obj
from ansible_collections.configmgr.osd.tests.simulator.provider import Site
from ansible_collections.configmgr.osd.tests.simulator.rules.images import STEPS
from tests.unit.simulator.provider_support import DENIED, FAILED, refused

BOOT = "SMS_BootImagePackage"
IMAGE = "SMS_ImagePackage"
KEY = {"PackageID": "PS100006"}
NEW = {"Name": "New", "ImagePath": r"\\files\osd\new.wim", "ImageIndex": 1, "PkgSourceFlag": 2, "PackageType": 258}


@pytest.fixture(scope="module")
def shared() -> Site:
    return Site("contoso")


@pytest.fixture
def site(shared: Site) -> Site:
    shared.reset()
    return shared


def status(site: Site, context: str = "one") -> dict[str, t.Any]:
    return dict(site.invoke(site.namespace, BOOT, "QueryOSDBinaryInjectionStatus", None, {"ContextID": context}))


def image(site: Site) -> Obj:
    return site.get(site.namespace, BOOT, KEY)


def test_a_boot_image_is_built_step_by_step(site: Site) -> None:
    assert status(site)["Status"] == 3
    site.invoke(site.namespace, BOOT, "RefreshPkgSource", KEY, {"ContextID": "one"})
    assert image(site).get("ContextID") == "one" and image(site).get("SourceVersion") == 1
    assert (status(site)["Status"], status(site)["ProgressText"]) == (1, STEPS[0])
    site.ahead(35)
    assert (status(site)["Progress"], status(site)["MaxProgress"]) == (3, len(STEPS))
    site.ahead(30)
    assert status(site)["Status"] == 0 and image(site).get("SourceVersion") == 2
    site.invoke(site.namespace, BOOT, "DeleteContextID", None, {"ContextID": "one"})
    assert status(site)["Status"] == 3


def test_without_a_context_nobody_can_follow_it(site: Site) -> None:
    site.invoke(site.namespace, BOOT, "RefreshPkgSource", KEY, {})
    assert image(site).get("SourceVersion") == 2


def test_a_driver_that_cannot_be_read_ends_the_build(site: Site) -> None:
    site.switches.update({"source_access": r"\\files\drivers"})
    row = image(site)
    row.props["ReferencedDrivers"] = [Obj("SMS_Driver_Details", {"ID": 1, "SourcePath": r"\\files\drivers\a"})]
    site.put(site.namespace, BOOT, KEY, row, ["ReferencedDrivers"])
    references = site.query(site.namespace, "SELECT * FROM SMS_BootImagePackage_DriverRef WHERE PkgID = 'PS100006'")
    assert [item.get("CI_ID") for item in references.objs] == [1]
    site.invoke(site.namespace, BOOT, "RefreshPkgSource", KEY, {"ContextID": "one"})
    site.ahead(120)
    answer = status(site)
    assert (answer["Status"], answer["ErrorCode"], answer["ExtendedErrorInfo"]) == (2, 5, r"\\files\drivers\a")
    assert image(site).get("SourceVersion") == 1


def test_a_new_boot_image_gets_a_file_of_its_own(site: Site) -> None:
    keys = site.create(site.namespace, Obj(BOOT, dict(NEW)))
    made = site.get(site.namespace, BOOT, keys)
    assert made.get("PkgSourcePath") == rf"\\files\osd\new.{keys['PackageID']}.wim"
    assert made.get("Architecture") == "9" and ">new<" in made.get("ImageProperty")
    with refused(FAILED, "ImagePath", "UNC"):
        site.create(site.namespace, Obj(BOOT, {**NEW, "ImagePath": "D:\\a.wim"}))
    with refused(FAILED, "PackageType"):
        site.create(site.namespace, Obj(BOOT, {**NEW, "PackageType": 257}))


@pytest.mark.parametrize(("answer", "code"), [("win32", FAILED), ("wmi", DENIED)])
def test_a_share_that_the_site_may_not_read(site: Site, answer: str, code: int) -> None:
    site.switches.update({"source_access": "denied", "source_denied_as": answer})
    key = {"PackageID": "PS100020"}
    with refused(code, "ImagePath"):
        site.create(site.namespace, Obj(BOOT, dict(NEW)))
    with refused(code, "SourceImagePath"):
        site.invoke(site.namespace, IMAGE, "GetImageProperties", None, {"SourceImagePath": r"\\files\a.wim"})
    for method in ("RefreshPkgSource", "ReloadImageProperties"):
        with refused(code, method):
            site.invoke(site.namespace, IMAGE, method, key, {})
    site.create(site.namespace, Obj(BOOT, {**NEW, "ImageProperty": "<WIM/>"}))


def test_refreshing_can_take_its_time(site: Site) -> None:
    site.switches.update({"source_delay": 20})
    key = {"PackageID": "PS100020"}
    site.invoke(site.namespace, IMAGE, "RefreshPkgSource", key, {})
    assert site.get(site.namespace, IMAGE, key).get("SourceVersion") == 1
    site.ahead(21)
    assert site.get(site.namespace, IMAGE, key).get("SourceVersion") == 2


def test_components_of_an_image_by_name(site: Site) -> None:
    wql = "SELECT * FROM SMS_WinPEOptionalComponentInBootImage WHERE PackageID = 'PS100005'"
    found = site.query(site.namespace, wql)
    assert sorted(str(item.get("Name")) for item in found.objs) == [
        "WinPE-DismCmdlets", "WinPE-SecureStartup", "WinPE-WMI"]
