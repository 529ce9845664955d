# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who may import whom, and in which grammar."""

from __future__ import annotations

import ast
import typing as t
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PLUGINS = ROOT / "plugins"
UTILS = PLUGINS / "plugin_utils"
SIMULATOR = ROOT / "tests" / "simulator"
PYTHON_FILES = sorted([*PLUGINS.rglob("*.py"), *(ROOT / "tests").rglob("*.py"), *(ROOT / "docs").rglob("*.py")])

LAYERS = ("_wsman", "_cim", "_provider", "_sequence", "_resources")
"""From the lowest to the highest; a file may import its own layer and those before it."""
BESIDE_RESOURCES = ("_action", "_connection", "_input", "_plan")
"""Single files on the level of the resources; any other single file belongs into a layer."""
WITHOUT_ANSIBLE = ("_wsman", "_cim")
FREE_FOR_ALL = "_errors"

NOT_FOR_THE_SIMULATOR = {"ansible", "ansible_collections", "plugins", "tests"}
PRIVATE_OF_CONNECTIONS = {
    "_build_kwargs", "_build_winrm_kwargs", "_connected", "_psrp_conn_kwargs", "_winrm_connect", "_kerb_ccache",
}  # fmt: skip


def imports(path: Path) -> t.Iterator[tuple[int, str]]:
    """Yield the level and the dotted name of every import, ``from . import x`` as level 1 and ``x``."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((0, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.module:
                yield node.level, node.module
            else:
                yield from ((node.level, alias.name) for alias in node.names)


def resolved(path: Path, level: int, name: str) -> tuple[str, ...]:
    """Return an import of a plugin file as a path below ``plugins``; an absolute import of another package as it is."""
    if not level:
        own = "ansible_collections.configmgr.osd.plugins."
        return tuple(name.removeprefix(own).split(".")) if name.startswith(own) else ("", *name.split("."))
    folder = path.parent
    for _step in range(level - 1):
        folder = folder.parent
    if folder != PLUGINS and PLUGINS not in folder.parents:
        return ("outside", *name.split("."))
    return (*folder.relative_to(PLUGINS).parts, *name.split("."))


def layer_of(path: Path) -> str:
    """Return the first name below plugin_utils: a layer or a single file."""
    return path.relative_to(UTILS).parts[0].removesuffix(".py")


def is_below(other: str, own: str) -> bool:
    """Say whether a layer may import another one."""
    if other in BESIDE_RESOURCES:
        return own == "_resources"
    return other in LAYERS and LAYERS.index(other) < LAYERS.index(own)


def layer_problems(path: Path) -> list[str]:
    """Return the imports of a file in plugin_utils that point upwards or outwards."""
    own = layer_of(path)
    found = []
    for level, name in imports(path):
        target = resolved(path, level, name)
        root = target[1] if target[0] == "" and len(target) > 1 else ""
        if own in WITHOUT_ANSIBLE and root.startswith("ansible"):
            found.append(f"imports {name}, but {own} knows nothing of Ansible")
        if target[0] in ("action", "modules", "outside", "filter"):
            found.append(f"imports {name} from {target[0]}")
        if target[0] != "plugin_utils" or len(target) < 2 or target[1] in (own, FREE_FOR_ALL):
            continue
        other = target[1]
        if own == FREE_FOR_ALL:
            found.append(f"imports {other}, but {FREE_FOR_ALL} imports nothing")
        elif own in LAYERS and not is_below(other, own):
            found.append(f"{own} imports the upper {other}")
    return found


def test_layers_point_downwards() -> None:
    """action -> _resources -> _sequence -> _provider -> _cim -> _wsman."""
    found = [
        f"{path.relative_to(ROOT)} {text}" for path in sorted(UTILS.rglob("*.py")) for text in layer_problems(path)
    ]
    assert not found, "\n".join(found)


def test_every_file_has_a_layer() -> None:
    """A new name beside the layers needs a decision."""
    known = {*LAYERS, *BESIDE_RESOURCES, FREE_FOR_ALL}
    assert {layer_of(path) for path in UTILS.rglob("*.py")} <= known


def test_the_layer_check_finds_an_upward_import(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The check itself can fail."""
    plugins = tmp_path / "plugins"
    victim = plugins / "plugin_utils" / "_cim" / "bad.py"
    victim.parent.mkdir(parents=True)
    victim.write_text("import ansible.errors\nfrom .._sequence import model\nfrom ..._wsman import x\n", "utf-8")
    monkeypatch.setitem(globals(), "PLUGINS", plugins)
    monkeypatch.setitem(globals(), "UTILS", plugins / "plugin_utils")
    assert layer_problems(victim) == [
        "imports ansible.errors, but _cim knows nothing of Ansible",
        "_cim imports the upper _sequence",
    ]


@pytest.mark.parametrize("path", sorted((PLUGINS / "modules").glob("*.py")), ids=lambda path: path.stem)
def test_modules_import_only_module_utils(path: Path) -> None:
    """Sanity refuses anything else, with a text that does not say why."""
    for level, name in imports(path):
        target = resolved(path, level, name)
        ansible = target[:3] == ("", "ansible", "module_utils")
        allowed = ansible or target[0] == "module_utils" or target[1] == "__future__"
        assert allowed, f"{name} (modules are documentation and SPEC; behaviour belongs to plugin_utils)"


@pytest.mark.parametrize("path", sorted((PLUGINS / "action").glob("*.py")), ids=lambda path: path.stem)
def test_actions_are_wiring(path: Path) -> None:
    """An action names a specification and a resource; it has no behaviour."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


def test_only_the_connection_file_touches_private_names_of_connection_plugins() -> None:
    """Everybody else is safe from changes of ansible-core."""
    found = []
    for path in PLUGINS.rglob("*.py"):
        if path.name == "_connection.py":
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        found += [f"{path.relative_to(ROOT)}: {name}" for name in sorted(names & PRIVATE_OF_CONNECTIONS)]
    assert not found


def test_the_simulator_shares_no_code_with_the_client() -> None:
    """Relative imports inside its folder, the standard library, libraries; nothing of plugins, nothing of Ansible."""
    found = []
    for path in sorted(SIMULATOR.rglob("*.py")):
        depth = len(path.relative_to(SIMULATOR).parts)
        for level, name in imports(path):
            if level > depth or (not level and name.split(".")[0] in NOT_FOR_THE_SIMULATOR):
                found.append(f"{path.relative_to(ROOT)} imports {'.' * level}{name}")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("path", PYTHON_FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_grammar_is_that_of_python_3_10(path: Path) -> None:
    """3.10 is the oldest Python of a supported control node."""
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source, filename=str(path), feature_version=(3, 10))
    if "tests/simulator" in path.as_posix() or PLUGINS in path.parents:
        first = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == "__future__"]
        assert first or not source.strip(), "from __future__ import annotations is missing"
