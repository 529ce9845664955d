# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the references of a sequence point at on the site (provider-behaviour 2.10)."""

from __future__ import annotations

import typing as t

from ..objects import Obj
from . import model
from .references import ANY_PROGRAM, PLACEHOLDER, Reference, references_of

if t.TYPE_CHECKING:
    from ..provider import Site

PACKAGES = "SMS_PackageBaseclass"
BOOT_IMAGE = "SMS_BootImagePackage"


def application(site: Site, model_name: str) -> Obj | None:
    """Return the row of the latest revision of an application, or of any revision."""
    for class_name in ("SMS_ApplicationLatest", "SMS_Application"):
        for row in site.store.scan(class_name):
            if str(row.get("ModelName", "")).casefold() == model_name.casefold():
                return row
    return None


def target(site: Site, reference: Reference) -> Obj | None:
    """Return the row that a reference points at; None when the site has none (a dangling reference)."""
    if reference.application:
        return application(site, reference.id)
    row = site.store.peek(PACKAGES, (reference.id,)) if reference.id != PLACEHOLDER else None
    if row is None or reference.program is None:
        return row
    if reference.program == ANY_PROGRAM:
        return row if row.class_name == model.PACKAGE else None
    return row if site.store.peek("SMS_Program", (reference.id, reference.program)) is not None else None


def dangling(site: Site, sequence: Obj, boot_image: str | None) -> list[str]:
    """Return the IDs that a sequence and its package refer to and the site does not have."""
    found = [item.id for item in references_of(model.forms_of(site), sequence) if target(site, item) is None]
    if boot_image and site.store.peek(BOOT_IMAGE, (boot_image,)) is None:
        found.append(boot_image)
    return list(dict.fromkeys(found))
