# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a task sequence presents itself to people: Software Center, the warning of high impact, the icon.

The properties exist on newer sites only and are known from live objects, not from documentation
(reference: provider-behaviour 2.3), so each is used only where the site shows it. Every key of a
mapping is managed by itself: what is omitted stays as it is.
"""

from __future__ import annotations

import hashlib
import typing as t

from .._cim.instance import Instance, Value
from .._errors import InvalidInput, Problem
from .._plan import Plan
from .._provider import names
from .._provider.site import Site, equal

CLASS = "SMS_TaskSequencePackage"
PNG = b"\x89PNG\r\n\x1a\n"
LARGEST_ICON = 20_000
"""Bytes. Each is an element of its own in the request, about 20 bytes of its 500 KB."""
CUSTOM_TEXTS = "CustomHighImpactSet"
"""Tells that the warning has texts of its own; its meaning is inferred from its name."""


class _Field(t.NamedTuple):
    """An option, the property that carries it, and what it may hold."""

    prop: str
    form: t.Literal["text", "flag", "number"]
    limit: int


GROUPS: dict[str, dict[str, _Field]] = {
    "software_center": {
        "name": _Field("LocalizedTaskSequenceName", "text", 255),
        "description": _Field("LocalizedTaskSequenceDescription", "text", 512),
        "restart_required": _Field("RestartRequired", "flag", 1),
        "download_size_mb": _Field("EstimatedDownloadSizeMB", "number", 2**31 - 1),
        "run_time_minutes": _Field("EstimatedRunTimeMinutes", "number", 2**31 - 1),
    },
    "high_impact": {
        "enabled": _Field("HighImpactTaskSequence", "flag", 1),
        "headline": _Field("CustomHighImpactHeadline", "text", 255),
        "top": _Field("CustomHighImpactWarningTop", "text", 255),
        "warning": _Field("CustomHighImpactWarning", "text", 255),
        "install": _Field("CustomHighImpactWarningInstall", "text", 255),
    },
}
RULE = _Field("PreDownloadRule", "text", 4000)
OPTIONS = (*GROUPS, "pre_download_rule", "icon")


def check(params: t.Mapping[str, t.Any]) -> list[Problem]:
    """Return what is wrong with the options themselves; the icon's file is looked at by :func:`icon_of`."""
    problems = []
    for group, fields in GROUPS.items():
        for key, value in (params.get(group) or {}).items():
            fault = None if value is None else _fault(fields[key], value)
            if fault:
                problems.append(Problem(f"{group}.{key}", names.shown(str(value)), fault))
    rule = params.get("pre_download_rule")
    fault = _fault(RULE, rule) if rule is not None else None
    if fault:
        problems.append(Problem("pre_download_rule", names.shown(str(rule)), fault))
    return problems


def _fault(field: _Field, value: t.Any) -> str | None:
    if field.form == "text":
        return names.fault_in_memo(value, field.limit)
    if field.form == "number" and not 0 <= value <= field.limit:
        return f"must be a number from 0 to {field.limit}"
    return None


def icon_of(content: bytes, name: str) -> list[int]:
    """Return the bytes of an icon for the wire. Raises :class:`InvalidInput` for anything but a small PNG picture."""
    if not content.startswith(PNG):
        raise InvalidInput([Problem("icon", name, "is not a PNG picture")])
    if len(content) > LARGEST_ICON:
        rule = f"has {len(content)} bytes, at most {LARGEST_ICON} fit into a request; use a smaller picture"
        raise InvalidInput([Problem("icon", name, rule)])
    return list(content)


class Presentation:
    """The options of a play; ``icon`` is the content of the file, empty to take the icon away."""

    def __init__(self, params: t.Mapping[str, t.Any], icon: list[int] | None) -> None:
        self.params = params
        self.icon = icon
        self._wanted = dict(self._fields())

    def _fields(self) -> t.Iterator[tuple[str, tuple[_Field, t.Any]]]:
        for group, fields in GROUPS.items():
            given = self.params.get(group) or {}
            for key, field in fields.items():
                if given.get(key) is not None:
                    yield f"{group}.{key}", (field, given[key])
        if self.params.get("pre_download_rule") is not None:
            yield "pre_download_rule", (RULE, self.params["pre_download_rule"])

    @property
    def properties(self) -> list[str]:
        """The properties that the play needs."""
        found = [field.prop for field, _value in self._wanted.values()]
        if any(field in _texts() for field, _value in self._wanted.values()):
            found.append(CUSTOM_TEXTS)
        return found + (["Icon", "IconSize"] if self.icon is not None else [])

    def compare(self, plan: Plan, live: Instance | None, site: Site) -> None:
        """Record what differs. Raises :class:`InvalidInput` for what this site does not have.

        A new object costs a request for the site's own definition of the class, when the play needs any
        of these properties.
        """
        needed = self.properties
        if not needed:
            return
        known = set(live.properties) if live is not None else set(site.cim.get_class(CLASS).properties)
        folded = {name.casefold() for name in known}
        missing = [name for name in needed if name.casefold() not in folded]
        if missing:
            self._refuse(missing, site)
        for option, (field, value) in self._wanted.items():
            held = live.get(field.prop) if live is not None else None
            before, after = _option(field, held), _option(field, value)
            if not equal(before, after):
                plan.change(option, before, after, **{field.prop: _wire(field, value)})
        self._compare_texts(plan, live)
        if self.icon is not None:
            held = live.get("Icon") if live is not None else None
            if not equal(held, t.cast(Value, self.icon)):
                plan.change("icon", shown_icon(held), shown_icon(self.icon), Icon=self.icon, IconSize=len(self.icon))

    def _compare_texts(self, plan: Plan, live: Instance | None) -> None:
        if CUSTOM_TEXTS not in self.properties:
            return
        after = {field.prop: live.get(field.prop) if live is not None else None for field in _texts()}
        after.update({name: value for name, value in plan.properties.items() if name in after})
        wanted = 1 if any(after.values()) else 0
        held = live.number(CUSTOM_TEXTS) if live is not None else None
        if held != wanted and any(change.option.startswith("high_impact.") for change in plan.changes):
            plan.properties[CUSTOM_TEXTS] = wanted

    def _refuse(self, missing: list[str], site: Site) -> None:
        options = [option for option, (field, _value) in self._wanted.items() if field.prop in missing]
        options += ["icon"] if "Icon" in missing or "IconSize" in missing else []
        options = options or ["high_impact"]
        version = site.version()
        rule = f"this site (version {version or 'unknown'}) has no {', '.join(missing)}"
        raise InvalidInput([Problem(option, "", rule) for option in options], wmi_class=CLASS)


def _texts() -> list[_Field]:
    return [field for field in GROUPS["high_impact"].values() if field.form == "text"]


def _option(field: _Field, value: t.Any) -> t.Any:
    if field.form == "flag":
        return bool(value)
    return int(value or 0) if field.form == "number" else str(value or "")


def _wire(field: _Field, value: t.Any) -> Value:
    return int(value) if field.form in ("flag", "number") else str(value)


def shown_icon(content: t.Any) -> str:
    """Return words for an icon: its size and the beginning of its hash; empty for none."""
    if not isinstance(content, list) or not content:
        return ""
    digest = hashlib.sha256(bytes(content)).hexdigest()
    return f"PNG of {len(content)} bytes, sha256 {digest[:12]}"


def icon_hash(content: t.Any) -> str | None:
    """Return the SHA-256 of an icon's bytes, ``None`` when there is none."""
    return hashlib.sha256(bytes(content)).hexdigest() if isinstance(content, list) and content else None


def describe(live: Instance) -> dict[str, t.Any]:
    """Return what an object shows of these options, without what the site does not have."""
    folded = {name.casefold() for name in live.properties}
    found: dict[str, t.Any] = {}
    for group, fields in GROUPS.items():
        there = {key: field for key, field in fields.items() if field.prop.casefold() in folded}
        values = {key: _option(field, live.get(field.prop)) for key, field in there.items()}
        if values:
            found[group] = values
    if RULE.prop.casefold() in folded:
        found["pre_download_rule"] = str(live.get(RULE.prop) or "")
    if "icon" in folded:
        found["icon"] = shown_icon(live.get("Icon"))
    return found
