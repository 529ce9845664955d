# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Task sequence files for the option ``src``: read from the control node, never templated.

Real scripts hold ``{{``, ``{%`` and ``{#``, which a template would destroy. The only substitution
is a whole value written ``{var: name}``; see ``_sequence/yaml_file.py``.
"""

from __future__ import annotations

import typing as t

from .._errors import InvalidInput, Problem
from .._sequence import containers, xml_tree, yaml_file

LARGEST = containers.LARGEST_ARCHIVE
"""Bytes of a file; what is in it has smaller limits of its own."""


def read(path: str) -> bytes:
    """Return the content of a file; raises :class:`InvalidInput` when it cannot be read or is too large."""
    try:
        with open(path, "rb") as stream:
            data = stream.read(LARGEST + 1)
    except OSError as error:
        raise InvalidInput([Problem("src", path, f"cannot be read: {error.strerror or error}")]) from None
    if len(data) > LARGEST:
        raise InvalidInput([Problem("src", path, f"is larger than {LARGEST // (1024 * 1024)} MiB")])
    return data


def parse(data: bytes, variables: t.Mapping[str, t.Any]) -> tuple[dict[str, t.Any], list[str]]:
    """Return the content of a YAML file with ``{var: name}`` replaced, and the variables that nothing in it names.

    Raises :class:`InvalidInput` for anything but a mapping with ``schema: 1`` and ``steps``.
    """
    return yaml_file.substitute(yaml_file.read(xml_tree.decode(data, "src"), source="src"), variables, "src")
