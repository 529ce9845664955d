# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What steps refer to: nothing, themselves, variables that nobody sets; how scripts are run."""

from __future__ import annotations

import re
import typing as t

from ..._cim.instance import Instance
from ..._errors import InvalidInput
from .. import dynamic_variables
from ..secret_places import RULES, has_rules
from .conditions import comparison, leaves
from .context import Context, Node, reference_id, reference_name
from .finding import ERROR, INFO
from .registry import Hit, rule


@rule("nothing-to-install", ERROR, "Name what is installed, or the base variable that lists it.")
def nothing_to_install(context: Context) -> t.Iterator[Hit]:
    """A step installs nothing.

    An application or package step has neither a name nor a base variable.
    """
    wanted = {"install_application": "ApplicationName", "install_package": "PackageID"}
    for node in context.steps:
        name = wanted.get(node.type)
        if name and not (node.step.properties.get(name) or node.step.properties.get("BaseVariableName")):
            yield Hit(node, "names nothing to install and no base variable")


@rule("runs-itself", ERROR, "Run another task sequence, or move the shared steps into one of their own.")
def runs_itself(context: Context) -> t.Iterator[Hit]:
    """A task sequence runs itself.

    A child task sequence that leads back to its parent never ends, and the product does not allow it. Seen is only the
    direct case, by name or ID.
    """
    name, own_id = (context.facts.name or "").casefold(), (context.facts.package_id or "").casefold()
    for node in context.nodes:
        if node.type != "run_task_sequence":
            continue
        value = node.step.properties.get("TsPackageID")
        child_id = reference_id(value)
        child = reference_name(value) or context.facts.child_names.get(child_id) or node.text("TsName")
        if (own_id and child_id.casefold() == own_id) or (name and not own_id and child.casefold() == name):
            yield Hit(node, "runs the task sequence that it is part of", "task_sequence")


@rule("script-policy-bypass", INFO, "Sign the script and set execution_policy: all_signed.", default=False)
def script_policy_bypass(context: Context) -> t.Iterator[Hit]:
    """A PowerShell script runs without the execution policy.

    ``execution_policy: bypass`` runs scripts that nobody signed. Most sequences do it, so the rule is off.
    """
    for node in context.steps:
        if node.type == "run_powershell_script" and node.text("ExecutionPolicy").casefold() == "bypass":
            yield Hit(node, "runs its script with execution_policy: bypass", "execution_policy")


# -- variables -----------------------------------------------------------------------------------

_READ = re.compile(r"%([A-Za-z_][\w.()-]*)%")
_BUILT_IN = re.compile(r"_|OSD|SMS|TS|CCM|MDT|Deploy|Logging|SkipW", re.IGNORECASE)
"""Beginnings of names that the product, its steps, or MDT set."""
_OF_WINDOWS = frozenset(
    "allusersprofile appdata commonprogramfiles commonprogramfiles(x86) computername comspec date errorlevel"
    " homedrive homepath localappdata logonserver number_of_processors os path pathext processor_architecture"
    " programdata programfiles programfiles(x86) programw6432 prompt psmodulepath public random sessionname"
    " systemdrive systemroot temp time tmp userdomain username userprofile windir cd".split()
)
_SETTERS = ("VariableName", "OutputVariableName", "DestinationVariable", "BaseVariableName")
_WORD = re.compile(r"\w+")


@rule("unset-variable", INFO, "Set it, or correct the name; collections and devices can set it too.", default=False)
def unset_variable(context: Context) -> t.Iterator[Hit]:
    """A variable is read that no step sets.

    Variables can also come from collections, devices, media and unknown scripts, so the rule is off. A name that
    stands in a script or a command line counts as set there.
    """
    known = _set_names(context)
    reported = set()
    for node in context.steps:
        for name in _read_names(node):
            key = name.casefold()
            # A list of packages has numbers behind the name of its base variable.
            if key in known or key.rstrip("0123456789") in known:
                continue
            if key in reported or key in _OF_WINDOWS or _BUILT_IN.match(name):
                continue
            reported.add(key)
            yield Hit(node, f"reads {name}, which no step sets")


def _read_names(node: Node) -> t.Iterator[str]:
    for name, value in node.step.properties.items():
        if isinstance(value, str) and ":" not in name and name != "SourceScript":
            yield from (found for found in _READ.findall(value) if found)
    for leaf in leaves(node.condition):
        compared = comparison(leaf)
        if compared is not None and "exist" not in compared[1]:
            yield str(leaf.properties.get("Variable"))


def _set_names(context: Context) -> set[str]:
    found: set[str] = set()
    for node in context.nodes:
        for name in _SETTERS:
            found.add(node.text(name).casefold())
        found.update(word.casefold() for word in _WORD.findall(node.text("SourceScript")))
        # What is written without percent signs may be set there.
        found.update(word.casefold() for word in _WORD.findall(_READ.sub(" ", node.text("CommandLine"))))
        if has_rules(node.step):
            found.update(_rule_names(node.text(RULES)))
        for partition in node.step.properties.get("Partitions") or ():
            if isinstance(partition, Instance):
                found.add(str(partition.get("VolumeLetterVariable") or "").casefold())
    return found


def _rule_names(xml: str) -> t.Iterator[str]:
    try:
        rules = dynamic_variables.parse(xml)
    except InvalidInput:
        return
    for item in rules:
        settings = item.get("set") or ()
        names = settings if isinstance(settings, dict) else (setting["name"] for setting in settings)
        yield from (str(name).casefold() for name in names)
