# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writing steps in one of two ways, and proving afterwards that the site holds them.

``objects`` encodes the model as embedded instances; ``xml`` writes ``<sequence>`` text, lets the
server convert it and hands its own objects back. Classes whose WMI form nobody documented always
go the second way (reference: provider-behaviour 2.1, schema-report 7).
"""

from __future__ import annotations

import typing as t

from .._cim.instance import Instance
from .._errors import NotAsWritten
from .._sequence.encode import to_instance
from .._sequence.equality import differences, same
from .._sequence.graft import graft, keep_unknown
from .._sequence.match import Matching, match
from .._sequence.model import PREFIX, Operand, Sequence
from .._sequence.rules import load_rules
from .._sequence.vocabulary import is_xml_only
from .._sequence.wording import condition_words, shorten, value_words
from .._sequence.xml_write import write_sequence
from ._ts_site import PACKAGE, TsSite

_UNDOCUMENTED = {PREFIX + "SetDynamicVariablesAction", PREFIX + "SubTasksequence"}


def needs_text(sequence: Sequence) -> bool:
    """Whether a sequence holds something that only ``<sequence>`` text is known to carry."""
    return any(
        step.class_name in _UNDOCUMENTED or step.class_name.startswith("BDD_") or _has_text_only(step.condition)
        for step in sequence.walk()
    )


def _has_text_only(operands: t.Sequence[Operand] | None) -> bool:
    return any(
        any(is_xml_only(name) for name in operand.properties) or _has_text_only(operand.operands)
        for operand in operands or ()
    )


def encode(
    store: TsSite,
    wanted: Sequence,
    live: Sequence | None,
    matching: Matching | None,
    imported: Instance | None,
) -> Instance:
    """Return the object for SetSequence; costs one request when the server converts text.

    ``imported`` is the server's own object where the play gave ``<sequence>`` text already.
    """
    # The version of the sequence goes back as it came and is never sent for a new one.
    wanted.properties = dict(live.properties) if live is not None else {}
    if imported is None and (store.site.compatibility.write_via == "xml" or needs_text(wanted)):
        imported = store.convert(write_sequence(wanted))
    if imported is not None:
        encoded = _filled(graft(imported, wanted, live, matching))
        encoded.properties = {**wanted.properties, "Steps": encoded.get("Steps")}
        return encoded
    if matching is not None:
        keep_unknown(wanted, matching)
    return to_instance(wanted)


def _filled(instance: Instance) -> Instance:
    """Give what must not be null the value that null means: text leaves it out, and a site may refuse it then."""
    rule = load_rules().step(instance.class_name)
    for name, known in rule.properties.items() if rule is not None else ():
        if known.not_null and not known.required and not known.array and instance.get(name) is None:
            value = known.null_means if known.null_means is not None or known.is_number else known.zero()
            if value is not None:
                instance.properties[name] = value
    for step in instance.get("Steps") or ():
        _filled(step)
    return instance


def _words(class_name: str, name: str, value: t.Any) -> str:
    return shorten(condition_words(value) if name == "Condition" else value_words(class_name, name, value))


def verify(wanted: Sequence, stored: Sequence, name: str) -> list[str]:
    """Compare what the site holds with what was sent; return what it normalised, as warnings.

    Raises :class:`NotAsWritten` for a missing step or a blanked property.
    """
    if same(stored, wanted):
        return []
    matching = match(stored, wanted)
    lost = [f"{step.path} ({step.name}) is missing" for step in matching.added]
    lost += [f"an unexpected step {step.name} is there" for step in matching.removed]
    warnings = []
    for pair in matching.pairs:
        for item in differences(pair.old, pair.new):
            path = f"{pair.new.path}.{item.option or item.property}"
            if item.old in (None, "", []):
                lost.append(f"{path} is empty")
            else:
                sent, held = (_words(pair.new.class_name, item.property, value) for value in (item.new, item.old))
                warnings.append(f"{path}: sent {sent}, the site holds {held}.")
    if lost:
        raise NotAsWritten(
            f"The site saved the task sequence {name} but not as it was sent: {'; '.join(lost[:20])}.",
            wmi_class=PACKAGE,
            method="SetSequence",
            attempted=f"save the task sequence {name}",
        )
    return warnings or [f"The site holds the steps of {name} in another order than they were sent."]
