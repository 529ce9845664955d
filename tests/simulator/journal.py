# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The journal: every request, what it was about, whether it was a read or a write, and how it ended."""

from __future__ import annotations

import dataclasses
import threading
import time
import typing as t

READ_VERBS = {"Get", "GetClass", "Enumerate", "Pull", "Release", "Identify"}
READ_METHODS = {
    "checkduplicatesharename", "checkduplicatesourcename", "checklockrequest", "checklockrequests",
    "checkpackagesharefortasksequencedeployment", "checkreferencessharetype", "checksourcefolder",
    "exportxml", "findmachinesite", "findresourcesite", "getadvertisements", "getautoupgradeconfigs",
    "getavailablescopes", "getchainedpulldps", "getcidocumentbody", "getcidocuments", "getclientconfigpolicies",
    "getclientinfo", "getclientpilotingconfigs", "getcollectionswithresourcepermissions", "getcontenthash",
    "getcurrentuser", "getdeployments", "getencryptdecryptkey", "getfeaturestate", "getfilebinary",
    "getimageproperties", "getlockinformation", "getnextid", "getnumresults", "getpackagedefaulthash",
    "getpackagehash", "getproviderversion", "getsequence", "getservicepartners", "getsiteadinfo", "getsiteid",
    "gettotalnumresults", "gettspolicies", "gettspoliciessamedia", "gettsrelatedtodrivercategory", "getuserlist",
    "importsequence", "iscontentvalid", "isofficecontent", "isusedcert", "loadfromxml",
    "queryosdbinaryinjectionstatus", "readfromstring", "savetoxml", "userhaspermissions", "validatenewpackagesource",
    "validatequery", "verifynocirculardependencies", "verifynoloops", "writetostring",
}
"""Methods that change nothing, in lower case (ImportSequence and LoadFromXml only decode); all others write."""


def is_write(verb: str, method: str | None) -> bool:
    """Classify a request by the table of this simulator; the client's own view of it counts for nothing."""
    if verb == "Invoke":
        return (method or "").casefold() not in READ_METHODS
    return verb not in READ_VERBS


@dataclasses.dataclass
class Entry:
    """One request. ``outcome`` is ok, fault, http, refused_write or dropped; ``code`` the WSManFault or HTTP code."""

    number: int = 0
    at: float = 0.0
    port: str = "main"
    connection: int = 0
    login: int = 0
    principal: str | None = None
    verb: str | None = None
    namespace: str | None = None
    class_name: str | None = None
    method: str | None = None
    keys: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    query: str | None = None
    modified: list[str] | None = None
    write: bool = False
    executed: bool = False
    fatal: bool = False
    """The request would have done damage that a careful client never does."""
    outcome: str = "ok"
    code: int | None = None
    text: str | None = None
    injected: str | None = None
    bytes_in: int = 0
    bytes_out: int = 0
    ms: float = 0.0
    request: str | None = None
    response: str | None = None

    def view(self) -> dict[str, t.Any]:
        """Return the entry as plain data; ``class`` is the class as the request named it."""
        data = dataclasses.asdict(self)
        data["class"] = data.pop("class_name")
        if self.request is None:
            del data["request"], data["response"]
        return data


class Journal:
    """The requests of one store in the order in which they were answered.

    ``keep_bodies`` keeps request and response text too; tests switch it on, it costs memory.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: list[Entry] = []
        self._number = 0
        self._logins = 0
        self._refused_logins = 0
        self.keep_bodies = False

    def add(self, entry: Entry) -> None:
        """File an entry and number it."""
        with self._lock:
            self._number += 1
            entry.number = self._number
            entry.at = time.time()
            self._entries.append(entry)

    def login(self, accepted: bool) -> int:
        """Count a login, or one that was refused; the answer numbers the accepted ones."""
        with self._lock:
            if accepted:
                self._logins += 1
            else:
                self._refused_logins += 1
            return self._logins

    def clear(self) -> None:
        """Forget all entries and counts."""
        with self._lock:
            self._entries.clear()
            self._number = self._logins = self._refused_logins = 0

    def entries(self, since: int = 0) -> list[Entry]:
        """Return the entries with a number above ``since``."""
        with self._lock:
            return [entry for entry in self._entries if entry.number > since]

    def view(self, since: int = 0) -> dict[str, t.Any]:
        """Return entries and sums as plain data."""
        entries = self.entries(since)
        return {
            "entries": [entry.view() for entry in entries],
            "requests": len(entries),
            "writes": sum(1 for entry in entries if entry.write),
            "executed_writes": sum(1 for entry in entries if entry.write and entry.executed),
            "refused_writes": sum(1 for entry in entries if entry.outcome == "refused_write"),
            "fatal": sum(1 for entry in entries if entry.fatal),
            "faults": sum(1 for entry in entries if entry.outcome == "fault"),
            "logins": self._logins,
            "refused_logins": self._refused_logins,
            "connections": len({entry.connection for entry in entries}),
            "bytes_in": sum(entry.bytes_in for entry in entries),
            "bytes_out": sum(entry.bytes_out for entry in entries),
        }
