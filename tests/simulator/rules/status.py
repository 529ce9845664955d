# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a site sums up what clients report (reference: provider-behaviour 8.1).

The summary of a deployment is as old as its last summarisation: every few hours, or ``summarisation``
seconds after UpdateClassicDeployment. The details of its devices show the same moment.
"""

from __future__ import annotations

import datetime
import typing as t

from ..clients import engine
from ..clients.reports import MESSAGES, STATES, STATUS, stamp
from ..objects import Obj
from .base import Rules
from .errors import NOT_FOUND, refuse

if t.TYPE_CHECKING:
    from ..provider import Site

SUMMARY = "SMS_DeploymentSummary"
DETAILS = "SMS_ClassicDeploymentAssetDetails"
ADVERTISEMENT = "SMS_Advertisement"
MEMBERSHIP = "SMS_FullCollectionMembership"
INTERVAL = 4 * 3600
TASK_SEQUENCE_FEATURE = 7
SUCCESS, IN_PROGRESS, UNKNOWN, ERROR = 1, 2, 4, 5
OTHER = 3
_TYPES = {13: SUCCESS, 11: ERROR, 2: OTHER, 3: OTHER, 4: OTHER, 7: OTHER}
Line = tuple[int, str, int, int]
"""ResourceID, name, status type, message."""


class DetailRules(Rules):
    """SMS_ClassicDeploymentAssetDetails: what the last summarisation found, one row per device."""

    def rows(self, site: Site, class_name: str) -> list[Obj] | None:
        """Return the rows of all deployments."""
        found = []
        for own, (moment, lines) in site.store.side("deployment_details").items():
            row = site.store.peek(ADVERTISEMENT, (own,))
            if row is None:
                continue
            common = {"DeploymentID": own, "CollectionID": row.get("CollectionID"), "PackageID": row.get("PackageID"),
                      "ProgramName": row.get("ProgramName"), "SummarizationTime": stamp(moment)}
            for device, name, kind, message in lines:
                text = MESSAGES[message][1] if message in MESSAGES else "No message"
                found.append(Obj(DETAILS, {**common, "DeviceID": device, "DeviceName": name, "StatusType": kind,
                                           "MessageID": message, "StatusDescription": text}))
        return found


class MessageRules(Rules):
    """SMS_AdvertisementStatusInformation: messages and the states that they stand for."""

    def rows(self, site: Site, class_name: str) -> list[Obj] | None:
        """Return the table."""
        return [Obj(class_name, {"MessageID": number, "MessageName": text, "MessageState": state,
                                 "MessageStateName": STATES[state]})
                for number, (state, text) in MESSAGES.items()]


def _lines(site: Site, row: Obj) -> list[Line]:
    own, collection_id = row.get("AdvertisementID"), row.get("CollectionID")
    found: list[Line] = []
    for member in site.store.scan(MEMBERSHIP):
        if member.props["CollectionID"] != collection_id:
            continue
        device = member.props["ResourceID"]
        status = site.store.peek(STATUS, (own, device))
        state = (status.get("LastState") or status.get("LastAcceptanceState") or 0) if status else 0
        message = (status.get("LastStatusMessageID") or status.get("LastAcceptanceMessageID") or 0) if status else 0
        kind = _TYPES.get(state, IN_PROGRESS) if state else UNKNOWN
        found.append((device, str(member.props.get("Name") or ""), kind, message))
    return found


def summarise(site: Site, row: Obj, moment: datetime.datetime) -> None:
    """Sum up one deployment."""
    own = str(row.get("AdvertisementID"))
    lines = _lines(site, row)
    kinds = [line[2] for line in lines]
    counts = {kind: kinds.count(kind) for kind in (SUCCESS, IN_PROGRESS, OTHER, UNKNOWN, ERROR)}
    # Devices for which the deployment does not apply have no status type of their own.
    shown = [(device, name, UNKNOWN if kind == OTHER else kind, message) for device, name, kind, message in lines]
    site.store.side("deployment_details")[own] = (moment, shown)
    collection = site.store.peek("SMS_Collection", (row.get("CollectionID"),))
    package = site.store.peek("SMS_PackageBaseclass", (row.get("PackageID"),))
    site.store.save(Obj(SUMMARY, {
        "DeploymentID": own, "FeatureType": TASK_SEQUENCE_FEATURE, "PackageID": row.get("PackageID"),
        "ProgramName": row.get("ProgramName"), "SoftwareName": package.get("Name") if package else "",
        "CollectionID": row.get("CollectionID"), "CollectionName": collection.get("Name") if collection else "",
        "CollectionType": 2, "DeploymentIntent": 1 if (row.get("OfferType") or 0) == 0 else 2,
        "ObjectTypeID": 201, "SecuredObjectId": own, "Enabled": True,
        "NumberTargeted": len(lines), "NumberSuccess": counts[SUCCESS], "NumberInProgress": counts[IN_PROGRESS],
        "NumberErrors": counts[ERROR], "NumberUnknown": counts[UNKNOWN], "NumberOther": counts[OTHER],
        "SummarizationTime": stamp(moment),
    }))


def advance(site: Site) -> None:
    """Do the summaries that are due; one of the site's actors, after the clients."""
    due = site.store.side("summaries_due")
    there = {str(row.props["AdvertisementID"]): row for row in site.store.scan(ADVERTISEMENT)
             if row.props.get("ProgramName") == "*"}
    moment = site.moment()
    for own in [own for own in due if own not in there]:
        del due[own]
        site.store.side("deployment_details").pop(own, None)
        site.store.remove(SUMMARY, (own,))
    for own, row in there.items():
        when = due.get(own)
        if when is None:
            # What is new has a summary that nobody has worked out yet.
            when = moment + datetime.timedelta(seconds=site.switches.summarisation)
            due[own] = when
        if when <= moment:
            summarise(site, row, moment)
            due[own] = moment + datetime.timedelta(seconds=INTERVAL)


def update_classic(site: Site, _keys: t.Any, params: dict[str, t.Any]) -> dict[str, t.Any]:
    """SMS_DeploymentSummary.UpdateClassicDeployment: the summary follows a little later."""
    own = str(params.get("OfferID") or "").upper()
    if site.store.peek(ADVERTISEMENT, (own,)) is None:
        raise refuse(NOT_FOUND, f"There is no advertisement {own}", operation="ExecMethod", parameter="OfferID")
    due = site.store.side("summaries_due")
    soon = site.moment() + datetime.timedelta(seconds=site.switches.summarisation)
    due[own] = min(due.get(own, soon), soon)
    return {"ReturnValue": 0}


RULES: dict[str, Rules] = {DETAILS: DetailRules(), "SMS_AdvertisementStatusInformation": MessageRules()}
HANDLERS = {(SUMMARY, "UpdateClassicDeployment"): update_classic}
ACTORS = (engine.advance, advance)
