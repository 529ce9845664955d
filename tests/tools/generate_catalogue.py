# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write plugins/plugin_utils/_cim/catalogue.json from the extracted SMS Provider schema.

Usage: ``python tests/tools/generate_catalogue.py [--check]`` with ``CONFIGMGR_SHARED`` set.
``--check`` writes nothing and ends with 1 when the committed file is stale.

What stays: everything that encoding, validation and documentation of the collection is driven
by. What goes: prose, sources and statistics of the extraction. Absent keys have the value that
``FORM`` names; the reader is ``_cim/catalogue.py``.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import typing as t
from pathlib import Path

TARGET = Path(__file__).resolve().parents[2] / "plugins" / "plugin_utils" / "_cim" / "catalogue.json"
LIMIT = 400 * 1024
FORM = {
    "type": "CIM type, or the class of an embedded instance or reference; absent = string",
    "array key lazy": "true, or absent",
    "ro": "true = read-only",
    "ref": "true = a CIM reference to an instance of type",
    "q": "qualifiers",
    "values, kind": "value table; kind bits = bit number, mask = decimal mask, absent = plain values",
    "default": "the class's documented default; absent = null",
    "var": "task sequence variable of the exported form; varof = how that is known",
    "xml": "XML attribute or element of the exported form instead of a variable",
    "hidden": "true = exports carry the variable with hidden=true",
    "item": "property and variable pattern of one element of an embedded array in exports",
    "over": "per class: what it changes about inherited properties (default, constant, observed, q)",
}


def compact_property(source: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return one property without what the collection does not use."""
    entry: dict[str, t.Any] = {}
    if source["type"] != "string":
        entry["type"] = source["type"]
    for flag in ("array", "key", "lazy"):
        if source[flag]:
            entry[flag] = True
    if source["access"] == "read-only":
        entry["ro"] = True
    if source.get("ref"):
        entry["ref"] = True
    if source["qualifiers"]:
        entry["q"] = source["qualifiers"]
    if source["values"]:
        entry["values"] = source["values"]
        if source.get("values_kind", "values") != "values":
            entry["kind"] = source["values_kind"]
    if source["default"] is not None:
        entry["default"] = source["default"]
    if source.get("ts_variable"):
        entry["var"] = source["ts_variable"]
        entry["varof"] = source["ts_variable_source"].split(":")[0]
    if source.get("xml"):
        entry["xml"] = source["xml"]
    observed = source.get("observed") or {}
    if observed.get("hidden"):
        entry["hidden"] = True
    if observed.get("xml_property"):
        entry["item"] = [observed["xml_property"], observed["xml_variable"]]
    return entry


def compact_method(source: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return one method: ``static``, ``returns`` and its parameters in order."""
    entry: dict[str, t.Any] = {}
    if source["static"]:
        entry["static"] = True
    if source["returns"] != "sint32":
        entry["returns"] = source["returns"]
    params: dict[str, t.Any] = {}
    for param in source["params"]:
        item: dict[str, t.Any] = {}
        if param["type"] != "string":
            item["type"] = param["type"]
        if param.get("array"):
            item["array"] = True
        if param.get("ref"):
            item["ref"] = True
        if param["direction"] != "in":
            item["dir"] = param["direction"]
        if param.get("optional"):
            item["optional"] = True
        params[param["name"]] = item
    if params:
        entry["params"] = params
    return entry


def compact_class(source: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return one class; inherited properties stay with their base."""
    entry: dict[str, t.Any] = {}
    if source["base"]:
        entry["base"] = source["base"]
    if source["abstract"]:
        entry["abstract"] = True
    if source.get("class_qualifiers"):
        entry["q"] = source["class_qualifiers"]
    overrides: dict[str, t.Any] = {}
    for name, change in source.get("property_overrides", {}).items():
        overrides[name] = {("q" if key == "qualifiers" else key): value for key, value in change.items()}
    if overrides:
        entry["over"] = overrides
    entry["properties"] = {name: compact_property(prop) for name, prop in source["properties"].items()}
    if source["methods"]:
        entry["methods"] = {name: compact_method(method) for name, method in source["methods"].items()}
    return entry


def render(classes: dict[str, t.Any]) -> str:
    """Return the file's text: one line per property and method, so that a diff can be read."""

    def line(value: t.Any) -> str:
        return json.dumps(value, ensure_ascii=True, separators=(",", ":"))

    out = ["{", f'"form":{line(FORM)},', '"classes":{']
    class_texts = []
    for name, entry in classes.items():
        parts = [f"{line(key)}:{line(value)}" for key, value in entry.items() if key not in ("properties", "methods")]
        for key in ("properties", "methods"):
            members = entry.get(key)
            if members:
                lines = ",\n".join(f"{line(member)}:{line(value)}" for member, value in members.items())
                parts.append(f"{line(key)}:{{\n{lines}}}")
        class_texts.append(f"{line(name)}:{{" + ",".join(parts) + "}")
    out.append(",\n".join(class_texts))
    out.append("}}")
    return "\n".join(out) + "\n"


def generate(shared: Path) -> str:
    """Return the text of the catalogue for the schema in ``shared``."""
    source = json.loads((shared / "schema" / "classes.json").read_text(encoding="utf-8"))
    text = render({name: compact_class(entry) for name, entry in source.items()})
    if len(text) > LIMIT:
        raise SystemExit(f"the catalogue has {len(text)} bytes, more than the {LIMIT} it may have")
    return text


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare only")
    check = parser.parse_args().check
    shared = os.environ.get("CONFIGMGR_SHARED")
    if not shared:
        raise SystemExit("set CONFIGMGR_SHARED to the folder that holds schema/classes.json")
    text = generate(Path(shared))
    if check:
        if not TARGET.exists() or TARGET.read_text(encoding="utf-8") != text:
            sys.stderr.write(f"{TARGET.name} is stale: run python tests/tools/generate_catalogue.py\n")
            return 1
        return 0
    TARGET.write_text(text, encoding="utf-8", newline="\n")
    sys.stdout.write(f"{TARGET}: {len(text)} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
