# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The HTTP and HTTPS listeners: one handler object per connection, kept alive, with its own security context."""

from __future__ import annotations

import http.server
import socket
import socketserver
import ssl
import struct
import sys
import threading
import traceback
import typing as t

from .auth import Accepted, Accounts, Basic, Challenge, ConnectionSecurity
from .exchange import SOAP_TYPE, Front, Reply
from .journal import Entry

PATHS = ("/wsman", "/wsman/")
IDLE_SECONDS = 120.0
"""Windows closes a connection without requests after about this time (reference: wsman 9)."""
DRAIN_LIMIT = 64 * 1024 * 1024


class Listener(http.server.ThreadingHTTPServer):
    """One port of one site. ``kind`` is main, read_only or https."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(
        self, address: tuple[str, int], kind: str, front: Front, accounts: Accounts,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(address, Handler)
        self.kind = kind
        self.front = front
        self.accounts = accounts
        self.tls = tls
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        """Return the port that the system gave."""
        return int(self.server_address[1])

    def server_bind(self) -> None:
        """Bind without the look-up of a host name that the base class does."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def start(self) -> None:
        """Serve in a thread of its own."""
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop serving and free the port."""
        self.shutdown()
        self.server_close()
        if self._thread is not None:
            self._thread.join(5)

    def handle_error(self, request: t.Any, client_address: t.Any) -> None:
        """Say nothing about clients that hang up; show everything else."""
        error = sys.exc_info()[1]
        if not isinstance(error, (ConnectionError, TimeoutError, ssl.SSLError)):
            traceback.print_exc(file=sys.stderr)


class Handler(http.server.BaseHTTPRequestHandler):
    """The requests of one connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = IDLE_SECONDS
    server: Listener

    def setup(self) -> None:
        """Shake hands when the port speaks TLS, and make the security context of the connection."""
        if self.server.tls is not None:
            self.request.settimeout(IDLE_SECONDS)
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        super().setup()
        self.front = self.server.front
        self.connection_number = self.front.next_connection()
        self.security = ConnectionSecurity([Basic(self.server.accounts)])
        self.login = 0

    def version_string(self) -> str:
        """Return the Server header of Windows."""
        return "Microsoft-HTTPAPI/2.0"

    def log_message(self, format: str, *args: t.Any) -> None:  # noqa: A002
        """Keep quiet; the journal tells everything."""

    def do_POST(self) -> None:  # noqa: N802
        """Answer one request."""
        body = self._read_body()
        if body is None:
            return
        entry = Entry(port=self.server.kind, connection=self.connection_number, bytes_in=len(body))
        if self.path not in PATHS:
            self._send(self.front.refuse_http(entry, 404, f"no listener at {self.path}"))
            return
        content_type = self.headers.get("Content-Type", "")
        if self.headers.get("WSMANIDENTIFY", "").casefold() == "unauthenticated":
            self._send_anonymous_identify(entry, content_type, body)
            return
        outcome = self.security.accept(self.headers.get("Authorization"), content_type, body)
        if isinstance(outcome, Challenge):
            if outcome.refused:
                self.front.journal.login(False)
            self._send(Reply(outcome.status), [("WWW-Authenticate", offer) for offer in outcome.offers])
            return
        self._answer(entry, outcome)

    def _answer(self, entry: Entry, outcome: Accepted) -> None:
        if outcome.login:
            self.login = self.front.journal.login(True)
        entry.login, entry.principal = self.login, outcome.principal
        if len(outcome.body) > self.front.settings.max_envelope:
            limit = self.front.settings.max_envelope
            self._send(self.front.refuse_http(entry, 413, f"{len(outcome.body)} bytes exceed {limit}"))
            return
        reply = self.front.handle(entry, outcome.content_type, outcome.body)
        self._send(reply)

    def _send_anonymous_identify(self, entry: Entry, content_type: str, body: bytes) -> None:
        """Without a login there is Identify and nothing else."""
        if b"Identify" not in body or b"ResourceURI" in body:
            self._send(Reply(401), [("WWW-Authenticate", offer) for offer in Challenge().offers])
            return
        self._send(self.front.handle(entry, content_type, body))

    def do_GET(self) -> None:  # noqa: N802
        """Refuse: the service takes POST only."""
        self._send(Reply(405), [("Allow", "POST")])

    def _read_body(self) -> bytes | None:
        """Read the whole body; an unusable length ends the connection."""
        text = self.headers.get("Content-Length", "")
        if self.headers.get("Transfer-Encoding") or not (text.isascii() and text.isdecimal()):
            self._send(Reply(411), [("Connection", "close")])
            return None
        length = int(text)
        if length > DRAIN_LIMIT:
            self._send(Reply(413), [("Connection", "close")])
            return None
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True
            return None
        return body

    def _send(self, reply: Reply, headers: t.Sequence[tuple[str, str]] = ()) -> None:
        if reply.ending in ("drop", "reset"):
            self._hang_up(reply.ending == "reset")
            return
        content_type, body = self.security.protect(SOAP_TYPE, reply.body)
        self.send_response(reply.status)
        for name, value in headers:
            self.send_header(name, value)
            if name == "Connection":
                self.close_connection = True
        if body:
            self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if reply.ending == "truncate":
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            self._hang_up(False)
            return
        if self.command != "HEAD":
            self.wfile.write(body)

    def _hang_up(self, abruptly: bool) -> None:
        """Close without an answer; abruptly means with a reset."""
        self.close_connection = True
        if abruptly:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            return
        self.connection.shutdown(socket.SHUT_RDWR)
