# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""WinPE and the full operating system."""

from __future__ import annotations

import typing as t

from .context import PE, Context
from .environment import environment_of, words
from .finding import ERROR, INFO, WARNING
from .registry import Hit, rule


@rule(
    "wrong-environment",
    WARNING,
    "Move the step, put a restart before it, or give it a condition on _SMSTSInWinPE.",
)
def wrong_environment(context: Context) -> t.Iterator[Hit]:
    """A step stands where the sequence is in the other environment.

    A step that runs only in WinPE stands after the sequence has left WinPE, or one that runs only in the full
    operating system stands where the sequence is in WinPE. The sequence enters WinPE with a restart to the boot
    image or after Windows was prepared for capture, and leaves it with a restart or with the step that sets up
    Windows. Conditions on ``_SMSTSInWinPE`` and ``run_in`` of the step are respected. After a child task sequence
    or a script that asks for a restart nothing is known, so nothing is reported.
    """
    for node, state in environment_of(context).misplaced:
        yield Hit(node, f"runs only in {words(node.runs_in)}, but the sequence is in {words(state)} here")


@rule("skipped-environment", INFO, "Remove the entry, or move it to where its condition can hold.")
def skipped_environment(context: Context) -> t.Iterator[Hit]:
    """A condition on WinPE can never hold at this place.

    The condition asks for the environment that the sequence is certainly not in, so the entry never runs.
    """
    for node, state in environment_of(context).skipped:
        yield Hit(node, f"never runs, because the sequence is in {words(state)} here", "condition")


@rule("missing-boot-image", ERROR, "Set boot_image.")
def missing_boot_image(context: Context) -> t.Iterator[Hit]:
    """A step needs WinPE and the task sequence has no boot image.

    Fires only where the boot image is known to be missing: ``boot_image`` is empty, or a task sequence is created
    without one.
    """
    if context.facts.boot_image is not False:
        return
    for node in context.steps:
        to_pe = node.type == "restart_computer" and node.text("Target").casefold() == "winpe"
        if node.runs_in == {PE} or to_pe or node.type == "prepare_windows_for_capture":
            what = "restarts to it" if to_pe else "needs it"
            yield Hit(None, f"there is no boot image, but '{node.name}' ({node.step.path}) {what}", "boot_image")
            return
