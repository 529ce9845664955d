# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Leftovers and what makes a task sequence hard to work with."""

from __future__ import annotations

import collections
import typing as t

from .context import Context
from .finding import INFO
from .registry import Hit, rule


@rule("disabled-step", INFO, "Remove it; version control keeps the history.")
def disabled_step(context: Context) -> t.Iterator[Hit]:
    """A step or group is disabled.

    What is disabled is still sent to every machine, and its references are not checked. Of a disabled group only
    the group is reported.
    """
    for node in context.nodes:
        if not node.enabled and (node.parent is None or node.parent.active):
            yield Hit(node, "is disabled", "enabled")


@rule("empty-group", INFO, "Remove the group.")
def empty_group(context: Context) -> t.Iterator[Hit]:
    """A group has no steps.

    The templates of the console come with empty groups as places for own steps.
    """
    for node in context.nodes:
        if node.is_group and node.active and not node.children:
            yield Hit(node, "has no steps", "steps")


@rule("duplicate-name", INFO, "Give each entry of a group its own name.")
def duplicate_name(context: Context) -> t.Iterator[Hit]:
    """Two entries of one group have the same name.

    The client does not mind. A person who reads a log does, and a step that is addressed by its name cannot be
    told from its twin.
    """
    for entries in context.lists():
        count = collections.Counter(entry.name.casefold() for entry in entries)
        seen = set()
        for entry in entries:
            key = entry.name.casefold()
            if count[key] > 1 and key in seen:
                yield Hit(entry, f"{count[key]} entries here have this name", "name")
                count[key] = 0
            seen.add(key)
