# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading properties of an instance."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.instance import CimReference, Instance
from ansible_collections.configmgr.osd.plugins.plugin_utils._errors import ProtocolError


@pytest.mark.parametrize(("value", "number"), [(5, 5), ("7", 7), (None, 3), ("", 3), (0, 0), (True, 1)])
def test_number(value: t.Any, number: int) -> None:
    """Null and an empty text are the default."""
    assert Instance("SMS_X", {"Flags": value}).number("flags", 3) == number
    assert Instance("SMS_X").number("Flags") == 0


@pytest.mark.parametrize("value", ["many", "1.5", [1], Instance("Flags"), CimReference("SMS_X", ())])
def test_what_is_no_number(value: t.Any) -> None:
    """The message names class, property and what is there."""
    with pytest.raises(ProtocolError, match=r"SMS_X\.Flags must be a whole number"):
        Instance("SMS_X", {"Flags": value}).number("Flags")


def test_messages_do_not_show_what_an_instance_holds() -> None:
    """Only ``repr`` does, for those who look for a defect."""
    secret = Instance("SMS_X", {"Password": "hunter2"})
    assert f"{secret}" == "<SMS_X>" and "hunter2" in repr(secret)
