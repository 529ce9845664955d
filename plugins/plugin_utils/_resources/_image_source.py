# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The path that the site reads content from, and why it may be refused there.

The SMS Provider looks at the path with the caller's login. A login over the network cannot be passed on
to a third machine, so a share that the account can read is refused all the same: the double hop.
"""

from __future__ import annotations

import contextlib
import re
import typing as t

from .._errors import AccessDenied, ServerFault, SourceDenied

DENIED_CODES = frozenset({5, 0x80070005})
"""ERROR_ACCESS_DENIED, as a number of Windows and as an HRESULT."""
_UNC = re.compile(r"\\\\[^\\/:*?\"<>|\s]+\\[^\\/:*?\"<>|]+(\\[^/:*?\"<>|]+)*\\?\Z")
_DENIED = re.compile(r"access (is |was )?denied|e_accessdenied", re.IGNORECASE)

CURES = (
    "CredSSP: ansible_winrm_transport: credssp, or ansible_psrp_auth: credssp, which gives the site server the login "
    "itself",
    "Kerberos delegation: ansible_winrm_kerberos_delegation: true, or ansible_psrp_negotiate_delegate: true (or "
    "constrained delegation from the server of the SMS Provider to the file server), with an account that may be "
    "delegated",
    "rights for the computer account: let the computer account of the site server and of the SMS Provider read share "
    "and folder, and allow resource-based delegation where the provider runs on another server",
)
"""The ways out of a double hop, the quickest first."""


def fault_in_path(text: str, *, endings: t.Sequence[str] = ()) -> str | None:
    """Return why a text cannot be the path of a source, ``None`` when it can."""
    if not _UNC.match(text):
        return r"must be a UNC path such as \\server\share\folder: the site reads it from another machine"
    if endings and not text.casefold().endswith(tuple(endings)):
        return f"must name a file that ends with {' or '.join(endings)}"
    return None


def is_denied(error: ServerFault) -> bool:
    """Whether a fault says that somebody was refused, on a share or on the site."""
    if isinstance(error, AccessDenied) or DENIED_CODES & {error.hresult, error.sms_error_code}:
        return True
    detail = error.detail if isinstance(error.detail, dict) else {}
    said = str((detail.get("extended_status") or {}).get("Description") or "")
    return bool(_DENIED.search(said))


@contextlib.contextmanager
def reading(path: str | None, what: str) -> t.Iterator[None]:
    """Explain a refusal of a request for which the site reads ``path``; ``what`` names the request."""
    try:
        yield
    except ServerFault as exc:
        if not path or isinstance(exc, SourceDenied) or not is_denied(exc):
            raise
        error = exc
    else:
        return
    by_windows = bool(DENIED_CODES & {error.hresult, error.sms_error_code})
    doubt = "" if by_windows else " Or the account has no right on the site for this kind of object."
    cures = "; ".join(f"({number}) {cure}" for number, cure in enumerate(CURES, 1))
    raise SourceDenied(
        f"{what}: access to {path} was denied. The site looks at the path with the account of this connection, and a "
        f"network login cannot be passed on to the file server: probably a double hop.{doubt} Cures: {cures}. "
        f"The site said: {error.message}",
        wmi_class=error.wmi_class,
        method=error.method,
        hresult=error.hresult,
        sms_error_code=error.sms_error_code,
        attempted=error.attempted,
        detail={"path": path, "probably": "double_hop", "cures": list(CURES), "fault": error.detail},
    )
