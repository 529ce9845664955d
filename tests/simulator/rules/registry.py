# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which rules hold for which class, and which function answers which method."""

from __future__ import annotations

import typing as t

from . import (
    advertisements,
    collections,
    content,
    content_objects,
    content_status,
    devices,
    images,
    locks,
    membership,
    packages,
    placement,
    references,
    settings,
    site_facts,
    status,
)
from .advertisements import AdvertisementRules
from .base import Rules
from .packages import PackageRules
from .programs import ProgramRules
from .references import ReferenceRules
from .task_sequences import TaskSequenceRules

Handler = t.Callable[[t.Any, t.Any, dict[str, t.Any]], dict[str, t.Any]]

RULES: dict[str, Rules] = {
    "SMS_PackageBaseclass": PackageRules(),
    "SMS_TaskSequencePackage": TaskSequenceRules(),
    "SMS_Program": ProgramRules(),
    "SMS_Advertisement": AdvertisementRules(),
    **{name: ReferenceRules() for name in references.CLASSES},
    **collections.RULES, **devices.RULES, **settings.RULES,
    **content_objects.RULES,
    **images.RULES,
    **placement.RULES,
    **content_status.RULES,
    **status.RULES,
}
READ_ONLY = Rules()

HANDLERS: dict[tuple[str, str], Handler] = {
    **packages.HANDLERS,
    **content_objects.HANDLERS,
    **images.HANDLERS,
    **advertisements.HANDLERS,
    **collections.HANDLERS,
    **devices.HANDLERS,
    **locks.HANDLERS,
    **site_facts.HANDLERS,
    **status.HANDLERS,
    **placement.HANDLERS,
}


ACTORS: list[t.Callable[[t.Any], None]] = [
    devices.show_imported,
    membership.evaluate_due,
    content.actor,
    images.actor,
    *status.ACTORS,
]
"""What goes on by itself. Each brings its own rows up to ``site.now()`` and is cheap when nothing is due."""


def rules_for(ancestry: t.Sequence[str]) -> Rules:
    """Return the rules of the nearest class of a line of ancestors."""
    return next((RULES[name] for name in ancestry if name in RULES), READ_ONLY)
