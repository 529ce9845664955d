# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SetSequence and GetSequence: what becomes of the package, and which switch decides what."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.configmgr.osd.tests.simulator.objects import Obj, ProviderError
from ansible_collections.configmgr.osd.tests.simulator.sequences.handlers import HANDLERS
from ansible_collections.configmgr.osd.tests.unit.simulator.sequences_support import (
    PACKAGE,
    BareSite,
    command,
    sequence,
    set_variable,
    step,
)


def refused(site: BareSite, method: str, **params: t.Any) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        site.call(method, **params)
    return caught.value


def test_create_takes_the_shared_counter_and_returns_the_relative_path() -> None:
    site = BareSite()
    sent = Obj(PACKAGE, {"Name": "New", "PackageType": 4})
    answer = site.call("SetSequence", TaskSequencePackage=sent, TaskSequence=sequence(command()))
    assert answer == {"SavedTaskSequencePackagePath": 'SMS_TaskSequencePackage.PackageID="PS100012"', "ReturnValue": 0}
    row = site.row("PS100012")
    assert row.get("SedoObjectVersion") and row.get("SourceSite") == "PS1"
    assert row.get("Type") == 1 and row.get("ReferencesCount") == 0 and row.get("TsEnabled") is True
    assert row.get("Sequence").startswith('<sequence version="3.10"><step type="SMS_TaskSequence_RunCommandLineAction"')
    assert site.create(command(), name="Another").get("PackageID") == "PS100013"


def test_the_empty_sequence_is_fine() -> None:
    site = BareSite()
    row = site.call("SetSequence", TaskSequencePackage=Obj(PACKAGE, {"Name": "E", "PackageType": 4}),
                    TaskSequence=Obj("SMS_TaskSequence", {"Steps": None}))
    assert row["ReturnValue"] == 0
    assert site.read(site.row("PS100012")).props == {"SchemaVersion": "3.10", "Steps": []}


def test_references_type_and_flags_are_computed() -> None:
    site = BareSite()
    row = site.create(
        step("InstallSoftwareAction", PackageID="PS100002", ProgramName="Silent"),
        step("ApplyOperatingSystemAction", ImagePackageID="PS1000AA", ImageIndex=1, SupportedEnvironment="WinPE"),
        BootImageID="PS100001",
    )
    assert [item.props for item in row.get("References")] == [
        {"Package": "PS100001", "Program": "*", "Type": 0}, {"Package": "PS100002", "Program": "Silent", "Type": 0},
        {"Package": "PS1000AA", "Program": "*", "Type": 0},
    ]
    assert row.get("ReferencesCount") == 3 and row.get("Type") == 2
    assert row.get("TaskSequenceFlags") & 1 and "dangling_references" in site.kinds()
    answer = site.call("SaveToXml", "SMS_TaskSequence", TaskSequence=site.read(row))
    assert answer["Flags"] == 1
    assert [item.get("Package") for item in answer["References"]] == ["PS100002", "PS1000AA"]


@pytest.mark.parametrize(("made", "dangling"), [
    (step("InstallSoftwareAction", PackageID="PS100002", ProgramName="Silent"), False),
    (step("InstallSoftwareAction", PackageID="PS100002", ProgramName="Loud"), True),
    (command(PackageID="PS100002"), False),
    (command(PackageID="00000000"), True),
    (command(PackageID="PS1000EE", Enabled=False), False),
    (step("SubTasksequence", TsPackageID="PS100002"), True),
    (step("InstallApplicationAction", ApplicationName="ScopeId_1/Application_1"), True),
])
def test_dangling_references(made: Obj, dangling: bool) -> None:
    site = BareSite()
    assert bool(site.create(made).get("TaskSequenceFlags", 0) & 1) is dangling
    strict = BareSite(dangling_references="refuse")
    if dangling:
        with pytest.raises(ProviderError):
            strict.create(made)
    else:
        strict.create(made)


def test_a_placeholder_is_in_the_text_but_not_in_the_references() -> None:
    row = BareSite().create(command(PackageID="00000000"))
    assert '<reference package="00000000"/>' in row.get("Sequence")
    assert not row.get("References") and row.get("ReferencesCount") == 0


def test_a_mended_reference_clears_the_flag() -> None:
    site = BareSite()
    row = site.create(command(PackageID="PS1000EE"))
    assert row.get("TaskSequenceFlags") & 1
    site.call("SetSequence", TaskSequencePackage=row, TaskSequence=sequence(command(PackageID="PS100002")))
    assert not site.row(row.get("PackageID")).get("TaskSequenceFlags", 0) & 1


def test_something_else_than_a_boot_image_is_refused() -> None:
    with pytest.raises(ProviderError) as caught:
        BareSite().create(command(), BootImageID="PS100002")
    assert caught.value.extended is not None and caught.value.extended["ParameterInfo"] == "BootImageID"


def test_an_update_needs_the_version_it_is_based_on() -> None:
    site = BareSite()
    row = site.create(command())
    stale = row.copy()
    site.call("SetSequence", TaskSequencePackage=row, TaskSequence=sequence(set_variable()))
    error = refused(site, "SetSequence", TaskSequencePackage=stale, TaskSequence=sequence(command()))
    assert error.wbem == 0x80041001 and error.extended is not None
    assert error.extended["ParameterInfo"] == "SedoObjectVersion"
    assert site.read(site.row("PS100012")).props["Steps"][0].class_name.endswith("SetVariableAction")


def test_lazy_nulls_blank_and_are_noted() -> None:
    site = BareSite()
    row = site.create(command(), Category="Client", BootImageID="PS100001")
    careless = row.copy()
    for name in ("Category", "BootImageID"):
        careless.props[name] = None
    site.call("SetSequence", TaskSequencePackage=careless, TaskSequence=sequence(command()))
    after = site.row("PS100012")
    assert after.get("Category") is None and after.get("BootImageID") is None
    assert {facts["property"] for kind, facts in site.notes if kind == "lazy_blanked"} == {"Category", "BootImageID"}
    assert not after.get("References")


def test_the_sequence_text_in_the_package() -> None:
    site = BareSite()
    row = site.create(command())
    row.props["Sequence"] = '<sequence version="3.10"></sequence>'
    site.call("SetSequence", TaskSequencePackage=row, TaskSequence=sequence(set_variable()))
    assert "sequence_text_ignored" in site.kinds()
    assert "SetVariableAction" in site.row("PS100012").get("Sequence")
    site.switches.update({"send_sequence_text": "refuse"})
    row = site.row("PS100012")
    assert refused(site, "SetSequence", TaskSequencePackage=row, TaskSequence=sequence()).wbem == 0x80041001
    site.switches.update({"send_sequence_text": "require"})
    row.props.pop("Sequence")
    assert refused(site, "SetSequence", TaskSequencePackage=row, TaskSequence=sequence()).wbem == 0x80041001
    site.create(command(), name="A new one has none yet")


def test_get_sequence_of_nothing_is_refused() -> None:
    site = BareSite()
    assert refused(site, "GetSequence", TaskSequencePackage=Obj(PACKAGE, {"Name": "x"})).wbem == 0x80041008
    error = refused(site, "GetSequence", TaskSequencePackage=Obj(PACKAGE, {"PackageID": "PS1000EE"}))
    assert error.wbem == 0x80041002
    assert refused(site, "GetSequence").wbem == 0x80041008
    other = Obj("SMS_Package", {"PackageID": "PS100002"})
    assert refused(site, "GetSequence", TaskSequencePackage=other).wbem == 0x80041008


def test_get_sequence_reads_the_store_or_the_instance() -> None:
    site = BareSite(secrets="clear")
    stale = site.create(command("Old"))
    site.call("SetSequence", TaskSequencePackage=stale, TaskSequence=sequence(command("New")))
    assert site.read(stale).props["Steps"][0].get("Name") == "New"
    site.switches.update({"get_sequence_source": "given"})
    assert site.read(stale).props["Steps"][0].get("Name") == "Old"
    assert "stale_instance" in site.kinds()
    assert site.read(site.row("PS100012")).props["Steps"][0].get("Name") == "New"
    bare = Obj(PACKAGE, {"PackageID": "PS100012"})
    error = refused(site, "GetSequence", TaskSequencePackage=bare)
    assert error.extended is not None and error.extended["ParameterInfo"] == "Sequence"
    bare.props["Sequence"] = "<sequence>"
    assert refused(site, "GetSequence", TaskSequencePackage=bare).wbem == 0x80041001


def test_what_comes_back_is_a_copy() -> None:
    site = BareSite()
    row = site.create(command("Kept"))
    read = site.read(row)
    read.props["Steps"][0].props["Name"] = "Changed"
    assert site.read(row).props["Steps"][0].get("Name") == "Kept"


def test_duplicate_names_by_the_switch() -> None:
    site = BareSite()
    site.create(command(), name="Twin")
    site.create(command(), name="twin")
    site.switches.update({"duplicate_names": "refuse"})
    with pytest.raises(ProviderError):
        site.create(command(), name="TWIN")


def test_locks() -> None:
    site = BareSite(set_sequence_releases_lock="no")
    row = site.create(command())
    path = site.path_of(row)
    assert site.store.side("locks")[path.casefold()].user == site.principal
    site.principal = "CORP\\other"
    error = refused(site, "SetSequence", TaskSequencePackage=site.row("PS100012"), TaskSequence=sequence())
    assert error.extended is not None and error.extended["ErrorCode"] == 0x40480732


def test_a_reader_may_not_save() -> None:
    site = BareSite()
    site.account = type(site.account)("CORP\\reader", rights="read")
    with pytest.raises(ProviderError) as caught:
        site.create(command())
    assert caught.value.wbem == 0x80041003


def test_schema_versions() -> None:
    site = BareSite()
    row = site.create(command())
    made = sequence(command())
    made.props["SchemaVersion"] = "3.00"
    site.call("SetSequence", TaskSequencePackage=row, TaskSequence=made)
    assert site.read(row).get("SchemaVersion") == "3.00" and "schema_version_changed" in site.kinds()
    site.call("SetSequence", TaskSequencePackage=site.row("PS100012"), TaskSequence=sequence(command()))
    assert site.read(row).get("SchemaVersion") == "3.00"


def test_what_no_text_can_hold_is_refused() -> None:
    with pytest.raises(ProviderError, match="cannot be written"):
        BareSite().create(command("Bell \x07"))


def test_every_handler_belongs_to_a_method_of_the_schema() -> None:
    schema = BareSite().schema
    for class_name, method in HANDLERS:
        known = schema.get(class_name)
        assert known is not None and known.method(method) is not None and known.method(method).static
