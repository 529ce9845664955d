# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The front end over the real provider: packages and task sequences all the way, and real exports at the limit."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from ansible_collections.configmgr.osd.tests.simulator.exchange import Front
from ansible_collections.configmgr.osd.tests.simulator.operations import Settings
from ansible_collections.configmgr.osd.tests.simulator.provider import Site
from ansible_collections.configmgr.osd.tests.unit.simulator.front_support import (
    PRECISE,
    SITE,
    Answer,
    Bench,
    C,
    invoke,
    package,
    query,
    transfer,
)
from lxml import etree

TSP = "SMS_TaskSequencePackage"
RUN = "SMS_TaskSequence_RunCommandLineAction"
TEXT = (
    '<sequence version="3.10"><step type="SMS_TaskSequence_RunCommandLineAction" name="Say hello" description=""'
    ' runIn="WinPEandFullOS" successCodeList="0 3010"><action>smsswd.exe /run: cmd /c echo hello</action>'
    '<defaultVarList><variable name="CommandLine" property="CommandLine" hidden="true">cmd /c echo hello</variable>'
    '<variable name="SMSTSDisableWow64Redirection" property="DisableWow64Redirection">false</variable>'
    '<variable name="_SMSTSRunCommandLineAsUser" property="RunAsUser">false</variable>'
    '<variable name="SuccessCodes" property="SuccessCodes" hidden="true">0 3010</variable></defaultVarList></step>'
    "</sequence>"
)


class SiteBench(Bench):
    """A bench over the real provider."""

    def __init__(self, **settings: t.Any) -> None:
        self.site = Site()
        self.front = Front("default", self.site, Settings(**settings))

    def good(self, data: bytes, **more: t.Any) -> Answer:
        """Send a request that must succeed."""
        answer = self.send(data, principal="CORP\\svc-ansible", **more)
        assert answer.status == 200, answer.reason
        return answer

    def imported(self, text: str) -> str:
        """Return the TaskSequence element of ImportSequence, renamed into SetSequence's namespace prefix."""
        escaped = escape(text).replace("\r", "&#13;")
        answer = self.good(invoke(TSP, "ImportSequence", f"<q:SequenceXML>{escaped}</q:SequenceXML>"))
        data = answer.data.decode()
        start, end = data.index("<p:TaskSequence "), data.index("</p:TaskSequence>")
        element = data[start:end].replace("<p:TaskSequence ", f'<q:TaskSequence xmlns:p="{C}{TSP}" ')
        return f"{element}</q:TaskSequence>"

    def saved(self, text: str, name: str) -> str:
        """Save a new task sequence and return its ID."""
        wanted = (
            f"<q:Name>{escape(name)}</q:Name><q:PackageType>4</q:PackageType><q:ProgramFlags>152084496</q:ProgramFlags>"
            "<q:Priority>2</q:Priority><q:PkgSourceFlag>1</q:PkgSourceFlag>"
        )
        body = f'{self.imported(text)}<q:TaskSequencePackage xsi:type="q:{TSP}_Type">{wanted}</q:TaskSequencePackage>'
        answer = self.good(invoke(TSP, "SetSequence", body))
        return re.search('PackageID="([^"]+)"', answer.text(".//{*}SavedTaskSequencePackagePath"))[1]

    def steps(self, package_id: str) -> Answer:
        """Return the answer of GetSequence."""
        body = f'<q:TaskSequencePackage xsi:type="q:{TSP}_Type"><q:PackageID>{package_id}</q:PackageID>'
        return self.good(invoke(TSP, "GetSequence", f"{body}</q:TaskSequencePackage>"))


@pytest.fixture
def bench() -> SiteBench:
    """Return a bench over the real provider."""
    return SiteBench()


def test_discovery_ends_in_the_first_answer(bench: SiteBench) -> None:
    wql = "SELECT * FROM SMS_ProviderLocation WHERE ProviderForLocalSite = TRUE"
    answer = bench.good(query(wql, namespace="root/sms"))
    assert answer.text(".//{*}SMS_ProviderLocation/{*}SiteCode") == "PS1"
    assert answer.find(".//w:EndOfSequence") is not None


def test_a_class_is_only_in_its_namespace(bench: SiteBench) -> None:
    answer = bench.send(query("SELECT * FROM SMS_ProviderLocation WHERE SiteCode = 'PS1'"))
    assert answer.text(".//{*}MSFT_WmiError/{*}CIMStatusCode") == "5"


def test_a_package_lives_and_dies(bench: SiteBench) -> None:
    name = "It's <50%> [a_b] & \U0001f642"
    created = bench.good(transfer("Create", "SMS_Package", package(f"<q:Name>{escape(name)}</q:Name>")))
    keys = {"PackageID": created.text(".//w:Selector[@Name='PackageID']")}
    assert keys["PackageID"].startswith("PS1")
    read = bench.good(transfer("Get", "SMS_Package", keys=keys))
    assert read.text(".//{*}Name") == name
    modified = '<w:Option Name="wmiarray:__MIInstanceModifiedPropertiesList" Type="xs:string">Version</w:Option>'
    version = read.text(".//{*}SedoObjectVersion")
    element = package(
        f"<q:PackageID>{keys['PackageID']}</q:PackageID><q:Name>{escape(name)}</q:Name><q:Version>2</q:Version>"
        f"<q:SedoObjectVersion>{version}</q:SedoObjectVersion>"
    )
    changed = bench.good(transfer("Put", "SMS_Package", element, keys=keys, options=PRECISE + modified))
    assert changed.text(".//{*}Version") == "2"
    bench.good(transfer("Delete", "SMS_Package", keys=keys))
    gone = bench.send(transfer("Get", "SMS_Package", keys=keys), principal="CORP\\svc-ansible")
    assert gone.code == 2150858752


def test_a_task_sequence_goes_in_and_comes_out(bench: SiteBench) -> None:
    package_id = bench.saved(TEXT, "Hello")
    answer = bench.steps(package_id)
    step = answer.find(f".//{{{C}SMS_TaskSequence}}Steps")
    assert step.findtext(f"{{{C}{RUN}}}Name") == "Say hello"
    assert step.findtext(f"{{{C}{RUN}}}CommandLine") == "cmd /c echo hello"
    assert [entry.write for entry in bench.front.journal.entries()] == [False, True, False]
    assert bench.front.journal.entries()[1].method == "SetSequence"


def test_the_provider_learns_who_acts(bench: SiteBench) -> None:
    answer = bench.good(invoke("SMS_Identification", "GetCurrentUser"))
    assert answer.text(".//{*}UserName") == "CORP\\svc-ansible"
    other = bench.send(invoke("SMS_Identification", "GetCurrentUser"), principal="CORP\\other")
    assert other.text(".//{*}UserName") == "CORP\\other"


def test_a_lock_context_reaches_the_provider_unless_it_is_switched_off() -> None:
    context = '<w:Option Name="wmi:ObjectLockContext">{1}</w:Option><w:Option Name="wmi:MachineName">here</w:Option>'
    for mode, wanted in (("honour", "{1}"), ("ignore", None)):
        bench = SiteBench(explicit_lock=mode)
        path = escape(bench.site.path_of(bench.site.store.rows("SMS_Package")[0]))
        body = f"<q:ObjectRelPath>{path}</q:ObjectRelPath>"
        bench.good(invoke("SMS_ObjectLock", "RequestLock", body, options=PRECISE + context))
        shown = bench.good(invoke("SMS_ObjectLock", "GetLockInformation", body))
        assert shown.text(".//{*}LockState") == "1"
        assert (shown.text(".//{*}AssignedObjectLockContext") or None) == wanted


@pytest.mark.parametrize("number", ["005", "009"])
def test_the_largest_real_exports_fit_into_the_default_limit(
    shared_folder: Path, bench: SiteBench, number: str
) -> None:
    (path,) = (shared_folder / "corpus").glob(f"{number}-*.xml")
    root = etree.fromstring(path.read_bytes(), etree.XMLParser(huge_tree=True))
    found = [item for item in root.iter() if isinstance(item.tag, str) and etree.QName(item).localname == "sequence"]
    text = etree.tostring(found[0], encoding="unicode", with_tail=False)
    assert len(text) > 250_000
    answer = bench.steps(bench.saved(text, f"Export {number}"))
    assert len(answer.data) < 500 * 1024
    sizes = [(entry.bytes_in, entry.bytes_out) for entry in bench.front.journal.entries()]
    assert max(size for pair in sizes for size in pair) < 475 * 1024
    assert bench.site.namespace == SITE
