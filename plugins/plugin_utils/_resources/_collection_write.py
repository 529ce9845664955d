# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes of a collection: rules through its methods, as the SDK wants it, and the request to evaluate them.

Nobody may become a member in between who is one neither before nor after. So all rules are added in one call,
excluding ones first, before others are deleted; only a query that gets another text is deleted before, because
whether two may bear one name is unknown [U].
"""

from __future__ import annotations

import typing as t

from .._cim.instance import Instance
from .._errors import ConfigMgrError, NotAsWritten
from .._provider.site import Loaded, Site
from . import _collection_rules as rules

CLASS = "SMS_Collection"
EVALUATING = (2, 4, 5)
"""CurrentStatus of a collection that is refreshed, evaluated, or waits for it (provider-behaviour 7.2)."""
PER_CALL = 500
"""Rules in one call; about 200 bytes each."""


def load(site: Site, collection_id: str) -> Loaded:
    """Read a collection with its rules."""
    return site.get(CLASS, {"CollectionID": collection_id})


def write_rules(site: Site, collection_id: str, difference: rules.Difference) -> None:
    """Add and delete rules; one call for each direction, one more for queries whose text changes."""
    _call(site, collection_id, "DeleteMembershipRules", difference.first, there=False)
    adding = sorted(difference.add, key=lambda rule: rule.kind != rules.EXCLUDE)
    _call(site, collection_id, "AddMembershipRules", adding, there=True)
    _call(site, collection_id, "DeleteMembershipRules", difference.last, there=False)


def _call(site: Site, collection_id: str, method: str, wanted: t.Sequence[rules.Rule], *, there: bool) -> None:
    for start in range(0, len(wanted), PER_CALL):
        part = wanted[start : start + PER_CALL]
        items = [rule.instance for rule in part]
        word = "add" if there else "delete"
        what = f"{word} {len(part)} rule{'s' if len(part) > 1 else ''} of the collection {collection_id}"
        keys = {(rule.kind, rule.key) for rule in part}

        def settle(keys: set[tuple[str, str]] = keys) -> bool | None:
            now = {(rule.kind, rule.key) for rule in rules.stored(load(site, collection_id))}
            return True if (keys <= now if there else not keys & now) else None

        def send(items: list[Instance] = items, what: str = what) -> bool:
            return _invoke(site, collection_id, method, {"collectionRules": items}, what)

        site.write(what, send, settle=settle, wmi_class=CLASS, method=method)


def request_update(site: Site, collection_id: str, refreshed: str) -> None:
    """Ask the site to evaluate a collection; it does so later. ``refreshed`` is when it last did, as it was read.

    Only its digits count: a clock without a zone may be labelled as UTC.
    """
    what = f"request an update of the collection {collection_id}"

    def send() -> bool:
        return _invoke(site, collection_id, "RequestRefresh", {}, what)

    def settle() -> bool:
        now = load(site, collection_id)
        if now.number("CurrentStatus") in EVALUATING or str(now.get("LastRefreshTime", ""))[:14] != refreshed[:14]:
            return True
        # That nothing shows yet decides nothing.
        raise ConfigMgrError(f"the collection {collection_id} does not show that an update is due")

    site.write(what, send, settle=settle, wmi_class=CLASS, method="RequestRefresh")


def _invoke(site: Site, collection_id: str, method: str, params: dict[str, t.Any], what: str) -> bool:
    answer = site.cim.invoke(CLASS, method, params, keys={"CollectionID": collection_id})
    if answer.return_value not in (0, None):
        raise NotAsWritten(
            f"{CLASS}.{method} returned {str(answer.return_value)[:50]}: {what}.",
            wmi_class=CLASS,
            method=method,
            attempted=what,
        )
    return True
