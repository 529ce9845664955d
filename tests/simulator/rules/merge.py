# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a save does to the stored object, property by property (reference: provider-behaviour 1.4, 2.1, 2.3).

The caller sends the whole object. A property without a value means null, so a client that did not load
a lazy property, or left one out, wipes it: that is done as asked, and noted loudly.
"""

from __future__ import annotations

import typing as t

from ..objects import Obj
from ..schema import SimProp
from .errors import FAILED, INVALID_PARAMETER, INVALID_PROPERTY, refuse
from .values import is_empty

if t.TYPE_CHECKING:
    from ..provider import Site

SEDO = "SedoObjectVersion"
_ZERO = {"boolean": False}


def new_object(site: Site, obj: Obj, operation: str, *, server_keys: t.Collection[str] = ()) -> Obj:
    """Turn what a client sent for a new object into a full one; nothing is filled in that was left out.

    Numbers and booleans that were left out become 0 and false, the rest null. Where the class has another
    default than that, a note says so: a create over WS-Man must not rely on defaults (design rule).
    """
    known = site.schema.get(obj.class_name)
    if known is None:
        raise AssertionError(obj.class_name)
    made = Obj(known.name)
    for prop in known.properties.values():
        value = obj.props.get(prop.name)
        if not is_empty(value) and value != "" and (prop.read_only or prop.name in server_keys):
            raise refuse(FAILED, f"{known.name}.{prop.name} is set by the site", operation=operation,
                         parameter=prop.name)
        if is_empty(value):
            value = _zero(prop)
            if not prop.read_only and prop.default is not None and prop.default not in (value, "", 0):
                site.note("default_not_sent", class_name=known.name, property=prop.name, default=prop.default,
                          became=value)
        made.props[prop.name] = value
    return made


def _zero(prop: SimProp) -> t.Any:
    if prop.array or prop.embedded_class or prop.key:
        return None
    if prop.type.startswith(("uint", "sint", "real")):
        return 0
    return _ZERO.get(prop.type)


def changed_object(
    site: Site, old: Obj, sent: Obj, operation: str, *,
    modified: t.Sequence[str] | None, lazy_null: str, loose: t.Collection[str] = (),
) -> Obj:
    """Return the object after a save of ``sent`` over ``old``.

    ``modified`` is the list of changed properties that came with a Put; a method call has none, there an
    explicit null means "clear" and a missing property is an oversight. ``lazy_null`` is the switch that
    applies to the class: blank, refuse or keep. ``loose`` are read-only properties whose value is ignored.
    """
    known = site.schema.get(old.class_name)
    if known is None:
        raise AssertionError(old.class_name)
    listed = _listed(known.properties, old.class_name, modified, operation)
    made = old.copy()
    for prop in known.properties.values():
        before, after = old.props.get(prop.name), sent.props.get(prop.name)
        if prop.name == SEDO or prop.key or prop.name in loose:
            continue
        if prop.read_only:
            _check_read_only(site, old, prop, before, after, operation)
            continue
        if is_empty(after) and not is_empty(before):
            meant = prop.name in listed if listed is not None else (prop.name in sent.props and prop.array)
            after = _nulled(site, old, prop, before, after, operation, meant, lazy_null)
        elif listed is not None and not same(before, after) and prop.name not in listed:
            after = _unlisted(site, old, prop, before, after, operation)
        made.props[prop.name] = after
    if listed is not None:
        for name in listed:
            if name not in sent.props:
                raise refuse(INVALID_PARAMETER, f"{name} is listed as modified but not in the object",
                             operation=operation, parameter=name)
    return made


def same(before: t.Any, after: t.Any) -> bool:
    """Compare two values; null, an empty array and an empty text are the same."""
    return before == after or ((is_empty(before) or before == "") and (is_empty(after) or after == ""))


def _listed(
    properties: t.Mapping[str, SimProp], class_name: str, modified: t.Sequence[str] | None, operation: str,
) -> set[str] | None:
    if modified is None:
        return None
    spelled = {name.casefold(): name for name in properties}
    found = set()
    for name in modified:
        if name.casefold() not in spelled:
            raise refuse(INVALID_PROPERTY, f"{class_name} has no property {name}", operation=operation, parameter=name)
        found.add(spelled[name.casefold()])
    return found


def _check_read_only(site: Site, old: Obj, prop: SimProp, before: t.Any, after: t.Any, operation: str) -> None:
    if is_empty(after) or same(before, after):
        return
    if site.switches.read_only_change == "refuse":
        raise refuse(FAILED, f"{old.class_name}.{prop.name} is read-only", operation=operation, parameter=prop.name)
    site.note("read_only_ignored", class_name=old.class_name, property=prop.name, key=site.path_of(old))


def _nulled(
    site: Site, old: Obj, prop: SimProp, before: t.Any, after: t.Any, operation: str, meant: bool, lazy_null: str,
) -> t.Any:
    if meant:
        return after
    kind = "lazy_blanked" if prop.lazy else "blanked"
    if before in ("", 0, False):
        return before
    if prop.lazy and lazy_null != "blank":
        if lazy_null == "refuse":
            raise refuse(FAILED, f"Generic failure: {old.class_name}.{prop.name} was not loaded before the save",
                         operation=operation, parameter=prop.name)
        site.note("lazy_kept", class_name=old.class_name, property=prop.name, key=site.path_of(old))
        return before
    site.note(kind, class_name=old.class_name, property=prop.name, key=site.path_of(old), lost=before)
    return None


def _unlisted(site: Site, old: Obj, prop: SimProp, before: t.Any, after: t.Any, operation: str) -> t.Any:
    answer = site.switches.unlisted_change
    if answer == "refuse":
        raise refuse(FAILED, f"{prop.name} differs but is not in the list of modified properties",
                     operation=operation, parameter=prop.name)
    site.note("unlisted_change", class_name=old.class_name, property=prop.name, key=site.path_of(old), done=answer)
    return after if answer == "apply" else before


def check_version(site: Site, old: Obj, sent: Obj, operation: str) -> None:
    """Refuse a save that is based on an old state (provider-behaviour 2.3: the update fails)."""
    stored, given = old.get(SEDO), sent.get(SEDO)
    if stored is None:
        return
    if given is None:
        if site.switches.sedo_missing == "accept":
            site.note("sedo_missing", class_name=old.class_name, key=site.path_of(old))
            return
        raise refuse(FAILED, f"{old.class_name}.{SEDO} is missing", operation=operation, parameter=SEDO)
    if str(given).casefold() != str(stored).casefold():
        raise refuse(FAILED, f"The object was changed by someone else: {SEDO} {given} is not {stored}",
                     operation=operation, parameter=SEDO, ObjectInfo="CObjectLock")
