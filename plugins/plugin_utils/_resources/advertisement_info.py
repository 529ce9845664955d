# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The read-only twin of advertisements."""

from __future__ import annotations

import typing as t

from .._cim import wql
from .._cim.instance import Instance
from .._errors import InvalidInput, Problem
from .._provider import names
from .._provider.naming import Namer
from .._provider.ref import Ref
from .._provider.references import KINDS, parse_ref
from .._provider.site import DELETING, same_name
from . import _adv_options as options
from ._adv_identity import ADVERTISEMENT, COLUMNS, REFERENCES, TASK_SEQUENCE_PROGRAM
from ._base import Outcome, Resource


class AdvertisementInfo(Resource):
    """``cm_advertisement_info``."""

    key = "advertisements"

    def validate(self) -> None:
        problems: list[Problem] = []
        self._refs: dict[str, Ref] = {}
        for option in REFERENCES:
            if self.params.get(option) is not None:
                try:
                    self._refs[option] = parse_ref(self.params[option], option, option)
                except InvalidInput as error:
                    problems.extend(error.problems)
        key, name = self.params.get("advertisement_id"), self.params.get("name")
        if key is not None and not KINDS["package"].is_id(key):
            problems.append(Problem("advertisement_id", key, "is no ID; one looks like PS120004"))
        fault = names.fault_in_reference(name) if name is not None else None
        if fault:
            problems.append(Problem("name", names.shown(name), fault))
        self.refuse(problems)

    def converge(self) -> Outcome:
        site = self.task.site
        instances = [site.find(ADVERTISEMENT, {"AdvertisementID": key}) for key in self._ids()]
        found = [item for item in instances if item is not None and _advertises(item)]
        namer = Namer(site)
        for item in found:
            for ref in _references(item).values():
                namer.add(ref)
        namer.resolve()
        return Outcome(False, {self.key: [describe(item, namer) for item in found]})

    def _ids(self) -> list[str]:
        if self.params.get("advertisement_id"):
            return [self.params["advertisement_id"].upper()]
        # What is not there is advertised nowhere: an empty list, as for a name that nothing bears.
        resolver = self.task.resolver(missing_ok=True)
        for ref in self._refs.values():
            if ref.id is None:
                resolver.add(ref)
        resolver.resolve()
        conditions = [wql.equals("ProgramName", TASK_SEQUENCE_PROGRAM)]
        name = self.params.get("name")
        if name:
            conditions.append(wql.equals("AdvertisementName", name))
        for option, ref in self._refs.items():
            wanted = ref.id or resolver.result(ref).id
            if wanted is None:
                return []
            conditions.append(wql.equals(REFERENCES[option], wanted))
        rows = self.task.site.query(ADVERTISEMENT, wql.both(*conditions), list(COLUMNS))
        rows = [row for row in rows if _advertises(row)]
        if name:
            rows = same_name(rows, name, "AdvertisementName")
        return sorted(str(row.get("AdvertisementID")) for row in rows)


def _advertises(row: Instance) -> bool:
    """Whether a row advertises a task sequence and is not being deleted."""
    return row.get("ActionInProgress") != DELETING and row.get("ProgramName") == TASK_SEQUENCE_PROGRAM


def _references(item: Instance) -> dict[str, Ref]:
    return {option: Ref(option, id=str(item.get(prop, ""))) for option, prop in REFERENCES.items()}


def describe(item: Instance, namer: Namer) -> dict[str, t.Any]:
    """Return an advertisement in the form of the play, with the IDs and the raw bits beside it."""
    refs = _references(item)
    return {
        "kind": "advertisement",
        "planned": False,
        "name": item.get("AdvertisementName", ""),
        "advertisement_id": item.get("AdvertisementID", ""),
        "task_sequence": namer.form(refs["task_sequence"]),
        "package_id": item.get("PackageID", ""),
        "collection": namer.form(refs["collection"]),
        "collection_id": item.get("CollectionID", ""),
        **options.show(options.state_of(item)),
        "advert_flags": item.number("AdvertFlags"),
        "remote_client_flags": item.number("RemoteClientFlags"),
    }
