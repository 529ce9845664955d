# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the site says about content: computed from the rows of the pairs (reference: provider-behaviour 6.3)."""

from __future__ import annotations

import typing as t
import zlib

from ..objects import Obj
from . import content
from .base import Rules
from .packages import BASE, TASK_SEQUENCE

if t.TYPE_CHECKING:
    from ..provider import Site

ROOT = "SMS_PackageStatusRootSummarizer"
DETAIL = "SMS_PackageStatusDetailSummarizer"
POINT_STATUS = "SMS_DistributionDPStatus"
POINT_DETAILS = "SMS_DPStatusDetails"
SUMMARY = "SMS_DistributionStatus"
OBJECT = "SMS_ObjectContentInfo"
OBJECT_EXTRA = "SMS_ObjectContentExtraInfo"
POINT_CONTENT = "SMS_DPContentInfo"
CLASSES = (ROOT, DETAIL, POINT_STATUS, POINT_DETAILS, SUMMARY, OBJECT, OBJECT_EXTRA, POINT_CONTENT)

OBJECT_TYPES = {0: 2, 3: 23, 5: 24, 8: 31, 257: 18, 258: 19, 259: 14}
"""PackageType to the number of the secured class (SMS_DistributionPoint.ObjectTypeID)."""
SUCCESS, IN_PROGRESS = 1, 2
MESSAGES = {SUCCESS: (2330, 0x40000000), IN_PROGRESS: (2323, 0x40000000)}
FAILURE = (2302, 0xC0000000)


class StatusRules(Rules):
    """The classes that count and tell."""

    def rows(self, site: Site, class_name: str) -> list[Obj] | None:
        """Compute the rows of one class."""
        packages = [row for row in site.store.scan(BASE) if not site.schema.is_a(row.class_name, TASK_SEQUENCE)]
        pairs: dict[str, list[Obj]] = {}
        for row in site.store.scan(content.STATUS):
            pairs.setdefault(str(row.get("PackageID")), []).append(row)
        made = []
        for package in packages:
            found = pairs.get(str(package.get("PackageID")), [])
            made.extend(BUILDERS[class_name](site, class_name, package, found))
        return made


def _counts(pairs: list[Obj]) -> dict[str, int]:
    states = [row.get("State", 0) for row in pairs]
    return {"Targeted": sum(state not in (4, 5, 6) for state in states), "Installed": states.count(0),
            "Retrying": states.count(2) + states.count(5), "Failed": states.count(3) + states.count(6)}


def _root(site: Site, class_name: str, package: Obj, pairs: list[Obj]) -> t.Iterator[Obj]:
    yield Obj(class_name, {
        "PackageID": package.get("PackageID"), "Name": package.get("Name"), "SourceSite": package.get("SourceSite"),
        "SourceVersion": package.get("SourceVersion"), "SourceDate": package.get("SourceDate"),
        "SourceSize": package.get("PackageSize"), "SourceCompressedSize": 0, **_counts(pairs)})


def _detail(site: Site, class_name: str, package: Obj, pairs: list[Obj]) -> t.Iterator[Obj]:
    yield Obj(class_name, {
        "PackageID": package.get("PackageID"), "Name": package.get("Name"), "SiteCode": site.code, "SiteName": "",
        "SourceVersion": package.get("SourceVersion"),
        "SummaryDate": max((str(row.get("SummaryDate")) for row in pairs), default=None), **_counts(pairs)})


def _state(site: Site, row: Obj) -> int:
    """MessageState of a pair: the documentation says 3 for an error, a report from live sites 4."""
    state = row.get("State", 0)
    if state == content.INSTALLED:
        return SUCCESS
    return int(site.switches.content_error_state) if state in (3, 6) else IN_PROGRESS


def _point_status(site: Site, class_name: str, package: Obj, pairs: list[Obj]) -> t.Iterator[Obj]:
    details = class_name == POINT_DETAILS
    for row in pairs:
        state = _state(site, row)
        number, severity = MESSAGES.get(state, FAILURE)
        path = str(row.get("ServerNALPath"))
        server = content.server_of(path)
        key = zlib.crc32(f"{row.get('PackageID')}{path}".casefold().encode())
        values: dict[str, t.Any] = {
            "ID": key, "PackageID": row.get("PackageID"), "SiteCode": row.get("SiteCode"), "MessageState": state,
            "MessageID": number, "MessageSeverity": severity, "MessageFullID": severity | number,
            "MessageCategory": state, "InsString1": package.get("Name"), "InsString2": f"\\\\{server}",
            "InsString3": "The network path was not found." if state not in (SUCCESS, IN_PROGRESS) else None,
        }
        values.update(
            {"DPName": server, "NALPath": path, "LastStatusTime": row.get("SummaryDate"), "StatusMsgID": key}
            if details else
            {"Name": server, "NalPath": path, "LastUpdateDate": row.get("SummaryDate"), "LastStatusID": key,
             "ObjectID": package.get("PackageID"), "ObjectTypeID": OBJECT_TYPES.get(row.get("PackageType", 0)),
             "ResourceType": "Windows NT Server", "GroupCount": 0, "IsPeerDP": False})
        yield Obj(class_name, values)


def _summary(site: Site, class_name: str, package: Obj, pairs: list[Obj]) -> t.Iterator[Obj]:
    states = [_state(site, row) for row in pairs]
    for state in sorted(set(states)):
        yield Obj(class_name, {
            "ObjectID": package.get("PackageID"), "PackageID": package.get("PackageID"), "MessageCategory": state,
            "Type": state, "Assets": states.count(state),
            "ObjectTypeID": OBJECT_TYPES.get(package.get("PackageType", 0)),
            "LastUpdateDate": max((str(row.get("SummaryDate")) for row in pairs), default=None)})


def _object(site: Site, class_name: str, package: Obj, pairs: list[Obj]) -> t.Iterator[Obj]:
    states = [_state(site, row) for row in pairs]
    kind = package.get("PackageType", 0)
    model = None
    if kind == 8:
        model = next((row.get("ModelName") for row in site.store.scan("SMS_ApplicationLatest")
                      if row.get("PackageID") == package.get("PackageID")), None)
    yield Obj(class_name, {
        "ObjectID": model or package.get("PackageID"), "PackageID": package.get("PackageID"),
        "SoftwareName": package.get("Name"), "Description": package.get("Description"),
        "ObjectType": 512 if model else kind, "ObjectTypeID": OBJECT_TYPES.get(kind), "FeatureType": kind,
        "SourceSite": package.get("SourceSite"), "SourceSize": package.get("PackageSize"),
        "SourceVersion": package.get("SourceVersion"), "DateCreated": package.get("SourceDate"),
        "LastUpdateDate": max((str(row.get("SummaryDate")) for row in pairs), default=None),
        "Targeted": _counts(pairs)["Targeted"], "NumberSuccess": states.count(SUCCESS),
        "NumberInProgress": states.count(IN_PROGRESS), "NumberUnknown": 0,
        "NumberErrors": len([state for state in states if state not in (SUCCESS, IN_PROGRESS)])})


def _point_content(site: Site, class_name: str, package: Obj, pairs: list[Obj]) -> t.Iterator[Obj]:
    whole = next(_object(site, OBJECT, package, pairs), None)
    for row in pairs if whole is not None else ():
        yield Obj(class_name, {
            "NALPath": row.get("ServerNALPath"), "ObjectID": whole.get("ObjectID"), "Name": package.get("Name"),
            "PackageID": package.get("PackageID"), "ObjectType": whole.get("ObjectType"),
            "ObjectTypeID": whole.get("ObjectTypeID"), "Description": package.get("Description"),
            "SourceSize": package.get("PackageSize"), "IsPredefinedPackage": bool(package.get("IsPredefinedPackage"))})


Builder = t.Callable[[t.Any, str, Obj, "list[Obj]"], t.Iterator[Obj]]
BUILDERS: dict[str, Builder] = {
    ROOT: _root, DETAIL: _detail, POINT_STATUS: _point_status, POINT_DETAILS: _point_status, SUMMARY: _summary,
    OBJECT: _object, OBJECT_EXTRA: _object, POINT_CONTENT: _point_content,
}
RULES: dict[str, Rules] = {name: StatusRules() for name in CLASSES}
