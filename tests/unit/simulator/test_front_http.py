# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The listeners over real sockets: paths, logins, limits, lost answers, TLS, two clients at once."""

from __future__ import annotations

import http.client
import ssl
import threading
import typing as t
from pathlib import Path

import pytest
from ansible_collections.configmgr.osd.tests.simulator.server import Listener
from ansible_collections.configmgr.osd.tests.simulator.tls import self_signed, server_context
from ansible_collections.configmgr.osd.tests.unit.simulator.front_support import (
    ACCOUNT,
    Bench,
    Wire,
    listener,
    package,
    transfer,
)

GET = transfer("Get", "SMS_Package", keys={"PackageID": "PS100001"})
CREATE = transfer("Create", "SMS_Package", package("<q:Name>x</q:Name>"))


@pytest.fixture
def bench() -> Bench:
    """Return a bench."""
    return Bench()


@pytest.fixture
def port(bench: Bench) -> t.Iterator[Listener]:
    """Return a listener over the bench."""
    made = listener(bench)
    yield made
    made.stop()


def test_one_connection_serves_many_requests(bench: Bench, port: Listener) -> None:
    wire = Wire(port.port)
    assert [wire.post(GET, path).status for path in ("/wsman", "/wsman/", "/wsman")] == [200, 200, 200]
    assert wire.response.headers["Content-Type"] == "application/soap+xml;charset=UTF-8"
    assert wire.response.headers["Server"] == "Microsoft-HTTPAPI/2.0"
    wire.close()
    view = bench.front.journal.view()
    assert (view["requests"], view["connections"], view["logins"]) == (3, 1, 1)
    assert {entry["login"] for entry in view["entries"]} == {1}
    assert view["entries"][0]["principal"] == ACCOUNT[0]


@pytest.mark.parametrize("account", [None, (ACCOUNT[0], "wrong"), ("CORP\\nobody", ACCOUNT[1]), ("", "")])
def test_a_wrong_login_is_refused(bench: Bench, port: Listener, account: tuple[str, str] | None) -> None:
    wire = Wire(port.port, account)
    for _attempt in range(2):
        assert wire.post(GET).status == 401
        assert wire.response.headers["WWW-Authenticate"] == 'Basic realm="WSMAN"'
        assert wire.response.headers["Content-Length"] == "0"
    wire.close()
    assert bench.stub.calls == []
    view = bench.front.journal.view()
    assert (view["requests"], view["logins"], view["refused_logins"]) == (0, 0, 0 if account is None else 2)


def test_names_of_accounts_go_without_regard_to_case(bench: Bench, port: Listener) -> None:
    wire = Wire(port.port, (ACCOUNT[0].lower(), ACCOUNT[1]))
    assert wire.post(GET).status == 200
    wire.close()
    assert bench.last().principal == ACCOUNT[0]


@pytest.mark.parametrize("value", ["Basic !!!", "Basic", "Negotiate abc", "Basic bm9jb2xvbg=="])
def test_a_broken_authorization_is_refused(port: Listener, value: str) -> None:
    wire = Wire(port.port)
    assert wire.post(GET, headers={"Authorization": value}).status == 401
    assert wire.post(GET).status == 200
    wire.close()


def test_other_paths_and_methods_are_refused(bench: Bench, port: Listener) -> None:
    wire = Wire(port.port)
    assert wire.post(GET, "/other").status == 404
    wire.connection.request("GET", "/wsman", headers=wire.headers)
    answer = wire.connection.getresponse()
    assert (answer.status, answer.read()) == (405, b"")
    assert wire.post(GET).status == 200
    wire.close()


def test_a_request_above_the_limit_is_413_without_soap(bench: Bench, port: Listener) -> None:
    wire = Wire(port.port)
    room = 500 * 1024 - len(CREATE)
    fits = CREATE.replace(b"<q:Name>x", b"<q:Name>x" + b"y" * room)
    assert len(fits) == 500 * 1024
    assert wire.post(fits).status == 200
    over = wire.post(fits.replace(b"<q:Name>x", b"<q:Name>xy"))
    assert (over.status, over.data) == (413, b"")
    assert wire.post(GET).status == 200
    wire.close()
    assert [call[0] for call in bench.stub.calls] == ["create", "get"]
    entry = bench.front.journal.entries()[1]
    assert (entry.outcome, entry.code, entry.bytes_in) == ("http", 413, 500 * 1024 + 1)


def test_a_lost_reply_closes_the_connection(bench: Bench, port: Listener) -> None:
    bench.front.plan.set([{"kind": "drop", "when": "after"}, {"kind": "drop", "at": 2, "reset": True}])
    for _attempt in range(2):
        wire = Wire(port.port)
        with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
            wire.post(CREATE)
        wire.close()
    assert [call[0] for call in bench.stub.calls] == ["create"]


def test_a_truncated_answer_promises_more_than_it_holds(bench: Bench, port: Listener) -> None:
    bench.front.plan.set([{"kind": "truncate"}])
    wire = Wire(port.port)
    with pytest.raises(http.client.IncompleteRead):
        wire.post(GET)
    wire.close()
    assert bench.last().outcome == "dropped"


def test_a_planned_status_has_an_empty_body(bench: Bench, port: Listener) -> None:
    bench.front.plan.set([{"kind": "http", "status": 400}])
    wire = Wire(port.port)
    answer = wire.post(GET)
    assert (answer.status, answer.data) == (400, b"")
    assert wire.post(GET).status == 200
    wire.close()


def test_identify_is_answered_without_a_login_when_asked_for(port: Listener) -> None:
    body = '<i:Identify xmlns:i="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"/>'
    data = (
        f'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header/><s:Body>{body}</s:Body></s:Envelope>'
    ).encode()
    wire = Wire(port.port, None)
    assert wire.post(data).status == 401
    assert wire.post(data, headers={"WSMANIDENTIFY": "unauthenticated"}).status == 200
    assert wire.post(GET, headers={"WSMANIDENTIFY": "unauthenticated"}).status == 401
    wire.close()


def test_https(bench: Bench, tmp_path: Path) -> None:
    cert, key = self_signed(tmp_path)
    made = listener(bench, "https", server_context(cert, key))
    try:
        trusting = ssl.create_default_context(cafile=str(cert))
        wire = Wire(made.port, context=trusting)
        assert wire.post(GET).status == 200
        wire.close()
        assert bench.last().port == "https"
        distrusting = Wire(made.port, context=ssl.create_default_context())
        with pytest.raises(ssl.SSLError):
            distrusting.post(GET)
        distrusting.close()
        plain = Wire(made.port)
        with pytest.raises((http.client.HTTPException, OSError)):
            plain.post(GET)
        plain.close()
        again = Wire(made.port, context=trusting)
        assert again.post(GET).status == 200
        again.close()
    finally:
        made.stop()


def test_two_clients_at_once_keep_their_answers_apart(bench: Bench, port: Listener) -> None:
    count, problems = 40, []

    def work(name: str) -> None:
        wire = Wire(port.port)
        try:
            for number in range(count):
                data = transfer("Get", "SMS_Package", keys={"PackageID": f"{name}{number}"})
                answer = wire.post(data)
                text = answer.text(".//{*}ParameterInfo") or ""
                if f'"{name}{number}"' not in text:
                    problems.append((name, number, text))
        finally:
            wire.close()

    threads = [threading.Thread(target=work, args=(name,)) for name in ("left", "right")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert problems == []
    view = bench.front.journal.view()
    assert (view["requests"], view["connections"], view["logins"]) == (2 * count, 2, 2)
    assert [entry["number"] for entry in view["entries"]] == list(range(1, 2 * count + 1))
