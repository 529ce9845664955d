# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The envelope limit of the server and the one message about it (reference: wsman 9)."""

from __future__ import annotations

from .._errors import RequestTooLarge

DEFAULT_KIB = 500
"""MaxEnvelopeSizekb of Windows Server 2012 and later, for requests and answers."""

REMEDY = 'winrm set winrm/config @{MaxEnvelopeSizekb="8192"}'

SIZE_CODES = frozenset((0x80338026, 0x80338047, 0x80338048, 0x80338049, 0x80338111))


def request_limit(max_envelope_size: int | None) -> int:
    """Return the largest request in bytes.

    ``max_envelope_size`` is the server's MaxEnvelopeSizekb in KiB when it is known. Without it the
    default less 5 % holds, because message encryption adds to what the server measures.
    """
    return max_envelope_size * 1024 if max_envelope_size else DEFAULT_KIB * 1024 * 95 // 100


def too_large(
    request_bytes: int, limit: int, *, what: str, refused_by_server: bool, hresult: int | None = None
) -> RequestTooLarge:
    """Return the error for a request or answer beyond the server's MaxEnvelopeSizekb.

    ``what`` names the operation. The text holds the measured size, the limit and the line that
    raises it; ``detail`` has both numbers.
    """
    if refused_by_server:
        start = (
            f"{what}: the request or its answer exceeds the envelope limit of the site server. "
            f"The request has {request_bytes} bytes; a limit of {limit} bytes was assumed."
        )
    else:
        start = (
            f"{what}: the request has {request_bytes} bytes, more than the {limit} bytes that the site server "
            f"accepts. Nothing was sent."
        )
    message = (
        f"{start} Raise the limit on the site server with: {REMEDY} and set the option max_envelope_size to the same "
        f"number."
    )
    return RequestTooLarge(message, hresult=hresult, detail={"request_bytes": request_bytes, "limit_bytes": limit})
