# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes the conversation to masked files, for a user who wants to show what happened.

A file pair has the form of recorded traffic: ``NNN_name.request.xml`` and
``NNN_name.response.xml``, the latter with the HTTP status in a comment on its first line.
"""

from __future__ import annotations

import os
import re
import typing as t

from .._wsman.exchange import Event
from .masking import Masker

ENVIRONMENT = "CONFIGMGR_TRACE"
_UNSAFE = re.compile(r"[^A-Za-z0-9]+")
_MAX_NUMBER = 99999


class TraceWriter:
    """An observer that writes each exchange to two files in ``folder``, which is made when missing.

    ``warn`` is called once when writing fails; a trace never stops a task.
    """

    def __init__(self, folder: str, masker: Masker, warn: t.Callable[[str], None]) -> None:
        self._folder = folder
        self._masker = masker
        self._warn = warn
        self._next = 1
        self._broken = False

    def __call__(self, event: Event) -> None:
        if self._broken:
            return
        try:
            self._write(event)
        except OSError as exc:
            self._broken = True
            self._warn(f"{ENVIRONMENT}: cannot write to {self._folder}: {exc.strerror or exc}")

    def _write(self, event: Event) -> None:
        os.makedirs(self._folder, mode=0o700, exist_ok=True)
        operation = event.operation
        parts = (operation.verb, operation.class_name, operation.method)
        name = _UNSAFE.sub("_", "_".join(part for part in parts if part)).strip("_").lower()
        request = self._masker.mask(event.request)
        while True:
            stem = self._claim(name)
            try:
                self._file(f"{stem}.request.xml", request)
                break
            except FileExistsError:
                continue  # another worker was quicker
        status = f"HTTP {event.status}" if event.status else "no answer"
        comment = f"<!-- {status}; Content-Length: {len(event.response)}; result: {event.result} -->\n"
        self._file(f"{stem}.response.xml", comment.encode() + self._masker.mask(event.response) + b"\n")

    def _claim(self, name: str) -> str:
        """Return the first free number's path; other workers may write to the same folder."""
        taken = {entry[:5].partition("_")[0] for entry in os.listdir(self._folder)}
        while self._next < _MAX_NUMBER and f"{self._next:03d}" in taken:
            self._next += 1
        stem = os.path.join(self._folder, f"{self._next:03d}_{name}")
        self._next += 1
        return stem

    @staticmethod
    def _file(path: str, content: bytes) -> None:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)


def observers(*found: t.Callable[[Event], None] | None) -> t.Callable[[Event], None] | None:
    """Return one observer that calls all of ``found`` in order, ``None`` when there is none."""
    active = [observer for observer in found if observer is not None]
    if not active:
        return None

    def call(event: Event) -> None:
        for observer in active:
            observer(event)

    return call
