# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write the rules of task sequences and the step reference from the catalogue and two hand tables.

Usage: ``python tests/tools/generate_rules.py [--check]``; needs the collection on PYTHONPATH.
``--check`` writes nothing and ends with 1 when a committed file is stale.
"""

from __future__ import annotations

import argparse
import json
import sys
import typing as t
from pathlib import Path

import yaml
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.catalogue import Catalogue, ClassDef, PropertyDef
from step_reference import TARGET, render

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
RULES = ROOT / "plugins" / "plugin_utils" / "_sequence" / "rules.json"
PREFIX = "SMS_TaskSequence_"
LENGTHS = ("AllowedLen", "SizeLimit")
RANGES = ("ValueRange", "Range")
NUMBERS = ("uint8", "uint16", "uint32", "uint64", "sint8", "sint16", "sint32", "sint64")


class Tables(t.NamedTuple):
    """The two hand tables as loaded."""

    interface: dict[str, t.Any]
    corrections: dict[str, dict[str, dict[str, t.Any]]]


def load_tables() -> Tables:
    """Read interface.yml and corrections.yml."""
    with (HERE / "interface.yml").open(encoding="utf-8") as file:
        interface = yaml.safe_load(file)
    with (HERE / "corrections.yml").open(encoding="utf-8") as file:
        corrections = yaml.safe_load(file)
    return Tables(interface, corrections)


def corrected(tables: Tables, definition: ClassDef, prop: PropertyDef) -> dict[str, t.Any]:
    """Return the correction of a property: what the declaring class says, then the class itself."""
    return {
        **tables.corrections.get(prop.origin, {}).get(prop.name, {}),
        **tables.corrections.get(definition.name, {}).get(prop.name, {}),
    }


def value_list(prop: PropertyDef, fix: dict[str, t.Any]) -> list[str]:
    """Return the values a property is limited to, empty when it is free."""
    if "ValueMap" in fix.get("drop", ()):
        return []
    return list(fix.get("values") or prop.values)


def comparison(prop: PropertyDef, fix: dict[str, t.Any]) -> str:
    """Return how values of a property compare (text, caseless, multiline, number, ...)."""
    if prop.embedded:
        return "embedded"
    if "compare" in fix:
        return fix["compare"]
    if prop.type == "boolean":
        return "bool"
    if prop.type in NUMBERS:
        return "number"
    return "caseless" if value_list(prop, fix) else "text"


def property_entry(tables: Tables, definition: ClassDef, prop: PropertyDef) -> dict[str, t.Any] | None:
    """Return the rule of one property, ``None`` for one the class does not really have."""
    fix = corrected(tables, definition, prop)
    if fix.get("absent"):
        return None
    qualifiers = {name: value for name, value in prop.qualifiers.items() if name not in fix.get("drop", ())}
    entry: dict[str, t.Any] = {"type": prop.type, "compare": comparison(prop, fix)}
    default = fix.get("default", prop.default)
    if prop.name == "SupportedEnvironment":
        default = prop.observed or prop.default or fix.get("default")
    entry["default"] = default
    if "null_means" in fix:
        entry["null_means"] = fix["null_means"]
    entry["array"] = prop.array
    entry["embedded"] = prop.embedded
    entry["derived"] = fix.get("derived", False)
    entry["implied"] = bool(fix.get("implied"))
    entry["secret"] = bool(fix.get("secret") or "Secret" in qualifiers or "QuasiSecret" in qualifiers)
    entry["secret_if"] = fix.get("secret_if")
    entry["not_null"] = bool(fix.get("not_null") or "Not_Null" in qualifiers)
    entry["required"] = bool(
        fix.get("required")
        or entry["not_null"]
        and default is None
        and not (fix.get("blank") or fix.get("implied") or fix.get("implied_default") or fix.get("derived"))
        and not entry["secret"]
    )
    for names, low, high in ((LENGTHS, "minlen", "maxlen"), (RANGES, "min", "max")):
        for name in names:
            if isinstance(qualifiers.get(name), dict):
                entry[low], entry[high] = qualifiers[name]["min"], qualifiers[name]["max"]
    if entry.get("minlen") and (fix.get("blank") or not entry["not_null"]):
        entry["minlen"] = 0
    entry["values"] = value_list(prop, fix)
    entry["sent_with"] = fix.get("sent_with")
    entry["material"] = fix.get("material")
    for qualifier, key in (("RequiredIfNull", "if_null"), ("RequiredIfNotNull", "if_set")):
        names = qualifiers.get(qualifier)
        entry[key] = [name for name in names if name in definition.properties] if isinstance(names, list) else []
    absent: tuple[t.Any, ...] = (None, False, [], "")
    kept = {key: value for key, value in entry.items() if not any(value is x or value == x for x in absent)}
    if "default" in fix or entry["default"] is not None:
        kept["default"] = entry["default"]
    if kept.get("default", 0) is None:
        del kept["default"]
    if "null_means" in entry:
        kept["null_means"] = entry["null_means"]
    for key in ("min", "max", "maxlen"):
        if key in entry:
            kept[key] = entry[key]
    if kept["type"] == "string":
        del kept["type"]
    if kept["compare"] == "text":
        del kept["compare"]
    return kept


def option_kind(prop: PropertyDef, rule: dict[str, t.Any], option: dict[str, t.Any]) -> str:
    """Return how the value of an option is converted, where the table does not say it."""
    if "kind" in option:
        return option["kind"]
    if "ref" in option:
        return "ref"
    if "words" in option:
        return "words"
    if rule.get("secret"):
        return "secret"
    if prop.type == "boolean":
        return "bool"
    if prop.type in NUMBERS:
        return "ints" if prop.array else "int"
    return "texts" if prop.array else "text"


def option_entry(
    tables: Tables, definition: ClassDef, rules: dict[str, t.Any], name: str, option: dict[str, t.Any]
) -> dict[str, t.Any]:
    """Return one option, checked against the class."""
    prop = definition.properties[option["property"]]
    rule = rules[prop.name]
    entry: dict[str, t.Any] = {"property": prop.name, "kind": option_kind(prop, rule, option)}
    words = option.get("words")
    if isinstance(words, str):
        words = tables.interface["words"][words]
    if words:
        entry["words"] = {str(word): str(value) for word, value in words.items()}
    for key in ("ref", "required", "empty", "unit", "by"):
        if option.get(key):
            entry[key] = option[key]
    for key in ("limit", "masked", "masks", "of"):
        if key in option:
            entry["companion"] = option[key]
    limited = rules[option["limit"]] if "limit" in option else rule
    for key in ("min", "max"):
        value = option.get(key, limited.get(key))
        if value is not None:
            entry[key] = value
    if rule.get("option") is None and entry["kind"] != "edition":
        rule["option"] = name
    for key in ("limit", "masked", "masks"):
        if key in option:
            rules[option[key]].setdefault("option", name)
    return entry


def class_entry(
    tables: Tables, catalogue: Catalogue, name: str, kind: str, table: dict[str, t.Any]
) -> dict[str, t.Any]:
    """Return the rules of one class."""
    definition = catalogue.get(name)
    if definition is None:
        raise SystemExit(f"{name} is not in the catalogue")
    properties = {}
    for prop in definition.properties.values():
        entry = property_entry(tables, definition, prop)
        if entry is not None:
            properties[prop.name] = entry
    unknown = set(tables.corrections.get(name, {})) - set(definition.properties)
    if unknown:
        raise SystemExit(f"corrections for properties that {name} does not have: {sorted(unknown)}")
    options = dict(table.get("options", {}))
    own = {item["property"] for item in options.values()}
    if kind in ("step", "group", "base"):
        options = {**tables.interface["common"], **options}
    usable = {key for key, rule in properties.items() if not rule.get("derived") or key in own}
    options = {key: item for key, item in options.items() if item["property"] in usable}
    written = {option: option_entry(tables, definition, properties, option, item) for option, item in options.items()}
    entry: dict[str, t.Any] = {"kind": kind, "type": table.get("type") or table.get("key") or ""}
    if table.get("title"):
        entry["title"] = table["title"]
    aliases = aliases_of(name, table) if kind == "step" else []
    if aliases:
        entry["aliases"] = aliases
    if "run_in" in written:
        entry["run_in"] = properties["SupportedEnvironment"]["default"]
    entry["properties"] = properties
    entry["options"] = written
    if table.get("checks"):
        entry["checks"] = table["checks"]
    if table.get("derived"):
        for rule in properties.values():
            rule["derived"] = True
    return entry


def snake(name: str) -> str:
    """Return a class noun in snake_case: PartitionDisk -> partition_disk, BitLocker stays one word."""
    text = name.replace("BitLocker", "Bitlocker").replace("PowerShell", "Powershell").replace("SMS", "Sms")
    text = text.replace("OS", "Os")
    return "".join("_" + char.lower() if char.isupper() else char for char in text).lstrip("_")


def aliases_of(name: str, table: dict[str, t.Any]) -> list[str]:
    """Return the further words for a step: its class noun, which mostly is the cmdlet noun, and hand-made ones."""
    noun = snake(name.removeprefix(PREFIX).removesuffix("Action"))
    found = [noun, *table.get("aliases", [])]
    if name.endswith("SubTasksequence"):
        found = ["run_task_sequence", "sub_task_sequence"]
    if name.endswith("SetupWindowsAndSMSAction"):
        found = ["setup_windows_and_config_mgr", "setup_windows_and_sms"]
    return [word for word in dict.fromkeys(found) if word != table["type"]]


def build(tables: Tables, catalogue: Catalogue) -> dict[str, t.Any]:
    """Return the whole content of rules.json."""
    classes: dict[str, t.Any] = {}
    interface = tables.interface
    base = {"type": "", "title": "Any other step"}
    classes[PREFIX + "Action"] = class_entry(tables, catalogue, PREFIX + "Action", "base", base)
    for section, kind in (("steps", "step"), ("embedded", "embedded"), ("conditions", "condition")):
        for name, table in interface[section].items():
            actual = "group" if name == PREFIX + "Group" else kind
            classes[name] = class_entry(tables, catalogue, name, actual, table)
    strays = set(tables.corrections) - set(catalogue)
    if strays:
        raise SystemExit(f"corrections for unknown classes: {sorted(strays)}")
    return {"form": 1, "classes": classes}


def render_rules(data: dict[str, t.Any]) -> str:
    """Return rules.json: one property or option per line, so that a change reads well in a diff."""
    lines = ['{"form": 1, "classes": {']
    for index, (name, entry) in enumerate(data["classes"].items()):
        head = {key: value for key, value in entry.items() if key not in ("properties", "options")}
        lines.append(f"{json.dumps(name)}: {json.dumps(head)[:-1]},")
        for section in ("properties", "options"):
            rows = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in entry[section].items()]
            closing = "}," if section == "properties" else "}}"
            lines.append(f' "{section}": {{' + ("\n" + ",\n".join(rows) if rows else ""))
            lines.append(closing + ("," if section == "options" and index + 1 < len(data["classes"]) else ""))
    lines.append("}}")
    return "\n".join(lines) + "\n"


def outputs() -> dict[Path, str]:
    """Return the content of every generated file."""
    tables = load_tables()
    data = build(tables, Catalogue.load())
    return {RULES: render_rules(data), TARGET: render(tables.interface, data)}


def main() -> int:
    """Write or check the generated files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, report stale files")
    arguments = parser.parse_args()
    stale = 0
    for path, text in outputs().items():
        if arguments.check:
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                sys.stderr.write(f"{path.relative_to(ROOT)} is stale: run tests/tools/generate_rules.py\n")
                stale = 1
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
    return stale


if __name__ == "__main__":
    sys.exit(main())
