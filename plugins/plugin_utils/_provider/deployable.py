# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the plain columns of an object say about whether a step can do anything with it."""

from __future__ import annotations

from .._cim.instance import Instance

_DYNAMIC_INSTALL = 0x00000001
"""Bit of ``ProgramFlags``: a task sequence may install the program (reference: provider-behaviour 2.3)."""


def why_no_step_can(kind: str, row: Instance) -> str | None:
    """Say why no step can install an object, ``None`` when one can.

    Both columns of SMS_ApplicationLatest are documented; that the site takes such a step all the same is an
    observation nobody made. A column that the site does not send says nothing.
    """
    if kind != "application":
        return None
    if row.get("NumberOfDeploymentTypes") is not None and not row.number("NumberOfDeploymentTypes"):
        return "the application has no deployment type, so a step cannot install it; add one to it first"
    if row.get("IsDeployable") is False:
        return "the site says that the application cannot be deployed (IsDeployable), so a step cannot install it"
    return None


def why_a_step_may_fail(kind: str, row: Instance) -> str | None:
    """Say what a site takes although clients may refuse it, ``None`` when there is nothing to say."""
    if kind == "application" and row.get("IsExpired") is True:
        return "the application is retired; clients may not install it"
    if kind == "program" and row.get("ProgramFlags") is not None and not row.number("ProgramFlags") & _DYNAMIC_INSTALL:
        return "the program may not be installed from a task sequence; cm_program has allow_task_sequence for that"
    return None
