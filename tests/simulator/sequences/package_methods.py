# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SetSequence and GetSequence of SMS_TaskSequencePackage (provider-behaviour 2.1, 2.3, 2.10, 2.11, 3.3)."""

from __future__ import annotations

import typing as t

from ..objects import Obj
from ..rules import access, locks
from ..rules.errors import FAILED, INVALID_PARAMETER, NOT_FOUND, refuse
from ..rules.packages import check_save
from ..rules.task_sequences import save_ts_package
from ..rules.values import canonical
from . import model, rules, secrets, tables, usage
from .references import reference_objects, references_of, sequence_type
from .text_methods import OPERATION, Answer, read_text, sequence_parameter
from .text_read import BadText, TextReader
from .text_write import TextWriter

if t.TYPE_CHECKING:
    from ..provider import Site


def set_sequence(site: Site, _keys: t.Any, params: Answer) -> Answer:
    """Save a sequence and its package, which is made when it has no PackageID."""
    sent = _package_parameter(site, params)
    access.check_write(site, site.account, OPERATION, str(sent.get("PackageID") or model.PACKAGE))
    sequence = sequence_parameter(site, params)
    _check_sent_text(site, sent)
    old = _stored(site, sent)
    if old is not None:
        check_save(site, old, sent, OPERATION)
    _check_rules(site, sequence)
    settled = _settled(site, sequence, model.recall(site, old) if old is not None else None)
    stored = _stored_form(site, settled)
    row = save_ts_package(site, sent, old is None, _computed(site, sent, stored))
    package_id = str(row.get("PackageID"))
    model.remember(site, package_id, stored)
    row.props["Sequence"] = model.render(site, package_id, stored)
    site.store.save(row)
    path = site.path_of(row)
    if site.switches.set_sequence_releases_lock == "no":
        locks.hold(site, path, site.principal, site.context.get("MachineName", ""),
                   site.context.get("ObjectLockContext", ""))
    return {"SavedTaskSequencePackagePath": path, "ReturnValue": 0}


def get_sequence(site: Site, _keys: t.Any, params: Answer) -> Answer:
    """Return the sequence of a package: what the site holds, or what the handed instance says (a switch)."""
    sent = _package_parameter(site, params)
    if not sent.get("PackageID"):
        raise refuse(INVALID_PARAMETER, "The task sequence package has no PackageID", operation=OPERATION,
                     parameter="PackageID")
    row = t.cast(Obj, _stored(site, sent))
    if site.switches.get_sequence_source == "stored":
        return {"TaskSequence": model.shown(site, model.recall(site, row)), "ReturnValue": 0}
    text = sent.get("Sequence")
    if not text:
        raise refuse(FAILED, "The task sequence package was handed over without its Sequence text",
                     operation=OPERATION, parameter="Sequence")
    if text != model.shown_text(site, row):
        site.note("stale_instance", key=site.path_of(row), method="GetSequence")
    sequence = read_text(site, str(text), "Sequence")
    clear = secrets.settled(
        model.forms_of(site), sequence, None, site.store.side(model.TOKENS), lambda _text: None,
    )
    return {"TaskSequence": model.shown(site, clear), "ReturnValue": 0}


# -- the parts ----------------------------------------------------------------------------------------


def _package_parameter(site: Site, params: Answer) -> Obj:
    value = params.get("TaskSequencePackage")
    if not isinstance(value, Obj) or not site.schema.is_a(value.class_name, model.PACKAGE):
        raise refuse(INVALID_PARAMETER, f"TaskSequencePackage is not an {model.PACKAGE}", operation=OPERATION,
                     parameter="TaskSequencePackage")
    return canonical(site.schema, value, OPERATION)


def _stored(site: Site, sent: Obj) -> Obj | None:
    """Return the row that the handed instance stands for; None for a new one. Raises 0x80041002."""
    package_id = sent.get("PackageID")
    if not package_id:
        return None
    row = site.store.find(model.PACKAGE, (package_id,))
    if row is None and site.seeding:
        return None
    if row is None or not site.sees(row):
        raise refuse(NOT_FOUND, f'Not found: {model.PACKAGE}.PackageID="{package_id}"', operation=OPERATION,
                     parameter="PackageID")
    return row


def _check_sent_text(site: Site, sent: Obj) -> None:
    given = sent.get("Sequence") is not None
    answer = site.switches.send_sequence_text
    if answer == "require" and not given and sent.get("PackageID"):
        raise refuse(FAILED, "The task sequence package was handed over without its Sequence text",
                     operation=OPERATION, parameter="Sequence")
    if answer == "refuse" and given:
        raise refuse(FAILED, f"{model.PACKAGE}.Sequence is read-only", operation=OPERATION, parameter="Sequence")
    if given:
        site.note("sequence_text_ignored", package_id=sent.get("PackageID"))


def _check_rules(site: Site, sequence: Obj) -> None:
    found = rules.violations(site.schema, sequence)
    if not found:
        return
    for one in found:
        site.note("rule_broken", step=one.step, class_name=one.class_name, property=one.property, rule=one.rule,
                  enforced=site.switches.qualifiers == "enforce")
    if site.switches.qualifiers == "enforce":
        first = found[0]
        more = f" ({len(found) - 1} more)" if len(found) > 1 else ""
        raise refuse(FAILED, f"The task sequence is not valid: {first}{more}", operation=OPERATION,
                     parameter=f"{first.step}.{first.property}", ObjectInfo=first.class_name)


def _settled(site: Site, sequence: Obj, before: Obj | None) -> Obj:
    version = sequence.get("SchemaVersion")
    stored = before.get("SchemaVersion") if before is not None else None
    if version and stored and version != stored:
        site.note("schema_version_changed", before=stored, after=version)
    sequence.props["SchemaVersion"] = version or stored or tables.CURRENT_VERSION
    return secrets.settled(
        model.forms_of(site), sequence, before, site.store.side(model.TOKENS),
        lambda text: site.note("secret", what=text),
    )


def _stored_form(site: Site, sequence: Obj) -> Obj:
    """Return the sequence as its text keeps it. Raises 0x80041001 when no text can hold it."""
    forms = model.forms_of(site)
    try:
        return TextReader(forms, keep_cr=True).read(TextWriter(forms).write(sequence))
    except BadText as error:
        raise refuse(FAILED, f"The task sequence cannot be written: {error}", operation=OPERATION,
                     parameter="TaskSequence", ObjectInfo=error.where) from error


def _computed(site: Site, sent: Obj, sequence: Obj) -> dict[str, t.Any]:
    """Return what the sequence says about its package."""
    forms = model.forms_of(site)
    boot_image = sent.get("BootImageID") or None
    used = site.store.peek(usage.PACKAGES, (boot_image,)) if boot_image else None
    if used is not None and not site.schema.is_a(used.class_name, usage.BOOT_IMAGE):
        raise refuse(FAILED, f"{boot_image} is not a boot image", operation=OPERATION, parameter="BootImageID")
    missing = usage.dangling(site, sequence, boot_image)
    if missing:
        if site.switches.dangling_references == "refuse":
            raise refuse(FAILED, f"The task sequence refers to unknown objects: {', '.join(missing)}",
                         operation=OPERATION, parameter=missing[0])
        site.note("dangling_references", ids=missing)
    return {
        "References": reference_objects(references_of(forms, sequence), boot_image),
        "Type": sequence_type(sequence), "dangling": bool(missing),
    }
