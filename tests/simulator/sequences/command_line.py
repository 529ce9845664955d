# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The text of ``<action>``: a template of the class filled with the step's arguments (task-sequence-xml 3)."""

from __future__ import annotations

import re
import typing as t

from ..objects import Obj
from .forms import Form

CONDITIONAL = re.compile(r"<\?(\d+):(.*?)>")
PIECE = re.compile(r"%%|%(\d+)")


def action_text(form: Form, step: Obj) -> str:
    """Return the command line of a step. A doubled percent sign collapses, also one inside a value."""
    values: dict[int, t.Any] = {}
    for variable in form.variables:
        if variable.argument is not None:
            values[variable.argument] = step.get(variable.prop.name)

    def keep(match: re.Match[str]) -> str:
        return match.group(2) if values.get(int(match.group(1))) is not None else ""

    def fill(match: re.Match[str]) -> str:
        if match.group(1) is None:
            return "%%"
        return _argument(values.get(int(match.group(1))))

    return PIECE.sub(fill, CONDITIONAL.sub(keep, form.command_line)).replace("%%", "%")


def _argument(value: t.Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "True" if value else "False"
    return str(value)
