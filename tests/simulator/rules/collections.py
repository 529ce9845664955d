# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Collections and their rules (reference: provider-behaviour 7.2); who is in them: membership."""

from __future__ import annotations

import re
import typing as t

from ..objects import Obj, ProviderError
from . import membership, values
from .base import Rules
from .errors import ALREADY_EXISTS, FAILED, refuse
from .membership import COLLECTION, DEVICES, DIRECT, EXCLUDE, INCLUDE, QUERY
from .merge import changed_object, new_object

if t.TYPE_CHECKING:
    from ..provider import Site

FIRST_NUMBER = 0x14
DEPENDENCIES = "SMS_CollectionDependencies"
_OTHER = {INCLUDE: "IncludeCollectionID", EXCLUDE: "ExcludeCollectionID"}
_TIMES = ("LastChangeTime", "LastMemberChangeTime", "LastRefreshTime")
_COLUMNS = "SMS_R_SYSTEM.ResourceID,SMS_R_SYSTEM.ResourceType,SMS_R_SYSTEM.Name,SMS_R_SYSTEM.SMSUniqueIdentifier," \
           "SMS_R_SYSTEM.ResourceDomainORWorkgroup,SMS_R_SYSTEM.Client"


class CollectionRules(Rules):
    """SMS_Collection."""

    def create(self, site: Site, obj: Obj) -> Obj:
        """Create a collection. The SDK marks CollectionType as read-only, but every tool sets it here."""
        kind = obj.props.pop("CollectionType", None)
        made = new_object(site, obj, "PutInstance", server_keys=("CollectionID",))
        if kind not in (1, DEVICES):
            raise refuse(FAILED, f"CollectionType is {kind}, a new collection is of type 1 or 2",
                         operation="PutInstance", parameter="CollectionType")
        now = site.now()
        collection_id = f"{site.code}{site.store.count('collection', FIRST_NUMBER):05X}"
        made.props.update({
            "CollectionType": kind, "CollectionID": collection_id, "IsBuiltIn": False, "OwnedByThisSite": True,
            "MemberCount": 0, "LocalMemberCount": 0, "MemberClassName": f"SMS_CM_RES_COLL_{collection_id}",
            "CurrentStatus": membership.READY, "ObjectPath": "/", **{name: now for name in _TIMES}})
        self._check(site, made, None)
        made.props["CollectionRules"] = [check_rule(site, made, rule) for rule in made.get("CollectionRules") or ()] \
            or None
        _count(made)
        site.store.save(made)
        membership.request(site, collection_id)
        return t.cast(Obj, site.store.find(COLLECTION, (collection_id,)))

    def put(self, site: Site, old: Obj, sent: Obj, modified: list[str] | None) -> Obj:
        """Save a collection; the name of the limiting one follows from its ID."""
        _refuse_built_in(old, "PutInstance", "changed")
        made = changed_object(site, old, sent, "PutInstance", modified=modified, lazy_null=site.switches.lazy_null,
                              loose=_TIMES)
        self._check(site, made, old)
        before = old.get("CollectionRules") or []
        rules = made.get("CollectionRules") or []
        if rules != before:
            made.props["CollectionRules"] = [rule if rule in before else check_rule(site, made, rule)
                                             for rule in rules] or None
        made.props["LastChangeTime"] = site.now()
        _count(made)
        site.store.save(made)
        if rules != before or made.get("LimitToCollectionID") != old.get("LimitToCollectionID"):
            membership.request(site, made.get("CollectionID"))
        if made.get("Name") != old.get("Name"):
            for row in membership.dependents(site, str(made.get("CollectionID"))):
                if row.get("LimitToCollectionID") == made.get("CollectionID"):
                    changed = row.copy()
                    changed.props["LimitToCollectionName"] = made.get("Name")
                    site.store.save(changed)
        return t.cast(Obj, site.store.find(COLLECTION, (made.get("CollectionID"),)))

    def delete(self, site: Site, old: Obj) -> None:
        """Delete a collection with its deployments; a limiting one stays [K]."""
        _refuse_built_in(old, "DeleteInstance", "deleted")
        collection_id = str(old.get("CollectionID"))
        others = membership.dependents(site, collection_id)
        limited = [str(row.get("Name")) for row in others if row.get("LimitToCollectionID") == collection_id]
        if limited:
            raise refuse(FAILED, f"{old.get('Name')} is the limiting collection of {', '.join(limited)}",
                         operation="DeleteInstance", parameter="LimitToCollectionID")
        for row in site.store.rows("SMS_Advertisement"):
            if row.get("CollectionID") == collection_id:
                site.store.remove("SMS_Advertisement", (row.get("AdvertisementID"),))
                site.note("cascade", key=site.path_of(row), because=site.path_of(old))
        site.store.remove("SMS_CollectionSettings", (collection_id,))
        for row in site.store.rows("SMS_ObjectContainerItem"):
            if row.get("InstanceKey") == collection_id:
                site.store.remove("SMS_ObjectContainerItem", (row.get("MemberID"),))
        membership.forget(site, collection_id)
        site.store.remove(COLLECTION, (collection_id,))
        for row in others:
            left = row.copy()
            left.props["CollectionRules"] = [rule for rule in left.get("CollectionRules") or ()
                                             if rule.get(_OTHER.get(rule.class_name, "RuleName")) != collection_id] \
                or None
            _count(left)
            site.store.save(left)
            membership.request(site, left.get("CollectionID"))

    @staticmethod
    def _check(site: Site, obj: Obj, old: Obj | None) -> None:
        name = obj.get("Name", "")
        if not name or len(name) > site.switches.name_limit:
            raise refuse(FAILED, f"Name {name[:20]!r} is empty or too long", operation="PutInstance", parameter="Name")
        values.check_qualifiers(site.schema, obj, "PutInstance", skip=("CollectionID",))
        own = obj.get("CollectionID")
        twin = next((row for row in site.store.scan(COLLECTION) if row.get("CollectionID") != own
                     and str(row.get("Name")).casefold() == name.casefold()), None)
        if twin is not None and site.switches.duplicate_collections == "refuse":
            raise refuse(ALREADY_EXISTS, f"There is a collection {name} already", operation="PutInstance",
                         parameter="Name")
        limit = obj.get("LimitToCollectionID")
        if old is not None and limit == old.get("LimitToCollectionID"):
            return
        other = _other(site, obj, limit, "LimitToCollectionID")
        _refuse_circle(site, obj, other, "LimitToCollectionID")
        obj.props["LimitToCollectionName"] = other.get("Name")


class DependencyRules(Rules):
    """SMS_CollectionDependencies, computed."""

    def rows(self, site: Site, class_name: str) -> list[Obj] | None:
        """Return what depends on what, as far as the caller sees the collections."""
        return [Obj(DEPENDENCIES, {"DependentCollectionID": row.get("CollectionID"), "SourceCollectionID": source,
                                   "RelationshipType": kind})
                for row in site.store.scan(COLLECTION) if site.sees(row)
                for source, kind in membership.dependencies(row)]


def _count(row: Obj) -> None:
    kinds = [kind for _source, kind in membership.dependencies(row)]
    row.props["IncludeExcludeCollectionsCount"] = len([kind for kind in kinds if kind != membership.LIMITING])
    row.props["IsReferenceCollection"] = not row.get("LimitToCollectionID")


def _refuse_built_in(row: Obj, operation: str, what: str) -> None:
    if row.get("IsBuiltIn"):
        raise refuse(FAILED, f"{row.get('Name')} is built in and cannot be {what}", operation=operation,
                     parameter="IsBuiltIn")


def _other(site: Site, obj: Obj, collection_id: t.Any, where: str) -> Obj:
    found = site.store.peek(COLLECTION, (collection_id,)) if collection_id else None
    if found is None or not site.sees(found):
        raise refuse(FAILED, f"There is no collection {collection_id or '(none given)'}", operation="PutInstance",
                     parameter=where)
    if found.get("CollectionType") != obj.get("CollectionType"):
        # Reference: provider-classes, SMS_Collection.CollectionType.
        raise refuse(FAILED, f"{found.get('Name')} is a collection of another type", operation="PutInstance",
                     parameter=where)
    return found


def _refuse_circle(site: Site, obj: Obj, other: Obj, where: str) -> None:
    own = str(obj.get("CollectionID")).upper()
    waiting, seen = [str(other.get("CollectionID")).upper()], set()
    while waiting:
        name = waiting.pop()
        if name == own:
            raise refuse(FAILED, f"{obj.get('Name')} and {other.get('Name')} would depend on each other",
                         operation="PutInstance", parameter=where)
        row = site.store.peek(COLLECTION, (name,))
        if row is not None and name not in seen:
            seen.add(name)
            waiting += [source.upper() for source, _kind in membership.dependencies(row)]


# ---- rules ------------------------------------------------------------------------------------

def check_rule(site: Site, owner: Obj, rule: Obj) -> Obj:
    """Return a new rule as it is stored: checked, a query with its ID and the text that the site makes of it."""
    made = rule.copy()
    if rule.class_name == DIRECT:
        rid = rule.get("ResourceID", 0)
        if rule.get("ResourceClassName") != membership.DEVICE or (
                rid not in membership.UNKNOWN and site.store.peek(membership.DEVICE, (rid,)) is None):
            raise refuse(FAILED, f"There is no {rule.get('ResourceClassName')} {rid}", operation="ExecMethod",
                         parameter="ResourceID")
    elif rule.class_name == QUERY:
        text = str(rule.get("QueryExpression", ""))
        membership.check_query(site, text)
        made.props.update({"QueryID": site.store.count("collection_query"), "QueryExpression": _stored(site, text)})
    elif rule.class_name in _OTHER:
        column = _OTHER[rule.class_name]
        other = _other(site, owner, rule.get(column), column)
        _refuse_circle(site, owner, other, column)
    else:
        raise refuse(FAILED, f"{rule.class_name} is no rule", operation="ExecMethod", parameter="collectionRule")
    return made


def _stored(site: Site, text: str) -> str:
    """Return a query as the site stores it: "might alter the text of the query to make it more amenable" [D]."""
    if site.switches.collection_queries == "keep":
        return text
    return re.sub(r"\bselect\s+\*\s+from\s+SMS_R_System\b", f"select {_COLUMNS} from  SMS_R_System", text, count=1,
                  flags=re.IGNORECASE)


def _same(one: Obj, other: Obj) -> bool:
    if one.class_name != other.class_name:
        return False
    # Reference: SMS_CollectionRuleQuery.QueryID, "only useful when deleting a rule".
    column = {DIRECT: "ResourceID", QUERY: "QueryID", **_OTHER}[one.class_name]
    return one.get(column) is not None and one.get(column) == other.get(column)


def _row(site: Site, keys: t.Mapping[str, t.Any], what: str) -> Obj:
    row = t.cast(Obj, site.store.find(COLLECTION, (keys["CollectionID"],)))
    _refuse_built_in(row, "ExecMethod", what)
    return row


def _may_write(site: Site, row: Obj) -> None:
    from . import access

    access.check_write(site, site.account, "ExecMethod", site.path_of(row))


def add_rules(site: Site, keys: t.Mapping[str, t.Any], params: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """SMS_Collection.AddMembershipRules, and AddMembershipRule: all or none."""
    row = _row(site, keys, "changed")
    _may_write(site, row)
    single = "collectionRule" in params
    given = [params["collectionRule"]] if single else params.get("collectionRules") or []
    rules = list(row.get("CollectionRules") or ())
    ids = []
    for rule in given:
        if any(_same(rule, other) for other in rules if rule.class_name != QUERY):
            site.note("duplicate_rule", collection=row.get("CollectionID"), rule=rule.get("RuleName"))
            ids.append(0)
            continue
        made = check_rule(site, row, rule)
        rules.append(made)
        ids.append(made.get("QueryID", 0))
    _save_rules(site, row, rules)
    return {"QueryID": ids[0]} if single else {"QueryIDs": ids}


def delete_rules(site: Site, keys: t.Mapping[str, t.Any], params: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """SMS_Collection.DeleteMembershipRules, and DeleteMembershipRule: all or none."""
    row = _row(site, keys, "changed")
    _may_write(site, row)
    given = [params["collectionRule"]] if "collectionRule" in params else params.get("collectionRules") or []
    rules = list(row.get("CollectionRules") or ())
    for rule in given:
        found = next((other for other in rules if _same(rule, other)), None)
        if found is None:
            raise refuse(FAILED, f"{row.get('Name')} has no such rule {rule.get('RuleName')}", operation="ExecMethod",
                         parameter="collectionRule")
        rules.remove(found)
    _save_rules(site, row, rules)
    return {}


def _save_rules(site: Site, row: Obj, rules: list[Obj]) -> None:
    row.props.update({"CollectionRules": rules or None, "LastChangeTime": site.now()})
    _count(row)
    site.store.save(row)
    if site.switches.rule_changes == "evaluate":
        membership.request(site, row.get("CollectionID"))


def request_refresh(site: Site, keys: t.Mapping[str, t.Any], _params: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """SMS_Collection.RequestRefresh."""
    row = t.cast(Obj, site.store.find(COLLECTION, (keys["CollectionID"],)))
    _may_write(site, row)
    membership.request(site, keys["CollectionID"])
    return {}


def validate_query(site: Site, _keys: t.Any, params: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """SMS_CollectionRuleQuery.ValidateQuery: true or false."""
    try:
        membership.check_query(site, str(params.get("WQLQuery") or ""))
    except ProviderError:
        return {"ReturnValue": False}
    return {"ReturnValue": True}


HANDLERS = {
    (COLLECTION, "AddMembershipRule"): add_rules,
    (COLLECTION, "AddMembershipRules"): add_rules,
    (COLLECTION, "DeleteMembershipRule"): delete_rules,
    (COLLECTION, "DeleteMembershipRules"): delete_rules,
    (COLLECTION, "RequestRefresh"): request_refresh,
    (QUERY, "ValidateQuery"): validate_query,
}
RULES: dict[str, Rules] = {COLLECTION: CollectionRules(), DEPENDENCIES: DependencyRules()}
