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
from tests.integration.fault_cases import CARRIED_OUT, KINDS, SCENARIOS, SECRET, Faulty, Scenario, every_case, sample
from tests.integration.inprocess import Done, InProcess
from tests.integration.test_targets import requests

pytestmark = pytest.mark.inprocess

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


def written_twice(done: Done) -> list[t.Any]:
    """Return writes that were sent again: the same operation on the same object."""
    writes = Counter(
        (entry["verb"], entry["class"], entry["method"], str(entry["keys"]))
        for entry in done.requests
        if entry["write"]
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
        assert not settled_by_reading(done, case), story(done)
    assert not written_twice(done), story(done)
    assert not hides(done), story(done)
    assert not leaked(done, site), f"{site.enumerations()}\n{story(done)}"
    assert SECRET not in done.everything and PASSWORD not in done.everything
    before = len(site.rows(scenario.found))
    assert before <= 1 or scenario.case.action == "replace", f"{before} of one name\n{story(done)}"
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
    for module, args in scenario.setup:
        made = site.run(module, **args)
        assert made.changed and not made.failed, made.result


def complete(site: InProcess, scenario: Scenario, faulty: Done) -> None:
    """Run the task again without a fault, and once more."""
    site.plan_faults()
    module = scenario.case.module
    again = site.run(module, **scenario.args)
    assert not again.failed, f"first: {story(faulty)}\nagain: {story(again)}"
    if faulty.failed and not faulty.changed:
        assert again.changed, f"first: {story(faulty)}\nagain: {story(again)}"
    if not faulty.failed:
        assert not again.changed, f"first: {story(faulty)}\nagain: {story(again)}"
    last = site.run(module, **scenario.args)
    assert not last.failed and not last.changed, f"again: {story(again)}\nlast: {story(last)}"
    assert len(site.rows(scenario.found)) == scenario.left


@pytest.mark.parametrize("scenario", [pytest.param(one, id=one.id) for one in SCENARIOS])
def test_the_positions_are_all_of_the_requests(scenario: Scenario, sites: dict[str, InProcess]) -> None:
    """Without a fault each scenario sends as many requests as the cases above have positions."""
    site = sites[STORES[0]]
    prepare(site, scenario)
    done = site.run(scenario.case.module, **scenario.args)
    assert not done.failed and done.changed, done.result
    assert len(done.requests) == expected_requests(scenario.case), story(done)
    complete(site, scenario, done)
