# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One client that runs a task sequence: a generator that yields the seconds until it goes on.

Steps do nothing; what counts is which of them run and what is reported. ``fail_step`` makes one fail:
``PC042/Apply Windows 11=16389``, several with ``;``, ``*`` for every device.
"""

from __future__ import annotations

import datetime
import typing as t

from . import conditions, program
from .reports import Reports

if t.TYPE_CHECKING:
    from ..provider import Site

NO_CONTENT = 0x80040102
NOT_RESOLVED = 0x80040104
DISTRIBUTED = "SMS_PackageStatusDistPointsSummarizer"
_SET = "SMS_TaskSequence_SetVariableAction"
_REBOOT = "SMS_TaskSequence_RebootAction"
_SETUP = "SMS_TaskSequence_SetupWindowsAndSMSAction"


def planned_failures(text: str) -> dict[tuple[str, str], int]:
    """Read the switch ``fail_step``; names in lower case. Raises ValueError for what does not fit."""
    found = {}
    for part in text.split(";"):
        if not part.strip():
            continue
        where, equals, code = part.rpartition("=")
        device, slash, step = where.partition("/")
        if not equals or not slash:
            raise ValueError(f"fail_step: {part!r} must look like <Device>/<Step name>=<exit code>")
        found[(device.strip().casefold(), step.strip().casefold())] = int(code, 0)
    return found


def installed(site: Site, package_id: str) -> bool:
    """Whether a distribution point has the content of a package; what has no source has none to distribute."""
    package = site.store.peek("SMS_PackageBaseclass", (package_id,))
    if package is None:
        return False
    if package.get("PkgSourceFlag") == 1:
        return True
    wanted = package_id.upper()
    return any(row.get("State") == 0 for row in site.store.scan(DISTRIBUTED) if row.get("PackageID") == wanted)


class Run:
    """A run of one advertisement on one device."""

    def __init__(
        self, site: Site, reports: Reports, collection_id: str, device: int, name: str, *, from_network: bool,
        now: t.Callable[[], datetime.datetime],
    ) -> None:
        self.site = site
        self.reports = reports
        self.device = device
        self.name = name
        self.now = now
        self.from_network = from_network
        self.result: int | None = None
        """The exit code, 0 for success; None while it runs."""
        self.set_up = False
        """Whether Windows and the client were installed."""
        self.table = t.cast("dict[str, bool]", site.store.side("client_conditions").get(device, {}))
        package = site.store.peek(program.PACKAGE, (reports.package_id,))
        self.variables: conditions.Variables = {
            "_smsts" + key: value for key, value in {
                "inwinpe": "true" if from_network else "false", "launchmode": "PXE" if from_network else "SMS",
                "machinename": name, "packageid": reports.package_id, "advertid": reports.advertisement_id,
                "packagename": str(package.get("Name", "")) if package else "", "assignedsitecode": site.code,
                "sitecode": site.code, "lastactionsucceeded": "true", "lastactionretcode": "0",
            }.items()}
        for class_name, key, column in (("SMS_CollectionSettings", collection_id, "CollectionVariables"),
                                        ("SMS_MachineSettings", device, "MachineVariables")):
            row = site.store.peek(class_name, (key,))
            for item in (row.get(column) if row else None) or ():
                self.variables[str(item.get("Name", "")).casefold()] = str(item.get("Value", ""))

    def work(self) -> t.Iterator[float]:
        """Run to the end; yields seconds to the next thing that happens."""
        items = program.load(self.site, self.reports.package_id)
        self.reports.state(self.device, self.now(), 10005)
        if items is None:
            self.result = NOT_RESOLVED
            self.reports.state(self.device, self.now(), 11170, str(NOT_RESOLVED))
            return
        if self.from_network:
            self._line(11144)
        self._line(11140)
        code = yield from self._items(items)
        self.result = code
        if code:
            self._line(11141, code=code)
            self.reports.state(self.device, self.now(), 11170, str(code))
        else:
            self._line(11143)
            self.reports.state(self.device, self.now(), 11171, "0")

    def _items(self, items: list[program.Item]) -> t.Generator[float, None, int]:
        at = 0
        while at < len(items):
            item = items[at]
            if not item.step.get("Enabled", True):
                self._line(11128, item)
                at = item.end or at + 1
            elif not conditions.holds(item.step.get("Condition"), self.variables, self.table):
                self._line(11130, item)
                at = item.end or at + 1
            elif item.end:
                self._line(11124, item)
                at += 1
            else:
                yield float(self.site.switches.client_step)
                code = self._step(item)
                self._remember(code)
                after = at + 1
                if code:
                    caught = self._caught(items, at)
                    if caught is None:
                        return code
                    after = caught
                elif item.step.class_name == _REBOOT:
                    yield from self._restart(item)
                at = after
        return 0

    def _step(self, item: program.Item) -> int:
        code = self._exit_code(item)
        if code:
            output = f"Executing step {item.name}\nThe step ended with exit code {code}.\n"
            self._line(11135, item, code=code, output=output)
            self.reports.state(self.device, self.now(), 11135, str(code))
            return code
        step = item.step
        if step.class_name == _SET:
            value = conditions.expand(str(step.get("VariableValue") or ""), self.variables)
            self.variables[str(step.get("VariableName", "")).casefold()] = value
        elif step.class_name == _SETUP:
            self.variables["_smstsinwinpe"] = "false"
            self.set_up = True
        self._line(11134, item, output=f"Executing step {item.name}\n")
        self.reports.state(self.device, self.now(), 11134)
        return 0

    def _exit_code(self, item: program.Item) -> int:
        failures = planned_failures(self.site.switches.fail_step)
        for device in (self.name.casefold(), "*"):
            code = failures.get((device, item.name.casefold()))
            if code is not None:
                return code
        if self.site.switches.client_content == "check":
            for package_id in item.content:
                if not installed(self.site, package_id):
                    self.site.note("client_without_content", device=self.name, package=package_id, step=item.name)
                    return NO_CONTENT
        return 0

    def _caught(self, items: list[program.Item], at: int) -> int | None:
        """Return where a run goes on after a failed step, None when it is over."""
        if items[at].goes_on:
            self._line(11138, items[at])
            return at + 1
        for outer in reversed([item for item in items[:at] if item.end > at]):
            if outer.goes_on:
                self._line(11138, outer)
                return outer.end
        return None

    def _restart(self, item: program.Item) -> t.Iterator[float]:
        self._line(11142, item)
        self.reports.state(self.device, self.now(), 11142)
        self.variables["_smstsinwinpe"] = "true" if str(item.step.get("Target")).casefold() == "winpe" else "false"
        yield float(self.site.switches.client_step)

    def _remember(self, code: int) -> None:
        self.variables["_smstslastactionsucceeded"] = "false" if code else "true"
        self.variables["_smstslastactionretcode"] = str(code)

    def _line(self, message: int, item: program.Item | None = None, **more: t.Any) -> None:
        place: dict[str, t.Any] = {}
        if item is not None:
            place = {"number": item.number, "name": item.name, "group": item.group}
        self.reports.step(self.device, self.now(), message, **place, **more)
