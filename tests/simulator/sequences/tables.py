# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What exported sequences show and the class pages do not say (reference: task-sequence-xml 3 and 4).

Everything else about a step class comes from the qualifiers in the MOF.
"""

from __future__ import annotations

PREFIX = "SMS_TaskSequence_"

COMMAND_LINES: dict[str, str] = {
    # The pages show the templates of 2012 R2; later versions appended the switches at the end.
    "ApplyDriverPackageAction": (
        'osddriverclient.exe /install:%1 <?2:"/bootcritical:%%OSDApplyDriverBootCriticalContentUniqueID%%,'
        "%%OSDApplyDriverBootCriticalINFFile%%,%%OSDApplyDriverBootCriticalHardwareComponent%%,"
        '%%OSDApplyDriverBootCriticalID%%"> /unsigned:%%OSDAllowUnsignedDriver%% /recurse:%%OSDRecurse%%'
    ),
    "ApplyOperatingSystemAction": (
        "OSDApplyOS.exe<?1: /image:%1,%%OSDImageIndex%%><?3: /install:%3,%%OSDInstallEditionIndex%%>"
        '<?4: "/config:%4,%%OSDConfigFileName%%"><?6: /target:%6,%7><?8: /target:%8><?9: /target:%%%9%%>'
        "<?10: /runfromnet:%10>"
    ),
    "DownloadPackageContentAction": "OsdDownloadContent.exe ",
    "EnableBitLockerAction": (
        "OSDBitLocker.exe /enable <?1: /drive:%1><?2: /wait:%2><?3: /mode:%3><?4: /keydrive:%4><?5: /pwd:%5>"
        "<?6: /full:%6><?7: /crypt:%7><?8: /ignoretpm:%8>"
    ),
    "OfflineEnableBitLockerAction": (
        "OSDOfflineBitlocker.exe /enable <?1: /disk:%1><?2: /part:%2><?3: /drive:%3><?4: /drive:%%%4%%>"
        "<?5: /ignoretpm:%5><?6: /full:%6><?7: /crypt:%7>"
    ),
    "PrepareOSAction": (
        "osdprepareos.exe /activate:%%OSDKeepActivation%% /bmsd:%%OSDBuildStorageDriverList%%"
        " /shutdown:%%OSDShutdownPreparedOs%%"
    ),
    "PrestartCheckAction": "OSDPrestartCheck.exe ",
    "RunPowerShellScriptAction": "OSDRunPowerShellScript.exe",
    "SetDynamicVariablesAction": "OSDSetDynamicVariables.exe",
    "SetVariableAction": 'tsenv.exe "%1=%2" /hiddenflag:%3',
    "SubTasksequence": "SubTasksequence.exe",
    "UpgradeOperatingSystemAction": "OSDUpgradeOS.exe ",
}
"""Templates of the actions: short class name -> template; ``%N`` is argument N, ``<?N: text>`` is conditional."""

ARGUMENTS: dict[str, dict[str, int]] = {
    # Numbers that the pages lost or that belong to later properties; an argument is written with hidden="true".
    "ApplyOperatingSystemAction": {"RunFromNet": 10},
    "EnableBitLockerAction": {"EncryptFullDisk": 6, "EncryptMethod": 7, "SkipWhenNoValidTPM": 8},
    "InstallApplicationAction": {"ApplicationName": 1, "BaseVariableName": 2, "ContinueOnInstallError": 3},
    "OfflineEnableBitLockerAction": {"DestinationVariable": 4, "EncryptFullDisk": 6, "EncryptMethod": 7},
    "SetVariableAction": {"DoNotShowVariableValue": 3},
}

OS_STEPS = frozenset({"ApplyOperatingSystemAction", "CaptureSystemImageAction", "UpgradeOperatingSystemAction"})
"""A sequence with one of these has Type 2 (reference: task-sequence-xml 7)."""

IMAGE_STEPS = frozenset({"ApplyOperatingSystemAction"})
"""A sequence with one of these makes SaveToXml set bit 0 of Flags."""

CURRENT_VERSION = "3.10"
"""SchemaVersion of a sequence that came without one; every export of a current site has it."""

OLD_VERSIONS = frozenset({"3.00"})
"""Versions whose steps carry neither retryCount nor runFromNet."""


def short(class_name: str) -> str:
    """Return the class name without the product's prefix, as the tables here spell it."""
    if class_name.casefold().startswith(PREFIX.casefold()):
        return class_name[len(PREFIX):]
    return class_name
