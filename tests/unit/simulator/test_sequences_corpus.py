# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real exports go through the simulated site and come back as they were."""

from __future__ import annotations

import re

import pytest
from ansible_collections.configmgr.osd.tests.simulator.sequences import model, references
from ansible_collections.configmgr.osd.tests.simulator.sequences.text_read import TextReader
from ansible_collections.configmgr.osd.tests.simulator.sequences.text_write import TextWriter
from ansible_collections.configmgr.osd.tests.unit.simulator.sequences_support import (
    PACKAGE,
    BareSite,
    corpus_text,
    shared_corpus,
)

ACTION = re.compile(r"<action>.*?</action>", re.DOTALL)
VERSION_SWITCH = re.compile(r" /(?:hiddenflag|recurse|shutdown|runfromnet|full|crypt|ignoretpm):[^ <]*")
"""Switches that later versions appended to a template; a document keeps the form of the version that saved it."""


def compact(text: str) -> str:
    """Take the indentation out of a document that an editor has laid out."""
    text = text.replace("\r\n", "\n")
    return re.sub(r">\s*\n\s*<", "><", re.sub(r"\s+/>", "/>", text)) if "\n  <" in text else text


def without_switches(text: str) -> str:
    """Take the version-dependent switches out of the command lines."""
    return ACTION.sub(lambda match: VERSION_SWITCH.sub("", match.group()), text)


def test_every_export_is_written_as_the_product_wrote_it() -> None:
    site = BareSite()
    forms = model.forms_of(site)
    equal, switches, different = [], [], []
    for path in shared_corpus():
        text = corpus_text(path)
        laid_out = "\n  <" in text
        reader = TextReader(forms, keep_cr=not laid_out)
        written = TextWriter(forms).write(reader.read(text))
        assert not reader.notes, (path.name, reader.notes)
        wanted = compact(text)
        written = compact(written) if laid_out else written.replace("\r\n", "\n")
        if written == wanted.replace("\r\n", "\n"):
            equal.append(path.name)
        elif without_switches(written) == without_switches(wanted.replace("\r\n", "\n")):
            switches.append(path.name)
        else:
            different.append(path.name)
    assert not different
    assert len(equal) >= 40 and len(switches) <= 2, (equal, switches)


@pytest.mark.parametrize("mode", ["clear", "opaque", "blank"])
def test_every_export_is_imported_saved_read_and_written(mode: str) -> None:
    site = BareSite(secrets=mode)
    for path in shared_corpus():
        text = corpus_text(path)
        imported = site.call("ImportSequence", SequenceXML=text)["TaskSequence"]
        assert not site.store.scan(PACKAGE) or all(row.get("Name") != path.name for row in site.store.scan(PACKAGE))
        saved = site.call("SaveToXml", "SMS_TaskSequence", TaskSequence=imported)["ReturnValue"]
        row = site.create(*imported.props["Steps"], name=path.name)
        read = site.read(row)
        if mode == "clear":
            assert read == imported
            assert site.call("SaveToXml", "SMS_TaskSequence", TaskSequence=read)["ReturnValue"] == saved
            assert row.get("Sequence") == saved
        again = site.call("SetSequence", TaskSequencePackage=row, TaskSequence=read)
        assert again["ReturnValue"] == 0
        assert f'"{row.get("PackageID")}"' in again["SavedTaskSequencePackagePath"]
        if mode != "blank":
            assert model.recall(site, row) == imported
        wanted = {item.id for item in references.references_of(model.forms_of(site), imported)} - {"00000000"}
        assert {item.get("Package") for item in row.get("References") or ()} == wanted
        assert row.get("TaskSequenceFlags", 0) & 1 == bool(wanted or 'package="00000000"' in text)
    assert "rule_broken" not in site.kinds()


def test_export_xml_strips_what_exports_lack_anyway() -> None:
    site = BareSite()
    for path in shared_corpus():
        if path.name[:3] in {"024", "029"}:
            continue
        text = corpus_text(path).replace("\r\n", "\n")
        if "\n  <" in text:
            continue
        assert site.call("ExportXml", "SMS_TaskSequence", Xml=text)["ReturnValue"] == text, path.name
