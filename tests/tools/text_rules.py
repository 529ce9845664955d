# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules for text files that ansible-test would report late and in many words.

Every tracked file is UTF-8 with LF, without a byte order mark and without typographic quotes, and names no
path of somebody's machine. What a test needs beyond that is built in Python or stored as base64 (``.b64``).
"""

from __future__ import annotations

import re
import sys

from layout import ROOT, tracked_files

QUOTES = re.compile("[\u2018\u2019\u201c\u201d]")
SHEBANGS = {b"#!/usr/bin/python", b"#!/usr/bin/env python", b"#!/usr/bin/env bash", b"#!/bin/sh", b"#!/bin/bash"}
HEADER = (
    "# Copyright: Contributors to the configmgr.osd project",
    "# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)",
    "# SPDX-License-Identifier: GPL-3.0-or-later",
)


PICTURE_LIMIT = 300 * 1024
"""Bytes of a screenshot in the guides."""


def problems(name: str, content: bytes) -> list[str]:
    """Return what is wrong with one file."""
    if name.startswith("docs/docsite/rst/images/") and content.startswith(b"\x89PNG"):
        return [] if len(content) <= PICTURE_LIMIT else [f"is larger than {PICTURE_LIMIT // 1024} KiB"]
    if b"\0" in content:
        return ["is binary: store it as base64 (.b64) or build it in the test"]
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as exc:
        return [f"is not UTF-8 (byte {exc.start})"]
    found = []
    if "\r" in text:
        found.append("has CR: files are LF; build what needs CR LF in Python")
    if text.startswith("\ufeff"):
        found.append("starts with a byte order mark")
    quote = QUOTES.search(text)
    if quote:
        line = text.count("\n", 0, quote.start()) + 1
        found.append(f"line {line}: typographic quote; build it in Python (\\u201c)")
    if text and not text.endswith("\n"):
        found.append("does not end with a line feed")
    first = content.split(b"\n", 1)[0].rstrip()
    if first.startswith(b"#!") and first not in SHEBANGS:
        found.append(f"shebang {first.decode()!r}: use one of {sorted(s.decode() for s in SHEBANGS)}")
    if name.endswith(".py") and text.strip():
        lines = text.splitlines()
        if tuple(lines[1:4] if lines[0].startswith("#!") else lines[:3]) != HEADER:
            found.append("does not start with the three header lines")
    return found


def main() -> int:
    """Print one line per finding."""
    count = 0
    for path in tracked_files():
        for text in problems(path.as_posix(), (ROOT / path).read_bytes()):
            print(f"{path}: {text}")
            count += 1
    print(f"text rules: {count} findings")
    return int(count > 0)


if __name__ == "__main__":
    sys.exit(main())
