# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of the simulator's sequences share: a bare site and short ways to build steps."""

from __future__ import annotations

import os
import pathlib
import typing as t

import pytest
from ansible_collections.configmgr.osd.tests.simulator.objects import Dt, Obj
from ansible_collections.configmgr.osd.tests.simulator.rules.access import Account
from ansible_collections.configmgr.osd.tests.simulator.schema import Schema
from ansible_collections.configmgr.osd.tests.simulator.sequences.handlers import HANDLERS
from ansible_collections.configmgr.osd.tests.simulator.store import Store
from ansible_collections.configmgr.osd.tests.simulator.switches import Switches

PREFIX = "SMS_TaskSequence_"
PACKAGE = "SMS_TaskSequencePackage"


class BareSite:
    """As much of a site as the handlers need: no seed, no namespaces, no wire."""

    def __init__(self, **switches: t.Any) -> None:
        self.code = "PS1"
        self.schema = Schema.load(mdt=True)
        self.store = Store(self.schema)
        self.switches = Switches(switches)
        self.account = Account("CORP\\tester")
        self.principal = "CORP\\tester"
        self.context: dict[str, str] = {}
        self.seeding = False
        self.notes: list[tuple[str, dict[str, t.Any]]] = []
        boot_image = {"PackageID": "PS100001", "Name": "Boot image", "PackageType": 258}
        self.store.save(Obj("SMS_BootImagePackage", boot_image))
        self.store.save(Obj("SMS_Package", {"PackageID": "PS100002", "Name": "Agent", "PackageType": 0}))
        self.store.save(Obj("SMS_Program", {"PackageID": "PS100002", "ProgramName": "Silent"}))
        self.store.set_counter("package", 0x12)

    def note(self, kind: str, **facts: t.Any) -> None:
        """Keep what the site wants to be known."""
        self.notes.append((kind, facts))

    def kinds(self) -> list[str]:
        """Return the kinds of the notes."""
        return [kind for kind, _facts in self.notes]

    def now(self) -> Dt:
        """Return a fixed time."""
        return Dt("20250601080000.000000+000")

    def sees(self, _row: Obj) -> bool:
        """Say that nothing is hidden."""
        return True

    def path_of(self, row: Obj) -> str:
        """Return the relative path of a package."""
        return f'{row.class_name}.PackageID="{row.get("PackageID")}"'

    def call(self, method: str, class_name: str = PACKAGE, **params: t.Any) -> dict[str, t.Any]:
        """Call a method."""
        return HANDLERS[class_name, method](self, None, params)

    def create(self, *steps: Obj, name: str = "Test", **package: t.Any) -> Obj:
        """Make a package with these steps and return its row."""
        sent = Obj(PACKAGE, {"Name": name, "PackageType": 4, "ProgramFlags": 152084496, "Duration": 120,
                             "Priority": 2, "ShareType": 1, "PkgSourceFlag": 1, **package})
        answer = self.call("SetSequence", TaskSequencePackage=sent, TaskSequence=sequence(*steps))
        return self.row(answer["SavedTaskSequencePackagePath"].split('"')[1])

    def row(self, package_id: str) -> Obj:
        """Return a package row."""
        found = self.store.find(PACKAGE, (package_id,))
        assert found is not None
        return found

    def read(self, row: Obj) -> Obj:
        """Return what GetSequence says."""
        return self.call("GetSequence", TaskSequencePackage=row)["TaskSequence"]


def sequence(*steps: Obj) -> Obj:
    """Build an SMS_TaskSequence."""
    return Obj("SMS_TaskSequence", {"Steps": list(steps)})


def step(kind: str, name: str = "Step", **props: t.Any) -> Obj:
    """Build a step by its short class name with the properties that every action needs."""
    class_name = kind if kind.startswith("BDD_") else PREFIX + kind
    return Obj(class_name, {"Name": name, "Description": "", "Enabled": True, "ContinueOnError": False,
                            "SupportedEnvironment": "WinPEandFullOS", **props})


def command(name: str = "Run", **props: t.Any) -> Obj:
    """Build a Run Command Line step that breaks no rule."""
    return step("RunCommandLineAction", name, **{
        "CommandLine": "cmd.exe /c ver", "DisableWow64Redirection": False, "SuccessCodes": "0 3010", "Timeout": 0,
        **props})


def set_variable(name: str = "Set", variable: str = "A", value: str = "1", **props: t.Any) -> Obj:
    """Build a Set Task Sequence Variable step."""
    return step("SetVariableAction", name, VariableName=variable, VariableValue=value,
                **{"DoNotShowVariableValue": False, **props})


def group(name: str, *steps: Obj, **props: t.Any) -> Obj:
    """Build a group."""
    return Obj(PREFIX + "Group", {"Name": name, "Description": "", "Enabled": True, "ContinueOnError": False,
                                  "Steps": list(steps), **props})


def condition(*operands: Obj) -> Obj:
    """Build a condition."""
    return Obj(PREFIX + "Condition", {"Operands": list(operands)})


def shared_corpus() -> list[pathlib.Path]:
    """Return the exported sequences of the shared folder; skip where there is none."""
    folder = os.environ.get("CONFIGMGR_SHARED")
    if not folder:
        pytest.skip("no shared folder")
    return sorted((pathlib.Path(folder) / "corpus").glob("*.xml"))


def corpus_text(path: pathlib.Path) -> str:
    """Return the text of an exported sequence with its line ends as they are."""
    return path.read_bytes().decode("utf-8-sig")
