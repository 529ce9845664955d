# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A new task sequence as a copy of another one of the same site.

There is no method for it: the console reads one and saves it under another name as well
(reference: provider-behaviour 2.12).
"""

from __future__ import annotations

import dataclasses

from .._cim.instance import Value
from .._errors import InvalidInput, Problem, SecretUnreadable
from .._provider.references import Resolver, parse_ref
from .._provider.site import Loaded
from .._sequence.match import identical
from .._sequence.model import Sequence, number_paths
from .._sequence.secrets import SecretReport, mask, settle
from ._base import Task
from ._ts_site import TsSite

OPTION = "copy_from"

_OWN: frozenset[str] = frozenset(
    ("name", "packageid", "sedoobjectversion", "sequence", "stepscount", "tsenabled", "numofprograms")
    + ("sharename", "storedpkgpath", "storedpkgversion", "alternatecontentproviders", "reserved")
)
"""What belongs to one package only, or follows from other properties."""


@dataclasses.dataclass
class Copied:
    """The task sequence that is copied."""

    package: Loaded
    sequence: Sequence
    """Its steps as the site hands them out, secrets included."""

    @property
    def label(self) -> str:
        return f"{self.package.get('Name')} ({self.package.get('PackageID')})"

    def steps(self) -> Sequence:
        """Return the wanted steps; their secrets are open until :meth:`settle`."""
        wanted = mask(self.sequence, "")
        number_paths(wanted, f"{OPTION}: steps")
        return wanted

    def settle(self, wanted: Sequence, *, allow_blank_secrets: bool) -> SecretReport:
        """Put the secrets of the original into the copy.

        :raises SecretUnreadable: names the steps whose secret the site did not hand out.
        """
        matching = identical(self.sequence, wanted)
        try:
            return settle(wanted, self.sequence, matching, allow_blank_secrets=allow_blank_secrets)
        except SecretUnreadable as error:
            rule = "the site did not hand out the stored secret, so the copy cannot have it; allow_blank_secrets: true"
            rule += " copies without it"
            raise SecretUnreadable([problem._replace(rule=rule) for problem in error.problems]) from None

    def options(self, task: Task) -> dict[str, Value]:
        """Return the properties of the package that the copy takes over."""
        definition = task.site.catalogue.get(self.package.class_name)
        found: dict[str, Value] = {}
        for name, value in self.package.properties.items():
            known = definition.property(name) if definition is not None else None
            if known is not None and known.writable and value is not None and name.casefold() not in _OWN:
                found[known.name] = value
        return found


def load(task: Task, store: TsSite, resolver: Resolver) -> Copied | None:
    """Read what the option names: one query, a Get and GetSequence. ``None`` for what is only planned so far.

    :raises ReferenceProblems: there is none of that name, or several.
    """
    ref = parse_ref(task.params[OPTION], "task_sequence", OPTION)
    resolver.add(ref)
    resolver.resolve()
    found = resolver.result(ref)
    if found.id is None:
        return None
    package = store.load(found.id)
    if package is None:
        raise InvalidInput([Problem(OPTION, str(ref.name or ref.id), "is being deleted on the site")])
    return Copied(package, store.steps(package))


def check(task: Task) -> list[Problem]:
    """Return what is wrong with the option itself."""
    if task.params.get(OPTION) is None:
        return []
    try:
        parse_ref(task.params[OPTION], "task_sequence", OPTION)
    except InvalidInput as error:
        return list(error.problems)
    return []
