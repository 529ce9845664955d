# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The process: command line, ready file, stores, the control port, and the front end over the real provider."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import typing as t
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from ansible_collections.configmgr.osd.tests.simulator.__main__ import parser, spellings
from ansible_collections.configmgr.osd.tests.simulator.control import FRONT_SWITCHES
from ansible_collections.configmgr.osd.tests.simulator.switches import SWITCHES
from ansible_collections.configmgr.osd.tests.unit.simulator.front_support import (
    Wire,
    package,
    query,
    transfer,
)

ROOT = Path(__file__).resolve().parents[3]
CREATE = transfer("Create", "SMS_Package", package("<q:Name>Bench tool</q:Name><q:PkgSourceFlag>1</q:PkgSourceFlag>"))
FIND = query("SELECT * FROM SMS_Package WHERE Name = 'Bench tool'")


class Simulator:
    """A running process and its control port."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.ready_file = folder / "ready.json"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.simulator", "--ready-file", str(self.ready_file), *arguments],
            cwd=ROOT,
            stderr=subprocess.PIPE,
            text=True,
        )
        deadline = time.monotonic() + 20
        while not self.ready_file.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.process.kill()
                raise AssertionError(self.process.communicate()[1])
            time.sleep(0.02)
        self.facts = json.loads(self.ready_file.read_text(encoding="utf-8"))

    def ask(self, path: str, data: t.Any = None) -> t.Any:
        """Ask the control port; a POST when there is data."""
        url = f"http://127.0.0.1:{self.facts['control']}{path}"
        body = None if data is None else json.dumps(data).encode()
        try:
            with urllib.request.urlopen(urllib.request.Request(url, body), timeout=10) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return {"status": error.code, **json.load(error)}

    def stop(self) -> tuple[int, str]:
        """Stop the process with SIGTERM and return its code and what it said."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            said = self.process.communicate(timeout=10)[1]
        except subprocess.TimeoutExpired:
            self.process.kill()
            said = self.process.communicate()[1]
        return self.process.returncode, said


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Simulator]:
    """Return a simulator with two stores, used by all tests of this file."""
    made = Simulator(tmp_path_factory.mktemp("simulator"), "--stores", "site_winrm,site_psrp", "--https")
    yield made
    code, said = made.stop()
    assert (code, said) == (0, "")
    assert not made.ready_file.exists()


@pytest.fixture
def site(running: Simulator) -> Simulator:
    """Return the simulator, reset."""
    assert running.ask("/reset", {}) == {"ok": True}
    return running


@pytest.fixture
def wire(site: Simulator) -> t.Iterator[Wire]:
    """Return a client of the first store."""
    made = Wire(site.facts["http"])
    yield made
    made.close()


def test_the_ready_file_names_every_port(site: Simulator) -> None:
    facts = site.facts
    assert facts["pid"] == site.process.pid
    assert list(facts["stores"]) == ["site_winrm", "site_psrp"]
    ports = [port for store in facts["stores"].values() for port in store.values()] + [facts["control"]]
    assert len(set(ports)) == 7
    assert (facts["http"], facts["read_only"]) == (
        facts["stores"]["site_winrm"]["http"],
        facts["stores"]["site_winrm"]["read_only"],
    )


def test_the_stores_are_apart_and_reset_brings_them_back(site: Simulator, wire: Wire) -> None:
    created = wire.post(CREATE)
    assert created.status == 200, created.reason
    assert wire.post(FIND).find(".//{*}SMS_Package") is not None
    other = Wire(site.facts["stores"]["site_psrp"]["http"])
    assert other.post(FIND).find(".//{*}SMS_Package") is None
    other.close()
    read_only = Wire(site.facts["read_only"])
    assert read_only.post(FIND).find(".//{*}SMS_Package") is not None
    assert "READ-ONLY PORT" in read_only.post(CREATE).reason
    read_only.close()
    journal = site.ask("/journal")
    assert (journal["requests"], journal["executed_writes"], journal["refused_writes"]) == (4, 1, 1)
    assert site.ask("/journal?store=site_psrp")["requests"] == 1
    assert len(site.ask("/journal?since=3")["entries"]) == 1
    site.ask("/reset", {"store": "site_winrm"})
    assert site.ask("/journal")["requests"] == 0
    assert wire.post(FIND).find(".//{*}SMS_Package") is None


def test_independent_reads_do_not_disturb_the_journal(site: Simulator, wire: Wire) -> None:
    created = wire.post(CREATE)
    key = created.text(".//w:Selector[@Name='PackageID']")
    site.ask("/journal/clear", {})
    obj = site.ask(f"/object?class=sms_package&key.PackageID={key}")
    assert (obj["__class"], obj["Name"], obj["PackageID"]) == ("SMS_Package", "Bench tool", key)
    rows = site.ask("/query?wql=SELECT%20*%20FROM%20SMS_Package%20WHERE%20Name='Bench%20tool'")
    assert [row["PackageID"] for row in rows] == [key]
    assert site.ask("/object?class=SMS_Package&key.PackageID=XX999999")["wbem"] == 0x80041002
    assert site.ask("/object?class=Nope")["status"] == 400
    assert site.ask("/query?wql=SELECT%20nonsense")["status"] == 409
    assert site.ask("/namespaces")[0] == "root/sms"
    assert "SMS_Advertisement" in site.ask("/classes")
    assert site.ask("/journal")["requests"] == 0


def test_faults_and_switches_over_the_control_port(site: Simulator, wire: Wire) -> None:
    assert site.ask("/faults", {"faults": [{"kind": "http", "status": 503}], "store": "site_winrm"}) == {"ok": True}
    assert wire.post(FIND).status == 503
    assert site.ask("/faults")["faults"][0]["fired"] == 1
    assert site.ask("/faults?store=site_psrp")["faults"] == []
    assert site.ask("/faults", {"faults": [{"kind": "nonsense"}]})["status"] == 400
    assert site.ask("/faults", {"faults": 1})["status"] == 400
    site.ask("/switches", {"secrets": "blank", "uri": "wmi", "max-envelope-kb": 8192})
    switches = site.ask("/switches")
    assert (switches["secrets"], switches["uri"], switches["max_envelope_kb"]) == ("blank", "wmi", 8192)
    assert "switched off" in wire.post(FIND).reason
    assert site.ask("/switches", {"secrets": "purple"})["status"] == 400
    assert site.ask("/switches", {"uri": "purple"})["status"] == 400
    assert site.ask("/switches", {"nonsense": 1})["status"] == 400
    site.ask("/reset", {})
    again = site.ask("/switches")
    assert (again["uri"], again["max_envelope_kb"]) == ("both", 500)
    assert again["secrets"] == SWITCHES["secrets"].default


def test_leaked_enumerations_are_visible(site: Simulator, wire: Wire) -> None:
    answer = wire.post(query("SELECT * FROM SMS_Collection WHERE CollectionID LIKE 'SMS%'"))
    assert answer.text(".//n:EnumerationContext")
    view = site.ask("/enumerations")
    assert (view["open"], view["contexts"][0]["principal"]) == (1, "CORP\\svc-ansible")
    site.ask("/reset", {})
    assert site.ask("/enumerations")["open"] == 0


def test_unknown_routes_and_bodies_are_refused(site: Simulator) -> None:
    answer = site.ask("/nothing")
    assert answer["status"] == 404
    assert "/journal" in answer["error"]
    assert site.ask("/reset", [1])["status"] == 400
    assert site.ask("/journal?store=nowhere")["status"] == 400


def test_the_sequence_of_a_package_can_be_read(site: Simulator) -> None:
    rows = site.ask("/query?wql=SELECT%20PackageID%20FROM%20SMS_TaskSequencePackage%20WHERE%20PackageID%20LIKE%20'%25'")
    if not rows:
        pytest.skip("the seed has no task sequence")
    found = site.ask(f"/sequence?package_id={rows[0]['PackageID']}")
    assert found["sequence"].startswith("<sequence")
    assert found["tree"]["__class"] == "SMS_TaskSequence"


def test_every_switch_has_its_option() -> None:
    options = {text for action in parser()._actions for text in action.option_strings}
    for name in (*FRONT_SWITCHES, *SWITCHES):
        assert set(spellings(name)) <= options
    assert {"--send-sequence-text", "--send_sequence_text"} <= options


@pytest.mark.parametrize(
    "arguments",
    [
        ["--listen", "0.0.0.0:0"],
        ["--listen", "here"],
        ["--account", "nopassword"],
        ["--uri", "purple"],
        [],
    ],
)
def test_a_wrong_command_line_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    ready = ["--ready-file", os.devnull] if arguments else []
    with pytest.raises(SystemExit):
        parser().parse_args([*ready, *arguments])
    assert "error" in capsys.readouterr().err


def test_stop_over_the_control_port(tmp_path: Path) -> None:
    made = Simulator(tmp_path, "--max-envelope-kb", "8192", "--account", "CORP\\second:Secret-2", "--datetime", "raw")
    try:
        assert made.facts["stores"].keys() == {"default"}
        assert made.facts["https"] is None
        wire = Wire(made.facts["http"], ("CORP\\second", "Secret-2"))
        assert wire.post(FIND).status == 200
        wire.close()
        assert made.ask("/switches")["datetime"] == "raw"
        assert made.ask("/switches")["max_envelope_kb"] == 8192
        assert made.ask("/stop", {}) == {"ok": True}
        made.process.wait(10)
    finally:
        code, said = made.stop()
    assert (code, said) == (0, "")


def test_the_process_ends_with_the_one_it_watches(tmp_path: Path) -> None:
    watched = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    made = Simulator(tmp_path, "--exit-with", str(watched.pid))
    try:
        assert made.ask("/namespaces")
        watched.communicate(b"\n")
        assert made.process.wait(10) == 0
    finally:
        watched.kill()
        made.stop()
    assert not made.ready_file.exists()
