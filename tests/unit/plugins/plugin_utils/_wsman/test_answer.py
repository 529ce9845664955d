# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hostile and broken answers end in one clear error."""

from __future__ import annotations

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils._errors import ProtocolError
from ansible_collections.configmgr.osd.plugins.plugin_utils._wsman import answer
from hypothesis import given
from hypothesis import strategies as st

BOMB = b'<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;&x;&x;&x;&x;&x;">]><a>&y;</a>'


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"   ", id="blank"),
        pytest.param(b"<html><body>Bad gateway</body>", id="truncated"),
        pytest.param(b"not xml at all", id="text"),
        pytest.param(BOMB, id="entities"),
        pytest.param(b"\n<?xml version='1.0'?>" + BOMB, id="entities after a late declaration"),
        pytest.param(b"<?xml version='1.0'?><!-- x --><?pi <!?>" + BOMB, id="entities after a prolog"),
        pytest.param(b"<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", id="external"),
        pytest.param("<a/>".encode("utf-16"), id="utf-16"),
        pytest.param(BOMB.decode().encode("utf-16"), id="utf-16 entities"),
        pytest.param(BOMB.decode().encode("utf-16-be"), id="utf-16 without a mark"),
        pytest.param(b"<a>\xe9</a>", id="latin-1 byte"),
        pytest.param(b"<a>\x00</a>", id="nul"),
        pytest.param(b"<a>&undefined;</a>", id="undefined entity"),
        pytest.param(b"<a><b></a>", id="crossed"),
        pytest.param(b"<a/><a/>", id="two roots"),
    ],
)
def test_refused(body: bytes) -> None:
    with pytest.raises(ProtocolError):
        answer.parse(body)


def test_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer, "MAX_ANSWER", 10)
    with pytest.raises(ProtocolError, match="larger than"):
        answer.parse(b"<a>12345678</a>")


def test_accepted_forms() -> None:
    assert answer.parse(b"\xef\xbb\xbf<a/>").tag == "a"
    assert answer.parse(b"<?xml version='1.0' encoding='utf-16'?><!-- <!DOCTYPE x> --><a/>").tag == "a"
    assert answer.parse(b"<a><![CDATA[<!DOCTYPE x>]]></a>").text == "<!DOCTYPE x>"


def test_deep_nesting_is_no_stack_overflow() -> None:
    levels = 100_000
    root = answer.parse(b"<a>" * levels + b"</a>" * levels)
    assert sum(1 for _element in root.iter()) == levels


@given(st.binary(max_size=200))
def test_any_bytes_give_an_element_or_our_error(body: bytes) -> None:
    try:
        answer.Answer(answer.parse(body))
    except ProtocolError:
        pass


@pytest.mark.parametrize("body", [b"<html/>", b"<Envelope/>", b"<e:Envelope xmlns:e='x'><e:Header/></e:Envelope>"])
def test_no_soap(body: bytes) -> None:
    with pytest.raises(ProtocolError, match="SOAP"):
        answer.Answer(answer.parse(body))
