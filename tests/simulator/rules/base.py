# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a class can and cannot do; by default it can be read and nothing else."""

from __future__ import annotations

import typing as t

from ..objects import Obj
from .errors import NOT_SUPPORTED, PROVIDER_NOT_CAPABLE, refuse

if t.TYPE_CHECKING:
    from ..provider import Site


class Rules:
    """The rules of one class and of those below it that have none of their own.

    The provider has checked names, types, keys, access and visibility before it comes here, and holds
    the site's lock. ``obj`` and ``sent`` are canonical copies.
    """

    def rows(self, site: Site, class_name: str) -> list[Obj] | None:
        """Return the rows of a class that is computed, None for a class whose rows are stored."""
        return None

    def create(self, site: Site, obj: Obj) -> Obj:
        """Make a new object and return it as stored. Refuses where the class is read-only here."""
        raise self._not_here(site, obj.class_name, "PutInstance")

    def put(self, site: Site, old: Obj, sent: Obj, modified: list[str] | None) -> Obj:
        """Save ``sent`` over ``old`` and return the object as stored."""
        raise self._not_here(site, old.class_name, "PutInstance")

    def delete(self, site: Site, old: Obj) -> None:
        """Delete an object."""
        raise self._not_here(site, old.class_name, "DeleteInstance")

    @staticmethod
    def _not_here(site: Site, class_name: str, operation: str) -> Exception:
        known = site.schema.get(class_name)
        if known is not None and known.qualifiers.get("ReadOnlyClass"):
            return refuse(NOT_SUPPORTED, f"{class_name} is a read-only class", operation=operation,
                          parameter=class_name)
        return refuse(PROVIDER_NOT_CAPABLE, f"The simulated site does not know how to write {class_name}",
                      operation=operation, parameter=class_name)
