# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lint of a task sequence: every rule over the model, without a site."""

from __future__ import annotations

import typing as t

from ..model import Ref, Sequence
from .catalogue import all_rules
from .context import Context, Facts, Node
from .finding import INFO, SEVERITIES, Finding
from .ignoring import Ignore, read_ignore, read_rules
from .registry import Hit, LintRule

UNUSED = "unused-ignore"
"""The id of findings on entries of ``ignore`` that are not needed (any more)."""


def lint(
    sequence: Sequence,
    *,
    name: str | None = None,
    description: str | None = None,
    package_id: str | None = None,
    boot_image: t.Any = None,
    platforms: t.Iterable[t.Any] | None = None,
    child_names: t.Mapping[str, str] | None = None,
    size_hint: int | None = None,
    max_envelope_size: int | None = None,
    ignore: t.Any = (),
    enable: t.Any = (),
) -> list[Finding]:
    """Return what the rules find in a sequence, in run order.

    References may still be names. ``None`` always means "not known", and rules that need to know stay silent.

    :param boot_image: whether there is one: a boolean, or the option's value (an empty one is "none").
    :param platforms: what the option ``platforms`` holds.
    :param child_names: ID of a task sequence that a step runs -> its name.
    :param size_hint: bytes of the stored sequence where they are known; computed otherwise.
    :param max_envelope_size: MaxEnvelopeSizekb of the server.
    :param ignore: rule ids, and mappings with ``rule`` and ``path``.
    :param enable: ids of rules that are off by default.
    :raises InvalidInput: ``ignore`` or ``enable`` is wrong.
    """
    ignored, enabled = read_ignore(ignore), set(read_rules(enable, "enable"))
    facts = Facts(
        name=name,
        description=description,
        package_id=package_id,
        boot_image=None if boot_image is None else _is_there(boot_image),
        platforms=None if platforms is None else tuple(str(item) for item in platforms),
        child_names=child_names or {},
        stored_size=size_hint,
        max_envelope_size=max_envelope_size,
    )
    context = Context(sequence, facts)
    used: set[Ignore] = set()
    everywhere = {item.rule for item in ignored if item.path is None and item.names is None}
    found: list[tuple[int, int, Finding]] = []
    running = [rule for rule in all_rules() if rule.id not in everywhere and (rule.default or rule.id in enabled)]
    for rule in running:
        for hit in rule.check(context):
            finding = _finding(rule, hit)
            covering = [item for item in ignored if item.covers(rule.id, finding.path, hit.node)]
            used.update(covering)
            if not covering:
                found.append((_order(hit.node), SEVERITIES.index(rule.severity), finding))
    found.sort(key=lambda item: item[:2])
    needless = {rule.id for rule in running}
    unused = [_unused(item) for item in ignored if item.rule in needless and item not in used]
    return [finding for _place, _severity, finding in found] + unused


def _is_there(value: t.Any) -> bool:
    if isinstance(value, Ref):
        return bool(value.name or value.id)
    if isinstance(value, dict):
        return any(value.get(key) for key in ("name", "id"))
    return bool(value)


def _order(node: Node | None) -> int:
    return -1 if node is None else node.number


def _finding(rule: LintRule, hit: Hit) -> Finding:
    if hit.node is None:
        path = hit.option
    else:
        path = f"{hit.node.step.path}.{hit.option}" if hit.option else hit.node.step.path
    return Finding(
        rule.id, rule.severity, path, hit.node.name if hit.node is not None else "", hit.message, hit.hint or rule.hint
    )


def _unused(item: Ignore) -> Finding:
    message = f"nothing was found that this entry for {item.rule} covers"
    return Finding(UNUSED, INFO, item.place, "", message, "Remove the entry, or correct its path.")
