# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Site discovery and the rules of writing."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils import _errors as errors
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.client import MethodResult
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.instance import Instance
from ansible_collections.configmgr.osd.plugins.plugin_utils._provider import discovery
from ansible_collections.configmgr.osd.plugins.plugin_utils._provider import site as provider
from tests.unit.plugins.plugin_utils.fake_site import FakeCim, package, site

LOST = errors.OutcomeUnknown("the answer was lost")
LOCK = 0x40480732


def location(code: str, *, local: bool = True, machine: str = "CM01") -> Instance:
    return Instance(
        "SMS_ProviderLocation",
        {
            "Machine": machine,
            "NamespacePath": rf"\\{machine}\root\sms\site_{code}",
            "ProviderForLocalSite": local,
            "SiteCode": code,
        },
    )


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> t.Callable[..., tuple[provider.Site, FakeCim]]:
    def connected(*rows: Instance, **options: t.Any) -> tuple[provider.Site, FakeCim]:
        cim = FakeCim(*rows)

        def client(wsman: t.Any, catalogue: t.Any, namespace: str, **switches: t.Any) -> FakeCim:
            cim.namespace = namespace
            return cim

        monkeypatch.setattr(provider, "CimClient", client)
        return provider.Site.connect(None, **options), cim

    return connected


def test_the_local_site_is_found(connect: t.Any) -> None:
    found, cim = connect(location("P01"), location("P01", machine="CM02"), location("S02", local=False))
    assert (found.code, found.namespace) == ("P01", "root/sms/site_P01")
    assert len(cim.calls) == 1


@pytest.mark.parametrize(
    ("options", "code", "namespace"),
    [
        ({"site_code": "p01"}, "P01", "root/sms/site_p01"),
        ({"namespace": r"root\sms\site_P01"}, "P01", "root/sms/site_P01"),
        ({"namespace": r"\\CM01\root\sms\site_P01"}, "P01", "root/sms/site_P01"),
        ({"namespace": "root/x", "site_code": "P01"}, "P01", "root/x"),
    ],
)
def test_no_request_when_the_play_says_where(connect: t.Any, options: t.Any, code: str, namespace: str) -> None:
    found, cim = connect(**options)
    assert (found.code, found.namespace, cim.calls) == (code, namespace, [])


@pytest.mark.parametrize(
    ("rows", "part"),
    [
        ([], "There is no SMS Provider on this host"),
        ([location("P01"), location("P02")], "choose one of P01, P02"),
        ([location("S02", local=False)], "it knows S02"),
    ],
)
def test_no_site_or_several(connect: t.Any, rows: list[Instance], part: str) -> None:
    with pytest.raises(errors.InvalidInput, match=part):
        connect(*rows)


def test_a_missing_namespace_is_explained() -> None:
    connected, cim = site(location("P01"), location("P02", machine="CM09"))
    fault = errors.InvalidClass("no such namespace", hresult=0x8004100E)
    explained = connected.explain(fault)
    assert isinstance(explained, errors.InvalidInput)
    assert "P01 on CM01, P02 on CM09" in explained.message and "site_code" in explained.message
    cim.rows.clear()
    assert "no SMS Provider" in connected.explain(fault).message
    cim.failures["query"] = [errors.InvalidClass("no such namespace", hresult=0x8004100E)]
    assert "no SMS Provider" in connected.explain(fault).message
    other = errors.AccessDenied("no")
    assert connected.explain(other) is other
    unknown_class = errors.InvalidClass("no such class", hresult=0x80041010)
    assert connected.explain(unknown_class) is unknown_class


def test_no_provider_namespace_at_all(connect: t.Any, monkeypatch: pytest.MonkeyPatch) -> None:
    cim = FakeCim()
    cim.failures["query"] = [errors.InvalidClass("no such namespace", hresult=0x8004100E)]
    with pytest.raises(errors.InvalidInput, match="no SMS Provider"):
        discovery.local_site(t.cast(t.Any, cim))


def full_package(**properties: t.Any) -> Instance:
    return package(
        "P0100001",
        "Agent",
        Version="1",
        SedoObjectVersion="v1",
        ISVData=[1, 2],
        ISVDataSize=2,
        Description=None,
        PackageSize=7,
        SecuredScopeNames=["Default"],
        FutureProperty="kept",
        FutureNull=None,
        **properties,
    )


def test_save_sends_everything_writable_and_nothing_computed() -> None:
    connected, cim = site(full_package())
    before = connected.get("SMS_Package", {"PackageID": "P0100001"})
    after = connected.save(before, {"version": "2"})
    (call,) = cim.of("put")
    sent, keys, modified = call[1:]
    assert keys == {"PackageID": "P0100001"} and modified == ["Version"]
    assert sent.properties["Version"] == "2"
    assert sent.properties["ISVData"] == [1, 2]
    assert sent.properties["SedoObjectVersion"] == "v1"
    assert sent.properties["FutureProperty"] == "kept"
    assert sent.properties["Description"] is None
    assert {"PackageSize", "SecuredScopeNames", "FutureNull", "PreDownloadRule"}.isdisjoint(sent.properties)
    assert after.get("Version") == "2"
    assert connected.written == ['save SMS_Package.PackageID="P0100001"']


def test_a_row_of_a_query_cannot_be_saved() -> None:
    connected, cim = site(full_package())
    row = connected.query("SMS_Package")[0]
    with pytest.raises(TypeError, match="read by its key"):
        connected.save(t.cast(t.Any, row), {"Version": "2"})
    assert not cim.writes()


def test_no_write_in_check_mode() -> None:
    connected, cim = site(full_package(), read_only=True)
    before = connected.get("SMS_Package", {"PackageID": "P0100001"})
    for write in (
        lambda: connected.save(before, {"Version": "2"}),
        lambda: connected.create(package("", "x")),
        lambda: connected.delete("SMS_Package", {"PackageID": "P0100001"}),
    ):
        with pytest.raises(RuntimeError, match="in check mode"):
            write()
    assert not cim.writes()


def test_a_lost_answer_is_decided_by_reading() -> None:
    connected, cim = site(full_package())
    before = connected.get("SMS_Package", {"PackageID": "P0100001"})
    cim.failures["put"] = [(LOST,)]
    assert connected.save(before, {"Version": "2"}).get("Version") == "2"
    cim.failures["put"] = [LOST]
    with pytest.raises(errors.NotAsWritten, match="no trace"):
        connected.save(before, {"Version": "3"})
    cim.failures["put"] = [LOST]
    cim.failures["get"] = [errors.ProtocolError("gone")]
    with pytest.raises(errors.OutcomeUnknown) as caught:
        connected.save(before, {"Version": "4"})
    assert caught.value.attempted == 'save SMS_Package.PackageID="P0100001"'
    assert len(cim.of("put")) == 3


def test_a_timeout_of_a_write_that_left_no_trace_decides_nothing() -> None:
    connected, cim = site(full_package())
    cim.failures["delete"] = [errors.OperationTimeout("too slow")]
    with pytest.raises(errors.OutcomeUnknown):
        connected.delete("SMS_Package", {"PackageID": "P0100001"})
    cim.failures["delete"] = [(errors.OperationTimeout("too slow"),)]
    connected.delete("SMS_Package", {"PackageID": "P0100001"})
    assert connected.written == ['delete SMS_Package.PackageID="P0100001"']


def test_who_holds_a_lock() -> None:
    connected, cim = site(full_package())
    before = connected.get("SMS_Package", {"PackageID": "P0100001"})
    cim.failures["put"] = [errors.ServerFault("failed", hresult=0x80041001, sms_error_code=LOCK)]
    cim.answers["GetLockInformation"] = MethodResult(
        0, {"AssignedUser": "CORP\\ann", "AssignedMachine": "PC7", "AssignedTimeUTC": "20250601080000.000000+000"}
    )
    with pytest.raises(errors.ObjectLocked) as caught:
        connected.save(before, {"Version": "2"})
    assert "CORP\\ann on PC7 since 2025-06-01 08:00 (UTC)" in caught.value.message
    assert cim.of("invoke")[0][3] == {"ObjectRelPath": 'SMS_Package.PackageID="P0100001"'}
    cim.failures["put"] = [errors.ObjectLocked("locked")]
    cim.failures["invoke"] = [errors.AccessDenied("no")]
    with pytest.raises(errors.ObjectLocked, match="somebody else"):
        connected.save(before, {"Version": "2"})


def test_a_refused_save_of_a_changed_object_is_a_conflict() -> None:
    connected, cim = site(full_package())
    before = connected.get("SMS_Package", {"PackageID": "P0100001"})
    cim.failures["put"] = [errors.ServerFault("failed", hresult=0x80041001)]
    with pytest.raises(errors.ServerFault) as plain:
        connected.save(before, {"Version": "2"})
    assert not isinstance(plain.value, errors.VersionConflict)
    cim.rows[0].properties["SedoObjectVersion"] = "v2"
    cim.failures["put"] = [errors.ServerFault("failed", hresult=0x80041001)]
    with pytest.raises(errors.VersionConflict):
        connected.save(before, {"Version": "2"})


def test_what_the_site_did_not_take_is_a_failure() -> None:
    connected, cim = site(full_package())
    before = connected.get("SMS_Package", {"PackageID": "P0100001"})
    cim.put = lambda *args, **kwargs: None  # type: ignore[method-assign]
    with pytest.raises(errors.NotAsWritten, match="Version"):
        connected.save(before, {"Version": "2"})


def test_deleting_what_is_gone_is_fine() -> None:
    connected, cim = site()
    connected.delete("SMS_Package", {"PackageID": "P0100001"})
    assert len(cim.of("delete")) == 1


def test_of_twins_the_lowest_id_stays() -> None:
    ours, other = package("P0100002", "Agent"), package("P0100001", "Agent")
    connected, cim = site(ours, other)
    kept, warnings = connected.keep_one("SMS_Package", cim.query("SMS_Package"), "P0100002")
    assert kept == "P0100001" and len(warnings) == 1
    assert cim.rows == [other]
    connected, cim = site(ours, package("P0100003", "Agent"))
    kept, warnings = connected.keep_one("SMS_Package", cim.query("SMS_Package"), "P0100002")
    assert kept == "P0100002" and len(warnings) == 1 and len(cim.rows) == 2
    assert connected.keep_one("SMS_Package", [ours], "P0100002") == ("P0100002", [])


@pytest.mark.parametrize(
    ("stored", "sent", "same"),
    [
        (None, "", True),
        ("", None, True),
        ([], None, True),
        ("a\r\nb", "a\nb", True),
        ("a\r\nb\r\n", "a\nb", True),
        ("a\n\nb", "a\nb", False),
        (0, None, False),
        (False, None, False),
        ("a", "A", False),
        ([1], [1], True),
        ([1], [2], False),
        (Instance("A", {"X": ""}), Instance("A", {}), True),
    ],
)
def test_equal(stored: t.Any, sent: t.Any, same: bool) -> None:
    assert provider.equal(stored, sent) is same


def test_relative_paths_escape_quotes() -> None:
    path = provider.relative_path("SMS_Program", {"PackageID": "P0100001", "ProgramName": 'a"b\\c', "N": 3})
    assert path == r'SMS_Program.PackageID="P0100001",ProgramName="a\"b\\c",N=3'


def test_compatibility_takes_the_option_as_it_comes() -> None:
    switches = provider.Compatibility.from_option({"uri": "wmi", "write_via": None, "nope": 1})
    assert (switches.uri, switches.write_via) == ("wmi", "objects")
    assert provider.Compatibility.from_option(None) == provider.Compatibility()
