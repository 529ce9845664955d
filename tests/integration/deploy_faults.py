# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What faults are done to, continued: edits, content, collections, devices, images, any object."""

from __future__ import annotations

import dataclasses

from tests.integration import count_cases as tasks
from tests.integration import deploy_cases as deploy
from tests.integration.count_cases import TS, TS_PACKAGE, Args
from tests.integration.deploy_cases import COLLECTION, CONTENT, DEVICE, METHOD, OBJECT, REFERENCE, STEP
from tests.integration.expected_requests import Case
from tests.integration.fault_kinds import SECRET, Scenario

OWN = "SELECT * FROM SMS_TaskSequencePackage WHERE Name = 'Counted'"
COPIES = "SELECT * FROM SMS_TaskSequencePackage WHERE Name = 'Copy'"
REFERENCES = "SELECT * FROM SMS_TaskSequencePackageReference WHERE ObjectID = 'PS10001A' AND PackageID LIKE 'PS10005%'"
ORDERS = "SELECT * FROM SMS_DistributionPoint WHERE PackageID = 'PS100010' AND ServerNALPath LIKE '%dp-%'"
HELD = "SELECT * FROM SMS_DPGroupPackages WHERE PkgID = 'PS100010'"
SENT = "SELECT * FROM SMS_Package WHERE PackageID = 'PS100010'"
COLLECTIONS = "SELECT * FROM SMS_Collection WHERE Name = 'Counted devices'"
VARIABLES = "SELECT * FROM SMS_CollectionSettings WHERE CollectionID = 'PS10001A'"
DEVICES = "SELECT * FROM SMS_R_System WHERE Name = 'NEW-01'"
LAB = "SELECT * FROM SMS_R_System WHERE ResourceID = 16778004"
SETTINGS = "SELECT * FROM SMS_MachineSettings WHERE ResourceID = {}"
USERS = "SELECT * FROM SMS_UserMachineRelationship WHERE ResourceID = {}"
MIGRATIONS = "SELECT * FROM SMS_StateMigration WHERE RestoreClientResourceID = 16778004"
PXE = "SELECT * FROM SMS_LastPXEAdvertisement WHERE ResourceId = 16778001"
FOLDERS = "SELECT * FROM SMS_ObjectContainerNode WHERE Name = '{}'"
ITEMS = "SELECT * FROM SMS_ObjectContainerItem WHERE ObjectType = {}"
IN_SCOPES = "SELECT * FROM SMS_SecuredCategoryMembership WHERE ObjectKey = 'PS100057'"

MASKED = {"Department": "Lab", "JoinPassword": {"value": SECRET, "masked": True}}
AGAIN = {"update": "always"}
EVALUATED_LATER = {"collection_delay": 15, "rule_changes": "wait"}
"""Members follow only when an evaluation was requested."""

EDITS = [
    Scenario("step, change", Case(STEP, "change"), deploy.EDIT, OWN, setup=(tasks.made(),)),
    Scenario(
        "step, create",
        Case(STEP, "change", kinds=("package", "program")),
        deploy.ADD_FONTS,
        OWN,
        setup=(tasks.made(),),
    ),
    Scenario(
        "reference, replaced in two",
        Case(REFERENCE, "change", kinds=("package", "package", "program"), pulls=3, parts=("sequence",)),
        deploy.REPLACE_TWO,
        REFERENCES,
        left=2,
        most=2,
        setup=(tasks.made(tasks.INSTALL_BY_ID), deploy.SECOND),
        skips_locked=True,
        twice=frozenset({"SetSequence"}),
    ),
    Scenario(
        "task sequence, copy",
        Case(TS, "create", pulls=tasks.SCOPES, parts=("original",)),
        deploy.COPY,
        COPIES,
        setup=(tasks.made(),),
    ),
    Scenario(
        "task sequence, create in a new folder",
        Case(TS_PACKAGE, "create", pulls=3, parts=("folder", "new_folder", "scopes", "first_scopes")),
        deploy.PLACED,
        OWN,
        also=(FOLDERS.format("New"), ITEMS.format(20), IN_SCOPES),
    ),
    Scenario(
        "task sequence, move",
        Case(TS_PACKAGE, "change", pulls=2, parts=("folder", "old_folder", "scopes")),
        deploy.MOVED,
        OWN,
        setup=((TS_PACKAGE, deploy.PLACED),),
        also=(FOLDERS.format("New"), ITEMS.format(20), IN_SCOPES),
    ),
]

CONTENTS = [
    Scenario(
        "content, to points",
        Case(CONTENT, "change", pulls=3, parts=("points", "order")),
        deploy.TO_POINTS,
        ORDERS,
        left=2,
        most=2,
    ),
    Scenario("content, to a group", Case(CONTENT, "change", pulls=2, parts=("groups", "order")), deploy.TO_GROUP, HELD),
    Scenario(
        "content, send again",
        Case(CONTENT, "change", pulls=4, parts=("points", "send_again", "send_again")),
        {**deploy.TO_POINTS, "redistribute": "always"},
        ORDERS,
        left=2,
        most=2,
        setup=((CONTENT, {**deploy.TO_POINTS, "wait": True}),),
        repeats=True,
        switches={"content_delay": 60},
    ),
    Scenario(
        "content, send again to a group",
        Case(CONTENT, "change", pulls=3, parts=("groups", "call")),
        {**deploy.TO_GROUP, "redistribute": "always"},
        HELD,
        setup=((CONTENT, {**deploy.TO_GROUP, "wait": True}),),
        repeats=True,
        switches={"content_delay": 60},
    ),
    Scenario(
        "content, verify",
        Case(CONTENT, "change", pulls=4, parts=("points", "call", "call")),
        {**deploy.TO_POINTS, "verify": True},
        ORDERS,
        left=2,
        most=2,
        setup=((CONTENT, {**deploy.TO_POINTS, "wait": True}),),
        repeats=True,
        twice=frozenset({"VerifyPackage"}),
        unreadable=True,
    ),
    Scenario(
        "content, refresh",
        Case(CONTENT, "change", parts=("call",)),
        {**deploy.SENT, "refresh": True},
        SENT,
        repeats=True,
    ),
    Scenario(
        "content, from points",
        Case(CONTENT, "delete", pulls=3, parts=("only_points", "call", "call")),
        {**deploy.TO_POINTS, "state": "absent"},
        ORDERS,
        left=0,
        most=2,
        setup=((CONTENT, deploy.TO_POINTS),),
    ),
    Scenario(
        "content, from a group",
        Case(CONTENT, "delete", pulls=3, parts=("groups", "call")),
        {**deploy.TO_GROUP, "state": "absent"},
        HELD,
        left=0,
        setup=((CONTENT, deploy.TO_GROUP),),
    ),
]

COLLECTION_FAULTS = [
    Scenario("collection, create", Case(COLLECTION, "create", kinds=("collection",)), deploy.OWN, COLLECTIONS),
    Scenario(
        "collection with everything, create",
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
        {**deploy.FULL, "variables": MASKED},
        COLLECTIONS,
        keys=("CollectionID",),
        also=(VARIABLES, FOLDERS.format("Lab"), ITEMS.format(5000)),
        remedy=AGAIN,
        switches=EVALUATED_LATER,
    ),
    Scenario(
        "collection with everything, change",
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
        deploy.OTHER,
        COLLECTIONS,
        setup=((COLLECTION, deploy.FULL),),
        keys=("CollectionID",),
        also=(VARIABLES, ITEMS.format(5000)),
        twice=frozenset({"DeleteMembershipRules"}),
        remedy=AGAIN,
        switches=EVALUATED_LATER,
    ),
    Scenario(
        "collection, update",
        Case(COLLECTION, "change", parts=("update",)),
        {**deploy.OWN, **AGAIN},
        COLLECTIONS,
        setup=((COLLECTION, deploy.OWN),),
        repeats=True,
        switches=EVALUATED_LATER,
    ),
    Scenario(
        "collection, delete",
        Case(COLLECTION, "delete"),
        {"name": deploy.OWN["name"], "state": "absent"},
        COLLECTIONS,
        left=0,
        setup=((COLLECTION, deploy.OWN),),
    ),
]

DEVICE_FAULTS = [
    Scenario("device, import", Case(DEVICE, "create"), deploy.NEW, DEVICES),
    Scenario(
        "device with everything, import",
        Case(DEVICE, "create", pulls=1, parts=deploy.OUTFITTED),
        {**deploy.NEW, **deploy.OUTFIT, "variables": MASKED},
        DEVICES,
        also=(SETTINGS.format(16779000), USERS.format(16779000)),
    ),
    Scenario(
        "device, variables",
        Case(DEVICE, "change", parts=("settings", "variables")),
        {**deploy.FINANCE, "variables": MASKED},
        SETTINGS.format(16777300),
        keys=("ResourceID",),
    ),
    Scenario(
        "device, first variables",
        Case(DEVICE, "change", parts=("settings", "new_settings", "variables")),
        {**deploy.LAB, "variables": MASKED},
        SETTINGS.format(16778004),
        keys=("ResourceID",),
    ),
    Scenario(
        "device, users",
        Case(DEVICE, "change", parts=("users", "user", "user", "users_again")),
        {**deploy.FINANCE, "primary_users": [r"CORP\bob"], "primary_users_mode": "complete"},
        USERS.format(16777300),
        most=2,
    ),
    Scenario(
        "device, migration",
        Case(
            DEVICE,
            "change",
            pulls=1,
            parts=(
                *("migration", "migration_users", "association", "association"),
                *("migration_again", "migration_users_again"),
            ),
        ),
        {**deploy.LAB, "migration": deploy.SOME_USERS},
        MIGRATIONS,
        setup=((DEVICE, {**deploy.LAB, "migration": {"source": "OLD-005"}}),),
    ),
    Scenario(
        "device, no migration",
        Case(DEVICE, "change", pulls=1, parts=("migration", "association", "migration_again")),
        {**deploy.LAB, "migration": {"source": "OLD-005", "state": "absent"}},
        MIGRATIONS,
        left=0,
        setup=((DEVICE, {**deploy.LAB, "migration": {"source": "OLD-005"}}),),
    ),
    Scenario(
        "device, PXE flag",
        Case(DEVICE, "change", parts=("pxe", "clear_pxe")),
        {"name": "LAB-02", "clear_pxe": True},
        PXE,
        left=0,
    ),
    Scenario("device, overwrite", Case(DEVICE, "change", parts=("import", "look_again")), deploy.TAKEN_OVER, LAB),
    Scenario(
        "device, duplicates",
        Case(DEVICE, "change", pulls=1, parts=("duplicate", "look_again")),
        {"name": "PC-1003", "remove_duplicates": True},
        "SELECT * FROM SMS_R_System WHERE Name = 'PC-1003'",
        most=2,
    ),
    Scenario(
        "device, delete",
        Case(DEVICE, "delete"),
        {"name": "NEW-01", "state": "absent"},
        DEVICES,
        left=0,
        setup=((DEVICE, deploy.NEW),),
    ),
]


def image_faults(module: str, class_name: str) -> list[Scenario]:
    """Return the scenarios of an object whose content comes from a share."""
    noun = module.removeprefix("cm_").replace("_", " ")
    found = f"SELECT * FROM {class_name} WHERE Name = 'Counted'"
    new = {"name": "Counted", "source_path": deploy.SOURCES[module]}
    other = {"name": "Counted", "source_path": deploy.SOURCES[module].replace("counted", "other")}
    made = ((module, new),)
    renewed = Case(module, "change", parts=("metadata", "reload", "refresh"))
    remedy: Args = {"refresh": "always", "reload": True}
    if module not in deploy.IMAGES:
        renewed, remedy = Case(module, "change", parts=("refresh", "look_again")), {"refresh": "always"}
    return [
        Scenario(f"{noun}, create", Case(module, "create", pulls=tasks.SCOPES), new, found, keys=("PackageID",)),
        Scenario(
            f"{noun}, another file",
            renewed,
            {**other, "refresh": "on_change"},
            found,
            setup=made,
            keys=("PackageID",),
            remedy=remedy,
        ),
        Scenario(
            f"{noun}, refresh",
            Case(module, "again"),
            {"name": "Counted", "refresh": "always"},
            found,
            setup=made,
            repeats=True,
        ),
        Scenario(
            f"{noun}, delete",
            Case(module, "delete"),
            {"name": "Counted", "state": "absent"},
            found,
            left=0,
            setup=made,
        ),
    ]


OBJECTS = [
    Scenario(
        "object, create",
        Case(OBJECT, "create"),
        deploy.NEW_OBJECT,
        "SELECT * FROM SMS_Program WHERE ProgramName = 'Counted'",
        keys=("PackageID", "ProgramName"),
    ),
    Scenario(
        "object with secrets, change",
        Case(OBJECT, "change"),
        {
            "class_name": "SMS_MachineSettings",
            "keys": {"ResourceID": 16777300},
            "properties": {
                "MachineVariables": [
                    {"class": "SMS_MachineVariable", "Name": "Join", "Value": SECRET, "IsMasked": True},
                ],
            },
        },
        SETTINGS.format(16777300),
        # What is stored masked cannot be compared, so it is sent every time.
        repeats=True,
        unreadable=True,
    ),
    Scenario("object, change", Case(OBJECT, "change"), deploy.PROPERTIES, SENT, keys=("PackageID",)),
    Scenario(
        "object, delete",
        Case(OBJECT, "delete"),
        deploy.GONE,
        "SELECT * FROM SMS_Package WHERE PackageID = 'PS10001B'",
        left=0,
    ),
    Scenario("method", Case(METHOD, "again"), deploy.CALL, SENT, repeats=True, unreadable=True),
]

SCENARIOS = [
    dataclasses.replace(scenario, switches={**deploy.FAST, **scenario.switches})
    for scenario in [
        *EDITS,
        *CONTENTS,
        *COLLECTION_FAULTS,
        *DEVICE_FAULTS,
        *image_faults("cm_boot_image", "SMS_BootImagePackage"),
        *image_faults("cm_os_image", "SMS_ImagePackage"),
        *image_faults("cm_driver_package", "SMS_DriverPackage"),
        *OBJECTS,
    ]
]
