# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every YAML that a user may copy loads as it is meant, and every play does without fact gathering."""

from __future__ import annotations

import ast
import re
import textwrap
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader

ROOT = Path(__file__).resolve().parents[3]
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.rst"), *(ROOT / "roles").glob("*/README.md")]
)
PLUGIN_FILES = sorted([*(ROOT / "plugins" / "modules").glob("cm_*.py"), *(ROOT / "plugins" / "filter").glob("*.py")])
YAML_FILES = sorted(
    path
    for folder in ("playbooks", "roles", "tests/integration/targets", "tests/demo")
    for pattern in ("*.yml", "*.yaml")
    for path in (ROOT / folder).rglob(pattern)
)


def blocks(path: Path) -> t.Iterator[tuple[int, str]]:
    """Yield line number and text of every YAML block of a Markdown or reStructuredText document."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        for found in re.finditer(r"^```ya?ml\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
            yield text.count("\n", 0, found.start()) + 2, found[1]
        return
    for found in re.finditer(r"^\.\. code-block:: (?:yaml|YAML\+Jinja)\n\n((?:(?: {4}.*)?\n)+)", text, re.MULTILINE):
        yield text.count("\n", 0, found.start()) + 3, textwrap.dedent(found[1])


def snippets() -> list[t.Any]:
    """Return all YAML texts with a name: documents, EXAMPLES, playbooks, roles, playbook tests."""
    found = [(f"{path.relative_to(ROOT)}:{line}", text) for path in DOCUMENTS for line, text in blocks(path)]
    for path in PLUGIN_FILES:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in {"EXAMPLES", "RETURN"}:
                found.append((f"{path.relative_to(ROOT)}:{node.lineno}", ast.literal_eval(node.value)))
    found += [(str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")) for path in YAML_FILES]
    return [pytest.param(text, id=name) for name, text in found]


def odd_keys(value: t.Any, path: str = "") -> list[str]:
    """Return the places of keys that YAML 1.1 did not read as text."""
    if isinstance(value, dict):
        here = [f"{path}.{key!r}" for key in value if not isinstance(key, str)]
        return here + [text for key, item in value.items() for text in odd_keys(item, f"{path}.{key}")]
    if isinstance(value, list):
        return [text for index, item in enumerate(value) for text in odd_keys(item, f"{path}[{index}]")]
    return []


def plays(value: t.Any) -> t.Iterator[dict[str, t.Any]]:
    """Yield the plays in a document."""
    if isinstance(value, list):
        yield from (entry for entry in value if isinstance(entry, dict) and "hosts" in entry)


@pytest.mark.parametrize("text", snippets())
def test_yaml_loads_with_text_keys(text: str) -> None:
    """``on:`` and ``yes:`` are booleans in YAML 1.1; Ansible's own loader shows it."""
    assert odd_keys(DataLoader().load(text)) == []


@pytest.mark.parametrize("text", snippets())
def test_plays_do_without_facts(text: str) -> None:
    """Gathering facts would start PowerShell on the site server; a template is the user's own decision."""
    for play in plays(yaml.load(text, Loader=_Plain)):
        value = play.get("gather_facts")
        assert value is False or (isinstance(value, str) and "{{" in value), f"play {play.get('name')!r}"


class _Plain(yaml.SafeLoader):
    """Reads Ansible's own tags as plain text."""


_Plain.add_multi_constructor("!", lambda loader, suffix, node: str(getattr(node, "value", "")))


def test_the_samples_are_found() -> None:
    """Guards the tests above against a pattern that no longer matches."""
    names = [str(param.id) for param in snippets()]
    assert sum(name.startswith("README.md") for name in names) >= 2
    assert sum(name.startswith("docs/") for name in names) >= 5


@pytest.mark.parametrize("text", ["every: {weeks: 2, on: sunday}", "- {yes: 1}"])
def test_a_boolean_key_is_found(text: str) -> None:
    """The check itself can fail."""
    assert odd_keys(DataLoader().load(text))
