# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What steps refer to, and secrets for steps that were read: the filters that a promotion is made of."""

from __future__ import annotations

import typing as t

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.configmgr.osd.plugins.filter.fill_sequence_secrets import fill_sequence_secrets
from ansible_collections.configmgr.osd.plugins.filter.sequence_references import sequence_references
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.model import STORED

STEPS: list[dict[str, t.Any]] = [
    {
        "name": "Install",
        "steps": [
            {"name": "Agent", "type": "install_package", "package": {"name": "Agent", "version": "5"}, "program": "Go"},
            {"name": "Image", "type": "apply_operating_system_image", "image": "Windows", "edition": "Windows Pro"},
        ],
    },
    {"name": "Apps", "type": "install_application", "applications": ["VPN", {"id": "ScopeId_1/Application_2"}]},
    {"name": "More", "type": "run_task_sequence", "task_sequence": {"id": "PS100009"}},
]


@pytest.mark.parametrize("data", [STEPS, {"name": "x", "steps": STEPS, "kind": "task_sequence"}])
def test_every_reference_is_listed_in_order(data: t.Any) -> None:
    found = sequence_references(data)
    assert [(one["kind"], one["name"], one["id"]) for one in found] == [
        ("package", "Agent", None),
        ("program", "Go", None),
        ("os_image", "Windows", None),
        ("application", "VPN", None),
        ("application", None, "ScopeId_1/Application_2"),
        ("task_sequence", None, "PS100009"),
    ]
    assert found[0]["version"] == "5"
    assert found[1]["package"] == "Agent"
    assert found[1]["path"] == "steps[0].steps[0].program"
    assert found[1]["step"] == ["Install", "Agent"]
    assert [one["edition"] for one in found] == [False, False, True, False, False, False]


def test_wrong_steps_are_an_error_of_the_filter() -> None:
    with pytest.raises(AnsibleFilterError, match=r"sequence_references: steps\[0\].type \(nothing\)"):
        sequence_references([{"name": "A", "type": "nothing"}])


SECRETS: list[dict[str, t.Any]] = [
    {"name": "Join", "type": "join_domain_or_workgroup", "domain": "d", "username": "u", "password": STORED},
    {"name": "Twice", "type": "x", "password": STORED},
    {"name": "Twice", "type": "x", "password": STORED},
    {
        "name": "Deep",
        "steps": [{"name": "Rules", "type": "x", "rules": [{"set": {"Key": STORED, "A.b": STORED}}]}],
    },
]


def test_secrets_are_filled_in_and_the_steps_stay_as_they_were() -> None:
    values = [
        {"path": "Join", "option": "password", "value": "p1"},
        {"path": ["Deep", "Rules"], "option": "rules[0].set.Key", "value": "p2", "task_sequence": "Mine"},
        {"path": ["Deep", "Rules"], "option": "rules[0].set.A.b", "value": "p3"},
        {"path": ["Elsewhere"], "option": "password", "value": "p4", "task_sequence": "Other"},
    ]
    filled = fill_sequence_secrets(SECRETS, values, "Mine")
    assert filled[0]["password"] == "p1"
    assert filled[3]["steps"][0]["rules"] == [{"set": {"Key": "p2", "A.b": "p3"}}]
    assert filled[1]["password"] == STORED
    assert SECRETS[0]["password"] == STORED


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"path": ["No"], "option": "password"}, "there is no step of this path"),
        ({"path": ["Join"], "option": "pin"}, "no stored secret in pin; it keeps: password"),
        ({"path": ["Join"], "option": "domain"}, "no stored secret in domain"),
        ({"path": ["Twice"], "option": "password"}, "2 steps of this path"),
        ({"path": [], "option": "password"}, "must be the names"),
        ({"path": ["Join"], "option": 1}, "must be the option"),
        ({"path": ["Join"], "option": "password", "more": 1}, "must be a mapping with"),
    ],
)
def test_an_entry_that_fits_nothing_is_an_error_without_the_secret(value: dict[str, t.Any], message: str) -> None:
    with pytest.raises(AnsibleFilterError) as caught:
        fill_sequence_secrets(SECRETS, [{"value": "Secret-77", **value}])
    assert message in str(caught.value)
    assert "Secret-77" not in str(caught.value)


@pytest.mark.parametrize("value", ["", 7, None, STORED])
def test_a_secret_is_text(value: t.Any) -> None:
    with pytest.raises(AnsibleFilterError, match="must be the secret as text"):
        fill_sequence_secrets(SECRETS, [{"path": ["Join"], "option": "password", "value": value}])


def test_values_are_a_list() -> None:
    with pytest.raises(AnsibleFilterError, match="must be a list"):
        fill_sequence_secrets(SECRETS, {"path": ["Join"]})
