# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""NTLM with message encryption, as WinRM does it on port 5985: real libraries against a small acceptor."""

from __future__ import annotations

import base64
import http.server
import os
import re
import struct
import threading
import typing as t
from pathlib import Path

import pytest
import spnego
from ansible_collections.configmgr.osd.plugins.plugin_utils._connection import close_sessions, open_transport
from ansible_collections.configmgr.osd.plugins.plugin_utils._errors import LoginFailed
from ansible_collections.configmgr.osd.plugins.plugin_utils._wsman.transport import (
    QUICK,
    HttpStatus,
    Transport,
    TransportLost,
)
from tests.unit.plugins.plugin_utils.test_connection import PASSWORD, PLUGINS, USER, plugin

PROTOCOL = "application/HTTP-SPNEGO-session-encrypted"
BOUNDARY = b"--Encrypted Boundary"


class Acceptor(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.messages: list[bytes] = []
        self.logins = 0
        self.undecryptable = 0
        self.fault_next = 0
        self.forget_next = False
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def handle_error(self, request: t.Any, client_address: t.Any) -> None:
        """Clients that go away are part of the tests."""


class Handler(http.server.BaseHTTPRequestHandler):
    """One security context per TCP connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Acceptor

    def setup(self) -> None:
        super().setup()
        self.context: t.Any = None

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        scheme, _space, token = self.headers.get("Authorization", "").partition(" ")
        if token:
            self.log_in(scheme, base64.b64decode(token))
        elif self.context is not None and self.context.complete and body:
            self.answer(body)
        elif body:
            self.server.undecryptable += 1
            self.reply(400, b"", "text/plain")
        else:
            self.reply(401, b"", "text/plain", ("WWW-Authenticate", "Negotiate"))

    def log_in(self, scheme: str, token: bytes) -> None:
        if self.context is None or self.context.complete:
            options = spnego.NegotiateOptions.use_ntlm | spnego.NegotiateOptions.wrapping_winrm
            protocol = "ntlm" if token.startswith(b"NTLMSSP\0") else "negotiate"
            self.context = spnego.server(protocol=protocol, options=options)
        try:
            answer = self.context.step(token)
        except spnego.exceptions.SpnegoError:
            self.context = None
            self.reply(401, b"", "text/plain", ("WWW-Authenticate", "Negotiate"))
            return
        fields = []
        if answer:
            fields.append(("WWW-Authenticate", f"{scheme} {base64.b64encode(answer).decode()}"))
        if self.context.complete:
            self.server.logins += 1
        self.reply(200 if self.context.complete else 401, b"", "text/plain", *fields)

    def answer(self, body: bytes) -> None:
        match = re.search(rb"octet-stream\r\n(.*)--Encrypted Boundary--\r\n\Z", body, re.DOTALL)
        assert match is not None
        sealed = match[1]
        length = struct.unpack("<I", sealed[:4])[0]
        message = self.context.unwrap_winrm(sealed[4 : 4 + length], sealed[4 + length :])
        self.server.messages.append(message)
        status, self.server.fault_next = self.server.fault_next or 200, 0
        text = b"echo " + message
        wrapped = self.context.wrap_winrm(text)
        parts = (
            BOUNDARY + b"\r\n\tContent-Type: " + PROTOCOL.encode() + b"\r\n\tOriginalContent: "
            b"type=application/soap+xml;charset=UTF-8;Length=%d\r\n" % (len(text) + wrapped.padding_length)
            + BOUNDARY + b"\r\n\tContent-Type: application/octet-stream\r\n"
            + struct.pack("<I", len(wrapped.header)) + wrapped.header + wrapped.data + BOUNDARY + b"--\r\n"
        )  # fmt: skip
        self.reply(status, parts, f'multipart/encrypted;protocol="{PROTOCOL}";boundary="Encrypted Boundary"')
        if self.server.forget_next:
            self.server.forget_next = False
            self.context = None

    def reply(self, status: int, body: bytes, content_type: str, *fields: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in (("Content-Type", content_type), ("Content-Length", str(len(body))), *fields):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: t.Any) -> None:
        pass


@pytest.fixture
def acceptor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> t.Iterator[Acceptor]:
    users = tmp_path / "users"
    users.write_text(f":{USER}:{PASSWORD}\n", encoding="utf-8")
    monkeypatch.setenv("NTLM_USER_FILE", os.fspath(users))
    for name in ("HTTP_PROXY", "http_proxy", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    close_sessions()
    found = Acceptor()
    yield found
    close_sessions()
    found.shutdown()
    found.server_close()


def opened(kind: str, server: Acceptor, **facts: t.Any) -> Transport:
    settings = {"transport": "ntlm", "auth": "ntlm", "encryption": "auto", **facts}
    return open_transport(plugin(kind, int(server.server_address[1]), **settings), task_vars={})


@pytest.mark.parametrize("kind", PLUGINS)
def test_one_login_and_nothing_readable(kind: str, acceptor: Acceptor) -> None:
    for item in range(5):
        message = b"<x>%d</x>" % item
        assert opened(kind, acceptor).send(message, timeout=75) == b"echo " + message
    assert acceptor.logins == 1
    assert len(acceptor.messages) == 5


@pytest.mark.parametrize("kind", PLUGINS)
def test_faults_are_decrypted(kind: str, acceptor: Acceptor) -> None:
    transport = opened(kind, acceptor)
    acceptor.fault_next = 500
    with pytest.raises(HttpStatus) as caught:
        transport.send(b"<x/>", timeout=75)
    assert (caught.value.status, caught.value.body) == (500, b"echo <x/>")


@pytest.mark.parametrize("kind", PLUGINS)
def test_a_forgotten_context_is_renewed_and_the_request_sent_once(kind: str, acceptor: Acceptor) -> None:
    transport = opened(kind, acceptor)
    acceptor.forget_next = True
    transport.send(b"first", timeout=75)
    assert transport.send(b"second", timeout=75) == b"echo second"
    assert transport.send(b"third", timeout=75) == b"echo third"
    assert acceptor.messages == [b"first", b"second", b"third"]
    assert acceptor.logins == 2


@pytest.mark.parametrize("kind", PLUGINS)
def test_cleanup_does_not_log_in_again(kind: str, acceptor: Acceptor) -> None:
    transport = opened(kind, acceptor)
    acceptor.forget_next = True
    transport.send(b"first", timeout=75)
    with pytest.raises(TransportLost):
        transport.send(b"release", timeout=QUICK)
    assert acceptor.logins == 1


@pytest.mark.parametrize("kind", PLUGINS)
def test_wrong_password(kind: str, acceptor: Acceptor) -> None:
    with pytest.raises(LoginFailed) as caught:
        opened(kind, acceptor, password="not-it").send(b"x", timeout=75)
    assert "ntlm" in str(caught.value) and "not-it" not in str(caught.value)
    assert not acceptor.messages


def test_a_list_falls_back_to_ntlm(acceptor: Acceptor) -> None:
    transport = opened("winrm", acceptor, transport=["kerberos", "ntlm"])
    assert transport.send(b"x", timeout=75) == b"echo x"
    assert acceptor.logins == 1
