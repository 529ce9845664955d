# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the option ``lint`` of a module makes of findings."""

from __future__ import annotations

import typing as t

from ..._errors import InvalidInput, Problem
from .finding import WARNING, Finding, at_least

MODES = ("warn", "fail", "ignore")
_MOST = 20
"""Warnings that a task prints; all findings are in its result."""


def judge(findings: t.Sequence[Finding], mode: str) -> list[str]:
    """Return the warnings that a task prints.

    Only errors and warnings count; what is merely worth knowing is in the result.

    :raises InvalidInput: the mode is ``fail`` and something counts; one problem for each.
    """
    counting = [finding for finding in findings if at_least(finding.severity, WARNING)]
    if mode == "fail" and counting:
        raise InvalidInput([Problem(item.path, item.step, _sentence(item)) for item in counting])
    if mode != "warn":
        return []
    texts = [f"lint: {finding}" for finding in counting[:_MOST]]
    if len(counting) > _MOST:
        texts.append(f"lint: {len(counting) - _MOST} more findings are in the result.")
    return texts


def _sentence(finding: Finding) -> str:
    return f"{finding.message}. {finding.hint} (lint rule {finding.rule})"
