# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files on the control node that a task writes: whole or not at all, and readable by their owner only."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
import typing as t

from .._errors import InvalidInput, Problem

NEW_MODE = 0o600
NEW_FOLDER_MODE = 0o700


def check_folder(path: str, option: str, *, make: bool) -> None:
    """Refuse a folder in which no file can be made; nothing is made or written here.

    :param make: a folder that does not exist will be made, so the nearest one that does exist counts.
    :raises InvalidInput: names the option.
    """
    there = path
    while make and not os.path.lexists(there) and os.path.dirname(there) != there:
        there = os.path.dirname(there)
    if not os.path.exists(there):
        _refuse(option, path, "there is no such folder on the control node")
    if not os.path.isdir(there):
        _refuse(option, path, f"{there} on the control node is no folder")
    if not os.access(there, os.W_OK | os.X_OK):
        _refuse(option, path, f"nothing can be written to {there} on the control node: permission denied")


def make_folder(path: str, option: str) -> None:
    """Make a folder that only its owner can look into, unless it exists.

    :raises InvalidInput: names the option.
    """
    try:
        os.makedirs(path, mode=NEW_FOLDER_MODE, exist_ok=True)
    except OSError as error:
        _refuse(option, path, f"cannot be made on the control node: {error.strerror or error}")


def content(path: str, option: str) -> bytes | None:
    """Return what is in a file, ``None`` where there is none. Raises :class:`InvalidInput` when it cannot be read."""
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        _refuse(option, path, f"cannot be read on the control node: {error.strerror or error}")


def write(path: str, data: bytes, option: str) -> None:
    """Write a file as a whole: whoever reads it meanwhile sees the old content or the new one.

    A new file can be read by its owner only; an existing one keeps its mode.

    :raises InvalidInput: names the option; nothing is left behind then.
    """
    temporary = ""
    try:
        handle, temporary = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=os.path.dirname(path))
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        mode = stat.S_IMODE(os.stat(path).st_mode) if os.path.exists(path) else NEW_MODE
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except OSError as error:
        if temporary:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
        _refuse(option, path, f"cannot be written on the control node: {error.strerror or error}")


def _refuse(option: str, path: str, rule: str) -> t.NoReturn:
    raise InvalidInput([Problem(option, path, rule)])
