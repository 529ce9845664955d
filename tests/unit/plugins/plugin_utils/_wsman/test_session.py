# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Logins that fall back, go stale, break, and are interrupted."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils._errors import LoginFailed, TlsFailed
from ansible_collections.configmgr.osd.plugins.plugin_utils._wsman.session import Login, LoginRefused, Session
from ansible_collections.configmgr.osd.plugins.plugin_utils._wsman.transport import QUICK, HttpStatus, TransportLost


def _fail(error: BaseException) -> t.NoReturn:
    raise error


class Library:
    def __init__(self, login: str, encrypted: bool) -> None:
        self.login = login
        self.encryption = object() if encrypted else None
        self.timeout = 30.0


class Scripted(Session):
    """Takes what happens from two scripts: one for logging in, one for sending."""

    def __init__(self, *logins: str, opens: t.Any = (), posts: t.Any = (), encrypted: bool = True) -> None:
        super().__init__(None, "http://host:5985/wsman", [Login(name, False) for name in logins or ("ntlm",)])
        self.opens = list(opens)
        self.posts = list(posts)
        self.encrypted = encrypted
        self.log: list[str] = []

    def _open(self, login: Login) -> Library:
        self.log.append(f"open {login.name}")
        step = self.opens.pop(0) if self.opens else None
        if step is not None:
            raise step
        return Library(login.name, self.encrypted)

    def _post(self, body: bytes) -> bytes:
        self.log.append(f"post {self._library.login} {self._library.timeout:g}")
        step = self.posts.pop(0) if self.posts else b"ok"
        return step if isinstance(step, bytes) else _fail(step)

    def _wait(self, seconds: float) -> t.Callable[[], None]:
        library, own = self._library, self._library.timeout
        library.timeout = seconds

        def restore() -> None:
            library.timeout = own

        return restore

    def _close(self) -> None:
        self.log.append("close")

    def _translate(self, exc: Exception, *, sent: bool) -> Exception:
        return TransportLost(str(exc), sent=sent)


def test_one_login_serves_many_requests() -> None:
    session = Scripted()
    for _item in range(50):
        assert session.send(b"x", 75) == b"ok"
    assert session.log.count("open ntlm") == 1
    assert session._library.timeout == 30.0


def test_the_next_login_is_tried_when_the_first_is_refused() -> None:
    for scripts in ({"opens": [LoginRefused("no ticket")]}, {"posts": [LoginRefused("401")]}):
        session = Scripted("kerberos", "ntlm", **scripts)
        assert session.send(b"x", 75) == b"ok"
        assert [line for line in session.log if line.startswith("open")] == ["open kerberos", "open ntlm"]
        session.send(b"x", 75)
        assert session.log[-1] == "post ntlm 75"
        assert session.log.count("open ntlm") == 1


def test_all_logins_refused() -> None:
    session = Scripted("kerberos", "ntlm", opens=[LoginRefused("no ticket"), LoginRefused("401")] * 2)
    for _again in range(2):
        with pytest.raises(LoginFailed, match=r"kerberos: no ticket; ntlm: 401"):
            session.send(b"x", 75)


def test_stale_encryption_is_renewed_once() -> None:
    session = Scripted(posts=[b"1", HttpStatus(400), b"2", HttpStatus(400), HttpStatus(400)])
    assert session.send(b"x", 75) == b"1"
    assert session.send(b"x", 75) == b"2"
    with pytest.raises(HttpStatus):
        session.send(b"x", 75)
    assert session.log.count("open ntlm") == 3


@pytest.mark.parametrize("body", [b"", b"<h2>Bad Request</h2>"])
def test_a_400_is_renewed_whatever_its_page(body: bytes) -> None:
    session = Scripted(posts=[b"1", HttpStatus(400, body), b"2"])
    session.send(b"x", 75)
    assert session.send(b"x", 75) == b"2"


@pytest.mark.parametrize(
    ("first", "status", "encrypted"),
    [
        ([], HttpStatus(400), True),
        ([b"1"], HttpStatus(400), False),
        ([b"1"], HttpStatus(400, b"<s:Envelope/>"), True),
        ([b"1"], HttpStatus(500), True),
        ([b"1"], HttpStatus(413), True),
    ],
    ids=["first request", "not encrypted", "a fault", "500", "413"],
)
def test_other_http_states_are_not_renewed(first: list[bytes], status: HttpStatus, encrypted: bool) -> None:
    session = Scripted(posts=[*first, status], encrypted=encrypted)
    for _each in first:
        session.send(b"x", 75)
    with pytest.raises(HttpStatus) as caught:
        session.send(b"x", 75)
    assert caught.value is status
    assert session.log.count("open ntlm") == 1


def test_a_login_that_expired_is_renewed_once_and_then_given_up() -> None:
    session = Scripted(posts=[b"1", LoginRefused("401"), b"2"])
    session.send(b"x", 75)
    assert session.send(b"x", 75) == b"2"
    session.posts = [LoginRefused("401"), LoginRefused("401 again")]
    with pytest.raises(LoginFailed, match="renewed: 401 again"):
        session.send(b"x", 75)


def test_a_lost_connection_logs_in_again_next_time_and_never_by_itself() -> None:
    session = Scripted(posts=[OSError("reset"), b"2"])
    with pytest.raises(TransportLost) as caught:
        session.send(b"x", 75)
    assert caught.value.sent
    assert session.log.count("post ntlm 75") == 1
    assert session.send(b"x", 75) == b"2"
    assert session.log.count("open ntlm") == 2


def test_trouble_while_logging_in_was_not_sent() -> None:
    with pytest.raises(TransportLost) as caught:
        Scripted(opens=[OSError("refused")]).send(b"x", 75)
    assert not caught.value.sent


def test_our_own_errors_pass() -> None:
    with pytest.raises(TlsFailed):
        Scripted(opens=[TlsFailed("x")]).send(b"x", 75)


def test_an_interrupted_request_costs_the_connection() -> None:
    session = Scripted(posts=[b"1", KeyboardInterrupt(), b"2"])
    session.send(b"x", 75)
    with pytest.raises(KeyboardInterrupt):
        session.send(b"x", 75)
    assert session._library.timeout == 30.0
    assert session.send(b"x", QUICK) == b"2"
    assert session.log[-3:] == ["close", "open ntlm", "post ntlm 3"]


def test_cleanup_never_renews() -> None:
    session = Scripted(posts=[b"1", HttpStatus(400)])
    session.send(b"x", 75)
    with pytest.raises(TransportLost):
        session.send(b"x", QUICK)
    assert session.log.count("open ntlm") == 1
