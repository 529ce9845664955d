# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What clients report and the site stores of it (reference: provider-behaviour 8.1 to 8.4).

A client that misbehaves is told so over the control port: ``never`` sends nothing, ``twice`` sends every
report again, ``out_of_order`` lets an old report arrive behind the last one.
"""

from __future__ import annotations

import datetime
import typing as t

from ..objects import Dt, Obj

if t.TYPE_CHECKING:
    from ..provider import Site

STATUS = "SMS_ClientAdvertisementStatus"
STEPS = "SMS_TaskSequenceExecutionStatus"
PXE = "SMS_LastPXEAdvertisement"
ROGUES = ("never", "twice", "out_of_order")
INFORMATION, WARNING, ERROR = 0x40000000, 0x80000000, 0xC0000000

STATES = {
    0: "No Status", 1: "Accepted", 2: "Rejected", 3: "Expired", 4: "Will Not Rerun", 5: "Download in Progress",
    6: "Download Complete", 7: "Cancelled", 8: "Waiting", 9: "Running", 10: "Retrying", 11: "Failed",
    12: "Reboot Pending", 13: "Succeeded",
}
MESSAGES: dict[int, tuple[int, str]] = {
    10002: (1, "Advertisement received"),
    10018: (2, "Advertisement rejected - wrong platform"),
    10019: (3, "Advertisement expired"),
    10005: (9, "Program started"),
    10073: (8, "Waiting for a service window"),
    10091: (4, "Program will not rerun"),
    11124: (9, "The task sequence execution engine started the group"),
    11127: (9, "The task sequence execution engine successfully completed the group"),
    11128: (9, "The task sequence execution engine skipped the disabled action"),
    11130: (9, "The task sequence execution engine skipped the action, its condition is false"),
    11134: (9, "The task sequence execution engine successfully completed an action"),
    11135: (9, "The task sequence execution engine failed executing an action"),
    11138: (9, "The task sequence execution engine ignored a failure"),
    11140: (9, "The task sequence execution engine started execution of a task sequence"),
    11141: (9, "The task sequence execution engine failed execution of a task sequence"),
    11142: (12, "The task sequence execution engine performed a system reboot"),
    11143: (9, "The task sequence execution engine successfully completed a task sequence"),
    11144: (9, "The task sequence manager started from PXE"),
    11170: (11, "The task sequence manager could not successfully complete execution of the task sequence"),
    11171: (13, "The task sequence manager successfully completed execution of the task sequence"),
}
"""Message to state and text (the texts are not those of a site, which are not known)."""


def stamp(moment: datetime.datetime, micro: int = 0) -> Dt:
    """Return a point in time as the site stores it."""
    return Dt(f"{moment:%Y%m%d%H%M%S}.{micro % 1000000:06d}+***")


class Reports:
    """Writes the rows of one advertisement's clients."""

    def __init__(self, site: Site, advertisement_id: str, package_id: str) -> None:
        self.site = site
        self.advertisement_id = advertisement_id
        self.package_id = package_id
        self._number = 0

    def accepted(self, device: int, moment: datetime.datetime, message: int = 10002) -> None:
        """The client has the policy and takes the advertisement, or not."""
        if self._rogue(device) == "never":
            return
        state, text = MESSAGES[message]
        row = self._row(device)
        row.props.update({
            "LastAcceptanceState": state, "LastAcceptanceStateName": STATES[state], "LastAcceptanceMessageID": message,
            "LastAcceptanceMessageIDName": text, "LastAcceptanceMessageIDSeverity": INFORMATION,
            "LastAcceptanceStatusTime": stamp(moment),
        })
        self.site.store.save(row)

    def state(self, device: int, moment: datetime.datetime, message: int, result: str = "") -> None:
        """The client's delivery state."""
        rogue = self._rogue(device)
        if rogue == "never":
            return
        state, text = MESSAGES[message]
        row = self._row(device)
        before = row.copy()
        row.props.update({
            "LastState": state, "LastStateName": STATES[state], "LastStatusMessageID": message,
            "LastStatusMessageIDName": text, "LastStatusTime": stamp(moment), "LastExecutionResult": result,
            "LastStatusMessageIDSeverity": ERROR if state == 11 else INFORMATION,
            "LastExecutionContext": "NT AUTHORITY\\SYSTEM",
        })
        self.site.store.save(row)
        if rogue == "twice":
            self.site.store.save(row)
        if rogue == "out_of_order" and state in (11, 13) and before.get("LastState"):
            # The last report came through at once, the one before it only now.
            self.site.store.side("late_reports")[(self.advertisement_id, device)] = (row, before)

    def step(
        self, device: int, moment: datetime.datetime, message: int, *, number: int = 0, name: str = "",
        group: str = "", code: int = 0, output: str = "",
    ) -> None:
        """One line of the history of a run."""
        rogue = self._rogue(device)
        if rogue == "never":
            return
        for _time in range(2 if rogue == "twice" else 1):
            # Two lines of one second need different keys.
            self._number += 1
            self.site.store.save(Obj(STEPS, {
                "AdvertisementID": self.advertisement_id, "PackageID": self.package_id, "ResourceID": device,
                "ExecutionTime": stamp(moment, self._number), "Step": number, "ActionName": name, "GroupName": group,
                "ExitCode": code & 0xFFFFFFFF, "LastStatusMsgID": message, "LastStatusMsgName": MESSAGES[message][1],
                "ActionOutput": output,
            }))

    def offered(self, device: int, moment: datetime.datetime) -> None:
        """The device started from the network with this advertisement."""
        record = self.site.store.peek("SMS_R_System", (device,))
        self.site.store.save(Obj(PXE, {
            "ResourceId": device, "AdvertisementID": self.advertisement_id, "LastPXEAdvertisementTime": stamp(moment),
            "NetbiosName": record.get("Name", "") if record else "",
            "SMBIOSGUID": record.get("SMBIOSGUID", "") if record else "",
        }))

    def forget(self) -> None:
        """Take away everything about the advertisement."""
        for class_name in (STATUS, STEPS):
            for row in self.site.store.scan(class_name):
                if row.props["AdvertisementID"] == self.advertisement_id:
                    self.site.store.remove(class_name, self.site.store.key_of(row))

    def _row(self, device: int) -> Obj:
        found = self.site.store.find(STATUS, (self.advertisement_id, device))
        return found or Obj(STATUS, {"AdvertisementID": self.advertisement_id, "ResourceID": device, "LastState": 0,
                                     "LastStateName": STATES[0], "LastAcceptanceState": 0})

    def _rogue(self, device: int) -> str:
        return str(self.site.store.side("rogue_clients").get(device, ""))


def deliver_late(site: Site) -> None:
    """Let reports arrive that were overtaken: the site shows the old state with its old time again."""
    late = site.store.side("late_reports")
    for key, (_last, before) in list(late.items()):
        site.store.save(before)
        del late[key]
