# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one function that turns text into XML.

``xml.etree`` writes a carriage return as it is, and the receiving parser then makes a line
feed of it; scripts and command lines would come back changed (reference: wsman 1.5). Characters
that XML 1.0 cannot carry are refused here instead of being replaced by the server.
"""

from __future__ import annotations

import re

from .._errors import InvalidInput, Problem

_REFUSED = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_IN_TEXT = re.compile("[&<>\r]")
_IN_ATTRIBUTE = re.compile('[&<>\r\n\t"]')
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;", "\n": "&#10;", "\t": "&#9;", '"': "&quot;"}


def _entity(match: re.Match[str]) -> str:
    return _ENTITIES[match[0]]


def escape(text: str, *, attribute: bool = False, where: str = "text") -> str:
    """Return ``text`` as XML character data (or as the content of a ``"`` delimited attribute).

    Characters of every plane pass as they are. ``where`` names the place for the error.
    Raises InvalidInput for control characters, lone surrogates, U+FFFE and U+FFFF; the message
    never quotes the text, which may be a secret.
    """
    refused = _REFUSED.search(text)
    if refused:
        code = ord(refused[0])
        kind = "half a surrogate pair" if 0xD800 <= code <= 0xDFFF else "a character that XML cannot carry"
        rule = f"position {refused.start() + 1} holds U+{code:04X}, {kind}: remove it"
        raise InvalidInput([Problem(where, "", rule)])
    special = _IN_ATTRIBUTE if attribute else _IN_TEXT
    # Most values need nothing, and a search is much cheaper than a substitution.
    return special.sub(_entity, text) if special.search(text) else text
