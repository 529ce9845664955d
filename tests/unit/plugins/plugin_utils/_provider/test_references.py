# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""References: the forms a play may write, one query per kind, everything wrong in one error."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.instance import Instance
from ansible_collections.configmgr.osd.plugins.plugin_utils._errors import InvalidInput, ReferenceProblems
from ansible_collections.configmgr.osd.plugins.plugin_utils._provider.ref import Ref
from ansible_collections.configmgr.osd.plugins.plugin_utils._provider.references import KINDS, Resolver, parse_ref
from tests.unit.plugins.plugin_utils.fake_site import package, site

STRANGE = ["it's", 'say "x"', "it's \"both\"", "a\\b", "50%", "a_b", "[x]", "<x>", "a&b", " lead", "smile \U0001f600"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Agent", Ref("package", name="Agent")),
        ({"id": "ps100005"}, Ref("package", id="PS100005")),
        ("id:PS100005", Ref("package", id="PS100005")),
        ({"name": "id:x"}, Ref("package", name="id:x")),
        (
            {"name": "Agent", "version": "5.1", "manufacturer": "Contoso", "language": "en"},
            Ref("package", name="Agent", version="5.1", manufacturer="Contoso", language="en"),
        ),
        ({"name": "Agent", "version": None}, Ref("package", name="Agent")),
        (7, Ref("package", name="7")),
        (
            {"kind": "package", "package_id": "PS100005", "name": "Agent", "planned": False},
            Ref("package", id="PS100005"),
        ),
    ],
)
def test_forms(value: t.Any, expected: Ref) -> None:
    assert parse_ref(value, "package", "package") == expected


@pytest.mark.parametrize(
    ("value", "part"),
    [
        ("", "must not be empty"),
        ("a\nb", "line breaks"),
        ("tail ", "must not end with a blank"),
        ("id:nope", "is not the ID of a package"),
        ({"id": 32778}, "was read as the number 32778: quote the ID"),
        ({"id": "PS100005", "name": "x"}, "give the ID alone"),
        ({}, "needs a name or an id"),
        ({"nam": "x"}, "no such key"),
        ({"name": "x", "version": 5.1}, "was read as the number 5.1: quote it"),
        (True, "quote it"),
        (["x"], "must be the name of a package"),
    ],
)
def test_refused_forms(value: t.Any, part: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_ref(value, "package", "steps[2].package")
    assert part in caught.value.message
    assert caught.value.problems[0].path.startswith("steps[2].package")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_asks_for_known_plain_columns(kind: str) -> None:
    """A lazy column in a query fails on a site, an unknown one too."""
    rule = KINDS[kind]
    definition = site()[1].catalogue.get(rule.class_name)
    assert definition is not None
    for column in (*rule.columns, rule.id, rule.name_column, *rule.narrow.values()):
        known = definition.property(column)
        assert known is not None and not known.lazy and not known.embedded, column
        assert column in rule.columns
    assert set(definition.keys) <= set(rule.columns)


@pytest.mark.parametrize("name", STRANGE)
def test_names_with_strange_characters(name: str) -> None:
    connected, _cim = site(package("P0100001", name), package("P0100002", "other"))
    resolver = Resolver(connected)
    ref = parse_ref(name, "package", "package")
    resolver.add(ref)
    resolver.resolve()
    assert resolver.result(ref).id == "P0100001"


def test_one_query_per_kind_and_programs_last() -> None:
    connected, cim = site(
        package("P0100001", "A"),
        package("P0100002", "B"),
        package("P0100003", "Boot", "SMS_BootImagePackage"),
        Instance("SMS_Program", {"PackageID": "P0100001", "ProgramName": "install"}),
        Instance("SMS_Program", {"PackageID": "P0100002", "ProgramName": "Install"}),
    )
    resolver = Resolver(connected)
    first, second = (parse_ref(name, "package", name) for name in "AB")
    programs = [parse_ref("install", "program", "p", parent=parent) for parent in (first, second)]
    boot = parse_ref({"id": "P0100003"}, "boot_image", "boot_image")
    for ref in (*programs, boot, first, first):
        resolver.add(ref)
    resolver.resolve()
    assert [call[1] for call in cim.of("query")] == ["SMS_Package", "SMS_BootImagePackage", "SMS_Program"]
    assert [resolver.result(ref).id for ref in programs] == ["install", "Install"]
    assert resolver.result(boot).name == "Boot"
    resolver.resolve()
    assert len(cim.calls) == 3


def test_everything_wrong_is_in_one_error() -> None:
    connected, _cim = site(
        package("P0100001", "Twin", Version="1"),
        package("P0100002", "Twin", Version="2", Manufacturer="Contoso"),
        package("P0100009", "Real name"),
        Instance("SMS_Collection", {"CollectionID": "P0100010", "Name": "All"}),
    )
    resolver = Resolver(connected)
    for value, kind, path in (
        ("Twin", "package", "steps[0].package"),
        ("Nowhere", "package", "steps[1].package"),
        ("Nowhere", "package", "steps[7].package"),
        ("p0100009", "package", "steps[2].package"),
        ({"id": "P01000FF"}, "package", "steps[3].package"),
        ("Nobody", "collection", "collection"),
    ):
        resolver.add(parse_ref(value, kind, path))
    with pytest.raises(ReferenceProblems) as caught:
        resolver.resolve()
    rules = {problem.path: problem.rule for problem in caught.value.problems}
    assert set(rules) == {f"steps[{index}].package" for index in (0, 1, 2, 3, 7)} | {"collection"}
    assert "{id: P0100001} (version 1); {id: P0100002} (version 2, manufacturer Contoso)" in rules["steps[0].package"]
    assert "did you mean {id: P0100009}?" in rules["steps[2].package"]
    assert "no collection with this name" in rules["collection"]


def test_narrowing_case_and_deleted_rows() -> None:
    connected, _cim = site(
        package("P0100001", "Twin", Version="1"),
        package("P0100002", "Twin", Version="2"),
        package("P0100003", "twin", Version="3"),
        package("P0100004", "Solo"),
        package("P0100005", "Solo", ActionInProgress=3),
    )
    resolver = Resolver(connected)
    narrowed = parse_ref({"name": "Twin", "version": "2"}, "package", "a")
    folded = parse_ref("SOLO", "package", "b")
    exact = parse_ref("twin", "package", "c")
    for ref in (narrowed, folded, exact):
        resolver.add(ref)
    resolver.resolve()
    assert [resolver.result(ref).id for ref in (narrowed, folded, exact)] == ["P0100002", "P0100004", "P0100003"]


PLANNED = [
    {"kind": "package", "name": "Agent", "version": "5.1", "planned": True, "package_id": None},
    {"kind": "program", "name": "install", "package": {"name": "Agent", "package_id": None}, "planned": True},
    None,
]


def test_planned_objects_count_in_check_mode() -> None:
    connected, _cim = site()
    resolver = Resolver(connected, planned=t.cast(t.Any, PLANNED), check_mode=True)
    parent = parse_ref({"name": "agent", "version": "5.1"}, "package", "package")
    program = parse_ref("install", "program", "program", parent=parent)
    resolver.add(program)
    resolver.resolve()
    assert resolver.result(parent).planned and resolver.result(program).planned
    assert resolver.result(program).id is None
    assert [entry["kind"] for entry in resolver.unresolved] == ["package", "program"]


@pytest.mark.parametrize(
    ("check", "reference", "program"),
    [
        (False, "Agent", "install"),
        (True, "Agnet", "install"),
        (True, {"name": "Agent", "version": "6"}, "install"),
        (True, "Agent", "instal"),
    ],
)
def test_planned_objects_hide_no_error(check: bool, reference: t.Any, program: str) -> None:
    """Outside check mode they do not count, and a misspelt name is an error there as well."""
    connected, _cim = site()
    resolver = Resolver(connected, planned=t.cast(t.Any, PLANNED), check_mode=check)
    resolver.add(parse_ref(program, "program", "program", parent=parse_ref(reference, "package", "package")))
    with pytest.raises(ReferenceProblems) as caught:
        resolver.resolve()
    assert len(caught.value.problems) == 1


def test_an_ambiguous_name_is_an_error_even_when_planned() -> None:
    connected, _cim = site(package("P0100001", "Agent"), package("P0100002", "Agent"))
    resolver = Resolver(connected, planned=t.cast(t.Any, PLANNED), check_mode=True)
    resolver.add(parse_ref("Agent", "package", "package"))
    with pytest.raises(ReferenceProblems):
        resolver.resolve()


def test_unknown_ids_are_kept_with_one_warning_each() -> None:
    connected, _cim = site()
    resolver = Resolver(connected, unknown_ids="keep")
    refs = [parse_ref("id:XYZ00001", "package", f"steps[{index}].package") for index in range(3)]
    program = parse_ref("install", "program", "steps[0].program", parent=refs[0])
    for ref in (*refs, program):
        resolver.add(ref)
    resolver.resolve()
    assert resolver.result(refs[0]).dangling and resolver.result(refs[0]).id == "XYZ00001"
    assert resolver.result(program).dangling and resolver.result(program).id == "install"
    assert len(resolver.warnings) == 1
    assert {entry["path"] for entry in resolver.dangling} == {f"steps[{index}].package" for index in range(3)}


def test_missing_is_an_answer_when_the_caller_says_so() -> None:
    connected, _cim = site(package("P0100001", "Twin"), package("P0100002", "Twin"))
    resolver = Resolver(connected, missing_ok=True)
    ref = parse_ref("Nowhere", "package", "package")
    resolver.add(ref)
    resolver.resolve()
    assert resolver.result(ref).missing
    resolver.add(parse_ref("Twin", "package", "package"))
    with pytest.raises(ReferenceProblems):
        resolver.resolve()
