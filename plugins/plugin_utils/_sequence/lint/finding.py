# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a rule found, and how bad that is."""

from __future__ import annotations

import typing as t

ERROR = "error"
"""The site refuses it, or it cannot work."""
WARNING = "warning"
"""It works on some machines only, or it does harm."""
INFO = "info"
"""Worth knowing; often meant."""
SEVERITIES = (ERROR, WARNING, INFO)
"""From the worst on."""


class Finding(t.NamedTuple):
    """One finding. No text of it ever holds the value of a secret."""

    rule: str
    """The id of the rule."""
    severity: str
    path: str
    """Place in the form of the play, such as ``steps[3].steps[0].condition[0]``, or a package option."""
    step: str
    """Name of the step or group, empty for a finding on the whole task sequence."""
    message: str
    """What is there."""
    hint: str
    """What to do about it."""

    def as_dict(self) -> dict[str, str]:
        """Return the finding as plain data for results and filters."""
        return {
            "rule": self.rule,
            "severity": self.severity,
            "path": self.path,
            "step": self.step,
            "message": self.message,
            "hint": self.hint,
        }

    def __str__(self) -> str:
        named = f" '{self.step}'" if self.step else ""
        return f"{self.path}{named}: {self.message} ({self.rule}). {self.hint}"


def at_least(severity: str, limit: str) -> bool:
    """Say whether a severity is as bad as a limit or worse."""
    return SEVERITIES.index(severity) <= SEVERITIES.index(limit)
