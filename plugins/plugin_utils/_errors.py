# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every error that a task can end with, as one tree.

::

    ConfigMgrError
    |-- InvalidInput            something in the play is wrong; nothing was sent
    |   |-- ReferenceProblems   names or IDs in the play that the site cannot resolve
    |   |-- SecretUnreadable    a stored secret would be lost by the write
    |   |-- ClearTextPassword   the password would travel unprotected
    |   `-- GateRefused         a protective default stands in the way
    |-- UnsupportedConnection   the host's connection cannot carry WS-Management
    |-- Unreachable             no request of the task was accepted
    |   |-- LoginFailed
    |   `-- TlsFailed
    |-- RequestTooLarge         an envelope exceeds the server's limit
    |-- ProtocolError           an answer that is no WS-Management answer
    |   `-- ConnectionBroken    no answer at all, in the middle of the task
    |-- OutcomeUnknown          the answer to a write was lost and reading did not settle it
    |-- NotAsWritten            the site holds something else than what was sent
    |-- ContentFailed           content did not arrive at a distribution point
    |-- DeploymentFailed        devices failed to run what was deployed
    |-- DeploymentGone          a deployment was deleted while it was watched
    `-- ServerFault             the server refused; see the leaves for the codes
        |-- AccessDenied
        |   `-- SourceDenied    the site may not read a path on a file server
        |-- NotFound
        |-- AlreadyExists
        |-- InvalidQuery
        |-- InvalidClass
        |-- ObjectLocked
        |-- VersionConflict
        |-- OperationTimeout
        `-- ServerBusy

``code`` is a stable word a playbook can test (``result.error.code``); the table in
``docs/docsite/rst/errors.rst`` has one row per class that defines one.
"""

from __future__ import annotations

import typing as t


class Problem(t.NamedTuple):
    """One thing wrong in the play: where it stands, what stands there, and the rule with the fix."""

    path: str
    """Option path such as ``steps[3].steps[0].timeout``."""
    value: str
    """The value as the user would recognise it; never the value of a secret option."""
    rule: str
    """What is allowed and how to mend it."""

    def __str__(self) -> str:
        shown = f" ({self.value})" if self.value else ""
        return f"{self.path}{shown}: {self.rule}"


class ConfigMgrError(Exception):
    """A failure with a stable code and the facts that help to act on it.

    The keyword arguments are the keys of ``error`` in a failed result; absent ones are ``None``.
    ``hresult`` and ``sms_error_code`` are numbers here and ``0x...`` text in the result.
    """

    code: t.ClassVar[str] = "unexpected"

    def __init__(
        self,
        message: str,
        *,
        wmi_class: str | None = None,
        method: str | None = None,
        hresult: int | None = None,
        sms_error_code: int | None = None,
        detail: t.Any = None,
        attempted: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.wmi_class = wmi_class
        self.method = method
        self.hresult = hresult
        self.sms_error_code = sms_error_code
        self.detail = detail
        self.attempted = attempted

    def details(self, task_path: str | None = None) -> dict[str, t.Any]:
        """Return the ``error`` dictionary of a failed result."""
        return {
            "code": self.code,
            "task_path": task_path,
            "wmi_class": self.wmi_class,
            "method": self.method,
            "hresult": None if self.hresult is None else f"0x{self.hresult:08X}",
            "sms_error_code": None if self.sms_error_code is None else f"0x{self.sms_error_code:08X}",
            "detail": self.detail,
            "attempted": self.attempted,
        }


class InvalidInput(ConfigMgrError):
    """The play asks for something impossible; all problems are in one error and nothing was sent."""

    code = "invalid_input"

    def __init__(self, problems: t.Iterable[Problem] | str, **facts: t.Any) -> None:
        if isinstance(problems, str):
            self.problems: tuple[Problem, ...] = ()
            message = problems
        else:
            self.problems = tuple(problems)
            message = "; ".join(str(problem) for problem in self.problems)
        facts.setdefault("detail", [problem._asdict() for problem in self.problems] or None)
        super().__init__(message, **facts)


class ReferenceProblems(InvalidInput):
    """Names or IDs that the site does not have, or has more than once."""

    code = "unresolved_reference"


class SecretUnreadable(InvalidInput):
    """The site did not hand out a stored secret, so writing the object back would blank it."""

    code = "secret_unreadable"


class ClearTextPassword(InvalidInput):
    """Basic authentication over plain HTTP to another machine, which the inventory does not allow."""

    code = "clear_text_password"


class GateRefused(InvalidInput):
    """A protective default refuses; the message names the option that confirms the intent."""

    code = "gate_refused"


class UnsupportedConnection(ConfigMgrError):
    """The host is not reached by ``winrm`` or ``psrp``, uses ``become``, or the library is missing or too old."""

    code = "unsupported_connection"


class Unreachable(ConfigMgrError):
    """Name, TCP or HTTP trouble before any request of the task was accepted."""

    code = "unreachable"


class LoginFailed(Unreachable):
    """The server refused the credentials."""

    code = "login_failed"


class TlsFailed(Unreachable):
    """The server's certificate is not trusted or TLS could not be agreed on."""

    code = "tls_failed"


class RequestTooLarge(ConfigMgrError):
    """A request or an answer exceeds the server's MaxEnvelopeSizekb."""

    code = "envelope_too_large"


class ProtocolError(ConfigMgrError):
    """The server answered with something that is not WS-Management."""

    code = "protocol_error"


class ConnectionBroken(ProtocolError):
    """The connection broke in the middle of the task and reading again did not help; waiting may."""

    code = "connection_broken"


class OutcomeUnknown(ConfigMgrError):
    """The answer to a write was lost; whether it was carried out could not be read either."""

    code = "outcome_unknown"


class NotAsWritten(ConfigMgrError):
    """After the write the site holds something else than what was sent."""

    code = "not_as_written"


class ServerFault(ConfigMgrError):
    """The server refused a request (SOAP fault); ``detail`` has the texts and the extended status."""

    code = "server_fault"


class AccessDenied(ServerFault):
    """WinRM, WMI or role-based access control refused the account."""

    code = "access_denied"


class SourceDenied(AccessDenied):
    """The site may not read the path of a source, most likely because a login cannot be passed on twice."""

    code = "source_denied"


class NotFound(ServerFault):
    """No instance with that key, or no such class or namespace."""

    code = "not_found"


class AlreadyExists(ServerFault):
    """An instance with that key or name exists."""

    code = "already_exists"


class InvalidQuery(ServerFault):
    """The provider did not understand a WQL query."""

    code = "invalid_query"


class InvalidClass(ServerFault):
    """The site does not know a class or namespace."""

    code = "invalid_class"


class ContentFailed(ConfigMgrError):
    """Content did not arrive at a distribution point, or could not be removed; ``detail`` lists the pairs."""

    code = "content_failed"


class WaitTimeout(ConfigMgrError):
    """What a task waited for did not happen in time; ``detail`` is the last state that was seen."""

    code = "wait_timeout"


class DeploymentFailed(ConfigMgrError):
    """Devices failed to run what was deployed; ``detail`` has the deployments and the failed steps."""

    code = "deployment_failed"


class DeploymentGone(ConfigMgrError):
    """A deployment was deleted while it was watched; ``detail`` is the last state that was seen."""

    code = "deployment_gone"


class ObjectLocked(ServerFault):
    """Another user or console holds the SEDO lock of the object (provider behaviour, section 9)."""

    code = "object_locked"


class VersionConflict(ServerFault):
    """The object changed on the site between reading and saving it."""

    code = "version_conflict"


class OperationTimeout(ServerFault):
    """The server gave up waiting for the provider (0x80338029)."""

    code = "operation_timeout"


class ServerBusy(ServerFault):
    """A WinRM quota is used up."""

    code = "server_busy"
