# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Distribution points and their groups: writes and methods (reference: provider-behaviour 6.1, 6.2)."""

from __future__ import annotations

import typing as t

from ..objects import Obj
from . import content
from .base import Rules
from .errors import ALREADY_EXISTS, FAILED, INVALID_PARAMETER, refuse
from .merge import changed_object
from .packages import BASE

if t.TYPE_CHECKING:
    from ..provider import Site

GROUP = "SMS_DistributionPointGroup"
HELD = "SMS_DPGroupPackages"
MEMBER = "SMS_DPGroupMembers"
LINK = "SMS_DPGroupCollections"


class PointRules(Rules):
    """SMS_DistributionPoint: one package on one point."""

    def create(self, site: Site, obj: Obj) -> Obj:
        """Send a package to a point."""
        package_id, nal_path = str(obj.get("PackageID", "")), str(obj.get("ServerNALPath", ""))
        package = content.package_for(site, package_id, "PutInstance")
        point = content.point_for(site, nal_path, str(obj.get("SiteCode", "")), "PutInstance")
        if content.targeted(site, package_id, nal_path):
            raise refuse(ALREADY_EXISTS, f"{package_id} is on {nal_path} already", operation="PutInstance",
                         parameter="PackageID")
        return content.send(site, package, point)

    def put(self, site: Site, old: Obj, sent: Obj, modified: list[str] | None) -> Obj:
        """Save; RefreshNow sends the files again. The keys, PackageID among them, are fixed."""
        if old.get("Status") == content.DELETED:
            raise refuse(FAILED, f"{site.path_of(old)} is being deleted", operation="PutInstance", parameter="Status")
        made = changed_object(site, old, sent, "PutInstance", modified=modified, lazy_null=site.switches.lazy_null,
                              loose=("LastRefreshTime",))
        again = bool(made.get("RefreshNow"))
        site.store.save(made)
        if again:
            content.send_again(site, made)
        return made

    def delete(self, site: Site, old: Obj) -> None:
        """Take a package from a point."""
        if old.get("Status") == content.DELETED:
            raise refuse(FAILED, f"{site.path_of(old)} is being deleted", operation="DeleteInstance",
                         parameter="Status")
        content.take_away(site, old)


class GroupRules(Rules):
    """The counts of a group follow from its members, packages and collections."""

    def rows(self, site: Site, class_name: str) -> list[Obj] | None:
        """Return the stored groups with their counts."""
        made = []
        for row in site.store.rows(GROUP):
            group_id = str(row.get("GroupID"))
            counts = {name: len(_of(site, owner, group_id)) for name, owner in (
                ("ContentCount", HELD), ("MemberCount", MEMBER), ("CollectionCount", LINK))}
            row.props.update({**counts, "HasMember": counts["MemberCount"] > 0,
                              "HasRelationship": counts["CollectionCount"] > 0})
            made.append(row)
        return made


def _of(site: Site, class_name: str, group_id: str) -> list[Obj]:
    return [row for row in site.store.rows(class_name) if str(row.get("GroupID")).casefold() == group_id.casefold()]


def members(site: Site, group_id: str) -> list[Obj]:
    """Return the points of a group, as the site system list has them."""
    known = content.points(site)
    paths = [str(row.get("DPNALPath")).casefold() for row in _of(site, MEMBER, group_id)]
    return [known[path] for path in paths if path in known]


def _holds(site: Site, group_id: str, package_id: str) -> bool:
    return any(str(row.get("PkgID")).casefold() == package_id.casefold() for row in _of(site, HELD, group_id))


def _group_of(keys: t.Any) -> str:
    return str(keys["GroupID"])


def add_packages(site: Site, keys: t.Any, params: dict[str, t.Any]) -> dict[str, t.Any]:
    """AddPackages: every member gets the packages. One that is there already: unknown, a switch."""
    group_id = _group_of(keys)
    packages = [content.package_for(site, item, "ExecMethod") for item in _listed(params, "PackageIDs")]
    again = [p for p in packages if _holds(site, group_id, str(p.get("PackageID")))]
    if again and site.switches.group_package_again == "refuse":
        raise refuse(FAILED, f"{again[0].get('PackageID')} is in the group already", operation="ExecMethod",
                     parameter="PackageIDs")
    for package in packages:
        site.store.save(Obj(HELD, {"GroupID": group_id, "PkgID": package.get("PackageID")}))
        for point in members(site, group_id):
            if not content.targeted(site, str(package.get("PackageID")), str(point.get("NALPath"))):
                content.send(site, package, point)
    return {"ReturnValue": 0}


def remove_packages(site: Site, keys: t.Any, params: dict[str, t.Any]) -> dict[str, t.Any]:
    """RemovePackages: the members lose the packages unless another group brings them."""
    group_id = _group_of(keys)
    for package_id in _listed(params, "PackageIDs"):
        if not _holds(site, group_id, package_id):
            raise refuse(FAILED, f"{package_id} is not in the group", operation="ExecMethod", parameter="PackageIDs")
        site.store.remove(HELD, (group_id, package_id))
        for point in members(site, group_id):
            path = str(point.get("NALPath"))
            pair = content.pair_of(site, package_id, path)
            if pair is not None and pair.get("Status") != content.DELETED and not _brought(site, package_id, path):
                content.take_away(site, pair)
    return {"ReturnValue": 0}


def _brought(site: Site, package_id: str, nal_path: str) -> bool:
    """Say whether some group holds a package for a point."""
    groups = {str(row.get("GroupID")) for row in site.store.scan(MEMBER)
              if str(row.get("DPNALPath")).casefold() == nal_path.casefold()}
    return any(_holds(site, group_id, package_id) for group_id in groups)


def redistribute(site: Site, keys: t.Any, params: dict[str, t.Any]) -> dict[str, t.Any]:
    """ReDistributePackage: send a package of the group to all members again."""
    group_id, package_id = _group_of(keys), str(params.get("PackageID") or "")
    if not _holds(site, group_id, package_id):
        raise refuse(FAILED, f"{package_id} is not in the group", operation="ExecMethod", parameter="PackageID")
    for point in members(site, group_id):
        pair = content.pair_of(site, package_id, str(point.get("NALPath")))
        if pair is not None:
            content.send_again(site, pair)
    return {"ReturnValue": 0}


def add_points(site: Site, keys: t.Any, params: dict[str, t.Any]) -> dict[str, t.Any]:
    """AddDistributionPoints of a package: site codes and NAL paths side by side."""
    codes, paths = params.get("SiteCode") or [], params.get("NALPath") or []
    if len(codes) != len(paths) or not paths:
        raise refuse(INVALID_PARAMETER, f"{len(codes)} site codes and {len(paths)} NAL paths", operation="ExecMethod",
                     parameter="NALPath")
    package = content.package_for(site, str(keys["PackageID"]), "ExecMethod")
    found = [content.point_for(site, path, code, "ExecMethod") for code, path in zip(codes, paths, strict=True)]
    for point in found:
        if content.targeted(site, str(package.get("PackageID")), str(point.get("NALPath"))):
            raise refuse(FAILED, f"{package.get('PackageID')} is on {point.get('NALPath')} already",
                         operation="ExecMethod", parameter="NALPath")
    for point in found:
        content.send(site, package, point)
    return {"ReturnValue": 0}


def verify(site: Site, _keys: t.Any, params: dict[str, t.Any]) -> dict[str, t.Any]:
    """VerifyPackage: the point looks at its files, and finds them as the switch content_fails says."""
    package_id, path = str(params.get("PackageId") or ""), str(params.get("NALPath") or "")
    pair = content.pair_of(site, package_id, path)
    if pair is None:
        raise refuse(FAILED, f"{package_id} is not on {path}", operation="ExecMethod", parameter="PackageId")
    content.send_again(site, pair, content.MONITORING)
    return {"ReturnValue": 0}


def refresh_source(site: Site, keys: t.Any, _params: dict[str, t.Any]) -> dict[str, t.Any]:
    """RefreshPkgSource: a new version of the files goes to every point that has the package."""
    package = content.package_for(site, str(keys["PackageID"]), "ExecMethod")
    if package.get("PkgSourceFlag") == content.NO_FILES:
        raise refuse(FAILED, f"{package.get('PackageID')} has no source files", operation="ExecMethod",
                     parameter="PkgSourceFlag")
    content.refresh(site, str(package.get("PackageID")))
    return {"ReturnValue": 0}


def _listed(params: dict[str, t.Any], name: str) -> list[str]:
    items = [str(item) for item in params.get(name) or []]
    if not items:
        raise refuse(INVALID_PARAMETER, f"{name} is empty", operation="ExecMethod", parameter=name)
    return items


RULES: dict[str, Rules] = {content.PAIR: PointRules(), GROUP: GroupRules()}
HANDLERS = {
    (BASE, "AddDistributionPoints"): add_points,
    (BASE, "RefreshPkgSource"): refresh_source,
    (content.PAIR, "VerifyPackage"): verify,
    (GROUP, "AddPackages"): add_packages,
    (GROUP, "RemovePackages"): remove_packages,
    (GROUP, "ReDistributePackage"): redistribute,
}
