# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sequences that a site holds: object trees and texts with their secrets, beside the package rows.

The rows hold the text as a reader may see it; what is clear never leaves these side tables unasked.
"""

from __future__ import annotations

import typing as t

from ..objects import Obj
from . import secrets
from .forms import SEQUENCE, Forms
from .text_read import TextReader
from .text_write import TextWriter

if t.TYPE_CHECKING:
    from ..provider import Site

PACKAGE = "SMS_TaskSequencePackage"
MODELS = "sequence_models"
TOKENS = "sequence_tokens"
TEXTS = "sequence_texts"
_FORMS: dict[int, Forms] = {}


def forms_of(site: Site) -> Forms:
    """Return the forms of a site's schema; schemas live as long as the process."""
    key = id(site.schema)
    made = _FORMS.get(key)
    if made is None or made.schema is not site.schema:
        made = _FORMS[key] = Forms(site.schema)
    return made


def remember(site: Site, package_id: str, sequence: Obj) -> None:
    """Keep a sequence, secrets in clear, as the site's own."""
    site.store.side(MODELS)[package_id.casefold()] = sequence.copy()


def recall(site: Site, row: Obj) -> Obj:
    """Return a copy of the sequence of a package row, secrets in clear.

    A row that came with a text and never went through SetSequence is read from its text.
    """
    package_id = str(row.get("PackageID", ""))
    kept = site.store.side(MODELS).get(package_id.casefold())
    if kept is not None:
        return kept.copy()
    text = row.get("Sequence")
    if not text:
        return Obj(SEQUENCE, {"SchemaVersion": None, "Steps": []})
    return TextReader(forms_of(site), keep_cr=True).read(str(text))


def shown(site: Site, sequence: Obj) -> Obj:
    """Return what a reader gets of a sequence under the switch ``secrets``."""
    return secrets.shown(forms_of(site), sequence, site.switches.secrets, site.store.side(TOKENS))


def render(site: Site, package_id: str, sequence: Obj) -> str:
    """Return the text that a reader gets of a sequence, and keep it for ``shown_text``."""
    text = TextWriter(forms_of(site)).write(shown(site, sequence))
    site.store.side(TEXTS)[package_id.casefold()] = (site.switches.secrets, text)
    return text


def shown_text(site: Site, row: Obj) -> str | None:
    """Return the property Sequence of a package row under the switch ``secrets`` as it stands now."""
    package_id = str(row.get("PackageID", ""))
    mode, text = site.store.side(TEXTS).get(package_id.casefold(), (None, None))
    if mode == site.switches.secrets:
        return str(text)
    if row.get("Sequence") is None:
        return None
    return render(site, package_id, recall(site, row))
