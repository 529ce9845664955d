# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One object takes the place of another in every task sequence: preview, scope, locks, and what the new one lacks."""

from __future__ import annotations

import typing as t

import pytest
from tests.unit.plugins.plugin_utils._resources.bench import Bench, find

MODULE = "cm_task_sequence_reference"
STANDARD = "PS100041"
FINANCE = "PS100040"


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture(params=["objects", "xml"])
def either(request: pytest.FixtureRequest) -> Bench:
    """A bench whose tasks write in one way and in the other."""
    made = Bench()
    made.compatibility = {"write_via": request.param}
    return made


def sequence(bench: Bench, name: str, *steps: dict[str, t.Any]) -> str:
    return str(bench.ok("cm_task_sequence", name=name, steps=list(steps))["task_sequence"]["package_id"])


def install(name: str, package: t.Any, program: str, **more: t.Any) -> dict[str, t.Any]:
    return {"name": name, "type": "install_package", "package": package, "program": program, **more}


def names(done: dict[str, t.Any], outcome: str) -> list[str]:
    return [entry["name"] for entry in done["replacement"][outcome]]


def test_an_image_keeps_its_edition_by_name(either: Bench) -> None:
    bench = either
    before = bench.tree(STANDARD)
    options = {"kind": "os_image", "from": "Windows 11 24H2", "to": "Windows 10 22H2"}
    message = bench.refused(MODULE, **options)
    assert (
        "Windows 11 - Standard desktop: Install operating system / Apply Windows 11 (3 Windows 11 Enterprise)"
        in message
    )
    assert (
        "it has: 1 Windows 10 Education, 2 Windows 10 Pro, 3 Windows 10 Enterprise. Choose one by image_index"
        in message
    )
    assert "image_index: the image has only" in bench.refused(MODULE, **options, image_index=9)
    done = bench.ladder(MODULE, independently=lambda: bench.tree(STANDARD), **options, image_index=3)
    (entry,) = done["replacement"]["replaced"]
    assert entry["package_id"] == STANDARD and entry["uses"][0]["option"] == "image"
    assert "image: Windows 11 24H2 (PS100020) -> Windows 10 22H2 (PS100022)" in entry["diff"]
    stored = find(bench.tree(STANDARD), "Apply Windows 11")
    assert (stored["ImagePackageID"], stored["ImageIndex"]) == ("PS100022", 3)
    find(before, "Apply Windows 11").update({"ImagePackageID": "PS100022"})
    assert bench.tree(STANDARD) == before


def test_packages_with_their_programs(either: Bench) -> None:
    bench = either
    own = sequence(bench, "Own", install("A", {"id": "PS100017"}, "Install x64"),
                   install("B", "Corporate Fonts", "Install fonts"),
                   {"name": "C", "type": "download_package_content", "packages": [{"id": "PS100017"}, "OSD Scripts"],
                    "destination": "client_cache"})  # fmt: skip
    options = {"kind": "package", "from": {"id": "PS100017"}, "to": {"name": "Runtime Libraries", "version": "14.3"}}
    done = bench.ladder(MODULE, independently=lambda: bench.tree(own), **options)
    assert names(done, "replaced") == ["Own"]
    tree = bench.tree(own)
    assert (find(tree, "A")["PackageID"], find(tree, "B")["PackageID"]) == ("PS100016", "PS100011")
    assert find(tree, "C")["DownloadPackages"] == "PS100016,PS100012"
    assert [info["PackageId"] for info in find(tree, "C")["PackageInfo"]] == ["PS100016", "PS100012"]


def test_a_missing_program_is_mapped(bench: Bench) -> None:
    own = sequence(
        bench,
        "Own",
        install("A", "Monitoring Agent", "Silent uninstall"),
        install("B", "Monitoring Agent", "Silent install"),
    )
    options = {
        "kind": "package",
        "from": "Monitoring Agent",
        "to": "Wallpaper and lock screen",
        "scope": {"names": ["Own"]},
    }
    message = bench.refused(MODULE, **options)
    assert "Own: A (Silent uninstall): the package of `to` has no program Silent uninstall; it has: Apply" in message
    assert "Own: B (Silent install)" in message
    programs = {"Silent install": "Apply", "silent UNINSTALL": "Apply"}
    bench.ladder(MODULE, independently=lambda: bench.tree(own), **options, programs=programs)
    assert [step["ProgramName"] for step in bench.tree(own)] == ["Apply", "Apply"]
    assert find(bench.tree(STANDARD), "Monitoring agent")["PackageID"] == "PS100010"


def test_applications_and_parents(either: Bench) -> None:
    bench = either
    parent = sequence(
        bench, "Parent", {"name": "Finance", "type": "run_task_sequence", "task_sequence": {"id": FINANCE}}
    )
    options = {"kind": "application", "from": "Contoso VPN", "to": "7-Zip"}
    done = bench.ladder(MODULE, independently=lambda: bench.tree(FINANCE), **options)
    assert names(done, "replaced") == ["Finance - Applications"]
    assert [(entry["name"], entry["code"]) for entry in done["replacement"]["skipped"]] == [("Parent", "through_child")]
    assert find(bench.tree(FINANCE), "VPN")["AppInfo"][0]["DisplayName"] == "7-Zip"
    other = sequence(bench, "Other", install("B", "Corporate Fonts", "Install fonts"))
    done = bench.ladder(MODULE, independently=lambda: bench.tree(parent),
                        kind="task_sequence", **{"from": "Finance - Applications", "to": "Other"})  # fmt: skip
    child = find(bench.tree(parent), "Finance")
    assert child["TsPackageID"] == other and child["TsName"] == "Other"
    assert child["TsReferencePackages"] == "PS100011" and names(done, "replaced") == ["Parent"]


def test_a_sequence_never_runs_itself(bench: Bench) -> None:
    sequence(bench, "Parent", {"name": "Finance", "type": "run_task_sequence", "task_sequence": {"id": FINANCE}})
    sequence(bench, "Grandparent", {"name": "Parent", "type": "run_task_sequence", "task_sequence": "Parent"})
    for new in ("Parent", "Grandparent"):
        message = bench.refused(MODULE, kind="task_sequence", **{"from": {"id": FINANCE}, "to": new})
        assert "to (Parent): would run itself" in message


def test_boot_images(bench: Bench) -> None:
    options = {"kind": "boot_image", "from": {"id": "PS100005"}, "to": {"id": "PS100006"}}
    done = bench.ladder(MODULE, independently=lambda: bench.package(STANDARD), **options)
    assert names(done, "replaced") == ["Windows 11 - Standard desktop"]
    assert bench.package(STANDARD)["BootImageID"] == "PS100006"
    assert find(bench.tree(STANDARD), "Network and domain")["DomainPassword"] == "Join-0815"


def test_scope(bench: Bench) -> None:
    options = {
        "kind": "package",
        "from": "Corporate Fonts",
        "to": "Monitoring Agent",
        "programs": {"Install fonts": "Silent install"},
    }
    sequence(bench, "Own", install("A", "Corporate Fonts", "Install fonts"))

    def preview(**scope: t.Any) -> list[str]:
        return names(bench.ok(MODULE, check=True, **options, scope=scope), "replaced")

    assert preview(folder="Production") == ["Finance - Applications"]
    assert preview(folder=["production", "finance"]) == ["Finance - Applications"]
    assert preview(folder="Production", subfolders=False) == []
    assert preview(patterns=["own*"]) == ["Own"] == preview(names=["own"])
    assert preview(patterns=["*"]) == ["Finance - Applications", "Own"]
    assert preview(patterns=["*"], folder="Production\\Finance") == ["Finance - Applications"]
    assert (
        "scope.folder (Production/X): there is no folder X of task sequences; folders there: Finance"
        in bench.refused(MODULE, **options, scope={"folder": "Production/X"})
    )
    assert "scope.names[0] (Nothing): the site has no task sequence" in bench.refused(
        MODULE, **options, scope={"names": ["Nothing"]}
    )
    assert "scope: needs names" in bench.refused(MODULE, **options, scope={})


def test_disabled_steps(bench: Bench) -> None:
    own = sequence(bench, "Own", install("A", "Legacy plotter software", "Install", enabled=False))
    options = {"kind": "package", "from": "Legacy plotter software", "to": "Printer drivers"}
    assert not bench.ok(MODULE, **options)["changed"]
    bench.ladder(MODULE, independently=lambda: bench.tree(own), **options, include_disabled=True)
    assert bench.tree(own)[0]["PackageID"] == "PS100015"


def test_locked_ones_are_skipped(bench: Bench) -> None:
    sequence(bench, "Own", install("A", "Monitoring Agent", "Silent install"))
    bench.tell("/lock", path=f'SMS_TaskSequencePackage.PackageID="{STANDARD}"', user="CORP\\admin")
    options = {
        "kind": "package",
        "from": "Monitoring Agent",
        "to": "Wallpaper and lock screen",
        "programs": {"Silent install": "Apply"},
    }
    for check in (True, False):
        done = bench.ok(MODULE, check=check, **options)
        assert names(done, "replaced") == ["Own"]
        (skipped,) = done["replacement"]["skipped"]
        assert (
            skipped["package_id"] == STANDARD
            and skipped["code"] == "object_locked"
            and "CORP\\admin" in skipped["reason"]
        )
        assert any("CORP\\admin" in text for text in bench.warnings)


def test_one_that_fails_does_not_stop_the_others() -> None:
    bench = Bench(secrets="blank")
    sequence(bench, "Own", install("A", "Monitoring Agent", "Silent install"))
    options = {
        "kind": "package",
        "from": "Monitoring Agent",
        "to": "Wallpaper and lock screen",
        "programs": {"Silent install": "Apply"},
    }
    done = bench.run(MODULE, **options)
    assert done["failed"] and done["changed"] and done["error"]["code"] == "secret_unreadable"
    assert [entry["name"] for entry in done["error"]["detail"]["replaced"]] == ["Own"]
    (failed,) = done["error"]["detail"]["failed"]
    assert failed["package_id"] == STANDARD and "Network and domain" in failed["reason"]
    bench.ok(MODULE, **options, allow_blank_secrets=True)


def test_an_object_that_is_gone(bench: Bench) -> None:
    step = {"name": "A", "type": "run_command_line", "command_line": "x", "package": {"id": "XYZ00012"}}
    own = bench.ok("cm_task_sequence", name="Own", unknown_ids="keep", steps=[step])
    package_id = own["task_sequence"]["package_id"]
    options = {"kind": "package", "from": {"id": "XYZ00012"}, "to": "OSD Scripts"}
    bench.ladder(MODULE, **options, include_disabled=True)
    assert bench.tree(package_id)[0]["PackageID"] == "PS100012"


def test_an_object_that_an_earlier_task_would_make(bench: Bench) -> None:
    planned = [{"kind": "package", "name": "New agent", "planned": True}]
    options = {"kind": "package", "from": "Monitoring Agent", "to": "New agent"}
    done = bench.ok(MODULE, check=True, planned=planned, **options)
    assert names(done, "replaced") == ["Windows 11 - Standard desktop"] and done["unresolved"][0]["name"] == "New agent"
    assert "New agent" in done["diff"]["prepared"]
    bench.refused(MODULE, "unresolved_reference", planned=planned, **options)


@pytest.mark.parametrize(
    ("options", "expected", "code"),
    [
        ({"kind": "package", "from": "Nothing", "to": "Also nothing"}, "from (Nothing)", "unresolved_reference"),
        ({"kind": "package", "from": "Nothing", "to": "Also nothing"}, "to (Also nothing)", "unresolved_reference"),
        (
            {"kind": "package", "from": "OSD Scripts", "to": {"id": "PS100012"}},
            "to (OSD Scripts): is the object",
            "invalid_input",
        ),
        (
            {"kind": "os_image", "from": "a", "to": "b", "programs": {"x": "y"}},
            "programs: only a package",
            "invalid_input",
        ),
        ({"kind": "package", "from": "a", "to": "b", "image_index": 1}, "image_index (1): only works", "invalid_input"),
        ({"kind": "os_image", "from": "a", "to": "b", "image_index": 0}, "image_index (0): must be 1", "invalid_input"),
        ({"kind": "os_image", "from": {"id": 1}, "to": ""}, "from.id (1)", "invalid_input"),
    ],
)
def test_bad_input(bench: Bench, options: dict[str, t.Any], expected: str, code: str) -> None:
    for check in (True, False):
        assert expected in bench.refused(MODULE, code, check=check, **options)
