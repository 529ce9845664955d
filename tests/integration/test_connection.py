# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ways to reach a site, through ansible-playbook and the real connection plugins.

Every case is a host of one inventory; one play asks the site on all of them and keeps the results.
"""

from __future__ import annotations

import json
import socket
import threading
import typing as t
from pathlib import Path

import pytest
from tests.integration.conftest import ACCOUNT, PASSWORD, STORES, Ansible, Run, Simulator

WRONG = "Wrong-Canary-1"
KINDS = ("winrm", "psrp")
UNKNOWN_HOST = "no-such-host.invalid"
smoke = pytest.mark.smoke
"""The private names of connection plugins are what differs most between versions of ansible-core."""


class Relay:
    """Forwards TCP connections from an address of this machine that is not loopback to a port on loopback."""

    def __init__(self, address: str, port: int) -> None:
        self._target = ("127.0.0.1", port)
        self._server = socket.create_server((address, 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._server.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _peer = self._server.accept()
            except OSError:
                return
            far = socket.create_connection(self._target)
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    @staticmethod
    def _pump(source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def _own_address() -> str | None:
    """Return an address of this machine that is not loopback; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("198.51.100.1", 9))
        except OSError:
            return None
        address = probe.getsockname()[0]
    return None if address.startswith("127.") else address


def _settings(kind: str, scheme: str, **more: t.Any) -> dict[str, t.Any]:
    """Return the variables of a host; ``more`` has options of the connection without their prefix, or whole ones."""
    own: dict[str, t.Any] = {"transport": "basic", "scheme": scheme}
    if kind == "psrp":
        own = {"auth": "basic", "protocol": scheme, "message_encryption": "never"}
    found: dict[str, t.Any] = {"ansible_connection": kind}
    for name, value in {**own, **more}.items():
        found[name if name.startswith(("ansible_", "cm_")) else f"ansible_{kind}_{name}"] = value
    return found


def _closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _cases(site: Simulator, relays: dict[str, Relay], address: str | None) -> dict[str, dict[str, t.Any]]:
    """Return host -> variables."""
    certificate = site.ports["certificate"]
    closed = _closed_port()
    found: dict[str, dict[str, t.Any]] = {}
    for kind, store in zip(KINDS, STORES, strict=True):
        ports = site.ports["stores"][store]
        http = {"ansible_host": "127.0.0.1", "ansible_port": ports["http"]}
        https = {"ansible_host": "127.0.0.1", "ansible_port": ports["https"]}
        ignore = {"server_cert_validation" if kind == "winrm" else "cert_validation": "ignore"}
        trust = {"ca_trust_path" if kind == "winrm" else "ca_cert": certificate}
        elsewhere = {"ansible_host": UNKNOWN_HOST, "ansible_port": 5985}
        cases = {
            "http": _settings(kind, "http", **http),
            "localhost": _settings(kind, "http", **http | {"ansible_host": "localhost"}),
            "full_name": _settings(kind, "http", **http, ansible_connection=f"ansible.builtin.{kind}"),
            "https_ignored": _settings(kind, "https", **https, **ignore),
            "https_trusted": _settings(kind, "https", **https, **trust),
            "https_untrusted": _settings(kind, "https", **https),
            "https_no_such_store": _settings(
                kind, "https", **https, **{name: "/nothing.pem" for name in trust}),
            "wrong_password": _settings(kind, "http", **http, ansible_password=WRONG),
            "https_wrong_password": _settings(kind, "https", **https, **ignore, ansible_password=WRONG),
            "closed_port": _settings(kind, "http", **http | {"ansible_port": closed}),
            "wrong_path": _settings(kind, "http", **http, path="/elsewhere"),
            "clear_text": _settings(kind, "http", **elsewhere),
            "unknown_host": _settings(kind, "http", **elsewhere, cm_allow_clear_text=True),
            "unknown_host_https": _settings(kind, "https", **elsewhere, **ignore),
            "become": _settings(kind, "http", **http, ansible_become=True, ansible_become_method="runas",
                                ansible_become_user="SYSTEM"),
        }  # fmt: skip
        if address:
            near = {"ansible_host": address, "ansible_port": relays[store].port}
            cases["own_address"] = _settings(kind, "http", **near)
            cases["own_address_allowed"] = _settings(kind, "http", **near, cm_allow_clear_text=True)
        found.update({f"{kind}_{name}": case for name, case in cases.items()})
    http = {"ansible_host": "127.0.0.1", "ansible_port": site.ports["http"]}
    found["winrm_list"] = _settings("winrm", "http", **http, transport=["ntlm", "basic"])
    found["winrm_list_refused"] = _settings(
        "winrm", "http", **http, transport=["ntlm", "basic"], ansible_password=WRONG)
    found["winrm_unknown_transport"] = _settings("winrm", "http", **http, transport=["carrier_pigeon"])
    found["psrp_encrypted_basic"] = _settings("psrp", "http", **http, message_encryption="always")
    found["other_local"] = {"ansible_connection": "local"}
    found["other_ssh"] = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1"}
    common = {"ansible_user": ACCOUNT, "ansible_password": PASSWORD}
    return {host: {**common, **case} for host, case in found.items()}


class Site:
    """The results of all cases, and what else the play printed."""

    def __init__(self, run: Run, results: dict[str, dict[str, t.Any]], journal: dict[str, t.Any]) -> None:
        self.run = run
        self.results = results
        self.journal = journal

    def error(self, host: str) -> tuple[str, str, bool]:
        """Return code, message, and whether the host counts as unreachable."""
        result = self.results[host]
        assert result.get("failed") or result.get("unreachable"), result
        return result["error"]["code"], result["msg"], bool(result.get("unreachable"))


@pytest.fixture(scope="module")
def secure_site(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Simulator]:
    """A site that also listens on HTTPS."""
    running = Simulator(tmp_path_factory.mktemp("secure"), "--https")
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def address() -> str | None:
    """An address of this machine that is not loopback, if it has one."""
    return _own_address()


@pytest.fixture(scope="module")
def site(secure_site: Simulator, address: str | None, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Site]:
    """Every case after one run of ansible-playbook with everything printed."""
    folder = tmp_path_factory.mktemp("connections")
    relays = {
        store: Relay(address, secure_site.ports["stores"][store]["http"]) for store in STORES if address
    }
    ansible = Ansible(secure_site, folder)
    hosts = _cases(secure_site, relays, address)
    inventory = folder / "cases.json"
    inventory.write_text(json.dumps({"cases": {"hosts": hosts}}), encoding="utf-8")
    ask = {"name": "Ask the site", "configmgr.osd.cm_site_info": {}, "register": "asked", "ignore_errors": True,
           "ignore_unreachable": True}  # fmt: skip
    answers = "dict(groups.cases | zip(groups.cases | map('extract', hostvars, 'asked')))"
    keep = {"ansible.builtin.copy": {"content": f"{{{{ {answers} | to_json }}}}", "dest": f"{folder}/answers"}}
    plays = [{"hosts": "cases", "gather_facts": False, "tasks": [ask]},
             {"hosts": "localhost", "gather_facts": False, "tasks": [keep]}]  # fmt: skip
    # Read as YAML, not as JSON, it has line numbers on every core.
    book = folder / "cases.yml"
    book.write_text(f"---\n{json.dumps(plays, indent=1)}", encoding="utf-8")
    run = ansible.play(book, "-i", str(inventory), "-vvvvv")
    assert (folder / "answers").is_file(), run.output
    results = json.loads((folder / "answers").read_text(encoding="utf-8"))
    yield Site(run, results, {store: secure_site.journal(store) for store in STORES})
    for relay in relays.values():
        relay.close()


@smoke
@pytest.mark.parametrize("case", ["http", "localhost", "full_name", "https_ignored", "https_trusted"])
@pytest.mark.parametrize("kind", KINDS)
def test_it_works(kind: str, case: str, site: Site) -> None:
    """Plain HTTP on loopback, HTTPS without and with a check of the certificate, both names of a connection."""
    result = site.results[f"{kind}_{case}"]
    assert not result.get("failed") and not result.get("unreachable"), result["msg"]
    assert result["site"]["site_code"] == "PS1"


@smoke
def test_a_list_of_transports(site: Site) -> None:
    """What the server does not offer is passed over; when all are refused, the message names each."""
    assert site.results["winrm_list"]["site"]["site_code"] == "PS1"
    code, text, unreachable = site.error("winrm_list_refused")
    assert (code, unreachable) == ("login_failed", True)
    assert "ntlm:" in text and "basic:" in text


@smoke
@pytest.mark.parametrize("case", ["https_untrusted", "https_no_such_store"])
@pytest.mark.parametrize("kind", KINDS)
def test_tls(kind: str, case: str, site: Site) -> None:
    """A certificate that nobody vouches for, and a store of certificates that is not there."""
    code, text, unreachable = site.error(f"{kind}_{case}")
    assert (code, unreachable) == ("tls_failed", True)
    variable = "ansible_winrm_ca_trust_path" if kind == "winrm" else "ansible_psrp_ca_cert"
    assert variable in text, text


@smoke
@pytest.mark.parametrize("case", ["wrong_password", "https_wrong_password"])
@pytest.mark.parametrize("kind", KINDS)
def test_wrong_password(kind: str, case: str, site: Site) -> None:
    """The message names the endpoint and never the password."""
    code, text, unreachable = site.error(f"{kind}_{case}")
    assert (code, unreachable) == ("login_failed", True)
    assert "://127.0.0.1:" in text and WRONG not in text


@smoke
@pytest.mark.parametrize("case", ["closed_port", "unknown_host", "unknown_host_https", "wrong_path"])
@pytest.mark.parametrize("kind", KINDS)
def test_nobody_there(kind: str, case: str, site: Site) -> None:
    """Nobody listens, the name means nothing, or something else listens."""
    code, text, unreachable = site.error(f"{kind}_{case}")
    assert (code, unreachable) == ("unreachable", True)
    wanted = {"closed_port": "refused", "wrong_path": "HTTP 404"}.get(case, UNKNOWN_HOST)
    assert wanted in text, text
    assert "object at 0x" not in text


@smoke
@pytest.mark.parametrize("kind", KINDS)
def test_basic_over_plain_http(kind: str, site: Site, address: str | None) -> None:
    """Refused to another machine before anything is sent, unless the inventory allows it."""
    code, text, unreachable = site.error(f"{kind}_clear_text")
    assert (code, unreachable) == ("clear_text_password", False)
    assert "cm_allow_clear_text: true" in text
    if address:
        assert site.error(f"{kind}_own_address")[0] == "clear_text_password"
        assert site.results[f"{kind}_own_address_allowed"]["site"]["site_code"] == "PS1"


@smoke
@pytest.mark.parametrize("host", ["other_local", "other_ssh"])
def test_other_connections(host: str, site: Site) -> None:
    """The message names the connection and what to set."""
    code, text, unreachable = site.error(host)
    assert (code, unreachable) == ("unsupported_connection", False)
    assert host[6:] in text and "ansible_connection to winrm or psrp" in text


@smoke
@pytest.mark.parametrize("kind", KINDS)
def test_become(kind: str, site: Site) -> None:
    """The account of the connection does the work; become would change nothing and is refused."""
    code, text, unreachable = site.error(f"{kind}_become")
    assert (code, unreachable) == ("unsupported_connection", False)
    assert "become: false" in text


@smoke
@pytest.mark.parametrize("host", ["winrm_unknown_transport", "psrp_encrypted_basic"])
def test_settings_that_the_library_refuses(host: str, site: Site) -> None:
    """What a library says about its settings comes through."""
    code, text, unreachable = site.error(host)
    assert (code, unreachable) == ("unsupported_connection", False)
    assert text


@smoke
def test_every_failure_has_the_whole_error(site: Site) -> None:
    """Playbooks test ``error.code``; unreachable results have it as well."""
    keys = {"code", "task_path", "wmi_class", "method", "hresult", "sms_error_code", "detail", "attempted"}
    failures = [result for result in site.results.values() if result.get("failed") or result.get("unreachable")]
    assert failures and all(set(result["error"]) == keys for result in failures)
    assert all("cases.yml:" in result["error"]["task_path"] for result in failures)
    assert all(not result.get("exception") or "Traceback" not in result["exception"] for result in failures)
    assert "Traceback (most recent call last)" not in site.run.output


@smoke
def test_no_password_is_printed(site: Site) -> None:
    """Even with -vvvvv."""
    assert PASSWORD not in site.run.output
    assert WRONG not in site.run.output


def _loop(items: str, **more: t.Any) -> dict[str, t.Any]:
    return {"configmgr.osd.cm_site_info": {}, "loop": items, "register": "looped", **more}


def test_loops_and_delegation(secure_site: Simulator, tmp_path: Path) -> None:
    """A loop logs in once; other hosts delegate to the site; a loop over both sites logs in once at each."""
    secure_site.reset()
    ansible = Ansible(secure_site, tmp_path)
    keep = {"ansible.builtin.copy": {"content": "{{ looped | to_json }}", "dest": f"{tmp_path}/looped"}}
    plays = [
        {"hosts": "sites", "gather_facts": False, "tasks": [_loop("{{ range(50) | list }}")]},
        {"hosts": "localhost", "gather_facts": False, "tasks": [
            _loop("{{ range(5) | list }}", delegate_to="site_winrm"),
            _loop(["site_winrm", "site_psrp", "site_winrm", "site_psrp"], delegate_to="{{ item }}"),
            keep]},
    ]  # fmt: skip
    run = ansible.play(plays)
    assert run.code == 0, run.output
    looped = json.loads((tmp_path / "looped").read_text(encoding="utf-8"))
    assert [result["site"]["site_code"] for result in looped["results"]] == ["PS1"] * 4
    for store, tasks in (("site_winrm", 3), ("site_psrp", 2)):
        journal = secure_site.journal(store)
        for number in ("connection", "login"):
            assert len({entry[number] for entry in journal}) == tasks, journal


def test_unreachable_in_a_loop(secure_site: Simulator, tmp_path: Path) -> None:
    """Each item reports, and the play goes on where it says so."""
    ansible = Ansible(secure_site, tmp_path)
    variables = {"ansible_port": "{{ closed if item == 2 else cm_port }}", "closed": _closed_port(),
                 "cm_port": secure_site.ports["stores"]["site_winrm"]["http"]}  # fmt: skip
    tasks = [
        _loop([1, 2, 3], vars=variables, ignore_unreachable=True, ignore_errors=True),
        {"ansible.builtin.copy": {"content": "{{ looped | to_json }}", "dest": f"{tmp_path}/looped"},
         "delegate_to": "localhost"},
    ]  # fmt: skip
    run = ansible.play([{"hosts": "site_winrm", "gather_facts": False, "tasks": tasks}])
    looped = json.loads((tmp_path / "looped").read_text(encoding="utf-8"))
    codes = [result.get("error", {}).get("code") for result in looped["results"]]
    assert codes == [None, "unreachable", None], run.output


def test_unreachable_ends_the_host(secure_site: Simulator, tmp_path: Path) -> None:
    """Without ignore_unreachable the host is out, as with every other module."""
    ansible = Ansible(secure_site, tmp_path)
    tasks = [{"configmgr.osd.cm_site_info": {}}, {"ansible.builtin.debug": {"msg": "went on"}}]
    play = {"hosts": "site_winrm", "gather_facts": False, "tasks": tasks, "vars": {"ansible_port": _closed_port()}}
    run = ansible.play([play])
    assert run.hosts["site_winrm"] == {"ok": 0, "changed": 0, "unreachable": 1, "failed": 0}
    assert run.code == 4 and "went on" not in run.output
