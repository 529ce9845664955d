# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the qualifiers of the class pages are wrong, and the rules that the pages state in prose.

Reference: schema-report 5, task-sequence-xml 4 and 5, provider-behaviour 3.2. One reason per line.
"""

from __future__ import annotations

import typing as t

MENDS: dict[tuple[str, str, str], tuple[t.Any, str]] = {
    ("CaptureUserStateAction", "FileAccess", "Not_Null"): (None, "sequences of schema 3.00 lack it"),
    ("CaptureUserStateAction", "OfflineUserState", "Not_Null"): (None, "sequences of schema 3.00 lack it"),
    ("CaptureUserStateAction", "UseHardlinks", "Not_Null"): (None, "sequences of schema 3.00 lack it"),
    ("Condition", "Operands", "Not_Null"): (None, "on the wire an empty array cannot be told from a null one"),
    ("ConditionOperator", "Operands", "Not_Null"): (None, "exports hold operators without operands"),
    ("InstallUpdateAction", "UseCache", "Not_Null"): (None, "most exports lack it"),
    ("JoinDomainWorkgroupAction", "DomainName", "AllowedLen"): ("0-255", "exports hold it empty"),
    ("JoinDomainWorkgroupAction", "WorkgroupName", "AllowedLen"): ("0-32", "most exports hold it empty"),
    ("OSConditionGroup", "Operands", "Not_Null"): (None, "on the wire an empty array cannot be told from a null one"),
    ("OSExpressionGroup", "Operands", "Not_Null"): (None, "on the wire an empty array cannot be told from a null one"),
    ("Pointer", "SupportedEnvironment", "Not_Null"): (None, "never seen in an export; nothing is known of it"),
    ("RegistryConditionExpression", "Operator", "ValueMap"): (
        ["exists", "notExists", "nonExists", "equals", "notEquals", "less", "lessEqual", "greater", "greaterEqual"],
        "the page spells nonExists, exports spell notExists",
    ),
    ("RunCommandLineAction", "CommandLine", "AllowedLen"): ("0-32000", "real exports hold empty command lines"),
    ("RunPowerShellScriptAction", "SuccessCodes", "Not_Null"): (None, "exports of the first versions lack it"),
    ("SoftwareConditionExpression", "ProductCode", "Not_Null"): (None, "either code will do, see the rule ProductCode"),
    ("SoftwareConditionExpression", "ProductCode", "RequiredIfNull"): (["UpgradeCode"], "either code will do"),
    ("SubTasksequence", "SupportedEnvironment", "Not_Null"): (None, "the element has no runIn"),
    ("UpgradeOperatingSystemAction", "DynamicUpdateSettings", "ValueMap"): (None, "the page's list is incomplete"),
}
"""(short class, property, qualifier) -> (value instead of the page's, reason). None drops the qualifier."""

COUNTS: dict[tuple[str, str], str] = {
    ("ApplyNetworkSettingsAction", "NumAdapters"): "Adapters",
    ("DownloadPackageContentAction", "NumPackages"): "PackageInfo",
    ("InstallApplicationAction", "NumApps"): "AppInfo",
}
"""A count property and the array that it counts."""

ONE_TARGET: dict[str, tuple[str, ...]] = {
    "ApplyDataImageAction": ("DestinationDisk", "DestinationLogicalDrive", "DestinationVariable"),
    "ApplyOperatingSystemAction": ("DestinationDisk", "DestinationLogicalDrive", "DestinationVariable"),
    "OfflineEnableBitLockerAction": ("DestinationDisk", "DestinationLogicalDrive", "DestinationVariable"),
}
"""At most one of these may have a value: the target is a disk, a drive, a variable, or the next partition."""
