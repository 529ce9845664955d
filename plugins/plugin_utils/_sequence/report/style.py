# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The style sheet of the HTML report: screen in light and dark, and paper."""

from __future__ import annotations

STYLE = """
:root{color-scheme:light dark;--page:#f4f6f9;--paper:#fff;--ink:#1b2330;--soft:#566172;--line:#dde2ea;--tint:#f2f5f9;
--link:#1a5fb4;--off:#5a6170;--warn:#8a4b00;--warn-bg:#fff1d6;--where:#1f5673;--where-bg:#e0f0f8;--secret:#7a2048;
--secret-bg:#fbe6ee;--off-bg:#e9ebef;--code-bg:#eef1f6;
--disk:#9a3412;--system:#1d4ed8;--driver:#6d28d9;--network:#0f766e;--user:#a21caf;--software:#166534;--security:#b91c1c;
--script:#334155;--variable:#92600a;--restart:#be185d;--check:#15803d;--child:#4338ca;--group:#475569;--other:#52525b}
@media (prefers-color-scheme:dark){:root{--page:#12161c;--paper:#1a2028;--ink:#e4e9f0;--soft:#a3afbf;--line:#303947;
--tint:#202833;--link:#8ab8f5;--off:#9aa4b2;--warn:#f3c57a;--warn-bg:#3d2f14;--where:#9fd3ee;--where-bg:#173242;
--secret:#f3a9c4;--secret-bg:#43202f;--off-bg:#2c343f;--code-bg:#252e3a;
--disk:#f0997b;--system:#8fb4ff;--driver:#c0a6ff;--network:#6fd3c5;--user:#e79cf0;--software:#7fd6a0;--security:#ff9d9d;
--script:#b6c2d2;--variable:#e6bd6a;--restart:#f79ac3;--check:#86dba2;--child:#aeb0ff;--group:#a9b6c8;--other:#b4b4bd}}
*{box-sizing:border-box}
html{scroll-behavior:smooth;-webkit-text-size-adjust:100%}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 "Segoe UI",system-ui,-apple-system,Roboto,
"Helvetica Neue",Arial,"Noto Sans","Liberation Sans",sans-serif}
a{color:var(--link);text-decoration:none}
a:hover{text-decoration:underline}
a:focus-visible,summary:focus-visible{outline:2px solid var(--link);outline-offset:2px;border-radius:4px}
.skip{position:absolute;left:-99em}
.skip:focus{left:1em;top:1em;background:var(--paper);padding:.5em 1em;z-index:9}
.layout{display:grid;grid-template-columns:17rem minmax(0,1fr);gap:2rem;max-width:88rem;margin:0 auto;
padding:0 1.5rem 4rem}
nav{position:sticky;top:0;align-self:start;max-height:100vh;overflow:auto;padding:1.75rem 0;font-size:.875rem}
nav p{margin:0 0 .4rem;color:var(--soft);font-size:.75rem;letter-spacing:.06em;text-transform:uppercase}
nav ul{list-style:none;margin:0;padding:0 0 0 .75rem;border-left:1px solid var(--line)}
nav>ul{padding:0;border:0;margin-bottom:1.25rem}
nav li>a{display:block;max-height:4.8em;overflow:hidden;padding:.16rem .5rem;border-radius:5px;color:var(--ink);
overflow-wrap:anywhere}
nav li>a:hover{background:var(--tint);text-decoration:none}
nav .no{color:var(--soft);white-space:nowrap;font-size:.75rem;margin-right:.35rem}
header{padding:2.25rem 0 0}
header .eyebrow{margin:0;color:var(--soft);font-size:.75rem;letter-spacing:.08em;text-transform:uppercase}
h1{font-size:2rem;line-height:1.2;margin:.2rem 0 .4rem;font-weight:650;overflow-wrap:anywhere}
h2{font-size:1.25rem;margin:2rem 0 .75rem;font-weight:650}
header+section h2{margin-top:1.4rem}
.lead{margin:.25rem 0 1rem;color:var(--soft);font-size:1.05rem;max-width:48rem;white-space:pre-line;
overflow-wrap:anywhere}
.facts{display:flex;flex-wrap:wrap;gap:.35rem 1.75rem;margin:0 0 1rem;padding:0}
.facts div{max-width:100%}
.facts dt{color:var(--soft);font-size:.75rem}
.facts dd{margin:0;overflow-wrap:anywhere}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(5.7rem,1fr));gap:.55rem;margin:.75rem 0 0;padding:0}
.tiles div{display:flex;flex-direction:column-reverse;justify-content:flex-end;background:var(--paper);
border:1px solid var(--line);border-radius:10px;padding:.55rem .7rem}
.tiles dt{color:var(--soft);font-size:.78rem;line-height:1.25}
.tiles dd{margin:0;font-size:1.5rem;font-weight:650;line-height:1.2;font-variant-numeric:tabular-nums}
.tiles .zero dd{color:var(--soft);font-weight:400}
.note{background:var(--tint);border:1px solid var(--line);border-radius:10px;padding:.6rem .9rem;margin:.75rem 0;
font-size:.875rem;color:var(--soft)}
.note p{margin:.15rem 0}
.note .alert{color:var(--warn);font-weight:600}
ol.steps{list-style:none;margin:0;padding:0}
.steps>li{margin:.5rem 0;background:var(--paper);border:1px solid var(--line);border-radius:10px;
scroll-margin-top:1rem}
.steps>li:target{outline:2px solid var(--link);outline-offset:1px}
.steps .steps{padding:.1rem .6rem .35rem .6rem}
.steps .steps>li{border-radius:8px}
.group{--fam:var(--group)}
.group>details>summary{list-style:none;cursor:pointer;border-radius:10px}
.group>details>summary::-webkit-details-marker{display:none}
.group>details>summary::after{content:"";flex:none;margin:.5em .15em 0 auto;width:.45em;height:.45em;
border:solid var(--soft);border-width:0 2px 2px 0;transform:rotate(-45deg);order:9}
.group>details[open]>summary::after{transform:rotate(45deg)}
.group>details>summary:hover{background:var(--tint)}
.level-0>details>summary .name{font-size:1.08rem}
.bar{display:flex;flex-wrap:wrap;align-items:flex-start;gap:.15rem .6rem;padding:.5rem .8rem}
.no{flex:none;color:var(--soft);font-variant-numeric:tabular-nums}
.bar .no{min-width:2.1rem;padding-top:.13rem;font-size:.85rem;text-align:right}
.group>details>summary .no{min-width:2.1rem;text-align:left}
.icon{flex:none;width:1.65rem;height:1.65rem;padding:.3rem;border-radius:6px;color:var(--fam);
background:color-mix(in srgb,var(--fam) 13%,transparent);fill:none;stroke:currentColor;stroke-width:1.4;
stroke-linejoin:round;stroke-linecap:round}
.heading{font-size:1rem;font-weight:600;line-height:1.45;margin:0;padding-top:.08rem;overflow-wrap:anywhere;
min-width:0}
.kind{color:var(--soft);font-size:.85rem;padding-top:.15rem}
.marks{display:flex;flex-wrap:wrap;gap:.3rem;margin-left:auto;padding-top:.12rem}
.mark{font-size:.74rem;line-height:1.5;padding:0 .5rem;border-radius:99px;background:var(--off-bg);color:var(--off);
white-space:nowrap}
.mark.warn{background:var(--warn-bg);color:var(--warn)}
.mark.where{background:var(--where-bg);color:var(--where)}
.mark.secret{background:var(--secret-bg);color:var(--secret)}
.off>.bar .name,.off>details>summary .name{color:var(--off);text-decoration:line-through;
text-decoration-thickness:1px}
.off>.bar .icon,.off>details>summary .icon,.off>.body{opacity:.6}
.body{padding:0 .8rem .65rem 5.65rem;font-size:.9rem}
.group>details>.body{padding-left:3.5rem}
.body>*:first-child{margin-top:0}
.body>*:last-child{margin-bottom:0}
.desc{margin:0 0 .4rem;color:var(--soft);white-space:pre-line;overflow-wrap:anywhere}
.cond{margin:.35rem 0;padding:.3rem .7rem;border-left:3px solid var(--link);background:var(--tint);
border-radius:0 6px 6px 0;
overflow-wrap:anywhere}
.cond p{margin:0}
.cond b{font-weight:600}
.cond ul,.set ul{margin:0;padding-left:1.15rem}
.cond li,.set li{margin:.1rem 0}
.set{display:grid;grid-template-columns:minmax(7rem,11.5rem) minmax(0,1fr);gap:.12rem .9rem;margin:.35rem 0}
.set dt{color:var(--soft)}
.set dd{margin:0;overflow-wrap:anywhere}
.set dd>ul{list-style:none;padding:0}
.set dd>ul ul{padding-left:1.15rem}
code,pre{font-family:ui-monospace,"Cascadia Mono",Consolas,"DejaVu Sans Mono","Liberation Mono",Menlo,monospace}
code{font-size:.86em;background:var(--code-bg);border-radius:4px;padding:.08em .32em;white-space:pre-wrap;
overflow-wrap:anywhere;-webkit-box-decoration-break:clone;box-decoration-break:clone}
.muted{color:var(--soft)}
.hidden-value{background:var(--secret-bg);color:var(--secret);border-radius:4px;padding:0 .35em;font-size:.86em}
.scroll{overflow-x:auto;margin:.4rem 0}
table{border-collapse:collapse;width:100%;font-size:.875rem}
caption{text-align:left;color:var(--soft);padding:0 0 .2rem}
th,td{text-align:left;vertical-align:top;padding:.3rem .7rem .3rem 0;border-bottom:1px solid var(--line);
overflow-wrap:anywhere}
th{color:var(--soft);font-weight:600;font-size:.8rem;overflow-wrap:normal}
tbody tr:last-child td,tbody tr:last-child th{border-bottom:0}
.card{background:var(--paper);border:1px solid var(--line);border-radius:10px;padding:.5rem .9rem;overflow-x:auto}
.card td.num{font-variant-numeric:tabular-nums;width:4rem}
.uses a{white-space:nowrap}
.meter{display:block;height:.5rem;border-radius:99px;background:var(--link);opacity:.75;min-width:.4rem;
margin-top:.45rem}
.script{margin:.4rem 0;border:1px solid var(--line);border-radius:8px;overflow:hidden}
.script summary{cursor:pointer;padding:.25rem .7rem;background:var(--tint);color:var(--soft);font-size:.85rem}
.script pre{margin:0;padding:.55rem .7rem;border-top:1px solid var(--line);font-size:.8rem;line-height:1.45;
white-space:pre-wrap;overflow-wrap:anywhere;tab-size:4}
.empty{margin:.2rem .6rem .6rem;color:var(--soft);font-size:.875rem}
footer{margin-top:2.5rem;color:var(--soft);font-size:.8rem}
@media (max-width:60rem){.layout{grid-template-columns:minmax(0,1fr);gap:0}nav{position:static;max-height:none;
padding:1rem 0 0}nav .tree{display:none}nav>ul{display:flex;flex-wrap:wrap;gap:.2rem .6rem;margin:0}}
@media (max-width:40rem){.layout{padding:0 .75rem 3rem}.body,.group>details>.body{padding-left:.8rem}
.set{grid-template-columns:minmax(0,1fr);gap:0}.set dd{margin-bottom:.3rem}.steps .steps{padding:.1rem .3rem .3rem}}
@page{margin:14mm 13mm 16mm;@bottom-right{content:counter(page) " / " counter(pages);font:9pt sans-serif;
color:#566172}}
@media print{:root{color-scheme:light;--page:#fff;--paper:#fff;--ink:#111827;--soft:#4b5563;--line:#cfd5de;
--tint:#f5f7fa;
--link:#1a5fb4;--off:#5a6170;--warn:#8a4b00;--warn-bg:#fff1d6;--where:#1f5673;--where-bg:#e0f0f8;--secret:#7a2048;
--secret-bg:#fbe6ee;--off-bg:#e9ebef;--code-bg:#f0f2f6;
--disk:#9a3412;--system:#1d4ed8;--driver:#6d28d9;--network:#0f766e;--user:#a21caf;--software:#166534;--security:#b91c1c;
--script:#334155;--variable:#92600a;--restart:#be185d;--check:#15803d;--child:#4338ca;--group:#475569;--other:#52525b}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}
body{font-size:8.8pt;line-height:1.38}
.layout{display:block;max-width:none;padding:0}
nav,.skip{display:none}
header{padding:0}
h1{font-size:19pt}
h2{font-size:12.5pt;margin:14pt 0 6pt;break-after:avoid}
.lead{font-size:10pt}
a{color:inherit}
.tiles{grid-template-columns:repeat(9,1fr);gap:4pt}
.tiles div{padding:3pt 5pt}
.tiles dt{font-size:6.5pt}
.tiles dd{font-size:12.5pt}
.steps>li{margin:3.5pt 0}
.bar{padding:3pt 6pt}
.heading{font-size:9.5pt}
.level-0>details>summary .name{font-size:10.5pt}
.icon{width:1.35rem;height:1.35rem;padding:.22rem}
.bar .no,.kind,.mark{font-size:7.5pt}
.body{padding:0 6pt 4pt 4.8rem;font-size:8.4pt}
.group>details>.body{padding-left:4.4rem}
.cond{margin:2pt 0;padding:1.5pt 6pt}
.set{margin:2pt 0}
table{font-size:8.2pt}
th{font-size:7.5pt}
th,td{padding-top:1.5pt;padding-bottom:1.5pt}
.step{break-inside:avoid}
.step.long{break-inside:auto}
.bar,summary,.group>details>.body{break-after:avoid}
.group>details>summary::after{display:none}
details::details-content{content-visibility:visible;block-size:auto;opacity:1}
.script summary{padding:1.5pt 6pt;font-size:7.5pt}
.script pre{font-size:7pt;padding:3pt 6pt}
.meter{margin-top:3pt;height:5pt}
tr,.cond,.set>*,.note{break-inside:avoid}
thead{display:table-header-group}}
"""
