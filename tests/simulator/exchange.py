# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the body of an authenticated HTTP request to the answer: limits, faults on demand, the journal."""

from __future__ import annotations

import contextlib
import dataclasses
import sys
import threading
import time
import traceback
import typing as t

from . import envelope, faults
from .enumeration import Enumerations
from .faultplan import FaultPlan, Rule
from .journal import Entry, Journal
from .objects import ProviderError
from .operations import Call, Operations, Provider, Settings, action_of_answer, envelope_too_large

SOAP_TYPE = "application/soap+xml;charset=UTF-8"


@dataclasses.dataclass
class Reply:
    """What goes back. ``ending`` is normal, truncate (half of the body), drop (nothing) or reset (abruptly)."""

    status: int
    body: bytes = b""
    ending: str = "normal"


class Front:
    """One simulated site as its listeners see it: the provider, its journal, its fault plan, its enumerations."""

    def __init__(self, name: str, provider: Provider, settings: Settings) -> None:
        self.name = name
        self.provider = provider
        self.settings = settings
        self.journal = Journal()
        self.plan = FaultPlan()
        self.enumerations = Enumerations()
        self.operations = Operations(provider, self.enumerations, settings)
        self.lock = threading.RLock()
        self._connections = 0

    def next_connection(self) -> int:
        """Number a TCP connection."""
        with self.lock:
            self._connections += 1
            return self._connections

    def acting(self, principal: str, call: Call) -> t.ContextManager[t.Any]:
        """Tell the provider who acts and with which context values, when it wants to know."""
        acting = getattr(self.provider, "acting", None)
        if acting is None:
            return contextlib.nullcontext()
        context = {}
        if self.settings.explicit_lock == "honour":
            context = {name[4:]: value for name, value in call.request.options if name.startswith("wmi:")}
        return acting(principal, context)

    def reset(self, seed: t.Any = None) -> None:
        """Go back to the start: store, journal, faults, enumerations."""
        with self.lock:
            self.provider.reset(seed)  # type: ignore[attr-defined]
            self.journal.clear()
            self.plan.clear()
            self.enumerations.clear()

    def refuse_http(self, entry: Entry, status: int, text: str) -> Reply:
        """Note a request that ends with an HTTP status and no body."""
        entry.outcome, entry.code, entry.text = "http", status, text
        self.journal.add(entry)
        return Reply(status)

    def handle(self, entry: Entry, content_type: str, body: bytes) -> Reply:
        """Answer one request; ``entry`` brings port, connection and principal."""
        started = time.perf_counter()
        entry.bytes_in = len(body)
        if self.journal.keep_bodies:
            entry.request = body.decode("utf-8", "replace")
        problem = _content_type_problem(content_type)
        reply = self._refuse_type(entry, problem) if problem else self._answer(entry, body)
        entry.bytes_out = len(reply.body)
        entry.ms = round((time.perf_counter() - started) * 1000, 3)
        if self.journal.keep_bodies:
            entry.response = reply.body.decode("utf-8", "replace")
        self.journal.add(entry)
        return reply

    @staticmethod
    def _refuse_type(entry: Entry, problem: str) -> Reply:
        entry.outcome, entry.code, entry.text = "http", 415, problem
        return Reply(415)

    def _answer(self, entry: Entry, body: bytes) -> Reply:
        class_base = faults.DMTF_CLASS
        relates_to = None
        try:
            request = envelope.parse(
                body, allow_operation_id=self.settings.allow_operation_id,
                require_precise=self.settings.require_precise)
            if request.identify:
                entry.verb, entry.executed = "Identify", True
                return Reply(200, envelope.identify_answer())
            relates_to = request.message_id
            call = self.operations.understand(request, entry)
            class_base = call.target.class_base
            return self._carry_out(entry, call)
        except faults.Fault as fault:
            if entry.outcome == "ok":
                entry.outcome = "fault"
            entry.code, entry.text = fault.code, fault.text
            return Reply(500, faults.render(fault, relates_to or envelope.message_id_of(body), class_base))

    def _carry_out(self, entry: Entry, call: Call) -> Reply:
        if entry.port == "read_only" and entry.write:
            entry.outcome = "refused_write"
            what = f"{entry.class_name}.{entry.method}" if entry.method else entry.class_name
            raise faults.access_denied(
                f"READ-ONLY PORT: {entry.verb} of {what} is a write, and this port of the simulated site refuses every"
                " write. A client in check mode must not send it.")
        facts = {"verb": entry.verb, "class": entry.class_name, "method": entry.method, "port": entry.port,
                 "principal": entry.principal}
        rule = self.plan.consult(facts, entry.write)
        if rule is not None:
            entry.injected = f"{rule.kind} {rule.when}"
            if rule.when == "before":
                reply = self._strike(entry, call, rule)
                if reply is not None:
                    return reply
        data = self._execute(entry, call)
        if rule is not None and rule.when == "after":
            reply = self._strike(entry, call, rule)
            if reply is not None:
                return reply
        limit = self.operations.limit(call.request)
        if len(data) > limit:
            by_client = limit < self.settings.max_envelope
            raise envelope_too_large(entry.verb, len(data), limit, by_client)
        ending = "truncate" if rule is not None and rule.kind == "truncate" else "normal"
        if ending == "truncate":
            entry.outcome = "dropped"
        return Reply(200, data, ending)

    def _execute(self, entry: Entry, call: Call) -> bytes:
        principal = entry.principal or ""
        notes = getattr(self.provider, "notes", [])
        before = len(notes)
        try:
            with self.lock, self.acting(principal, call):
                body = self.operations.execute(call, principal)
        except faults.Fault:
            raise
        except Exception as error:  # a defect of the simulator must reach the test that hits it, loudly
            traceback.print_exc(file=sys.stderr)
            entry.outcome = "crash"
            raise faults.Fault(
                "w:InternalError", faults.PROVIDER_COULD_NOT, f"SIMULATOR DEFECT: {type(error).__name__}: {error}",
                sender=False, shape="C") from error
        finally:
            entry.executed = call.done
            entry.fatal = any(note.get("fatal") for note in notes[before:])
        return envelope.answer(action_of_answer(call.request), call.request.message_id, body)

    def _strike(self, entry: Entry, call: Call, rule: Rule) -> Reply | None:
        """Do what a rule says; None when the request goes on."""
        if rule.kind == "truncate":
            return None
        if rule.kind == "slow":
            return self._wait(entry, call, rule)
        if rule.kind == "http":
            entry.outcome, entry.code = "http", rule.status
            return Reply(rule.status)
        if rule.kind == "drop":
            entry.outcome = "dropped"
            return Reply(0, b"", "reset" if rule.reset else "drop")
        if rule.kind == "fault":
            raise _planned_fault(rule)
        raise faults.from_provider(_planned_refusal(rule, entry, call), call.verb, call.path)

    @staticmethod
    def _wait(entry: Entry, call: Call, rule: Rule) -> Reply | None:
        """A request that takes longer than its timeout ends with the fault of Windows; Pull has no such limit."""
        limited = entry.verb != "Pull" and rule.seconds >= call.request.timeout
        time.sleep(call.request.timeout if limited else rule.seconds)
        if not limited:
            return None
        raise _timed_out()


def _timed_out() -> faults.Fault:
    return faults.Fault(
        "w:TimedOut", faults.TIMED_OUT, "The WS-Management service cannot complete the operation within the time"
        " specified in OperationTimeout. ", sender=False)


def _planned_fault(rule: Rule) -> faults.Fault:
    if rule.code == faults.TIMED_OUT:
        return _timed_out()
    code = rule.code or 0
    text = rule.text or f"{faults.SORRY}Planned fault 0x{code:08X}. "
    if code in (faults.ACCESS_DENIED, 0x80070005):
        return faults.Fault("w:AccessDenied", code, rule.text or "Access is denied. ")
    if code in (faults.ENVELOPE_TOO_LARGE, faults.CLIENT_ENVELOPE_LIMIT, faults.SERVER_ENVELOPE_LIMIT):
        return faults.Fault("w:EncodingLimit", code, text, detail="MaxEnvelopeSize")
    if code & 0xFFFFF000 == 0x80041000:
        return faults.from_provider(ProviderError(code, rule.text or "Planned fault."), "Invoke", "")
    return faults.Fault("w:InternalError", code, text, sender=False)


def _planned_refusal(rule: Rule, entry: Entry, call: Call) -> ProviderError:
    if rule.kind == "denied":
        return ProviderError(faults.WBEM_ACCESS_DENIED, rule.text or "Access denied. ")
    if rule.kind == "locked":
        return faults.locked("CORP\\other-admin", call.path)
    text = rule.description or "The SMS Provider reported an error."
    return ProviderError(faults.WBEM_FAILED, rule.text or "Generic failure", {
        "Description": text, "ErrorCode": rule.error_code or 2147500037, "File": "ssptspackage.cpp", "Line": 1234,
        "ObjectInfo": entry.class_name, "ParameterInfo": call.path, "StatusCode": faults.WBEM_FAILED,
    })


def _content_type_problem(value: str) -> str | None:
    parts = [part.strip() for part in value.split(";")]
    if parts[0].casefold() != "application/soap+xml":
        return f"The content type must be application/soap+xml and is {value or 'missing'}."
    charset = [part.partition("=")[2].strip('"') for part in parts[1:] if part.casefold().startswith("charset=")]
    if [item.casefold() for item in charset] != ["utf-8"]:
        return f"The charset must be UTF-8; the content type is {value}."
    return None
