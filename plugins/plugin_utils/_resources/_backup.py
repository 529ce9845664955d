# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A task sequence as it was before a change, as a file on the control node from which it can be restored."""

from __future__ import annotations

import dataclasses
import datetime
import os
import secrets as random
import typing as t

from .._errors import ConfigMgrError, InvalidInput
from .._sequence.fingerprint import counts
from .._sequence.model import Sequence
from .._sequence.object_xml import write_object
from .._sequence.secrets import mask
from .._sequence.xml_read import read_sequence
from .._sequence.xml_write import write_sequence
from . import _local_file as local
from ._base import Task
from ._ts_site import TsSite

if t.TYPE_CHECKING:
    from .ts_package import Live

OPTION = "backup_dir"
DEFAULT_FOLDER = "backup"
"""Beside the playbook."""


@dataclasses.dataclass
class Backup:
    """What is to be saved, in memory until :meth:`save`."""

    folder: str
    stem: str
    data: bytes
    steps: int
    path: str | None = None
    """Where it was saved."""

    def save(self) -> None:
        """Write the file. Raises :class:`InvalidInput` when that fails; the task must not go on then."""
        local.make_folder(self.folder, OPTION)
        when = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        # Tasks for several hosts may save the same task sequence at the same time.
        path = os.path.join(self.folder, f"{self.stem}-{when}-{random.token_hex(4)}.xml")
        local.write(path, self.data, OPTION)
        self.path = path

    def note(self) -> str:
        """Return the sentence for check mode."""
        return f"Its {self.steps} steps and its options would be saved to {self.folder} first."


def prepare(task: Task, store: TsSite, live: Live) -> Backup:
    """Return the backup of a task sequence, without secrets; nothing is written yet.

    The text that the site stores says most and was read with the package. Where there is none, or
    none that can be read, the steps are; that costs a request unless the task has read them.

    :raises InvalidInput: the folder cannot be written to.
    """
    folder = task.local_path(str(task.params.get(OPTION) or DEFAULT_FOLDER))
    local.check_folder(folder, OPTION, make=True)
    sequence = _stored(live.package.get("Sequence")) or live.sequence or store.steps(live.package)
    document = write_object(live.package, write_sequence(mask(sequence, "")))
    stem = f"{task.site.code}-{live.package_id}"
    return Backup(folder, stem, document.encode("utf-8", "replace"), counts(sequence)[0])


def _stored(text: t.Any) -> Sequence | None:
    if not isinstance(text, str) or not text.lstrip().startswith("<"):
        return None
    try:
        return read_sequence(text)
    except InvalidInput:
        return None


def named(error: ConfigMgrError, backup: Backup) -> ConfigMgrError:
    """Add to an error where the former state was saved."""
    if backup.path is not None:
        error.message = f"{error.message.rstrip('.')}. What was there before is in {backup.path}."
    return error
