# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A short answer to "are these the same steps", for results that must stay small."""

from __future__ import annotations

import hashlib

from .equality import canonical_step
from .model import Sequence, Step


def steps_sha256(sequence: Sequence) -> str:
    """Return a hash over all steps in their structure.

    Equal sequences have equal hashes: secrets, derived values and what nobody documented are not
    part of it.
    """
    digest = hashlib.sha256()
    _feed(digest, sequence.steps)
    return digest.hexdigest()


def _feed(digest: hashlib._Hash, steps: list[Step]) -> None:
    for step in steps:
        digest.update(repr(canonical_step(step)).encode("utf-8", "surrogatepass"))
        if step.steps is not None:
            digest.update(b"(")
            _feed(digest, step.steps)
            digest.update(b")")


def counts(sequence: Sequence) -> tuple[int, int]:
    """Return how many steps and how many groups there are."""
    groups = sum(1 for step in sequence.walk() if step.is_group)
    return sum(1 for _step in sequence.walk()) - groups, groups
