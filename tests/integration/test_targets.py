# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every folder of ``targets`` is one run of ansible-playbook against both connections at once.

The folders have the layout of ansible-test's targets, so they also run against a lab with ``ansible-test integration``
and an inventory. Words in the file ``aliases``: ``smoke`` runs the target on every ansible-core, ``oldest``
on the newest and the oldest only, ``one_connection`` over winrm only, because what it tests lies above the connection,
``refused_writes`` says that the target tries writes where they are refused.
"""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

TARGETS = Path(__file__).with_name("targets")
SETS = ("smoke", "oldest")
"""The markers that a word in ``aliases`` stands for."""
SHOWN_REQUESTS = 40
ONE_HOST = "site_winrm"


def aliases(folder: Path) -> set[str]:
    """Return the words of a target's ``aliases`` file."""
    path = folder / "aliases"
    return set(path.read_text(encoding="utf-8").split()) if path.is_file() else set()


def target_folders() -> list[Path]:
    """Return the target folders."""
    return [folder for folder in sorted(TARGETS.iterdir()) if (folder / "tasks" / "main.yml").is_file()]


def smoke_targets() -> list[Path]:
    """Return the targets that run on every ansible-core."""
    return [folder for folder in target_folders() if any(word in aliases(folder) for word in SETS)]


def targets() -> list[t.Any]:
    """Return the targets as parameters, the smoke set marked."""
    return [
        pytest.param(folder, id=folder.name, marks=[getattr(pytest.mark, word) for word in SETS if word in words])
        for folder, words in ((folder, aliases(folder)) for folder in target_folders())
    ]


def requests(journal: list[dict[str, t.Any]]) -> str:
    """Return the end of a journal, one line per request."""
    names = ("number", "port", "verb", "class", "method", "keys", "query", "outcome", "code")
    return "\n".join(
        " ".join(f"{name}={entry[name]}" for name in names if entry.get(name) not in (None, {}))
        for entry in journal[-SHOWN_REQUESTS:]
    )


@pytest.mark.parametrize("target", targets())
def test_target(target: Path, ansible: t.Any) -> None:
    """The ladder of the target holds on its connections, and check mode wrote nothing."""
    hosts = ONE_HOST if "one_connection" in aliases(target) else "sites"
    play = {
        "name": target.name,
        "hosts": hosts,
        "gather_facts": False,
        "become": False,
        "tasks": [{"name": target.name, "ansible.builtin.import_role": {"name": target.name}}],
    }
    run = ansible.play([play], "-v")
    journals = {store: ansible.simulator.journal(store) for store in ansible.simulator.ports["stores"]}
    story = run.output + "".join(f"\nrequests of {store}:\n{requests(one)}" for store, one in journals.items())
    assert run.code == 0, story
    for store, journal in journals.items():
        if hosts == ONE_HOST and store != ONE_HOST:
            continue
        recap = run.hosts.get(store, {})
        assert recap.get("ok") and not recap["failed"] and not recap["unreachable"], story
        refused = [entry for entry in journal if entry.get("outcome") == "refused_write"]
        allowed = "refused_writes" in aliases(target)
        assert allowed or not refused, f"writes in check mode:\n{requests(refused)}\n{story}"
        assert ansible.simulator.open_enumerations(store) == 0, f"an enumeration stays open\n{story}"
    assert "Traceback (most recent call last)" not in run.output, story
    assert "DEPRECATION WARNING" not in run.output, story
