# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Phased deployments, read only: their class is in no documentation (reference: provider-behaviour 12.1).

Properties and the XML of the phases are known from live objects only, so everything here is read
leniently, and what is not understood is left in ``digest``.
"""

from __future__ import annotations

import typing as t
import xml.etree.ElementTree as ET

from .._cim import wql
from .._cim.instance import Instance
from .._errors import ConfigMgrError, InvalidInput, Problem
from .._provider import names
from .._provider.naming import Namer
from .._provider.ref import Ref
from .._provider.references import parse_ref
from .._wsman import answer
from ._base import Outcome, Resource

CLASS = "SMS_PhasedDeployment"
TASK_SEQUENCE = 0
MANUALLY = -1


class PhasedDeploymentInfo(Resource):
    """One query, and a Get per phased deployment for its phases."""

    key = "phased_deployments"

    def validate(self) -> None:
        self._sequence: Ref | None = None
        if self.params["task_sequence"] is not None:
            self._sequence = parse_ref(self.params["task_sequence"], "task_sequence", "task_sequence")
        name = self.params["name"]
        fault = names.fault_in_reference(name) if name is not None else None
        if fault:
            raise InvalidInput([Problem("name", names.shown(name), fault)])

    def converge(self) -> Outcome:
        site = self.task.site
        rows = site.query(CLASS, self._where(), ["PhasedDeploymentID", "Name", "DeploymentObjectID"])
        keys = [str(row.get("PhasedDeploymentID")) for row in rows]
        loaded = [site.find(CLASS, {"PhasedDeploymentID": key}) for key in keys]
        found = [self._described(item) for item in loaded if item is not None and _is_ours(item)]
        self._name_references(found)
        return Outcome(False, {self.key: sorted(found, key=lambda item: (item["name"], item["phased_deployment_id"]))})

    def _where(self) -> wql.Where | None:
        parts = []
        if self.params["phased_deployment_id"] is not None:
            parts.append(wql.equals("PhasedDeploymentID", self.params["phased_deployment_id"]))
        if self.params["name"] is not None:
            parts.append(wql.equals("Name", self.params["name"]))
        if self._sequence is not None:
            resolver = self.task.resolver()
            resolver.add(self._sequence)
            resolver.resolve()
            parts.append(wql.equals("DeploymentObjectID", str(resolver.result(self._sequence).id)))
        return wql.both(*parts) if parts else None

    def _described(self, item: Instance) -> dict[str, t.Any]:
        digest = str(item.get("PhasedDeploymentDigest") or "")
        return {
            "kind": "phased_deployment",
            "planned": False,
            "phased_deployment_id": str(item.get("PhasedDeploymentID")),
            "name": str(item.get("Name") or ""),
            "description": str(item.get("Description") or ""),
            "task_sequence": {"id": str(item.get("DeploymentObjectID") or "")},
            "phases": self._phases(digest, str(item.get("Name"))),
            "digest": digest,
        }

    def _phases(self, digest: str, name: str) -> list[dict[str, t.Any]]:
        if not digest:
            return []
        try:
            root = answer.parse(digest.encode("utf-8"))
        except ConfigMgrError:
            self.task.warn(f"The phases of the phased deployment {name} are in a form that is not understood.")
            return []
        found = [_phase(element) for element in answer.descendants(root, "Phase")]
        return sorted(found, key=lambda phase: phase["order"] or 0)

    def _name_references(self, found: list[dict[str, t.Any]]) -> None:
        namer = Namer(self.task.site)
        for item in found:
            namer.add(Ref("task_sequence", id=item["task_sequence"]["id"]))
            for phase in item["phases"]:
                namer.add(Ref("collection", id=phase["collection"]["id"]))
        namer.resolve()
        for item in found:
            item["task_sequence"] = namer.form(Ref("task_sequence", id=item["task_sequence"]["id"]))
            for phase in item["phases"]:
                phase["collection"] = namer.form(Ref("collection", id=phase["collection"]["id"]))


def _phase(element: ET.Element) -> dict[str, t.Any]:
    days = _whole(_find(element, "DaysAfterPrevPhaseSuccess"))
    criteria = next(answer.descendants(element, "Criteria"), element)
    return {
        "phase_id": _find(element, "PhaseId"),
        "order": _whole(_find(element, "Order")),
        "collection": {"id": _find(element, "CollectionID") or ""},
        "success_criteria": {
            "type": _find(criteria, "CriteriaType"),
            "value": _whole(_find(criteria, "CriteriaValue")),
        },
        "begin": "manually" if days == MANUALLY else "after_days" if days is not None else None,
        "days_after_success": None if days == MANUALLY else days,
        "throttling_days": _whole(_find(element, "ThrottlingDays")),
        "advert_flags": _whole(_find(element, "OfferFlags")),
        "remote_client_flags": _whole(_find(element, "RemoteClientFlags")),
    }


def _find(element: ET.Element, name: str) -> str | None:
    """Return a value by its name, an attribute or an element at any depth: which one is not known."""
    folded = name.casefold()
    for node in element.iter():
        if node.tag.rpartition("}")[2].casefold() == folded and (node.text or "").strip():
            return str(node.text).strip()
        for key, value in node.attrib.items():
            if key.rpartition("}")[2].casefold() == folded:
                return str(value)
    return None


def _whole(text: str | None) -> int | None:
    try:
        return None if text is None else int(text)
    except ValueError:
        return None


def _is_ours(item: Instance) -> bool:
    """Whether it deploys a task sequence, and not an application or updates."""
    kind = item.get("DeploymentObjectType")
    return kind is None or _whole(str(kind)) == TASK_SEQUENCE
