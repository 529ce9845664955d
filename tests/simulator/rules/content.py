# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Content on its way to distribution points, and away from them, as time goes by (reference: provider-behaviour 6).

A pair of package and point has two rows: SMS_DistributionPoint says that the point shall have it, and
SMS_PackageStatusDistPointsSummarizer how far that is. What is due next, and when, stands in a side table.
"""

from __future__ import annotations

import datetime
import fnmatch
import typing as t

from ..objects import Dt, Obj
from .errors import FAILED, refuse
from .packages import BASE, TASK_SEQUENCE

if t.TYPE_CHECKING:
    from ..provider import Site

PAIR = "SMS_DistributionPoint"
STATUS = "SMS_PackageStatusDistPointsSummarizer"
SYSTEM = "SMS_SystemResourceList"
ROLE = "SMS Distribution Point"

INSTALLED, PENDING, RETRYING, BROKEN, REMOVING, UPDATING, MONITORING = 0, 1, 2, 3, 4, 7, 8
ADDED, DELETED = 2, 3
NO_FILES = 1
"""PkgSourceFlag of a package without source files."""
DUE = "content_due"


def points(site: Site) -> dict[str, Obj]:
    """Return the distribution points by their NAL path in lower case."""
    return {
        str(row.get("NALPath")).casefold(): row
        for row in site.store.scan(SYSTEM) if row.get("RoleName") == ROLE
    }


def server_of(nal_path: str) -> str:
    r"""Return ``dp1.corp`` for ``["Display=\\dp1.corp\"]MSWNET:["SMS_SITE=PS1"]\\dp1.corp\``."""
    return nal_path.rstrip("\\").rpartition("\\")[2]


def point_for(site: Site, nal_path: str, site_code: str, operation: str) -> Obj:
    """Return the point of a NAL path; path and site code must stand in one row (provider-behaviour 6.1)."""
    row = points(site).get(nal_path.casefold())
    if row is None:
        raise refuse(FAILED, f"There is no distribution point {nal_path}", operation=operation,
                     parameter="ServerNALPath")
    if str(row.get("SiteCode")).casefold() != site_code.casefold():
        raise refuse(FAILED, f"{nal_path} belongs to site {row.get('SiteCode')}, not to {site_code}",
                     operation=operation, parameter="SiteCode")
    return row


def package_for(site: Site, package_id: str, operation: str) -> Obj:
    """Return a package whose files can be distributed; a task sequence has none."""
    row = site.store.peek(BASE, (package_id,))
    if row is None or not site.sees(row):
        raise refuse(FAILED, f"There is no package {package_id}", operation=operation, parameter="PackageID")
    if site.schema.is_a(row.class_name, TASK_SEQUENCE):
        site.note("task_sequence_distributed", package_id=package_id)
        raise refuse(FAILED, f"{package_id} is a task sequence, which has no content of its own", operation=operation,
                     parameter="PackageID")
    return row


def pair_of(site: Site, package_id: str, nal_path: str) -> Obj | None:
    """Return the row of a pair, also one that is being removed."""
    return next((row for row in site.store.scan(PAIR) if _is(row, package_id, nal_path)), None)


def status_of(site: Site, package_id: str, nal_path: str) -> Obj | None:
    """Return how far a pair is."""
    return next((row for row in site.store.scan(STATUS) if _is(row, package_id, nal_path)), None)


def targeted(site: Site, package_id: str, nal_path: str) -> bool:
    """Say whether a point has a package, or is to get it."""
    row = pair_of(site, package_id, nal_path)
    return row is not None and row.get("Status") != DELETED


def send(site: Site, package: Obj, point: Obj) -> Obj:
    """Make a pair and put its content on the way."""
    package_id, nal_path = str(package.get("PackageID")), str(point.get("NALPath"))
    pair = _full(site, PAIR, {
        "PackageID": package_id, "ServerNALPath": nal_path, "SiteCode": point.get("SiteCode"),
        "PackageType": package.get("PackageType"), "ResourceType": point.get("ResourceType"), "Status": ADDED,
        "SourceSite": package.get("SourceSite"), "LastRefreshTime": site.now(), "SecureObjectID": package_id,
        "BitsEnabled": True})
    site.store.save(pair)
    _set_status(site, package, pair, PENDING)
    _plan(site, package_id, nal_path, "arrive")
    return pair


def send_again(site: Site, pair: Obj, state: int = PENDING) -> None:
    """Send the content of a pair again, the same version or a newer one."""
    package = site.store.peek(BASE, (pair.get("PackageID"),))
    if package is not None and pair.get("Status") != DELETED:
        _set_status(site, package, pair, state)
        _plan(site, str(pair.get("PackageID")), str(pair.get("ServerNALPath")), "arrive")


def take_away(site: Site, pair: Obj) -> None:
    """Mark a pair as deleted; it is gone when the files are (provider-behaviour 6.1)."""
    gone = pair.copy()
    gone.props["Status"] = DELETED
    site.store.save(gone)
    package = site.store.peek(BASE, (pair.get("PackageID"),))
    if package is not None:
        _set_status(site, package, pair, REMOVING)
    _plan(site, str(pair.get("PackageID")), str(pair.get("ServerNALPath")), "leave")


def refresh(site: Site, package_id: str) -> None:
    """Make a new version of a package's files and send it wherever the package is."""
    package = site.store.find(BASE, (package_id,))
    if package is None:
        return
    package.props["SourceVersion"] = int(package.get("SourceVersion", 0)) + 1
    package.props.update({"SourceDate": site.now(), "LastRefreshTime": site.now()})
    site.store.save(package)
    for pair in site.store.rows(PAIR):
        if str(pair.get("PackageID")).casefold() == package_id.casefold():
            send_again(site, pair, UPDATING)


def actor(site: Site) -> None:
    """Let content arrive, fail and vanish that is due."""
    due = site.store.side(DUE)
    if not due:
        return
    now = site.moment()
    for key in sorted(due):
        while key in due and due[key][0] <= now:
            when, what = due.pop(key)
            _settle(site, key, when, what)


def _settle(site: Site, key: tuple[str, str], when: datetime.datetime, what: str) -> None:
    pair = pair_of(site, *key)
    package = site.store.peek(BASE, (key[0],))
    if pair is None:
        return
    if what == "leave" or package is None:
        site.store.remove(PAIR, site.store.key_of(pair))
        status = status_of(site, *key)
        if status is not None:
            site.store.remove(STATUS, site.store.key_of(status))
        return
    if _fails(site, *key):
        # One retry, then it gives up.
        _set_status(site, package, pair, RETRYING if what == "arrive" else BROKEN, when)
        if what == "arrive":
            _plan(site, *key, "retry", when)
        return
    _set_status(site, package, pair, INSTALLED, when)
    done = pair.copy()
    done.props.update({"Status": 0, "RefreshNow": False, "LastRefreshTime": _stamp(when)})
    site.store.save(done)


def _fails(site: Site, package_id: str, nal_path: str) -> bool:
    """Say whether the switch content_fails names the pair, as ``PS100010@dp1.corp`` with ``*`` for anything."""
    wanted = f"{package_id}@{server_of(nal_path)}".casefold()
    words = str(site.switches.content_fails).replace(",", " ").split()
    return any(fnmatch.fnmatchcase(wanted, word.casefold()) for word in words)


def _plan(
    site: Site, package_id: str, nal_path: str, what: str, start: datetime.datetime | None = None,
) -> None:
    when = (start or site.moment()) + datetime.timedelta(seconds=int(site.switches.content_delay))
    site.store.side(DUE)[(package_id.casefold(), nal_path.casefold())] = (when, what)


def _set_status(
    site: Site, package: Obj, pair: Obj, state: int, when: datetime.datetime | None = None,
) -> None:
    stamp = _stamp(when or site.moment())
    row = status_of(site, str(pair.get("PackageID")), str(pair.get("ServerNALPath")))
    row = row.copy() if row is not None else _full(site, STATUS, {
        "PackageID": pair.get("PackageID"), "ServerNALPath": pair.get("ServerNALPath"),
        "SiteCode": pair.get("SiteCode"), "PackageType": pair.get("PackageType"),
        "SecureObjectID": pair.get("PackageID")})
    row.props.update({"State": state, "SummaryDate": stamp, "SourceNALPath": package.get("PkgSourcePath", "")})
    if state == INSTALLED:
        row.props.update({"SourceVersion": package.get("SourceVersion"), "LastCopied": stamp})
    site.store.save(row)


def _stamp(when: datetime.datetime) -> Dt:
    return Dt(when.strftime("%Y%m%d%H%M%S.000000+***"))


def _is(row: Obj, package_id: str, nal_path: str) -> bool:
    return (str(row.get("PackageID")).casefold() == package_id.casefold()
            and str(row.get("ServerNALPath")).casefold() == nal_path.casefold())


def _full(site: Site, class_name: str, values: dict[str, t.Any]) -> Obj:
    known = site.schema.get(class_name)
    if known is None:
        raise AssertionError(class_name)
    row = Obj(known.name, {name: None for name in known.properties})
    for prop in known.properties.values():
        if prop.default is not None and not prop.array:
            row.props[prop.name] = Dt(prop.default) if prop.type == "datetime" else prop.default
        elif prop.type.startswith(("uint", "sint")) and not prop.array:
            row.props[prop.name] = 0
    row.props.update(values)
    return row
