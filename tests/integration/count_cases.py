# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tasks whose requests are counted: what is run, what is run before it, and what the formula makes of it."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from tests.integration.expected_requests import Case

Args = dict[str, t.Any]
Setup = tuple[tuple[str, Args], ...]

TS, TS_PACKAGE, ADVERTISEMENT = "cm_task_sequence", "cm_ts_package", "cm_advertisement"
PACKAGE, PROGRAM = "cm_package", "cm_program"


FOLDER = "{folder}"
"""Stands for a folder of the test."""


@dataclass
class Counted:
    """One task, what is run before it, and what it is for the formula. The case names the module."""

    id: str
    case: Case
    args: Args
    setup: Setup = ()
    switches: dict[str, t.Any] = field(default_factory=dict)
    """What the simulated site does otherwise than by default."""


def command(name: str = "Say hello", line: str = "cmd.exe /c echo hello") -> Args:
    """Return a step that refers to nothing."""
    return {"type": "run_command_line", "name": name, "command_line": line}


def sequence(*steps: Args, **options: t.Any) -> Args:
    """Return the arguments of a task sequence that no seed has."""
    return {"name": "Counted", "steps": list(steps) or [command()], **options}


def made(*steps: Args, **options: t.Any) -> tuple[str, Args]:
    """Return a task for a setup."""
    return TS, sequence(*steps, **options)


INSTALL = {"type": "install_package", "name": "Agent", "package": "Monitoring Agent", "program": "Silent install"}
INSTALL_BY_ID = {**INSTALL, "package": {"id": "PS100010"}}
FONTS = {"type": "install_package", "name": "Fonts", "package": "Corporate Fonts", "program": "Install fonts"}
IMAGE = {
    "type": "apply_operating_system_image",
    "name": "Windows",
    "image": "Windows 11 24H2",
    "edition": "Windows 11 Enterprise",
}
OLD_IMAGE = {
    "type": "apply_operating_system_image",
    "name": "Old",
    "image": "Windows 10 22H2",
    "edition": "Windows 10 Pro",
}
IMAGE_BY_ID = {"type": "apply_operating_system_image", "name": "Windows", "image": "id:PS100020", "image_index": 3}
VPN = {"type": "install_application", "name": "VPN", "applications": ["Contoso VPN"]}
TWO_APPLICATIONS = {"type": "install_application", "name": "Both", "applications": ["Contoso VPN", "7-Zip"]}
CHILD = {"type": "run_task_sequence", "name": "Finance", "task_sequence": "Finance - Applications"}
CHILD_BY_ID = {**CHILD, "task_sequence": "id:PS100040"}
CONTENT = {
    "type": "download_package_content",
    "name": "Content",
    "packages": ["id:PS100010", "id:PS100011"],
    "destination": "client_cache",
}
DYNAMIC = {"type": "set_dynamic_variables", "name": "Models", "rules": [{"set": {"Role": "desktop"}}]}
PLAIN_XML = (
    '<sequence version="3.10"><step type="SMS_TaskSequence_RunCommandLineAction" name="Say hello" description=""'
    ' runIn="WinPEandFullOS" successCodeList="0 3010"><action>smsswd.exe /run: cmd.exe /c echo hello</action>'
    '<defaultVarList><variable name="CommandLine" property="CommandLine" hidden="true">cmd.exe /c echo hello</variable>'
    '<variable name="SMSTSDisableWow64Redirection" property="DisableWow64Redirection">false</variable>'
    '<variable name="_SMSTSRunCommandLineAsUser" property="RunAsUser">false</variable>'
    '<variable name="SuccessCodes" property="SuccessCodes" hidden="true">0 3010</variable></defaultVarList></step>'
    "</sequence>"
)

OFFER = {"name": "Offer", "task_sequence": "id:PS100042", "collection": "id:PS100014", "purpose": "available"}
PAIR = {name: value for name, value in OFFER.items() if name != "name"}
ONCE = {"purpose": "required", "rerun": "never", "assignments": [{"at": "2030-01-01 10:00"}]}
ASAP = {"purpose": "required", "rerun": "never", "assignments": ["as_soon_as_possible"]}

AGENT = {"name": "Counted Agent", "version": "1.0"}
RUN = {"package": "id:PS100010", "name": "Counted", "command_line": "setup.exe /s"}
RUN_BY_NAME = {**RUN, "package": "Monitoring Agent"}

SCOPES = 1
"""The seed has three security scopes, so their query costs a Pull."""

TASK_SEQUENCES = [
    Counted("nothing to change", Case(TS, "same"), sequence(), (made(),)),
    Counted("create", Case(TS, "create", pulls=SCOPES), sequence()),
    Counted("create in check mode", Case(TS, "create", check=True, pulls=SCOPES), sequence()),
    Counted("create without scopes", Case(TS, "create", report_scopes=False), sequence(report_scopes=False)),
    Counted("change", Case(TS, "change"), sequence(command(line="cmd.exe")), (made(),)),
    Counted(
        "change with a backup",
        Case(TS, "change"),
        sequence(command(line="cmd.exe"), backup=True, backup_dir=FOLDER),
        (made(),),
    ),
    Counted("change an option", Case(TS, "change"), sequence(description="new"), (made(),)),
    Counted("change in check mode", Case(TS, "change", check=True), sequence(command(line="cmd.exe")), (made(),)),
    Counted(
        "change through text",
        Case(TS, "change", text=True),
        sequence(command(line="cmd.exe"), compatibility={"write_via": "xml"}),
        (made(),),
    ),
    Counted(
        "create through text",
        Case(TS, "create", text=True, report_scopes=False),
        sequence(compatibility={"write_via": "xml"}, report_scopes=False),
    ),
    Counted("steps that need text", Case(TS, "change", text=True), sequence(DYNAMIC), (made(),)),
    Counted("steps that need text, the same", Case(TS, "same"), sequence(DYNAMIC), (made(DYNAMIC),)),
    Counted("missing", Case(TS, "missing"), {"name": "Counted", "state": "absent"}),
    Counted("delete", Case(TS, "delete"), {"name": "Counted", "state": "absent"}, (made(),)),
    Counted("delete in check mode", Case(TS, "delete", check=True), {"name": "Counted", "state": "absent"}, (made(),)),
    Counted(
        "delete with its advertisements",
        Case(TS, "delete", advertisements=2, pulls=1),
        {"name": "Counted", "state": "absent", "remove_deployments": True},
        (
            made(),
            (ADVERTISEMENT, {**OFFER, "task_sequence": "Counted"}),
            (ADVERTISEMENT, {**OFFER, "name": "Second", "task_sequence": "Counted"}),
        ),
    ),
    Counted("site code", Case(TS, "same", site_code=True), sequence(site_code="PS1"), (made(),)),
    Counted(
        "site code, change", Case(TS, "change", site_code=True), sequence(description="x", site_code="PS1"), (made(),)
    ),
    Counted(
        "by ID",
        Case(TS, "change", by_id=True),
        {"package_id": "PS100042", "steps": [command()]},
    ),
    Counted(
        "by ID, options only, nothing to change",
        Case(TS_PACKAGE, "same", by_id=True),
        {"package_id": "PS100042", "max_run_time": 180},
    ),
    Counted(
        "by ID and site code",
        Case(TS, "same", by_id=True, site_code=True),
        {"package_id": "PS100057", "steps": [command()], "site_code": "PS1"},
        (made(),),
    ),
    Counted(
        "delete by ID",
        Case(TS, "delete", by_id=True),
        {"package_id": "PS100057", "state": "absent"},
        (made(),),
    ),
    Counted("missing by ID", Case(TS, "missing", by_id=True), {"package_id": "PS1000F0", "state": "absent"}),
    # Two kinds: packages and programs. All names of a kind are asked for in one query.
    Counted(
        "a package and its program by name",
        Case(TS, "same", kinds=("package", "program")),
        sequence(INSTALL),
        (made(INSTALL),),
    ),
    Counted(
        "two packages and programs by name",
        Case(TS, "same", kinds=("package", "program"), pulls=2),
        sequence(INSTALL, FONTS),
        (made(INSTALL, FONTS),),
    ),
    Counted(
        "the same by ID, held by the site",
        Case(TS, "same"),
        sequence(INSTALL_BY_ID),
        (made(INSTALL_BY_ID),),
    ),
    Counted(
        "an ID that the site's steps do not hold",
        Case(TS, "change", kinds=("os_image",), high_risk=True),
        sequence(IMAGE_BY_ID),
        (made(),),
    ),
    Counted("an ID that they hold", Case(TS, "same"), sequence(IMAGE_BY_ID), (made(IMAGE_BY_ID),)),
    Counted("an edition by name", Case(TS, "same", kinds=("os_image",), editions=1), sequence(IMAGE), (made(IMAGE),)),
    Counted(
        "two editions by name",
        Case(TS, "same", kinds=("os_image",), editions=2, pulls=1),
        sequence(IMAGE, OLD_IMAGE),
        (made(IMAGE, OLD_IMAGE),),
    ),
    Counted(
        "the same image twice",
        Case(TS, "same", kinds=("os_image",), editions=1),
        sequence(IMAGE, {**IMAGE, "name": "Again", "edition": "Windows 11 Pro"}),
        (made(IMAGE, {**IMAGE, "name": "Again", "edition": "Windows 11 Pro"}),),
    ),
    Counted(
        "five kinds and a boot image",
        Case(
            TS,
            "create",
            report_scopes=False,
            kinds=("package", "program", "os_image", "application", "boot_image"),
            pulls=3,
            editions=1,
        ),
        sequence(INSTALL, FONTS, IMAGE, TWO_APPLICATIONS, boot_image="Boot image (x64)", report_scopes=False),
    ),
    Counted(
        "a boot image by name",
        Case(TS, "same", kinds=("boot_image",)),
        sequence(boot_image="Boot image (x64)"),
        (made(boot_image="Boot image (x64)"),),
    ),
    Counted(
        "a boot image by ID", Case(TS, "same"), sequence(boot_image="id:PS100005"), (made(boot_image="id:PS100005"),)
    ),
    Counted(
        "a child by name",
        Case(TS, "create", kinds=("task_sequence",), children=True, text=True, pulls=2),
        sequence(CHILD),
    ),
    Counted("a child by name, the same", Case(TS, "same", kinds=("task_sequence",)), sequence(CHILD), (made(CHILD),)),
    Counted(
        "a child that is held, when something else changes",
        Case(TS, "change", children=True, text=True, pulls=1),
        sequence(CHILD_BY_ID, description="new"),
        (made(CHILD_BY_ID),),
    ),
    Counted(
        "packages that are held, when something else changes",
        Case(TS, "change"),
        sequence(CONTENT, command()),
        (made(CONTENT),),
    ),
    Counted(
        "an application by name, when something else changes",
        Case(TS, "change", kinds=("application",)),
        sequence(VPN, command()),
        (made(VPN),),
    ),
    Counted(
        "sequence_xml, nothing to change",
        Case(TS, "same", sequence_xml=True),
        {"name": "Counted", "sequence_xml": PLAIN_XML},
        (made(),),
    ),
    Counted(
        "sequence_xml, create",
        Case(TS, "create", sequence_xml=True, report_scopes=False),
        {"name": "Counted", "sequence_xml": PLAIN_XML, "report_scopes": False},
    ),
    Counted(
        "sequence_xml, change",
        Case(TS, "change", sequence_xml=True),
        {"name": "Counted", "sequence_xml": PLAIN_XML},
        (made(command(line="cmd.exe")),),
    ),
]

TASK_SEQUENCES += [
    Counted(
        "high-risk steps that are required somewhere",
        Case(TS, "change", high_risk=True, required=True),
        sequence(IMAGE_BY_ID, command()),
        (made(IMAGE_BY_ID), (ADVERTISEMENT, {**OFFER, **ASAP, "task_sequence": "Counted"})),
    ),
]

TS_PACKAGES = [
    Counted("nothing to change", Case(TS_PACKAGE, "same"), {"name": "Counted"}, (made(),)),
    Counted("create", Case(TS_PACKAGE, "create", pulls=SCOPES), {"name": "Counted"}),
    Counted(
        "create without scopes",
        Case(TS_PACKAGE, "create", report_scopes=False),
        {"name": "Counted", "report_scopes": False},
    ),
    Counted("change", Case(TS_PACKAGE, "change"), {"name": "Counted", "category": "new"}, (made(),)),
    Counted(
        "change in check mode",
        Case(TS_PACKAGE, "change", check=True),
        {"name": "Counted", "category": "new"},
        (made(),),
    ),
    Counted(
        "what runs first, and where",
        Case(TS_PACKAGE, "change", kinds=("platform", "package", "program"), pulls=1),
        {
            "name": "Counted",
            "run_first": {"package": "Monitoring Agent", "program": "Silent install"},
            "platforms": ["All Windows 10 (64-bit)", "All Windows 11 (64-bit)"],
        },
        (made(),),
    ),
    Counted("missing", Case(TS_PACKAGE, "missing"), {"name": "Counted", "state": "absent"}),
    Counted("delete", Case(TS_PACKAGE, "delete"), {"name": "Counted", "state": "absent"}, (made(),)),
    Counted("site code", Case(TS_PACKAGE, "same", site_code=True), {"name": "Counted", "site_code": "PS1"}, (made(),)),
]

ADVERTISEMENTS = [
    Counted("nothing to change", Case(ADVERTISEMENT, "same"), OFFER, ((ADVERTISEMENT, OFFER),)),
    Counted("create", Case(ADVERTISEMENT, "create"), OFFER),
    # A run lets the site refuse an ID that is not there; check mode has to look.
    Counted(
        "create in check mode", Case(ADVERTISEMENT, "create", check=True, kinds=("task_sequence", "collection")), OFFER
    ),
    Counted("change", Case(ADVERTISEMENT, "change"), {**OFFER, "comment": "new"}, ((ADVERTISEMENT, OFFER),)),
    Counted(
        "change in check mode",
        Case(ADVERTISEMENT, "change", check=True),
        {**OFFER, "comment": "new"},
        ((ADVERTISEMENT, OFFER),),
    ),
    Counted("site code", Case(ADVERTISEMENT, "create", site_code=True), {**OFFER, "site_code": "PS1"}),
    Counted(
        "both by name",
        Case(ADVERTISEMENT, "create", kinds=("task_sequence", "collection")),
        {**OFFER, "task_sequence": "Kiosk refresh", "collection": "Kiosks"},
    ),
    Counted("create with a schedule", Case(ADVERTISEMENT, "create", schedules=True), {**OFFER, **ONCE}),
    Counted("create at an event", Case(ADVERTISEMENT, "create"), {**OFFER, **ASAP}),
    Counted(
        "a schedule that is there",
        Case(ADVERTISEMENT, "same"),
        {**OFFER, **ONCE},
        ((ADVERTISEMENT, {**OFFER, **ONCE}),),
    ),
    Counted(
        "change to a schedule",
        Case(ADVERTISEMENT, "change", schedules=True, gate=True),
        {**OFFER, **ONCE},
        ((ADVERTISEMENT, OFFER),),
    ),
    Counted(
        "a schedule made here",
        Case(ADVERTISEMENT, "create"),
        {**OFFER, **ONCE, "compatibility": {"schedule_tokens": "direct"}},
    ),
    # The name of a new advertisement is made of both names, so both IDs are looked up.
    Counted("by the pair, create", Case(ADVERTISEMENT, "create", kinds=("task_sequence", "collection")), PAIR),
    Counted(
        "by the pair, by name",
        Case(ADVERTISEMENT, "same", kinds=("task_sequence", "collection")),
        {**PAIR, "task_sequence": "Windows 11 - in-place upgrade", "collection": "OSD - Finance pilot"},
        ((ADVERTISEMENT, PAIR),),
    ),
    Counted(
        "by ID",
        Case(ADVERTISEMENT, "change", by_id=True),
        {"advertisement_id": "PS120000", "comment": "new"},
    ),
    Counted(
        "replace",
        Case(ADVERTISEMENT, "replace"),
        {**OFFER, "collection": "id:PS100016", "allow_replace": True},
        ((ADVERTISEMENT, OFFER),),
    ),
    Counted(
        "a high-risk one, required",
        Case(ADVERTISEMENT, "create", high_risk=True),
        {**OFFER, **ASAP, "task_sequence": "id:PS100041", "never_include": ["DC*", "CM01"]},
    ),
    Counted(
        "a high-risk one, required, in check mode",
        Case(ADVERTISEMENT, "create", check=True, high_risk=True, kinds=("task_sequence", "collection")),
        {**OFFER, **ASAP, "task_sequence": "id:PS100041"},
    ),
    Counted(
        "made required, by name",
        Case(ADVERTISEMENT, "change", gate=True, high_risk=True, kinds=("task_sequence", "collection")),
        {**OFFER, **ASAP, "task_sequence": "Windows 11 - Standard desktop", "collection": "OSD - Finance pilot"},
        ((ADVERTISEMENT, {**OFFER, "task_sequence": "id:PS100041"}),),
    ),
    Counted("missing", Case(ADVERTISEMENT, "missing"), {"name": "Offer", "state": "absent"}),
    Counted("delete", Case(ADVERTISEMENT, "delete"), {"name": "Offer", "state": "absent"}, ((ADVERTISEMENT, OFFER),)),
    Counted(
        "delete by ID",
        Case(ADVERTISEMENT, "delete", by_id=True),
        {"advertisement_id": "PS120000", "state": "absent"},
    ),
    Counted(
        "delete in check mode",
        Case(ADVERTISEMENT, "delete", check=True),
        {"name": "Offer", "state": "absent"},
        ((ADVERTISEMENT, OFFER),),
    ),
]

PACKAGES = [
    Counted("nothing to change", Case(PACKAGE, "same"), AGENT, ((PACKAGE, AGENT),)),
    Counted("create", Case(PACKAGE, "create", pulls=SCOPES), AGENT),
    Counted("create without scopes", Case(PACKAGE, "create", report_scopes=False), {**AGENT, "report_scopes": False}),
    Counted("create in check mode", Case(PACKAGE, "create", check=True, pulls=SCOPES), AGENT),
    Counted("change", Case(PACKAGE, "change"), {**AGENT, "language": "German"}, ((PACKAGE, AGENT),)),
    Counted("by ID", Case(PACKAGE, "change", by_id=True), {"package_id": "PS100010", "language": "German"}),
    Counted("several of one name", Case(PACKAGE, "same", pulls=1), {"name": "Runtime Libraries", "version": "14.3"}),
    Counted("missing", Case(PACKAGE, "missing"), {"name": "Counted Agent", "state": "absent"}),
    Counted("delete", Case(PACKAGE, "delete"), {"name": "Counted Agent", "state": "absent"}, ((PACKAGE, AGENT),)),
    Counted("site code", Case(PACKAGE, "same", site_code=True), {**AGENT, "site_code": "PS1"}, ((PACKAGE, AGENT),)),
]

PROGRAMS = [
    Counted("nothing to change", Case(PROGRAM, "same"), RUN, ((PROGRAM, RUN),)),
    Counted("by name", Case(PROGRAM, "same", kinds=("package",)), RUN_BY_NAME, ((PROGRAM, RUN),)),
    # That the package is there is proven by the program; only for a new one is the ID looked up.
    Counted("create", Case(PROGRAM, "create", kinds=("package",), pulls=SCOPES), RUN),
    Counted("create by name", Case(PROGRAM, "create", kinds=("package",), pulls=SCOPES), RUN_BY_NAME),
    Counted(
        "create without scopes",
        Case(PROGRAM, "create", kinds=("package",), report_scopes=False),
        {**RUN, "report_scopes": False},
    ),
    Counted("change", Case(PROGRAM, "change"), {**RUN, "max_run_time": 5}, ((PROGRAM, RUN),)),
    Counted("change in check mode", Case(PROGRAM, "change", check=True), {**RUN, "max_run_time": 5}, ((PROGRAM, RUN),)),
    Counted(
        "platforms",
        Case(PROGRAM, "change", kinds=("platform",), pulls=1),
        {**RUN, "platforms": ["All Windows 10 (64-bit)", "All Windows 11 (64-bit)"]},
        ((PROGRAM, RUN),),
    ),
    Counted("missing", Case(PROGRAM, "missing"), {**RUN, "state": "absent"}),
    Counted(
        "delete",
        Case(PROGRAM, "delete"),
        {"package": "id:PS10001B", "name": "Install", "state": "absent"},
    ),
    Counted(
        "delete beside another program that is used",
        Case(PROGRAM, "delete", users=1),
        {"package": "id:PS100010", "name": "Silent uninstall", "state": "absent"},
    ),
    Counted("site code", Case(PROGRAM, "same", site_code=True), {**RUN, "site_code": "PS1"}, ((PROGRAM, RUN),)),
]

EVERYTHING = [*TASK_SEQUENCES, *TS_PACKAGES, *ADVERTISEMENTS, *PACKAGES, *PROGRAMS]
