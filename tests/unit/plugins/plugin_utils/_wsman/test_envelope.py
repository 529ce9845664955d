# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests: text that survives, and headers as Windows' own client sends them."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils._errors import InvalidInput
from ansible_collections.configmgr.osd.plugins.plugin_utils._wsman import envelope, uris
from ansible_collections.configmgr.osd.plugins.plugin_utils._wsman.xmltext import escape
from hypothesis import example, given
from hypothesis import strategies as st

ALLOWED = st.characters(
    blacklist_categories=("Cs",),
    blacklist_characters=[chr(c) for c in range(32) if c not in (9, 10, 13)] + ["\ufffe", "\uffff"],
)


@given(st.text(ALLOWED))
@example("a\r\nb\rc\n\td")
@example("<![CDATA[ ]]> & \"quoted\" 'too'")
@example("astral \U0001f4e6 and \U0010ffff")
def test_text_survives_a_parser(text: str) -> None:
    assert (ET.fromstring(f"<a>{escape(text)}</a>").text or "") == text
    assert ET.fromstring(f'<a b="{escape(text, attribute=True)}"/>').get("b") == text


@pytest.mark.parametrize(
    "bad", ["\x00", "\x01", "\x08", "\x0b", "\x0c", "\x1f", "\ud800", "\udfff", "\ufffe", "\uffff"]
)
def test_unsendable_characters_are_refused_without_quoting_the_text(bad: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        escape(f"hunter2{bad}", where="Description")
    assert f"U+{ord(bad):04X}" in str(caught.value)
    assert "Description" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def built(**changes: object) -> str:
    facts: dict[str, object] = {"action": "urn:act", "resource_uri": "urn:res", "message_id": "uuid:1", **changes}
    return envelope.build(**facts).decode("utf-8")  # type: ignore[arg-type]


def test_headers() -> None:
    text = built(selectors=[("__cimnamespace", "root/sms"), ("On", True), ("Id", 16777220)])
    root = ET.fromstring(text)
    header = root[0]
    assert "OperationID" not in text
    assert text.index("ResourceURI") < text.index("SelectorSet")
    assert header.findtext(f"{{{uris.WSMAN}}}MaxEnvelopeSize") == str(8 * 1024 * 1024)
    assert header.findtext(f"{{{uris.WSMAN}}}OperationTimeout") == "PT60.000S"
    selectors = [(item.get("Name"), item.text) for item in header.iter(f"{{{uris.WSMAN}}}Selector")]
    assert selectors == [("__cimnamespace", "root/sms"), ("On", "true"), ("Id", "16777220")]
    options = [(item.get("Name"), item.get("Type"), item.text) for item in header.iter(f"{{{uris.WSMAN}}}Option")]
    assert options == [("msftwinrm:UsePreciseArrays", "xs:boolean", "true")]
    assert header.find(f"{{{uris.WSMAN}}}Locale").get(f"{{{uris.SOAP}}}mustUnderstand") == "false"  # type: ignore[union-attr]


def test_selectors_are_escaped() -> None:
    root = ET.fromstring(built(selectors=[('a"<', "x<&>\r'")]))
    found = next(root.iter(f"{{{uris.WSMAN}}}Selector"))
    assert (found.get("Name"), found.text) == ('a"<', "x<&>\r'")


def test_message_ids_are_upper_case_and_new() -> None:
    first, second = envelope.new_message_id(), envelope.new_message_id()
    assert first != second
    assert first.startswith("uuid:") and first[5:] == first[5:].upper()


def test_families() -> None:
    dmtf, wmi = uris.UriFamily("dmtf"), uris.UriFamily("wmi")
    assert dmtf.class_uri("root\\sms\\site_PS1", "SMS_Package").endswith("/wscim/1/cim-schema/2/SMS_Package")
    assert dmtf.selectors("root\\sms\\site_PS1", {"A": 1}) == [("__cimnamespace", "root/sms/site_PS1"), ("A", 1)]
    assert wmi.class_uri("root\\sms\\site_PS1", "SMS_Package").endswith("/wmi/root/sms/site_PS1/SMS_Package")
    assert wmi.selectors("root/sms/site_PS1", {"A": 1}) == [("A", 1)]
    assert dmtf.all_classes("root/sms") == "http://schemas.dmtf.org/wbem/wscim/1/*"
    assert wmi.all_classes("root/sms").endswith("/wmi/root/sms/*")
    with pytest.raises(ValueError, match="no such URI family"):
        uris.UriFamily("other")
