# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a person reads when the site, its rights, its locks or its limits stand in the way, and every switch of it."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest
from tests.integration.conftest import SEED, STORES, Simulator
from tests.integration.inprocess import Done, InProcess

pytestmark = pytest.mark.inprocess

SCRATCH = "PS100042"
"""Windows 11 - in-place upgrade: two steps, a deployment."""
AGENT = "PS100010"
COMMAND = {"name": "Say", "type": "run_command_line", "command_line": "cmd.exe /c echo"}


class Account(InProcess):
    """The site as another account sees it."""

    def __init__(self, simulator: Simulator, store: str, user: str) -> None:
        super().__init__(simulator, store)
        self.user = user

    def connection(self) -> t.Any:
        """Return the connection of the account."""
        plugin = super().connection()
        plugin.set_option("remote_user", self.user)
        return plugin


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest) -> str:
    """Both connections."""
    return request.param


@pytest.fixture
def site(simulator: Simulator, store: str) -> t.Iterator[InProcess]:
    """A fresh site."""
    found = InProcess(simulator, store)
    yield found
    simulator.call("POST", "/reset", {"seed": str(SEED)}, store=store)


def fails(done: Done, code: str, *words: str, changed: bool = False) -> dict[str, t.Any]:
    """Check a failure and return its error."""
    assert done.failed, done.result
    assert done.code == code, done.result
    assert done.changed == changed, done.result
    for word in words:
        assert word in done.result["msg"], done.result["msg"]
    assert "Traceback" not in done.everything
    return done.result["error"]


def works(done: Done, *, changed: bool | None = None) -> dict[str, t.Any]:
    """Check a success and return the result."""
    assert not done.failed, done.result
    assert changed is None or done.changed == changed, done.result
    return done.result


# -- which site --------------------------------------------------------------------------------------------------------


def _move(site: InProcess, folder: Path, *locations: dict[str, t.Any]) -> None:
    """Give the site other rows of SMS_ProviderLocation."""
    text = (SEED.parent / "builtin.yml").read_text(encoding="utf-8")
    start = text.index("  SMS_ProviderLocation:")
    end = text.index("  SMS_Site:")
    rows = "".join(f"    - {json.dumps(row)}\n" for row in locations) or "    []\n"
    path = folder / "moved.yml"
    path.write_text(text[:start] + "  SMS_ProviderLocation:\n" + rows + text[end:], encoding="utf-8")
    site.simulator.call("POST", "/reset", {"seed": str(path)}, store=site.store)


def _location(code: str, machine: str, local: bool) -> dict[str, t.Any]:
    path = rf"\\{machine}\root\sms\site_{code}"
    return {"SiteCode": code, "Machine": machine, "ProviderForLocalSite": local, "NamespacePath": path}


@pytest.mark.parametrize("module", ["cm_site_info", "cm_task_sequence_info", "cm_ts_package_info"])
def test_a_site_code_that_is_not_there(module: str, site: InProcess) -> None:
    """The message lists what there is."""
    fails(site.run(module, site_code="XX9"), "invalid_input", "site_code (XX9)", "PS1 on cm01.corp.contoso.com")


def test_a_site_code_in_small_letters(site: InProcess) -> None:
    """WMI does not care about case."""
    assert works(site.run("cm_package", site_code="ps1", package_id=AGENT))["package"]["package_id"] == AGENT


@pytest.mark.parametrize("namespace", ["root/sms/site_PS1", r"root\sms\site_PS1", r"\\cm01\root\sms\site_PS1"])
def test_a_namespace_saves_the_discovery(namespace: str, site: InProcess) -> None:
    """Every spelling of a namespace leads there without SMS_ProviderLocation."""
    done = site.run("cm_package", namespace=namespace, package_id=AGENT)
    works(done)
    assert [entry["class"] for entry in done.requests] == ["SMS_Package"]


def test_a_namespace_that_is_not_there(site: InProcess) -> None:
    """It is named beside the sites that exist."""
    done = site.run("cm_package", namespace="root/sms/site_ZZZ", package_id=AGENT)
    fails(done, "invalid_input", "namespace (root/sms/site_ZZZ): this host has no such namespace", "PS1 on cm01")


@pytest.mark.parametrize("code", [None, 0x8004100E, 0x80041010])
def test_no_provider(code: int | None, site: InProcess, tmp_path: Path) -> None:
    """No row, no namespace, no class: the host is the wrong one."""
    if code is None:
        _move(site, tmp_path)
    else:
        site.plan_faults({"kind": "fault", "code": code, "times": 0})
    fails(site.run("cm_package", package_id=AGENT), "invalid_input", "There is no SMS Provider on this host")


def test_several_sites(site: InProcess, tmp_path: Path) -> None:
    """A host that serves two sites asks for a choice; the choice works."""
    _move(site, tmp_path, _location("PS1", "cm01", True), _location("PS2", "cm01", True))
    fails(site.run("cm_site_info"), "invalid_input", "site_code", "several sites", "PS1, PS2")
    assert works(site.run("cm_site_info", site_code="PS1"))["site"]["site_code"] == "PS1"


def test_two_providers_of_one_site(site: InProcess, tmp_path: Path) -> None:
    """Either will do."""
    _move(site, tmp_path, _location("PS1", "cm01", True), _location("PS1", "cm02", True))
    assert works(site.run("cm_site_info"))["site"]["site_code"] == "PS1"


def test_the_provider_is_elsewhere(site: InProcess, tmp_path: Path) -> None:
    """A host that only knows of sites names them."""
    _move(site, tmp_path, _location("PS2", "cm02.corp.contoso.com", False))
    fails(site.run("cm_site_info"), "invalid_input", "no local site", "PS2")


# -- rights ------------------------------------------------------------------------------------------------------------


def test_an_account_without_rights(site: InProcess) -> None:
    """It may log in and sees nothing."""
    nobody = Account(site.simulator, site.store, r"CORP\nobody")
    error = fails(nobody.run("cm_task_sequence", name="x", steps=[]), "access_denied", "no rights on the site")
    assert error["hresult"] == "0x80041003"


@pytest.mark.parametrize(
    ("module", "args"),
    [
        ("cm_package", {"package_id": AGENT, "description": "changed"}),
        ("cm_package", {"name": "New"}),
        ("cm_program", {"package": {"id": AGENT}, "name": "Silent install", "comment": "changed"}),
        ("cm_task_sequence", {"package_id": SCRATCH, "steps": [COMMAND]}),
        ("cm_task_sequence", {"name": "New", "steps": [COMMAND]}),
        ("cm_ts_package", {"package_id": SCRATCH, "description": "changed"}),
        ("cm_task_sequence", {"name": "Kiosk refresh", "state": "absent"}),
    ],
)
def test_an_account_that_may_only_look(module: str, args: dict[str, t.Any], site: InProcess) -> None:
    """Reads work, check mode works, and a write says what was denied; nothing was done."""
    viewer = Account(site.simulator, site.store, r"CORP\viewer")
    works(viewer.run(module, check=True, **args), changed=True)
    error = fails(viewer.run(module, **args), "access_denied", "may not change")
    assert error["detail"]["extended_status"]["Description"].startswith("Access denied")


def test_a_narrow_account_makes_a_twin_and_is_told_its_scopes(site: InProcess) -> None:
    """Role-based access hides rows, names are no keys: the result says which scopes the account sees."""
    narrow = Account(site.simulator, site.store, r"CORP\svc-finance")
    result = works(narrow.run("cm_package", name="Monitoring Agent"), changed=True)
    assert result["package"]["package_id"] != AGENT
    assert "Finance" in result["msg"] and "scopes" in result["msg"]
    assert len(site.rows("SELECT * FROM SMS_Package WHERE Name = 'Monitoring Agent'")) == 2
    result = works(narrow.run("cm_task_sequence", name="Kiosk refresh", steps=[COMMAND]), changed=True)
    assert "Finance" in result["msg"]
    result = works(narrow.run("cm_task_sequence", name="Lab - Nothing", state="absent"), changed=False)
    assert "may not see" in result["msg"], "absent for a narrow account may only mean hidden"


def test_a_hidden_reference(site: InProcess) -> None:
    """It looks like a missing one, and the message says so."""
    narrow = Account(site.simulator, site.store, r"CORP\svc-finance")
    step = {"name": "x", "type": "install_package", "package": "Monitoring Agent", "program": "Silent install"}
    done = narrow.run("cm_task_sequence", name="New", steps=[step])
    fails(done, "unresolved_reference", "Monitoring Agent", "may not see it")


# -- locks -------------------------------------------------------------------------------------------------------------

LOCKED = [
    ("cm_package", {"package_id": AGENT, "description": "changed"}, f'SMS_Package.PackageID="{AGENT}"'),
    ("cm_task_sequence", {"package_id": SCRATCH, "steps": [COMMAND]}, f'SMS_TaskSequencePackage.PackageID="{SCRATCH}"'),
    ("cm_ts_package", {"package_id": SCRATCH, "description": "x"}, f'SMS_TaskSequencePackage.PackageID="{SCRATCH}"'),
    ("cm_task_sequence", {"name": "Kiosk refresh", "state": "absent"}, 'SMS_TaskSequencePackage.PackageID="PS100043"'),
]


@pytest.mark.parametrize("explicit", [False, True], ids=["implicit", "explicit"])
@pytest.mark.parametrize(("module", "args", "path"), LOCKED)
def test_somebody_else_edits_it(
    module: str, args: dict[str, t.Any], path: str, explicit: bool, site: InProcess
) -> None:
    """The owner is in the message; when the console is closed the same task works."""
    site.simulator.call("POST", "/lock", {"path": path, "user": r"CORP\alice", "machine": "WS-042"}, store=site.store)
    options = {**args, "compatibility": {"explicit_lock": explicit}}
    error = fails(site.run(module, **options), "object_locked", path, r"CORP\alice on WS-042", "since 2")
    assert error["sms_error_code"] == (None if explicit else "0x40480732")
    site.simulator.call("POST", "/unlock", {"path": path}, store=site.store)
    works(site.run(module, **options), changed=True)


@pytest.mark.parametrize(("module", "args", "path"), LOCKED)
def test_an_explicit_lock_is_given_back(module: str, args: dict[str, t.Any], path: str, site: InProcess) -> None:
    """RequestLock, the save, ReleaseLock, all in one context; nothing is left behind."""
    site.switch(set_sequence_releases_lock="no")
    done = site.run(module, **args, compatibility={"explicit_lock": True})
    works(done, changed=True)
    writes = [entry["method"] or entry["verb"] for entry in done.requests if entry["write"]]
    assert writes[0] == "RequestLock" and writes[-1] == "ReleaseLock" and len(writes) == 3, writes
    assert not site.simulator.call("POST", "/unlock", {"path": path}, store=site.store)["ok"], "still locked"


def test_a_new_sequence_is_not_left_locked(site: InProcess) -> None:
    """Where SetSequence keeps the lock, the switch gives it back after a create too."""
    site.switch(set_sequence_releases_lock="no")
    for explicit in (False, True):
        args = {"name": f"New {explicit}", "steps": [COMMAND], "compatibility": {"explicit_lock": explicit}}
        result = works(site.run("cm_task_sequence", **args), changed=True)
        path = f'SMS_TaskSequencePackage.PackageID="{result["task_sequence"]["package_id"]}"'
        left = site.simulator.call("POST", "/unlock", {"path": path}, store=site.store)["ok"]
        assert left != explicit


def test_explicit_locks_only_where_there_are_locks(site: InProcess) -> None:
    """Nothing to change, a create, and a class without locks ask for none."""
    switch = {"explicit_lock": True}
    for args in ({"name": "New"}, {"package_id": AGENT}):
        done = site.run("cm_package", **args, compatibility=switch)
        works(done)
        assert not [entry for entry in done.requests if entry["class"] == "SMS_ObjectLock"]
    program = {"package": {"id": AGENT}, "name": "Silent install", "comment": "changed"}
    done = site.run("cm_program", **program, compatibility=switch)
    works(done, changed=True)
    assert not [entry for entry in done.requests if entry["class"] == "SMS_ObjectLock"]


def test_a_lock_request_that_gets_lost(site: InProcess) -> None:
    """Nothing was saved, and the lock is given back."""
    args = {"package_id": AGENT, "description": "x", "compatibility": {"explicit_lock": True}}
    site.plan_faults({"kind": "drop", "when": "after", "method": "RequestLock"})
    fails(site.run("cm_package", **args), "not_as_written", "could not be requested")
    works(site.run("cm_package", **args), changed=True)


def test_a_failed_save_gives_the_lock_back(site: InProcess) -> None:
    """The release runs after a failure too."""
    site.plan_faults({"kind": "failure", "verb": "Put", "description": "The disk is full", "error_code": 112})
    done = site.run("cm_package", package_id=AGENT, description="x", compatibility={"explicit_lock": True})
    fails(done, "server_fault", "The disk is full")
    assert [entry["method"] for entry in done.requests].count("ReleaseLock") == 1


# -- limits ------------------------------------------------------------------------------------------------------------

LINE = 'winrm set winrm/config @{MaxEnvelopeSizekb="8192"}'


def _big(kib: int) -> list[dict[str, t.Any]]:
    script = "# 0123456789\n" * 700
    step = {"type": "run_powershell_script", "execution_policy": "bypass", "script": script}
    count = kib * 1024 // (len(script) * 8 // 3) + 1
    return [{"name": f"Script {number}", **step} for number in range(count)]


def test_a_request_that_is_too_large_is_not_sent(site: InProcess) -> None:
    """The message has size, limit and remedy; with the server's limit raised and named, it works."""
    args = {"name": "Big", "steps": _big(600)}
    done = site.run("cm_task_sequence", **args)
    error = fails(done, "envelope_too_large", LINE, "max_envelope_size", "Nothing was sent", "486400 bytes")
    assert error["detail"]["request_bytes"] > error["detail"]["limit_bytes"] == 486400
    assert not [entry for entry in done.requests if entry["write"]]
    site.switch(max_envelope_kb=8192)
    fails(site.run("cm_task_sequence", **args), "envelope_too_large")
    works(site.run("cm_task_sequence", **args, max_envelope_size=8192), changed=True)
    works(site.run("cm_task_sequence", **args, max_envelope_size=8192), changed=False)


def test_a_request_that_the_server_finds_too_large(site: InProcess) -> None:
    """HTTP 413: the limit was assumed too high."""
    site.switch(max_envelope_kb=100)
    done = site.run("cm_task_sequence", name="Big", steps=_big(200))
    error = fails(done, "envelope_too_large", LINE, "a limit of 486400 bytes was assumed")
    assert error["detail"]["request_bytes"] > 100 * 1024
    assert not site.rows("SELECT * FROM SMS_TaskSequencePackage WHERE Name = 'Big'")


def test_an_answer_that_is_too_large(site: InProcess) -> None:
    """The same message for the other direction."""
    works(site.run("cm_task_sequence", name="Big", steps=_big(200)), changed=True)
    site.switch(max_envelope_kb=100)
    fails(site.run("cm_task_sequence_info", name="Big"), "envelope_too_large", LINE, "or its answer")


@pytest.mark.parametrize("code", [0x80338026, 0x80338047, 0x80338048, 0x80338049, 0x80338111])
def test_every_fault_about_sizes(code: int, site: InProcess) -> None:
    """Servers have five ways to say it."""
    site.plan_faults({"kind": "fault", "code": code, "method": "SetSequence"})
    done = site.run("cm_task_sequence", package_id=SCRATCH, steps=[COMMAND])
    assert fails(done, "envelope_too_large", LINE)["hresult"] == f"0x{code:08X}"


def test_time_limits(site: InProcess) -> None:
    """A read that times out fails; a write that times out is decided by reading."""
    site.plan_faults({"kind": "fault", "code": 0x80338029, "verb": "Get"})
    fails(site.run("cm_ts_package", package_id=SCRATCH), "operation_timeout")
    site.plan_faults({"kind": "slow", "seconds": 2, "verb": "Put", "when": "after"})
    works(site.run("cm_package", package_id=AGENT, description="slow", operation_timeout=1), changed=True)
    site.plan_faults({"kind": "fault", "code": 0x80338029, "verb": "Put"})
    done = site.run("cm_package", package_id=AGENT, description="never")
    fails(done, "outcome_unknown", changed=True)


def test_a_quota(site: InProcess) -> None:
    """The code of the fault tells it from other refusals."""
    site.plan_faults({"kind": "fault", "code": 0x803381A6, "text": "This user exceeded the maximum number of shells"})
    fails(site.run("cm_package", package_id=AGENT), "server_busy", "exceeded the maximum")


def test_what_the_provider_says_is_kept(site: InProcess) -> None:
    """SMS_ExtendedStatus comes through with every property, and its text leads the message."""
    site.plan_faults({"kind": "failure", "verb": "Put", "description": "The disk is full", "error_code": 0xC0480715})
    error = fails(site.run("cm_package", package_id=AGENT, description="x"), "server_fault", "The disk is full")
    assert (error["hresult"], error["sms_error_code"]) == ("0x80041001", "0xC0480715")
    status = error["detail"]["extended_status"]
    assert status["Description"] == "The disk is full" and status["StatusCode"] == str(0x80041001)
    assert error["detail"]["codes"][0] == "0x80041001" and error["wmi_class"] == "SMS_Package"


# -- switches ----------------------------------------------------------------------------------------------------------

SWITCHES = [
    ({"uri": "wmi"}, {"uri": "wmi"}),
    ({"datetime": "text"}, {"datetime": "raw"}),
    ({"datetime": "iso"}, {}),
    ({"projection": "never"}, {"projection": "refuse"}),
    ({}, {"projection": "refuse"}),
    ({"send_sequence_text": "always"}, {"send_sequence_text": "require", "get_sequence_source": "given"}),
    ({"send_sequence_text": "never"}, {"send_sequence_text": "refuse"}),
    ({"write_via": "xml"}, {}),
    ({"schedule_tokens": "direct"}, {"schedule_tokens": "refuse"}),
    ({"explicit_lock": True}, {"set_sequence_releases_lock": "no"}),
]


@pytest.mark.parametrize(("client", "server"), SWITCHES, ids=json.dumps)
def test_every_switch_end_to_end(client: dict[str, t.Any], server: dict[str, t.Any], site: InProcess) -> None:
    """With the server's counterpart set, create, change, read and delete work in every module."""
    site.switch(**server)
    common = {"compatibility": client}
    file = {"file": r"C:\x", "modified": "2025-06-01T08:00:00Z", "modified_operator": "less"}
    first = {"name": "Switched", "steps": [{**COMMAND, "condition": [file]}], "boot_image": "Boot image (x64)"}
    second = {**first, "steps": [{**COMMAND, "command_line": "other"}], "description": "changed"}
    works(site.run("cm_task_sequence", **first, **common), changed=True)
    works(site.run("cm_task_sequence", **first, **common), changed=False)
    works(site.run("cm_task_sequence", **second, **common), changed=True)
    works(site.run("cm_task_sequence", **second, **common), changed=False)
    works(site.run("cm_ts_package", name="Switched", description="again", **common), changed=True)
    info = works(site.run("cm_task_sequence_info", name="Switched", **common))
    assert info["task_sequences"][0]["steps"][0]["command_line"] == "other"
    offer = {"task_sequence": "Switched", "collection": "OSD - Finance pilot", "purpose": "required",
             "rerun": "if_failed", "available_at": "2025-06-01 08:00",
             "assignments": [{"at": "2025-06-02 22:00"}, {"start": "2025-06-01 22:00", "every": {"days": 7}}],
             }  # fmt: skip
    works(site.run("cm_advertisement", **offer, **common), changed=True)
    works(site.run("cm_advertisement", **offer, **common), changed=False)
    works(site.run("cm_advertisement", **{**offer, "comment": "x", "expires_at": "2025-07-01 00:00"}, **common),
          changed=True)
    works(site.run("cm_advertisement_info", **common))
    works(site.run("cm_package", name="Switched", **common), changed=True)
    works(site.run("cm_program", package="Switched", name="Run", command_line="a.exe", **common), changed=True)
    works(site.run("cm_package", name="Switched", description="x", **common), changed=True)
    works(site.run("cm_task_sequence", name="Switched", state="absent", remove_deployments=True, **common),
          changed=True)
    works(site.run("cm_package", name="Switched", state="absent", **common), changed=True)


def test_the_wrong_switch_is_an_error_of_the_server(site: InProcess) -> None:
    """A client that speaks another form than the server takes fails and does not crash."""
    site.switch(uri="dmtf")
    done = site.run("cm_task_sequence", name="Switched", steps=[COMMAND], compatibility={"uri": "wmi"})
    assert done.failed and done.code != "unexpected", done.result


# -- options -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", ["cm_package", "cm_program", "cm_task_sequence", "cm_ts_package", "cm_advertisement",
                                    "cm_site_info", "cm_object_info", "cm_task_sequence_info"])  # fmt: skip
def test_an_option_that_does_not_exist(module: str, site: InProcess) -> None:
    """The message names the module and the nearest options; nothing is sent."""
    done = site.run(module, site_cod="PS1", operaton_timeout=5)
    fails(done, "invalid_input", f"configmgr.osd.{module}", "site_code", "operation_timeout")
    assert done.requests == []


def test_a_switch_that_does_not_exist(site: InProcess) -> None:
    """Inside ``compatibility`` as well."""
    done = site.run("cm_package", package_id=AGENT, compatibility={"urii": "wmi"})
    fails(done, "invalid_input", "did you mean compatibility.uri instead of compatibility.urii?")
    assert done.requests == []


ENVIRONMENT = {"CONFIGMGR_SITE_CODE": "PS1", "CONFIGMGR_COMPATIBILITY": '{"uri": "wmi", "projection": "never"}'}


def test_module_defaults_and_environment(ansible: t.Any) -> None:
    """The action group and both environment variables reach the modules; an option of the task wins."""
    simulator = ansible.simulator
    info = {"configmgr.osd.cm_package": {"package_id": AGENT}}
    defaults = {"group/configmgr.osd.cm": {"site_code": "PS1", "compatibility": {"uri": "wmi"}}}
    play = {"hosts": "site_winrm", "gather_facts": False, "module_defaults": defaults, "tasks": [info]}
    other = {"configmgr.osd.cm_package": {"package_id": AGENT, "site_code": "ZZZ"}, "ignore_errors": True}
    plain = {"hosts": "site_psrp", "gather_facts": False, "tasks": [info, other]}
    run = ansible.play([play, plain], environment=ENVIRONMENT)
    assert run.code == 0, run.output
    for store in STORES:
        first = simulator.journal(store)[0]
        assert (first["class"], first["namespace"]) == ("SMS_Package", "root/sms/site_PS1"), run.output
    assert "site_code (ZZZ)" in run.output
