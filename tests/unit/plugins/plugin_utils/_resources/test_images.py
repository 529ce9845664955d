# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Images, upgrade packages and driver packages: ladders, counts, refresh and wait, the double hop, bad input."""

from __future__ import annotations

import typing as t

import pytest
from tests.unit.plugins.plugin_utils._resources.bench import Bench

SHARE = r"\\files.corp.contoso.com\osd"
CLASSES = {
    "os_image": "SMS_ImagePackage",
    "os_upgrade_package": "SMS_OperatingSystemInstallPackage",
    "driver_package": "SMS_DriverPackage",
    "boot_image": "SMS_BootImagePackage",
}
SOURCES = {
    "os_image": rf"{SHARE}\images\w12\install.wim",
    "os_upgrade_package": rf"{SHARE}\upgrade\w12",
    "driver_package": r"\\files.corp.contoso.com\drivers\new",
    "boot_image": rf"{SHARE}\boot\new.wim",
}
W12 = (
    '<WIM><IMAGE index="1"><Property Name="Image name">Windows 12 Pro</Property>'
    '<Property Name="Architecture">9</Property><Property Name="OS version">10.0.30000.1</Property>'
    '<Property Name="Language">en-US</Property></IMAGE></WIM>'
)
DISCOVERY = "Enumerate SMS_ProviderLocation"


@pytest.fixture
def bench() -> Bench:
    return Bench()


def row(bench: Bench, kind: str, package_id: str) -> dict[str, t.Any]:
    return dict(bench.ask("/object", **{"class": CLASSES[kind], "key.PackageID": package_id}))


def lost(bench: Bench, **rule: t.Any) -> None:
    """The server gives up waiting, but carries the request out."""
    bench.tell("/faults", faults=[{"kind": "fault", "code": 0x80338029, "when": "after", **rule}])


# -- the ladder, and what it costs ------------------------------------------------------------------


@pytest.mark.parametrize("kind", CLASSES)
def test_register_change_and_remove(bench: Bench, kind: str) -> None:
    module, cls = f"cm_{kind}", CLASSES[kind]
    options: dict[str, t.Any] = {"name": "New one", "version": "12", "source_path": SOURCES[kind], "priority": "high"}
    made = bench.ladder(module, **options)[kind]
    assert made["kind"] == kind and not made["planned"] and made["source_version"] == 1 and not made["refreshed"]
    stored = row(bench, kind, made["package_id"])
    assert (stored["PkgSourceFlag"], stored["Priority"], stored["Version"]) == (2, 1, "12")
    path = stored["ImagePath" if kind == "boot_image" else "PkgSourcePath"]
    assert path == SOURCES[kind]
    changed = bench.ladder(module, name="new ONE", description="Two\nlines", disconnect_users={"delay": 9})[kind]
    assert changed["changed_options"] == ["description", "disconnect_users"]
    assert changed["name"] == "New one"
    assert changed["disconnect_users"] == {"enabled": False, "delay": 9, "retries": 2}
    renamed = bench.ladder(module, package_id=made["package_id"], name="Other")[kind]
    assert renamed["changed_options"] == ["name"]
    gone = bench.ok(module, name="Other", version="11", state="absent")
    assert not gone["changed"]
    gone = bench.ladder(module, package_id=made["package_id"], state="absent")
    assert gone[kind] is None and gone["diff"]["after"] == ""
    assert bench.notes("lazy_blanked", "blanked", "unlisted_change", "default_not_sent") == []
    assert bench.ask("/query", wql=f"SELECT * FROM {cls} WHERE Name = 'Other'") == []


@pytest.mark.parametrize(("kind", "get"), [("os_image", 1), ("boot_image", 1), ("driver_package", 0)])
def test_the_number_of_requests(bench: Bench, kind: str, get: int) -> None:
    """What the class has lazily costs one Get; everything else is in the row of the query."""
    module, cls = f"cm_{kind}", CLASSES[kind]
    options: dict[str, t.Any] = {"name": "Counted", "source_path": SOURCES[kind], "report_scopes": False}
    made = bench.ok(module, **options)[kind]
    gets = [f"Get {cls}"] * get
    assert bench.counted() == [DISCOVERY, f"Enumerate {cls}", f"Create {cls}", f"Enumerate {cls}", *gets]
    bench.ok(module, **options)
    assert bench.counted() == [DISCOVERY, f"Enumerate {cls}", *gets]
    bench.ok(module, **options, site_code="PS1", package_id=made["package_id"])
    assert len(bench.requests) == 1
    bench.ok(module, name="Counted", language="English")
    assert bench.counted() == [DISCOVERY, f"Enumerate {cls}", f"Get {cls}", f"Put {cls}", f"Get {cls}"]
    bench.ok(module, name="Counted", refresh="always")
    assert [call for call in bench.counted() if call.startswith("Invoke")] == ["Invoke RefreshPkgSource"]
    assert len(bench.requests) == 4 + get
    bench.ok(module, name="Counted", state="absent")
    assert len(bench.requests) == 4


# -- what the site reads ----------------------------------------------------------------------------


def test_editions_are_read_by_the_site_or_given(bench: Bench) -> None:
    read = bench.ok("cm_os_image", name="A", source_path=SOURCES["os_image"])["os_image"]
    assert [edition["name"] for edition in read["editions"]] == ["install"]
    given = bench.ladder("cm_os_image", name="B", source_path=rf"{SHARE}\b.wim", image_property=W12)
    assert given["os_image"]["editions"] == [
        {
            "index": 1,
            "name": "Windows 12 Pro",
            "description": None,
            "architecture": "x64",
            "version": "10.0.30000.1",
            "language": "en-US",
            "size": None,
        }
    ]
    again = bench.ok("cm_os_image", name="B", image_property=W12.replace("><IMAGE", ">\n  <IMAGE"))
    assert not again["changed"]


def test_reload_notices_a_file_that_changed(bench: Bench) -> None:
    options: dict[str, t.Any] = {"name": "Windows 11 24H2", "reload": True}
    assert not bench.ok("cm_os_image", **options)["changed"]
    assert bench.counted()[-1] == "Invoke GetImageProperties"
    bench.provider.store.side("files")[row(bench, "os_image", "PS100020")["PkgSourcePath"].casefold()] = W12
    done = bench.ladder("cm_os_image", **options)
    assert done["os_image"]["changed_options"] == ["image_property"]
    assert [edition["name"] for edition in done["os_image"]["editions"]] == ["Windows 12 Pro"]
    assert "Windows 12 Pro" in done["diff"]["after"] and "Windows 11 Pro" in done["diff"]["before"]


def test_another_source_is_read_and_a_refresh_is_advised(bench: Bench) -> None:
    done = bench.ladder("cm_os_upgrade_package", package_id="PS100023", source_path=rf"{SHARE}\upgrade\new")
    assert "until the os upgrade package is refreshed" in done["msg"]
    assert done["os_upgrade_package"]["changed_options"] == ["source_path", "image_property"]
    assert [edition["name"] for edition in done["os_upgrade_package"]["editions"]] == ["new"]


# -- refresh and wait -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["os_image", "driver_package"])
def test_refresh_is_followed_by_the_source_version(kind: str) -> None:
    bench = Bench(source_delay=100)
    known = {"os_image": "PS100020", "driver_package": "PS100030"}[kind]
    planned = bench.ok(f"cm_{kind}", check=True, package_id=known, refresh="always", wait=True)
    assert planned["changed"] and not bench.progress
    done = bench.ok(f"cm_{kind}", package_id=known, refresh="always", wait=True)
    assert done["changed"] and done["diff"] == planned["diff"]
    assert done[kind]["refreshed"] and done[kind]["source_version"] == 2
    assert done[kind]["changed_options"] == ["refresh"]
    assert bench.progress and "source version 1, waiting for 2" in bench.progress[0]
    looks = [call for call in bench.counted() if call == f"Enumerate {CLASSES[kind]}"]
    assert len(looks) <= 6


def test_refresh_on_change_leaves_an_unchanged_object_alone(bench: Bench) -> None:
    options = {"name": "Windows 11 24H2", "source_path": rf"{SHARE}\images\n.wim", "refresh": "on_change"}
    done = bench.ladder("cm_os_image", **options)
    assert done["os_image"]["source_version"] == 2 and "msg" not in done
    assert bench.ok("cm_os_image", name="Windows 11 24H2", description="x", refresh="on_change")["changed"]
    assert "Invoke RefreshPkgSource" not in bench.counted()


def test_a_wait_ends_and_tells_the_last_state() -> None:
    bench = Bench(source_delay=900)
    result = bench.run("cm_os_image", package_id="PS100020", refresh="always", wait=True, wait_timeout=120)
    assert result["error"]["code"] == "wait_timeout" and result["error"]["detail"]["source_version"] == 1
    assert result["changed"]


@pytest.mark.parametrize("method", ["RefreshPkgSource", "ReloadImageProperties"])
def test_a_start_that_times_out_is_no_error(bench: Bench, method: str) -> None:
    lost(bench, method=method)
    done = bench.ok(
        "cm_os_image", package_id="PS100020", source_path=rf"{SHARE}\images\n.wim", refresh="always", wait=True
    )
    assert done["os_image"]["source_version"] == 2
    assert any("takes longer than the server waits" in line for line in bench.progress)


def test_a_lost_connection_is_settled_by_the_source_version(bench: Bench) -> None:
    bench.tell("/faults", faults=[{"kind": "drop", "when": "after", "method": "RefreshPkgSource"}])
    assert bench.ok("cm_os_image", package_id="PS100020", refresh="always")["os_image"]["source_version"] == 2
    bench.tell("/faults", faults=[{"kind": "drop", "when": "before", "method": "RefreshPkgSource"}])
    result = bench.run("cm_os_image", package_id="PS100020", refresh="always")
    # The site counts up later, so that it has not yet decides nothing.
    assert result["error"]["code"] == "outcome_unknown" and result["changed"]


# -- the double hop ---------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", ["win32", "wmi"])
@pytest.mark.parametrize("kind", CLASSES)
def test_a_source_that_the_site_may_not_read(kind: str, answer: str) -> None:
    bench = Bench(source_access=r"\\files.corp.contoso.com\secret; \\other", source_denied_as=answer)
    path = r"\\files.corp.contoso.com\secret\a.wim"
    result = bench.run(f"cm_{kind}", name="New one", source_path=path)
    assert result["failed"] and not result["changed"]
    error = result["error"]
    assert error["code"] == "source_denied" and error["detail"]["path"] == path
    assert len(error["detail"]["cures"]) == 3
    for word in ("double hop", "CredSSP", "Kerberos delegation", "computer account", path):
        assert word in result["msg"]
    assert ("no right on the site" in result["msg"]) is (answer == "wmi")
    assert bench.ok(f"cm_{kind}", name="New one", source_path=SOURCES[kind])["changed"]


def test_a_new_source_that_cannot_be_read_changes_nothing(bench: Bench) -> None:
    bench.provider.switches.update({"source_access": r"\\other"})
    for check in (True, False):
        result = bench.run("cm_os_image", check=check, package_id="PS100020", source_path=r"\\other\osd\a.wim")
        assert result["error"]["code"] == "source_denied" and not result["changed"] and not bench.writes()


def test_a_refresh_that_fails_after_the_save_says_how_to_go_on(bench: Bench) -> None:
    bench.tell("/faults", faults=[{"kind": "failure", "method": "RefreshPkgSource", "description": "no"}])
    options = {"package_id": "PS100020", "source_path": rf"{SHARE}\n.wim", "refresh": "on_change"}
    result = bench.run("cm_os_image", **options)
    assert result["changed"] and "once with refresh: always" in result["msg"]


def test_a_look_into_the_file_that_fails_after_the_save_says_how_to_go_on(bench: Bench) -> None:
    bench.tell("/faults", faults=[{"kind": "failure", "method": "ReloadImageProperties", "description": "no"}])
    options = {"package_id": "PS100020", "source_path": rf"{SHARE}\n.wim", "refresh": "on_change"}
    result = bench.run("cm_os_image", **options)
    assert result["changed"] and "once with refresh: always, reload: true" in result["msg"]
    bench.tell("/faults", faults=[{"kind": "drop", "when": "after", "method": "ReloadImageProperties"}])
    done = bench.ok("cm_os_image", package_id="PS100020", reload=True)
    assert done["changed"] and [edition["name"] for edition in done["os_image"]["editions"]] == ["n"]
    assert not bench.ok("cm_os_image", package_id="PS100020", reload=True)["changed"]


def test_a_look_into_the_file_that_takes_too_long_is_no_success() -> None:
    """The server gave up waiting and the site did nothing: said without ``wait``, found out with it."""
    late = {"kind": "fault", "code": 0x80338029, "method": "ReloadImageProperties"}
    options: dict[str, t.Any] = {"package_id": "PS100020", "source_path": rf"{SHARE}\n.wim"}
    bench = Bench()
    bench.tell("/faults", faults=[late])
    assert bench.ok("cm_os_image", **options)["changed"] and any("reload: true" in text for text in bench.warnings)
    bench = Bench()
    bench.tell("/faults", faults=[late])
    result = bench.run("cm_os_image", wait=True, wait_timeout=60, **options)
    assert result["error"]["code"] == "wait_timeout" and result["changed"]


def test_given_metadata_need_no_look_at_the_file() -> None:
    bench = Bench(source_access="denied")
    assert bench.ok("cm_os_image", name="B", source_path=rf"{SHARE}\b.wim", image_property=W12)["changed"]
    for options in ({"reload": True}, {"refresh": "always"}):
        result = bench.run("cm_os_image", package_id="PS100020", **options)
        assert result["error"]["code"] == "source_denied" and not result["changed"]


def test_a_refusal_that_has_nothing_to_do_with_a_path(bench: Bench) -> None:
    bench.tell("/faults", faults=[{"kind": "denied", "verb": "Delete"}])
    result = bench.run("cm_driver_package", package_id="PS100031", state="absent")
    assert result["error"]["code"] == "access_denied"


# -- guards and bad input ---------------------------------------------------------------------------


def test_what_a_task_sequence_uses_stays(bench: Bench) -> None:
    for module, known in (("cm_os_image", "PS100020"), ("cm_boot_image", "PS100006")):
        for check in (True, False):
            text = bench.refused(module, "gate_refused", check=check, package_id=known, state="absent")
            assert "PS10004" in text and "Remove the steps first" in text


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"name": "x"}, "source_path: is required to register the os image"),
        ({"name": "x", "source_path": r"D:\a.wim"}, "must be a UNC path"),
        ({"name": "x", "source_path": r"\\server"}, "must be a UNC path"),
        ({"name": "x", "source_path": rf"{SHARE}\a.iso"}, "must name a file that ends with .wim or .ffu"),
        ({"name": "", "source_path": rf"{SHARE}\a.wim"}, "must not be empty"),
        ({"package_id": "PS1FFFFF"}, "the site has no os image with this ID"),
        ({"package_id": "nonsense"}, "is not a package ID"),
        ({"package_id": 100020}, "quote it"),
        ({"name": "x", "image_property": "no xml"}, "must be XML"),
        ({"name": "x", "image_property": W12, "reload": True}, "mutually exclusive"),
        ({"name": "x", "flag_bits": {"set": [32]}}, "must be the number of a bit"),
        ({"name": "x", "flag_bits": {"set": [25]}}, "has an option of its own: persist_in_cache"),
        ({"name": "x", "flag_bits": {"set": [3], "clear": [3]}}, "cannot be set and cleared"),
        ({"name": "x", "disconnect_users": {"delay": -1}}, "must not be negative"),
        ({"name": "x", "wait": True, "wait_timeout": 0}, "must be a positive number"),
        ({"name": "x", "image_index": 2}, "Unsupported options"),
        ({"state": "absent"}, "name, package_id"),
    ],
)
def test_bad_input(bench: Bench, options: dict[str, t.Any], says: str) -> None:
    assert says in bench.refused("cm_os_image", **options)


def test_twins_are_listed(bench: Bench) -> None:
    bench.ok("cm_os_image", name="Twin", version="1", source_path=rf"{SHARE}\1.wim")
    bench.provider.store.save(_twin(bench, "2"))
    assert "2 os images bear this name" in bench.refused("cm_os_image", name="Twin", description="x")
    assert bench.ok("cm_os_image", name="Twin", version="2")["os_image"]["package_id"] == "PS1000F2"


def _twin(bench: Bench, version: str) -> t.Any:
    one = next(item for item in bench.provider.store.rows("SMS_ImagePackage") if item.get("Name") == "Twin")
    one.props.update({"PackageID": "PS1000F2", "Version": version})
    return one


def test_a_path_in_other_letters_is_the_same_file(bench: Bench) -> None:
    path = row(bench, "os_image", "PS100020")["PkgSourcePath"].upper()
    assert not bench.ok("cm_os_image", package_id="PS100020", source_path=path)["changed"]


def test_a_share_of_its_own(bench: Bench) -> None:
    bench.ladder("cm_driver_package", package_id="PS100030", share_name="drivers$")
    assert (stored := row(bench, "driver_package", "PS100030"))["ShareType"] == 2 and stored["ShareName"] == "drivers$"
    bench.ladder("cm_driver_package", package_id="PS100030", share_name="")
    assert row(bench, "driver_package", "PS100030")["ShareType"] == 1


def test_a_planned_image_can_be_referred_to(bench: Bench) -> None:
    planned = bench.ok("cm_boot_image", check=True, name="New one", source_path=SOURCES["boot_image"])["boot_image"]
    options: dict[str, t.Any] = {"name": "Lab - new", "boot_image": "New one"}
    done = bench.ok("cm_ts_package", check=True, planned=[planned], **options)
    assert done["changed"] and done["unresolved"][0]["kind"] == "boot_image"
    bench.refused("cm_ts_package", "unresolved_reference", check=True, **options)


def test_flags_change_bit_by_bit(bench: Bench) -> None:
    done = bench.ladder(
        "cm_os_image",
        name="Windows 11 24H2",
        persist_in_cache=True,
        binary_delta_replication=True,
        flag_bits={"set": [27, 10]},
    )["os_image"]
    assert row(bench, "os_image", "PS100020")["PkgFlags"] == 1 << 25 | 1 << 26 | 1 << 27 | 1 << 10
    assert done["flag_bits"] == [10, 27] and done["persist_in_cache"]
    bench.ladder("cm_os_image", name="Windows 11 24H2", persist_in_cache=False, flag_bits={"clear": [10]})
    assert row(bench, "os_image", "PS100020")["PkgFlags"] == 1 << 26 | 1 << 27


def test_a_property_that_the_site_does_not_have(bench: Bench) -> None:
    done = bench.ladder("cm_driver_package", package_id="PS100030", driver_manufacturer="Dell", driver_model="7440")
    assert row(bench, "driver_package", "PS100030")["DriverModel"] == "7440"
    assert done["driver_package"]["driver_model"] == "7440"


# -- the read-only twins ----------------------------------------------------------------------------


def test_lists_cost_one_query_and_details_a_get_each(bench: Bench) -> None:
    found = bench.ok("cm_os_image_info")["os_images"]
    assert [item["package_id"] for item in found] == ["PS100020", "PS100021", "PS100022"]
    assert found[0]["editions"] is None and len(bench.requests) == 3
    found = bench.ok("cm_os_image_info", gather=["editions"])["os_images"]
    assert [len(item["editions"]) for item in found] == [4, 2, 3] and len(bench.requests) == 6
    one = bench.ok("cm_os_image_info", name="windows 11 24h2")["os_images"]
    assert one[0]["editions"][2]["name"] == "Windows 11 Enterprise" and len(bench.requests) == 3
    assert bench.ok("cm_os_upgrade_package_info", package_id="PS100023")["os_upgrade_packages"][0]["size_kb"] == 6120011
    assert bench.ok("cm_os_image_info", name="nothing")["os_images"] == []
    assert bench.ok("cm_os_image_info", package_id="PS1FFFFF")["os_images"] == []


def test_drivers_of_driver_packages(bench: Bench) -> None:
    found = bench.ok("cm_driver_package_info", gather=["drivers"])["driver_packages"]
    by_id = {item["package_id"]: item["drivers"] for item in found}
    assert by_id["PS100031"] == []
    assert [driver["name"] for driver in by_id["PS100030"]] == ["Fabrikam NVMe Controller", "Contoso Sound"]
    assert by_id["PS100032"][0] == {
        "id": 16777400, "name": "Contoso Gigabit Adapter", "version": "12.19.2.60", "inf": "net.inf"
    }  # fmt: skip
    assert len([call for call in bench.counted() if call.startswith("Enumerate")]) == 4


@pytest.mark.parametrize("kind", CLASSES)
def test_info_gives_what_the_module_takes(bench: Bench, kind: str) -> None:
    """Every option of the module that describes the object is in what the twin returns."""
    known = {"os_image": "PS100020", "os_upgrade_package": "PS100023", "driver_package": "PS100030"}
    package_id = known.get(kind, "PS100006")
    shown = bench.ok(f"cm_{kind}_info", package_id=package_id)[f"{kind}s"][0]
    same = bench.ok(f"cm_{kind}", package_id=package_id)[kind]
    extra = {"changed_options", "written", "refreshed"}
    assert set(same) - extra <= set(shown)
    assert {key: shown[key] for key in same if key not in extra | {"drivers"}} == {
        key: value for key, value in same.items() if key not in extra | {"drivers"}
    }
    options = ("name", "version", "description", "source_path", "priority", "persist_in_cache")
    back = {key: shown[key] for key in options}
    assert not bench.ok(f"cm_{kind}", package_id=package_id, **back)["changed"]
