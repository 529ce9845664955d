# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the play's arguments to parameters: types that YAML and older cores mix up, secrets, hints."""

from __future__ import annotations

import datetime
import typing as t

import pytest
from ansible_collections.configmgr.osd.plugins.module_utils._args import SITE_ARGS
from ansible_collections.configmgr.osd.plugins.plugin_utils._input import plain, scrub, scrub_tree, validate

SPEC: dict[str, t.Any] = {
    "argument_spec": {
        **SITE_ARGS,
        "name": {"type": "str", "aliases": ["title"]},
        "package_id": {"type": "str"},
        "version": {"type": "str"},
        "token": {"type": "str", "no_log": True, "choices": ["x"]},
        "platforms": {"type": "list", "elements": "str"},
        "state": {"type": "str", "choices": ["absent", "present"], "default": "present"},
        "anything": {"type": "raw"},
    },
}


class Tagged(str):
    """Stands for the tagged strings of ansible-core 2.19."""


class Vaulted:
    __ENCRYPTED__ = True

    def __str__(self) -> str:
        return "open"


def run(**args: t.Any) -> t.Any:
    return validate(SPEC, plain(args), "configmgr.osd.cm_thing")


def test_plain_types() -> None:
    value = plain({Tagged("a"): [Tagged("b"), Vaulted(), 1, 1.5, True, None, (1, 2)], "d": datetime.date(2025, 6, 1)})
    assert value == {"a": ["b", "open", 1, 1.5, True, None, [1, 2]], "d": "2025-06-01"}
    assert all(key.__class__ is str for key in value)
    assert value["a"][0].__class__ is str


def test_given_knows_null_aliases_and_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONFIGMGR_SITE_CODE", "P01")
    monkeypatch.setenv("CONFIGMGR_COMPATIBILITY", '{"uri": "wmi"}')
    done = run(title="x", version=None, state="absent")
    assert not done.errors
    assert done.given == {"name", "state", "site_code", "compatibility"}
    assert done.params["site_code"] == "P01"
    assert done.params["compatibility"]["uri"] == "wmi"
    assert done.params["compatibility"]["write_via"] == "objects"


def test_an_option_without_a_value_is_none_at_all() -> None:
    """Core takes null for a value: required_one_of and mutually_exclusive would count it, defaults would be lost."""
    spec = {
        **SPEC,
        "required_one_of": [["name", "package_id"]],
        "mutually_exclusive": [["name", "package_id"]],
    }
    done = validate(spec, {"name": None, "state": None}, "configmgr.osd.cm_thing")
    assert done.errors == ["one of the following is required: name, package_id"]
    done = validate(spec, {"title": None, "package_id": "P0100011", "state": None}, "configmgr.osd.cm_thing")
    assert not done.errors
    assert done.params["state"] == "present"
    assert done.given == {"package_id"}
    assert validate(spec, {"name": "x", "nmae": None}, "configmgr.osd.cm_thing").errors


def test_a_key_that_is_no_text_is_unsupported() -> None:
    spec = {"argument_spec": {"bits": {"type": "dict", "options": {"set": {"type": "list", "elements": "int"}}}}}
    done = validate(spec, {"bits": {5: True}}, "configmgr.osd.cm_thing")
    assert "bits.5" in done.errors[0]


@pytest.mark.parametrize(("kind", "value"), [("dict", 5), ("dict", True), ("dict", [1]), ("list", [5]), ("list", 5)])
def test_no_mapping_where_one_must_be(kind: str, value: t.Any) -> None:
    option: dict[str, t.Any] = {"type": kind, "options": {"set": {"type": "int"}}}
    if kind == "list":
        option["elements"] = "dict"
    done = validate({"argument_spec": {"bits": option}}, {"bits": value}, "configmgr.osd.cm_thing")
    assert done.errors == [f"bits: must be a {'list of mappings' if kind == 'list' else 'mapping'}"]


def test_given_is_empty_without_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CONFIGMGR_SITE_CODE", raising=False)
    monkeypatch.delenv("CONFIGMGR_COMPATIBILITY", raising=False)
    assert run().given == frozenset()


def test_a_boolean_becomes_text_with_a_warning() -> None:
    done = run(name=True, platforms=[False])
    assert (done.params["name"], done.params["platforms"]) == ("true", ["false"])
    assert [warning.partition(":")[0] for warning in done.warnings] == ["name", "platforms[0]"]


@pytest.mark.parametrize(
    ("args", "part"),
    [
        ({"name": ["a"]}, "name: must be text, not a list; on ansible-core before 2.19"),
        ({"name": {"a": 1}}, "name: must be text, not a mapping"),
        ({"version": 5.1}, "version: was read as the number 5.1: quote it"),
        ({"package_id": 32778}, "package_id: was read as the number 32778: quote it"),
        ({"site_code": 1}, "site_code: was read as the number 1: quote it"),
        ({"nmae": "x"}, "Unsupported options for configmgr.osd.cm_thing: nmae"),
        ({"nmae": "x"}, "did you mean name instead of nmae?"),
        ({"compatibility": {"uri": "soap"}}, "uri must be one of: dmtf, wmi"),
        ({"compatibility": {"write_by": "xml"}}, "compatibility.write_by"),
        ({"state": "gone"}, "absent, present"),
    ],
)
def test_errors(args: dict[str, t.Any], part: str) -> None:
    assert part in "; ".join(run(**args).errors)


def test_all_errors_at_once_and_secrets_known_even_then() -> None:
    done = run(name=["a"], version=1.0, token="hunter2secret", nope=1)
    assert len(done.errors) == 4
    assert "hunter2secret" in done.secrets
    assert "hunter2secret" not in scrub("; ".join(done.errors), done.secrets)


def test_short_secrets_never_damage_identifiers() -> None:
    assert scrub("P0100012 and 1234", {"1", "1234"}) == "P0100012 and 1234"
    assert scrub("the hunter2secret", {"hunter2", "hunter2secret"}) == "the ********"
    assert scrub_tree({"a": ["hunter2 x", 1]}, {"hunter2"}) == {"a": ["******** x", 1]}


def test_the_argument_is_not_changed() -> None:
    args = {"compatibility": {"uri": "wmi"}, "name": True}
    validate(SPEC, args, "m")
    assert args == {"compatibility": {"uri": "wmi"}, "name": True}
