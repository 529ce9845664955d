# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find the Pythons that really run, and say which one serves which ansible-core.

A name on PATH proves nothing: pyenv's shims exist for versions that are not selected, and fail when run.
So every candidate is started once. Standard library only.
"""

from __future__ import annotations

import os
import subprocess
import sys
import typing as t
from pathlib import Path

Version = tuple[int, int]

CORES: dict[str, tuple[Version, Version]] = {
    "2.16": ((3, 10), (3, 12)),
    "2.17": ((3, 10), (3, 12)),
    "2.18": ((3, 11), (3, 13)),
    "2.19": ((3, 11), (3, 13)),
    "2.20": ((3, 12), (3, 14)),
    "2.21": ((3, 12), (3, 14)),
}
"""ansible-core -> the oldest and the newest Python of its control node."""

_PROBE = "import ensurepip, ssl, sys, venv; print(*sys.version_info[:2], sys.executable)"


def text(version: Version) -> str:
    """Return a version as people write it."""
    return ".".join(map(str, version))


def candidates() -> t.Iterator[Path]:
    """Yield every file that may be a Python of a supported version: PATH first, then pyenv's and uv's own folders."""
    minors = sorted({minor for low, high in CORES.values() for minor in range(low[1], high[1] + 1)})
    names = ["python3", *(f"python3.{minor}" for minor in minors)]
    home = Path(os.environ.get("HOME", "~")).expanduser()
    folders = [Path(part) for part in os.environ.get("PATH", os.defpath).split(os.pathsep) if part]
    roots = [Path(os.environ.get("PYENV_ROOT", home / ".pyenv")) / "versions", home / ".local/share/uv/python"]
    folders += [folder for root in roots if root.is_dir() for folder in sorted(root.glob("*/bin"), reverse=True)]
    for folder in folders:
        for name in names:
            if os.access(folder / name, os.X_OK):
                yield folder / name


def probe(python: Path) -> tuple[Version, Path] | None:
    """Start a Python; return its version and its real place, or None when it does not run or cannot make venvs."""
    try:
        done = subprocess.run(
            [str(python), "-I", "-c", _PROBE], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    words = done.stdout.split(maxsplit=2)
    if done.returncode or len(words) != 3:
        return None
    return (int(words[0]), int(words[1])), Path(words[2].strip())


def find() -> dict[Version, Path]:
    """Return one working Python per version; the running one serves its own version."""
    own = (sys.version_info[0], sys.version_info[1])
    found: dict[Version, Path] = {own: Path(getattr(sys, "_base_executable", sys.executable))}
    tried: set[Path] = set()
    for candidate in candidates():
        # Shims are one script under many names, so the name is part of what was tried.
        key = candidate.parent.resolve() / candidate.name
        if key in tried:
            continue
        tried.add(key)
        hit = probe(candidate)
        if hit:
            found.setdefault(*hit)
    return found


def newest_core(version: Version) -> str | None:
    """Return the newest ansible-core whose control node runs on this Python."""
    fitting = [core for core, (low, high) in CORES.items() if low <= version <= high]
    return fitting[-1] if fitting else None


def choose(core: str, found: t.Mapping[Version, Path], own: Version) -> Version | None:
    """Return the Python for a core: the oldest for the oldest core, else the running one, else the newest that fits."""
    low, high = CORES[core]
    fitting = sorted(version for version in found if low <= version <= high)
    if not fitting:
        return None
    if core == next(iter(CORES)):
        return fitting[0]
    return own if own in fitting else fitting[-1]


def plan() -> dict[str, tuple[Version, Path] | None]:
    """Return core -> its Python here, or None when there is none."""
    found = find()
    own = (sys.version_info[0], sys.version_info[1])
    chosen = {core: choose(core, found, own) for core in CORES}
    return {core: (version, found[version]) if version else None for core, version in chosen.items()}


if __name__ == "__main__":
    for _core, _python in plan().items():
        print(_core, f"{text(_python[0])} {_python[1]}" if _python else "no Python")
