# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The borrowed transport: real connection plugins, real pywinrm and pypsrp, a tiny server on loopback."""

from __future__ import annotations

import base64
import http.server
import os
import socket
import ssl
import threading
import typing as t
import warnings

import pytest
import trustme
from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import connection_loader, init_plugin_loader
from ansible_collections.configmgr.osd.plugins.plugin_utils import _connection as module
from ansible_collections.configmgr.osd.plugins.plugin_utils._connection import close_sessions, open_transport
from ansible_collections.configmgr.osd.plugins.plugin_utils._errors import (
    ClearTextPassword,
    LoginFailed,
    TlsFailed,
    UnsupportedConnection,
)
from ansible_collections.configmgr.osd.plugins.plugin_utils._wsman.transport import (
    QUICK,
    HttpStatus,
    Transport,
    TransportLost,
)

USER, PASSWORD = "svc", "Simulated-1"
PLUGINS = ("winrm", "psrp")
with warnings.catch_warnings():
    # Another test file may have done it already.
    warnings.simplefilter("ignore")
    init_plugin_loader()


class Server(http.server.ThreadingHTTPServer):
    """Answers every POST from a script of (status, body) or functions of the handler; the default is an echo."""

    daemon_threads = True

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script: list[t.Any] = []
        self.bodies: list[bytes] = []
        self.logins = 0
        self.connections = 0
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_side=True)
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def handle_error(self, request: t.Any, client_address: t.Any) -> None:
        """Clients that go away in the middle are what the tests are about."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Without these two, every answer waits 40 ms for the client's acknowledgement.
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Server

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        wanted = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.headers.get("Authorization") != wanted:
            self.server.logins += 1
            self.reply(401, b"")
            return
        self.server.bodies.append(body)
        step = self.server.script.pop(0) if self.server.script else (200, b"echo " + body)
        if callable(step):
            step(self)
        else:
            self.reply(*step)

    def reply(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/soap+xml;charset=UTF-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def vanish(self) -> None:
        """Close the connection without an answer."""
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: t.Any) -> None:
        pass


@pytest.fixture
def server() -> t.Iterator[Server]:
    found = Server()
    yield found
    found.shutdown()
    found.server_close()


@pytest.fixture(autouse=True)
def no_sessions_left(monkeypatch: pytest.MonkeyPatch) -> t.Iterator[None]:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    close_sessions()
    yield
    close_sessions()


def plugin(kind: str, port: int, **facts: t.Any) -> t.Any:
    """Return a connection plugin with options as an inventory gives them."""
    options: dict[str, t.Any] = {
        "ansible_host": facts.pop("host", "127.0.0.1"),
        "ansible_port": port,
        "ansible_user": facts.pop("user", USER),
        "ansible_password": facts.pop("password", PASSWORD),
        "ansible_winrm_scheme": facts.get("scheme", "http"),
        "ansible_winrm_transport": facts.pop("transport", "basic"),
        "ansible_psrp_protocol": facts.pop("scheme", "http"),
        "ansible_psrp_auth": facts.pop("auth", "basic"),
        "ansible_psrp_message_encryption": facts.pop("encryption", "never"),
        "_extras": {name: value for name, value in facts.items() if name.startswith("ansible_winrm_")},
        **facts,
    }
    connection = connection_loader.get(f"ansible.builtin.{kind}", PlayContext(), os.devnull)
    connection.set_options(var_options=options)
    return connection


def opened(kind: str, server: Server, **facts: t.Any) -> Transport:
    return open_transport(plugin(kind, server.port, **facts), task_vars={})


# -- the ordinary case -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", PLUGINS)
def test_only_our_own_request_is_sent(kind: str, server: Server) -> None:
    connection = plugin(kind, server.port)
    before = {name: getattr(connection, name, None) for name in ("protocol", "shell_id", "runspace", "_connected")}
    transport = open_transport(connection, task_vars={})
    assert not server.connections
    assert transport.send("<x>\u2713</x>".encode(), timeout=75) == "echo <x>\u2713</x>".encode()
    assert server.bodies == ["<x>\u2713</x>".encode()]
    assert {name: getattr(connection, name, None) for name in before} == before


@pytest.mark.parametrize("kind", PLUGINS)
def test_a_loop_of_fifty_items_logs_in_once(kind: str, server: Server) -> None:
    for item in range(50):
        opened(kind, server).send(b"%d" % item, timeout=75)
    assert len(server.bodies) == 50
    assert server.connections == 1


@pytest.mark.parametrize("kind", PLUGINS)
def test_what_differs_gets_a_session_of_its_own(kind: str, server: Server) -> None:
    session = opened(kind, server)._session  # type: ignore[attr-defined]
    assert opened(kind, server)._session is session  # type: ignore[attr-defined]
    others = [
        opened(kind, server, user="other"),
        opened(kind, server, password="other"),
        opened(kind, server, host="localhost"),
        opened(kind, server, **{f"ansible_{kind}_path": "other"}),
    ]
    found = {id(other._session) for other in others}  # type: ignore[attr-defined]
    assert len(found) == 4 and id(session) not in found


def test_passwords_are_no_keys_of_the_table(server: Server) -> None:
    opened("winrm", server)
    assert PASSWORD not in repr(list(module._TABLE.sessions()))


def test_a_forked_child_starts_with_an_empty_table(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    opened("winrm", server)
    monkeypatch.setattr(module.os, "getpid", lambda: -1)
    assert not module._TABLE.sessions()


# -- time-outs ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", PLUGINS)
@pytest.mark.parametrize(("own", "operation", "wanted"), [(30, 60, 75), (900, 60, 900), (30, 600, 615)])
def test_the_read_timeout_is_raised_for_the_request_only(
    kind: str, own: int, operation: int, wanted: int, server: Server
) -> None:
    if kind == "winrm":
        facts = {"ansible_winrm_operation_timeout_sec": own - 5, "ansible_winrm_read_timeout_sec": own}
    else:
        facts = {"ansible_psrp_operation_timeout": own - 5, "ansible_psrp_read_timeout": own}
    transport = open_transport(plugin(kind, server.port, **facts), task_vars={}, operation_timeout=operation)
    library_timeout = "read_timeout_sec" if kind == "winrm" else "read_timeout"
    session = transport._session  # type: ignore[attr-defined]
    seen: list[float] = []
    server.script = [lambda handler: (seen.append(getattr(session._library, library_timeout)), handler.reply(200, b""))]
    transport.send(b"x", timeout=operation + 15)
    assert seen == [wanted]
    assert getattr(session._library, library_timeout) == own


@pytest.mark.parametrize("kind", PLUGINS)
def test_a_silent_server(kind: str, server: Server) -> None:
    transport = opened(kind, server)
    transport.send(b"x", timeout=75)
    gate = threading.Event()
    server.script = [lambda handler: gate.wait(10)]
    with pytest.raises(TransportLost) as caught:
        transport.send(b"x", timeout=min(QUICK, 0.3))
    gate.set()
    assert caught.value.sent


# -- trouble -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", PLUGINS)
def test_wrong_password(kind: str, server: Server) -> None:
    transport = opened(kind, server, password="wrong-secret")
    for _again in range(2):
        with pytest.raises(LoginFailed) as caught:
            transport.send(b"x", timeout=75)
        assert "basic" in str(caught.value) and "wrong-secret" not in str(caught.value)
    assert not server.bodies


@pytest.mark.parametrize("kind", PLUGINS)
def test_http_states_bring_their_body(kind: str, server: Server) -> None:
    transport = opened(kind, server)
    for status in (400, 404, 413, 500, 503):
        server.script = [(status, "<fault>\u2713</fault>".encode())]
        with pytest.raises(HttpStatus) as caught:
            transport.send(b"x", timeout=75)
        assert (caught.value.status, caught.value.body) == (status, "<fault>\u2713</fault>".encode())
    assert server.connections == 1


@pytest.mark.parametrize("kind", PLUGINS)
def test_a_lost_connection_is_not_retried_here(kind: str, server: Server) -> None:
    transport = opened(kind, server)
    server.script = [(200, b"1"), Handler.vanish, (200, b"3")]
    assert transport.send(b"a", timeout=75) == b"1"
    with pytest.raises(TransportLost) as caught:
        transport.send(b"b", timeout=75)
    assert caught.value.sent
    assert transport.send(b"c", timeout=75) == b"3"
    assert server.bodies == [b"a", b"b", b"c"]


@pytest.mark.parametrize("kind", PLUGINS)
def test_nobody_listens(kind: str) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    transport = open_transport(plugin(kind, port), task_vars={})
    with pytest.raises(TransportLost, match="refused") as caught:
        transport.send(b"x", timeout=75)
    assert not caught.value.sent
    assert f"http://127.0.0.1:{port}/wsman" in str(caught.value)
    assert "object at" not in str(caught.value)


@pytest.mark.parametrize("kind", PLUGINS)
def test_a_name_that_is_not_there(kind: str) -> None:
    connection = plugin(kind, 5985, host="nowhere.invalid")
    transport = open_transport(connection, task_vars={"cm_allow_clear_text": True})
    with pytest.raises(TransportLost) as caught:
        transport.send(b"x", timeout=75)
    assert not caught.value.sent


def test_the_next_transport_of_a_list_is_tried(server: Server) -> None:
    transport = opened("winrm", server, transport=["kerberos", "ntlm", "basic"])
    session = transport._session  # type: ignore[attr-defined]
    # The server speaks Basic only: NTLM fails with a 401, Kerberos for want of a library or a ticket.
    assert transport.send(b"x", timeout=75) == b"echo x"
    assert [login.name for login in session._logins] == ["basic"]
    assert session._connection._winrm_transport == ["kerberos", "ntlm", "basic"]
    requests = len(server.bodies) + server.logins
    transport.send(b"x", timeout=75)
    assert len(server.bodies) + server.logins == requests + 1


def test_every_transport_of_a_list_refused(server: Server) -> None:
    transport = opened("winrm", server, transport=["ntlm", "basic"], password="wrong")
    with pytest.raises(LoginFailed, match=r"ntlm: .*; basic: "):
        transport.send(b"x", timeout=75)


# -- TLS ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls_server(authority: trustme.CA) -> t.Iterator[Server]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    found = Server(context)
    yield found
    found.shutdown()
    found.server_close()


@pytest.mark.parametrize("kind", PLUGINS)
def test_tls(kind: str, tls_server: Server, authority: trustme.CA, tmp_path: t.Any) -> None:
    with pytest.raises(TlsFailed, match="(?i)certificate"):
        opened(kind, tls_server, scheme="https").send(b"x", timeout=75)
    bundle = str(tmp_path / "ca.pem")
    authority.cert_pem.write_to_path(bundle)
    trusted = {"ansible_winrm_ca_trust_path": bundle, "ansible_psrp_ca_cert": bundle}
    transport = opened(kind, tls_server, scheme="https", **trusted)
    assert transport.send(b"x", timeout=75) == b"echo x"
    missing = {"ansible_winrm_ca_trust_path": bundle + ".no", "ansible_psrp_ca_cert": bundle + ".no"}
    with pytest.raises(TlsFailed):
        opened(kind, tls_server, scheme="https", **missing).send(b"x", timeout=75)


# -- connections that cannot serve -------------------------------------------------------------------


class Other:
    transport = "ssh"
    ansible_name = "ansible.builtin.ssh"
    become = None


def test_other_connections() -> None:
    with pytest.raises(UnsupportedConnection, match=r"ansible\.builtin\.ssh.*winrm or psrp"):
        open_transport(Other(), task_vars={})
    local = connection_loader.get("ansible.builtin.local", PlayContext(), os.devnull)
    with pytest.raises(UnsupportedConnection, match="local"):
        open_transport(local, task_vars={})
    with pytest.raises(UnsupportedConnection):
        open_transport(None, task_vars={})


@pytest.mark.parametrize("kind", PLUGINS)
def test_become(kind: str, server: Server) -> None:
    connection = plugin(kind, server.port)
    connection.become = object()
    with pytest.raises(UnsupportedConnection, match="become: false"):
        open_transport(connection, task_vars={})


@pytest.mark.parametrize("kind", PLUGINS)
def test_a_missing_library(kind: str, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, f"{kind.upper()}_PROBLEM", "not installed (No module named x)")
    with pytest.raises(UnsupportedConnection, match="pip install"):
        open_transport(plugin(kind, server.port), task_vars={})


@pytest.mark.parametrize(("kind", "name"), [("winrm", "_build_winrm_kwargs"), ("psrp", "_build_kwargs")])
def test_a_plugin_without_what_is_needed(kind: str, name: str, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = plugin(kind, server.port)
    monkeypatch.delattr(type(connection), name)
    with pytest.raises(UnsupportedConnection, match=f"{name}.*2.16 to 2.21"):
        open_transport(connection, task_vars={})


def test_a_transport_that_pywinrm_does_not_have(server: Server) -> None:
    with pytest.raises(UnsupportedConnection, match="carrier_pigeon"):
        opened("winrm", server, transport="carrier_pigeon")


def test_pypsrp_refuses_basic_with_encryption(server: Server) -> None:
    transport = opened("psrp", server, encryption="auto")
    with pytest.raises(UnsupportedConnection, match="ansible_psrp_message_encryption: never"):
        transport.send(b"x", timeout=75)


# -- passwords in clear text -------------------------------------------------------------------------


@pytest.mark.parametrize("kind", PLUGINS)
def test_basic_over_http_to_another_machine_is_refused(kind: str) -> None:
    for facts in ({}, {"transport": "plaintext"}, {"transport": "ssl"}):
        connection = plugin(kind, 5985, host="192.0.2.1", **facts)
        with pytest.raises(ClearTextPassword, match="cm_allow_clear_text") as caught:
            open_transport(connection, task_vars={})
        assert caught.value.code == "clear_text_password"
        assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize("kind", PLUGINS)
def test_what_permits_it(kind: str) -> None:
    for allowed in (True, "yes", "true"):
        open_transport(plugin(kind, 5985, host="192.0.2.1"), task_vars={"cm_allow_clear_text": allowed})
    for host in ("localhost", "127.9.9.9", "::1"):
        open_transport(plugin(kind, 5985, host=host), task_vars={})
    open_transport(plugin(kind, 5986, host="192.0.2.1", scheme="https"), task_vars={})
    open_transport(plugin(kind, 5985, host="192.0.2.1", transport="ntlm", auth="ntlm", encryption="auto"), task_vars={})
    for refused in (False, "no", None, "other"):
        with pytest.raises(ClearTextPassword):
            open_transport(plugin(kind, 5985, host="192.0.2.1"), task_vars={"cm_allow_clear_text": refused})


def test_a_list_never_falls_back_to_clear_text() -> None:
    transport = open_transport(plugin("winrm", 5985, host="192.0.2.1", transport=["ntlm", "basic"]), task_vars={})
    assert [login.name for login in transport._session._logins] == ["ntlm"]  # type: ignore[attr-defined]
