# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How far deployments of task sequences are, and waiting for them."""

from __future__ import annotations

import datetime
import re
import typing as t

from .._cim import wql
from .._errors import InvalidInput, Problem
from .._provider import names
from .._provider.ref import Ref
from .._provider.references import KINDS, parse_ref
from . import _wait
from ._adv_identity import REFERENCES, TASK_SEQUENCE_PROGRAM
from ._base import Outcome, Resource
from ._status_devices import ENDED, SUCCEEDED, Deployment, iso
from ._status_reader import FEW, Reader
from ._status_watch import Goal, Watch, added, describe, in_words, read_failures

MOST_DEVICES = 500
_ID = re.compile(r"id:\d{1,10}\Z")
_SINCE = "write a time with its zone such as 2025-06-01T08:00:00Z, in quotes"


class DeploymentStatus(Resource):
    """``cm_deployment_status``."""

    key = "deployments"

    def validate(self) -> None:
        problems: list[Problem] = _wait.problems(self.params)
        self._refs: dict[str, Ref] = {}
        for option in REFERENCES:
            if self.params.get(option) is not None:
                try:
                    self._refs[option] = parse_ref(self.params[option], option, option)
                except InvalidInput as error:
                    problems.extend(error.problems)
        key = self.params.get("advertisement_id")
        if key is not None and not KINDS["package"].is_id(key):
            problems.append(Problem("advertisement_id", key, "is no ID; one looks like PS120004"))
        percent = self.params.get("percent")
        if percent is not None and not 1 <= percent <= 100:
            problems.append(Problem("percent", str(percent), "must be between 1 and 100"))
        if self.params["max_failures_shown"] < 0:
            problems.append(
                Problem("max_failures_shown", str(self.params["max_failures_shown"]), "must not be negative")
            )
        self._devices = [str(item).strip() for item in self.params.get("devices") or ()]
        self._check_devices(problems)
        self._since = self._read_since(problems)
        self.refuse(problems)

    def _check_devices(self, problems: list[Problem]) -> None:
        if len(self._devices) > MOST_DEVICES:
            rule = f"name {MOST_DEVICES} devices at most, or leave the option out to see all"
            problems.append(Problem("devices", str(len(self._devices)), rule))
        for index, name in enumerate(self._devices):
            path = f"devices[{index}]"
            fault = names.fault_in_reference(name)
            if fault:
                problems.append(Problem(path, names.shown(name), fault))
            elif name.startswith("id:") and not _ID.match(name):
                problems.append(Problem(path, name, "the resource ID of a device is a number, for example id:16777217"))

    def _read_since(self, problems: list[Problem]) -> str:
        text = self.params.get("since")
        if text is None:
            return ""
        try:
            # Python 3.10 does not read the Z.
            moment = datetime.datetime.fromisoformat(re.sub(r"[Zz]\Z", "+00:00", text.strip()))
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            problems.append(Problem("since", text, _SINCE))
            return ""
        return f"{moment.astimezone(datetime.timezone.utc):%Y%m%d%H%M%S}.000000"

    # -- the task ---------------------------------------------------------------------------------

    def converge(self) -> Outcome:
        reader = Reader(self.task.site, since=self._since, wanted=self._devices, clock=self.task.clock)
        where = self._where()
        if where is not None:
            reader.find(where)
        waits = self.params["wait"] != "no"
        if not reader.deployments:
            return self._nothing(waits)
        timeline: list[dict[str, t.Any]] = []
        if waits and not self.task.check_mode:
            goal = Goal(
                self.params["wait"],
                int(self.params.get("percent") or 100),
                self.params["not_run"] == "ignore",
                bool(self.params["fail_fast"]),
            )
            watch = Watch(self.task, reader, goal)
            watch.run()
            timeline = watch.timeline
        else:
            reader.read_members()
            reader.read_status()
        failures = read_failures(reader, int(self.params["max_failures_shown"]))
        counts = added(item.counts() for item in reader.deployments)
        values: dict[str, t.Any] = {
            self.key: [self._show(item, reader) for item in reader.deployments],
            "failures": failures,
            "counts": counts,
            "timeline": timeline,
            "msg": " ".join([f"{in_words(counts)}.", *(f"{describe(failure)}." for failure in failures[:FEW])]),
        }
        return Outcome(False, values)

    def _nothing(self, waits: bool) -> Outcome:
        if waits and not self.task.check_mode:
            rule = "there is no such deployment of a task sequence; nothing can be waited for"
            option = "advertisement_id" if self.params.get("advertisement_id") else "task_sequence"
            raise InvalidInput([Problem(option, self._wanted(), rule)])
        text = "No deployment matches."
        if self.task.check_mode:
            text += " In check mode a deployment that an earlier task would make is not there yet."
        empty = added(())
        return Outcome(False, {self.key: [], "failures": [], "counts": empty, "timeline": [], "msg": text})

    def _wanted(self) -> str:
        if self.params.get("advertisement_id"):
            return str(self.params["advertisement_id"])
        return ", ".join(ref.id or ref.name or "" for ref in self._refs.values())

    def _where(self) -> wql.Where | None:
        """Return what selects the deployments, ``None`` when what they refer to is only planned or not there."""
        if self.params.get("advertisement_id"):
            return wql.equals("AdvertisementID", self.params["advertisement_id"].upper())
        # A name that is not there is deployed nowhere; while a deployment is waited for, that is a mistake.
        waits = self.params["wait"] != "no" and not self.task.check_mode
        resolver = self.task.resolver(missing_ok=not waits)
        for ref in self._refs.values():
            if ref.id is None:
                resolver.add(ref)
        resolver.resolve()
        conditions = [wql.equals("ProgramName", TASK_SEQUENCE_PROGRAM)]
        for option, ref in self._refs.items():
            wanted = ref.id or resolver.result(ref).id
            if wanted is None:
                return None
            conditions.append(wql.equals(REFERENCES[option], wanted))
        return wql.both(*conditions)

    # -- the result -------------------------------------------------------------------------------

    def _show(self, item: Deployment, reader: Reader) -> dict[str, t.Any]:
        counts = item.counts()
        summary, texts = self._site_summary(item, reader) if self.params["site_summary"] else (None, None)
        found: dict[str, t.Any] = {
            "kind": "deployment",
            "planned": False,
            "advertisement_id": item.id,
            "name": item.name,
            "task_sequence": item.task_sequence,
            "package_id": item.package_id,
            "collection": item.collection,
            "collection_id": item.collection_id,
            "purpose": "required" if item.required else "available",
            "counts": counts,
            "success_percent": round(counts[SUCCEEDED] * 100 / counts["targeted"], 1) if counts["targeted"] else 0.0,
            "finished": bool(counts["targeted"]) and sum(counts[name] for name in ENDED) == counts["targeted"],
            "site_summary": summary,
            "devices": [],
        }
        shown = self.params["devices_shown"]
        if shown != "none":
            chosen = (device for device in item.targets() if shown == "all" or device.outcome != SUCCEEDED)
            for device in sorted(chosen, key=lambda device: (device.name.casefold(), device.id or 0)):
                text = None if texts is None else texts.get(device.id or 0)
                found["devices"].append({**device.show(), "description": text})
        return found

    @staticmethod
    def _site_summary(item: Deployment, reader: Reader) -> tuple[dict[str, t.Any] | None, dict[int, str]]:
        """Return the site's own numbers and words, which are as old as they say."""
        found = reader.read_summary(item)
        if found is None:
            return None, {}
        moment, counts = found
        return {"summarized_at": iso(moment), **counts}, reader.read_descriptions(item)
