# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a site may do with a written package, races and lost answers, and what the info module reads."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.configmgr.osd.tests.simulator.rules import task_sequences
from tests.unit.plugins.plugin_utils._resources.bench import PACKAGE, Bench

MODULE = "cm_ts_package"
STANDARD = "PS100041"


@pytest.fixture
def bench() -> Bench:
    return Bench()


def _copy(bench: Bench, name: str, **properties: t.Any) -> t.Any:
    (row,) = bench.packages(name)
    copy = bench.provider.store.find(PACKAGE, (row["PackageID"],)).copy()
    copy.props.update(properties)
    return copy


# -- what the site does with it ----------------------------------------------------------------------


def test_another_form_of_a_text_is_a_warning_and_an_emptied_one_a_failure(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = task_sequences.stamp_saved

    def stamp(text: str | None) -> t.Any:
        def stamped(site: t.Any, obj: t.Any) -> None:
            real(site, obj)
            obj.props["Description"] = text

        return stamped

    monkeypatch.setattr(task_sequences, "stamp_saved", stamp("Shouted"))
    assert bench.ok(MODULE, package_id=STANDARD, description="Said")["changed"]
    assert bench.warnings == ["description: sent Said, the site holds Shouted."]
    monkeypatch.setattr(task_sequences, "stamp_saved", stamp(None))
    result = bench.run(MODULE, package_id=STANDARD, description="Said again")
    assert result["failed"] and result["error"]["code"] == "not_as_written" and result["changed"]
    assert "left empty: description" in result["msg"]


def test_two_plays_that_create_the_same_leave_one(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other play was first: ours goes again, and what ours wants is done to the other."""
    _race(bench, monkeypatch, "PS1000A0")
    done = bench.ok(MODULE, name="Race", description="Mine")
    assert done["ts_package"]["package_id"] == "PS1000A0" and done["changed"]
    assert any("was deleted again" in text for text in bench.warnings)
    (left,) = bench.packages("Race")
    assert (left["PackageID"], left["Description"]) == ("PS1000A0", "Mine")


def test_the_first_of_two_creations_stays(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    _race(bench, monkeypatch, "PS1FFFF0")
    done = bench.ok(MODULE, name="Race", description="Mine")
    assert done["ts_package"]["package_id"] < "PS1FFFF0"
    assert any("stays" in text for text in bench.warnings) and len(bench.packages("Race")) == 2


def _race(bench: Bench, monkeypatch: pytest.MonkeyPatch, package_id: str) -> None:
    """Let another play create the same name while ours is on its way."""
    bench.provider.store.set_counter("package", 0xB0)
    real = bench.provider.invoke

    def invoke(namespace: str, class_name: str, method: str, keys: t.Any, params: t.Any) -> t.Any:
        if method == "SetSequence":
            monkeypatch.setattr(bench.provider, "invoke", real)
            real(namespace, class_name, method, keys, params)
            other = _copy(bench, "Race", PackageID=package_id, Description="Theirs")
            own = bench.packages("Race")[0]["PackageID"]
            bench.provider.store.save(other)
            return {"SavedTaskSequencePackagePath": f'{PACKAGE}.PackageID="{own}"', "ReturnValue": 0}
        return real(namespace, class_name, method, keys, params)

    monkeypatch.setattr(bench.provider, "invoke", invoke)


def test_a_lost_answer_of_a_create_is_settled_by_reading(bench: Bench) -> None:
    bench.front.plan.set([{"kind": "drop", "when": "after", "method": "SetSequence"}])
    done = bench.ok(MODULE, name="Fresh")
    assert done["changed"] and len(bench.packages("Fresh")) == 1


def test_a_lost_request_of_a_create_is_a_failure_that_a_rerun_mends(bench: Bench) -> None:
    bench.front.plan.set([{"kind": "drop", "when": "before", "method": "SetSequence"}])
    result = bench.run(MODULE, name="Fresh")
    assert result["failed"] and not result["changed"] and result["error"]["code"] == "not_as_written"
    assert "run the task again" in result["msg"] and bench.packages("Fresh") == []
    assert bench.ok(MODULE, name="Fresh")["changed"]


def test_a_lost_answer_that_reading_cannot_settle_is_unknown(bench: Bench) -> None:
    bench.front.plan.set(
        [
            {"kind": "drop", "when": "after", "method": "SetSequence"},
            {"kind": "drop", "verb": "Enumerate", "class": PACKAGE, "at": 2, "times": 0},
        ]
    )
    result = bench.run(MODULE, name="Fresh")
    assert result["failed"] and result["changed"] and result["error"]["code"] == "outcome_unknown"
    assert result["error"]["attempted"] == "save the task sequence Fresh"
    assert result["error"]["method"] == "SetSequence"
    bench.front.plan.clear()
    assert not bench.ok(MODULE, name="Fresh")["changed"] and len(bench.packages("Fresh")) == 1


def test_a_site_that_does_not_name_what_it_saved(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    real = bench.provider.invoke

    def invoke(namespace: str, class_name: str, method: str, keys: t.Any, params: t.Any) -> t.Any:
        answer = real(namespace, class_name, method, keys, params)
        answer.pop("SavedTaskSequencePackagePath", None)
        return answer

    monkeypatch.setattr(bench.provider, "invoke", invoke)
    done = bench.ok(MODULE, name="Fresh")
    assert done["ts_package"]["package_id"] == bench.packages("Fresh")[0]["PackageID"]


def test_a_locked_package_names_who_holds_it(bench: Bench) -> None:
    bench.tell("/lock", path=f'{PACKAGE}.PackageID="{STANDARD}"', user="CORP\\admin", machine="DESK-7")
    result = bench.run(MODULE, package_id=STANDARD, description="x")
    assert result["error"]["code"] == "object_locked" and "CORP\\admin on DESK-7" in result["msg"]


# -- info --------------------------------------------------------------------------------------------


def test_info_lists_all_without_lazy_properties(bench: Bench) -> None:
    found = bench.ok("cm_ts_package_info")["ts_packages"]
    assert [item["package_id"] for item in found] == sorted(item["package_id"] for item in found)
    assert {item["name"] for item in found} >= {"Windows 11 - Standard desktop", "Lab - Scratch"}
    assert all(item["boot_image"] is None and item["max_run_time"] is not None for item in found)
    assert len(bench.requests) == 3 and bench.counted()[-1].startswith("Pull")


def test_info_of_one_by_name_in_another_case_and_by_id(bench: Bench) -> None:
    (by_name,) = bench.ok("cm_ts_package_info", name="windows 11 - standard desktop")["ts_packages"]
    (by_id,) = bench.ok("cm_ts_package_info", package_id=STANDARD.lower())["ts_packages"]
    assert by_name == by_id and by_name["boot_image"] == "Boot image (x64)"
    assert len(bench.ok("cm_ts_package_info", name="Lab - Scratch")["ts_packages"]) == 2
    assert bench.ok("cm_ts_package_info", name="Nothing")["ts_packages"] == []
    assert bench.ok("cm_ts_package_info", package_id="PS1FFFFF")["ts_packages"] == []


def test_info_with_gather_applies_again(bench: Bench) -> None:
    given = ("name", "description", "category", "boot_image", "max_run_time", "progress_text", "enabled")
    for item in bench.ok("cm_ts_package_info", gather=["options"])["ts_packages"]:
        again = bench.ok(MODULE, package_id=item["package_id"], **{name: item[name] for name in given})
        assert not again["changed"], again["diff"]


@pytest.mark.parametrize(("options", "says"), [({"name": "x "}, "must not end"), ({"package_id": "x"}, "PS100042")])
def test_info_refuses_what_cannot_be(bench: Bench, options: dict[str, t.Any], says: str) -> None:
    assert says in bench.refused("cm_ts_package_info", **options)


def test_a_new_name_that_is_taken_is_warned_about(bench: Bench) -> None:
    own = bench.ok("cm_ts_package", name="Pilot")["ts_package"]["package_id"]
    other = bench.ok("cm_ts_package", name="Production")["ts_package"]["package_id"]
    for check in (True, False):
        assert bench.ok("cm_ts_package", check=check, package_id=own, name="production")["changed"]
        assert [text for text in bench.warnings if other in text and "bears the name" in text]
    bench.ok("cm_ts_package", package_id=own, name="Pilot")
    assert not bench.warnings
    bench.ok("cm_ts_package", package_id=own, name="PILOT")
    assert not bench.warnings
