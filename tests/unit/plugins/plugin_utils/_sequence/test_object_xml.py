# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Packages as ``object.xml``: what is written is read again, with every real document in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.instance import CimDatetime, Instance
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.containers import open_document
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.equality import same
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.object_xml import write_object
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.secrets import mask
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.xml_read import read_sequence
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.xml_write import write_sequence

SHARED = os.environ.get("CONFIGMGR_SHARED", "")
CORPUS = sorted(Path(SHARED, "corpus").glob("*.xml")) if SHARED else []
TEXT = '<sequence version="3.10"/>'


def test_every_kind_of_property_comes_back() -> None:
    details = Instance("SMS_OS_Details", {"MaxVersion": "10.1", "MinVersion": "10", "Name": "NT", "Platform": "x"})
    package = Instance(
        "SMS_TaskSequencePackage",
        {
            "Name": 'A <name> & "more" ]]> \u00e9',
            "Description": "  two\nlines\r\n\tand blanks  ",
            "Category": "",
            "BootImageID": None,
            "Duration": 90,
            "RefreshPkgSourceFlag": True,
            "ForcedDisconnectEnabled": False,
            "SourceDate": CimDatetime("20250601080000.000000+***"),
            "Icon": [137, 80],
            "ISVData": [],
            "SupportedOperatingSystems": [details, details],
            "Unknown": "text",
            "UnknownNumber": 5,
            "UnknownOne": details,
        },
    )
    found = open_document(write_object(package, TEXT))
    assert found.text == TEXT
    assert found.package == package


def test_the_stored_text_is_replaced_and_odd_characters_do_no_harm() -> None:
    package = Instance("SMS_TaskSequencePackage", {"sequence": "<secret/>", "Name": "a\x01b\ud800c"})
    text = write_object(package, TEXT)
    assert "secret" not in text and text.encode("utf-8")
    assert open_document(text).package == Instance("SMS_TaskSequencePackage", {"Name": "a?b?c"})


@pytest.mark.skipif(not CORPUS, reason="no shared folder")
def test_real_documents_come_back_without_their_secrets() -> None:
    package = Instance("SMS_TaskSequencePackage", {"Name": "x"})
    for path in CORPUS:
        original = read_sequence(path.read_bytes())
        again = read_sequence(open_document(write_object(package, write_sequence(mask(original, "")))).text)
        assert same(original, again) and same(again, original), path.name
        assert again.properties == original.properties
