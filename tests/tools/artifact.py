# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Build the artifact, compare what is in it with an allow-list, install it offline; or run galaxy-importer on it."""

from __future__ import annotations

import argparse
import re
import sys
import tarfile
from pathlib import Path

from layout import BUILD, ROOT, Failure, fresh, run, settings, venv_bin

ARTIFACT = BUILD / "artifact"
INSTALLED = BUILD / "installed"

ALLOWED = tuple(
    re.compile(pattern)
    for pattern in (
        r"(MANIFEST|FILES)\.json",
        r"(README|CONTRIBUTING)\.md|LICENSE|CHANGELOG\.rst",
        r"changelogs/(config|changelog)\.yaml",
        r"meta/(runtime|execution-environment)\.yml|meta/ee-(requirements|bindep)\.txt",
        r"plugins/(action|doc_fragments|filter|module_utils|modules|test)/\w+\.py",
        r"plugins/plugin_utils/(\w+/)*\w+\.(py|json)",
        r"roles/\w+/(README\.md|(defaults|files|handlers|meta|tasks|templates|vars)/[\w./-]+)",
        r"playbooks/\w+\.yml",
        r"playbooks/files/[\w./-]+\.(yml|xml)",
        r"docs/docsite/([\w./-]+\.(rst|yml|py|css|inv|png)|stubs/[\w.-]+)",
        r"tests/config\.yml",
        r"tests/simulator/([\w./-]+\.(py|mof|yml|json|md)|requirements\.txt)",
    )
)
REQUIRED = (
    "README.md", "LICENSE", "CHANGELOG.rst", "meta/runtime.yml", "tests/config.yml", "tests/simulator/__main__.py",
)  # fmt: skip
SIMULATOR_LIMIT = 1024 * 1024
"""Bytes that the simulated site may take in the artifact."""


def build(folder: Path) -> Path:
    """Build the collection into an empty folder; return the artifact."""
    fresh(folder)
    run(venv_bin() / "ansible-galaxy", "collection", "build", ROOT, "--output-path", folder, capture=True)
    (artifact,) = folder.glob("*.tar.gz")
    return artifact


def contents(artifact: Path) -> dict[str, int]:
    """Return the files of an artifact with their sizes."""
    with tarfile.open(artifact) as tar:
        return {member.name: member.size for member in tar.getmembers() if member.isfile()}


def inspect(files: dict[str, int]) -> list[str]:
    """Return what is in the artifact and should not be, and what is missing."""
    found = [
        f"{name} does not belong into the artifact (build_ignore in galaxy.yml, or the allow-list)"
        for name in sorted(files)
        if not any(pattern.fullmatch(name) for pattern in ALLOWED)
    ]
    found += [f"{name} is missing in the artifact" for name in REQUIRED if name not in files]
    weight = sum(size for name, size in files.items() if name.startswith("tests/simulator/"))
    if weight > SIMULATOR_LIMIT:
        found.append(f"tests/simulator has {weight} bytes, the limit is {SIMULATOR_LIMIT}")
    return found


def try_installed(artifact: Path) -> None:
    """Install the artifact as a user without network does, and use it from there."""
    fresh(INSTALLED)
    run(
        venv_bin() / "ansible-galaxy", "collection", "install", artifact,
        "--collections-path", INSTALLED, "--offline", "--force", capture=True,
    )  # fmt: skip
    env = settings() | {"ANSIBLE_COLLECTIONS_PATH": str(INSTALLED), "PYTHONPATH": str(INSTALLED)}
    modules = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("cm_*.py"))
    if modules:
        run(
            venv_bin() / "ansible-doc", "--type", "module", "--json",
            *(f"configmgr.osd.{name}" for name in modules), env=env, cwd=INSTALLED, capture=True,
        )  # fmt: skip
    run(
        venv_bin() / "python", "-m", "ansible_collections.configmgr.osd.tests.simulator", "--help",
        env=env, cwd=INSTALLED, capture=True,
    )  # fmt: skip
    for playbook in sorted((ROOT / "playbooks").glob("*.yml")):
        run(
            venv_bin() / "ansible-playbook", "--syntax-check", "-i", "localhost,", f"configmgr.osd.{playbook.stem}",
            env=env, cwd=INSTALLED, capture=True,
        )  # fmt: skip


def import_artifact() -> None:
    """Run galaxy-importer as Galaxy does; every complaint counts."""
    folder = BUILD / "importer"
    artifact = build(folder)
    config = folder / "galaxy-importer.cfg"
    config.write_text(
        "[galaxy-importer]\ncheck_required_tags = True\nrun_ansible_doc = True\nrun_ansible_lint = True\n"
        "offline_ansible_lint = True\nrun_ansible_test = False\nrun_flake8 = False\n",
        encoding="utf-8",
    )
    env = settings() | {"GALAXY_IMPORTER_CONFIG": str(config)}
    # The importer unpacks into a folder of its own; a path to the repository would mix the two.
    del env["PYTHONPATH"]
    done = run(
        venv_bin() / "python", "-m", "galaxy_importer.main", artifact,
        env=env, cwd=folder, capture=True, check=False,
    )  # fmt: skip
    print(done.stdout)
    complaints = [line for line in done.stdout.splitlines() if re.match(r"(WARNING|ERROR|CRITICAL)", line)]
    if done.returncode or complaints or "Importer processing completed successfully" not in done.stdout:
        raise Failure(f"galaxy-importer: {len(complaints)} complaints, exit code {done.returncode}")


def main() -> int:
    """Check the artifact."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--importer", action="store_true", help="run galaxy-importer instead")
    options = parser.parse_args()
    try:
        if options.importer:
            import_artifact()
            return 0
        artifact = build(ARTIFACT)
        files = contents(artifact)
        found = inspect(files)
        if found:
            raise Failure("\n".join(found))
        try_installed(artifact)
        print(f"{artifact.name}: {len(files)} files, {artifact.stat().st_size} bytes; installs and runs offline")
    except Failure as exc:
        print(exc, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
