# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What faults are done to (scenarios), and every combination of a kind of fault with a request."""

from __future__ import annotations

import random
from dataclasses import dataclass

from tests.integration import count_cases as tasks
from tests.integration.count_cases import ADVERTISEMENT, PACKAGE, PROGRAM, TS, TS_PACKAGE
from tests.integration.deploy_faults import SCENARIOS as DEPLOY
from tests.integration.expected_requests import Case, expected_requests
from tests.integration.fault_kinds import KINDS, SECRET, Scenario

SAMPLE = 300
SEED = 20250601

JOIN = {
    "type": "join_domain_or_workgroup",
    "name": "Join",
    "domain": "corp.contoso.com",
    "username": "CORP\\svc-join",
    "password": SECRET,
}
STEPS = [tasks.command(), tasks.INSTALL, JOIN]
OTHER_STEPS = [tasks.command(line="cmd.exe /c exit 0"), JOIN, tasks.FONTS]
OWN = "SELECT * FROM SMS_TaskSequencePackage WHERE Name = 'Counted'"
ADS = "SELECT * FROM SMS_Advertisement WHERE AdvertisementName = 'Offer'"
PACKAGES = "SELECT * FROM SMS_Package WHERE Name = 'Counted Agent'"
PROGRAMS = "SELECT * FROM SMS_Program WHERE ProgramName = 'Counted'"
REQUIRED = {**tasks.OFFER, **tasks.ONCE}
NAMED = ("package", "program")

SCENARIOS = [
    Scenario("package, create", Case(PACKAGE, "create", pulls=1), tasks.AGENT, PACKAGES),
    Scenario(
        "package, change",
        Case(PACKAGE, "change"),
        {**tasks.AGENT, "language": "German", "source_path": r"\\files\agent"},
        PACKAGES,
        setup=((PACKAGE, tasks.AGENT),),
    ),
    Scenario(
        "package, delete",
        Case(PACKAGE, "delete"),
        {"name": "Counted Agent", "state": "absent"},
        PACKAGES,
        left=0,
        setup=((PACKAGE, tasks.AGENT),),
    ),
    Scenario("program, create", Case(PROGRAM, "create", kinds=("package",), pulls=1), tasks.RUN_BY_NAME, PROGRAMS),
    Scenario(
        "program, change",
        Case(PROGRAM, "change", kinds=("platform",), pulls=1),
        {**tasks.RUN, "platforms": ["All Windows 10 (64-bit)", "All Windows 11 (64-bit)"], "max_run_time": 5},
        PROGRAMS,
        setup=((PROGRAM, tasks.RUN),),
    ),
    Scenario(
        "program, delete",
        Case(PROGRAM, "delete", users=1),
        {"package": "id:PS100010", "name": "Counted", "state": "absent"},
        PROGRAMS,
        left=0,
        setup=((PROGRAM, tasks.RUN),),
    ),
    Scenario("empty task sequence, create", Case(TS_PACKAGE, "create", pulls=1), {"name": "Counted"}, OWN),
    Scenario(
        "task sequence options, change",
        Case(TS_PACKAGE, "change", kinds=("boot_image",)),
        {"name": "Counted", "boot_image": "Boot image (x64)", "max_run_time": 90, "category": "Lab"},
        OWN,
        setup=(tasks.made(),),
    ),
    Scenario(
        "task sequence with advertisements, delete",
        Case(TS_PACKAGE, "delete", advertisements=2, pulls=1),
        {"name": "Counted", "state": "absent", "remove_deployments": True},
        OWN,
        left=0,
        setup=(
            tasks.made(),
            (ADVERTISEMENT, {**tasks.OFFER, "task_sequence": "Counted"}),
            (ADVERTISEMENT, {**tasks.OFFER, "name": "Second", "task_sequence": "Counted"}),
        ),
    ),
    Scenario("task sequence, create", Case(TS, "create", kinds=NAMED, pulls=1), tasks.sequence(*STEPS), OWN),
    Scenario(
        "task sequence, create through text",
        Case(TS, "create", kinds=NAMED, text=True, report_scopes=False),
        tasks.sequence(*STEPS, compatibility={"write_via": "xml"}, report_scopes=False),
        OWN,
    ),
    Scenario(
        "task sequence with a child, create",
        Case(TS, "create", kinds=("task_sequence",), children=True, text=True, pulls=1, report_scopes=False),
        tasks.sequence(tasks.CHILD, report_scopes=False),
        OWN,
    ),
    Scenario(
        "task sequence, change",
        Case(TS, "change", kinds=NAMED),
        tasks.sequence(*OTHER_STEPS, description="new"),
        OWN,
        setup=(tasks.made(*STEPS),),
    ),
    Scenario(
        "task sequence from text, change",
        Case(TS, "change", sequence_xml=True),
        {"name": "Counted", "sequence_xml": tasks.PLAIN_XML},
        OWN,
        setup=(tasks.made(tasks.command(line="cmd.exe")),),
    ),
    Scenario(
        "task sequence, delete",
        Case(TS, "delete"),
        {"name": "Counted", "state": "absent"},
        OWN,
        left=0,
        setup=(tasks.made(*STEPS),),
    ),
    Scenario("advertisement, create", Case(ADVERTISEMENT, "create", schedules=True), REQUIRED, ADS),
    Scenario(
        "advertisement of a high-risk task sequence, create",
        Case(ADVERTISEMENT, "create", high_risk=True),
        {**tasks.OFFER, **tasks.ASAP, "task_sequence": "id:PS100041"},
        ADS,
    ),
    Scenario(
        "advertisement of the pair, create",
        Case(ADVERTISEMENT, "create", kinds=("task_sequence", "collection")),
        tasks.PAIR,
        "SELECT * FROM SMS_Advertisement WHERE PackageID = 'PS100042' AND CollectionID = 'PS100014'",
    ),
    Scenario(
        "advertisement, change",
        Case(ADVERTISEMENT, "change", schedules=True, gate=True),
        {**REQUIRED, "comment": "new"},
        ADS,
        setup=((ADVERTISEMENT, tasks.OFFER),),
    ),
    Scenario(
        "advertisement, replace",
        Case(ADVERTISEMENT, "replace"),
        {**tasks.OFFER, "collection": "id:PS100016", "allow_replace": True},
        ADS,
        setup=((ADVERTISEMENT, tasks.OFFER),),
    ),
    Scenario(
        "advertisement, delete",
        Case(ADVERTISEMENT, "delete"),
        {"name": "Offer", "state": "absent"},
        ADS,
        left=0,
        setup=((ADVERTISEMENT, tasks.OFFER),),
    ),
    *DEPLOY,
]


@dataclass(frozen=True)
class Faulty:
    """One case: the fault strikes the request at ``position`` (from 1) of the scenario."""

    scenario: int
    position: int
    kind: str

    @property
    def id(self) -> str:
        """The name of the test."""
        return f"{SCENARIOS[self.scenario].id}: {self.kind} at {self.position}"


def every_case() -> list[Faulty]:
    """Return all combinations; how many requests a scenario has is what the formula says."""
    return [
        Faulty(number, position, kind)
        for number, scenario in enumerate(SCENARIOS)
        for position in range(1, expected_requests(scenario.case) + 1)
        for kind in KINDS
    ]


def sample(count: int = SAMPLE) -> list[Faulty]:
    """Return the same cases every time, in the order of the whole."""
    everything = every_case()
    chosen = set(random.Random(SEED).sample(range(len(everything)), count))
    return [case for number, case in enumerate(everything) if number in chosen]
