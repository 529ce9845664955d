# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all tests share: the folder with recordings and real exports, which is not part of the project.

The environment variable ``CONFIGMGR_SHARED`` names it. Without the variable, tests that need the folder are skipped
and the summary says how many; with it, a skip for that reason is a failure.
"""

from __future__ import annotations

import os
import typing as t
from pathlib import Path

import pytest

REASON = "no shared folder"


@pytest.fixture(scope="session")
def shared_folder() -> Path:
    """Return the folder with ``captures``, ``corpus`` and ``schema``; skip when none is named."""
    named = os.environ.get("CONFIGMGR_SHARED")
    if not named:
        pytest.skip(f"{REASON} (set CONFIGMGR_SHARED)")
    folder = Path(named)
    if not folder.is_dir():
        pytest.fail(f"CONFIGMGR_SHARED names {named}, which is no folder")
    return folder


def _is_for_the_folder(report: pytest.TestReport | pytest.CollectReport) -> bool:
    return report.skipped and REASON in str(report.longrepr)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> t.Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip for the missing folder into a failure where the folder is named."""
    report = yield
    if os.environ.get("CONFIGMGR_SHARED") and _is_for_the_folder(report):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped ({REASON}) although CONFIGMGR_SHARED is set"
    return report


def pytest_terminal_summary(terminalreporter: t.Any) -> None:
    """Say how many tests did not run for want of the folder."""
    count = sum(1 for report in terminalreporter.stats.get("skipped", []) if _is_for_the_folder(report))
    if count:
        terminalreporter.write_line(f"{count} tests skipped: {REASON}")
