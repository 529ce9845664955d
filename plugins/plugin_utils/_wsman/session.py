# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One login that outlives a loop item: falls back to the next way to log in, and renews itself.

Subclasses know one HTTP library each; nothing here knows any.
"""

from __future__ import annotations

import typing as t

from .._errors import ConfigMgrError, LoginFailed
from .transport import QUICK, HttpStatus, TransportLost


class Login(t.NamedTuple):
    """One way to log in: the name of the authentication, and whether the password would go out readable."""

    name: str
    clear_text: bool


class LoginRefused(Exception):
    """The server or a library refused the credentials; the request was not carried out."""


class Session:
    """A connection with its login. ``logins`` are tried in order until one works."""

    def __init__(self, connection: t.Any, endpoint: str, logins: list[Login]) -> None:
        self.endpoint = endpoint
        self._connection = connection
        self._logins = logins
        self._library: t.Any = None
        self._used = False
        self._interrupted = False

    # -- what a subclass knows ----------------------------------------------------------------------

    def _open(self, login: Login) -> t.Any:
        """Return the library's transport object; nothing but a login may be sent.

        Raises LoginRefused, or whatever the library raises.
        """
        raise NotImplementedError

    def _post(self, body: bytes) -> bytes:
        """Send one request. Raises LoginRefused, HttpStatus, or whatever the library raises."""
        raise NotImplementedError

    def _wait(self, seconds: float) -> t.Callable[[], None]:
        """Set the time-outs for one request and return what restores them."""
        raise NotImplementedError

    def _close(self) -> None:
        """Close the library's connection; must not raise for a network problem."""
        raise NotImplementedError

    def _translate(self, exc: Exception, *, sent: bool) -> Exception:
        """Return one of our exceptions, or LoginRefused, for any of a library's.

        ``sent`` says that the request may have left; before, only the login was under way.
        """
        raise NotImplementedError

    # -- sending ------------------------------------------------------------------------------------

    def send(self, body: bytes, timeout: float) -> bytes:
        """Send one request and return the body of the answer.

        A login that worked before and is refused now is renewed once; a first login that is refused
        is followed by the next in the list. In both cases the request was not carried out before.
        Raises HttpStatus, TransportLost, LoginFailed, TlsFailed or UnsupportedConnection.
        """
        if self._interrupted:
            self.close()
        was_used = self._used
        try:
            return self._attempt(body, timeout)
        except LoginRefused as exc:
            refused = str(exc)
        except HttpStatus as exc:
            if not (was_used and self._is_stale(exc)):
                raise
            refused = "HTTP 400"
        if timeout <= QUICK:
            raise TransportLost(f"{self.endpoint}: {refused}", sent=False)
        if was_used:
            return self._renewed(body, timeout)
        return self._with_next_login(body, timeout, refused)

    def _is_stale(self, status: HttpStatus) -> bool:
        """Say whether the server has forgotten the security context (idle connection) and could not decrypt."""
        encrypted = getattr(self._library, "encryption", None) is not None
        return encrypted and status.status == 400 and b"Envelope" not in status.body

    def _renewed(self, body: bytes, timeout: float) -> bytes:
        self.close()
        try:
            return self._attempt(body, timeout)
        except LoginRefused as exc:
            refused = str(exc)
        raise LoginFailed(f"Login to {self.endpoint} failed when the session had to be renewed: {refused}.")

    def _with_next_login(self, body: bytes, timeout: float, refused: str) -> bytes:
        everything = self._logins
        refusals = [f"{self._logins[0].name}: {refused}"]
        while len(self._logins) > 1:
            self.close()
            self._logins = self._logins[1:]
            try:
                return self._attempt(body, timeout)
            except LoginRefused as exc:
                refusals.append(f"{self._logins[0].name}: {exc}")
        self.close()
        self._logins = everything
        raise LoginFailed(f"Login to {self.endpoint} failed ({'; '.join(refusals)}).")

    def _attempt(self, body: bytes, timeout: float) -> bytes:
        # Stays set when a task's time limit ends the request in the middle; the connection is no good then.
        self._interrupted = True
        problem: Exception
        try:
            if self._library is None:
                self._library = self._open(self._logins[0])
            restore = self._wait(timeout)
            try:
                answer = self._post(body)
            finally:
                restore()
        except (HttpStatus, TransportLost, ConfigMgrError, LoginRefused) as exc:
            problem = exc
        except Exception as exc:
            problem = self._translate(exc, sent=self._library is not None)
        else:
            self._used = True
            self._interrupted = False
            return answer
        self._interrupted = False
        if isinstance(problem, HttpStatus) and self._library is not None:
            self._used = True
        elif isinstance(problem, TransportLost):
            self.close()
        raise problem

    def close(self) -> None:
        """Forget the connection; the next request logs in again."""
        if self._library is not None:
            self._close()
        self._library = None
        self._used = self._interrupted = False
