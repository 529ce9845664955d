# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which record of the site a device of the play is (reference: provider-behaviour 7.1).

Hardware comes first: the SMBIOS GUID, then the MAC address, and only without either the name. Several
records of one device are common: an obsolete one stays behind when a client registers again.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from .._cim import wql
from .._cim.instance import Instance
from .._errors import InvalidInput, Problem
from .._provider import names

CLASS = "SMS_R_System"
COLUMNS = (
    "ResourceID",
    "Name",
    "SMBIOSGUID",
    "MACAddresses",
    "Client",
    "Active",
    "Obsolete",
    "Decommissioned",
    "Unknown",
    "SystemRoles",
)
MOST_OFFERED = 10
NETBIOS = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,14}\Z")

_MAC = re.compile(r"[0-9A-F]{12}\Z")
_GUID = re.compile(r"[0-9A-F]{32}\Z")
_NO_GUIDS = frozenset(("0" * 32, "F" * 32, "03000200040005000006000700080009"))
"""What boards report whose maker never set one."""


def mac_of(text: str) -> str | None:
    """Return a MAC address in the form with colons, the only one with which clients get policy; else ``None``."""
    bare = re.sub(r"[:.\-\s]", "", text).upper()
    if not _MAC.match(bare) or set(bare) <= {"0"} or int(bare[:2], 16) & 1:
        return None
    return ":".join(bare[at : at + 2] for at in range(0, 12, 2))


def guid_of(text: str) -> str | None:
    """Return an SMBIOS GUID in upper case with hyphens, ``None`` for what is none or says nothing."""
    bare = re.sub(r"[{}\-\s]", "", text).upper()
    if not _GUID.match(bare) or bare in _NO_GUIDS:
        return None
    return "-".join((bare[:8], bare[8:12], bare[12:16], bare[16:20], bare[20:]))


@dataclasses.dataclass(frozen=True)
class Identity:
    """What a play says of a device, in the forms of the site."""

    resource_id: int | None = None
    name: str | None = None
    guid: str | None = None
    mac: str | None = None

    @property
    def hardware(self) -> bool:
        """Whether the play names the hardware."""
        return self.guid is not None or self.mac is not None

    @property
    def shown(self) -> str:
        """The device in words."""
        return str(self.name or self.resource_id or self.mac or self.guid)

    def where(self) -> wql.Where:
        """Return the condition for every record that may be the device, or a duplicate of it."""
        parts = [
            wql.equals(column, value)
            for column, value in (
                ("ResourceID", self.resource_id),
                ("SMBIOSGUID", self.guid),
                ("MACAddresses", self.mac),
                ("Name", self.name),
            )
            if value is not None
        ]
        return wql.either(*parts)

    def matches(self, row: Instance) -> bool:
        """Whether a record has anything in common with the device."""
        return (
            number(row) == self.resource_id
            or bool(_named([row], self.name))
            or (self.guid is not None and guid(row) == self.guid)
            or (self.mac is not None and self.mac in macs(row))
        )


def parse(params: t.Mapping[str, t.Any], problems: list[Problem]) -> Identity:
    """Read the options that identify a device; what is wrong with them goes to ``problems``."""
    resource_id, name = params.get("resource_id"), params.get("name")
    if resource_id is not None and not 0 < resource_id < 2**32:
        problems.append(Problem("resource_id", str(resource_id), "must be the number of a device record"))
    fault = names.fault_in_reference(name) if name is not None else None
    if fault:
        problems.append(Problem("name", names.shown(name), fault))
    found: dict[str, str | None] = {"mac_address": None, "smbios_guid": None}
    forms: tuple[tuple[str, t.Callable[[str], str | None], str], ...] = (
        ("mac_address", mac_of, "a MAC address of a device, for example 00:15:5D:01:02:03"),
        ("smbios_guid", guid_of, "the SMBIOS GUID of a device, and not one that boards without their own report"),
    )
    for option, read, wanted in forms:
        text = params.get(option)
        if text is not None:
            found[option] = read(text)
            if found[option] is None:
                problems.append(Problem(option, names.shown(text), f"must be {wanted}"))
    return Identity(resource_id, name, found["smbios_guid"], found["mac_address"])


# -- facts of a record ------------------------------------------------------------------------------


def number(row: Instance) -> int:
    """The ResourceID."""
    return row.number("ResourceID")


def label(row: Instance) -> str:
    """Name a record in messages."""
    return f"{row.get('Name', '')} ({row.get('ResourceID')})"


def macs(row: Instance) -> list[str]:
    """Return the MAC addresses of a record."""
    found = row.get("MACAddresses", [])
    return [str(item).upper() for item in (found if isinstance(found, list) else [found])]


def guid(row: Instance) -> str:
    """Return the SMBIOS GUID of a record, empty when it has none that says anything."""
    return guid_of(str(row.get("SMBIOSGUID", ""))) or ""


def is_unknown(row: Instance) -> bool:
    """Whether a record stands for all unknown computers; such a one is never touched."""
    return row.number("Unknown") == 1


def is_obsolete(row: Instance) -> bool:
    """Whether another record has taken the place of this one."""
    return row.number("Obsolete") == 1 or row.number("Decommissioned") == 1


def is_left_over(row: Instance) -> bool:
    """Whether a duplicate may be removed: obsolete, or a client that reports no more, and no site system."""
    inactive = row.number("Client") == 1 and row.number("Active", 1) == 0
    return (is_obsolete(row) or inactive) and not row.get("SystemRoles") and not is_unknown(row)


def shares_only_mac(row: Instance, wanted: Identity, chosen: Instance | None) -> bool:
    """Whether a record has neither the name nor the SMBIOS GUID of the device: adapters and docks are passed around."""
    kept = chosen if chosen is not None else Instance(CLASS)
    name, own = wanted.name or str(kept.get("Name", "")), wanted.guid or guid(kept)
    return not _named([row], name) and not (own and guid(row) == own)


def describe(row: Instance) -> dict[str, t.Any]:
    """Return a record as the result shows it."""
    return {
        "resource_id": number(row),
        "name": str(row.get("Name", "")),
        "smbios_guid": guid(row),
        "mac_addresses": macs(row),
        "client": row.number("Client") == 1,
        "active": None if row.get("Active") is None else row.number("Active") == 1,
        "obsolete": is_obsolete(row),
    }


def once(rows: t.Iterable[Instance]) -> list[Instance]:
    """Return every record once: a condition on an array may bring one for each of its items."""
    return list({number(row): row for row in rows}.values())


# -- the choice -------------------------------------------------------------------------------------


@dataclasses.dataclass
class Choice:
    """The record of a device, or ``None``; its duplicates; and what the record says otherwise than the play."""

    row: Instance | None = None
    duplicates: list[Instance] = dataclasses.field(default_factory=list)
    differs: dict[str, tuple[t.Any, t.Any]] = dataclasses.field(default_factory=dict)
    """Option to what the site has and what the play wants."""


def choose(rows: t.Sequence[Instance], wanted: Identity, *, overwrite: bool) -> Choice:
    """Return the record that is meant. Raises :class:`InvalidInput` when that is not clear, or not allowed."""
    rows = [row for row in rows if not is_unknown(row)]
    if wanted.resource_id is not None:
        return _by_number(rows, wanted)
    current = [row for row in rows if not is_obsolete(row)]
    by_guid = [row for row in current if wanted.guid and guid(row) == wanted.guid]
    by_mac = [row for row in current if wanted.mac and wanted.mac in macs(row)]
    by_name = _named(current, wanted.name)
    row = _one(by_guid or by_mac or ([] if wanted.hardware else by_name), wanted)
    others = [item for item in rows if item is not row]
    if row is None:
        if wanted.hardware:
            _refuse_name(by_name, wanted)
        return Choice(None, others)
    if by_guid and any(item is not row for item in by_mac):
        taken = next(item for item in by_mac if item is not row)
        rule = f"belongs to the device {label(taken)}, while the SMBIOS GUID is that of {label(row)}"
        raise InvalidInput([Problem("mac_address", str(wanted.mac), rule)])
    choice = Choice(row, others, _differences(row, wanted))
    if not overwrite:
        _refuse_takeover(row, wanted, choice.differs, "smbios_guid" if by_guid else "mac_address")
    return choice


def choose_absent(rows: t.Sequence[Instance], wanted: Identity) -> Choice:
    """Return the record to delete: it must fit everything that the play says, obsolete ones come last."""
    rows = [row for row in rows if not is_unknown(row)]
    fits = [
        row
        for row in rows
        if (wanted.resource_id is None or number(row) == wanted.resource_id)
        and (wanted.name is None or _named([row], wanted.name))
        and (wanted.guid is None or guid(row) == wanted.guid)
        and (wanted.mac is None or wanted.mac in macs(row))
    ]
    row = _one([item for item in fits if not is_obsolete(item)] or fits, wanted)
    return Choice(row, [item for item in rows if item is not row])


def _by_number(rows: list[Instance], wanted: Identity) -> Choice:
    row = next((item for item in rows if number(item) == wanted.resource_id), None)
    if row is None:
        rule = "the site has no device with this number, or the account may not see it; to import one, leave it out"
        raise InvalidInput([Problem("resource_id", str(wanted.resource_id), rule)])
    if wanted.name is not None and not _named([row], wanted.name):
        rule = f"the record is {label(row)}, and a record cannot be renamed by its number"
        raise InvalidInput([Problem("name", wanted.name, rule)])
    return Choice(row, [item for item in rows if item is not row])


def _named(rows: t.Iterable[Instance], name: str | None) -> list[Instance]:
    return [row for row in rows if name is not None and str(row.get("Name", "")).casefold() == name.casefold()]


def _one(rows: list[Instance], wanted: Identity) -> Instance | None:
    if len(rows) > 1 and wanted.name is not None:
        named = _named(rows, wanted.name)
        rows = named if len(named) == 1 else rows
    if len(rows) > 1:
        option = "name" if not wanted.hardware else "smbios_guid" if wanted.guid else "mac_address"
        offers = ", ".join(label(row) for row in rows[:MOST_OFFERED])
        rule = f"{len(rows)} records have this, choose one by resource_id: {offers}"
        raise InvalidInput([Problem(option, wanted.shown, rule)])
    return rows[0] if rows else None


def _refuse_name(rows: list[Instance], wanted: Identity) -> None:
    """A name that other hardware bears; a record without any hardware is one that was only discovered."""
    known = [row for row in rows if macs(row) or guid(row)]
    if known:
        facts = ", ".join(filter(None, [*macs(known[0]), guid(known[0])]))
        rule = (
            f"the site has the device {label(known[0])} with other hardware ({facts}). If its hardware was replaced, "
            "delete that record first (state: absent with its resource_id)"
        )
        raise InvalidInput([Problem("name", str(wanted.name), rule)])


def _differences(row: Instance, wanted: Identity) -> dict[str, tuple[t.Any, t.Any]]:
    found: dict[str, tuple[t.Any, t.Any]] = {}
    if wanted.name is not None and not _named([row], wanted.name):
        found["name"] = (str(row.get("Name", "")), wanted.name)
    if wanted.guid is not None and guid(row) != wanted.guid:
        found["smbios_guid"] = (guid(row), wanted.guid)
    if wanted.mac is not None and wanted.mac not in macs(row):
        found["mac_address"] = (", ".join(macs(row)), wanted.mac)
    return found


def _refuse_takeover(row: Instance, wanted: Identity, differs: t.Mapping[str, t.Any], key: str) -> None:
    """Refuse what would turn the record into that of another machine; a fact that is merely missing is none."""
    value = wanted.guid if key == "smbios_guid" else wanted.mac
    if "name" in differs:
        rule = f"belongs to the device {label(row)}; overwrite: true takes over its record under the name {wanted.name}"
        raise InvalidInput([Problem(key, str(value), rule)])
    if "smbios_guid" in differs and guid(row):
        rule = f"belongs to the device {label(row)} with the SMBIOS GUID {guid(row)}; overwrite: true takes it over"
        raise InvalidInput([Problem(key, str(value), rule)])
