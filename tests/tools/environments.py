# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Set up everything under ``.build``: uv, the development environment, one environment per ansible-core.

Run with any Python 3.11 or later: ``python3 tests/tools/environments.py [--cores] [--locks]``. Standard library
only. What is there and matches its lock file is left alone, so a second run costs nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import sys
import venv
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pythons
from layout import (
    BUILD,
    COLLECTION_LINK,
    CORE_VENVS,
    HOME,
    REQUIREMENTS,
    ROOT,
    UV_VENV,
    VENV,
    Failure,
    run,
    settings,
)

OLDEST = (3, 11)
GET_PIP = ("23_1_2", "24_2", "25_2", "26_0", "26_1")
"""Versions of the pip bootstrap that ansible-test 2.16 to 2.21 ask their own download host for."""

_GET_PIP_STUB = '''"""Stands in for the downloaded pip bootstrap: the standard library has one."""
import ensurepip

ensurepip.bootstrap(upgrade=True, default_pip=True)
'''


def base_python() -> Path:
    """Return the running Python itself, also when it runs in a virtual environment."""
    return Path(getattr(sys, "_base_executable", sys.executable)).resolve()


def _stamp(lock: Path, python: Path) -> str:
    return hashlib.sha256(lock.read_bytes() + str(python).encode()).hexdigest()


def _is_current(folder: Path, stamp: str) -> bool:
    mark = folder / "lock.sha256"
    return (folder / "bin" / "python").exists() and mark.is_file() and mark.read_text(encoding="utf-8") == stamp


def _mark(folder: Path, stamp: str) -> None:
    (folder / "lock.sha256").write_text(stamp, encoding="utf-8")


def _uv_settings() -> dict[str, str]:
    """uv does not read pip's configuration: hand over the index and the certificates that pip uses."""
    env = settings()
    env.pop("PYTHONPATH", None)
    env["UV_PYTHON_DOWNLOADS"] = "never"
    env.setdefault("UV_LINK_MODE", "copy" if os.stat(BUILD).st_dev != _device(env["UV_CACHE_DIR"]) else "hardlink")
    if "UV_DEFAULT_INDEX" not in env and env.get("PIP_INDEX_URL"):
        env["UV_DEFAULT_INDEX"] = env["PIP_INDEX_URL"]
    if "SSL_CERT_FILE" not in env and env.get("PIP_CERT"):
        env["SSL_CERT_FILE"] = env["PIP_CERT"]
    return env


def _device(folder: str) -> int | None:
    path = Path(folder)
    while not path.exists() and path != path.parent:
        path = path.parent
    return path.stat().st_dev if path.exists() else None


def bootstrap_uv() -> Path:
    """Install uv from the package index into its own environment with plain venv and pip."""
    lock = REQUIREMENTS / "uv.txt"
    stamp = _stamp(lock, base_python())
    uv = UV_VENV / "bin" / "uv"
    if not (_is_current(UV_VENV, stamp) and uv.exists()):
        venv.create(UV_VENV, clear=True, with_pip=True)
        run(
            UV_VENV / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
            "--require-hashes", "--only-binary", ":all:", "-r", lock, capture=True,
        )  # fmt: skip
        _mark(UV_VENV, stamp)
    return uv


def install(uv: Path, folder: Path, python: Path, lock: Path) -> str:
    """Make one environment equal to its lock file; return what was done."""
    stamp = _stamp(lock, python)
    if _is_current(folder, stamp):
        return "current"
    env = _uv_settings()
    shutil.rmtree(folder, ignore_errors=True)
    run(uv, "venv", "--quiet", "--python", python, folder, env=env, capture=True)
    run(uv, "pip", "sync", "--quiet", "--require-hashes", "--python", folder / "bin" / "python", lock,
        env=env, capture=True)  # fmt: skip
    _mark(folder, stamp)
    return "installed"


def link_collection() -> None:
    """Let Ansible and Python find the repository as ansible_collections/configmgr/osd."""
    COLLECTION_LINK.parent.mkdir(parents=True, exist_ok=True)
    if COLLECTION_LINK.is_symlink() and COLLECTION_LINK.resolve() == ROOT:
        return
    COLLECTION_LINK.unlink(missing_ok=True)
    COLLECTION_LINK.symlink_to(ROOT, target_is_directory=True)


def prepare_home() -> None:
    """Make the home folder of the checks, with stand-ins for what ansible-test would download."""
    cache = HOME / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    # Empty: no ansible.cfg of the machine or of its user takes part.
    (HOME / "ansible.cfg").touch()
    for version in GET_PIP:
        (cache / f"get_pip_{version}.py").write_text(_GET_PIP_STUB, encoding="utf-8")


def set_up(cores: bool) -> None:
    """Make the development environment and, on request, one per ansible-core that has a Python here."""
    own = (sys.version_info[0], sys.version_info[1])
    if own < OLDEST:
        raise Failure(f"python3 is {pythons.text(own)}; Python {pythons.text(OLDEST)} or later is needed.")
    BUILD.mkdir(exist_ok=True)
    link_collection()
    prepare_home()
    uv = bootstrap_uv()
    jobs = {"development": (VENV, base_python(), REQUIREMENTS / "dev.txt")}
    if cores:
        for core, python in pythons.plan().items():
            # The newest core of the running Python is the one in the development environment.
            if python and core != pythons.newest_core(own):
                jobs[f"ansible-core {core}"] = (CORE_VENVS / core, python[1], REQUIREMENTS / f"core-{core}.txt")
    with ThreadPoolExecutor(max_workers=2) as pool:
        done = {name: pool.submit(install, uv, *job) for name, job in jobs.items()}
        for name, result in done.items():
            print(f"environment {name}: {result.result()}", flush=True)


def lock() -> None:
    """Write the lock files anew from their ``.in`` files: exact versions with hashes, every platform."""
    uv = bootstrap_uv()
    lows = {f"core-{core}": low for core, (low, _high) in pythons.CORES.items()}
    for source in sorted(REQUIREMENTS.glob("*.in")):
        run(
            uv, "pip", "compile", "--quiet", "--universal", "--upgrade", "--generate-hashes",
            "--custom-compile-command", "make locks",
            "--python-version", pythons.text(lows.get(source.stem, OLDEST)),
            source.name, "--output-file", f"{source.stem}.txt",
            cwd=REQUIREMENTS, env=_uv_settings(),
        )  # fmt: skip
        print(f"requirements/{source.stem}.txt")


def main() -> int:
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cores", action="store_true", help="one environment per ansible-core, too")
    parser.add_argument("--locks", action="store_true", help="write the lock files anew instead")
    options = parser.parse_args()
    try:
        if options.locks:
            lock()
        else:
            set_up(options.cores)
    except Failure as exc:
        print(f"set-up failed: {exc}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
