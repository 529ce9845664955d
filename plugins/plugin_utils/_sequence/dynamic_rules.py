# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules of Set Dynamic Variables, from YAML: types made sure of, then written as XML text.

The forms are in INTERFACE 5; ``dynamic_variables.py`` knows the XML.
"""

from __future__ import annotations

import typing as t

from .._errors import InvalidInput
from . import scalars
from .dynamic_variables import build
from .scalars import BAD, Notes


def rules_text(notes: Notes, path: str, value: t.Any) -> t.Any:
    """Return the ``Rules`` text of a list of rules."""
    if not isinstance(value, (list, tuple)):
        return notes.problem(path, value, "must be a list of {when: ..., set: ...}")
    before = len(notes.problems)
    rules = [_rule(notes, f"{path}[{index}]", rule) for index, rule in enumerate(value)]
    if len(notes.problems) > before:
        return BAD
    try:
        return build(rules, path)
    except InvalidInput as error:
        notes.problems.extend(error.problems)
        return BAD


def _rule(notes: Notes, path: str, value: t.Any) -> t.Any:
    if not isinstance(value, dict):
        return notes.problem(path, value, "must be a mapping with `set` and, if it does not always hold, `when`")
    rule = dict(value)
    if rule.get("when") is None:
        rule.pop("when", None)
    elif isinstance(rule["when"], dict):
        place = f"{path}.when"
        rule["when"] = {
            key: scalars.text(notes, f"{place}.{key}", item) for key, item in rule["when"].items() if item is not None
        }
    if "set" in rule:
        rule["set"] = _settings(notes, f"{path}.set", rule["set"])
    return rule


def _settings(notes: Notes, path: str, value: t.Any) -> t.Any:
    if isinstance(value, dict):
        return {
            _variable(notes, f"{path}.{key}", key): scalars.text(notes, f"{path}.{key}", "" if item is None else item)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_setting(notes, f"{path}[{index}]", item) for index, item in enumerate(value)]
    return notes.problem(path, value, "must be a mapping of names and values, or a list of {name, value, secret}")


def _setting(notes: Notes, path: str, value: t.Any) -> t.Any:
    if not isinstance(value, dict):
        return notes.problem(path, "", "must be a mapping with name, value and secret")
    item = dict(value)
    if "name" in item:
        item["name"] = _variable(notes, f"{path}.name", item["name"])
    if item.get("secret") is None:
        item.pop("secret", None)
    else:
        item["secret"] = scalars.switch(notes, f"{path}.secret", item["secret"])
    if item.get("value") is None:
        item.pop("value", None)
    elif item.get("secret") is True:
        item["value"] = scalars.secret(notes, f"{path}.value", item["value"])
    else:
        item["value"] = scalars.text(notes, f"{path}.value", item["value"])
    return item


def _variable(notes: Notes, path: str, value: t.Any) -> t.Any:
    if not isinstance(value, str):
        return notes.problem(path, value, "YAML read this variable name as something else than text; quote it")
    return scalars.name(notes, path, value, 256)
