# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report as Markdown (CommonMark with the tables of GFM), for wikis and pull requests.

First a table with a line for every step, then the details of each under a heading of its own.
"""

from __future__ import annotations

import re
import typing as t

from .conditions import condition_text
from .parts import UNKNOWN, Entry, Line, Report, Script, Setting, Span, Spans, Table
from .text import one_line, plural

_SPECIAL = re.compile(r"([\\`*_{}\[\]|~$#!])")
_START = re.compile(r"(?:([-+=])|([0-9]{1,9})([.)])(?= |$))")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_INDENT = "&emsp;"


def render(report: Report) -> str:
    """Return the document."""
    parts = [f"# {escape(report.title)}"]
    if report.description:
        parts.append(escape(report.description))
    if report.facts:
        parts.append(_table(["Option", "Value"], [[escape(one.label), _cell(one)] for one in report.facts]))
    parts.append("## Summary")
    parts.append(_table(["", "Number"], [[escape(label), str(count)] for label, count in report.counts]))
    parts.append("## Steps")
    parts.append(escape(report.numbering))
    parts.extend(f"**{escape(text)}**" for text in report.notes)
    rows = [_row(entry) for entry in report.walk()]
    parts.append(_table(["No.", "Step", "Kind", "Runs if", "Remarks"], rows) if rows else "There are no steps.")
    parts.append("## What it needs")
    needed = [[escape(one.kind), _named(one.name, one.details), _uses(one.used_by, True)] for one in report.references]
    parts.append(_table(["Kind", "Name", "Used by"], needed) if needed else "It refers to no other object.")
    parts.append("## Variables")
    variables = [[_code(one.name, True), _uses(one.set_by), _uses(one.read_by)] for one in report.variables]
    parts.append(_table(["Name", "Set by", "Read by"], variables) if variables else "No step names a variable.")
    parts.append("## Kinds of steps")
    kinds = [[escape(kind), str(count)] for kind, count in report.kinds]
    parts.append(_table(["Kind", "Steps"], kinds) if kinds else "There are no steps.")
    if rows:
        parts.append("## Details")
    for entry in report.walk():
        parts.extend(_details(entry))
    parts.append("*Secrets are never part of this report.*")
    return "\n\n".join(parts) + "\n"


def escape(text: str) -> str:
    """Return a text that Markdown shows as it is, in one line, also in a table and at the start of a line."""
    line = re.sub("[&<>]", lambda found: _ENTITIES[found[0]], _SPECIAL.sub(r"\\\1", one_line(text)))
    found = _START.match(line)
    if found is None:
        return line
    return f"\\{line}" if found[1] else f"{found[2]}\\{found[3]}{line[found.end() :]}"


def _code(text: str, in_table: bool = False) -> str:
    """Return a code span; its fence is longer than any run of backticks inside it."""
    line = one_line(text)
    fence = "`" * (max((len(run) for run in re.findall("`+", line)), default=0) + 1)
    if line.startswith("`") or line.endswith("`"):
        line = f" {line} "
    if in_table:
        line = line.replace("|", "\\|")
    return f"{fence}{line}{fence}" if line else ""


def _spans(spans: Spans, in_table: bool = False) -> str:
    return "".join(_span(span, in_table) for span in spans)


def _span(span: Span, in_table: bool) -> str:
    if span.style == "code":
        return _code(span.text, in_table)
    # escape() makes one line of it, which takes blanks at both ends away.
    body = escape(span.text)
    if span.style in ("strong", "secret") and body:
        mark = "**" if span.style == "strong" else "*"
        return f"{mark}{body}{mark}"
    text = span.text
    return f"{' ' if text[:1].isspace() else ''}{body}{' ' if body and text[-1:].isspace() else ''}"


def _table(headings: list[str], rows: list[list[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _cell(setting: Setting) -> str:
    return "<br>".join(_spans(line.spans, in_table=True) for line in setting.lines)


def _named(name: str, details: str) -> str:
    return escape(name) + (f" ({escape(details)})" if details else "")


def _row(entry: Entry) -> list[str]:
    name = f"[{escape(entry.name) or '(no name)'}](#{entry.anchor})"
    if entry.is_group:
        name = f"**{name}**"
    return [
        entry.numbers,
        _INDENT * entry.level + name,
        "" if entry.kind == "group" else escape(entry.title),
        escape(condition_text(entry.condition)),
        escape(", ".join(mark.text for mark in entry.marks)),
    ]


def _uses(entries: list[Entry], or_itself: bool = False) -> str:
    if not entries and or_itself:
        return "the task sequence"
    return ", ".join(f"[{_short(entry)}](#{entry.anchor})" for entry in entries)


def _short(entry: Entry) -> str:
    return entry.number if entry.number != UNKNOWN else escape(entry.name)


def _details(entry: Entry) -> t.Iterator[str]:
    number = f"{entry.numbers} " if entry.numbers else ""
    name = escape(f"x{entry.name}")[1:] or "(no name)"
    yield f'{"#" * min(entry.level + 3, 6)} <a id="{entry.anchor}"></a>{number}{name}'
    words = [f"**{escape(entry.title)}**" if entry.kind != "group" else "**Group**"]
    yield ", ".join([*words, *(escape(mark.text) for mark in entry.marks)])
    if entry.description:
        yield escape(entry.description)
    if entry.condition:
        yield _condition(entry.condition)
    items = [_setting(setting) for setting in [*entry.refers, *entry.settings]]
    if items:
        yield "\n".join(items)
    for table in entry.tables:
        yield _embedded(table)
    for script in entry.scripts:
        yield _script(script)
    yield from (escape(text) for text in entry.notes)


def _condition(lines: list[Line]) -> str:
    if len(lines) == 1:
        (only,) = lines
        return "\n".join([f"- **Runs if** {_spans(only.spans)}", *_tree(only.below, 1)])
    return "\n".join(["- **Runs if** all of these hold", *_tree(lines, 1)])


def _tree(lines: list[Line], depth: int) -> t.Iterator[str]:
    for line in lines:
        yield f"{'  ' * depth}- {_spans(line.spans)}"
        yield from _tree(line.below, depth + 1)


def _setting(setting: Setting) -> str:
    head = f"- {escape(setting.label)}:"
    if len(setting.lines) == 1 and not setting.lines[0].below:
        return f"{head} {_spans(setting.lines[0].spans)}"
    return "\n".join([head, *_tree(setting.lines, 1)])


def _embedded(table: Table) -> str:
    rows = [[_spans(cell, in_table=True) for cell in row] for row in table.rows]
    return f"{escape(table.label)}:\n\n" + _table([escape(text) for text in table.headings], rows)


def _script(script: Script) -> str:
    fence = "`" * max(3, max((len(run) for run in re.findall("`+", script.text)), default=0) + 1)
    body = script.text.rstrip("\n")
    return (
        f"<details><summary>{escape(script.label)}, {plural(script.lines, 'line')}</summary>\n\n"
        f"{fence}powershell\n{body}\n{fence}\n\n</details>"
    )
