# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a task sequence beside its steps."""

from __future__ import annotations

import typing as t

from .hidden import is_on
from .parts import Line, Setting, Span, Spans
from .text import code, label, one_line, placeholder, reference_text, word
from .usage import KINDS, Usage


def package_facts(options: t.Mapping[str, t.Any], usage: Usage) -> list[Setting]:
    """Return the options that are given, in words, and note the objects they refer to."""
    found = []
    if options.get("package_id"):
        found.append(Setting.of(label("package_id"), code(options["package_id"])))
    if options.get("boot_image"):
        usage.refer("boot_image", options["boot_image"], None)
        found.append(Setting.of(KINDS["boot_image"], *_reference(options["boot_image"])))
    if options.get("max_run_time") is not None:
        found.append(Setting.of("Longest run", Span(_minutes(options["max_run_time"]))))
    if options.get("enabled") is not None:
        found.append(Setting.of("Enabled", Span(word(is_on(options["enabled"])))))
    for key in ("category", "progress_text"):
        if options.get(key):
            found.append(Setting.of(label(key), Span(_text(options[key]))))
    platforms = options.get("platforms")
    if isinstance(platforms, list) and platforms:
        found.append(Setting("Platforms", [Line([Span(_text(item))]) for item in platforms]))
    found.extend(_run_first(options.get("run_first"), usage))
    if options.get("source_date"):
        found.append(Setting.of("Last change", Span(one_line(options["source_date"]))))
    return found


def _run_first(value: t.Any, usage: Usage) -> t.Iterator[Setting]:
    if not isinstance(value, dict) or not value.get("package"):
        return
    usage.refer("package", value["package"], None)
    spans = [*_reference(value["package"]), Span(f", program {_text(value.get('program'))}")]
    if is_on(value.get("always")):
        spans.append(Span(", every time"))
    yield Setting.of("Runs first", *spans)


def _reference(value: t.Any) -> Spans:
    name, details = reference_text(value)
    return [Span(name, "strong"), *([Span(f" ({details})", "muted")] if details else [])]


def _minutes(value: t.Any) -> str:
    text = _text(value)
    return "not limited" if text == "0" else f"{text} minute{'' if text == '1' else 's'}"


def _text(value: t.Any) -> str:
    variable = placeholder(value)
    return one_line(value) if variable is None else f"(filled in from {variable})"
