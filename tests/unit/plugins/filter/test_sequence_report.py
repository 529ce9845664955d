# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter as templates call it; what reports say and how they look is tested with their builders and writers."""

from __future__ import annotations

import struct
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.configmgr.osd.plugins.filter.sequence_report import DOCUMENTATION, FilterModule
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.report.numbering import SCHEMES
from markupsafe import Markup

ROOT = Path(__file__).resolve().parents[4]
PICTURE = ROOT / "docs" / "docsite" / "rst" / "images" / "sequence_report.png"
STEPS = [{"name": "Agent", "type": "install_package", "package": "Monitoring Agent", "program": "Silent"}]

report: t.Callable[..., str] = FilterModule().filters()["sequence_report"]


def test_the_formats() -> None:
    assert report(STEPS).startswith("<!DOCTYPE html>\n")
    assert report(STEPS, "markdown").startswith("# Task sequence\n")
    assert report(STEPS, format="mermaid", title="T").startswith("%% T\nflowchart TB\n")


def test_the_options() -> None:
    parent = {"name": "Parent", "steps": [{"name": "Run", "type": "run_task_sequence", "task_sequence": "Child"}]}
    assert "The numbers end" in report(parent, "markdown")
    text = report(parent, format="markdown", title="Other", numbering="plain", children={"Child": STEPS})
    assert text.startswith("# Other\n") and "1.1 Agent" in text and "The numbers end" not in text
    assert report(parent, title=None, children=None).count("<h1><bdi>Parent</bdi></h1>") == 1


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("steps",), "is text"),
        ((None,), "list of steps"),
        ((STEPS, "pdf"), "html, markdown, mermaid"),
        ((STEPS, ["html"]), "html, markdown, mermaid"),
        ((STEPS, "html", "", "roman"), "client, plain"),
        ((STEPS, "html", "", "client", ["x"]), "children"),
        ((STEPS, "html", "", "client", {"x": 5}), None),
        (([{"name": "x", "type": "run_task_sequence", "task_sequence": "x"}], "html", "", "client", {"x": 5}), "child"),
    ],
)
def test_what_cannot_be_reported(arguments: tuple[t.Any, ...], text: str | None) -> None:
    if text is None:
        assert report(*arguments)
        return
    with pytest.raises(AnsibleFilterError, match=text) as caught:
        report(*arguments)
    assert str(caught.value).startswith("sequence_report: ")


def test_data_without_end_is_a_message() -> None:
    step: dict[str, t.Any] = {"name": "x", "type": "restart_computer"}
    step["message"] = step
    with pytest.raises(AnsibleFilterError, match="nested"):
        report([step])


def test_text_that_calls_itself_safe_is_escaped() -> None:
    """A string that bears its own markup would pass the template engine's escaping."""
    bold = Markup("<b>x</b>")
    step = {"name": bold, "type": "run_powershell_script", "script": bold, "properties": {bold: bold}, bold: bold}
    assert "<b>x" not in report({"name": bold, "description": bold, "steps": [step]}, title=bold)


def test_the_documentation_names_what_the_code_knows() -> None:
    options = yaml.safe_load(DOCUMENTATION)["options"]
    assert tuple(options["numbering"]["choices"]) == SCHEMES
    for form in options["format"]["choices"]:
        assert report([], form)


def test_the_picture_of_the_guide() -> None:
    """A PNG of a size that a page can carry; ``make screenshots`` draws it."""
    data = PICTURE.read_bytes()
    width, height = struct.unpack(">II", data[16:24])
    assert data.startswith(b"\x89PNG\r\n\x1a\n") and len(data) < 300 * 1024
    assert 1000 <= width <= 1600 and height <= 2000
