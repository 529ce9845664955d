# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can be said about a condition without running it."""

from __future__ import annotations

import re
import typing as t

from ..model import PREFIX, Operand, Ref
from .context import PE

OPERATOR = (PREFIX + "ConditionOperator").casefold()
VARIABLE = (PREFIX + "VariableConditionExpression").casefold()
WMI = (PREFIX + "WMIConditionExpression").casefold()
IN_PE = "_smstsinwinpe"

_NEGATED = {
    "equals": "notequals",
    "notequals": "equals",
    "exists": "notexists",
    "notexists": "exists",
}
_MACHINE = re.compile(
    r"_SMSTS(BootUEFI|MediaType|ClientCache|InWinPE|Make|Model|WTG|LaunchMode)|_OSDMigrateUseHardlinks"
    r"|Is(UEFI|VM|Laptop|Desktop|Server|Tablet|OnBattery)|Make|Model|Manufacturer|Product|SystemSKU|Physical",
    re.IGNORECASE,
)
"""Variables that describe the machine or the way it was started, not what is wanted for it."""
_MACHINE_CLASSES = re.compile(
    r"\bfrom\s+(Win32_(ComputerSystem|BaseBoard|BIOS|DiskDrive|DiskPartition|LogicalDisk|Processor|SystemEnclosure"
    r"|Battery|NetworkAdapter|PhysicalMemory|PnPEntity|VideoController|Tpm|PortableBattery)|MSFT_|MSFC_|MS_System)",
    re.IGNORECASE,
)


def logic(operand: Operand) -> str:
    """Return ``and``, ``or`` or ``not`` for a plain operator, empty for anything else."""
    if operand.operands is None or operand.class_name.casefold() != OPERATOR:
        return ""
    return str(operand.properties.get("OperatorType") or "").casefold()


def leaves(operands: t.Iterable[Operand]) -> t.Iterator[Operand]:
    """Yield the expressions of a condition."""
    for operand in operands:
        if operand.operands is None:
            yield operand
        else:
            yield from leaves(operand.operands)


def groups(operands: t.Sequence[Operand], place: str) -> t.Iterator[tuple[str, Operand]]:
    """Yield the operators of a condition with their places in the form of the play."""
    words = {"and": "all", "or": "any", "not": "none"}
    for index, operand in enumerate(operands):
        here = f"{place}[{index}]"
        if operand.operands is not None:
            if not is_named_platform(operand):
                yield here, operand
            yield from groups(operand.operands, f"{here}.{words.get(logic(operand), 'operands')}")


def is_named_platform(operand: Operand) -> bool:
    """Say whether a platform is only named so far; the site has its keys and queries."""
    return isinstance(operand.properties.get("Name"), Ref)


def comparison(operand: Operand) -> tuple[str, str, str] | None:
    """Return variable, operator and value of a variable condition, the first two without regard to case."""
    if operand.class_name.casefold() != VARIABLE:
        return None
    properties = operand.properties
    name, operator = (str(properties.get(key) or "").casefold() for key in ("Variable", "Operator"))
    return name, operator or "equals", str(properties.get("Value") or "")


def is_gate(operands: t.Iterable[Operand]) -> bool:
    """Say whether a condition asks for more than what kind of machine this is."""
    return any(_asks_for_intent(leaf) for leaf in leaves(operands))


def _asks_for_intent(leaf: Operand) -> bool:
    compared = comparison(leaf)
    if compared is not None:
        return not _MACHINE.fullmatch(compared[0])
    if leaf.class_name.casefold() == WMI:
        return not _MACHINE_CLASSES.search(str(leaf.properties.get("Query") or ""))
    return True


# -- truth in an environment -------------------------------------------------------------------


def truth(operands: t.Iterable[Operand], environment: str) -> bool | None:
    """Return whether a condition holds in an environment, ``None`` when that depends on other things."""
    return _all(_truth(operand, environment) for operand in operands)


def _truth(operand: Operand, environment: str) -> bool | None:
    if operand.operands is None:
        return _compare(operand, environment)
    if not operand.operands:
        return None
    inner = [_truth(item, environment) for item in operand.operands]
    kind = logic(operand)
    if kind == "and":
        return _all(inner)
    if kind == "or":
        return _negate(_all(_negate(item) for item in inner))
    if kind == "not":
        return _all(_negate(item) for item in inner)
    return None


def _all(values: t.Iterable[bool | None]) -> bool | None:
    found = list(values)
    if False in found:
        return False
    return None if None in found else True


def _negate(value: bool | None) -> bool | None:
    return None if value is None else not value


def _compare(operand: Operand, environment: str) -> bool | None:
    compared = comparison(operand)
    if compared is None or compared[0] != IN_PE or compared[1] not in ("equals", "notequals"):
        return None
    wanted = {"true": True, "false": False}.get(compared[2].strip().casefold())
    if wanted is None:
        return None
    return (wanted == (environment == PE)) == (compared[1] == "equals")


# -- contradictions ------------------------------------------------------------------------------


def contradiction(operands: t.Iterable[Operand]) -> str | None:
    """Return the variable about which a condition asks for two things that exclude each other."""
    wanted: dict[str, dict[str, set[str]]] = {}
    shown: dict[str, str] = {}
    for operand, holds in _required(operands, True):
        compared = comparison(operand)
        if compared is None:
            continue
        name, operator, value = compared
        operator = operator if holds else _NEGATED.get(operator, "")
        # A value with another variable in it is only known when the sequence runs.
        if operator in ("equals", "notequals", "exists", "notexists") and "%" not in value:
            wanted.setdefault(name, {}).setdefault(operator, set()).add(value.casefold())
            shown.setdefault(name, str(operand.properties.get("Variable")))
    for name, operators in wanted.items():
        equal = operators.get("equals", set())
        if (
            len(equal) > 1
            or equal & operators.get("notequals", set())
            or "notexists" in operators
            and ("exists" in operators or equal - {""})
        ):
            return shown[name]
    return None


def _required(operands: t.Iterable[Operand], holds: bool) -> t.Iterator[tuple[Operand, bool]]:
    """Yield the expressions that all have to hold (or all must not hold) for the condition to hold."""
    for operand in operands:
        if operand.operands is None:
            yield operand, holds
            continue
        kind = logic(operand)
        single = len(operand.operands) == 1
        if kind == "not":
            # All of them have to be false, which says nothing about the parts of an "and" in there.
            if holds:
                yield from _required(operand.operands, False)
            elif single:
                yield from _required(operand.operands, True)
        elif single or (kind == "and" and holds) or (kind == "or" and not holds):
            yield from _required(operand.operands, holds)
