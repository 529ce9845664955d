# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report of deployments as one HTML file that needs nothing else; its chart is drawn here as inline SVG.

Every text of a site goes through the template engine's escaping; the page is well-formed XML as well.
"""

from __future__ import annotations

import dataclasses
import functools
import typing as t

import jinja2

from .._sequence.report.text import clean
from ._status_devices import FAILED, NOT_RUN, OUTCOMES, RUNNING, SUCCEEDED, WAITING
from ._status_report import WORDS, Point, Report, device_row, duration, headline

WIDTH, HEIGHT = 720, 240
LEFT, BOTTOM, TOP, RIGHT = 44, 28, 8, 8
_STACK = (SUCCEEDED, FAILED, NOT_RUN, RUNNING, WAITING)
"""From the bottom of the chart to its top: what has ended lies below what has not."""
_STEPS = (1, 2, 5)


@dataclasses.dataclass
class Chart:
    """Areas and axes in the units of the picture."""

    areas: list[tuple[str, str]]
    """Outcome and the points of its polygon."""
    across: list[tuple[float, str]]
    """Position and text of the marks of the time axis."""
    up: list[tuple[float, str]]
    """Position and text of the marks of the axis of devices."""


def chart(points: t.Sequence[Point]) -> Chart | None:
    """Return stacked areas, ``None`` when there is nothing that changes over time.

    Counts hold until the next point, so the areas have steps.
    """
    most = max((point.counts["targeted"] for point in points), default=0)
    if len(points) < 2 or not most:
        return None
    first, last = points[0].seconds, points[-1].seconds
    span = (last - first) or 1.0

    def x(seconds: float) -> float:
        return round(LEFT + (seconds - first) / span * (WIDTH - LEFT - RIGHT), 1)

    def y(devices: float) -> float:
        return round(HEIGHT - BOTTOM - devices / most * (HEIGHT - BOTTOM - TOP), 1)

    below = [0] * len(points)
    areas = []
    for outcome in _STACK:
        above = [low + point.counts[outcome] for low, point in zip(below, points, strict=True)]
        if above != below:
            upper = _steps([x(point.seconds) for point in points], [y(value) for value in above])
            lower = _steps([x(point.seconds) for point in points], [y(value) for value in below])
            areas.append((outcome, " ".join(f"{a},{b}" for a, b in upper + lower[::-1])))
        below = above
    step = _nice(most / 4)
    up = [(y(value), str(value)) for value in range(0, most + 1, max(1, round(step)))]
    across = [(x(first + span * part / 4), duration(first + span * part / 4)) for part in range(5)]
    return Chart(areas, across, up)


def _steps(across: list[float], up: list[float]) -> list[tuple[float, float]]:
    found: list[tuple[float, float]] = []
    for index, value in enumerate(up):
        if index:
            found.append((across[index], up[index - 1]))
        found.append((across[index], value))
    return found


def _nice(value: float) -> float:
    size = 1.0
    while True:
        for step in _STEPS:
            if step * size >= value:
                return step * size
        size *= 10


def render(report: Report) -> str:
    """Return the page."""
    return _template().render(
        report=report,
        chart=chart(report.points),
        words=WORDS,
        outcomes=OUTCOMES,
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        floor=HEIGHT - BOTTOM,
        right=WIDTH - RIGHT,
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
    environment.filters.update(cells=device_row, headline=headline, span=duration, safe_text=clean)
    environment.globals.update(style=_STYLE)
    return environment.from_string(_PAGE)


_STYLE = """
:root{color-scheme:light dark;--page:#f4f6f9;--paper:#fff;--ink:#1b2330;--soft:#566172;--line:#dde2ea;--tint:#f2f5f9;
--succeeded:#2e7d46;--failed:#b3261e;--running:#1a5fb4;--waiting:#c3cad4;--not_run:#8a4b00}
@media (prefers-color-scheme:dark){:root{--page:#12161c;--paper:#1a2028;--ink:#e4e9f0;--soft:#a3afbf;--line:#303947;
--tint:#202833;--succeeded:#6fbf86;--failed:#f0857d;--running:#8ab8f5;--waiting:#4a5563;--not_run:#f3c57a}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:64rem;padding:2rem 1.5rem 4rem;background:var(--page);color:var(--ink);font:15px/1.5
"Segoe UI",system-ui,-apple-system,Roboto,"Helvetica Neue",Arial,"Noto Sans","Liberation Sans",sans-serif}
h1{font-size:1.8rem;line-height:1.2;margin:0 0 .8rem;overflow-wrap:anywhere}
h2{font-size:1.25rem;margin:2rem 0 .75rem}
h3{font-size:1.05rem;margin:1.5rem 0 .25rem;overflow-wrap:anywhere}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(6.5rem,1fr));gap:.55rem;margin:0;padding:0}
.tiles div{display:flex;flex-direction:column-reverse;background:var(--paper);border:1px solid var(--line);
border-radius:10px;padding:.55rem .7rem;border-top:4px solid var(--line)}
.tiles dt{color:var(--soft);font-size:.8rem}
.tiles dd{margin:0;font-size:1.5rem;font-weight:650;font-variant-numeric:tabular-nums}
.tiles .succeeded{border-top-color:var(--succeeded)}.tiles .failed{border-top-color:var(--failed)}
.tiles .running{border-top-color:var(--running)}.tiles .waiting{border-top-color:var(--waiting)}
.tiles .not_run{border-top-color:var(--not_run)}
.card{background:var(--paper);border:1px solid var(--line);border-radius:10px;padding:.75rem .9rem;margin:.5rem 0;
overflow-x:auto}
.alert{border-left:4px solid var(--failed);overflow-wrap:anywhere}
.soft{color:var(--soft);font-size:.875rem;margin:0 0 .5rem}
svg{display:block;width:100%;height:auto}
svg text{fill:var(--soft);font-size:11px}
svg .grid{stroke:var(--line);stroke-width:1}
polygon.succeeded{fill:var(--succeeded)}polygon.failed{fill:var(--failed)}polygon.running{fill:var(--running)}
polygon.waiting{fill:var(--waiting)}polygon.not_run{fill:var(--not_run)}
.legend{display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;list-style:none;padding:0;margin:.5rem 0 0;font-size:.85rem}
.legend i{display:inline-block;width:.8rem;height:.8rem;border-radius:3px;margin-right:.4rem;vertical-align:-.05rem}
.legend .succeeded i{background:var(--succeeded)}.legend .failed i{background:var(--failed)}
.legend .running i{background:var(--running)}.legend .waiting i{background:var(--waiting)}
.legend .not_run i{background:var(--not_run)}
table{border-collapse:collapse;width:100%;font-size:.875rem}
th,td{text-align:left;vertical-align:top;padding:.3rem .8rem .3rem 0;border-bottom:1px solid var(--line);
overflow-wrap:break-word}
th{color:var(--soft);font-size:.8rem}
td.num{font-variant-numeric:tabular-nums}
.devices td{white-space:nowrap}
.devices td.text{white-space:normal;min-width:14rem;overflow-wrap:anywhere}
td.failed{color:var(--failed);font-weight:600}td.succeeded{color:var(--succeeded)}td.running{color:var(--running)}
tbody tr:last-child td{border-bottom:0}
pre{margin:.4rem 0 0;padding:.55rem .7rem;background:var(--tint);border-radius:6px;font:.8rem/1.45 ui-monospace,
"Cascadia Mono",Consolas,"DejaVu Sans Mono","Liberation Mono",Menlo,monospace;white-space:pre-wrap;
overflow-wrap:anywhere}
summary{cursor:pointer;color:var(--soft);font-size:.875rem}
@media print{:root{color-scheme:light;--page:#fff;--paper:#fff;--ink:#111827;--soft:#4b5563;--line:#cfd5de;
--succeeded:#2e7d46;--failed:#b3261e;--running:#1a5fb4;--waiting:#c3cad4;--not_run:#8a4b00}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}body{padding:0;font-size:9pt}
details::details-content{content-visibility:visible;block-size:auto;opacity:1}tr,.card{break-inside:avoid}}
"""

_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta name="color-scheme" content="light dark"/>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; \
form-action 'none'"/>
<title>{{ report.title }}</title>
<style>{{ style | safe }}</style>
</head>
<body>
<main>
<h1><bdi>{{ report.title }}</bdi></h1>
{% if report.message %}
<p class="card alert">{{ report.message }}</p>
{% endif %}
<dl class="tiles">
<div><dt>Devices</dt><dd>{{ report.counts.targeted }}</dd></div>
{% for outcome in outcomes %}
<div class="{{ outcome }}"><dt>{{ words[outcome] }}</dt><dd>{{ report.counts[outcome] }}</dd></div>
{% endfor %}
<div><dt>Success</dt><dd>{{ report.percent }}</dd></div>
</dl>
{% if chart %}
<h2>States over time</h2>
<div class="card">
<svg viewBox="0 0 {{ width }} {{ height }}" role="img" aria-label="Number of devices in each state over time; the \
table below has the numbers.">
{% for position, text in chart.up %}
<line class="grid" x1="{{ left }}" x2="{{ right }}" y1="{{ position }}" y2="{{ position }}"/>
<text x="{{ left - 6 }}" y="{{ position + 4 }}" text-anchor="end">{{ text }}</text>
{% endfor %}
{% for outcome, points in chart.areas %}
<polygon class="{{ outcome }}" points="{{ points }}"><title>{{ words[outcome] }}</title></polygon>
{% endfor %}
{% for position, text in chart.across %}
<text x="{{ position }}" y="{{ floor + 18 }}" text-anchor="{{ "start" if loop.first else "end" if loop.last else \
"middle" }}">{{ text }}</text>
{% endfor %}
</svg>
<ul class="legend">
{% for outcome in outcomes %}
<li class="{{ outcome }}"><i></i>{{ words[outcome] }}</li>
{% endfor %}
</ul>
<details><summary>The numbers</summary>
<table>
<thead><tr><th scope="col">After</th><th scope="col">Devices</th>{% for outcome in outcomes %}<th scope="col">\
{{ words[outcome] }}</th>{% endfor %}</tr></thead>
<tbody>
{% for point in report.rows() %}
<tr><td class="num">{{ point.seconds | span }}</td><td class="num">{{ point.counts.targeted }}</td>\
{% for outcome in outcomes %}<td class="num">{{ point.counts[outcome] }}</td>{% endfor %}</tr>
{% endfor %}
</tbody></table></details>
</div>
{% endif %}
{% if report.failures %}
<h2>Failures</h2>
{% for failure in report.failures %}
<div class="card alert"><bdi>{{ failure | headline }}</bdi>
{% if failure.output %}
<pre>{{ failure.output | safe_text }}</pre>
{% endif %}
</div>
{% endfor %}
{% endif %}
<h2>Deployments</h2>
{% for item in report.deployments %}
<section>
<h3><bdi>{{ item.task_sequence }}</bdi> on <bdi>{{ item.collection }}</bdi></h3>
<p class="soft"><bdi>{{ item.name }}</bdi> ({{ item.id }}){% if item.purpose %}, {{ item.purpose }}{% endif %}: \
{{ item.counts.targeted }} devices, {% for outcome in outcomes if item.counts[outcome] %}{{ item.counts[outcome] }} \
{{ words[outcome] | lower }}{{ "" if loop.last else ", " }}{% endfor %}</p>
{% if item.unfinished %}
<p>Not finished: {{ item.unfinished | join(", ") }}{% if item.unfinished_more %} and {{ item.unfinished_more }} more\
{% endif %}</p>
{% endif %}
{% if item.devices %}
<div class="card"><table class="devices">
<thead><tr><th scope="col">Device</th><th scope="col">State</th><th scope="col">Last message</th><th scope="col">\
Reported</th></tr></thead>
<tbody>
{% for device in item.devices %}
{% set name, state, message, time = device | cells %}
<tr><td><bdi>{{ name }}</bdi></td><td class="{{ device.state if device.state in outcomes else "" }}">{{ state }}</td>\
<td class="text">{{ message }}</td><td class="num">{{ time }}</td></tr>
{% endfor %}
</tbody></table></div>
{% endif %}
</section>
{% endfor %}
</main>
</body>
</html>
"""
