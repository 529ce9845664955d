# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Classic packages: identity, plan, twins, lost answers, guards. The ladder is a playbook test."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.configmgr.osd.plugins.modules.cm_package import SPEC
from ansible_collections.configmgr.osd.plugins.plugin_utils import _errors as errors
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.instance import Instance
from ansible_collections.configmgr.osd.plugins.plugin_utils._resources.package import Package
from tests.unit.plugins.plugin_utils.fake_site import FakeCim, Run, package

SCOPES = [
    Instance("SMS_SecuredCategory", {"CategoryID": "SMS00UNA", "CategoryName": "Default"}),
    Instance("SMS_SecuredCategory", {"CategoryID": "P0100007", "CategoryName": "Finance"}),
]


def agent(package_id: str = "P0100001", **properties: t.Any) -> Instance:
    return package(package_id, "Agent", Version="1", Manufacturer="Contoso", SedoObjectVersion="v1", **properties)


def run(rows: t.Iterable[Instance] = (), **options: t.Any) -> Run:
    return Run(Package, SPEC, rows, **options)


def verbs(cim: FakeCim) -> list[str]:
    return [call[0] for call in cim.calls]


def test_nothing_to_change_is_one_query() -> None:
    task = run([agent()], name="Agent", version="1", description="")
    outcome = task()
    assert not outcome.changed and outcome.diff is None
    assert outcome.values["package"]["package_id"] == "P0100001"
    assert verbs(task.cim) == ["query"]


def test_create_reads_back_and_names_the_scopes() -> None:
    task = run(SCOPES, name="Agent", version="1")
    outcome = task()
    assert verbs(task.cim) == ["query", "create", "query", "query"]
    assert outcome.values["scopes"] == ["Default", "Finance"]
    assert "was created" in outcome.values["msg"] and "Default, Finance" in outcome.values["msg"]
    sent = task.cim.of("create")[0][1].properties
    assert (sent["PkgSourceFlag"], sent["Priority"], sent["PackageType"], sent["ShareType"]) == (1, 2, 0, 1)
    assert "SchemaVersion" not in sent and "PackageID" not in sent


def test_report_scopes_false_saves_the_request() -> None:
    task = run(name="Agent", report_scopes=False)
    outcome = task()
    assert verbs(task.cim) == ["query", "create", "query"]
    assert "scopes" not in outcome.values


@pytest.mark.parametrize("state", ["present", "absent"])
@pytest.mark.parametrize("there", [True, False])
def test_check_mode_shows_what_a_run_does(state: str, there: bool) -> None:
    rows = [*SCOPES, *([agent()] if there else [])]
    options = {"name": "Agent", "version": "2", "state": state}
    planned = run([Instance(r.class_name, dict(r.properties)) for r in rows], check=True, **options)
    real = run(rows, **options)
    shown, done = planned(), real()
    assert not planned.cim.writes()
    assert (shown.changed, shown.diff) == (done.changed, done.diff)
    if shown.values["package"]:
        assert shown.values["package"]["planned"] is not there
        assert shown.values["package"]["changed_options"] == done.values["package"]["changed_options"]
        assert shown.values["package"]["version"] == done.values["package"]["version"] == "2"


def test_update_loads_and_saves_once() -> None:
    task = run([agent(PkgSourcePath=r"\\old\share", PkgSourceFlag=2)], name="agent", source_path="")
    outcome = task()
    assert verbs(task.cim) == ["query", "get", "put", "get"]
    assert task.cim.of("put")[0][3] == ["PkgSourcePath", "PkgSourceFlag"]
    assert task.cim.rows[0].get("PkgSourceFlag") == 1
    assert outcome.values["package"]["name"] == "Agent"


def test_rename_needs_the_id() -> None:
    task = run([agent()], name="AGENT", package_id="P0100001")
    assert task().values["package"]["changed_options"] == ["name"]
    assert task.cim.rows[0].get("Name") == "AGENT"


def test_an_unknown_id_never_creates() -> None:
    task = run(name="Agent", package_id="P01000FF")
    with pytest.raises(errors.InvalidInput, match="to create one, give its name only"):
        task()
    assert not task.cim.writes()


def test_twins_are_told_apart_or_listed() -> None:
    rows = [agent(), agent("P0100002", Language="German")]
    assert run(rows, name="Agent", language="german")().values["package"]["package_id"] == "P0100002"
    with pytest.raises(errors.InvalidInput, match="P0100001 version 1 manufacturer Contoso; P0100002"):
        run(rows, name="Agent")()
    with pytest.raises(errors.InvalidInput):
        run(rows, name="Agent", state="absent")()


def test_a_deleted_row_does_not_count() -> None:
    task = run([agent(ActionInProgress=3)], name="Agent", report_scopes=False)
    assert task().values["package"]["package_id"] != "P0100001"


class Racing(FakeCim):
    """Another play creates the same package at the same moment."""

    rival = "P0100050"

    def create(self, instance: Instance) -> dict[str, str]:
        self.rows.append(package(self.rival, "Agent", Version="0"))
        return super().create(instance)


def test_the_loser_of_a_race_deletes_its_twin_and_goes_on() -> None:
    task = run(name="Agent", report_scopes=False, description="x", cim=Racing())
    outcome = task()
    assert [row.get("PackageID") for row in task.cim.rows] == ["P0100050"]
    assert outcome.values["package"]["package_id"] == "P0100050"
    assert task.cim.rows[0].get("Description") == "x"
    assert len(task.warnings) == 1


def test_the_winner_of_a_race_stays() -> None:
    cim = Racing()
    cim.rival = "P0100FFF"
    task = run(name="Agent", report_scopes=False, cim=cim)
    assert task().values["package"]["package_id"] == "P0100101"
    assert len(task.cim.rows) == 2 and len(task.warnings) == 1


def test_another_version_is_no_twin() -> None:
    task = run([], name="Agent", version="1", report_scopes=False, cim=Racing())
    task()
    assert len(task.cim.rows) == 2 and not task.warnings


def test_a_lost_answer_to_create_makes_no_twin() -> None:
    task = run(name="Agent", report_scopes=False)
    task.cim.failures["create"] = [(errors.OutcomeUnknown("lost"),)]
    assert task().values["package"]["package_id"] == "P0100101"
    assert len(task.cim.rows) == 1
    task = run(name="Agent", report_scopes=False)
    task.cim.failures["create"] = [errors.OutcomeUnknown("lost")]
    with pytest.raises(errors.NotAsWritten):
        task()


def test_what_the_site_hides_after_a_create_is_said() -> None:
    class Hiding(FakeCim):
        def create(self, instance: Instance) -> dict[str, str]:
            keys = super().create(instance)
            self.rows.clear()
            return keys

    with pytest.raises(errors.NotAsWritten, match="check its security scopes"):
        run(name="Agent", report_scopes=False, cim=Hiding())()


def reference(sequence: str, object_id: str) -> Instance:
    return Instance("SMS_TaskSequencePackageReference", {"PackageID": sequence, "ObjectID": object_id})


@pytest.mark.parametrize("check", [True, False])
def test_absent_refuses_while_a_sequence_refers_to_it(check: bool) -> None:
    rows = [agent(), reference("P0100030", "P0100001"), package("P0100030", "Desktop", "SMS_TaskSequencePackage")]
    task = run(rows, name="Agent", state="absent", check=check)
    with pytest.raises(errors.GateRefused, match=r"P0100030 \(Desktop\)"):
        task()
    assert not task.cim.writes()


def test_absent_of_one_version_never_deletes_another() -> None:
    """Only one package bears the name, and it is not the version that is to go."""
    task = run([agent()], name="Agent", version="2", state="absent")
    assert not task().changed and not task.cim.writes()
    task = run([agent()], name="Agent", version="1", state="absent")
    assert task().changed and task.cim.writes()


def test_absent_refuses_while_it_is_deployed() -> None:
    deployed = Instance(
        "SMS_Advertisement",
        {"AdvertisementID": "P0120002", "AdvertisementName": "Agent to all", "PackageID": "P0100001"},
    )
    task = run([agent(), deployed], name="Agent", state="absent")
    with pytest.raises(errors.GateRefused, match=r"P0120002 \(Agent to all\)"):
        task()
    assert not task.cim.writes()


@pytest.mark.parametrize(("owner", "refused"), [("P0100002", True), ("P0100001", False)])
def test_absent_refuses_while_a_program_of_another_package_runs_one_first(owner: str, refused: bool) -> None:
    values = {"PackageID": owner, "ProgramName": "Configure", "DependentProgram": "P0100001;;Install"}
    task = run([agent(), Instance("SMS_Program", values)], name="Agent", state="absent")
    if refused:
        with pytest.raises(errors.GateRefused, match="Configure of P0100002"):
            task()
        assert not task.cim.writes()
    else:
        assert task().changed


def test_absent_on_nothing_says_that_hidden_looks_absent() -> None:
    outcome = run(SCOPES, name="Agent", state="absent")()
    assert not outcome.changed and "may not see" in outcome.values["msg"]
    assert "scopes" not in outcome.values


def test_all_mistakes_in_one_error_and_no_connection() -> None:
    task = run(name="a\nb", package_id="x", version="1\n", description="x" * 513)
    with pytest.raises(errors.InvalidInput) as caught:
        task()
    assert [problem.path for problem in caught.value.problems] == ["name", "package_id", "version", "description"]
    assert not task.cim.calls


def test_a_name_beyond_the_console_limit_warns() -> None:
    task = run(name="x" * 51, report_scopes=False)
    task()
    assert "50" in task.warnings[0]
