# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""WQL against a naive evaluator: random conditions over random rows."""

from __future__ import annotations

import fnmatch
import typing as t

from ansible_collections.configmgr.osd.tests.simulator import wql, wql_match
from ansible_collections.configmgr.osd.tests.simulator.objects import Obj
from ansible_collections.configmgr.osd.tests.simulator.schema import Schema
from ansible_collections.configmgr.osd.tests.simulator.switches import Switches
from hypothesis import given
from hypothesis import strategies as st

ALPHABET = "aAb%_'\"\\[] \u00e9"
TEXTS = st.text(ALPHABET, max_size=4)
ROWS = st.fixed_dictionaries(
    {
        "Name": st.none() | TEXTS,
        "Priority": st.none() | st.integers(0, 4),
        "ForcedDisconnectEnabled": st.none() | st.booleans(),
        "SecuredScopeNames": st.none() | st.lists(TEXTS, max_size=3),
    }
)


def quote(text: str, style: str) -> str:
    doubled = text.replace("\\", "\\\\")
    if style == "double":
        return '"' + doubled.replace('"', '\\"') + '"'
    return "'" + doubled.replace("'", "''" if style == "doubled" else "\\'") + "'"


STYLES = st.sampled_from(["double", "doubled", "backslash"])
Truth = t.Optional[bool]  # noqa: UP045 - a run-time alias
Case = tuple[str, t.Callable[[dict[str, t.Any]], Truth]]


def compare(op: str, left: t.Any, right: t.Any) -> Truth:
    if left is None or left == []:
        return None
    if isinstance(left, list):
        return any(compare(op, item, right) for item in left)
    if isinstance(left, str):
        left, right = left.casefold(), right.casefold()
    return bool(
        {
            "=": left == right,
            "<>": left != right,
            "<": left < right,
            ">": left > right,
            "<=": left <= right,
            ">=": left >= right,
        }[op]
    )


OPS = st.sampled_from(["=", "<>", "<", ">", "<=", ">="])


@st.composite
def leaves(draw: t.Callable[..., t.Any]) -> Case:
    kind = draw(st.sampled_from(["text", "number", "flag", "array", "null", "in"]))
    op = draw(OPS)
    if kind == "number":
        number = draw(st.integers(0, 4))
        shown = draw(st.sampled_from([str(number), f"'{number}'"]))
        return f"Priority {op} {shown}", lambda row: compare(op, row["Priority"], number)
    if kind == "flag":
        flag = draw(st.booleans())
        shown = draw(st.sampled_from([str(flag), str(int(flag)), f"'{flag}'"]))
        op = draw(st.sampled_from(["=", "<>"]))
        return f"ForcedDisconnectEnabled {op} {shown}", lambda row: compare(op, row["ForcedDisconnectEnabled"], flag)
    if kind == "null":
        name = draw(st.sampled_from(["Name", "Priority", "SecuredScopeNames"]))
        return f"{name} IS NULL", lambda row: row[name] is None or row[name] == []
    name = "SecuredScopeNames" if kind == "array" else "Name"
    texts = draw(st.lists(TEXTS, min_size=1, max_size=3))
    shown = [quote(text, draw(STYLES)) for text in texts]
    if kind == "in":
        return f"Name IN ({', '.join(shown)})", lambda row: _any([compare("=", row["Name"], text) for text in texts])
    return f"{name} {op} {shown[0]}", lambda row: compare(op, row[name], texts[0])


def _any(values: list[Truth]) -> Truth:
    return True if True in values else None if None in values else False


def _all(values: list[Truth]) -> Truth:
    return False if False in values else None if None in values else True


def _not(value: Truth) -> Truth:
    return None if value is None else not value


def _branch(children: st.SearchStrategy[Case]) -> st.SearchStrategy[Case]:
    def join(word: str, parts: list[Case]) -> Case:
        fold = _any if word == "OR" else _all
        text = f" {word} ".join(f"({part[0]})" for part in parts)
        return text, lambda row: fold([part[1](row) for part in parts])

    def negate(part: Case) -> Case:
        return f"NOT ({part[0]})", lambda row: _not(part[1](row))

    return st.builds(join, st.sampled_from(["AND", "OR"]), st.lists(children, min_size=2, max_size=3)) | st.builds(
        negate, children
    )


CONDITIONS = st.recursive(leaves(), _branch, max_leaves=6)


@given(CONDITIONS, st.lists(ROWS, max_size=6))
def test_conditions_agree_with_a_naive_evaluator(case: Case, rows: list[dict[str, t.Any]]) -> None:
    text, expected = case
    switches = Switches()
    query = wql.parse(f"SELECT * FROM SMS_Package WHERE {text}", switches)
    plan = wql_match.Plan(query, Schema.load(), switches)
    for row in rows:
        assert plan.accepts(Obj("SMS_Package", row)) == (expected(row) is True), (text, row)


@given(st.text("ab.*?%_", max_size=5), st.text("ab.*", max_size=5))
def test_like_agrees_with_shell_patterns(pattern: str, value: str) -> None:
    shell = "".join({"%": "*", "_": "?", "*": "[*]", "?": "[?]"}.get(char, char) for char in pattern)
    assert (wql_match.like_pattern(pattern).match(value) is not None) == fnmatch.fnmatchcase(value, shell)


@given(st.text("%_[]^-ab\\", max_size=6))
def test_a_pattern_never_crashes_and_a_quoted_one_matches_itself(text: str) -> None:
    wql_match.like_pattern("".join(f"[{char}]" if char in "%_[" else char for char in text))
    plain = "".join(char for char in text if char not in "]^-[")
    literal = "".join(f"[{char}]" if char in "%_" else char for char in plain)
    assert wql_match.like_pattern(literal).match(plain) is not None


@given(st.text(max_size=30), STYLES)
def test_quoting_round_trips(text: str, style: str) -> None:
    query = wql.parse(f"SELECT * FROM SMS_Package WHERE Name = {quote(text, style)}")
    assert query.where == wql.Compare("Name", "=", text)
