# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fault at any request of any writing task: nothing is lost, doubled or hidden, and the next run completes it.

``make test`` runs a fixed sample, ``make faults`` (``CONFIGMGR_FAULTS=full``) every request position x kind of fault.
"""

from __future__ import annotations

import os
import re
import typing as t
from collections import Counter

import pytest
from tests.integration.conftest import PASSWORD, ROOT, STORES, Simulator
from tests.integration.expected_requests import expected_requests
from tests.integration.fault_cases import SCENARIOS, Faulty, every_case, sample
from tests.integration.fault_kinds import CARRIED_OUT, KINDS, SECRET, Scenario
from tests.integration.inprocess import Done, InProcess
from tests.integration.test_targets import requests

pytestmark = pytest.mark.inprocess

UNSTEADY = re.compile(r"(ID|Guid|Identifier|Time|Date|Version|(?<!Source)Path|ClassName|Hash)$|^Stored")
"""Properties that differ from run to run."""
LATER = 120
"""Seconds after which the simulated site has done everything that a task asked for."""
CLEAN: dict[str, list[dict[str, t.Any]]] = {}
"""Scenario -> what the site holds after a run without a fault."""
FULL = os.environ.get("CONFIGMGR_FAULTS") == "full"
CASES = every_case() if FULL else sample()
DOCUMENTED = set(
    re.findall(
        r"^ {4}\* - ``(\w+)``$", (ROOT / "docs/docsite/rst/errors.rst").read_text(encoding="utf-8"), re.MULTILINE
    )
)


def story(done: Done) -> str:
    """Return what a failed assertion shows."""
    return f"{done.result}\n{requests(done.requests)}"


def written_twice(done: Done, scenario: Scenario) -> list[t.Any]:
    """Return writes that were sent again: the same operation on the same object."""
    writes = Counter(
        (entry["verb"], entry["class"], entry["method"], str(entry["keys"]))
        for entry in done.requests
        if entry["write"] and entry["method"] not in scenario.twice
    )
    return [write for write, count in writes.items() if count > 1]


def hides(done: Done) -> bool:
    """Whether something was carried out that the result does not admit."""
    return any(entry["write"] and entry["executed"] for entry in done.requests) and not done.changed


def leaked(done: Done, site: InProcess) -> bool:
    """Whether an enumeration stays open that the task could have released: it got the context, and was heard."""
    unknown = any(entry["verb"] == "Enumerate" and entry["executed"] and entry["injected"] for entry in done.requests)
    unheard = any(entry["verb"] == "Release" and entry["injected"] for entry in done.requests)
    return bool(site.enumerations()["open"]) and not (unknown or unheard)


def settled_by_reading(done: Done, case: Faulty) -> bool:
    """Whether the reply of a write was lost, the write was carried out, and the site could be asked afterwards."""
    struck = [entry for entry in done.requests if entry["injected"]]
    return len(struck) == 1 and struck[0]["write"] and struck[0]["executed"] and case.kind in CARRIED_OUT


def check_failure(done: Done, case: Faulty) -> None:
    """The message names what happened, and the code is one that is documented and fits."""
    kind = KINDS[case.kind]
    error, message = done.result["error"], done.result["msg"]
    assert done.code in DOCUMENTED and done.code in kind.codes, story(done)
    assert not kind.words or any(word.casefold() in message.casefold() for word in kind.words), message
    assert "exception" not in done.result, done.result["exception"]
    if done.code == "outcome_unknown":
        assert error["attempted"] and done.changed, story(done)
    struck = next(entry for entry in done.requests if entry["injected"])
    if case.position > 1:
        assert "unreachable" not in done.result, story(done)
    assert error["wmi_class"] in (struck["class"], None) or struck["class"] in message, story(done)


@pytest.fixture
def sites(running_simulator: Simulator) -> dict[str, InProcess]:
    """Both stores; each case resets the one that it uses."""
    return {store: InProcess(running_simulator, store) for store in STORES}


@pytest.mark.parametrize("scenario", [pytest.param(one, id=one.id) for one in SCENARIOS])
def test_the_positions_are_all_of_the_requests(scenario: Scenario, sites: dict[str, InProcess]) -> None:
    """Without a fault each scenario sends as many requests as the cases above have positions."""
    site = sites[STORES[0]]
    prepare(site, scenario)
    done = site.run(scenario.case.module, **scenario.args)
    assert not done.failed and done.changed, done.result
    assert len(done.requests) == expected_requests(scenario.case), story(done)
    site.ahead(LATER)
    CLEAN[scenario.id] = state(site, scenario)
    complete(site, scenario, done)


@pytest.mark.parametrize("number", range(len(CASES)), ids=[case.id for case in CASES])
def test_a_fault_leaves_nothing_behind(number: int, sites: dict[str, InProcess]) -> None:
    """The faulty run is honest, the next one completes it, the one after that changes nothing."""
    case = CASES[number]
    scenario = SCENARIOS[case.scenario]
    site = sites[STORES[number % len(STORES)]]
    prepare(site, scenario)
    site.plan_faults(*plan(case, scenario))
    done = site.run(scenario.case.module, **scenario.args)
    assert [entry for entry in done.requests if entry["injected"]], f"nothing was struck\n{story(done)}"
    if done.failed:
        check_failure(done, case)
        assert scenario.unreadable or not settled_by_reading(done, case), story(done)
    assert not written_twice(done, scenario), story(done)
    assert not hides(done), story(done)
    assert not leaked(done, site), f"{site.enumerations()}\n{story(done)}"
    assert SECRET not in done.everything and PASSWORD not in done.everything
    before = len(site.rows(scenario.found))
    assert before <= scenario.most or scenario.case.action == "replace", f"{before} of one name\n{story(done)}"
    complete(site, scenario, done)


def plan(case: Faulty, scenario: Scenario) -> list[dict[str, t.Any]]:
    """Return the fault plan; a provider that quotes what it was sent quotes the secret too."""
    rules = KINDS[case.kind].plan(case.position)
    if SECRET in str(scenario.args):
        for rule in rules:
            if "description" in rule:
                rule["description"] += f": {SECRET}"
    return rules


def prepare(site: InProcess, scenario: Scenario) -> None:
    """Put the store into the state before the task."""
    site.reset()
    if scenario.switches:
        site.switch(**scenario.switches)
    for module, args in scenario.setup:
        made = site.run(module, **args)
        assert made.changed and not made.failed, made.result


def complete(site: InProcess, scenario: Scenario, faulty: Done) -> None:
    """Run the task again without a fault, and once more; in the end the site holds what a clean run leaves."""
    site.plan_faults()
    module = scenario.case.module
    again = site.run(module, **scenario.args)
    assert not again.failed, f"first: {story(faulty)}\nagain: {story(again)}"
    if faulty.failed and not faulty.changed:
        assert again.changed, f"first: {story(faulty)}\nagain: {story(again)}"
    if not faulty.failed:
        skipped = scenario.skips_locked and "object_locked" in faulty.everything
        # A lock that strikes the look after a save was reported although the object is saved: nothing is left to do.
        assert again.changed == scenario.repeats or skipped, f"first: {story(faulty)}\nagain: {story(again)}"
    last = site.run(module, **scenario.args)
    assert not last.failed and last.changed == scenario.repeats, f"again: {story(again)}\nlast: {story(last)}"
    assert len(site.rows(scenario.found)) == scenario.left
    # What is due later happens now.
    site.ahead(LATER)
    if scenario.remedy and state(site, scenario) != clean_state(site, scenario):
        # What is missing was said, with an option that does it.
        assert faulty.failed or faulty.warnings, story(faulty)
        said = f"{faulty.result.get('msg')} {faulty.warnings}"
        assert any(f"{name}: {value}".casefold() in said.casefold() for name, value in scenario.remedy.items()), said
        mended = site.run(module, **{**scenario.args, **scenario.remedy})
        assert mended.changed and not mended.failed, story(mended)
        site.ahead(LATER)
    if not scenario.repeats:
        assert state(site, scenario) == clean_state(site, scenario), f"first: {story(faulty)}\nagain: {story(again)}"


def state(site: InProcess, scenario: Scenario) -> list[dict[str, t.Any]]:
    """Return what the site holds, without times, versions and numbers that differ from run to run."""
    rows = site.rows(scenario.found)
    if scenario.keys:
        rows = [site.whole(row["__class"], {key: row[key] for key in scenario.keys}) for row in rows]
    for wql in scenario.also:
        rows += site.rows(wql)
    return sorted((steady(row) for row in rows), key=str)


def steady(value: t.Any) -> t.Any:
    """Return a value without what differs from run to run."""
    if isinstance(value, list):
        return [steady(item) for item in value]
    if isinstance(value, dict):
        return {name: steady(item) for name, item in value.items() if not UNSTEADY.search(name)}
    return value


def clean_state(site: InProcess, scenario: Scenario) -> list[dict[str, t.Any]]:
    """Return what a run without a fault leaves, found out on the other store unless it is known."""
    if scenario.id not in CLEAN:
        other = InProcess(site.simulator, next(store for store in STORES if store != site.store))
        prepare(other, scenario)
        done = other.run(scenario.case.module, **scenario.args)
        assert done.changed and not done.failed, done.result
        other.ahead(LATER)
        CLEAN[scenario.id] = state(other, scenario)
    return CLEAN[scenario.id]
