# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Conditions, from YAML and back: the table of INTERFACE 4.

The structure stays as it is written, because ``C[E]`` and ``C[and[E]]`` are both common and not
the same to a person who looks at them in the console (reference: task-sequence-xml 5).
"""

from __future__ import annotations

import re
import typing as t

from . import scalars
from .embedded import finish_properties, raw_properties
from .model import PREFIX, Operand, Ref
from .option_checks import Entry
from .option_kinds import read_options
from .rules import StepRule, load_rules
from .scalars import BAD, Notes

OPERATOR = PREFIX + "ConditionOperator"
OS_GROUP = PREFIX + "OSConditionGroup"
OS_EXPRESSIONS = PREFIX + "OSExpressionGroup"
WMI = PREFIX + "WMIConditionExpression"
_LOGIC = {"all": "and", "any": "or", "none": "not"}
WORDS = {value: key for key, value in _LOGIC.items()}
LANGUAGE_QUERY = "SELECT OsLanguage FROM Win32_OperatingSystem WHERE OsLanguage='{}'"
_LANGUAGE = re.compile(r"SELECT OsLanguage FROM Win32_OperatingSystem WHERE OsLanguage='(\d{1,5})'\Z")
HIVES = {
    "HKLM": "HKEY_LOCAL_MACHINE",
    "HKCU": "HKEY_CURRENT_USER",
    "HKU": "HKEY_USERS",
    "HKCC": "HKEY_CURRENT_CONFIG",
    "HKCR": "HKEY_CLASSES_ROOT",
}
_DEPTH = 100
_VALUELESS = ("exists", "notExists")
_PLATFORM_KEYS = ("arch", "platform", "min_version", "max_version")


def read_condition(notes: Notes, path: str, value: t.Any) -> list[Operand]:
    """Return the operands of a ``condition`` list; all of them must hold."""
    if isinstance(value, dict):
        value = [value]
    if not isinstance(value, (list, tuple)):
        notes.problem(path, value, "must be a list of conditions")
        return []
    if path.partition(".condition")[2].count("[") > _DEPTH:
        notes.problem(path, "", f"conditions are nested more than {_DEPTH} levels deep")
        return []
    found = (_entry(notes, f"{path}[{index}]", item) for index, item in enumerate(value))
    return [operand for operand in found if operand is not None]


def _entry(notes: Notes, path: str, value: t.Any) -> Operand | None:
    keys = load_rules().condition_keys
    if not isinstance(value, dict):
        notes.problem(path, value, "must be a mapping such as {variable: X, value: y}")
        return None
    given = {key: item for key, item in value.items() if item is not None}
    for word, operator in _LOGIC.items():
        if word in given:
            _no_others(notes, path, given, word)
            return Operand(OPERATOR, {"OperatorType": operator}, _inner(notes, f"{path}.{word}", given[word]))
    if "operating_system" in given:
        _no_others(notes, path, given, "operating_system")
        return _operating_systems(notes, f"{path}.operating_system", given["operating_system"])
    if "os_language" in given:
        _no_others(notes, path, given, "os_language")
        number = scalars.integer(notes, f"{path}.os_language", given["os_language"], 1, 65535)
        query = LANGUAGE_QUERY.format(number)
        return None if number is BAD else Operand(WMI, {"Namespace": r"root\cimv2", "Query": query})
    if "class" in given:
        return _generic(notes, path, given)
    kinds = [key for key in keys if key in given]
    if not kinds:
        allowed = [*_LOGIC, *keys, "os_language", "class"]
        wrong = next((str(key) for key in given), "")
        notes.problem(path, wrong, f"is no condition; {scalars.nearest(wrong, allowed)}")
        return None
    return _expression(notes, path, given, t.cast(StepRule, load_rules().get(keys[kinds[0]])))


def _no_others(notes: Notes, path: str, given: dict[str, t.Any], key: str) -> None:
    for other in given:
        if other != key:
            notes.problem(f"{path}.{other}", "", f"cannot stand beside `{key}`; write it as an entry of its own")


def _inner(notes: Notes, path: str, value: t.Any) -> list[Operand]:
    if isinstance(value, (dict, list, tuple)):
        return read_condition(notes, path, value)
    notes.problem(path, value, "must be a list of conditions")
    return []


def _expression(notes: Notes, path: str, given: dict[str, t.Any], rule: StepRule) -> Operand | None:
    entry = Entry(notes, rule, path, given)
    raw = entry.given.pop("properties", None)
    entry.properties.update(raw_properties(notes, f"{path}.properties", raw, rule))
    read_options(entry)
    if not given[rule.type] and not notes.problems:
        notes.problem(f"{path}.{rule.type}", "", "must not be empty")
    if rule.type == "registry" and "KeyPath" in entry.properties:
        entry.properties["KeyPath"] = expand_hive(entry.properties["KeyPath"])
    _check_operands(entry)
    return Operand(rule.class_name, finish_properties(rule, entry.properties))


def _check_operands(entry: Entry) -> None:
    """Note comparisons without a right-hand side and operators without something to compare."""
    kind, given = entry.rule.type, entry.given
    if kind in ("variable", "registry") and "value" not in given:
        operator = entry.properties.get("Operator", "equals")
        if operator not in _VALUELESS:
            entry.notes.problem(
                entry.path, given[kind], "needs `value`, or `operator: exists` if only its existence counts"
            )
    for value, operator in (("version", "version_operator"), ("modified", "modified_operator")):
        if operator in given and value not in given:
            entry.notes.problem(entry.place(operator), given[operator], f"needs `{value}` beside it")
    if kind == "software":
        needed = "upgrade_code" if entry.properties.get("Operator") == "AnyVersion" else "product_code"
        if not given.get(needed):
            entry.notes.problem(entry.path, given[kind], f"needs `{needed}`")


def _generic(notes: Notes, path: str, given: dict[str, t.Any]) -> Operand | None:
    class_name = given["class"]
    if not isinstance(class_name, str) or not class_name:
        notes.problem(f"{path}.class", class_name, "must be the name of a WMI class")
        return None
    for other in given:
        if other not in ("class", "properties", "operands"):
            notes.problem(f"{path}.{other}", "", "cannot stand beside `class`; use `properties`")
    raw = raw_properties(notes, f"{path}.properties", given.get("properties"), None)
    operands = _inner(notes, f"{path}.operands", given["operands"]) if "operands" in given else None
    return Operand(class_name, raw, operands)


def _operating_systems(notes: Notes, path: str, value: t.Any) -> Operand:
    items = [value] if isinstance(value, (str, dict)) else value
    found: list[Operand] = []
    if not isinstance(items, (list, tuple)) or not items:
        notes.problem(path, value, "must be a list of platform names")
        items = []
    for index, item in enumerate(items):
        place = f"{path}[{index}]"
        operand = _spelled_out(notes, place, item) if isinstance(item, dict) else _named(notes, place, item)
        if operand is not None:
            found.append(operand)
    return Operand(OS_GROUP, {"OperatorType": "or"}, found)


def _named(notes: Notes, path: str, value: t.Any) -> Operand | None:
    found = scalars.reference(notes, path, value, "platform")
    if found == "":
        notes.problem(path, "", "must not be empty")
    if not isinstance(found, Ref):
        return None
    return Operand(OS_EXPRESSIONS, {"OperatorType": "and", "Name": found}, [])


def _spelled_out(notes: Notes, path: str, value: dict[str, t.Any]) -> Operand | None:
    if set(value) == {"name"}:
        return _named(notes, path, value["name"])
    rule = t.cast(StepRule, load_rules().get(OS_EXPRESSIONS))
    given = {key: item for key, item in value.items() if item is not None}
    queries = given.pop("queries", [])
    entry = Entry(notes, rule, path, given)
    read_options(entry)
    for key in ("name", *_PLATFORM_KEYS):
        if key not in given:
            notes.problem(f"{path}.{key}", "", "is required where a platform is spelled out")
    operands = []
    if not isinstance(queries, (list, tuple)) or not queries:
        notes.problem(f"{path}.queries", "", "must be a list of WMI queries")
        queries = []
    for index, query in enumerate(queries):
        item = query if isinstance(query, dict) else {"wmi": query}
        operand = _entry(notes, f"{path}.queries[{index}]", item)
        if operand is not None:
            operands.append(operand)
    return Operand(OS_EXPRESSIONS, {"OperatorType": "and", **entry.properties}, operands)


def expand_hive(path: str) -> str:
    r"""Return a registry path with its hive written out: ``HKLM\X`` -> ``HKEY_LOCAL_MACHINE\X``."""
    hive, slash, rest = path.partition("\\")
    return HIVES.get(hive.upper().rstrip(":"), hive) + slash + rest


def short_hive(path: str) -> str:
    r"""Return a registry path with its hive abbreviated: ``HKEY_LOCAL_MACHINE\X`` -> ``HKLM\X``."""
    hive, slash, rest = path.partition("\\")
    return {full: short for short, full in HIVES.items()}.get(hive, hive) + slash + rest


def language_of(properties: t.Mapping[str, t.Any]) -> int | None:
    """Return the language of the fixed query, ``None`` when a query is another one."""
    match = _LANGUAGE.match(str(properties.get("Query") or ""))
    return int(match[1]) if match and properties.get("Namespace") == r"root\cimv2" else None
