# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An exported document as YAML data, with a word on everything that YAML cannot say."""

from __future__ import annotations

import typing as t

from .._errors import InvalidInput
from .containers import Document
from .equality import differences, same
from .fingerprint import counts, steps_sha256
from .from_yaml import parse_steps
from .match import match
from .model import Ref, Sequence
from .offline import as_written, references, reveal
from .secrets import mask
from .to_yaml import describe
from .view import by_id
from .wording import option_name
from .xml_read import read_sequence
from .xml_tree import Limits
from .xml_write import write_sequence

_MOST_WARNINGS = 100


def describe_document(
    document: Document,
    *,
    names: bool = False,
    keep_secrets: bool = False,
    keep_document: bool | None = None,
    limits: Limits | None = None,
) -> dict[str, t.Any]:
    """Return steps, references and warnings of a document in the form of the info module.

    :param names: references by the names that the export carries, where no two objects share one.
    :param keep_secrets: the values of secrets instead of the constant for stored ones.
    :param keep_document: add ``document``, the text of the sequence; ``None`` = where the steps lose something.
    :raises InvalidInput: no ConfigMgr task sequence, unsafe, or damaged.
    """
    notes: list[str] = []
    sequence = read_sequence(document.text, source=document.source, notes=notes, limits=limits)
    # What is described holds no secret any more; the text of rules of an unknown form is part of it.
    masked = mask(sequence)
    listed = references(sequence, document.names)
    steps = describe(masked, _Names(listed).form if names else by_id)
    notes += _odd_names(sequence, document.source)
    notes += _lost(masked, steps if not names else describe(masked), document.source)
    if keep_secrets:
        reveal(steps, sequence)
    found: dict[str, t.Any] = {"schema_version": str(sequence.properties.get("SchemaVersion") or "")}
    found["steps"] = steps
    found["steps_count"], found["groups_count"] = counts(sequence)
    found["steps_sha256"] = steps_sha256(sequence)
    found["references"] = listed
    found["warnings"] = notes[:_MOST_WARNINGS]
    if len(notes) > _MOST_WARNINGS:
        found["warnings"].append(f"{document.source}: ... and {len(notes) - _MOST_WARNINGS} more")
    if keep_document or (keep_document is None and notes):
        found["document"] = write_sequence(sequence if keep_secrets else mask(sequence, ""))
    return found


class _Names:
    """References by name where the name means one object only."""

    def __init__(self, listed: list[dict[str, t.Any]]) -> None:
        self._names: dict[tuple[str, str], str] = {}
        bearers: dict[tuple[str, str], int] = {}
        for item in listed:
            if item["name"]:
                key = (item["kind"], item["name"].casefold())
                bearers[key] = bearers.get(key, 0) + 1
        for item in listed:
            name = item["name"]
            usable = name and name == name.strip() and not name.startswith("id:") and name.isprintable()
            if usable and bearers[(item["kind"], name.casefold())] == 1:
                self._names[(item["kind"], str(item["id"]).casefold())] = name

    def form(self, ref: Ref) -> t.Any:
        """Return the name of a reference, or its ID where no name is known."""
        return self._names.get((ref.kind, str(ref.id).casefold())) or by_id(ref)


def _odd_names(sequence: Sequence, source: str) -> list[str]:
    """Name the steps whose variables bear other names than the class says; the reader keeps them silently."""
    return [
        f"{source}: {step.path}, {step.name!r}: variable names of {', '.join(sorted(kept))} are kept as they are"
        for step in sequence.walk()
        if (kept := step.properties.get("xml:variables"))
    ]


def _lost(sequence: Sequence, steps: list[dict[str, t.Any]], source: str) -> list[str]:
    """Read the steps again and name what is not as it was, or why the modules would refuse them."""
    try:
        again = as_written(parse_steps(steps).sequence, sequence)
    except InvalidInput as error:
        reasons = [str(problem) for problem in error.problems] or [error.message]
        return [f"{source}: the modules refuse this until it is mended: {reason}" for reason in reasons]
    if same(sequence, again) and same(again, sequence):
        return []
    found = []
    matching = match(sequence, again)
    for pair in matching.pairs:
        names = {d.property for d in [*differences(pair.old, pair.new), *differences(pair.new, pair.old)]}
        if names:
            options = ", ".join(sorted(option_name(pair.old.class_name, name) for name in names))
            found.append(f"{source}: {pair.old.path}, {pair.old.name!r}: the steps cannot say this exactly: {options}")
    return found
