# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All rules, in the order of the reference."""

from __future__ import annotations

from . import (
    rules_content,
    rules_destructive,
    rules_environment,
    rules_limits,
    rules_reach,
    rules_secrets,
    rules_tidy,
)
from .finding import SEVERITIES
from .registry import RULES, LintRule

MODULES = (
    rules_destructive,
    rules_environment,
    rules_secrets,
    rules_reach,
    rules_content,
    rules_limits,
    rules_tidy,
)
"""Importing them is what fills the registry."""


def all_rules() -> list[LintRule]:
    """Return all rules, the worst severity first."""
    return sorted(RULES.values(), key=lambda rule: (SEVERITIES.index(rule.severity), rule.id))


__all__ = ["MODULES", "RULES", "all_rules"]
