# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One request and its answer: sizes, HTTP states, faults, lost replies, and what observers see."""

from __future__ import annotations

import dataclasses
import time
import typing as t

from .. import _errors as errors
from . import limits
from .answer import Answer, parse
from .faults import Fault, read_fault
from .transport import HttpStatus, Transport, TransportLost

_LONGEST_TEXT = 200


@dataclasses.dataclass(frozen=True)
class Operation:
    """What a request is about, for messages and observers.

    ``write`` says that the server may change something; such a request is sent once only.
    """

    verb: str
    class_name: str = ""
    method: str = ""
    key: str = ""
    write: bool = False

    def __str__(self) -> str:
        target = f"{self.class_name}.{self.method}" if self.method else self.class_name
        return " ".join(part for part in (self.verb, target, self.key) if part)


@dataclasses.dataclass(frozen=True)
class Event:
    """One exchange as an observer gets it; its text is the line that ``-vvv`` shows.

    ``request`` and ``response`` are not masked yet.

    ``status`` is the HTTP status, 0 when there was no answer; ``result`` is ``ok`` or the name of
    the problem; ``ms`` is wall time.
    """

    operation: Operation
    request: bytes
    response: bytes
    status: int
    result: str
    ms: float

    def __str__(self) -> str:
        text = str(self.operation)
        if len(text) > _LONGEST_TEXT:
            text = f"{text[: _LONGEST_TEXT - 3]}..."
        sizes = f"{len(self.request)} B out, {len(self.response)} B in"
        return f"{text}: {sizes}, {self.ms:.0f} ms, {self.result}"


Observer = t.Callable[[Event], None]


@dataclasses.dataclass
class _Reply:
    status: int = 0
    body: bytes = b""
    lost: TransportLost | None = None
    refused: errors.ConfigMgrError | None = None


class Exchange:
    """Sends envelopes over one transport and turns every way to fail into one of our errors."""

    def __init__(self, transport: Transport, *, max_envelope_size: int | None, observer: Observer | None) -> None:
        self._transport = transport
        self._observer = observer
        self.limit = limits.request_limit(max_envelope_size)
        self.accepted = 0
        """Requests that the server has answered; before the first, trouble means "unreachable"."""

    def send(self, operation: Operation, request: bytes, *, timeout: float, message_id: str | None) -> Answer:
        """Send one request and return the answer; faults and all else raise.

        A lost reply raises TransportLost for a read, so that the caller may try again, and
        OutcomeUnknown for a write that the server may have received.
        """
        if len(request) > self.limit:
            raise limits.too_large(len(request), self.limit, what=str(operation), refused_by_server=False)
        started = time.monotonic()
        reply = _Reply()
        result = "interrupted"
        try:
            reply = self._post(request, timeout)
            outcome = self._judge(operation, request, reply, message_id)
            result = "ok" if isinstance(outcome, Answer) else type(outcome).__name__
        finally:
            if self._observer is not None:
                elapsed = (time.monotonic() - started) * 1000
                self._observer(Event(operation, request, reply.body, reply.status, result, elapsed))
        if isinstance(outcome, Answer):
            return outcome
        raise outcome

    def _post(self, request: bytes, timeout: float) -> _Reply:
        try:
            return _Reply(200, self._transport.send(request, timeout=timeout))
        except HttpStatus as exc:
            return _Reply(exc.status, exc.body)
        except TransportLost as exc:
            return _Reply(lost=exc)
        except errors.ConfigMgrError as exc:
            return _Reply(refused=exc)

    def _judge(self, operation: Operation, request: bytes, reply: _Reply, message_id: str | None) -> Answer | Exception:
        """Return the answer or the error; nothing is raised inside an ``except``, where a cause would cling to it."""
        if reply.refused is not None:
            return self._before_acceptance(operation, reply.refused)
        if reply.lost is not None:
            return self._lost(operation, reply.lost)
        if reply.status == 200 or reply.body.strip():
            return self._read(operation, request, reply, message_id)
        return self._http_error(operation, request, reply.status)

    def _before_acceptance(self, operation: Operation, refused: errors.ConfigMgrError) -> errors.ConfigMgrError:
        if not self.accepted or not isinstance(refused, errors.Unreachable):
            return refused
        # "unreachable" would drop the host although this task has already talked to it. Credentials that are refused
        # must not be tried again and again, which locks the account.
        final = isinstance(refused, (errors.LoginFailed, errors.TlsFailed))
        kind = errors.ProtocolError if final else errors.ConnectionBroken
        return kind(
            f"{operation}: the connection could not be renewed in the middle of the task: {refused.message} "
            f"This request was not carried out.",
            wmi_class=operation.class_name or None,
            method=operation.method or None,
        )

    def _lost(self, operation: Operation, lost: TransportLost) -> Exception:
        if operation.write and lost.sent:
            return self._unknown(operation, str(lost))
        if operation.write:
            return self._before_acceptance(operation, errors.Unreachable(f"{lost}"))
        return lost

    def _unknown(self, operation: Operation, reason: str) -> errors.OutcomeUnknown:
        return errors.OutcomeUnknown(
            f"{operation}: the server may have carried this out, but its answer was lost: {reason}",
            wmi_class=operation.class_name or None,
            method=operation.method or None,
            attempted=str(operation),
        )

    def _read(
        self, operation: Operation, request: bytes, reply: _Reply, message_id: str | None
    ) -> Answer | errors.ConfigMgrError:
        try:
            answer = Answer(parse(reply.body))
            problem = _mismatch(answer, message_id) if answer.fault is None else None
        except errors.ProtocolError as exc:
            problem = exc.message
        if problem is None and answer.fault is not None:
            self.accepted += 1
            return self._fault(operation, request, read_fault(answer.fault))
        if reply.status != 200:
            return self._http_error(operation, request, reply.status)
        if problem is None:
            self.accepted += 1
            return answer
        self.accepted += 1
        if operation.write:
            return self._unknown(operation, problem)
        return errors.ProtocolError(f"{operation}: {problem}", wmi_class=operation.class_name or None)

    def _fault(self, operation: Operation, request: bytes, fault: Fault) -> errors.ConfigMgrError:
        if fault.too_large:
            return limits.too_large(
                len(request),
                self.limit,
                what=str(operation),
                refused_by_server=True,
                hresult=fault.codes[0] if fault.codes else None,
            )
        error = fault.error(str(operation), wmi_class=operation.class_name or None, method=operation.method or None)
        if operation.write and isinstance(error, errors.OperationTimeout):
            # The provider goes on working after WinRM has given up on it.
            error.attempted = str(operation)
        return error

    def _http_error(self, operation: Operation, request: bytes, status: int) -> errors.ConfigMgrError:
        if status == 413:
            return limits.too_large(len(request), self.limit, what=str(operation), refused_by_server=True)
        if status == 401:
            return self._before_acceptance(
                operation, errors.LoginFailed("The server refused the credentials (HTTP 401).")
            )
        if status == 503:
            return errors.ServerBusy(f"{operation}: the WinRM service is busy or stopping (HTTP 503).")
        # The first request of a connection can be refused with an empty 500 for want of encryption, a later one not.
        if operation.write and status >= 500 and (status != 500 or self.accepted):
            return self._unknown(operation, f"HTTP {status}")
        text = _HTTP_TEXTS.get(status, f"HTTP {status}, without a SOAP fault")
        if not self.accepted:
            return errors.Unreachable(f"The server's WS-Management listener cannot be used: {text}.")
        # A listener that answered a moment ago and is not there now is restarting.
        kind = errors.ConnectionBroken if status in _GONE else errors.ProtocolError
        return kind(f"{operation}: {text}.", wmi_class=operation.class_name or None)


_GONE = (404, 500, 502, 504)
_HTTP_TEXTS = {
    400: "HTTP 400 without content, which WinRM gives when it cannot decrypt a message",
    403: "HTTP 403, access to the listener is forbidden",
    404: "HTTP 404, there is no WS-Management listener at that port and path",
    500: "HTTP 500 without content, which WinRM gives for a clear-text request while AllowUnencrypted is false; "
    "use HTTPS, or NTLM, Kerberos or CredSSP with message encryption",
}


def _mismatch(answer: Answer, message_id: str | None) -> str | None:
    if message_id is None or answer.relates_to.casefold() == message_id.casefold():
        return None
    return "the answer belongs to another request (RelatesTo differs from the MessageID that was sent)"
