# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a task sequence package and the properties that carry them.

One table for both modules: what an option is called, which property or bit of
``SMS_TaskSequencePackage`` holds it (reference: provider-behaviour 2.3, 2.4, 2.6), and what a new
package gets when the option is omitted.
"""

from __future__ import annotations

import typing as t

from .._cim.instance import Instance, Value
from .._errors import InvalidInput, Problem
from .._plan import NOT_THERE_YET, Plan
from .._provider import names
from .._provider.ref import Ref
from .._provider.references import Resolver, parse_ref
from .._provider.site import equal
from . import _platforms

CUSTOM_PROGRESS = 0x2
RUN_FIRST_ALWAYS = 0x200
DISABLED = 0x1000
ANY_PLATFORM = 0x08000000
DEFAULT_FLAGS = 152084496
"""ANY_PLATFORM, HIDEWINDOW, USEUNCPATH, ADMINRIGHTS, UNATTENDED and the bit 0x10 that every sequence has."""

DEFAULT_RUN_TIME = 120
"""Minutes; what the console and the cmdlet write. The class's own 0 counts as 720 in maintenance windows."""

OPTIONS = (
    "name",
    "description",
    "category",
    "boot_image",
    "max_run_time",
    "progress_text",
    "enabled",
    "platforms",
    "run_first",
)
"""The options in the order of results and diffs."""

_TEXTS = {"name": "Name", "description": "Description", "category": "Category"}
PROPERTIES = {
    **_TEXTS,
    "boot_image": "BootImageID",
    "max_run_time": "Duration",
    "progress_text": "CustomProgressMsg",
    "platforms": "SupportedOperatingSystems",
    "run_first": "DependentProgram",
}
"""Which property carries an option; bits of ``ProgramFlags`` come on top."""
_LIMITS = {"description": 512, "category": 255, "progress_text": 255}
"""Most characters of a text; the cmdlet's limits (provider-behaviour 2.2)."""
LONGEST_RUN_TIME = 99999
"""Minutes."""

CREATE_DEFAULTS: dict[str, Value] = {
    "Name": "",
    "Description": "",
    "Category": "",
    "BootImageID": "",
    "CustomProgressMsg": "",
    "DependentProgram": "",
    "Duration": DEFAULT_RUN_TIME,
    "ProgramFlags": DEFAULT_FLAGS,
    "SupportedOperatingSystems": [],
    "PackageType": 4,
    "PkgFlags": 0,
    "PkgSourceFlag": 1,
    "Priority": 2,
    "ShareType": 1,
    "ForcedDisconnectEnabled": False,
    "ForcedDisconnectDelay": 5,
    "ForcedDisconnectNumRetries": 2,
    "IgnoreAddressSchedule": False,
    "RefreshPkgSourceFlag": False,
    "TaskSequenceFlags": 0,
    "Language": "",
    "Manufacturer": "",
    "Version": "",
}
"""Sent with every new package: the collection never relies on defaults that the server might fill in."""


def check(params: t.Mapping[str, t.Any], wants: t.Callable[[str], bool]) -> list[Problem]:
    """Return what is wrong with the package options themselves; ``name`` is checked where identity is."""
    problems = []
    for option, limit in _LIMITS.items():
        if wants(option):
            judge = names.fault_in_text if option == "category" else names.fault_in_memo
            fault = judge(params[option], limit)
            if fault:
                problems.append(Problem(option, names.shown(params[option]), fault))
    if wants("max_run_time") and not 0 <= params["max_run_time"] <= LONGEST_RUN_TIME:
        rule = f"must be minutes from 0 to {LONGEST_RUN_TIME}"
        problems.append(Problem("max_run_time", str(params["max_run_time"]), rule))
    for index, name in enumerate(params.get("platforms") or []):
        fault = None if isinstance(name, Instance) else names.fault_in_reference(name)
        if fault:
            problems.append(Problem(f"platforms[{index}]", names.shown(name), fault))
    return problems + _check_references(params)


def _check_references(params: t.Mapping[str, t.Any]) -> list[Problem]:
    problems = []
    first = params.get("run_first") or {}
    if bool(first.get("package")) != bool(first.get("program")):
        problems.append(Problem("run_first", "", "needs both package and program; {} means that none runs first"))
    elif first.get("always") and not first.get("package"):
        problems.append(Problem("run_first.always", "true", "needs package and program"))
    elif first.get("program"):
        fault = names.fault_in_reference(first["program"])
        if fault:
            problems.append(Problem("run_first.program", names.shown(first["program"]), fault))
    for option, kind, value in (
        ("boot_image", "boot_image", params.get("boot_image")),
        ("run_first.package", "package", first.get("package")),
    ):
        if value not in (None, ""):
            try:
                parse_ref(value, kind, option)
            except InvalidInput as error:
                problems.extend(error.problems)
    return problems


class WantedOptions:
    """The package options of a play: their references, and the changes that they mean for a package."""

    def __init__(self, params: t.Mapping[str, t.Any], wants: t.Callable[[str], bool]) -> None:
        self.params = params
        self.wants = wants
        first = params.get("run_first") or {}
        boot = params.get("boot_image")
        self.boot_image = parse_ref(boot, "boot_image", "boot_image") if boot not in (None, "") else None
        self.first_package: Ref | None = None
        self.first_program: Ref | None = None
        if first.get("package"):
            self.first_package = parse_ref(first["package"], "package", "run_first.package")
            self.first_program = Ref("program", first["program"], parent=self.first_package, path="run_first.program")
        given = params.get("platforms") or []
        self.details: list[Value] = [item for item in given if isinstance(item, Instance)]
        """Platforms as an exported package holds them; no site has to look them up."""
        wanted = dict.fromkeys(item for item in given if not isinstance(item, Instance))
        self.platforms = [Ref("platform", name, path=f"platforms[{index}]") for index, name in enumerate(wanted)]

    def add_references(self, resolver: Resolver, live: Instance | None) -> None:
        """Hand every reference to the resolver that has to be looked up.

        An ID that the live package already holds needs no query.
        """
        wanted: list[Ref] = list(self.platforms)
        if self.boot_image and not _held(self.boot_image, live and live.get("BootImageID")):
            wanted.append(self.boot_image)
        if self.first_package and self.first_program:
            package, _unused, program = str(live.get("DependentProgram") or "" if live else "").partition(";;")
            if not (_held(self.first_package, package) and self.first_program.name == program):
                wanted += [self.first_package, self.first_program]
        for ref in wanted:
            resolver.add(ref)

    def compare(self, plan: Plan, live: Instance | None, resolver: Resolver, *, rename: bool) -> None:
        """Record in the plan every managed option that differs from the live package.

        ``rename``: whether another spelling of the name is a change. A package that was found by its name
        keeps the spelling that it has.
        """
        have = live or Instance("SMS_TaskSequencePackage", dict(CREATE_DEFAULTS))
        flags = have.number("ProgramFlags")
        for option, prop in _TEXTS.items():
            if not self.wants(option) or (option == "name" and not rename):
                continue
            if not equal(have.get(prop), self.params[option]):
                plan.change(option, have.get(prop) or "", self.params[option], **{prop: self.params[option]})
        if self.wants("max_run_time") and have.number("Duration") != self.params["max_run_time"]:
            minutes = self.params["max_run_time"]
            plan.change("max_run_time", have.number("Duration"), minutes, Duration=minutes)
        if self.wants("boot_image"):
            wanted = _id(self.boot_image, resolver)
            if str(have.get("BootImageID") or "").casefold() != wanted.casefold():
                shown = _shown(self.boot_image, wanted)
                plan.change("boot_image", have.get("BootImageID") or "", shown, BootImageID=wanted)
        flags = self._compare_progress(plan, have, flags)
        if self.wants("enabled") and bool(flags & DISABLED) == self.params["enabled"]:
            plan.change("enabled", not flags & DISABLED, self.params["enabled"])
            flags ^= DISABLED
        flags = self._compare_platforms(plan, have, flags, resolver)
        flags = self._compare_first(plan, have, flags, resolver)
        if flags != have.number("ProgramFlags"):
            # Only single bits are flipped: what the collection does not know of stays as it is.
            plan.properties["ProgramFlags"] = flags

    def _compare_progress(self, plan: Plan, have: Instance, flags: int) -> int:
        if not self.wants("progress_text"):
            return flags
        text = self.params["progress_text"]
        stored = str(have.get("CustomProgressMsg") or "")
        if bool(flags & CUSTOM_PROGRESS) == bool(text) and (not text or equal(stored, text)):
            return flags
        plan.change("progress_text", stored if flags & CUSTOM_PROGRESS else "", text, CustomProgressMsg=text)
        return flags | CUSTOM_PROGRESS if text else flags & ~CUSTOM_PROGRESS

    def _compare_platforms(self, plan: Plan, have: Instance, flags: int, resolver: Resolver) -> int:
        if not self.wants("platforms"):
            return flags
        rows = [resolver.result(ref).row or Instance("SMS_SupportedPlatforms") for ref in self.platforms]
        details = [*self.details, *(_platforms.details(row) for row in rows)]
        live = live_platforms(have)
        if bool(flags & ANY_PLATFORM) == (not details) and _platforms.same(live, details):
            return flags
        shown = [_platforms.text(item) for item in self.details if isinstance(item, Instance)]
        shown += [str(ref.name) for ref in self.platforms]
        plan.change("platforms", [_platforms.text(item) for item in live], shown, SupportedOperatingSystems=details)
        return flags & ~ANY_PLATFORM if details else flags | ANY_PLATFORM

    def _compare_first(self, plan: Plan, have: Instance, flags: int, resolver: Resolver) -> int:
        if not self.wants("run_first"):
            return flags
        live = str(have.get("DependentProgram") or "")
        if self.first_package is None or self.first_program is None:
            if live:
                plan.change("run_first", first_option(live, flags), {}, DependentProgram="")
            return flags & ~RUN_FIRST_ALWAYS if live else flags
        always = bool(self.params["run_first"].get("always"))
        # The site's own spelling of the program, unless the package holds the very same already.
        found = resolver.result(self.first_program).name if self.first_program in resolver else None
        wanted = f"{_id(self.first_package, resolver)};;{found or self.first_program.name}"
        if live.casefold() != wanted.casefold() or bool(flags & RUN_FIRST_ALWAYS) != always:
            package = self.params["run_first"]["package"]
            after = {"package": package, "program": self.first_program.name, "always": always}
            plan.change("run_first", first_option(live, flags), after, DependentProgram=wanted)
        return flags | RUN_FIRST_ALWAYS if always else flags & ~RUN_FIRST_ALWAYS


def deviations(stored: Instance, sent: t.Mapping[str, Value]) -> tuple[list[str], list[str]]:
    """Compare a package with what was sent.

    Returns what the site does not hold at all, and sentences about what it holds in another form.
    """
    lost, changed = [], []
    for name, value in sent.items():
        held = stored.get(name)
        if name == "SupportedOperatingSystems":
            same = _platforms.same(*([i for i in v or () if isinstance(i, Instance)] for v in (held, value)))
        else:
            same = equal(held, value)
        if same:
            continue
        option = next((option for option, prop in PROPERTIES.items() if prop == name), name)
        if held in (None, "", []):
            lost.append(option)
        else:
            changed.append(f"{option}: sent {_words(value)}, the site holds {_words(held)}.")
    return lost, changed


def _words(value: t.Any) -> str:
    if isinstance(value, list):
        return ", ".join(_platforms.text(item) if isinstance(item, Instance) else str(item) for item in value) or "none"
    return names.shown(str(value)) or "none"


def describe(live: Instance) -> dict[str, t.Any]:
    """Return the live package in the form of the play, with IDs in place of names."""
    flags = live.number("ProgramFlags")
    return {
        "name": live.get("Name") or "",
        "description": live.get("Description") or "",
        "category": live.get("Category") or "",
        "boot_image": live.get("BootImageID") or "",
        "max_run_time": live.number("Duration"),
        "progress_text": (live.get("CustomProgressMsg") or "") if flags & CUSTOM_PROGRESS else "",
        "enabled": not flags & DISABLED,
        "platforms": [_platforms.text(item) for item in live_platforms(live)],
        "run_first": first_option(str(live.get("DependentProgram") or ""), flags),
    }


def platform_texts(params: t.Mapping[str, t.Any]) -> list[str]:
    """Return the platforms of a play as texts, those of an exported package included."""
    return [_platforms.text(item) if isinstance(item, Instance) else item for item in params.get("platforms") or []]


def first_option(dependent: str, flags: int) -> dict[str, t.Any]:
    """Return ``run_first`` for a DependentProgram text of the form ``<PackageID>;;<ProgramName>``."""
    package, _unused, program = dependent.partition(";;")
    if not package:
        return {}
    return {"package": {"id": package}, "program": program, "always": bool(flags & RUN_FIRST_ALWAYS)}


def live_platforms(live: Instance) -> list[Instance]:
    """Return the platforms that a package is limited to, none when it can run on any."""
    if live.number("ProgramFlags") & ANY_PLATFORM:
        return []
    return [item for item in live.get("SupportedOperatingSystems") or [] if isinstance(item, Instance)]


def _id(ref: Ref | None, resolver: Resolver) -> str:
    if ref is None:
        return ""
    if ref not in resolver:
        return str(ref.id)
    return resolver.result(ref).id or NOT_THERE_YET


def _shown(ref: Ref | None, found: str) -> str:
    return f"{ref.name} ({found})" if ref and ref.name else found


def _held(ref: Ref, live_id: t.Any) -> bool:
    return bool(ref.id) and str(ref.id).casefold() == str(live_id or "").casefold()
