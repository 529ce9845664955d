# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report as one HTML file that needs nothing else: no scripts, no fonts, no pictures from anywhere.

Every text of a user goes through the template engine's escaping; the page is well-formed XML as well.
"""

from __future__ import annotations

import functools
import typing as t

import jinja2

from .icons import ICONS
from .page import PAGE
from .parts import Entry, Line, Report
from .style import STYLE
from .text import plural

_OPEN_SCRIPT = 15
"""Lines of a script that is shown without a click."""
_LONG_ENTRY = 25
"""Lines of an entry that may be broken across two pages."""


def render(report: Report) -> str:
    """Return the page."""
    used = sorted({entry.family for entry in report.walk()})
    return _template().render(
        report=report,
        icons=[(family, ICONS.get(family, ICONS["other"])) for family in used],
        most=max((count for _kind, count in report.kinds), default=1),
    )


@functools.lru_cache(maxsize=1)
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.globals.update(style=STYLE, plural=plural, open_script=_OPEN_SCRIPT)
    environment.filters.update(heading=_heading, long=_is_long, groups=_groups)
    return environment.from_string(PAGE)


def _heading(level: int) -> tuple[str, str]:
    """Return the element of a heading and the attribute that says its level below h6."""
    depth = level + 3
    return (f"h{depth}", "") if depth <= 6 else ("div", str(depth))


def _groups(entries: t.Iterable[Entry]) -> list[Entry]:
    return [entry for entry in entries if entry.is_group]


def _is_long(entry: Entry) -> bool:
    lines = sum(script.lines for script in entry.scripts) + sum(len(table.rows) for table in entry.tables)
    lines += sum(map(_size, entry.condition)) + sum(_size(line) for one in entry.settings for line in one.lines)
    return lines > _LONG_ENTRY


def _size(line: Line) -> int:
    return 1 + sum(map(_size, line.below))
