# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which rules hold for which class, and which function answers which method."""

from __future__ import annotations

import typing as t

from . import advertisements, locks, packages, references, site_facts
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
}
READ_ONLY = Rules()

HANDLERS: dict[tuple[str, str], Handler] = {
    **packages.HANDLERS, **advertisements.HANDLERS, **locks.HANDLERS, **site_facts.HANDLERS,
}


ACTORS: list[t.Callable[[t.Any], None]] = []
"""What goes on by itself. Each brings its own rows up to ``site.now()`` and is cheap when nothing is due."""


def rules_for(ancestry: t.Sequence[str]) -> Rules:
    """Return the rules of the nearest class of a line of ancestors."""
    return next((RULES[name] for name in ancestry if name in RULES), READ_ONLY)
