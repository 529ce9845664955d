# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Methods that turn text into objects and back and save nothing (provider-behaviour 2.1), and schedules (5.2)."""

from __future__ import annotations

import typing as t

from ..objects import Obj
from ..rules.errors import ACCESS_DENIED, FAILED, INVALID_PARAMETER, refuse
from ..rules.values import canonical
from . import model, schedules, secrets
from .forms import SEQUENCE
from .references import reference_objects, references_of, xml_flags
from .text_read import BadText, TextReader, UnknownClass
from .text_write import TextWriter

if t.TYPE_CHECKING:
    from ..provider import Site

OPERATION = "ExecMethod"
Answer = dict[str, t.Any]


def text_parameter(params: t.Mapping[str, t.Any], name: str) -> str:
    """Return a text parameter. Raises 0x80041008 when it is missing or empty."""
    value = params.get(name)
    if not isinstance(value, str) or not value.strip():
        raise refuse(INVALID_PARAMETER, f"{name} holds no text", operation=OPERATION, parameter=name)
    return value


def sequence_parameter(site: Site, params: t.Mapping[str, t.Any], name: str = "TaskSequence") -> Obj:
    """Return an SMS_TaskSequence parameter in the schema's spelling. Raises 0x80041008, 0x80041031, 0x80041005."""
    value = params.get(name)
    if not isinstance(value, Obj) or value.class_name.casefold() != SEQUENCE.casefold():
        raise refuse(INVALID_PARAMETER, f"{name} is not an {SEQUENCE}", operation=OPERATION, parameter=name)
    return canonical(site.schema, value, OPERATION)


def read_text(site: Site, text: str, parameter: str) -> Obj:
    """Read ``<sequence>`` text that a client sent. Raises 0x80041001 that names the class or the fault."""
    reader = TextReader(model.forms_of(site))
    try:
        sequence = reader.read(text)
    except UnknownClass as error:
        raise refuse(
            FAILED, f"The task sequence cannot be read: {error}", operation=OPERATION, parameter=error.class_name,
            ObjectInfo=error.where,
        ) from error
    except BadText as error:
        raise refuse(
            FAILED, f"The task sequence cannot be read: {error}", operation=OPERATION, parameter=parameter,
            ObjectInfo=error.where,
        ) from error
    for text_note in reader.notes:
        site.note("sequence_text_left_out", what=text_note)
    return sequence


def import_sequence(site: Site, _keys: t.Any, params: Answer) -> Answer:
    """SMS_TaskSequencePackage.ImportSequence: text to objects; nothing is saved."""
    return {"TaskSequence": read_text(site, text_parameter(params, "SequenceXML"), "SequenceXML"), "ReturnValue": 0}


def load_from_xml(site: Site, _keys: t.Any, params: Answer) -> Answer:
    """SMS_TaskSequence.LoadFromXml, deprecated: the objects are the return value."""
    site.note("deprecated_method", method="LoadFromXml")
    return {"ReturnValue": read_text(site, text_parameter(params, "Xml"), "Xml")}


def save_to_xml(site: Site, _keys: t.Any, params: Answer) -> Answer:
    """SMS_TaskSequence.SaveToXml: the text is the return value; secrets come out as they went in."""
    sequence = sequence_parameter(site, params)
    forms = model.forms_of(site)
    return {
        "References": reference_objects(references_of(forms, sequence)) or None,
        "Flags": xml_flags(sequence),
        "ReturnValue": TextWriter(forms).write(sequence),
    }


def export_xml(site: Site, _keys: t.Any, params: Answer) -> Answer:
    """SMS_TaskSequence.ExportXml: the same text without passwords and product keys."""
    sequence = read_text(site, text_parameter(params, "Xml"), "Xml")
    forms = model.forms_of(site)
    return {"ReturnValue": TextWriter(forms).write(secrets.blanked(forms, sequence))}


def _refuse_schedules(site: Site) -> None:
    if site.switches.schedule_tokens == "refuse":
        raise refuse(ACCESS_DENIED, "Access denied: SMS_ScheduleMethods", operation=OPERATION,
                     parameter="SMS_ScheduleMethods")


def read_from_string(site: Site, _keys: t.Any, params: Answer) -> Answer:
    """SMS_ScheduleMethods.ReadFromString."""
    _refuse_schedules(site)
    try:
        return {"TokenData": schedules.read_string(params.get("StringData")), "ReturnValue": 0}
    except schedules.BadToken as error:
        raise refuse(INVALID_PARAMETER, str(error), operation=OPERATION, parameter="StringData") from error


def write_to_string(site: Site, _keys: t.Any, params: Answer) -> Answer:
    """SMS_ScheduleMethods.WriteToString."""
    _refuse_schedules(site)
    tokens = params.get("TokenData")
    if isinstance(tokens, list):
        tokens = [canonical(site.schema, token, OPERATION) for token in tokens if isinstance(token, Obj)]
    try:
        return {"StringData": schedules.write_string(tokens), "ReturnValue": 0}
    except schedules.BadToken as error:
        raise refuse(INVALID_PARAMETER, str(error), operation=OPERATION, parameter="TokenData") from error
