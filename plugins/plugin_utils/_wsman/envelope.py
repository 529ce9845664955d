# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Builds request envelopes as Windows' own client does (reference: wsman 1.3, 1.4)."""

from __future__ import annotations

import typing as t
import uuid

from . import uris
from .xmltext import escape

MAX_ENVELOPE_SIZE = 8 * 1024 * 1024
"""Bytes asked for in ``w:MaxEnvelopeSize``; the server clamps it to its own MaxEnvelopeSizekb."""

BODY_PREFIXES = frozenset(("s", "a", "w", "n", "m", "x", "xsi", "cim"))
"""Prefixes that every envelope declares; body fragments may use them and must not redefine them."""

# Any host name is accepted here, and a trace of a user then does not tell where it was recorded.
_TO = "http://localhost:5985/wsman"

_OPEN = (
    f'<s:Envelope xmlns:s="{uris.SOAP}" xmlns:a="{uris.ADDRESSING}" xmlns:w="{uris.WSMAN}"'
    f' xmlns:n="{uris.ENUMERATION}" xmlns:m="{uris.MS_WSMAN}" xmlns:x="{uris.TRANSFER}"'
    f' xmlns:xsi="{uris.XSI}" xmlns:cim="{uris.CIM_COMMON}">'
    f"<s:Header><a:To>{_TO}</a:To>"
)
_REPLY_TO = f'<a:ReplyTo><a:Address s:mustUnderstand="true">{uris.ANONYMOUS}</a:Address></a:ReplyTo>'
_LOCALE = (
    '<w:Locale xml:lang="en-US" s:mustUnderstand="false"/><m:DataLocale xml:lang="en-US" s:mustUnderstand="false"/>'
)
_IDENTIFY = (
    f'<s:Envelope xmlns:s="{uris.SOAP}" xmlns:i="{uris.IDENTITY}">'
    "<s:Header/><s:Body><i:Identify/></s:Body></s:Envelope>"
)


class Option(t.NamedTuple):
    """One entry of ``w:OptionSet``."""

    name: str
    value: str
    type: str = "xs:string"


PRECISE_ARRAYS = Option("msftwinrm:UsePreciseArrays", "true", "xs:boolean")


def new_message_id() -> str:
    return f"uuid:{str(uuid.uuid4()).upper()}"


def selector_text(value: t.Any, where: str) -> str:
    """Return a key value as a selector carries it: booleans in lower case, numbers in decimal."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return escape(str(value), where=where)


def build(
    *,
    action: str,
    resource_uri: str,
    selectors: t.Iterable[tuple[str, t.Any]] = (),
    options: t.Iterable[Option] = (),
    operation_timeout: float = 60.0,
    message_id: str,
    body: str = "",
) -> bytes:
    """Return a whole envelope in UTF-8.

    ``body`` is the content of ``s:Body`` as XML text. ``p:OperationID`` is never sent: with it the
    server answers in several envelopes at once, which no HTTP client here could read. ResourceURI
    stands before SelectorSet because one server family needs that order.
    """
    parts = [
        _OPEN,
        f'<w:ResourceURI s:mustUnderstand="true">{escape(resource_uri)}</w:ResourceURI>',
        _REPLY_TO,
        f'<a:Action s:mustUnderstand="true">{escape(action)}</a:Action>',
        f'<w:MaxEnvelopeSize s:mustUnderstand="true">{MAX_ENVELOPE_SIZE}</w:MaxEnvelopeSize>',
        f"<a:MessageID>{message_id}</a:MessageID>",
        _LOCALE,
        f"<w:OperationTimeout>PT{operation_timeout:.3f}S</w:OperationTimeout>",
    ]
    chosen = list(selectors)
    if chosen:
        parts.append("<w:SelectorSet>")
        for name, value in chosen:
            parts.append(f'<w:Selector Name="{escape(name, attribute=True)}">{selector_text(value, name)}</w:Selector>')
        parts.append("</w:SelectorSet>")
    parts.append("<w:OptionSet>")
    for option in (*options, PRECISE_ARRAYS):
        parts.append(
            f'<w:Option Name="{escape(option.name, attribute=True)}" Type="{option.type}">'
            f"{escape(option.value)}</w:Option>"
        )
    parts.append(f"</w:OptionSet></s:Header><s:Body>{body}</s:Body></s:Envelope>")
    return "".join(parts).encode("utf-8")


def build_identify() -> bytes:
    """Return the Identify request, the only one without addressing headers."""
    return _IDENTIFY.encode("utf-8")
