# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""WQL text: nothing in a value can leave its literal, and nothing that was meant gets lost."""

from __future__ import annotations

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim import wql
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.instance import Instance
from hypothesis import given
from hypothesis import strategies as st


def named(name: object) -> Instance:
    return Instance("SMS_Package", {"Name": name})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "'plain'"),
        ("", "''"),
        ("O'Neil", '"O\'Neil"'),
        ('a "b"', "'a \"b\"'"),
        ("C:\\x", "'C:\\\\x'"),
        ("50%_[x]", "'50%_[x]'"),
        (5, "5"),
        (-1, "-1"),
        (True, "1"),
        (False, "0"),
    ],
)
def test_literals(value: str | int | bool, text: str) -> None:
    assert wql.literal(value) == text


def test_what_has_no_literal() -> None:
    with pytest.raises(wql.Unquotable):
        wql.literal("both ' and \"")
    with pytest.raises(TypeError):
        wql.literal(None)  # type: ignore[arg-type]


@given(st.text())
def test_a_literal_never_ends_early(text: str) -> None:
    try:
        found = wql.literal(text)
    except wql.Unquotable:
        return
    quote, inside = found[0], found[1:-1]
    assert found[-1] == quote and quote not in inside
    assert inside.replace("\\\\", "\\") == text
    # An odd run of backslashes at the end would escape the closing quote.
    assert (len(inside) - len(inside.rstrip("\\"))) % 2 == 0


def test_equality() -> None:
    where = wql.equals("Name", "x")
    assert (where.text, where.exact, where.names) == ("Name = 'x'", True, {"Name"})
    assert where.accept(named("anything the server sends"))


def test_both_kinds_of_quotes_are_searched_with_like_and_checked_here() -> None:
    name = 'it\'s 50%_ "big" [x] C:\\'
    where = wql.equals("Name", name)
    assert where.text == "Name LIKE 'it_s 50[%][_] \"big\" [[]x] C:\\\\'"
    assert not where.exact
    assert where.accept(named(name))
    assert where.accept(named(name.upper()))
    assert not where.accept(named(name.replace("'", "x")))
    assert not where.accept(named(None))
    assert where.accept(named(["other", name]))


def test_one_of() -> None:
    where = wql.one_of("Name", ["a", "b", "a"])
    assert where.text == "Name = 'a' OR Name = 'b'"
    with pytest.raises(ValueError, match="no condition"):
        wql.one_of("Name", [])
    mixed = wql.one_of("Name", ["a", "'\""])
    assert not mixed.exact
    assert mixed.accept(named("A")) and mixed.accept(named("'\"")) and not mixed.accept(named('x"'))


def test_combinations_keep_their_meaning() -> None:
    where = wql.both(wql.equals("PackageType", 4), wql.either(wql.equals("Name", "a"), wql.equals("Name", "b")))
    assert where.text == "PackageType = 4 AND (Name = 'a' OR Name = 'b')"
    assert wql.either(wql.equals("A", 1)).text == "A = 1"
    nested = wql.either(wql.both(wql.equals("A", 1), wql.equals("B", "x OR y")), wql.raw("NOT C = 2"))
    assert nested.text == "(A = 1 AND B = 'x OR y') OR (NOT C = 2)"
    assert nested.names == {"A", "B"}
    assert wql.both(wql.equals("A", " AND "), wql.equals("B", 1)).text == "A = ' AND ' AND B = 1"


def test_checks_survive_combination() -> None:
    odd = "'\""
    where = wql.both(wql.raw("Type = 2"), wql.equals("Name", odd))
    assert not where.exact
    assert where.accept(named(odd)) and not where.accept(named('x"'))
    with pytest.raises(ValueError, match="raw condition"):
        wql.either(wql.raw("Type = 2"), wql.equals("Name", odd))
    both = wql.both(wql.equals("PackageType", 4), wql.equals("Name", odd))
    row = Instance("SMS_Package", {"Name": odd, "PackageType": 4})
    assert both.accept(row)


def test_contains() -> None:
    assert wql.contains("Name", "50%").text == "Name LIKE '%50[%]%'"
    odd = wql.contains("Name", "'\"")
    assert odd.text == "Name LIKE '%_\"%'"
    assert odd.accept(named("a'\"b")) and not odd.accept(named('ax"b'))


@pytest.mark.parametrize("name", ["Name'", "a b", "", "1a", "a;b", "a--"])
def test_names_are_checked(name: str) -> None:
    with pytest.raises(ValueError, match="not a WQL name"):
        wql.equals(name, 1)
    with pytest.raises(ValueError, match="not a WQL name"):
        wql.select(name, None, None)


def test_select() -> None:
    assert wql.select("SMS_X", None, None) == "SELECT * FROM SMS_X"
    assert wql.select("SMS_X", ["A", "B"], wql.equals("A", 1)) == "SELECT A, B FROM SMS_X WHERE A = 1"


def test_words_outside_of_literals() -> None:
    assert wql.words("Name = 'Sequence' AND \"Icon\" = B AND C LIKE 'it\\'s Duration'") == {
        "name",
        "and",
        "b",
        "c",
        "like",
    }
