# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a user can see of the conversation: -vvv, -vvvvv, and the files of CONFIGMGR_TRACE; secrets never."""

from __future__ import annotations

import re
import stat
import typing as t
from pathlib import Path

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils._wsman.answer import Answer, parse
from tests.integration.conftest import PASSWORD, STORES, Ansible, Simulator
from tests.simulator import envelope

CANARY = "Canary-4711-"
STEPS: list[dict[str, t.Any]] = [
    {"name": "Join", "type": "join_domain_or_workgroup", "domain": "corp.contoso.com", "username": "CORP\\join",
     "password": f"{CANARY}join"},
    {"name": "Mask", "type": "set_task_sequence_variable", "variable": "Pin", "value": f"{CANARY}<&>mask",
     "secret": True},
    {"name": "Key", "type": "apply_windows_settings", "registered_user": "u", "registered_organization": "o",
     "time_zone": "UTC", "product_key": f"{CANARY}key", "admin_password": f"{CANARY}admin"},
    {"name": "Rules", "type": "set_dynamic_variables", "rules": [
        {"set": [{"name": "Bios", "value": f"{CANARY}\"rules\"", "secret": True}]}]},
]  # fmt: skip
LINE = re.compile(
    r"^<127\.0\.0\.1> (Get|Put|Create|Delete|Enumerate|Pull|Release|Invoke) (SMS_\w+(?:\.\w+)?)(.*?): "
    r"(\d+) (?:B|bytes) out, (\d+)(?: B)? in, \d+ ms, (\w+)$",
    re.MULTILINE,
)


def _play() -> list[dict[str, t.Any]]:
    module = "configmgr.osd.cm_task_sequence"
    tasks: list[dict[str, t.Any]] = [
        {module: {"name": "Secrets", "steps": STEPS}},
        {module: {"name": "Secrets", "steps": [{**STEPS[0], "description": "changed"}, *STEPS[1:]]}, "diff": True},
        {"configmgr.osd.cm_task_sequence_info": {"name": "Secrets"}},
        {module: {"name": "Secrets", "steps": [{"name": "x", "type": "nonsense", "password": f"{CANARY}bad"}]},
         "ignore_errors": True},
    ]  # fmt: skip
    return [{"hosts": "sites", "gather_facts": False, "tasks": tasks}]


@pytest.fixture(scope="module", params=["clear", "opaque"])
def traced(
    request: pytest.FixtureRequest, running_simulator: Simulator, tmp_path_factory: pytest.TempPathFactory
) -> t.Iterator[tuple[str, Path, dict[str, list[dict[str, t.Any]]]]]:
    """The output, the trace folder and the journals of a run with secrets everywhere, as the site may show them."""
    running_simulator.reset()
    running_simulator.call("POST", "/switches", {"secrets": request.param})
    folder = tmp_path_factory.mktemp("trace")
    traces = folder / "not" / "there" / "yet"
    run = Ansible(running_simulator, folder).play(_play(), "-vvvvv", environment={"CONFIGMGR_TRACE": str(traces)})
    assert run.code == 0, run.output
    yield run.output, traces, {store: running_simulator.journal(store) for store in STORES}
    running_simulator.reset()


def _pairs(folder: Path) -> list[tuple[Path, Path]]:
    found = sorted(folder.rglob("*.request.xml"))
    return [(path, path.with_name(path.name.replace(".request.", ".response."))) for path in found]


def test_one_line_per_request(traced: t.Any) -> None:
    """Verb, class or method, key, bytes both ways, time, result: as many lines as the journal has entries."""
    output, _folder, journals = traced
    lines = LINE.findall(output)
    expected = sorted(
        (entry["verb"], entry["class"] + (f".{entry['method']}" if entry["method"] else ""), entry["bytes_in"],
         entry["bytes_out"])
        for journal in journals.values() for entry in journal
    )  # fmt: skip
    assert sorted((verb, name, int(out), int(back)) for verb, name, _key, out, back, _result in lines) == expected
    assert {result for *_rest, result in lines} == {"ok"}
    assert any("PackageID" in key for _verb, _name, key, *_rest in lines)


def test_the_files(traced: t.Any) -> None:
    """One pair per request, for the user's eyes only."""
    _output, folder, journals = traced
    pairs = _pairs(folder)
    assert len(pairs) == sum(map(len, journals.values()))
    for pair in pairs:
        for path in pair:
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    for path in (folder, *(item for item in folder.rglob("*") if item.is_dir())):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077, path


def test_both_sides_can_read_the_files(traced: t.Any) -> None:
    """A trace is a fixture: the site reads the requests, the client the answers."""
    for request, response in _pairs(traced[1]):
        message = envelope.parse(request.read_bytes(), allow_operation_id=False, require_precise=True)
        answer = Answer(parse(response.read_bytes()))
        assert message.message_id and answer.fault is None, response.read_text(encoding="utf-8")
        assert "HTTP 200" in response.read_text(encoding="utf-8").splitlines()[0]


def test_no_secret_anywhere(traced: t.Any) -> None:
    """Neither in what is printed, nor in a file, nor in its name; what surrounds a secret is there."""
    output, folder, _journals = traced
    texts = {"output": output} | {str(path): path.read_text(encoding="utf-8") for path in folder.rglob("*.xml")}
    for name, text in texts.items():
        assert CANARY not in text and CANARY not in name, name
        assert PASSWORD not in text, name
    whole = "".join(texts.values())
    assert "CORP\\join" in whole and "corp.contoso.com" in whole and "Bios" in whole


def test_a_folder_that_cannot_be_written(running_simulator: Simulator, tmp_path: Path) -> None:
    """A trace never stops a task; one warning says why there is none."""
    running_simulator.reset()
    blocked = tmp_path / "file"
    blocked.write_text("", encoding="utf-8")
    play = [{"hosts": "sites", "gather_facts": False, "tasks": [{"configmgr.osd.cm_site_info": {}}]}]
    run = Ansible(running_simulator, tmp_path).play(play, environment={"CONFIGMGR_TRACE": str(blocked / "trace")})
    assert run.code == 0, run.output
    assert "CONFIGMGR_TRACE" in run.output
