# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A site in a dictionary with advertisements: their IDs, and schedules that the server makes."""

from __future__ import annotations

import typing as t

from ansible_collections.configmgr.osd.plugins.modules.cm_advertisement import SPEC
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.client import MethodResult
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.instance import CimDatetime, Instance
from ansible_collections.configmgr.osd.plugins.plugin_utils._provider import schedules
from ansible_collections.configmgr.osd.plugins.plugin_utils._resources import _adv_options as options
from ansible_collections.configmgr.osd.plugins.plugin_utils._resources.advertisement import Advertisement
from tests.unit.plugins.plugin_utils.fake_site import FakeCim, Run, package

FIRST = 0x20100

HARMLESS = (
    '<sequence version="3.10"><step type="SMS_TaskSequence_RunCommandLineAction" name="Say hello" description=""'
    ' runIn="WinPEandFullOS" successCodeList="0 3010"><action>smsswd.exe /run: cmd.exe /c echo hello</action>'
    "</step></sequence>"
)
"""Steps that no gate minds."""


class AdvertisementCim(FakeCim):
    """Gives new advertisements their ID, and answers ReadFromString."""

    def create(self, instance: Instance) -> dict[str, str]:
        if instance.class_name != "SMS_Advertisement":
            return super().create(instance)
        after = self._happen("create", instance)
        own = f"P01{FIRST + len(self.of('create')):05X}"
        self.rows.append(Instance(instance.class_name, {**instance.properties, "AdvertisementID": own}))
        after()
        return {"AdvertisementID": own}

    def invoke(self, class_name: str, method: str, params: t.Mapping[str, t.Any], *, keys: t.Any = None) -> t.Any:
        if method != "ReadFromString":
            return super().invoke(class_name, method, params, keys=keys)
        self._happen("invoke", class_name, method, dict(params))()
        made = [token.instance for token in schedules.from_text(params["StringData"])]
        return MethodResult(0, {"TokenData": made})


def sequences() -> list[Instance]:
    """Return the task sequences and collections that every test has."""
    return [
        package("P0100011", "Windows 11", "SMS_TaskSequencePackage", Sequence=HARMLESS, Type=1),
        package("P0100012", "Windows 10", "SMS_TaskSequencePackage", Sequence=HARMLESS, Type=1),
        Instance(
            "SMS_Collection", {"CollectionID": "P0100021", "Name": "Kiosks", "CollectionType": 2, "MemberCount": 9}
        ),
        Instance(
            "SMS_Collection", {"CollectionID": "P0100022", "Name": "Finance", "CollectionType": 2, "MemberCount": 84}
        ),
        Instance(
            "SMS_Collection",
            {"CollectionID": "SMS00001", "Name": "All Systems", "CollectionType": 2, "MemberCount": 412},
        ),
        Instance("SMS_Collection", {"CollectionID": "P0100023", "Name": "People", "CollectionType": 1}),
    ]


def advert(own: str = "P0120001", name: str = "Rollout", **properties: t.Any) -> Instance:
    """Return a stored advertisement: available, clients only, with the defaults of a new one."""
    return Instance(
        "SMS_Advertisement",
        {
            **options.CREATE_DEFAULTS,
            "AdvertisementID": own,
            "AdvertisementName": name,
            "PackageID": "P0100011",
            "CollectionID": "P0100021",
            "RemoteClientFlags": 0x8850,
            **properties,
        },
    )


def token(text: str) -> Instance:
    """Return a stored schedule of a 16-digit text, as Windows shows it."""
    made = schedules.from_text(text)[0].instance
    made.properties["StartTime"] = CimDatetime(f"{str(made.get('StartTime'))[:21]}+000")
    return made


def required(own: str = "P0120001", **properties: t.Any) -> Instance:
    """Return a stored advertisement that is required at one time."""
    return advert(
        own,
        **{
            "OfferType": 0,
            "AssignedSchedule": [token("02C26DC000080000")],
            "AssignedScheduleEnabled": True,
            **properties,
        },
    )


def play(*rows: Instance, cim: FakeCim | None = None, check: bool = False, **params: t.Any) -> Run:
    """Return a task over these advertisements; calling it runs it."""
    client = cim or AdvertisementCim(*sequences(), *rows)
    return Run(Advertisement, SPEC, check=check, cim=client, **params)
