# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lint the documentation of plugins, roles and guides, lint the changelog, build the site with warnings as errors."""

from __future__ import annotations

import shutil
import sys
import zlib
from pathlib import Path

import yaml
from layout import BUILD, COLLECTION_LINK, ROOT, Failure, fresh, run, settings, venv_bin

COLLECTION = "configmgr.osd"
SITE = BUILD / "docs"


def inventory(project: str, labels: dict[str, dict[str, str]]) -> bytes:
    """Return an intersphinx inventory (version 2) with the labels of another project that our pages use."""
    head = f"# Sphinx inventory version 2\n# Project: {project}\n# Version: \n"
    head += "# The remainder of this file is compressed using zlib.\n"
    lines = [
        f"{name} std:label -1 {entry['page']}.html#{entry.get('anchor', '')} {entry['title']}"
        for name, entry in sorted(labels.items())
    ]
    return head.encode() + zlib.compress("".join(line + "\n" for line in lines).encode())


def lint() -> None:
    """Run the linters; each prints its own findings."""
    failures = []
    for command, folder in (
        (["antsibull-docs", "lint-collection-docs", "--plugin-docs", "--validate-collection-refs", "self", "."],
         COLLECTION_LINK),
        (["antsibull-changelog", "lint"], ROOT),
    ):  # fmt: skip
        done = run(venv_bin() / command[0], *command[1:], cwd=folder, check=False)
        print(f"{command[0]}: exit code {done.returncode}", flush=True)
        if done.returncode:
            failures.append(command[0])
    if failures:
        raise Failure(f"findings of {', '.join(failures)}")


def build_site() -> Path:
    """Write the pages of all plugins and roles and build the site; return its folder."""
    fresh(SITE)
    pages = SITE / "rst"
    pages.mkdir(mode=0o755)
    run(
        venv_bin() / "antsibull-docs", "collection", "--use-current", "--squash-hierarchy", "--fail-on-error",
        "--dest-dir", pages, COLLECTION, capture=True,
    )  # fmt: skip
    # antsibull-docs leaves pictures behind.
    shutil.copytree(ROOT / "docs" / "docsite" / "rst" / "images", pages / "docsite" / "images")
    source = ROOT / "docs" / "site"
    shutil.copy2(source / "conf.py", SITE)
    stubs = yaml.safe_load((source / "inventories.yml").read_text(encoding="utf-8"))
    for project, labels in stubs.items():
        (pages / f"{project}.inv").write_bytes(inventory(project, labels))
    run(
        venv_bin() / "python", "-m", "sphinx", "-M", "html", pages, SITE / "build", "-c", SITE,
        "-W", "--keep-going", "-q", env=settings(),
    )  # fmt: skip
    return SITE / "build" / "html"


def main() -> int:
    """Check the documentation."""
    try:
        lint()
        print(f"documentation site: {build_site()}")
    except Failure as exc:
        print(exc, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
