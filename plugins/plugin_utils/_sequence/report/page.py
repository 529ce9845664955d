# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The template of the HTML report."""

from __future__ import annotations

PAGE = """\
{%- macro spans(parts) -%}
{%- for part in parts -%}
{%- if part.style == "code" -%}<code>{{ part.text }}</code>
{%- elif part.style == "secret" -%}<span class="hidden-value">{{ part.text }}</span>
{%- elif part.style == "strong" -%}<b><bdi>{{ part.text }}</bdi></b>
{%- elif part.style == "muted" -%}<span class="muted">{{ part.text }}</span>
{%- else -%}{{ part.text }}{%- endif -%}
{%- endfor -%}
{%- endmacro -%}

{%- macro tree(lines) -%}
<ul>
{%- for line in lines -%}
<li>{{ spans(line.spans) }}{% if line.below %}{{ tree(line.below) }}{% endif %}</li>
{%- endfor -%}
</ul>
{%- endmacro -%}

{%- macro value(setting) -%}
{%- if setting.lines | length == 1 and not setting.lines[0].below -%}{{ spans(setting.lines[0].spans) }}
{%- else -%}{{ tree(setting.lines) }}{%- endif -%}
{%- endmacro -%}

{%- macro settings(list) -%}
<dl class="set">
{% for setting in list %}
<dt>{{ setting.label }}</dt><dd>{{ value(setting) }}</dd>
{% endfor %}
</dl>
{%- endmacro -%}

{%- macro table(one) -%}
<div class="scroll"><table>
<caption>{{ one.label }}</caption>
<thead><tr>{% for text in one.headings %}<th scope="col">{{ text }}</th>{% endfor %}</tr></thead>
<tbody>
{% for row in one.rows %}
<tr>{% for cell in row %}<td>{{ spans(cell) }}</td>{% endfor %}</tr>
{% endfor %}
</tbody></table></div>
{%- endmacro -%}

{%- macro script(one) -%}
<details class="script"{% if one.lines <= open_script %} open="open"{% endif %}>
<summary>{{ one.label }}, {{ plural(one.lines, "line") }}</summary>
<pre>{{ one.text }}</pre></details>
{%- endmacro -%}

{%- macro bar(entry) -%}
{% if entry.is_group %}<span class="no">{{ entry.numbers }}</span>
{%- else %}<a class="no" href="#{{ entry.anchor }}">{{ entry.numbers }}</a>{% endif %}
<svg class="icon" aria-hidden="true"><use href="#i-{{ entry.family }}"/></svg>
{% set tag, level = entry.level | heading %}
<{{ tag }} class="heading"{% if level %} role="heading" aria-level="{{ level }}"{% endif %}>
{#- -#}<bdi class="name">{{ entry.name }}</bdi></{{ tag }}>
{% if entry.kind != "group" %}<span class="kind">{{ entry.title }}</span>{% endif %}
{% if entry.marks %}
<span class="marks">
{%- for mark in entry.marks %}<span class="mark {{ mark.style }}">{{ mark.text }}</span> {% endfor -%}
</span>
{% endif %}
{%- endmacro -%}

{%- macro body(entry) -%}
{% if entry.description or entry.condition or entry.refers or entry.settings or entry.tables or entry.scripts
or entry.notes %}
<div class="body">
{% if entry.description %}<p class="desc"><bdi>{{ entry.description }}</bdi></p>{% endif %}
{% if entry.condition %}
<div class="cond">
{%- if entry.condition | length == 1 and not entry.condition[0].below -%}
<p><b>Runs if</b> {{ spans(entry.condition[0].spans) }}</p>
{%- elif entry.condition | length == 1 -%}
<p><b>Runs if</b> {{ spans(entry.condition[0].spans) }}</p>{{ tree(entry.condition[0].below) }}
{%- else -%}
<p><b>Runs if</b> all of these hold</p>{{ tree(entry.condition) }}
{%- endif -%}
</div>
{% endif %}
{% if entry.refers or entry.settings %}{{ settings(entry.refers + entry.settings) }}{% endif %}
{% for one in entry.tables %}{{ table(one) }}{% endfor %}
{% for one in entry.scripts %}{{ script(one) }}{% endfor %}
{% for text in entry.notes %}<p class="muted">{{ text }}</p>{% endfor %}
</div>
{% endif %}
{%- endmacro -%}

{%- macro steps(entries) -%}
<ol class="steps">
{% for entry in entries %}
{% if entry.is_group %}
<li class="group level-{{ entry.level }}{% if entry.off %} off{% endif %}" id="{{ entry.anchor }}"><details open="open">
<summary class="bar">{{ bar(entry) }}</summary>
{{ body(entry) }}
{% if entry.steps %}{{ steps(entry.steps) }}{% else %}<p class="empty">There is nothing in this group.</p>{% endif %}
</details></li>
{% else %}
<li class="step{% if entry.off %} off{% endif %}{% if entry | long %} long{% endif %}" id="{{ entry.anchor }}" \
style="--fam:var(--{{ entry.family }})">
<div class="bar">{{ bar(entry) }}</div>
{{ body(entry) }}
</li>
{% endif %}
{% endfor %}
</ol>
{%- endmacro -%}

{%- macro contents(entries) -%}
<ul{% if not entries[0].level %} class="tree"{% endif %}>
{% for entry in entries %}
<li><a href="#{{ entry.anchor }}"><span class="no">{{ entry.numbers }}</span><bdi>{{ entry.name }}</bdi></a>
{% set inner = entry.steps | groups %}
{% if inner %}{{ contents(inner) }}{% endif %}
</li>
{% endfor %}
</ul>
{%- endmacro -%}

{%- macro uses(entries) -%}
{%- for entry in entries -%}
{%- if not loop.first %}, {% endif -%}
<a href="#{{ entry.anchor }}" title="{{ entry.name }}">{{ entry.number if entry.number != "?" else entry.name }}</a>
{%- endfor -%}
{%- endmacro -%}

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
<a class="skip" href="#steps">Skip to the steps</a>
<svg width="0" height="0" style="position:absolute" aria-hidden="true"><defs>
{% for family, path in icons %}
<symbol id="i-{{ family }}" viewBox="0 0 16 16"><path d="{{ path }}"/></symbol>
{% endfor %}
</defs></svg>
<div class="layout">
<nav aria-label="Contents">
<p>Contents</p>
<ul>
<li><a href="#summary">Summary</a></li>
<li><a href="#steps">Steps</a></li>
<li><a href="#references">What it needs</a></li>
<li><a href="#variables">Variables</a></li>
<li><a href="#kinds">Kinds of steps</a></li>
</ul>
{% set top = report.entries | groups %}
{% if top %}<div class="tree"><p>Groups</p>
{{ contents(top) }}</div>{% endif %}
</nav>
<main>
<header>
<p class="eyebrow">Task sequence</p>
<h1><bdi>{{ report.title }}</bdi></h1>
{% if report.description %}<p class="lead"><bdi>{{ report.description }}</bdi></p>{% endif %}
{% if report.facts %}
<dl class="facts">
{% for setting in report.facts %}
<div><dt>{{ setting.label }}</dt><dd>{{ value(setting) }}</dd></div>
{% endfor %}
</dl>
{% endif %}
</header>
<section aria-labelledby="summary">
<h2 id="summary">Summary</h2>
<dl class="tiles">
{% for label, count in report.counts %}
<div{% if not count %} class="zero"{% endif %}><dt>{{ label }}</dt><dd>{{ count }}</dd></div>
{% endfor %}
</dl>
</section>
<section aria-labelledby="steps">
<h2 id="steps">Steps</h2>
<div class="note"><p>{{ report.numbering }}</p>
{% for text in report.notes %}<p class="alert">{{ text }}</p>{% endfor %}
</div>
{% if report.entries %}{{ steps(report.entries) }}{% else %}<p class="empty">There are no steps.</p>{% endif %}
</section>
<section aria-labelledby="references">
<h2 id="references">What it needs</h2>
{% if report.references %}
<div class="card"><table class="references">
<thead><tr><th scope="col">Kind</th><th scope="col">Name</th><th scope="col">Used by</th></tr></thead>
<tbody>
{% for one in report.references %}
<tr><td>{{ one.kind }}</td><td><bdi>{{ one.name }}</bdi>
{%- if one.details %} <span class="muted">({{ one.details }})</span>{% endif %}</td>
<td class="uses">{% if one.used_by %}{{ uses(one.used_by) }}{% else %}the task sequence{% endif %}</td></tr>
{% endfor %}
</tbody></table></div>
{% else %}<p class="empty">It refers to no other object.</p>{% endif %}
</section>
<section aria-labelledby="variables">
<h2 id="variables">Variables</h2>
{% if report.variables %}
<div class="card"><table class="variables">
<thead><tr><th scope="col">Name</th><th scope="col">Set by</th><th scope="col">Read by</th></tr></thead>
<tbody>
{% for one in report.variables %}
<tr><td><code>{{ one.name }}</code></td><td class="uses">{{ uses(one.set_by) }}</td>
<td class="uses">{{ uses(one.read_by) }}</td></tr>
{% endfor %}
</tbody></table></div>
<p class="empty">As far as the steps say it. Variables that a step sets by itself are not listed.</p>
{% else %}<p class="empty">No step names a variable.</p>{% endif %}
</section>
<section aria-labelledby="kinds">
<h2 id="kinds">Kinds of steps</h2>
{% if report.kinds %}
<div class="card"><table class="kinds">
<thead><tr><th scope="col">Kind</th><th scope="col">Steps</th><td></td></tr></thead>
<tbody>
{% for kind, count in report.kinds %}
<tr><td>{{ kind }}</td><td class="num">{{ count }}</td>
<td aria-hidden="true"><span class="meter" style="width:{{ (100 * count / most) | round | int }}%"></span></td></tr>
{% endfor %}
</tbody></table></div>
{% else %}<p class="empty">There are no steps.</p>{% endif %}
</section>
<footer>Secrets are never part of this report. Made by configmgr.osd.sequence_report.</footer>
</main>
</div>
</body>
</html>
"""
