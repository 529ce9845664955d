# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A reference to an object of the site, before anybody looked it up."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Ref:
    """An object of the site that the play names, or the ID that a property holds.

    ``kind`` is a key of the reference table (``package``, ``boot_image``, ...). Either ``id`` or
    ``name`` is set; ``version``, ``manufacturer`` and ``language`` narrow a name down. ``parent``
    is the package of a program. ``path`` says where it stands, for messages, and does not count
    for equality.
    """

    kind: str
    name: str | None = None
    id: str | None = None
    version: str | None = None
    manufacturer: str | None = None
    language: str | None = None
    parent: Ref | None = None
    path: str = dataclasses.field(default="", compare=False)
