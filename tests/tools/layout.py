# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where things lie, and the environment in which every check runs.

Standard library only: this runs with the user's ``python3`` before anything is installed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import typing as t
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / ".build"
VENV = BUILD / "venv"
UV_VENV = BUILD / "uv"
CORE_VENVS = BUILD / "core"
COLLECTIONS = BUILD / "collections"
COLLECTION_LINK = COLLECTIONS / "ansible_collections" / "configmgr" / "osd"
HOME = BUILD / "home"
LOGS = BUILD / "logs"
REQUIREMENTS = ROOT / "requirements"
PLAYBOOK_RUNS = BUILD / "playbook_runs.jsonl"
"""One line per finished set of playbook tests; the table of ``make test`` is made of it."""


class Failure(Exception):
    """A check that found something; the text says what and, where it helps, how to mend it."""


def venv_bin(core: str | None = None) -> Path:
    """Return the folder of executables of the development environment or of one core version's."""
    return (CORE_VENVS / core if core else VENV) / "bin"


def settings(core: str | None = None) -> dict[str, str]:
    """Return the environment variables of a check.

    HOME points into ``.build``: no check writes into the user's home. What the user's pip, uv and git
    read from there is named explicitly, so mirrors, certificates and caches keep working.
    """
    env = dict(os.environ)
    real_home = Path(env.get("HOME", "~")).expanduser()
    cache = Path(env.get("XDG_CACHE_HOME", real_home / ".cache"))
    env.setdefault("PIP_CACHE_DIR", str(cache / "pip"))
    env.setdefault("UV_CACHE_DIR", str(cache / "uv"))
    env.setdefault("PYENV_ROOT", str(real_home / ".pyenv"))
    config = Path(env.get("XDG_CONFIG_HOME", real_home / ".config"))
    for name, candidates in {
        "PIP_CONFIG_FILE": (config / "pip" / "pip.conf", real_home / ".pip" / "pip.conf"),
        "GIT_CONFIG_GLOBAL": (real_home / ".gitconfig",),
    }.items():
        found = next((path for path in candidates if path.is_file()), None)
        if found:
            env.setdefault(name, str(found))
    # Variables of the caller's own Ansible would change what is tested.
    for name in [name for name in env if name.startswith("ANSIBLE_") or name in {"PYTHONHOME", "VIRTUAL_ENV"}]:
        del env[name]
    env.update(
        HOME=str(HOME),
        PATH=os.pathsep.join([str(venv_bin(core)), env.get("PATH", os.defpath)]),
        PYTHONPATH=str(COLLECTIONS),
        PYTHONDONTWRITEBYTECODE="1",
        ANSIBLE_COLLECTIONS_PATH=str(COLLECTIONS),
        ANSIBLE_CONFIG=str(HOME / "ansible.cfg"),
        ANSIBLE_HOME=str(HOME / ".ansible"),
        ANSIBLE_NOCOLOR="1",
        ANSIBLE_RETRY_FILES_ENABLED="0",
        NO_COLOR="1",
        LC_ALL=env.get("LC_ALL") or "C.UTF-8",
    )
    shared = ROOT.parent / "shared"
    if "CONFIGMGR_SHARED" not in env and shared.is_dir():
        env["CONFIGMGR_SHARED"] = str(shared)
    return env


def run(
    *command: str | Path,
    cwd: Path = ROOT,
    env: t.Mapping[str, str] | None = None,
    capture: bool = False,
    check: bool = True,
) -> subprocess.CompletedProcess[str]:
    """Run a command without a terminal; raise ``Failure`` when it fails and ``check`` is set."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=dict(env if env is not None else settings()),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if capture else None,
        stderr=subprocess.STDOUT if capture else None,
        text=True,
        check=False,
    )
    if check and done.returncode:
        text = f"\n{done.stdout}" if capture and done.stdout else ""
        raise Failure(f"exit code {done.returncode}: {' '.join(str(part) for part in command)}{text}")
    return done


def tracked_files() -> list[Path]:
    """Return the files that belong to the project (tracked, or new and not ignored), relative to the root."""
    listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", capture=True).stdout
    return sorted({Path(name) for name in listed.split("\0") if name and (ROOT / name).is_file()})


def fresh(folder: Path) -> Path:
    """Return the folder, empty."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
