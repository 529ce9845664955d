# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the client needs from below: bytes of an envelope in, bytes of the answer out."""

from __future__ import annotations

import typing as t

QUICK = 3.0
"""Seconds. A ``timeout`` up to this is meant exactly (cleanup); a longer one is a lower bound, because
a user may have raised the connection's own read timeout."""


class HttpStatus(Exception):
    """An answer that is not 2xx. A status of 500 carries the SOAP fault in ``body``."""

    def __init__(self, status: int, body: bytes = b"") -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.body = body


class TransportLost(Exception):
    """No answer. ``sent`` says whether the server could have received the request."""

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


class Transport(t.Protocol):
    """One authenticated way to a WinRM listener."""

    def send(self, body: bytes, *, timeout: float) -> bytes:
        """Post ``body`` and return the body of a 2xx answer.

        ``timeout`` is in seconds, see ``QUICK``. Raises HttpStatus, TransportLost, or a leaf of
        Unreachable (LoginFailed, TlsFailed), which all mean that the request was not carried out.
        """
