# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which stored step a wanted step continues."""

from __future__ import annotations

import copy
import time

from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.match import (
    EQUAL,
    SAME_NAME,
    SAME_PATH,
    SAME_PLACE,
    identical,
    match,
)
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.model import GROUP, PREFIX, Sequence, Step
from hypothesis import given
from hypothesis import strategies as st


def run(name: str, command: str = "x") -> Step:
    return Step(PREFIX + "RunCommandLineAction", {"Name": name, "CommandLine": command})


def reboot(name: str, message: str = "") -> Step:
    return Step(PREFIX + "RebootAction", {"Name": name, "Target": "HD", "Message": message})


def group(name: str, *steps: Step) -> Step:
    return Step(GROUP, {"Name": name}, None, list(steps))


def test_equal_subtrees_come_first_even_from_another_place() -> None:
    a, b = run("A", "1"), run("B", "2")
    old = Sequence([group("One", a, b), reboot("R")])
    new = copy.deepcopy(Sequence([reboot("R"), group("Two", group("One", a, b))]))
    found = match(old, new)
    one = new.steps[1].steps[0]
    assert found.old_of(one) is old.steps[0]
    assert found.old_of(one.steps[0]) is a
    assert {pair.kind for pair in found.pairs} == {EQUAL}
    assert (found.added, found.removed) == ([new.steps[1]], [])


def test_equal_sequences_need_no_look_at_their_content() -> None:
    twins = [group("G", run("A"), run("A"), reboot("R")), group("G", run("A"), reboot("R")), run("A"), group("G")]
    old, new = Sequence(twins), copy.deepcopy(Sequence(twins))
    quick, thorough = identical(old, new), match(old, new)
    assert [(id(p.old), id(p.new), p.kind) for p in quick.pairs] == [
        (id(p.old), id(p.new), p.kind) for p in thorough.pairs
    ]
    assert (quick.added, quick.removed) == ([], [])


def test_a_changed_step_is_found_by_its_path() -> None:
    old = Sequence([group("G", run("A", "1"), run("A", "2")), run("A", "3")])
    new = Sequence([run("A", "new 3"), group("G", run("A", "new 1"), run("A", "new 2"))])
    found = match(old, new)
    inner = new.steps[1].steps
    assert found.old_of(inner[0]) is old.steps[0].steps[0]
    assert found.old_of(inner[1]) is old.steps[0].steps[1]
    assert found.old_of(new.steps[0]) is old.steps[1]
    assert {pair.kind for pair in found.pairs} == {SAME_PATH}


def test_equal_steps_prefer_their_own_group() -> None:
    old = Sequence([group("One", reboot("R")), group("Two", reboot("R"))])
    new = Sequence([group("Zero", run("N")), group("Two", reboot("R"), run("M"))])
    found = match(old, new)
    assert found.old_of(new.steps[1].steps[0]) is old.steps[1].steps[0]


def test_a_changed_step_in_another_group_is_found_by_its_name() -> None:
    old = Sequence([group("One", run("A", "1"))])
    new = Sequence([group("Two", run("A", "2")), group("One", run("B"))])
    found = match(old, new)
    pair = found.pair_of_new(new.steps[0].steps[0])
    assert pair is not None
    assert (pair.old, pair.kind) == (old.steps[0].steps[0], SAME_NAME)


def test_a_renamed_step_is_found_between_its_neighbours() -> None:
    old = Sequence([run("A"), run("B", "2"), reboot("R")])
    new = Sequence([run("A"), run("B, renamed", "3"), reboot("R")])
    pair = match(old, new).pair_of_new(new.steps[1])
    assert pair is not None
    assert (pair.old, pair.kind) == (old.steps[1], SAME_PLACE)


def test_a_renamed_group_and_what_was_renamed_inside() -> None:
    old = Sequence([group("One", run("A", "1"), run("B", "2"))])
    new = Sequence([group("Eins", run("A", "1"), run("Bee", "3"))])
    found = match(old, new)
    assert [pair.kind for pair in found.pairs] == [SAME_PLACE, EQUAL, SAME_PLACE]
    assert not found.added
    assert not found.removed


def test_another_class_or_another_neighbourhood_is_no_match() -> None:
    old = Sequence([run("A"), run("B", "2"), reboot("R")])
    other_class = Sequence([run("A"), reboot("C", "now"), reboot("R")])
    assert match(old, other_class).added == [other_class.steps[1]]
    moved = Sequence([run("A"), reboot("R"), run("C", "9")])
    found = match(old, moved)
    assert (found.added, found.removed) == ([moved.steps[2]], [old.steps[1]])


def test_nothing_is_matched_twice() -> None:
    old = Sequence([run("A")])
    new = Sequence([run("A"), run("A"), run("A")])
    found = match(old, new)
    assert len(found.pairs) == 1
    assert found.old_of(new.steps[0]) is old.steps[0]
    assert found.added == new.steps[1:]


STEPS = st.recursive(
    st.builds(run, st.sampled_from("abc"), st.sampled_from("xyz")),
    lambda children: st.builds(lambda n, c: group(n, *c), st.sampled_from("gh"), st.lists(children, max_size=4)),
    max_leaves=12,
)


@given(st.lists(STEPS, max_size=5), st.lists(STEPS, max_size=5))
def test_a_matching_is_a_partial_bijection_of_one_class(olds: list[Step], news: list[Step]) -> None:
    old, new = Sequence(copy.deepcopy(olds)), Sequence(copy.deepcopy(news))
    found = match(old, new)
    assert (
        len({id(pair.old) for pair in found.pairs}) == len({id(pair.new) for pair in found.pairs}) == len(found.pairs)
    )
    assert all(pair.old.class_name == pair.new.class_name for pair in found.pairs)
    assert len(found.pairs) + len(found.added) == sum(1 for _unused in new.walk())
    assert len(found.pairs) + len(found.removed) == sum(1 for _unused in old.walk())


@given(st.lists(STEPS, max_size=5))
def test_equal_sequences_match_step_by_step(steps: list[Step]) -> None:
    old, new = Sequence(copy.deepcopy(steps)), Sequence(copy.deepcopy(steps))
    found = match(old, new)
    assert [(id(pair.old), id(pair.new)) for pair in found.pairs] == [
        (id(one), id(other)) for one, other in zip(old.walk(), new.walk(), strict=True)
    ]


def test_the_time_grows_with_the_number_of_steps() -> None:
    def seconds(count: int) -> float:
        old = Sequence([group(f"g{i // 20}", run(f"s{i}", str(i))) for i in range(count)])
        new = Sequence([group(f"g{i // 20}", run(f"s{i}", str(i + 1))) for i in reversed(range(count))])
        started = time.process_time()
        assert not match(old, new).added
        return time.process_time() - started

    # Quadratic work would make this 400; the best of three leaves out what other processes disturb.
    ratio = min(seconds(2000) for _unused in range(3)) / min(seconds(100) for _unused in range(3))
    assert ratio < 80
