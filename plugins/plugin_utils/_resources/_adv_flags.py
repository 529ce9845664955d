# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The yes-or-no options of an advertisement, each of which is one bit.

Reference: provider-behaviour 4.3 (AdvertFlags), 4.4 (RemoteClientFlags), 4.5 (which cmdlet parameter sets which).
"""

from __future__ import annotations

import typing as t

from .._cim.instance import Instance
from .._errors import Problem

ADVERT, CLIENT = "AdvertFlags", "RemoteClientFlags"


class Flag(t.NamedTuple):
    """A bit; ``inverse`` when the bit says no."""

    prop: str
    bit: int
    inverse: bool = False

    def read(self, value: int) -> bool:
        """Return what the option is where its property has this value."""
        return bool(value & self.bit) is not self.inverse

    def write(self, value: int, wanted: bool) -> int:
        """Return the value of the property with the option in it."""
        return value | self.bit if wanted is not self.inverse else value & ~self.bit


FLAGS: dict[str, Flag] = {
    "show_progress": Flag(ADVERT, 0x00800000),
    "run_independently": Flag(ADVERT, 0x02000000, inverse=True),
    "install_outside_maintenance_windows": Flag(ADVERT, 0x00100000),
    "restart_outside_maintenance_windows": Flag(ADVERT, 0x00200000),
    "persist_on_write_filter": Flag(CLIENT, 0x8000),
    "internet_clients": Flag(ADVERT, 0x00080000, inverse=True),
    "metered_network": Flag(CLIENT, 0x40000),
    "wake_on_lan": Flag(ADVERT, 0x00400000),
    "use_default_boundary_group": Flag(ADVERT, 0x00020000, inverse=True),
    "share_with_peers": Flag(ADVERT, 0x00010000),
    "pre_download": Flag(ADVERT, 0x00001000),
}

_REQUIRED_ONLY = {
    "run_independently": (False, "only people start an available deployment; this would take it out of their sight"),
    "metered_network": (True, "only a required deployment downloads by itself, over whichever network"),
    "wake_on_lan": (True, "only a required deployment has a time to wake devices for"),
}
"""The value that means nothing for an available deployment, and why."""


def misplaced(after: t.Mapping[str, t.Any], before: t.Mapping[str, t.Any] | None) -> list[Problem]:
    """Return the options that are to change to what means nothing for an available deployment."""
    if after["purpose"] != "available":
        return []
    return [
        Problem(option, str(value).lower(), rule)
        for option, (value, rule) in _REQUIRED_ONLY.items()
        if after[option] is value and (before is None or before[option] is not value)
    ]


def state_of(live: Instance) -> dict[str, bool]:
    """Return the yes-or-no options that an advertisement has."""
    return {option: flag.read(live.number(flag.prop)) for option, flag in FLAGS.items()}


def written(value: int, prop: str, before: t.Mapping[str, t.Any], after: t.Mapping[str, t.Any]) -> int:
    """Return a property with the options that differ in it; all other bits stay."""
    for option, flag in FLAGS.items():
        if flag.prop == prop and before[option] != after[option]:
            value = flag.write(value, after[option])
    return value
