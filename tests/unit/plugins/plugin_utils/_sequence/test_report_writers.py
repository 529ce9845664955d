# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reports as HTML, Markdown and Mermaid: complete, well-formed, and deaf to what names try to be."""

from __future__ import annotations

import collections
import os
import re
import time
import typing as t
import xml.etree.ElementTree as ET
from pathlib import Path

import lxml.html
import pytest
import yaml
from ansible_collections.configmgr.osd.plugins.plugin_utils._errors import InvalidInput
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.report import html, markdown, mermaid
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.report.build import build
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.report.parts import Report
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.to_yaml import describe
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.xml_read import read_sequence
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

SHARED = os.environ.get("CONFIGMGR_SHARED", "")
CORPUS = sorted(Path(SHARED, "corpus").glob("*.xml")) if SHARED else []
OWN = Path(__file__).resolve().parents[5] / "playbooks" / "files" / "bare_metal.yml"

RLO, ZERO_WIDTH = "\u202e", "\u2066"
HOSTILE = [
    "<script>alert(1)</script>",
    "</bdi></h3><img src=x onerror=alert(1)>",
    "]]><!-- -->",
    "&lt;b&gt; &amp; &#60; #60; #quot;",
    "a \" b ' c ` d `` e",
    "| pipe | and \\| backslash \\",
    "```\nfence\n~~~",
    "[link](javascript:alert(1)) ![x](y) <http://x>",
    "*bold* _under_ ~~gone~~ $math$",
    "# heading",
    "- item",
    "1. item",
    "=====",
    "---",
    "line one\nline two\r\nline three\u2028line four",
    "{{ 7 * 7 }} {% raw %} {# comment",
    "%%{init: {}}%%",
    'n1["x"] --> n2; end',
    "end",
    "subgraph",
    "click n0 href 'javascript:x'",
    "style n0 fill:#f00;",
    "\U0001f600 \u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",
    f"{RLO}gnp.exe {ZERO_WIDTH}",
    "\x00\x07\x1b[31m\ufffe \ud800",
    "x" * 3000,
    "   ",
]


def plainly(name: str) -> str:
    """Return a name as a report shows it, written without the code under test."""
    visible = "".join(
        f"[U+{ord(char):04X}]" if char in f"{RLO}{ZERO_WIDTH}\x00\x07\x1b\ufffe\ud800" else char for char in name
    )
    return " ".join(visible.split())


def names_of(steps: t.Iterable[dict[str, t.Any]]) -> collections.Counter[str]:
    found: collections.Counter[str] = collections.Counter()
    for step in steps:
        found[plainly(step["name"])] += 1
        found += names_of(step.get("steps") or [])
    return found


# -- HTML --------------------------------------------------------------------------------------


def page(report: Report) -> ET.Element:
    """Return the page, read by a parser that takes nothing but well-formed text, and check what every page is."""
    text = html.render(report)
    text.encode("utf-8")
    root = ET.fromstring(text)
    lax = lxml.html.document_fromstring(text)
    assert [one.tag for one in root.iter()] == [one.tag for one in lax.iter() if isinstance(one.tag, str)]
    for name in ("script", "link", "img", "iframe", "object", "form", "base", "embed"):
        assert root.find(f".//{name}") is None, name
    identifiers = [one.attrib["id"] for one in root.iter() if "id" in one.attrib]
    assert len(identifiers) == len(set(identifiers))
    for one in root.iter():
        assert not [name for name in one.attrib if name.startswith("on") or name in ("src", "srcdoc")]
        target = one.attrib.get("href")
        assert target is None or target[0] == "#" and target[1:] in identifiers
    return root


def html_names(root: ET.Element) -> collections.Counter[str]:
    return collections.Counter("".join(one.itertext()) for one in root.iter("bdi") if one.get("class") == "name")


def test_the_page_says_what_it_is() -> None:
    root = page(build(yaml.safe_load(OWN.read_text("utf-8"))))
    assert root.get("lang") == "en"
    assert root.findtext("head/title") == "".join(root.find(".//h1").itertext()) == "Windows 11 - Bare metal"
    policy = root.find(".//meta[@http-equiv='Content-Security-Policy']")
    assert policy is not None and policy.attrib["content"].startswith("default-src 'none'")
    style = root.findtext(".//style") or ""
    assert "@media print" in style and "prefers-color-scheme:dark" in style
    assert "url(" not in style and "@import" not in style
    assert {one.get("aria-hidden") for one in root.iter("svg")} == {"true"}
    assert not [one for one in root.iter("th") if one.get("scope") is None]


def test_headings_leave_no_level_out() -> None:
    deep: list[dict[str, t.Any]] = [{"name": "x", "type": "restart_computer"}]
    for level in range(6):
        deep = [{"name": str(level), "steps": deep}]
    levels = [
        int(one.get("aria-level") or one.tag[1:])
        for one in page(build(deep)).iter()
        if re.fullmatch("h[1-6]", one.tag) or one.get("role") == "heading"
    ]
    assert levels[0] == 1 and max(levels) == 9
    assert all(after <= before + 1 for before, after in zip(levels, levels[1:], strict=False))


def test_a_script_is_there_to_the_letter() -> None:
    script = "If (1 -lt 2) {\n\t'<b>' # {{ x }} ]]> \u00e9\n}\n\n"
    report = build([{"name": "x", "type": "run_powershell_script", "script": script}])
    assert page(report).findtext(".//pre") == script
    long = build([{"name": "x", "type": "run_powershell_script", "script": "a\n" * 40}])
    shown, folded = (page(one).find(".//details[@class='script']") for one in (report, long))
    assert shown is not None and folded is not None
    assert shown.get("open") == "open" and folded.get("open") is None


# -- Markdown ----------------------------------------------------------------------------------

RENDERER = MarkdownIt("commonmark", {"html": True}).enable("table")


def document(report: Report) -> lxml.html.HtmlElement:
    """Return the document as a reader sees it, and check that no name became markup."""
    text = markdown.render(report)
    text.encode("utf-8")
    root = lxml.html.document_fromstring(f"<div>{RENDERER.render(text)}</div>")
    known = {"html", "body", "div", "h1", "h2", "h3", "h4", "h5", "h6", "p", "a", "ul", "li", "table", "thead", "tbody"}
    known |= {"tr", "th", "td", "code", "pre", "details", "summary", "strong", "em", "br"}
    assert {one.tag for one in root.iter()} <= known
    for one in root.iter():
        assert set(one.attrib) <= {"href", "id", "class", "style"}
        assert one.get("href", "#")[0] == "#"
    for table in root.iter("table"):
        width = len(table.findall("thead/tr/th"))
        assert all(len(row.findall("td")) == width for row in table.iterfind("tbody/tr"))
    return root


def overview(root: lxml.html.HtmlElement) -> list[lxml.html.HtmlElement]:
    (table,) = [one for one in root.iter("table") if one.findtext("thead/tr/th[2]") == "Step"]
    return table.findall("tbody/tr")


def markdown_names(root: lxml.html.HtmlElement) -> tuple[collections.Counter[str], collections.Counter[str]]:
    """Return the names in the table of all steps, and those in the headings of the details."""
    table = collections.Counter(row.find("td[2]//a").text_content() for row in overview(root))
    headings = [
        one.text_content().partition(" ")[2] for one in root.iter("h3", "h4", "h5", "h6") if one.find("a") is not None
    ]
    return table, collections.Counter(headings)


def named(counter: collections.Counter[str]) -> collections.Counter[str]:
    return collections.Counter({name or "(no name)": count for name, count in counter.items()})


def test_tables_of_markdown() -> None:
    root = document(build(yaml.safe_load(OWN.read_text("utf-8"))))
    row = next(row for row in overview(root) if row.find("td[2]//a").text_content() == "Capture user state")
    assert [cell.text_content().strip() for cell in row] == [
        "8", "Capture user state", "Capture User State", "variable OSDStateStorePath exists", "continues on error",
    ]  # fmt: skip
    partitions = [one for one in root.iter("table") if one.findtext("thead/tr/th[1]") == "Name"]
    assert any(table.findtext("tbody/tr[1]/td[3]") == "500 MB" for table in partitions)


@pytest.mark.parametrize("text", ["`", "``a`` b", "|", "a|b\\|c", "~~~\n```\n````", '$x = `"|`"'])
def test_code_in_markdown(text: str) -> None:
    steps = [
        {"name": "a", "type": "run_command_line", "command_line": text},
        {"name": "b", "type": "run_powershell_script", "script": text},
        {"name": "c", "type": "format_and_partition_disk", "partitions": [{"name": text, "letter_variable": text}]},
    ]
    root = document(build(steps))
    line = " ".join(text.split())
    inline = [one.text_content() for one in root.iter("code") if one.getparent().tag != "pre"]
    # The command line, two cells of the partition, and the variable in the summary.
    assert inline.count(line) == 4
    (block,) = root.iter("pre")
    assert block.text_content() == text + "\n"


# -- Mermaid -----------------------------------------------------------------------------------

LABEL = r'"(?:[^"\[\]{}<>`;&#|:%\\]|#[0-9]+;|<br/>)*"'
STATEMENT = re.compile(
    rf"  (?:subgraph (?P<box>g\d+)\[{LABEL}\]|(?P<node>n\d+)\[{LABEL}\]|class [ng]\d+ \w+|end"
    r"|(?P<chain>[ng]\d+(?: --> [ng]\d+)+)|classDef \w+ [\w:,# -]+)"
)


def diagram(report: Report) -> tuple[list[str], list[str]]:
    """Return the labels of boxes and of nodes; every line is a statement, every name in an arrow is known."""
    text = mermaid.render(report)
    text.encode("utf-8")
    head, kind, *lines = text.splitlines()
    assert head.startswith("%% ") and kind == "flowchart TB"
    boxes: dict[str, str] = {}
    nodes: dict[str, str] = {}
    depth = 0
    for line in lines:
        found = STATEMENT.fullmatch("  " + line.strip())
        assert found, line
        depth += line.strip().startswith("subgraph ") - (line.strip() == "end")
        for kind, known in (("box", boxes), ("node", nodes)):
            if found[kind]:
                assert found[kind] not in known
                known[found[kind]] = re.sub("#([0-9]+);", lambda one: chr(int(one[1])), line.partition("[")[2][1:-2])
        for name in (found["chain"] or "").split(" --> "):
            assert not name or name in boxes or name in nodes
    assert depth == 0
    return list(boxes.values()), list(nodes.values())


def label_name(label: str) -> str:
    """Return the name in a label: after the number, before the kind."""
    return label.partition("<br/>")[0].partition(" ")[2]


def test_a_node_for_every_step_and_a_box_for_every_group() -> None:
    report = build(yaml.safe_load(OWN.read_text("utf-8")))
    boxes, nodes = diagram(report)
    counts = dict(report.counts)
    assert (len(boxes), len(nodes)) == (counts["Groups"], counts["Steps"])
    empty = build([{"name": "empty", "steps": []}, {"name": "g", "steps": [{"name": "x", "type": "restart_computer"}]}])
    assert diagram(empty) == (["2-4 g"], ["0-1 empty", "3 x<br/>Restart Computer"])


# -- all of them -------------------------------------------------------------------------------


def hostile_steps() -> list[dict[str, t.Any]]:
    """Return every hostile text at every place that takes a text."""
    found: list[dict[str, t.Any]] = []
    for text in HOSTILE:
        found += [
            {
                "name": text,
                "description": text,
                "condition": [{"any": [{"variable": text, "value": text}, {"wmi": text}, {"class": text}]}],
                "steps": [
                    {"name": text, "type": text, "properties": {text: text, "x": [{text: text}]}},
                    {"name": text, "type": "run_powershell_script", "script": text, "parameters": text},
                    {"name": text, "type": "install_application", "applications": [text, {"name": text, "id": text}]},
                    {"name": text, "type": "set_dynamic_variables", "rules": [{"set": {text: text}}]},
                    {"name": text, "type": "apply_network_settings", "adapters": [{"name": text, text: text}]},
                    {"name": text, "type": "run_task_sequence", "task_sequence": text, "enabled": False},
                    {"name": text, "type": "restart_computer", "message": text, "run_in": text, text: text},
                ],
            }
        ]
    return found


def test_hostile_texts_stay_texts() -> None:
    steps = hostile_steps()
    package = {"name": HOSTILE[0], "description": HOSTILE[1], "category": HOSTILE[5], "steps": steps}
    report = build(package)
    wanted = names_of(steps)
    assert html_names(page(report)) == wanted
    assert markdown_names(document(report)) == (named(wanted), named(wanted))
    boxes, nodes = diagram(report)
    assert len(boxes) == len(steps) and len(nodes) == 7 * len(steps)
    assert (
        collections.Counter(label_name(text) for text in nodes)
        + collections.Counter(
            label_name(text.partition(", if at least")[0].partition(", if (")[0].partition(", if variable")[0])
            for text in boxes
        )
        == +wanted
    )


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem[:3])
def test_every_name_of_real_sequences(path: Path) -> None:
    """As often as in the sequence, in each form, and fast."""
    raw = path.read_bytes()
    steps = describe(read_sequence(raw.decode("utf-16" if raw[:2] == b"\xff\xfe" else "utf-8-sig")))
    wanted = names_of(steps)
    report = build(steps)
    assert html_names(page(report)) == wanted
    assert markdown_names(document(report)) == (named(wanted), named(wanted))
    boxes, nodes = diagram(report)
    assert len(boxes) + len(nodes) == sum(wanted.values())
    assert +collections.Counter(label_name(text) for text in nodes) <= +wanted


def test_a_corpus_is_there() -> None:
    if not SHARED:
        pytest.skip("no shared folder")
    assert len(CORPUS) == 42


@pytest.mark.skipif(not SHARED, reason="no shared folder")
def test_the_largest_real_sequences_are_rendered_fast() -> None:
    """Half a second of CPU each is allowed; a tenth is usual."""
    html.render(build([]))
    for path in sorted(CORPUS, key=lambda one: one.stat().st_size)[-3:]:
        steps = describe(read_sequence(path.read_bytes().decode("utf-8-sig")))
        for render in (html.render, markdown.render, mermaid.render):
            started = time.process_time()
            render(build(steps))
            assert time.process_time() - started < 0.5


def test_the_same_steps_give_the_same_text() -> None:
    steps = yaml.safe_load(OWN.read_text("utf-8"))
    for render in (html.render, markdown.render, mermaid.render):
        assert render(build(steps)) == render(build(steps))


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(HOSTILE)
KEYS = st.sampled_from(
    "name type steps condition script rules partitions adapters applications package enabled properties run_in value "
    "variable secret set when all any none wmi operating_system file version id var size size_unit password".split()
) | st.text(max_size=3)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)
KINDS = st.sampled_from(["run_command_line", "set_dynamic_variables", "format_and_partition_disk", "x", "group"])


@given(st.dictionaries(KEYS, VALUES, max_size=6), KINDS)
def test_no_input_is_a_traceback(step: dict[str, t.Any], kind: str) -> None:
    """Whatever stands in a file ends in a report or in a message, and the report is well-formed."""
    try:
        report = build({"name": "x", "steps": [{"type": kind, **step}, step], "run_first": step, "references": [step]})
    except InvalidInput:
        return
    page(report)
    document(report)
    diagram(report)
