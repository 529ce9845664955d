# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether an object that an earlier task of the play would have made is the one that a reference means."""

from __future__ import annotations

import typing as t

from .ref import Ref

NARROW = ("version", "manufacturer", "language")
"""What narrows a name down."""


def would_be(entry: t.Mapping[str, t.Any], ref: Ref) -> bool:
    """Return whether a returned resource is what a reference means: kind, name, and what narrows it down."""
    if entry.get("kind") not in (ref.kind, None):
        return False
    if str(entry.get("name") or "").casefold() != str(ref.name or "").casefold():
        return False
    for key in NARROW:
        wanted = getattr(ref, key)
        if key in entry and wanted is not None and str(entry.get(key) or "").casefold() != wanted.casefold():
            return False
    return ref.kind != "program" or _same_package(entry, ref)


def _same_package(entry: t.Mapping[str, t.Any], ref: Ref) -> bool:
    parent = ref.parent
    if parent is None or "package" not in entry:
        return True
    package = entry["package"]
    if isinstance(package, t.Mapping):
        package = package.get("name")
    return parent.name is None or str(package or "").casefold() == parent.name.casefold()
