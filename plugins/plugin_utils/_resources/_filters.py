# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all sequence filters share: plain arguments, errors that name the filter, results safe from templates."""

from __future__ import annotations

import base64
import contextlib
import typing as t

import ansible.template as templating
from ansible.errors import AnsibleFilterError
from ansible.utils import unsafe_proxy

from .._cim.instance import Instance
from .._errors import ConfigMgrError, InvalidInput, Problem, ProtocolError
from .._input import plain
from . import _ts_options as options

_TRUST_IS_OPT_IN = hasattr(templating, "trust_as_template")
"""From ansible-core 2.19 on the result of a filter is no template unless somebody says so."""


@contextlib.contextmanager
def named(name: str) -> t.Iterator[None]:
    """Turn what goes wrong inside into ``AnsibleFilterError`` with the name of the filter."""
    try:
        yield
    except ConfigMgrError as error:
        raise AnsibleFilterError(f"{name}: {error.message}") from None
    except RecursionError:
        raise AnsibleFilterError(f"{name}: the data is nested too deeply") from None


def argument(value: t.Any) -> t.Any:
    """Return an argument as built-in types; bytes stay bytes."""
    return memoryview(value).tobytes() if isinstance(value, bytes) else plain(value)


def content(value: t.Any) -> str | bytes:
    """Return the content of a file; raises :class:`InvalidInput` for anything but text and bytes."""
    found = argument(value)
    if not isinstance(found, (str, bytes)):
        rule = "must be the content of a file, as lookup('ansible.builtin.file', path, rstrip=false) gives it"
        raise InvalidInput([Problem("content", type(value).__name__, rule)])
    return found


def decoded(value: str | bytes) -> bytes:
    """Return what base64 stands for; raises :class:`InvalidInput` where it is none."""
    try:
        text = value.encode("ascii") if isinstance(value, str) else value
        return base64.b64decode(b"".join(text.split()), validate=True)
    except ValueError:
        raise InvalidInput([Problem("content", "", "is no base64")]) from None


def result(value: t.Any) -> t.Any:
    """Return a result whose texts ansible-core before 2.19 will not take for templates (scripts hold ``{{``)."""
    return value if _TRUST_IS_OPT_IN else unsafe_proxy.wrap_var(value)


def choice(name: str, value: t.Any, allowed: t.Sequence[str]) -> str:
    """Return an option that is one of some words."""
    if value not in allowed:
        raise InvalidInput([Problem(name, str(value), f"must be one of {', '.join(allowed)}")])
    return str(value)


def flag(name: str, value: t.Any) -> bool:
    """Return an option that is true or false; a text of it is what some versions of ansible-core make."""
    text = str(value).strip().casefold() if isinstance(value, (bool, str)) else ""
    if text in ("true", "yes", "on", "1", "false", "no", "off", "0"):
        return text in ("true", "yes", "on", "1")
    raise InvalidInput([Problem(name, str(value), "must be true or false")])


def package_options(package: Instance) -> dict[str, t.Any]:
    """Return the options of an exported package in the form of a play; platforms stay in their keys' text.

    :raises InvalidInput: a property that should be a number and is none.
    """
    try:
        found = options.describe(package)
    except (ProtocolError, ValueError, TypeError):
        rule = "a number among its properties (Duration, ProgramFlags) is none"
        raise InvalidInput([Problem("object.xml", "", rule)]) from None
    if found["boot_image"]:
        found["boot_image"] = {"id": found["boot_image"]}
    return found
