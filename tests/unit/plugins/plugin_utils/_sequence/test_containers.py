# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an exported task sequence comes in: text, object.xml and the zip of the console."""

from __future__ import annotations

import io
import resource
import struct
import time
import typing as t
import zipfile

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.instance import CimDatetime, Instance
from ansible_collections.configmgr.osd.plugins.plugin_utils._errors import InvalidInput
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence import containers
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.containers import is_xml, open_document

SEQUENCE = '<sequence version="3.10"><group name="G" description=""/></sequence>'


def exported(sequence: str = SEQUENCE, package_id: str = "PS100001", name: str = "One", extra: str = "") -> str:
    """Return the object.xml of a console export."""
    return (
        '<INSTANCE CLASSNAME="SMS_TaskSequencePackage">'
        '<PROPERTY NAME="__CLASS" CLASSORIGIN="___SYSTEM" TYPE="string"><VALUE>x</VALUE></PROPERTY>'
        f'<PROPERTY NAME="PackageID" TYPE="string"><VALUE>{package_id}</VALUE></PROPERTY>'
        f'<PROPERTY NAME="Name" TYPE="string"><VALUE>{name}</VALUE></PROPERTY>'
        '<PROPERTY NAME="Duration" TYPE="uint32"><VALUE>360</VALUE></PROPERTY>'
        '<PROPERTY NAME="SourceDate" TYPE="datetime"><VALUE>20181117025846.000000+000</VALUE></PROPERTY>'
        '<PROPERTY NAME="IgnoreAddressSchedule" TYPE="boolean"><VALUE>FALSE</VALUE></PROPERTY>'
        '<PROPERTY NAME="NumOfPrograms" TYPE="uint32"></PROPERTY>'
        '<PROPERTY.ARRAY NAME="SecuredScopeNames" TYPE="string"><VALUE.ARRAY><VALUE>Default</VALUE></VALUE.ARRAY>'
        "</PROPERTY.ARRAY>"
        '<PROPERTY.OBJECTARRAY NAME="SupportedOperatingSystems" REFERENCECLASS="SMS_OS_Details"><VALUE.OBJECTARRAY>'
        '<VALUE.OBJECT><INSTANCE CLASSNAME="SMS_OS_Details"><PROPERTY NAME="Name" TYPE="string"><VALUE>Win NT</VALUE>'
        "</PROPERTY></INSTANCE></VALUE.OBJECT></VALUE.OBJECTARRAY></PROPERTY.OBJECTARRAY>"
        f'{extra}<PROPERTY NAME="Sequence" TYPE="string"><VALUE><![CDATA[{sequence}]]></VALUE></PROPERTY></INSTANCE>'
    )


def archive(members: t.Mapping[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip with these members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return buffer.getvalue()


def export_zip(*package_ids: str, **more: str) -> bytes:
    """Return a console export with these task sequences."""
    members: dict[str, str | bytes] = {"[Content_Types].xml": "<Types/>", "Manifest.xml": "<LibraryDocument/>"}
    for package_id in package_ids:
        members[f"SMS_TaskSequencePackage/{package_id}/object.xml"] = exported(package_id=package_id)
    return archive({**members, **more})


def refused(data: str | bytes, **options: t.Any) -> str:
    with pytest.raises(InvalidInput) as caught:
        open_document(data, source="mine", **options)
    assert "mine" in str(caught.value) or "package_id" in str(caught.value)
    return str(caught.value)


def test_a_plain_document_is_taken_as_it_is() -> None:
    document = open_document(SEQUENCE)
    assert (document.text, document.package, document.names) == (SEQUENCE, None, {})


def test_the_object_around_the_sequence_is_read() -> None:
    document = open_document(exported())
    assert document.text == SEQUENCE
    assert document.package == Instance(
        "SMS_TaskSequencePackage",
        {
            "PackageID": "PS100001",
            "Name": "One",
            "Duration": 360,
            "SourceDate": CimDatetime("20181117025846.000000+000"),
            "IgnoreAddressSchedule": False,
            "NumOfPrograms": None,
            "SecuredScopeNames": ["Default"],
            "SupportedOperatingSystems": [Instance("SMS_OS_Details", {"Name": "Win NT"})],
        },
    )


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_an_export_of_the_console_as_bytes_and_as_a_lookup_hands_it_over(method: int) -> None:
    data = archive({"SMS_TaskSequencePackage/PS100001/object.xml": exported().encode("utf-16")}, method)
    for given in (data, data.decode("utf-8", "surrogateescape")):
        assert is_xml(given)
        document = open_document(given)
        assert (document.text, document.package.get("Name")) == (SEQUENCE, "One")


def test_one_of_several_sequences_has_to_be_chosen() -> None:
    data = export_zip("PS100001", "PS100002")
    assert "choose one with package_id: PS100001 (One), PS100002 (One)" in refused(data)
    assert open_document(data, package_id="ps100002").package.get("PackageID") == "PS100002"
    assert "which holds PS100001, PS100002" in refused(data, package_id="PS100003")
    assert "it holds PS100001" in refused(exported(), package_id="PS100002")
    assert "has no ID" in refused(SEQUENCE, package_id="PS100002")


def test_the_names_of_referenced_objects_are_found() -> None:
    listed = (
        '<INSTANCE CLASSNAME="SMS_TaskSequenceReferencesInfo"><PROPERTY NAME="ReferenceName" TYPE="string">'
        '<VALUE>Tools &amp; more</VALUE></PROPERTY>'
        '<PROPERTY NAME="ReferencePackageID" TYPE="string"><VALUE>PS10000A</VALUE>'
        "</PROPERTY></INSTANCE>"
    )
    escaped = listed.replace("&", "&amp;").replace("<", "&lt;")
    image = '<INSTANCE CLASSNAME="SMS_ImagePackage"><PROPERTY NAME="Name"><VALUE>Image</VALUE></PROPERTY></INSTANCE>'
    data = archive(
        {
            "SMS_TaskSequencePackage/PS100001/object.xml": exported(),
            "SMS_TaskSequencePackage/PS100001/ReferencesInfo.xml": (
                f"<ArrayOfString><string>{escaped}</string><string>no xml</string></ArrayOfString>"
            ),
            "SMS_ImagePackage/PS10000B/object.xml": image,
            "SMS_Package/PS10000C/object.xml": "<not well-formed",
        }
    )
    assert open_document(data).names == {"ps10000a": "Tools & more", "ps10000b": "Image", "ps100001": "One"}


BAD_NAMES = [
    ("../evil.xml", "path traversal"),
    ("a/../../evil.xml", "path traversal"),
    ("..\\evil.xml", "path traversal"),
    ("/etc/passwd", "path traversal"),
    ("C:/Windows/evil.dll", "path traversal"),
    ("a\nb", "a name that exports never have"),
    ("SMS_TASKSEQUENCEPACKAGE/PS100001/OBJECT.XML", "twice"),
]


@pytest.mark.parametrize(("name", "message"), BAD_NAMES)
def test_a_member_with_a_bad_name_condemns_the_archive(name: str, message: str) -> None:
    assert message in refused(export_zip("PS100001", **{name: "x"}))


def test_members_that_are_there_twice() -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as file:
            for name in ("One", "Two"):
                file.writestr("SMS_TaskSequencePackage/PS100001/object.xml", exported(name=name))
    assert "twice" in refused(buffer.getvalue())


def test_an_encrypted_archive() -> None:
    data = bytearray(export_zip("PS100001"))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.rfind(mark) + offset
        data[place : place + 2] = struct.pack("<H", 1)
    assert "is encrypted" in refused(bytes(data))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_unusual_packing(method: int) -> None:
    data = archive({"SMS_TaskSequencePackage/PS100001/object.xml": exported()}, method)
    assert "packed in a way" in refused(data)


def test_a_bomb_costs_neither_time_nor_memory() -> None:
    bomb = archive({"SMS_TaskSequencePackage/PS100001/object.xml": b"<" + b"a" * 200_000_000})
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()
    assert "larger than 16 MiB when unpacked" in refused(bomb)
    assert time.process_time() - started < 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


def test_a_header_that_promises_less_than_there_is() -> None:
    data = bytearray(archive({"SMS_TaskSequencePackage/PS100001/object.xml": b"<" + b"a" * 40_000_000}))
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = data.rfind(mark) + offset
        data[place : place + 4] = struct.pack("<I", 100)
    refused(bytes(data))


def test_many_members(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "more than 5000 members" in refused(archive({f"m{number}": "" for number in range(5001)}))
    monkeypatch.setattr(containers, "LARGEST_ARCHIVE", 100)
    assert "larger than 0 MiB" in refused(export_zip("PS100001"))


def test_all_members_together_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "_LARGEST_TOTAL", 3000)
    filler = f"<INSTANCE>{' ' * 2500}</INSTANCE>"
    packages = {f"SMS_Package/PS10000{letter}/object.xml": filler for letter in "AB"}
    data = export_zip("PS100001", **packages)
    # What only adds names is left out; the sequence itself is there.
    assert open_document(data).text == SEQUENCE


def test_every_cut_of_an_archive_is_refused() -> None:
    data = export_zip("PS100001")
    for length in range(4, len(data) - 1, 37):
        refused(data[:length])


def test_no_damaged_byte_is_a_traceback() -> None:
    data = export_zip("PS100001")
    for place in range(len(data)):
        damaged = bytearray(data)
        damaged[place] ^= 0xFF
        try:
            open_document(bytes(damaged), source="mine")
        except InvalidInput as error:
            assert "mine" in str(error) or damaged[:2] != b"PK"


def test_archives_without_a_task_sequence() -> None:
    assert "holds no task sequence" in refused(archive({"a.txt": "x"}))
    assert "holds no task sequence" in refused(archive({}))


OBJECTS = [
    (exported(extra='<PROPERTY NAME="Name" TYPE="string"><VALUE>Two</VALUE></PROPERTY>'), "a property twice"),
    ('<INSTANCE CLASSNAME="SMS_Package"/>', "no SMS_TaskSequencePackage"),
    ('<INSTANCE CLASSNAME="SMS_TaskSequencePackage"/>', "holds no Sequence"),
    (f'<!DOCTYPE a [<!ENTITY b "c">]>{exported()}', "DOCTYPE"),
    (exported()[:-20], "ends too early"),
]


@pytest.mark.parametrize(("document", "message"), OBJECTS)
def test_bad_objects(document: str, message: str) -> None:
    assert message in refused(document)
    inside = archive({"SMS_TaskSequencePackage/PS100001/object.xml": document})
    assert message in refused(inside)


@pytest.mark.parametrize("text", ["---\nschema: 1\n", "", "steps: []", "- name: <b>"])
def test_yaml_is_told_apart(text: str) -> None:
    assert not is_xml(text)
    assert is_xml("\ufeff <sequence/>")
    assert is_xml("<sequence/>".encode("utf-16"))
