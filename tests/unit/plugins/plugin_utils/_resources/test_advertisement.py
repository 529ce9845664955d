# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Advertisements: identity, what cannot change, interrupted replacements, lost answers, twins, what a create sends."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils import _errors as errors
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.catalogue import Catalogue
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.instance import Instance
from ansible_collections.configmgr.osd.plugins.plugin_utils._resources import _adv_options as options

from .advertisement_support import HARMLESS, AdvertisementCim, advert, play, required, sequences, token

PAIR = {"task_sequence": "Windows 11", "collection": "Kiosks"}
NEW = {**PAIR, "name": "Rollout", "purpose": "available"}


def lost() -> errors.OutcomeUnknown:
    return errors.OutcomeUnknown("no answer")


def adverts(run: t.Any) -> list[Instance]:
    return [row for row in run.cim.rows if row.class_name == "SMS_Advertisement"]


# -- create -------------------------------------------------------------------------------------


def test_a_create_sends_every_default() -> None:
    """Whatever the class declares writable is sent, but for the key and data of other vendors."""
    run = play(**NEW)
    outcome = run()
    ((_verb, made),) = run.cim.of("create")
    definition = Catalogue.load().get("SMS_Advertisement")
    assert definition is not None
    writable = {prop.name for prop in definition.properties.values() if prop.writable and not prop.key}
    assert set(made.properties) == writable - {"ISVData", "ISVDataSize"}
    assert None not in made.properties.values()
    assert (made.get("OfferType"), made.get("ProgramName"), made.get("Priority")) == (2, "*", 2)
    assert (made.get("AdvertFlags"), made.get("RemoteClientFlags")) == (0x008B0000, 0x8850)
    assert (made.get("PackageID"), made.get("CollectionID")) == ("P0100011", "P0100021")
    assert outcome.values["advertisement"]["written"]


def test_content_follows_visibility_as_in_the_console() -> None:
    for visible, bits in (("clients", 0x50), ("clients_media_pxe", 0x300), ("media_pxe", 0x300)):
        run = play(**NEW, make_available_to=visible)
        run()
        ((_verb, made),) = run.cim.of("create")
        assert made.get("RemoteClientFlags") & options.CONTENT_BITS == bits


def test_the_name_of_the_console() -> None:
    run = play(task_sequence={"id": "p0100011"}, collection="id:P0100021", purpose="available")
    assert run().values["advertisement"]["name"] == "Windows 11_P0100011_Kiosks"
    long_name = "x" * 255
    cim = AdvertisementCim(
        Instance("SMS_TaskSequencePackage", {"PackageID": "P0100011", "Name": long_name, "Sequence": HARMLESS}),
        *sequences()[2:],
    )
    run = play(cim=cim, task_sequence=long_name, collection="Kiosks", purpose="available")
    assert run().values["advertisement"]["name"] == long_name


def test_package_ids_are_upper_case() -> None:
    run = play(name="x", task_sequence="id:p0100011", collection={"id": "p0100021"}, purpose="available")
    run()
    ((_verb, made),) = run.cim.of("create")
    assert (made.get("PackageID"), made.get("CollectionID")) == ("P0100011", "P0100021")
    assert not play(cim=run.cim, name="x", task_sequence="id:p0100011", collection={"id": "p0100021"})().changed


@pytest.mark.parametrize("missing", ["task_sequence", "collection", "purpose"])
def test_what_a_create_needs(missing: str) -> None:
    run = play(**{**NEW, missing: None})
    with pytest.raises(errors.InvalidInput, match=f"{missing}: must be given to create"):
        run()


def test_required_needs_rerun_when_it_begins_to_be_required() -> None:
    """On create, when turned in place, and when replaced; a change of a required one does not."""
    asap = {"purpose": "required", "assignments": ["as_soon_as_possible"]}
    for live in ([], [advert()]):
        with pytest.raises(errors.InvalidInput, match="rerun: must be given for a required"):
            play(*live, **{**NEW, **asap})()
        assert play(*live, **{**NEW, **asap}, rerun="never")().changed
    with pytest.raises(errors.InvalidInput, match="rerun: must be given"):
        play(required(), name="Rollout", collection="Finance", allow_replace=True)()
    assert play(required(), name="Rollout", comment="x")().changed


def test_turning_required_says_so() -> None:
    outcome = play(
        advert(), name="Rollout", purpose="required", rerun="never", assignments=[{"at": "2031-01-01 00:00"}]
    )()
    assert "required from now on" in outcome.values["msg"]


@pytest.mark.parametrize("option", ["task_sequence", "collection"])
def test_unknown_ids_are_named_in_check_mode_and_in_a_run(option: str) -> None:
    """A run sends IDs as they are; when the site refuses, the references are looked at."""
    params = {**NEW, "task_sequence": {"id": "P0100011"}, "collection": {"id": "P0100021"}, option: {"id": "P01FFFFF"}}
    run = play(**params)
    run.cim.failures["create"] = [errors.ServerFault("Generic failure")]
    for one in (run, play(**params, check=True)):
        with pytest.raises(errors.ReferenceProblems, match=f"{option} \\(P01FFFFF\\): the site has no"):
            one()
    known = play(**{**params, option: {"id": {"task_sequence": "P0100011", "collection": "P0100021"}[option]}})
    known.cim.failures["create"] = [errors.ServerFault("Generic failure")]
    with pytest.raises(errors.ServerFault, match="Generic failure"):
        known()


def test_task_sequences_are_for_devices() -> None:
    for collection in ("People", {"id": "P0100023"}):
        with pytest.raises(errors.InvalidInput, match="is a collection of users"):
            play(task_sequence="Windows 11", collection=collection, purpose="available")()


# -- identity -----------------------------------------------------------------------------------


def test_the_name_comes_before_the_pair() -> None:
    """A second one of a pair is made under its own name; then the pair alone is ambiguous."""
    run = play(advert(), **{**NEW, "name": "Other"})
    assert run().changed
    with pytest.raises(errors.InvalidInput) as caught:
        play(cim=run.cim, **PAIR, comment="x")()
    assert "2 advertisements match: P0120001 (Rollout), P0120101 (Other)" in caught.value.message
    with pytest.raises(errors.InvalidInput, match="2 advertisements match"):
        play(cim=run.cim, **PAIR, state="absent")()


def test_two_of_one_name() -> None:
    rows = [advert(), advert("P0120002", CollectionID="P0100022")]
    for params in ({"comment": "x"}, {"state": "absent"}, {**PAIR, "comment": "x"}):
        with pytest.raises(errors.InvalidInput, match=r"name \(Rollout\): 2 advertisements match"):
            play(*rows, name="Rollout", **params)()
    assert (
        play(*rows, advertisement_id="P0120002", comment="x")().values["advertisement"]["collection_id"] == "P0100022"
    )


def test_names_are_compared_without_case_unless_one_is_exact() -> None:
    assert not play(advert(), name="ROLLOUT")().changed
    rows = [advert(), advert("P0120002", "ROLLOUT")]
    assert play(*rows, name="ROLLOUT")().values["advertisement"]["advertisement_id"] == "P0120002"
    with pytest.raises(errors.InvalidInput, match="2 advertisements match"):
        play(*rows, name="rollout")()


def test_what_is_being_deleted_is_gone() -> None:
    run = play(advert(ActionInProgress=3), **NEW)
    assert run().values["advertisement"]["advertisement_id"] == "P0120101"
    assert not play(advert(ActionInProgress=3), advertisement_id="P0120001", state="absent")().changed


def test_classic_programs_are_left_alone() -> None:
    live = advert(ProgramName="Install", PackageID="P0100001")
    for state in ("present", "absent"):
        with pytest.raises(errors.InvalidInput, match="advertises the program Install of the package P0100001"):
            play(live, advertisement_id="P0120001", state=state)()
    assert play(live, **NEW)().values["advertisement"]["advertisement_id"] == "P0120101"


def test_an_id_never_creates() -> None:
    with pytest.raises(errors.NotFound, match="An ID never creates one"):
        play(advertisement_id="P012FFFF", **PAIR, purpose="available")()


def test_absent() -> None:
    for params in ({"name": "Rollout"}, {"advertisement_id": "p0120001"}, PAIR):
        run = play(advert(), **params, state="absent")
        outcome = run()
        assert outcome.changed
        assert outcome.values["advertisement"] is None
        assert not adverts(run)
        assert not play(cim=run.cim, **params, state="absent")().changed
    # A reference that is not there means absent already; one that is ambiguous means nothing.
    assert not play(advert(), task_sequence="No such", collection="Kiosks", state="absent")().changed
    cim = AdvertisementCim(*sequences(), sequences()[0])
    cim.rows[-1].properties["PackageID"] = "P0100099"
    with pytest.raises(errors.ReferenceProblems, match="2 of kind task sequence"):
        play(cim=cim, **PAIR, state="absent")()


def test_absent_ignores_the_other_options() -> None:
    assert play(advert(), name="Rollout", collection="No such", purpose="required", state="absent")().changed


def test_a_planned_task_sequence_has_no_advertisement_yet() -> None:
    planned = [{"kind": "task_sequence", "name": "Later", "planned": True, "package_id": None}]
    outcome = play(**{**NEW, "task_sequence": "Later", "name": None}, planned=planned, check=True)()
    assert outcome.changed
    assert outcome.values["advertisement"]["package_id"] is None
    assert outcome.values["unresolved"] == [{"kind": "task_sequence", "name": "Later", "path": "task_sequence"}]
    assert "Later_<not there yet>_Kiosks" in outcome.diff["after"]
    with pytest.raises(errors.ReferenceProblems, match="Latre"):
        play(**{**NEW, "task_sequence": "Latre"}, planned=planned, check=True)()
    with pytest.raises(errors.ReferenceProblems, match="Later"):
        play(**{**NEW, "task_sequence": "Later"}, planned=planned)()


# -- what the site cannot change -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"name": "Rollout", "collection": "Finance"}, r"collection \(P0100021 -> P0100022\)"),
        ({"name": "Rollout", "task_sequence": "Windows 10"}, r"task_sequence \(P0100011 -> P0100012\)"),
        ({"advertisement_id": "P0120001", "name": "Other"}, r"name \(Rollout -> Other\)"),
        ({"advertisement_id": "P0120001", "name": "ROLLOUT"}, r"name \(Rollout -> ROLLOUT\)"),
    ],
)
def test_replacing_needs_consent(params: dict[str, t.Any], says: str) -> None:
    with pytest.raises(errors.InvalidInput, match=says) as caught:
        play(advert(), **params)()
    assert "allow_replace: true" in caught.value.message
    check = play(advert(), **params, allow_replace=True, check=True)()
    run = play(advert(), **params, allow_replace=True)
    outcome = run()
    assert check.diff == outcome.diff
    assert "new deployment ID" in outcome.diff["after"]
    assert [call[0] for call in run.cim.writes()] == ["create", "delete"]
    (left,) = adverts(run)
    assert left.get("AdvertisementID") == "P0120101" == outcome.values["advertisement"]["advertisement_id"]
    shown = check.values["advertisement"]
    assert shown["planned"]
    assert shown["advertisement_id"] is None
    for key in ("name", "package_id", "collection_id"):
        assert shown[key] == outcome.values["advertisement"][key]
    again = {key: value for key, value in params.items() if key != "advertisement_id"}
    assert not play(cim=run.cim, **again, allow_replace=True)().changed


REPLACEMENTS = [
    {"name": "Rollout", "collection": "Finance"},
    {"advertisement_id": "P0120001", "collection": "Finance"},
    {"advertisement_id": "P0120001", "name": "Other"},
]


@pytest.mark.parametrize("params", REPLACEMENTS)
def test_a_rerun_finishes_a_replacement(params: dict[str, t.Any]) -> None:
    """The old one could not be deleted: the error names both, and the next run deletes it and makes no third."""
    run = play(advert(Comment="Kept"), **params, allow_replace=True)
    run.cim.failures["delete"] = [errors.AccessDenied("Access denied.")]
    with pytest.raises(errors.AccessDenied) as caught:
        run()
    assert "P0120101 replaces P0120001, but P0120001 could not be deleted, so both exist" in caught.value.message
    check = play(cim=run.cim, **params, comment="New", allow_replace=True, check=True)()
    assert len(adverts(run)) == 2
    rerun = play(cim=run.cim, **params, comment="New", allow_replace=True)
    outcome = rerun()
    assert outcome.diff == check.diff
    assert outcome.changed
    assert "P0120001" in outcome.values["msg"]
    assert outcome.values["advertisement"]["advertisement_id"] == "P0120101"
    assert check.values["advertisement"]["advertisement_id"] == "P0120101"
    (left,) = adverts(run)
    assert (left.get("AdvertisementID"), left.get("Comment")) == ("P0120101", "New")


def test_two_of_one_name_are_no_replacement_without_consent_or_in_another_order() -> None:
    """Only the younger one can be what a replacement made, and only of one that differs."""
    rows = [advert(), advert("P0120002", CollectionID="P0100022")]
    for collection, allowed in (("Finance", False), ("Kiosks", True), ("All Systems", True)):
        with pytest.raises(errors.InvalidInput, match="2 advertisements match"):
            play(*rows, name="Rollout", collection=collection, allow_replace=allowed)()
    twins = [advert(), advert("P0120002")]
    with pytest.raises(errors.InvalidInput, match="2 advertisements match"):
        play(*twins, name="Rollout", collection="Kiosks", allow_replace=True)()
    other = [advert(PackageID="P0100012"), advert("P0120002", CollectionID="P0100022")]
    with pytest.raises(errors.InvalidInput, match="2 advertisements match"):
        play(*other, name="Rollout", collection="Finance", allow_replace=True)()
    three = [*rows, advert("P0120003", CollectionID="P0100022")]
    with pytest.raises(errors.InvalidInput, match="3 advertisements match"):
        play(*three, name="Rollout", collection="Finance", allow_replace=True)()


TRACE = "configmgr.osd: replaces P0120001"


def test_two_of_one_name_without_a_trace_are_never_a_replacement() -> None:
    """Somebody may have made the younger one by hand: deleting the elder would end a deployment that is wanted."""
    rows = [advert(), advert("P0120002", CollectionID="P0100022")]
    params = {"name": "Rollout", "collection": "Finance", "allow_replace": True}
    for text in ("", "configmgr.osd: replaces P0120000", f"{TRACE}, or so"):
        rows[1].properties["ISVString"] = text
        run = play(*rows, **params)
        with pytest.raises(errors.InvalidInput, match="2 advertisements match"):
            run()
        assert not run.cim.writes()
    rows[1].properties["ISVString"] = f"somebody's; {TRACE}"
    run = play(*rows, **params)
    run()
    assert [row.get("AdvertisementID") for row in adverts(run)] == ["P0120002"]


def test_by_id_a_twin_without_a_trace_is_named() -> None:
    """Neither is anything deleted for it, nor is a third one made."""
    rows = [advert(), advert("P0120002", CollectionID="P0100022")]
    run = play(*rows, advertisement_id="P0120001", collection="Finance", allow_replace=True)
    with pytest.raises(errors.InvalidInput, match="nothing shows which of them replaces P0120001"):
        run()
    assert not run.cim.writes()


def test_a_site_that_keeps_no_trace_is_told_so_only_where_it_matters() -> None:
    """The replacement goes through; only one that stops half way cannot be finished by itself."""
    params = {"name": "Rollout", "collection": "Finance", "allow_replace": True}
    run = play(advert(), **params)
    created = run.cim.create

    def without(instance: Instance) -> dict[str, str]:
        return created(Instance(instance.class_name, {**instance.properties, "ISVString": ""}))

    run.cim.create = without
    run.cim.failures["delete"] = [errors.AccessDenied("Access denied.")]
    with pytest.raises(errors.AccessDenied):
        run()
    with pytest.raises(errors.InvalidInput, match="2 advertisements match"):
        play(cim=run.cim, **params)()
    assert len(adverts(run)) == 2


def test_a_trace_takes_the_place_of_an_elder_one() -> None:
    run = play(advert(ISVString="x; configmgr.osd: replaces P0110000"), name="Rollout", collection="Finance",
               allow_replace=True)  # fmt: skip
    run()
    assert adverts(run)[0].get("ISVString") == f"x; {TRACE}"


def test_an_elder_one_is_not_what_a_replacement_made() -> None:
    """It was there before; the play said by its ID which one is to move."""
    rows = [advert("P0120000", CollectionID="P0100022"), advert()]
    run = play(*rows, advertisement_id="P0120001", collection="Finance", allow_replace=True)
    run()
    assert [row.get("AdvertisementID") for row in adverts(run)] == ["P0120000", "P0120101"]


def test_a_replacement_with_an_unknown_id_fails_in_check_mode_too() -> None:
    for check in (True, False):
        run = play(advert(), name="Rollout", collection="id:P01FFFFF", allow_replace=True, check=check)
        run.cim.failures["create"] = [errors.ServerFault("Generic failure")]
        with pytest.raises(errors.ReferenceProblems, match="P01FFFFF"):
            run()
        assert [row.get("AdvertisementID") for row in adverts(run)] == ["P0120001"]


# -- lost answers -------------------------------------------------------------------------------


def test_a_lost_answer_of_a_create() -> None:
    run = play(**NEW)
    run.cim.failures["create"] = [(lost(),)]
    assert run().values["advertisement"]["advertisement_id"] == "P0120101"
    assert len(adverts(run)) == 1
    run = play(**NEW)
    run.cim.failures["create"] = [lost()]
    with pytest.raises(errors.NotAsWritten, match="no trace of it; run the task again"):
        run()
    assert len(run.cim.of("create")) == 1


def test_a_lost_answer_of_a_replacement() -> None:
    """The old one of the same name is not taken for the new one."""
    params = {"name": "Rollout", "collection": "Finance", "allow_replace": True}
    run = play(advert(), **params)
    run.cim.failures["create"] = [lost()]
    with pytest.raises(errors.NotAsWritten):
        run()
    assert [row.get("AdvertisementID") for row in adverts(run)] == ["P0120001"]
    run = play(advert(), **params)
    run.cim.failures["create"] = [(lost(),)]
    run()
    assert [row.get("AdvertisementID") for row in adverts(run)] == ["P0120101"]


def test_a_lost_answer_of_a_change_of_case() -> None:
    """The database compares names without case, so the old one looks like the new one."""
    run = play(advert(), advertisement_id="P0120001", name="ROLLOUT", allow_replace=True)
    run.cim.failures["create"] = [lost()]
    with pytest.raises(errors.NotAsWritten, match="no trace"):
        run()
    assert [row.get("AdvertisementID") for row in adverts(run)] == ["P0120001"]


def test_a_lost_answer_while_another_makes_the_same() -> None:
    """Two that look alike: nobody knows which one is ours."""
    run = play(**NEW)
    run.cim.failures["create"] = [(lost(),)]
    created = run.cim.create

    def twice(instance: Instance) -> dict[str, str]:
        run.cim.rows.append(Instance("SMS_Advertisement", {**instance.properties, "AdvertisementID": "P0120100"}))
        return created(instance)

    run.cim.create = twice
    with pytest.raises(errors.OutcomeUnknown):
        run()


def test_a_lost_answer_of_a_save_and_of_a_delete() -> None:
    for failure, error in (((lost(),), None), (lost(), errors.NotAsWritten)):
        for verb, params in (("put", {"comment": "x"}), ("delete", {"state": "absent"})):
            run = play(advert(), name="Rollout", **params)
            run.cim.failures[verb] = [failure]
            if error is None:
                assert run().changed
            else:
                with pytest.raises(error):
                    run()
            assert len(run.cim.of(verb)) == 1


def test_an_outcome_that_cannot_be_read() -> None:
    run = play(**NEW)
    run.cim.failures["create"] = [(lost(),)]
    run.cim.failures["query"] = [None, None, None, errors.AccessDenied("no")]
    with pytest.raises(errors.OutcomeUnknown) as caught:
        run()
    assert caught.value.attempted == "create SMS_Advertisement"


# -- twins --------------------------------------------------------------------------------------


def racing(own_first: bool) -> tuple[t.Any, str]:
    """Return a task whose creation meets another one of the same name, and the ID of that."""
    other = "P01201FF" if own_first else "P0120002"
    run = play(**NEW, comment="Ours")
    created = run.cim.create

    def twice(instance: Instance) -> dict[str, str]:
        keys = created(instance)
        run.cim.rows.append(advert(other, Comment="Theirs"))
        return keys

    run.cim.create = twice
    return run, other


def test_of_two_creations_the_lowest_id_stays() -> None:
    run, other = racing(own_first=False)
    assert run().values["advertisement"]["advertisement_id"] == other
    (left,) = adverts(run)
    assert left.get("Comment") == "Ours"
    assert other in run.warnings[0]
    run, other = racing(own_first=True)
    assert run().values["advertisement"]["advertisement_id"] == "P0120101"
    assert len(adverts(run)) == 2
    assert other in run.warnings[0]


# -- writing --------------------------------------------------------------------------------------


def test_lazy_properties_are_loaded_before_a_save() -> None:
    run = play(required(), name="Rollout", comment="x")
    run()
    ((_verb, body, keys, modified),) = run.cim.of("put")
    assert keys == {"AdvertisementID": "P0120001"}
    assert modified == ["Comment"]
    assert body.get("AssignedScheduleEnabled") is True
    assert len(body.get("AssignedSchedule")) == 1
    assert "TimeFlags" not in body.properties
    gets = [call for call in run.cim.calls if call[0] in ("get", "put")]
    assert [call[0] for call in gets] == ["get", "put", "get"]


def test_a_create_that_the_site_changed_is_said() -> None:
    run = play(**NEW)
    created = run.cim.create

    def other(instance: Instance) -> dict[str, str]:
        return created(Instance(instance.class_name, {**instance.properties, "AdvertFlags": 0}))

    run.cim.create = other
    with pytest.raises(errors.NotAsWritten, match="AdvertFlags"):
        run()


def test_the_site_may_keep_schedules_in_another_order() -> None:
    run = play(**NEW | {"purpose": "required", "rerun": "never"}, assignments=[
        {"at": "2031-01-01 00:00"}, {"at": "2031-01-02 00:00"}])  # fmt: skip
    created = run.cim.create

    def sorted_otherwise(instance: Instance) -> dict[str, str]:
        turned = list(reversed(instance.get("AssignedSchedule")))
        return created(Instance(instance.class_name, {**instance.properties, "AssignedSchedule": turned}))

    run.cim.create = sorted_otherwise
    assert run().changed


def test_a_deletion_that_did_not_happen_is_said() -> None:
    run = play(advert(), name="Rollout", state="absent")
    run.cim.delete = lambda *_args: None
    with pytest.raises(errors.NotAsWritten, match="still lists it"):
        run()


def test_check_mode_never_writes() -> None:
    for live, params in (
        ([], NEW),
        ([advert()], {"name": "Rollout", "comment": "x"}),
        ([advert()], {"name": "Rollout", "collection": "Finance", "allow_replace": True}),
        ([advert()], {"name": "Rollout", "state": "absent"}),
        ([required()], {"name": "Rollout", "assignments": [{"at": "2031-01-01 00:00"}]}),
    ):
        run = play(*live, **params, check=True)
        assert run().changed
        assert not run.cim.writes()


def test_check_mode_shows_what_a_run_does() -> None:
    params: dict[str, t.Any] = {
        "name": "Rollout", "purpose": "required", "rerun": "if_failed", "comment": "x", "expires_at": "2031-01-01",
        "assignments": ["log_on", {"at": "2025-06-02 22:00"}], "use_neighbor_boundary_group": False,
    }  # fmt: skip
    for live in ([], [advert()], [required(AssignedSchedule=[token("7AC16DC000100038")])]):
        check = play(*live, **PAIR, **params, check=True)()
        done = play(*live, **PAIR, **params)()
        assert check.diff == done.diff
        for key in ("changed_options", "assignments", "purpose", "rerun", "expires_at", "comment", "name"):
            assert check.values["advertisement"][key] == done.values["advertisement"][key]
