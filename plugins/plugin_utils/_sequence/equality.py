# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one answer to "is this the same setting": equality of values, steps and sequences.

The table is in ``docs/docsite/rst/equality.rst``. ``old`` is what a site (or a document) holds,
``new`` what is wanted: a property that the catalogue does not know counts only where the wanted
side states it, because an older play cannot know the properties of a newer site.
"""

from __future__ import annotations

import datetime
import functools
import re
import typing as t

from .._cim.instance import Instance
from . import dynamic_variables
from .model import Operand, Ref, Secret, Sequence, Step
from .rules import fold_value
from .secret_places import HIDDEN_VALUES, is_secret
from .vocabulary import Known, is_xml_only, properties_of

_STRUCTURE = ("Steps", "Condition", "Operands")
_DMTF = re.compile(r"(\d{14})\.(\d{6})([+-])(\d{3}|\*{3})")


class Difference(t.NamedTuple):
    """A property that differs: its WMI name, its option where there is one, and both values."""

    property: str
    option: str | None
    old: t.Any
    new: t.Any


def same(old: Sequence, new: Sequence) -> bool:
    """Return whether two sequences are equal; the sequence's own version never counts."""
    return _same_steps(old.steps, new.steps)


def same_step(old: Step, new: Step) -> bool:
    """Return whether two steps are equal in everything but the steps inside them."""
    return old.class_name.casefold() == new.class_name.casefold() and not differences(old, new)


def differences(old: Step, new: Step) -> list[Difference]:
    """Return the settings of two steps of one class that differ; a condition counts as one setting."""
    known = properties_of(new.class_name)
    found = []
    old_known, new_known = canonical_properties(old), canonical_properties(new)
    for name, slot in (known or {}).items():
        if old_known.get(name) != new_known.get(name):
            found.append(Difference(name, slot.option, old.properties.get(name), new.properties.get(name)))
    for name, value in _unknown(new, known).items():
        if value != _unknown_value(old, name):
            found.append(Difference(name, None, old.properties.get(name), new.properties.get(name)))
    if canonical_condition(old.condition) != canonical_condition(new.condition):
        found.append(Difference("Condition", "condition", old.condition, new.condition))
    return found


def same_value(rule: t.Any, a: t.Any, b: t.Any) -> bool:
    """Return whether two values of a property are equal; ``rule`` is its ``Known`` or ``PropertyRule``."""
    return canonical_value(rule, a) == canonical_value(rule, b)


# -- canonical forms: hashable, equal exactly for equal settings -----------------------------------


def canonical_properties(step: Step) -> dict[str, t.Any]:
    """Return the comparable properties of a step: nothing derived, secret, immaterial, unknown or empty."""
    return _canonical(step.class_name, step.properties, step)


def canonical_condition(condition: list[Operand] | None) -> t.Any:
    """Return the comparable form of a condition; none and an empty one are equal."""
    return tuple(_canonical_operand(operand) for operand in condition or ())


def canonical_step(step: Step) -> t.Any:
    """Return the comparable form of a step without the steps inside it.

    Properties of a class that nobody documented are part of it, unknown properties of a known
    class are not.
    """
    own: t.Any = canonical_properties(step)
    if properties_of(step.class_name) is None:
        own = {**own, **_unknown(step, None)}
    return step.class_name.casefold(), tuple(sorted(own.items())), canonical_condition(step.condition)


def canonical_value(rule: t.Any, value: t.Any) -> t.Any:
    """Return the comparable form of one value; ``None`` for null, an empty text and an empty list."""
    if value is None:
        value = rule.null_means
    if isinstance(value, list) or rule.array:
        items = value if isinstance(value, list) else [] if value in (None, "") else [value]
        return tuple(_canonical_item(rule, item) for item in items) or None
    return _canonical_item(rule, value)


def _canonical(class_name: str, properties: t.Mapping[str, t.Any], step: Step | None = None) -> dict[str, t.Any]:
    """Return the comparable properties of an object; ``step`` where it is one, since steps have secrets."""
    found = {}
    for name, slot, null_form, maybe_secret, decider, deciding in _compared(class_name):
        value = properties.get(name)
        # Most properties of most steps are not set.
        form = null_form if value is None else canonical_value(slot, value)
        if form is None or (maybe_secret and step is not None and is_secret(step, name)):
            continue
        if decider is None or canonical_value(decider, properties.get(decider.name)) in deciding:
            found[name] = form
    return found


class _Compared(t.NamedTuple):
    """A property that counts when objects are compared, and what is the same for all objects of its class."""

    name: str
    slot: Known
    null_form: t.Any
    """The comparable form of null."""
    maybe_secret: bool
    decider: Known | None
    """The property that decides whether this one has an effect; the limit of a check that is off has none."""
    deciding: list[t.Any]
    """The comparable values of the decider under which it has."""


@functools.lru_cache(maxsize=1024)
def _compared(class_name: str) -> tuple[_Compared, ...]:
    slots = properties_of(class_name) or {}
    found = []
    for name, slot in slots.items():
        if slot.derived or name in _STRUCTURE:
            continue
        other, values = slot.material or ("", ())
        decider = slots[other] if slot.material is not None else None
        deciding = [canonical_value(decider, value) for value in values]
        null_form = canonical_value(slot, None)
        found.append(_Compared(name, slot, null_form, slot.secret or name in HIDDEN_VALUES, decider, deciding))
    return tuple(found)


def _canonical_item(rule: t.Any, value: t.Any) -> t.Any:
    kind = type(value)
    if (kind is str and len(value) <= _LONGEST_CACHED) or kind is bool or kind is int:
        return _cached_scalar(rule.type, rule.compare, value)
    if value is None or value == "":
        return None
    if isinstance(value, Ref):
        return value.id if value.id is not None else ("ref", value)
    if isinstance(value, Secret):
        return ("secret",)
    if isinstance(value, Operand):
        return _canonical_operand(value)
    if isinstance(value, Instance):
        return _canonical_instance(value)
    return _scalar(rule.type, rule.compare, value)


_LONGEST_CACHED = 200
"""Characters. The same few settings come again and again; a script is compared once or twice."""


def _scalar(kind: str, compare: str, value: t.Any) -> t.Any:
    if value == "":
        return None
    if kind == "datetime":
        return canonical_datetime(str(value))
    if compare == "rules_xml":
        return dynamic_variables.structure(str(value))
    folded = fold_value(compare, False, value)
    # True and 1 are equal to Python, but a boolean is no number here.
    if isinstance(folded, bool):
        return "true" if folded else "false"
    return None if folded == "" else str(folded) if isinstance(folded, float) else folded


_cached_scalar = functools.lru_cache(maxsize=8192, typed=True)(_scalar)


def _canonical_instance(instance: Instance) -> t.Any:
    if properties_of(instance.class_name) is not None:
        own = _canonical(instance.class_name, instance.properties)
    else:
        own = {name: _plain(value) for name, value in instance.properties.items() if _plain(value)}
    return "instance", tuple(sorted(own.items()))


def _canonical_operand(operand: Operand) -> t.Any:
    if properties_of(operand.class_name) is not None:
        own = _canonical(operand.class_name, operand.properties)
        if own.get("Operator") == "nonexists":
            own["Operator"] = "notexists"  # the documentation's spelling of the registry operator
    else:
        own = {n: _plain(v) for n, v in operand.properties.items() if not is_xml_only(n) and _plain(v)}
    inner = None if operand.operands is None else tuple(_canonical_operand(child) for child in operand.operands)
    return operand.class_name.casefold(), tuple(sorted(own.items())), inner


def canonical_datetime(text: str) -> str:
    """Return a timestamp in UTC as text; an unknown offset and UTC are the same (conditions are in UTC)."""
    match = _DMTF.fullmatch(text.strip())
    try:
        if match:
            when = datetime.datetime.strptime(match.group(1), "%Y%m%d%H%M%S")
            if "*" not in match.group(4):
                minutes = int(match.group(4)) * (1 if match.group(3) == "+" else -1)
                when -= datetime.timedelta(minutes=minutes)
            return when.isoformat()
        iso = datetime.datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    except (ValueError, OverflowError):
        return text.strip()
    if iso.tzinfo is not None:
        iso = iso.astimezone(datetime.timezone.utc).replace(tzinfo=None)
    return iso.isoformat()


# -- what the catalogue does not know --------------------------------------------------------------


def _unknown(step: Step, known: t.Mapping[str, Known] | None) -> dict[str, t.Any]:
    """Return the comparable texts of unknown properties; embedded lists flat, as sequence text has them."""
    found: dict[str, t.Any] = {}
    for name, value in step.properties.items():
        if (known is None or name not in known) and not is_xml_only(name) and not is_secret(step, name):
            found.update(_flat(name, value))
    if known is None:
        # Nobody documented the class, yet every step has these; null means what it means elsewhere.
        found.setdefault("Enabled", "true")
        found.setdefault("ContinueOnError", "false")
    return {name: value for name, value in found.items() if value}


def _unknown_value(step: Step, name: str) -> t.Any:
    return _unknown(step, properties_of(step.class_name)).get(name)


def _flat(name: str, value: t.Any) -> dict[str, t.Any]:
    if isinstance(value, list) and any(isinstance(item, Instance) for item in value):
        found: dict[str, t.Any] = {name: str(len(value))}
        for index, item in enumerate(value):
            for inner, inner_value in item.properties.items():
                found.update(_flat(f"{name}{index}{inner}", inner_value))
        return found
    return {name: _plain(value)}


def _plain(value: t.Any) -> t.Any:
    """Return the text form of a value of unknown type, as sequence text would carry it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(str(_plain(item)) for item in value)
    if isinstance(value, Ref):
        return value.id or ("ref", value)
    if isinstance(value, Instance):
        return _canonical_instance(value)
    text = "" if value is None else str(value).replace("\r\n", "\n").rstrip("\n")
    return text.casefold() if text.casefold() in ("true", "false") else text


def _same_steps(old: list[Step], new: list[Step]) -> bool:
    pending = [(old, new)]
    while pending:
        left, right = pending.pop()
        if len(left) != len(right):
            return False
        for one, other in zip(left, right, strict=True):
            if not same_step(one, other):
                return False
            pending.append((one.steps or [], other.steps or []))
    return True
