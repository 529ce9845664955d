# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The boot image: SMS_BootImagePackage, a WIM file into which the site puts its own files, drivers and components."""

from __future__ import annotations

import contextlib
import typing as t
import uuid

from .._cim.instance import Instance, Value
from .._errors import ConfigMgrError, InvalidInput, Problem, ServerFault
from .._plan import Plan
from .._provider import names
from .._provider.site import equal
from . import _image_metadata, _wait
from ._base import Task
from ._boot_image_parts import Components, DriverRef, Drivers, parse_driver
from ._source_package import COLUMNS, SourcePackage, new_object
from ._wait import Progress

COMPLETE, RUNNING, FAILED, NO_STATUS = range(4)
"""Status of QueryOSDBinaryInjectionStatus."""

TEXTS = {
    "background": "BackgroundBitmapPath",
    "prestart_command": "PreExecCommandLine",
    "prestart_files": "PreExecSourceDirectory",
}
NUMBERS = {"image_index": "ImageIndex", "scratch_space": "ScratchSpace"}
COMMAND_LIMIT = 1024


class BootImage(SourcePackage):
    """``cm_boot_image``."""

    key = kind = "boot_image"
    wmi_class = "SMS_BootImagePackage"
    columns = {**COLUMNS, "source_path": "ImagePath"}
    defaults = {
        name: value
        for name, value in new_object(258, ImagePath="", ImageIndex=1, EnableLabShell=False, DefaultImage=False).items()
        # The site makes a file of its own beside the given one and sets the path to that.
        if name != "PkgSourcePath"
    }
    endings = (".wim",)
    content_options = frozenset(
        (
            "source_path",
            "image_index",
            "enable_command_support",
            "background",
            "prestart_command",
            "prestart_files",
            "scratch_space",
            "optional_components",
            "drivers",
        )
    )

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        self._drivers: list[DriverRef] = []
        self._drivers_absent: list[DriverRef] = []
        self._looked_up: Drivers | None = None
        self._components: Components | None = None
        self._context = ""
        self._metadata: str | None = None

    def problems(self) -> list[Problem]:
        problems = super().problems()
        for option in TEXTS:
            limit = COMMAND_LIMIT if option == "prestart_command" else names.LIMIT
            fault = names.fault_in_text(self.params[option] or "", limit)
            if fault:
                problems.append(Problem(option, names.shown(self.params[option]), fault))
        if self.params["image_index"] is not None and self.params["image_index"] < 1:
            problems.append(Problem("image_index", str(self.params["image_index"]), "must be 1 or more"))
        for option, refs in (("drivers", self._drivers), ("drivers_absent", self._drivers_absent)):
            for index, value in enumerate(self.params[option] or []):
                try:
                    refs.append(parse_driver(value, f"{option}[{index}]"))
                except InvalidInput as exc:
                    problems.extend(exc.problems)
        both = {name.casefold() for name in self.params["optional_components"] or []} & {
            name.casefold() for name in self.params["optional_components_absent"] or []
        }
        if both:
            problems.append(Problem("optional_components_absent", ", ".join(sorted(both)), "is wanted as well"))
        return problems

    # -- reading --------------------------------------------------------------------------------

    def read(self) -> Instance | None:
        """Read the boot image; one that an earlier task left the site busy with is waited for first."""
        row = super().read()
        if row is None or self.absent or self.task.check_mode or not self.params["wait"]:
            return row
        self._context = str(row.get("ContextID", ""))
        if not self._context or self._status().number("Status", NO_STATUS) != RUNNING:
            return row
        self.wait(row, None)
        return self.task.site.get(self.wmi_class, {"PackageID": str(row.get("PackageID"))})

    # -- planning -------------------------------------------------------------------------------

    def plan_more(self, plan: Plan, before: Instance | None) -> None:
        super().plan_more(plan, before)
        live = before or Instance(self.wmi_class, dict(self.defaults))
        wanted = self.params["enable_command_support"]
        if wanted is not None and wanted != bool(live.get("EnableLabShell", False)):
            plan.change("enable_command_support", not wanted, wanted, EnableLabShell=wanted)
        for option, column in TEXTS.items():
            wanted = self.params[option]
            if wanted is not None and not equal(live.get(column, ""), wanted):
                plan.change(option, str(live.get(column, "")), wanted, **{column: wanted})
        for option, column in NUMBERS.items():
            wanted = self.params[option]
            if wanted is not None and wanted != live.number(column):
                plan.change(option, live.number(column), wanted, **{column: wanted})
        self._plan_drivers(plan, live)
        self._plan_components(plan, before, live)

    def _plan_drivers(self, plan: Plan, live: Instance) -> None:
        stored = [item for item in live.get("ReferencedDrivers", []) if isinstance(item, Instance)]
        held = {item.number("ID") for item in stored}
        open_refs = [ref for ref in self._drivers if ref.id is None or ref.id not in held]
        open_refs += [ref for ref in self._drivers_absent if ref.id is None]
        if open_refs:
            self._looked_up = self._looked_up or Drivers(self.task.site)
            self._looked_up.resolve(open_refs)
        wanted = list(stored)
        for ref in self._drivers:
            if ref in open_refs and self._looked_up is not None:
                row = self._looked_up.row(ref)
                if row.number("CI_ID") not in {item.number("ID") for item in wanted}:
                    details: dict[str, Value] = {
                        "ID": row.number("CI_ID"),
                        "SourcePath": str(row.get("ContentSourcePath", "")),
                    }
                    wanted.append(Instance("SMS_Driver_Details", details))
        for ref in self._drivers_absent:
            number = ref.id
            if number is None and self._looked_up is not None:
                number = self._looked_up.row(ref).number("CI_ID")
            wanted = [item for item in wanted if item.number("ID") != number]
        if [item.number("ID") for item in wanted] != [item.number("ID") for item in stored]:
            plan.change("drivers", _shown_drivers(stored), _shown_drivers(wanted), ReferencedDrivers=wanted)

    def _plan_components(self, plan: Plan, before: Instance | None, live: Instance) -> None:
        add = self.params["optional_components"] or []
        remove = self.params["optional_components_absent"] or []
        if not add and not remove:
            return
        if self._components is None:
            self._components = Components(self.task.site, self.params["component_language"])
        known = self._components
        kind = architecture(live) if before is not None else self._new_architecture()
        stored = [int(number) for number in live.get("OptionalComponents", []) or []]
        asked = known.numbers(add, kind, "optional_components")
        wanted = list(stored)
        for number in known.needed(asked):
            if number not in wanted:
                wanted.append(number)
                if number not in asked:
                    plan.notes.append(f"The component {known.name(number) or number} is added because others need it.")
        gone = known.numbers(remove, kind, "optional_components_absent")
        wanted = [number for number in wanted if number not in gone]
        self._check_removal(known, [number for number in gone if number in stored], wanted)
        if wanted != stored:
            plan.change(
                "optional_components",
                self._shown_components(stored),
                self._shown_components(wanted),
                OptionalComponents=wanted,
            )

    def _new_architecture(self) -> str | None:
        """Return the architecture of a boot image that is not there yet: the numbers of components depend on it."""
        if self._metadata is None:
            self._metadata = self.params["image_property"] or self._metadata_of(self.path or "")
        return architecture(Instance(self.wmi_class, {"ImageProperty": self._metadata}))

    def _check_removal(self, known: Components, gone: list[int], left: list[int]) -> None:
        problems = []
        for number in gone:
            users = [known.name(other) or str(other) for other in left if number in known.needed([other])]
            name = known.name(number) or str(number)
            if known.required(number):
                problems.append(Problem("optional_components_absent", name, "is part of every boot image"))
            elif users:
                problems.append(Problem("optional_components_absent", name, f"is needed by {', '.join(users)}"))
        self.refuse(problems)

    def _shown_components(self, numbers: t.Iterable[int]) -> list[dict[str, t.Any]]:
        name = self._components.name if self._components is not None else lambda _number: None
        return [{"id": number, "name": name(number)} for number in numbers]

    # -- writing --------------------------------------------------------------------------------

    def send_create(self, plan: Plan, settle: t.Callable[[], dict[str, str] | None]) -> dict[str, str]:
        self._context = str(uuid.uuid4())
        sent = Plan(plan.action, properties={**plan.properties, "ContextID": self._context})
        return super().send_create(sent, settle)

    def refresh_parameters(self) -> dict[str, Value]:
        self._context = str(uuid.uuid4())
        return {"ContextID": self._context}

    def started(self, package_id: str, version: int) -> bool:
        if self._status().number("Status", NO_STATUS) != NO_STATUS:
            return True
        return super().started(package_id, version)

    def _status(self) -> Instance:
        """Ask how far the site is with the boot image of the context."""
        answer = self.task.site.cim.invoke(
            self.wmi_class, "QueryOSDBinaryInjectionStatus", {"ContextID": self._context}
        )
        self._judge("QueryOSDBinaryInjectionStatus", answer.return_value)
        return Instance("QueryOSDBinaryInjectionStatus", dict(answer.out))

    def wait(self, live: Instance, version: int | None) -> None:
        """Wait until the site's own files, drivers and components are in the image.

        Without a status for the context, which a site may have forgotten, the source version decides.
        """
        package_id = str(live.get("PackageID"))
        forgotten: list[bool] = []

        def look() -> Progress:
            status = self._status()
            number = status.number("Status", NO_STATUS)
            if number == NO_STATUS:
                forgotten.append(True)
                return Progress(True, "no status", {})
            state = {
                "package_id": package_id,
                "status": {COMPLETE: "complete", RUNNING: "in_progress", FAILED: "error"}.get(number, str(number)),
                "step": status.number("Progress"),
                "steps": status.number("MaxProgress"),
                "text": str(status.get("ProgressText", "")),
            }
            if number == FAILED:
                self._forget()
                raise _failure(package_id, status, state)
            summary = f"step {state['step']} of {state['steps']} {state['text']}".rstrip()
            return Progress(number == COMPLETE, summary, state)

        _wait.wait_for(self.task, look, what=f"the boot image {package_id} to be built")
        if forgotten:
            super().wait(live, version)
        else:
            self._forget()

    def _forget(self) -> None:
        """Let the site drop the status of the context; that it cannot is no reason to fail."""
        site = self.task.site
        params: dict[str, Value] = {"ContextID": self._context}
        with contextlib.suppress(ConfigMgrError):
            site.write(
                f"forget the status {self._context}",
                lambda: site.cim.invoke(self.wmi_class, "DeleteContextID", params),
                wmi_class=self.wmi_class,
                method="DeleteContextID",
            )

    # -- reporting ------------------------------------------------------------------------------

    def _options(self, row: Instance) -> dict[str, t.Any]:
        return {**super()._options(row), **describe(row, self._shown_components)}

    def facts(self, live: Instance | None) -> dict[str, t.Any]:
        shown = super().facts(live)
        shown["architecture"] = architecture(live) if live is not None else None
        shown["content_path"] = str(live.get("PkgSourcePath", "")) if live is not None else None
        return shown


def architecture(row: Instance) -> str | None:
    """Return the architecture of a boot image, as its own property or else its metadata say."""
    said = _image_metadata.editions(row.get("ImageProperty"))
    return _image_metadata.architecture(row.get("Architecture")) or next((item["architecture"] for item in said), None)


def describe(
    row: Instance, components: t.Callable[[t.Iterable[int]], list[dict[str, t.Any]]]
) -> dict[str, t.Any]:
    """Return what only boot images have, in the form of the play."""
    return {
        "image_index": row.number("ImageIndex"),
        "enable_command_support": bool(row.get("EnableLabShell", False)),
        **{option: str(row.get(column, "")) for option, column in TEXTS.items()},
        "scratch_space": row.number("ScratchSpace") or None,
        "optional_components": components([int(number) for number in row.get("OptionalComponents", []) or []]),
        "drivers": _shown_drivers([item for item in row.get("ReferencedDrivers", []) if isinstance(item, Instance)]),
    }


def _shown_drivers(items: t.Iterable[Instance]) -> list[dict[str, t.Any]]:
    return [{"id": item.number("ID"), "source_path": str(item.get("SourcePath", ""))} for item in items]


def _failure(package_id: str, status: Instance, state: dict[str, t.Any]) -> ServerFault:
    code = status.number("ErrorCode") & 0xFFFFFFFF
    more = str(status.get("ExtendedErrorInfo", ""))
    return ServerFault(
        f"The site could not build the boot image {package_id}: error 0x{code:08X}"
        f"{f' ({more})' if more else ''} at step {state['step']} of {state['steps']}. SMSProv.log and dism.log on the "
        "site server say more.",
        wmi_class="SMS_BootImagePackage",
        method="QueryOSDBinaryInjectionStatus",
        sms_error_code=code or None,
        detail={**state, "error_code": f"0x{code:08X}", "error_info": more},
    )
