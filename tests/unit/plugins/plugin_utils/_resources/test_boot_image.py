# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Boot images: what is in them, and how a build is followed."""

from __future__ import annotations

import typing as t

import pytest
from tests.unit.plugins.plugin_utils._resources.bench import Bench

NAME = "Boot image (x64) - network drivers"
KEY = "PS100006"
SOURCE = r"\\files.corp.contoso.com\osd\boot\new.wim"
NET, NET_OLD, NVME = 16777400, 16777401, 16777402
X86 = '<WIM><IMAGE index="1"><Property Name="Architecture">X86</Property></IMAGE></WIM>'


@pytest.fixture
def bench() -> Bench:
    return Bench()


def stored(bench: Bench, package_id: str = KEY) -> dict[str, t.Any]:
    return dict(bench.ask("/object", **{"class": "SMS_BootImagePackage", "key.PackageID": package_id}))


def names(items: list[dict[str, t.Any]]) -> list[str]:
    return [str(item["name"]) for item in items]


def test_properties(bench: Bench) -> None:
    done = bench.ladder(
        "cm_boot_image",
        name=NAME,
        enable_command_support=False,
        background=r"\\files.corp.contoso.com\osd\logo.bmp",
        prestart_command="",
        prestart_files="",
        scratch_space=256,
    )
    now = stored(bench)
    assert (now["EnableLabShell"], now["ScratchSpace"], now["PreExecCommandLine"]) == (False, 256, "")
    assert now["BackgroundBitmapPath"].endswith("logo.bmp") and now["PreExecSourceDirectory"] == ""
    assert done["boot_image"]["changed_options"] == [
        "enable_command_support", "background", "prestart_command", "prestart_files", "scratch_space"
    ]  # fmt: skip
    assert "keep the content without the change of" in done["msg"] and "refreshed." in done["msg"]


def test_drivers_by_name_and_number(bench: Bench) -> None:
    bad = ["Contoso Gigabit Adapter", "None"]
    text = bench.refused("cm_boot_image", "unresolved_reference", name=NAME, drivers=bad)
    assert "2 drivers fit" in text and f"{NET} version 12.19.2.60 (net.inf)" in text and "no such driver" in text
    done = bench.ladder(
        "cm_boot_image", name=NAME, drivers=[{"name": "contoso gigabit adapter", "version": "12.19.2.60"}, NVME]
    )
    assert [item["ID"] for item in stored(bench)["ReferencedDrivers"]] == [NET, NVME]
    assert done["boot_image"]["drivers"][0]["source_path"] == r"\\files.corp.contoso.com\drivers\source\net"
    bench.ok("cm_boot_image", name=NAME, drivers=[str(NVME), {"id": NET}])
    assert len(bench.requests) == 3, "numbers that are in the image already need no look"
    bench.ladder("cm_boot_image", name=NAME, drivers_absent=[NET], drivers=[NVME])
    assert [item["ID"] for item in stored(bench)["ReferencedDrivers"]] == [NVME]


def test_components_with_what_they_need(bench: Bench) -> None:
    done = bench.ladder("cm_boot_image", name=NAME, optional_components=["winpe-powershell"])
    assert names(done["boot_image"]["optional_components"]) == [
        "WinPE-PowerShell", "WinPE-NetFx", "WinPE-WMI", "WinPE-Scripting"
    ]  # fmt: skip
    assert stored(bench)["OptionalComponents"] == [45, 41, 52, 44]
    assert "WinPE-NetFx is added because others need it" in done["msg"]
    text = bench.refused("cm_boot_image", name=NAME, optional_components_absent=["WinPE-Scripting", "WinPE-WMI"])
    assert "is needed by WinPE-PowerShell" in text and "is part of every boot image" in text
    bench.ladder("cm_boot_image", name=NAME, optional_components_absent=["WinPE-PowerShell", "WinPE-Scripting"])
    assert stored(bench)["OptionalComponents"] == [41, 52]


def test_components_of_the_right_architecture(bench: Bench) -> None:
    bench.ladder("cm_boot_image", name="Boot image (x86)", optional_components=["WinPE-HTA"])
    assert stored(bench, "PS100004")["OptionalComponents"] == [10]
    text = bench.refused(
        "cm_boot_image", "unresolved_reference", name="Boot image (x86)", optional_components=["WinPE-WMI", "Nonsense"]
    )
    assert "optional_components[0] (WinPE-WMI)" in text and "it has: WinPE-HTA" in text
    made = bench.ladder(
        "cm_boot_image", name="New", source_path=SOURCE, optional_components=["WinPE-HTA"], image_property=X86
    )
    assert stored(bench, made["boot_image"]["package_id"])["OptionalComponents"] == [10]


def test_register_and_wait(bench: Bench) -> None:
    options: dict[str, t.Any] = {
        "name": "New", "source_path": SOURCE, "drivers": [NVME], "optional_components": ["WinPE-Dot3Svc"],
        "report_scopes": False, "wait": True,
    }  # fmt: skip
    planned = bench.ok("cm_boot_image", check=True, **options)
    assert not bench.writes() and not bench.progress
    assert names(planned["boot_image"]["optional_components"]) == ["WinPE-Dot3Svc"]
    done = bench.ok("cm_boot_image", **options)
    assert done["diff"] == planned["diff"]
    assert "step 0 of 6 Preparing the image" in bench.progress[0]
    assert bench.counted() == [
        "Enumerate SMS_ProviderLocation", "Enumerate SMS_BootImagePackage", "Enumerate SMS_Driver",
        "Enumerate SMS_WinPEOptionalComponentInfo", "Pull SMS_WinPEOptionalComponentInfo", "Invoke GetImageProperties",
        "Create SMS_BootImagePackage", "Enumerate SMS_BootImagePackage", "Get SMS_BootImagePackage",
        *["Invoke QueryOSDBinaryInjectionStatus"] * bench.counted().count("Invoke QueryOSDBinaryInjectionStatus"),
        "Invoke DeleteContextID", "Get SMS_BootImagePackage",
    ]  # fmt: skip
    assert 2 <= bench.counted().count("Invoke QueryOSDBinaryInjectionStatus") <= 5
    made = done["boot_image"]
    assert made["architecture"] == "x64" and made["content_path"].endswith(rf"boot\new.{made['package_id']}.wim")
    assert not bench.ok("cm_boot_image", **options)["changed"]


def test_refresh_on_change_and_wait(bench: Bench) -> None:
    done = bench.ladder("cm_boot_image", name=NAME, scratch_space=128, refresh="on_change", wait=True)
    assert done["boot_image"]["source_version"] == 2 and done["boot_image"]["refreshed"]
    assert bench.ok("cm_boot_image", name=NAME, description="only this", refresh="on_change", wait=True)["changed"]
    assert "Invoke RefreshPkgSource" not in bench.counted()


@pytest.mark.parametrize("kind", ["fault", "drop"])
def test_a_start_that_nobody_answered_is_followed_all_the_same(bench: Bench, kind: str) -> None:
    code = {"code": 0x80338029} if kind == "fault" else {}
    bench.tell("/faults", faults=[{"kind": kind, "when": "after", "method": "RefreshPkgSource", **code}])
    done = bench.ok("cm_boot_image", name=NAME, refresh="always", wait=True)
    assert done["boot_image"]["source_version"] == 2


@pytest.mark.parametrize("verb", ["Create", "Put"])
def test_a_long_save_is_waited_for(bench: Bench, verb: str) -> None:
    """The server gives up waiting; what it does in the meantime is found out by reading."""
    bench.tell("/faults", faults=[{"kind": "fault", "code": 0x80338029, "when": "after", "verb": verb}])
    options: dict[str, t.Any] = {"name": NAME, "scratch_space": 32}
    if verb == "Create":
        options = {"name": "New", "source_path": SOURCE}
    assert bench.ok("cm_boot_image", wait=True, **options)["changed"]
    bench.tell("/faults", faults=[{"kind": "fault", "code": 0x80338029, "when": "before", "verb": verb}])
    options["name" if verb == "Create" else "scratch_space"] = "Other" if verb == "Create" else 64
    result = bench.run("cm_boot_image", **options)
    assert result["error"]["code"] == "outcome_unknown"
    bench.tell("/faults", faults=[{"kind": "fault", "code": 0x80338029, "when": "before", "verb": verb}])
    result = bench.run("cm_boot_image", wait=True, wait_timeout=60, **options)
    assert result["error"]["code"] == "wait_timeout"


def test_the_next_task_goes_on_waiting() -> None:
    bench = Bench(image_delay=600)
    result = bench.run("cm_boot_image", name=NAME, refresh="always", wait=True, wait_timeout=100)
    assert result["error"]["code"] == "wait_timeout"
    assert result["error"]["detail"]["status"] == "in_progress" and result["error"]["detail"]["steps"] == 6
    again = bench.ok("cm_boot_image", name=NAME, wait=True)
    assert not again["changed"] and again["boot_image"]["source_version"] == 2
    assert bench.progress


def test_a_build_that_fails_names_the_driver() -> None:
    bench = Bench(source_access=r"\\files.corp.contoso.com\drivers\source")
    result = bench.run("cm_boot_image", name=NAME, drivers=[NVME], refresh="on_change", wait=True)
    assert result["error"]["code"] == "server_fault" and result["changed"]
    assert r"drivers\source\nvme" in result["msg"] and "Adding drivers" in result["error"]["detail"]["text"]


def test_a_forgotten_status_falls_back_on_the_version(bench: Bench) -> None:
    bench.provider.switches.update({"image_delay": 30})
    original = bench.pause

    def forget(seconds: float) -> None:
        bench.provider.store.side("image_status").clear()
        original(seconds)

    bench.pause = forget  # type: ignore[method-assign]
    done = bench.ok("cm_boot_image", name=NAME, refresh="always", wait=True)
    assert done["boot_image"]["source_version"] == 2
    assert any("waiting for 2" in line for line in bench.progress) or not bench.progress


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"image_index": 0}, "must be 1 or more"),
        ({"scratch_space": 100}, "scratch_space"),
        ({"source_path": r"\\files\osd\a.iso"}, "must name a file that ends with .wim"),
        ({"drivers": [{"nmae": "x"}]}, "drivers[0]"),
        ({"drivers": [True]}, "must be the number (CI_ID) or the name of a driver"),
        ({"drivers": [{"id": "x"}]}, "drivers[0].id"),
        ({"prestart_command": "a\nb"}, "must not hold line breaks"),
        ({"optional_components": ["A"], "optional_components_absent": ["a"]}, "is wanted as well"),
    ],
)
def test_bad_input(bench: Bench, options: dict[str, t.Any], says: str) -> None:
    assert says in bench.refused("cm_boot_image", name=NAME, **options)


def test_info(bench: Bench) -> None:
    bench.ok("cm_boot_image", name=NAME, drivers=[NET], optional_components=["WinPE-HTA"])
    found = bench.ok("cm_boot_image_info")["boot_images"]
    assert [item["architecture"] for item in found] == ["x86", "x64", "x64"]
    assert found[2]["drivers"] is None and found[0]["default_image"] and len(bench.requests) == 3
    found = bench.ok("cm_boot_image_info", gather=["drivers", "components"])["boot_images"]
    assert found[2]["drivers"][0]["name"] == "Contoso Gigabit Adapter" and found[2]["drivers"][0]["inf"] == "net.inf"
    assert names(found[2]["optional_components"]) == ["WinPE-HTA", "WinPE-Scripting"]
    assert found[1]["enable_command_support"] and found[1]["editions"][0]["name"] == "Microsoft Windows PE (x64)"
    assert len(bench.requests) == 9
