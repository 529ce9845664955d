# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sample sequence is long and varied enough to show something, and passes the rules."""

from __future__ import annotations

import typing as t
from pathlib import Path

import yaml
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence import from_yaml

SAMPLE = Path(__file__).resolve().parents[3] / "playbooks" / "files" / "bare_metal.yml"
SECRET = {"var"}


def entries(steps: list[dict[str, t.Any]], level: int = 1) -> t.Iterator[tuple[int, dict[str, t.Any]]]:
    """Yield every step and group with its level."""
    for step in steps:
        yield level, step
        yield from entries(step.get("steps", []), level + 1)


def filled(value: t.Any) -> t.Any:
    """Return the sample with text for the variables that a play would give."""
    if isinstance(value, dict):
        return "Text-0815" if set(value) == SECRET else {key: filled(item) for key, item in value.items()}
    return [filled(item) for item in value] if isinstance(value, list) else value


def test_the_sample_is_long_deep_and_conditional() -> None:
    """At least 40 steps of 20 kinds, groups on four levels, a condition on at least half of all entries."""
    found = list(entries(yaml.safe_load(SAMPLE.read_text(encoding="utf-8"))["steps"]))
    steps = [step for _level, step in found if "steps" not in step]
    assert len(steps) >= 40
    assert len({step["type"] for step in steps}) >= 20
    assert max(level for level, step in found if "steps" in step) >= 4
    assert 2 * sum("condition" in step for _level, step in found) >= len(found)
    names = [step["name"] for _level, step in found]
    assert len(names) == len(set(names))


def test_the_sample_passes_the_rules() -> None:
    """Nothing in it is refused before a site is asked."""
    sample = filled(yaml.safe_load(SAMPLE.read_text(encoding="utf-8")))
    assert from_yaml.parse_steps(sample["steps"]).warnings == []
