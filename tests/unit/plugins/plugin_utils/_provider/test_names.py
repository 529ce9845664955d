# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names of objects: what is refused and what is not."""

from __future__ import annotations

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils._provider import names

GOOD = [
    "it's", 'say "x"', "it's \"both\"", "a\\b", "50%", "a_b", "[x]", "<x>", "a&b", " lead",
    "smile \U0001f600", "x" * 255,
]  # fmt: skip
BAD = ["", "   ", "tail ", "a\rb", "a\nb", "a\tb", "a\x00b", "a\x7fb", "x" * 256, "half \ud800"]


@pytest.mark.parametrize("text", GOOD)
def test_good_names(text: str) -> None:
    assert names.fault_in_name(text) is None


@pytest.mark.parametrize("text", BAD)
def test_bad_names(text: str) -> None:
    assert names.fault_in_name(text)


def test_memos_take_line_breaks_and_texts_do_not() -> None:
    assert names.fault_in_memo("a\r\nb\tc") is None
    assert names.fault_in_memo("a\x01")
    assert names.fault_in_memo("ab", 1)
    assert names.fault_in_text("a\nb")
    assert names.fault_in_text("a\\b") is None


def test_shown_makes_control_characters_visible() -> None:
    assert names.shown("a\nb") == "a\\x0ab"
    assert len(names.shown("x" * 500)) == 60
