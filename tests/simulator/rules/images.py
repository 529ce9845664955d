# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Boot images, images, upgrade packages and driver packages: objects whose source the site reads itself.

Files do not exist here. What a WIM file holds is what the site's object with that path says, or the
side table ``files`` (path to ImageProperty), or else one image named after the file. Whether the path
can be read is the switch ``source_access``. A boot image is built in the background, step by step on the
site's clock, under the ContextID that the caller gives; a caller that gives none cannot follow it and
finds it done at once.
"""

from __future__ import annotations

import datetime
import typing as t
from xml.sax.saxutils import escape

from ..objects import Obj
from . import content, locks
from .base import Rules
from .errors import ACCESS_DENIED, FAILED, refuse
from .merge import changed_object, new_object
from .packages import PackageRules, check_package, check_save, next_package_id, stamp_new, stamp_saved

if t.TYPE_CHECKING:
    from ..provider import Site

BOOT = "SMS_BootImagePackage"
IMAGE = "SMS_ImagePackage"
UPGRADE = "SMS_OperatingSystemInstallPackage"
DRIVERS = "SMS_DriverPackage"
READ_BY_SITE = (BOOT, IMAGE, UPGRADE)
DRIVER_REFERENCE = "SMS_BootImagePackage_DriverRef"
COMPONENT = "SMS_WinPEOptionalComponentInfo"
COMPONENT_IN_IMAGE = "SMS_WinPEOptionalComponentInBootImage"

WINDOWS_ACCESS_DENIED = 0x80070005
COMPLETE, RUNNING, FAILED_STATUS, NO_STATUS = range(4)
STEPS = ("Preparing the image", "Mounting the image", "Adding drivers", "Adding components", "Adding site files",
         "Committing the image")
DUE = "image_due"
STATUS = "image_status"
FILES = "files"


def denied(site: Site, path: str) -> bool:
    """Say whether the site is refused at a path: the switch is a word, or the beginnings of paths."""
    answer = str(site.switches.source_access)
    if answer in ("allowed", "denied"):
        return answer == "denied"
    starts = [item.strip().casefold() for item in answer.split(";") if item.strip()]
    return any(path.casefold().startswith(start) for start in starts)


def check_source(site: Site, path: str, operation: str, parameter: str) -> None:
    """Refuse where the site may not read a path."""
    if not denied(site, path):
        return
    if site.switches.source_denied_as == "wmi":
        raise refuse(ACCESS_DENIED, f"Access denied: {path}", operation=operation, parameter=parameter)
    raise refuse(FAILED, f"Access is denied. {path}", operation=operation, parameter=parameter,
                 code=WINDOWS_ACCESS_DENIED, ObjectInfo=path)


def source_of(obj: Obj) -> str:
    """Return the path that the site reads."""
    return str(obj.get("ImagePath" if obj.class_name == BOOT else "PkgSourcePath") or "")


def metadata_of(site: Site, path: str) -> str:
    """Return what a file holds."""
    said = site.store.side(FILES).get(path.casefold())
    if said:
        return str(said)
    for class_name in READ_BY_SITE:
        for row in site.store.scan(class_name):
            if source_of(row).casefold() == path.casefold() and row.get("ImageProperty"):
                return str(row.get("ImageProperty"))
    last = path.rstrip("\\").rpartition("\\")[2]
    name = escape(last.removesuffix(".wim"))
    return (f'<WIM><IMAGE index="1"><Property Name="Image name">{name}</Property><Property Name="Architecture">X64'
            '</Property><Property Name="OS version">10.0.26100.1</Property></IMAGE></WIM>')


def read_file(site: Site, obj: Obj) -> None:
    """Put into an object what the site finds in its file."""
    text = metadata_of(site, source_of(obj))
    obj.props["ImageProperty"] = text
    if obj.class_name == BOOT:
        obj.props["Architecture"] = "0" if ">X86<" in text else "9"
        obj.props["ImageOSVersion"] = text.partition('"OS version">')[2].partition("<")[0]


def _own_file(obj: Obj) -> str:
    path = source_of(obj)
    stem, dot, ending = path.rpartition(".")
    return f"{stem}.{obj.get('PackageID')}.{ending}" if dot else f"{path}.{obj.get('PackageID')}"


class ImageRules(PackageRules):
    """The classes whose source the site reads."""

    def create(self, site: Site, obj: Obj) -> Obj:
        """Register an object; without ImageProperty the site opens the file."""
        made = new_object(site, obj, "PutInstance", server_keys=("PackageID",))
        check_package(site, made, "PutInstance")
        path = source_of(made)
        column = "ImagePath" if made.class_name == BOOT else "PkgSourcePath"
        if not path.startswith("\\\\"):
            raise refuse(FAILED, f"{column} must be a UNC path", operation="PutInstance", parameter=column)
        stamp_new(site, made)
        made.props["PackageID"] = next_package_id(site)
        given = made.get("ImageProperty") if made.class_name in READ_BY_SITE else None
        if not given:
            check_source(site, path, "PutInstance", column)
        if made.class_name in READ_BY_SITE:
            if given:
                site.store.side(FILES)[path.casefold()] = given
            read_file(site, made)
        if made.class_name == BOOT:
            made.props["PkgSourcePath"] = _own_file(made)
            site.store.save(made)
            build(site, made, str(made.get("ContextID") or ""), False)
        site.store.save(made)
        return made

    def put(self, site: Site, old: Obj, sent: Obj, modified: list[str] | None) -> Obj:
        """Save an object; another source is opened unless its metadata come along."""
        check_save(site, old, sent, "PutInstance")
        made = changed_object(site, old, sent, "PutInstance", modified=modified, lazy_null=site.switches.lazy_null,
                              loose=("NumOfPrograms",))
        check_package(site, made, "PutInstance")
        if source_of(made).casefold() != source_of(old).casefold():
            if made.get("ImageProperty") == old.get("ImageProperty"):
                check_source(site, source_of(made), "PutInstance", "PkgSourcePath")
                # What the other file holds is known only once ReloadImageProperties has been called.
                site.store.side(FILES)[source_of(made).casefold()] = metadata_of(site, source_of(made))
            if made.class_name == BOOT:
                made.props["PkgSourcePath"] = _own_file(made)
        stamp_saved(site, made)
        site.store.save(made)
        return made


class DriverReferenceRules(Rules):
    """Which drivers are in which boot image: computed."""

    def rows(self, site: Site, class_name: str) -> list[Obj] | None:
        """Return one row per driver of a boot image."""
        return [
            Obj(DRIVER_REFERENCE, {"CI_ID": item.get("ID"), "PkgID": image.get("PackageID"),
                                   "SourcePath": item.get("SourcePath")})
            for image in site.store.scan(BOOT) for item in image.get("ReferencedDrivers") or ()
        ]


class ComponentInImageRules(Rules):
    """Which components are in which boot image: computed."""

    def rows(self, site: Site, class_name: str) -> list[Obj] | None:
        """Return one row per component of a boot image."""
        known = {row.get("UniqueID"): row for row in site.store.scan(COMPONENT)}
        made = []
        for image in site.store.scan(BOOT):
            for number in image.get("OptionalComponents") or ():
                row = known.get(number)
                if row is not None:
                    shared = ("Architecture", "Name", "IsRequired", "Size", "DependentIds", "DependentComponentNames")
                    made.append(Obj(COMPONENT_IN_IMAGE, {"PackageID": image.get("PackageID"), "ComponentID": number,
                                                         **{name: row.get(name) for name in shared}}))
        return made


# ---- building in the background ------------------------------------------------------------------


def build(site: Site, image: Obj, context: str, refresh: bool) -> None:
    """Begin to build a boot image; with ``refresh`` it becomes a new version of the content in the end."""
    package_id = str(image.get("PackageID"))
    if not context:
        if refresh:
            content.refresh(site, package_id)
        return
    seconds = int(site.switches.image_delay)
    began = site.moment()
    site.store.side(STATUS)[context] = (package_id, began, seconds)
    site.store.side(DUE)[context] = (began + datetime.timedelta(seconds=seconds), package_id, refresh)
    actor(site)


def actor(site: Site) -> None:
    """Finish what is due."""
    due = site.store.side(DUE)
    if not due:
        return
    now = site.moment()
    for key in [key for key, (when, _package_id, _refresh) in due.items() if when <= now]:
        _when, package_id, refresh = due.pop(key)
        if refresh and _broken(site, package_id) is None:
            content.refresh(site, package_id)


def _broken(site: Site, package_id: str) -> str | None:
    """Return the folder of a driver that the site may not read."""
    image = site.store.find(BOOT, (package_id,))
    drivers = (image.get("ReferencedDrivers") or ()) if image is not None else ()
    return next((str(item.get("SourcePath")) for item in drivers if denied(site, str(item.get("SourcePath")))), None)


def refresh_boot_image(site: Site, keys: t.Any, params: dict[str, t.Any]) -> dict[str, t.Any]:
    """RefreshPkgSource with a ContextID."""
    image = _row(site, BOOT, keys)
    locks.check(site, image, "ExecMethod")
    check_source(site, source_of(image), "ExecMethod", "RefreshPkgSource")
    context = str(params.get("ContextID") or "")
    if context:
        image.props["ContextID"] = context
        site.store.save(image)
    build(site, image, context, True)
    return {"ReturnValue": 0}


def _refresh(class_name: str) -> t.Callable[..., dict[str, t.Any]]:
    def handler(site: Site, keys: t.Any, _params: dict[str, t.Any]) -> dict[str, t.Any]:
        row = _row(site, class_name, keys)
        locks.check(site, row, "ExecMethod")
        check_source(site, source_of(row), "ExecMethod", "RefreshPkgSource")
        seconds = int(site.switches.source_delay)
        if seconds:
            package_id = str(row.get("PackageID"))
            site.store.side(DUE)[package_id] = (site.moment() + datetime.timedelta(seconds=seconds), package_id, True)
        else:
            content.refresh(site, str(row.get("PackageID")))
        return {"ReturnValue": 0}

    return handler


def query_status(site: Site, _keys: t.Any, params: dict[str, t.Any]) -> dict[str, t.Any]:
    """QueryOSDBinaryInjectionStatus: how far a boot image is."""
    known = site.store.side(STATUS).get(params.get("ContextID"))
    answer: dict[str, t.Any] = {"Status": NO_STATUS, "Progress": 0, "MaxProgress": 0, "ProgressText": "",
                                "ErrorCode": 0, "ExtendedErrorInfo": "", "ReturnValue": 0}
    if known is None:
        return answer
    package_id, began, seconds = known
    passed = (site.moment() - began).total_seconds()
    step = len(STEPS) if passed >= seconds else int(passed * len(STEPS) / seconds)
    broken = _broken(site, package_id)
    if broken is not None and step >= STEPS.index("Adding drivers"):
        return {**answer, "Status": FAILED_STATUS, "Progress": STEPS.index("Adding drivers"), "MaxProgress": len(STEPS),
                "ProgressText": "Adding drivers", "ErrorCode": 5, "ExtendedErrorInfo": broken}
    done = step == len(STEPS)
    return {**answer, "Status": COMPLETE if done else RUNNING, "Progress": step, "MaxProgress": len(STEPS),
            "ProgressText": "" if done else STEPS[step]}


def forget_status(site: Site, _keys: t.Any, params: dict[str, t.Any]) -> dict[str, t.Any]:
    """DeleteContextID."""
    site.store.side(STATUS).pop(params.get("ContextID"), None)
    return {"ReturnValue": 0}


def get_properties(site: Site, _keys: t.Any, params: dict[str, t.Any]) -> dict[str, t.Any]:
    """GetImageProperties: read a file without changing anything."""
    path = str(params.get("SourceImagePath") or "")
    check_source(site, path, "ExecMethod", "SourceImagePath")
    return {"ImageProperty": metadata_of(site, path), "ReturnValue": 0}


def _reload(class_name: str) -> t.Callable[..., dict[str, t.Any]]:
    def handler(site: Site, keys: t.Any, _params: dict[str, t.Any]) -> dict[str, t.Any]:
        row = _row(site, class_name, keys)
        locks.check(site, row, "ExecMethod")
        check_source(site, source_of(row), "ExecMethod", "ReloadImageProperties")
        read_file(site, row)
        stamp_saved(site, row)
        site.store.save(row)
        return {"ReturnValue": 0}

    return handler


def _row(site: Site, class_name: str, keys: t.Any) -> Obj:
    found = site.store.find(class_name, (dict(keys)["PackageID"],))
    if found is None:
        raise AssertionError(keys)
    return found


RULES: dict[str, Rules] = {
    **{name: ImageRules() for name in (BOOT, IMAGE, UPGRADE, DRIVERS)},
    DRIVER_REFERENCE: DriverReferenceRules(),
    COMPONENT_IN_IMAGE: ComponentInImageRules(),
}
HANDLERS = {
    (BOOT, "RefreshPkgSource"): refresh_boot_image,
    (BOOT, "QueryOSDBinaryInjectionStatus"): query_status,
    (BOOT, "DeleteContextID"): forget_status,
    **{(name, "RefreshPkgSource"): _refresh(name) for name in (IMAGE, UPGRADE, DRIVERS)},
    **{(name, "GetImageProperties"): get_properties for name in READ_BY_SITE},
    **{(name, "ReloadImageProperties"): _reload(name) for name in READ_BY_SITE},
}
