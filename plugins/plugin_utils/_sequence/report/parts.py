# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a report consists of, whatever it is written as.

The builders (``build.py`` and what it calls) make these parts from steps in YAML form; the writers (``html.py``,
``markdown.py``, ``mermaid.py``) only lay them out. No part holds a secret, and no text in them is escaped.
"""

from __future__ import annotations

import dataclasses
import typing as t

UNKNOWN = "?"
"""What stands for a number that nobody can know."""


class Span(t.NamedTuple):
    """A piece of a line. ``style`` is empty, ``code``, ``muted``, ``secret`` or ``strong``."""

    text: str
    style: str = ""


Spans = list[Span]


@dataclasses.dataclass
class Line:
    """A line with lines below it: an entry of a condition, a rule with its variables."""

    spans: Spans
    below: list[Line] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Setting:
    """An option in words; more than one line for lists."""

    label: str
    lines: list[Line]

    @classmethod
    def of(cls, label: str, *spans: Span) -> Setting:
        """Return a setting of one line."""
        return cls(label, [Line(list(spans))])


@dataclasses.dataclass
class Table:
    """Partitions, network adapters."""

    label: str
    headings: list[str]
    rows: list[list[Spans]]


@dataclasses.dataclass
class Script:
    """An embedded script, its text as it is."""

    label: str
    text: str

    @property
    def lines(self) -> int:
        """The number of its lines."""
        return len(self.text.splitlines())


class Mark(t.NamedTuple):
    """A word beside the name. ``style`` is ``off``, ``warn``, ``where``, ``secret`` or ``info``."""

    text: str
    style: str


@dataclasses.dataclass(eq=False)
class Entry:
    """A step or, when ``steps`` is a list, a group or a child task sequence with its steps.

    ``number`` and ``last`` are the texts shown: ``last`` is set where a number is taken at the end, too.
    ``off`` says why it does not run: empty, ``disabled``, or ``inside a disabled group``.
    ``child`` is the form of the reference of a Run Task Sequence step.
    """

    name: str
    kind: str
    title: str
    family: str
    anchor: str = ""
    level: int = 0
    number: str = ""
    last: str = ""
    description: str = ""
    off: str = ""
    continues: bool = False
    where: str = ""
    marks: list[Mark] = dataclasses.field(default_factory=list)
    condition: list[Line] = dataclasses.field(default_factory=list)
    refers: list[Setting] = dataclasses.field(default_factory=list)
    settings: list[Setting] = dataclasses.field(default_factory=list)
    tables: list[Table] = dataclasses.field(default_factory=list)
    scripts: list[Script] = dataclasses.field(default_factory=list)
    notes: list[str] = dataclasses.field(default_factory=list)
    secrets: int = 0
    child: t.Any = None
    steps: list[Entry] | None = None

    @property
    def is_group(self) -> bool:
        """Whether it holds steps: a group, or a child task sequence whose steps are at hand."""
        return self.steps is not None

    @property
    def numbers(self) -> str:
        """What stands before the name."""
        return f"{self.number}-{self.last}" if self.last and self.number != UNKNOWN else self.number

    def walk(self) -> t.Iterator[Entry]:
        """Yield the entry and everything in it, in run order."""
        stack = [self]
        while stack:
            entry = stack.pop()
            yield entry
            stack.extend(reversed(entry.steps or []))


@dataclasses.dataclass
class Reference:
    """An object that the task sequence needs, and the entries that say so (none: its own options)."""

    kind: str
    name: str
    details: str
    used_by: list[Entry]


@dataclasses.dataclass
class Variable:
    """A task sequence variable and the entries that set or read it."""

    name: str
    set_by: list[Entry]
    read_by: list[Entry]


@dataclasses.dataclass
class Report:
    """Everything that a writer needs."""

    title: str
    description: str = ""
    facts: list[Setting] = dataclasses.field(default_factory=list)
    entries: list[Entry] = dataclasses.field(default_factory=list)
    counts: list[tuple[str, int]] = dataclasses.field(default_factory=list)
    kinds: list[tuple[str, int]] = dataclasses.field(default_factory=list)
    references: list[Reference] = dataclasses.field(default_factory=list)
    variables: list[Variable] = dataclasses.field(default_factory=list)
    numbering: str = ""
    notes: list[str] = dataclasses.field(default_factory=list)

    def walk(self) -> t.Iterator[Entry]:
        """Yield every entry in run order."""
        for entry in self.entries:
            yield from entry.walk()
