# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Secrets of task sequences on sites that hand them out in clear, as tokens, or not at all, written in both ways."""

from __future__ import annotations

import html
import json
import re
import typing as t
from pathlib import Path

import pytest
from tests.unit.plugins.plugin_utils._resources.bench import Bench, find

MODULE = "cm_task_sequence"
STORED = "<stored on site>"
LONG = "Canary-of-thirty-characters-30"
FOUR = "7391"
ONE = "1"
PREFIX = "SMS_TaskSequence_"


def steps_with(secret: str | None) -> list[dict[str, t.Any]]:
    """Return steps with every kind of secret place; ``None`` leaves the secrets out."""
    given = {} if secret is None else {"password": secret}
    masked = {} if secret is None else {"value": secret}
    admin = {} if secret is None else {"admin_password": secret}
    rule = {"name": "Bios", "value": secret if secret is not None else STORED, "secret": True}
    return [
        {"name": "Plain", "type": "run_command_line", "command_line": "cmd.exe"},
        {
            "name": "Accounts",
            "steps": [
                {
                    "name": "Join",
                    "type": "join_domain_or_workgroup",
                    "domain": "corp.example.com",
                    "username": "CORP\\j",
                    **given,
                },
                {
                    "name": "Net",
                    "type": "apply_network_settings",
                    "domain": "corp.example.com",
                    "username": "CORP\\n",
                    **given,
                },
                {"name": "As user", "type": "run_command_line", "command_line": "x", "username": "CORP\\u", **given},
                {
                    "name": "Share",
                    "type": "connect_to_network_folder",
                    "path": "\\\\srv\\s",
                    "drive": "Z:",
                    "username": "CORP\\s",
                    **given,
                },
            ],
        },
        {"name": "Masked", "type": "set_task_sequence_variable", "variable": "Pin", "secret": True, **masked},
        {"name": "Rules", "type": "set_dynamic_variables", "rules": [{"set": [rule, {"name": "Open", "value": "x"}]}]},
        {
            "name": "Windows",
            "type": "apply_windows_settings",
            "registered_user": "A",
            "registered_organization": "B",
            "time_zone": "UTC",
            "random_admin_password": False,
            **admin,
        },
    ]


PLACES = {
    "Join": "DomainPassword",
    "Net": "DomainPassword",
    "As user": "UserPassword",
    "Share": "Password",
    "Masked": "VariableValue",
    "Rules": "Rules",
    "Windows": "AdminPassword",
}


def stored(bench: Bench, name: str = "Secrets") -> dict[str, str]:
    """Return the secrets as the site has them, whatever it shows."""
    (row,) = bench.packages(name)
    tree = bench.tree(row["PackageID"])
    found = {}
    for step, prop in PLACES.items():
        item = find(tree, step)
        value = item.get(prop) or item.get("HiddenVariableValue") or ""
        found[step] = value.partition('IsSecret="true">')[2].partition("<")[0] if prop == "Rules" else value
    return found


def all_are(secret: str) -> dict[str, str]:
    return dict.fromkeys(PLACES, secret)


@pytest.fixture(params=["clear", "opaque", "blank"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["objects", "xml"])
def bench(request: pytest.FixtureRequest, mode: str) -> Bench:
    made = Bench(secrets=mode)
    made.compatibility = {"write_via": request.param}
    return made


def changed_plain(steps: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    return [{**steps[0], "command_line": "other.exe"}, *steps[1:]]


# -- sending -------------------------------------------------------------------------------------------


def test_they_arrive_and_are_neither_compared_nor_shown(bench: Bench) -> None:
    bench.ladder(MODULE, name="Secrets", steps=steps_with(LONG))
    assert stored(bench) == all_are(LONG)
    # Another secret is no reason to write, and none at all neither.
    assert not bench.ok(MODULE, name="Secrets", steps=steps_with("Another-secret"))["changed"]
    assert not bench.ok(MODULE, name="Secrets", steps=steps_with(None))["changed"]
    assert stored(bench) == all_are(LONG)
    info = bench.ok("cm_task_sequence_info", name="Secrets")
    assert LONG not in str(info)
    assert not bench.ok(MODULE, name="Secrets", steps=info["task_sequences"][0]["steps"])["changed"]


def test_with_a_change_they_are_sent_along(bench: Bench) -> None:
    bench.ok(MODULE, name="Secrets", steps=steps_with(LONG))
    bench.ladder(MODULE, name="Secrets", steps=changed_plain(steps_with("Another-secret")))
    assert stored(bench) == all_are("Another-secret")
    assert not bench.notes("secret")


def test_what_the_play_does_not_give_is_kept_or_the_write_is_refused(bench: Bench, mode: str) -> None:
    bench.ok(MODULE, name="Secrets", steps=steps_with(LONG))
    wanted = changed_plain(steps_with(None))
    if mode == "blank":
        for check in (True, False):
            message = bench.refused(MODULE, "secret_unreadable", name="Secrets", steps=wanted, check=check)
            for place in (
                "steps[1].steps[0].password (Join)",
                "steps[1].steps[1].password (Net)",
                "steps[1].steps[2].password (As user)",
                "steps[1].steps[3].password (Share)",
                "steps[2].value (Masked)",
                "steps[3].rules",
                "steps[4].admin_password (Windows)",
            ):
                assert place in message, place
            assert "allow_blank_secrets" in message
        assert stored(bench) == all_are(LONG)
        done = bench.ok(MODULE, name="Secrets", steps=wanted, allow_blank_secrets=True)
        assert "stored secrets are lost" in done["msg"] and stored(bench) == all_are("")
    else:
        bench.ladder(MODULE, name="Secrets", steps=wanted)
        assert stored(bench) == all_are(LONG)
        assert not bench.notes("secret")
    assert find(bench.steps("Secrets"), "Plain")["command_line"] == "other.exe"


def test_the_constant_means_keep_where_something_is_stored(bench: Bench, mode: str) -> None:
    bench.ok(MODULE, name="Secrets", steps=steps_with(LONG))
    wanted = changed_plain(steps_with(STORED))
    if mode == "blank":
        assert "(Join)" in bench.refused(MODULE, "secret_unreadable", name="Secrets", steps=wanted)
    else:
        bench.ladder(MODULE, name="Secrets", steps=wanted)
    assert stored(bench) == all_are(LONG)


def test_the_constant_is_an_error_where_nothing_is_stored(bench: Bench) -> None:
    for check in (True, False):
        message = bench.refused(MODULE, name="Secrets", steps=steps_with(STORED), check=check)
        assert "steps[1].steps[0].password (Join)" in message and "steps[2].value (Masked)" in message
    bench.ok(MODULE, name="Secrets", steps=steps_with(LONG))
    more = [
        *steps_with(None),
        {
            "name": "New",
            "type": "join_domain_or_workgroup",
            "domain": "d.example.com",
            "username": "D\\u",
            "password": STORED,
        },
    ]
    assert "steps[5].password (New)" in bench.refused(MODULE, name="Secrets", steps=more)


def test_a_secret_does_not_follow_to_another_account(bench: Bench) -> None:
    bench.ok(MODULE, name="Secrets", steps=steps_with(LONG))
    wanted = steps_with(None)
    wanted[1]["steps"][0]["username"] = "CORP\\other"
    message = bench.refused(MODULE, "secret_unreadable", name="Secrets", steps=wanted)
    assert "steps[1].steps[0].password (Join)" in message and "account is another one" in message


def renamed_steps(place: str, **given: str) -> list[dict[str, t.Any]]:
    """Return two groups with a step that has a stored secret in the first, renamed there or moved and renamed."""
    wanted = {**steps_with(None)[1]["steps"][0], "description": "Joins", **given}
    stays, other = ({"name": name, "type": "run_command_line", "command_line": name} for name in ("Stays", "Other"))
    first = [stays, {**wanted, "name": "Renamed" if place == "here" else "Join"}]
    return [
        {"name": "One", "steps": [stays] if place == "there" else first},
        {"name": "Two", "steps": [other, {**wanted, "name": "Renamed"}] if place == "there" else [other]},
    ]


def test_a_renamed_step_at_its_place_keeps_its_secret(bench: Bench, mode: str) -> None:
    """The same class between matched neighbours, and the same account."""
    bench.ok(MODULE, name="Secrets", steps=renamed_steps("before", password=LONG))
    if mode == "blank":
        assert "Renamed" in bench.refused(MODULE, "secret_unreadable", name="Secrets", steps=renamed_steps("here"))
        return
    done = bench.ladder(MODULE, name="Secrets", steps=renamed_steps("here"))
    assert find(bench.tree(done["task_sequence"]["package_id"]), "Renamed")["DomainPassword"] == LONG


def test_likeness_in_the_diff_never_hands_on_a_secret(bench: Bench, mode: str) -> None:
    """A step that was moved and renamed at once reads as such in the diff, which is wording only."""
    package_id = bench.ok(MODULE, name="Secrets", steps=renamed_steps("before", password=LONG))["task_sequence"][
        "package_id"
    ]
    message = bench.refused(MODULE, name="Secrets", steps=renamed_steps("there", password=STORED))
    assert "steps[1].steps[1].password (Renamed)" in message and "no step on the site" in message
    done = bench.ladder(MODULE, name="Secrets", steps=renamed_steps("there"))
    text = done["diff"]["prepared"]
    assert "> Two / Renamed (join_domain_or_workgroup): moved, was One / Join" in text
    assert "renamed, was Join" in text
    assert mode == "blank" or "lost with it: the stored secret password" in text
    assert not find(bench.tree(package_id), "Renamed").get("DomainPassword")


def test_a_removed_step_names_the_secret_that_is_lost(bench: Bench, mode: str) -> None:
    bench.ok(MODULE, name="Secrets", steps=steps_with(LONG))
    done = bench.ok(MODULE, name="Secrets", steps=steps_with(LONG)[:1])
    if mode != "blank":
        assert "lost with it: the stored secret password" in done["diff"]["prepared"]
        assert "the secret variable Bios" in done["diff"]["prepared"]


def test_a_backup_holds_no_secret_and_restoring_keeps_them_all(bench: Bench, mode: str, tmp_path: Path) -> None:
    bench.folder = tmp_path
    made = bench.ok(MODULE, name="Secrets", steps=steps_with(LONG))
    package_id = made["task_sequence"]["package_id"]
    before = bench.tree(package_id)
    changed = [{**step, "description": "changed"} for step in steps_with(LONG)]
    done = bench.ok(MODULE, name="Secrets", steps=changed, backup=True)
    assert LONG not in Path(done["backup_file"]).read_text(encoding="utf-8")
    if mode == "blank":
        bench.refused(MODULE, "secret_unreadable", name="Secrets", src=done["backup_file"])
        return
    bench.ladder(MODULE, name="Secrets", src=done["backup_file"])
    assert bench.tree(package_id) == before


# -- update_secrets ------------------------------------------------------------------------------------


def test_on_create_sends_only_those_of_new_steps(bench: Bench, mode: str) -> None:
    options = {"name": "Secrets", "update_secrets": "on_create"}
    bench.ladder(MODULE, steps=steps_with(LONG), **options)
    assert stored(bench) == all_are(LONG)
    fresh = {
        "name": "New",
        "type": "join_domain_or_workgroup",
        "domain": "d.example.com",
        "username": "D\\u",
        "password": "New-secret",
    }
    wanted = [*changed_plain(steps_with("Another-secret")), fresh]
    if mode == "blank":
        message = bench.refused(MODULE, "secret_unreadable", steps=wanted, **options)
        assert "update_secrets: on_change" in message and "(New)" not in message
    else:
        bench.ladder(MODULE, steps=wanted, **options)
        (row,) = bench.packages("Secrets")
        assert find(bench.tree(row["PackageID"]), "New")["DomainPassword"] == "New-secret"
    assert stored(bench) == all_are(LONG)


def test_always_writes_in_every_run(bench: Bench) -> None:
    bench.ok(MODULE, name="Secrets", steps=steps_with(LONG))
    options = {"name": "Secrets", "steps": steps_with("Rotated-secret"), "update_secrets": "always"}
    planned = bench.ok(MODULE, check=True, **options)
    assert planned["changed"] and planned["task_sequence"]["changed_options"] == ["steps"]
    assert "update_secrets: always" in planned["msg"] and "steps[1].steps[0].password" in planned["diff"]["prepared"]
    for _again in range(2):
        done = bench.ok(MODULE, **options)
        assert done["changed"] and done["diff"] == planned["diff"]
        assert stored(bench) == all_are("Rotated-secret")
    # Without a secret in the play there is nothing to rotate.
    assert not bench.ok(MODULE, name="Secrets", steps=steps_with(None), update_secrets="always")["changed"]


# -- documents -----------------------------------------------------------------------------------------


def test_a_document_without_secrets_keeps_them(bench: Bench, mode: str) -> None:
    """The text of an export: the secrets in it are empty."""
    bench.ok(MODULE, name="Secrets", steps=steps_with(LONG))
    (row,) = bench.packages("Secrets")
    text = bench.text(row["PackageID"])
    assert text.count(LONG) >= len(PLACES)
    exported = text.replace(LONG, "")
    assert not bench.ok(MODULE, name="Secrets", sequence_xml=exported)["changed"]
    other = exported.replace("cmd.exe", "other.exe")
    if mode == "blank":
        assert "(Join)" in bench.refused(MODULE, "secret_unreadable", name="Secrets", sequence_xml=other)
    else:
        bench.ladder(MODULE, name="Secrets", sequence_xml=other)
    assert stored(bench) == all_are(LONG)
    bench.ok(MODULE, name="Secrets", sequence_xml=text.replace(LONG, "From-a-document").replace("cmd.exe", "third.exe"))
    assert stored(bench) == all_are("From-a-document")
    assert not bench.notes("secret")


# -- canaries ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("canary", [ONE, FOUR, LONG], ids=["1", "4", "30"])
@pytest.mark.parametrize("way", ["steps", "src", "sequence_xml"])
@pytest.mark.parametrize("write_via", ["objects", "xml"])
def test_canaries_show_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, canary: str, way: str, write_via: str
) -> None:
    """Neither in results, diffs, warnings and ``-vvvvv``, nor in trace files; and IDs stay whole.

    The site shows its secrets in clear, which is the worst that it can do.
    """
    bench = Bench(secrets="clear")
    bench.compatibility = {"write_via": write_via}
    folder = tmp_path / "trace"
    folder.mkdir()
    monkeypatch.setenv("CONFIGMGR_TRACE", str(folder))
    bench.verbosity = 5
    bench.folder = tmp_path
    if way == "steps":
        wanted: dict[str, t.Any] = {"steps": steps_with(canary)}
    elif way == "src":
        text = json.dumps({"schema": 1, "steps": steps_with("@secret@")}).replace('"@secret@"', "{var: secret}")
        (tmp_path / "steps.yml").write_text(text, encoding="utf-8")
        wanted = {"src": "steps.yml", "variables": {"secret": canary}}
    else:
        bench.ok(MODULE, name="Source", steps=steps_with("@secret@"))
        wanted = {"sequence_xml": bench.text(bench.packages("Source")[0]["PackageID"]).replace("@secret@", canary)}
        for path in folder.iterdir():
            path.unlink()
    stored_text = ""
    results = [bench.run(MODULE, name="Secrets", check=True, **wanted)]
    said = bench.warnings + bench.shown
    for options in (
        {"name": "Secrets", **wanted},
        {"name": "Secrets", "update_secrets": "always", **wanted},
        {"name": "Secrets", "package_id": "PS1FFFFF", **wanted},
        {"name": "Secrets", "boot_image": "No such image", **wanted},
        {"name": "Secrets", "state": "absent"},
    ):
        results.append(bench.run(MODULE, **options))
        said += bench.warnings + bench.shown
        if not results[-1].get("failed") and options.get("state") != "absent":
            assert stored(bench) == all_are(canary)
            stored_text = bench.text(results[-1]["task_sequence"]["package_id"])
    assert [result.get("failed", False) for result in results] == [False, False, False, True, True, False]
    assert results[1]["task_sequence"]["package_id"].startswith("PS100")
    assert "PS1FFFFF" in results[3]["msg"]
    traced = "".join(path.read_text(encoding="utf-8") for path in folder.iterdir() if path.is_file())
    traced += "".join(p.read_text(encoding="utf-8") for p in folder.rglob("*") if p.is_file() and p.parent != folder)
    assert "SetSequence" in traced and "SetSequence" in "".join(said)
    everything = "".join([json.dumps(results), *said, traced])
    if canary == LONG:
        assert canary not in everything
    # A short one may be part of anything; where a secret stands it must not be.
    pattern = rf"(?:Password|VariableValue|IsSecret=\\?[\"']true)[^<>]*>{canary}<"
    assert len(re.findall(pattern, html.unescape(stored_text))) >= len(PLACES)
    assert re.search(pattern, html.unescape(html.unescape(everything))) is None
    assert not re.search(rf"(?:password|value|pin)\\?[\"']?: \\?[\"']?{canary}\\?[\"',}}\n]", json.dumps(results))
    assert "********" in traced


def test_a_site_that_quotes_a_secret_in_a_fault_does_not_leak_it(bench: Bench) -> None:
    bench.front.plan.set(
        [{"kind": "failure", "method": "SetSequence", "description": f"bad value {LONG}", "text": LONG}]
    )
    result = bench.run(MODULE, name="Secrets", steps=steps_with(LONG))
    assert result["failed"] and LONG not in json.dumps(result)


def test_a_secret_in_a_wrong_place_of_the_play_is_not_shown(bench: Bench) -> None:
    bad: list[tuple[dict[str, t.Any], str]] = [
        (
            {"name": "A", "type": "join_domain_or_workgroup", "domain": "d", "username": "u", "password": [LONG]},
            "password",
        ),
        (
            {"name": "A", "type": "join_domain_or_workgroup", "domain": "d", "username": "u", "passwort": LONG},
            "passwort",
        ),
        (
            {"name": "A", "type": "set_task_sequence_variable", "variable": "X", "secret": True, "value": {"a": LONG}},
            "value",
        ),
        ({"name": "A", "type": "enable_bitlocker", "pin": LONG, "timeout": "x"}, "timeout"),
    ]
    for step, says in bad:
        message = bench.refused(MODULE, name="x", steps=[step])
        assert says in message and LONG not in message, message
