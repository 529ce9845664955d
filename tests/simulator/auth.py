# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Authentication of connections.

One ``ConnectionSecurity`` belongs to one TCP connection, as Windows keeps its security context. A
mechanism takes the token of an Authorization header and answers with a principal or a challenge; it may
also unwrap request bodies and wrap answers, which is where message encryption goes. Only Basic is here.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import hmac
import typing as t

REALM = "WSMAN"


class Accounts:
    """The accounts of a site; names go without regard to case, ``DOMAIN\\user`` or plain."""

    def __init__(self, accounts: t.Mapping[str, str]) -> None:
        self._accounts = {name.casefold(): (name, password) for name, password in accounts.items()}

    def check(self, name: str, password: str) -> str | None:
        """Return the principal as it is spelled at the site, or None."""
        principal, wanted = self._accounts.get(name.casefold(), ("", ""))
        matches = hmac.compare_digest(wanted.encode("utf-8"), password.encode("utf-8"))
        return principal if principal and matches else None


@dataclasses.dataclass(frozen=True)
class Accepted:
    """An authenticated request: who it is, the plain body and its type, and whether this was a login."""

    principal: str
    content_type: str
    body: bytes
    login: bool


@dataclasses.dataclass(frozen=True)
class Challenge:
    """A refusal: 401 with these WWW-Authenticate values (or another status that a mechanism needs)."""

    status: int = 401
    offers: tuple[str, ...] = (f'Basic realm="{REALM}"',)
    refused: bool = False


class Mechanism(t.Protocol):
    """One way to authenticate, with the state of one connection."""

    scheme: str

    def accept(self, token: str) -> str | None | Challenge:
        """Return the principal, None for a refusal, or a challenge for the next leg."""

    def unwrap(self, content_type: str, body: bytes) -> tuple[str, bytes]:
        """Take the encryption off a request."""

    def wrap(self, content_type: str, body: bytes) -> tuple[str, bytes]:
        """Put the encryption on an answer."""


class Basic:
    """Name and password in every request; bodies stay as they are."""

    scheme = "basic"

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    def accept(self, token: str) -> str | None | Challenge:
        """Check the name and the password of the header."""
        try:
            name, colon, password = base64.b64decode(token, validate=True).decode("utf-8").partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return self._accounts.check(name, password) if colon else None

    def unwrap(self, content_type: str, body: bytes) -> tuple[str, bytes]:
        """Return the request as it is."""
        return content_type, body

    def wrap(self, content_type: str, body: bytes) -> tuple[str, bytes]:
        """Return the answer as it is."""
        return content_type, body


class ConnectionSecurity:
    """What one connection has proved so far."""

    def __init__(self, mechanisms: t.Sequence[Mechanism]) -> None:
        self._mechanisms = {mechanism.scheme: mechanism for mechanism in mechanisms}
        self._current: Mechanism | None = None
        self._principal: str | None = None

    def accept(self, authorization: str | None, content_type: str, body: bytes) -> Accepted | Challenge:
        """Decide about one request."""
        if authorization is None:
            return Challenge()
        scheme, _blank, token = authorization.partition(" ")
        mechanism = self._mechanisms.get(scheme.casefold())
        if mechanism is None:
            return Challenge(refused=True)
        answer = mechanism.accept(token.strip())
        if isinstance(answer, Challenge):
            return answer
        if answer is None:
            return Challenge(refused=True)
        login = answer != self._principal
        self._principal, self._current = answer, mechanism
        plain_type, plain = mechanism.unwrap(content_type, body)
        return Accepted(answer, plain_type, plain, login)

    def protect(self, content_type: str, body: bytes) -> tuple[str, bytes]:
        """Wrap an answer as the connection's mechanism wants it."""
        return self._current.wrap(content_type, body) if self._current else (content_type, body)
