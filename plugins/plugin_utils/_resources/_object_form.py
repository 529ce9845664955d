# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Objects of any class as plain data, both ways: what the generic modules show and what they are given.

Shown values are free of secrets: by the class, by a mask flag beside a value, and inside XML texts.
"""

from __future__ import annotations

import difflib
import re
import typing as t

from .._cim import values
from .._cim.catalogue import Catalogue, ClassDef, ParamDef, PropertyDef
from .._cim.datetimes import DMTF
from .._cim.instance import CimDatetime, CimReference, Instance, Value
from .._cim.masking import Masker
from .._errors import Problem

STORED = "<stored on site>"
SEQUENCE_TEXT = "<sequence text, {} characters: see cm_task_sequence_info>"
NAME = re.compile(r"_{0,2}[A-Za-z][A-Za-z0-9_]*\Z")
_TIMESTAMP = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)\.(\d{6})([+-])(\d{3}|\*{3})\Z")
_INTERVAL = re.compile(r"(\d{8})(\d\d)(\d\d)(\d\d)\.(\d{6}):000\Z")
_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d))?(Z)?\Z")
_MASKABLE = ("value", "variablevalue")
_MASK_FLAGS = ("IsMasked", "IsSecret", "DoNotShowVariableValue")
CLASS = "class"
"""The key of a mapping that names the class of the object."""


class Shown:
    """Makes plain data of instances; one masker serves all of them."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._masker = Masker(catalogue)

    def instance(self, item: Instance) -> dict[str, t.Any]:
        """Return an instance as a dictionary: class and properties, secrets as a constant."""
        shown: dict[str, t.Any] = {CLASS: item.class_name}
        for name, value in item.properties.items():
            if self.is_secret(item, name) and value not in (None, ""):
                shown[name] = STORED
            elif name == "Sequence" and isinstance(value, str) and value:
                # The text holds passwords in clear.
                shown[name] = SEQUENCE_TEXT.format(len(value))
            else:
                shown[name] = self.value(value)
        return shown

    def is_secret(self, item: Instance, name: str) -> bool:
        """Whether a property must not be shown: by its class, or by a mask flag beside it."""
        if self._masker.is_secret(item.class_name, name):
            return True
        if name.casefold() not in _MASKABLE:
            return False
        return any(str(item.get(flag, "")).casefold() == "true" for flag in _MASK_FLAGS)

    def secrets(self, item: Instance) -> t.Iterator[str]:
        """Yield the secrets in an instance and in those inside it, as they are."""
        for name, value in item.properties.items():
            if isinstance(value, str) and self.is_secret(item, name):
                yield value
            for inner in value if isinstance(value, list) else [value]:
                if isinstance(inner, Instance):
                    yield from self.secrets(inner)

    def value(self, value: t.Any) -> t.Any:
        """Return any value of a property or of an out parameter as plain data."""
        if isinstance(value, Instance):
            return self.instance(value)
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if isinstance(value, CimDatetime):
            return iso(value)
        if isinstance(value, CimReference):
            return {CLASS: value.class_name, **dict(value.keys)}
        if isinstance(value, str) and value.lstrip().startswith("<"):
            # XML in a property, such as the rules of dynamic variables, may hold secrets as well.
            return self._masker.mask(value.encode()).decode()
        return value


def iso(value: CimDatetime) -> str:
    """Return a CIM timestamp as ISO 8601; one without a zone stays without, an interval becomes a duration."""
    stamp = _TIMESTAMP.match(value)
    if stamp:
        year, month, day, hour, minute, second, fraction, sign, offset = stamp.groups()
        text = f"{year}-{month}-{day}T{hour}:{minute}:{second}"
        text += f".{fraction}" if int(fraction) else ""
        if offset == "***":
            return text
        minutes = int(offset)
        return text + ("Z" if not minutes else f"{sign}{minutes // 60:02d}:{minutes % 60:02d}")
    interval = _INTERVAL.match(value)
    if interval:
        days, hours, minutes_text, seconds = interval.groups()[:4]
        return f"P{int(days)}DT{int(hours)}H{int(minutes_text)}M{int(seconds)}S"
    return str(value)


def check_names(
    class_name: str, keys: t.Mapping[str, t.Any], properties: t.Mapping[str, t.Any]
) -> list[Problem]:
    """Return what is wrong with the names that are sent as they are, and with the values of keys."""
    problems = []
    places = [("class_name", class_name), *((f"properties.{name}", str(name)) for name in properties)]
    for path, name in places:
        if not NAME.match(name):
            problems.append(Problem(path, name, "must be a WMI name: letters, digits, and underscores"))
    for name, value in keys.items():
        if not NAME.match(str(name)):
            problems.append(Problem("keys", str(name), "must be the name of a key property"))
        elif isinstance(value, (bool, dict, list, float)) or value is None:
            problems.append(Problem(f"keys.{name}", "", "must be text or a whole number (quote it)"))
    return problems


class Given:
    """Makes instances of plain data, with the class catalogue; what does not fit becomes a problem."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self.problems: list[Problem] = []

    def instance(self, class_name: str, data: t.Mapping[str, t.Any], path: str) -> Instance:
        """Return an instance; names are spelled as the class has them, unknown classes take everything."""
        known = self._catalogue.get(class_name)
        made = Instance(known.name if known else class_name)
        for name, value in data.items():
            if name == CLASS:
                continue
            place = f"{path}.{name}"
            prop = known.property(str(name)) if known else None
            if known is not None and prop is None:
                rule = f"{known.name} has no such property; {_nearest(known, str(name))}"
                self.problems.append(Problem(place, "", rule))
                continue
            made.properties[prop.name if prop else str(name)] = self.value(prop, value, place)
        return made

    def arguments(self, known: ClassDef, method: str, data: t.Mapping[str, t.Any], path: str) -> dict[str, Value]:
        """Return the parameters of a method that the class has."""
        declared = known.method(method)
        params = {name.casefold(): param for name, param in declared.params.items()} if declared else {}
        found: dict[str, Value] = {}
        for name, value in data.items():
            param = params.get(str(name).casefold())
            if param is None:
                offers = ", ".join(declared.params) if declared else ""
                self.problems.append(Problem(f"{path}.{name}", "", f"{method} has no such parameter; it has: {offers}"))
                continue
            found[param.name] = self.value(param, value, f"{path}.{name}")
        return found

    def value(self, declared: PropertyDef | ParamDef | None, value: t.Any, path: str) -> Value:
        """Return one value in the type that the class declares."""
        if value is None:
            return None
        if isinstance(value, list):
            if declared is not None and not declared.array:
                self.problems.append(Problem(path, "", "must be a single value"))
                return None
            return [self._single(declared, item, f"{path}[{index}]") for index, item in enumerate(value)]
        if declared is not None and declared.array:
            self.problems.append(Problem(path, "", "must be a list"))
            return None
        return self._single(declared, value, path)

    def _single(self, declared: PropertyDef | ParamDef | None, value: t.Any, path: str) -> Value:
        if isinstance(value, dict):
            name = value.get(CLASS) or (declared.type if declared is not None and declared.embedded else None)
            if not name:
                self.problems.append(Problem(path, "", f"an embedded object names its class under '{CLASS}'"))
                return None
            return self.instance(str(name), value, path)
        if declared is None:
            return t.cast(Value, value)
        if declared.embedded:
            self.problems.append(Problem(path, "", f"must be a mapping, an object of {declared.type}"))
            return None
        if declared.type == "datetime":
            return self._datetime(value, path)
        fitted = _fitted(value, declared.type)
        try:
            values.text_of(fitted, declared.type)
        except values.Unfit as exc:
            self.problems.append(Problem(path, "", str(exc)))
            return None
        return fitted

    def _datetime(self, value: t.Any, path: str) -> Value:
        text = str(value)
        if DMTF.match(text):
            return CimDatetime(text)
        stamp = _ISO.match(text)
        if stamp:
            year, month, day, hour, minute, second, zone = stamp.groups()
            return CimDatetime(f"{year}{month}{day}{hour}{minute}{second or '00'}.000000+{'000' if zone else '***'}")
        rule = "must be a point in time such as 2025-06-01T08:00:00, with Z for UTC, or in DMTF form"
        self.problems.append(Problem(path, "", rule))
        return None


def _fitted(value: t.Any, cim_type: str) -> t.Any:
    """Return text as the number or truth value that it spells: templates only give text on older cores."""
    if cim_type == "string":
        return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value
    if not isinstance(value, str):
        return value
    fitted = values.reader(cim_type)(value)
    return value if isinstance(fitted, values.Verbatim) else fitted


def _nearest(known: ClassDef, name: str) -> str:
    near = difflib.get_close_matches(name.casefold(), [prop.casefold() for prop in known.properties], n=3)
    spelled = {prop.casefold(): prop for prop in known.properties}
    return f"did you mean {', '.join(spelled[item] for item in near)}?" if near else "see its page in the SDK"
