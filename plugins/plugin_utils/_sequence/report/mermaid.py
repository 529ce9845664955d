# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report as a Mermaid flowchart: a node for every step, a box for every group.

Only what stands beside each other is joined by an arrow, so groups stay boxes that run as a whole.
"""

from __future__ import annotations

import re
import typing as t

from .conditions import condition_text
from .parts import Entry, Report
from .text import one_line

_PLAIN = re.compile(r"[^\w .,()/=+-]")
"""What is written as an entity: quotes, brackets, the marks of Mermaid itself, and everything unusual."""
_LONGEST_CONDITION = 80
_CLASSES = (
    ("condition", "stroke-width:2px,stroke:#1a5fb4"),
    ("off", "stroke-dasharray:4 3,stroke:#8a8f98,color:#6b7280"),
    ("child", "stroke:#4338ca"),
)


def render(report: Report) -> str:
    """Return the diagram, without a Markdown fence around it."""
    lines = [f"%% {_ascii(report.title)}", "flowchart TB"]
    lines.extend(_Writer().box(report.entries, 1))
    lines.extend(f"  classDef {name} {style}" for name, style in _CLASSES)
    return "\n".join(lines) + "\n"


def label(text: str) -> str:
    """Return a text as part of a quoted label: entities for all that Mermaid, Markdown or HTML could read."""
    return _PLAIN.sub(lambda found: f"#{ord(found[0])};", one_line(text).replace("_", "\0")).replace("#0;", "#95;")


def _ascii(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9 .,()_-]", "?", one_line(text))


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_CONDITION else text[: _LONGEST_CONDITION - 3].rstrip() + "..."


class _Writer:
    """Gives out the identifiers: n0, n1 for nodes, g0, g1 for boxes, in run order."""

    def __init__(self) -> None:
        self._nodes = 0
        self._boxes = 0

    def box(self, entries: list[Entry], depth: int) -> t.Iterator[str]:
        """Yield the lines of what stands beside each other, joined in run order."""
        indent = "  " * depth
        chain = []
        for entry in entries:
            if entry.steps:
                name = f"g{self._boxes}"
                self._boxes += 1
                yield f'{indent}subgraph {name}["{_text(entry)}"]'
                yield from self.box(entry.steps, depth + 1)
                yield f"{indent}end"
            else:
                name = f"n{self._nodes}"
                self._nodes += 1
                yield f'{indent}{name}["{_text(entry)}"]'
            kind = _class(entry)
            if kind:
                yield f"{indent}class {name} {kind}"
            chain.append(name)
        if len(chain) > 1:
            yield indent + " --> ".join(chain)


def _class(entry: Entry) -> str:
    if entry.off:
        return "off"
    if entry.condition:
        return "condition"
    return "child" if entry.family == "child" else ""


def _text(entry: Entry) -> str:
    parts = [f"{entry.numbers} {entry.name}".strip()]
    if entry.kind != "group":
        parts.append(entry.title)
    if entry.condition:
        parts.append(f"if {_shortened(condition_text(entry.condition))}")
    marks = ", ".join(mark.text for mark in entry.marks if mark.style in ("off", "warn"))
    if marks:
        parts.append(marks)
    # The title of a box has room for one line only.
    return label(", ".join(parts)) if entry.steps else "<br/>".join(label(part) for part in parts)
