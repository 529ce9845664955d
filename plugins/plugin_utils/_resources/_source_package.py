# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Objects whose content the site takes from a share: boot images, images, upgrade packages, driver packages.

What they share beyond classic packages: the path is read by the site, so it can be a double hop;
the content can be taken in again (RefreshPkgSource), which takes long and can be waited for; and
most of them hold what the site read in the WIM file (ImageProperty, a lazy property).
"""

from __future__ import annotations

import typing as t

from .._cim import wql
from .._cim.instance import Instance, Value
from .._errors import (
    ConfigMgrError,
    NotAsWritten,
    OperationTimeout,
    OutcomeUnknown,
    Problem,
    ServerFault,
)
from .._plan import Plan
from .._provider.site import DELETING, Loaded, equal, relative_path
from . import _content_settings, _image_metadata, _image_source, _wait
from ._base import Task
from ._package_like import COMMON, SOURCE_DIRECT, PackageLike
from ._wait import Progress

COLUMNS = {
    "name": "Name",
    "version": "Version",
    "manufacturer": "Manufacturer",
    "language": "Language",
    "description": "Description",
    "source_path": "PkgSourcePath",
}
STATE = ("PackageID", "Name", "SourceVersion", "LastRefreshTime", "SourceDate", "ActionInProgress")
"""What a look at the progress of a refresh reads: plain columns."""


def new_object(package_type: int, **more: Value) -> dict[str, Value]:
    """Return what a new object of a class gets."""
    return {**COMMON, "PackageType": package_type, "PkgSourceFlag": SOURCE_DIRECT, **more}


class SourcePackage(PackageLike):
    """Subclasses name the class, and what changes their content."""

    columns = COLUMNS
    has_metadata: t.ClassVar[bool] = True
    """Whether the class has ``ImageProperty``; its objects are read by key then."""
    endings: t.ClassVar[tuple[str, ...]] = ()
    content_options: t.ClassVar[frozenset[str]] = frozenset({"source_path"})
    """Options whose change reaches devices only after a refresh."""

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        self._reload = False
        self._refresh = False
        self._refreshed = False
        self._reloaded = False
        self._read_metadata = ""
        self._created = False

    @property
    def path(self) -> str | None:
        """The path that the play gives."""
        return self.params["source_path"] or None

    def problems(self) -> list[Problem]:
        problems = super().problems()
        if self.params["source_path"] is not None:
            fault = _image_source.fault_in_path(self.params["source_path"], endings=self.endings)
            if fault:
                problems.append(Problem("source_path", self.params["source_path"], fault))
        wanted = self.params.get("image_property")
        if wanted is not None and _image_metadata.parse(wanted) is None:
            problems.append(Problem("image_property", "", "must be XML, as the site shows it for an image"))
        problems += _content_settings.problems(self.params)
        problems += _wait.problems(self.params)
        return problems

    # -- reading --------------------------------------------------------------------------------

    def read(self) -> Instance | None:
        if not self.has_metadata or self.absent:
            return super().read()
        if self.params["package_id"] is not None:
            found = self.task.site.find(self.wmi_class, {"PackageID": self.params["package_id"]})
            if found is None or found.get("ActionInProgress") == DELETING:
                raise self.unknown_id()
            return found
        row = super().read()
        return None if row is None else self.whole(row)

    def whole(self, row: Instance) -> Instance:
        if not self.has_metadata or isinstance(row, Loaded):
            return row
        return self.task.site.get(self.wmi_class, {"PackageID": str(row.get("PackageID"))})

    # -- planning -------------------------------------------------------------------------------

    def plan(self, before: Instance | None) -> Plan:
        if before is None and not self.absent:
            self._require_path()
        plan = super().plan(before)
        if self.absent:
            return plan
        if plan.after is not None and "image_property" in plan.after:
            plan.after["editions"] = plan.after.pop("image_property")
        if before is None:
            return plan
        touched = sorted(self.content_options.intersection(plan.options))
        self._reload = "image_property" in plan.options and self.params["image_property"] is None
        self._refresh = self.params["refresh"] == "always" or (self.params["refresh"] == "on_change" and bool(touched))
        if self._refresh:
            plan.change("refresh", False, True)
            plan.after = {**(plan.after or {}), "refresh": True}
            plan.action = "update"
        elif touched:
            plan.notes.append(
                f"Distribution points keep the content without the change of {', '.join(touched)} until the "
                f"{self.noun} is refreshed."
            )
        return plan

    def _require_path(self) -> None:
        if not self.path:
            self.refuse([Problem("source_path", "", f"is required to register the {self.noun}")])

    def same_text(self, option: str, stored: t.Any, wanted: str) -> bool:
        if option != "source_path":
            return super().same_text(option, stored, wanted)
        # The same file for Windows: reading it again would be work for nothing.
        return str(stored or "").rstrip("\\").casefold() == wanted.rstrip("\\").casefold()

    def plan_more(self, plan: Plan, before: Instance | None) -> None:
        live = before or Instance(self.wmi_class, dict(self.defaults))
        _content_settings.compare(plan, self.params, live)
        if "PkgSourcePath" in plan.properties:
            plan.properties["PkgSourceFlag"] = SOURCE_DIRECT
        if self.has_metadata:
            self._plan_metadata(plan, before)

    def _plan_metadata(self, plan: Plan, before: Instance | None) -> None:
        stored = before.get("ImageProperty", "") if before is not None else ""
        wanted = self.params["image_property"]
        if wanted is not None:
            if not _image_metadata.same(stored, wanted):
                self._change_metadata(plan, stored, wanted)
                plan.properties["ImageProperty"] = wanted
        elif before is not None and not self._created and (self.params["reload"] or "source_path" in plan.options):
            # Reading before anything is written: a share that the site may not read must not stop the task half way.
            read = self._metadata_of(self._path_of(before) or "")
            if not _image_metadata.same(stored, read):
                self._read_metadata = read
                self._change_metadata(plan, stored, read)

    @staticmethod
    def _change_metadata(plan: Plan, stored: t.Any, wanted: str) -> None:
        plan.change("image_property", _image_metadata.editions(stored), _image_metadata.editions(wanted))

    def _metadata_of(self, path: str) -> str:
        """Let the site read a file; this changes nothing, so it is done in check mode as well."""
        with _image_source.reading(path, f"Reading the {self.noun}"):
            answer = self.task.site.cim.invoke(self.wmi_class, "GetImageProperties", {"SourceImagePath": path})
            self._judge("GetImageProperties", answer.return_value)
        return str(answer.out.get("ImageProperty") or "")

    # -- writing --------------------------------------------------------------------------------

    def save(self, before: Instance, plan: Plan) -> Instance:
        written = len(self.task.site.written)
        try:
            live = self._put(before, plan) if plan.properties else before
            if self._reload:
                self._start(live, "ReloadImageProperties", {}, lambda: self._holds_metadata(live))
                self._reloaded = True
            if self._refresh:
                self._run_refresh(live)
        except ConfigMgrError as error:
            if plan.properties and (isinstance(error, OutcomeUnknown) or len(self.task.site.written) > written):
                self._name_what_is_owed(error)
            raise
        if self._reload or self._refresh:
            live = self.task.site.get(self.wmi_class, {"PackageID": str(before.get("PackageID"))})
        if self._reload and not self._is_read(live):
            # The call took longer than the server waits.
            live = self._await_metadata(live)
        return live

    def _is_read(self, live: Instance) -> bool:
        return _image_metadata.same(live.get("ImageProperty"), self._read_metadata)

    def _await_metadata(self, live: Instance) -> Instance:
        """Wait until an image holds what is in its new file, or say that it does not yet."""
        package_id = str(live.get("PackageID"))
        if not self.params["wait"]:
            self.task.warn(
                f"The {self.noun} {package_id} does not hold yet what is in the new file; reload: true looks "
                "whether it does by then."
            )
            return live

        def look() -> Progress:
            nonlocal live
            live = self.task.site.get(self.wmi_class, {"PackageID": package_id})
            return Progress(self._is_read(live), "the new file is not read yet", {"package_id": package_id})

        _wait.wait_for(self.task, look, what=f"the editions of {package_id}")
        return live

    def _holds_metadata(self, live: Instance) -> bool:
        if self._is_read(self.task.site.get(self.wmi_class, {"PackageID": str(live.get("PackageID"))})):
            return True
        raise ConfigMgrError("the site may still be reading the file")

    def _name_what_is_owed(self, error: ConfigMgrError) -> None:
        """Say which options do what is left: what was saved is no change any more for the next run."""
        owed = ["refresh: always"] if self._refresh and not self._refreshed else []
        owed += ["reload: true"] if self._reload and not self._reloaded else []
        if owed:
            error.message = f"{error.message.rstrip('.')}. What is saved is no change any more for the next run: "
            error.message += f"run the task once with {', '.join(owed)}."

    def _put(self, before: Instance, plan: Plan) -> Instance:
        site = self.task.site
        loaded = before
        if not isinstance(loaded, Loaded):
            loaded = site.get(self.wmi_class, {"PackageID": str(before.get("PackageID"))})
        properties = dict(plan.properties)

        def wrong(now: Instance) -> list[str]:
            return sorted(name for name, value in properties.items() if not _same(name, now.get(name), value))

        def there() -> Loaded | None:
            now = site.get(self.wmi_class, loaded.keys)
            return None if wrong(now) else now

        try:
            with _image_source.reading(self._path_of(loaded), f"Saving the {self.noun}"):
                after = site.save(loaded, properties, verify=False)
        except OutcomeUnknown as lost:
            return t.cast(Loaded, self._await(lost, there, "saved"))
        if wrong(after):
            raise NotAsWritten(
                f"The site took the change of the {self.noun} {after.get('PackageID')} but holds other values in: "
                f"{', '.join(wrong(after))}.",
                wmi_class=self.wmi_class,
                attempted=f"save {relative_path(self.wmi_class, loaded.keys)}",
            )
        return after

    def send_create(self, plan: Plan, settle: t.Callable[[], dict[str, str] | None]) -> dict[str, str]:
        self._created = True
        try:
            with _image_source.reading(self.path, f"Registering the {self.noun}"):
                return super().send_create(plan, settle)
        except OutcomeUnknown as lost:
            return self._await(lost, settle, "registered")

    def _await(self, lost: OutcomeUnknown, find: t.Callable[[], t.Any], what: str) -> t.Any:
        """Go on after the server gave up waiting for a long call: that is no error as long as it may wait."""
        if not self.params["wait"]:
            raise lost
        found: list[t.Any] = []

        def look() -> Progress:
            answer = find()
            if answer is not None:
                found.append(answer)
            return Progress(answer is not None, f"not {what} yet", {"name": self.params["name"]})

        _wait.wait_for(self.task, look, what=f"the {self.title()} to be {what}")
        return found[-1]

    def _create(self, plan: Plan) -> Instance:
        row = super()._create(plan)
        follow = Plan("none")
        self.plan_texts(follow, row)
        self.plan_more(follow, row)
        if follow.changes:
            raise NotAsWritten(
                f"The site created the {self.noun} {row.get('PackageID')} but holds other values in: "
                f"{', '.join(sorted(follow.options))}.",
                wmi_class=self.wmi_class,
                attempted=f"create {self.wmi_class}",
            )
        if self.params["wait"] and self._created:
            self.wait(row, None)
            row = self.whole(Instance(row.class_name, dict(row.properties)))
        return row

    # -- refreshing -----------------------------------------------------------------------------

    def _run_refresh(self, live: Instance) -> None:
        version = live.number("SourceVersion")
        package_id = str(live.get("PackageID"))
        self._start(live, "RefreshPkgSource", self.refresh_parameters(), lambda: self.started(package_id, version))
        self._refreshed = True
        if self.params["wait"]:
            self.wait(live, version)

    def refresh_parameters(self) -> dict[str, Value]:
        """Return what RefreshPkgSource is called with."""
        return {}

    def started(self, package_id: str, version: int) -> bool:
        """Return true when the site shows that a refresh began, and raise when it does not.

        Called when the answer to its start was lost.
        """
        if self._state(package_id).number("SourceVersion") > version:
            return True
        # The site counts up when it has taken the files in: that it has not yet decides nothing.
        raise ConfigMgrError(f"the site does not show yet that {package_id} is refreshed")

    def _state(self, package_id: str) -> Instance:
        rows = self.task.site.query(self.wmi_class, wql.equals("PackageID", package_id), list(STATE))
        if not rows:
            raise NotAsWritten(f"The {self.noun} {package_id} is gone.", wmi_class=self.wmi_class)
        return rows[0]

    def _start(
        self,
        live: Instance,
        method: str,
        params: t.Mapping[str, Value],
        settle: t.Callable[[], bool | None] | None = None,
    ) -> None:
        """Start a long call. That the server gives up waiting for it is no error: it goes on there."""
        site = self.task.site
        package_id = str(live.get("PackageID"))
        keys = {"PackageID": package_id}

        def send() -> bool:
            try:
                answer = site.cim.invoke(self.wmi_class, method, params, keys=keys)
            except OperationTimeout:
                self.task.show(f"{method} of {package_id} takes longer than the server waits; it goes on there")
                return True
            self._judge(method, answer.return_value)
            return True

        path = relative_path(self.wmi_class, keys)
        with _image_source.reading(self._path_of(live), f"{method} of {package_id}"):
            site.write(f"{method} of {path}", send, settle=settle, wmi_class=self.wmi_class, method=method, path=path)

    def _path_of(self, live: Instance) -> str | None:
        """Return the path that the site reads: that of the play, or else the stored one."""
        return self.path or str(live.get(self.columns["source_path"], "")) or None

    def _judge(self, method: str, returned: t.Any) -> None:
        if str(returned if returned is not None else 0) not in ("0", ""):
            code = int(returned) & 0xFFFFFFFF if str(returned).lstrip("-").isdigit() else None
            raise ServerFault(
                f"{self.wmi_class}.{method} returned {returned}; SMSProv.log on the server says more.",
                wmi_class=self.wmi_class,
                method=method,
                sms_error_code=code,
            )

    def wait(self, live: Instance, version: int | None) -> None:
        """Wait until the site has taken the content in: until the source version is above ``version``."""
        package_id = str(live.get("PackageID"))
        least = 1 if version is None else version + 1

        def look() -> Progress:
            row = self._state(package_id)
            now = row.number("SourceVersion")
            state = {
                "package_id": package_id,
                "source_version": now,
                "last_refresh": iso(row.get("LastRefreshTime")),
            }
            return Progress(now >= least, f"source version {now}, waiting for {least}", state)

        _wait.wait_for(self.task, look, what=f"the content of {package_id}")

    # -- reporting ------------------------------------------------------------------------------

    def _options(self, row: Instance) -> dict[str, t.Any]:
        shown = super()._options(row)
        if self.has_metadata:
            shown["editions"] = _image_metadata.editions(row.get("ImageProperty"))
        shown.update(_content_settings.describe(row))
        return shown

    def facts(self, live: Instance | None) -> dict[str, t.Any]:
        return {
            "source_version": live.number("SourceVersion") if live is not None else None,
            "refreshed": self._refreshed,
        }

    def summary(self, live: Instance | None, plan: Plan) -> dict[str, t.Any] | None:
        shown = super().summary(live, plan)
        if shown is not None:
            for key in ("refresh", "image_property"):
                shown.pop(key, None)
        return shown


def _same(name: str, stored: t.Any, sent: t.Any) -> bool:
    return equal(stored, sent) or (name == "ImageProperty" and _image_metadata.same(stored, str(sent)))


def iso(value: t.Any) -> str | None:
    """Return a DMTF time of the site as ISO text; package times are UTC (provider-behaviour 11)."""
    digits = str(value or "")[:14]
    if len(digits) != 14 or not digits.isdigit():
        return None
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}T{digits[8:10]}:{digits[10:12]}:{digits[12:]}Z"
