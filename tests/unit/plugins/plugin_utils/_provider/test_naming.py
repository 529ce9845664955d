# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From IDs back to what a play would write: the shortest form that leads to the same object again."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.instance import Instance
from ansible_collections.configmgr.osd.plugins.plugin_utils._provider.naming import Namer
from ansible_collections.configmgr.osd.plugins.plugin_utils._provider.ref import Ref
from ansible_collections.configmgr.osd.plugins.plugin_utils._provider.references import Resolver, parse_ref
from tests.unit.plugins.plugin_utils.fake_site import package, site

OWN = "P0100001"


def form(*others: Instance, own: Instance | None = None) -> t.Any:
    connected, _cim = site(own or package(OWN, "Agent", Version="1", Manufacturer="Contoso"), *others)
    namer = Namer(connected)
    ref = Ref("package", id=OWN.lower())
    namer.add(ref)
    namer.resolve()
    found = namer.form(ref)
    resolver = Resolver(connected)
    back = parse_ref(found, "package", "package")
    resolver.add(back)
    resolver.resolve()
    assert resolver.result(back).id == OWN
    return found


def test_a_unique_name_is_enough() -> None:
    assert form(package("P0100002", "Other")) == "Agent"


def test_a_name_that_differs_in_case_is_still_unique() -> None:
    """The exact one is found first."""
    assert form(package("P0100002", "AGENT", Version="1", Manufacturer="Contoso")) == "Agent"


def test_namesakes_are_told_apart() -> None:
    assert form(package("P0100002", "Agent", Version="2")) == {"name": "Agent", "version": "1"}
    assert form(package("P0100002", "Agent", Version="1", Manufacturer="Fabrikam")) == {
        "name": "Agent",
        "version": "1",
        "manufacturer": "Contoso",
    }


def test_what_nothing_tells_apart_is_an_id() -> None:
    assert form(package("P0100002", "Agent", Version="1", Manufacturer="Contoso")) == {"id": OWN}


def test_a_name_that_looks_like_an_id_form() -> None:
    """``id:...`` as text means an ID, so such a name needs the mapping."""
    assert form(own=package(OWN, "id:P0100001")) == {"name": "id:P0100001"}


@pytest.mark.parametrize("name", ["P0100009", 'O\'Neil "x"', " blank", "100% [a]_b\\"])
def test_strange_names(name: str) -> None:
    assert form(own=package(OWN, name)) == name


def test_unknown_ids_and_names_pass_through() -> None:
    connected, cim = site()
    namer = Namer(connected)
    namer.add(Ref("package", id="P01FFFFF"))
    namer.add(Ref("package", name="No ID"))
    namer.resolve()
    assert namer.form(Ref("package", id="P01FFFFF")) == {"id": "P01FFFFF"}
    assert namer.form(Ref("package", name="No ID")) == "No ID"
    assert len(cim.of("query")) == 1


def test_two_queries_per_kind_whatever_the_number() -> None:
    rows = [package(f"P010000{number}", f"Agent {number}") for number in range(9)]
    connected, cim = site(*rows)
    namer = Namer(connected)
    for row in rows:
        namer.add(Ref("package", id=str(row.get("PackageID"))))
    namer.resolve()
    assert len(cim.of("query")) == 2
    namer.add(Ref("package", id="P0100003"))
    namer.resolve()
    assert len(cim.of("query")) == 2
