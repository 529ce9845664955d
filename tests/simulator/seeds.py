# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Seed files: YAML that lists what a site holds when a test begins.

``site`` names it, ``accounts`` limits accounts, ``objects`` has one list of rows per class, and
``devices`` and ``collection_rules`` say who is in which collection (see device_seeds), and
``task_sequences`` lists packages with their steps (``sequence_xml`` or ``steps`` of raw classes), which
are saved through SetSequence. Properties that a row leaves out get what a grown site would show.
"""

from __future__ import annotations

import dataclasses
import functools
import pathlib
import typing as t
import uuid

import yaml

from . import device_seeds
from .objects import Dt, Obj
from .rules import access, collections, membership, values
from .rules.advertisements import FIRST_NUMBER, time_flags
from .schema import Schema, SimClass
from .store import Store

FOLDER = pathlib.Path(__file__).parent / "seed"
OPERATION = "Seed"
OLD_DATE = Dt("20250106080000.000000+***")


@dataclasses.dataclass(frozen=True)
class Seeded:
    """A loaded seed; ``store`` is never handed out itself, only snapshots of it."""

    store: Store
    code: str
    server: str
    accounts: dict[str, access.Account]


def pristine(seed: str, mdt: bool) -> Seeded:
    """Return a seed by the name of a file in seed/ or by path, loaded once per process."""
    path = pathlib.Path(seed)
    if path.suffix not in (".yml", ".yaml"):
        path = FOLDER / f"{seed}.yml"
    return _load(str(path.resolve()), path.stat().st_mtime_ns, mdt)


@functools.lru_cache(maxsize=16)
def _load(path: str, _changed: int, mdt: bool) -> Seeded:
    from .provider import Site  # the provider loads seeds itself

    data = _read(pathlib.Path(path))
    site = Site.blank(mdt)
    facts = data["site"]
    site.code, site.server = facts["code"], facts["server"]
    for class_name, rows in (data.get("objects") or {}).items():
        for row in rows:
            site.store.save(_row(site.schema, class_name, row, facts))
    for row in device_seeds.rows(data.get("devices") or ()):
        site.store.save(_row(site.schema, membership.DEVICE, row, facts))
    device_seeds.add_rules(site.store, data.get("collection_rules") or {})
    membership.settle_all(site)
    for item in data.get("applications") or ():
        _application(site, item, facts)
    _derive(site.store)
    _content(site, data.get("content") or {}, facts)
    for item in data.get("task_sequences") or ():
        _task_sequence(site, item, facts)
    for row in data.get("advertisements") or ():
        site.store.save(_row(site.schema, "SMS_Advertisement", row, facts))
    _counters(site.store, site.code)
    accounts = {}
    for name, item in (data.get("accounts") or {}).items():
        limits = item.get("collections")
        accounts[name.casefold()] = access.Account(
            name, item.get("rights", "full"), tuple(item.get("scopes", (access.ALL,))),
            None if limits is None else tuple(limits))
    return Seeded(site.store, site.code, site.server, accounts)


def _read(path: pathlib.Path) -> dict[str, t.Any]:
    """Read a file; with ``include`` (a name or a list of them) what other files in the same folder hold comes first."""
    with open(path, encoding="utf-8") as stream:
        data = yaml.load(stream, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    if "include" not in data:
        return t.cast("dict[str, t.Any]", data)
    named = data.pop("include")
    parts = [*(_read(path.parent / name) for name in ([named] if isinstance(named, str) else named)), data]
    objects: dict[str, list[t.Any]] = {}
    whole: dict[str, t.Any] = {}
    for part in parts:
        for name, rows in (part.pop("objects", None) or {}).items():
            objects.setdefault(name, []).extend(rows)
        for name, value in part.items():
            whole[name] = [*whole[name], *value] if isinstance(whole.get(name), list) else value
    return {**whole, "objects": objects}


def build(schema: Schema, class_name: str, data: t.Mapping[str, t.Any]) -> Obj:
    """Make an object of plain data; a mapping inside names its class under ``class``."""
    known = values.known_class(schema, class_name, OPERATION)
    props: dict[str, t.Any] = {}
    for name, value in data.items():
        prop = known.prop(name)
        props[name] = _value(schema, prop.embedded_class if prop else None, value)
    return values.canonical(schema, Obj(known.name, props), OPERATION)


def _value(schema: Schema, embedded: str | None, value: t.Any) -> t.Any:
    if isinstance(value, list):
        return [_value(schema, embedded, item) for item in value]
    if isinstance(value, dict):
        rest = {name: item for name, item in value.items() if name != "class"}
        return build(schema, value.get("class", embedded), rest)
    return value


def _row(schema: Schema, class_name: str, data: t.Mapping[str, t.Any], facts: t.Mapping[str, t.Any]) -> Obj:
    given = build(schema, class_name, data)
    known = t.cast(SimClass, schema.get(class_name))
    row = Obj(known.name, {name: None for name in known.properties})
    for prop in known.properties.values():
        if prop.default is not None and not prop.array and not prop.embedded_class:
            row.props[prop.name] = Dt(prop.default) if prop.type == "datetime" else prop.default
        elif prop.type == "boolean" and not prop.array:
            row.props[prop.name] = False
        elif prop.type.startswith(("uint", "sint")) and not prop.array and not prop.key:
            row.props[prop.name] = 0
    row.props.update(_grown(schema, known, facts))
    row.props.update(given.props)
    if schema.is_a(known.name, "SMS_Advertisement"):
        row.props["TimeFlags"] = time_flags(row)
    if "SedoObjectVersion" in row.props:
        name = ".".join(str(row.get(key)) for key in known.keys)
        row.props["SedoObjectVersion"] = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{known.name}.{name}"))
    return row


def _grown(schema: Schema, known: SimClass, facts: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """What any row of a grown site shows where the seed says nothing."""
    common: dict[str, t.Any] = {
        "SourceSite": facts["code"], "SecuredScopeNames": [access.DEFAULT], "LastRefreshTime": OLD_DATE,
        "SourceDate": OLD_DATE, "DateCreated": OLD_DATE, "DateLastModified": OLD_DATE, "CreatedDate": OLD_DATE,
        "LastChangeTime": OLD_DATE, "LastMemberChangeTime": OLD_DATE, "ObjectPath": "/", "IsVersionCompatible": True,
        "IsLatest": True, "IsEnabled": True, "SourceVersion": 1, "Priority": 2, "ShareType": 1,
        "ForcedDisconnectNumRetries": 2, "IsSupported": True, "OwnedByThisSite": True,
    }
    texts = {"Name", "Description", "Language", "Manufacturer", "Version", "Comment"}
    common.update({name: "" for name in texts})
    return {name: value for name, value in common.items()
            if (prop := known.prop(name)) is not None and not prop.key and prop.name == name}


def _application(site: t.Any, item: t.Mapping[str, t.Any], facts: t.Mapping[str, t.Any]) -> None:
    """Make both rows of an application, earlier revisions included, and its content package."""
    scope = f"ScopeId_{str(uuid.uuid5(uuid.NAMESPACE_DNS, facts['server'])).upper()}"
    model = f"{scope}/Application_{uuid.uuid5(uuid.NAMESPACE_OID, item['name'] + item.get('version', ''))}"
    revision = item.get("revision", 1)
    common = {
        "LocalizedDisplayName": item["name"], "SoftwareVersion": item.get("version", ""),
        "Manufacturer": item.get("manufacturer", ""), "LocalizedDescription": item.get("description", ""),
        "ModelName": model, "ModelID": item["ci_id"], "HasContent": bool(item.get("package_id")),
        "PackageID": item.get("package_id", ""), "CreatedBy": "CORP\\admin",
        "NumberOfDeploymentTypes": item.get("deployment_types", 1), "IsDeployable": item.get("deployable", True),
        "CIType_ID": 10, "IsExpired": item.get("retired", False),
        "SecuredScopeNames": item.get("scopes", [access.DEFAULT]),
    }
    for number in range(1, revision + 1):
        latest = number == revision
        row = {**common, "CI_ID": item["ci_id"] + number - 1, "CIVersion": number, "IsLatest": latest,
               "CI_UniqueID": f"{model}/{number}"}
        site.store.save(_row(site.schema, "SMS_Application", row, facts))
        if latest:
            site.store.save(_row(site.schema, "SMS_ApplicationLatest", row, facts))
    if item.get("package_id"):
        content = {"PackageID": item["package_id"], "Name": item["name"], "PackageType": 8, "PkgSourceFlag": 2}
        site.store.save(_row(site.schema, "SMS_ContentPackage", content, facts))


def _content(site: t.Any, data: t.Mapping[str, t.Any], facts: t.Mapping[str, t.Any]) -> None:
    """Make the distribution rows: everything is on the one point except ``missing``; ``failed`` did not arrive."""
    if not data:
        return
    for package in site.store.rows("SMS_PackageBaseclass"):
        package_id = package.get("PackageID")
        targeted = package_id not in data.get("missing", ()) and package.get("PkgSourceFlag") != 1
        installed = targeted and package_id not in data.get("failed", ())
        common = {"PackageID": package_id, "SourceVersion": package.get("SourceVersion")}
        if not targeted:
            continue
        place = {"ServerNALPath": data["point"], "SiteCode": facts["code"]}
        kind = package.get("PackageType")
        site.store.save(_row(site.schema, "SMS_PackageStatusDistPointsSummarizer", {
            **common, **place, "State": 0 if installed else 3, "PackageType": kind, "LastCopied": OLD_DATE,
            "SummaryDate": OLD_DATE}, facts))
        site.store.save(_row(site.schema, "SMS_DistributionPoint", {
            "PackageID": package_id, **place, "PackageType": kind, "ResourceType": "Windows NT Server"}, facts))


def _derive(store: Store) -> None:
    """Fill in what one row takes from another."""
    for package in store.rows("SMS_Package"):
        owned = [row for row in store.rows("SMS_Program") if row.get("PackageID") == package.get("PackageID")]
        for program in owned:
            program.props.update({"PackageName": package.get("Name"), "PackageVersion": package.get("Version"),
                                  "PackageType": 0})
            store.save(program)
        package.props["NumOfPrograms"] = len(owned)
        store.save(package)


def _counters(store: Store, code: str) -> None:
    """Let the counters go on behind the highest number in use."""
    for class_name, key, counter in (("SMS_PackageBaseclass", "PackageID", "package"),
                                     ("SMS_Advertisement", "AdvertisementID", "advertisement"),
                                     (membership.COLLECTION, "CollectionID", "collection")):
        numbers = [int(text[3:], 16) for row in store.scan(class_name)
                   if (text := str(row.get(key))).startswith(code) and len(text) == 8]
        store.raise_counter(counter, max(numbers, default=0) + 1)
    store.raise_counter("advertisement", FIRST_NUMBER)
    store.raise_counter("collection", collections.FIRST_NUMBER)
    store.raise_counter("assignment", 16777220 + len(store.scan("SMS_Advertisement")))


def _named(store: Store, value: t.Any) -> t.Any:
    """Put model names in the place of ``@application <name> <version>``."""
    if isinstance(value, dict):
        return {name: _named(store, item) for name, item in value.items()}
    if isinstance(value, list):
        return [_named(store, item) for item in value]
    if isinstance(value, str) and value.startswith("@application "):
        wanted = value.removeprefix("@application ")
        for row in store.scan("SMS_ApplicationLatest"):
            if f"{row.get('LocalizedDisplayName')} {row.get('SoftwareVersion')}" == wanted:
                return row.get("ModelName")
        raise ValueError(f"the seed has no application {wanted}")
    return value


def _task_sequence(site: t.Any, item: t.Mapping[str, t.Any], facts: t.Mapping[str, t.Any]) -> None:
    """Save one task sequence through the site's own methods, under the PackageID that the seed gives."""
    item = _named(site.store, item)
    sequence_class = "SMS_TaskSequence"
    package_class = "SMS_TaskSequencePackage"
    if "sequence_xml" in item:
        imported = site.invoke(site.namespace, package_class, "ImportSequence", None,
                               {"SequenceXML": item["sequence_xml"]})
        sequence = imported["TaskSequence"]
    else:
        sequence = build(site.schema, sequence_class, {"Steps": item.get("steps") or []})
    full = _row(site.schema, package_class, item["package"], facts)
    package_id = str(full.get("PackageID"))
    known = t.cast(SimClass, site.schema.get(package_class))
    for prop in known.properties.values():
        if prop.read_only:
            full.props.pop(prop.name, None)
    site.store.set_counter("package", int(package_id[3:], 16))
    site.invoke(site.namespace, package_class, "SetSequence", None,
                {"TaskSequencePackage": full, "TaskSequence": sequence})
    stored = site.store.find(package_class, (package_id,))
    stored.props.update({"SourceDate": OLD_DATE, "LastRefreshTime": OLD_DATE, "ActionInProgress": 1,
                         "SecuredScopeNames": item["package"].get("SecuredScopeNames") or [access.DEFAULT],
                         "SedoObjectVersion": str(uuid.uuid5(uuid.NAMESPACE_OID, package_id))})
    site.store.save(stored)
