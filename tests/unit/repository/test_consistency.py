# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What belongs together stays together: modules, actions, groups, error table, switches, build list."""

from __future__ import annotations

import ast
import fnmatch
import re
from pathlib import Path

import pytest
import yaml
from ansible_collections.configmgr.osd.plugins.plugin_utils import _errors
from tests.simulator.control import FRONT_SWITCHES
from tests.simulator.switches import SWITCHES

ROOT = Path(__file__).resolve().parents[3]
PLUGINS = ROOT / "plugins"
GUIDES = ROOT / "docs" / "docsite" / "rst"
MODULES = sorted(path.stem for path in (PLUGINS / "modules").glob("cm_*.py"))


def read(path: Path) -> str:
    """Return the text of a file."""
    return path.read_text(encoding="utf-8")


def test_there_are_modules() -> None:
    """Guards the tests below against an empty list."""
    assert len(MODULES) >= 10


def test_every_module_has_an_action_and_every_action_a_module() -> None:
    """The module is the contract, the action is the wiring."""
    assert sorted(path.stem for path in (PLUGINS / "action").glob("*.py")) == MODULES


def test_the_action_group_lists_every_module() -> None:
    """A module that is missing here gets no module_defaults."""
    groups = yaml.safe_load(read(ROOT / "meta" / "runtime.yml"))["action_groups"]
    assert groups == {"cm": MODULES}


@pytest.mark.parametrize("name", MODULES)
def test_every_module_documents_the_action_group(name: str) -> None:
    """The documentation names the group through the fragment."""
    tree = ast.parse(read(PLUGINS / "modules" / f"{name}.py"))
    documented = next(
        yaml.safe_load(ast.literal_eval(node.value))
        for node in tree.body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "DOCUMENTATION"
    )
    assert documented["module"] == name
    assert "configmgr.osd._attributes.action_group" in documented["extends_documentation_fragment"]


def error_classes(base: type[_errors.ConfigMgrError] = _errors.ConfigMgrError) -> dict[str, str]:
    """Return class name -> code of the whole tree."""
    found = {base.__name__: base.code}
    for child in base.__subclasses__():
        if child.__module__ == base.__module__:
            found |= error_classes(child)
    return found


def test_the_error_table_has_one_row_per_class() -> None:
    """Code and class in the guide are those of the code."""
    rows = re.findall(r"^    \* - ``(\w+)``\n      - (\w+)\n", read(GUIDES / "errors.rst"), re.MULTILINE)
    assert {name: code for code, name in rows} == error_classes()
    assert len(rows) == len(error_classes())


def test_error_codes_are_unique_words() -> None:
    """A playbook tests for exactly one thing."""
    codes = list(error_classes().values())
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", code) for code in codes)


def test_every_switch_is_on_the_lab_checklist() -> None:
    """What the simulated site or the client can do either way is an open question, and is listed as one."""
    text = read(GUIDES / "lab_checklist.rst")
    spec = ast.parse(read(PLUGINS / "module_utils" / "_args.py"))
    compatibility = next(
        ast.literal_eval(node.value)
        for node in spec.body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "COMPATIBILITY_ARGS"
    )
    questions = [name for name, switch in SWITCHES.items() if switch.question]
    simulated = {f"--{name.replace('_', '-')}" for name in (*questions, *FRONT_SWITCHES)}
    wanted = simulated | {f"compatibility.{name}" for name in compatibility}
    assert {name for name in wanted if not re.search(rf"{re.escape(name)}(?![\w-])", text)} == set()
    named = set(re.findall(r"``(--[\w-]+|compatibility\.\w+)", text))
    assert named == wanted


def test_every_module_and_role_has_a_playbook_test() -> None:
    """No module without a ladder."""
    targets = ROOT / "tests" / "integration" / "targets"
    texts = [read(path) for path in targets.glob("*/tasks/*.yml")]
    missing = [name for name in MODULES if not any(f"configmgr.osd.{name}:" in text for text in texts)]
    roles = [path.name for path in (ROOT / "roles").iterdir()] if (ROOT / "roles").is_dir() else []
    missing += [name for name in roles if not any(f"configmgr.osd.{name}" in text for text in texts)]
    assert not missing


@pytest.mark.parametrize("name", [".build/x", ".ci/run", "Makefile", "requirements/dev.txt", "tests/unit/x.py",
                                  "tests/tools/x.py", "tests/integration/x", "changelogs/fragments/a.yml"])  # fmt: skip
def test_build_ignore_covers_the_workshop(name: str) -> None:
    """What only contributors need stays out of the artifact; make build checks the rest."""
    patterns = yaml.safe_load(read(ROOT / "galaxy.yml"))["build_ignore"]
    parts = Path(name).parts
    prefixes = ["/".join(parts[: count + 1]) for count in range(len(parts))]
    assert any(fnmatch.fnmatch(prefix, pattern) for prefix in prefixes for pattern in patterns)


@pytest.mark.parametrize("name", ["tests/simulator/__main__.py", "tests/config.yml", "README.md", "meta/runtime.yml"])
def test_build_ignore_spares_what_ships(name: str) -> None:
    """The simulated site and the settings of the sanity tests ship."""
    patterns = yaml.safe_load(read(ROOT / "galaxy.yml"))["build_ignore"]
    parts = Path(name).parts
    prefixes = ["/".join(parts[: count + 1]) for count in range(len(parts))]
    assert not any(fnmatch.fnmatch(prefix, pattern) for prefix in prefixes for pattern in patterns)


def test_every_lock_file_is_complete() -> None:
    """Exact versions with hashes, and one lock per supported ansible-core."""
    locks = sorted((ROOT / "requirements").glob("*.txt"))
    cores = [lock.stem for lock in locks if lock.stem.startswith("core-")]
    assert cores == [f"core-2.{minor}" for minor in range(16, 22)]
    for lock in locks:
        assert lock.with_suffix(".in").is_file()
        requirements = [line for line in read(lock).splitlines() if re.match(r"[a-z0-9]", line)]
        assert all("==" in line and line.endswith("\\") for line in requirements), lock.name
