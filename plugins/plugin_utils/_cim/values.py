# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Single CIM values to and from their text on the wire (reference: wsman 1.5)."""

from __future__ import annotations

import typing as t

from . import datetimes
from .instance import CimDatetime

_RANGES = {f"uint{bits}": (0, 2**bits - 1) for bits in (8, 16, 32, 64)}
_RANGES.update({f"sint{bits}": (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (8, 16, 32, 64)})
_RANGES["char16"] = (0, 65535)

_TRUE = frozenset(("true", "TRUE", "True", "1"))
_FALSE = frozenset(("false", "FALSE", "False", "0"))


class Verbatim(str):
    """What a server sent although it does not fit the type the catalogue gives; it goes back as it is.

    Some types are known from printed values only, and one wrong guess must not stop a whole read.
    """

    __slots__ = ()


class Unfit(ValueError):
    """A value that its CIM type cannot hold; the text is the rule."""


def integer_range(cim_type: str) -> tuple[int, int] | None:
    """Return the smallest and the largest number of an integer type, ``None`` for other types."""
    return _RANGES.get(cim_type)


# -- from the wire ---------------------------------------------------------------------------------


def _string(text: str) -> str:
    return text


def _boolean(text: str) -> bool | str:
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    folded = text.strip().lower()
    return folded == "true" if folded in ("true", "false") else Verbatim(text)


def _integer(text: str) -> int | str:
    try:
        return int(text)
    except ValueError:
        return Verbatim(text)


def _real(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return Verbatim(text)


def _datetime(text: str) -> CimDatetime | str:
    found = datetimes.parse(text)
    return Verbatim(text) if found is None else found


_READERS: dict[str, t.Callable[[str], t.Any]] = {
    "string": _string,
    "boolean": _boolean,
    "real32": _real,
    "real64": _real,
    "datetime": _datetime,
    **{name: _integer for name in _RANGES},
}


def reader(cim_type: str) -> t.Callable[[str], t.Any]:
    """Return the function that makes a value of ``cim_type`` from text; it never raises."""
    return _READERS.get(cim_type, _string)


# -- to the wire -----------------------------------------------------------------------------------


def text_of(value: t.Any, cim_type: str) -> str:
    """Return the text of a scalar that is no datetime, before XML escaping. Raises Unfit."""
    if isinstance(value, Verbatim):
        return str(value)
    if cim_type == "boolean":
        if not isinstance(value, bool):
            raise Unfit("must be true or false")
        return "true" if value else "false"
    limits = _RANGES.get(cim_type)
    if limits:
        if isinstance(value, bool) or not isinstance(value, int):
            raise Unfit("must be a whole number")
        if not limits[0] <= value <= limits[1]:
            raise Unfit(f"must be between {limits[0]} and {limits[1]} ({cim_type})")
        return str(int(value))
    if cim_type in ("real32", "real64"):
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value - value != 0:
            raise Unfit("must be a finite number")
        return repr(float(value))
    if not isinstance(value, str):
        raise Unfit("must be text")
    return value


def guessed_text(value: t.Any) -> str:
    """Return the text of a scalar of unknown type, by its Python type. Raises Unfit."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        return text_of(value, "real64")
    if isinstance(value, str):
        return value
    raise Unfit(f"a {type(value).__name__} has no CIM form")
