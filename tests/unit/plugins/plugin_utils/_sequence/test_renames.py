# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Steps that were moved and renamed at once."""

from __future__ import annotations

from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence import diff
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.match import match
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.model import GROUP, PREFIX, Secret, Sequence, Step
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.renames import SAME_CONTENT, with_renames

RUN = PREFIX + "RunCommandLineAction"


def run(name: str, command: str | None = None, **properties: object) -> Step:
    given = {} if command is None else {"CommandLine": command}
    return Step(RUN, {"Name": name, **given, **properties})


def group(name: str, *steps: Step) -> Step:
    return Step(GROUP, {"Name": name}, None, list(steps))


def text(old: Sequence, new: Sequence) -> list[str]:
    return diff.render(diff.changes(old, new, match(old, new))).splitlines()


def test_a_step_at_its_place_under_another_name() -> None:
    old, new = Sequence([group("G", run("A", "x"))]), Sequence([group("G", run("B", "y"))])
    assert text(old, new) == [
        "~ G / B (run_command_line): renamed, was A",
        "~ G / B (run_command_line): command_line: x -> y",
    ]


def test_a_step_in_another_group_under_another_name() -> None:
    old = Sequence([group("G", run("A", "x"), run("K", "k")), group("H", run("L", "l"))])
    new = Sequence([group("G", run("K", "k")), group("H", run("L", "l"), run("B", "x"))])
    assert text(old, new) == [
        "> H / B (run_command_line): moved, was G / A",
        "~ H / B (run_command_line): renamed, was A",
    ]


def test_it_inherits_nothing_and_the_text_says_so() -> None:
    secret = {"UserName": "u", "UserPassword": Secret("geheim")}
    old = Sequence([group("G", run("A", "x", **secret), run("K", "k")), group("H", run("L", "l"))])
    new = Sequence([group("G", run("K", "k")), group("H", run("L", "l"), run("B", "x", UserName="u"))])
    matching = match(old, new)
    assert matching.old_of(new.steps[1].steps[1]) is None
    extended = with_renames(matching)
    assert extended.pair_of_new(new.steps[1].steps[1]).kind == SAME_CONTENT
    lines = text(old, new)
    assert "      lost with it: the stored secret password" in lines
    assert "geheim" not in "\n".join(lines)


def test_steps_that_do_nothing_are_not_alike() -> None:
    old = Sequence([group("G", run("A"), run("K", "k")), group("H", run("L", "l"))])
    new = Sequence([group("G", run("K", "k")), group("H", run("L", "l"), run("B"))])
    assert text(old, new) == ["- G / A (run_command_line)", "+ H / B (run_command_line)"]


def test_a_group_in_another_group_under_another_name() -> None:
    inner = [run(f"S{n}", f"s{n}") for n in range(3)]
    old = Sequence([group("G", group("Old", *inner), run("K", "k")), group("H", run("L", "l"))])
    new = Sequence([group("G", run("K", "k")), group("H", run("L", "l"), group("New", *inner))])
    assert text(old, new) == ["> H / New (group): moved, was G / Old", "~ H / New (group): renamed, was Old"]


def test_a_group_that_holds_little_of_a_former_one_is_new() -> None:
    inner = [run(f"S{n}", f"s{n}") for n in range(5)]
    old = Sequence([group("G", group("Old", *inner), run("K", "k")), group("H", run("L", "l"))])
    new = Sequence([group("G", run("K", "k")), group("H", run("L", "l"), group("New", inner[0]))])
    assert any(line.startswith("+ H / New") for line in text(old, new))
