# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``ansible-test sanity`` in a copy of the collection that it really looks at.

ansible-test takes the files of the git repository around its working folder. In a link it refuses to run, in a
git-ignored folder of this repository it finds no file, skips every test and ends with exit code 0. So each core
version gets a copy with a git repository of its own, and the run only counts when the tests ran.
"""

from __future__ import annotations

import argparse
import filecmp
import os
import re
import shutil
import sys
from pathlib import Path

import pythons
from layout import BUILD, ROOT, Failure, fresh, run, settings, tracked_files, venv_bin

LEAST_TESTS = 20
"""ansible-core 2.16 to 2.21 have 23 to 26 sanity tests for a collection; fewer means that something was skipped."""

NOT_SHIPPED = ("benchmark", "conftest.py", "demo", "integration", "pytest.ini", "ruff.toml", "tools", "unit")
"""Of tests/: what the artifact leaves out (``build_ignore``). Ruff and pytest look at it; pylint would need as long for
it as for the plugins, so only ``make matrix`` has it looked at here as well."""

_RAN = re.compile(r"^Running sanity test \"([^\"]+)\"", re.MULTILINE)
_PIP = re.compile(
    r"^(Collecting |Looking in |Processing |Installing collected |Successfully installed "
    r"|  Downloading |  Using cached |"
    "     \\S*\u2501)"
)
"""What pip says while ansible-test sets up its environments."""
_NOTHING = ("All targets skipped", "no files to test", "No files to test")


def copy_tree(core: str, *, whole: bool = False) -> Path:
    """Bring the copy for one core up to date; return its collection folder. ``whole``: with all of tests/."""
    target = BUILD / "sanity" / core / "ansible_collections" / "configmgr" / "osd"
    target.mkdir(parents=True, exist_ok=True)
    wanted = {
        path for path in tracked_files() if whole or path.parts[0] != "tests" or path.parts[1] not in NOT_SHIPPED
    }
    for present in list(target.rglob("*")):
        relative = present.relative_to(target)
        if relative.parts[:1] == (".git",) or relative.parts[:2] == ("tests", "output"):
            continue
        if present.is_file() and relative not in wanted:
            present.unlink()
    for relative in wanted:
        source, copy = ROOT / relative, target / relative
        if not (copy.is_file() and filecmp.cmp(source, copy, shallow=False)):
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, copy)
    ignore = target / ".gitignore"
    lines = ignore.read_text(encoding="utf-8").splitlines() if ignore.is_file() else []
    if not any(line.strip("/") == "tests/output" for line in lines):
        ignore.write_text("\n".join([*lines, "/tests/output/", ""]), encoding="utf-8")
    if not (target / ".git").is_dir():
        run("git", "init", "--quiet", cwd=target)
    return target


def _environment(core: str) -> tuple[dict[str, str], str]:
    """Return the variables for ansible-test and the Python version it is to use."""
    own = (sys.version_info[0], sys.version_info[1])
    is_development = core == pythons.newest_core(own)
    plan = pythons.plan()[core]
    if plan is None:
        raise Failure(f"no Python for ansible-core {core} on this machine")
    version, interpreter = ((own, Path(sys.executable)) if is_development else plan)
    env = settings(None if is_development else core)
    # ansible-test starts what it finds on PATH, pyenv's shims that cannot run included: give it only what works.
    found = fresh(BUILD / "sanity" / f"bin-{core}")
    if not is_development:
        (found / f"python{pythons.text(version)}").symlink_to(interpreter)
    system = [part for part in env["PATH"].split(os.pathsep) if "shims" not in Path(part).parts]
    env["PATH"] = os.pathsep.join([system[0], str(found), *system[1:]])
    # The collection under test is the copy, not the linked repository.
    del env["ANSIBLE_COLLECTIONS_PATH"], env["PYTHONPATH"]
    return env, pythons.text(version)


def sanity(core: str, tree: Path, *extra: str) -> tuple[int, str]:
    """Run ansible-test in a copy; return its exit code and its output."""
    env, python = _environment(core)
    own = (sys.version_info[0], sys.version_info[1])
    ansible_test = venv_bin(None if core == pythons.newest_core(own) else core) / "ansible-test"
    done = run(
        ansible_test, "sanity", "--venv", "--python", python, "--color", "no", *extra,
        cwd=tree, env=env, capture=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout


def judge(code: int, output: str, *, least: int = LEAST_TESTS) -> set[str]:
    """Return the names of the tests that ran; raise ``Failure`` when one found something or too few ran."""
    ran = set(_RAN.findall(output))
    empty = next((text for text in _NOTHING if text in output), None)
    if code:
        raise Failure(f"ansible-test sanity ended with exit code {code}")
    if empty:
        raise Failure(f"ansible-test checked nothing: it says {empty!r}")
    if len(ran) < least:
        raise Failure(f"only {len(ran)} sanity tests ran, at least {least} are expected: {sorted(ran)}")
    return ran


def plant(core: str) -> None:
    """Plant one style error in a copy and expect ansible-test to find it."""
    tree = copy_tree(core)
    victim = tree / "plugins" / "plugin_utils" / "_errors.py"
    victim.write_text(victim.read_text(encoding="utf-8") + "planted = {'a':1}\n", encoding="utf-8")
    try:
        code, output = sanity(core, tree, "--test", "pep8")
    finally:
        copy_tree(core)
    if not code or "E231" not in output:
        raise Failure(f"a planted style error was not found (exit code {code}):\n{output}")


def main() -> int:
    """Check the copies of the cores named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("core", nargs="+", choices=list(pythons.CORES))
    parser.add_argument("--plant", action="store_true", help="first prove that an error is found")
    parser.add_argument("--whole", action="store_true", help="also look at the tests that are not shipped")
    parser.add_argument("--skip-test", action="append", default=[], help="leave out a test that another core runs")
    options = parser.parse_args()
    failed = False
    for core in options.core:
        try:
            if options.plant:
                plant(core)
                print(f"ansible-core {core}: a planted error is found", flush=True)
            skipped = [word for name in options.skip_test for word in ("--skip-test", name)]
            code, output = sanity(core, copy_tree(core, whole=options.whole), *skipped)
            print("\n".join(line for line in output.splitlines() if not _PIP.match(line)), flush=True)
            ran = judge(code, output)
            print(f"ansible-core {core}: {len(ran)} sanity tests ran and found nothing", flush=True)
        except Failure as exc:
            print(f"ansible-core {core}: {exc}", flush=True)
            failed = True
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
