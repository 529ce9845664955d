# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A scripted transport and small builders of answers."""

from __future__ import annotations

import os
import re
import typing as t
from pathlib import Path

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils._wsman import uris
from ansible_collections.configmgr.osd.plugins.plugin_utils._wsman.transport import HttpStatus, TransportLost

SOAP = "http://www.w3.org/2003/05/soap-envelope"
NAMESPACES = " ".join(
    (
        f'xmlns:s="{SOAP}"',
        f'xmlns:a="{uris.ADDRESSING}"',
        f'xmlns:w="{uris.WSMAN}"',
        f'xmlns:n="{uris.ENUMERATION}"',
        f'xmlns:x="{uris.TRANSFER}"',
        f'xmlns:m="{uris.MS_WSMAN}"',
        f'xmlns:xsi="{uris.XSI}"',
        f'xmlns:cim="{uris.CIM_COMMON}"',
    )
)
CIM = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/"

Step = str | bytes | Exception | t.Callable[[str], t.Any]


def shared(*parts: str) -> Path:
    """Return a path in the shared folder; the test is skipped where there is none."""
    folder = os.environ.get("CONFIGMGR_SHARED")
    if not folder:
        pytest.skip("no shared folder")
    return Path(folder, *parts)


def message_id(request: str) -> str:
    found = re.search(r"<a:MessageID>([^<]+)</a:MessageID>", request)
    return found[1] if found else ""


def answer(body: str, relates_to: str = "") -> str:
    """Return an answer envelope around ``body``."""
    header = f"<s:Header><a:RelatesTo>{relates_to}</a:RelatesTo></s:Header>" if relates_to else "<s:Header/>"
    return f"<s:Envelope {NAMESPACES}>{header}<s:Body>{body}</s:Body></s:Envelope>"


def fault(detail: str, *, subcode: str = "w:InternalError", reason: str = "") -> str:
    """Return a fault element with ``detail`` as the content of its Detail."""
    return (
        f"<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>{subcode}</s:Value></s:Subcode></s:Code>"
        f'<s:Reason><s:Text xml:lang="en-US">{reason}</s:Text></s:Reason><s:Detail>{detail}</s:Detail></s:Fault>'
    )


def wsman_fault(code: int, text: str = "refused", extended: str = "") -> str:
    """Return the detail of Windows' fault, with an extended status when given."""
    inner = f'<f:WSManFault Code="{code}" Machine="m"><f:Message>{text}</f:Message></f:WSManFault>'
    more = f"<f:ExtendedError>{extended}</f:ExtendedError>" if extended else ""
    return (
        f'<f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" Code="{code}" Machine="m">'
        f'<f:Message><f:ProviderFault provider="WMI Provider" path="x">{inner}{more}</f:ProviderFault></f:Message>'
        "</f:WSManFault>"
    )


class FakeTransport:
    """Answers the requests one after the other from a script and keeps them.

    A step is the content of the answer's body, an exception to raise, ready bytes, or a function
    of the request that gives one of these.
    """

    def __init__(self, *steps: Step) -> None:
        self.steps = list(steps)
        self.requests: list[str] = []
        self.timeouts: list[float] = []

    def send(self, body: bytes, *, timeout: float) -> bytes:
        text = body.decode("utf-8")
        self.requests.append(text)
        self.timeouts.append(timeout)
        step: t.Any = self.steps.pop(0)
        if callable(step):
            step = step(text)
        if isinstance(step, BaseException):
            raise step
        if isinstance(step, bytes):
            return step
        if "<s:Fault>" in step:
            raise HttpStatus(500, answer(step, message_id(text)).encode())
        return answer(step, message_id(text)).encode()

    @property
    def verbs(self) -> list[str]:
        """The last part of each request's action."""
        return [re.sub(r".*<a:Action[^>]*>[^<]*/([^</]+)</a:Action>.*", r"\1", request) for request in self.requests]


def lost(*, sent: bool = True) -> TransportLost:
    return TransportLost("connection reset", sent=sent)


def enumerated(rows: str, context: str = "", *, end: str = "") -> str:
    """Return an EnumerateResponse; ``end`` is the EndOfSequence element."""
    return (
        f"<n:EnumerateResponse><n:EnumerationContext>{context}</n:EnumerationContext>"
        f"<w:Items>{rows}</w:Items>{end}</n:EnumerateResponse>"
    )


def pulled(rows: str, context: str = "", *, end: str = "") -> str:
    return (
        f"<n:PullResponse><n:EnumerationContext>{context}</n:EnumerationContext>"
        f"<n:Items>{rows}</n:Items>{end}</n:PullResponse>"
    )


def row(name: str, class_name: str = "SMS_Package") -> str:
    return f'<p:{class_name} xmlns:p="{CIM}{class_name}"><p:Name>{name}</p:Name></p:{class_name}>'
