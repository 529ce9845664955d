# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Task sequence packages: what SetSequence's companion, Put and Delete do."""

from __future__ import annotations

import pytest
from ansible_collections.configmgr.osd.tests.simulator.objects import Obj
from ansible_collections.configmgr.osd.tests.simulator.provider import Site
from ansible_collections.configmgr.osd.tests.unit.simulator.provider_support import (
    ADVERTISEMENT,
    FAILED,
    NOT_FOUND,
    STANDARD,
    TASK_SEQUENCE,
    kinds,
    refused,
    save,
    task_sequence,
)

KEY = {"PackageID": STANDARD}


@pytest.fixture
def site() -> Site:
    return Site()


def load(site: Site, package_id: str = STANDARD) -> Obj:
    return site.get(site.namespace, TASK_SEQUENCE, {"PackageID": package_id})


def test_a_new_one(site: Site) -> None:
    references = [Obj("SMS_TaskSequence_Reference", {"Package": "PS100010", "Program": "", "Type": 0})]
    row = save(
        site, task_sequence(BootImageID="PS100005"), References=references, Type=2, Sequence="<sequence>1</sequence>"
    )
    props = row.props
    assert (props["PackageID"], props["Sequence"], props["ReferencesCount"], props["Type"]) == (
        "PS100057",
        "<sequence>1</sequence>",
        1,
        2,
    )
    assert (props["TsEnabled"], props["TaskSequenceFlags"], props["SourceVersion"], props["ActionInProgress"]) == (
        True,
        0,
        1,
        2,
    )
    assert props["SecuredScopeNames"] == ["Default"] and props["SedoObjectVersion"] and props["SourceSite"] == "PS1"
    assert site.notes == []
    references[0].props["Package"] = "CHANGED"
    assert load(site, "PS100057").props["References"][0].props["Package"] == "PS100010"


def test_no_default_comes_from_the_server(site: Site) -> None:
    props = save(site, Obj(TASK_SEQUENCE, {"Name": "Careless", "PackageType": 4})).props
    assert (props["ProgramFlags"], props["Priority"], props["Duration"], props["BootImageID"]) == (0, 0, 0, None)
    unsent = {note.get("property") for note in site.notes if note["kind"] == "default_not_sent"}
    assert {"ProgramFlags", "PkgSourceFlag", "ForcedDisconnectDelay"} <= unsent
    assert "runs_nowhere" in kinds(site)


@pytest.mark.parametrize(
    ("props", "parameter"),
    [
        ({"Name": ""}, "Name"),
        ({"Name": "x" * 256}, "Name"),
        ({"PackageType": 0}, "PackageType"),
        ({"SourceVersion": 3}, "SourceVersion"),
        ({"DependentProgram": "PS100010,x"}, "DependentProgram"),
        ({"PackageID": "PS1AAAAA"}, "PackageID"),
        ({"SedoObjectVersion": "x"}, "SedoObjectVersion"),
        ({"SupportedOperatingSystems": [Obj("SMS_OS_Details", {"Name": "Win NT"})]}, "SupportedOperatingSystems"),
    ],
)
def test_a_new_one_is_refused(site: Site, props: dict, parameter: str) -> None:
    with refused(FAILED, parameter):
        save(site, task_sequence(**props))
    assert save(site, task_sequence()).props["PackageID"] == "PS100057"


def test_create_is_not_the_way(site: Site) -> None:
    with refused(FAILED, text="SetSequence"):
        site.create(site.namespace, task_sequence())


def test_names_may_repeat_unless_switched_off(site: Site) -> None:
    save(site, task_sequence(Name="Lab - Scratch"))
    site.switches.update({"duplicate_names": "refuse"})
    with refused(FAILED, "Name"):
        save(site, task_sequence(Name="lab - scratch"))
    row = load(site)
    row.props["Name"] = "Kiosk refresh"
    with refused(FAILED, "Name"):
        site.put(site.namespace, TASK_SEQUENCE, KEY, row, ["Name"])


def test_an_unknown_boot_image_dangles_or_is_refused(site: Site) -> None:
    assert save(site, task_sequence(BootImageID="PS1FFFFF")).props["TaskSequenceFlags"] == 1
    assert kinds(site) == ["dangling"]
    site.switches.update({"dangling_references": "refuse"})
    with refused(FAILED, "BootImageID"):
        save(site, task_sequence(BootImageID="PS100010"))


def test_saving_again_counts_renews_and_keeps(site: Site) -> None:
    row = load(site)
    row.props["Description"] = "Changed"
    after = save(site, row, False, dangling=True).props
    assert (after["Description"], after["SourceVersion"], after["TaskSequenceFlags"], after["BootImageID"]) == (
        "Changed",
        2,
        1,
        "PS100005",
    )
    assert after["SedoObjectVersion"] != row.props["SedoObjectVersion"] and after["SourceDate"] > "20250107"
    assert site.notes == []
    assert save(site, load(site), False).props["TaskSequenceFlags"] == 0


@pytest.mark.parametrize(
    ("props", "code", "parameter"),
    [
        ({"SedoObjectVersion": "x"}, FAILED, "SedoObjectVersion"),
        ({"SedoObjectVersion": None}, FAILED, "SedoObjectVersion"),
        ({"SourceSite": "XXX"}, FAILED, "SourceSite"),
        ({"PackageID": "PS1FFFFF"}, NOT_FOUND, "PackageID"),
        ({"PackageID": None}, NOT_FOUND, "PackageID"),
    ],
)
def test_saving_again_is_refused(site: Site, props: dict, code: int, parameter: str) -> None:
    row = load(site)
    row.props.update(props)
    with refused(code, parameter):
        save(site, row, False)


def test_read_only_properties_may_be_left_out_or_sent_back(site: Site) -> None:
    row = load(site)
    known = site.schema.get(TASK_SEQUENCE)
    assert known is not None
    lean = Obj(
        TASK_SEQUENCE,
        {
            name: value
            for name, value in row.props.items()
            if not known.properties[name].read_only or name in ("PackageID", "SedoObjectVersion")
        },
    )
    after = save(site, lean, False, Sequence="<sequence>2</sequence>")
    assert after.props["Sequence"] == "<sequence>2</sequence>" and after.props["SourceSite"] == "PS1"
    assert site.notes == []


def test_an_instance_from_a_query_blanks_what_is_lazy_and_says_so(site: Site) -> None:
    row = site.query(site.namespace, f"SELECT * FROM {TASK_SEQUENCE} WHERE PackageID = '{STANDARD}'").objs[0]
    after = save(site, row, False)
    assert (after.props["BootImageID"], after.props["Category"]) == (None, None)
    lost = {note["property"]: note["lost"] for note in site.notes if note["kind"] == "lazy_blanked"}
    assert lost == {"BootImageID": "PS100005", "Category": "Production"}


def test_an_explicit_null_array_clears_and_a_missing_one_is_an_oversight(site: Site) -> None:
    row = load(site)
    row.props["SupportedOperatingSystems"] = [
        Obj(
            "SMS_OS_Details",
            {"Name": "Win NT", "Platform": "x64", "MinVersion": "10.00.22000.0", "MaxVersion": "10.00.9999.9999"},
        )
    ]
    with_platform = save(site, row, False)
    with_platform.props["SupportedOperatingSystems"] = None
    assert save(site, with_platform, False).props["SupportedOperatingSystems"] is None
    assert site.notes == []
    row = load(site)
    row.props["SupportedOperatingSystems"] = with_platform.props["SupportedOperatingSystems"] = [
        Obj(
            "SMS_OS_Details",
            {"Name": "Win NT", "Platform": "x64", "MinVersion": "10.00.22000.0", "MaxVersion": "10.00.9999.9999"},
        )
    ]
    row = save(site, row, False)
    del row.props["SupportedOperatingSystems"]
    save(site, row, False)
    assert kinds(site) == ["lazy_blanked"]


def test_put_saves_options_and_leaves_the_steps(site: Site) -> None:
    row = load(site)
    row.props.update({"ProgramFlags": row.props["ProgramFlags"] | 0x1000, "Category": "", "Name": "Renamed"})
    after = site.put(site.namespace, TASK_SEQUENCE, KEY, row, ["ProgramFlags", "Category", "Name"])
    assert (after.props["TsEnabled"], after.props["Category"], after.props["Name"]) == (False, "", "Renamed")
    assert after.props["Sequence"] == row.props["Sequence"] and after.props["SourceVersion"] == 1
    assert site.notes == []
    row = load(site)
    row.props["Sequence"] = "<sequence/>"
    with refused(FAILED, "Sequence"):
        site.put(site.namespace, TASK_SEQUENCE, KEY, row, ["Sequence"])


def test_ts_enabled_is_computed(site: Site) -> None:
    row = load(site)
    row.props["TsEnabled"] = False
    after = site.put(site.namespace, TASK_SEQUENCE, KEY, row, ["TsEnabled"])
    assert after.props["TsEnabled"] is True and kinds(site) == ["ts_enabled_ignored"]


def test_progress_text_and_its_flag_belong_together(site: Site) -> None:
    row = load(site)
    row.props["CustomProgressMsg"] = "Working"
    after = site.put(site.namespace, TASK_SEQUENCE, KEY, row, ["CustomProgressMsg"])
    assert kinds(site) == ["progress_text"]
    after.props["ProgramFlags"] |= 2
    site.put(site.namespace, TASK_SEQUENCE, KEY, after, ["ProgramFlags"])
    assert kinds(site) == ["progress_text"]


def test_deleting_takes_deployments_and_folder_items_along(site: Site) -> None:
    site.delete(site.namespace, TASK_SEQUENCE, KEY)
    with refused(NOT_FOUND):
        site.get(site.namespace, ADVERTISEMENT, {"AdvertisementID": "PS120000"})
    assert (
        site.query(site.namespace, f"SELECT * FROM SMS_ObjectContainerItem WHERE InstanceKey = '{STANDARD}'").objs == []
    )
    with refused(NOT_FOUND):
        load(site)


def test_a_deleted_one_can_linger(site: Site) -> None:
    site.switches.update({"delete_lingers": 3})
    text = f"SELECT PackageID, ActionInProgress FROM {TASK_SEQUENCE} WHERE PackageID = '{STANDARD}'"
    site.delete(site.namespace, TASK_SEQUENCE, KEY)
    assert [row.props["ActionInProgress"] for row in site.query(site.namespace, text).objs] == [3]
    row = load(site)
    with refused(FAILED, "ActionInProgress"):
        site.put(site.namespace, TASK_SEQUENCE, KEY, row, [])
    with refused(FAILED, "ActionInProgress"):
        save(site, row, False)
    with refused(FAILED, "ActionInProgress"):
        site.delete(site.namespace, TASK_SEQUENCE, KEY)
    assert len(site.query(site.namespace, text).objs) == 1
    assert site.query(site.namespace, text).objs == []


def test_a_deleted_child_leaves_its_parent_dangling(site: Site) -> None:
    parent = site.store.find(TASK_SEQUENCE, (STANDARD,))
    assert parent is not None
    parent.props["References"] = [Obj("SMS_TaskSequence_Reference", {"Package": "PS100040", "Program": "*", "Type": 0})]
    site.store.save(parent)
    site.delete(site.namespace, TASK_SEQUENCE, {"PackageID": "PS100040"})
    assert load(site).props["TaskSequenceFlags"] == 1
