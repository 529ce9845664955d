# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""WQL by table: what comes back, and what is refused with which code."""

from __future__ import annotations

import pytest
from ansible_collections.configmgr.osd.tests.simulator.objects import Dt, Obj, ProviderError
from ansible_collections.configmgr.osd.tests.simulator.provider import Site
from ansible_collections.configmgr.osd.tests.unit.simulator.provider_support import FAILED, refused

INVALID_QUERY = 0x80041017
INVALID_CLASS = 0x80041010


@pytest.fixture
def site() -> Site:
    """A site whose packages are ten known rows."""
    site = Site("empty")
    for row in site.store.rows("SMS_Package"):
        site.store.remove("SMS_Package", (row.get("PackageID"),))
    rows = [
        ("A1", "Plain", "1.0", 2, None),
        ("A2", "plain", "2.0", 1, True),
        ("A3", "It's", None, 3, False),
        ("A4", 'Say "it\'s"', "", 2, None),
        ("A5", r"C:\temp", "x", 2, None),
        ("A6", "100%", "x", 2, None),
        ("A7", "a_b", "x", 2, None),
        ("A8", "a[1]b", "x", 2, None),
        ("A9", "axb", "x", 2, None),
        ("AA", "Z\u00fcrich \U0001f600", "x", 2, None),
    ]
    for key, name, version, priority, flag in rows:
        site.store.save(
            Obj(
                "SMS_Package",
                {
                    "PackageID": key,
                    "Name": name,
                    "Version": version,
                    "Priority": priority,
                    "ForcedDisconnectEnabled": flag,
                    "SecuredScopeNames": ["Default", "Finance"] if key == "A1" else ["Default"] if key == "A2" else [],
                    "SourceDate": Dt(f"202501{len(key) + int(key[1], 16):02}080000.000000+***"),
                    "ISVDataSize": 5,
                    "ISVData": [1, 2],
                },
            )
        )
    return site


def ids(site: Site, where: str) -> str:
    rows = site.query(site.namespace, f"SELECT PackageID FROM SMS_Package WHERE {where}").objs
    return " ".join(sorted(row.props["PackageID"] for row in rows))


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("Name = 'plain'", "A1 A2"),
        ("name = 'PLAIN'", "A1 A2"),
        ("NAME <> 'plain'", "A3 A4 A5 A6 A7 A8 A9 AA"),
        ("Name != 'plain'", "A3 A4 A5 A6 A7 A8 A9 AA"),
        ("Name = 'It''s'", "A3"),
        (r"Name = 'It\'s'", "A3"),
        ('Name = "It\'s"', "A3"),
        (r"""Name = "Say \"it's\"" """, "A4"),
        ("""Name = 'Say "it''s"'""", "A4"),
        (r"Name = 'C:\\temp'", "A5"),
        (r'Name = "C:\\temp"', "A5"),
        ("Name LIKE '%'", "A1 A2 A3 A4 A5 A6 A7 A8 A9 AA"),
        ("Name LIKE 'p%n'", "A1 A2"),
        ("Name LIKE 'a_b'", "A7 A9"),
        ("Name LIKE 'a[_]b'", "A7"),
        ("Name LIKE '100[%]'", "A6"),
        ("Name LIKE 'a[[]1]b'", "A8"),
        ("Name LIKE 'a[w-y]b'", "A9"),
        ("Name LIKE 'a[^x]b'", "A7"),
        ("Name LIKE '%s%'", "A3 A4"),
        (r"Name LIKE 'C:\\t%'", "A5"),
        ("Name NOT LIKE '%a%'", "A3 A5 A6 AA"),
        ("NOT Name LIKE '%a%'", "A3 A5 A6 AA"),
        ("Name LIKE '%.%'", ""),
        ("Name LIKE 'plai'", ""),
        ("Name = 'Z\u00fcrich \U0001f600'", "AA"),
        ("Name LIKE 'z\u00dcRICH _'", "AA"),
        ("PackageID IN ('A1', 'a2', 'ZZ')", "A1 A2"),
        ("PackageID NOT IN ('A1','A2','A3','A4','A5','A6','A7','A8')", "A9 AA"),
        ("Version IS NULL", "A3"),
        ("Version IS NOT NULL AND Version < '2'", "A1 A4"),
        ("Version = ''", "A4"),
        ("Version <> 'x'", "A1 A2 A4"),
        ("NOT Version = 'x'", "A1 A2 A4"),
        ("NOT (Version <> 'x')", "A5 A6 A7 A8 A9 AA"),
        ("Priority = 1", "A2"),
        ("Priority = '3'", "A3"),
        ("Priority >= 2 AND Priority <= 2 AND PackageID < 'A5'", "A1 A4"),
        ("1 = Priority", "A2"),
        ("2 < Priority", "A3"),
        ("Priority > 2.5", "A3"),
        ("Priority = -1", ""),
        ("ForcedDisconnectEnabled = 1", "A2"),
        ("ForcedDisconnectEnabled = TRUE", "A2"),
        ("ForcedDisconnectEnabled = 'true'", "A2"),
        ("ForcedDisconnectEnabled = 0", "A3"),
        ("ForcedDisconnectEnabled <> true", "A3"),
        ("ForcedDisconnectEnabled IS NULL AND PackageID = 'A1'", "A1"),
        ("SecuredScopeNames = 'finance'", "A1"),
        ("SecuredScopeNames = 'Default'", "A1 A2"),
        ("SecuredScopeNames LIKE 'F%'", "A1"),
        ("SecuredScopeNames IN ('Finance','x')", "A1"),
        ("SecuredScopeNames IS NULL", "A3 A4 A5 A6 A7 A8 A9 AA"),
        ("SourceDate > '20250109080000.000000+000'", "A8 A9 AA"),
        ("SourceDate = '20250103080000.000000+***'", "A1"),
        ("__CLASS = 'sms_package'", "A1 A2 A3 A4 A5 A6 A7 A8 A9 AA"),
        ("__CLASS <> 'SMS_Package'", ""),
        ("Priority = 1 OR Priority = 3 AND Name = 'nobody'", "A2"),
        ("(Priority = 1 OR Priority = 3) AND Name = 'it''s'", "A3"),
        ("Priority=1 or(Priority=3)", "A2 A3"),
        ("NOT NOT Priority = 1", "A2"),
    ],
)
def test_where(site: Site, where: str, expected: str) -> None:
    assert ids(site, where) == expected


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", INVALID_QUERY),
        ("SELECT", INVALID_QUERY),
        ("SELECT * FROM", INVALID_QUERY),
        ("DELETE FROM SMS_Package", INVALID_QUERY),
        ("SELECT * FROM SMS_Package WHERE", INVALID_QUERY),
        ("SELECT * FROM SMS_Package WHERE Name = 'x", INVALID_QUERY),
        ("SELECT * FROM SMS_Package WHERE Name = x", INVALID_QUERY),
        ("SELECT * FROM SMS_Package WHERE (Name = 'x'", INVALID_QUERY),
        ("SELECT * FROM SMS_Package WHERE Name IN ()", INVALID_QUERY),
        ("SELECT * FROM SMS_Package WHERE Name IN ('a',)", INVALID_QUERY),
        ("SELECT * FROM SMS_Package WHERE Name = NULL", INVALID_QUERY),
        ("SELECT * FROM SMS_Package WHERE Name NOT 'x'", INVALID_QUERY),
        ("SELECT * FROM SMS_Package WHERE Name LIKE 5", INVALID_QUERY),
        ("SELECT * FROM SMS_Package WHERE Name = 5", INVALID_QUERY),
        ("SELECT * FROM SMS_Package WHERE Priority = 'high'", INVALID_QUERY),
        ("SELECT * FROM SMS_Package WHERE Priority LIKE '2'", INVALID_QUERY),
        ("SELECT * FROM SMS_Package WHERE Name = TRUE", INVALID_QUERY),
        ("SELECT * FROM SMS_Package WHERE ForcedDisconnectEnabled = 'maybe'", INVALID_QUERY),
        ("SELECT * FROM SMS_Package WHERE SourceDate > '2025-01-01'", INVALID_QUERY),
        ("SELECT * FROM SMS_Package WHERE NoSuch = 1", INVALID_QUERY),
        ("SELECT NoSuch FROM SMS_Package", INVALID_QUERY),
        ("SELECT __PATH FROM SMS_Package", INVALID_QUERY),
        ("SELECT * FROM SMS_Package WHERE __PATH = 'x'", INVALID_QUERY),
        ("SELECT * FROM SMS_Package WHERE __CLASS LIKE 'x'", INVALID_QUERY),
        (r"SELECT * FROM SMS_Package WHERE Name = 'C:\temp'", INVALID_QUERY),
        ("SELECT COUNT(*) FROM SMS_Package WHERE Name = 'x'", INVALID_QUERY),
        ("SELECT * FROM SMS_Package ORDER BY Name", INVALID_QUERY),
        ("SELECT DISTINCT Name FROM SMS_Package", INVALID_QUERY),
        ("SELECT * FROM SMS_Package JOIN SMS_Program ON x = y", INVALID_QUERY),
        ("SELECT * FROM SMS_Package INNER JOIN SMS_Program ON x = y", INVALID_QUERY),
        ("SELECT p.* FROM SMS_Package AS p", INVALID_QUERY),
        ("SELECT * FROM SMS_Package AS p", INVALID_QUERY),
        ("SELECT * FROM SMS_Package WHERE SMS_Package.Name = 'x'", INVALID_QUERY),
        ("SELECT * FROM SMS_Package WHERE Name IN (SELECT Name FROM SMS_Program)", INVALID_QUERY),
        ("SELECT * FROM SMS_Package WHERE UPPER(Name) = 'X'", INVALID_QUERY),
        ("SELECT * FROM SMS_Package;", INVALID_QUERY),
        ("SELECT * FROM SMS_NoSuchClass", INVALID_CLASS),
        ("SELECT * FROM SMS_ProviderLocation", INVALID_CLASS),
        ("SELECT BootImageID FROM SMS_TaskSequencePackage WHERE Name = 'x'", FAILED),
        ("SELECT * FROM SMS_TaskSequencePackage WHERE BootImageID = 'x'", FAILED),
        ("SELECT * FROM SMS_TaskSequencePackage WHERE BootImageID IS NULL", FAILED),
        ("SELECT PackageID,AssignedSchedule FROM SMS_Advertisement", FAILED),
        ("SELECT * FROM SMS_Package", FAILED),
        ("SELECT * FROM SMS_PackageBaseclass", FAILED),
        ("SELECT * FROM SMS_TaskSequence_Step", 0x8004100C),
        ("SELECT * FROM SMS_ScheduleToken", 0x8004100C),
    ],
)
def test_refused(site: Site, text: str, code: int) -> None:
    with refused(code):
        site.query(site.namespace, text)


def test_star_returns_lazy_and_embedded_properties_as_null(site: Site) -> None:
    row = site.query(site.namespace, "SELECT * FROM SMS_Package WHERE PackageID = 'A1'").objs[0]
    known = site.schema.get("SMS_Package")
    assert known is not None and set(row.props) == set(known.properties)
    assert row.props["ISVData"] is None and row.props["ISVDataSize"] is None and row.props["RefreshSchedule"] is None
    assert row.props["SecuredScopeNames"] == ["Default", "Finance"]
    assert site.get(site.namespace, "SMS_Package", {"PackageID": "A1"}).props["ISVData"] == [1, 2]


def test_named_columns_come_alone_and_in_the_schemas_spelling(site: Site) -> None:
    found = site.query(site.namespace, "SELECT name, PACKAGEID FROM SMS_Package WHERE PackageID = 'a1'")
    assert found.columns == ["Name", "PackageID"]
    assert found.objs[0].props == {"Name": "Plain", "PackageID": "A1"}
    every = site.query(site.namespace, "SELECT Name FROM SMS_Package")
    assert len(every.objs) == 10


def test_a_base_class_returns_the_rows_of_the_derived_ones_as_themselves(site: Site) -> None:
    rows = site.query(
        site.namespace, "SELECT * FROM SMS_PackageBaseclass WHERE Name LIKE 'Boot%' OR Name = 'It''s'"
    ).objs
    assert sorted({row.class_name for row in rows}) == ["SMS_BootImagePackage", "SMS_Package"]
    assert all("DefaultImage" in row.props for row in rows if row.class_name == "SMS_BootImagePackage")
    only = site.query(
        site.namespace, "SELECT PackageID FROM SMS_PackageBaseclass WHERE __CLASS = 'SMS_BootImagePackage'"
    )
    assert len(only.objs) == 2


@pytest.mark.parametrize(
    ("switch", "text"),
    [
        ("wql_doubled_quote", "Name = 'It''s'"),
        ("wql_backslash_quote", r"Name = 'It\'s'"),
        ("wql_double_quotes", 'Name = "It\'s"'),
    ],
)
def test_each_way_to_write_a_quote_can_be_switched_off(site: Site, switch: str, text: str) -> None:
    assert ids(site, text) == "A3"
    site.switches.update({switch: "refuse"})
    with refused(INVALID_QUERY):
        ids(site, text)


def test_switches_of_lazy_columns_projection_and_unfiltered_queries(site: Site) -> None:
    lazy = "SELECT PackageID, ISVDataSize FROM SMS_Package WHERE PackageID = 'A1'"
    with refused(FAILED, "ISVDataSize"):
        site.query(site.namespace, lazy)
    site.switches.update({"lazy_columns": "null"})
    assert site.query(site.namespace, lazy).objs[0].props == {"PackageID": "A1", "ISVDataSize": None}
    wide = "SELECT SourceVersion FROM SMS_TaskSequencePackage"
    assert site.query(site.namespace, wide).objs == []
    site.switches.update({"lazy_columns": "error_wide"})
    with refused(FAILED, "SourceVersion"):
        site.query(site.namespace, wide)
    site.switches.update({"select_all_packages": "allow"})
    assert len(site.query(site.namespace, "SELECT * FROM SMS_Package").objs) == 10
    site.switches.update({"projection": "refuse"})
    with refused(FAILED):
        site.query(site.namespace, "SELECT Name FROM SMS_Package WHERE PackageID = 'A1'")


def test_namespaces_keep_their_classes_apart(site: Site) -> None:
    for name in ("root/sms", "ROOT\\SMS"):
        rows = site.query(name, "SELECT * FROM SMS_ProviderLocation WHERE ProviderForLocalSite = true").objs
        assert [row.props["SiteCode"] for row in rows] == ["PS1"]
    assert site.namespaces() == ["root/sms", "root/sms/site_PS1"]
    with refused(INVALID_CLASS):
        site.query("root/sms", "SELECT * FROM SMS_Site")
    with refused(0x8004100E):
        site.query("root/sms/site_XXX", "SELECT * FROM SMS_Site")
    assert len(site.query("root\\sms\\SITE_ps1", "SELECT * FROM SMS_Site").objs) == 1


def test_a_long_list_is_answered_quickly(site: Site) -> None:
    wanted = ", ".join(f"'P{number:07X}'" for number in range(5000))
    assert ids(site, f"PackageID IN ({wanted}, 'A1')") == "A1"


def test_sub_queries() -> None:
    """One column of another class; a text of an array is in it when any element is."""
    site = Site()
    systems = "SELECT ResourceID FROM SMS_R_System WHERE SystemRoles IN ('SMS Distribution Point')"
    rows = site.query(
        site.namespace,
        "SELECT Name FROM SMS_FullCollectionMembership "
        f"WHERE CollectionID = 'SMS00001' AND (ResourceID IN ({systems}) OR Name LIKE 'FIN-00_')",
    ).objs
    names = sorted(str(row.get("Name")) for row in rows)
    assert names == ["CM01", "DP01", "DP02", "DP03", *(f"FIN-00{number}" for number in range(1, 10))]
    others = "SELECT Name FROM SMS_FullCollectionMembership WHERE CollectionID = 'SMS00001' AND ResourceID NOT IN "
    assert "CM01" not in {row.get("Name") for row in site.query(site.namespace, f"{others}({systems})").objs}


@pytest.mark.parametrize(
    "inner",
    [
        "SELECT * FROM SMS_Package",
        "SELECT PackageID, Name FROM SMS_Package",
        "SELECT PackageID FROM SMS_Package WHERE",
        "SELECT PackageID FROM SMS_Package ORDER BY Name",
        "SELECT Nothing FROM SMS_Package",
    ],
)
def test_sub_queries_that_are_none(site: Site, inner: str) -> None:
    with pytest.raises(ProviderError):
        site.query(site.namespace, f"SELECT PackageID FROM SMS_Program WHERE PackageID IN ({inner})")


def test_sub_queries_can_be_refused(site: Site) -> None:
    site.switches.update({"wql_subqueries": "refuse"})
    with pytest.raises(ProviderError) as caught:
        site.query(site.namespace, "SELECT Name FROM SMS_Package WHERE PackageID IN (SELECT PackageID FROM SMS_Site)")
    assert caught.value.wbem == INVALID_QUERY
