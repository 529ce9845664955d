# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ``<action>`` text of a step: what the product computes from the step's properties.

A template names properties instead of argument numbers: ``{Property}`` is its value and
``[Property: text]`` is kept only where the property is not null. Where site versions differ in
more than a null property there are several forms, the newest first; a document keeps the form of
the site that saved it last (reference: task-sequence-xml, section 3).
"""

from __future__ import annotations

import re
import typing as t

from .model import PREFIX, Secret, Step

_TARGET = (
    "[DestinationDisk: /target:{DestinationDisk},{DestinationPartition}]"
    "[DestinationLogicalDrive: /target:{DestinationLogicalDrive}]"
    "[DestinationVariable: /target:%{DestinationVariable}%]"
)
_DRIVERS = (
    'osddriverclient.exe /install:{DriverPackageID} [BootCriticalDriverID:"/bootcritical:'
    "%OSDApplyDriverBootCriticalContentUniqueID%,%OSDApplyDriverBootCriticalINFFile%,"
    '%OSDApplyDriverBootCriticalHardwareComponent%,%OSDApplyDriverBootCriticalID%"]'
    " /unsigned:%OSDAllowUnsignedDriver%"
)

_TEMPLATES: dict[str, tuple[str, ...]] = {
    "ApplyDataImageAction": ("OSDApplyOS.exe /data:{ImagePackageID},%OSDDataImageIndex% " + _TARGET,),
    "ApplyDriverPackageAction": (_DRIVERS + " /recurse:%OSDRecurse%", _DRIVERS),
    "ApplyNetworkSettingsAction": ("osdnetsettings.exe configure",),
    "ApplyOperatingSystemAction": (
        "OSDApplyOS.exe[ImagePackageID: /image:{ImagePackageID},%OSDImageIndex%]"
        "[InstallPackageID: /install:{InstallPackageID},%OSDInstallEditionIndex%]"
        '[ConfigFilePackage: "/config:{ConfigFilePackage},%OSDConfigFileName%"]'
        + _TARGET
        + "[RunFromNet: /runfromnet:{RunFromNet}]",
    ),
    "ApplyWindowsSettingsAction": ("osdwinsettings.exe /config",),
    "AutoApplyAction": (
        "osddriverclient.exe /auto /bestmatch:%OSDAutoApplyDriverBestMatch% /unsigned:%OSDAllowUnsignedDriver%",
    ),
    "CaptureNetworkSettingsAction": (
        "osdnetsettings.exe capture netmembership:%OSDMigrateNetworkMembership% adapters:%OSDMigrateAdapterSettings%",
    ),
    "CaptureSystemImageAction": ("osdcapturesystemimage.exe",),
    "CaptureUserStateAction": (
        "osdmigrateuserstate.exe /collect /continueOnError:%OSDMigrateContinueOnLockedFiles%"
        " /skipefs:%OSDMigrateSkipEncryptedFiles%",
    ),
    "CaptureWindowsSettingsAction": (
        "osdwinsettings.exe /capture /name:%OSDMigrateComputerName% /reginfo:%OSDMigrateRegistrationInfo%"
        " /timezone:%OSDMigrateTimeZone%",
    ),
    "ConnectNetworkFolderAction": ("smsnetuse.exe %SMSConnectNetworkFolderPath%",),
    "ConvertDiskAction": ("osddiskpart.exe convert %OSDConvertDiskIndex%",),
    "DisableBitLockerAction": ("OSDBitLocker.exe /disable [TargetDrive: /drive:{TargetDrive}]",),
    "DownloadPackageContentAction": ("OsdDownloadContent.exe ",),
    "EnableBitLockerAction": (
        "OSDBitLocker.exe /enable [TargetDrive: /drive:{TargetDrive}][WaitForEncryption: /wait:{WaitForEncryption}]"
        "[Mode: /mode:{Mode}][StartupKeyDrive: /keydrive:{StartupKeyDrive}]"
        "[CreateRecoveryPassword: /pwd:{CreateRecoveryPassword}][EncryptFullDisk: /full:{EncryptFullDisk}]"
        "[EncryptMethod: /crypt:{EncryptMethod}][SkipWhenNoValidTPM: /ignoretpm:{SkipWhenNoValidTPM}]",
    ),
    "InstallApplicationAction": (
        "smsappinstall.exe /app:{ApplicationName} /basevar:{BaseVariableName}"
        " /continueOnError:{ContinueOnInstallError}",
    ),
    "InstallDeployToolsAction": ("osdprepareos.exe /install:{SysprepPackageID}",),
    "InstallSoftwareAction": (
        "smsswd.exe /pkg:{PackageID} /install /basevar:{BaseVariableName} /continueOnError:{ContinueOnInstallError}",
    ),
    "InstallUpdateAction": ("TSInstallSWUpdate.exe /target:%SMSInstallUpdateTarget%",),
    "JoinDomainWorkgroupAction": ("osdjoin.exe /type:%OSDJoinType%",),
    "OfflineEnableBitLockerAction": (
        "OSDOfflineBitlocker.exe /enable [DestinationDisk: /disk:{DestinationDisk}]"
        "[DestinationPartition: /part:{DestinationPartition}]"
        "[DestinationLogicalDrive: /drive:{DestinationLogicalDrive}]"
        "[DestinationVariable: /drive:%{DestinationVariable}%][SkipWhenTPMInvalid: /ignoretpm:{SkipWhenTPMInvalid}]"
        "[EncryptFullDisk: /full:{EncryptFullDisk}][EncryptMethod: /crypt:{EncryptMethod}]",
    ),
    "PartitionDiskAction": ("osddiskpart.exe",),
    "PrepareOSAction": (
        "osdprepareos.exe /activate:%OSDKeepActivation% /bmsd:%OSDBuildStorageDriverList%"
        " /shutdown:%OSDShutdownPreparedOs%",
        "osdprepareos.exe /activate:%OSDKeepActivation% /bmsd:%OSDBuildStorageDriverList%",
    ),
    "PrepareSMSClientAction": ("osdpreparesmsclient.exe",),
    "PrestartCheckAction": ("OSDPrestartCheck.exe ",),
    "RebootAction": ("smsboot.exe /target:{Target}",),
    "ReleaseStateStoreAction": ("osdsmpclient.exe /release",),
    "RequestStateStoreAction": ("osdsmpclient.exe /{RequestType}",),
    "RestoreUserStateAction": ("osdmigrateuserstate.exe /apply /continueOnError:%OSDMigrateContinueOnRestore%",),
    "RunCommandLineAction": ("smsswd.exe /run:{PackageID} {CommandLine}",),
    "RunPowerShellScriptAction": ("OSDRunPowerShellScript.exe",),
    "SetDynamicVariablesAction": ("OSDSetDynamicVariables.exe",),
    "SetVariableAction": (
        'tsenv.exe "{VariableName}={VariableValue}"[DoNotShowVariableValue: /hiddenflag:{DoNotShowVariableValue}]',
        'tsenv.exe "{VariableName}={VariableValue}" /hiddenflag:{DoNotShowVariableValue}',
    ),
    "SetupWindowsAndSMSAction": ("OSDSetupWindows.exe",),
    "SubTasksequence": ("SubTasksequence.exe",),
    "UpgradeOperatingSystemAction": ("OSDUpgradeOS.exe ",),
}

_BY_CLASS = {(PREFIX + name).casefold(): forms for name, forms in _TEMPLATES.items()}
_PART = re.compile(r"\[(\w+):([^\]]*)\]|\{(\w+)\}")
_VALUE = re.compile(r"\{(\w+)\}")


def forms(class_name: str) -> int:
    """Return how many forms of the command line of a class are known; 0 for an unknown class."""
    return len(_BY_CLASS.get(class_name.casefold(), ()))


def action(step: Step, form: int = 0) -> str | None:
    """Return the action text of a step, ``None`` for a class without a known template."""
    templates = _BY_CLASS.get(step.class_name.casefold())
    if templates is None:
        return None
    template = templates[min(form, len(templates) - 1)]

    def value(name: str) -> str:
        # The product writes %% in a template for one %; a doubled one in a value collapses as well.
        return _text(step.properties.get(name)).replace("%%", "%")

    def part(match: re.Match[str]) -> str:
        optional, text, plain = match.groups()
        if plain:
            return value(plain)
        if step.properties.get(optional) is None:
            return ""
        return _VALUE.sub(lambda inner: value(inner.group(1)), text)

    return _PART.sub(part, template)


def _text(value: t.Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, Secret):
        return value.value or ""
    return str(value)
