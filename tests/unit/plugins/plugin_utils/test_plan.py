# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans and their diffs."""

from __future__ import annotations

from ansible_collections.configmgr.osd.plugins.plugin_utils._plan import Plan


def test_changes_and_properties() -> None:
    plan = Plan("update", before={"name": "A", "version": "1"}, after={"name": "A", "version": "2"})
    plan.change("version", "1", "2", Version="2")
    assert plan.changed and plan.options == ["version"] and plan.properties == {"Version": "2"}
    diff = plan.diff("package A")
    assert diff["before"] == "name: A\nversion: '1'\n"
    assert diff["after"] == "name: A\nversion: '2'\n"
    assert diff["before_header"] == diff["after_header"] == "package A"


def test_an_absent_side_is_empty() -> None:
    assert Plan("create", after={"name": "A", "list": ["x", "y"]}).diff("p")["before"] == ""
    assert Plan("create", after={"list": ["x", "y"]}).diff("p")["after"] == "list:\n  - x\n  - y\n"
    assert not Plan().changed
