# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What task sequences refer to, children included."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils._cim.instance import Instance
from ansible_collections.configmgr.osd.plugins.plugin_utils._provider.closure import (
    APPLICATION,
    BOOT_IMAGE,
    CLASS,
    Closure,
    closure,
    closures,
)


class Rows:
    """A site that answers one class, and counts."""

    def __init__(self, follows: bool, references: dict[str, list[tuple[str, int]]]) -> None:
        self.follows, self.references = follows, references
        self.queries: list[str] = []

    def query(self, class_name: str, where: t.Any, columns: t.Any) -> list[Instance]:
        assert class_name == CLASS and "ObjectType" in columns
        self.queries.append(where.text)
        return [row for root in self.references if f"'{root}'" in where.text for row in self._rows(root, root, 0)]

    def _rows(self, root: str, owner: str, level: int) -> t.Iterator[Instance]:
        for object_id, kind in self.references.get(owner, []):
            yield Instance(CLASS, {
                "PackageID": root, "ObjectID": object_id, "ObjectName": f"Name of {object_id}", "ObjectType": kind,
                "RefPackageID": "PS1000A0" if kind == APPLICATION else object_id, "Level": str(level),
                "SourceID": owner if level else None, "SourceSize": 5})  # fmt: skip
            if kind == 4 and self.follows and level < 5:
                yield from self._rows(root, object_id, level + 1)


REFERENCES = {
    "PS100001": [("PS100020", 257), ("PS100002", 4), ("ScopeId_A/Application_B", APPLICATION)],
    "PS100002": [("PS100021", 0), ("PS100003", 4), ("PS100020", 257)],
    "PS100003": [("PS100005", BOOT_IMAGE), ("PS100001", 4)],
}


@pytest.mark.parametrize(("follows", "queries"), [(True, 1), (False, 3)])
def test_children_are_followed_by_the_site_or_by_us(follows: bool, queries: int) -> None:
    site = Rows(follows, REFERENCES)
    found = closure(t.cast(t.Any, site), "PS100001")
    assert [row.package_id for row in found.packages] == ["PS100005", "PS100020", "PS100021"]
    assert [(row.package_id, row.object_id) for row in found.applications] == [("PS1000A0", "ScopeId_A/Application_B")]
    assert [row.object_id for row in found.children] == ["PS100002", "PS100003"], "the sequence itself is no child"
    assert len(site.queries) == queries
    assert [row.name for row in found.of_type(BOOT_IMAGE)] == ["Name of PS100005"]
    assert len(found.content) == 4 and {row.kind for row in found.content} == {
        "boot_image", "os_image", "package", "application"}  # fmt: skip


def test_several_sequences_share_one_query_and_nothing_costs_nothing() -> None:
    site = Rows(True, REFERENCES)
    found = closures(t.cast(t.Any, site), ["PS100002", "PS100003", "PS1000FF"])
    assert len(site.queries) == 1
    assert found["PS1000FF"] == Closure("PS1000FF")
    assert {row.object_id for row in found["PS100003"].children} >= {"PS100001", "PS100002"}
    assert closures(t.cast(t.Any, site), []) == {} and len(site.queries) == 1
