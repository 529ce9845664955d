# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Task sequence files: read without templating, every mistake with its line, and bounds for what a file may ask for."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.configmgr.osd.plugins.plugin_utils._errors import InvalidInput
from ansible_collections.configmgr.osd.plugins.plugin_utils._resources import _sequence_file as files


def parse(content: str | bytes, **variables: t.Any) -> dict[str, t.Any]:
    return files.parse(content.encode() if isinstance(content, str) else content, variables)[0]


def problems(text: str | bytes, **variables: t.Any) -> str:
    with pytest.raises(InvalidInput) as caught:
        parse(text, **variables)
    return str(caught.value)


def test_scripts_that_look_like_templates_stay_as_they_are() -> None:
    text = "schema: 1\nsteps:\n- script: |\n    }Else{#No SystemSKU {{ x }} {%OSDComputerName%}  \n    # end\n"
    assert parse(text)["steps"][0]["script"] == "}Else{#No SystemSKU {{ x }} {%OSDComputerName%}  \n# end\n"


def test_an_unsafe_tag_means_text() -> None:
    assert parse('schema: 1\nsteps: [{script: !unsafe "{{ x }}"}]\n')["steps"] == [{"script": "{{ x }}"}]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_marks_and_line_endings_do_not_matter(mark: bytes, ending: str) -> None:
    text = ending.join(["schema: 1", "name: Caf\u00e9", "steps:", "  - script: |", "      one", "      two", ""])
    assert parse(mark + text.encode()) == {"name": "Caf\u00e9", "steps": [{"script": "one\ntwo\n"}]}


def test_variables_replace_whole_values_of_any_type() -> None:
    step = "{a: {var: text}, b: [{var: number}], c: {var: list}, d: '{var: x}', e: {var: x, y: 1}}"
    text = f"schema: 1\nsteps: [{step}]\n"
    assert parse(text, text="s", number=7, list=[1])["steps"] == [
        {"a": "s", "b": [7], "c": [1], "d": "{var: x}", "e": {"var": "x", "y": 1}}
    ]
    assert parse("schema: 1\nsteps: {var: all}\n", all=[])["steps"] == []


def test_missing_variables_are_all_named_with_their_places() -> None:
    text = "schema: 1\nname: {var: a}\nsteps:\n- {password: {var: b}}\n"
    message = problems(text, c="x")
    assert "src: name ({var: a}): the option variables has no a (it has: c)" in message
    assert "src: steps[0].password ({var: b})" in message
    assert "(it has: none)" in problems(text)


def test_variables_that_nothing_names_are_returned() -> None:
    text = b"schema: 1\nname: {var: a}\nsteps: [{x: {var: b}}]\n"
    assert files.parse(text, {"a": 1, "b": 2, "d": 3, "c": {"var": "x"}})[1] == ["c", "d"]


def test_a_file_may_be_utf_16() -> None:
    text = "schema: 1\nname: Caf\u00e9\nsteps: []\n"
    assert parse(("\ufeff" + text).encode("utf-16-le"))["name"] == "Caf\u00e9"


def test_merged_keys_give_way_to_own_ones() -> None:
    text = "schema: 1\nsteps:\n- &base {type: a, timeout: 1}\n- {<<: *base, timeout: 2}\n- {timeout: 3, <<: [*base]}\n"
    assert parse(text)["steps"][1:] == [{"type": "a", "timeout": 2}, {"type": "a", "timeout": 3}]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "must hold a mapping with schema: 1 and steps"),
        ("- a\n", "must hold a mapping with schema: 1 and steps"),
        ("steps: []\n", "src: schema: must be 1"),
        ("schema: 2\nsteps: []\n", "src: schema (2): only 1 is known here"),
        ("schema: 1\n", "src: steps: is missing; an empty task sequence is written steps: []"),
        ("schema: 1\nsteps: [\n", "src: line 3: is no YAML"),
        ("schema: 1\nsteps: []\n---\nschema: 1\n", "is no YAML"),
        ("schema: 1\nsteps: []\nname: a\nname: b\n", "src: line 4 (name): this key is there twice"),
        ("schema: 1\nsteps:\n- {on: x}\n", "src: line 3 (on): YAML reads this key as True; quote it"),
        ("schema: 1\nsteps:\n- {? [a] : x}\n", "src: line 3"),
        (
            "schema: 1\nsteps:\n- !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6\n",
            "src: line 3 (!vault): files are not decrypted",
        ),
        (
            "schema: 1\nsteps: [!!python/name:os.system ]\n",
            "src: line 2: is no YAML: could not determine a constructor",
        ),
        ("schema: 1\nsteps: [a: &x [*x]]\n", "src: line 2: is no YAML: found unconstructable recursive node"),
        (b"schema: 1\nname: \xff\n", "src: byte 17 (line 2) is no utf-8; save the file as UTF-8"),
    ],
)
def test_mistakes_name_their_place(text: str | bytes, says: str) -> None:
    assert says in problems(text)


def test_aliases_cannot_grow_without_bounds() -> None:
    lines = ["schema: 1", "a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    assert "more than 2000000 values" in problems("\n".join([*lines, "steps: *a8", ""]))
    chain = "".join(f"b{i}: &b{i} [*b{i - 1}]\n" for i in range(1, 400))
    assert "nested" in problems(f"schema: 1\nb0: &b0 []\n{chain}steps: *b399\n")
    assert "nested" in problems("schema: 1\nsteps: " + "[" * 400 + "]" * 400 + "\n")
    assert "nested" in problems("schema: 1\nsteps: " + "[" * 100_000)


def test_what_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidInput, match="cannot be read: No such file"):
        files.read(str(tmp_path / "missing.yml"))
    with pytest.raises(InvalidInput, match="cannot be read: Is a directory"):
        files.read(str(tmp_path))
    monkeypatch.setattr(files, "LARGEST", 1024 * 1024)
    (tmp_path / "large.yml").write_bytes(b"#" * (1024 * 1024 + 1))
    with pytest.raises(InvalidInput, match="is larger than 1 MiB"):
        files.read(str(tmp_path / "large.yml"))
