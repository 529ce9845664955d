# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a user may hand on: masked by structure, everything else byte for byte."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.catalogue import Catalogue
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.client import CimClient
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.instance import Instance
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.masking import MASK, Masker
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.trace import TraceWriter, observers
from ansible_collections.configmgr.osd.plugins.plugin_utils._errors import OutcomeUnknown
from ansible_collections.configmgr.osd.plugins.plugin_utils._wsman.client import WsmanClient
from ansible_collections.configmgr.osd.plugins.plugin_utils._wsman.exchange import Event, Operation
from ansible_collections.configmgr.osd.plugins.plugin_utils._wsman.xmltext import escape
from tests.unit.plugins.plugin_utils._wsman.support import FakeTransport, lost, row

P = "SMS_TaskSequence_"
SECRETS = ("1", "4711", "hunter2-and-much-more-than-thirty-characters")


@pytest.fixture(scope="module")
def masker() -> Masker:
    return Masker(Catalogue.load())


def sequence(secret: str) -> Instance:
    """A sequence with a secret in every kind of place, and the same text in places that are none."""
    rules = f'<Rules><Rule><Variables><Variable Name="A" IsSecret="true">{secret}</Variable>' + (
        '<Variable Name="B" IsSecret="false">open</Variable></Variables></Rule></Rules>'
    )
    steps = [
        Instance(P + "JoinDomainWorkgroupAction", {"Name": "Join", "DomainPassword": secret, "DomainUsername": "anna"}),
        Instance(P + "ApplyWindowsSettingsAction", {"ProductKey": secret, "RandomAdminPassword": True}),
        Instance(P + "SetVariableAction", {"VariableValue": secret, "DoNotShowVariableValue": True}),
        Instance(P + "SetVariableAction", {"VariableValue": "open", "DoNotShowVariableValue": False}),
        Instance(P + "SetVariableAction", {"HiddenVariableValue": secret}),
        Instance(P + "SetDynamicVariablesAction", {"Rules": rules}),
        Instance("BDD_ConfigureADDS", {"SafeModeAdminPassword": secret, "Name": "open"}),
    ]
    return Instance("SMS_TaskSequence", {"Steps": [Instance(P + "Group", {"Name": "open", "Steps": steps})]})


def exported(secret: str) -> str:
    """The exported text form, with the secret in every kind of place."""
    return (
        '<sequence version="3.10"><group name="open">'
        f'<step type="{P}JoinDomainWorkgroupAction" name="open"><defaultVarList>'
        f'<variable name="OSDJoinPassword" property="DomainPassword">{secret}</variable>'
        '<variable name="OSDJoinAccount" property="DomainUsername">open</variable></defaultVarList></step>'
        f'<step type="{P}SetVariableAction"><action>tsenv.exe "X={secret}" /hiddenflag:True</action><defaultVarList>'
        '<variable name="DoNotShowVariableValue" property="DoNotShowVariableValue" hidden="true">true</variable>'
        f'<variable name="VariableValue" property="VariableValue" hidden="true">{secret}</variable>'
        "</defaultVarList></step>"
        f'<step type="{P}SetVariableAction"><action>tsenv.exe "X=open" /hiddenflag:False</action><defaultVarList>'
        '<variable name="DoNotShowVariableValue" property="DoNotShowVariableValue" hidden="true">false</variable>'
        '<variable name="VariableValue" property="VariableValue" hidden="true">open</variable></defaultVarList></step>'
        f'<step type="{P}SetDynamicVariablesAction"><defaultVarList><variable name="r" property="Rules">'
        + escape(
            f'<Rules><Rule><Variables><Variable Name="A" IsSecret="true">{secret}</Variable></Variables></Rule></Rules>'
        )
        + "\n</variable></defaultVarList></step></group></sequence>"
    )


def request_of(params: dict[str, object], method: str = "SetSequence") -> bytes:
    transport = FakeTransport("")
    cim = CimClient(WsmanClient(transport), Catalogue.load(), "root/sms/site_P01")
    cim.invoke("SMS_TaskSequencePackage", method, params)  # type: ignore[arg-type]
    return transport.requests[0].encode()


@pytest.mark.parametrize("secret", SECRETS)
def test_secrets_of_a_sequence(secret: str, masker: Masker) -> None:
    masked = masker.mask(request_of({"TaskSequence": sequence(f"<{secret}>")})).decode()
    plain = masker.mask(request_of({"TaskSequence": sequence(secret)})).decode()
    assert secret not in masked.split("<s:Body>")[1] or len(secret) < 5
    assert f"&lt;{secret}&gt;" not in masked
    assert plain.count(MASK) == 6
    for name in ("DomainPassword", "ProductKey", "HiddenVariableValue", "SafeModeAdminPassword"):
        assert f":{name}>{MASK}</" in plain
    assert plain.count(":VariableValue>open</") == 1
    assert ":RandomAdminPassword>true</" in plain
    assert ":DomainUsername>anna</" in plain
    assert 'IsSecret="false"&gt;open&lt;' in plain


@pytest.mark.parametrize("secret", SECRETS)
def test_secrets_in_exported_text(secret: str, masker: Masker) -> None:
    for body in (
        exported(secret).encode(),
        request_of({"SequenceXML": exported(secret)}, "ImportSequence"),
        f"<e><Sequence>{escape(exported(secret))}</Sequence></e>".encode(),
    ):
        masked = masker.mask(body).decode()
        assert masked.count(MASK) == 4
        assert f">{secret}<" not in masked and f"X={secret}" not in masked
        assert f"&gt;{secret}&lt;" not in masked
        assert masked.count("open") == body.decode().count("open")


def test_everything_else_stays_byte_for_byte(masker: Masker) -> None:
    body = request_of({"TaskSequence": Instance("SMS_TaskSequence", {"Steps": []})})
    assert masker.mask(body) == body
    odd = b"<?xml version='1.0'?>\n<!-- note -->\n<a  x = '>' >\r\n <b/>&#13;<c>\xc3\xa9</c></a >\n"
    assert masker.mask(odd) == odd


def test_masked_variables_of_collections(masker: Masker) -> None:
    def variable(masked: str) -> bytes:
        uri = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/SMS_CollectionVariable"
        return f'<p:V xmlns:p="{uri}"><p:Value>x</p:Value><p:IsMasked>{masked}</p:IsMasked></p:V>'.encode()

    assert b"<p:Value>********</p:Value>" in masker.mask(variable("TRUE"))
    assert masker.mask(variable("false")) == variable("false")


def test_rows_of_named_columns_have_no_class(masker: Masker) -> None:
    body = b"<r><w:XmlFragment xmlns:w='w'><PXEPassword>x</PXEPassword><Name>n</Name></w:XmlFragment></r>"
    assert b"<PXEPassword>********<" in masker.mask(body)
    assert b"<Name>n</Name>" in masker.mask(body)


@pytest.mark.parametrize(
    "body", [b"no xml hunter2", b"<a>hunter2", b"<!DOCTYPE a><a>hunter2</a>", b"\xff<a>hunter2</a>"]
)
def test_what_cannot_be_read_is_left_out(body: bytes, masker: Masker) -> None:
    masked = masker.mask(body)
    assert b"hunter2" not in masked
    assert str(len(body)).encode() in masked


def test_empty_stays_empty(masker: Masker) -> None:
    assert masker.mask(b"") == b""


def test_text_that_only_looks_like_xml_is_masked_as_a_whole(masker: Masker) -> None:
    assert masker.mask(b"<a><b>&lt;broken hunter2</b></a>") == b"<a><b>********</b></a>"
    assert masker.mask(b"<a><b>&lt;# .SYNOPSIS</b></a>") == b"<a><b>&lt;# .SYNOPSIS</b></a>"


# -- files -------------------------------------------------------------------------------------------


def writer(folder: Path, masker: Masker, warnings: list[str]) -> TraceWriter:
    return TraceWriter(str(folder), masker, warnings.append)


def test_files(tmp_path: Path, masker: Masker) -> None:
    folder = tmp_path / "new"
    warnings: list[str] = []
    transport = FakeTransport(row("x"), lost())
    wsman = WsmanClient(transport, observer=writer(folder, masker, warnings))
    wsman.get("root/sms", "SMS_Package", {"PackageID": "P"})
    with pytest.raises(OutcomeUnknown):
        wsman.invoke("root/sms", "SMS_TaskSequencePackage", "SetSequence", "<x/>")
    names = sorted(path.name for path in folder.iterdir())
    assert names == [
        "001_get_sms_package.request.xml",
        "001_get_sms_package.response.xml",
        "002_invoke_sms_tasksequencepackage_setsequence.request.xml",
        "002_invoke_sms_tasksequencepackage_setsequence.response.xml",
    ]
    assert (folder / names[0]).read_text(encoding="utf-8") == transport.requests[0]
    first, rest = (folder / names[1]).read_text(encoding="utf-8").split("\n", 1)
    assert first.startswith("<!-- HTTP 200; Content-Length: ") and first.endswith("-->")
    assert rest.startswith("<s:Envelope")
    assert (folder / names[3]).read_text(encoding="utf-8").startswith("<!-- no answer; ")
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not warnings


def test_numbers_go_on_after_what_is_there(tmp_path: Path, masker: Masker) -> None:
    event = Event(Operation("Get", "SMS_X"), b"<a/>", b"<b/>", 200, "ok", 1.0)
    for _writer in range(2):
        writer(tmp_path, masker, [])(event)
    assert sorted(path.name[:3] for path in tmp_path.iterdir()) == ["001", "001", "002", "002"]


def test_trouble_with_the_folder_is_one_warning(tmp_path: Path, masker: Masker) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("x", encoding="utf-8")
    warnings: list[str] = []
    observer = writer(blocked, masker, warnings)
    event = Event(Operation("Get", "SMS_X"), b"<a/>", b"<b/>", 200, "ok", 1.0)
    observer(event)
    observer(event)
    assert len(warnings) == 1 and "CONFIGMGR_TRACE" in warnings[0] and os.fspath(blocked) in warnings[0]


def test_observers_are_called_in_order() -> None:
    seen: list[str] = []
    both = observers(lambda _event: seen.append("a"), None, lambda _event: seen.append("b"))
    assert both is not None
    both(Event(Operation("Get"), b"", b"", 200, "ok", 1.0))
    assert seen == ["a", "b"]
    assert observers(None, None) is None
