# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CPU of the filters, as ``python tests/benchmark/filters.py`` prints it. Asserts nothing."""

from __future__ import annotations

import copy
import os
import random
import sys
import time
import typing as t
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path[:0] = [str(ROOT), str(ROOT / ".build" / "collections")]

from ansible_collections.configmgr.osd.plugins.filter.from_sequence_xml import from_sequence_xml  # noqa: E402
from ansible_collections.configmgr.osd.plugins.filter.from_sequence_yaml import from_sequence_yaml  # noqa: E402
from ansible_collections.configmgr.osd.plugins.filter.sequence_diff import sequence_diff  # noqa: E402
from ansible_collections.configmgr.osd.plugins.filter.sequence_lint import sequence_lint  # noqa: E402
from ansible_collections.configmgr.osd.plugins.filter.sequence_report import sequence_report  # noqa: E402
from ansible_collections.configmgr.osd.plugins.filter.to_sequence_xml import to_sequence_xml  # noqa: E402
from ansible_collections.configmgr.osd.plugins.filter.to_sequence_yaml import to_sequence_yaml  # noqa: E402
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.lint.engine import lint  # noqa: E402
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.model import number_paths  # noqa: E402
from ansible_collections.configmgr.osd.plugins.plugin_utils._sequence.xml_read import read_sequence  # noqa: E402
from tests.benchmark.sequences import steps  # noqa: E402

READ_CPU, DIFF_CPU, RENDER_CPU, LONG_DIFF_CPU = 0.2, 0.5, 0.5, 2.0
SIZES = (100, 1000, 2000)


def cpu(call: t.Callable[[], t.Any], rounds: int = 3) -> float:
    """Return the CPU seconds of the cheapest of some calls."""
    best = float("inf")
    for _round in range(rounds):
        started = time.process_time()
        call()
        best = min(best, time.process_time() - started)
    return best


def shuffled(given: list[dict[str, t.Any]], seed: int = 7) -> list[dict[str, t.Any]]:
    """Return the steps in another order, all of them over all groups."""
    found = copy.deepcopy(given)
    inner = [step for group in found for step in group["steps"]]
    random.Random(seed).shuffle(inner)
    place = iter(inner)
    for group in found:
        group["steps"] = [next(place) for _step in group["steps"]]
    return found


def rewritten(given: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    """Return the steps with another name and another setting everywhere."""
    found = copy.deepcopy(given)
    for group in found:
        group["name"] += " x"
        for step in group["steps"]:
            step["name"] += " x"
            step["description"] = "changed"
            if "script" in step:
                step["script"] = step["script"].replace("Model", "Make")
    return found


CASES: dict[str, t.Callable[[list[dict[str, t.Any]]], list[dict[str, t.Any]]]] = {
    "equal": copy.deepcopy,
    "shuffled": shuffled,
    "all renamed and changed": rewritten,
    "nothing in common": lambda given: [{"name": f"{step['name']} y", "steps": []} for step in given],
}


def read_and_lint(content: str) -> None:
    """Read a document and lint it, as the module does with one before it connects."""
    sequence = read_sequence(content)
    number_paths(sequence)
    lint(sequence)


def document(path: Path) -> dict[str, tuple[float, float | None]]:
    """Return the CPU of each filter for one document, with its goal."""
    content = path.read_bytes().decode("utf-8", "surrogateescape")
    data = from_sequence_xml(content)
    file = to_sequence_yaml(data)
    other = content.replace("Write-", "write-").replace("true", "false")
    return {
        "parse and lint": (cpu(lambda: read_and_lint(content)), READ_CPU),
        "from_sequence_xml": (cpu(lambda: from_sequence_xml(content)), READ_CPU),
        "to_sequence_yaml": (cpu(lambda: to_sequence_yaml(data)), None),
        "from_sequence_yaml": (cpu(lambda: from_sequence_yaml(file)), READ_CPU),
        "to_sequence_xml": (cpu(lambda: to_sequence_xml(data)), None),
        "sequence_lint": (cpu(lambda: sequence_lint(data["steps"])), READ_CPU),
        "sequence_diff": (cpu(lambda: sequence_diff(content, other)), DIFF_CPU),
        "report, HTML": (cpu(lambda: sequence_report(data["steps"], "html")), RENDER_CPU),
        "report, Markdown": (cpu(lambda: sequence_report(data["steps"], "markdown")), RENDER_CPU),
    }


def long_diffs() -> dict[tuple[str, int], float]:
    """Return the CPU of comparing long sequences, by case and number of steps."""
    found = {}
    for name, change in CASES.items():
        for size in SIZES:
            old = steps(size)
            new = change(old)
            found[name, size] = cpu(lambda old=old, new=new: sequence_diff(old, new, format="data"), 2)
    return found


def largest(folder: Path) -> list[Path]:
    """Return the document with most characters and the one with most steps."""
    files = sorted(folder.glob("*.xml"))
    by_steps = max(files, key=lambda path: path.read_bytes().count(b"<step "))
    return [max(files, key=lambda path: path.stat().st_size), by_steps]


def figures(say: t.Callable[[str], None]) -> None:
    """Print the table."""
    say("")
    shared = os.environ.get("CONFIGMGR_SHARED", "")
    if shared:
        say("Filters on the largest real documents: CPU ms (best of 3)")
        for path in largest(Path(shared, "corpus")):
            text = path.read_bytes()
            say(f"    {path.name[:46]}: {len(text) // 1024} KiB, {text.count(b'<step ')} steps")
            for name, (seconds, goal) in document(path).items():
                missed = "  <-- misses its goal" if goal is not None and seconds >= goal else ""
                say(f"        {name:<22}{seconds * 1000:>9.1f}{missed}")
    say("sequence_diff of long sequences: CPU s by number of steps (best of 2); twice the steps, twice the time")
    say(f"    {'':<26}{''.join(f'{size:>9}' for size in SIZES)}")
    found = long_diffs()
    for name in CASES:
        row = [found[name, size] for size in SIZES]
        missed = "  <-- misses its goal" if found[name, 1000] >= LONG_DIFF_CPU else ""
        say(f"    {name:<26}{''.join(f'{seconds:>9.2f}' for seconds in row)}{missed}")


def main() -> int:
    """Print the figures."""
    figures(lambda text: print(text, flush=True))
    return 0


if __name__ == "__main__":
    sys.exit(main())
