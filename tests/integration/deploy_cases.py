# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tasks whose requests are counted, continued: edits, content, collections, devices, images, any object."""

from __future__ import annotations

from tests.integration import count_cases as tasks
from tests.integration.count_cases import PACKAGE, SCOPES, TS, TS_PACKAGE, Args, Counted, Setup
from tests.integration.expected_requests import Action, Case

STEP, REFERENCE = "cm_task_sequence_step", "cm_task_sequence_reference"
CONTENT, COLLECTION, DEVICE, OBJECT, METHOD = "cm_content", "cm_collection", "cm_device", "cm_object", "cm_method"
IMAGES = ("cm_boot_image", "cm_os_image", "cm_os_upgrade_package")
DRIVER_PACKAGE = "cm_driver_package"

FAST = {"collection_delay": 0, "content_delay": 0, "import_delay": 0, "image_delay": 0}
"""Everything that the site does later is done at once."""

EDIT = {"name": "Counted", "path": "Say hello", "options": {"command_line": "cmd.exe"}}
ADD_FONTS = {"name": "Counted", "path": "Fonts", "options": {k: v for k, v in tasks.FONTS.items() if k != "name"}}
REPLACE = {
    "kind": "package",
    "from": "Monitoring Agent",
    "to": "Wallpaper and lock screen",
    "programs": {"Silent install": "Apply"},
    "scope": {"names": ["Counted"]},
}
REPLACE_TWO = {**REPLACE, "from": "id:PS100010", "to": "id:PS10001A", "scope": {"names": ["Counted", "Second"]}}
SECOND = (TS, {**tasks.sequence(tasks.INSTALL_BY_ID), "name": "Second"})
COPY = {"name": "Copy", "copy_from": "Counted"}
PLACED = {
    "name": "Counted",
    "folder": "Production/New",
    "create_folder": True,
    "security_scopes": ["Finance", "Default"],
}
MOVED = {"name": "Counted", "category": "new", "folder": "Production", "security_scopes": ["Finance"]}

SENT = {"package": "id:PS100010"}
TO_POINTS = {**SENT, "distribution_points": ["dp-north", "dp-south"]}
TO_GROUP = {**SENT, "distribution_point_groups": ["Branch offices"]}

OWN = {"name": "Counted devices", "limiting_collection": "id:SMS00001"}
KIOSKS = {"name": "Kiosks", "query": 'select * from SMS_R_System where SMS_R_System.Name like "KIOSK-%"'}
RULES = {"direct": ["LAB-01", "LAB-02"], "queries": [KIOSKS], "exclude": ["id:PS100014"]}
FULL = {
    **OWN,
    **RULES,
    "variables": {"Department": "Lab"},
    "folder": "Lab",
    "create_folder": True,
    "refresh": "both",
    "refresh_schedule": [{"start": "2030-01-01 10:00", "every": {"days": 1}}],
}
OTHER = {
    **OWN,
    "direct": ["LAB-02", "LAB-03"],
    "queries": [{"name": "Kiosks", "query": 'select * from SMS_R_System where SMS_R_System.Name like "OLD-%"'}],
    "exclude": [],
    "variables": {"Department": "Other"},
    "folder": "",
    "comment": "new",
}

NEW = {"name": "NEW-01", "mac_address": "00:15:5D:AA:00:01", "smbios_guid": "6F1D2C3B-0A49-4E58-8D67-1B2C3D4E5F60"}
OUTFIT = {
    "variables": {"Department": "Lab"},
    "primary_users": [r"CORP\bob"],
    "migration": {"source": "OLD-005"},
    "clear_pxe": True,
}
FINANCE = {"resource_id": 16777300}
LAB = {"resource_id": 16778004}
TAKEN_OVER = {"name": "RENAMED-05", "mac_address": "00:15:5D:00:03:14", "overwrite": True}
SOME_USERS = {"source": "OLD-005", "behavior": "capture_all_restore_specified", "users": [r"CORP\bob"]}

SOURCES = {
    "cm_boot_image": r"\\files.corp.contoso.com\osd\boot\counted.wim",
    "cm_os_image": r"\\files.corp.contoso.com\osd\images\counted.wim",
    "cm_os_upgrade_package": r"\\files.corp.contoso.com\osd\upgrade\counted",
    DRIVER_PACKAGE: r"\\files.corp.contoso.com\drivers\counted",
}

PROPERTIES = {"class_name": "SMS_Package", "keys": {"PackageID": "PS100010"}, "properties": {"Language": "German"}}
GONE = {"class_name": "SMS_Package", "keys": {"PackageID": "PS10001B"}, "state": "absent"}
NEW_OBJECT = {
    "class_name": "SMS_Program",
    "keys": {"PackageID": "PS100010", "ProgramName": "Counted"},
    "properties": {"CommandLine": "setup.exe"},
}
CALL = {"class_name": "SMS_Package", "method": "RefreshPkgSource", "keys": {"PackageID": "PS100010"}}
READING_CALL = {
    "class_name": "SMS_ScheduleMethods",
    "method": "ReadFromString",
    "arguments": {"StringData": "00811A9E081A2000"},
}

EDITS = [
    Counted("nothing to change", Case(STEP, "same"), EDIT, (tasks.made(tasks.command(line="cmd.exe")),)),
    Counted("change", Case(STEP, "change"), EDIT, (tasks.made(),)),
    Counted("change in check mode", Case(STEP, "change", check=True), EDIT, (tasks.made(),)),
    Counted("a new step by name", Case(STEP, "change", kinds=("package", "program")), ADD_FONTS, (tasks.made(),)),
    Counted(
        "removed",
        Case(STEP, "change"),
        {"name": "Counted", "path": "Other", "state": "absent"},
        (tasks.made(tasks.command(), tasks.command("Other")),),
    ),
    # The packages by name, the programs of the new one, and the new one as the steps need it.
    Counted(
        "replaced in one",
        Case(REFERENCE, "change", kinds=("package", "program", "package"), pulls=3),
        REPLACE,
        (tasks.made(tasks.INSTALL_BY_ID),),
    ),
    Counted(
        "replaced in one, check mode",
        Case(REFERENCE, "change", check=True, kinds=("package", "program", "package"), pulls=3),
        REPLACE,
        (tasks.made(tasks.INSTALL_BY_ID),),
    ),
    Counted(
        "replaced in two, by ID",
        Case(REFERENCE, "change", kinds=("package", "package", "program"), pulls=3, parts=("sequence",)),
        REPLACE_TWO,
        (tasks.made(tasks.INSTALL_BY_ID), SECOND),
    ),
    Counted("not used", Case(REFERENCE, "same", kinds=("package",), pulls=1), REPLACE, (tasks.made(),)),
    Counted("a copy", Case(TS, "create", pulls=SCOPES, parts=("original",)), COPY, (tasks.made(),)),
    Counted(
        "a new place",
        Case(TS_PACKAGE, "create", pulls=3, parts=("folder", "new_folder", "scopes", "first_scopes")),
        PLACED,
    ),
    Counted(
        "another place",
        Case(TS_PACKAGE, "change", pulls=2, parts=("folder", "old_folder", "scopes")),
        MOVED,
        ((TS_PACKAGE, PLACED),),
    ),
    Counted(
        "another place in check mode",
        Case(TS_PACKAGE, "change", check=True, pulls=2, parts=("folder", "old_folder", "scopes")),
        MOVED,
        ((TS_PACKAGE, PLACED),),
    ),
]

CONTENTS = [
    Counted("there", Case(CONTENT, "same", pulls=3, parts=("points",)), TO_POINTS, ((CONTENT, TO_POINTS),)),
    Counted("to points", Case(CONTENT, "change", pulls=3, parts=("points", "order")), TO_POINTS),
    Counted(
        "to points in check mode", Case(CONTENT, "change", check=True, pulls=1, parts=("points", "order")), TO_POINTS
    ),
    Counted("to a group", Case(CONTENT, "change", pulls=2, parts=("groups", "order")), TO_GROUP),
    Counted(
        "a task sequence",
        Case(CONTENT, "change", pulls=6, parts=("closure", "groups", "order")),
        {"task_sequence": "id:PS100041", "distribution_point_groups": ["Branch offices"]},
    ),
    Counted(
        "sent again",
        Case(CONTENT, "change", pulls=4, parts=("points", "send_again", "send_again")),
        {**TO_POINTS, "redistribute": "always"},
        ((CONTENT, TO_POINTS),),
    ),
    Counted("refresh", Case(CONTENT, "change", parts=("call",)), {**SENT, "refresh": True}),
    Counted("nothing to remove", Case(CONTENT, "same", pulls=1, parts=("points",)), {**TO_POINTS, "state": "absent"}),
    Counted(
        "from points",
        Case(CONTENT, "delete", pulls=3, parts=("only_points", "call", "call")),
        {**TO_POINTS, "state": "absent"},
        ((CONTENT, TO_POINTS),),
    ),
    Counted(
        "from a group",
        Case(CONTENT, "delete", pulls=3, parts=("groups", "call")),
        {**TO_GROUP, "state": "absent"},
        ((CONTENT, TO_GROUP),),
    ),
]

COLLECTIONS = [
    Counted("nothing to change", Case(COLLECTION, "same"), OWN, ((COLLECTION, OWN),)),
    Counted("create", Case(COLLECTION, "create", kinds=("collection",)), OWN),
    Counted("create in check mode", Case(COLLECTION, "create", check=True, kinds=("collection",)), OWN),
    Counted(
        "create with everything",
        Case(
            COLLECTION,
            "create",
            kinds=("collection", "device"),
            pulls=2,
            schedules=True,
            parts=(
                *("query", "rules", "update", "folder", "new_folder"),
                *("settings_after", "new_settings", "variables"),
            ),
        ),
        FULL,
    ),
    Counted(
        "change everything",
        Case(
            COLLECTION,
            "change",
            kinds=("device",),
            pulls=1,
            parts=(
                *("save", "query", "rules", "rules", "rules", "update", "read_rules"),
                *("settings", "variables", "folder", "old_folder"),
            ),
        ),
        OTHER,
        ((COLLECTION, FULL),),
    ),
    Counted(
        "one more member",
        Case(COLLECTION, "change", kinds=("device",), parts=("rules", "update", "read_rules")),
        {"name": OWN["name"], "add_members": ["LAB-03"]},
        ((COLLECTION, OWN),),
    ),
    Counted("update", Case(COLLECTION, "change", parts=("update",)), {**OWN, "update": "always"}, ((COLLECTION, OWN),)),
    Counted("missing", Case(COLLECTION, "missing"), {"name": OWN["name"], "state": "absent"}),
    Counted("delete", Case(COLLECTION, "delete"), {"name": OWN["name"], "state": "absent"}, ((COLLECTION, OWN),)),
    Counted("site code", Case(COLLECTION, "same", site_code=True), {**OWN, "site_code": "PS1"}, ((COLLECTION, OWN),)),
]

OUTFITTED = ("new_settings", "variables", "user", "users_again", "association", "migration_again")
DEVICES = [
    Counted("nothing to change", Case(DEVICE, "same"), NEW, ((DEVICE, NEW),)),
    Counted("import", Case(DEVICE, "create"), NEW),
    Counted("import in check mode", Case(DEVICE, "create", check=True), NEW),
    Counted("import with everything", Case(DEVICE, "create", pulls=1, parts=OUTFITTED), {**NEW, **OUTFIT}),
    Counted(
        "everything is there",
        Case(DEVICE, "same", pulls=1, parts=("settings", "users", "migration", "pxe")),
        {**NEW, **OUTFIT},
        ((DEVICE, {**NEW, **OUTFIT}),),
    ),
    Counted(
        "variables", Case(DEVICE, "change", parts=("settings", "variables")), {**FINANCE, "variables": {"Floor": "4"}}
    ),
    Counted(
        "first variables",
        Case(DEVICE, "change", parts=("settings", "new_settings", "variables")),
        {**LAB, "variables": {"Floor": "4"}},
    ),
    Counted(
        "another user",
        Case(DEVICE, "change", parts=("users", "user", "user", "users_again")),
        {**FINANCE, "primary_users": [r"CORP\bob"], "primary_users_mode": "complete"},
    ),
    Counted(
        "another migration",
        Case(
            DEVICE,
            "change",
            pulls=1,
            parts=(
                *("migration", "migration_users", "association", "association"),
                *("migration_again", "migration_users_again"),
            ),
        ),
        {**LAB, "migration": SOME_USERS},
        ((DEVICE, {**LAB, "migration": {"source": "OLD-005"}}),),
    ),
    Counted(
        "PXE flag", Case(DEVICE, "change", parts=("pxe", "clear_pxe")), {"name": "LAB-02", "clear_pxe": True}
    ),
    Counted("overwrite", Case(DEVICE, "change", parts=("import", "look_again")), TAKEN_OVER),
    Counted(
        "duplicates",
        Case(DEVICE, "change", pulls=1, parts=("duplicate", "look_again")),
        {"name": "PC-1003", "remove_duplicates": True},
    ),
    Counted("missing", Case(DEVICE, "missing"), {"name": "NEW-01", "state": "absent"}),
    Counted("delete", Case(DEVICE, "delete"), {"name": "NEW-01", "state": "absent"}, ((DEVICE, NEW),)),
]


def image_cases(module: str) -> list[Counted]:
    """Return the cases that all kinds of images have."""
    new = {"name": "Counted", "source_path": SOURCES[module]}
    other = {"name": "Counted", "source_path": SOURCES[module].replace("counted", "other")}
    made: Setup = ((module, new),)
    plain: list[tuple[str, Action, Args, Setup]] = [
        ("nothing to change", "same", new, made),
        ("create", "create", {**new, "report_scopes": False}, ()),
        ("change", "change", {"name": "Counted", "description": "new"}, made),
        ("refresh", "again", {"name": "Counted", "refresh": "always"}, made),
        ("missing", "missing", {"name": "Counted", "state": "absent"}, ()),
        ("delete", "delete", {"name": "Counted", "state": "absent"}, made),
    ]
    found = [
        Counted(name, Case(module, action, report_scopes=False), args, setup) for name, action, args, setup in plain
    ]
    found.append(Counted("create in check mode", Case(module, "create", check=True, pulls=SCOPES), new))
    if module in IMAGES:
        moved = Case(module, "change", parts=("metadata", "reload"))
        # The Get after the last call serves both.
        renewed = Case(module, "change", parts=("metadata", "reload", "refresh"))
        found += [
            Counted("another file", moved, other, made),
            Counted("another file, refreshed", renewed, {**other, "refresh": "on_change"}, made),
        ]
    return found


OBJECTS = [
    Counted("nothing to change", Case(OBJECT, "same"), PROPERTIES, ((OBJECT, PROPERTIES),)),
    Counted("create", Case(OBJECT, "create"), NEW_OBJECT),
    Counted("change", Case(OBJECT, "change"), PROPERTIES),
    Counted("change in check mode", Case(OBJECT, "change", check=True), PROPERTIES),
    Counted("missing", Case(OBJECT, "missing"), GONE, ((OBJECT, GONE),)),
    Counted("delete", Case(OBJECT, "delete"), GONE),
    Counted(
        "without keys",
        Case(OBJECT, "again"),
        {"class_name": "SMS_Package", "properties": {"Name": tasks.AGENT["name"]}},
        ((PACKAGE, tasks.AGENT),),
    ),
    Counted("call", Case(METHOD, "again"), CALL),
    Counted("call that reads", Case(METHOD, "same"), READING_CALL),
]

EVERYTHING = [
    *EDITS,
    *CONTENTS,
    *COLLECTIONS,
    *DEVICES,
    *(case for module in (*IMAGES, DRIVER_PACKAGE) for case in image_cases(module)),
    *OBJECTS,
]
for _case in EVERYTHING:
    _case.switches = FAST
