# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where content is, how far it is, and waiting for it (reference: provider-behaviour 6.3).

The unit is a pair of a package and a distribution point. A pair is installed when its state is 0 and
its source version is that of the package.
"""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from .._cim import wql
from .._cim.instance import Instance
from .._errors import ContentFailed
from .._provider.site import Site
from ._base import Task
from ._content_objects import Item
from ._content_targets import Group, server_of
from ._wait import Progress, wait_for

PAIR = "SMS_DistributionPoint"
HELD = "SMS_DPGroupPackages"
STATUS = "SMS_PackageStatusDistPointsSummarizer"
MESSAGES = "SMS_DistributionDPStatus"
LEAVING = 3
"""SMS_DistributionPoint.Status of a pair that is marked for deletion."""

STATES = {
    0: "installed",
    1: "install_pending",
    2: "install_retrying",
    3: "install_failed",
    4: "removal_pending",
    5: "removal_retrying",
    6: "removal_failed",
    7: "content_updating",
    8: "content_monitoring",
}
NOT_REPORTED = "not_reported"
OUTDATED = "outdated"
"""Installed, but an older version of the source files."""
INSTALLED, INSTALL_PENDING, INSTALL_FAILED, REMOVAL_FAILED = 0, 1, 3, 6
REMOVING = frozenset({4, 5, 6})

STATUS_COLUMNS = ("PackageID", "ServerNALPath", "SiteCode", "State", "SourceVersion", "LastCopied", "SummaryDate")
MESSAGE_COLUMNS = ("ID", "PackageID", "NalPath", "MessageID", "MessageState", "InsString1", "InsString2", "InsString3")
ERRORS = (3, 4)
"""MessageState of an error: 3 in the documentation, 4 on a live site."""

SLACK = datetime.timedelta(seconds=300)
"""How far behind the newest date a later look goes back, for what is summed up late."""
FULL_EVERY = 10
"""Every so many looks all rows are read again, in case the site dates a row wrongly."""
LISTED = 200
"""How many pairs an error lists."""

Key = tuple[str, str]
"""PackageID and NAL path, both folded."""


def key_of(package_id: t.Any, nal_path: t.Any) -> Key:
    """Return the key of a pair."""
    return str(package_id).casefold(), str(nal_path).casefold()


@dataclasses.dataclass
class Pair:
    """One package on one point, as the site sums it up; ``row`` is ``None`` while it says nothing."""

    item: Item
    nal_path: str
    row: Instance | None = None

    @property
    def state(self) -> str:
        """The state in words."""
        if self.row is None:
            return NOT_REPORTED
        number = self.row.number("State")
        if number == INSTALLED and self.version < self.item.version:
            return OUTDATED
        return STATES.get(number, f"state {number}")

    @property
    def version(self) -> int:
        """The version of the source files on the point."""
        return self.row.number("SourceVersion") if self.row is not None else 0

    @property
    def point(self) -> str:
        """The name of the server."""
        return server_of(self.nal_path)

    def show(self) -> dict[str, t.Any]:
        """Return the pair for results."""
        return {
            "package_id": self.item.package_id,
            "name": self.item.name,
            "distribution_point": self.point,
            "state": self.state,
            "source_version": self.version,
        }


def read_pairs(site: Site, package_ids: t.Sequence[str]) -> dict[Key, Instance]:
    """Return what is ordered to be where, removals included, in one query."""
    if not package_ids:
        return {}
    columns = ["PackageID", "ServerNALPath", "SiteCode", "Status"]
    rows = site.query(PAIR, wql.one_of("PackageID", list(package_ids)), columns)
    return {key_of(row.get("PackageID"), row.get("ServerNALPath")): row for row in rows}


def read_held(site: Site, groups: t.Sequence[Group]) -> set[tuple[str, str]]:
    """Return which group holds which package, both folded, in one query."""
    if not groups:
        return set()
    rows = site.query(HELD, wql.one_of("GroupID", [group.group_id for group in groups]), ["GroupID", "PkgID"])
    return {(str(row.get("GroupID")).casefold(), str(row.get("PkgID")).casefold()) for row in rows}


def read_status(site: Site, package_ids: t.Sequence[str], since: str | None = None) -> dict[Key, Instance]:
    """Return how far each pair is, in one query.

    ``since`` (14 digits, UTC) leaves out what did not change since then, and what is still pending: the
    rows that a waiting task learns nothing from, so that a look without news brings none.
    """
    if not package_ids:
        return {}
    where = wql.one_of("PackageID", list(package_ids))
    if since:
        newer = wql.raw(f"SummaryDate >= '{since}.000000+000'", names=("SummaryDate",))
        where = wql.both(where, newer, wql.raw(f"State <> {INSTALL_PENDING}", names=("State",)))
    rows = site.query(STATUS, where, list(STATUS_COLUMNS))
    return {key_of(row.get("PackageID"), row.get("ServerNALPath")): row for row in rows}


def signature(row: Instance | None) -> tuple[str, ...]:
    """Return what changes in a row when its content was sent again."""
    if row is None:
        return ()
    return tuple(str(row.get(name, "")) for name in ("State", "SourceVersion", "SummaryDate", "LastCopied"))


def read_messages(site: Site, package_ids: t.Sequence[str]) -> dict[Key, dict[str, t.Any]]:
    """Return the last message about each pair that failed, in one query."""
    where = wql.both(wql.one_of("PackageID", sorted(package_ids)), wql.one_of("MessageState", ERRORS))
    found = {}
    for row in site.query(MESSAGES, where, list(MESSAGE_COLUMNS)):
        texts = [str(row.get(f"InsString{number}") or "") for number in (1, 2, 3)]
        found[key_of(row.get("PackageID"), row.get("NalPath"))] = {
            "message_id": row.number("MessageID"),
            "message": "; ".join(text for text in texts if text).rstrip(". "),
        }
    return found


class Arrival:
    """Waits until pairs are installed.

    ``stale`` are the signatures of rows as they were before this task sent their content again: such
    a row says nothing yet. One query per look; after the first one only of packages that are not
    everywhere yet, and of rows that changed since.
    """

    def __init__(
        self,
        task: Task,
        pairs: t.Sequence[tuple[Item, str]],
        *,
        status: t.Mapping[Key, Instance] | None = None,
        stale: t.Mapping[Key, tuple[str, ...]] | None = None,
    ) -> None:
        self.task = task
        self._wanted = [(item, path, key_of(item.package_id, path)) for item, path in pairs]
        self._stale = dict(stale or {})
        self._rows: dict[Key, Instance] = dict(status or {})
        self._fresh = status is not None
        self._looks = 0

    def wait(self) -> None:
        """Wait until every pair is installed. Raises ContentFailed and WaitTimeout."""
        wait_for(self.task, self._look, what="content")
        failed = [pair for pair in self.pairs() if self._failed(pair)]
        if failed:
            raise self._failure(failed)

    def pairs(self) -> list[Pair]:
        """Return the pairs as they were last seen."""
        return [Pair(item, path, self._row(key)) for item, path, key in self._wanted]

    def _row(self, key: Key) -> Instance | None:
        row = self._rows.get(key)
        if row is not None and self._stale.get(key) == signature(row):
            return None
        return row

    def _look(self) -> Progress:
        if not self._fresh:
            self._read()
        self._fresh = False
        pairs = self.pairs()
        done = sum(pair.state == STATES[INSTALLED] for pair in pairs)
        failed = sum(self._failed(pair) for pair in pairs)
        summary = f"{done} of {len(pairs)} installed, {failed} failed"
        open_pairs = [pair.show() for pair in pairs if pair.state != STATES[INSTALLED]]
        state = {"wanted": len(pairs), "installed": done, "failed": failed, "pairs": open_pairs[:LISTED]}
        return Progress(done + failed == len(pairs), summary, state)

    def _read(self) -> None:
        if self._looks % FULL_EVERY == 0:
            packages = sorted({item.package_id for item, _path, _key in self._wanted})
            self._rows = read_status(self.task.site, packages)
        else:
            # What failed may be retried by the site, so it is looked at again until nothing is on its way.
            unfinished = [pair for pair in self.pairs() if pair.state != STATES[INSTALLED]]
            packages = sorted({pair.item.package_id for pair in unfinished})
            self._rows.update(read_status(self.task.site, packages, self._since()))
        self._looks += 1

    def _since(self) -> str | None:
        dates = [str(row.get("SummaryDate", ""))[:14] for row in self._rows.values()]
        newest = max((date for date in dates if len(date) == 14 and date.isdigit()), default=None)
        if newest is None:
            return None
        try:
            moment = datetime.datetime.strptime(newest, "%Y%m%d%H%M%S")
            return (moment - SLACK).strftime("%Y%m%d%H%M%S")
        except (ValueError, OverflowError):
            return None

    @staticmethod
    def _failed(pair: Pair) -> bool:
        return pair.state == STATES[INSTALL_FAILED]

    def _failure(self, failed: t.Sequence[Pair]) -> ContentFailed:
        messages = read_messages(self.task.site, sorted({pair.item.package_id for pair in failed}))
        every = self.pairs()
        shown = []
        for pair in failed:
            message = messages.get(key_of(pair.item.package_id, pair.nal_path))
            shown.append({**pair.show(), **(message or {"message_id": None, "message": ""})})
        lines = [
            f"{entry['name']} ({entry['package_id']}) on {entry['distribution_point']}"
            + (f", message {entry['message_id']}: {entry['message']}" if entry["message_id"] else "")
            for entry in shown[:10]
        ]
        more = f"; and {len(shown) - 10} more" if len(shown) > 10 else ""
        done = sum(pair.state == STATES[INSTALLED] for pair in every)
        return ContentFailed(
            f"Content did not arrive ({done} of {len(every)} installed): {'; '.join(lines)}{more}. Mend the cause and "
            "run the task again: it sends what failed once more.",
            wmi_class=STATUS,
            detail={"wanted": len(every), "installed": done, "failed": len(shown), "pairs": shown[:LISTED]},
        )


class Departure:
    """Waits until pairs that were ordered away are gone."""

    def __init__(self, task: Task, pairs: t.Sequence[tuple[Item, str]]) -> None:
        self.task = task
        self._wanted = [(item, path, key_of(item.package_id, path)) for item, path in pairs]

    def wait(self) -> None:
        """Wait until no status row is left. Raises ContentFailed and WaitTimeout."""
        last: list[Pair] = []

        def look() -> Progress:
            rows = read_status(self.task.site, sorted({item.package_id for item, _path, _key in self._wanted}))
            last[:] = [Pair(item, path, rows[key]) for item, path, key in self._wanted if key in rows]
            failed = sum(pair.state == STATES[REMOVAL_FAILED] for pair in last)
            gone = len(self._wanted) - len(last)
            summary = f"{gone} of {len(self._wanted)} removed, {failed} failed"
            left = [pair.show() for pair in last]
            state = {"wanted": len(self._wanted), "removed": gone, "failed": failed, "pairs": left[:LISTED]}
            return Progress(len(last) == failed, summary, state)

        progress = wait_for(self.task, look, what="content to be removed")
        if last:
            shown = ", ".join(f"{pair.item} on {pair.point}" for pair in last[:10])
            raise ContentFailed(
                f"Content could not be removed: {shown}.", wmi_class=STATUS, detail=progress.state
            )
