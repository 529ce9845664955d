# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The gate of advertisements: what reaches far needs the name of the collection as ``confirm``.

The console asks; whoever writes to the provider is asked by nobody (reference: provider-behaviour 4.7).
"""

from __future__ import annotations

import datetime
import typing as t

from .._errors import GateRefused, Problem
from .._provider import schedules
from .._provider.times import Moment

BUILT_IN = "SMS"
"""How the IDs of the collections begin that every site has."""
UNKNOWN_COMPUTERS = "SMS000US"

_STARTING = ("purpose", "events", "available_at", "rerun")
"""Options that decide when and how often a required deployment starts."""


def reasons(state: t.Mapping[str, t.Any], collection_id: str, label: str) -> list[str]:
    """Return why a deployment needs a confirmation; an empty list when it needs none."""
    required = state["purpose"] == "required"
    visible = state["make_available_to"] != "clients"
    found = []
    place = collection_id.upper()
    bare_metal = not required and place == UNKNOWN_COMPUTERS
    if place.startswith(BUILT_IN) and (required or visible) and not bare_metal:
        what = "required" if required else "visible to media and PXE"
        found.append(f"the collection {label} is built in and the deployment is {what}")
    begin = state["available_at"]
    if required and visible and begin is not None and _lies_ahead(begin):
        found.append(f"media and PXE ignore available_at ({begin.text}): it can start at once")
    return found


def _lies_ahead(moment: Moment) -> bool:
    now = datetime.datetime.now(datetime.timezone.utc) if moment.utc else datetime.datetime.now()
    return moment.clock > now.replace(tzinfo=None)


def opens(old: t.Mapping[str, t.Any], new: t.Mapping[str, t.Any]) -> bool:
    """Whether a change in place starts something or reaches more devices, so that it counts as a creation."""
    if new["make_available_to"] not in (old["make_available_to"], "clients"):
        return True
    if new["purpose"] != "required":
        return False
    if any(old[option] != new[option] for option in _STARTING):
        return True
    return not schedules.same(new["tokens"], old["tokens"]) or _lasts_longer(old["expires_at"], new["expires_at"])


def _lasts_longer(old: Moment | None, new: Moment | None) -> bool:
    return old is not None and (new is None or new.clock > old.clock)


def check(
    state: t.Mapping[str, t.Any], collection_id: str, confirm: str | None, name: t.Callable[[], str | None]
) -> None:
    """Refuse a deployment that reaches far unless ``confirm`` is the collection's name or ID.

    ``name`` finds the collection's name; it is called only where there is something to confirm.
    Raises :class:`GateRefused`.
    """
    if not reasons(state, collection_id, collection_id) or (confirm and confirm == collection_id):
        return
    label = name() or collection_id
    if confirm and confirm == label:
        return
    rule = f'{" and ".join(reasons(state, collection_id, label))}; confirm: "{label}" says that this is meant'
    raise GateRefused([Problem("confirm", confirm or "", rule)], wmi_class="SMS_Advertisement")
