# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Operations with instances, over a scripted transport."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils import _errors as errors
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim import wql
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.catalogue import Catalogue
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.client import CimClient, MethodResult, is_read_method
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.instance import Instance
from ansible_collections.configmgr.osd.plugins.plugin_utils._wsman.client import WsmanClient
from tests.unit.plugins.plugin_utils._wsman.support import (
    CIM,
    FakeTransport,
    enumerated,
    fault,
    lost,
    row,
    wsman_fault,
)

END = "<w:EndOfSequence/>"


def client(transport: FakeTransport, **facts: t.Any) -> CimClient:
    return CimClient(WsmanClient(transport), Catalogue.load(), "root/sms/site_P01", **facts)


def fragment(**columns: str) -> str:
    inside = "".join(f"<{name}>{value}</{name}>" for name, value in columns.items())
    return f"<w:XmlFragment>{inside}</w:XmlFragment>"


def test_get() -> None:
    found = client(FakeTransport(row("n"))).get("SMS_Package", {"PackageID": "P0100001"})
    assert found == Instance("SMS_Package", {"Name": "n"})
    with pytest.raises(errors.NotFound):
        client(FakeTransport(fault(wsman_fault(0x80338000)))).get("SMS_Package", {"PackageID": "x"})


def test_query() -> None:
    transport = FakeTransport(enumerated(row("a"), end=END))
    assert client(transport).query("SMS_Package", where=wql.equals("Name", "a<")) == [
        Instance("SMS_Package", {"Name": "a"})
    ]
    assert "SELECT * FROM SMS_Package WHERE Name = 'a&lt;'" in transport.requests[0]


def test_columns_bring_the_keys() -> None:
    transport = FakeTransport(enumerated(fragment(Name="a", PackageID="P", Priority="2"), end=END))
    found = client(transport).query("SMS_Package", columns=["Name", "Priority"])
    assert found == [Instance("SMS_Package", {"Name": "a", "PackageID": "P", "Priority": 2})]
    assert "SELECT PackageID, Name, Priority FROM SMS_Package<" in transport.requests[0]


def test_never_project() -> None:
    transport = FakeTransport(enumerated(row("a"), end=END))
    client(transport, projection="never").query("SMS_Package", columns=["Name"])
    assert "SELECT * FROM SMS_Package<" in transport.requests[0]
    with pytest.raises(ValueError, match="no such projection"):
        client(transport, projection="sometimes")


def test_a_provider_that_fails_on_columns_is_asked_for_whole_rows_from_then_on() -> None:
    rows = enumerated(row("a"), end=END)
    transport = FakeTransport(fault(wsman_fault(0x80041001)), rows, rows, rows)
    cim = client(transport)
    for _again in range(2):
        assert len(cim.query("SMS_Package", columns=["Name"])) == 1
    assert ["SELECT *" in request for request in transport.requests] == [False, True, True]
    transport.steps[:] = [enumerated(fragment(Name="x"), end=END)]
    cim.query("SMS_Program", columns=["Comment"])
    assert "SELECT PackageID, ProgramName, Comment" in transport.requests[-1]


def test_other_faults_are_not_swallowed() -> None:
    with pytest.raises(errors.AccessDenied):
        client(FakeTransport(fault(wsman_fault(0x80041003)))).query("SMS_Package", columns=["Name"])


@pytest.mark.parametrize(
    "facts",
    [
        {"columns": ["Name", "Sequence"]},
        {"columns": ["sequence"]},
        {"where": wql.equals("Sequence", "x")},
        {"where": wql.raw("Name = 'x' AND ISVData = 1")},
    ],
)
def test_lazy_properties_never_stand_in_a_query(facts: dict[str, t.Any]) -> None:
    transport = FakeTransport()
    with pytest.raises(ValueError, match="lazy properties of SMS_TaskSequencePackage"):
        client(transport).query("SMS_TaskSequencePackage", **facts)
    assert not transport.requests


def test_a_lazy_name_in_a_literal_is_fine() -> None:
    transport = FakeTransport(enumerated("", end=END))
    assert client(transport).query("SMS_TaskSequencePackage", where=wql.equals("Name", "Sequence")) == []


def test_names_with_both_quotes_are_filtered_here() -> None:
    name = 'it\'s "it"'
    rows = enumerated(row(name) + row('itxs "it"'), end=END)
    transport = FakeTransport(rows, enumerated(fragment(PackageID="P", Name=name), end=END))
    cim = client(transport)
    assert [found.get("Name") for found in cim.query("SMS_Package", where=wql.equals("Name", name))] == [name]
    assert len(cim.query("SMS_Package", where=wql.equals("Name", name), columns=["PackageID"])) == 1
    assert "SELECT PackageID, Name FROM" in transport.requests[1]


def test_limit() -> None:
    transport = FakeTransport(enumerated(row("a") + row("b"), "c"), "")
    assert len(client(transport).query("SMS_Package", limit=1)) == 1
    assert transport.verbs == ["Enumerate", "Release"]


def test_create_put_delete() -> None:
    selectors = '<w:SelectorSet><w:Selector Name="PackageID">P1</w:Selector></w:SelectorSet>'
    created = f"<x:ResourceCreated>{selectors}</x:ResourceCreated>"
    transport = FakeTransport(created, row("n"), "", "")
    cim = client(transport)
    assert cim.create(Instance("SMS_Package", {"Name": "n", "Description": None})) == {"PackageID": "P1"}
    assert "nil" not in transport.requests[0]
    keys = {"PackageID": "P1"}
    changed = Instance("SMS_Package", {"Name": "n", "Description": None})
    assert cim.put(changed, keys=keys, modified=["Description"]) == Instance("SMS_Package", {"Name": "n"})
    assert '<p:Description xsi:nil="true"/>' in transport.requests[1]
    assert ">Description</w:Option>" in transport.requests[1]
    assert cim.put(changed, keys=keys, modified=[]) is None
    cim.delete("SMS_Package", keys)
    assert transport.verbs == ["Create", "Put", "Put", "Delete"]
    with pytest.raises(ValueError, match="modified but not in the instance: Language"):
        cim.put(changed, keys=keys, modified=["Language"])


def test_invoke() -> None:
    output = (
        f'<p:SetSequence_OUTPUT xmlns:p="{CIM}x"><p:ReturnValue>0</p:ReturnValue>'
        "<p:SavedTaskSequencePackagePath>path</p:SavedTaskSequencePackagePath></p:SetSequence_OUTPUT>"
    )
    transport = FakeTransport(output, "")
    cim = client(transport)
    params = {"TaskSequence": Instance("SMS_TaskSequence"), "TaskSequencePackage": None}
    found = cim.invoke("SMS_TaskSequencePackage", "SetSequence", params)
    assert found == MethodResult(0, {"SavedTaskSequencePackagePath": "path"})
    assert "TaskSequencePackage xsi" not in transport.requests[0]
    assert cim.invoke("SMS_Package", "Unlock", keys={"PackageID": "P1"}) == MethodResult(None, {})
    assert '<w:Selector Name="PackageID">P1</w:Selector>' in transport.requests[1]
    estimate = cim.size_of_call("SMS_TaskSequencePackage", "SetSequence", params)
    assert 0 <= estimate - len(transport.requests[0]) < 1500


def test_methods_that_read_are_tried_again() -> None:
    transport = FakeTransport(lost(), "", lost())
    cim = client(transport)
    cim.invoke("SMS_TaskSequencePackage", "GetSequence", {})
    with pytest.raises(errors.OutcomeUnknown) as caught:
        cim.invoke("SMS_TaskSequencePackage", "SetSequence", {})
    assert caught.value.attempted == "Invoke SMS_TaskSequencePackage.SetSequence"
    assert (caught.value.wmi_class, caught.value.method) == ("SMS_TaskSequencePackage", "SetSequence")


def test_an_unreadable_answer_to_a_write_says_that_the_write_may_have_happened() -> None:
    deep = f'<p:SMS_Package xmlns:p="{CIM}SMS_Package">{"<p:Name>" * 300}{"</p:Name>" * 300}</p:SMS_Package>'
    cim = client(FakeTransport(deep, deep, deep))
    for write in (
        lambda: cim.put(Instance("SMS_Package", {"Name": "n"}), keys={"PackageID": "P1"}, modified=["Name"]),
        lambda: cim.invoke("SMS_TaskSequencePackage", "SetSequence", {}),
    ):
        with pytest.raises(errors.OutcomeUnknown, match="cannot be read: .* 200 levels") as caught:
            write()
        assert caught.value.attempted and caught.value.wmi_class
    with pytest.raises(errors.ProtocolError):
        cim.invoke("SMS_TaskSequencePackage", "GetSequence", {})


def test_the_table_of_reading_methods_names_real_methods() -> None:
    from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.client import _READ_METHODS

    for name, methods in _READ_METHODS.items():
        definition = Catalogue.load().get(name)
        assert definition is not None
        for method in methods:
            assert definition.method(method) is not None, f"{name}.{method}"
    assert is_read_method("sms_tasksequence", "SAVETOXML")
    assert not is_read_method("SMS_TaskSequencePackage", "SetSequence")
    assert not is_read_method("SMS_Unknown", "GetSequence")


def test_another_namespace_over_the_same_connection() -> None:
    transport = FakeTransport(enumerated("", end=END))
    cim = client(transport, projection="never", datetime_form="text").in_namespace("root\\sms")
    cim.query("SMS_ProviderLocation")
    assert cim.namespace == "root\\sms"
    assert (cim.projection, cim.datetime_form) == ("never", "text")
    assert '<w:Selector Name="__cimnamespace">root/sms</w:Selector>' in transport.requests[0]


def test_live_schema() -> None:
    body = (
        '<CLASS NAME="SMS_X" SUPERCLASS="SMS_BaseClass"><QUALIFIER NAME="Abstract" TYPE="boolean"><VALUE>true</VALUE>'
        '</QUALIFIER><PROPERTY NAME="Id" TYPE="uint32"><QUALIFIER NAME="key" TYPE="boolean"><VALUE>true</VALUE>'
        '</QUALIFIER><QUALIFIER NAME="read" TYPE="boolean"><VALUE>TRUE</VALUE></QUALIFIER></PROPERTY>'
        '<PROPERTY.ARRAY NAME="Steps" TYPE="string"><QUALIFIER NAME="EmbeddedInstance" TYPE="string">'
        "<VALUE>SMS_TaskSequence_Step</VALUE></QUALIFIER></PROPERTY.ARRAY>"
        '<PROPERTY NAME="Text" TYPE="string"><QUALIFIER NAME="lazy" TYPE="boolean"><VALUE>true</VALUE></QUALIFIER>'
        '<QUALIFIER NAME="Values" TYPE="string"><VALUE.ARRAY><VALUE>a</VALUE><VALUE>b</VALUE></VALUE.ARRAY></QUALIFIER>'
        '</PROPERTY><METHOD NAME="Go" TYPE="uint32"><QUALIFIER NAME="static" TYPE="boolean"><VALUE>true</VALUE>'
        '</QUALIFIER><PARAMETER.ARRAY NAME="A" TYPE="string"><QUALIFIER NAME="out" TYPE="boolean"><VALUE>true</VALUE>'
        "</QUALIFIER></PARAMETER.ARRAY></METHOD></CLASS>"
    )
    found = client(FakeTransport(body)).get_class("SMS_X")
    assert (found.name, found.base, found.abstract, found.keys) == ("SMS_X", "SMS_BaseClass", True, ("Id",))
    assert not found.properties["Id"].writable
    steps = found.properties["Steps"]
    assert (steps.type, steps.embedded, steps.array) == ("SMS_TaskSequence_Step", True, True)
    assert found.lazy == {"text"}
    assert found.properties["Text"].qualifiers["values"] == ["a", "b"]
    method = found.methods["Go"]
    assert method.static and method.params["A"].array and method.params["A"].direction == "out"
