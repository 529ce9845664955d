# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Partitions and network adapters."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.instance import Instance
from ansible_collections.configmgr.osd.plugins.plugin_utils._errors import InvalidInput
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.from_yaml import parse_steps
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.model import PREFIX
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.to_yaml import describe

WINDOWS = {"name": "Windows", "type": "primary", "size": 100, "size_unit": "percent", "file_system": "ntfs"}


def steps(kind: str, **options: t.Any) -> list[dict[str, t.Any]]:
    return [{"name": "S", "type": kind, **options}]


def disk(*partitions: t.Any, **options: t.Any) -> dict[str, t.Any]:
    given = {"disk": 0, "style": "gpt", "partitions": list(partitions), **options}
    given = {key: value for key, value in given.items() if value is not None}
    return parse_steps(steps("format_and_partition_disk", **given)).sequence.steps[0].properties


def adapter(**options: t.Any) -> Instance:
    found = parse_steps(steps("apply_network_settings", domain="d", adapters=[options])).sequence
    return found.steps[0].properties["Adapters"][0]


def problem(kind: str, **options: t.Any) -> str:
    with pytest.raises(InvalidInput) as caught:
        parse_steps(steps(kind, **options))
    return str(caught.value)


def test_partition() -> None:
    properties = disk({**WINDOWS, "letter_variable": "OSDisk"})
    assert properties["DiskType"] == "BASIC"
    assert properties["Partitions"] == [
        Instance(
            PREFIX + "PartitionSettings",
            {
                "AssignVolumeLetter": True,
                "Bootable": False,
                "FileSystem": "NTFS",
                "QuickFormat": True,
                "Size": 100,
                "SizeUnits": "PERCENT",
                "Type": "PRIMARY",
                "VolumeLetterVariable": "OSDisk",
                "VolumeName": "Windows",
            },
        )
    ]


def test_the_disk_has_no_default() -> None:
    assert "exactly one of disk, disk_variable" in problem(
        "format_and_partition_disk", style="gpt", partitions=[WINDOWS]
    )
    assert disk(WINDOWS, disk=None, disk_variable="OSDDisk")["DiskIndexVariable"] == "OSDDisk"


@pytest.mark.parametrize(
    ("partition", "text"),
    [
        ({}, "partitions[0].type: is required"),
        ({**WINDOWS, "size": 101}, "between 1 and 100 percent"),
        ({**WINDOWS, "size": "big"}, "whole number"),
        ({**WINDOWS, "type": "swap"}, "primary, efi, msr, recovery"),
        ({**WINDOWS, "file_sytem": "ntfs"}, "did you mean file_system"),
        ({**WINDOWS, "Size": 1}, "the option is `size`"),
        ("C:", "must be a mapping"),
    ],
)
def test_partitions_that_are_refused(partition: t.Any, text: str) -> None:
    assert text in problem("format_and_partition_disk", disk=0, style="gpt", partitions=[partition])


def test_boot_disk_needs_gpt() -> None:
    assert "style: gpt" in problem(
        "format_and_partition_disk", disk=0, style="mbr", boot_disk=True, partitions=[WINDOWS]
    )


def test_adapter_with_addresses() -> None:
    found = adapter(
        name="Lab",
        ip_addresses=[{"address": "10.0.0.10", "netmask": "255.255.255.0"}, {"address": "fe80::1"}],
        gateways=["10.0.0.1"],
        dns_servers="10.0.0.2",
        wins_servers=["10.0.0.3"],
        tcp_ports=[80, "443"],
        netbios="disabled",
    )
    assert found.properties["EnableDHCP"] is False
    assert found.properties["IPAddressList"] == ["10.0.0.10", "fe80::1"]
    assert found.properties["SubnetMask"] == ["255.255.255.0", ""]
    assert found.properties["DNSServerList"] == ["10.0.0.2"]
    assert found.properties["EnableWINS"] is True
    assert found.properties["EnableTCPFiltering"] is True
    assert found.properties["EnableUDPFiltering"] is False
    assert found.properties["TCPFilterPortList"] == [80, 443]
    assert found.properties["TcpipNetbiosOptions"] == 2


def test_adapter_without_addresses_uses_dhcp() -> None:
    found = adapter(mac_address="00:11:22:33:44:55")
    assert found.properties["EnableDHCP"] is True
    assert found.properties["MACAddress"] == "00:11:22:33:44:55"


def test_filters_of_adapters_turn_filtering_on() -> None:
    parsed = parse_steps(steps("apply_network_settings", domain="d", adapters=[{"udp_ports": [53]}]))
    assert parsed.sequence.steps[0].properties["EnableTCPIPFiltering"] is True


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"ip_addresses": ["10.0.0.1"]}, "{address: ..., netmask: ...}"),
        ({"tcp_ports": [70000]}, "adapters[0].tcp_ports[0]"),
        ({"netbios": "maybe"}, "dhcp, enabled, disabled"),
        ({"properties": {"EnableDHCP": True}}, "use `dhcp`"),
    ],
)
def test_adapters_that_are_refused(options: dict[str, t.Any], text: str) -> None:
    assert text in problem("apply_network_settings", domain="d", adapters=[options])


@pytest.mark.parametrize(
    "adapters",
    [
        [{"name": "A", "ip_addresses": [{"address": "10.0.0.1", "netmask": "255.0.0.0"}], "gateways": ["10.0.0.254"]}],
        [{"mac_address": "00:11:22:33:44:55", "register_dns": True, "lmhosts": True}],
        [{"name": "A", "tcp_ports": [80], "properties": {"EnableTCPFiltering": False}}],
        [{"name": "A", "properties": {"Newer": "x"}}, {"name": "B", "netbios": "enabled", "gateway_metric": 5}],
    ],
)
def test_adapters_there_and_back(adapters: list[dict[str, t.Any]]) -> None:
    play = steps("apply_network_settings", workgroup="W", adapters=adapters)
    assert describe(parse_steps(play).sequence) == play


def test_partitions_there_and_back() -> None:
    efi = {"type": "efi", "size": 500, "size_unit": "mb", "file_system": "fat32", "assign_letter": False}
    slow = {**WINDOWS, "quick_format": False, "bootable": True}
    play = steps("format_and_partition_disk", disk=1, style="gpt", boot_disk=True, partitions=[efi, slow])
    assert describe(parse_steps(play).sequence) == play
