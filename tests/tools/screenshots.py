# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Draw the picture of the guide to reports: the bare-metal sequence of this project in headless Chromium.

``make screenshots``. It also prints the page, so that a person can look at it on paper. Nothing is fetched: the page
needs nothing, and the browser has a profile of its own that is removed again.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml
from ansible_collections.configmgr.osd.plugins.filter.sequence_report import sequence_report
from layout import BUILD, ROOT, Failure, fresh

SOURCE = ROOT / "playbooks" / "files" / "bare_metal.yml"
PICTURE = ROOT / "docs" / "docsite" / "rst" / "images" / "sequence_report.png"
FOLDER = BUILD / "screenshots"
WIDTH, HEIGHT = 1280, 1900
LARGEST = 300 * 1024
"""Bytes of a picture that is kept in the repository."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
CHILDREN = {
    "Finance - Applications": [
        {"name": "Ledger", "type": "install_application", "applications": ["Contoso Ledger"]},
        {"name": "Restart", "type": "restart_computer", "restart_to": "installed_os"},
    ]
}


def browser() -> str:
    """Return the path of a browser; the environment variable ``CHROMIUM`` wins."""
    named = os.environ.get("CHROMIUM")
    found = named or next((path for path in map(shutil.which, BROWSERS) if path), None)
    if not found:
        raise Failure("no Chromium found: install it (Debian: apt-get install chromium), or set CHROMIUM to its path")
    return found


def chromium(page: Path, *arguments: str) -> None:
    """Open a page of this folder in a browser without a window."""
    with tempfile.TemporaryDirectory(prefix="chromium-", dir=FOLDER) as profile:
        command = [browser(), *FLAGS, f"--user-data-dir={profile}", *arguments, page.as_uri()]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        except subprocess.TimeoutExpired:
            raise Failure("Chromium did not end within a minute") from None
    if done.returncode:
        raise Failure(f"Chromium: exit code {done.returncode}\n{done.stderr}")


def draw(height: int) -> Path:
    """Write the page, its picture and its printed form; return the picture."""
    fresh(FOLDER)
    page, picture = FOLDER / "sequence_report.html", FOLDER / "sequence_report.png"
    text = sequence_report(yaml.safe_load(SOURCE.read_text(encoding="utf-8")), children=CHILDREN)
    page.write_text(str(text), encoding="utf-8")
    chromium(page, f"--window-size={WIDTH},{height}", f"--screenshot={picture}")
    chromium(page, "--no-pdf-header-footer", f"--print-to-pdf={FOLDER / 'sequence_report.pdf'}")
    if not picture.is_file():
        raise Failure("Chromium wrote no picture")
    size = picture.stat().st_size
    if size >= LARGEST:
        raise Failure(f"{picture} has {size} bytes, the limit is {LARGEST}: choose a smaller --height")
    return picture


def main() -> int:
    """Draw the picture and put it where the guide expects it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--height", type=int, default=HEIGHT, help="of the picture in pixels (default: %(default)s)")
    options = parser.parse_args()
    try:
        picture = draw(options.height)
        PICTURE.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(picture, PICTURE)
    except Failure as exc:
        print(exc, file=sys.stderr)
        return 1
    print(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size} bytes; page and printed form in {FOLDER}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
