# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CIM instances as plain values: what travels between the model and the wire."""

from __future__ import annotations

import dataclasses
import typing as t

from .._errors import ProtocolError


class CimDatetime(str):
    """A CIM timestamp or interval in its 25-character DMTF form, kept digit by digit.

    ``20250601080000.000000+***`` means a wall clock without a zone; converting it would
    move a deployment by hours, so nothing here ever does (reference: wsman 1.5).
    """

    __slots__ = ()


@dataclasses.dataclass(frozen=True)
class CimReference:
    """A reference to an instance: class and key values, as an endpoint reference carries them."""

    class_name: str
    keys: tuple[tuple[str, str], ...]
    namespace: str | None = None


@dataclasses.dataclass
class Instance:
    """An instance of a CIM class: its actual class name and the properties that are set.

    ``properties`` keeps the order of the wire. A property that is missing is null; ``None`` is
    an explicit null. Names are spelled as the catalogue spells them; what the catalogue does
    not know stays as the server sent it (text, nested instance, or a list of these).
    """

    class_name: str
    properties: dict[str, Value] = dataclasses.field(default_factory=dict)

    def __str__(self) -> str:
        """Return the class only: a message must not show what an object holds, which may be a secret."""
        return f"<{self.class_name}>"

    def get(self, name: str, default: t.Any = None) -> t.Any:
        """Return a property by its name without regard to case, or ``default`` when it is null."""
        value = self.properties.get(name)
        if value is None:
            folded = name.casefold()
            value = next((v for k, v in self.properties.items() if k.casefold() == folded), None)
        return default if value is None else value

    def number(self, name: str, default: int = 0) -> int:
        """Return a property as a whole number, ``default`` when it is null.

        Raises ProtocolError when the server sent anything else under this name.
        """
        value = self.get(name, default)
        try:
            return default if value == "" else int(value)
        except (TypeError, ValueError):
            shown = type(value).__name__ if isinstance(value, (Instance, CimReference, list)) else repr(value)[:50]
        raise ProtocolError(
            f"{self.class_name}.{name} must be a whole number and is {shown} in the server's answer.",
            wmi_class=self.class_name,
        )


Value = None | bool | int | float | str | CimDatetime | CimReference | Instance | list
"""What a property can hold; a list holds the items of an array property."""
