# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Borrows a WS-Management transport from the host's ``winrm`` or ``psrp`` connection.

The only file that touches private names of the connection plugins (reference: wsman 11,
prototype 2). It never opens a shell or a runspace and leaves ``protocol``, ``runspace``,
``shell_id`` and ``_connected`` of the plugin as they were. All items of a loop run in one worker
process, so a table of that process keeps the sessions: fifty items log in once. A session keeps
the plugin object it came from, because a managed Kerberos ticket dies with that object.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import os
import typing as t

from ansible.errors import AnsibleError
from ansible.module_utils.parsing.convert_bool import boolean

from ._errors import ClearTextPassword, TlsFailed, UnsupportedConnection
from ._wsman.session import Login, LoginRefused, Session
from ._wsman.transport import QUICK, HttpStatus, Transport, TransportLost

try:
    from requests import exceptions as requests_errors

    REQUESTS_PROBLEM = ""
except ImportError as import_error:
    REQUESTS_PROBLEM = f"requests is not installed ({import_error})"

try:
    from winrm import exceptions as winrm_errors
    from winrm.transport import Transport as WinrmTransport

    WINRM_PROBLEM = "" if hasattr(WinrmTransport, "build_session") else "the installed pywinrm is too old"
except ImportError as import_error:
    WINRM_PROBLEM = f"pywinrm or one of its requirements is not installed ({import_error})"

try:
    from pypsrp import exceptions as psrp_errors
    from pypsrp.wsman import WSMan

    PSRP_PROBLEM = ""
except ImportError as import_error:
    PSRP_PROBLEM = f"pypsrp or one of its requirements is not installed ({import_error})"

ALLOW_CLEAR_TEXT = "cm_allow_clear_text"
"""Inventory variable that permits Basic over plain HTTP (never a module option)."""

READ_MARGIN = 15.0
"""Seconds that the HTTP read may take longer than the operation."""

_REMEDY = {
    "winrm": "pip install 'pywinrm>=0.4.3' (with [kerberos] or [credssp] where needed) on the control node",
    "psrp": "pip install 'pypsrp>=0.5.0' on the control node",
}


# Packages whose exceptions tell that the login did not work out.
_LOGIN_PACKAGES = frozenset(
    ("kerberos", "gssapi", "krb5", "spnego", "ntlm_auth", "requests_ntlm", "requests_credssp", "requests_kerberos")
)
_NEVER_CONNECTED = frozenset(("NewConnectionError", "NameResolutionError", "ConnectTimeoutError", "ProxyError"))


class _RequestsSession(Session):
    """What pywinrm and pypsrp have in common: both send through requests."""

    plugin: t.ClassVar[str]
    trust: t.ClassVar[str]
    """What to set in the inventory when a certificate is not trusted."""

    def _tls(self, where: str) -> TlsFailed:
        return TlsFailed(f"TLS with {where}. Check the server's certificate, and {self.trust}.")

    def _hang_up(self) -> None:
        raise NotImplementedError

    def _close(self) -> None:
        try:
            self._hang_up()
        except (OSError, requests_errors.RequestException):
            pass

    def _translate(self, exc: Exception, *, sent: bool) -> Exception:
        text = _reason(exc)
        module = type(exc).__module__
        if isinstance(exc, AnsibleError) or module.split(".")[0] in _LOGIN_PACKAGES or "kerberos" in module:
            return LoginRefused(text)
        network = self._network_problem(exc, text, sent)
        if network is not None:
            return network
        if sent:
            return TransportLost(f"{self.endpoint}: the answer cannot be read ({text})", sent=True)
        return UnsupportedConnection(f"The {self.plugin} connection cannot be used for WS-Management: {text}")

    def _network_problem(self, exc: Exception, text: str, sent: bool) -> Exception | None:
        where = f"{self.endpoint}: {text}"
        if isinstance(exc, requests_errors.SSLError):
            # A handshake fails before the first answer; later it is a connection that broke.
            return TransportLost(where, sent=sent) if self._used else self._tls(where)
        if isinstance(exc, (requests_errors.ConnectTimeout, requests_errors.ProxyError)):
            return TransportLost(where, sent=False)
        if isinstance(exc, (requests_errors.InvalidURL, requests_errors.InvalidSchema, requests_errors.MissingSchema)):
            return UnsupportedConnection(f"The {self.plugin} connection has no usable address: {where}")
        if isinstance(exc, requests_errors.ConnectionError):
            return TransportLost(where, sent=sent and not _never_connected(exc))
        if isinstance(exc, requests_errors.RequestException):
            return TransportLost(where, sent=sent)
        if isinstance(exc, OSError):
            # requests reports a certificate store that is not there as a plain OSError.
            return self._tls(where) if "certificate" in text.lower() else TransportLost(where, sent=sent)
        return None


class _WinrmSession(_RequestsSession):
    plugin = "winrm"
    trust = (
        "name its authority with ansible_winrm_ca_trust_path (a PEM file); in a lab, "
        "ansible_winrm_server_cert_validation: ignore does without"
    )

    def _open(self, login: Login) -> t.Any:
        plugin = self._connection
        saved_shell, saved_transports = plugin.shell_id, plugin._winrm_transport
        # A shell ID that is set keeps the plugin from opening a shell.
        plugin.shell_id, plugin._winrm_transport = "none", [login.name]
        try:
            library = plugin._winrm_connect().transport
        finally:
            plugin.shell_id, plugin._winrm_transport = saved_shell, saved_transports
        self._use_ticket()
        try:
            # Where messages are encrypted this logs in, at no extra request; elsewhere the first request does.
            library.build_session()
        except winrm_errors.InvalidCredentialsError as exc:
            problem: Exception = LoginRefused(str(exc))
        except winrm_errors.WinRMTransportError as exc:
            problem = HttpStatus(exc.code)
        else:
            return library
        raise problem

    def _use_ticket(self) -> None:
        ticket = getattr(self._connection, "_kerb_ccache", None)
        if ticket is not None:
            os.environ["KRB5CCNAME"] = f"FILE:{ticket.name}"

    def _post(self, body: bytes) -> bytes:
        self._use_ticket()
        try:
            return t.cast(bytes, self._library.send_message(body))
        except winrm_errors.InvalidCredentialsError as exc:
            problem: Exception = LoginRefused(str(exc))
        except winrm_errors.WinRMTransportError as exc:
            problem = HttpStatus(exc.code, _bytes(exc.response_text))
        raise problem

    def _wait(self, seconds: float) -> t.Callable[[], None]:
        library = self._library
        own = library.read_timeout_sec
        library.read_timeout_sec = seconds if seconds <= QUICK else max(own or 0, seconds)

        def restore() -> None:
            library.read_timeout_sec = own

        return restore

    def _hang_up(self) -> None:
        self._library.close_session()


class _PsrpSession(_RequestsSession):
    plugin = "psrp"
    trust = (
        "name its authority with ansible_psrp_ca_cert (a PEM file); in a lab, ansible_psrp_cert_validation: ignore "
        "does without"
    )

    def _open(self, login: Login) -> t.Any:
        try:
            return WSMan(**self._connection._psrp_conn_kwargs).transport
        except ValueError as exc:
            reason = str(exc)
        hint = ""
        if login.clear_text:
            hint = " Basic over plain HTTP also needs ansible_psrp_message_encryption: never."
        raise UnsupportedConnection(f"pypsrp refuses the settings of the connection: {reason}.{hint}")

    def _post(self, body: bytes) -> bytes:
        try:
            return t.cast(bytes, self._library.send(body))
        except psrp_errors.AuthenticationError as exc:
            problem: Exception = LoginRefused(str(exc))
        except psrp_errors.WinRMTransportError as exc:
            problem = HttpStatus(exc.code, _bytes(exc.response_text))
        raise problem

    def _wait(self, seconds: float) -> t.Callable[[], None]:
        library = self._library
        own = (library.connection_timeout, library.read_timeout)
        if seconds <= QUICK:
            library.connection_timeout = library.read_timeout = seconds
        else:
            library.read_timeout = max(own[1] or 0, seconds)

        def restore() -> None:
            library.connection_timeout, library.read_timeout = own

        return restore

    def _hang_up(self) -> None:
        self._library.close()


class BorrowedTransport:
    """The transport that a task works with. ``read_timeout`` is what its requests may take at least."""

    def __init__(self, session: Session, read_timeout: float) -> None:
        self._session = session
        self._read_timeout = read_timeout

    @property
    def endpoint(self) -> str:
        """URL of the listener."""
        return self._session.endpoint

    def send(self, body: bytes, *, timeout: float) -> bytes:
        """Post ``body`` and return the answer's body; see ``_wsman.transport.Transport``."""
        return self._session.send(body, timeout if timeout <= QUICK else max(timeout, self._read_timeout))


class _Table:
    """The sessions of one worker process."""

    def __init__(self) -> None:
        self._pid = 0
        self._sessions: dict[str, Session] = {}

    def sessions(self) -> dict[str, Session]:
        # A forked child must not use its parent's sockets.
        if self._pid != os.getpid():
            self._pid = os.getpid()
            self._sessions = {}
        return self._sessions


_TABLE = _Table()


def open_transport(
    connection: t.Any, *, task_vars: t.Mapping[str, t.Any], operation_timeout: float = 60.0
) -> Transport:
    """Return the transport for the task's connection; nothing is sent yet.

    ``operation_timeout`` is in seconds; the connection's own read timeout is raised to 15 s more for
    each request and restored after it. Raises UnsupportedConnection or ClearTextPassword; login,
    name, TCP and TLS problems show with the first request.
    """
    kind = str(getattr(connection, "transport", None))
    _check_connection(connection, kind)
    try:
        describe = _describe_winrm if kind == "winrm" else _describe_psrp
        endpoint, host, logins, facts = describe(connection)
    except AnsibleError as exc:
        problem = f"The {kind} connection cannot be used: {exc}"
    except (AttributeError, KeyError, TypeError) as exc:
        problem = (
            f"The {kind} connection plugin of this ansible-core does not have what is needed ({exc}). "
            "ansible-core 2.16 to 2.21 are known to work."
        )
    else:
        logins = _permitted(logins, host, endpoint, kind, task_vars)
        identity = json.dumps([kind, endpoint, facts, logins], sort_keys=True, default=str)
        digest = hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()
        sessions = _TABLE.sessions()
        if digest not in sessions:
            build = _WinrmSession if kind == "winrm" else _PsrpSession
            sessions[digest] = build(connection, endpoint, logins)
        return BorrowedTransport(sessions[digest], operation_timeout + READ_MARGIN)
    raise UnsupportedConnection(problem)


def close_sessions() -> None:
    """Close every session of this process; for code that must leave nothing open."""
    sessions = _TABLE.sessions()
    for session in sessions.values():
        session.close()
    sessions.clear()


def _check_connection(connection: t.Any, kind: str) -> None:
    if kind not in _REMEDY:
        name = getattr(connection, "ansible_name", None) or kind
        raise UnsupportedConnection(
            f"This host is reached by the connection {name}, which cannot carry WS-Management. Set ansible_connection "
            "to winrm or psrp for the site server, and delegate the task to it where it runs for another host."
        )
    if getattr(connection, "become", None) is not None:
        raise UnsupportedConnection(
            "become is set, but nothing is run on the site server: the account of the connection is used. "
            "Set become: false for this task or play."
        )
    problem = (WINRM_PROBLEM if kind == "winrm" else PSRP_PROBLEM) or REQUESTS_PROBLEM
    if problem:
        raise UnsupportedConnection(f"The {kind} connection cannot be used: {problem}. Run {_REMEDY[kind]}.")


_Description = tuple[str, str, list[Login], list[t.Any]]


def _describe_winrm(plugin: t.Any) -> _Description:
    """Return endpoint, host, ways to log in, and all that makes one session differ from another."""
    plugin._build_winrm_kwargs()
    for name in ("_winrm_connect", "shell_id"):
        # Needed later; better missed here, before anything is sent.
        getattr(plugin, name)
    scheme, host = str(plugin._winrm_scheme), str(plugin._winrm_host)
    path = str(plugin._winrm_path).lstrip("/")
    endpoint = f"{scheme}://{_bracketed(host)}:{plugin._winrm_port}/{path}"
    options = dict(plugin._winrm_kwargs)
    certificate = bool(options.get("cert_pem"))
    logins = []
    for name in plugin._winrm_transport:
        basic = name in ("basic", "plaintext") or (name == "ssl" and not certificate)
        logins.append(Login(str(name), basic and scheme == "http"))
    kerberos = [getattr(plugin, "_kerb_managed", None), plugin._kinit_cmd]
    return endpoint, host, logins, [options, kerberos]


def _describe_psrp(plugin: t.Any) -> _Description:
    plugin._build_kwargs()
    options = dict(plugin._psrp_conn_kwargs)
    scheme = "https" if options["ssl"] else "http"
    host = str(options["server"])
    endpoint = f"{scheme}://{_bracketed(host)}:{options['port']}/{str(options['path']).lstrip('/')}"
    name = str(options["auth"])
    return endpoint, host, [Login(name, name == "basic" and scheme == "http")], [options]


def _permitted(
    logins: list[Login], host: str, endpoint: str, kind: str, task_vars: t.Mapping[str, t.Any]
) -> list[Login]:
    """Return the ways to log in that do not show the password to the network, unless the inventory allows it."""
    if _is_loopback(host) or boolean(task_vars.get(ALLOW_CLEAR_TEXT, False), strict=False):
        return logins
    protected = [login for login in logins if not login.clear_text]
    if protected or not logins:
        return protected
    option = "ansible_winrm_transport" if kind == "winrm" else "ansible_psrp_auth"
    raise ClearTextPassword(
        f"Basic authentication to {endpoint} would send the password and all data in clear text. Use HTTPS "
        f"(port 5986), or set {option} to ntlm, kerberos or credssp. {ALLOW_CLEAR_TEXT}: true in the inventory "
        "permits it."
    )


def _is_loopback(host: str) -> bool:
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _bytes(text: str | bytes | None) -> bytes:
    return text.encode("utf-8", "replace") if isinstance(text, str) else text or b""


def _never_connected(exc: BaseException) -> bool:
    """Say whether urllib3 gave up before there was a connection (name, refused, proxy)."""
    cause = getattr(exc.args[0], "reason", None) if exc.args else None
    return cause is not None and any(base.__name__ in _NEVER_CONNECTED for base in type(cause).__mro__)


def _reason(exc: BaseException) -> str:
    """Return the part of a library's message that a person can act on."""
    inner = getattr(exc.args[0], "reason", None) if exc.args else None
    text = str(inner if inner is not None else exc).strip() or type(exc).__name__
    # urllib3 puts the repr of its object in front.
    head, _separator, tail = text.partition(": ")
    return tail if tail and (head.startswith("<") or head.startswith("HTTP")) and "object at" in head else text
