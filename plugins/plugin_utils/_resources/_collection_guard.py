# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What may not be done to a collection: built-in ones stay as they are, used ones are not deleted unasked."""

from __future__ import annotations

import typing as t

from .._cim import wql
from .._cim.instance import Instance
from .._errors import GateRefused, InvalidInput, Problem
from .._provider.site import DELETING, Site

COLLECTION = "SMS_Collection"
DEPENDENCIES = "SMS_CollectionDependencies"
DEVICES = 2
RELATIONS = {1: "limited_to", 2: "included_in", 3: "excluded_from"}
"""RelationshipType to the word in error details (classes: SMS_CollectionDependencies)."""

_SAID = {
    "limited_to": "the limiting collection of",
    "included_in": "included in",
    "excluded_from": "excluded from",
}


def built_in(live: Instance) -> bool:
    """Whether a collection came with the site."""
    return bool(live.get("IsBuiltIn", False)) or str(live.get("CollectionID", "")).upper().startswith("SMS")


def refuse_users(live: Instance, path: str) -> None:
    """Refuse a collection of users: task sequences are deployed to devices only (provider-behaviour 4.7)."""
    if live.number("CollectionType") not in (0, DEVICES):
        rule = "is a collection of users; only collections of devices are managed here, as task sequences go to devices"
        raise InvalidInput([Problem(path, str(live.get("Name", "")), rule)])


def refuse_built_in(live: Instance, what: str) -> None:
    """Refuse to change or delete what every site has; its variables and an update of its members are fine."""
    if built_in(live):
        raise GateRefused(
            f"The collection {live.get('Name')} ({live.get('CollectionID')}) is built in; {what} is not done here.",
            detail={"collection_id": live.get("CollectionID"), "built_in": True},
        )


def uses(site: Site, collection_id: str) -> dict[str, list[str]]:
    """Return what hangs on a collection, as ``ID (name)`` by kind; three queries, four where others depend on it."""
    columns = ["AdvertisementID", "AdvertisementName", "ActionInProgress"]
    rows = site.query("SMS_Advertisement", wql.equals("CollectionID", collection_id), columns)
    deployed = {
        str(row.get("AdvertisementID")): str(row.get("AdvertisementName", ""))
        for row in rows
        if row.get("ActionInProgress") != DELETING
    }
    # Applications, updates and settings are deployed by classes of their own; the summary has them all.
    summary = site.query(
        "SMS_DeploymentSummary", wql.equals("CollectionID", collection_id), ["DeploymentID", "SoftwareName"]
    )
    going = {str(row.get("AdvertisementID")) for row in rows} - set(deployed)
    for row in summary:
        if str(row.get("DeploymentID")) not in going:
            deployed.setdefault(str(row.get("DeploymentID")), str(row.get("SoftwareName", "")))
    found = {"deployments": sorted(f"{key} ({name})" for key, name in deployed.items())}
    relations = site.query(DEPENDENCIES, wql.equals("SourceCollectionID", collection_id))
    ids = sorted({str(row.get("DependentCollectionID")) for row in relations})
    shown: dict[str, str] = {}
    if ids:
        others = site.query(COLLECTION, wql.one_of("CollectionID", ids), ["CollectionID", "Name"])
        shown = {str(row.get("CollectionID")): str(row.get("Name", "")) for row in others}
    for row in relations:
        word = RELATIONS.get(row.number("RelationshipType"), "related_to")
        other = str(row.get("DependentCollectionID"))
        found.setdefault(word, []).append(f"{other} ({shown.get(other, 'hidden')})")
    return {word: sorted(items) for word, items in found.items() if items}


def refuse_used(live: Instance, found: t.Mapping[str, list[str]], force: bool) -> list[str]:
    """Refuse to delete a collection that is used, unless ``force`` is set; return sentences for ``msg`` then."""
    if not found:
        return []
    said = []
    for word, items in found.items():
        if word == "deployments":
            said.append(f"the target of {', '.join(items)}")
        else:
            said.append(f"{_SAID.get(word, 'related to')} {', '.join(items)}")
    title = f"The collection {live.get('Name')} ({live.get('CollectionID')})"
    if force:
        return [f"{title} is deleted by force although it is {'; '.join(said)}."]
    warning = " Without an exclude rule, devices that it kept out come in." if "excluded_from" in found else ""
    raise GateRefused(
        f"{title} is {'; '.join(said)}.{warning} Change these first, or set force to have the site delete it with its "
        "deployments and with the rules that name it.",
        detail=dict(found),
    )
