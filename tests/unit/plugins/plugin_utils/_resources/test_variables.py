# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Variables of devices and collections: the play, the masked ones, and the object around the array."""

from __future__ import annotations

import typing as t

import hypothesis
import hypothesis.strategies as st
import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils import _errors as errors
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.catalogue import Catalogue
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.instance import Instance
from ansible_collections.configmgr.osd.plugins.plugin_utils._provider.site import Compatibility, Site
from ansible_collections.configmgr.osd.plugins.plugin_utils._resources import _variables
from ansible_collections.configmgr.osd.plugins.plugin_utils._resources._base import Task
from ansible_collections.configmgr.osd.plugins.plugin_utils._resources._variables import COLLECTION, DEVICE, Variables
from ansible_collections.configmgr.osd.plugins.plugin_utils._wsman.client import WsmanClient
from tests.simulator.objects import Obj
from tests.unit.plugins.plugin_utils._resources.bench import ACCOUNT, Bench, _Transport

STORED = "<stored on site>"
LAB, FINANCE, BARE, KIOSKS = 16778000, 16777300, 16777600, "PS100018"
SECRET = "New-Join-0815"


def stored(bench: Bench, number: int = LAB) -> dict[str, str]:
    """Return what the site really holds, masked values included."""
    row = bench.provider.store.peek("SMS_MachineSettings", (number,))
    return {item.get("Name"): item.get("Value") for item in (row.get("MachineVariables", []) if row else [])}


def device(bench: Bench, variables: t.Any, number: int = LAB, **options: t.Any) -> t.Any:
    return bench.ok("cm_device", site_code="PS1", resource_id=number, variables=variables, **options)


def parsed(variables: t.Any, **options: t.Any) -> tuple[Variables, list[errors.Problem]]:
    found = Variables(Task({"variables": variables, **options}), DEVICE)
    return found, found.problems()


def settings(*items: tuple[str, str | None, bool], holder: _variables.Holder = DEVICE) -> Instance:
    rows = [Instance(holder.item_class, {"Name": n, "Value": v, "IsMasked": m}) for n, v, m in items]
    return Instance(holder.class_name, {holder.array: rows})


# -- the play -------------------------------------------------------------------------------------


def test_both_forms_mean_the_same() -> None:
    one, problems = parsed({"A": "1", "B": {"value": "x", "masked": True}, "C": {"state": "absent"}, "D": 5})
    other, _none = parsed(
        [
            {"name": "A", "value": "1"},
            {"name": "B", "value": "x", "masked": True},
            {"name": "C", "state": "absent"},
            {"name": "D", "value": "5"},
        ]
    )
    assert not problems
    strip = [(w.name, w.value, w.masked, w.absent) for w in one.wanted]
    assert strip == [(w.name, w.value, w.masked, w.absent) for w in other.wanted]
    assert not parsed({})[0].wanted and parsed({})[0].managed and not Variables(Task({}), DEVICE).managed


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ("text", "must be a list or a mapping"),
        (["A"], "must be a mapping with a name"),
        ({"": "x"}, "must not be empty"),
        ({"A" * 257: "x"}, "longer than 256"),
        ({"A ": "x"}, "must not end with a blank"),
        ({" A": "x"}, "must not begin with a blank"),
        ({"A": True}, "truth value: quote it"),
        ({"A": 1.5}, "number with a point: quote it"),
        ({"A": ["x"]}, "must be text"),
        ({"A": "x" * 4001}, "longer than 4000"),
        ({"A": "x\x00"}, "control characters"),
        ({"A": {"value": "x", "hidden": True}}, "no such key"),
        ({"A": {"value": "x", "masked": "yes"}}, "must be true or false"),
        ({"A": {"state": "gone"}}, "must be present or absent"),
        ({"A": {"value": "x", "state": "absent"}}, "neither value nor masked"),
        ([{"name": "A", "value": "1"}, {"name": "a", "value": "2"}], "is given before"),
        ([{"name": f"V{n}", "value": ""} for n in range(1001)], "at most 1000"),
    ],
)
def test_mistakes_are_found_before_connecting(variables: t.Any, said: str) -> None:
    _found, problems = parsed(variables)
    assert any(said in str(problem) for problem in problems), problems


@pytest.mark.parametrize("name", ["a b", "_SMSTSMachineName", "\u00e9", "A.B"])
def test_a_name_that_clients_do_not_know_gives_a_warning(name: str) -> None:
    said: list[str] = []
    found = Variables(Task({"variables": {name: "x", "OSD-Name_1": "y"}}, warn=said.append), DEVICE)
    assert not found.problems()
    assert [text.split(":")[0] for text in said] == [f"variables.{name}"]


def test_a_mistake_never_quotes_a_value() -> None:
    _found, problems = parsed({"A": {"value": SECRET + "\x00", "masked": True}})
    assert problems and SECRET not in str(problems)
    found, _none = parsed({"A": {"value": SECRET, "masked": True}, "B": "open"})
    assert found.task.hidden == {SECRET}


# -- the plan -------------------------------------------------------------------------------------


def planned(variables: t.Any, now: Instance | None, **options: t.Any) -> _variables.VariablePlan:
    found, problems = parsed(variables, **options)
    assert not problems
    return found.plan(now, "device X")


def test_merge_and_complete() -> None:
    now = settings(("A", "1", False), ("B", "2", False))
    plan = planned({"b": "3", "C": "4"}, now)
    assert (plan.before, plan.after) == ({"A": "1", "B": "2"}, {"A": "1", "B": "3", "C": "4"})
    assert planned({"B": "3"}, now, variables_mode="complete").after == {"B": "3"}
    assert planned({}, now, variables_mode="complete").after == {}
    assert planned({"A": {"state": "absent"}, "Z": {"state": "absent"}}, now).after == {"B": "2"}
    assert not planned({"A": "1", "Z": {"state": "absent"}}, now).changed
    assert not planned([{"name": "A"}], now).changed
    # The case of a value counts, that of a name does not.
    assert planned({"A": "x"}, settings(("a", "X", False))).after == {"a": "x"}


def test_what_counts_as_equal_on_the_way_back() -> None:
    """Line ends, the order of the array, and null for an empty text are the site's business."""
    assert not planned({"A": "1\n2", "B": ""}, settings(("A", "1\r\n2", False), ("B", None, False))).changed
    found, _none = parsed({"B": "x", "A": "1\n"})
    plan = found.plan(None, "device X")
    assert found._holds(settings(("A", "1\r\n", False), ("B", "x", False)), plan)
    for other in (
        [("A", "1", False)],
        [("A", "1\n", False), ("B", "y", False)],
        [("A", "1\n", True), ("B", "x", False)],
    ):
        assert not found._holds(settings(*other), plan)


def test_masked_values_are_never_compared_nor_shown() -> None:
    now = settings(("A", "1", False), ("S", "", True))
    assert not planned({"S": SECRET}, now).changed
    assert not planned({"S": STORED, "A": "1"}, now).changed
    assert not planned([{"name": "S", "masked": True}], now).changed
    plan = planned({"S": SECRET, "A": "2"}, now)
    assert plan.changed and plan.sent == ["S"]
    assert SECRET not in str((plan.before, plan.after, plan.notes))
    assert [item.get("Value") for item in plan.items] == ["2", SECRET]
    assert planned({"S": SECRET}, now, update_secrets="always").changed
    assert planned({"A": {"masked": True}}, settings(("A", "1", False))).after == {"A": STORED}


@pytest.mark.parametrize("options", [{}, {"update_secrets": "always"}, {"variables_mode": "merge"}])
def test_a_change_would_lose_what_the_play_does_not_give(options: dict[str, t.Any]) -> None:
    now = settings(("A", "1", False), ("S", "", True), ("T", "", True))
    with pytest.raises(errors.SecretUnreadable) as refused:
        planned({"A": "2", "S": SECRET}, now, **options)
    assert refused.value.detail == {"masked": ["T"]}
    assert "variables (T)" in refused.value.message and "assume_kept" in refused.value.message
    assert SECRET not in refused.value.message
    # What is removed needs no value, and neither does anything where nothing is written.
    assert planned({"A": "2", "S": SECRET, "T": {"state": "absent"}}, now, **options).after == {"A": "2", "S": STORED}
    assert not planned({"A": "1"}, now, **options).changed


def test_on_create_keeps_what_is_stored() -> None:
    now = settings(("S", "", True))
    assert planned({"N": {"value": SECRET, "masked": True}}, None, update_secrets="on_create").sent == ["N"]
    with pytest.raises(errors.SecretUnreadable, match="on_create"):
        planned({"A": "2", "S": SECRET}, now, update_secrets="on_create")
    plan = planned({"A": "2", "S": SECRET}, now, update_secrets="on_create", masked_rewrite="assume_kept")
    assert plan.sent == [] and [item.get("Value") for item in plan.items] == ["", "2"]


def test_unmasking_needs_the_value() -> None:
    now = settings(("S", "", True))
    with pytest.raises(errors.InvalidInput, match="to unmask it, give the value"):
        planned([{"name": "S", "masked": False}], now)
    assert planned({"S": {"value": "open", "masked": False}}, now).after == {"S": "open"}


@pytest.mark.parametrize("value", [STORED, None])
def test_a_value_that_is_nowhere(value: str | None) -> None:
    with pytest.raises(errors.InvalidInput, match="no such variable yet: it needs a value"):
        planned([{"name": "N", "value": value}], None)
    if value:
        with pytest.raises(errors.InvalidInput, match="this variable is not masked"):
            planned({"A": value}, settings(("A", "1", False)))


def test_the_limit_counts_stored_variables_as_well() -> None:
    now = settings(*((f"V{n}", "", False) for n in range(1000)))
    with pytest.raises(errors.InvalidInput, match="at most 1000"):
        planned({"One more": "x"}, now)


ITEMS = st.lists(
    st.tuples(st.sampled_from("ABCD"), st.sampled_from(["", "1", "2"]), st.booleans()),
    max_size=4,
    unique_by=lambda item: item[0],
)
CHANGES = st.dictionaries(
    st.sampled_from("abcde"),
    st.one_of(
        st.sampled_from(["", "1", "2", STORED]),
        st.just({"state": "absent"}),
        st.fixed_dictionaries({}, optional={"value": st.sampled_from(["1", STORED]), "masked": st.booleans()}),
    ),
    max_size=4,
)


@hypothesis.settings(max_examples=150, deadline=None)
@hypothesis.given(
    ITEMS, CHANGES, st.sampled_from(["merge", "complete"]), st.sampled_from(["on_change", "on_create", "always"])
)
def test_no_masked_value_is_ever_lost(
    items: list[tuple[str, str, bool]], changes: dict[str, t.Any], mode: str, update: str
) -> None:
    """Whatever the play says: what goes out is what it gives, or nothing goes out; and a second run is quiet."""
    now = settings(*((name, "" if masked else value, masked) for name, value, masked in items))
    options = {"variables_mode": mode, "update_secrets": update}
    try:
        plan = planned(changes, now, **options)
    except errors.InvalidInput:
        return
    if not plan.changed:
        assert plan.before == plan.after
        return
    given = {name.casefold(): item for name, item in changes.items()}
    for item in plan.items:
        if item.get("IsMasked"):
            wish = given.get(item.get("Name").casefold())
            value = wish.get("value") if isinstance(wish, dict) else wish
            was = {name: (value, masked) for name, value, masked in items}.get(item.get("Name"))
            known = was[0] if was is not None and not was[1] else None
            assert item.get("Value") in (value, known) and item.get("Value") != STORED
    again = [(i.get("Name"), "" if i.get("IsMasked") else i.get("Value"), bool(i.get("IsMasked"))) for i in plan.items]
    assert update == "always" or not planned(changes, settings(*again), **options).changed


# -- on the site ----------------------------------------------------------------------------------


def test_the_trap_is_played() -> None:
    """A client that sends the array back as it was read loses the secrets."""
    bench = Bench()
    device(bench, {"OSDComputerName": "LAB-1"}, masked_rewrite="assume_kept")
    assert stored(bench) == {"OSDComputerName": "LAB-1", "JoinPassword": "", "BiosPin": ""}
    assert [note["variable"] for note in bench.notes("masked_blanked")] == ["JoinPassword", "BiosPin"]
    assert any("assume_kept" in text for text in bench.warnings)
    bench = Bench(masked_rewrite="keep")
    device(bench, {"OSDComputerName": "LAB-1"}, masked_rewrite="assume_kept")
    assert stored(bench)["JoinPassword"] == "Lab-Join-4711"


@pytest.mark.parametrize("read", ["empty", "null", "clear"])
def test_refused_whatever_the_site_hands_out(read: str) -> None:
    bench = Bench(masked_read=read)
    said = bench.refused(
        "cm_device", "secret_unreadable", site_code="PS1", resource_id=LAB, variables={"OSDComputerName": "x"}
    )
    assert "JoinPassword, BiosPin" in said and "Lab-Join" not in said
    assert stored(bench)["JoinPassword"] == "Lab-Join-4711"


def test_ladder_with_every_masked_value() -> None:
    bench = Bench()
    new = {"value": "\u00fc\n", "masked": True}
    variables = {"OSDComputerName": "LAB-99", "JoinPassword": SECRET, "BiosPin": "1", "New": new}
    done = bench.ladder("cm_device", independently=lambda: stored(bench), resource_id=LAB, variables=variables)
    assert stored(bench) == {"OSDComputerName": "LAB-99", "JoinPassword": SECRET, "BiosPin": "1", "New": "\u00fc\n"}
    assert SECRET not in str(done) and done["device"]["variables"][1] == {
        "name": "JoinPassword",
        "value": STORED,
        "masked": True,
    }
    assert done["device"]["resource_id"] == LAB
    assert bench.notes("masked_blanked", "lazy_blanked", "unlisted_change") == []


@pytest.mark.parametrize("secret", ["1", "4711", SECRET])
def test_canaries(secret: str) -> None:
    bench = Bench()
    bench.verbosity = 5
    variables = {"JoinPassword": secret, "BiosPin": secret, "A": "x"}
    result = device(bench, variables)
    shown = [entry for entry in result["device"]["variables"] if entry["masked"]]
    assert [entry["value"] for entry in shown] == [STORED, STORED]
    assert result["device"]["resource_id"] == LAB and result["device"]["name"] == "LAB-01"
    if len(secret) > 4:
        assert secret not in str(result) and secret not in "".join(bench.shown)
    bodies = "".join(bench.shown)
    assert f">{secret}<" not in bodies


def test_what_a_talkative_site_hands_out_is_shown_nowhere() -> None:
    bench = Bench(masked_read="clear")
    bench.verbosity = 5
    result = device(bench, {"OSDComputerName": "LAB-01", "JoinPassword": "Lab-Join-4711"})
    info = bench.ok("cm_device_info", resource_id=LAB, gather=["variables"])
    for text in (str(result), str(info), "".join(bench.shown)):
        assert "Lab-Join-4711" not in text and ">4711<" not in text
    assert not result["changed"]


def test_always_writes_in_every_run() -> None:
    bench = Bench()
    variables = {"JoinPassword": SECRET, "BiosPin": "1"}
    assert not device(bench, variables)["changed"]
    for _again in range(2):
        result = device(bench, variables, update_secrets="always")
        assert result["changed"] and "sent again because of update_secrets: always" in result["msg"]
    assert stored(bench)["JoinPassword"] == SECRET


def test_counts() -> None:
    bench = Bench()
    device(bench, {"Department": "Finance"}, FINANCE)
    assert len(bench.requests) == 2 and bench.writes() == []
    device(bench, {"Department": "HR"}, FINANCE)
    assert len(bench.requests) == 4 and bench.writes() == ["Put SMS_MachineSettings"]
    device(bench, {"Department": "HR"}, BARE)
    assert len(bench.requests) == 6
    assert bench.writes() == ["Create SMS_MachineSettings", "Put SMS_MachineSettings"]
    assert stored(bench, BARE) == {"Department": "HR"} and bench.notes("default_not_sent") == []


@pytest.mark.parametrize(("when", "code"), [("after", None), ("before", "not_as_written")])
def test_a_lost_answer_is_settled_by_reading(when: str, code: str | None) -> None:
    bench = Bench()
    bench.tell("/faults", faults=[{"kind": "drop", "verb": "Put", "when": when}])
    result = bench.run("cm_device", resource_id=FINANCE, variables={"Department": "HR"})
    assert result.get("error", {}).get("code") == code and result["changed"] is (code is None)


def test_a_lost_answer_about_hidden_values_stays_unknown() -> None:
    bench = Bench()
    bench.tell("/faults", faults=[{"kind": "drop", "verb": "Put", "when": "after"}])
    options = {"variables": {"JoinPassword": SECRET, "BiosPin": "1"}, "update_secrets": "always"}
    result = bench.run("cm_device", resource_id=LAB, **options)
    assert result["error"]["code"] == "outcome_unknown" and result["changed"] and SECRET not in str(result)


# -- collections ----------------------------------------------------------------------------------


def collection_task(bench: Bench, variables: t.Any, **options: t.Any) -> tuple[Variables, Task]:
    """Make a task whose site is the bench's."""

    def connect() -> Site:
        wsman = WsmanClient(t.cast(t.Any, _Transport(bench.front, "main", ACCOUNT)))
        return Site.connect(wsman, site_code="PS1", compatibility=Compatibility())

    task = Task({"variables": variables, **options}, connect=connect)
    found = Variables(task, COLLECTION)
    assert not found.problems()
    return found, task


def kiosks(bench: Bench) -> Obj:
    row = bench.provider.store.peek("SMS_CollectionSettings", (KIOSKS,))
    assert row is not None
    return row


def test_windows_power_and_restart_settings_of_a_collection_survive() -> None:
    """The arrays beside the variables are lazy and marked read-only: left out, they would be wiped."""
    bench = Bench()
    before = kiosks(bench).copy()
    found, _task = collection_task(bench, {"Role": "Display", "KioskPassword": SECRET})
    now = found.read(KIOSKS)
    plan = found.plan(now, "collection Kiosks")
    after = found.apply(KIOSKS, now, plan)
    row = kiosks(bench)
    assert {item.get("Name"): item.get("Value") for item in row.get("CollectionVariables")} == {
        "Role": "Display",
        "KioskPassword": SECRET,
    }
    changed = [name for name in row.props if row.props[name] != before.props[name]]
    assert sorted(changed) == ["CollectionVariables", "LastModificationTime"]
    assert (
        len(row.get("ServiceWindows")) == 1 and len(row.get("PowerConfigs")) == 1 and row.get("RebootCountdown") == 45
    )
    assert bench.notes("lazy_blanked", "unlisted_change", "masked_blanked") == []
    assert len(after.get("ServiceWindows")) == 1


def test_the_simulated_site_wipes_what_is_left_out() -> None:
    """The test above can fail."""
    bench = Bench()
    found, task = collection_task(bench, {"Role": "x"}, masked_rewrite="assume_kept")
    now = found.read(KIOSKS)
    assert now is not None
    body = task.site.writable(now, {"CollectionVariables": now.get("CollectionVariables")})
    assert body.get("PowerConfigs") and body.get("ServiceWindows"), "a save sends them as well"
    for name in ("PowerConfigs", "ServiceWindows"):
        del body.properties[name]
    task.site.cim.put(body, keys=now.keys, modified=["CollectionVariables"])
    wiped = [note["property"] for note in bench.notes("lazy_blanked")]
    assert wiped == ["PowerConfigs", "ServiceWindows"] and kiosks(bench).get("ServiceWindows") is None


def test_unknown_properties_go_back_as_they_came() -> None:
    power = Instance("SMS_PowerConfig", {"PeakPowerPlan": "<plan/>", "ConfigID": "7"})
    window = Instance("SMS_ServiceWindow", {"Name": "Nights", "Future": "kept"})
    read = Instance(
        "SMS_CollectionSettings",
        {
            "CollectionID": "X",
            "PowerConfigs": [power],
            "ServiceWindows": [window],
            "SourceSite": "PS1",
            "NewThing": "1",
            "LastModificationTime": "now",
            "PreAction": None,
        },
    )
    sent = _variables._whole(Catalogue.load().get("SMS_CollectionSettings"), read, {"CollectionVariables": []})
    assert sent.properties == {
        "CollectionID": "X",
        "PowerConfigs": [power],
        "ServiceWindows": [window],
        "SourceSite": "PS1",
        "NewThing": "1",
        "PreAction": None,
        "CollectionVariables": [],
    }


def test_a_collection_without_settings_gets_them() -> None:
    bench = Bench()
    found, _task = collection_task(bench, {"A": "1", "S": {"value": SECRET, "masked": True}})
    now = found.read("PS100014")
    assert now is None
    after = found.apply("PS100014", None, found.plan(None, "collection X"))
    assert found.show(after) == [
        {"name": "A", "value": "1", "masked": False},
        {"name": "S", "value": STORED, "masked": True},
    ]
    row = bench.provider.store.peek("SMS_CollectionSettings", ("PS100014",))
    assert row is not None and row.get("ClusterTimeout") == 600 and row.get("SourceSite") == "PS1"
