# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The methods that this package answers; the provider adds them to its own."""

from __future__ import annotations

import typing as t

from .model import PACKAGE
from .package_methods import get_sequence, set_sequence
from .text_methods import (
    export_xml,
    import_sequence,
    load_from_xml,
    read_from_string,
    save_to_xml,
    write_to_string,
)

SEQUENCE = "SMS_TaskSequence"
SCHEDULES = "SMS_ScheduleMethods"

HANDLERS: dict[tuple[str, str], t.Callable[[t.Any, t.Any, dict[str, t.Any]], dict[str, t.Any]]] = {
    (PACKAGE, "SetSequence"): set_sequence,
    (PACKAGE, "GetSequence"): get_sequence,
    (PACKAGE, "ImportSequence"): import_sequence,
    (SEQUENCE, "SaveToXml"): save_to_xml,
    (SEQUENCE, "ExportXml"): export_xml,
    (SEQUENCE, "LoadFromXml"): load_from_xml,
    (SCHEDULES, "ReadFromString"): read_from_string,
    (SCHEDULES, "WriteToString"): write_to_string,
}
