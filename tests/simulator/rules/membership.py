# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who is in a collection: rules evaluated on the site's clock (reference: provider-behaviour 7.2).

A change of rules and RequestRefresh only put a collection on the list of what is due; the members
follow ``collection_delay`` seconds later, and then those of every collection that depends on it.
User collections are never evaluated.

What other rules call: ``request`` (a collection is to be evaluated), ``devices_changed`` (records
came, went or changed), ``add_direct`` (a direct rule without a client's call), ``members_of``.
"""

from __future__ import annotations

import datetime
import re
import typing as t

from .. import wql, wql_match
from ..objects import Obj, ProviderError
from ..switches import Switches

if t.TYPE_CHECKING:
    from ..provider import Site

COLLECTION = "SMS_Collection"
MEMBERSHIP = "SMS_FullCollectionMembership"
DEVICE = "SMS_R_System"
DIRECT = "SMS_CollectionRuleDirect"
QUERY = "SMS_CollectionRuleQuery"
INCLUDE = "SMS_CollectionRuleIncludeCollection"
EXCLUDE = "SMS_CollectionRuleExcludeCollection"

DEVICES = 2
READY, AWAITING = 1, 5
INCREMENTAL = 4
LIMITING, INCLUDING, EXCLUDING = 1, 2, 3
"""RelationshipType of SMS_CollectionDependencies."""

UNKNOWN = {2046820352: "x86 Unknown Computer (x86 Unknown Computer)",
           2046820353: "x64 Unknown Computer (x64 Unknown Computer)"}
"""The two records that stand for every unknown device; their class is not part of the schema."""

_UNKNOWN_CLASSES = {"sms_r_unknownsystem", "sms_unknownsystem"}
_FROM = re.compile(r"""\bfrom\s+([A-Za-z_]\w*)""", re.IGNORECASE)
_BEYOND = re.compile(r"""\b(join|distinct|order\s+by|datediff|dateadd|getdate|upper|lower|substring)\b|\(\s*select\b""",
                     re.IGNORECASE)
_TEXTS = re.compile(r"""'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*\"""")


# ---- queries ----------------------------------------------------------------------------------

def plain_query(text: str) -> tuple[str, str, bool]:
    """Return the class of a query, its text without the class before each column, and whether it can be evaluated.

    Texts between quotes stay as they are. Raises ProviderError for what is no query of devices or users.
    """
    bare = _TEXTS.sub("''", text)
    found = _FROM.search(bare)
    if not re.match(r"\s*select\b", bare, re.IGNORECASE) or found is None:
        raise wql.bad("Invalid query: SELECT ... FROM is expected", parameter=text[:200])
    owner = found.group(1)
    if not owner.lower().startswith("sms_r_") and owner.lower() not in _UNKNOWN_CLASSES:
        raise wql.bad(f"Invalid query: {owner} is not a class of resources", parameter=owner)
    if _BEYOND.search(bare):
        return owner, text, False
    pieces, at = [], 0
    prefix = re.compile(rf"\b{re.escape(owner)}\.", re.IGNORECASE)
    for match in _TEXTS.finditer(text):
        pieces += [prefix.sub("", text[at:match.start()]), match.group()]
        at = match.end()
    return owner, "".join([*pieces, prefix.sub("", text[at:])]), True


def check_query(site: Site, text: str) -> None:
    """Raise ProviderError for a query that cannot be the rule of a collection.

    Joins with SMS_G_System_ classes and functions are taken as they are.
    """
    owner, plain, simple = plain_query(text)
    if simple and owner.lower() == DEVICE.lower():
        wql_match.Plan(wql.parse(plain, Switches()), site.schema, Switches())


def _queried(site: Site, rule: Obj, collection_id: t.Any) -> set[int]:
    text = str(rule.get("QueryExpression", ""))
    try:
        owner, plain, simple = plain_query(text)
        if owner.lower() in _UNKNOWN_CLASSES:
            return set(UNKNOWN)
        if not simple or owner.lower() != DEVICE.lower():
            site.note("query_not_evaluated", collection=collection_id, rule=rule.get("RuleName"), query=text)
            return set()
        plan = wql_match.Plan(wql.parse(plain, Switches()), site.schema, Switches())
    except ProviderError as problem:
        site.note("query_not_evaluated", collection=collection_id, rule=rule.get("RuleName"), query=text,
                  why=problem.text)
        return set()
    return {int(row.get("ResourceID")) for row in site.store.scan(DEVICE) if plan.accepts(row)}


# ---- members ----------------------------------------------------------------------------------

def members_of(site: Site, collection_id: t.Any) -> dict[int, bool]:
    """Return the members by ResourceID, with whether each is a direct one; for reading only."""
    return t.cast("dict[int, bool]", site.store.side("members").get(_key(collection_id), {}))


def _key(collection_id: t.Any) -> str:
    return str(collection_id).upper()


def _wanted(site: Site, row: Obj) -> dict[int, bool]:
    """Work out who belongs to a collection, going by the members that other collections have now."""
    own = row.get("CollectionID")
    direct: set[int] = set()
    found: set[int] = set()
    out: set[int] = set()
    for rule in row.get("CollectionRules") or ():
        if rule.class_name == DIRECT:
            direct.add(int(rule.get("ResourceID", 0)))
        elif rule.class_name == QUERY:
            found |= _queried(site, rule, own)
        elif rule.class_name == INCLUDE:
            found |= set(members_of(site, rule.get("IncludeCollectionID")))
        elif rule.class_name == EXCLUDE:
            out |= set(members_of(site, rule.get("ExcludeCollectionID")))
    known = {rid for rid in direct if rid in UNKNOWN or site.store.peek(DEVICE, (rid,)) is not None}
    all_of = (known | found) - out
    limit = row.get("LimitToCollectionID")
    if limit:
        all_of &= set(members_of(site, limit))
    return {rid: rid in direct for rid in sorted(all_of)}


def _membership(site: Site, collection_id: str, resource_id: int, is_direct: bool) -> Obj:
    device = site.store.peek(DEVICE, (resource_id,))
    row = Obj(MEMBERSHIP, {
        "CollectionID": collection_id, "ResourceID": resource_id, "IsDirect": is_direct, "ResourceType": 5,
        "SiteCode": site.code, "Name": UNKNOWN.get(resource_id, ""), "IsClient": False, "IsActive": False,
        "IsAssigned": False, "IsObsolete": False, "IsDecommissioned": False, "IsBlocked": False, "IsApproved": 0,
        "Domain": "", "ClientType": None, "ClientVersion": "", "SMSID": "", "IsVirtualMachine": False})
    if device is not None:
        client = bool(device.get("Client"))
        row.props.update({
            "Name": device.get("Name", ""), "Domain": device.get("ResourceDomainORWorkgroup", ""), "IsClient": client,
            "IsActive": bool(device.get("Active")), "IsAssigned": client, "IsObsolete": bool(device.get("Obsolete")),
            "IsDecommissioned": bool(device.get("Decommissioned")), "IsApproved": int(client),
            "ClientType": device.get("ClientType"), "ClientVersion": device.get("ClientVersion", ""),
            "SMSID": device.get("SMSUniqueIdentifier", ""), "IsVirtualMachine": bool(device.get("IsVirtualMachine"))})
    return row


def evaluate(site: Site, collection_id: str) -> bool:
    """Bring the members of one device collection up to date; say whether they changed."""
    row = site.store.find(COLLECTION, (collection_id,))
    if row is None or row.get("CollectionType") != DEVICES:
        return False
    before, after = members_of(site, collection_id), _wanted(site, row)
    for rid in before.keys() - after.keys():
        site.store.remove(MEMBERSHIP, (collection_id, rid))
    for rid, is_direct in after.items():
        if before.get(rid) is not is_direct:
            site.store.save(_membership(site, str(row.get("CollectionID")), rid, is_direct))
    site.store.side("members")[_key(collection_id)] = after
    changed = before.keys() != after.keys()
    row.props.update({"MemberCount": len(after), "LocalMemberCount": len(after), "CurrentStatus": READY})
    if not site.seeding:
        row.props["LastRefreshTime"] = site.now()
        if changed:
            row.props["LastMemberChangeTime"] = site.now()
    site.store.save(row)
    return changed


def forget(site: Site, collection_id: str) -> None:
    """Take away the members of a collection that is deleted."""
    for rid in members_of(site, collection_id):
        site.store.remove(MEMBERSHIP, (collection_id, rid))
    site.store.side("members").pop(_key(collection_id), None)
    site.store.side("collections_due").pop(_key(collection_id), None)


# ---- dependencies -----------------------------------------------------------------------------

def dependencies(row: Obj) -> list[tuple[str, int]]:
    """Return the collections that one depends on, each with the kind of relationship."""
    found = []
    if row.get("LimitToCollectionID"):
        found.append((str(row.get("LimitToCollectionID")), LIMITING))
    for rule in row.get("CollectionRules") or ():
        if rule.class_name == INCLUDE:
            found.append((str(rule.get("IncludeCollectionID")), INCLUDING))
        elif rule.class_name == EXCLUDE:
            found.append((str(rule.get("ExcludeCollectionID")), EXCLUDING))
    return found


def dependents(site: Site, collection_id: str) -> list[Obj]:
    """Return the collections that depend on one."""
    wanted = _key(collection_id)
    return [row for row in site.store.scan(COLLECTION)
            if any(_key(source) == wanted for source, _kind in dependencies(row))]


def within(site: Site, row: Obj, collection_ids: t.Collection[str]) -> bool:
    """Say whether a collection is one of these or limited to one, over any number of steps."""
    found: Obj | None = row
    for _step in range(50):
        if found is None or found.get("CollectionID") in collection_ids:
            return found is not None
        limit = found.get("LimitToCollectionID")
        found = site.store.peek(COLLECTION, (limit,)) if limit else None
    return False


def settle(site: Site, collection_ids: t.Iterable[str]) -> None:
    """Evaluate collections and, as long as members change, what depends on them; a circle comes to an end."""
    waiting = _limits_first(site, list(collection_ids))
    rounds = {name: 0 for name in waiting}
    while waiting:
        name = waiting.pop(0)
        rounds[name] = rounds.get(name, 0) + 1
        if evaluate(site, name):
            for row in dependents(site, name):
                other = _key(row.get("CollectionID"))
                if other not in waiting and rounds.get(other, 0) < 5:
                    waiting.append(other)


def _limits_first(site: Site, names: list[str]) -> list[str]:
    def depth(name: str, seen: frozenset[str] = frozenset()) -> int:
        row = site.store.peek(COLLECTION, (name,))
        limit = row.get("LimitToCollectionID") if row is not None else None
        return 1 + depth(_key(limit), seen | {name}) if limit and _key(limit) not in seen else 0
    return sorted((_key(name) for name in names), key=lambda name: (depth(name), name))


# ---- time -------------------------------------------------------------------------------------

def request(site: Site, collection_id: t.Any) -> None:
    """Ask for an evaluation, which happens ``collection_delay`` seconds from now."""
    row = site.store.find(COLLECTION, (collection_id,))
    if row is None or row.get("CollectionType") != DEVICES:
        return
    row.props["CurrentStatus"] = AWAITING
    site.store.save(row)
    at = site.moment() + datetime.timedelta(seconds=site.switches.collection_delay)
    site.store.side("collections_due")[_key(collection_id)] = at
    evaluate_due(site)


def devices_changed(site: Site) -> None:
    """Records of devices came, went or changed: members that are gone leave at once, incremental collections follow."""
    for name, members in list(site.store.side("members").items()):
        left = {rid: direct for rid, direct in members.items()
                if rid in UNKNOWN or site.store.peek(DEVICE, (rid,)) is not None}
        if len(left) < len(members):
            for rid in members.keys() - left.keys():
                site.store.remove(MEMBERSHIP, (name, rid))
            site.store.side("members")[name] = left
            row = site.store.find(COLLECTION, (name,))
            if row is not None:
                row.props.update({"MemberCount": len(left), "LocalMemberCount": len(left)})
                site.store.save(row)
    for row in site.store.rows(COLLECTION):
        if (row.get("RefreshType") or 0) & INCREMENTAL:
            request(site, row.get("CollectionID"))


def add_direct(site: Site, collection_id: t.Any, resource_id: int, name: str) -> None:
    """Add a direct rule for a device, as importing it into a collection does, and ask for an evaluation."""
    row = site.store.find(COLLECTION, (collection_id,))
    if row is None:
        return
    rules = list(row.get("CollectionRules") or ())
    if all(rule.class_name != DIRECT or rule.get("ResourceID") != resource_id for rule in rules):
        rules.append(Obj(DIRECT, {"RuleName": name, "ResourceClassName": DEVICE, "ResourceID": resource_id}))
        row.props["CollectionRules"] = rules
        site.store.save(row)
    request(site, collection_id)


def evaluate_due(site: Site) -> None:
    """Evaluate what is due by now; the actor of the collections."""
    due = site.store.side("collections_due")
    if not due:
        return
    now = site.moment()
    ripe = [name for name, at in due.items() if at <= now]
    for name in ripe:
        del due[name]
    if ripe:
        settle(site, ripe)


def settle_all(site: Site) -> None:
    """Evaluate every device collection at once, for a seed."""
    settle(site, [str(row.get("CollectionID")) for row in site.store.scan(COLLECTION)])
