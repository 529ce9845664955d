# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sequence methods as the front end reaches them: through the provider of a seeded site."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.configmgr.osd.tests.simulator.objects import Obj, ProviderError
from ansible_collections.configmgr.osd.tests.simulator.provider import Site
from ansible_collections.configmgr.osd.tests.unit.simulator.sequences_support import (
    PACKAGE,
    command,
    group,
    sequence,
    step,
)


@pytest.fixture(name="site")
def _site() -> Site:
    return Site()


def call(site: Site, method: str, class_name: str = PACKAGE, **params: t.Any) -> dict[str, t.Any]:
    return site.invoke(site.namespace, class_name, method, None, params)


def get(site: Site, package_id: str) -> Obj:
    return site.get(site.namespace, PACKAGE, {"PackageID": package_id})


def packages(site: Site) -> list[str]:
    found = site.query(site.namespace, f"SELECT PackageID FROM {PACKAGE}").objs
    return [str(row.get("PackageID")) for row in found]


def test_every_seeded_sequence_can_be_read_and_saved_as_it_is(site: Site) -> None:
    site.switches.update({"secrets": "clear"})
    assert packages(site)
    for package_id in packages(site):
        before = get(site, package_id)
        read = call(site, "GetSequence", TaskSequencePackage=before)["TaskSequence"]
        answer = call(site, "SetSequence", TaskSequencePackage=before, TaskSequence=read)
        assert answer["SavedTaskSequencePackagePath"] == f'{PACKAGE}.PackageID="{package_id}"'
        after = get(site, package_id)
        assert call(site, "GetSequence", TaskSequencePackage=after)["TaskSequence"] == read
        assert after.get("SedoObjectVersion") != before.get("SedoObjectVersion")
        changed = {name for name in after.props if after.props[name] != before.props[name]}
        assert changed <= {"SedoObjectVersion", "LastRefreshTime", "SourceDate", "SourceVersion", "ActionInProgress",
                           "Sequence"}  # the text may hold tokens, and they are new each time
    assert {note["kind"] for note in site.notes} <= {"sequence_text_ignored"}


def test_a_new_one_shows_in_queries_and_its_lazy_properties_only_in_get(site: Site) -> None:
    sent = Obj(PACKAGE, {"Name": "Fresh", "PackageType": 4, "ProgramFlags": 152084496, "Priority": 2, "ShareType": 1,
                         "PkgSourceFlag": 1, "Duration": 120, "ForcedDisconnectDelay": 5,
                         "ForcedDisconnectNumRetries": 2})
    path = call(site, "SetSequence", TaskSequencePackage=sent,
                TaskSequence=sequence(group("G", command())))["SavedTaskSequencePackagePath"]
    package_id = path.split('"')[1]
    (row,) = site.query(site.namespace, f"SELECT * FROM {PACKAGE} WHERE Name = 'Fresh'").objs
    assert row.get("PackageID") == package_id and row.props["Sequence"] is None
    assert get(site, package_id).get("Sequence").startswith('<sequence version="3.10"><group name="G"')


def test_children_show_in_the_reference_classes(site: Site) -> None:
    child = packages(site)[0]
    sent = Obj(PACKAGE, {"Name": "Parent", "PackageType": 4, "ProgramFlags": 152084496})
    path = call(site, "SetSequence", TaskSequencePackage=sent, TaskSequence=sequence(
        step("SubTasksequence", TsPackageID=child, TsName="c")))["SavedTaskSequencePackagePath"]
    package_id = path.split('"')[1]
    query = f"SELECT * FROM SMS_TaskSequencePackageReference WHERE PackageID = '{package_id}'"
    assert [(row.get("ObjectID"), row.get("ObjectType")) for row in site.query(site.namespace, query).objs] == [
        (child, 4)]
    below = site.query(site.namespace, query.replace("Reference ", "Reference_Flat ")).objs
    assert {row.get("ObjectID") for row in below} >= {child} | {
        item.get("Package") for item in get(site, child).get("References") or ()}


def test_refresh_of_a_task_sequence_is_fatal_and_noted(site: Site) -> None:
    package_id = packages(site)[0]
    with pytest.raises(ProviderError):
        site.invoke(site.namespace, PACKAGE, "RefreshPkgSource", {"PackageID": package_id}, {})
    assert "forbidden_method" in {note["kind"] for note in site.notes}


def test_mdt_steps_need_the_mdt_classes(site: Site) -> None:
    text = '<sequence><step type="BDD_Validate" name="n"><action/><defaultVarList/></step></sequence>'
    with pytest.raises(ProviderError) as caught:
        call(site, "ImportSequence", SequenceXML=text)
    assert caught.value.extended is not None and caught.value.extended["ParameterInfo"] == "BDD_Validate"
    made = call(Site(mdt=True), "ImportSequence", SequenceXML=text)["TaskSequence"]
    assert made.props["Steps"][0].class_name == "BDD_Validate"


def test_a_reset_forgets_sequences_and_tokens(site: Site) -> None:
    package_id = packages(site)[0]
    before = get(site, package_id)
    call(site, "SetSequence", TaskSequencePackage=before, TaskSequence=sequence(command("Other")))
    site.reset()
    after = call(site, "GetSequence", TaskSequencePackage=get(site, package_id))["TaskSequence"]
    assert get(site, package_id).get("Sequence") == before.get("Sequence")
    assert after.props["Steps"][0].get("Name") != "Other"
