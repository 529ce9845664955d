# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""WBEM codes and the one way to refuse (reference: provider-behaviour 10)."""

from __future__ import annotations

import typing as t

from ..objects import ProviderError

FAILED = 0x80041001
NOT_FOUND = 0x80041002
ACCESS_DENIED = 0x80041003
TYPE_MISMATCH = 0x80041005
INVALID_PARAMETER = 0x80041008
NOT_SUPPORTED = 0x8004100C
INVALID_NAMESPACE = 0x8004100E
INVALID_CLASS = 0x80041010
ALREADY_EXISTS = 0x80041019
PROVIDER_NOT_CAPABLE = 0x80041024
VALUE_OUT_OF_RANGE = 0x8004102B
INVALID_METHOD = 0x8004102E
INVALID_METHOD_PARAMETERS = 0x8004102F
INVALID_PROPERTY = 0x80041031
INVALID_OBJECT_PATH = 0x8004103A
METHOD_NOT_IMPLEMENTED = 0x80041055


def refuse(
    wbem: int, text: str, *, operation: str, parameter: str = "", code: int | None = None, **more: t.Any,
) -> ProviderError:
    """Build a refusal with its SMS_ExtendedStatus.

    ``parameter`` names the property or object at fault. The ErrorCode of most situations is
    unknown (provider-behaviour 10.2); without a known one the WBEM status stands in its place.
    """
    extended: dict[str, t.Any] = {
        "CauseInfo": "", "Description": text, "ErrorCode": wbem if code is None else code, "File": "", "Line": 0,
        "ObjectInfo": "", "Operation": operation, "ParameterInfo": parameter, "ProviderName": "ExtnProv",
        "StatusCode": wbem,
    }
    extended.update(more)
    return ProviderError(wbem, text, extended)
