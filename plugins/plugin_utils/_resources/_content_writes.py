# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The writes behind content (reference: provider-behaviour 6.1, 6.2).

One request per group (AddPackages, RemovePackages), one per object for all its points
(AddDistributionPoints), one per object for a refresh, two per pair that is sent again (RefreshNow is a
property, so the row is read and saved), one per pair that is removed.
"""

from __future__ import annotations

import typing as t

from .._cim.instance import Instance, Value
from .._errors import ConfigMgrError, GateRefused, NotAsWritten
from .._provider.closure import TASK_SEQUENCE
from .._provider.site import Site, relative_path
from ._content_objects import Item
from ._content_plan import Work
from ._content_state import INSTALL_FAILED, PAIR, Key, key_of, read_held, read_pairs, read_status, signature
from ._content_targets import GROUP, Group, Point, server_of


class Writer:
    """Carries a plan out. ``status`` is how far each pair was before; what was sent again shows there."""

    def __init__(self, site: Site, status: t.Mapping[Key, Instance]) -> None:
        self.site = site
        self.status = status

    def carry_out(self, work: Work) -> None:
        """Write everything, and look whether the orders are there."""
        for item in work.refresh:
            self._refresh(item)
        for group, items in work.group_add:
            self._group(group, "AddPackages", items, held=True)
        for item, points in work.point_add:
            self._add(item, points)
        for group, item in work.group_resend:
            self._send_group_again(group, item)
        for item, path, site_code in work.point_resend:
            self._send_again(item, path, site_code)
        for item, path in work.verify:
            params: dict[str, Value] = {"PackageId": item.package_id, "NALPath": path}
            # Nothing that can be read shows the order, so a lost answer stays unknown; a rerun orders it again.
            self._call(f"verify {item} on {server_of(path)}", PAIR, "VerifyPackage", params, None)
        for group, items in work.group_remove:
            self._group(group, "RemovePackages", items, held=False)
        for item, point in work.point_remove:
            self.site.delete(PAIR, self._keys(item, point.nal_path, point.site_code))
        self._verify(work)

    @staticmethod
    def _keys(item: Item, nal_path: str, site_code: str) -> dict[str, str | int]:
        return {"PackageID": item.package_id, "ServerNALPath": nal_path, "SiteCode": site_code}

    def _refresh(self, item: Item) -> None:
        if item.package_type == TASK_SEQUENCE:
            # The call would leave the task sequence inoperable (provider-behaviour 2.1).
            raise GateRefused(f"{item} is a task sequence; its references are refreshed, never it itself.")

        def settle() -> bool:
            now = self.site.get(item.class_name, {"PackageID": item.package_id})
            if now.number("SourceVersion") > item.version:
                return True
            # The site counts up when it has taken the files in: that it has not yet decides nothing.
            raise ConfigMgrError(f"the site does not show yet that {item} is refreshed")

        self._call(
            f"refresh {item}", item.class_name, "RefreshPkgSource", {}, {"PackageID": item.package_id}, settle=settle
        )

    def _group(self, group: Group, method: str, items: t.Sequence[Item], *, held: bool) -> None:
        ids = [item.package_id for item in items]

        def settle() -> bool | None:
            now = read_held(self.site, [group])
            there = [(group.group_id.casefold(), package_id.casefold()) in now for package_id in ids]
            return True if all(there) == held and any(there) == held else None

        what = f"{'add' if held else 'remove'} {len(ids)} objects {'to' if held else 'from'} the group {group.name}"
        self._call(what, GROUP, method, {"PackageIDs": list(ids)}, {"GroupID": group.group_id}, settle=settle)

    def _add(self, item: Item, points: t.Sequence[Point]) -> None:
        def settle() -> bool | None:
            return None if self._missing(item, points) else True

        names = ", ".join(point.name for point in points)
        params: dict[str, Value] = {
            "SiteCode": [point.site_code for point in points],
            "NALPath": [point.nal_path for point in points],
        }
        keys: dict[str, str | int] = {"PackageID": item.package_id}
        what = f"distribute {item} to {names}"
        self._call(what, item.class_name, "AddDistributionPoints", params, keys, settle=settle)

    def _missing(self, item: Item, points: t.Sequence[Point]) -> list[Point]:
        rows = read_pairs(self.site, [item.package_id])
        return [point for point in points if key_of(item.package_id, point.nal_path) not in rows]

    def _send_again(self, item: Item, nal_path: str, site_code: str) -> None:
        keys = self._keys(item, nal_path, site_code)
        body = self.site.writable(self.site.get(PAIR, keys), {"RefreshNow": True})

        def send() -> bool:
            self.site.cim.put(body, keys=keys, modified=["RefreshNow"])
            return True

        # The site takes the mark back when it has seen it, so what is stored in the pair proves nothing.
        self.site.write(
            f"send {item} to {server_of(nal_path)} again",
            send,
            settle=lambda: self._is_sent(item, [nal_path]),
            wmi_class=PAIR,
            path=relative_path(PAIR, keys),
        )

    def _send_group_again(self, group: Group, item: Item) -> None:
        what = f"send {item} to the group {group.name} again"
        params: dict[str, Value] = {"PackageID": item.package_id}

        def settle() -> bool:
            return self._is_sent(item, group.members)

        self._call(what, GROUP, "ReDistributePackage", params, {"GroupID": group.group_id}, settle=settle)

    def _is_sent(self, item: Item, paths: t.Iterable[str]) -> bool:
        """Look whether an object is under way again. That nothing shows yet decides nothing, so that raises."""
        now = read_status(self.site, [item.package_id])
        for key in (key_of(item.package_id, path) for path in paths):
            row = now.get(key)
            moved = row is not None and signature(row) != signature(self.status.get(key))
            if moved and row is not None and row.number("State") != INSTALL_FAILED:
                return True
        raise ConfigMgrError(f"the site does not show yet that {item} was sent again")

    def _call(
        self,
        what: str,
        class_name: str,
        method: str,
        params: dict[str, Value],
        keys: t.Mapping[str, str | int] | None,
        *,
        settle: t.Callable[[], bool | None] | None = None,
    ) -> None:
        def send() -> bool:
            value = self.site.cim.invoke(class_name, method, params, keys=keys).return_value
            if value not in (0, None):
                raise NotAsWritten(
                    f"'{what}': {class_name}.{method} returned {str(value)[:50]} instead of 0.",
                    wmi_class=class_name,
                    method=method,
                    attempted=what,
                )
            return True

        self.site.write(what, send, settle=settle, wmi_class=class_name, method=method)

    def _verify(self, work: Work) -> None:
        """Look whether the site shows the orders, one query for the points and one for the groups."""
        lacking = []
        if work.point_add:
            rows = read_pairs(self.site, sorted(item.package_id for item, _points in work.point_add))
            lacking += [
                f"{item} on {point.name}"
                for item, points in work.point_add
                for point in points
                if key_of(item.package_id, point.nal_path) not in rows
            ]
        if work.group_add:
            held = read_held(self.site, [group for group, _items in work.group_add])
            lacking += [
                f"{item} in the group {group.name}"
                for group, items in work.group_add
                for item in items
                if (group.group_id.casefold(), item.package_id.casefold()) not in held
            ]
        if lacking:
            raise NotAsWritten(
                f"The site took the order but does not show it: {', '.join(lacking[:10])}.", wmi_class=PAIR
            )
