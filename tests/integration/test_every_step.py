# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every kind of step and condition goes to the site, comes back as it was written, and stays as it is.

One connection writes embedded objects, the other one text (``write_via``), so both ways hold the same sequences.
"""

from __future__ import annotations

import itertools
import json
import typing as t
from pathlib import Path

import pytest
from tests.integration import step_samples as samples
from tests.integration.conftest import Ansible

WAYS = {"site_winrm": "objects", "site_psrp": "xml"}
CANARY = "Canary-"
OPERATING_SYSTEMS = [
    {"operating_system": ["All Windows 11 (64-bit) Client"]},
    {"operating_system": ["All Windows 10 (64-bit) Client", "All Windows 11 (64-bit) Client"]},
    {"operating_system": [{"name": "Odd", "arch": "x64", "platform": "Win NT", "min_version": "10.00.1.0",
                           "max_version": "10.00.9.0", "queries": ["SELECT * FROM Win32_OperatingSystem"]}]},
]  # fmt: skip


def _with_conditions(entries: list[t.Any], label: str) -> list[samples.Sample]:
    found = []
    for number, entry in enumerate(entries, 1):
        condition = entry if isinstance(entry, list) else [entry]
        given = {"name": f"{label} {number}", "condition": condition, "steps": []}
        found.append(samples.Sample(given, {"condition": samples.normal_condition(condition)}))
    return found


def _groups() -> list[samples.Sample]:
    step = {"name": "Restart", "type": "restart_computer", "restart_to": "boot_image"}
    inner: dict[str, t.Any] = {"name": "Level 4", "steps": [step, {"name": "Empty", "steps": []}]}
    for level in (3, 2, 1):
        inner = {"name": f"Level {level}", "steps": [inner, step]}
    group = {"name": "Group full", "description": 'Text with "quotes"', "enabled": False, "continue_on_error": True,
             "condition": [{"variable": "A", "operator": "exists"}], "steps": [inner]}  # fmt: skip
    return [samples.Sample(group, {key: value for key, value in group.items() if key != "name"})]


def _sequences() -> dict[str, list[samples.Sample]]:
    """Return the sequences; what only the text form can hold has its own, or all would be written as text."""
    rules = samples.step_rules()
    plain = [rule for rule in rules if rule.type not in samples.TEXT_ONLY]
    text = [rule for rule in rules if rule.type in samples.TEXT_ONLY]
    conditions = samples.conditions()
    return {
        "Every step, minimal": [sample for rule in plain for sample in samples.minimal(rule)],
        "Every step, full": [*(sample for rule in plain for sample in samples.full(rule)), *_groups()],
        "Every word": [sample for rule in plain for sample in samples.words(rule)],
        "Every condition": _with_conditions([*conditions, conditions, samples.nested()], "Condition"),
        "Text only": [sample for rule in text for sample in (*samples.minimal(rule), *samples.full(rule))],
        "Operating systems": _with_conditions(OPERATING_SYSTEMS, "Systems"),
    }


SEQUENCES = _sequences()


def _play(folder: Path) -> list[dict[str, t.Any]]:
    """Return a play that creates each sequence, applies it again, reads it, and applies what it read."""
    module = "configmgr.osd.cm_task_sequence"
    tasks: list[dict[str, t.Any]] = []
    for number, (name, content) in enumerate(SEQUENCES.items()):
        source = folder / f"sequence_{number}.yml"
        document = {"schema": 1, "steps": [sample.given for sample in content]}
        source.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
        given = {"name": name, "src": str(source), "lint": "ignore"}
        read = f"{{{{ read_{number}.task_sequences[0].steps }}}}"
        tasks += [
            {"name": f"Create {name}", module: given, "register": f"created_{number}", "ignore_errors": True},
            {"name": f"Again {name}", module: given, "register": f"again_{number}",
             "ignore_errors": True},
            {"name": f"Read {name}", "configmgr.osd.cm_task_sequence_info": {"name": name},
             "register": f"read_{number}"},
            {"name": f"Apply what was read of {name}", module: {"name": name, "steps": read}, "check_mode": True,
             "diff": True, "register": f"applied_{number}", "ignore_errors": True},
        ]  # fmt: skip
    options = {"compatibility": {"write_via": "{{ ways[inventory_hostname] }}"}, "site_code": "PS1"}
    results = ", ".join(
        f"{host!r}: {{{', '.join(f'{name!r}: hostvars.{host}.{name}' for name in _registered())}}}" for host in WAYS
    )
    keep = {"ansible.builtin.copy": {"content": f"{{{{ {{{results}}} | to_json }}}}", "dest": f"{folder}/results"}}
    return [
        {"hosts": "sites", "gather_facts": False, "vars": {"ways": WAYS}, "tasks": tasks,
         "module_defaults": {"group/configmgr.osd.cm": options}},
        {"hosts": "localhost", "gather_facts": False, "tasks": [keep]},
    ]  # fmt: skip


def _registered() -> list[str]:
    return [f"{kind}_{number}" for number in range(len(SEQUENCES)) for kind in ("created", "again", "read", "applied")]


@pytest.fixture(scope="module")
def outcome(running_simulator: t.Any, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[t.Any]:
    """The results of the play: (host, sequence) -> created, again, applied, steps; and the output of the run."""
    running_simulator.reset()
    folder = tmp_path_factory.mktemp("every_step")
    run = Ansible(running_simulator, folder).play(_play(folder), "-v")
    assert (folder / "results").is_file(), run.output
    results = json.loads((folder / "results").read_text(encoding="utf-8"))
    found = {}
    for host, (number, name) in itertools.product(WAYS, enumerate(SEQUENCES)):
        own = {kind: results[host][f"{kind}_{number}"] for kind in ("created", "again", "applied")}
        found[host, name] = {**own, "steps": results[host][f"read_{number}"]["task_sequences"][0]["steps"]}
    imports = {host: [entry["method"] for entry in running_simulator.journal(host)].count("ImportSequence")
               for host in WAYS}  # fmt: skip
    yield found, run, imports
    running_simulator.reset()


def _problems(sample: samples.Sample, step: dict[str, t.Any]) -> list[str]:
    own = {key: value for key, value in step.items() if key not in ("name", "type")}
    wrong = [
        f"{key}: {value!r} was set, {own.get(key)!r} came back"
        for key, value in sample.expected.items()
        if own.get(key) != value and not (key in sample.loose and key not in own)
    ]
    extra = set(own) - set(sample.expected) - set(sample.given)
    return [f"{sample.given['name']}: {text}" for text in (*wrong, *(f"{key} came unasked" for key in sorted(extra)))]


def test_every_option_is_set_somewhere() -> None:
    """No option of any class escapes the samples."""
    everything = [sample for content in SEQUENCES.values() for sample in content if "type" in sample.given]
    missed = {rule.type: samples.coverage(rule, everything) for rule in samples.step_rules()}
    assert {name: options for name, options in missed.items() if options} == {}


@pytest.mark.parametrize("name", SEQUENCES)
@pytest.mark.parametrize("host", WAYS)
def test_it_is_saved_and_stays(host: str, name: str, outcome: t.Any) -> None:
    """The first run creates it without a remark, and the second one finds it equal."""
    created, again = outcome[0][host, name]["created"], outcome[0][host, name]["again"]
    assert not created.get("failed"), created["msg"]
    assert created["changed"], created
    assert all("These secrets have no value" in text for text in created.get("warnings", ())), created["warnings"]
    assert not again.get("failed") and not again["changed"], again.get("msg") or again
    assert again["task_sequence"]["steps_sha256"] == created["task_sequence"]["steps_sha256"]


@pytest.mark.parametrize("name", SEQUENCES)
@pytest.mark.parametrize("host", WAYS)
def test_it_comes_back_as_it_was_written(host: str, name: str, outcome: t.Any) -> None:
    """The info module shows the options that were set, and nothing that was not."""
    steps = outcome[0][host, name]["steps"]
    assert [step["name"] for step in steps] == [sample.given["name"] for sample in SEQUENCES[name]]
    assert [step.get("type") for step in steps] == [sample.given.get("type") for sample in SEQUENCES[name]]
    wrong = [text for sample, step in zip(SEQUENCES[name], steps, strict=True) for text in _problems(sample, step)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", SEQUENCES)
@pytest.mark.parametrize("host", WAYS)
def test_what_was_read_can_be_applied(host: str, name: str, outcome: t.Any) -> None:
    """Info output is a play that changes nothing, stored secrets included."""
    applied = outcome[0][host, name]["applied"]
    assert not applied.get("failed"), applied["msg"]
    assert not applied["changed"], applied.get("diff")


def test_both_ways_to_write_store_the_same(outcome: t.Any) -> None:
    """What the site holds does not depend on the way it was written."""
    for name in SEQUENCES:
        one, other = (outcome[0][host, name]["steps"] for host in WAYS)
        assert one == other, name


def test_only_what_needs_it_is_written_as_text(outcome: t.Any) -> None:
    """Objects stay objects; with ``write_via: xml`` every sequence is converted by the site, once."""
    assert outcome[2] == {"site_winrm": 1, "site_psrp": len(SEQUENCES)}


def test_no_secret_in_the_output(outcome: t.Any) -> None:
    """Neither results nor info show what was sent."""
    found, run, _imports = outcome
    assert CANARY not in run.output
    assert CANARY not in json.dumps(list(found.values()))
