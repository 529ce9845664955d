# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Task sequences as YAML files: what is written is read to the same, by PyYAML and by Ansible."""

from __future__ import annotations

import re
import time
import typing as t

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible_collections.configmgr.osd.plugins.plugin_utils._errors import InvalidInput
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence import marked_text, yaml_emit, yaml_file
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.from_yaml import parse_steps
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.yaml_file import read, substitute
from hypothesis import given
from hypothesis import strategies as st

OPTIONS = ("name", "description", "boot_image", "enabled")
SCRIPT = "run_powershell_script"


def write(data: t.Any, **options: t.Any) -> str:
    return yaml_file.write(data if isinstance(data, dict) else {"steps": data}, options=OPTIONS, **options)


def script(text: str) -> list[dict[str, t.Any]]:
    return [{"name": "S", "type": SCRIPT, "script": text}]


def by_ansible(text: str) -> t.Any:
    """Return what ``vars_files`` makes of a file, marks of line ends read as the modules do."""
    return yaml_file._settled(plain(DataLoader().load(text)))


def plain(value: t.Any) -> t.Any:
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return str(value) if isinstance(value, str) else value


SAMPLE = {
    "steps": [
        {
            "condition": [
                {"variable": "_SMSTSInWinPE", "value": "true"},
                {"none": [{"file": "X:\\sms\\keepdata.tag"}]},
                {
                    "any": [
                        {"wmi": f"SELECT * FROM Win32_ComputerSystem WHERE Model = '{'long ' * 10}{n}'"} for n in (1, 2)
                    ]
                },
            ],
            "steps": [
                {
                    "partitions": [
                        {"type": "efi", "size": 500, "size_unit": "mb"},
                        {"name": "Windows", "type": "primary"},
                    ],
                    "disk": 0,
                    "type": "format_and_partition_disk",
                    "name": "Disk",
                },
                {
                    "name": "Say: it's",
                    "type": "run_command_line",
                    "command_line": 'cmd /c "echo {{ x }}"',
                    "timeout": 900,
                },
                {
                    "type": SCRIPT,
                    "name": "yes",
                    "properties": {"Newer": "x"},
                    "script": "if ($a) {# comment\n  exit 1\n}\n",
                    "execution_policy": "bypass",
                    "success_codes": [0, 3010],
                },
                {"name": "Nothing", "steps": []},
            ],
            "name": "Install",
        }
    ],
    "boot_image": {"id": "PS100005"},
    "enabled": True,
    "name": "Windows 11 - Finance",
    "package_id": "PS100042",
    "description": None,
}

FILE = r"""---
schema: 1
name: Windows 11 - Finance
boot_image: {id: PS100005}
enabled: true
steps:
  - name: Install
    condition:
      - {variable: _SMSTSInWinPE, value: "true"}
      - {none: [{file: 'X:\sms\keepdata.tag'}]}
      - any:
          - {wmi: "SELECT * FROM Win32_ComputerSystem WHERE Model = '######1'"}
          - {wmi: "SELECT * FROM Win32_ComputerSystem WHERE Model = '######2'"}
    steps:
      - name: Disk
        type: format_and_partition_disk
        disk: 0
        partitions:
          - {type: efi, size: 500, size_unit: mb}
          - {name: Windows, type: primary}
      - name: "Say: it's"
        type: run_command_line
        timeout: 900
        command_line: !unsafe 'cmd /c "echo {{ x }}"'
      - name: "yes"
        type: run_powershell_script
        script: !unsafe |
          if ($a) {# comment
            exit 1
          }
        execution_policy: bypass
        success_codes: [0, 3010]
        properties: {Newer: x}
      - name: Nothing
        steps: []
""".replace("######", "long " * 10)


def test_the_style() -> None:
    assert write(SAMPLE) == FILE


def test_reading_gives_back_what_was_written_and_writing_again_changes_nothing() -> None:
    text = write(SAMPLE)
    found = read(text)
    assert found == {
        "name": SAMPLE["name"],
        "boot_image": {"id": "PS100005"},
        "enabled": True,
        "steps": SAMPLE["steps"],
    }
    assert write(found) == text
    assert by_ansible(text) == {"schema": 1, **found}


TEXTS = [
    "a\n",
    "a",
    "a\n\n\n",
    "\n\na\n",
    "  indented first\nnot second",
    "\ttab first\n\tand second\n",
    "\n\ttab after an empty line",
    "blanks \nat\t\nends  ",
    "   \nonly blanks in the first line",
    "a\n   \nb\n",
    "# looks like a comment\n",
    "--- \n...\n",
    "%TAG x\n",
    "ends with <eol>\nand <eol> \nand <eol2>",
    "}Else{#No SystemSKU\n",
    "{% raw %}{{ x }}",
    "trailing newline and blank\n ",
    "carriage\rreturn",
    "next\u0085line\nand\u2028more\u2029",
    "nul\x00bell\x07\n",
    "\ufeffmark\n",
    "\U0001f4a1 light\n\u201cquoted\u201d\u00a0\n",
    "a: b\n- c\n? d\n",
    "'\"\\\n",
    "\n",
    " ",
    "x" * 500,
]


@pytest.mark.parametrize("text", TEXTS)
def test_every_script_survives(text: str) -> None:
    written = write(script(text))
    assert read(written)["steps"] == script(text)
    assert by_ansible(written)["steps"] == script(text)
    assert not [line for line in written.split("\n") if line != line.rstrip(" \t")]


@given(
    st.text(
        alphabet=st.sampled_from(" \t\n{#%}:-'\"\\|>&*!?,[]<eol2aZ0~\u0085\u2028\ufeff\x00\r\x1b\U0001f4a1"),
        max_size=60,
    )
)
def test_any_text_survives_as_script_and_as_option(text: str) -> None:
    steps = [{"name": text, "type": SCRIPT, "script": text, "condition": [{"variable": text, "value": text}]}]
    steps[0]["properties"] = {"list": [text, [text, {"x": text}]], "more": {"text": text + "\n" + text}}
    written = write(steps)
    assert read(written)["steps"] == steps
    assert not [line for line in written.split("\n") if line != line.rstrip(" \t")]


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=8),
                    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
                    max_leaves=25))  # fmt: skip
def test_any_data_survives(value: t.Any) -> None:
    steps = [{"name": "x", "type": "run_command_line", "properties": value if value is not None else 1}]
    if marked_text.is_marked(value):
        return
    written = write(steps)
    assert read(written)["steps"] == steps
    assert write(read(written)) == written


WORDS = [
    "",
    " ",
    *"yes No ON off y N true null ~ 1 1.0 0x1F 1:30 2025-06-01 = << - a:b a: [a] {a} 1e3 .inf 0o7".split(),
]
WORDS += [f"{sign}a" for sign in "#*&!%@`|>?,]}"] + ["a: b", "a #b", "a, b", "- a"]


@pytest.mark.parametrize("word", WORDS)
def test_words_stay_text(word: str) -> None:
    steps = [{"name": word, "type": "run_command_line", "properties": {word: [word]}}]
    written = write(steps)
    assert read(written)["steps"] == steps
    assert by_ansible(written)["steps"] == steps


def test_blanks_at_line_ends_are_marked_or_removed() -> None:
    text = "one  \ntwo\t\n\nfour"
    assert write(script(text)).splitlines()[5:] == [
        "    script:",
        '      end_of_line: "<eol>"',
        "      text: |-",
        "        one  <eol>",
        "        two\t<eol>",
        "",
        "        four",
    ]
    clean = write(script(text), normalize=True)
    assert clean.splitlines()[5:] == ["    script: |", "      one", "      two", "", "      four"]
    assert write(read(clean)) == clean
    # The modules read the form with marks as well, so that the file works in vars_files.
    marked = [{"name": "S", "type": SCRIPT, "script": marked_text.mark(text), "execution_policy": "bypass"}]
    plain_steps = [{**marked[0], "script": text}]
    assert parse_steps(marked).sequence == parse_steps(plain_steps).sequence


def test_the_mark_is_never_part_of_the_text() -> None:
    text = "<eol> \n<eol2> \n<eol3>"
    marked = marked_text.mark(text)
    assert marked["end_of_line"] == "<eol4>"
    assert marked_text.unmark(marked) == text
    assert not marked_text.is_marked({"end_of_line": "", "text": "a"})
    assert not marked_text.is_marked({"end_of_line": "x", "text": 1})


def test_nothing_that_jinja_takes_for_a_template_is_left_untagged() -> None:
    steps = [
        {"name": "{{ a }}", "type": SCRIPT, "script": "{% b %}", "condition": [{"variable": "{# c", "value": "d"}]}
    ]
    lines = [line for line in write(steps).splitlines() if re.search(r"\{[{%#]", line)]
    assert [line for line in lines if "!unsafe" not in line] == ["      {% b %}"]
    assert "script: !unsafe |-" in write(steps)


def test_remarks_are_comments() -> None:
    text = write([], remarks=["one\ntwo: \x00", "long " * 60])
    assert text.splitlines()[:2] == ["---", "# one two: ?"]
    assert all(line.startswith("#") and len(line) <= 120 for line in text.splitlines()[1:-2])
    assert read(text) == {"steps": []}


def test_a_list_of_references_and_a_null() -> None:
    steps = [{"name": "A", "type": "install_application", "applications": ["7-Zip", {"id": "ScopeId_1/Application_2"}],
              "timeout": None}]  # fmt: skip
    text = write(steps)
    assert '    applications:\n      - "7-Zip"\n      - {id: ScopeId_1/Application_2}\n' in text
    assert "timeout" not in text


BAD = [
    ({"steps": {}}, "steps: must be a list"),
    ({"steps": ["x"]}, "steps[0]: must be a mapping"),
    ({"steps": [{"steps": [1]}]}, "steps[0].steps[0]: must be a mapping"),
    ({"steps": [{"name": None}]}, "has nothing in it"),
    ({"steps": [{"name": "x", "type": "x", "y": {1: 2}}]}, "name of an option"),
    ({"steps": [{"name": "\ud800"}]}, "surrogate"),
]


@pytest.mark.parametrize(("data", "message"), BAD)
def test_what_cannot_be_written(data: t.Any, message: str) -> None:
    with pytest.raises(InvalidInput, match=re.escape(message)):
        write(data)


@pytest.mark.parametrize("inner", [lambda value: {"a" * 30: value}, lambda value: [value]])
def test_endless_nesting_is_refused(inner: t.Callable[[t.Any], t.Any]) -> None:
    value: t.Any = "x" * 200
    group: dict[str, t.Any] = {"name": "x", "steps": []}
    for _level in range(3000):
        value = inner(value)
        group = {"name": "x", "steps": [group]}
    for steps in ([{"name": "x", "properties": value}], [group]):
        with pytest.raises(InvalidInput, match="nested too deeply"):
            write(steps)


UNREADABLE = [
    ("a: [", "line 2"),
    ("- a", "must hold a mapping"),
    ("", "must hold a mapping"),
    ("steps: []", "schema: must be 1"),
    ("schema: 2\nsteps: []", "only 1 is known"),
    ("schema: true\nsteps: []", "only 1 is known"),
    ("schema: 1", "steps: is missing"),
    ("schema: 1\nsteps: []\nsteps: []", "line 3 (steps): this key is there twice"),
    ("schema: 1\non: 1\nsteps: []", "YAML reads this key as True"),
    ("schema: 1\nsteps: !vault |\n  x", "{var: name}"),
    ("schema: 1\nsteps: !!python/object/apply:os.system [x]", "is no YAML"),
    ("schema: 1\nsteps: 2025-13-45", "quote dates"),
    ("schema: 1\nsteps: [\x00]", "is no YAML"),
    ("schema: 1\nsteps: !!timestamp x", "cannot read"),
    ("schema: 1\nsteps: !!int x", "cannot read"),
    ("schema: 1\nsteps: !!set {a}", "holds a set"),
    ("schema: 1\nsteps: !!binary YQ==", "holds a bytes"),
    ("schema: 1\nsteps: !!omap [a: b]", "holds a tuple"),
    ("schema: 1\n? {a: b}\n: c\nsteps: []", "YAML reads this key"),
    ("schema: 1\nsteps: &a [*a]", "recursive"),
    ("schema: 1\nsteps: " + "[" * 50_000, "nested more than"),
    ("schema: 1\nsteps: " + "{a: " * 50_000, "nested more than"),
    ("schema: 1\nsteps:\n  " + "- " * 50_000, "nested more than"),
    ("schema: 1\nsteps:\n" + "".join(" " * n + "-\n" for n in range(2000)), "mine"),
    ("---\nschema: 1\nsteps: []\n---\nx: 1", "is no YAML"),
]


@pytest.mark.parametrize(("text", "message"), UNREADABLE)
def test_what_cannot_be_read(text: str, message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read(text, source="mine")
    assert message in str(caught.value)
    assert str(caught.value).startswith("mine")


def test_aliases_that_multiply(monkeypatch: pytest.MonkeyPatch) -> None:
    levels = "\n".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 12))
    text = f"schema: 1\nl0: &l0 [x, x]\n{levels}\nsteps: [*l11]"
    started = time.process_time()
    with pytest.raises(InvalidInput, match="aliases"):
        read(text)
    assert time.process_time() - started < 3
    assert read("schema: 1\nx: &x [{a: 1}]\nsteps: *x")["steps"] == [{"a": 1}]
    monkeypatch.setattr(yaml_file, "LARGEST", 10)
    with pytest.raises(InvalidInput, match="larger than"):
        read(text)


def test_values_are_put_in_for_variables() -> None:
    data = {"steps": [{"name": "x", "password": {"var": "p"}}, {"name": {"var": "missing", "x": 1}}]}
    expected = {"steps": [{"name": "x", "password": "s"}, data["steps"][1]]}
    assert substitute(data, {"p": "s", "q": 1}, "src") == (expected, ["q"])
    message = "src: steps[0].password ({var: p}): the option variables has no p (it has: q)"
    with pytest.raises(InvalidInput, match=re.escape(message)):
        substitute(data, {"q": "secret"}, "src")


def test_writing_time_grows_with_the_length() -> None:
    def seconds(count: int) -> float:
        steps = [{"name": f"n{n}", "type": SCRIPT, "script": "a \nb\n" * 20, "timeout": n} for n in range(count)]
        started = time.process_time()
        write(steps)
        return time.process_time() - started

    # Quadratic work would make this 400; the best of three leaves out what other processes disturb.
    assert min(seconds(1000) for _unused in range(3)) / min(seconds(50) for _unused in range(3)) < 80


def test_the_reader_does_not_depend_on_libyaml() -> None:
    text = write(SAMPLE)

    class Loader(yaml.SafeLoader):
        """The loader in Python, with the same rules."""

    Loader.add_constructor("tag:yaml.org,2002:map", yaml_file._mapping)
    Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))
    found = yaml.load(text, Loader=Loader)
    assert yaml_file._settled(found) == {"schema": 1, **read(text)}


def test_blocks_say_what_they_are() -> None:
    assert yaml_emit.block("a\n", 2) == ("|", ["  a"])
    assert yaml_emit.block(" a", 2) == ("|2-", ["   a"])
    assert yaml_emit.block("{{\n\n", 2) == ("!unsafe |+", ["  {{", ""])


@pytest.mark.parametrize(
    ("written", "number"), [("0407", 263), ("12:30", 750), ("0x1F", 31), ("1_000", 1000), ("0b11", 3), ("-010", -8)]
)
def test_a_number_that_yaml_makes_of_a_text_is_refused(written: str, number: int) -> None:
    file = "schema: 1\nsteps:\n  - name: Keyboard\n    type: set_task_sequence_variable\n    variable: K\n    value: "
    with pytest.raises(InvalidInput, match=rf"line 6 \({written}\): YAML reads this as the number {number}; quote it"):
        read(file + written)
    assert read(f'{file}"{written}"')["steps"][0]["value"] == written
    for plain_number in (0, 7, -7, 900):
        assert read(f"{file}{plain_number}")["steps"][0]["value"] == plain_number
