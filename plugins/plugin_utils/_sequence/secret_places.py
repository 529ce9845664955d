# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a step holds secrets: by structure, never by searching for texts.

Four kinds of place (reference: provider-behaviour 3.3): properties that the rules mark as secret,
both values of a Set Variable step that does not show its value, values of dynamic variables with
``IsSecret``, and password properties of classes or properties that nobody documented (MDT).
"""

from __future__ import annotations

import re
import typing as t

from .model import Secret, Step
from .vocabulary import properties_of

SET_VARIABLE = "SMS_TaskSequence_SetVariableAction"
DYNAMIC_VARIABLES = "SMS_TaskSequence_SetDynamicVariablesAction"
HIDDEN_VALUES = ("VariableValue", "HiddenVariableValue")
RULES = "Rules"

_PASSWORD = re.compile(r"password|passphrase|pwd$|productkey", re.IGNORECASE)


def is_true(value: t.Any) -> bool:
    """Return whether a boolean of the model or a boolean text is true."""
    return value is True or (isinstance(value, str) and value.strip().casefold() in ("true", "1"))


def is_secret(step: Step, name: str) -> bool:
    """Return whether a property of a step is a secret as a whole (``Rules`` is one in parts only)."""
    if name in HIDDEN_VALUES and step.class_name.casefold() == SET_VARIABLE.casefold():
        return name == "HiddenVariableValue" or is_true(step.properties.get("DoNotShowVariableValue"))
    known = (properties_of(step.class_name) or {}).get(name)
    if known is not None:
        return known.secret
    # RandomAdminPassword and the like are documented switches; an unknown name is judged by its wording.
    return bool(_PASSWORD.search(name))


def secret_names(step: Step) -> list[str]:
    """Return the names of the secret properties a step could have, in a stable order."""
    names = [name for name in properties_of(step.class_name) or () if is_secret(step, name)]
    names += [name for name in step.properties if name not in names and is_secret(step, name)]
    return names


def has_rules(step: Step) -> bool:
    """Return whether a step holds dynamic variable rules as text."""
    return step.class_name.casefold() == DYNAMIC_VARIABLES.casefold() and isinstance(step.properties.get(RULES), str)


def secret_text(value: t.Any) -> str:
    """Return the text of a secret as the model holds it; empty when there is none."""
    if isinstance(value, Secret):
        return value.value or ""
    return value if isinstance(value, str) else ""
