# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The package options in a whole export, in the form of a play."""

from __future__ import annotations

import typing as t

from .._cim.instance import Instance
from .._errors import InvalidInput, Problem, ProtocolError
from . import _ts_options as options
from . import _ts_presentation as presentation

_CARRIED_BY: dict[str, tuple[str, ...]] = {
    **{option: (name,) for option, name in options.PROPERTIES.items()},
    "platforms": ("SupportedOperatingSystems", "ProgramFlags"),
    "progress_text": ("CustomProgressMsg", "ProgramFlags"),
    "enabled": ("ProgramFlags",),
}


def options_of(package: Instance) -> dict[str, t.Any]:
    """Return the options that an exported package states, as a play could give them; platforms as objects.

    Raises :class:`InvalidInput` when a property that should be a number is none.
    """
    try:
        found = options.describe(package)
    except (ProtocolError, ValueError, TypeError):
        rule = "a number among its properties (Duration, ProgramFlags) is none"
        raise InvalidInput([Problem("object.xml", "", rule)]) from None
    if found["boot_image"]:
        found["boot_image"] = {"id": found["boot_image"]}
    found["platforms"] = options.live_platforms(package)
    stated = {name for name, value in package.properties.items() if value is not None}
    if not stated.issuperset(_CARRIED_BY["platforms"]) and not package.number("ProgramFlags") & options.ANY_PLATFORM:
        del found["platforms"]
    return {
        name: value
        for name, value in found.items()
        if name == "platforms" or stated.issuperset(_CARRIED_BY.get(name, (name,)))
    }


def presentation_of(package: Instance, live: Instance | None, params: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return the options of presentation that an exported package adds to those of the task.

    An existing task sequence gets what the site knows at all, so that an older one refuses nothing; a new one
    only what differs from nothing.
    """
    known = None if live is None else {name.casefold() for name in live.properties}
    stated = {
        name: value
        for name, value in package.properties.items()
        if (value not in (None, "", 0, False) if known is None else name.casefold() in known)
    }
    found = presentation.describe(Instance(package.class_name, stated))
    found.pop("icon", None)
    for name, value in found.items():
        given = params.get(name)
        if isinstance(value, dict):
            found[name] = {**value, **{key: item for key, item in (given or {}).items() if item is not None}}
        elif given is not None:
            found[name] = given
    return found


def icon_of(package: Instance, live: Instance | None) -> list[int] | None:
    """Return the bytes of the icon of an exported package, an empty list for none, ``None`` for "not said"."""
    content = package.get("Icon")
    if isinstance(content, list) and all(isinstance(item, int) for item in content):
        return content
    shows = live is not None and "icon" in {name.casefold() for name in live.properties}
    return [] if shows and "Icon" in package.properties else None
