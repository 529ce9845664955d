# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Secrets that stand where everybody can read them. Messages name places, never values."""

from __future__ import annotations

import typing as t

from ..._errors import InvalidInput
from .. import dynamic_variables
from ..secret_places import RULES, has_rules
from . import literals
from .conditions import comparison, leaves
from .context import Context
from .finding import WARNING
from .registry import Hit, rule


@rule("secret-in-variable", WARNING, "Set secret: true on the step or variable.")
def secret_in_variable(context: Context) -> t.Iterator[Hit]:
    """A variable whose name says password gets a value that everybody can read.

    Set Task Sequence Variable and dynamic variables can mask their values with ``secret: true``. The name of the
    variable ends like password, passphrase, PIN, secret, token, key for an interface or product key. References to
    other variables and switches such as true are no secrets.
    """
    for node in context.nodes:
        if node.type == "set_task_sequence_variable":
            name = node.text("VariableName")
            if not node.flag("DoNotShowVariableValue") and literals.is_secret_pair(name, node.text("VariableValue")):
                yield Hit(node, f"the value of {name} is not masked", "value")
        elif has_rules(node.step):
            for name in _open_variables(node.text(RULES)):
                yield Hit(node, f"the value of {name} is not masked", "rules")


def _open_variables(xml: str) -> list[str]:
    try:
        rules = dynamic_variables.parse(xml)
    except InvalidInput:
        return []
    found = []
    for item in rules:
        settings = item.get("set") or []
        if isinstance(settings, dict):
            settings = [{"name": name, "value": value} for name, value in settings.items()]
        found += [
            str(setting["name"])
            for setting in settings
            if not setting.get("secret") and literals.is_secret_pair(str(setting["name"]), setting.get("value"))
        ]
    return list(dict.fromkeys(found))


@rule("secret-in-command", WARNING, "Put the secret into a masked variable and write %Variable% in its place.")
def secret_in_command(context: Context) -> t.Iterator[Hit]:
    """A command line or the parameters of a script hold a password.

    Looked for are named values such as ``/password:``, ``-Token``, ``PIN=``, the password of ``net use``,
    ``net user``, ``curl -u`` and of a URL. What is written with variables (``%Name%``, ``$name``) is no literal.
    The client also writes command lines into its log unless OSDDoNotLogCommand is set.
    """
    for node in context.nodes:
        for name, option in (("CommandLine", "command_line"), ("Parameters", "parameters")):
            what = literals.in_command(node.text(name))
            if what:
                yield Hit(node, f"{what} is written in plain text", option)


@rule("secret-in-script", WARNING, "Read it from a masked variable through Microsoft.SMS.TSEnvironment.")
def secret_in_script(context: Context) -> t.Iterator[Hit]:
    """An embedded script holds a password.

    Looked for are literals that become secure strings, and literals that are assigned to something whose name ends
    like password. Embedded scripts can be read by everybody who may read the task sequence.
    """
    for node in context.nodes:
        for line, what in literals.in_script(node.text("SourceScript")):
            yield Hit(node, f"{what} in line {line} of the script is written in plain text", "script")


@rule("secret-in-condition", WARNING, "Compare with %Variable%, or ask only whether the variable exists.")
def secret_in_condition(context: Context) -> t.Iterator[Hit]:
    """A condition compares a password with a literal.

    Conditions are never masked.
    """
    for node in context.nodes:
        for leaf in leaves(node.condition):
            compared = comparison(leaf)
            if compared and "exist" not in compared[1] and literals.is_secret_pair(compared[0], compared[2]):
                yield Hit(node, f"compares {leaf.properties['Variable']} with a literal", "condition")
